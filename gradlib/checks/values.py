"""Values as a learner sees them: their text, their kind, and the difference of two of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

LONGEST = 400  # characters of a value that a report shows
MANY = 200  # numbers; a larger array is abridged
DIGITS = 4  # digits after the point, more if two values need them


def show(value: Any) -> str:
    """Return a value as text. It is the same on every run and machine, and it never raises.

    >>> show({"x": 2.0, "f": np.sin, "type": np.float32})
    '{x: 2.0, f: sin, type: float32}'
    """
    try:
        text = _show(value)
    except Exception as error:
        return f"a value of type {type(value).__name__} that cannot be shown: its repr raises {type(error).__name__}"
    text = without_addresses(text)
    return text if len(text) <= LONGEST else text[:LONGEST] + " …"


def named(text: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the same function under another name, which reports show.

    >>> show(named("x²", lambda x: x**2))
    'x²'
    """

    def renamed(*arguments):
        return function(*arguments)

    renamed.__name__ = renamed.__qualname__ = text
    return renamed


def show_side_by_side(first: Any, second: Any) -> tuple[str, str]:
    """Two values as text. Numbers share one format, with as many digits as are needed to tell them apart.

    >>> show_side_by_side(np.array([0.3, -12.0]), np.array([0.3, 1.5]))
    ('[  0.3, -12.0]', '[  0.3,   1.5]')
    >>> show_side_by_side(12.0, 12.000001)
    ('12.000000', '12.000001')
    """
    if not (is_numeric(first) and is_numeric(second)) or size(first) + size(second) > MANY:
        return show(first), show(second)
    try:
        arrays = [_as_array(first), _as_array(second)]
    except OverflowError:  # an int beyond the range of floats
        return show(first), show(second)
    for digits in range(DIGITS, 18):
        texts = _show_numbers(arrays, digits)
        if texts[0] != texts[1]:
            break
    return texts[0], texts[1]


def align(rows: list[tuple[str, str]]) -> str:
    """Names and values as lines with aligned equals signs.

    >>> print(align([("g", "1"), ("yours", "[1,\\n 2]")]))
    g     = 1
    yours = [1,
             2]
    """
    width = max((len(name) for name, _ in rows), default=0)
    indent = "\n" + " " * (width + 3)
    return "\n".join(f"{name:<{width}} = {value.replace(chr(10), indent)}" for name, value in rows)


def without_addresses(text: str) -> str:
    """Remove memory addresses, which differ from run to run and tell a learner nothing."""
    return re.sub(r" at 0x[0-9a-fA-F]+", "", text)


def _show(value: Any) -> str:
    if value is ...:
        return "..."
    if isinstance(value, np.bool_):
        return repr(bool(value))
    if isinstance(value, float):  # np.float64 is one, and its repr is longer
        text = repr(float(value))
        return text if len(text) <= 12 else repr(float(f"{value:.8g}"))
    if is_numeric(value) and isinstance(value, np.ndarray):
        if value.size > MANY:
            return np.array2string(value, precision=DIGITS, separator=", ", threshold=20)
        return _show_numbers([value], DIGITS)[0]
    if isinstance(value, dict):
        return "{" + ", ".join(f"{show_name(key)}: {_show(item)}" for key, item in value.items()) + "}"
    if type(value) in (list, tuple):
        opening, closing = "[]" if isinstance(value, list) else "()"
        alone = "," if type(value) is tuple and len(value) == 1 else ""
        items = [_show(item).replace("\n", "\n ") for item in value]
        between = ",\n " if any("\n" in item for item in items) else ", "  # matrices below each other
        return opening + between.join(items) + alone + closing
    if isinstance(value, type) or callable(value) and hasattr(value, "__name__"):
        return str(value.__name__)
    return repr(value)


def show_name(name: Any) -> str:
    return name if isinstance(name, str) else show(name)


def _show_numbers(arrays: list[np.ndarray], digits: int) -> list[str]:
    """Arrays as text, with all numbers in one format and of one width."""
    flat = np.concatenate([array.ravel() for array in arrays])
    style = {"precision": digits, "floatmode": "maxprec_equal", "threshold": flat.size + 1}
    words = np.array2string(flat, separator="\n", max_line_width=1, **style).strip("[]").splitlines()
    words = [re.sub(r"\.(?=\s*$)", ".0", word.strip()) for word in words]
    width = max(map(len, words), default=0)
    texts, start = [], 0
    for array in arrays:
        own = np.array([word.rjust(width) for word in words[start : start + array.size]], dtype=object)
        texts.append(_brackets(own.reshape(array.shape)))
        start += array.size
    return texts


def _brackets(words: np.ndarray) -> str:
    """Words in the brackets of an array, each row of a matrix on its own line."""
    if words.ndim == 0:
        return words.item()
    rows = [_brackets(np.asarray(row, dtype=object)) for row in words]
    between = ", " if words.ndim == 1 else "," + "\n" * (words.ndim - 1) + " "
    return "[" + between.join(row.replace("\n", "\n ") for row in rows) + "]"


# --- kinds -------------------------------------------------------------------------------------


def is_number(value: Any) -> bool:
    """Return True for Python's and NumPy's numbers, 0-d arrays included, but not for True and False."""
    if isinstance(value, np.ndarray):
        return value.ndim == 0 and value.dtype.kind in "iufc"
    return isinstance(value, int | float | complex | np.number) and not isinstance(value, bool)


def is_numeric(value: Any) -> bool:
    return is_number(value) or isinstance(value, np.ndarray) and value.dtype.kind in "iufc"


def _as_array(value: Any) -> np.ndarray:
    array = np.asarray(value)
    return array if array.dtype.kind in "iufc" else array.astype(np.float64)  # an int above 2⁶³ makes objects


def describe(value: Any) -> str:
    """The kind of a value, with its shape or length.

    >>> describe(2.0), describe(np.zeros((2, 3))), describe("6")
    ('a number', 'an array of shape (2, 3)', 'a text (str)')
    """
    if is_number(value):
        return "a number"
    if isinstance(value, np.ndarray):
        return f"an array of {'texts of ' * (value.dtype.kind in 'SU')}shape {value.shape}"
    if isinstance(value, str):
        return "a text (str)"
    if isinstance(value, bool | np.bool_):
        return "a truth value (bool)"
    if isinstance(value, list | tuple):
        return f"a {type(value).__name__} of length {len(value)}"
    if isinstance(value, dict):
        return "a dictionary"
    if value is None:
        return "None"
    if value is ...:
        return "`...`"
    if isinstance(value, type):
        return "a class"
    return "a function" if callable(value) else f"a {type(value).__name__}"


def is_unfilled(value: Any) -> bool:
    """Return True for the value of a stub: `...`, None, or a container of these alone."""
    if isinstance(value, dict):
        value = list(value.values())
    try:
        if isinstance(value, list | tuple) and value:
            return all(map(is_unfilled, value))
    except RecursionError:  # a list that holds itself
        return False
    return value is ... or value is None


def size(value: Any) -> int:
    """The amount to read: numbers in arrays, items in containers, letters in texts."""
    if isinstance(value, np.ndarray):
        return value.size
    if isinstance(value, Mapping):
        return sum(map(size, value.values()))
    if isinstance(value, list | tuple):
        return sum(map(size, value))
    return len(value) if isinstance(value, str) else 1


# --- differences -------------------------------------------------------------------------------


def difference(yours: Any, expected: Any, rtol: float, atol: float) -> str | None:
    """None if two values agree, else a sentence on kind or shape, or "" if only the numbers differ.

    Numbers agree within atol + rtol · |expected|; nan agrees with nan.
    """
    if is_numeric(expected) or isinstance(expected, np.ndarray):
        return _array_difference(yours, expected, rtol, atol)
    if isinstance(expected, list | tuple) and isinstance(yours, list | tuple):
        if len(yours) != len(expected):
            return f"Your answer has length {len(yours)}, expected {len(expected)}."
        found = [difference(*pair, rtol, atol) for pair in zip(yours, expected, strict=True)]
        return next((text for text in found if text is not None), None)
    if isinstance(expected, dict) and isinstance(yours, dict):
        same = yours.keys() == expected.keys() and not any(
            difference(yours[key], expected[key], rtol, atol) is not None for key in expected
        )
        return None if same else ""
    if yours is expected or describe(yours) == describe(expected) and bool(yours == expected):
        return None
    return _kinds(yours, expected)


def _array_difference(yours: Any, expected: Any, rtol: float, atol: float) -> str | None:
    if isinstance(yours, np.ndarray) and np.shape(expected) and yours.shape != expected.shape:
        return f"Your answer has shape {yours.shape}, expected {expected.shape}."
    if describe(yours) != describe(expected):
        return _kinds(yours, expected)
    near = np.allclose(_as_array(yours), _as_array(expected), rtol=rtol, atol=atol, equal_nan=True)
    return None if near else ""


def _kinds(yours: Any, expected: Any) -> str:
    came, wanted = describe(yours), describe(expected)
    if came == wanted:
        return ""
    return " ".join(filter(None, [f"Your answer is {came}, expected {wanted}.", _WAYS_OUT.get(type(yours).__name__)]))


_WAYS_OUT = {
    "Tensor": "The numbers of a tensor are its `data`.",
    "Parameter": "The numbers of a parameter are its `data`.",
    "generator": "A function with `yield`, or round brackets around a `for`, gives values one by one, on demand.",
    "coroutine": "A function with `async` before its `def` has to be awaited.",
}


def explain_nan(yours: Any, expected: Any) -> str:
    """A sentence on an unexpected nan, or ""."""
    if not _holds_nan(yours) or _holds_nan(expected):
        return ""
    return "Your answer holds nan, which is not a number: 0/0, ∞ - ∞, or the root or logarithm of a negative number."


def _holds_nan(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return any(map(_holds_nan, value))
    return is_numeric(value) and bool(np.isnan(_as_array(value)).any())


# --- copies ------------------------------------------------------------------------------------


def copy(value: Any) -> Any:
    """A deep copy of arrays, lists, tuples and dictionaries; anything else is returned unchanged."""
    if isinstance(value, np.ndarray):
        return value.copy(order="K")  # "K" keeps a transposed array transposed, where reshape(-1) is a trap
    if type(value) in (list, tuple):
        return type(value)(map(copy, value))
    if type(value) is dict:
        return {key: copy(item) for key, item in value.items()}
    return value


def is_unchanged(before: Any, after: Any) -> bool:
    """Return True if a copy still equals its original, bit for bit."""
    if type(before) is not type(after):
        return False
    if isinstance(before, np.ndarray):
        return np.array_equal(before, after, equal_nan=before.dtype.kind in "fc")
    if type(before) in (list, tuple):
        return len(before) == len(after) and all(map(is_unchanged, before, after))
    if type(before) is dict:
        return before.keys() == after.keys() and all(is_unchanged(before[key], after[key]) for key in before)
    return before is after or bool(before == after)
