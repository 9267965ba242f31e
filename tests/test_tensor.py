"""Tensor: what it holds, how it is made, combined, shown, and how gradients reach it."""

import numpy as np
import pytest

import gradlib
from gradlib import GraphError, ShapeError, Tensor, grad, no_grad


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
    with pytest.raises(GraphError, match=r"does not depend on input 0 \(shape \(2,\)\)"):
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
