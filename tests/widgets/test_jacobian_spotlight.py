"""The Jacobian spotlight: Jacobians that are known, and what it says of a learner's vjp."""

import re

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
        (lambda g, x: g, "not the same: it has shape (4,), the input has (3,)"),
        (lambda g, x: (g @ W.T)[:, None], "not the same: it has shape (3, 1), the input has (3,)"),
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
    view.widget.children[0].children[0].value = "total"
    assert repr(view).startswith("total: a 1 at output 0") and len(view.model.jacobian) == 1
    assert view.model.label() == "output 0"
    view.go(3)
    assert repr(view).startswith("total: a number at every output") and view.model.label() == "all outputs"
    view.go(1)
    assert view.model.label() == "all outputs", "the sum has one output, the square three"


@pytest.mark.parametrize("outputs", range(1, 11))
def test_at_the_last_step_no_output_is_left_out(outputs):
    model = JacobianSpotlight(lambda x: np.full(outputs, x.sum()), X).model
    model.go(outputs)
    assert (model.cotangent != 0).all()


def test_cells_are_as_wide_as_their_numbers():
    picture = JacobianSpotlight(lambda x: x * [1.0, -0.00549, -1.23e-5], X).model.picture()
    widths = {int(width) for width in re.findall(r'class="frame" [^>]*width="(\d+)"', picture)}
    assert ">-0.00549<" in picture and widths == {8 * len("-1.23e-5") + 6}


def test_what_cannot_be_drawn_is_said():
    assert "The Jacobian has 40 rows and 40 columns; up to 10 by 7" in repr(JacobianSpotlight(np.cumsum, np.ones(40)))
    assert "f raised TypeError" in repr(JacobianSpotlight(lambda: 0, [1.0]))
