"""`detect_anomaly` finds the operation and the line that made a NaN or an infinity."""

from __future__ import annotations

import linecache
import os
import sys
from typing import Any

import numpy as np

from . import primitives as P
from .autograd import RecordingMode, recording, with_or_without_brackets
from .errors import AnomalyError
from .primitives import Primitive, elementwise, shapes

_PACKAGE = os.path.dirname(__file__)
_ELEMENTWISE = {entry for entry in vars(elementwise).values() if isinstance(entry, Primitive)}
_MOVING = {entry for entry in vars(shapes).values() if isinstance(entry, Primitive)}


class detect_anomaly(RecordingMode):
    """Stop at the first NaN or infinity, forward or backward, and name the operation and the line that made it.

    Inside, every recorded result and every gradient is checked; the -inf of a mask is accepted. The arrays of the
    graph are read-only until `backward()` has used them, so that overwriting one, `t.data[i] = …`, fails at its own
    line. A step takes 2 to 5 times as long: use it to find a mistake. A context or a decorator.

    >>> from gradlib import Tensor
    >>> x = Tensor([4.0, 0.0], requires_grad=True)
    >>> with detect_anomaly():
    ...     x.log()
    Traceback (most recent call last):
    gradlib.errors.AnomalyError: 'log' made -inf at entry (1,) of its result, from the input 0. In line 2: x.log()

    Raises AnomalyError.
    """

    is_unusual = True
    __new__ = with_or_without_brackets

    def change(self) -> None:
        recording.watcher = _Watcher()
        recording.watcher.silence.__enter__()

    def __exit__(self, *_) -> None:
        watcher = recording.watcher
        super().__exit__()
        watcher.silence.__exit__(None, None, None)
        watcher.thaw()


class _Watcher:
    """The checks of one `detect_anomaly` block, and the arrays that it has made read-only."""

    def __init__(self):
        self._frozen: list[np.ndarray] = []
        self.silence = np.errstate(all="ignore")  # NumPy would warn of the same without naming the line

    def see_forward(self, result) -> None:
        """Check a result that has just been recorded."""
        result._line = _users_line()
        if not np.isfinite(result._array).all() and not _is_masked(result):
            raise AnomalyError(_about_result(result))
        for tensor in (*result._prev, result):
            if tensor._array.flags.writeable:
                tensor._array.flags.writeable = False
                self._frozen.append(tensor._array)

    def see_backward(self, tensor, arrived: np.ndarray, given: tuple) -> None:
        """Check the gradients that a node has just passed to its inputs."""
        for position, gradient in enumerate(given):
            if gradient is not None and not np.isfinite(gradient).all():
                raise AnomalyError(_about_gradient(tensor, position, arrived, gradient))

    def thaw(self) -> None:
        """Make the arrays of the graph writeable again, a view after the array that it shows."""
        for array in sorted(self._frozen, key=lambda array: array.base is not None):
            array.flags.writeable = True
        self._frozen.clear()


def _is_masked(result) -> bool:
    """Return True if nothing in a result is infinite or NaN but the -inf of a mask, which a softmax or a maximum wants.

    A mask is a constant that is added or chosen, or the padding of a pooling window, and what becomes of it.
    """
    wrong = ~np.isfinite(result._array)
    if not np.isneginf(result._array[wrong]).all():
        return False
    if result._op is P.unfold and result._kwargs.get("fill") == -np.inf:
        return bool(np.isfinite(result._prev[0]._array).all())
    if result._op in _MOVING:
        return all(not t.is_leaf or np.isfinite(t._array).all() for t in result._prev)
    chosen = result._op in (P.add, P.where)
    masks = [t._array for t in result._prev if not t.is_leaf or (chosen and not t.requires_grad)]
    return result._op in _ELEMENTWISE and any(np.isneginf(np.broadcast_to(m, wrong.shape))[wrong].all() for m in masks)


def _about_result(result) -> str:
    symbol = result._op.symbol
    line = f"In {result._line}"
    for position, tensor in enumerate(result._prev):
        if not np.isfinite(tensor._array).all():
            return (
                f"input {position} of {symbol!r} already holds {_first(tensor._array)[1]}: it came from outside the "
                f"graph. Look at the data. {line}"
            )
    index, value = _first(result._array)
    from_ = ""
    if result._op in _ELEMENTWISE:
        entries = [f"{np.broadcast_to(tensor._array, result.shape)[index]:.6g}" for tensor in result._prev]
        from_ = f", from the input{'s' * (len(entries) > 1)} {' and '.join(entries)}"
    return f"{symbol!r} made {value} at entry {index} of its result{from_}. {line}"


def _about_gradient(tensor, position: int, arrived: np.ndarray, gradient: np.ndarray) -> str:
    where = f"The operation was recorded in {getattr(tensor, '_line', 'a line before the block')}"
    if not np.isfinite(arrived).all():
        return (
            f"the gradient that arrived at {tensor._op.symbol!r} already holds {_first(arrived)[1]}: it came from "
            f"outside the graph. Look at the gradient that backward() was given, and at hooks. {where}"
        )
    index, value = _first(gradient)
    return (
        f"going backward, {tensor._op.symbol!r} made the gradient {value} at entry {index} of its input {position}, "
        f"whose value there is {tensor._prev[position]._array[index]:.6g}; the largest gradient that arrived is "
        f"{np.abs(arrived).max(initial=0):.6g}. {where}"
    )


def _first(array: np.ndarray) -> tuple[tuple, Any]:
    """The index and the value of the first entry that is not finite."""
    index = tuple(np.argwhere(~np.isfinite(array))[0].tolist())
    return index, array[index]


def _users_line() -> str:
    """The line of the user's code that is being executed."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
    name, number = frame.f_code.co_filename, frame.f_lineno
    source = linecache.getline(name, number).strip()
    # The file name of a notebook cell means nothing to its reader.
    in_a_cell = "ipykernel" in name or name.startswith("<")
    place = f"line {number}" if in_a_cell else f"{os.path.basename(name)}, line {number}"
    return f"{place}: {source}" if source else place
