"""Lesson 11: its dashboard trains, also after the cells below it have run."""

import matplotlib
import pytest

from notebooks import ROOT, read


@pytest.fixture
def names(monkeypatch):
    """All names of the lesson after its last cell; the dashboard is `shown`."""
    matplotlib.use("agg")
    found = {}
    for cell in read(ROOT / "notebooks" / "11_training.ipynb").cells:
        if cell.cell_type == "code":
            exec(cell.source.replace("\nTrainingDashboard.with_", "\nshown = TrainingDashboard.with_"), found)
    return found


def test_the_dashboard_trains_when_the_whole_lesson_has_run(names):
    shown = names["shown"]
    shown.go(60)
    first, best, last = (shown.model.epochs[i] for i in (1, min(range(1, 61), key=_validation(shown)), 60))
    assert last.train_loss < best.train_loss < first.train_loss
    assert best.val_loss < first.val_loss and best.val_loss < last.val_loss, "it learns, and then overfits"
    assert "has learned its own points better and others worse" in repr(shown)


def _validation(shown):
    return lambda epoch: shown.model.epochs[epoch].val_loss
