"""Optimizers, schedules and clipping against PyTorch's, over 50 steps."""

import copy

import numpy as np
import pytest

from gradlib import Tensor, nn, optim

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
    *(
        (name, {"maximize": True, "weight_decay": 0.1})
        for name in ("SGD", "RMSprop", "Adagrad", "Adam", "AdamW", "NAdam")
    ),
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


# Whatever a user does ------------------------------------------------------------

EDITED = {  # every class, with all its arrays in use
    "SGD": {"lr": 0.05, "momentum": 0.9, "dampening": 0.3, "weight_decay": 0.01},
    "RMSprop": {"lr": 0.02, "alpha": 0.9, "momentum": 0.5, "centered": True, "eps": 1e-3},
    "Adagrad": {"lr": 0.1, "lr_decay": 0.02, "initial_accumulator_value": 0.5},
    "Adam": {"lr": 0.02, "betas": (0.8, 0.99), "eps": 1e-4, "weight_decay": 0.1, "amsgrad": True},
    "AdamW": {"lr": 0.02, "eps": 1e-4, "weight_decay": 0.3},
    "NAdam": {"lr": 0.02, "betas": (0.8, 0.99), "eps": 1e-4},
}


class Twins:
    """One optimizer of gradlib's and one of PyTorch's, and a pool of parameters that each is given, one by one."""

    def __init__(self, name, seed, shapes=((3, 4), (4,), (), (2, 5, 3), (1, 2), (6,), (130, 140), (3, 4))):
        self.rng, self.name = np.random.default_rng(seed), name
        arrays = [np.asarray(self.rng.normal(size=shape)) for shape in shapes]
        ours = [nn.Parameter(Tensor(array)) for array in arrays]
        theirs = [torch.tensor(array, requires_grad=True) for array in arrays]
        self.pairs = list(zip(ours, theirs, strict=True))
        self.pool = list(range(5, len(shapes)))  # the positions of pairs that no group has
        self.groups = [[0, 1, 2], [3, 4]]
        self.made = [
            getattr(module, name)(
                [
                    {"params": [self.pairs[i][side] for i in group], "lr": 0.01 * (1 + j)}
                    for j, group in enumerate(self.groups)
                ],
                **EDITED[name],
            )
            for side, module in enumerate((optim, torch.optim))
        ]

    def step(self):
        for mine, other in self.pairs:
            gradient = self.rng.normal(size=mine.shape)
            missing = self.rng.random() < 0.15
            mine.grad = None if missing else np.asarray(gradient, mine.dtype)
            other.grad = None if missing else torch.tensor(gradient, dtype=other.dtype)
        for optimizer in self.made:
            optimizer.step()

    def assert_same(self, told):
        tolerance = 1e-6 if self.name == "NAdam" else 1e-9  # PyTorch keeps NAdam's product of momenta in float32
        mine, theirs = self.made
        for i, (ours, other) in enumerate(self.pairs):
            np.testing.assert_allclose(ours.data, other.detach().numpy(), tolerance, tolerance, err_msg=f"{i}: {told}")
            for name, value in theirs.state.get(other, {}).items():
                if name == "step" and self.name == "Adagrad" and not value:
                    continue  # PyTorch's Adagrad begins before its first step
                if name == "sum" and not theirs.state[other]["step"]:
                    continue
                np.testing.assert_allclose(
                    mine.state[ours][name], value, tolerance, tolerance, err_msg=f"{name} of {i}: {told}"
                )

    # The actions. Each returns what it did, in words.

    def _group(self, filled=True):
        return int(self.rng.choice([j for j, group in enumerate(self.groups) if group or not filled]))

    def replace_a_parameter(self):
        if not self.pool:
            return None
        j = self._group()
        k, new = int(self.rng.integers(len(self.groups[j]))), self.pool.pop(0)
        self.pool.append(self.groups[j][k])
        self.groups[j][k] = new
        for side, optimizer in enumerate(self.made):
            optimizer.param_groups[j]["params"][k] = self.pairs[new][side]
        return f"groups[{j}][{k}] = {new}"

    def remove_a_parameter(self):
        j = self._group()
        if len(self.groups[j]) < 2:
            return None
        self.pool.append(self.groups[j].pop(0))
        for optimizer in self.made:
            del optimizer.param_groups[j]["params"][0]
        return f"del groups[{j}][0]"

    def append_a_parameter(self):
        if not self.pool:
            return None
        j, new = self._group(filled=False), self.pool.pop(0)
        self.groups[j].append(new)
        for side, optimizer in enumerate(self.made):
            optimizer.param_groups[j]["params"].append(self.pairs[new][side])
        return f"groups[{j}].append({new})"

    def move_a_parameter(self):
        j = self._group()
        k, moved = self._group(filled=False), self.groups[j].pop()
        self.groups[k].append(moved)
        for optimizer in self.made:
            optimizer.param_groups[k]["params"].append(optimizer.param_groups[j]["params"].pop())
        return f"groups[{k}].append(groups[{j}].pop())"

    def delete_a_group(self):
        if len(self.groups) < 2:
            return None
        self.pool += self.groups.pop(0)
        for optimizer in self.made:
            del optimizer.param_groups[0]
        return "del groups[0]"

    def reorder_groups(self):
        self.groups.reverse()
        for optimizer in self.made:
            optimizer.param_groups.reverse()
        return "groups.reverse()"

    def reorder_parameters(self):
        j = self._group()
        self.groups[j].reverse()
        for optimizer in self.made:
            optimizer.param_groups[j]["params"].reverse()
        return f"groups[{j}].reverse()"

    def add_a_group(self):
        if len(self.pool) < 2:
            return None
        new = [self.pool.pop(0), self.pool.pop(0)]
        self.groups.append(new)
        for side, optimizer in enumerate(self.made):
            optimizer.add_param_group({"params": [self.pairs[i][side] for i in new], "lr": 0.03})
        return f"add_param_group({new})"

    def change_hyperparameters(self):
        j, number = self._group(filled=False), float(self.rng.uniform(0.1, 0.9))
        name = str(
            self.rng.choice(
                [
                    name
                    for name in ("lr", "weight_decay", "momentum", "betas", "alpha", "dampening")
                    if name in self.made[0].param_groups[j]
                ]
            )
        )
        if name == "momentum" and self.name == "SGD" and self.rng.random() < 0.4:
            number = 0.0
        for optimizer in self.made:
            optimizer.param_groups[j][name] = {"lr": number / 10, "betas": (number, 0.95)}.get(name, number)
        return f"groups[{j}][{name!r}] = {number}"

    def clear_the_state(self):
        if self.name == "Adagrad":
            return None  # PyTorch's raises KeyError
        for optimizer in self.made:
            optimizer.state.clear()
        return "state.clear()"

    def pop_a_state(self):
        if self.name == "Adagrad":
            return None
        i = self.groups[self._group()][0]
        for side, optimizer in enumerate(self.made):
            optimizer.state.pop(self.pairs[i][side], None)
        return f"state.pop({i})"

    def _state(self):
        """A parameter that has a state, and the name of one of its arrays."""
        filled = [
            i
            for i, (mine, other) in enumerate(self.pairs)
            if self.made[0].state.get(mine, {}).get("step") and self.made[1].state.get(other)
        ]
        if not filled:
            return None, None
        i = int(self.rng.choice(filled))
        arrays = [name for name, value in self.made[0].state[self.pairs[i][0]].items() if isinstance(value, np.ndarray)]
        return (i, str(self.rng.choice(arrays))) if arrays else (None, None)

    def replace_a_buffer(self):
        i, name = self._state()
        if name is None:
            return None
        # v stays above m², or a centered RMSprop divides by NaN, PyTorch's too.
        low, high = (0.0, 0.1) if name == "grad_avg" else (2.0, 3.0)
        array = np.asarray(self.rng.uniform(low, high, size=self.pairs[i][0].shape))
        self.made[0].state[self.pairs[i][0]][name] = array
        self.made[1].state[self.pairs[i][1]][name] = torch.tensor(array)
        return f"state[{i}][{name!r}] = …"

    def edit_a_buffer(self):
        i, name = self._state()
        if name is None:
            return None
        factor = 0.5 if name == "grad_avg" else 1.5
        self.made[0].state[self.pairs[i][0]][name][...] *= factor
        self.made[1].state[self.pairs[i][1]][name].mul_(factor)
        return f"state[{i}][{name!r}] *= {factor}"

    def replace_a_whole_state(self):
        i, name = self._state()
        if name is None:
            return None
        for side, optimizer in enumerate(self.made):
            optimizer.state[self.pairs[i][side]] = dict(optimizer.state[self.pairs[i][side]])
        return f"state[{i}] = dict(state[{i}])"

    def set_a_count(self):
        i, name = self._state()
        if name is None or self.name == "SGD":
            return None
        self.made[0].state[self.pairs[i][0]]["step"] = 7
        self.made[1].state[self.pairs[i][1]]["step"].fill_(7.0)
        return f"state[{i}]['step'] = 7"

    def cast_there_and_back(self):
        """In float32 and back, as a module's astype does: parameters lose digits, states none."""
        i = self.groups[self._group()][0]
        mine, other = self.pairs[i]
        module = nn.Module()
        module.weight = mine
        module.float()
        module.double()
        other.data = other.data.to(torch.float32).to(torch.float64)
        return f"parameter {i} in float32 and back"

    def assign_data(self):
        i = self.groups[self._group()][0]
        array = np.asarray(self.rng.normal(size=self.pairs[i][0].shape))
        self.pairs[i][0].data = array.copy()
        self.pairs[i][1].data = torch.tensor(array)
        return f"parameter {i}.data = …"

    def save_and_load(self):
        kept = {id(p) for optimizer in self.made for group in optimizer.param_groups for p in group["params"]}
        for optimizer in self.made:
            for param in [param for param in optimizer.state if id(param) not in kept]:
                del optimizer.state[param]  # PyTorch saves no state of a parameter that is in no group
            optimizer.load_state_dict(copy.deepcopy(optimizer.state_dict()))
        return "load_state_dict(state_dict())"


ACTIONS = [
    name for name, value in vars(Twins).items() if not name.startswith("_") and name not in ("step", "assert_same")
]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("name", EDITED)
def test_a_program_of_edits_agrees(name, seed):
    """Groups, parameters and states are edited between steps, at random."""
    twins, done = Twins(name, seed), []
    for _ in range(30):
        for action in twins.rng.choice(ACTIONS, size=twins.rng.integers(3)):
            if told := getattr(twins, action)():
                done.append(told)
        twins.step()
        done.append("step()")
        twins.assert_same("; ".join(done))


def test_every_optimizer_is_edited():
    classes = {name for name in optim.__all__ if isinstance(getattr(optim, name), type)}
    assert {name for name in classes if issubclass(getattr(optim, name), optim.Optimizer)} == {*EDITED, "Optimizer"}


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
