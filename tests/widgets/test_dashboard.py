"""The training dashboard: when it trains, what it keeps, what it says."""

import numpy as np
import pytest

from gradlib.widgets import TrainingDashboard
from tests.widgets.samples.dashboard import X, Y, logistic, with_losses


def counted(epochs=8):
    """A dashboard, and the list of the epochs that were trained."""
    trained = []

    def train_epoch():
        trained.append(len(trained))
        return 1 / len(trained)

    return TrainingDashboard(train_epoch, lambda points: points[:, 0] - len(trained), X, Y, epochs), trained


def test_an_epoch_is_trained_once_and_only_when_shown():
    view, trained = counted()
    assert trained == []
    view.go(3)
    assert trained == [0, 1, 2]
    view.go(1)
    view.go(3)
    assert trained == [0, 1, 2]
    view.go(4)
    assert trained == [0, 1, 2, 3]


def test_going_back_shows_the_model_as_it_was():
    view, _ = counted()
    view.go(1)
    then = view.model.picture()
    view.go(5)
    assert view.model.picture() != then
    view.go(1)
    assert view.model.picture() == then


def test_the_plane_is_divided_as_the_model_says():
    view = logistic()
    model = view.model
    view.go(model.length - 1)
    cells = model.epochs[-1].cells
    (left, right), (bottom, top) = model.ranges
    for row, column in [(0, 0), (3, 40), (43, 43), (20, 7)]:
        across = left + (column + 0.5) / 44 * (right - left)
        up = bottom + (row + 0.5) / 44 * (top - bottom)
        assert cells[row, column] == (model.predict(np.array([[across, up]]))[0] > 0)


@pytest.mark.parametrize(
    ("scores", "classes"),
    [
        (lambda n: np.arange(n) - 1.5, [0, 0, 1, 1]),
        (lambda n: (np.arange(n) - 1.5)[:, None], [0, 0, 1, 1]),
        (lambda n: np.eye(n)[:, ::-1], [3, 2, 1, 0]),
    ],
)
def test_scores_of_every_shape_become_classes(scores, classes):
    model = with_losses([1.0] * 5).model
    model.predict = lambda points: scores(len(points))
    assert model._classes(np.zeros((4, 2))).tolist() == classes


@pytest.mark.parametrize(
    ("losses", "step", "words"),
    [
        ([1.0] * 5, 0, "Nothing is trained yet"),
        ([(1.0, 1.0), (0.5, 0.8)] * 3, 2, "The validation loss is the lowest so far."),
        ([(1.0, 0.8), (0.5, 1.2)] * 3, 2, "The validation loss was lowest after epoch 1, 0.8, and is higher now"),
        ([(1.0, 0.8), (0.5, 0.81)] * 3, 2, "lowest after epoch 1, and is about the same now"),
        ([2.0, 0.5, np.nan, np.nan, np.nan], 3, "the training has diverged"),
        ([2.0, 0.5, 0.25, 0.1, 0.05], 3, "The training loss was 2 after the first epoch."),
        ([(1.0, 2.0, 3.0)] * 5, 1, "Training stopped in epoch 1. TypeError: train_epoch must return one loss, or"),
    ],
)
def test_the_remark(losses, step, words):
    view = with_losses(losses)
    view.go(step)
    assert words in repr(view)


def test_a_loop_that_fails_is_said_and_stops():
    calls = []

    def train_epoch():
        calls.append(1)
        if len(calls) == 3:
            raise ValueError("labels must be class indices")
        return 1.0

    view = TrainingDashboard(train_epoch, lambda points: points[:, 0], X, Y, 6)
    view.go(6)
    assert "Training stopped in epoch 3. ValueError: labels must be class indices" in repr(view)
    assert len(calls) == 3
    view.go(2)
    assert "stopped" not in repr(view)


@pytest.mark.parametrize("x", [np.zeros((0, 2)), np.zeros((5, 3)), np.zeros(5), np.zeros((4, 2))])
def test_points_that_are_not_of_the_plane_are_refused(x):
    with pytest.raises(ValueError, match="points of the plane and their classes"):
        TrainingDashboard(lambda: 1.0, lambda points: points[:, 0], x, np.zeros(5))
