"""Optimizers, schedules and clipping against PyTorch's, over 50 steps."""

import numpy as np
import pytest

from gradlib import Tensor, optim

torch = pytest.importorskip("torch")

STEPS = 50
SHAPES = [(3, 4), (4,), (), (130, 140), (2, 5, 3)]  # (130, 140) is not small: it is updated by itself

OPTIMIZERS = [
    ("SGD", {}),
    ("SGD", {"lr": 0.05, "momentum": 0.9}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "dampening": 0.5, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.05, "momentum": 0.8, "nesterov": True, "weight_decay": 0.01}),
    ("RMSprop", {}),
    ("RMSprop", {"lr": 0.02, "alpha": 0.9, "eps": 1e-3, "weight_decay": 0.1}),
    ("RMSprop", {"momentum": 0.9}),
    ("RMSprop", {"centered": True, "alpha": 0.9, "eps": 1e-3}),
    ("RMSprop", {"centered": True, "momentum": 0.5, "weight_decay": 0.01, "eps": 1e-3}),
    ("Adagrad", {}),
    ("Adagrad", {"lr": 0.1, "lr_decay": 0.02, "weight_decay": 0.1, "initial_accumulator_value": 0.5}),
    ("Adam", {}),
    ("Adam", {"lr": 0.02, "betas": (0.8, 0.99), "eps": 1e-4, "weight_decay": 0.1}),
    ("Adam", {"amsgrad": True, "betas": (0.5, 0.9)}),
    ("Adam", {"decoupled_weight_decay": True, "weight_decay": 0.1}),
    ("AdamW", {}),
    ("AdamW", {"lr": 0.02, "weight_decay": 0.3, "amsgrad": True, "betas": (0.5, 0.9)}),
    ("NAdam", {}),
    ("NAdam", {"lr": 0.01, "betas": (0.8, 0.99), "weight_decay": 0.1, "momentum_decay": 0.1}),
    ("NAdam", {"decoupled_weight_decay": True, "weight_decay": 0.1}),
]


def twins(dtype, shapes=SHAPES):
    """The same random parameters twice: ours and PyTorch's."""
    rng = np.random.default_rng(1)
    arrays = [np.asarray(rng.normal(size=shape), dtype) for shape in shapes]
    ours = [Tensor(array, requires_grad=True) for array in arrays]
    return ours, [torch.tensor(array, requires_grad=True) for array in arrays]


def give_gradients(ours, theirs, t, skipped=()):
    """The same random gradient to each of both; none to those skipped."""
    rng = np.random.default_rng(100 + t)
    for i, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
        gradient = np.asarray(rng.normal(size=mine.shape) + np.sin(t / 5), mine.dtype)
        mine.grad = None if i in skipped else gradient
        other.grad = None if i in skipped else torch.tensor(gradient)


def assert_same(ours, theirs, name):
    # In float64 nothing but rounding may remain. In float32 the rounding of 50 steps alone is up to 6e-6 away from
    # float64, in ours and in PyTorch's; and PyTorch keeps NAdam's product of momenta in float32 always.
    float32 = ours[0].dtype == np.float32
    tolerance = (5e-6 if float32 else 1e-6) if name == "NAdam" else (1e-6 if float32 else 1e-12)
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine.data, other.detach().numpy(), rtol=tolerance, atol=tolerance)


def run(mine, other, ours, theirs, steps=STEPS, skipped=lambda t: ()):
    for t in range(steps):
        give_gradients(ours, theirs, t, skipped(t))
        mine.step()
        other.step()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("name", "keywords"), OPTIMIZERS, ids=str)
def test_an_optimizer_agrees_over_50_steps(name, keywords, dtype):
    ours, theirs = twins(dtype)
    run(getattr(optim, name)(ours, **keywords), getattr(torch.optim, name)(theirs, **keywords), ours, theirs)
    assert_same(ours, theirs, name)


@pytest.mark.parametrize(("name", "keywords"), OPTIMIZERS, ids=str)
def test_it_agrees_when_some_gradients_are_missing(name, keywords):
    ours, theirs = twins(np.float64)
    mine, other = getattr(optim, name)(ours, **keywords), getattr(torch.optim, name)(theirs, **keywords)
    run(mine, other, ours, theirs, skipped=lambda t: {0: (), 1: (1,), 2: (0, 1, 2, 3, 4)}[t % 3])
    assert_same(ours, theirs, name)


@pytest.mark.parametrize(("name", "keywords"), OPTIMIZERS, ids=str)
def test_groups_and_rates_that_change_agree(name, keywords):
    ours, theirs = twins(np.float64)
    mine, other = (
        getattr(module, name)([{"params": params[:2]}, {"params": params[2:], "lr": 0.5}], **keywords)
        for module, params in ((optim, ours), (torch.optim, theirs))
    )
    for t in range(20):
        give_gradients(ours, theirs, t)
        for optimizer in (mine, other):
            optimizer.param_groups[1]["lr"] = 0.5 / (1 + t)
            optimizer.param_groups[0]["weight_decay"] = 0.01 * (t % 2)
            optimizer.step()
    assert_same(ours, theirs, name)


def test_defaults_and_the_order_of_arguments_agree():
    for name in {name for name, _ in OPTIMIZERS}:
        ours, theirs = twins(np.float64)
        mine, other = getattr(optim, name)(ours), getattr(torch.optim, name)(theirs)
        for key, value in mine.defaults.items():
            assert other.defaults[key] == value, (name, key)
        first, second = (getattr(module, name).__init__.__code__ for module in (optim, torch.optim))
        positional = first.co_varnames[: first.co_argcount]
        assert positional == second.co_varnames[: first.co_argcount], name


# Schedules ------------------------------------------------------------

SCHEDULES = [
    ("StepLR", {"step_size": 7}),
    ("StepLR", {"step_size": 10, "gamma": 0.5}),
    ("MultiStepLR", {"milestones": [5, 20, 21]}),
    ("MultiStepLR", {"milestones": [30, 3], "gamma": 0.3}),
    ("ExponentialLR", {"gamma": 0.9}),
    ("CosineAnnealingLR", {"T_max": 50}),
    ("CosineAnnealingLR", {"T_max": 12, "eta_min": 0.01}),  # goes on beyond T_max
    ("LinearLR", {}),
    ("LinearLR", {"start_factor": 0.01, "end_factor": 0.8, "total_iters": 20}),
    ("LambdaLR", {"lr_lambda": lambda t: 1 / (1 + t) ** 0.5}),
    ("OneCycleLR", {"max_lr": 0.4, "total_steps": 51}),
    ("OneCycleLR", {"max_lr": [0.4, 0.1], "epochs": 10, "steps_per_epoch": 6, "anneal_strategy": "linear"}),
    ("OneCycleLR", {"max_lr": 1.0, "total_steps": 60, "pct_start": 0.25, "three_phase": True}),
    ("OneCycleLR", {"max_lr": 1.0, "total_steps": 51, "div_factor": 5.0, "final_div_factor": 100.0}),
    ("OneCycleLR", {"max_lr": 0.4, "total_steps": 51, "pct_start": 0.0}),
    ("OneCycleLR", {"max_lr": 1.0, "total_steps": 51, "base_momentum": 0.5, "max_momentum": 0.6}),
]


def two_groups(module, make, name="SGD"):
    """An optimizer of two groups that differ in their rate."""
    groups = [{"params": [make([1.0], requires_grad=True)], "lr": lr} for lr in (0.5, 0.2)]
    return getattr(module, name)(groups, **({"momentum": 0.9} if name == "SGD" else {}))


def rates(optimizer):
    return [
        (group["lr"], group["betas"][0] if "betas" in group else group["momentum"]) for group in optimizer.param_groups
    ]


def assert_same_rates(mine, other, what=""):
    # PyTorch multiplies from step to step where we write the formula: the last digits may differ.
    np.testing.assert_allclose(rates(mine), rates(other), rtol=1e-12, err_msg=what)


def both():
    return two_groups(optim, Tensor), two_groups(torch.optim, torch.tensor)


def advance(mine, other, schedule, reference, *measured):
    for optimizer, its_schedule in ((mine, schedule), (other, reference)):
        optimizer.step()
        its_schedule.step(*measured)


@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
@pytest.mark.parametrize(("name", "keywords"), SCHEDULES, ids=str)
def test_a_schedule_agrees_over_50_steps(name, keywords, optimizer):
    mine, other = two_groups(optim, Tensor, optimizer), two_groups(torch.optim, torch.tensor, optimizer)
    schedule = getattr(optim, name)(mine, **keywords)
    reference = getattr(torch.optim.lr_scheduler, name)(other, **keywords)
    for t in range(STEPS):
        assert_same_rates(mine, other, f"{t=}")
        np.testing.assert_allclose(schedule.get_last_lr(), reference.get_last_lr(), rtol=1e-12)
        advance(mine, other, schedule, reference)


def test_a_cycle_after_a_warm_up_agrees():
    """It moves the momentum, too."""
    mine, other = both()

    def sequence(module, optimizer):
        parts = [module.LinearLR(optimizer, 0.1, total_iters=5), module.OneCycleLR(optimizer, 0.7, total_steps=12)]
        return module.SequentialLR(optimizer, parts, [5])

    schedule, reference = sequence(optim, mine), sequence(torch.optim.lr_scheduler, other)
    for t in range(16):
        assert_same_rates(mine, other, f"{t=}")
        advance(mine, other, schedule, reference)


def test_one_schedule_after_another_agrees():
    mine, other = both()

    def sequence(module, optimizer):
        parts = [
            module.LinearLR(optimizer, 0.1, total_iters=5),
            module.ExponentialLR(optimizer, 0.8),
            module.CosineAnnealingLR(optimizer, 20),
        ]
        return module.SequentialLR(optimizer, parts, [5, 12])

    schedule, reference = sequence(optim, mine), sequence(torch.optim.lr_scheduler, other)
    for t in range(32):
        assert_same_rates(mine, other, f"{t=}")
        advance(mine, other, schedule, reference)


@pytest.mark.parametrize(
    "keywords",
    [
        {},
        {"patience": 2, "factor": 0.5},
        {"patience": 0, "factor": 0.5, "cooldown": 3, "min_lr": [0.1, 0.0]},
        {"patience": 1, "factor": 0.7, "threshold": 0.05, "threshold_mode": "abs"},
        {"mode": "max", "patience": 1, "factor": 0.9, "threshold": 0.1},
        {"mode": "max", "patience": 1, "factor": 0.9, "threshold": 0.1, "threshold_mode": "abs"},
        {"patience": 0, "eps": 0.1},
    ],
    ids=str,
)
def test_reduce_on_plateau_agrees(keywords):
    mine, other = both()
    schedule = optim.ReduceLROnPlateau(mine, **keywords)
    reference = torch.optim.lr_scheduler.ReduceLROnPlateau(other, **keywords)
    losses = np.abs(np.random.default_rng(0).normal(size=STEPS)).cumsum()[::-1] / 10
    for t in range(STEPS):
        advance(mine, other, schedule, reference, losses[t // 4])
        assert_same_rates(mine, other, f"{t=}")


# Clipping ------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("max_norm", [0.5, 1e4])
@pytest.mark.parametrize("norm_type", [2.0, 1.0, float("inf"), 3])
def test_clipping_the_norm_agrees(norm_type, max_norm, dtype):
    ours, theirs = twins(dtype)
    give_gradients(ours, theirs, 0, skipped=(1,))
    norm = optim.clip_grad_norm_(ours, max_norm, norm_type)
    reference = torch.nn.utils.clip_grad_norm_(theirs, max_norm, norm_type)
    tolerance = 1e-5 if dtype == np.float32 else 1e-12
    np.testing.assert_allclose(norm, reference.item(), rtol=tolerance)
    assert ours[1].grad is None
    for i in (0, 2, 3, 4):
        np.testing.assert_allclose(ours[i].grad, theirs[i].grad.numpy(), rtol=tolerance)


def test_clipping_values_agrees():
    ours, theirs = twins(np.float32)
    give_gradients(ours, theirs, 0, skipped=(1,))
    optim.clip_grad_value_(ours, 0.7)
    torch.nn.utils.clip_grad_value_(theirs, 0.7)
    for i in (0, 2, 3, 4):
        np.testing.assert_array_equal(ours[i].grad, theirs[i].grad.numpy())
