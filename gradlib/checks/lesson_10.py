"""The checks of lesson 10."""

import numpy as np

from gradlib import Tensor
from gradlib.autograd import topological_order
from gradlib.checks.cases import Case
from gradlib.checks.exercises import exercise
from gradlib.checks.values import is_number, named

TITLE = "Optimizers"


class Weight:
    """A parameter as optimizers need it: its numbers and its gradient."""

    def __init__(self, data, grad=None):
        self.data = np.array(data, dtype=float)
        self.grad = None if grad is None else np.array(grad, dtype=float)


# --- 1 -----------------------------------------------------------------------------------------


@exercise("Momentum", points=2)
def momentum():
    """Return the place after each step of gradient descent with momentum, as a list of arrays.

    The velocity starts at 0. Each step: v ← mu · v + g, then x ← x - lr · v, where g = slope(x). For slope(x) = 1
    everywhere, x = 0, lr = 1, mu = 0.5 and 3 steps the places are -1, -2.5, -4.25.
    """
    bowl = named("[1, 10] · x", lambda x: np.array([1.0, 10.0]) * x)
    cubes = named("x³", lambda x: x**3)
    for slope, x, lr, mu, steps, about in [
        (bowl, [4.0, -1.0], 0.1, 0.9, 4, ""),
        (named("2 · x", lambda x: 2.0 * x), [1.0], 0.1, 0.5, 3, ""),
        (bowl, [2.0, 3.0], 0.05, 0.0, 3, "no momentum, which is plain descent"),
        (cubes, [[1.5, -0.5], [0.0, 1.5], [0.7, 0.2]], 0.2, 0.7, 5, "a place of two axes, with a flat entry"),
        (cubes, [-1.2], 1.0, 1.0, 1, "a single step"),
    ]:
        inputs = {"slope(x)": slope, "x": np.array(x), "lr": lr, "mu": mu, "steps": steps}
        yield Case(inputs, call=list_of_places, expected=rolled(*inputs.values()), about=about)


def list_of_places(momentum, *inputs):
    places = momentum(*inputs)
    if places is None or places is ...:
        return places
    return [places] if isinstance(places, np.ndarray) and places.shape == inputs[1].shape else list(places)


def rolled(slope, x, lr, mu, steps, share=1.0, ahead=False, forget=False, once=False, nesterov=False):
    """A right answer, with switches that make it wrong."""
    x, v, places = np.array(x, dtype=float), 0.0, []
    at_the_start = slope(x)
    for _ in range(steps):
        g = at_the_start if once else slope(x - lr * mu * v if ahead else x)
        v = (0.0 if forget else mu * v) + share * g
        x = x - lr * (g + mu * v if nesterov else v)
        places.append(x)
    return places


@momentum.mistake
def without_velocity(slope, x, lr, mu, steps):
    """The velocity is lost in each step: that is plain gradient descent. Keep v from one step to the next."""
    return rolled(slope, x, lr, mu, steps, forget=True)


@momentum.mistake
def weighted_average(slope, x, lr, mu, steps):
    """You take v ← mu · v + (1 - mu) · g, a moving average. With this convention the steps are shorter by 1 - mu;
    here, as in PyTorch, g counts fully."""
    return rolled(slope, x, lr, mu, steps, share=1 - mu)


@momentum.mistake
def rate_twice(slope, x, lr, mu, steps):
    """The learning rate is in your step twice, once in v and once in x. Here v is made of gradients alone."""
    return rolled(slope, x, lr, mu, steps, share=lr)


@momentum.mistake
def looking_ahead(slope, x, lr, mu, steps):
    """You take the slope ahead of x, at x - lr · mu · v. That is Nesterov's way; plain momentum takes it where x is."""
    return rolled(slope, x, lr, mu, steps, ahead=True)


@momentum.mistake
def nesterovs_step(slope, x, lr, mu, steps):
    """You step along g + mu · v. That is Nesterov's variant; plain momentum steps along v."""
    return rolled(slope, x, lr, mu, steps, nesterov=True)


@momentum.mistake
def slope_taken_once(slope, x, lr, mu, steps):
    """You take the slope once, at the start. x moves, and the slope with it: take it again in each step."""
    return rolled(slope, x, lr, mu, steps, once=True)


@momentum.mistake
def one_step_late(slope, x, lr, mu, steps):
    """The first place is the start. Either you list the place before the step, or x moves before v has taken in the
    slope."""
    return [x, *rolled(slope, x, lr, mu, steps)][:-1]


@momentum.mistake
def start_listed(slope, x, lr, mu, steps):
    """The places are right, but the start is among them. The first in the list is the place after one step."""
    return [x, *rolled(slope, x, lr, mu, steps)]


@momentum.mistake
def the_end_alone(slope, x, lr, mu, steps):
    """That is the last place alone. Note every place on the way."""
    return rolled(slope, x, lr, mu, steps)[-1:]


@momentum.mistake
def the_first_alone(slope, x, lr, mu, steps):
    """Your list ends after the first step. Does the function return before the loop has gone round?"""
    return rolled(slope, x, lr, mu, steps)[:1]


@momentum.mistake
def one_array_many_times(slope, x, lr, mu, steps):
    """All places in your list are the last one: it is one array, listed several times, and each step overwrites it.
    Every place needs an array of its own."""
    return rolled(slope, x, lr, mu, steps)[-1:] * steps


@momentum.mistake
def uphill(slope, x, lr, mu, steps):
    """You go up: the step is x - lr · v, against the slope."""
    return rolled(slope, x, -lr, mu, steps)


# --- 2 -----------------------------------------------------------------------------------------


@exercise("Adam's first steps", points=3)
def adam():
    """Return x after one step of Adam, and the new m and v, as a tuple of new arrays.

    m ← b1 · m + (1 - b1) g, v ← b2 · v + (1 - b2) g², then m̂ = m/(1 - b1^t), v̂ = v/(1 - b2^t), and x ← x - lr ·
    m̂/(√v̂ + eps). t counts from 1. At t = 1, with m = v = 0, the step is lr · sign(g), whatever the size of g.
    """
    rng = np.random.default_rng(2)
    for t, size, settings, about in [
        (1, 1.0, {"lr": 0.1, "b1": 0.9, "b2": 0.99, "eps": 1e-8}, "the first step"),
        (1, 1e-3, {"lr": 0.1, "b1": 0.9, "b2": 0.99, "eps": 1e-8}, "the first step, a small gradient"),
        (2, 1.0, {"lr": 0.1, "b1": 0.8, "b2": 0.95, "eps": 1e-8}, ""),
        (10, 5.0, {"lr": 0.02, "b1": 0.9, "b2": 0.999, "eps": 1e-8}, ""),
        (3, 1.0, {"lr": 0.5, "b1": 0.7, "b2": 0.9, "eps": 0.3}, "a large eps"),
        (1, 1.0, {"lr": 0.2, "b1": 0.95, "b2": 0.9, "eps": 1e-6}, "an entry whose gradient is 0"),
    ]:
        x, g = rng.normal(size=3), rng.normal(size=3) * size
        m, v = (np.zeros(3), np.zeros(3)) if t == 1 else (rng.normal(size=3), rng.uniform(0.1, 1.0, size=3))
        if "is 0" in about:
            g[1] = 0.0
        inputs = {"x": x, "g": g, "m": m, "v": v, "t": t, **settings}
        yield Case(inputs, expected=adam_step(**inputs), names=("x", "m", "v"), about=about)


def adam_step(x, g, m, v, t, lr, b1, b2, eps, squares=None, keep=(True, True), missing=None, root=np.sqrt):
    """A right answer, with switches that make it wrong. missing : the divisors of m and v."""
    m = b1 * m + (1 - b1) * g if keep[0] else b1 * g + (1 - b1) * m
    v = b2 * v + (1 - b2) * (g**2 if squares is None else squares(g, m)) if keep[1] else b2 * g**2 + (1 - b2) * v
    of_m, of_v = missing or (1 - b1**t, 1 - b2**t)
    return x - lr * (m / of_m) / (root(v / of_v) + eps), m, v


@adam.mistake
def uncorrected(x, g, m, v, t, lr, b1, b2, eps):
    """Without the bias correction: m and v start at 0 and are too small at first, v more so than m. At t = 1 the step
    is not lr, but (1 - b1)/√(1 - b2) times it."""
    return adam_step(x, g, m, v, t, lr, b1, b2, eps, missing=(1.0, 1.0))


@adam.mistake
def counted_from_zero(x, g, m, v, t, lr, b1, b2, eps):
    """The exponent is t itself, which is 1 at the first step. Yours is one more."""
    return adam_step(x, g, m, v, t, lr, b1, b2, eps, missing=(1 - b1 ** (t + 1), 1 - b2 ** (t + 1)))


@adam.mistake
def as_if_always_first(x, g, m, v, t, lr, b1, b2, eps):
    """You divide by 1 - b1 and 1 - b2 in every step. That is right at t = 1 only: what is missing is b1 to the power of
    t, and fades."""
    return adam_step(x, g, m, v, t, lr, b1, b2, eps, missing=(1 - b1, 1 - b2))


@adam.mistake
def product_for_power(x, g, m, v, t, lr, b1, b2, eps):
    """You subtract b1 · t and b2 · t from 1. In the formula t is an exponent: b1 is multiplied by itself, t times."""
    return adam_step(x, g, m, v, t, lr, b1, b2, eps, missing=(1 - b1 * t, 1 - b2 * t))


@adam.mistake
def multiplied(x, g, m, v, t, lr, b1, b2, eps):
    """You multiply by 1 - b1^t and 1 - b2^t. The averages are too small at first, and this makes them smaller still."""
    return adam_step(x, g, m, v, t, lr, b1, b2, eps, missing=(1 / (1 - b1**t), 1 / (1 - b2**t)))


@adam.mistake
def only_m_corrected(x, g, m, v, t, lr, b1, b2, eps):
    """You correct m and not v. Both start at 0; left as it is, v is far too small at first, and the step too long."""
    return adam_step(x, g, m, v, t, lr, b1, b2, eps, missing=(1 - b1**t, 1.0))


@adam.mistake
def corrections_kept(x, g, m, v, t, lr, b1, b2, eps):
    """x is right. You return the corrected averages as m and v, and the next step would correct them again: they are
    for x only."""
    place, m, v = adam_step(x, g, m, v, t, lr, b1, b2, eps)
    return place, m / (1 - b1**t), v / (1 - b2**t)


@adam.mistake
def betas_exchanged(x, g, m, v, t, lr, b1, b2, eps):
    """b1 and b2 have changed places: b1 belongs to m, b2 to v."""
    return adam_step(x, g, m, v, t, lr, b2, b1, eps)


@adam.mistake
def step_by_the_old_averages(x, g, m, v, t, lr, b1, b2, eps):
    """x moves by the m and v that came in. First the averages take in the new gradient, then x moves by them."""
    _, *new = adam_step(x, g, m, v, t, lr, b1, b2, eps)
    return x - lr * (m / (1 - b1**t)) / (np.sqrt(v / (1 - b2**t)) + eps), *new


@adam.mistake
def step_by_the_old_m(x, g, m, v, t, lr, b1, b2, eps):
    """x moves by the m that came in. First m takes in the new gradient, then x moves by it."""
    _, new_m, new_v = adam_step(x, g, m, v, t, lr, b1, b2, eps)
    return x - lr * (m / (1 - b1**t)) / (np.sqrt(new_v / (1 - b2**t)) + eps), new_m, new_v


@adam.mistake
def step_along_the_gradient(x, g, m, v, t, lr, b1, b2, eps):
    """x moves along g itself. It moves along m̂, the average of the gradients so far."""
    _, new_m, new_v = adam_step(x, g, m, v, t, lr, b1, b2, eps)
    return x - lr * g / (np.sqrt(new_v / (1 - b2**t)) + eps), new_m, new_v


@adam.mistake
def without_eps(x, g, m, v, t, lr, b1, b2, eps):
    """eps is missing. It seldom matters; where a gradient has been 0 from the start, it is what keeps 0/0 away."""
    return adam_step(x, g, m, v, t, lr, b1, b2, 0.0)


@adam.mistake
def shares_swapped(x, g, m, v, t, lr, b1, b2, eps):
    """The shares are swapped: b1 and b2, near to 1, are what stays of the old average; the new gradient gets the
    rest."""
    return adam_step(x, g, m, v, t, lr, b1, b2, eps, keep=(False, False))


@adam.mistake
def no_root(x, g, m, v, t, lr, b1, b2, eps):
    """You divide by v̂ instead of its root. v is made of squares: its root has the size of a gradient, and the step
    that of lr."""
    return adam_step(x, g, m, v, t, lr, b1, b2, eps, root=lambda v: v)


@adam.mistake
def eps_under_the_root(x, g, m, v, t, lr, b1, b2, eps):
    """You add eps under the root, where it is as large as √eps, 10,000 times more. It is added to the root: a small
    gradient shows the difference."""
    return adam_step(x, g, m, v, t, lr, b1, b2, eps, root=lambda v: np.sqrt(v + eps) - eps)


@adam.mistake
def absolute_values(x, g, m, v, t, lr, b1, b2, eps):
    """You average |g|. v is the average of g²."""
    return adam_step(x, g, m, v, t, lr, b1, b2, eps, squares=lambda g, m: np.abs(g))


@adam.mistake
def squares_of_the_average(x, g, m, v, t, lr, b1, b2, eps):
    """v averages the squares of your new m. It averages those of the gradient itself."""
    return adam_step(x, g, m, v, t, lr, b1, b2, eps, squares=lambda g, m: m**2)


@adam.mistake
def one_size_for_all(x, g, m, v, t, lr, b1, b2, eps):
    """v gets the sum of all squares, the same number for every entry. Each entry has its own: g² is taken entry by
    entry."""
    return adam_step(x, g, m, v, t, lr, b1, b2, eps, squares=lambda g, m: (g**2).sum())


@adam.mistake
def adam_uphill(x, g, m, v, t, lr, b1, b2, eps):
    """You go up: the step is *minus* lr times the corrected average over the root."""
    return adam_step(x, g, m, v, t, -lr, b1, b2, eps)


# --- 3 -----------------------------------------------------------------------------------------


@exercise("AdamW is not L2", points=3)
def l2_and_adamw():
    """Return x after Adam's first step with weight decay, in two ways: as L2, and as AdamW.

    L2 adds decay · x to the gradient. AdamW shrinks x itself, x ← (1 - lr · decay) x, and then takes Adam's step for g.
    Adam's first step is lr · sign of the gradient, and 0 for a gradient of 0. For x = 2, g = 1, lr = 0.1, decay = 0.5:
    1.9 and 1.8.
    """
    for x, g, lr, decay, about in [
        ([2.0, -1.5, 3.0], [1.0, 0.2, -4.0], 0.1, 0.5, ""),
        ([1.0, -2.0], [-0.3, 1.0], 0.01, 0.1, ""),
        ([1.5, -0.5, 4.0], [2.0, 0.3, -1.0], 0.3, 0.0, "no decay"),
        ([3.0, -2.0], [0.0, 1.5], 0.1, 0.2, "a weight whose gradient is 0"),
        ([2.0, -2.0, 1.0, -1.0], [-0.7, 0.7, -0.8, 0.8], 0.2, 0.5, "a decay that turns some signs and not others"),
        ([0.6, -0.8, 1.6], [-0.1, 0.3, -0.9], 0.2, 0.5, "small weights"),
        ([2.0, -4.0, 0.0], [-1.0, 2.0, 0.3], 0.05, 0.5, "a decay that takes a gradient away exactly, a weight of 0"),
    ]:
        inputs = {"x": np.array(x), "g": np.array(g), "lr": lr, "decay": decay}
        expected = decayed(*inputs.values(), decay, decay)
        yield Case(inputs, expected, names=("L2", "AdamW"), about=about, rtol=1e-6, atol=1e-6)


def decayed(x, g, lr, decay, in_gradient, of_weight, direction=np.sign):
    """x after Adam's first step: with a decay in the gradient, and with one of the weight itself."""
    return x - lr * direction(g + in_gradient * x), (1 - lr * of_weight) * x - lr * direction(g)


@l2_and_adamw.mistake
def both_shrink(x, g, lr, decay):
    """Both of your answers are AdamW's. With L2 the decay is part of the gradient: it goes in before the sign is
    taken, and then counts only where it turns the sign."""
    return (decayed(x, g, lr, decay, decay, decay)[1],) * 2


@l2_and_adamw.mistake
def both_in_the_gradient(x, g, lr, decay):
    """Both of your answers are L2's. AdamW leaves the gradient as it is, and shrinks x by a share of itself."""
    return (decayed(x, g, lr, decay, decay, decay)[0],) * 2


@l2_and_adamw.mistake
def other_way_round(x, g, lr, decay):
    """Both are right, in the wrong order: L2 first, then AdamW."""
    return decayed(x, g, lr, decay, decay, decay)[::-1]


@l2_and_adamw.mistake
def no_sign(x, g, lr, decay):
    """You step along the gradient, as SGD does. Adam's first step is lr long for every entry: only the sign of the
    gradient is left."""
    return decayed(x, g, lr, decay, decay, decay, direction=lambda g: g)


@l2_and_adamw.mistake
def rate_forgotten(x, g, lr, decay):
    """In AdamW the decay is not multiplied by the learning rate: with lr = 0.01 the weights would shrink a hundred
    times too fast."""
    return decayed(x, g, lr, decay, decay, decay / lr)


@l2_and_adamw.mistake
def rate_in_the_gradient(x, g, lr, decay):
    """L2 adds decay · x to the gradient, without the learning rate: that comes in with the step."""
    return decayed(x, g, lr, decay, lr * decay, decay)


@l2_and_adamw.mistake
def twice_the_decay(x, g, lr, decay):
    """Your L2 adds 2 · decay · x, the slope of decay · x². Here the decay is what stands before x in the gradient."""
    return decayed(x, g, lr, decay, 2 * decay, decay)


@l2_and_adamw.mistake
def decay_subtracted(x, g, lr, decay):
    """Your L2 subtracts decay · x from the gradient. It is added, since the step goes against the gradient: so a large
    weight moves towards 0."""
    return decayed(x, g, lr, decay, -decay, decay)


@l2_and_adamw.mistake
def l2_without_decay(x, g, lr, decay):
    """Your L2 has no decay in it. It seldom shows, and that is what is wrong with L2 in Adam; but where decay · x is
    larger than g, it turns the step around."""
    return decayed(x, g, lr, decay, 0.0, decay)


@l2_and_adamw.mistake
def adamw_without_decay(x, g, lr, decay):
    """Your AdamW has no decay in it: that is plain Adam."""
    return decayed(x, g, lr, decay, decay, 0.0)


@l2_and_adamw.mistake
def growing_adamw(x, g, lr, decay):
    """The weights of your AdamW grow: the factor is 1 - lr · decay."""
    return decayed(x, g, lr, decay, decay, -decay)


@l2_and_adamw.mistake
def same_amount_for_all(x, g, lr, decay):
    """Your AdamW shrinks every weight by the same amount. Decay shrinks it by a share of itself."""
    return decayed(x, g, lr, decay, decay, 0.0)[0], x - lr * decay * np.sign(x) - lr * np.sign(g)


@l2_and_adamw.mistake
def step_shrunk_too(x, g, lr, decay):
    """Your AdamW shrinks the step, too. The weight shrinks first, then Adam's step is taken."""
    return decayed(x, g, lr, decay, decay, decay)[0], (x - lr * np.sign(g)) * (1 - lr * decay)


# --- 4 -----------------------------------------------------------------------------------------


@exercise("Clipping keeps the direction", points=3)
def clip():
    """Return the norm of all gradients together, and shrink each `grad` by the same factor if it is above max_norm.

    The norm is √(Σ g²) over all entries of all parameters. A parameter whose grad is None is skipped. For gradients [3]
    and [4], max_norm 1, it returns 5 and leaves [0.6] and [0.8].
    """
    for gradients, max_norm, about in [
        (([3.0], [4.0]), 1.0, ""),
        (([1.0, -2.0], [2.0]), 1.5, ""),
        (([-6.0, 2.0], [3.0], [-0.5, 0.0]), 0.7, ""),
        (([0.9], [-1.4]), 1.6, ""),
        (([0.3], [0.4]), 1.0, "already short enough"),
        (([-1.2],), 1.4, "already short enough"),
        (([3.0], None, [4.0]), 2.0, "a parameter without a gradient"),
        (([0.0, 0.0],), 1.0, "zero"),
        ((None, [-0.2], None), 0.1, "a parameter without a gradient"),
        (([3.0], [-4.0]), 5.0, "a norm that is max_norm exactly"),
        (([[3.0, 0.0], [0.0, 4.0]], [12.0]), 6.5, "a matrix and a vector"),
    ]:
        yield Case(
            {"gradients": list(gradients), "max_norm": max_norm},
            call=clipped,
            expected=shortened(gradients, max_norm),
            names=("norm", "gradients"),
            rtol=1e-4,
            atol=1e-6,
            about=about,
        )


def clipped(clip, gradients, max_norm):
    """The returned norm, and the gradients afterwards."""
    weights = [Weight(np.zeros(np.shape(g if g is not None else 0)), g) for g in gradients]
    norm = clip(weights, max_norm)
    if norm is None or norm is ...:
        return norm
    gradients = [None if weight.grad is None else np.asarray(weight.grad).tolist() for weight in weights]
    return float(norm) if is_number(norm) else norm, gradients


def shortened(gradients, max_norm):
    known = [np.array(g) for g in gradients if g is not None]
    norm = float(np.sqrt(sum((g**2).sum() for g in known)))
    factor = min(1.0, max_norm / norm) if norm else 1.0
    return norm, [None if g is None else (np.array(g) * factor).tolist() for g in gradients]


def total(weights):
    return float(np.sqrt(sum((w.grad**2).sum() for w in weights if w.grad is not None)))


def scale(weights, factor_of):
    """Multiply each gradient by factor_of(its parameter)."""
    for weight in weights:
        if weight.grad is not None:
            weight.grad = weight.grad * factor_of(weight)


def clip_by(weights, max_norm, norm):
    scale(weights, lambda _: max_norm / max(norm, max_norm))
    return norm


@clip.mistake
def each_by_itself(weights, max_norm):
    """Each gradient is clipped by itself: the long ones are cut, the short ones are not, and the direction of the
    whole step changes. One factor for all."""
    norm = total(weights)
    scale(weights, lambda weight: max_norm / max(float(np.linalg.norm(weight.grad)), max_norm))
    return norm


@clip.mistake
def entry_by_entry(weights, max_norm):
    """You cut every entry to ±max_norm. That changes the direction: large entries shrink, small ones stay. Multiply
    all by one factor."""
    norm = total(weights)
    for weight in weights:
        if weight.grad is not None:
            weight.grad = np.clip(weight.grad, -max_norm, max_norm)
    return norm


@clip.mistake
def always_scaled(weights, max_norm):
    """Gradients that are short enough are made longer: you scale to max_norm in every case. Only what is above is
    cut."""
    norm = total(weights)
    scale(weights, lambda _: max_norm / norm if norm else 1.0)
    return norm


@clip.mistake
def always_scaled_and_zero_too(weights, max_norm):
    """You scale to max_norm in every case: gradients that are short enough are made longer, and where all are 0 you
    divide by 0. Only what is above is cut."""
    norm = total(weights)
    scale(weights, lambda _: np.float64(max_norm) / norm)
    return norm


@clip.mistake
def to_length_one(weights, max_norm):
    """You divide by the norm, which leaves a length of 1. The length that is wanted is max_norm."""
    norm = total(weights)
    scale(weights, lambda _: 1 / norm if norm > max_norm else 1.0)
    return norm


@clip.mistake
def upside_down(weights, max_norm):
    """The gradients become longer: the fraction is upside down."""
    norm = total(weights)
    scale(weights, lambda _: max(norm, max_norm) / max_norm)
    return norm


@clip.mistake
def left_as_long(weights, max_norm):
    """The norm is right, and the gradients are as long as before. Another value for a name in your loop changes nothing
    in the parameter: set its `grad`."""
    return total(weights)


@clip.mistake
def not_the_root(weights, max_norm):
    """The root is missing: the norm is the root of the sum of squares."""
    return clip_by(weights, max_norm, total(weights) ** 2)


@clip.mistake
def sum_of_sizes(weights, max_norm):
    """You add up the sizes of the entries. The norm is the root of the sum of their *squares*."""
    return clip_by(weights, max_norm, float(sum(np.abs(w.grad).sum() for w in weights if w.grad is not None)))


@clip.mistake
def largest_entry(weights, max_norm):
    """You take the largest entry for the norm. The norm is the root of the sum of all squares."""
    return clip_by(weights, max_norm, float(max(np.abs(w.grad).max() for w in weights if w.grad is not None)))


@clip.mistake
def norms_added(weights, max_norm):
    """You add up the norms of the parameters. The norm of all together is the root of the sum of all squares."""
    return clip_by(weights, max_norm, float(sum(np.linalg.norm(w.grad) for w in weights if w.grad is not None)))


@clip.mistake
def norm_afterwards(weights, max_norm):
    """The gradients are right. Return the norm *before* the clipping: it tells how often and how much is cut."""
    clip_by(weights, max_norm, total(weights))
    return total(weights)


# --- 5 -----------------------------------------------------------------------------------------


@exercise("A step that is not recorded", points=2)
def step():
    """Return params, all of them, after each has moved by -lr times its gradient: the same tensors, with no graph.

    params are gradlib's leaves with requires_grad=True. After the step they are leaves still, so that the graph does
    not grow from step to step. A parameter whose grad is None stays where it is.
    """
    pair, gradients = [np.array([1.0, -2.0]), np.array([3.0])], [np.array([2.0, -4.0]), np.array([6.0])]
    three, some = [*pair, np.array([[0.5, 0.0]])], [gradients[0], None, np.array([[-1.0, 0.5]])]
    for params, grads, lr, about in [
        (pair, gradients, 0.1, ""),
        (pair, [None, gradients[1]], 0.1, "a parameter without a gradient"),
        (three, some, 0.5, "a parameter without a gradient"),
    ]:
        moved = [p if g is None else p - lr * g for p, g in zip(params, grads, strict=True)]
        yield Case({"params": params, "grads": grads, "lr": lr}, call=places_after, expected=moved, about=about)
    for call, expected, about in [
        (place_after_steps, 0.8**3 * pair[0], "three steps down the sum of squares"),
        (nodes_after, 1, "how many nodes a parameter's graph has after three steps"),
    ]:
        yield Case({"params": pair[:1], "steps": 3, "lr": 0.1}, call=call, expected=expected, about=about)
    yield Case(
        {"params": three, "grads": some, "lr": 0.1},
        call=tensors_returned,
        expected=["params[0]", "params[1]", "params[2]"],
        about="which tensors are returned",
    )


def nothing(answer):
    return answer is None or answer is ...


def with_gradients(params, grads):
    tensors = [Tensor(p, requires_grad=True) for p in params]
    for tensor, gradient in zip(tensors, grads, strict=True):
        tensor.grad = gradient
    return tensors


def places_after(step, params, grads, lr):
    """The places of the tensors that a model would hold."""
    tensors = with_gradients(params, grads)
    answer = step(list(tensors), lr)
    return answer if nothing(answer) else [tensor.data for tensor in tensors]


def tensors_returned(step, params, grads, lr):
    tensors = with_gradients(params, grads)
    answer = step(list(tensors), lr)
    if nothing(answer):
        return answer
    names = {id(tensor): f"params[{i}]" for i, tensor in enumerate(tensors)}
    return [names.get(id(tensor), "another tensor") for tensor in answer]


def stepped(step, params, steps, lr):
    """The last answer of step, and the tensor that a model would hold."""
    x = Tensor(params[0], requires_grad=True)
    answer = [x]
    for _ in range(steps):
        answer[0].grad = None
        if not answer[0].requires_grad:  # a new tensor, made without a graph
            break
        (answer[0] * answer[0]).sum().backward()
        if answer[0].grad is None:  # in the list, but not a leaf
            break
        answer = step(list(answer), lr)
        if nothing(answer):
            break
    return answer, x


def place_after_steps(step, params, steps, lr):
    answer, x = stepped(step, params, steps, lr)
    return answer if nothing(answer) else x.data


def nodes_after(step, params, steps, lr):
    answer, _ = stepped(step, params, steps, lr)
    return answer if nothing(answer) else len(topological_order(answer[0]))


def move(params, lr):
    for p in params:
        if p.grad is not None:
            p.data -= lr * p.grad
    return params


@step.mistake
def another_tensor(params, lr):
    """Nothing has moved: `p = p - lr * p.grad` makes another tensor and gives it the name p. The model still holds the
    old one. Write into p.data."""
    return params


@step.mistake
def put_into_the_list(params, lr):
    """You put new tensors into the list. The model holds the old ones, which have not moved, and each new one has the
    whole history behind it."""
    return [p if p.grad is None else p - lr * p.grad for p in params]


@step.mistake
def new_leaves(params, lr):
    """You put new tensors into the list. The model holds the old ones, and these have not moved. Write into p.data."""
    return [p if p.grad is None else Tensor(p.data - lr * p.grad, requires_grad=True) for p in params]


@step.mistake
def only_those_that_moved(params, lr):
    """The parameters have moved as they should. You return only those with a gradient; all of them were asked for."""
    return [p for p in move(params, lr) if p.grad is not None]


@step.mistake
def the_first_moves(params, lr):
    """Only the first parameter moves. Does the function return before the loop has gone round?"""
    move(params[:1], lr)
    return params


@step.mistake
def stopped_at_none(params, lr):
    """Your loop ends at the first parameter without a gradient. Those after it must move, too."""
    known = [p.grad is not None for p in params]
    move(params[: known.index(False)] if False in known else params, lr)
    return params


@step.mistake
def step_upward(params, lr):
    """The parameters go up the slope. The step is *minus* lr times the gradient."""
    return move(params, -lr)


@step.mistake
def rate_left_out(params, lr):
    """The learning rate is left out."""
    return move(params, 1.0)
