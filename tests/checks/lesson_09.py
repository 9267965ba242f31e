"""Answers to the exercises of lesson 09."""

from functools import partial

import numpy as np

from gradlib import Tensor, nn
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


@ce.wrong("That is the loss")
def the_loss(scores, targets):
    return -(targets * np.log(check.softmax(scores))).sum(axis=1).mean()


@ce.wrong("Your answer has shape")
def turned(scores, targets):
    return p_minus_y(scores, targets).T


@ce.wrong("Your code changed scores")
def in_place(scores, targets):
    scores -= scores.max(axis=1, keepdims=True)
    return p_minus_y(scores, targets)


bce = answers_to(check.weighted_bce)


@bce.right
def softplus_form(z, y, weight):
    small = np.exp(-np.abs(z))
    p = np.where(z >= 0, 1, small) / (1 + small)
    losses = (1 - y) * z + (1 + (weight - 1) * y) * (np.maximum(-z, 0) + np.log1p(small))
    return losses.mean(), ((1 - y) * p - weight * y * (1 - p)) / len(z)


@bce.right
def with_logaddexp(z, y, weight):
    yes, no = np.logaddexp(0, -z), np.logaddexp(0, z)
    gradient = (1 - y) * np.exp(-yes) - weight * y * np.exp(-no)
    return np.mean(weight * y * yes + (1 - y) * no), gradient / z.size


@bce.right
def by_autograd(z, y, weight):
    x = Tensor(z, requires_grad=True)
    loss = ((-x).softplus() * (weight * y) + x.softplus() * (1 - y)).mean()
    loss.backward()
    return loss.item(), x.grad


@bce.inputs
def _(rng):
    n = rng.integers(1, 5)
    z, y = rng.choice([1, 1000]) * rng.normal(size=n), rng.uniform(size=n)
    return {"z": z, "y": y, "weight": rng.uniform(0.2, 5)}


@bce.wrong("inf or nan at the ends")
def textbook(z, y, weight):
    p = 1 / (1 + np.exp(-z))
    losses = -weight * y * np.log(p) - (1 - y) * np.log(1 - p)
    return losses.mean(), ((1 - y) * p - weight * y * (1 - p)) / len(z)


@bce.wrong("overflows above 709")
def naive_softplus(z, y, weight):
    loss = np.mean(weight * y * np.log(1 + np.exp(-z)) + (1 - y) * np.log(1 + np.exp(z)))
    return loss, softplus_form(z, y, weight)[1]


@bce.wrong("You cut probabilities off")
def clipped(z, y, weight):
    p = np.clip(1 / (1 + np.exp(-z)), 1e-7, 1 - 1e-7)
    losses = -weight * y * np.log(p) - (1 - y) * np.log(1 - p)
    return losses.mean(), ((1 - y) * p - weight * y * (1 - p)) / len(z)


@bce.wrong("You cut probabilities off")
def with_a_small_number(z, y, weight):
    p = 1 / (1 + np.exp(-z))
    losses = -weight * y * np.log(p + 1e-12) - (1 - y) * np.log(1 - p + 1e-12)
    return losses.mean(), softplus_form(z, y, weight)[1]


@bce.wrong("The weight is left out")
def as_in_the_lesson(z, y, weight):
    return softplus_form(z, y, 1)


@bce.wrong("The weight is on the wrong side")
def no_weighted(z, y, weight):
    loss, gradient = softplus_form(-z, 1 - y, weight)
    return loss, -gradient


@bce.wrong("You weight every example")
def all_weighted(z, y, weight):
    loss, gradient = softplus_form(z, y, 1)
    return weight * loss, weight * gradient


@bce.wrong("the gradient does not")
def weight_in_the_loss_alone(z, y, weight):
    return softplus_form(z, y, weight)[0], softplus_form(z, y, 1)[1]


@bce.wrong("The gradient is p - weight y")
def weight_times_y(z, y, weight):
    return softplus_form(z, y, weight)[0], (np.exp(-np.logaddexp(0, -z)) - weight * y) / len(z)


@bce.wrong("the sum of the weights")
def weighted_mean(z, y, weight):
    loss, gradient = softplus_form(z, y, weight)
    return loss * len(z) / np.sum(1 + (weight - 1) * y), gradient


@bce.wrong("the missing 1/N")
def gradient_not_divided(z, y, weight):
    loss, gradient = softplus_form(z, y, weight)
    return loss, gradient * len(z)


@bce.wrong("The sign of the gradient")
def uphill(z, y, weight):
    loss, gradient = softplus_form(z, y, weight)
    return loss, -gradient


@bce.wrong("to the base 2")
def by_log2(z, y, weight):
    loss, gradient = softplus_form(z, y, weight)
    return loss * np.log2(np.e), gradient


@bce.wrong("A high score means yes")
def sigma_of_minus_z(z, y, weight):
    return softplus_form(-z, y, weight)


@bce.wrong("is ∞/∞ above 709")
def quotient_of_powers(z, y, weight):
    power = np.exp(z)
    p = power / (1 + power)
    return softplus_form(z, y, weight)[0], ((1 - y) * p - weight * y * (1 - p)) / len(z)


@bce.wrong("has the weight twice")
def weight_in_twice(z, y, weight):
    return softplus_form(z, y, weight)[0], softplus_form(z, y, weight * weight)[1]


@bce.wrong("z itself is missing")
def only_the_last_term(z, y, weight):
    small = np.log1p(np.exp(-np.abs(z)))
    return np.mean((1 + (weight - 1) * y) * small), softplus_form(z, y, weight)[1]


@bce.wrong()
def gradient_first(z, y, weight):
    return softplus_form(z, y, weight)[::-1]


@bce.wrong()
def targets_rounded(z, y, weight):
    return softplus_form(z, np.round(y), weight)


@bce.wrong()
def weight_rounded(z, y, weight):
    return softplus_form(z, y, int(weight))


@bce.wrong("You return the loss alone")
def the_loss_alone(z, y, weight):
    return softplus_form(z, y, weight)[0]


@bce.wrong("the loss the sum")
def summed_loss(z, y, weight):
    loss, gradient = softplus_form(z, y, weight)
    return loss * len(z), gradient


@bce.wrong("in both")
def summed(z, y, weight):
    loss, gradient = softplus_form(z, y, weight)
    return loss * len(z), gradient * len(z)


@bce.wrong("The sign of the loss")
def negative_loss(z, y, weight):
    loss, gradient = softplus_form(z, y, weight)
    return -loss, gradient


@bce.wrong("the gradient with respect to the probability")
def without_the_slope_of_sigmoid(z, y, weight):
    p = np.exp(-np.logaddexp(0, -z))
    return softplus_form(z, y, weight)[0], ((1 - y) / (1 - p) - weight * y / p) / len(z)


@bce.wrong()
def infinities_replaced(z, y, weight):
    loss, gradient = textbook(z, y, weight)
    return np.nan_to_num(loss), gradient


@bce.wrong("loss is an array")
def loss_of_each(z, y, weight):
    return weight * y * np.logaddexp(0, -z) + (1 - y) * np.logaddexp(0, z), softplus_form(z, y, weight)[1]


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


@constant.right
def by_a_search_in_thirds(y, q):
    def loss(x):
        return np.where(x >= y, (1 - q) * (x - y), q * (y - x)).mean()

    low, high = y.min() - 1, y.max() + 1
    while high - low > 1e-4:
        third = (high - low) / 3
        low, high = (low, high - third) if loss(low + third) < loss(high - third) else (low + third, high)
    return low


@constant.wrong("it is only 0.")
def two_thousandths_too_low(y, q):
    return by_trying_all(y, q) - 0.002


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


squares = answers_to(check.squared_softmax_gradient)


@squares.right
def by_jacobians(scores, targets):
    rows = []
    for z, y in zip(scores, targets, strict=True):
        p = np.exp(z - np.logaddexp.reduce(z))
        rows.append((np.diag(p) - np.outer(p, p)) @ (2 * (p - y)) / len(scores))
    return np.array(rows)


@squares.right
def from_the_graph(scores, targets):
    z = Tensor(scores, requires_grad=True)
    p = z.softmax(axis=1)
    ((p - targets) * (p - targets)).sum(axis=1).mean().backward()
    return z.grad


@squares.inputs
def _(rng):
    rows, classes = rng.integers(1, 4), rng.integers(2, 5)
    targets = rng.dirichlet(np.ones(classes), size=rows)
    return {"scores": rng.choice([1, 1000]) * rng.normal(size=(rows, classes)), "targets": targets}


def back_through(p, g):
    return p * g - p * (p * g).sum(axis=1)[:, None]


@squares.wrong("the gradient of cross-entropy")
def as_for_cross_entropy(scores, targets):
    return p_minus_y(scores, targets)


@squares.wrong("with respect to the *probabilities*")
def by_p(scores, targets):
    return 2 * p_minus_y(scores, targets)


@squares.wrong("the slope of a probability with respect to its own score")
def diagonal(scores, targets):
    p = check.softmax(scores)
    return 2 * (p - targets) * p * (1 - p) / len(p)


@squares.wrong("the rule for one score behind a σ")
def as_in_the_lesson_for_one_score(scores, targets):
    p = check.softmax(scores)
    return (p - targets) * p * (1 - p) / len(p)


@squares.wrong("The sum Σ p g is added")
def with_a_plus(scores, targets):
    p = check.softmax(scores)
    g = 2 * (p - targets) / len(p)
    return p * g + p * (p * g).sum(axis=1, keepdims=True)


@squares.wrong("goes down the columns")
def down(scores, targets):
    p = check.softmax(scores)
    g = 2 * (p - targets) / len(p)
    return p * (g - (p * g).sum(axis=0, keepdims=True))


@squares.wrong("You divide by the number of classes")
def by_c(scores, targets):
    return by_jacobians(scores, targets) * len(scores) / scores.shape[1]


@squares.wrong("the softmax of a softmax")
def softmax_again(scores, targets):
    p = check.softmax(check.softmax(scores))
    return back_through(p, 2 * (p - targets)) / len(p)


@squares.wrong("The factor 2 is missing")
def half(scores, targets):
    return by_jacobians(scores, targets) / 2


@squares.wrong("The missing 1/N")
def sum_of_rows(scores, targets):
    return by_jacobians(scores, targets) * len(scores)


@squares.wrong("the number of all entries")
def mean_over_entries(scores, targets):
    p = check.softmax(scores)
    return back_through(p, 2 * (p - targets) / p.size)


@squares.wrong("The sign is wrong")
def other_sign(scores, targets):
    return -by_jacobians(scores, targets)


@squares.wrong("You have p times 2(p - y)")
def times_p(scores, targets):
    p = check.softmax(scores)
    return 2 * p * (p - targets) / len(p)


@squares.wrong("a sum in which p are the weights")
def centred(scores, targets):
    p = check.softmax(scores)
    g = 2 * (p - targets) / len(p)
    return p * (g - g.mean(axis=1, keepdims=True))


@squares.wrong("the p before it is missing")
def bracket_alone(scores, targets):
    p = check.softmax(scores)
    g = 2 * (p - targets) / len(p)
    return g - (p * g).sum(axis=1, keepdims=True)


@squares.wrong("goes over all rows")
def one_sum(scores, targets):
    p = check.softmax(scores)
    g = 2 * (p - targets) / len(p)
    return p * (g - np.sum(p * g))


@squares.wrong("more than a float can hold")
def without_the_maximum(scores, targets):
    p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    return back_through(p, 2 * (p - targets)) / len(p)


@squares.wrong("softmax goes over the last axis")
def over_columns(scores, targets):
    p = np.exp(scores - scores.max(axis=0))
    p /= p.sum(axis=0)
    return back_through(p, 2 * (p - targets)) / len(p)


@squares.wrong("Your answer is a number")
def its_loss(scores, targets):
    return ((check.softmax(scores) - targets) ** 2).sum(axis=1).mean()


@squares.wrong()
def for_labels_alone(scores, targets):
    return by_jacobians(scores, np.eye(scores.shape[1])[targets.argmax(axis=1)])


regression = answers_to(check.logistic_regression)


def on_tensors(loss_of, zero=True, column=False):
    """Logistic regression by autograd, with a loss of z and y."""

    def fit(x, y, rate, steps):
        w = Tensor(np.zeros((x.shape[1], 1) if column else x.shape[1]), requires_grad=True)
        b = Tensor(0.0, requires_grad=True)
        for _ in range(steps):
            if zero:
                w.grad = b.grad = None
            loss_of(Tensor(x) @ w + b, Tensor(y)).mean().backward()
            w.data, b.data = w.data - rate * w.grad, b.data - rate * b.grad
        return w.data.reshape(-1), b.item()

    return fit


def from_logits(z, y):
    return z.softplus() - z * y


@regression.right
def right_fit(x, y, rate, steps):
    w, b = Tensor(np.zeros(x.shape[1]), requires_grad=True), Tensor(0.0, requires_grad=True)
    for _ in range(steps):
        w.grad = b.grad = None
        from_logits(Tensor(x) @ w + b, Tensor(y)).mean().backward()
        w.data, b.data = w.data - rate * w.grad, b.data - rate * b.grad
    return w.data, b.data


@regression.wrong("w is a Tensor, expected an array of shape (1,). The numbers of a tensor are its `data`")
def returned_as_tensors(x, y, rate, steps):
    w, b = right_fit(x, y, rate, steps)
    return Tensor(w), Tensor(b)


@regression.right
def with_a_column_of_ones(x, y, rate, steps):
    x = np.column_stack([x, np.ones(len(x))])
    both = np.zeros(x.shape[1])
    for _ in range(steps):
        both -= rate * np.mean((np.exp(-np.logaddexp(0, -x @ both)) - y)[:, None] * x, axis=0)
    return both[:-1], both[-1]


@regression.right
def row_by_row_in_plain_python(x, y, rate, steps):
    w, b = [0.0] * x.shape[1], 0.0
    for _ in range(steps):
        to_w, to_b = [0.0] * len(w), 0.0
        for row, answer in zip(x, y, strict=True):
            z = sum(a * c for a, c in zip(row, w, strict=True)) + b
            wrong = np.exp(-np.logaddexp(0, -z)) - answer
            to_w = [t + wrong * a / len(x) for t, a in zip(to_w, row, strict=True)]
            to_b += wrong / len(x)
        w, b = [a - rate * t for a, t in zip(w, to_w, strict=True)], b - rate * to_b
    return np.array(w), b


@regression.inputs
def _(rng):
    n, d = rng.integers(1, 6), rng.integers(1, 4)
    inputs = {"x": rng.normal(size=(n, d)), "y": rng.integers(0, 2, n).astype(float)}
    inputs |= {"rate": rng.uniform(0.1, 1), "steps": int(rng.integers(0, 5))}
    return Case(inputs, check.fitted(**inputs), call=check.numbers_of, names=("w", "b"), rtol=1e-4, atol=1e-5)


def called(name, answer):
    answer.__name__ = name
    return answer


def by_arrays(step):
    """Logistic regression with a step of its own: step(x, y, z, p) -> the gradients of w and b."""

    def fit(x, y, rate, steps):
        w, b = np.zeros(x.shape[1]), 0.0
        for _ in range(steps):
            z = x @ w + b
            to_w, to_b = step(x, y, z, 1 / (1 + np.exp(-z)))
            w, b = w - rate * to_w, float(b - rate * to_b)
        return w, b

    return fit


for name, words, answer in [
    ("sums", "the gradient of the sum", lambda x, y, rate, steps: right_fit(x, y, rate * len(x), steps)),
    ("ascends", "You go uphill", lambda x, y, rate, steps: right_fit(x, y, -rate, steps)),
    ("too_far", "You go one step too far", lambda x, y, rate, steps: right_fit(x, y, rate, steps + 1)),
    ("too_early", "You stop one step early", lambda x, y, rate, steps: right_fit(x, y, rate, steps - 1)),
    ("w_alone", "You return w alone", lambda x, y, rate, steps: right_fit(x, y, rate, steps)[0]),
    ("linear_regression", "the squared error of the scores", on_tensors(lambda z, y: (z - y) ** 2)),
    ("brier", "squared error of the *probabilities*", on_tensors(lambda z, y: (z.sigmoid() - y) ** 2)),
    (
        "by_the_formula_of_the_lesson",
        "has two corners, which cancel",
        on_tensors(lambda z, y: z.relu() - z * y + ((-z.abs()).exp() + 1.0).log()),
    ),
    ("in_a_column", "The silent (N, 1) - (N,)", on_tensors(from_logits, column=True)),
    ("without_zeroing", "The gradients of earlier steps", on_tensors(from_logits, zero=False)),
    ("of_scores", "You compare the scores", by_arrays(lambda x, y, z, p: (x.T @ (z - y) / len(x), (z - y).mean()))),
    (
        "perceptron",
        "Your answers are 0 or 1",
        by_arrays(lambda x, y, z, p: (x.T @ ((z > 0) - y) / len(x), ((z > 0) - y).mean())),
    ),
    ("without_the_bias", "The bias stays at 0", by_arrays(lambda x, y, z, p: (x.T @ (p - y) / len(x), 0.0))),
    ("half_rate", "half as long", lambda x, y, rate, steps: right_fit(x, y, rate / 2, steps)),
    ("double_rate", "twice as long", lambda x, y, rate, steps: right_fit(x, y, 2 * rate, steps)),
    (
        "signs",
        "You compare p with -1 and 1",
        by_arrays(lambda x, y, z, p: (x.T @ (p - 2 * y + 1) / len(x), (p - 2 * y + 1).mean())),
    ),
    ("one_row", "You use one row alone", by_arrays(lambda x, y, z, p: (x[0] * (p - y)[0], (p - y)[0]))),
    ("weights_summed", "as it does that of the bias", by_arrays(lambda x, y, z, p: (x.T @ (p - y), (p - y).mean()))),
    ("fixed_rate", "", lambda x, y, rate, steps: right_fit(x, y, 0.1, steps)),
    ("bias_summed", "by the *sum* of p - y", by_arrays(lambda x, y, z, p: (x.T @ (p - y) / len(x), (p - y).sum()))),
]:
    regression.wrong(words)(called(name, answer))


@regression.wrong("after w had moved")
def one_after_the_other(x, y, rate, steps):
    w, b = np.zeros(x.shape[1]), 0.0
    for _ in range(steps):
        w -= rate * x.T @ (1 / (1 + np.exp(-(x @ w + b))) - y) / len(x)
        b -= rate * np.mean(1 / (1 + np.exp(-(x @ w + b))) - y)
    return w, b


@regression.wrong("You take a step for each row")
def one_row_at_a_time(x, y, rate, steps):
    w, b = np.zeros(x.shape[1]), 0.0
    for _ in range(steps):
        for row, answer in zip(x, y, strict=True):
            wrong = 1 / (1 + np.exp(-(row @ w + b))) - answer
            w, b = w - rate * wrong * row, b - rate * wrong
    return w, b


training = answers_to(check.train)
entropy = nn.functional.cross_entropy


@training.wrong("is a Tensor, expected a number")
def losses_as_tensors(net, x, labels, rate, steps):
    return [Tensor(loss) for loss in by_p_minus_y(net, x, labels, rate, steps)]


@training.right
def by_p_minus_y(net, x, labels, rate, steps):
    losses = []
    for _ in range(steps):
        scores = net(x)
        logs = scores.data - np.logaddexp.reduce(scores.data, axis=1, keepdims=True)
        losses.append(-logs[range(len(labels)), labels].mean())
        net.zero_grad()
        scores.backward((np.exp(logs) - np.eye(logs.shape[1])[labels]) / len(logs))
        for p in net.parameters():
            p.data -= rate * p.grad
    return losses


@training.right
def by_the_library(net, x, labels, rate, steps):
    losses = []
    for _ in range(steps):
        for p in net.parameters():
            p.grad = None
        loss = entropy(net(x), labels)
        loss.backward()
        losses.append(loss.item())
        for p in net.parameters():
            p.data = p.data - rate * p.grad
    return losses


@training.inputs
def _(rng):
    n = int(rng.integers(1, 6))
    inputs = {"net": check.NETS[["linear", "mlp"][rng.integers(2)]], "x": rng.normal(size=(n, 2))}
    inputs |= {"labels": rng.integers(0, 3, n), "rate": rng.uniform(0.1, 1), "steps": int(rng.integers(0, 5))}
    expected = check.trained(by_the_library, **inputs)
    names = ("losses", "first weight", "last bias")
    return Case(inputs, expected, call=check.trained, names=names, rtol=1e-4, atol=1e-6)


def loop(sent=None, loss_of=entropy, zero=True, sign=-1, which=slice(None)):
    """A training whose pieces can be wrong. sent(p, y) : what goes back from the scores, instead of loss.backward()."""

    def run(net, x, labels, rate, steps):
        losses = []
        for _ in range(steps):
            if zero:
                net.zero_grad()
            scores = net(x)
            loss = loss_of(scores, labels)
            losses.append(loss.item())
            if sent is None:
                loss.backward()
            else:
                scores.backward(sent(scores.softmax().data, np.eye(3)[labels]))
            for p in list(net.parameters())[which]:
                p.data += sign * rate * p.grad
        return losses

    return run


for name, words, answer in [
    ("not_zeroed", "`backward` adds to `grad`", loop(zero=False)),
    ("adds", "You go uphill", loop(sign=1)),
    ("y_minus_p", "You go uphill", loop(lambda p, y: (y - p) / len(p))),
    ("undivided", "The missing 1/N", loop(lambda p, y: p - y)),
    ("by_size", "the number of all scores", loop(lambda p, y: (p - y) / p.size)),
    ("p_sent_back", "leave out y", loop(lambda p, y: p / len(p))),
    ("weights_alone", "the biases stay", loop(which=slice(None, None, 2))),
    ("first_alone", "Only the weight of the first layer", loop(which=slice(1))),
    ("only_listed", "a net that does not move", loop(which=slice(0))),
    ("y_sent_back", "leave out p", loop(lambda p, y: -y / len(p))),
    ("y_over_p", "-y/p", loop(lambda p, y: -y / p / len(p))),
    ("class_numbers", "with the class numbers", loop(lambda p, y: (p - y.argmax(axis=1)[:, None]) / len(p))),
    (
        "of_the_sum",
        "Losses and gradients are those of the sum",
        loop(loss_of=lambda scores, labels: len(labels) * entropy(scores, labels)),
    ),
    (
        "softmax_twice",
        "the softmax of a softmax",
        loop(loss_of=lambda scores, labels: entropy(scores.softmax(), labels)),
    ),
    ("squared", "", loop(loss_of=lambda scores, labels: ((scores - np.eye(3)[labels]) ** 2).mean())),
]:
    training.wrong(words)(called(name, answer))


@training.wrong("Your losses are those after each step")
def measured_afterwards(net, x, labels, rate, steps):
    losses = []
    for _ in range(steps):
        by_the_library(net, x, labels, rate, 1)
        losses.append(entropy(net(x), labels).item())
    return losses


@training.wrong("one loss more than there are steps")
def with_the_last(net, x, labels, rate, steps):
    return [*by_the_library(net, x, labels, rate, steps), entropy(net(x), labels).item()]


@training.wrong("logarithms to the base 2")
def losses_by_log2(net, x, labels, rate, steps):
    return [loss / np.log(2) for loss in by_the_library(net, x, labels, rate, steps)]


@training.wrong("lack the minus")
def losses_without_the_minus(net, x, labels, rate, steps):
    return [-loss for loss in by_the_library(net, x, labels, rate, steps)]


@training.wrong("sums over the examples")
def losses_of_the_sum(net, x, labels, rate, steps):
    return [loss * len(labels) for loss in by_the_library(net, x, labels, rate, steps)]


@training.wrong("`return` hands it back")
def nothing_returned(net, x, labels, rate, steps):
    by_the_library(net, x, labels, rate, steps)


@training.wrong()
def the_last_loss(net, x, labels, rate, steps):
    return (by_the_library(net, x, labels, rate, steps) or [0.0])[-1]


@training.wrong("Only the last bias moves")
def last_parameter(net, x, labels, rate, steps):
    return loop(which=slice(-1, None))(net, x, labels, rate, steps)


@training.wrong("You stop one step early")
def a_turn_less(net, x, labels, rate, steps):
    return by_the_library(net, x, labels, rate, steps - 1)


@training.wrong("You return the last loss alone")
def loss_at_the_end(net, x, labels, rate, steps):
    loss = None
    for _ in range(steps):
        loss = by_the_library(net, x, labels, rate, 1)[0]
    return loss


@training.wrong("the squared errors of the probabilities")
def losses_by_squares(net, x, labels, rate, steps):
    losses = []
    for _ in range(steps):
        losses.append(float(((net(x).softmax().data - np.eye(3)[labels]) ** 2).mean()))
        by_the_library(net, x, labels, rate, 1)
    return losses


for name, words, answer in [
    ("one_row_left", "one row is left", lambda scores, targets: np.mean(check.softmax(scores) - targets, axis=0)),
    (
        "true_class_alone",
        "You have y (p - 1)",
        lambda scores, targets: targets * (check.softmax(scores) - 1) / len(scores),
    ),
    (
        "p_before_it",
        "You multiply p - y by p",
        lambda scores, targets: check.softmax(scores) * (check.softmax(scores) - targets) / len(scores),
    ),
]:
    ce.wrong(words)(called(name, answer))

for name, words, change in [
    ("every_loss", "take their mean", lambda losses, slopes, z, y, weight: (losses, slopes / len(z))),
    (
        "weight_times_error",
        "the weight in each example",
        lambda losses, slopes, z, y, weight: (losses.mean(), weight * (check.sigmoid(z) - y) / len(z)),
    ),
]:
    bce.wrong(words)(called(name, check.in_two(change)))


@refuse.wrong("one square for each entry")
def every_square(prediction, target):
    if prediction.shape != target.shape:
        raise ValueError(f"{prediction.shape} and {target.shape}")
    return (prediction - target) ** 2


@refuse.wrong("Errors of both signs cancel")
def mean_squared(prediction, target):
    if prediction.shape != target.shape:
        raise ValueError(f"{prediction.shape} and {target.shape}")
    return np.mean(prediction - target) ** 2


for words, box, number in [
    ("The learning rate is 0.1, divided by it", "learning rate", 32),
    ("You divide 0.1 by 320", "learning rate", 0.0003125),
    ("from 32 of them to 64", "sum", 64),
    ("a mean of more of the same stays", "mean", 64),
    ("A factor of 0", "mean", 0),
    ("A sum has no division", "sum", 0.5),
    ("1 says that nothing changes", "outputs", 1),
]:
    rates.wrong(words)(check.FACTORS | {box: number})

for name, words, answer in [
    ("other_share", "with 1 - q", lambda y, q: np.quantile(y, 1 - q)),
    ("place_in_y", "You return the place", lambda y, q: np.argmin([check.quantile_loss(x, y, q) for x in y])),
    ("largest_loss", "the *largest* mean loss", lambda y, q: y[np.argmax([check.quantile_loss(x, y, q) for x in y])]),
    ("without_sorting", "y is not sorted", lambda y, q: y[int(q * len(y))]),
]:
    constant.wrong(words)(called(name, answer))


def from_ones(bias):
    def fit(x, y, rate, steps):
        w, b = np.ones(x.shape[1]), bias
        for _ in range(steps):
            errors = 1 / (1 + np.exp(-(x @ w + b))) - y
            w, b = w - rate * x.T @ errors / len(x), b - rate * errors.mean()
        return w, b

    return fit


for name, words, answer in [
    ("w_from_ones", "You start from w = 1.", from_ones(0.0)),
    ("both_from_ones", "w = 1 and b = 1", from_ones(1.0)),
    ("bias_first", "You return b before w", lambda x, y, rate, steps: right_fit(x, y, rate, steps)[::-1]),
    (
        "mean_of_the_mean",
        "divided by N twice",
        by_arrays(lambda x, y, z, p: (x.T @ (p - y) / len(x), ((p - y) / len(x)).mean())),
    ),
    ("turned", "You take σ(-z)", by_arrays(lambda x, y, z, p: (x.T @ (1 - p - y) / len(x), (1 - p - y).mean()))),
    (
        "by_tanh",
        "through tanh",
        by_arrays(lambda x, y, z, p: (x.T @ (np.tanh(z) - y) / len(x), (np.tanh(z) - y).mean())),
    ),
]:
    regression.wrong(words)(called(name, answer))
