"""The checks of lesson 12."""

from itertools import pairwise
from types import GeneratorType

import numpy as np

from gradlib import Tensor, nn, no_grad, optim
from gradlib.checks.cases import Case
from gradlib.checks.exercises import exercise
from gradlib.data import make_moons

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
        ((300, 40), 0.8, True, "12,000 entries"),
        ((3, 2), 0.0, True, "p = 0"),
        ((2, 4), 0.5, False, "eval mode"),
    ]:
        x = np.random.default_rng(sum(shape)).normal(loc=3.0, size=shape)
        yield Case(
            {"x": x, "p": p, "training": training, "seed": 2},
            call=lambda dropout, x, p, training, seed: dropout(x, p, training, np.random.default_rng(seed)),
            accept=lambda z, x=x, p=p, training=training: wrong_dropout(z, x, p, training),
            about=about,
        )
    x = np.random.default_rng(5).normal(loc=3.0, size=(4, 6))
    yield Case({"x": x, "p": 0.5, "seed": 2}, call=dropped_thrice, accept=wrong_draws, about="two draws in a row")


def wrong_dropout(z, x, p, training):
    """A sentence on the first error in a dropout of x, or None."""
    if isinstance(z, GeneratorType):
        return "A function with `yield` gives its values one by one; `return` hands back the array."
    z = np.asarray(z)
    if z.shape != x.shape:
        return f"x has shape {x.shape}, what came back has {z.shape}."
    if not training:
        same = "In eval mode x comes back as it is: nothing is dropped, and nothing scaled."
        return None if np.allclose(z, x) else same
    kept, scale = z != 0, 1 / (1 - p)
    if p and kept.all() and np.allclose(z, x):
        return "In training mode nothing was dropped: x came back as it was."
    if not np.allclose(z[kept], x[kept] * scale):
        if np.allclose(z[kept], x[kept]):
            return f"What is kept is not scaled: the mean falls to {1 - p:.2g} of what it was. Divide by 1 - p."
        return f"What is kept should be divided by 1 - p = {1 - p:.2g}, so that the mean stays."
    if x.size > 1000:
        if kept.all() or not kept.any():
            return "One draw decides for the whole array. Each entry is drawn for itself."
        if np.ptp(kept.mean(axis=0)) > 0.3 or np.ptp(kept.mean(axis=1)) > 0.6:
            return "Whole rows or columns are dropped together. Each entry is drawn for itself."
        dropped = 1 - kept.mean()
        if abs(dropped - p) > 0.02:
            return f"With p = {p}, {dropped:.0%} of the entries are 0: p is the probability to be dropped."
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
    for shape, training, momentum, about in [
        ((4, 3), True, 0.1, ""),
        ((3, 2), True, 0.3, ""),
        ((5, 1), True, 1.0, "momentum 1, which forgets what was"),
        ((4, 3), False, 0.1, "eval mode"),
        ((1, 2), False, 0.1, "eval mode"),
    ]:
        rng = np.random.default_rng(shape[0] + shape[1])
        x = rng.normal(loc=2.0, scale=3.0, size=shape)
        mean, variance = rng.normal(size=shape[1]), rng.uniform(0.5, 2.0, size=shape[1])
        inputs = {"x": x, "running_mean": mean, "running_var": variance, "training": training}
        inputs |= {"momentum": momentum, "eps": 0.01}
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
def along_the_rows(*inputs):
    """You normalise each row over its columns. That is layer norm; here the statistics are those of a column, over
    the examples of the batch."""
    return by_its_own(lambda x, eps: normalised(x.T, 0, 0, True, 0, eps)[0].T)(*inputs)


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
    for shape, about in [((4, 3), ""), ((3, 2), ""), ((6, 1), "a single column"), ((2, 3), "two rows")]:
        rng = np.random.default_rng(10 * shape[0] + shape[1])
        x, g = rng.normal(loc=1.0, scale=2.0, size=shape), rng.normal(size=shape)
        inputs = {"g": g, "x": x, "gamma": rng.uniform(-2.0, 2.0, size=shape[1]), "eps": 0.05}
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
    """Return nothing, but give the model's parameters new values, so that it learns.

    model is a Sequential of Linear and ReLU layers. Its weights are far too small and its biases far below zero:
    every unit is dead. `layer.weight.data[...] = …` overwrites a weight of shape (in, out). The check then trains it,
    for 200 steps of gradient descent with momentum.
    """
    for sizes, seed, about in [
        ([2, 24, 24, 24, 2], 0, ""),
        ([2, 32, 32, 32, 32, 32, 32, 32, 32, 2], 1, "eight hidden layers"),
        ([2, 12, 48, 12, 2], 2, "layers of unequal width"),
    ]:
        yield Case(
            {"sizes": sizes, "seed": seed},
            call=trained_after,
            accept=wrong_repair,
            about=about,
        )


def dead_net(sizes, seed):
    """A network in which every hidden unit is dead from the start."""
    model = nn.MLP(sizes, activation="relu", rng=np.random.default_rng(seed))
    for layer in model:
        if isinstance(layer, nn.Linear):
            layer.weight.data *= 0.01
            layer.bias.data -= 1.0
    return model


def trained_after(repair, sizes, seed):
    """Figures of the repaired net before and after training, or the answer of a stub."""
    model = dead_net(sizes, seed)
    answer = repair(model, np.random.default_rng(seed))
    if answer is ...:
        return answer
    if is_untouched(model, sizes, seed):
        return {"parameters changed": 0}
    x, y = make_moons(120, noise=0.1, rng=np.random.default_rng(3))
    figures = {"deviation of the first weights": float(model[0].weight.data.std())}
    figures["dead units"] = share_dead(model, x)
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for _ in range(200):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
    return figures | {"loss afterwards": loss.item()}


def is_untouched(model, sizes, seed):
    fresh = dead_net(sizes, seed).state_dict()
    return all(np.array_equal(value, fresh[name]) for name, value in model.state_dict().items())


def share_dead(model, x):
    """The largest share, over the hidden layers, of units that are 0 for every example."""
    shares, values = [], Tensor(x)
    with no_grad():
        for layer in model:
            values = layer(values)
            if isinstance(layer, nn.ReLU):
                shares.append((values.data == 0).all(axis=0).mean())
    return float(max(shares))


def wrong_repair(figures):
    if "parameters changed" in figures:
        return (
            "Your code ran, and every weight and bias of the model has stayed as it was. A new model, or a new value "
            "for a name, does not change the one that came in. Write into its arrays."
        )
    dead, loss = figures["dead units"], figures["loss afterwards"]
    if not np.isfinite(loss):
        return "The loss is no longer finite: the weights are too large, and each layer multiplies by them again."
    if dead == 1.0:
        return (
            "In some hidden layer every unit is still 0 for all 120 points: no gradient passes. Biases far below zero "
            "and weights near zero each do that alone."
        )
    if loss > 0.25 and figures["deviation of the first weights"] < 1e-6:
        return (
            "The weights of a layer are all equal, so its units are, too: they get equal gradients and stay equal. "
            "They must differ to begin with."
        )
    if loss > 0.25:
        return (
            f"After 200 steps the loss is {loss:.2f}; guessing has 0.69. Some units live ({1 - dead:.0%} in the worst "
            "layer), but the net does not learn well. Is the size of the weights such that each layer keeps the size "
            "of its input?"
        )
    return None


@repair.mistake
def all_zero(model, rng):
    """Everything is zero now: all units of a layer are alike, give 0, and pass nothing on. Weights must differ to begin
    with."""
    for parameter in model.parameters():
        parameter.data[...] = 0.0


@repair.mistake
def biases_alone(model, rng):
    """The biases are mended, the weights are still a hundred times too small: each layer shrinks what it gets, and
    after a few of them nothing is left to learn from."""
    for layer in model:
        if isinstance(layer, nn.Linear):
            layer.bias.data[...] = 0.0


@repair.mistake
def weights_alone(model, rng):
    """The weights are mended, but the biases still hold most units below zero. Set them to zero, too."""
    for layer in model:
        if isinstance(layer, nn.Linear):
            layer.weight.data[...] = rng.normal(size=layer.weight.shape) * np.sqrt(2 / layer.weight.shape[0])


@repair.mistake
def without_a_scale(model, rng):
    """Standard normal weights, whatever the width: with n inputs each layer multiplies the size by about √(n/2). The
    loss starts in the hundreds or beyond. Divide by the root of the number of inputs."""
    for layer in model:
        if isinstance(layer, nn.Linear):
            layer.weight.data[...] = rng.normal(size=layer.weight.shape)
            layer.bias.data[...] = 0.0


# --- 5 -----------------------------------------------------------------------------------------


@exercise("Bounds of a network", points=3)
def network_bounds():
    """Return the least and the greatest outputs that interval arithmetic gives for a network, as a tuple of two arrays.

    low <= x <= high, entry by entry, both of shape (n,). layers is a list of pairs (weight, bias); after each layer
    but the last there is a ReLU. A single layer with weight [[2], [-1]] and bias [0], low [0, 0] and high [1, 3] has
    the bounds ([-3], [2]).
    """
    for sizes, about in [
        ((2, 3), ""),
        ((3, 2), ""),
        ((2, 3, 2), ""),
        ((3, 4, 5, 1), "three layers, one output"),
        ((2, 3, 2), "a box that is a single point"),
    ]:
        rng = np.random.default_rng(7 * sizes[0] + sizes[-1] + len(about))
        low = rng.normal(size=sizes[0])
        high = low + (0.0 if "point" in about else rng.uniform(0.1, 2.0, size=sizes[0]))
        layers = [(rng.normal(size=pair), rng.normal(size=pair[1])) for pair in pairwise(sizes)]
        expected = by_the_signs(low, high, layers)
        yield Case({"low": low, "high": high, "layers": layers}, expected, names=("low", "high"), about=about)


def by_the_signs(low, high, layers, through=None, bias=True, relu=None):
    """A right answer, product by product, with switches that make it wrong."""
    for i, (weight, shift) in enumerate(layers):
        low, high = (through or every_product)(low, high, weight)
        low, high = (low + shift, high + shift) if bias else (low, high)
        if i < len(layers) - 1 if relu is None else relu(i, len(layers)):
            low, high = np.maximum(low, 0), np.maximum(high, 0)
    return low, high


def every_product(low, high, weight):
    ends = low[:, None] * weight, high[:, None] * weight  # (n, m)
    return np.minimum(*ends).sum(axis=0), np.maximum(*ends).sum(axis=0)


@network_bounds.mistake
def ends_through_the_layer(low, high, layers):
    """You put both ends through the layer, or the half width with the signs of the weights, which comes to the same.
    Where a weight is negative, the upper end of x gives the lower end of the product: the two have to change places
    there."""
    return by_the_signs(low, high, layers, through=lambda low, high, weight: (low @ weight, high @ weight))


@network_bounds.mistake
def ends_sorted(low, high, layers):
    """You put both ends through the layer and sorted the results. That is right for a single input; with several, some
    weights may be positive and some negative, and the extreme lies in a corner that is neither end."""

    def sort(low, high, weight):
        return np.minimum(low @ weight, high @ weight), np.maximum(low @ weight, high @ weight)

    return by_the_signs(low, high, layers, through=sort)


@network_bounds.mistake
def without_bias(low, high, layers):
    """The bounds are those of x @ weight. The bias moves both of them."""
    return by_the_signs(low, high, layers, bias=False)


@network_bounds.mistake
def radius_not_halved(low, high, layers):
    """Your bounds are too wide: around the middle of the box, x moves by *half* of high - low to each side."""

    def twice_as_wide(low, high, weight):
        middle, width = (low + high) / 2 @ weight, (high - low) @ np.abs(weight)
        return middle - width, middle + width

    return by_the_signs(low, high, layers, through=twice_as_wide)


@network_bounds.mistake
def exchanged(low, high, layers):
    """Both ends are right, and have changed places: the lower one comes first."""
    return by_the_signs(low, high, layers)[::-1]


@network_bounds.mistake
def relu_everywhere(low, high, layers):
    """There is a ReLU after the last layer, too: no output of yours is below 0. The last layer's outputs are the
    network's as they are."""
    return by_the_signs(low, high, layers, relu=lambda i, count: True)


@network_bounds.mistake
def relu_nowhere(low, high, layers):
    """The ReLU between the layers is missing. It takes both ends to at least 0."""
    return by_the_signs(low, high, layers, relu=lambda i, count: False)
