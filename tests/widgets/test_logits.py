"""Draggable logits: the library's loss and gradient, dragging, sweeping."""

from xml.etree import ElementTree

import numpy as np
import pytest

from gradlib import Tensor, nn
from gradlib.widgets import DraggableLogits
from gradlib.widgets.logits import SWEEP
from tests.widgets.samples import SAMPLES


@pytest.mark.parametrize("logits", [[2.0, 1.0, 0.0], [0.0, 0.0], [1e4, -1e4, 5.0], [1e300, -1e300]])
@pytest.mark.parametrize("target", [0, 1])
def test_loss_and_gradient_are_the_librarys(logits, target):
    model = DraggableLogits(logits, target).model
    x = Tensor(np.array([logits]), requires_grad=True)
    loss = nn.functional.cross_entropy(x, [target])
    loss.backward()
    assert model.loss() == pytest.approx(loss.item()) and np.allclose(model.gradient(), x.grad[0])


def test_the_slider_sweeps_the_chosen_class():
    view = DraggableLogits([2.0, 1.0, 0.0])
    view.clicked("c2")
    start = view.model.step
    view.go(0)
    assert view.model.logits.tolist() == [2.0, 1.0, SWEEP[0]]
    view.go(view.model.length - 1)
    assert view.model.logits.tolist() == [2.0, 1.0, SWEEP[-1]]
    view.go(start)
    assert view.model.logits.tolist() == [2.0, 1.0, 0.0]


@pytest.mark.parametrize(("score", "label"), [(1.0, "class 0: 1"), (1.1, "class 0: 1.1"), (-9.0, "class 0: -9")])
def test_the_slider_begins_where_the_score_is(score, label):
    model = DraggableLogits([score, 0.0]).model
    assert abs(SWEEP[model.step] - score) == min(abs(value - score) for value in SWEEP)
    assert model.label() == label and model.logits[0] == score
    for way in (1, -1):
        step = min(max(model.step + way, 0), model.length - 1)
        assert abs(SWEEP[step] - SWEEP[model.step]) <= 0.25, "a step does not jump"


@pytest.mark.parametrize(("across", "up", "score"), [(0, 1, 1.25), (-1, 0, 0.75), (0, 10, 3.5), (0, -100, -8.0)])
def test_a_bar_is_moved_by_the_arrow_keys(across, up, score):
    view = DraggableLogits([2.0, 1.0, 0.0])
    view.widget.children[-1]._handle_custom_msg({"nudged": "c1", "across": across, "up": up, "number": 1}, [])
    assert view.model.logits.tolist() == [2.0, score, 0.0] and view.model.chosen == 1


def test_the_goal():
    view = DraggableLogits([2.0, 1.0, 0.0], target=1)
    assert not view.model.goal().reached
    view.nudged("c1", 0, 30)
    assert view.model.goal().reached and np.abs(view.model.gradient()).max() < 0.01
    assert DraggableLogits([20.0, 0.0]).model.goal() is None, "it would be reached at once"


def test_choosing_another_class_keeps_what_was_swept():
    view = DraggableLogits([2.0, 1.0, 0.0])
    view.go(len(SWEEP) - 1)
    view.clicked("c1")
    assert view.model.logits.tolist() == [SWEEP[-1], 1.0, 0.0]


@pytest.mark.parametrize(("score", "up", "down"), [(1.0, 1.25, 0.75), (1.1, 1.25, 0.75), (-9.0, -5.75, -9.0)])
def test_the_sweep_of_a_chosen_class_begins_where_its_score_is(score, up, down):
    for way, expected in [(1, up), (-1, down)]:
        view = DraggableLogits([2.0, score, 0.0])
        view.clicked("c1")
        start = view.model.step
        assert view.model.logits.tolist() == [2.0, score, 0.0]
        view.go(start + way)
        assert view.model.logits.tolist() == [2.0, expected, 0.0]
        view.go(start)
        assert view.model.logits.tolist() == [2.0, score, 0.0]


@pytest.mark.parametrize("value", [-8.0, -3.0, 0.0, 5.5, 8.0])
def test_a_bar_follows_the_pointer(value):
    view = DraggableLogits([2.0, 1.0, 0.0])
    axes = view.model._chart("score", view.model._range())
    view.widget.children[-1]._handle_custom_msg({"dragged": "c1", "x": 0.0, "y": axes.y(value)}, [])
    assert view.model.logits.tolist() == pytest.approx([2.0, value, 0.0], abs=0.06)
    assert view.model.chosen == 1


def test_dragging_out_of_the_picture_stops_at_its_edge():
    view = DraggableLogits([2.0, 1.0, 0.0])
    for _ in range(3):  # held there: the axis does not run away
        view.dragged("c0", 0.0, -500.0)
        assert view.model.logits[0] == 8.0


@pytest.mark.parametrize("make", SAMPLES[DraggableLogits].values())
def test_no_number_is_cut_off(make):
    """Their baselines are far enough from the edges of the frame, and from each other."""
    for step in (0, 1, len(SWEEP) - 1):
        view = make()
        view.go(step)
        for chart in ElementTree.fromstring(f"<div>{view.model.picture()}</div>"):
            frame = next(e for e in chart.iter("rect") if e.get("class") == "frame")
            top, height = float(frame.get("y")), float(frame.get("height"))
            inside = chart.find("svg")
            for text in inside.iter("text"):
                assert top + 12 <= float(text.get("y")) <= top + height - 2, text.text


def test_another_true_class():
    view = DraggableLogits([2.0, 1.0, 0.0])
    view.widget.children[0].children[0].value = 2
    assert repr(view).startswith("True class 2: loss 2.408")


@pytest.mark.parametrize(
    ("logits", "target", "words"),
    [
        ([0.0, 0.0, 0.0], 0, "All scores are equal: each class has 1/3, and the loss is ln 3."),
        ([9.0, 0.0], 0, "Sure and right"),
        ([9.0, 0.0], 1, "Sure and wrong"),
        ([1.0, 0.0], 1, "A step against the gradient lifts the true class"),
    ],
)
def test_the_remark(logits, target, words):
    assert words in repr(DraggableLogits(logits, target))


@pytest.mark.parametrize(("logits", "target"), [([1.0], 0), ([1.0] * 7, 0), ([1.0, np.nan], 0), ([1.0, 2.0], 2)])
def test_what_cannot_be_shown_is_refused(logits, target):
    with pytest.raises(ValueError):
        DraggableLogits(logits, target)
