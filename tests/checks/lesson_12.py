"""Answers to the exercises of lesson 12."""

from functools import partial

import numpy as np

from gradlib import Tensor, nn
from gradlib.checks import Case
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


@dropout.inputs
def _(rng):
    shape = (60, 40) if rng.random() < 0.1 else tuple(rng.integers(1, 4, size=rng.integers(1, 4)))
    x, p, training = rng.normal(size=shape), rng.choice([0.0, rng.uniform(0.1, 0.9)]), bool(rng.random() < 0.8)
    inputs = {"x": x, "p": float(p), "training": training, "seed": int(rng.integers(1000))}
    return Case(inputs, call=check.dropped, accept=partial(check.wrong_dropout, x, float(p), training))


@dropout.wrong("You drop the right share")
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


@dropout.wrong("you keep with it and divide by it")
def reversed_p_twice(x, p, training, rng):
    return np.where(rng.random(x.shape) < p, x, 0 * x) / p if training else x


@dropout.wrong("In training mode nothing was dropped")
def modes_exchanged(x, p, training, rng):
    return x if training else with_a_mask(x, p, True, rng)


@dropout.wrong("Each entry is drawn for itself")
def one_draw(x, p, training, rng):
    return x * (rng.random() >= p) / (1 - p) if training else x


@dropout.wrong("drop the same entries")
def its_own_seed(x, p, training, rng):
    return with_a_mask(x, p, training, np.random.default_rng(0))


@dropout.wrong("the draws come from elsewhere")
def another_generator(x, p, training, rng):
    return with_a_mask(x, p, training, ANOTHER)


ANOTHER = np.random.default_rng(4)


@dropout.wrong("one by one")
def yields(x, p, training, rng):
    yield with_a_mask(x, p, training, rng)


@dropout.wrong("that differ only in axis 0 are dropped together")
def by_columns(x, p, training, rng):
    return x * (rng.random(x.shape[1]) >= p) / (1 - p) if training else x


@dropout.wrong("What is kept is multiplied by 1.67")
def another_divisor(x, p, training, rng):
    return x * (rng.random(x.shape) >= p) / (p + 0.1) if training else x


@dropout.wrong("makes the mean smaller a second time")
def made_smaller(x, p, training, rng):
    return x * (rng.random(x.shape) >= p) * (1 - p) if training else x


@dropout.wrong("You divide by p, the share that is dropped")
def by_the_other_share(x, p, training, rng):
    return np.where(rng.random(x.shape) < p, 0, x / p) if training else x


@dropout.wrong("A 0 in x has become something else")
def shifted_to_the_same_sum(x, p, training, rng):
    z = np.where(rng.random(x.shape) >= p, x, 0)
    return z + (x - z).sum() / x.size if training else x


@dropout.wrong("by different factors")
def noise_for_zeros(x, p, training, rng):
    return np.where(rng.random(x.shape) >= p, x / (1 - p), 0.1 * x) if training else x


@dropout.wrong("not finite")
def not_a_number_for_zero(x, p, training, rng):
    return np.where(rng.random(x.shape) >= p, x / (1 - p), np.nan) if training else x


@dropout.wrong("that differ only in axis 0 are dropped together")
def one_mask_for_all_examples(x, p, training, rng):
    return x * (rng.random(x.shape[1:]) >= p) / (1 - p) if training else x


@dropout.wrong("With p = 0 nothing is dropped")
def a_coin(x, p, training, rng):
    return x * (rng.random(x.shape) >= 0.5) / (1 - p) if training else x


@dropout.wrong("by different factors")
def shifted(x, p, training, rng):
    return (x + 1e-3) * (rng.random(x.shape) >= p) / (1 - p) if training else x


@dropout.wrong("nothing is dropped, and nothing scaled")
def moved_in_eval_mode(x, p, training, rng):
    return with_a_mask(x, p, training, rng) if training else x + 0.5


@dropout.wrong("p is the probability to be dropped")
def squared_p(x, p, training, rng):
    return x * (rng.random(x.shape) >= p**2) / (1 - p) if training else x


@dropout.wrong("entries none is dropped")
def nothing_dropped(x, p, training, rng):
    return x / (1 - p) if training else x


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


@norm.inputs
def _(rng):
    (rows, columns), training = rng.integers(2, 5, size=2), bool(rng.random() < 0.7)
    return {
        "x": rng.normal(rng.normal(), 2, size=(rows if training else rng.integers(1, 5), columns)),
        "running_mean": rng.normal(size=columns),
        "running_var": rng.uniform(0, 3, size=columns),
        "training": training,
        "momentum": rng.uniform(),
        "eps": rng.uniform(0.001, 0.5),
    }


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


@norm.wrong("That is layer norm")
def along_rows(x, running_mean, running_var, training, momentum, eps):
    z = ((x.T - x.mean(axis=1)) / np.sqrt(x.var(axis=1) + eps)).T
    return z, *by_numpy(x, running_mean, running_var, training, momentum, eps)[1:]


@norm.wrong("The running statistics move in eval mode, too")
def moves_always(x, running_mean, running_var, training, momentum, eps):
    z = by_numpy(x, running_mean, running_var, training, momentum, eps)[0]
    return z, *by_numpy(x, running_mean, running_var, True, momentum, eps)[1:]


@norm.wrong("have changed places: the mean comes first")
def variance_first(x, running_mean, running_var, training, momentum, eps):
    z, mean, variance = by_numpy(x, running_mean, running_var, training, momentum, eps)
    return z, variance, mean


@norm.wrong("Your statistics are those of the rows")
def over_axis_1(x, running_mean, running_var, training, momentum, eps):
    if not training:
        return (x - running_mean) / np.sqrt(running_var + eps), running_mean, running_var
    mean, variance = x.mean(axis=1), x.var(axis=1)
    running_mean = running_mean + momentum * (mean - running_mean)
    running_var = running_var + momentum * (x.var(axis=1, ddof=1) - running_var)
    return (x - mean) / np.sqrt(variance + eps), running_mean, running_var


@norm.wrong("which have just moved")
def by_what_has_moved(x, running_mean, running_var, training, momentum, eps):
    if training:
        _, running_mean, running_var = by_numpy(x, running_mean, running_var, True, momentum, eps)
    return by_numpy(x, running_mean, running_var, False, momentum, eps)


@norm.wrong("running statistics that came in")
def by_what_came(x, running_mean, running_var, training, momentum, eps):
    z = by_numpy(x, running_mean, running_var, False, momentum, eps)[0]
    return z, *by_numpy(x, running_mean, running_var, training, momentum, eps)[1:]


@norm.wrong("the columns are not told apart")
def one_mean_for_all(x, running_mean, running_var, training, momentum, eps):
    z, mean, variance = by_numpy(x, running_mean, running_var, training, momentum, eps)
    return (x - np.mean(x)) / np.sqrt(np.var(x) + eps) if training else z, mean, variance


@norm.wrong("The deviation is its root")
def no_root(x, running_mean, running_var, training, momentum, eps):
    z, mean, variance = by_numpy(x, running_mean, running_var, training, momentum, eps)
    return (x - x.mean(axis=0)) / (x.var(axis=0) + eps) if training else z, mean, variance


@norm.wrong("do not take the mean away")
def no_mean_taken(x, running_mean, running_var, training, momentum, eps):
    z, mean, variance = by_numpy(x, running_mean, running_var, training, momentum, eps)
    return x / np.sqrt(x.var(axis=0) + eps) if training else z, mean, variance


@norm.wrong("So the running values only grow")
def only_adding(x, running_mean, running_var, training, momentum, eps):
    z, *_ = by_numpy(x, running_mean, running_var, training, momentum, eps)
    if training:
        running_mean = running_mean + momentum * x.mean(axis=0)
        running_var = running_var + momentum * x.var(axis=0, ddof=1)
    return z, running_mean, running_var


@norm.wrong("You keep the deviation")
def keeps_the_deviation(x, running_mean, running_var, training, momentum, eps):
    z, mean, variance = by_numpy(x, running_mean, running_var, training, momentum, eps)
    if training:
        variance = (1 - momentum) * running_var + momentum * x.std(axis=0, ddof=1)
    return z, mean, variance


@norm.wrong("eps stands under the root")
def eps_outside(x, running_mean, running_var, training, momentum, eps):
    z, mean, variance = by_numpy(x, running_mean, running_var, training, momentum, eps)
    return (x - x.mean(axis=0)) / (x.std(axis=0) + eps) if training else z, mean, variance


@norm.wrong()
def z_alone(x, running_mean, running_var, training, momentum, eps):
    return by_numpy(x, running_mean, running_var, training, momentum, eps)[0]


back = answers_to(check.batch_norm_backward)


def z_of(x, eps):
    return (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + eps)


@back.right
def in_one_line(g, x, gamma, eps):
    deviation = np.sqrt(x.var(axis=0) + eps)
    z, h = (x - x.mean(axis=0)) / deviation, g * gamma
    return (h - h.mean(axis=0) - z * (h * z).mean(axis=0)) / deviation, (g * z).sum(axis=0), g.sum(axis=0)


@back.right
def gamma_at_the_end(g, x, gamma, eps):
    (n, _), z = x.shape, z_of(x, eps)
    inner = n * g - g.sum(axis=0) - z * np.einsum("nc,nc->c", g, z)
    return [gamma * inner / (n * np.sqrt(x.var(axis=0) + eps)), np.einsum("nc,nc->c", g, z), np.ones(n) @ g]


@back.right
def step_by_step(g, x, gamma, eps):
    count, h = len(x), g * gamma
    centred = x - x.mean(axis=0)
    variance = (centred**2).mean(axis=0)
    to_variance = (h * centred).sum(axis=0) * -0.5 * (variance + eps) ** -1.5
    to_centred = h / np.sqrt(variance + eps) + to_variance * 2 * centred / count
    return to_centred - to_centred.mean(axis=0), (g * z_of(x, eps)).sum(axis=0), g.sum(axis=0)


@back.right
def by_the_jacobian(g, x, gamma, eps):
    answer = np.zeros_like(x)
    for column in range(x.shape[1]):
        n, deviation = len(x), np.sqrt(x[:, column].var() + eps)
        z = (x[:, column] - x[:, column].mean()) / deviation
        jacobian = gamma[column] * (np.eye(n) - 1 / n - np.outer(z, z) / n) / deviation
        answer[:, column] = jacobian.T @ g[:, column]
    return answer, (g * z_of(x, eps)).sum(axis=0), g.sum(axis=0)


@back.inputs
def _(rng):
    rows, columns = rng.integers(2, 5, size=2)
    g, x = rng.normal(size=(2, rows, columns))
    return {"g": g, "x": 2 * x + 1, "gamma": rng.normal(size=columns), "eps": rng.uniform(0.001, 0.5)}


def but(of_x=None, of_gamma=None, of_beta=None):
    """A wrong answer: one of the three is made otherwise."""

    def answer(g, x, gamma, eps):
        right = in_one_line(g, x, gamma, eps)
        made = [of_x, of_gamma, of_beta]
        return tuple(other(g, x, gamma, eps) if other else value for other, value in zip(made, right, strict=True))

    return answer


def in_x(words):
    """Declare a wrong gradient of x."""
    return lambda wrong: back.wrong(words)(but(of_x=wrong))


@in_x("You treat mean and variance as constants")
def only_divided(g, x, gamma, eps):
    return g * gamma / np.sqrt(x.var(axis=0) + eps)


@in_x("but not through the variance")
def only_centred(g, x, gamma, eps):
    return gamma * (g - g.mean(axis=0)) / np.sqrt(x.var(axis=0) + eps)


@in_x("but not through the mean")
def no_mean(g, x, gamma, eps):
    h, z = g * gamma, z_of(x, eps)
    return (h - z * (h * z).mean(axis=0)) / np.sqrt(x.var(axis=0) + eps)


@in_x("You subtract sums")
def with_sums(g, x, gamma, eps):
    h, z = g * gamma, z_of(x, eps)
    return (h - h.sum(axis=0) - z * (h * z).sum(axis=0)) / np.sqrt(x.var(axis=0) + eps)


@in_x("divide it by the deviation")
def inner_part(g, x, gamma, eps):
    return in_one_line(g, x, gamma, eps)[0] * np.sqrt(x.var(axis=0) + eps)


@in_x("by the variance, or twice by the deviation")
def divided_twice(g, x, gamma, eps):
    return in_one_line(g, x, gamma, eps)[0] / np.sqrt(x.var(axis=0) + eps)


@in_x("The part along z is added")
def plus(g, x, gamma, eps):
    h, z = g * gamma, z_of(x, eps)
    return (h - h.mean(axis=0) + z * (h * z).mean(axis=0)) / np.sqrt(x.var(axis=0) + eps)


@in_x("you multiply by x")
def x_for_z(g, x, gamma, eps):
    h = g * gamma
    return (h - h.mean(axis=0) - x * (h * x).mean(axis=0)) / np.sqrt(x.var(axis=0) + eps)


@in_x("gamma is missing on the way to x")
def no_gamma(g, x, gamma, eps):
    return in_one_line(g, x, 1.0, eps)[0]


@back.wrong("eps is missing")
def no_eps(g, x, gamma, eps):
    return in_one_line(g, x, gamma, 0.0)


@back.wrong("Your variance has the divisor N - 1")
def ddof_one_backward(g, x, gamma, eps):
    deviation = np.sqrt(x.var(axis=0, ddof=1) + eps)
    z, h = (x - x.mean(axis=0)) / deviation, g * gamma
    return (h - h.mean(axis=0) - z * (h * z).mean(axis=0)) / deviation, (g * z).sum(axis=0), g.sum(axis=0)


@back.wrong("gamma multiplies z, not x")
def gamma_with_x(g, x, gamma, eps):
    of_x, _, of_beta = in_one_line(g, x, gamma, eps)
    return of_x, np.einsum("nc,nc->c", g, x), of_beta


@back.wrong("gamma stands in its own gradient")
def gamma_inside(g, x, gamma, eps):
    of_x, of_gamma, of_beta = in_one_line(g, x, gamma, eps)
    return of_x, (g * gamma * z_of(x, eps)).sum(axis=0), of_beta


@back.wrong("gamma comes first")
def beta_before_gamma(g, x, gamma, eps):
    of_x, of_gamma, of_beta = in_one_line(g, x, gamma, eps)
    return of_x, of_beta, of_gamma


@back.wrong("go over axis 1, along a row")
def along_axis_1(g, x, gamma, eps):
    deviation = np.sqrt(x.var(axis=1) + eps)
    z, h = (x - x.mean(axis=1)) / deviation, g * gamma
    of_x = (h - h.mean(axis=1) - z * (h * z).mean(axis=1)) / deviation
    return of_x, (g * z).sum(axis=1), g.sum(axis=1)


@back.wrong("stretched over the batch")
def examples_apart(g, x, gamma, eps):
    return in_one_line(g, x, gamma, eps)[0], g * z_of(x, eps), g


@back.wrong("What was stretched gets the sum")
def means_for_sums(g, x, gamma, eps):
    return in_one_line(g, x, gamma, eps)[0], (g * z_of(x, eps)).mean(axis=0), g.mean(axis=0)


@back.wrong("gamma has shape (2, 2), expected (2,).\nRight so far: x, beta.")
def gamma_alone_not_summed(g, x, gamma, eps):
    of_x, _, of_beta = in_one_line(g, x, gamma, eps)
    return of_x, (g * z_of(x, eps))[:2], of_beta


@back.wrong()
def the_forward_pass(g, x, gamma, eps):
    return z_of(x, eps), gamma, np.zeros_like(gamma)


@back.wrong()
def ones_for_g(g, x, gamma, eps):
    return in_one_line(np.ones_like(g), x, gamma, eps)


@back.wrong()
def of_x_alone(g, x, gamma, eps):
    return in_one_line(g, x, gamma, eps)[0]


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


@mend.right
def with_new_parameters_and_small_biases(model, rng):
    for layer in linears(model):
        n_in, n_out = layer.weight.shape
        layer.weight = nn.Parameter(rng.choice([-1.0, 1.0], size=(n_in, n_out)) * (2 / n_in) ** 0.5)
        layer.bias = nn.Parameter(np.full(n_out, 0.01))


@mend.inputs
def _(rng):
    if rng.random() < 0.1:
        return Case({"sizes": [2, 12, 2]}, call=check.repaired_thrice, accept=check.wrong_seeds)
    sizes, seed = [int(width) for width in rng.integers(2, 60, size=rng.integers(2, 5))], int(rng.integers(1000))
    return Case({"sizes": sizes, "seed": seed}, call=check.repaired, accept=partial(check.wrong_repair, sizes, seed))


@mend.stub
def returns_dots(model, rng):
    return ...


def sized(size, bias=0.0, draw=np.random.Generator.standard_normal):
    """A repair with weights of another size, drawn by `draw` from a generator of its own kind."""

    def repair(model, rng):
        for layer in linears(model):
            layer.weight.data[...] = size(*layer.weight.shape) * draw(rng, size=layer.weight.shape)
            layer.bias.data[...] = bias if np.isscalar(bias) else bias(rng, layer.bias.shape)

    return repair


def he_size(n_in, n_out):
    return np.sqrt(2 / n_in)


mend.wrong("the mean square halves in each layer")(sized(lambda n_in, n_out: n_in**-0.5))
mend.wrong("Each unit adds up its *inputs*")(sized(lambda n_in, n_out: (2 / n_out) ** 0.5))
mend.wrong("That is Xavier's size")(sized(lambda n_in, n_out: (2 / (n_in + n_out)) ** 0.5))
mend.wrong("The loss starts in the hundreds")(sized(lambda n_in, n_out: 1.0))
mend.wrong("That is the variance")(sized(lambda n_in, n_out: 2 / n_in))
mend.wrong("uniform numbers between -a and a have the deviation")(
    sized(he_size, draw=lambda rng, size: rng.uniform(-1, 1, size))
)
mend.wrong("The weights of layer 1 have the size 17.6")(sized(lambda n_in, n_out: 20.0))
mend.wrong("The weights of layer 1 have the size 0.0")(sized(lambda n_in, n_out: 0.03))
mend.wrong("not 0: half of them are negative")(sized(he_size, draw=lambda rng, size: abs(rng.standard_normal(size))))
mend.wrong("The biases of layer 1 go from -0.5 to -0.5")(sized(he_size, bias=-0.5))
mend.wrong("They shift every unit")(sized(he_size, bias=lambda rng, shape: rng.normal(size=shape)))
mend.wrong("all of a column, are equal")(sized(lambda n_in, n_out: 0.0))
mend.wrong("each weight is drawn for itself")(sized(he_size, draw=lambda rng, size: np.ones(size)))
mend.wrong("each weight is drawn for itself")(
    sized(he_size, draw=lambda rng, size: np.tile(rng.normal(size=(size[0], 1)), size[1]))
)
mend.wrong("Two generators give the same weights")(
    sized(he_size, draw=lambda rng, size: np.random.default_rng(0).normal(size=size))
)


@mend.wrong("From the same seed come other weights")
def another_source(model, rng):
    he(model, ANOTHER)


@mend.wrong("The weights are mended")
def only_weights(model, rng):
    for layer in linears(model):
        layer.weight.data[...] = rng.normal(size=layer.weight.shape) * (2 / layer.weight.shape[0]) ** 0.5


@mend.wrong("The weights of layer 1 have the size")
def only_biases(model, rng):
    for layer in linears(model):
        nn.init.zeros_(layer.bias)


@mend.wrong("The weights of layer 2 have the size")
def only_the_first_layer(model, rng):
    first = linears(model)[0]
    first.weight.data[...] = rng.normal(size=first.weight.shape)
    first.bias.data[...] = 0.0


@mend.wrong("has stayed as it was")
def a_new_model(model, rng):
    model = nn.MLP([2, 24, 24, 24, 2], rng=rng)
    return model


@mend.wrong("has stayed as it was")
def a_new_value_for_a_name(model, rng):
    for layer in linears(model):
        weight = layer.weight.data
        weight = rng.normal(size=weight.shape)  # noqa: F841


@mend.wrong()
def plain_arrays(model, rng):
    for layer in linears(model):
        layer.weight = rng.normal(size=layer.weight.shape) * np.sqrt(2 / len(layer.weight))
        layer.bias = np.zeros(layer.bias.shape)


@mend.wrong("has a weight of shape (24, 2)")
def transposed(model, rng):
    for layer in linears(model):
        layer.weight = nn.Parameter(rng.normal(size=layer.weight.shape[::-1]) * np.sqrt(2 / layer.weight.shape[0]))
        layer.bias.data[...] = 0.0
