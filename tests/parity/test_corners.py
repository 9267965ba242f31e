"""Values and derivatives at kinks, zeros and infinities against PyTorch's, to the second order."""

import itertools
import math

import numpy as np
import pytest

import gradlib
from gradlib import Tensor, grad

torch = pytest.importorskip("torch")

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

INF = math.inf
NUMBERS = [-INF, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 100.0, INF]
WORDS = {"gradlib": gradlib, "torch": torch, "F": torch.nn.functional, "G": gradlib.nn.functional}

ONE = {  # of x; what PyTorch calls it, if that is another name
    "x.abs()": "", "x.square()": "", "x.sqrt()": "", "x.reciprocal()": "", "x.exp()": "", "x.expm1()": "",
    "x.log()": "", "x.log1p()": "", "x.log2()": "", "x.sin()": "", "x.cos()": "", "x.tan()": "", "x.asin()": "",
    "x.acos()": "", "x.atan()": "", "x.sinh()": "", "x.cosh()": "", "x.tanh()": "", "x.sigmoid()": "", "x.relu()": "",
    "x.sign()": "", "x.floor()": "", "x.round()": "", "x.erf()": "", "x.clip(-1, 1)": "", "x**0": "", "x**1": "",
    "x**2": "", "x**3": "", "x**-1": "", "2**x": "", "x.prod()": "", "x.cumprod(0)": "", "x.sum()": "", "x.mean()": "",
    "x.leaky_relu(0.1)": "F.leaky_relu(x, 0.1)", "x.elu(1.5)": "F.elu(x, 1.5)", "x.softplus()": "F.softplus(x)",
    "x.softplus(2.0)": "F.softplus(x, 2.0)", "x.gelu()": "F.gelu(x)", "x.silu()": "F.silu(x)",
    "x.gelu('tanh')": "F.gelu(x, approximate='tanh')", "x.norm()": "torch.linalg.vector_norm(x)",
    "x.norm(1)": "torch.linalg.vector_norm(x, 1)", "x.norm(0.5)": "torch.linalg.vector_norm(x, 0.5)",
    "x.norm(1.5)": "torch.linalg.vector_norm(x, 1.5)", "x.max()": "x.amax()", "x.softmax()": "x.softmax(0)",
    "x.log_softmax()": "x.log_softmax(0)",
    "G.huber_loss(x, 0 * x.detach().sign(), delta=0.5)": "F.huber_loss(x, 0 * x.detach().sign(), delta=0.5)",
    "G.smooth_l1_loss(x, 0 * x.detach().sign(), beta=0.5)": "F.smooth_l1_loss(x, 0 * x.detach().sign(), beta=0.5)",
    "G.l1_loss(x, 0 * x.detach().sign())": "F.l1_loss(x, 0 * x.detach().sign())",
    "G.hinge_embedding_loss(x, x.detach()**0 * -1)": "F.hinge_embedding_loss(x, x.detach()**0 * -1)",
}  # fmt: skip
TWO = {
    "x.maximum(y)": "", "x.minimum(y)": "", "x.atan2(y)": "", "x.logaddexp(y)": "", "x / y": "", "x * y": "",
    "x**y": "", "x.clip(min=y)": "", "x.clip(max=y)": "", "x % y": "", "x.lerp(y, 0.25)": "",
    "gradlib.stack([x, y]).norm()": "torch.linalg.vector_norm(torch.stack([x, y]))",
    "gradlib.stack([x, y]).max()": "torch.stack([x, y]).amax()",
    "gradlib.stack([x, y]).var()": "torch.stack([x, y]).var()",
    "gradlib.stack([x, y]).prod()": "torch.stack([x, y]).prod()",
    "gradlib.stack([x, y]).softmax()[0]": "torch.stack([x, y]).softmax(0)[0]",
}  # fmt: skip
CALLS = [(ours, theirs or ours, at) for ours, theirs in ONE.items() for at in itertools.product(NUMBERS)]
CALLS += [
    (ours, theirs or ours, at) for ours, theirs in TWO.items() for at in itertools.product(NUMBERS[::2], repeat=2)
]


# Where the two differ on purpose, and why.
EXCEPT = {("x**y", (-INF, 0.5)): "NumPy takes the square root, which is NaN"}
for numbers in itertools.product(NUMBERS[::2], repeat=2):
    if any(map(math.isinf, numbers)):
        EXCEPT["gradlib.stack([x, y]).var()", numbers] = "the first entry is subtracted from all: NaN, not infinite"


def number(value):
    return value if isinstance(value, float) else value.item()


def up_to_second(text, at, tensor, differentiate):
    """The value, the slopes, and the slopes of each slope."""
    inputs = [tensor(number) for number in at]
    z = eval(text, WORDS, dict(zip("xy", inputs, strict=False)))
    slopes = [0.0] * len(at) if not z.requires_grad else differentiate(z, inputs)
    found = [z.item(), *map(number, slopes)]
    for slope in slopes:
        second = differentiate(slope, inputs) if getattr(slope, "requires_grad", False) else [0.0] * len(at)
        found += map(number, second)
    return np.array(found)


def ours(text, at):
    def differentiate(z, inputs):
        return [0.0 if g is None else g for g in grad(z, inputs, create_graph=True, allow_unused=True)]

    return up_to_second(text, at, lambda n: Tensor(np.array(n), requires_grad=True), differentiate)


def theirs(text, at):
    def differentiate(z, inputs):
        given = torch.autograd.grad(z, inputs, create_graph=True, allow_unused=True)
        return [0.0 if g is None else g for g in given]

    return up_to_second(text, at, lambda n: torch.tensor(n, dtype=torch.float64, requires_grad=True), differentiate)


@pytest.mark.parametrize("call", [*ONE, *TWO])
def test_values_and_derivatives_at_corners_are_pytorchs(call):
    """Where PyTorch has NaN, a number is no less right: x · σ(-x) at ∞ is 0 times ∞ there, and 0 here."""
    for mine, other, at in (row for row in CALLS if row[0] == call and (call, row[2]) not in EXCEPT):
        found, wanted = ours(mine, at), theirs(other, at)
        known = ~np.isnan(wanted)
        np.testing.assert_allclose(found[known], wanted[known], rtol=1e-7, atol=1e-9, err_msg=f"{call} at {at}")
