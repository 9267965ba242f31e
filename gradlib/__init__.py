"""gradlib: automatic differentiation, small enough to read."""

from .autograd import enable_grad, no_grad
from .errors import GradcheckError, GraphError, ShapeError
from .explain import explain, gradient_paths
from .functional import GradcheckWarning, grad, gradcheck, numerical_gradient
from .graph import show_graph
from .tensor import Tensor

__version__ = "0.1.0"

__all__ = [
    "GradcheckError", "GradcheckWarning", "GraphError", "ShapeError", "Tensor", "enable_grad", "explain",
    "grad", "gradcheck", "gradient_paths", "no_grad", "numerical_gradient", "show_graph",
]  # fmt: skip
