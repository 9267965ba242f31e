"""The checks of lesson 10."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from gradlib import Tensor
from gradlib.checks.cases import Case
from gradlib.checks.exercises import exercise
from gradlib.checks.values import named

TITLE = "Optimizers"


# --- 1 -----------------------------------------------------------------------------------------


@exercise("The longest stable step", points=3)
def longest_step():
    """Return the longest stable learning rate of plain descent in a bowl, to within 1 %.

    slope(x) is the gradient at x, an array of n numbers. The bowl's lowest place is 0, and its directions of different
    curvature need not lie along the axes. For slope(x) = 10 x the answer is 0.2.
    """
    for rows, about in [
        ([[10.0]], ""),
        ([[1.0, 0.0], [0.0, 15.0]], ""),
        ([[8.0, -7.0], [-7.0, 8.0]], ""),
        ([[8.0, 7.0], [7.0, 8.0]], ""),
        ([[2.0, 0.0, 1.0], [0.0, 5.0, 0.0], [1.0, 0.0, 2.0]], ""),
        ([[4.0, 1.0, 0.0], [1.0, 3.0, 1.0], [0.0, 1.0, 1.0]], ""),
        ([[3.0, 1.0, 1.0], [1.0, 3.0, -1.0], [1.0, -1.0, 3.0]], ""),
        ([[0.02, 0.0], [0.0, 0.1]], "a bowl that is flat everywhere"),
        ([[0.1, 0.0], [0.0, 4.0]], "a direction that is nearly flat"),
        ([[6.0, 0.0, 0.0], [0.0, 6.0, 0.0], [0.0, 0.0, 1.0]], "two directions of the same curvature"),
        ((np.eye(6) + np.outer([1, -1, 2, 0, 1, -2], [1, -1, 2, 0, 1, -2])).tolist(), "one steep direction among six"),
    ]:
        matrix = np.array(rows)
        inputs = {"slope": bowl(matrix), "n": len(matrix), "seed": 0}
        yield Case(inputs, 2 / curvatures(matrix).max(), call=with_generator, about=about, rtol=1e-2)


def bowl(matrix):
    def slope(x):
        """matrix @ x, whose sums do not depend on the machine's rounding: equal entries of x stay equal."""
        return (matrix * np.asarray(x, dtype=float).T[..., None, :]).sum(axis=-1).T

    return named(f"A · x with A = {matrix.tolist()}", slope)


def with_generator(longest_step, slope, n, seed):
    return longest_step(slope, n, np.random.default_rng(seed))


def curvatures(matrix):
    return np.linalg.eigvalsh(matrix)


def matrix_of(slope, n):
    return np.stack([slope(row) for row in np.eye(n)], axis=1)


@longest_step.mistake
def one_over_the_curvature(slope, n, rng):
    """You return 1/c, with which the steepest direction arrives in one step. The longest stable step is twice as
    long."""
    return 1 / curvatures(matrix_of(slope, n)).max()


@longest_step.mistake
def the_curvature_itself(slope, n, rng):
    """That is the largest curvature c. The longest stable learning rate is 2/c."""
    return curvatures(matrix_of(slope, n)).max()


@longest_step.mistake
def the_flattest(slope, n, rng):
    """You take the flattest direction. The steepest one diverges first, and it sets the limit for all."""
    with np.errstate(divide="ignore"):
        return 2 / curvatures(matrix_of(slope, n)).min()


@longest_step.mistake
def the_best_rate(slope, n, rng):
    """That is 2/(a + b), the rate that brings both errors down fastest. The longest stable one is 2/b."""
    found = curvatures(matrix_of(slope, n))
    return 2 / (found.min() + found.max())


@longest_step.mistake
def along_the_axes(slope, n, rng):
    """You look at the axes only, or at single entries. The steepest direction may lie between the axes: for
    A = [[8, -7], [-7, 8]] it is (1, -1), with curvature 15."""
    return 2 / np.diag(matrix_of(slope, n)).max()


@longest_step.mistake
def slopes_at_the_axes(slope, n, rng):
    """You take the longest slope at a place on an axis. Such a slope points elsewhere: where it points is a better
    place to ask next."""
    return 2 / np.linalg.norm(matrix_of(slope, n), axis=0).max()


@longest_step.mistake
def along_the_diagonal(slope, n, rng):
    """You ask in the direction (1, 1, …) alone. The steepest direction may be any other."""
    return 2 * np.sqrt(n) / np.linalg.norm(slope(np.ones(n)))


@longest_step.mistake
def curvatures_added(slope, n, rng):
    """You add up the curvatures. Each direction lives for itself, and the steepest sets the limit."""
    return 2 / np.trace(matrix_of(slope, n))


@longest_step.mistake
def curvatures_averaged(slope, n, rng):
    """You take the mean of the curvatures. The steepest direction alone sets the limit."""
    return 2 * n / np.trace(matrix_of(slope, n))


@longest_step.mistake
def length_of_all_entries(slope, n, rng):
    """You take the root of the sum of squares over all entries, in which the curvatures of all directions are mixed.
    The steepest alone sets the limit."""
    return 2 / np.linalg.norm(matrix_of(slope, n))


def steepest_seen_from(start, slope, n):
    """The largest curvature of the directions that have a share in start."""
    found, directions = np.linalg.eigh(matrix_of(slope, n))
    return max(curvature for curvature in found if np.linalg.norm(directions[:, found == curvature].T @ start) > 1e-9)


@longest_step.mistake
def rounds_from_ones(slope, n, rng):
    """You start at (1, 1, …). For A = [[8, -7], [-7, 8]] this is the flat direction, and x never leaves it. Start
    at a random place."""
    return 2 / steepest_seen_from(np.ones(n), slope, n)


@longest_step.mistake
def rounds_from_the_first_axis(slope, n, rng):
    """You start at (1, 0, …). For A = [[1, 0], [0, 15]] this is the flat direction, and x never leaves it. Start at
    a random place."""
    return 2 / steepest_seen_from(np.eye(n)[0], slope, n)


# --- 2 -----------------------------------------------------------------------------------------


@exercise("Looking ahead", points=2)
def look_ahead():
    """Return the place after each step of Nesterov's descent, as a list of arrays, each an array of its own.

    v starts at 0. Each step takes the slope where the velocity would carry x, g = slope(x - lr · mu · v), then
    v ← mu · v + g and x ← x - lr · v. For slope(x) = x, x = 8, lr = 0.5, mu = 0.5 and 3 steps: 4, 1, -0.25.
    """
    hills = named("[1, 10] · x", lambda x: np.array([1.0, 10.0]) * x)
    cubes = named("x³", lambda x: x**3)
    for slope, x, lr, mu, steps, about in [
        (named("x", lambda x: 1.0 * x), [8.0], 0.5, 0.5, 3, ""),
        (hills, [4.0, -1.0], 0.1, 0.9, 4, ""),
        (named("2 · x", lambda x: 2.0 * x), [1.0], 0.1, 0.5, 3, ""),
        (hills, [2.0, 3.0], 0.05, 0.0, 3, "no momentum, which is plain descent"),
        (cubes, [[1.5, -0.5], [0.0, 1.5], [0.7, 0.2]], 0.2, 0.7, 5, "a place of two axes, with a flat entry"),
        (cubes, [-1.2], 1.0, 1.0, 1, "a single step"),
    ]:
        inputs = {"slope": slope, "x": np.array(x), "lr": lr, "mu": mu, "steps": steps}
        yield Case(inputs, call=list_of_places, expected=rolled(*inputs.values()), about=about)


def list_of_places(look_ahead, *inputs):
    places = look_ahead(*inputs)
    if places is None or places is ...:
        return places
    return [places] if isinstance(places, np.ndarray) and places.shape == inputs[1].shape else list(places)


def rolled(slope, x, lr, mu, steps, ahead=1.0, share=1.0, keep=1.0, once=False, start=0.0, rate=None):
    """A right answer, with switches that make it wrong.

    ahead : how far it looks, in units of lr · mu · v. start : how far ahead of x a step begins.
    """
    x, v, places = np.array(x, dtype=float), 0.0, []
    first = slope(x)
    for _ in range(steps):
        carried = (lr if rate is None else rate) * mu * v
        g = first if once else slope(x - ahead * carried)
        v = keep * mu * v + share * g
        x = x - start * carried - lr * v
        places.append(x)
    return places


@look_ahead.mistake
def plain_momentum(slope, x, lr, mu, steps):
    """You take the slope where x is. That is plain momentum; Nesterov takes it at x - lr · mu · v."""
    return rolled(slope, x, lr, mu, steps, ahead=0.0)


@look_ahead.mistake
def places_looked_at(slope, x, lr, mu, steps):
    """These are the places that it looks at, one step of the velocity ahead. The places of x itself were asked for."""
    x, v, places = np.array(x, dtype=float), 0.0, []
    for _ in range(steps):
        g = slope(x)
        v = mu * v + g
        x = x - lr * (g + mu * v)
        places.append(x)
    return places


@look_ahead.mistake
def rate_left_out_ahead(slope, x, lr, mu, steps):
    """You look ahead by mu · v. The velocity carries x by lr times that."""
    return rolled(slope, x, lr, mu, steps, rate=1.0)


@look_ahead.mistake
def behind(slope, x, lr, mu, steps):
    """You look back, at x + lr · mu · v. The velocity is subtracted from x, so what is ahead lies at
    x - lr · mu · v."""
    return rolled(slope, x, lr, mu, steps, ahead=-1.0)


@look_ahead.mistake
def whole_velocity_ahead(slope, x, lr, mu, steps):
    """You look ahead by lr · v. Of the velocity only mu · v is kept, so x is carried by lr · mu · v."""
    v, places, x = 0.0, [], np.array(x, dtype=float)
    for _ in range(steps):
        v = mu * v + slope(x - lr * v)
        x = x - lr * v
        places.append(x)
    return places


@look_ahead.mistake
def step_from_ahead(slope, x, lr, mu, steps):
    """You begin the step at the place that you looked at. Only the slope is taken there: the step begins at x, and v
    has the velocity in it already."""
    return rolled(slope, x, lr, mu, steps, start=1.0)


@look_ahead.mistake
def without_velocity(slope, x, lr, mu, steps):
    """You do not keep the velocity from one step to the next: v ← mu · v + g."""
    return rolled(slope, x, lr, mu, steps, keep=0.0)


@look_ahead.mistake
def velocity_from_zero(slope, x, lr, mu, steps):
    """That is plain descent: nothing of the velocity is left from one step to the next. Does v = 0 stand before the
    loop?"""
    return rolled(slope, x, lr, 0.0, steps)


@look_ahead.mistake
def x_before_v(slope, x, lr, mu, steps):
    """You move x before v has taken in the slope. First v, then x."""
    x, v, places = np.array(x, dtype=float), 0.0, []
    for _ in range(steps):
        g = slope(x - lr * mu * v)
        x = x - lr * v
        v = mu * v + g
        places.append(x)
    return places


@look_ahead.mistake
def where_the_slope_is_taken(slope, x, lr, mu, steps):
    """These are the places where you take the slope. The places of x after each step were asked for."""
    x, v, places = np.array(x, dtype=float), 0.0, []
    for _ in range(steps):
        places.append(x - lr * mu * v)
        v = mu * v + slope(places[-1])
        x = x - lr * v
    return places


@look_ahead.mistake
def weighted_average(slope, x, lr, mu, steps):
    """You take v ← mu · v + (1 - mu) · g, a moving average. With this convention the steps are shorter by 1 - mu;
    here, as in PyTorch, g counts fully."""
    return rolled(slope, x, lr, mu, steps, share=1 - mu)


@look_ahead.mistake
def rate_twice(slope, x, lr, mu, steps):
    """The learning rate is in your step twice, once in v and once in x. Here v is made of gradients alone."""
    return rolled(slope, x, lr, mu, steps, share=lr)


@look_ahead.mistake
def slope_taken_once(slope, x, lr, mu, steps):
    """You take the slope once, at the start. x moves, and the slope with it: take it again in each step."""
    return rolled(slope, x, lr, mu, steps, once=True)


@look_ahead.mistake
def start_listed(slope, x, lr, mu, steps):
    """The places are right, but the start is among them. The first in the list is the place after one step."""
    return [x, *rolled(slope, x, lr, mu, steps)]


@look_ahead.mistake
def one_step_late(slope, x, lr, mu, steps):
    """The first place is the start. Either you list the place before the step, or x moves before v has taken in the
    slope."""
    return [x, *rolled(slope, x, lr, mu, steps)][:-1]


@look_ahead.mistake
def the_end_alone(slope, x, lr, mu, steps):
    """That is the last place alone. Note every place on the way."""
    return rolled(slope, x, lr, mu, steps)[-1:]


@look_ahead.mistake
def the_first_alone(slope, x, lr, mu, steps):
    """Your list ends after the first step. Does the function return before the loop has ended?"""
    return rolled(slope, x, lr, mu, steps)[:1]


@look_ahead.mistake
def one_array_many_times(slope, x, lr, mu, steps):
    """All places in your list are the last one: it is one array, listed several times, and each step overwrites it.
    Every place needs an array of its own."""
    return rolled(slope, x, lr, mu, steps)[-1:] * steps


@look_ahead.mistake
def uphill(slope, x, lr, mu, steps):
    """You go up: the step is x - lr · v, against the slope."""
    return rolled(slope, x, -lr, mu, steps)


@look_ahead.mistake
def step_uphill(slope, x, lr, mu, steps):
    """You add the step to x. It is subtracted: x - lr · v goes against the slope."""
    x, v, places = np.array(x, dtype=float), 0.0, []
    for _ in range(steps):
        v = mu * v + slope(x - lr * mu * v)
        x = x + lr * v
        places.append(x)
    return places


# --- 3 -----------------------------------------------------------------------------------------


@exercise("RMSprop without its long first steps", points=3)
def rmsprop():
    """Return by how much x changes in each step of RMSprop with a bias correction, as a list of arrays.

    v starts at 0. In each step v ← beta · v + (1 - beta) g², with a beta of its own for each step, and x changes by
    -lr · g/(√v̂ + eps). v̂ is v, corrected: for a gradient that is always the same it is g², whatever the betas. For
    gradients 4, 4, 4 and betas 0.99, 0.9, 0.5 with lr = 0.1, x changes by -0.1 in each step.
    """
    for gradients, betas, lr, eps, about in [
        ([[4.0], [4.0], [4.0]], [0.99, 0.9, 0.5], 0.1, 0.0, ""),
        ([[1.0], [2.0], [-3.0]], [0.9, 0.9, 0.9], 1.0, 0.0, ""),
        ([[3.0, -1.0], [0.5, 2.0], [-2.0, 1.0], [4.0, -0.5]], [0.5, 0.8, 0.9, 0.95], 0.2, 0.0, ""),
        ([[2.0, -5.0], [1.0, 1.0]], [0.99, 0.2], 0.1, 0.5, "a large eps"),
        ([[0.0, 1.0], [0.0, -1.0]], [0.9, 0.6], 0.1, 1e-8, "an entry whose gradient is 0"),
        ([[-7.0]], [0.999], 0.01, 1e-8, "a single step"),
        ([[1.0], [3.0], [2.0]], [0.9, 0.0, 0.5], 0.1, 0.0, "a beta of 0, which forgets everything"),
        ([[[1.0, 2.0], [-3.0, 0.5]], [[2.0, -1.0], [1.0, 1.0]]], [0.9, 0.7], 0.1, 1e-6, "gradients of two axes"),
    ]:
        inputs = {"gradients": list(map(np.array, gradients)), "betas": betas, "lr": lr, "eps": eps}
        yield Case(inputs, call=list_of_changes, expected=changes(*inputs.values()), about=about, rtol=1e-6)


def list_of_changes(rmsprop, *inputs):
    found = rmsprop(*inputs)
    if found is None or found is ...:
        return found
    return [found] if isinstance(found, np.ndarray) and found.shape == inputs[0][0].shape else list(found)


def given_out(betas, t):
    """The total weight that an average has given out in its first t steps."""
    return 1 - np.prod(betas[:t])


def changes(gradients, betas, lr, eps, weight=given_out, root=np.sqrt, under=0.0, square=np.square, feed=False):
    """A right answer, with switches that make it wrong. weight(betas, t): the divisor of v in step t."""
    v, found = np.zeros_like(gradients[0]), []
    with np.errstate(divide="ignore", invalid="ignore"):
        for t, (g, beta) in enumerate(zip(gradients, betas, strict=True), 1):
            v = beta * v + (1 - beta) * square(g)
            corrected = v / weight(betas, t)
            if feed:
                v = corrected
            found.append(-lr * g / (root(corrected + under) + (eps if not under else 0.0)))
    return found


@rmsprop.mistake
def not_corrected(gradients, betas, lr, eps):
    """v is not corrected: it starts at 0, is too small at first, and the first steps are too long."""
    return changes(gradients, betas, lr, eps, weight=lambda betas, t: 1.0)


@rmsprop.mistake
def power_of_the_last(gradients, betas, lr, eps):
    """You divide by 1 - beta^t with the beta of this step. Each beta shrinks what was there before it once: the old 0
    still counts with the product of all betas so far."""
    return changes(gradients, betas, lr, eps, weight=lambda betas, t: 1 - betas[t - 1] ** t)


@rmsprop.mistake
def power_of_the_first(gradients, betas, lr, eps):
    """You divide by 1 - beta^t with the first beta. The betas change: the old 0 still counts with the product of all of
    them so far."""
    return changes(gradients, betas, lr, eps, weight=lambda betas, t: 1 - betas[0] ** t)


@rmsprop.mistake
def as_if_first(gradients, betas, lr, eps):
    """You divide by 1 - beta in every step. That is right in the first step only: later v holds the earlier squares,
    too."""
    return changes(gradients, betas, lr, eps, weight=lambda betas, t: 1 - betas[t - 1])


@rmsprop.mistake
def weights_added(gradients, betas, lr, eps):
    """You divide by the sum of 1 - beta over all steps. The weights of earlier squares shrink in each later step: add
    them up as they are now."""
    return changes(gradients, betas, lr, eps, weight=lambda betas, t: sum(1 - beta for beta in betas[:t]))


@rmsprop.mistake
def one_beta_too_many(gradients, betas, lr, eps):
    """Your product has one beta too many in it: in step t it has t of them."""
    return changes(gradients, betas, lr, eps, weight=lambda betas, t: 1 - np.prod(betas[:t]) * betas[min(t, 1) - 1])


@rmsprop.mistake
def correction_outside_the_root(gradients, betas, lr, eps):
    """You divide the root of v by the correction. v is what is too small, so it is corrected before the root is
    taken."""
    return changes(gradients, betas, lr, eps, weight=lambda betas, t: given_out(betas, t) ** 2)


@rmsprop.mistake
def multiplied(gradients, betas, lr, eps):
    """You multiply v by the correction. v is too small at first, and this makes it smaller still."""
    return changes(gradients, betas, lr, eps, weight=lambda betas, t: 1 / given_out(betas, t))


@rmsprop.mistake
def corrected_and_kept(gradients, betas, lr, eps):
    """You keep the corrected v for the next step, which corrects it again. What goes on is v itself."""
    return changes(gradients, betas, lr, eps, feed=True)


@rmsprop.mistake
def no_root(gradients, betas, lr, eps):
    """You divide by v̂ instead of its root. v is made of squares, and its root has the size of a gradient."""
    return changes(gradients, betas, lr, eps, root=lambda v: v)


@rmsprop.mistake
def sizes_averaged(gradients, betas, lr, eps):
    """You average |g|. v is the average of g²."""
    return changes(gradients, betas, lr, eps, root=lambda v: v, square=np.abs)


@rmsprop.mistake
def one_size_for_all(gradients, betas, lr, eps):
    """v gets one number for all entries. Each entry has its own: g² is taken entry by entry."""
    return changes(gradients, betas, lr, eps, square=lambda g: np.full(g.shape, (g**2).sum()))


@rmsprop.mistake
def shares_swapped(gradients, betas, lr, eps):
    """The shares are swapped: beta is the share of the old average that stays, the new square gets the rest."""
    return changes(gradients, [1 - beta for beta in betas], lr, eps)


@rmsprop.mistake
def shares_swapped_in_v(gradients, betas, lr, eps):
    """The shares in v are swapped: beta is the share of the old average that stays, the new square gets the rest."""
    return changes(
        gradients, [1 - beta for beta in betas], lr, eps, weight=lambda rest, t: 1 - np.prod([1 - r for r in rest[:t]])
    )


@rmsprop.mistake
def product_of_the_rests(gradients, betas, lr, eps):
    """You divide by the product of 1 - beta. The correction is 1 minus the product of the betas."""
    return changes(gradients, betas, lr, eps, weight=lambda betas, t: np.prod([1 - beta for beta in betas[:t]]))


@rmsprop.mistake
def sign_of_the_gradient(gradients, betas, lr, eps):
    """Every change is lr long: only the sign of the gradient is left. v̂ is the average of *all* squares so far, not
    the last one alone."""
    return [-lr * np.sign(g) for g in gradients]


@rmsprop.mistake
def rate_left_out(gradients, betas, lr, eps):
    """The learning rate is missing from your changes."""
    return changes(gradients, betas, 1.0, eps)


@rmsprop.mistake
def gradients_averaged(gradients, betas, lr, eps):
    """v is the average of g in your answer. It is that of g²."""
    return changes(gradients, betas, lr, eps, root=lambda v: np.sqrt(np.abs(v)), square=lambda g: g)


@rmsprop.mistake
def without_eps(gradients, betas, lr, eps):
    """eps is missing. Where a gradient has been 0 from the start, it keeps 0/0 away."""
    return changes(gradients, betas, lr, 0.0)


@rmsprop.mistake
def eps_under_the_root(gradients, betas, lr, eps):
    """You add eps under the root. It is added to the root."""
    return changes(gradients, betas, lr, eps, under=eps)


@rmsprop.mistake
def places_instead(gradients, betas, lr, eps):
    """These are the places, each the sum of all changes so far. The change of each step was asked for."""
    return list(np.cumsum(changes(gradients, betas, lr, eps), axis=0))


@rmsprop.mistake
def against_the_sign(gradients, betas, lr, eps):
    """The sign is missing: x changes by *minus* lr times the divided gradient."""
    return changes(gradients, betas, -lr, eps)


@rmsprop.mistake
def last_change_alone(gradients, betas, lr, eps):
    """That is the last change alone. Note the change of each step."""
    return changes(gradients, betas, lr, eps)[-1:]


# --- 4 -----------------------------------------------------------------------------------------


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
        ([2.0, -1.5], [1.0, -0.2], 0.0123, 0.0321, "numbers with many digits"),
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
    larger than g, it reverses the step."""
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


@l2_and_adamw.mistake
def decay_in_both_places(x, g, lr, decay):
    """Your AdamW has the decay in the gradient, too. It leaves the gradient alone."""
    l2, _ = decayed(x, g, lr, decay, decay, decay)
    return l2, l2 - lr * decay * x


@l2_and_adamw.mistake
def decay_of_the_shrunk_weight(x, g, lr, decay):
    """Your AdamW shrinks x, and then takes L2's step from there. Its step is that of g alone."""
    shrunk = (1 - lr * decay) * x
    return decayed(x, g, lr, decay, decay, decay)[0], shrunk - lr * np.sign(g + decay * shrunk)


@l2_and_adamw.mistake
def steps_added(x, g, lr, decay):
    """You add Adam's step. It is subtracted: it goes against the sign of the gradient."""
    return x + lr * np.sign(g + decay * x), (1 - lr * decay) * x + lr * np.sign(g)


@l2_and_adamw.mistake
def steps_alone(x, g, lr, decay):
    """These are the changes of x. x itself, after the step, was asked for."""
    return tuple(place - x for place in decayed(x, g, lr, decay, decay, decay))


@l2_and_adamw.mistake
def weights_squared(x, g, lr, decay):
    """Your L2 adds decay · x² to the gradient. What is added is the slope, decay · x."""
    return x - lr * np.sign(g + decay * x**2), decayed(x, g, lr, decay, decay, decay)[1]


@l2_and_adamw.mistake
def never_zero(x, g, lr, decay):
    """Where the gradient is 0 your step is lr long, up. It is 0 there: a sign is -1, 0 or 1."""
    return decayed(x, g, lr, decay, decay, decay, direction=lambda g: np.where(g > 0, 1.0, -1.0))


@l2_and_adamw.mistake
def never_zero_down(x, g, lr, decay):
    """Where the gradient is 0 your step is lr long, down. It is 0 there: a sign is -1, 0 or 1."""
    return decayed(x, g, lr, decay, decay, decay, direction=lambda g: np.where(g >= 0, 1.0, -1.0))


@l2_and_adamw.mistake
def divided_by_the_norm(x, g, lr, decay):
    """You divide the gradient by its norm. Adam's first step is lr long for *every entry*: only its sign is left."""
    return decayed(x, g, lr, decay, decay, decay, direction=lambda g: g / np.linalg.norm(g))


@l2_and_adamw.mistake
def shrinking_alone(x, g, lr, decay):
    """Your AdamW shrinks the weight, and Adam's step is missing."""
    return decayed(x, g, lr, decay, decay, decay)[0], (1 - lr * decay) * x


# --- 5 -----------------------------------------------------------------------------------------


@exercise("One bad example", points=3)
def clip_examples():
    """Return the mean gradient of a batch in which the gradient of each example was clipped by itself.

    gradients : a list with an array for each parameter; its first axis numbers the examples. The norm of an example is
    the root of the sum of squares over all entries of all parameters that belong to it. If it is above max_norm, all
    these entries are multiplied by one factor, so that it becomes max_norm. For two examples with the gradients
    [[3], [0.3]] and [[4], [0.4]] and max_norm 1: [0.45] and [0.6].
    """
    rng = np.random.default_rng(5)
    for gradients, max_norm, about in [
        (([[3.0], [0.3]], [[4.0], [0.4]]), 1.0, ""),
        (([[6.0], [0.0], [-3.0]], [[8.0], [2.0], [4.0]]), 5.0, ""),
        (([[0.3], [1.44]], [[0.4], [1.92]]), 0.25, ""),
        (([[1.0, -2.0], [2.0, 4.0]],), 1.5, "a single parameter"),
        (([[1.44, 1.92]],), 2.3, "a single parameter"),
        (([[0.3], [-0.6]], [[0.4], [0.8]]), 2.0, "examples that are short enough"),
        (([[0.0], [12.0]], [[0.0], [5.0]]), 1.0, "an example whose gradient is 0"),
        (([[3.0], [-3.0]], [[4.0], [4.0]]), 5.0, "norms that are max_norm exactly"),
        (([[30.0]], [[-40.0]]), 0.5, "a single example"),
        ((rng.normal(size=(3, 2, 2)) * 3, rng.normal(size=(3, 2))), 2.0, "a matrix and a vector"),
        ((rng.normal(size=(4, 2)), rng.normal(size=(4, 1, 3))), 1.5, "a matrix and a vector"),
    ]:
        inputs = {"gradients": list(map(np.array, gradients)), "max_norm": max_norm}
        yield Case(inputs, call=listed, expected=mean_clipped(*inputs.values()), about=about, rtol=1e-6)


def listed(clip_examples, gradients, max_norm):
    means = clip_examples(gradients, max_norm)
    return means if means is None or means is ... else [np.asarray(mean) for mean in means]


def norms_of(gradients):
    """The norm of each example."""
    return np.sqrt(sum((g**2).reshape(len(g), -1).sum(axis=1) for g in gradients))


def mean_clipped(gradients, max_norm, factors=None, divide=True):
    """A right answer. factors : those of the examples, or a list of them, one for each parameter."""
    if factors is None:
        factors = max_norm / np.maximum(norms_of(gradients), max_norm)
    every = factors if isinstance(factors, list) else [factors] * len(gradients)
    return [
        (g.T * np.asarray(f).T).T.sum(axis=0) / (len(g) if divide else 1) for g, f in zip(gradients, every, strict=True)
    ]


@clip_examples.mistake
def mean_then_clip(gradients, max_norm):
    """You take the mean first and clip it then. One bad example has spoilt the mean by that time: clip each example,
    then take the mean."""
    means = [g.mean(axis=0) for g in gradients]
    norm = np.sqrt(sum((mean**2).sum() for mean in means))
    return [mean * (max_norm / max(norm, max_norm)) for mean in means]


@clip_examples.mistake
def whole_batch(gradients, max_norm):
    """You take one norm of all examples together. Each example has a norm and a factor of its own."""
    norm = np.sqrt(sum((g**2).sum() for g in gradients))
    return mean_clipped(gradients, max_norm, np.full(len(gradients[0]), max_norm / max(norm, max_norm)))


@clip_examples.mistake
def each_parameter_by_itself(gradients, max_norm):
    """You clip each parameter of an example by itself, and the direction of its gradient changes. The norm of an
    example is over all parameters together."""
    return mean_clipped(gradients, max_norm, [max_norm / np.maximum(norms_of([g]), max_norm) for g in gradients])


@clip_examples.mistake
def entry_by_entry(gradients, max_norm):
    """You cut every entry to ±max_norm. That changes the direction of an example's gradient: multiply all of its
    entries by one factor."""
    return [np.clip(g, -max_norm, max_norm).mean(axis=0) for g in gradients]


@clip_examples.mistake
def always_scaled(gradients, max_norm):
    """Examples that are short enough are made longer: you scale each to max_norm. Only what is above is cut."""
    norms = norms_of(gradients)
    return mean_clipped(gradients, max_norm, np.where(norms > 0, max_norm / np.where(norms > 0, norms, 1.0), 1.0))


@clip_examples.mistake
def to_length_one(gradients, max_norm):
    """You scale a long gradient to a length of 1. The length that is wanted is max_norm."""
    norms = norms_of(gradients)
    return mean_clipped(gradients, max_norm, np.where(norms > max_norm, 1 / np.maximum(norms, 1e-300), 1.0))


@clip_examples.mistake
def upside_down(gradients, max_norm):
    """Long gradients become longer: the fraction is upside down."""
    return mean_clipped(gradients, max_norm, np.maximum(norms_of(gradients), max_norm) / max_norm)


@clip_examples.mistake
def added_up(gradients, max_norm):
    """The examples are clipped as they should be. You add them up; the mean divides by how many there are."""
    return mean_clipped(gradients, max_norm, divide=False)


@clip_examples.mistake
def not_the_root(gradients, max_norm):
    """The root is missing: the norm is the root of the sum of squares."""
    return mean_clipped(gradients, max_norm, max_norm / np.maximum(norms_of(gradients) ** 2, max_norm))


@clip_examples.mistake
def sum_of_sizes(gradients, max_norm):
    """You add up the sizes of the entries. The norm is the root of the sum of their *squares*."""
    sizes = sum(np.abs(g).reshape(len(g), -1).sum(axis=1) for g in gradients)
    return mean_clipped(gradients, max_norm, max_norm / np.maximum(sizes, max_norm))


@clip_examples.mistake
def norms_added(gradients, max_norm):
    """You add up the norms of an example's parameters. Add up the squares of all its entries, and take one root."""
    norms = sum(norms_of([g]) for g in gradients)
    return mean_clipped(gradients, max_norm, max_norm / np.maximum(norms, max_norm))


@clip_examples.mistake
def largest_entry(gradients, max_norm):
    """You compare max_norm with the largest entry of an example. The norm is the root of the sum of squares over all
    its entries."""
    sizes = np.max([np.abs(g).reshape(len(g), -1).max(axis=1) for g in gradients], axis=0)
    return mean_clipped(gradients, max_norm, max_norm / np.maximum(sizes, max_norm))


@clip_examples.mistake
def larger_factor(gradients, max_norm):
    """You take the larger of 1 and max_norm / norm, so that short examples grow and long ones are not clipped. The
    smaller is the factor."""
    norms = norms_of(gradients)
    factors = np.where(norms > 0, np.maximum(1.0, max_norm / np.where(norms > 0, norms, 1.0)), 1.0)
    return mean_clipped(gradients, max_norm, factors)


@clip_examples.mistake
def divided_by_parameters(gradients, max_norm):
    """You divide by the number of parameters. The mean is over the examples: `len(g)` of any g in gradients."""
    return [total / len(gradients) for total in mean_clipped(gradients, max_norm, divide=False)]


@clip_examples.mistake
def not_clipped(gradients, max_norm):
    """Nothing is clipped: that is the plain mean."""
    return [g.mean(axis=0) for g in gradients]


@clip_examples.mistake
def long_ones_left_out(gradients, max_norm):
    """You leave the long examples out. They count as well, shortened to max_norm."""
    return mean_clipped(gradients, max_norm, 1.0 * (norms_of(gradients) <= max_norm))


# --- 6 -----------------------------------------------------------------------------------------


@exercise("Warm up, cool down", points=2)
def warm_up():
    """Return the learning rate of each step, as a list.

    In the first `warm` steps it rises in equal parts, from lr/warm in the first to lr in the last of them. In the last
    `cool` steps it falls in equal parts, so that it would be 0 in the step after the last. Where both rules speak, the
    smaller rate counts. A warm or cool of 0 means that there is no rise, or no fall. For lr = 1, steps = 8, warm = 4
    and cool = 2: 0.25, 0.5, 0.75, 1, 1, 1, 1, 0.5.
    """
    for lr, steps, warm, cool, about in [
        (1.0, 8, 4, 2, ""),
        (0.2, 6, 2, 3, ""),
        (3.0, 5, 1, 2, ""),
        (0.5, 4, 4, 4, "a rise and a fall that overlap"),
        (2.0, 3, 6, 2, "a rise that is longer than the run"),
        (0.1, 5, 0, 2, "no rise"),
        (0.1, 5, 3, 0, "no fall"),
        (0.3, 3, 0, 0, "neither rise nor fall"),
        (0.4, 1, 1, 1, "a single step"),
    ]:
        inputs = {"lr": lr, "steps": steps, "warm": warm, "cool": cool}
        yield Case(inputs, call=as_list, expected=rates(**inputs), about=about)


def as_list(warm_up, *inputs):
    found = warm_up(*inputs)
    return found if found is None or found is ... else [*np.asarray(found, dtype=float).tolist()]


def rates(lr, steps, warm, cool, first=1, end=1, join=min, fall=float, most=1.0):
    """A right answer, with switches that make it wrong."""
    found = []
    for t in range(1, steps + 1):
        up = min(most, (t - 1 + first) / warm) if warm else 1.0
        down = min(1.0, fall((steps - t + end) / cool)) if cool else 1.0
        found.append(lr * join(up, down))
    return found


@warm_up.mistake
def starts_at_zero(lr, steps, warm, cool):
    """Your first rate is 0, and a step with it is wasted. The first of the rising rates is lr/warm."""
    return rates(lr, steps, warm, cool, first=0)


@warm_up.mistake
def ends_at_zero(lr, steps, warm, cool):
    """Your last rate is 0, and a step with it is wasted. It would be 0 one step later: the last one is lr/cool."""
    return rates(lr, steps, warm, cool, end=0)


@warm_up.mistake
def both_ends_at_zero(lr, steps, warm, cool):
    """Your first and your last rate are 0, and two steps are wasted. Count the steps from 1: the first rate is lr/warm,
    the last lr/cool."""
    return rates(lr, steps, warm, cool, first=0, end=0)


@warm_up.mistake
def no_fall(lr, steps, warm, cool):
    """The rate does not come down in the last `cool` steps."""
    return rates(lr, steps, warm, 0)


@warm_up.mistake
def no_rise(lr, steps, warm, cool):
    """The rate does not rise: it is lr from the first step on."""
    return rates(lr, steps, 0, cool)


@warm_up.mistake
def factors_alone(lr, steps, warm, cool):
    """These are the factors. Each is to be multiplied by lr."""
    return rates(1.0, steps, warm, cool)


@warm_up.mistake
def rises_on(lr, steps, warm, cool):
    """After the first `warm` steps the rate goes on rising, above lr."""
    return rates(lr, steps, warm, cool, most=np.inf, join=lambda up, down: up if down == 1 else min(up, down))


@warm_up.mistake
def factors_multiplied(lr, steps, warm, cool):
    """Where rise and fall overlap, you multiply the two factors. The smaller one counts."""
    return rates(lr, steps, warm, cool, join=lambda up, down: up * down)


@warm_up.mistake
def larger_of_the_two(lr, steps, warm, cool):
    """You take the larger of the two factors, and so neither the rise nor the fall is seen. The smaller counts."""
    return rates(lr, steps, warm, cool, join=max)


@warm_up.mistake
def rise_first(lr, steps, warm, cool):
    """Where rise and fall overlap, you take the rise. The smaller of the two counts."""
    return [
        up if t <= warm else down
        for t, (up, down) in enumerate(zip(rates(lr, steps, warm, 0), rates(lr, steps, 0, cool), strict=True), 1)
    ]


@warm_up.mistake
def fall_first(lr, steps, warm, cool):
    """Where rise and fall overlap, you take the fall. The smaller of the two counts."""
    return [
        down if t > steps - cool else up
        for t, (up, down) in enumerate(zip(rates(lr, steps, warm, 0), rates(lr, steps, 0, cool), strict=True), 1)
    ]


@warm_up.mistake
def without_the_one(lr, steps, warm, cool):
    """You take the smaller of rise and fall, and between them it is above lr: lr itself is the most."""
    factors = [(t / warm if warm else 1.0, (steps + 1 - t) / cool if cool else 1.0) for t in range(1, steps + 1)]
    return [lr * min(both) for both in factors]


@warm_up.mistake
def counted_from_two(lr, steps, warm, cool):
    """Your rise is one step early: the first rate is lr/warm, not 2 lr/warm."""
    return rates(lr, steps, warm, cool, first=2)


@warm_up.mistake
def one_part_too_many(lr, steps, warm, cool):
    """Your parts are lr/(warm + 1) and lr/(cool + 1). Step number `warm` has the rate lr already, and `cool` equal
    parts lead down to 0."""
    return rates(lr, steps, warm + 1 if warm else 0, cool + 1 if cool else 0)


@warm_up.mistake
def whole_numbers(lr, steps, warm, cool):
    """Your factors are 0 or 1: `//` drops what is behind the point. `/` divides."""
    return [lr * min(1, t // warm if warm else 1, (steps + 1 - t) // cool if cool else 1) for t in range(1, steps + 1)]


@warm_up.mistake
def one_rate_short(lr, steps, warm, cool):
    """The last rate is missing: `range(1, steps)` ends before `steps`."""
    return rates(lr, steps, warm, cool)[:-1]


@warm_up.mistake
def zero_without_a_rule(lr, steps, warm, cool):
    """Where warm or cool is 0 all your rates are 0. There is no rise then, or no fall, and the rate is not lowered."""
    return rates(lr, steps, warm, cool) if warm and cool else [0.0] * steps


@warm_up.mistake
def cosine_fall(lr, steps, warm, cool):
    """Your rate falls along a cosine. Here it falls in equal parts."""
    return rates(lr, steps, warm, cool, fall=lambda share: 0.5 * (1 - np.cos(np.pi * min(share, 1.0))))


@warm_up.mistake
def first_alone(lr, steps, warm, cool):
    """Your list ends after the first step. Does the function return before the loop has ended?"""
    return rates(lr, steps, warm, cool)[:1]


# --- 7 -----------------------------------------------------------------------------------------


class Hill(NamedTuple):
    """A function of x and y whose lowest place is 0, the place where a race starts, and the half width of a picture."""

    f: Callable
    start: tuple[float, float]
    about: str


HILLS = {
    "bowl": Hill(lambda x, y: 0.5 * (x**2 + 15 * y**2), (-4.0, 1.5), "curvatures 1 and 15"),
    "valley": Hill(lambda x, y: 0.05 * (x**2 + 5 * (y - x**2 - 2 * x) ** 2), (-2.2, 0.0), "a bend"),
    "plain": Hill(lambda x, y: -1 / (1 + 0.1 * (x**2 + y**2)), (5.0, -4.0), "hardly any slope at the start"),
    "gorge": Hill(
        lambda x, y: 50 * (x**2 + 5 * (y - x**2 - 2 * x) ** 2), (-2.2, 0.0), "the valley, 1,000 times as high"
    ),
}
STEPS, STAYS, NEAR = 80, 20, 0.1


@exercise("A race to be won", points=4)
def winner():
    """Return a class of optimizers that reaches the lowest place of four hills.

    Winner(params) takes a list of tensors of shape (1,), and its step() moves them by their gradients. Each race has at
    most 80 steps; from then on it must stay within 0.1 of the lowest place for 20 steps. Where that is, the racer is
    not told: it sees the gradients alone. The same class runs on all four.
    """
    for (name, hill), target in zip(HILLS.items(), [(0.0, 0.0), (1.0, 1.0), (-2.0, 3.0), (1.0, 1.0)], strict=True):
        yield Case({"hill": name, "target": target}, call=race, accept=why_it_lost, about=hill.about)


def race(Winner, hill, target=(0.0, 0.0), scale=1.0):
    """The places after 0, 1, … 100 steps, seen from the lowest place: an array (101, 2)."""
    f, start, _ = HILLS[hill]
    x, y = (Tensor(np.array([a + b]), requires_grad=True) for a, b in zip(start, target, strict=True))
    racer, path = Winner([x, y]), []
    for _ in range(STEPS + STAYS):
        path.append((x.item() - target[0], y.item() - target[1]))
        if not np.abs(path[-1]).max() < 1000:
            break
        x.grad = y.grad = None
        (scale * f(x - target[0], y - target[1])).sum().backward()
        racer.step()
    return np.array([*path, (x.item() - target[0], y.item() - target[1])])


def why_it_lost(path):
    """A sentence on a race that was not won, or None."""
    if np.isnan(path).any():
        step = int(np.isnan(path).any(axis=1).argmax())
        return (
            f"After step {step} a parameter is nan, which is not a number. Does your step divide 0 by 0, or take the "
            "root of a negative number? If it corrects its averages by 1 - βᵗ, that is 0 as long as t is 0."
        )
    moved = (path != path[0]).any(axis=0)
    if not moved.any():
        return (
            "Nothing has moved. `p = p - …` makes another tensor and gives it the name p, and the given one stays "
            "where it is: write into p.data."
        )
    if not moved.all():
        return f"Only the {'first' if moved[0] else 'second'} parameter moves. Does `step` go through all of them?"
    distances = np.hypot(*path.T)
    if not distances[-1] < 1000:
        return (
            f"It diverges: after {len(path) - 1} steps it is more than 1,000 away. Its steps are too long for this "
            "hill, or they lead upward."
        )
    if distances[STEPS:].max() < NEAR:
        return None
    if distances[STEPS] >= distances[0] and distances.min() == distances[0]:
        return "It only moves away from the lowest place. The step is *minus* the learning rate times a direction."
    if distances.min() < NEAR:
        step = int(np.argmax(distances < NEAR))
        away = distances[STEPS:].max()
        return (
            f"It comes within 0.1 in step {step} and does not stay: after step {STEPS} it is up to {away:.2g} away. "
            "Shorter steps towards the end, or less momentum, would keep it there."
        )
    so_far = (
        f"After {STEPS} steps it is {distances[STEPS]:.2g} away, from {distances[0]:.2g} at the start, and it was "
        "never nearer than 0.1."
    )
    way = np.hypot(*np.diff(path, axis=0).T).sum()
    if way > 3 * distances[0]:
        return f"{so_far} Its way there is {way:.2g} long: it turns to and fro. Are its first steps too long?"
    return f"{so_far} Is the step long enough where the slope is faint?"
