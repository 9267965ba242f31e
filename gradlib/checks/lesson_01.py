"""The checks of lesson 01."""

import math

import numpy as np

from gradlib.checks.cases import Case
from gradlib.checks.exercises import exercise
from gradlib.checks.values import named
from gradlib.finite_differences import numerical_gradient

TITLE = "Slopes"


# --- 1 -----------------------------------------------------------------------------------------


@exercise("The slope along a direction", points=2)
def slope_along():
    """Return the slope of f at x along a direction, by a central difference with the step h.

    f takes an array of x's shape and returns a number. The direction is an array of the same shape; its length does
    not matter, and it is not zero. h is the distance from x to each of the two places where f is asked. f is run twice,
    however many entries x has. For f = 2x₀ + 3x₁ the slope along [0, 5] is 3, and along [3, 4] it is 3.6.
    """
    plane = named("2x₀ + 3x₁", lambda x: 2 * x[0] + 3 * x[1])
    saddle = named("x₀ · x₁", lambda x: x[0] * x[1])
    cubes = named("x₀³ + x₁³", lambda x: x[0] ** 3 + x[1] ** 3)
    corners = named("x₀₀ · x₁₂", lambda x: x[0, 0] * x[1, 2])
    matrix = np.array([[2.0, 0.0, 1.0], [0.0, 1.0, 5.0]])
    diagonal = np.array([[4.0, 0.0, 0.0], [0.0, 0.0, -3.0]])
    for f, x, direction, h, expected in [
        (plane, [0.0, 0.0], [0.0, 5.0], 1.0, 3.0),
        (plane, [1.0, 2.0], [3.0, 4.0], 0.5, 3.6),
        (plane, [-1.0, -2.0], [-3.0, -4.0], 0.5, -3.6),
        (saddle, [2.0, -5.0], [-4.0, 3.0], 0.25, 5.2),
        (saddle, [0.5, 0.25], [0.3, -0.4], 0.1, -0.25),
        (saddle, [1 / 7, 0.25], [0.3, -0.4], 0.1, 0.15 - 0.8 / 7),
        # Along an axis the central difference of x³ is 3x² + h², so that a step of the learner's own shows.
        (cubes, [2.0, 1.0], [3.0, 0.0], 0.5, 12.25),
    ]:
        yield Case({"f": f, "x": np.array(x), "direction": np.array(direction), "h": h}, expected, atol=1e-7)
    for f, x, direction, expected, about in [
        (plane, np.array([1, 2]), np.array([3, 4]), 3.6, "integers"),
        (corners, matrix, diagonal, (4 * 5 - 3 * 2) / 5, "a matrix"),
    ]:
        yield Case({"f": f, "x": x, "direction": direction, "h": 0.01}, expected, atol=1e-7, about=about)
    yield Case(
        {"f": named("Σ xᵢ", lambda x: x.sum()), "x": np.arange(5.0), "direction": np.ones(5), "h": 0.1},
        expected=2,
        accept=two_runs,
        call=number_of_runs,
        about="the number of runs of f, which is 2",
    )


def number_of_runs(slope_along, f, x, direction, h):
    runs = []

    def counting(x):
        runs.append(1)
        return f(x)

    answer = slope_along(counting, x, direction, h)
    return answer if answer is None or answer is ... else len(runs)


def two_runs(runs):
    if runs == 2:
        return None
    return f"For 5 entries your code runs f {runs} times. Move all entries together along the direction: two runs do."


def along(f, x, direction, h, low=-1, high=1, width=2, length=lambda d: np.sqrt((d**2).sum())):
    """The slope from f at high · h and low · h along the direction. The mistakes below vary it."""
    u = direction / length(direction)
    return (f(x + high * h * u) - f(x + low * h * u)) / (width * h)


@slope_along.mistake
def length_kept(f, x, direction, h):
    """You went further along a longer direction, and divided by 2h all the same. A direction says where to go: make its
    length 1 first."""
    return along(f, x, direction, h, length=lambda d: 1)


@slope_along.mistake
def divided_by_the_length_afterwards(f, x, direction, h):
    """You went h times the whole direction, and divided by its length afterwards. That is a slope, too, but over places
    that lie further from x than h where the direction is longer than 1."""
    length = np.sqrt((direction**2).sum())
    return along(f, x, direction, h, length=lambda d: 1, width=2 * length)


@slope_along.mistake
def length_kept_and_squared(f, x, direction, h):
    """You divided the direction by its squared length. Its length is the root of that."""
    return along(f, x, direction, h, length=lambda d: (d**2).sum())


@slope_along.mistake
def sum_of_entries(f, x, direction, h):
    """You divided the direction by the sum of its entries. Its length is the root of the sum of their squares."""
    return along(f, x, direction, h, length=lambda d: d.sum())


@slope_along.mistake
def sum_of_sizes(f, x, direction, h):
    """You divided the direction by the sum of the sizes of its entries. Its length is the root of the sum of their
    squares."""
    return along(f, x, direction, h, length=lambda d: np.abs(d).sum())


@slope_along.mistake
def largest_entry(f, x, direction, h):
    """You divided the direction by its largest entry. Its length is the root of the sum of the squares of all
    entries."""
    return along(f, x, direction, h, length=lambda d: np.abs(d).max())


@slope_along.mistake
def one_sided(f, x, direction, h):
    """You went from x in one direction only: that is a forward difference. A central one goes as far back."""
    return along(f, x, direction, h, low=0, width=1)


@slope_along.mistake
def one_sided_backward(f, x, direction, h):
    """You went from x backward only: that is a backward difference. A central one goes as far forward."""
    return along(f, x, direction, h, high=0, width=1)


@slope_along.mistake
def over_one_step(f, x, direction, h):
    """Your slope is twice too steep. How far apart do the two places lie: one step, or more?"""
    return along(f, x, direction, h, width=1)


@slope_along.mistake
def times_h(f, x, direction, h):
    """Python reads `a / 2 * h` from the left, as (a / 2) · h: you multiplied by h instead of dividing by it."""
    return along(f, x, direction, h) * h * h


@slope_along.mistake
def rise_alone(f, x, direction, h):
    """That is how far f rises between the two places. A slope is the rise divided by the width."""
    return along(f, x, direction, h) * 2 * h


@slope_along.mistake
def other_way(f, x, direction, h):
    """Your slope has the right size and the other sign: the rise is taken from the end to the start, the width from the
    start to the end."""
    return -along(f, x, direction, h)


@slope_along.mistake
def sign_lost(f, x, direction, h):
    """You lost the sign of the slope. Along a direction in which f falls, its slope is negative."""
    return abs(along(f, x, direction, h))


@slope_along.mistake
def all_entries_alike(f, x, direction, h):
    """You moved all entries by h, whatever the direction is. It says how far each of them goes."""
    return (f(x + h) - f(x - h)) / (2 * h)


@slope_along.mistake
def signs_of_the_direction_lost(f, x, direction, h):
    """You lost the signs of the direction's entries. A negative entry says that this entry of x becomes smaller."""
    return along(f, x, np.abs(direction), h)


@slope_along.mistake
def around_zero(f, x, direction, h):
    """You asked f around 0. The slope is wanted at x: both places lie h away from x."""
    return along(f, np.zeros(np.shape(x)), direction, h)


@slope_along.mistake
def own_step(f, x, direction, h):
    """You measure with a step of your own. The caller chooses the step h."""
    return along(f, x, direction, 1e-5)


@slope_along.mistake
def half_the_step(f, x, direction, h):
    """Your two places lie h apart. Here h is the distance from x to each of them."""
    return along(f, x, direction, h / 2)


# --- 2 -----------------------------------------------------------------------------------------


@exercise("The order of an error", points=2)
def error_order():
    """Return the order p of an error that behaves like c · hᵖ at steps near h.

    error is a function of the step, and h the step to start from; c is not known, and p need not be an
    integer. The order tells how much a smaller step helps: where p is 2, half the step leaves a quarter of
    the error. On logarithmic axes p is the slope of the line. For an error of 3h² the answer is 2, for one
    of 3h it is 1, whatever h. Far from h the error may behave in another way. Within 0.05 is near enough.
    """
    forward = named(
        "error of the forward difference of sin",
        lambda h: abs((np.sin(0.8 + h) - np.sin(0.8)) / h - np.cos(0.8)),
    )
    central = named(
        "error of the central difference of sin",
        lambda h: abs((np.sin(0.8 + h) - np.sin(0.8 - h)) / (2 * h) - np.cos(0.8)),
    )
    two_errors = named("h² + 1e-20/h", lambda h: h**2 + 1e-20 / h)
    for error, h, order, about in [
        (named("3h", lambda h: 3 * h), 0.1, 1, ""),
        (named("h²/4", lambda h: h**2 / 4), 0.2, 2, ""),
        (named("5h⁴", lambda h: 5 * h**4), 0.1, 4, ""),
        (named("2h¹·⁵", lambda h: 2 * h**1.5), 0.3, 1.5, ""),
        (two_errors, 0.1, 2, ""),
        (two_errors, 1e-11, -1, "an error that behaves in another way far from h"),
        (forward, 1e-3, 1, ""),
        (central, 1e-2, 2, "the error of a real central difference"),
        (named("1e-16 / h", lambda h: 1e-16 / h), 1e-6, -1, "round-off, which grows as h shrinks"),
    ]:
        yield Case({"error": error, "h": h}, expected=order, atol=0.05, rtol=0.0, about=about)


@error_order.mistake
def ratio(error, h):
    """You found how many times smaller the error becomes. The order is the power: half the step divides the error
    by 2ᵖ."""
    return error(h) / error(h / 2)


@error_order.mistake
def root_of_the_ratio(error, h):
    """You took the root of the quotient of the two errors. Half the step divides the error by 2ᵖ, and what finds the
    power p is a logarithm."""
    return np.sqrt(error(h) / error(h / 2))


@error_order.mistake
def half_of_the_ratio(error, h):
    """You halved the quotient of the two errors. Half the step divides the error by 2ᵖ, which is 2p only where p is 1
    or 2, and what finds the power p is a logarithm."""
    return error(h) / error(h / 2) / 2


@error_order.mistake
def half_the_order(error, h):
    """Your answer is half the order. Half the step divides the error by 2ᵖ, and the logarithm of that to base 2 is p
    itself."""
    return np.log2(error(h) / error(h / 2)) / 2


@error_order.mistake
def always_two(error, h):
    """Your answer is 2 for every error. That is the order of the central difference; other errors have other orders."""
    return 2.0


@error_order.mistake
def upside_down(error, h):
    """Your order has the wrong sign. A positive order means that the error becomes smaller as h does."""
    return np.log2(error(h / 2) / error(h))


@error_order.mistake
def natural_logarithm(error, h):
    """Your answer is 0.69 times the order: it is the natural logarithm of 2ᵖ. A slope is a rise over a width,
    and the width, on the axis of log h, is missing."""
    return np.log(error(h) / error(h / 2))


@error_order.mistake
def decimal_logarithm(error, h):
    """A logarithm to base 10 counts factors of ten, but the step changed by a factor of two. Count both
    alike."""
    return np.log10(error(h) / error(h / 2))


@error_order.mistake
def a_tenth_with_base_two(error, h):
    """A logarithm to base 2 counts factors of two, but the step changed by a factor of ten. Count both alike."""
    return np.log2(error(h) / error(h / 10))


@error_order.mistake
def one_point(error, h):
    """You divided the logarithm of the error by that of h. It would do if c were 1. To find the slope of
    a line that does not go through the origin takes two points of it."""
    return np.log(error(h)) / np.log(h)


@error_order.mistake
def slope_without_logarithms(error, h):
    """That is the slope of the error on ordinary axes, and it changes with h and c. The order is the
    slope on logarithmic ones."""
    return (error(h) - error(h / 2)) / (h / 2)


@error_order.mistake
def rounded(error, h):
    """You round the order to an integer. An order may lie between two integers: an error of 2h¹·⁵ has
    the order 1.5."""
    return round(float(np.log2(error(h) / error(h / 2))))


@error_order.mistake
def at_an_own_step(error, h):
    """You measure at a step of your own. The error may behave in another way there: start from the h that
    you are given."""
    return np.log2(error(1e-3) / error(5e-4))


# --- 3 -----------------------------------------------------------------------------------------


@exercise("The best step of any order", points=2)
def step_of_order():
    """Return a good step for a difference of order p in a given dtype.

    The truncation error of a difference of order p is about hᵖ, for a function whose values and derivatives are about
    1 in size. Its round-off error is about ε / h. `np.finfo(dtype).eps` is ε: 1.2e-7 in float32 and 2.2e-16 in float64.
    The best step is where the two errors are about equal. Any step within a factor of 3 of it is right. For p = 2 it is
    6.1e-6 in float64.
    """
    for dtype, p in [(np.float64, 2), (np.float64, 1), (np.float64, 4), (np.float32, 2), (np.float32, 4)]:
        best = float(np.finfo(dtype).eps) ** (1 / (p + 1))
        yield Case(
            {"dtype": dtype, "p": p},
            expected=best,
            accept=lambda h, dtype=dtype, p=p, best=best: near_the_best(h, best, dtype, p),
            rtol=0.3,  # only to recognise mistakes: steps of 1.0e-5 and 1.2e-5 count as the same idea
            atol=0.0,
        )


def near_the_best(h, best, dtype, p):
    if not 0 < h < np.inf:
        return "A step is a positive number."
    if best / 3 <= h <= best * 3:
        return None
    epsilon = float(np.finfo(dtype).eps)
    spoiler = "truncation: the step is too long" if h > best else "round-off: the step is too short"
    return (
        f"Your step leaves a truncation error of about {float(h) ** p:.0e} and a round-off error of about "
        f"{epsilon / float(h):.0e}; the best one leaves {best**p:.0e} of each. What spoils yours is {spoiler}."
    )


@step_of_order.mistake
def cube_root(dtype, p):
    """You take the cube root of ε for every p. That is right for p = 2 alone, where h² meets ε / h."""
    return float(np.finfo(dtype).eps) ** (1 / 3)


@step_of_order.mistake
def root_of_order_p(dtype, p):
    """You set hᵖ equal to ε. Round-off is ε / h: it is divided by the step."""
    return float(np.finfo(dtype).eps) ** (1 / p)


@step_of_order.mistake
def error_not_step(dtype, p):
    """That is the error which the best step leaves, hᵖ, and not the step."""
    return float(np.finfo(dtype).eps) ** (p / (p + 1))


@step_of_order.mistake
def power_before_division(dtype, p):
    """Powers are calculated before divisions, so `a ** 1 / n` means a divided by n."""
    return float(np.finfo(dtype).eps) / (p + 1)


@step_of_order.mistake
def epsilon(dtype, p):
    """Your step is ε itself, the distance from 1 to the next number. Over so short a way f changes by no more than it
    is rounded."""
    return float(np.finfo(dtype).eps)


@step_of_order.mistake
def one_dtype_for_all(dtype, p):
    """Your step is good in float64, and the same in float32. That has about half as many digits, so round-off begins
    much earlier."""
    return float(np.finfo(np.float64).eps) ** (1 / (p + 1))


@step_of_order.mistake
def tiniest(dtype, p):
    """That is the smallest positive number of its dtype. Added to x it is rounded away: x + h is x, and nothing
    moves."""
    return float(np.finfo(dtype).tiny)


@step_of_order.mistake
def inverted(dtype, p):
    """Your step is longer than 1: the sign of the power is wrong."""
    return float(np.finfo(dtype).eps) ** (-1 / (p + 1))


# --- 4 -----------------------------------------------------------------------------------------


@exercise("The step that is really taken", points=1)
def actual_step():
    """Return how far x really moves when h is added to it in floating point.

    Between 1 and 2 the float64 numbers lie 2.2e-16 apart, and x + h becomes the nearest one. Asked to go
    1e-15 from 1, x goes 1.11e-15, and a slope that is divided by 1e-15 comes out 11 % too steep; asked to
    go 1e-16, it stays. x and h are of one dtype, float64 or float32; a negative h moves x down, and the
    answer is negative.
    """
    # Neighbouring numbers are a power of two apart: 2⁻⁵² from 1 to 2, 2⁻⁴³ from 512 to 1024.
    for x, h, step, about in [
        (1.0, 1e-15, 5 * 2.0**-52, ""),
        (1.0, 1e-16, 0.0, "a step that vanishes"),
        (1000.0, 1e-13, 2.0**-43, ""),
        (-0.5, 1e-16, 2 * 2.0**-54, "a negative x"),
        (1.0, -1e-16, -(2.0**-53), "a negative h"),
        (0.0, 1e-16, 1e-16, "an x of 0"),
        (1.0, 0.25, 0.25, "a step that is exact"),
        (np.float32(1.0), np.float32(1e-7), 2.0**-23, "float32"),
    ]:
        yield Case({"x": x, "h": h}, expected=step, atol=0.0, about=about)


@actual_step.mistake
def step_asked_for(x, h):
    """Your answer is h, the step that was asked for. In exact arithmetic x + h - x is h, and your code
    may well say so; but where is x + h rounded?"""
    return h


@actual_step.mistake
def where_it_lands(x, h):
    """That is the number where x lands. The question is how far it is from x."""
    return x + h


@actual_step.mistake
def step_lost(x, h):
    """You found how much of the step is lost. What is asked for is the step that remains."""
    return h - ((x + h) - x)


@actual_step.mistake
def relative_step(x, h):
    """You divided by h. That is the slope that you would measure for f(x) = x, and worth knowing; the
    step is the number above the fraction bar."""
    return ((x + h) - x) / h


@actual_step.mistake
def in_another_order(x, h):
    """Your code never forms x + h, and its rounding is what the question is about. In floating point the
    order counts: first move, then measure how far."""
    return (h - x) + x


@actual_step.mistake
def backward(x, h):
    """The sign is wrong: a positive h moves x upward, or not at all."""
    return x - (x + h)


@actual_step.mistake
def down_by_h(x, h):
    """You subtracted h from x, and then x from that. Asked is how far x moves when h is *added*: the other way, and
    with a rounding of its own."""
    return (x - h) - x


@actual_step.mistake
def size_alone(x, h):
    """You lost the sign: a negative h moves x down, and the step is negative."""
    return abs((x + h) - x)


@actual_step.mistake
def one_gap(x, h):
    """That is the distance from x to the next number. A step may be rounded to none of these distances, or
    to several."""
    return np.spacing(abs(x))


@actual_step.mistake
def always_zero(x, h):
    """Your answer is always 0. A step that is small beside x is rounded, and only the smallest of them vanish."""
    return 0.0


@actual_step.mistake
def multiple_of_epsilon(x, h):
    """You rounded h to a multiple of ε. Numbers lie ε apart from 1 to 2 alone: nearer to 0 they lie closer together,
    and beyond 2 further apart."""
    epsilon = float(np.finfo(np.float64).eps)
    return round(float(h) / epsilon) * epsilon


@actual_step.mistake
def half_of_both_sides(x, h):
    """You took half of the way from x - h to x + h. The two steps may be rounded differently, and the one that is asked
    for goes from x to x + h."""
    return ((x + h) - (x - h)) / 2


@actual_step.mistake
def in_float64(x, h):
    """You turned x and h into float64. Float32 numbers lie further apart, and x + h must be rounded to one of them."""
    return (float(x) + float(h)) - float(x)


# --- 5 -----------------------------------------------------------------------------------------


@exercise("The bend along each entry", points=3)
def curvatures():
    """Return for each entry of x how f bends along it: how much the slope to the right of x exceeds the slope to its
    left, divided by h.

    The slope to the right goes from x to x + h, the one to the left from x - h to x; the other entries stay. f takes
    an array of x's shape and returns a number. x may be a vector, a matrix, an array of more axes, or a single number
    without axes; it may hold integers. For f = x₀² · x₁ at [3, 2] the answer is [4, 0]. x belongs to the caller:
    afterwards it must hold what it held before, even if f raises an error.
    """
    product = named("x₀² · x₁", lambda x: x[0] ** 2 * x[1])
    cubes = named("x₀³ - x₁³", lambda x: x[0] ** 3 - x[1] ** 3)
    fourth = named("x₀⁴ + x₁²", lambda x: x[0] ** 4 + x[1] ** 2)
    corners = named("x₀₀² · x₁₂²", lambda x: x[0, 0] ** 2 * x[1, 2] ** 2)
    yield Case({"f": product, "x": np.array([3.0, 2.0]), "h": 0.1}, expected=np.array([4.0, 0.0]), atol=1e-6)
    yield Case({"f": cubes, "x": np.array([1.0, 2.0]), "h": 0.5}, expected=np.array([6.0, -12.0]), atol=1e-6)
    # The bend of x⁴ comes out as 12x² + 2h², so that a step of the learner's own shows.
    yield Case({"f": fourth, "x": np.array([1.0, -2.5]), "h": 0.5}, expected=np.array([12.5, 2.0]), atol=1e-6)
    yield Case(
        {"f": corners, "x": np.array([[2.0, 0.0, 1.0], [0.0, 1.0, 5.0]]), "h": 0.1},
        expected=np.array([[50.0, 0.0, 0.0], [0.0, 0.0, 8.0]]),
        atol=1e-6,
        about="an f that looks for its entries in two axes",
    )
    rng = np.random.default_rng(1)
    for x, about in [
        (np.array(0.6), "a single number"),
        (np.array([1, -3, 2]), "integers"),
        (np.array(2), "a single integer"),
        (rng.normal(size=(2, 3)).round(2), "a matrix"),
        (rng.normal(size=(3, 2)).round(2).T, "a transposed matrix"),
        (rng.normal(size=(2, 1, 2)).round(2), "three axes"),
    ]:
        yield Case({"f": WAVES, "x": x, "h": 0.01}, expected=bends_of_waves(x, 0.01), rtol=0.0, atol=1e-6, about=about)
    yield Case(
        {
            "f": named("one that raises an error at its second call", WAVES),
            "x": np.array([1.5, -0.5]),
            "h": 0.01,
        },
        call=with_a_failing_f,
        expected=None,  # there is no answer; x must be as it was
        about="an f that raises",
    )


def waves(x):
    """A function in which every entry counts differently and each slope depends on all entries."""
    numbers = np.arange(1, x.size + 1).reshape(x.shape)
    return (numbers * np.sin(x)).sum() + x.sum() ** 2


def bends_of_waves(x, h):
    """Worked out on paper: sin(x + h) - 2 sin x + sin(x - h) = 2 sin x (cos h - 1)."""
    numbers = np.arange(1, x.size + 1).reshape(x.shape)
    return numbers * np.sin(x) * 2 * (np.cos(h) - 1) / h**2 + 2


WAVES = named("Σ i · sin xᵢ + (Σ xᵢ)²", waves)


class Unlucky(Exception):
    """Raised by a function under test, on purpose."""


def with_a_failing_f(curvatures, f, x, h):
    calls = []

    def fails_at_its_second_call(x):
        calls.append(1)
        if len(calls) == 2:
            raise Unlucky
        return f(x)

    try:
        curvatures(fails_at_its_second_call, x, h)
    except Unlucky:
        pass


def bends(f, x, h, rule=lambda above, middle, below, h: (above - 2 * middle + below) / h**2):
    """A rule applied to f above x, at x and below x, for each entry. The mistakes below vary the rule."""
    x = np.array(x, dtype=np.float64)
    middle, answer = f(x), np.zeros_like(x)
    for index in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[index] = h
        answer[index] = rule(f(x + step), middle, f(x - step), h)
    return answer


@curvatures.mistake
def slopes(f, x, h):
    """Those are the slopes. The bend is how much the slope on the right exceeds the slope on the left, divided by h."""
    return bends(f, x, h, lambda above, middle, below, h: (above - below) / (2 * h))


@curvatures.mistake
def divided_once(f, x, h):
    """You subtracted one slope from the other, and did not divide by the distance h between them."""
    return bends(f, x, h, lambda above, middle, below, h: (above - 2 * middle + below) / h)


@curvatures.mistake
def not_divided(f, x, h):
    """You divided neither the rises nor the difference of the slopes by h. Two divisions make h²."""
    return bends(f, x, h, lambda above, middle, below, h: above - 2 * middle + below)


@curvatures.mistake
def over_twice_the_step(f, x, h):
    """Your bends are half as large as they should be: from the middle of the left side to the middle of the right side
    it is h, not 2h."""
    return bends(f, x, h, lambda above, middle, below, h: (above - 2 * middle + below) / (2 * h**2))


@curvatures.mistake
def over_four_squares(f, x, h):
    """You divided by (2h)². Both slopes go over a width of h, and their middles lie h apart."""
    return bends(f, x, h, lambda above, middle, below, h: (above - 2 * middle + below) / (4 * h**2))


@curvatures.mistake
def middle_once(f, x, h):
    """You subtracted f(x) once. It stands in both slopes: at the end of the left one, and at the start of the right
    one."""
    return bends(f, x, h, lambda above, middle, below, h: (above - middle + below) / h**2)


@curvatures.mistake
def middle_added(f, x, h):
    """You added 2 f(x). It is subtracted: once as the start of the right side, once as the end of the left one."""
    return bends(f, x, h, lambda above, middle, below, h: (above + 2 * middle + below) / h**2)


@curvatures.mistake
def left_minus_right(f, x, h):
    """Your bends have the right size and the other sign: you subtracted the slope on the right from the one on the
    left."""
    return -bends(f, x, h)


@curvatures.mistake
def sizes(f, x, h):
    """You lost the sign of the bends. Where the slope becomes smaller to the right, the bend is negative."""
    return np.abs(bends(f, x, h))


@curvatures.mistake
def both_to_the_right(f, x, h):
    """Both of your slopes lie to the right of x, one from x to x + h and one from there to x + 2h. One of them should
    lie to the left."""
    x = np.array(x, dtype=np.float64)
    middle, answer = f(x), np.zeros_like(x)
    for index in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[index] = h
        answer[index] = (f(x + 2 * step) - 2 * f(x + step) + middle) / h**2
    return answer


@curvatures.mistake
def all_at_once(f, x, h):
    """You moved all entries together. To know the bend along one entry, hold the others still."""
    x = np.array(x, dtype=np.float64)
    return np.full(x.shape, (f(x + h) - 2 * f(x) + f(x - h)) / h**2)


@curvatures.mistake
def all_at_once_as_a_number(f, x, h):
    """You moved all entries together and returned one number. The answer has a bend for each entry, measured while the
    others are held still."""
    x = np.array(x, dtype=np.float64)
    return (f(x + h) - 2 * f(x) + f(x - h)) / h**2


@curvatures.mistake
def not_put_back(f, x, h):
    """An entry that was moved stays moved while the next one is measured, so only the first bend is taken at x. Put
    each entry back where it was."""
    moved = np.array(x, dtype=np.float64)
    answer = np.zeros_like(moved)
    for index in np.ndindex(moved.shape):
        middle = f(moved)
        moved[index] += h
        above = f(moved)
        moved[index] -= 2 * h
        answer[index] = (above - 2 * middle + f(moved)) / h**2
    return answer


@curvatures.mistake
def integers_cannot_move(f, x, h):
    """In an array of integers a small step is cut off: 3 + 0.01 is stored as 3. NumPy does not say so. What type must
    the array have that you move?"""
    moved = np.array(x)
    answer, middle = np.zeros(moved.shape), f(moved)
    for index in np.ndindex(moved.shape):
        center = moved[index]
        moved[index] = center + h
        above = f(moved)
        moved[index] = center - h
        answer[index] = (above - 2 * middle + f(moved)) / h**2
        moved[index] = center
    return answer


@curvatures.mistake
def integer_answer(f, x, h):
    """The bends are right, but they are stored in an array of integers, which cuts off what stands after the decimal
    point. An array made like x has x's type."""
    return bends(f, x, h).astype(np.asarray(x).dtype)


@curvatures.mistake
def row_by_row(f, x, h):
    """A vector comes out right, a matrix does not: x[i] is a whole row of a matrix, so all its entries moved
    together."""
    x = np.array(x, dtype=np.float64)
    answer, middle = np.zeros_like(x), f(x)
    for i in range(len(x)):
        step = np.zeros_like(x)
        step[i] = h
        answer[i] = (f(x + step) - 2 * middle + f(x - step)) / h**2
    return answer


@curvatures.mistake
def with_an_own_step(f, x, h):
    """You measure with a step of your own. The caller chooses the step."""
    return bends(f, x, 1e-4)


@curvatures.mistake
def over_an_own_step(f, x, h):
    """You moved by h, and divided by the square of a step of your own. Divide by the step that you moved by."""
    return bends(f, x, h, lambda above, middle, below, h: (above - 2 * middle + below) / 1e-5**2)


@curvatures.mistake
def last_bend(f, x, h):
    """You returned one bend, that of the last entry. Each bend needs a place of its own in the answer."""
    return float(bends(f, x, h).reshape(-1)[-1])


# --- 6 -----------------------------------------------------------------------------------------


@exercise("Where two curves touch", points=2)
def touching_point():
    """Return the x between low and high at which the curve of f touches that of g, to within 0.0001.

    Everywhere else f lies above g. From low to that x the gap f(x) - g(x) becomes smaller and smaller, and from there
    to high larger and larger. f and g may also be asked a little below low and a little above high. For x² and 2x - 1
    between -1 and 4 the answer is 1: both are 1 there, and the gap is (x - 1)².
    """
    curves = [
        ("x²", lambda x: x**2, "2x - 1", lambda x: 2 * x - 1, -1.0, 4.0, 1.0),
        ("x² + 1", lambda x: x**2 + 1, "-4x - 3", lambda x: -4 * x - 3, -5.0, 2.0, -2.0),
        ("eˣ", np.exp, "x + 1", lambda x: x + 1, -1.0, 3.0, 0.0),
        ("eˣ", np.exp, "(x + 2)/e", lambda x: (x + 2) / np.e, -3.0, 1.5, -1.0),
        ("5", lambda x: 5.0, "4x - x² + 1", lambda x: 4 * x - x * x + 1, 1.5, 6.0, 2.0),
        ("x + 4/x", lambda x: x + 4 / x, "4", lambda x: 4.0, 0.5, 9.0, 2.0),
        ("x² - 3x", lambda x: x * x - 3 * x, "-1.8769 - 0.26x", lambda x: -1.8769 - 0.26 * x, 0.75, 1.5, 1.37),
        ("x²", lambda x: x**2, "-0.64x - 0.1024", lambda x: -0.64 * x - 0.1024, -0.9, 1.4, -0.32),
        ("x²", lambda x: x**2, "2√2 x - 2", lambda x: math.sqrt(8) * x - 2, -1.0, 4.0, math.sqrt(2)),
        ("x + 7/x", lambda x: x + 7 / x, "2√7", lambda x: math.sqrt(28), 0.5, 9.0, math.sqrt(7)),
    ]
    for f_text, f, g_text, g, low, high, x in curves:
        inputs = {"f": named(f_text, f), "g": named(g_text, g), "low": low, "high": high}
        # Where f is constant it has no lowest place, so that the mistake of looking for it takes many forms.
        yield Case(inputs, x, rtol=0.0, atol=1.5e-4, odd=f_text == "5")
    corner = named("|x - 0.3| + 2x", lambda x: abs(x - 0.3) + 2 * x)
    for f, g, low, high, x, about in [
        (corner, named("2x", lambda x: 2 * x), -1.0, 5.0, 0.3, "a corner"),
        (named("x²", lambda x: x * x), named("0", lambda x: 0.0), -0.01, 30.0, 0.0, "a point close to an end"),
    ]:
        yield Case({"f": f, "g": g, "low": low, "high": high}, x, rtol=0.0, atol=1.5e-4, about=about)


def lowest(f, low, high):
    """Where f is lowest, by thirds: it falls to that place and rises from there on."""
    for _ in range(100):
        left, right = low + (high - low) / 3, high - (high - low) / 3
        low, high = (low, right) if f(left) < f(right) else (left, high)
    return (low + high) / 2


@touching_point.mistake
def at_the_right_end(f, g, low, high):
    """You arrived at the right end of the interval. The gap is positive on both sides, so its sign cannot tell where to
    go. The sign of its *slope* can: which half must be kept where the gap still falls?"""
    return high


@touching_point.mistake
def at_the_left_end(f, g, low, high):
    """You arrived at the left end of the interval. The gap is positive on both sides, so its sign cannot tell where to
    go. The sign of its *slope* can: which half must be kept where the gap already rises?"""
    return low


@touching_point.mistake
def half_way(f, g, low, high):
    """That is the middle of the interval, which is where the search begins. It goes on in one of the two halves."""
    return (low + high) / 2


@touching_point.mistake
def the_other_half(f, g, low, high):
    """You arrived at an end of the interval, since you kept the half without the point. Where the gap falls, the point
    lies to the right, and where it rises, to the left."""
    middle, h = (low + high) / 2, 1e-6
    return high if f(middle + h) - g(middle + h) > f(middle - h) - g(middle - h) else low


@touching_point.mistake
def lowest_of_f(f, g, low, high):
    """That is where f alone is lowest. What becomes 0 is the gap between f and g."""
    return lowest(f, low, high)


@touching_point.mistake
def height_where_they_touch(f, g, low, high):
    """That is how high the curves are where they touch. What is wanted is the x."""
    return float(f(lowest(lambda x: f(x) - g(x), low, high)))


@touching_point.mistake
def gap_where_they_touch(f, g, low, high):
    """That is the gap where they touch, which is 0. What is wanted is the x."""
    return 0.0


def halved_until(f, g, low, high, width):
    """The left end of an interval narrower than the width, by halving."""
    h = 1e-6
    while high - low > width:
        middle = (low + high) / 2
        falls = f(middle + h) - g(middle + h) < f(middle - h) - g(middle - h)
        low, high = (middle, high) if falls else (low, middle)
    return low


@touching_point.mistake
def stopped_at_a_tenth(f, g, low, high):
    """You stopped when the interval was shorter than 0.1, so that your x may be as far away as that. Go on until it is
    shorter than 0.0001."""
    return halved_until(f, g, low, high, 0.1)


@touching_point.mistake
def stopped_at_a_hundredth(f, g, low, high):
    """You stopped when the interval was shorter than 0.01, so that your x may be as far away as that. Go on until it is
    shorter than 0.0001."""
    return halved_until(f, g, low, high, 0.01)


@touching_point.mistake
def stopped_at_a_thousandth(f, g, low, high):
    """You stopped when the interval was shorter than 0.001, so that your x may be as far away as that. Go on until it
    is shorter than 0.0001."""
    return halved_until(f, g, low, high, 0.001)


def best_place(f, g, places):
    return float(min(places, key=lambda x: f(x) - g(x)))


@touching_point.mistake
def hundred_steps(f, g, low, high):
    """You took the best of 101 places between low and high. The curves may touch between two of them: look again around
    the best one, in smaller steps."""
    return best_place(f, g, np.linspace(low, high, 101))


@touching_point.mistake
def hundred_places(f, g, low, high):
    """You took the best of 100 places between low and high. The curves may touch between two of them: look again around
    the best one, in smaller steps."""
    return best_place(f, g, np.linspace(low, high, 100))


@touching_point.mistake
def first_small_gap(f, g, low, high):
    """You took the first place where the gap is less than 0.001. Near the point where the curves touch, the gap is
    small over a long way: compare it with the gap on both sides."""
    return float(next(x for x in np.arange(low, high, 0.001) if f(x) - g(x) < 0.001))


@touching_point.mistake
def to_one_digit(f, g, low, high):
    """Your answer has one digit after the point, and 0.0001 is asked for. Is it rounded, or did you search in
    steps that are too long?"""
    return round(lowest(lambda x: f(x) - g(x), low, high), 1)


@touching_point.mistake
def to_two_digits(f, g, low, high):
    """Your answer has two digits after the point, and 0.0001 is asked for. Is it rounded, or did you search in
    steps that are too long?"""
    return round(lowest(lambda x: f(x) - g(x), low, high), 2)


@touching_point.mistake
def to_three_digits(f, g, low, high):
    """Your answer has three digits after the point, and 0.0001 is asked for. Is it rounded, or did you search in
    steps that are too long?"""
    return round(lowest(lambda x: f(x) - g(x), low, high), 3)


# --- 7 -----------------------------------------------------------------------------------------


@exercise("Down to the bottom", points=3)
def roll_down():
    """Return the path of a ball that rolls down f from start, as an array with one place in each row.

    Each step goes straight downhill, against the gradient, over the distance `length`. A step that would not end lower
    than where the ball lies is not taken; instead the length is halved, for good. The ball stops where the gradient is
    zero, or as soon as the length is less than `shortest`. The path begins with start. For x² from [5.2] with length 3
    and shortest 1 it is 5.2, 2.2, -0.8, 0.7: from -0.8 a step of 3 would lead to 2.2, and one of 1.5 leads to 0.7.
    """
    square = named("x²", lambda x: x[0] ** 2)
    roof = named("2|x₀| + |x₁|", lambda x: 2 * abs(x[0]) + abs(x[1]))
    valley = named("2 √(x₀² + 3x₁²)", lambda x: 2 * np.sqrt(x[0] ** 2 + 3 * x[1] ** 2))
    plane = named("3x₀ + 4x₁, and never below -20", lambda x: max(3 * x[0] + 4 * x[1], -20.0))
    ridge = named("|x|", lambda x: abs(x[0]))
    gentle = named("√(x₀² + x₁²) / 4", lambda x: np.sqrt(x[0] ** 2 + x[1] ** 2) / 4)
    wall = named("-x, with a wall from 1.6 to 2.4", lambda x: 9.0 if 1.6 < x[0] < 2.4 else max(-x[0], -6.0))
    # A ball that takes a step to the same height stops on the terrace; over a ridge it would go to and fro for ever.
    terrace = named("-x, and 0 from 1.2 on", lambda x: 0.0 if x[0] > 1.2 else -x[0])
    bowl = named("3 √(x₀² + x₁² + x₂²)", lambda x: 3 * np.sqrt((x**2).sum()))
    # Mostly cones: in a parabola steps of length · gradient become ever smaller, and rounding decides when they end.
    for f, start, length, shortest in [
        (square, [5.2], 3.0, 1.0),
        (square, [-1.3], 5.0, 1.1),
        (roof, [3.0, 0.4], 1.0, 0.1),
        (valley, [3.0, 0.5], 1.0, 0.1),
        (valley, [-2.0, 1.0], 0.75, 0.05),
        (bowl, [1.0, -2.0, 2.0], 0.7, 0.3),
    ]:
        yield rolled(f, np.array(start), length, shortest)
    yield rolled(gentle, np.array([2.0, 1.0]), 1.0, 0.3, "a gentle slope")
    yield rolled(wall, np.array([0.0]), 2.0, 0.2, "a wall, which a short step does not jump over")
    yield rolled(ridge, np.array([0.3]), 0.25, 0.25, "a length that equals the shortest")
    # Without its start such a path is empty, which takes two forms: shape (0, n), and shape (0,).
    yield rolled(square, np.array([3.0]), 0.25, 0.5, "a length that is too short from the start", odd=True)
    yield rolled(plane, np.array([1.0, 2.0]), 5.0, 0.5, "a floor, on which the gradient is zero")
    yield rolled(named("7", lambda x: 7.0), np.array([1.0, -1.0]), 1.0, 0.5, "flat ground", odd=True)
    yield rolled(terrace, np.array([0.0]), 2.0, 0.5, "a step to the same height")
    yield rolled(valley, np.array([3, 1]), 1.0, 0.2, "integers")


def rolled(f, start, length, shortest, about="", odd=False):
    inputs = {"f": f, "start": start, "length": length, "shortest": shortest}
    return Case(inputs, roll(f, start, length, shortest), rtol=0.0, atol=1e-4, about=about, odd=odd)


def roll(
    f, start, length, shortest, step=None, halve=True, restore=False, ends=None, keep="taken", lower=None, factor=0.5
):
    """The path of the ball. The mistakes below vary it; step(downhill, length) is the step."""
    first, path = length, [np.array(start, dtype=np.float64)]
    here = path[0]
    for _ in range(10_000):
        if ends(length, shortest) if ends else length < shortest:
            break
        downhill = -numerical_gradient(f, here)
        steepness = np.sqrt((downhill**2).sum())
        if steepness == 0:
            break
        there = here + (step(downhill, length) if step else length * downhill / steepness)
        if lower(f(there), f(here)) if lower else f(there) < f(here):
            here = there
            path.append(here)
            length = first if restore else length
        elif not halve:
            break
        else:
            length = length * factor
            here = there if keep == "steps" else here
            path += [here] * (keep != "taken")
    return np.array(path)


@roll_down.mistake
def uphill(f, start, length, shortest):
    """The ball lies still, since all its steps would lead up: the gradient points uphill, and the step goes against
    it."""
    return roll(f, start, length, shortest, lambda downhill, length: -length * downhill / np.sqrt((downhill**2).sum()))


@roll_down.mistake
def gradient_for_direction(f, start, length, shortest):
    """Your step is `length` times the gradient, so it is longer where f is steep. It should be `length` long
    everywhere."""
    return roll(f, start, length, shortest, lambda downhill, length: length * downhill)


@roll_down.mistake
def each_entry_alike(f, start, length, shortest):
    """You divided each entry by its own size, so all entries move equally far. Divide all of them by the length of the
    whole arrow."""
    return roll(f, start, length, shortest, lambda downhill, length: length * np.sign(downhill))


@roll_down.mistake
def sum_of_sizes_as_length(f, start, length, shortest):
    """You divided the gradient by the sum of the sizes of its entries. Its length is the root of the sum of their
    squares."""
    return roll(f, start, length, shortest, lambda downhill, length: length * downhill / np.abs(downhill).sum())


@roll_down.mistake
def largest_entry_as_length(f, start, length, shortest):
    """You divided by the largest entry of the gradient. Its length is the root of the sum of the squares of all
    entries."""
    return roll(f, start, length, shortest, lambda downhill, length: length * downhill / np.abs(downhill).max())


@roll_down.mistake
def same_height_accepted(f, start, length, shortest):
    """You took a step to the same height. A step is taken only if it ends lower; otherwise a ball could go to and fro
    for ever."""
    return roll(f, start, length, shortest, lower=lambda new, old: new <= old)


@roll_down.mistake
def every_step_taken(f, start, length, shortest):
    """You halve the length where a step does not end lower, and take the step all the same. The ball should stay where
    it lies, and try the shorter step from there."""
    return roll(f, start, length, shortest, keep="steps")


@roll_down.mistake
def a_tenth_of_the_length(f, start, length, shortest):
    """You divide the length by 10 where a step does not end lower. It should be halved."""
    return roll(f, start, length, shortest, factor=0.1)


@roll_down.mistake
def a_third_of_the_length(f, start, length, shortest):
    """You divide the length by 3 where a step does not end lower. It should be halved."""
    return roll(f, start, length, shortest, factor=1 / 3)


@roll_down.mistake
def nine_tenths_of_the_length(f, start, length, shortest):
    """You make the length one tenth shorter where a step does not end lower. It should be halved."""
    return roll(f, start, length, shortest, factor=0.9)


@roll_down.mistake
def never_halved(f, start, length, shortest):
    """The ball stops at the first step that would not lead lower. It should halve the length and go on."""
    return roll(f, start, length, shortest, halve=False)


@roll_down.mistake
def length_restored(f, start, length, shortest):
    """After a step that was taken you go back to the first length. Once halved, it stays halved."""
    return roll(f, start, length, shortest, restore=True)


@roll_down.mistake
def refused_steps_kept(f, start, length, shortest):
    """Your path also has a place for each step that was not taken, where the ball stays."""
    return roll(f, start, length, shortest, keep="all")


@roll_down.mistake
def stops_one_halving_early(f, start, length, shortest):
    """You stop when the length equals `shortest`. The ball stops when it is less."""
    return roll(f, start, length, shortest, ends=lambda length, shortest: length <= shortest)


@roll_down.mistake
def stops_one_halving_late(f, start, length, shortest):
    """You try one length more, which is already less than `shortest`."""
    return roll(f, start, length, shortest, ends=lambda length, shortest: 2 * length < shortest)


@roll_down.mistake
def one_array_again_and_again(f, start, length, shortest):
    """All places of your path are its last one: you appended the same array each time, and then changed it. Make a new
    array for each place."""
    path = roll(f, start, length, shortest)
    return np.array([path[-1] for _ in path])


@roll_down.mistake
def without_start(f, start, length, shortest):
    """The start is missing: the path begins where the ball lies before its first step."""
    return roll(f, start, length, shortest)[1:]


@roll_down.mistake
def last_place(f, start, length, shortest):
    """You returned the last place alone. The path has all places, from the start on."""
    return roll(f, start, length, shortest)[-1]


@roll_down.mistake
def heights_along_the_path(f, start, length, shortest):
    """You returned how high the ball was. The path has the places, one in each row."""
    return [f(place) for place in roll(f, start, length, shortest)]  # a list: an array agrees with it, too


@roll_down.mistake
def transposed(f, start, length, shortest):
    """Your places stand in columns: the path is transposed. Each place should be a row."""
    return roll(f, start, length, shortest).T
