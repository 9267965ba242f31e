"""Right and wrong answers to the exercises, declared beside each other, one file lesson_NN.py a lesson.

    rise = answers_to(check.rise)

    @rise.right
    def short(f, h):
        return lambda x: f(x + h) - f(x)

    @rise.wrong("the other sign")                # words of the sentence that must name the mistake
    def downward(f, h): ...

    @rise.wrong()                                # not recognised
    def always_one(f, h): ...

    @rise.stub                                   # where the notebook's stub is more than a function
    class Value: ...

    @rise.inputs                                 # random inputs, by which mutants are compared with a right answer
    def _(rng):
        return {"f": np.sin, "h": rng.normal(), "x": rng.normal()}

    rise.equivalent("constant", "1e-12 -> 2e-12", "any number far below the tolerance does")

test_exercises.py runs every exercise in the registry against them. `python -m tests.checks` counts them.
`python -m tests.checks.mutants 01` tries the mutants of lesson 01's right answers; mutants.py says more.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gradlib.checks import Exercise, all_exercises

FEWEST = {"right": 2, "wrong": 8, "named": 5}


def raises(*_):
    raise NotImplementedError


def passes(*_):
    """A docstring is not an answer."""


def holds_dots(*_):
    return ...


STUBS = [raises, passes, holds_dots, ...]


@dataclass
class Answers:
    """The answers to one exercise that its check is tested with."""

    exercise: Exercise
    rights: list[Any] = field(default_factory=list)
    wrongs: list[tuple[Any, str]] = field(default_factory=list)  # an answer, and words that name its mistake
    stubs: list[Any] = field(default_factory=lambda: list(STUBS))
    random_inputs: list[Callable[..., Any]] = field(default_factory=list)
    listed: list[tuple[str, str, str]] = field(default_factory=list)  # kind, change and reason of an equivalent mutant

    def right(self, answer: Any) -> Any:
        self.rights.append(answer)
        return answer

    def wrong(self, words: str = "") -> Callable[[Any], Any]:
        def declare(answer: Any) -> Any:
            self.wrongs.append((answer, words))
            return answer

        return declare

    def stub(self, answer: Any) -> Any:
        self.stubs.append(answer)
        return answer

    def inputs(self, declare: Callable[..., Any]) -> Callable[..., Any]:
        """Declare random inputs: declare(rng) returns a dictionary like that of a Case, or a whole Case.

        For a dictionary, the mutant's value is compared with that of the right answer, as the exercise's own cases
        compare. A Case with `expected` or `accept` judges by itself.
        """
        self.random_inputs.append(declare)
        return declare

    def equivalent(self, kind: str, change: str, reason: str) -> None:
        """List mutants that are right answers though random inputs cannot show it; at most three times an exercise.

        kind and change are what `python -m tests.checks.mutants` prints; of the change, a part is enough.
        """
        self.listed.append((kind, change, reason))

    def counts(self) -> dict[str, int]:
        named = [words for _, words in self.wrongs if words]
        return {"right": len(self.rights), "wrong": len(self.wrongs), "named": len(named)}


_declared: dict[Exercise, Answers] = {}


def answers_to(exercise: Exercise) -> Answers:
    return _declared.setdefault(exercise, Answers(exercise))


def all_answers() -> list[Answers]:
    """The answers to every exercise in the registry; none, where nobody declared any."""
    for file in sorted(Path(__file__).parent.glob("lesson_*.py")):
        importlib.import_module(f"{__package__}.{file.stem}")
    return [answers_to(exercise) for exercise in all_exercises()]


def table() -> str:
    """Every exercise with the numbers of answers that its check is tested with."""
    rows = [("lesson", "exercise", "points", "right", "wrong", "named", "mistakes known")]
    for answers in all_answers():
        exercise = answers.exercise
        counts = (*answers.counts().values(), len(exercise.mistakes))
        rows.append((exercise.lesson, exercise.name, *map(str, (exercise.points, *counts))))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
