"""The checks of lesson 07."""

import inspect
import math
from functools import partial

import numpy as np

from gradlib.checks.cases import Case, Refused
from gradlib.checks.exercises import exercise
from gradlib.checks.lesson_03 import in_order
from gradlib.checks.values import describe, is_number, named, show
from gradlib.finite_differences import numerical_gradient
from gradlib.primitives import Primitive, Vjp
from gradlib.scalar import Value
from gradlib.tensor import Tensor

TITLE = "Trust, but verify"


# --- 1 -----------------------------------------------------------------------------------------


def planted(symbol, forward, *rules):
    """An operation with the given rules, right or wrong."""
    return named(symbol, Primitive("planted", forward, *(Vjp(rule, "") for rule in rules)))


def no_sum(g, z, x, b):
    return g[0]


def assigned(g, z, x):
    gradient = np.zeros_like(x)
    gradient[[0, 2, 2, 1]] = g
    return gradient


def one_entry(g, z, x):
    gradient = g * z
    gradient[1, 2] *= 1.01
    return gradient


def two_wrong_entries():
    """2x₀ - 3x₁ + x₂/2 + 4x₃ with two wrong entries in its gradient, by 0.03 g and by g."""
    right, error = np.array([2.0, -3.0, 0.5, 4.0]), np.array([0.0, 0.03, 0.0, -1.0])
    probes = []

    def rule(g, z, x):
        probes.append(abs(float(g)))
        return g * (right + error)

    function = planted("2x₀ - 3x₁ + x₂/2 + 4x₃", lambda x: x @ right, rule)
    function.probes = probes
    return function


def softmax_of(x):
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def entries(i, *indices):
    return [(i, index) for index in indices]


def all_of(i, *shape):
    return entries(i, *np.ndindex(shape))


def planted_bugs(rng):
    """A list of (function, inputs, the entries whose gradient is wrong, what is special)."""
    off_diagonal = [(1, index) for index in np.ndindex(3, 3) if index[0] != index[1]]
    return [
        (
            planted("x + b, no sum over rows", np.add, lambda g, z, x, b: g, no_sum),
            [rng.normal(size=(4, 3)), rng.normal(size=3)],
            all_of(1, 3),
            "a missing sum over axes",
        ),
        (
            planted("x - y, wrong sign", np.subtract, lambda g, z, x, y: g, lambda g, z, x, y: g),
            [rng.normal(size=(2, 3)), rng.normal(size=(2, 3))],
            all_of(1, 2, 3),
            "a wrong sign",
        ),
        (
            planted("x @ y, transposed", np.matmul, lambda g, z, x, y: g @ y.T, lambda g, z, x, y: g.T @ x),
            [rng.normal(size=(2, 3)), rng.normal(size=(3, 3))],
            off_diagonal,
            "a transposed gradient",
        ),
        (
            planted("x³, by way of 3z/x", lambda x: x**3, lambda g, z, x: g * 3 * z / x),
            [np.array([1.5, 0.0, -0.5, 2.0, -1.0])],
            entries(0, (1,)),
            "a gradient that is nan",
        ),
        (
            planted("x[0, 2, 2, 1], assigned", lambda x: x[[0, 2, 2, 1]], assigned),
            [rng.normal(size=4)],
            entries(0, (2,)),
            "= for +=",
        ),
        (
            planted("exp x, one entry wrong", np.exp, one_entry),
            [rng.uniform(0.5, 1.5, size=(2, 3))],
            entries(0, (1, 2)),
            "an error in one single entry",
        ),
        (
            planted("softmax x, diagonal only", softmax_of, lambda g, z, x: g * z * (1 - z)),
            [rng.normal(size=(2, 3))],
            all_of(0, 2, 3),
            "a Jacobian that is right on its diagonal only",
        ),
        (
            planted("running total of x, for equal g", np.cumsum, lambda g, z, x: g * np.arange(len(x), 0, -1)),
            [rng.normal(size=4)],
            entries(0, (0,), (1,), (2,)),
            "a rule that is right only for a uniform cotangent",
        ),
    ]


def right_functions(rng):
    """A list of (function, inputs, what is special)."""
    return [
        (named("x · y + sin x", lambda x, y: x * y + x.sin()), [rng.normal(size=(2, 3)), rng.normal(size=3)], ""),
        (named("exp x", lambda x: x.exp()), [rng.uniform(11, 13, size=3)], "right gradients above 10,000"),
        (named("softmax x", lambda x: x.softmax()), [rng.normal(size=(2, 3))], ""),
        (named("x² · y", lambda x, y: x**2 * y), [rng.normal(size=(2, 1)), rng.normal(size=(1, 3))], "axes of size 1"),
        (named("cos x", lambda x: x.cos()), [np.array(0.7)], "an input without axes"),
        (
            named("exp x", lambda x: x.exp()),
            [rng.normal(size=(2, 3)).astype(np.float32)],
            "a float32 input with a right gradient",
        ),
        (named("3x", lambda x: 3 * x), [np.array([1e11, -2e11])], "a right gradient at a large input"),
        (
            named("10,000 x²", lambda x: 10_000 * x**2),
            [np.array([0.0, 0.002, -0.003])],
            "the bottom of a steep valley, at 0",
        ),
        (
            named("1,000 + sin x", lambda x: 1000 + x.sin()),
            [rng.normal(size=(1, 3))],
            "a large value with a small slope",
        ),
        (
            named("sin² x + cos² x", lambda x: x.sin() ** 2 + x.cos() ** 2),
            [rng.normal(size=(3, 4))],
            "a gradient that is rightly 0",
        ),
    ]


RANKED = ["input 0 at (3,), its error 1.00 |g|", "input 0 at (1,), its error 0.03 |g|"]


def found(gradcheck, function, inputs):
    """The places that a learner's gradcheck returns, without the errors: they depend on the probe."""
    result = entries_of(gradcheck(function, inputs))
    return result if is_blank(result) else sorted(in_words((i, index) for _, i, index in result))


def ranked(gradcheck, function, inputs):
    """The places in order, the worst first, each with its error as a multiple of the probe."""
    result = entries_of(gradcheck(function, inputs))
    if is_blank(result):
        return result
    probe = function.probes[-1] if function.probes else 1.0
    words = in_words((i, index) for _, i, index in result)
    return [f"{word}, its error {error / probe:.2f} |g|" for word, (error, *_) in zip(words, result, strict=True)]


def alarms(gradcheck, function, inputs):
    """["a false alarm"] if a right gradient is called wrong, else []. The places depend on the probe."""
    result = entries_of(gradcheck(function, inputs))
    if is_blank(result):
        return result
    unknown = any(np.isnan(error) for error, *_ in result)
    return ["a false alarm, with the error nan" if unknown else "a false alarm"] if result else []


def no_alarm(answer):
    if answer:
        return (
            "Every gradient is right here, and yours calls one wrong. Either the difference is not precise, by its "
            "step or its precision, or the tolerance leaves no room for what it cannot know."
        )
    return None


def is_blank(result):
    return result is None or result is ...


def entries_of(result):
    """The result of a learner's gradcheck; raises Refused if it does not have the form that was asked for."""
    if is_blank(result):
        return result
    if not isinstance(result, list | tuple):
        raise Refused(
            "gradcheck returns a list of tuples (error, i, index), which is empty where nothing is wrong; yours "
            f"returns {describe(result)}."
        )
    for entry in result:
        if not (isinstance(entry, tuple | list) and len(entry) == 3 and isinstance(entry[2], tuple)):
            raise Refused(
                "Each entry of the list is a tuple (error, i, index), and index is a tuple itself, such as (0, 1); "
                f"yours holds {show(entry)}."
            )
        if not is_number(entry[0]) or entry[0] < 0:
            raise Refused(f"The error is a size, |gradient - difference|; yours is {show(entry[0])}.")
    return result


def in_words(places):
    return [f"input {i} at {tuple(map(int, index))}" for i, index in places]


@exercise("A gradient check", points=5)
def gradcheck():
    """Return the entries whose gradient is wrong, as a list of tuples (error, i, index), the largest error first.

    function takes Tensors and returns a Tensor; inputs is a list of arrays, one for each Tensor. i counts the
    inputs, index is the entry's place in input i, a tuple as np.ndindex gives it; error is |gradient - difference|.
    The list is empty if every gradient is right.
    """
    rng = np.random.default_rng(7)
    for function, inputs, wrong, about in planted_bugs(rng):
        yield Case({"function": function, "inputs": inputs}, sorted(in_words(wrong)), call=found, about=about)
    yield Case(
        {"function": two_wrong_entries(), "inputs": [rng.normal(size=4)]},
        RANKED,
        call=ranked,
        about="two wrong entries, the later one much worse",
    )
    for function, inputs, about in right_functions(rng):
        yield Case({"function": function, "inputs": inputs}, accept=no_alarm, call=alarms, about=about)


def checked(
    function,
    inputs,
    cotangent=lambda shape: np.random.default_rng(0).normal(size=shape),
    agree=lambda a, b: abs(a - b) <= 1e-6 + 1e-5 * abs(b),
    size=abs,
    dtype=np.float64,
    slopes_of=numerical_gradient,
    only=lambda i, index: True,
    worst_first=True,
):
    """A right answer, of which each mistake below changes one argument."""
    inputs = [np.array(x, dtype=dtype) for x in inputs]
    tensors = [Tensor(x, requires_grad=True) for x in inputs]
    result = function(*tensors)
    g = cotangent(result.shape)
    result.backward(np.asarray(g, result.dtype))
    wrong = []
    for i, x in enumerate(inputs):

        def loss(moved, i=i):
            moved = moved.astype(dtype)
            others = [moved if j == i else other for j, other in enumerate(inputs)]
            return (function(*map(Tensor, others)).data * g).sum()

        slopes = slopes_of(loss, x)
        for index in np.ndindex(x.shape):
            a, b = tensors[i].grad[index], slopes[index]
            if only(i, index) and not agree(a, b):
                wrong.append((size(a - b), i, index))
    return sorted(wrong, reverse=True) if worst_first else wrong


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


@gradcheck.mistake
def probed_with_ones(function, inputs):
    """You probe with ones: what is differentiated is the plain sum of the result. A rule that is right only for a
    uniform cotangent passes, and for a softmax there is nothing left but zeros. Weigh each entry of the result
    differently."""
    return checked(function, inputs, cotangent=np.ones)


@gradcheck.mistake
def in_float32(function, inputs):
    """You compute in the precision that the input has. In float32 a difference keeps some three digits, and a right
    gradient is called wrong. Convert to float64 before anything else."""
    dtype = inputs[0].dtype
    small = differences(lambda x: 1e-6)
    return checked(function, inputs, dtype=dtype, slopes_of=small if dtype == np.float32 else numerical_gradient)


@gradcheck.mistake
def first_entry_only(function, inputs):
    """You compare the first entry of each input. An error in any other goes unseen."""
    return checked(function, inputs, only=lambda i, index: not any(index))


@gradcheck.mistake
def first_input_only(function, inputs):
    """You compare the gradient of the first input. Each input has a rule of its own, and each rule can be wrong."""
    return checked(function, inputs, only=lambda i, index: i == 0)


@gradcheck.mistake
def relative_only(function, inputs):
    """You divide the error by the gradient. Where the gradient is 0, the rounding of the difference is all that is
    left, and its relative error is 1. Allow for a small absolute error as well."""
    return checked(function, inputs, agree=lambda a, b: abs(a - b) <= 1e-5 * max(abs(a), abs(b)))


@gradcheck.mistake
def absolute_only(function, inputs):
    """You allow one error for all gradients, however large they are. A gradient of 100,000 agrees with its difference
    to nine digits and still not to 1e-6: allow for an error in proportion, as well."""
    return checked(function, inputs, agree=lambda a, b: abs(a - b) <= 1e-6)


@gradcheck.mistake
def nan_passes(function, inputs):
    """A gradient that is nan passes. Every comparison with nan is False, so `error > tolerance` finds nothing wrong
    with it. Ask the other way round, whether the error is within the tolerance."""
    return checked(function, inputs, agree=lambda a, b: not abs(a - b) > 1e-6 + 1e-5 * abs(b))


@gradcheck.mistake
def with_sign(function, inputs):
    """You compare gradient minus difference with the tolerance, sign and all. A gradient that is too small is wrong,
    too: take the absolute value."""
    return checked(function, inputs, agree=lambda a, b: a - b <= 1e-6 + 1e-5 * abs(b))


@gradcheck.mistake
def fixed_step(function, inputs):
    """Your step has one size for every input. At 10¹¹ the neighbouring numbers of float64 lie 1.5e-5 apart: a step of
    1e-6 is lost in the sum. Let the step grow with |x|."""
    return checked(function, inputs, slopes_of=differences(lambda x: 1e-6))


@gradcheck.mistake
def step_of_zero(function, inputs):
    """Your step is in proportion to |x|, and so it is 0 where x is 0, and the difference is 0/0. Give it a least size:
    max(1, |x|)."""
    return checked(function, inputs, slopes_of=differences(lambda x: 6e-6 * x))


@gradcheck.mistake
def one_sided(function, inputs):
    """Your differences go to one side, (f(x + h) - f(x))/h. At the bottom of a valley that is the slope of one of its
    walls. A central difference sees both, and they cancel."""
    return checked(function, inputs, slopes_of=differences(lambda x: 1e-7 * max(1, x), forward=True))


@gradcheck.mistake
def sorted_by_place(function, inputs):
    """The right entries, in the order of their places. The one that is most wrong should come first: it is the one
    to look at."""
    return checked(function, inputs, worst_first=False)


# --- 2 -----------------------------------------------------------------------------------------


def rows_of_scores(rng):
    """A list of (scores x, what is special)."""
    return [
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


def jacobian_answer(x, g):
    """Softmax computed from differences of scores, and its gradient through the whole Jacobian, row by row."""
    with np.errstate(over="ignore"):
        p = 1 / np.exp(x[..., None, :] - x[..., :, None]).sum(axis=-1)
    gradient = np.empty_like(p)
    for row in np.ndindex(p.shape[:-1]):
        gradient[row] = g[row] @ (np.diag(p[row]) - np.outer(p[row], p[row]))
    return p, gradient


@exercise("Softmax and logsumexp without overflow", points=5)
def stable():
    """Return from softmax(x, g) and logsumexp(x, g) the value along the last axis, and the gradient of x when g has
    arrived at it, as a tuple.

    Softmax is eˣ / Σ eˣ, each row for itself; there g and both answers have the shape of x. logsumexp is ln Σ eˣ;
    there g and the value have the shape of x without its last axis. Scores may be as large as ±10,000.
    """
    rng = np.random.default_rng(11)
    for x, about in rows_of_scores(rng):
        p, gradient = jacobian_answer(x, g := rng.normal(size=x.shape))
        yield Case({"x": x, "g": g}, (p, gradient), part="softmax", names=VALUE_AND_GRADIENT, about=about)
    for x, about in rows_of_scores(rng):
        g = rng.normal(size=x.shape[:-1])
        answer = np.logaddexp.reduce(x, axis=-1), jacobian_answer(x, x)[0] * g[..., None]
        yield Case({"x": x, "g": g}, answer, part="logsumexp", names=VALUE_AND_GRADIENT, about=about)


class Stable:
    """A right answer, of which each mistake below changes one function."""

    def softmax(x, g):
        p = softmax_of(x)
        return p, backward_of_softmax(p, g)

    def logsumexp(x, g):
        return lse(x), back(g) * softmax_of(x)


def wrong_softmax(function):
    """Register a mistake in the first of the two functions."""
    stable.mistake(type(function.__name__, (Stable,), {"softmax": function, "__doc__": function.__doc__}))
    return function


def wrong_logsumexp(function):
    """Register a mistake in the second of the two functions."""
    stable.mistake(type(function.__name__, (Stable,), {"logsumexp": function, "__doc__": function.__doc__}))
    return function


def backward_of_softmax(p, g):
    return p * (g - (g * p).sum(axis=-1, keepdims=True))


def normalised(powers, axis=-1):
    return powers / powers.sum(axis=axis, keepdims=True)


@wrong_softmax
def overflowing(x, g):
    """eˣ overflows above x = 709, and ∞/∞ is nan; far below 0 every eˣ is 0, and 0/0 is nan. Subtract the largest
    score of the row first: it cancels."""
    p = normalised(np.exp(x))
    return p, backward_of_softmax(p, g)


@wrong_softmax
def smallest_subtracted(x, g):
    """You subtract the smallest score of the row. The differences that are left are positive, and beyond 709 they
    overflow as before. Subtract the largest: then no exponent is above 0."""
    p = normalised(np.exp(x - x.min(axis=-1, keepdims=True)))
    return p, backward_of_softmax(p, g)


@wrong_softmax
def mean_subtracted(x, g):
    """You subtract the mean of the row. A score far above the mean overflows as before. Subtract the largest: then no
    exponent is above 0."""
    p = normalised(np.exp(x - x.mean(axis=-1, keepdims=True)))
    return p, backward_of_softmax(p, g)


@wrong_softmax
def along_the_first_axis(x, g):
    """You go along the first axis. Each row is for itself here, and a row lies along the last axis, -1."""
    powers = np.exp(x - x.max(axis=0))
    p = powers / powers.sum(axis=0)
    return p, p * (g - (g * p).sum(axis=0))


@wrong_softmax
def turned_gradient(x, g):
    """The values are right, and the gradient has the wrong sign: p belongs to g with a plus, and Σ g · p is
    subtracted."""
    p = softmax_of(x)
    return p, -backward_of_softmax(p, g)


@wrong_softmax
def one_peak_for_all(x, g):
    """You subtract the largest score of all rows. A row that lies far below it becomes all zeros. Each row has a
    largest score of its own."""
    p = normalised(np.exp(x - x.max()))
    return p, backward_of_softmax(p, g)


@wrong_softmax
def clipped(x, g):
    """You cut the scores off. Nothing overflows, and rows whose scores lie beyond the cut lose the differences between
    them, which are all that matters. Subtracting changes nothing, cutting does."""
    p = normalised(np.exp(np.clip(x, -500, 500)))
    return p, backward_of_softmax(p, g)


@wrong_softmax
def over_everything(x, g):
    """You divide by the sum over all rows. Each row should add up to 1 for itself."""
    p = normalised(np.exp(x - x.max()), axis=None)
    return p, p * (g - (g * p).sum())


@wrong_softmax
def diagonal_only(x, g):
    """The values are right. In the gradient only the diagonal of the Jacobian is there, p(1 - p): each score also
    stands below the fraction bar of every other probability of its row."""
    p = softmax_of(x)
    return p, g * p * (1 - p)


@wrong_softmax
def coupled_rows(x, g):
    """The values are right. In the gradient you sum g · p over all rows: a score moves the probabilities of its own row
    alone."""
    p = softmax_of(x)
    return p, p * (g - (g * p).sum())


@wrong_softmax
def direct_path_alone(x, g):
    """The values are right. The gradient is p · g, the path from a score to its own power of e. Each score also stands
    below the fraction bar of every probability of its row: Σ g · p is subtracted from g."""
    p = softmax_of(x)
    return p, p * g


@wrong_softmax
def unweighted_sum(x, g):
    """The values are right. In the gradient you take the sum of g from g; the probability that a g belongs to must
    weigh it: Σ g · p."""
    p = softmax_of(x)
    return p, p * (g - g.sum(axis=-1, keepdims=True))


@stable.mistake
class GradientFirst:
    """The gradient comes first in your tuple. Asked for are the value, then the gradient."""

    def softmax(x, g):
        return Stable.softmax(x, g)[::-1]

    def logsumexp(x, g):
        return Stable.logsumexp(x, g)[::-1]


def lse(x):
    return np.logaddexp.reduce(x, axis=-1)


def back(g):
    return np.asarray(g)[..., None]


@wrong_logsumexp
def log_of_infinity(x, g):
    """eˣ overflows above x = 709, and the logarithm of ∞ is ∞; far below 0 it is the logarithm of 0. Subtract the
    largest score of the row, and add it again outside of the logarithm."""
    powers = np.exp(x)
    return np.log(powers.sum(axis=-1)), back(g) * normalised(powers)


@wrong_logsumexp
def stable_gradient_only(x, g):
    """The gradient is right at any score, the value overflows: eˣ is too large above x = 709, and 0 far below 0.
    Subtract the largest score of the row, and add it again outside of the logarithm."""
    return np.log(np.exp(x).sum(axis=-1)), back(g) * softmax_of(x)


@wrong_logsumexp
def stable_value_only(x, g):
    """The value is right at any score, the gradient overflows: it is computed from eˣ once more. It is softmax(x), for
    which the same subtraction helps; or e to the power of x minus the value."""
    return lse(x), back(g) * normalised(np.exp(x))


@wrong_logsumexp
def peak_not_added(x, g):
    """The largest score was subtracted and never came back. Under the logarithm a factor becomes a sum, so here it
    does not cancel as in softmax."""
    return lse(x) - x.max(axis=-1), back(g) * softmax_of(x)


@wrong_logsumexp
def peak_alone(x, g):
    """The value is the largest score, and ln Σ is more than that: with n equal scores by ln n. What stands under the
    logarithm after the subtraction still counts."""
    return x.max(axis=-1), back(g) * softmax_of(x)


@wrong_logsumexp
def peak_inside(x, g):
    """You add the largest score under the logarithm. There it is a factor, e to its power; as a term it belongs
    outside."""
    peak = x.max(axis=-1, keepdims=True)
    return np.log((np.exp(x - peak)).sum(axis=-1) + peak[..., 0]), back(g) * softmax_of(x)


@wrong_logsumexp
def peak_twice(x, g):
    """The values are right. The gradient holds the largest score's own part a second time: it was subtracted and added,
    and both are felt. What cancels in the value cancels in the gradient."""
    return lse(x), back(g) * (softmax_of(x) + (x == x.max(axis=-1, keepdims=True)))


@wrong_logsumexp
def no_cotangent(x, g):
    """The values are right. The gradient is that of the value alone; what arrived, g, is not in it."""
    return lse(x), softmax_of(x)


@wrong_logsumexp
def of_softmax(x, g):
    """The values are right. The gradient is the one of softmax, p(g - Σ g p). The slope of ln Σ eˣ is simpler: it is
    softmax itself."""
    p = softmax_of(x)
    return lse(x), backward_of_softmax(p, np.broadcast_to(back(g), x.shape))


# --- 3 -----------------------------------------------------------------------------------------

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


def refused_probe(p, answer):
    """None if the gradient of the sum is right and the probe tells the rules apart, else a sentence."""
    if not isinstance(answer, (tuple, list, np.ndarray)) or len(answer) != 2:
        return "Return two arrays: the gradient of the sum, and the probe g."
    gradient, g = (np.asarray(part, dtype=np.float64) for part in answer)
    for name, array in (("gradient of the sum", gradient), ("probe", g)):
        if array.shape != p.shape:
            return f"The {name} has shape {array.shape}, and p has {p.shape}."
    if not np.allclose(gradient, 0, atol=1e-12):
        return (
            "The gradient of the sum is not this. Add up the entries of any softmax: what does the sum do when a score "
            "is nudged?"
        )
    if not np.isfinite(g).all():
        return "The probe must hold finite numbers."
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
        (softmax_of(np.log([1.0, 2.0, 3.0, 4.0, 7.0])), "a softmax that adds up to a little less than 1"),
    ]:
        yield Case({"p": p}, accept=partial(refused_probe, p), about=about)


@sum_and_probe.mistake
def with_ones(p):
    """A probe of ones is the sum. On it every one of the five rules answers 0, which is right for the sum and says
    nothing of the softmax."""
    return np.zeros_like(p), np.ones_like(p)


@sum_and_probe.mistake
def with_zeros(p):
    """A probe of zeros asks for nothing: every rule, right or wrong, answers 0."""
    return np.zeros_like(p), np.zeros_like(p)


@sum_and_probe.mistake
def in_order_of_place(p):
    """A probe of 0, 1, 2, … tells the rules apart for some p, and not for others: for p = (0.25, 0.5, 0.25) Σ g p is
    the mean of g. Numbers drawn at random meet no such accident."""
    return np.zeros_like(p), np.arange(len(p))


@sum_and_probe.mistake
def slope_p(p):
    """You give the probabilities themselves as the gradient of their sum. They are the slope of ln Σ eˣ. The sum of a
    softmax is 1 wherever x is."""
    return p, np.arange(len(p)) ** 2 + 1


@sum_and_probe.mistake
def slope_diagonal(p):
    """p(1 - p) is how a probability moves by its own score. The others move down at the same time, and the sum feels
    all of them."""
    return p * (1 - p), np.arange(len(p)) ** 2 + 1


# --- 4 -----------------------------------------------------------------------------------------


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
    "d": "A factor is missing: the line is the gradient with respect to something that stands further back.",
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
    yield Case(expected=dict(FOUND))


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
    """`in_order` lists each value once, so nothing is visited twice. Follow what stands in the dictionary under x, step
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


# --- 5 and 6 -----------------------------------------------------------------------------------------


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
    return tuple(gradients.get(value, "no entry") for value in values)


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
    for x, y in [(2.0, 3.0), (-1.5, 0.4)]:
        for graph, gradients in GRADIENTS.items():
            yield Case({"graph": graph, "x": x, "y": y}, gradients(x, y), call=swept, part="sweep", names=OF)
    for f, slope, x, expected, about in JUDGED:
        yield Case({"f": f, "slope": slope, "x": x}, expected, part="agrees", about=about)
    for graph, x, y, grads, about in [
        ("s + s · s, s = x · y", 2.0, 3.0, 0.0, ""),
        ("x · y + x", 2.0, 3.0, 0.0, ""),
        ("s + s · s, s = x · y", -1.5, 0.4, 0.0, ""),
        ("s + s · s, s = x · y", 2.0, 3.0, 10.0, "gradients that are there already"),
        ("x · y + x", 0.3, -2.5, -0.5, "gradients that are there already"),
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
    """You collect in `grad` itself, and pass on what stands there. On a fresh graph that is right; where a gradient is
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
    """You return the gradients, and nothing stands in `grad` afterwards. It is there that they were promised."""
    return Mended.sweep(root)
