"""A case: one question to the learner's code and its right answer; and the result of an answer to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .limits import Stopped, Watch
from .running import Outcome, part_of, run, what_it_means, what_it_says, where_it_broke
from .values import align, describe, difference, explain_nan, show, show_side_by_side, size


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
    about : what is special in this case, in words that fit after "among them"; plain cases are shown first.
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
            return difference(first, second, self.rtol, self.atol) is None
        except Exception:  # the == of a learner's own objects may do anything
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

    def agrees(self, other: Result) -> bool:
        """Return True if two answers are both right, or both wrong with the same value."""
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
        """The inputs, the answer and the expected value, one below the other."""
        case, outcome = self.case, self.outcome
        rows = [("function", case.part)] if case.part else []
        rows += [(name, show(value)) for name, value in case.inputs.items()]
        if isinstance(outcome.error, Refused):
            return align(rows)
        if outcome.error is not None:
            broke = [where_it_broke(outcome.error)]
            if not isinstance(outcome.error, Stopped):
                broke.append(what_it_says(outcome.error))
            return "\n".join(filter(None, [align(rows), *broke]))
        if self.problem is None:
            return align(rows)
        if case.accept or not case.asks_for_code:  # the expected value would give the answer away
            return align([*rows, ("yours", show(outcome.value))])
        yours, expected = show_side_by_side(outcome.value, case.expected)
        return align([*rows, ("yours", yours), ("expected", expected)])
