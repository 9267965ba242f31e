"""A case: one question to the learner's code and its right answer; and the result of an answer to it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .limits import Stopped, Watch
from .running import Outcome, part_of, raised_by_the_checks, run, what_it_means, what_it_says, where_it_broke
from .values import (
    align,
    describe,
    difference,
    differing_entries,
    explain_nan,
    holds_more_than,
    is_among,
    is_number,
    same_in_any_order,
    show,
    show_side_by_side,
    size,
)


class Refused(Exception):
    """Raised by a `call` if an answer cannot be used; its message is the sentence for the learner."""


@dataclass(frozen=True)
class Case:
    """One question to the learner's code, and its right answer.

    inputs : name -> value, in the order of the call; reports show them. Empty for an answer that is a value.
    expected : the right answer. A dictionary is compared entry by entry, each with its own mark.
    accept : replaces equality: accept(answer) -> None if it is right, else a sentence that says why not. If `expected`
        is also given, it is one possible answer, which sets kind and shape and is not shown.
    call : call(answer, *inputs) -> the value to compare, by default answer(*inputs).
    part : the function that the case is about, if the answer is a class that holds several. Each is judged
        separately: a mistake in one is recognised whatever the others do.
    names : names for the entries of a tuple, `("x", "W", "b")` for three gradients. Each entry is then compared, shown
        and explained separately; the right ones are not shown.
    follows : follows(boxes) -> the names of boxes that are wrong only because an earlier one is. It is told the filled
        ones.
    about : what is special in this case, in words that fit after "among them"; plain cases are shown first.
    odd : mistakes may differ in this case, since natural forms of one mistake do: a product of nothing is 1 to one
        learner and 0 to another. By default a case is odd if one of its inputs is empty.
    any_order : the items of the answer may come in any order.
    words : the texts that an answer may be; anything else is called none of them.
    form : form(content) -> a sentence on a content that no box can have, or "". It speaks of boxes without numbers, and
        of their content nothing else is said.
    rtol, atol : numbers agree within atol + rtol · |expected|.
    dtype : the NumPy type that the answer must have, where that matters.
    """

    inputs: Mapping[str, Any] = field(default_factory=dict)
    expected: Any = ...
    accept: Callable[[Any], str | None] | None = None
    call: Callable[..., Any] | None = None
    part: str = ""
    names: tuple[str, ...] = ()
    follows: Callable[[dict], list[str]] | None = None
    about: str = ""
    odd: bool | None = None
    any_order: bool = False
    words: tuple[str, ...] = ()
    form: Callable[[Any], str] | None = None
    rtol: float = 1e-7
    atol: float = 1e-9
    dtype: Any = None

    @property
    def asks_for_code(self) -> bool:
        return bool(self.inputs) or self.call is not None

    @property
    def is_odd(self) -> bool:
        if self.odd is not None:
            return self.odd
        return any(
            isinstance(value, np.ndarray | list | tuple | dict) and not size(value) for value in self.inputs.values()
        )

    @property
    def _boxes_are_of_one_kind(self) -> bool:
        """True if all boxes are numbers, texts or truth values, or if the form of all others is told anyway."""
        if not isinstance(self.expected, dict):
            return False
        return bool(self.form) or len({describe(content) for content in self.expected.values()}) == 1

    def try_on(self, answer: Any, watch: Watch | None = None) -> Result:
        """Run an answer on this case. watch : stops an answer that is over its limits."""
        try:
            outcome = run(part_of(answer, self.part) if self.part else answer, self.inputs, self.call, watch)
        except KeyboardInterrupt as stopped:
            stopped.add_note(align([(name, show(value)) for name, value in self.inputs.items()]))
            raise
        return Result(self, outcome, self._problem(outcome))

    def agree(self, first: Any, second: Any) -> bool:
        """Return True if two answers to this case count as the same."""
        try:
            return self._difference(first, second) is None
        except Exception:  # the == of a learner's own objects may do anything
            return False

    def _difference(self, yours: Any, expected: Any, what: str = "Your answer") -> str | None:
        if self.any_order and isinstance(yours, Collection) and not isinstance(yours, str):
            return None if same_in_any_order(yours, expected, self.rtol, self.atol) else ""
        if isinstance(expected, dict) and isinstance(yours, dict):  # boxes
            same = yours.keys() == expected.keys()
            right = same and all(self.problem_of_a_value(yours[key], expected[key]) is None for key in expected)
            return None if right else ""
        return difference(yours, expected, self.rtol, self.atol, what)

    def _problem(self, outcome: Outcome) -> str | None:
        if isinstance(outcome.error, Refused):
            return str(outcome.error)
        if outcome.error is not None:
            return self._crash(outcome)
        if outcome.value is None and self.expected is not None:
            if outcome.returned_nothing:
                return _RETURNED_NOTHING
            return (
                "The check found None where there should be a value. A function without `return` gives None, and so "
                "does a value that was never set."
            )
        try:
            return self._value_problem(outcome.value)
        except Exception:  # an answer may be anything; a right one that ended here would fail its test
            return f"Your answer, {describe(outcome.value)}, does not have the form that the statement asks for."

    def _crash(self, outcome: Outcome) -> str:
        if not self.is_the_checks_own(outcome.error):
            return what_it_means(outcome.error)
        if outcome.returned_nothing:
            return _RETURNED_NOTHING
        return (
            "The check could not work with what your code gave it. Does it have the form that the statement asks for?"
        )

    def is_the_checks_own(self, error: BaseException) -> bool:
        """Return True for an error in the check's own `call`, which tells a learner nothing."""
        return self.call is not None and not where_it_broke(error) and raised_by_the_checks(error)

    def _value_problem(self, value: Any) -> str | None:
        if self.accept is not None and holds_more_than(max(200_000, 10 * size(self.inputs)), value):
            return f"Your answer, {describe(value)}, holds far more values than this case asks for."
        differs = None if self.expected is ... else self.problem_of_a_value(value, self.expected)
        if differs or (differs == "" and self.accept is None):
            return differs
        if self.accept is not None and (refusal := self.accept(value)) is not None:
            return refusal
        if self.dtype is not None and (dtype := getattr(value, "dtype", None)) != self.dtype:
            return f"Your answer has dtype {dtype or type(value).__name__}, expected {show(self.dtype)}."
        return None

    def problem_of_a_value(self, value: Any, expected: Any, what: str = "Your answer") -> str | None:
        """None if a value is right, else a sentence, or "" if only the numbers differ. what : the value's name."""
        if not self.asks_for_code and isinstance(value, str) and is_number(expected):
            value = _without_quotes(value)
        problem = self._difference(value, expected, what)
        if problem is None:
            return None
        if self.words and isinstance(expected, str) and not (isinstance(value, str) and is_among(value, self.words)):
            return f"{show(value)} is none of the possible answers: {', '.join(self.words)}."
        if self.form and not is_number(expected) and not isinstance(expected, dict):
            return self.form(value)
        if not self.asks_for_code and _is_simple(value) and _is_simple(expected) and not self._boxes_are_of_one_kind:
            return ""  # the kind of a prediction would give it away
        return explain_nan(value, expected, what) if problem == "" else problem


_RETURNED_NOTHING = "The code returned nothing, which is None. `print` shows a value; `return` hands it back."


def _without_quotes(text: str) -> float | str:
    """The number that a text holds, "0.75" or "3/4", or the text."""
    above, *below = text.split("/")
    with contextlib.suppress(ValueError, ZeroDivisionError):
        if len(below) < 2:
            return float(above) / float(*below or (1.0,))
    return text


def _is_simple(value: Any) -> bool:
    return is_number(value) or isinstance(value, str | bool | np.bool_)


@dataclass(frozen=True)
class Result:
    """The outcome of an answer on a case, and its problem."""

    case: Case
    outcome: Outcome
    problem: str | None  # None if it is right, else a sentence, or "" if only the numbers differ

    @property
    def failed(self) -> bool:
        return self.problem is not None or bool(self.outcome.changed)

    def reading_order(self) -> tuple[bool, bool, int]:
        """A sort key: plain cases before special ones, wrong numbers before crashes, small inputs before large."""
        return bool(self.case.about), self.outcome.error is not None, size(self.case.inputs)

    def tells_mistakes_apart(self, part: str) -> bool:
        """Return True if a mistake in a part must agree with this result.

        Odd cases tell nothing, and neither does a crash in a special case, where natural forms of a mistake differ.
        """
        case, crashed = self.case, self.outcome.error is not None
        return case.part == part and not case.is_odd and not (case.about and crashed)

    def agrees(self, other: Result) -> bool:
        """Return True if two answers are both right, wrong with the same value, or both crash."""
        first, second = self.outcome.error, other.outcome.error
        if isinstance(first, Refused) or isinstance(second, Refused):
            return self.problem == other.problem
        if first is not None or second is not None:
            return first is not None and second is not None
        if self.problem is None or other.problem is None:
            return self.problem is other.problem
        return self.case.agree(self.outcome.value, other.outcome.value)

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
        """The inputs, the answer and the expected value, one below the other."""
        case, outcome = self.case, self.outcome
        rows = [("function", case.part)] if case.part else []
        rows += [(name, show(value)) for name, value in case.inputs.items()]
        if isinstance(outcome.error, Refused):
            return align(rows)
        if outcome.error is not None:
            broke = [where_it_broke(outcome.error)]
            if not isinstance(outcome.error, Stopped) and not case.is_the_checks_own(outcome.error):
                broke.append(what_it_says(outcome.error))
            return "\n".join(filter(None, [align(rows), *broke]))
        if self.problem is None:
            return align(rows)
        if case.accept or not case.asks_for_code:  # the expected value would give the answer away
            return align([*rows, ("yours", show(outcome.value))])
        pair = outcome.value, case.expected
        texts = show_side_by_side(*pair, case.rtol, case.atol)
        rows += zip(("yours", "expected"), texts, strict=True)
        return "\n".join(filter(None, [align(rows), differing_entries(*pair, case.rtol, case.atol)]))
