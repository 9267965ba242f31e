"""Answers with several boxes: a dictionary, or a tuple whose entries have names.

Every box is compared separately, and a wrong one is explained where a mistake fits.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any

from .cases import Case, Result
from .values import align, as_entries, is_unfilled, show, show_name, show_side_by_side

RIGHT, WRONG, EMPTY = "✓ right", "✗ wrong", "○ empty"


def fit(result: Result) -> bool:
    """Return True if an answer has the boxes of its case."""
    return _by_name(result.case, result.outcome.value) is not None


def _by_name(case: Case, answer: Any) -> dict | None:
    """The boxes of an answer, name -> content; None if the answer does not have this form."""
    if isinstance(case.expected, dict):
        return answer if isinstance(answer, dict) else None
    answer = as_entries(answer, case.expected)
    if case.names and isinstance(answer, list | tuple) and len(answer) == len(case.names):
        return dict(zip(case.names, answer, strict=True))
    return None


def count_right(result: Result) -> tuple[int, int]:
    """The number of right boxes, and of all."""
    answers, expected = _by_name(result.case, result.outcome.value), _by_name(result.case, result.case.expected)
    right = [key for key in expected if key in answers and _problem(result.case, answers, expected, key) is None]
    return len(right), len(expected)


Mistakes = list[Callable[..., Any]]


def diagnose(
    shown: Result, telling: list[Result], mistakes: Mistakes, wholes: Collection[Callable[..., Any]]
) -> tuple[str, str]:
    """The rows and the explanation of the report on one result.

    telling : the results with which a mistake must agree, `shown` among them.
    wholes : mistakes that must agree in all boxes.
    """
    case = shown.case
    answers, expected = _by_name(case, shown.outcome.value), _by_name(case, case.expected)
    filled = [key for key in expected if case.names or not is_unfilled(answers.get(key, ...))]
    problems = {key: _problem(case, answers, expected, key) for key in filled}
    wrong = [key for key in filled if problems[key] is not None]

    rows = [("function", case.part)] if case.part else []
    rows += [(name, show(value)) for name, value in case.inputs.items()]
    if case.names:
        for key in wrong:
            texts = show_side_by_side(answers[key], expected[key], case.rtol, case.atol)
            rows += zip((f"yours for {key}", f"expected for {key}"), texts, strict=True)
    else:
        rows += _marked(case, answers, expected, filled, wrong)

    follow = case.follows({key: answers[key] for key in filled if key in answers}) if case.follows else []
    sentences = _name_mistakes(telling, answers, wrong, follow, mistakes, wholes)
    sentences += [problems[key] for key in wrong if problems[key]]
    sentences += [f"There is no box called {show_name(key)}." for key in answers if key not in expected]
    if follow:
        *others, last = map(show_name, follow)
        names, verb = (f"{', '.join(others)} and {last}", "follow") if others else (last, "follows")
        sentences.append(f"{names} {verb} correctly from your own numbers: mend what you worked out before.")
    right = [key for key in expected if all(_is_right(result, key) for result in telling)]
    if case.names and right:
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
            text, wanted = show_side_by_side(answers[key], expected[key], case.rtol, case.atol)
            mark += f", expected {wanted}"
        rows.append((show_name(key), f"{text:<{width}}  {mark}"))
    return rows


def _problem(case: Case, answers: dict, expected: dict, key: Any) -> str | None:
    """None if a box is right, else a sentence on it, or "" if only its numbers differ."""
    try:
        return case.problem_of_a_value(answers[key], expected[key], show_name(key))
    except Exception:  # a box may hold anything; a right answer that ended here would fail its test
        return f"{show_name(key)} does not have the form that the statement asks for."


def _is_right(result: Result, key: Any) -> bool:
    """Return True if a box is right in a result, or not among its boxes."""
    answers, expected = _by_name(result.case, result.outcome.value), _by_name(result.case, result.case.expected)
    if expected is None:
        return not result.failed
    if key not in expected:
        return True
    return bool(answers) and key in answers and _problem(result.case, answers, expected, key) is None


def _name_mistakes(
    telling: list[Result],
    answers: dict,
    wrong: list,
    follow: list,
    mistakes: Mistakes,
    wholes: Collection[Callable[..., Any]],
) -> list[str]:
    """A sentence for each mistake that agrees with the answer in a wrong box, in every telling case.

    A box that only follows from another wrong one has no mistake of its own.

    Of several such mistakes the one is named that accounts for most boxes, or that is right wherever the answer is. The
    boxes are named, too, unless the mistake agrees in all boxes.
    """
    agreeing = {mistake: _agreeing(telling, mistake, answers) for mistake in mistakes}
    for mistake in wholes:
        if len(agreeing[mistake]) < len(answers):
            agreeing[mistake] = []
    right = {key for key in answers if all(_is_right(result, key) for result in telling)}
    boxes_of: dict[Callable[..., Any], list[Any]] = {}
    own = [key for key in wrong if key not in follow]
    for key in own:
        accounts = {mistake: len(set(keys) & set(wrong)) for mistake, keys in agreeing.items() if key in keys}
        best = [mistake for mistake, boxes in accounts.items() if boxes == max(accounts.values())]
        if len(best) > 1:
            best = [mistake for mistake in best if right <= set(agreeing[mistake])]
        if len(best) == 1:
            boxes_of.setdefault(best[0], []).append(key)
    sentences = []
    for mistake, keys in boxes_of.items():
        alone = keys == own and right <= set(agreeing[mistake])
        sentences.append(("" if alone else ", ".join(map(show_name, keys)) + ": ") + sentence(mistake))
    return sentences


def _agreeing(telling: list[Result], mistake: Callable[..., Any], keys: Iterable[Any]) -> list[Any]:
    """The boxes in which a mistake agrees with the answer in every case that has them."""
    keys = list(keys)
    for result in telling:
        if not keys:
            break
        case, other = result.case, result.case.try_on(mistake)
        asked = _by_name(case, case.expected)
        ours, theirs = (_by_name(case, each.outcome.value) for each in (result, other))
        if asked is None or ours is None or theirs is None:  # no boxes, a crash, or another form
            keys = keys if result.agrees(other) else []
        else:
            both = [key for key in asked if key in ours and key in theirs and case.agree(ours[key], theirs[key])]
            keys = [key for key in keys if key in both or key not in asked]
    return keys


def sentence(mistake: Callable[..., Any]) -> str:
    """The sentence for a learner who makes this mistake: its docstring, on one line."""
    return " ".join((mistake.__doc__ or "").split())
