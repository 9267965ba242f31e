"""Resuming, composing and errors of the schedules; their numbers are compared in tests/parity/test_optim.py."""

import math

import pytest

from gradlib import Tensor, optim

SCHEDULES = {
    "step": lambda optimizer: optim.StepLR(optimizer, 3),
    "multi-step": lambda optimizer: optim.MultiStepLR(optimizer, [2, 9]),
    "exponential": lambda optimizer: optim.ExponentialLR(optimizer, 0.9),
    "cosine": lambda optimizer: optim.CosineAnnealingLR(optimizer, 20),
    "linear": lambda optimizer: optim.LinearLR(optimizer, total_iters=8),
    "warm-up": lambda optimizer: optim.warm_up(optim.CosineAnnealingLR(optimizer, 15), steps=5),
    "warm-up of a cycle": lambda optimizer: optim.warm_up(optim.OneCycleLR(optimizer, 0.5, total_steps=15), steps=5),
    "one cycle": lambda optimizer: optim.OneCycleLR(optimizer, [1.0, 0.5], total_steps=20),
    "plateau": lambda optimizer: optim.ReduceLROnPlateau(optimizer, patience=2, factor=0.5, cooldown=1),
}


@pytest.fixture(params=SCHEDULES)
def make(request):
    return SCHEDULES[request.param]


def optimizer_of(*rates):
    groups = [{"params": [Tensor([1.0], requires_grad=True)], "lr": rate} for rate in rates or (0.5, 0.2)]
    return optim.SGD(groups, momentum=0.9)


def advance(schedule, t):
    if isinstance(schedule, optim.ReduceLROnPlateau):
        schedule.step(abs(10 - t))
    else:
        schedule.step()


def numbers(optimizer):
    return [(group["lr"], group["momentum"]) for group in optimizer.param_groups]


@pytest.mark.parametrize("at", [0, 4, 14])
def test_a_resumed_schedule_gives_the_same_rates(make, at):
    optimizer = optimizer_of()
    schedule = make(optimizer)
    for t in range(at):
        advance(schedule, t)
    saved = optimizer.state_dict(), schedule.state_dict()

    resumed = optimizer_of()
    second = make(resumed)
    resumed.load_state_dict(saved[0])
    second.load_state_dict(saved[1])
    for t in range(at, 19):
        assert numbers(resumed) == numbers(optimizer), t
        advance(schedule, t)
        advance(second, t)


def test_state_of_the_schedule_alone_is_enough_but_for_plateaus(make):
    optimizer = optimizer_of()
    schedule = make(optimizer)
    if isinstance(schedule, optim.ReduceLROnPlateau):
        return  # its rates are not a formula of t: they are in the optimizer's state
    for t in range(7):
        advance(schedule, t)
    resumed = optimizer_of()
    make(resumed).load_state_dict(schedule.state_dict())
    assert numbers(resumed) == numbers(optimizer)


def test_every_group_keeps_its_proportion():
    optimizer = optimizer_of(0.4, 0.1)
    schedule = optim.ExponentialLR(optimizer, 0.5)
    schedule.step()
    assert schedule.get_last_lr() == [0.2, 0.05]


def test_a_schedule_made_later_begins_at_the_first_rates():
    """So that several can be made for one optimizer, one after another, before any has moved it."""
    optimizer = optimizer_of(1.0)
    optim.LinearLR(optimizer, 0.1)
    assert optim.ExponentialLR(optimizer, 0.5).base_lrs == [1.0]


def test_resuming_by_number_takes_the_rates_it_began_with():
    optimizer = optimizer_of(1.0)
    optimizer.param_groups[0].update(initial_lr=1.0, lr=0.25)
    schedule = optim.ExponentialLR(optimizer, 0.5, last_epoch=2)
    assert (schedule.last_epoch, schedule.get_last_lr()) == (3, [0.125])


def test_the_momentum_of_adam_cycles_too():
    optimizer = optim.Adam([Tensor([1.0], requires_grad=True)], betas=(0.9, 0.99))
    schedule = optim.OneCycleLR(optimizer, 0.1, total_steps=10, pct_start=0.5)
    assert optimizer.param_groups[0]["betas"] == (0.95, 0.99)
    for _ in range(4):
        schedule.step()
    assert optimizer.param_groups[0]["betas"] == (pytest.approx(0.85), 0.99)
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.1)


def test_a_plateau_takes_a_tensor_and_counts_a_nan_as_bad():
    optimizer = optimizer_of(1.0)
    schedule = optim.ReduceLROnPlateau(optimizer, factor=0.5, patience=0)
    schedule.step(Tensor(1.0))
    assert schedule.get_last_lr() == [1.0]
    schedule.step(math.nan)
    assert schedule.get_last_lr() == [0.5]
    assert schedule.best == 1.0


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        (lambda o: optim.StepLR([1.0], 3), TypeError, "made for an optimizer, got list"),
        (lambda o: optim.OneCycleLR("sgd", 1.0, 3), TypeError, "made for an optimizer, got str"),
        (lambda o: optim.ReduceLROnPlateau(None), TypeError, "made for an optimizer, got NoneType"),
        (lambda o: optim.StepLR(o, 3, last_epoch=4), KeyError, "initial_lr"),
        (lambda o: optim.StepLR(o, 0), ValueError, "step_size is an integer from 1 on, got 0"),
        (lambda o: optim.CosineAnnealingLR(o, 0), ValueError, "T_max is the number of steps on the way down, above 0"),
        (lambda o: optim.LinearLR(o, total_iters=0), ValueError, "total_iters is an integer from 1 on, got 0"),
        (lambda o: optim.LambdaLR(o, lambda t: -1), ValueError, "LambdaLR gives a rate of -0.5 after 0 steps"),
        (lambda o: optim.LinearLR(o, 0.0), ValueError, "start_factor must be above 0"),
        (lambda o: optim.LinearLR(o, 0.5, 1.5), ValueError, "end_factor must be a number from 0 to 1, got 1.5"),
        (lambda o: optim.OneCycleLR(o, 1.0), ValueError, "length of the cycle is missing"),
        (lambda o: optim.OneCycleLR(o, 1.0, 9, anneal_strategy="sin"), ValueError, "'cos' or 'linear'"),
        (lambda o: optim.OneCycleLR(o, [1.0, 2.0, 3.0], 9), ValueError, "3 rates for 2 groups"),
        (lambda o: optim.OneCycleLR(o, 1.0, 9, pct_start=1.5), ValueError, "share of the cycle spent rising"),
        (lambda o: optim.OneCycleLR(o, 1.0, 0), ValueError, "total_steps is an integer from 1 on, got 0"),
        (lambda o: optim.OneCycleLR(o, 1.0, 9, div_factor=0), ValueError, "above 0, got 0"),
        (lambda o: optim.ReduceLROnPlateau(o, factor=1.0), ValueError, "factor must be from 0 to below 1"),
        (lambda o: optim.ReduceLROnPlateau(o, "least"), ValueError, "mode must be 'min' or 'max'"),
        (lambda o: optim.ReduceLROnPlateau(o, min_lr=[0.1]), ValueError, "1 rates for 2 groups"),
        (
            lambda o: optim.SequentialLR(o, [optim.StepLR(o, 3)], [4]),
            ValueError,
            "1 schedules need 0 milestones, got 1",
        ),
        (
            lambda o: optim.SequentialLR(o, [optim.StepLR(o, 3), optim.ReduceLROnPlateau(o)], [4]),
            TypeError,
            "ReduceLROnPlateau is not one",
        ),
        (
            lambda o: optim.SequentialLR(o, [optim.StepLR(o, 3)] * 3, [4, 4]),
            ValueError,
            r"milestones must rise, from 1 on, got \[4, 4\]",
        ),
        (
            lambda o: optim.SequentialLR(o, [optim.StepLR(optimizer_of(), 3)], []),
            ValueError,
            "must be made for the optimizer",
        ),
        (
            lambda o: optim.StepLR(o, 3).load_state_dict({"last_epoch": 2, "base_lrs": [0.1]}),
            ValueError,
            "rates for 1 groups, the optimizer has 2",
        ),
        (lambda o: optim.LambdaLR(o, [lambda t: 1.0] * 2), TypeError, "takes one function of the number of steps, for"),
        (lambda o: optim.LambdaLR(o, lambda t: None), TypeError, "must return a number, got None"),
        (lambda o: optim.StepLR(o, 2, gamma="0.1"), TypeError, "a number, got '0.1'"),
        (lambda o: optim.ExponentialLR(o, None), TypeError, "gamma is the factor of a step, a number, got None"),
        (lambda o: optim.StepLR(o, 2, last_epoch=-5), ValueError, "or -1 to begin, got -5"),
        (lambda o: optim.StepLR(o, 2, last_epoch="1"), TypeError, "or -1 to begin, got '1'"),
        (lambda o: optim.SequentialLR(o, [], []), ValueError, "at least one schedule, got none"),
        (lambda o: optim.OneCycleLR(o, None, 9), TypeError, "max_lr is a rate, a number from 0 on, .* got None"),
        (lambda o: optim.OneCycleLR(o, [1.0, "2"], 9), TypeError, "max_lr is a rate, a number from 0 on, .* got '2'"),
        (
            lambda o: optim.OneCycleLR(o, 1.0, epochs="2", steps_per_epoch=3),
            TypeError,
            "epochs is an integer .* got '2'",
        ),
        (lambda o: optim.OneCycleLR(o, 1.0, 9, pct_start=None), TypeError, "share of the cycle .* got None"),
        (lambda o: optim.OneCycleLR(o, 1.0, 9, div_factor=None), TypeError, "div_factor must be a number above 0, got"),
        (lambda o: optim.OneCycleLR(o, 1.0, 9, max_momentum=[0.9]), TypeError, "max_momentum is a number, got"),
        (lambda o: optim.ReduceLROnPlateau(o, factor="a"), TypeError, "factor must be from 0 to below 1, .* got 'a'"),
        (lambda o: optim.ReduceLROnPlateau(o, patience=None), TypeError, "patience is a number of epochs, .* got None"),
        (lambda o: optim.ReduceLROnPlateau(o, min_lr=None), TypeError, "min_lr is a rate, .* got None"),
        (lambda o: optim.ReduceLROnPlateau(o).step(None), TypeError, "a measurement is one number, got None"),
        (lambda o: optim.ReduceLROnPlateau(o).step([1.0, 2.0]), TypeError, "a measurement is one number, got"),
        (lambda o: optim.ReduceLROnPlateau(o).load_state_dict({}), KeyError, "the state of a schedule lacks 'best', "),
        (lambda o: optim.StepLR(o, 3).load_state_dict({"base_lrs": [0.1]}), KeyError, "lacks 'last_epoch'"),
        (lambda o: optim.StepLR(o, 3).load_state_dict(None), TypeError, "is a dict, .* got None"),
    ],
)
def test_a_wrong_call_is_explained(wrong, error, words):
    with pytest.raises(error, match=words):
        wrong(optimizer_of())


def test_a_group_that_is_added_later_keeps_its_rate():
    optimizer = optimizer_of(1.0)
    schedules = [optim.ExponentialLR(optimizer, 0.5), optim.OneCycleLR(optimizer, 1.0, 10)]
    plateau = optim.ReduceLROnPlateau(optimizer)
    optimizer.add_param_group({"params": [Tensor([1.0], requires_grad=True)], "lr": 0.3})
    for schedule in schedules:
        schedule.step()
        assert numbers(optimizer)[1] == (0.3, 0.9)
    with pytest.raises(ValueError, match="the optimizer has 2 groups, this schedule was made for 1"):
        for _ in range(20):
            plateau.step(1.0)


def test_groups_take_their_rates_along_when_they_are_moved_or_deleted():
    optimizer = optimizer_of(1.0, 0.25)
    schedule = optim.ExponentialLR(optimizer, 0.5)
    first, second = optimizer.param_groups
    optimizer.param_groups.reverse()
    schedule.step()
    assert (first["lr"], second["lr"]) == (0.5, 0.125)
    optimizer.param_groups.remove(first)
    schedule.step()
    assert (first["lr"], second["lr"]) == (0.5, 0.0625)
    optimizer.param_groups = [dict(second)]
    schedule.step()
    assert schedule.get_last_lr() == [0.03125]


def test_a_group_that_is_added_later_is_scheduled_when_its_rate_is_appended():
    optimizer = optimizer_of(1.0)
    schedule = optim.ExponentialLR(optimizer, 0.5)
    optimizer.add_param_group({"params": [Tensor([1.0], requires_grad=True)], "lr": 0.3})
    schedule.base_lrs.append(0.25)
    schedule.step()
    assert schedule.get_last_lr() == [0.5, 0.125]


def test_a_cycle_without_momentum_is_refused_or_left_out():
    optimizer = optim.Adagrad([Tensor([1.0], requires_grad=True)])
    with pytest.raises(ValueError, match="Adagrad has no momentum to cycle"):
        optim.OneCycleLR(optimizer, 1.0, 10)
    optim.OneCycleLR(optimizer, 1.0, 10, cycle_momentum=False).step()
    assert "momentum" not in optimizer.param_groups[0]


def test_a_step_beyond_the_cycle_is_explained():
    optimizer = optimizer_of()
    schedule = optim.OneCycleLR(optimizer, 1.0, total_steps=4)
    for _ in range(3):
        schedule.step()
    last = optimizer.param_groups[0]["lr"]
    schedule.step()  # after the last of 4 batches: no rate is asked for any more
    assert optimizer.param_groups[0]["lr"] == last
    with pytest.raises(ValueError, match="the cycle has 4 steps and this is number 5"):
        schedule.step()
