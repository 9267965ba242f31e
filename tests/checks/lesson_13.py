"""Answers to the exercises of lesson 13."""

import itertools
import math
from functools import partial

import numpy as np

from gradlib import Tensor, nn
from gradlib.checks import Case
from gradlib.checks import lesson_13 as check

from .harness import answers_to

moves = answers_to(check.who_moves)
MOVES = {"A": 4, "B": 1, "C": 6, "D": 24, "E": 3, "F": 1}


@moves.right
def in_a_dictionary():
    return {"A": 4, "B": 1, "C": 6, "D": 24, "E": 3, "F": 1}


@moves.right
def as_numbers_of_numpy():
    return dict(zip("ABCDEF", np.array([4, 1, 6, 24, 3, 1]), strict=True))


moves.wrong("A is a text (str), expected a number")({**MOVES, "A": "4 entries"})

for box, number, words in [
    ("A", 1, "They move, and every entry of the column contains them"),
    ("A", 6, "it joins a column"),
    ("B", 4, "They do not depend on x"),
    ("C", 4, "it joins a row"),
    ("D", 9, "every column has an entry that"),
    ("D", 10, "added the row and the column"),
    ("D", 6, "That is the layer norm alone"),
    ("D", 4, "followed the nudged entry alone"),
    ("E", 1, "stands in every entry of row 1"),
    ("E", 12, "counted all rows of the product"),
    ("F", 0, "nothing is dropped"),
    ("F", 0.5, "Half of an entry does not move"),
    ("B", 6, ""),
    ("E", 6, ""),
]:
    moves.wrong(words)(lambda box=box, number=number: {**MOVES, box: number})

rms = answers_to(check.rms_norm_backward)


@rms.right
def in_one_line(g, x, gamma, eps):
    r = np.sqrt((x * x).mean(axis=1, keepdims=True) + eps)
    h = g * gamma
    z = x / r
    return (h - z * np.mean(h * z, axis=1, keepdims=True)) / r, np.sum(g * z, axis=0)


@rms.right
def row_by_row(g, x, gamma, eps):
    of_x, of_gamma = np.zeros(x.shape), np.zeros(gamma.shape)
    for i in range(len(x)):
        r = math.sqrt((x[i] ** 2).mean() + eps)
        for k in range(len(gamma)):
            of_gamma[k] += g[i, k] * x[i, k] / r
            of_x[i, k] = g[i, k] * gamma[k] / r - x[i, k] * (g[i] * gamma) @ x[i] / (len(gamma) * r**3)
    return [of_x, of_gamma]


@rms.right
def in_stages(g, x, gamma, eps):
    square = (x**2).mean(axis=1, keepdims=True) + eps
    z_bar = g * gamma
    r_bar = -(z_bar * x).sum(axis=1, keepdims=True) / square
    square_bar = r_bar * 0.5 / np.sqrt(square)
    return z_bar / np.sqrt(square) + square_bar * 2 * x / x.shape[1], np.einsum("nc,nc->c", g, x / np.sqrt(square))


@rms.inputs
def _(rng):
    rows, columns = rng.integers(1, 5, size=2)
    g, x = rng.normal(size=(2, rows, columns))
    return {"g": g, "x": 2 * x + 1, "gamma": rng.normal(size=columns), "eps": rng.uniform(0.001, 0.5)}


def root(x, eps):
    return np.sqrt((x**2).mean(axis=1, keepdims=True) + eps)


def in_x(words):
    """Declare a wrong gradient of x; that of gamma is right."""

    def declare(of_x):
        rms.wrong(words)(lambda *inputs: (of_x(*inputs), in_one_line(*inputs)[1]))
        return of_x

    return declare


@in_x("You treat r as a constant")
def only_divided(g, x, gamma, eps):
    return g * gamma / root(x, eps)


@in_x("as for batch norm and layer norm")
def like_layer_norm(g, x, gamma, eps):
    z, h = x / root(x, eps), g * gamma
    return (h - h.mean(axis=1, keepdims=True) - z * (h * z).mean(axis=1, keepdims=True)) / root(x, eps)


@in_x("The road through r is missing")
def centred_alone(g, x, gamma, eps):
    h = g * gamma
    return (h - h.mean(axis=1, keepdims=True)) / root(x, eps)


@in_x("z times the *sum*")
def with_a_sum(g, x, gamma, eps):
    z, h = x / root(x, eps), g * gamma
    return (h - z * (h * z).sum(axis=1, keepdims=True)) / root(x, eps)


@in_x("The part along z is added")
def added(g, x, gamma, eps):
    z, h = x / root(x, eps), g * gamma
    return (h + z * (h * z).mean(axis=1, keepdims=True)) / root(x, eps)


@in_x("twice the part along z")
def the_two_of_the_square(g, x, gamma, eps):
    z, h = x / root(x, eps), g * gamma
    return (h - 2 * z * (h * z).mean(axis=1, keepdims=True)) / root(x, eps)


@in_x("half of the part along z")
def the_half_of_the_root(g, x, gamma, eps):
    z, h = x / root(x, eps), g * gamma
    return (h - z * (h * z).mean(axis=1, keepdims=True) / 2) / root(x, eps)


@in_x("Divide it by r")
def not_divided_by_r(g, x, gamma, eps):
    z, h = x / root(x, eps), g * gamma
    return h - z * (h * z).mean(axis=1, keepdims=True)


@in_x("once is enough")
def divided_by_the_square(g, x, gamma, eps):
    return not_divided_by_r(g, x, gamma, eps) / ((x**2).mean(axis=1, keepdims=True) + eps)


@in_x("gamma is missing on the way to x")
def g_alone(g, x, gamma, eps):
    return not_divided_by_r(g, x, 1.0, eps) / root(x, eps)


@in_x("")
def mean_of_everything(g, x, gamma, eps):
    z, h = x / root(x, eps), g * gamma
    return (h - z * (h * z).mean()) / root(x, eps)


@rms.wrong("In the part along z you multiply by x")
def x_for_z(g, x, gamma, eps):
    h = g * gamma
    return (h - x * (h * x).mean(axis=1, keepdims=True)) / root(x, eps), (g * x / root(x, eps)).sum(axis=0)


@rms.wrong("eps is missing")
def without_eps(g, x, gamma, eps):
    return in_one_line(g, x, gamma, 0.0)


@rms.wrong("down a column")
def like_batch_norm(g, x, gamma, eps):
    r = np.sqrt((x**2).mean(axis=0) + eps)
    z, h = x / r, g * gamma
    return (h - z * (h * z).mean(axis=0)) / r, (g * z).sum(axis=0)


@rms.wrong("gamma multiplies z, not x")
def gamma_by_x(g, x, gamma, eps):
    return in_one_line(g, x, gamma, eps)[0], np.einsum("nc,nc->c", g, x)


@rms.wrong("gamma stands in its own gradient")
def gamma_with_h(g, x, gamma, eps):
    return in_one_line(g, x, gamma, eps)[0], (g * gamma * x / root(x, eps)).sum(axis=0)


@rms.wrong("Every example uses gamma")
def one_gamma_an_example(g, x, gamma, eps):
    return in_one_line(g, x, gamma, eps)[0], g * x / root(x, eps)


@rms.wrong("You add up over the units")
def gamma_over_rows(g, x, gamma, eps):
    return in_one_line(g, x, gamma, eps)[0], (g * x / root(x, eps)).sum(axis=1)


@rms.wrong("r is its root")
def divided_by_the_square(g, x, gamma, eps):
    r = root(x, eps) ** 2
    return (g * gamma - x / r * (g * gamma * x / r).mean(axis=1, keepdims=True)) / r, (g * x / r).sum(axis=0)


@rms.wrong("You add it after the root is taken")
def eps_after_the_root(g, x, gamma, eps):
    r = root(x, 0.0) + eps
    return (g * gamma - x / r * (g * gamma * x / r).mean(axis=1, keepdims=True)) / r, (g * x / r).sum(axis=0)


@rms.wrong("You take the mean of h z down a column")
def one_mean_a_column(g, x, gamma, eps):
    r, h = root(x, eps), g * gamma
    return (h - x / r * (h * x / r).mean(axis=0, keepdims=True)) / r, (g * x / r).sum(axis=0)


@rms.wrong("You follow the nudge through r alone")
def not_directly(g, x, gamma, eps):
    r, h = root(x, eps), g * gamma
    return -x / r * (h * x / r).mean(axis=1, keepdims=True) / r, (g * x / r).sum(axis=0)


@rms.wrong("You add up g alone for gamma")
def as_for_beta(g, x, gamma, eps):
    return in_one_line(g, x, gamma, eps)[0], g.sum(axis=0)


@rms.wrong("You take a mean over the examples")
def gamma_mean(g, x, gamma, eps):
    return in_one_line(g, x, gamma, eps)[0], (g * x / root(x, eps)).mean(axis=0)


@rms.wrong("takes the mean of x away first")
def by_the_deviation(g, x, gamma, eps):
    s = (x.var(axis=1, keepdims=True) + eps) ** 0.5
    z = x / s
    return (g * gamma - z * (g * gamma * z).mean(axis=1, keepdims=True)) / s, (g * z).sum(axis=0)


@rms.wrong("Each row has an r of its own")
def no_axis(g, x, gamma, eps):
    r = np.sqrt(np.mean(x**2) + eps)
    return (g * gamma - x / r * np.mean(g * gamma * x / r)) / r, np.sum(g * x / r, axis=0)


@rms.wrong("root of the *sum* of squares")
def by_the_length(g, x, gamma, eps):
    r = np.sqrt(np.sum(x**2, axis=1, keepdims=True) + eps)
    return (g * gamma - x / r * np.sum(g * gamma * x / r, axis=1, keepdims=True)) / r, np.sum(g * x / r, axis=0)


@rms.wrong("it meets the columns")
def without_keepdims(g, x, gamma, eps):
    z, h = x / root(x, eps), g * gamma
    return (h - (h * z).mean(axis=1) * z) / root(x, eps), (g * z).sum(axis=0)


@rms.wrong("You multiply by gamma at the end")
def gamma_last(g, x, gamma, eps):
    z = x / root(x, eps)
    return (g - z * (g * z).mean(axis=1, keepdims=True)) / root(x, eps) * gamma, (g * z).sum(axis=0)


@rms.wrong("It is still to be multiplied by z")
def no_z(g, x, gamma, eps):
    z, h = x / root(x, eps), g * gamma
    return (h - (h * z).mean(axis=1, keepdims=True)) / root(x, eps), (g * z).sum(axis=0)


@rms.wrong("You divide by the number of examples")
def n_for_c(g, x, gamma, eps):
    z, h = x / root(x, eps), g * gamma
    return (h - z * (h * z).sum(axis=1, keepdims=True) / len(x)) / root(x, eps), (g * z).sum(axis=0)


@rms.wrong("The two gradients have changed places")
def exchanged(g, x, gamma, eps):
    of_x, of_gamma = in_one_line(g, x, gamma, eps)
    return of_gamma, of_x


@rms.wrong()
def of_x_alone(g, x, gamma, eps):
    return in_one_line(g, x, gamma, eps)[0]


share = answers_to(check.kept)
KEPT = {"A": 0.7, "B": 0.7, "C": 0.05, "D": 0.95, "E": 0.75, "F": 0.125}


@share.right
def shares():
    return {"A": 0.7, "B": 0.7, "C": 0.05, "D": 0.95, "E": 0.75, "F": 0.125}


@share.right
def computed():
    return {"A": 0.7, "B": 1 - 0.3, "C": 0.05, "D": 1 - 0.05, "E": 3 / 4, "F": 0.5**3}


share.right({"A": "0.7", "B": "7/10", "C": "1/20", "D": 0.95, "E": "3 / 4", "F": "1/8"})
share.wrong()({**KEPT, "E": "3/0"})
share.wrong()({**KEPT, "E": "1/2/3"})

for box, number, words in [
    ("A", 0.3, "multiplies the *old* velocity"),
    ("A", 1, "Only the gradient is added whole"),
    ("B", 0.3, "0.3 is the share of the *new* value"),
    ("B", 1, "write out 0.3"),
    ("C", 0.95, "You read it as a batch norm does"),
    ("D", 0.05, "You read it as an optimizer does"),
    ("E", 0.25, "A quarter of the *difference*"),
    ("F", 0.5, "left after one batch"),
    ("F", 0.875, "all that is new"),
    ("F", 1.5, "You multiplied by 3"),
    ("F", 0.25, "left after two batches"),
    ("E", 4, ""),
    ("C", 0.1, ""),
]:
    share.wrong(words)(lambda box=box, number=number: {**KEPT, box: number})

fold = answers_to(check.fold)


@fold.right
def by_a_scale(weight, bias, gamma, beta, running_mean, running_var, eps):
    scale = gamma / (running_var + eps) ** 0.5
    return weight * scale, bias * scale - running_mean * scale + beta


@fold.right
def by_asking(weight, bias, gamma, beta, running_mean, running_var, eps):
    def whole(x):
        return gamma * (x @ weight + bias - running_mean) / np.sqrt(running_var + eps) + beta

    at_zero = whole(np.zeros(len(weight)))
    return [whole(np.eye(len(weight))) - at_zero, at_zero]


@fold.right
def by_a_diagonal(weight, bias, gamma, beta, running_mean, running_var, eps):
    diagonal = np.diag(gamma / np.sqrt(running_var + eps))
    return weight @ diagonal, (bias - running_mean) @ diagonal + beta


@fold.inputs
def _(rng):
    n, m = rng.integers(1, 4, size=2)
    bias, gamma, beta, mean = rng.normal(size=(4, m))
    inputs = {"weight": rng.normal(size=(n, m)), "bias": bias, "gamma": gamma, "beta": beta, "running_mean": mean}
    return inputs | {"running_var": rng.uniform(0.5, 3.0, size=m), "eps": rng.uniform(0.01, 0.5)}


@fold.wrong("The deviation is its root")
def by_the_variance(weight, bias, gamma, beta, running_mean, running_var, eps):
    scale = gamma / (running_var + eps)
    return weight * scale, (bias - running_mean) * scale + beta


@fold.wrong("You add it to the deviation")
def eps_outside(weight, bias, gamma, beta, running_mean, running_var, eps):
    scale = gamma / (np.sqrt(running_var) + eps)
    return weight * scale, (bias - running_mean) * scale + beta


@fold.wrong("eps is missing")
def eps_forgotten(weight, bias, gamma, beta, running_mean, running_var, eps):
    return by_a_scale(weight, bias, gamma, beta, running_mean, running_var, 0.0)


@fold.wrong("gamma is missing")
def gamma_forgotten(weight, bias, gamma, beta, running_mean, running_var, eps):
    return by_a_scale(weight, bias, 1.0, beta, running_mean, running_var, eps)


@fold.wrong("You multiply by the deviation")
def times_the_deviation(weight, bias, gamma, beta, running_mean, running_var, eps):
    scale = gamma * np.sqrt(running_var + eps)
    return weight * scale, (bias - running_mean) * scale + beta


@fold.wrong("The old bias is not scaled")
def bias_as_it_was(weight, bias, gamma, beta, running_mean, running_var, eps):
    scale = gamma / np.sqrt(running_var + eps)
    return weight * scale, bias + beta - running_mean * scale


@fold.wrong("The running mean is not scaled")
def mean_as_it_was(weight, bias, gamma, beta, running_mean, running_var, eps):
    scale = gamma / np.sqrt(running_var + eps)
    return weight * scale, bias * scale + beta - running_mean


@fold.wrong("Neither the old bias nor the running mean is scaled")
def bias_without_scale(weight, bias, gamma, beta, running_mean, running_var, eps):
    return weight * gamma / np.sqrt(running_var + eps), bias - running_mean + beta


@fold.wrong("The running mean is missing")
def no_mean(weight, bias, gamma, beta, running_mean, running_var, eps):
    scale = gamma / np.sqrt(running_var + eps)
    return weight * scale, bias * scale + beta


@fold.wrong("The old bias is missing")
def no_bias(weight, bias, gamma, beta, running_mean, running_var, eps):
    scale = gamma / np.sqrt(running_var + eps)
    return weight * scale, beta - running_mean * scale


@fold.wrong("The running mean is added")
def plus_mean(weight, bias, gamma, beta, running_mean, running_var, eps):
    scale = gamma / np.sqrt(running_var + eps)
    return weight * scale, (bias + running_mean) * scale + beta


@fold.wrong("beta is scaled")
def beta_inside(weight, bias, gamma, beta, running_mean, running_var, eps):
    scale = gamma / np.sqrt(running_var + eps)
    return weight * scale, (bias - running_mean + beta) * scale


@fold.wrong("beta is missing")
def no_beta(weight, bias, gamma, beta, running_mean, running_var, eps):
    scale = gamma / np.sqrt(running_var + eps)
    return weight * scale, (bias - running_mean) * scale


@fold.wrong("multiply the *rows*")
def scaled_rows(weight, bias, gamma, beta, running_mean, running_var, eps):
    scale = gamma / np.sqrt(running_var + eps)
    return weight * scale[:, None], (bias - running_mean) * scale + beta


@fold.wrong("beta is multiplied by gamma")
def gamma_for_all(weight, bias, gamma, beta, running_mean, running_var, eps):
    scale = gamma / np.sqrt(running_var + eps)
    return weight * scale, gamma * ((bias - running_mean) / np.sqrt(running_var + eps) + beta)


@fold.wrong("It is the other way round")
def the_other_way(weight, bias, gamma, beta, running_mean, running_var, eps):
    scale = gamma / np.sqrt(running_var + eps)
    return weight * scale, (running_mean - bias) * scale + beta


@fold.wrong("beta is subtracted")
def minus_beta(weight, bias, gamma, beta, running_mean, running_var, eps):
    scale = gamma / np.sqrt(running_var + eps)
    return weight * scale, (bias - running_mean) * scale - beta


@fold.wrong("have changed places")
def the_bias_first(*inputs):
    weight, bias = by_a_scale(*inputs)
    return bias, weight


@fold.wrong()
def transposed(*inputs):
    weight, bias = by_a_scale(*inputs)
    return weight.T, bias


@fold.wrong("The weight stays as it was")
def weight_unchanged(weight, bias, gamma, beta, running_mean, running_var, eps):
    return weight, by_a_scale(weight, bias, gamma, beta, running_mean, running_var, eps)[1]


groups = answers_to(check.group_norm)


@groups.right
def by_reshape(x, groups, eps):
    parts = x.reshape(len(x), groups, -1)
    mean, variance = parts.mean(axis=-1, keepdims=True), parts.var(axis=-1, keepdims=True)
    return ((parts - mean) / np.sqrt(variance + eps)).reshape(x.shape)


@groups.right
def by_slices(x, groups, eps):
    z, size = np.zeros(x.shape), x.shape[1] // groups
    for i in range(len(x)):
        for start in range(0, x.shape[1], size):
            part = x[i, start : start + size]
            z[i, start : start + size] = (part - part.mean()) / np.sqrt(part.var() + eps)
    return z


@groups.right
def by_pieces(x, groups, eps):
    pieces = np.split(x, groups, axis=1)
    normal = [
        (piece - piece.mean(axis=1, keepdims=True)) / np.sqrt(piece.var(axis=1, keepdims=True) + eps)
        for piece in pieces
    ]
    return np.concatenate(normal, axis=1)


@groups.right
def by_the_library(x, groups, eps):
    return nn.functional.group_norm(Tensor(x), groups, eps=eps).data


@groups.inputs
def _(rng):
    count, size = rng.integers(1, 4), rng.integers(2, 5)
    x = rng.normal(size=(rng.integers(1, 4), count * size))
    return {"x": x, "groups": int(count), "eps": rng.uniform(0.01, 0.5)}


@groups.wrong("That is layer norm")
def layer(x, groups, eps):
    return (x - x.mean(axis=1, keepdims=True)) / np.sqrt(x.var(axis=1, keepdims=True) + eps)


@groups.wrong("They are to be neighbours")
def strided(x, groups, eps):
    z = np.zeros(x.shape)
    for k in range(groups):
        part = x[:, k::groups]
        z[:, k::groups] = by_reshape(part, 1, eps)
    return z


@groups.wrong("You made groups *of* that many units")
def group_size(x, groups, eps):
    parts = x.reshape(len(x), -1, groups)
    mean, variance = parts.mean(axis=2, keepdims=True), parts.var(axis=2, keepdims=True)
    return ((parts - mean) / np.sqrt(variance + eps)).reshape(x.shape)


@groups.wrong("over all examples. Each example has its own")
def with_the_batch(x, groups, eps):
    z, size = np.zeros(x.shape), x.shape[1] // groups
    for start in range(0, x.shape[1], size):
        part = x[:, start : start + size]
        z[:, start : start + size] = (part - part.mean()) / np.sqrt(part.var() + eps)
    return z


@groups.wrong("over the axis of the groups")
def axis_one(x, groups, eps):
    parts = x.reshape(len(x), groups, x.shape[1] // groups)
    mean, variance = parts.mean(axis=1, keepdims=True), parts.var(axis=1, keepdims=True)
    return ((parts - mean) / np.sqrt(variance + eps)).reshape(x.shape)


@groups.wrong("That is batch norm")
def batch(x, groups, eps):
    return (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + eps)


@groups.wrong("group's size minus 1")
def ddof_one(x, groups, eps):
    parts = x.reshape(len(x), groups, -1)
    mean, variance = parts.mean(axis=2, keepdims=True), parts.var(axis=2, keepdims=True, ddof=1)
    return ((parts - mean) / np.sqrt(variance + eps)).reshape(x.shape)


@groups.wrong("The deviation is its root")
def no_root(x, groups, eps):
    parts = x.reshape(len(x), groups, -1)
    mean, variance = parts.mean(axis=2, keepdims=True), parts.var(axis=2, keepdims=True)
    return ((parts - mean) / (variance + eps)).reshape(x.shape)


@groups.wrong("You add it to the deviation")
def eps_added_outside(x, groups, eps):
    parts = x.reshape(len(x), groups, -1)
    mean, deviation = parts.mean(axis=2, keepdims=True), parts.std(axis=2, keepdims=True)
    return ((parts - mean) / (deviation + eps)).reshape(x.shape)


@groups.wrong("eps is missing")
def without_any_eps(x, groups, eps):
    return by_reshape(x, groups, 0.0)


@groups.wrong("do not subtract the mean")
def mean_stays(x, groups, eps):
    parts = x.reshape(len(x), groups, -1)
    return (parts / np.sqrt(parts.var(axis=2, keepdims=True) + eps)).reshape(x.shape)


@groups.wrong("still in groups")
def three_axes(x, groups, eps):
    return by_reshape(x, groups, eps).reshape(len(x), groups, -1)


@groups.wrong("You subtract the mean of the whole row")
def row_mean(x, groups, eps):
    parts = x.reshape(len(x), groups, -1)
    z = parts - x.mean(axis=1).reshape(-1, 1, 1)
    return (z / np.sqrt(parts.var(axis=2, keepdims=True) + eps)).reshape(x.shape)


@groups.wrong("You divide by the deviation of the whole row")
def row_deviation(x, groups, eps):
    parts = x.reshape(len(x), groups, -1)
    z = (parts - parts.mean(axis=2, keepdims=True)).reshape(x.shape)
    return z / np.sqrt(x.var(axis=1, keepdims=True) + eps)


@groups.wrong("a quotient comes before a difference")
def no_parentheses(x, groups, eps):
    parts = x.reshape(len(x), groups, -1)
    z = parts - parts.mean(axis=2, keepdims=True) / np.sqrt(parts.var(axis=2, keepdims=True) + eps)
    return z.reshape(x.shape)


@groups.wrong("root of the mean square of x")
def mean_square(x, groups, eps):
    parts = x.reshape(len(x), groups, -1)
    z = parts - parts.mean(axis=2, keepdims=True)
    return (z / np.sqrt((parts * parts).mean(axis=2, keepdims=True) + eps)).reshape(x.shape)


@groups.wrong("one mean and one deviation for the whole array")
def without_an_axis(x, groups, eps):
    return (x - np.mean(x)) / np.sqrt(np.var(x) + eps)


@groups.wrong()
def largest_one(x, groups, eps):
    parts = x.reshape(len(x), groups, -1)
    return (parts / np.abs(parts).max(axis=2, keepdims=True)).reshape(x.shape)


@groups.wrong("do not divide by the deviation")
def only_the_mean(x, groups, eps):
    parts = x.reshape(len(x), groups, -1)
    return (parts - parts.mean(axis=2, keepdims=True)).reshape(x.shape)


mean_of = answers_to(check.expected)


@mean_of.right
def by_product(f, x, p):
    total = 0
    for choice in itertools.product([0, 1], repeat=len(x)):
        kept = np.array(choice)
        total += np.prod([1 - p if k else p for k in choice]) * f(x * kept / (1 - p))
    return total


@mean_of.right
def by_bits(f, x, p):
    n, total = len(x), 0.0
    for number in range(2**n):
        kept = [number >> i & 1 for i in range(n)]
        total += p ** (n - sum(kept)) * (1 - p) ** sum(kept) * f(np.where(kept, x / (1 - p), 0.0))
    return total


@mean_of.right
def by_recursion(f, x, p):
    def average(done, rest):
        if not rest:
            return f(np.array(done))
        return p * average([*done, 0.0], rest[1:]) + (1 - p) * average([*done, rest[0] / (1 - p)], rest[1:])

    return average([], x.tolist())


@mean_of.inputs
def _(rng):
    f = [check.SQUARES, check.LARGEST, check.PRODUCT_PLUS_ONE, check.RELU_OF_SUM][rng.integers(4)]
    return {"f": f, "x": rng.normal(size=rng.integers(1, 5)), "p": float(rng.uniform(0.05, 0.9))}


def summed(chance, scale=lambda p: 1 / (1 - p), skip=()):
    def average(f, x, p):
        choices = list(itertools.product([0, 1], repeat=len(x)))
        choices = [choice for choice in choices if sum(choice) not in [len(x) if s == "all" else 0 for s in skip]]
        return sum(chance(np.array(choice), p) * f(x * np.array(choice) * scale(p)) for choice in choices)

    return average


def right_chance(kept, p):
    return (1 - p) ** kept.sum() * p ** (len(kept) - kept.sum())


for words, wrong in [
    ("You give all choices the same probability", summed(lambda kept, p: 1 / 2 ** len(kept))),
    ("without their probabilities", summed(lambda kept, p: 1)),
    ("In your probabilities it is that of being kept", summed(lambda kept, p: right_chance(1 - kept, p))),
    ("do not add up to 1", summed(lambda kept, p: np.prod(np.where(kept, 1 - p, 1)))),
    ("You do not divide what is kept by 1 - p", summed(right_chance, scale=lambda p: 1)),
    ("You multiply what is kept by 1 - p", summed(right_chance, scale=lambda p: 1 - p)),
    ("in which everything is kept is missing", summed(right_chance, skip=["all"])),
    ("in which everything is dropped is missing", summed(right_chance, skip=["none"])),
    ("", summed(right_chance, scale=lambda p: 1 / p if p else 1)),
]:
    mean_of.wrong(words)(wrong)


@mean_of.wrong("You divide the *value* of f")
def value_divided(f, x, p):
    return summed(right_chance, scale=lambda p: 1)(f, x, p) / (1 - p)


@mean_of.wrong("That is f of the average")
def f_of_x(f, x, p):
    return f(x)


@mean_of.wrong("You divide by the number of choices")
def a_mean_of_products(f, x, p):
    return by_product(f, x, p) / 2 ** len(x)


for words, wrong in [
    ("a factor for the entries that are dropped", summed(lambda kept, p: p ** (len(kept) - kept.sum()))),
    ("You add the probabilities", summed(lambda kept, p: sum(1 - p if k else p for k in kept))),
]:
    mean_of.wrong(words)(wrong)


@mean_of.wrong("everything is kept, or everything is dropped")
def two_choices(f, x, p):
    return p * f(np.zeros(len(x))) + (1 - p) * f(x / (1 - p))


@mean_of.wrong("at most one entry at a time")
def single_ones(f, x, p):
    total, n = (1 - p) ** len(x) * f(x / (1 - p)), len(x)
    for i in range(n):
        one = x / (1 - p)
        one[i] = 0
        total += p * (1 - p) ** (n - 1) * f(one)
    return total


@mean_of.wrong("That is one choice")
def all_kept(f, x, p):
    return (1 - p) ** len(x) * f(x / (1 - p))


@mean_of.wrong("You scale all entries and drop none")
def shrunk(f, x, p):
    return f((1 - p) * x)


@mean_of.wrong("let f see each")
def value_of_all(f, x, p):
    return f(x) / (1 - p)


@mean_of.wrong("You divide by the number of entries")
def by_the_entries(f, x, p):
    return by_product(f, x, p) / len(x)


@mean_of.wrong()
def drawn(f, x, p):
    rng = np.random.default_rng(0)
    return np.mean([f(x * (rng.random(len(x)) >= p) / (1 - p)) for _ in range(100)])


own = answers_to(check.normed)


class Start(nn.Module):
    """What the notebook gives."""

    def __init__(self, units, p, rng):
        super().__init__()
        self.gamma, self.beta = nn.Parameter(np.ones(units)), nn.Parameter(np.zeros(units))
        self.running_mean, self.running_var = np.zeros(units), np.ones(units)
        self.p, self.rng = p, rng


@own.stub
class Unwritten(Start):
    def forward(self, x):
        raise NotImplementedError


@own.right
class ByTwoWays(nn.Module):
    def __init__(self, units, p, rng):
        super().__init__()
        self.gamma, self.beta = nn.Parameter(np.ones(units)), nn.Parameter(np.zeros(units))
        self.running_mean, self.running_var = np.zeros(units), np.ones(units)
        self.p, self.rng = p, rng

    def forward(self, x):
        if not self.training:
            return self.gamma * (x - self.running_mean) / np.sqrt(self.running_var + 1e-5) + self.beta
        self.running_mean += 0.1 * (x.data.mean(axis=0) - self.running_mean)
        self.running_var += 0.1 * (x.data.var(axis=0, ddof=1) - self.running_var)
        centred = x - x.mean(axis=0)
        z = centred / ((centred * centred).mean(axis=0) + 1e-5).sqrt()
        y = self.gamma * z + self.beta
        return y * (self.rng.random(y.shape) >= self.p) / (1 - self.p)


@own.right
class ByTheLibrary(Start):
    def forward(self, x):
        mean, variance = Tensor(self.running_mean), Tensor(self.running_var)
        y = nn.functional.batch_norm(x, mean, variance, self.gamma, self.beta, training=self.training)
        self.running_mean, self.running_var = mean.data, variance.data
        return nn.functional.dropout(y, self.p, self.training, rng=self.rng)


@own.right
class ByABinomial(Start):
    def forward(self, x):
        mean, variance = self.running_mean, self.running_var
        if self.training:
            mean, n = x.mean(axis=0), len(x.data)
            variance = (x**2).mean(axis=0) - mean**2
            self.running_mean = self.running_mean * 0.9 + mean.data * 0.1
            self.running_var = self.running_var * 0.9 + variance.data * n / (n - 1) * 0.1
        y = self.beta + self.gamma * ((x - mean) / (variance + 1e-5) ** 0.5)
        return y * (self.rng.binomial(1, 1 - self.p, size=x.shape) / (1 - self.p)) if self.training else y


@own.inputs
def _(rng):
    units = rng.integers(1, 4)
    x = rng.normal(3 * rng.normal(size=units), rng.uniform(0.2, 3, size=units), size=(rng.integers(2, 6), units))
    kind = rng.integers(5)
    if kind == 4:
        inputs = {"x": rng.normal(size=(80, 30)), "p": float(rng.uniform(0.2, 0.8))}
        return Case(inputs, call=check.factors, accept=partial(check.wrong_dropout, inputs["p"]))
    call = (check.once, check.twice, check.in_eval_mode, check.gradients)[kind]
    inputs = {"x": x}
    if call is check.in_eval_mode:
        inputs["new"] = rng.normal(size=(1, units))
    if call is check.gradients:
        inputs |= {"g": rng.normal(size=x.shape), "gamma": rng.normal(size=units), "beta": rng.normal(size=units)}
    return Case(inputs, call=call, expected=call(check.Right, **inputs), rtol=1e-6)


def norm(self, x, mean, variance):
    return self.gamma * (x - mean) / (variance + 1e-5) ** 0.5 + self.beta


def batch_of(x):
    mean = x.mean(axis=0)
    return mean, ((x - mean) ** 2).mean(axis=0)


def move(self, x, share=0.1, ddof=1):
    self.running_mean = self.running_mean + share * (x.data.mean(axis=0) - self.running_mean)
    self.running_var = self.running_var + share * (x.data.var(axis=0, ddof=ddof) - self.running_var)


def drop(self, y):
    return y * ((self.rng.random(y.shape) >= self.p) / (1 - self.p))


def layer_of(words):
    """Declare a wrong layer by its forward."""

    def declare(forward):
        own.wrong(words)(type("Normed", (Start,), {"forward": forward}))
        return forward

    return declare


@layer_of("you compute mean and variance from `x.data`")
def constants(self, x):
    if not self.training:
        return norm(self, x, self.running_mean, self.running_var)
    move(self, x)
    return drop(self, norm(self, x, x.data.mean(axis=0), x.data.var(axis=0)))


@layer_of("no gradient reaches x")
def arrays_all_the_way(self, x):
    if not self.training:
        return norm(self, x, self.running_mean, self.running_var)
    move(self, x)
    z = (x.data - x.data.mean(axis=0)) / np.sqrt(x.data.var(axis=0) + 1e-5)
    return drop(self, self.gamma * Tensor(z) + self.beta)


@layer_of("It has to return a Tensor")
def an_array(self, x):
    if not self.training:
        return norm(self, x, self.running_mean, self.running_var).data
    move(self, x)
    return drop(self, norm(self, x, *batch_of(x))).data


@layer_of("In eval mode you use the batch's own")
def own_in_eval(self, x):
    if self.training:
        move(self, x)
    y = norm(self, x, *batch_of(x))
    return drop(self, y) if self.training else y


@layer_of("The running statistics move in eval mode, too")
def moves_always(self, x):
    if self.training:
        move(self, x)
        return drop(self, norm(self, x, *batch_of(x)))
    y = norm(self, x, self.running_mean, self.running_var)
    with np.errstate(all="ignore"):
        move(self, x, ddof=0 if len(x.data) == 1 else 1)
    return y


@layer_of("stay where they were")
def never_moves(self, x):
    if not self.training:
        return norm(self, x, self.running_mean, self.running_var)
    return drop(self, norm(self, x, *batch_of(x)))


@layer_of("keep a tenth of the old value")
def nine_tenths_new(self, x):
    if not self.training:
        return norm(self, x, self.running_mean, self.running_var)
    move(self, x, share=0.9)
    return drop(self, norm(self, x, *batch_of(x)))


@layer_of("by the running statistics. There it is the batch's own")
def running_always(self, x):
    y = norm(self, x, self.running_mean, self.running_var)
    if not self.training:
        return y
    move(self, x)
    return drop(self, y)


@layer_of("which have just moved")
def running_moved(self, x):
    if self.training:
        move(self, x)
    y = norm(self, x, self.running_mean, self.running_var)
    return drop(self, y) if self.training else y


@layer_of("Yours has N")
def running_by_n(self, x):
    if not self.training:
        return norm(self, x, self.running_mean, self.running_var)
    move(self, x, ddof=0)
    return drop(self, norm(self, x, *batch_of(x)))


@layer_of("That divisor belongs to the running variance")
def batch_by_n_minus_one(self, x):
    if not self.training:
        return norm(self, x, self.running_mean, self.running_var)
    move(self, x)
    mean, variance = batch_of(x)
    return drop(self, norm(self, x, mean, variance * (len(x.data) / (len(x.data) - 1))))


@layer_of("The deviation is its root")
def divided_by_variance(self, x):
    mean, variance = self.running_mean, self.running_var
    if self.training:
        move(self, x)
        mean, variance = batch_of(x)
    y = self.gamma * (x - mean) / (variance + 1e-5) + self.beta
    return drop(self, y) if self.training else y


@layer_of("gamma and beta are missing")
def z_alone(self, x):
    mean, variance = self.running_mean, self.running_var
    if self.training:
        move(self, x)
        mean, variance = batch_of(x)
    z = (x - mean) / (variance + 1e-5) ** 0.5
    return drop(self, z) if self.training else z


@layer_of("beta is missing")
def gamma_z(self, x):
    mean, variance = self.running_mean, self.running_var
    if self.training:
        move(self, x)
        mean, variance = batch_of(x)
    y = self.gamma * (x - mean) / (variance + 1e-5) ** 0.5
    return drop(self, y) if self.training else y


@layer_of("You drop in eval mode, too")
def drops_always(self, x):
    mean, variance = self.running_mean, self.running_var
    if self.training:
        move(self, x)
        mean, variance = batch_of(x)
    return drop(self, norm(self, x, mean, variance))


@layer_of("that is layer norm")
def along_rows(self, x):
    if not self.training:
        return norm(self, x, self.running_mean, self.running_var)
    move(self, x)
    mean = x.mean(axis=1, keepdims=True)
    return drop(self, norm(self, x, mean, ((x - mean) ** 2).mean(axis=1, keepdims=True)))


@layer_of("You add it to the deviation")
def eps_after_the_root(self, x):
    mean, variance = self.running_mean, self.running_var
    if self.training:
        move(self, x)
        mean, variance = batch_of(x)
    y = self.gamma * (x - mean) / (variance**0.5 + 1e-5) + self.beta
    return drop(self, y) if self.training else y


@layer_of("is missing under the root")
def eps_nowhere(self, x):
    mean, variance = self.running_mean, self.running_var
    if self.training:
        move(self, x)
        mean, variance = batch_of(x)
    y = self.gamma * (x - mean) / variance**0.5 + self.beta
    return drop(self, y) if self.training else y


@layer_of("The modes have changed places")
def the_other_mode(self, x):
    if self.training:
        return norm(self, x, self.running_mean, self.running_var)
    with np.errstate(all="ignore"):
        move(self, x, ddof=0 if len(x.data) == 1 else 1)
    return drop(self, norm(self, x, *batch_of(x)))


@layer_of("towards a deviation")
def running_deviation(self, x):
    if not self.training:
        return norm(self, x, self.running_mean, self.running_var)
    self.running_mean = 0.9 * self.running_mean + 0.1 * x.data.mean(axis=0)
    self.running_var = 0.9 * self.running_var + 0.1 * x.data.std(axis=0, ddof=1)
    return drop(self, norm(self, x, *batch_of(x)))


@layer_of("the running statistics only grow")
def grows(self, x):
    if not self.training:
        return norm(self, x, self.running_mean, self.running_var)
    self.running_mean = self.running_mean + 0.1 * x.data.mean(axis=0)
    self.running_var = self.running_var + 0.1 * x.data.var(axis=0, ddof=1)
    return drop(self, norm(self, x, *batch_of(x)))


@layer_of("forward returned")
def no_return(self, x):
    move(self, x)


@layer_of("In eval mode you multiply by 1 - p")
def smaller_in_eval(self, x):
    if not self.training:
        return norm(self, x, self.running_mean, self.running_var) * (1 - self.p)
    move(self, x)
    return drop(self, norm(self, x, *batch_of(x)))


@layer_of("has become a Tensor")
def tensors_kept(self, x):
    if not self.training:
        return norm(self, x, self.running_mean, self.running_var)
    mean, variance = batch_of(x)
    self.running_mean = 0.9 * self.running_mean + 0.1 * mean
    self.running_var = 0.9 * self.running_var + 0.1 * variance
    return drop(self, norm(self, x, mean, variance))


def dropping(words):
    """Declare a layer that is right but for its dropout."""

    def declare(dropout):
        def forward(self, x):
            if not self.training:
                return norm(self, x, self.running_mean, self.running_var)
            move(self, x)
            return dropout(self, norm(self, x, *batch_of(x)))

        return layer_of(words)(forward)

    return declare


dropping("Either nothing was dropped")(lambda self, y: y)
dropping("What is kept is not scaled")(lambda self, y: y * (self.rng.random(y.shape) >= self.p))
dropping("You multiply what is kept by 1 - p")(
    lambda self, y: y * ((self.rng.random(y.shape) >= self.p) * (1 - self.p))
)
dropping("You keep with probability p and divide by p")(
    lambda self, y: y * ((self.rng.random(y.shape) < self.p) / self.p) if self.p else y
)
dropping("You divide by p, the share that is dropped")(
    lambda self, y: y * ((self.rng.random(y.shape) >= self.p) / self.p) if self.p else y
)
dropping("p is the probability to be dropped")(
    lambda self, y: y * ((self.rng.random(y.shape) < self.p) / (1 - self.p)) if self.p else y
)
dropping("that differ only in axis 0 are dropped together")(
    lambda self, y: y * ((self.rng.random(y.shape[1]) >= self.p) / (1 - self.p))
)
dropping("that differ only in axis 1 are dropped together")(
    lambda self, y: y * ((self.rng.random((len(y.data), 1)) >= self.p) / (1 - self.p))
)
dropping("Two calls in a row drop the same entries")(
    lambda self, y: y * ((np.random.default_rng(0).random(y.shape) >= self.p) / (1 - self.p))
)
ANOTHER = np.random.default_rng(5)
dropping("Draw from self.rng alone")(lambda self, y: y * ((ANOTHER.random(y.shape) >= self.p) / (1 - self.p)))
dropping("What is kept is multiplied by")(
    lambda self, y: y * ((self.rng.random(y.shape) >= self.p) / (1 - self.p / 2)) if self.p else y
)


@layer_of("Is dropout the last step?")
def dropout_before_beta(self, x):
    if not self.training:
        return norm(self, x, self.running_mean, self.running_var)
    move(self, x)
    mean, variance = batch_of(x)
    return self.gamma * drop(self, (x - mean) / (variance + 1e-5) ** 0.5) + self.beta


@layer_of("or dropout is not the last step")
def dropout_before_everything(self, x):
    if not self.training:
        return norm(self, x, self.running_mean, self.running_var)
    move(self, x)
    return norm(self, drop(self, x), *batch_of(x))
