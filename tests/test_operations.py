"""The methods of a tensor: their names, their shapes, their gradients, and what they do in a graph."""

import inspect
import math

import numpy as np
import pytest

import gradlib
from gradlib import GraphError, ShapeError, Tensor, gradcheck, no_grad
from gradlib.operations import Operations
from gradlib.primitives import TABLE


def drawn(*shape, seed=0):
    return np.random.default_rng(seed).uniform(-2, 2, size=shape)


def leaf(array):
    return Tensor(np.array(array, dtype=float), requires_grad=True)


# Names ------------------------------------------------------------

# Entries of the table that are written with an operator or an index, not a name.
AS_OPERATORS = {
    "add": lambda x, y: x + y, "sub": lambda x, y: x - y, "mul": lambda x, y: x * y,
    "div": lambda x, y: x / y, "neg": lambda x, y: -x,
    "floor_divide": lambda x, y: x // y, "getitem": lambda x, y: x[0],
}  # fmt: skip
AS_FUNCTIONS = {"concatenate", "einsum"}
INSIDE = {"scatter", "setitem"}  # the adjoint of an index; `t[i] = v`
LAYERS = {"linear", "cross_entropy", "normalize", "unfold", "fold", "rnn", "lstm", "gru"}  # called by gradlib.nn


@pytest.mark.parametrize("name", sorted(TABLE.keys() - INSIDE - LAYERS))
def test_every_entry_of_the_table_has_a_name_that_users_call(name):
    if name in AS_OPERATORS:
        assert AS_OPERATORS[name](leaf([4.0]), leaf([2.0]))._op is TABLE[name]
    elif name in AS_FUNCTIONS:
        assert callable(getattr(gradlib, name))
    else:
        assert callable(getattr(Tensor, name))


def public_methods():
    return {n: m for n, m in vars(Operations).items() if inspect.isfunction(m) and not n.startswith("_")}


@pytest.mark.parametrize("name", public_methods())
def test_every_method_has_a_docstring_whose_first_line_is_short(name):
    first, *_ = (public_methods()[name].__doc__ or "").splitlines()
    assert 10 < len(first) <= 120


ALIASES = {
    "asin": "arcsin", "acos": "arccos", "atan": "arctan", "arctan2": "atan2", "clamp": "clip", "amax": "max",
    "amin": "min", "view": "reshape", "swapaxes": "transpose", "swapdims": "transpose", "movedim": "moveaxis",
    "inverse": "inv",
}  # fmt: skip


@pytest.mark.parametrize("name", ALIASES)
def test_pytorchs_and_numpys_names_are_the_same_method(name):
    assert getattr(Tensor, name) is getattr(Tensor, ALIASES[name])


REDUCTIONS = ["sum", "mean", "prod", "max", "min", "var", "std", "norm", "logsumexp", "any", "all"]


@pytest.mark.parametrize("name", REDUCTIONS)
@pytest.mark.parametrize("axis", [None, 0, -1, 1, (0, 2), (-1, 1), (0, 1, 2), [0, 1]])
@pytest.mark.parametrize("keepdims", [False, True])
def test_axis_and_dim_mean_the_same(name, axis, keepdims):
    x = Tensor(drawn(2, 3, 4))
    reduce = getattr(x, name)
    wanted = np.sum(x.data, axis=tuple(axis) if isinstance(axis, list) else axis, keepdims=keepdims).shape
    for result in (reduce(axis=axis, keepdims=keepdims), reduce(dim=axis, keepdim=keepdims)):
        assert np.shape(result) == wanted
    by_axis, by_dim = reduce(axis=axis, keepdims=keepdims), reduce(dim=axis, keepdim=keepdims)
    np.testing.assert_array_equal(getattr(by_axis, "data", by_axis), getattr(by_dim, "data", by_dim))


ALONG = {
    "softmax": {}, "log_softmax": {}, "cumsum": {}, "cumprod": {}, "argmax": {}, "argmin": {}, "argsort": {},
    "sort": {}, "topk": {"k": 2}, "unbind": {}, "split": {"split_size_or_sections": 2}, "chunk": {"chunks": 2},
    "repeat_interleave": {"repeats": 2}, "roll": {"shifts": 1}, "squeeze": {},
}  # fmt: skip


@pytest.mark.parametrize("name", ALONG)
def test_axis_and_dim_mean_the_same_along_one_axis(name):
    x = Tensor(drawn(2, 1, 3) if name == "squeeze" else drawn(2, 3))
    method, word = getattr(x, name), "dims" if name == "roll" else "dim"
    ways = [{"axis": 1}, {word: 1}, {"axis": 1 - x.ndim}, {word: 1 - x.ndim}]
    results = [method(**ALONG[name], **way) for way in ways]
    parts = [result if isinstance(result, tuple) else (result,) for result in results]
    for others in zip(*parts, strict=True):
        assert all(np.array_equal(np.asarray(others[0]), np.asarray(other)) for other in others)


def test_axis_and_dim_together_are_refused():
    with pytest.raises(TypeError, match="axis=0 and dim=1 are two names for the same argument: give one"):
        Tensor(drawn(2, 3)).sum(axis=0, dim=1)


# Gradients ------------------------------------------------------------

A, B, STACK = drawn(3, 4), drawn(3, 4, seed=1), drawn(2, 3, 4, seed=2)
V, SQUARE = drawn(4, seed=3), drawn(3, 3, seed=4) + 3 * np.eye(3)
MASK = np.array([[True, False, True, False]] * 3)

# Composed of several entries: their gradients against finite differences.
COMPOSED = {
    "softplus": (lambda x: x.softplus(), A), "softplus of beta": (lambda x: x.softplus(beta=3.0), A),
    "elu": (lambda x: x.elu(), A), "elu of alpha": (lambda x: x.elu(alpha=0.5), A),
    "silu": (lambda x: x.silu(), A), "lerp": (lambda x, y, w: x.lerp(y, w), A, B, V),
    "lerp of a number": (lambda x, y: x.lerp(y, 0.3), A, V), "var": (lambda x: x.var(), A),
    "var over an axis": (lambda x: x.var(axis=0), A),
    "var of all": (lambda x: x.var((0, 2), keepdims=True, correction=0), STACK), "std": (lambda x: x.std(), A),
    "std over an axis": (lambda x: x.std(dim=-1, keepdim=True), A),
    "std, no correction": (lambda x: x.std(0, correction=0), A), "norm of order 1": (lambda x: x.norm(1), A),
    "norm of order 3": (lambda x: x.norm(3, axis=1), A),
    "norm of order ∞": (lambda x: x.norm(math.inf, axis=0), A),
    "norm of order 1.5": (lambda x: x.norm(1.5, keepdims=True), A),
    "clip by tensors": (lambda x, a, b: x.clip(a, b), A, V - 1.5, V + 1.5),
    "cumsum of all": (lambda x: x.cumsum(), A), "cumprod of all": (lambda x: x.cumprod(), A),
    "flatten": (lambda x: x.flatten(1), STACK), "moveaxis": (lambda x: x.moveaxis((0, 1), (-1, 0)), STACK),
    "squeeze": (lambda x: x.squeeze(), drawn(1, 3, 1)), "expand_dims": (lambda x: x.expand_dims((0, 2)), A),
    "expand": (lambda x: x.expand(2, -1, 4), drawn(3, 1)), "tile": (lambda x: x.tile((2, 1, 2)), A),
    "repeat": (lambda x: x.repeat(2, 1, 2), A),
    "repeat_interleave": (lambda x: x.repeat_interleave([1, 0, 3], 0), A),
    "flip": (lambda x: x.flip(0, -1), STACK), "roll": (lambda x: x.roll(2, 1), A),
    "roll of two": (lambda x: x.roll((1, 2), (0, 1)), A),
    "pad": (lambda x: x.pad(((1, 0), (0, 2)), constant_values=5.0), A),
    "reflect": (lambda x: x.pad(((0, 0), (2, 1)), "reflect"), A),
    "edge": (lambda x: x.pad(2, mode="edge"), A),
    "symmetric": (lambda x: x.pad(((2, 2), (0, 1)), "symmetric"), A), "wrap": (lambda x: x.pad(1, "wrap"), A),
    "split": (lambda x: x.split([1, 0, 3], 1), A), "chunk": (lambda x: x.chunk(2, 1), A),
    "unbind": (lambda x: x.unbind(1), A), "narrow": (lambda x: x.narrow(1, 1, 2), A),
    "index_select": (lambda x: x.index_select(1, [0, 0, 3]), A),
    "gather": (lambda x: x.gather(0, [[0, 2, 2, 1], [0, 0, 0, 1]]), A),
    "take_along_axis": (lambda x: x.take_along_axis(np.array([[3, 3], [0, 1], [2, 2]]), 1), A),
    "scatter_add": (lambda x, y: x.scatter_add(0, [[0, 0, 2, 1], [0, 1, 2, 1], [2, 2, 2, 2]], y), A, B),
    "scatter_add of more": (lambda x, y: x.scatter_add(1, [[0, 0], [3, 1]], y), A, B),
    "masked_fill": (lambda x, v: x.masked_fill(MASK, v), A, np.array(2.0)),
    "where": (lambda x, y: x.where(MASK, y), A, V), "sort": (lambda x: x.sort(0, descending=True)[0], A),
    "topk": (lambda x: x.topk(2, 1)[0], A), "diagonal": (lambda x: x.diagonal(1, -1, 0), STACK),
    "trace": (lambda x: x.trace(), SQUARE), "tril": (lambda x: x.tril(-1), STACK),
    "triu": (lambda x: x.triu(1), A), "dot": (lambda x, y: x.dot(y), V, V + 1),
    "outer": (lambda x, y: x.outer(y), V, A[0]),
    "tensordot": (lambda x, y: x.tensordot(y, ([0, 2], [0, 1])), STACK, drawn(2, 4)),
    "tensordot of two": (lambda x, y: x.tensordot(y), A, STACK.transpose(1, 2, 0)),
    "inverse": (lambda x: x.inverse(), SQUARE),
    "concatenate": (lambda x, y: gradlib.concatenate([x, y, x], axis=-1), A, drawn(3, 1)),
    "stack": (lambda x, y: gradlib.stack([x, y, x], axis=1), A, B), "mT": (lambda x: x.mT, STACK),
    "T": (lambda x: x.T, STACK), "clone": (lambda x: x.clone(), A), "double": (lambda x: x.double(), A),
}  # fmt: skip


@pytest.mark.parametrize("name", COMPOSED)
def test_a_composed_method_has_the_right_gradient(name):
    function, *arrays = COMPOSED[name]
    assert gradcheck(function, list(arrays))


# What NumPy computes on the arrays.
VALUES = {
    "softplus": (lambda x: x.softplus(), lambda x: np.log(1 + np.exp(x)), A),
    "softplus of beta": (lambda x: x.softplus(2.0), lambda x: np.log(1 + np.exp(2 * x)) / 2, A),
    "elu": (lambda x: x.elu(0.5), lambda x: np.where(x > 0, x, 0.5 * (np.exp(x) - 1)), A),
    "silu": (lambda x: x.silu(), lambda x: x / (1 + np.exp(-x)), A),
    "leaky_relu": (lambda x: x.leaky_relu(0.2), lambda x: np.where(x > 0, x, 0.2 * x), A),
    "lerp": (lambda x: x.lerp(2.0, 0.25), lambda x: 0.75 * x + 0.25 * 2, A),
    "var": (lambda x: x.var(0), lambda x: np.var(x, axis=0, ddof=1), A),
    "std": (lambda x: x.std(correction=0), np.std, A), "norm": (lambda x: x.norm(), np.linalg.norm, V),
    "norm of order 1": (lambda x: x.norm(1), lambda x: np.abs(x).sum(), A),
    "norm of order ∞": (lambda x: x.norm(math.inf), lambda x: np.abs(x).max(), A),
    "norm of order 3": (lambda x: x.norm(3, axis=1), lambda x: (np.abs(x) ** 3).sum(1) ** (1 / 3), A),
    "tile": (lambda x: x.tile(2, 3), lambda x: np.tile(x, (2, 3)), A),
    "roll": (lambda x: x.roll(-1, 1), lambda x: np.roll(x, -1, 1), A),
    "roll of all": (lambda x: x.roll(5), lambda x: np.roll(x, 5), A),
    "flip": (lambda x: x.flip(), np.flip, A),
    "repeat_interleave": (lambda x: x.repeat_interleave([0, 2, 1], 0),
                          lambda x: np.repeat(x, [0, 2, 1], 0), A),
    "repeat": (lambda x: x.repeat(2, 1), lambda x: np.tile(x, (2, 1)), A),
    "moveaxis": (lambda x: x.moveaxis(0, 2), lambda x: np.moveaxis(x, 0, 2), STACK),
    "diagonal": (lambda x: x.diagonal(-1, 1, 2), lambda x: np.diagonal(x, -1, 1, 2), STACK),
    "tril": (lambda x: x.tril(1), lambda x: np.tril(x, 1), STACK),
    "triu": (lambda x: x.triu(-1), lambda x: np.triu(x, -1), STACK),
    "tensordot": (lambda x: x.tensordot(STACK, ([1, 0], [2, 1])),
                  lambda x: np.tensordot(x, STACK, ([1, 0], [2, 1])), A),
    "sort": (lambda x: x.sort(0)[0], lambda x: np.sort(x, 0), A),
    "descending": (lambda x: x.sort(descending=True)[0], lambda x: -np.sort(-x), A),
    "topk": (lambda x: x.topk(2)[0], lambda x: -np.sort(-x)[:, :2], A),
    "smallest": (lambda x: x.topk(3, largest=False)[0], lambda x: np.sort(x)[:, :3], A),
    "gather": (lambda x: x.gather(1, [[1], [0], [3]]),
               lambda x: np.take_along_axis(x, np.array([[1], [0], [3]]), 1), A),
    "outer": (lambda x: x.outer(A[0]), lambda x: np.outer(x, A[0]), V),
    "edge": (lambda x: x.pad(1, "edge"), lambda x: np.pad(x, 1, "edge"), A),
    "symmetric": (lambda x: x.pad((2, 1), "symmetric"), lambda x: np.pad(x, (2, 1), "symmetric"), A),
    "wrap": (lambda x: x.pad(((5, 0), (0, 6)), "wrap"), lambda x: np.pad(x, ((5, 0), (0, 6)), "wrap"), A),
    "constant": (lambda x: x.pad(1, constant_values=-1.0), lambda x: np.pad(x, 1, constant_values=-1.0), A),
    "cumsum of all": (lambda x: x.cumsum(), np.cumsum, A),
    "round": (lambda x: x.round(1), lambda x: np.round(x, 1), A),
    "floor_divide": (lambda x: x // 0.3, lambda x: x // 0.3, A),
    "remainder": (lambda x: x % -0.7, lambda x: x % -0.7, A), "7 % x": (lambda x: 7 % x, lambda x: 7 % x, A),
    "divmod": (lambda x: gradlib.stack(divmod(x, 0.7)), lambda x: np.stack(divmod(x, 0.7)), A),
    "divmod of 7": (lambda x: gradlib.stack(divmod(7, x)), lambda x: np.stack(divmod(7, x)), A),
    "7 // x": (lambda x: 7 // x, lambda x: 7 // x, A), "abs": (abs, np.abs, A),
    "solve": (lambda x: x.solve(A), lambda x: np.linalg.solve(x, A), SQUARE),
    "index_select": (lambda x: x.index_select(-1, [3, 3]), lambda x: x[:, [3, 3]], A),
}  # fmt: skip


@pytest.mark.parametrize("name", VALUES)
def test_a_method_has_the_value_that_numpy_gives(name):
    ours, numpys, array = VALUES[name]
    np.testing.assert_allclose(ours(Tensor(array)).data, numpys(array), rtol=1e-12, atol=1e-12)


FLOAT32 = [
    "x.softplus()", "x.elu()", "x.std()", "x.norm(3)", "x.lerp(x, 0.5)", "x.var(0)", "x.clip(-1, 1)",
    "x.masked_fill(x > 0, 0.5)", "x.tril()", "2 - x", "x.gelu('tanh')", "x.pad(1)", "x.logaddexp(0.5)",
    "x.maximum(0.1)", "x.roll(1)", "x % 2", "x.atan2(1.0)", "x.scatter_add(0, [[0, 0]], x)", "x.mean()",
    "gradlib.where(x > 0, x, 1.5)", "x[[0, 0, 1]]", "x[0].outer(x[1])", "x.cumprod(0)",
]  # fmt: skip


@pytest.mark.parametrize("call", FLOAT32)
def test_float32_stays_float32(call):
    x = Tensor(A.astype(np.float32), requires_grad=True)
    y = eval(call, {"gradlib": gradlib}, {"x": x})
    y.sum().backward()
    assert y.dtype == x.grad.dtype == np.float32


# Plain answers ------------------------------------------------------------


def test_questions_are_answered_by_plain_arrays():
    x = leaf([[1.0, math.nan, 3.0], [math.inf, 5.0, -6.0]])
    assert x.isnan().tolist() == [[False, True, False], [False] * 3]
    assert x.isinf().tolist() == [[False] * 3, [True, False, False]]
    assert x.isfinite().tolist() == [[True, False, True], [False, True, True]]
    y = leaf([[0.0, 2.0], [3.0, 3.0]])
    assert y.any(axis=0).tolist() == [True, True] and y.all(dim=1).tolist() == [False, True]
    assert y.any() and not y.all()
    assert y.argmax() == 2 and y.argmin() == 0 and y.argmax(axis=0).tolist() == [1, 1]
    assert y.argmax(dim=1, keepdim=True).tolist() == [[1], [0]]
    assert y.argsort(dim=-1).tolist() == [[0, 1], [0, 1]]
    assert y.argsort(descending=True).tolist() == [[1, 0], [0, 1]]  # equal entries keep their order
    for answer in (y.argmax(axis=1), y.argsort(), x.isnan(), y.any(axis=0), y > 1, y.sort()[1], y.topk(1)[1]):
        assert type(answer) is np.ndarray


def test_what_argmax_found_can_be_taken():
    x = leaf(A)
    best = x.take_along_axis(x.argmax(axis=1, keepdims=True), 1)
    best.sum().backward()
    assert np.array_equal(best.data[:, 0], A.max(1)) and np.array_equal(x.grad, A == A.max(1, keepdims=True))


def test_sort_and_topk_of_equal_entries_keep_their_order():
    x = leaf([2.0, 1.0, 2.0, 1.0])
    assert x.sort()[1].tolist() == [1, 3, 0, 2] and x.sort(descending=True)[1].tolist() == [0, 2, 1, 3]
    values, indices = x.topk(3)
    (values * np.array([1.0, 10.0, 100.0])).sum().backward()
    assert indices.tolist() == [0, 2, 1] and x.grad.tolist() == [1.0, 100.0, 10.0, 0.0]


def test_one_hot_marks_the_class_of_each():
    assert gradlib.one_hot([2, 0], 3).tolist() == [[0, 0, 1], [1, 0, 0]]
    assert gradlib.one_hot(np.array([[1], [0]])).tolist() == [[[0, 1]], [[1, 0]]]
    assert gradlib.one_hot(Tensor([1, 1]), num_classes=2).tolist() == [[0, 1], [0, 1]]


# Indexing and iteration ------------------------------------------------------------


def test_iteration_ends_and_gives_the_rows_of_the_graph():
    x = leaf(A)
    rows = list(x)
    assert len(rows) == 3 and all(isinstance(row, Tensor) and row.requires_grad for row in rows)
    sum(i * row.sum() for i, row in enumerate(rows)).backward()
    assert x.grad.tolist() == [[0.0] * 4, [1.0] * 4, [2.0] * 4]
    first, second = leaf([5.0, 7.0])
    assert (first.item(), second.item()) == (5.0, 7.0) and list(leaf(np.empty((0, 2)))) == []
    assert 7.0 in leaf([5.0, 7.0]) and 8.0 not in leaf([5.0, 7.0])


def test_an_index_may_be_a_tensor_a_list_or_an_array():
    x = leaf([10.0, 20.0, 30.0])
    for index in ([2, 0], (np.array([2, 0]),), Tensor([2, 0]), np.array([2, 0], dtype=np.uint8)):
        assert x[index].tolist() == [30.0, 10.0]
    assert x[Tensor([True, False, True])].tolist() == x[x.data != 20].tolist() == [10.0, 30.0]
    assert x[Tensor(1)].item() == x[np.int64(1)].item() == 20.0
    assert x[[]].shape == (0,) and x[..., None].shape == (3, 1)


def test_an_index_that_changes_later_does_not_change_the_gradient():
    x, index = leaf([1.0, 2.0, 3.0]), np.array([0, 1])
    y = x[index]
    index[:] = 2
    y.sum().backward()
    assert x.grad.tolist() == [1.0, 1.0, 0.0]


# Item assignment ------------------------------------------------------------


def test_assignment_outside_a_graph_writes_in_place():
    x = Tensor([1.0, 2.0, 3.0])
    array = x.data
    x[1:] = 5
    x[0] = Tensor([7.0])
    x[x > 6] = np.array([8.0])
    assert x.tolist() == [8.0, 5.0, 5.0] and x.data is array and x.is_leaf


def test_a_leaf_may_be_assigned_to_in_no_grad():
    x = leaf([1.0, 2.0])
    with no_grad():
        x[0] = 9.0
    assert x.tolist() == [9.0, 2.0] and x.is_leaf and x.requires_grad


def test_assignment_in_a_graph_sends_the_gradient_to_the_value_and_none_to_what_was_overwritten():
    x, value = leaf([1.0, 2.0, 3.0]), leaf([10.0, 20.0])
    y = x * 2
    y[1:] = value * 3
    assert y.tolist() == [2.0, 30.0, 60.0] and y._op is TABLE["setitem"]
    (y * y).sum().backward()
    assert x.grad.tolist() == [2 * 2.0 * 2, 0.0, 0.0]
    assert value.grad.tolist() == [2 * 30.0 * 3, 2 * 60.0 * 3]


def test_a_constant_becomes_part_of_a_graph_by_assignment():
    outputs, x = Tensor(np.zeros(3)), leaf(2.0)
    for i in range(3):
        outputs[i] = x**i
    assert outputs.requires_grad and not outputs.is_leaf and outputs.tolist() == [1.0, 2.0, 4.0]
    outputs.sum().backward()
    assert x.grad == 0 + 1 + 2 * 2


def test_assignment_checks_by_finite_differences():
    def assign(x, value):
        y = x.exp()
        y[0, 1:] = value
        y[:, [3, 0]] = x.sin()[:, [0, 3]] * value[0]
        y[y.data > 2] = 0.5
        return y * x

    assert gradcheck(assign, [A, np.array([0.3, 0.4, 0.5])])


def test_a_value_is_spread_over_the_entries_it_is_assigned_to():
    x, value = leaf(A), leaf(2.0)
    y = x * 1
    y[:, 1:3] = value
    y.sum().backward()
    assert value.grad == 6.0 and x.grad.tolist() == [[1.0, 0.0, 0.0, 1.0]] * 3


def test_a_leaf_that_needs_a_gradient_is_not_overwritten():
    x = leaf([1.0, 2.0])
    with pytest.raises(GraphError, match=r"a leaf with requires_grad=True cannot be overwritten by 't\[i\] ='"):
        x[0] = 5.0
    assert x.tolist() == [1.0, 2.0]


def test_what_used_the_old_value_goes_on_using_it():
    x = leaf([1.0, 2.0])
    y = x * 2
    square = y * y
    y[0] = 7.0
    (square + y).sum().backward()
    assert square.tolist() == [4.0, 16.0] and x.grad.tolist() == [2 * 2.0 * 2, 2 * 4.0 * 2 + 2]


def test_a_recurrence_may_be_written_with_items():
    def run(decay, inputs):
        state = Tensor(np.zeros(4))
        for t in range(1, 4):
            state[t] = decay * state[t - 1] + inputs[t]
        return state * state

    assert gradcheck(run, [np.array(0.7), V])


def test_a_constant_overwritten_after_it_was_used_is_refused_at_backward():
    x, constant = leaf([1.0, 2.0]), Tensor([3.0, 4.0])
    y = x * constant
    constant[0] = 0.0
    with pytest.raises(GraphError, match="'·' worked with, but its input of shape .2,. was overwritten in place"):
        y.sum().backward()


def test_assignment_of_a_view_is_seen():
    x = leaf([1.0, 2.0])
    y = (x * x).sum()
    view = x.detach()[0:1]
    view[0] = 9.0
    with pytest.raises(GraphError, match="was overwritten"):
        y.backward()


def test_a_gradient_of_a_gradient_goes_through_an_assignment():
    x = leaf([1.0, 2.0])
    y = x**3
    y[0] = x[1] ** 2
    (slope,) = gradlib.grad(y.sum(), x, create_graph=True)
    slope.sum().backward()
    # y = (b², b³): slopes (0, 2b + 3b²), and of their sum (0, 2 + 6b).
    assert slope.tolist() == [0.0, 2 * 2 + 3 * 4] and x.grad.tolist() == [0.0, 2 + 6 * 2]


# Joined parts, and parts joined again ------------------------------------------------------------


@pytest.mark.parametrize("sizes", [1, 2, 3, 4, [1, 3], [4], [0, 2, 2], [2, 0, 0, 2]])
def test_what_split_takes_apart_concatenate_joins(sizes):
    x = leaf(A)
    together = gradlib.concatenate(x.split(sizes, 1), axis=1)
    assert np.array_equal(together.data, A)
    (together * B).sum().backward()
    assert np.array_equal(x.grad, B)


@pytest.mark.parametrize("axis", [0, 1, -1, -2])
def test_what_unbind_takes_apart_stack_joins(axis):
    x = leaf(A)
    together = gradlib.stack(x.unbind(axis), axis=axis)
    (together * B).sum().backward()
    assert np.array_equal(together.data, A) and np.array_equal(x.grad, B)


@pytest.mark.parametrize("chunks", range(1, 8))
def test_chunks_are_equal_but_for_the_last(chunks):
    parts = [part.shape[0] for part in Tensor(np.arange(6.0)).chunk(chunks)]
    assert sum(parts) == 6 and len(set(parts[:-1])) <= 1 and parts[-1] <= parts[0] and len(parts) <= chunks


def test_concatenate_and_stack_take_arrays_beside_tensors():
    x = leaf([1.0, 2.0])
    joined = gradlib.concatenate([np.zeros(1), x, np.array([5.0])])
    (joined * np.array([1.0, 10.0, 100.0, 1000.0])).sum().backward()
    assert joined.tolist() == [0.0, 1.0, 2.0, 5.0] and x.grad.tolist() == [10.0, 100.0]
    assert gradlib.stack([np.zeros(2), x]).shape == (2, 2)


def test_einsum_takes_arrays_beside_tensors():
    x = leaf(A)
    gradlib.einsum("ij,j->i", x, V).sum().backward()
    np.testing.assert_allclose(x.grad, np.tile(V, (3, 1)))
    x.grad = None
    gradlib.einsum("i,ij->j", B[:, 0], x).sum().backward()
    np.testing.assert_allclose(x.grad, np.tile(B[:, :1], (1, 4)))


# Types ------------------------------------------------------------


def test_a_gradient_comes_back_in_the_dtype_of_its_input():
    x = Tensor([1.5, 2.5], requires_grad=True)
    y = x.double()
    z = (y * y).astype(np.float16).float()
    z.sum().backward()
    assert (y.dtype, z.dtype, x.grad.dtype) == (np.float64, np.float32, np.float32)
    assert x.grad.tolist() == [3.0, 5.0]
    assert x.float() is x and x.to(np.float64).dtype == x.astype("float64").dtype == np.float64


def test_whole_numbers_and_bools_go_with_float32():
    whole, x = Tensor([1, 2]), Tensor([0.5, 0.5], requires_grad=True)
    assert (whole * x).dtype == (whole / 2).dtype == whole.mean().dtype == whole.exp().dtype == np.float32
    assert (whole + 1).dtype == whole.sum().dtype == np.int64 and (Tensor([True]) * x).dtype == np.float32
    assert whole.reciprocal().tolist() == [1.0, 0.5] and (2 ** -whole.float()).tolist() == [0.5, 0.25]


@pytest.mark.parametrize("shape", [(), (1,), (0,), (2, 0, 3)])
def test_numbers_and_nothing_have_their_shapes(shape):
    x = Tensor(np.ones(shape), requires_grad=True)
    for y in (x.flatten(), x.reshape(-1), x.cumsum(), x.flip(), x.roll(1), x.sort()[0], x.T, x.clone()):
        y.sum().backward()
        assert y.numel() == x.numel() and x.grad.shape == shape
    assert x.squeeze().shape == tuple(n for n in shape if n != 1)
    assert x.size() == x.shape == shape and x.dim() == len(shape)


def test_no_entries_are_repeated_by_no_numbers():
    x = Tensor(np.ones((0, 3)), requires_grad=True)
    assert x.repeat_interleave((), 0).shape == (0, 3)


def test_the_gradients_of_divmod_are_those_of_the_operators():
    x, y = Tensor([7.5, -7.5], requires_grad=True), Tensor([2.0, 2.0], requires_grad=True)
    quotient, rest = divmod(x, y)
    (quotient * 10 + rest).sum().backward()
    assert quotient.tolist() == [3, -4] and rest.tolist() == [1.5, 0.5]
    assert x.grad.tolist() == [1, 1] and y.grad.tolist() == [-3, 4]  # x - y ⌊x/y⌋ has the slope -⌊x/y⌋ in y


def test_repeat_of_too_few_numbers_says_what_numpys_is_called():
    with pytest.raises(ShapeError, match="To repeat each entry, use repeat_interleave"):
        Tensor(A).repeat(2)
