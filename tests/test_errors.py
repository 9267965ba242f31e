"""Wrong calls: each is refused, and the message has the figures and the way out in it."""

import numpy as np
import pytest

import gradlib
from gradlib import GraphError, ShapeError, Tensor, explain, gradient_paths, show_graph
from gradlib.errors import cannot_broadcast
from gradlib.scalar import Value


def ones(*shape):
    return Tensor(np.ones(shape), requires_grad=True)


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


MISFIT = "Counted from the last axis, sizes must be equal or 1."

WRONG = {
    # Data that is no array of real numbers
    "a word": (lambda: Tensor("abc"), TypeError,
        "a Tensor holds numbers: a number, nested lists of numbers, or an array. Got str 'abc'."),
    "nothing": (lambda: Tensor(None), TypeError, "Got NoneType None."),
    "a word among numbers": (lambda: Tensor([1.0, "a"]), TypeError, "Got list [1.0, 'a']."),
    "a long text": (lambda: Tensor("a" * 100), TypeError, "Got str '" + "a" * 56 + "...."),
    "rows that differ": (lambda: Tensor([[1, 2, 3], [4, 5]]), ShapeError,
        "a tensor is a full grid of numbers, but data[0] has 3 entries and data[1] has 2 entries. "
        "Fill the short rows, or keep a list."),
    "rows inside that differ": (lambda: Tensor([[[1, 2], [3]], [[4, 5], [6, 7]]]), ShapeError,
        "data[0][0] has 2 entries and data[0][1] has 1 entry."),
    "a row and a number": (lambda: Tensor([[1, 2], 3]), ShapeError,
        "data[0] has 2 entries and data[1] is a number."),
    "complex numbers": (lambda: Tensor([1j, 2.0]), TypeError,
        "a tensor holds real numbers, complex ones are not supported. Keep .real and .imag apart."),
    "a tensor of a graph": (lambda: Tensor(ones(2)), GraphError,
        "Tensor(t) would cut the graph of t. Use t itself, or t.detach() for a constant."),
    "a list of tensors of a graph": (lambda: Tensor([ones(), ones()]), TypeError,
        "a Tensor is made of numbers, not of tensors: the graph of the parts would be cut."),
    # Who can have a gradient
    "whole numbers with a gradient": (lambda: Tensor([1, 2], requires_grad=True), TypeError,
        "requires_grad=True takes floating-point data, this is int64: a whole number cannot be nudged by a "
        "little. "
        "Write 2.0 in place of 2, or pass dtype=np.float32."),
    "bools with a gradient": (lambda: Tensor([True], requires_grad=True), TypeError,
        "requires_grad=True takes floating-point data, this is bool"),
    "a result that shall need no gradient": (lambda: set_requires_grad(ones(2) * 2), GraphError,
        "this tensor is a result of '·': it needs a gradient because its inputs do. Only leaves choose."),
    "keeping a gradient that never comes": (lambda: Tensor([1.0]).retain_grad(), GraphError,
        "this tensor needs no gradient, so none can be kept. Set requires_grad=True on an input."),
    # Going backward
    "backward from many entries": (lambda: (ones(2, 3) * 2).backward(), GraphError,
        "backward() differentiates one number, but this tensor has shape (2, 3). Reduce it first with "
        ".sum() or "
        ".mean(), or pass gradient=, an array of shape (2, 3): how much each entry counts."),
    "backward without a graph": (lambda: (Tensor([1.0]) * 2).backward(), GraphError,
        "backward() found no graph: this tensor was not computed from one with requires_grad=True. Either "
        "no input "
        "asked for a gradient, or the graph was cut on the way by .data, .detach(), float() or no_grad()."),
    "a gradient of another shape": (lambda: (ones(2, 3) * 2).backward(np.ones(3)), ShapeError,
        "gradient must have the tensor's shape (2, 3), got (3,)."),
    "the gradient by a stranger": (lambda: gradlib.grad(ones(2).sum(), ones(3)), GraphError,
        "outputs does not depend on input 0 (shape (3,)): its gradient is zero everywhere. Was it used, "
        "and does it "
        "have requires_grad=True?"),
    "a complex gradient": (lambda: (ones(2) * 2).backward([1j, 2]), TypeError,
        "a tensor holds real numbers, complex ones are not supported."),
    # Matrix products
    "the second transposed": (lambda: ones(32, 784) @ ones(128, 784), ShapeError,
        "cannot multiply (32, 784) by (128, 784): the inner sizes 784 and 128 differ. The second looks "
        "transposed: "
        "try .mT on it, for (32, 784) @ (784, 128)."),
    "the first transposed": (lambda: ones(3, 2) @ ones(3, 4), ShapeError,
        "cannot multiply (3, 2) by (3, 4): the inner sizes 2 and 3 differ. The first looks transposed: "
        "try .mT on it, for (2, 3) @ (3, 4)."),
    "a batch transposed": (lambda: ones(5, 2, 3) @ ones(5, 4, 3), ShapeError,
        "try .mT on it, for (5, 2, 3) @ (5, 3, 4)."),
    "nothing to mend": (lambda: ones(2, 3) @ ones(5), ShapeError,
        "cannot multiply (2, 3) by (5,): the inner sizes 3 and 5 differ."),
    "vectors that differ": (lambda: ones(2) @ ones(3), ShapeError,
        "cannot multiply (2,) by (3,): the inner sizes 2 and 3 differ."),
    "a product with a number": (lambda: ones() @ ones(3), ShapeError,
        "cannot matrix-multiply () by (3,): a 0-d tensor has no axis to sum over. Use * for a product."),
    "batches that differ": (lambda: ones(2, 3, 4) @ ones(5, 4, 3), ShapeError,
        "cannot multiply (2, 3, 4) by (5, 4, 3): the axes before the matrices do not fit: cannot broadcast "
        "(2,) with "
        f"(5,): axis -1 has size 2 in one and 5 in the other. {MISFIT}"),
    # Broadcasting
    "a number for each row": (lambda: ones(2, 3) + ones(2), ShapeError,
        f"cannot broadcast (2, 3) with (2,): axis -1 has size 3 in one and 2 in the other. {MISFIT} "
        "Did you mean (2, 1), one number for each row? Then reshape(2, 1)."),
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
        "cannot broadcast (3,) to (1,): counted from the last axis, a size must stay or be 1, and no axis "
        "may go."),
    # Operands
    "a list": (lambda: ones(2) + [1.0, 2.0], TypeError,
        "a Tensor cannot be combined with a list: [1.0, 2.0]. Make a Tensor or an array of it first."),
    "a list on the left": (lambda: [1.0, 2.0] * ones(2), TypeError,
        "a Tensor cannot be combined with a list: [1.0, 2.0]."),
    "nothing as operand": (lambda: ones(2) == None, TypeError,  # noqa: E711
        "a Tensor cannot be combined with a NoneType: None."),
    "a complex factor": (lambda: ones(2) * 1j, TypeError, "a Tensor cannot be combined with a complex: 1j."),
    "an array of complex numbers": (lambda: ones(2) * np.array([1j, 2]), TypeError,
        "a tensor holds real numbers, complex ones are not supported."),
    # NumPy
    "a function not in the table": (lambda: np.arctan(ones(2)), TypeError,
        "np.arctan is not an operation that gradlib can differentiate, so on a Tensor it would lose the "
        "gradient. "
        "Compose it of operations that are in the table, or call it on t.detach().numpy() if no gradient "
        "is to flow."),
    "an array function not in the table": (lambda: np.median(ones(2)), TypeError, "np.median is not an "
    "operation"),
    "a method of a ufunc": (lambda: np.add.reduce(ones(2)), TypeError, "np.add.reduce is not an operation"),
    "an array of a tensor with a gradient": (lambda: np.asarray(ones(2)), GraphError,
        "NumPy would lose the gradient of this tensor: what it computes is not part of the graph. "
        "Use gradlib's operations, or t.detach().numpy() if no gradient is to flow."),
    "an array += tensor": (lambda: add_in_place(np.ones(2), ones(2)), TypeError,
        "np.add was asked to write its result into an array in place (as `array += tensor` does), where no "
        "graph can "
        "follow. Make a new value: array = array + tensor."),
    # One number of many
    "item of many": (lambda: ones(2, 2).item(), ShapeError,
        "item() takes the only entry of a tensor, but shape (2, 2) holds 4."),
    "float of many": (lambda: float(ones(3)), ShapeError, "but shape (3,) holds 3."),
    "truth of many": (lambda: bool(ones(2)), ShapeError,
        "a tensor of shape (2,) is neither true nor false. Ask about one entry, or use (t > 0).all() or "
        ".any()."),
    "the length of a number": (lambda: len(ones()), TypeError, "a 0-d tensor is a single number and has no "
    "len()"),
    # Shapes and axes
    "reshape to another count": (lambda: ones(2, 3).reshape(4), ShapeError,
        "cannot reshape (2, 3), 6 in all, to (4,): the sizes must multiply to 6. "
        "One of them may be -1, for what is left."),
    "reshape to two unknowns": (lambda: ones(2, 3).reshape(-1, -1), ShapeError,
        "cannot reshape (2, 3), 6 in all, to (-1, -1)"),
    "sum over an axis too far": (lambda: ones(2, 3).sum(axis=2), ShapeError,
        "sum over axis 2, but shape (2, 3) has axes 0 to 1. Negative axes count from the end: -1 is the "
        "last."),
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
        "transpose(0, 2) needs these axes, but shape (2, 3) has 2."),
    "mT of a vector": (lambda: ones(3).mT, ShapeError, "but shape (3,) has 1."),
    "data of another shape": (lambda: set_data(ones(2, 3), np.ones(3)), ShapeError,
        "a tensor of shape (2, 3) cannot take data of shape (3,): its shape stays. Make a new Tensor for "
        "another one."),
    "+= that grows": (lambda: Tensor([1.0]).__iadd__(Tensor([1.0, 2.0])), ShapeError,
        "shape (1,) cannot hold the result of '+=', of shape (2,)."),
    "+= on a leaf": (lambda: ones(2).__iadd__(1.0), GraphError,
        "a leaf with requires_grad=True cannot be overwritten by '+=' while operations are recorded: its "
        "gradient "
        "would have nowhere to go. Update it inside `with gradlib.no_grad():`, or give the result a new "
        "name."),
    # Learners' nodes, pictures, words
    "a root of a negative Value": (lambda: Value(-2.0) ** 0.5, ValueError,
        "(-2.0) ** 0.5 is not a real number: a negative base takes whole exponents only."),
    "an operation nobody knows": (lambda: explain(Node(8.0, (Node(2.0),), "cube"), {}), KeyError,
        "the operation 'cube' is not in the table of derivatives, so its local derivative is unknown. It "
        "knows: +"),
    "an input left out": (lambda: explain(Node(8.0, (Node(2.0),), "*"), {}), GraphError,
        "the operation '·' takes 2 inputs, but a node made by it has 1 in _prev. List every input there, "
        "constants too."),
    "a graph of a number": (lambda: show_graph(3.0), TypeError,
        "a graph starts from a result: a Tensor, a Value, or an object with data, _prev and _op. Got float."),
    "a value of another graph": (lambda: show_graph(Value(1.0), {}).index(Value(2.0)), KeyError,
        "this value is not in the graph: the result was not computed from it"),
    "nothing to explain": (lambda: explain(Tensor([1.0]) * 2, {}), GraphError,
        "there is nothing to explain: this result was not computed from a value that needs a gradient. "
        "Give an input requires_grad=True."),
    "no path": (lambda: gradient_paths(Value(1.0) * 2, Value(1.0)), GraphError,
        "no path leads there: the result was not computed from this value."),
    "a path to a constant": (lambda: (lambda c: gradient_paths(ones() * c, c))(Tensor(2.0)), GraphError,
        "no gradient flows there: this value does not need one (requires_grad is False)."),
}  # fmt: skip


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
        "backward() needs the values that '·' worked with, but its input of shape (2,) was overwritten in "
        "place "
        "afterwards. Compute the result again, or make a new tensor in place of overwriting."
    )


def test_errors_are_the_kinds_that_python_has_for_them():
    assert issubclass(ShapeError, ValueError)
    assert issubclass(GraphError, RuntimeError)
    assert issubclass(gradlib.GradcheckError, AssertionError)
    assert isinstance(cannot_broadcast((2,), (3,)), ShapeError)
