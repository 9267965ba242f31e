"""The checks of lesson 07."""

import inspect
import math
import re
from functools import partial

import numpy as np
from numpy import allclose

from gradlib.checks.cases import Case, Refused
from gradlib.checks.exercises import exercise
from gradlib.checks.lesson_03 import in_order
from gradlib.checks.values import describe, is_number, named, show
from gradlib.finite_differences import numerical_gradient
from gradlib.scalar import Value
from gradlib.tensor import Tensor

TITLE = "Trust, but verify"


# --- 1 -----------------------------------------------------------------------------------------


def operation(symbol, forward, *rules):
    """An operation with rules that are right or wrong."""
    made = named(symbol, forward)
    made.forward, made.rules = forward, list(rules)
    return made


def assigned(g, z, x):
    gradient = np.zeros_like(x)
    gradient[[0, 2, 2, 1]] = g
    return gradient


def one_entry(g, z, x):
    gradient = g * z
    gradient[1, 2] *= 1.01
    return gradient


def softmax_of(x):
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def softmax_rule(g, z, x):
    return z * (g - (g * z).sum(axis=-1, keepdims=True))


def with_nan_and_worse(g, z, x):
    """3 z/x for x³: nan at 0, and 100 times too large in the last entry."""
    gradient = g * 3 * z / x
    gradient[-1] *= 100
    return gradient


def linear(*errors):
    """2x₀ - 3x₁ + x₂/2 + 4x₃ with errors in its gradient."""
    slopes = np.array([2.0, -3.0, 0.5, 4.0])
    return operation("2x₀ - 3x₁ + x₂/2 + 4x₃", lambda x: x @ slopes, lambda g, z, x: g * (slopes + errors))


def every(*shape):
    return list(np.ndindex(shape))


def planted_bugs(rng):
    """A list of (operation, inputs, verdict for each input, what is special).

    A verdict is "right", "shape" or a list of the entries whose gradient is wrong, the worst one alone if it does not
    depend on the probe.
    """
    off_diagonal = [index for index in np.ndindex(3, 3) if index[0] != index[1]]
    return [
        (linear(0.0, 0.03, 0.4, -1.0), [rng.normal(size=4)], [[(3,)]], "three wrong entries, the last one the worst"),
        (linear(0.0, 0.0, -2.0, 0.3), [rng.normal(size=4)], [[(2,)]], "two wrong entries, the earlier one much worse"),
        (
            operation("x + b, first row", np.add, lambda g, z, x, b: g, lambda g, z, x, b: g[0]),
            [rng.normal(size=(4, 3)), rng.normal(size=3)],
            ["right", every(3)],
            "a missing sum over axes",
        ),
        (
            operation("x + b, all rows", np.add, lambda g, z, x, b: g, lambda g, z, x, b: g),
            [rng.normal(size=(4, 3)), rng.normal(size=3)],
            ["right", "shape"],
            "a gradient of another shape",
        ),
        (
            operation("Σ x, not stretched", np.sum, lambda g, z, x: g),
            [rng.normal(size=3)],
            ["shape"],
            "a number where a vector belongs",
        ),
        (
            operation("x - y, wrong sign", np.subtract, lambda g, z, x, y: g, lambda g, z, x, y: g),
            [rng.normal(size=(2, 3)), rng.normal(size=(2, 3))],
            ["right", every(2, 3)],
            "a wrong sign",
        ),
        (
            operation("x · y, small by half", np.multiply, lambda g, z, x, y: g * y / 2, lambda g, z, x, y: g * x),
            [rng.uniform(1, 2, size=3), rng.uniform(1, 2, size=3)],
            [every(3), "right"],
            "an error in the first of two rules",
        ),
        (
            operation("x @ y, transposed", np.matmul, lambda g, z, x, y: g @ y.T, lambda g, z, x, y: g.T @ x),
            [rng.normal(size=(2, 3)), rng.normal(size=(3, 3))],
            ["right", off_diagonal],
            "a transposed gradient",
        ),
        (
            operation("x³, by way of 3z/x", lambda x: x**3, lambda g, z, x: g * 3 * z / x),
            [np.array([1.5, 0.0, -0.5, 2.0, -1.0])],
            [[(1,)]],
            "a gradient that is nan",
        ),
        (
            operation("x³, nan and worse", lambda x: x**3, with_nan_and_worse),
            [np.array([1.5, 0.0, 2.0])],
            [[(1,)]],
            "a nan beside a large error",
        ),
        (
            operation("x[0, 2, 2, 1], assigned", lambda x: x[[0, 2, 2, 1]], assigned),
            [rng.normal(size=4)],
            [[(2,)]],
            "= for +=",
        ),
        (
            operation("exp x, one entry wrong", np.exp, one_entry),
            [rng.uniform(0.5, 1.5, size=(2, 3))],
            [[(1, 2)]],
            "an error in one single entry",
        ),
        (
            operation("softmax x, diagonal only", softmax_of, lambda g, z, x: g * z * (1 - z)),
            [rng.normal(size=(2, 3))],
            [every(2, 3)],
            "a Jacobian that is right on its diagonal only",
        ),
        (
            operation("running total of x, for equal g", np.cumsum, lambda g, z, x: g * np.arange(len(x), 0, -1)),
            [rng.normal(size=4)],
            [[(0,), (1,), (2,)]],
            "a rule that is right only for equal g",
        ),
    ]


def right_operations(rng):
    """A list of (operation, inputs, what is special)."""
    exp = operation("exp x", np.exp, lambda g, z, x: g * z)
    return [
        (
            operation(
                "x · y + sin x",
                lambda x, y: x * y + np.sin(x),
                lambda g, z, x, y: g * (y + np.cos(x)),
                lambda g, z, x, y: g * x,
            ),
            [rng.normal(size=(2, 3)), rng.normal(size=(2, 3))],
            "",
        ),
        (
            operation("x @ y", np.matmul, lambda g, z, x, y: g @ y.T, lambda g, z, x, y: x.T @ g),
            [rng.normal(size=(2, 3)), rng.normal(size=(3, 1))],
            "",
        ),
        (operation("softmax x", softmax_of, softmax_rule), [rng.normal(size=(2, 3))], ""),
        (exp, [np.array([10.0, 10.5, 11.0, 13.0])], "right gradients above 10,000"),
        (operation("sin x", np.sin, lambda g, z, x: g * np.cos(x)), [np.array([0.0, 1.0])], "an input of 0"),
        (operation("cos x", np.cos, lambda g, z, x: -g * np.sin(x)), [np.array(0.7)], "an input without axes"),
        (exp, [rng.normal(size=(2, 3)).astype(np.float32)], "a float32 input with a right gradient"),
        (
            operation("3x", lambda x: 3 * x, lambda g, z, x: 3 * g),
            [np.array([1e11, -2e11])],
            "a right gradient at a large input",
        ),
        (
            operation("10,000 x²", lambda x: 10_000 * x**2, lambda g, z, x: g * 20_000 * x),
            [np.array([0.0, 0.002, -0.003])],
            "the bottom of a steep valley, at 0",
        ),
        (
            operation("1,000 + sin x", lambda x: 1000 + np.sin(x), lambda g, z, x: g * np.cos(x)),
            [rng.normal(size=(1, 3))],
            "a large value with a small slope",
        ),
        (
            operation("sin² x + cos² x", lambda x: np.sin(x) ** 2 + np.cos(x) ** 2, lambda g, z, x: 0 * g * x),
            [rng.normal(size=(5, 8))],
            "a right gradient of 0",
        ),
    ]


@exercise("A check of rules", points=5)
def check_rules():
    """Return a list with a verdict for each input: "right", "shape", or the index of its worst entry, a tuple.

    forward takes the inputs, rules is a list with one rule(g, z, *inputs) for each input, inputs is a list of arrays. A
    rule is wrong if its gradient has another shape than its input, or if an entry is not within a tolerance of the
    central difference. The worst entry is the one with the largest |gradient - difference|; nan is worse than any
    number.
    """
    rng = np.random.default_rng(7)
    for function, inputs, verdicts, about in planted_bugs(rng):
        yield judged_case(function, inputs, verdicts, about)
    for function, inputs, about in right_operations(rng):
        yield judged_case(function, inputs, ["right"] * len(inputs), about)


def judged_case(function, inputs, verdicts, about=""):
    expected = tuple(each if isinstance(each, str) else wrong_at(each) for each in verdicts)
    names = ("input 0", "input 1")[: len(inputs)]
    call = partial(judged, verdicts)
    return Case({"operation": function, "inputs": inputs}, expected, call=call, names=names, about=about)


def wrong_at(entries):
    return f"wrong at {entries[0]}" if len(entries) == 1 else f"wrong at one of {len(entries)} entries"


def judged(verdicts, check_rules, function, inputs):
    """The verdicts of a learner's check in words that do not depend on the probe."""
    found = check_rules(function.forward, list(function.rules), inputs)
    if is_blank(found):
        return found
    if not isinstance(found, list | tuple) or len(found) != len(inputs):
        raise Refused(f"Return a list with one verdict for each of {len(inputs)} inputs; yours is {describe(found)}.")
    return tuple(in_words(*each) for each in zip(found, verdicts, inputs, strict=True))


def in_words(verdict, true, array):
    if isinstance(verdict, str):
        verdict = verdict.strip().lower()
        if verdict not in ("right", "shape"):
            raise Refused(f'A verdict is "right", "shape" or the index of an entry; yours is {show(verdict)}.')
        return verdict
    if is_number(verdict) and array.ndim == 1:
        verdict = (verdict,)
    if not isinstance(verdict, tuple | list) or len(verdict) != array.ndim or not all(map(is_number, verdict)):
        raise Refused(
            f"The index of an entry of an array of shape {array.shape} is a tuple with {array.ndim} numbers; yours is "
            f"{show(verdict)}."
        )
    index = tuple(map(int, verdict))
    if true == "right":
        return "wrong at an entry that is right"
    if true != "shape" and index in true:
        return wrong_at(true)
    return f"wrong at {index}" if len(true) == 1 else "wrong at another entry"


def is_blank(result):
    return result is None or result is ...


def verdicts_by(
    forward,
    rules,
    inputs,
    probe=lambda shape: np.random.default_rng(0).normal(size=shape),
    agree=lambda a, b: abs(a - b) <= 1e-6 + 1e-5 * abs(b),
    error=lambda a, b: abs(a - b),
    dtype=np.float64,
    slopes_of=numerical_gradient,
    only=lambda i, index: True,
    worst=lambda wrong: max(wrong, key=lambda each: np.inf if np.isnan(each[0]) else each[0]),
    shapes=True,
):
    """A right answer, of which each mistake below changes one argument."""
    arrays = [np.array(x, dtype=dtype) for x in inputs]
    z = forward(*arrays)
    g = np.asarray(probe(np.shape(z)), np.asarray(z).dtype)
    verdicts = []
    for i, (x, rule) in enumerate(zip(arrays, rules, strict=True)):

        def loss(moved, i=i):
            others = [moved.astype(dtype) if j == i else other for j, other in enumerate(arrays)]
            return (forward(*others) * g).sum()

        gradient, slopes = np.asarray(rule(g, z, *arrays)), slopes_of(loss, x)
        if gradient.shape != x.shape:
            if shapes:
                verdicts.append("shape")
                continue
            gradient, slopes = np.broadcast_arrays(gradient, slopes)
        wrong = [
            (error(gradient[index], slopes[index]), index)
            for index in np.ndindex(slopes.shape)
            if only(i, index) and not agree(gradient[index], slopes[index])
        ]
        verdicts.append(worst(wrong)[1][-x.ndim :] if wrong and x.ndim else () if wrong else "right")
    return verdicts


def differences(step_of, forward=False):
    """A rule for slopes with a step of its own: central differences, or forward ones."""

    def slopes_of(loss, x):
        slopes = np.empty(x.shape)
        for index in np.ndindex(x.shape):
            up, down = x.copy(), x.copy()
            h = step_of(abs(x[index]))
            up[index] += h
            down[index] -= 0 if forward else h
            with np.errstate(all="ignore"):
                slopes[index] = (loss(up) - loss(down)) / np.float64(h if forward else 2 * h)
        return slopes

    return slopes_of


@check_rules.mistake
def probed_with_ones(forward, rules, inputs):
    """You probe with ones: what is differentiated is the plain sum of the result. A rule that is right only for equal g
    passes, and for a softmax only zeros are left. Weigh each entry of the result differently."""
    return verdicts_by(forward, rules, inputs, probe=np.ones)


@check_rules.mistake
def too_loose(forward, rules, inputs):
    """Your tolerance is so large that an error of a hundredth passes. It should lie between the error of the difference
    and the smallest bug that is planted."""
    return verdicts_by(forward, rules, inputs, agree=lambda a, b: abs(a - b) <= 1e-6 + 0.05 * abs(b))


@check_rules.mistake
def in_float32(forward, rules, inputs):
    """You compute in the precision that the input has. In float32 a difference keeps some three digits, and a right
    gradient is called wrong. Convert to float64 before anything else."""
    dtype = inputs[0].dtype
    small = differences(lambda x: 1e-6)
    return verdicts_by(
        forward, rules, inputs, dtype=dtype, slopes_of=small if dtype == np.float32 else numerical_gradient
    )


@check_rules.mistake
def first_entry_only(forward, rules, inputs):
    """You compare the first entry of each input. An error in any other goes unseen."""
    return verdicts_by(forward, rules, inputs, only=lambda i, index: not any(index))


@check_rules.mistake
def first_input_only(forward, rules, inputs):
    """You compare the gradient of the first input and call the others right. Each input has a rule of its own, and each
    rule can be wrong."""
    first = verdicts_by(forward, rules[:1], inputs[:1]) if len(inputs) == 1 else verdicts_by(forward, rules, inputs)[:1]
    return first + ["right"] * (len(inputs) - 1)


@check_rules.mistake
def shape_unseen(forward, rules, inputs):
    """You never compare shapes. NumPy stretches the smaller of two arrays, so a gradient of another shape can agree
    with the differences, entry by entry. Ask for the shape before anything else."""
    return verdicts_by(forward, rules, inputs, shapes=False)


@check_rules.mistake
def relative_only(forward, rules, inputs):
    """You divide the error by the gradient. Where the gradient is 0, the rounding of the difference is all that is
    left, and its relative error is 1. Allow for a small absolute error as well."""
    return verdicts_by(forward, rules, inputs, agree=lambda a, b: abs(a - b) <= 1e-5 * max(abs(a), abs(b)))


@check_rules.mistake
def absolute_only(forward, rules, inputs):
    """You allow one error for all gradients, however large they are. A gradient of 100,000 agrees with its difference
    to nine digits and still not to 1e-6: allow for an error in proportion, as well."""
    return verdicts_by(forward, rules, inputs, agree=lambda a, b: abs(a - b) <= 1e-6)


@check_rules.mistake
def nan_passes(forward, rules, inputs):
    """A gradient that is nan passes. Every comparison with nan is False, so `error > tolerance` finds nothing wrong
    with it. Ask the other way round, whether the error is within the tolerance."""
    return verdicts_by(forward, rules, inputs, agree=lambda a, b: not abs(a - b) > 1e-6 + 1e-5 * abs(b))


@check_rules.mistake
def nan_not_the_worst(forward, rules, inputs):
    """You find a nan, and name a finite error where there is one. nan is not even a number, so it is the worst."""
    return verdicts_by(
        forward, rules, inputs, worst=lambda wrong: max(wrong, key=lambda each: -1 if np.isnan(each[0]) else each[0])
    )


@check_rules.mistake
def with_sign(forward, rules, inputs):
    """You compare gradient minus difference with the tolerance, sign and all. A gradient that is too small is wrong,
    too: take the absolute value."""
    return verdicts_by(
        forward, rules, inputs, agree=lambda a, b: a - b <= 1e-6 + 1e-5 * abs(b), error=lambda a, b: a - b
    )


@check_rules.mistake
def fixed_step(forward, rules, inputs):
    """Your step has one size for every input. At 10¹¹ the neighbouring numbers of float64 lie 1.5e-5 apart: a step of
    1e-6 is lost in the sum. Let the step grow with |x|."""
    return verdicts_by(forward, rules, inputs, slopes_of=differences(lambda x: 1e-6))


@check_rules.mistake
def step_of_zero(forward, rules, inputs):
    """Your step is in proportion to |x|, and so it is 0 where x is 0, and the difference is 0/0. Give it a least size:
    max(1, |x|)."""
    return verdicts_by(forward, rules, inputs, slopes_of=differences(lambda x: 6e-6 * x))


@check_rules.mistake
def one_sided(forward, rules, inputs):
    """Your differences go to one side, (f(x + h) - f(x))/h. At the bottom of a valley that is the slope of one of its
    walls. A central difference sees both, and they cancel."""
    return verdicts_by(forward, rules, inputs, slopes_of=differences(lambda x: 1e-7 * max(1, x), forward=True))


@check_rules.mistake
def worst_in_proportion(forward, rules, inputs):
    """You name the entry whose error is largest in proportion to its gradient. The worst is the one with the largest
    |gradient - difference|."""
    return verdicts_by(
        forward, rules, inputs, error=lambda a, b: np.nan_to_num(abs(a - b) / (abs(b) + 1e-12), nan=np.inf)
    )


@check_rules.mistake
def first_wrong_entry(forward, rules, inputs):
    """You name the first entry that is wrong. The one that is most wrong was asked for: it is the one to look at."""
    return verdicts_by(forward, rules, inputs, worst=lambda wrong: wrong[0])


# --- 2 -----------------------------------------------------------------------------------------

VERDICTS = ("right", "false alarm", "bug missed", "both wrong")
JUDGEMENTS = {
    "A": "right", "B": "false alarm", "C": "right", "D": "both wrong", "E": "bug missed", "F": "false alarm",
}  # fmt: skip


@exercise("Six checks, six verdicts", points=2)
def verdicts():
    """Return a dictionary from "A" to "F" to a verdict: "right", "false alarm", "bug missed" or "both wrong".

    The function is x² at x = 3. A check judges two rules, one that gives 6 and one that gives 6.3, and accepts what is
    within the tolerance of its difference. A: central, float64, h = 1e-5, tolerance 1e-4. B: central, float32, h =
    1e-7, tolerance 0.01. C: central, float64, h = 3, tolerance 1e-4. D: forward, float64, h = 0.3, tolerance 0.01. E:
    central, float64, h = 1e-5, tolerance 0.5. F: central, float64, h = 1e-5, tolerance 1e-15.
    """
    yield Case(expected=dict(JUDGEMENTS), words=VERDICTS)


def of_a_box(box, verdict, sentence):
    """Register a wrong verdict for one check."""

    def mistake():
        return {box: verdict}

    mistake.__name__, mistake.__doc__ = f"{box}_{verdict}", sentence
    verdicts.mistake(mistake)


for box, verdict, sentence in [
    ("A", "false alarm", "The difference is off by about 1e-11. Is the tolerance smaller than that?"),
    (
        "A",
        "bug missed",
        "The difference is 6, but for its rounding. How far from it is 6.3, and how far may a rule be?",
    ),
    ("A", "both wrong", "Only a difference near 6.3 would make both verdicts wrong. Which number does it give?"),
    ("B", "right", "Near 3 the numbers of float32 lie 2.4e-7 apart. To which of them is 3 + 1e-7 rounded?"),
    ("B", "bug missed", "3 + 1e-7 and 3 - 1e-7 are both rounded to 3, so the difference is 0. Is 6.3 near 0?"),
    (
        "B",
        "both wrong",
        "Both 3 + 1e-7 and 3 - 1e-7 are rounded to 3. Which number is the difference, and is 6.3 near it?",
    ),
    ("C", "false alarm", "A large step suffers from the bend, as a rule. Here compute ((3 + h)² - (3 - h)²)/(2h)."),
    ("C", "bug missed", "Compute ((3 + h)² - (3 - h)²)/(2h) for h = 3: to which of the two rules is it near?"),
    ("C", "both wrong", "Compute ((3 + h)² - (3 - h)²)/(2h) for h = 3. Is 6.3 the rule that is near it?"),
    ("D", "false alarm", "Compute (3.3² - 3²)/0.3. The right rule is rejected. And the wrong one?"),
    ("D", "right", "Compute (3.3² - 3²)/0.3. A forward difference is off by h here."),
    ("D", "bug missed", "Compute (3.3² - 3²)/0.3. The wrong rule is accepted. And the right one?"),
    ("E", "right", "The difference is 6 to nine digits or more. How far from it may a rule be, and how far is 6.3?"),
    ("E", "false alarm", "A tolerance of 0.5 is wide. Is there a reason to reject 6? And 6.3?"),
    ("E", "both wrong", "6.3 is accepted, with so wide a tolerance. And 6?"),
    ("F", "right", "The difference is rounded: it is 6 to about ten digits, not to fifteen."),
    ("F", "bug missed", "No wrong rule passes with so small a tolerance. Does the right one?"),
    ("F", "both wrong", "No wrong rule passes here, with so small a tolerance. Only one of the verdicts is wrong."),
]:
    of_a_box(box, verdict, sentence)


# --- 3 -----------------------------------------------------------------------------------------


def rows_of_scores(rng):
    """A list of (scores x, what is special)."""
    return [
        (np.array([0.0, 0.0, math.log(2)]), ""),
        (rng.normal(size=(2, 3)), ""),
        (2 * rng.normal(size=4), ""),
        (rng.normal(size=(2, 3, 2)), "three axes"),
        (rng.normal(size=(3, 1)), "a last axis of size 1"),
        (rng.normal(size=(1, 3)), "a single row"),
        (np.array([[1e4, 0.0, 9999.0], [-1e4, -1e4, -9998.0]]), "scores of ±10,000"),
        (np.array([[-1e4, -9999.0], [-9999.5, -1e4]]), "scores all near -10,000"),
        (np.array([1.0, 2000.0, 2000.5]), "scores of 2,000"),
        (np.array([[2.0, 2.0, 2.0], [-1.0, 3.0, 3.0]]), "equal scores"),
    ]


VALUE_AND_GRADIENT = ("value", "gradient")


def by_pairs(x):
    """Softmax computed from the differences of all pairs of scores."""
    with np.errstate(over="ignore"):
        return 1 / np.exp(x[..., None, :] - x[..., :, None]).sum(axis=-1)


@exercise("Far beyond overflow", points=5)
def far_scores():
    """Return from log_softmax(x, g) and softmin(x, g) the value along the last axis, and the gradient of x when g has
    arrived at it, as a tuple.

    log_softmax is the logarithm of the softmax, each row for itself; there g and both answers have the shape of x.
    softmin is -ln Σ e⁻ˣ; there g and the value have the shape of x without its last axis. Scores may be as large as
    ±10,000.
    """
    rng = np.random.default_rng(11)
    for x, about in rows_of_scores(rng):
        g = rng.normal(size=x.shape)
        value = -np.logaddexp.reduce(x[..., None, :] - x[..., :, None], axis=-1)
        gradient = np.einsum("...i,...ij->...j", g, np.eye(x.shape[-1]) - by_pairs(x)[..., None, :])
        yield Case({"x": x, "g": g}, (value, gradient), part="log_softmax", names=VALUE_AND_GRADIENT, about=about)
    for x, about in rows_of_scores(rng):
        g = rng.normal(size=x.shape[:-1])
        answer = -np.logaddexp.reduce(-x, axis=-1), by_pairs(-x) * g[..., None]
        yield Case({"x": x, "g": g}, answer, part="softmin", names=VALUE_AND_GRADIENT, about=about)


class Stable:
    """A right answer, of which each mistake below changes one function."""

    def log_softmax(x, g):
        value = x - lse(x)[..., None]
        return value, g - np.exp(value) * g.sum(axis=-1, keepdims=True)

    def softmin(x, g):
        return -lse(-x), back(g) * softmax_of(-x)


def lse(x):
    return np.logaddexp.reduce(x, axis=-1)


def back(g):
    return np.asarray(g)[..., None]


def backward_of_softmax(p, g):
    return p * (g - (g * p).sum(axis=-1, keepdims=True))


def wrong_log_softmax(function):
    """Register a mistake in the first of the two functions."""
    far_scores.mistake(type(function.__name__, (Stable,), {"log_softmax": function, "__doc__": function.__doc__}))
    return function


def wrong_softmin(function):
    """Register a mistake in the second of the two functions."""
    far_scores.mistake(type(function.__name__, (Stable,), {"softmin": function, "__doc__": function.__doc__}))
    return function


@wrong_log_softmax
def overflowing(x, g):
    """eˣ overflows above x = 709, and ∞/∞ is nan; far below 0 every eˣ is 0, and 0/0 is nan. Subtract the largest score
    of the row first."""
    p = np.exp(x) / np.exp(x).sum(axis=-1, keepdims=True)
    return np.log(p), g - p * g.sum(axis=-1, keepdims=True)


@wrong_log_softmax
def overflowing_sum(x, g):
    """x - ln Σ eˣ is right, and Σ eˣ is not: it overflows above x = 709, and is 0 far below 0. Subtract the largest
    score of the row under the sum, and once more outside."""
    powers = np.exp(x)
    return x - np.log(powers.sum(axis=-1, keepdims=True)), g - powers / powers.sum(axis=-1, keepdims=True) * g.sum(
        axis=-1, keepdims=True
    )


@wrong_log_softmax
def log_of_the_softmax(x, g):
    """You take the logarithm of the softmax. A probability of e⁻⁹⁹⁹⁹ is rounded to 0, and its logarithm is -∞ instead
    of -9,999. Simplify before you compute: ln of a quotient is a difference, and ln undoes e."""
    return np.log(softmax_of(x)), Stable.log_softmax(x, g)[1]


@wrong_log_softmax
def one_peak_for_all(x, g):
    """You subtract the largest score of all rows. In a row that lies far below it every power is 0, and ln 0 is -∞.
    Each row has a largest score of its own."""
    away = x - x.max()
    value = away - np.log(np.exp(away).sum(axis=-1, keepdims=True))
    return value, g - np.exp(value) * g.sum(axis=-1, keepdims=True)


@wrong_log_softmax
def of_the_softmax(x, g):
    """The values are right. The gradient is the one of the softmax itself, p(g - Σ g p). The logarithm has a slope,
    too, 1/p: each g is divided by its p before it arrives there."""
    return Stable.log_softmax(x, g)[0], backward_of_softmax(softmax_of(x), g)


@wrong_log_softmax
def straight_path_alone(x, g):
    """The values are right. The gradient is g, the path from a score to its own value. Each score also occurs in the
    ln Σ eˣ of every value of its row, with the slope p."""
    return Stable.log_softmax(x, g)[0], np.array(g)


@wrong_log_softmax
def own_share_alone(x, g):
    """The values are right. In the gradient each score pays only for its own value, g - p g. It occurs in the ln Σ eˣ
    of every value of its row: all of their g arrive, Σ g."""
    return Stable.log_softmax(x, g)[0], g - softmax_of(x) * g


@wrong_log_softmax
def weighted_sum(x, g):
    """The values are right. The gradient is g - Σ g p. It is the score's own p that weighs the sum of all g: p Σ g."""
    return Stable.log_softmax(x, g)[0], g - (g * softmax_of(x)).sum(axis=-1, keepdims=True)


@wrong_log_softmax
def coupled_rows(x, g):
    """The values are right. In the gradient you add up g over all rows: a score moves the values of its own row
    alone."""
    return Stable.log_softmax(x, g)[0], g - softmax_of(x) * g.sum()


@wrong_log_softmax
def kept_from_zero(x, g):
    """You add a small number under the logarithm, to keep it from 0. That hides the infinity and gives a wrong number:
    a probability of e⁻⁹⁹⁹⁹ has the logarithm -9,999. Simplify the formula instead."""
    return np.log(softmax_of(x) + 1e-12), Stable.log_softmax(x, g)[1]


@wrong_log_softmax
def mean_of_g(x, g):
    """The values are right. In the gradient you take the mean of g. All of them arrive by way of ln Σ eˣ: their sum."""
    return Stable.log_softmax(x, g)[0], g - softmax_of(x) * g.mean(axis=-1, keepdims=True)


@wrong_log_softmax
def slope_of_the_logarithm_alone(x, g):
    """The values are right. The gradient is g/p, which is what arrives at the probabilities. From there it has to go on
    to the scores."""
    with np.errstate(all="ignore"):
        return Stable.log_softmax(x, g)[0], g / softmax_of(x)


@wrong_log_softmax
def falling(x, g):
    """The values have the wrong sign. The logarithm of a probability is negative."""
    value, gradient = Stable.log_softmax(x, g)
    return -value, gradient


@wrong_log_softmax
def softmax_as_value(x, g):
    """The gradient is right. The value is the softmax itself; its logarithm was asked for."""
    return softmax_of(x), Stable.log_softmax(x, g)[1]


@wrong_log_softmax
def along_the_first_axis(x, g):
    """You go along the first axis. Each row is for itself here, and a row lies along the last axis, -1."""
    value = x - np.logaddexp.reduce(x, axis=0)
    return value, g - np.exp(value) * g.sum(axis=0)


@far_scores.mistake
class GradientFirst:
    """The gradient comes first in your tuple. Asked for are the value, then the gradient."""

    def log_softmax(x, g):
        return Stable.log_softmax(x, g)[::-1]

    def softmin(x, g):
        return Stable.softmin(x, g)[::-1]


@wrong_softmin
def log_of_infinity(x, g):
    """e⁻ˣ overflows below x = -709, and is 0 far above 0. The peak of -x must be subtracted first, and that is minus
    the smallest score of the row."""
    powers = np.exp(-x)
    return -np.log(powers.sum(axis=-1)), back(g) * powers / powers.sum(axis=-1, keepdims=True)


@wrong_softmin
def stable_gradient_only(x, g):
    """The gradient is right at any score, the value overflows: e⁻ˣ is too large below x = -709, and 0 far above 0. Take
    the smallest score out of the sum, and add it outside the logarithm."""
    return -np.log(np.exp(-x).sum(axis=-1)), back(g) * softmax_of(-x)


@wrong_softmin
def largest_subtracted(x, g):
    """You subtract the largest score. In e⁻ˣ the signs are turned: what is far below the largest score has a large
    exponent, and overflows. Subtract the smallest score."""
    peak = x.max(axis=-1, keepdims=True)
    powers = np.exp(peak - x)
    value = peak[..., 0] - np.log(powers.sum(axis=-1))
    return value, back(g) * powers / powers.sum(axis=-1, keepdims=True)


@wrong_softmin
def the_soft_maximum(x, g):
    """That is the logsumexp of the lesson, a soft maximum, with its gradient. Here both signs are turned, before and
    after."""
    return lse(x), back(g) * softmax_of(x)


@wrong_softmin
def outer_sign_missing(x, g):
    """The minus in front of the logarithm is missing, from the value and from the gradient."""
    return lse(-x), -back(g) * softmax_of(-x)


@wrong_softmin
def outer_sign_missing_from_the_value(x, g):
    """The gradient is right. The value has the wrong sign: the minus in front of the logarithm is missing there."""
    return lse(-x), back(g) * softmax_of(-x)


@wrong_softmin
def inner_slope_missing(x, g):
    """The value is right, the gradient has the wrong sign. There are two minus signs, one outside and one in the
    exponent: their slopes multiply to +1."""
    return -lse(-x), -back(g) * softmax_of(-x)


@wrong_softmin
def softmax_of_the_scores(x, g):
    """The value is right. The gradient is g times the softmax of x, which goes to the largest score. The slope of
    ln Σ e⁻ˣ is a softmax of -x."""
    return -lse(-x), back(g) * softmax_of(x)


@wrong_softmin
def minimum_alone(x, g):
    """The value is the smallest score, and a soft minimum is less than that: with n equal scores by ln n. What is
    under the logarithm still counts."""
    return x.min(axis=-1), back(g) * softmax_of(-x)


@wrong_softmin
def logarithm_added(x, g):
    """You add ln Σ to the smallest score. The minus in front of the logarithm holds for all of it: the soft minimum is
    less than every score."""
    least = x.min(axis=-1)
    return 2 * least + lse(-x), back(g) * softmax_of(-x)


@wrong_softmin
def winner_takes_all(x, g):
    """The value is right. The gradient goes to the smallest score alone, as for a minimum. Here the corners are round:
    every score has a share, a softmax of -x."""
    return -lse(-x), back(g) * (x == x.min(axis=-1, keepdims=True))


@wrong_softmin
def mean_by_weight(x, g):
    """Your value is the mean of the scores, weighted by the softmax of -x. It is near the smallest score, too, and is
    another function: -ln Σ e⁻ˣ was asked for."""
    return (softmax_of(-x) * x).sum(axis=-1), back(g) * softmax_of(-x)


@wrong_softmin
def of_softmax(x, g):
    """The value is right. The gradient is the one of a softmax, p(g - Σ g p). The slope of this function is simpler: it
    is that softmax itself."""
    return -lse(-x), backward_of_softmax(softmax_of(-x), np.broadcast_to(back(g), x.shape))


@wrong_softmin
def peak_not_added(x, g):
    """The smallest score was subtracted and never came back. Under the logarithm a factor becomes a term, so it has to
    be added again."""
    return -lse(-x) - x.min(axis=-1), back(g) * softmax_of(-x)


@wrong_softmin
def without_g(x, g):
    """The values are right. The gradient is that of the value alone; what arrived, g, is not in it."""
    return -lse(-x), softmax_of(-x)


# --- 4 -----------------------------------------------------------------------------------------

SILENT = {
    "no gradient at all": lambda p, g: np.zeros_like(p),
    "p(g - mean of g)": lambda p, g: p * (g - g.mean()),
    "p(g - g₀)": lambda p, g: p * (g - g[0]),
    "twice the right one": lambda p, g: 2 * backward_of_softmax(p, g),
    "the right one with the wrong sign": lambda p, g: -backward_of_softmax(p, g),
}


def silent_rules():
    """Five wrong rules for the gradient of a softmax p, each with its name."""
    return dict(SILENT)


SLOPES = [  # what is taken for the gradient of the sum
    (
        lambda p: p,
        "You give the probabilities themselves as the gradient of their sum. They are the slope of ln Σ eˣ. The sum of "
        "a softmax is 1 wherever x is.",
    ),
    (
        lambda p: p * (1 - p),
        "p(1 - p) is how a probability moves by its own score. The others move down at the same time, and the sum "
        "feels all of them.",
    ),
    (
        np.ones_like,
        "Ones are the gradient of a sum with respect to its own terms. A score moves all the terms, and the gradient "
        "with respect to the *scores* is asked for.",
    ),
]


def refused_probe(p, answer):
    """None if the gradient of the sum is right and the probe tells the rules apart, else a sentence."""
    if not isinstance(answer, (tuple, list, np.ndarray)) or len(answer) != 2:
        return "Return two arrays: the gradient of the sum, and the probe g."
    gradient, g = (np.asarray(part, dtype=np.float64) for part in answer)
    for name, array in (("gradient of the sum", gradient), ("probe", g)):
        if array.shape != p.shape:
            return f"The {name} has shape {array.shape}, and p has {p.shape}."
    if not allclose(gradient, 0, atol=1e-12):
        if allclose(g, 0):
            return "The gradient of the sum comes first, and the probe after it. Have they changed places?"
        for slope, sentence in SLOPES:
            if allclose(gradient, slope(p)):
                return sentence
        return (
            "The gradient of the sum is not this. Add up the entries of any softmax: what does the sum do when a score "
            "is nudged?"
        )
    if not np.isfinite(g).all():
        return "The probe must hold finite numbers."
    if not g.any():
        return "A probe of zeros asks for nothing: every rule, right or wrong, answers 0."
    if np.abs(g).max() < 1e-4:
        return (
            f"The largest entry of your probe is {np.abs(g).max():.2g}. That is too small: the answers of "
            "the rules differ hardly more than by rounding errors. Take numbers near 1."
        )
    if allclose(g, g[0], rtol=1e-9, atol=0):
        return "All entries of your probe are equal: Σ g p is that same number, and the right rule answers 0."
    right = backward_of_softmax(p, g)
    for name, rule in SILENT.items():
        if np.abs(rule(p, g) - right).max() <= 1e-5:
            sum_of = f"Σ g p = {float((g * p).sum()):.4g}, the mean of g = {g.mean():.4g}, g₀ = {g[0]:.4g}"
            return f'With this probe the wrong rule "{name}" gives what the right one gives: {sum_of}.'
    return None


@exercise("What a sum cannot see", points=2)
def sum_and_probe():
    """Return two arrays of the shape of p: the gradient of softmax(x).sum() with respect to x, and a probe.

    p is softmax(x), with two entries or more that are not all equal. With the probe g, each of the five wrong rules in
    `check.silent_rules()` must give another gradient than the right rule, p(g - Σ g p).
    """
    for p, about in [
        (np.array([0.125, 0.25, 0.625]), ""),
        (np.array([0.7, 0.1, 0.05, 0.15]), ""),
        (np.array([0.2, 0.8]), "a softmax of two entries"),
        (np.array([0.25, 0.5, 0.25]), "a softmax with equal entries"),
        (np.array([0.2, 0.4, 0.1, 0.2, 0.1]), "a softmax with equal entries"),
        (np.array([0.3, 0.4, 0.2, 0.1]), "a softmax whose squares add up to its first entry"),
        (np.array([0.5, 0.15, 0.1, 0.25]), "a softmax whose last entry is 1/n"),
        (softmax_of(np.log([1.0, 2.0, 3.0, 4.0, 7.0])), "a softmax that adds up to a little less than 1"),
    ]:
        yield Case({"p": p}, accept=partial(refused_probe, p), about=about)


@sum_and_probe.mistake
def with_ones(p):
    """A probe of ones is the sum. On it every one of the five rules answers 0, which is right for the sum and says
    nothing of the softmax."""
    return np.zeros_like(p), np.ones_like(p)


@sum_and_probe.mistake
def in_order_of_place(p):
    """A probe of 0, 1, 2, … tells the rules apart for some p, and not for others: for p = (0.25, 0.5, 0.25) Σ g p is
    the mean of g. Numbers drawn at random meet no such accident."""
    return np.zeros_like(p), np.arange(len(p))


@sum_and_probe.mistake
def p_as_probe(p):
    """A probe of p itself tells the rules apart for most p, and not for all: for p = (0.3, 0.4, 0.2, 0.1) Σ g p is 0.3,
    and so is g₀. Numbers drawn at random meet no such accident."""
    return np.zeros_like(p), p


@sum_and_probe.mistake
def first_entry_as_probe(p):
    """A probe of 1, 0, 0, … tells the rules apart for most p, and not for all: where the first entry of p is 1/n, Σ g p
    is the mean of g. Numbers drawn at random meet no such accident."""
    return np.zeros_like(p), np.eye(len(p))[0]


@sum_and_probe.mistake
def last_entry_as_probe(p):
    """A probe of 0, …, 0, 1 tells the rules apart for most p, and not for all: where the last entry of p is 1/n, Σ g p
    is the mean of g. Numbers drawn at random meet no such accident."""
    return np.zeros_like(p), np.eye(len(p))[-1]


@sum_and_probe.mistake
def alternating_probe(p):
    """A probe of 1, -1, 1, … tells the rules apart for some p, and not for others: where the entries of p at even and
    at odd places add up to the same, Σ g p is 0, and so may be the mean of g. Numbers drawn at random meet no such
    accident."""
    return np.zeros_like(p), (-1.0) ** np.arange(len(p))


@sum_and_probe.mistake
def reciprocals_as_probe(p):
    """With 1/p for a probe each product g p is 1, and Σ g p is n. Where the first entry of p is 1/n, g₀ is n as well.
    Numbers drawn at random meet no such accident."""
    return np.zeros_like(p), 1 / p


# --- 5 -----------------------------------------------------------------------------------------


def squared_error(prediction, target):
    """Mean squared error. prediction: a Tensor of shape (N, 1); target: an array of shape (N,)."""
    error = prediction - target
    squares = error * error
    return squares.mean()


def ridge_loss(w, x, y):
    """Mean squared error with a penalty on large weights. w: a Tensor; x, y: arrays of shapes (N, D), (N,)."""
    error = (x * w).sum(axis=1) - y
    fit = (error * error).mean()
    penalty = 0.1 * (w.data * w.data).sum()
    return fit + penalty


def cross_entropy_gradient(p, y):
    """The gradient of -(y ln p + (1 - y) ln(1 - p)) with respect to p, entry by entry. p, y: arrays of one shape."""
    return p - y


def sum_gradient(g, x, axis):
    """The gradient of x, when g has arrived at x.sum(axis). axis: a number or a tuple of numbers."""
    gradient = np.broadcast_to(g, x.shape)
    return gradient.copy()


def sweep(root):
    """The gradient of root with respect to every value, as a dictionary. Values have _prev and _local."""
    gradients = {root: 1.0}
    for value in reversed(in_order(root)):
        for parent, local in zip(value._prev, value._local, strict=True):
            gradients[parent] = local * gradients[value]
    return gradients


def agrees(f, slope, x):
    """Return True if slope is the derivative of f at x, judged by a central difference."""
    x, h = np.float32(x), np.float32(1e-7)
    rise = f(x + h) - f(x - h)
    difference = rise / (2 * h)
    return abs(difference - slope) <= 1e-4 * max(1, abs(slope))


def hand_back(value, gradient=1.0):
    """Add to the grad of a value, and of all that it was made of, its gradient: called as hand_back(root)."""
    value.grad += gradient
    for parent, local in zip(value._prev, value._local, strict=True):
        hand_back(parent, local * gradient)


PROGRAMS = (squared_error, ridge_loss, cross_entropy_gradient, sum_gradient, sweep, agrees, hand_back)

REASONS = {
    "a": "A path is lost: what arrives later replaces what came before.",
    "b": "Two shapes are stretched to a larger one, and numbers meet that do not belong together.",
    "c": "A part of the result has a value but no graph behind it, so no gradient flows into it.",
    "d": "A factor is missing: the line is the gradient with respect to something that lies further back.",
    "e": "What arrives is lined up with the last axes, whichever axis was summed.",
    "f": "The step is lost in rounding, or most of it is.",
    "g": "A shared value is visited once for every path to it, and the paths double with each level.",
    "h": "The sign is wrong: a step against the gradient goes uphill.",
    "i": "Gradients of an earlier sweep are still there and are counted again.",
}


def listing(number: int) -> str:
    """Program 1 to 7 with its lines numbered."""
    lines = inspect.getsource(PROGRAMS[number - 1]).rstrip().replace(", strict=True", "").splitlines()
    return "\n".join(f"{i}  {line}" for i, line in enumerate(lines, 1))


def reasons() -> str:
    """The statements to choose from."""
    return "\n".join(f"{letter}  {reason}" for letter, reason in REASONS.items())


@exercise("Bug hunt: find and explain", points=4)
def bug_hunt():
    """Return a dictionary with two boxes for each of the seven programs: the defect, which is the line to change and
    the letter of the reason in one text such as "2h", and a number.

    The numbers are: 1, how many squares are averaged for N = 3; 2, by how much ∂loss/∂w₀ is too small at w₀ = 3;
    3, what the gradient should be at p = 0.25, y = 1; 4, what the program gives to x[0, 1] for a 2×2 array, axis = 1
    and g = [10, 20]; 5, what it gives to x for x · y + x at x = 2, y = 3; 6, the difference that it finds for
    x² at x = 3; 7, how many visits it makes for ten rounds of v = v + v.
    """
    yield Case(expected=dict(FOUND), form=not_a_defect)


def not_a_defect(content):
    """A sentence on the content of a box that is not a line and a reason, or ""."""
    if isinstance(content, str) and re.fullmatch(r"[1-9][a-i]", "".join(content.casefold().split())):
        return ""
    return (
        f"{show(content)} is not a defect as it is written here: a text with the number of the line to change and then "
        'the letter of the reason, as in "2h".'
    )


FOUND = {
    "1 defect": "3b", "1 number": 9,
    "2 defect": "5c", "2 number": 0.6,
    "3 defect": "3d", "3 number": -4.0,
    "4 defect": "3e", "4 number": 20,
    "5 defect": "6a", "5 number": 3.0,
    "6 defect": "3f", "6 number": 0.0,
    "7 defect": "5g", "7 number": 2047,
}  # fmt: skip


@bug_hunt.mistake
def three_squares():
    """Three squares are what was meant. Line the shapes (3, 1) and (3,) up from their last axes, as in lesson 04: which
    shape has the difference?"""
    return {"1 number": 3}


@bug_hunt.mistake
def at_the_mean():
    """The mean averages whatever it is given. Look at the shape of what reaches it: where was it made?"""
    return {"1 defect": "5b"}


@bug_hunt.mistake
def at_the_squares():
    """The squares have the shape of the errors. Where did the errors get theirs?"""
    return {"1 defect": "4b"}


@bug_hunt.mistake
def without_the_two():
    """0.1 w² has the derivative 0.2 w, not 0.1 w."""
    return {"2 number": 0.3}


@bug_hunt.mistake
def value_of_the_penalty():
    """w₀ adds 0.9 to the value of the penalty, and the value is right. Missing is the slope with respect to w₀."""
    return {"2 number": 0.9}


@bug_hunt.mistake
def at_the_sum():
    """The sum is right, and its value arrives in the loss. Which of the two terms has no graph?"""
    return {"2 defect": "6c"}


@bug_hunt.mistake
def sign_of_the_miss():
    """At p = 0.25 and y = 1 the program gives -0.75. The true gradient is negative there, too: the sign is not what is
    wrong."""
    return {"3 defect": "3h"}


@bug_hunt.mistake
def stretched_at_all():
    """That g is stretched to the shape of x is right: each entry of a row adds to one sum. Along which axis does it
    have to be stretched, and along which does it happen?"""
    return {"4 defect": "3b"}


@bug_hunt.mistake
def visited_too_often():
    """`in_order` lists each value once, so nothing is visited twice. Follow what is in the dictionary under x, step
    by step."""
    return {"5 defect": "6g"}


@bug_hunt.mistake
def where_it_is_lost():
    """The step is lost there, because of what another line has chosen. Which line would you change?"""
    return {"6 defect": "4f"}


@bug_hunt.mistake
def at_the_loop():
    """The loop takes each input of a value once, as it must. Which line sets out from there, before the gradient of
    that input is complete?"""
    return {"7 defect": "4g"}


@bug_hunt.mistake
def added_to_the_rest():
    """To add is right: on a fresh graph all numbers come out right. What is wrong is how many times the line is run."""
    return {"7 defect": "3i"}


@bug_hunt.mistake
def of_the_program():
    """That is what the program gives. The derivative of -ln p at 0.25 is asked."""
    return {"3 number": -0.75}


@bug_hunt.mistake
def wrong_direction():
    """The size is right. A greater p makes -ln p smaller."""
    return {"3 number": 4.0}


@bug_hunt.mistake
def what_should_be():
    """10 is the right gradient of x[0, 1], which adds to the sum of row 0. The program lines g up with the columns."""
    return {"4 number": 10}


@bug_hunt.mistake
def both_paths():
    """4 is the right gradient, both paths added. In which order does the program meet them, and what stays?"""
    return {"5 number": 4.0}


@bug_hunt.mistake
def other_path():
    """1 came first, by the sum. Then something replaced it."""
    return {"5 number": 1.0}


@bug_hunt.mistake
def exact_slope():
    """6 is the slope. Near 3 the numbers of float32 lie 2.4e-7 apart: where does 3 + 1e-7 end up?"""
    return {"6 number": 6.0}


@bug_hunt.mistake
def each_value_once():
    """Eleven values, each visited once: so an order would do it. This program goes down both branches of every sum."""
    return {"7 number": 11}


@bug_hunt.mistake
def last_level_only():
    """The last level alone has that many visits. All levels are visited, from 1 + 2 + 4 on."""
    return {"7 number": 1024}


@bug_hunt.mistake
def one_round_too_few():
    """1 + 2 + … + 512 are the visits of the levels above x. Its own are missing."""
    return {"7 number": 1023}


# --- 6 and 7 -----------------------------------------------------------------------------------------


def value_and_gradient(loss, first, *others):
    """The value of a learner's loss, and the gradient that it gives to its first argument, a Tensor."""
    tensor = Tensor(first, requires_grad=True)
    result = loss(tensor, *others)
    if is_blank(result):
        return result
    if not isinstance(result, Tensor):
        raise Refused(f"The loss should be a Tensor, or backward has nowhere to begin; yours is {describe(result)}.")
    if result.shape:
        raise Refused(f"A loss is one number; yours has shape {result.shape}.")
    result.backward()
    if tensor.grad is None:
        raise Refused("The loss is a Tensor, but no gradient has reached the first argument: its `data` has no graph.")
    return result.item(), tensor.grad


@exercise("Bug hunt: mend the losses", points=4)
def losses():
    """Return from each of the first four functions what its docstring promises.

    They stand in one class, so that they can be handed over together; none needs self.
    """
    rng = np.random.default_rng(17)
    for n in (3, 5):
        prediction, target = rng.normal(size=(n, 1)), rng.normal(size=n)
        error = prediction.ravel() - target
        yield Case(
            {"prediction": prediction, "target": target},
            (error @ error / n, 2 / n * error[:, None]),
            call=value_and_gradient,
            part="squared_error",
            names=("loss", "gradient of prediction"),
        )
    for n in (4, 2):
        w, x, y = rng.normal(size=3), rng.normal(size=(n, 3)), rng.normal(size=n)
        error = np.einsum("nd,d->n", x, w) - y
        yield Case(
            {"w": w, "x": x, "y": y},
            (error @ error / n + 0.1 * w @ w, np.einsum("n,nd->d", error, x) * 2 / n + 0.2 * w),
            call=value_and_gradient,
            part="ridge_loss",
            names=("loss", "gradient of w"),
        )
    for p, y in [([0.25, 0.9, 0.6], [1.0, 0.0, 0.7]), ([[0.5, 0.01], [0.8, 0.3]], [[1.0, 0.0], [0.3, 0.3]])]:
        p, y = np.array(p), np.array(y)
        yield Case({"p": p, "y": y}, (1 - y) / (1 - p) - y / p, part="cross_entropy_gradient")
    for axis, shape, about in [
        (1, (2, 2), ""),
        (0, (2, 3), ""),
        (-1, (3, 2), "an axis counted from the end"),
        (1, (2, 3, 4), "the middle one of three axes"),
        ((0, 2), (2, 3, 2), "a tuple of axes"),
        ((-1, 0), (3, 3, 3), "a tuple of axes"),
        ((-3, -1, -2), (2, 1, 3), "all axes"),
    ]:
        x = rng.normal(size=shape)
        g = rng.normal(size=x.sum(axis=axis).shape)
        summed = {a % len(shape) for a in (axis if isinstance(axis, tuple) else (axis,))}
        gradient = np.empty(shape)
        for index in np.ndindex(shape):
            gradient[index] = g[tuple(i for a, i in enumerate(index) if a not in summed)]
        yield Case({"g": g, "x": x, "axis": axis}, gradient, part="sum_gradient", about=about)


class Watched:
    """A value that counts the requests for its inputs, and stops a sweep that asks too often."""

    limit = 20_000
    looks = 0

    def __init__(self, *inputs):
        self._inputs, self._local, self.grad = inputs, (1.0,) * len(inputs), 0.0

    @property
    def _prev(self):
        Watched.looks += 1
        if Watched.looks > self.limit:
            raise Refused(
                f"It asked more than {self.limit:,} times for the inputs of a value: it still goes along every path. "
                "Collect the whole gradient of a value first, in the order of `check.in_order` from its end, and go on "
                "once."
            )
        return self._inputs


GRAPHS = {
    "x · y + x": lambda x, y: (x * y, x),
    "s + s · s, s = x · y": lambda x, y: (s := x * y, s * s),
}
GRADIENTS = {  # with respect to x, y, x · y and the root
    "x · y + x": lambda x, y: (y + 1, x, 1.0, 1.0),
    "s + s · s, s = x · y": lambda x, y: ((1 + 2 * x * y) * y, (1 + 2 * x * y) * x, 1 + 2 * x * y, 1.0),
}
OF = ("x", "y", "x · y", "root")
ROUNDS = {
    "3 rounds of v = v + v": (3, 2),
    "40 rounds of v = v + v": (40, 2),
    "a chain of 5,000 values": (4_999, 1),
}


def graph_of(graph, x, y):
    """The values x, y, x · y and the root of a graph."""
    x, y = Value(x), Value(y)
    terms = GRAPHS[graph](x, y)
    return x, y, terms[0], terms[0] + terms[1]


def swept(sweep, graph, x, y):
    """The gradients with respect to x, y, x · y and the root."""
    values = graph_of(graph, x, y)
    gradients = sweep(values[-1])
    if is_blank(gradients):
        return gradients
    if not isinstance(gradients, dict):
        raise Refused(f"sweep returns a dictionary {{value: gradient}}; yours returns {describe(gradients)}.")
    if missing := [name for name, value in zip(OF, values, strict=True) if value not in gradients]:
        raise Refused(
            f"The dictionary of sweep has no entry for {' and none for '.join(missing)}. Its keys are the values "
            "themselves, all that `check.in_order(root)` lists: the inputs, the results between them, and the root."
        )
    return tuple(gradients[value] for value in values)


def handed_back(hand_back, graph, x, y, grads):
    """The grad of x, y, x · y and the root afterwards."""
    values = graph_of(graph, x, y)
    for value in in_order(values[-1]):
        value.grad = grads
    hand_back(values[-1])
    return tuple(value.grad for value in values)


def handed_down(hand_back, graph):
    """The grad of the first value of a long chain, whose root is the last."""
    rounds, uses = ROUNDS[graph]
    leaf = root = Watched()
    for _ in range(rounds):
        root = Watched(*[root] * uses)
    Watched.looks = 0
    hand_back(root)
    return leaf.grad


SQUARE, SHIFTED = named("x²", lambda x: x * x), named("x² + 10,000", lambda x: x * x + 10_000)
JUDGED = (
    (SQUARE, 6.0, 3.0, True, ""),
    (SQUARE, 6.1, 3.0, False, ""),
    (SQUARE, 5.9, 3.0, False, ""),
    (SQUARE, 0.0, 3.0, False, ""),
    (SQUARE, -6.0, 3.0, False, ""),
    (named("sin x", np.sin), math.cos(1.0), 1.0, True, ""),
    (named("cos x", np.cos), 0.0, 0.0, True, "a slope of 0"),
    (SQUARE, 5.99945, 3.0, True, "a slope that is not a whole number, wrong by less than 1e-4 of itself"),
    (SQUARE, 8e-5, 0.0, True, "a small slope, wrong by less than 1e-4"),
    (SQUARE, 1.5e-4, 0.0, False, "a small slope, wrong by more than 1e-4"),
    (SQUARE, -6.0005, -3.0, True, "a falling function, wrong by less than 1e-4 of its slope"),
    (SQUARE, -6.001, -3.0, False, "a falling function, wrong by more than 1e-4 of its slope"),
    (SQUARE, 2000.15, 1000.0, True, "a steep function, wrong by less than 1e-4 of its slope"),
    (SQUARE, 2000.3, 1000.0, False, "a steep function, wrong by more than 1e-4 of its slope"),
    (SQUARE, 2e10, 1e10, True, "a large x"),
    (SHIFTED, 6.0, 3.0, True, "a large value with a small slope"),
)


@exercise("Bug hunt: mend the engines", points=4)
def engines():
    """Return from each of the last three functions what its docstring promises.

    They stand in one class, so that they can be handed over together; none needs self. `check.in_order(root)` gives all
    values, inputs first.
    """
    for x, y in [(2.0, 3.0), (-1.5, 0.4), (-2.5, 5 / 7), (2.0, 2.0)]:
        for graph, gradients in GRADIENTS.items():
            about = "two values that hold the same number" if x == y else ""
            inputs = {"graph": graph, "x": x, "y": y}
            yield Case(inputs, gradients(x, y), call=swept, part="sweep", names=OF, about=about)
    for f, slope, x, expected, about in JUDGED:
        yield Case({"f": f, "slope": slope, "x": x}, expected, part="agrees", about=about)
    for graph, x, y, grads, about in [
        ("s + s · s, s = x · y", 2.0, 3.0, 0.0, ""),
        ("x · y + x", 2.0, 3.0, 0.0, ""),
        ("x · y + x", 2.0, 2.0, 0.0, "two values that hold the same number"),
        ("s + s · s, s = x · y", -1.5, 0.4, 0.0, ""),
        ("s + s · s, s = x · y", 2.0, 3.0, 10.0, "gradients that are there already"),
        ("x · y + x", 1 / 7, -2.5, -0.5, "gradients that are there already"),
    ]:
        yield Case(
            {"graph": graph, "x": x, "y": y, "grad before": grads},
            tuple(grads + gradient for gradient in GRADIENTS[graph](x, y)),
            call=handed_back,
            part="hand_back",
            names=OF,
            about=about,
        )
    for graph, (rounds, uses) in ROUNDS.items():
        odd = rounds > 3  # recursion ends there for one form of a mistake, and not for another
        yield Case({"graph": graph}, float(uses**rounds), call=handed_down, part="hand_back", about=graph, odd=odd)


class Mended:
    """A right answer, of which each mistake below changes one function."""

    def squared_error(prediction, target):
        error = prediction - target.reshape(-1, 1)
        return (error * error).mean()

    def ridge_loss(w, x, y):
        error = (x * w).sum(axis=1) - y
        return (error * error).mean() + 0.1 * (w * w).sum()

    def cross_entropy_gradient(p, y):
        return (p - y) / (p * (1 - p))

    def sum_gradient(g, x, axis):
        return np.broadcast_to(np.expand_dims(g, axis), x.shape).copy()

    def sweep(root):
        gradients = {root: 1.0}
        for value in reversed(in_order(root)):
            for parent, local in zip(value._prev, value._local, strict=True):
                gradients[parent] = gradients.get(parent, 0.0) + local * gradients[value]
        return gradients

    def agrees(f, slope, x):
        h = 1e-5 * max(1.0, abs(x))
        x = np.float64(x)
        return bool(abs((f(x + h) - f(x - h)) / (2 * h) - slope) <= 1e-4 * max(1, abs(slope)))

    def hand_back(root):
        for value, gradient in Mended.sweep(root).items():
            value.grad += gradient


def mend_of(exercise, wrong, whole=False):
    """Register a mistake in one of the functions of the class. whole : it must agree in all parts of an answer."""

    def register(function):
        mistake = type(function.__name__, (Mended,), {wrong: function, "__doc__": function.__doc__})
        exercise.mistake(mistake, whole=whole)
        return function

    return register


@mend_of(losses, "squared_error")
def still_every_pair(prediction, target):
    """Every prediction is still compared with every target. Give one of the two another axis, or the other one axis
    less, before the subtraction."""
    return squared_error(prediction, target)


@mend_of(losses, "squared_error")
def sum_of_squares(prediction, target):
    """The shapes fit now, and the mean has become a sum."""
    error = prediction - target.reshape(-1, 1)
    return (error * error).sum()


@mend_of(losses, "squared_error")
def diagonal_over_all(prediction, target):
    """The right squares, divided by N² instead of N: the mean is still the one over all pairs."""
    error = prediction - target.reshape(-1, 1)
    return (error * error).sum() / len(target) ** 2


@mend_of(losses, "ridge_loss")
def penalty_without_graph(w, x, y):
    """The value is right, the gradient has no part from the penalty. `.data` is an array, and an array has no
    graph."""
    return ridge_loss(w, x, y)


@mend_of(losses, "ridge_loss")
def no_penalty(w, x, y):
    """The penalty is gone, from the value and from the gradient. In the value it was right; what it lacked is a
    graph."""
    error = (x * w).sum(axis=1) - y
    return (error * error).mean()


@mend_of(losses, "ridge_loss")
def sum_of_errors(w, x, y):
    """The penalty has its graph now, and the mean of the squared errors has become a sum."""
    error = (x * w).sum(axis=1) - y
    return (error * error).sum() + 0.1 * (w * w).sum()


@mend_of(losses, "ridge_loss")
def mean_of_weights(w, x, y):
    """The penalty is the mean of the squared weights now. 0.1 times their sum was promised."""
    error = (x * w).sum(axis=1) - y
    return (error * error).mean() + 0.1 * (w * w).mean()


@mend_of(losses, "cross_entropy_gradient")
def by_the_scores(p, y):
    """p - y is the gradient with respect to a score s from which p was made, p = 1/(1 + exp(-s)); the slope p(1 - p) of
    that step is already in it. With respect to p itself, that factor must be taken out."""
    return p - y


@mend_of(losses, "cross_entropy_gradient")
def slope_twice(p, y):
    """You multiply by p(1 - p). The gradient with respect to the score is that with respect to p times p(1 - p), so the
    way back is a division."""
    return (p - y) * p * (1 - p)


@mend_of(losses, "cross_entropy_gradient")
def only_right_ones(p, y):
    """-y/p is the part of the examples with y = 1. Those with y = 0 pull on ln(1 - p)."""
    return -y / p


@mend_of(losses, "cross_entropy_gradient")
def uphill(p, y):
    """The size is right, the sign is not. A greater p makes -ln p smaller and -ln(1 - p) greater."""
    return (y - p) / (p * (1 - p))


@mend_of(losses, "cross_entropy_gradient")
def second_sign(p, y):
    """The part with y is right. ln(1 - p) falls when p grows: its slope is -1/(1 - p), and with the minus in front of
    the sum it is a plus."""
    return -y / p - (1 - y) / (1 - p)


@mend_of(losses, "cross_entropy_gradient")
def of_the_mean(p, y):
    """You divide by the number of entries: that is the gradient of the mean. Entry by entry was asked."""
    return (p - y) / (p * (1 - p)) / p.size


@mend_of(losses, "sum_gradient")
def still_the_last_axes(g, x, axis):
    """g is still lined up with the last axes. It needs an axis of size 1 where one was summed away; then it is
    stretched along that one."""
    return np.broadcast_to(g, x.shape)


@mend_of(losses, "sum_gradient")
def not_stretched(g, x, axis):
    """The summed axis is back, and has size 1. A gradient has the shape of what it belongs to: stretch it to that of
    x."""
    return np.expand_dims(g, axis)


@mend_of(engines, "sweep", whole=True)
def still_replaced(root):
    """A value that is used twice still keeps only one contribution."""
    return sweep(root)


@mend_of(engines, "sweep", whole=True)
def begins_at_one(root):
    """Each value begins with a gradient of 1, before anything has arrived. Only the root has 1 to begin with: the
    others begin at 0."""
    gradients = {root: 1.0}
    for value in reversed(in_order(root)):
        for parent, local in zip(value._prev, value._local, strict=True):
            gradients[parent] = gradients.get(parent, 1.0) + local * gradients[value]
    return gradients


@mend_of(engines, "agrees")
def same_step(f, slope, x):
    """A right slope at 1e10 is called wrong. The numbers of float64 lie 2e-6 apart there, and a small step is lost in
    rounding, or much of it. Let the step grow with |x|."""
    x, h = np.float64(x), 1e-7
    return bool(abs((f(x + h) - f(x - h)) / (2 * h) - slope) <= 1e-4 * max(1, abs(slope)))


@mend_of(engines, "agrees")
def purely_relative(f, slope, x):
    """Your tolerance is a share of the slope alone. Where the slope is 0, nothing is left of it: max(1, |slope|) keeps
    it from shrinking below 1e-4."""
    h = 1e-5 * max(1.0, abs(x))
    x = np.float64(x)
    return bool(abs((f(x + h) - f(x - h)) / (2 * h) - slope) <= 1e-4 * abs(slope))


@mend_of(engines, "agrees")
def purely_absolute(f, slope, x):
    """Your tolerance is 1e-4 for every slope. It should grow with the slope: 1e-4 · max(1, |slope|)."""
    h = 1e-5 * max(1.0, abs(x))
    x = np.float64(x)
    return bool(abs((f(x + h) - f(x - h)) / (2 * h) - slope) <= 1e-4)


@mend_of(engines, "agrees")
def by_the_signed_slope(f, slope, x):
    """Your tolerance does not grow where the slope is negative: max(1, slope) is 1 there. Its size counts, |slope|."""
    h = 1e-5 * max(1.0, abs(x))
    x = np.float64(x)
    return bool(abs((f(x + h) - f(x - h)) / (2 * h) - slope) <= 1e-4 * max(1, slope))


@mend_of(engines, "agrees")
def signed_error(f, slope, x):
    """You compare difference minus slope with the tolerance, sign and all. A slope that is too large is wrong, too:
    take the absolute value."""
    h = 1e-5 * max(1.0, abs(x))
    x = np.float64(x)
    return bool((f(x + h) - f(x - h)) / (2 * h) - slope <= 1e-4 * max(1, abs(slope)))


@mend_of(engines, "agrees")
def still_in_float32(f, slope, x):
    """Right slopes are called wrong. In float32 3 + 1e-7 is 3 again, and the difference is 0, whatever the function: in
    which precision is yours taken?"""
    return agrees(f, slope, x)


@mend_of(engines, "agrees")
def larger_step_in_float32(f, slope, x):
    """A larger step is no longer lost, but in float32 little is left: near 10,000 its numbers lie 0.001
    apart, and that is divided by the step. Take the difference in float64."""
    x, h = np.float32(x), np.float32(5e-3 * max(1, abs(x)))
    return bool(abs((f(x + h) - f(x - h)) / (2 * h) - slope) <= 1e-4 * max(1, abs(slope)))


@mend_of(engines, "agrees")
def always_content(f, slope, x):
    """The right slopes pass now, and so do the wrong ones. A check that is always content has been silenced, not
    mended."""
    return True


@mend_of(engines, "hand_back", whole=True)
def visited_once(root):
    """A value goes on when the first path reaches it, and what arrives by the other paths comes too late. A set of
    visited values makes it fast, and wrong: a value has to wait for all who use it, and an order does that."""
    seen, stack = set(), [root]
    root.grad += 1.0
    while stack:
        value = stack.pop()
        if value not in seen:
            seen.add(value)
            for parent, local in zip(value._prev, value._local, strict=True):
                parent.grad += local * value.grad
            stack += reversed(value._prev)


@mend_of(engines, "hand_back", whole=True)
def visited_at_once(root):
    """A value goes on as soon as it is met, with what has arrived by then, and a set of visited values keeps it from
    going on again. It has to wait for all who use it: an order does that."""
    seen = set()

    def go(value):
        if value not in seen:
            seen.add(value)
            for parent, local in zip(value._prev, value._local, strict=True):
                parent.grad += local * value.grad
                go(parent)

    root.grad += 1.0
    go(root)


@mend_of(engines, "hand_back", whole=True)
def put_in_place(root):
    """The gradients are right on a fresh graph. You overwrite what was in `grad`; they should be added to it."""
    for value, gradient in Mended.sweep(root).items():
        value.grad = gradient


@mend_of(engines, "hand_back", whole=True)
def through_grad(root):
    """You collect in `grad` itself, and pass on what is there. On a fresh graph that is right; where a gradient is
    there already, it is passed on a second time. Collect in a dictionary, and add to `grad` at the end."""
    root.grad += 1.0
    for value in reversed(in_order(root)):
        for parent, local in zip(value._prev, value._local, strict=True):
            parent.grad += local * value.grad


@mend_of(engines, "hand_back", whole=True)
def not_the_root(root):
    """The root's own grad is missing: it moves by 1 when it is moved by 1."""
    for value, gradient in Mended.sweep(root).items():
        if value is not root:
            value.grad += gradient


@mend_of(engines, "hand_back", whole=True)
def returned(root):
    """You return the gradients, and nothing is in `grad` afterwards. It is there that they were promised."""
    return Mended.sweep(root)
