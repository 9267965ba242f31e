"""A class with VARIANTS=1: numbers that differ by learner, on which the learner's check and the judge agree."""

import csv
import importlib
import os
import subprocess
import sys

import pytest
from nbformat import v4

import classroom
from gradlib.checks.exercises import registry
from gradlib.checks.variants import plain_name
from gradlib.grading.submissions import Unreadable, find_release, read_notebook, repaired
from gradlib.grading.variants import other_name, with_variants
from notebooks import ROOT, read, to_text

for path in (ROOT / "gradlib" / "checks").glob("lesson_*.py"):
    importlib.import_module(f"gradlib.checks.{path.stem}")
VARIED = {key: exercise for key, exercise in registry.items() if exercise.variant}
NAMES = [f"learner {number}" for number in range(200)]
ANN, BEN = "Ann Baker", "Benoît"


def ids(key):
    return "/".join(key)


def test_six_exercises_of_five_lessons_have_variants():
    assert sorted(map(ids, VARIED)) == [
        "02/gradients",
        "04/shapes",
        "09/mean_or_sum",
        "13/kept",
        "13/who_moves",
        "17/cheaper",
    ]


@pytest.mark.parametrize("key", VARIED, ids=ids)
def test_an_answer_fits_its_own_numbers_alone(key):
    exercise = VARIED[key]
    usual = next(exercise.cases()).expected
    expected = {name: exercise.numbers(name).expected for name in NAMES}
    for name, value in expected.items():
        assert exercise.of(name).report(lambda value=value: value).passed
        assert (
            not exercise.of(name).report(lambda: usual).passed and not exercise.report(lambda value=value: value).passed
        )
    kinds = {repr(value) for value in expected.values()}
    assert len(kinds) > 60  # of 200 learners
    assert not exercise.of(NAMES[0]).report(lambda: expected[NAMES[1]]).passed
    assert {type(value) for value in usual.values()} >= {type(value) for value in expected[NAMES[0]].values()} - {int}


def numbers_of(text):
    """What can be read in a table of a variant: the cells of its rows, by their letters."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()[2:]]
    return {row[0]: row[1] for row in rows}


@pytest.mark.parametrize("name", [ANN, BEN, *NAMES[:20]])
def test_the_text_tells_the_numbers_that_are_asked_for(name):
    """Each answer is worked out once more, from what the learner reads."""
    given = VARIED["02", "gradients"].numbers(name)
    x, y, w, a, b, z = (int(part.split("$")[0]) for part in given.text.split(" = ")[1:])
    h = 1e-6
    assert (a, b, z) == (x * y, x * y + w, (x * y + w) * y)
    assert given.expected["y"] == pytest.approx(((x * (y + h) + w) * (y + h) - z) / h, rel=1e-4)
    assert given.expected["x"] == pytest.approx((((x + h) * y + w) * y - z) / h, rel=1e-4)
    given = VARIED["04", "shapes"].numbers(name)
    for letter, sum_ in numbers_of(given.text).items():
        assert given.expected[letter] == shape_of_sum(*map(eval, sum_.split(" + ")))
    given = VARIED["17", "cheaper"].numbers(name)
    for letter, words in numbers_of(given.text).items():
        if letter in "CD":
            results, inputs = int(words.split()[0]), int(words.split()[3])
            mode = f"{results} reverse" if results < inputs else f"{inputs} forward"
            assert given.expected[letter] == mode


def shape_of_sum(first, second):
    import numpy as np

    try:
        return (np.zeros(first) + np.zeros(second)).shape
    except ValueError:
        return "error"


def test_a_name_is_known_however_it_is_written():
    assert plain_name("Baker, Ann") == plain_name(" ann BAKER ") == plain_name("bakerann") != plain_name(BEN)
    assert plain_name("Benoît") == plain_name("Benoi\N{COMBINING CIRCUMFLEX ACCENT}t")


def test_a_check_without_a_name_asks_for_it(monkeypatch):
    monkeypatch.delenv("JUPYTERHUB_USER", raising=False)
    exercise = VARIED["02", "gradients"]
    usual = next(exercise.cases()).expected
    assert "Write it into LEARNER" in exercise(lambda: usual, learner="").text
    assert "Write it into LEARNER" in exercise.numbers(" ").text
    monkeypatch.setenv("JUPYTERHUB_USER", "ann")
    assert exercise.numbers("").text == exercise.numbers("ann").text


def test_without_the_variable_nothing_changes(monkeypatch):
    monkeypatch.delenv("VARIANTS", raising=False)
    files, _ = classroom.collect()
    assert not [path for path, content in files.items() if path.startswith("exercises/") and b"LEARNER" in content]
    monkeypatch.setenv("VARIANTS", "1")
    varied, _ = classroom.collect()
    changed = {path.removeprefix("exercises/")[:2] for path in files if varied[path] != files[path]}
    assert changed == {lesson for lesson, _ in VARIED} and varied.keys() == files.keys()


def solved(learner, name=None):
    """Lesson 02 as it was handed out, with the answers of a learner. name: what they wrote into LEARNER."""
    notebook = with_variants(read(ROOT / "solutions" / "02_chain_rule.ipynb"))
    asked = [cell for cell in notebook.cells if "nbgrader" in cell.metadata or "LEARNER" in cell.source]
    notebook.cells = [v4.new_code_cell("import math\nimport numpy as np"), *asked]  # the others draw, which takes long
    for cell in notebook.cells:
        if cell.source.startswith("LEARNER"):
            cell.source = f"LEARNER = {(learner if name is None else name)!r}"
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "gradients":
            cell.source = f"def gradients():\n    return {VARIED['02', 'gradients'].numbers(learner).expected}"
    return notebook


def test_the_judge_asks_for_the_same_numbers(tmp_path):
    """Ben has copied Ann's answers into his notebook, and Cleo has handed in Ann's notebook."""
    submissions = {f"{ANN}_moodle_4711": solved(ANN), "Benoît": solved(ANN, "Benoît"), "cleo": solved(ANN)}
    for student, notebook in submissions.items():
        path = tmp_path / student / "02_chain_rule" / "02_chain_rule.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(to_text(notebook), encoding="utf-8")
    command = [sys.executable, "-m", "gradlib.grading", "02", str(tmp_path)]
    environment = {name: value for name, value in os.environ.items() if name != "JUPYTERHUB_USER"} | {"VARIANTS": "1"}
    graded = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)
    assert graded.returncode == 0, graded.stdout
    with open(tmp_path / "grades.csv", newline="") as file:
        scores = {row["student_id"]: row["score"] for row in csv.DictReader(file)}
    assert scores == {f"{ANN}_moodle_4711": "17", "Benoît": "14", "cleo": "14"}, graded.stdout
    assert "LEARNER is 'Ann Baker', and the numbers of 'cleo' were asked for" in graded.stdout


def test_another_name_in_the_notebook_is_told():
    assert other_name(solved(ANN), "baker ann") == other_name(solved(ANN, ""), "ben") == ""
    assert other_name(solved(ANN), "ben") == ANN


def test_a_class_with_variants_is_not_graded_without_them(tmp_path):
    path = tmp_path / "02_chain_rule.ipynb"
    path.write_text(to_text(solved(ANN)), encoding="utf-8")
    notebook = read_notebook(path)
    cells, notes = repaired(notebook, find_release("02", variants=True))
    assert notes == [] and [cell["check"] for cell in cells if "varies" in cell] == ["gradients"]
    with pytest.raises(Unreadable, match="VARIANTS=1"):
        repaired(notebook, find_release("02"))
