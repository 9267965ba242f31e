"""Answers to the exercises of lesson 12."""

import numpy as np

from gradlib import Tensor, nn
from gradlib import bounds as interval_bounds
from gradlib.checks import lesson_12 as check

from .harness import answers_to

dropout = answers_to(check.dropout)


@dropout.right
def with_a_mask(x, p, training, rng):
    return x * (rng.random(x.shape) >= p) / (1 - p) if training else x


@dropout.right
def with_a_draw_of_two(x, p, training, rng):
    if not training:
        return x.copy()
    kept = rng.binomial(1, 1 - p, size=x.shape).astype(bool)
    z = np.zeros_like(x)
    z[kept] = x[kept] / (1 - p)
    return z


@dropout.wrong("the mean falls to")
def not_scaled(x, p, training, rng):
    return x * (rng.random(x.shape) >= p) if training else x


@dropout.wrong("What is kept is not scaled")
def scaled_later(x, p, training, rng):
    return x * (rng.binomial(1, 1 - p, size=x.shape)) if training else x * (1 - p)


@dropout.wrong("p is the probability to be dropped")
def reversed_p(x, p, training, rng):
    return x * (rng.random(x.shape) < p) / max(1 - p, 1e-9) if training else x


@dropout.wrong("You drop in eval mode, too")
def always_dropping(x, p, training, rng):
    return x * (rng.random(x.shape) >= p) / (1 - p)


@dropout.wrong("Whole rows or columns")
def by_columns(x, p, training, rng):
    return x * (rng.random(x.shape[1]) >= p) / (1 - p) if training else x


@dropout.wrong()
def divided_by_p(x, p, training, rng):
    return x * (rng.random(x.shape) >= p) / (p + 0.1) if training else x


@dropout.wrong()
def nothing_dropped(x, p, training, rng):
    return x / (1 - p) if training else x + 0.5


norm = answers_to(check.batch_norm)


@norm.right
def by_numpy(x, running_mean, running_var, training, momentum, eps):
    if not training:
        return (x - running_mean) / np.sqrt(running_var + eps), running_mean, running_var
    z = (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + eps)
    mean = (1 - momentum) * running_mean + momentum * x.mean(axis=0)
    return z, mean, (1 - momentum) * running_var + momentum * x.var(axis=0, ddof=1)


@norm.right
def by_the_library(x, running_mean, running_var, training, momentum, eps):
    mean, variance = Tensor(running_mean), Tensor(running_var)
    z = nn.functional.batch_norm(Tensor(x), mean, variance, training=training, momentum=momentum, eps=eps)
    return z.data, mean.data, variance.data


@norm.wrong("You use the batch's own mean and variance in eval mode")
def batch_always(x, running_mean, running_var, training, momentum, eps):
    z = (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + eps)
    return z, *by_numpy(x, running_mean, running_var, training, momentum, eps)[1:]


@norm.wrong("the share of the *new* value")
def old_share(x, running_mean, running_var, training, momentum, eps):
    return by_numpy(x, running_mean, running_var, training, 1 - momentum, eps)


@norm.wrong("an estimate for data to come")
def biased_running(x, running_mean, running_var, training, momentum, eps):
    z, mean, variance = by_numpy(x, running_mean, running_var, training, momentum, eps)
    if training:
        variance = (1 - momentum) * running_var + momentum * x.var(axis=0)
    return z, mean, variance


@norm.wrong("divisor N - 1, so that its variance")
def ddof_one(x, running_mean, running_var, training, momentum, eps):
    z, mean, variance = by_numpy(x, running_mean, running_var, training, momentum, eps)
    return (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0, ddof=1) + eps) if training else z, mean, variance


@norm.wrong("stay where they were")
def forgets_to_move(x, running_mean, running_var, training, momentum, eps):
    return by_numpy(x, running_mean, running_var, training, momentum, eps)[0], running_mean, running_var


@norm.wrong()
def along_rows(x, running_mean, running_var, training, momentum, eps):
    z = ((x.T - x.mean(axis=1)) / np.sqrt(x.var(axis=1) + eps)).T
    return z, *by_numpy(x, running_mean, running_var, training, momentum, eps)[1:]


@norm.wrong()
def eps_outside(x, running_mean, running_var, training, momentum, eps):
    z, mean, variance = by_numpy(x, running_mean, running_var, training, momentum, eps)
    return (x - x.mean(axis=0)) / (x.std(axis=0) + eps) if training else z, mean, variance


@norm.wrong()
def z_alone(x, running_mean, running_var, training, momentum, eps):
    return by_numpy(x, running_mean, running_var, training, momentum, eps)[0]


back = answers_to(check.batch_norm_backward)


@back.right
def in_one_line(g, x, eps):
    deviation = np.sqrt(x.var(axis=0) + eps)
    z = (x - x.mean(axis=0)) / deviation
    return (g - g.mean(axis=0) - z * (g * z).mean(axis=0)) / deviation


@back.right
def step_by_step(g, x, eps):
    count = len(x)
    centred = x - x.mean(axis=0)
    variance = (centred**2).mean(axis=0)
    to_variance = (g * centred).sum(axis=0) * -0.5 * (variance + eps) ** -1.5
    to_centred = g / np.sqrt(variance + eps) + to_variance * 2 * centred / count
    return to_centred - to_centred.mean(axis=0)


@back.right
def by_the_jacobian(g, x, eps):
    answer = np.zeros_like(x)
    for column in range(x.shape[1]):
        n, deviation = len(x), np.sqrt(x[:, column].var() + eps)
        z = (x[:, column] - x[:, column].mean()) / deviation
        jacobian = (np.eye(n) - 1 / n - np.outer(z, z) / n) / deviation
        answer[:, column] = jacobian.T @ g[:, column]
    return answer


@back.wrong("You treat mean and variance as constants")
def only_divided(g, x, eps):
    return g / np.sqrt(x.var(axis=0) + eps)


@back.wrong("but not through the variance")
def only_centred(g, x, eps):
    return (g - g.mean(axis=0)) / np.sqrt(x.var(axis=0) + eps)


@back.wrong("but not through the mean")
def no_mean(g, x, eps):
    deviation = np.sqrt(x.var(axis=0) + eps)
    z = (x - x.mean(axis=0)) / deviation
    return (g - z * (g * z).mean(axis=0)) / deviation


@back.wrong("You subtract sums")
def with_sums(g, x, eps):
    deviation = np.sqrt(x.var(axis=0) + eps)
    z = (x - x.mean(axis=0)) / deviation
    return (g - g.sum(axis=0) - z * (g * z).sum(axis=0)) / deviation


@back.wrong("divide it by the deviation")
def inner_part(g, x, eps):
    z = (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + eps)
    return g - g.mean(axis=0) - z * (g * z).mean(axis=0)


@back.wrong()
def the_forward_pass(g, x, eps):
    return (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + eps)


@back.wrong()
def ones_for_g(g, x, eps):
    return in_one_line(np.ones_like(g), x, eps)


mend = answers_to(check.repair)


def linears(model):
    return [layer for layer in model if isinstance(layer, nn.Linear)]


@mend.right
def he(model, rng):
    for layer in linears(model):
        layer.weight.data[...] = rng.normal(size=layer.weight.shape) * np.sqrt(2 / layer.weight.shape[0])
        layer.bias.data[...] = 0.0


@mend.right
def he_uniform(model, rng):
    for layer in linears(model):
        limit = np.sqrt(6 / layer.weight.shape[0])
        layer.weight.data = rng.uniform(-limit, limit, size=layer.weight.shape)
        layer.bias.data = np.zeros(layer.bias.shape)
    return model


@mend.right
def by_the_librarys_init(model, rng):
    for layer in linears(model):
        nn.init.kaiming_normal_(layer.weight, rng=rng)
        nn.init.zeros_(layer.bias)


@mend.stub
def returns_dots(model, rng):
    return ...


@mend.wrong("every unit is still 0")
def smaller_biases(model, rng):
    for layer in linears(model):
        layer.bias.data[...] = -0.5


@mend.wrong("Set them to zero, too")
def only_weights(model, rng):
    for layer in linears(model):
        layer.weight.data[...] = rng.normal(size=layer.weight.shape) * (2 / layer.weight.shape[0]) ** 0.5


@mend.wrong("Weights must differ to begin with")
def zeros(model, rng):
    for layer in linears(model):
        nn.init.zeros_(layer.weight)
        nn.init.zeros_(layer.bias)


@mend.wrong("a hundred times too small")
def only_biases(model, rng):
    for layer in linears(model):
        nn.init.zeros_(layer.bias)


@mend.wrong("each layer multiplies by them again")
def far_too_large(model, rng):
    for layer in linears(model):
        layer.weight.data[...] = 20 * rng.normal(size=layer.weight.shape)
        layer.bias.data[...] = 0.0


@mend.wrong("keeps the size of its input")
def a_tenth_everywhere(model, rng):
    for layer in linears(model):
        layer.weight.data[...] = 0.03 * rng.normal(size=layer.weight.shape)
        layer.bias.data[...] = 0.0


@mend.wrong()
def all_the_same(model, rng):
    for layer in linears(model):
        layer.weight.data[...] = 0.01
        layer.bias.data[...] = 0.0


bounds = answers_to(check.interval_linear)


@bounds.right
def by_sign(low, high, weight, bias):
    up, down = np.maximum(weight, 0), np.minimum(weight, 0)
    return low @ up + high @ down + bias, high @ up + low @ down + bias


@bounds.right
def by_middle_and_radius(low, high, weight, bias):
    middle, radius = (low + high) / 2 @ weight + bias, (high - low) / 2 @ np.abs(weight)
    return middle - radius, middle + radius


@bounds.right
def by_products(low, high, weight, bias):
    a, b = low[:, None] * weight, high[:, None] * weight
    return np.minimum(a, b).sum(axis=0) + bias, np.maximum(a, b).sum(axis=0) + bias


@bounds.wrong("Where a weight is negative")
def both_ends(low, high, weight, bias):
    return (low[:, None] * weight).sum(axis=0) + bias, (high[:, None] * weight).sum(axis=0) + bias


@bounds.wrong("sorted the results")
def both_ends_sorted(low, high, weight, bias):
    ends = np.sort([low @ weight + bias, high @ weight + bias], axis=0)
    return ends[0], ends[1]


@bounds.wrong("The bias moves both")
def bias_forgotten(low, high, weight, bias):
    return by_sign(low, high, weight, np.zeros_like(bias))


@bounds.wrong("Your bounds are too wide")
def whole_width(low, high, weight, bias):
    middle, width = (low + high) / 2 @ weight + bias, (high - low) @ np.abs(weight)
    return middle - width, middle + width


@bounds.wrong("the half width with the signs of the weights")
def signed_radius(low, high, weight, bias):
    middle, radius = (low + high) / 2 @ weight + bias, (high - low) / 2 @ weight
    return middle - radius, middle + radius


@bounds.wrong()
def sampled(low, high, weight, bias):
    values = np.random.default_rng(0).uniform(low, high, size=(100, len(low))) @ weight + bias
    return values.min(axis=0), values.max(axis=0)


@bounds.wrong()
def an_interval(low, high, weight, bias):
    return interval_bounds.Interval(low, high) @ weight + bias


@bounds.wrong()
def turned_round(low, high, weight, bias):
    return by_sign(low, high, weight, bias)[::-1]
