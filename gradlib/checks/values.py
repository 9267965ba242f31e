"""Values as a learner sees them: their text, their kind, and the difference of two of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from math import inf
from numbers import Number
from typing import Any

import numpy as np

# By name: what a learner puts in their place in the module afterwards does not judge.
from numpy import (
    allclose,
    argwhere,
    array2string,
    array_equal,
    asarray,
    atleast_1d,
    concatenate,
    isclose,
    isnan,
    ndim,
    shape,
)

LONGEST = 400  # characters of a value that a report shows
MANY = 200  # numbers; a larger array is abridged
DIGITS = 4  # digits after the point, more if two values need them
MARK = "≠"  # before an entry that differs


def show(value: Any) -> str:
    """Return a value as text. It is the same on every run and machine, and it never raises.

    >>> show({"x": 2.0, "f": np.sin, "type": np.float32})
    '{x: 2.0, f: sin, type: float32}'
    """
    try:
        text = _show(value)
    except Exception as error:
        return f"a value of type {type(value).__name__} that cannot be shown: its repr raises {type(error).__name__}"
    return cut(without_addresses(text))


def cut(text: str) -> str:
    """The text as far as a report shows it."""
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


def show_side_by_side(first: Any, second: Any, rtol: float = 0.0, atol: float = 0.0) -> tuple[str, str]:
    """Return two values as text, with as many digits as are needed to tell them apart.

    If some of their entries differ and others do not, those of the first that differ are marked.

    >>> show_side_by_side(np.array([0.3, -12.0]), np.array([0.3, 1.5]))
    ('[   0.3, ≠-12.0]', '[  0.3,   1.5]')
    >>> show_side_by_side(12.0, 12.000001)
    ('12.000000', '12.000001')
    >>> show_side_by_side((True, "a"), (True, "b"))
    ("(True, ≠'a')", "(True, 'b')")
    """
    try:
        if is_numeric(first) and is_numeric(second) and size(first, MANY) + size(second, MANY) <= MANY:
            return _show_arrays(_as_array(first), _as_array(second), rtol, atol)
        if _are_rows(first, second):
            return _show_rows(first, second, rtol, atol)
    except (OverflowError, RecursionError):  # an int beyond the range of floats, a list that holds itself
        pass
    return show(first), show(second)


def _show_rows(first: list | tuple, second: list | tuple, rtol: float, atol: float) -> tuple[str, str]:
    pairs = list(zip(first, second, strict=True))
    texts = [show_side_by_side(*pair, rtol, atol) for pair in pairs]
    differ = [_differ(*pair, rtol, atol) for pair in pairs]
    marked = [MARK * (each and not all(differ)) + yours for each, (yours, _) in zip(differ, texts, strict=True)]
    return cut(_enclose(first, marked)), cut(_enclose(second, [text for _, text in texts]))


def _show_arrays(first: np.ndarray, second: np.ndarray, rtol: float, atol: float) -> tuple[str, str]:
    for digits in range(DIGITS, 18):
        texts = _show_numbers([first, second], digits)
        if texts[0] != texts[1]:
            break
    if first.shape != second.shape:
        return texts[0], texts[1]
    differ = ~isclose(first, second, rtol=rtol, atol=atol, equal_nan=True)
    if differ.all() or not differ.any():
        return texts[0], texts[1]
    return _show_numbers([first, second], digits, differ)[0], texts[1]


def _are_rows(first: Any, second: Any) -> bool:
    """Return True for two lists or tuples of equal length, none of which holds a matrix."""
    rows = (list, tuple)
    return (
        type(first) in rows
        and type(second) in rows
        and len(first) == len(second)
        and size(first, MANY) + size(second, MANY) <= MANY
        and not any(ndim(item) > 1 for item in (*first, *second) if isinstance(item, np.ndarray))
    )


def _differ(first: Any, second: Any, rtol: float, atol: float) -> bool:
    try:
        return difference(first, second, rtol, atol) is not None
    except Exception:  # the == of a learner's own objects may do anything
        return True


def differing_entries(yours: Any, expected: Any, rtol: float, atol: float) -> str:
    """Return "2 of 6 entries differ" for arrays of one shape, with the place of the first in a large one, or "".

    >>> differing_entries(np.zeros(3), np.array([0.0, 1.0, 0.0]), 0.0, 0.0)
    '1 of 3 entries differs'
    >>> differing_entries(np.zeros((20, 20)), np.eye(20), 0.0, 0.0)
    '20 of 400 entries differ, the first at [0, 0]: yours 0.0, expected 1.0'
    """
    if not isinstance(yours, np.ndarray) or not is_numeric(yours) or not is_numeric(expected):
        return ""
    if yours.shape != shape(expected) or yours.size < 2:
        return ""
    differ = ~isclose(yours, expected, rtol=rtol, atol=atol, equal_nan=True)
    count = int(differ.sum())
    if count in (0, yours.size):
        return ""
    text = f"{count} of {yours.size} entries differ{'s' * (count == 1)}"
    if 2 * yours.size <= MANY:
        return text
    place = tuple(int(i) for i in argwhere(differ)[0])
    pair = show_side_by_side(yours[place], asarray(expected)[place])
    return f"{text}, the first at {list(place)}: yours {pair[0]}, expected {pair[1]}"


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
            return array2string(value, precision=DIGITS, separator=", ", threshold=20)
        return _show_numbers([value], DIGITS)[0]
    if isinstance(value, dict):
        return "{" + ", ".join(_up_to_the_cut(f"{show_name(key)}: {_show(item)}" for key, item in value.items())) + "}"
    if type(value) in (list, tuple):
        return _enclose(value, _up_to_the_cut(map(_show, value)))
    if isinstance(value, type) or callable(value) and hasattr(value, "__name__"):
        return str(value.__name__)
    return repr(value)


def _up_to_the_cut(texts: Iterable[str]) -> list[str]:
    """The first texts: those that a report shows, since it cuts what is longer."""
    found, left = [], LONGEST
    for text in texts:
        found.append(text)
        left -= len(text) + 2  # and what stands between two
        if left < 0:
            break
    return found


def _enclose(value: list | tuple, items: list[str]) -> str:
    """The texts of a list's or a tuple's items in its brackets."""
    opening, closing = "[]" if isinstance(value, list) else "()"
    alone = "," if isinstance(value, tuple) and len(value) == 1 else ""
    items = [item.replace("\n", "\n ") for item in items]
    between = ",\n " if any("\n" in item for item in items) else ", "  # matrices below each other
    return opening + between.join(items) + alone + closing


def show_name(name: Any) -> str:
    return name if isinstance(name, str) else show(name)


def _show_numbers(arrays: list[np.ndarray], digits: int, marked: np.ndarray | None = None) -> list[str]:
    """Arrays as text, with all numbers in one format and of one width. marked : entries of the first to be marked."""
    flat = concatenate([array.ravel() for array in arrays])
    style = {"precision": digits, "floatmode": "maxprec_equal", "threshold": flat.size + 1}
    words = array2string(flat, separator="\n", max_line_width=1, **style).strip("[]").splitlines()
    words = [re.sub(r"\.(?=\s*$)", ".0", word.strip()) for word in words]
    if marked is not None:
        words = [
            MARK * mark + word
            for mark, word in zip([*marked.ravel().tolist(), *[False] * flat.size], words, strict=False)
        ]
    width = max(map(len, words), default=0)
    texts, start = [], 0
    for array in arrays:
        own = asarray([word.rjust(width) for word in words[start : start + array.size]], dtype=object)
        texts.append(_brackets(own.reshape(array.shape)))
        start += array.size
    return texts


def _brackets(words: np.ndarray) -> str:
    """Words in the brackets of an array, each row of a matrix on its own line."""
    if words.ndim == 0:
        return words.item()
    rows = [_brackets(asarray(row, dtype=object)) for row in words]
    between = ", " if words.ndim == 1 else "," + "\n" * (words.ndim - 1) + " "
    return "[" + between.join(row.replace("\n", "\n ") for row in rows) + "]"


# --- kinds -------------------------------------------------------------------------------------


def is_number(value: Any) -> bool:
    """Return True for Python's and NumPy's numbers, 0-d arrays included, but not for True and False."""
    if isinstance(value, np.ndarray):
        return value.ndim == 0 and value.dtype.kind in "iufc"
    return isinstance(value, Number) and not isinstance(value, bool)  # a Fraction is one, too


def is_numeric(value: Any) -> bool:
    return is_number(value) or isinstance(value, np.ndarray) and value.dtype.kind in "iufc"


def _as_array(value: Any) -> np.ndarray:
    array = asarray(value)
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
    kind = type(value).__name__
    return "a function" if callable(value) else f"{'an' if kind[0] in 'AEIOUaeiou' else 'a'} {kind}"


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


def size(value: Any, most: float = inf) -> int:
    """The amount to read: numbers in arrays, items in containers, letters in texts. Above `most` it stops counting."""
    if isinstance(value, np.ndarray):
        return value.size
    if isinstance(value, Mapping):
        value = list(value.values())
    if not isinstance(value, list | tuple):
        return len(value) if isinstance(value, str) else 1
    count = 0
    for item in value:
        count += size(item, most - count)
        if count > most:
            break
    return count


def holds_more_than(most: int, value: Any) -> bool:
    """Return True if a value holds more than so many items, without counting them all."""
    left, count = [value], 0
    while left and count + len(left) <= most:
        item = left.pop()
        count += item.size if isinstance(item, np.ndarray) else 1
        if isinstance(item, list | tuple | dict):
            if len(item) > most:
                return True
            left.extend(item.values() if isinstance(item, dict) else item)
    return count + len(left) > most


# --- differences -------------------------------------------------------------------------------


def difference(yours: Any, expected: Any, rtol: float, atol: float, what: str = "Your answer") -> str | None:
    """Return None if two values agree, else a sentence on kind or shape, or "" if only the numbers differ.

    Numbers agree within atol + rtol · |expected|; nan agrees with nan. Form is forgiven: a list and an array count as
    a tuple, and in a text spaces and capitals do not matter.
    """
    if is_numeric(expected) or isinstance(expected, np.ndarray):
        return _array_difference(yours, expected, rtol, atol, what)
    yours = as_entries(yours, expected)
    if isinstance(expected, list | tuple) and isinstance(yours, list | tuple):
        if len(yours) != len(expected):
            return f"{what} has length {len(yours)}, expected {len(expected)}."
        found = [
            difference(*pair, rtol, atol, f"Entry [{i}] of your answer")
            for i, pair in enumerate(zip(yours, expected, strict=True))
        ]
        return next((text for text in found if text), "" if "" in found else None)
    if isinstance(expected, dict) and isinstance(yours, dict):
        same = yours.keys() == expected.keys() and not any(
            difference(yours[key], expected[key], rtol, atol) is not None for key in expected
        )
        return None if same else ""
    if isinstance(expected, str) and isinstance(yours, str):
        return None if _plain(yours) == _plain(expected) else ""
    if yours is expected or describe(yours) == describe(expected) and bool(yours == expected):
        return None
    return _kinds(yours, expected, what)


def as_entries(yours: Any, expected: Any) -> Any:
    """Return an array as the list of its rows, where a list or a tuple of such rows is expected; else what came."""
    if isinstance(yours, np.ndarray) and isinstance(expected, list | tuple) and len(expected) == len(atleast_1d(yours)):
        if all(shape(yours)[1:] == shape(each) and not isinstance(each, list | tuple) for each in expected):
            return list(yours)
    return yours


def _plain(text: str) -> str:
    return "".join(text.split()).casefold()


def is_among(text: str, words: Iterable[str]) -> bool:
    """Return True if a text is one of several words, whatever its spaces and capitals."""
    return _plain(text) in map(_plain, words)


def same_in_any_order(yours: Any, expected: Any, rtol: float, atol: float) -> bool:
    """Return True if two collections hold the same items, equally often.

    >>> same_in_any_order([[1.0], [2.0]], ([2.0], [1.0]), 0.0, 0.0)
    True
    """
    left = list(expected)
    for item in yours:
        match = next((i for i, other in enumerate(left) if difference(item, other, rtol, atol) is None), None)
        if match is None:
            return False
        del left[match]
    return not left


def _array_difference(yours: Any, expected: Any, rtol: float, atol: float, what: str) -> str | None:
    if isinstance(yours, np.ndarray) and shape(expected) and yours.shape != shape(expected):
        return f"{what} has shape {yours.shape}, expected {shape(expected)}."
    if describe(yours) != describe(expected):
        return _kinds(yours, expected, what)
    near = allclose(_as_array(yours), _as_array(expected), rtol=rtol, atol=atol, equal_nan=True)
    return None if near else ""


def _kinds(yours: Any, expected: Any, what: str) -> str:
    came, wanted = describe(yours), describe(expected)
    if came == wanted:
        return ""
    return " ".join(filter(None, [f"{what} is {came}, expected {wanted}.", _WAYS_OUT.get(type(yours).__name__)]))


_WAYS_OUT = {
    "Tensor": "The numbers of a tensor are its `data`.",
    "Parameter": "The numbers of a parameter are its `data`.",
    "generator": "A function with `yield`, or round brackets around a `for`, gives values one by one, on demand.",
    "coroutine": "A function with `async` before its `def` has to be awaited.",
}


def explain_nan(yours: Any, expected: Any, what: str = "Your answer") -> str:
    """A sentence on an unexpected nan, or ""."""
    if not _holds_nan(yours) or _holds_nan(expected):
        return ""
    return f"{what} holds nan, which is not a number: 0/0, ∞ - ∞, or the root or logarithm of a negative number."


def _holds_nan(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return any(map(_holds_nan, value))
    return is_numeric(value) and bool(isnan(_as_array(value)).any())


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
        return array_equal(before, after, equal_nan=before.dtype.kind in "fc")
    if type(before) in (list, tuple):
        return len(before) == len(after) and all(map(is_unchanged, before, after))
    if type(before) is dict:
        return before.keys() == after.keys() and all(is_unchanged(before[key], after[key]) for key in before)
    return before is after or bool(before == after)
