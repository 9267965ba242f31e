"""The memory timeline: what it counts, its cuts, its goal, what it refuses."""

from itertools import combinations

import numpy as np
import pytest

from gradlib import Tensor, nn
from gradlib.widgets import MemoryTimeline
from gradlib.widgets.memory_timeline import lowest_peak
from tests.widgets.samples.memory_timeline import chain, narrowing


def peak(sizes, cuts):
    """By hand: the checkpoints up to a segment, and the results in it."""
    bounds = [0, *cuts, len(sizes) - 1]
    return max(
        sum(sizes[c] for c in bounds[: j + 1]) + sum(sizes[bounds[j] + 1 : bounds[j + 1] + 1])
        for j in range(len(bounds) - 1)
    )


@pytest.mark.parametrize("segments", [1, 2, 4, 8])
def test_equal_layers_hold_a_checkpoint_a_segment_and_one_segment(segments):
    model = chain(16, segments).model
    assert model.peak == 8000 * (segments + 16 // segments) == peak(model.sizes, model.cuts)
    assert model.plain_peak == 8000 * 17 == max(model.plain())


def test_every_result_is_freed_and_the_steps_are_three_a_layer():
    model = chain(16, 4).model
    phases = [moment.phase for moment in model.moments[1:]]
    assert [phases.count(name) for name in ("Forward", "Forward again", "Backward")] == [16, 16, 16]
    assert model.moments[-1].held == (0,) and model.moments[16].held == (0, 4, 8, 12, 16)
    assert model.moments[20].held == (0, 4, 8, 12, 13, 14, 15, 16)


@pytest.mark.parametrize("seed", range(5))
def test_the_lowest_peak_is_that_of_all_plans(seed):
    sizes = np.random.default_rng(seed).integers(1, 20, size=9).tolist()
    for most in (1, 2, 3, 8):
        plans = [cuts for count in range(most) for cuts in combinations(range(1, 8), count)]
        assert lowest_peak(sizes, most) == min(peak(sizes, cuts) for cuts in plans)


def test_a_cut_can_be_dragged_and_moved_by_keys_between_its_neighbours():
    view = chain(16, 4)
    axes = view.model._result_axes()
    view.dragged("cut1", axes.x(6.2), 0.0)
    assert view.model.cuts == [4, 6, 12]
    view.nudged("cut1", -10, 0)
    assert view.model.cuts == [4, 5, 12]
    view.nudged("cut2", 10, 1)
    assert view.model.cuts == [4, 5, 15] and view.model.step == 1


def test_the_sizes_are_those_of_the_learners_network():
    model = narrowing().model
    assert model.sizes[0] == 4 * 64 * 4 and model.sizes[1] == 4 * 8 * 36 * 4 and model.sizes[-1] == 4 * 3 * 4
    double = MemoryTimeline(nn.Sequential(nn.Linear(3, 5), nn.Tanh()).double(), Tensor(np.ones((2, 3)))).model
    assert double.sizes == [2 * 3 * 8, 2 * 5 * 8, 2 * 5 * 8]


def test_the_goal_is_reached_by_some_plan_and_not_from_the_start():
    view = narrowing()
    assert not view.model.goal().reached
    plans = [cuts for count in range(7) for cuts in combinations(range(1, 7), count)]
    best = min(plans, key=lambda cuts: peak(view.model.sizes, cuts))
    view.model.cut(best)
    assert view.model.goal().reached
    assert chain(2).model.goal() is None  # no cut helps


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([np.tanh], np.ones(3)), "from 2 to 32 functions, .* got 1"),
        (([np.tanh] * 33, np.ones(3)), "got 33"),
        (([np.tanh] * 2, np.ones(0)), "at least one number"),
        (([np.tanh] * 2, np.ones(3), 0), "at least 1"),
    ],
)
def test_it_refuses_what_it_cannot_draw(arguments, words):
    with pytest.raises(ValueError, match=words):
        MemoryTimeline(*arguments)
