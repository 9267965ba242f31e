"""The tangent and secant widget: its numbers, and what it says about them."""

import math
import re

import numpy as np
import pytest

from gradlib.widgets import TangentSecant
from gradlib.widgets.svg import Axes, round_steps
from gradlib.widgets.tangent_secant import STEP_SIZES, TangentSecantModel


def sine(**options):
    return TangentSecantModel(np.sin, 1.0, derivative=np.cos, **options)


def step_of(h):
    return next(i for i, size in enumerate(STEP_SIZES) if math.isclose(size, h))


@pytest.mark.parametrize(("method", "power"), [("forward", 1), ("central", 2)])
def test_truncation_falls_with_the_right_power_of_h(method, power):
    errors = sine().errors(method)
    for h in [1e-1, 1e-2, 1e-3]:
        ratio = errors[step_of(h)] / errors[step_of(h / 10)]
        assert ratio == pytest.approx(10**power, rel=0.1)


def test_round_off_rises_as_h_falls():
    errors = sine().errors("forward")
    assert errors[step_of(1e-12)] > 100 * errors[step_of(1e-8)]
    assert errors[step_of(1e-15)] > 100 * errors[step_of(1e-12)]


def test_the_best_h_is_where_theory_has_it():
    model = sine()
    for precision, epsilon in [("float64", 2.2e-16), ("float32", 1.2e-7)]:
        model.precision = precision
        forward, central = (STEP_SIZES[model.best(method)] for method in ("forward", "central"))
        assert epsilon**0.5 / 30 < forward < epsilon**0.5 * 30
        assert epsilon ** (1 / 3) / 30 < central < epsilon ** (1 / 3) * 30


def test_slopes_are_computed_in_the_chosen_precision():
    seen = set()

    def f(x):
        seen.add(type(x))
        return x * x

    model = TangentSecantModel(f, 1.0, derivative=2.0)
    model.precision = "float32"
    seen.clear()
    assert 1e-7 < abs(model.slope("forward", 1e-3) - 2.001) < 2e-4
    assert seen == {np.float32}


def test_the_estimated_slope_is_near_and_is_called_an_estimate():
    model = TangentSecantModel(np.sin, 1.0)
    assert model.true_slope == pytest.approx(math.cos(1.0), abs=1e-12)
    assert "estimate" in model.transcript()
    assert "estimate" not in sine().transcript()


def test_the_estimate_comes_closer_where_the_function_ends():
    assert TangentSecantModel(math.log, 0.02).true_slope == pytest.approx(50.0, rel=1e-6)
    assert math.isnan(TangentSecantModel(lambda x: math.sqrt(-1 - x * x), 1.0).true_slope)


def test_words_follow_the_step():
    model = sine()
    assert "h = 1, forward difference, float64" in model.transcript()
    assert "truncation" in model.transcript()
    model.go(step_of(1e-13))
    assert "round-off" in model.transcript()
    model.go(model.best("forward"))
    assert "does as well" in model.transcript()
    model.go(model.length - 1)
    assert "the two points are one" in model.transcript()


def test_words_say_where_the_function_is_undefined():
    model = TangentSecantModel(math.log, 0.1, derivative=10.0)
    model.method = "central"
    assert "no finite value" in model.transcript()
    model.go(step_of(1e-2))
    assert "no finite value" not in model.transcript()


def test_the_readout_is_right():
    model = TangentSecantModel(lambda x: x * x, 3.0, derivative=6.0)
    model.go(step_of(0.1))
    rows = dict(model.words().rows)
    assert rows["slope of the secant"].endswith("= 6.1")
    assert (rows["true slope"], rows["error"]) == ("6", "0.1")
    model.method = "central"
    assert dict(model.words().rows)["slope of the secant"] == "(f(x + h) − f(x − h)) / 2h = 6"


def places(svg, tag, name):
    """Where the points of a style stand, the legend's left out."""
    found = re.findall(rf'<{tag} class="point {name}" (?:cx|x)="([^"]*)"', svg)
    return sorted(map(float, found[1:]))


def test_the_picture_shows_both_ends_of_the_secant():
    model = TangentSecantModel(lambda x: x, 0.0, derivative=1.0, window=2.0)
    axes = model._curve_axes()
    assert places(model._curve_picture(), "circle", "first") == pytest.approx([axes.x(0), axes.x(1)], abs=0.1)
    model.method = "central"
    squares = [place + 5 for place in places(model._curve_picture(), "rect", "second")]
    assert squares == pytest.approx([axes.x(-1), axes.x(0), axes.x(1)], abs=0.1)


def test_x_and_h_follow_a_drag():
    model = sine()
    axes = model._curve_axes()
    model.drag("x", axes.x(0.4))
    assert model.x == pytest.approx(0.4, abs=0.01) and model.true_slope == np.cos(model.x)
    model.drag("h", axes.x(0.73))
    assert model.h == pytest.approx(0.33, abs=0.01) and STEP_SIZES[model.step] == pytest.approx(0.316, abs=0.01)
    rows = dict(model.words().rows)
    assert float(rows["error"]) == pytest.approx(abs((np.sin(0.73) - np.sin(0.4)) / 0.33 - np.cos(0.4)), rel=0.05)
    model.drag("h", axes.x(0.07))
    assert model.h == pytest.approx(0.33, abs=0.01), "h is a distance"
    model.drag("x", -1e9)
    assert model.x == pytest.approx(1.0 - 1.6)
    model.go(8)
    assert model.h == STEP_SIZES[8]


def test_the_slope_is_an_estimate_after_x_has_left_the_place_of_a_number():
    model = TangentSecantModel(lambda x: x**3, 1.0, derivative=3.0)
    model.nudge("x", 4)
    assert model.true_slope == pytest.approx(3 * model.x**2, rel=1e-9) and "estimate" in model.transcript()
    model.nudge("x", -4)
    assert model.x == 1.0 and model.true_slope == 3.0 and "estimate" not in model.transcript()


def test_the_arrow_keys_move_h_by_the_sliders_steps():
    view = TangentSecant(np.sin, 1.0, derivative=np.cos)
    view.nudged("h", -1, 0)
    assert view.model.step == 1
    view.nudged("h", 0, 10)
    assert view.model.step == 0


@pytest.mark.parametrize(("precision", "epsilon"), [("float64", 2.0**-52), ("float32", 2.0**-23)])
def test_the_lens_shows_the_steps_in_which_the_computer_counts(precision, epsilon):
    """Numbers are ε apart above 1 and ε/2 below: between 1 − 2h and 1 + 2h with h = 4ε there are 8 + 16 steps."""
    model = TangentSecantModel(lambda x: x, 1.0, derivative=1.0)
    model.precision = precision
    ts = np.linspace(-8 * epsilon, 8 * epsilon, 999).tolist()
    assert len(set(model.rises(ts))) == 8 + 16 + 1
    drawn = {}
    for h in (1e-2, 1e-16):
        model.go(step_of(h))
        curve = max(re.findall(r'class="line curve" d="([^"]*)"', model._lens_picture()), key=len)
        drawn[h] = len(set(re.findall(r"[ML][\d.]+ ([\d.]+)", curve)))
    assert drawn[1e-2] > 150 and drawn[1e-16] <= 4


def test_the_goal_is_the_best_h():
    model = sine()
    assert not model.goal().reached
    model.go(model.best("forward"))
    assert model.goal().reached
    model.go(model.length - 1)
    assert not model.goal().reached
    assert TangentSecantModel(lambda x: 2.0, 0.0, derivative=0).goal() is None, "every h is best"


def test_choosing_in_the_view_changes_the_picture():
    view = TangentSecant(np.sin, 1.0, derivative=np.cos)
    method, precision = view.widget.children[0].children
    picture = view.widget.children[-1]
    before = picture.picture
    method.value = "central"
    assert "central difference, float64" in picture.words and picture.picture != before
    precision.value = "float32"
    assert "central difference, float32" in picture.words


@pytest.mark.parametrize("span", [(0, 1), (-1e-9, 1e-9), (1e8, 1e8 + 3), (0, 1e300), (-7, 3), (0.1, 0.1001)])
def test_ticks_are_few_inside_and_told_apart(span):
    ticks = round_steps(*span)
    assert 4 <= len(ticks) <= 7
    assert all(span[0] <= tick <= span[1] for tick in ticks)
    labels = [label for _, label in Axes(span, (0, 1), "x", "y")._ticks(span)]
    assert len(set(labels)) == len(ticks)
