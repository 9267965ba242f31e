"""The checks of lesson 09."""

import numpy as np

from gradlib import Tensor, nn
from gradlib.checks import Case, exercise

TITLE = "Losses"


# --- 1 -----------------------------------------------------------------------------------------


@exercise("The gradient of cross-entropy", points=3)
def cross_entropy_gradient():
    """Return the gradient of the mean cross-entropy by the scores: an array of the shape of scores.

    scores has shape (N, C), labels (N,), whole numbers from 0 to C - 1. For scores [[0, 0]] and label 0 it is [[-0.5,
    0.5]].
    """
    rng = np.random.default_rng(1)
    for n, c, about in [(2, 3, ""), (4, 2, ""), (1, 5, "a single example"), (3, 4, "large scores")]:
        scores, labels = rng.normal(size=(n, c)), rng.integers(0, c, n)
        if "large" in about:
            scores = scores * 1000
        yield Case({"scores": scores, "labels": labels}, expected=by_the_engine(scores, labels), about=about)


def by_the_engine(scores, labels):
    x = Tensor(scores, requires_grad=True)
    nn.functional.cross_entropy(x, labels).backward()
    return x.grad


def softmax(scores, axis=-1):
    shifted = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return shifted / shifted.sum(axis=axis, keepdims=True)


def hot(scores, labels):
    return np.eye(scores.shape[1])[labels]


@cross_entropy_gradient.mistake
def without_the_mean(scores, labels):
    """The missing 1/N: you have the gradient of the sum over the examples. The mean divides each by their number."""
    return softmax(scores) - hot(scores, labels)


@cross_entropy_gradient.mistake
def sign_turned(scores, labels):
    """The sign is turned round: y - p. A higher score of the true class makes the loss *smaller*, so its gradient is
    negative."""
    return (hot(scores, labels) - softmax(scores)) / len(scores)


@cross_entropy_gradient.mistake
def probabilities_alone(scores, labels):
    """You have p/N and leave out y: 1 is to be taken away at the true class. Without it every score would be pushed
    down."""
    return softmax(scores) / len(scores)


@cross_entropy_gradient.mistake
def by_the_probability(scores, labels):
    """You have the derivative by the *probabilities*, -1/p at the true class. The gradient is asked by the scores:
    softmax still has to be passed."""
    p = softmax(scores)
    with np.errstate(all="ignore"):
        return np.where(hot(scores, labels) > 0, -1 / p, 0.0) / len(scores)


@cross_entropy_gradient.mistake
def over_the_wrong_axis(scores, labels):
    """The probabilities of each *example* add up to 1. Yours add up to 1 for each class: softmax goes over the last
    axis."""
    return (softmax(scores, axis=0) - hot(scores, labels)) / len(scores)


@cross_entropy_gradient.mistake
def divided_by_all(scores, labels):
    """You divide by the number of all entries. The mean is over the examples: each has one loss, not one for each
    class."""
    return (softmax(scores) - hot(scores, labels)) / scores.size


# --- 2 -----------------------------------------------------------------------------------------


@exercise("Yes or no, at the extremes", points=3)
def bce_with_logits():
    """Return the mean binary cross-entropy of scores z with targets y, and its gradient by z, as a tuple.

    p = σ(z) is the probability of yes; the loss of one example is -(y ln p + (1 - y) ln(1 - p)). It must be finite
    for every score: for z = -10000 and y = 1 it is 10000. For z = [0] and y = [1] the answer is (0.6931, [-0.5]).
    """
    for z, y, about in [
        ([0.5, -1.0, 2.0], [1.0, 0.0, 0.0], ""),
        ([0.0], [1.0], ""),
        ([-1e4, 1e4], [1.0, 0.0], "sure and wrong"),
        ([1e4, -1e4, 3.0], [1.0, 0.0, 1.0], "sure and right"),
        ([30.0, -40.0], [0.0, 0.3], "where σ rounds to 1, and a target between"),
    ]:
        z, y = np.array(z), np.array(y)
        x = Tensor(z, requires_grad=True)
        loss = nn.functional.binary_cross_entropy_with_logits(x, y)
        loss.backward()
        yield Case({"z": z, "y": y}, expected=(loss.item(), x.grad), about=about)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def stable_loss(z, y):
    return np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z)))


@bce_with_logits.mistake
def by_the_definition(z, y):
    """Right in the middle and inf or nan at the ends: σ rounds to 0 or 1, and the logarithm of 0 is -inf. Bring the
    loss into a form without ln σ: ln(1 + e^z) - z y, and that in a form that does not overflow."""
    p = sigmoid(z)
    return (-(y * np.log(p) + (1 - y) * np.log(1 - p))).mean(), (p - y) / len(z)


@bce_with_logits.mistake
def overflowing(z, y):
    """ln(1 + e^z) is right, and e^z overflows above 709. Take the larger of z and 0 out: max(z, 0) + ln(1 + e^-|z|)."""
    return (np.log(1 + np.exp(z)) - z * y).mean(), (sigmoid(z) - y) / len(z)


@bce_with_logits.mistake
def cut_off(z, y):
    """You cut probabilities off, so that no logarithm is infinite. Beyond that the loss stays the same however wrong
    the score is: for z = -10000 and y = 1 it is 10000, not 16 or 35."""
    p = np.clip(sigmoid(z), 1e-7, 1 - 1e-7)
    return (-(y * np.log(p) + (1 - y) * np.log(1 - p))).mean(), (sigmoid(z) - y) / len(z)


@bce_with_logits.mistake
def gradient_of_the_sum(z, y):
    """The loss is right, the gradient is that of the sum: the missing 1/N."""
    return stable_loss(z, y).mean(), sigmoid(z) - y


@bce_with_logits.mistake
def gradient_turned(z, y):
    """The sign of the gradient is turned round: for a yes, a higher score makes the loss smaller."""
    return stable_loss(z, y).mean(), (y - sigmoid(z)) / len(z)


@bce_with_logits.mistake
def gradient_by_the_probability(z, y):
    """That is (p - y)/(p(1 - p)), the gradient by the probability p. By the score z it is p - y: the slope of σ, p(1
    - p), has cancelled."""
    p = sigmoid(z)
    with np.errstate(all="ignore"):
        return stable_loss(z, y).mean(), (p - y) / (p * (1 - p)) / len(z)


# --- 3 -----------------------------------------------------------------------------------------


@exercise("A loss that refuses", points=2)
def mse():
    """Return the mean of the squared differences, or raise a ValueError that names both shapes where they differ.

    (N, 1) against (N,) would broadcast to (N, N) without a word. For [1, 2] and [1, 4] the answer is 2.0; for shapes
    (3, 1) and (3,) the error's text has "(3, 1)" and "(3,)" in it.
    """
    rng = np.random.default_rng(0)
    for a, b, about in [
        ((4,), (4,), ""),
        ((3, 2), (3, 2), ""),
        ((), (), "single numbers"),
        ((3, 1), (3,), "a column and a row"),
        ((3,), (3, 1), "a row and a column"),
        ((2, 3), (3,), "shapes that broadcast"),
        ((2, 3), (), "one number for all"),
        ((3, 1), (3, 4), "equally many axes"),
        ((4,), (3,), "shapes that do not even broadcast"),
    ]:
        prediction, target = rng.normal(size=a), rng.normal(size=b)
        right = float(((prediction - target) ** 2).mean()) if a == b else ("ValueError", True)
        yield Case({"prediction": prediction, "target": target}, call=loss_or_error, expected=right, about=about)


def loss_or_error(mse, prediction, target):
    """The loss; or the kind of error, and whether its text names both shapes."""
    try:
        answer = mse(prediction, target)
    except NotImplementedError:
        raise
    except Exception as error:
        names = str(prediction.shape) in str(error) and str(target.shape) in str(error)
        return type(error).__name__, names
    return answer if answer is None or answer is ... else float(answer)


def refused(prediction, target):
    raise ValueError(f"prediction {prediction.shape} and target {target.shape} must have the same shape")


@mse.mistake
def silent(prediction, target):
    """(N, 1) against (N,) gives a number: the silent (N, 1) - (N,), N² differences of everyone with everyone. Compare
    the shapes first."""
    return ((prediction - target) ** 2).mean()


@mse.mistake
def flattened(prediction, target):
    """You bring both into one row, and (3, 1) against (3,) passes. It may be meant so, or the two may not belong
    together: let the one who called decide."""
    if prediction.size != target.size:
        refused(prediction, target)
    return ((prediction.reshape(-1) - target.reshape(-1)) ** 2).mean()


@mse.mistake
def sizes_compared(prediction, target):
    """You compare how many entries there are. (3, 1) and (3,) have three each, and their difference has nine."""
    if prediction.size != target.size:
        refused(prediction, target)
    return ((prediction - target) ** 2).mean()


@mse.mistake
def axes_compared(prediction, target):
    """You compare how many axes there are, or the first sizes. Compare the whole shapes."""
    if prediction.ndim != target.ndim:
        refused(prediction, target)
    return ((prediction - target) ** 2).mean()


@mse.mistake
def without_the_shapes(prediction, target):
    """It refuses, and does not say what it got. With both shapes in the text the mistake is found at once."""
    if prediction.shape != target.shape:
        raise ValueError("the shapes must be the same")
    return ((prediction - target) ** 2).mean()


@mse.mistake
def summed(prediction, target):
    """You add up and do not divide: with twice as many examples the loss would be twice as large."""
    if prediction.shape != target.shape:
        refused(prediction, target)
    return ((prediction - target) ** 2).sum()


# --- 4 -----------------------------------------------------------------------------------------


@exercise("Mean or sum", points=1)
def mean_or_sum():
    """Return three numbers about a loss over a batch of N = 32 examples, as a dictionary.

    "learning rate": with the sum in place of the mean, which learning rate takes the same step as 0.1 does with the
    mean? "mean" and "sum": the batch gets twice as large, with the same kind of examples. By which factor does the
    gradient of the mean grow, and by which that of the sum?
    """
    yield Case(expected={"learning rate": 0.1 / 32, "mean": 1, "sum": 2}, rtol=1e-3)


@mean_or_sum.mistake
def rate_multiplied():
    """The gradient of the sum is 32 times as *large*: for the same step the rate has to be smaller."""
    return {"learning rate": 3.2, "mean": 1, "sum": 2}


@mean_or_sum.mistake
def rate_kept():
    """The two losses differ by the factor N, and so do their gradients and steps."""
    return {"learning rate": 0.1, "mean": 1, "sum": 2}


@mean_or_sum.mistake
def mean_grows():
    """A mean stays what it is when more of the same is added: that is why a learning rate found for one batch size is
    about right for another."""
    return {"learning rate": 0.1 / 32, "mean": 2, "sum": 2}


@mean_or_sum.mistake
def mean_shrinks():
    """The 1/N gets smaller, and there are as many more examples to add up: the two cancel."""
    return {"learning rate": 0.1 / 32, "mean": 0.5, "sum": 1}


# --- 5 -----------------------------------------------------------------------------------------


@exercise("Huber's loss", points=2)
def huber():
    """Return Huber's loss of each error d, and its slope, as a tuple of two arrays.

    ½ d² where |d| <= delta, beyond that the straight line that goes on from there with the slope it has: delta (|d| -
    ½ delta). For delta = 1 and d = [0.5, -3] the answer is ([0.125, 2.5], [0.5, -1]).
    """
    for d, delta, about in [
        ([0.5, -3.0, 0.0, 1.5], 1.0, ""),
        ([2.0, -0.5, 4.0], 2.5, "another delta"),
        ([1.0, -1.0], 1.0, "at the joint"),
        ([1e6, -1e6], 0.5, "far out"),
    ]:
        d = np.array(d)
        near = np.abs(d) <= delta
        loss = np.where(near, d**2 / 2, delta * (np.abs(d) - delta / 2))
        yield Case({"d": d, "delta": delta}, expected=(loss, np.where(near, d, delta * np.sign(d))), about=about)


def pieces(d, delta, near=None, far=None, slope_near=None, slope_far=None):
    size = np.abs(d)
    loss = np.where(
        size <= delta, d**2 / 2 if near is None else near, delta * (size - delta / 2) if far is None else far
    )
    slope = np.where(
        size <= delta, d if slope_near is None else slope_near, delta * np.sign(d) if slope_far is None else slope_far
    )
    return loss, slope


@huber.mistake
def a_jump(d, delta):
    """At the joint the loss jumps by ½ delta²: the line has to go on from where the parabola ends, delta (|d| - ½
    delta)."""
    return pieces(d, delta, far=delta * np.abs(d))


@huber.mistake
def slope_one(d, delta):
    """Beyond the joint you take the slope 1 whatever delta is. The parabola arrives there with the slope delta, and
    the line goes on with it."""
    return pieces(d, delta, far=np.abs(d) - delta / 2, slope_far=np.sign(d))


@huber.mistake
def no_half(d, delta):
    """Near zero it is d² in place of ½ d², with twice the slope: the two pieces do not meet."""
    return pieces(d, delta, near=d**2, slope_near=2 * d)


@huber.mistake
def sign_forgotten(d, delta):
    """Beyond the joint the slope has the sign of the error. Yours pushes negative errors the wrong way."""
    return pieces(d, delta, slope_far=delta)


@huber.mistake
def squared_everywhere(d, delta):
    """That is ½ d² everywhere. Beyond delta the loss is to go on straight, so that one far-off example cannot have all
    the say."""
    return d**2 / 2, d
