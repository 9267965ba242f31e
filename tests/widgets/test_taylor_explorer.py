"""The Taylor explorer: what it computes, what can be grabbed, what it refuses."""

import math

import pytest

from gradlib.widgets import TaylorExplorer
from tests.widgets.samples.taylor_explorer import SAMPLES, sin

SINE = SAMPLES[TaylorExplorer]["sin"]


def test_the_polynomial_is_that_of_the_book():
    model = SINE().model
    value = model.polynomial(5)[model.xs.argmax()]  # at x = 3
    assert value == pytest.approx(3 - 27 / 6 + 243 / 120)
    assert model.worst(5) == pytest.approx((value - math.sin(3), -3.0))


def test_the_goal_is_reached_when_the_worst_error_is_small():
    view = SINE()
    reached = [order for order in range(view.model.length) if view.go(order) or view.model.goal().reached]
    bound = [order for order in range(13) if view.model.worst(order)[0] <= 0.1]
    assert reached == bound and 3 not in reached and 12 in reached


def test_the_centre_can_be_dragged_and_moved_by_keys():
    view = SINE()
    axes = view.model._curve_axes()
    view.dragged("center", axes.x(1.5), axes.y(0.0))
    assert view.model.center == pytest.approx(1.5) and view.model.c[0] == pytest.approx(math.sin(1.5))
    view.nudged("center", -10, 0)
    assert view.model.center == pytest.approx(0.5)
    view.dragged("center", 10_000.0, 0.0)
    assert view.model.center == 3.0
    view.nudged("center", 0, 1)
    assert view.model.step == 1


def test_an_order_that_makes_it_worse_says_so():
    view = TaylorExplorer(
        lambda x: 1 / (1 + x * x), lambda c, n: [(-1) ** (k // 2) * (k % 2 == 0) for k in range(n + 1)]
    )
    view.go(8)
    assert "further off" in view.model.words().remark and view.model.goal() is None  # no order comes near


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"span": (1, 1)}, "the lower one first"),
        ({"span": (0, math.inf)}, "the lower one first"),
        ({"center": 5.0}, "center must lie within span"),
        ({"most": 0}, "at least 1"),
        ({"coefficients": lambda c, n: [1.0]}, r"must give 13 numbers for order 12, got an array of shape \(1,\)"),
        ({"f": lambda x: math.nan}, "no finite value"),
    ],
)
def test_it_refuses_what_it_cannot_draw(arguments, words):
    with pytest.raises(ValueError, match=words):
        TaylorExplorer(**({"f": math.sin, "coefficients": sin} | arguments))
