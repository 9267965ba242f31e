"""The errors that gradlib raises. Each message says what was expected, what came, and what to do."""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping

import numpy as np

if int(np.__version__.split(".")[0]) < 2:
    raise ImportError(f"gradlib needs NumPy 2.0 or newer, got NumPy {np.__version__}: python -m pip install 'numpy>=2'")


class ShapeError(ValueError):
    """Two shapes do not fit together."""


class GraphError(RuntimeError):
    """A graph cannot give the gradient: it was cut, never recorded, or overwritten."""


class GradcheckError(AssertionError):
    """A gradient disagrees with finite differences."""


class AnomalyError(FloatingPointError):
    """A NaN or an infinity appeared inside `detect_anomaly`."""


def cannot_broadcast(*shapes: tuple[int, ...]) -> ShapeError:
    """The error for shapes that do not broadcast. It names the axis, the two sizes, and a likely fix.

    >>> print(cannot_broadcast((2, 3), (2,)))
    cannot broadcast (2, 3) with (2,): axis -1 has size 3 in one and 2 in the other. \
Counted from the last axis, sizes must be equal or 1. \
Did you mean (2, 1), one number for each row? Then reshape(2, 1).
    """
    longest = max(len(shape) for shape in shapes)
    padded = [(1,) * (longest - len(shape)) + tuple(shape) for shape in shapes]
    misfits = [i for i in reversed(range(longest)) if len({shape[i] for shape in padded} - {1}) > 1]
    if not misfits:
        return ShapeError(f"cannot broadcast {' with '.join(map(str, shapes))}.")
    axis = misfits[0]
    sizes = list(dict.fromkeys(shape[axis] for shape in padded if shape[axis] != 1))
    message = (
        f"cannot broadcast {' with '.join(map(str, shapes))}: axis {axis - longest} has size {sizes[0]} in one and "
        f"{sizes[1]} in the other. Counted from the last axis, sizes must be equal or 1."
    )
    vector, other = sorted(shapes[:2], key=len)
    if len(vector) == 1 and len(other) >= 2 and other[-2] == vector[0]:
        message += f" Did you mean ({vector[0]}, 1), one number for each row? Then reshape({vector[0]}, 1)."
    elif len(vector) == len(other) == 2 and vector == other[::-1]:
        message += " The shapes agree when one of them is transposed: try .T on it."
    return ShapeError(message)


def cannot_multiply(left: tuple[int, ...], right: tuple[int, ...]) -> ShapeError:
    """The error for a matrix product whose shapes do not fit.

    >>> print(cannot_multiply((32, 784), (128, 784)))
    cannot multiply (32, 784) by (128, 784): the inner sizes 784 and 128 differ. \
The second looks transposed: try .mT on it, for (32, 784) @ (784, 128).
    """
    if not left or not right:
        return ShapeError(
            f"cannot matrix-multiply {left} by {right}: a 0-d tensor has no axis to sum over. Use * for a product."
        )
    inner_left, inner_right = left[-1], right[-2] if len(right) > 1 else right[-1]
    if inner_left == inner_right:  # the matrices fit, so the batch axes in front of them do not
        broadcast = cannot_broadcast(left[:-2], right[:-2])
        return ShapeError(f"cannot multiply {left} by {right}: the axes before the matrices do not fit: {broadcast}")
    message = f"cannot multiply {left} by {right}: the inner sizes {inner_left} and {inner_right} differ."
    if len(right) > 1 and right[-1] == inner_left:
        fixed = right[:-2] + (right[-1], right[-2])
        message += f" The second looks transposed: try .mT on it, for {left} @ {fixed}."
    elif len(left) > 1 and left[-2] == inner_right:
        fixed = left[:-2] + (left[-1], left[-2])
        message += f" The first looks transposed: try .mT on it, for {fixed} @ {right}."
    return ShapeError(message)


def axis_out_of_range(axis: int, ndim: int, what: str = "") -> ShapeError:
    """The error for an axis that does not exist.

    >>> print(axis_out_of_range(2, 2))
    there is no axis 2: with 2 axes they are 0 to 1. Negative axes count from the end: -1 is the last.
    """
    if not ndim:
        return ShapeError(f"{what}there is no axis {axis}: a 0-d tensor has no axes. Leave the axis out.")
    return ShapeError(
        f"{what}there is no axis {axis}: with {ndim} {'axis' if ndim == 1 else 'axes'} they are 0 to {ndim - 1}. "
        "Negative axes count from the end: -1 is the last."
    )


def cannot_stack(shapes: list[tuple[int, ...]]) -> ShapeError:
    """The error for stacking tensors of different shapes. It names the first that differs."""
    i = next(i for i, shape in enumerate(shapes) if shape != shapes[0])
    return ShapeError(
        f"stack takes tensors of one shape, but tensor 0 has shape {shapes[0]} and tensor {i} has shape {shapes[i]}. "
        "To join along an existing axis, use concatenate."
    )


def cannot_concatenate(shapes: list[tuple[int, ...]], axis: int) -> ShapeError:
    """The error for joining tensors whose sizes differ along another axis. It names the two shapes and that axis.

    >>> print(cannot_concatenate([(2, 3), (2, 4)], 0))
    cannot concatenate (2, 3) with (2, 4) along axis 0: all other axes must have the same size, but axis 1 has \
sizes 3 and 4. Along axis 1 they fit.
    """
    first = shapes[0]
    if not all(shapes):
        return ShapeError("cannot concatenate 0-d tensors, which have no axis to join along. Use stack.")
    if len({len(shape) for shape in shapes}) > 1:
        other = next(shape for shape in shapes if len(shape) != len(first))
        return ShapeError(
            f"cannot concatenate {first} with {other}: they have {len(first)} and {len(other)} axes. Use unsqueeze to "
            "add an axis of size 1."
        )
    if not -len(first) <= axis < len(first):
        return axis_out_of_range(axis, len(first), "concatenate: ")
    axis %= len(first)
    for other in shapes[1:]:
        differ = [a for a in range(len(first)) if a != axis and first[a] != other[a]]
        if differ:
            fix = f" Along axis {differ[0]} they fit." if len(differ) == 1 and first[axis] == other[axis] else ""
            return ShapeError(
                f"cannot concatenate {first} with {other} along axis {axis}: all other axes must have the same size, "
                f"but axis {differ[0]} has sizes {first[differ[0]]} and {other[differ[0]]}.{fix}"
            )
    return ShapeError(f"cannot concatenate shapes {shapes} along axis {axis}.")


def not_pairs(widths, shape: tuple[int, ...]) -> ShapeError:
    """The error for pad widths that are not a pair (before, after) for each axis.

    >>> print(not_pairs((1, 2), (5, 3)))
    pad takes (before, after) for each of the 2 axes of shape (5, 3), got (1, 2). \
If that is PyTorch's flat list, last axis first, write ((0, 0), (1, 2)).
    """
    message = f"pad takes (before, after) for each of the {len(shape)} axes of shape {shape}, got {widths}."
    flat = isinstance(widths, (tuple, list)) and all(isinstance(width, (int, np.integer)) for width in widths)
    if flat and 0 < len(widths) <= 2 * len(shape) and len(widths) % 2 == 0:
        pairs = [tuple(widths[i : i + 2]) for i in range(0, len(widths), 2)]
        pairs += [(0, 0)] * (len(shape) - len(pairs))
        message += f" If that is PyTorch's flat list, last axis first, write {tuple(reversed(pairs))}."
    return ShapeError(message)


def explained(symbol: str, arrays: list[np.ndarray], keywords: dict, error: Exception) -> Exception:
    """The error to show instead of `error`, which an operation's forward function raised."""
    shapes = [array.shape for array in arrays]
    first = shapes[0] if shapes else ()
    if special := _SPECIAL.get(symbol):
        if (found := special(shapes, keywords, error)) is not None:
            return found
    if "Maximum allowed" in str(error) or "array is too big" in str(error):
        return MemoryError(f"{symbol} of {', '.join(map(str, shapes))} does not fit into memory.")
    if isinstance(error, np.exceptions.AxisError) or (isinstance(error, OverflowError) and "axis" in keywords):
        return not_over_axis(symbol, keywords["axis"], first)
    if isinstance(error, OverflowError):
        return OverflowError(f"{symbol} takes integers that int64 holds, got {shown(keywords)}.")
    if "cannot be interpreted as an integer" in str(error) and "axis" in keywords:
        return not_an_axis(keywords["axis"], several=symbol not in ("cumsum", "cumprod"))
    if "duplicate value in 'axis'" in str(error):
        return twice(symbol, keywords["axis"])
    if "zero-size array" in str(error):
        return nothing_to_reduce(symbol, first)
    if "broadcast" in str(error):
        return cannot_broadcast(*shapes)
    if isinstance(error, TypeError) and any(array.dtype == bool for array in arrays):
        return TypeError(f"{symbol} does not take bools: use t.float() or t.astype(int) first.")
    dtypes = ", ".join(f"{array.dtype} {array.shape}" for array in arrays)
    kind = type(error) if type(error) in (TypeError, ValueError, IndexError) else TypeError
    return kind(f"{symbol} failed on {dtypes}: {error}")


def not_over_axis(what: str, axis, shape: tuple[int, ...]) -> ShapeError:
    """The error for a reduction over an axis that does not exist."""
    if not shape:
        return ShapeError(f"{what} over axis {axis}, but a 0-d tensor has no axes: leave the axis out.")
    return ShapeError(
        f"{what} over axis {axis}, but shape {shape} has axes 0 to {len(shape) - 1}. Negative axes count from the end: "
        "-1 is the last."
    )


def twice(what: str, axes: tuple[int, ...]) -> ShapeError:
    """The error for a reduction that names an axis more than once."""
    return ShapeError(f"{what} over axes {axes}: name each axis only once.")


def not_an_axis(axis, several: bool = False) -> TypeError:
    """The error for an axis that is not an integer."""
    hint = " Entry by entry, the larger of two tensors is x.maximum(y)." if hasattr(axis, "_prev") else ""
    return TypeError(f"an axis must be an integer{' or a tuple of integers' if several else ''}, got {axis!r}.{hint}")


def nothing_to_reduce(what: str, shape: tuple[int, ...]) -> ShapeError:
    """The error for the max, and the like, of an empty array."""
    return ShapeError(
        f"{what} of an empty array has no value: shape {shape} has no entries along the reduced axes. Check what made "
        "it empty."
    )


def whole(what: str, value, least: int | None = None, most: int | None = None) -> int:
    """Return `value` as an int. Raise an error, "{what}, got {value}.", unless it is an integer, least to most.

    >>> whole("chunk takes the number of pieces", 1.5)
    Traceback (most recent call last):
    TypeError: chunk takes the number of pieces, got 1.5.
    """
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{what}, got {value!r}.")
    if (least is not None and value < least) or (most is not None and value > most):
        raise ValueError(f"{what}, got {value!r}.")
    return int(value)


def real(what: str, value, least: float = -math.inf, most: float = math.inf, above: float = -math.inf) -> float:
    """Return a real number. Raise "{what}, got {value}." unless least <= value <= most and value > above.

    >>> real("p is a probability, 0 to 1", 1.5, 0, 1)
    Traceback (most recent call last):
    ValueError: p is a probability, 0 to 1, got 1.5.
    """
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(f"{what}, got {value!r}.")
    if not (least <= value <= most and (value > above or above == -math.inf)):
        raise ValueError(f"{what}, got {value!r}.")
    return value


def holdable(what: str, shape: tuple[int, ...], dtype) -> None:
    """Raise MemoryError for a result that no memory can hold, before it is computed.

    >>> holdable("pad", (10**20,), np.float32)
    Traceback (most recent call last):
    MemoryError: pad: an array of float32 of shape (100000000000000000000,) does not fit into memory.
    """
    try:
        np.empty(shape, dtype)  # the system gives memory when it is written to
    except (MemoryError, ValueError, OverflowError):
        raise MemoryError(f"{what}: an array of {np.dtype(dtype)} of shape {shape} does not fit into memory.") from None


def flag(name: str, value) -> bool:
    """Return True or False, also for 1 and 0. Raise TypeError for what may have been meant for another argument.

    >>> flag("keepdims", [0, 1])
    Traceback (most recent call last):
    TypeError: keepdims is True or False, got [0, 1].
    """
    if not isinstance(value, (bool, np.bool_, int, np.integer)) or value not in (0, 1):
        raise TypeError(f"{name} is True or False, got {shown(value)}.")
    return bool(value)


def takes(function, inputs) -> None:
    """Raise TypeError if a function cannot be called with these inputs, as many as the list has entries."""
    if not callable(function):
        raise TypeError(f"the first argument is a function, such as lambda x: (x**2).sum(), got {shown(function)}.")
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # a function without a signature
        return
    try:
        signature.bind(*inputs)
    except TypeError:
        raise TypeError(
            f"the function takes the arguments {signature}, but inputs has {len(inputs)} entries. A list or a tuple of "
            "inputs has one entry for each argument; a single vector is an array, np.array([1.0, 2.0])."
        ) from None


def bad_data(data, reason) -> Exception:
    """The error for data that is not an array of real numbers."""
    ragged = _ragged(data)
    if ragged:
        return ShapeError(
            f"the rows of a tensor must be equally long, but {ragged}. Fill the short rows, or keep a list."
        )
    if getattr(reason, "kind", None) == "c":
        return TypeError("a tensor holds real numbers, complex ones are not supported. Keep .real and .imag apart.")
    if isinstance(data, (list, tuple)) and any(hasattr(entry, "_prev") for entry in data):
        return TypeError(
            "a list of tensors cannot become a Tensor: the graph of its parts would be cut. Use gradlib.stack."
        )
    if isinstance(data, int):
        return OverflowError(
            f"int64 holds integers from {-(2**63)} to {2**63 - 1}, got {shown(data)}. Give it as a float, or a dtype."
        )
    return TypeError(
        f"a Tensor holds numbers: a number, nested lists of numbers, or an array. Got {type(data).__name__} "
        f"{shown(data)}."
    )


def complete(what: str, state, *names: str) -> dict:
    """Return a saved state. Raise TypeError if it is not a dict, KeyError if it lacks one of the names.

    >>> complete("the state of a schedule", {"base_lrs": [0.1]}, "base_lrs", "last_epoch")
    Traceback (most recent call last):
    KeyError: "the state of a schedule lacks 'last_epoch'. Load what state_dict() returned."
    """
    if not isinstance(state, Mapping):
        raise TypeError(f"{what} is a dict, as state_dict() returns it, got {shown(state)}.")
    if missing := [name for name in names if name not in state]:
        raise KeyError(f"{what} lacks {', '.join(map(repr, missing))}. Load what state_dict() returned.")
    return state


def refuse_masked(data) -> None:
    """Raise TypeError for a masked array that lacks entries: NumPy would take the numbers under the mask."""
    if hasattr(data, "filled") and np.any(data.mask):
        raise TypeError(
            f"a Tensor holds a number in every place, but {np.sum(data.mask)} of the {data.size} entries of this "
            "masked array are missing. Fill them, array.filled(0.0), or take the others, array.compressed()."
        )


def shown(data) -> str:
    """The repr of a value for an error message, shortened if it is long."""
    text = repr(data)
    return text if len(text) <= 60 else text[:57] + "..."


def _ragged(data, place: str = "data") -> str:
    """A phrase that says where nested lists differ in length; empty if they do not."""
    if not isinstance(data, (list, tuple)):
        return ""
    lengths = [len(row) if isinstance(row, (list, tuple)) else None for row in data]
    for i, length in enumerate(lengths):
        if length != lengths[0]:
            first, other = (
                "a number" if n is None else f"{n} {'entry' if n == 1 else 'entries'}" for n in (lengths[0], length)
            )
            return f"{place}[0] has {first} and {place}[{i}] has {other}".replace("has a number", "is a number")
    return next(filter(None, (_ragged(row, f"{place}[{i}]") for i, row in enumerate(data))), "")


def _explain_linear(shapes, keywords, error):
    x, weight, _ = shapes
    if len(weight) == 2 and x[-1:] != weight[:1]:
        hint = " The weight looks transposed." if x[-1:] == weight[1:] else ""
        return ShapeError(
            f"linear takes x of shape (…, {weight[0]}) for a weight of shape {weight}, got {x}. The weight is "
            f"(in_features, out_features).{hint}"
        )
    return None


def _explain_reshape(shapes, keywords, error):
    (shape,), wanted = shapes, tuple(keywords["shape"])
    if not all(isinstance(size, (int, np.integer)) for size in wanted):
        return TypeError(f"reshape takes integers, got {wanted}.")
    return ShapeError(
        f"cannot reshape {shape}, which has {math.prod(shape)} entries, to {wanted}: the sizes must multiply to "
        f"{math.prod(shape)}. One of them may be -1, which stands for the rest."
    )


def _explain_broadcast_to(shapes, keywords, error):
    shape, wanted = shapes[0], tuple(keywords["shape"])
    if math.prod(wanted) > np.iinfo(np.intp).max:
        return OverflowError(f"an array has at most {np.iinfo(np.intp).max} entries, got shape {wanted}.")
    try:
        np.broadcast_shapes(shape, wanted)
    except ValueError:
        return cannot_broadcast(shape, wanted)
    return ShapeError(
        f"cannot broadcast {shape} to {wanted}: only axes of size 1 can be stretched, and no axis can be dropped."
    )


def _explain_index(shapes, keywords, error):
    shape, index = shapes[0], keywords["index"]
    shown = repr(index)
    shown = shown if len(shown) <= 60 else f"{shown[:57]}..."
    if isinstance(error, IndexError):
        return IndexError(f"index {shown} does not fit shape {shape}: {error}.")
    if len(shapes) > 1:
        place = np.empty(shape, dtype=bool)[index].shape
        return ShapeError(
            f"cannot assign a value of shape {shapes[1]} to entries of shape {place}: it must broadcast to them."
        )
    return None


def _explain_matrices(what: str):
    def explain(shapes, keywords, error):
        shape = shapes[0]
        if "float16" in str(error):
            return TypeError(f"{what} takes float32 or float64, got float16: use t.float().")
        if len(shape) < 2 or shape[-1] != shape[-2]:
            return ShapeError(f"{what} takes square matrices, got shape {shape}.")
        if isinstance(error, np.linalg.LinAlgError) and "ingular" in str(error):
            return np.linalg.LinAlgError(
                f"{what}: a matrix of shape {shape} is singular (its rows are not independent), so it has no inverse. "
                "Adding a small multiple of the identity makes it invertible."
            )
        if len(shapes) > 1:
            n = shape[-1]
            return ShapeError(
                f"solve with a matrix of shape {shape} takes a right-hand side of shape ({n},) or (…, {n}, k), got "
                f"{shapes[1]}."
            )
        return None

    return explain


def _explain_einsum(shapes, keywords, error):
    subscripts = keywords["subscripts"]
    parts, _, result = subscripts.replace(" ", "").partition("->")
    parts = parts.split(",")
    head = f"einsum('{subscripts}')"
    if len(parts) != len(shapes):
        return ShapeError(f"{head} describes {len(parts)} operand{'s' * (len(parts) != 1)}, got {len(shapes)}.")
    for letter in "".join(parts) + result:
        if not (letter.isalpha() or letter == "."):
            return ShapeError(f"{head}: letters name the axes, got {letter!r}.")
    sizes: dict[str, tuple[int, tuple]] = {}
    for i, (part, shape) in enumerate(zip(parts, shapes, strict=True)):
        if "..." not in part and len(part) != len(shape):
            return ShapeError(
                f"{head}: {part!r} names {len(part)} ax{'e' if len(part) != 1 else 'i'}s, but operand {i} has shape "
                f"{shape}."
            )
        front, _, back = part.partition("...")
        for letter, size in (*zip(front, shape, strict=False), *zip(reversed(back), reversed(shape), strict=False)):
            known, where = sizes.setdefault(letter, (size, shape))
            if known != size:
                return ShapeError(
                    f"{head}: the letter {letter} stands for size {known} in {where} and for size {size} in {shape}."
                )
    for letter in result.replace(".", ""):
        if letter not in sizes:
            return ShapeError(f"{head}: the result has the letter {letter}, which no operand has.")
        if result.count(letter) > 1:
            return ShapeError(f"{head}: the result has the letter {letter} twice.")
    return ShapeError(f"{head} does not fit shapes {', '.join(map(str, shapes))}: {error}")


def _explain_clip(shapes, keywords, error):
    bounds = [bound for bound in (keywords.get("min"), keywords.get("max")) if bound is not None]
    for bound in bounds:
        if np.asarray(bound).dtype.kind not in "fiub":
            return TypeError(f"clip takes bounds that are numbers, arrays or tensors, got {bound!r}.")
    return cannot_broadcast(*shapes, *map(np.shape, bounds))


def _explain_power(shapes, keywords, error):
    if "negative integer powers" in str(error):
        return ValueError("an integer to a negative power is not an integer: use t.float() ** -1.")
    return None


_SPECIAL = {
    "linear": _explain_linear,
    "@": lambda shapes, keywords, error: cannot_multiply(*shapes),
    "transpose": lambda shapes, keywords, error: ShapeError(
        f"permute{keywords['axes']} must name each axis of shape {shapes[0]} once."
    ),
    "reshape": _explain_reshape,
    "broadcast_to": _explain_broadcast_to,
    "concatenate": lambda shapes, keywords, error: cannot_concatenate(shapes, keywords.get("axis", 0)),
    "getitem": _explain_index,
    "setitem": _explain_index,
    "scatter": _explain_index,
    "inv": _explain_matrices("inv"),
    "det": _explain_matrices("det"),
    "solve": _explain_matrices("solve"),
    "einsum": _explain_einsum,
    "clip": _explain_clip,
    "**": _explain_power,
}
