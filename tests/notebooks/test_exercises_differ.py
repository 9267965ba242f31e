"""An exercise asks for something that no cell of the lessons so far contains, and tests an objective of its lesson.

The tag `exercise:NAME` marks the cell of an answer. Its tags `objective:1`, `objective:2`, … say which of the lesson's
objectives, counted from 1, it tests.
"""

import ast
import re

import pytest

from notebooks import ROOT, read

# Answers of one or two statements share them easily. They were compared with the lessons by eye.
SHORT = {
    "00": {"double", "rise"},
    "01": {"slope_along", "error_order", "step_of_order", "actual_step"},
    "02": {"sum_over_paths", "gradients"},
    "04": {"shapes", "maximum_vjp", "pairs_vjp"},
    "05": {"rows_vjp", "quadratic_vjp", "row_products_vjp"},
    "06": {"who_has_grad"},
    "07": {"bug_hunt", "sum_and_probe", "verdicts"},
    "08": {"he", "different_units", "gain", "growth"},
    "09": {"mean_or_sum"},
    "11": {"diagnoses"},
    "13": {"who_moves", "kept", "fold"},
    "14": {"commutes"},
    "15": {"forget_bias"},
    "16": {"divisor", "reordered"},
    "17": {"cheaper", "implicit"},
    "18": {"corners"},
    "19": {"in_half"},
}  # fmt: skip


def statements(source):
    """Each statement of a cell as text: without definitions, imports and bare expressions; of a loop its first line."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom | ast.Expr):
            continue
        if isinstance(node, ast.stmt):
            yield ast.unparse(node).splitlines()[0]


def answers(solution):
    """{name: its statements} of a notebook of solutions."""
    found = {}
    for cell in read(solution).cells:
        for tag in cell.metadata.get("tags", []):
            if tag.startswith("exercise:"):
                found[tag.partition(":")[2]] = list(statements(cell.source))
    return found


@pytest.fixture(scope="module")
def shown():
    """{lesson: all statements of the lessons up to it, itself included}."""
    seen, by_lesson = set(), {}
    for path in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb")):
        for cell in read(path).cells:
            if cell.cell_type == "code":
                seen.update(statements(re.sub(r"^[%!].*$", "", cell.source, flags=re.MULTILINE)))
        by_lesson[path.name] = frozenset(seen)
    return by_lesson


def test_no_answer_can_be_pasted_from_the_lessons_so_far(solution, shown):
    for name, own in answers(solution).items():
        pasted = [statement for statement in own if statement in shown[solution.name]]
        assert len(own) < 3 or len(pasted) <= len(own) / 2, f"{name} shares {pasted}"


def test_short_answers_are_listed(solution):
    short = {name for name, own in answers(solution).items() if len(own) < 3}
    assert short == SHORT.get(solution.stem[:2], set())


def test_every_objective_has_an_exercise_and_every_exercise_an_objective(solution):
    first = read(ROOT / "notebooks" / solution.name).cells[0].source
    listed = re.search(r"\*\*Objectives\*\*\n\n((?:- .+\n)+)", first)[1].count("\n")
    tested = {}
    for cell in read(solution).cells:
        tags = [tag.split(":") for tag in cell.metadata.get("tags", [])]
        for name in [tag[1] for tag in tags if tag[0] == "exercise"]:
            tested[name] = {int(tag[1]) for tag in tags if tag[0] == "objective"}
    assert all(tested.values()), "exercises without an objective"
    assert set().union(*tested.values()) == set(range(1, listed + 1)), "an objective without an exercise"


def test_there_are_enough_exercises():
    counts = {path.stem: len(answers(path)) for path in (ROOT / "solutions").glob("*.ipynb")}
    four = ("00", "20")  # a warm-up; an engine and three projects
    assert all(count >= (4 if name.startswith(four) else 5) for name, count in counts.items()), counts
