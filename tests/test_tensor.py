"""Tensor: what it holds, how it is made, combined, shown, and how gradients reach it."""

import copy
import pickle
from array import array

import numpy as np
import pytest

import gradlib
from gradlib import GraphError, Parameter, ShapeError, Tensor, grad, no_grad
from gradlib.primitives import TABLE
from gradlib.tensor import apply


def test_every_exported_name_is_there_and_has_a_docstring():
    for name in gradlib.__all__:
        assert getattr(gradlib, name).__doc__, name


def test_the_gradients_of_the_readme():
    x = Tensor([2.0], requires_grad=True)
    y = Tensor([3.0], requires_grad=True)
    z = x * y + x**2
    z.backward()
    assert (x.grad.tolist(), y.grad.tolist()) == ([7.0], [2.0])
    assert x.grad.dtype == np.float32


@pytest.mark.parametrize(
    ("data", "dtype", "shape"),
    [
        (2, np.int64, ()), (2.0, np.float32, ()), (True, np.bool_, ()), ([1.0, 2.0], np.float32, (2,)),
        ([[1, 2, 3]], np.int64, (1, 3)), ([], np.float32, (0,)), (np.ones(2), np.float64, (2,)),
        (np.float16(1), np.float16, ()), ([np.float64(1)], np.float64, (1,)), (range(3), np.int64, (3,)),
    ],
)  # fmt: skip
def test_its_dtype_and_shape(data, dtype, shape):
    tensor = Tensor(data)
    assert (tensor.dtype, tensor.shape, type(tensor.data)) == (dtype, shape, np.ndarray)


def test_it_copies_what_it_is_made_from():
    array = np.ones(2)
    tensor = Tensor(array)
    product = tensor * array
    array[:] = 5
    assert tensor.data.tolist() == [1, 1] and product.data.tolist() == [1, 1]


@pytest.mark.parametrize("number", [2, 2.0, np.float64(2), np.float32(2)])
def test_a_number_takes_the_dtype_of_the_tensor_it_meets(number):
    x = Tensor([1.5], requires_grad=True)
    for result in (
        x + number,
        number + x,
        x - number,
        number - x,
        x * number,
        number * x,
        x / number,
        number / x,
    ):
        assert result.dtype == np.float32 and result.requires_grad
    assert (x**number).item() == 2.25 and (number**x).item() == pytest.approx(2**1.5)


def test_arrays_on_either_side_are_recorded():
    x = Tensor(np.array([1.0, 2.0]), requires_grad=True)
    array = np.array([3.0, 4.0])
    (array * x + x @ array + (array @ x) * array).sum().backward()
    assert x.grad.tolist() == [3 + 2 * 3 + 7 * 3, 4 + 2 * 4 + 7 * 4]


def test_numpys_functions_are_recorded():
    x = Tensor(np.array([[1.0, 2.0, 3.0]]), requires_grad=True)
    z = np.sum(np.exp(np.multiply(x, 2.0)), axis=1) + np.mean(np.reshape(np.transpose(x), (3,)))
    assert isinstance(z, Tensor)
    z.backward()
    np.testing.assert_allclose(x.grad, 2 * np.exp(2 * x.data) + 1 / 3)
    assert np.shape(x) == (1, 3) and np.isnan(x).tolist() == [[False] * 3]


def test_comparisons_are_plain_arrays_and_hash_is_identity():
    x, y = Tensor([1.0, 2.0]), Tensor([1.0, 3.0])
    assert (x == y).tolist() == [True, False] and (x != y).tolist() == [False, True]
    assert (x < y).tolist() == [False, True] and (x <= 1).tolist() == [True, False]
    assert (x > 1.5).tolist() == [False, True] and (y >= np.array([2.0, 3.0])).tolist() == [False, True]
    assert len({x, y, Tensor([1.0, 2.0])}) == 3


def test_conversions():
    x = Tensor([2.5])
    assert (float(x), int(x), bool(x), x.item(), len(x)) == (2.5, 2, True, 2.5, 1)
    assert np.asarray(x).tolist() == [2.5] and x.numpy() is x.data
    assert Tensor([1.0], requires_grad=True).detach().numpy().tolist() == [1.0]


@pytest.mark.parametrize(
    ("tensor", "shown"),
    [
        (Tensor([2.0]), "Tensor([2.])"),
        (Tensor(2.0, requires_grad=True), "Tensor(2., requires_grad=True)"),
        (Tensor([1, 2]), "Tensor([1, 2], dtype=int64)"),
        (Tensor([[1.0, 2.0]]), "Tensor([[1., 2.]], shape=(1, 2))"),
        (Tensor([]), "Tensor([], shape=(0,))"),
        (Tensor(2.0, requires_grad=True) * 3, "Tensor(6., op='·')"),
    ],
)
def test_its_repr(tensor, shown):
    assert repr(tensor) == shown


def test_shapes_by_pytorchs_and_numpys_names():
    x = Tensor(np.arange(24.0).reshape(2, 3, 4), requires_grad=True)
    assert x.reshape(6, 4).shape == x.reshape((6, 4)).shape == x.reshape(-1, 4).shape == (6, 4)
    assert x.permute(2, 0, 1).shape == x.permute((2, 0, 1)).shape == (4, 2, 3)
    assert x.transpose(0, -1).shape == x.T.shape == (4, 3, 2) and x.mT.shape == (2, 4, 3)
    assert x.sum(dim=1, keepdim=True).shape == x.sum(1, True).shape == (2, 1, 4)
    assert x.mean(axis=[0, 2]).shape == (3,) and x.numel() == 24 and x.ndim == 3
    assert x.matmul(np.ones((4, 5))).shape == (2, 3, 5)


def test_gradients_add_up_until_they_are_cleared():
    x = Tensor(3.0, requires_grad=True)
    (x * x).backward()
    (x * x).backward()
    assert x.grad == 12
    x.grad = None
    z = x * x
    z.backward()
    z.backward()  # the graph stays for as long as its output lives
    assert x.grad == 12


def test_each_leaf_has_a_gradient_of_its_own():
    x, y = Tensor([1.0], requires_grad=True), Tensor([1.0], requires_grad=True)
    seed = np.array([2.0], dtype=np.float32)
    (x + y).backward(seed)
    x.grad *= 10
    assert y.grad.tolist() == seed.tolist() == [2.0]


def test_backward_with_a_gradient_weights_the_entries():
    x = Tensor([1.0, 2.0], requires_grad=True)
    (x * x).backward(Tensor([1.0, -3.0]))
    assert x.grad.tolist() == [2.0, -12.0]


def test_a_leaf_may_go_backward_itself():
    x = Tensor([2.0], requires_grad=True)
    x.backward()
    assert x.grad.tolist() == [1.0]


def test_mixed_dtypes_keep_each_gradient_in_its_own():
    x, y = Tensor([1.5], requires_grad=True), Tensor(np.array([2.0]), requires_grad=True)
    (x * y).backward()
    assert (x.grad.dtype, y.grad.dtype) == (np.float32, np.float64)


def test_intermediate_gradients_are_kept_on_request():
    x = Tensor(2.0, requires_grad=True)
    y, z = x * x, x * 3
    y.retain_grad()
    (y * z).backward()
    assert y.grad == 6 and z.grad is None


def test_detached_and_constant_tensors_get_no_gradient():
    x, c = Tensor(2.0, requires_grad=True), Tensor(5.0)
    (x * c + (x * x).detach()).backward()
    assert x.grad == 5 and c.grad is None
    assert not (c * 2).requires_grad and (c * 2).is_leaf


def test_plus_equals_writes_in_place_where_nothing_is_recorded():
    w = Tensor([1.0, 2.0], requires_grad=True)
    with no_grad():
        w -= np.array([0.5, 0.5])
        w *= 2
        w += 1
        w /= 2
    assert w.data.tolist() == [1.0, 2.0] and w.is_leaf and w.requires_grad


def test_plus_equals_in_a_graph_makes_a_new_tensor():
    x = Tensor([1.0], requires_grad=True)
    total = kept = x * 2
    total += x
    total.backward()
    assert total is not kept and kept.item() == 2 and x.grad.tolist() == [3.0]


def test_grad_returns_tensors_and_touches_nothing():
    x, y = Tensor([1.0, 2.0], requires_grad=True), Tensor([3.0, 4.0], requires_grad=True)
    by_x, by_y = grad((x * y * y).sum(), [x, y])
    assert isinstance(by_x, Tensor) and by_x.data.tolist() == [9, 16] and by_y.data.tolist() == [6, 16]
    assert x.grad is None and not by_x.requires_grad
    (weighted,) = grad(x * x, x, grad_outputs=[1.0, 10.0])
    assert weighted.data.tolist() == [2, 40]
    with pytest.raises(GraphError, match=r"do not depend on input 0 \(shape \(2,\)\)"):
        grad((x * x).sum(), y)


def test_where_asks_for_no_gradient_of_its_condition():
    c = Tensor([1.0, 0.0], requires_grad=True)
    x = Tensor([2.0, 3.0], requires_grad=True)
    np.where(c * 1, x, 0.0).sum().backward()
    assert c.grad is None and x.grad.tolist() == [1.0, 0.0]


def test_shape_errors_are_value_errors_and_graph_errors_runtime_errors():
    assert issubclass(ShapeError, ValueError) and issubclass(GraphError, RuntimeError)


def test_results_hold_arrays_where_numpy_gives_scalars():
    x = Tensor(2.0, requires_grad=True)
    vector = Tensor([1.0, 2.0])
    for result in (x * 3, x.exp(), -x, vector.sum(), vector.mean(axis=0), vector @ vector, x.reshape(())):
        assert type(result.data) is np.ndarray and result.shape == ()


# Python manners


def test_iteration_ends_and_gives_rows_of_the_graph():
    x = Tensor(np.arange(6.0).reshape(3, 2), requires_grad=True)
    rows = list(x)
    assert [row.tolist() for row in rows] == x.tolist() == [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]
    (rows[2] * 7.0).sum().backward()
    assert x.grad.tolist() == [[0, 0], [0, 0], [7, 7]]
    with pytest.raises(TypeError, match="a 0-d tensor is a single number: there is nothing to iterate over"):
        iter(Tensor(1.0))


def test_membership_is_by_value():
    assert 2.0 in Tensor([1.0, 2.0]) and 3.0 not in Tensor([1.0, 2.0])


def test_a_whole_number_is_an_index_and_a_float_is_not():
    assert ["a", "b", "c"][Tensor(2)] == "c"
    with pytest.raises(TypeError, match=r"an index must be an integer, but this tensor is float32\."):
        ["a", "b"][Tensor(1.0)]


def test_one_number_is_formatted_as_a_number():
    assert f"{Tensor(3.14159):.2f}" == "3.14"
    assert f"{Tensor([1.0, 2.0])}" == "Tensor([1., 2.])"
    with pytest.raises(ShapeError):
        format(Tensor([1.0, 2.0]), ".2f")


@pytest.mark.parametrize("how", [copy.copy, copy.deepcopy, lambda t: pickle.loads(pickle.dumps(t))])
@pytest.mark.parametrize("kind", [Tensor, Parameter])
def test_a_leaf_is_copied_with_its_gradient(how, kind):
    x = kind(np.array([1.0, 2.0]), requires_grad=True)
    (x * x).sum().backward()
    twin = how(x)
    assert type(twin) is kind and twin is not x and twin.requires_grad and twin.is_leaf
    assert twin.tolist() == x.tolist() and twin.grad.tolist() == [2.0, 4.0] and twin.dtype == np.float64
    assert np.shares_memory(twin.data, x.data) == (how is copy.copy)
    (twin * 3.0).sum().backward()
    assert x.grad.tolist() == [2.0, 4.0]


def test_a_result_is_not_copied_without_its_graph():
    result = Tensor([1.0], requires_grad=True) * 2.0
    for how in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(GraphError, match="this tensor is a result of '·', and a copy would lose the graph"):
            how(result)
    assert copy.deepcopy(result.detach()).tolist() == [2.0]


def test_numpy_reads_it_without_a_copy_and_not_behind_a_graph():
    x = Tensor(np.arange(3.0))
    assert np.shares_memory(np.from_dlpack(x), x.data) and np.shares_memory(np.asarray(x), x.data)
    assert not np.shares_memory(np.array(x), x.data)
    with pytest.raises(GraphError, match="NumPy would lose the gradient"):
        np.from_dlpack(Tensor(np.arange(3.0), requires_grad=True))


@pytest.mark.parametrize("kind", ["d", "f"])
def test_the_numbers_of_other_libraries_keep_their_dtype(kind):
    class Foreign:  # whose dtype is no NumPy dtype
        dtype = "theirs"

        def __array__(self, dtype=None, copy=None):
            return np.zeros(2, kind)

    numbers = np.zeros(2, kind)
    for data in (Foreign(), memoryview(numbers), array(kind, numbers), [array(kind, numbers)]):
        assert Tensor(data).dtype == numbers.dtype


def test_float64_comes_out_only_where_float64_went_in():
    whole, single = Tensor(np.arange(3)), Tensor([1.0, 2.0, 3.0])
    for result in (whole * 0.5, whole / 2, whole.exp(), whole.mean(), single * whole, single * np.arange(3)):
        assert result.dtype == np.float32
    for result in (single * np.arange(3.0), whole * np.array([2.0]), single.double() * 2, single.astype(np.float64)):
        assert result.dtype == np.float64
    assert (whole + 1).dtype == (whole * whole).dtype == np.int64
    assert Tensor(np.ones(3, np.uint8)).sum().dtype == Tensor([True]).square().dtype == np.int64


def test_a_cast_gives_the_gradient_back_in_the_old_dtype():
    x = Tensor([1.0, 2.0], requires_grad=True)
    (x.double() * np.array([3.0, 4.0])).sum().backward()
    assert x.grad.dtype == np.float32 and x.grad.tolist() == [3.0, 4.0]
    assert x.float() is x


def test_seeding_repeats_what_is_drawn():
    gradlib.manual_seed(3)
    first = gradlib.random.default_rng().normal(size=4)
    gradlib.manual_seed(3)
    assert gradlib.random.default_rng().normal(size=4).tolist() == first.tolist()


def test_one_hot():
    assert gradlib.one_hot(np.array([[1], [0]]), 3).tolist() == [[[0, 1, 0]], [[1, 0, 0]]]
    assert gradlib.one_hot(np.empty(0, int), 2).shape == (0, 2)


# Hooks


def test_a_hook_sees_the_whole_gradient_and_may_replace_it():
    x = Tensor([1.0, 2.0], requires_grad=True)
    y = x * 3.0
    seen = []
    y.register_hook(lambda gradient: seen.append(gradient.tolist()))
    handle = y.register_hook(lambda gradient: gradient * 10)
    (y + y * y).sum().backward()
    assert seen == [[7.0, 13.0]]
    assert x.grad.tolist() == [210.0, 390.0]
    handle.remove()
    handle.remove()
    x.grad = None
    (y + y * y).sum().backward()
    assert x.grad.tolist() == [21.0, 39.0]


def set_an_entry(y):
    y[0] = 5.0
    return y


def add_in_place(y):
    y += 1.0
    return y


def set_an_entry_of_a_view(y):
    y[:1] *= 3.0
    return y


@pytest.mark.parametrize(
    ("written", "kept"),
    [(set_an_entry, [10.0, 6.0]), (add_in_place, [14.0, 8.0]), (set_an_entry_of_a_view, [36.0, 6.0])],
)
def test_a_gradient_is_kept_although_the_tensor_is_written_to(written, kept):
    """As in PyTorch, it is the gradient of the tensor as it is after the last write."""
    x = Tensor([2.0, 1.0], requires_grad=True)
    y = x * 3.0
    y.retain_grad()
    y = written(y)
    (y * y).sum().backward()
    assert y.grad.tolist() == kept


def test_a_hook_lasts_as_long_as_its_with_block():
    x = Tensor([1.0], requires_grad=True)
    with x.register_hook(lambda gradient: -gradient):
        x.sum().backward()
    x.sum().backward()
    assert x.grad.tolist() == [0.0]


def test_a_hook_gets_a_tensor_where_the_gradient_is_recorded():
    x = Tensor([2.0], requires_grad=True)
    y = x * x
    with y.register_hook(lambda gradient: gradient * 5.0):
        (slope,) = grad(y * y, x, create_graph=True)
    assert slope.item() == 5 * 4 * 2.0**3
    assert grad(slope, x)[0].item() == 5 * 12 * 2.0**2


@pytest.mark.parametrize("returned", [[2.0, 3.0], (2, 3), Tensor([2.0, 3.0]), np.array([2, 3])], ids=type)
@pytest.mark.parametrize("at_a_leaf", [False, True])
def test_a_hook_may_return_whatever_holds_the_numbers(returned, at_a_leaf):
    x = Tensor([1.0, 1.0], requires_grad=True)
    y = x + 1.0
    (x if at_a_leaf else y).register_hook(lambda gradient: returned)
    y.sum().backward()
    assert x.grad.tolist() == [2.0, 3.0] and x.grad.dtype == np.float32


@pytest.mark.parametrize("returned", [2.0, 2, np.float64(2), np.array(2), Tensor(2.0)], ids=repr)
@pytest.mark.parametrize("create_graph", [False, True])
def test_a_hook_of_one_number_may_return_a_number(returned, create_graph):
    x = Tensor(3.0, requires_grad=True)
    y = x + 1.0
    y.register_hook(lambda gradient: returned)
    (slope,) = grad(y * x, x, create_graph=create_graph)
    assert slope.item() == 2 + 4 and slope.dtype == np.float32


def test_the_gradient_that_a_hook_returned_is_a_copy():
    x, kept = Tensor([1.0, 1.0], requires_grad=True), np.array([2.0, 3.0], np.float32)
    x.register_hook(lambda gradient: kept)
    x.sum().backward()
    x.grad *= 0
    assert kept.tolist() == [2.0, 3.0]


def overwrite(gradient):
    gradient *= 10


@pytest.mark.parametrize("hook", [overwrite, lambda gradient: np.multiply(gradient, 10, out=gradient)])
@pytest.mark.parametrize("joined", [lambda x, y: x + y, lambda x, y: (x + y) * 2.0])
def test_a_hook_that_overwrites_the_gradient_leaves_that_of_others_alone(hook, joined):
    """x + y passes the same array to both."""
    x, y = Tensor([1.0, 1.0], requires_grad=True), Tensor([1.0, 1.0], requires_grad=True)
    u, v = x * 1.0, y * 1.0
    joined(u, v).sum().backward()
    alone = x.grad.copy()
    x.grad = y.grad = None
    u.register_hook(hook)
    joined(u, v).sum().backward()
    assert x.grad.tolist() == (10 * alone).tolist() and y.grad.tolist() == alone.tolist()


def test_a_hook_gets_an_array_where_the_gradient_is_one_number():
    x = Tensor(3.0, requires_grad=True)
    x.register_hook(lambda gradient: gradient.__setitem__(..., 7.0))
    (x * x).backward()
    assert x.grad == 7.0


def test_wrong_hooks_are_refused():
    x = Tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(TypeError, match="a hook is a function of the gradient, got float"):
        x.register_hook(1.0)
    with pytest.raises(GraphError, match=r"this tensor does not need a gradient, so none can be hooked\."):
        Tensor([1.0]).register_hook(print)
    x.register_hook(lambda gradient: gradient.sum())
    with pytest.raises(ShapeError, match=r"a hook returned a gradient of shape \(\) for one of shape \(2,\)"):
        x.sum().backward()
    for wrong, words in ((["a", "b"], "Got list"), (np.array([1j, 1]), "holds real numbers"), ([[1], [1, 2]], "rows")):
        y = x * 1.0
        y.register_hook(lambda gradient, wrong=wrong: wrong)
        with pytest.raises((TypeError, ShapeError), match=words):
            y.sum().backward()


# Where a graph was cut


@pytest.mark.parametrize(
    ("cut", "words"),
    [
        (lambda x: (x * 2.0).detach() * 3.0, "The graph was cut by detach() on a result of '·' of shape (2,)."),
        (lambda x: x.detach().reshape(2, 1).exp(), "The graph was cut by detach() on a leaf of shape (2,)."),
        (lambda x: gradlib.no_grad()(x.tanh)() + 1.0, "The graph was cut by no_grad() around 'tanh'."),
        (lambda x: Tensor(x.data) * 2.0, "or the graph was cut by .data, .numpy() or float()"),
    ],
)
def test_backward_says_where_the_graph_was_cut(cut, words):
    with pytest.raises(GraphError) as caught:
        cut(Tensor([1.0, 2.0], requires_grad=True)).sum().backward()
    assert words in str(caught.value)


# Writing


@pytest.mark.parametrize(
    "alias", [Tensor.detach, lambda x: x.detach().reshape(2, 1), lambda x: x.detach()[1:], lambda x: x.detach().T]
)
def test_a_write_through_another_name_for_the_same_memory_is_seen(alias):
    x = Tensor([1.0, 2.0], requires_grad=True)
    z = (x * x).sum()
    alias(x).data -= 1.0
    with pytest.raises(GraphError, match="its input of shape \\(2,\\) was overwritten in place"):
        z.backward()
    (x * x).sum().backward()
    assert x.grad.tolist() == (2 * x.data).tolist()


def test_a_copy_may_be_written():
    x = Tensor([1.0, 2.0], requires_grad=True)
    z = (x * x).sum()
    x.detach().clone().data -= 1.0
    copy.deepcopy(x).data -= 1.0
    z.backward()
    assert x.grad.tolist() == [2.0, 4.0]


def test_assigning_an_entry_in_a_graph_routes_the_gradient():
    x = Tensor([1.0, 2.0, 3.0], requires_grad=True)
    v = Tensor(5.0, requires_grad=True)
    y = x * 2.0
    y[1] = v
    (y * np.array([1.0, 10.0, 100.0])).sum().backward()
    assert y.tolist() == [2.0, 5.0, 6.0]
    assert x.grad.tolist() == [2.0, 0.0, 200.0] and v.grad == 10.0


def test_what_used_a_tensor_before_an_assignment_goes_on_using_the_old_value():
    x = Tensor([1.0, 2.0], requires_grad=True)
    y = x * 2.0
    z = y.exp()
    y[0] = 0.0
    (z + y).sum().backward()
    np.testing.assert_allclose(x.grad, [2 * np.exp(2.0), 2 * np.exp(4.0) + 2], rtol=1e-6)


def test_a_recurrence_written_into_its_own_array():
    """y[t] = a y[t-1] + u[t]: ∂L/∂a by hand, with y and its derivative carried along."""
    a = Tensor(0.5, requires_grad=True)
    u = np.arange(1.0, 7.0)
    y = Tensor(np.zeros(6))
    y[0] = u[0] * a
    for t in range(1, 6):
        y[t] = a * y[t - 1] + u[t]
    y.sum().backward()
    value, slope, total = u[0] * 0.5, u[0], u[0]
    for t in range(1, 6):
        value, slope = 0.5 * value + u[t], value + 0.5 * slope
        total += slope
    assert a.grad == pytest.approx(total)


def test_assigning_an_entry_outside_a_graph_writes_it():
    x = Tensor([1.0, 2.0])
    x[0] = 7
    assert x.tolist() == [7.0, 2.0]
    leaf = Tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(GraphError, match="a leaf with requires_grad=True cannot be overwritten by 't\\[i\\] ='"):
        leaf[0] = 7.0
    with gradlib.no_grad():
        leaf[0] = 7.0
    assert leaf.tolist() == [7.0, 2.0]


def test_writing_into_a_stretched_view_gives_it_an_array_of_its_own():
    row = Tensor([1.0, 2.0])
    table = row.broadcast_to(2, 2)
    table[0, 0] = 9.0
    assert table.tolist() == [[9.0, 2.0], [1.0, 2.0]] and row.tolist() == [1.0, 2.0]


def test_apply_takes_tensors_and_an_entry_anything():
    with pytest.raises(
        TypeError, match="takes tensors, got a ndarray. Convert it to a Tensor, or call the entry itself"
    ):
        apply(TABLE["exp"], np.ones(2))
    assert isinstance(TABLE["exp"](np.ones(2)), np.ndarray)
    assert TABLE["add"](1.0, Tensor([2.0])).tolist() == [3.0]


@pytest.mark.parametrize("number", [300, -3])
def test_a_python_integer_that_the_dtype_cannot_hold_is_refused(number):
    bytes_ = Tensor(np.array([1, 2], np.uint8))
    calls = [
        lambda: bytes_ + number,
        lambda: number * bytes_,
        lambda: bytes_.masked_fill(np.array([True, False]), number),
        lambda: bytes_.__setitem__(0, number),
        lambda: gradlib.full_like(bytes_, number),
        lambda: Tensor([1, number], dtype=np.uint8),
    ]
    for call in calls:
        with pytest.raises(OverflowError, match=r"uint8 holds numbers from 0 to 255, got .* t.astype\(np.int64\)"):
            call()


def test_an_integer_beyond_64_bits_is_refused():
    for tensor in (Tensor([1]), Tensor([True])):
        with pytest.raises(OverflowError, match="int64 holds numbers from -9223372036854775808 to"):
            tensor + 2**70
    with pytest.raises(OverflowError, match="float32 holds numbers"):
        Tensor([1.0]) + 10**400


def test_integers_are_compared_with_any_python_integer():
    bytes_ = Tensor(np.array([1, 2], np.uint8))
    assert (bytes_ < 300).all() and (bytes_ > -3).all() and not (bytes_ == 257).any() and (2**70 > bytes_).all()


def test_signs_of_bools_are_refused():
    for call in (lambda: -Tensor([True]), lambda: Tensor([True]).sign(), lambda: Tensor([True]) - True):
        with pytest.raises(TypeError, match="does not take bools: use t.float"):
            call()


def test_a_number_that_float16_cannot_hold_is_not_lost():
    x = Tensor(np.full(2, 1000.0, np.float16), requires_grad=True)
    mean = (x / 100_000.0).sum()
    mean.backward()
    assert mean.item() == pytest.approx(0.02, rel=1e-3) and x.grad.tolist() == pytest.approx([1e-5] * 2, rel=1e-2)
    assert (x * 1e-8).sum().item() == pytest.approx(2e-5, rel=1e-3)
    assert (x * 2.0).dtype == (x + 0.0).dtype == np.float16


def test_a_number_beside_a_mask_takes_the_dtype_of_the_tensor_not_of_the_mask():
    mask, doubles, bytes_ = Tensor([True, False]), Tensor(np.ones(2)), Tensor(np.array([1, 2], np.uint8))
    for filled in (doubles.masked_fill(mask, 0.1), (doubles * 0.1).where(mask, 1.0), gradlib.where(mask, 0.1, doubles)):
        assert filled.dtype == np.float64 and filled.tolist() == [0.1, 1.0]  # float32's 0.1 is 0.10000000149
    assert bytes_.masked_fill(mask, 10).dtype == np.uint8


@pytest.mark.parametrize("dtype", [np.int64, np.uint8, np.bool_, np.float16])
def test_a_triangle_keeps_its_dtype(dtype):
    matrix = Tensor(np.ones((2, 2), dtype))
    assert matrix.tril().dtype == matrix.triu().dtype == dtype
    assert matrix.tril().tolist() == [[1, 0], [1, 1]] and matrix.triu(1).tolist() == [[0, 1], [0, 0]]
