"""Answers to the exercises of lesson 09."""

from functools import partial

import numpy as np

from gradlib import Tensor
from gradlib.checks import Case
from gradlib.checks import lesson_09 as check

from .harness import answers_to

ce = answers_to(check.cross_entropy_gradient)


@ce.right
def p_minus_y(scores, targets):
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    return (p - targets) / len(p)


@ce.right
def by_log_softmax(scores, targets):
    x = Tensor(scores, requires_grad=True)
    (-(x.log_softmax(axis=1) * targets).sum(axis=1)).mean().backward()
    return x.grad


@ce.right
def row_by_row(scores, targets):
    rows = []
    for z, y in zip(scores, targets, strict=True):
        p = np.exp(z - np.logaddexp.reduce(z))
        rows.append(sum(share * (p - one) for share, one in zip(y, np.eye(len(z)), strict=True)) / len(scores))
    return np.array(rows)


@ce.inputs
def _(rng):
    rows, classes = rng.integers(1, 4), rng.integers(2, 5)
    targets = rng.dirichlet(np.ones(classes), size=rows)
    return {"scores": rng.choice([1, 1000]) * rng.normal(size=(rows, classes)), "targets": targets}


@ce.wrong("The missing 1/N")
def of_the_sum(scores, targets):
    return p_minus_y(scores, targets) * len(scores)


@ce.wrong("The sign is wrong")
def y_minus_p(scores, targets):
    return -p_minus_y(scores, targets)


@ce.wrong("leave out y")
def p_alone(scores, targets):
    return check.softmax(scores) / len(targets)


@ce.wrong("add up to 1 for each class")
def by_columns(scores, targets):
    p = np.exp(scores - scores.max(axis=0))
    return (p / p.sum(axis=0) - targets) / len(targets)


@ce.wrong("add up to 1 over all rows together")
def without_an_axis(scores, targets):
    p = np.exp(scores - scores.max())
    return (p / p.sum() - targets) / len(targets)


@ce.wrong("one maximum for all rows")
def global_maximum(scores, targets):
    p = np.exp(scores - scores.max())
    return (p / p.sum(axis=1, keepdims=True) - targets) / len(targets)


@ce.wrong("more than a float can hold")
def unstable(scores, targets):
    p = np.exp(scores)
    return (p / p.sum(axis=1, keepdims=True) - targets) / len(targets)


@ce.wrong("You let the gradient reach only the class")
def only_the_wanted_class(scores, targets):
    gradient, answer = p_minus_y(scores, targets), np.zeros_like(scores)
    rows, classes = np.arange(len(scores)), targets.argmax(axis=1)
    answer[rows, classes] = gradient[rows, classes]
    return answer


@ce.wrong("the number of all entries")
def mean_of_everything(scores, targets):
    return p_minus_y(scores, targets) / scores.shape[1]


@ce.wrong("You subtract y from the scores")
def scores_minus_y(scores, targets):
    return (scores - targets) / len(targets)


@ce.wrong("You take the softmax of a softmax")
def twice(scores, targets):
    p = check.softmax(check.softmax(scores))
    return (p - targets) / len(p)


@ce.wrong("You take σ of every score for itself")
def by_sigmoid(scores, targets):
    return (1 / (1 + np.exp(-scores)) - targets) / scores.shape[0]


@ce.wrong("You divide by the number of classes")
def per_class(scores, targets):
    return p_minus_y(scores, targets) * len(scores) / scores.shape[-1]


@ce.wrong("the class with the largest target for certain")
def with_labels(scores, targets):
    p = check.softmax(scores)
    p[np.arange(len(p)), targets.argmax(axis=1)] -= 1
    return p / len(p)


@ce.wrong("-y/p")
def by_the_probabilities(scores, targets):
    return -targets / check.softmax(scores) / len(scores)


@ce.wrong("Your answer is a number")
def the_loss(scores, targets):
    return -(targets * np.log(check.softmax(scores))).sum(axis=1).mean()


@ce.wrong("Your answer has shape")
def turned(scores, targets):
    return p_minus_y(scores, targets).T


@ce.wrong("Your code changed scores")
def in_place(scores, targets):
    scores -= scores.max(axis=1, keepdims=True)
    return p_minus_y(scores, targets)


bce = answers_to(check.bce_with_logits)


@bce.right
def softplus_form(z, y):
    p = np.where(z >= 0, 1 / (1 + np.exp(-np.abs(z))), np.exp(-np.abs(z)) / (1 + np.exp(-np.abs(z))))
    return (np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z)))).mean(), (p - y) / len(z)


@bce.right
def with_logaddexp(z, y):
    return np.mean(np.logaddexp(0, z) - y * z), (np.exp(-np.logaddexp(0, -z)) - y) / z.size


@bce.inputs
def _(rng):
    n = rng.integers(1, 5)
    return {"z": rng.choice([1, 1000]) * rng.normal(size=n), "y": rng.uniform(size=n)}


@bce.wrong("inf or nan at the ends")
def textbook(z, y):
    p = 1 / (1 + np.exp(-z))
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)), (p - y) / len(z)


@bce.wrong("overflows above 709")
def naive_softplus(z, y):
    return np.mean(np.log(1 + np.exp(z)) - z * y), (1 / (1 + np.exp(-z)) - y) / len(z)


@bce.wrong("You cut probabilities off")
def clipped(z, y):
    p = 1 / (1 + np.exp(-z))
    q = np.clip(p, 1e-7, 1 - 1e-7)
    return -np.mean(y * np.log(q) + (1 - y) * np.log(1 - q)), (p - y) / len(z)


@bce.wrong("the missing 1/N")
def gradient_not_divided(z, y):
    loss, gradient = softplus_form(z, y)
    return loss, gradient * len(z)


@bce.wrong("The sign of the gradient")
def uphill(z, y):
    loss, gradient = softplus_form(z, y)
    return loss, -gradient


@bce.wrong("z itself is missing")
def only_the_last_term(z, y):
    return np.mean(np.log1p(np.exp(-np.abs(z))) - z * y), softplus_form(z, y)[1]


@bce.wrong("It is the probability σ(z) that is compared")
def scores_minus_targets(z, y):
    return softplus_form(z, y)[0], (z - y) / len(z)


@bce.wrong()
def gradient_first(z, y):
    return softplus_form(z, y)[::-1]


@bce.wrong()
def targets_rounded(z, y):
    return softplus_form(z, np.round(y))


@bce.wrong()
def the_loss_alone(z, y):
    return softplus_form(z, y)[0]


@bce.wrong("the loss the sum")
def summed_loss(z, y):
    loss, gradient = softplus_form(z, y)
    return loss * len(z), gradient


@bce.wrong("in both")
def summed(z, y):
    loss, gradient = softplus_form(z, y)
    return loss * len(z), gradient * len(z)


@bce.wrong("The sign of the loss")
def negative_loss(z, y):
    loss, gradient = softplus_form(z, y)
    return -loss, gradient


@bce.wrong("You cut probabilities off at 1e-07")
def clipped_before_both(z, y):
    p = np.clip(1 / (1 + np.exp(-z)), 1e-7, 1 - 1e-7)
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)), (p - y) / len(z)


@bce.wrong("You cut probabilities off")
def with_a_small_number(z, y):
    p = 1 / (1 + np.exp(-z))
    return -np.mean(y * np.log(p + 1e-12) + (1 - y) * np.log(1 - p + 1e-12)), (p - y) / len(z)


@bce.wrong("the gradient with respect to the probability")
def without_the_slope_of_sigmoid(z, y):
    p = np.exp(-np.logaddexp(0, -z))
    return softplus_form(z, y)[0], (p - y) / (p * (1 - p)) / len(z)


@bce.wrong()
def infinities_replaced(z, y):
    loss, gradient = textbook(z, y)
    return np.nan_to_num(loss), gradient


@bce.wrong("loss is an array")
def loss_of_each(z, y):
    return np.logaddexp(0, z) - y * z, softplus_form(z, y)[1]


refuse = answers_to(check.mse)


@refuse.right
def compares_shapes(prediction, target):
    if prediction.shape != target.shape:
        raise ValueError(f"mse compares shapes {prediction.shape} and {target.shape}, which differ")
    return np.mean((prediction - target) ** 2)


@refuse.right
def with_the_advice(prediction, target):
    if list(np.shape(prediction)) != list(np.shape(target)):
        raise ValueError(
            f"prediction has shape {prediction.shape}, target {target.shape}: add or drop an axis, as in x[:, 0]"
        )
    error = (prediction - target).ravel()
    return float(error @ error) / error.size


@refuse.inputs
def _(rng):
    shapes = [(), (2,), (3,), (2, 1), (1, 2), (2, 3), (3, 2)]
    a = shapes[rng.integers(7)]
    b = a if rng.random() < 0.3 else shapes[rng.integers(7)]
    inputs = {"prediction": rng.normal(size=a), "target": rng.normal(size=b)}
    return Case(inputs) if a == b else Case(inputs, call=check.refusal, accept=partial(check.wrong_refusal, a, b))


@refuse.wrong("the silent (N, 1) - (N,)")
def no_question(prediction, target):
    return np.mean(np.square(prediction - target))


@refuse.wrong("You bring both into one row")
def raveled(prediction, target):
    if prediction.size != target.size:
        raise ValueError(f"{prediction.shape} against {target.shape}")
    return np.mean((prediction.ravel() - target.ravel()) ** 2)


@refuse.wrong("how many entries there are")
def by_size(prediction, target):
    if prediction.size != target.size:
        raise ValueError(f"{prediction.shape} against {target.shape}")
    return np.mean((prediction - target) ** 2)


@refuse.wrong("does not say what it got")
def wordless(prediction, target):
    if prediction.shape != target.shape:
        raise ValueError("wrong shape")
    return np.mean((prediction - target) ** 2)


@refuse.wrong("You add up and do not divide")
def total(prediction, target):
    return compares_shapes(prediction, target) * prediction.size


@refuse.right
def by_an_error_of_its_own(prediction, target):
    class ShapesDiffer(ValueError):
        pass

    if prediction.shape != target.shape:
        raise ShapesDiffer(prediction.shape, target.shape)
    return ((prediction - target) ** 2).mean()


@refuse.wrong("there is an answer: a number")
def by_axes_and_entries(prediction, target):
    if (prediction.ndim, prediction.size) != (target.ndim, target.size):
        raise ValueError(f"{prediction.shape} against {target.shape}")
    return np.mean((prediction.ravel() - target.ravel()) ** 2)


@refuse.wrong("how many axes there are")
def by_axes(prediction, target):
    if prediction.ndim != target.ndim:
        raise ValueError(f"{prediction.shape} against {target.shape}")
    return np.mean((prediction - target) ** 2)


@refuse.wrong("The ½")
def half_of_it(prediction, target):
    return compares_shapes(prediction, target) / 2


@refuse.wrong("the root of the mean square")
def root(prediction, target):
    return compares_shapes(prediction, target) ** 0.5


@refuse.wrong("the mean of |d|")
def absolute(prediction, target):
    compares_shapes(prediction, target)
    return np.mean(np.abs(prediction - target))


@refuse.wrong("The error is returned")
def returns_the_error(prediction, target):
    if prediction.shape != target.shape:
        return ValueError(f"{prediction.shape} and {target.shape}")
    return np.mean((prediction - target) ** 2)


@refuse.wrong("there is an answer")
def only_one_way_round(prediction, target):
    if prediction.ndim > target.ndim:
        raise ValueError(f"{prediction.shape} and {target.shape}")
    return np.mean((prediction - target) ** 2)


@refuse.wrong("expected a number")
def mean_of_columns(prediction, target):
    compares_shapes(prediction, target)
    return np.mean((prediction - target) ** 2, axis=0)


@refuse.wrong("another kind of error: AssertionError")
def by_assertion(prediction, target):
    assert prediction.shape == target.shape, f"{prediction.shape} and {target.shape}"
    return np.mean((prediction - target) ** 2)


@refuse.wrong()
def refuses_everything(prediction, target):
    raise ValueError(f"{prediction.shape} and {target.shape}")


rates = answers_to(check.mean_or_sum)
RIGHT = {"learning rate": 0.003125, "mean": 1, "sum": 2, "outputs": 10}


@rates.right
def computed():
    return {"learning rate": 0.0031, "mean": 64 / 64, "sum": 64 / 32, "outputs": 320 / 32}


rates.right(dict(RIGHT))
rates.stub(dict.fromkeys(RIGHT, ...))
rates.wrong("has to be smaller")({**RIGHT, "learning rate": 3.2})
rates.wrong("so do their gradients and steps")({**RIGHT, "learning rate": 0.1})
rates.wrong("A mean stays what it is")({**RIGHT, "mean": 2})
rates.wrong("the two cancel")({**RIGHT, "mean": 0.5})
rates.wrong("A sum has no 1/N")({**RIGHT, "sum": 1})
rates.wrong("how many entries there are")({**RIGHT, "outputs": 320})
rates.wrong("the number of examples")({**RIGHT, "outputs": 32})
rates.wrong("larger, not smaller")({**RIGHT, "outputs": 0.1})
rates.wrong()({**RIGHT, "sum": 32})
rates.wrong()(0.003125)

constant = answers_to(check.best_constant)


@constant.right
def by_trying_all(y, q):
    return min(y, key=lambda x: np.where(x >= y, (1 - q) * (x - y), q * (y - x)).mean())


@constant.right
def by_counting(y, q):
    return np.sort(y)[min(int(np.floor(q * len(y))), len(y) - 1)]


@constant.right
def by_numpy(y, q):
    return np.quantile(y, q, method="inverted_cdf")


@constant.right
def on_a_grid(y, q):
    guesses = np.linspace(y.min(), y.max(), 2001)
    return guesses[np.argmin([np.where(x >= y, (1 - q) * (x - y), q * (y - x)).mean() for x in guesses])]


@constant.inputs
def _(rng):
    y, q = rng.normal(size=rng.integers(1, 8)).round(1), rng.uniform(0.01, 0.99)
    return Case({"y": y, "q": q}, accept=partial(check.not_best, y, q))


@constant.wrong("there is a number where it is only")
def nearest(y, q):
    return np.quantile(y, q, method="nearest")


@constant.wrong("You have the mean")
def mean(y, q):
    return np.mean(y)


@constant.wrong("You have the median")
def median(y, q):
    return float(np.median(y))


@constant.wrong("The two sides are exchanged")
def exchanged(y, q):
    return by_trying_all(y, 1 - q)


@constant.wrong("goes between two measurements")
def linear(y, q):
    return np.quantile(y, q)


@constant.wrong("You have the largest")
def largest(y, q):
    return y.max()


@constant.wrong("That is the least loss")
def its_loss(y, q):
    return min(np.where(x >= y, (1 - q) * (x - y), q * (y - x)).mean() for x in y)


@constant.wrong("expected a number")
def as_a_list(y, q):
    return [by_trying_all(y, q)]


@constant.wrong("there is a number where it is only")
def one_too_far(y, q):
    return np.sort(y)[min(int(q * len(y)) + 1, len(y) - 1)]


@constant.wrong("Your code changed y")
def sorts_in_place(y, q):
    y.sort()
    return y[min(int(q * len(y)), len(y) - 1)]
