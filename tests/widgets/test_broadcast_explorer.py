"""The broadcast explorer: NumPy's shapes, and gradients that finite differences confirm."""

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
        _, own, _ = model._panels()[1]
        assert own.shape == operand.shape
        for index in np.ndindex(operand.shape):
            nudged = np.array(operand)
            nudged[index] += 1.0
            assert own[index] == pytest.approx((((nudged + other) - (operand + other)) * model.g).sum())


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_the_result_is_numpys(a, b):
    model = BroadcastExplorer(a, b).model
    model.go(3)
    ((_, result, _),) = model._panels()
    assert np.array_equal(result, model.a + model.b)


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
        (lambda g, shape: g.sum(axis=1), "gave shape (3,) in place of (3, 1)."),
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
    fields = view.widget.children[1].children
    fields[1].value = "2, 3, 1"
    assert view.model.b.shape == (2, 3, 1) and "(2, 3, 1)" in repr(view)
    before = repr(view)
    fields[0].value = "three"
    assert repr(view) == before


@pytest.mark.parametrize(
    ("value", "text"), [(1.0, "1"), (-2.5, "-2.5"), (120.0, "120"), (1e-9, "1e-9"), (-1e30, "-1e30"), (np.nan, "nan")]
)
def test_a_number_is_short(value, text):
    assert number(value) == text
