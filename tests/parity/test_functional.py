"""Derivatives of functions against torch.autograd.functional: values, structure, shapes and dtypes."""

import numpy as np
import pytest

from gradlib import Tensor, grad
from gradlib.functional import hessian, hvp, jacobian, jvp, vjp
from tests.test_functional import FUNCTIONS, SCALARS, rosenbrock

torch = pytest.importorskip("torch")
F = torch.autograd.functional


def theirs(arrays):
    return tuple(map(torch.tensor, arrays)) if isinstance(arrays, tuple) else torch.tensor(arrays)


def given(points):
    return points if len(points) > 1 else points[0]


def drawn_like(results):
    rng = np.random.default_rng(4)
    if isinstance(results, tuple):
        return tuple(rng.normal(size=tuple(result.shape)) for result in results)
    return rng.normal(size=tuple(results.shape))


def assert_same(ours, other):
    """The same tuples of tensors."""
    if isinstance(other, tuple):
        assert type(ours) is tuple and len(ours) == len(other)
        for mine, its in zip(ours, other, strict=True):
            assert_same(mine, its)
    else:
        assert type(ours) is Tensor
        assert ours.shape == tuple(other.shape) and str(other.dtype) == f"torch.{ours.dtype}"
        assert ours.requires_grad == other.requires_grad
        np.testing.assert_allclose(ours.data, other.detach().numpy(), rtol=1e-9, atol=1e-12)


# PyTorch cannot stack the rows of a matrix that has none.
NO_ROWS = "no entries"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_jacobian_vjp_and_jvp(name):
    function, points = FUNCTIONS[name]
    result = function(*theirs(points))
    points = given(points)
    if name != NO_ROWS:
        assert_same(jacobian(function, points), F.jacobian(function, theirs(points)))
    v = drawn_like(result)
    assert_same(vjp(function, points, v), F.vjp(function, theirs(points), theirs(v)))
    v = drawn_like(points)
    assert_same(jvp(function, points, v), F.jvp(function, theirs(points), theirs(v)))


@pytest.mark.parametrize("name", SCALARS)
def test_hessian_and_hvp(name):
    function, points = SCALARS[name]
    points = given(points)
    v = drawn_like(points)
    if name != NO_ROWS:
        assert_same(hessian(function, points), F.hessian(function, theirs(points)))
    assert_same(hvp(function, points, v), F.hvp(function, theirs(points), theirs(v)))


def test_rosenbrocks_function():
    x = np.random.default_rng(1).normal(size=6)
    assert_same(hessian(rosenbrock, x), F.hessian(rosenbrock, theirs(x)))


@pytest.mark.parametrize("name", ["jacobian", "hessian", "vjp", "jvp", "hvp"])
def test_what_is_recorded_is_differentiated_again(name):
    ours = {"jacobian": jacobian, "hessian": hessian, "vjp": vjp, "jvp": jvp, "hvp": hvp}[name]

    def function(x):
        return (x**3).sin() if name in ("jacobian", "vjp", "jvp") else (x**3).sin().sum()

    rng = np.random.default_rng(2)
    at, v = rng.normal(size=3), rng.normal(size=3)
    slopes = []
    for derivative, point, vector in (
        (ours, Tensor(at, requires_grad=True), Tensor(v, requires_grad=True)),
        (getattr(F, name), torch.tensor(at, requires_grad=True), torch.tensor(v, requires_grad=True)),
    ):
        if name in ("jacobian", "hessian"):
            result = derivative(function, point, create_graph=True)
        else:
            result = derivative(function, point, vector, create_graph=True)[1]
        assert result.requires_grad
        (result * result).sum().backward()
        slopes.append([tensor.grad for tensor in (point, vector) if tensor.grad is not None])
    for mine, its in zip(*slopes, strict=True):
        np.testing.assert_allclose(mine, its.numpy(), rtol=1e-9)


@pytest.mark.parametrize("create_graph", [False, True])
def test_grad_of_several_outputs_with_an_input_unused(create_graph):
    rng = np.random.default_rng(3)
    at, unused, v = rng.normal(size=(3, 2, 3))[:, 0], rng.normal(size=2), rng.normal(size=3)
    found = []
    for make, derivative in ((Tensor, grad), (torch.tensor, torch.autograd.grad)):
        x, y, z, w = (make(array, requires_grad=True) for array in (*at, unused))
        outputs = [x * y, (x + z).exp().sum(), (y * y).sum()]
        found.append(
            derivative(outputs, [x, y, z, w], [make(v), None, make(3.0, dtype=x.dtype)],
                       create_graph=create_graph, allow_unused=True)
        )  # fmt: skip
    assert found[0][3] is None and found[1][3] is None
    assert_same(found[0][:3], found[1][:3])
