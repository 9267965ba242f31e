"""The Jacobian spotlight: Jacobians that are known, and what it says of a learner's vjp."""

import numpy as np
import pytest

from gradlib.widgets import JacobianSpotlight
from tests.widgets.samples.jacobian_spotlight import W

X = np.array([0.5, -1.0, 2.0])


@pytest.mark.parametrize(
    ("f", "jacobian"),
    [
        (np.square, np.diag(2 * X)),
        (np.cumsum, np.tril(np.ones((3, 3)))),
        (lambda x: x @ W, W.T),
        (np.sum, np.ones((1, 3))),
        (lambda x: x[[2, 0, 2]] * 3, [[0, 0, 3], [3, 0, 0], [0, 0, 3]]),
    ],
)
def test_the_jacobian(f, jacobian):
    assert np.allclose(JacobianSpotlight(f, X).model.jacobian, jacobian, atol=1e-6)


def test_each_step_lights_one_output_and_the_last_all():
    model = JacobianSpotlight(np.cumsum, X).model
    for i in range(3):
        model.go(i)
        assert np.array_equal(model.cotangent, np.eye(3)[i])
        assert model.picture().count("cell first") == i + 1
    model.go(3)
    assert (model.cotangent != 0).all() and model.picture().count("cell first") == 6


@pytest.mark.parametrize(
    ("vjp", "words"),
    [
        (lambda g, x: g @ W.T, "the same"),
        (lambda g, x: 2 * g @ W.T, "not the same"),
        (lambda g, x: g, "not the same"),
        (lambda g, x: W @ g[:2], "raised ValueError"),
    ],
)
def test_a_learners_vjp_is_compared(vjp, words):
    view = JacobianSpotlight(lambda x: x @ W, X, vjp)
    view.go(4)
    row = next(line for line in repr(view).splitlines() if "your vjp" in line)
    assert words in row and (words != "the same" or "not" not in row)


def test_choosing_another_function():
    view = JacobianSpotlight({"square": np.square, "total": np.sum}, X)
    view.widget.children[1].children[0].value = "total"
    assert repr(view).startswith("total: a 1 at output 0") and len(view.model.jacobian) == 1
    view.go(3)
    assert repr(view).startswith("total: a number at every output")


def test_what_cannot_be_drawn_is_said():
    assert "The Jacobian has 40 rows and 40 columns; up to 10 by 7" in repr(JacobianSpotlight(np.cumsum, np.ones(40)))
    assert "f raised TypeError" in repr(JacobianSpotlight(lambda: 0, [1.0]))
