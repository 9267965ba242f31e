"""Answers to the exercises of lesson 07."""

from functools import partial

import numpy as np

from gradlib import Tensor, numerical_gradient
from gradlib.checks import Case
from gradlib.checks import lesson_07 as check
from gradlib.checks.lesson_03 import in_order

from .harness import answers_to

gradients = answers_to(check.gradcheck)


@gradients.right
def from_the_library(function, inputs):
    inputs = [np.asarray(x, dtype=np.float64) for x in inputs]
    tensors = [Tensor(x, requires_grad=True) for x in inputs]
    out = function(*tensors)
    g = np.random.default_rng(5).normal(size=out.shape)
    out.backward(g)
    wrong = []
    for i, x in enumerate(inputs):

        def probe(moved, i=i):
            return float((g * function(*[Tensor(moved if j == i else y) for j, y in enumerate(inputs)]).data).sum())

        error = np.abs(tensors[i].grad - numerical_gradient(probe, x))
        bad = ~(error <= 1e-6 + 1e-4 * np.abs(tensors[i].grad))
        wrong += [(error[index], i, index) for index in np.ndindex(x.shape) if bad[index]]
    return sorted(wrong, reverse=True)


@gradients.right
def by_hand_with_one_cotangent_an_entry(function, inputs):
    """Another cotangent, the step written out, a tolerance relative to the larger of both and 1."""
    arrays = [np.array(x, dtype=float) for x in inputs]
    leaves = [Tensor(x, requires_grad=True) for x in arrays]
    z = function(*leaves)
    weights = np.random.default_rng(1).uniform(0.5, 1.5, size=z.shape) * np.cos(1 + np.arange(z.data.size)).reshape(
        z.shape
    )
    z.backward(weights)
    found = []
    for i in range(len(arrays)):
        for index in np.ndindex(arrays[i].shape):
            x = arrays[i][index]
            h = 1e-5 * max(1, abs(x))
            totals = []
            for sign in (1, -1):
                arrays[i][index] = x + sign * h
                totals.append((weights * function(*[Tensor(a) for a in arrays]).data).sum())
            arrays[i][index] = x
            difference = (totals[0] - totals[1]) / (2 * h)
            error = abs(difference - leaves[i].grad[index])
            if not error <= 1e-5 * max(1, abs(difference)):
                found.append((error, i, index))
    found.sort(key=lambda item: -item[0])
    return found


@gradients.right
def a_tuple_with_numpy_inside(function, inputs):
    return tuple((np.float64(e), np.int64(i), tuple(map(np.int64, at))) for e, i, at in check.checked(function, inputs))


@gradients.right
def with_the_parts_of_the_check(function, inputs):
    return check.checked(function, inputs, agree=lambda a, b: np.isclose(a, b, rtol=1e-4, atol=1e-5))


@gradients.inputs
def _(rng):
    kind = rng.integers(3)
    if kind == 0:
        function, inputs, wrong, _ = (bugs := check.planted_bugs(rng))[rng.integers(len(bugs))]
        return Case({"function": function, "inputs": inputs}, sorted(check.in_words(wrong)), call=check.found)
    if kind == 1:
        inputs = [rng.normal(size=4)]
        return Case({"function": check.two_wrong_entries(), "inputs": inputs}, check.RANKED, call=check.ranked)
    function, inputs, _ = (right := check.right_functions(rng))[rng.integers(len(right))]
    return Case({"function": function, "inputs": inputs}, accept=check.no_alarm, call=check.alarms)


def variation(**options):
    return lambda function, inputs: check.checked(function, inputs, **options)


gradients.wrong("You probe with ones")(variation(cotangent=lambda shape: np.full(shape, 2.0)))
gradients.wrong("In float32 a difference")(
    lambda function, inputs: (
        check.checked(function, inputs, dtype=inputs[0].dtype)
        if inputs[0].dtype == np.float64
        else check.checked(function, inputs, dtype=np.float32, slopes_of=check.differences(lambda x: 1e-7))
    )
)
gradients.wrong("first entry of each input")(variation(only=lambda i, index: set(index) <= {0}))
gradients.wrong("gradient of the first input")(variation(only=lambda i, index: i < 1))
gradients.wrong("divide the error by the gradient")(variation(agree=lambda a, b: abs(a - b) <= 1e-5 * abs(b)))
gradients.wrong("in proportion, as well")(variation(agree=lambda a, b: abs(a - b) <= 1e-7))
gradients.wrong("A gradient that is nan passes")(variation(agree=lambda a, b: not abs(a - b) > 2e-6 * max(1, abs(b))))
gradients.wrong("calls one wrong")(variation(slopes_of=check.differences(lambda x: 1e-2)))
gradients.wrong("The error is a size")(variation(size=float))
gradients.wrong("holds (0, (")(lambda function, inputs: [(i, index) for _, i, index in check.checked(function, inputs)])
gradients.wrong("index is a tuple itself")(
    lambda function, inputs: [
        (error, i, int(np.ravel_multi_index(index, inputs[i].shape)) if index else 0)
        for error, i, index in check.checked(function, inputs)
    ]
)


@gradients.wrong()
def relative_error_returned(function, inputs):
    """The right places, and a size that is not the one that was asked for."""
    return [(error / (1 + 1e3 * error), i, index) for error, i, index in check.checked(function, inputs)]


gradients.wrong("take the absolute value")(variation(agree=lambda a, b: a < b + 1e-6 + 1e-5 * abs(b)))
gradients.wrong("Let the step grow")(variation(slopes_of=check.differences(lambda x: 3e-7)))
for small in (1e-9, 1e-10, 1e-12):
    gradients.wrong("Either the difference is not precise")(
        variation(slopes_of=check.differences(lambda x, small=small: small * max(1, x)))
    )
gradients.wrong("Your step is in proportion to |x|")(variation(slopes_of=check.differences(lambda x: 6e-6 * abs(x))))
gradients.wrong("Your differences go to one side")(
    variation(slopes_of=check.differences(lambda x: 1e-6 * max(1, x), forward=True))
)
gradients.wrong("Your differences go to one side")(
    variation(slopes_of=check.differences(lambda x: 1e-8 * max(1, x), forward=True))
)
gradients.wrong()(
    lambda function, inputs: [(error / 2, i, index) for error, i, index in check.checked(function, inputs)]
)
gradients.wrong("most wrong should come first")(variation(worst_first=False))
gradients.wrong()(lambda function, inputs: [])
gradients.wrong("returns a list of tuples")(lambda function, inputs: True)
gradients.wrong("returns a list of tuples")(lambda function, inputs: (e for e in check.checked(function, inputs)))
gradients.wrong("calls one wrong")(
    lambda function, inputs: [(1.0, i, index) for i, x in enumerate(inputs) for index in np.ndindex(x.shape)]
)


@gradients.wrong()
def only_the_totals(function, inputs):
    tensors = [Tensor(np.asarray(x, float), requires_grad=True) for x in inputs]
    out = function(*tensors)
    g = np.random.default_rng(0).normal(size=out.shape)
    out.backward(g)
    wrong = []
    for i, x in enumerate(inputs):
        h = 1e-5
        moved = [[Tensor(np.asarray(y, float) + sign * h * (i == j)) for j, y in enumerate(inputs)] for sign in (1, -1)]
        above, below = ((function(*each).data * g).sum() for each in moved)
        if abs((above - below) / (2 * h) - tensors[i].grad.sum()) > 1e-4:
            wrong += [(1.0, i, index) for index in np.ndindex(x.shape)]
    return wrong


@gradients.wrong("Your code changed inputs")
def input_not_restored(function, inputs):
    answer = check.checked(function, inputs)
    for x in inputs:
        x += 1e-6
    return answer


stable = answers_to(check.stable)


class softmax:
    """Answers of which only softmax is declared here; the other function is right."""

    @staticmethod
    def wrong(words=""):
        return lambda function: (stable.wrong(words)(with_function(softmax=function)), function)[1]

    @staticmethod
    def right(function):
        stable.right(with_function(softmax=function))
        return function


class lse(softmax):
    """The same for logsumexp."""

    @staticmethod
    def wrong(words=""):
        return lambda function: (stable.wrong(words)(with_function(logsumexp=function)), function)[1]

    @staticmethod
    def right(function):
        stable.right(with_function(logsumexp=function))
        return function


def with_function(**functions):
    (function,) = functions.values()
    return type(function.__name__, (check.Stable,), {"__doc__": None, **functions})


@stable.stub
class Unstable:
    def softmax(x, g):
        raise NotImplementedError

    def logsumexp(x, g):
        raise NotImplementedError


@stable.right
class WithSelf:
    def softmax(self, x, g):
        return check.Stable.softmax(x, g)

    def logsumexp(self, x, g):
        return list(check.Stable.logsumexp(x, g))


@stable.inputs
def _(rng):
    shape = tuple(rng.integers(1, 4, size=rng.integers(1, 4)))
    x, part = rng.choice([1, 1000]) * rng.normal(size=shape), ["softmax", "logsumexp"][rng.integers(2)]
    g = rng.normal(size=shape if part == "softmax" else shape[:-1])
    return Case({"x": x, "g": g}, part=part)


@stable.wrong("eˣ overflows above x = 709")
class Typed:
    def softmax(x, g):
        p = np.exp(x) / np.exp(x).sum(-1, keepdims=True)
        return p, p * (g - (g * p).sum(-1, keepdims=True))

    def logsumexp(x, g):
        z = np.log(np.exp(x).sum(-1))
        return z, np.expand_dims(g, -1) * np.exp(x) / np.exp(x).sum(-1, keepdims=True)


@stable.wrong("still to be written")
class HalfWritten(check.Stable):
    def logsumexp(x, g):
        raise NotImplementedError


@softmax.right
def peak_of_each_row(x, g):
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    p = powers / powers.sum(axis=-1, keepdims=True)
    return p, p * (g - np.sum(g * p, axis=-1, keepdims=True))


@softmax.right
def by_the_logarithm(x, g):
    p = np.exp(x - np.logaddexp.reduce(x, axis=-1)[..., None])
    jacobian = p[..., None] * (np.eye(x.shape[-1]) - p[..., None, :])
    return p, np.einsum("...i,...ij->...j", g, jacobian)


@softmax.wrong("eˣ overflows above")
def textbook(x, g):
    p = np.exp(x) / np.exp(x).sum(-1, keepdims=True)
    return p, p * (g - (g * p).sum(-1, keepdims=True))


@softmax.wrong("largest score of all rows")
def one_peak(x, g):
    e = np.exp(x - np.max(x))
    p = e / e.sum(-1, keepdims=True)
    return p, p * (g - (g * p).sum(-1, keepdims=True))


@softmax.wrong("only the diagonal")
def no_coupling(x, g):
    p = check.softmax_of(x)
    return p, p * g - p * p * g


@softmax.wrong("over all rows")
def one_sum(x, g):
    p = check.softmax_of(x)
    return p, p * g - p * (g * p).sum()


@softmax.wrong("must weigh it")
def sum_of_g(x, g):
    p = check.softmax_of(x)
    return p, p * g - p * g.sum(-1, keepdims=True)


@softmax.wrong("The gradient is p · g")
def straight_path(x, g):
    p = check.softmax_of(x)
    return p, g * p


@softmax.wrong("The gradient comes first in your tuple")
def gradient_first(x, g):
    p, gradient = check.Stable.softmax(x, g)
    return gradient, p


@softmax.wrong("cut the scores off")
def cut(x, g):
    e = np.exp(np.minimum(np.maximum(x, -500), 500))
    p = e / e.sum(-1, keepdims=True)
    return p, p * (g - (g * p).sum(-1, keepdims=True))


@softmax.wrong("subtract the smallest score")
def by_the_minimum(x, g):
    e = np.exp(x - np.min(x, -1, keepdims=True))
    p = e / e.sum(-1, keepdims=True)
    return p, p * (g - (g * p).sum(-1, keepdims=True))


@softmax.wrong("subtract the mean")
def centred(x, g):
    e = np.exp(x - np.mean(x, -1, keepdims=True))
    p = e / e.sum(-1, keepdims=True)
    return p, p * (g - (g * p).sum(-1, keepdims=True))


@softmax.wrong("the wrong sign")
def turned(x, g):
    p = check.softmax_of(x)
    return p, p * ((g * p).sum(-1, keepdims=True) - g)


@softmax.wrong("expected a tuple")
def the_gradient_alone(x, g):
    return check.Stable.softmax(x, g)[1]


@softmax.wrong("go along the first axis")
def along_the_first_axis(x, g):
    e = np.exp(x - x.max(0))
    p = e / e.sum(0)
    return p, p * (g - (g * p).sum(0))


@softmax.wrong()
def value_only(x, g):
    return check.softmax_of(x)


@softmax.wrong("Your code changed x")
def in_place(x, g):
    x -= x.max(-1, keepdims=True)
    return peak_of_each_row(x, g)


@lse.right
def peak_added_again(x, g):
    peak = x.max(axis=-1, keepdims=True)
    powers = np.exp(x - peak)
    total = powers.sum(axis=-1, keepdims=True)
    return (peak + np.log(total)).squeeze(-1), g[..., None] * powers / total if np.ndim(g) else g * powers / total


@lse.right
def from_the_value(x, g):
    z = np.logaddexp.reduce(x, axis=-1)
    return z, np.expand_dims(g, -1) * np.exp(x - np.expand_dims(z, -1))


@lse.wrong("logarithm of ∞")
def straight(x, g):
    return np.log(np.exp(x).sum(-1)), np.expand_dims(g, -1) * np.exp(x) / np.exp(x).sum(-1, keepdims=True)


@lse.wrong("the value overflows")
def naive_value(x, g):
    return np.log(np.sum(np.exp(x), -1)), np.expand_dims(g, -1) * check.softmax_of(x)


@lse.wrong("The gradient comes first in your tuple")
def gradient_before_value(x, g):
    return check.Stable.logsumexp(x, g)[1], check.Stable.logsumexp(x, g)[0]


@lse.wrong("the gradient overflows")
def half_stable(x, g):
    m = x.max(-1)
    z = m + np.log(np.exp(x - m[..., None]).sum(-1))
    return z, np.expand_dims(g, -1) * np.exp(x) / np.exp(x).sum(-1, keepdims=True)


@lse.wrong("never came back")
def forgotten_peak(x, g):
    m = x.max(-1, keepdims=True)
    return np.log(np.exp(x - m).sum(-1)), np.expand_dims(g, -1) * check.softmax_of(x)


@lse.wrong("The value is the largest score")
def the_maximum(x, g):
    return x.max(-1), np.expand_dims(g, -1) * check.softmax_of(x)


@lse.wrong("add the largest score under the logarithm")
def added_inside(x, g):
    m = x.max(-1)
    return np.log(m + np.exp(x - m[..., None]).sum(-1)), np.expand_dims(g, -1) * check.softmax_of(x)


@lse.wrong("what arrived, g")
def without_g(x, g):
    return np.logaddexp.reduce(x, axis=-1), check.softmax_of(x)


@lse.wrong("a second time")
def peak_felt(x, g):
    p = check.softmax_of(x)
    return np.logaddexp.reduce(x, axis=-1), np.expand_dims(g, -1) * (p + np.isclose(x, x.max(-1, keepdims=True)))


@lse.wrong()
def kept_axis(x, g):
    return np.logaddexp.reduce(x, axis=-1)[..., None], np.expand_dims(g, -1) * check.softmax_of(x)


@lse.wrong()
def of_everything(x, g):
    return np.logaddexp.reduce(x.ravel()), np.expand_dims(g, -1) * check.softmax_of(x)


probe = answers_to(check.sum_and_probe)


@probe.right
def random_probe(p):
    return np.zeros(p.shape), np.random.default_rng(3).normal(size=p.shape)


@probe.right
def ramp(p):
    ones = np.ones_like(p)
    return p * (ones - (ones * p).sum()), np.arange(p.size) ** 2 + 1.0


@probe.right
def one_entry(p):
    g = np.zeros_like(p)
    g[-1] = 1
    return np.zeros_like(p), g


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


@probe.wrong("The sum of a softmax is 1 wherever x is")
def probabilities(p):
    return p.copy(), np.arange(p.size) ** 2 + 1


@probe.wrong("what does the sum do")
def ones_for_the_sum(p):
    return np.ones_like(p), random_probe(p)[1]


@probe.wrong("no gradient at all")
def sevens(p):
    return 0 * p, 0 * p + 7


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
hunt.wrong("Follow what stands in the dictionary")({**RIGHT, "5 defect": "6g"})
hunt.wrong("because of what another line has chosen")({**RIGHT, "6 defect": "4f"})
hunt.wrong("Which line sets out from there")({**RIGHT, "7 defect": "4g"})
hunt.wrong("how many times the line is run")({**RIGHT, "7 defect": "3i"})
hunt.wrong("There is no box called 8 defect")({**RIGHT, "1 defect": "4e", "8 defect": "1a"})
hunt.wrong()({**RIGHT, "1 defect": 3})
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
