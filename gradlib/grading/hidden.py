"""Hidden cases: random questions to an answer that has passed, from a seed that only the instructor knows.

Each exercise declares random questions in tests/checks, where they are asked of its right answers. Here a few of them
are asked of the learner's answer, and of two right answers. A question on which the right answers differ is left out.
"""

from __future__ import annotations

import hashlib
import importlib
from pathlib import Path
from typing import Any

from ..checks import Exercise, Report
from ..checks.limits import Stopped
from ..checks.report import NOT_YET

QUESTIONS = 4  # of each kind that the exercise declares
ROOT = Path(__file__).resolve().parents[2]
NEEDS = "Hidden cases need the whole project, with tests/checks. Grade from a clone, or without SEED."
SAYS = (
    "All cases of the notebook are right, and this hidden one is not. Does the answer fit the values of the notebook "
    "alone?"
)


def is_possible() -> bool:
    return (ROOT / "tests" / "checks" / "mutants.py").is_file()


def hidden_report(exercise: Exercise, answer: Any, seed: str) -> Report | None:
    """The report on the first hidden case that an answer gets wrong, or None."""
    mutants = importlib.import_module("tests.checks.mutants")
    importlib.import_module(f"tests.checks.lesson_{exercise.lesson}")
    answers = importlib.import_module("tests.checks.harness").answers_to(exercise)
    for place, declared in enumerate(answers.random_inputs):
        for number in range(QUESTIONS):
            name = f"{seed}/{exercise.key}/{place}/{number}"
            chosen = int.from_bytes(hashlib.sha256(name.encode()).digest()[:6], "big")
            right, *others = [mutants.question(answers, declared, chosen).try_on(each) for each in answers.rights[:2]]
            if not all(_alike(mutants, right, other) for other in others):
                continue
            case = mutants.question(answers, declared, chosen)  # asked again, since an answer may change its inputs
            came = case.try_on(answer)
            if isinstance(came.outcome.error, Stopped):
                raise came.outcome.error
            if not _alike(mutants, right, came):
                return Report(exercise.name, NOT_YET, explanation=SAYS)
    return None


def _alike(mutants: Any, right: Any, came: Any) -> bool:
    case = right.case
    if case.accept is not None or case.expected is not ...:
        return right.failed or not came.failed  # a question that a right answer fails asks nothing
    return mutants.agree(case, right.outcome, came.outcome)
