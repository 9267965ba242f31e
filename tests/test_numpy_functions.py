"""NumPy's own functions on tensors: they follow NumPy's rules and record the graph."""

import warnings

import numpy as np
import pytest

import gradlib
from gradlib import GraphError, ShapeError, Tensor, numpy_functions
from gradlib.primitives import TABLE
from tests.samples import SAMPLES


def drawn(*shape, seed=0):
    return np.random.default_rng(seed).uniform(0.2, 0.9, size=shape)


A, B, S, V = drawn(3, 4), drawn(3, 4, seed=1), drawn(2, 3, 4, seed=2), drawn(4, seed=3)
SQUARE = drawn(3, 3, seed=4) + 3 * np.eye(3)
CHOICE = np.array([[True, False, True, False]] * 3)
INDEX = np.array([[3, 3], [0, 1], [2, 2]])

# NumPy's call (np stands for it), the method's, and the arrays x and y. Both are differentiated.
UFUNCS = {
    "np.add(x, y)": "x + y", "np.subtract(x, y)": "x - y", "np.multiply(x, y)": "x * y",
    "np.divide(x, y)": "x / y", "np.true_divide(x, y)": "x / y", "np.power(x, y)": "x**y",
    "np.negative(x)": "-x", "np.abs(x)": "abs(x)", "np.absolute(x)": "x.abs()", "np.sign(x)": "x.sign()",
    "np.floor(x)": "x.floor()", "np.ceil(x)": "x.ceil()", "np.square(x)": "x.square()",
    "np.sqrt(x)": "x.sqrt()", "np.reciprocal(x)": "x.reciprocal()", "np.exp(x)": "x.exp()",
    "np.expm1(x)": "x.expm1()", "np.log(x)": "x.log()", "np.log1p(x)": "x.log1p()", "np.log2(x)": "x.log2()",
    "np.log10(x)": "x.log10()", "np.exp2(x)": "x.exp2()", "np.arcsinh(x)": "x.asinh()",
    "np.arccosh(1 + x)": "(1 + x).acosh()", "np.arctanh(x)": "x.atanh()",
    "np.sin(x)": "x.sin()", "np.cos(x)": "x.cos()", "np.tan(x)": "x.tan()", "np.arcsin(x)": "x.arcsin()",
    "np.arccos(x)": "x.arccos()", "np.arctan(x)": "x.arctan()", "np.asin(x)": "x.asin()",
    "np.arctan2(x, y)": "x.atan2(y)", "np.sinh(x)": "x.sinh()", "np.cosh(x)": "x.cosh()",
    "np.tanh(x)": "x.tanh()", "np.logaddexp(x, y)": "x.logaddexp(y)", "np.maximum(x, y)": "x.maximum(y)",
    "np.minimum(x, y)": "x.minimum(y)", "np.remainder(x, y)": "x % y", "np.mod(x, y)": "x % y",
    "np.floor_divide(x, y)": "x // y", "np.matmul(x, y.T)": "x @ y.T",
}  # fmt: skip
FUNCTIONS = {
    # reductions
    "np.sum(x)": "x.sum()", "np.sum(x, axis=0, keepdims=True)": "x.sum(0, True)", "np.sum(x, 1)": "x.sum(1)",
    "np.mean(x, axis=(0, 1))": "x.mean((0, 1))", "np.prod(x, axis=-1)": "x.prod(-1)", "np.max(x)": "x.max()",
    "np.amax(x, axis=1)": "x.max(1)", "np.min(x, 0)": "x.min(0)", "np.amin(x)": "x.min()",
    "np.var(x)": "x.var(correction=0)", "np.var(x, axis=0, ddof=1)": "x.var(0)",
    "np.std(x)": "x.std(correction=0)", "np.std(x, axis=1, ddof=1, keepdims=True)": "x.std(1, keepdims=True)",
    "np.linalg.norm(x)": "x.norm()", "np.linalg.norm(x, axis=0)": "x.norm(axis=0)",
    "np.linalg.norm(x[0], 1)": "x[0].norm(1)", "np.linalg.norm(x, np.inf, axis=1)": "x.norm(np.inf, 1)",
    "np.linalg.norm(x[1], ord=3)": "x[1].norm(3)", "np.cumsum(x, axis=1)": "x.cumsum(1)",
    "np.cumsum(x)": "x.cumsum()", "np.cumprod(x, 0)": "x.cumprod(0)",
    # choosing
    "np.clip(x, 0.3, 0.6)": "x.clip(0.3, 0.6)", "np.clip(x, None, 0.5)": "x.clip(max=0.5)",
    "np.clip(x, 0.4, None)": "x.clip(min=0.4)", "np.where(CHOICE, x, y)": "x.where(CHOICE, y)",
    "np.where(x > y, x, 0.0)": "x.masked_fill(x <= y, 0)", "np.round(x, 1)": "x.round(1)",
    "np.round(x)": "x.round()", "np.sort(x)": "x.sort()[0]", "np.sort(x, axis=0)": "x.sort(0)[0]",
    "np.sort(x, axis=None)": "x.flatten().sort()[0]", "np.take(x, [0, 0, 2], axis=0)": "x[[0, 0, 2]]",
    "np.take(x, [5, 1])": "x.flatten()[[5, 1]]", "np.take_along_axis(x, INDEX, 1)": "x.gather(1, INDEX)",
    "np.take_along_axis(x, INDEX, axis=-1)": "x.gather(1, INDEX)",
    # shapes
    "np.reshape(x, (4, 3))": "x.reshape(4, 3)", "np.reshape(x, -1)": "x.reshape(-1)",
    "np.ravel(x)": "x.flatten()", "np.transpose(x)": "x.T", "np.transpose(x, (1, 0))": "x.T",
    "np.transpose(x, axes=[0, 1])": "x * 1", "np.matrix_transpose(x)": "x.mT", "np.swapaxes(x, 0, 1)": "x.T",
    "np.moveaxis(x, 0, -1)": "x.T", "np.squeeze(x[None])": "x * 1", "np.squeeze(x[None], axis=0)": "x * 1",
    "np.expand_dims(x, 1)": "x.unsqueeze(1)", "np.expand_dims(x, (0, -1))": "x[None, ..., None]",
    "np.broadcast_to(x, (2, 3, 4))": "x.expand(2, 3, 4)", "np.atleast_1d(x.sum())": "x.sum().reshape(1)",
    "np.atleast_1d(x)": "x * 1", "np.repeat(x, 2)": "x.repeat_interleave(2)",
    "np.repeat(x, [1, 0, 2], axis=0)": "x.repeat_interleave([1, 0, 2], 0)", "np.tile(x, 2)": "x.tile(2)",
    "np.tile(x, (2, 1))": "x.tile(2, 1)", "np.flip(x)": "x.flip()", "np.flip(x, 1)": "x.flip(1)",
    "np.flip(x, axis=(0, 1))": "x.flip(0, 1)", "np.roll(x, 1)": "x.roll(1)",
    "np.roll(x, 2, axis=1)": "x.roll(2, 1)", "np.roll(x, (1, 2), axis=(0, 1))": "x.roll((1, 2), (0, 1))",
    "np.pad(x, 1)": "x.pad(1)",
    "np.pad(x, ((1, 0), (0, 2)), constant_values=3.0)": "x.pad(((1, 0), (0, 2)), constant_values=3.0)",
    "np.pad(x, 1, mode='edge')": "x.pad(1, 'edge')",
    # joining and taking apart
    "np.concatenate([x, y])": "gradlib.concatenate([x, y])",
    "np.concatenate((x, y, x), axis=1)": "gradlib.concatenate([x, y, x], 1)",
    "np.concatenate([x, y], axis=None)": "gradlib.concatenate([x.flatten(), y.flatten()])",
    "np.hstack([x, y])": "gradlib.cat([x, y], 1)", "np.hstack([x[0], y[1]])": "gradlib.cat([x[0], y[1]])",
    "np.vstack([x, y])": "gradlib.cat([x, y])", "np.vstack([x[0], y[1]])": "gradlib.stack([x[0], y[1]])",
    "np.stack([x, y], axis=-1)": "gradlib.stack([x, y], -1)", "np.split(x, 2, axis=1)[1]": "x[:, 2:]",
    "np.split(x, [1, 3], axis=1)[1]": "x[:, 1:3]", "np.split(x, 3)[0]": "x[:1]",
    "np.split(x, [2, 9])[1]": "x[2:]",
    # matrices
    "np.dot(x, y.T)": "x @ y.T", "np.dot(x, y[0])": "x @ y[0]", "np.dot(x, 2.0)": "x * 2",
    "np.dot(x[0], y[0])": "x[0].dot(y[0])", "np.outer(x[0], y[:, 0])": "x[0].outer(y[:, 0])",
    "np.outer(x, y)": "x.flatten().outer(y.flatten())", "np.einsum('ij,kj->ik', x, y)": "x @ y.T",
    "np.einsum('ij->i', x)": "x.sum(1)", "np.tensordot(x, y, axes=2)": "(x * y).sum()",
    "np.tensordot(x, y, axes=([0], [0]))": "x.T @ y", "np.diagonal(x, 1)": "x.diagonal(1)",
    "np.trace(x[:, :3])": "x[:, :3].trace()", "np.tril(x)": "x.tril()", "np.triu(x, 1)": "x.triu(1)",
    "np.linalg.inv(x[:, :3])": "x[:, :3].inv()", "np.linalg.det(x[:, :3])": "x[:, :3].det()",
    "np.linalg.solve(x[:, :3], y)": "x[:, :3].solve(y)", "np.astype(x, np.float32)": "x.astype(np.float32)",
}  # fmt: skip
SIDES = {
    "array @ x.T": "Tensor(array) @ x.T", "array[0] @ x[0]": "x[0] @ array[0]", "array * x": "x * array",
    "array - x": "-(x - array)", "array / x": "array * x.reciprocal()", "array + x": "x + array",
    "array**x": "(x * np.log(array)).exp()", "array % x": "Tensor(array) % x", "np.float64(2) * x": "x * 2",
    "x * np.float64(2)": "x * 2", "np.float32(2) / x": "2 / x", "np.int64(3) - x": "3 - x",
    "np.float64(2) ** x": "2**x", "np.maximum(array, x)": "x.maximum(array)",
    "np.maximum(0.5, x)": "x.maximum(0.5)", "np.dot(array, x.T)": "Tensor(array) @ x.T",
    "np.where(CHOICE, array, x)": "x.where(~CHOICE, array)",
    "np.concatenate([array, x])": "gradlib.cat([Tensor(array), x])",
    "np.einsum('ij,ij->', array, x)": "(x * array).sum()",
    "np.stack([array, x])": "gradlib.stack([Tensor(array), x])",
    "np.linalg.solve(SQUARE, x)": "Tensor(SQUARE).solve(x)",
    "np.outer(array[0], x[0])": "Tensor(array[0]).outer(x[0])",
    "np.tensordot(array, x, 2)": "(x * array).sum()", "np.arctan2(array, x)": "Tensor(array).atan2(x)",
    "np.arange(4.0) @ x.T": "Tensor(np.arange(4.0)) @ x.T",
}  # fmt: skip
CALLS = UFUNCS | FUNCTIONS | SIDES
if np.lib.NumpyVersion(np.__version__) >= "2.1.0":  # older ones do not know these names
    CALLS["np.clip(x, min=0.4)"] = "x.clip(min=0.4)"
WORDS = {
    "np": np, "gradlib": gradlib, "Tensor": Tensor, "CHOICE": CHOICE, "INDEX": INDEX, "array": B, "SQUARE": SQUARE,
}  # fmt: skip


def result_and_slopes(call):
    x, y = Tensor(A, requires_grad=True), Tensor(B, requires_grad=True)
    z = eval(call, WORDS, {"x": x, "y": y})
    assert isinstance(z, Tensor) and z.requires_grad
    z.backward(drawn(*z.shape, seed=5))
    return z, x.grad, y.grad


@pytest.mark.parametrize("call", CALLS)
def test_it_records_the_graph_as_the_method_does(call):
    for ours, methods in zip(result_and_slopes(call), result_and_slopes(CALLS[call]), strict=True):
        if methods is None:
            assert ours is None
        else:
            assert (ours.shape, ours.dtype) == (methods.shape, methods.dtype)
            np.testing.assert_allclose(getattr(ours, "data", ours), getattr(methods, "data", methods), rtol=1e-12)


@pytest.mark.parametrize("call", UFUNCS | FUNCTIONS | SIDES)
def test_it_gives_what_numpy_gives_on_arrays(call):
    method_only = {"x.sum().reshape(1)": A.sum()}
    try:
        expected = eval(call, WORDS, {"x": A, "y": B} | method_only)
    except AttributeError:  # the call uses a method that arrays do not have
        return
    result = eval(call, WORDS, {"x": Tensor(A), "y": Tensor(B)})
    assert result.shape == np.shape(expected)
    np.testing.assert_allclose(result.data, expected, rtol=1e-6 if result.dtype == np.float32 else 1e-12)


def test_every_function_of_the_list_is_tried():
    text = " ".join(CALLS)
    assert not [function for function in numpy_functions.FUNCTIONS if f".{function.__name__}(" not in text]


@pytest.mark.parametrize("ufunc", numpy_functions.UFUNCS, ids=lambda ufunc: ufunc.__name__)
def test_a_ufunc_of_tensors_records_its_entry_of_the_table(ufunc):
    op = numpy_functions.UFUNCS[ufunc]
    for sample in (sample for sample in SAMPLES if TABLE[sample.name] is op):
        with np.errstate(all="ignore"):  # samples at poles
            z = ufunc(*(Tensor(array, requires_grad=array.dtype.kind == "f") for array in sample.inputs))
            # matmul of a transposed array may round otherwise than of a copy.
            np.testing.assert_allclose(z.data, ufunc(*sample.inputs), rtol=1e-14, strict=True, err_msg=str(sample))
        assert z._op is op and len(z._prev) == len(sample.inputs)


def test_numpys_var_and_std_divide_by_n_and_pytorchs_by_n_minus_1():
    x = Tensor([1.0, 2.0, 6.0])
    assert np.var(x).item() == pytest.approx(14 / 3) and x.var().item() == pytest.approx(7)
    assert np.std(x).item() == pytest.approx((14 / 3) ** 0.5) and x.std().item() == pytest.approx(7**0.5)


PLAIN = [
    "np.shape(x)", "np.ndim(x)", "np.size(x)", "np.isnan(x)", "np.isfinite(x)", "np.argmax(x, axis=1)",
    "np.argmin(x)", "np.argsort(x, axis=0)", "np.any(x > 0.5)", "np.all(x)", "np.allclose(x, x)",
    "np.isclose(x, 0.5)", "np.array_equal(x, y)", "np.greater(x, y)", "np.equal(x, 1.0)", "np.zeros_like(x)",
    "np.ones_like(x)", "np.full_like(x, 3.0)", "np.count_nonzero(x)", "np.less_equal(0.5, x)", "np.unique(x)",
    "np.result_type(x, y)", "np.array_str(x)", "np.nonzero(x > 0.5)[0]", "np.logical_not(x)", "np.size(x, 1)",
]  # fmt: skip


@pytest.mark.parametrize("call", PLAIN)
def test_what_has_no_derivative_gives_plain_arrays(call):
    tensors = {"x": Tensor(A, requires_grad=True), "y": Tensor(B, requires_grad=True)}
    result, expected = (eval(call, WORDS, given) for given in (tensors, {"x": A, "y": B}))
    assert not isinstance(result, Tensor) and type(result) is type(expected)
    assert np.array_equal(result, expected)


# Functions that would lose the gradient ------------------------------------------------------------

REFUSED = r"np\.{} is not an operation that gradlib can differentiate.* or call it on t.detach\(\).numpy\(\) if you"
UNKNOWN = [
    "np.median(x)", "np.fft.fft(x)", "np.linalg.svd(x)", "np.linalg.eigh(x)", "np.linalg.qr(x)",
    "np.convolve(x[0], y[0])", "np.interp(x, [0.0, 1.0], [0.0, 1.0])",
    "np.nansum(x)", "np.average(x)", "np.ptp(x)", "np.diff(x)",
    "np.cross(x, y)", "np.kron(x, y)", "np.percentile(x, 50)",
    "np.column_stack([x, y])", "np.rot90(x)", "np.insert(x, 0, 1.0)", "np.append(x, y)", "np.cov(x)",
    "np.corrcoef(x)",
    "np.trapezoid(x)", "np.gradient(x)", "np.add.reduce(x)", "np.multiply.outer(x, y)",
    "np.add.accumulate(x)", "np.maximum.reduce(x)", "np.polyfit(x[0], y[0], 1)",
    "np.linalg.cholesky(x @ x.T)", "np.linalg.pinv(x)", "np.histogram2d(x[0], y[0])",
    "np.nan_to_num(x)", "np.inner(x, y)", "np.vdot(x, y)",
    "np.choose([0, 1, 0, 1], [x[0], y[0]])", "np.select([x > 0.5], [x])", "np.dstack([x, y])",
]  # fmt: skip


@pytest.mark.parametrize("call", UNKNOWN)
def test_a_function_that_is_not_supported_is_refused_by_name(call):
    name = call.removeprefix("np.").removeprefix("linalg.").removeprefix("fft.").split("(")[0]
    with pytest.raises(TypeError, match=REFUSED.format(name)), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        eval(call, WORDS, {"x": Tensor(A, requires_grad=True), "y": Tensor(B, requires_grad=True)})


OTHER_UFUNCS = {function for function in vars(np).values() if isinstance(function, np.ufunc)}
OTHER_UFUNCS -= numpy_functions.UFUNCS.keys() | numpy_functions.PLAIN


@pytest.mark.parametrize("ufunc", sorted(OTHER_UFUNCS, key=lambda ufunc: ufunc.__name__), ids=lambda u: u.__name__)
def test_every_other_ufunc_is_refused_by_name(ufunc):
    with pytest.raises(TypeError, match=REFUSED.format(ufunc.__name__)):
        ufunc(*[Tensor(A, requires_grad=True)] * ufunc.nin)


KEYWORDS = {
    "np.sum(x, where=CHOICE)": "where", "np.sum(x, dtype=np.float32)": "dtype",
    "np.sum(x, initial=1.0)": "initial", "np.mean(x, dtype=np.float64)": "dtype",
    "np.max(x, initial=0.0)": "initial", "np.var(x, mean=0.5)": "mean",
    "np.std(x, correction=1)": "correction", "np.reshape(x, (4, 3), order='F')": "order",
    "np.ravel(x, order='F')": "order", "np.concatenate([x, y], dtype=np.float32)": "dtype",
    "np.clip(x, 0, 1, dtype=np.float32)": "dtype", "np.cumsum(x, dtype=np.float64)": "dtype",
    "np.sort(x, kind='stable')": "kind", "np.take(x, 9, mode='clip')": "mode",
    "np.pad(x, 1, mode='linear_ramp', end_values=1.0)": "end_values",
    "np.einsum('ij->i', x, optimize=True)": "optimize", "np.stack([x, y], dtype=np.float32)": "dtype",
    "np.broadcast_to(x, (2, 3, 4), subok=True)": "subok", "np.trace(x, offset=1)": "offset",
    "np.linalg.norm(x, 2, colour=1)": "colour", "np.squeeze(x, dim=0)": "dim",
}  # fmt: skip


@pytest.mark.parametrize("call", KEYWORDS)
def test_a_keyword_that_is_not_supported_is_refused_by_name(call):
    name = call.removeprefix("np.").removeprefix("linalg.").split("(")[0]
    with pytest.raises(TypeError) as caught:
        eval(call, WORDS, {"x": Tensor(A, requires_grad=True), "y": Tensor(B, requires_grad=True)})
    assert f"'{KEYWORDS[call]}'" in str(caught.value) and name in str(caught.value)


UFUNC_KEYWORDS = {
    "np.exp(x, where=CHOICE)": "where", "np.add(x, y, dtype=np.float32)": "dtype",
    "np.multiply(x, y, casting='unsafe')": "casting", "np.sin(x, order='F')": "order",
}  # fmt: skip


@pytest.mark.parametrize("call", UFUNC_KEYWORDS)
def test_a_keyword_of_a_ufunc_is_refused_by_name(call):
    name = call.removeprefix("np.").split("(")[0]
    with pytest.raises(TypeError) as caught:
        eval(call, WORDS, {"x": Tensor(A, requires_grad=True), "y": Tensor(B)})
    assert f"np.{name} on a tensor" in str(caught.value) and f"'{UFUNC_KEYWORDS[call]}'" in str(caught.value)


# Writing into arrays ------------------------------------------------------------


INTO = ["array += x", "array -= x", "array *= x", "array /= x", "array **= x", "np.exp(x, out=array)"]


@pytest.mark.parametrize("statement", INTO)
def test_a_tensor_is_not_written_into_an_array(statement):
    array = B.copy()
    with pytest.raises(TypeError, match="in place .* which a graph cannot record. Make a new value: array = array"):
        exec(statement, {"np": np, "x": Tensor(A, requires_grad=True), "array": array})
    assert np.array_equal(array, B)


def test_an_array_assigned_from_a_tensor_of_a_graph_is_refused():
    array = np.zeros(2)
    with pytest.raises(GraphError, match="NumPy would lose the gradient of this tensor"):
        array[:] = Tensor([1.0, 2.0], requires_grad=True)
    array[:] = Tensor([1.0, 2.0])
    assert array.tolist() == [1.0, 2.0]


def test_numpys_split_takes_equal_pieces_only():
    with pytest.raises(ShapeError, match="np.split makes 3 equal pieces, but axis 1 of shape .3, 4. has size 4"):
        np.split(Tensor(A), 3, axis=1)
    with pytest.raises(ShapeError, match="np.split makes 0 equal pieces, but axis 1 of shape .3, 4. has size 4"):
        np.split(Tensor(A), 0, axis=1)


@pytest.mark.parametrize("edges", [[-1], [1, -1], [2, 1], [], [0, 9]])
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_numpys_split_at_any_edges(edges, axis):
    pieces, expected = np.split(Tensor(A), edges, axis), np.split(A, edges, axis)
    for piece, array in zip(pieces, expected, strict=True):
        assert np.array_equal(piece.data, array) and piece.shape == array.shape


@pytest.mark.parametrize(
    "make",
    [
        lambda f: f.where(np.array([True, False]), np.ones(2), 3.0),
        lambda f: f.concatenate([np.ones(2), np.zeros(1)]),
        lambda f: f.stack([np.ones(2), np.zeros(2)]),
        lambda f: f.einsum("ij,j->i", np.ones((3, 2)), np.ones(2)),
        lambda f: f.tensordot(np.ones((3, 2)), np.ones((2, 4)), 1),
    ],
)
def test_gradlibs_own_functions_give_tensors_of_plain_arrays_too(make):
    result = make(gradlib)
    assert isinstance(result, Tensor) and np.array_equal(result.data, make(np))


def test_tensors_without_a_gradient_are_computed_with_as_arrays_are():
    x = Tensor(A)
    assert isinstance(np.exp(x), Tensor) and not np.exp(x).requires_grad
    assert np.array_equal(np.asarray(x), A) and np.median(np.asarray(x)) == np.median(A)


def test_a_loss_written_in_numpy_alone_trains():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(64, 3))
    target = x @ np.array([1.0, -2.0, 0.5]) + 3.0
    weights, bias = Tensor(np.zeros(3), requires_grad=True), Tensor(0.0, requires_grad=True, dtype=np.float64)
    for _ in range(200):
        loss = np.mean(np.square(x @ weights + bias - target))
        loss.backward()
        for p in (weights, bias):
            p.data -= 0.1 * p.grad
            p.grad = None
    np.testing.assert_allclose(weights.data, [1.0, -2.0, 0.5], atol=1e-6)
    assert bias.item() == pytest.approx(3.0, abs=1e-6)
