"""The Jacobian spotlight: Jacobians that are known, and what it says of a learner's vjp."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from gradlib.widgets import JacobianSpotlight
from gradlib.widgets.broadcast_explorer import number
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


def test_each_function_has_as_many_steps_as_outputs():
    view = JacobianSpotlight({"square": np.square, "total": np.sum}, X)
    picture = view.widget.children[-1]
    view.go(2)
    assert (picture.step, picture.last) == (2, 3)
    view.choose("total")
    assert (picture.step, picture.last, picture.label) == (1, 1, "all outputs")


def test_all_functions_are_drawn_equally_high():
    view = JacobianSpotlight({"square": np.square, "total": np.sum, "broken": lambda: 0}, X)
    heights = set()
    for name in ("square", "total"):
        view.choose(name)
        heights |= set(re.findall(r'<svg [^>]* height="(\d+)"', view.model.picture()))
    assert len(heights) == 1


def test_rows_and_columns_are_labelled():
    texts = re.findall(r">([^<]+)</text>", JacobianSpotlight(np.cumsum, X).model.picture())
    assert {f"{name} {i}" for name in ("output", "input") for i in range(3)} <= set(texts)


def lit(model, text):
    """The texts that light up with the only part that shows this text."""
    parts = [
        (part.get("data-link").split(), part.get("data-lights").split(), "".join(part.itertext()))
        for part in ElementTree.fromstring(f"<div>{model.picture()}</div>").iter("g")
        if part.get("data-link")
    ]
    ((_, names, _),) = [part for part in parts if part[2] == text]
    return [shown for links, _, shown in parts if set(links) & set(names)]


def test_an_entry_of_the_product_lights_its_column_and_one_of_g_its_row():
    model = JacobianSpotlight(lambda x: np.array([[1.0, 2.0, 3.0], [40.0, 50.0, 60.0]]) @ x, X).model
    model.go(2)
    g = [number(value) for value in model.cotangent]
    product = [number(value) for value in model.cotangent @ model.jacobian]
    assert lit(model, product[1]) == ["2", "50", product[1]]
    assert lit(model, g[1]) == [g[1], "40", "50", "60"]
    assert lit(model, "50") == [g[1], "50", product[1]]


def test_the_goal():
    view = JacobianSpotlight({"total": np.cumsum, "square": np.square, "sum": np.sum}, X)
    reached = []
    for step in range(4):
        view.go(step)
        reached.append(view.model.goal().reached)
    assert reached == [False, False, True, False]
    for name in ("square", "sum"):  # no output is like that, every one is
        view.choose(name)
        assert view.model.goal() is None


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
