"""The checks of lesson 09."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from gradlib import Tensor, nn
from gradlib.checks.cases import Case
from gradlib.checks.exercises import exercise
from gradlib.checks.values import describe
from gradlib.checks.variants import Variant

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


@cross_entropy_gradient.mistake
def the_cross_entropy(scores, targets):
    """That is the loss. Asked for is its gradient: one number for each score."""
    with np.errstate(all="ignore"):
        return -(targets * np.log(softmax(scores))).sum(axis=1).mean()


@cross_entropy_gradient.mistake
def mean_over_the_rows(scores, targets):
    """You take the mean over the rows, and one row is left. Each score has a gradient of its own: divide by N, and add
    nothing up."""
    return (softmax(scores) - targets).mean(axis=0)


@cross_entropy_gradient.mistake
def times_the_target(scores, targets):
    """You have y (p - 1), in which each class sees itself alone. A score is also in the sum below the fraction bar of
    all other classes: together they make p - y."""
    return (softmax(scores) - 1) * targets / len(scores)


@cross_entropy_gradient.mistake
def p_too_often(scores, targets):
    """You multiply p - y by p. On the way back through softmax the p is cancelled by the 1/p of the logarithm."""
    p = softmax(scores)
    return p * (p - targets) / len(p)


# --- 2 -----------------------------------------------------------------------------------------


@exercise("A rare yes, at the extremes", points=3)
def weighted_bce():
    """Return the mean of a weighted binary cross-entropy, and its gradient with respect to the scores z.

    p = σ(z) is the probability of yes, and each yes counts `weight` times: the loss of one example is
    -(weight y ln p + (1 - y) ln(1 - p)). It must be finite for every score: for z = -10000, y = 1 and weight = 3 it is
    30000. For z = [0], y = [1] and weight = 3 the answer is (2.0794, [-1.5]).
    """
    for z, y, weight, about in [
        ([0.0], [1.0], 3, ""),
        ([0.0, 0.0, 0.0], [1.0, 0.0, 0.0], 2, ""),
        ([0.5, -1.0, 2.0], [1.0, 0.0, 0.0], 4, ""),
        ([-0.3, 0.7, -2.4, 1.6], [0.0, 1.0, 1.0, 0.0], 0.5, ""),
        ([2.0, -1.0], [1.0, 0.0], 1, "a weight of 1"),
        ([-1e4, 1e4], [1.0, 0.0], 3, "sure and wrong"),
        ([1e4, -1e4, 3.0], [1.0, 0.0, 1.0], 3, "sure and right"),
        ([40.0, -40.0], [0.0, 0.3], 5, "where σ rounds to 1, and a target between"),
        ([-2.0, -2.0, 0.0, 3.0], [0.2, 1.0, 0.6, 0.5], 2.5, "equal scores, and targets between"),
    ]:
        z, y = np.array(z), np.array(y)
        x = Tensor(z, requires_grad=True)
        loss = nn.functional.binary_cross_entropy_with_logits(x, y, pos_weight=weight)
        loss.backward()
        # rtol and atol are wide enough to recognise a cut-off at 1e-7
        expected, names = (loss.item(), x.grad), ("loss", "gradient")
        yield Case({"z": z, "y": y, "weight": weight}, expected, names=names, about=about, rtol=1e-6, atol=1e-7)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def softplus(z):
    """ln(1 + e^z), stable."""
    return np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))


def parts_of_loss(z, y, weight):
    """The losses, and their slopes."""
    losses = weight * y * softplus(-z) + (1 - y) * softplus(z)
    return losses, (1 - y) * sigmoid(z) - weight * y * sigmoid(-z)


def in_two(part):
    """A mistake from a function of losses and slopes, (losses, slopes, z, y, weight) -> (loss, gradient)."""

    def mistaken(z, y, weight):
        return part(*parts_of_loss(z, y, weight), z, y, weight)

    mistaken.__name__, mistaken.__doc__ = part.__name__, part.__doc__
    return mistaken


@weighted_bce.mistake
def by_the_definition(z, y, weight):
    """Right in the middle and inf or nan at the ends: σ rounds to 0 or 1, and the logarithm of 0 is -inf. Bring the
    loss into a form without ln σ: -ln σ(z) is ln(1 + e^-z), and that has a form that does not overflow."""
    p = sigmoid(z)
    losses = -(weight * y * np.log(p) + (1 - y) * np.log(1 - p))
    return losses.mean(), parts_of_loss(z, y, weight)[1] / len(z)


@weighted_bce.mistake
def overflowing(z, y, weight):
    """ln(1 + e^z) is right, and e^z overflows above 709. Take the larger of z and 0 out: max(z, 0) + ln(1 + e^-|z|)."""
    losses = weight * y * np.log(1 + np.exp(-z)) + (1 - y) * np.log(1 + np.exp(z))
    return losses.mean(), parts_of_loss(z, y, weight)[1] / len(z)


def cut_off_at(smallest):
    """The mistake of cutting probabilities off at a small number."""

    def cut_off(z, y, weight):
        p = np.clip(sigmoid(z), smallest, 1 - smallest)
        losses = -(weight * y * np.log(p) + (1 - y) * np.log(1 - p))
        return losses.mean(), parts_of_loss(z, y, weight)[1] / len(z)

    cut_off.__name__ = f"cut_off_at_{smallest:g}"
    cut_off.__doc__ = (
        f"You cut probabilities off at {smallest:g}, so that no logarithm is infinite. Beyond that the loss stays the "
        f"same however wrong the score is: -ln p is 10000 for z = -10000, not {-np.log(smallest):.0f}."
    )
    return cut_off


for smallest in (1e-7, 1e-8, 1e-10, 1e-12, 1e-15):
    weighted_bce.mistake(cut_off_at(smallest))


@weighted_bce.mistake(whole=True)
def weight_forgotten(z, y, weight):
    """The weight is left out. Each yes counts weight times, in the loss and in the gradient."""
    losses, slopes = parts_of_loss(z, y, 1)
    return losses.mean(), slopes / len(z)


@weighted_bce.mistake(whole=True)
def weight_for_no(z, y, weight):
    """The weight is on the wrong side: it is each *yes* that counts weight times, the part with y."""
    losses = y * softplus(-z) + weight * (1 - y) * softplus(z)
    return losses.mean(), (weight * (1 - y) * sigmoid(z) - y * sigmoid(-z)) / len(z)


@weighted_bce.mistake(whole=True)
def weight_for_all(z, y, weight):
    """You weight every example. A no counts once: the weight belongs to the part with y alone."""
    losses, slopes = parts_of_loss(z, y, 1)
    return weight * losses.mean(), weight * slopes / len(z)


@weighted_bce.mistake
def gradient_without_the_weight(z, y, weight):
    """The loss has the weight, and the gradient does not. In the slope, too, the part with y counts weight times."""
    return parts_of_loss(z, y, weight)[0].mean(), (sigmoid(z) - y) / len(z)


@weighted_bce.mistake
def weight_of_the_target(z, y, weight):
    """The gradient is p - weight y. The weight multiplies the whole slope of a yes, which is p - 1, not only the 1."""
    return parts_of_loss(z, y, weight)[0].mean(), (sigmoid(z) - weight * y) / len(z)


@weighted_bce.mistake
def divided_by_the_weights(z, y, weight):
    """You divide the loss by the sum of the weights. The mean is over the examples: divide by how many there are."""
    losses, slopes = parts_of_loss(z, y, weight)
    return losses.sum() / (weight * y + 1 - y).sum(), slopes / len(z)


@weighted_bce.mistake
@in_two
def in_bits(losses, slopes, z, y, weight):
    """Your logarithms are to the base 2. The loss takes natural ones, ln."""
    return losses.mean() / np.log(2), slopes / len(z)


@weighted_bce.mistake(whole=True)
def score_turned(z, y, weight):
    """You take σ(-z) for the probability of yes. A high score means yes: p = σ(z)."""
    losses, slopes = parts_of_loss(-z, y, weight)
    return losses.mean(), slopes / len(z)


@weighted_bce.mistake
@in_two
def overflowing_sigmoid(losses, slopes, z, y, weight):
    """Right, except where e^z overflows: e^z/(1 + e^z) is ∞/∞ above 709. σ(z) is e to the power of minus ln(1 + e^-z),
    which has a stable form."""
    with np.errstate(all="ignore"):
        p = np.exp(z) / (1 + np.exp(z))
        return losses.mean(), ((1 - y) * p - weight * y * (1 - p)) / len(z)


@weighted_bce.mistake
@in_two
def weight_squared(losses, slopes, z, y, weight):
    """The loss is right, the gradient has the weight twice."""
    return losses.mean(), parts_of_loss(z, y, weight**2)[1] / len(z)


@weighted_bce.mistake
@in_two
def maximum_missing(losses, slopes, z, y, weight):
    """Your loss has ln(1 + e^-|z|) alone. That is ln(1 + e^z) where z is negative. Where z is positive, z itself is
    missing: it is max(z, 0) + ln(1 + e^-|z|)."""
    small = np.log1p(np.exp(-np.abs(z)))
    return (weight * y * small + (1 - y) * small).mean(), slopes / len(z)


@weighted_bce.mistake(whole=True)
@in_two
def both_of_the_sum(losses, slopes, z, y, weight):
    """Loss and gradient are those of the sum over the examples: the missing 1/N, in both."""
    return losses.sum(), slopes


@weighted_bce.mistake
@in_two
def loss_of_the_sum(losses, slopes, z, y, weight):
    """The gradient is that of the mean, the loss the sum over the examples."""
    return losses.sum(), slopes / len(z)


@weighted_bce.mistake
@in_two
def loss_turned(losses, slopes, z, y, weight):
    """The sign of the loss is wrong. Logarithms of probabilities are negative, and the minus before them makes the loss
    of a bad answer large."""
    return -losses.mean(), slopes / len(z)


@weighted_bce.mistake
@in_two
def gradient_of_the_sum(losses, slopes, z, y, weight):
    """The loss is right, the gradient is that of the sum: the missing 1/N."""
    return losses.mean(), slopes


@weighted_bce.mistake
@in_two
def gradient_turned(losses, slopes, z, y, weight):
    """The sign of the gradient is wrong: for a yes, a higher score makes the loss smaller."""
    return losses.mean(), -slopes / len(z)


@weighted_bce.mistake
@in_two
def gradient_by_the_probability(losses, slopes, z, y, weight):
    """That is the gradient with respect to the probability p. With respect to the score z it is multiplied by the slope
    of σ, p(1 - p), and no fraction is left."""
    p = sigmoid(z)
    with np.errstate(all="ignore"):
        return losses.mean(), slopes / (p * (1 - p)) / len(z)


@weighted_bce.mistake
@in_two
def losses_not_averaged(losses, slopes, z, y, weight):
    """The gradient is right. For the loss you return one number for each example: take their mean."""
    return losses, slopes / len(z)


@weighted_bce.mistake
@in_two
def weight_before_the_error(losses, slopes, z, y, weight):
    """The gradient has the weight in each example. A no counts once: the weight belongs to the part with y alone."""
    return losses.mean(), weight * (sigmoid(z) - y) / len(z)


@weighted_bce.mistake(whole=True)
def loss_alone(z, y, weight):
    """You return the loss alone. Return the gradient with it: `return loss, gradient`."""
    return parts_of_loss(z, y, weight)[0].mean()


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


@mse.mistake
def not_averaged(prediction, target):
    """You return one square for each entry. The loss is one number, their mean."""
    if prediction.shape != target.shape:
        refused(prediction, target)
    return (prediction - target) ** 2


@mse.mistake
def square_of_the_mean(prediction, target):
    """You take the mean first, and then its square. Errors of both signs cancel in it; square each one first."""
    if prediction.shape != target.shape:
        refused(prediction, target)
    return (prediction - target).mean() ** 2


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


@mean_or_sum.varies
def other_sizes(choose):
    """The same questions about another batch."""
    examples, outputs = choose(16, 24, 40, 48, 64, 80, 96), choose(4, 5, 8, 12, 20)
    times, rate = choose(3, 4, 5, 6), choose(0.05, 0.2, 0.4)
    text = (
        f"A batch of {examples} examples. The learning rate with the mean is {rate}. The batch gets {times} times as "
        f"large. The net has {outputs} outputs for each example, so there are {examples * outputs} entries."
    )
    return Variant(text, {"learning rate": rate / examples, "mean": 1, "sum": times, "outputs": outputs}, rtol=0.01)


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


@mean_or_sum.mistake
def factor_for_the_rate():
    """That is the factor between the two gradients. The learning rate is 0.1, divided by it."""
    return FACTORS | {"learning rate": 32}


@mean_or_sum.mistake
def divided_by_the_entries():
    """You divide 0.1 by 320. This question is about a batch of 32 examples; the 10 outputs come in the last one."""
    return FACTORS | {"learning rate": 0.1 / 320}


@mean_or_sum.mistake
def examples_of_the_sum():
    """That is how many examples there are now. Asked for is the factor from 32 of them to 64."""
    return FACTORS | {"sum": 64}


@mean_or_sum.mistake
def examples_of_the_mean():
    """That is how many examples there are now. Asked for is the factor, and a mean of more of the same stays."""
    return FACTORS | {"mean": 64}


@mean_or_sum.mistake
def mean_does_not_grow():
    """A factor of 0 leaves no gradient at all. What stays as it is has the factor 1."""
    return FACTORS | {"mean": 0}


@mean_or_sum.mistake
def sum_halves():
    """A sum has no division in it: with more examples of the same kind its gradient gets larger, not smaller."""
    return FACTORS | {"sum": 0.5}


@mean_or_sum.mistake
def outputs_do_not_count():
    """1 says that nothing changes. The mean over all entries also divides by the outputs, and this division goes."""
    return FACTORS | {"outputs": 1}


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
        yield best_case(y, q, about)
    for y, q in [
        ([-0.1, 0.6, 0.1, -0.5, 0.4, 1.3], 0.72),
        ([-0.5, -0.4, -2.4, 1.8, 1.1, -0.3], 0.06),
        ([-0.6, 0.1, 1.3], 0.78),
        ([-1.3, -1.4, -0.4, -2.3, -0.2, -1.0], 0.37),
    ]:
        yield best_case(np.array(y), q, "measurements between whole numbers")


def best_case(y, q, about):
    return Case({"y": y, "q": q}, expected=quantile(y, q), accept=partial(not_best, y, q), about=about)


def quantile_loss(x, y, q):
    """The mean over y, for each x."""
    d = np.asarray(x, dtype=float)[..., None] - y
    return np.where(d >= 0, (1 - q) * d, -q * d).mean(axis=-1)


def quantile(y, q):
    """The smallest measurement with at least q of all at or below it."""
    return float(np.sort(y)[int(np.ceil(q * len(y) - 1e-9)) - 1])


def not_best(y, q, x):
    own, best = float(quantile_loss(x, y, q)), float(quantile_loss(quantile(y, q), y, q))
    if own <= 1.005 * best + 1e-4:  # a search on a grid comes this close
        return None
    return f"There the mean loss is {own:.4g}, and there is a number where it is only {best:.4g}."


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


@best_constant.mistake
def interpolated_upside_down(y, q):
    """`np.quantile` with 1 - q: the two sides are exchanged. To be too low costs q, so a share of q is to lie below x.
    And between two measurements the loss is not least."""
    return float(np.quantile(y, 1 - q))


def losses_at(y, q):
    return quantile_loss(y, y, q)


@best_constant.mistake
def its_place(y, q):
    """You return the place of the best measurement in y. Asked for is the number that stands there: `y[…]`."""
    return int(losses_at(y, q).argmin())


@best_constant.mistake
def the_worst(y, q):
    """You have the measurement with the *largest* mean loss. Asked for is the one with the least."""
    return float(y[losses_at(y, q).argmax()])


@best_constant.mistake
def not_sorted(y, q):
    """You go to the right place in y, and y is not sorted. Sort it first, and what stands there has a share of q
    below it."""
    return float(y[min(int(q * len(y)), len(y) - 1)])


# --- 6 -----------------------------------------------------------------------------------------


@exercise("Squared error behind a softmax", points=2)
def squared_softmax_gradient():
    """Return the gradient with respect to the scores of the squared error on probabilities, an array (N, C).

    p is the softmax of a row of scores, y its row of targets, and the loss of the row is Σ (p - y)². The whole loss is
    the mean over the N rows. For scores [[0, 0]] and targets [[1, 0]] the gradient is [[-0.5, 0.5]].
    """
    rng = np.random.default_rng(2)
    for scores, targets, about in [
        ([[0.0, 0.0]], [[1.0, 0.0]], ""),
        ([[1.0, 0.0, -1.0]], [[0.0, 1.0, 0.0]], ""),
        (rng.normal(size=(3, 4)), np.eye(4)[[1, 3, 0]], ""),
        (rng.normal(size=(4, 2)), np.eye(2)[[1, 1, 0, 1]], "two classes"),
        (rng.normal(size=(2, 3)), softmax(rng.normal(size=(2, 3))), "targets between 0 and 1"),
        (np.full((2, 3), 1.5), np.eye(3)[[0, 2]], "equal scores"),
        (rng.normal(size=(2, 3)) + [[0.0], [2000.0]], np.eye(3)[[2, 2]], "rows of scores far apart"),
        ([[8.0, 0.0, 0.0]], [[0.0, 1.0, 0.0]], "sure and wrong"),
        (rng.normal(size=(2, 3)) - [[3.0], [1500.0]], np.eye(3)[[1, 0]], "scores far below 0"),
    ]:
        scores, targets = np.array(scores), np.array(targets)
        x = Tensor(scores, requires_grad=True)
        ((x.softmax() - targets) ** 2).sum(axis=1).mean().backward()
        yield Case({"scores": scores, "targets": targets}, expected=x.grad, about=about)


def through_softmax(p, g):
    """The gradient that goes back through softmax."""
    return p * (g - (p * g).sum(axis=1, keepdims=True))


def by_softmax(part):
    """A mistake from a function of probabilities p, the errors p - y and the number of rows."""

    def mistaken(scores, targets):
        p = softmax(scores)
        return part(p, p - targets, len(scores))

    mistaken.__name__, mistaken.__doc__ = part.__name__, part.__doc__
    return mistaken


@squared_softmax_gradient.mistake
@by_softmax
def of_cross_entropy(p, error, n):
    """That is (p - y)/N, the gradient of cross-entropy. There the logarithm undoes the softmax; here the whole way back
    through softmax is left to do."""
    return error / n


@squared_softmax_gradient.mistake
@by_softmax
def stopped_at_the_probabilities(p, error, n):
    """That is the gradient with respect to the *probabilities*, 2(p - y). The way back through softmax is missing."""
    return 2 * error / n


@squared_softmax_gradient.mistake
@by_softmax
def only_its_own_probability(p, error, n):
    """You multiply by p(1 - p), the slope of a probability with respect to its own score. A score also stands below the
    fraction bar of all other probabilities of its row: these slopes are -p_c p_k."""
    return 2 * error * p * (1 - p) / n


@squared_softmax_gradient.mistake
@by_softmax
def own_probability_without_the_two(p, error, n):
    """You have (p - y) p(1 - p). That is the rule for one score behind a σ; behind a softmax a score also moves the
    other probabilities of its row. And the slope of a square has a factor 2."""
    return error * p * (1 - p) / n


@squared_softmax_gradient.mistake
@by_softmax
def sum_added(p, error, n):
    """The sum Σ p g is added. What one probability gains the others lose, so it is subtracted."""
    g = 2 * error
    return p * (g + (p * g).sum(axis=1, keepdims=True)) / n


@squared_softmax_gradient.mistake
@by_softmax
def sum_over_the_rows(p, error, n):
    """Your sum Σ p g goes down the columns. It goes over the classes of a row: `axis=1`."""
    g = 2 * error
    return p * (g - (p * g).sum(axis=0)) / n


@squared_softmax_gradient.mistake
@by_softmax
def divided_by_classes(p, error, n):
    """You divide by the number of classes. The mean is over the rows: divide by how many there are."""
    return through_softmax(p, 2 * error) / p.shape[1]


@squared_softmax_gradient.mistake
def softmax_of_softmax(scores, targets):
    """You take the softmax of a softmax. The first has made probabilities of the scores; the second levels them."""
    p = softmax(softmax(scores))
    return through_softmax(p, 2 * (p - targets)) / len(p)


@squared_softmax_gradient.mistake
@by_softmax
def two_missing(p, error, n):
    """The factor 2 is missing: the slope of a square is twice its root."""
    return through_softmax(p, error) / n


@squared_softmax_gradient.mistake
@by_softmax
def rows_added(p, error, n):
    """The missing 1/N: you have the gradient of the sum over the rows."""
    return through_softmax(p, 2 * error)


@squared_softmax_gradient.mistake
@by_softmax
def over_all_entries(p, error, n):
    """You divide by the number of all entries. The loss of a row is a sum over its classes, and the mean is over the
    rows."""
    return through_softmax(p, 2 * error) / p.size


@squared_softmax_gradient.mistake
@by_softmax
def uphill(p, error, n):
    """The sign is wrong: the error is p - y."""
    return -through_softmax(p, 2 * error) / n


@squared_softmax_gradient.mistake
@by_softmax
def without_what_others_lose(p, error, n):
    """You have p times 2(p - y). What one probability gains the others lose, so Σ p g has to be subtracted before p
    multiplies: a sum in which p are the weights. The plain mean of the slopes 2(p - y) is 0."""
    return p * 2 * error / n


@squared_softmax_gradient.mistake
@by_softmax
def p_outside_forgotten(p, error, n):
    """The bracket g - Σ p g is right, and the p before it is missing: a class that hardly gets any probability hardly
    moves."""
    g = 2 * error
    return (g - (p * g).sum(axis=1, keepdims=True)) / n


@squared_softmax_gradient.mistake
@by_softmax
def sum_over_all_rows(p, error, n):
    """Your sum Σ p g goes over all rows. Each row is an example of its own."""
    g = 2 * error
    return p * (g - (p * g).sum()) / n


@squared_softmax_gradient.mistake
def one_row_overflows(scores, targets):
    """Right for small scores; e^2000 is more than a float can hold. Subtract each row's largest score first."""
    with np.errstate(all="ignore"):
        powers = np.exp(scores)
        p = powers / powers.sum(axis=1, keepdims=True)
        return through_softmax(p, 2 * (p - targets)) / len(scores)


@squared_softmax_gradient.mistake
def softmax_over_the_wrong_axis(scores, targets):
    """The probabilities of each *example* add up to 1. Yours add up to 1 for each class: softmax goes over the last
    axis."""
    p = softmax(scores, axis=0, top=0)
    return through_softmax(p, 2 * (p - targets)) / len(scores)


# --- 7 -----------------------------------------------------------------------------------------


@exercise("Logistic regression, by hand", points=3)
def logistic_regression():
    """Return the weights w (D,) and the bias b, a number, after so many steps of gradient descent.

    The score of a row x of D numbers is x · w + b, the answer is yes (1) or no (0), and the loss is the mean binary
    cross-entropy over all rows. w and b start at 0, and each step subtracts rate times the gradient. For x = [[2],
    [0]], y = [1, 0], rate = 1 and one step the answer is ([0.5], 0.0).
    """
    rng = np.random.default_rng(3)
    for n, d, rate, steps, about in [
        (2, 1, 1.0, 1, ""),
        (4, 2, 0.5, 2, ""),
        (3, 2, 0.5, 3, ""),
        (6, 1, 0.3, 40, "many steps"),
        (1, 3, 0.2, 2, "a single example"),
        (5, 2, 0.5, 0, "no step at all"),
        (5, 2, 3.0, 5, "scores of several hundred"),
        (4, 3, 0.4, 3, "numbers between whole ones"),
    ]:
        x, y = rng.integers(-3, 4, size=(n, d)).astype(float), rng.integers(0, 2, n).astype(float)
        if (n, d) == (2, 1):
            x, y = np.array([[2.0], [0.0]]), np.array([1.0, 0.0])
        if "hundred" in about:
            x = 20 * x
        if "between" in about:
            x = x / 4
        inputs = {"x": x, "y": y, "rate": rate, "steps": steps}
        yield Case(inputs, fitted(**inputs), call=numbers_of, names=("w", "b"), rtol=1e-4, atol=1e-5, about=about)


def numbers_of(answer, x, y, rate, steps):
    """w and b, an array of no axes as a number."""
    found = answer(x, y, rate, steps)
    return tuple(map(number_in, found)) if isinstance(found, tuple | list) else found


def number_in(thing):
    """The number in an array without axes; else what came."""
    return float(thing) if isinstance(thing, np.ndarray) and thing.ndim == 0 else thing


def fitted(x, y, rate, steps, slope=None, move=None):
    """w and b. slope(z, y) : the gradient with respect to each score, times N; by default p - y."""
    w, b = np.zeros(x.shape[1]), 0.0
    for _ in range(steps):
        with np.errstate(all="ignore"):
            z = x @ w + b
            g = (sigmoid(z) - y if slope is None else slope(z, y)) / len(x)
        w, b = w - rate * x.T @ g, b - rate * float(g.sum())
    return w, b


def fit_mistake(sentence):
    """Register a mistake that is one other slope."""

    def register(slope):
        def mistaken(x, y, rate, steps):
            return fitted(x, y, rate, steps, slope)

        mistaken.__name__, mistaken.__doc__ = slope.__name__, sentence
        return logistic_regression.mistake(mistaken, whole=True)

    return register


@fit_mistake(
    "You take the gradient of the sum. The mean divides it by N, the number of rows. Without that a step grows with it."
)
def of_all_rows(z, y):
    return len(z) * (sigmoid(z) - y)


@fit_mistake("You go uphill: subtract rate times the gradient.")
def upward(z, y):
    return y - sigmoid(z)


@fit_mistake("You minimize the squared error of the scores. They go through σ first, and the loss is cross-entropy.")
def squares_of_scores(z, y):
    return 2 * (z - y)


@fit_mistake("You compare the scores with y. It is the probability σ(z) that is compared: p - y.")
def scores_compared(z, y):
    return z - y


@fit_mistake(
    "You minimize the squared error of the *probabilities*, whose slope has the factor p(1 - p). Asked for is binary "
    "cross-entropy."
)
def squares_of_probabilities(z, y):
    p = sigmoid(z)
    return 2 * (p - y) * p * (1 - p)


@fit_mistake("You take σ(-z) for the probability of yes. A high score means yes: p = σ(z).")
def scores_turned(z, y):
    return sigmoid(-z) - y


@fit_mistake("You send the scores through tanh, which goes from -1 to 1. A probability comes from σ.")
def tanh_for_sigmoid(z, y):
    return np.tanh(z) - y


@fit_mistake("You compare p with -1 and 1. Here a no is 0.")
def signs_for_answers(z, y):
    return sigmoid(z) - (2 * y - 1)


@fit_mistake("You use one row alone, the first. The loss is the mean over all rows.")
def first_row_alone(z, y):
    return len(z) * np.where(np.arange(len(z)) == 0, sigmoid(z) - y, 0.0)


@fit_mistake("Your steps are half as long as they should be: each subtracts rate times the gradient of the mean.")
def half_a_step(z, y):
    return (sigmoid(z) - y) / 2


@fit_mistake("Your steps are twice as long as they should be: each subtracts rate times the gradient of the mean.")
def two_steps_at_once(z, y):
    return 2 * (sigmoid(z) - y)


@fit_mistake("Your answers are 0 or 1 before they are compared with y. It is the probability σ(z) that is compared.")
def answers_rounded(z, y):
    return (z > 0) - y


@fit_mistake(
    "At z = 0, where you start, the form max(z, 0) - z y + ln(1 + e^-|z|) has two corners, which cancel. The engine "
    "takes the slope 0 at each of them and finds -y instead of ½ - y. `z.softplus()` is ln(1 + e^z) without corners."
)
def two_corners(z, y):
    return np.where(z == 0, -y, sigmoid(z) - y)


@fit_mistake(
    "The silent (N, 1) - (N,): each prediction is compared with every target, and all are pulled toward the mean of y. "
    "Give both the same shape."
)
def everyone_with_everyone(z, y):
    return sigmoid(z) - y.mean()


@logistic_regression.mistake(whole=True)
def gradients_kept(x, y, rate, steps):
    """The gradients of earlier steps are still in it: `backward` adds to `grad`. Set it to None before each step."""
    w, b, to_w, to_b = np.zeros(x.shape[1]), 0.0, 0.0, 0.0
    for _ in range(steps):
        g = (sigmoid(x @ w + b) - y) / len(x)
        to_w, to_b = to_w + x.T @ g, to_b + float(g.sum())
        w, b = w - rate * to_w, b - rate * to_b
    return w, b


@logistic_regression.mistake(whole=True)
def bias_left(x, y, rate, steps):
    """The bias stays at 0. It has a gradient of its own: the mean of p - y."""
    w = np.zeros(x.shape[1])
    for _ in range(steps):
        w = w - rate * x.T @ (sigmoid(x @ w) - y) / len(x)
    return w, 0.0


def with_sums(to_w, to_b):
    """Gradient descent in which one of the two gradients is a sum."""

    def fit(x, y, rate, steps):
        w, b = np.zeros(x.shape[1]), 0.0
        for _ in range(steps):
            g = sigmoid(x @ w + b) - y
            w, b = w - rate * to_w(x.T @ g, len(x)), b - rate * float(to_b(g.sum(), len(x)))
        return w, b

    return fit


@logistic_regression.mistake(whole=True)
def bias_by_the_sum(x, y, rate, steps):
    """The bias moves by the *sum* of p - y. The mean divides its gradient by N, too."""
    return with_sums(np.divide, lambda total, n: total)(x, y, rate, steps)


@logistic_regression.mistake(whole=True)
def weights_by_the_sum(x, y, rate, steps):
    """The weights move by a sum over the rows. The mean divides their gradient by N, as it does that of the bias."""
    return with_sums(lambda total, n: total, np.divide)(x, y, rate, steps)


@logistic_regression.mistake(whole=True)
def row_after_row(x, y, rate, steps):
    """You take a step for each row. One step uses the mean gradient of all rows, at one place."""
    w, b = np.zeros(x.shape[1]), 0.0
    for _ in range(steps):
        for row, answer in zip(x, y, strict=True):
            wrong = sigmoid(row @ w + b) - answer
            w, b = w - rate * wrong * row, b - rate * float(wrong)
    return w, b


@logistic_regression.mistake(whole=True)
def one_step_more(x, y, rate, steps):
    """You go one step too far: `range(steps)` makes steps turns."""
    return fitted(x, y, rate, steps + 1)


@logistic_regression.mistake(whole=True)
def one_step_less(x, y, rate, steps):
    """You stop one step early: `range(steps)` makes steps turns."""
    return fitted(x, y, rate, steps - 1)


@logistic_regression.mistake(whole=True)
def bias_after_the_weights(x, y, rate, steps):
    """The bias moves by a gradient that was taken after w had moved. One backward pass gives both gradients, at one
    place, and then both move."""
    w, b = np.zeros(x.shape[1]), 0.0
    for _ in range(steps):
        w = w - rate * x.T @ (sigmoid(x @ w + b) - y) / len(x)
        b = b - rate * float((sigmoid(x @ w + b) - y).mean())
    return w, b


@logistic_regression.mistake(whole=True)
def starts_at_one(x, y, rate, steps):
    """You start from w = 1. Asked for is a start from w = 0 and b = 0."""
    w, b = np.ones(x.shape[1]), 0.0
    for _ in range(steps):
        g = (sigmoid(x @ w + b) - y) / len(x)
        w, b = w - rate * x.T @ g, b - rate * float(g.sum())
    return w, b


@logistic_regression.mistake(whole=True)
def both_start_at_one(x, y, rate, steps):
    """You start from w = 1 and b = 1. Asked for is a start from w = 0 and b = 0."""
    w, b = np.ones(x.shape[1]), 1.0
    for _ in range(steps):
        g = (sigmoid(x @ w + b) - y) / len(x)
        w, b = w - rate * x.T @ g, b - rate * float(g.sum())
    return w, b


@logistic_regression.mistake(whole=True)
def places_exchanged(x, y, rate, steps):
    """You return b before w. Asked for is w first: `return w, b`."""
    return fitted(x, y, rate, steps)[::-1]


@logistic_regression.mistake(whole=True)
def weights_alone(x, y, rate, steps):
    """You return w alone. Return the bias with it: `return w, b`."""
    return fitted(x, y, rate, steps)[0]


@logistic_regression.mistake(whole=True)
def bias_divided_twice(x, y, rate, steps):
    """The gradient of the bias is divided by N twice: p - y is divided by N, and then its mean is taken. With (p - y)/N
    the gradient is the sum."""
    return with_sums(np.divide, lambda total, n: total / n**2)(x, y, rate, steps)


# --- 8 -----------------------------------------------------------------------------------------


@exercise("A classifier by your own cross-entropy", points=3)
def train():
    """Return the list of losses, the mean cross-entropy before each step, and train the net in place.

    Each step computes scores = net(x), and moves every parameter of net by minus rate times its gradient. labels (N,)
    are class numbers. For the net that gives the scores [[0, 0]] for every x, the first loss is ln 2 = 0.6931.
    """
    for kind, n, rate, steps, about in [
        ("linear", 3, 0.5, 1, ""),
        ("linear", 4, 1.0, 3, ""),
        ("mlp", 5, 0.5, 4, ""),
        ("mlp", 6, 0.2, 12, "many steps"),
        ("linear", 1, 0.5, 2, "a single example"),
        ("sure", 2, 0.1, 2, "scores of several thousand"),
        ("mlp", 3, 0.5, 0, "no step at all"),
        ("twice", 3, 0.5, 2, "gradients from before"),
    ]:
        inputs = {"net": NETS[kind], "x": points(n), "labels": np.arange(n) * 2 % 3, "rate": rate, "steps": steps}
        yield Case(
            inputs,
            trained(right_training, **inputs),
            call=trained,
            names=("losses", "first weight", "last bias"),
            rtol=1e-4,
            atol=1e-6,
            about=about,
        )


class Net:
    """The net of a case, of which each answer gets a new copy. A report shows its kind."""

    def __init__(self, kind):
        self.kind = kind

    def __repr__(self):
        return {"mlp": "MLP 2 → 4 → 3 with tanh"}.get(self.kind, "a linear layer 2 → 3")

    def make(self, x):
        rng = np.random.default_rng(0)
        if self.kind == "mlp":
            return nn.MLP([2, 4, 3], "tanh", rng=rng).double()
        net = nn.Linear(2, 3, rng=rng).double()
        if self.kind == "sure":
            net.weight.data *= 5000
        if self.kind == "twice":
            net(Tensor(x)).sum().backward()
        return net


NETS = {kind: Net(kind) for kind in ("linear", "mlp", "sure", "twice")}


def points(n):
    return np.random.default_rng(n).integers(-2, 3, size=(n, 2)).astype(float)


def trained(train, net, x, labels, rate, steps):
    """The losses that train returns, and two of the net's parameters after it."""
    made = net.make(x)
    found = train(made, Tensor(x), labels.copy(), rate, steps)
    if found is None or found is ...:
        return found
    losses = [number_in(each) for each in found] if isinstance(found, list | tuple | np.ndarray) else found
    parameters = list(made.parameters())
    return losses, parameters[0].data, parameters[-1].data


def scores_to_slopes(scores, labels):
    return softmax(scores) - np.eye(scores.shape[1])[labels]


def losses_of(scores, labels):
    top = scores.max(axis=1, keepdims=True)
    z = scores - top
    return np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(z)), labels]


def mean_slopes(scores, labels):
    return scores_to_slopes(scores, labels) / len(scores)


def training(slopes=mean_slopes, keep=False, which=slice(None)):
    """A right answer, with switches that make it wrong."""

    def run(net, x, labels, rate, steps):
        losses, parameters = [], list(net.parameters())
        for _ in range(steps):
            scores = net(x)
            losses.append(float(losses_of(scores.data, labels).mean()))
            if not keep:
                net.zero_grad()
            scores.backward(slopes(scores.data, labels))
            for parameter in parameters[which]:
                parameter.data -= rate * parameter.grad
        return losses

    return run


right_training = training()


def train_mistake(sentence, name, run):
    run.__name__, run.__doc__ = name, sentence
    train.mistake(run, whole=True)


train_mistake(
    "The gradients of earlier steps are still in it: `backward` adds to `grad`. Set every grad to None before it.",
    "grads_kept",
    training(keep=True),
)
train_mistake(
    "The missing 1/N: what you send back is the gradient of the sum over the examples.",
    "summed_slopes",
    training(scores_to_slopes),
)
train_mistake(
    "You go uphill: what is sent back is p - y, and each step subtracts.",
    "climbing",
    training(lambda scores, labels: -scores_to_slopes(scores, labels) / len(scores)),
)
train_mistake(
    "You divide by the number of all scores. The mean is over the examples: each has one loss.",
    "divided_by_scores",
    training(lambda scores, labels: scores_to_slopes(scores, labels) / scores.size),
)
train_mistake(
    "You send back p and leave out y, what was wanted.",
    "targets_missing",
    training(lambda scores, labels: softmax(scores) / len(scores)),
)
train_mistake(
    "You send back -y and leave out p, what the net says.",
    "probabilities_missing",
    training(lambda scores, labels: -np.eye(scores.shape[1])[labels] / len(scores)),
)
train_mistake(
    "You send back -y/p, the gradient with respect to the probabilities. Sent back from the scores must be (p - y)/N.",
    "from_the_probabilities",
    training(lambda scores, labels: -np.eye(scores.shape[1])[labels] / softmax(scores) / len(scores)),
)
train_mistake(
    "You compare p with the class numbers. The targets are rows of zeros with a 1 at the class.",
    "numbers_of_classes",
    training(lambda scores, labels: (softmax(scores) - labels[:, None]) / len(scores)),
)
train_mistake("Only the weight of the first layer moves. Go through all of net.parameters().", "first_alone",
              training(which=slice(1)))  # fmt: skip
train_mistake(
    "Only the last bias moves. Go through all of net.parameters().", "last_alone", training(which=slice(-1, None))
)


def one_turn_less(net, x, labels, rate, steps):
    return right_training(net, x, labels, rate, steps - 1)


def last_loss_alone(net, x, labels, rate, steps):
    return (right_training(net, x, labels, rate, steps) or [None])[-1]


def squares_noted(net, x, labels, rate, steps):
    """The mean squared error of the probabilities in the place of the losses."""
    losses = []
    for _ in range(steps):
        p = softmax(net(x).data)
        losses.append(float(((p - np.eye(p.shape[1])[labels]) ** 2).mean()))
        right_training(net, x, labels, rate, 1)
    return losses


train_mistake("You stop one step early: `range(steps)` makes steps turns.", "one_turn_less", one_turn_less)
train_mistake(
    "You return the last loss alone. Asked for is the list of all: begin with an empty list, and append each.",
    "last_loss_alone",
    last_loss_alone,
)
train_mistake(
    "The net moves as it should. Your losses are the squared errors of the probabilities; asked for is the mean "
    "cross-entropy, whose gradient you send back.",
    "squares_noted",
    squares_noted,
)
train_mistake(
    "Only the weights move, the biases stay. Go through all of net.parameters().",
    "weights_alone",
    training(which=slice(None, None, 2)),
)


@train.mistake
def loss_after_each_step(net, x, labels, rate, steps):
    """Your losses are those after each step. Asked for are those before it, of the scores that it starts from."""
    losses = right_training(net, x, labels, rate, steps)
    return [*losses[1:], float(losses_of(net(x).data, labels).mean())] if steps else losses


@train.mistake
def one_loss_more(net, x, labels, rate, steps):
    """You list one loss more than there are steps. The loss after the last step is not asked for."""
    losses = right_training(net, x, labels, rate, steps)
    return [*losses, float(losses_of(net(x).data, labels).mean())]


@train.mistake
def summed_losses(net, x, labels, rate, steps):
    """The net is trained right. Your losses are sums over the examples, the mean is asked for."""
    return [len(labels) * loss for loss in right_training(net, x, labels, rate, steps)]


@train.mistake(whole=True)
def all_of_the_sum(net, x, labels, rate, steps):
    """Losses and gradients are those of the sum over the examples. The mean divides both by N."""
    return [len(labels) * loss for loss in training(scores_to_slopes)(net, x, labels, rate, steps)]


@train.mistake
def losses_in_bits(net, x, labels, rate, steps):
    """The net is trained right. Your losses are logarithms to the base 2, natural ones are asked for."""
    return [loss / np.log(2) for loss in right_training(net, x, labels, rate, steps)]


@train.mistake
def losses_turned(net, x, labels, rate, steps):
    """The net is trained right. Your losses lack the minus: they are the logarithms of probabilities."""
    return [-loss for loss in right_training(net, x, labels, rate, steps)]


@train.mistake(whole=True)
def softmax_first(net, x, labels, rate, steps):
    """You take the softmax of a softmax: the cross-entropy of probabilities. It takes scores."""
    losses = []
    for _ in range(steps):
        net.zero_grad()
        loss = nn.functional.cross_entropy(net(x).softmax(), labels)
        loss.backward()
        losses.append(loss.item())
        for parameter in net.parameters():
            parameter.data -= rate * parameter.grad
    return losses


@train.mistake(whole=True)
def not_moved(net, x, labels, rate, steps):
    """The losses are those of a net that does not move. `p = p - …` gives a new tensor to a name; `p.data -= …` moves
    the parameter itself."""
    return steps * [float(losses_of(net(x).data, labels).mean())]
