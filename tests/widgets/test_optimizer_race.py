"""The optimizer race: the paths are those of the optimizers."""

import numpy as np
import pytest

from gradlib import Tensor, optim
from gradlib.widgets import OptimizerRace
from gradlib.widgets.optimizer_race import SURFACES
from tests.widgets.samples.optimizer_race import FOUR


def test_gradient_descent_on_the_bowl_is_a_power_of_its_factors():
    model = OptimizerRace({"SGD": FOUR["SGD"]}, lr=0.03).model
    run = model.runs()["SGD"]
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
    assert np.allclose(model.runs()[name].path[7], place.data)


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
