"""The point on a line: where a drag puts it, and what is said of it."""

import pytest

from gradlib.widgets import PointOnLine
from gradlib.widgets.point_on_line import PointOnLineModel


def test_the_words_and_the_line_agree():
    model = PointOnLineModel(2.0, -1.0)
    for x, row in [(0.5, "2 · 0.5 - 1 = 0"), (-1.2, "2 · (-1.2) - 1 = -3.4"), (3.0, "2 · 3 - 1 = 5")]:
        model.move(x)
        assert model.words().rows == (("y", row),) and model.words().title == f"The point is at x = {x:g}."
    assert "+ 1 = " in PointOnLineModel(2.0, 1.0).words().rows[0][1]


@pytest.mark.parametrize(("place", "x"), [(0.74, 0.7), (-0.04, 0.0), (9.0, 3.0), (-9.0, -3.0)])
def test_a_drag_puts_the_point_at_the_nearest_place(place, x):
    view = PointOnLine()
    axes = view.model.axes()
    view.dragged("point", axes.x(place), 5.0)
    assert view.model.x == x


def test_the_arrow_keys_move_it_by_a_tenth():
    view = PointOnLine()
    view.nudged("point", 1, 0)
    assert view.model.x == 2.1
    view.nudged("point", 0, -10)
    assert view.model.x == 1.1


def test_the_goal_is_reached_where_y_is_zero_and_nowhere_else():
    model = PointOnLineModel(2.0, -1.0)
    reached = []
    for step in range(model.length):
        model.go(step)
        reached += [model.x] * model.goal().reached
    assert reached == [0.5]


@pytest.mark.parametrize(("slope", "intercept"), [(0, 0), (0, 1), (3, 1), (1, -2)])
def test_there_is_no_goal_that_cannot_be_reached_or_is_reached_at_once(slope, intercept):
    assert PointOnLineModel(slope, intercept).goal() is None
