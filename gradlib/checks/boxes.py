"""Answers with several boxes to fill, a dictionary: every box is marked, and a wrong one explained where
a mistake fits."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .values import align, difference, is_unfilled, show, show_name

if TYPE_CHECKING:
    from .exercises import Case, Result

RIGHT, WRONG, EMPTY = "✓ right", "✗ wrong", "○ empty"


def fit(result: Result) -> bool:
    return isinstance(result.case.expected, dict) and isinstance(result.outcome.value, dict)


def diagnose(result: Result, mistakes: list[Callable[..., Any]]) -> tuple[str, str]:
    """The rows and the explanation of the report."""
    case, answers = result.case, result.outcome.value
    filled = [key for key in case.expected if not is_unfilled(answers.get(key, ...))]
    problems = {key: _problem(case, answers, key) for key in filled}
    wrong = [key for key in filled if problems[key] is not None]

    texts = {key: show(answers.get(key, ...)) for key in case.expected}
    width = max(map(len, texts.values()))
    rows = [(name, show(value)) for name, value in case.inputs.items()]
    for key, text in texts.items():
        mark = EMPTY if key not in filled else WRONG if key in wrong else RIGHT
        if mark == WRONG and case.asks_for_code:  # an answer that is a value would be given away
            mark += f", expected {show(case.expected[key])}"
        rows.append((show_name(key), f"{text:<{width}}  {mark}"))

    sentences = _name_mistakes(case, answers, wrong, mistakes)
    sentences += [f"{show_name(key)}: {problems[key]}" for key in wrong if problems[key]]
    sentences += [f"There is no box called {show_name(key)}." for key in answers if key not in case.expected]
    return align(rows), "\n".join(sentences)


def _problem(case: Case, answers: dict, key: Any) -> str | None:
    """None if a box is right, else what is wrong with it, "" if the numbers say it."""
    try:
        return difference(answers[key], case.expected[key], case.rtol, case.atol)
    except Exception as error:
        return f"This answer cannot be compared ({type(error).__name__})."


def _name_mistakes(case: Case, answers: dict, wrong: list, mistakes: list[Callable[..., Any]]) -> list[str]:
    """A sentence for each mistake that gives the number in a wrong box; where several do, for the one that
    accounts for most boxes."""
    accounts_for = {}
    for mistake in mistakes:
        theirs = case.try_on(mistake).outcome.value
        theirs = theirs if isinstance(theirs, dict) else {}  # a mistake may answer in another form, or crash
        accounts_for[mistake] = [
            key for key in wrong if key in theirs and case.agree(answers[key], theirs[key])
        ]
    boxes_of: dict[Callable[..., Any], list[str]] = {}
    for key in wrong:
        fitting = [mistake for mistake in mistakes if key in accounts_for[mistake]]
        most = max((len(accounts_for[mistake]) for mistake in fitting), default=0)
        best = [mistake for mistake in fitting if len(accounts_for[mistake]) == most]
        if len(best) == 1:
            boxes_of.setdefault(best[0], []).append(show_name(key))
    return [
        ("" if len(names) == len(wrong) else ", ".join(names) + ": ") + sentence(mistake)
        for mistake, names in boxes_of.items()
    ]


def sentence(mistake: Callable[..., Any]) -> str:
    """What a learner who makes this mistake is told: its docstring, on one line."""
    return " ".join((mistake.__doc__ or "").split())
