"""Wrong calls: each is refused, and the message has the figures and the way out in it."""

import copy
import pickle

import numpy as np
import pytest
from numpy.linalg import LinAlgError

import gradlib
from gradlib import GraphError, ShapeError, Tensor, explain, gradient_paths, show_graph
from gradlib.errors import cannot_broadcast
from gradlib.scalar import Value


def ones(*shape):
    return Tensor(np.ones(shape), requires_grad=True)


def half(*shape):
    return Tensor(np.ones(shape, np.float16))


class Node:
    """A learner's node."""

    def __init__(self, data, _prev=(), _op=""):
        self.data, self._prev, self._op = data, _prev, _op


def add_in_place(array, tensor):
    array += tensor


def set_data(tensor, value):
    tensor.data = value


def set_requires_grad(tensor):
    tensor.requires_grad = False


def without_graph():
    with gradlib.no_grad():
        return ones(2) * 2


def put(tensor, index, value):
    tensor[index] = value


def hooked(hook):
    x = ones(2)
    x.register_hook(hook)
    x.sum().backward()


MISFIT = "Counted from the last axis, sizes must be equal or 1."

WRONG = {
    # Data that is not an array of real numbers
    "a word": (lambda: Tensor("abc"), TypeError,
        "a Tensor holds numbers: a number, nested lists of numbers, or an array. Got str 'abc'."),
    "nothing": (lambda: Tensor(None), TypeError, "Got NoneType None."),
    "a word among numbers": (lambda: Tensor([1.0, "a"]), TypeError, "Got list [1.0, 'a']."),
    "a long text": (lambda: Tensor("a" * 100), TypeError, "Got str '" + "a" * 56 + "...."),
    "rows that differ": (lambda: Tensor([[1, 2, 3], [4, 5]]), ShapeError,
        "the rows of a tensor must be equally long, but data[0] has 3 entries and data[1] has 2 entries. Fill the "
        "short rows, or keep a list."),
    "rows inside that differ": (lambda: Tensor([[[1, 2], [3]], [[4, 5], [6, 7]]]), ShapeError,
        "data[0][0] has 2 entries and data[0][1] has 1 entry."),
    "a row and a number": (lambda: Tensor([[1, 2], 3]), ShapeError,
        "data[0] has 2 entries and data[1] is a number."),
    "complex numbers": (lambda: Tensor([1j, 2.0]), TypeError,
        "a tensor holds real numbers, complex ones are not supported. Keep .real and .imag apart."),
    "a tensor of a graph": (lambda: Tensor(ones(2)), GraphError,
        "Tensor(t) would cut the graph of t. Use t itself, or t.detach() for a constant."),
    "a list of tensors of a graph": (lambda: Tensor([ones(), ones()]), TypeError,
        "a list of tensors cannot become a Tensor: the graph of its parts would be cut."),
    # Who can have a gradient
    "whole numbers with a gradient": (lambda: Tensor([1, 2], requires_grad=True), TypeError,
        "requires_grad=True needs floating-point data, got int64, which cannot change by a small amount. Write 2.0 "
        "instead of 2, or pass dtype=np.float32."),
    "bools with a gradient": (lambda: Tensor([True], requires_grad=True), TypeError,
        "requires_grad=True needs floating-point data, got bool, which cannot change by a small amount."),
    "a result that shall need no gradient": (lambda: set_requires_grad(ones(2) * 2), GraphError,
        "this tensor is a result of '·': it needs a gradient because its inputs do, and requires_grad can be set only "
        "on leaves. Use t.detach() for a constant of the same value, t.retain_grad() to keep its gradient."),
    "keeping a gradient that never comes": (lambda: Tensor([1.0]).retain_grad(), GraphError,
        "this tensor does not need a gradient, so none can be kept. Set requires_grad=True on an input."),
    # Going backward
    "backward from many entries": (lambda: (ones(2, 3) * 2).backward(), GraphError,
        "backward() differentiates one number, but this tensor has shape (2, 3). Reduce it first with .sum() or "
        ".mean(), or pass gradient=, an array of shape (2, 3) with a weight for each entry."),
    "backward without a graph": (lambda: (Tensor([1.0]) * 2).backward(), GraphError,
        "backward() found no graph: this tensor was not computed from one with requires_grad=True. Either no input "
        "needs a gradient, or the graph was cut by .data, .numpy() or float()."),
    "backward after detach": (lambda: (ones(2, 3).detach() * 2).sum().backward(), GraphError,
        "this tensor was not computed from one with requires_grad=True. The graph was cut by detach() on a leaf of "
        "shape (2, 3)."),
    "backward after detach of a result": (lambda: (ones(2) * 2).detach().sum().backward(), GraphError,
        "The graph was cut by detach() on a result of '·' of shape (2,)."),
    "backward after no_grad": (lambda: without_graph().sum().backward(), GraphError,
        "The graph was cut by no_grad() around '·'."),
    "a gradient of another shape": (lambda: (ones(2, 3) * 2).backward(np.ones(3)), ShapeError,
        "gradient must have the tensor's shape (2, 3), got (3,)."),
    "the gradient by a stranger": (lambda: gradlib.grad(ones(2).sum(), ones(3)), GraphError,
        "outputs do not depend on input 0 (shape (3,)): its gradient is zero everywhere. Was it used, and does it have "
        "requires_grad=True?"),
    "complex numbers, given a dtype": (lambda: Tensor(np.ones(2, complex), dtype=np.float32), TypeError,
        "a tensor holds real numbers, complex ones are not supported."),
    "a complex gradient": (lambda: (ones(2) * 2).backward([1j, 2]), TypeError,
        "a tensor holds real numbers, complex ones are not supported."),
    # Matrix products
    "the second transposed": (lambda: ones(32, 784) @ ones(128, 784), ShapeError,
        "cannot multiply (32, 784) by (128, 784): the inner sizes 784 and 128 differ. The second looks transposed: try "
        ".mT on it, for (32, 784) @ (784, 128)."),
    "the first transposed": (lambda: ones(3, 2) @ ones(3, 4), ShapeError,
        "cannot multiply (3, 2) by (3, 4): the inner sizes 2 and 3 differ. The first looks transposed: try .mT on it, "
        "for (2, 3) @ (3, 4)."),
    "a batch transposed": (lambda: ones(5, 2, 3) @ ones(5, 4, 3), ShapeError,
        "try .mT on it, for (5, 2, 3) @ (5, 3, 4)."),
    "nothing to mend": (lambda: ones(2, 3) @ ones(5), ShapeError,
        "cannot multiply (2, 3) by (5,): the inner sizes 3 and 5 differ."),
    "vectors that differ": (lambda: ones(2) @ ones(3), ShapeError,
        "cannot multiply (2,) by (3,): the inner sizes 2 and 3 differ."),
    "a product with a number": (lambda: ones() @ ones(3), ShapeError,
        "cannot matrix-multiply () by (3,): a 0-d tensor has no axis to sum over. Use * for a product."),
    "batches that differ": (lambda: ones(2, 3, 4) @ ones(5, 4, 3), ShapeError,
        "cannot multiply (2, 3, 4) by (5, 4, 3): the axes before the matrices do not fit: cannot broadcast (2,) with "
        f"(5,): axis -1 has size 2 in one and 5 in the other. {MISFIT}"),
    # Broadcasting
    "a number for each row": (lambda: ones(2, 3) + ones(2), ShapeError,
        f"cannot broadcast (2, 3) with (2,): axis -1 has size 3 in one and 2 in the other. {MISFIT} Did you mean (2, "
        "1), one number for each row? Then reshape(2, 1)."),
    "a matrix transposed": (lambda: ones(2, 3) * ones(3, 2), ShapeError,
        "The shapes agree when one of them is transposed: try .T on it."),
    "nothing that broadcasts": (lambda: ones(4) / ones(3), ShapeError,
        f"cannot broadcast (4,) with (3,): axis -1 has size 4 in one and 3 in the other. {MISFIT}"),
    "an axis further left": (lambda: ones(4, 1, 3) - np.ones((2, 1, 1)), ShapeError,
        "axis -3 has size 4 in one and 2 in the other."),
    "three that do not fit": (lambda: np.where(np.ones(3) > 0, ones(2), 0.0), ShapeError,
        "cannot broadcast (3,) with (2,) with (): axis -1 has size 3 in one and 2 in the other."),
    "spread over another size": (lambda: np.broadcast_to(ones(3), (2, 4)), ShapeError,
        "cannot broadcast (3,) with (2, 4): axis -1 has size 3 in one and 4 in the other."),
    "spread over fewer": (lambda: np.broadcast_to(ones(3), (1,)), ShapeError,
        "cannot broadcast (3,) to (1,): only axes of size 1 can be stretched, and no axis can be dropped."),
    # Operands
    "a list": (lambda: ones(2) + [1.0, 2.0], TypeError,
        "a Tensor cannot be combined with a list: [1.0, 2.0]. Convert it to a Tensor or an array first."),
    "a list on the left": (lambda: [1.0, 2.0] * ones(2), TypeError,
        "a Tensor cannot be combined with a list: [1.0, 2.0]."),
    "nothing as operand": (lambda: ones(2) == None, TypeError,  # noqa: E711
        "a Tensor cannot be combined with a NoneType: None."),
    "a complex factor": (lambda: ones(2) * 1j, TypeError, "a Tensor cannot be combined with a complex: 1j."),
    "an array of complex numbers": (lambda: ones(2) * np.array([1j, 2]), TypeError,
        "a tensor holds real numbers, complex ones are not supported."),
    # NumPy
    "a function not in the table": (lambda: np.cbrt(ones(2)), TypeError,
        "np.cbrt is not an operation that gradlib can differentiate, so on a Tensor it would lose the gradient. "
        "Compose it of operations that are in the table, or call it on t.detach().numpy() if you need no gradient."),
    "an array function not in the table": (lambda: np.median(ones(2)), TypeError, "np.median is not an operation"),
    "a method of a ufunc": (lambda: np.add.reduce(ones(2)), TypeError, "np.add.reduce is not an operation"),
    "an array of a tensor with a gradient": (lambda: np.asarray(ones(2)), GraphError,
        "NumPy would lose the gradient of this tensor: its results are not part of the graph. Use gradlib's "
        "operations, or t.detach().numpy() if you need no gradient."),
    "an array += tensor": (lambda: add_in_place(np.ones(2), ones(2)), TypeError,
        "np.add was asked to write its result into an array in place (as `array += tensor` does), which a graph cannot "
        "record. Make a new value: array = array + tensor."),
    # One number of many
    "item of many": (lambda: ones(2, 2).item(), ShapeError,
        "item() takes the only entry of a tensor, but shape (2, 2) holds 4."),
    "float of many": (lambda: float(ones(3)), ShapeError, "but shape (3,) holds 3."),
    "truth of many": (lambda: bool(ones(2)), ShapeError,
        "a tensor of shape (2,) is neither true nor false. Test one entry, or use (t > 0).all() or .any()."),
    "the length of a number": (lambda: len(ones()), TypeError, "a 0-d tensor is a single number and has no len()"),
    # Shapes and axes
    "reshape to another count": (lambda: ones(2, 3).reshape(4), ShapeError,
        "cannot reshape (2, 3), which has 6 entries, to (4,): the sizes must multiply to 6. One of them may be -1, "
        "which stands for the rest."),
    "reshape to two unknowns": (lambda: ones(2, 3).reshape(-1, -1), ShapeError,
        "cannot reshape (2, 3), which has 6 entries, to (-1, -1)"),
    "sum over an axis too far": (lambda: ones(2, 3).sum(axis=2), ShapeError,
        "sum over axis 2, but shape (2, 3) has axes 0 to 1. Negative axes count from the end: -1 is the last."),
    "mean over an axis too far": (lambda: ones(3).mean(dim=-2), ShapeError,
        "mean over axis -2, but shape (3,) has axes 0 to 0."),
    "axis and dim": (lambda: ones(2, 3).sum(0, dim=1), TypeError,
        "axis=0 and dim=1 are two names for the same argument: give one."),
    "permute too few": (lambda: ones(2, 3).permute(0), ShapeError,
        "permute(0,) must name each axis of shape (2, 3) once."),
    "permute the same twice": (lambda: ones(2, 3).permute(1, 1), ShapeError,
        "permute(1, 1) must name each axis of shape (2, 3) once."),
    "permute too far": (lambda: ones(2, 3).permute(0, 5), ShapeError,
        "permute(0, 5) must name each axis of shape (2, 3) once."),
    "transpose too far": (lambda: ones(2, 3).transpose(0, 2), ShapeError,
        "there is no axis 2: with 2 axes they are 0 to 1."),
    "mT of a vector": (lambda: ones(3).mT, ShapeError, "mT transposes matrices, at least two axes, got shape (3,)."),
    "data of another shape": (lambda: set_data(ones(2, 3), np.ones(3)), ShapeError,
        "a tensor of shape (2, 3) cannot take data of shape (3,): its shape cannot change. Make a new Tensor instead."),
    "+= that grows": (lambda: Tensor([1.0]).__iadd__(Tensor([1.0, 2.0])), ShapeError,
        "shape (1,) cannot hold the result of '+=', of shape (2,)."),
    "+= on a leaf": (lambda: ones(2).__iadd__(1.0), GraphError,
        "a leaf with requires_grad=True cannot be overwritten by '+=' while operations are recorded: its gradient "
        "would have nowhere to go. Update it inside `with gradlib.no_grad():`, or give the result a new name."),
    # Learners' nodes, pictures, words
    "a root of a negative Value": (lambda: Value(-2.0) ** 0.5, ValueError,
        "(-2.0) ** 0.5 is not a real number: a negative base takes only integer exponents."),
    "an operation nobody knows": (lambda: explain(Node(8.0, (Node(2.0),), "cube"), {}), KeyError,
        "the operation 'cube' is not in the table of derivatives, so its local derivative is unknown. It knows: +"),
    "an input left out": (lambda: explain(Node(8.0, (Node(2.0),), "*"), {}), GraphError,
        "the operation '·' takes 2 inputs, but a node made by it has 1 in _prev. List every input there, "
        "constants too."),
    "a graph of a number": (lambda: show_graph(3.0), TypeError,
        "a graph starts from a result: a Tensor, a Value, or an object with data, _prev and _op. Got float."),
    "a value of another graph": (lambda: show_graph(Value(1.0), {}).index(Value(2.0)), KeyError,
        "this value is not in the graph: the result was not computed from it"),
    "nothing to explain": (lambda: explain(Tensor([1.0]) * 2, {}), GraphError,
        "there is nothing to explain: this result was not computed from a value that needs a gradient. Set "
        "requires_grad=True on an input."),
    "no path": (lambda: gradient_paths(Value(1.0) * 2, Value(1.0)), GraphError,
        "no path leads there: the result was not computed from this value."),
    "a path to a constant": (lambda: (lambda c: gradient_paths(ones() * c, c))(Tensor(2.0)), GraphError,
        "no gradient flows there: this value does not need one (requires_grad is False)."),
}  # fmt: skip


AXES = "has axes 0 to 1. Negative axes count from the end: -1 is the last."
NO_AXIS = "with 2 axes they are 0 to 1. Negative axes count from the end: -1 is the last."

# Calls of operations: what is refused, the kind of error, and (a part of) what it says.
CALLS = {
    # Reductions
    "ones(2, 3).sum((0, 5))": (ShapeError, f"sum over axis (0, 5), but shape (2, 3) {AXES}"),
    "ones(2, 3).sum((0, -2))": (ShapeError, "sum over axes (0, -2): name each axis only once."),
    "ones(2, 3).sum('rows')": (TypeError, "an axis must be an integer or a tuple of integers, got 'rows'."),
    "ones(2, 3).mean(1.0)": (TypeError, "an axis must be an integer or a tuple of integers, got 1.0."),
    "ones(2, 3).prod(axis=-3)": (ShapeError, f"prod over axis -3, but shape (2, 3) {AXES}"),
    "ones(2, 3).max(axis=4)": (ShapeError, f"max over axis 4, but shape (2, 3) {AXES}"),
    "ones(2, 3).min(dim=2)": (ShapeError, f"min over axis 2, but shape (2, 3) {AXES}"),
    "ones(2, 3).var(axis=3)": (ShapeError, f"var over axis 3, but shape (2, 3) {AXES}"),
    "ones(2, 3).std(dim=-5)": (ShapeError, f"std over axis -5, but shape (2, 3) {AXES}"),
    "ones(2, 3).norm(axis=2)": (ShapeError, f"norm over axis 2, but shape (2, 3) {AXES}"),
    "ones(2, 3).logsumexp(2)": (ShapeError, f"logsumexp over axis 2, but shape (2, 3) {AXES}"),
    "ones(2, 3).argmax(axis=4)": (ShapeError, f"argmax over axis 4, but shape (2, 3) {AXES}"),
    "ones(2, 3).argmin(dim=-3)": (ShapeError, f"argmin over axis -3, but shape (2, 3) {AXES}"),
    "ones(2, 3).any(axis=7)": (ShapeError, f"any over axis 7, but shape (2, 3) {AXES}"),
    "ones(2, 3).all(axis=2)": (ShapeError, f"all over axis 2, but shape (2, 3) {AXES}"),
    "ones(2, 3).argmax(axis=(0, 1))": (TypeError, "an axis must be an integer, got (0, 1)."),
    "ones().sum(1)": (ShapeError, "sum over axis 1, but a 0-d tensor has no axes: leave the axis out."),
    "ones(0).max()": (ShapeError,
        "max of an empty array has no value: shape (0,) has no entries along the reduced axes."),
    "ones(2, 0).min(axis=1)": (ShapeError,
        "min of an empty array has no value: shape (2, 0) has no entries along the reduced axes"),
    "ones(0).argmax()": (ShapeError,
        "argmax of an empty array has no value: shape (0,) has no entries along the reduced axes."),
    "ones(2, 3).norm(0)": (ValueError,
        "norm takes a positive order (1, 2, 3, …) or math.inf for the maximum, got 0."),
    "ones(2, 3).norm('fro')": (ValueError, "norm takes a positive order (1, 2, 3, …) or math.inf for the maximum, got "
        "'fro'."),
    "ones(2, 3).std(axis=0, dim=1)": (TypeError,
        "axis=0 and dim=1 are two names for the same argument: give one."),
    # Along one axis
    "ones(2, 3).softmax(2)": (ShapeError, f"there is no axis 2: {NO_AXIS}"),
    "ones(2, 3).log_softmax(dim=-3)": (ShapeError, f"there is no axis -3: {NO_AXIS}"),
    "ones(2, 3).softmax((0, 1))": (TypeError, "an axis must be an integer, got (0, 1)."),
    "ones(2, 3).softmax(None)": (TypeError, "an axis must be an integer, got None."),
    "ones(2, 3).cumsum(2)": (ShapeError, f"there is no axis 2: {NO_AXIS}"),
    "ones(2, 3).cumprod(-3)": (ShapeError, f"there is no axis -3: {NO_AXIS}"),
    "ones(2, 3).cumsum((0, 1))": (TypeError, "an axis must be an integer, got (0, 1)."),
    "ones(2, 3).sort(2)": (ShapeError, f"there is no axis 2: {NO_AXIS}"),
    "ones(2, 3).argsort(5)": (ShapeError, f"there is no axis 5: {NO_AXIS}"),
    "ones(2, 3).topk(4)": (ShapeError, "topk takes k from 0 to 3, the size of axis 1, got 4."),
    "ones(2, 3).topk(-1)": (ShapeError, "topk takes k from 0 to 3, the size of axis 1, got -1."),
    "ones(2, 3).topk(3, dim=0)": (ShapeError, "topk takes k from 0 to 2, the size of axis 0, got 3."),
    "ones(2, 3).topk(1.5)": (TypeError, "topk takes k, an integer, got 1.5."),
    # Shapes
    "ones(2, 3).view(7)": (ShapeError,
        "cannot reshape (2, 3), which has 6 entries, to (7,): the sizes must multiply to 6."),
    "ones(2).reshape('a')": (TypeError, "reshape takes integers, got ('a',)."),
    "ones(2).reshape(1.5)": (TypeError, "reshape takes integers, got (1.5,)."),
    "ones(2, 3).size(3)": (ShapeError, f"there is no axis 3: {NO_AXIS}"),
    "ones(2, 3).flatten(2)": (ShapeError, f"there is no axis 2: {NO_AXIS}"),
    "ones(2, 3).flatten(1, 0)": (ShapeError, "flatten runs from start_dim to end_dim, but 1 comes after 0."),
    "ones(2, 3).squeeze(0)": (ShapeError,
        "squeeze removes axes of size 1, but axis 0 of shape (2, 3) has size 2. Reduce it by sum() or mean(), or "
        "choose an entry by indexing."),
    "ones(1, 1).squeeze((0, 0))": (ShapeError, "squeeze over axes (0, 0): name each axis only once."),
    "ones(1, 1).squeeze((1, -1))": (ShapeError, "squeeze over axes (1, -1): name each axis only once."),
    "ones().squeeze((0, -1))": (ShapeError, "squeeze over axes (0, -1): name each axis only once."),
    "ones(1, 3).squeeze(2)": (ShapeError, f"there is no axis 2: {NO_AXIS}"),
    "ones(2).unsqueeze(4)": (ShapeError, f"there is no axis 4: {NO_AXIS}"),
    "ones(2, 3).expand_dims((0, 0))": (ShapeError, "expand_dims((0, 0)) must name each new axis once."),
    "ones(2, 3).swapaxes(0, 2)": (ShapeError, f"there is no axis 2: {NO_AXIS}"),
    "ones(2, 3).moveaxis(0, 2)": (ShapeError, f"there is no axis 2: {NO_AXIS}"),
    "ones(2, 3).moveaxis((0, 1), 0)": (ShapeError, "moveaxis((0, 1), 0) must name as many destinations as sources."),
    "ones(2, 3).moveaxis((0, 0), (0, 1))": (ShapeError, "moveaxis((0, 0), (0, 1)) must name each axis once."),
    "ones(2, 3).broadcast_to(2, 4)": (ShapeError,
        f"cannot broadcast (2, 3) with (2, 4): axis -1 has size 3 in one and 4 in the other. {MISFIT}"),
    "ones(1).broadcast_to(10**20)": (OverflowError,
        "an array has at most 9223372036854775807 entries, got shape (100000000000000000000,)."),
    "ones(1).expand(10**10, 10**10)": (OverflowError, "got shape (10000000000, 10000000000)."),
    "ones(3).tile(10**20)": (OverflowError, "got shape (100000000000000000000, 3)."),
    "ones(2, 3).expand(4, 3)": (ShapeError,
        "cannot broadcast (2, 3) with (4, 3): axis -2 has size 2 in one and 4 in"),
    "ones(2, 3).expand(3)": (ShapeError, "cannot broadcast (2, 3) to (3,)"),
    "ones(3).expand(-1, 3)": (ShapeError,
        "expand(-1, 3): -1 keeps the size of an axis, but shape (3,) does not have axis 0 of the result. Give its "
        "size."),
    "ones(2, 3).tile(-1)": (ValueError, "tile takes integers from 0 on, got -1."),
    "ones(2, 3).tile('a')": (TypeError, "tile takes integers from 0 on, got 'a'."),
    "ones(2, 3).repeat(2)": (ShapeError,
        "repeat takes a number for each of the 2 axes of shape (2, 3), got (2,). To repeat each entry, use "
        "repeat_interleave."),
    "ones(2, 3).repeat_interleave([1, 2], 1)": (ShapeError,
        "repeat_interleave takes one number, or one for each of the 3 entries along axis 1; got 2."),
    "ones(2, 3).repeat_interleave(-1, 1)": (ValueError,
        "repeat_interleave takes integers from 0 on, got -1."),
    "ones(2, 3).repeat_interleave(1.5, 0)": (TypeError,
        "repeat_interleave takes integers from 0 on, got 1.5."),
    "ones(3).repeat_interleave(10**20)": (MemoryError,
        "repeat_interleave: an array of float64 of shape (300000000000000000000,) does not fit into memory."),
    "ones(2).repeat_interleave([1, 10**20])": (MemoryError, "of shape (100000000000000000001,) does not fit into"),
    "ones(2, 3).repeat_interleave(2, 2)": (ShapeError, f"there is no axis 2: {NO_AXIS}"),
    "ones(2, 3).flip(2)": (ShapeError, f"there is no axis 2: {NO_AXIS}"),
    "ones(2, 3).flip(0, -2)": (ShapeError, "flip(0, -2) must name each axis once."),
    "ones(2, 3).roll(1, 2)": (ShapeError, f"there is no axis 2: {NO_AXIS}"),
    "ones(2, 3).roll((1, 2), 0)": (ShapeError,
        "roll takes one shift for each axis: got shifts (1, 2) for axis 0."),
    "ones(2, 3).roll((1, 2), (0,))": (ShapeError,
        "roll takes one shift for each axis: got shifts (1, 2) for axis (0,)."),
    "ones(2, 3).roll(1.5, 0)": (TypeError, "roll moves entries by an integer, got 1.5."),
    "ones(2, 3).pad((1, 2, 3))": (ShapeError,
        "pad takes (before, after) for each of the 2 axes of shape (2, 3), got (1, 2, 3)."),
    "ones(2, 3).pad((1, 2, 3, 4))": (ShapeError,
        "got (1, 2, 3, 4). If that is PyTorch's flat list, last axis first, write ((3, 4), (1, 2))."),
    "ones(2, 3).pad(((1, 2), (3,)))": (ShapeError, "pad takes (before, after) for each of the 2 axes of shape (2, 3)"),
    "ones(2, 3).pad(1, ['edge'])": (ValueError, "pad takes mode 'constant', 'edge', 'reflect', 'symmetric' or 'wrap', "
        "got ['edge']."),
    "ones(2, 3).pad(1, 'replicate')": (ValueError, "got 'replicate'. PyTorch's 'replicate' is NumPy's 'edge'."),
    "ones(2, 3).pad(1, mode='circular')": (ValueError, "got 'circular'. PyTorch's 'circular' is NumPy's 'wrap'."),
    "ones(2, 3).pad(-1)": (ValueError,
        "pad takes integers of at least 0, got -1. To cut entries off, use a slice."),
    "ones(3).pad(10**20)": (MemoryError,
        "pad: an array of float64 of shape (200000000000000000003,) does not fit into memory."),
    "ones(3).pad(10**20, 'edge')": (MemoryError, "of shape (200000000000000000003,) does not fit into memory."),
    "ones(3).pad(1, constant_values='a')": (TypeError, "pad fills the border with a number, got 'a'."),
    "gradlib.nn.functional.pad(ones(3), 1, value=None)": (TypeError, "pad fills the border with a number, got None."),
    "ones(2, 3).pad(1.5)": (TypeError, "pad takes integers of at least 0, got 1.5."),
    "ones(2, 3).pad(1, 'mirror')": (ValueError,
        "pad takes mode 'constant', 'edge', 'reflect', 'symmetric' or 'wrap', got 'mirror'."),
    "ones(0, 3).pad(1, 'edge')": (ShapeError,
        "pad with mode 'edge' repeats entries, but axis 0 of shape (0, 3) has none."),
    # Parts
    "ones(2, 3).split(0)": (ValueError, "split takes the size of a piece, at least 1, got 0."),
    "ones(2, 3).split([1, 1], 1)": (ShapeError,
        "split([1, 1]) must add up to 3, the size of axis 1 of shape (2, 3); it adds up to 2."),
    "ones(2, 3).split([-1, 4], 1)": (ValueError, "split takes sizes, integers from 0 on, got -1."),
    "ones(2, 3).split(1.5)": (TypeError, "split takes the size of a piece, or a list of sizes, got 1.5."),
    "ones(2, 3).split(1, 2)": (ShapeError, f"there is no axis 2: {NO_AXIS}"),
    "ones().split(1)": (ShapeError, "there is no axis 0: a 0-d tensor has no axes. Leave the axis out."),
    "ones().unbind()": (ShapeError, "there is no axis 0: a 0-d tensor has no axes. Leave the axis out."),
    "ones(2, 3).chunk(0)": (ValueError, "chunk takes the number of pieces, at least 1, got 0."),
    "ones(2, 3).chunk(1.5)": (TypeError, "chunk takes the number of pieces, at least 1, got 1.5."),
    "ones(0).chunk(10**20)": (MemoryError, "of shape (100000000000000000000,) does not fit into memory."),
    "ones(2, 3).chunk(2, 5)": (ShapeError, f"there is no axis 5: {NO_AXIS}"),
    "ones(2, 3).unbind(2)": (ShapeError, f"there is no axis 2: {NO_AXIS}"),
    "ones(2, 3).narrow(1, 2, 2)": (ShapeError,
        "narrow(1, 2, 2) reaches beyond axis 1 of shape (2, 3), of size 3."),
    "ones(2, 3).narrow(1, -4, 1)": (ShapeError,
        "narrow(1, -4, 1) reaches beyond axis 1 of shape (2, 3), of size 3."),
    "ones(2, 3).narrow(0, 0, -1)": (ValueError, "narrow takes a length, an integer from 0 on, got -1."),
    "ones(2, 3).narrow(0, 1, 2)": (ShapeError,
        "narrow(0, 1, 2) reaches beyond axis 0 of shape (2, 3), of size 2."),
    "ones(2, 3).narrow(0, Tensor([1, 2]), 1)": (TypeError, "narrow takes an integer start"),
    "Tensor(2.0).narrow(0, 0, 1)": (ShapeError, "there is no axis 0"),
    "ones(2, 3).index_select(0, [2])": (IndexError,
        "does not fit shape (2, 3): index 2 is out of bounds for axis 0 with size 2."),
    "ones(2, 3).index_select(0, [0.5])": (TypeError,
        "an index holds integers, got float64 of shape (1,)."),
    "ones(2, 3).index_select(0, [True, False])": (TypeError,
        "an index holds integers, got bool of shape (2,)."),
    "ones(2, 3).index_select(0, [[0]])": (ShapeError,
        "index_select takes a list of indices, of shape (n,), got shape (1, 1)."),
    "ones(2, 3).gather(0, [0.5])": (TypeError, "an index holds integers, got float64 of shape (1,)."),
    "ones(2, 3).gather(1, [[True, False]])": (TypeError,
        "an index holds integers, got bool of shape (1, 2)."),
    "ones(2, 3).gather(0, [0])": (ShapeError,
        "the index must have 2 axes, as shape (2, 3) has, and may be larger than it only along axis 0; got shape "
        "(1,)."),
    "ones(2, 3).gather(0, [[0, 0, 0, 0]])": (ShapeError,
        "the index must have 2 axes, as shape (2, 3) has, and may be larger than it only along axis 0; got shape (1, "
        "4)."),
    "ones(2, 3).gather(0, [[2, 0, 0]])": (IndexError, "index 2 is out of bounds for axis 0 with size 2."),
    "ones(2, 3).gather(2, [[0]])": (ShapeError, f"there is no axis 2: {NO_AXIS}"),
    "ones(2, 3).take_along_axis([0], 1)": (ShapeError,
        "the index must have 2 axes, as shape (2, 3) has, and may be larger than it only along axis 1; got shape "
        "(1,)."),
    "ones(2, 3).take_along_axis([[0], [0], [0]], 1)": (ShapeError, "got shape (3, 1)."),
    "ones(2, 3).take_along_dim([[7], [0]], 1)": (IndexError,
        "index 7 is out of bounds for axis 1 with size 3."),
    "ones(2, 3).scatter_add(0, [[0, 1, 5]], ones(1, 3))": (IndexError,
        "does not fit shape (2, 3): index 5 is out of bounds for axis 0 with size 2."),
    "ones(2, 3).scatter_add(0, [[0.0, 1.0]], ones(1, 2))": (TypeError,
        "an index holds integers, got float64 of shape (1, 2)."),
    "ones(2, 3).scatter_add(0, [[0, 1]], ones(1, 1))": (ShapeError,
        "scatter_add takes a src at least as large as the index along every axis, got an index of shape (1, 2) and a "
        "src of shape (1, 1)."),
    "ones(2, 3).scatter_add(0, [[0, 1]], ones(2))": (ShapeError, "scatter_add takes a src at least as large as the "
        "index along every axis, got an index of shape (1, 2) and a src of shape (2,)."),
    "ones(2, 3).scatter_add(0, [[0, 1]], 1.0)": (ShapeError, "scatter_add takes a src at least as large as the index "
        "along every axis, got an index of shape (1, 2) and a src of shape ()."),
    "ones(2, 3).masked_fill(np.ones((2, 2)) > 0, 0)": (ShapeError,
        "axis -1 has size 2 in one and 3 in the other."),
    "ones(2, 3).masked_fill([True, False, True], 0)": (TypeError, "a Tensor cannot be combined with a list"),
    "ones(2, 3).where(np.ones(2) > 0, 0.0)": (ShapeError, "cannot broadcast (2,) with (2, 3) with ()"),
    "ones(2, 3).diagonal(0, 0, 0)": (ShapeError, "diagonal needs two different axes, got axis 0 twice."),
    "ones(2, 3).diagonal(0, 0, 2)": (ShapeError, f"there is no axis 2: {NO_AXIS}"),
    "ones(3).diagonal()": (ShapeError, "there is no axis 1: with 1 axis they are 0 to 0."),
    # Indexing
    "ones(2, 3)[2]": (IndexError,
        "index 2 does not fit shape (2, 3): index 2 is out of bounds for axis 0 with size 2."),
    "ones(2, 3)[0, -4]": (IndexError,
        "index (0, -4) does not fit shape (2, 3): index -4 is out of bounds for axis 1"),
    "ones(2, 3)[0, 0, 0]": (IndexError, "index (0, 0, 0) does not fit shape (2, 3): too many indices"),
    "ones()[0]": (IndexError, "index 0 does not fit shape (): too many indices"),
    "ones(2, 3)[1.5]": (IndexError, "index 1.5 does not fit shape (2, 3): only integers, slices"),
    "ones(2, 3)['a']": (IndexError, "index 'a' does not fit shape (2, 3): only integers, slices"),
    "ones(2, 3)[[0.5]]": (IndexError, "arrays used as indices must be of integer (or boolean) type"),
    "ones(2, 3)[[0, 5]]": (IndexError,
        "does not fit shape (2, 3): index 5 is out of bounds for axis 0 with size 2."),
    "ones(2, 3)[np.ones(3) > 0]": (IndexError,
        "size of axis is 2 but size of corresponding boolean axis is 3."),
    "ones(2, 3)[[0, 1], [0, 1, 2]]": (IndexError, "could not be broadcast together with shapes (2,) (3,)"),
    "ones(2, 3)[..., ...]": (IndexError, "an index can only have a single ellipsis"),
    "ones(2, 3)[::0]": (ValueError, "slice step cannot be zero"),
    "put(ones(2, 3) * 1, 0, ones(2))": (ShapeError,
        "cannot assign a value of shape (2,) to entries of shape (3,): it must broadcast to them."),
    "put(ones(2, 3) * 1, (0, 0), ones(2))": (ShapeError,
        "cannot assign a value of shape (2,) to entries of shape ()"),
    "put(Tensor([1.0, 2.0]), 0, Tensor([1.0, 2.0]))": (ShapeError,
        "a value of shape (2,) to entries of shape ()"),
    "put(ones(2, 3) * 1, 5, 0.0)": (IndexError,
        "index 5 does not fit shape (2, 3): index 5 is out of bounds"),
    "put(Tensor([1.0, 2.0]), 2, 0.0)": (IndexError,
        "index 2 does not fit shape (2,): index 2 is out of bounds"),
    "put(ones(2, 3) * 1, 0, 'a')": (TypeError, "a Tensor cannot be combined with a str: 'a'."),
    "put(ones(2), 0, 1.0)": (GraphError,
        "a leaf with requires_grad=True cannot be overwritten by 't[i] =' while operations are recorded"),
    "put(Tensor([1, 2]), 0, 1.5)": (TypeError,
        "a tensor of int64 cannot hold values of float32: convert it first, with t.float()."),
    "put(Tensor([1, 2]), 0, ones())": (TypeError,
        "a tensor of int64 cannot hold values of float64: convert it first"),
    "put(Tensor([True]), 0, 2)": (TypeError,
        "a tensor of bool cannot hold values of int64: convert it first"),
    # Joining
    "gradlib.concatenate([ones(2, 3), ones(2, 4)])": (ShapeError,
        "cannot concatenate (2, 3) with (2, 4) along axis 0: all other axes must have the same size, but axis 1 has "
        "sizes 3 and 4. Along axis 1 they fit."),
    "gradlib.concatenate([ones(2, 3), ones(3, 4)])": (ShapeError,
        "cannot concatenate (2, 3) with (3, 4) along axis 0: all other axes must have the same size, but axis 1 has "
        "sizes 3 and 4."),
    "gradlib.cat([ones(2, 3), ones(2)])": (ShapeError,
        "cannot concatenate (2, 3) with (2,): they have 2 and 1 axes."),
    "gradlib.cat([ones(2, 3), ones(2, 3)], axis=2)": (ShapeError,
        f"concatenate: there is no axis 2: {NO_AXIS}"),
    "gradlib.cat([ones(2)], axis='a')": (TypeError, "an axis must be an integer, got 'a'."),
    "gradlib.cat([ones(), ones()])": (ShapeError,
        "cannot concatenate 0-d tensors, which have no axis to join along. Use stack."),
    "gradlib.cat([])": (ValueError, "concatenate takes a list of tensors, at least one, got an empty list."),
    "gradlib.cat(ones(2, 3))": (TypeError, "concatenate takes a list of tensors, at least one, got Tensor."),
    "gradlib.cat([ones(2), 'a'])": (TypeError,
        "a Tensor holds numbers: a number, nested lists of numbers, or an array. Got str 'a'."),
    "gradlib.stack([ones(2), ones(3)])": (ShapeError,
        "stack takes tensors of one shape, but tensor 0 has shape (2,) and tensor 1 has shape (3,). To join "
        "along an existing axis, use concatenate."),
    "gradlib.stack([ones(2), ones(2)], axis=3)": (ShapeError, f"there is no axis 3: {NO_AXIS}"),
    "gradlib.stack([])": (ValueError, "stack takes a list of tensors, at least one, got an empty list."),
    "gradlib.where(ones(2) > 0, ones(3), 0.0)": (ShapeError, "axis -1 has size 2 in one and 3 in the other."),
    # Matrices
    "ones(2, 3).dot(ones(3))": (ShapeError,
        "dot takes two vectors, got shapes (2, 3) and (3,). For matrices use @."),
    "ones(2).dot(ones(3))": (ShapeError, "cannot multiply (2,) by (3,): the inner sizes 2 and 3 differ."),
    "ones(2, 3).outer(ones(3))": (ShapeError,
        "outer takes two vectors, got shapes (2, 3) and (3,). Flatten them first."),
    "ones(2, 3).matmul(ones(2, 3))": (ShapeError,
        "The second looks transposed: try .mT on it, for (2, 3) @ (3, 2)."),
    "ones(2, 3, 4).trace()": (ShapeError,
        "trace takes a matrix, got shape (2, 3, 4); for a stack use diagonal(0, -2, -1).sum(-1)."),
    "ones(3).trace()": (ShapeError, "trace takes a matrix, got shape (3,)"),
    "ones(3).tril()": (ShapeError, "tril takes matrices, at least two axes, got shape (3,)."),
    "ones().triu()": (ShapeError, "triu takes matrices, at least two axes, got shape ()."),
    "ones(2, 3).tensordot(ones(4, 5), 1)": (ShapeError,
        "tensordot of shapes (2, 3) and (4, 5) sums over axes of sizes [3] and [4]: they must be the same."),
    "ones(2, 3).tensordot(ones(3, 2), ([0], [0, 1]))": (ShapeError,
        "tensordot pairs the axes of two lists, but [0] and [0, 1] differ in length."),
    "ones(2, 3).tensordot(ones(3, 2), 'ij')": (TypeError, "tensordot takes a number of axes, or two lists of axes"),
    "Tensor(2.0).tensordot(ones(2), ([0], [0]))": (ShapeError, "there is no axis 0"),
    "ones(2, 3).tensordot(ones(3, 2), 3)": (ShapeError, f"there is no axis -3: {NO_AXIS}"),
    "ones(2, 3).tensordot(ones(3, 2), ([5], [0]))": (ShapeError, f"there is no axis 5: {NO_AXIS}"),
    "ones(2, 3).tensordot(ones(2, 3), ([0, 0], [0, 0]))": (ShapeError,
        "tensordot names axis 0 of shape (2, 3) twice."),
    "ones(2, 3).inv()": (ShapeError, "inv takes square matrices, got shape (2, 3)."),
    "ones(3).inv()": (ShapeError, "inv takes square matrices, got shape (3,)."),
    "ones(2, 3).det()": (ShapeError, "det takes square matrices, got shape (2, 3)."),
    "ones(2, 3).solve(ones(2))": (ShapeError, "solve takes square matrices, got shape (2, 3)."),
    "half(2, 2).inv()": (TypeError, "inv takes float32 or float64, got float16: use t.float()."),
    "half(2, 2).det()": (TypeError, "det takes float32 or float64, got float16: use t.float()."),
    "half(2, 2).solve(half(2, 3))": (TypeError, "solve takes float32 or float64, got float16: use t.float()."),
    "ones(2, 2).inv()": (LinAlgError,
        "inv: a matrix of shape (2, 2) is singular (its rows are not independent), so it has no inverse."),
    "ones(2, 2).solve(ones(2))": (LinAlgError, "solve: a matrix of shape (2, 2) is singular"),
    "Tensor(np.eye(2)).solve(ones(3))": (ShapeError,
        "solve with a matrix of shape (2, 2) takes a right-hand side of shape (2,) or (…, 2, k), got (3,)."),
    "Tensor(np.eye(2)).solve(ones())": (ShapeError, "shape (2,) or (…, 2, k), got ()."),
    "Tensor(np.eye(2)).solve([1.0, 2.0])": (TypeError,
        "a Tensor cannot be combined with a list: [1.0, 2.0]."),
    "gradlib.einsum('ij,jk->ik', ones(2, 3), ones(4, 5))": (ShapeError,
        "einsum('ij,jk->ik'): the letter j stands for size 3 in (2, 3) and for size 4 in (4, 5)."),
    "gradlib.einsum('ii->i', ones(2, 3))": (ShapeError,
        "einsum('ii->i'): the letter i stands for size 2 in (2, 3) and for size 3 in (2, 3)."),
    "gradlib.einsum('ij,jk->ik', ones(2, 3))": (ShapeError,
        "einsum('ij,jk->ik') describes 2 operands, got 1."),
    "gradlib.einsum('ij->ij', ones(2, 3), ones(3))": (ShapeError,
        "einsum('ij->ij') describes 1 operand, got 2."),
    "gradlib.einsum('ij->i')": (ShapeError, "einsum('ij->i') describes 1 operand, got 0."),
    "gradlib.einsum('i->i', ones(2, 3))": (ShapeError,
        "einsum('i->i'): 'i' names 1 axis, but operand 0 has shape (2, 3)."),
    "gradlib.einsum('ijk->i', ones(2, 3))": (ShapeError,
        "einsum('ijk->i'): 'ijk' names 3 axes, but operand 0 has shape (2, 3)."),
    "gradlib.einsum('ij->k', ones(2, 3))": (ShapeError,
        "einsum('ij->k'): the result has the letter k, which no operand has."),
    "gradlib.einsum('ij->ii', ones(2, 3))": (ShapeError,
        "einsum('ij->ii'): the result has the letter i twice."),
    "gradlib.einsum('i1->i', ones(2, 3))": (ShapeError, "einsum('i1->i'): letters name the axes, got '1'."),
    "gradlib.einsum(ones(2, 3), 'ij->i')": (TypeError,
        "einsum takes the letters first, as in einsum('ij,jk->ik', x, y), got Tensor."),
    # Entry by entry
    "ones(2) ** ones(3)": (ShapeError,
        f"cannot broadcast (2,) with (3,): axis -1 has size 2 in one and 3 in the other. {MISFIT}"),
    "ones(2) % ones(3)": (ShapeError, "cannot broadcast (2,) with (3,)"),
    "ones(2) == ones(3)": (ShapeError, "cannot broadcast (2,) with (3,)"),
    "ones(2) < ones(3)": (ShapeError, "cannot broadcast (2,) with (3,)"),
    "ones(2, 3).maximum(ones(2))": (ShapeError,
        "Did you mean (2, 1), one number for each row? Then reshape(2, 1)."),
    "ones(2, 3).maximum([1, 2, 3])": (TypeError, "a Tensor cannot be combined with a list: [1, 2, 3]."),
    "ones(2, 3).atan2('a')": (TypeError, "a Tensor cannot be combined with a str: 'a'."),
    "ones(2, 3).lerp(ones(2), 0.5)": (ShapeError, "cannot broadcast (2,) with (2, 3)"),
    "ones(2, 3).clip()": (TypeError, "clip needs min, max, or both: without a bound there is nothing to do."),
    "ones(2, 3).clip('a')": (TypeError, "clip takes bounds that are numbers, arrays or tensors, got 'a'."),
    "ones(2, 3).clip(np.ones(2))": (ShapeError, "cannot broadcast (2, 3) with (2,)"),
    "ones(2, 3).clip(ones(2))": (ShapeError, "cannot broadcast (2, 3) with (2,)"),
    "ones(2).gelu('sigmoid')": (ValueError, "gelu takes approximate='none' or 'tanh', got 'sigmoid'."),
    "ones(2).leaky_relu('a')": (TypeError, "leaky_relu takes negative_slope, a number, got 'a'."),
    "ones(2).leaky_relu(None)": (TypeError, "leaky_relu takes negative_slope, a number, got None."),
    "ones(2).elu('a')": (TypeError, "elu takes alpha, a number, got 'a'."),
    "ones(2).softplus(None)": (TypeError, "softplus takes beta, a number, got None."),
    "ones(2).round(1.5)": (TypeError, "round takes decimals, an integer, got 1.5."),
    "ones(2).round(10**20)": (OverflowError,
        "round takes integers that int64 holds, got {'decimals': 100000000000000000000}."),
    "Tensor([1]).leaky_relu(10**20)": (OverflowError, "leaky_relu takes integers that int64 holds, got {'negative_sl"),
    "divmod(ones(2), 'a')": (TypeError, "a Tensor cannot be combined with a str: 'a'."),
    "ones(2) @ 2": (ShapeError, "a 0-d tensor has no axis to sum over. Use * for a product."),
    "[1.0, 2.0] @ ones(2)": (TypeError, "a Tensor cannot be combined with a list: [1.0, 2.0]."),
    "Tensor([1, 2]) ** -1": (ValueError,
        "an integer to a negative power is not an integer: use t.float() ** -1."),
    "Tensor([True]) - Tensor([True])": (TypeError, "- does not take bools: use t.float()"),
    "-Tensor([True])": (TypeError, "neg does not take bools: use t.float()"),
    "ones(2) // 'a'": (TypeError, "a Tensor cannot be combined with a str: 'a'."),
    # Types
    "ones(2).astype('complex128')": (TypeError,
        "a tensor holds real numbers, complex ones are not supported."),
    "ones(2).astype('abc')": (TypeError, "dtype must be one of NumPy's, such as np.float32, got 'abc'."),
    "ones(2).to('abacus')": (ValueError, "there is no device 'abacus'. The devices are cpu, cuda."),
    "Tensor([1.0], dtype='abc')": (TypeError, "dtype must be one of NumPy's, such as np.float32, got 'abc'."),
    "Tensor([1.0], dtype=complex)": (TypeError,
        "a tensor holds real numbers, complex ones are not supported."),
    "Tensor(np.array(['a']))": (TypeError,
        "a Tensor holds numbers: a number, nested lists of numbers, or an array."),
    "Tensor({1: 2})": (TypeError, "Got dict {1: 2}."),
    "Tensor([ones()])": (TypeError,
        "a list of tensors cannot become a Tensor: the graph of its parts would be cut."),
    "Tensor([1.0], requires_grad=True, dtype=np.int32)": (TypeError,
        "requires_grad=True needs floating-point data, got int32, which cannot change by a small amount."),
    "set_data(ones(2), 1j * np.ones(2))": (TypeError,
        "a tensor holds real numbers, complex ones are not supported."),
    "set_data(ones(2), 'a')": (TypeError, "a Tensor holds numbers"),
    "gradlib.one_hot([0.5], 2)": (TypeError,
        "one_hot takes class indices, which are integers, got float64 of shape (1,)."),
    "gradlib.one_hot([True], 2)": (TypeError,
        "one_hot takes class indices, which are integers, got bool of shape (1,)."),
    "gradlib.one_hot([0, 2], 2)": (IndexError, "one_hot with 2 classes takes indices 0 to 1, got 2."),
    "gradlib.one_hot([-1], 2)": (IndexError, "one_hot with 2 classes takes indices 0 to 1, got -1."),
    "gradlib.one_hot([1], 1.5)": (TypeError, "num_classes is an integer from 0 on, or -1 to count them, got 1.5."),
    "gradlib.manual_seed('a')": (TypeError, "seed must be an integer of at least 0, got 'a'."),
    "gradlib.manual_seed(-1)": (ValueError, "seed must be an integer of at least 0, got -1."),
    # Python's own
    "list(ones())": (TypeError, "a 0-d tensor is a single number: there is nothing to iterate over"),
    "int(ones(2))": (ShapeError, "but shape (2,) holds 2."),
    "range(ones())": (TypeError, "an index must be an integer, but this tensor is float64. Use int(t)."),
    "format(ones(2), '.2f')": (ShapeError, "but shape (2,) holds 2."),
    "copy.deepcopy(ones(2) * 1)": (GraphError,
        "this tensor is a result of '·', and a copy would lose the graph behind it. Copy t.detach(), or copy the "
        "leaves and compute the result again."),
    "pickle.dumps(ones(2) * 1)": (GraphError, "a copy would lose the graph behind it."),
    "ones(2).numpy()": (GraphError,
        "NumPy would lose the gradient of this tensor: its results are not part of the graph."),
    "np.array([ones(), ones()])": (GraphError, "NumPy would lose the gradient of this tensor"),
    # Hooks, gradients
    "ones(2).register_hook(3)": (TypeError, "a hook is a function of the gradient, got int."),
    "Tensor([1.0]).register_hook(print)": (GraphError,
        "this tensor does not need a gradient, so none can be hooked."),
    "hooked(lambda gradient: gradient[:1])": (ShapeError,
        "a hook returned a gradient of shape (1,) for one of shape (2,). Return None to keep the gradient, or an array "
        "of the same shape."),
    "(ones(2) * 1).backward('a')": (TypeError, "a Tensor holds numbers"),
    "(ones(2) * 1).backward([1, 2, 3])": (ShapeError,
        "gradient must have the tensor's shape (2,), got (3,)."),
    "gradlib.grad(ones(2) * 1, ones(2))": (GraphError, "Reduce it first with .sum() or .mean()"),
    "gradlib.grad(3.0, ones(2))": (TypeError, "but outputs is of type"),
    # NumPy's functions
    "np.linalg.norm(ones(2, 3), 2)": (TypeError,
        "np.linalg.norm of a matrix with ord=2 is a matrix norm, which gradlib cannot differentiate. For the norm of "
        "all entries use t.norm(2)."),
    "np.linalg.norm(ones(2, 3), 1)": (TypeError,
        "np.linalg.norm of a matrix with ord=1 is a matrix norm, which gradlib cannot differentiate."),
    "np.linalg.norm(ones(2, 3, 4), np.inf, axis=(0, 1))": (TypeError,
        "np.linalg.norm of a matrix with ord=inf is a matrix norm, which gradlib cannot differentiate."),
    "np.linalg.norm(ones(2, 3, 4), 2)": (TypeError, "np.linalg.norm of 3 axes with ord=2 is a matrix norm, which "
        "gradlib cannot differentiate."),
    "set_data(Tensor([1, 2]), [1.5, 2.5])": (TypeError,
        "a tensor of int64 cannot hold values of float64: convert it first, with t.float()."),
    "Tensor([1, 2]).__iadd__(1.5)": (TypeError, "a tensor of int64 cannot hold values of float32"),
    "gradlib.tensordot(ones(2, 3), ones(2, 3), -1)": (ValueError,
        "tensordot sums over `dims` axes, an integer from 0 on, got -1."),
    "np.take(ones(2, 3), [0], axis=5)": (ShapeError, "there is no axis 5: with 2 axes they are 0 to 1."),
    "np.take(ones(2), [True, False])": (TypeError, "For a mask use t[mask]."),
    "ones(2).clip(1j)": (TypeError, "a tensor holds real numbers, complex ones are not supported."),
    "np.split(ones(4), 3)": (ShapeError,
        "np.split makes 3 equal pieces, but axis 0 of shape (4,) has size 4. t.split and t.chunk allow a smaller last "
        "piece."),
    "np.take(ones(4), 5)": (IndexError,
        "index 5 does not fit shape (4,): index 5 is out of bounds for axis 0 with size 4."),
    "np.dot(ones(2, 3), ones(2, 3))": (ShapeError,
        "cannot multiply (2, 3) by (2, 3): the inner sizes 3 and 2 differ."),
    "np.swapaxes(ones(2, 3), 0, 5)": (ShapeError,
        f"there is no axis 5: {NO_AXIS}"),
    "np.concatenate([ones(2), ones(2, 2)])": (ShapeError, "cannot concatenate (2,) with (2, 2)"),
    "np.stack([ones(2), ones(3)])": (ShapeError, "stack takes tensors of one shape"),
    "np.sum(ones(2), axis=1)": (ShapeError, "sum over axis 1, but shape (2,) has axes 0 to 0."),
    "np.where(ones(2) > 0, ones(2))": (TypeError,
        "To choose between two values, pass both: np.where(condition, x, y)."),
    "np.sum([ones(2), ones(2)])": (GraphError, "NumPy would lose the gradient of this tensor"),
    "np.linspace(0, ones(), 3)": (TypeError,
        "np.linspace is not an operation that gradlib can differentiate"),
    "np.ones(2) @ ones(3)": (ShapeError, "cannot multiply (2,) by (3,): the inner sizes 2 and 3 differ."),
    "np.exp(ones(2), where=np.ones(2) > 0)": (TypeError, "np.exp on a tensor"),
}  # fmt: skip
WORDS = {
    "copy": copy, "gradlib": gradlib, "half": half, "hooked": hooked, "np": np, "ones": ones, "pickle": pickle,
    "put": put, "set_data": set_data, "Tensor": Tensor,
}  # fmt: skip


@pytest.mark.parametrize("call", CALLS)
def test_a_wrong_call_of_an_operation_is_refused_and_says_what_to_do(call):
    kind, words = CALLS[call]
    with pytest.raises(kind) as caught:
        eval(call, WORDS)
    assert words in str(caught.value)
    assert type(caught.value) is kind


@pytest.mark.parametrize("name", WRONG)
def test_it_is_refused_and_says_what_to_do(name):
    call, kind, words = WRONG[name]
    with pytest.raises(kind) as caught:
        call()
    assert words in str(caught.value)
    assert type(caught.value) is kind


def test_where_with_a_condition_alone_is_refused():
    with pytest.raises(TypeError):
        np.where(ones(2))


def test_overwritten_values_are_named():
    x, factor = ones(2), Tensor([2.0, 2.0])
    z = (x * factor).sum()
    factor += 1.0
    with pytest.raises(GraphError) as caught:
        z.backward()
    assert str(caught.value) == (
        "backward() needs the values that '·' worked with, but its input of shape (2,) was overwritten in place "
        "afterwards. Compute the result again, or make a new tensor instead of overwriting this one."
    )


def test_errors_are_the_kinds_that_python_has_for_them():
    assert issubclass(ShapeError, ValueError)
    assert issubclass(GraphError, RuntimeError)
    assert issubclass(gradlib.GradcheckError, AssertionError)
    assert isinstance(cannot_broadcast((2,), (3,)), ShapeError)
