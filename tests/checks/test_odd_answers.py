"""Every exercise against answers that crash, never end, print a megabyte, or return something that nobody asked for."""

import itertools
import re

import numpy as np
import pytest

from gradlib.checks.limits import Limits

from .harness import all_answers

ANSWERS = all_answers()
SHORT = Limits(seconds=0.1, memory=2**28)


def crashes():
    return [1, 2][7]


def never_ends():
    while True:
        pass


def calls_itself():
    return calls_itself()


def prints_a_megabyte():
    print("y" * 10**6)
    return "y"


class Strange:
    """An object of the learner's own."""


ODD = {
    "an object": Strange,
    "nan": lambda: float("nan"),
    "a large array": lambda: np.zeros((1000, 2000)),
    "a generator": lambda: (x for x in "abc"),
    "a class": lambda: Strange,
    "a set": lambda: {"x", 1},
    "texts": lambda: ["a", "b", None],
    "a list of lists": lambda: [[1.0, [2.0]], {"x": []}],
    "complex numbers": lambda: np.array([1j, 2.0]),
}


def answer_that(does, like):
    """An answer of the kind of a right one: a function, or a class with every method."""
    if not isinstance(like, type):
        return lambda *arguments, **keywords: does()

    def method(self, *arguments, **keywords):
        return does()

    own = [kind for kind in like.__mro__ if not kind.__module__.startswith(("builtins", "gradlib.nn"))]
    names = {name for kind in own for name, value in vars(kind).items() if callable(value)} - {"__init__"}
    return type("Answer", (like,), dict.fromkeys(names or {"__init__"}, method))


def rotated(odd, by):
    """Other answers for each exercise: all of them for all would take minutes."""
    kinds = list(odd.items())
    return kinds[by % len(kinds) :] + kinds[: by % len(kinds)]


def of_every_exercise(function):
    return pytest.mark.parametrize("answers", ANSWERS, ids=lambda answers: answers.exercise.name)(function)


# What Python says about code that the learner has not written.
INTERNALS = re.compile(r"Traceback|\b[A-Z]\w*Error\b|0x[0-9a-f]{4}|/checks/|site-packages|<lambda>|NoneType|__\w+__")


@of_every_exercise
def test_something_odd_is_answered_in_plain_words(answers):
    for kind, does in rotated(ODD, ANSWERS.index(answers))[:3]:
        report = answers.exercise.report(answer_that(does, answers.rights[0]))
        assert report.status != "passed" and (report.rows or report.explanation), kind
        sentences = [line for line in report.text.splitlines() if not line.startswith(("  yours", "  expected"))]
        assert not INTERNALS.search("\n".join(sentences)), (kind, report.text)


@of_every_exercise
def test_a_crash_shows_the_learners_line_and_its_meaning(answers):
    for does, line, meaning in [
        (crashes, "return [1, 2][7]", "points past the end"),
        (calls_itself, "return calls_itself()", "calls itself"),
    ]:
        report = answers.exercise.report(answer_that(does, answers.rights[0]))
        assert report.status == "not yet" and line in report.rows and meaning in report.explanation, report.text


@of_every_exercise
def test_code_that_never_ends_is_stopped(answers, monkeypatch):
    monkeypatch.setattr(answers.exercise, "limits", SHORT)
    report = answers.exercise(answer_that(never_ends, answers.rights[0]))
    assert report.status == "not yet" and "while True:" in report.rows, report.text
    assert "Does this loop ever end" in report.explanation, report.text


@of_every_exercise
def test_a_megabyte_of_output_is_cut(answers, capsys):
    assert not answers.exercise(answer_that(prints_a_megabyte, answers.rights[0])).passed
    assert len(capsys.readouterr().out) < 2 * SHORT.printed


@of_every_exercise
def test_some_case_tells_any_two_mistakes_apart(answers):
    """Those of the same exercise: where odd cases alone do, an answer that agrees with both elsewhere has no name."""
    mistakes = answers.exercise.mistakes
    with np.errstate(all="ignore"):
        tried = {mistake: [case.try_on(mistake) for case in answers.exercise.cases()] for mistake in mistakes}
    alike = []
    for first, second in itertools.combinations(mistakes, 2):
        parts = {result.case.part for result in tried[first] if result.failed}
        pairs = [pair for pair in zip(tried[first], tried[second], strict=True) if pair[0].case.part in parts]
        if all(one.agrees(other) for one, other in pairs):
            alike.append((first.__name__, second.__name__))
    assert not alike


def rounded(value, digits=3):
    """The same with each number rounded to so many digits after the point."""
    if isinstance(value, dict):
        return {key: rounded(each, digits) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(rounded(each, digits) for each in value)
    is_array = isinstance(value, np.ndarray) and value.dtype.kind == "f"
    return np.round(value, digits) if is_array or isinstance(value, float) else value


# These ask for halves or for numbers that were given, or are content with two digits.
COARSE = {
    "counted", "error_order", "wrong_by", "gain", "growth", "best_constant", "keep_the_best", "longest_step", "swing",
}  # fmt: skip


@of_every_exercise
def test_a_function_whose_results_are_rounded_is_not_right(answers):
    if answers.exercise.name in COARSE:
        return
    same = {}
    for case in answers.exercise.cases():
        if case.asks_for_code and not case.agree(rounded(case.expected, 0), case.expected):  # not all are integers
            same.setdefault(case.part, []).append(case.agree(rounded(case.expected), case.expected))
    assert not [part for part, each in same.items() if all(each)]
