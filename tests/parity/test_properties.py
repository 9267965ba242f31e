"""Random expression graphs against PyTorch: values and gradients, in float64, to 1e-9."""

import numpy as np
import pytest
from hypothesis import given

from gradlib import Tensor
from tests.test_properties import OPERATIONS, programs, repeatable

torch = pytest.importorskip("torch")
F = torch.nn.functional


def dominant(a):
    return a * 0.2 + 3 * torch.eye(a.shape[-1], dtype=a.dtype)


def of_indices(call):
    """PyTorch takes whole numbers as a tensor of its own."""
    return lambda a, *others, dim, index: call(a, dim, torch.tensor(index), *others)


def padded(a, pad_width):
    return F.pad(a, [n for before_after in reversed(pad_width) for n in before_after])


def bracketed(index):
    """An index with PyTorch's arrays in it."""
    if isinstance(index, tuple):
        return tuple(map(bracketed, index))
    return torch.tensor(index) if isinstance(index, np.ndarray) else index


def cross_entropy(a, index):
    losses = F.cross_entropy(a.reshape(-1, a.shape[-1]), torch.tensor(index.reshape(-1)), reduction="none")
    return losses.reshape(index.shape) * 0.4


def solve(a, b):
    """With the axes of b made up to those of a: PyTorch takes (2, 2) beside (2, 2, 2) for two vectors, NumPy for one
    matrix."""
    return torch.linalg.solve(dominant(a), b[(None,) * (a.ndim - b.ndim)])


def assign(a, b, index):
    """With indices that repeat, PyTorch's own gradient counts every entry of b, though only the last one stays."""
    places = np.arange(a.numel()).reshape(a.shape)[index]
    if not places.size:
        return a * 1
    last = np.full(a.numel(), -1)
    last[places.ravel()] = np.arange(places.size)
    last = torch.tensor(last.reshape(a.shape))  # for each entry of a, the entry of b that stays there
    return torch.where(last < 0, a, b.expand(places.shape).flatten()[last.clamp(min=0)])


# Where PyTorch says the same by another name.
PYTORCH = {
    "floor_divide": lambda a: (a / 0.75).floor(),  # PyTorch's own has no derivative
    "leaky_relu": lambda a: F.leaky_relu(a, 0.1),
    "elu": F.elu,
    "gelu": F.gelu,
    "gelu by tanh": lambda a: F.gelu(a, approximate="tanh"),
    "silu": F.silu,
    "softplus": F.softplus,
    "norm": lambda a, **axes: torch.linalg.vector_norm(a, **axes) * 0.3,
    "pad": padded,
    "concatenate": lambda a, b, dim: torch.cat([a, b, a], dim),
    "stack": lambda a, b, dim: torch.stack([a, b], dim),
    "linear": lambda a, b: F.linear(a, b.mT, b[0]) * 0.3,
    "cross_entropy": cross_entropy,
    "einsum": lambda a, b, subscripts: torch.einsum(subscripts, a, b) * 0.3,
    "getitem": lambda a, index: a[bracketed(index)],
    "setitem": assign,
    "index_select": of_indices(torch.index_select),
    "gather": of_indices(torch.gather),
    "scatter_add": of_indices(lambda *arguments: torch.scatter_add(*arguments) * 0.4),
    "inv": lambda a: dominant(a).inverse(),
    "det": lambda a: dominant(a).det() / 3.0 ** a.shape[-1],
    "solve": solve,
}


def test_the_names_are_those_of_operations():
    assert PYTORCH.keys() <= OPERATIONS.keys()


@repeatable(400)
@given(programs())
def test_a_random_graph_has_pytorchs_values_and_gradients(program):
    ours = [Tensor(leaf, requires_grad=True) for leaf in program.leaves]
    theirs = [torch.tensor(leaf, requires_grad=True) for leaf in program.leaves]
    rng = np.random.default_rng(8)
    for mine, its in zip(program(*ours), program(*theirs, calls=PYTORCH), strict=True):
        assert mine.shape == tuple(its.shape) and mine.dtype == np.float64
        np.testing.assert_allclose(mine.data, its.detach().numpy(), rtol=1e-9, atol=1e-12)
        cotangent = rng.normal(size=mine.shape)
        mine.backward(cotangent)
        its.backward(torch.tensor(cotangent), retain_graph=True)
    for mine, its in zip(ours, theirs, strict=True):
        expected = np.zeros(mine.shape) if its.grad is None else its.grad.numpy()
        found = np.zeros(mine.shape) if mine.grad is None else mine.grad
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-11)
