"""Sums of many entries: float16 adds them in float32, float32 adds many rows in float64."""

import math

import numpy as np
import pytest

from gradlib import Tensor, concatenate, grad, nn, optim
from gradlib.amp import GradScaler, autocast
from gradlib.nn import functional as F
from gradlib.primitives import TABLE
from gradlib.tensor import apply

N = 5_000  # added one by one, float16 stays at 2048 ones


def slope(function, *arrays, seed=None):
    """The gradient of the first array."""
    x, *others = (Tensor(array, requires_grad=array.dtype.kind == "f") for array in arrays)
    z = function(x, *others)
    z.backward(np.ones(z.shape) if seed is None else seed)
    assert x.grad.dtype == x.dtype
    return x.grad


def half(*shape, value=1.0):
    return np.full(shape, value, np.float16)


# What is summed in float16, forward: a function of an array, and the right value.
HALF_VALUES = {
    "sum": (lambda x: x.sum(0), half(N, 3), N),
    "sum over two axes": (lambda x: x.sum((0, 1)), half(50, 100, 3), N),
    "mean": (lambda x: x.mean(0), half(N, 3, value=0.1), 0.1),
    "mean, the sum overflows": (lambda x: x.mean(), half(N, value=300), 300),
    "norm": (lambda x: x.norm(axis=0), half(N, 3), math.sqrt(N)),
    "norm, the squares overflow": (lambda x: x.norm(), np.array([300, 400], np.float16), 500),
    "norm 1": (lambda x: x.norm(1, axis=0), half(N, 3), N),
    "norm 3": (lambda x: x.norm(3, axis=0), half(N, 3), N ** (1 / 3)),
    "logsumexp": (lambda x: x.logsumexp(0), half(N, 3, value=0), math.log(N)),
    "softmax": (lambda x: x.softmax(0) * N, half(N, 3), 1),
    "log_softmax": (lambda x: x.log_softmax(0), half(N, 3), -math.log(N)),
    "cumsum": (lambda x: x.cumsum(0)[-1], half(N, 3), N),
    "prod, a part overflows": (lambda x: x.prod(0), np.array([500, 500, 0.002, 0.002], np.float16), 1),
    "einsum": (lambda x: np.einsum("ij->j", x), half(N, 3), N),
    "einsum of two": (lambda x: np.einsum("ij,ij->j", x, x), half(N, 3), N),
    "matmul": (lambda x: x.T @ x, half(N, 3), N),
    "cross_entropy": (lambda x: F.cross_entropy(x, np.zeros(N, int)), half(N, 3), math.log(3)),
    "nll_loss, the sum overflows": (lambda x: F.nll_loss(x, np.zeros(N, int)), half(N, 3, value=-20), 20),
    "kl_div, the sum overflows": (lambda x: F.kl_div(x, half(N, 3), reduction="batchmean"),
                                  half(N, 3, value=-20), 60),
    "label smoothing over many classes": (lambda x: F.cross_entropy(x, np.zeros(1, int), label_smoothing=0.1),
                                          half(1, 20_000, value=0), math.log(20_000)),
    "cosine_similarity": (lambda x: F.cosine_similarity(x, x, dim=0), half(N, 3, value=300), 1),
    "cosine_similarity of short vectors": (lambda x: F.cosine_similarity(x, -x, dim=0), half(3, value=1e-4), -1),
    "normalize, the norm overflows": (lambda x: F.normalize(x, dim=0) * 100, half(10_000, value=1000), 1),
    "normalize of zeros": (lambda x: F.normalize(x, dim=0), half(3, value=0), 0),
    "avg_pool1d": (lambda x: F.avg_pool1d(x, N), half(1, 1, N), 1),
    "avg_pool1d, a window beyond the end": (lambda x: F.avg_pool1d(x, 3000, ceil_mode=True), half(1, 1, N, value=300),
                                            300),
    "avg_pool2d, a window beyond the end": (lambda x: F.avg_pool2d(x, 60, ceil_mode=True), half(1, 1, 100, 100), 1),
    "trace": (lambda x: x.trace(), np.eye(5000, dtype=np.float16), 5000),
}  # fmt: skip


@pytest.mark.parametrize(("function", "x", "value"), HALF_VALUES.values(), ids=HALF_VALUES)
def test_a_sum_of_float16_adds_in_float32(function, x, value):
    z = function(Tensor(x))
    assert z.dtype == np.float16
    np.testing.assert_allclose(z.data.astype(float), value, rtol=2e-3)


W = np.arange(6, dtype=np.float16).reshape(2, 3)
# The gradient of an input in float16, and its right value.
HALF_SLOPES = {
    "a stretched input": (lambda b: b + half(N, 3), (half(3),), N),
    "a stretched axis": (lambda b: b * half(2, N), (half(2, 1),), N),
    "broadcast_to": (lambda x: x.broadcast_to(N, 3), (half(3),), N),
    "expand": (lambda x: x.expand(N, 3), (half(1, 3),), N),
    "a bias": (lambda b: F.linear(half(N, 4), half(4, 3), b), (half(3),), N),
    "a weight": (lambda w: half(N, 4) @ w, (half(4, 3),), N),
    "a weight of a stack": (lambda w: half(N, 1, 4) @ w, (half(4, 3),), N),
    "the bias of a convolution": (lambda b: F.conv1d(half(2, 1, N // 2), half(3, 1, 1), b), (half(3),), N),
    "mean of more than 65504": (lambda x: x.mean() * 1000, (half(10**5),), 0.01),
    "max with many ties": (lambda x: x.max() * N, (half(N),), 1),
    "the largest of more than 65504": (lambda x: x.max() * 10_000, (half(10**5),), 0.1),
    "cumsum": (lambda x: x.cumsum(0), (half(N),), np.arange(N, 0, -1)),
    "the largest of -∞ with padding": (lambda x: F.max_pool1d(x, 3000, stride=1, padding=1) * 3000,
                                       (half(1, 1, 3001, value=-np.inf),),
                                       np.repeat([2, 3, 4, 3, 2], [1, 1, 2997, 1, 1])),
    "avg_pool1d, a window beyond the end": (lambda x: F.avg_pool1d(x, 3000, ceil_mode=True) * 3000, (half(1, 1, N),),
                                            np.repeat([1, 1.5], [3000, 2000])),
    "repeated indices": (lambda x: x[np.zeros(N, int)], (half(2),), [N, 0]),
    "embedding": (lambda x: F.embedding(np.ones(N, int), x), (half(2, 3),), [[0] * 3, [N] * 3]),
    "log_softmax": (lambda x: x.log_softmax(0), (half(N, value=0),), 0),
    "einsum": (lambda x: np.einsum("j,ij->ij", x, half(N, 3)), (half(3),), N),
    "norm": (lambda x: x.norm(), (np.array([300, 400], np.float16),), [0.6, 0.8]),
    "var": (lambda x: x.var(correction=0), (np.array([0, 400], np.float16),), [-200, 200]),
    "std": (lambda x: x.std(correction=0), (np.array([0, 600], np.float16),), [-0.5, 0.5]),
    "fold": (lambda x: apply(TABLE["unfold"], x, kernel=(3000,), stride=(1,), padding=((2999, 2999),), dilation=(1,)),
             (half(1, 1, 2),), 3000),
}  # fmt: skip


@pytest.mark.parametrize(("function", "arrays", "expected"), HALF_SLOPES.values(), ids=HALF_SLOPES)
def test_a_gradient_in_float16_is_summed_in_float32(function, arrays, expected):
    found = slope(function, *arrays).astype(float)
    np.testing.assert_allclose(found, np.broadcast_to(expected, found.shape), rtol=2e-3, atol=2e-3)


# float32, many rows ------------------------------------------------------------

ROWS = 200_000  # added row by row in float32, 200,000 rows of 0.1 are off by 1 %
TENTHS = np.full((ROWS, 2), 0.1, np.float32)
MANY_ROWS = {
    "sum": (lambda x: x.sum(0), TENTHS, ROWS * 0.1),
    "sum of all, not contiguous": (lambda x: x[:, :1].sum(), TENTHS, ROWS * 0.1),
    "sum of the last axis, transposed": (lambda x: x.T.sum(-1), TENTHS, ROWS * 0.1),
    "sum over two axes": (lambda x: x.reshape(500, ROWS // 500, 2).sum((0, 1)), TENTHS, ROWS * 0.1),
    "mean": (lambda x: x.mean(0), TENTHS, 0.1),
    "var": (lambda x: (x * np.float32([1, -1])).var(0, correction=0),
            np.tile(np.float32([[0.1], [1.1]]), (ROWS // 2, 2)), 0.25),
    "std of equal columns": (lambda x: x.std(0) + 1, TENTHS, 1),
    "norm": (lambda x: x.norm(axis=0), TENTHS, math.sqrt(ROWS) * 0.1),
    "norm 1": (lambda x: x.norm(1, axis=0), TENTHS, ROWS * 0.1),
    "logsumexp": (lambda x: x.logsumexp(0), TENTHS, math.log(ROWS) + 0.1),
    "softmax": (lambda x: x.softmax(0) * ROWS, TENTHS, 1),
    "log_softmax": (lambda x: x.log_softmax(0), TENTHS, -math.log(ROWS)),
    "cumsum": (lambda x: x.cumsum(0)[-1], TENTHS, ROWS * 0.1),
    "einsum": (lambda x: np.einsum("ij->j", x), TENTHS, ROWS * 0.1),
    "einsum of one, diagonals": (lambda x: np.einsum("nii->i", x.reshape(ROWS // 2, 2, 2)), TENTHS, ROWS * 0.05),
    "einsum of one, traces": (lambda x: np.einsum("nii->", x.reshape(ROWS // 2, 2, 2)), TENTHS, ROWS * 0.1),
    "einsum of one, diagonals in front": (lambda x: np.einsum("iin->i", x.reshape(2, 2, ROWS // 2)), TENTHS,
                                          ROWS * 0.05),
    "einsum of one, diagonals in a stack": (lambda x: np.einsum("n...ii->...i", x.reshape(ROWS // 4, 2, 2, 2)), TENTHS,
                                            ROWS * 0.025),
    "einsum of two": (lambda x: np.einsum("n,ni->i", x[:, 0], x), TENTHS, ROWS * 0.01),
    "einsum of two, all": (lambda x: np.einsum("ni,ni->", x, x), TENTHS, 2 * ROWS * 0.01),
    "einsum of two, a square": (lambda x: np.einsum("ni,nj->ij", x, x), TENTHS, ROWS * 0.01),
    "tensordot": (lambda x: x.tensordot(x, ([0, 1], [0, 1])), TENTHS, 2 * ROWS * 0.01),
    "einsum of two axes, transposed": (
        lambda x: np.einsum("ijk->ki", x.reshape(2, ROWS // 2, 2)), TENTHS, ROWS * 0.05),
    "layer_norm of a long row": (lambda x: F.layer_norm(x.T, ROWS, eps=0.0)[:, :2],
                                 np.tile(np.float32([[0.1], [1.1]]), (ROWS // 2, 2)), [[-1, 1], [-1, 1]]),
    "batch_norm": (lambda x: F.batch_norm(x, None, None, training=True, eps=0.0)[:2],
                   np.tile(np.float32([[0.1], [1.1]]), (ROWS // 2, 2)), [[-1, -1], [1, 1]]),
    "a running mean": (lambda x: running(x)[0], TENTHS, 0.1),
    "a running variance": (lambda x: running(x)[1], np.tile(np.float32([[0.1], [1.1]]), (ROWS // 2, 2)), 0.25),
    "mse_loss of columns": (lambda x: F.mse_loss(x, 0 * x), TENTHS[:, ::2], 0.01),
}  # fmt: skip


def running(x):
    mean, var = Tensor(np.zeros(2, np.float32)), Tensor(np.zeros(2, np.float32))
    F.batch_norm(x, mean, var, training=True, momentum=1.0)
    return mean, var


@pytest.mark.parametrize(("function", "x", "value"), MANY_ROWS.values(), ids=MANY_ROWS)
def test_many_rows_of_float32_are_summed_exactly(function, x, value):
    z = function(Tensor(x))
    assert z.dtype == np.float32
    np.testing.assert_allclose(z.data, np.broadcast_to(value, z.shape), rtol=1e-5)


MANY_SLOPES = {
    "a bias": (lambda b: (Tensor(TENTHS) + b) * np.float32(0.1), np.zeros(2), ROWS * 0.1),
    "the bias of a layer": (lambda b: F.linear(TENTHS, np.eye(2, dtype=np.float32), b) * np.float32(0.1), np.zeros(2),
                            ROWS * 0.1),
    "a stretched axis": (lambda b: b * TENTHS.T[..., None][:, ::-1], np.zeros((2, 1, 1)), ROWS * 0.1),
    "einsum": (lambda w: np.einsum("j,ij->ij", w, TENTHS), np.zeros(2), ROWS * 0.1),
    "the weight of one output": (lambda w: Tensor(TENTHS) @ w, np.zeros((2, 1)), ROWS * 0.1),
    "the weight of one output, over a part": (lambda w: TENTHS[7:, ::-1] @ w, np.zeros((2, 1)), (ROWS - 7) * 0.1),
    "the weights of a layer with one output": (lambda w: F.linear(TENTHS, w), np.zeros((2, 1)), ROWS * 0.1),
    "a vector": (lambda w: (TENTHS @ w) * np.float32(0.1), np.zeros(2), ROWS * 0.01),
    "softmax": (lambda x: (x.softmax(0) * TENTHS).sum() * ROWS, np.zeros((ROWS, 2)), 0),
    "log_softmax": (lambda x: x.log_softmax(0) * TENTHS, np.zeros((ROWS, 2)), 0),
    "batch_norm": (lambda x: F.batch_norm(x, None, None, training=True, eps=1.0) * TENTHS, np.zeros((ROWS, 2)), 0),
    "var": (lambda x: x.var(0) * ROWS, np.tile([[0.1], [1.1]], (ROWS // 2, 2)), np.tile([[-1], [1]], (ROWS // 2, 2))),
    "gamma of a normalization": (lambda w: F.layer_norm(np.tile(np.float32([-1, 1]), (ROWS, 1)), 2, w, eps=0.0) * 0.1,
                                 np.ones(2), np.array([-ROWS, ROWS]) * 0.1),
}  # fmt: skip


@pytest.mark.parametrize(("function", "x", "expected"), MANY_SLOPES.values(), ids=MANY_SLOPES)
def test_a_gradient_over_many_rows_is_summed_exactly(function, x, expected):
    found = slope(function, x.astype(np.float32))
    np.testing.assert_allclose(found, np.broadcast_to(expected, found.shape), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
@pytest.mark.parametrize("value", [0.1, 0.7, 1 / 3, -1e3 / 7])
@pytest.mark.parametrize("count", [2, 3, 7, 10, 100, 1001])
def test_the_deviations_of_equal_entries_are_exactly_0(count, value, dtype):
    x = Tensor(np.full((count, 2), value, dtype), requires_grad=True)
    y = x.std(0)
    y.sum().backward()
    assert not y.data.any() and not x.grad.any() and not x.var().item()


# Deviations from a mean that is large beside them ------------------------------------------------------------

NORMALIZED = {
    "layer_norm": lambda x: F.layer_norm(x, x.shape[1]),
    "group_norm": lambda x: F.group_norm(x, 1),
    "batch_norm": lambda x: F.batch_norm(x.T, None, None, training=True).T,
}


@pytest.mark.parametrize("normalized", NORMALIZED.values(), ids=NORMALIZED)
@pytest.mark.parametrize("offset", [100.1, 1000.1, 1e5])
def test_equal_entries_are_normalized_to_0(normalized, offset):
    x = Tensor(np.full((3, 1000), offset, np.float32), requires_grad=True)
    weights = np.random.default_rng(0).normal(size=x.shape).astype(np.float32)
    z = normalized(x)
    z.backward(weights)
    assert not z.data.any()
    np.testing.assert_allclose(
        x.grad, (weights - weights.mean(1, keepdims=True)) / math.sqrt(1e-5), rtol=1e-3, atol=0.1
    )


@pytest.mark.parametrize("normalized", NORMALIZED.values(), ids=NORMALIZED)
def test_a_large_mean_does_not_blur_what_is_normalized(normalized):
    x = (1e4 + np.random.default_rng(0).normal(size=(3, 1000))).astype(np.float32)
    exact = normalized(Tensor(x.astype(np.float64))).data
    np.testing.assert_allclose(normalized(Tensor(x)).data, exact, atol=2e-6)


# autocast ------------------------------------------------------------


def test_the_gradient_of_a_bias_under_autocast_counts_every_row():
    layer = nn.Linear(4, 3)
    with autocast():
        y = layer(np.ones((8192, 4), np.float32))
    y.sum().backward()
    assert layer.bias.grad.tolist() == [8192.0] * 3


@pytest.mark.parametrize("enabled", [False, True])
def test_a_running_variance_of_float16_has_room_for_the_squares(enabled):
    layer = nn.BatchNorm1d(2, momentum=1.0)
    with autocast(enabled=enabled):
        layer(np.array([[-300, 2048], [300, 2050]], np.float16))
    np.testing.assert_allclose(layer.running_var.data, [180_000, 2])
    np.testing.assert_allclose(layer.running_mean.data, [0, 2049])


@pytest.mark.parametrize(("value", "cosine"), [(60_000, 1), (1e-4, 1), (0, 0)])
def test_cosine_similarity_of_float16_and_float32_has_room_for_the_squares(value, cosine):
    x, y = half(4, value=value), np.ones(4, np.float32)
    for z in (F.cosine_similarity(x, y, dim=0), F.cosine_similarity(y, x, dim=0)):
        assert z.dtype == np.float32 and z.item() == pytest.approx(cosine)


def test_batch_norm_of_float16_in_eval_mode_has_room_for_the_deviations():
    x = Tensor(half(2, 3, value=-40_000), requires_grad=True)
    z = F.batch_norm(x, Tensor(half(3, value=30_000)), Tensor(half(3, value=60_000)))
    z.sum().backward()
    assert z.dtype == x.grad.dtype == np.float16
    np.testing.assert_allclose(z.data, -70_000 / math.sqrt(60_000), rtol=1e-3)
    np.testing.assert_allclose(x.grad, 1 / math.sqrt(60_000), rtol=1e-3)


def test_lerp_of_float16_has_room_for_the_difference():
    z = Tensor(half(2, value=40_000)).lerp(half(2, value=-40_000), 0.25)
    assert z.dtype == np.float16 and z.tolist() == [20_000, 20_000]


def test_layer_norm_of_float16_has_room_for_the_squares():
    z = F.layer_norm(np.array([-300, 300, 0, 1], np.float16), 4)
    np.testing.assert_allclose(z.data[:2], [-1.415, 1.413], rtol=2e-3)


def test_rms_norm_of_float16_has_room_for_the_squares():
    z = F.rms_norm(np.array([300, 400], np.float16), 2)
    np.testing.assert_allclose(z.data, [0.6 * math.sqrt(2), 0.8 * math.sqrt(2)], rtol=2e-3)


def test_rms_norm_of_small_float16_has_float32s_epsilon():
    z = F.rms_norm(np.array([0.01, 0.02], np.float16), 2)  # that of float16, 1e-3, is 4 times the mean of the squares
    np.testing.assert_allclose(z.data, [math.sqrt(0.4), math.sqrt(1.6)], rtol=1e-3)


def networks():
    rng = np.random.default_rng(0)
    dense = nn.Sequential(
        nn.Linear(8, 16, rng=rng), nn.LayerNorm(16), nn.GELU("tanh"), nn.Linear(16, 16, rng=rng), nn.BatchNorm1d(16),
        nn.ReLU(), nn.Linear(16, 4, rng=rng),
    )  # fmt: skip
    signals = nn.Sequential(
        nn.Conv1d(1, 4, 3, padding=1, rng=rng), nn.ReLU(), nn.AvgPool1d(2), nn.Flatten(), nn.Linear(16, 4, rng=rng)
    )
    lengths = nn.Sequential(nn.Linear(8, 3, rng=rng), nn.RMSNorm(3), nn.Linear(3, 4, rng=rng))
    return {"dense": (dense, (8,)), "signals": (signals, (1, 8)), "lengths": (lengths, (8,))}


@pytest.mark.parametrize("name", networks())
def test_gradients_under_autocast_are_those_of_float32(name):
    """Batch 65,536: for each parameter the difference is at most 1 % of the gradient, both as norms."""
    model, shape = networks()[name]
    rng = np.random.default_rng(1)
    x, labels = rng.normal(size=(65_536, *shape)).astype(np.float32), rng.integers(4, size=65_536)
    F.cross_entropy(model(x), labels).backward()
    exact = [p.grad for p in model.parameters()]
    for p in model.parameters():
        p.grad = None
    optimizer, scaler = optim.SGD(model.parameters(), lr=0.1), GradScaler()
    with autocast():
        loss = F.cross_entropy(model(x), labels)
    scaler.scale(loss).backward()
    scaler.unscale_(optimizer)
    for p, gradient in zip(model.parameters(), exact, strict=True):
        if np.linalg.norm(gradient) > 1e-6:  # the bias before a batch norm has none
            assert np.linalg.norm(p.grad - gradient) <= 0.01 * np.linalg.norm(gradient)


FAN_OUT = {
    "a leaf": lambda x: [x for _ in range(2200)],
    "a result": lambda x: (lambda y: [y for _ in range(2200)])(x * 1.0),
    "an entry": lambda x: [x[:1] for _ in range(2200)],
}


@pytest.mark.parametrize("used", FAN_OUT.values(), ids=FAN_OUT)
@pytest.mark.parametrize("create_graph", [False, True])
def test_the_gradients_of_many_uses_in_float16_are_summed_in_float32(used, create_graph):
    x = Tensor(half(1), requires_grad=True)
    (found,) = grad(concatenate(used(x)).sum() * 1.0, x, create_graph=create_graph)
    assert found.dtype == np.float16 and found.tolist() == [2200]


def test_second_derivatives_in_float16_are_summed_in_float32_too():
    b = Tensor(half(3), requires_grad=True)
    (first,) = grad((half(N, 3) * b**2).sum(0)[0], b, create_graph=True)
    (second,) = grad(first.sum(), b)
    assert second.dtype == np.float16 and second.tolist() == [2 * N, 0, 0]


def test_the_norm_of_millions_of_gradients_is_exact():
    parameter = Tensor(np.zeros(3_000_000, np.float32), requires_grad=True)
    parameter.grad = np.full(3_000_000, 0.1, np.float32)
    norm = optim.clip_grad_norm_([parameter], math.inf)
    np.testing.assert_allclose(norm, math.sqrt(3_000_000) * 0.1, rtol=1e-6)
