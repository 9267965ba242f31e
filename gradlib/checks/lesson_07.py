"""The checks of lesson 07."""

import inspect
import math
from functools import partial
from types import SimpleNamespace

import numpy as np

from gradlib.checks import Case, exercise, named
from gradlib.checks.lesson_03 import in_order
from gradlib.gradcheck import numerical_gradient
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


def a_large_and_a_small(g, z, x):
    gradient = g * np.array([2.0, -3.0, 0.5, 4.0])
    return gradient + g * np.array([0.0, 0.001, 0.0, -1.0])


def softmax_of(x):
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def entries(i, *indices):
    return [(i, index) for index in indices]


def all_of(i, *shape):
    return entries(i, *np.ndindex(shape))


def planted_bugs(rng):
    """(function, inputs, the entries whose gradient is wrong, what is special)."""
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
            planted("x², no factor 2", np.square, lambda g, z, x: g * x),
            [rng.uniform(0.5, 2.0, size=(3, 2))],
            all_of(0, 3, 2),
            "a missing factor",
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
    """(function, inputs, what is special)."""
    return [
        (named("x · y + sin x", lambda x, y: x * y + x.sin()), [rng.normal(size=(2, 3)), rng.normal(size=3)], ""),
        (named("x @ y", lambda x, y: x @ y), [rng.normal(size=(2, 3)), rng.normal(size=(3, 4))], ""),
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
            named("sin² x + cos² x", lambda x: x.sin() ** 2 + x.cos() ** 2),
            [rng.normal(size=(3, 4))],
            "a gradient that is rightly 0",
        ),
    ]


def found(gradcheck, function, inputs, in_order=True):
    """What a learner's gradcheck returns, without the errors: they depend on the cotangent."""
    result = gradcheck(function, inputs)
    if not isinstance(result, list):
        return result
    places = [(int(i), tuple(map(int, index))) for _, i, index in result]
    return in_words(places if in_order else sorted(places))


def in_words(places):
    return [f"input {i} at {index}" for i, index in places]


@exercise("A gradient check", points=5)
def gradcheck():
    """Return the entries whose gradient is wrong, as a list of tuples (error, i, index), the largest error first.

    function takes Tensors and returns a Tensor; inputs is a list of arrays, one for each Tensor. i counts the
    inputs, index is the entry's place in input i, a tuple as np.ndindex gives it; error is |gradient - difference|.
    The list is empty if every gradient is right.
    """
    rng, in_any_order = np.random.default_rng(7), partial(found, in_order=False)
    for function, inputs, wrong, about in planted_bugs(rng):
        yield Case({"function": function, "inputs": inputs}, in_words(wrong), call=in_any_order, about=about)
    two = planted("2x₀ - 3x₁ + x₂/2 + 4x₃", lambda x: x @ np.array([2.0, -3.0, 0.5, 4.0]), a_large_and_a_small)
    yield Case(
        {"function": two, "inputs": [rng.normal(size=4)]},
        in_words(entries(0, (3,), (1,))),
        call=found,
        about="two wrong entries, the later one much worse",
    )
    for function, inputs, about in right_functions(rng):
        yield Case({"function": function, "inputs": inputs}, [], call=in_any_order, about=about)


def checked(
    function,
    inputs,
    cotangent=lambda shape: np.random.default_rng(0).normal(size=shape),
    agree=lambda a, b: abs(a - b) <= 1e-6 + 1e-5 * abs(b),
    size=abs,
    dtype=np.float64,
    step=None,
    only=lambda i, index: True,
    worst_first=True,
):
    """A right answer; the mistakes below change one argument of it."""
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

        slopes = numerical_gradient(loss, x, step)
        for index in np.ndindex(x.shape):
            a, b = tensors[i].grad[index], slopes[index]
            if only(i, index) and not agree(a, b):
                wrong.append((size(a - b), i, index))
    return sorted(wrong, reverse=True) if worst_first else wrong


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
    return checked(function, inputs, dtype=dtype, step=1e-6 if dtype == np.float32 else None)


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
def with_sign(function, inputs):
    """You compare gradient minus difference with the tolerance, sign and all. A gradient that is too small is wrong,
    too: take the absolute value."""
    return checked(function, inputs, agree=lambda a, b: a - b <= 1e-6 + 1e-5 * abs(b))


@gradcheck.mistake
def fixed_step(function, inputs):
    """Your step has one size for every input. At 10¹¹ the neighbouring numbers of float64 lie 1.5e-5 apart: a step of
    1e-6 is lost in the sum. Let the step grow with |x|."""
    return checked(function, inputs, step=1e-6)


@gradcheck.mistake
def in_order_of_place(function, inputs):
    """The right entries, in the order of their places. The one that is most wrong should come first: it is the one
    to look at."""
    return checked(function, inputs, worst_first=False)


# --- 2 -----------------------------------------------------------------------------------------


def rows_of_scores(rng):
    """(scores x, what is special)."""
    return [
        (rng.normal(size=(2, 3)), ""),
        (2 * rng.normal(size=4), ""),
        (rng.normal(size=(2, 3, 2)), "three axes"),
        (rng.normal(size=(3, 1)), "a last axis of size 1"),
        (np.array([[1e4, 0.0, 9999.0], [-1e4, -1e4, -9998.0]]), "scores of ±10,000"),
        (np.array([[-1e4, -9999.0], [-9999.5, -1e4]]), "scores all near -10,000"),
        (np.array([1.0, 2000.0, 2000.5]), "scores of 2,000"),
    ]


def jacobian_answer(x, g):
    """Softmax from differences of scores alone, and its gradient through the whole Jacobian, row by row."""
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
        yield Case({"function": "softmax", "x": x, "g": g}, (p, gradient), call=one_of_two, about=about)
    for x, about in rows_of_scores(rng):
        g = rng.normal(size=x.shape[:-1])
        answer = np.logaddexp.reduce(x, axis=-1), jacobian_answer(x, x)[0] * g[..., None]
        yield Case({"function": "logsumexp", "x": x, "g": g}, answer, call=one_of_two, about=about)


def one_of_two(Stable, function, x, g):
    return getattr(Stable, function, unwritten)(x, g)


class Stable:
    """A right answer; the mistakes below change one function of it."""

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
def unweighted_sum(x, g):
    """The values are right. In the gradient you take the sum of g from g; the probability that a g belongs to must
    weigh it: Σ g · p."""
    p = softmax_of(x)
    return p, p * (g - g.sum(axis=-1, keepdims=True))


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


@stable.mistake
class BothOverflow(Stable):
    """Both functions take eˣ as it stands. It overflows above x = 709, and far below 0 every eˣ is 0: ∞/∞ and 0/0 are
    nan. Subtract the largest score of the row first: in softmax it cancels, in logsumexp it is added again."""

    softmax, logsumexp = overflowing, log_of_infinity


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
    """None if the gradient is that of the sum and the probe tells, else a sentence."""
    if not isinstance(answer, tuple) or len(answer) != 2:
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
            return f'With this probe the wrong rule "{name}" gives what the right one gives.'
    return None


@exercise("What a sum cannot see", points=2)
def sum_and_probe():
    """Return two arrays of the shape of p: the gradient of x by softmax(x).sum(), and a probe g that tells.

    p is softmax(x), with two entries or more. g tells if each of the five wrong rules in `check.silent_rules()` gives
    another gradient than the right rule, p(g - Σ g p).
    """
    for p, about in [
        (np.array([0.125, 0.25, 0.625]), ""),
        (np.array([0.7, 0.1, 0.05, 0.15]), ""),
        (np.array([0.2, 0.8]), "a softmax of two entries"),
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
def slope_p(p):
    """You give the probabilities themselves as the gradient of their sum. They are the slope of ln Σ eˣ. The sum of a
    softmax is 1 wherever x is."""
    return p, np.arange(len(p))


@sum_and_probe.mistake
def slope_diagonal(p):
    """p(1 - p) is how a probability moves by its own score. The others move down at the same time, and the sum feels
    all of them."""
    return p * (1 - p), np.arange(len(p))


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
    """The gradient of -(y ln p + (1 - y) ln(1 - p)) by p, entry by entry. p, y: arrays of the same shape."""
    miss = p - y
    return miss


def sum_gradient(g, x, axis):
    """The gradient of x, when g has arrived at x.sum(axis). axis: a number or a tuple of numbers."""
    gradient = np.broadcast_to(g, x.shape)
    return gradient.copy()


def sweep(root):
    """The gradient of root by every value, as a dictionary. Values have _prev and _local."""
    gradients = {root: 1.0}
    for value in reversed(in_order(root)):
        for parent, local in zip(value._prev, value._local, strict=True):
            gradients[parent] = local * gradients[value]
    return gradients


def agrees(f, slope, x):
    """Whether slope is the derivative of f at x, judged by a central difference."""
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
    "d": "A factor is missing: the line is the gradient by something that stands further back.",
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
    """Return a dictionary with three boxes for each of the seven programs: the line that is wrong, the letter of the
    reason, and a number.

    The numbers are: 1, how many squares are averaged for N = 3; 2, by how much ∂loss/∂w₀ is too small at w₀ = 3;
    3, what the gradient should be at p = 0.25, y = 1; 4, what the program gives to x[0, 1] for a 2×2 array, axis = 1
    and g = [10, 20]; 5, what it gives to x for x · y + x at x = 2, y = 3; 6, the difference that it finds for
    x² at x = 3; 7, how many visits it makes for ten rounds of v = v + v.
    """
    yield Case(expected=dict(FOUND))


FOUND = {
    "1 line": 3, "1 reason": "b", "1 number": 9,
    "2 line": 5, "2 reason": "c", "2 number": 0.6,
    "3 line": 3, "3 reason": "d", "3 number": -4.0,
    "4 line": 3, "4 reason": "e", "4 number": 20,
    "5 line": 6, "5 reason": "a", "5 number": 3.0,
    "6 line": 3, "6 reason": "f", "6 number": 0.0,
    "7 line": 5, "7 reason": "g", "7 number": 2047,
}  # fmt: skip


@bug_hunt.mistake
def three_squares():
    """Three squares are what was meant. Line the shapes (3, 1) and (3,) up from their last axes, as in lesson 04: which
    shape has the difference?"""
    return {"1 number": 3}


@bug_hunt.mistake
def at_the_mean():
    """The mean averages whatever it is given. Look at the shape of what reaches it: where was it made?"""
    return {"1 line": 5}


@bug_hunt.mistake
def without_the_two():
    """0.1 w² has the derivative 0.2 w, not 0.1 w."""
    return {"2 number": 0.3}


@bug_hunt.mistake
def value_of_the_penalty():
    """0.9 is what w₀ adds to the value of the penalty, and the value is right. What is missing is its slope by w₀."""
    return {"2 number": 0.9}


@bug_hunt.mistake
def at_the_sum():
    """The sum is right, and its value arrives in the loss. Which of the two terms has no graph?"""
    return {"2 line": 6}


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
    """1 came first, by the sum. Then something was put in its place."""
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


class Watched:
    """A value that counts how often its inputs are asked for, and stops a sweep that asks too often."""

    limit = 20_000
    looks = 0

    def __init__(self, *inputs):
        self._inputs, self._local, self.grad = inputs, (1.0,) * len(inputs), 0.0

    @property
    def _prev(self):
        Watched.looks += 1
        if Watched.looks > self.limit:
            raise TooManyVisits
        return self._inputs


class TooManyVisits(Exception):
    """A sweep that goes along every path."""


def unwritten(*_):
    raise NotImplementedError


def attempt(method, *arguments):
    """What a method gives; `...` where it is still to be written."""
    try:
        return method(*arguments)
    except NotImplementedError:
        return ...


def watched_sweep(method, root, leaf):
    """The gradient of leaf, or why there is none."""
    Watched.looks = 0
    try:
        result = method(root)
    except NotImplementedError:
        return ...
    except TooManyVisits:
        return "more than 20,000 visits"
    except RecursionError:
        return "RecursionError"
    return ... if result is ... or not root.grad else leaf.grad


def flat(gradient, shape):
    """The entries in a row, or the shape in words if it is not the one that it should be."""
    if gradient is ... or gradient is None:
        return gradient
    gradient = np.asarray(gradient)
    return gradient.ravel() if gradient.shape == shape else f"an array of shape {gradient.shape}"


def gradient_of(method, array, *others):
    """The gradient that a loss gives to its first argument, a Tensor."""
    tensor = Tensor(array, requires_grad=True)
    loss = attempt(method, tensor, *others)
    if loss is ... or loss is None:
        return ...
    loss.backward()
    return tensor.grad.ravel()


def with_all(Answer):
    """The functions of an answer; one that is missing is still to be written."""
    return SimpleNamespace(**{f.__name__: getattr(Answer, f.__name__, unwritten) for f in PROGRAMS})


def losses_results(Losses):
    """Every box of the first exercise, from a class with four functions."""
    Mended = with_all(Losses)
    rng = np.random.default_rng(17)
    boxes = {}

    prediction, target = rng.normal(size=(3, 1)), rng.normal(size=3)
    loss = attempt(Mended.squared_error, Tensor(prediction), target)
    boxes["1 value"] = loss.item() if isinstance(loss, Tensor) else loss
    boxes["1 gradient"] = gradient_of(Mended.squared_error, prediction, target)

    w, x, y = rng.normal(size=3), rng.normal(size=(4, 3)), rng.normal(size=4)
    loss = attempt(Mended.ridge_loss, Tensor(w), x, y)
    boxes["2 value"] = loss.item() if isinstance(loss, Tensor) else loss
    boxes["2 gradient"] = gradient_of(Mended.ridge_loss, w, x, y)

    boxes["3 gradient"] = flat(attempt(Mended.cross_entropy_gradient, *PROBABILITIES), (2, 3))

    for axis, shape in AXES.items():
        g, x = rng.normal(size=np.zeros(shape).sum(axis=axis).shape), rng.normal(size=shape)
        boxes[f"4 shape {shape}, axis={axis}"] = flat(attempt(Mended.sum_gradient, g, x, axis), shape)

    return boxes


def engines_results(Engines):
    """Every box of the second, from a class with three."""
    Mended, boxes = with_all(Engines), {}
    a, b = Value(2.0), Value(3.0)
    c = a * b
    for name, root in (("x y + x", c + a), ("x y + (x y)²", c + c * c)):
        gradients = attempt(Mended.sweep, root)
        boxes[f"5 {name}"] = (gradients[a], gradients[b]) if isinstance(gradients, dict) else gradients

    for name, f, slope, x in JUDGED:
        verdict = attempt(Mended.agrees, f, slope, x)
        boxes[f"6 {name}"] = bool(verdict) if isinstance(verdict, np.bool_) else verdict

    for name, rounds, uses in (("40 rounds of v = v + v", 40, 2), ("a chain of 5,000", 5_000, 1)):
        leaf = root = Watched()
        for _ in range(rounds):
            root = Watched(*[root] * uses)
        boxes[f"7 {name}"] = watched_sweep(Mended.hand_back, root, leaf)
    return boxes


PROBABILITIES = np.array([[0.25, 0.9, 0.6], [0.5, 0.01, 0.8]]), np.array([[1.0, 1.0, 0.0], [0.0, 0.0, 0.3]])
AXES = {1: (2, 2), 0: (2, 3), -1: (3, 2), (0, 2): (2, 3, 1)}
JUDGED = (
    ("6 for x² at 3", lambda x: x * x, 6.0, 3.0),
    ("6.1 for x² at 3", lambda x: x * x, 6.1, 3.0),
    ("cos 1 for sin at 1", np.sin, math.cos(1.0), 1.0),
    ("0 for x² at 3", lambda x: x * x, 0.0, 3.0),
    ("2e10 for x² at 1e10", lambda x: x * x, 2e10, 1e10),
)


def expected_losses():
    """What the boxes should hold, each by another route than the programs'."""
    rng = np.random.default_rng(17)
    prediction, target = rng.normal(size=(3, 1)), rng.normal(size=3)
    error = prediction.ravel() - target
    boxes = {"1 value": np.dot(error, error) / 3, "1 gradient": 2 / 3 * error}

    w, x, y = rng.normal(size=3), rng.normal(size=(4, 3)), rng.normal(size=4)
    error = np.einsum("ij,j->i", x, w) - y
    boxes["2 value"] = np.dot(error, error) / 4 + 0.1 * np.dot(w, w)
    boxes["2 gradient"] = np.einsum("i,ij->j", error, x) / 2 + 0.2 * w

    p, y = PROBABILITIES
    boxes["3 gradient"] = ((1 - y) / (1 - p) - y / p).ravel()

    for axis, shape in AXES.items():
        g = rng.normal(size=np.zeros(shape).sum(axis=axis).shape)
        rng.normal(size=shape)
        summed = {a % len(shape) for a in (axis if isinstance(axis, tuple) else (axis,))}
        gradient = np.empty(shape)
        for index in np.ndindex(shape):
            gradient[index] = g[tuple(i for a, i in enumerate(index) if a not in summed)]
        boxes[f"4 shape {shape}, axis={axis}"] = gradient.ravel()

    return boxes


def expected_engines():
    boxes = {"5 x y + x": (4.0, 2.0), "5 x y + (x y)²": (3.0 + 2 * 6 * 3, 2.0 + 2 * 6 * 2)}
    boxes |= {f"6 {name}": right for (name, *_), right in zip(JUDGED, (True, False, True, False, True), strict=True)}
    return boxes | {"7 40 rounds of v = v + v": 2.0**40, "7 a chain of 5,000": 1.0}


@exercise("Bug hunt: mend the losses", points=4)
def losses():
    """Return from each of the first four functions what its docstring promises.

    They stand in one class, so that they can be handed over together; none takes self. The boxes are numbered as the
    programs.
    """
    yield Case(call=losses_results, expected=expected_losses())


@exercise("Bug hunt: mend the engines", points=4)
def engines():
    """Return from each of the last three functions what its docstring promises.

    They stand in one class, so that they can be handed over together; none takes self. The boxes are numbered as the
    programs. `check.in_order(root)` gives all values, inputs first.
    """
    yield Case(call=engines_results, expected=expected_engines(), about="a shared value and a long chain")


class Mended:
    """A right answer; the mistakes below change one function of it."""

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


@losses.mistake
class SquaredErrorAsBefore(Mended):
    """Every prediction is still compared with every target. Give one of the two an axis more, or the other an axis
    less, before the subtraction."""

    squared_error = squared_error


@losses.mistake
class SquaredErrorSummed(Mended):
    """The shapes fit now, and the mean has become a sum."""

    def squared_error(prediction, target):
        error = prediction - target.reshape(-1, 1)
        return (error * error).sum()


@losses.mistake
class RidgeAsBefore(Mended):
    """The value is right, the gradient has no part from the penalty. `.data` is an array, and an array has no
    graph."""

    ridge_loss = ridge_loss


@losses.mistake
class GradientByScores(Mended):
    """p - y is the gradient by a score s from which p was made, p = 1/(1 + exp(-s)); the slope p(1 - p) of that step is
    already in it. By p itself that factor must be taken out."""

    cross_entropy_gradient = cross_entropy_gradient


@losses.mistake
class SigmoidTwice(Mended):
    """You multiply by p(1 - p). The gradient by the score is that by p times p(1 - p), so the way back is a
    division."""

    def cross_entropy_gradient(p, y):
        return (p - y) * p * (1 - p)


@losses.mistake
class OnlyRight(Mended):
    """-y/p is the part of the examples with y = 1. Those with y = 0 pull on ln(1 - p)."""

    def cross_entropy_gradient(p, y):
        return -y / p


@engines.mistake
class SweepAsBefore(Mended):
    """A value that is used twice still keeps only one contribution."""

    sweep = sweep


@engines.mistake
class Float64SameStep(Mended):
    """A right slope at 1e10 is called wrong. The numbers of float64 lie 2e-6 apart there, and a step of 1e-7 is lost.
    Let the step grow with |x|."""

    def agrees(f, slope, x):
        x, h = np.float64(x), 1e-7
        return bool(abs((f(x + h) - f(x - h)) / (2 * h) - slope) <= 1e-4 * max(1, abs(slope)))


@engines.mistake
class AgreesAsBefore(Mended):
    """Right slopes are called wrong. In float32 3 + 1e-7 is 3 again, and the difference is 0, whatever the function: in
    which precision is yours taken?"""

    def agrees(f, slope, x):
        if x > 1e6:
            raise NotImplementedError  # there the step is the matter, in either precision: see above
        return agrees(f, slope, x)


@engines.mistake
class AlwaysAgrees(Mended):
    """The right slopes pass now, and so do the wrong ones. A check that is always content has been silenced, not
    mended."""

    def agrees(f, slope, x):
        return True


@engines.mistake
class RecursiveAsBefore(Mended):
    """It still goes along every path. Collect the whole gradient of a value first, in the order of `check.in_order`
    from its end, and go on once."""

    hand_back = hand_back
