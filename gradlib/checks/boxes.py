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
    problems = {key: _problem(case, answers, key) for key in case.expected}
    texts = {key: show(answers.get(key, ...)) for key in problems}
    width = max(map(len, texts.values()))
    rows = [(name, show(value)) for name, value in case.inputs.items()]
    for key, problem in problems.items():
        mark = RIGHT if problem is None else EMPTY if is_unfilled(answers.get(key, ...)) else WRONG
        if mark == WRONG and case.asks_for_code:  # an answer that is a value would be given away
            mark += f", expected {show(case.expected[key])}"
        rows.append((show_name(key), f"{texts[key]:<{width}}  {mark}"))
    wrong = [
        key
        for key, problem in problems.items()
        if problem is not None and not is_unfilled(answers.get(key, ...))
    ]
    sentences = _name_mistakes(case, answers, wrong, mistakes)
    sentences += [f"{show_name(key)}: {problems[key]}" for key in wrong if problems[key]]
    sentences += [f"There is no box called {show_name(key)}." for key in answers if key not in problems]
    return align(rows), "\n".join(sentences)


def _problem(case: Case, answers: Any, key: Any) -> str | None:
    """None if a box is right, else what is wrong with it, "" if the numbers say it."""
    if not isinstance(answers, dict) or is_unfilled(answers.get(key, ...)):
        return ""
    try:
        return difference(answers[key], case.expected[key], case.rtol, case.atol)
    except Exception as error:
        return f"This answer cannot be compared ({type(error).__name__})."


def _name_mistakes(case: Case, answers: dict, wrong: list, mistakes: list[Callable[..., Any]]) -> list[str]:
    """For each wrong box the mistake that gives its number; of several, the one that accounts for most
    boxes."""
    accounts_for = {}
    for mistake in mistakes:
        theirs = case.try_on(mistake).outcome.value
        accounts_for[mistake] = [
            key
            for key in wrong
            if _problem(case, theirs, key) is not None and case.agree(answers[key], theirs[key])
        ]
    named: dict[Callable[..., Any], list[str]] = {}
    for key in wrong:
        fitting = [mistake for mistake in mistakes if key in accounts_for[mistake]]
        most = max((len(accounts_for[mistake]) for mistake in fitting), default=0)
        best = [mistake for mistake in fitting if len(accounts_for[mistake]) == most]
        if len(best) == 1:
            named.setdefault(best[0], []).append(show_name(key))
    return [
        ("" if len(keys) == len(wrong) else ", ".join(keys) + ": ") + sentence(mistake)
        for mistake, keys in named.items()
    ]


def sentence(mistake: Callable[..., Any]) -> str:
    """What a learner who makes this mistake is told: its docstring, on one line."""
    return " ".join((mistake.__doc__ or "").split())
