"""The checks of lesson 01."""

import numpy as np

from gradlib.checks.cases import Case
from gradlib.checks.exercises import exercise
from gradlib.checks.values import named

TITLE = "Slopes"

CUBE = named("x³", lambda x: x**3)
SINE = named("sin x", np.sin)
EXPONENTIAL = named("eˣ", np.exp)
HILL = named("4 - x²", lambda x: 4 - x**2)
SEVEN = named("7, whatever x is", lambda x: 7.0)


# --- 1 -----------------------------------------------------------------------------------------


@exercise("The central difference", points=1)
def central_difference():
    """Return the slope of f at x, measured from x - h to x + h.

    f is a function of one number, x is where the slope is wanted, h > 0 is the step. For x² at 3 with h =
    0.1 the answer is 6: the parabola goes from 2.9² = 8.41 to 3.1² = 9.61 over a width of 0.2. For x³ at
    2 with h = 0.5 it is 12.25, which is h² more than the derivative.
    """
    # Worked out on paper, so that the check adds no rounding of its own.
    for f, x, h, slope in [
        (CUBE, 2.0, 0.5, 12.25),  # 3x² + h²
        (CUBE, -1.5, 0.1, 6.76),
        (SINE, 0.8, 0.3, np.cos(0.8) * np.sin(0.3) / 0.3),
        (EXPONENTIAL, -1.0, 0.01, np.exp(-1.0) * np.sinh(0.01) / 0.01),
        (HILL, 3.0, 0.1, -6.0),  # f falls
        (SINE, 2.5, 0.4, np.cos(2.5) * np.sin(0.4) / 0.4),
        (CUBE, 0.0, 0.5, 0.25),
        (SEVEN, 1.0, 0.2, 0.0),
    ]:
        yield Case({"f": f, "x": x, "h": h}, expected=slope)
    yield Case(
        {"f": SINE, "x": 0.8, "h": 0.02},
        call=how_error_falls,
        expected=4.0,
        rtol=1e-3,
        about="the error with h over the error with h/2, which is 4",
    )


def how_error_falls(central_difference, f, x, h):
    """The factor by which the error of the slope of sin shrinks when h is halved."""
    return abs(central_difference(f, x, h) - np.cos(x)) / abs(central_difference(f, x, h / 2) - np.cos(x))


@central_difference.mistake
def forward_difference(f, x, h):
    """You went from x to x + h: that is the forward difference. The central one reaches as far to the
    left as to the right."""
    return (f(x + h) - f(x)) / h


@central_difference.mistake
def backward_difference(f, x, h):
    """You went from x - h to x. The central difference reaches as far to the right as to the left."""
    return (f(x) - f(x - h)) / h


@central_difference.mistake
def over_one_step(f, x, h):
    """Your slope is twice too steep. How far apart do the two points lie: one step, or more?"""
    return (f(x + h) - f(x - h)) / h


@central_difference.mistake
def times_h(f, x, h):
    """Python reads `a / 2 * h` from the left, as (a / 2) · h: you multiplied by h instead of dividing by
    it."""
    return (f(x + h) - f(x - h)) / 2 * h


@central_difference.mistake
def not_over_h(f, x, h):
    """You halved the difference of the two values, but a slope is a rise over a width, and the width
    depends on h."""
    return (f(x + h) - f(x - h)) / 2


@central_difference.mistake
def rise_alone(f, x, h):
    """That is how far f rises between the two points. A slope is the rise over the width."""
    return f(x + h) - f(x - h)


@central_difference.mistake
def from_right_to_left(f, x, h):
    """Your slope has the right size and the other sign: the rise is taken from right to left, the width
    from left to right."""
    return (f(x - h) - f(x + h)) / (2 * h)


@central_difference.mistake
def half_the_step(f, x, h):
    """That is a central difference too, but with half the step: here h is the distance from x to each of
    the two points."""
    return (f(x + h / 2) - f(x - h / 2)) / h


@central_difference.mistake
def value_moved(f, x, h):
    """Your answer is 1 whatever f is. A rise is the difference of two values of f: it is x that must be
    moved, and then f is applied."""
    return (f(x) + h - (f(x) - h)) / (2 * h)


@central_difference.mistake
def second_value_divided(f, x, h):
    """Only the second value is divided: Python divides before it subtracts. The whole rise belongs above
    the fraction bar."""
    return f(x + h) - f(x - h) / (2 * h)


@central_difference.mistake
def sign_lost(f, x, h):
    """You lost the sign of the slope. Where f falls, its slope is negative."""
    return abs(f(x + h) - f(x - h)) / (2 * h)


@central_difference.mistake
def own_step(f, x, h):
    """Your answer is the slope for a tiny step, whatever h is. The caller chooses the step."""
    return (f(x + 1e-5) - f(x - 1e-5)) / 2e-5


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
    """You found how many times smaller the error becomes. The order is the power: halving h divides the
    error by 2ᵖ."""
    return error(h) / error(h / 2)


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


@exercise("The best step", points=2)
def best_step():
    """Return a good step for the central difference of an ordinary function at an ordinary x, in a given
    dtype.

    dtype is np.float32 or np.float64. "Ordinary" means that x, f and its derivatives are about 1 in size,
    like those of sin at 0.8. Too long a step and truncation spoils the slope, too short and round-off
    does: the best step is where the two are about equal. `np.finfo(dtype).eps` is the rounding error ε of
    a dtype: 1.2e-7 and 2.2e-16. Any step within a factor of 10 of the best is right.
    """
    for dtype in (np.float64, np.float32):
        best = float(np.finfo(dtype).eps) ** (1 / 3)
        yield Case(
            {"dtype": dtype},
            expected=best,
            accept=lambda h, dtype=dtype, best=best: near_the_best(h, best, dtype),
            rtol=0.6,  # only to recognise mistakes: steps of 1.0e-5 and 1.5e-5 count as the same idea
            atol=0.0,
        )


def near_the_best(h, best, dtype):
    if not 0 < h < np.inf:
        return "A step is a positive number."
    if best / 10 <= h <= best * 10:
        return None
    spoiler = "truncation: the step is too long" if h > best else "round-off: the step is too short"
    return (
        f"Measured with your step in {dtype.__name__}, the slope of sin at 0.8 is off by "
        f"{error_of_sine(h, dtype):.0e}; with the best step it is off by {error_of_sine(best, dtype):.0e}. What spoils "
        f"yours is {spoiler}."
    )


def error_of_sine(h, dtype):
    x, h = dtype(0.8), dtype(h)
    return abs(float((np.sin(x + h) - np.sin(x - h)) / (2 * h)) - np.cos(0.8))


@best_step.mistake
def square_root(dtype):
    """The square root of ε is the best step of a forward difference, where h meets ε/h. The central
    difference's error falls as h², so its two errors meet elsewhere."""
    return float(np.finfo(dtype).eps) ** 0.5


@best_step.mistake
def a_third(dtype):
    """Your step is ε/3. Powers are calculated before divisions, so `a ** 1 / 3` means a third of a."""
    return float(np.finfo(dtype).eps) / 3


@best_step.mistake
def epsilon(dtype):
    """Your step is ε itself, the distance from 1 to the next number. Over so short a way f changes by no
    more than it is rounded."""
    return float(np.finfo(dtype).eps)


@best_step.mistake
def error_not_step(dtype):
    """That is the error which the best step leaves, about its square, and not the step."""
    return float(np.finfo(dtype).eps) ** (2 / 3)


@best_step.mistake
def one_step_for_all(dtype):
    """You gave one step for both dtypes. It is good in float64; float32 has about half as many digits, so
    round-off begins much earlier."""
    return 1e-5


@best_step.mistake
def tiniest(dtype):
    """That is the smallest positive number of its dtype. Added to x it is rounded away: x + h is x, and
    nothing moves."""
    return float(np.finfo(dtype).tiny)


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
def size_alone(x, h):
    """You lost the sign: a negative h moves x down, and the step is negative."""
    return abs((x + h) - x)


@actual_step.mistake
def one_gap(x, h):
    """That is the distance from x to the next number. A step may be rounded to none of these distances, or
    to several."""
    return np.spacing(abs(x))


# --- 5 -----------------------------------------------------------------------------------------


@exercise("The gradient of a function of many variables", points=3)
def numerical_gradient():
    """Return the gradient of f at x by central differences: one slope for each entry of x, in an array of
    x's shape.

    f takes an array of x's shape and returns a number. x may be a vector, a matrix, an array of more axes,
    or a single number without axes; it may hold integers. h is the step. For f(x) = x₀² · x₁ at [3, 2] the
    answer is [12, 9]. x belongs to the caller: afterwards it must hold what it held before, even if f
    raises an error.
    """
    product = named("x₀² · x₁", lambda x: x[0] ** 2 * x[1])
    cubes = named("x₀³ + x₁³", lambda x: x[0] ** 3 + x[1] ** 3)
    corners = named("x₀₀ · x₁₂", lambda x: x[0, 0] * x[1, 2])
    yield Case({"f": product, "x": np.array([3.0, 2.0]), "h": 0.01}, expected=np.array([12.0, 9.0]), atol=1e-6)
    # A central difference of x³ is 3x² + h², so that a step of the learner's own shows.
    yield Case({"f": cubes, "x": np.array([1.0, -2.0]), "h": 0.5}, expected=np.array([3.25, 12.25]), atol=1e-6)
    yield Case(
        {"f": corners, "x": np.array([[2.0, 0.0, 1.0], [0.0, 1.0, 5.0]]), "h": 0.01},
        expected=np.array([[5.0, 0.0, 0.0], [0.0, 0.0, 2.0]]),
        atol=1e-6,
        about="an f that looks for its entries in two axes",
    )
    rng = np.random.default_rng(1)
    for x, about in [
        (np.array(0.6), "a single number"),
        (np.array([1, -3, -1]), "integers"),
        (np.array(2), "a single integer"),
        (rng.normal(size=(2, 3)).round(2), "a matrix"),
        (rng.normal(size=(3, 2)).round(2).T, "a transposed matrix"),
        (rng.normal(size=(2, 1, 2)).round(2), "three axes"),
    ]:
        yield Case({"f": WAVES, "x": x, "h": 1e-3}, expected=gradient_of_waves(x), rtol=0.0, atol=1e-5, about=about)
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


def gradient_of_waves(x):
    numbers = np.arange(1, x.size + 1).reshape(x.shape)
    return numbers * np.cos(x) + 2 * x.sum()


WAVES = named("Σ i · sin xᵢ + (Σ xᵢ)²", waves)


class Unlucky(Exception):
    """Raised by a function under test, on purpose."""


def with_a_failing_f(numerical_gradient, f, x, h):
    calls = []

    def fails_at_its_second_call(x):
        calls.append(1)
        if len(calls) == 2:
            raise Unlucky
        return f(x)

    try:
        numerical_gradient(fails_at_its_second_call, x, h)
    except Unlucky:
        pass


def slopes(f, x, h, low=-1, high=1, width=2, sign=1):
    """A gradient from f(x + high · h) and f(x + low · h), over width · h. The mistakes below vary it."""
    moved = np.array(x, dtype=np.float64)
    gradient = np.zeros_like(moved)
    for index in np.ndindex(moved.shape):
        center = moved[index]
        moved[index] = center + high * h
        above = f(moved)
        moved[index] = center + low * h
        below = f(moved)
        moved[index] = center
        gradient[index] = sign * (above - below) / (width * h)
    return gradient


@numerical_gradient.mistake
def one_sided_gradient(f, x, h):
    """Each slope is a forward difference: it goes from x to x + h. Its error is about h, a central one's
    about h²."""
    return slopes(f, x, h, low=0, width=1)


@numerical_gradient.mistake
def gradient_over_one_step(f, x, h):
    """Every slope is twice too steep. How far apart do the two points lie: one step, or more?"""
    return slopes(f, x, h, width=1)


@numerical_gradient.mistake
def gradient_from_right_to_left(f, x, h):
    """Every slope has the right size and the other sign: the rise is taken from right to left, the width
    from left to right."""
    return slopes(f, x, h, sign=-1)


@numerical_gradient.mistake
def all_at_once(f, x, h):
    """You moved all entries together, which gives the sum of all slopes. To know the slope along one
    entry, hold the others still."""
    x = np.array(x, dtype=np.float64)
    return np.full(x.shape, (f(x + h) - f(x - h)) / (2 * h))


@numerical_gradient.mistake
def all_at_once_as_a_number(f, x, h):
    """You moved all entries together and returned one number, the sum of all slopes. A gradient has a
    slope for each entry, measured while the others are held still."""
    return (f(x + h) - f(x - h)) / (2 * h)


@numerical_gradient.mistake
def not_put_back(f, x, h):
    """An entry that was moved stays moved while the next one is measured, so only the first slope is
    taken at x. Put each entry back where it was."""
    moved = np.array(x, dtype=np.float64)
    gradient = np.zeros_like(moved)
    for index in np.ndindex(moved.shape):
        moved[index] += h
        above = f(moved)
        moved[index] -= 2 * h
        gradient[index] = (above - f(moved)) / (2 * h)
    return gradient


@numerical_gradient.mistake
def integers_cannot_move(f, x, h):
    """In an array of integers a small step is cut off: 3 + 0.001 is stored as 3. NumPy does not say so.
    What type must the array have that you move?"""
    moved = np.array(x)
    gradient = np.zeros(moved.shape)
    for index in np.ndindex(moved.shape):
        center = moved[index]
        moved[index] = center + h
        above = f(moved)
        moved[index] = center - h
        below = f(moved)
        moved[index] = center
        gradient[index] = (above - below) / (2 * h)
    return gradient


@numerical_gradient.mistake
def integer_gradient(f, x, h):
    """The slopes are right, but they are stored in an array of integers, which cuts off what stands after
    the decimal point. An array made like x has x's type."""
    return slopes(f, x, h).astype(np.asarray(x).dtype)


@numerical_gradient.mistake
def row_by_row(f, x, h):
    """A vector comes out right, a matrix does not: x[i] is a whole row of a matrix, so all its entries
    moved together."""
    moved = np.array(x, dtype=np.float64)
    gradient = np.zeros_like(moved)
    for i in range(len(moved)):
        center = moved[i].copy()
        moved[i] = center + h
        above = f(moved)
        moved[i] = center - h
        gradient[i] = (above - f(moved)) / (2 * h)
        moved[i] = center
    return gradient


@numerical_gradient.mistake
def flattened_copy(f, x, h):
    """You move the entries of a flattened array and hand f the one in its shape. Mostly the two share
    their numbers; of a transposed matrix `reshape` and `ravel` make a copy, so that f sees nothing move."""
    x = np.array(x, dtype=np.float64, order="K")
    flat = x.reshape(-1)
    gradient = np.zeros(flat.shape)
    for i in range(flat.size):
        center = flat[i]
        flat[i] = center + h
        above = f(x)
        flat[i] = center - h
        gradient[i] = (above - f(x)) / (2 * h)
        flat[i] = center
    return gradient.reshape(x.shape)


@numerical_gradient.mistake
def gradient_with_an_own_step(f, x, h):
    """You measure with a step of your own. The caller chooses the step, and with a step of 0.5 the
    central difference of x³ is 3x² + 0.25."""
    return slopes(f, x, 1e-5)


@numerical_gradient.mistake
def last_slope(f, x, h):
    """You returned one slope, that of the last entry. Each slope needs a place of its own in the answer."""
    return float(slopes(f, x, h).reshape(-1)[-1])
