"""Whose line it is: the learner's code on a call stack, its lines as text, and the loop around a line."""

from __future__ import annotations

import ast
import itertools
import linecache
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType

from ..tracebacks import is_the_learners

_DEEPEST = 1000  # calls of a stack that are looked at

# Between the learner's code and whoever calls the check.
_CHECKS = tuple(str(Path(__file__).with_name(name)) for name in ("running.py", "limits.py"))


@dataclass(frozen=True)
class Place:
    """A line of code: str(place) is "line 3: return x / 0", or "line 3" where the source is not known."""

    file: str
    line: int
    function: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.source}" if self.source else f"line {self.line}"

    @property
    def source(self) -> str:
        return linecache.getline(self.file, self.line).strip()


def places_of_error(error: BaseException) -> list[Place]:
    """Return the learner's places in a traceback, the innermost first."""
    places: deque[Place] = deque(maxlen=_DEEPEST)
    step = error.__traceback__
    while step is not None:
        places.appendleft(_place(step.tb_frame, step.tb_lineno))
        step = step.tb_next
    return learners_places(places)


def places_of_frame(frame: FrameType | None) -> list[Place]:
    """Return the learner's places on a call stack, the innermost first."""
    places = []
    while frame is not None and len(places) < _DEEPEST:
        places.append(_place(frame, frame.f_lineno))
        frame = frame.f_back
    return learners_places(places)


def _place(frame: FrameType, line: int | None) -> Place:
    # Python knows no line where a `with` or a `try` ends without one. Then the function's first line is named.
    return Place(frame.f_code.co_filename, line or frame.f_code.co_firstlineno, frame.f_code.co_name)


def learners_places(places: Iterable[Place]) -> list[Place]:
    """Keep the learner's places of a call stack, the innermost first, without those that have called the check."""
    within = itertools.dropwhile(_is_of_the_checks, places)  # `input` is replaced there
    within = itertools.takewhile(lambda place: not _is_of_the_checks(place), within)
    return [place for place in within if is_the_learners(place.file)]


def _is_of_the_checks(place: Place) -> bool:
    return place.file in _CHECKS


def loop_around(place: Place, kind: str) -> Place | None:
    """Return the first line of the innermost loop around a place, within its function. kind : "While" or "For"."""
    try:
        tree = ast.parse("".join(linecache.getlines(place.file)))
    except SyntaxError:
        return None
    around = [
        node
        for node in ast.walk(tree)
        if type(node).__name__ in (kind, "FunctionDef") and node.lineno <= place.line <= node.end_lineno
    ]
    innermost = max(around, key=lambda node: node.lineno, default=None)
    return replace(place, line=innermost.lineno) if type(innermost).__name__ == kind else None
