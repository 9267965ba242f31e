"""The training loop: what it records, when it stops, and that it goes on where it was killed, bit for bit."""

import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import gradlib
from gradlib import nn, optim
from gradlib.data import DataLoader, TensorDataset, make_moons
from gradlib.serialization import save_tree
from gradlib.training import (
    Callback,
    Checkpoint,
    EarlyStopping,
    GradientTracking,
    History,
    LivePlot,
    ScheduleCallback,
    TrainConfig,
    Trainer,
    accuracy,
    steps,
)

QUIET = TrainConfig(epochs=3, print_every=0, seed=5)


def setup(lr=0.05, seed=7):
    """A trainer whose run depends on all that a checkpoint keeps: dropout, batch norm, order, momentum, schedule."""
    gradlib.manual_seed(3)
    x, y = make_moons(60, rng=np.random.default_rng(0))
    model = nn.Sequential(
        nn.Linear(2, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.2),
        nn.Dropout(0.1, rng=np.random.default_rng(9)), nn.Linear(8, 2),
    )  # fmt: skip
    optimizer = optim.Adam(model.parameters(), lr=lr)
    trainer = Trainer(model, nn.CrossEntropyLoss(), optimizer, {"accuracy": accuracy})
    loaders = (
        DataLoader(TensorDataset(x, y), batch_size=16, shuffle=True, seed=seed),
        DataLoader(TensorDataset(x, y), batch_size=30),
    )
    return trainer, loaders, ScheduleCallback(optim.lr_scheduler.StepLR(optimizer, 2, gamma=0.5))


def weights(trainer):
    return {name: array.tolist() for name, array in trainer.model.state_dict().items()}


def test_the_history_of_a_run(capsys):
    trainer, loaders, _ = setup()
    history = trainer.fit(*loaders, TrainConfig(epochs=5, print_every=2))
    assert history.names == ["train_loss", "val_loss", "val_accuracy"]
    assert len(history) == len(history["train_loss"]) == 5 and not history.interrupted
    assert history["train_loss"][-1] < history["train_loss"][0]
    assert history.to_dict().keys() == set(history.names) and json.dumps(history.to_dict())
    assert repr(history).splitlines()[0].split() == ["epoch", *history.names] and len(repr(history).splitlines()) == 6
    assert history.best("val_loss") == int(np.argmin(history["val_loss"]))
    shown = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in shown] == ["epoch 2/5", "epoch 4/5", "epoch 5/5"]
    with pytest.raises(KeyError, match="'loss' was not measured. Measured were: train_loss, val_loss, val_accuracy"):
        history["loss"]


def test_the_loss_of_an_epoch_is_the_mean_over_examples():
    x, y = np.array([[1.0], [2.0], [4.0]]), np.zeros((3, 1))
    trainer = Trainer(nn.Identity(), nn.MSELoss(), optim.SGD([gradlib.Parameter([0.0])]))
    assert trainer.evaluate(DataLoader(TensorDataset(x, y), batch_size=2)) == {"loss": 7.0}  # (1 + 4 + 16) / 3


def test_evaluation_is_in_eval_mode_and_changes_nothing():
    trainer, (_, loader), _ = setup()
    before = weights(trainer)
    assert trainer.evaluate(loader) == trainer.evaluate(loader)
    trainer.predict(np.ones((2, 2), np.float32))
    assert weights(trainer) == before and trainer.model.training


def test_accuracy_of_classes_and_of_single_scores():
    assert accuracy(gradlib.Tensor([[2.0, 1.0], [0.0, 1.0]]), np.array([0, 0])) == 0.5
    assert accuracy(gradlib.Tensor([[2.0], [-1.0]]), np.array([[1.0], [0.0]])) == 1.0
    assert accuracy(gradlib.Tensor([2.0, -1.0, 3.0]), np.array([1, 1, 0])) == pytest.approx(1 / 3)


def test_a_training_is_shorter_in_the_browser(monkeypatch):
    assert steps(1000, in_browser=200) == 1000
    monkeypatch.setattr(sys, "platform", "emscripten")
    assert steps(1000, in_browser=200) == 200


def test_a_run_with_a_seed_repeats_bit_for_bit_and_another_differs():
    runs = []
    for seed in (5, 5, 6):
        trainer, loaders, schedule = setup()
        history = trainer.fit(*loaders, TrainConfig(epochs=3, print_every=0, seed=seed), [schedule])
        runs.append((history.to_dict(), weights(trainer)))
    assert runs[0] == runs[1] != runs[2]


def test_a_resumed_run_gives_the_numbers_of_one_that_never_stopped(tmp_path):
    whole, loaders, schedule = setup()
    six, four = (TrainConfig(n, print_every=0, seed=5) for n in (6, 4))
    whole.fit(*loaders, six, [schedule, EarlyStopping(patience=9)])
    part, loaders, schedule = setup()
    path = tmp_path / "run.safetensors"
    callbacks = [schedule, EarlyStopping(patience=9), Checkpoint(path)]
    part.fit(*loaders, four, callbacks)
    other, loaders, schedule = setup()
    gradlib.manual_seed(99)
    callbacks = [schedule, EarlyStopping(patience=9), Checkpoint(path)]
    other.resume(path).fit(*loaders, TrainConfig(6, print_every=0), callbacks)
    assert other.history.to_dict() == whole.history.to_dict()
    assert weights(other) == weights(whole)


@pytest.mark.parametrize("stop", range(1, 8))
def test_schedules_that_write_one_rate_resume_with_the_last_that_was_written(tmp_path, stop):
    """And the order in which the callbacks are given does not matter."""
    runs = []
    for stops in ([8], [stop, 8]):
        path = tmp_path / f"{len(stops)}.safetensors"
        for epochs in stops:
            trainer, loaders, schedule = setup(lr=0.3)
            plateau = ScheduleCallback(optim.ReduceLROnPlateau(trainer.optimizer, patience=0), monitor="val_loss")
            callbacks = [Checkpoint(path), EarlyStopping(patience=8), schedule, plateau]
            if path.exists():
                trainer.resume(path)
            trainer.fit(*loaders, TrainConfig(epochs=epochs, print_every=0, seed=5), callbacks)
        runs.append((trainer.history.to_dict(), weights(trainer), trainer.optimizer.param_groups[0]["lr"]))
    assert runs[0] == runs[1]


def test_a_run_that_was_stopped_early_stays_so_and_goes_on_with_more_patience(tmp_path):
    def run(patience, path):
        trainer, loaders, _ = setup()
        callbacks = [EarlyStopping(patience=patience, min_delta=9.0), Checkpoint(path)]
        if path.exists():
            trainer.resume(path)
        return len(trainer.fit(*loaders, TrainConfig(epochs=9, print_every=0, seed=5), callbacks))

    path = tmp_path / "run.safetensors"
    assert [run(2, path), run(2, path), run(4, path), run(99, path)] == [3, 3, 5, 9]


def test_early_stopping_starts_over_with_a_new_run():
    trainer, loaders, _ = setup()
    stopping = EarlyStopping(patience=2, min_delta=9.0)
    assert [len(trainer.fit(*loaders, TrainConfig(epochs=9, print_every=0), [stopping])) for _ in range(2)] == [3, 3]


KILLED = """
import sys
sys.path.insert(0, {root!r})
from tests.test_training import *
trainer, loaders, schedule = setup()
trainer.fit(*loaders, TrainConfig(epochs=1000, print_every=1, seed=5), [schedule, Checkpoint({path!r})])
"""


def test_a_run_that_is_killed_loses_at_most_the_epoch_under_way(tmp_path):
    path, root = tmp_path / "run.safetensors", str(Path(__file__).parents[1])
    code = KILLED.format(root=root, path=str(path))
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    for _ in range(3):
        process.stdout.readline()
    time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    told = 3 + process.stdout.read().count("epoch")
    process.wait()
    process.stdout.close()
    resumed, loaders, schedule = setup()
    resumed.resume(path)
    done = len(resumed.history)
    assert done >= told - 1
    resumed.fit(*loaders, TrainConfig(epochs=done + 2, print_every=0), [schedule, Callback()])
    whole, loaders, schedule = setup()
    whole.fit(*loaders, TrainConfig(epochs=done + 2, print_every=0, seed=5), [schedule, Callback()])
    assert resumed.history.to_dict() == whole.history.to_dict() and weights(resumed) == weights(whole)


def test_an_interruption_keeps_the_history_and_the_best_weights(capsys):
    class Interrupt(Callback):
        best = None

        def on_epoch_end(self, trainer):
            if len(trainer.history) == trainer.history.best("val_loss") + 1:
                self.best = weights(trainer)

        def on_step_end(self, trainer):
            if len(trainer.history) == 4:
                raise KeyboardInterrupt

    trainer, loaders, _ = setup(lr=0.3)
    interrupt = Interrupt()
    history = trainer.fit(*loaders, TrainConfig(epochs=9, print_every=0), [interrupt])
    assert len(history) == 4 and history.interrupted
    assert weights(trainer) == interrupt.best
    assert all(parameter.grad is None for parameter in trainer.model.parameters())
    assert "interrupted in epoch 5: the model has the weights of its best epoch so far" in capsys.readouterr().out


@pytest.mark.parametrize("event", ["on_train_begin", "on_backward", "on_step_end", "on_epoch_end", "on_train_end"])
@pytest.mark.parametrize("epochs", [0, 2])
def test_an_interruption_in_any_callback_is_one(event, epochs, capsys):
    class Interrupt(Callback):
        done = False

    def interrupt(self, trainer):
        if not self.done and len(trainer.history) >= epochs:
            self.done = True
            raise KeyboardInterrupt

    setattr(Interrupt, event, interrupt)
    trainer, loaders, _ = setup()
    history = trainer.fit(*loaders, TrainConfig(epochs=3, print_every=0), [Interrupt()])
    if (event, epochs) == ("on_train_begin", 2):
        assert len(history) == 3 and not history.interrupted  # there was none
        return
    assert history.interrupted and history is trainer.history
    if len(history):
        assert trainer.evaluate(loaders[1])["loss"] == pytest.approx(min(history["val_loss"]))
    said = "after the last epoch: " if event == "on_train_end" else f"in epoch {len(history) + 1}: "
    what = "the weights of its best epoch so far." if len(history) else "its last weights, since no epoch is done."
    assert capsys.readouterr().out == f"interrupted {said}the model has {what}\n"


def test_restore_best_ends_with_the_best_weights():
    trainer, loaders, _ = setup(lr=0.5)
    history = trainer.fit(*loaders, TrainConfig(epochs=8, print_every=0, restore_best=True))
    assert trainer.evaluate(loaders[1])["loss"] == pytest.approx(min(history["val_loss"]))


def test_early_stopping_waits_and_stops():
    class Fixed(Callback):
        losses = iter([1.0, 0.5, 0.6, 0.45, 0.46, 0.47, 0.1])

        def on_epoch_end(self, trainer):
            trainer.history.records[-1]["val_loss"] = next(self.losses)

    trainer, loaders, _ = setup()
    history = trainer.fit(*loaders, TrainConfig(epochs=20, print_every=0), [Fixed(), EarlyStopping(patience=2)])
    assert history["val_loss"] == [1.0, 0.5, 0.6, 0.45, 0.46, 0.47]


def test_early_stopping_may_watch_what_should_rise():
    class Fixed(Callback):
        accuracies = iter([0.5, 0.6, 0.6, math.nan, 0.9])

        def on_epoch_end(self, trainer):
            trainer.history.records[-1]["val_accuracy"] = next(self.accuracies)

    trainer, loaders, _ = setup()
    stopping = EarlyStopping("val_accuracy", patience=2, mode="max")
    history = trainer.fit(*loaders, TrainConfig(epochs=20, print_every=0), [Fixed(), stopping])
    assert len(history) == 4 and stopping.best == 0.6 and history.best("val_accuracy", mode="max") == 1


def test_a_loss_that_is_not_a_number_is_not_the_best():
    losses = iter([math.nan, 2.0, 1.0, math.nan])

    class Fixed(nn.Module):
        def forward(self, x):
            return x

    weight = gradlib.Parameter([0.0])
    model = Fixed()
    model.weight = weight
    trainer = Trainer(model, lambda output, target: (weight * 0 + next(losses)).sum(), optim.SGD([weight], lr=1.0))
    seen = []

    class Count(Callback):
        def on_step_end(self, trainer):
            weight.data[...] = len(seen)
            seen.append(weight.item())

    cfg = TrainConfig(epochs=4, print_every=0, restore_best=True)
    history = trainer.fit(DataLoader(TensorDataset(np.ones((1, 1)), np.ones(1))), cfg=cfg, callbacks=[Count()])
    assert history.best("train_loss") == 2 and weight.item() == 2.0


def test_an_epoch_without_a_number_leaves_a_gap():
    history = History([{"a": 2.0}, {"a": 3.0, "b": 4.0}, {"a": 1.0, "b": 1.0}])
    assert history["a"] == [2.0, 3.0, 1.0] and math.isnan(history["b"][0]) and history["b"][1:] == [4.0, 1.0]
    assert [history.best("b"), history.best("b", mode="max")] == [2, 1]


def test_the_examples_of_a_batch_with_several_parts_are_counted():
    class Sum(nn.Module):
        def forward(self, parts):
            left, right = parts.values() if isinstance(parts, dict) else parts
            return left + right

    pairs = [((np.float32(i), np.float32(0)), np.float32(0)) for i in (1, 2, 4)]
    for examples in (pairs, [({"left": left, "right": right}, target) for (left, right), target in pairs]):
        trainer = Trainer(Sum(), nn.MSELoss(), optim.SGD([gradlib.Parameter([0.0])]))
        assert trainer.evaluate(DataLoader(examples, batch_size=2)) == {"loss": 7.0}  # (1 + 4 + 16) / 3


@pytest.mark.parametrize(("every", "rate"), [("epoch", 0.05 * 0.5), ("step", 0.05 * 0.5**6)])
def test_a_schedule_is_stepped_each_epoch_or_each_step(every, rate):
    trainer, loaders, _ = setup()
    schedule = ScheduleCallback(optim.lr_scheduler.StepLR(trainer.optimizer, 2, gamma=0.5), every=every)
    trainer.fit(*loaders, QUIET, [schedule])  # 3 epochs of 4 steps
    assert trainer.optimizer.param_groups[0]["lr"] == pytest.approx(rate)


def test_a_schedule_may_watch_a_number():
    trainer, loaders, _ = setup(lr=0.0)
    plateau = optim.ReduceLROnPlateau(trainer.optimizer, patience=0, factor=0.1)
    trainer.optimizer.param_groups[0]["lr"] = 1e-9  # nothing gets better
    trainer.fit(*loaders, QUIET, [ScheduleCallback(plateau, monitor="val_loss")])
    assert trainer.optimizer.param_groups[0]["lr"] <= 1e-9


def test_gradients_are_tracked_and_clipped():
    trainer, loaders, _ = setup()
    tracking = GradientTracking(every=2)
    trainer.fit(*loaders, TrainConfig(epochs=2, print_every=0, clip_norm=1e-3), [tracking])
    norms = [tracking.tracker.history[name]["norm"] for name in tracking.tracker.history]
    assert {len(norm) for norm in norms} == {4}
    assert max(np.linalg.norm(step) for step in zip(*norms, strict=True)) <= 1e-3 * 1.001


def test_a_live_plot_shows_a_picture_with_words():
    trainer, loaders, _ = setup()
    plot = LivePlot()
    assert "after the first epoch" in plot.widget.value
    trainer.fit(*loaders, QUIET, [plot])
    assert plot.widget.value.startswith('<img alt="Loss curves after epoch 3: train_loss ')


def test_one_progress_bar_counts_the_batches_of_each_epoch_and_is_taken_away(capsys):
    trainer, loaders, _ = setup()
    trainer.fit(*loaders, TrainConfig(epochs=2, print_every=0, progress=True))
    shown = capsys.readouterr()
    assert shown.out == ""
    lines = shown.err.split("\r")
    assert "\n" not in shown.err and not lines[-2].strip() and not lines[-1].strip()
    assert [any(f"epoch {epoch}:" in line and "/4 " in line for line in lines) for epoch in (1, 2)] == [True, True]
    assert trainer._bar.disable  # closed


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: TrainConfig(epochs=1.5), "epochs must be an integer of at least 0, got 1.5."),
        (lambda: TrainConfig(epochs=True), "epochs must be an integer of at least 0, got True."),
        (lambda: TrainConfig(print_every=-1), "print_every must be an integer of at least 0, got -1."),
        (lambda: TrainConfig(seed=-1), "seed must be an integer of at least 0, or None, got -1."),
        (lambda: TrainConfig(clip_norm=0.0), "clip_norm must be a number above 0, or None for no clipping, got 0.0."),
        (lambda: TrainConfig(clip_norm=np.array([1.0, 2.0])), "clip_norm must be a number above 0"),
        (lambda: EarlyStopping(min_delta=None), "min_delta is a number, got None."),
        (lambda: TrainConfig(clip_norm="1"), "clip_norm must be a number above 0, or None for no clipping, got '1'."),
        (lambda: ScheduleCallback(setup()[2].schedule, every="batch"), "every must be 'epoch' or 'step', got 'batch'."),
        (lambda: ScheduleCallback(None), "ScheduleCallback takes a schedule of optim.lr_scheduler, got NoneType."),
        (lambda: ScheduleCallback(setup()[0].optimizer), "takes a schedule of optim.lr_scheduler, got Adam."),
        (lambda: EarlyStopping(patience=0), "patience must be an integer of at least 1, got 0."),
        (lambda: EarlyStopping(mode="most"), "mode must be 'min' or 'max', got 'most'."),
        (lambda: Checkpoint("run", every=0), "every must be an integer of at least 1, got 0."),
        (lambda: History().best("loss"), "no epoch has a number for 'loss', so none is the best."),
        (lambda: History().best("loss", mode="most"), "mode must be 'min' or 'max', got 'most'."),
        (lambda: ScheduleCallback(optim.ReduceLROnPlateau(setup()[0].optimizer)), "such as monitor='val_loss'."),
        (lambda: ScheduleCallback(setup()[2].schedule, monitor="val_loss"), "StepLR is a formula of t"),
        (lambda: setup()[0].fit([], cfg=QUIET), "the training data is empty: the loader gave no batch."),
        (lambda: setup()[0].evaluate([]), "there is nothing to evaluate: the loader gave no batch."),
        (lambda: setup()[0].fit(iter([]), cfg=QUIET), "train_loader is an iterator, which is used up after one epoch"),
        (lambda: setup()[0].fit([], iter([]), cfg=QUIET), "val_loader is an iterator, which is used up after one"),
        (
            lambda: setup()[0].fit([], QUIET),
            "val_loader must yield batches (inputs, targets), got TrainConfig. Pass it",
        ),
        (lambda: setup()[0].fit([], cfg=3), "cfg must be a TrainConfig, got int."),
        (lambda: setup()[0].fit([], callbacks=[print]), "callbacks must be a list of Callbacks, got one of type"),
        (
            lambda: setup()[0].evaluate(DataLoader(np.ones((4, 2)), batch_size=2)),
            "pairs (inputs, targets), got Tensor.",
        ),
        (lambda: setup()[0].evaluate([(1, 2, 3)]), "a loader must yield pairs (inputs, targets), got 3 parts."),
        (lambda: Trainer(nn.ReLU, print, None), "model must be a Module, got the class ReLU. Call it: ReLU(…)."),
        (lambda: Trainer(nn.ReLU(), nn.MSELoss, None), "got the class MSELoss. Call it: MSELoss(…)."),
        (
            lambda: Trainer(nn.Linear(1, 1), print, optim.SGD(nn.Linear(1, 1).parameters(), 0.1)),
            "the optimizer holds none of the model's parameters, so the model would not learn.",
        ),
        (lambda: Trainer(nn.ReLU(), print, 0.1), "optimizer must be an Optimizer, got float."),
        (lambda: accuracy(np.ones((3, 2)), np.ones(2)), "(N, 1) with labels 0 and 1, got (3, 2) and (2,)."),
        (lambda: accuracy(np.ones((3, 2)), np.ones((3, 1))), "(N, 1) with labels 0 and 1, got (3, 2) and (3, 1)."),
        (
            lambda: accuracy(np.ones((0, 2)), np.ones(0)),
            "accuracy needs at least one example, got labels of shape (0,)",
        ),
    ],
)
def test_wrong_settings_are_refused(call, words):
    with pytest.raises((TypeError, ValueError)) as caught:
        call()
    assert words in str(caught.value)


def test_numpy_integers_are_integers_and_a_0d_input_is_one_example():
    cfg = TrainConfig(epochs=np.int64(2), print_every=np.int32(1), seed=np.int64(0), clip_norm=np.float32(1))
    model = Scale()
    trainer = Trainer(model, nn.MSELoss(), optim.SGD(model.parameters()))
    assert trainer.evaluate([(gradlib.Tensor(2.0), gradlib.Tensor(1.0))]) == {"loss": 1.0}
    assert accuracy(gradlib.Tensor(2.0), np.int64(1)) == 1.0 and accuracy(gradlib.Tensor([0.0, 2.0]), 1) == 1.0
    assert len(trainer.fit([(gradlib.Tensor(2.0), gradlib.Tensor(1.0))], cfg=cfg)) == 2


class Scale(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = gradlib.Parameter(1.0)

    def forward(self, x):
        return self.weight * x


def test_a_checkpoint_of_other_callbacks_is_refused(tmp_path):
    trainer, loaders, schedule = setup()
    trainer.fit(*loaders, QUIET, [schedule, Checkpoint(tmp_path / "run.safetensors")])
    other, loaders, _ = setup()
    other.resume(tmp_path / "run.safetensors")
    with pytest.raises(ValueError, match="was written with 2 callbacks, this run has 0. Give fit the same ones"):
        other.fit(*loaders, QUIET)


def test_a_checkpoint_of_another_run_is_refused_and_changes_nothing(tmp_path):
    path = tmp_path / "run.safetensors"
    trainer, loaders, _ = setup()
    trainer.fit(*loaders, QUIET, [Checkpoint(path)])
    other, _, _ = setup(lr=0.5)
    other.optimizer = optim.SGD(other.model.parameters(), lr=0.5)
    before = weights(other)
    with pytest.raises(ValueError, match="the saved state is (of|from) another optimizer"):
        other.resume(path)
    assert weights(other) == before and len(other.history) == 0

    other, loaders, _ = setup(seed=None)
    with pytest.raises(ValueError, match="with a loader that has a seed of its own and this run's loader has none"):
        other.resume(path).fit(*loaders, QUIET, [Checkpoint(path)])
    other, loaders, _ = setup()
    other.model[4].rng = None
    with pytest.raises(ValueError, match=r"other layers draw from a generator of their own: \['4'\], here \[\]"):
        other.resume(path).fit(*loaders, QUIET, [Checkpoint(path)])


def test_a_folder_that_is_missing_is_noticed_before_the_first_epoch(tmp_path):
    trainer, loaders, _ = setup()
    with pytest.raises(FileNotFoundError, match="there is no folder .*nowhere for the checkpoint: make it first"):
        trainer.fit(*loaders, QUIET, [Checkpoint(tmp_path / "nowhere" / "run")])
    assert len(trainer.history) == 0


def test_an_empty_history_shows_its_head():
    assert repr(History()) == "epoch"


@pytest.mark.parametrize(
    "metrics, error, message",
    [
        (accuracy, TypeError, "metrics must be a dict"),
        ({"a": 5}, TypeError, "metrics must be a dict"),
        ({"loss": accuracy}, ValueError, "would hide the loss itself"),
    ],
)
def test_metrics_that_do_not_fit(metrics, error, message):
    model = nn.Linear(2, 2)
    with pytest.raises(error, match=message):
        Trainer(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.1), metrics)


def test_what_a_loss_and_a_metric_return():
    model, batch = nn.Linear(2, 2), (gradlib.Tensor([[1.0, 2.0]]), [0])
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    with pytest.raises(TypeError, match="loss_fn must return a tensor of one element, the loss, got 1.0"):
        Trainer(model, lambda output, target: 1.0, optimizer).fit([batch])
    for value in ("x", None, np.ones(3)):
        trainer = Trainer(model, nn.CrossEntropyLoss(), optimizer, {"a": lambda output, target, value=value: value})
        with pytest.raises(TypeError, match="the metric 'a' must return a number"):
            trainer.evaluate([batch])


def test_a_batch_without_examples_is_refused():
    """Its mean is 0/0: the loss of the epoch would be NaN, and so would the weights."""
    model = nn.Linear(2, 2)
    trainer = Trainer(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.1))
    for run in (lambda batches: trainer.fit(batches, cfg=TrainConfig(1, 0)), trainer.evaluate):
        with pytest.raises(ValueError, match="the loader gave a batch without examples"):
            run([(gradlib.Tensor(np.ones((0, 2))), np.zeros(0, int))])


def test_switches_are_true_or_false():
    with pytest.raises(TypeError, match="progress is True or False, got 'no'"):
        TrainConfig(progress="no")


def test_a_tree_that_is_no_checkpoint(tmp_path):
    model = nn.Linear(2, 2)
    save_tree({"optimizer": 1}, tmp_path / "run")
    with pytest.raises(ValueError, match="is not a checkpoint of a Trainer"):
        Trainer(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.1)).resume(tmp_path / "run")
