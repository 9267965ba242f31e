"""nbgrader generates an assignment and grades a class, as docs/nbgrader.md says: the configuration alone."""

import copy
import csv
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from nbformat import v4

from notebooks import ROOT, read, to_text

LESSON = "02_chain_rule"
POINTS = {
    "local_derivatives": 2,
    "chain_derivative": 2,
    "sum_over_paths": 1,
    "gradients": 3,
    "diamond": 2,
    "all_paths": 3,
    "sweep": 4,
}
ALL = sum(POINTS.values())

ANSWERS = {
    cell.metadata.nbgrader.grade_id: cell.source
    for cell in read(ROOT / "solutions" / f"{LESSON}.ipynb").cells
    if cell.metadata.get("nbgrader", {}).get("solution")
}
NOISE = """
import sys
import warnings

def noisy(function):
    def called(*arguments):
        print("called", file=sys.stderr)
        warnings.warn("noise")
        return function(*arguments)
    return called
"""


def named(notebook, name):
    """The place of the cell with a grade_id, and the cell."""
    return next(
        (place, cell)
        for place, cell in enumerate(notebook.cells)
        if cell.metadata.get("nbgrader", {}).get("grade_id") == name
    )


def pasted(cell):
    """A copy as JupyterLab pastes it: with nbgrader's metadata and an id of its own."""
    new = copy.deepcopy(cell)
    new.id = v4.new_code_cell().id
    return new


def untouched(notebook):
    return 0


def right(notebook):
    for name, answer in ANSWERS.items():
        named(notebook, name)[1].source = answer
    return ALL


def wrong(notebook):
    for name in ANSWERS:
        named(notebook, name)[1].source = f"def {name}(*arguments):\n    return 1.0"
    return 0


def two_right(notebook):
    wrong(notebook)
    for name in ("chain_derivative", "all_paths"):
        named(notebook, name)[1].source = ANSWERS[name]
    return POINTS["chain_derivative"] + POINTS["all_paths"]


def crashes(notebook):
    right(notebook)
    named(notebook, "gradients")[1].source = "1 / 0"
    return ALL - POINTS["gradients"]


def checks_deleted(notebook):
    right(notebook)
    named(notebook, "gradients")[1].source = ""
    for name in ANSWERS:
        del notebook.cells[named(notebook, f"{name}-check")[0]]
    return ALL - POINTS["gradients"]


def answers_written_elsewhere(notebook):
    """Three exercises are deleted. The answers of two stand in a new cell, one before and one after their place."""
    right(notebook)
    for name in ("gradients", "sum_over_paths", "all_paths"):
        del notebook.cells[named(notebook, name)[0]]
        del notebook.cells[named(notebook, f"{name}-check")[0]]
    notebook.cells.insert(1, v4.new_code_cell(ANSWERS["all_paths"]))
    notebook.cells.append(v4.new_code_cell("import math\n" + ANSWERS["sum_over_paths"]))
    return ALL - POINTS["gradients"]


def answers_merged(notebook):
    """All answers stand in the cell of the first."""
    right(notebook)
    for name in list(ANSWERS)[1:]:
        del notebook.cells[named(notebook, name)[0]]
    named(notebook, "local_derivatives")[1].source = "\n\n".join(ANSWERS.values())
    return ALL


def checks_deleted_and_exercises_moved(notebook):
    right(notebook)
    for name in ANSWERS:
        del notebook.cells[named(notebook, f"{name}-check")[0]]
    place, _ = named(notebook, "local_derivatives")
    notebook.cells.append(notebook.cells.pop(place))
    return ALL


def checks_replaced(notebook):
    wrong(notebook)
    for name in ANSWERS:
        named(notebook, f"{name}-check")[1].source = "print('passed')"
    return 0


def metadata_changed(notebook):
    two_right(notebook)
    for name in ANSWERS:
        named(notebook, f"{name}-check")[1].metadata.nbgrader.update(points=100, schema_version=1)
    named(notebook, "gradients-check")[1].metadata.nbgrader.grade = False
    return POINTS["chain_derivative"] + POINTS["all_paths"]


def answer_copied(notebook):
    """The first of the two is an attempt that failed."""
    right(notebook)
    place, cell = named(notebook, "gradients")
    attempt = pasted(cell)
    attempt.source = "def gradients():\n    return {}"
    notebook.cells.insert(place, attempt)
    return ALL


def check_copied(notebook):
    """The check is run once more at the end."""
    right(notebook)
    notebook.cells.append(pasted(named(notebook, "gradients-check")[1]))
    return ALL


def cells_of_another_lesson(notebook):
    right(notebook)
    other = read(ROOT / "solutions" / "00_start_here.ipynb")
    notebook.cells += [pasted(named(other, name)[1]) for name in ("double", "double-check")]
    return ALL


def types_changed(notebook):
    right(notebook)
    for name, cell_type in {"gradients": "raw", "all_paths-check": "markdown"}.items():
        place, cell = named(notebook, name)
        new = {"raw": v4.new_raw_cell, "markdown": v4.new_markdown_cell}[cell_type]
        notebook.cells[place] = new(cell.source, metadata=cell.metadata)
    return ALL


def prints_on_stderr(notebook):
    right(notebook)
    notebook.cells.insert(1, v4.new_code_cell(NOISE))
    for name in ANSWERS:
        cell = named(notebook, name)[1]
        cell.source = f"{cell.source}\n\n{name} = noisy({name})"
    return ALL


def old_format(notebook):
    """What an older Jupyter writes: cells without ids."""
    right(notebook)
    del notebook.cells[named(notebook, "gradients-check")[0]]
    notebook.nbformat_minor = 4
    for cell in notebook.cells:
        del cell["id"]
    return ALL


SUBMISSIONS = [
    answer_copied,
    answers_merged,
    answers_written_elsewhere,
    cells_of_another_lesson,
    check_copied,
    checks_deleted,
    checks_deleted_and_exercises_moved,
    checks_replaced,
    crashes,
    metadata_changed,
    old_format,
    prints_on_stderr,
    right,
    two_right,
    types_changed,
    untouched,
    wrong,
]
UNREADABLE = "an_unreadable_file"  # graded before all others


class Course:
    """A folder with nothing in it but the configuration and one lesson."""

    def __init__(self, folder):
        self.folder = folder
        shutil.copy(ROOT / "class" / "nbgrader_config.py", folder)
        (folder / "source" / LESSON).mkdir(parents=True)
        shutil.copy(ROOT / "solutions" / f"{LESSON}.ipynb", folder / "source" / LESSON)

    def nbgrader(self, *arguments):
        program = Path(sys.executable).with_name("nbgrader")
        unset = ("GRADLIB_CHECKS", "NBGRADER_EXECUTION")
        return subprocess.run(
            [str(program), *arguments],
            cwd=self.folder,
            env={name: value for name, value in os.environ.items() if name not in unset},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    @property
    def released(self):
        return self.folder / "release" / LESSON / f"{LESSON}.ipynb"

    def submit(self, student, text):
        path = self.folder / "submitted" / student / LESSON / f"{LESSON}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def export(self, name):
        """The rows of the exported grades, by student."""
        exported = self.nbgrader("export", f"--to={name}")
        assert exported.returncode == 0, exported.stdout
        with open(self.folder / name, newline="") as file:
            return {row["student_id"]: row for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    course = Course(tmp_path_factory.mktemp("a course"))
    generated = course.nbgrader("generate_assignment", LESSON, "--create")
    assert generated.returncode == 0, generated.stdout
    course.expected = {}
    for change in SUBMISSIONS:
        notebook = read(course.released)
        course.expected[change.__name__] = change(notebook)
        course.submit(change.__name__, to_text(notebook))
    course.submit(UNREADABLE, "not a notebook")
    course.autograded = course.nbgrader("autograde", LESSON)
    course.grades = course.export("grades.csv")
    return course


def test_every_submission_gets_its_points(course):
    points = {student: float(row["score"]) for student, row in course.grades.items() if student != UNREADABLE}
    assert points == course.expected, course.autograded.stdout


def test_a_file_that_cannot_be_graded_is_told_from_a_zero(course):
    assert course.autograded.returncode != 0 and UNREADABLE in course.autograded.stdout
    ungraded = {student: row["status"] for student, row in course.grades.items() if row["status"] != "graded"}
    assert ungraded == {UNREADABLE: "could not be graded"}


def test_a_later_submission_that_cannot_be_graded_is_not_taken_for_the_earlier_one(course):
    course.submit("crashes", "not a notebook")
    again = course.nbgrader("autograde", LESSON, "--student=crashes", "--force")
    assert again.returncode != 0, again.stdout
    assert course.export("again.csv")["crashes"]["status"] == "could not be graded"


def test_the_log_says_what_was_repaired_and_nothing_else(course):
    log = course.autograded.stdout
    said = dict(re.findall(r"^\[AutogradeApp \| WARNING\] (\w+), 02_chain_rule: (.*)$", log, flags=re.MULTILINE))
    checks = ", ".join(sorted(f"{name}-check" for name in ANSWERS))
    assert said == {
        "answer_copied": "copied, the last copy counts: gradients",
        "answers_written_elsewhere": "deleted, put back: all_paths-check, gradients-check, sum_over_paths-check",
        "check_copied": "copied, the last copy counts: gradients-check",
        "checks_deleted": f"deleted, put back: {checks}",
        "checks_deleted_and_exercises_moved": f"deleted, put back: {checks}",
        "checks_replaced": f"changed, put back: {checks}",
        "old_format": "deleted, put back: gradients-check",
    }
    # The rest is about the file that is not a notebook. It is graded first, and named again at the end.
    about_others = log[log.index("[AutogradeApp | WARNING] answer_copied") : log.rindex("[AutogradeApp | WARNING]")]
    assert len(about_others.splitlines()) == len(said) - 1


def test_students_are_told_what_a_check_says(course):
    made = course.nbgrader("generate_feedback", LESSON, "--student=two_right")
    assert made.returncode == 0, made.stdout
    feedback = (course.folder / "feedback" / "two_right" / LESSON / f"{LESSON}.html").read_text("utf-8")
    assert "all_paths: passed" in feedback and "gradients: not yet" in feedback


def test_validation_is_strict_too(course):
    validated = course.nbgrader("validate", str(course.released))
    assert f"VALIDATION FAILED ON {len(ANSWERS)} CELL(S)" in validated.stdout


def test_students_get_the_exercise_of_the_repository(course):
    exercise = read(ROOT / "exercises" / f"{LESSON}.ipynb")
    assert [cell.source for cell in read(course.released).cells] == [cell.source for cell in exercise.cells]
