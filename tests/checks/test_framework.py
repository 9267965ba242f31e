"""The reports of checks on answers to small exercises, defined here."""

import asyncio
import gc
import html
import json
import math
import operator
import re
import textwrap
import time
import warnings

import numpy as np
import pytest

from gradlib import Tensor, no_grad
from gradlib.checks import Case, Exercise, Refused, limits, named
from gradlib.checks.running import part_of, signature
from gradlib.checks.values import LONGEST, copy, difference, is_unchanged, show, show_side_by_side


def make(*cases, mistakes=(), name="task"):
    def body():
        yield from cases

    body.__name__ = name
    made = Exercise(body, "A task")
    for mistake in mistakes:
        made.mistake(mistake)
    return made


def shifted(x):
    """You added one."""
    return x + 1


def negated(x):
    """The sign is wrong."""
    return -x


SAME = make(Case({"x": 2.0}, 2.0), Case({"x": 5.0}, 5.0), mistakes=[shifted, negated])


# --- the three kinds of report -----------------------------------------------------------------


def test_the_layout_is_the_one_of_the_course():
    def from_the_left(g):
        """You added from the left, as the forward pass does."""
        return np.cumsum(g)

    g = np.array([0.3, -1.2, 0.5])
    report = make(Case({"g": g}, np.array([-0.4, -0.7, 0.5])), mistakes=[from_the_left])(np.cumsum)
    assert report.text == textwrap.dedent("""\
        task: not yet
          g        = [ 0.3, -1.2,  0.5]
          yours    = [ 0.3, -0.9, -0.4]
          expected = [-0.4, -0.7,  0.5]
        You added from the left, as the forward pass does.""")


def test_a_passed_report_says_what_was_checked():
    task = make(Case({"x": 1}, 1), Case({"x": -1}, -1, about="a negative x"), Case({"x": 0.5}, 0.5, about="a half"))
    report = task(lambda x: x)
    assert report.status == "passed" and report.passed
    assert report.text == "task: passed\n3 cases, among them a negative x and a half."
    assert make(Case({"x": 1}, 1))(lambda x: x).text == "task: passed\n1 case."
    task = make(Case({"x": 1}, 1, about="one, a whole number"), Case({"x": 0.5}, 0.5, about="a half"))
    assert task(lambda x: x).explanation == "2 cases, among them one, a whole number; a half."


@pytest.mark.parametrize("answer", [lambda x: 3, lambda x: x * x - 2])
def test_a_wrong_number_is_not_yet(answer):
    report = SAME(answer)
    assert report.status == "not yet" and not report.passed and "yours" in report.rows


def test_html_has_the_same_words_a_role_and_a_mark():
    marks = {"passed": "✓", "not yet": "✗", "not attempted": "○"}
    for answer in (lambda x: x, lambda x: x + 1, lambda x: None):
        report = SAME(answer)
        page = report._repr_html_()
        assert 'role="status"' in page and f'<span aria-hidden="true">{marks.pop(report.status)}</span>' in page
        words = html.unescape(re.sub(r"<[^>]*>|[✓✗○]", " ", page)).split()
        assert words == report.text.split() == repr(report).split() == str(report).split()
    assert not marks


def test_html_is_escaped():
    task = make(Case({"x": "<b>"}, "<i>", about="<u>"))
    page = task(lambda x: "<script>")._repr_html_()
    assert "&lt;script&gt;" in page and not re.search("<(b|i|u|script)>", page.replace("<b>task: not yet", ""))


def test_colours_are_the_themes_with_a_fallback():
    for answer in (lambda x: x, lambda x: x + 1, ...):
        assert re.search(r"border-left: 4px solid var\(--jp-[\w-]+, #\w+\)", SAME(answer)._repr_html_())


# --- stubs -------------------------------------------------------------------------------------


def only_a_docstring(x):
    """Return x."""


def only_none(x):
    return None


def only_pass(x):
    pass


def only_dots(x): ...


def returns_dots(x):
    return ...


def not_implemented(x):
    raise NotImplementedError("your turn")


class OnlyPass:
    def __init__(self, x):
        pass

    def double(self):
        pass


STUBS = [only_a_docstring, only_none, only_pass, only_dots, returns_dots, not_implemented]


@pytest.mark.parametrize("stub", [*STUBS, ...])
def test_a_stub_is_not_attempted(stub):
    report = SAME(stub)
    assert report.status == "not attempted" and report.explanation


def test_no_answer_at_all_is_not_attempted():
    assert SAME().status == "not attempted"


@pytest.mark.parametrize("stub", STUBS)
def test_a_stub_is_not_attempted_where_the_check_calculates_with_what_it_returns(stub):
    task = make(Case({"x": 2.0}, 4.0, call=lambda answer, x: answer(x) + answer(x)))
    assert task(stub).status == "not attempted"


@pytest.mark.parametrize("stub", STUBS)
def test_a_stub_does_not_pass_where_nothing_is_to_be_returned(stub):
    assert make(Case({"x": [1.0]}, None))(stub).status == "not attempted"


@pytest.mark.parametrize("answer", [lambda x: 0, lambda x: "", lambda x: False])
def test_a_constant_is_an_attempt(answer):
    task = make(Case({"x": 2.0}, 4.0, call=lambda answer, x: 1 / 0))
    assert SAME(answer).status == task(answer).status == "not yet"


def test_an_empty_class_is_not_attempted():
    task = make(Case({"x": 2.0}, 4.0, call=lambda Number, x: Number(x).double().data))
    assert task(OnlyPass).status == "not attempted"


@pytest.mark.parametrize("empty", [None, {"x": ..., "y": ...}, {"x": None}, [..., ...], lambda: {"x": ..., "y": ...}])
def test_unfilled_values_are_not_attempted(empty):
    assert make(Case(expected={"x": 1.0, "y": 2.0}))(empty).status == "not attempted"


def test_a_part_that_is_still_a_stub_is_not_yet():
    def half(x):
        if x > 3:
            raise NotImplementedError
        return x

    assert SAME(half).explanation == "This part is still to be written."


def test_computing_and_returning_nothing_is_an_attempt():
    def forgets(x):
        x = x + 0

    report = SAME(forgets)
    assert report.status == "not yet" and "`return` hands it back" in report.explanation


# --- crashes -----------------------------------------------------------------------------------


def helper(x):
    return x[0]


def asks(x):
    raise EOFError("EOF when reading a line")  # what input() raises where nobody can type


def raises_a_text():
    raise "written over"  # noqa: B016


CRASHES = {
    "Nothing has this name here": lambda x: unknown,  # noqa: F821
    "The operator cannot join": lambda x: x + "1",
    "what a function without `return` gives": lambda x: only_none(x) + 1,
    "call it as a function": lambda x: x(2),
    "this is a single value": lambda x: [y for y in x],
    "Only lists, arrays": helper,
    "points past the end": lambda x: [1, 2][2],
    "more indices than the array has axes": lambda x: np.zeros(2)[0, 0],
    "No such key": lambda x: {}["x"],
    "nothing of this name": lambda x: np.zeros(2).gradient,
    "fraction bar is zero": lambda x: 1 / (x - x),
    "finds no end": lambda x: (lambda f: f(f))(lambda f: f(f)),
    "beyond what a float can hold": lambda x: 1e308**x,
    "Counted from the last axis": lambda x: np.zeros(2) + np.zeros(3),
    "a single one is needed": lambda x: 1 if np.zeros(2) == 0 else 0,
    "In a matrix product": lambda x: np.zeros((2, 3)) @ np.zeros((2, 3)),
    "as many numbers": lambda x: np.zeros(6).reshape(4, 2),
    "entries of this type": lambda x: np.frombuffer(bytes(6), dtype=np.float32),
    "not JSON from start to end": lambda x: json.loads('{"x": 2}}'),
    "Not all of these bytes are text": lambda x: json.loads(b'"\x80"'),
    "rows of equal length": lambda x: np.array([[1, 2], [3]]),
    "single number has no length": lambda x: len(np.array(x)),
    "An integer is needed": lambda x: np.expand_dims(np.array(x), None),
    "never to fewer": lambda x: np.broadcast_to(np.zeros((2, 3)), (3,)),
    "a single number has none": lambda x: np.array(x) @ np.zeros(2),
    "sizes in its shape multiply": lambda x: np.zeros((10**7, 10**7)),
    "ends with `return`": lambda x: exit(),  # noqa: PLR1722
    "waits for somebody to type": lambda x: asks(x),
    "not a parameter of the function": lambda x: helper(x, by=2),
    "by its place and by its name": lambda x: helper(x, x=2),
    "or twice by its name": lambda x: dict(**{"a": x}, **{"a": x}),
    "by its place alone": lambda x: (lambda h, /: h)(h=x),
    "or not one to be given by name": lambda x: abs(x=x),
    "has to be given by its name": lambda x: (lambda *, h: h)(),
    "a different number of values": lambda x: abs(x, x),
    "`raise` needs an error": lambda x: raises_a_text(),
    "cannot be changed": lambda x: operator.setitem((1, 2), 0, x),
    "holds no fractions": lambda x: operator.iadd(np.zeros(2, dtype=int), 0.5),
    "`in` and `sum` need a collection": lambda x: 1 in x,
    "a slice or an array of these": lambda x: np.zeros(4)[4 / 2],
    "These are other numbers": lambda x: np.zeros(4)[np.zeros(2)],
    "as many entries as the axis": lambda x: np.zeros(4)[np.zeros(2) == 0],
    "entry by entry, and their shapes differ": lambda x: np.zeros((4, 4))[[0, 1], [0, 1, 2]],
    "the collection is empty": lambda x: [].pop(),
    "Nothing is left to take out": lambda x: set().pop(),
    "nothing can be assigned to it": lambda x: setattr(Tensor(x), "shape", (1,)),
    "This attribute can be read": lambda x: setattr(1, "real", x),
    "can be read, and nothing": lambda x: setattr(helper, "__closure__", x),
    "is a number divided by 0": lambda x: (x - x) ** -1,
    "There are not as many names": lambda x: [a for a, b in [(1, 2, 3)]],
}


@pytest.mark.parametrize("meaning", CRASHES)
def test_a_crash_is_explained(meaning):
    report = SAME(CRASHES[meaning])
    assert meaning in report.explanation, report.text
    assert "Traceback" not in report.text


def test_a_crash_shows_the_learners_own_line():
    def answer(x):
        y = x - x
        return 1 / y

    report = SAME(answer)
    line = answer.__code__.co_firstlineno + 2
    assert report.text.splitlines()[:4] == [
        "task: not yet (0 of 2 cases right)",
        "  x = 2.0",
        f"  line {line}: return 1 / y",
        "  ZeroDivisionError: float division by zero",
    ]


def test_a_crash_in_a_helper_shows_the_helpers_line_and_one_in_numpy_the_callers():
    assert "return x[0]" in SAME(lambda x: helper(x)).rows
    assert "np.linalg.inv(np.zeros((2, 3)))" in SAME(lambda x: np.linalg.inv(np.zeros((2, 3)))).rows
    assert "json.loads(" in SAME(lambda x: json.loads("{")).rows
    compiled = SAME(lambda x: np.random.default_rng(0).normal(0, 1, 2, 3))
    assert "default_rng(0).normal(" in compiled.rows, compiled.text


def test_an_error_of_the_library_is_left_to_its_own_words():
    def transposed(x):
        return Tensor(np.zeros((2, 3))) @ Tensor(np.zeros((2, 3)))

    report = SAME(transposed)
    assert "ShapeError: cannot multiply" in report.rows and report.explanation == ""


def test_an_errors_message_has_no_address():
    def answer(x):
        raise ValueError(f"no {object()}")

    assert "ValueError: no <object object>" in SAME(answer).rows


def test_a_crash_in_the_checks_own_function_shows_the_line_that_called_it():
    def answer(f, x):
        return f(x - 3)

    report = make(Case({"f": named("√x", math.sqrt), "x": 2.0}, 1.0))(answer)
    assert "return f(x - 3)" in report.rows and "not defined at this number" in report.explanation


def test_parameters_that_do_not_fit_are_shown_beside_the_call():
    report = make(Case({"f": np.sin, "x": 1.0}, 0.0), name="slope")(lambda f, x, step: 0)
    assert report.explanation == "The check calls slope(f, x); yours takes (f, x, step)."


@pytest.mark.parametrize(
    ("answer", "takes"),
    [
        (lambda *, x: x, "(*, x)"),
        (lambda *args: args[1], "(*args)"),
        (lambda x, y, z=0.5: x, "(x, y, z=0.5)"),
        (lambda x, y, z="long" * 40: x, "(x, y, z=...)"),
    ],
)
def test_parameters_are_shown_with_their_kind(answer, takes):
    def typed(x: float, y: float) -> float:
        return x

    task = make(Case({"x": 1.0}, 1.0))
    if takes != "(*args)":
        assert task(answer).explanation == f"The check calls task(x); yours takes {takes}."
    assert signature(answer) == takes and signature(typed) == "(x, y)"


def test_a_long_message_is_cut():
    def answer(x):
        raise ValueError("x" * 10**7)

    assert len(SAME(answer).text) < 3 * LONGEST


def test_an_answer_of_many_entries_is_shown_at_once():
    started = time.process_time()
    for answer in ([0] * 10**7, [[0] * 10**7], {"x": [0] * 10**7}, [0.5, "x" * 10**7]):
        report = SAME.report(lambda x, answer=answer: answer)
        assert report.status == "not yet" and len(report.text) < 3 * LONGEST
    assert time.process_time() - started < 3


def test_a_coroutine_is_named_and_closed():
    async def answer(x):
        return x

    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        report = SAME.report(answer)
        by_call = make(Case({"x": 2.0}, 2.0, call=lambda answer, x: answer(x))).report(answer)
        gc.collect()
    assert "`async`" in report.explanation and "`async`" in by_call.explanation and not said


@pytest.mark.parametrize("name", ["allclose", "isclose", "array_equal", "asarray"])
def test_what_a_learner_puts_in_the_place_of_a_numpy_function_does_not_judge(name, monkeypatch):
    task = make(Case({"x": 2.0}, np.array([4.0, 4.0])), Case({"x": 5.0}, 10.0))
    monkeypatch.setattr(np, name, lambda *arguments, **keywords: True)
    for wrong in (7.0, np.full(2, 7.0)):
        report = task(lambda x, wrong=wrong: wrong)
        assert report.status == "not yet" and "7.0" in report.text


def test_an_error_in_the_checks_own_code_ends_in_a_sentence():
    def cases():
        yield Case({"x": np.linspace(0, 1, 3)[1]}, 1.0)
        raise AttributeError("'bool' object has no attribute 'sum'")

    report = Exercise(cases, "A task")(lambda x: 2 * x)
    assert report.status == "not yet" and "did not come to its end: AttributeError" in report.explanation


def test_an_error_without_a_known_meaning_is_shown():
    class Strange(Exception):
        def __str__(self):
            raise ValueError

    def answer(x):
        raise Strange

    report = SAME(answer)
    assert report.status == "not yet" and "Strange" in report.rows


def test_interrupting_still_interrupts():
    def interrupted(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        SAME(interrupted)


def test_numbers_that_math_refuses_and_axes_that_are_not_there():
    refused = make(Case({"x": np.ones(3)}, np.ones(3)))
    assert refused(lambda x: math.sqrt(x)).explanation == "One number is needed here, and this array holds several."
    assert "-1, however many there are" in refused(lambda x: x.sum(axis=1)).explanation


def test_an_answer_that_cannot_be_used_is_refused_in_the_checks_own_words():
    def square_of(answer, x):
        if not isinstance(answer(x), float):
            raise Refused("A float is wanted.")
        return answer(x) ** 2

    task = make(Case({"x": 1.0}, 4.0, call=square_of), Case({"x": 2.0}, 9.0, call=square_of))
    assert task(lambda x: x + 1).passed
    assert task(lambda x: "no").text == "task: not yet (0 of 2 cases right)\n  x = 1.0\nA float is wanted."
    assert "yours    = 4.0" in task(lambda x: 2.0 if x == 2 else "no").rows, "a wrong number is shown before"


def test_too_few_values_to_unpack_are_explained():
    def answer(x):
        a, b = (x,)
        return a + b

    assert "as many names as values" in SAME(answer).explanation


# --- several functions in one class ------------------------------------------------------------


class Both:
    def double(x):
        return 2 * x

    def triple(x):
        return 3 * x


class TriplesInDouble(Both):
    """You tripled where you should double."""

    double = Both.triple


class DoublesInTriple(Both):
    """You doubled where you should triple."""

    triple = Both.double


PARTS = make(
    *(Case({"x": x}, 2 * x, part="double") for x in (1.0, 2.5)),
    *(Case({"x": x}, 3 * x, part="triple") for x in (2.0, 3.5)),
    mistakes=[TriplesInDouble, DoublesInTriple],
)


def but(**functions):
    return type("Answer", (Both,), functions)


def test_parts_are_judged_one_by_one():
    assert PARTS(Both).passed
    report = PARTS(DoublesInTriple)
    assert report.rows.splitlines()[:2] == ["function = triple", "x        = 2.0"]
    assert report.explanation == "You doubled where you should triple.\nRight so far: double."
    crashed = PARTS(but(triple=lambda x: x[0]))
    assert "TypeError" in crashed.rows and "Right so far: double." in crashed.explanation
    surplus = PARTS(but(triple=lambda x, y: x))
    assert "The check calls triple(x); yours takes (x, y)." in surplus.explanation


def test_a_mistake_in_one_part_is_named_whatever_the_others_do():
    assert PARTS(but(double=lambda x: 3 * x, triple=lambda x: 2 * x)).explanation == TriplesInDouble.__doc__
    assert PARTS(but(double=lambda x: 3 * x, triple=lambda x: 0)).explanation == TriplesInDouble.__doc__


def test_a_part_may_take_self_or_be_a_static_method():
    assert PARTS(but(double=lambda self, x: x + x)).passed
    assert PARTS(but(double=staticmethod(lambda x: x + x))).passed
    assert PARTS(Both()).status == "not yet"


def test_parts_that_are_still_to_be_written():
    class OneOfTwo:
        def double(x):
            return x + x

    class Stubs:
        def double(x):
            pass

        @staticmethod
        def triple(x):
            """Three times x."""

    assert "still to be written" in PARTS(OneOfTwo).explanation and PARTS(OneOfTwo).status == "not yet"
    assert PARTS(Stubs).status == "not attempted"
    watched = make(Case({"x": 1.0}, [1.0], part="double", call=lambda function, x: [function(x) or 0.0]))
    assert watched(Stubs).status == "not attempted"
    assert watched(Both).status == "not yet"


def test_an_interruption_shows_the_case_and_the_learners_lines_alone(monkeypatch):
    def deeper(x):
        raise KeyboardInterrupt

    def endless(x):
        return deeper(x)

    monkeypatch.setattr(limits, "_may_fork", lambda: False)
    with pytest.raises(KeyboardInterrupt) as stopped:
        SAME(endless)
    assert stopped.value.__notes__[0] == "x = 2.0" and "You stopped the check here" in stopped.value.__notes__[1]
    _, check, *own = stopped.traceback  # this test, Exercise.__call__, and then
    assert [frame.name for frame in own] == ["endless", "deeper"]
    assert check.frame.f_locals["__tracebackhide__"]  # IPython leaves it out


def test_an_interruption_in_a_child_process_tells_the_case_and_the_line():
    def endless(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as stopped:
        SAME(endless)
    case, line, advice = stopped.value.__notes__
    assert (case, line.partition(": ")[2]) == ("x = 2.0", "raise KeyboardInterrupt") and "You stopped" in advice


def test_a_learner_who_turned_recording_off_is_checked_as_others_are():
    def never_turned_on_again(x):
        no_grad().__enter__()
        return x

    def body():
        x = Tensor(3.0, requires_grad=True)
        (x * x).backward()
        yield Case({"x": 2.0}, x.grad.item() - 4)

    task = Exercise(body, "A task")
    with no_grad():
        assert task(lambda x: x).passed
    assert task(never_turned_on_again).passed and (Tensor(3.0, requires_grad=True) * 2).requires_grad


# --- answers that nobody expects ---------------------------------------------------------------


class Hostile:
    def __repr__(self):
        raise RuntimeError("no")

    def __eq__(self, other):
        raise RuntimeError("no")

    __hash__ = None
    __array__ = __len__ = __float__ = __iter__ = __bool__ = __eq__


def leaves(x):
    raise SystemExit


def cancels(x):
    raise asyncio.CancelledError  # no Exception, as SystemExit is none


def holds_itself(kind):
    if kind is dict:
        value = {}
        value["x"] = value
    else:
        value = [...]
        value.append(value)
        value[0] = value
    return value


def deep(x):
    value = 2.0
    for _ in range(3000):
        value = [value]
    return value


ODD = [
    *(lambda x: Hostile(), lambda x: [Hostile()], lambda x: {"x": Hostile()}, lambda x: 10**400),
    *(lambda x: 2**70, lambda x: np.array([None]), lambda x: np.array("a"), lambda x: (y for y in "a")),
    *(lambda x: lambda: x, lambda x: type(x), lambda x: np.zeros(10**6), lambda x: complex(x, 1)),
    *(lambda x: np.ma.masked, lambda x: NotImplemented, lambda x: b"2", lambda x: {1, 2}, leaves),
    *(lambda x: object(), lambda x: float("nan"), lambda x: np.zeros((0, 3)), lambda x: np.zeros((1, 1, 1))),
    *(lambda x: holds_itself(dict), lambda x: holds_itself(list), deep, cancels),
    *(holds_itself(dict), holds_itself(list), deep(0)),
    *(Hostile, Hostile(), 3, "text", None, [1], np.zeros(3), print),
]
TASKS = {
    "number": SAME,
    "array": make(Case({"x": 2.0}, np.zeros((2, 3))), mistakes=[shifted]),
    "text": make(Case({"x": 2.0}, "abc")),
    "list": make(Case({"x": 2.0}, ["a", 1.0])),
    "boxes": make(Case({"x": 2.0}, {"x": 1.0}), mistakes=[lambda x: {"x": 2.0}]),
    "truth": make(Case({"x": 2.0}, False)),
    "accept": make(Case({"x": 2.0}, accept=lambda y: None if y > 1e99 else "too small")),
    "value": make(Case(expected=7.0)),
}


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
@pytest.mark.parametrize("odd", range(len(ODD)))
def test_no_answer_makes_a_check_raise(task, odd):
    report = task(ODD[odd])
    accepted = task is TASKS["accept"] and odd == 3  # 10**400 is above 1e99
    assert report.status == "passed" if accepted else report.status in ("not yet", "not attempted")
    assert "Traceback" not in report.text and "0x" not in report.text
    assert report._repr_html_() and len(report.text) < 3 * LONGEST


# --- kinds, shapes, dtypes, tolerance ----------------------------------------------------------


@pytest.mark.parametrize(
    ("expected", "yours", "sentence"),
    [
        (2.0, "2.0", "Your answer is a text (str), expected a number."),
        (2.0, np.array([2.0]), "Your answer is an array of shape (1,), expected a number."),
        (2.0, True, "Your answer is a truth value (bool), expected a number."),
        (2.0, [2.0], "Your answer is a list of length 1, expected a number."),
        (2.0, np.sin, "Your answer is a function, expected a number."),
        (np.zeros((2, 3)), 0.0, "Your answer is a number, expected an array of shape (2, 3)."),
        (np.zeros((2, 3)), np.zeros((3, 2)), "Your answer has shape (3, 2), expected (2, 3)."),
        (np.zeros((2, 3)), np.zeros(3), "Your answer has shape (3,), expected (2, 3)."),
        (np.zeros(3), [0.0, 0.0, 0.0], "Your answer is a list of length 3, expected an array of shape (3,)."),
        ([1, 2], [1, 2, 3], "Your answer has length 3, expected 2."),
        ([1, 2], {1: 2}, "Your answer is a dictionary, expected a list of length 2."),
        (True, 1, "Your answer is a number, expected a truth value (bool)."),
        ({"x": 1}, 1, "Your answer is a number, expected a dictionary."),
        (0.0, np.array(["0", "0"]), "Your answer is an array of texts of shape (2,), expected a number."),
        (
            np.zeros(1),
            np.array(["0"]),
            "Your answer is an array of texts of shape (1,), expected an array of shape (1,).",
        ),
        (2.0, Tensor(2.0), "Your answer is a Tensor, expected a number. The numbers of a tensor are its `data`."),
    ],
)
def test_a_wrong_kind_or_shape_names_both(expected, yours, sentence):
    report = make(Case({"x": 1.0}, expected))(lambda x: yours)
    assert report.explanation == sentence


@pytest.mark.parametrize(
    ("expected", "yours"),
    [
        (2.0, 2),
        (2, 2.0),
        (2.0, np.float32(2)),
        (2.0, np.array(2.0)),
        (np.array(2.0), 2.0),
        (np.array([1.0, 2.0]), np.array([1, 2])),
        (np.nan, np.nan),
        (np.inf, np.inf),
        ((1, 2), [1.0, 2.0]),
        (True, np.bool_(True)),
        ("a", "a"),
        (None, None),
        ({"a": 1.0}, {"a": 1}),
        (np.zeros((0, 3)), np.zeros((0, 3))),
        (1.0, 1.0 + 5e-8),
    ],
)
def test_what_counts_as_the_same(expected, yours):
    assert make(Case({"x": 1.0}, expected))(lambda x: [yours][int(x) - 1]).passed


@pytest.mark.parametrize(
    ("expected", "yours"),
    [(2.0, -2.0), (np.nan, 0.0), (0.0, np.nan), (1e-3, 1.1e-3), (np.inf, 1e300), ("a", "b")],
)
def test_what_differs(expected, yours):
    assert make(Case({"x": 1.0}, expected))(lambda x: yours).status == "not yet"


def test_a_generator_is_told_what_it_is():
    def yields(x):
        yield x

    assert "A function with `yield`" in SAME(yields).explanation


def test_nan_is_explained_where_none_was_expected():
    expected = np.array([1.0, np.inf])
    task = make(Case({"x": 2.0}, expected))
    assert "Your answer holds nan" in task(lambda x: np.array([np.nan, np.inf])).explanation
    assert task(lambda x: np.array([1.0, 3.0])).explanation == ""
    assert "holds nan" in make(Case({"x": 2.0}, [1.0, [2.0]]))(lambda x: [1.0, [np.nan]]).explanation
    boxes = make(Case({"x": 2.0}, {"a": 1.0, "b": 2.0}))
    assert boxes(lambda x: {"a": np.nan, "b": 3.0}).explanation.startswith("a holds nan")
    assert make(Case({"x": 2.0}, np.array([np.nan, 1.0])))(lambda x: np.array([1.0, np.nan])).explanation == ""


def test_tolerance_is_the_cases():
    loose = make(Case({"x": 1.0}, 2.0, rtol=0.0, atol=0.5))
    assert loose(lambda x: 2.4).passed and not loose(lambda x: 2.6).passed


def test_a_dtype_is_asked_for_where_it_matters():
    task = make(Case({"x": 1.0}, np.zeros(2, np.float32), dtype=np.float32))
    assert task(lambda x: np.zeros(2, np.float32)).passed
    assert task(lambda x: np.zeros(2)).explanation == "Your answer has dtype float64, expected float32."
    number = make(Case({"x": 1.0}, 0.0, dtype=np.float32))
    assert number(lambda x: 0.0).explanation == "Your answer has dtype float, expected float32."


# --- which case is shown -----------------------------------------------------------------------


def test_the_smallest_failing_case_is_shown():
    task = make(*(Case({"x": np.arange(n)}, n) for n in (7, 3, 2, 5)))
    assert "x        = [0, 1, 2]" in task(lambda x: 2 if len(x) == 2 else 0).rows


def test_a_wrong_number_is_shown_before_a_crash():
    assert "x        = 5.0" in SAME(lambda x: 0.0 if x == 5 else x[0]).rows


def test_a_plain_case_is_shown_before_a_special_one():
    task = make(Case({"x": 1}, 1, about="one"), Case({"x": [1, 2]}, 2))
    assert "[1, 2]" in task(lambda x: 0).rows


def test_what_is_special_in_a_case_is_said():
    task = make(Case({"x": 1}, 1), Case({"x": -1}, -1, about="a negative x"))
    assert task(abs).explanation == "This case: a negative x."


# --- inputs ------------------------------------------------------------------------------------


def change_array(x):
    x[0] = 9.0
    return 1.0


def append(x):
    x.append(1.0)
    return 1.0


def change_deep(x):
    x["a"][0][0] = 9.0
    return 1.0


def change_kind(x):
    x[0] = None
    return 1.0


@pytest.mark.parametrize(
    ("x", "answer"),
    [
        (np.zeros(2), change_array),
        ([1.0], append),
        ([1.0], change_kind),
        ([[1.0]], change_kind),
        ([np.zeros(2)], change_kind),
        ({"a": [np.zeros(2)]}, change_deep),
    ],
)
def test_a_changed_input_is_named_and_the_next_run_gets_a_fresh_one(x, answer):
    before = repr(x)
    report = make(Case({"x": x}, 1.0), Case({"x": x}, 1.0))(answer)
    assert report.explanation.startswith("Your code changed x, which belongs to the caller.")
    assert repr(x) == before


def test_a_changed_input_is_named_beside_the_mistake():
    def answer(x):
        x += 1
        return x

    report = make(Case({"x": np.array([1.0, 2.0])}, np.array([1.0, 2.0])), mistakes=[shifted])(answer)
    assert report.explanation.splitlines()[0] == "You added one."
    assert "Your code changed x" in report.explanation.splitlines()[1]


def test_several_changed_inputs_are_named():
    def answer(x, y):
        x[0] = y[0] = 9.0
        return 1.0

    report = make(Case({"x": np.zeros(2), "y": [1.0]}, 1.0))(answer)
    assert report.explanation.startswith("Your code changed x and y, which belong to the caller.")


def test_an_unchanged_input_may_hold_nan():
    assert make(Case({"x": np.array([np.nan, 1.0]), "y": [float("nan")]}, 1.0))(lambda x, y: x[1]).passed


def test_a_copy_keeps_the_order_in_memory():
    transposed = np.arange(6.0).reshape(3, 2).T
    assert copy(transposed).flags.f_contiguous and is_unchanged(transposed, copy(transposed))


def test_what_is_printed_is_printed_and_float_warnings_are_not_shown(capsys):
    def answer(x):
        print("here", np.float64(1) / np.float64(0))
        return x

    assert SAME(answer).passed
    assert capsys.readouterr().out == "here inf\n" * 2


# --- mistakes ----------------------------------------------------------------------------------


def test_a_mistake_is_named():
    assert SAME(lambda x: 1 + x).explanation == "You added one."


def test_a_mistake_that_fits_only_some_cases_is_not_named():
    assert SAME(lambda x: 3.0).explanation == ""
    assert SAME(lambda x: x + 1 if x == 2 else x).explanation == ""


def test_two_mistakes_that_cannot_be_told_apart_are_not_named():
    def plus_one(x):
        """Another sentence."""
        return x + 1

    task = make(Case({"x": 2.0}, 2.0), mistakes=[shifted, plus_one])
    assert task(lambda x: x + 1).explanation == ""


def test_a_crash_elsewhere_contradicts_a_mistake_that_does_not_crash_there():
    def crashes_at_five(x):
        """You took the first entry of five."""
        return x + 1 if x == 2 else x[0]

    def answer(x):
        return x + 1 if x == 2 else x[0] + 0

    assert SAME(answer).explanation == ""
    assert make(*SAME.cases(), mistakes=[shifted, crashes_at_five])(answer).explanation == crashes_at_five.__doc__


def test_a_crash_is_never_taken_for_a_mistake():
    def breaks(x):
        """You broke it."""
        return x[0]

    task = make(Case({"x": 2.0}, 2.0), mistakes=[breaks])
    assert "You broke it" not in task(lambda x: x[1]).explanation
    assert "You broke it" not in task(lambda x: only_none(x)).explanation


def test_a_mistake_need_not_run_on_every_case():
    task = make(Case({"x": 2.0}, 2.0), Case({"x": [1.0]}, 1.0), mistakes=[shifted])
    assert task(lambda x: 3.0 if x == 2 else 1.0).explanation == ""


# --- classes, predictions, boxes, many right answers -------------------------------------------


class Doubled:
    """Your subtraction gives back the number that it starts from."""

    def __init__(self, data):
        self.data = data

    def __rsub__(self, other):
        return Doubled(other)


SUBTRACT = make(Case({"x": 3.0}, -1.0, call=lambda Value, x: (2 - Value(x)).data), mistakes=[Doubled], name="subtract")


def test_an_answer_may_be_a_class_and_so_may_a_mistake():
    class Value:
        def __init__(self, data):
            self.data = data

        def __rsub__(self, other):
            return Value(other - self.data)

    class Wrong(Value):
        def __rsub__(self, other):
            return Value(2.0)

    class Unwritten(Value):
        def __rsub__(self, other):
            raise NotImplementedError

    assert SUBTRACT(Value).passed
    assert SUBTRACT(Wrong).explanation == Doubled.__doc__
    assert SUBTRACT(Unwritten).status == "not attempted"
    assert SUBTRACT(3.0).explanation.startswith("This check runs your code")


def exact():
    """In exact arithmetic, yes."""
    return 1.0


@pytest.mark.parametrize("wrap", [lambda value: value, lambda value: lambda: value])
def test_a_prediction_is_a_value_or_a_function_that_returns_it(wrap):
    task = make(Case(expected=0.0), mistakes=[exact])
    assert task(wrap(0.0)).text == "task: passed"
    assert task(wrap(1.0)).text == "task: not yet\n  yours = 1.0\nIn exact arithmetic, yes."
    assert "expected" not in task(wrap(3.0)).text


def local_only():
    """You wrote the local derivative; what arrives from above belongs to it, too."""
    return {"x": 3.0, "y": 2.0, "z": 1.0, "t": 4.0}


def doubled():
    """Each path was counted twice."""
    return {"x": 30.0, "y": 20.0, "z": 2.0, "t": 4.0}


BOXES = make(Case(expected={"x": 15.0, "y": 10.0, "z": 1.0, "t": 4.0}), mistakes=[local_only, doubled], name="boxes")


def test_boxes_are_marked_one_by_one_and_do_not_give_the_answer_away():
    report = BOXES({"x": 3.0, "y": 10.0, "z": 7.0, "t": ...})
    assert report.text == textwrap.dedent("""\
        boxes: not yet (1 of 4 boxes right)
          x = 3.0   ✗ wrong
          y = 10.0  ✓ right
          z = 7.0   ✗ wrong
          t = ...   ○ empty
        x: You wrote the local derivative; what arrives from above belongs to it, too.""")


def test_a_mistake_that_accounts_for_all_wrong_boxes_needs_no_names():
    report = BOXES({"x": 3.0, "y": 2.0, "z": 1.0, "t": 4.0})
    assert report.explanation == "You wrote the local derivative; what arrives from above belongs to it, too."


def test_several_mistakes_are_named_with_their_boxes():
    report = BOXES({"x": 30.0, "y": 2.0, "z": 2.0, "t": 4.0})
    assert report.explanation.splitlines() == [
        "x, z: Each path was counted twice.",
        "y: You wrote the local derivative; what arrives from above belongs to it, too.",
    ]


def test_of_several_mistakes_in_a_box_the_one_that_accounts_for_most_boxes_is_named():
    def swapped():
        """You swapped two boxes."""
        return {"x": 30.0, "y": 15.0, "z": 4.0, "t": 1.0}

    task = make(*BOXES.cases(), mistakes=[*BOXES.mistakes, swapped])
    assert task({"x": 30.0, "y": 20.0, "z": 1.0, "t": 4.0}).explanation == f"x, y: {doubled.__doc__}"
    assert task({"x": 30.0, "y": 10.0, "z": 1.0, "t": 4.0}).explanation == ""


def test_a_mistake_may_fill_only_some_boxes_and_in_another_form():
    def one_box():
        """You took t for z."""
        return {"z": 4.0}

    def one_number():
        """A sentence that is never said of boxes."""
        return 30.0

    def broken():
        """Another one."""
        raise ValueError

    task = make(*BOXES.cases(), mistakes=[one_box, one_number, broken])
    assert task({"x": 30.0, "y": 10.0, "z": 4.0, "t": 4.0}).explanation == "z: You took t for z."


def test_right_empty_missing_and_unknown_boxes():
    right = {"x": 15, "y": 10, "z": 1, "t": 4}
    assert BOXES(right).passed and BOXES(lambda: right).passed
    assert "○ empty" in BOXES({"x": 15, "y": 10, "z": 1}).rows
    assert BOXES(right | {"w": 1}).explanation == "There is no box called w."
    assert BOXES(right | {"x": "15"}).passed and not BOXES(right | {"x": "fifteen"}).passed
    assert BOXES(right | {"x": [15]}).explanation == "x is a list of length 1, expected a number."


def test_boxes_of_a_function_with_inputs_show_what_was_expected():
    task = make(Case({"x": 2.0}, {"x": 4.0, "y": 1.0}))
    assert task(lambda x: {"x": 3.0, "y": 1.0}).rows.splitlines() == [
        "x = 2.0",
        "x = 3.0  ✗ wrong, expected 4.0",
        "y = 1.0  ✓ right",
    ]


def test_an_input_that_a_function_with_right_boxes_changed_is_named():
    def answer(x):
        x.append(1)
        return {"y": 1.0}

    assert "Your code changed x" in make(Case({"x": [1]}, {"y": 1.0}))(answer).explanation


def entries_exchanged(x):
    """They have changed places."""
    return 3 * x, x


def first_doubled(x):
    """The first is counted twice."""
    return 2 * x, 3 * x


def second_left_out(x):
    """The second is as it came."""
    return x, x


V = np.array([1.0, 2.0])
ENTRIES = make(
    Case({"x": V}, (V, 3 * V), names=("u", "v")),
    Case({"x": -V}, (-V, -3 * V), names=("u", "v"), about="a negative x"),
    mistakes=[entries_exchanged, first_doubled, second_left_out],
)


def test_of_a_tuple_with_named_entries_the_wrong_ones_are_shown_and_explained():
    assert ENTRIES(lambda x: [x, 3 * x]).passed
    assert ENTRIES(lambda x: (x, x)).text == textwrap.dedent("""\
        task: not yet (0 of 2 cases right)
          x              = [1.0, 2.0]
          yours for v    = [1.0, 2.0]
          expected for v = [3.0, 6.0]
        The second is as it came.
        Right so far: u.""")
    assert ENTRIES(lambda x: (2 * x, x[:1])).explanation.splitlines() == [
        "u: The first is counted twice.",
        "v has shape (1,), expected (2,).",
    ]
    assert ENTRIES(lambda x: (3 * x, x)).explanation == entries_exchanged.__doc__
    assert ENTRIES(lambda x: (None, 3 * x)).explanation.splitlines() == [
        "u is None, expected an array of shape (2,).",
        "Right so far: v.",
    ]
    assert "This case: a negative x." in ENTRIES(lambda x: (abs(x), 3 * x)).explanation


def test_a_tuple_without_its_entries_is_compared_as_a_whole():
    assert ENTRIES(lambda x: x).explanation == "Your answer is an array of shape (2,), expected a tuple of length 2."
    assert ENTRIES(lambda x: (x, x, x)).explanation == "Your answer has length 3, expected 2."
    assert ENTRIES(lambda x: (None, None)).status == "not attempted"


def test_an_input_that_was_changed_is_named_beside_wrong_entries():
    def answer(x):
        x *= 2
        return x, 1.5 * x

    assert ENTRIES(answer).explanation.splitlines()[0] == first_doubled.__doc__
    assert "Your code changed x" in ENTRIES(answer).explanation


def check_order(order):
    return None if order.index("a") < order.index("b") else "b comes before its input a."


def backwards(graph):
    """You wrote the order of the backward pass."""
    return ["c", "b", "a"]


def test_any_of_many_right_answers_is_accepted():
    task = make(Case({"graph": "a -> b"}, ["a", "b", "c"], accept=check_order), mistakes=[backwards])
    assert task(lambda graph: ["a", "c", "b"]).passed and task(lambda graph: ["c", "a", "b"]).passed
    assert task(lambda graph: ["b", "a", "c"]).text == textwrap.dedent("""\
        task: not yet
          graph = 'a -> b'
          yours = ['b', 'a', 'c']
        b comes before its input a.""")
    assert task(lambda graph: ["c", "b", "a"]).explanation == "You wrote the order of the backward pass."
    assert task(lambda graph: ["a", "b"]).explanation == "Your answer has length 2, expected 3."
    assert "does not have the form" in task(lambda graph: ["x", "y", "z"]).explanation


# --- numbers as text ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.bool_(False), "False"),
        (2.0, "2.0"),
        (np.float64(0.1), "0.1"),
        (1.4901161193847656e-08, "1.4901161e-08"),
        (11.999999999999744, "12.0"),
        (np.float32(1.5), "np.float32(1.5)"),
        (3, "3"),
        (np.array([1.0, 2.0]), "[1.0, 2.0]"),
        (np.array([3, -2]), "[ 3, -2]"),
        ((np.array([[1, 2], [3, 4]]), 5), "([[1, 2],\n  [3, 4]],\n 5)"),
        (np.array([[1.0, -2.25], [30.0, 4.0]]), "[[ 1.00, -2.25],\n [30.00,  4.00]]"),
        (np.array(0.5), "0.5"),
        (np.zeros((2, 0)), "[[],\n []]"),
        (np.zeros((2, 1, 2)), "[[[0.0, 0.0]],\n\n [[0.0, 0.0]]]"),
        (np.array([True, False]), "array([ True, False])"),
        ([0.1, np.float64(2.0)], "[0.1, 2.0]"),
        ("a", "'a'"),
        (..., "..."),
        (np.sin, "sin"),
        (float, "float"),
        (object(), "<object object>"),
    ],
)
def test_show(value, text):
    assert show(value) == text


def test_long_values_are_cut():
    assert len(show("a" * 10**6)) < LONGEST + 10
    assert len(show(np.zeros((1000, 1000)))) < LONGEST + 10
    assert all(len(text) < LONGEST + 10 for text in show_side_by_side(np.zeros(10**6), np.zeros(3)))


@pytest.mark.parametrize(
    ("first", "second", "texts"),
    [
        (12.0, 12.25, ("12.00", "12.25")),
        (-0.3, 0.5, ("-0.3", " 0.5")),
        (1.0, 1.0 + 1e-9, ("1.000000000", "1.000000001")),
        (1e-15, 1.11e-15, ("1.00e-15", "1.11e-15")),
        (4, 6, ("4", "6")),
        (4, 4.5, ("4.0", "4.5")),
        (np.nan, 1.0, ("nan", "1.0")),
        (None, 1.0, ("None", "1.0")),
    ],
)
def test_two_numbers_get_one_format_in_which_they_differ(first, second, texts):
    assert show_side_by_side(first, second) == texts


def test_difference_of_nested_values():
    assert difference([1.0, (2, "a")], [1.0, [2, "a"]], 0, 0) is None
    assert difference([1.0, (2, "b")], [1.0, [2, "a"]], 0, 0) == ""


def test_a_shape_of_one_axis_keeps_its_comma():
    assert [show(value) for value in [(2,), (2, 3), (), [2]]] == ["(2,)", "(2, 3)", "()", "[2]"]


def test_what_a_method_keeps_in_self_is_there_at_the_next_call():
    class Counts:
        def add(self, n):
            self.total = getattr(self, "total", 0) + n
            return self.twice()

        def twice(self):
            return 2 * self.total

    assert [part_of(Counts, "add")(n) for n in (1, 4)] == [2, 10]


def test_a_box_whose_form_is_right_is_not_given_away_by_its_kind():
    def form(content):
        return "" if content == "error" or isinstance(content, tuple) else f"{content} is neither a shape nor an error."

    task = make(Case(expected={"A": (2, 3), "B": "error", "n": 1}, form=form))
    for box, content in [("A", "error"), ("A", (2,)), ("B", (2, 3)), ("n", 2)]:
        assert task({"A": (2, 3), "B": "error", "n": 1, box: content}).explanation == ""
    assert task({"A": 5, "B": "error", "n": 1}).explanation == "5 is neither a shape nor an error."
    assert task({"A": (2, 3), "B": "error", "n": "one"}).explanation == "n is a text (str), expected a number."
    assert task([1, 2]).explanation == "Your answer is a list of length 2, expected a dictionary."


def test_where_boxes_are_of_one_kind_another_kind_is_told_and_where_they_are_not_it_is_not():
    assert make(Case(expected={"a": 1, "b": 2.5}))({"a": 1, "b": "half"}).explanation.startswith("b is a text (str)")
    assert make(Case(expected={"a": 1, "b": "error"}))({"a": 1, "b": 2}).explanation == ""
