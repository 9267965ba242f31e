"""The machine that tries checks on mutants, on toy exercises. The checks of the lessons are tried by `make mutants`."""

import ast

import numpy as np
import pytest

from gradlib.checks import Case, Exercise

from . import mutants as machine
from .harness import Answers, all_answers
from .mutation import mutants

FIXED = frozenset({"np", "len", "range", "zip", "print"})


def changes(source: str) -> set[tuple[str, str]]:
    return {(mutant.kind, mutant.change) for mutant in mutants(ast.parse(source), fixed=FIXED)}


@pytest.mark.parametrize(
    ("source", "kind", "change"),
    [
        ("def f(x, h): return x + h", "parameter", "h -> 0"),
        ("def f(x, h): return x + h", "parameter", "h -> what it was first"),
        ("f = lambda x: x", "parameter", "x -> 1"),
        ("def f(*x): return x", "parameter", "x -> ()"),
        ("def f(): return 2", "constant", "2 -> 3"),
        ("def f(): return 0.5", "constant", "0.5 -> 1.0"),
        ("def f(): return 0.5", "int", "0.5 -> int(0.5)"),
        ("def f(): return True", "constant", "True -> False"),
        ("def f(): return '+'", "constant", "'+' -> '+x'"),
        ("def f(x): return x", "sign", "x -> -x"),
        ("def f(x): return -x", "sign", "-x -> x"),
        ("def f(x): return x < 2", "comparison", "x < 2 -> x <= 2"),
        ("def f(x): return x == 2", "comparison", "x == 2 -> x != 2"),
        ("def f(x): return 1 if not x else 2", "comparison", "not x -> x"),
        ("def f(x): return 2 * x", "operator", "2 * x -> 2 / x"),
        ("def f(x): return x and 2", "operator", "x and 2 -> x or 2"),
        ("def f(x):\n x -= 2\n return x", "operator", "x -= 2 -> x += 2"),
        ("def f(x):\n print(x)\n return x", "line left out", "print(x) -> pass"),
        ("def f(x):\n with x: print(x)\n return x", "line left out", "with x: print(x) -> if True: print(x)"),
        ("def f(x):\n if x: print(x)\n return x", "condition left out", "if x: print(x) -> if True: print(x)"),
        ("def f(x): return x / 2", "exchanged", "x / 2 -> 2 / x"),
        ("def f(x): return f(x, 2)", "exchanged", "f(x, 2) -> f(2, x)"),
        ("def f(x): return x, 2", "exchanged", "(x, 2) -> (2, x)"),
        ("def f(x): return {'a': x, 'b': 2}", "exchanged", "{'a': x, 'b': 2} -> {'a': 2, 'b': x}"),
        ("def f(x): return x", "abs", "x -> abs(x)"),
        ("def f(x): return x", "int", "x -> int(x)"),
        ("def f(x): return x", "round", "x -> round(x)"),
        ("def f(x): return x", "sorted", "x -> sorted(x)"),
        ("def f(x): return [x, 2]", "sorted", "[x, 2] -> sorted([x, 2])"),
        ("def f(x):\n x += 2\n return x", "= for +=", "x += 2 -> x = 2"),
        ("def f(x):\n x = 2\n return x", "+= for =", "x = 2 -> x += 2"),
        ("def f(x): return [i for i in x]", "first turn", "for i in x -> for i in without_the_first(x)"),
        (
            "def f(x):\n for i in x: print(i)",
            "last turn",
            "for i in x: print(i) -> for i in without_the_last(x): print(i)",
        ),
        ("def f(x):\n while x: x = x[1:]\n return x", "last turn", "while x: x = x[1:] -> if x: x = x[1:]"),
        ("def f(x): return x.sum(axis=0)", "axis dropped", "x.sum(axis=0) -> x.sum()"),
        ("def f(x): return x.sum(keepdims=True)", "keepdims dropped", "x.sum(keepdims=True) -> x.sum()"),
        ("def f(x, seen): return x not in seen", "condition left out", "x not in seen -> True"),
    ],
)
def test_every_kind_of_change(source, kind, change):
    assert (kind, change) in changes(source)


def test_a_mutant_differs_from_the_original_and_from_all_others_and_compiles():
    source = "def f(x, n):\n    total = 0.0\n    for i in range(n):\n        total += x[i] ** 2\n    return total / n"
    sources = [mutant.source for mutant in mutants(ast.parse(source), fixed=FIXED)]
    assert len(sources) > 60 and len(set(sources)) == len(sources) and ast.unparse(ast.parse(source)) not in sources
    for each in sources:
        compile(each, "a mutant", "exec")


def test_what_is_no_answer_is_left_alone():
    source = (
        'def f(self, x: int) -> int:\n    """Words."""\n    if x: raise ValueError("words", 2)\n'
        "    return zip(x, x, strict=True)"
    )
    found = changes(source)
    assert not [change for _, change in found if "Words" in change or "self" in change or "int ->" in change]
    assert not [change for kind, change in found if kind == "constant"]


def test_a_helper_leaves_out_one_turn_and_remembers_the_first():
    from .mutation import helpers, without_the_first, without_the_last

    assert list(without_the_first(range(3))) == [1, 2] and list(without_the_last(range(3))) == [0, 1]
    assert list(without_the_first([])) == list(without_the_last([])) == []
    first = helpers()["mutant_first"]
    assert [first("h", 0.5), first("h", 2.0), first("x", 3.0)] == [0.5, 0.5, 3.0]


def test_every_right_answer_of_the_course_has_a_source():
    for answers in all_answers():
        found = list(machine.sources(answers))
        assert len(found) > len(answers.rights) and found[-1].name == "the solution"


def test_every_random_question_of_the_course_can_be_asked():
    for answers in all_answers():
        for declared in answers.random_inputs:
            for number in range(3):
                assert machine.question(answers, declared, number).inputs is not None


# --- toy exercises -----------------------------------------------------------------------------


def scaled(numbers):
    def cases():
        """Return k times x."""
        for k, x in numbers:
            yield Case({"k": k, "x": x}, expected=k * x)

    return Exercise(cases, "Scaled", lesson="toy")


def product(k, x):
    return k * x


class Counting:
    """A right answer that is a class."""

    def __init__(self, n):
        self.n = n

    def count(self):
        left = self.n
        while left > 0:
            left -= 1
        return self.n - left


def any_inputs(rng):
    return {"k": rng.normal(), "x": rng.normal()}


def tried(numbers, inputs=None, listed=()):
    answers = Answers(scaled(numbers))
    answers.right(product)
    if inputs:
        answers.inputs(inputs)
    for entry in listed:
        answers.equivalent(*entry)
    fates = machine.try_all([answers], jobs=1)
    problems = machine.strike_off(fates, [answers])
    return answers, fates, problems


def surviving(fates):
    return {(fate.mutant.kind, fate.mutant.change) for fate in fates if fate.fate == machine.SURVIVES}


def test_a_weak_check_lets_mutants_survive_and_the_missing_case_is_shown():
    answers, fates, _ = tried([(2, 3), (2, 5)], any_inputs)
    assert {("parameter", "k -> what it was first"), ("abs", "x -> abs(x)"), ("round", "k -> round(k)")} <= surviving(
        fates
    )
    words = "\n".join(machine.told([fate for fate in fates if fate.mutant.change == "x -> abs(x)"]))
    assert words.startswith("toy/cases: abs: x -> abs(x)   (product ") and "right  = " in words and "mutant = " in words
    assert machine.table(fates, [answers]).splitlines()[1].split()[:3] == ["toy", "cases", "1"]


def test_a_strong_check_refuses_all():
    _, fates, problems = tried([(2, 3), (2.5, -0.5), (-3, 7), (0.3, 1.7)], any_inputs)
    assert len(fates) > 20 and {fate.fate for fate in fates} == {machine.REFUSED} and not problems


def test_without_random_inputs_no_survivor_is_equivalent():
    assert ("abs", "x -> abs(x)") in surviving(tried([(2, 3)])[1])


def test_a_survivor_that_agrees_on_random_inputs_is_equivalent():
    _, fates, _ = tried([(2, 3), (5, 7)], lambda rng: {"k": rng.integers(1, 9), "x": rng.integers(1, 9)})
    equivalent = {fate.mutant.kind for fate in fates if fate.fate == machine.EQUIVALENT}
    assert equivalent == {"abs", "int", "round"} and not surviving(fates)


def test_a_survivor_may_be_listed_and_an_entry_without_one_is_found():
    entries = [
        ("abs", "x -> abs(x)", "x is a length"),
        ("abs", "y -> abs(y)", "y is one, too"),
        ("abs", "k -> abs(k)", ""),
    ]
    _, fates, problems = tried([(2, 3)], any_inputs, entries)
    assert [fate.mutant.change for fate in fates if fate.fate == machine.LISTED] == ["k -> abs(k)", "x -> abs(x)"]
    assert len(problems) == 2 and "y -> abs(y)" in problems[0] and "without a reason" in problems[1]
    assert "allowed are 3" in tried([(2, 3)], any_inputs, [*entries, entries[0]])[2][0]


def test_a_mutant_that_hangs_is_refused_in_time(monkeypatch):
    monkeypatch.setattr(machine, "SECONDS", 0.1)

    def cases():
        """Return the number of turns."""
        for n in (3, 5):
            yield Case({"n": n}, expected=n, call=lambda Counting, n: Counting(n).count())

    answers = Answers(Exercise(cases, "Counted", lesson="toy"))
    answers.right(Counting)
    answers.inputs(lambda rng: {"n": int(rng.integers(1, 20))})
    fates = machine.try_all([answers], jobs=1)
    hung = {fate.mutant.change: fate.seconds for fate in fates if fate.fate == machine.TOO_LONG}
    assert {"left -= 1 -> pass", "left -= 1 -> left += 1"} <= hung.keys()
    assert not surviving(fates)


def test_a_mutant_that_spoils_what_others_use_is_tried_alone():
    def cases():
        yield Case({"x": 2.0}, expected=4.0)

    answers = Answers(Exercise(cases, "Doubled", lesson="toy"))
    answers.right(looked_up)
    fates = machine.try_all([answers], jobs=1)
    # It comes after one that writes 0 where 4 is looked up.
    assert ("abs", "TABLE[x] -> abs(TABLE[x])") in surviving(fates)
    assert TABLE == {2.0: 4.0}


TABLE = {2.0: 4.0}


def looked_up(x):
    TABLE[1.0] = 0.0
    return TABLE[x]


def test_values_have_mutants_too():
    def cases():
        yield Case(expected={"A": (5, 4), "B": "error"})

    answers = Answers(Exercise(cases, "A value", lesson="toy"))
    answers.right({"A": (5, 4), "B": "error"})
    fates = machine.try_all([answers], jobs=1)
    assert len(fates) > 8 and {fate.fate for fate in fates} == {machine.REFUSED}


def test_a_wrong_right_answer_is_an_error():
    def cases():
        yield Case({"x": 2.0}, expected=4.0)

    answers = Answers(Exercise(cases, "Doubled", lesson="toy"))
    answers.right(half)
    with pytest.raises(LookupError, match="half"):
        machine.try_all([answers], jobs=1)


def half(x):
    return x / 2


def test_random_inputs_are_asked_in_every_way_of_the_cases():
    def cases():
        yield Case({"x": np.arange(2.0)}, expected=np.arange(2.0) * 2)
        yield Case({"x": np.arange(3.0)}, expected=6.0, call=lambda double, x: double(x).sum(), part="")

    answers = Answers(Exercise(cases, "Doubled", lesson="toy"))
    answers.inputs(lambda rng: {"x": rng.normal(size=3)})
    asked = [machine.question(answers, answers.random_inputs[0], number) for number in range(4)]
    assert [each.call is None for each in asked] == [True, False, True, False]
    with pytest.raises(LookupError, match="named y"):
        machine.question(answers, lambda rng: {"y": 1}, 0)
