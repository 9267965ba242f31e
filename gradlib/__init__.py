"""gradlib: automatic differentiation, small enough to read."""

from importlib import import_module

from . import habits, keep, tracebacks
from .anomaly import detect_anomaly
from .autograd import enable_grad, no_grad
from .checkpointing import checkpoint
from .errors import AnomalyError, GradcheckError, GraphError, ShapeError
from .functional import (
    GradcheckWarning,
    grad,
    gradcheck,
    gradgradcheck,
    hessian,
    hvp,
    jacobian,
    jvp,
    numerical_gradient,
    vjp,
)
from .functions import (
    arange,
    concatenate,
    einsum,
    eye,
    full,
    full_like,
    hstack,
    linspace,
    one_hot,
    ones,
    ones_like,
    rand,
    rand_like,
    randint,
    randn,
    randn_like,
    stack,
    tensordot,
    vstack,
    where,
    zeros,
    zeros_like,
)
from .graph import show_graph
from .random import manual_seed
from .tensor import Parameter, Tensor
from .tracebacks import full_tracebacks
from .walkthrough import explain, gradient_paths

cat = concatenate

tracebacks.set_up()
keep.set_up()

__version__ = "1.0"

__all__ = [
    "AnomalyError", "GradcheckError", "GradcheckWarning", "GraphError", "Parameter", "ShapeError", "Tensor", "arange",
    "cat", "checkpoint", "concatenate", "detect_anomaly", "einsum", "enable_grad", "explain", "eye", "full",
    "full_like", "full_tracebacks", "grad", "gradcheck", "gradgradcheck", "gradient_paths", "hessian", "hstack", "hvp",
    "jacobian", "jvp", "linspace", "manual_seed", "no_grad", "numerical_gradient", "one_hot", "ones", "ones_like",
    "rand", "rand_like", "randint", "randn", "randn_like", "show_graph", "stack", "tensordot", "vjp", "vstack", "where",
    "zeros", "zeros_like",
]  # fmt: skip

_ON_DEMAND = {
    "amp", "bounds", "checks", "conformance", "data", "diagnostics", "distributed", "linalg", "nn", "optim", "plots",
    "scalar", "serialization", "training", "widgets",
}  # fmt: skip


def __getattr__(name: str):
    """`gradlib.nn` after `import gradlib` alone: a module is imported when it is asked for."""
    if name in _ON_DEMAND:
        return import_module(f".{name}", __name__)
    raise habits.no_such(__name__, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_ON_DEMAND})
