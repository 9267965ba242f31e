"""The attention map: what it says, its goal, what it refuses."""

import numpy as np
import pytest

from gradlib.widgets import AttentionMap
from tests.widgets.samples.attention_map import EVEN, LAST, SAMPLES

TWO = SAMPLES[AttentionMap]["two heads"]


def test_the_words_follow_the_token_and_the_head():
    view = TWO()
    view.go(1)
    assert view.model.words().rows[1] == ("at itself", "50%")
    view.choose(1)
    assert view.model.words().rows[0] == ("most at", "'2' at position 1, 100%")
    view.choose(9)
    assert view.model.head == 1


def test_the_goal_needs_the_token_and_the_head():
    view = TWO()
    view.go(3)
    assert not view.model.goal().reached
    view.choose(1)
    assert view.model.goal().reached
    view.go(2)
    assert not view.model.goal().reached


def test_a_goal_that_no_head_reaches_is_not_shown():
    assert AttentionMap("12+3=", [EVEN, LAST], goal=(1, 3)).model.goal() is None


def test_a_look_into_the_future_is_named():
    assert "later" in SAMPLES[AttentionMap]["no mask"]().model.words().remark
    assert SAMPLES[AttentionMap]["no mask"]().model.words().remark != TWO().model.words().remark


def test_a_token_lights_its_column_and_a_cell_both():
    picture = TWO().model.picture()
    assert 'data-link="c2"' in picture and 'data-link="r4 c2"' in picture


@pytest.mark.parametrize(
    ("tokens", "weights", "goal", "words"),
    [
        ("", np.ones((1, 0, 0)), None, "1 to 16 texts"),
        ("ab", np.eye(2), None, r"shape \(heads, 2, 2\)"),
        ("ab", np.ones((1, 2, 3)), None, r"shape \(heads, 2, 2\)"),
        ("ab", [[[1, 0], [-1, 2]]], None, "at least 0"),
        ("ab", [[[1, 0], [np.nan, 1]]], None, "finite"),
        ("ab", [np.eye(2)], (1, 2), "two positions from 0 to 1"),
    ],
)
def test_it_refuses_what_it_cannot_draw(tokens, weights, goal, words):
    with pytest.raises(ValueError, match=words):
        AttentionMap(tokens, weights, goal)
