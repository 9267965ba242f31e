"""The checks of lesson 12."""

from itertools import product

import numpy as np

from gradlib import Tensor, nn, no_grad, optim
from gradlib.checks import Case, exercise
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
        ((400, 50), 0.25, True, "20,000 entries, to see their mean"),
        ((300, 40), 0.8, True, "12,000 entries, to see their mean"),
        ((3, 2), 0.0, True, "p = 0, where nothing is dropped"),
        ((2, 4), 0.5, False, "eval mode"),
    ]:
        x = np.random.default_rng(sum(shape)).normal(loc=3.0, size=shape)
        yield Case(
            {"x": x, "p": p, "training": training, "seed": 2},
            call=lambda dropout, x, p, training, seed: dropout(x, p, training, np.random.default_rng(seed)),
            accept=lambda z, x=x, p=p, training=training: wrong_dropout(z, x, p, training),
            about=about,
        )


def wrong_dropout(z, x, p, training):
    """What is wrong with a dropout of x, or None."""
    z = np.asarray(z)
    if z.shape != x.shape:
        return f"x has shape {x.shape}, what came back has {z.shape}."
    if not training:
        same = "In eval mode x comes back as it is: nothing is dropped, and nothing scaled."
        return None if np.allclose(z, x) else same
    kept = z != 0
    if kept.any() and not np.allclose(z[kept], x[kept] / (1 - p)):
        if np.allclose(z[kept], x[kept]):
            return f"What is kept is not scaled: the mean falls to {1 - p:.2g} of what it was. Divide by 1 - p."
        return f"What is kept should be divided by 1 - p = {1 - p:.2g}, so that the mean stays."
    if x.size > 1000:
        if np.ptp(kept.mean(axis=0)) > 0.3 or np.ptp(kept.mean(axis=1)) > 0.6:
            return "Whole rows or columns are dropped together. Each entry is drawn for itself."
        dropped = 1 - kept.mean()
        if abs(dropped - p) > 0.02:
            return f"With p = {p}, {dropped:.0%} of the entries are 0: p is the probability to be dropped."
    return None


def masked(x, p, training, keep, scale):
    return np.where(keep, x * scale, 0.0) if training else x


@dropout.mistake
def unscaled(x, p, training, rng):
    """You drop the right share, and keep the others as they are: the mean falls to 1 - p of what it was, and the next
    layer meets other numbers in training than in use."""
    return masked(x, p, training, rng.random(x.shape) >= p, 1.0)


@dropout.mistake
def scaled_in_use(x, p, training, rng):
    """You keep the entries as they are in training, and multiply by 1 - p in eval mode. That keeps the mean, too, and
    was once the way; here the scaling is done in training, so that the model in use does nothing at all."""
    return masked(x, p, training, rng.random(x.shape) >= p, 1.0) if training else x * (1 - p)


@dropout.mistake
def kept_with_p(x, p, training, rng):
    """p is the probability to be dropped, and you keep with it: with p = 0.25, three in four are gone."""
    return masked(x, p, training, rng.random(x.shape) < p, 1 / (1 - p))


@dropout.mistake
def also_in_use(x, p, training, rng):
    """You drop in eval mode, too. A model in use would give another answer each time."""
    return masked(x, p, True, rng.random(x.shape) >= p, 1 / (1 - p))


# --- 2 -----------------------------------------------------------------------------------------


@exercise("Batch norm, in training and in use", points=3)
def batch_norm():
    """Return z, and the running mean and variance afterwards, as a tuple of three arrays.

    x has shape (N, C); the statistics are one for each of the C columns. In training z = (x - μ)/√(σ² + eps), with
    mean and variance of the batch (divisor N), and the running ones move to them: r ← (1 - momentum) r + momentum ·
    new, where the new variance has the divisor N - 1. In use the running ones take the place of μ and σ², and stay.
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
        yield Case(inputs, expected=normalised(**inputs), about=about)


def normalised(
    x, running_mean, running_var, training, momentum, eps, divisor=0, running_divisor=1, keep=None, now=None, moves=None
):
    """The right way, with switches that turn it wrong."""
    now = training if now is None else now
    moves = training if moves is None else moves
    rows = max(len(x) - running_divisor, 1)
    mean, variance = x.sum(axis=0) / len(x), ((x - x.mean(axis=0)) ** 2).sum(axis=0)
    used = (mean, variance / max(len(x) - divisor, 1)) if now else (running_mean, running_var)
    z = (x - used[0]) / np.sqrt(used[1] + eps)
    if moves:
        share = momentum if keep is None else keep(momentum)
        running_mean = running_mean + share * (mean - running_mean)
        running_var = running_var + share * (variance / rows - running_var)
    return z, running_mean, running_var


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
    return normalised(*inputs, running_divisor=0)


@batch_norm.mistake
def unbiased_everywhere(*inputs):
    """You normalise the batch with the divisor N - 1, so that its variance becomes a little less than 1. That divisor
    belongs to the running variance."""
    return normalised(*inputs, divisor=1)


@batch_norm.mistake
def moving_in_use(*inputs):
    """The running statistics move in eval mode, too: a model that is only used would change with every example."""
    return normalised(*inputs, moves=True)


@batch_norm.mistake
def never_moving(*inputs):
    """The running statistics stay where they were. In training they move towards those of the batch."""
    return normalised(*inputs, moves=False)


# --- 3 -----------------------------------------------------------------------------------------


@exercise("Backward through batch norm", points=3)
def batch_norm_backward():
    """Return the gradient of x for z = (x - μ)/√(σ² + eps), given the gradient g of z.

    x and g have shape (N, C); μ and σ² are mean and variance (divisor N) of the columns of x, and depend on x. The
    columns of the answer add up to 0: moving a whole column by the same amount changes nothing.
    """
    for shape, about in [((4, 3), ""), ((3, 2), ""), ((6, 1), "a single column"), ((2, 3), "two rows")]:
        rng = np.random.default_rng(10 * shape[0] + shape[1])
        x, g = rng.normal(loc=1.0, scale=2.0, size=shape), rng.normal(size=shape)
        yield Case({"g": g, "x": x, "eps": 0.05}, expected=through_the_engine(g, x, 0.05), about=about)


def through_the_engine(g, x, eps):
    x = Tensor(x, requires_grad=True)
    z = (x - x.mean(axis=0)) / (((x - x.mean(axis=0)) ** 2).mean(axis=0) + eps).sqrt()
    z.backward(g)
    return x.grad


def pulled_back(g, x, eps, mean=True, variance=True, per=None):
    """The right way, with switches that leave parts of it out."""
    deviation = np.sqrt(x.var(axis=0) + eps)
    z = (x - x.mean(axis=0)) / deviation
    count = len(x) if per is None else per(len(x))
    inner = g - mean * g.sum(axis=0) / count - variance * z * (g * z).sum(axis=0) / count
    return inner / deviation


@batch_norm_backward.mistake
def both_constant(g, x, eps):
    """You treat mean and variance as constants, and divide g by the deviation. But both are made of x: a nudge in one
    entry moves them, and through them every entry of its column."""
    return pulled_back(g, x, eps, mean=False, variance=False)


@batch_norm_backward.mistake
def variance_constant(g, x, eps):
    """You followed the nudge through the mean, but not through the variance. The columns add up to 0, and are still
    wrong: the part along z is missing."""
    return pulled_back(g, x, eps, variance=False)


@batch_norm_backward.mistake
def mean_constant(g, x, eps):
    """You followed the nudge through the variance, but not through the mean: the columns of your answer do not add up
    to 0."""
    return pulled_back(g, x, eps, mean=False)


@batch_norm_backward.mistake
def sums_for_means(g, x, eps):
    """You subtract sums over the batch where means belong: each entry stands in the mean with the weight 1/N."""
    return pulled_back(g, x, eps, per=lambda count: 1)


@batch_norm_backward.mistake
def not_divided(g, x, eps):
    """The inner part is right; divide it by the deviation √(σ² + eps), as the forward pass does."""
    return pulled_back(g, x, eps) * np.sqrt(x.var(axis=0) + eps)


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
    """A network whose every hidden unit is dead from the start."""
    model = nn.MLP(sizes, activation="relu", rng=np.random.default_rng(seed))
    for layer in model:
        if isinstance(layer, nn.Linear):
            layer.weight.data *= 0.01
            layer.bias.data -= 1.0
    return model


def trained_after(repair, sizes, seed):
    """Figures of the repaired net before and after training, or what the stub gave."""
    model = dead_net(sizes, seed)
    answer = repair(model, np.random.default_rng(seed))
    if answer is ... or (answer is None and is_untouched(model, sizes, seed)):
        return answer
    x, y = make_moons(120, noise=0.1, rng=np.random.default_rng(3))
    figures = {"first layer's weights": float(model[0].weight.data.std()), "dead units": float(share_dead(model, x))}
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
    return max(shares)


def wrong_repair(figures):
    dead, loss = figures["dead units"], figures["loss afterwards"]
    if not np.isfinite(loss):
        return (
            "The loss is no finite number any more: the weights are too large, and each layer multiplies by them again."
        )
    if dead == 1.0:
        return (
            "In some hidden layer every unit is still 0 for all 120 points: no gradient passes. Biases far below zero "
            "and weights near zero each do that alone."
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


@exercise("Bounds of a linear layer", points=2)
def interval_linear():
    """Return the least and the greatest values that x @ weight + bias can take, as a tuple of two arrays.

    x is any array with low <= x <= high, entry by entry. low and high have shape (n,), weight (n, m), bias (m,). For
    weight [[2], [-1]], bias [0], low [0, 0] and high [1, 3] the answer is ([-3], [2]).
    """
    for n, m, about in [(2, 3, ""), (3, 2, ""), (4, 1, "one output"), (3, 2, "a box that is a single point")]:
        rng = np.random.default_rng(7 * n + m)
        low = rng.normal(size=n)
        high = low + (0.0 if "point" in about else rng.uniform(0.1, 2.0, size=n))
        inputs = {"low": low, "high": high, "weight": rng.normal(size=(n, m)), "bias": rng.normal(size=m)}
        yield Case(inputs, expected=over_the_corners(**inputs), about=about)


def over_the_corners(low, high, weight, bias):
    """A linear function is extreme in a corner of the box: try them all."""
    values = [np.array(corner) @ weight + bias for corner in product(*zip(low, high, strict=True))]
    return np.min(values, axis=0), np.max(values, axis=0)


@interval_linear.mistake
def ends_through_the_layer(low, high, weight, bias):
    """You put both ends through the layer, or the half width with the signs of the weights, which comes to the same.
    Where a weight is negative, the upper end of x gives the lower end of the product: the two have to change places
    there."""
    return low @ weight + bias, high @ weight + bias


@interval_linear.mistake
def ends_sorted(low, high, weight, bias):
    """You put both ends through the layer and sorted the results. That is right for a single input; with several, some
    weights may be positive and some negative, and the extreme lies in a corner that is neither end."""
    a, b = low @ weight + bias, high @ weight + bias
    return np.minimum(a, b), np.maximum(a, b)


@interval_linear.mistake
def without_bias(low, high, weight, bias):
    """The bounds are those of x @ weight. The bias moves both of them."""
    least, greatest = over_the_corners(low, high, weight, bias)
    return least - bias, greatest - bias


@interval_linear.mistake
def radius_not_halved(low, high, weight, bias):
    """Your bounds are too wide: around the middle of the box, x moves by *half* of high - low to each side."""
    middle, radius = (low + high) / 2 @ weight + bias, (high - low) @ np.abs(weight)
    return middle - radius, middle + radius
