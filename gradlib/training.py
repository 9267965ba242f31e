"""The training loop: epochs, validation, history, callbacks, and resuming after an interruption.

The callbacks themselves are in callbacks.py and can be imported from here too.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from . import random
from .autograd import no_grad
from .callbacks import Callback, Checkpoint, EarlyStopping, GradientTracking, LivePlot, ScheduleCallback
from .distributed import DistributedDataParallel, all_gather_object, all_reduce, get_rank, get_world_size
from .errors import ShapeError, flag, real, shown, whole
from .nn.module import Module, evaluating
from .operations import on_cpu
from .optim import Optimizer, clip_grad_norm_
from .plots import loss_curves
from .serialization import load_tree, save_tree
from .tensor import Tensor

__all__ = [
    "Callback", "Checkpoint", "EarlyStopping", "GradientTracking", "History", "LivePlot", "ScheduleCallback",
    "TrainConfig", "Trainer", "accuracy", "steps",
]  # fmt: skip

Metric = Callable[[Tensor, Any], float]


@dataclass
class TrainConfig:
    """The settings of a training run.

    epochs : the number of passes over the data. print_every : print a line every so many epochs, 0 for none.
    clip_norm : scale gradients down to this norm. seed : seeds the library's generator, so that the run repeats bit
    for bit. progress : show a tqdm bar over the batches. restore_best : end with the weights of the best epoch, by the
    validation loss if there is one.
    """

    epochs: int = 10
    print_every: int = 1
    clip_norm: float | None = None
    seed: int | None = None
    progress: bool = False
    restore_best: bool = False

    def __post_init__(self):
        for name in ("epochs", "print_every"):
            whole(f"{name} must be an integer of at least 0", getattr(self, name), 0)
        if self.seed is not None:
            whole("seed must be an integer of at least 0, or None", self.seed, 0)
        for name in ("progress", "restore_best"):
            flag(name, getattr(self, name))
        if self.clip_norm is not None:
            real("clip_norm must be a number above 0, or None for no clipping", self.clip_norm, above=0)


class History:
    """The numbers measured in each epoch: `history["train_loss"]` is a list, one number an epoch, NaN for a gap.

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
        """The names of the measured numbers."""
        return list(dict.fromkeys(name for record in self.records for name in record))

    def __getitem__(self, name: str) -> list[float]:
        if self.records and name not in self.names:
            raise KeyError(f"{name!r} was not measured. Measured were: {', '.join(self.names)}.")
        return [record.get(name, math.nan) for record in self.records]

    def __len__(self) -> int:
        return len(self.records)

    def best(self, name: str, mode: str = "min") -> int:
        """The epoch, counted from 0, with the smallest number; with mode="max" the largest, for an accuracy."""
        if mode not in ("min", "max"):
            raise ValueError(f"mode must be 'min' or 'max', got {mode!r}.")
        values = np.array(self[name])
        if np.isnan(values).all():
            raise ValueError(f"no epoch has a number for {name!r}, so none is the best.")
        return int(np.nanargmin(values) if mode == "min" else np.nanargmax(values))

    def to_dict(self) -> dict[str, list[float]]:
        """The same as a plain dict of lists."""
        return {name: self[name] for name in self.names}

    def plot(self, ax=None, **options):
        """Draw the losses by epoch and return the axes (`gradlib.plots.loss_curves`)."""
        return loss_curves(self, ax=ax, **options)

    def __repr__(self) -> str:
        names = self.names
        rows = [["epoch", *names]]
        for epoch, record in enumerate(self.records, 1):
            rows.append([str(epoch), *(f"{record[name]:.4f}" if name in record else "" for name in names)])
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join("  ".join(cell.rjust(w) for cell, w in zip(row, widths, strict=True)) for row in rows)


def steps(count: int, in_browser: int) -> int:
    """Return count, the steps or epochs of a training, or in_browser under Pyodide, where everything takes longer.

    >>> steps(1000, in_browser=200)
    1000
    """
    return in_browser if sys.platform == "emscripten" else count


def accuracy(output: Tensor, target: Any) -> float:
    """The share of correct answers: class scores (N, C) with class indices (N,), or scores (N,) or (N, 1) with 0 and 1.

    A single score means yes if it is above 0, as before a sigmoid.

    >>> accuracy(Tensor([[2.0, 1.0], [0.0, 3.0]]), [0, 0]), accuracy(Tensor([2.0, -1.0]), [1, 0])
    (0.5, 1.0)

    Raises ShapeError if the shapes do not fit, or if there is no example.
    """
    scores, labels = on_cpu(output), on_cpu(target)
    if not labels.size:
        raise ShapeError(f"accuracy needs at least one example, got labels of shape {labels.shape}.")
    if scores.shape[:-1] == labels.shape and scores.shape[-1:] > (1,):
        return float((scores.argmax(-1) == labels).mean())
    if scores.size != labels.size:
        raise ShapeError(
            "accuracy takes scores (N, C) with class indices (N,), or scores (N,) or (N, 1) with labels 0 and 1, got "
            f"{scores.shape} and {labels.shape}."
        )
    return float(((scores.reshape(labels.shape) > 0) == (labels > 0.5)).mean())


class Trainer:
    """Train a model: a step of the optimizer for each batch, on the gradient of `loss_fn(model(inputs), targets)`.

    metrics : {name: function (output, targets) -> number}, measured in validation together with the loss.

    Training in mixed precision takes a loop of its own: `gradlib.amp` shows its lines.

    The model may be a `gradlib.distributed.DistributedDataParallel`, on many processes with a part of each batch. The
    numbers in the history are then those of all processes, process 0 alone prints and writes checkpoints, and parts of
    different sizes count by their rows. All processes need equally many batches. `evaluate` and `predict` exchange
    nothing, so one process may call them alone. cfg.seed is raised by the rank, so that dropout differs.

    >>> from gradlib import nn, optim
    >>> from gradlib.data import DataLoader, TensorDataset, make_xor
    >>> x, y = make_xor()
    >>> model = nn.MLP([2, 8, 2], activation="tanh", rng=np.random.default_rng(0))
    >>> trainer = Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=0.05))
    >>> loader = DataLoader(TensorDataset(x, y), batch_size=4)
    >>> history = trainer.fit(loader, cfg=TrainConfig(epochs=200, print_every=100))
    epoch 100/200: train_loss 0.0010
    epoch 200/200: train_loss 0.0004
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
        for name, given, takes, fits in (
            ("model", model, "a Module", isinstance(model, Module)),
            ("loss_fn", loss_fn, "a function (output, targets) -> loss", callable(loss_fn)),
            ("optimizer", optimizer, "an Optimizer", isinstance(optimizer, Optimizer)),
        ):
            if isinstance(given, type):
                raise TypeError(
                    f"{name} must be {takes}, got the class {given.__name__}. Call it: {given.__name__}(…)."
                )
            if not fits:
                raise TypeError(f"{name} must be {takes}, got {type(given).__name__}.")
        moved = {id(parameter) for group in optimizer.param_groups for parameter in group["params"]}
        trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
        if trainable and not any(id(parameter) in moved for parameter in trainable):
            raise ValueError(
                "the optimizer holds none of the model's parameters, so the model would not learn. Make it from "
                "model.parameters()."
            )
        self.model, self.loss_fn, self.optimizer = model, loss_fn, optimizer
        self.metrics = _checked_metrics(metrics)
        self.history = History()
        self.stop = False  # a callback sets it to end the run after this epoch
        self.loaders: list = []
        self.callbacks: list[Callback] = []
        self._shares = isinstance(model, DistributedDataParallel) and get_world_size() > 1
        self.leads = not self._shares or get_rank() == 0  # of several processes one prints and saves
        self._best: tuple[float, dict] | None = None
        self._bar = None
        self._rows = 0  # of this process in the epoch, counted where several train
        self._draws: list[dict] = []  # the states of all processes' generators at the end of the epoch
        self._resumed: dict | None = None

    def fit(
        self,
        train_loader: Iterable,
        val_loader: Iterable | None = None,
        cfg: TrainConfig | None = None,
        callbacks: Sequence[Callback] = (),
    ) -> History:
        """Train until cfg.epochs, or until a callback stops the run; return the history.

        An interruption (the notebook's stop button, Ctrl-C) ends the run too: the history stays, and the model gets the
        weights of its best epoch, if one was finished. Where several processes train, an interruption raises
        KeyboardInterrupt and ends all. After `resume` the run continues from the checkpoint.
        """
        cfg = TrainConfig() if cfg is None else cfg
        if not isinstance(cfg, TrainConfig):
            raise TypeError(f"cfg must be a TrainConfig, got {type(cfg).__name__}.")
        _check_loader("train_loader", train_loader, cfg.epochs)
        if val_loader is not None:
            _check_loader("val_loader", val_loader, cfg.epochs)
        callbacks = [callbacks] if isinstance(callbacks, Callback) else list(callbacks)
        for callback in callbacks:
            if not isinstance(callback, Callback):
                raise TypeError(f"callbacks must be a list of Callbacks, got one of type {type(callback).__name__}.")
        # Checkpoints last, so that they hold the state of the others.
        self.callbacks = sorted(callbacks, key=lambda callback: isinstance(callback, Checkpoint))
        self.loaders, self.stop = [train_loader, val_loader], False
        if self._resumed is not None:
            self._take_over(self._resumed)
            self._resumed = None
        else:
            self.history, self._best = History(), None
            if cfg.seed is not None:
                random.manual_seed(cfg.seed + (get_rank() if self._shares else 0))
        try:
            self._tell("on_train_begin")
            with _bar(cfg.progress and self.leads) as self._bar:
                while len(self.history) < cfg.epochs and not self.stop:
                    self._epoch(train_loader, val_loader, cfg)
            self._end(cfg.restore_best)
        except KeyboardInterrupt:
            if self._shares:  # the others wait for this process in the midst of a step
                raise
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
        sampler = getattr(train_loader, "sampler", None)
        if hasattr(sampler, "set_epoch"):
            sampler.set_epoch(len(self.history))
        record = {"train_loss": self._mean(self.train_epoch(train_loader, cfg), self._rows)}
        if val_loader is not None:
            means, count = self._evaluated(val_loader)
            record |= {f"val_{name}": self._mean(value, count) for name, value in means.items()}
        self.history.records.append(record)
        watched = record.get("val_loss", record["train_loss"])
        if self._best is None or watched < self._best[0] or math.isnan(self._best[0]):
            self._best = (watched, self.model.state_dict())
        if self._shares:
            self._draws = [{}] * get_world_size()
            all_gather_object(self._draws, self._own_draws())
        self._tell("on_epoch_end")
        if self._shares:  # a callback of one process stops all
            self.stop = all_reduce(int(self.stop), "max") > 0
        epoch = len(self.history)
        if self.leads and cfg.print_every and (epoch % cfg.print_every == 0 or epoch == cfg.epochs or self.stop):
            if self._bar is not None:
                self._bar.clear()  # in a terminal it is where the line will be printed
            print(f"epoch {epoch}/{cfg.epochs}: " + ", ".join(f"{name} {value:.4f}" for name, value in record.items()))

    def train_epoch(self, loader: Iterable, cfg: TrainConfig) -> float:
        """Go through the data once; return the mean loss of an example."""
        self.model.train()
        losses, counts = [], []
        for inputs, targets in self._batches(loader):
            self.optimizer.zero_grad()
            loss = self._loss(self.model(inputs), targets)
            loss.backward()
            if cfg.clip_norm is not None:
                clip_grad_norm_(self.model.parameters(), cfg.clip_norm)
            self._tell("on_backward")
            self.optimizer.step()
            self._tell("on_step_end")
            losses.append(loss.item())
            counts.append(_count(inputs))
        if not losses:
            raise ValueError("the training data is empty: the loader gave no batch. Is drop_last larger than the data?")
        return float(np.average(losses, weights=counts))

    def _loss(self, output: Any, targets: Any) -> Tensor:
        loss = self.loss_fn(output, targets)
        if not isinstance(loss, Tensor):
            raise TypeError(f"loss_fn must return a tensor of one element, the loss, got {shown(loss)}.")
        return loss

    def _weighed(self, batches: Iterable) -> Iterator:
        """The batches of one of several processes; for each the model is told the weight of its gradients."""
        self._rows = 0
        for inputs, targets in batches:
            count = _count(inputs)
            self.model.gradient_weight = self._weight(count)
            self._rows += count
            yield inputs, targets
        self._weight(0)
        self.model.gradient_weight = 1.0

    def _weight(self, count: int) -> float:
        """Own rows × processes / all rows, so that the mean over the processes is that of all rows.

        A count of 0 says that this process has no more batches.
        """
        rows, ended = all_reduce(np.array([count, count == 0])).tolist()
        if 0 < ended < get_world_size():
            raise ValueError(
                f"{ended} of {get_world_size()} processes had no more batches when the others had one. Give all equally"
                " many: a DistributedSampler deals the data out evenly."
            )
        return count * get_world_size() / rows if rows else 0.0

    def _mean(self, mean: float, count: int) -> float:
        """The mean over the examples of all processes, from the mean over `count` of this one."""
        if not self._shares:
            return mean
        total, count = all_reduce(np.array([mean * count, count], np.float64)).tolist()
        return total / count

    def _batches(self, loader: Iterable) -> Iterator:
        """The batches of an epoch, counted on the bar if there is one."""
        batches = _pairs(loader)
        if self._shares:
            batches = self._weighed(batches)
        if self._bar is None:
            return batches
        return _counted(batches, self._bar, f"epoch {len(self.history) + 1}", _length(loader))

    def evaluate(self, loader: Iterable) -> dict[str, float]:
        """The mean loss and metrics over the data, in eval mode and without a graph."""
        return self._evaluated(loader)[0]

    def _evaluated(self, loader: Iterable) -> tuple[dict[str, float], int]:
        rows, counts = [], []
        with evaluating(self.model), no_grad():
            for inputs, targets in _pairs(loader):
                output = self.model(inputs)
                row = {"loss": self._loss(output, targets).item()}
                for name, metric in self.metrics.items():
                    row[name] = _measured(name, metric(output, targets))
                rows.append(row)
                counts.append(_count(inputs))
        if not rows:
            raise ValueError("there is nothing to evaluate: the loader gave no batch.")
        means = {name: float(np.average([row[name] for row in rows], weights=counts)) for name in rows[0]}
        return means, sum(counts)

    def predict(self, inputs: Any) -> np.ndarray:
        """The model's output as an array, in eval mode and without a graph."""
        with evaluating(self.model), no_grad():
            return self.model(inputs if isinstance(inputs, Tensor) else Tensor(inputs)).cpu().data

    # Resuming ---------------------------------------------------------------------------------------

    def save_checkpoint(self, path: str | Path) -> None:
        """Write all that a run needs to continue from here, in one atomic step.

        Call it at the end of an epoch, as `Checkpoint` does: within an epoch the order of the batches is under way, and
        after `fit` the weights may be the best ones. Of several processes only process 0 writes.
        """
        if not self.leads:
            return
        save_tree(
            {
                "model": self.model.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "history": self.history.records,
                "best": self._best and list(self._best),
                **self._own_draws(),
                "others": self._draws[1:],
                "callbacks": [callback.state_dict() for callback in self.callbacks],
            },
            path,
        )

    def _own_draws(self) -> dict[str, Any]:
        """The states of all generators that a step of this process draws from."""
        return {
            "random": random.default_rng().bit_generator.state,
            "layers": {name: rng.bit_generator.state for name, rng in _generators(self.model)},
            "loaders": [_state(loader) for loader in self.loaders],
        }

    def resume(self, path: str | Path) -> Trainer:
        """Let the next `fit`, with the same loaders and callbacks, continue from a checkpoint; return the trainer.

        The numbers are those of a run that never stopped. cfg.seed is ignored then. Raises the errors of `load_tree`
        and of the `load_state_dict` of model and optimizer, and then changes nothing.
        """
        tree = load_tree(path)
        if not isinstance(tree, dict) or not _CHECKPOINT <= tree.keys():
            raise ValueError(f"{path} is not a checkpoint of a Trainer.")
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
        others = tree.get("others", [])
        if len(others) != (get_world_size() - 1 if self._shares else 0):
            raise ValueError(
                f"the checkpoint was written by {len(others) + 1} processes, so as many must continue. To go on with "
                'another number, load the weights alone: model.load_state_dict(load_tree(path)["model"]).'
            )
        if not self.leads:
            tree = tree | others[get_rank() - 1]
        generators = dict(_generators(self.model))
        if generators.keys() != tree["layers"].keys():
            raise ValueError(
                "the checkpoint was written with a model in which other layers draw from a generator of their own: "
                f"{list(tree['layers'])}, here {list(generators)}. Build the model with the same rng=."
            )
        for loader, state in zip(self.loaders, tree["loaders"], strict=True):
            if _state(loader).keys() != state.keys():
                raise ValueError(
                    "the checkpoint was written with a loader that has a seed of its own and this run's loader has "
                    "none, or the other way round. Give fit the same loaders."
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
        # Again: a schedule that is made or loaded writes its learning rate, which need not be the latest one.
        self.optimizer.load_state_dict(tree["optimizer"])

    def _tell(self, event: str) -> None:
        for callback in self.callbacks:
            getattr(callback, event)(self)


_CHECKPOINT = {"model", "optimizer", "history", "best", "random", "layers", "loaders", "callbacks"}


def _checked_metrics(metrics: Any) -> dict[str, Metric]:
    if metrics is None:
        return {}
    if not isinstance(metrics, Mapping) or not all(map(callable, metrics.values())):
        raise TypeError(f"metrics must be a dict {{name: function (output, targets) -> number}}, got {shown(metrics)}.")
    if "loss" in metrics:
        raise ValueError("the metric 'loss' would hide the loss itself, which is measured anyway. Rename it.")
    return dict(metrics)


def _measured(name: str, value: Any) -> float:
    """A metric's number; an array or a tensor of one element counts as one."""
    array = on_cpu(value)
    if array.size != 1 or array.dtype.kind not in "fiub":
        raise TypeError(f"the metric {name!r} must return a number, got {shown(value)}.")
    return float(array.item())


def _check_loader(name: str, loader: Any, epochs: int) -> None:
    if not hasattr(loader, "__iter__") and not hasattr(loader, "__getitem__"):
        hint = " Pass it as cfg=." if isinstance(loader, TrainConfig) else ""
        raise TypeError(f"{name} must yield batches (inputs, targets), got {type(loader).__name__}.{hint}")
    if isinstance(loader, Iterator) and epochs > 1:
        raise TypeError(
            f"{name} is an iterator, which is used up after one epoch of {epochs}. Pass a DataLoader or a list."
        )


def _pairs(loader: Iterable) -> Iterator:
    """The batches, each of which must be a pair: a tensor of two rows would unpack too."""
    for batch in loader:
        if not isinstance(batch, (tuple, list)) or len(batch) != 2:
            what = f"{len(batch)} parts" if isinstance(batch, (tuple, list)) else type(batch).__name__
            raise TypeError(f"a loader must yield pairs (inputs, targets), got {what}. Is TensorDataset(x, y) meant?")
        if not _count(batch[0]):
            raise ValueError(
                "the loader gave a batch without examples, whose mean loss would be 0/0. Leave empty batches out."
            )
        yield batch


def _count(inputs: Any) -> int:
    """The number of examples in a batch; if it has several parts, that of the first. A 0-d input is one example."""
    while isinstance(inputs, (tuple, dict)):
        inputs = next(iter(inputs.values() if isinstance(inputs, dict) else inputs))
    return 1 if np.ndim(inputs) == 0 else len(inputs)


def _length(loader: Iterable) -> int | None:
    return len(loader) if hasattr(loader, "__len__") else None


def _bar(progress: bool):
    """A bar that is refilled in each epoch, so that a notebook shows one and not one an epoch; or None."""
    if not progress:
        return nullcontext()
    from tqdm.auto import tqdm

    return tqdm(total=0, leave=False)


def _counted(batches: Iterable, bar, name: str, total: int | None) -> Iterator:
    """The batches of an epoch, counted on the bar."""
    bar.set_description(name, refresh=False)
    bar.reset(total)
    for batch in batches:
        yield batch
        bar.update()


def _generators(model: Module):
    """(name, generator) of the layers that draw from a generator of their own."""
    for name, module in model.named_modules():
        rng = getattr(module, "rng", None)
        if isinstance(rng, np.random.Generator):
            yield name, rng


def _state(loader: Any) -> dict:
    return loader.state_dict() if hasattr(loader, "state_dict") else {}
