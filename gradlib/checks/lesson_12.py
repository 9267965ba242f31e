"""The checks of lesson 12."""

from functools import partial
from itertools import pairwise
from types import GeneratorType

import numpy as np

from gradlib import Tensor, nn, no_grad
from gradlib.checks.cases import Case
from gradlib.checks.exercises import exercise

TITLE = "Healthy gradients"


# --- 1 -----------------------------------------------------------------------------------------


@exercise("Dropout", points=2)
def dropout():
    """Return x with each entry set to 0 with probability p, and the others scaled so that the mean stays.

    That is in training; else x comes back as it is. rng draws, once for each entry. With p = 0.25, an entry 3.0
    becomes 0 or 4.0.
    """
    for shape, p, training, about in [
        ((2, 3), 0.5, True, ""),
        ((400, 50), 0.25, True, "20,000 entries"),
        ((20, 30, 20), 0.8, True, "three axes"),
        ((3, 2), 0.0, True, "p = 0"),
        ((2, 4), 0.5, False, "eval mode"),
    ]:
        x = np.random.default_rng(sum(shape)).normal(loc=1.0, scale=2.0, size=shape)
        if x.size < 100:
            x.flat[1] = 0.0
        yield Case(
            {"x": x, "p": p, "training": training, "seed": 2},
            call=dropped,
            accept=partial(wrong_dropout, x, p, training),
            about=about,
        )
    x = np.random.default_rng(5).normal(loc=3.0, size=(4, 6))
    yield Case({"x": x, "p": 0.5, "seed": 2}, call=dropped_thrice, accept=wrong_draws, about="two draws in a row")


def dropped(dropout, x, p, training, seed):
    return dropout(x, p, training, np.random.default_rng(seed))


def wrong_dropout(x, p, training, z):
    """A sentence on the first error in a dropout of x, or None."""
    if isinstance(z, GeneratorType):
        return "A function with `yield` gives its values one by one; `return` hands back the array."
    z = np.asarray(z)
    if z.shape != x.shape:
        return f"x has shape {x.shape}, what came back has {z.shape}."
    if not np.isfinite(z).all():
        return "What came back holds numbers that are not finite."
    if not training:
        same = "In eval mode x comes back as it is: nothing is dropped, and nothing scaled."
        return None if np.allclose(z, x) else same
    if p == 0:
        return None if np.allclose(z, x) else "With p = 0 nothing is dropped and nothing scaled: x comes back as it is."
    kept = z != 0
    if kept[x == 0].any():
        return "A 0 in x has become something else: dropped or scaled, it stays 0."
    factors = z[kept] / x[kept]
    if kept[x != 0].all() and np.allclose(factors, 1):
        return "In training mode nothing was dropped: x came back as it was."
    if factors.size and not np.allclose(factors, factors[0]):
        return "The entries that are not 0 are multiples of x by different factors. What is kept is scaled alike."
    if not np.allclose(factors, 1 / (1 - p)):
        return wrong_factor(float(factors[0]), p)
    return wrong_places(kept, p) if x.size > 1000 else None


def wrong_factor(factor, p):
    """A sentence on the factor of what is kept."""
    if np.isclose(factor, 1):
        return "What is kept is not scaled: the more is dropped, the smaller is the mean. Divide by 1 - p."
    return (
        f"What is kept is multiplied by {factor:.3g}. The mean stays if it is divided by the share that is kept, 1 - p "
        f"= {1 - p:.2g}."
    )


def wrong_places(kept, p):
    """A sentence on an error in the places of many entries that are kept, or None."""
    if kept.all() or not kept.any():
        number = "none" if kept.all() else "every one"
        return f"Of {kept.size:,} entries {number} is dropped, with p = {p}. Each entry is drawn for itself."
    for axis in range(kept.ndim):
        if (kept.all(axis=axis) | ~kept.any(axis=axis)).all():
            return f"Entries that differ only in axis {axis} are dropped together. Each entry is drawn for itself."
    dropped, deviation = 1 - kept.mean(), np.sqrt(p * (1 - p))
    if abs(dropped - p) > 6 * deviation / np.sqrt(kept.size):
        return f"With p = {p}, {dropped:.1%} of the entries are 0: p is the probability to be dropped."
    for axis, count in enumerate(kept.shape):
        shares = 1 - kept.mean(axis=tuple(other for other in range(kept.ndim) if other != axis))
        if np.abs(shares - p).max() > 6 * deviation / np.sqrt(kept.size / count):
            place = int(np.abs(shares - p).argmax())
            return (
                f"Of the entries at place {place} of axis {axis}, {shares[place]:.0%} are dropped. Each entry is drawn "
                "for itself, all with the same probability."
            )
    return None


def dropped_thrice(dropout, x, p, seed):
    """Compare the kept entries of two calls with one generator, and of a call with another that has the same seed."""
    one, other = np.random.default_rng(seed), np.random.default_rng(seed)
    first, second, again = (np.asarray(dropout(x.copy(), p, True, rng)) != 0 for rng in (one, one, other))
    alike = np.array_equal(first, second) and first.any() and not first.all()
    return {"both calls alike": bool(alike), "the same from the same seed": np.array_equal(first, again)}


def wrong_draws(figures):
    if figures["both calls alike"]:
        return (
            "Two calls in a row drop the same entries. Then these units are never trained; each call draws from the "
            "generator that it is given."
        )
    if not figures["the same from the same seed"]:
        return (
            "With the same rng, other entries are dropped: the draws come from elsewhere. Then no run can be repeated."
        )
    return None


def masked(x, p, training, keep, scale):
    return np.where(keep, x * scale, 0.0) if training else x


@dropout.mistake
def unscaled(x, p, training, rng):
    """You drop the right share, and keep the others as they are: the mean falls to 1 - p of what it was, and the next
    layer meets other numbers in training than in eval mode."""
    return masked(x, p, training, rng.random(x.shape) >= p, 1.0)


@dropout.mistake
def scaled_in_use(x, p, training, rng):
    """You keep the entries as they are in training, and multiply by 1 - p in eval mode. That keeps the mean, too, and
    was once the way; here the scaling is done in training, so that dropout does nothing in eval mode."""
    return masked(x, p, training, rng.random(x.shape) >= p, 1.0) if training else x * (1 - p)


@dropout.mistake
def multiplied(x, p, training, rng):
    """You multiply what is kept by 1 - p. That makes the mean smaller a second time: what is kept has to make up for
    what is dropped, and so it is divided."""
    return masked(x, p, training, rng.random(x.shape) >= p, 1 - p)


@dropout.mistake
def divided_by_p(x, p, training, rng):
    """You divide by p, the share that is dropped. The mean stays if you divide by the share that is kept, 1 - p."""
    return x * (rng.random(x.shape) >= p) / p if training else x


@dropout.mistake
def kept_with_p(x, p, training, rng):
    """p is the probability to be dropped, and you keep with it: with p = 0.25, three in four are gone."""
    return masked(x, p, training, rng.random(x.shape) < p, 1 / (1 - p))


@dropout.mistake
def kept_with_p_and_divided_by_it(x, p, training, rng):
    """p is the probability to be dropped, and you keep with it and divide by it. The mean stays, but with p = 0.25
    three in four are gone."""
    return x * (rng.random(x.shape) < p) / p if training else x


@dropout.mistake
def also_in_use(x, p, training, rng):
    """You drop in eval mode, too. Then the same model gives another answer each time."""
    return masked(x, p, True, rng.random(x.shape) >= p, 1 / (1 - p))


# --- 2 -----------------------------------------------------------------------------------------


@exercise("Batch norm, in training and in eval mode", points=3)
def batch_norm():
    """Return z, and the running mean and variance afterwards, as a tuple of three arrays.

    x has shape (N, C); the statistics are one for each of the C columns. In training z = (x - μ)/√(σ² + eps), with
    mean and variance of the batch (divisor N), and the running ones move to them: r ← (1 - momentum) r + momentum ·
    new, where the new variance has the divisor N - 1. In eval mode the running ones replace μ and σ², and stay.
    """
    for shape, training, momentum, eps, about in [
        ((4, 3), True, 0.1, 0.01, ""),
        ((3, 2), True, 0.3, 0.5, ""),
        ((3, 3), True, 0.6, 0.1, ""),
        ((5, 1), True, 1.0, 0.01, "momentum 1, which forgets what was"),
        ((4, 2), True, 0.2, 0.01, "a column of equal numbers"),
        ((4, 3), False, 0.1, 0.01, "eval mode"),
        ((1, 2), False, 0.4, 0.3, "eval mode"),
    ]:
        rng = np.random.default_rng(shape[0] + shape[1])
        x = rng.normal(loc=2.0, scale=3.0, size=shape)
        if "equal" in about:
            x[:, 1] = -1.5
        mean, variance = rng.normal(size=shape[1]), rng.uniform(0.5, 2.0, size=shape[1])
        inputs = {"x": x, "running_mean": mean, "running_var": variance, "training": training}
        inputs |= {"momentum": momentum, "eps": eps}
        names = ("z", "running_mean", "running_var")
        yield Case(inputs, expected=normalised(**inputs), names=names, about=about)


def normalised(
    x, running_mean, running_var, training, momentum, eps, ddof=0, running_ddof=1, keep=None, now=None, moves=None
):
    """A right answer, with switches that make it wrong."""
    now = training if now is None else now
    moves = training if moves is None else moves
    centred = x - x.mean(axis=0)
    mean, squares = x.mean(axis=0), (centred**2).sum(axis=0)
    used = (mean, squares / (len(x) - ddof)) if now else (running_mean, running_var)
    z = (x - used[0]) / np.sqrt(used[1] + eps)
    if moves:
        share = momentum if keep is None else keep(momentum)
        running_mean = running_mean + share * (mean - running_mean)
        running_var = running_var + share * (squares / (len(x) - running_ddof) - running_var)
    return z, running_mean, running_var


def by_its_own(statistic):
    """A wrong answer: in training, z is computed by another function of the batch. The rest is right."""

    def normalise(x, running_mean, running_var, training, momentum, eps):
        z, *moved = normalised(x, running_mean, running_var, training, momentum, eps)
        return statistic(x, eps) if training else z, *moved

    return normalise


@batch_norm.mistake
def batch_statistics_in_use(*inputs):
    """You use the batch's own mean and variance in eval mode, too: then the answer for one example depends on which
    others stand beside it, and a batch of one is all zeros."""
    return normalised(*inputs, now=True)


@batch_norm.mistake
def momentum_turned(*inputs):
    """The momentum is the share of the *new* value: r ← (1 - momentum) r + momentum · new. You take it as the share
    of the old one."""
    return normalised(*inputs, keep=lambda momentum: 1 - momentum)


@batch_norm.mistake
def one_divisor(*inputs):
    """The batch is normalised with the divisor N, as you do; the running variance, an estimate for data to come, has
    the divisor N - 1."""
    return normalised(*inputs, running_ddof=0)


@batch_norm.mistake
def unbiased_everywhere(*inputs):
    """You normalise the batch with the divisor N - 1, so that its variance becomes a little less than 1. That divisor
    belongs to the running variance."""
    return normalised(*inputs, ddof=1)


@batch_norm.mistake
def moving_in_use(*inputs):
    """The running statistics move in eval mode, too: a model that is only used would change with every example."""
    return normalised(*inputs, moves=True)


@batch_norm.mistake
def never_moving(*inputs):
    """The running statistics stay where they were. In training they move towards those of the batch."""
    return normalised(*inputs, moves=False)


@batch_norm.mistake
def running_statistics_in_training(x, running_mean, running_var, training, momentum, eps):
    """In training you normalise by the running statistics, which have just moved. There it is the batch's own that
    count: the columns of z have mean 0 then."""
    _, *moved = normalised(x, running_mean, running_var, training, momentum, eps)
    return (x - moved[0]) / np.sqrt(moved[1] + eps), *moved


@batch_norm.mistake
def old_statistics_in_training(x, running_mean, running_var, training, momentum, eps):
    """In training you normalise by the running statistics that came in. There it is the batch's own that count: the
    columns of z have mean 0 then."""
    _, *moved = normalised(x, running_mean, running_var, training, momentum, eps)
    return (x - running_mean) / np.sqrt(running_var + eps), *moved


@batch_norm.mistake
def statistics_exchanged(*inputs):
    """The running mean and the running variance have changed places: the mean comes first."""
    z, mean, variance = normalised(*inputs)
    return z, variance, mean


@batch_norm.mistake
def along_axis_1(x, running_mean, running_var, training, momentum, eps):
    """Your statistics are those of the rows, over axis 1. They are those of the columns, over the examples: axis 0."""
    if not training:
        return normalised(x, running_mean, running_var, training, momentum, eps)
    z = (x - x.mean(axis=1)) / np.sqrt(x.var(axis=1) + eps)
    moved = (1 - momentum) * running_mean + momentum * x.mean(axis=1)
    return z, moved, (1 - momentum) * running_var + momentum * x.var(axis=1, ddof=1)


@batch_norm.mistake
def along_the_rows(*inputs):
    """You normalise each row over its columns. That is layer norm; here the statistics are those of a column, over
    the examples of the batch."""
    x, *_, eps = inputs
    return normalised(x.T, 0, 0, True, 0, eps)[0].T, *normalised(*inputs)[1:]


@batch_norm.mistake
def over_everything(*inputs):
    """One mean and one variance for the whole array: the columns are not told apart. Each has its own."""
    return by_its_own(lambda x, eps: (x - x.mean()) / np.sqrt(x.var() + eps))(*inputs)


@batch_norm.mistake
def eps_outside_of_the_root(*inputs):
    """eps stands under the root, beside the variance. You add it to the deviation."""
    return by_its_own(lambda x, eps: (x - x.mean(axis=0)) / (x.std(axis=0) + eps))(*inputs)


@batch_norm.mistake
def without_the_root(*inputs):
    """You divide by the variance. The deviation is its root; only then has z the variance 1."""
    return by_its_own(lambda x, eps: (x - x.mean(axis=0)) / (x.var(axis=0) + eps))(*inputs)


@batch_norm.mistake
def not_centred(*inputs):
    """You divide by the deviation, but do not take the mean away first."""
    return by_its_own(lambda x, eps: x / np.sqrt(x.var(axis=0) + eps))(*inputs)


@batch_norm.mistake
def added_without_forgetting(x, running_mean, running_var, training, momentum, eps):
    """You add the new values' share without taking away that of the old ones: (1 - momentum) r is what stays of r.
    So the running values only grow."""
    z, *moved = normalised(x, running_mean, running_var, training, momentum, eps)
    if not training:
        return z, *moved
    return z, moved[0] + momentum * running_mean, moved[1] + momentum * running_var


@batch_norm.mistake
def deviation_kept(x, running_mean, running_var, training, momentum, eps):
    """You keep the deviation. running_var keeps its square, the variance."""
    z, mean, variance = normalised(x, running_mean, running_var, training, momentum, eps)
    if training:
        variance = (1 - momentum) * running_var + momentum * x.std(axis=0, ddof=1)
    return z, mean, variance


# --- 3 -----------------------------------------------------------------------------------------


@exercise("Backward through batch norm", points=3)
def batch_norm_backward():
    """Return the gradients of x, gamma and beta for y = gamma · z + beta, z = (x - μ)/√(σ² + eps), as a tuple.

    g is the gradient of y; x and g have shape (N, C), gamma and beta (C,). μ and σ² are mean and variance (divisor N)
    of the columns of x, and depend on x: the columns of its gradient add up to 0, since moving a whole column by the
    same amount changes nothing.
    """
    for shape, eps, about in [
        ((4, 3), 0.05, ""),
        ((3, 2), 0.4, ""),
        ((3, 3), 0.1, ""),
        ((6, 1), 0.05, "a single column"),
        ((2, 3), 0.05, "two rows"),
        ((4, 2), 0.2, "a gamma of 0"),
        ((3, 2), 0.3, "a column of equal numbers"),
    ]:
        rng = np.random.default_rng(10 * shape[0] + shape[1])
        x, g = rng.normal(loc=1.0, scale=2.0, size=shape), rng.normal(size=shape)
        inputs = {"g": g, "x": x, "gamma": rng.uniform(-2.0, 2.0, size=shape[1]), "eps": eps}
        if "gamma" in about:
            inputs["gamma"][0] = 0.0
        if "equal" in about:
            x[:, 1] = 2.5
        yield Case(inputs, expected=through_the_engine(**inputs), names=("x", "gamma", "beta"), about=about)


def through_the_engine(g, x, gamma, eps):
    x, gamma = Tensor(x, requires_grad=True), Tensor(gamma, requires_grad=True)
    beta = Tensor(np.zeros(gamma.shape), requires_grad=True)
    z = (x - x.mean(axis=0)) / (((x - x.mean(axis=0)) ** 2).mean(axis=0) + eps).sqrt()
    (gamma * z + beta).backward(g)
    return x.grad, gamma.grad, beta.grad


def pulled_back(g, x, gamma, eps, mean=True, variance=True, per=None, under=None, z_for=None):
    """A right answer, with switches that leave parts of it out."""
    deviation = np.sqrt(x.var(axis=0) + eps) if under is None else under(x)
    z = (x - x.mean(axis=0)) / deviation
    count = len(x) if per is None else per(len(x))
    h, along = g * gamma, z if z_for is None else z_for(x)
    inner = h - mean * h.sum(axis=0) / count - variance * along * (h * along).sum(axis=0) / count
    return inner / deviation, (g * z).sum(axis=0), g.sum(axis=0)


@batch_norm_backward.mistake
def both_constant(*inputs):
    """You treat mean and variance as constants, and divide by the deviation. But both are made of x: a nudge in one
    entry moves them, and through them every entry of its column."""
    return pulled_back(*inputs, mean=False, variance=False)


@batch_norm_backward.mistake
def variance_constant(*inputs):
    """You followed the nudge through the mean, but not through the variance. The columns add up to 0, and are still
    wrong: the part along z is missing."""
    return pulled_back(*inputs, variance=False)


@batch_norm_backward.mistake
def mean_constant(*inputs):
    """You followed the nudge through the variance, but not through the mean: the columns of your answer do not add up
    to 0."""
    return pulled_back(*inputs, mean=False)


@batch_norm_backward.mistake
def sums_for_means(*inputs):
    """You subtract sums over the batch where means belong: each entry stands in the mean with the weight 1/N."""
    return pulled_back(*inputs, per=lambda count: 1)


@batch_norm_backward.mistake
def not_divided(g, x, gamma, eps):
    """The inner part is right; divide it by the deviation √(σ² + eps), as the forward pass does."""
    of_x, *others = pulled_back(g, x, gamma, eps)
    return of_x * np.sqrt(x.var(axis=0) + eps), *others


@batch_norm_backward.mistake
def divided_by_the_variance(g, x, gamma, eps):
    """The inner part is right; you divide it by the variance, or twice by the deviation. Once is enough."""
    of_x, *others = pulled_back(g, x, gamma, eps)
    return of_x / np.sqrt(x.var(axis=0) + eps), *others


@batch_norm_backward.mistake
def added_along_z(*inputs):
    """The part along z is added. It has to be taken away: a stretch of the column, which does not move z, would get a
    gradient."""
    return pulled_back(*inputs, variance=-1)


@batch_norm_backward.mistake
def x_in_place_of_z(*inputs):
    """In the part along z you multiply by x. z is what the formula means: x, shifted and scaled."""
    return pulled_back(*inputs, z_for=lambda x: x)


@batch_norm_backward.mistake
def eps_forgotten(*inputs):
    """eps is missing under the root."""
    return pulled_back(*inputs, under=lambda x: x.std(axis=0))


@batch_norm_backward.mistake
def other_divisor(g, x, gamma, eps):
    """Your variance has the divisor N - 1. The forward pass normalises the batch with N."""
    return pulled_back(g, x, gamma, eps, under=lambda x: np.sqrt(x.var(axis=0, ddof=1) + eps))


@batch_norm_backward.mistake
def gamma_forgotten(g, x, gamma, eps):
    """gamma is missing on the way to x: what arrives at z is g times gamma."""
    ones = np.ones_like(gamma)
    return pulled_back(g, x, ones, eps)


@batch_norm_backward.mistake
def gamma_times_x(g, x, gamma, eps):
    """gamma multiplies z, not x: its local derivative is z."""
    of_x, _, of_beta = pulled_back(g, x, gamma, eps)
    return of_x, (g * x).sum(axis=0), of_beta


@batch_norm_backward.mistake
def gamma_twice(g, x, gamma, eps):
    """gamma stands in its own gradient. y = gamma · z + beta, so its local derivative is z alone, whatever gamma is."""
    of_x, of_gamma, of_beta = pulled_back(g, x, gamma, eps)
    return of_x, gamma * of_gamma, of_beta


@batch_norm_backward.mistake
def gamma_and_beta_exchanged(*inputs):
    """The gradients of gamma and beta have changed places: gamma comes first."""
    of_x, of_gamma, of_beta = pulled_back(*inputs)
    return of_x, of_beta, of_gamma


@batch_norm_backward.mistake
def over_axis_1(g, x, gamma, eps):
    """Your means and sums go over axis 1, along a row. What belongs together is a column, over the examples: axis 0."""
    deviation = np.sqrt(x.var(axis=1) + eps)
    z, h = (x - x.mean(axis=1)) / deviation, g * gamma
    of_x = (h - h.mean(axis=1) - z * (h * z).mean(axis=1)) / deviation
    return of_x, (g * z).sum(axis=1), g.sum(axis=1)


@batch_norm_backward.mistake
def not_summed(g, x, gamma, eps):
    """gamma and beta were stretched over the batch: every example hands them a part, and the parts add up. Their
    gradients have their shapes, (C,)."""
    z = (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + eps)
    return pulled_back(g, x, gamma, eps)[0], g * z, g


@batch_norm_backward.mistake
def averaged(g, x, gamma, eps):
    """You take means over the batch for gamma and beta. What was stretched gets the sum; if the loss is a mean, the
    1/N is in g already."""
    of_x, of_gamma, of_beta = pulled_back(g, x, gamma, eps)
    return of_x, of_gamma / len(x), of_beta / len(x)


# --- 4 -----------------------------------------------------------------------------------------


@exercise("Repair a dead net", points=3)
def repair():
    """Return nothing, but give the model's parameters new values with which every layer keeps the size of its input.

    model is a Sequential of Linear and ReLU layers. Its weights are far too small and its biases far below zero: every
    hidden unit is dead. `layer.weight.data[...] = …` overwrites a weight of shape (in, out). Afterwards the weights are
    drawn from rng, with the mean 0 and He's size √(2/in), and every bias is 0, or at most 0.1 away from it.
    """
    for sizes, seed, about in [
        ([2, 24, 24, 24, 2], 0, ""),
        ([2, 32, 32, 32, 32, 32, 32, 32, 32, 2], 1, "eight hidden layers"),
        ([2, 12, 48, 12, 2], 2, "layers of unequal width"),
        ([2, 250, 150, 2], 3, "wide layers"),
    ]:
        yield Case(
            {"sizes": sizes, "seed": seed}, call=repaired, accept=partial(wrong_repair, sizes, seed), about=about
        )
    about = "two generators, and the first again"
    yield Case({"sizes": [2, 12, 2]}, call=repaired_thrice, accept=wrong_seeds, about=about)


def dead_net(sizes, seed):
    """A network in which every hidden unit is dead from the start."""
    model = nn.MLP(sizes, activation="relu", rng=np.random.default_rng(seed))
    for layer in model:
        if isinstance(layer, nn.Linear):
            layer.weight.data *= 0.01
            layer.bias.data -= 1.0
    return model


def share_dead(model, x):
    """The largest share, over the hidden layers, of units that are 0 for every example."""
    shares, values = [], Tensor(x)
    with no_grad():
        for layer in model:
            values = layer(values)
            if isinstance(layer, nn.ReLU):
                shares.append((values.data == 0).all(axis=0).mean())
    return float(max(shares))


class Layers(list):
    """Pairs (weight, bias), one for each layer. A report shows a line for each."""

    def __repr__(self):
        return "\n".join(
            f"{weight.shape}: size {size_of(weight):.2g}, biases {bias.min():.2g} to {bias.max():.2g}"
            for weight, bias in self
        )


def layers_of(model):
    return Layers((layer.weight.data, layer.bias.data) for layer in model if isinstance(layer, nn.Linear))


def size_of(weight):
    """The root of the mean square."""
    return float(np.sqrt((weight**2).mean()))


def repaired(repair, sizes, seed):
    """The weights and biases of a repaired net, or the answer of a stub."""
    model = dead_net(sizes, seed)
    answer = repair(model, np.random.default_rng(seed))
    return answer if answer is ... else layers_of(model)


def repaired_thrice(repair, sizes):
    """The first weight by two generators, and by one that begins as the first did."""
    weights = []
    for seed in (5, 6, 5):
        model = dead_net(sizes, 0)
        answer = repair(model, np.random.default_rng(seed))
        weights.append(layers_of(model)[0][0])
    return answer if answer is ... else weights


def wrong_seeds(weights):
    one, other, again = weights
    if np.array_equal(one, other):
        return "Two generators give the same weights: draw them from rng."
    if not np.array_equal(one, again):
        return "From the same seed come other weights: draw them from rng alone, or no run can be repeated."
    return None


def wrong_repair(sizes, seed, layers):
    """A sentence on the first error in the weights and biases of a repaired net, or None."""
    before = layers_of(dead_net(sizes, seed))
    if all(map(np.array_equal, sum(layers, ()), sum(before, ()))):
        return (
            "Your code ran, and every weight and bias of the model has stayed as it was. A new model, or a new value "
            "for a name, does not change the one that came in. Write into its arrays."
        )
    for number, ((weight, bias), (n_in, n_out)) in enumerate(zip(layers, pairwise(sizes), strict=True), 1):
        if (weight.shape, bias.shape) != ((n_in, n_out), (n_out,)):
            return (
                f"Layer {number} has a weight of shape {weight.shape} and a bias of shape {bias.shape} now, expected "
                f"{(n_in, n_out)} and {(n_out,)}."
            )
        if (weight == weight[:, :1]).all() or (weight == weight[:1]).all() and n_in > 1:
            return (
                f"In layer {number} all weights of a row, or all of a column, are equal. Units with equal weights get "
                "equal gradients and stay equal: each weight is drawn for itself."
            )
    return wrong_sizes(layers) or wrong_means(layers) or wrong_biases(layers)


def noise(weight, sigmas=4):
    """How far the mean of a random weight, or its size, lies from where it should be: relative to its size."""
    return 0.01 + sigmas / np.sqrt(weight.size)


def has_size(weight, size):
    return abs(size_of(weight) / size - 1) <= noise(weight)


# The size of a weight by another rule, and what it does.
OTHER_SIZES = [
    (
        lambda n_in, n_out: np.sqrt(1 / n_in),
        "Your weights have the size 1/√n, with n inputs. That is right where nothing is cut off. A ReLU sets half of "
        "what it gets to 0: the mean square halves in each layer.",
    ),
    (
        lambda n_in, n_out: np.sqrt(2 / n_out),
        "Your weights have the size √(2/out). Each unit adds up its *inputs*: on the way forward they count. Where a "
        "layer has more outputs than inputs, the signal shrinks.",
    ),
    (
        lambda n_in, n_out: np.sqrt(2 / (n_in + n_out)),
        "That is Xavier's size, √(2/(in + out)). A ReLU lets half of the signal through; He's √(2/in) makes up for it.",
    ),
    (
        lambda n_in, n_out: 1.0,
        "Your weights have the size 1, whatever the width: with n inputs each layer multiplies the size by about "
        "√(n/2). The loss starts in the hundreds or beyond.",
    ),
    (
        lambda n_in, n_out: 2 / n_in,
        "Your weights have the size 2/n, with n inputs. That is the variance; the size, which is the standard "
        "deviation, is its root.",
    ),
    (
        lambda n_in, n_out: np.sqrt(2 / n_in / 3),
        "Your weights are smaller than He's size by √3: uniform numbers between -a and a have the deviation a/√3.",
    ),
]


def wrong_sizes(layers):
    """A sentence on weights that do not have He's size, or None."""
    wrong = [i for i, (weight, _) in enumerate(layers) if not has_size(weight, np.sqrt(2 / len(weight)))]
    if not wrong:
        return None
    fitting = {}  # how far the weights are from another rule -> what it does
    for size, sentence in OTHER_SIZES:
        if all(has_size(weight, size(*weight.shape)) for weight, _ in layers):
            far = sum(abs(np.log(size_of(weight) / size(*weight.shape))) for weight, _ in layers)
            fitting[far] = sentence
    if fitting:
        return fitting[min(fitting)]
    weight = layers[wrong[0]][0]
    return (
        f"The weights of layer {wrong[0] + 1} have the size {size_of(weight):.3g}, the root of their mean square. With "
        f"{len(weight)} inputs, a layer before a ReLU keeps the size of its input if it is √(2/{len(weight)}) = "
        f"{np.sqrt(2 / len(weight)):.3g}."
    )


def wrong_means(layers):
    """A sentence on weights that do not lie around 0, or None."""
    for number, (weight, _) in enumerate(layers, 1):
        if abs(weight.mean()) > noise(weight, sigmas=5) * size_of(weight):
            return f"The weights of layer {number} have the mean {weight.mean():.2g}, not 0: half of them are negative."
        means = weight.mean(axis=0)  # of each unit's weights
        if np.abs(means).max() > 6 * size_of(weight) / np.sqrt(len(weight)):
            unit = int(np.abs(means).argmax())
            return (
                f"The weights into unit {unit} of layer {number} have the mean {means[unit]:.2g}. Each weight is drawn "
                "for itself, around 0."
            )
    return None


def wrong_biases(layers):
    """A sentence on biases that are not 0, or None."""
    for number, (_, bias) in enumerate(layers, 1):
        if np.abs(bias).max() > 0.1:
            return (
                f"The weights are mended. The biases of layer {number} go from {bias.min():.2g} to {bias.max():.2g}. "
                "They shift every unit, whatever comes in, and one far below zero holds it at 0. Set them to 0."
            )
    return None
