"""Axes, orders and counts: 0-d tensors as in PyTorch, NumPy's integers as Python's, forward and backward."""

import numpy as np
import pytest

import gradlib
from gradlib import Tensor, nn
from gradlib.errors import ShapeError

NUMBER = 0.7


def number():
    return Tensor(NUMBER, dtype=np.float64, requires_grad=True)


# A number asked along its missing axis: what it gives, and the slope. By hand: the sum of one entry is the entry.
ALONG_NOTHING = {
    "x.sum({})": (NUMBER, 1), "x.mean({})": (NUMBER, 1), "x.prod({})": (NUMBER, 1), "x.max({})": (NUMBER, 1),
    "x.min({})": (NUMBER, 1), "x.amax({})": (NUMBER, 1), "x.logsumexp({})": (NUMBER, 1),
    "x.softmax({})": (1, 0), "x.log_softmax({})": (0, 0), "x.cumsum({})": (NUMBER, 1),
    "x.cumprod({})": (NUMBER, 1), "x.norm(2, {})": (NUMBER, 1), "x.var({}, correction=0)": (0, 0),
    "x.squeeze({})": (NUMBER, 1), "x.transpose({}, 0)": (NUMBER, 1), "x.swapaxes(-1, {})": (NUMBER, 1),
    "x.movedim({}, 0)": (NUMBER, 1), "x.flip({})": (NUMBER, 1), "x.sort({})[0]": (NUMBER, 1),
    "x.topk(1, {})[0]": (NUMBER, 1), "x.gather({}, 0)": (NUMBER, 1), "x.index_select({}, [0])": (NUMBER, 1),
    "x.scatter_add({}, 0, Tensor(1.0))": (NUMBER + 1, 1), "x.take_along_axis(np.array(0), {})": (NUMBER, 1),
    "x.roll(1, {})": (NUMBER, 1), "x.flatten({}).sum()": (NUMBER, 1),
    "x.repeat_interleave(3, {}).sum()": (3 * NUMBER, 3),
    "np.take(x, 0, axis={}).sum()": (NUMBER, 1), "x.unsqueeze({}).sum()": (NUMBER, 1),
    "nn.functional.softmax(x, {})": (1, 0),
}  # fmt: skip


@pytest.mark.parametrize("axis", ["0", "-1", "np.int64(0)"])
@pytest.mark.parametrize("call", ALONG_NOTHING)
def test_a_number_along_its_missing_axis(call, axis):
    x = number()
    result = eval(call.format(axis), {"x": x, "np": np, "Tensor": Tensor, "nn": nn})
    value, slope = ALONG_NOTHING[call]
    assert result.shape == () and result.item() == pytest.approx(value)
    if result.requires_grad:
        result.backward()
        assert x.grad == pytest.approx(slope)


@pytest.mark.parametrize("call", [*ALONG_NOTHING, "x.split(1, {})", "x.chunk(1, {})", "x.unbind({})", "x.argsort({})"])
@pytest.mark.parametrize("axis", [1, -2, 1.0, "a", True])
def test_an_axis_that_is_not_there_is_refused_in_our_words(call, axis):
    names = {"x": number(), "np": np, "Tensor": Tensor, "nn": nn}
    if axis == -2 and "unsqueeze" in call:
        axis = -3
    if axis == 1 and "unsqueeze" in call:
        axis = 2
    with pytest.raises((TypeError, ShapeError), match=r"axis|axes") as caught:
        eval(call.format(repr(axis)), names)
    assert type(caught.value) in (TypeError, ShapeError)


# NumPy's integers, and lists and tuples of them, wherever an axis, an order or a count is taken.
X = np.random.default_rng(0).normal(size=(2, 3, 4))
COUNTED = [
    "x.sum({})", "x.sum(({}, 2))", "x.mean([{}, 0])", "x.prod(axis={})", "x.max(dim={})", "x.min({})",
    "x.logsumexp({})", "x.softmax({})", "x.log_softmax(dim={})", "x.cumsum({})", "x.cumprod({})",
    "x.norm({} + 1)", "x.norm(2, {})", "x.norm(axis=({}, 2))", "x.var({})", "x.std({}, correction={})",
    "x.var(0, correction={})", "x[:, :1].squeeze({})", "x.unsqueeze({})",
    "x.expand_dims(({}, 0))", "x.transpose({}, 0)", "x.permute({}, 0, 2)", "x.moveaxis({}, 0)", "x.flip({})",
    "x.flip(dims=[{}])", "x.roll({}, 2)", "x.roll(1, {})", "x.tile(1, {}, 1)", "x.repeat(1, 1, {})",
    "x.repeat_interleave({}, 2)", "x.split({}, 0)[0]", "x.split([{}, {}], 0)[1]", "x.chunk({}, 1)[0]",
    "x.unbind({})[0]", "x.narrow({}, 0, 2)", "x.narrow(2, {}, {})", "x.index_select({}, [0, 0])",
    "x.topk({}, 2)[0]", "x.topk(1, {})[0]", "x.sort({})[0]", "x.flatten({})", "x.diagonal({})",
    "x.diagonal(0, {}, 2)", "x.tril({})", "x.triu(-{})", "x.reshape({}, -1)", "x.expand({}, 2, 3, 4)",
    "x.mT.tensordot(x.permute(1, 0, 2), {})", "x.tensordot(x, ({}, {}))",
    "x.tensordot(x, ([{}, 2], [{}, 2]))", "x.round({})", "x.pad({})", "x.gather({}, np.zeros((2, 1, 4), int))",
    "gradlib.stack([x, x], {})", "gradlib.cat([x, x], {})",
    "gradlib.stack([x, x], dim={})", "gradlib.cat([x, x], dim={})",
    "np.split(x, {}, 0)[0]", "x ** {}", "x[{}]", "x[:, {}:]",
]  # fmt: skip


@pytest.mark.parametrize("kind", ["np.int64(1)", "np.int8(1)", "np.uint8(1)"])
@pytest.mark.parametrize("call", COUNTED)
def test_numpys_integers_count_like_pythons(call, kind):
    if kind == "np.uint8(1)" and "-{}" in call:
        return  # minus one wraps around there
    results = []
    for one in ("1", kind):
        x = Tensor(X, requires_grad=True)
        result = eval(call.replace("{}", one), {"x": x, "np": np, "gradlib": gradlib})
        weights = np.random.default_rng(1).normal(size=result.shape)
        result.backward(weights)
        results.append((result.data, x.grad))
    np.testing.assert_array_equal(results[0][0], results[1][0])
    np.testing.assert_array_equal(results[0][1], results[1][1])


def test_a_correction_of_none_is_the_default():
    x = Tensor(X)
    assert np.array_equal(x.var(correction=None).data, x.var().data)
    assert np.array_equal(x.std(1, correction=None).data, x.std(1).data)


def test_a_number_beside_a_condition_takes_the_dtype_of_the_choices():
    mask = Tensor([True, False])
    assert Tensor(np.ones(2)).masked_fill(mask, 0.1).data[0] == 0.1
    assert Tensor(np.ones(2, np.uint8)).masked_fill(mask, 10).dtype == np.uint8
    assert gradlib.where(mask, Tensor(np.ones(2)), 0.1).data[1] == 0.1
    assert gradlib.where(mask, 0.5, 0.25).dtype == np.float32


@pytest.mark.parametrize("dtype", [np.int64, np.uint8, bool, np.float16, np.float64])
def test_triangles_keep_the_dtype(dtype):
    x = Tensor(np.ones((2, 2), dtype))
    assert x.tril().dtype == x.triu().dtype == dtype
    assert x.tril().tolist() == [[1, 0], [1, 1]] and x.triu().tolist() == [[1, 1], [0, 1]]


def test_take_along_dim_without_a_dim_looks_at_all_entries_in_a_row():
    x = Tensor([[1.0, 2.0], [3.0, 4.0]])
    assert x.take_along_dim([3, 0]).tolist() == [4.0, 1.0]


@pytest.mark.parametrize("axis", [1.5, "a", True, None])
def test_joining_along_what_is_no_axis_is_refused(axis):
    x = Tensor(X)
    with pytest.raises(TypeError, match="axis|axes"):
        gradlib.stack([x, x], axis)
    if axis is not None:
        with pytest.raises(TypeError, match="axis|axes"):
            gradlib.cat([x, x], axis)


@pytest.mark.parametrize("call", ["sum", "mean", "amax", "prod", "norm", "var", "std", "logsumexp"])
def test_no_axes_under_pytorchs_name_are_all_and_under_numpys_none(call):
    x = Tensor(X)
    assert getattr(x, call)(dim=[]).shape == getattr(x, call)(dim=()).shape == ()
    assert np.array_equal(getattr(x, call)(dim=[]).data, getattr(x, call)().data)
    if call in ("sum", "amax", "prod"):
        assert np.array_equal(getattr(x, call)(axis=()).data, X)


def test_tensordot_takes_its_axes_under_numpys_name_too():
    x = Tensor([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]])
    expected = [[5.0, 14.0], [14.0, 50.0]]  # x xᵀ
    for z in (
        gradlib.tensordot(x, x.T, axes=1), gradlib.tensordot(x, x, axes=([1], [1])), x.tensordot(x.T, axes=(1, 0)),
    ):  # fmt: skip
        assert z.tolist() == expected


@pytest.mark.parametrize("src", [[[1.0], [2.0]], [[1], [2]], np.array([[1.0], [2.0]]), Tensor([[1.0], [2.0]])])
def test_scatter_add_takes_lists_arrays_and_tensors(src):
    z = Tensor(np.zeros((2, 3), np.float32)).scatter_add(1, [[0], [2]], src)
    assert z.tolist() == [[1.0, 0.0, 0.0], [0.0, 0.0, 2.0]]


def test_scatter_add_takes_a_number_for_a_number():
    assert Tensor(3.0).scatter_add(0, 0, 1.0).tolist() == 4.0
