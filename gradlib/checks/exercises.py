"""Exercises: their mistakes, their reports, and the registry of all exercises."""

from __future__ import annotations

import copy
import functools
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from numpy import errstate

from gradlib.autograd import enable_grad

from . import boxes, record, variants
from .cases import Case, Result
from .limits import STANDARD, Limits, Stopped, Watch, call
from .report import NOT_ATTEMPTED, NOT_YET, PASSED, Report
from .running import learners_part, part_of, signature, what_it_says, where_it_broke
from .values import describe


class NotPassed(AssertionError):
    """Raised in strict mode, with the report as its message. IPython shows the message without a traceback."""

    def _render_traceback_(self) -> list[str]:
        return str(self).splitlines()


class Exercise:
    """A check: call it with an answer and it returns a Report. It never raises, except in strict mode."""

    def __init__(
        self,
        cases: Callable[[], Iterator[Case]],
        title: str,
        points: int = 1,
        lesson: str = "",
        limits: Limits = STANDARD,
        one_of: str = "",
    ):
        self.cases = cases
        self.title = title
        self.points = points
        self.lesson = lesson
        self.limits = limits
        self.one_of = one_of  # of a lesson's exercises with the same word here, one is enough
        self.mistakes: list[Callable[..., Any]] = []
        self.wholes: set[Callable[..., Any]] = set()
        self.variant: Callable[[variants.Choice], variants.Variant] | None = None
        self.name = self.__name__ = cases.__name__
        self.__doc__ = cases.__doc__

    @property
    def key(self) -> str:
        """The name under which a pass is recorded: "02/chain_rule"."""
        return f"{self.lesson}/{self.name}"

    def __repr__(self) -> str:
        return f"<check {self.name} of lesson {self.lesson}>"

    def mistake(self, wrong: Callable[..., Any] | None = None, *, whole: bool = False) -> Callable[..., Any]:
        """Register a plausible wrong answer. Its docstring is the sentence for a learner who gives this answer.

        whole : the sentence is about all boxes together, as that on two gradients that have changed places. Without
            it a mistake is also named for the boxes in which it agrees.
        """
        if wrong is None:
            return functools.partial(self.mistake, whole=whole)
        self.mistakes.append(wrong)
        if whole:
            self.wholes.add(wrong)
        return wrong

    def varies(self, variant: Callable[[variants.Choice], variants.Variant]) -> Callable[..., variants.Variant]:
        """Register what makes the numbers of each learner, for a class with VARIANTS=1."""
        self.variant = variant
        return variant

    def numbers(self, learner: str) -> variants.Variant:
        """A learner's own numbers, to be shown."""
        name = variants.plain_name(learner)
        return self.variant(variants.Choice(name, self.key)) if name else variants.Variant(variants.NO_NAME, None)

    def of(self, learner: str) -> Exercise:
        """The same exercise with a learner's own numbers."""
        own, numbers = copy.copy(self), self.numbers(learner)
        form = next(iter(self.cases())).form
        own.cases = lambda: iter([Case(expected=numbers.expected, rtol=numbers.rtol, form=form)])
        own.mistakes, own.wholes = [], set()
        if numbers.expected is None:
            own._report = lambda *_: Report(self.name, NOT_YET, explanation=variants.NO_NAME)
        return own

    def __call__(self, answer: Any = ..., learner: str | None = None) -> Report:
        __tracebackhide__ = True  # IPython leaves this frame out of a learner's traceback
        if learner is not None:
            return self.of(learner)(answer)
        try:
            with warnings.catch_warnings():
                if record.is_strict():  # nbgrader gives no points to a cell that shows a warning
                    warnings.simplefilter("ignore")
                report = call(self.report, answer, limits=self.limits)
        except Stopped as stopped:  # in a way that the report could not see
            report = self._stopped(stopped)
        except KeyboardInterrupt as stopped:
            stopped.add_note("You stopped the check here. If it ran on and on: what must change for the loop to end?")
            raise stopped.with_traceback(learners_part(stopped)) from None
        if record.is_strict():
            if not report.passed:
                raise NotPassed(report.text)
        elif report.passed:
            report = report.and_also(record.remember(self.key))
        return report

    def report(self, answer: Any, limits: Limits | None = None) -> Report:
        """Return the report on an answer, without recording a pass.

        It runs the answer in this process, and stops it where `gradlib.checks.limits` can. limits : by default those
        of the exercise.
        """
        with errstate(all="ignore"), enable_grad():  # the reported numbers show a division by zero
            try:
                return self._report(answer, Watch(limits or self.limits))
            except Stopped as stopped:  # while an answer was compared: its own == may run on and on
                return self._stopped(stopped)
            except Exception as error:  # in the check's own code, which a learner's may have changed under it
                return Report(self.name, NOT_YET, explanation=_CHECK_BROKE.format(what_it_says(error)))

    def _report(self, answer: Any, watch: Watch) -> Report:
        cases = list(self.cases())
        if answer is ...:
            return self._not_attempted()
        if not callable(answer) and any(case.asks_for_code for case in cases):
            return self._not_code(answer)
        results = []
        for case in cases:
            results.append(case.try_on(answer, watch))
            if isinstance(results[-1].outcome.error, Stopped):
                break
        if all(result.outcome.blank for result in results):
            return self._not_attempted()
        failed = [result for result in results if result.failed]
        if not failed:
            return Report(self.name, PASSED, explanation=what_was_checked(cases))
        stopped = isinstance(results[-1].outcome.error, Stopped)
        shown = results[-1] if stopped else min(failed, key=Result.reading_order)
        telling = [each for each in results if each is shown or each.tells_mistakes_apart(shown.case.part)]
        if shown.problem is not None and boxes.fit(shown):
            rows, explanation = boxes.diagnose(shown, telling, self.mistakes, self.wholes)
            sentences = [explanation, shown.special(), shown.trespass()]
        else:
            rows, sentences = shown.rows(), self._explain(answer, results, shown, telling)
        return Report(self.name, NOT_YET, rows, "\n".join(filter(None, sentences)), "" if stopped else score(results))

    def _stopped(self, stopped: Stopped) -> Report:
        return Report(self.name, NOT_YET, str(stopped.place or ""), str(stopped))

    def _not_attempted(self) -> Report:
        advice = "Write your answer in the cell of this exercise, run that cell, then this one again."
        return Report(self.name, NOT_ATTEMPTED, explanation=advice)

    def _not_code(self, answer: Any) -> Report:
        advice = (
            "This check runs your code on several cases, so it needs the name alone, without parentheses after it. It "
            f"was given {describe(answer)}."
        )
        return Report(self.name, NOT_YET, explanation=advice)

    def _explain(self, answer: Any, results: list[Result], shown: Result, telling: list[Result]) -> list[str | None]:
        if mistake := self._recognise(results, shown, telling):
            return [boxes.sentence(mistake), shown.trespass(), right_so_far(results)]
        wrong = self._wrong_call(answer, shown) or shown.problem
        return [wrong, shown.special(), shown.trespass(), right_so_far(results)]

    def _recognise(self, results: list[Result], shown: Result, telling: list[Result]) -> Callable[..., Any] | None:
        """The mistake that agrees with the answer in every telling case, if there is exactly one.

        If there are several, the odd cases decide.
        """
        if shown.problem is None or shown.outcome.error is not None:
            return None
        found = _agreeing(self.mistakes, telling)
        if len(found) > 1:
            found = _agreeing(found, [result for result in results if result.case.part == shown.case.part])
        return found[0] if len(found) == 1 else None

    def _wrong_call(self, answer: Any, shown: Result) -> str:
        """A sentence on parameters that do not match the call, or ""."""
        error = shown.outcome.error
        if shown.case.call or not isinstance(error, TypeError) or where_it_broke(error):
            return ""
        part = shown.case.part
        takes = signature(part_of(answer, part) if part else answer)
        return f"The check calls {part or self.name}({', '.join(shown.case.inputs)}); yours takes {takes}."


_CHECK_BROKE = (
    "The check itself did not come to its end: {}. Does your code assign to a name in a module, such as NumPy's? "
    "Restart the kernel, run the cells again without it, then this one."
)


def _agreeing(mistakes: list[Callable[..., Any]], results: list[Result]) -> list[Callable[..., Any]]:
    return [mistake for mistake in mistakes if all(each.agrees(each.case.try_on(mistake)) for each in results)]


def score(results: list[Result]) -> str:
    """Return "2 of 6 cases right", "3 of 4 boxes right" where there is one case with boxes, or ""."""
    if len(results) > 1:
        return f"{sum(not result.failed for result in results)} of {len(results)} cases right"
    if boxes.fit(results[0]):
        right, count = boxes.count_right(results[0])
        return f"{right} of {count} boxes right"
    return ""


def right_so_far(results: list[Result]) -> str:
    """A sentence with the parts of an answer that are right, or ""."""
    parts = dict.fromkeys(result.case.part for result in results if result.case.part)
    wrong = {result.case.part for result in results if result.failed}
    done = [part for part in parts if part not in wrong]
    return f"Right so far: {', '.join(done)}." if done else ""


def what_was_checked(cases: list[Case]) -> str:
    """A summary, "12 cases, among them an empty array and a negative x.", or "" for answers that are values."""
    if not any(case.asks_for_code for case in cases):
        return ""
    counted = f"{len(cases)} case{'s' * (len(cases) != 1)}"
    about = list(dict.fromkeys(case.about for case in cases if case.about))
    among = ", ".join(about[:-1]) + " and " * (len(about) > 1) + about[-1] if about else ""
    if any("," in words for words in about):
        among = "; ".join(about)
    return f"{counted}, among them {among}." if among else f"{counted}."


# --- the registry ------------------------------------------------------------------------------

registry: dict[tuple[str, str], Exercise] = {}


def exercise(
    title: str, points: int = 1, limits: Limits = STANDARD, one_of: str = ""
) -> Callable[[Callable[[], Iterator[Case]]], Exercise]:
    """Turn a generator of cases, in a file lesson_NN.py, into a registered check of lesson NN.

    one_of : a word for exercises among which the learner chooses, "projects". Whoever has passed one of them is done
        with all of them.
    """

    def register(cases: Callable[[], Iterator[Case]]) -> Exercise:
        lesson = cases.__module__.rpartition("lesson_")[2]
        made = Exercise(cases, title, points, lesson, limits, one_of)
        registry[lesson, made.name] = made
        return made

    return register
