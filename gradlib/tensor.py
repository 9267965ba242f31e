"""Tensor: an array that remembers how it was made."""

from __future__ import annotations

import dis
import sys
import weakref
from types import FrameType, ModuleType
from typing import Any

import numpy as np

from . import amp, numpy_functions
from . import primitives as P
from .autograd import BackwardStep, as_it_was, backward_steps, owner_of, recording, unusual, writes
from .device import DeviceArray, as_array
from .device import to as moved
from .errors import (
    GraphError,
    ShapeError,
    axis_out_of_range,
    bad_data,
    cannot_broadcast,
    explained,
    flag,
    refuse_masked,
    shown,
    whole,
)
from .operations import Operations, plain, real_dtype
from .primitives.shapes import assign

_new = object.__new__
_SMALLEST_HALF, _LARGEST_HALF = 2.0**-24, 65504.0
_STORE_SUBSCR = dis.opmap["STORE_SUBSCR"]
_NO_KEYWORDS: dict = {}  # shared: a new one for each result takes 64 bytes, and the garbage collector runs more often

# When an array is freed, Linux's C library returns its memory to the system, and each page of the next array costs
# 0.5 µs again: a third of a GPT's step. Once a block of this size has been freed, the C library keeps up to 64 MiB. The
# block is never written to, so this takes 40 µs and no memory.
np.empty(2**25 - 2**13, np.uint8)


_STATE = (
    "_array", "grad", "_requires_grad", "_op", "_prev", "_kwargs", "_made", "_hooks", "_retains_grad", "_cut",
)  # fmt: skip


class Tensor(Operations):
    """An n-dimensional array that records the operations on it, so that `backward()` can differentiate them.

    data : a number, a nested list, or a NumPy array. Python floats become float32, as in PyTorch; arrays keep
        their dtype and are copied.
    requires_grad : whether `backward()` fills `grad`. Only floating-point data can have a gradient.
    dtype : a NumPy dtype, to choose another.

    `data` is the array. Assigning to it overwrites the tensor in place, and a graph that used the old value
    then refuses `backward()`. `grad` is an array of the same shape and dtype, or None before the first
    `backward()`; gradients add up over calls.

    A result is float64 only if an input is: integers and bools become float32, as in PyTorch.

    >>> x = Tensor([2.0], requires_grad=True)
    >>> y = Tensor([3.0], requires_grad=True)
    >>> z = x * y + x**2
    >>> z.backward()
    >>> x.grad, y.grad
    (array([7.], dtype=float32), array([2.], dtype=float32))
    """

    __slots__ = (
        "_array", "grad", "_requires_grad",  # the value and its gradient
        "_op", "_prev", "_kwargs",  # the operation that made it: Primitive, inputs, keywords; None, (), None for a leaf
        "_made",  # `writes.count` when it was made
        "_hooks", "_retains_grad",  # the functions that `backward()` calls, and if it keeps the gradient
        "_cut",  # where the graph behind it was cut, in words, or None
        "_line",  # the user's line that made it; set only by detect_anomaly
        "_shows",  # (operation, inputs, keywords); set only for a view that is not recorded
        "_earlier",  # the tensor before `t[i] = v`; set only by such an assignment in a graph
        "__weakref__",
    )  # fmt: skip

    def __init__(self, data: Any, requires_grad: bool = False, dtype: Any = None):
        _fill(self, _as_array(data, dtype))
        if requires_grad is not False:
            self.requires_grad_(requires_grad)

    # The value --------------------------------------------------------------------------------------------

    @property
    def data(self) -> np.ndarray:
        """The array. Assigning overwrites the tensor in place; the shape and the dtype stay."""
        return self._array

    @data.setter
    def data(self, value) -> None:
        if value is not self._array:  # `t.data -= u` assigns the array that is there
            array = as_array(plain(value))
            if array.dtype.kind not in "fiub":
                raise bad_data(value, array.dtype)
            self._refuse_dtype(array.dtype)
            refuse_masked(value)
            value = moved(array.astype(self.dtype, copy=False), self.device)
            if value.shape != self.shape:
                raise ShapeError(
                    f"a tensor of shape {self.shape} cannot take data of shape {value.shape}: its shape cannot change. "
                    "Make a new Tensor instead."
                )
            self._array = value
        writes.mark(value)

    shape = property(lambda self: self._array.shape, doc="The size along each axis.")
    ndim = property(lambda self: self._array.ndim, doc="The number of axes.")
    dtype = property(lambda self: self._array.dtype, doc="The NumPy dtype of the entries.")
    device = property(lambda self: self._array.device, doc='The device whose memory holds the array: "cpu" or "cuda".')

    def numel(self) -> int:
        """The number of entries."""
        return self._array.size

    def dim(self) -> int:
        """The number of axes."""
        return self._array.ndim

    def size(self, dim: int | None = None):
        """The shape, or the size of one axis."""
        if dim is None:
            return self._array.shape
        dim = whole("size takes one axis, an integer", dim)
        if not -self.ndim <= dim < self.ndim:
            raise axis_out_of_range(dim, self.ndim)
        return self._array.shape[dim]

    def numpy(self) -> np.ndarray:
        """The array, not copied. Raises GraphError if the tensor needs a gradient: use t.detach().numpy() then."""
        if self._requires_grad:
            raise GraphError(
                "NumPy would lose the gradient of this tensor: its results are not part of the graph. Use gradlib's "
                "operations, or t.detach().numpy() if you need no gradient."
            )
        if self.device != "cpu":
            raise TypeError(f"this tensor is in the memory of {self.device!r}: move it first, with t.cpu().")
        return self._array

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        return np.array(self.numpy(), dtype=dtype, copy=copy)

    def __dlpack__(self, **keywords):
        """The array for another library that uses DLPack, not copied: torch.from_dlpack(t), np.from_dlpack(t)."""
        return self.numpy().__dlpack__(**keywords)

    def __dlpack_device__(self) -> tuple:
        return self._array.__dlpack_device__()

    def item(self) -> float:
        """The only entry, as a Python number."""
        if self._array.size != 1:
            raise ShapeError(f"item() takes the only entry of a tensor, but shape {self.shape} holds {self.numel()}.")
        return self._array.item()

    def tolist(self) -> Any:
        """The entries as nested lists of Python numbers."""
        return self._array.tolist()

    def __float__(self) -> float:
        if self._requires_grad:
            _refuse_storing(sys._getframe(1))
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __index__(self) -> int:
        if self._array.dtype.kind not in "iu":
            raise TypeError(f"an index must be an integer, but this tensor is {self.dtype}. Use int(t).")
        return self.item()

    def __bool__(self) -> bool:
        if self._array.size != 1:
            raise ShapeError(
                f"a tensor of shape {self.shape} is neither true nor false. Test one entry, or use (t > 0).all() or "
                ".any()."
            )
        return bool(self._array.item())

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("a 0-d tensor is a single number and has no len()")
        return len(self._array)

    def __iter__(self):
        if not self.shape:
            raise TypeError("a 0-d tensor is a single number: there is nothing to iterate over")
        return (self[i] for i in range(len(self._array)))

    def __contains__(self, value) -> bool:
        return bool((self == value).any())

    def __repr__(self) -> str:
        name = type(self).__name__
        parts = [np.array2string(moved(self._array, "cpu"), separator=", ", prefix=f"{name}(")]
        if self.ndim > 1 or self._array.size == 0:
            parts.append(f"shape={self.shape}")
        if self.dtype != np.float32:
            parts.append(f"dtype={self.dtype}")
        if self._op is not None:
            parts.append(f"op={self._op.symbol!r}")
        elif self._requires_grad:
            parts.append("requires_grad=True")
        if self.device != "cpu":
            parts.append(f"device={self.device!r}")
        return f"{name}({', '.join(parts)})"

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec else str(self)

    def __reduce__(self):
        """Support copy, deepcopy and pickle of a leaf with its gradient. A result in a graph must be detached first."""
        if not self.is_leaf:
            raise GraphError(
                f"this tensor is a result of {self._op.symbol!r}, and a copy would lose the graph behind it. Copy "
                "t.detach(), or copy the leaves and compute the result again."
            )
        return _rebuilt, (type(self), self._array, self._requires_grad, self.grad)

    # The graph --------------------------------------------------------------------------------------------
    @property
    def requires_grad(self) -> bool:
        """True if a gradient flows to this tensor. It is chosen for a leaf and inherited by a result."""
        return self._requires_grad

    @requires_grad.setter
    def requires_grad(self, requires_grad: bool) -> None:
        self.requires_grad_(requires_grad)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Choose whether `backward()` fills the gradient of this leaf. Returns the tensor."""
        if not self.is_leaf:
            raise GraphError(
                f"this tensor is a result of {self._op.symbol!r}: it needs a gradient because its inputs do, and "
                "requires_grad can be set only on leaves. Use t.detach() for a constant of the same value, "
                "t.retain_grad() to keep its gradient."
            )
        requires_grad = flag("requires_grad", requires_grad)
        if requires_grad and self.dtype.kind != "f":
            raise TypeError(
                f"requires_grad=True needs floating-point data, got {self.dtype}, which cannot change by a small "
                "amount. Write 2.0 instead of 2, or pass dtype=np.float32."
            )
        self._requires_grad = requires_grad
        return self

    @property
    def is_leaf(self) -> bool:
        """True if no recorded operation made this tensor, so that a graph begins with it."""
        return self._op is None

    @property
    def grad_fn(self) -> BackwardStep | None:
        """The step backward from this tensor to its inputs `_prev`, which can be printed and called; None for a leaf.

        >>> x, w = Tensor(2.0, requires_grad=True), Tensor(5.0, requires_grad=True)
        >>> (x * w).grad_fn
        BackwardStep(z = x · y: ∂z/∂x = y, ∂z/∂y = x)
        >>> (x * w).grad_fn(0.5)
        [array(2.5, dtype=float32), array(1., dtype=float32)]
        """
        return None if self._op is None else BackwardStep(self)

    _backward = grad_fn  # its name in small engines

    def detach(self) -> Tensor:
        """A constant that shares the array, outside the graph."""
        tensor = on(self._array)
        if self._requires_grad:
            made = f"a result of {self._op.symbol!r}" if self._op else "a leaf"
            tensor._cut = f"detach() on {made} of shape {self.shape}"
        else:
            tensor._cut = self._cut
        return tensor

    def to(self, device_or_dtype: Any) -> Tensor:
        """Move to the memory of a device, "cpu" or "cuda", or convert to a dtype as `astype` does.

        The move is part of the graph: the gradient comes back to this tensor's device. Raises ValueError for an
        unknown device, ImportError where CuPy is missing.
        """
        if not isinstance(device_or_dtype, str) or device_or_dtype in np.sctypeDict:
            return self.astype(device_or_dtype)
        return self if self.device == device_or_dtype else apply(P.to, self, device=device_or_dtype)

    def cpu(self) -> Tensor:
        """Move to the memory of the CPU, where NumPy computes."""
        return self.to("cpu")

    def cuda(self) -> Tensor:
        """Move to the memory of an NVIDIA GPU, where CuPy computes."""
        return self.to("cuda")

    def clone(self) -> Tensor:
        """Copy the numbers to a new array, as part of the graph."""
        return apply(P.mul, self, on(np.ones((), self.dtype)))

    def retain_grad(self) -> None:
        """Make `backward()` keep the gradient of this tensor, although it is not a leaf."""
        self._expect_gradient("kept")
        self._retains_grad = True

    def register_hook(self, hook) -> HookHandle:
        """Make `backward()` call hook(gradient) when the gradient of this tensor is complete.

        The hook gets an array (a tensor where the gradient is itself recorded). It returns None, or the gradient
        to pass on instead; it may also overwrite the array. The handle's `remove()` removes the hook.

        >>> x = Tensor([1.0, 2.0], requires_grad=True)
        >>> handle = x.register_hook(lambda gradient: gradient * 10)
        >>> x.sum().backward()
        >>> x.grad
        array([10., 10.], dtype=float32)
        >>> handle.remove()
        """
        self._expect_gradient("hooked")
        if not callable(hook):
            raise TypeError(f"a hook is a function of the gradient, got {type(hook).__name__}.")
        if self._hooks is None:
            self._hooks = {}
        handle = HookHandle(self._hooks)
        self._hooks[handle] = hook
        return handle

    def _expect_gradient(self, what: str) -> None:
        if not self._requires_grad:
            raise GraphError(
                f"this tensor does not need a gradient, so none can be {what}. Set requires_grad=True on an input."
            )

    def backward(self, gradient: Any = None, retain_graph: bool | None = None, create_graph: bool = False) -> None:
        """Add ∂L/∂leaf to the `grad` of every leaf that this tensor was computed from.

        gradient : ∂L/∂self, of this tensor's shape. For a one-element tensor it may be left out: L is then
            the tensor itself, and the gradient 1.
        retain_graph : PyTorch's argument. The graph is always kept, for as long as this tensor lives.

        Raises GraphError if there is no graph, for create_graph=True since `grad` is an array, if `gradient` is
        missing, or if a tensor of the graph was overwritten; ShapeError for a `gradient` of another shape.
        """
        if retain_graph is not None:
            flag("retain_graph", retain_graph)
        if flag("create_graph", create_graph):
            raise GraphError(
                ".grad is an array, which has no graph. For gradients that can be differentiated again use "
                "gradlib.grad(loss, inputs, create_graph=True)."
            )
        watcher = recording.watcher
        for tensor, arrived, given in backward_steps(self, self._seed(gradient)):
            if tensor._op is None or tensor._retains_grad:
                _keep(tensor, arrived)
            if watcher is not None:
                watcher.see_backward(tensor, arrived, given)
        if watcher is not None:
            watcher.thaw()
        while recording.at_end:
            recording.at_end.popitem()[0]()

    def _seed(self, gradient: Any) -> np.ndarray:
        """The gradient that `backward()` starts from, checked."""
        if not self._requires_grad:
            where = (
                f"The graph was cut by {self._cut}."
                if self._cut
                else "Either no input needs a gradient, or the graph was cut by .data, .numpy() or float()."
            )
            raise GraphError(
                f"backward() found no graph: this tensor was not computed from one with requires_grad=True. {where}"
            )
        if gradient is None:
            if self._array.size != 1:
                raise GraphError(
                    f"backward() differentiates one number, but this tensor has shape {self.shape}. Reduce it first "
                    f"with .sum() or .mean(), or pass gradient=, an array of shape {self.shape} with a weight for each "
                    "entry."
                )
            return np.ones_like(self._array)
        gradient = _as_array(plain(gradient), None)
        if gradient.shape != self.shape:
            raise ShapeError(f"gradient must have the tensor's shape {self.shape}, got {gradient.shape}.")
        return moved(gradient.astype(self.dtype, copy=False), self.device)

    # Writing in place -------------------------------------------------------------------------------------

    def __iadd__(self, other):
        return self._in_place(P.add, other)

    def __isub__(self, other):
        return self._in_place(P.sub, other)

    def __imul__(self, other):
        return self._in_place(P.mul, other)

    def __itruediv__(self, other):
        return self._in_place(P.div, other)

    def __ipow__(self, other):
        return self._in_place(P.pow, other)

    def __imod__(self, other):
        return self._in_place(P.remainder, other)

    def __ifloordiv__(self, other):
        return self._in_place(P.floor_divide, other)

    def _in_place(self, op: P.Primitive, other) -> Tensor:
        """Compute `t += u`: overwrite t if nothing is recorded, else make a new tensor, `t = t + u`.

        If t is a view, such as y[0], y is written in both cases.
        """
        other, base = self._operand(other), self._viewed()
        now = self if base is None else self._up_to_date()
        if recording.enabled and (self._requires_grad or other._requires_grad):
            self._refuse_leaf(f"{op.symbol}=")
            result = apply(op, now, other)
            if base is None:
                result._retains_grad = self._retains_grad
                return result
            self[...] = result
            return self
        result = apply(op, now, other)._array
        self._refuse_dtype(result.dtype)
        if result.shape != self.shape:
            raise ShapeError(f"shape {self.shape} cannot hold the result of '{op.symbol}=', of shape {result.shape}.")
        if self._can_be_written_alone(base):
            self._write(..., result)
        else:
            self[...] = result
        return self

    def copy_(self, source: Any) -> Tensor:
        """Overwrite the numbers with those of `source`, which broadcasts to this shape: `t[...] = source`.

        >>> t = Tensor([1.0, 2.0])
        >>> t.copy_([3.0, 4.0])
        Tensor([3., 4.])
        """
        self[...] = source if isinstance(source, Tensor) else Tensor(source)
        return self

    def _refuse_leaf(self, writing: str) -> None:
        if self.is_leaf and self._requires_grad:
            raise GraphError(
                f"a leaf with requires_grad=True cannot be overwritten by '{writing}' while operations are recorded: "
                "its gradient would have nowhere to go. Update it inside `with gradlib.no_grad():`, or give the result "
                "a new name."
            )

    def _refuse_dtype(self, dtype: np.dtype) -> None:
        """Raise TypeError for values that this dtype cannot hold: NumPy would drop the fractions silently."""
        if not np.can_cast(dtype, self.dtype, "same_kind"):
            raise TypeError(
                f"a tensor of {self.dtype} cannot hold values of {dtype}: convert it first, with t.float()."
            )

    def _write(self, index, value: np.ndarray) -> None:
        """Overwrite entries of the array. An array that cannot be written, a stretched view, is first copied."""
        if not self._array.flags.writeable:
            self._array = self._array.copy()
        try:
            assign(self._array, index, value)
        except (IndexError, ValueError, TypeError) as error:
            raise explained("setitem", [self._array, value], {"index": index}, error) from None
        writes.mark(self._array)

    def __setitem__(self, index, value) -> None:
        """Assign `t[i] = v`. In a graph, t becomes the result of the assignment: its gradient flows to v at those
        entries, and to the old t at the others. Nodes that used t before the assignment still see its old value.

        If t is a view, such as y[0], y.T or y.reshape(…), y is written.
        """
        index, value = self._index(index), self._operand(value)
        self._refuse_dtype(value.dtype)
        base = self._viewed()
        recorded = recording.enabled and (self._requires_grad or value._requires_grad)
        if not recorded and self._can_be_written_alone(base):
            self._write(index, value._array)
            return
        self._refuse_leaf("t[i] =")
        if base is not None and self._is_stretched():
            raise GraphError(
                "this tensor was stretched, so several of its entries are one number in memory and cannot be written "
                "one by one. Copy it first: t = t.clone()."
            )
        earlier = self._as_now()
        if base is None:
            self._become(apply(P.setitem, earlier, value, index=index), earlier)
            return
        op, keywords = self._way_from_base()
        places = op.forward(np.arange(base.numel()).reshape(base.shape), **keywords)  # of my entries in base
        try:
            written = places[index]
        except IndexError as error:
            raise explained("setitem", [self._array, value._array], {"index": index}, error) from None
        base[np.unravel_index(written, base.shape)] = value
        self._become(apply(op, base, **keywords), earlier)

    def _viewed(self) -> Tensor | None:
        """The tensor y of which this one is a view, such as y[0], y.T or y.reshape(…); None if it is not a view."""
        op, inputs = (self._op, self._prev) if self._op is not None else getattr(self, "_shows", (None, ()))[:2]
        if len(inputs) != 1:
            return None
        (base,) = inputs
        before = base if isinstance(base, _Earlier) else as_it_was(base, self._made)
        if owner_of(self._array) is not owner_of(before._array):
            return None
        return base.now() if isinstance(base, _Earlier) else base

    def _way_from_base(self) -> tuple[P.Primitive, dict]:
        """The operation, and its keywords, by which this view comes from its base."""
        return (self._op, self._kwargs) if self._op is not None else self._shows[::2]

    def _up_to_date(self) -> Tensor:
        """This view, made again if its base, or that one's base, was assigned to in a graph since it was made."""
        base = self._viewed()
        if base is None:
            return self
        now = base._up_to_date()
        if now is base and base._made <= self._made:
            return self
        op, keywords = self._way_from_base()
        return apply(op, now, **keywords)

    def _can_be_written_alone(self, base: Tensor | None) -> bool:
        """Return True if a write into my array reaches all that shows it, or may leave `base`, which I view, as it is.

        An array that cannot be written comes from a stretched tensor. That tensor itself parts from its base when it is
        written; a view of it must not, since nobody else would see what is written.
        """
        if base is None:
            return True
        if self._array.flags.writeable:
            return owner_of(base._array) is owner_of(self._array)
        return self._is_stretched() and not base._is_stretched()

    def _is_stretched(self) -> bool:
        return 0 in [step for step, size in zip(self._array.strides, self.shape, strict=True) if size > 1]

    def _as_now(self) -> Tensor:
        """A new tensor that keeps this value and this place in the graph when this tensor is overwritten."""
        earlier = _new(_Earlier)
        earlier.now = weakref.ref(self)
        for name in _STATE:
            setattr(earlier, name, getattr(self, name))
        if hasattr(self, "_earlier"):
            earlier._earlier = self._earlier
        return earlier

    def _become(self, result: Tensor, earlier: Tensor) -> None:
        """Take the value of a result and its place in the graph."""
        for name in _STATE:
            setattr(self, name, getattr(result, name))
        if earlier._retains_grad:  # as in PyTorch, the gradient that is kept is the last one's
            self.grad, self._retains_grad, earlier._retains_grad = earlier.grad, True, False
        self._earlier = earlier
        self._made = writes.note_assignment(self)

    # Comparisons work entry by entry and return plain bool arrays: they have no derivative to record.

    def __eq__(self, other):
        return _compared(np.equal, self, other)

    def __ne__(self, other):
        return _compared(np.not_equal, self, other)

    def __lt__(self, other):
        return _compared(np.less, self, other)

    def __le__(self, other):
        return _compared(np.less_equal, self, other)

    def __gt__(self, other):
        return _compared(np.greater, self, other)

    def __ge__(self, other):
        return _compared(np.greater_equal, self, other)

    __hash__ = object.__hash__  # by identity: a tensor can be a key though == compares entries

    # The table of derivatives, and NumPy's own functions (NEP 13 and NEP 18) ------------------------------

    def _operand(self, value: Any) -> Tensor:
        """The other operand as a tensor. A Python number takes this tensor's dtype if that can hold it."""
        if isinstance(value, Tensor):
            return value
        if isinstance(value, (float, int)):  # and bool, which is an int
            dtype = self._array.dtype
            if dtype.kind != "f" and not (dtype.kind in "iu" and isinstance(value, int)):
                dtype = np.float32 if isinstance(value, float) else bool if isinstance(value, bool) else np.int64
            elif dtype == np.float16 and value and not _SMALLEST_HALF <= abs(value) <= _LARGEST_HALF:
                dtype = np.float32  # in float16 it would be infinite or 0
            try:
                return _fill(_new(Tensor), np.array(value, dtype))
            except OverflowError:
                raise _does_not_fit(value, dtype) from None
        if isinstance(value, (np.ndarray, np.generic, DeviceArray)):
            return on(_as_array(value, None))
        if _foreign(value):
            return value
        home, name = type(value).__module__.split(".")[0], type(value).__name__
        raise TypeError(
            f"a Tensor cannot be combined with a {f'{home}.' * (name == 'Tensor')}{name}: {value!r}. Convert it to a "
            "Tensor or an array first."
        )

    @staticmethod
    def _index(index: Any) -> Any:
        """An index that NumPy takes. Arrays are copied, because the graph must not see them change."""
        if isinstance(index, tuple):
            return tuple(map(Tensor._index, index))
        if isinstance(index, Tensor):
            index = index._array
        if isinstance(index, DeviceArray):
            return moved(index, "cpu")  # the rules count repeated indices there
        if isinstance(index, list):
            return np.array(index, dtype=None if np.size(index) else np.intp)
        return index.copy() if isinstance(index, np.ndarray) else index

    @staticmethod
    def _call_primitive(op: P.Primitive, inputs: tuple, keywords: dict) -> Tensor:
        return apply(op, *_operands(inputs), **keywords)

    def __array_ufunc__(self, ufunc, method, *inputs, **keywords):
        if any(map(_foreign, inputs)):
            return NotImplemented
        if "out" in keywords:
            raise TypeError(
                f"np.{ufunc.__name__} was asked to write its result into an array in place (as `array += tensor` "
                "does), which a graph cannot record. Make a new value: array = array + tensor."
            )
        if keywords and method == "__call__":
            raise TypeError(
                f"np.{ufunc.__name__} on a tensor takes only its operands, got the keyword {next(iter(keywords))!r}, "
                "which has no meaning in a graph or is not supported."
            )
        if method == "__call__":
            if op := numpy_functions.UFUNCS.get(ufunc):
                return apply(op, *_operands(inputs))
            if ufunc in numpy_functions.PLAIN:
                return ufunc(*map(plain, inputs))
        raise numpy_functions.no_derivative(ufunc.__name__ if method == "__call__" else f"{ufunc.__name__}.{method}")

    def __array_function__(self, function, types, args, keywords):
        if any(map(_foreign, args)):
            return NotImplemented
        if args and isinstance(args[0], np.ndarray):
            args = (on(args[0]), *args[1:])  # np.dot(array, tensor)
        return numpy_functions.call(function, args, keywords)


class HookHandle:
    """A handle that removes a hook: with `remove()`, or at the end of a `with` block."""

    def __init__(self, hooks: dict):
        self._hooks = hooks

    def remove(self) -> None:
        """Remove the hook. A second call does nothing."""
        self._hooks.pop(self, None)

    def __enter__(self) -> HookHandle:
        return self

    def __exit__(self, *_) -> None:
        self.remove()


class _Earlier(Tensor):
    """A tensor as it was before `t[i] = v`, for the nodes of a graph that used it then.

    now : a weak reference to the tensor as it is now.
    """

    __slots__ = ("now",)


class Parameter(Tensor):
    """A tensor that a module learns: it needs a gradient, and the module finds it among its attributes.

    >>> Parameter([1.0, 2.0])
    Parameter([1., 2.], requires_grad=True)
    """

    __slots__ = ()

    def __init__(self, data: Any, requires_grad: bool = True):
        super().__init__(data, requires_grad)


def apply(op: P.Primitive, *inputs: Tensor, **keywords) -> Tensor:
    """Compute one operation of the table, and record it if an input needs a gradient.

    >>> cube = P.Primitive("cube", lambda x: x**3, P.Vjp(lambda g, z, x: g * 3 * x**2, r"3\\,{x}^2"))
    >>> x = Tensor(2.0, requires_grad=True)
    >>> y = apply(cube, x)
    >>> y.backward()
    >>> y, x.grad
    (Tensor(8., op='cube'), array(12., dtype=float32))
    """
    if unusual:
        inputs = amp.cast(op, inputs)
    arrays = []
    needs_gradient = False
    try:
        for tensor in inputs:
            arrays.append(tensor._array)
            if tensor._requires_grad:
                needs_gradient = True
    except AttributeError:
        return _by_another(op, inputs, keywords)
    try:
        array = op.forward(*arrays, **keywords)
    except (TypeError, ValueError, IndexError, OverflowError) as error:
        raise explained(op.symbol, arrays, keywords, error) from None
    if type(array) is not np.ndarray and type(array) is not DeviceArray:
        array = np.asarray(array)  # NumPy gives scalars for 0-d results; a tensor always holds an array
    if array.dtype is not arrays[0].dtype:
        array = _in_our_dtype(op, array, arrays, keywords)
    result = _new(Tensor)
    result._array = array
    result.grad = result._hooks = result._cut = None
    result._retains_grad = False
    result._made = writes.count
    if needs_gradient and recording.enabled:
        result._requires_grad = True
        result._op, result._prev, result._kwargs = op, inputs, keywords or _NO_KEYWORDS
        if unusual and recording.watcher is not None:
            recording.watcher.see_forward(result)
    else:
        result._requires_grad = False
        result._op, result._prev, result._kwargs = None, (), None
        result._cut = f"no_grad() around {op.symbol!r}" if needs_gradient else _cut_before(inputs)
        if array.base is not None and len(inputs) == 1 and owner_of(array) is owner_of(arrays[0]):
            result._shows = op, inputs, keywords
    return result


Tensor._apply = staticmethod(apply)


def _compared(ufunc: np.ufunc, x: Tensor, other: Any) -> np.ndarray:
    if type(other) is not int or x.dtype.kind not in "iu":  # else NumPy compares, also if the integer does not fit in
        other = x._operand(other)._array
    try:
        return ufunc(x._array, other)
    except ValueError:
        raise cannot_broadcast(x.shape, other.shape) from None


def _foreign(value: Any) -> bool:
    """Return True if a non-tensor implements `_call_primitive`."""
    return hasattr(type(value), "_call_primitive") and not isinstance(value, Tensor)


def _by_another(op: P.Primitive, inputs: tuple, keywords: dict) -> Any:
    """Let a non-tensor input, such as an interval, compute the operation."""
    for value in inputs:
        if _foreign(value):
            return value._call_primitive(op, inputs, keywords)
    other = next(value for value in inputs if not isinstance(value, Tensor))
    raise TypeError(
        f"apply({op!r}, …) takes tensors, got a {type(other).__name__}. Convert it to a Tensor, or call the entry "
        "itself, which also takes arrays and numbers."
    )


def _in_our_dtype(op: P.Primitive, result: np.ndarray, inputs: list[np.ndarray], keywords: dict) -> np.ndarray:
    """Convert a result to the dtype that PyTorch gives it, where NumPy's differs.

    Only floating-point inputs decide the width of a floating-point result. Without any, it is computed in float32:
    NumPy would compute exp of a uint8 in float16.
    """
    dtype = result.dtype
    if dtype.kind not in "fiub":
        raise bad_data(result, dtype)
    if dtype.kind == "f" and op is not P.astype:
        floating = [array.dtype for array in inputs if array.dtype.kind == "f"]
        if floating:
            return result.astype(np.result_type(*floating), copy=False)
        return as_array(op.forward(*(array.astype(np.float32) for array in inputs), **keywords))
    if dtype in (np.uint64, np.int8) and dtype not in [array.dtype for array in inputs]:
        return result.astype(np.int64)  # a sum of uint8, a square of bools
    return result


def _refuse_storing(frame: FrameType) -> None:
    """Raise GraphError inside `array[i] = tensor`, where NumPy calls `float(tensor)`."""
    if frame.f_code.co_code[frame.f_lasti] == _STORE_SUBSCR:
        raise GraphError(
            "storing a tensor of a graph in a NumPy array, `array[i] = tensor`, would lose its gradient. Store it in a "
            "tensor, or join the parts with gradlib.stack. If you need no gradient, store tensor.item()."
        )


def _cut_before(inputs: tuple[Tensor, ...]) -> str | None:
    for tensor in inputs:
        if tensor._cut:
            return tensor._cut
    return None


def _fill(tensor: Tensor, array: np.ndarray) -> Tensor:
    """Make a new tensor a leaf that holds this array, not a copy, without a gradient."""
    tensor._array = array
    tensor.grad = tensor._hooks = tensor._cut = None
    tensor._requires_grad = tensor._retains_grad = False
    tensor._op, tensor._prev, tensor._kwargs = None, (), None
    tensor._made = writes.count
    return tensor


def on(array: np.ndarray, requires_grad: bool = False, kind: type = Tensor) -> Tensor:
    """A leaf that holds this array itself, where `Tensor(array)` would copy it."""
    tensor = _fill(_new(kind), array if type(array) is np.ndarray and array.dtype.isnative else _ours(array))
    tensor._requires_grad = requires_grad
    return tensor


def _rebuilt(kind: type, array: np.ndarray, requires_grad: bool, grad: np.ndarray | None) -> Tensor:
    """A leaf from its parts, after copying or pickling."""
    tensor = on(array, requires_grad, kind)
    tensor.grad = grad
    return tensor


def _keep(tensor: Tensor, arrived: np.ndarray) -> None:
    """Add a gradient to `grad`, which owns its memory: an array that a rule made for a leaf is kept, a view copied."""
    if tensor.grad is not None:
        if np.shape(tensor.grad) != arrived.shape:
            raise ShapeError(
                f"the .grad of a tensor of shape {tensor.shape} was set to an array of shape {np.shape(tensor.grad)}, "
                "so the new gradient cannot be added to it. Set it to None, or to an array of the tensor's shape."
            )
        arrived = as_array(tensor.grad + arrived)
    elif tensor._op is not None or type(arrived) is not np.ndarray or arrived.base is not None:
        arrived = np.copy(getattr(arrived, "_array", arrived))
    if arrived.dtype != tensor._array.dtype:
        if arrived.dtype.kind not in "fiub":
            raise bad_data(arrived, arrived.dtype)
        arrived = arrived.astype(tensor._array.dtype)
    tensor.grad = arrived


def _operands(values) -> list[Tensor]:
    """The inputs of an operation as tensors. Python numbers take the dtype of the first tensor that is not of bools,
    because a condition says nothing about the dtype of numbers.
    """
    tensors = [value for value in values if isinstance(value, Tensor)]
    like = next((tensor for tensor in tensors if tensor._array.dtype.kind != "b"), tensors[0])
    return [like._operand(value) for value in values]


def as_tensor(value: Any) -> Any:
    """Convert numbers or an array to a tensor. Tensors, and others that implement `_call_primitive`, are unchanged."""
    return value if hasattr(type(value), "_call_primitive") else Tensor(value)


# Data that comes in ------------------------------------------------------------


def _as_array(data: Any, dtype: Any) -> np.ndarray:
    """A new array of real numbers. Raises an error that says what is wrong with the data."""
    dtype = None if dtype is None else real_dtype(dtype)
    if isinstance(data, Tensor):
        if data._requires_grad:
            raise GraphError("Tensor(t) would cut the graph of t. Use t itself, or t.detach() for a constant.")
        data = data._array
    if isinstance(data, DeviceArray):
        return data.astype(data.dtype if dtype is None else dtype)
    refuse_masked(data)
    if getattr(getattr(data, "dtype", None), "kind", None) == "c":  # given a dtype, NumPy drops the imaginary parts
        raise bad_data(data, data.dtype)
    try:
        array = np.array(data, dtype=dtype)
    except OverflowError:
        raise _does_not_fit(data, dtype) from None
    except (TypeError, ValueError, GraphError) as error:
        raise bad_data(data, error) from None
    if array.dtype.kind not in "fiub":
        raise bad_data(data, array.dtype)
    array = _ours(array)
    if dtype is None and array.dtype == np.float64 and not _holds_float64(data):
        return array.astype(np.float32)  # Python's floats, perhaps among arrays of other dtypes
    return array


def _ours(array: Any) -> np.ndarray | DeviceArray:
    """An array of NumPy's own class, in the machine's order of bytes: a float32 in the other order is not np.float32,
    so it would be summed without the care that float32 needs."""
    refuse_masked(array)
    array = as_array(array)
    return array if array.dtype.isnative else array.astype(array.dtype.type)


def _does_not_fit(data: Any, dtype: Any) -> OverflowError:
    """The error for a Python integer that is too large or too small for a dtype."""
    dtype = np.dtype(dtype)
    larger = (
        ""
        if dtype.itemsize == 8
        else f" Convert the tensor first, by t.astype(np.{'float' if dtype.kind == 'f' else 'int'}64)."
    )
    least, most = limits(dtype).min, limits(dtype).max
    return OverflowError(f"{dtype} holds numbers from {least} to {most}, got {shown(data)}.{larger}")


def limits(dtype: np.dtype) -> np.finfo | np.iinfo:
    """The limits of a dtype of integers or floating-point numbers, in its `min` and `max`."""
    return np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)


def _holds_float64(data: Any) -> bool:
    """Return True if an entry of nested lists is NumPy's float64: the whole array is then float64."""
    if isinstance(data, (list, tuple)):
        return any(map(_holds_float64, data))
    dtype = getattr(data, "dtype", None)
    if not isinstance(dtype, np.dtype) and not isinstance(data, (int, float)):  # another library's array, a buffer
        dtype = np.asarray(data).dtype
    return dtype == np.float64


class _Callable(ModuleType):
    """The type of this module, for PyTorch's users, who write `gradlib.tensor([1.0, 2.0])`."""

    def __call__(self, data: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
        """Make a tensor."""
        return Tensor(data, requires_grad, dtype)


sys.modules[__name__].__class__ = _Callable
