"""Find submissions, and repair their notebooks by comparison with what was released."""

from __future__ import annotations

import ast
import hashlib
import importlib
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .released import LIBRARY, used_names
from .variants import with_variants

LARGEST = 20 * 2**20  # bytes of a notebook
MOST_CELLS = 2_000  # a lesson has some 80


class Unreadable(Exception):
    """Raised for a submission that cannot be graded. Its message says why."""


@dataclass
class Release:
    """The exercises of a lesson, as they were handed out. variants: with numbers for each learner."""

    path: Path
    variants: bool = False
    lesson: str = field(init=False)
    cells: dict[str, Any] = field(init=False)  # name -> cell, of those that nbgrader knows
    used: list[str] = field(init=False)

    def __post_init__(self):
        import nbformat

        notebook = nbformat.read(self.path, as_version=4)
        if self.variants:
            notebook = with_variants(notebook)
        self.lesson = self.path.stem[:2]
        self.cells = {name: cell for cell in notebook.cells if (name := _grade_id(cell))}
        self.used = sorted(used_names(cell.source for name, cell in _named(notebook) if name not in self.checks))

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def checks(self) -> dict[str, Any]:
        return {name: cell for name, cell in self.cells.items() if cell.metadata.nbgrader.grade}

    @property
    def points(self) -> dict[str, float]:
        """The points of each exercise."""
        return {exercise_of(cell.source)[0]: cell.metadata.nbgrader.points for cell in self.checks.values()}

    @property
    def max_score(self) -> float:
        return self.score(self.points)

    def score(self, passed: Collection[str]) -> float:
        """The points of all that passed. Of exercises among which a learner chooses, one gives the most points of them.

        >>> find_release("20").score(["products", "swing"]) == find_release("20").max_score
        True
        """
        checks, score, done = importlib.import_module(f"gradlib.checks.lesson_{self.lesson}"), 0, set()
        groups = {name: getattr(checks, name).one_of for name in self.points}
        for name in passed:
            if not (group := groups[name]):
                score += self.points[name]
            elif group not in done:
                score += max(points for other, points in self.points.items() if groups[other] == group)
                done.add(group)
        return score


def find_release(lesson: str, variants: bool = False) -> Release:
    """The exercises of a lesson, "04" or "04_broadcasting"."""
    folder = LIBRARY.parent / "exercises"
    number = re.match(r"\d{1,2}", lesson)
    found = sorted(folder.glob(f"{int(number[0]):02d}_*.ipynb")) if number else []
    if not found:
        raise Unreadable(f"There is no lesson {lesson!r} in {folder}. Name one by its number: LESSON=04.")
    return Release(found[0], variants)


def _grade_id(cell: Any) -> str:
    about = cell.metadata.get("nbgrader")
    name = about.get("grade_id") if isinstance(about, dict) else ""
    return name if isinstance(name, str) else ""


def _named(notebook: Any) -> Iterator[tuple[str, Any]]:
    return ((_grade_id(cell), cell) for cell in notebook.cells)


def exercise_of(source: str) -> tuple[str, str]:
    """The name of the exercise and the answer of a check's cell.

    >>> exercise_of("from gradlib.checks import lesson_00 as check\\n\\ncheck.double(double)")
    ('double', 'double')
    """
    call = ast.parse(source).body[-1].value
    return call.func.attr, ast.unparse(call.args[0])


@dataclass
class Submission:
    """The notebook of one student. note: what is odd about its file."""

    student: str
    path: Path | None
    note: str = ""

    def digest(self) -> str:
        """A hash of the file, by which a later call knows whether it has changed. "" for what is not read."""
        if self.path is None or not is_readable(self.path):
            return ""
        return hashlib.sha256(self.path.read_bytes()).hexdigest()


def is_readable(path: Path) -> bool:
    """Return True for a file. A link leads anywhere, and a pipe never ends."""
    return not path.is_symlink() and path.is_file() and path.stat().st_size <= LARGEST


def shown(name: str, most: int = 80) -> str:
    """A name that a student chose, on one line, without what moves the cursor of a terminal.

    >>> shown("answers\\nada: graded")
    'answers?ada: graded'
    """
    return "".join(each if each.isprintable() else "?" for each in name[:most])


def find_submissions(folder: Path, release: Release) -> list[Submission]:
    """One for each student's folder, in the order of the alphabet."""
    if not folder.is_dir():
        raise Unreadable(
            f"There is no folder {folder}. SUBMITTED is the folder that holds NAME/{release.name}/{release.name}.ipynb."
        )
    students = sorted(each for each in folder.iterdir() if each.is_dir() and not each.name.startswith("."))
    return [_submission(student, release) for student in students]


def _submission(student: Path, release: Release) -> Submission:
    place = student / release.name
    expected = place / f"{release.name}.ipynb"
    if place.is_symlink():  # to another's, perhaps
        return Submission(student.name, None, f"{release.name} is a link, and not a folder")
    if expected.exists() or expected.is_symlink():
        return Submission(student.name, expected)
    others = sorted(place.glob("*.ipynb")) if place.is_dir() else []
    if len(others) == 1:
        return Submission(student.name, others[0], f"the file is named {shown(others[0].name)}")
    if others:
        return Submission(student.name, None, f"several notebooks, and none is named {expected.name}")
    if (beside := student / expected.name).exists():
        return Submission(student.name, beside, f"the file is not in a folder {release.name}")
    return Submission(student.name, None, "")


def read_notebook(path: Path) -> Any:
    """Read a submitted file. Raises Unreadable if it is not a notebook."""
    import nbformat

    if path.is_symlink() or not path.is_file():
        raise Unreadable("it is a link or a folder, and not a file")
    if path.stat().st_size > LARGEST:
        raise Unreadable(f"the file is larger than {LARGEST // 2**20} MiB")
    try:
        # Not nbformat.reads, which checks much that does not count here, and prints a line for each cell that is odd.
        found = nbformat.reader.reads(path.read_text(encoding="utf-8-sig"))
        cells = found.get("cells", []) + [each for sheet in found.get("worksheets", []) for each in sheet["cells"]]
        if len(cells) > MOST_CELLS:
            raise Unreadable(f"it has {len(cells):,} cells, and at most {MOST_CELLS:,} are graded")
        notebook = nbformat.convert(found, 4)
        for cell in notebook.cells:
            if not isinstance(cell.source, str) or not isinstance(cell.metadata, dict):
                raise ValueError("a cell without a text")
    except Unreadable:
        raise
    except RecursionError:
        raise Unreadable("it is not a notebook: too deep") from None
    except Exception as error:  # whatever a file may hold
        raise Unreadable(f"it is not a notebook ({type(error).__name__})") from None
    return notebook


def repaired(notebook: Any, release: Release) -> tuple[list[dict[str, str]], list[str]]:
    """The cells to run, with every released check in its place, and sentences on what was repaired.

    JupyterLab copies nbgrader's metadata with a cell, and students delete cells. Of several copies the last one counts,
    because a notebook runs from top to bottom. A deleted check goes right after its answer; if the answer's cell is
    gone too, it goes to the end, since the answer may stand in another cell.
    """
    found: dict[str, int] = {}
    copied, changed, changed_to = [], [], []
    cells: list[tuple[str, dict[str, str] | None]] = []
    for cell in reversed(notebook.cells):
        name = _grade_id(cell)
        if name in found:
            copied.append(name)
            name = ""
        if name in release.checks:
            found[name] = len(cells)
            cells.append((name, _check(release.checks[name])))
            if cell.source.strip() != release.checks[name].source.strip():
                changed.append(name)
                changed_to.append(cell.source)
            continue
        if name in release.cells:
            found[name] = len(cells)
        is_code = cell.cell_type == "code" or name in release.cells
        cells.append((name if name in release.cells else "", {"code": cell.source} if is_code else None))
    cells.reverse()
    deleted, before = [], ""
    for name in release.cells:
        if name not in found and name in release.checks:
            place = next((i + 1 for i, (other, _) in enumerate(cells) if before and other == before), len(cells))
            cells.insert(place, (name, _check(release.checks[name])))
            found[name] = place
            deleted.append(name)
        before = name if name in found else ""
    if any("learner=LEARNER" in found for found in changed_to) and not release.variants:
        raise Unreadable("its exercises have numbers for each learner. Grade it with VARIANTS=1")
    is_known = set(release.cells) & {name for name, _ in _named(notebook)} or _defines_an_answer(notebook, release)
    if not set(release.checks) - set(deleted) and not is_known:
        raise Unreadable(f"it holds no cell of {release.name}: is it another lesson's?")
    notes = [
        f"{words}: {', '.join(map(shown, sorted(set(names))))}"
        for words, names in (
            ("copied, the last copy counts", copied),
            ("changed, put back", changed),
            ("deleted, put back", deleted),
        )
        if names
    ]
    return [cell for _, cell in cells if cell is not None], notes


def _defines_an_answer(notebook: Any, release: Release) -> bool:
    """Some editors drop the names of cells, and keep what is in them."""
    answers = "|".join(exercise_of(cell.source)[1] for cell in release.checks.values())
    wanted = re.compile(rf"^(?:def|class) +(?:{answers})\b|^(?:{answers}) *=", flags=re.MULTILINE)
    return any(wanted.search(cell.source) for cell in notebook.cells if cell.cell_type == "code")


def _check(cell: Any) -> dict[str, str]:
    name, answer = exercise_of(cell.source)
    return {"check": name, "answer": answer} | ({"varies": "yes"} if "learner=LEARNER" in cell.source else {})
