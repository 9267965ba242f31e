"""Answers to the exercises of lesson 09."""

import numpy as np

from gradlib import Tensor
from gradlib.checks import lesson_09 as check

from .harness import answers_to

ce = answers_to(check.cross_entropy_gradient)


@ce.right
def p_minus_y(scores, labels):
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    p[np.arange(len(p)), labels] -= 1
    return p / len(p)


@ce.right
def by_log_softmax(scores, labels):
    x = Tensor(scores, requires_grad=True)
    (-x.log_softmax(axis=1)[np.arange(len(labels)), labels]).mean().backward()
    return x.grad


@ce.wrong("The missing 1/N")
def of_the_sum(scores, labels):
    return p_minus_y(scores, labels) * len(scores)


@ce.wrong("The sign is turned round")
def y_minus_p(scores, labels):
    return -p_minus_y(scores, labels)


@ce.wrong("leave out y")
def p_alone(scores, labels):
    return check.softmax(scores) / len(labels)


@ce.wrong("adds up to 1".replace("adds", "add"))
def by_columns(scores, labels):
    p = np.exp(scores - scores.max(axis=0))
    return (p / p.sum(axis=0) - np.eye(scores.shape[1])[labels]) / len(labels)


@ce.wrong("the number of all entries")
def mean_of_everything(scores, labels):
    return p_minus_y(scores, labels) / scores.shape[1]


@ce.wrong()
def unstable(scores, labels):
    p = np.exp(scores)
    return (p / p.sum(axis=1, keepdims=True) - np.eye(scores.shape[1])[labels]) / len(labels)


@ce.wrong()
def scores_for_probabilities(scores, labels):
    return (scores - np.eye(scores.shape[1])[labels]) / len(labels)


bce = answers_to(check.bce_with_logits)


@bce.right
def softplus_form(z, y):
    p = np.where(z >= 0, 1 / (1 + np.exp(-np.abs(z))), np.exp(-np.abs(z)) / (1 + np.exp(-np.abs(z))))
    return (np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z)))).mean(), (p - y) / len(z)


@bce.right
def with_logaddexp(z, y):
    return np.mean(np.logaddexp(0, z) - y * z), (np.exp(-np.logaddexp(0, -z)) - y) / z.size


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


@bce.wrong()
def the_loss_alone(z, y):
    return softplus_form(z, y)[0]


@bce.wrong()
def summed_loss(z, y):
    loss, gradient = softplus_form(z, y)
    return loss * len(z), gradient


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


@refuse.wrong()
def by_assertion(prediction, target):
    assert prediction.shape == target.shape, f"{prediction.shape} and {target.shape}"
    return np.mean((prediction - target) ** 2)


@refuse.wrong()
def refuses_everything(prediction, target):
    raise ValueError(f"{prediction.shape} and {target.shape}")


rates = answers_to(check.mean_or_sum)
RIGHT = {"learning rate": 0.003125, "mean": 1, "sum": 2}


@rates.right
def computed():
    return {"learning rate": 0.1 / 32, "mean": 64 / 64, "sum": 64 / 32}


rates.right(dict(RIGHT))
rates.stub(dict.fromkeys(RIGHT, ...))
rates.wrong("has to be smaller")({**RIGHT, "learning rate": 3.2})
rates.wrong("so do their gradients and steps")({**RIGHT, "learning rate": 0.1})
rates.wrong("A mean stays what it is")({**RIGHT, "mean": 2})
rates.wrong("the two cancel")({**RIGHT, "mean": 0.5, "sum": 1})
rates.wrong()({**RIGHT, "sum": 32})
rates.wrong()(0.003125)

hub = answers_to(check.huber)


@hub.right
def with_where(d, delta):
    inside = np.abs(d) < delta
    loss = np.where(inside, 0.5 * d * d, delta * np.abs(d) - 0.5 * delta**2)
    return loss, np.where(inside, d, np.copysign(delta, d))


@hub.right
def with_clip(d, delta):
    slope = np.clip(d, -delta, delta)
    return slope * (d - slope / 2), slope


@hub.wrong("the loss jumps")
def jumping(d, delta):
    return np.where(np.abs(d) <= delta, d**2 / 2, delta * np.abs(d)), np.clip(d, -delta, delta)


@hub.wrong("the slope 1 whatever delta is")
def unit_slope(d, delta):
    inside = np.abs(d) <= delta
    return np.where(inside, d**2 / 2, np.abs(d) - delta / 2), np.where(inside, d, np.sign(d))


@hub.wrong("Near zero it is d²")
def whole_square(d, delta):
    inside = np.abs(d) <= delta
    return np.where(inside, d**2, delta * (np.abs(d) - delta / 2)), np.where(inside, 2 * d, delta * np.sign(d))


@hub.wrong("has the sign of the error")
def positive_slope(d, delta):
    loss, slope = with_clip(d, delta)
    return loss, np.where(np.abs(d) > delta, np.abs(slope), slope)


@hub.wrong("½ d² everywhere")
def square(d, delta):
    return d * d / 2, d


@hub.wrong()
def absolute(d, delta):
    return np.abs(d), np.sign(d)


@hub.wrong()
def loss_alone(d, delta):
    return with_clip(d, delta)[0]
