"""The checks of lesson 17."""

import math
import re

import numpy as np
from numpy import array_equal

from gradlib import Tensor, functional, grad
from gradlib.checks.cases import Case, Refused
from gradlib.checks.exercises import exercise
from gradlib.checks.values import named, show
from gradlib.checks.variants import Variant

TITLE = "Beyond first order"
PAIR = ("value", "slope")


# --- 1 -----------------------------------------------------------------------------------------


@exercise("Dual arithmetic", points=2)
def arithmetic():
    """Return the value and the slope of an operation on dual numbers, as a pair, for three operations.

    A dual number is a pair (value, slope). `over(x, y)`: x / y, where y is not 0. `root(x)`: √x of a value above 0.
    `power(x, n)`: xⁿ for a number n, of a value above 0. For x = (6, 1) and y = (2, 0), over gives (3, 0.5).
    """
    for x, y in [
        ((6.0, 1.0), (2.0, 0.0)),
        ((1.0, 0.0), (2.0, 1.0)),
        ((3.0, 2.0), (-1.0, 1.0)),
        ((4.0, 3.0), (2.0, -5.0)),
        ((-3.0, 0.5), (0.5, 2.5)),
        ((0.0, 2.0), (4.0, 1.0)),
        ((2.5, -1.5), (1.5, 0.5)),
    ]:
        slope = (x[1] * y[0] - x[0] * y[1]) / y[0] ** 2
        yield Case({"x": x, "y": y}, (x[0] / y[0], slope), part="over", names=PAIR)
    for x in [(4.0, 1.0), (9.0, 2.0), (1.0, -3.0), (0.25, 0.5), (16.0, 0.0), (2.56, -0.7)]:
        yield Case({"x": x}, (math.sqrt(x[0]), x[1] / (2 * math.sqrt(x[0]))), part="root", names=PAIR)
    for x, n in [
        ((2.0, 1.0), 3),
        ((3.0, 2.0), 2),
        ((2.0, -1.0), -1),
        ((4.0, 3.0), 0.5),
        ((5.0, 2.0), 1),
        ((2.0, 1.0), 0),
        ((2.345, -1.5), 3),
    ]:
        about = "the power 0" if n == 0 else ""
        yield Case({"x": x, "n": n}, (x[0] ** n, n * x[0] ** (n - 1) * x[1]), part="power", names=PAIR, about=about)


class Arithmetic:
    """A right answer, of which each mistake below changes one operation."""

    def over(x, y):
        return x[0] / y[0], (x[1] - x[0] / y[0] * y[1]) / y[0]

    def root(x):
        return x[0] ** 0.5, 0.5 * x[1] / x[0] ** 0.5

    def power(x, n):
        return x[0] ** n, n * x[0] ** n / x[0] * x[1]


@arithmetic.mistake
class SlopesDivided(Arithmetic):
    """You divided slope by slope. A quotient depends on both values, too: write x as z · y and use the rule of a
    product."""

    def over(x, y):
        return x[0] / y[0], x[1] / y[1] if y[1] else x[1] / y[0]


@arithmetic.mistake
class NumeratorOnly(Arithmetic):
    """Your slope of the quotient follows x alone. When y grows, the quotient changes as well."""

    def over(x, y):
        return x[0] / y[0], x[1] / y[0]


@arithmetic.mistake
class QuotientAdded(Arithmetic):
    """The two parts of the quotient's slope are added. When y grows, x / y shrinks: the second one has a minus."""

    def over(x, y):
        return x[0] / y[0], (x[1] * y[0] + x[0] * y[1]) / y[0] ** 2


@arithmetic.mistake
class QuotientTurned(Arithmetic):
    """The two parts of the quotient's slope have changed places: its sign is turned. Try y with slope 0."""

    def over(x, y):
        return x[0] / y[0], (x[0] * y[1] - x[1] * y[0]) / y[0] ** 2


@arithmetic.mistake
class NotSquared(Arithmetic):
    """The slope of the quotient is divided by y once. It has to be divided by y squared."""

    def over(x, y):
        return x[0] / y[0], (x[1] * y[0] - x[0] * y[1]) / y[0]


@arithmetic.mistake
class RootOfSlope(Arithmetic):
    """You took the root of the slope, too. The slope goes through the derivative of the root, 1 / (2√x)."""

    def root(x):
        return x[0] ** 0.5, abs(x[1]) ** 0.5


@arithmetic.mistake
class RootAlone(Arithmetic):
    """You return the derivative of the root, as if x had slope 1. Multiply it by the slope of x."""

    def root(x):
        return x[0] ** 0.5, 0.5 / x[0] ** 0.5


@arithmetic.mistake
class NoHalf(Arithmetic):
    """A factor is missing in the slope of the root. √x is x to the power 1/2: what comes down in front?"""

    def root(x):
        return x[0] ** 0.5, x[1] / x[0] ** 0.5


@arithmetic.mistake
class PowerOfSlope(Arithmetic):
    """You raised the slope to the power, too. The slope goes through the derivative of the power."""

    def power(x, n):
        return x[0] ** n, float(abs(x[1]) ** n)


@arithmetic.mistake
class PowerAlone(Arithmetic):
    """You return n · xⁿ⁻¹, as if x had slope 1. Multiply it by the slope of x."""

    def power(x, n):
        return x[0] ** n, n * x[0] ** (n - 1)


@arithmetic.mistake
class PowerKept(Arithmetic):
    """In the slope of the power the exponent is still n. Each time a factor is differentiated, n - 1 are left."""

    def power(x, n):
        return x[0] ** n, n * x[0] ** n * x[1]


@arithmetic.mistake
class QuotientUndivided(Arithmetic):
    """The slope of the quotient is not divided at all. It has to be divided by y squared."""

    def over(x, y):
        return x[0] / y[0], x[1] * y[0] - x[0] * y[1]


@arithmetic.mistake
class SecondPartOnce(Arithmetic):
    """In the second part of the quotient's slope y stands below once. The derivative of 1/y is -1/y²."""

    def over(x, y):
        return x[0] / y[0], x[1] / y[0] - x[0] * y[1] / y[0]


@arithmetic.mistake
class RootUnmoved(Arithmetic):
    """The slope of x goes through the root unchanged. Multiply it by the derivative of the root, 1 / (2√x)."""

    def root(x):
        return x[0] ** 0.5, x[1]


@arithmetic.mistake
class RootOverValue(Arithmetic):
    """You divide the slope by 2x. It has to be divided by 2√x."""

    def root(x):
        return x[0] ** 0.5, x[1] / (2 * x[0])


@arithmetic.mistake
class RootTimesRoot(Arithmetic):
    """The exponent 1/2 came down in front, but √x multiplies where it should divide: one less than 1/2 is -1/2."""

    def root(x):
        return x[0] ** 0.5, 0.5 * x[0] ** 0.5 * x[1]


@arithmetic.mistake
class PowerFactorMissing(Arithmetic):
    """The factor n is missing in the slope of the power: the exponent comes down in front."""

    def power(x, n):
        return x[0] ** n, x[0] ** (n - 1) * x[1]


@arithmetic.mistake
class SlopeInThePower(Arithmetic):
    """You raised the slope of x to the power n - 1. It is the value that is raised; the slope is a factor."""

    def power(x, n):
        return x[0] ** n, n * float(x[1]) ** (n - 1)


@arithmetic.mistake
class DividedByX(Arithmetic):
    """The slope of the quotient is divided by the square of x. It is the divisor y whose square stands below."""

    def over(x, y):
        with np.errstate(all="ignore"):
            return x[0] / y[0], float(np.divide(x[1] * y[0] - x[0] * y[1], x[0] ** 2))


@arithmetic.mistake
class RootDoubled(Arithmetic):
    """You multiply the slope by 2√x. It has to be divided by that."""

    def root(x):
        return x[0] ** 0.5, 2 * x[0] ** 0.5 * x[1]


@arithmetic.mistake
class PowerFactorAlone(Arithmetic):
    """Your slope of the power is n times the slope of x. The factor xⁿ⁻¹ is missing."""

    def power(x, n):
        return x[0] ** n, n * x[1]


@arithmetic.mistake
class MinusOneOutside(Arithmetic):
    """Python raises to the power before it subtracts: x ** n - 1 is xⁿ minus 1. Write the exponent in brackets."""

    def power(x, n):
        return x[0] ** n, n * x[0] ** n - 1 * x[1]


@arithmetic.mistake
class ExponentMoves(Arithmetic):
    """The logarithm comes in where the exponent moves. Here n stands still, and the base x moves."""

    def power(x, n):
        return x[0] ** n, x[0] ** n * math.log(x[0]) * x[1]


@arithmetic.mistake
class FactorOneLess(Arithmetic):
    """The factor in front is n, not n - 1. Only the exponent becomes n - 1."""

    def power(x, n):
        return x[0] ** n, (n - 1) * x[0] ** (n - 1) * x[1]


# --- 2 -----------------------------------------------------------------------------------------


@exercise("Which way is cheaper?", points=2)
def cheaper():
    """Return for each of six functions how its whole Jacobian is cheapest, as a dictionary from "A" to "F" to a text:
    the number of passes and the mode, "3 forward" for example.

    A: a loss from 1,000 weights. B: the three coordinates of a satellite from the time. C: 4 results from 10 inputs.
    D: 10 results from 4 inputs. E: a picture of 28 × 28 pixels from an angle and a size. F: 10 scores from a picture of
    28 × 28 pixels.
    """
    yield Case(
        expected={
            "A": "1 reverse",
            "B": "1 forward",
            "C": "4 reverse",
            "D": "4 forward",
            "E": "2 forward",
            "F": "10 reverse",
        },
        form=not_a_count,
    )


def not_a_count(content):
    """A sentence on the content of a box that is not a number of passes and a mode, or ""."""
    if isinstance(content, str) and re.fullmatch(r"[\d,]+(forward|reverse)", "".join(content.casefold().split())):
        return ""
    return (
        f"{show(content)} is not written as this check reads it: a text with the number of passes in digits and then "
        'the mode, `forward` or `reverse`, as in "3 forward".'
    )


@cheaper.varies
def other_functions(choose):
    """Functions of the same kinds, with other numbers of inputs and results."""
    few, many, fewer, more = choose(3, 5, 6, 7), choose(9, 12, 20), choose(2, 3, 5, 6), choose(8, 15, 30)
    knobs, scores = choose(3, 4, 5), choose(5, 8, 12, 20)
    functions = {
        "A": "a loss, from 5,000 weights",
        "B": "the three coordinates of a satellite, from the time",
        "C": f"{few} results, from {many} inputs",
        "D": f"{more} results, from {fewer} inputs",
        "E": f"a picture of 28 × 28 pixels, from {knobs} settings",
        "F": f"{scores} scores, from a picture of 28 × 28 pixels",
    }
    rows = [f"| {name} | {function} |" for name, function in functions.items()]
    expected = {
        "A": "1 reverse",
        "B": "1 forward",
        "C": f"{few} reverse",
        "D": f"{fewer} forward",
        "E": f"{knobs} forward",
        "F": f"{scores} reverse",
    }
    return Variant("\n".join(["| name | function |", "|:---:|---|", *rows]), expected)


@cheaper.mistake
def modes_exchanged():
    """The count is right, but it belongs to the other mode. Forward mode makes a pass for each *input*, reverse mode a
    sweep for each *result*."""
    return {"A": "1 forward", "B": "1 reverse", "C": "4 forward", "D": "4 reverse", "E": "2 reverse", "F": "10 forward"}


@cheaper.mistake
def always_reverse():
    """This is the count of reverse mode, a sweep for each result. Where there are fewer inputs than results, forward
    mode has fewer passes."""
    return {"B": "3 reverse", "D": "10 reverse", "E": "784 reverse"}


@cheaper.mistake
def always_forward():
    """This is the count of forward mode, a pass for each input. Where there are fewer results than inputs, reverse
    mode has fewer passes."""
    return {"A": "1000 forward", "C": "10 forward", "F": "784 forward"}


@cheaper.mistake
def counts_exchanged():
    """The mode is right, the count is not. Forward mode makes a pass for each input, reverse mode a sweep for each
    result."""
    return {
        "A": "1000 reverse",
        "B": "3 forward",
        "C": "10 reverse",
        "D": "10 forward",
        "E": "784 forward",
        "F": "784 reverse",
    }


@cheaper.mistake
def always_one():
    """One pass gives one column or one row. A Jacobian with several of both needs as many passes as it has of the fewer
    ones."""
    return {"C": "1 reverse", "D": "1 forward", "E": "1 forward", "F": "1 reverse"}


# --- 3 -----------------------------------------------------------------------------------------


@exercise("A quotient of series", points=3)
def quotient():
    """Return the coefficients of a / b, an array (n,), for two truncated series.

    a and b are arrays (n,), the coefficients of 1, t, t², …; b[0] is not 0. For a = [1, 0, 0] and b = [1, -1, 0] the
    answer is [1, 1, 1].
    """
    for a, b, about in [
        ([1, 0, 0], [1, -1, 0], ""),
        ([2, 3], [1, 2], ""),
        ([4, 2, 6], [2, 1, 0], ""),
        ([1, 2, 3, 4], [2, 0, 1, -1], ""),
        ([0, 1, 0, -0.5, 0], [4, 1, 2, 0.5, 3], ""),
        ([3.0], [2.0], "the constant term alone"),
        ([1.5, -0.3, 2.2], [-0.7, 0.4, 1.1], ""),
        ([0, 1, 0, -1 / 6, 0, 1 / 120], [1, 0, -1 / 2, 0, 1 / 24, 0], "the tangent, from sine and cosine"),
    ]:
        a, b = np.array(a, dtype=float), np.array(b, dtype=float)
        yield Case({"a": a, "b": b}, divided(a, b), call=as_one_array, about=about, odd=len(a) == 1)


def as_one_array(quotient, a, b):
    """The coefficients; a list of numbers will do."""
    answer = quotient(a, b)
    return np.array(answer, dtype=float) if isinstance(answer, list) and None not in answer else answer


def divided(a, b, *, sign=1.0, by=None, upto=0, turned=False):
    """A right answer, with switches that make it wrong."""
    c = np.zeros(len(a))
    for k in range(len(a)):
        c[k] = (a[k] - sign * sum(c[j] * b[j if turned else k - j] for j in range(k - upto))) / (
            b[0] if by is None else by
        )
    return c


@quotient.mistake
def entry_by_entry(a, b):
    """You divided coefficient by coefficient. A product of series multiplies each with each, so a quotient is more than
    that."""
    with np.errstate(all="ignore"):
        return a / b


@quotient.mistake
def by_the_constant(a, b):
    """You divided by b[0] alone. The other coefficients of b count as well: c · b must give a."""
    return a / b[0]


@quotient.mistake
def plus_what_is_known(a, b):
    """You add what the earlier coefficients contribute. c · b = a, so it has to be subtracted from a[k]."""
    return divided(a, b, sign=-1.0)


@quotient.mistake
def not_divided(a, b):
    """The division by b[0] is missing. It hides wherever b[0] is 1."""
    return divided(a, b, by=1.0)


@quotient.mistake
def last_term_missing(a, b):
    """Your sum ends too early: the coefficient just before, c[k - 1], contributes c[k - 1] · b[1]."""
    return divided(a, b, upto=1)


@quotient.mistake
def multiplied(a, b):
    """This is the product of the two series."""
    return np.convolve(a, b)[: len(a)]


@quotient.mistake
def the_wrong_way(a, b):
    """This is b / a."""
    return divided(b, a) if a[0] else np.full(len(a), np.inf)


@quotient.mistake
def same_index(a, b):
    """You multiply c[j] by b[j]. The two indices have to add up to k: c[j] goes with b[k - j]."""
    return divided(a, b, turned=True)


@quotient.mistake
def only_the_first_divided(a, b):
    """You divide only the first coefficient by b[0]. Each of them has to be divided."""
    c = [a[0] / b[0]]
    for k in range(1, len(a)):
        c.append(a[k] - sum(c[j] * b[k - j] for j in range(k)))
    return np.array(c)


@quotient.mistake
def only_the_sum_divided(a, b):
    """From the second coefficient on, you divide the sum by b[0] but not a[k]. Their difference has to be divided."""
    c = [a[0] / b[0]]
    for k in range(1, len(a)):
        c.append(a[k] - sum(c[j] * b[k - j] for j in range(k)) / b[0])
    return np.array(c)


@quotient.mistake
def only_the_one_before(a, b):
    """You subtract only what the coefficient just before contributes. All earlier ones do: c[j] · b[k - j] for each j
    below k."""
    c = [a[0] / b[0]]
    for k in range(1, len(a)):
        c.append((a[k] - c[k - 1] * b[1]) / b[0])
    return np.array(c)


@quotient.mistake
def numerator_in_the_sum(a, b):
    """In the sum you multiply the coefficients of a by those of b. The coefficients of the answer belong there:
    c · b = a."""
    return np.array([(a[k] - sum(a[j] * b[k - j] for j in range(k))) / b[0] for k in range(len(a))])


@quotient.mistake
def first_term_missing(a, b):
    """Your sum starts too late: the first coefficient contributes c[0] · b[k]."""
    c = [a[0] / b[0]]
    for k in range(1, len(a)):
        c.append((a[k] - sum(c[j] * b[k - j] for j in range(1, k))) / b[0])
    return np.array(c)


@quotient.mistake
def only_the_sum_divided_from_the_start(a, b):
    """You divide the sum by b[0] but not a[k]. Their difference has to be divided."""
    c = []
    for k in range(len(a)):
        c.append(a[k] - sum(c[j] * b[k - j] for j in range(k)) / b[0])
    return np.array(c)


# --- 4 -----------------------------------------------------------------------------------------


@exercise("A whole Jacobian from two passes", points=3)
def from_two():
    """Return the Jacobian of a function in which each result uses at most two inputs, an array (n, n), from two
    forward passes.

    push(v) makes one forward pass and returns J v, an array (n,), for v of shape (n,). Row i of J has entries in
    columns i and i + 1 only, and the last row in column n - 1 only. Call push at most twice, whatever n is.
    """
    for n, about in [
        (2, ""),
        (3, ""),
        (4, ""),
        (5, ""),
        (6, ""),
        (1, "a single input"),
        (4, "entries that are 0"),
        (4, "entries below 0"),
    ]:
        rng = np.random.default_rng(n + len(about))
        matrix = np.diag(rng.permutation(np.arange(1.0, n + 1)))
        matrix += np.diag(rng.permutation(np.arange(1.0, n)) + 10, k=1) if n > 1 else 0.0
        if about == "entries below 0":
            matrix /= -64
        if about == "entries that are 0":
            matrix[1, 1] = matrix[2, 3] = 0.0
        inputs = {"push": named(f"v -> J v for J = {matrix.tolist()}", matrix.__matmul__), "n": n}
        yield Case(inputs, matrix, call=counted, about=about)


def counted(from_two, push, n):
    """The answer, refused if it makes more than two passes."""
    passes = []

    def push_once(v):
        v = np.asarray(v, dtype=float)
        if v.shape != (n,):
            raise Refused(f"push takes an array of shape ({n},), and your function gave it one of shape {v.shape}.")
        passes.append(v)
        if len(passes) > 2:
            raise Refused(
                "Your function calls push more than twice. Columns that never meet in one row can share a pass."
            )
        return push(v)

    return from_two(push_once, n)


def two_passes(push, n):
    """The results of a pass over the even columns and one over the odd columns."""
    even = (np.arange(n) % 2 == 0).astype(float)
    return push(even), push(1 - even)


def put_back(n, own, other):
    """The Jacobian with own[i] in column i and other[i] in column i + 1."""
    return np.diag(own) + (np.diag(other[:-1], k=1) if n > 1 else 0.0)


@from_two.mistake
def all_even_on_the_diagonal(push, n):
    """You put the first pass on the diagonal and the second beside it, in every row. In odd rows it is the other way
    around: there the even column is column i + 1."""
    return put_back(n, *two_passes(push, n))


@from_two.mistake
def below_the_diagonal(push, n):
    """Your second entry of a row is one row too low: you return the transposed matrix, with its entries below the
    diagonal."""
    return from_two_passes(push, n).T


@from_two.mistake
def only_the_diagonal(push, n):
    """You return the diagonal alone. Row i also has an entry in column i + 1."""
    return np.diag(np.diag(from_two_passes(push, n)))


@from_two.mistake
def sums_on_the_diagonal(push, n):
    """Each entry on your diagonal is the sum of its row: all columns went into one pass."""
    return np.diag(push(np.ones(n)))


@from_two.mistake
def exchanged(push, n):
    """The two entries of each row have changed places. In an even row the pass over the even columns gives the
    diagonal."""
    first, second = two_passes(push, n)
    rows = np.arange(n) % 2 == 0
    return put_back(n, np.where(rows, second, first), np.where(rows, first, second))


@from_two.mistake
def whole_columns(push, n):
    """You put the whole result of a pass into each of its columns. Row i keeps only its entries in columns i and
    i + 1."""
    passes = two_passes(push, n)
    return np.stack([passes[j % 2] for j in range(n)], axis=1)


@from_two.mistake
def without_the_diagonal(push, n):
    """Your diagonal is 0. Row i has an entry in column i as well as in column i + 1."""
    return np.triu(from_two_passes(push, n), 1)


def from_two_passes(push, n):
    """A right answer."""
    first, second = two_passes(push, n)
    rows = np.arange(n) % 2 == 0
    return put_back(n, np.where(rows, first, second), np.where(rows, second, first))


# --- 5 -----------------------------------------------------------------------------------------

BOWL = named("3 x₀² + x₁²", lambda x: 3 * x[0] * x[0] + x[1] * x[1])
TWISTED = named("x₀² + x₀ x₁ + x₁²", lambda x: x[0] * x[0] + x[0] * x[1] + x[1] * x[1])
QUARTIC = named("Σ xᵢ⁴", lambda x: (x**4).sum())
CHAINED = named("Σ (xᵢ² + xᵢ xᵢ₊₁ / 2)", lambda x: (x * x).sum() + (x[1:] * x[:-1]).sum() / 2)


@exercise("The best step along the gradient", points=3)
def best_step():
    """Return the step t for which x - t g is lowest, if f curved everywhere as it does at x: t = g·g / (g·H g).

    f takes a Tensor of shape (n,) and returns a Tensor, a single number; x is an array (n,). g is the gradient of f at
    x, H its Hessian; g·H g is above 0. n may be too large for a Hessian.

    For f(x) = 3 x₀² + x₁² and x = [1, 0], g = [6, 0] and H g = [36, 0], so t = 36 / 216 = 1/6.
    """
    for f, x, about in [
        (BOWL, [1.0, 0.0], ""),
        (BOWL, [1.0, 2.0], ""),
        (TWISTED, [1.0, 3.0], ""),
        (TWISTED, [-2.0, 0.5], ""),
        (QUARTIC, [1.0, 2.0, -1.0], "a curvature that depends on x"),
        (CHAINED, [1.0, -2.0, 3.0], ""),
        (CHAINED, np.random.default_rng(0).normal(size=20_000), "20,000 inputs"),
    ]:
        x = np.array(x)
        g, along = slope_and_product(f, x)
        yield Case({"f": f, "x": x}, float(g @ g / (g @ along)), call=as_item, about=about, rtol=1e-6)


def as_item(best_step, f, x):
    """The number; a Tensor that is a single number will do."""
    answer = best_step(f, x)
    return answer.item() if isinstance(answer, Tensor) and answer.data.size == 1 else answer


def slope_and_product(f, x):
    """The gradient g of f at x, and the Hessian times g."""
    _, g = functional.vjp(f, Tensor(x))
    _, along = functional.hvp(f, Tensor(x), g)
    return g.data, along.data


@best_step.mistake
def upside_down(f, x):
    """This is the curvature along the gradient, (g·H g) / (g·g). The step is one over it: the more a valley curves, the
    shorter the step."""
    g, along = slope_and_product(f, x)
    return g @ along / (g @ g)


@best_step.mistake
def longest_stable(f, x):
    """This step is twice as long as it should be. In a bowl it ends on the other side, as high as it began."""
    g, along = slope_and_product(f, x)
    return 2 * (g @ g) / (g @ along)


@best_step.mistake
def half_of_it(f, x):
    """This step is half as long as it should be. The gradient of g·g is 2 H g: have you held one of the two factors
    still?"""
    g, along = slope_and_product(f, x)
    return 0.5 * (g @ g) / (g @ along)


@best_step.mistake
def not_scaled(f, x):
    """You divide 1 by g·H g. The gradient does not have length 1: the numerator is g·g."""
    g, along = slope_and_product(f, x)
    return 1 / (g @ along)


@best_step.mistake
def by_lengths(f, x):
    """You divide the length of g by the length of H g. H turns g as well: only the part of H g along g counts."""
    g, along = slope_and_product(f, x)
    return np.linalg.norm(g) / np.linalg.norm(along)


@best_step.mistake
def along_x(f, x):
    """You multiplied the Hessian by x. The step goes along the gradient, so it is H g that counts."""
    g, _ = slope_and_product(f, x)
    _, along = functional.hvp(f, Tensor(x), Tensor(x))
    return g @ g / (x @ along.data)


@best_step.mistake
def uphill(f, x):
    """The step has the wrong sign. The walk is to x - t g, so that t is above 0."""
    g, along = slope_and_product(f, x)
    return -(g @ g) / (g @ along)


@best_step.mistake
def root_of_it(f, x):
    """This is the square root of the step. t is the quotient itself."""
    g, along = slope_and_product(f, x)
    return (g @ g / (g @ along)) ** 0.5


@best_step.mistake
def over_the_length(f, x):
    """You divide g·g by the length of H g. The denominator is the product g·H g."""
    g, along = slope_and_product(f, x)
    return g @ g / np.linalg.norm(along)


@best_step.mistake
def hessian_times_ones(f, x):
    """You differentiated the sum of g, which is H times a vector of ones. Multiply g by itself, held still, before you
    sum."""
    g, _ = slope_and_product(f, x)
    _, along = functional.hvp(f, Tensor(x), Tensor(np.ones(len(x))))
    return g @ g / (g @ along.data)


@best_step.mistake
def hessian_times_the_place(f, x):
    """The vector that you multiply H by is x. It has to be g, held still."""
    g, _ = slope_and_product(f, x)
    _, along = functional.hvp(f, Tensor(x), Tensor(x))
    return g @ g / (g @ along.data)


@best_step.mistake
def shortest_gradient(f, x):
    """This is (g·H g) / (H g·H g), the step with which the gradient becomes shortest. The lowest place is at
    g·g / (g·H g)."""
    g, along = slope_and_product(f, x)
    return g @ along / (along @ along)


@best_step.mistake
def by_squared_lengths(f, x):
    """You divide g·g by H g·H g. The denominator is the product of g with H g."""
    g, along = slope_and_product(f, x)
    return g @ g / (along @ along)


@best_step.mistake
def length_for_square(f, x):
    """Your numerator is the length of g. It has to be g·g, the square of the length."""
    g, along = slope_and_product(f, x)
    return np.linalg.norm(g) / (g @ along)


# --- 6 -----------------------------------------------------------------------------------------

SQUARE_ROOT = named("x · x - 2", lambda x: x * x - 2)
CUBE = named("x · x · x - x - 5", lambda x: x * x * x - x - 5)
LINE = named("3 · x + 6", lambda x: 3 * x + 6)
FLAT = named("x · x", lambda x: x * x)


@exercise("Newton finds a root", points=2)
def newton():
    """Return the numbers that Newton's method goes through, x first, as a list of steps + 1 numbers.

    It looks for a root of f, f(x) = 0. From x it goes to where the tangent of f at x crosses 0. f is made of sums,
    differences and products and takes whatever these work on: a number, a Dual, a Tensor. The slope at the places on
    the way is never 0. For f(x) = x · x - 2, x = 1 and 2 steps, the answer is [1, 1.5, 1.41667].
    """
    for f, x, steps, about in [
        (SQUARE_ROOT, 1.0, 1, ""),
        (SQUARE_ROOT, 1.0, 2, ""),
        (LINE, 1.0, 1, ""),
        (CUBE, 2.0, 3, ""),
        (SQUARE_ROOT, -3.0, 4, ""),
        (FLAT, 1.0, 4, "a root where the slope is 0"),
        (CUBE, 8.0, 6, "a start far away"),
        (CUBE, 2.0, 0, "no step"),
        (LINE, 1.75, 3, ""),
    ]:
        expected = [x]
        for _ in range(steps):
            value, slope = value_and_slope(f, expected[-1])
            expected.append(expected[-1] - value / slope)
        inputs = {"f": f, "x": x, "steps": steps}
        yield Case(inputs, expected, call=as_numbers, about=about, odd=steps == 0, rtol=1e-5)


def as_numbers(newton, f, x, steps):
    """The list, with numbers of any kind."""
    answer = newton(f, x, steps)
    if isinstance(answer, list | tuple):
        return [each.item() if hasattr(each, "item") else each for each in answer]
    return answer.tolist() if isinstance(answer, np.ndarray) else answer


def value_and_slope(f, x):
    x = Tensor(np.float64(x), requires_grad=True)
    value = f(x)
    value.backward()
    return value.item(), float(x.grad)


def walk(f, x, steps, move):
    """The places from x on, where move(place, value, slope) gives the next one."""
    places = [x]
    for _ in range(steps):
        places.append(move(places[-1], *value_and_slope(f, places[-1])))
    return places


@newton.mistake
def away(f, x, steps):
    """The sign of the step is wrong: you go away from where the tangent crosses 0. Draw a rising line above 0: its root
    is on the left."""
    return walk(f, x, steps, lambda x, value, slope: x + value / slope)


@newton.mistake
def a_product(f, x, steps):
    """You step by f(x) *times* the slope. A steep tangent reaches 0 sooner: divide by the slope."""
    return walk(f, x, steps, lambda x, value, slope: x - value * slope)


@newton.mistake
def turned_over(f, x, steps):
    """You divide the slope by the value. The tangent crosses 0 at a distance of value over slope."""
    return walk(f, x, steps, lambda x, value, slope: x - slope / value)


@newton.mistake
def old_slope(f, x, steps):
    """You use the slope at the start in every step. The tangent is a new one at each place."""
    _, slope = value_and_slope(f, x)
    return walk(f, x, steps, lambda x, value, _: x - value / slope)


@newton.mistake
def start_missing(f, x, steps):
    """The start is missing from your list: its first number is x."""
    return walk(f, x, steps, lambda x, value, slope: x - value / slope)[1:]


@newton.mistake
def only_the_last(f, x, steps):
    """You return the last place alone. The answer is a list of all of them, x first."""
    return walk(f, x, steps, lambda x, value, slope: x - value / slope)[-1]


@newton.mistake
def one_too_many(f, x, steps):
    """Your list has one step too many: it has steps + 1 numbers, x among them."""
    return walk(f, x, steps + 1, lambda x, value, slope: x - value / slope)


@newton.mistake
def value_missing(f, x, steps):
    """You subtract the slope alone, as gradient descent does. A root needs the value: the step is value over slope."""
    return walk(f, x, steps, lambda x, value, slope: x - slope)


@newton.mistake
def always_from_the_start(f, x, steps):
    """You compute value and slope at the start in every step. Compute both at the newest place."""
    value, slope = value_and_slope(f, x)
    return [x - k * value / slope for k in range(steps + 1)]


@newton.mistake
def one_too_few(f, x, steps):
    """Your list has one step too few: it has steps + 1 numbers, x among them."""
    return walk(f, x, max(steps - 1, 0), lambda x, value, slope: x - value / slope)


@newton.mistake
def values_on_the_way(f, x, steps):
    """You return the values of f on the way. The list holds the places, x first."""
    return [value_and_slope(f, place)[0] for place in walk(f, x, steps, lambda x, value, slope: x - value / slope)]


@newton.mistake
def step_for_place(f, x, steps):
    """You list value over slope, the step itself. The next place is x minus that."""
    return walk(f, x, steps, lambda x, value, slope: value / slope)


@newton.mistake
def step_down_for_place(f, x, steps):
    """You list minus value over slope, the step itself. It is added to x."""
    return walk(f, x, steps, lambda x, value, slope: -value / slope)


@newton.mistake
def to_the_minimum(f, x, steps):
    """You look for a place where the slope is 0, as the lesson does. Here f itself has to become 0."""
    places = [x]
    for _ in range(steps):
        place = Tensor(np.float64(places[-1]), requires_grad=True)
        slope = grad(f(place), place, create_graph=True)[0]
        places.append(places[-1] - slope.item() / grad(slope, place)[0].item())
    return places


# --- 7 -----------------------------------------------------------------------------------------

HALVED = named("(x + θ) / 2", lambda x, theta: (x + theta) / 2)
MIXED = named("0.4 · [x₁, x₀] + θ²", lambda x, theta: 0.4 * x[::-1] + theta * theta)
SHARED = named("0.25 · x + θ₀ θ₁", lambda x, theta: 0.25 * x + theta[0] * theta[1])
TURNED = named("[θ₀ θ₁ - x₁ / 2, x₀ / 4 + θ₁²]", lambda x, t: np.stack([t[0] * t[1] - x[1] / 2, x[0] / 4 + t[1] ** 2]))
BENT = named("0.5 · tanh(x₁ - x₀, x₀) + θ", lambda x, theta: 0.5 * np.tanh(_turned(x)) + theta)


def _turned(x):
    return np.stack([x[1] - x[0], x[0]])


@exercise("Through a fixed point", points=3)
def implicit():
    """Return the derivatives of a fixed point with respect to the parameters, an array (n, m).

    x, an array (n,), solves x = G(x, θ) for the given θ, an array (m,). G takes two Tensors and returns a Tensor (n,).
    Entry (i, k) of the answer is the derivative of xᵢ with respect to θₖ. Go through no iterations.

    For G = (x + θ) / 2 the fixed point is θ itself, and the answer for x = θ = [3] is [[1]].
    """
    for G, theta, about in [
        (HALVED, [3.0], ""),
        (HALVED, [1.0, 2.0], ""),
        (MIXED, [1.0, 3.0], ""),
        (SHARED, [2.0, 5.0, 1.0], "more parameters than numbers in x"),
        (BENT, [1.0, -0.5], ""),
        (BENT, [-0.6, 0.4], ""),
        (MIXED, [-0.7, 1.3], ""),
        (TURNED, [-1.5, 0.5], ""),
    ]:
        theta = np.array(theta)
        x = np.zeros(2 if G is SHARED else len(theta))
        for _ in range(200):
            x = G(x, theta)
        yield Case({"G": G, "x": x, "theta": theta}, by_solving(G, x, theta), call=as_array, about=about)


def as_array(answer_to, *inputs):
    """The array; a Tensor will do."""
    answer = answer_to(*inputs)
    return answer.data if isinstance(answer, Tensor) else answer


def slopes(G, x, theta):
    """The Jacobians of G with respect to x and to θ."""
    by_x, by_theta = functional.jacobian(G, (Tensor(x), Tensor(theta)))
    return by_x.data, by_theta.data


def by_solving(G, x, theta):
    by_x, by_theta = slopes(G, x, theta)
    return np.linalg.solve(np.eye(len(x)) - by_x, by_theta)


@implicit.mistake
def only_one_round(G, x, theta):
    """This is how G changes with θ while x is held still. But x moves with θ, and G changes with x."""
    return slopes(G, x, theta)[1]


@implicit.mistake
def two_rounds(G, x, theta):
    """This goes around twice: θ moves x, and x moves x once more. It goes on for ever, and the sum of all rounds
    is what solving a linear system gives."""
    by_x, by_theta = slopes(G, x, theta)
    return by_theta + by_x @ by_theta


@implicit.mistake
def identity_missing(G, x, theta):
    """You solve with the Jacobian of G alone. On the left of the equation there is x as well, so the matrix is
    I - ∂G/∂x."""
    by_x, by_theta = slopes(G, x, theta)
    return np.linalg.solve(by_x + 1e-300, by_theta)


@implicit.mistake
def plus(G, x, theta):
    """You solve with I + ∂G/∂x. ∂G/∂x times the answer stands on the right of the equation; it changes its sign on the
    way to the left."""
    by_x, by_theta = slopes(G, x, theta)
    return np.linalg.solve(np.eye(len(x)) + by_x, by_theta)


@implicit.mistake
def transposed(G, x, theta):
    """The answer is transposed: rows belong to x, columns to θ."""
    return by_solving(G, x, theta).T


@implicit.mistake
def from_the_left(G, x, theta):
    """You multiplied by the matrix I - ∂G/∂x. The equation has to be solved with it."""
    by_x, by_theta = slopes(G, x, theta)
    return (np.eye(len(x)) - by_x) @ by_theta


@implicit.mistake
def matrix_transposed(G, x, theta):
    """You solve with the transposed matrix. Entry (i, j) of ∂G/∂x says how Gᵢ changes with xⱼ."""
    by_x, by_theta = slopes(G, x, theta)
    return np.linalg.solve(np.eye(len(x)) - by_x.T, by_theta)


@implicit.mistake
def negated(G, x, theta):
    """Your answer has the wrong sign: the matrix is I - ∂G/∂x, and ∂G/∂θ keeps its plus."""
    return -by_solving(G, x, theta)


@implicit.mistake
def one_minus_each_entry(G, x, theta):
    """You subtract ∂G/∂x from 1 in every entry. The identity matrix has ones on its diagonal only."""
    by_x, by_theta = slopes(G, x, theta)
    with np.errstate(all="ignore"):
        return np.linalg.lstsq(1 - by_x, by_theta, rcond=None)[0]


@implicit.mistake
def own_entry_only(G, x, theta):
    """You divide each row by 1 minus its own entry on the diagonal of ∂G/∂x. The numbers of x also move each other."""
    by_x, by_theta = slopes(G, x, theta)
    return by_theta / (1 - np.diag(by_x))[:, None]


@implicit.mistake
def on_the_right(G, x, theta):
    """You multiply ∂G/∂θ by the inverse matrix from the right. X = (∂G/∂x) X + ∂G/∂θ: the matrix stands to the left of
    X, and so does its inverse."""
    by_x, by_theta = slopes(G, x, theta)
    return by_theta @ np.linalg.inv(np.eye(len(x)) - by_x)


@implicit.mistake
def product_of_entries(G, x, theta):
    """You multiply the inverse matrix with ∂G/∂θ entry by entry. It is a matrix product."""
    by_x, by_theta = slopes(G, x, theta)
    return np.linalg.inv(np.eye(len(x)) - by_x) * by_theta


@implicit.mistake
def inverse_alone(G, x, theta):
    """This is the inverse of I - ∂G/∂x. Multiply ∂G/∂θ by it."""
    return np.linalg.inv(np.eye(len(x)) - slopes(G, x, theta)[0])


# --- 8 -----------------------------------------------------------------------------------------

TIMES = np.linspace(0.0, 4.0, 30)


def swing(p):
    """A swing that dies away: p holds amplitude, decay and frequency."""
    return p[0] * np.exp(-p[1] * TIMES) * np.cos(p[2] * TIMES)


VALLEY = named("[1 - x, 10 (y - x²)]", lambda p: np.stack([1 - p[0], 10 * (p[1] - p[0] * p[0])]))
SWING = named("30 residuals of a swing", lambda p: swing(p) - swing(np.array([2.0, 0.5, 3.0])))
LINEAR = named("[2x - 4, x + y]", lambda p: np.stack([2 * p[0] - 4, p[0] + p[1]]))


@exercise("A fit that dares no more than it can", points=4)
def fit():
    """Return the parameters after some steps of damped Gauss-Newton, an array (n,).

    residuals takes a Tensor p of shape (n,) and returns a Tensor of shape (m,). In each step compute d from

        (JᵀJ + λ I) d = -Jᵀr

    with the Jacobian J and the residuals r at p. If the sum of the squared residuals at p + d is smaller than at p, go
    there and divide λ by 10. Otherwise stay, and multiply λ by 10. A step that stays counts as a step. λ starts as
    damping.

    For residuals [2x - 4, x + y], p = [0, 0], 1 step and damping 1: JᵀJ + I = [[6, 1], [1, 2]], Jᵀr = [-8, 0], and the
    answer is [16/11, -8/11].
    """
    for residuals, p, steps, damping, about in [
        (LINEAR, [0.0, 0.0], 1, 1.0, ""),
        (LINEAR, [1.0, 2.0], 2, 0.5, ""),
        (VALLEY, [-1.2, 1.0], 1, 1.0, ""),
        (VALLEY, [-1.2, 1.0], 4, 0.001, "a step that would climb"),
        (VALLEY, [-1.2, 1.0], 12, 1.0, "a step that would climb"),
        (VALLEY, [0.5, -0.5], 3, 10.0, ""),
        (VALLEY, [-0.5, -1.5], 1, 0.01, "a step that would climb"),
        (SWING, [1.0, 0.2, 2.6], 6, 1.0, "more residuals than parameters"),
        (SWING, [1.0, 0.2, 2.6], 0, 1.0, "no step"),
    ]:
        inputs = {"residuals": residuals, "p": np.array(p), "steps": steps, "damping": damping}
        yield Case(inputs, damped(**inputs), call=as_array, about=about, rtol=1e-5, atol=1e-7, odd=steps == 0)


def squares(r):
    return (r * r).sum()


def identity(M):
    return np.eye(len(M))


def damped(
    residuals, p, steps, damping, *, always=False, grow=10.0, shrink=10.0, scale=-1.0, loss=squares, added=identity
):
    """A right answer, with switches that make it wrong."""
    for _ in range(steps):
        J, r = functional.jacobian(residuals, Tensor(p)).data, residuals(p)
        d = np.linalg.solve(J.T @ J + damping * added(J.T @ J), scale * J.T @ r)
        if always or loss(residuals(p + d)) < loss(r):
            p, damping = p + d, damping / shrink
        else:
            damping = damping * grow
    return p


@fit.mistake
def undamped(residuals, p, steps, damping):
    """This is Gauss-Newton without damping: λ I is missing."""
    return damped(residuals, p, steps, 0.0)


@fit.mistake
def always_goes(residuals, p, steps, damping):
    """You go to p + d in any case. A step that makes the sum of squares larger is not taken, and λ grows instead."""
    return damped(residuals, p, steps, damping, always=True)


@fit.mistake
def never_dares(residuals, p, steps, damping):
    """λ stays as it was after a step that was taken. Divide it by 10 there, so that the next step dares more."""
    return damped(residuals, p, steps, damping, shrink=1.0)


@fit.mistake
def never_careful(residuals, p, steps, damping):
    """After a step that was not taken nothing changes, so the fit gets no further. Multiply λ by 10 there."""
    return damped(residuals, p, steps, damping, grow=1.0)


@fit.mistake
def exchanged_factors(residuals, p, steps, damping):
    """The two factors of λ have changed places. It grows where a step was refused and shrinks where one was taken."""
    return damped(residuals, p, steps, damping, grow=0.1, shrink=0.1)


@fit.mistake
def climbs(residuals, p, steps, damping):
    """p never moves, as if every step had been refused. With Jᵀr on the right each step climbs: the right side is
    -Jᵀr."""
    return damped(residuals, p, steps, damping, scale=1.0)


@fit.mistake
def twice_as_far(residuals, p, steps, damping):
    """Your right side is -2Jᵀr. The 2 of the gradient has gone from both sides of the equation, or is in both."""
    return damped(residuals, p, steps, damping, scale=-2.0)


@fit.mistake
def same_damping(residuals, p, steps, damping):
    """λ stays the same in all steps. It becomes smaller after a step that was taken, larger after one that was not."""
    return damped(residuals, p, steps, damping, grow=1.0, shrink=1.0)


@fit.mistake
def sums_compared(residuals, p, steps, damping):
    """You compare the sums of the residuals. Square each of them before you sum."""
    return damped(residuals, p, steps, damping, loss=np.sum)


@fit.mistake
def sizes_compared(residuals, p, steps, damping):
    """You compare the sums of the absolute values of the residuals. Square each of them instead."""
    return damped(residuals, p, steps, damping, loss=lambda r: np.sum(np.abs(r)))


@fit.mistake
def largest_compared(residuals, p, steps, damping):
    """You compare the largest residuals. The sum of the squares of all residuals has to become smaller."""
    return damped(residuals, p, steps, damping, loss=lambda r: np.max(np.abs(r)))


@fit.mistake
def comparison_turned(residuals, p, steps, damping):
    """You go where the sum of squares is larger, and stay where it is smaller. It is the other way around."""
    return damped(residuals, p, steps, damping, loss=lambda r: -squares(r))


@fit.mistake
def always_more_careful(residuals, p, steps, damping):
    """λ grows after every step. After a step that was taken it is divided by 10."""
    return damped(residuals, p, steps, damping, shrink=0.1)


@fit.mistake
def damped_by_one(residuals, p, steps, damping):
    """You add I, whatever λ is. The matrix is multiplied by λ first."""
    for _ in range(steps):
        p = damped(residuals, p, 1, 1.0)
    return p


@fit.mistake
def scaled_diagonal(residuals, p, steps, damping):
    """You add λ times the diagonal of JᵀJ. The statement adds λ times the identity matrix."""
    return damped(residuals, p, steps, damping, added=lambda M: np.diag(np.diag(M)))


@fit.mistake
def added_everywhere(residuals, p, steps, damping):
    """You add λ to every entry of JᵀJ. The identity matrix has ones on its diagonal only."""
    return damped(residuals, p, steps, damping, added=np.ones_like)


@fit.mistake
def first_jacobian(residuals, p, steps, damping):
    """Your Jacobian is that of the start in every step. Compute it at each new p."""
    J = functional.jacobian(residuals, Tensor(p)).data
    for _ in range(steps):
        d = np.linalg.solve(J.T @ J + damping * np.eye(len(p)), -J.T @ residuals(p))
        better = squares(residuals(p + d)) < squares(residuals(p))
        p, damping = (p + d, damping / 10) if better else (p, damping * 10)
    return p


@fit.mistake
def only_taken_steps_count(residuals, p, steps, damping):
    """You count only the steps that were taken. A step that stays counts as well."""
    for _ in range(steps):
        moved = damped(residuals, p, 1, damping)
        while array_equal(moved, p) and damping < 1e12:
            damping = damping * 10
            moved = damped(residuals, p, 1, damping)
        p, damping = moved, damping / 10
    return p
