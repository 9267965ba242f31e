"""Answers to the exercises of lesson 07."""

from functools import partial

import numpy as np

from gradlib import Tensor, numerical_gradient
from gradlib.checks import Case
from gradlib.checks import lesson_07 as check
from gradlib.checks.lesson_03 import in_order

from .harness import answers_to

rules = answers_to(check.check_rules)


@rules.right
def with_argmax(forward, rules, inputs):
    inputs = [np.asarray(x, dtype=np.float64) for x in inputs]
    z = forward(*inputs)
    g = np.random.default_rng(5).normal(size=np.shape(z))
    verdicts = []
    for i, (x, rule) in enumerate(zip(inputs, rules, strict=True)):

        def probe(moved, i=i):
            return float(np.sum(g * forward(*inputs[:i], moved, *inputs[i + 1 :])))

        gradient, slopes = rule(g, z, *inputs), numerical_gradient(probe, x)
        if np.shape(gradient) != x.shape:
            verdicts.append("shape")
            continue
        error = np.abs(gradient - slopes)
        bad = ~(error <= 1e-6 + 1e-4 * np.abs(slopes))
        worst = np.argmax(np.where(np.isnan(error), np.inf, error))
        verdicts.append(np.unravel_index(worst, x.shape) if bad.any() else "right")
    return verdicts


@rules.right
def by_hand_with_another_probe(forward, rules, inputs):
    """The step written out, a tolerance relative to the larger of the difference and 1, a dictionary of errors."""
    arrays = [np.array(x, dtype=float) for x in inputs]
    z = forward(*arrays)
    size = np.size(z)
    weights = np.random.default_rng(1).uniform(0.5, 1.5, size=size) * np.cos(1 + np.arange(size))
    weights = weights.reshape(np.shape(z))
    found = []
    for i in range(len(arrays)):
        gradient = np.asarray(rules[i](weights, z, *arrays))
        errors = {}
        for index in np.ndindex(arrays[i].shape) if gradient.shape == arrays[i].shape else ():
            x = arrays[i][index]
            h = 1e-5 * max(1, abs(x))
            totals = []
            for sign in (1, -1):
                arrays[i][index] = x + sign * h
                totals.append((weights * forward(*arrays)).sum())
            arrays[i][index] = x
            difference = (totals[0] - totals[1]) / (2 * h)
            error = abs(difference - gradient[index])
            if not error <= 1e-5 * max(1, abs(difference)):
                errors[index] = error if error == error else float("inf")
        if gradient.shape != arrays[i].shape:
            found.append("shape")
        else:
            found.append(max(errors, key=errors.get) if errors else "right")
    return tuple(found)


@rules.right
def with_capitals_and_numpy_inside(forward, rules, inputs):
    verdicts = check.verdicts_by(forward, rules, inputs, agree=lambda a, b: np.isclose(a, b, rtol=1e-4, atol=1e-5))
    return [each.title() if isinstance(each, str) else tuple(map(np.int64, each)) for each in verdicts]


@rules.right
def an_integer_for_a_vector(forward, rules, inputs):
    verdicts = check.verdicts_by(forward, rules, inputs)
    return [each if isinstance(each, str) or len(each) != 1 else each[0] for each in verdicts]


@rules.inputs
def _(rng):
    if rng.integers(2):
        function, inputs, verdicts, _ = (bugs := check.planted_bugs(rng))[rng.integers(len(bugs))]
        return check.judged_case(function, inputs, verdicts)
    function, inputs, _ = (right := check.right_operations(rng))[rng.integers(len(right))]
    return check.judged_case(function, inputs, ["right"] * len(inputs))


def variation(**options):
    return lambda forward, rules, inputs: check.verdicts_by(forward, rules, inputs, **options)


rules.wrong("You probe with ones")(variation(probe=lambda shape: np.full(shape, 2.0)))
rules.wrong("In float32 a difference")(
    lambda forward, rules, inputs: (
        check.verdicts_by(forward, rules, inputs, dtype=inputs[0].dtype)
        if inputs[0].dtype == np.float64
        else check.verdicts_by(forward, rules, inputs, dtype=np.float32, slopes_of=check.differences(lambda x: 1e-7))
    )
)
rules.wrong("first entry of each input")(variation(only=lambda i, index: set(index) <= {0}))
rules.wrong("call the others right")(
    lambda forward, rules, inputs: check.verdicts_by(forward, rules, inputs)[:1] + ["right"] * (len(inputs) - 1)
)
rules.wrong("You never compare shapes")(variation(shapes=False))
rules.wrong("divide the error by the gradient")(variation(agree=lambda a, b: abs(a - b) <= 1e-5 * abs(b)))
rules.wrong("in proportion, as well")(variation(agree=lambda a, b: abs(a - b) <= 1e-7))
rules.wrong("A gradient that is nan passes")(variation(agree=lambda a, b: not abs(a - b) > 2e-6 * max(1, abs(b))))
rules.wrong("nan is not even a number")(
    variation(worst=lambda wrong: sorted(wrong, key=lambda each: np.nan_to_num(each[0], nan=0.0))[-1])
)
rules.wrong("take the absolute value")(
    variation(agree=lambda a, b: a < b + 1e-6 + 1e-5 * abs(b), error=lambda a, b: a - b)
)
rules.wrong("Let the step grow")(variation(slopes_of=check.differences(lambda x: 3e-7)))
rules.wrong("Your step is in proportion to |x|")(variation(slopes_of=check.differences(lambda x: 6e-6 * abs(x))))
rules.wrong("Your differences go to one side")(
    variation(slopes_of=check.differences(lambda x: 1e-6 * max(1, x), forward=True))
)
rules.wrong("You name the first entry that is wrong")(variation(worst=lambda wrong: min(wrong, key=lambda e: e[1])))


@rules.wrong()
def different_probes(forward, rules, inputs):
    return check.verdicts_by(
        forward, [lambda g, *others, rule=rule: rule(0 * g + 1, *others) for rule in rules], inputs
    )


@rules.wrong()
def sums_for_the_differences(forward, rules, inputs):
    arrays = [np.array(x, dtype=float) for x in inputs]
    z, verdicts = forward(*arrays), []
    g = np.random.default_rng(8).normal(size=np.shape(z))
    for i, rule in enumerate(rules):
        slopes = numerical_gradient(lambda x, i=i: np.sum(forward(*arrays[:i], x, *arrays[i + 1 :])), arrays[i])
        gradient = np.asarray(rule(g, z, *arrays))
        if gradient.shape != slopes.shape:
            verdicts.append("shape")
            continue
        error = np.abs(gradient - slopes)
        worst = np.unravel_index(np.argmax(np.nan_to_num(error, nan=np.inf)), error.shape)
        verdicts.append("right" if np.all(error <= 1e-6 + 1e-5 * np.abs(slopes)) else worst)
    return verdicts


rules.wrong()(variation(agree=lambda a, b: abs(a - b) <= 1e-12))
rules.wrong("an error of a hundredth passes")(variation(agree=lambda a, b: abs(a - b) <= 0.1))
rules.wrong("in proportion to its gradient")(
    variation(error=lambda a, b: np.inf if np.isnan(a) else abs(a - b) / max(abs(b), 1e-9))
)
for small in (1e-2, 1e-10, 1e-12):
    rules.wrong()(variation(slopes_of=check.differences(lambda x, small=small: small * max(1, x))))
rules.wrong()(variation(worst=lambda wrong: wrong[-1]))
rules.wrong()(lambda forward, rules, inputs: ["right"] * len(inputs))
rules.wrong()(lambda forward, rules, inputs: [(0,) * np.ndim(x) for x in inputs])
rules.wrong("with one verdict for each")(lambda forward, rules, inputs: True)
rules.wrong("with one verdict for each")(
    lambda forward, rules, inputs: (v for v in check.verdicts_by(forward, rules, inputs))
)
rules.wrong('A verdict is "right", "shape"')(lambda forward, rules, inputs: ["fine"] * len(inputs))
rules.wrong("is a tuple with")(
    lambda forward, rules, inputs: [
        each if isinstance(each, str) else int(np.ravel_multi_index(each, x.shape)) if each else 0
        for each, x in zip(check.verdicts_by(forward, rules, inputs), inputs, strict=True)
    ]
)


@rules.wrong()
def only_the_totals(forward, rules, inputs):
    arrays = [np.asarray(x, float) for x in inputs]
    z = forward(*arrays)
    g = np.random.default_rng(0).normal(size=np.shape(z))
    found = []
    for i, rule in enumerate(rules):
        h = 1e-5
        moved = [[y + sign * h * (i == j) for j, y in enumerate(arrays)] for sign in (1, -1)]
        above, below = ((forward(*each) * g).sum() for each in moved)
        agree = abs((above - below) / (2 * h) - np.sum(rule(g, z, *arrays))) <= 1e-4
        found.append("right" if agree else (0,) * arrays[i].ndim)
    return found


@rules.wrong("Your code changed inputs")
def input_not_restored(forward, rules, inputs):
    answer = check.verdicts_by(forward, rules, inputs)
    for x in inputs:
        x += 1e-6
    return answer


six = answers_to(check.verdicts)
SIX = dict(check.JUDGEMENTS)


@six.right
def as_computed():
    return SIX


six.right({key: SIX[key].upper() for key in reversed(SIX)})
six.stub(dict.fromkeys(SIX, ...))
six.wrong("To which of them is 3 + 1e-7 rounded")({**SIX, "B": "right"})
six.wrong("Is 6.3 near 0")({**SIX, "B": "bug missed"})
six.wrong("A large step suffers from the bend")({**SIX, "C": "false alarm"})
six.wrong("to which of the two rules is it near")({**SIX, "C": "bug missed"})
six.wrong("And the wrong one?")({**SIX, "D": "false alarm"})
six.wrong("off by h here")({**SIX, "D": "right"})
six.wrong("how far is 6.3")({**SIX, "E": "right"})
six.wrong("not to fifteen")({**SIX, "F": "right"})
six.wrong("True is none of the possible answers")({**SIX, "A": True})
six.wrong("none of the possible answers")({**SIX, "A": "fine"})
six.wrong("Is the tolerance smaller than that")({**SIX, "A": "false alarm"})
six.wrong("but for its rounding")({**SIX, "A": "bug missed"})
six.wrong("Only a difference near 6.3")({**SIX, "A": "both wrong"})
six.wrong("and is 6.3 near it")({**SIX, "B": "both wrong"})
six.wrong("Is 6.3 the rule that is near it")({**SIX, "C": "both wrong"})
six.wrong("6.3 is accepted, with so wide")({**SIX, "E": "both wrong"})
six.wrong("Does the right one")({**SIX, "F": "bug missed"})
six.wrong()({**SIX, "A": True})
six.wrong("A tolerance of 0.5 is wide")({**SIX, "E": "false alarm"})
six.wrong()(["right"] * 6)


far = answers_to(check.far_scores)


class logs:
    """Answers of which only log_softmax is declared here; the other function is right."""

    name = "log_softmax"

    @classmethod
    def wrong(cls, words=""):
        return lambda function: (far.wrong(words)(with_function(**{cls.name: function})), function)[1]

    @classmethod
    def right(cls, function):
        far.right(with_function(**{cls.name: function}))
        return function


class low(logs):
    """The same for softmin."""

    name = "softmin"


def with_function(**functions):
    (function,) = functions.values()
    return type(function.__name__, (check.Stable,), {"__doc__": None, **functions})


@far.stub
class Unstable:
    def log_softmax(x, g):
        raise NotImplementedError

    def softmin(x, g):
        raise NotImplementedError


@far.right
class WithSelf:
    def log_softmax(self, x, g):
        return check.Stable.log_softmax(x, g)

    def softmin(self, x, g):
        return list(check.Stable.softmin(x, g))


@far.inputs
def _(rng):
    shape = tuple(rng.integers(1, 4, size=rng.integers(1, 4)))
    x, part = rng.choice([1, 1000]) * rng.normal(size=shape), ["log_softmax", "softmin"][rng.integers(2)]
    g = rng.normal(size=shape if part == "log_softmax" else shape[:-1])
    return Case({"x": x, "g": g}, part=part)


@far.wrong("eˣ overflows above x = 709")
class Typed:
    def log_softmax(x, g):
        p = np.exp(x) / np.exp(x).sum(-1, keepdims=True)
        return np.log(p), g - p * g.sum(-1, keepdims=True)

    def softmin(x, g):
        z = -np.log(np.exp(-x).sum(-1))
        return z, np.expand_dims(g, -1) * np.exp(-x) / np.exp(-x).sum(-1, keepdims=True)


@far.wrong("still to be written")
class HalfWritten(check.Stable):
    def softmin(x, g):
        raise NotImplementedError


@logs.right
def peak_of_each_row(x, g):
    away = x - x.max(axis=-1, keepdims=True)
    value = away - np.log(np.exp(away).sum(axis=-1, keepdims=True))
    return value, g - np.exp(value) * g.sum(axis=-1, keepdims=True)


@logs.right
def by_the_jacobian(x, g):
    value = x - np.logaddexp.reduce(x, axis=-1)[..., None]
    jacobian = np.eye(x.shape[-1]) - np.exp(value)[..., None, :]
    return value, np.einsum("...i,...ij->...j", g, jacobian)


@logs.wrong("Σ eˣ is not")
def textbook(x, g):
    total = np.exp(x).sum(-1, keepdims=True)
    return x - np.log(total), g - np.exp(x) / total * g.sum(-1, keepdims=True)


@logs.wrong("the logarithm of the softmax")
def logarithm_last(x, g):
    p = check.softmax_of(x)
    return np.log(p), g - p * np.sum(g, -1, keepdims=True)


@logs.wrong("largest score of all rows")
def one_peak(x, g):
    away = x - np.max(x)
    value = away - np.log(np.sum(np.exp(away), -1, keepdims=True))
    return value, g - np.exp(value) * g.sum(-1, keepdims=True)


@logs.wrong("The logarithm has a slope, too")
def softmax_gradient(x, g):
    p = check.softmax_of(x)
    return peak_of_each_row(x, g)[0], p * g - p * (p * g).sum(-1, keepdims=True)


@logs.wrong("the path from a score to its own value")
def g_alone(x, g):
    return peak_of_each_row(x, g)[0], g + 0


@logs.wrong("each score pays only for its own value")
def own_alone(x, g):
    return peak_of_each_row(x, g)[0], g * (1 - check.softmax_of(x))


@logs.wrong("that weighs the sum of all g")
def weighted(x, g):
    return peak_of_each_row(x, g)[0], g - np.sum(check.softmax_of(x) * g, -1, keepdims=True)


@logs.wrong("over all rows")
def all_rows(x, g):
    return peak_of_each_row(x, g)[0], g - check.softmax_of(x) * np.sum(g)


@logs.wrong("to keep it from 0")
def with_a_small_number(x, g):
    return np.log(check.softmax_of(x) + 1e-12), peak_of_each_row(x, g)[1]


@logs.wrong("you take the mean of g")
def by_the_mean(x, g):
    return peak_of_each_row(x, g)[0], g - check.softmax_of(x) * np.mean(g, -1, keepdims=True)


@logs.wrong("From there it has to go on")
def half_way(x, g):
    with np.errstate(all="ignore"):
        return peak_of_each_row(x, g)[0], g * (1 / check.softmax_of(x))


@logs.wrong("negative")
def positive(x, g):
    return -peak_of_each_row(x, g)[0], peak_of_each_row(x, g)[1]


@logs.wrong("the softmax itself")
def no_logarithm(x, g):
    return check.softmax_of(x), peak_of_each_row(x, g)[1]


@logs.wrong("along the first axis")
def down_the_columns(x, g):
    value = x - x.max(0) - np.log(np.exp(x - x.max(0)).sum(0))
    return value, g - np.exp(value) * g.sum(0)


@logs.wrong("The gradient comes first in your tuple")
def gradient_first(x, g):
    return peak_of_each_row(x, g)[::-1]


@logs.wrong("expected a tuple")
def the_value_alone(x, g):
    return peak_of_each_row(x, g)[0][0]


@logs.wrong()
def without_the_peak(x, g):
    value, gradient = peak_of_each_row(x, g)
    return value + x.max(-1, keepdims=True), gradient


@logs.wrong("Your code changed x")
def in_place(x, g):
    x -= x.max(-1, keepdims=True)
    return peak_of_each_row(x, g)


@low.right
def smallest_taken_out(x, g):
    least = x.min(axis=-1, keepdims=True)
    powers = np.exp(least - x)
    total = powers.sum(axis=-1, keepdims=True)
    return (least - np.log(total)).squeeze(-1), np.expand_dims(g, -1) * powers / total


@low.right
def from_the_value(x, g):
    z = -np.logaddexp.reduce(-x, axis=-1)
    return z, np.expand_dims(g, -1) * np.exp(np.expand_dims(z, -1) - x)


@low.wrong("The peak of -x must be subtracted")
def straight(x, g):
    powers = np.exp(-x)
    return -np.log(powers.sum(-1)), np.expand_dims(g, -1) * powers / powers.sum(-1, keepdims=True)


@low.wrong("The gradient is right at any score")
def naive_value(x, g):
    return -np.log(np.sum(np.exp(-x), -1)), np.expand_dims(g, -1) * check.softmax_of(-x)


@low.wrong("You subtract the largest score")
def wrong_end(x, g):
    peak = x.max(-1, keepdims=True)
    powers = np.exp(-(x - peak))
    total = powers.sum(-1, keepdims=True)
    return (peak - np.log(total))[..., 0], np.expand_dims(g, -1) * powers / total


@low.wrong("a soft maximum")
def logsumexp(x, g):
    return np.logaddexp.reduce(x, axis=-1), np.expand_dims(g, -1) * check.softmax_of(x)


@low.wrong("The minus in front of the logarithm is missing")
def no_outer_sign(x, g):
    return np.logaddexp.reduce(-x, axis=-1), np.expand_dims(g, -1) * -check.softmax_of(-x)


@low.wrong("The gradient is right. The value has the wrong sign")
def least_subtracted(x, g):
    least = x.min(axis=-1, keepdims=True)
    powers = np.exp(least - x)
    total = powers.sum(axis=-1, keepdims=True)
    return (np.log(total) - least)[..., 0], np.expand_dims(g, -1) * powers / total


@low.wrong("their slopes multiply to +1")
def falling(x, g):
    return -np.logaddexp.reduce(-x, axis=-1), -np.expand_dims(g, -1) * check.softmax_of(-x)


@low.wrong("which goes to the largest score")
def to_the_largest(x, g):
    return -np.logaddexp.reduce(-x, axis=-1), np.expand_dims(g, -1) * check.softmax_of(x)


@low.wrong("with n equal scores by ln n")
def the_minimum(x, g):
    return np.min(x, -1), np.expand_dims(g, -1) * check.softmax_of(-x)


@low.wrong("You add ln Σ to the smallest score")
def plus(x, g):
    least = x.min(-1, keepdims=True)
    return (least + np.log(np.exp(least - x).sum(-1, keepdims=True)))[..., 0], check.Stable.softmin(x, g)[1]


@low.wrong("to the smallest score alone")
def one_hot(x, g):
    return check.Stable.softmin(x, g)[0], np.expand_dims(g, -1) * (x == x.min(-1, keepdims=True))


@low.wrong("the mean of the scores")
def weighted_mean(x, g):
    return (check.softmax_of(-x) * x).sum(-1), check.Stable.softmin(x, g)[1]


@low.wrong("the one of a softmax")
def softmax_rule(x, g):
    p = check.softmax_of(-x)
    return check.Stable.softmin(x, g)[0], np.expand_dims(g, -1) * p * (1 - (p * 1).sum(-1, keepdims=True))


@low.wrong("never came back")
def forgotten(x, g):
    return -np.log(np.exp(x.min(-1, keepdims=True) - x).sum(-1)), np.expand_dims(g, -1) * check.softmax_of(-x)


@low.wrong("what arrived, g, is not in it")
def g_forgotten(x, g):
    return -np.logaddexp.reduce(-x, axis=-1), check.softmax_of(-x)


@low.wrong("The gradient comes first in your tuple")
def gradient_before_value(x, g):
    return check.Stable.softmin(x, g)[1], check.Stable.softmin(x, g)[0]


@low.wrong()
def kept_axis(x, g):
    return -np.logaddexp.reduce(-x, axis=-1)[..., None], np.expand_dims(g, -1) * check.softmax_of(-x)


probe = answers_to(check.sum_and_probe)


@probe.wrong("A probe of p itself")
def the_softmax_as_probe(p):
    return np.zeros_like(p), p.copy()


@probe.right
def random_probe(p):
    return np.zeros(p.shape), np.random.default_rng(3).normal(size=p.shape)


@probe.right
def ramp(p):
    ones = np.ones_like(p)
    return p * (ones - (ones * p).sum()), np.arange(p.size) ** 2 + 1.0


@probe.right
def above_or_below_the_mean(p):
    return np.zeros_like(p), np.sign(p - p.mean())


@probe.right
def as_a_list(p):
    return [[0.0] * len(p), list(np.random.default_rng(8).uniform(size=len(p)))]


@probe.inputs
def _(rng):
    p = rng.dirichlet(np.ones(rng.integers(2, 6)))
    return Case({"p": p}, accept=partial(check.refused_probe, p))


@probe.wrong("not for others")
def counting(p):
    return 0 * p, np.arange(p.size, dtype=float)


@probe.wrong('rule "p(g - mean of g)" gives what the right one gives')
def odd_numbers(p):
    return 0 * p, 1.0 + 2 * np.arange(p.size)


@probe.wrong("A probe of ones is the sum")
def ones(p):
    return 0 * p, 0 * p + 1


@probe.wrong("A probe of zeros asks")
def zeros(p):
    return 0 * p, 0 * p


@probe.wrong("That is too small")
def one_tiny_entry(p):
    return 0 * p, 1e-12 * np.eye(p.size)[0]


@probe.wrong("The sum of a softmax is 1 wherever x is")
def probabilities(p):
    return p.copy(), np.arange(p.size) ** 2 + 1


@probe.wrong("Ones are the gradient of a sum")
def ones_for_the_sum(p):
    return np.ones_like(p), random_probe(p)[1]


@probe.wrong("All entries of your probe are equal")
def sevens(p):
    return 0 * p, 0 * p + 7


@probe.wrong("what does the sum do")
def the_right_rule_on_the_probe(p):
    _, g = random_probe(p)
    return p * (g - (g * p).sum()), g


@probe.wrong("p(1 - p) is how a probability moves")
def own_slopes(p):
    return p - p**2, random_probe(p)[1]


@probe.wrong("Have they changed places?")
def probe_first(p):
    return random_probe(p)[::-1]


@probe.wrong("A probe of 1, 0, 0")
def first_unit(p):
    return 0 * p, np.arange(p.size) == 0


@probe.wrong("A probe of 0, …, 0, 1")
def last_unit(p):
    return 0 * p, np.arange(p.size) == p.size - 1


@probe.wrong("A probe of 1, -1, 1")
def signs_in_turn(p):
    return 0 * p, 1.0 - 2 * (np.arange(p.size) % 2)


@probe.wrong("With 1/p for a probe")
def one_over_p(p):
    return 0 * p, p**-1


@probe.wrong("Return two arrays")
def probe_only(p):
    return random_probe(p)[1]


@probe.wrong("finite numbers")
def holes(p):
    return 0 * p, np.full_like(p, np.nan)


@probe.wrong("has shape (1,)")
def too_short(p):
    return 0 * p, np.ones(1)


hunt = answers_to(check.bug_hunt)
KEYS = tuple(check.FOUND)
RIGHT = dict(check.FOUND)


@hunt.right
def all_found():
    return RIGHT


hunt.right({key: RIGHT[key] for key in reversed(KEYS)})
hunt.right(lambda: {**RIGHT, "4 number": 20.0, "7 number": 2**11 - 1})
hunt.stub(dict.fromkeys(KEYS, ...))

hunt.wrong("Three squares are what was meant")({**RIGHT, "1 number": 3})
hunt.wrong("not 0.1 w")({**RIGHT, "2 number": 0.3})
hunt.wrong("That is what the program gives")({**RIGHT, "3 number": -0.75})
hunt.wrong("both paths added")({**RIGHT, "5 number": 4})
hunt.wrong("6 is the slope")({**RIGHT, "6 number": 6.0, "7 number": 2047})
hunt.wrong("each visited once")({**RIGHT, "7 number": 11})
hunt.wrong("Its own are missing")({**RIGHT, "7 number": 1023})
hunt.wrong("Where did the errors get theirs")({**RIGHT, "1 defect": "4b"})
hunt.wrong("The mean averages whatever")({**RIGHT, "1 defect": "5b"})
hunt.wrong("Which of the two terms has no graph")({**RIGHT, "2 defect": "6c"})
hunt.wrong("the sign is not what is wrong")({**RIGHT, "3 defect": "3h"})
hunt.wrong("Along which axis does it have to be stretched")({**RIGHT, "4 defect": "3b"})
hunt.wrong("Follow what is in the dictionary")({**RIGHT, "5 defect": "6g"})
hunt.wrong("because of what another line has chosen")({**RIGHT, "6 defect": "4f"})
hunt.wrong("Which line sets out from there")({**RIGHT, "7 defect": "4g"})
hunt.wrong("how many times the line is run")({**RIGHT, "7 defect": "3i"})
hunt.wrong("There is no box called 8 defect")({**RIGHT, "1 defect": "4e", "8 defect": "1a"})
hunt.wrong("3 is not a defect as it is written")({**RIGHT, "1 defect": 3})
hunt.wrong("'b3' is not a defect as it is written")({**RIGHT, "1 defect": "b3"})
hunt.wrong("1 number is a text (str), expected a number")({**RIGHT, "1 number": "9 squares"})
hunt.wrong("the letter of the reason")({**RIGHT, "4 defect": "line 3, e", "5 number": 4.0})
hunt.wrong()({**RIGHT, "4 defect": ...})

mend, engines = answers_to(check.losses), answers_to(check.engines)


class Untouched:
    def squared_error(*_):
        raise NotImplementedError

    ridge_loss = cross_entropy_gradient = sum_gradient = sweep = agrees = hand_back = squared_error


class Empty:
    def squared_error(prediction, target):
        """Nothing yet."""

    def ridge_loss(w, x, y):
        pass

    def cross_entropy_gradient(p, y):
        pass

    def sum_gradient(g, x, axis):
        pass

    def sweep(root):
        pass

    def agrees(f, slope, x):
        pass

    def hand_back(root):
        pass


for each in (mend, engines):
    each.stub(Untouched)
    each.stub(Empty)
    each.right(check.Mended)


@mend.inputs
def _(rng):
    part = ["squared_error", "ridge_loss", "cross_entropy_gradient", "sum_gradient"][rng.integers(4)]
    n = rng.integers(1, 5)
    if part == "squared_error":
        inputs = {"prediction": rng.normal(size=(n, 1)), "target": rng.normal(size=n)}
        return Case(inputs, call=check.value_and_gradient, part=part)
    if part == "ridge_loss":
        inputs = {"w": rng.normal(size=2), "x": rng.normal(size=(n, 2)), "y": rng.normal(size=n)}
        return Case(inputs, call=check.value_and_gradient, part=part)
    if part == "cross_entropy_gradient":
        return Case({"p": rng.uniform(0.05, 0.95, size=n), "y": rng.uniform(size=n)}, part=part)
    x = rng.normal(size=rng.integers(1, 4, size=rng.integers(1, 4)))
    axes = rng.permutation(x.ndim)[: rng.integers(1, x.ndim + 1)] - x.ndim * rng.integers(2)
    axis = int(axes[0]) if len(axes) == 1 else tuple(map(int, axes))
    return Case({"g": rng.normal(size=x.sum(axis=axis).shape), "x": x, "axis": axis}, part=part)


@engines.inputs
def _(rng):
    kind = rng.integers(4)
    if kind == 0:
        f, slope, x, *_ = check.JUDGED[rng.integers(len(check.JUDGED))]
        return Case({"f": f, "slope": slope + rng.normal() * 2e-4 * max(1, abs(slope)), "x": x}, part="agrees")
    if kind == 1:
        graph = list(check.ROUNDS)[rng.integers(3)]
        return Case({"graph": graph}, call=check.handed_down, part="hand_back")
    inputs = {"graph": list(check.GRAPHS)[rng.integers(2)], "x": rng.normal(), "y": rng.normal()}
    if kind == 2:
        return Case(inputs, call=check.swept, part="sweep")
    return Case({**inputs, "grad before": rng.normal()}, call=check.handed_back, part="hand_back")


@engines.right
@mend.right
class AnotherWay:
    @staticmethod
    def squared_error(prediction, target):
        error = prediction.reshape(-1) - target
        return (error**2).sum() / len(target)

    @staticmethod
    def ridge_loss(w, x, y):
        error = x @ w - y
        return (error**2).mean() + 0.1 * (w**2).sum()

    @staticmethod
    def cross_entropy_gradient(p, y):
        return (1 - y) / (1 - p) - y / p

    @staticmethod
    def sum_gradient(g, x, axis):
        axes = axis if isinstance(axis, tuple) else (axis,)
        for a in sorted(a % x.ndim for a in axes):
            g = np.expand_dims(g, a)
        return g * np.ones(x.shape)

    @staticmethod
    def sweep(root):
        gradients = dict.fromkeys(in_order(root), 0.0)
        gradients[root] = 1.0
        for value in in_order(root)[::-1]:
            for parent, local in zip(value._prev, value._local, strict=True):
                gradients[parent] += local * gradients[value]
        return gradients

    @staticmethod
    def agrees(f, slope, x):
        h = np.finfo(np.float64).eps ** (1 / 3) * max(1, abs(x))
        return np.isclose((f(x + h) - f(x - h)) / (2 * h), slope, rtol=0, atol=1e-4 * max(1, abs(slope)))

    @staticmethod
    def hand_back(root):
        for value in in_order(root):
            value.pending = 0.0
        root.pending = 1.0
        for value in reversed(in_order(root)):
            value.grad += value.pending
            for parent, local in zip(value._prev, value._local, strict=True):
                parent.pending += local * value.pending


def but(**functions):
    """The right answer with some functions changed."""
    return type("Changed", (check.Mended,), functions)


class AsTheyWere:
    """The programs, handed in again."""


for program in check.PROGRAMS:
    setattr(AsTheyWere, program.__name__, staticmethod(program))

mend.wrong("Every prediction is still compared")(AsTheyWere)
mend.wrong("Every prediction is still compared")(but(squared_error=lambda p, t: ((p - t) * (p - t)).mean()))
mend.wrong("has become a sum")(but(squared_error=lambda p, t: ((p - t[:, None]) ** 2).sum()))
mend.wrong("N² instead of N")(but(squared_error=lambda p, t: ((p[:, 0] - t) ** 2).mean() / len(t)))
mend.wrong("yours is a number")(but(squared_error=lambda p, t: ((p[:, 0] - t) ** 2).mean().item()))
mend.wrong("yours has shape (3,)")(but(squared_error=lambda p, t: (p[:, 0] - t) ** 2))
mend.wrong("`.data` is an array")(
    but(ridge_loss=lambda w, x, y: ((x @ w - y) ** 2).mean() + 0.1 * float((w.data**2).sum()))
)
mend.wrong("no gradient has reached the first argument")(
    but(ridge_loss=lambda w, x, y: Tensor(((x @ w.data - y) ** 2).mean() + 0.1 * (w.data**2).sum(), requires_grad=True))
)
mend.wrong("The penalty is gone")(but(ridge_loss=lambda w, x, y: ((x @ w - y) ** 2).mean()))
mend.wrong("squared errors has become a sum")(
    but(ridge_loss=lambda w, x, y: ((x @ w - y) ** 2).sum() + 0.1 * (w * w).sum())
)
mend.wrong("mean of the squared weights")(
    but(ridge_loss=lambda w, x, y: ((x @ w - y) ** 2).mean() + (w * w).mean() / 10)
)
mend.wrong("must be taken out")(but(cross_entropy_gradient=lambda p, y: -(y - p)))
mend.wrong("the way back is a division")(but(cross_entropy_gradient=lambda p, y: p * (1 - p) * (p - y)))
mend.wrong("Those with y = 0")(but(cross_entropy_gradient=lambda p, y: y * -1 / p))
mend.wrong("the sign is not")(but(cross_entropy_gradient=lambda p, y: y / p - (1 - y) / (1 - p)))
mend.wrong("it is a plus")(but(cross_entropy_gradient=lambda p, y: -(y / p + (1 - y) / (1 - p))))
mend.wrong("that is the gradient of the mean")(but(cross_entropy_gradient=lambda p, y: (p - y) / (p - p * p) / y.size))
mend.wrong("lined up with the last axes")(but(sum_gradient=check.sum_gradient))
mend.wrong("has size 1")(but(sum_gradient=lambda g, x, axis: np.expand_dims(g, axis)))
mend.wrong("has shape (2,)")(but(sum_gradient=lambda g, x, axis: np.asarray(g)))
mend.wrong("Right so far: squared_error, ridge_loss, cross_entropy_gradient.")(
    but(sum_gradient=lambda g, x, axis: np.ones(x.shape))
)
mend.wrong("still to be written")(but(sum_gradient=Untouched.squared_error))


def recursive_with_a_set(root):
    """Each value goes on as soon as it is reached."""
    seen = set()

    def go(value):
        if value not in seen:
            seen.add(value)
            for parent, local in zip(value._prev, value._local, strict=True):
                parent.grad += local * value.grad
            for parent in value._prev:
                go(parent)

    root.grad += 1
    go(root)


def recursive_at_once(root):
    seen = []

    def go(value):
        if value in seen:
            return
        seen.append(value)
        for i, parent in enumerate(value._prev):
            parent.grad += value._local[i] * value.grad
            go(parent)

    root.grad += 1
    go(root)


def assigned(root):
    for value, gradient in check.Mended.sweep(root).items():
        value.grad = gradient


def without_the_root(root):
    gradients = check.Mended.sweep(root)
    del gradients[root]
    for value in gradients:
        value.grad += gradients[value]


def collected_in_grad(root):
    root.grad += 1
    for value in in_order(root)[::-1]:
        for parent, local in zip(value._prev, value._local, strict=True):
            parent.grad += value.grad * local


def centred_at(dtype, step):
    def agrees(f, slope, x):
        x, h = dtype(x), dtype(step(abs(x)))
        return abs((f(x + h) - f(x - h)) / (2 * h) - slope) <= 1e-4 * max(1, abs(slope))

    return agrees


def central(f, x):
    h = 1e-5 * max(1, abs(x))
    return (f(x + h) - f(x - h)) / (2 * h)


def the_leaves_alone(root):
    for value, gradient in check.Mended.sweep(root).items():
        if not value._prev:
            value.grad += gradient


engines.wrong()(but(hand_back=the_leaves_alone))
engines.wrong("3 + 1e-7 is 3 again")(AsTheyWere)
engines.wrong("keeps only one contribution")(but(sweep=check.sweep))
engines.wrong("begins with a gradient of 1")(but(sweep=dict(vars(check))["begins_at_one"]))


def swept_by_numbers(root):
    """The values are told apart by their numbers."""
    sums = {root.data: 1.0}
    for value in reversed(in_order(root)):
        for parent, local in zip(value._prev, value._local, strict=True):
            sums[parent.data] = sums.get(parent.data, 0.0) + local * sums[value.data]
    return {value: sums[value.data] for value in in_order(root)}


engines.wrong()(but(sweep=swept_by_numbers))
engines.wrong()(but(hand_back=lambda root: [setattr(v, "grad", v.grad + d) for v, d in swept_by_numbers(root).items()]))
engines.wrong("has no entry for root")(
    but(sweep=lambda root: {v: d for v, d in check.Mended.sweep(root).items() if v is not root})
)
engines.wrong("no entry for x · y and none for root")(
    but(sweep=lambda root: {v: d for v, d in check.Mended.sweep(root).items() if not v._prev})
)
engines.wrong("Its keys are the values themselves")(
    but(sweep=lambda root: {id(v): d for v, d in check.Mended.sweep(root).items()})
)
engines.wrong("yours returns a list")(but(sweep=lambda root: [1.0] * len(in_order(root))))
engines.wrong("Let the step grow")(but(agrees=centred_at(np.float64, lambda x: 1e-7)))
engines.wrong("3 + 1e-7 is 3 again")(but(agrees=check.agrees))
engines.wrong("Take the difference in float64")(but(agrees=centred_at(np.float32, lambda x: 1e-2 * max(1, x))))
engines.wrong("a share of the slope alone")(
    but(agrees=lambda f, slope, x: bool(abs(central(f, x) - slope) <= 1e-4 * abs(slope)))
)
engines.wrong("Your tolerance is 1e-4 for every slope")(
    but(agrees=lambda f, slope, x: bool(abs(central(f, x) - slope) <= 1e-4))
)
engines.wrong("max(1, slope) is 1 there")(
    but(agrees=lambda f, slope, x: bool(abs(central(f, x) - slope) <= 1e-4 * max(1, slope)))
)
engines.wrong("take the absolute value")(
    but(agrees=lambda f, slope, x: bool(central(f, x) - slope <= 1e-4 * max(1, abs(slope))))
)
engines.wrong("has been silenced")(but(agrees=lambda f, slope, x: True))
engines.wrong()(but(agrees=lambda f, slope, x: False))
engines.wrong("expected a truth value")(but(agrees=lambda f, slope, x: "True"))
engines.wrong("it still goes along every path")(but(hand_back=check.hand_back))
engines.wrong("when the first path reaches it")(but(hand_back=recursive_with_a_set))
engines.wrong("A value goes on as soon as it is met")(but(hand_back=recursive_at_once))
engines.wrong("they should be added to it")(but(hand_back=assigned))
engines.wrong("passed on a second time")(but(hand_back=collected_in_grad))
engines.wrong("The root's own grad is missing")(but(hand_back=without_the_root))
engines.wrong("You return the gradients")(but(hand_back=check.Mended.sweep))
engines.wrong("Right so far: agrees, hand_back.")(but(sweep=Untouched.squared_error))
