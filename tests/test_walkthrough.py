"""The chain rule in steps, and the paths that make up a gradient."""

import re
from dataclasses import dataclass

import numpy as np
import pytest

from gradlib import ShapeError, Tensor, autograd, explain, gradient_paths
from gradlib.primitives import Primitive, Vjp
from gradlib.scalar import Value
from gradlib.tensor import apply
from tests.samples import random_values


def example():
    x, y = Tensor([2.0], requires_grad=True), Tensor([3.0], requires_grad=True)
    return x, y, x * y + x**2


def random_graph(seed, make, rounds=12):
    rng = np.random.default_rng(seed)
    leaves = [make(rng) for _ in range(3)]
    *_, a, b, c = random_values(leaves, rng, rounds)
    return leaves, a * b + c


def scalar(rng):
    return Value(rng.normal())


def array(rng):
    return Tensor(rng.normal(size=[(2, 3), (3,), (2, 1)][rng.integers(3)]), requires_grad=True)


def test_it_says_why_the_gradient_is_seven():
    x, y, z = example()
    text = explain(z).to_text()
    assert "Step 2 of 3: t2 = x²" in text
    assert "x is used twice: so far 4, one more to come" in text
    assert "x is used twice: in all 7" in text
    assert text.endswith("∂z/∂x = 7\n∂z/∂y = 2")
    assert x.grad is None


def test_each_step_has_its_parts():
    x, y, z = example()
    first, second, third = explain(z).steps
    graph = explain(z).graph
    (given,) = second.contributions
    assert graph.nodes[second.node].formula == "x²" and graph.nodes[given.source].name == "x"
    assert (given.formula, given.local, given.use, given.uses) == ("2 · x", 4.0, 1, 2)
    assert float(second.arriving[0]) == 1 and float(given.value[0]) == float(given.total[0]) == 4
    to_x, to_y = third.contributions
    assert (float(to_x.value[0]), float(to_x.total[0]), to_x.use) == (3, 7, 2)
    assert graph.edges[to_y.edge].position == 1 and to_y.formula == "x"


@pytest.mark.parametrize("make", [scalar, array])
@pytest.mark.parametrize("seed", range(8))
def test_contributions_add_up_to_the_gradients(make, seed):
    leaves, root = random_graph(seed, make)
    walk = explain(root, {})
    totals = {}
    for step in walk.steps:
        np.testing.assert_allclose(step.arriving, walk.graph.nodes[step.node].gradient, rtol=1e-12)
        for given in step.contributions:
            totals[given.source] = totals.get(given.source, 0) + given.value
            np.testing.assert_allclose(given.total, totals[given.source], rtol=1e-12)
            if given.local is not None and given.value.size == 1:
                assert given.value.item() == pytest.approx(given.local * step.arriving.item())
    for i, total in totals.items():
        np.testing.assert_allclose(total, walk.graph.nodes[i].gradient, rtol=1e-12)


@pytest.mark.parametrize("make", [scalar, array])
@pytest.mark.parametrize("seed", range(8))
def test_the_sum_over_paths_is_the_gradient(make, seed):
    leaves, root = random_graph(seed, make, rounds=8)
    for leaf in leaves:
        if not any(leaf is thing for thing in explain(root, {}).graph.things):
            continue
        paths = gradient_paths(root, leaf, {}, max_paths=10_000)
        assert paths.complete
        np.testing.assert_allclose(sum(path.product for path in paths.paths), paths.gradient, rtol=1e-10, atol=1e-12)
        for path in paths.paths:
            if make is scalar:
                assert path.product == pytest.approx(np.prod(path.factors))
            ends = [(paths.graph.edges[e].target, paths.graph.edges[e].source) for e in path.edges]
            assert ends == list(zip(path.nodes, path.nodes[1:], strict=False))


def test_paths_are_listed_up_to_a_limit_and_say_so():
    x = v = Value(1.0, "x")
    for _ in range(12):
        v = v + v
    paths = gradient_paths(v, x, {}, max_paths=5)
    assert len(paths.paths) == 5 and not paths.complete
    assert "5 paths shown, there are more" in str(paths) and str(paths).endswith("4096")


def test_an_input_is_a_path_to_itself():
    x = Value(2.0, "x")
    y = x * 3
    assert str(gradient_paths(y, y, {"y": y})).splitlines()[0] == "∂y/∂y: 1 path"


def test_arrays_are_told_by_shapes_and_norms():
    x, w = Tensor(np.ones((5, 3))), Tensor(np.ones((3, 4)), requires_grad=True)
    loss = ((x @ w).tanh() * 2.0).mean()
    text = explain(loss).to_text()
    assert "to w   xᵀ g   shape (3, 4), norm " in text
    assert "g · (1 - t2²)   shape (5, 4)" in text
    assert "(x = shape (5, 3), w = shape (3, 4))" in text


def test_its_latex_is_balanced_and_complete():
    x, y, z = example()
    latex = explain(z).to_latex()
    assert latex.startswith(r"\begin{aligned}") and latex.endswith(r"\end{aligned}")
    assert latex.count("{") == latex.count("}") and latex.count(r"\\" + "\n") == 4
    assert r"\frac{\partial z}{\partial x} &\mathrel{+}=" in latex and "= 1 \\cdot 4 = 4" in latex


def test_negative_numbers_stand_in_brackets():
    x, y = Value(2.0, "x"), Value(-3.0, "y")
    assert "1 × (-3) = -3" in explain(x * y, {}).to_text()


def test_a_long_walkthrough_shows_its_first_steps():
    v = Value(1.0, "x")
    for _ in range(500):
        v = v + 1.0
    text = explain(v, {}).to_text()
    assert "(450 more steps are not shown" in text and "Step 51 of" not in text
    assert "Step 500 of 500" in explain(v, {}).to_text(max_steps=500)


def test_own_classes_are_explained_in_the_same_words():
    class Node:
        def __init__(self, data, _prev=(), _op=""):
            self.data, self._prev, self._op = data, _prev, _op

        def __mul__(self, other):
            return Node(self.data * other.data, (self, other), "*")

    texts = []
    for make in (Node, Value):
        x, y = make(2.0), make(3.0)
        z = x * y
        texts.append(explain(z).to_text())
    assert texts[0] == texts[1]
    assert re.search(r"∂z/∂x = y = 3", texts[0])


@pytest.mark.parametrize(("max_paths", "complete"), [(1, False), (2, False), (3, True), (4, True)])
def test_it_knows_whether_the_limit_left_paths_out(max_paths, complete):
    x = Value(2.0, "x")
    paths = gradient_paths(x + x + x, x, {}, max_paths=max_paths)
    assert (len(paths.paths), paths.complete) == (min(max_paths, 3), complete)


def test_a_learners_whole_numbers_are_explained():
    class Node:
        def __init__(self, data, _prev=(), _op=""):
            self.data, self._prev, self._op = data, _prev, _op

    x = Node(2)
    assert explain(Node(2**-1, (x, -1), "**"), {"x": x}).to_text().endswith("∂t1/∂x = -0.25")


@dataclass
class Unhashable:
    """A learner's dataclass: == compares data, so it has no hash; a leaf's operation is None."""

    data: float
    _prev: tuple = ()
    _op: str | None = None


def test_paths_through_a_learners_class_that_cannot_be_hashed():
    x, same = Unhashable(2.0), Unhashable(2.0)
    product = Unhashable(4.0, (x, same), "*")
    root = Unhashable(12.0, (product, 3.0), "*")  # a plain number is a constant
    for leaf in (x, same):
        paths = gradient_paths(root, leaf, {})
        assert [path.factors for path in paths.paths] == [(3.0, 2.0)]
        assert float(paths.gradient) == 6
    assert [float(step.arriving) for step in explain(root, {}).steps] == [1, 3]


def test_it_tells_what_a_given_gradient_leads_to():
    x = Tensor(np.array([1.0, 2.0]), requires_grad=True)
    y = x * x
    walk, paths = explain(y, gradient=[1.0, 10.0]), gradient_paths(y, x, gradient=[1.0, 10.0])
    assert walk.steps[0].arriving.tolist() == [1, 10]
    assert paths.gradient.tolist() == [2, 40]
    assert [path.product.tolist() for path in paths.paths] == [[1, 20], [1, 20]]


@pytest.mark.parametrize("make", [scalar, array])
@pytest.mark.parametrize("seed", range(4))
def test_the_latex_of_any_graph_closes_its_braces(make, seed):
    _, root = random_graph(seed, make)
    walk = explain(root, {})
    latex = walk.to_latex()
    depth = 0
    for character in latex:
        depth += {"{": 1, "}": -1}.get(character, 0)
        assert depth >= 0
    assert depth == 0
    assert latex.count("&") == sum(len(step.contributions) for step in walk.steps)


def test_a_question_about_one_node_looks_at_that_node_alone(monkeypatch):
    looked_at = []
    mirror = autograd._Mirror
    monkeypatch.setattr(autograd, "_Mirror", lambda node: looked_at.append(node) or mirror(node))
    value = x = Value(1.0, "x")
    for _ in range(200):
        value = value * x
    autograd.contributions(value, np.ones(()))
    assert len(looked_at) == 3  # the product and its two inputs
    looked_at.clear()
    explain(value)
    assert len(looked_at) < 200 * 8  # a few for each step, whatever the length of the chain


def test_an_operation_that_is_not_in_the_table_is_explained_by_its_own_rule():
    cube = Primitive("cube", lambda x: x**3, Vjp(lambda g, z, x: g * 3 * x**2, r"3\,{x}^2"))
    x = Tensor([1.0, 2.0], requires_grad=True)
    told = str(explain(apply(cube, x).sum(), {"x": x}))
    assert "t1 = cube(x)" in told and "to x   g · (3 x²)   shape (2,)" in told


def test_a_rule_in_g_is_not_called_the_local_derivative():
    """∂t1/∂M is Kᵀ = 5; g Kᵀ, with the g = 2 that arrives, would be 10."""
    M, K = Tensor([[2.0]], requires_grad=True), Tensor([[5.0]], requires_grad=True)
    walk = explain(M @ K * 2, {"M": M, "K": K})
    assert "  to M   ∂t1/∂M = 5   2 × 5 = 10" in walk.to_text() and "\\top" not in walk.to_latex()


def test_a_gradient_of_another_shape_is_refused():
    x = Tensor(2.0, requires_grad=True)
    for tell in (explain, lambda y, gradient: gradient_paths(y, x, gradient=gradient)):
        with pytest.raises(ShapeError, match=r"gradient must have the result's shape \(\), got \(2,\)"):
            tell(x * x, gradient=[1.0, 2.0])
    with pytest.raises(TypeError, match="max_paths must be an integer"):
        gradient_paths(x * x, x, max_paths="a")
