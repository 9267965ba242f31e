"""What was passed, kept in one small JSON file on the learner's own computer."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .exercises import Exercise

UNREADABLE = (
    "The progress file cannot be read, so nothing was saved. `gradlib.checks.progress_file()` names it; "
    "delete it to start over."
)
UNWRITABLE = "Nothing was saved: the progress file, which `gradlib.checks.progress_file()` names, cannot be written."


def is_strict() -> bool:
    """Return True if checks raise and record nothing.

    They do so wherever nbgrader runs a notebook, to validate or to grade it, and with `GRADLIB_CHECKS=strict`.
    """
    return "NBGRADER_EXECUTION" in os.environ or os.environ.get("GRADLIB_CHECKS") == "strict"


def progress_file() -> Path:
    """Where progress is kept: GRADLIB_PROGRESS if it is set, else a file in the user's data folder."""
    if path := os.environ.get("GRADLIB_PROGRESS"):
        return Path(path)
    if sys.platform == "win32":
        folder = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        folder = Path.home() / "Library" / "Application Support"
    else:
        folder = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(folder) / "gradlib" / "progress.json"


def remember(exercise: Exercise) -> str:
    """Record that an exercise was passed. Returns "" or one line on why it could not be."""
    try:
        if _key(exercise) not in _read():
            with _one_kernel_at_a_time(progress_file()):
                _write(progress_file(), _read() | {_key(exercise)})
    except ValueError:
        return UNREADABLE
    except (OSError, RuntimeError):  # RuntimeError: there is no home folder
        return UNWRITABLE
    return ""


@dataclass(frozen=True)
class Progress:
    """What was passed, lesson by lesson: a table as text and as HTML."""

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
    """What you have passed so far, as a table by lesson.

    It is kept in the file that `progress_file()` names, on this computer alone. Deleting it starts over.
    """
    from .exercises import all_exercises, lesson_titles

    passed, trouble = frozenset(), ""
    try:
        passed = frozenset() if is_strict() else _read()
    except (ValueError, OSError, RuntimeError):
        trouble = UNREADABLE
    rows = []
    for lesson, title in lesson_titles().items():
        exercises = [exercise for exercise in all_exercises() if exercise.lesson == lesson]
        done = [exercise.name for exercise in exercises if _key(exercise) in passed]
        to_do = [exercise.name for exercise in exercises if _key(exercise) not in passed]
        count = f"{len(done)} of {len(exercises)}"
        rows.append((f"{lesson} {title}", count, ", ".join(done), ", ".join(to_do)))
    return Progress(tuple(rows), trouble)


def _key(exercise: Exercise) -> str:
    return f"{exercise.lesson}/{exercise.name}"


def _read() -> frozenset[str]:
    """The keys of what was passed. ValueError if the file holds anything else."""
    try:
        content = json.loads(progress_file().read_text(encoding="utf-8"))
    except FileNotFoundError:
        return frozenset()
    passed = content.get("passed") if isinstance(content, dict) else None
    if not isinstance(passed, list) or not all(isinstance(key, str) for key in passed):
        raise ValueError('expected {"passed": [names]}')
    return frozenset(passed)


@contextlib.contextmanager
def _one_kernel_at_a_time(path: Path) -> Iterator[None]:
    """Between reading and writing no other kernel may write: what it passed would be lost. A folder is the lock,
    since making one succeeds only once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = path.with_name(path.name + ".lock")
    for _ in range(200):  # two seconds; a lock that is still there then was left behind by a kernel that died
        with contextlib.suppress(FileExistsError):
            lock.mkdir()
            break
        time.sleep(0.01)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            lock.rmdir()


def _write(path: Path, passed: frozenset[str]) -> None:
    """Write a new file beside the old one and put it in its place, so that no moment sees half a file."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".new")
    try:
        with open(handle, "w", encoding="utf-8") as file:
            json.dump({"passed": sorted(passed)}, file, indent=1)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
