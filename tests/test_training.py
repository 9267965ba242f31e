"""The training loop: what it records, when it stops, and that it goes on where it was killed, bit for bit."""

import json
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
    with pytest.raises(KeyError, match="'loss' was not measured. There are: train_loss, val_loss, val_accuracy"):
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


def test_a_run_with_a_seed_repeats_bit_for_bit_and_another_differs():
    runs = []
    for seed in (5, 5, 6):
        trainer, loaders, schedule = setup()
        history = trainer.fit(*loaders, TrainConfig(epochs=3, print_every=0, seed=seed), [schedule])
        runs.append((history.to_dict(), weights(trainer)))
    assert runs[0] == runs[1] != runs[2]


@pytest.mark.parametrize("mixed", [False, True])
def test_a_resumed_run_gives_the_numbers_of_one_that_never_stopped(tmp_path, mixed):
    whole, loaders, schedule = setup()
    six, four = (TrainConfig(n, print_every=0, seed=5, mixed_precision=mixed) for n in (6, 4))
    whole.fit(*loaders, six, [schedule, EarlyStopping(patience=9)])
    part, loaders, schedule = setup()
    path = tmp_path / "run.safetensors"
    callbacks = [schedule, EarlyStopping(patience=9), Checkpoint(path)]
    part.fit(*loaders, four, callbacks)
    other, loaders, schedule = setup()
    gradlib.manual_seed(99)
    callbacks = [schedule, EarlyStopping(patience=9), Checkpoint(path)]
    other.resume(path).fit(*loaders, TrainConfig(6, print_every=0, mixed_precision=mixed), callbacks)
    assert other.history.to_dict() == whole.history.to_dict()
    assert weights(other) == weights(whole)


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


def test_mixed_precision_computes_products_in_half_and_tracks_true_gradients():
    seen = {True: set(), False: set()}
    norms = []
    for mixed in (True, False):
        trainer, loaders, _ = setup()
        tracking = GradientTracking()
        watch = lambda module, _, output: seen[module.training].add(str(output.dtype))  # noqa: E731
        with trainer.model[0].register_forward_hook(watch):
            trainer.fit(*loaders, TrainConfig(1, print_every=0, seed=5, mixed_precision=mixed), [tracking])
        if mixed:
            assert seen == {True: {"float16"}, False: {"float32"}}
        norms.append(tracking.tracker.history["0.weight"]["norm"][0])
    assert norms[0] == pytest.approx(norms[1], rel=1e-2)


def test_a_live_plot_shows_a_picture_with_words():
    trainer, loaders, _ = setup()
    plot = LivePlot()
    assert "after the first epoch" in plot.widget.value
    trainer.fit(*loaders, QUIET, [plot])
    assert plot.widget.value.startswith('<img alt="Loss curves after epoch 3: train_loss ')


def test_progress_bars_are_taken_away(capsys):
    trainer, loaders, _ = setup()
    trainer.fit(*loaders, TrainConfig(epochs=1, print_every=0, progress=True))
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: TrainConfig(epochs=1.5), "epochs is a whole number of at least 0, got 1.5."),
        (lambda: TrainConfig(print_every=-1), "print_every is a whole number of at least 0, got -1."),
        (lambda: TrainConfig(clip_norm=0.0), "clip_norm is a norm above 0, or None for no clipping, got 0.0."),
        (lambda: ScheduleCallback(None, every="batch"), "every is 'epoch' or 'step', got 'batch'."),
        (lambda: setup()[0].fit([], cfg=QUIET), "the training data is empty: the loader gave no batch."),
        (lambda: setup()[0].evaluate([]), "there is nothing to evaluate: the loader gave no batch."),
    ],
)
def test_wrong_settings_are_refused(call, words):
    with pytest.raises(ValueError) as caught:
        call()
    assert words in str(caught.value)


def test_a_checkpoint_of_other_callbacks_is_refused(tmp_path):
    trainer, loaders, schedule = setup()
    trainer.fit(*loaders, QUIET, [schedule, Checkpoint(tmp_path / "run.safetensors")])
    other, loaders, _ = setup()
    other.resume(tmp_path / "run.safetensors")
    with pytest.raises(ValueError, match="was written with 2 callbacks, this run has 0. Give fit the same ones"):
        other.fit(*loaders, QUIET)


def test_an_empty_history_shows_its_head():
    assert repr(History()) == "epoch"
