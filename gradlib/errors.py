"""The errors that gradlib raises. Each message says what was expected, what came, and what to do."""

from __future__ import annotations


class ShapeError(ValueError):
    """Two shapes do not fit together."""


class GraphError(RuntimeError):
    """A gradient was asked of a graph that cannot give it: it was cut, never recorded, or overwritten."""


class GradcheckError(AssertionError):
    """A gradient disagrees with finite differences."""


def cannot_broadcast(*shapes: tuple[int, ...]) -> ShapeError:
    """The error for shapes that do not broadcast: names the axis, the two sizes, and a likely mend.

    >>> print(cannot_broadcast((2, 3), (2,)))
    cannot broadcast (2, 3) with (2,): axis -1 has size 3 in one and 2 in the other. \
Counted from the last axis, sizes must be equal or 1. \
Did you mean (2, 1), one number for each row? Then reshape(2, 1).
    """
    longest = max(len(shape) for shape in shapes)
    padded = [(1,) * (longest - len(shape)) + tuple(shape) for shape in shapes]
    axis = next(i for i in reversed(range(longest)) if len({shape[i] for shape in padded} - {1}) > 1)
    sizes = list(dict.fromkeys(shape[axis] for shape in padded if shape[axis] != 1))
    message = (
        f"cannot broadcast {' with '.join(map(str, shapes))}: axis {axis - longest} has size {sizes[0]} in "
        "one "
        f"and {sizes[1]} in the other. Counted from the last axis, sizes must be equal or 1."
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
            f"cannot matrix-multiply {left} by {right}: a 0-d tensor has no axis to sum over. Use * for a "
            "product."
        )
    inner_left, inner_right = left[-1], right[-2] if len(right) > 1 else right[-1]
    if inner_left == inner_right:  # the matrices fit, so the batch axes in front of them do not
        broadcast = cannot_broadcast(left[:-2], right[:-2])
        return ShapeError(
            f"cannot multiply {left} by {right}: the axes before the matrices do not fit: {broadcast}"
        )
    message = f"cannot multiply {left} by {right}: the inner sizes {inner_left} and {inner_right} differ."
    if len(right) > 1 and right[-1] == inner_left:
        mended = right[:-2] + (right[-1], right[-2])
        message += f" The second looks transposed: try .mT on it, for {left} @ {mended}."
    elif len(left) > 1 and left[-2] == inner_right:
        mended = left[:-2] + (left[-1], left[-2])
        message += f" The first looks transposed: try .mT on it, for {mended} @ {right}."
    return ShapeError(message)
