import math

import numpy as np
import pytest

from gradlib import Tensor, nn, optim


def with_gradients(*gradients):
    params = []
    for gradient in gradients:
        gradient = None if gradient is None else np.array(gradient, dtype=np.float32)
        params.append(Tensor(np.zeros(2, np.float32), requires_grad=True))
        params[-1].grad = gradient
    return params


def test_all_gradients_are_shortened_by_one_factor():
    params = with_gradients([3.0, 0.0], None, [0.0, 4.0])
    arrays = [param.grad for param in params]
    assert optim.clip_gradients(params, 1.0) == 5.0
    np.testing.assert_allclose([params[0].grad, params[2].grad], [[0.6, 0], [0, 0.8]], rtol=1e-5)
    assert params[0].grad is arrays[0] and params[1].grad is None


def test_short_gradients_stay():
    (x,) = with_gradients([0.3, 0.4])
    assert optim.clip_grad_norm_(x, 1.0) == pytest.approx(0.5)
    assert x.grad.tolist() == [np.float32(0.3), np.float32(0.4)]


def test_nothing_to_clip():
    assert optim.clip_grad_norm_(with_gradients(None), 1.0) == 0.0
    assert optim.clip_grad_norm_([], 1.0) == 0.0
    (x,) = with_gradients([0.0, 0.0])
    assert optim.clip_grad_norm_(x, 0.0) == 0.0
    assert x.grad.tolist() == [0, 0]


def test_a_generator_is_enough():
    params = with_gradients([3.0, 0.0], [0.0, 4.0])
    assert optim.clip_grad_norm_((param for param in params), 1.0) == 5.0
    assert params[1].grad[1] == pytest.approx(0.8, rel=1e-5)


def read_only(array):
    array.flags.writeable = False
    return array


@pytest.mark.parametrize(
    "gradient",
    [[3.0, 4.0], Tensor([3.0, 4.0]), np.array([3, 4]), read_only(np.array([3.0, 4.0], np.float32))],
    ids=["list", "tensor", "integers", "read-only"],
)
def test_a_gradient_that_was_assigned_in_another_form_is_overwritten_too(gradient):
    (x,) = with_gradients(None)
    x.grad = gradient
    assert optim.clip_grad_norm_(x, 1.0) == pytest.approx(5.0)
    np.testing.assert_allclose(x.grad, [0.6, 0.8], rtol=1e-5)
    x.grad = gradient
    optim.clip_grad_value_(x, 3.5)
    assert x.grad.tolist() == [3.0, 3.5]
    x.grad = gradient
    optim.SGD([x]).zero_grad(set_to_none=False)
    assert x.grad.tolist() == [0.0, 0.0]


def test_the_gradient_of_a_number_is_overwritten_after_arithmetic():
    """NumPy's arithmetic makes a number, which is no array, of a 0-d array."""
    x = Tensor(3.0, requires_grad=True)
    (x * x).backward()
    x.grad = x.grad * 10
    assert optim.clip_grad_norm_(x, 1.0) == 60.0
    assert x.grad == pytest.approx(1.0)
    x.grad = x.grad * 8
    optim.clip_grad_value_(x, 2.0)
    assert x.grad == 2.0
    x.grad = x.grad * 8
    optim.SGD([x]).zero_grad(set_to_none=False)
    assert x.grad == 0.0


def test_a_gradient_that_does_not_fit_is_refused():
    (x,) = with_gradients(None)
    for wrong, words in (([1.0], "was set to an array of shape"), ("ab", "Got str"), (np.array([1j, 1]), "complex")):
        x.grad = wrong
        with pytest.raises((TypeError, ValueError), match=words):
            optim.clip_grad_norm_(x, 1.0)


def test_a_square_beyond_float32_is_clipped_too():
    (x,) = with_gradients([3e25, 4e25])
    assert optim.clip_grad_norm_(x, 1.0) == pytest.approx(5e25)
    np.testing.assert_allclose(x.grad, [0.6, 0.8], rtol=1e-5)


@pytest.mark.parametrize("norm_type", [1, 2, 3])
def test_a_norm_in_half_precision_counts_every_entry(norm_type):
    """In float16 the cube of 1/1024 is 0."""
    x = Tensor(np.zeros(4096, np.float16), requires_grad=True)
    x.grad = np.full(4096, 1 / 1024, np.float16)
    norm = 4096 ** (1 / norm_type) / 1024
    assert optim.clip_grad_norm_(x, norm / 2, norm_type) == pytest.approx(norm, rel=1e-6)
    assert x.grad.dtype == np.float16
    np.testing.assert_allclose(x.grad, 1 / 2048, rtol=1e-3)


@pytest.mark.parametrize(("entry", "max_norm"), [(30_000, 1.0), (60_000, 0.1)])
def test_the_factor_of_half_precision_keeps_its_digits(entry, max_norm):
    """In float16 the factors 3.3e-7 and 1.7e-8 are 3.6e-7 and 0."""
    x = Tensor(np.zeros(10_000, np.float16), requires_grad=True)
    x.grad = gradient = np.full(10_000, entry, np.float16)
    optim.clip_grad_norm_(x, max_norm)
    assert x.grad is gradient
    np.testing.assert_allclose(np.linalg.norm(gradient.astype(float)), max_norm, rtol=1e-3)


@pytest.mark.parametrize("entry", [math.nan, math.inf])
def test_a_norm_that_is_not_finite_can_be_an_error(entry):
    (x,) = with_gradients([entry, 1.0])
    with pytest.raises(ValueError, match="some gradient is infinite or NaN"):
        optim.clip_grad_norm_(x, 1.0, error_if_nonfinite=True)
    assert x.grad[1] == 1.0


def test_values_are_cut_where_they_are():
    params = with_gradients([3.0, -0.2], None)
    array = params[0].grad
    optim.clip_grad_value_(params, 1.0)
    assert params[0].grad is array
    np.testing.assert_allclose(array, [1.0, -0.2])


def test_a_limit_that_half_precision_does_not_hold_cuts_nothing():
    x = Tensor(np.zeros(2, np.float16), requires_grad=True)
    x.grad = np.array([60_000, -1], np.float16)
    optim.clip_grad_value_(x, 1e5)
    assert x.grad.tolist() == [60_000, -1]


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        (lambda params: optim.clip_grad_norm_(params, -1.0), ValueError, "max_norm must be .* from 0 on, got -1.0"),
        (lambda params: optim.clip_gradients(params, math.nan), ValueError, "max_norm must be .* from 0 on, got n"),
        (lambda params: optim.clip_grad_value_(params, -1.0), ValueError, "clip_value must be a number from 0 on"),
        (lambda params: optim.clip_grad_norm_(nn.Linear(1, 1), 1.0), TypeError, "got Linear. Of a model pass"),
        (lambda params: optim.clip_grad_norm_(iter(()), 1.0), ValueError, "a generator that yields nothing, so no gr"),
        (lambda params: optim.clip_grad_value_(iter(()), 1.0), ValueError, "Was it used up before, by the optimizer"),
    ],
)
def test_a_limit_below_0_is_refused_and_changes_nothing(wrong, error, words):
    params = with_gradients([3.0, -0.2])
    with pytest.raises(error, match=words):
        wrong(params)
    assert params[0].grad.tolist() == with_gradients([3.0, -0.2])[0].grad.tolist()


# The learning-rate finder ------------------------------------------------------------


def valley(curvature):
    """One training step on curvature/2 · x²: gradient descent diverges at rates above 2 / curvature."""
    x = Tensor(np.array([1.0]), requires_grad=True)
    optimizer = optim.SGD([x], lr=0.123, momentum=0.0)

    def step():
        optimizer.zero_grad()
        loss = (x * x).sum() * (curvature / 2)
        loss.backward()
        optimizer.step()
        return loss

    return x, optimizer, step


@pytest.mark.parametrize("curvature", [0.1, 1.0, 100.0])
def test_the_suggestion_follows_the_curvature(curvature):
    _, optimizer, step = valley(curvature)
    curve = optim.find_learning_rate(step, optimizer, min_lr=1e-5, max_lr=1e4, steps=250)
    assert 0.02 / curvature < curve.suggestion < 2 / curvature
    assert curve.rates[-1] < 1e4  # it ended where the loss blew up
    assert len(curve.rates) == len(curve.losses)


def test_rates_rise_by_one_factor():
    _, optimizer, step = valley(1.0)
    curve = optim.find_learning_rate(step, optimizer, min_lr=1e-4, max_lr=1e-1, steps=4)
    np.testing.assert_allclose(curve.rates, [1e-4, 1e-3, 1e-2, 1e-1])


def test_everything_is_put_back():
    x, optimizer, step = valley(1.0)
    step()
    data, grad, saved = x.data.copy(), x.grad.copy(), optimizer.state_dict()
    optim.find_learning_rate(step, optimizer)
    np.testing.assert_array_equal(x.data, data)
    np.testing.assert_array_equal(x.grad, grad)
    np.testing.assert_equal(optimizer.state_dict(), saved)


def test_everything_is_put_back_after_an_error():
    x, optimizer, step = valley(1.0)

    def failing():
        step()
        if optimizer.param_groups[0]["lr"] > 1e-3:
            raise RuntimeError("out of data")
        return 1.0

    with pytest.raises(RuntimeError, match="out of data"):
        optim.find_learning_rate(failing, optimizer)
    assert x.item() == 1.0
    assert optimizer.param_groups[0]["lr"] == 0.123


def test_what_is_put_back_is_put_back_in_place():
    """A parameter may share its memory, and its gradient may be filled with zeros where it is."""
    x, optimizer, _ = valley(1.0)
    twin = Tensor(0.0, requires_grad=True)
    array = twin.data = x.data.reshape(())
    x.grad = gradient = np.array([5.0])

    def step():
        optimizer.zero_grad(set_to_none=False)
        x.grad += x.data
        optimizer.step()
        return x.item() ** 2

    optim.find_learning_rate(step, optimizer, min_lr=1e-3, max_lr=1.0, steps=20)
    assert x.item() == twin.item() == array == 1.0
    assert x.grad is gradient and gradient.tolist() == [5.0]


@pytest.mark.parametrize(
    ("keywords", "words"),
    [
        ({"min_lr": 0.0}, "the rates must rise"),
        ({"min_lr": 1.0, "max_lr": 0.1}, "the rates must rise"),
        ({"steps": 1}, "at least 2 steps"),
        ({"smoothing": 1.0}, "from 0 to below 1, got 1.0"),
        ({"diverged": 1.0}, "diverged is a number above 1, got 1.0"),
    ],
)
def test_rates_that_do_not_rise_are_refused(keywords, words):
    _, optimizer, step = valley(1.0)
    with pytest.raises(ValueError, match=words):
        optim.find_learning_rate(step, optimizer, **keywords)


def test_a_loss_that_is_never_finite_is_explained():
    _, optimizer, _ = valley(1.0)
    with pytest.raises(ValueError, match="no longer finite after 0 steps"):
        optim.find_learning_rate(lambda: math.nan, optimizer)


def test_a_step_that_returns_nothing_or_does_not_train_is_explained():
    _, optimizer, _ = valley(1.0)
    with pytest.raises(TypeError, match="step must return the loss"):
        optim.find_learning_rate(lambda: None, optimizer)
    with pytest.raises(ValueError, match=r"never below its first at a rate from 1e-07 to 10. Does step\(\) call back"):
        optim.find_learning_rate(lambda: 1.0, optimizer)


def test_a_gradient_that_became_a_number_is_put_back():
    x = Tensor(1.0, requires_grad=True)
    x.grad = np.float32(5.0)
    optimizer = optim.SGD([x], lr=0.1)

    def step():
        optimizer.zero_grad()
        loss = x * x
        loss.backward()
        optimizer.step()
        return loss

    optim.find_learning_rate(step, optimizer, steps=5)
    assert x.grad == 5.0 and x.item() == 1.0
