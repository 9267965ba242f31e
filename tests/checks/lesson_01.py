"""Answers to the exercises of lesson 01."""

from fractions import Fraction

import numpy as np

from gradlib.checks import Case
from gradlib.checks import lesson_01 as check

from .harness import answers_to

along = answers_to(check.slope_along)


@along.right
def unit_arrow(f, x, direction, h):
    u = direction / np.sqrt((direction**2).sum())
    return (f(x + h * u) - f(x - h * u)) / (2 * h)


@along.right
def two_steps_of_the_arrow(f, x, direction, h):
    length = (direction * direction).sum() ** 0.5
    step = direction * (h / length)
    low = x - step
    return (f(low + 2 * step) - f(low)) / (h + h)


@along.right
def norm(f, x, direction, h):
    u = direction / np.linalg.norm(direction)
    above, below = f(x + u * h), f(x - u * h)
    return 0.5 * (above - below) / h


@along.wrong("make its length 1 first")
def not_normalised(f, x, direction, h):
    return (f(x + h * direction) - f(x - h * direction)) / (2 * h)


@along.wrong("by its squared length")
def squared_length(f, x, direction, h):
    u = direction / (direction**2).sum()
    return (f(x + h * u) - f(x - h * u)) / (2 * h)


@along.wrong("by the sum of its entries")
def over_the_sum(f, x, direction, h):
    u = direction / np.sum(direction)
    return (f(x + h * u) - f(x - h * u)) / (2 * h)


@along.wrong("the sum of the sizes")
def over_the_sizes(f, x, direction, h):
    u = direction / sum(abs(each) for each in direction.ravel())
    return (f(x + h * u) - f(x - h * u)) / (2 * h)


@along.wrong("by its largest entry")
def over_the_largest(f, x, direction, h):
    u = direction / abs(direction).max()
    return (f(x + h * u) - f(x - h * u)) / (2 * h)


@along.wrong("forward difference")
def forward(f, x, direction, h):
    u = direction / np.sqrt((direction**2).sum())
    return (f(x + h * u) - f(x)) / h


@along.wrong("a backward difference")
def backward(f, x, direction, h):
    u = direction / np.linalg.norm(direction)
    return (f(x) - f(x - h * u)) / h


@along.wrong("divided by its length afterwards")
def length_at_the_end(f, x, direction, h):
    return (f(x + h * direction) - f(x - h * direction)) / (2 * h) / np.linalg.norm(direction)


@along.wrong("You lost the signs of the direction's entries")
def sizes_of_the_direction(f, x, direction, h):
    return unit_arrow(f, x, abs(direction), h)


@along.wrong("You asked f around 0")
def x_forgotten(f, x, direction, h):
    u = direction / np.linalg.norm(direction)
    return (f(h * u) - f(-h * u)) / (2 * h)


@along.wrong("twice too steep")
def over_h(f, x, direction, h):
    return 2 * unit_arrow(f, x, direction, h)


@along.wrong("you multiplied by h")
def no_parentheses(f, x, direction, h):
    u = direction / np.sqrt((direction**2).sum())
    return (f(x + h * u) - f(x - h * u)) / 2 * h


@along.wrong("A slope is the rise divided by the width")
def rise(f, x, direction, h):
    u = direction / np.sqrt((direction**2).sum())
    return f(x + h * u) - f(x - h * u)


@along.wrong("the other sign")
def swapped(f, x, direction, h):
    return unit_arrow(f, x, -direction, h)


@along.wrong("You lost the sign")
def size_alone(f, x, direction, h):
    return np.abs(unit_arrow(f, x, direction, h))


@along.wrong("You moved all entries by h")
def all_together(f, x, direction, h):
    return 0.5 * (f(x + h) - f(x - h)) / h


@along.wrong("The caller chooses the step")
def chose_a_step(f, x, direction, h):
    return unit_arrow(f, x, direction, 1e-6)


@along.wrong("your code runs f 10 times")
def from_the_gradient(f, x, direction, h):
    slopes = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        e = np.zeros(x.shape)
        e[index] = h
        slopes[index] = (f(x + e) - f(x - e)) / (2 * h)
    return (slopes * direction).sum() / np.sqrt((direction**2).sum())


@along.wrong("You lost the sign")
def forward_only(f, x, direction, h):
    return abs(unit_arrow(f, x, direction, h))


@along.wrong("lie h apart")
def half_a_step(f, x, direction, h):
    return unit_arrow(f, x, direction, h / 2)


@along.wrong()
def at_the_direction(f, x, direction, h):
    return unit_arrow(f, direction, x + 1, h)


@along.wrong()
def integers_stay(f, x, direction, h):
    u = (direction / np.sqrt((direction**2).sum())).astype(int)
    return (f(x + h * u) - f(x - h * u)) / (2 * h)


@along.wrong()
def vectors_of_two(f, x, direction, h):
    return unit_arrow(f, x, direction, h) if x.ndim == 1 else 0.0


@along.inputs
def any_direction(rng):
    shape = [(2,), (3,), (2, 2)][rng.integers(3)]
    weights = rng.normal(size=shape)
    x, direction = rng.normal(size=shape), rng.normal(size=shape)
    return {"f": lambda x: (weights * x**3).sum(), "x": x, "direction": direction, "h": rng.uniform(0.1, 0.5)}


order = answers_to(check.error_order)


@order.right
def halved(error, h):
    return np.log2(error(h) / error(h / 2))


@order.right
def a_tenth(error, h):
    return np.log10(error(h)) - np.log10(error(h / 10))


@order.right
def fitted(error, h):
    steps = h * np.array([1.0, 0.5, 0.25])
    return np.polyfit(np.log(steps), np.log(error(steps)), 1)[0]


@order.right
def doubled(error, h):
    low, high = np.log(error(h)), np.log(error(2 * h))
    return (high - low) / np.log(2)


@order.wrong("round the order to an integer")
def whole_number(error, h):
    return round(float(halved(error, h)))


@order.wrong("how many times smaller")
def ratio(error, h):
    return error(h) / error(0.5 * h)


@order.wrong("the wrong sign")
def negative(error, h):
    return -np.log2(error(h) / error(h / 2))


@order.wrong("0.69 times the order")
def natural(error, h):
    return np.log(error(h)) - np.log(error(h / 2))


@order.wrong("factors of ten")
def decimal(error, h):
    return np.log10(error(h)) - np.log10(error(h / 2))


@order.wrong("the step changed by a factor of ten")
def two_and_ten(error, h):
    return np.log2(error(h)) - np.log2(error(0.1 * h))


@order.wrong("You took the root of the quotient")
def root_of_the_quotient(error, h):
    return (error(h) / error(h / 2)) ** 0.5


@order.wrong("You halved the quotient")
def half_the_quotient(error, h):
    return 0.5 * error(h) / error(h / 2)


@order.wrong("half the order")
def over_log_four(error, h):
    return np.log(error(h) / error(h / 2)) / np.log(4)


@order.wrong("if c were 1")
def through_the_origin(error, h):
    return np.log10(error(h)) / np.log10(h)


@order.wrong("ordinary axes")
def plain_slope(error, h):
    return (error(h / 2) - error(h)) / (h / 2 - h)


@order.wrong("a step of your own")
def chose_a_step(error, h):
    return halved(error, 0.01)


@order.wrong()
def chose_a_tiny_step(error, h):
    return halved(error, 1e-8)


@order.wrong()
def size_of_the_order(error, h):
    return abs(halved(error, h))


@order.wrong("2 for every error")
def always_two(error, h):
    return 2.0


@order.wrong()
def error_alone(error, h):
    return error(h)


@order.inputs
def power(rng):
    c, p, h = rng.uniform(0.1, 9), rng.choice([-1, 0.5, 1, 1.5, 2, 3, 4]), 10 ** rng.uniform(-6, 0)
    return Case({"error": lambda h: c * h**p, "h": h}, expected=p, atol=0.05, rtol=0.0)


step = answers_to(check.step_of_order)


@step.right
def root(dtype, p):
    return np.finfo(dtype).eps ** (1 / (p + 1))


@step.right
def by_logarithms(dtype, p):
    return np.exp(np.log(np.finfo(dtype).eps) / (1 + p))


@step.right
def tried(dtype, p):
    steps = [10.0 ** (-k / 8) for k in range(200)]
    errors = [max(h**p, float(np.finfo(dtype).eps) / h) for h in steps]
    return steps[int(np.argmin(errors))]


@step.wrong("for p = 2 alone")
def third(dtype, p):
    return np.cbrt(np.finfo(dtype).eps)


@step.wrong("it is divided by the step")
def one_root_lower(dtype, p):
    return np.finfo(dtype).eps ** (1 / p)


@step.wrong("and not the step")
def error_that_remains(dtype, p):
    return root(dtype, p) ** p


@step.wrong("calculated before divisions")
def precedence(dtype, p):
    return np.finfo(dtype).eps ** 1 / (p + 1)


@step.wrong("ε itself")
def epsilon(dtype, p):
    return 1.2e-7 if dtype == np.float32 else 2.2e-16


@step.wrong("the same in float32")
def float64_alone(dtype, p):
    return np.finfo(float).eps ** (1 / (p + 1))


@step.wrong("rounded away")
def tiniest(dtype, p):
    return np.finfo(dtype).tiny


@step.wrong("the sign of the power")
def upside_down(dtype, p):
    return float(np.finfo(dtype).eps) ** -(1 / (p + 1))


@step.wrong("A step is a positive number")
def zero(dtype, p):
    return 0.0


@step.wrong("A step is a positive number")
def downward(dtype, p):
    return -root(dtype, p)


@step.wrong("A step is a positive number")
def endless(dtype, p):
    return float("inf")


@step.wrong("truncation: the step is too long")
def far_too_long(dtype, p):
    return 0.5


@step.wrong("round-off: the step is too short")
def far_too_short(dtype, p):
    return 1e-12


@step.wrong("expected a number")
def pair(dtype, p):
    return root(dtype, p), root(dtype, p) ** p


@step.wrong()
def square_root(dtype, p):
    return np.sqrt(np.finfo(dtype).eps)


@step.inputs
def any_order(rng):
    dtype, p = [np.float32, np.float64][rng.integers(2)], int(rng.integers(1, 7))
    best = float(np.finfo(dtype).eps) ** (1 / (p + 1))
    return Case({"dtype": dtype, "p": p}, accept=lambda h: check.near_the_best(h, best, dtype, p))


actual = answers_to(check.actual_step)


@actual.right
def there_and_back(x, h):
    return (x + h) - x


@actual.right
def exactly(x, h):
    return float(Fraction(float(x + h)) - Fraction(float(x)))


@actual.wrong("the step that was asked for")
def asked_for(x, h):
    return x - x + h


@actual.wrong("where x lands")
def landed(x, h):
    return h + x


@actual.wrong("how much of the step is lost")
def lost(x, h):
    moved = x + h
    return h - (moved - x)


@actual.wrong("slope that you would measure")
def relative(x, h):
    return (x + h - x) / h


@actual.wrong("In floating point the order counts")
def wrong_order(x, h):
    return -x + h + x


@actual.wrong("never forms x + h")
def moved_down(x, h):
    return x - (x - h)


@actual.wrong("The sign is wrong")
def turned_round(x, h):
    return x - (x + h)


@actual.wrong("when h is *added*")
def h_subtracted(x, h):
    moved = x - h
    return moved - x


@actual.wrong("Your answer is always 0")
def nothing_moves(x, h):
    return x * 0.0


@actual.wrong("a multiple of ε")
def whole_epsilons(x, h):
    return np.round(np.float64(h) / 2**-52) * 2**-52


@actual.wrong("half of the way")
def mean_of_both_steps(x, h):
    return 0.5 * ((x + h) - (x - h))


@actual.wrong("distance from x to the next number")
def neighbour(x, h):
    return np.nextafter(abs(x), np.inf) - abs(x)


@actual.wrong()
def rounding_error(x, h):
    return np.finfo(float).eps


@actual.wrong("a negative h moves x down")
def size_of_the_step(x, h):
    return np.abs(x + h - x)


@actual.wrong("You turned x and h into float64")
def in_float64(x, h):
    return (float(x) + float(h)) - float(x)


@actual.wrong()
def never_stays(x, h):
    return (x + h) - x or h


@actual.inputs
def place_and_step(rng):
    dtype = rng.choice([np.float64, np.float32])
    exponent = rng.uniform(-17, 0) if dtype is np.float64 else rng.uniform(-8, 0)
    return {"x": dtype(rng.choice([1.0, 0.0, rng.normal()])), "h": dtype(rng.normal() * 10**exponent)}


bend = answers_to(check.curvatures)


@bend.right
def by_differences(f, x, h):
    x = np.array(x, dtype=float)
    answer = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        e = np.zeros(x.shape)
        e[i] = h
        answer[i] = (f(x + e) - 2 * f(x) + f(x - e)) / h**2
    return answer


@bend.right
def entry_by_entry(f, x, h):
    moved = np.array(x, dtype=np.float64)
    answer = np.zeros_like(moved)
    for i in np.ndindex(moved.shape):
        center = moved[i]
        here = f(moved)
        moved[i] = center + h
        right = (f(moved) - here) / h
        moved[i] = center - h
        left = (here - f(moved)) / h
        moved[i] = center
        answer[i] = (right - left) / h
    return answer


@bend.right
def in_place_and_put_back_at_last(f, x, h):
    if x.dtype != float:
        return in_place_and_put_back_at_last(f, x.astype(float), h)
    answer, kept = np.empty(x.shape), x.copy()
    try:
        for i in np.ndindex(x.shape):
            middle = f(x)
            x[i] = kept[i] + h
            above = f(x)
            x[i] = kept[i] - h
            answer[i] = (above - 2 * middle + f(x)) / (h * h)
            x[i] = kept[i]
    finally:
        x[...] = kept
    return answer


def bent(rule):
    """An answer that applies a rule to f above, at and below each entry."""

    def answer(f, x, h):
        x = np.array(x, dtype=float)
        found = np.zeros(x.shape)
        for i in np.ndindex(x.shape):
            e = np.zeros(x.shape)
            e[i] = h
            found[i] = rule(f(x + e), f(x), f(x - e), h)
        return found

    return answer


bend.wrong("Those are the slopes")(bent(lambda a, m, b, h: (a - b) / (2 * h)))
bend.wrong("did not divide by the distance h")(bent(lambda a, m, b, h: (a - m) / h - (m - b) / h))
bend.wrong("Two divisions make h²")(bent(lambda a, m, b, h: (a - m) - (m - b)))
bend.wrong("it is h, not 2h")(bent(lambda a, m, b, h: ((a - m) / h - (m - b) / h) / (2 * h)))
bend.wrong("You divided by (2h)²")(bent(lambda a, m, b, h: (a + b - 2 * m) / (2 * h) ** 2))
bend.wrong("You subtracted f(x) once")(bent(lambda a, m, b, h: (a - m + b) / h**2))
bend.wrong("You added 2 f(x)")(bent(lambda a, m, b, h: (a + 2 * m + b) / (h * h)))
bend.wrong("a step of your own. Divide")(bent(lambda a, m, b, h: (a - 2 * m + b) / 1e-10))
bend.wrong("the other sign")(bent(lambda a, m, b, h: ((m - b) / h - (a - m) / h) / h))
bend.wrong("You lost the sign of the bends")(bent(lambda a, m, b, h: abs(a - 2 * m + b) / h**2))
bend.wrong()(bent(lambda a, m, b, h: (a - m) / h))
bend.wrong()(bent(lambda a, m, b, h: (a + b) / h**2))


@bend.wrong("Both of your slopes lie to the right")
def two_forward_differences(f, x, h):
    def slope(x, i):
        e = np.zeros(x.shape)
        e[i] = h
        return (f(x + e) - f(x)) / h, x + e

    x = np.array(x, dtype=float)
    answer = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        first, moved = slope(x, i)
        answer[i] = (slope(moved, i)[0] - first) / h
    return answer


@bend.wrong("You moved all entries together. To know")
def all_together(f, x, h):
    return np.ones(x.shape) * (f(x + h) - 2 * f(x) + f(x - h)) / h**2


@bend.wrong("returned one number")
def no_loop(f, x, h):
    return (f(x + h) - 2 * f(x) + f(x - h)) / h**2


@bend.wrong("stays moved")
def stays_moved(f, x, h):
    moved, answer = x.astype(float), np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        middle = f(moved)
        moved[i] = moved[i] + h
        above = f(moved)
        moved[i] = moved[i] - 2 * h
        answer[i] = (above - 2 * middle + f(moved)) / h**2
    return answer


@bend.wrong("a small step is cut off")
def kept_integers(f, x, h):
    moved, answer = x.copy(), np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        moved[i] = x[i] + h
        above = f(moved)
        moved[i] = x[i] - h
        answer[i] = (above - 2 * f(x) + f(moved)) / h**2
        moved[i] = x[i]
    return answer


@bend.wrong("an array of integers, which cuts off")
def stored_in_integers(f, x, h):
    answer = np.zeros_like(x)
    answer[...] = by_differences(f, x, h)
    return answer


@bend.wrong("x[i] is a whole row")
def rows(f, x, h):
    x, answer = x.astype(float), np.zeros(x.shape)
    for i in range(len(x)):
        e = np.zeros(x.shape)
        e[i] = h
        answer[i] = (f(x + e) - 2 * f(x) + f(x - e)) / h**2
    return answer


@bend.wrong("changed x, which belongs to the caller")
def not_put_back_when_f_fails(f, x, h):
    if x.dtype != float:
        return by_differences(f, x, h)
    answer = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        center = x[i]
        x[i] = center + h
        above = f(x)
        x[i] = center - h
        below = f(x)
        x[i] = center
        answer[i] = (above - 2 * f(x) + below) / h**2
    return answer


@bend.wrong("changed x, which belongs to the caller")
def never_put_back(f, x, h):
    if x.dtype != float:
        return by_differences(f, x, h)
    answer = by_differences(f, x, h)
    x += h
    return answer


@bend.wrong("has shape (4,), expected (2, 1, 2)")
def flat_answer(f, x, h):
    return by_differences(f, x, h) if x.ndim < 2 else by_differences(f, x, h).ravel()


@bend.wrong("expected an array of shape (2,)")
def list_of_bends(f, x, h):
    return by_differences(f, x, h).tolist()


@bend.wrong("one bend, that of the last entry")
def overwritten(f, x, h):
    for i in np.ndindex(x.shape):
        answer = by_differences(f, x, h)[i]
    return answer


@bend.wrong("The caller chooses the step")
def chose_a_step(f, x, h):
    return by_differences(f, x, 1e-3)


@bend.wrong()
def two_axes_at_most(f, x, h):
    return by_differences(f, x, h) if x.ndim < 3 else np.zeros(x.shape)


@bend.wrong()
def at_a_rounded_place(f, x, h):
    return by_differences(f, np.round(x, 1), h)


@bend.inputs
def array(rng):
    shape = tuple(rng.integers(1, 4, size=rng.integers(0, 4)))
    x = rng.integers(-3, 4, size=shape) if rng.integers(2) else rng.normal(size=shape)
    f = check.WAVES if rng.integers(2) else lambda x: (x**3).sum()
    return {"f": f, "x": np.asarray(x), "h": rng.choice([1e-2, 0.1, 0.5])}


touch = answers_to(check.touching_point)


def halving(slope_is_negative):
    """The search by halving; slope_is_negative(f, g, x) says which half is kept."""

    def answer(f, g, low, high):
        for _ in range(50):
            middle = (low + high) / 2
            if slope_is_negative(f, g, middle):
                low = middle
            else:
                high = middle
        return middle

    return answer


@touch.right
def by_halving(f, g, low, high):
    def gap(x):
        return f(x) - g(x)

    while high - low > 1e-5:
        middle = (low + high) / 2
        if gap(middle + 1e-6) < gap(middle - 1e-6):
            low = middle
        else:
            high = middle
    return middle


@touch.right
def by_two_slopes(f, g, low, high):
    for _ in range(40):
        x = low + (high - low) / 2
        slope_of_f = (f(x + 1e-5) - f(x - 1e-5)) / 2e-5
        slope_of_g = (g(x + 1e-5) - g(x - 1e-5)) / 2e-5
        if slope_of_f < slope_of_g:
            low = x
        else:
            high = x
    return low


@touch.right
def finer_and_finer(f, g, low, high):
    places = np.linspace(low, high, 101)
    for _ in range(4):
        best = int(np.argmin([f(x) - g(x) for x in places]))
        width = places[1] - places[0]
        places = np.linspace(max(places[best] - width, low), min(places[best] + width, high), 101)
    return float(places[int(np.argmin([f(x) - g(x) for x in places]))])


def gap(f, g, x):
    return f(x) - g(x)


touch.wrong("the right end of the interval")(halving(lambda f, g, x: f(x) - g(x) > 0))
touch.wrong("the left end of the interval")(halving(lambda f, g, x: f(x) - g(x) < 0))
touch.wrong("where f alone is lowest")(halving(lambda f, g, x: f(x + 1e-6) < f(x - 1e-6)))
touch.wrong()(halving(lambda f, g, x: g(x + 1e-6) < g(x - 1e-6)))
touch.wrong()(halving(lambda f, g, x: gap(f, g, x + 0.1) < gap(f, g, x)))  # a forward difference with a long step
touch.wrong("the half without the point")(halving(lambda f, g, x: gap(f, g, x + 1e-6) > gap(f, g, x - 1e-6)))


@touch.wrong("the middle of the interval")
def no_search(f, g, low, high):
    return 0.5 * low + 0.5 * high


@touch.wrong("how high the curves are")
def height(f, g, low, high):
    return g(by_halving(f, g, low, high))


@touch.wrong("That is the gap")
def gap_itself(f, g, low, high):
    x = by_halving(f, g, low, high)
    return f(x) - g(x)


def in_steps_of(step):
    return lambda f, g, low, high: float(min(np.arange(low, high, step), key=lambda x: f(x) - g(x)))


touch.wrong("two digits after the point")(in_steps_of(0.01))
touch.wrong("three digits after the point")(in_steps_of(0.001))
touch.wrong("in steps that are too long")(in_steps_of(0.002))


@touch.wrong("three digits after the point")
def rounded_to_three_digits(f, g, low, high):
    return round(touch.rights[0](f, g, low, high), 3)


@touch.wrong("one digit after the point")
def rounded(f, g, low, high):
    return round(by_halving(f, g, low, high), 1)


@touch.wrong("expected a number")
def point(f, g, low, high):
    x = by_halving(f, g, low, high)
    return x, f(x)


@touch.wrong("`return` hands it back")
def printed(f, g, low, high):
    print(by_halving(f, g, low, high))


def until(width):
    """A search by halving that stops when its interval is no longer than the width."""

    def answer(f, g, low, high):
        while high - low > width:
            middle = low + (high - low) / 2
            falls = gap(f, g, middle + 1e-5) < gap(f, g, middle - 1e-5)
            low, high = (middle, high) if falls else (low, middle)
        return low

    return answer


touch.wrong("shorter than 0.1,")(until(0.1))
touch.wrong("shorter than 0.01,")(until(0.01))
touch.wrong("shorter than 0.001,")(until(0.001))


@touch.wrong("best of 101 places")
def a_hundred_steps(f, g, low, high):
    places = [low + k * (high - low) / 100 for k in range(101)]
    return min(places, key=lambda x: gap(f, g, x))


@touch.wrong("the gap is less than 0.001")
def a_gap_that_is_nearly_zero(f, g, low, high):
    x = low
    while f(x) - g(x) >= 1e-3:
        x += 1e-3
    return x


@touch.wrong("best of 100 places")
def a_hundred_places(f, g, low, high):
    places = np.linspace(low, high, 100)
    return float(places[int(np.argmin([f(x) - g(x) for x in places]))])


@touch.inputs
def any_touch(rng):
    at, tilt, bend = rng.uniform(-2, 2), rng.normal(), rng.uniform(0.5, 3)
    low, high = at - rng.uniform(0.5, 3), at + rng.uniform(0.5, 3)
    inputs = {"f": lambda x: bend * (x - at) ** 2 + tilt * x, "g": lambda x: tilt * x, "low": low, "high": high}
    return Case(inputs, expected=at, rtol=0.0, atol=1.5e-4)


ball = answers_to(check.roll_down)


def slopes_at(f, x):
    slopes = np.zeros(len(x))
    for i in range(len(x)):
        e = np.zeros(len(x))
        e[i] = 1e-5
        slopes[i] = (f(x + e) - f(x - e)) / 2e-5
    return slopes


def rolling(
    step=lambda g, length: -length * g / np.sqrt((g**2).sum()),
    refused=lambda length, path: length / 2,
    taken=lambda length, first: length,
    goes_on=lambda length, shortest: length >= shortest,
    lower=lambda new, old: new < old,
):
    """The loop of a learner, in which one thing may differ."""

    def answer(f, start, length, shortest):
        first, path = length, [np.array(start, dtype=float)]
        while goes_on(length, shortest):
            g = slopes_at(f, path[-1])
            if not g.any():
                return np.array(path)
            new = path[-1] + step(g, length)
            if lower(f(new), f(path[-1])):
                path.append(new)
                length = taken(length, first)
            else:
                length = refused(length, path)
                if length is None:
                    return np.array(path)
        return np.array(path)

    return answer


@ball.right
def textbook(f, start, length, shortest):
    path = [np.array(start, dtype=float)]
    while length >= shortest:
        g = slopes_at(f, path[-1])
        if not g.any():
            break
        new = path[-1] - length * g / np.sqrt((g**2).sum())
        if f(new) < f(path[-1]):
            path.append(new)
        else:
            length = length / 2
    return np.array(path)


@ball.right
def step_by_step(f, start, length, shortest):
    here = start * 1.0
    path = [here]
    while not length < shortest:
        gradient = slopes_at(f, here)
        size = np.linalg.norm(gradient)
        if size < 1e-12:
            break
        there = here - length / size * gradient
        if f(there) >= f(here):
            length *= 0.5
            continue
        here = there
        path = [*path, here]
    return np.stack(path)


@ball.right
def rows_of_a_table(f, start, length, shortest):
    path = np.array([start], dtype=np.float64)
    while length >= shortest:
        u = slopes_at(f, path[-1])
        if (u == 0).all():
            break
        u = u / (u * u).sum() ** 0.5
        new = path[-1] - length * u
        if f(new) - f(path[-1]) < 0:
            path = np.concatenate([path, [new]])
        else:
            length = length / 2
    return path


ball.wrong("the step goes against")(rolling(step=lambda g, length: length * g / np.sqrt((g**2).sum())))
ball.wrong("times the gradient")(rolling(step=lambda g, length: -length * g))
ball.wrong("all entries move equally far")(rolling(step=lambda g, length: -length * np.sign(g)))
ball.wrong("the sum of the sizes")(rolling(step=lambda g, length: -length * g / np.abs(g).sum()))
ball.wrong()(rolling(step=lambda g, length: -length * g / (g * g).sum()))
ball.wrong("It should halve the length and go on")(rolling(refused=lambda length, path: None))
ball.wrong("Once halved, it stays halved")(rolling(taken=lambda length, first: first))
ball.wrong("each step that was not taken")(rolling(refused=lambda length, path: path.append(path[-1]) or length / 2))
ball.wrong("when the length equals")(rolling(goes_on=lambda length, shortest: length > shortest))
ball.wrong("one length more")(rolling(goes_on=lambda length, shortest: 2 * length >= shortest))
ball.wrong("the largest entry of the gradient")(rolling(step=lambda g, length: -length * g / np.abs(g).max()))
ball.wrong("a step to the same height")(rolling(lower=lambda new, old: new <= old))
ball.wrong("by 10 where")(rolling(refused=lambda length, path: length / 10))
ball.wrong("by 3 where")(rolling(refused=lambda length, path: length / 3))
ball.wrong("one tenth shorter")(rolling(refused=lambda length, path: 0.9 * length))
ball.wrong()(rolling(taken=lambda length, first: length / 2))
ball.wrong()(rolling(lower=lambda new, old: new > old))


@ball.wrong("you appended the same array each time")
def changed_in_place(f, start, length, shortest):
    here = start.astype(float)
    path = [here]
    while length >= shortest:
        g = slopes_at(f, here)
        if not g.any():
            break
        step = length * g / np.sqrt((g**2).sum())
        if f(here - step) < f(here):
            here -= step
            path.append(here)
        else:
            length = length / 2
    return np.array(path)


@ball.wrong("The start is missing")
def after_the_start(f, start, length, shortest):
    return textbook(f, start, length, shortest)[1:]


@ball.wrong("The start is missing")
def list_without_the_start(f, start, length, shortest):
    path = []
    for place in textbook(f, start, length, shortest)[1:]:
        path.append(place)
    return np.array(path)


@ball.wrong("take the step all the same")
def every_step(f, start, length, shortest):
    path = [np.array(start, dtype=float)]
    while length >= shortest:
        g = slopes_at(f, path[-1])
        if not g.any():
            break
        path.append(path[-1] - length * g / np.linalg.norm(g))
        if f(path[-1]) >= f(path[-2]):
            length = length / 2
    return np.array(path)


@ball.wrong("the path is transposed")
def places_in_columns(f, start, length, shortest):
    return np.stack(list(textbook(f, start, length, shortest)), axis=1)


@ball.wrong("how high the ball was")
def heights_in_a_list(f, start, length, shortest):
    return [f(place) for place in textbook(f, start, length, shortest)]


@ball.wrong("the last place alone")
def end(f, start, length, shortest):
    return textbook(f, start, length, shortest)[-1]


@ball.wrong("how high the ball was")
def heights(f, start, length, shortest):
    return np.array([f(p) for p in textbook(f, start, length, shortest)])


@ball.wrong()
def divides_by_zero(f, start, length, shortest):
    path = [np.array(start, dtype=float)]
    while length >= shortest:
        g = slopes_at(f, path[-1])
        new = path[-1] - length * g / np.sqrt((g**2).sum())
        if f(new) < f(path[-1]):
            path.append(new)
        else:
            length = length / 2
    path.append(new)
    return np.array(path)


@ball.inputs
def any_bowl(rng):
    weights, start = rng.uniform(0.5, 3, size=rng.integers(1, 4)), None
    start = rng.normal(size=weights.shape) * 3
    inputs = {"f": lambda x: (weights * x**2).sum(), "start": start, "length": 1.0, "shortest": rng.choice([0.1, 0.3])}
    return check.rolled(*inputs.values())
