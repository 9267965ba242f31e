"""gradlib: automatic differentiation, small enough to read."""

from .anomaly import detect_anomaly
from .autograd import enable_grad, no_grad
from .checkpointing import checkpoint
from .errors import AnomalyError, GradcheckError, GraphError, ShapeError
from .explain import explain, gradient_paths
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
from .graph import show_graph
from .numpy_functions import concatenate, einsum, stack, tensordot, where
from .random import manual_seed
from .tensor import Parameter, Tensor, one_hot

cat = concatenate

__version__ = "0.1.0"

__all__ = [
    "AnomalyError", "GradcheckError", "GradcheckWarning", "GraphError", "Parameter", "ShapeError", "Tensor", "cat",
    "checkpoint", "concatenate", "detect_anomaly", "einsum", "enable_grad", "explain", "grad", "gradcheck",
    "gradgradcheck", "gradient_paths", "hessian", "hvp", "jacobian", "jvp", "manual_seed", "no_grad",
    "numerical_gradient", "one_hot", "show_graph", "stack", "tensordot", "vjp", "where",
]  # fmt: skip
