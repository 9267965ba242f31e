"""Checkpointing: trade time for memory."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from . import random
from .amp import autocast
from .autograd import enable_grad, recording, topological_order
from .errors import GraphError
from .functional import grad
from .functions import concatenate
from .operations import plain
from .primitives import Primitive, Vjp
from .tensor import Tensor, apply, on


def checkpoint(function: Callable, *inputs: Any, use_reentrant: bool = False, **keywords: Any) -> Any:
    """Compute function(*inputs, **keywords) and keep no intermediate results: `backward()` runs it a second time.

    A graph keeps every intermediate result until `backward()`. A chain of n operations, cut into k segments with a
    checkpoint each, keeps k results and, while one segment goes backward, n/k more. With k = √n that is 2√n instead
    of n, for one additional forward pass (Chen and others, Training Deep Nets with Sublinear Memory Cost, 2016).

    function : takes the inputs and returns a tensor or a tuple of tensors. It must return the same both times. It runs
        in the same autocast mode and draws the same numbers from `gradlib.random.default_rng()`. Its side effects, such
        as batch-norm averages, happen twice.
    inputs : tensors and anything else. Tensors that function uses without taking them as inputs, such as the parameters
        of a module, get their gradients too.
    use_reentrant : has no effect; PyTorch's programs pass it.

    >>> x = Tensor([1.0, 2.0], requires_grad=True)
    >>> checkpoint(lambda x: (x * x).exp().sin(), x).sum().backward()
    >>> y = Tensor([1.0, 2.0], requires_grad=True)
    >>> (y * y).exp().sin().sum().backward()
    >>> bool((x.grad == y.grad).all())
    True

    Raises GraphError if the second result differs from the first, TypeError if function returns something else than
    tensors.
    """
    if not callable(function):
        raise TypeError(f"checkpoint takes a function and its inputs, got {type(function).__name__} first.")
    function = partial(function, **keywords) if keywords else function
    if not recording.enabled:
        return function(*inputs)
    segment = _Segment(function, inputs)
    packed = apply(_PRIMITIVE, *segment.given, *segment.found, segment=segment)
    if segment.kinds is None:
        return packed
    results = list(zip(segment.kinds, segment.constants, strict=True))
    sizes = [math.prod(shape) for (shape, _), constant in results if constant is None]
    parts = iter(packed.split(sizes) if sizes else ())
    return tuple(
        next(parts).reshape(shape).astype(dtype) if constant is None else constant
        for (shape, dtype), constant in results
    )


class _Segment:
    """A function, its inputs, and the state that its second run needs: random numbers and precision.

    given, found : the tensors among its inputs; the leaves that it uses without taking them as inputs.
    kinds : shape and dtype of its results if there are several; None if it returns one tensor.
    constants : the results among several that have no gradient, integers and bools; None for each of the others.
    """

    def __init__(self, function: Callable, inputs: tuple):
        self._function, self._inputs = function, inputs
        self.given = tuple(value for value in inputs if isinstance(value, Tensor))
        self._random_state = random.default_rng().bit_generator.state
        self._products_in = recording.products_in
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
        """The result on other tensors instead of the given ones; several are packed into one vector."""
        replacements = iter(tensors)
        inputs = [next(replacements) if isinstance(value, Tensor) else value for value in self._inputs]
        with enable_grad():
            results = self._function(*inputs)
            several = isinstance(results, (tuple, list)) and len(results) > 0
            for result in results if several else (results,):
                if not isinstance(result, Tensor):
                    raise TypeError(
                        "checkpoint takes a function that returns a tensor or a tuple of tensors; it returned "
                        f"{type(result).__name__}."
                    )
            if not several:
                return results
            self.kinds = [(result.shape, result.dtype) for result in results]
            # A vector of floats would round integers.
            self.constants = [None if result.dtype.kind == "f" else result.detach() for result in results]
            floats = [result.reshape(-1) for result in results if result.dtype.kind == "f"]
            return concatenate(floats) if floats else Tensor(np.zeros(0))

    def take_result(self) -> np.ndarray:
        """The first result; it can be taken once, since its graph is not kept."""
        array, self.result = self.result.data, None
        return array

    def gradients(self, g, z, inputs: tuple) -> list:
        """The gradient of each input: an array for arrays, for tensors a tensor that can be differentiated again."""
        again = isinstance(g, Tensor)
        count = len(self.given)
        flags = [tensor.requires_grad for tensor in self.given]
        given = inputs[:count] if again else [on(x, flag) for x, flag in zip(inputs, flags, strict=False)]
        generator = random.default_rng().bit_generator
        now, generator.state = generator.state, self._random_state
        try:
            with self._first_precision():
                result = self._run(given)
        finally:
            generator.state = now
        if not np.array_equal(plain(result), plain(z), equal_nan=True):
            raise GraphError(
                "checkpoint ran the function a second time and got another result, so the gradient would belong to "
                "another function. Leave parameters and modes (train, eval) unchanged until backward(), and draw "
                "random numbers outside of the function or from gradlib.random.default_rng()."
            )
        tensors = (*given, *self.found)
        wanted = [tensor for tensor in tensors if tensor.requires_grad]
        found = iter(grad(result, wanted, g, create_graph=again, allow_unused=True))
        gradients = [next(found) if tensor.requires_grad else None for tensor in tensors]
        return gradients if again else [None if gradient is None else gradient.data for gradient in gradients]

    def _first_precision(self) -> autocast:
        """The autocast mode of the first run; `backward()` stands outside of the block."""
        if self._products_in is None:
            return autocast(enabled=False)
        return autocast(self._products_in)


_PRIMITIVE = Primitive(
    "checkpoint",
    lambda *arrays, segment: segment.take_result(),
    joint=Vjp(lambda g, z, *inputs, segment: segment.gradients(g, z, inputs), r"\operatorname{again} {g}"),
)
