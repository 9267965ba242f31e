"""Answers to the exercises of lesson 01."""

from fractions import Fraction

import numpy as np

from gradlib.checks import Case
from gradlib.checks import lesson_01 as check

from .harness import answers_to

central = answers_to(check.central_difference)


@central.right
def textbook(f, x, h):
    return (f(x + h) - f(x - h)) / (2 * h)


@central.right
def mean_of_both_sides(f, x, h):
    right = (f(x + h) - f(x)) / h
    left = (f(x) - f(x - h)) / h
    return (left + right) / 2


@central.right
def over_the_real_width(f, x, h):
    low, high = x - h, x + h
    return (f(high) - f(low)) / (high - low)


@central.wrong("the forward difference")
def forward(f, x, h):
    return f(x + h) / h - f(x) / h


@central.wrong("the other sign")
def swapped(f, x, h):
    rise = f(x - h) - f(x + h)
    return rise / h / 2


@central.wrong("twice too steep")
def forgot_the_two(f, x, h):
    return 2 * textbook(f, x, h)


@central.wrong("you multiplied by h")
def no_parentheses(f, x, h):
    return (f(x + h) - f(x - h)) / 2 * h


@central.wrong("half the step")
def from_the_middle(f, x, h):
    h = h / 2
    return textbook(f, x, h)


@central.wrong("The caller chooses the step")
def chose_a_step(f, x, h):
    return textbook(f, x, 1e-6)


@central.wrong("it is x that must be moved")
def without_f(f, x, h):
    return (x + h - (x - h)) / (2 * h)


@central.wrong("1 whatever f is")
def moved_the_value(f, x, h):
    return ((f(x) + h) - (f(x) - h)) / (2 * h)


@central.wrong("Only the second value is divided")
def no_parentheses_at_all(f, x, h):
    return f(x + h) - f(x - h) / (2 * h)


@central.wrong("Where f falls, its slope is negative")
def size_of_the_slope(f, x, h):
    return np.abs(f(x + h) - f(x - h)) / (2 * h)


@central.wrong()
def relative_step(f, x, h):
    return textbook(f, x, h * abs(x))


@central.wrong()
def upward_only(f, x, h):
    return max(0.0, textbook(f, x, h))


@central.wrong()
def rounded(f, x, h):
    return round(float(textbook(f, x, h)), 2)


@central.wrong("`return` hands it back")
def printed(f, x, h):
    print(textbook(f, x, h))


@central.wrong("call it as a function")
def implied_product(f, x, h):
    return (f(x + h) - f(x - h)) / h(2)


@central.wrong()
def plus_for_minus(f, x, h):
    return (f(x + h) + f(x - h)) / (2 * h)


@central.wrong()
def forward_and_swapped(f, x, h):
    return (f(x) - f(x + h)) / h


CURVES = [np.sin, np.exp, lambda x: 4 - x**2, lambda x: x**3, lambda x: 7.0]


@central.inputs
def curve_and_place(rng):
    f, x, h = CURVES[rng.integers(len(CURVES))], rng.normal(), rng.uniform(0.01, 1)
    return Case({"f": f, "x": x, "h": h}, expected=(f(x + h) - f(x - h)) / (2 * h))


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


@order.wrong()
def always_two(error, h):
    return 2.0


@order.wrong()
def error_alone(error, h):
    return error(h)


@order.inputs
def power(rng):
    c, p, h = rng.uniform(0.1, 9), rng.choice([-1, 0.5, 1, 1.5, 2, 3, 4]), 10 ** rng.uniform(-6, 0)
    return Case({"error": lambda h: c * h**p, "h": h}, expected=p, atol=0.05, rtol=0.0)


step = answers_to(check.best_step)


@step.right
def cube_root(dtype):
    return np.cbrt(np.finfo(dtype).eps)


@step.right
def looked_up(dtype):
    return {np.float32: 1e-2, np.float64: 1e-5}[dtype]


@step.right
def measured(dtype):
    steps = [dtype(10.0**-k) for k in range(1, 12)]
    x = dtype(0.8)
    errors = [abs((np.sin(x + h) - np.sin(x - h)) / (2 * h) - np.cos(0.8)) for h in steps]
    return steps[int(np.argmin(errors))]


@step.wrong("best step of a forward difference")
def square_root(dtype):
    return np.sqrt(np.finfo(dtype).eps)


@step.wrong("calculated before divisions")
def precedence(dtype):
    return np.finfo(dtype).eps ** 1 / 3


@step.wrong("ε itself")
def epsilon(dtype):
    return 1.2e-7 if dtype == np.float32 else 2.2e-16


@step.wrong("one step for both")
def cube_root_of_float64(dtype):
    return np.finfo(float).eps ** (1 / 3)


@step.wrong("not the step")
def error_that_remains(dtype):
    return cube_root(dtype) ** 2


@step.wrong("rounded away")
def tiniest(dtype):
    return np.finfo(dtype).tiny


@step.wrong("A step is a positive number")
def zero(dtype):
    return 0.0


@step.wrong("truncation: the step is too long")
def far_too_long(dtype):
    return 0.1


@step.wrong("A step is a positive number")
def downward(dtype):
    return -cube_root(dtype)


@step.wrong("A step is a positive number")
def endless(dtype):
    return float("inf")


@step.wrong("round-off: the step is too short")
def far_too_short(dtype):
    return 1e-10


@step.wrong("expected a number")
def pair(dtype):
    return 1e-5, 5e-3


@step.inputs
def one_of_the_two(rng):
    return list(check.best_step.cases())[rng.integers(2)]


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


@actual.wrong("distance from x to the next number")
def neighbour(x, h):
    return np.nextafter(abs(x), np.inf) - abs(x)


@actual.wrong()
def rounding_error(x, h):
    return np.finfo(float).eps


@actual.wrong("a negative h moves x down")
def size_of_the_step(x, h):
    return np.abs(x + h - x)


@actual.wrong()
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


gradient = answers_to(check.numerical_gradient)


@gradient.right
def one_entry_at_a_time(f, x, h=1e-5):
    moved = np.array(x, dtype=float)
    slopes = np.zeros(moved.shape)
    for i in np.ndindex(moved.shape):
        center = moved[i]
        moved[i] = center + h
        above = f(moved)
        moved[i] = center - h
        below = f(moved)
        moved[i] = center
        slopes[i] = (above - below) / (2 * h)
    return slopes


@gradient.right
def one_direction_at_a_time(f, x, h):
    directions = np.eye(x.size).reshape(x.size, *x.shape)
    return np.array([(f(x + h * e) - f(x - h * e)) / (2 * h) for e in directions]).reshape(x.shape)


@gradient.right
def in_place_and_put_back_at_last(f, x, h):
    if x.dtype != float:
        return in_place_and_put_back_at_last(f, x.astype(float), h)
    slopes, kept = np.empty(x.shape), x.copy()
    try:
        for i in np.ndindex(x.shape):
            x[i] = kept[i] + h
            above = f(x)
            x[i] = kept[i] - h
            slopes[i] = (above - f(x)) / (2 * h)
            x[i] = kept[i]
    finally:
        x[...] = kept
    return slopes


@gradient.wrong("forward difference")
def one_sided(f, x, h):
    return np.array([(f(x + h * e) - f(x)) / h for e in np.eye(x.size).reshape(-1, *x.shape)]).reshape(x.shape)


@gradient.wrong("twice too steep")
def twice(f, x, h):
    return 2 * one_direction_at_a_time(f, x, h)


@gradient.wrong("the other sign")
def right_to_left(f, x, h):
    return one_direction_at_a_time(f, x, -h) * -1


@gradient.wrong("You moved all entries together, which gives the sum")
def all_together(f, x, h):
    return np.ones(x.shape) * textbook(f, x, h)


@gradient.wrong("returned one number, the sum")
def no_loop(f, x, h):
    return textbook(f, x, h)


@gradient.wrong("stays moved")
def stays_moved(f, x, h):
    moved, slopes = x.astype(float), np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        moved[i] = moved[i] + h
        above = f(moved)
        moved[i] = moved[i] - 2 * h
        slopes[i] = (above - f(moved)) / (2 * h)
    return slopes


@gradient.wrong("a small step is cut off")
def kept_integers(f, x, h):
    moved, slopes = x.copy(), np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        moved[i] = x[i] + h
        above = f(moved)
        moved[i] = x[i] - h
        slopes[i] = (above - f(moved)) / (2 * h)
        moved[i] = x[i]
    return slopes


@gradient.wrong("an array of integers, which cuts off")
def stored_in_integers(f, x, h):
    slopes = np.zeros_like(x)
    slopes[...] = one_entry_at_a_time(f, x, h)
    return slopes


@gradient.wrong("x[i] is a whole row")
def row_by_row(f, x, h):
    x, slopes = x.astype(float), np.zeros(x.shape)
    for i in range(len(x)):
        step = np.zeros(x.shape)
        step[i] = h
        slopes[i] = (f(x + step) - f(x - step)) / (2 * h)
    return slopes


@gradient.wrong("make a copy, so that f sees nothing move")
def flattened(f, x, h):
    moved, slopes = x.astype(float, order="K"), np.zeros(x.size)
    flat = moved.ravel()
    for i in range(x.size):
        center = flat[i]
        flat[i] = center + h
        above = f(moved)
        flat[i] = center - h
        slopes[i] = (above - f(moved)) / (2 * h)
        flat[i] = center
    return slopes.reshape(x.shape)


@gradient.wrong("changed x, which belongs to the caller")
def not_put_back_when_f_fails(f, x, h):
    if x.dtype != float:
        return one_entry_at_a_time(f, x, h)
    slopes = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        center = x[i]
        x[i] = center + h
        above = f(x)
        x[i] = center - h
        slopes[i] = (above - f(x)) / (2 * h)
        x[i] = center
    return slopes


@gradient.wrong("changed x, which belongs to the caller")
def never_put_back(f, x, h):
    if x.dtype != float:
        return one_entry_at_a_time(f, x, h)
    slopes = one_entry_at_a_time(f, x, h)
    x += h
    return slopes


@gradient.wrong("has shape (4,), expected (2, 1, 2)")
def flat_answer(f, x, h):
    return one_entry_at_a_time(f, x, h) if x.ndim < 2 else one_entry_at_a_time(f, x, h).ravel()


@gradient.wrong("expected an array of shape (2,)")
def list_of_slopes(f, x, h):
    return one_entry_at_a_time(f, x, h).tolist()


@gradient.wrong("A single number has no length")
def vectors_only(f, x, h):
    return one_entry_at_a_time(f, x, h) if len(x) else x


@gradient.wrong("one slope, that of the last entry")
def overwritten(f, x, h):
    for i in np.ndindex(x.shape):
        slope = one_entry_at_a_time(f, x, h)[i]
    return slope


@gradient.wrong("The caller chooses the step")
def chose_a_step(f, x, h):
    return one_entry_at_a_time(f, x, 1e-4)


@gradient.wrong("more indices than the array has axes")
def f_of_a_flat_array(f, x, h):
    return one_entry_at_a_time(f, x.ravel(), h).reshape(x.shape)


@gradient.wrong()
def sizes_of_the_slopes(f, x, h):
    return np.abs(one_entry_at_a_time(f, x, h))


@gradient.wrong()
def two_axes_at_most(f, x, h):
    return one_entry_at_a_time(f, x, h) if x.ndim < 3 else np.zeros(x.shape)


@gradient.wrong()
def at_a_rounded_place(f, x, h):
    return one_entry_at_a_time(f, np.round(x, 1), h)


@gradient.wrong()
def normalised(f, x, h):
    slopes = one_entry_at_a_time(f, x, h)
    return slopes / np.linalg.norm(slopes)


@gradient.inputs
def array(rng):
    shape = tuple(rng.integers(1, 4, size=rng.integers(0, 4)))
    x = rng.integers(-3, 4, size=shape) if rng.integers(2) else rng.normal(size=shape)
    f = check.WAVES if rng.integers(2) else lambda x: (x**3).sum()
    return {"f": f, "x": np.asarray(x), "h": rng.choice([1e-3, 0.1, 0.5])}
