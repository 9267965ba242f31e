"""Lesson 16: who looks at whom. A row for each token of a text, a column for each token that it may look at.

A step is a token that looks. The heads are chosen above. A token and its column light up together.
"""

from __future__ import annotations

import copy
import html
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from .base import Goal, Model, View, Words

MOST_TOKENS = 16
_CELL, _LEFT, _TOP = 38, 60, 34  # pixels


class AttentionMapModel(Model):
    """The state of `AttentionMap`: step t is the row of token t, in one head."""

    title = "Attention: a row for each token that looks, a column for each that it looks at"
    interval = 900

    def __init__(self, tokens: Sequence[str], weights: Any, goal: tuple[int, int] | None = None):
        self.tokens = [str(token) for token in tokens]
        self.weights = np.asarray(weights, dtype=float)
        count = len(self.tokens)
        if not 1 <= count <= MOST_TOKENS:
            raise ValueError(f"tokens must be 1 to {MOST_TOKENS} texts, got {count}.")
        if self.weights.ndim != 3 or not len(self.weights) or self.weights.shape[1:] != (count, count):
            raise ValueError(
                f"weights must have shape (heads, {count}, {count}), a row and a column for each token, got "
                f"{self.weights.shape}."
            )
        if not np.isfinite(self.weights).all() or (self.weights < 0).any():
            raise ValueError("weights must be finite and at least 0, as softmax gives them.")
        if goal is not None and not all(0 <= place < count for place in goal):
            raise ValueError(f"goal must be two positions from 0 to {count - 1}, got {goal!r}.")
        self.length, self.head, self.target = count, 0, goal

    def choose(self, head: int) -> None:
        """Show another head."""
        self.head = min(max(head, 0), len(self.weights) - 1)

    def label(self) -> str:
        return f"token {self.step}"

    def most(self) -> int:
        """The position that the token of this step looks at most."""
        return int(self.weights[self.head, self.step].argmax())

    # Pictures ---------------------------------------------------------------------------------------------

    def picture(self) -> str:
        parts = []
        for j, token in enumerate(self.tokens):
            parts.append(_group(f"c{j}", [_text(_LEFT + (j + 0.5) * _CELL, 22, token)]))
        for i, token in enumerate(self.tokens):
            y = _TOP + i * _CELL
            mark = "▸ " if i == self.step else ""
            parts.append(_group(f"r{i}", [_text(_LEFT - 22, y + 24, mark + token)]))
            for j in range(self.length):
                weight, place = self.weights[self.head, i, j], _place(_LEFT + j * _CELL, y)
                style = "first" if i == self.step else "second"
                fill = f'<rect class="cell {style}" style="opacity: {min(weight, 1):.2f}" {place}/>'
                frame = f'<rect class="frame" {place}/>'
                number = [_text(_LEFT + (j + 0.5) * _CELL, y + 24, f"{100 * weight:.0f}")] if weight >= 0.005 else []
                parts.append(_group(f"r{i} c{j}", [fill, frame, *number]))
        size = _LEFT + self.length * _CELL + 2
        words = html.escape(f"Attention of head {self.head} in percent; token {self.step} looks")
        room = f'width="{size}" height="{size}" viewBox="0 0 {size} {size}"'
        return f'<svg class="gradlib-axes" role="img" aria-label="{words}" {room}>{"".join(parts)}</svg>'

    # Words ------------------------------------------------------------------------------------------------

    def words(self) -> Words:
        row, most = self.weights[self.head, self.step], self.most()
        rows = (
            ("most at", f"{self.tokens[most]!r} at position {most}, {row[most]:.0%}"),
            ("at itself", f"{row[self.step]:.0%}"),
        )
        remark = "Nothing later is seen." if not row[self.step + 1 :].any() else "It also sees what comes later."
        return Words(f"Head {self.head}: {self.tokens[self.step]!r} at position {self.step} looks", rows, remark)

    def possible_words(self) -> Iterator[Words]:
        for head in range(len(self.weights)):
            other = copy.copy(self)
            other.choose(head)
            for step in range(other.length):
                other.step = step
                yield other.words()

    def goal(self) -> Goal | None:
        """Find the head in which one token looks most at another; None if there is none, or the first head does it."""
        if self.target is None:
            return None
        looks, at = self.target
        found = [head for head, rows in enumerate(self.weights) if rows[looks].argmax() == at]
        if not found:
            return None
        text = f"Find a head in which {self.tokens[looks]!r} at position {looks} looks most at position {at}."
        return Goal(text, self.step == looks and self.head in found)


class AttentionMap(View):
    """The attention weights of a text, token by token and head by head.

    tokens : the texts, up to 16. weights : an array (heads, T, T), each row from a softmax. goal : two positions; the
    learner finds a head in which the first looks most at the second. Without one, or if no head does so, there is no
    goal.

    >>> view = AttentionMap("ab", [[[1.0, 0.0], [0.5, 0.5]], [[1.0, 0.0], [0.1, 0.9]]], goal=(1, 1))
    >>> view.go(1)
    >>> view.choose(1)
    >>> view
    Head 1: 'b' at position 1 looks
      most at    'b' at position 1, 90%
      at itself  90%
    Nothing later is seen.
    Goal: Find a head in which 'b' at position 1 looks most at position 1. Reached.

    Raises ValueError for no tokens or too many, weights of another shape, weights below 0, a goal outside the text.
    """

    def __init__(self, tokens: Sequence[str], weights: Any, goal: tuple[int, int] | None = None):
        self.model = AttentionMapModel(tokens, weights, goal)

    def choose(self, head: int) -> None:
        """Show another head."""
        self.model.choose(head)
        self.show()

    def controls(self) -> list:
        import ipywidgets as W

        if len(self.model.weights) == 1:
            return []
        names = [(f"head {head}", head) for head in range(len(self.model.weights))]
        field = W.Dropdown(options=names, value=self.model.head, description="head")
        field.observe(lambda change: self.choose(change.new), "value")
        return [field]


def _place(x: float, y: float) -> str:
    return f'x="{x:.0f}" y="{y:.0f}" width="{_CELL}" height="{_CELL}"'


def _group(link: str, parts: list[str]) -> str:
    return f'<g data-link="{link}">{"".join(parts)}</g>'


def _text(x: float, y: float, text: str) -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="middle">{html.escape(text)}</text>'
