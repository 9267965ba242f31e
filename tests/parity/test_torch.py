"""Every operation of the table against PyTorch: value, gradients, dtype and shape, in float64 and float32."""

import math

import numpy as np
import pytest

import gradlib
from gradlib import Tensor
from gradlib.primitives import TABLE
from gradlib.tensor import apply
from tests.samples import SAMPLES

torch = pytest.importorskip("torch")

from .pytorch_ops import PYTORCH  # noqa: E402 (it imports torch)

COMPARED = [sample for sample in SAMPLES if sample.pytorch]
TOLERANCES = {"float64": {"rtol": 1e-9, "atol": 1e-12}, "float32": {"rtol": 1e-5, "atol": 1e-5}}


def test_every_operation_is_compared():
    assert PYTORCH.keys() == TABLE.keys() == {sample.name for sample in COMPARED}


def dtype_name(thing):
    return str(thing.dtype).removeprefix("torch.")


def agree(ours, theirs, tolerances):
    """The same dtype, the same shape, the same numbers."""
    assert (dtype_name(ours), tuple(ours.shape)) == (dtype_name(theirs), tuple(theirs.shape))
    np.testing.assert_allclose(ours, theirs, **tolerances)


def compare(mine, other, arrays, dtype="float64", tolerances=None):
    """Both functions on the same arrays: outputs and gradients. A function may return several tensors."""
    arrays = [array.astype(dtype) if array.dtype.kind == "f" else array for array in arrays]
    floating = [array.dtype.kind == "f" for array in arrays]
    ours = [Tensor(array, requires_grad=f) for array, f in zip(arrays, floating, strict=True)]
    theirs = [torch.tensor(array, requires_grad=f) for array, f in zip(arrays, floating, strict=True)]
    outputs = [result if isinstance(result, (tuple, list)) else (result,) for result in (mine(*ours), other(*theirs))]
    tolerances = tolerances or TOLERANCES[dtype]
    rng = np.random.default_rng(5)
    for z, w in zip(*outputs, strict=True):
        z, plain = (z, z.data) if isinstance(z, Tensor) else (None, z)
        agree(plain, w.detach().numpy(), tolerances)
        if z is not None and z.requires_grad:
            cotangent = rng.normal(size=z.shape).astype(plain.dtype)
            z.backward(cotangent)
            w.backward(torch.tensor(cotangent), retain_graph=True)
    for tensor, their in zip(ours, theirs, strict=True):
        if tensor.requires_grad and their.grad is not None:
            agree(tensor.grad, their.grad.numpy(), tolerances)
    assert [t.grad is None for t in ours] == [t.grad is None for t in theirs]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NumPy says when it divides by zero, PyTorch does not
@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize("sample", COMPARED, ids=str)
def test_it_agrees_with_pytorch(sample, dtype):
    def mine(*tensors):
        return apply(TABLE[sample.name], *tensors, **sample.keywords)

    def other(*tensors):
        return PYTORCH[sample.name](*tensors, **sample.keywords)

    compare(mine, other, sample.inputs, dtype)


# The methods of a tensor ------------------------------------------------------------

V, M, S = (4,), (3, 4), (2, 3, 4)
CHOICE = np.array([[True, False, True, False]] * 2 + [[False] * 4])


def numbers(*values):
    return np.array(values)


def put(x, index, value):
    """`y[index] = value` in the middle of a computation."""
    y = x * 1.0
    y[index] = value
    return y * y


# Calls that are the same in both libraries: (inputs x, y and w, or their shapes; the calls).
SAME = [
    ((M,), "abs(x)", "x.abs()", "x.sigmoid()", "x.relu()", "x.tanh()", "x.erf()", "x.exp()", "x.expm1()",
     "x.sin()", "x.cos()", "x.tan()", "x.sinh()", "x.cosh()", "x.atan()", "x.arctan()", "x.square()",
     "x.reciprocal()", "x.sign()", "x.floor()", "x.ceil()", "x.round()", "x.round(decimals=1)",
     "(x / 3).asin()", "(x / 3).arcsin()", "(x / 3).acos()", "(x / 3).arccos()", "x.square().sqrt()",
     "x.square().log()", "x.square().log1p()", "x.square().log2()"),
    ((M,), "-x", "1 + 2 * x - 3 / (x + 9)", "2**x", "1 - x", "x % 3", "(x + 9) % 2.5", "x**2", "x**3", "x**1",
     "x**0", "(x + 9).pow(1.5)", "(x + 9) ** -0.5", "x.clamp(-1, 1)", "x.clamp(min=0.5)", "x.clip(max=0)"),
    ((M, V), "x + y", "x - y", "x * y", "x / y", "(x * x + 1) ** y", "x % (y + 9)", "x.remainder(y + 9)",
     "x.atan2(y)", "y.arctan2(x)", "x.logaddexp(y)", "x.maximum(y)", "y.minimum(x)", "x.lerp(y, 0.25)",
     "y.lerp(x, -1.5)", "x.clamp(min=y)", "x > y", "x == y", "y <= x", "x != 1", "0 < x", "x >= x",
     "(x > y).any()", "(x < y + 9).all()", "x @ y", "x.matmul(y)"),
    ((M, V, M), "x.lerp(w, y)", "x.lerp(y, w)", "x.clamp(y, y + w * w)"),
    # reductions
    ((M,), "x.sum()", "x.sum(0, True)", "x.sum([0, 1])", "x.mean()", "x.mean(0)", "x.prod()", "x.prod(dim=0)",
     "x.max()", "x.min()", "x.amax()", "x.amax(dim=1)", "x.amin()", "x.amin(-1)", "x.argmax()",
     "x.argmax(dim=1)", "x.argmin(dim=0)", "x.var()", "x.var(dim=1)", "x.var(dim=0, correction=0)", "x.std()",
     "x.std(dim=0)", "x.std(dim=1, correction=2)", "x.std(unbiased=False)", "x.var(0, unbiased=True)",
     "x.norm(p=3, dim=1)", "x.logsumexp(dim=-1, keepdim=True)", "x.norm()",
     "x.norm(1)", "x.norm(2, dim=1)", "x.norm(3)", "x.norm(math.inf)", "x.norm(math.inf, dim=0)",
     "x.softmax(0)", "x.log_softmax(dim=1)", "x.cumsum(dim=1)", "x.cumprod(0)"),
    ((S,), "x.sum(dim=(0, -1), keepdim=True)", "x.sum(-2)", "x.mean(dim=(-1, 0), keepdim=True)",
     "x.mean([0, 1])", "x.prod(-1, keepdim=True)", "x.amax((0, -1))", "x.amax(dim=-2, keepdim=True)",
     "x.amin(dim=(0, 1))", "x.argmax(dim=-2, keepdim=True)", "x.var((0, -1), keepdim=True)",
     "x.std(-1, keepdim=True)", "x.std(dim=(0, 2), correction=0)", "x.logsumexp((0, 2))",
     "x.norm(1, dim=-1, keepdim=True)", "x.norm(3, dim=(0, 1))", "x.norm(2.5, dim=-2)", "x.softmax(dim=-1)",
     "x.log_softmax(-2)", "x.cumsum(-2)", "x.cumprod(dim=-1)"),
    ((V,), "x.var(correction=2)", "x.logsumexp(0)", "x.cumsum(0)"),
    (((),), "x.cumsum(0)", "x.softmax(0)", "x.sum(0)"),
    ((np.array([1.0, 3.0, 3.0]),), "x.amax()", "x.max()", "x.norm(math.inf)"),
    ((np.array([0.0, 2.0, 0.0]),), "x.prod()", "x.cumprod(0)"),
    ((np.zeros(3),), "x.norm()", "x.norm(1)", "x.norm(3)", "x.abs()", "x.min()"),
    ((np.array([[0.0, 0.0], [3.0, -4.0], [0.0, 2.0]]),), "x.norm(3, dim=1)", "x.norm(dim=1)",
     "x.norm(1, dim=0)"),
    ((np.array([1.0, np.nan, -np.inf]),), "x.isnan()", "x.isfinite()", "x.isinf()"),
    # shapes
    ((M,), "x.reshape(4, 3)", "x.view(2, -1)", "x.T", "x.swapaxes(0, 1)", "x.moveaxis(-1, -1)",
     "x.unsqueeze(0)", "x.unsqueeze(-1)", "x.broadcast_to((2, 3, 4))", "x.expand_as(x)",
     "x.expand(2, -1, -1)", "x.repeat((1, 2))", "x.repeat(2, 1, 2)", "x.tile(2)", "x.tile((2, 1, 2))",
     "x.repeat_interleave(2)", "x.repeat_interleave(3, dim=0)", "x.flip(0, 1)", "x.roll(-1, 1)", "x.roll(5)",
     "x.roll(shifts=7, dims=0)", "x.tril()", "x.triu()", "x.triu(diagonal=2)", "x.tril(9)", "x.trace()",
     "x.diagonal()", "x.diagonal(1)", "x.diagonal(-2)", "x.diagonal(5)"),
    ((S,), "x.reshape(-1)", "x.reshape((6, 4))", "x.flatten()", "x.flatten(1)", "x.flatten(0, 1)",
     "x.flatten(1, 1)", "x.flatten(start_dim=-2)", "x.permute(2, 0, 1)", "x.permute((-1, 0, 1))",
     "x.transpose(0, -1)", "x.swapdims(-1, 0)", "x.mT", "x.moveaxis(0, -1)", "x.movedim(2, 0)",
     "x.movedim((0, 1), (-1, 0))", "x.unsqueeze(dim=1)", "x.repeat_interleave(2, -1)", "x.flip((-1,))",
     "x.flip([0, 2])", "x.roll(2, dims=-1)", "x.roll((1, -1), (0, 2))", "x.tril(-1)", "x.diagonal(0, -2, -1)",
     "x.diagonal(offset=1, dim1=2, dim2=0)"),
    ((V,), "x.flip(0)", "x.roll(1, 0)", "x.repeat(2)", "x.repeat(2, 3)", "x.repeat(0)", "x.tile(2)",
     "x.tile((0,))"),
    (((),), "x.flatten()", "x.squeeze()", "x.unsqueeze(0)", "x.expand((2, 3))", "x.repeat(2)",
     "x.tile(2, 2)"),
    (((1, 3, 1),), "x.squeeze()", "x.squeeze(0)", "x.squeeze(dim=-1)", "x.squeeze((0, 2))"),
    (((3, 1),), "x.expand(3, 4)", "x.expand(-1, 4)", "x.expand(5, 3, 0)", "x.triu(-1)"),
    (((2, 0),), "x.flatten()", "x.unsqueeze(1)", "x.T", "x.sum(1)", "x.reshape(0, 5)", "x.roll(1, 1)",
     "x.flip(1)"),
    ((M, numbers(1, 0, 2, 1)), "x.repeat_interleave(y, 1)", "x.repeat_interleave(y, dim=-1)"),
    # parts
    ((M,), "x.split(3, dim=1)", "x.split([1, 0, 3], -1)", "x.split([1, 2])", "x.chunk(2)",
     "x.chunk(3, dim=-1)", "x.unbind()", "x.unbind(dim=1)", "tuple(x)", "x.narrow(0, 1, 2)",
     "x.narrow(1, -2, 1)", "x.narrow(0, 3, 0)", "x[1]", "x[-1, 1:]", "x[:, None, ::2]", "x[[1, 1]]", "x[1:1]",
     "x[x > 0]", "x.sort()", "x.sort(dim=0)", "x.topk(2)", "x.topk(2, dim=0)", "x.argsort()",
     "x.argsort(dim=0)"),
    ((S,), "x.split(1, 1)", "x.chunk(9, 1)", "x.unbind(-1)", "x.narrow(-1, 0, 3)", "x[..., 0]", "x[1, :, -1]",
     "x.sort(-1, descending=True)", "x.argsort(dim=-1, descending=True)", "x.topk(1, -1, False)"),
    ((V,), "x.split(2)", "x.split(9)", "x.chunk(1)", "x.sort(0, True)", "x.topk(3, largest=True)",
     "x.topk(0)"),
    (((),), "x.sort()", "x.argsort()", "x[...]", "x[None]"),
    (((0, 2),), "x.split(2)", "x.chunk(2)", "x.unbind(1)", "x.sort(0)"),
    (((1, 10),), "x.chunk(4, -1)"),
    ((M, numbers(0, 0, 2)), "x[y]", "x[:, y]", "x[y, y]", "x.index_select(0, y)",
     "x.index_select(dim=1, index=y)"),
    ((S, numbers(1, 1)), "x.index_select(-1, y)", "x[y, :, y]", "x[:, y, y]", "x[..., y]"),
    ((M, CHOICE), "x[y]", "x.masked_fill(y, 9.0)", "x.masked_fill(y, -math.inf).softmax(-1)",
     "x.where(y, 2.0)"),
    ((S, CHOICE, ()), "x.masked_fill(y, 0)", "x.masked_fill(y, w)", "x.where(y, w)"),
    ((M, numbers([3], [0], [3])), "x.gather(1, y)", "x.take_along_dim(y, 1)"),
    ((M, numbers([0, 2, 1, 0])), "x.gather(0, y)", "x.take_along_dim(y, dim=0)"),
    ((M, numbers([0, 0], [1, 2])), "x.gather(-1, y)"),
    ((V, numbers(2, 2, 0, 1, 1)), "x.gather(0, y)", "x[y]"),
    ((S, numbers([[0, 1], [2, 2]])), "x.gather(dim=1, index=y)"),
    ((S, numbers([[0, 0, 1]])), "x.take_along_dim(y, -1)"),
    ((M, numbers([0, 1, 2, 0]), (1, 4)), "x.scatter_add(0, y, w)"),
    ((V, numbers(1, 1, 1), (3,)), "x.scatter_add(-1, y, w)"),
    ((M, numbers([0, 0], [3, 1]), (2, 2)), "x.scatter_add(1, y, w)", "x.scatter_add(dim=-1, index=y, src=w)"),
    ((M, V), "put(x, 0, y)", "put(x, ..., y)", "put(x, np.s_[:, 1:], y[1:])", "put(x, -1, 2.0)",
     "put(x * y, (0, 1), y[2])"),
    ((M, (3, 1)), "put(x, np.s_[:, None, 0], y)", "put(x, np.s_[:, 2:3], y)", "put(x, np.s_[1:1], 5)"),
    ((M, (2, 4)), "put(x, [0, 2], y)", "put(x, np.s_[::2], y)", "put(put(x, 0, y[0]), 1, y[1])"),
    # matrices
    (((3, 3), (3, 3)), "x @ y", "x.det()", "x.inverse()", "x.trace()", "x.T @ y.mT"),
    (((2, 3, 3),), "x.diagonal(-1, 1, 2)"),
    ((S, M), "x.mT @ y", "x @ y.T"),
    ((V, V), "x.dot(y)", "x.outer(y)", "x.dot(x)"),
    (((0,), (0,)), "x.dot(y)", "x.outer(y)"),
    # types
    ((M,), "x.float()", "x.double()", "x.float().double() * x"),
]  # fmt: skip

# Calls that PyTorch spells otherwise: (inputs; ours: PyTorch's).
DIFFERENT = [
    ((M,), {
        "x.softplus()": "F.softplus(x)", "x.softplus(beta=2)": "F.softplus(x, beta=2)", "x.elu()": "F.elu(x)",
        "x.elu(alpha=0.5)": "F.elu(x, alpha=0.5)", "x.silu()": "F.silu(x)", "x.gelu()": "F.gelu(x)",
        "x.gelu(approximate='tanh')": "F.gelu(x, approximate='tanh')", "x.leaky_relu()": "F.leaky_relu(x)",
        "x.leaky_relu(0.3)": "F.leaky_relu(x, 0.3)", "x.max(axis=1)": "x.amax(1)", "x.min(-1)": "x.amin(-1)",
        "x.sum(axis=1, keepdims=True)": "x.sum(1, True)", "x.softmax()": "x.softmax(-1)",
        "x.softmax(axis=0)": "x.softmax(0)", "x.log_softmax()": "x.log_softmax(-1)",
        "x.var(axis=0, keepdims=True)": "x.var(0, keepdim=True)", "x.std(1, keepdims=True)": "x.std(1, keepdim=True)",
        "x.cumsum(axis=1)": "x.cumsum(1)", "x.cumsum()": "x.reshape(-1).cumsum(0)",
        "x.cumprod()": "x.reshape(-1).cumprod(0)", "x.sort(axis=0)": "x.sort(0)",
        "x.topk(2, axis=0)": "x.topk(2, 0)", "x.argmax(axis=0)": "x.argmax(0)",
        "x.split(2, axis=1)": "x.split(2, 1)", "x.chunk(2, axis=-1)": "x.chunk(2, -1)",
        "x.unbind(axis=1)": "x.unbind(1)", "x.repeat_interleave(2, axis=1)": "x.repeat_interleave(2, 1)",
        "x.roll(1, axis=1)": "x.roll(1, 1)", "x.expand_dims(1)": "x.unsqueeze(1)",
        "x.expand_dims((0, -1))": "x[None, ..., None]", "x.flip()": "x.flip((0, 1))",
        "x.astype(np.float32)": "x.to(torch.float32)", "x.to('float64')": "x.to(torch.float64)",
        "x.pad(1)": "F.pad(x, (1, 1, 1, 1))", "x.pad((1, 2))": "F.pad(x, (1, 2, 1, 2))",
        "x.pad(((0, 1), (2, 0)), constant_values=3.0)": "F.pad(x, (2, 0, 0, 1), value=3.0)",
        "x.take_along_axis(x.argmax(1, keepdims=True), 1)": "x.take_along_dim(x.argmax(1, keepdim=True), 1)",
        "gradlib.where(x > 0, x, 0.0)": "torch.where(x > 0, x, 0.0)",
        "gradlib.einsum('ij->j', x)": "torch.einsum('ij->j', x)",
    }),
    ((S,), {
        "x.max(dim=(0, 2), keepdim=True)": "x.amax((0, 2), True)", "x.prod(axis=(0, 2))": "x.prod(2).prod(0)",
        "x.pad(((0, 0), (0, 0), (2, 1)), 'reflect')": "F.pad(x, (2, 1), 'reflect')",
        "x.pad(((0, 0), (0, 0), (2, 3)), 'edge')": "F.pad(x, (2, 3), 'replicate')",
        "x.pad(((0, 0), (0, 0), (2, 3)), mode='wrap')": "F.pad(x, (2, 3), 'circular')",
    }),
    (((1, 3),), {"x.squeeze(axis=0)": "x.squeeze(0)"}),
    (((),), {"x.softplus()": "F.softplus(x)", "x.max(0)": "x.amax(0)"}),
    ((np.array([[1.0, 1.0], [0.0, 2.0]]),), {"x.max(axis=1)": "x.amax(1)", "x.min(0)": "x.amin(0)"}),
    ((np.array([2.0, 1.0, 2.0, 1.0]),), {
        "x.sort()": "x.sort(stable=True)", "x.sort(descending=True)": "x.sort(stable=True, descending=True)",
        "x.argsort(descending=True)": "x.argsort(stable=True, descending=True)",
    }),
    ((M, (4, 2)), {
        "x.tensordot(y, 1)": "torch.tensordot(x, y, 1)", "x.tensordot(y, 0)": "torch.tensordot(x, y, 0)",
    }),
    ((S, (3, 4, 2)), {
        "x.tensordot(y)": "torch.tensordot(x, y)",
        "x.tensordot(y, ([0], [2]))": "torch.tensordot(x, y, ([0], [2]))",
        "x.tensordot(y, dims=([-1, 0], [1, -1]))": "torch.tensordot(x, y, ([-1, 0], [1, -1]))",
    }),
    ((M, (2, 4)), {"gradlib.einsum('ij,kj->ik', x, y)": "torch.einsum('ij,kj->ik', x, y)"}),
    ((M, numbers([0], [1], [3])), {"x.take_along_axis(y, 1)": "x.take_along_dim(y, 1)"}),
    (((3, 3), (3, 2)), {"x.solve(y)": "torch.linalg.solve(x, y)", "x.inv()": "torch.linalg.inv(x)"}),
    (((2, 3, 3), (2, 3, 1)), {"x.solve(y)": "torch.linalg.solve(x, y)", "x.det()": "torch.linalg.det(x)"}),
    ((M, (3, 1)), {
        "gradlib.cat([x, y], axis=1)": "torch.cat([x, y], 1)",
        "gradlib.cat([y, x, y], 1)": "torch.cat([y, x, y], 1)",
    }),
    ((M, (1, 4)), {"gradlib.concatenate((x, y))": "torch.cat((x, y))"}),
    ((M, M), {
        "gradlib.stack([x, y])": "torch.stack([x, y])",
        "gradlib.stack([x, y, x], axis=-1)": "torch.stack([x, y, x], -1)",
    }),
    (((), ()), {"gradlib.stack((x, y))": "torch.stack((x, y))"}),
    ((CHOICE, M, V), {"gradlib.where(x, y, w)": "torch.where(x, y, w)"}),
    ((M, V), {"gradlib.where(x > y, x, y)": "torch.where(x > y, x, y)"}),
]  # fmt: skip

WORDS = {"np": np, "math": math, "put": put, "gradlib": gradlib, "torch": torch, "F": torch.nn.functional}
CALLS = [(call, call, inputs) for inputs, *calls in SAME for call in calls]
CALLS += [(ours, theirs, inputs) for inputs, calls in DIFFERENT for ours, theirs in calls.items()]


def calling(text):
    return lambda *tensors: eval(text, WORDS, dict(zip("xyw", tensors, strict=False)))


@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize(("mine", "other", "inputs"), CALLS, ids=[call[0] for call in CALLS])
def test_a_method_agrees_with_pytorch(mine, other, inputs, dtype):
    rng = np.random.default_rng(7)
    arrays = [array if isinstance(array, np.ndarray) else rng.uniform(-2, 2, size=array) for array in inputs]
    compare(calling(mine), calling(other), arrays, dtype)


# Dtypes ------------------------------------------------------------

DTYPES = [np.float64, np.float32, np.float16, np.int64, np.int32, np.uint8, np.bool_]
PROMOTED = [
    "x + 1", "1.5 * x", "x / 2", "2 / (x + 1)", "x**2", "x**0.5", "2**x", "x // 2", "x % 2", "x + True",
    "x + x", "x * x", "x / x", "x * np.float64(2)", "x.exp()", "x.sqrt()", "x.sin()", "x.log1p()",
    "x.sigmoid()", "x.tanh()", "x.erf()", "x.square()", "x.reciprocal()", "x.sum()", "x.sum(dim=0)",
    "x.mean()", "x.prod()", "x.cumsum(0)", "x.amax()", "x.argmax()", "x[0]", "x.sort()", "x.float()",
    "x.double()", "x.atan2(x)", "x == 1", "x.isnan()", "x.masked_fill(x == 1, 0)", "x.reshape(3, 1)",
    "x.outer(x)", "x.flip(0)", "x.all()", "x.abs()", "x.floor()", "x.round()", "x.relu()", "x.clamp(0, 1)",
    "x @ x", "x.softmax(0)", "x.logsumexp(0)", "x.maximum(x)", "x.var()", "x.norm()",
]  # fmt: skip
# PyTorch's all() of uint8 is uint8, and a bool tensor filled with 0 stays bool; here they are as in NumPy.
ODD = {("x.all()", np.uint8), ("x.masked_fill(x == 1, 0)", np.bool_)}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(("call", "dtype"), [(c, d) for c in PROMOTED for d in DTYPES if (c, d) not in ODD])
def test_a_result_has_the_dtype_that_pytorch_gives_it(call, dtype):
    array = np.array([1, 2, 3]).astype(dtype)
    try:
        theirs = calling(call)(torch.tensor(array))
    except (RuntimeError, NotImplementedError):  # PyTorch has no such operation on this dtype
        return
    ours = calling(call)(Tensor(array))
    for mine, other in zip(*(r if isinstance(r, tuple) else (r,) for r in (ours, theirs)), strict=True):
        mine = mine.data if isinstance(mine, Tensor) else mine
        agree(mine, other.numpy(), {"rtol": 1e-2 if dtype is np.float16 else 1e-5})


@pytest.mark.parametrize("right", DTYPES)
@pytest.mark.parametrize("left", DTYPES)
def test_two_dtypes_meet_as_in_pytorch(left, right):
    """Only a float64 input makes a float64 result: whole numbers and bools take the dtype of the floats."""
    x, y = np.ones(2, dtype=left), np.ones(3, dtype=right).reshape(3, 1)
    for combine in (lambda a, b: a + b, lambda a, b: a * b, lambda a, b: a / b, lambda a, b: a.maximum(b)):
        theirs = combine(torch.tensor(x), torch.tensor(y))
        agree(combine(Tensor(x), Tensor(y)).data, theirs.numpy(), {"rtol": 1e-6})


@pytest.mark.parametrize("data", [2, 2.0, True, [1, 2], [1.5, 2], [[True], [False]], [], np.float32(1), np.arange(3)])
def test_a_tensor_has_the_dtype_that_pytorch_gives_it(data):
    assert str(Tensor(data).dtype) == str(torch.tensor(data).dtype).removeprefix("torch.")


# By hand ------------------------------------------------------------


@pytest.mark.parametrize("x", [0.0, -2.0, 1.5])
@pytest.mark.parametrize("y", [0.0, 1.0, 2.0, 3.0])
def test_powers_at_their_edges(x, y):
    ours = [Tensor(np.array(v), requires_grad=True) for v in (x, y)]
    theirs = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (x, y)]
    with np.errstate(invalid="ignore"):
        (ours[0] ** ours[1]).backward()
    (theirs[0] ** theirs[1]).backward()
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine.grad, other.grad.numpy(), rtol=1e-12)


def test_a_network_is_trained_to_the_same_numbers():
    rng = np.random.default_rng(0)
    start = {"w": rng.normal(size=(3, 4)), "b": np.zeros(4), "v": rng.normal(size=(4, 1))}
    x, y = rng.normal(size=(8, 3)), rng.normal(size=(8, 1))
    ours = {name: Tensor(array, requires_grad=True) for name, array in start.items()}
    theirs = {name: torch.tensor(array, requires_grad=True) for name, array in start.items()}
    for _ in range(20):
        for p, data in ((ours, x), (theirs, torch.tensor(x))):
            wanted = y if p is ours else torch.tensor(y)
            loss = (((data @ p["w"] + p["b"]).tanh() @ p["v"] - wanted) ** 2).mean()
            loss.backward()
            for tensor in p.values():
                tensor.data -= 0.1 * tensor.grad
                tensor.grad = None
    for name in start:
        np.testing.assert_allclose(ours[name].data, theirs[name].detach().numpy(), rtol=1e-9)


def test_pytorch_reads_a_tensor_without_a_copy():
    ours = Tensor(np.arange(6.0).reshape(2, 3))
    theirs = torch.from_dlpack(ours)
    theirs[1, 2] = 7.0
    assert ours.data[1, 2] == 7.0 and theirs.shape == (2, 3)
    assert torch.from_dlpack(ours.T).stride() == (1, 3)


def test_a_tensor_of_pytorchs_is_named_as_one():
    for compute in (lambda x, y: x + y, lambda x, y: y * x):
        with pytest.raises(TypeError, match="a Tensor cannot be combined with a torch.Tensor: tensor"):
            compute(Tensor([1.0, 2.0]), torch.ones(2))
