"""Every exercise in the registry, against its right answers, its wrong answers, and its stubs."""

import re

import pytest

from gradlib.checks.boxes import sentence
from gradlib.checks.values import without_addresses

from .harness import FEWEST, all_answers, table

ANSWERS = all_answers()
EXERCISES = [answers.exercise for answers in ANSWERS]


def case_id(value):
    return getattr(value, "__name__", None)


def every(kind):
    pairs = [(answers.exercise, answer) for answers in ANSWERS for answer in getattr(answers, kind)]
    return pytest.mark.parametrize(("exercise", "answer"), pairs, ids=case_id)


WRONG = [(answers.exercise, answer, words) for answers in ANSWERS for answer, words in answers.wrongs]
MISTAKES = [(exercise, mistake) for exercise in EXERCISES for mistake in exercise.mistakes]


@pytest.mark.parametrize("answers", ANSWERS, ids=lambda answers: answers.exercise.name)
def test_it_has_enough_answers(answers):
    counts = answers.counts()
    assert all(counts[kind] >= fewest for kind, fewest in FEWEST.items()), counts


@every("rights")
def test_a_right_answer_passes(exercise, answer):
    report = exercise.report(answer)
    assert report.passed, report.text


@every("stubs")
def test_a_stub_is_not_attempted(exercise, answer):
    report = exercise.report(answer)
    assert report.status == "not attempted", report.text


@pytest.mark.parametrize(("exercise", "answer", "words"), WRONG, ids=case_id)
def test_a_wrong_answer_does_not_pass_and_its_mistake_is_named(exercise, answer, words):
    report = exercise.report(answer)
    assert report.status == "not yet"
    assert words in report.explanation, report.text
    if not words:
        named = [m.__name__ for m in exercise.mistakes if sentence(m) in report.explanation]
        assert not named, report.text
    assert not re.search(r"Traceback|0x[0-9a-f]{4}|/checks/|site-packages", report.text + report._repr_html_())


# The cases are the same every time, which is tested below, so one wrong answer tells whether the report is.
FIRST = {exercise.name: (exercise, answer) for exercise, answer, _ in reversed(WRONG)}


@pytest.mark.parametrize(("exercise", "answer"), FIRST.values(), ids=case_id)
def test_a_second_report_says_the_same(exercise, answer):
    assert exercise.report(answer).text == exercise.report(answer).text


@pytest.mark.parametrize(("exercise", "mistake"), MISTAKES, ids=case_id)
def test_a_known_mistake_is_told_from_all_others(exercise, mistake):
    report = exercise.report(mistake)
    named = [other.__name__ for other in exercise.mistakes if sentence(other) in report.explanation]
    assert named == [mistake.__name__], report.text


@pytest.mark.parametrize("exercise", EXERCISES, ids=case_id)
def test_its_cases_are_the_same_every_time(exercise):
    def shown():
        return [without_addresses(repr((case.inputs, case.expected))) for case in exercise.cases()]

    assert shown() == shown()


@pytest.mark.parametrize("exercise", EXERCISES, ids=case_id)
def test_it_states_itself(exercise):
    assert exercise.title and exercise.points > 0
    assert exercise.__doc__ and exercise.__doc__.startswith("Return "), "the statement of the exercise"
    assert all(sentence(mistake).endswith((".", "?")) for mistake in exercise.mistakes)
    assert not [mistake for mistake in exercise.mistakes if "!" in sentence(mistake)]


def test_the_table_has_a_row_for_every_exercise():
    rows = [line.split() for line in table().splitlines()]
    assert [row[:2] for row in rows[1:]] == [[exercise.lesson, exercise.name] for exercise in EXERCISES]
    assert ["00", "double", "1", "2"] == rows[1][:4]
