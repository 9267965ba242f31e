r"""Learning rates that change from step to step.

A schedule is a formula of the step t and of the rate that its group began with. `step()` increases t by 1 and
writes the rate into the optimizer's groups. Call it after every batch or after every epoch: t counts the calls.
Being formulas, schedules resume from t alone, and can be drawn without training:

>>> from gradlib import Tensor, optim
>>> optimizer = optim.SGD([Tensor([1.0], requires_grad=True)], lr=0.8)
>>> schedule = StepLR(optimizer, step_size=2, gamma=0.5)
>>> [schedule.lr_at(t, 0.8) for t in range(6)]
[0.8, 0.8, 0.4, 0.4, 0.2, 0.2]
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from ..errors import complete, real, shown, whole
from ..operations import on_cpu
from .optimizer import Optimizer


class LRScheduler:
    """The base of the schedules. A subclass defines the formula, `lr_at(t, base_lr)`, and nothing else.

    optimizer : its groups get their rates from the schedule. The rate that a group has now is its base_lr.
    last_epoch : -1 begins. Another number resumes there, for an optimizer that a schedule has already written to.

    A group keeps its base_lr when the optimizer's groups are deleted or reordered. A group that is added later keeps
    its own rate, as in PyTorch.

    A schedule overwrites "lr" in the groups: to run one after another use SequentialLR, not both at once.

    >>> from gradlib import Tensor, optim
    >>> class InverseSquareRoot(LRScheduler):
    ...     def lr_at(self, t, base_lr):
    ...         return base_lr / (1 + t) ** 0.5
    >>> optimizer = optim.SGD([Tensor([1.0], requires_grad=True)], lr=1.0)
    >>> schedule = InverseSquareRoot(optimizer)
    >>> for _ in range(3):
    ...     schedule.step()
    >>> optimizer.param_groups[0]["lr"]
    0.5
    """

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1):
        _check_optimizer(optimizer)
        whole("last_epoch is the number of steps to resume at, or -1 to begin", last_epoch, -1)
        self.optimizer = optimizer
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch >= 0 and "initial_lr" not in group:
                raise KeyError(
                    f"resuming at {last_epoch} needs the rate that group {i} began with, its 'initial_lr': load the "
                    "optimizer's state_dict first, or begin with last_epoch=-1."
                )
            group.setdefault("initial_lr", group["lr"])
        self.base_lrs = [group["initial_lr"] for group in optimizer.param_groups]
        self._groups = list(optimizer.param_groups)  # those that base_lrs are for
        self.last_epoch = last_epoch
        self.step()

    def lr_at(self, t: int, base_lr: float) -> float:
        """The rate after t steps of a group that began with base_lr."""
        raise NotImplementedError(f"{type(self).__name__} must define lr_at(t, base_lr)")

    def step(self) -> None:
        """Go on to the next rate. Call it after `optimizer.step()`."""
        self.last_epoch += 1
        self._write()

    def get_last_lr(self) -> list[float]:
        """The rate of each group."""
        return [group["lr"] for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """The position of the schedule, without its formula: make the same schedule, then load."""
        return {"last_epoch": self.last_epoch, "base_lrs": list(self.base_lrs)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from a saved `state_dict()`, and write its rate into the optimizer.

        Raises ValueError if it was saved for another number of groups.
        """
        complete("the state of a schedule", state_dict, "last_epoch", "base_lrs")
        groups = len(self.optimizer.param_groups)
        base_lrs = _rates("base_lrs", state_dict["base_lrs"], 1)
        if len(base_lrs) != groups:
            raise ValueError(f"the saved schedule has rates for {len(base_lrs)} groups, the optimizer has {groups}.")
        last_epoch = whole("last_epoch is a number of steps, from 0 on", state_dict["last_epoch"], 0)
        self.last_epoch, self.base_lrs = last_epoch, base_lrs
        self._groups = list(self.optimizer.param_groups)
        self._write()

    def _scheduled(self) -> Iterator[tuple[dict[str, Any], float]]:
        """The groups that the optimizer has now, each with its base_lr."""
        base_lrs = {id(group): base_lr for group, base_lr in zip(self._groups, self.base_lrs, strict=False)}
        appended = iter(self.base_lrs[len(self._groups) :])  # by hand, for groups that were added later
        for group in self.optimizer.param_groups:
            base_lr = base_lrs.get(id(group), group.get("initial_lr"))  # a copied group brings its initial_lr
            if base_lr is None:
                base_lr = next(appended, None)
            if base_lr is not None:
                yield group, base_lr

    def _write(self) -> None:
        for group, base_lr in self._scheduled():
            rate = float(self.lr_at(self.last_epoch, base_lr))
            if not 0 <= rate < math.inf:
                raise ValueError(
                    f"{type(self).__name__} gives a rate of {rate} after {self.last_epoch} steps: a learning rate is a "
                    "number from 0 on. Below 0 a step would climb."
                )
            group["lr"] = rate


class LambdaLR(LRScheduler):
    """lr = base_lr · f(t): a factor of your own.

    lr_lambda : f, of the number of steps.

    >>> from gradlib import Tensor, optim
    >>> schedule = LambdaLR(optim.SGD([Tensor([1.0], requires_grad=True)], lr=0.1), lambda t: 1 / (1 + t))
    >>> schedule.step()
    >>> schedule.get_last_lr()
    [0.05]
    """

    def __init__(self, optimizer: Optimizer, lr_lambda: Callable[[int], float], last_epoch: int = -1):
        if not callable(lr_lambda):
            raise TypeError(f"LambdaLR takes one function of the number of steps, for all groups, got {lr_lambda!r}.")
        self.lr_lambda = lr_lambda
        super().__init__(optimizer, last_epoch)

    def lr_at(self, t, base_lr):
        return base_lr * _number("the function of a LambdaLR must return a number", self.lr_lambda(t))


class StepLR(LRScheduler):
    """lr = base_lr · γ^⌊t / step_size⌋: down by a factor every step_size steps. gamma : γ, 0.1.

    >>> from gradlib import Tensor, optim
    >>> optimizer = optim.SGD([Tensor([1.0], requires_grad=True)], lr=1.0)
    >>> schedule = StepLR(optimizer, step_size=2, gamma=0.5)
    >>> [schedule.lr_at(t, 1.0) for t in range(5)]
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1):
        self.step_size = whole("StepLR's step_size is an integer from 1 on", step_size, 1)
        self.gamma = real("gamma is the factor after step_size steps, a number", gamma)
        super().__init__(optimizer, last_epoch)

    def lr_at(self, t, base_lr):
        return base_lr * self.gamma ** (t // self.step_size)


def _steps(name: str, milestones: Iterable[int]) -> list[int]:
    what = f"{name}'s milestones are a list of steps, integers from 0 on"
    if not np.iterable(milestones):
        raise TypeError(f"{what}, got {milestones!r}.")
    return [whole(what, milestone, 0) for milestone in milestones]


class MultiStepLR(LRScheduler):
    """lr = base_lr · γ^(number of milestones that t has reached). gamma : γ, 0.1.

    >>> from gradlib import Tensor, optim
    >>> optimizer = optim.SGD([Tensor([1.0], requires_grad=True)], lr=1.0)
    >>> schedule = MultiStepLR(optimizer, milestones=[2, 3], gamma=0.5)
    >>> [schedule.lr_at(t, 1.0) for t in range(5)]
    [1.0, 1.0, 0.5, 0.25, 0.25]
    """

    def __init__(self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1, last_epoch: int = -1):
        self.milestones = sorted(_steps("MultiStepLR", milestones))
        self.gamma = real("gamma is the factor at a milestone, a number", gamma)
        super().__init__(optimizer, last_epoch)

    def lr_at(self, t, base_lr):
        return base_lr * self.gamma ** bisect_right(self.milestones, t)


class ExponentialLR(LRScheduler):
    """lr = base_lr · γᵗ.

    >>> from gradlib import Tensor, optim
    >>> optimizer = optim.SGD([Tensor([1.0], requires_grad=True)], lr=1.0)
    >>> schedule = ExponentialLR(optimizer, gamma=0.5)
    >>> [schedule.lr_at(t, 1.0) for t in range(4)]
    [1.0, 0.5, 0.25, 0.125]
    """

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1):
        self.gamma = real("gamma is the factor of a step, a number", gamma)
        super().__init__(optimizer, last_epoch)

    def lr_at(self, t, base_lr):
        return base_lr * self.gamma**t


class CosineAnnealingLR(LRScheduler):
    """lr = η + (base_lr - η) · (1 + cos(π t / T_max)) / 2: down to η along half a cosine, slow at both ends.

    T_max : the steps on the way down; after them the rate rises again. eta_min : η, 0.

    Loshchilov, Hutter, "SGDR: stochastic gradient descent with warm restarts" (2017), equation 5.

    >>> from gradlib import Tensor, optim
    >>> optimizer = optim.SGD([Tensor([1.0], requires_grad=True)], lr=1.0)
    >>> schedule = CosineAnnealingLR(optimizer, T_max=4)
    >>> [round(schedule.lr_at(t, 1.0), 3) for t in range(5)]
    [1.0, 0.854, 0.5, 0.146, 0.0]
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1):
        self.T_max = real("T_max is the number of steps on the way down, above 0", T_max, above=0)
        self.eta_min = real("eta_min is the lowest rate, a number", eta_min)
        super().__init__(optimizer, last_epoch)

    def lr_at(self, t, base_lr):
        return self.eta_min + (base_lr - self.eta_min) * (1 + math.cos(math.pi * t / self.T_max)) / 2


class LinearLR(LRScheduler):
    """lr = base_lr · a factor that goes from start_factor to end_factor in total_iters steps, and stays there.

    start_factor : 1/3, above 0 and at most 1. end_factor : 1. total_iters : 5. From small to 1 it is a
    warm-up.

    >>> from gradlib import Tensor, optim
    >>> optimizer = optim.SGD([Tensor([1.0], requires_grad=True)], lr=1.0)
    >>> schedule = LinearLR(optimizer, start_factor=0.25, total_iters=3)
    >>> [schedule.lr_at(t, 1.0) for t in range(5)]
    [0.25, 0.5, 0.75, 1.0, 1.0]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ):
        self.start_factor = real("start_factor must be above 0 and at most 1", start_factor, above=0, most=1)
        self.end_factor = real("end_factor must be a number from 0 to 1", end_factor, 0, 1)
        self.total_iters = whole("LinearLR's total_iters is an integer from 1 on", total_iters, 1)
        super().__init__(optimizer, last_epoch)

    def lr_at(self, t, base_lr):
        share = min(t, self.total_iters) / self.total_iters
        return base_lr * (self.start_factor + (self.end_factor - self.start_factor) * share)


class SequentialLR(LRScheduler):
    """One schedule after another: at milestones[i] the schedule i + 1 takes over, its t from 0.

    schedulers : schedules of this optimizer, all of them formulas of t (not ReduceLROnPlateau). milestones : rising
    steps, one fewer than schedulers.

    >>> from gradlib import Tensor, optim
    >>> optimizer = optim.SGD([Tensor([1.0], requires_grad=True)], lr=1.0)
    >>> parts = [LinearLR(optimizer, 0.25, total_iters=3), ExponentialLR(optimizer, 0.5)]
    >>> schedule = SequentialLR(optimizer, parts, milestones=[3])
    >>> [schedule.lr_at(t, 1.0) for t in range(6)]
    [0.25, 0.5, 0.75, 1.0, 0.5, 0.25]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        schedulers: Sequence[LRScheduler],
        milestones: Sequence[int],
        last_epoch: int = -1,
    ):
        milestones = _steps("SequentialLR", milestones)
        if not isinstance(schedulers, Sequence):
            raise TypeError(f"SequentialLR takes a list of schedules, got {type(schedulers).__name__}.")
        if not schedulers or len(milestones) != len(schedulers) - 1:
            raise ValueError(
                f"{len(schedulers)} schedules need {len(schedulers) - 1} milestones, got {len(milestones)}."
                if schedulers
                else "SequentialLR takes a list of at least one schedule, got none."
            )
        for schedule in schedulers:
            if not isinstance(schedule, LRScheduler):
                raise TypeError(
                    f"SequentialLR joins formulas of t, and {type(schedule).__name__} is not one: step it yourself "
                    "when the others have ended."
                )
            if schedule.optimizer is not optimizer:
                raise ValueError("all schedules must be made for the optimizer that is given first.")
        if any(later <= earlier for earlier, later in zip([0, *milestones], milestones, strict=False)):
            raise ValueError(f"milestones must rise, from 1 on, got {list(milestones)}.")
        self.schedulers, self.milestones = list(schedulers), list(milestones)
        super().__init__(optimizer, last_epoch)

    def _part(self, t: int) -> tuple[LRScheduler, int]:
        """The schedule in force after t steps, and the number of these steps that are its own."""
        i = bisect_right(self.milestones, t)
        return self.schedulers[i], t - (self.milestones[i - 1] if i else 0)

    def lr_at(self, t, base_lr):
        schedule, t = self._part(t)
        return schedule.lr_at(t, base_lr)

    def _write(self):
        schedule, schedule.last_epoch = self._part(self.last_epoch)
        schedule.base_lrs, schedule._groups = self.base_lrs, self._groups
        schedule._write()  # which may write more than the rate, as OneCycleLR does


def warm_up(schedule: LRScheduler, steps: int, start_factor: float = 0.01) -> SequentialLR:
    """The same schedule after a warm-up: the rate first rises in a straight line, from start_factor · base_lr
    to base_lr.

    At the start Adam's v is an average of few gradients, and a large step in a wrong direction costs much: the
    first steps are small. Goyal et al., "Accurate, large minibatch SGD" (2017), section 2.2.

    >>> from gradlib import Tensor, optim
    >>> optimizer = optim.SGD([Tensor([1.0], requires_grad=True)], lr=1.0)
    >>> schedule = warm_up(CosineAnnealingLR(optimizer, T_max=4), steps=2, start_factor=0.5)
    >>> [round(schedule.lr_at(t, 1.0), 3) for t in range(7)]
    [0.5, 0.75, 1.0, 0.854, 0.5, 0.146, 0.0]
    """
    if not isinstance(schedule, LRScheduler):
        raise TypeError(f"warm_up takes a schedule, such as StepLR(optimizer, 10), got {type(schedule).__name__}.")
    rise = LinearLR(schedule.optimizer, start_factor, total_iters=steps)
    return SequentialLR(schedule.optimizer, [rise, schedule], [steps])


class OneCycleLR(LRScheduler):
    """Up from max_lr / div_factor to max_lr, then down to a much smaller rate; the momentum goes the other way.

    max_lr : the peak, a number or one for each group.
    total_steps : the length of the cycle, or epochs · steps_per_epoch. A step beyond raises ValueError.
    pct_start : the share of the cycle spent rising, 0.3.
    anneal_strategy : how to go from one rate to the next, "cos" or "linear".
    cycle_momentum : also move the momentum (Adam: β₁) from max_momentum, 0.95, to base_momentum, 0.85, and back.
    div_factor : max_lr / first rate, 25. final_div_factor : first rate / last rate, 10⁴.
    three_phase : fall to the first rate in as many steps as the rise took, then go on to the last.

    Smith, Topin, "Super-convergence: very fast training of neural networks using large learning rates"
    (2018); two phases instead of the paper's three by default, as in PyTorch.

    >>> from gradlib import Tensor, optim
    >>> optimizer = optim.SGD([Tensor([1.0], requires_grad=True)], momentum=0.9)
    >>> schedule = OneCycleLR(optimizer, max_lr=1.0, total_steps=10, pct_start=0.5, div_factor=10)
    >>> [round(schedule.lr_at(t, 0.1), 3) for t in range(10)]  # the rate that it begins with is max_lr/div_factor
    [0.1, 0.232, 0.55, 0.868, 1.0, 0.905, 0.655, 0.345, 0.096, 0.0]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | Sequence[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float = 0.85,
        max_momentum: float = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ):
        _check_optimizer(optimizer)
        if total_steps is None:
            if epochs is None or steps_per_epoch is None:
                raise ValueError("the length of the cycle is missing: pass total_steps, or epochs and steps_per_epoch.")
            total_steps = whole("epochs is an integer from 1 on", epochs, 1) * whole(
                "steps_per_epoch is an integer from 1 on", steps_per_epoch, 1
            )
        whole("OneCycleLR's total_steps is an integer from 1 on", total_steps, 1)
        real("pct_start is the share of the cycle spent rising, from 0 to 1", pct_start, 0, 1)
        real("div_factor must be a number above 0", div_factor, above=0)
        real("final_div_factor must be a number above 0", final_div_factor, above=0)
        real("base_momentum is a number", base_momentum)
        real("max_momentum is a number", max_momentum)
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"anneal_strategy must be 'cos' or 'linear', got {anneal_strategy!r}.")
        if cycle_momentum and not {"momentum", "betas"} & optimizer.defaults.keys():
            raise ValueError(
                f"{type(optimizer).__name__} has no momentum to cycle: pass cycle_momentum=False, or use SGD or Adam."
            )
        self.total_steps, self.anneal_strategy, self.cycle_momentum = total_steps, anneal_strategy, cycle_momentum
        self.base_momentum, self.max_momentum = base_momentum, max_momentum
        self.div_factor, self.final_div_factor = div_factor, final_div_factor
        peak = pct_start * total_steps - 1
        # The steps at which the rate is at a corner; between two of them it is annealed.
        self.corners = [0, peak, 2 * peak, total_steps - 1] if three_phase else [0, peak, total_steps - 1]
        max_lrs = _rates("max_lr", max_lr, len(optimizer.param_groups))
        if len(max_lrs) != len(optimizer.param_groups):
            raise ValueError(
                f"max_lr has {len(max_lrs)} rates for {len(optimizer.param_groups)} groups: give one for each, or one "
                "number for all."
            )
        if last_epoch == -1:
            for group, rate in zip(optimizer.param_groups, max_lrs, strict=True):
                group["initial_lr"] = rate / div_factor
        super().__init__(optimizer, last_epoch)

    def lr_at(self, t, base_lr):
        peak = base_lr * self.div_factor
        middle = [peak, base_lr] if len(self.corners) == 4 else [peak]
        return self._between(t, [base_lr, *middle, base_lr / self.final_div_factor])

    def momentum_at(self, t: int) -> float:
        """The momentum after t steps."""
        high, low = self.max_momentum, self.base_momentum
        return self._between(t, [high, low, high, high][: len(self.corners)])

    def _between(self, t: int, values: list[float]) -> float:
        """The value at t on the way between the corners' values."""
        if t > self.total_steps:
            raise ValueError(
                f"the cycle has {self.total_steps} steps and this is number {t}: total_steps must count the batches of "
                "all epochs, if step() follows every batch."
            )
        t = min(t, self.corners[-1])  # the call after the last batch: no step follows it
        i = next(i for i, corner in enumerate(self.corners[1:], start=1) if t <= corner)
        begin, end = self.corners[i - 1], self.corners[i]
        share = (t - begin) / (end - begin) if end > begin else 1.0  # pct_start 1: no way down
        if self.anneal_strategy == "cos":
            return values[i] + (values[i - 1] - values[i]) / 2 * (1 + math.cos(math.pi * share))
        return values[i - 1] + (values[i] - values[i - 1]) * share

    def _write(self):
        super()._write()
        if not self.cycle_momentum:
            return
        momentum = self.momentum_at(self.last_epoch)
        for group, _ in self._scheduled():
            if "betas" in group:
                group["betas"] = (momentum, *group["betas"][1:])
            else:
                group["momentum"] = momentum


class ReduceLROnPlateau:
    """lr ← factor · lr when a measurement has not improved for more than `patience` epochs.

    mode : "min" for a loss, "max" for an accuracy.
    factor : 0.1. patience : 10 epochs. cooldown : epochs to wait after a reduction before counting again, 0.
    threshold, threshold_mode : in mode "min" an improvement is a measurement below best · (1 - threshold) for "rel",
        below best - threshold for "abs"; 1e-4.
    min_lr : the lowest rate, a number or one for each group. eps : smaller reductions are skipped, 1e-8.

    >>> from gradlib import Tensor, optim
    >>> optimizer = optim.SGD([Tensor([1.0], requires_grad=True)], lr=0.8)
    >>> schedule = ReduceLROnPlateau(optimizer, factor=0.5, patience=1)
    >>> for loss in [1.0, 0.9, 0.9, 0.9]:
    ...     schedule.step(loss)
    >>> schedule.get_last_lr()
    [0.4]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float | Sequence[float] = 0,
        eps: float = 1e-8,
    ):
        _check_optimizer(optimizer)
        real("factor must be from 0 to below 1, or the rate would not fall", factor, 0, math.nextafter(1, 0))
        whole("patience is a number of epochs, from 0 on", patience, 0)
        whole("cooldown is a number of epochs, from 0 on", cooldown, 0)
        real("threshold is a number", threshold)
        real("eps is a number", eps)
        if mode not in ("min", "max") or threshold_mode not in ("rel", "abs"):
            raise ValueError(
                f"mode must be 'min' or 'max' and threshold_mode 'rel' or 'abs', got {mode!r} and {threshold_mode!r}."
            )
        groups = len(optimizer.param_groups)
        self.min_lrs = _rates("min_lr", min_lr, groups)
        if len(self.min_lrs) != groups:
            raise ValueError(f"min_lr has {len(self.min_lrs)} rates for {groups} groups.")
        self.optimizer, self.mode, self.factor, self.patience = optimizer, mode, factor, patience
        self.threshold, self.threshold_mode, self.cooldown, self.eps = threshold, threshold_mode, cooldown, eps
        self.best = math.inf if mode == "min" else -math.inf
        self.num_bad_epochs = self.cooldown_counter = self.last_epoch = 0

    def step(self, metrics: float) -> None:
        """Record the measurement of one more epoch: a number, or a tensor of one element."""
        metrics = _number("a measurement is one number", metrics)
        self.last_epoch += 1
        if self.is_better(metrics, self.best):
            self.best, self.num_bad_epochs = metrics, 0
        else:
            self.num_bad_epochs += 1
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce()
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0

    def is_better(self, metrics: float, best: float) -> bool:
        """True if a measurement beats the best by more than the threshold."""
        if self.threshold_mode == "rel":
            below, above = best * (1 - self.threshold), best * (1 + self.threshold)
        else:
            below, above = best - self.threshold, best + self.threshold
        return metrics < below if self.mode == "min" else metrics > above

    def get_last_lr(self) -> list[float]:
        """The rate of each group."""
        return [group["lr"] for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """The measurements so far, in four numbers. The rates themselves are in the optimizer's own state."""
        return {name: getattr(self, name) for name in self._REMEMBERED}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from a saved `state_dict()`."""
        complete("the state of a schedule", state_dict, *self._REMEMBERED)
        for name in self._REMEMBERED:
            setattr(self, name, state_dict[name])

    _REMEMBERED = ("best", "num_bad_epochs", "cooldown_counter", "last_epoch")

    def _reduce(self) -> None:
        if len(self.optimizer.param_groups) != len(self.min_lrs):
            raise ValueError(
                f"the optimizer has {len(self.optimizer.param_groups)} groups, this schedule was made for "
                f"{len(self.min_lrs)}: make the schedule after adding all groups."
            )
        for group, least in zip(self.optimizer.param_groups, self.min_lrs, strict=True):
            reduced = max(group["lr"] * self.factor, least)
            if group["lr"] - reduced > self.eps:
                group["lr"] = reduced


def _number(what: str, value: Any) -> float:
    """A number, or the only entry of an array or a tensor; NaN too."""
    array = on_cpu(value)
    if array.size != 1 or array.dtype.kind not in "fiub":
        raise TypeError(f"{what}, got {shown(value)}.")
    return float(array.item())


def _rates(name: str, rates: Any, groups: int) -> list[float]:
    """A rate for each group, given as a list or as one number for all."""
    what = f"{name} is a rate, a number from 0 on, or a list with one for each group"
    listed = list(rates) if np.iterable(rates) and not isinstance(rates, str) else [rates] * groups
    return [real(what, _number(what, rate), 0) for rate in listed]


def _check_optimizer(optimizer: Any) -> None:
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"a schedule is made for an optimizer, got {type(optimizer).__name__}.")
