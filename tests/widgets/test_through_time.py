"""Backpropagation through time: what it computes, what can be grabbed, what it refuses."""

import math

import pytest

from gradlib.widgets import ThroughTime
from tests.widgets.samples.through_time import powers


def test_the_sizes_are_those_of_the_function():
    model = ThroughTime(powers).model
    assert model.weight == 0.5 and model.sizes[model.step].tolist() == powers(0.5)
    assert model.powers(model.step) == pytest.approx(11 * math.log10(0.5))
    assert dict(model.words().rows)["factor a step"] == "0.5"


def test_the_goal_is_reached_where_the_first_step_hears_about_as_much_as_the_last():
    view = ThroughTime(powers)
    reached = []
    for step in range(view.model.length):
        view.go(step)
        if view.model.goal().reached:
            reached.append(view.model.weight)
    assert reached == [weight for weight in view.model.weights if 0.1 <= weight**11 <= 10] and 1.0 in reached


def test_there_is_no_goal_that_is_reached_at_the_start_or_never():
    assert ThroughTime(powers, weight=1.0).model.goal() is None
    assert ThroughTime(lambda weight: [1e-6, 1.0]).model.goal() is None


def test_the_weight_can_be_dragged_and_moved_by_keys():
    view = ThroughTime(powers)
    axes = view.model._weight_axes()
    view.dragged("weight", axes.x(1.21), 0.0)
    assert view.model.weight == 1.2
    view.nudged("weight", 2, -1)
    assert view.model.weight == 1.25
    view.dragged("weight", 10_000.0, 0.0)
    assert view.model.weight == 2.0


@pytest.mark.parametrize(("weight", "remark"), [(0.0, "Nothing"), (0.5, "vanishes"), (1.0, "as loudly"), (2.0, "expl")])
def test_the_remark_says_which_way_the_gradient_goes(weight, remark):
    assert remark in ThroughTime(powers, weight=weight).model.words().remark


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"span": (1, 1)}, "the lower one first"),
        ({"span": (0, math.inf)}, "the lower one first"),
        ({"weight": 5.0}, "weight must lie within span"),
        ({"within": 1.0}, "a factor above 1"),
        ({"by_step": lambda weight: [1.0]}, r"at least two and always as many, got shapes \[\(1,\)\]"),
        ({"by_step": lambda weight: [1.0] * (2 + (weight > 1))}, r"got shapes \[\(2,\), \(3,\)\]"),
        ({"by_step": lambda weight: [0.0, 0.0]}, "no gradient that is finite"),
    ],
)
def test_it_refuses_what_it_cannot_draw(arguments, words):
    with pytest.raises(ValueError, match=words):
        ThroughTime(**({"by_step": powers} | arguments))


def test_the_stored_picture_shows_what_is_under_the_bands():
    bands = [band for band in ThroughTime(powers).model.picture().split("<") if 'class="band"' in band]
    assert len(bands) == 12 and all('fill="none"' in band for band in bands)  # without a style, a shape is black
