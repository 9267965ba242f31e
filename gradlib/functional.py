"""Derivatives of functions, as tensors, which can be differentiated again.

For a function with the Jacobian J = ∂f/∂x, and H = ∂²f/∂x² where f is one number:

    grad      vᵀJ   of a graph that exists
    vjp       vᵀJ   one pass backward
    jvp       J v   two passes backward
    jacobian  J     one pass for every entry of f
    hvp       H v   two passes
    hessian   H     one pass, and one for every entry of x

Products cost a few passes whatever the size of the matrix, so compute the product if that is all you need. Names,
order of arguments and results are those of `torch.autograd.functional`; results are tensors, not arrays as `.grad`
is. There are two differences. Inputs and vectors may also be arrays and numbers. An output without a graph is an
error, where PyTorch returns zeros: mostly the graph was cut by accident, and zeros would hide it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from . import primitives as P
from .autograd import backward_steps, enable_grad, recording
from .errors import GraphError, ShapeError, flag, takes
from .finite_differences import (
    Disagreement,
    GradcheckWarning,
    disagreements,
    float64_inputs,
    gradcheck,
    numerical_gradient,
    verdict,
)
from .functions import stack
from .random import generator
from .tensor import Tensor

__all__ = [
    "GradcheckWarning", "grad", "gradcheck", "gradgradcheck", "hessian", "hvp", "jacobian", "jvp",
    "numerical_gradient", "vjp",
]  # fmt: skip


def grad(
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | Sequence[Tensor],
    grad_outputs: Any = None,
    create_graph: bool = False,
    allow_unused: bool = False,
    *,
    retain_graph: bool | None = None,
) -> tuple[Tensor | None, ...]:
    """The gradient Σ vᵀ ∂output/∂input for each input, as tensors. No `.grad` changes.

    outputs : a tensor or several, each of one element unless its v is given.
    inputs : a tensor or several from which the outputs were computed, leaves or intermediate results.
    grad_outputs : v = ∂L/∂output, of the output's shape: one for each output, None for 1.
    create_graph : record the computation of the gradients, so that they can be differentiated again.
    allow_unused : return None for an input that no output depends on, instead of raising an error.
    retain_graph : PyTorch's argument. The graph is always kept.

    >>> x = Tensor(2.0, requires_grad=True)
    >>> (slope,) = grad(x**3, x, create_graph=True)
    >>> (curvature,) = grad(slope, x)
    >>> slope.item(), curvature.item()
    (12.0, 12.0)

    Raises GraphError for an output without a graph, for an input without requires_grad, and for one that no
    output depends on; ShapeError for a v whose shape is not its output's.
    """
    if retain_graph is not None:
        flag("retain_graph", retain_graph)
    outputs, single = _tensors("outputs", outputs), isinstance(outputs, Tensor)
    inputs = _tensors("inputs", inputs)
    for i, tensor in enumerate(inputs):
        if not tensor.requires_grad:
            raise GraphError(
                f"input {i} (shape {tensor.shape}) does not need a gradient, so its graph was not recorded. Set "
                "requires_grad=True on it before the outputs are computed."
            )
    seeds = _seeds(outputs, grad_outputs, single, create_graph)
    with enable_grad():
        root, seed = _laid_end_to_end(outputs, seeds)
        steps = backward_steps(root, seed, create_graph)
        found = dict.fromkeys(map(id, inputs))
        for node, gradient, given in steps:
            if recording.watcher is not None and not create_graph:  # recorded operations are watched anyway
                recording.watcher.see_backward(node, gradient, given)
            if id(node) in found:
                found[id(node)] = gradient
        for i, tensor in enumerate(inputs):
            if found[id(tensor)] is None and not allow_unused:
                raise GraphError(
                    f"outputs do not depend on input {i} (shape {tensor.shape}): its gradient is zero everywhere. Was "
                    "it used, and does it have requires_grad=True? Pass allow_unused=True to get None for it."
                )
        return tuple(_as_tensor(found[id(tensor)], tensor.dtype) for tensor in inputs)


def _tensors(name: str, given: Any) -> list[Tensor]:
    """One tensor or several, as a list."""
    alone = isinstance(given, (Tensor, np.ndarray)) or not np.iterable(given)
    tensors = [given] if alone else list(given)
    if not tensors:
        raise ValueError(f"grad needs at least one tensor in {name}, got none.")
    for i, tensor in enumerate(tensors):
        if not isinstance(tensor, Tensor):
            raise TypeError(
                f"grad takes tensors of one graph, but {name}{'' if alone else [i]} is of type "
                f"{type(tensor).__name__}. To differentiate a function at an array, use vjp or jacobian."
            )
    return tensors


def _seeds(outputs: list[Tensor], grad_outputs: Any, single: bool, create_graph: bool) -> list:
    """Check v and return one for each output: arrays, or tensors if derivatives with respect to v are recorded."""
    given = grad_outputs
    if given is None:
        given = [None] * len(outputs)
    elif not isinstance(given, (list, tuple)) or (single and not all(map(_is_vector, given))):
        given = [given]  # one v; for a single output it may be a plain list of numbers
    if len(given) != len(outputs):
        raise ValueError(f"grad_outputs needs one v for each output, {len(outputs)} in all, got {len(given)}.")
    for i, (out, v) in enumerate(zip(outputs, given, strict=True)):
        if v is None and out.numel() != 1:
            raise GraphError(
                f"grad differentiates one number, but output {i} has shape {out.shape}. Reduce it first with .sum() or "
                f".mean(), or pass in grad_outputs an array of shape {out.shape} with a weight for each entry. For all "
                "derivatives of all entries use jacobian."
            )
    seeds = [out._seed(v) for out, v in zip(outputs, given, strict=True)]
    if not flag("create_graph", create_graph):
        return seeds
    return [
        _as_tensor(v if isinstance(v, Tensor) else seed, out.dtype)
        for out, v, seed in zip(outputs, given, seeds, strict=True)
    ]


def _is_vector(value: Any) -> bool:
    return value is None or isinstance(value, (Tensor, np.ndarray))


def _laid_end_to_end(outputs: list[Tensor], seeds: list) -> tuple[Tensor, Any]:
    """One tensor to go backward from, and its gradient."""
    if len(outputs) == 1:
        return outputs[0], seeds[0]
    return P.concatenate(*(out.reshape(-1) for out in outputs)), P.concatenate(*(seed.reshape(-1) for seed in seeds))


def _as_tensor(value: Any, dtype: np.dtype) -> Tensor | None:
    if isinstance(value, Tensor) and value.dtype != dtype:
        return value.astype(dtype)
    return value if value is None or isinstance(value, Tensor) else Tensor(value, dtype=dtype)


# Of functions ------------------------------------------------------------


def vjp(function: Callable, inputs: Any, v: Any = None, create_graph: bool = False) -> tuple:
    """The function's value, and vᵀJ. It takes one pass backward.

    function : takes tensors, returns a tensor or a tuple of them.
    inputs : a tensor, array or number, or a list or tuple of them, one for each argument. They are copied.
    v : of the output's shape; a tuple for a tuple. It may be left out for an output of one element.
    create_graph : record all operations, so that the results depend on inputs with requires_grad through the graph.

    Returns (value, vᵀJ), where vᵀJ has the inputs' shapes: a tensor for one input, a tuple for a tuple. It is
    zero for an input that the function does not use.

    >>> vjp(lambda x: x**2, np.array([1.0, 2.0, 3.0]), np.array([1.0, 1.0, 10.0]))
    (Tensor([1., 4., 9.], dtype=float64), Tensor([ 2.,  4., 60.], dtype=float64))

    Raises GraphError if the function's result has no graph, ShapeError if v does not fit.
    """
    variables = _variables(inputs, create_graph)
    result, outputs = _evaluated(function, variables)
    vectors = _vectors(v, result, outputs, "output")
    products = _pulled_back(outputs, variables, vectors, create_graph)
    return _value(result, create_graph), _like(products, inputs)


def jvp(function: Callable, inputs: Any, v: Any = None, create_graph: bool = False) -> tuple:
    """The function's value, and J v: how the output moves when the inputs move along v. It takes two passes backward.

    A pass backward gives Jᵀu, which is linear in u: the Jacobian of u ↦ Jᵀu is Jᵀ itself. A second pass, from
    Jᵀu back to u with the vector v, therefore gives (Jᵀ)ᵀv = J v, whatever u was (Townsend 2017).

    v : of the inputs' shapes; a tuple for a tuple. It may be left out for an input of one element. The other
        arguments are those of `vjp`. Returns (value, J v), where J v has the output's shape.

    >>> jvp(lambda x: x**2, np.array([1.0, 2.0, 3.0]), np.array([1.0, 0.0, 10.0]))
    (Tensor([1., 4., 9.], dtype=float64), Tensor([ 2.,  0., 60.], dtype=float64))
    """
    variables = _variables(inputs, create_graph)
    result, outputs = _evaluated(function, variables)
    vectors = _vectors(v, inputs, variables, "input")
    u = tuple(Tensor(np.ones_like(out.data), requires_grad=True) for out in outputs)
    pulled = _pulled_back(outputs, variables, u, create_graph=True)  # Jᵀu
    return _value(result, create_graph), _like(_pulled_back(pulled, u, vectors, create_graph), result)


def jacobian(function: Callable, inputs: Any, create_graph: bool = False) -> Any:
    """The matrix of all first derivatives, ∂output/∂input. It takes one pass backward for every entry of the output.

    function, inputs, create_graph : as in `vjp`.

    Returns a tensor of shape output.shape + input.shape, whose entry [i..., j...] is ∂outputᵢ/∂inputⱼ. It returns a
    tuple for a tuple of inputs or outputs; for tuples of both, [i][j] is the Jacobian of output i with respect to
    input j.

    >>> jacobian(lambda x: x**2, np.array([1.0, 2.0]))
    Tensor([[2., 0.],
            [0., 4.]], shape=(2, 2), dtype=float64)
    """
    variables = _variables(inputs, create_graph)
    result, outputs = _evaluated(function, variables)
    blocks = [_like(jacobian_rows(out, variables, create_graph), inputs) for out in outputs]
    return _like(blocks, result)


def hvp(function: Callable, inputs: Any, v: Any = None, create_graph: bool = False) -> tuple:
    """The function's value, and H v, without H: how the gradient moves when the inputs move along v.

    H v = ∇(∇f · v) with v held fixed, which takes two passes backward. They compute Hᵀv, which is H v wherever the
    second derivatives are continuous (Pearlmutter 1994, "Fast exact multiplication by the Hessian").

    function : takes tensors, returns a tensor of one element. v : of the inputs' shapes, as in `jvp`.

    Returns (value, H v), where H v has the inputs' shapes.

    >>> hvp(lambda x: (x**3).sum(), np.array([1.0, 2.0]), np.array([1.0, 10.0]))
    (Tensor(9., dtype=float64), Tensor([  6., 120.], dtype=float64))
    """
    variables = _variables(inputs, create_graph)
    result, slopes = _slopes("hvp", function, variables)
    vectors = _vectors(v, inputs, variables, "input")
    return _value(result, create_graph), _like(_pulled_back(slopes, variables, vectors, create_graph), inputs)


def hessian(function: Callable, inputs: Any, create_graph: bool = False) -> Any:
    """The matrix of all second derivatives, ∂²f/∂x²: the Jacobian of the gradient.

    function : takes tensors, returns a tensor of one element. inputs, create_graph : as in `vjp`.

    Returns a tensor of shape input.shape + input.shape. For a tuple of inputs it returns a tuple of tuples, where
    [i][j] is ∂²f/∂xᵢ∂xⱼ.

    >>> hessian(lambda x: x[0] ** 2 * x[1], np.array([1.0, 2.0]))
    Tensor([[4., 2.],
            [2., 0.]], shape=(2, 2), dtype=float64)
    """
    variables = _variables(inputs, create_graph)
    _, slopes = _slopes("hessian", function, variables)
    blocks = [_like(jacobian_rows(slope, variables, create_graph), inputs) for slope in slopes]
    return _like(blocks, inputs)


def gradgradcheck(
    function: Callable[..., Any],
    inputs: Any,
    *,
    atol: float = 1e-7,
    rtol: float = 1e-5,
    raise_exception: bool = True,
    rng: np.random.Generator | None = None,
) -> bool:
    """Compare second derivatives with central finite differences of the first: gradcheck of the gradient.

    The gradient is Σ g ∂output/∂input with a random cotangent g, so that no two entries of the output have the same
    weight. It is checked as a function of the inputs and of g, in which it is linear. Where the function is linear,
    its gradient does not depend on the inputs, and the check passes if the finite differences are zero too. The
    gradient must also equal the one that `backward()` computes. Use `gradcheck` to check that gradient itself.

    Arguments, result and errors are those of `gradcheck`.

    >>> gradgradcheck(lambda x, y: x * y + x.sin(), [np.array([0.5, 2.0]), np.array([3.0])])
    True
    """
    arrays, moving = float64_inputs(inputs)
    count = len(arrays)

    def slopes(*tensors: Tensor) -> tuple[Tensor, ...]:
        arguments = [_moving(t) if i in moving else t for i, t in enumerate(tensors[:count])]
        _, outputs = _evaluated(function, arguments)
        return _pulled_back(outputs, [arguments[i] for i in moving], tensors[count:], create_graph=True)

    points = [Tensor(array, requires_grad=i in moving) for i, array in enumerate(arrays)]
    _, outputs = _evaluated(function, points)
    rng = np.random.default_rng(0) if rng is None else generator(rng)
    cotangents = [Tensor(rng.normal(size=out.shape), requires_grad=True) for out in outputs]
    found = disagreements(slopes, points + cotangents, atol=atol, rtol=rtol, rng=rng, may_be_flat=True)
    where = f"in the gradient as a function of the inputs (input {count} on: of the cotangents), "
    found = [each._replace(message=where + each.message) for each in found]
    by_arrays = _pulled_back(outputs, [points[i] for i in moving], cotangents, create_graph=False)
    for i, fast, recorded in zip(moving, by_arrays, slopes(*points, *cotangents), strict=True):
        if not np.allclose(fast.data, recorded.data, rtol=1e-9, atol=1e-12):
            error = np.abs(fast.data - recorded.data).max()
            message = (
                f"the gradient at input {i} with create_graph=True differs from that of backward() by {error:.3g}: a "
                "rule computes one thing on arrays and another on tensors."
            )
            found.append(Disagreement(error, message))
    return verdict(found, raise_exception)


def _moving(tensor: Tensor) -> Tensor:
    """The tensor if it needs a gradient, else a leaf with its value that needs one."""
    return tensor if tensor.requires_grad else tensor.detach().requires_grad_()


# Shared parts ------------------------------------------------------------


def _variables(inputs: Any, create_graph: bool) -> tuple[Tensor, ...]:
    """The inputs as tensors for differentiation: new leaves, or new views of tensors already in a graph."""
    values = inputs if isinstance(inputs, (list, tuple)) else (inputs,)
    flag("create_graph", create_graph)
    if not values:
        raise ValueError("there is nothing to differentiate with respect to: inputs is empty.")
    return tuple(_variable(i, value, create_graph) for i, value in enumerate(values))


def _variable(i: int, value: Any, create_graph: bool) -> Tensor:
    if isinstance(value, Tensor) and value.requires_grad and create_graph:
        with enable_grad():
            return value.reshape(value.shape)  # a tensor given twice is two variables
    tensor = Tensor(value.data if isinstance(value, Tensor) else value)
    if tensor.dtype.kind != "f":
        raise TypeError(
            f"input {i} is {tensor.dtype}, which cannot change by a small amount. Write 2.0 instead of 2. An argument "
            "without a derivative, such as an index, goes into a lambda: jacobian(lambda x: f(x, index), x)."
        )
    return tensor.requires_grad_()


def _evaluated(function: Callable, variables: Sequence[Tensor]) -> tuple[Any, tuple[Tensor, ...]]:
    """The function's result, and its outputs as a tuple of tensors. Each must have a graph."""
    takes(function, variables)
    with enable_grad():
        result = function(*variables)
    outputs = tuple(result) if isinstance(result, (list, tuple)) else (result,)
    for i, out in enumerate(outputs):
        if not isinstance(out, Tensor):
            raise TypeError(
                f"the function must return a Tensor or a tuple of them, but output {i} is {type(out).__name__}. Were "
                "its numbers taken out of the graph, by .data, float() or .item()?"
            )
        if not out.requires_grad:
            raise GraphError(
                f"output {i} of the function, of shape {out.shape}, does not depend on the inputs through the graph: "
                f"{f'it was cut by {out._cut}' if out._cut else 'it is a constant, or was cut by .data'}. Leave a "
                "constant out: its derivative is zero."
            )
    return result, outputs


def _slopes(name: str, function: Callable, variables: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
    """The function's value, one number, and its recorded gradient with respect to each variable."""
    result, _ = _evaluated(function, variables)
    if not isinstance(result, Tensor) or result.numel() != 1:
        got = f"one of shape {result.shape}" if isinstance(result, Tensor) else f"{len(result)} in a tuple"
        raise ShapeError(
            f"{name} needs a function that returns a tensor of one element, got {got}. Reduce it first with .sum() or "
            ".mean(), or take one entry."
        )
    return result, _pulled_back([result], variables, [None], create_graph=True)


def _vectors(v: Any, given: Any, tensors: tuple[Tensor, ...], what: str) -> list:
    """A v for each of the tensors, of its shape."""
    several = isinstance(given, (list, tuple))
    if v is None:
        if len(tensors) != 1 or tensors[0].numel() != 1:
            raise ValueError(
                f"v may be left out only for one {what} of one element, got shapes "
                f"{[tensor.shape for tensor in tensors]}. Pass v, of the same shapes."
            )
        return [Tensor(np.ones_like(tensors[0].data))]
    vectors = list(v) if several and isinstance(v, (list, tuple)) else [v]
    if len(vectors) != len(tensors):
        raise ValueError(f"v needs one vector for each {what}, {len(tensors)} in all, got {len(vectors)}.")
    for i, (vector, tensor) in enumerate(zip(vectors, tensors, strict=True)):
        if np.shape(vector) != tensor.shape:
            raise ShapeError(f"v must have the shape of {what} {i}, {tensor.shape}, got {np.shape(vector)}.")
    return vectors


def _pulled_back(
    outputs: Sequence[Tensor], variables: Sequence[Tensor], vectors: Sequence, create_graph: bool
) -> tuple[Tensor, ...]:
    """Σ vᵀ ∂output/∂variable for each variable: zeros where no output depends on it."""
    felt = [(out, v) for out, v in zip(outputs, vectors, strict=True) if out.requires_grad]
    if not felt:
        gradients = [None] * len(variables)
    else:
        outputs, vectors = zip(*felt, strict=True)
        gradients = grad(outputs, variables, vectors, create_graph, allow_unused=True)
    zeros = [np.zeros_like(x.data) for x in variables]
    return tuple(Tensor(zero) if g is None else g for g, zero in zip(gradients, zeros, strict=True))


def jacobian_rows(out: Tensor, variables: tuple[Tensor, ...], create_graph: bool) -> list[Tensor]:
    """∂out/∂variable for each variable, a row for each entry of out: its v is one there, zero elsewhere."""
    ones = np.eye(out.numel(), dtype=out.dtype)
    rows = [_pulled_back([out], variables, [one.reshape(out.shape)], create_graph) for one in ones]
    if not rows:
        return [Tensor(np.zeros(out.shape + x.shape, x.dtype)) for x in variables]
    return [
        stack(column).reshape(out.shape + x.shape)  # n of x.shape -> (n, *x.shape) -> out.shape + x.shape
        for column, x in zip(zip(*rows, strict=True), variables, strict=True)
    ]


def _value(result: Any, create_graph: bool) -> Any:
    """The function's value, detached unless the graph is kept."""
    if create_graph:
        return result
    return tuple(out.detach() for out in result) if isinstance(result, (list, tuple)) else result.detach()


def _like(values: Sequence, given: Any) -> Any:
    """Return a tuple if a tuple or list was given, else the only value."""
    return tuple(values) if isinstance(given, (list, tuple)) else values[0]
