"""Checkpointing: less memory for more time."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from . import random
from .autograd import enable_grad, recording, topological_order
from .errors import GraphError
from .functional import grad
from .functions import concatenate
from .operations import plain
from .primitives import Primitive, Vjp
from .tensor import Tensor, apply, on


def checkpoint(function: Callable, *inputs: Any) -> Any:
    """function(*inputs), without keeping what it computes on the way: `backward()` runs it a second time.

    A graph keeps every intermediate result until `backward()`. Cut into k segments, each in a checkpoint, a chain
    of n operations keeps k results and, while a segment goes backward, n/k more; with k = √n that is 2√n in place
    of n, for one more forward pass (Chen and others, Training Deep Nets with Sublinear Memory Cost, 2016).

    function : takes the inputs, returns a tensor or a tuple of tensors. It must give the same both times. What it
        draws from `gradlib.random.default_rng()` it draws again. What it writes, as batch norm its averages, it
        writes twice.
    inputs : tensors and anything else. Tensors that function uses without being given them, the parameters of a
        module, get their gradients too.

    >>> x = Tensor([1.0, 2.0], requires_grad=True)
    >>> checkpoint(lambda x: (x * x).exp().sin(), x).sum().backward()
    >>> y = Tensor([1.0, 2.0], requires_grad=True)
    >>> (y * y).exp().sin().sum().backward()
    >>> bool((x.grad == y.grad).all())
    True

    Raises GraphError if function gives another result the second time, TypeError if it returns no tensor.
    """
    if not recording.enabled:
        return function(*inputs)
    segment = _Segment(function, inputs)
    packed = apply(_PRIMITIVE, *segment.given, *segment.found, segment=segment)
    if segment.kinds is None:
        return packed
    parts = packed.split([math.prod(shape) for shape, _ in segment.kinds])
    return tuple(part.reshape(shape).astype(dtype) for part, (shape, dtype) in zip(parts, segment.kinds, strict=True))


class _Segment:
    """A function, its inputs, and what is needed to run it again.

    given, found : the tensors among its inputs; the leaves that it found by itself.
    kinds : shape and dtype of its results if there are several; None if it returns one tensor.
    """

    def __init__(self, function: Callable, inputs: tuple):
        self._function, self._inputs = function, inputs
        self.given = tuple(value for value in inputs if isinstance(value, Tensor))
        self._random_state = random.default_rng().bit_generator.state
        self.kinds = None
        fresh = [on(tensor.data, tensor.requires_grad) for tensor in self.given]
        self.result = self._run(fresh)
        known = set(map(id, fresh))
        self.found = tuple(
            node
            for node in topological_order(self.result)
            if node.is_leaf and node.requires_grad and id(node) not in known
        )

    def _run(self, tensors: list[Tensor]) -> Tensor:
        """The result on other tensors in place of the given ones; several are packed into one vector."""
        replacements = iter(tensors)
        inputs = [next(replacements) if isinstance(value, Tensor) else value for value in self._inputs]
        with enable_grad():
            results = self._function(*inputs)
            several = isinstance(results, (tuple, list)) and len(results) > 0
            for result in results if several else (results,):
                if not isinstance(result, Tensor):
                    raise TypeError(
                        "checkpoint takes a function that returns a tensor or a tuple of them; it returned "
                        f"{type(result).__name__}."
                    )
            if not several:
                return results
            self.kinds = [(result.shape, result.dtype) for result in results]
            return concatenate([result.reshape(-1) for result in results])

    def take_result(self) -> np.ndarray:
        """The first result, once: the graph behind it is not kept."""
        array, self.result = self.result.data, None
        return array

    def gradients(self, g, z, inputs: tuple) -> list:
        """The gradient of each input: on arrays an array, on tensors a tensor that can be differentiated again."""
        again = isinstance(g, Tensor)
        count = len(self.given)
        flags = [tensor.requires_grad for tensor in self.given]
        given = inputs[:count] if again else [on(x, flag) for x, flag in zip(inputs, flags, strict=False)]
        generator = random.default_rng().bit_generator
        now, generator.state = generator.state, self._random_state
        try:
            result = self._run(given)
        finally:
            generator.state = now
        if not np.array_equal(plain(result), plain(z), equal_nan=True):
            raise GraphError(
                "checkpoint ran the function a second time and it gave another result, so its gradient would be "
                "of something else. Draw random numbers outside of it, or from gradlib.random.default_rng()."
            )
        tensors = (*given, *self.found)
        wanted = [tensor for tensor in tensors if tensor.requires_grad]
        found = iter(grad(result, wanted, g, create_graph=again, allow_unused=True))
        gradients = [next(found) if tensor.requires_grad else None for tensor in tensors]
        return gradients if again else [None if gradient is None else gradient.data for gradient in gradients]


_PRIMITIVE = Primitive(
    "checkpoint",
    lambda *arrays, segment: segment.take_result(),
    joint=Vjp(lambda g, z, *inputs, segment: segment.gradients(g, z, inputs), r"\operatorname{again} {g}"),
)
