"""Callbacks of a training run: early stopping, checkpoints, schedules, gradient tracking, a live plot."""

from __future__ import annotations

import base64
import io
import math
from pathlib import Path
from typing import Any

from .diagnostics import GradientTracker
from .errors import real, whole
from .optim import LRScheduler, Optimizer, ReduceLROnPlateau
from .plots import loss_curves


class Callback:
    """Code that runs at fixed points of the training; a subclass defines the methods it needs.

    Each gets the Trainer: `trainer.history.records[-1]` is the epoch just measured, `trainer.stop = True` ends the run
    after it. On many processes `trainer.leads` is true for the one that prints and saves.

    >>> class StopBelow(Callback):
    ...     def __init__(self, loss):
    ...         self.loss = loss
    ...     def on_epoch_end(self, trainer):
    ...         trainer.stop = trainer.history.records[-1]["train_loss"] < self.loss
    >>> import numpy as np
    >>> from gradlib import nn, optim
    >>> from gradlib.data import DataLoader, TensorDataset
    >>> from gradlib.training import Trainer
    >>> model = nn.Linear(1, 1, rng=np.random.default_rng(0))
    >>> trainer = Trainer(model, nn.MSELoss(), optim.SGD(model.parameters(), lr=0.125))
    >>> loader = DataLoader(TensorDataset(np.float32([[1.0]]), np.float32([[2.0]])))
    >>> history = trainer.fit(loader, callbacks=[StopBelow(0.2)])
    epoch 1/10: train_loss 2.3273
    epoch 2/10: train_loss 0.5818
    epoch 3/10: train_loss 0.1455
    """

    def on_train_begin(self, trainer: Any) -> None:
        """Called before the first epoch."""

    def on_backward(self, trainer: Any) -> None:
        """Called after every backward pass: the gradients are there, the step is not yet taken."""

    def on_step_end(self, trainer: Any) -> None:
        """Called after every step of the optimizer."""

    def on_epoch_end(self, trainer: Any) -> None:
        """Called after every epoch and its validation."""

    def on_train_end(self, trainer: Any) -> None:
        """Called after the last epoch."""

    def state_dict(self) -> dict[str, Any]:
        """The state that a checkpoint must keep."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict()` returned."""


def _every(every: int) -> int:
    return whole("every must be an integer of at least 1", every, 1)


class EarlyStopping(Callback):
    """End the run when `monitor` has not improved by more than min_delta for `patience` epochs.

    mode : "min" if smaller is better, "max" for an accuracy. NaN is never better. A resumed run goes on counting; a run
    that this callback had stopped goes on only if it gets more patience.
    """

    def __init__(self, monitor: str = "val_loss", patience: int = 5, min_delta: float = 0.0, mode: str = "min"):
        if mode not in ("min", "max"):
            raise ValueError(f"mode must be 'min' or 'max', got {mode!r}.")
        self.monitor, self.mode, self.min_delta = monitor, mode, real("min_delta is a number", min_delta)
        self.patience = whole("patience must be an integer of at least 1", patience, 1)
        self._forget()

    def _forget(self) -> None:
        self.best, self.waited = math.inf if self.mode == "min" else -math.inf, 0

    def on_train_begin(self, trainer: Any) -> None:
        if not len(trainer.history):  # a run from the start
            self._forget()
        trainer.stop = trainer.stop or self.waited >= self.patience

    def on_epoch_end(self, trainer: Any) -> None:
        value = trainer.history[self.monitor][-1]
        gain = self.best - value if self.mode == "min" else value - self.best
        if gain > self.min_delta:
            self.best, self.waited = value, 0
        else:
            self.waited += 1
            trainer.stop = trainer.stop or self.waited >= self.patience

    def state_dict(self) -> dict[str, Any]:
        return {"best": self.best, "waited": self.waited}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.best, self.waited = state["best"], state["waited"]


class Checkpoint(Callback):
    """Write a checkpoint every `every` epochs, after all other callbacks have run."""

    def __init__(self, path: str | Path, every: int = 1):
        self.path, self.every = Path(path), _every(every)

    def on_train_begin(self, trainer: Any) -> None:
        if trainer.leads and not self.path.resolve().parent.is_dir():  # not at the end of the first epoch
            raise FileNotFoundError(f"there is no folder {self.path.parent} for the checkpoint: make it first.")

    def on_epoch_end(self, trainer: Any) -> None:
        if len(trainer.history) % self.every == 0:
            trainer.save_checkpoint(self.path)


class ScheduleCallback(Callback):
    """Step a learning-rate schedule after every epoch, or with every="step" after every step of the optimizer.

    monitor : the number that ReduceLROnPlateau watches, such as "val_loss".
    """

    def __init__(self, schedule: Any, monitor: str | None = None, every: str = "epoch"):
        if every not in ("epoch", "step"):
            raise ValueError(f"every must be 'epoch' or 'step', got {every!r}.")
        if isinstance(schedule, Optimizer) or not hasattr(schedule, "step"):
            raise TypeError(f"ScheduleCallback takes a schedule of optim.lr_scheduler, got {type(schedule).__name__}.")
        if isinstance(schedule, ReduceLROnPlateau) and (monitor is None or every == "step"):
            raise ValueError(
                "ReduceLROnPlateau watches a number after every epoch: pass its name, such as monitor='val_loss'."
            )
        if isinstance(schedule, LRScheduler) and monitor is not None:
            raise ValueError(f"{type(schedule).__name__} is a formula of t and watches nothing: leave monitor out.")
        self.schedule, self.monitor, self.every = schedule, monitor, every

    def on_step_end(self, trainer: Any) -> None:
        if self.every == "step":
            self.schedule.step()

    def on_epoch_end(self, trainer: Any) -> None:
        if self.every == "epoch":
            self.schedule.step(*([trainer.history[self.monitor][-1]] if self.monitor else []))

    def state_dict(self) -> dict[str, Any]:
        return self.schedule.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.schedule.load_state_dict(state)


class GradientTracking(Callback):
    """Record the gradients of every `every`-th step in `tracker`, a `gradlib.diagnostics.GradientTracker`."""

    def __init__(self, every: int = 1):
        self.every, self.tracker, self._steps = _every(every), None, 0

    def on_train_begin(self, trainer: Any) -> None:
        if self.tracker is None:
            self.tracker = GradientTracker(trainer.model)

    def on_backward(self, trainer: Any) -> None:
        if self._steps % self.every == 0:
            self.tracker.record()

    def on_step_end(self, trainer: Any) -> None:
        if self._steps % self.every == 0:
            self.tracker.record_update()
        self._steps += 1


class LivePlot(Callback):
    """Draw the loss curves in a notebook, again after every `every` epochs: display `plot.widget` to see them."""

    def __init__(self, every: int = 1):
        import ipywidgets

        self.every = _every(every)
        self.widget = ipywidgets.HTML(value="The curves appear after the first epoch.")

    def on_epoch_end(self, trainer: Any) -> None:
        if len(trainer.history) % self.every == 0:
            self._draw(trainer.history)

    def on_train_end(self, trainer: Any) -> None:
        if len(trainer.history):
            self._draw(trainer.history)

    def _draw(self, history: Any) -> None:
        from matplotlib.figure import Figure

        figure = Figure(figsize=(6, 3.5), layout="constrained")
        loss_curves(history, ax=figure.add_subplot())
        picture = io.BytesIO()
        figure.savefig(picture, format="png", dpi=120)
        last = ", ".join(f"{name} {value:.4f}" for name, value in history.records[-1].items())
        words = f"Loss curves after epoch {len(history)}: {last}"
        data = base64.b64encode(picture.getvalue()).decode()
        self.widget.value = f'<img alt="{words}" width="600" src="data:image/png;base64,{data}">'
