"""Derivatives at kinks, at points without a slope, and at infinity: to the second and third order.

At a kink the second derivative is that of a piece, as in PyTorch. Where curvature is unbounded it is infinite or NaN.
"""

import math

import numpy as np
import pytest

import gradlib
from gradlib import Tensor, grad
from gradlib.nn import functional as F

INF, NAN = math.inf, math.nan

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # 1/0 and ∞ - ∞ are the subject


def derivatives(function, at, order):
    """The derivatives of a function of one number, from the first to the given order."""
    x = y = Tensor(np.array(at, dtype=float), requires_grad=True)
    y, found = function(x), []
    for _ in range(order):
        y = grad(y, x, create_graph=True) if y.requires_grad else Tensor(0.0)
        y = y[0] if isinstance(y, tuple) else y
        found.append(y.item())
    return found


def hessian(function, *at):
    """The gradient and the matrix of second derivatives of a function of several numbers."""
    x = Tensor(np.array(at, dtype=float), requires_grad=True)
    (slope,) = grad(function(x), x, create_graph=True)
    rows = [grad(slope[i], x, create_graph=True)[0].data if slope.requires_grad else 0 * x.data for i in range(len(at))]
    return slope.data, np.array(rows)


zero = Tensor(np.array(0.0))
# The first, second and third derivative.
KINKS = {
    "huber at 0": (lambda x: F.huber_loss(x, zero), 0.0, [0, 1, 0]),
    "huber of delta 2 at 0": (lambda x: F.huber_loss(x, zero, delta=2.0), 0.0, [0, 1, 0]),
    "huber inside": (lambda x: F.huber_loss(x, zero), -0.5, [-0.5, 1, 0]),
    "huber at delta": (lambda x: F.huber_loss(x, zero), 1.0, [1, 0, 0]),
    "huber outside": (lambda x: F.huber_loss(x, zero), -3.0, [-1, 0, 0]),
    "huber at infinity": (lambda x: F.huber_loss(x, zero), INF, [1, 0, 0]),
    "smooth_l1 at 0": (lambda x: F.smooth_l1_loss(x, zero, beta=0.5), 0.0, [0, 2, 0]),
    "smooth_l1 at beta": (lambda x: F.smooth_l1_loss(x, zero, beta=0.5), 0.5, [1, 0, 0]),
    "l1 at 0": (lambda x: F.l1_loss(x, zero), 0.0, [0, 0, 0]),
    "relu": (Tensor.relu, 0.0, [0, 0, 0]),
    "abs": (Tensor.abs, 0.0, [0, 0, 0]),
    "elu": (lambda x: x.elu(1.5), 0.0, [1.5, 0, 0]),
    "elu, below": (lambda x: x.elu(1.5), math.log(0.5), [0.75, 0.75, 0.75]),
    "x²": (lambda x: x**2, 0.0, [0, 2, 0]),
    "x³": (lambda x: x**3, 0.0, [0, 0, 6]),
    "relu²": (lambda x: x.relu().square(), 0.0, [0, 0, 0]),
    "x |x|": (lambda x: x * x.abs(), 0.0, [0, 0, 0]),
    "hinge_embedding at its margin": (lambda x: F.hinge_embedding_loss(x, Tensor(-1.0)), 1.0, [-1, 0, 0]),
    "norm 1": (lambda x: x.norm(1), 0.0, [0, 0, 0]),
    "var": (lambda x: gradlib.stack([x, 2 * x]).var(), 0.0, [0, 1, 0]),
    "softplus at ∞": (Tensor.softplus, INF, [1, 0, 0]),
    "softplus of beta at ∞": (lambda x: x.softplus(2.0), INF, [1, 0, 0]),
    "softplus at -∞": (Tensor.softplus, -INF, [0, 0, 0]),
    "gelu at ∞": (Tensor.gelu, INF, [1, 0, 0]),
    "gelu by tanh at ∞": (lambda x: x.gelu("tanh"), INF, [1, 0, 0]),
    "gelu by tanh far out": (lambda x: x.gelu("tanh"), 1e6, [1, 0, 0]),
    "silu at ∞": (Tensor.silu, INF, [1, 0, 0]),
    "silu at 0": (Tensor.silu, 0.0, [0.5, 0.5, 0]),
    "0 by the exponent -1": (lambda y: 0.0**y, -1.0, [-INF, INF, -INF]),
    "0 by the exponent 2": (lambda y: 0.0**y, 2.0, [0, 0, 0]),
    "-1 mod ∞ by the divisor": (lambda y: -1.0 % y, INF, [1, 0, 0]),
    "the product of one infinity": (Tensor.prod, INF, [1, 0, 0]),
    "the running product of one infinity": (lambda x: x.cumprod(0), INF, [1, 0, 0]),
    "softmax of a number": (Tensor.softmax, 2.0, [0, 0, 0]),
    "relu of NaN": (Tensor.relu, NAN, [1, 0, 0]),
    "binary cross-entropy, wrong by as much as can be": (
        lambda p: F.binary_cross_entropy(p, Tensor(np.array(1.0))), 0.0, [-1e12, 1e24, -2e36]),
}  # fmt: skip


@pytest.mark.parametrize(("function", "at", "expected"), KINKS.values(), ids=KINKS)
def test_three_derivatives_at_a_kink_or_at_infinity(function, at, expected):
    np.testing.assert_allclose(derivatives(function, at, 3), expected, rtol=1e-12, atol=1e-300)


# A gradient that is chosen, where a function has none: its value, and the point. The second derivatives are not finite.
TIPS = {
    "norm": (Tensor.norm, [0, 0], [0, 0]),
    "norm 3": (lambda x: x.norm(3), [0, 0], [0, 0]),
    "norm ½": (lambda x: x.norm(0.5), [0, 0], [0, 0]),
    "norm²": (lambda x: x.norm() ** 2, [0, 0], [0, 0]),
    "norm of rows": (lambda x: x.reshape(1, 2).norm(axis=1)[0], [0, 0], [0, 0]),
    "np.linalg.norm": (np.linalg.norm, [0, 0], [0, 0]),
    "std": (Tensor.std, [2, 2], [0, 0]),
    "std, where x - mean x is rounded": (Tensor.std, [0.1, 0.1, 0.1], [0, 0, 0]),
    "atan2": (lambda x: x[0].atan2(x[1]), [0, 0], [0, 0]),
}  # fmt: skip


@pytest.mark.parametrize(("function", "at", "expected"), TIPS.values(), ids=TIPS)
def test_where_the_curvature_is_unbounded_no_second_derivative_is_finite(function, at, expected):
    slope, curvature = hessian(function, *at)
    assert slope.tolist() == expected
    assert not np.isfinite(curvature).any()


def test_a_power_of_0_has_no_finite_curvature_where_it_is_unbounded():
    """PyTorch's Hessian of x ** y at (0, 1), (0, ½), (0, 2), but for ∂²/∂y², which is 0: 0 ** y stays 0 there."""
    expected = {1.0: [[0, 1], [NAN, 0]], 0.5: [[-INF, NAN], [NAN, 0]], 2.0: [[2, 0], [NAN, 0]]}
    with np.errstate(all="ignore"):
        for y, wanted in expected.items():
            found = gradlib.hessian(lambda x, y: x**y, (0.0, y))
            np.testing.assert_array_equal(np.array(found, dtype=float), wanted)
        assert np.isnan(np.array(gradlib.hessian(lambda x, y: x**y, (0.0, 0.0))[1], dtype=float)).all()


def test_the_norm_of_one_entry_at_0_leaves_the_other_rows_alone():
    slope, curvature = hessian(lambda x: x.reshape(2, 2).norm(axis=1).sum(), 0, 0, 3, 4)
    np.testing.assert_allclose(slope, [0, 0, 0.6, 0.8], rtol=1e-12)
    assert not np.isfinite(curvature[:2, :2]).any()
    np.testing.assert_allclose(curvature[2:, 2:], np.array([[16, -12], [-12, 9]]) / 125, rtol=1e-12)


def test_the_entropy_of_a_probability_of_0_has_an_infinite_curvature():
    y = Tensor(np.array([0.0, 0.5]), requires_grad=True)
    (slope,) = grad(F.kl_div(Tensor(np.zeros(2)), y, reduction="sum"), y, create_graph=True)
    assert slope.tolist() == [0.0, math.log(0.5) + 1]
    assert grad(slope.sum(), y)[0].tolist() == [INF, 2.0]


PAIRS = {
    "logaddexp(∞, 1)": (Tensor.logaddexp, [INF, 1], [1, 0]),
    "logaddexp(-∞, ∞)": (Tensor.logaddexp, [-INF, INF], [0, 1]),
    "logaddexp(-∞, 1)": (Tensor.logaddexp, [-INF, 1], [0, 1]),
    "atan2(0, 0)": (Tensor.atan2, [0, 0], [0, 0]),
    "maximum(NaN, 1)": (Tensor.maximum, [NAN, 1], [1, 1]),
    "minimum(1, NaN)": (Tensor.minimum, [1, NAN], [1, 1]),
    "0 ** -1": (lambda x, y: x**y, [0, -1], [-INF, -INF]),
    "0 ** 0": (lambda x, y: x**y, [0, 0], [0, 0]),
    "0 ** 2": (lambda x, y: x**y, [0, 2], [0, 0]),
    "norm ½ with a 0": (lambda x, y: gradlib.stack([x, y]).norm(0.5), [0, 4], [0, 1]),
    "∞ · 2": (lambda x, y: gradlib.stack([x, y]).prod(), [INF, 2], [2, INF]),
    "clip at its lower bound": (lambda x, y: x.clip(min=y), [1, 1], [1, 0]),
    "clip at its upper bound": (lambda x, y: x.clip(max=y), [1, 1], [1, 0]),
    "clip below its bound": (lambda x, y: x.clip(min=y), [0, 1], [0, 1]),
    "clip above its bound": (lambda x, y: x.clip(max=y), [2, 1], [0, 1]),
}  # fmt: skip


@pytest.mark.parametrize(("function", "at", "expected"), PAIRS.values(), ids=PAIRS)
def test_the_slopes_at_the_corners_of_functions_of_two(function, at, expected):
    x, y = (Tensor(np.array(number, dtype=float), requires_grad=True) for number in at)
    function(x, y).backward()
    np.testing.assert_array_equal([x.grad, y.grad], expected)


@pytest.mark.parametrize("bound", [np.array(1.0), np.array([1.0, 1.0])], ids=["one", "each"])
def test_clip_with_tensors_as_bounds_is_clip_with_numbers(bound):
    x = Tensor(np.array([1.0, -1.0]), requires_grad=True)
    low, high = Tensor(-bound, requires_grad=True), Tensor(bound, requires_grad=True)
    y = x.clip(low, high)
    y.sum().backward()
    assert y.tolist() == [1.0, -1.0] and x.grad.tolist() == [1.0, 1.0] and not low.grad.any() and not high.grad.any()
    assert np.isnan(x.clip(Tensor(NAN), Tensor(2.0)).data).all() and np.isnan(x.clip(max=Tensor(NAN)).data).all()
