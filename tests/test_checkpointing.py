"""checkpoint: the same gradients, less memory."""

import tracemalloc

import numpy as np
import pytest

import gradlib
from gradlib import GraphError, Tensor, checkpoint, grad, no_grad
from gradlib.amp import autocast


def leaves():
    start = np.random.default_rng(1)
    return [Tensor(start.normal(size=shape), requires_grad=True) for shape in [(4, 3), (3, 3), (3,)]]


def layer(weight, bias):
    return lambda x: (x @ weight + bias).tanh() * x


def gradients(wrap):
    x, weight, bias = leaves()
    run = layer(weight, bias)
    h = x * 2.0
    for _ in range(3):
        h = checkpoint(run, h) if wrap else run(h)
    (h * np.arange(12.0).reshape(4, 3)).sum().backward()
    return [tensor.grad for tensor in (x, weight, bias)]


def test_it_gives_the_gradients_of_its_inputs_and_of_what_the_function_uses():
    for with_, without in zip(gradients(True), gradients(False), strict=True):
        np.testing.assert_allclose(with_, without, rtol=1e-13)


def test_it_can_be_differentiated_twice():
    seconds = []
    for wrap in (True, False):
        x, weight, bias = leaves()
        run = layer(weight, bias)
        y = checkpoint(run, x) if wrap else run(x)
        (slope,) = grad(y.square().sum(), x, create_graph=True)
        seconds.append(grad(slope.square().sum(), [x, weight]))
    for with_, without in zip(*seconds, strict=True):
        np.testing.assert_allclose(with_.data, without.data, rtol=1e-12)


def test_several_results_and_inputs_that_are_no_tensors():
    x, _, _ = leaves()

    def several(x, factor, *, power=2):
        return x * factor, x.sum(axis=0) ** power

    scaled, summed = checkpoint(several, x, 3.0)
    assert scaled.shape == (4, 3) and summed.shape == (3,)
    (scaled.sum() + summed.sum()).backward()
    np.testing.assert_allclose(x.grad, 3 + 2 * x.data.sum(axis=0) * np.ones((4, 1)))


def test_inputs_without_a_gradient_and_unused_ones():
    x, weight, _ = leaves()
    constant = Tensor(np.ones((4, 3)))
    checkpoint(lambda x, c, unused: x * c, x, constant, weight).sum().backward()
    assert np.array_equal(x.grad, np.ones((4, 3))) and constant.grad is None
    assert weight.grad is None


def test_keywords_go_to_the_function_and_pytorchs_use_reentrant_is_taken():
    found = []
    for wrap in (checkpoint, lambda function, *inputs, use_reentrant, **keywords: function(*inputs, **keywords)):
        x, weight, bias = leaves()
        h = weight * 2.0  # neither a leaf nor an input
        wrap(lambda x, w, b: (x @ w + b).tanh(), x, use_reentrant=False, w=h, b=bias).sum().backward()
        found.append([tensor.grad.tolist() for tensor in (x, weight, bias)])
    assert found[0] == found[1]
    with pytest.raises(TypeError, match="checkpoint takes a function and its inputs, got Tensor first."):
        checkpoint(x, layer(weight, bias))


def test_under_no_grad_it_is_the_function():
    x, weight, bias = leaves()
    with no_grad():
        y = checkpoint(layer(weight, bias), x)
    assert not y.requires_grad


def test_what_it_draws_it_draws_again():
    gradlib.manual_seed(0)
    x = Tensor(np.ones(100), requires_grad=True)
    y = checkpoint(lambda x: x * (gradlib.random.default_rng().random(100) < 0.5), x)
    gradlib.random.default_rng().random(3)
    before = gradlib.random.default_rng().bit_generator.state
    y.sum().backward()
    assert np.array_equal(x.grad, y.data) and 0 < y.data.sum() < 100
    assert gradlib.random.default_rng().bit_generator.state == before


@pytest.mark.parametrize("forward", [True, False])
@pytest.mark.parametrize("backward", [True, False])
def test_the_second_run_has_the_precision_of_the_first(forward, backward):
    found = []

    def run(x, weight):
        return (x @ weight).exp()

    for wrap in (True, False):
        x, weight = (Tensor(t.data.astype(np.float32), requires_grad=True) for t in leaves()[:2])
        with autocast(enabled=forward):
            y = checkpoint(run, x, weight) if wrap else run(x, weight)
        with autocast(enabled=backward):
            y.sum().backward()
        assert y.dtype == np.float32 and (run(x, weight).data != y.data).any() == forward
        found.append((x.grad.tolist(), weight.grad.tolist()))
    assert found[0] == found[1]


def test_results_without_entries_and_0d_ones():
    x = Tensor(2.0, requires_grad=True)
    empty, square = checkpoint(lambda x: (x.reshape(1)[:0], x * x), x)
    assert empty.shape == (0,) and square.shape == ()
    (empty.sum() + square).backward()
    assert x.grad == 4.0
    y = Tensor(2.0, requires_grad=True)
    checkpoint(lambda x: x * x, y).backward()
    assert y.grad == 4.0


def test_a_function_that_changes_is_refused():
    factors = iter([1.0, 2.0])
    x, _, _ = leaves()
    y = checkpoint(lambda x: x * next(factors), x)
    with pytest.raises(GraphError, match="a second time and got another result"):
        y.sum().backward()


def test_a_function_that_returns_no_tensor_is_refused():
    with pytest.raises(TypeError, match="returns a tensor or a tuple of tensors; it returned ndarray"):
        checkpoint(lambda x: x.data, leaves()[0])


def peak(wrap: bool) -> int:
    """The most memory that 16 segments of 16 operations hold, in arrays of 100,000 numbers."""

    def segment(x):
        for _ in range(16):
            x = x.sin()
        return x

    x = Tensor(np.ones(100_000), requires_grad=True)
    tracemalloc.start()
    y = x
    for _ in range(16):
        y = checkpoint(segment, y) if wrap else segment(y)
    y.sum().backward()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most / x.data.nbytes


def test_it_keeps_a_result_a_segment_and_one_segment_at_a_time():
    assert peak(False) > 256  # every intermediate
    assert peak(True) < 16 + 16 + 8  # a result a segment, one segment, and some gradients


def test_several_results_keep_their_dtypes():
    x = Tensor(np.array([0.1, 0.2]), requires_grad=True)
    narrow, wide = checkpoint(lambda x: (x.float() * 3, x.exp()), x)
    assert (narrow.dtype, wide.dtype) == (np.float32, np.float64)
    np.testing.assert_array_equal(narrow.data, (x.float() * 3).data)
    (narrow.sum() + wide.sum()).backward()
    np.testing.assert_allclose(x.grad, 3 + np.exp(x.data), rtol=1e-7)
    with pytest.raises(TypeError, match="returned tuple"):
        checkpoint(lambda x: (), x)


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_integers_among_several_results_are_not_rounded(dtype):
    x, indices = Tensor([1.0, 2.0], requires_grad=True), np.array([2**53 + 1, 70_000])
    y, found, mask = checkpoint(lambda x: ((x * x).astype(dtype), Tensor(indices), Tensor([True])), x)
    y.sum().backward()
    assert found.dtype == np.int64 and found.tolist() == indices.tolist() and mask.tolist() == [True]
    assert y.dtype == dtype and x.grad.tolist() == [2, 4]
    (alone,) = checkpoint(lambda x: (Tensor(indices),), x)
    assert alone.tolist() == indices.tolist()
