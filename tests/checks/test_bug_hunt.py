"""The bug hunt of lesson 07: neither a guess nor half of an explanation is right, nor a program handed in as it was."""

import re

import pytest

from gradlib.checks import lesson_07 as check

DEFECTS = {key: defect for key, defect in check.FOUND.items() if "defect" in key}
LINES, LETTERS = "1234567", "".join(check.REASONS)


def marked_right(answer):
    return set(re.findall(r"(\d \w+) += .*✓ right", check.bug_hunt.report(answer).rows))


@pytest.mark.parametrize("guess", [line + letter for line in LINES for letter in LETTERS])
def test_one_guess_for_all_finds_no_more_than_the_programs_that_it_fits(guess):
    report = check.bug_hunt.report({key: guess if "defect" in key else 0 for key in check.FOUND})
    assert report.status == "not yet"
    fits = {key for key, defect in DEFECTS.items() if defect == guess}
    assert marked_right({key: guess for key in DEFECTS}) == fits and len(fits) <= 1


@pytest.mark.parametrize("key", DEFECTS)
def test_a_mark_does_not_tell_half_of_a_defect(key):
    line, letter = DEFECTS[key]
    other_reasons = [line + other for other in LETTERS.replace(letter, "")]
    other_lines = [other + letter for other in LINES.replace(line, "")]
    for half in (*other_reasons, *other_lines, line, letter):
        assert marked_right({**check.FOUND, key: half}) == check.FOUND.keys() - {key}


@pytest.mark.parametrize("kind", ["defect", "number"])
def test_without_its_number_a_defect_is_not_explained_nor_a_number_without_the_defect(kind):
    half = {key: value for key, value in check.FOUND.items() if kind in key}
    assert check.bug_hunt.report(half).status == "not yet"


def test_each_defect_stands_on_a_line_that_the_mended_program_changes():
    for number, program in enumerate(check.PROGRAMS, 1):
        lines = check.listing(number).splitlines()
        line = lines[int(DEFECTS[f"{number} defect"][0]) - 1]
        assert line.startswith(DEFECTS[f"{number} defect"][0]) and "def " not in line and '"""' not in line
        assert f"def {program.__name__}(" in lines[0]


@pytest.mark.parametrize("program", check.PROGRAMS, ids=lambda program: program.__name__)
def test_a_program_as_it_was_is_not_mended(program):
    exercise = check.losses if program in check.PROGRAMS[:4] else check.engines
    report = exercise.report(type("Answer", (check.Mended,), {program.__name__: staticmethod(program)}))
    assert report.status == "not yet" and report.rows.splitlines()[0].endswith(f"= {program.__name__}")
    assert exercise.report(check.Mended).passed
