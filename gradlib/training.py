"""The training loop, once and for all: epochs, validation, history, callbacks, and going on after an interruption."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from . import random
from .amp import GradScaler, autocast
from .autograd import no_grad
from .errors import whole
from .nn.module import Module
from .operations import on_cpu
from .optim import LRScheduler, Optimizer, ReduceLROnPlateau, clip_grad_norm_
from .serialization import load_tree, save_tree
from .tensor import Tensor

Metric = Callable[[Tensor, Any], float]


@dataclass
class TrainConfig:
    """How to train.

    epochs : how often to go through the data. print_every : print a line every so many epochs, 0 for none.
    clip_norm : scale gradients down to this norm. seed : seeds the library's generator, so that the run repeats bit
    for bit. progress : a tqdm bar over the batches. restore_best : end with the weights of the best epoch, by the
    validation loss if there is one. mixed_precision : train with products in float16 and a scaled loss (`gradlib.amp`);
    validation stays in full precision.
    """

    epochs: int = 10
    print_every: int = 1
    clip_norm: float | None = None
    seed: int | None = None
    progress: bool = False
    restore_best: bool = False
    mixed_precision: bool = False

    def __post_init__(self):
        for name, least in (("epochs", 0), ("print_every", 0)):
            value = getattr(self, name)
            if not isinstance(value, (int, np.integer)) or value < least:
                raise ValueError(f"{name} is a whole number of at least {least}, got {value!r}.")
        if self.clip_norm is not None and not self.clip_norm > 0:
            raise ValueError(f"clip_norm is a norm above 0, or None for no clipping, got {self.clip_norm}.")


class History:
    """What was measured in each epoch: `history["train_loss"]` is a list, one number an epoch, NaN where it was not.

    >>> history = History([{"train_loss": 0.5, "val_loss": 0.7}, {"train_loss": 0.25, "val_loss": 0.6}])
    >>> history
    epoch  train_loss  val_loss
        1      0.5000    0.7000
        2      0.2500    0.6000
    >>> history["val_loss"], history.best("val_loss")
    ([0.7, 0.6], 1)
    """

    def __init__(self, records: Iterable[Mapping[str, float]] = ()):
        self.records: list[dict[str, float]] = [dict(record) for record in records]
        self.interrupted = False

    @property
    def names(self) -> list[str]:
        """The names of what was measured."""
        return list(dict.fromkeys(name for record in self.records for name in record))

    def __getitem__(self, name: str) -> list[float]:
        if self.records and name not in self.names:
            raise KeyError(f"{name!r} was not measured. There are: {', '.join(self.names)}.")
        return [record.get(name, math.nan) for record in self.records]

    def __len__(self) -> int:
        return len(self.records)

    def best(self, name: str, mode: str = "min") -> int:
        """The epoch, counted from 0, in which it was smallest; with mode="max" largest, as an accuracy should be."""
        values = _sign(mode) * np.array(self[name])
        if np.isnan(values).all():
            raise ValueError(f"no epoch has a number for {name!r}, so none is the best.")
        return int(np.nanargmin(values))

    def to_dict(self) -> dict[str, list[float]]:
        """A plain dict of lists."""
        return {name: self[name] for name in self.names}

    def plot(self, ax=None, **options):
        """Draw the losses by epoch; returns the axes (`gradlib.plots.loss_curves`)."""
        from .plots import loss_curves

        return loss_curves(self, ax=ax, **options)

    def __repr__(self) -> str:
        names = self.names
        rows = [["epoch", *names]]
        for epoch, record in enumerate(self.records, 1):
            rows.append([str(epoch), *(f"{record[name]:.4f}" if name in record else "" for name in names)])
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join("  ".join(cell.rjust(w) for cell, w in zip(row, widths, strict=True)) for row in rows)


def _sign(mode: str) -> int:
    """What turns better into less."""
    if mode not in ("min", "max"):
        raise ValueError(f"mode is 'min' or 'max', got {mode!r}.")
    return 1 if mode == "min" else -1


def accuracy(output: Tensor, target: Any) -> float:
    """The share of right answers: of class scores (N, C) and indices (N,), or of scores (N,) or (N, 1) and 0 or 1.

    A single score means yes above 0, as before a sigmoid.

    >>> accuracy(Tensor([[2.0, 1.0], [0.0, 3.0]]), [0, 0]), accuracy(Tensor([2.0, -1.0]), [1, 0])
    (0.5, 1.0)
    """
    scores, labels = on_cpu(output), on_cpu(target)
    if scores.ndim == labels.ndim + 1 and scores.shape[-1] > 1:
        return float((scores.argmax(-1) == labels).mean())
    return float(((scores.reshape(labels.shape) > 0) == (labels > 0.5)).mean())


class Trainer:
    """Trains a model: runs `loss_fn(model(inputs), targets)` over batches, and moves the parameters by the optimizer.

    metrics : functions (output, targets) -> number by name, measured in validation beside the loss.

    >>> from gradlib import nn, optim
    >>> from gradlib.data import DataLoader, TensorDataset, make_xor
    >>> x, y = make_xor()
    >>> model = nn.MLP([2, 8, 2], activation="tanh", rng=np.random.default_rng(0))
    >>> trainer = Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=0.05))
    >>> loader = DataLoader(TensorDataset(x, y), batch_size=4)
    >>> history = trainer.fit(loader, cfg=TrainConfig(epochs=200, print_every=100))
    epoch 100/200: train_loss 0.0017
    epoch 200/200: train_loss 0.0005
    >>> trainer.predict(x).argmax(axis=1).tolist()
    [0, 1, 1, 0]
    """

    def __init__(
        self,
        model: Module,
        loss_fn: Callable[[Tensor, Any], Tensor],
        optimizer: Optimizer,
        metrics: Mapping[str, Metric] | None = None,
    ):
        self.model, self.loss_fn, self.optimizer = model, loss_fn, optimizer
        self.metrics = dict(metrics or {})
        self.history = History()
        self.stop = False  # a callback sets it, to end after this epoch
        self._best: tuple[float, dict] | None = None
        self._scaler = GradScaler(enabled=False)
        self._resumed: dict | None = None

    def fit(
        self,
        train_loader: Iterable,
        val_loader: Iterable | None = None,
        cfg: TrainConfig | None = None,
        callbacks: Sequence[Callback] = (),
    ) -> History:
        """Train until cfg.epochs, or until a callback stops; returns the history.

        Interrupting (the notebook's stop button, Ctrl-C) ends it too: the history stays, and the model gets the
        weights of its best epoch, if one was finished. After `resume` it goes on where the checkpoint was written.
        """
        cfg = TrainConfig() if cfg is None else cfg
        # Checkpoints last, so that the others' state is in them.
        self.callbacks = sorted(callbacks, key=lambda callback: isinstance(callback, Checkpoint))
        self.loaders, self.stop = [train_loader, val_loader], False
        self._scaler = GradScaler(enabled=cfg.mixed_precision)
        if self._resumed is not None:
            self._take_over(self._resumed)
            self._resumed = None
        else:
            self.history, self._best = History(), None
            if cfg.seed is not None:
                random.manual_seed(cfg.seed)
        try:
            self._tell("on_train_begin")
            with _bar(cfg.progress) as self._bar:
                while len(self.history) < cfg.epochs and not self.stop:
                    self._epoch(train_loader, val_loader, cfg)
            self._end(cfg.restore_best)
        except KeyboardInterrupt:
            self.history.interrupted = True
            self.model.zero_grad()
            self._end(restore_best=True)
            when = f"in epoch {len(self.history) + 1}" if len(self.history) < cfg.epochs else "after the last epoch"
            which = "the weights of its best epoch so far" if self._best else "its last weights, since no epoch is done"
            print(f"interrupted {when}: the model has {which}.")
        return self.history

    def _end(self, restore_best: bool) -> None:
        if restore_best and self._best is not None:
            self.model.load_state_dict(self._best[1])
        self._tell("on_train_end")

    def _epoch(self, train_loader: Iterable, val_loader: Iterable | None, cfg: TrainConfig) -> None:
        record = {"train_loss": self._train(train_loader, cfg)}
        if val_loader is not None:
            record |= {f"val_{name}": value for name, value in self.evaluate(val_loader).items()}
        self.history.records.append(record)
        watched = record.get("val_loss", record["train_loss"])
        if self._best is None or watched < self._best[0] or math.isnan(self._best[0]):
            self._best = (watched, self.model.state_dict())
        self._tell("on_epoch_end")
        epoch = len(self.history)
        if cfg.print_every and (epoch % cfg.print_every == 0 or epoch == cfg.epochs or self.stop):
            if self._bar is not None:
                self._bar.clear()  # in a terminal it stands where the line is printed
            print(f"epoch {epoch}/{cfg.epochs}: " + ", ".join(f"{name} {value:.4f}" for name, value in record.items()))

    def _train(self, loader: Iterable, cfg: TrainConfig) -> float:
        """One pass over the data; returns the mean loss of an example."""
        self.model.train()
        losses, counts = [], []
        batches = loader if self._bar is None else _counted(loader, self._bar, f"epoch {len(self.history) + 1}")
        for inputs, targets in batches:
            self.optimizer.zero_grad()
            with autocast(enabled=cfg.mixed_precision):
                loss = self.loss_fn(self.model(inputs), targets)
            self._scaler.scale(loss).backward()
            self._scaler.unscale_(self.optimizer)
            if cfg.clip_norm is not None:
                clip_grad_norm_(self.model.parameters(), cfg.clip_norm)
            self._tell("on_backward")
            self._scaler.step(self.optimizer)
            self._scaler.update()
            self._tell("on_step_end")
            losses.append(loss.item())
            counts.append(_count(inputs))
        if not losses:
            raise ValueError("the training data is empty: the loader gave no batch. Is drop_last larger than the data?")
        return float(np.average(losses, weights=counts))

    def evaluate(self, loader: Iterable) -> dict[str, float]:
        """The mean loss and metrics over the data, in eval mode and without a graph."""
        rows, counts = [], []
        with _evaluating(self.model), no_grad():
            for inputs, targets in loader:
                output = self.model(inputs)
                row = {"loss": self.loss_fn(output, targets).item()}
                rows.append(row | {name: float(metric(output, targets)) for name, metric in self.metrics.items()})
                counts.append(_count(inputs))
        if not rows:
            raise ValueError("there is nothing to evaluate: the loader gave no batch.")
        return {name: float(np.average([row[name] for row in rows], weights=counts)) for name in rows[0]}

    def predict(self, inputs: Any) -> np.ndarray:
        """The model's output as an array, in eval mode and without a graph."""
        with _evaluating(self.model), no_grad():
            return self.model(inputs if isinstance(inputs, Tensor) else Tensor(inputs)).cpu().data

    # Going on later ---------------------------------------------------------------------------------------

    def save_checkpoint(self, path: str | Path) -> None:
        """Write all that a run needs to go on from here, in one atomic step: at the end of an epoch, as `Checkpoint`
        does. (In between the order of the batches is under way, and after `fit` the weights may be the best.)"""
        save_tree(
            {
                "model": self.model.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "scaler": self._scaler.state_dict(),
                "history": self.history.records,
                "best": self._best and list(self._best),
                "random": random.default_rng().bit_generator.state,
                "layers": {name: rng.bit_generator.state for name, rng in _generators(self.model)},
                "loaders": [_state(loader) for loader in getattr(self, "loaders", [])],
                "callbacks": [callback.state_dict() for callback in getattr(self, "callbacks", [])],
            },
            path,
        )

    def resume(self, path: str | Path) -> Trainer:
        """Have the next `fit`, with the same loaders and callbacks, go on from a checkpoint: the numbers are those of
        a run that never stopped. Returns the trainer.

        cfg.seed does not count then. Raises what `load_tree` and `load_state_dict` of model and optimizer do; nothing
        is changed then.
        """
        tree = load_tree(path)
        if not isinstance(tree, dict) or "optimizer" not in tree:
            raise ValueError(f"{path} is no checkpoint of a Trainer.")
        before = self.model.state_dict()
        self.model.load_state_dict(tree["model"])
        try:
            self.optimizer.load_state_dict(tree["optimizer"])
        except ValueError:
            self.model.load_state_dict(before)
            raise
        self.history = History(tree["history"])
        self._resumed = tree
        return self

    def _take_over(self, tree: dict) -> None:
        if len(tree["callbacks"]) != len(self.callbacks):
            raise ValueError(
                f"the checkpoint was written with {len(tree['callbacks'])} callbacks, this run has "
                f"{len(self.callbacks)}. Give fit the same ones in the same order."
            )
        self._scaler.load_state_dict(tree["scaler"])
        generators = dict(_generators(self.model))
        if generators.keys() != tree["layers"].keys():
            raise ValueError(
                "the checkpoint was written with a model in which other layers draw from a generator of their own: "
                f"{list(tree['layers'])}, here {list(generators)}. Make it with the same rng=."
            )
        for loader, state in zip(self.loaders, tree["loaders"], strict=True):
            if _state(loader).keys() != state.keys():
                raise ValueError(
                    "the checkpoint was written with a loader that has a seed of its own where this run's has none, or "
                    "the other way round. Give fit the same loaders."
                )
        self._best = tree["best"] and tuple(tree["best"])
        random.default_rng().bit_generator.state = tree["random"]
        for name, rng in generators.items():
            rng.bit_generator.state = tree["layers"][name]
        for loader, state in zip(self.loaders, tree["loaders"], strict=True):
            if state:
                loader.load_state_dict(state)
        for callback, state in zip(self.callbacks, tree["callbacks"], strict=True):
            callback.load_state_dict(state)
        # Once more: a schedule that is made or loaded writes its rate, which may not be the last that was written.
        self.optimizer.load_state_dict(tree["optimizer"])

    def _tell(self, event: str) -> None:
        for callback in self.callbacks:
            getattr(callback, event)(self)


class _evaluating:
    """Eval mode inside, and each module's own mode again afterwards."""

    def __init__(self, model: Module):
        self.model = model

    def __enter__(self) -> None:
        self._modes = [(module, module.training) for module in self.model.modules()]
        self.model.eval()

    def __exit__(self, *_) -> None:
        for module, training in self._modes:
            object.__setattr__(module, "training", training)


def _count(inputs: Any) -> int:
    """How many examples a batch holds; of one that has several parts, how many the first has."""
    while isinstance(inputs, (tuple, dict)):
        inputs = next(iter(inputs.values() if isinstance(inputs, dict) else inputs))
    return len(inputs)


def _bar(progress: bool):
    """A bar that each epoch fills anew, so that a notebook shows one, not one an epoch; or None."""
    if not progress:
        return nullcontext()
    from tqdm.auto import tqdm

    return tqdm(total=0, leave=False)


def _counted(loader: Iterable, bar, name: str) -> Iterable:
    """The batches of an epoch, counted on the bar."""
    bar.set_description(name, refresh=False)
    bar.reset(len(loader) if hasattr(loader, "__len__") else None)
    for batch in loader:
        yield batch
        bar.update()


def _generators(model: Module):
    """(name, generator) of the layers that draw from one of their own."""
    for name, module in model.named_modules():
        rng = getattr(module, "rng", None)
        if isinstance(rng, np.random.Generator):
            yield name, rng


def _state(loader: Any) -> dict:
    return loader.state_dict() if hasattr(loader, "state_dict") else {}


# Callbacks ------------------------------------------------------------


class Callback:
    """What is done at points of the training; a subclass defines those it needs.

    `trainer.history.records[-1]` is the epoch just measured; `trainer.stop = True` ends after it.

    >>> class StopBelow(Callback):
    ...     def __init__(self, loss):
    ...         self.loss = loss
    ...     def on_epoch_end(self, trainer):
    ...         trainer.stop = trainer.history.records[-1]["train_loss"] < self.loss
    >>> from gradlib import nn, optim
    >>> from gradlib.data import DataLoader, TensorDataset
    >>> model = nn.Linear(1, 1, rng=np.random.default_rng(0))
    >>> trainer = Trainer(model, nn.MSELoss(), optim.SGD(model.parameters(), lr=0.125))
    >>> loader = DataLoader(TensorDataset(np.float32([[1.0]]), np.float32([[2.0]])))
    >>> history = trainer.fit(loader, callbacks=[StopBelow(0.2)])
    epoch 1/10: train_loss 2.3273
    epoch 2/10: train_loss 0.5818
    epoch 3/10: train_loss 0.1455
    """

    def on_train_begin(self, trainer: Trainer) -> None:
        """Before the first epoch."""

    def on_backward(self, trainer: Trainer) -> None:
        """After every backward pass: the gradients are there, the step is not yet taken."""

    def on_step_end(self, trainer: Trainer) -> None:
        """After every step of the optimizer."""

    def on_epoch_end(self, trainer: Trainer) -> None:
        """After every epoch and its validation."""

    def on_train_end(self, trainer: Trainer) -> None:
        """After the last epoch."""

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint must keep of it."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what `state_dict()` gave."""


def _every(every: int) -> int:
    return whole("every is a whole number of at least 1", every, 1)


class EarlyStopping(Callback):
    """Ends when `monitor` has not got better by more than min_delta for `patience` epochs.

    mode : "min" where less is better, "max" for an accuracy. NaN is not better. In a run that is resumed it counts on;
    one that it had stopped goes on only if it is given more patience.
    """

    def __init__(self, monitor: str = "val_loss", patience: int = 5, min_delta: float = 0.0, mode: str = "min"):
        self.monitor, self.min_delta, self.mode = monitor, min_delta, mode
        self.patience = whole("patience is a whole number of epochs, at least 1", patience, 1)
        self.best, self.waited = _sign(mode) * math.inf, 0

    def on_train_begin(self, trainer: Trainer) -> None:
        if not len(trainer.history):  # a run from the start
            self.best, self.waited = _sign(self.mode) * math.inf, 0
        trainer.stop = trainer.stop or self.waited >= self.patience

    def on_epoch_end(self, trainer: Trainer) -> None:
        value, sign = trainer.history[self.monitor][-1], _sign(self.mode)
        if sign * value < sign * self.best - self.min_delta:
            self.best, self.waited = value, 0
        else:
            self.waited += 1
            trainer.stop = trainer.stop or self.waited >= self.patience

    def state_dict(self) -> dict[str, Any]:
        return {"best": self.best, "waited": self.waited}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.best, self.waited = state["best"], state["waited"]


class Checkpoint(Callback):
    """Writes a checkpoint after every so many epochs, when all other callbacks have had their turn."""

    def __init__(self, path: str | Path, every: int = 1):
        self.path, self.every = Path(path), _every(every)

    def on_train_begin(self, trainer: Trainer) -> None:
        if not self.path.resolve().parent.is_dir():  # not at the end of the first epoch
            raise FileNotFoundError(f"there is no folder {self.path.parent} for the checkpoint: make it first.")

    def on_epoch_end(self, trainer: Trainer) -> None:
        if len(trainer.history) % self.every == 0:
            trainer.save_checkpoint(self.path)


class ScheduleCallback(Callback):
    """Steps a learning-rate schedule after every epoch, or every step; one that watches a number gets `monitor`."""

    def __init__(self, schedule: Any, monitor: str | None = None, every: str = "epoch"):
        if every not in ("epoch", "step"):
            raise ValueError(f"every is 'epoch' or 'step', got {every!r}.")
        if isinstance(schedule, ReduceLROnPlateau) and (monitor is None or every == "step"):
            raise ValueError("ReduceLROnPlateau watches a number after every epoch: pass monitor='val_loss', say.")
        if isinstance(schedule, LRScheduler) and monitor is not None:
            raise ValueError(f"{type(schedule).__name__} is a formula of t and watches nothing: leave monitor out.")
        self.schedule, self.monitor, self.every = schedule, monitor, every

    def on_step_end(self, trainer: Trainer) -> None:
        if self.every == "step":
            self.schedule.step()

    def on_epoch_end(self, trainer: Trainer) -> None:
        if self.every == "epoch":
            self.schedule.step(*([trainer.history[self.monitor][-1]] if self.monitor else []))

    def state_dict(self) -> dict[str, Any]:
        return self.schedule.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.schedule.load_state_dict(state)


class GradientTracking(Callback):
    """Records the gradients of every so many steps, in `tracker`, a `gradlib.diagnostics.GradientTracker`."""

    def __init__(self, every: int = 1):
        self.every, self.tracker, self._steps = _every(every), None, 0

    def on_train_begin(self, trainer: Trainer) -> None:
        from .diagnostics import GradientTracker

        if self.tracker is None:
            self.tracker = GradientTracker(trainer.model)

    def on_backward(self, trainer: Trainer) -> None:
        if self._steps % self.every == 0:
            self.tracker.record()

    def on_step_end(self, trainer: Trainer) -> None:
        if self._steps % self.every == 0:
            self.tracker.record_update()
        self._steps += 1


class LivePlot(Callback):
    """The loss curves in a notebook, drawn anew after every so many epochs: display `plot.widget` to see them."""

    def __init__(self, every: int = 1):
        import ipywidgets

        self.every = _every(every)
        self.widget = ipywidgets.HTML(value="The curves appear after the first epoch.")

    def on_epoch_end(self, trainer: Trainer) -> None:
        if len(trainer.history) % self.every == 0:
            self._draw(trainer.history)

    def on_train_end(self, trainer: Trainer) -> None:
        if len(trainer.history):
            self._draw(trainer.history)

    def _draw(self, history: History) -> None:
        from matplotlib.figure import Figure

        figure = Figure(figsize=(6, 3.5), layout="constrained")
        history.plot(ax=figure.add_subplot())
        picture = io.BytesIO()
        figure.savefig(picture, format="png", dpi=120)
        last = ", ".join(f"{name} {value:.4f}" for name, value in history.records[-1].items())
        words = f"Loss curves after epoch {len(history)}: {last}"
        data = base64.b64encode(picture.getvalue()).decode()
        self.widget.value = f'<img alt="{words}" width="600" src="data:image/png;base64,{data}">'
