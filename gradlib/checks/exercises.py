"""Exercises: their cases, the mistakes that they know, and the registry of all of them."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from gradlib.autograd import enable_grad

from . import boxes, record
from .report import NOT_ATTEMPTED, NOT_YET, PASSED, Report
from .running import Outcome, learners_part, part_of, run, signature, what_it_means, what_it_says, where_it_broke
from .values import align, describe, difference, explain_nan, show, show_side_by_side, size


class Refused(Exception):
    """Raised by a `call`, with the sentence that the learner is told, on an answer that cannot be used as it is."""


class NotPassed(AssertionError):
    """Raised in strict mode, with the report as its words. IPython shows these alone, without the check's own lines."""

    def _render_traceback_(self) -> list[str]:
        return str(self).splitlines()


@dataclass(frozen=True)
class Case:
    """One question to the learner's code, and its right answer.

    inputs : name -> value, in the order of the call; reports show them. Empty for an answer that is a value.
    expected : the right answer. A dictionary is compared entry by entry, each with a mark of its own.
    accept : in place of equality, accept(answer) -> None if it is right, else the sentence that says why not.
        `expected`, where it is given too, is one possible answer: it sets kind and shape, and is not shown.
    call : call(answer, *inputs) -> the value to compare, where that is not answer(*inputs).
    part : the function that the case is about, where the answer is a class that holds several. Each is judged for
        itself: a mistake in one is recognised whatever the others do.
    names : of the entries of an answer that is a tuple, `("x", "W", "b")` for three gradients. Each is then
        compared, shown and explained by itself; the right ones are not shown.
    about : what is special here, in words that fit after "among them"; plain cases are shown first.
    rtol, atol : numbers agree within atol + rtol · |expected|.
    dtype : the NumPy type that the answer must have, where that matters.
    """

    inputs: Mapping[str, Any] = field(default_factory=dict)
    expected: Any = ...
    accept: Callable[[Any], str | None] | None = None
    call: Callable[..., Any] | None = None
    part: str = ""
    names: tuple[str, ...] = ()
    about: str = ""
    rtol: float = 1e-7
    atol: float = 1e-9
    dtype: Any = None

    @property
    def asks_for_code(self) -> bool:
        return bool(self.inputs) or self.call is not None

    def try_on(self, answer: Any) -> Result:
        try:
            outcome = run(part_of(answer, self.part) if self.part else answer, self.inputs, self.call)
        except KeyboardInterrupt as stopped:
            stopped.add_note(align([(name, show(value)) for name, value in self.inputs.items()]))
            raise
        return Result(self, outcome, self._problem(outcome))

    def agree(self, first: Any, second: Any) -> bool:
        """Whether two answers to this case count as one."""
        try:
            return difference(first, second, self.rtol, self.atol) is None
        except Exception:  # the learner's own objects: their == may do anything
            return False

    def _problem(self, outcome: Outcome) -> str | None:
        if isinstance(outcome.error, Refused):
            return str(outcome.error)
        if outcome.error is not None:
            return what_it_means(outcome.error)
        if outcome.value is None and self.expected is not None:
            return "The code returned nothing, which is None. `print` shows a value; `return` hands it back."
        try:
            problem = self._value_problem(outcome.value)
            return explain_nan(outcome.value, self.expected) if problem == "" else problem
        except Exception as error:
            return f"Your answer, {describe(outcome.value)}, cannot be compared: {what_it_says(error)}."

    def _value_problem(self, value: Any) -> str | None:
        differs = None if self.expected is ... else difference(value, self.expected, self.rtol, self.atol)
        if differs or (differs == "" and self.accept is None):
            return differs
        if self.accept is not None and (refusal := self.accept(value)) is not None:
            return refusal
        if self.dtype is not None and (dtype := getattr(value, "dtype", None)) != self.dtype:
            return f"Your answer has dtype {dtype or type(value).__name__}, expected {show(self.dtype)}."
        return None


@dataclass(frozen=True)
class Result:
    """What an answer gave on a case, and what is wrong with it."""

    case: Case
    outcome: Outcome
    problem: str | None  # None if it is right; else a sentence, or "" where the numbers say it all

    @property
    def failed(self) -> bool:
        return self.problem is not None or bool(self.outcome.changed)

    def reading_order(self) -> tuple[bool, bool, int]:
        """Plain cases are shown before special ones, wrong numbers before crashes, small before large."""
        return bool(self.case.about), self.outcome.error is not None, size(self.case.inputs)

    def agrees(self, other: Result) -> bool:
        """Whether two answers are both right, or both wrong by the same value."""
        if self.problem is None or other.problem is None:
            return self.problem is other.problem
        return other.outcome.error is None and self.case.agree(self.outcome.value, other.outcome.value)

    def special(self) -> str:
        """A sentence on what is special in the case, or ""."""
        return f"This case: {self.case.about}." if self.case.about else ""

    def trespass(self) -> str:
        """A sentence on inputs that the answer changed, or ""."""
        if not self.outcome.changed:
            return ""
        names = " and ".join(self.outcome.changed)
        belong = "belongs" if len(self.outcome.changed) == 1 else "belong"
        return f"Your code changed {names}, which {belong} to the caller. Work on a copy, or put back what you change."

    def rows(self) -> str:
        """The inputs, then what came and what was expected, one under the other."""
        case, outcome = self.case, self.outcome
        rows = [("function", case.part)] if case.part else []
        rows += [(name, show(value)) for name, value in case.inputs.items()]
        if isinstance(outcome.error, Refused):
            return align(rows)
        if outcome.error is not None:
            broke = [where_it_broke(outcome.error), what_it_says(outcome.error)]
            return "\n".join(filter(None, [align(rows), *broke]))
        if self.problem is None:
            return align(rows)
        if case.accept or not case.asks_for_code:  # what was expected would give the answer away
            return align([*rows, ("yours", show(outcome.value))])
        yours, expected = show_side_by_side(outcome.value, case.expected)
        return align([*rows, ("yours", yours), ("expected", expected)])


class Exercise:
    """A check: call it with an answer and it returns a Report. It never raises, except in strict mode."""

    def __init__(self, cases: Callable[[], Iterator[Case]], title: str, points: int = 1, lesson: str = ""):
        self.cases = cases
        self.title = title
        self.points = points
        self.lesson = lesson
        self.mistakes: list[Callable[..., Any]] = []
        self.name = self.__name__ = cases.__name__
        self.__doc__ = cases.__doc__

    def __repr__(self) -> str:
        return f"<check {self.name} of lesson {self.lesson}>"

    def mistake(self, wrong: Callable[..., Any]) -> Callable[..., Any]:
        """Register a plausible wrong answer. Its docstring is what a learner who gives it is told."""
        self.mistakes.append(wrong)
        return wrong

    def __call__(self, answer: Any = ...) -> Report:
        __tracebackhide__ = True  # IPython leaves this frame out where a learner's follows
        try:
            with warnings.catch_warnings():
                if record.is_strict():  # nbgrader gives no points to a cell that shows a warning
                    warnings.simplefilter("ignore")
                report = self.report(answer)
        except KeyboardInterrupt as stopped:
            stopped.add_note("You stopped the check here. If it ran on and on: what must change for the loop to end?")
            raise stopped.with_traceback(learners_part(stopped)) from None
        if record.is_strict():
            if not report.passed:
                raise NotPassed(report.text)
        elif report.passed:
            report = report.and_also(record.remember(self))
        return report

    def report(self, answer: Any) -> Report:
        """What there is to say about an answer; nothing is recorded."""
        with np.errstate(all="ignore"), enable_grad():  # a division by zero shows in the numbers that are reported
            return self._report(answer)

    def _report(self, answer: Any) -> Report:
        cases = list(self.cases())
        if answer is ...:
            return self._not_attempted()
        if not callable(answer) and any(case.asks_for_code for case in cases):
            return self._not_code(answer)
        results = [case.try_on(answer) for case in cases]
        if all(result.outcome.blank for result in results):
            return self._not_attempted()
        failed = [result for result in results if result.failed]
        if not failed:
            return Report(self.name, PASSED, explanation=what_was_checked(cases))
        smallest = min(failed, key=Result.reading_order)
        if smallest.problem is not None and boxes.fit(smallest):
            rows, explanation = boxes.diagnose(smallest, self.mistakes)
            sentences = [explanation, smallest.special(), smallest.trespass()]
        else:
            rows, sentences = smallest.rows(), self._explain(answer, results, smallest)
        return Report(self.name, NOT_YET, rows, "\n".join(filter(None, sentences)))

    def _not_attempted(self) -> Report:
        advice = "Write your answer in the cell of this exercise, run that cell, then this one again."
        return Report(self.name, NOT_ATTEMPTED, explanation=advice)

    def _not_code(self, answer: Any) -> Report:
        advice = (
            "This check runs your code on several cases, so it needs the name alone, without parentheses "
            f"after it. It was given {describe(answer)}."
        )
        return Report(self.name, NOT_YET, explanation=advice)

    def _explain(self, answer: Any, results: list[Result], shown: Result) -> list[str | None]:
        if mistake := self._recognise(results, shown):
            return [boxes.sentence(mistake), shown.trespass(), right_so_far(results)]
        wrong = self._wrong_call(answer, shown) or shown.problem
        return [wrong, shown.special(), shown.trespass(), right_so_far(results)]

    def _recognise(self, results: list[Result], shown: Result) -> Callable[..., Any] | None:
        """The mistake that goes the way of the answer on every case of that part, if there is exactly one.

        A crash is another trouble: the cases with one say nothing about mistakes.
        """
        if shown.problem is None or shown.outcome.error is not None:
            return None
        telling = [result for result in results if result.outcome.error is None and result.case.part == shown.case.part]
        found = [
            mistake
            for mistake in self.mistakes
            if all(result.agrees(result.case.try_on(mistake)) for result in telling)
        ]
        return found[0] if len(found) == 1 else None

    def _wrong_call(self, answer: Any, shown: Result) -> str:
        """A sentence on parameters that do not fit the call, or ""."""
        error = shown.outcome.error
        if shown.case.call or not isinstance(error, TypeError) or where_it_broke(error):
            return ""
        part = shown.case.part
        takes = signature(part_of(answer, part) if part else answer)
        return f"The check calls {part or self.name}({', '.join(shown.case.inputs)}); yours takes {takes}."


def right_so_far(results: list[Result]) -> str:
    """The parts of an answer that need no more work, in a sentence; "" where there are none."""
    parts = dict.fromkeys(result.case.part for result in results if result.case.part)
    wrong = {result.case.part for result in results if result.failed}
    done = [part for part in parts if part not in wrong]
    return f"Right so far: {', '.join(done)}." if done else ""


def what_was_checked(cases: list[Case]) -> str:
    """ "12 cases, among them an empty array and a negative x.", or "" for answers that are values."""
    if not any(case.asks_for_code for case in cases):
        return ""
    counted = f"{len(cases)} case{'s' * (len(cases) != 1)}"
    about = list(dict.fromkeys(case.about for case in cases if case.about))
    among = ", ".join(about[:-1]) + " and " * (len(about) > 1) + about[-1] if about else ""
    if any("," in words for words in about):
        among = "; ".join(about)
    return f"{counted}, among them {among}." if among else f"{counted}."


# --- the registry ------------------------------------------------------------------------------

_registry: dict[tuple[str, str], Exercise] = {}


def exercise(title: str, points: int = 1) -> Callable[[Callable[[], Iterator[Case]]], Exercise]:
    """Turn a generator of cases, in a file lesson_NN.py, into a registered check of lesson NN."""

    def register(cases: Callable[[], Iterator[Case]]) -> Exercise:
        lesson = cases.__module__.rpartition("lesson_")[2]
        made = Exercise(cases, title, points, lesson)
        _registry[lesson, made.name] = made
        return made

    return register


def lesson_titles() -> dict[str, str]:
    """Every lesson that has checks: its number and its title, in order. Imports them all."""
    files = sorted(Path(__file__).parent.glob("lesson_*.py"))
    modules = {file.stem: importlib.import_module(f"{__package__}.{file.stem}") for file in files}
    return {name.removeprefix("lesson_"): module.TITLE for name, module in modules.items()}


def all_exercises() -> list[Exercise]:
    """Every exercise, by lesson and in the order in which it stands there."""
    lessons = lesson_titles()
    return [made for lesson in lessons for made in _registry.values() if made.lesson == lesson]
