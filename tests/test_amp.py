"""Mixed precision: what is computed in which precision, gradients in that of their tensors, the scale of the loss."""

import threading

import numpy as np
import pytest

import gradlib
from gradlib import Tensor, nn, no_grad, optim
from gradlib.amp import GradScaler, autocast
from gradlib.autograd import recording
from gradlib.data import make_moons
from gradlib.nn import functional as F
from gradlib.primitives import TABLE
from gradlib.tensor import apply
from tests.samples import SAMPLES


def single(*numbers, **keywords):
    return Tensor(np.array(numbers, np.float32), **keywords)


def in_half(function, *tensors):
    with autocast():
        return function(*tensors)


# What autocast does ------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in TABLE if name != "astype"])
def test_every_operation_agrees_with_single_precision(name):
    for sample in (sample for sample in SAMPLES if sample.name == name and sample.smooth):
        full, half = (calculated(sample, enabled) for enabled in (False, True))
        is_product = TABLE[name].precision == "product" and len(sample.inputs) > 1
        assert half[0].dtype == (np.float16 if is_product else np.float32), sample
        assert {gradient.dtype for gradient in half[1:]} <= {np.dtype(np.float32)}, sample
        for mine, exact in zip(half, full, strict=True):
            # A product loses digits of its terms, whose sum may be far smaller than they are.
            largest = np.abs(exact).max(initial=1e-3)
            np.testing.assert_allclose(mine, exact, rtol=1e-2, atol=1e-2 * largest, err_msg=str(sample))


def calculated(sample, enabled):
    """The result and the gradients, of inputs in float32."""
    arrays = [x.astype(np.float32) if x.dtype.kind == "f" else x for x in sample.inputs]
    inputs = [Tensor(x, requires_grad=x.dtype.kind == "f") for x in arrays]
    with autocast(enabled=enabled):
        z = apply(TABLE[sample.name], *inputs, **sample.keywords)
    z.backward(np.random.default_rng(2).normal(size=z.shape).astype(np.float32))
    return [z.data, *(x.grad for x in inputs if x.grad is not None)]


@pytest.mark.parametrize("op", [op for op in TABLE.values() if op.precision == "single"], ids=lambda op: op.symbol)
def test_what_would_overflow_or_lose_digits_is_computed_in_single_precision(op):
    name = next(name for name, entry in TABLE.items() if entry is op)
    sample = next(sample for sample in SAMPLES if sample.name == name and sample.smooth)
    halves = [Tensor(x.astype(np.float16) if x.dtype.kind == "f" else x) for x in sample.inputs]
    z = in_half(lambda: apply(op, *halves, **sample.keywords))
    assert z.dtype == np.float32


def test_why_a_sum_is():
    ones = Tensor(np.ones(70_000, np.float16))
    assert in_half(ones.sum).item() == 70_000
    with np.errstate(over="ignore"):
        assert ones.sum().item() == np.inf


@pytest.mark.parametrize(("subscripts", "value"), [("ij->", 90_000), ("ii->", 300), ("ij->j", 300)])
def test_an_einsum_of_one_tensor_is_a_sum_and_no_product(subscripts, value):
    z = in_half(lambda: gradlib.einsum(subscripts, Tensor(np.ones((300, 300), np.float32))))
    assert z.dtype == np.float32 and (z.data == value).all()


def test_what_else_is_computed_stays_as_it_comes():
    x = in_half(lambda w: w @ w, single([1.0, 2.0], [3.0, 4.0]))
    assert in_half(lambda: x.relu() + x).dtype == np.float16
    assert in_half(lambda: x * single(2.0, 1.0)).dtype == np.float32


def test_double_precision_and_whole_numbers_are_left_alone():
    double = Tensor(np.ones((2, 2)))
    assert in_half(lambda: double @ double).dtype == np.float64
    whole = Tensor(np.ones((2, 2), int))
    assert in_half(lambda: whole @ whole).dtype == np.int64


def test_nested_blocks_and_errors_leave_what_was_there():
    w = single([1.0, 2.0], [3.0, 4.0])
    with autocast():
        with autocast(enabled=False):
            assert (w @ w).dtype == np.float32
        assert (w @ w).dtype == np.float16
        with pytest.raises(ZeroDivisionError), autocast(enabled=False):
            raise ZeroDivisionError
        assert (w @ w).dtype == np.float16
    assert (w @ w).dtype == np.float32


def test_a_block_inside_itself_leaves_what_was_there():
    w, half = single([1.0, 2.0], [3.0, 4.0]), autocast()
    with half, half:
        assert (w @ w).dtype == np.float16
    assert (w @ w).dtype == np.float32 and recording.products_in is None  # else another thread's block would reach here


def test_another_thread_computes_as_before():
    w, seen = single([1.0, 2.0], [3.0, 4.0]), []
    with autocast():
        thread = threading.Thread(target=lambda: seen.append((w @ w).dtype))
        thread.start()
        thread.join()
    assert seen == [np.float32]


def test_it_decorates_a_function_that_calls_itself():
    @autocast()
    def power(w, n):
        return w if n == 1 else w @ power(w, n - 1)

    w = single([0.5, 0.25], [0.25, 0.5])
    assert power(w, 3).dtype == np.float16 and (w @ w).dtype == np.float32


def test_without_recording_nothing_is_recorded():
    w = single(1.0, 2.0, requires_grad=True)
    with no_grad(), autocast():
        z = w @ w
    assert z.dtype == np.float16 and not z.requires_grad


@pytest.mark.parametrize("dtype", [np.int8, bool, complex])
def test_another_kind_of_number_is_refused(dtype):
    with pytest.raises(TypeError, match="autocast takes a floating-point dtype, np.float16, got"):
        autocast(dtype)


def test_layers_and_their_loss_in_half_precision():
    rng = np.random.default_rng(0)
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1, bias=False, rng=rng), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(64, 3, rng=rng),
    )  # fmt: skip
    x, labels = rng.normal(size=(8, 1, 8, 8)).astype(np.float32), rng.integers(3, size=8)

    def gradients(enabled):
        model.zero_grad()
        with autocast(enabled=enabled):
            scores = model(Tensor(x))
            loss = F.cross_entropy(scores, labels)
        loss.backward()
        return scores.dtype, loss, [p.grad for p in model.parameters()]

    (half, loss, found), (_, exact, expected) = gradients(True), gradients(False)
    assert half == np.float16 and loss.dtype == np.float32
    assert loss.item() == pytest.approx(exact.item(), rel=1e-2)
    for mine, other in zip(found, expected, strict=True):
        assert mine.dtype == np.float32
        np.testing.assert_allclose(mine, other, rtol=0.05, atol=0.02 * np.abs(other).max())


def test_probabilities_are_refused_where_scores_are_safe():
    w, y = single([1.0], requires_grad=True), np.array([[0.0], [1.0]], np.float32)
    with autocast():
        scores = single([200.0], [-200.0]) @ w
        with pytest.raises(TypeError, match="takes no float16: .* binary_cross_entropy_with_logits, which is safe"):
            F.binary_cross_entropy(scores.sigmoid(), y)
        F.binary_cross_entropy_with_logits(scores, y).backward()
    assert w.grad.tolist() == [[200.0]]


# What the scaler is for ------------------------------------------------------------


def a_small_gradient(scaler):
    """∂/∂w of 1e-9 · xᵀw, through a product in half precision: 1e-9 is below the smallest float16."""
    w = Tensor([1.0, 1.0], requires_grad=True)
    with autocast():
        loss = (single(1.0, 2.0) @ w).float() * 1e-9
    scaler.scale(loss).backward()
    optimizer = optim.SGD([w], lr=1.0)
    scaler.unscale_(optimizer)
    return w.grad


def test_a_small_gradient_vanishes_without_it_and_arrives_with_it():
    assert a_small_gradient(GradScaler(enabled=False)).tolist() == [0, 0]
    np.testing.assert_allclose(a_small_gradient(GradScaler()), [1e-9, 2e-9], rtol=1e-3)


def test_a_network_learns_in_mixed_precision():
    gradlib.manual_seed(0)
    x, y = make_moons(200, rng=np.random.default_rng(0))
    model = nn.MLP([2, 16, 2], activation="tanh")
    optimizer, scaler = optim.Adam(model.parameters(), lr=0.05), GradScaler()
    for _ in range(200):
        optimizer.zero_grad()
        with autocast():
            loss = F.cross_entropy(model(Tensor(x)), y)
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
    assert {str(p.dtype) for p in model.parameters()} == {"float32"}
    assert (model(Tensor(x)).argmax(1) == y).mean() > 0.97


def with_gradient(*numbers):
    w = single(*[1.0] * len(numbers), requires_grad=True)
    w.grad = np.array(numbers, np.float32)
    return w, optim.SGD([w], lr=1.0)


@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan])
def test_a_step_with_gradients_that_overflowed_is_left_out_and_the_scale_halved(bad):
    scaler = GradScaler(init_scale=8.0)
    w, optimizer = with_gradient(4.0, bad)
    assert scaler.step(optimizer) is None
    scaler.update()
    assert w.data.tolist() == [1, 1] and scaler.get_scale() == 4.0
    w.grad = np.array([4.0, 8.0], np.float32)
    scaler.step(optimizer)
    assert w.data.tolist() == [0, -1]


def test_one_of_two_optimizers_that_overflowed_halves_the_scale_but_stops_only_its_own_step():
    scaler = GradScaler(init_scale=2.0)
    (good, one), (bad, other) = with_gradient(2.0), with_gradient(np.inf)
    scaler.step(one)
    scaler.step(other)
    scaler.update()
    assert good.item() == 0 and bad.item() == 1 and scaler.get_scale() == 1.0


def test_it_grows_after_enough_good_steps_in_a_row():
    scaler, scales = GradScaler(init_scale=1.0, growth_interval=2), []
    for gradient in [1.0, 1.0, 1.0, np.inf, 1.0, 1.0, 1.0]:
        scaler.step(with_gradient(gradient)[1])
        scaler.update()
        scales.append(scaler.get_scale())
    assert scales == [1, 2, 2, 1, 1, 2, 2]


def test_a_scale_may_be_given_and_does_not_grow_to_infinity():
    scaler = GradScaler(growth_interval=1)
    scaler.update(2.0**127)
    scaler.step(with_gradient(1.0)[1])
    scaler.update()
    assert scaler.get_scale() == 2.0**127


def test_its_state_goes_on():
    scaler, other = GradScaler(init_scale=4.0, growth_interval=3), GradScaler()
    scaler.step(with_gradient(1.0)[1])
    scaler.update()
    other.load_state_dict(scaler.state_dict())
    assert other.state_dict() == scaler.state_dict()
    for _ in range(2):
        other.step(with_gradient(1.0)[1])
        other.update()
    assert other.get_scale() == 8.0


def test_disabled_it_changes_nothing():
    scaler = GradScaler(enabled=False)
    w, optimizer = with_gradient(0.5)
    loss = Tensor(3.0)
    assert scaler.scale(loss) is loss and not scaler.is_enabled()
    scaler.unscale_(optimizer)
    scaler.step(optimizer)
    scaler.update()
    assert w.item() == 0.5 and scaler.get_scale() == 1 and scaler.state_dict() == {}


def test_a_gradient_that_two_parameters_share_is_divided_once():
    scaler = GradScaler(init_scale=4.0)
    w, optimizer = with_gradient(4.0)
    optimizer.param_groups.append({**optimizer.param_groups[0], "params": [w]})  # by hand, so that w moves twice
    scaler.unscale_(optimizer)
    assert w.grad.tolist() == [1.0]


def test_several_losses_are_scaled_as_they_come():
    scaler = GradScaler(init_scale=4.0)
    first, second = Tensor(1.0, requires_grad=True), Tensor(2.0, requires_grad=True)
    one, two = scaler.scale([first * first, first * second])
    (one + two).backward()
    assert (first.grad, second.grad) == (16.0, 4.0)  # 4 · (2 · 1 + 2), 4 · 1


def test_float16_parameters_are_refused_where_their_gradients_would_vanish():
    w = Tensor(np.ones(2, np.float16), requires_grad=True)
    w.grad = np.full(2, 0.001, np.float16)
    with pytest.raises(ValueError, match="Keep the parameters in float32"):
        GradScaler().step(optim.SGD([w]))
    assert (w.grad == np.float16(0.001)).all()


def test_calls_out_of_order_are_refused():
    scaler = GradScaler()
    w, optimizer = with_gradient(1.0)
    with pytest.raises(RuntimeError, match=r"nothing has been scaled since the last update\(\): call step"):
        scaler.update()
    scaler.unscale_(optimizer)
    with pytest.raises(RuntimeError, match="these gradients are divided already"):
        scaler.unscale_(optimizer)
    scaler.step(optimizer)
    with pytest.raises(RuntimeError, match="this optimizer has made its step"):
        scaler.step(optimizer)
    w.grad = None
    with pytest.raises(RuntimeError, match="no parameter has a gradient"):
        GradScaler().step(optimizer)
    with pytest.raises(RuntimeError, match="the state is empty"):
        scaler.load_state_dict({})
    with pytest.raises(ValueError, match="GradScaler takes init_scale > 0, .* got 1.0, 0.5, 0.5, 2000"):
        GradScaler(1.0, growth_factor=0.5)
    with pytest.raises(TypeError, match="GradScaler takes numbers, got None"):
        GradScaler(growth_interval=None)
    for wrong in (0, -2, np.nan, np.inf):
        with pytest.raises(ValueError, match=f"new_scale is the next factor, a number above 0, got {wrong}"):
            scaler.update(wrong)
    scaler.update(Tensor(8.0))
    assert scaler.get_scale() == 8.0
    for wrong in (None, "a", {"a": w}):
        with pytest.raises(TypeError, match="scale takes the loss, a tensor, or a list of losses, got"):
            scaler.scale(wrong)
    with pytest.raises(TypeError, match="GradScaler takes an optimizer, got None"):
        scaler.step(None)
    with pytest.raises(KeyError, match="the state of a GradScaler lacks '_growth_tracker', 'growth_factor'"):
        scaler.load_state_dict({"scale": 2.0})


def test_the_gradient_of_a_number_is_divided_after_arithmetic():
    """NumPy's arithmetic makes a number, which is no array, of a 0-d array."""
    w = Tensor(3.0, requires_grad=True)
    scaler, optimizer = GradScaler(init_scale=4.0), optim.SGD([w], lr=0.5)
    scaler.scale(w * w).backward()
    w.grad = w.grad / 2
    scaler.step(optimizer)
    assert w.item() == 3.0 - 0.5 * 6 / 2
