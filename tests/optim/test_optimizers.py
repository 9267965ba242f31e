"""Groups, state, resuming, errors: what PyTorch's numbers (tests/parity/test_optim.py) do not show."""

import copy
import math
import pickle

import numpy as np
import pytest

from gradlib import GraphError, ShapeError, Tensor, no_grad, optim

# Every formula with all its buffers in use.
OPTIMIZERS = {
    "SGD": lambda params: optim.SGD(params, 0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
    "RMSprop": lambda params: optim.RMSprop(params, 0.1, momentum=0.9, centered=True, eps=1e-3),
    "Adagrad": lambda params: optim.Adagrad(params, 0.1, lr_decay=0.1),
    "Adam": lambda params: optim.Adam(params, 0.1, amsgrad=True),
    "AdamW": lambda params: optim.AdamW(params, 0.1),
    "NAdam": lambda params: optim.NAdam(params, 0.1),
}
SHAPES = [(2, 3), (3,), (), (130, 140), (4, 1)]  # (130, 140) is not small: it is updated by itself


@pytest.fixture(params=OPTIMIZERS)
def make(request):
    return OPTIMIZERS[request.param]


def parameters(shapes=SHAPES, dtype=np.float32):
    rng = np.random.default_rng(0)
    return [Tensor(np.asarray(rng.normal(size=shape), dtype), requires_grad=True) for shape in shapes]


def give_gradients(params, t):
    rng = np.random.default_rng(t)
    for param in params:
        param.grad = np.asarray(rng.normal(size=param.shape), param.dtype)


def train(optimizer, params, steps):
    for t in steps:
        give_gradients(params, t)
        optimizer.step()


def assert_equal(params, others):
    for param, other in zip(params, others, strict=True):
        np.testing.assert_array_equal(param.data, other.data)


def test_it_finds_the_bottom_of_a_valley(make):
    x = Tensor(np.array([1.5, -0.5]), requires_grad=True)
    optimizer = make([x])
    start = None
    for _ in range(300):
        optimizer.zero_grad()
        loss = ((x - np.array([1.0, 0.25])) ** 2 * np.array([1.0, 5.0])).sum()
        loss.backward()
        optimizer.step()
        start = loss.item() if start is None else start
    assert loss.item() < start / 20


def test_small_parameters_together_move_as_each_by_itself(make):
    together, alone = parameters(), parameters()
    train(make(together), together, range(5))
    for i, param in enumerate(alone):
        optimizer = make([param])
        for t in range(5):
            give_gradients(parameters(), t)  # the generator's draws before this one's
            rng = np.random.default_rng(t)
            drawn = [np.asarray(rng.normal(size=shape), np.float32) for shape in SHAPES]
            param.grad = drawn[i]
            optimizer.step()
    for param, other in zip(together, alone, strict=True):
        np.testing.assert_allclose(param.data, other.data, rtol=1e-6)


def test_a_large_parameter_moves_as_its_parts_do(make):
    """It is updated in blocks."""
    x = np.random.default_rng(0).normal(size=150_000)
    whole, parts = [Tensor(x, requires_grad=True)], [Tensor(x[:70_000]), Tensor(x[70_000:])]
    first, second = make(whole), make(parts)
    for t in range(3):
        give_gradients(whole, t)
        parts[0].grad, parts[1].grad = np.split(whole[0].grad, [70_000])
        first.step()
        second.step()
    np.testing.assert_array_equal(whole[0].data, np.concatenate([part.data for part in parts]))


def test_a_gradient_stays_as_it_was(make):
    params = parameters()
    optimizer = make(params)
    for t in range(3):
        give_gradients(params, t)
        before = [param.grad.copy() for param in params]
        held = [param.grad for param in params]
        optimizer.step()
        for param, array, copied in zip(params, held, before, strict=True):
            assert param.grad is array
            np.testing.assert_array_equal(array, copied)


def test_without_a_gradient_nothing_moves(make):
    params = parameters()
    before = [param.data.copy() for param in params]
    optimizer = make(params)
    optimizer.step()
    for param, data in zip(params, before, strict=True):
        np.testing.assert_array_equal(param.data, data)
    assert optimizer.state_dict()["state"] == {}


def test_a_parameter_that_was_overwritten_goes_on_from_its_new_value(make):
    """As load_state_dict of a module does, in the middle of a run."""
    params, fresh = parameters(), parameters()
    optimizer = make(params)
    train(optimizer, params, range(3))
    state = optimizer.state_dict()
    for param, other in zip(params, fresh, strict=True):
        param.data = other.data.copy()
    second = make(fresh)
    second.load_state_dict(state)
    train(optimizer, params, range(3, 6))
    train(second, fresh, range(3, 6))
    assert_equal(params, fresh)


def test_parameters_of_any_memory_order_are_moved(make):
    rng = np.random.default_rng(3)
    for shape in [(3, 4), (130, 140)]:
        array = rng.normal(size=shape)
        plain = Tensor(array, requires_grad=True)
        turned = Tensor(np.zeros(shape), requires_grad=True)
        turned.data = np.asfortranarray(array)
        first, second = make([plain]), make([turned])
        for _ in range(3):
            plain.grad = rng.normal(size=shape)
            turned.grad = np.asfortranarray(plain.grad)
            first.step()
            second.step()
        np.testing.assert_array_equal(plain.data, turned.data)


@pytest.mark.parametrize("shapes", [[(2,)], [(2,), (3,)], [(130, 140)]], ids=["alone", "together", "large"])
def test_a_step_marks_the_write(shapes):
    params = parameters(shapes)
    loss = sum((param * param).sum() for param in params)
    loss.backward()
    optim.Adam(params).step()
    with pytest.raises(GraphError, match="overwritten"):
        loss.backward()


@pytest.mark.parametrize("shapes", [[(2,)], [(2,), (3,)], [(130, 140)]], ids=["alone", "together", "large"])
def test_a_step_writes_into_the_array_that_the_parameter_has(shapes):
    params = parameters(shapes)
    arrays, before = [param.data for param in params], [param.data.copy() for param in params]
    for param in params:
        param.grad = np.ones(param.shape, np.float32)
    optim.SGD(params, lr=0.5).step()
    for param, array, data in zip(params, arrays, before, strict=True):
        assert param.data is array
        np.testing.assert_array_equal(array, data - np.float32(0.5))


def test_a_resumed_run_gives_the_same_numbers(make):
    params = parameters()
    optimizer = make(params)
    train(optimizer, params, range(4))
    params[1].grad = None
    optimizer.step()  # the step counts differ from here on
    saved, values = optimizer.state_dict(), [param.data.copy() for param in params]
    train(optimizer, params, range(5, 9))

    resumed = [Tensor(value, requires_grad=True) for value in values]
    again = make(resumed)
    again.load_state_dict(saved)
    train(again, resumed, range(5, 9))
    assert_equal(params, resumed)


def test_loading_replaces_what_was_remembered(make):
    params, others = parameters(), parameters()
    optimizer, other = make(params), make(others)
    train(optimizer, params, range(4))
    train(other, others, range(7, 9))
    other.load_state_dict(optimizer.state_dict())
    for param, source in zip(others, params, strict=True):
        param.data = source.data.copy()
    train(optimizer, params, range(4, 6))
    train(other, others, range(4, 6))
    assert_equal(params, others)


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda pair: pickle.loads(pickle.dumps(pair))])
def test_a_copy_goes_on_as_the_original(make, duplicate):
    params = parameters()
    optimizer = make(params)
    train(optimizer, params, range(3))
    twin, twin_params = duplicate((optimizer, params))
    train(optimizer, params, range(3, 6))
    train(twin, twin_params, range(3, 6))
    assert_equal(params, twin_params)


def test_saved_state_is_a_copy(make):
    params = parameters()
    optimizer = make(params)
    train(optimizer, params, range(1))
    saved = optimizer.state_dict()
    before = copy.deepcopy(saved)
    train(optimizer, params, range(1, 3))
    np.testing.assert_equal(saved, before)


def test_saved_state_holds_plain_things_only(make):
    """So that a file can hold it."""
    params = parameters()
    optimizer = make(params)
    train(optimizer, params, range(2))
    saved = optimizer.state_dict()
    assert set(saved["state"]) == set(range(len(params)))
    for i, state in saved["state"].items():
        for value in state.values():
            assert type(value) in (int, float) or value.shape == params[i].shape
    assert saved["param_groups"][0]["params"] == list(range(len(params)))
    assert saved["param_groups"][0]["lr"] == 0.1


def test_converted_parameters_are_moved_in_their_new_precision(make):
    params, wide = parameters(), parameters(dtype=np.float64)
    optimizer, second = make(params), make(wide)
    train(optimizer, params, range(1))
    train(second, wide, range(1))
    for param in params:
        param.__init__(param.data, requires_grad=True, dtype=np.float64)
    train(optimizer, params, range(1, 4))
    train(second, wide, range(1, 4))
    for param, other in zip(params, wide, strict=True):
        assert param.dtype == np.float64
        np.testing.assert_allclose(param.data, other.data, rtol=1e-3, atol=1e-5)
        assert (param.data != param.data.astype(np.float32)).any()


def test_parameters_of_two_precisions_in_one_group(make):
    shapes = [(2,), (3,), (4,)]
    mixed = [*parameters(shapes[:2]), *parameters(shapes[2:], np.float64)]
    train(make(mixed), mixed, range(3))
    assert [str(param.dtype) for param in mixed] == ["float32", "float32", "float64"]
    assert (mixed[2].data != mixed[2].data.astype(np.float32)).any()


def test_groups_have_hyperparameters_of_their_own():
    first, second, third = parameters([(2,), (2,), (2,)])
    optimizer = optim.SGD([{"params": [first]}, {"params": second, "lr": 0.5}], lr=1.0)
    optimizer.add_param_group({"params": [third], "lr": 0.25})
    before = [param.data.copy() for param in (first, second, third)]
    for param in (first, second, third):
        param.grad = np.ones(2, np.float32)
    optimizer.step()
    for param, data, lr in zip((first, second, third), before, (1.0, 0.5, 0.25), strict=True):
        np.testing.assert_allclose(param.data, data - lr, rtol=1e-6)


def test_momentum_that_is_turned_on_later_has_a_buffer():
    (x,) = parameters([(2,)])
    optimizer = optim.SGD([x], lr=1.0)
    before = x.data.copy()
    train(optimizer, [x], range(1))
    optimizer.param_groups[0]["momentum"] = 0.5
    x.grad = np.ones(2, np.float32)
    optimizer.step()
    optimizer.step()
    first = np.random.default_rng(0).normal(size=2).astype(np.float32)
    np.testing.assert_allclose(x.data, before - first - 1 - 1.5, rtol=1e-5)


def test_zero_grad_forgets_or_fills():
    x, y = parameters([(2,), (3,)])
    optimizer = optim.SGD([x, y])
    give_gradients([x], 0)
    optimizer.zero_grad(set_to_none=False)
    assert (x.grad == 0).all() and y.grad is None
    optimizer.zero_grad()
    assert x.grad is None


def test_a_closure_computes_the_gradient_anew():
    x = Tensor([2.0], requires_grad=True)
    optimizer = optim.SGD([x], lr=0.25)

    def closure():
        optimizer.zero_grad()
        loss = (x * x).sum()
        loss.backward()
        return loss

    with no_grad():
        assert optimizer.step(closure).item() == 4.0
    assert x.item() == 1.0


def test_an_iterator_of_parameters_is_enough():
    x, y = parameters([(2,), (3,)])
    assert optim.Adam(iter([x, y])).param_groups[0]["params"] == [x, y]


def test_no_step_keeps_what_is_no_longer_used():
    """Buffers of a step: a run of many steps needs no more memory than one of few."""
    import tracemalloc

    x = Tensor(np.ones(200_000), requires_grad=True)
    x.grad = np.ones(200_000)
    optimizer = optim.Adam([x])
    optimizer.step()
    tracemalloc.start()
    for _ in range(5):
        optimizer.step()
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 10_000
    assert peak < 4 * 8 * 2**16  # a few blocks, not whole arrays


A = Tensor([1.0, 2.0], requires_grad=True)


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        (lambda: optim.SGD(A), TypeError, "Put it in brackets"),
        (lambda: optim.SGD({"params": [A]}), TypeError, "Put it in brackets"),
        (lambda: optim.SGD([]), ValueError, "params is empty"),
        (lambda: optim.SGD([np.ones(2)]), TypeError, "parameter 0 must be a Tensor, got ndarray"),
        (lambda: optim.SGD([("weight", A)]), TypeError, "not named_parameters"),
        (lambda: optim.SGD([A * 2]), GraphError, "is a result of '·'"),
        (lambda: optim.SGD([A, A]), ValueError, "moved twice a step"),
        (lambda: optim.SGD([{"params": [A]}, {"params": [A]}]), ValueError, "moved twice a step"),
        (lambda: optim.SGD([{"params": [A], "beta": 1}]), ValueError, "no hyperparameter 'beta'"),
        (lambda: optim.SGD(None), TypeError, "got one NoneType"),
        (lambda: optim.SGD([{"lr": 0.1}]), TypeError, "a group is a dict with \"params\", .* got {'lr': 0.1}"),
        (lambda: optim.SGD([{"params": [A]}, A * 1]), TypeError, "a group is a dict .* as are all groups; got Ten"),
        (lambda: optim.SGD([A], lr="0.1"), TypeError, "lr must be a number, got '0.1'"),
        (lambda: optim.SGD([A], lr=math.nan), ValueError, "lr must be at least 0, got nan"),
        (lambda: optim.SGD(iter(())), ValueError, "Was a generator used up before"),
        (lambda: optim.Adam([A], betas=0.9), TypeError, "betas must be a pair of numbers, got 0.9"),
        (lambda: optim.Adam([A], betas=(0.9, 0.9, 0.9)), TypeError, "betas must be a pair of numbers"),
        (lambda: optim.SGD([A], lr=-1), ValueError, "lr must be at least 0, got -1"),
        (lambda: optim.SGD([A], momentum=-0.1), ValueError, "momentum must be at least 0"),
        (lambda: optim.SGD([A], nesterov=True), ValueError, "needs momentum above 0"),
        (lambda: optim.SGD([A], 0.1, 0.9, 0.1, nesterov=True), ValueError, "dampening=0.1"),
        (lambda: optim.Adam([A], betas=(0.9, 1.0)), ValueError, "betas must be at least 0 and below 1"),
        (lambda: optim.Adam([A], eps=-1e-8), ValueError, "eps must be at least 0"),
        (lambda: optim.AdamW([A], weight_decay=-1), ValueError, "weight_decay must be at least 0"),
    ],
)
def test_a_wrong_call_is_explained(wrong, error, words):
    with pytest.raises(error, match=words):
        wrong()


@pytest.mark.parametrize(
    ("shapes", "error", "words"),
    [
        ([(2,)], ValueError, r"groups of \[2\] parameters, this optimizer has groups of \[1\]"),
        ([(2,), (4,)], ShapeError, r"exp_avg of parameter 1 has shape \(3,\), the parameter \(4,\)"),
    ],
)
def test_state_of_other_parameters_is_refused_and_changes_nothing(shapes, error, words):
    params = parameters([(2,), (3,)])
    optimizer = optim.Adam(params, lr=0.5)
    train(optimizer, params, range(2))
    other = optim.Adam(parameters(shapes), lr=0.25)
    with pytest.raises(error, match=words):
        other.load_state_dict(optimizer.state_dict())
    assert other.state_dict()["state"] == {}
    assert other.param_groups[0]["lr"] == 0.25


def test_state_of_another_kind_of_optimizer_is_refused_and_changes_nothing():
    params = parameters([(2,)])
    optimizer = optim.SGD(params, lr=0.5, momentum=0.9)
    train(optimizer, params, range(2))
    other = optim.Adam(parameters([(2,)]))
    before = repr(other)
    with pytest.raises(ValueError, match="Adam has no hyperparameter 'dampening', 'momentum', 'nesterov'"):
        other.load_state_dict(optimizer.state_dict())
    assert other.state_dict()["state"] == {} and repr(other) == before


def test_repr_shows_the_groups():
    x, y = parameters([(2,), (3,)])
    optimizer = optim.SGD([{"params": [x]}, {"params": [y], "lr": 0.5}], lr=0.25)
    assert repr(optimizer).startswith("SGD(lr=0.25, momentum=0,")
    assert "lr=0.5" in repr(optimizer)


def test_hyperparameters_of_numpy_count_as_python_numbers(make):
    """An np.float64 would have float32 parameters computed in float64, until the run is saved and resumed."""
    runs = []
    for number in (float, np.float64):
        params = parameters()
        optimizer = make(params)
        for group in optimizer.param_groups:
            group["lr"] = number(group["lr"])
            if "betas" in group:
                group["betas"] = tuple(map(number, group["betas"]))
        train(optimizer, params, range(3))
        runs.append(params)
    assert_equal(*runs)
