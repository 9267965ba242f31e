"""Count the mistakes of a class, exercise by exercise: `make insights LESSON=04 SUBMITTED=folder`.

It reads the gradebook that `make grade` has written, and writes insights.csv and insights.svg beside it. Nothing
leaves this machine. Names are left out unless asked for (NAMES=1).
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..checks.boxes import sentence
from .lms import csv_text
from .parent import Gradebook, write_whole
from .submissions import Release, Unreadable, find_release, shown

OTHER, UNTRIED = "another mistake", "not attempted"
HEAD = ("exercise", "mistake", "how many", "of", "what the check says")


@dataclass
class Row:
    """How many made a mistake in an exercise, and who."""

    exercise: str
    mistake: str
    says: str
    students: list[str] = field(default_factory=list)


def count(records: list[dict], release: Release) -> list[Row]:
    """The mistakes in the order of the exercises, the most frequent first in each."""
    module = importlib.import_module(f"gradlib.checks.lesson_{release.lesson}")
    rows = []
    for name in release.points:
        says = {mistake.__name__: sentence(mistake) for mistake in getattr(module, name).mistakes}
        found: dict[str, Row] = {}
        for record in records:
            for each in record["exercises"]:
                if each["exercise"] == name and each["status"] != "passed":
                    for mistake in each["mistakes"] or [UNTRIED if each["status"] == UNTRIED else OTHER]:
                        row = found.setdefault(mistake, Row(name, mistake, says.get(mistake, "")))
                        row.students.append(record["student_id"])
        rows += sorted(
            found.values(), key=lambda row: (row.mistake in (OTHER, UNTRIED), -len(row.students), row.mistake)
        )
    return rows


def table(rows: list[Row], of: int, names: bool) -> str:
    """The rows as text, with what the check says below each."""
    lines = []
    for row in rows:
        who = f" ({', '.join(map(shown, row.students))})" * names
        lines.append(f"{len(row.students):>3} of {of}  {row.exercise}: {row.mistake.replace('_', ' ')}{who}")
        lines += textwrap.wrap(row.says, 100, initial_indent=" " * 10, subsequent_indent=" " * 10)
    return "\n".join(lines) or "Nobody made a mistake."


def as_csv(rows: list[Row], of: int, names: bool) -> str:
    lines = [[row.exercise, row.mistake, len(row.students), of, row.says] for row in rows]
    who = [["; ".join(row.students)] * names for row in rows]
    return csv_text([[*HEAD, *["who"] * names], *([*line, *each] for line, each in zip(lines, who, strict=True))])


def draw(rows: list[Row], of: int, title: str, path: Path) -> None:
    """A bar for each mistake, as long as the number of those who made it."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    from .. import palette

    shown = rows[::-1]
    fig, ax = plt.subplots(figsize=(8, 1 + 0.3 * max(1, len(shown))), layout="constrained")
    looks = [palette.GUIDE.color if row.mistake in (OTHER, UNTRIED) else palette.WRONG.color for row in shown]
    bars = ax.barh(range(len(shown)), [len(row.students) for row in shown], color=looks)
    ax.bar_label(bars, padding=3)
    ax.margins(y=0.02)
    ax.set_yticks(range(len(shown)), [f"{row.exercise}: {row.mistake.replace('_', ' ')}" for row in shown])
    ax.set(xlim=(0, max(of, 1) * 1.08), xlabel=f"learners, of {of}", title=title)
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.spines[["top", "right"]].set_visible(False)
    fig.savefig(path)
    plt.close(fig)


def main(arguments: Sequence[str] | None = None) -> int | str:
    parser = argparse.ArgumentParser(prog="python -m gradlib.grading.insights", description=__doc__.splitlines()[0])
    parser.add_argument("lesson")
    parser.add_argument("submitted", type=Path)
    parser.add_argument("--names", default=os.environ.get("NAMES", ""), help="1: say who made which mistake")
    wishes = parser.parse_args(arguments)
    try:
        release = find_release(wishes.lesson)
    except Unreadable as why:
        return str(why)
    book = Gradebook(wishes.submitted, release, "")
    records = [record for record in book.records.values() if record["score"] is not None]
    if not records:
        return f"No submission of {release.name} is graded in {wishes.submitted}. Grade them first: make grade LESSON=…"
    names = wishes.names not in ("", "0")
    rows = count(sorted(records, key=lambda record: record["student_id"]), release)
    print(table(rows, len(records), names))
    write_whole(wishes.submitted / "insights.csv", as_csv(rows, len(records), names))
    draw(rows, len(records), f"{release.name}: what to discuss", wishes.submitted / "insights.svg")
    print(f"\nThe same as a table and as a picture: {wishes.submitted / 'insights.csv'}, insights.svg")
    return 0


if __name__ == "__main__":
    sys.exit(main())
