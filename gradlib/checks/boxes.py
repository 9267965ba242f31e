"""Answers with several boxes: a dictionary, or a tuple whose entries have names.

Every box is compared separately, and a wrong one is explained where a mistake fits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .cases import Case, Result
from .values import align, difference, explain_nan, is_unfilled, show, show_name, show_side_by_side

RIGHT, WRONG, EMPTY = "✓ right", "✗ wrong", "○ empty"


def fit(result: Result) -> bool:
    """Return True if an answer has the boxes of its case."""
    return _by_name(result.case, result.outcome.value) is not None


def _by_name(case: Case, answer: Any) -> dict | None:
    """The boxes of an answer, name -> content; None if the answer does not have this form."""
    if isinstance(case.expected, dict):
        return answer if isinstance(answer, dict) else None
    if case.names and isinstance(answer, list | tuple) and len(answer) == len(case.names):
        return dict(zip(case.names, answer, strict=True))
    return None


def diagnose(result: Result, mistakes: list[Callable[..., Any]]) -> tuple[str, str]:
    """The rows and the explanation of the report."""
    case = result.case
    answers, expected = _by_name(case, result.outcome.value), _by_name(case, case.expected)
    filled = [key for key in expected if case.names or not is_unfilled(answers.get(key, ...))]
    problems = {key: _problem(case, answers[key], expected[key]) for key in filled}
    wrong = [key for key in filled if problems[key] is not None]

    rows = [(name, show(value)) for name, value in case.inputs.items()]
    if case.names:
        for key in wrong:
            pair = show_side_by_side(answers[key], expected[key])
            rows += zip((f"yours for {key}", f"expected for {key}"), pair, strict=True)
    else:
        rows += _marked(case, answers, expected, filled, wrong)

    sentences = _name_mistakes(case, answers, wrong, mistakes)
    sentences += [f"{show_name(key)}: {problems[key]}" for key in wrong if problems[key]]
    sentences += [f"There is no box called {show_name(key)}." for key in answers if key not in expected]
    if case.names and (right := [key for key in expected if key not in wrong]):
        sentences.append(f"Right so far: {', '.join(right)}.")
    return align(rows), "\n".join(sentences)


def _marked(case: Case, answers: dict, expected: dict, filled: list, wrong: list) -> list[tuple[str, str]]:
    """A row for each box: its content and a mark."""
    texts = {key: show(answers.get(key, ...)) for key in expected}
    width = max(map(len, texts.values()))
    rows = []
    for key, text in texts.items():
        mark = EMPTY if key not in filled else WRONG if key in wrong else RIGHT
        if mark == WRONG and case.asks_for_code:  # for a value this would give the answer away
            mark += f", expected {show(expected[key])}"
        rows.append((show_name(key), f"{text:<{width}}  {mark}"))
    return rows


def _problem(case: Case, answer: Any, expected: Any) -> str | None:
    """None if a box is right, else a sentence on it, or "" if only its numbers differ."""
    try:
        problem = difference(answer, expected, case.rtol, case.atol)
        return explain_nan(answer, expected) if problem == "" else problem
    except Exception as error:
        return f"This answer cannot be compared ({type(error).__name__})."


def _name_mistakes(case: Case, answers: dict, wrong: list, mistakes: list[Callable[..., Any]]) -> list[str]:
    """A sentence for each mistake that gives the number in a wrong box.

    Of several such mistakes the one is named that accounts for most boxes, or that is right wherever the answer is.
    """
    agreeing = {}  # mistake -> the boxes in which it agrees with the answer
    for mistake in mistakes:
        theirs = _by_name(case, case.try_on(mistake).outcome.value) or {}  # it may have another form, or crash
        agreeing[mistake] = [key for key in answers if key in theirs and case.agree(answers[key], theirs[key])]
    right = answers.keys() - wrong
    boxes_of: dict[Callable[..., Any], list[str]] = {}
    for key in wrong:
        accounts = {mistake: len(set(keys) & set(wrong)) for mistake, keys in agreeing.items() if key in keys}
        best = [mistake for mistake, boxes in accounts.items() if boxes == max(accounts.values())]
        if len(best) > 1:
            best = [mistake for mistake in best if right <= set(agreeing[mistake])]
        if len(best) == 1:
            boxes_of.setdefault(best[0], []).append(show_name(key))
    return [
        ("" if len(names) == len(wrong) else ", ".join(names) + ": ") + sentence(mistake)
        for mistake, names in boxes_of.items()
    ]


def sentence(mistake: Callable[..., Any]) -> str:
    """The sentence for a learner who makes this mistake: its docstring, on one line."""
    return " ".join((mistake.__doc__ or "").split())
