"""The checks of lesson 09."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from gradlib import Tensor, nn
from gradlib.checks.cases import Case
from gradlib.checks.exercises import exercise
from gradlib.checks.values import describe

TITLE = "Losses"


# --- 1 -----------------------------------------------------------------------------------------


@exercise("The gradient of cross-entropy", points=3)
def cross_entropy_gradient():
    """Return the gradient of the mean cross-entropy with respect to the scores, an array (N, C).

    scores and targets have shape (N, C). The targets are probabilities: each row adds up to 1. The loss of a row is
    -Σ y ln p with p the softmax of its scores. For scores [[0, 0]] and targets [[0.75, 0.25]] it is [[-0.25, 0.25]].
    """
    rng = np.random.default_rng(1)
    for n, c, about in [
        (2, 3, ""),
        (4, 2, ""),
        (1, 5, "a single example"),
        (3, 4, "classes that are certain"),
        (3, 2, "large scores"),
        (2, 4, "rows of scores far apart"),
        (3, 3, "equal scores"),
        (2, 3, "scores below -1000"),
        (2, 3, "a score far below the others of its row"),
    ]:
        scores, targets = rng.normal(size=(n, c)), softmax(rng.normal(size=(n, c)))
        if about == "classes that are certain":
            targets = np.eye(c)[rng.integers(0, c, n)]
        if about == "large scores":
            scores = scores + 1000
        if about == "equal scores":
            scores = np.full((n, c), -2.5)
        if "of its row" in about:
            scores[0, 1] = -2000.0
        if about == "scores below -1000":
            scores = scores - 1000
        if about == "rows of scores far apart":
            scores = scores + np.array([[0.0], [2000.0]])
        yield Case({"scores": scores, "targets": targets}, expected=by_the_engine(scores, targets), about=about)


def by_the_engine(scores, targets):
    x = Tensor(scores, requires_grad=True)
    nn.functional.cross_entropy(x, targets).backward()
    return x.grad


def softmax(scores, axis=-1, top=-1):
    """top : the axes over which the largest is taken and subtracted."""
    powers = np.exp(scores - scores.max(axis=top, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


@cross_entropy_gradient.mistake
def without_the_mean(scores, targets):
    """The missing 1/N: you have the gradient of the sum over the examples. The mean divides each by their number."""
    return softmax(scores) - targets


@cross_entropy_gradient.mistake
def sign_turned(scores, targets):
    """The sign is wrong: y - p. A higher score of a class that is wanted makes the loss *smaller*, so its gradient is
    negative."""
    return (targets - softmax(scores)) / len(scores)


@cross_entropy_gradient.mistake
def probabilities_alone(scores, targets):
    """You have p/N and leave out y, what was wanted. Without it every score would be pushed down."""
    return softmax(scores) / len(scores)


@cross_entropy_gradient.mistake
def by_the_probability(scores, targets):
    """You have the derivative with respect to the *probabilities*, -y/p. Asked for is the gradient with respect to the
    scores: the way back through softmax is missing."""
    with np.errstate(all="ignore"):
        return -targets / softmax(scores) / len(scores)


@cross_entropy_gradient.mistake
def over_the_wrong_axis(scores, targets):
    """The probabilities of each *example* add up to 1. Yours add up to 1 for each class: softmax goes over the last
    axis."""
    return (softmax(scores, axis=0, top=0) - targets) / len(scores)


@cross_entropy_gradient.mistake
def over_both_axes(scores, targets):
    """The probabilities of each example add up to 1. Yours add up to 1 over all rows together: softmax goes over the
    last axis alone."""
    return (softmax(scores, axis=(0, 1), top=(0, 1)) - targets) / len(scores)


@cross_entropy_gradient.mistake
def one_maximum_for_all(scores, targets):
    """Right, except where the rows are far apart: one maximum for all rows is so far above a lower row that all its
    powers of e become 0, and 0/0 follows. Each row has a largest score of its own."""
    with np.errstate(all="ignore"):
        return (softmax(scores, top=(0, 1)) - targets) / len(scores)


@cross_entropy_gradient.mistake
def overflowing_softmax(scores, targets):
    """Right for small scores; e^1000 is more than a float can hold. Softmax stays the same when a row's largest score
    is subtracted from all of the row."""
    with np.errstate(all="ignore"):
        powers = np.exp(scores)
        return (powers / powers.sum(axis=1, keepdims=True) - targets) / len(scores)


@cross_entropy_gradient.mistake
def scores_for_probabilities(scores, targets):
    """You subtract y from the scores. It is the probabilities that are compared with what was wanted: softmax comes
    first."""
    return (scores - targets) / len(scores)


@cross_entropy_gradient.mistake
def softmax_twice(scores, targets):
    """You take the softmax of a softmax. The first has made probabilities of the scores; the second levels them."""
    return (softmax(softmax(scores)) - targets) / len(scores)


@cross_entropy_gradient.mistake
def sigmoid_for_softmax(scores, targets):
    """You take σ of every score for itself. That is for questions of yes or no; here the classes of a row share a
    probability of 1, which is what softmax does."""
    return (sigmoid(scores) - targets) / len(scores)


@cross_entropy_gradient.mistake
def divided_by_the_classes(scores, targets):
    """You divide by the number of classes. The mean is over the examples, the rows: divide by how many there are."""
    return (softmax(scores) - targets) / scores.shape[1]


@cross_entropy_gradient.mistake
def largest_target_alone(scores, targets):
    """You take the class with the largest target for certain. The others were given a share, too, and y is the whole
    row."""
    return (softmax(scores) - np.eye(scores.shape[1])[targets.argmax(axis=1)]) / len(scores)


@cross_entropy_gradient.mistake
def only_where_wanted(scores, targets):
    """You let the gradient reach only the class with the largest target. Every score is in the sum below the fraction
    bar of softmax, so every score has a slope."""
    return np.where(targets == targets.max(axis=1, keepdims=True), softmax(scores) - targets, 0.0) / len(scores)


@cross_entropy_gradient.mistake
def divided_by_all(scores, targets):
    """You divide by the number of all entries. The mean is over the examples: each has one loss, not one for each
    class."""
    return (softmax(scores) - targets) / scores.size


# --- 2 -----------------------------------------------------------------------------------------


@exercise("Yes or no, at the extremes", points=3)
def bce_with_logits():
    """Return the mean binary cross-entropy of scores z with targets y, and its gradient with respect to z.

    p = σ(z) is the probability of yes; the loss of one example is -(y ln p + (1 - y) ln(1 - p)). It must be finite
    for every score: for z = -10000 and y = 1 it is 10000. For z = [0] and y = [1] the answer is (0.6931, [-0.5]).
    """
    for z, y, about in [
        ([0.5, -1.0, 2.0], [1.0, 0.0, 0.0], ""),
        ([-0.3, 0.7, -2.4, 1.6], [0.0, 1.0, 1.0, 0.0], ""),
        ([0.0], [1.0], ""),
        ([-1e4, 1e4], [1.0, 0.0], "sure and wrong"),
        ([1e4, -1e4, 3.0], [1.0, 0.0, 1.0], "sure and right"),
        ([40.0, -40.0], [0.0, 0.3], "where σ rounds to 1, and a target between"),
        ([-2.0, -2.0, 0.0, 3.0], [0.2, 1.0, 0.6, 0.5], "equal scores, and targets between"),
    ]:
        z, y = np.array(z), np.array(y)
        x = Tensor(z, requires_grad=True)
        loss = nn.functional.binary_cross_entropy_with_logits(x, y)
        loss.backward()
        # rtol and atol are wide enough to recognise a cut-off at 1e-7
        expected, names = (loss.item(), x.grad), ("loss", "gradient")
        yield Case({"z": z, "y": y}, expected, names=names, about=about, rtol=1e-6, atol=1e-7)


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


def cut_off_at(smallest):
    """The mistake of cutting probabilities off at a small number."""

    def cut_off(z, y):
        p = np.clip(sigmoid(z), smallest, 1 - smallest)
        return (-(y * np.log(p) + (1 - y) * np.log(1 - p))).mean(), (sigmoid(z) - y) / len(z)

    cut_off.__name__ = f"cut_off_at_{smallest:g}"
    cut_off.__doc__ = (
        f"You cut probabilities off at {smallest:g}, so that no logarithm is infinite. Beyond that the loss stays the "
        f"same however wrong the score is: for z = -10000 and y = 1 it is 10000, not {-np.log(smallest):.0f}."
    )
    return cut_off


for smallest in (1e-7, 1e-8, 1e-10, 1e-12, 1e-15):
    bce_with_logits.mistake(cut_off_at(smallest))


@bce_with_logits.mistake
def maximum_missing(z, y):
    """Your loss has ln(1 + e^-|z|) alone. That is ln(1 + e^z) where z is negative; where it is positive, z itself is
    missing: it is max(z, 0) + ln(1 + e^-|z|)."""
    return (stable_loss(z, y) - np.maximum(z, 0)).mean(), (sigmoid(z) - y) / len(z)


@bce_with_logits.mistake
def scores_for_the_probabilities(z, y):
    """The gradient is (z - y)/N. It is the probability σ(z) that is compared with y, not the score."""
    return stable_loss(z, y).mean(), (z - y) / len(z)


@bce_with_logits.mistake
def both_of_the_sum(z, y):
    """Loss and gradient are those of the sum over the examples: the missing 1/N, in both."""
    return stable_loss(z, y).sum(), sigmoid(z) - y


@bce_with_logits.mistake
def loss_of_the_sum(z, y):
    """The gradient is that of the mean, the loss the sum over the examples."""
    return stable_loss(z, y).sum(), (sigmoid(z) - y) / len(z)


@bce_with_logits.mistake
def loss_turned(z, y):
    """The sign of the loss is wrong. Logarithms of probabilities are negative; the minus before them makes the loss of
    a bad answer large."""
    return -stable_loss(z, y).mean(), (sigmoid(z) - y) / len(z)


@bce_with_logits.mistake
def gradient_of_the_sum(z, y):
    """The loss is right, the gradient is that of the sum: the missing 1/N."""
    return stable_loss(z, y).mean(), sigmoid(z) - y


@bce_with_logits.mistake
def gradient_turned(z, y):
    """The sign of the gradient is wrong: for a yes, a higher score makes the loss smaller."""
    return stable_loss(z, y).mean(), (y - sigmoid(z)) / len(z)


@bce_with_logits.mistake
def gradient_by_the_probability(z, y):
    """That is (p - y)/(p(1 - p)), the gradient with respect to the probability p. With respect to the score z it is
    p - y: the slope of σ, p(1 - p), has cancelled."""
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
        ((2, 3), (3, 2), "equally many axes and entries"),
        ((4,), (3,), "shapes that do not even broadcast"),
    ]:
        prediction, target = rng.normal(size=a), rng.normal(size=b)
        inputs = {"prediction": prediction, "target": target}
        if a == b:
            yield Case(inputs, expected=float(((prediction - target) ** 2).mean()), about=about)
        else:
            yield Case(inputs, call=refusal, accept=partial(wrong_refusal, a, b), about=about)


@dataclass(frozen=True)
class Raised:
    """An error that was raised, as a report shows it."""

    kind: type
    text: str

    def __repr__(self):
        return f"{self.kind.__name__}: {self.text}" if self.text else self.kind.__name__


def refusal(mse, prediction, target):
    """The error that is raised, or the answer that is returned instead."""
    try:
        return mse(prediction, target)
    except NotImplementedError:
        raise
    except Exception as error:
        return Raised(type(error), str(error))


def wrong_refusal(a, b, came):
    """A sentence on a wrong answer to two shapes that differ, or None."""
    if isinstance(came, Exception):
        return "The error is returned, like a number. `raise` throws it, so that nobody goes on with it by mistake."
    if not isinstance(came, Raised):
        return f"The shapes differ, and there is an answer: {describe(came)}."
    if not issubclass(came.kind, ValueError):
        return f"It refuses, by another kind of error: {came.kind.__name__}, where a ValueError is asked for."
    if not (str(a) in came.text and str(b) in came.text):
        return WITHOUT_THE_SHAPES
    return None


WITHOUT_THE_SHAPES = (
    "It refuses, and does not say what it got. With both shapes in the text the mistake is found at once."
)


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
def halved(prediction, target):
    """You have half of it. The ½ that makes the slope simple belongs to Huber's loss; a mean is a sum, divided by
    how many there are."""
    if prediction.shape != target.shape:
        refused(prediction, target)
    return ((prediction - target) ** 2).mean() / 2


@mse.mistake
def rooted(prediction, target):
    """You took the root of the mean square. It is least at the same place, and has another slope."""
    if prediction.shape != target.shape:
        refused(prediction, target)
    return np.sqrt(((prediction - target) ** 2).mean())


@mse.mistake
def absolute(prediction, target):
    """You took the mean of |d|. Asked for is the mean of the squares."""
    if prediction.shape != target.shape:
        refused(prediction, target)
    return np.abs(prediction - target).mean()


@mse.mistake
def summed(prediction, target):
    """You add up and do not divide: with twice as many examples the loss would be twice as large."""
    if prediction.shape != target.shape:
        refused(prediction, target)
    return ((prediction - target) ** 2).sum()


# --- 4 -----------------------------------------------------------------------------------------


@exercise("Mean or sum", points=1)
def mean_or_sum():
    """Return four numbers about a loss over a batch of N = 32 examples, as a dictionary.

    "learning rate": with the sum instead of the mean, which learning rate takes the same step as 0.1 does with the
    mean? "mean" and "sum": the batch gets twice as large, with the same kind of examples. By which factor does the
    gradient of the mean grow, and by which that of the sum? "outputs": the net has 10 outputs for each example, and
    the squared error takes its mean over all 320 entries. By which factor does the gradient grow if the 10 of each
    example are added up, and only then the mean over the 32 examples is taken?
    """
    yield Case(expected=FACTORS, rtol=0.01)


FACTORS = {"learning rate": 0.1 / 32, "mean": 1, "sum": 2, "outputs": 10}


@mean_or_sum.mistake
def rate_multiplied():
    """The gradient of the sum is 32 times as *large*: for the same step the rate has to be smaller."""
    return FACTORS | {"learning rate": 3.2}


@mean_or_sum.mistake
def rate_kept():
    """The two losses differ by the factor N, and so do their gradients and steps."""
    return FACTORS | {"learning rate": 0.1}


@mean_or_sum.mistake
def mean_grows():
    """A mean stays what it is when more of the same is added: that is why a learning rate found for one batch size is
    about right for another."""
    return FACTORS | {"mean": 2}


@mean_or_sum.mistake
def mean_shrinks():
    """The 1/N gets smaller, and there are as many more examples to add up: the two cancel."""
    return FACTORS | {"mean": 0.5}


@mean_or_sum.mistake
def sum_stays():
    """A sum has no 1/N: twice as many examples of the same kind add up to twice as much."""
    return FACTORS | {"sum": 1}


@mean_or_sum.mistake
def outputs_and_examples():
    """That is how many entries there are. The mean over the examples stays; only the division by the outputs goes."""
    return FACTORS | {"outputs": 320}


@mean_or_sum.mistake
def examples_for_outputs():
    """That is the number of examples, and over these the mean is still taken. Only the division by the outputs
    goes."""
    return FACTORS | {"outputs": 32}


@mean_or_sum.mistake
def outputs_shrink():
    """The division by the outputs goes: the gradient gets larger, not smaller."""
    return FACTORS | {"outputs": 0.1}


# --- 5 -----------------------------------------------------------------------------------------


@exercise("One number for all", points=2)
def best_constant():
    """Return the number x that has the least mean quantile loss over the measurements y.

    The quantile loss of an error d = x - y is (1 - q) d where x is too high, and q |d| where it is too low: for q =
    0.9, too low costs nine times as much. For y = [1, 2, 3, 4] and q = 0.9 it is 4; for q = 0.6 it is 3. Where
    several numbers are equally good, any will do.
    """
    rng = np.random.default_rng(0)
    for n, q, about in [
        (4, 0.6, ""),
        (7, 0.8, ""),
        (10, 0.72, ""),
        (9, 0.5, "the median"),
        (6, 0.97, "hardly ever too low"),
        (6, 0.02, "hardly ever too high"),
        (5, 0.4, "several that are equally good"),
        (1, 0.7, "a single measurement"),
        (8, 0.7, "equal measurements"),
        (6, 0.9, "measurements below 0"),
        (7, 0.72, "measurements near to each other and to 0"),
        (6, 0.1, "measurements near to each other and to 0"),
    ]:
        y = (rng.normal(size=n) * 3).round(1)
        if "equal" in about:
            y[2:5] = y[1]
        if "near" in about:
            y = y / 10
        if "below" in about:
            y = -10 - np.abs(y)
        yield Case({"y": y, "q": q}, expected=quantile(y, q), accept=partial(not_best, y, q), about=about)


def quantile_loss(x, y, q):
    """The mean over y, for each x."""
    d = np.asarray(x, dtype=float)[..., None] - y
    return np.where(d >= 0, (1 - q) * d, -q * d).mean(axis=-1)


def quantile(y, q):
    """The smallest measurement with at least q of all at or below it."""
    return float(np.sort(y)[int(np.ceil(q * len(y) - 1e-9)) - 1])


def not_best(y, q, x):
    own, best = float(quantile_loss(x, y, q)), float(quantile_loss(quantile(y, q), y, q))
    if own <= 1.005 * best + 1e-9:  # a search on a grid comes this close
        return None
    return f"There the mean loss is {own:.3f}, and there is a number where it is only {best:.3f}."


@best_constant.mistake
def the_mean(y, q):
    """You have the mean, which is best for the squared error. The quantile loss pulls with the same force however far
    away a measurement is."""
    return float(y.mean())


@best_constant.mistake
def the_median(y, q):
    """You have the median: half of the measurements on each side. It is best where both directions cost the same, q =
    0.5."""
    return float(np.median(y))


@best_constant.mistake
def upside_down(y, q):
    """The two sides are exchanged: you let it be too low where that costs most."""
    return quantile(y, 1 - q)


@best_constant.mistake
def interpolated(y, q):
    """`np.quantile` goes between two measurements, where the loss is not least: it is straight from one measurement to
    the next, and has its corner at a measurement."""
    return float(np.quantile(y, q))


@best_constant.mistake
def the_largest(y, q):
    """You have the largest, which is never too low. To be too high costs, too: less for each, and there are more of
    them."""
    return float(y.max())


@best_constant.mistake
def squares_weighed(y, q):
    """You have the number where the weighted *squares* are least. The quantile loss grows straight with the error."""
    grid = np.linspace(y.min(), y.max(), 20001)
    d = grid[:, None] - y
    return float(grid[np.where(d >= 0, (1 - q) * d**2, q * d**2).mean(axis=1).argmin()])


@best_constant.mistake
def the_loss_itself(y, q):
    """That is the least loss. Asked for is the number x at which it is so small."""
    return float(quantile_loss(quantile(y, q), y, q))
