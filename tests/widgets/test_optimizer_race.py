"""The optimizer race: the paths are those of the optimizers."""

import numpy as np
import pytest

from gradlib import Tensor, optim
from gradlib.widgets import OptimizerRace
from gradlib.widgets.optimizer_race import SURFACES, Surface
from gradlib.widgets.svg import round_steps
from tests.widgets.samples.optimizer_race import FOUR


def test_gradient_descent_on_the_bowl_is_a_power_of_its_factors():
    model = OptimizerRace({"SGD": FOUR["SGD"]}, lr=0.03).model
    run = model.runs(model.length - 1)["SGD"]
    t = np.arange(model.length)[:, None]
    factors = 1 - 0.03 * np.array([1.0, 15.0])
    assert np.allclose(run.path, np.array(SURFACES["bowl"].start) * factors**t)


@pytest.mark.parametrize("name", FOUR)
@pytest.mark.parametrize("surface", SURFACES)
def test_a_path_is_that_of_the_optimizer(name, surface):
    model = OptimizerRace({name: FOUR[name]}, surface, lr=0.01, steps=10).model
    place = Tensor(np.array(SURFACES[surface].start), requires_grad=True)
    optimizer = FOUR[name]([place], 0.01)
    for _ in range(7):
        optimizer.zero_grad()
        SURFACES[surface].f(place[0], place[1]).backward()
        optimizer.step()
    assert np.allclose(model.runs(7)[name].path[7], place.data)


def test_what_is_said():
    view = OptimizerRace(FOUR, lr=0.3)
    view.go(60)
    assert "Diverged: SGD" in repr(view)
    view = OptimizerRace({"SGD": FOUR["SGD"]})
    assert "All start at the same place" in repr(view)
    view.go(20)
    assert "Lowest is SGD." in repr(view)


def test_an_optimizer_that_fails_is_said_and_the_others_run():
    class Fails:
        def __init__(self, params, lr):
            raise TypeError("lr is missing")

    view = OptimizerRace({"mine": Fails, "SGD": FOUR["SGD"]})
    view.go(3)
    assert "mine  raised TypeError: lr is missing" in repr(view) and "SGD   height" in repr(view)


def test_surface_and_rate_are_chosen():
    view = OptimizerRace({"SGD": lambda params, lr: optim.SGD(params, lr)})
    surface, rate = view.widget.children[0].children
    surface.value, rate.value = "saddle", 0.1
    assert repr(view).startswith("After 0 steps on the saddle, learning rate 0.1")


@pytest.mark.parametrize(
    ("optimizers", "surface", "words"),
    [
        ({}, "bowl", "one to 4 optimizers"),
        (FOUR | {"fifth": FOUR["SGD"]}, "bowl", "got 5"),
        (FOUR, "hill", "surface must be one of"),
    ],
)
def test_a_race_that_cannot_be_run_is_refused(optimizers, surface, words):
    with pytest.raises(ValueError, match=words):
        OptimizerRace(optimizers, surface)


def counting():
    """A race, and the list of the steps that its optimizer took."""
    taken = []

    class Counts:
        def __init__(self, params, lr):
            self.inner = optim.SGD(params, lr)

        def step(self):
            taken.append(1)
            self.inner.step()

    return OptimizerRace({"SGD": Counts}), taken


def test_steps_are_taken_when_they_are_shown_and_not_twice():
    view, taken = counting()
    view.to_html()
    assert not taken
    for step in (5, 2, 7):
        view.go(step)
        view.to_html()
    assert len(taken) == 7
    view.model.place(1.0, 1.0)
    assert view.model.runs() and len(taken) == 7 + 7, "a new start, a new run"


@pytest.mark.parametrize("surface", SURFACES)
def test_contours_are_to_scale(surface):
    model = OptimizerRace(FOUR, surface).model
    axes = model._ground.axes()
    (left, right), (bottom, top) = axes.x_range, axes.y_range
    across = (axes.x(right) - axes.x(left)) / (right - left)
    up = (axes.y(bottom) - axes.y(top)) / (top - bottom)
    assert across == pytest.approx(up)
    assert left <= model.surface.x_range[0] and right >= model.surface.x_range[1]
    assert bottom <= model.surface.y_range[0] and top >= model.surface.y_range[1]


def test_a_step_of_plain_descent_is_at_right_angles_to_the_contour_in_the_picture():
    model = OptimizerRace({"SGD": FOUR["SGD"]}, "bowl", lr=0.01).model
    axes = model._ground.axes()
    (x0, y0), (x1, y1) = model.runs(1)["SGD"].path[:2]
    step = np.array([axes.x(x1) - axes.x(x0), axes.y(y1) - axes.y(y0)])
    along = np.array([15 * y0, -x0])  # on 0.5 (x² + 15 y²) the height does not change this way
    contour = np.array([axes.x(x0 + 1e-3 * along[0]) - axes.x(x0), axes.y(y0 + 1e-3 * along[1]) - axes.y(y0)])
    assert step @ contour == pytest.approx(0, abs=1e-9 * np.linalg.norm(step))


def test_the_start_is_dragged_and_all_paths_follow():
    view = OptimizerRace(FOUR)
    view.go(10)
    axes = view.model._ground.axes()
    picture = view.widget.children[-1]
    before = picture.picture
    picture._handle_custom_msg({"dragged": "start", "x": axes.x(2.0), "y": axes.y(-1.0), "number": 1}, [])
    assert view.model.start == pytest.approx((2.0, -1.0)) and view.model.step == 10 and picture.picture != before
    for name, run in view.model.runs().items():
        alone = OptimizerRace({name: FOUR[name]}, Surface(*SURFACES["bowl"][:3], (2.0, -1.0))).model.runs(10)[name]
        assert np.allclose(run.path[:11], alone.path[:11])
    view.dragged("start", -500.0, 900.0)
    assert view.model.start == pytest.approx((-4.5, -2.2), abs=0.1), "it stays where the surface is drawn"


def test_the_start_is_moved_by_the_arrow_keys():
    view = OptimizerRace(FOUR)
    (x, y), places = view.model.start, round_steps(-4.5, 4.5, 90)
    view.nudged("start", 1, 0)
    assert view.model.start == (places[places.index(x) + 1], y)
    view.nudged("start", 0, -1)
    assert view.model.start[1] < y and view.model.start[0] > x


def test_each_surface_keeps_its_start():
    view = OptimizerRace(FOUR)
    surface, _ = view.widget.children[0].children
    view.model.place(1.0, 1.0)
    surface.value = "valley"
    assert view.model.start == SURFACES["valley"].start
    surface.value = "bowl"
    assert view.model.start == (1.0, 1.0)


@pytest.mark.parametrize("surface", SURFACES)
def test_the_goal_can_be_reached_from_another_start_with_another_rate(surface):
    model = OptimizerRace(FOUR, surface).model
    assert not model.goal().reached
    model.step = 20
    (left, right), (bottom, top) = model.surface.x_range, model.surface.y_range
    for model.lr in (0.1, 0.3):
        for x in np.linspace(left, right, 9):
            for y in np.linspace(bottom, top, 9):
                model.place(x, y)
                if model.goal().reached:
                    return
    raise AssertionError("no start and no rate reach the goal")


def test_a_low_start_does_not_reach_the_goal():
    model = OptimizerRace(FOUR).model
    model.place(0.0, 0.0)
    model.go(20)
    assert min(run.heights[20] for run in model.runs().values()) < 0.001 and not model.goal().reached
