"""Every exercise of the course, and which of them were passed."""

from __future__ import annotations

import importlib
import re
from collections.abc import Collection
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
    passed, trouble = _recorded()
    rows = []
    for lesson, title in lesson_titles().items():
        exercises = [exercise for exercise in all_exercises() if exercise.lesson == lesson]
        done = [exercise.name for exercise in exercises if exercise.key in passed]
        to_do = _to_do(exercises, passed)
        count = f"{len(done)} of {len(done) + len(to_do)}"
        rows.append((f"{lesson} {title}", count, ", ".join(done), ", ".join(to_do)))
    return Progress(tuple(rows), trouble)


def _to_do(exercises: list[Exercise], passed: Collection[str]) -> list[str]:
    """The names of a lesson's exercises that are still to be passed, and "one of ..." for those to choose from."""
    chosen = {exercise.one_of for exercise in exercises if exercise.key in passed}
    names: dict[str, list[str]] = {}
    for exercise in exercises:
        if exercise.key not in passed and not (exercise.one_of and exercise.one_of in chosen):
            names.setdefault(exercise.one_of or exercise.name, []).append(exercise.name)
    return [each[0] if len(each) == 1 else f"one of {', '.join(each[:-1])} and {each[-1]}" for each in names.values()]


def _recorded() -> tuple[frozenset[str], str]:
    """The keys of the passed exercises, and a sentence if the file cannot be read. In strict mode nothing counts."""
    try:
        return frozenset() if record.is_strict() else record.passed(), ""
    except (ValueError, OSError, RuntimeError):
        return frozenset(), record.UNREADABLE


@dataclass(frozen=True)
class Advice:
    """A sentence or two with links to notebooks, as text and as HTML."""

    parts: tuple[tuple[str, str], ...]  # (text, where it leads or ""), one after the other

    def __repr__(self) -> str:
        return "".join(text for text, _ in self.parts)

    def _repr_html_(self) -> str:
        return "".join(f'<a href="{link}">{escape(text)}</a>' if link else escape(text) for text, link in self.parts)


def what_is_next() -> Advice:
    """Return what is next for you, from the exercises that you have passed so far.

    It goes on from the last exercise that you have passed in the order of the course, and names those that you have
    left out before. Its links lead from notebooks/ and from exercises/ to the other notebooks.
    """
    passed, trouble = _recorded()
    if trouble:
        return Advice(((trouble, ""),))
    exercises: dict[str, list[Exercise]] = {lesson: [] for lesson in lesson_titles()}
    for exercise in all_exercises():
        exercises[exercise.lesson].append(exercise)
    open_in = {lesson: _to_do(some, passed) for lesson, some in exercises.items()}
    to_do = [lesson for lesson, names in open_in.items() if names]
    if not to_do:
        return _end_of_the_course([each for each in all_exercises() if each.key not in passed])
    begun = [lesson for lesson, some in exercises.items() if any(each.key in passed for each in some)]
    reached = begun[-1] if begun else ""  # the last lesson with a passed exercise
    lesson = next((each for each in to_do if each >= reached), to_do[0])
    if lesson <= reached:
        parts = [
            ("Go on with ", ""),
            (f"the exercises of {_name(lesson)}", f"../exercises/{_file(lesson)}"),
            (f": {open_in[lesson][0]} is next.", ""),
        ]
    else:
        parts = [
            ("Next is lesson " if reached else "Begin with lesson ", ""),
            (_name(lesson), f"../notebooks/{_file(lesson)}"),
            (", and then ", ""),
            ("its exercises", f"../exercises/{_file(lesson)}"),
            (".", ""),
        ]
    before = [each for each in to_do if each < lesson]
    for i, each in enumerate(before):
        parts.append((", " if i else " Still open from before: ", ""))
        parts.append((_name(each), f"../exercises/{_file(each)}"))
        parts.append((f" ({', '.join(open_in[each])})" + "." * (each == before[-1]), ""))
    return Advice(tuple(parts))


def _end_of_the_course(more: list[Exercise]) -> Advice:
    """Return the advice for somebody who has done all. more : exercises that the learner did not choose."""
    if not more:
        return Advice((("You have passed every exercise of the course.", ""),))
    lesson = more[0].lesson
    parts = [
        ("You have finished the course. More to do is in ", ""),
        (f"the exercises of {_name(lesson)}", f"../exercises/{_file(lesson)}"),
        (f": {', '.join(each.name for each in more)}.", ""),
    ]
    return Advice(tuple(parts))


def _name(lesson: str) -> str:
    return f"{lesson} {lesson_titles()[lesson]}"


def _file(lesson: str) -> str:
    """The file of a lesson's notebooks: its number and its title, without an article at the beginning."""
    words = re.findall(r"\w+", lesson_titles()[lesson].lower())
    return "_".join([lesson, *(words[1:] if words[0] in ("a", "the") else words)]) + ".ipynb"
