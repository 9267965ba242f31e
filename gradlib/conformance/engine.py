"""Speak to any engine: make its values, apply its operations, go backward, read its gradients.

Nothing here judges. What an engine does not offer raises Unsupported; an error inside its `backward` raises
BackwardRaised, since refusing an expression is honest and failing after it was accepted is not.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

HOLDS_VALUE = ("data", "value", "val", "v", "array", "_data", "_value", "_array", "x", "numpy", "to_numpy", "toarray")
HOLDS_GRADIENT = ("grad", "gradient", "derivative", "_grad", "adjoint", "gradient_", "d", "g", "dv")
GOES_BACKWARD = ("backward", "backprop", "backpropagate", "backward_pass", "compute_gradients")
ZEROES = (
    "zero_grad", "zero_grad_", "zero_gradient", "clear_grad", "cleargrad", "_reset_grad", "null_grad", "null_gradients",
)  # fmt: skip
AXIS, KEEPDIMS = ("axis", "dim", "axes", "dims"), ("keepdims", "keepdim", "keep_dims")

_ALSO_CALLED = {
    "relu": ("ReLU",), "sum": ("summation",), "max": ("amax", "maxax"), "abs": ("__abs__",), "reshape": ("view",),
    "log_softmax": ("logsoftmax",), "matmul": ("dot", "mm"),
    "cross_entropy": ("softmax_cross_entropy", "cross_entropy_loss"), "mse_loss": ("mse", "mean_squared_error"),
}  # fmt: skip


class Unsupported(Exception):
    """The engine does not offer this, so nothing is said about it."""


class BackwardRaised(Exception):
    """An error inside the engine's backward pass, which is the cause of this one."""


@dataclass
class Adapter:
    """The names under which an engine offers what the cases need. A field that is left out is looked for.

    cls : the class of its values.
    make : (number or array, requires_grad) -> a value.
    value, grad : the attribute that holds the number and the gradient, or a function of a value that returns it.
    backward, zero : the method that goes backward and that zeroes a gradient, or a function of a value.
    functions : modules, or their names, in which functions, layers and optimizers are looked for.
    ops : {"relu": function} for operations under another name, or with other arguments.
    no_grad : a function that returns the context manager.
    kind : "scalar" or "tensor".

    >>> from gradlib.scalar import Value
    >>> Adapter(Value, zero=lambda x: setattr(x, "grad", 0.0)).value is None
    True
    """

    cls: type
    make: Callable[[Any, bool], Any] | None = None
    value: str | Callable[[Any], Any] | None = None
    grad: str | Callable[[Any], Any] | None = None
    backward: str | Callable[[Any], Any] | None = None
    zero: str | Callable[[Any], Any] | None = None
    functions: Sequence[Any] = ()
    ops: Mapping[str, Callable] = field(default_factory=dict)
    no_grad: Callable[[], AbstractContextManager] | None = None
    kind: str = ""

    @property
    def name(self) -> str:
        return f"{self.cls.__module__}:{self.cls.__qualname__}"

    @property
    def modules(self) -> list[Any]:
        """The module of the class, then those of `functions`."""
        given = [importlib.import_module(each) if isinstance(each, str) else each for each in self.functions]
        return [module for module in (sys.modules.get(self.cls.__module__), *given) if module is not None]


def read(thing: Any, how: str | Callable[[Any], Any]) -> np.ndarray | None:
    """Read a number or an array of an engine as a float array, through methods and the engine's own classes."""
    found = how(thing) if callable(how) else getattr(thing, how)
    for _ in range(4):  # `.grad` may be a tensor, whose `.data` may be a tensor of the layer below
        if callable(found):
            found = found()
        if found is None or isinstance(found, bool | int | float | np.generic | np.ndarray | list | tuple):
            break
        inner = [name for name in ("numpy", "to_numpy", *HOLDS_VALUE) if hasattr(found, name)]
        if not inner:
            break
        found = getattr(found, inner[0])
    if found is None:
        return None
    try:
        return np.asarray(found, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"expected a number or an array, got {type(found).__name__}") from None


class Engine:
    """An engine that the cases can speak to: an adapter of which every field is known.

    takes_seed : `backward` takes the gradient to begin with.
    takes_requires_grad : values are made with `requires_grad`.
    is_made_by_hand : a user's adapter says how a value is made.
    """

    def __init__(
        self, adapter: Adapter, takes_seed: bool = False, takes_requires_grad: bool = False,
        is_made_by_hand: bool = False,
    ):  # fmt: skip
        self.adapter, self.takes_seed, self.takes_requires_grad = adapter, takes_seed, takes_requires_grad
        self.is_made_by_hand = is_made_by_hand
        self.cls, self.kind = adapter.cls, adapter.kind
        self.is_single = abs(self.number(self.variable(1 / 3)) - 1 / 3) > 1e-12
        self.spoken = ""  # how it is used, in words
        self.way_to_a_number: Callable[[Any, np.ndarray], None] | None = None

    # --- values ----------------------------------------------------------------------------------

    def variable(self, number: Any) -> Any:
        return self.adapter.make(number, True)

    def constant(self, number: Any) -> Any:
        return self.adapter.make(number, False)

    def raw(self, data: Any) -> Any:
        """A value of exactly this data, made by the class itself unless an adapter says how."""
        if self.is_made_by_hand:
            return self.variable(data)
        return self.cls(data, **({"requires_grad": True} if self.takes_requires_grad else {}))

    def value(self, t: Any) -> np.ndarray:
        found = read(t, self.adapter.value)
        if found is None:
            raise ValueError("the value is None")
        return found

    def number(self, t: Any) -> float:
        return float(self.value(t).reshape(-1)[0])

    def gradient(self, t: Any) -> np.ndarray | None:
        try:
            return read(t, self.adapter.grad)
        except (AttributeError, ValueError):
            return None

    def slope(self, t: Any) -> float | np.ndarray:
        """The gradient of a scalar, 0 where there is none."""
        found = self.gradient(t)
        return 0.0 if found is None else float(found.reshape(-1)[0]) if found.size == 1 else found

    def close(self, found: Any, expected: Any) -> bool:
        tolerance = 2e-4 if self.is_single else 2e-6  # the expected gradients come from differences
        with np.errstate(all="ignore"):
            return bool(np.all(np.abs(np.asarray(found, float) - expected) <= tolerance * (1 + np.abs(expected))))

    # --- backward --------------------------------------------------------------------------------

    def backward(self, t: Any, seed: np.ndarray | None = None) -> None:
        how = self.adapter.backward
        try:
            if seed is None:
                how(t) if callable(how) else getattr(t, how)()
            else:
                self._backward_from(t, seed)
        except (Exception, SystemExit) as error:
            if isinstance(error, Unsupported):
                raise
            raise BackwardRaised from error

    def _backward_from(self, t: Any, seed: np.ndarray) -> None:
        if not self.takes_seed:
            raise Unsupported("backward takes no gradient to begin with")
        how = self.adapter.backward
        begin = how if callable(how) else lambda t, seed: getattr(t, how)(seed)
        try:
            begin(t, seed)
        except (TypeError, AttributeError, AssertionError):
            begin(t, self.constant(seed))

    def zero(self, t: Any) -> None:
        how = self.adapter.zero
        if how:
            how(t) if callable(how) else getattr(t, how)()
        elif callable(self.adapter.grad):
            raise Unsupported("it is not known how a gradient is zeroed: give zero=")
        else:
            fresh = self.variable(self.value(t) if self.value(t).ndim else self.number(t))
            setattr(t, self.adapter.grad, getattr(fresh, self.adapter.grad))

    def backward_from_total(self, t: Any, weights: np.ndarray) -> None:
        """Go backward from the sum of weights · t, a single number."""
        if np.ndim(weights) == 0:
            self.backward(t if np.all(weights == 1) else t * self.constant(weights))
        elif self.way_to_a_number is None:
            raise Unsupported("no way from an array to one number, and back, is right: neither sum, nor a product")
        else:
            self.way_to_a_number(t, weights)

    def calibrate(self) -> None:
        """Choose the first way from an array to a number whose gradient is right in a known case."""
        values, weights = np.array([[1.0, 2, -3], [4, 0.5, 6]]), np.array([[1.0, -2, 3], [0.5, 4, -1]])
        ways = (self._by_sum, self._by_flat_sum, self._by_axes, self._by_kept_axes, self._by_seed, self._by_product)
        for way in ways:
            with contextlib.suppress(Exception):
                x = self.variable(values.copy())
                way(x, weights)
                found = self.gradient(x)
                if found is not None and found.shape == weights.shape and np.allclose(found, weights, atol=1e-4):
                    self.way_to_a_number = way
                    return

    def _by_sum(self, t, weights):
        self.backward(self.sum(t * self.constant(weights)))

    def _by_flat_sum(self, t, weights):
        self.backward(self._reduced("sum", self.reshape(t * self.constant(weights), np.size(weights)), 0, False))

    def _by_axes(self, t, weights):
        product = t * self.constant(weights)
        for axis in reversed(range(np.ndim(weights))):
            product = self._reduced("sum", product, axis, False)
        self.backward(product)

    def _by_kept_axes(self, t, weights):
        product = t * self.constant(weights)
        for axis in range(np.ndim(weights)):
            product = self._reduced("sum", product, axis, True)
        self.backward(product)

    def _by_seed(self, t, weights):
        self.backward(t, np.asarray(weights, float))

    def _by_product(self, t, weights):
        row = self.reshape(t, 1, np.size(weights))
        self.backward(self.matmul(row, self.constant(np.reshape(weights, (-1, 1)))))

    # --- operations ------------------------------------------------------------------------------

    def find(self, name: str) -> Callable | None:
        """The function that applies an operation: one that was given, a method, or a function of a module."""
        if name in self.adapter.ops:
            return self.adapter.ops[name]
        names = (name, name.capitalize(), *_ALSO_CALLED.get(name, ()))
        for each in names:
            if inspect.getattr_static(self.cls, each, None) is not None:
                return lambda t, *arguments, each=each, **keywords: getattr(t, each)(*arguments, **keywords)
        modules = self.adapter.modules
        own = {getattr(module, "__name__", "").split(".")[0] for module in modules}
        for each in (getattr(module, each, None) for module in modules for each in names):
            if (getattr(each, "__module__", None) or "").split(".")[0] not in own:
                continue  # a module may have imported NumPy's exp
            if not inspect.isclass(each):
                return each
            if isinstance(inspect.getattr_static(each, "apply", None), staticmethod | classmethod):
                return each.apply  # a function written as a class, as PyTorch's autograd.Function
        return None

    def need(self, name: str) -> Callable:
        found = self.find(name)
        if found is None:
            raise Unsupported(f"no {name}")
        return found

    def thing(self, *names: str) -> Any:
        """A class or function of the modules, for example an optimizer."""
        for module in self.adapter.modules:
            for name in names:
                if (found := getattr(module, name, None)) is not None:
                    return found
        raise Unsupported(f"no {names[0]} in the module of the class, nor in those of functions=")

    def apply(self, name: str, *arguments: Any) -> Any:
        return _result(self.need(name)(*arguments), name)

    def matmul(self, a: Any, b: Any) -> Any:
        if "matmul" not in self.adapter.ops:
            with contextlib.suppress(TypeError):
                return _result(a @ b, "matmul")
        return self.apply("matmul", a, b)

    def index(self, t: Any, key: Any) -> Any:
        return _result(t[key], "indexing")

    def sum(self, t: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return self._reduced("sum", t, axis, keepdims)

    def mean(self, t: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return self._reduced("mean", t, axis, keepdims)

    def max(self, t: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return self._reduced("max", t, axis, keepdims)

    def softmax(self, t: Any, axis: int = -1) -> Any:
        return self._reduced("softmax", t, axis, False)

    def log_softmax(self, t: Any, axis: int = -1) -> Any:
        return self._reduced("log_softmax", t, axis, False)

    def logsumexp(self, t: Any, axis: int = -1) -> Any:
        return self._reduced("logsumexp", t, axis, False)

    def _reduced(self, name: str, t: Any, axis: Any, keepdims: bool) -> Any:
        function, said = self.need(name), ""
        for arguments, keywords in _spellings(axis, keepdims):
            try:
                result = _result(function(t, *arguments, **keywords), name)
            except TypeError as error:
                said = f": {error}"
                continue
            if axis is None and not keepdims and self.value(result).size != 1:
                raise Unsupported(f"{name}() without an axis does not give one number")
            return result
        raise Unsupported(f"{name} with axis={axis}{' and keepdims' if keepdims else ''}{said}")

    def reshape(self, t: Any, *shape: int) -> Any:
        function = self.need("reshape")
        try:
            return _result(function(t, shape), "reshape")
        except (TypeError, ValueError):
            return _result(function(t, *shape), "reshape")

    def transpose(self, t: Any, axes: tuple[int, ...] | None = None) -> Any:
        if "transpose" in self.adapter.ops:
            return self.adapter.ops["transpose"](t, axes)
        flipped = getattr(t, "T", None) if axes is None else None
        if flipped is not None:
            return flipped() if callable(flipped) else flipped
        expected = np.transpose(np.empty(self.value(t).shape), axes).shape
        for function in filter(None, (self.find("transpose"), self.find("permute"))):
            for arguments in [()] if axes is None else [(axes,), axes]:
                with contextlib.suppress(TypeError, ValueError, IndexError):
                    result = function(t, *arguments)
                    if result is not None and self.value(result).shape == expected:
                        return result
        raise Unsupported("transpose does not take the axes as NumPy's does")

    @contextlib.contextmanager
    def no_grad(self) -> Iterator[None]:
        if self.adapter.no_grad is None:
            raise Unsupported("no no_grad")
        with self.adapter.no_grad():
            yield


def _spellings(axis: Any, keepdims: bool) -> Iterator[tuple[tuple, dict]]:
    """The ways in which engines take an axis and keepdims: positional arguments, keywords."""
    if axis is None and not keepdims:
        yield (), {}
    for name in AXIS:
        if keepdims:
            yield from (((), {name: axis, keep: True}) for keep in KEEPDIMS)
        else:
            yield (), {name: axis}
    if not keepdims:
        yield (axis,), {}
        if axis == -1:
            yield (), {}  # softmax along the last axis, which some engines do not let one choose


def _result(found: Any, name: str) -> Any:
    if isinstance(found, tuple):
        found = found[0]  # max returns its values and indices in some engines
    if found is None or found is NotImplemented:
        raise Unsupported(f"{name} returned {found}")
    return found
