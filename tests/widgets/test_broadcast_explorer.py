"""The broadcast explorer: NumPy's shapes, and gradients that finite differences confirm."""

import re

import numpy as np
import pytest

from gradlib.widgets import BroadcastExplorer
from gradlib.widgets.broadcast_explorer import number, summed_axes

PAIRS = [
    ((3, 1), (4,)),
    ((2, 3), (3,)),
    ((), (2, 2)),
    ((1, 2), (3, 1)),
    ((2, 1, 3), (4, 1)),
    ((0, 1), (3,)),
    ((2,), (2,)),
]


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_the_gradients_are_those_of_the_sum(a, b):
    model = BroadcastExplorer(a, b).model
    for step, operand, other in [(6, model.a, model.b), (8, model.b, model.a)]:
        model.go(step)
        own = model._panels(step)[1].array
        assert own.shape == operand.shape
        for index in np.ndindex(operand.shape):
            nudged = np.array(operand)
            nudged[index] += 1.0
            assert own[index] == pytest.approx((((nudged + other) - (operand + other)) * model.g).sum())


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_the_result_is_numpys(a, b):
    model = BroadcastExplorer(a, b).model
    assert np.array_equal(model._panels(3)[2].array, model.a + model.b)


@pytest.mark.parametrize(("a", "b"), [((2, 3), (2,)), ((3,), (4,)), ((0,), (2,)), ((2, 2, 2), (3, 1))])
def test_shapes_that_do_not_fit_are_said_to(a, b):
    with pytest.raises(ValueError):
        np.broadcast_shapes(a, b)
    assert "They do not fit: counted from the right, axis" in repr(BroadcastExplorer(a, b))


def test_which_axes_are_summed():
    assert summed_axes((3, 1), (2, 3, 4)) == ((0,), (1,))
    assert summed_axes((1, 1), (1, 4)) == ((), (1,))
    assert summed_axes((), ()) == ((), ())


@pytest.mark.parametrize(
    ("unbroadcast", "words"),
    [
        (lambda g, shape: g.sum(axis=1, keepdims=True), "Your unbroadcast gives the same."),
        (lambda g, shape: g.sum(axis=1), "gave shape (3,) instead of (3, 1)."),
        (lambda g, shape: g[:, :1], "Your numbers differ."),
        (lambda g, shape: g.reshape(shape), "Your unbroadcast raised ValueError"),
    ],
)
def test_the_learners_own_function_is_judged(unbroadcast, words):
    view = BroadcastExplorer((3, 1), (4,), unbroadcast)
    view.go(6)
    assert words in repr(view)


def test_other_shapes_can_be_typed():
    view = BroadcastExplorer((3, 1), (4,))
    fields = view.widget.children[0].children
    fields[1].value = "2, 3, 1"
    assert view.model.b.shape == (2, 3, 1) and "(2, 3, 1)" in repr(view)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("three", '"three" is not a shape'),
        ("3, -1", '"3, -1" is not a shape'),
        ("61", "is too large"),
        ("60, 60, 60, 60, 60", "is too large"),
        ("1, 1, 1, 1", "is too large"),
    ],
)
def test_what_is_no_shape_or_none_to_draw_is_said_to_be_none(typed, words):
    view = BroadcastExplorer((3, 1), (4,))
    fields = view.widget.children[0].children
    fields[0].value = typed
    assert words in repr(view) and "result      none" in repr(view)
    fields[0].value = "2, 1"
    assert view.model.a.shape == (2, 1) and "Their shapes differ" in repr(view)


def test_the_result_is_not_given_away_by_the_question():
    view = BroadcastExplorer((3, 1), (4,))
    assert "result      ?" in repr(view)
    view.go(2)
    assert "result      (3, 4)" in repr(view)


@pytest.mark.parametrize(
    ("a", "b", "stretched", "uses"),
    [
        ((3, 1), (4,), "Stretched: a along axis 1, b along axis 0.", "a goes into 4 results, each of b into 3 results"),
        ((2, 3), (3,), "Stretched: b along axis 0.", "a goes into 1 result, each of b into 2 results"),
        ((), (2, 3), "Stretched: a along axes 0 and 1.", "a goes into 6 results, each of b into 1 result."),
        ((1, 1), (1,), "No axis is stretched", "a goes into 1 result, each of b into 1 result."),
        ((0, 1), (3,), "Stretched: a along axis 1, b along axis 0.", "a goes into 3 results, each of b into 0 results"),
    ],
)
def test_it_says_what_is_stretched_and_how_often_an_entry_is_used(a, b, stretched, uses):
    view = BroadcastExplorer(a, b)
    assert ("They have the same shape" in repr(view)) == (a == b)
    view.go(2)
    assert stretched in repr(view)
    view.go(3)
    assert uses in repr(view)


def test_a_thick_frame_follows_the_first_entry():
    model = BroadcastExplorer((3, 1), (4,)).model
    framed = [[np.argwhere(panel.framed).tolist() for panel in model._panels(step)] for step in range(model.length)]
    row, column = [[0, j] for j in range(4)], [[i, 0] for i in range(3)]
    assert framed == [
        [[[0, 0]], [[0]]],  # a and b
        [[[0, 0]], [[0, 0]]],  # b has got an axis in front
        [row, column],  # stretched
        [[[0, 0]], [[0]], []],  # a, b and their sum
        [[]],
        [row, row],  # g, and nothing summed yet
        [row, [[0, 0]]],
        [column, [[0]]],
        [[[0]], [[0]]],
    ]
    model.go(2)
    assert model.picture().count('"frame thick"') == 7


@pytest.mark.parametrize(
    ("value", "text"), [(1.0, "1"), (-2.5, "-2.5"), (120.0, "120"), (1e-9, "1e-9"), (-1e30, "-1e30"), (np.nan, "nan")]
)
def test_a_number_is_short(value, text):
    assert number(value) == text


def lit(model, step, panel, place):
    """The places, as (panel, place), that light up when one is pointed at, as the browser finds them."""
    panels = model._panels(step)
    names = set(panels[panel].lights[place].split())
    found = []
    for i, each in enumerate(panels):
        found += [(i, index) for index in np.ndindex(each.links.shape) if names & set(each.links[index].split())]
    return found


def test_an_entry_lights_its_copies():
    model = BroadcastExplorer((3, 1), (4,)).model
    assert lit(model, 2, 0, (1, 2)) == [(0, (1, j)) for j in range(4)], "a stretched along axis 1"
    assert lit(model, 2, 1, (1, 2)) == [(1, (i, 2)) for i in range(3)], "b stretched along axis 0"


def test_an_entry_lights_the_results_that_read_it_and_a_result_what_it_is_made_of():
    model = BroadcastExplorer((3, 1), (4,)).model
    assert lit(model, 3, 0, (2, 0)) == [(0, (2, 0)), *[(2, (2, j)) for j in range(4)]]
    assert lit(model, 3, 1, (1,)) == [(1, (1,)), *[(2, (i, 1)) for i in range(3)]]
    assert lit(model, 3, 2, (2, 1)) == [(0, (2, 0)), (1, (1,)), (2, (2, 1))]


def test_going_back_a_sum_lights_what_is_added():
    model = BroadcastExplorer((2, 3, 1), (4,)).model
    assert lit(model, 6, 1, (1, 2, 0)) == [*[(0, (1, 2, j)) for j in range(4)], (1, (1, 2, 0))]
    assert lit(model, 7, 1, (3,)) == [*[(0, (i, j, 3)) for i in range(2) for j in range(3)], (1, (3,))]


def test_where_shapes_do_not_fit_there_is_one_step_alone():
    view = BroadcastExplorer((3, 1), (4,))
    view.go(5)
    fields = view.widget.children[0].children
    picture = view.widget.children[-1]
    fields[1].value = "2, 2"
    assert (view.model.step, picture.step, picture.last) == (0, 0, 0)
    fields[1].value = "5"
    assert (picture.step, picture.last) == (0, 8)
    fields[1].value = "five"
    before = picture.picture, picture.label
    view.go(1)
    assert (picture.picture, picture.label, picture.last) == (*before, 0)


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_the_picture_has_the_same_size_at_every_step(a, b):
    view, heights, widths = BroadcastExplorer(a, b), set(), set()
    for step in range(view.model.length):
        view.go(step)
        picture = view.model.picture()
        heights |= set(re.findall(r'<svg class="gradlib-axes"[^>]* height="(\d+)"', picture))
        widths |= set(re.findall(r'<div [^>]*style="width: (\d+)px"', picture))
        assert sum(map(int, re.findall(r'<svg [^>]*? width="(\d+)"', picture))) <= int(max(widths))
    assert len(heights) == len(widths) == 1


@pytest.mark.parametrize(
    ("a", "b", "reached"),
    [("2, 1", "3", True), ("1, 3", "2, 1", True), ("2, 3", "3", False), ("2, 1", "4", False), ("2", "3", False)],
)
def test_the_goal(a, b, reached):
    view = BroadcastExplorer((3, 1), (4,))
    fields = view.widget.children[0].children
    fields[0].value, fields[1].value = a, b
    assert view.model.goal().reached == reached
