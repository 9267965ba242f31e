"""Arrays in the memory of a GPU: the rules of the table run on them unchanged.

CuPy has NumPy's functions for a GPU. A `DeviceArray` holds one of its arrays and answers NumPy's protocols (NEP 13,
NEP 18): `np.exp(x)` becomes `cupy.exp(x.array)`, `x @ y` a product on the GPU, `np.add.reduce(x)` a sum. Other
arguments of a call, such as an index or a constant in the memory of the CPU, are moved over. So a second backend is not
needed.

    model.to("cuda")
    optimizer = optim.Adam(model.parameters())
    loss = F.cross_entropy(model(Tensor(images).to("cuda")), labels)
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin


def _cupy() -> ModuleType:
    try:
        import cupy
    except ImportError:
        raise ImportError(
            "device 'cuda' needs an NVIDIA GPU and CuPy: pip install cupy-cuda13x, or the CuPy for your CUDA version."
        ) from None
    return cupy


# Name of a device -> the module of its arrays, imported at its first use.
DEVICES: dict[str, Callable[[], ModuleType]] = {"cuda": _cupy}

# CuPy has these reductions as functions, but not as methods of a ufunc.
_REDUCTIONS = {np.add: "sum", np.multiply: "prod", np.maximum: "max", np.minimum: "min"}


class DeviceArray(NDArrayOperatorsMixin):
    """An array of `module`, a NumPy for another memory, on which NumPy's functions and operators work.

    It has the attributes and methods of the array; the arrays that they return are wrapped again.
    """

    __slots__ = ("array", "device", "module", "__weakref__")

    base = None  # a view is not followed to its array

    def __init__(self, array: Any, device: str, module: ModuleType):
        self.array, self.device, self.module = array, device, module

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs, **keywords):
        if method == "reduce" and ufunc in _REDUCTIONS:
            return self._reduce(ufunc, *inputs, **keywords)
        if method != "__call__":
            return NotImplemented
        out = keywords.pop("out", None)
        function = getattr(self.module, ufunc.__name__, None) or _special(self.module, ufunc)
        result = function(*self._down(inputs), **self._down(keywords))
        if out is None:
            return self._up(result)
        out[0].array[...] = result
        return out[0]

    def _reduce(self, ufunc: np.ufunc, x: DeviceArray, axis=0, keepdims=False, initial=np._NoValue, **keywords):
        if not x.array.size:  # CuPy has no `initial`, the result for an empty array
            empty = np.empty(x.shape, x.dtype)
            nothing = ufunc.reduce(empty, axis=axis, keepdims=keepdims, initial=initial, **keywords)
            return self._up(self.module.asarray(nothing))
        function = getattr(self.module, _REDUCTIONS[ufunc])
        return self._up(function(x.array, axis=axis, keepdims=keepdims, **keywords))

    def __array_function__(self, function, types, args, keywords):
        module = self.module
        for part in function.__module__.split(".")[1:]:  # numpy.linalg
            module = getattr(module, part)
        own = getattr(module, function.__name__, None)
        if own is None:
            return NotImplemented
        return self._up(own(*self._down(args), **self._down(keywords)))

    def _down(self, value: Any) -> Any:
        """Arguments in the form that the module takes: its own arrays, numbers, and lists of these."""
        if isinstance(value, DeviceArray):
            return value.array
        if isinstance(value, np.ndarray):
            return self.module.asarray(value) if value.ndim else value[()]  # a number needs no memory on the device
        if isinstance(value, (tuple, list)):
            return type(value)(map(self._down, value))
        if isinstance(value, dict):
            return {name: self._down(part) for name, part in value.items()}
        return value

    def _up(self, value: Any) -> Any:
        """Results wrapped, 0-d ones too."""
        if isinstance(value, (self.module.ndarray, np.generic)):
            return DeviceArray(self.module.asarray(value), self.device, self.module)
        if isinstance(value, (tuple, list)):
            return type(value)(map(self._up, value))
        return value

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # protocols that we do not have: NumPy asks for some
            raise AttributeError(name)
        value = getattr(self.array, name)
        if not callable(value):
            return self._up(value)
        return lambda *args, **keywords: self._up(value(*self._down(args), **self._down(keywords)))

    @property
    def flags(self) -> SimpleNamespace:
        """The flags that NumPy has; arrays of a device cannot be made read-only."""
        return SimpleNamespace(c_contiguous=self.array.flags.c_contiguous, writeable=True)

    @property
    def mT(self) -> DeviceArray:
        """The transposed matrices."""
        return self._up(self.array.swapaxes(-1, -2))

    def __getitem__(self, index) -> DeviceArray:
        return self._up(self.array[self._down(index)])

    def __setitem__(self, index, value) -> None:
        self.array[self._down(index)] = self._down(value)

    def __len__(self) -> int:
        return len(self.array)

    def __iter__(self):
        return map(self._up, self.array)

    def __bool__(self) -> bool:
        return bool(self.array)

    def __float__(self) -> float:
        return float(self.array)

    def __int__(self) -> int:
        return int(self.array)

    def item(self):
        """The only entry, as a Python number."""
        return self.array.item()

    def tolist(self):
        """Nested lists of Python numbers."""
        return self.array.tolist()

    def __reduce__(self):
        return to, (to(self, "cpu"), self.device)

    def __array__(self, *_, **__):
        raise TypeError(f"this array is in the memory of {self.device!r}: move it to the CPU first, with t.cpu().")

    def __repr__(self) -> str:
        return f"DeviceArray({to(self, 'cpu')!r}, device={self.device!r})"


def to(array: np.ndarray | DeviceArray, device: str) -> np.ndarray | DeviceArray:
    """Move an array to the memory of a device, "cpu" or "cuda"; return the array itself if it is already there."""
    if array.device == device:
        return array
    if isinstance(array, DeviceArray):
        array = array.array.get() if hasattr(array.array, "get") else np.array(array.array)
    if device == "cpu":
        return array
    if device not in DEVICES:
        raise ValueError(f"there is no device {device!r}. The devices are cpu, {', '.join(DEVICES)}.")
    module = DEVICES[device]()
    return DeviceArray(module.asarray(array), device, module)


def as_array(value: Any) -> np.ndarray | DeviceArray:
    """`np.asarray`, except that an array of a device stays as it is."""
    return value if isinstance(value, DeviceArray) else np.asarray(value)


def _special(module: ModuleType, ufunc: np.ufunc) -> Callable:
    """One of SciPy's functions, such as erf, for the arrays of a module."""
    if module is np:
        return ufunc
    from cupyx.scipy import special

    return getattr(special, ufunc.__name__)
