"""Every operation of the table against PyTorch: value and gradients, in float64, to 1e-9."""

import numpy as np
import pytest

from gradlib import Tensor
from gradlib.primitives import TABLE
from gradlib.tensor import apply
from tests.samples import SAMPLES

torch = pytest.importorskip("torch")


def reduced(function):
    """A reduction with NumPy's keywords."""

    def reduce(x, axis=None, keepdims=False):
        axes = tuple(range(x.ndim)) if axis is None else axis
        return function(x, dim=axes, keepdim=keepdims) if x.ndim else x * 1

    return reduce


PYTORCH = {
    "add": torch.add, "sub": torch.sub, "mul": torch.mul, "div": torch.div, "pow": torch.pow,
    "neg": torch.neg, "exp": torch.exp, "log": torch.log, "sqrt": torch.sqrt, "sin": torch.sin,
    "cos": torch.cos, "tanh": torch.tanh, "sigmoid": torch.sigmoid, "relu": torch.relu,
    "where": torch.where, "matmul": torch.matmul,
    "sum": reduced(torch.sum), "mean": reduced(torch.mean),
    "reshape": lambda x, shape: x.reshape(shape),
    "transpose": lambda x, axes: x.permute(axes if axes is not None else tuple(range(x.ndim))[::-1]),
    "broadcast_to": lambda x, shape: x.expand(shape),
}  # fmt: skip


def test_every_operation_is_compared():
    assert PYTORCH.keys() == TABLE.keys()


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_it_agrees_with_pytorch(sample):
    floating = [array.dtype.kind == "f" for array in sample.inputs]
    ours = [Tensor(a, requires_grad=f) for a, f in zip(sample.inputs, floating, strict=True)]
    theirs = [torch.tensor(a, requires_grad=f) for a, f in zip(sample.inputs, floating, strict=True)]
    z = apply(TABLE[sample.name], *ours, **sample.keywords)
    w = PYTORCH[sample.name](*theirs, **sample.keywords)
    cotangent = np.random.default_rng(5).normal(size=z.shape)
    z.backward(cotangent)
    w.backward(torch.tensor(cotangent))
    assert z.shape == tuple(w.shape)
    np.testing.assert_allclose(z.data, w.detach().numpy(), rtol=1e-9, atol=1e-12)
    for mine, other in zip(ours, theirs, strict=True):
        if mine.requires_grad:
            np.testing.assert_allclose(mine.grad, other.grad.numpy(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    "data", [2, 2.0, True, [1, 2], [1.5, 2], [[True], [False]], [], np.float32(1), np.arange(3)]
)
def test_a_tensor_has_the_dtype_that_pytorch_gives_it(data):
    assert str(Tensor(data).dtype) == str(torch.tensor(data).dtype).removeprefix("torch.")


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
