"""Groups, state, resuming, errors: what PyTorch's numbers (tests/parity/test_optim.py) do not show."""

import copy
import math
import pickle
import re
from typing import NamedTuple

import numpy as np
import pytest

from gradlib import GraphError, ShapeError, Tensor, nn, no_grad, optim

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
        (lambda: optim.SGD([A]).step(A), TypeError, "step takes a function that computes the loss, or nothing, got"),
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
        (lambda: optim.Adam([A], amsgrad="no"), TypeError, "amsgrad is True or False, got 'no'"),
        (lambda: optim.Adam([A], amsgrad=None), TypeError, "amsgrad is True or False, got None"),
        (lambda: optim.SGD([A], maximize=np.array([1, 2])), TypeError, "maximize is True or False, got array"),
        (lambda: optim.RMSprop([{"params": [A], "centered": [0]}]), TypeError, "centered is True or False, got"),
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


@pytest.mark.parametrize(
    ("state", "error", "words"),
    [
        (None, TypeError, "the state of an optimizer is a dict, as state_dict\\(\\) returns it, got None"),
        ({}, KeyError, "the state of an optimizer lacks 'param_groups', 'state'"),
        ({"state": {}, "param_groups": [{"lr": 1.0}]}, KeyError, "a saved group lacks 'params'"),
        ({"state": {}, "param_groups": 1}, TypeError, "a saved group is a dict"),
    ],
)
def test_what_is_no_state_is_refused(state, error, words):
    with pytest.raises(error, match=words):
        optim.SGD(parameters([(2,)])).load_state_dict(state)


def test_state_of_another_kind_of_optimizer_is_refused_and_changes_nothing():
    params = parameters([(2,)])
    optimizer = optim.SGD(params, lr=0.5, momentum=0.9)
    train(optimizer, params, range(2))
    other = optim.Adam(parameters([(2,)]))
    before = repr(other)
    with pytest.raises(ValueError, match="Adam has no hyperparameter 'dampening', 'momentum', 'nesterov'"):
        other.load_state_dict(optimizer.state_dict())
    assert other.state_dict()["state"] == {} and repr(other) == before


@pytest.mark.parametrize("wrap", [np.array, np.float32, Tensor, lambda number: np.array([number], np.float32)])
def test_a_number_of_a_saved_state_may_be_an_array(make, wrap):
    """PyTorch's step is one, and one may have been put into the state by hand before it was copied."""
    moved = []
    for load in (lambda number: number, wrap):
        params = parameters()
        optimizer = make(params)
        train(optimizer, params, range(2))
        saved = optimizer.state_dict()
        numbers = optimizer.numbers(optimizer.param_groups[0])
        for state in saved["state"].values():
            state.update({name: load(state[name]) for name in numbers})
        optimizer.load_state_dict(saved)
        train(optimizer, params, range(2, 4))
        moved.append([param.data for param in params])
    for one, other in zip(*moved, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)


@pytest.mark.parametrize("step", ["3", None, np.ones(2)])
def test_a_saved_step_that_is_no_number_is_refused_and_changes_nothing(step):
    params = parameters([(2,)])
    optimizer = optim.Adam(params)
    train(optimizer, params, range(2))
    saved = optimizer.state_dict()
    saved["state"][0]["step"] = step
    with pytest.raises(TypeError, match=r"'step' in the state of a parameter is a number, got"):
        optimizer.load_state_dict(saved)
    assert optimizer.state[params[0]]["step"] == 2


def test_a_step_in_a_state_may_be_an_array(edited):
    first, second, _ = edited.moves[1:4]
    edited.step(1.0)
    for param in (edited.a, edited.b):
        edited.optimizer.state[param]["step"] = np.array(1.0, np.float32)
    edited.optimizer = copy.deepcopy(edited.optimizer)
    edited.a, edited.b = edited.optimizer.param_groups[0]["params"]
    edited.step(2.0)
    edited.assert_moved(first + second, first + second)


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


# Groups, states and dtypes edited between steps ------------------------------------------------------------


class Moves(NamedTuple):
    """How far an entry moves by hand-derived formulas, and the arrays that are remembered."""

    keywords: dict
    first: float  # the first step, with a gradient of 1
    second: float  # the second step, with a gradient of 2
    afresh: float  # a first step with a gradient of 2
    arrays: set


SECOND_V = 19 / 7  # v = 3/4 · 1/4 · 1 + 1/4 · 4 = 19/16, corrected by 1 - (3/4)² = 7/16
MOVES = {
    "SGD": Moves({"momentum": 0.5}, 0.5, 0.5 * (0.5 + 2), 1.0, {"momentum_buffer"}),
    # v = 1/4, then 3/4 · 1/4 + 1/4 · 4; afresh 1/4 · 4
    "RMSprop": Moves({"alpha": 0.75, "eps": 0}, 0.5 / 0.5, 1 / math.sqrt(19 / 16), 1.0, {"square_avg"}),
    "Adagrad": Moves({"eps": 0}, 0.5, 1 / math.sqrt(1 + 4), 0.5, {"sum"}),
    # m = 1/2, then 1/4 + 1/2 · 2 = 5/4, corrected by 1 - (1/2)² = 3/4
    "Adam": Moves({"betas": (0.5, 0.75), "eps": 0}, 0.5, 5 / 6 / math.sqrt(SECOND_V), 0.5, {"exp_avg", "exp_avg_sq"}),
    # μ = 1/2 · (1 - 1/2) = 1/4 at every step, so M = 1/4, 1/16, 1/64
    "NAdam": Moves(
        {"betas": (0.5, 0.75), "eps": 0, "momentum_decay": 0},
        0.5 * (1 / 4 * 1 / 2 / (15 / 16) + 1),
        0.5 * (1 / 4 * 5 / 4 / (63 / 64) + 3 / 4 * 2 / (15 / 16)) / math.sqrt(SECOND_V),
        0.5 * (1 / 4 * 1 / 2 / (15 / 16) + 1),
        {"exp_avg", "exp_avg_sq"},
    ),
}  # fmt: skip
MOVES["AdamW"] = MOVES["Adam"]._replace(keywords={"betas": (0.5, 0.75), "eps": 0, "weight_decay": 0})


def test_every_optimizer_is_in_the_tables():
    classes = {name for name in optim.__all__ if isinstance(getattr(optim, name), type)}
    names = {name for name in classes if issubclass(getattr(optim, name), optim.Optimizer)} - {"Optimizer"}
    assert names == set(MOVES) == set(OPTIMIZERS)


@pytest.fixture(params=MOVES)
def edited(request):
    """An optimizer of a and b, each in a group, at rates of 0.5; c, which it does not have; and a class's moves."""
    return Edited(request.param)


class Edited:
    def __init__(self, name):
        self.moves = MOVES[name]
        self.a, self.b, self.c = (Tensor(np.zeros(2), requires_grad=True) for _ in range(3))
        self.make = lambda params: getattr(optim, name)(params, lr=0.5, **self.moves.keywords)
        self.optimizer = self.make([self.a, self.b])
        self.group = self.optimizer.param_groups[0]

    def step(self, gradient, skipped=None):
        for param in (self.a, self.b, self.c):
            param.grad = None if param is skipped else np.full(2, gradient)
        self.optimizer.step()

    def assert_moved(self, a=0.0, b=0.0, c=0.0):
        for param, moved in ((self.a, a), (self.b, b), (self.c, c)):
            np.testing.assert_allclose(param.data, [-moved] * 2, rtol=1e-12)


def test_the_moves_are_those_of_the_formula(edited):
    edited.step(1.0)
    edited.assert_moved(edited.moves.first, edited.moves.first)
    edited.step(2.0)
    moved = edited.moves.first + edited.moves.second
    edited.assert_moved(moved, moved)
    assert {n for n, v in edited.optimizer.state[edited.a].items() if isinstance(v, np.ndarray)} == edited.moves.arrays


def test_it_climbs_instead(edited):
    edited.optimizer.param_groups[0]["maximize"] = True
    edited.step(1.0)
    edited.step(2.0)
    moved = edited.moves.first + edited.moves.second
    edited.assert_moved(-moved, -moved)


def test_a_parameter_that_takes_the_place_of_another_is_moved(edited):
    first, second, afresh = edited.moves[1:4]
    edited.step(1.0)
    edited.group["params"][0] = edited.c
    edited.step(2.0)
    edited.assert_moved(first, first + second, afresh)


def test_parameters_are_appended_and_removed_in_a_group(edited):
    first, second, afresh = edited.moves[1:4]
    edited.step(1.0)
    edited.group["params"].append(edited.c)
    edited.group["params"].pop(1)
    edited.step(2.0)
    edited.assert_moved(first + second, first, afresh)


def test_a_group_that_was_deleted_stays(edited):
    first, second, _ = edited.moves[1:4]
    edited.optimizer = edited.make([{"params": [edited.a]}, {"params": [edited.b]}])
    edited.step(1.0)
    del edited.optimizer.param_groups[0]
    edited.step(2.0)
    edited.assert_moved(first, first + second)


def test_groups_keep_their_rates_in_another_order(edited):
    first, second, _ = edited.moves[1:4]
    edited.optimizer = edited.make([{"params": [edited.a]}, {"params": [edited.b], "lr": 0.125}])
    edited.step(1.0)
    edited.optimizer.param_groups.reverse()
    edited.step(2.0)
    edited.assert_moved(first + second, (first + second) / 4)


@pytest.mark.parametrize(
    "forget",
    [
        lambda state: state.clear(),
        lambda state: [state.pop(param) for param in list(state)],
        lambda state: [state[param].clear() for param in state],
    ],
)
def test_without_its_state_a_parameter_begins_afresh(edited, forget):
    first, second, afresh = edited.moves[1:4]
    edited.step(1.0)
    forget(edited.optimizer.state)
    edited.step(2.0)
    edited.assert_moved(first + afresh, first + afresh)
    assert edited.optimizer.state_dict()["state"][0]["step"] == 1


def test_one_parameter_begins_afresh_by_itself(edited):
    first, second, afresh = edited.moves[1:4]
    edited.step(1.0)
    edited.optimizer.state.pop(edited.a)
    edited.step(2.0)
    edited.assert_moved(first + afresh, first + second)


def test_an_array_put_into_a_state_is_used_and_overwritten_where_it_is(edited):
    first, second, _ = edited.moves[1:4]
    edited.step(1.0)
    mine = {}
    for name in edited.moves.arrays:
        old = edited.optimizer.state[edited.a][name]
        mine[name] = edited.optimizer.state[edited.a][name] = old.copy()
        old[...] = np.nan  # nobody reads it again
    before = {name: array.copy() for name, array in mine.items()}
    edited.step(2.0)
    edited.assert_moved(first + second, first + second)
    for name, array in mine.items():
        assert edited.optimizer.state[edited.a][name] is array
        assert (array != before[name]).all()


def test_an_array_of_a_state_stays_the_same_array_whatever_else_changes(edited):
    """So that who holds it may edit it."""
    first, second, afresh = edited.moves[1:4]
    edited.step(1.0)
    held = {name: edited.optimizer.state[edited.a][name] for name in edited.moves.arrays}
    edited.step(2.0, skipped=edited.a)
    edited.group["params"].append(edited.c)
    edited.step(2.0, skipped=edited.a)
    for name, array in held.items():
        assert edited.optimizer.state[edited.a][name] is array
        array[...] = 0
    state = edited.optimizer.state[edited.a]
    state.update({"step": 0, "mu_product": 1.0} if "mu_product" in state else {"step": 0})
    edited.step(2.0)
    np.testing.assert_allclose(edited.a.data, [-first - afresh] * 2)


def test_a_parameter_cast_after_a_step_goes_on_in_its_new_dtype(edited):
    first, second, _ = edited.moves[1:4]
    module = nn.Module()
    for dtype in (np.float32, np.float64):  # of the other parameter of the group
        module.b = edited.b = nn.Parameter(Tensor(np.zeros(2, np.float32)))
        edited.a.__init__(np.zeros(2, dtype), requires_grad=True)
        edited.optimizer = edited.make([edited.a, edited.b])
        edited.step(1.0)
        module.double()
        edited.step(2.0)
        assert edited.b.dtype == np.float64
        arrays = [edited.optimizer.state[edited.b][name] for name in edited.moves.arrays]
        assert {array.dtype for array in arrays} == {edited.b.dtype}
        np.testing.assert_allclose(edited.b.data, [-first - second] * 2, rtol=1e-6)


def test_a_parameter_without_a_gradient_keeps_its_count(edited):
    first, second, afresh = edited.moves[1:4]
    edited.step(1.0, skipped=edited.a)
    edited.step(2.0)
    edited.assert_moved(afresh, first + second)
    assert [edited.optimizer.state[param]["step"] for param in (edited.a, edited.b)] == [1, 2]


def test_parameters_that_share_memory_are_moved_one_after_the_other(edited):
    first, second, _ = edited.moves[1:4]
    edited.b.data = edited.a.data
    edited.step(1.0)
    edited.assert_moved(2 * first, 2 * first)
    edited.step(2.0)
    edited.assert_moved(2 * (first + second), 2 * (first + second))


def test_a_parameter_in_two_groups_is_moved_twice(edited):
    """Added by hand: `add_param_group` refuses it."""
    first, second, _ = edited.moves[1:4]
    edited.optimizer = edited.make([{"params": [edited.a]}, {"params": [edited.b]}])
    edited.optimizer.param_groups[1]["params"].append(edited.a)
    edited.step(1.0)
    once = edited.a.data.copy()
    assert edited.optimizer.state[edited.a]["step"] == 2
    assert (once < edited.b.data).all()
    edited.assert_moved(-once[0], first)


def test_a_loaded_state_goes_on_and_may_be_edited_at_once(edited):
    first, second, afresh = edited.moves[1:4]
    edited.step(1.0)
    edited.optimizer.load_state_dict(edited.optimizer.state_dict())
    held = [edited.optimizer.state[edited.b][name] for name in edited.moves.arrays]
    edited.step(2.0)
    edited.assert_moved(first + second, first + second)
    assert all(
        new is old
        for new, old in zip(held, [edited.optimizer.state[edited.b][n] for n in edited.moves.arrays], strict=True)
    )


@pytest.mark.parametrize(
    "given", [lambda t: t, lambda t: (t,), lambda t: (p for p in [t])], ids=["tensor", "tuple", "generator"]
)
def test_a_group_may_be_given_other_kinds_of_parameters(edited, given):
    first, second, afresh = edited.moves[1:4]
    edited.step(1.0)
    edited.group["params"] = given(edited.c)
    edited.optimizer.zero_grad()
    edited.step(2.0)
    edited.assert_moved(first, first, afresh)


def test_a_gradient_is_a_tensor_a_list_or_of_another_dtype(edited):
    first, second, _ = edited.moves[1:4]
    for gradient, moved in ((Tensor(np.ones(2)), first), ([2.0, 2.0], first + second)):
        edited.a.grad, edited.b.grad = (
            gradient,
            np.asarray(gradient if isinstance(gradient, list) else gradient.data, np.float32),
        )
        edited.optimizer.step()
        edited.assert_moved(moved, moved)


@pytest.mark.parametrize("shape", [(1,), (), (2, 1), (4,)])
def test_a_gradient_of_another_shape_is_refused_and_nothing_moves(edited, shape):
    edited.step(1.0)
    before = copy.deepcopy(edited.optimizer.state_dict())
    edited.a.grad, edited.b.grad = np.ones(2), np.ones(shape)
    with pytest.raises(ShapeError, match=re.escape(f"a parameter of shape (2,) has a gradient of shape {shape}")):
        edited.optimizer.step()
    edited.assert_moved(edited.moves.first, edited.moves.first)
    np.testing.assert_equal(edited.optimizer.state_dict(), before)


def test_an_array_of_another_shape_in_a_state_is_refused(edited):
    edited.step(1.0)
    name = min(edited.moves.arrays)
    edited.optimizer.state[edited.a][name] = np.zeros(3)
    with pytest.raises(ShapeError, match=rf"a parameter of shape \(2,\) has a {name} of shape \(3,\)"):
        edited.step(1.0)


def test_a_state_without_one_of_its_entries_is_refused(edited):
    for name in ["step", *edited.moves.arrays]:
        if name == "step" or len(edited.moves.arrays) > 1:
            edited.optimizer.state.clear()
            edited.step(1.0)
            del edited.optimizer.state[edited.a][name]
            with pytest.raises(KeyError, match=f"has other entries, but no '{name}'. Put it back, or remove the whole"):
                edited.step(1.0)


def test_dampening_begins_with_the_second_gradient_of_momentum_that_is_turned_on_late():
    (x,) = [Tensor(np.zeros(2), requires_grad=True)]
    optimizer = optim.SGD([x], lr=1.0, dampening=0.75)
    positions = []
    for momentum in (0.0, 0.5, 0.5, 0.0, 0.5):
        optimizer.param_groups[0]["momentum"] = momentum
        x.grad = np.ones(2)
        optimizer.step()
        positions.append(x.data[0])
    # g = 1; b = 1, then 0.5 · 1 + 0.25 = 0.75; g = 1; b = 0.5 · 0.75 + 0.25 = 0.625
    assert positions == [-1, -2, -2.75, -3.75, -4.375]


def test_a_buffer_of_ones_own_is_the_momentum_so_far():
    (x,) = [Tensor(np.zeros(2), requires_grad=True)]
    optimizer = optim.SGD([x], lr=1.0, momentum=0.5, dampening=0.75)
    optimizer.state[x]["momentum_buffer"] = Tensor(np.full(2, 4.0))
    x.grad = np.ones(2)
    optimizer.step()
    assert x.data.tolist() == [-2.25, -2.25]  # b = 0.5 · 4 + 0.25


def test_what_is_switched_on_late_begins_then():
    (x, y) = [Tensor(np.zeros(2), requires_grad=True) for _ in range(2)]
    adam, rmsprop = optim.Adam([x], eps=0, lr=1.0, betas=(0.0, 0.75)), optim.RMSprop([y], lr=1.0, alpha=0.75, eps=0)
    for optimizer, param, name in ((adam, x, "amsgrad"), (rmsprop, y, "momentum")):
        for late in (False, True):
            optimizer.param_groups[0][name] = late * 0.5 if name == "momentum" else late
            param.grad = np.ones(2)
            optimizer.step()
    np.testing.assert_allclose(x.data, [-2, -2])
    np.testing.assert_allclose(y.data, [-2 - 1 / math.sqrt(7 / 16)] * 2)  # v = 1/4, then 7/16


def test_a_generator_that_was_used_up_is_refused():
    params = (param for param in [Tensor(np.zeros(2), requires_grad=True)])
    assert len(list(params)) == 1
    with pytest.raises(ValueError, match="a generator that yields nothing. Was it used up before"):
        optim.SGD([{"params": params}])
    assert optim.SGD([{"params": []}]).param_groups[0]["params"] == []  # on purpose, as a group without biases
    with pytest.raises(TypeError, match=r"got set\. \(A set has"):
        optim.SGD([{"params": {A}}])
    with pytest.raises(TypeError, match="a list of tensors, got NoneType"):
        optim.SGD([{"params": None}])


def test_notes_of_ones_own_in_a_group_are_kept_and_loaded():
    first, second = (optim.SGD([Tensor(np.zeros(2), requires_grad=True)]) for _ in range(2))
    first.param_groups[0]["name"] = "head"
    note = first.state[first.param_groups[0]["params"][0]]["note"] = np.ones(3)
    second.load_state_dict(first.state_dict())
    assert second.param_groups[0]["name"] == "head"
    loaded = second.state[second.param_groups[0]["params"][0]]["note"]
    assert loaded.tolist() == [1, 1, 1] and loaded is not note


def test_read_only_arrays_are_replaced_by_copies(edited):
    first, second, _ = edited.moves[1:4]
    edited.a.data = np.broadcast_to(np.zeros(1), 2)
    edited.step(1.0)
    for name in edited.moves.arrays:
        array = edited.optimizer.state[edited.a][name] = edited.optimizer.state[edited.a][name].copy()
        array.flags.writeable = False
    edited.step(2.0)
    edited.assert_moved(first + second, first + second)
