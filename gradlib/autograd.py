"""Walking backward through a graph.

A graph is nothing but nodes that remember their inputs (`_prev`) and their operation (`_op`, an entry of the
table or its symbol). Tensors are such nodes, so are the scalars of lesson 03 and the classes that learners
write: everything here works on all of them. What is drawn and explained elsewhere iterates over the same
`backward_steps` that `backward()` exhausts.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from . import primitives
from .errors import GraphError


class _Recording(threading.local):
    """Whether operations on tensors are recorded, in this thread."""

    enabled = True


recording = _Recording()


class _Writes:
    """How many times a tensor's array has been overwritten, anywhere. A tensor notes the count when it is
    made, so that `backward()` can tell whether an input has been overwritten since it was used."""

    count = 0


writes = _Writes()


class no_grad(contextlib.ContextDecorator):
    """Record nothing inside: results need no gradient and writing in place is allowed. A context or a
    decorator.

    >>> import gradlib
    >>> weight = gradlib.Tensor([1.0], requires_grad=True)
    >>> with gradlib.no_grad():
    ...     weight -= 0.5
    >>> weight
    Tensor([0.5], requires_grad=True)
    """

    _enabled = False

    def __enter__(self) -> None:
        self._before = recording.enabled
        recording.enabled = self._enabled

    def __exit__(self, *_) -> None:
        recording.enabled = self._before

    def _recreate_cm(self):
        return type(self)()  # a decorated function may call itself: each call keeps its own `_before`


class enable_grad(no_grad):
    """Record again, inside a `no_grad`."""

    _enabled = True


def unbroadcast(gradient, shape: tuple[int, ...]):
    """Sum a gradient over the axes that broadcasting stretched, so that it has the shape of the input again.

    An entry that was read n times collects n gradients.

    >>> unbroadcast(np.ones((2, 3)), (3,)), unbroadcast(np.ones((2, 3)), (2, 1))
    (array([2., 2., 2.]), array([[3.],
           [3.]]))
    """
    new_axes = gradient.ndim - len(shape)
    stretched = [new_axes + i for i, size in enumerate(shape) if size == 1 != gradient.shape[new_axes + i]]
    return gradient.sum(axis=(*range(new_axes), *stretched)).reshape(shape)


def is_node(thing: Any) -> bool:
    """Whether something is a node of a graph. Plain numbers and arrays are constants."""
    return hasattr(thing, "_prev") and hasattr(thing, "_op")


def needs_gradient(thing: Any) -> bool:
    """Whether gradients flow into it: a node, unless it says `requires_grad = False`."""
    flag = getattr(thing, "requires_grad", None)
    return is_node(thing) if flag is None else flag


def topological_order(root, follow: Callable = needs_gradient) -> list:
    """Every node that the gradient of root reaches, inputs before outputs, root last.

    `follow` tells which inputs to go on to: by default those that need a gradient. A stack takes the place of
    recursion, which ends at a depth of 1,000.
    """
    order, seen, stack = [], set(), [root]
    while stack:
        node = stack.pop()
        if node is None:  # the marker: all inputs of the node below it are in the order
            order.append(stack.pop())
        elif id(node) not in seen:
            seen.add(id(node))
            stack += (node, None)
            for parent in reversed(node._prev):  # the first input comes first in the order
                if id(parent) not in seen and follow(parent):
                    stack.append(parent)
    return order


def value_of(node) -> np.ndarray:
    """The array that a node, a number or an array holds. Whole numbers become floats: 2 ** -1 is 0.5."""
    data = node.data if is_node(node) else node
    return np.asarray(float(data) if type(data) is int else data)


def backward_steps(root, gradient=None, value: Callable = value_of) -> Iterator[tuple[Any, Any, tuple]]:
    """Yield (node, gradient, contribution to each input), from root to the leaves, every node once.

    A node is reached when everything that uses it has been: its gradient ∂root/∂node, the sum over those
    uses, is then complete. A leaf has no contributions; a contribution is None where the input needs no
    gradient. `gradient` is ∂L/∂root, by default ones. `value` reads what the rules compute on: arrays, or the
    nodes themselves when the gradients are to be differentiated again.

    >>> from gradlib.scalar import Value
    >>> x = Value(3.0, "x")
    >>> for node, gradient, contributions in backward_steps(x * x + x):
    ...     print(node._op or node.name, gradient, *contributions)
    + 1.0 1.0 1.0
    · 1.0 3.0 3.0
    x 7.0
    """
    order = topological_order(root)
    if hasattr(root, "_refuse_overwritten"):
        root._refuse_overwritten(order)
    ones = np.ones_like(value_of(root), dtype=float) if gradient is None else gradient
    gradients = {id(root): ones}
    for node in reversed(order):
        arrived = gradients.pop(id(node), None)
        if arrived is None:  # reached only through an input without a derivative, the condition of a `where`
            continue
        given = contributions(node, arrived, value) if node._op else ()
        yield node, arrived, given
        for parent, contribution in zip(node._prev, given):  # noqa: B905 (strict costs 50 ns)
            if contribution is not None:
                key = id(parent)
                earlier = gradients.get(key)
                gradients[key] = contribution if earlier is None else earlier + contribution


def contributions(node, gradient, value: Callable = value_of) -> tuple:
    """What one node hands to each of its inputs: the rule of its operation, applied to its gradient.

    None where an input needs no gradient, or has no derivative.
    """
    op = node._op
    if type(op) is not primitives.Primitive:
        op = primitives.find(op)
    parents = node._prev
    if len(parents) != len(op.rules):
        raise GraphError(
            f"the operation {op.symbol!r} takes {len(op.rules)} inputs, but a node made by it has "
            f"{len(parents)} in _prev. List every input there, constants too."
        )
    inputs = [value(parent) for parent in parents]
    output = value(node)
    keywords = getattr(node, "_kwargs", None) or {}
    given = []
    for parent, array, rule in zip(parents, inputs, op.rules):  # noqa: B905
        if rule is None or not needs_gradient(parent):
            given.append(None)
            continue
        contribution = rule(gradient, output, *inputs, **keywords)
        if contribution.shape != array.shape:
            contribution = unbroadcast(contribution, array.shape)
        given.append(contribution)
    return tuple(given)
