"""The checks of lesson 13."""

from functools import partial

import numpy as np
from numpy import allclose, array_equal, isclose

from gradlib import Tensor, nn
from gradlib.checks.cases import Case, Refused
from gradlib.checks.exercises import exercise
from gradlib.checks.values import describe, named
from gradlib.checks.variants import Variant

TITLE = "Normalization and dropout"


# --- 1 -----------------------------------------------------------------------------------------


@exercise("Who moves?", points=2)
def who_moves():
    """Return how many entries of each of six results move when one entry of x, of shape (4, 6), is nudged.

    A: batch norm in training mode. B: batch norm in eval mode. C: layer norm. D: layer norm, then batch norm in
    training mode. E: x @ W, with W of shape (6, 3). F: dropout in eval mode. For x[:, 2] * 10 it would be 1.
    """
    yield Case(expected={"A": 4, "B": 1, "C": 6, "D": 24, "E": 3, "F": 1})


@who_moves.varies
def who_moves_elsewhere(choose):
    """The same results of arrays of other sizes."""
    rows, columns, width = choose(5, 6, 7, 8, 9), choose(4, 5, 6, 7, 8, 9), choose(2, 4, 5, 10)
    text = f"x has {rows} rows and {columns} columns. In E, W has shape ({columns}, {width})."
    return Variant(text, {"A": rows, "B": 1, "C": columns, "D": rows * columns, "E": width, "F": 1})


@who_moves.mistake
def only_itself_in_training():
    """In training mode μ and s are made of the whole column. They move, and every entry of the column contains them."""
    return {"A": 1}


@who_moves.mistake
def the_row_in_batch_norm():
    """Batch norm takes its mean over the examples, so it joins a column: one unit of all examples. You counted a row
    of 6 entries."""
    return {"A": 6}


@who_moves.mistake
def the_column_in_eval_mode():
    """In eval mode the mean and the deviation are running statistics. They do not depend on x, so no other entry
    moves."""
    return {"B": 4}


@who_moves.mistake
def the_column_in_layer_norm():
    """Layer norm takes its mean over the units of one example, so it joins a row. You counted a column of 4
    entries."""
    return {"C": 4}


@who_moves.mistake
def row_and_column():
    """After layer norm the whole row has moved, not only the entry that was nudged. So every column has an entry that
    moved, and batch norm moves the whole column with it."""
    return {"D": 9}


@who_moves.mistake
def row_plus_column():
    """You added the row and the column. After layer norm each of the 6 columns has an entry that moved, and batch norm
    moves all of each column."""
    return {"D": 10}


@who_moves.mistake
def only_the_row_after_both():
    """That is the layer norm alone. In the batch norm after it each entry that moved moves its whole column."""
    return {"D": 6}


@who_moves.mistake
def only_the_column_after_both():
    """You followed the nudged entry alone. The layer norm has moved its whole row before the batch norm begins."""
    return {"D": 4}


@who_moves.mistake
def one_product():
    """x[1, 2] stands in every entry of row 1 of the product, and this row has as many entries as W has columns."""
    return {"E": 1}


@who_moves.mistake
def all_products():
    """You counted all rows of the product. Row i of x @ W is made of row i of x alone."""
    return {"E": 12}


@who_moves.mistake
def half_of_it():
    """Half of an entry does not move. In eval mode dropout returns x as it is."""
    return {"F": 0.5}


@who_moves.mistake
def nothing_passes():
    """In eval mode nothing is dropped: dropout returns x as it is, so the entry moves."""
    return {"F": 0}


# --- 2 -----------------------------------------------------------------------------------------


@exercise("Backward without a mean", points=3)
def rms_norm_backward():
    """Return the gradients of x and gamma, from the gradient g of y = gamma · z, with z = x/r and r = √(mean x² + eps).

    x and g have shape (N, C), gamma has (C,). The mean goes over the units of one example, so there is one r for each
    row, and it depends on every entry of the row.
    """
    one = {"g": [[1.0, 0.0, 0.0, 0.0]], "x": [[1.0, -1.0, 1.0, 1.0]], "gamma": [2.0, 1.0, 1.0, 1.0]}
    given = {name: np.array(values) for name, values in one.items()} | {"eps": 0.0}
    yield Case(given, expected=rms_through_the_engine(**given), names=("x", "gamma"))
    for shape, eps, about in [
        ((3, 4), 0.05, ""),
        ((2, 3), 0.4, ""),
        ((3, 3), 0.1, ""),
        ((1, 5), 0.05, "a single row"),
        ((4, 1), 0.3, "a single column"),
        ((2, 4), 0.2, "a gamma of 0"),
        ((3, 2), 0.3, "a row of zeros"),
    ]:
        rng = np.random.default_rng(10 * shape[0] + shape[1])
        x, g = rng.normal(loc=1.0, scale=2.0, size=shape), rng.normal(size=shape)
        inputs = {"g": g, "x": x, "gamma": rng.uniform(-2.0, 2.0, size=shape[1]), "eps": eps}
        if "gamma" in about:
            inputs["gamma"][0] = 0.0
        if "zeros" in about:
            x[1] = 0.0
        yield Case(inputs, expected=rms_through_the_engine(**inputs), names=("x", "gamma"), about=about)


def rms_through_the_engine(g, x, gamma, eps):
    x, gamma = Tensor(x, requires_grad=True), Tensor(gamma, requires_grad=True)
    r = ((x**2).mean(axis=1, keepdims=True) + eps).sqrt()
    (gamma * x / r).backward(g)
    return x.grad, gamma.grad


def rms_pulled_back(g, x, gamma, eps, axis=1, mean=0, through_r=1, per=None):
    """A right answer, with switches that make it wrong."""
    r = np.sqrt((x**2).mean(axis=axis, keepdims=True) + eps)
    z, h, count = x / r, g * gamma, x.shape[axis] if per is None else per
    inner = h - mean * h.mean(axis=axis, keepdims=True)
    inner = inner - through_r * z * (h * z).sum(axis=axis, keepdims=True) / count
    return inner / r, (g * z).sum(axis=0)


@rms_norm_backward.mistake
def r_is_constant(*inputs):
    """You treat r as a constant. It is made of the whole row, so a nudge in one entry moves every z of its row."""
    return rms_pulled_back(*inputs, through_r=0)


@rms_norm_backward.mistake
def the_road_through_the_mean(*inputs):
    """You subtract the mean of what arrives, as for batch norm and layer norm. That was the road through μ, and here no
    mean is taken away from x."""
    return rms_pulled_back(*inputs, mean=1)


@rms_norm_backward.mistake
def only_the_mean(*inputs):
    """You subtract the mean of what arrives, the road through μ, which is not there. The road through r is missing: the
    part along z."""
    return rms_pulled_back(*inputs, mean=1, through_r=0)


@rms_norm_backward.mistake
def sum_along_z(*inputs):
    """You subtract z times the *sum* of h z. Each entry stands in the mean square with the weight 1/C, so the mean of
    h z belongs here."""
    return rms_pulled_back(*inputs, per=1)


@rms_norm_backward.mistake
def through_r_added(*inputs):
    """The part along z is added. When r grows, z shrinks: this part is subtracted."""
    return rms_pulled_back(*inputs, through_r=-1)


@rms_norm_backward.mistake
def through_r_twice(*inputs):
    """You subtract twice the part along z. The 2 of the square and the 1/2 of the root cancel."""
    return rms_pulled_back(*inputs, through_r=2)


@rms_norm_backward.mistake
def half_through_r(*inputs):
    """You subtract half of the part along z. The 2 of the square and the 1/2 of the root cancel."""
    return rms_pulled_back(*inputs, through_r=0.5)


@rms_norm_backward.mistake
def r_forgotten_at_the_end(g, x, gamma, eps):
    """The inner part is right. Divide it by r, as the forward pass does."""
    of_x, of_gamma = rms_pulled_back(g, x, gamma, eps)
    return of_x * np.sqrt((x**2).mean(axis=1, keepdims=True) + eps), of_gamma


@rms_norm_backward.mistake
def divided_by_r_twice(g, x, gamma, eps):
    """The inner part is right. You divide it by the mean square, or twice by r, and once is enough."""
    of_x, of_gamma = rms_pulled_back(g, x, gamma, eps)
    return of_x / np.sqrt((x**2).mean(axis=1, keepdims=True) + eps), of_gamma


@rms_norm_backward.mistake
def along_x(g, x, gamma, eps):
    """In the part along z you multiply by x. z is what the formula means: x divided by r."""
    r, h = np.sqrt((x**2).mean(axis=1, keepdims=True) + eps), g * gamma
    return (h - x * (h * x).mean(axis=1, keepdims=True)) / r, (g * x / r).sum(axis=0)


@rms_norm_backward.mistake
def no_gamma_on_the_way(g, x, gamma, eps):
    """gamma is missing on the way to x: what arrives at z is g times gamma."""
    return rms_pulled_back(g, x, np.ones_like(gamma), eps)


@rms_norm_backward.mistake
def no_eps(g, x, gamma, eps):
    """eps is missing under the root."""
    return rms_pulled_back(g, x, gamma, 0.0)


@rms_norm_backward.mistake
def over_the_examples(*inputs):
    """You take the mean square over axis 0, down a column. What belongs together is a row, over the units: axis 1."""
    return rms_pulled_back(*inputs, axis=0)


@rms_norm_backward.mistake
def gamma_from_x(g, x, gamma, eps):
    """gamma multiplies z, not x: its local derivative is z."""
    return rms_pulled_back(g, x, gamma, eps)[0], (g * x).sum(axis=0)


@rms_norm_backward.mistake
def gamma_in_its_own_gradient(g, x, gamma, eps):
    """gamma stands in its own gradient. y = gamma · z, so its local derivative is z alone, whatever gamma is."""
    of_x, of_gamma = rms_pulled_back(g, x, gamma, eps)
    return of_x, gamma * of_gamma


@rms_norm_backward.mistake
def gamma_not_summed(g, x, gamma, eps):
    """Every example uses gamma and gives it a part of its gradient, and the parts add up. The gradient has the shape of
    gamma, (C,)."""
    z = x / np.sqrt((x**2).mean(axis=1, keepdims=True) + eps)
    return rms_pulled_back(g, x, gamma, eps)[0], g * z


@rms_norm_backward.mistake
def gamma_over_the_units(g, x, gamma, eps):
    """You add up over the units, axis 1. gamma has one entry for each unit, and each is used by all examples: the sum
    goes over axis 0."""
    z = x / np.sqrt((x**2).mean(axis=1, keepdims=True) + eps)
    return rms_pulled_back(g, x, gamma, eps)[0], (g * z).sum(axis=1)


@rms_norm_backward.mistake
def gamma_averaged(g, x, gamma, eps):
    """You take a mean over the examples for gamma. What is used by several collects the sum."""
    of_x, of_gamma = rms_pulled_back(g, x, gamma, eps)
    return of_x, of_gamma / len(x)


@rms_norm_backward.mistake
def the_standard_deviation(g, x, gamma, eps):
    """You divide by the standard deviation, which takes the mean of x away first. r is the root of the mean square of x
    itself."""
    r = np.sqrt(x.var(axis=1, keepdims=True) + eps)
    z, h = x / r, g * gamma
    return (h - z * (h * z).mean(axis=1, keepdims=True)) / r, (g * z).sum(axis=0)


@rms_norm_backward.mistake
def one_r_for_all(g, x, gamma, eps):
    """You take your means over the whole array. Each row has an r of its own."""
    r = np.sqrt((x**2).mean() + eps)
    z, h = x / r, g * gamma
    return (h - z * (h * z).mean()) / r, (g * z).sum(axis=0)


@rms_norm_backward.mistake
def the_length(g, x, gamma, eps):
    """You divide by the root of the *sum* of squares. r is the root of their mean."""
    r = np.sqrt((x**2).sum(axis=1, keepdims=True) + eps)
    z, h = x / r, g * gamma
    return (h - z * (h * z).sum(axis=1, keepdims=True)) / r, (g * z).sum(axis=0)


@rms_norm_backward.mistake
def the_axis_is_lost(g, x, gamma, eps):
    """The mean of h z has one entry for each row, and without `keepdims=True` it meets the columns."""
    r = np.sqrt((x**2).mean(axis=1, keepdims=True) + eps)
    z, h = x / r, g * gamma
    return (h - z * (h * z).mean(axis=1)) / r, (g * z).sum(axis=0)


@rms_norm_backward.mistake
def gamma_outside(g, x, gamma, eps):
    """You multiply by gamma at the end. Each entry of gamma weighs its own unit, and the mean goes over all units: so g
    is multiplied by gamma before the mean."""
    z = x / np.sqrt((x**2).mean(axis=1, keepdims=True) + eps)
    return gamma * rms_pulled_back(g, x, np.ones_like(gamma), eps)[0], (g * z).sum(axis=0)


@rms_norm_backward.mistake
def z_left_out(g, x, gamma, eps):
    """You subtract the mean of h z. It is still to be multiplied by z: a nudge moves r by z/C."""
    r, h = np.sqrt((x**2).mean(axis=1, keepdims=True) + eps), g * gamma
    return (h - (h * x / r).mean(axis=1, keepdims=True)) / r, (g * x / r).sum(axis=0)


@rms_norm_backward.mistake
def divided_by_the_examples(*inputs):
    """You divide by the number of examples. The mean goes over the units of one example."""
    return rms_pulled_back(*inputs, per=len(inputs[0]))


@rms_norm_backward.mistake
def divided_by_the_mean_square(g, x, gamma, eps):
    """You divide by the mean square plus eps. r is its root."""
    r = (x**2).mean(axis=1, keepdims=True) + eps
    z, h = x / r, g * gamma
    return (h - z * (h * z).mean(axis=1, keepdims=True)) / r, (g * z).sum(axis=0)


@rms_norm_backward.mistake
def eps_outside_the_root(g, x, gamma, eps):
    """eps stands under the root. You add it after the root is taken."""
    r = np.sqrt((x**2).mean(axis=1, keepdims=True)) + eps
    z, h = x / r, g * gamma
    return (h - z * (h * z).mean(axis=1, keepdims=True)) / r, (g * z).sum(axis=0)


@rms_norm_backward.mistake
def mean_down_a_column(g, x, gamma, eps):
    """You take the mean of h z down a column. Each r belongs to one row, so this mean goes over the row: axis 1."""
    r = np.sqrt((x**2).mean(axis=1, keepdims=True) + eps)
    z, h = x / r, g * gamma
    return (h - z * (h * z).mean(axis=0)) / r, (g * z).sum(axis=0)


@rms_norm_backward.mistake
def only_through_r(g, x, gamma, eps):
    """You follow the nudge through r alone. It also moves its own z directly."""
    of_x, of_gamma = rms_pulled_back(g, x, gamma, eps)
    return of_x - rms_pulled_back(g, x, gamma, eps, through_r=0)[0], of_gamma


@rms_norm_backward.mistake
def gamma_without_z(g, x, gamma, eps):
    """You add up g alone for gamma. gamma multiplies z, so its gradient is made of g times z."""
    return rms_pulled_back(g, x, gamma, eps)[0], g.sum(axis=0)


@rms_norm_backward.mistake(whole=True)
def gamma_first(*inputs):
    """The two gradients have changed places: that of x comes first."""
    return rms_pulled_back(*inputs)[::-1]


# --- 3 -----------------------------------------------------------------------------------------


@exercise("Which momentum is it?", points=2)
def kept():
    """Return for each of six lines the share of the old running value that is kept.

    A: velocity = 0.7 * velocity + gradient. B: r = r + 0.3 * (new - r). C: the velocity of SGD with momentum 0.05.
    D: the running mean of a batch norm with momentum 0.05. E: r = r + (new - r) / 4. F: the running mean of a batch
    norm with momentum 0.5, after three batches.
    """
    yield Case(expected={"A": 0.7, "B": 0.7, "C": 0.05, "D": 0.95, "E": 0.75, "F": 0.125})


@kept.varies
def other_shares(choose):
    """The same lines with other shares."""
    a, b = choose(0.5, 0.6, 0.8, 0.85), choose(0.05, 0.15, 0.25, 0.35, 0.4)
    m, n, batches = choose(0.02, 0.1, 0.2), choose(5, 8, 10), choose(2, 4)
    lines = {
        "A": f"`velocity = {a} * velocity + gradient`",
        "B": f"`r = r + {b} * (new - r)`",
        "C": f"the velocity of `optim.SGD(parameters, lr=0.1, momentum={m})`, one step",
        "D": f"the running mean of `nn.BatchNorm1d(32, momentum={m})`, one batch",
        "E": f"`r = r + (new - r) / {n}`",
        "F": f"the running mean of `nn.BatchNorm1d(32, momentum=0.5)`, {batches} batches one after the other",
    }
    rows = [f"| {name} | {line} |" for name, line in lines.items()]
    expected = {"A": a, "B": 1 - b, "C": m, "D": 1 - m, "E": 1 - 1 / n, "F": 0.5**batches}
    return Variant("\n".join(["| name | the line |", "|---|---|", *rows]), expected)


@kept.mistake
def velocity_is_an_average():
    """You took 0.7 for the share of the new value. This line multiplies the *old* velocity by 0.7."""
    return {"A": 0.3}


@kept.mistake
def the_whole_velocity():
    """Only the gradient is added whole. The old velocity is multiplied by 0.7 first."""
    return {"A": 1}


@kept.mistake
def the_step_towards_the_new():
    """0.3 is the share of the *new* value. Put in r = 1 and new = 0: what is left?"""
    return {"B": 0.3}


@kept.mistake
def nothing_is_taken_away():
    """r is there at the start, but 0.3 of it is subtracted again: write out 0.3 * (new - r)."""
    return {"B": 1}


@kept.mistake
def an_optimizer_like_a_batch_norm():
    """In an optimizer momentum is the share of the old velocity. You read it as a batch norm does."""
    return {"C": 0.95}


@kept.mistake
def a_batch_norm_like_an_optimizer():
    """In a batch norm momentum is the share of the *new* value. You read it as an optimizer does."""
    return {"D": 0.05}


@kept.mistake
def a_quarter_is_kept():
    """A quarter of the *difference* is added, so a quarter of the new value comes in. What remains of the old?"""
    return {"E": 0.25}


@kept.mistake
def one_batch():
    """That is what is left after one batch. The second batch halves it again, and so does the third."""
    return {"F": 0.5}


@kept.mistake
def what_is_new_after_three():
    """That is the share of all that is new after three batches. The share of the old value is asked for."""
    return {"F": 0.875}


@kept.mistake
def three_times_the_momentum():
    """You multiplied by 3. After each batch half of what is left is kept: the shares are multiplied."""
    return {"F": 1.5}


@kept.mistake
def two_batches():
    """That is what is left after two batches."""
    return {"F": 0.25}


# --- 4 -----------------------------------------------------------------------------------------


@exercise("Eval mode for nothing", points=2)
def fold():
    """Return the weight and the bias of one linear layer that does what a linear layer and then a batch norm in eval
    mode do.

    The batch norm gives gamma (u - running_mean)/√(running_var + eps) + beta for u = x @ weight + bias. weight has
    shape (n, m), all others (m,).
    """
    one = {"weight": [[1.0, 2.0]], "bias": [0.0, 1.0], "gamma": [2.0, 1.0], "beta": [0.0, 5.0]}
    one |= {"running_mean": [1.0, 1.0], "running_var": [4.0, 1.0]}
    inputs = {name: np.array(values) for name, values in one.items()} | {"eps": 0.0}
    yield Case(inputs, expected=folded(**inputs), names=("weight", "bias"))
    for (n, m), eps, about in [
        ((3, 2), 0.1, ""),
        ((2, 2), 0.5, ""),
        ((2, 4), 0.01, ""),
        ((4, 1), 0.2, "a single unit"),
        ((3, 3), 0.3, "a gamma of 0 and a negative one"),
    ]:
        rng = np.random.default_rng(10 * n + m)
        weight, (bias, gamma, beta, mean) = rng.normal(size=(n, m)), rng.normal(size=(4, m))
        if "gamma" in about:
            gamma[:2] = 0.0, -1.5
        inputs = {"weight": weight, "bias": bias, "gamma": gamma, "beta": beta, "running_mean": mean}
        inputs |= {"running_var": rng.uniform(0.5, 3.0, size=m), "eps": eps}
        yield Case(inputs, expected=folded(**inputs), names=("weight", "bias"), about=about)


def folded(weight, bias, gamma, beta, running_mean, running_var, eps):
    scale = gamma / np.sqrt(running_var + eps)
    return scale * weight, scale * (bias - running_mean) + beta


def with_scale(scale):
    """A wrong answer: weight and bias by another scale, a function of gamma, running_var and eps."""

    def fold(weight, bias, gamma, beta, running_mean, running_var, eps):
        made = scale(gamma, running_var, eps)
        return made * weight, made * (bias - running_mean) + beta

    return fold


@fold.mistake
def no_root(*inputs):
    """You divide by the variance. The deviation is its root."""
    return with_scale(lambda gamma, var, eps: gamma / (var + eps))(*inputs)


@fold.mistake
def eps_beside_the_root(*inputs):
    """eps stands under the root, beside the variance. You add it to the deviation."""
    return with_scale(lambda gamma, var, eps: gamma / (np.sqrt(var) + eps))(*inputs)


@fold.mistake
def eps_left_out(*inputs):
    """eps is missing under the root."""
    return with_scale(lambda gamma, var, eps: gamma / np.sqrt(var))(*inputs)


@fold.mistake
def gamma_left_out(*inputs):
    """gamma is missing: the batch norm multiplies by gamma after it has divided by the deviation."""
    return with_scale(lambda gamma, var, eps: 1 / np.sqrt(var + eps))(*inputs)


@fold.mistake
def multiplied_by_the_deviation(*inputs):
    """You multiply by the deviation. The batch norm divides by it."""
    return with_scale(lambda gamma, var, eps: gamma * np.sqrt(var + eps))(*inputs)


@fold.mistake
def by_rows(weight, bias, gamma, beta, running_mean, running_var, eps):
    """You multiply the *rows* of the weight by the scales. Column j holds what goes into unit j, so column j is
    multiplied by scale j."""
    scale = gamma / np.sqrt(running_var + eps)
    return scale[:, None] * weight, folded(weight, bias, gamma, beta, running_mean, running_var, eps)[1]


def with_bias(bias_of):
    """A wrong answer: another bias, a function of scale, bias, running_mean and beta."""

    def fold(weight, bias, gamma, beta, running_mean, running_var, eps):
        scale = gamma / np.sqrt(running_var + eps)
        return scale * weight, bias_of(scale, bias, running_mean, beta)

    return fold


@fold.mistake
def bias_not_scaled(*inputs):
    """The old bias is not scaled. It is part of what goes into the batch norm, so it is divided and multiplied like the
    rest."""
    return with_bias(lambda scale, bias, mean, beta: bias - scale * mean + beta)(*inputs)


@fold.mistake
def mean_not_scaled(*inputs):
    """The running mean is not scaled. It is subtracted *before* the division."""
    return with_bias(lambda scale, bias, mean, beta: scale * bias - mean + beta)(*inputs)


@fold.mistake
def bias_and_mean_not_scaled(*inputs):
    """Neither the old bias nor the running mean is scaled. Both are there before the division."""
    return with_bias(lambda scale, bias, mean, beta: bias - mean + beta)(*inputs)


@fold.mistake
def mean_left_out(*inputs):
    """The running mean is missing in the bias."""
    return with_bias(lambda scale, bias, mean, beta: scale * bias + beta)(*inputs)


@fold.mistake
def bias_left_out(*inputs):
    """The old bias is missing in the new one."""
    return with_bias(lambda scale, bias, mean, beta: beta - scale * mean)(*inputs)


@fold.mistake
def mean_added(*inputs):
    """The running mean is added. The batch norm subtracts it."""
    return with_bias(lambda scale, bias, mean, beta: scale * (bias + mean) + beta)(*inputs)


@fold.mistake
def beta_scaled(*inputs):
    """beta is scaled. It is added at the end, after the division."""
    return with_bias(lambda scale, bias, mean, beta: scale * (bias - mean + beta))(*inputs)


@fold.mistake
def beta_left_out(*inputs):
    """beta is missing in the bias."""
    return with_bias(lambda scale, bias, mean, beta: scale * (bias - mean))(*inputs)


@fold.mistake
def weight_as_it_was(*inputs):
    """The weight stays as it was. The batch norm multiplies `x @ weight` by gamma and divides it by the deviation."""
    return inputs[0], folded(*inputs)[1]


@fold.mistake
def beta_times_gamma(*inputs):
    """beta is multiplied by gamma. It is added at the end, as it is."""
    weight, bias, gamma, beta, *others = inputs
    return folded(weight, bias, gamma, gamma * beta, *others)


@fold.mistake
def mean_minus_bias(*inputs):
    """You subtract the bias from the running mean. It is the other way round: bias - running mean."""
    return with_bias(lambda scale, bias, mean, beta: scale * (mean - bias) + beta)(*inputs)


@fold.mistake
def beta_subtracted(*inputs):
    """beta is subtracted. The batch norm adds it."""
    return with_bias(lambda scale, bias, mean, beta: scale * (bias - mean) - beta)(*inputs)


@fold.mistake(whole=True)
def bias_first(*inputs):
    """Weight and bias have changed places: the weight comes first."""
    return folded(*inputs)[::-1]


# --- 5 -----------------------------------------------------------------------------------------


@exercise("Group norm", points=2)
def group_norm():
    """Return x of shape (N, C) with each group of neighbouring units of each example at mean 0 and variance 1.

    There are `groups` groups of C // groups units. The deviation is √(variance + eps), the variance with the divisor of
    the group's size. For x = [[1, 1, 3, 3, 0, 8, 0, 8]], 2 groups and eps 0 the answer is [[-1, -1, 1, 1, -1, 1, -1,
    1]].
    """
    for rows, groups, eps, about in [
        ([[1, 1, 3, 3, 0, 8, 0, 8]], 2, 0.0, ""),
        ([[1, 2, 4, 8, 0, -3], [5, 0, 1, 1, 2, 9]], 2, 0.1, ""),
        ([[1, 2, 4, 8, 0, -3], [5, 0, 1, 1, 2, 9], [0, 2, 7, 1, 1, 4]], 3, 0.3, ""),
        ([[0.5, 2, 4, -1, 0, 3, 3, 1], [2, 0, 1, 6, -2, 1, 0, 2]], 2, 0.05, ""),
        ([[1, 4, 0, 2], [3, 8, 5, 1], [0, 2, 7, 7], [2, 3, 1, 6], [9, 4, -2, 0]], 2, 0.2, "more examples than units"),
        ([[1, 5, 2, 0.5], [3, -1, 0, 2]], 1, 0.2, "a single group, which is layer norm"),
        ([[2, 2, 1, 4], [0, 3, 5, 5]], 2, 0.3, "equal numbers in a group"),
    ]:
        inputs = {"x": np.array(rows, dtype=float), "groups": groups, "eps": eps}
        yield Case(inputs, expected=grouped(**inputs), about=about)


def grouped(x, groups, eps, ddof=0, root=True, outside=False, centre=True):
    """A right answer, with switches that make it wrong."""
    parts = x.reshape(len(x), groups, -1)
    centred = parts - parts.mean(axis=2, keepdims=True)
    variance = (centred**2).sum(axis=2, keepdims=True) / max(parts.shape[2] - ddof, 1)
    scale = np.sqrt(variance) + eps if outside else np.sqrt(variance + eps) if root else variance + eps
    return ((centred if centre else parts) / scale).reshape(x.shape)


@group_norm.mistake
def whole_rows(x, groups, eps):
    """You normalize each row as one group. That is layer norm; each group has a mean and a deviation of its own."""
    return grouped(x, 1, eps)


@group_norm.mistake
def every_other(x, groups, eps):
    """Your groups take every second or third unit of the row. They are to be neighbours: the group is the second axis
    of the reshaped array, and its units are the last."""
    size = x.shape[1] // groups
    parts = x.reshape(len(x), size, groups)
    centred = parts - parts.mean(axis=1, keepdims=True)
    return (centred / np.sqrt((centred**2).mean(axis=1, keepdims=True) + eps)).reshape(x.shape)


@group_norm.mistake
def that_many_units(x, groups, eps):
    """You made groups *of* that many units. `groups` is the number of groups in a row."""
    return grouped(x, x.shape[1] // groups, eps)


@group_norm.mistake
def with_all_examples(x, groups, eps):
    """You take the mean and the deviation of a group over all examples. Each example has its own."""
    parts = x.reshape(len(x), groups, -1)
    z = (parts - parts.mean(axis=(0, 2), keepdims=True)) / np.sqrt(parts.var(axis=(0, 2), keepdims=True) + eps)
    return z.reshape(x.shape)


@group_norm.mistake
def across_the_groups(x, groups, eps):
    """Your mean goes over the axis of the groups, so it joins units of different groups. It goes over the units of one
    group, the last axis after the reshape."""
    parts = x.reshape(len(x), groups, -1)
    z = (parts - parts.mean(axis=1, keepdims=True)) / np.sqrt(parts.var(axis=1, keepdims=True) + eps)
    return z.reshape(x.shape)


@group_norm.mistake
def over_the_batch(x, groups, eps):
    """You normalize each column over the examples. That is batch norm, and the groups do not matter to it."""
    return (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + eps)


@group_norm.mistake
def divisor_less_one(x, groups, eps):
    """Your variance has the divisor of the group's size minus 1. Here it is the size itself."""
    return grouped(x, groups, eps, ddof=1)


@group_norm.mistake
def by_the_variance(x, groups, eps):
    """You divide by the variance. The deviation is its root."""
    return grouped(x, groups, eps, root=False)


@group_norm.mistake
def eps_outside(x, groups, eps):
    """eps stands under the root, beside the variance. You add it to the deviation."""
    return grouped(x, groups, eps, outside=True)


@group_norm.mistake
def eps_missing(x, groups, eps):
    """eps is missing under the root."""
    return grouped(x, groups, 0.0)


@group_norm.mistake
def not_centred(x, groups, eps):
    """You divide by the deviation and do not subtract the mean."""
    return grouped(x, groups, eps, centre=False)


@group_norm.mistake
def still_in_groups(x, groups, eps):
    """The numbers are right, and still in groups. Reshape the result back to the shape of x."""
    return grouped(x, groups, eps).reshape(len(x), groups, -1)


@group_norm.mistake
def mean_of_the_row(x, groups, eps):
    """You subtract the mean of the whole row. Each group has its own."""
    parts = x.reshape(len(x), groups, -1)
    centred = parts - x.mean(axis=1)[:, None, None]
    return (centred / np.sqrt(parts.var(axis=2, keepdims=True) + eps)).reshape(x.shape)


@group_norm.mistake
def deviation_of_the_row(x, groups, eps):
    """You divide by the deviation of the whole row. Each group has its own."""
    parts = x.reshape(len(x), groups, -1)
    centred = parts - parts.mean(axis=2, keepdims=True)
    return (centred / np.sqrt(x.var(axis=1) + eps)[:, None, None]).reshape(x.shape)


@group_norm.mistake
def only_the_mean_divided(x, groups, eps):
    """You divide only the mean by the deviation: a quotient comes before a difference. Put the difference in
    parentheses."""
    parts = x.reshape(len(x), groups, -1)
    return (parts - parts.mean(axis=2, keepdims=True) / np.sqrt(parts.var(axis=2, keepdims=True) + eps)).reshape(
        x.shape
    )


@group_norm.mistake
def by_the_mean_square(x, groups, eps):
    """You divide by the root of the mean square of x. The deviation is that of the distances from the mean."""
    parts = x.reshape(len(x), groups, -1)
    root = np.sqrt((parts**2).mean(axis=2, keepdims=True) + eps)
    return ((parts - parts.mean(axis=2, keepdims=True)) / root).reshape(x.shape)


@group_norm.mistake
def one_for_the_array(x, groups, eps):
    """You take one mean and one deviation for the whole array. Each group of each example has its own."""
    return (x - x.mean()) / np.sqrt(x.var() + eps)


@group_norm.mistake
def not_divided_at_all(x, groups, eps):
    """You subtract the mean, and do not divide by the deviation."""
    parts = x.reshape(len(x), groups, -1)
    return (parts - parts.mean(axis=2, keepdims=True)).reshape(x.shape)


# --- 6 -----------------------------------------------------------------------------------------


@exercise("What dropout does on average", points=3)
def expected():
    """Return the average of f after dropout, over all choices of kept entries, each with its own probability.

    Each entry of x is dropped with probability p, for itself, and what is kept is divided by 1 - p. f takes an array
    (n,) and returns a number. For x = [2], p = 0.5 and the sum of squares the answer is 8.
    """
    for f, x, p, about in [
        (SQUARES, [2.0], 0.5, ""),
        (SQUARES, [2.0, 1.0], 0.25, ""),
        (LARGEST, [1.0, 3.0, 2.0], 0.2, ""),
        (PRODUCT_PLUS_ONE, [1.0, -2.0], 0.6, ""),
        (SUM, [1.0, -2.0, 4.0], 0.3, "a sum, whose average is the sum itself"),
        (RELU_OF_SUM, [2.0, -3.0, 1.0, 0.5], 0.4, ""),
        (SQUARES, [3.0, 1.0], 0.0, "p = 0"),
        (COUNT, [1.0, 2.0, 5.0, 0.0], 0.1, "an entry of 0"),
    ]:
        x = np.array(x)
        yield Case({"f": f, "x": x, "p": p}, expected=averaged(f, x, p), about=about)


SQUARES = named("the sum of squares", lambda x: float((x**2).sum()))
LARGEST = named("the largest entry", lambda x: float(np.max(x)))
SUM = named("the sum", lambda x: float(np.sum(x)))
PRODUCT_PLUS_ONE = named("the product of all (1 + entry)", lambda x: float(np.prod(1 + x)))
RELU_OF_SUM = named("relu of the sum", lambda x: max(float(np.sum(x)), 0.0))
COUNT = named("how many are not 0", lambda x: int(np.count_nonzero(x)))


def masks(n):
    return [np.array(choice) for choice in np.ndindex(*[2] * n)]


def averaged(f, x, p, chance=None, scale=None, which=masks):
    """A right answer, with switches that make it wrong."""
    total, scale = 0.0, 1 / (1 - p) if scale is None else scale
    for kept in which(len(x)):
        probability = np.prod(np.where(kept == 1, 1 - p, p)) if chance is None else chance(kept)
        total += probability * f(x * kept * scale)
    return total


@expected.mistake
def all_alike(f, x, p):
    """You give all choices the same probability. That is right for p = 0.5 alone: a choice has 1 - p for each entry
    that is kept and p for each that is dropped."""
    return averaged(f, x, p, chance=lambda kept: 0.5 ** len(kept))


@expected.mistake
def not_weighted(f, x, p):
    """You add up the values of all choices without their probabilities."""
    return averaged(f, x, p, chance=lambda kept: 1)


@expected.mistake
def p_is_kept(f, x, p):
    """p is the probability to be dropped. In your probabilities it is that of being kept."""
    return averaged(f, x, p, chance=lambda kept: np.prod(np.where(kept == 1, p, 1 - p)))


@expected.mistake
def kept_alone_count(f, x, p):
    """Your probability has a factor for the entries that are kept and none for those that are dropped, so the
    probabilities do not add up to 1."""
    return averaged(f, x, p, chance=lambda kept: (1 - p) ** kept.sum())


@expected.mistake
def not_divided(f, x, p):
    """You do not divide what is kept by 1 - p before f sees it."""
    return averaged(f, x, p, scale=1.0)


@expected.mistake
def multiplied(f, x, p):
    """You multiply what is kept by 1 - p. It has to make up for what is dropped, so it is divided."""
    return averaged(f, x, p, scale=1 - p)


@expected.mistake
def divided_afterwards(f, x, p):
    """You divide the *value* of f by 1 - p. What is divided are the entries, before f sees them."""
    return averaged(f, x, p, scale=1.0) / (1 - p)


@expected.mistake
def f_of_the_mean(f, x, p):
    """That is f of the average, which is x. The average of f is another number, unless f is a weighted sum."""
    return float(f(x))


@expected.mistake
def nothing_dropped_left_out(f, x, p):
    """The choice in which everything is kept is missing."""
    return averaged(f, x, p, which=lambda n: masks(n)[:-1])


@expected.mistake
def everything_dropped_left_out(f, x, p):
    """The choice in which everything is dropped is missing. f of zeros need not be 0."""
    return averaged(f, x, p, which=lambda n: masks(n)[1:])


@expected.mistake
def divided_by_the_number(f, x, p):
    """You divide by the number of choices at the end. The probabilities already add up to 1."""
    return averaged(f, x, p) / 2 ** len(x)


@expected.mistake
def dropped_alone_count(f, x, p):
    """Your probability has a factor for the entries that are dropped and none for those that are kept, so the
    probabilities do not add up to 1."""
    return averaged(f, x, p, chance=lambda kept: p ** (1 - kept).sum())


@expected.mistake
def all_or_nothing(f, x, p):
    """You go through two choices: everything is kept, or everything is dropped. Each entry is dropped for itself."""
    return (1 - p) * f(x / (1 - p)) + p * f(0 * x)


@expected.mistake
def one_at_a_time(f, x, p):
    """You drop at most one entry at a time. Each is dropped for itself, so several can be dropped together."""
    return averaged(f, x, p, which=lambda n: [kept for kept in masks(n) if kept.sum() >= n - 1])


@expected.mistake
def everything_kept_alone(f, x, p):
    """That is one choice, in which everything is kept. All the others are missing."""
    return averaged(f, x, p, which=lambda n: masks(n)[-1:])


@expected.mistake
def scaled_at_once(f, x, p):
    """You scale all entries and drop none. The average of f is not f of an average."""
    return float(f(x * (1 - p)))


@expected.mistake
def value_scaled(f, x, p):
    """You let f see all entries at once and scale its value. Go through the choices, and let f see each."""
    return f(x) / (1 - p)


@expected.mistake
def probabilities_added(f, x, p):
    """You add the probabilities of the entries. Each entry is drawn for itself, so they are multiplied."""
    return averaged(f, x, p, chance=lambda kept: np.where(kept == 1, 1 - p, p).sum())


@expected.mistake
def divided_by_the_entries(f, x, p):
    """You divide by the number of entries at the end. The probabilities already add up to 1."""
    return averaged(f, x, p) / len(x)


# --- 7 -----------------------------------------------------------------------------------------


@exercise("A layer of your own", points=3)
def normed():
    """Return the result of a layer, in its `forward`, that does batch norm, then dropout, and knows both modes.

    In training mode: mean and variance of the batch (divisor N), gamma and beta, then dropout with probability p, drawn
    by rng. The running statistics move a tenth of the way towards those of the batch (variance with divisor N - 1). In
    eval mode: the running statistics, gamma and beta, no dropout, and nothing moves.
    """
    names = ("result", "running_mean", "running_var")
    small = np.array([[1.0], [3.0]])
    yield Case({"x": small}, call=once, expected=once(Right, small), names=names, rtol=1e-6)
    for shape, about in [((4, 3), ""), ((3, 3), ""), ((6, 1), "a single column")]:
        x = np.random.default_rng(sum(shape)).normal(loc=2.0, scale=3.0, size=shape)
        x[:, -1] = 0.1 * x[:, -1] - 3.0  # a running mean that falls, and a running variance that does
        yield Case({"x": x}, call=once, expected=once(Right, x), names=names, about=about, rtol=1e-6)
        yield Case({"x": x}, call=twice, expected=twice(Right, x), names=names, about="a second batch", rtol=1e-6)
        inputs = {"x": x, "new": x[:1] + 1.0}
        about = "one example in eval mode, after two batches"
        yield Case(
            inputs, call=in_eval_mode, expected=in_eval_mode(Right, **inputs), names=names, about=about, rtol=1e-6
        )
    rng = np.random.default_rng(3)
    inputs = dict(zip(("x", "g"), rng.normal(1.0, 2.0, size=(2, 4, 3)), strict=True))
    inputs |= dict(zip(("gamma", "beta"), rng.normal(size=(2, 3)), strict=True))
    names, about = ("result", "gradient of x", "gradient of gamma", "gradient of beta"), "gradients, with p = 0"
    yield Case(inputs, call=gradients, expected=gradients(Right, **inputs), names=names, about=about, rtol=1e-6)
    for shape, p in [((300, 40), 0.25), ((200, 50), 0.8)]:
        inputs = {"x": rng.normal(size=shape), "p": p}
        yield Case(inputs, call=factors, accept=partial(wrong_dropout, p), about=f"{shape[0] * shape[1]:,} entries")
    inputs = {"x": rng.normal(size=(5, 4)), "p": 0.5}
    yield Case(inputs, call=drawn_thrice, accept=wrong_draws, about="two draws in a row")


def once(Normed, x):
    layer = Normed(x.shape[1], 0.0, np.random.default_rng(0))
    return arrays(layer, layer(Tensor(x)))


def twice(Normed, x):
    layer = Normed(x.shape[1], 0.0, np.random.default_rng(0))
    layer(Tensor(x))
    return arrays(layer, layer(Tensor(x[::-1] * 2)))


def in_eval_mode(Normed, x, new):
    """The result for a single example, of a layer that has seen two batches and whose gamma and beta have moved."""
    layer = Normed(x.shape[1], 0.5, np.random.default_rng(0))
    for batch in (x, 2 * x):
        layer(Tensor(batch))
    layer.gamma.data, layer.beta.data = layer.gamma.data * -3, layer.beta.data - 1
    layer.eval()
    layer(Tensor(new))
    found = [np.array(values) for values in arrays(layer, layer(Tensor(new)))]
    zeros = {tuple((plain(layer(Tensor(new))) == 0).flat) for _ in range(12)}
    if len(zeros) > 1:
        raise Refused("You drop in eval mode, too. Then the same network gives another answer each time.")
    return tuple(found)


def arrays(layer, result):
    """The result and the running statistics as arrays."""
    for name in ("running_mean", "running_var"):
        if isinstance(getattr(layer, name), Tensor):
            raise Refused(
                f"{name} has become a Tensor. It would keep the graph of every batch alive. Compute it from arrays: "
                "`.data` is the array of a Tensor."
            )
    return plain(result), layer.running_mean, layer.running_var


def plain(result):
    if not isinstance(result, Tensor):
        raise Refused(
            f"forward returned {describe(result)}. It has to return a Tensor, so that gradients find their way."
        )
    return result.data


def gradients(Normed, x, g, gamma, beta):
    """The result and the gradients of x, gamma and beta; zeros where none arrives."""
    layer, x = Normed(x.shape[1], 0.0, np.random.default_rng(0)), Tensor(x, requires_grad=True)
    layer.gamma.data, layer.beta.data = gamma, beta
    result = layer(x)
    values = plain(result)
    if result.requires_grad:
        result.backward(g)
    leaves = (x, layer.gamma, layer.beta)
    return values, *(np.zeros(leaf.shape) if leaf.grad is None else leaf.grad for leaf in leaves)


def factors(Normed, x, p):
    """By which factor dropout multiplies each entry in training; that of the gradient must be the same."""
    layer, whole = Normed(x.shape[1], p, np.random.default_rng(1)), Right(x.shape[1], 0.0, np.random.default_rng(1))
    for each in (layer, whole):
        each.gamma.data, each.beta.data = each.gamma.data * 2, each.beta.data + 0.5
    result = layer(Tensor(x, requires_grad=True))
    found = plain(result) / whole(Tensor(x)).data
    if result.requires_grad and not wrong_dropout(p, found):
        result.backward(np.ones(x.shape))
        beta = layer.beta.grad
        if beta is not None and not allclose(beta, found.sum(axis=0), rtol=1e-4, atol=1e-4):
            raise Refused("The gradient is not multiplied by the same factors as the entries: 1/(1 - p) or 0.")
    return found


def drawn_thrice(Normed, x, p):
    """Which entries are kept in two calls of one layer, and in a call of another layer with the same seed."""
    one, other = (Normed(x.shape[1], p, np.random.default_rng(7)) for _ in range(2))
    first, second, again = (plain(layer(Tensor(x))) != 0 for layer in (one, one, other))
    figures = {"both calls alike": array_equal(first, second), "the same seed": array_equal(first, again)}
    return {"entries that are 0": int((~first).sum()), **figures}


def wrong_draws(figures):
    if not figures["entries that are 0"]:
        return (
            "In training mode no entry of the result is 0. Either nothing was dropped, or dropout is not the last step."
        )
    if not figures["the same seed"]:
        return "Two layers whose generators are alike drop different entries. Draw from self.rng alone."
    if figures["both calls alike"]:
        return (
            "Two calls in a row drop the same entries. Each call draws from self.rng, which goes on from call to call."
        )
    return None


def wrong_dropout(p, found):
    """A sentence on the first error in the factors of dropout, or None."""
    if not np.isfinite(found).all():
        return "Some entries are not finite."
    kept = np.abs(found) > 1e-9
    if allclose(found, 1, atol=1e-3):
        return "In training mode nothing was dropped."
    if not kept.any():
        return "Every entry is dropped. Each is drawn for itself."
    factors = found[kept]
    if np.ptp(factors) > 1e-3 * abs(factors).max():
        return (
            "After gamma and beta each entry becomes 0, or itself divided by 1 - p. Yours become other multiples of "
            "themselves. Is dropout the last step?"
        )
    for axis in (0, 1):
        if (kept.all(axis=axis) | ~kept.any(axis=axis)).all():
            return f"Entries that differ only in axis {axis} are dropped together. Each entry is drawn for itself."
    if not isclose(factors[0], 1 / (1 - p), rtol=1e-3):
        return wrong_factor(float(factors[0]), p, float(kept.mean()))
    return wrong_share(kept, p)


def wrong_factor(factor, p, share):
    if isclose(factor, 1, rtol=1e-3):
        return "What is kept is not scaled: the more is dropped, the smaller is the mean. Divide by 1 - p."
    if isclose(factor, 1 - p, rtol=1e-3):
        return "You multiply what is kept by 1 - p. It has to make up for what is dropped, so it is divided by 1 - p."
    if isclose(factor, 1 / p, rtol=1e-3):
        turned = abs(share - p) < 0.05
        return (
            "You keep with probability p and divide by p. p is the probability to be dropped."
            if turned
            else "You divide by p, the share that is dropped. Divide by the share that is kept, 1 - p."
        )
    return f"What is kept is multiplied by {factor:.3g}. The mean stays if it is divided by 1 - p = {1 - p:.2g}."


def wrong_share(kept, p):
    noise = 6 * np.sqrt(p * (1 - p) / kept.size)
    dropped = 1 - kept.mean()
    if abs(dropped - p) > noise:
        return f"With p = {p}, {dropped:.1%} of the entries are 0. p is the probability to be dropped."
    for axis, count in enumerate(kept.shape):
        shares = 1 - kept.mean(axis=1 - axis)
        place = int(np.abs(shares - p).argmax())
        if abs(shares[place] - p) > noise * np.sqrt(count):
            return (
                f"Of the entries at place {place} of axis {axis}, {shares[place]:.0%} are dropped. All have the same "
                "probability."
            )
    return None


class Right(nn.Module):
    """A right answer, of which each mistake below changes a part."""

    ddof, running_ddof, share = 0, 1, 0.1

    def __init__(self, units, p, rng):
        super().__init__()
        self.gamma, self.beta = nn.Parameter(np.ones(units)), nn.Parameter(np.zeros(units))
        self.running_mean, self.running_var = np.zeros(units), np.ones(units)
        self.p, self.rng = p, rng

    def forward(self, x):
        y = self.scaled(*self.statistics(x), x)
        return self.dropped(y) if self.training else y

    def statistics(self, x):
        if not self.training:
            return self.running_mean, self.running_var
        self.move(x.data)
        return self.of_the_batch(x)

    def of_the_batch(self, x):
        mean = x.mean(axis=0)
        return mean, ((x - mean) ** 2).sum(axis=0) / (len(x.data) - self.ddof)

    def move(self, x):
        squares = ((x - x.mean(axis=0)) ** 2).sum(axis=0)
        variance = squares / max(len(x) - self.running_ddof, 1)
        self.running_mean = self.running_mean + self.share * (x.mean(axis=0) - self.running_mean)
        self.running_var = self.running_var + self.share * (variance - self.running_var)

    def scaled(self, mean, variance, x):
        return self.gamma * ((x - mean) / (variance + 1e-5) ** 0.5) + self.beta

    def dropped(self, y):
        return y * ((self.rng.random(y.shape) >= self.p) / (1 - self.p))


@normed.mistake
class StatisticsAsConstants(Right):
    """The results are right. The gradient of x is not: you compute mean and variance from `x.data`, so that no gradient
    goes through them. Compute them with tensors."""

    def of_the_batch(self, x):
        return tuple(value.data for value in super().of_the_batch(x))


@normed.mistake
class NoGradientForX(Right):
    """The results are right, and no gradient reaches x: forward works with `x.data`, which is a plain array."""

    def scaled(self, mean, variance, x):
        mean, variance = (value.data if isinstance(value, Tensor) else value for value in (mean, variance))
        return super().scaled(mean, variance, x.detach())


@normed.mistake
class BatchStatisticsInEval(Right):
    """In eval mode you use the batch's own mean and variance. A single example then becomes 0, whatever it is. There
    the running statistics are used."""

    def statistics(self, x):
        if self.training:
            self.move(x.data)
        return self.of_the_batch(x)


@normed.mistake
class MovesInEval(Right):
    """The running statistics move in eval mode, too. A network that is only asked would change with every question."""

    def statistics(self, x):
        used = super().statistics(x)
        if not self.training:
            self.move(x.data)
        return used


@normed.mistake
class NeverMoves(Right):
    """The running statistics stay where they were. In training they move towards those of the batch."""

    def move(self, x):
        pass


@normed.mistake
class KeepsATenth(Right):
    """Your running statistics keep a tenth of the old value. They keep nine tenths, and take a tenth of the new."""

    share = 0.9


@normed.mistake
class RunningInTraining(Right):
    """In training you normalize by the running statistics. There it is the batch's own that count."""

    def statistics(self, x):
        used = self.running_mean, self.running_var
        if self.training:
            self.move(x.data)
        return used


@normed.mistake
class RunningInTrainingMoved(Right):
    """In training you normalize by the running statistics, which have just moved. There it is the batch's own that
    count."""

    def statistics(self, x):
        if self.training:
            self.move(x.data)
        return self.running_mean, self.running_var


@normed.mistake
class OneDivisor(Right):
    """The running variance has the divisor N - 1, as an estimate for data to come (`ddof=1`). Yours has N."""

    running_ddof = 0


@normed.mistake
class OtherDivisor(Right):
    """You normalize the batch by a variance with the divisor N - 1. That divisor belongs to the running variance."""

    ddof = 1


@normed.mistake
class DivisorsExchanged(Right):
    """The divisors have changed places: N for the batch, N - 1 for the running variance."""

    ddof, running_ddof = 1, 0


@normed.mistake
class NoRoot(Right):
    """You divide by the variance. The deviation is its root."""

    def scaled(self, mean, variance, x):
        return self.gamma * ((x - mean) / (variance + 1e-5)) + self.beta


@normed.mistake
class NoGammaNoBeta(Right):
    """gamma and beta are missing: the result is gamma · z + beta."""

    def scaled(self, mean, variance, x):
        return (x - mean) / (variance + 1e-5) ** 0.5


@normed.mistake
class NoBeta(Right):
    """beta is missing: the result is gamma · z + beta."""

    def scaled(self, mean, variance, x):
        return self.gamma * ((x - mean) / (variance + 1e-5) ** 0.5)


@normed.mistake
class ScaledInEval(Right):
    """In eval mode you multiply by 1 - p. The scaling was done in training, so in eval mode dropout does nothing."""

    def forward(self, x):
        y = super().forward(x)
        return y if self.training else y * (1 - self.p)


@normed.mistake
class AlongTheRow(Right):
    """You normalize along a row, over the units: that is layer norm. Here it is a column, over the examples."""

    def of_the_batch(self, x):
        mean = x.mean(axis=1, keepdims=True)
        return mean, ((x - mean) ** 2).mean(axis=1, keepdims=True)


@normed.mistake
class EpsOutside(Right):
    """0.00001 stands under the root, beside the variance. You add it to the deviation."""

    def scaled(self, mean, variance, x):
        return self.gamma * ((x - mean) / (variance**0.5 + 1e-5)) + self.beta


@normed.mistake
class NoEps(Right):
    """0.00001 is missing under the root."""

    def scaled(self, mean, variance, x):
        return self.gamma * ((x - mean) / variance**0.5) + self.beta


@normed.mistake
class ModesExchanged(Right):
    """The modes have changed places: you do in eval mode what belongs in training. `self.training` is True in
    training."""

    def forward(self, x):
        self.training = not self.training
        y = super().forward(x)
        self.training = not self.training
        return y


@normed.mistake
class KeepsTheDeviation(Right):
    """The running variance moves towards a deviation. It is a variance, the square of it."""

    def move(self, x):
        before = self.running_var
        super().move(x)
        self.running_var = before + self.share * (x.std(axis=0, ddof=1) - before)


@normed.mistake
class OnlyAdds(Right):
    """A tenth of the new value is added, and all of the old one is kept, so the running statistics only grow. Keep nine
    tenths of it."""

    def move(self, x):
        self.running_mean = self.running_mean + 0.1 * x.mean(axis=0)
        self.running_var = self.running_var + 0.1 * x.var(axis=0, ddof=1)
