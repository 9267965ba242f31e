"""Walking backward through a graph.

A graph is made of nodes. Each node remembers its inputs (`_prev`) and its operation (`_op`, an entry of the
table or its symbol). Tensors are such nodes, and so are the scalars of lesson 03 and the classes that learners
write: everything here works on all of them. `backward()` runs through `backward_steps`; pictures and
explanations iterate over the same steps.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import threading
import weakref
from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import Any

import numpy as np

from .device import DeviceArray, as_array, to
from .errors import GraphError, ShapeError, bad_data, refuse_masked
from .formulas import rules_text
from .habits import no_such
from .primitives import TABLE, Primitive, find
from .primitives.table import HALF


class _Recording(threading.local):
    """The settings of this thread for recording operations on tensors.

    enabled : True or False.
    watcher : the object of `detect_anomaly` that looks at every result and every gradient, or None.
    products_in : the dtype in which `amp.autocast` computes products, or None.
    """

    enabled = True
    watcher: Any = None
    products_in = None

    def __init__(self):  # called once in each thread
        self.outside: list[tuple] = []  # the state to return to at the end of each open `RecordingMode`
        self.at_end: dict[Callable, bool] = {}  # what `backward()` calls when all gradients are there; hooks add to it

    def state(self) -> tuple:
        return self.enabled, self.watcher, self.products_in, self.outside

    def take(self, state: tuple) -> None:
        self.enabled, self.watcher, self.products_in, self.outside = state


recording = _Recording()

# The `autocast` and `detect_anomaly` blocks that are open, in any thread. `apply` looks here first: asking the thread
# takes 5 times as long.
unusual: list = []


class RecordingMode(contextlib.ContextDecorator):
    """A change to `recording`, for a `with` block or for the calls of a decorated function.

    The earlier state is kept on a stack of the thread, not in the object, so one object can be entered inside itself
    and in several threads. A decorated generator function is in the mode only while its own lines run.
    """

    is_unusual = False

    def change(self) -> None:
        """Set the attributes of `recording` for the block."""
        raise NotImplementedError

    def __enter__(self) -> Any:
        recording.outside.append((recording.enabled, recording.watcher, recording.products_in))
        self.change()
        if self.is_unusual:
            unusual.append(self)
        return self

    def __exit__(self, *_) -> None:
        if self.is_unusual:
            unusual.remove(self)
        recording.enabled, recording.watcher, recording.products_in = recording.outside.pop()

    def __call__(self, function: Callable) -> Callable:
        name = getattr(function, "__name__", repr(function))
        if inspect.isclass(function):
            raise TypeError(
                f"{type(self).__name__} decorates functions, not the class {name}, of which it would only reach the "
                "construction. Decorate its methods."
            )
        if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
            raise TypeError(
                f"{type(self).__name__} cannot decorate the async function {name}, whose lines run after the call has "
                f"returned. Write `with {type(self).__name__}():` inside it, around lines without await."
            )
        if not inspect.isgeneratorfunction(function):
            return super().__call__(function)

        @functools.wraps(function)
        def in_this_mode(*args, **keywords):
            generator = function(*args, **keywords)
            own = None  # the state of its own lines while it waits inside a block that it has opened

            def resume(proceed: Callable, *given) -> Any:
                nonlocal own
                with self:
                    modes = recording.state()
                    recording.take(own or (*modes[:-1], []))
                    try:
                        return proceed(*given)
                    finally:
                        own = recording.state() if recording.outside else None
                        recording.take(modes)

            proceed, given = generator.send, None
            while True:
                try:
                    value = resume(proceed, given)
                except StopIteration as end:
                    return end.value
                try:
                    proceed, given = generator.send, (yield value)
                except GeneratorExit:
                    resume(generator.close)
                    raise
                except BaseException as error:  # the caller threw it in: the generator must handle it
                    proceed, given = generator.throw, error

        return in_this_mode


def with_or_without_brackets(cls, function: Callable | None = None):
    """The `__new__` of a mode without arguments: `@no_grad` decorates a function as `@no_grad()` does."""
    mode = object.__new__(cls)
    if function is None:
        return mode
    if not callable(function):
        raise TypeError(f"{cls.__name__} takes no argument but the function that it decorates, got {function!r}.")
    return mode(function)


class _Writes:
    """A record of writes to arrays. With it `backward()` can tell whether a value has changed since it was used.

    Each tensor notes the count of writes when it is made. Writes are counted by memory, not by tensor: t.detach(),
    t.reshape(…) and t[0] share the array of t.
    """

    def __init__(self):
        self.count = 0
        self.assigned = weakref.WeakValueDictionary()  # the tensors that `t[i] = v` has changed in a graph, by id
        self._last: dict[int, list] = {}  # [count, weak reference], by id of the array that owns the memory

    def mark(self, array: np.ndarray) -> None:
        """Note that an array has been overwritten."""
        self.count += 1
        owner = owner_of(array)
        key = id(owner)
        if key in self._last:
            self._last[key][0] = self.count
        else:
            self._last[key] = [self.count, weakref.ref(owner, lambda _: self._last.pop(key, None))]

    def last(self, array: np.ndarray) -> int:
        """The count at the last write to an array's memory; 0 if there was none."""
        return self._last.get(id(owner_of(array)), (0,))[0]

    def note_assignment(self, tensor) -> int:
        """Count an assignment that was recorded, and return the count. Nodes made before it used the old value."""
        self.assigned[id(tensor)] = tensor
        self.count += 1
        return self.count

    def refuse_overwritten(self, order: list) -> None:
        """Raise GraphError if a tensor in the graph was overwritten after an operation used or made it."""
        for node in order:
            if node._made == self.count or node._op is None:  # mostly nothing was written since
                continue
            for tensor in (*node._prev, node):
                if self.last(tensor._array) > node._made:
                    what = "its result" if tensor is node else f"its input of shape {tensor.shape}"
                    raise GraphError(
                        f"backward() needs the values that {node._op.symbol!r} worked with, but {what} was overwritten "
                        "in place afterwards. Compute the result again, or make a new tensor instead of overwriting "
                        "this one."
                    )


def owner_of(array: np.ndarray) -> np.ndarray:
    """The array that owns the memory of an array, itself or the one it is a view of."""
    while type(array.base) is np.ndarray:
        array = array.base
    return array


writes = _Writes()


class no_grad(RecordingMode):
    """Record nothing inside: results need no gradient, and writing in place is allowed.

    Use it as a context manager or as a decorator.

    >>> import gradlib
    >>> weight = gradlib.Tensor([1.0], requires_grad=True)
    >>> with gradlib.no_grad():
    ...     weight -= 0.5
    >>> weight
    Tensor([0.5], requires_grad=True)
    """

    __new__ = with_or_without_brackets

    def change(self) -> None:
        recording.enabled = False


class enable_grad(RecordingMode):
    """Record again, inside a `no_grad`. Use it as a context manager or as a decorator."""

    __new__ = with_or_without_brackets

    def change(self) -> None:
        recording.enabled = True


add_up = TABLE["sum"]


def unbroadcast(gradient, shape: tuple[int, ...]):
    """Sum a gradient over the axes that broadcasting stretched, so that it has the shape of the input again.

    An entry that was read n times collects n gradients.

    >>> unbroadcast(np.ones((2, 3)), (3,)), unbroadcast(np.ones((2, 3)), (2, 1))
    (array([2., 2., 2.]), array([[3.],
           [3.]]))
    """
    new_axes = gradient.ndim - len(shape)
    if new_axes:
        gradient = add_up(gradient, axis=0 if new_axes == 1 else tuple(range(new_axes)))
    stretched = tuple(i for i, size in enumerate(shape) if size == 1 != gradient.shape[i])
    return add_up(gradient, axis=stretched, keepdims=True) if stretched else gradient


def is_node(thing: Any) -> bool:
    """Return True for a node of a graph. Plain numbers and arrays are constants."""
    return hasattr(thing, "_prev") and hasattr(thing, "_op")


def needs_gradient(thing: Any) -> bool:
    """Return True if gradients flow into `thing`: it is a node, and does not say `requires_grad = False`."""
    flag = getattr(thing, "requires_grad", None)
    return is_node(thing) if flag is None else flag


def topological_order(root, follow: Callable = needs_gradient) -> list:
    """Every node that the gradient of root reaches: inputs before outputs, root last.

    `follow` tells which inputs to visit, by default those that need a gradient. It uses a stack instead of
    recursion, which Python stops at a depth of 1,000.
    """
    order, seen, stack = [], set(), [root]
    assigned = len(writes.assigned) > 0
    while stack:
        node = stack.pop()
        if node is None:  # the marker: all inputs of the node below it are in the order
            order.append(stack.pop())
        elif id(node) not in seen:
            seen.add(id(node))
            stack += (node, None)
            if assigned:
                _use_earlier_inputs(node)
            for parent in reversed(node._prev):  # the first input comes first in the order
                if id(parent) not in seen and follow(parent):
                    stack.append(parent)
    return order


def _use_earlier_inputs(node) -> None:
    """Give a node the inputs that it was computed from, if `t[i] = v` has replaced one of them since."""
    made = getattr(node, "_made", None)
    if made is not None and any(parent._made > made for parent in node._prev):
        node._prev = tuple(as_it_was(parent, made) for parent in node._prev)


def as_it_was(tensor, made: int):
    """A tensor before all assignments that came after a count of writes."""
    while tensor._made > made:
        tensor = tensor._earlier
    return tensor


def value_of(node) -> np.ndarray:
    """The array that a node, a number or an array holds, on the CPU. Integers become floats: 2 ** -1 is 0.5."""
    data = node.data if is_node(node) else node
    return to(as_array(float(data) if type(data) is int else data), "cpu")


class _Mirror:
    """A learner's node or a constant, with the attributes of a tensor that the engine reads."""

    _kwargs, _hooks = {}, None

    def __init__(self, node):
        self.node = node
        self._array = value_of(node)
        self._requires_grad = needs_gradient(node)
        self._op = (node._op or None) if is_node(node) else None
        self._prev: tuple = ()


def _mirrored(root) -> _Mirror:
    """A graph of mirrors for a learner's graph; a tensor is its own mirror."""
    if hasattr(root, "_array"):
        return root
    mirrors: dict[int, _Mirror] = {}
    stack = [root]
    while stack:
        node = stack.pop()
        if id(node) not in mirrors:
            mirrors[id(node)] = _Mirror(node)
            stack += getattr(node, "_prev", ())
    for mirror in mirrors.values():
        mirror._prev = tuple(mirrors[id(parent)] for parent in getattr(mirror.node, "_prev", ()))
    return mirrors[id(root)]


def backward_steps(root, gradient=None, create_graph: bool = False) -> Iterator[tuple[Any, Any, list]]:
    """Yield (node, gradient, contribution to each input), from root to the leaves, every node once.

    A node comes after everything that uses it. Its gradient ∂root/∂node, the sum over those uses, is then
    complete. A leaf has no contributions; a contribution is None where the input needs no gradient. `gradient` is
    ∂L/∂root, by default ones. With `create_graph` the rules compute on tensors instead of arrays, so that the
    gradients can be differentiated again.

    >>> from gradlib.scalar import Value
    >>> x = Value(3.0, "x")
    >>> for node, gradient, contributions in backward_steps(x * x + x):
    ...     print(node._op or node.name, gradient, *contributions)
    + 1.0 1.0 1.0
    · 1.0 3.0 3.0
    x 7.0
    """
    if gradient is None:
        gradient = np.ones_like(root._array if hasattr(root, "_array") else value_of(root), dtype=float)
    if hasattr(root, "_array"):
        return backward_walk(root, gradient, create_graph)
    return ((mirror.node, arrived, given) for mirror, arrived, given in backward_walk(_mirrored(root), gradient, False))


_needs = attrgetter("_requires_grad")
_WIDENED = -1  # the key, among ids, that says that sums of float16 stand in the gradients as float32


def backward_walk(root, gradient, create_graph: bool) -> Iterator[tuple[Any, Any, list]]:
    order = topological_order(root, _needs)
    if hasattr(root, "_made"):  # a tensor; learners' own nodes do not tell when they were made
        writes.refuse_overwritten(order)
    gradients = {id(root): gradient}
    for node in reversed(order):
        arrived = gradients.pop(id(node), None)
        if arrived is None:  # reached only through an input without a derivative, the condition of a `where`
            continue
        if _WIDENED in gradients:
            arrived = arrived.astype(node._array.dtype)
        if node._hooks:
            arrived = _hooked(node._hooks, arrived)
        yield node, arrived, [] if node._op is None else pass_on(node, arrived, gradients, create_graph)


def contributions(node, gradient) -> list:
    """The contributions of one node to the gradients of its inputs, by the rules of its operation.

    A contribution is None if the input needs no gradient or has no derivative.
    """
    if not hasattr(node, "_array"):
        mirror = _Mirror(node)
        mirror._prev = tuple(map(_Mirror, node._prev))
        node = mirror
    return pass_on(node, gradient, {}, False)


class BackwardStep:
    """The step from one result back to its inputs, `tensor.grad_fn`. It can be printed and called.

    Called with ∂L/∂result, it returns a list of the contributions to the inputs; None for one that needs no gradient.
    """

    __slots__ = ("_node",)

    def __init__(self, node):
        self._node = node

    def __call__(self, gradient=None) -> list:
        given = contributions(self._node, self._node._seed(gradient))
        return [None if part is None else np.asarray(part) for part in given]

    def __repr__(self) -> str:
        return f"BackwardStep({rules_text(self._node._op, len(self._node._prev))})"


def pass_on(node, gradient, gradients: dict[int, Any], create_graph: bool) -> list:
    """The contributions of a node. They are also added to `gradients`, the gradients so far by the inputs' ids."""
    op = node._op
    if type(op) is not Primitive:
        op = find(op)
    parents = node._prev
    rules = op.rules or op.rules_for(len(parents))
    if len(parents) != len(rules):
        raise GraphError(
            f"the operation {op.symbol!r} takes {len(rules)} inputs, but a node made by it has {len(parents)} in "
            "_prev. List every input there, constants too."
        )
    inputs = parents if create_graph else [parent._array for parent in parents]
    output = node if create_graph else node._array
    keywords = node._kwargs
    if op.joint is not None:
        joint = op.joint.rule(gradient, output, *inputs, **keywords)
    given = []
    for i, rule in enumerate(rules):
        parent = parents[i]
        contribution = None
        if parent._requires_grad and rule is not None:
            contribution = rule(gradient, output, *inputs, **keywords) if op.joint is None else joint[i]
        if contribution is not None:
            if contribution is gradient and parent._op is None and not create_graph:
                contribution = contribution.copy()  # a leaf keeps it, and `a + b` passes the same array to both
            try:
                fits = contribution.shape == inputs[i].shape
            except AttributeError:  # a number or a list
                fits = False
            if not fits:
                contribution = _fitted(op, contribution, inputs[i].shape)
            key = id(parent)
            earlier = gradients.get(key)
            if earlier is None:
                gradients[key] = contribution
            elif contribution.dtype == HALF:  # in float16 the sum over thousands of uses would stop growing
                gradients[key], gradients[_WIDENED] = earlier + contribution.astype(np.float32), True
            else:
                gradients[key] = earlier + contribution
        given.append(contribution)
    return given


def _fitted(op: Primitive, contribution: Any, shape: tuple[int, ...]):
    """The gradient that a rule returned in the shape of its input: summed over the axes that broadcasting stretched."""
    if not hasattr(contribution, "shape"):
        contribution = _numbers(contribution)
    fitted = unbroadcast(contribution, shape) if contribution.ndim >= len(shape) else contribution
    if fitted.shape != shape:
        raise ShapeError(
            f"a rule of {op.symbol!r} returned a gradient of shape {contribution.shape} for an input of shape {shape}. "
            "It must have the shape of the input, or that of the result."
        )
    return fitted


def _hooked(hooks: dict, gradient):
    """The gradient after all hooks of a node. Each hook may replace it, or overwrite it: no other node shares it."""
    if not hasattr(gradient, "_array"):
        gradient = gradient.copy() if isinstance(gradient, DeviceArray) else np.array(gradient)
    for hook in tuple(hooks.values()):
        replaced = hook(gradient)
        if replaced is None:
            continue
        if not (hasattr(replaced, "_array") and hasattr(gradient, "_array")):  # else both are in a graph
            replaced = _numbers(replaced)
        if replaced.shape != gradient.shape:
            raise ShapeError(
                f"a hook returned a gradient of shape {replaced.shape} for one of shape {gradient.shape}. Return "
                "None to keep the gradient, or an array of the same shape."
            )
        replaced = replaced.astype(gradient.dtype)
        gradient = gradient._operand(replaced) if hasattr(gradient, "_array") else replaced
    return gradient


def _numbers(value: Any) -> np.ndarray:
    """Numbers that a hook or a rule returned, or that were assigned to `grad`: an array, a tensor, a list, a number."""
    refuse_masked(value)
    try:
        array = as_array(getattr(value, "_array", value))
    except (TypeError, ValueError) as error:
        raise bad_data(value, error) from None
    if array.dtype.kind not in "fiub":
        raise bad_data(value, array.dtype)
    return array


def own_gradient(tensor) -> np.ndarray | None:
    """The `grad` of a tensor as an array that can be overwritten in place, or None.

    If a number, a list or a read-only array was assigned, such an array takes its place: `w.grad = w.grad / n` makes
    the gradient of a 0-d tensor a number.
    """
    gradient = tensor.grad
    if gradient is None or (
        isinstance(gradient, (np.ndarray, DeviceArray)) and gradient.flags.writeable and gradient.dtype.kind == "f"
    ):
        return gradient
    numbers = _numbers(gradient)
    if numbers.shape != tensor.shape:
        raise ShapeError(
            f"the .grad of a tensor of shape {tensor.shape} was set to an array of shape {numbers.shape}. Set it to "
            "None, or to an array of the tensor's shape."
        )
    tensor.grad = to(numbers.astype(tensor.dtype), tensor.device)
    return tensor.grad


def __getattr__(name: str):
    """PyTorch has functions here that are elsewhere in gradlib: the error says where."""
    raise no_such(__name__, name)
