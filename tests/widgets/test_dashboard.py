"""The training dashboard: when it trains, what it keeps, what it says."""

import numpy as np
import pytest

from gradlib import Tensor, nn
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


# Changes while it trains --------------------------------------------------------------------------------------


def recorded(**options):
    """A dashboard with controls, and the list of what its loop was called with."""
    calls = []

    def make(width):
        calls.append(("made", width))

        def train_epoch(x, y, lr):
            calls.append((len(x), y[-1], lr))
            return 1 / len(calls)

        return train_epoch, lambda points: points[:, 0]

    return TrainingDashboard.with_controls(make, X, Y, epochs=20, lr=0.1, width=8, **options), calls


def tell(view, **message):
    picture = view.widget.children[-1]
    picture._handle_custom_msg({**message, "number": picture.answered + 1}, [])


def test_a_click_in_the_plane_adds_a_point_that_is_learned_from_then_on():
    view, calls = recorded()
    view.go(2)
    axes = view.model._axes()
    before = view.model._plane().count("point ")
    tell(view, grabbed="plane", x=axes.x(1.0), y=axes.y(-0.5))
    tell(view, clicked="plane")
    assert np.allclose(view.model.x[-1], [1.0, -0.5]) and view.model.y[-1] == Y[0]
    assert view.model.step == 2 and f" of {len(X) + 1}" in repr(view), "shown at once"
    assert view.model._plane().count("point ") == before + 1
    view.go(3)
    assert calls == [("made", 8), (len(X), Y[-1], 0.1), (len(X), Y[-1], 0.1), (len(X) + 1, Y[0], 0.1)]
    view.go(1)
    assert f" of {len(X)}" in repr(view) and view.model._plane().count("point ") == before, "the points of then"


def test_by_keyboard_arrows_move_the_place_and_enter_adds():
    view, _ = recorded()
    (left, right), (bottom, top) = view.model.ranges
    x, y = view.model.cursor
    tell(view, nudged="plane", across=2, up=-1)
    assert view.model.cursor == pytest.approx((x + 2 * (right - left) / 40, y - (top - bottom) / 40))
    tell(view, nudged="plane", across=-100, up=100)
    assert view.model.cursor == (left, top)
    tell(view, clicked="plane")
    assert view.model.x[-1].tolist() == [left, top]


def test_the_class_of_a_new_point_is_chosen():
    view, _ = recorded()
    added = view.widget.children[0].children[0]
    for label in (1, 0):
        added.value = label
        tell(view, clicked="plane")
        assert view.model.y[-1] == label


def test_another_rate_goes_on_from_where_the_training_is():
    view, calls = recorded()
    view.go(4)
    view.go(1)
    view.widget.children[0].children[1].value = 0.3
    assert view.model.step == 4 and len(view.model.epochs) == 5, "nothing is trained by the change itself"
    view.go(5)
    assert [call[2] for call in calls[1:]] == [0.1] * 4 + [0.3]
    assert [bool(epoch.change) for epoch in view.model.epochs] == [False] * 5 + [True]


def test_another_width_begins_again_with_all_points():
    view, calls = recorded()
    view.go(3)
    view.clicked("plane")
    view.widget.children[0].children[2].value = 32
    assert calls[-1] == ("made", 32) and view.model.step == 0 and len(view.model.epochs) == 1
    view.go(1)
    assert calls[-1][0] == len(X) + 1
    view.widget.children[0].children[3].click()
    assert calls[-1] == ("made", 32) and view.model.step == 0


def test_a_dashboard_of_a_loop_without_parameters_has_no_controls():
    view, _ = counted()
    assert view.controls() == [] and "data-drag" not in view.model.picture()


def test_the_model_predicts_in_eval_mode_and_records_nothing():
    seen = []

    class Reader(nn.Module):
        def forward(self, x):
            scores = Tensor(x) @ Tensor(np.eye(2, dtype=np.float32), requires_grad=True)
            seen.append((self.training, scores.requires_grad))
            return scores

    reader = Reader()
    view = TrainingDashboard(lambda: 1.0, reader, X, Y, 5)
    view.go(1)
    assert set(seen) == {(False, False)} and reader.training
    assert view.model.epochs[1].accuracy == np.mean((X[:, 1] > X[:, 0]) == Y)


def test_the_goal():
    view = logistic()
    assert not view.model.goal().reached
    view = TrainingDashboard(lambda: 1.0, lambda points: 2 * Y - 1 if len(points) == len(Y) else points[:, 0], X, Y)
    assert view.model.goal() is None, "it would be reached at once"
