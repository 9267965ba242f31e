"""The checks of lesson 04."""

import numpy as np

from gradlib.autograd import unbroadcast as summed_back
from gradlib.checks.cases import Case
from gradlib.checks.exercises import exercise

TITLE = "Broadcasting"


def numbers(shape, seed, whole=True):
    """Small numbers in an array of a shape, all different while they are few: integers, or quarters."""
    few = np.arange(-9.0, 10.0)
    size = int(np.prod(shape))
    drawn = np.random.default_rng(seed).choice(few, size, replace=size > few.size)
    return np.asarray(drawn.reshape(shape) * (1.0 if whole else 0.25))


# --- 1 -----------------------------------------------------------------------------------------


@exercise("Predict the shape", points=1)
def shapes():
    """Return the shapes of six sums, as a dictionary from "A" to "F"; "error" where the two do not fit.

    A: (5, 1) + (4,). B: (3, 4) + (3,). C: (4, 6) + (3,). D: (2, 1, 4) + (3, 1). E: () + (2, 1). F: (4,) + (4, 1).
    """
    yield Case(expected={"A": (5, 4), "B": "error", "C": "error", "D": (2, 3, 4), "E": (2, 1), "F": (4, 4)})


@shapes.mistake
def aligned_from_the_left():
    """Shapes are compared from the right, axis by axis: the last with the last."""
    return {"A": "error", "B": (3, 4), "C": "error", "D": "error", "E": (2, 1), "F": (4, 1)}


@shapes.mistake
def only_one_grows():
    """A shorter shape gets axes of size 1 in front, and these are stretched, too: the result has as many axes as the
    longer one, and both of them may grow."""
    return {"A": (5, 1), "B": "error", "C": "error", "D": (2, 1, 4), "E": (), "F": (4,)}


@shapes.mistake
def sizes_that_divide():
    """Only an axis of size 1 is stretched. 3 does not fit into 6, nor 3 into 4: the sizes must be equal, or one of
    them 1."""
    return {"B": (3, 4, 3), "C": (4, 6)}


@shapes.mistake
def only_equal_ends():
    """A size of 1 fits to anything: that axis is repeated. It is not an error."""
    return {"A": "error", "B": "error", "C": "error", "D": "error", "E": "error", "F": "error"}


@shapes.mistake
def all_axes_in_a_row():
    """The axes do not line up one after the other. Write the shapes under each other: each column gives one axis."""
    return {"A": (5, 1, 4), "B": (3, 4, 3), "C": (4, 6, 3), "D": (2, 1, 4, 3, 1), "E": (2, 1), "F": (4, 4, 1)}


# --- 2 -----------------------------------------------------------------------------------------


@exercise("Summed back", points=3)
def unbroadcast():
    """Return the gradient of an operand of the given shape, from the gradient g of a result that it was stretched to.

    Axes that the operand lacks are summed away; axes where it has size 1 and the result has more are summed and stay,
    with size 1. For g of ones of shape (2, 3) and shape (3,) the answer is [2, 2, 2]; for shape (2, 1) it is [[3],
    [3]].
    """
    for result, shape, about in [
        ((2, 3), (3,), ""),
        ((2, 3), (2, 1), ""),
        ((2, 3), (2, 3), "nothing stretched"),
        ((4, 2, 3), (2, 1), "a new axis and one of size 1"),
        ((3, 2), (1, 2), ""),
        ((2, 3), (), "a single number"),
        ((4, 2, 3), (1, 1, 3), ""),
        ((2, 1), (1,), "an axis of size 1 that was not stretched"),
        ((3, 3), (3,), ""),  # equal sizes, where a sum over the wrong axis gives numbers of the right shape
        ((3, 3), (3, 1), ""),
        ((3, 3), (1, 3), ""),
        ((3, 3), (1,), ""),
        ((3, 2, 4), (2, 4), ""),
        ((2, 2, 2), (2, 1, 2), ""),
        ((2, 1, 3), (1, 1), "a new axis, and two of size 1"),
        ((), (), "a result that is a single number"),
    ]:
        g = numbers(result, seed=len(result) + len(shape), whole=not about)
        yield Case({"g": g, "shape": shape}, expected=summed_back(g, shape), about=about)


@unbroadcast.mistake
def squeezed_away(g, shape):
    """The sums are right, and the axes of size 1 are gone. Where the operand has an axis of size 1, its gradient has
    one, too."""
    return np.squeeze(summed_back(g, shape))


@unbroadcast.mistake
def only_new_axes(g, shape):
    """You sum the axes that the operand lacks. Those in which it has size 1 were stretched, too."""
    return g.sum(axis=tuple(range(g.ndim - len(shape))))


@unbroadcast.mistake
def aligned_at_the_left(g, shape):
    """You compare the shapes from the left. New axes come in front, so the last axis belongs to the last."""
    own = tuple(shape) + (1,) * (g.ndim - len(shape))
    axes = tuple(i for i, size in enumerate(own) if size != g.shape[i])
    summed = g.sum(axis=axes)
    return summed.reshape(shape) if summed.size == np.prod(shape) else summed


@unbroadcast.mistake
def upside_down(g, shape):
    """The sums are right, and they stand in the opposite order. The first entry collects what arrives at its own
    places, not at those of the last one."""
    return np.flip(summed_back(g, shape))


@unbroadcast.mistake
def averaged(g, shape):
    """You take the mean over the stretched axes. An entry that was used four times has moved the loss four times: its
    gradient is the sum."""
    summed = summed_back(g, shape)
    return summed * (summed.size / g.size)


@unbroadcast.mistake
def first_use_only(g, shape):
    """You keep the gradient of one use of each entry. It was used once for each place it was stretched to, and all of
    them add up."""
    padded = (1,) * (g.ndim - len(shape)) + tuple(shape)
    return g[tuple(slice(0, size) for size in padded)].reshape(shape)


@unbroadcast.mistake
def new_axes_kept(g, shape):
    """The sums are right, and the axes that the operand lacks are still there, with size 1. The gradient has as many
    axes as the operand."""
    summed = summed_back(g, shape)
    return summed.reshape((1,) * (g.ndim - len(shape)) + summed.shape)


@unbroadcast.mistake
def total_everywhere(g, shape):
    """Every entry gets the sum of all of g. An entry collects only from the places that it was stretched to."""
    return np.full(shape, g.sum())


@unbroadcast.mistake
def uses_counted(g, shape):
    """You count how often each entry was used. That is right for a g of ones; here each use has a gradient of its
    own."""
    return summed_back(np.ones_like(g), shape)


# --- 3 -----------------------------------------------------------------------------------------


@exercise("Back through a sum", points=2)
def sum_vjp():
    """Return the gradient of x for z = x.sum(axis=axis, keepdims=keepdims), given the gradient g of z.

    Every entry of x stands in one sum, so it gets that sum's gradient: the answer has the shape of x. axis is an
    integer, negative ones count from the end, or None for all. For x of shape (2, 3), axis 1 and g = [10, 20] it is
    [[10, 10, 10], [20, 20, 20]].
    """
    for shape, axis, keepdims, about in [
        ((2, 3), 0, False, ""),
        ((2, 3), 1, False, ""),
        ((3, 3), 0, False, ""),  # equal sizes, where an axis in the wrong place gives numbers and no error
        ((3, 3), 1, False, ""),
        ((2, 3), 1, True, "keepdims"),
        ((2, 3), None, False, "all axes"),
        ((4, 2, 3), 1, False, "the middle of three axes"),
        ((4, 2, 3), -1, False, "a negative axis"),
        ((3,), 0, False, "a vector"),
        ((2, 3), None, True, "all axes, kept"),
        ((3, 3, 3), 1, False, "the middle of three axes"),
        ((3, 3), -2, False, "a negative axis"),
        ((3, 3), 0, True, "keepdims"),
        ((2, 4, 3), -2, True, "a negative axis, kept"),
        ((3, 1, 2), 1, False, "an axis of size 1"),
    ]:
        x = numbers(shape, seed=len(shape), whole=not about)
        g = numbers(np.shape(x.sum(axis=axis, keepdims=keepdims)), seed=7, whole=not about)
        inputs = {"g": g, "x": x, "axis": axis, "keepdims": keepdims}
        yield Case(inputs, expected=spread(**inputs), about=about, odd=keepdims)  # which some never look at


def spread(g, x, axis, keepdims):
    if axis is not None and not keepdims:
        g = np.expand_dims(g, axis)
    return np.broadcast_to(g, x.shape).copy()


@sum_vjp.mistake
def as_if_axis_0_was_summed(g, x, axis, keepdims):
    """g is laid out as if axis 0 had been summed: without a word NumPy puts the missing axis in front. Any other axis
    has to be put back in its place, with size 1, before g is stretched."""
    try:
        return np.broadcast_to(g, x.shape)
    except ValueError:
        return np.resize(g, x.shape)


@sum_vjp.mistake
def as_if_the_last_axis_was_summed(g, x, axis, keepdims):
    """g is laid out as if the last axis had been summed: the copies of each number stand side by side. Put the axis
    back in its place, with size 1, before you stretch g."""
    try:
        return spread(g, x, axis if keepdims or axis is None else -1, keepdims)
    except ValueError:
        return np.repeat(g, x.size // np.size(g)).reshape(x.shape)


@sum_vjp.mistake
def times_x(g, x, axis, keepdims):
    """You multiply by x. A sum moves exactly as its term does: the slope is 1, whatever the term is."""
    return spread(g, x, axis, keepdims) * x


@sum_vjp.mistake
def ones_everywhere(g, x, axis, keepdims):
    """You answer with ones: the derivative of a sum with respect to its terms. It still has to be multiplied by the
    gradient that arrives at each sum."""
    return np.ones_like(x)


@sum_vjp.mistake
def divided(g, x, axis, keepdims):
    """You divide by the number of terms. That belongs to the mean: in a sum every entry counts fully."""
    count = x.size if axis is None else x.shape[axis]
    return spread(g, x, axis, keepdims) / count


@sum_vjp.mistake
def not_spread(g, x, axis, keepdims):
    """You return g unchanged. x has more entries than the sum: each entry gets the gradient of the sum in which it
    stands."""
    return np.array(g)


@sum_vjp.mistake
def total_of_g(g, x, axis, keepdims):
    """Every entry gets the sum of all of g. An entry stands in one of the sums only, and gets that one's gradient."""
    return np.full(x.shape, np.sum(g))


# --- 4 -----------------------------------------------------------------------------------------


@exercise("An index that repeats", points=2)
def take_vjp():
    """Return the gradient of x for z = x[index], given the gradient g of z.

    x is a vector or a matrix, index an array of row numbers, of which some may stand there several times and some not
    at all; negative ones count from the end. For x of 3 entries, index [2, 0, 2] and g = [1, 10, 100] the answer is
    [10, 0, 101].
    """
    for shape, index, about in [
        ((3,), [2, 0, 2], ""),
        ((4,), [0, 1, 3], "no row twice"),
        ((4,), [1, 1, 1, 3, 1], ""),
        ((3, 2), [0, 2, 0], "rows of a matrix"),
        ((4, 3), [-1, 0, 3], "a row by two names, -1 and 3"),
        ((2, 2), [0, -2, 1, 0, -1], "more uses than rows"),
        ((3,), [], "an empty index"),
    ]:
        index = np.array(index, dtype=int)
        x = numbers(shape, seed=len(index) + len(shape), whole=not about)
        g = numbers(x[index].shape, seed=len(index), whole=False)
        yield Case({"g": g, "x": x, "index": index}, expected=added_up(g, x, index), about=about)


def added_up(g, x, index):
    gradient = np.zeros_like(x)
    for row, arrived in zip(index, g, strict=True):
        gradient[row] += arrived
    return gradient


@take_vjp.mistake
def last_one_wins(g, x, index):
    """A row that was taken twice has only the gradient that came last. `gradient[index] = g` and, harder to see,
    `gradient[index] += g` write one over the other: they have to add up."""
    gradient = np.zeros_like(x)
    gradient[index] = g
    return gradient


@take_vjp.mistake
def taken_from_g(g, x, index):
    """You took rows out of g, as the forward pass takes them out of x. Backward goes the other way: row index[i] of
    the answer collects g[i]."""
    return g[index]


@take_vjp.mistake
def added_to_x(g, x, index):
    """You add to the values of x. A gradient is an array of its own, which has the shape of x and starts from 0."""
    return x + added_up(g, x, index)


@take_vjp.mistake
def whole_numbers(g, x, index):
    """You collect in an array of integers, which cuts off what stands after the decimal point."""
    gradient = np.zeros(x.shape, dtype=int)
    np.add.at(gradient, index, g.astype(int))
    return gradient


@take_vjp.mistake
def times_the_entry(g, x, index):
    """You multiply by the entry that was taken. The result moves exactly as that entry does: the slope is 1."""
    return added_up(g * x[index], x, index)


@take_vjp.mistake
def negative_rows_missed(g, x, index):
    """Row -1 is the last row: -1 and 3 name the same one in an x of four. What arrives at -1 is missing."""
    known = index >= 0
    return added_up(g[known], x, index[known])


@take_vjp.mistake
def counted(g, x, index):
    """You count how often each row was taken. That is right for a g of ones; here each use has a gradient of its
    own."""
    return added_up(np.ones_like(g), x, index)


@take_vjp.mistake
def untaken_get_some(g, x, index):
    """Rows that were never taken must get 0: the result does not depend on them."""
    return added_up(g, x, index) + (added_up(np.ones_like(g), x, index) == 0)


@take_vjp.mistake
def averaged_uses(g, x, index):
    """You average the gradients of a row that was taken several times. Each use moves the loss: they add up."""
    return added_up(g, x, index) / np.maximum(added_up(np.ones_like(g), x, index), 1)


# --- 5 -----------------------------------------------------------------------------------------


@exercise("Ties in a maximum", points=2)
def max_vjp():
    """Return the gradient of x for z = x.max(axis=axis), given the gradient g of z; ties share it evenly.

    Only an entry that is the maximum of its row or column moves it. Where several are exactly equal, each gets its
    share: for x = [3, 5, 5], axis 0 and g = 1 the answer is [0, 0.5, 0.5]. Nearly equal is not equal. axis is an
    integer, and may be negative. The shape is that of x.
    """
    three_axes = [[[1.0, 7.0], [5.0, 7.0], [5.0, 2.0]], [[0.5, 0.0], [0.5, 3.0], [-1.0, 8.0]]]
    for x, axis, about in [
        ([[1.0, 5.0, 2.0], [4.0, 0.0, 3.0]], 1, ""),
        ([[1.0, 5.0, 2.0], [4.0, 0.0, 3.0]], 0, ""),
        ([3.0, 5.0, 5.0], 0, "a tie"),
        ([[2.0, 2.0, 2.0], [1.0, 7.0, 7.0]], -1, "ties of two and of three"),
        ([[0.0, -1.0], [0.0, -1.0], [-2.0, -1.0]], 0, "ties in columns"),
        ([[4.0, 4.0, 1.0], [2.0, 7.0, 7.0]], 1, "ties in rows"),
        ([[4.0], [6.0]], 1, "an axis of size 1"),
        ([[-3.5, -1.25, -1.5], [-2.0, -7.0, -0.25], [-4.0, -9.0, -5.0]], 1, ""),
        ([[1.2, 1.4], [0.9, 0.6]], 0, ""),  # rounded, they would be a tie
        ([[1.2, 1.4], [0.9, 0.6]], 1, ""),
        ([1000.001, 1000.002, 1000.0], 0, "two that are nearly equal"),
        (three_axes, 1, "the middle of three axes"),
        (three_axes, -2, "a negative axis"),
        (three_axes, 0, "the first of three axes"),
    ]:
        x = np.array(x)
        g = numbers(x.max(axis=axis).shape, seed=x.size + axis, whole=not about)
        yield Case({"g": g, "x": x, "axis": axis}, expected=shared(g, x, axis), about=about)


def shared(g, x, axis):
    winners = x == x.max(axis=axis, keepdims=True)
    return np.where(winners, np.expand_dims(g, axis) / winners.sum(axis=axis, keepdims=True), 0.0)


@max_vjp.mistake
def all_winners_get_all(g, x, axis):
    """At a tie every winner gets the whole of g, and together they get more than there was. Share it."""
    return (x == x.max(axis=axis, keepdims=True)) * np.expand_dims(g, axis)


@max_vjp.mistake
def first_winner_takes_all(g, x, axis):
    """At a tie the first one gets everything. That is a subgradient, too, and some libraries do so; here the winners
    share, so that the answer does not depend on the order of the entries."""
    answer = np.zeros_like(x)
    np.put_along_axis(answer, np.expand_dims(x.argmax(axis=axis), axis), np.expand_dims(g, axis), axis)
    return answer


@max_vjp.mistake
def last_winner_takes_all(g, x, axis):
    """At a tie the last one gets everything: each winner that is found replaces the one before. Here the winners
    share, so that the answer does not depend on the order of the entries."""
    return np.flip(first_winner_takes_all(np.flip(g), np.flip(x), axis))


@max_vjp.mistake
def nearly_equal_share(g, x, axis):
    """You let entries share that are only nearly as large as the maximum. The smaller one moves nothing: compare with
    `==`, since the maximum is one of the entries, without any rounding."""
    winners = np.isclose(x, x.max(axis=axis, keepdims=True))
    return np.where(winners, np.expand_dims(g, axis) / winners.sum(axis=axis, keepdims=True), 0.0)


@max_vjp.mistake
def rounded_first(g, x, axis):
    """You round x before you look for the maximum, and so find ties that are none. 1.2 and 1.4 are two numbers."""
    return shared(g, x.round(), axis)


@max_vjp.mistake
def everyone_gets_g(g, x, axis):
    """You spread g over all entries, as a sum does. A nudge to an entry that is not the largest moves nothing: its
    gradient is 0."""
    return np.broadcast_to(np.expand_dims(g, axis), x.shape).copy()


@max_vjp.mistake
def largest_of_all(g, x, axis):
    """You look for the largest entry of the whole array. Here there is a maximum, and a gradient, for each row or
    column."""
    winners = x == x.max()
    return winners * np.expand_dims(g, axis) / winners.sum()


@max_vjp.mistake
def times_the_value(g, x, axis):
    """You multiply by the value of the maximum. The result moves exactly as its winner does: the slope is 1."""
    return shared(g, x, axis) * x


@max_vjp.mistake
def shared_among_all_winners(g, x, axis):
    """You divide by the number of winners in the whole array. Only those of the same row or column share one g."""
    winners = x == x.max(axis=axis, keepdims=True)
    return winners * np.expand_dims(g, axis) / winners.sum()


@max_vjp.mistake
def without_g(g, x, axis):
    """You leave g out: these are the shares of a g of ones. Each maximum has a gradient of its own."""
    return shared(np.ones_like(g), x, axis)


@max_vjp.mistake
def winners_marked(g, x, axis):
    """You answer with a 1 for each winner: who gets something, and not how much. The g of that maximum is missing, and
    at a tie the sharing, too."""
    return (x == x.max(axis=axis, keepdims=True)) * 1.0


@max_vjp.mistake
def divided_by_the_length(g, x, axis):
    """You divide by the number of entries along the axis, as a mean does. Only the winners share."""
    return (x == x.max(axis=axis, keepdims=True)) * np.expand_dims(g, axis) / x.shape[axis]


# --- 6 -----------------------------------------------------------------------------------------


@exercise("There and back: centred columns", points=3)
def centred_vjp():
    """Return the gradient of x for z = x - x.mean(axis=0), given the gradient g of z.

    x has shape (n, m), and so has z: from each entry the mean of its column is taken away. For x of shape (2, 1) and
    g = [[1], [5]] the answer is [[-2], [2]].
    """
    for shape, about in [
        ((3, 2), ""),
        ((2, 4), ""),
        ((3, 3), ""),
        ((4, 1), "a single column"),
        ((1, 3), "a single row, which is its own mean"),
    ]:
        x, g = (numbers(shape, seed=shape + (i,), whole=not about) for i in range(2))
        yield Case({"g": g, "x": x}, expected=g - g.mean(axis=0), about=about)


@centred_vjp.mistake
def mean_forgotten(g, x):
    """You return g unchanged. x stands in z twice: as itself, and in the mean of its column. The second way back is
    missing."""
    return g.copy()


@centred_vjp.mistake
def whole_sum_taken(g, x):
    """You take away the sum of the column of g. In the mean, each entry counts only one n-th."""
    return g - g.sum(axis=0)


@centred_vjp.mistake
def one_use_of_the_mean(g, x):
    """The mean was stretched over n rows, so what comes back to it is a sum over them; after that the mean divides by
    n. You divide without having summed."""
    return g - g / len(x)


@centred_vjp.mistake
def n_from_the_wrong_axis(g, x):
    """You sum along the right axis and divide by the number of columns. A column has one entry in each row, so its
    mean divides by the number of rows."""
    return g - g.sum(axis=0) / x.shape[1]


@centred_vjp.mistake
def mean_alone(g, x):
    """You return only what comes back through the mean. x stands in z as itself, too, and so each entry gets its own g
    as well."""
    return -np.broadcast_to(g.mean(axis=0), x.shape)


@centred_vjp.mistake
def mean_added(g, x):
    """The sign of the second way is lost: the mean is taken away, so what arrives at it is -g."""
    return g + g.mean(axis=0)


@centred_vjp.mistake
def rows_centred(g, x):
    """You average g over the columns. x was averaged over the rows, axis 0, and the way back goes along the same
    axis."""
    return g - g.mean(axis=1, keepdims=True)


@centred_vjp.mistake
def mean_of_everything(g, x):
    """You take away one mean of all of g. Each column has its own."""
    return g - g.mean()


@centred_vjp.mistake
def mean_of_x_taken(g, x):
    """You take away the mean of x, as the forward pass does. What comes back through the mean is made of g."""
    return g - x.mean(axis=0)


@centred_vjp.mistake
def x_centred(g, x):
    """You centre x, which is the forward pass. What is asked for is made of g."""
    return x - x.mean(axis=0)
