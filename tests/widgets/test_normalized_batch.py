"""One batch before and after: the library's values and gradient, dragging, sweeping, the two modes."""

from xml.etree import ElementTree

import numpy as np
import pytest

from gradlib import Tensor, nn
from gradlib.widgets import NormalizedBatch
from gradlib.widgets.normalized_batch import SWEEP
from tests.widgets.samples import SAMPLES

COLUMNS = [[1.0, 4.0, 2.0, 6.0, 3.0], [-10.0, 0.5, 10.0], [2.0, 2.0, 2.5]]


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("chosen", [0, 2])
def test_z_and_its_slopes_are_the_librarys(column, chosen):
    view = NormalizedBatch(column)
    view.clicked(f"x{chosen}")
    x = Tensor(np.array(column)[:, None], requires_grad=True)
    z = nn.functional.batch_norm(x, None, None, training=True)
    assert np.allclose(view.model.z(), z.data[:, 0])
    for n, slope in enumerate(view.model.slopes()):
        x.grad = None
        z = nn.functional.batch_norm(x, None, None, training=True)
        z[n, 0].backward()
        assert slope == pytest.approx(x.grad[chosen, 0], abs=1e-6)


@pytest.mark.parametrize("column", COLUMNS)
def test_in_eval_mode_one_entry_moves_and_no_other(column):
    view = NormalizedBatch(column)
    start = view.model.z()
    view.widget.children[0].children[0].value = "eval"
    assert np.array_equal(view.model.z(), start), "the running statistics are those of the batch at the start"
    view.nudged("x1", 0, 4)
    assert np.flatnonzero(view.model.z() != start).tolist() == [1]
    assert np.flatnonzero(view.model.slopes()).tolist() == [1]
    assert "eval mode" in repr(view) and "Only the z of the entry that you move" in repr(view)
    view.widget.children[0].children[0].value = "training"
    assert (view.model.z() != start).all()


def test_the_formula_of_the_learner_is_used():
    view = NormalizedBatch([1.0, 2.0, 6.0], lambda x: 2 * x)
    assert view.model.z().tolist() == [2.0, 4.0, 12.0]
    assert view.model.slopes() == pytest.approx([2.0, 0.0, 0.0])


def test_the_slider_sweeps_the_chosen_entry():
    view = NormalizedBatch([2.0, 1.0, 0.0])
    view.clicked("x2")
    start = view.model.step
    for step in (0, len(SWEEP) - 1):
        view.go(step)
        assert view.model.x.tolist() == [2.0, 1.0, SWEEP[step]]
    view.go(start)
    assert view.model.x.tolist() == [2.0, 1.0, 0.0]


def test_choosing_another_entry_keeps_what_was_swept():
    view = NormalizedBatch([2.0, 1.0, 0.0])
    view.go(len(SWEEP) - 1)
    view.clicked("x1")
    assert view.model.x.tolist() == [SWEEP[-1], 1.0, 0.0]


@pytest.mark.parametrize(("across", "up", "value"), [(0, 1, 1.25), (-1, 0, 0.75), (0, 10, 3.5), (0, -100, -10.0)])
def test_an_entry_is_moved_by_the_arrow_keys(across, up, value):
    view = NormalizedBatch([2.0, 1.0, 0.0])
    view.widget.children[-1]._handle_custom_msg({"nudged": "x1", "across": across, "up": up, "number": 1}, [])
    assert view.model.x.tolist() == [2.0, value, 0.0] and view.model.chosen == 1


@pytest.mark.parametrize("value", [-10.0, -3.0, 0.0, 5.5, 10.0])
def test_an_entry_follows_the_pointer(value):
    view = NormalizedBatch([2.0, 1.0, 0.0])
    axes = view.model._chart("x", view.model._range)
    view.widget.children[-1]._handle_custom_msg({"dragged": "x1", "x": 0.0, "y": axes.y(value)}, [])
    assert view.model.x.tolist() == pytest.approx([2.0, value, 0.0], abs=0.06)


def test_dragging_out_of_the_picture_stops_at_its_edge():
    view = NormalizedBatch([2.0, 1.0, 0.0])
    view.dragged("x0", 0.0, -500.0)
    assert view.model.x[0] == 10.0


def test_the_goal():
    view = NormalizedBatch()
    assert view.model.goal() == ("In training mode, bring one z above 1.8.", False)
    view.nudged("x3", 0, 100)
    assert view.model.goal().reached
    view.widget.children[0].children[0].value = "eval"
    assert not view.model.goal().reached, "there z may be as large as one likes"
    assert NormalizedBatch([10.0, 0.0, 0.0, 0.0]).model.goal() is None, "it would be reached at once"


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ([1.0, 2.0, 6.0, 3.0], "Every z moves"),
        ([2.0, 2.0, 2.0], "All entries are equal"),
        ([10.0, 0.0, 0.0, 0.0], "its z stays below √(N - 1) = 1.73"),
    ],
)
def test_the_remark(column, words):
    assert words in repr(NormalizedBatch(column))


@pytest.mark.parametrize("make", SAMPLES[NormalizedBatch].values())
@pytest.mark.parametrize("mode", ["training", "eval"])
def test_no_number_is_cut_off(make, mode):
    """Their baselines are far enough from the edges of the frame."""
    for step in (0, 40, len(SWEEP) - 1):
        view = make()
        view.model.mode = mode
        view.go(step)
        for chart in ElementTree.fromstring(f"<div>{view.model.picture()}</div>"):
            frame = next(e for e in chart.iter("rect") if e.get("class") == "frame")
            top, height = float(frame.get("y")), float(frame.get("height"))
            for text in chart.find("svg").iter("text"):
                assert top + 12 <= float(text.get("y")) <= top + height - 2, text.text


@pytest.mark.parametrize("column", [[1.0, 2.0], [1.0] * 7, [1.0, 2.0, np.nan], [1.0, 2.0, 11.0]])
def test_what_cannot_be_shown_is_refused(column):
    with pytest.raises(ValueError, match="3 to 6 numbers"):
        NormalizedBatch(column)


def test_a_normalize_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"shape \(3, 1\)"):
        NormalizedBatch([1.0, 2.0, 4.0], lambda x: x.mean(axis=0))
