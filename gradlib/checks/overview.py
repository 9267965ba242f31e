"""Every exercise of the course, and which of them were passed."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from html import escape
from pathlib import Path

from . import record
from .exercises import Exercise, registry


def lesson_titles() -> dict[str, str]:
    """Return {number: title} of all lessons with checks, in order. It imports them all."""
    files = sorted(Path(__file__).parent.glob("lesson_*.py"))
    modules = {file.stem: importlib.import_module(f"{__package__}.{file.stem}") for file in files}
    return {name.removeprefix("lesson_"): module.TITLE for name, module in modules.items()}


def all_exercises() -> list[Exercise]:
    """Return all exercises, lesson by lesson, in the order of their files."""
    lessons = lesson_titles()
    return [made for lesson in lessons for made in registry.values() if made.lesson == lesson]


@dataclass(frozen=True)
class Progress:
    """A table of the passed exercises by lesson, as text and as HTML."""

    rows: tuple[tuple[str, ...], ...]  # lesson, "1 of 5", passed, still to do
    trouble: str = ""

    HEAD = ("lesson", "passed", "done", "to do")

    @property
    def text(self) -> str:
        table = [self.HEAD, *self.rows]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in table]
        return "\n".join(filter(None, [*lines, self.trouble]))

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col" style="text-align: left">{name}</th>' for name in self.HEAD)
        body = "".join(
            f'<tr><th scope="row" style="text-align: left">{escape(first)}</th>'
            + "".join(f'<td style="text-align: left">{escape(cell)}</td>' for cell in rest)
            + "</tr>"
            for first, *rest in self.rows
        )
        trouble = f"<p>{escape(self.trouble)}</p>" if self.trouble else ""
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{trouble}"


def progress() -> Progress:
    """Return a table of the exercises that you have passed so far, by lesson.

    They are recorded in the file that `progress_file()` names, on this computer only. Delete it to start over.
    """
    passed, trouble = frozenset(), ""
    try:
        passed = frozenset() if record.is_strict() else record.passed()
    except (ValueError, OSError, RuntimeError):
        trouble = record.UNREADABLE
    rows = []
    for lesson, title in lesson_titles().items():
        exercises = [exercise for exercise in all_exercises() if exercise.lesson == lesson]
        done = [exercise.name for exercise in exercises if exercise.key in passed]
        to_do = [exercise.name for exercise in exercises if exercise.key not in passed]
        count = f"{len(done)} of {len(exercises)}"
        rows.append((f"{lesson} {title}", count, ", ".join(done), ", ".join(to_do)))
    return Progress(tuple(rows), trouble)
