"""Where a NaN or an infinity came from: `detect_anomaly`."""

from __future__ import annotations

import linecache
import sys
from pathlib import Path
from typing import Any

import numpy as np

from .autograd import RecordingMode, recording
from .errors import AnomalyError

_PACKAGE = str(Path(__file__).parent)


class detect_anomaly(RecordingMode):
    """Stop at the first NaN or infinity, forward or backward, and name the operation and the line that made it.

    Inside, every result that is recorded and every gradient is looked at, and the arrays of the graph are read-only
    until `backward()` is done with them, so that overwriting one, `t.data[i] = …`, fails at its own line. This
    makes a step some 2 to 5 times slower: it is for finding a mistake. A context or a decorator.

    >>> from gradlib import Tensor
    >>> x = Tensor([4.0, 0.0], requires_grad=True)
    >>> with detect_anomaly():
    ...     x.log()
    Traceback (most recent call last):
    gradlib.errors.AnomalyError: 'log' made -inf at entry (1,) of its result, from the input 0. In line 2: x.log()

    Raises AnomalyError.
    """

    is_unusual = True

    def _change(self) -> None:
        recording.watcher = _Watcher()
        recording.watcher.silence.__enter__()

    def __exit__(self, *_) -> None:
        watcher = recording.watcher
        super().__exit__()
        watcher.silence.__exit__(None, None, None)
        watcher.thaw()


class _Watcher:
    """Looks at what one block of `detect_anomaly` computes."""

    def __init__(self):
        self._frozen: list[np.ndarray] = []
        self.silence = np.errstate(all="ignore")  # NumPy would warn of the same without naming the line

    def see_forward(self, result) -> None:
        """Look at a result that has just been recorded."""
        result._line = _users_line()
        if not np.isfinite(result._array).all():
            raise AnomalyError(_about_result(result))
        for tensor in (*result._prev, result):
            if tensor._array.flags.writeable:
                tensor._array.flags.writeable = False
                self._frozen.append(tensor._array)

    def see_backward(self, tensor, arrived: np.ndarray, given: tuple) -> None:
        """Look at what a node has just handed to its inputs."""
        for position, gradient in enumerate(given):
            if gradient is not None and not np.isfinite(gradient).all():
                raise AnomalyError(_about_gradient(tensor, position, arrived, gradient))

    def thaw(self) -> None:
        """Make the arrays of the graph writeable again; a view can be only after what it is a view of."""
        for array in sorted(self._frozen, key=lambda array: array.base is not None):
            array.flags.writeable = True
        self._frozen.clear()


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
    inputs = [_entry(tensor._array, index, result.shape) for tensor in result._prev]
    from_ = "" if None in inputs else f", from the input{'s' * (len(inputs) > 1)} {' and '.join(inputs)}"
    return f"{symbol!r} made {value} at entry {index} of its result{from_}. {line}"


def _about_gradient(tensor, position: int, arrived: np.ndarray, gradient: np.ndarray) -> str:
    index, value = _first(gradient)
    source = tensor._prev[position]
    return (
        f"going backward, {tensor._op.symbol!r} made the gradient {value} at entry {index} of its input {position}, "
        f"whose value there is {source._array[index]:.6g}; the largest gradient that arrived is "
        f"{np.abs(arrived).max():.6g}. The operation was recorded in {getattr(tensor, '_line', 'a line before')}"
    )


def _first(array: np.ndarray) -> tuple[tuple, Any]:
    """The place and the value of the first entry that is not finite."""
    index = tuple(np.argwhere(~np.isfinite(array))[0].tolist())
    return index, array[index]


def _entry(array: np.ndarray, index: tuple, shape: tuple) -> str | None:
    """The entry of an input that went into an entry of an elementwise result; None if shapes do not tell."""
    try:
        return f"{np.broadcast_to(array, shape)[index]:.6g}"
    except ValueError:
        return None


def _users_line() -> str:
    """The line outside of gradlib that is being executed."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
    name, number = frame.f_code.co_filename, frame.f_lineno
    source = linecache.getline(name, number).strip()
    # The cell of a notebook has a file name that means nothing to its reader.
    place = f"line {number}" if "ipykernel" in name or name.startswith("<") else f"{Path(name).name}, line {number}"
    return f"{place}: {source}" if source else place
