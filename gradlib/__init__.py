"""gradlib: automatic differentiation, small enough to read."""

from .autograd import enable_grad, no_grad
from .errors import GradcheckError, GraphError, ShapeError
from .tensor import Tensor

__version__ = "0.1.0"
