"""The checks of lesson 04."""

import numpy as np
from numpy import isclose

from gradlib.autograd import unbroadcast
from gradlib.checks.cases import Case
from gradlib.checks.exercises import exercise
from gradlib.checks.values import is_among, show
from gradlib.checks.variants import Variant

TITLE = "Broadcasting"


def numbers(shape, seed, whole=True):
    """Small numbers in an array of a shape, all different while they are few: integers, or sevenths of them."""
    few = np.arange(-9.0, 10.0)
    size = int(np.prod(shape))
    drawn = np.random.default_rng(seed).choice(few, size, replace=size > few.size)
    return np.asarray(drawn.reshape(shape) / (1.0 if whole else 7.0))


# --- 1 -----------------------------------------------------------------------------------------


@exercise("Predict the shape", points=1)
def shapes():
    """Return the shapes of six sums, as a dictionary from "A" to "F"; "error" where the two do not fit.

    A: (5, 1) + (4,). B: (3, 4) + (3,). C: (4, 6) + (3,). D: (2, 1, 4) + (3, 1). E: () + (2, 1). F: (4,) + (4, 1).
    """
    expected = {"A": (5, 4), "B": "error", "C": "error", "D": (2, 3, 4), "E": (2, 1), "F": (4, 4)}
    yield Case(expected=expected, form=not_a_shape)


def not_a_shape(content):
    """A sentence on the content of a box that is neither a shape nor "error", or ""."""
    if isinstance(content, str):
        is_one = is_among(content, ["error"])
    else:
        sizes = content if isinstance(content, list | tuple | np.ndarray) else [None]
        is_one = all(isinstance(size, int | np.integer) for size in sizes)
    return "" if is_one else f'{show(content)} is not a shape such as `(2, 3)`, and not the text "error".'


@shapes.varies
def other_shapes(choose):
    """Sums of the same kinds, of other sizes."""
    m, n = choose((2, 3), (3, 5), (5, 2), (6, 5), (4, 7)), choose((5, 7), (2, 5), (3, 2), (4, 6), (7, 4))
    a, b, d, e, f = (choose(4, 5, 6, 7, 8) for _ in range(5))
    pairs = {
        "A": ((a, 1), (b,)),
        "B": (m, m[:1]),
        "C": ((n[0], 2 * n[1]), (n[1],)),
        "D": ((2, 1, d), (a, 1)),
        "E": ((), (e, 1)),
        "F": ((f,), (f, 1)),
    }
    rows = [f"| {name} | {first} + {second} |" for name, (first, second) in pairs.items()]
    expected = {"A": (a, b), "B": "error", "C": "error", "D": (2, a, d), "E": (e, 1), "F": (f, f)}
    return Variant("\n".join(["| sum | of shapes |", "|:---:|---|", *rows]), expected)


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
    """Only an axis of size 1 is stretched. 3 does not fit 6, and 3 does not fit 4: the sizes must be equal, or one of
    them 1."""
    return {"B": (3, 4, 3), "C": (4, 6)}


@shapes.mistake
def only_equal_ends():
    """A size of 1 fits any other size: that axis is repeated. It is not an error."""
    return {"A": "error", "B": "error", "C": "error", "D": "error", "E": "error", "F": "error"}


@shapes.mistake
def all_axes_in_a_row():
    """The axes do not line up one after the other. Write the shapes under each other: each column gives one axis."""
    return {"A": (5, 1, 4), "B": (3, 4, 3), "C": (4, 6, 3), "D": (2, 1, 4, 3, 1), "E": (2, 1), "F": (4, 4, 1)}


@shapes.mistake
def in_reverse():
    """The axes are in reverse. You compare from the right, and write the shape down as always: the first axis first."""
    return {"A": (4, 5), "D": (4, 3, 2), "E": (1, 2)}


# --- 2 -----------------------------------------------------------------------------------------


@exercise("The larger of two", points=3)
def maximum_vjp():
    """Return the gradients of a and b for z = np.maximum(a, b), given the gradient g of z, as a tuple.

    z has the larger of the two at each place. Where they are equal, each gets half. a and b may have different shapes,
    which broadcast; each gradient has the shape of its operand. For a = [1, 5, 4], b = 4 and g = [1, 10, 100] the
    gradients are [0, 10, 50] and 51.
    """
    for a, b, about in [
        ([1.0, 5.0, 2.0], [3.0, 4.0, -1.0], ""),
        ([[1.0, 6.0], [-2.0, 3.0]], [2.0, 0.0], ""),
        ([[2.0], [-1.0]], [[1.0, 3.0, 0.0], [-4.0, 0.0, -2.0]], ""),
        ([3.0, 1.0], [3.0, 2.0], "a tie"),
        ([1.0, 5.0, 4.0], 4.0, "a single number"),
        (0.0, [[-1.0, 2.0], [3.0, -2.0]], "a single number"),
        (-0.25, -0.25, "two single numbers"),
        ([[2.0], [0.0]], [2.0, 0.0, 1.0], "both of them stretched"),
        ([[-3.5, -1.25]], [[-2.0, -1.25], [-3.5, -0.5]], "negative numbers"),
        ([[[1.5, 0.0]], [[-1.0, 2.0]]], [[0.0], [1.5], [2.0]], "three axes"),
        ([1.2, 1.4], [1.4, 1.2], "two that a rounding would make equal"),
        ([1000.001, 1000.0], [1000.0, 1000.001], "two that are nearly equal"),
        ([[0.0], [0.0]], [[0.0, 0.0], [0.0, 0.0]], "all of them equal"),
    ]:
        a, b = np.array(a), np.array(b)
        g = numbers(np.maximum(a, b).shape, seed=[a.size, b.size, len(about)], whole=not about)
        yield Case({"g": g, "a": a, "b": b}, expected=of_larger(g, a, b), names=("a", "b"), about=about)


def of_larger(g, a, b, at_a_tie=(0.5, 0.5)):
    first, second = at_a_tie
    to_a, to_b = g * ((a > b) + first * (a == b)), g * ((b > a) + second * (a == b))
    return unbroadcast(to_a, a.shape), unbroadcast(to_b, b.shape)


@maximum_vjp.mistake
def both_get_all(g, a, b):
    """Where a and b are equal, each gets the whole of g, and together they get twice what there was. Share it."""
    return of_larger(g, a, b, (1, 1))


@maximum_vjp.mistake(whole=True)
def ties_to_a(g, a, b):
    """Where a and b are equal, all of g goes to a. The two have the same right to it: each gets half."""
    return of_larger(g, a, b, (1, 0))


@maximum_vjp.mistake(whole=True)
def ties_to_b(g, a, b):
    """Where a and b are equal, all of g goes to b. The two have the same right to it: each gets half."""
    return of_larger(g, a, b, (0, 1))


@maximum_vjp.mistake(whole=True)
def ties_to_nobody(g, a, b):
    """Where a and b are equal, nobody gets anything, and the g of that place is lost. Each gets half."""
    return of_larger(g, a, b, (0, 0))


@maximum_vjp.mistake(whole=True)
def loser_gets_it(g, a, b):
    """The smaller one gets g. It is the larger one that stands in the result."""
    return of_larger(g, -a, -b)


@maximum_vjp.mistake(whole=True)
def half_on_top(g, a, b):
    """The larger one gets 1.5 times g: `>=` is true for it as well, and adds the half of a tie. Compare with `==`
    there."""
    return of_larger(g * np.where(a == b, 1.0, 1.5), a, b)


@maximum_vjp.mistake
def nothing_summed(g, a, b):
    """The gradient has the shape of the result. An entry that was stretched collects from all of its places: sum over
    them."""
    share = (a > b) + 0.5 * (a == b)
    return g * share, g * (1 - share)


@maximum_vjp.mistake
def axes_of_one_lost(g, a, b):
    """The sums are right, and the axes of size 1 are gone. Where the operand has an axis of size 1, its gradient has
    one, too."""
    to_a, to_b = of_larger(g, a, b)
    return np.squeeze(to_a), np.squeeze(to_b)


@maximum_vjp.mistake
def averaged(g, a, b):
    """You take the mean over the stretched axes. An entry that was used four times has moved the loss four times: its
    gradient is the sum."""
    to_a, to_b = of_larger(g, a, b)
    return to_a * (to_a.size / g.size), to_b * (to_b.size / g.size)


@maximum_vjp.mistake
def g_for_both(g, a, b):
    """Both get all of g, as in a sum. A nudge to the smaller one moves nothing: its gradient is 0 there."""
    return unbroadcast(g, a.shape), unbroadcast(g, b.shape)


@maximum_vjp.mistake
def of_ones(g, a, b):
    """You leave g out: that is the answer for a g of ones. Each result has a gradient of its own."""
    return of_larger(np.ones_like(g), a, b)


@maximum_vjp.mistake
def times_the_value(g, a, b):
    """You multiply by the larger number. The result moves exactly as that number does: the slope is 1."""
    return of_larger(g * np.maximum(a, b), a, b)


@maximum_vjp.mistake
def nearly_equal_share(g, a, b):
    """You let two numbers share that are only nearly equal. The smaller one moves nothing: compare with `==`."""
    share = np.where(isclose(a, b), 0.5, a > b)
    return unbroadcast(g * share, a.shape), unbroadcast(g * (1 - share), b.shape)


@maximum_vjp.mistake
def rounded_first(g, a, b):
    """You round before you compare, and so find ties that are none. 1.2 and 1.4 are two numbers."""
    return of_larger(g, a.round(), b.round())


@maximum_vjp.mistake
def half_without_g(g, a, b):
    """Where a and b are equal, you add a half and not half of g. What is shared is the g of that place."""
    tie = 0.5 * (a == b)
    return unbroadcast(g * (a > b) + tie, a.shape), unbroadcast(g * (b > a) + tie, b.shape)


@maximum_vjp.mistake
def summed_too_early(g, a, b):
    """You sum g and the shares separately and multiply the sums. Multiply at each place first, then sum."""
    share = (a > b) + 0.5 * (a == b)
    return (
        unbroadcast(g, a.shape) * unbroadcast(share, a.shape),
        unbroadcast(g, b.shape) * unbroadcast(1 - share, b.shape),
    )


@maximum_vjp.mistake
def one_number_each(g, a, b):
    """You sum over all places, and have a single number. An entry collects only from the places that it was stretched
    to."""
    share = (a > b) + 0.5 * (a == b)
    return np.sum(g * share), np.sum(g * (1 - share))


@maximum_vjp.mistake(whole=True)
def exchanged(g, a, b):
    """The two gradients have changed places. The first belongs to a, and has its shape."""
    return of_larger(g, a, b)[::-1]


# --- 3 -----------------------------------------------------------------------------------------


@exercise("Minus the largest", points=3)
def shifted_vjp():
    """Return the gradient of x for z = x - x.max(axis=axis, keepdims=True), given the gradient g of z.

    Several entries that are equally the largest share evenly what comes back to the maximum; nearly equal is not equal.
    axis is an integer, and may be negative. For x = [3, 5], axis 0 and g = [1, 10] the answer is [1, -1].
    """
    three_axes = [[[1.0, 7.0], [5.0, 7.0], [5.0, 2.0]], [[0.5, 0.0], [0.5, 3.0], [-1.0, 8.0]]]
    for x, axis, about in [
        ([3.0, 5.0, 4.0], 0, ""),
        ([[1.0, 5.0, 2.0], [4.0, 0.0, 3.0]], 1, ""),
        ([[1.0, 5.0, 2.0], [4.0, 0.0, 3.0]], 0, ""),
        ([[1.0, 5.0], [7.0, 0.0]], 1, ""),  # square, where a lost axis gives numbers and no error
        ([[-1.0, -5.0], [-7.0, -2.0]], 0, ""),
        ([[-3.0, -9.0, -6.0], [2.0, 5.0, 7.0], [4.0, 8.0, -7.0]], 0, ""),
        ([2.0, 5.0, 5.0], 0, "a tie"),
        ([[2.0, 2.0, 2.0], [1.0, 7.0, 7.0]], -1, "ties of two and of three"),
        ([[4.0, 4.0, 1.0], [2.0, 7.0, 7.0]], 1, "ties in rows"),
        ([[0.0, -1.0], [0.0, -1.0], [-2.0, -1.0]], 0, "ties in columns"),
        ([[4.0], [6.0]], 1, "an axis of size 1"),
        ([[1.2, 1.4], [0.9, 0.6]], 1, "two that a rounding would make equal"),
        ([1000.001, 1000.002, 1000.0], 0, "two that are nearly equal"),
        (three_axes, 1, "the middle of three axes"),
        (three_axes, -2, "a negative axis"),
        (three_axes, 0, "the first of three axes"),
    ]:
        x = np.array(x)
        g = numbers(x.shape, seed=[x.size, axis % x.ndim], whole=not about)
        yield Case({"g": g, "x": x, "axis": axis}, expected=shifted_back(g, x, axis), about=about)


def shares(x, axis):
    winners = x == x.max(axis=axis, keepdims=True)
    return winners / winners.sum(axis=axis, keepdims=True)


def shifted_back(g, x, axis):
    return g - shares(x, axis) * g.sum(axis=axis, keepdims=True)


@shifted_vjp.mistake
def maximum_is_constant(g, x, axis):
    """You return g unchanged, as if the maximum were a constant. x stands in z twice: as itself, and in the maximum.
    The second way back is missing."""
    return g.copy()


@shifted_vjp.mistake
def maximum_added(g, x, axis):
    """The sign of the second way is lost: the maximum is taken away, so what arrives at it is -g."""
    return g + shares(x, axis) * g.sum(axis=axis, keepdims=True)


@shifted_vjp.mistake
def one_use_of_the_maximum(g, x, axis):
    """The winner pays back its own g only. The maximum was taken away from every entry along the axis, so it collects
    from all of them: a sum."""
    return g - shares(x, axis) * g


@shifted_vjp.mistake
def winner_gets_nothing(g, x, axis):
    """The largest entries get 0. Where x is largest, z is 0 whatever x is, but the maximum was also taken away from all
    the other entries: what they send back is missing."""
    return np.where(x == x.max(axis=axis, keepdims=True), 0.0, g)


@shifted_vjp.mistake
def one_taken_away(g, x, axis):
    """You take 1 away from the winner, or its share of 1. What comes back to the maximum is the sum of the g along the
    axis."""
    return g - shares(x, axis)


@shifted_vjp.mistake
def keepdims_lost(g, x, axis):
    """The sum of g has lost its axis, and NumPy puts the missing axis in front: a sum over a row then meets a column.
    Keep it, with keepdims=True."""
    winners = x == x.max(axis=axis, keepdims=True)
    return g - winners * g.sum(axis=axis) / winners.sum(axis=axis, keepdims=True)


@shifted_vjp.mistake
def keepdims_lost_unshared(g, x, axis):
    """The sum of g has lost its axis, so NumPy puts an axis in front, and a sum over a row meets a column. Keep the
    axis, with keepdims=True. The winners of a tie do not share yet, either."""
    return g - (x == x.max(axis=axis, keepdims=True)) * g.sum(axis=axis)


@shifted_vjp.mistake
def mean_taken_back(g, x, axis):
    """You give the winner the mean of what comes back. The maximum was used once for each entry along the axis: what
    comes back to it is a sum."""
    return g - shares(x, axis) * g.mean(axis=axis, keepdims=True)


@shifted_vjp.mistake
def everybody_pays(g, x, axis):
    """You take the sum of g away from every entry. Only the largest entry moves the maximum, so only it pays."""
    return g - g.sum(axis=axis, keepdims=True)


@shifted_vjp.mistake
def as_for_a_mean(g, x, axis):
    """You take the mean of g away from every entry: that is the rule for x minus its mean. A maximum moves with its
    largest entry alone."""
    return g - g.mean(axis=axis, keepdims=True)


@shifted_vjp.mistake
def maximum_alone(g, x, axis):
    """You return only what comes back through the maximum. x stands in z as itself, too, and so each entry gets its own
    g as well."""
    return g * 0 - shares(x, axis) * g.sum(axis=axis, keepdims=True)


@shifted_vjp.mistake
def all_winners_get_all(g, x, axis):
    """At a tie every winner pays the whole sum, and together they pay it several times. Share it."""
    winners = x == x.max(axis=axis, keepdims=True)
    return g - winners * g.sum(axis=axis, keepdims=True)


def put_at(places, g, x, axis):
    paid = np.zeros_like(x)
    np.put_along_axis(paid, np.expand_dims(places, axis), g.sum(axis=axis, keepdims=True), axis)
    return g - paid


@shifted_vjp.mistake
def first_winner_takes_all(g, x, axis):
    """At a tie the first one pays everything. Here the winners share, so that the answer does not depend on the order
    of the entries."""
    return put_at(x.argmax(axis=axis), g, x, axis)


@shifted_vjp.mistake
def last_winner_takes_all(g, x, axis):
    """At a tie the last one pays everything: each winner that is found replaces the one before. Here the winners share,
    so that the answer does not depend on the order of the entries."""
    return put_at(x.shape[axis] - 1 - np.flip(x, axis).argmax(axis=axis), g, x, axis)


@shifted_vjp.mistake
def shared_among_all_winners(g, x, axis):
    """You divide by the number of winners in the whole array. Only those of the same row or column share."""
    winners = x == x.max(axis=axis, keepdims=True)
    return g - winners * g.sum(axis=axis, keepdims=True) / winners.sum()


@shifted_vjp.mistake
def largest_of_all(g, x, axis):
    """You look for the largest entry of the whole array. Here there is a maximum for each row or column."""
    winners = x == x.max()
    return g - winners * g.sum() / winners.sum()


@shifted_vjp.mistake
def one_winner_for_all(g, x, axis):
    """Only the largest entry of the whole array pays. Here there is a maximum for each row or column, and each has its
    own winner."""
    return g - (x == x.max()) * g.sum(axis=axis, keepdims=True)


@shifted_vjp.mistake
def sum_of_everything_unshared(g, x, axis):
    """Each winner pays the sum of all of g, also where several share. A maximum collects from its own row or column."""
    return g - (x == x.max(axis=axis, keepdims=True)) * g.sum()


@shifted_vjp.mistake
def sum_of_everything(g, x, axis):
    """Each winner pays the sum of all of g. A maximum is taken away from the entries of its own row or column alone,
    and collects from these."""
    return g - shares(x, axis) * g.sum()


@shifted_vjp.mistake
def nearly_equal_pay(g, x, axis):
    """You let entries share that are only nearly as large as the maximum. The smaller one moves nothing: compare with
    `==`, since the maximum is one of the entries, without any rounding."""
    winners = isclose(x, x.max(axis=axis, keepdims=True))
    return g - winners * g.sum(axis=axis, keepdims=True) / winners.sum(axis=axis, keepdims=True)


@shifted_vjp.mistake
def rounded_x(g, x, axis):
    """You round x before you look for the maximum, and so find ties that are none. 1.2 and 1.4 are two numbers."""
    return shifted_back(g, x.round(), axis)


@shifted_vjp.mistake
def shifted_ones(g, x, axis):
    """You leave g out: that is the answer for a g of ones. Each result has a gradient of its own."""
    return shifted_back(np.ones_like(g), x, axis)


@shifted_vjp.mistake
def shifted_g(g, x, axis):
    """You take the maximum of g away, as the forward pass does with x. Going back, the maximum collects a sum."""
    return g - g.max(axis=axis, keepdims=True)


@shifted_vjp.mistake
def forward_again(g, x, axis):
    """This is the forward pass: x minus its maximum. The gradient is made of g."""
    return x - x.max(axis=axis, keepdims=True)


@shifted_vjp.mistake
def other_axis(g, x, axis):
    """You go along another axis than the one that is asked for. The maximum was taken along `axis`, and the way back
    goes along the same one."""
    return shifted_back(g, x, (axis + 1) % x.ndim)


@shifted_vjp.mistake
def along_the_last_axis(g, x, axis):
    """You go along the last axis whatever `axis` is."""
    return shifted_back(g, x, -1)


@shifted_vjp.mistake
def along_axis_0(g, x, axis):
    """You go along axis 0 whatever `axis` is."""
    return shifted_back(g, x, 0)


@shifted_vjp.mistake
def winner_left_out(g, x, axis):
    """The winner collects from the others alone. The maximum was taken away from the winner, too: its own g belongs in
    the sum."""
    others = x != x.max(axis=axis, keepdims=True)
    return g - shares(x, axis) * (g * others).sum(axis=axis, keepdims=True)


@shifted_vjp.mistake
def largest_g_pays(g, x, axis):
    """You look for the largest entry of g. The winner is the largest entry of x."""
    return g - shares(g, axis) * g.sum(axis=axis, keepdims=True)


# --- 4 -----------------------------------------------------------------------------------------


@exercise("The change over k steps", points=2)
def lagged_vjp():
    """Return the gradient of x for z = x[k:] - x[:-k], given the gradient g of z.

    z[i] = x[i + k] - x[i], for x of shape (n,) and k from 1 to n - 1; g has shape (n - k,). For x of 3 entries, k = 1
    and g = [1, 10] the answer is [-1, -9, 10].
    """
    for n, k, about in [
        (4, 1, ""),
        (5, 2, ""),
        (6, 2, ""),
        (6, 3, ""),
        (2, 1, "two entries"),
        (5, 3, "an entry that no result uses"),
        (7, 6, "a single change"),
        (8, 3, ""),
    ]:
        x, g = numbers(n, seed=[n, k], whole=not about), numbers(n - k, seed=[k, n, 1], whole=not about)
        yield Case({"g": g, "x": x, "k": k}, expected=lagged_back(g, x, k), about=about)


def lagged_back(g, x, k):
    none = np.zeros(len(x) - len(g))
    return np.concatenate([none, g]) - np.concatenate([g, none])


@lagged_vjp.mistake
def signs_turned(g, x, k):
    """The signs are exchanged. z[i] is the later entry minus the earlier one: the later one gets +g."""
    return -lagged_back(g, x, k)


@lagged_vjp.mistake
def both_added(g, x, k):
    """Both ways have a plus. The earlier entry is taken away, so it gets -g."""
    none = np.zeros(k)
    return np.concatenate([none, g]) + np.concatenate([g, none])


@lagged_vjp.mistake
def later_alone(g, x, k):
    """Only the later entries collect. Each entry is also an earlier one, of the change that ends k steps after it."""
    return np.concatenate([np.zeros(k), g])


@lagged_vjp.mistake
def earlier_alone(g, x, k):
    """Only the earlier entries collect. Each entry is also a later one, of the change that started k steps before
    it."""
    return -np.concatenate([g, np.zeros(k)])


@lagged_vjp.mistake
def plus_written_over(g, x, k):
    """The second assignment writes over the first where the two meet. An entry in the middle stands in two results,
    and collects from both: add."""
    answer = lagged_back(g, x, k)
    answer[:-k] = -g
    return answer


@lagged_vjp.mistake
def minus_written_over(g, x, k):
    """The second assignment writes over the first where the two meet, and the minus is lost there. An entry in the
    middle stands in two results, and collects from both: add."""
    answer = lagged_back(g, x, k)
    answer[k:] = g
    return answer


@lagged_vjp.mistake
def ends_alone(g, x, k):
    """Only the first k and the last k entries collect. An entry in the middle is taken away in one result and stands
    with a plus in another: the two contributions are different gradients and do not cancel."""
    answer = np.zeros_like(x)
    answer[:k] -= g[:k] if len(g) >= k else np.append(g, np.zeros(k - len(g)))
    answer[-k:] += g[-k:] if len(g) >= k else np.append(np.zeros(k - len(g)), g)
    return answer


@lagged_vjp.mistake
def added_to_x(g, x, k):
    """You add to the values of x. A gradient is an array of its own, which starts from 0."""
    return x + lagged_back(g, x, k)


@lagged_vjp.mistake
def in_integers(g, x, k):
    """You collect in an array of integers, which cuts off what stands after the decimal point."""
    return lagged_back(g.astype(int), x, k)


@lagged_vjp.mistake
def k_ignored(g, x, k):
    """You go one step back whatever k is. The two entries of a change lie k steps apart."""
    answer = np.zeros_like(x)
    answer[1 : len(g) + 1] += g
    answer[: len(g)] -= g
    return answer


@lagged_vjp.mistake
def lagged_g(g, x, k):
    """You take the changes of g, as the forward pass does with x. Going back, the answer has the shape of x: each g
    goes to two entries."""
    return g[k:] - g[:-k] if len(g) > k else np.zeros(0)


@lagged_vjp.mistake
def lagged_ones(g, x, k):
    """You leave g out: that is the answer for a g of ones. Each result has a gradient of its own."""
    return lagged_back(np.ones_like(g), x, k)


@lagged_vjp.mistake
def lagged_times_x(g, x, k):
    """You multiply by the entries of x. A difference moves exactly as its entries do: the slopes are 1 and -1."""
    return lagged_back(g, x, k) * x


@lagged_vjp.mistake
def g_from_behind(g, x, k):
    """You take g from its end to its start. g[i] belongs to x[i + k] and to x[i], in this order."""
    return lagged_back(g[::-1], x, k)


@lagged_vjp.mistake
def last_g_missing(g, x, k):
    """The last g goes nowhere: your loop ends one turn too early. g has n - k entries, and each of them goes to two
    places."""
    return lagged_back(np.append(g[:-1], 0.0), x, k)


@lagged_vjp.mistake
def back_instead_of_on(g, x, k):
    """The plus goes to x[i - k], before x[i] or, for a negative index, at the end. It belongs to x[i + k]."""
    answer = np.zeros_like(x)
    for i in range(len(g)):
        answer[i] -= g[i]
        answer[i - k] += g[i]
    return answer


@lagged_vjp.mistake
def running_totals(g, x, k):
    """You take running totals, as if to get x back from its changes. Each g goes to two entries, and no further."""
    return np.concatenate([np.zeros(k), np.cumsum(g)])


# --- 5 -----------------------------------------------------------------------------------------


@exercise("Products of pairs", points=3)
def pairs_vjp():
    """Return the gradient of x for z = x[i] * x[j], given the gradient g of z.

    x has shape (n,). i and j are arrays of k indices; entries may stand in several pairs, in none, or twice in one, and
    negative indices count from the end. For x = [2, 3, 5], i = [0, 0], j = [1, 2] and g = [1, 10] the answer is
    [53, 2, 20].
    """
    for x, i, j, about in [
        ([2.0, 3.0, 5.0], [0], [2], ""),
        ([2.0, 3.0, 5.0], [0, 0], [1, 2], ""),
        ([3.0, -2.0, 4.0, 7.0], [3, 0, 1], [0, 1, 2], ""),
        ([4.0, 6.0], [0, 0, 1], [1, 1, 0], "the same pair three times"),
        ([5.0, -3.0, 2.0], [0, 2], [0, 1], "an entry times itself"),
        ([1.5, 2.5, -0.5], [0, 1, 1], [-1, 2, -3], "negative indices"),
        ([1.5, 2.5, -0.5, 3.0], [-1, -3, 0], [1, 0, -1], "negative indices"),
        ([0.0, 2.0, 3.0], [0, 1], [1, 2], "an entry that is 0"),
        ([2.0, 3.0], [], [], "no pair at all"),
    ]:
        x, i, j = np.array(x), np.array(i, dtype=int), np.array(j, dtype=int)
        g = numbers(i.shape, seed=[len(x), len(i)], whole=not about)
        yield Case({"g": g, "x": x, "i": i, "j": j}, expected=pairs_back(g, x, i, j), about=about)


def added_up(g, x, index):
    gradient = np.zeros_like(x)
    for place, arrived in zip(index, g, strict=True):
        gradient[place] += arrived
    return gradient


def pairs_back(g, x, i, j):
    return added_up(g * x[j], x, i) + added_up(g * x[i], x, j)


@pairs_vjp.mistake
def first_alone(g, x, i, j):
    """Only the entries named by i collect. In a product both factors move the result."""
    return added_up(g * x[j], x, i)


@pairs_vjp.mistake
def second_alone(g, x, i, j):
    """Only the entries named by j collect. In a product both factors move the result."""
    return added_up(g * x[i], x, j)


@pairs_vjp.mistake
def own_value(g, x, i, j):
    """You multiply g by the entry's own value. The slope of a product with respect to one factor is the *other*
    factor."""
    return added_up(g * x[i], x, i) + added_up(g * x[j], x, j)


@pairs_vjp.mistake
def slope_of_one(g, x, i, j):
    """Both entries get g itself, as in a sum. In a product the slope is the other factor."""
    return added_up(g, x, i) + added_up(g, x, j)


@pairs_vjp.mistake
def written_over(g, x, i, j):
    """An entry that stands in several pairs has only what came last. `gradient[i] += …` reads once and writes once: one
    use is written over the other."""
    gradient = np.zeros_like(x)
    gradient[i] += g * x[j]
    gradient[j] += g * x[i]
    return gradient


@pairs_vjp.mistake
def i_written_over(g, x, i, j):
    """The part that comes back through i is written over where an index repeats: `+=` reads once and writes once."""
    gradient = np.zeros_like(x)
    gradient[i] += g * x[j]
    return gradient + added_up(g * x[i], x, j)


@pairs_vjp.mistake
def j_written_over(g, x, i, j):
    """The part that comes back through j is written over where an index repeats: `+=` reads once and writes once."""
    gradient = added_up(g * x[j], x, i)
    gradient[j] += g * x[i]
    return gradient


@pairs_vjp.mistake
def last_pair_wins(g, x, i, j):
    """An entry keeps what its last pair gives: each assignment replaces the one before. Add instead."""
    gradient = np.zeros_like(x)
    for n in range(len(g)):
        gradient[i[n]] = g[n] * x[j[n]]
        gradient[j[n]] = g[n] * x[i[n]]
    return gradient


@pairs_vjp.mistake
def one_number_a_pair(g, x, i, j):
    """Your answer has a number for each pair. The gradient has one for each entry of x: send each contribution to the
    place i or j names."""
    return g * x[j]


@pairs_vjp.mistake
def two_factors_a_pair(g, x, i, j):
    """You add up what goes to both entries of a pair. It belongs to two different entries of x: send each part to its
    own place."""
    return g * (x[i] + x[j])


@pairs_vjp.mistake
def index_for_value(g, x, i, j):
    """You multiply g by an index. The other factor is the value at that index, x[j] or x[i]."""
    return added_up(g * j, x, i) + added_up(g * i, x, j)


@pairs_vjp.mistake
def onto_x(g, x, i, j):
    """You add to the values of x. A gradient is an array of its own, which starts from 0."""
    return x + pairs_back(g, x, i, j)


@pairs_vjp.mistake
def assigned(g, x, i, j):
    """You assign what j's entries collect, and what the same entry has collected through i is gone. Everything that
    comes back to an entry adds up."""
    gradient = np.zeros_like(x)
    gradient[i] = g * x[j]
    gradient[j] = g * x[i]
    return gradient


@pairs_vjp.mistake
def square_counted_once(g, x, i, j):
    """An entry times itself collects once. It is both factors, so it collects twice: the slope of x² is 2x."""
    return pairs_back(g, x, i, j) - added_up(np.where(i % len(x) == j % len(x), g * x[i], 0.0), x, i)


@pairs_vjp.mistake
def pairs_of_ones(g, x, i, j):
    """You leave g out: that is the answer for a g of ones. Each result has a gradient of its own."""
    return pairs_back(np.ones_like(g), x, i, j)


@pairs_vjp.mistake
def result_for_factor(g, x, i, j):
    """You multiply g by the whole product. The slope of a product with respect to one factor is the other factor
    alone."""
    return added_up(g * x[i] * x[j], x, i) + added_up(g * x[i] * x[j], x, j)


@pairs_vjp.mistake
def averaged_uses(g, x, i, j):
    """You average what comes back to an entry that stands in several pairs. Each use moves the loss: they add up."""
    uses = added_up(np.ones_like(g), x, i) + added_up(np.ones_like(g), x, j)
    return pairs_back(g, x, i, j) / np.maximum(uses, 1)


@pairs_vjp.mistake
def negative_missed(g, x, i, j):
    """The part that arrives at a negative index is missing. -1 is the last entry, which has another name as well."""
    at_i, at_j = i >= 0, j >= 0
    return added_up((g * x[j])[at_i], x, i[at_i]) + added_up((g * x[i])[at_j], x, j[at_j])


@pairs_vjp.mistake
def one_place_a_pair(g, x, i, j):
    """You ask whether an entry stands first in a pair, and only if not, whether it stands second. It may be both, and
    then collects twice. A negative index is missed, too: -1 is the last entry, which has another name as well."""
    gradient = np.zeros_like(x)
    for n in range(len(g)):
        if i[n] >= 0:
            gradient[i[n]] += g[n] * x[j[n]]
        if j[n] >= 0 and i[n] != j[n]:
            gradient[j[n]] += g[n] * x[i[n]]
    return gradient


@pairs_vjp.mistake
def pairs_in_integers(g, x, i, j):
    """You collect in an array of integers, which cuts off what stands after the decimal point."""
    return added_up(np.trunc(g * x[j]), x, i) + added_up(np.trunc(g * x[i]), x, j)


# --- 6 -----------------------------------------------------------------------------------------


@exercise("Taken apart again", points=2)
def concatenate_vjp():
    """Return the gradients of several arrays for z = np.concatenate(arrays, axis=axis), as a list in their order.

    The arrays stand one after the other in z, along the axis, which is an integer and may be negative. g has the shape
    of z; each gradient has the shape of its array. For arrays [1, 2] and [3], axis 0 and g = [10, 20, 30] the answer is
    the list of [10, 20] and [30].
    """
    for shapes_of, axis, about in [
        ([(2,), (1,)], 0, ""),
        ([(1,), (2,), (3,)], 0, ""),
        ([(2, 2), (1, 2)], 0, ""),
        ([(2, 1), (2, 3)], 1, ""),
        ([(2, 2), (2, 2)], 1, ""),
        ([(3, 2), (3, 1), (3, 2)], 1, ""),
        ([(2, 3), (2, 2)], -1, "a negative axis"),
        ([(2, 1, 2), (2, 3, 2), (2, 2, 2)], 1, "the middle of three axes"),
        ([(2, 1, 2), (2, 3, 2)], -2, "the middle of three axes, counted from the end"),
        ([(2, 2, 1), (2, 2, 3)], 2, "the last of three axes"),
        ([(2, 1), (1, 1)], -2, "a negative axis"),
        ([(2, 3)], 0, "a single array"),
        ([(2,), (0,), (1,)], 0, "an array without entries"),
    ]:
        arrays = [numbers(shape, seed=[7, number], whole=not about) for number, shape in enumerate(shapes_of)]
        g = numbers(np.concatenate(arrays, axis=axis).shape, seed=[8, len(arrays)], whole=not about)
        names = ("the first", "the second", "the third")[: len(arrays)]
        inputs = {"g": g, "arrays": arrays, "axis": axis}
        yield Case(inputs, expected=list(parts(*inputs.values())), names=names, about=about)


def parts(g, arrays, axis):
    ends = np.cumsum([array.shape[axis] for array in arrays])
    return np.split(g, ends[:-1], axis=axis)


@concatenate_vjp.mistake
def cut_at_the_sizes(g, arrays, axis):
    """You cut at the sizes of the arrays. A cut stands where an array *ends*, counted from the start of z: the sizes
    added up."""
    return np.split(g, [array.shape[axis] for array in arrays][:-1], axis=axis)


@concatenate_vjp.mistake
def all_sizes_as_cuts(g, arrays, axis):
    """You cut at the size of every array, and so get one part too many. The cuts stand where an array ends and another
    one starts, counted from the start of z."""
    return np.split(g, [array.shape[axis] for array in arrays], axis=axis)


@concatenate_vjp.mistake
def one_cut_too_many(g, arrays, axis):
    """There is an empty part too many: the last array ends where g ends, and no cut belongs there."""
    return np.split(g, np.cumsum([array.shape[axis] for array in arrays]), axis=axis)


@concatenate_vjp.mistake
def equal_parts(g, arrays, axis):
    """You cut g into parts of equal size. The arrays may differ in size along the axis, and so do the parts."""
    return np.array_split(g, len(arrays), axis=axis)


@concatenate_vjp.mistake
def split_by_a_number(g, arrays, axis):
    """np.split with a number cuts into that many equal parts. The arrays may differ in size along the axis: give it a
    list of the places to cut."""
    return np.split(g, len(arrays), axis=axis)


@concatenate_vjp.mistake
def sizes_along_axis_0(g, arrays, axis):
    """You measure the arrays along axis 0, as `len` does, and cut along another axis. Measure and cut along `axis`."""
    return np.split(g, np.cumsum([len(array) for array in arrays])[:-1], axis=axis)


@concatenate_vjp.mistake
def all_entries_counted(g, arrays, axis):
    """You cut at the number of all entries of an array. Along the axis it reaches as far as its size there."""
    return np.split(g, np.cumsum([array.size for array in arrays])[:-1], axis=axis)


@concatenate_vjp.mistake
def axis_0_or_1(g, arrays, axis):
    """You tell axis 0 from axis 1, and there are more: a third axis, and negative ones, which count from the end.
    `np.split` and `np.take` are told the axis."""
    ends = np.cumsum([array.shape[axis] for array in arrays])
    return np.split(g, ends[:-1], axis=0 if axis == 0 else 1)


@concatenate_vjp.mistake
def starts_at_the_last_size(g, arrays, axis):
    """The third array starts at the size of the second. It starts where the second one ends: add the sizes up."""
    sizes = [array.shape[axis] for array in arrays]
    return [
        np.take(g, np.arange(g.shape[axis])[start : start + size], axis=axis)
        for start, size in zip([0, *sizes], sizes, strict=False)
    ]


@concatenate_vjp.mistake
def cut_along_axis_0(g, arrays, axis):
    """You measure along the right axis and cut along axis 0. The arrays stand one after the other along `axis`."""
    return np.split(g, np.cumsum([array.shape[axis] for array in arrays])[:-1])


@concatenate_vjp.mistake
def always_axis_0(g, arrays, axis):
    """You cut along axis 0 whatever `axis` is."""
    return np.split(g, np.cumsum([len(array) for array in arrays])[:-1])


@concatenate_vjp.mistake
def always_the_last_axis(g, arrays, axis):
    """You cut along the last axis whatever `axis` is."""
    return np.split(g, np.cumsum([array.shape[-1] for array in arrays])[:-1], axis=-1)


@concatenate_vjp.mistake
def ends_one_early(g, arrays, axis):
    """Each part ends one place too early. A range from start to end leaves the end out by itself."""
    found, start = [], 0
    for array in arrays:
        end = start + array.shape[axis]
        found.append(np.take(g, range(start, max(end - 1, start)), axis=axis))
        start = end
    return found


@concatenate_vjp.mistake
def each_from_the_start(g, arrays, axis):
    """Each array gets the first entries of g. The second array starts where the first one ends."""
    return [np.take(g, range(array.shape[axis]), axis=axis) for array in arrays]


@concatenate_vjp.mistake
def cut_as_one_line(g, arrays, axis):
    """You cut g as one long line and give each piece the shape of its array. Along any axis but the first, an array's
    entries do not lie in one piece: cut along the axis."""
    ends = np.cumsum([array.size for array in arrays])
    return [part.reshape(array.shape) for part, array in zip(np.split(g.ravel(), ends[:-1]), arrays, strict=True)]


@concatenate_vjp.mistake(whole=True)
def in_the_opposite_order(g, arrays, axis):
    """The pieces are right, in the opposite order. The first gradient belongs to the first array."""
    return parts(g, arrays, axis)[::-1]


@concatenate_vjp.mistake
def cut_from_the_end(g, arrays, axis):
    """You cut from the far end of g. The first array stands at the start of z."""
    return parts(g, arrays[::-1], axis)[::-1]


@concatenate_vjp.mistake
def values_returned(g, arrays, axis):
    """You return the arrays themselves. What comes back to them is made of g."""
    return [array.copy() for array in arrays]


@concatenate_vjp.mistake
def times_the_array(g, arrays, axis):
    """You multiply by the values of the array. An entry of z moves exactly as the entry it came from: the slope is
    1."""
    return [part * array for part, array in zip(parts(g, arrays, axis), arrays, strict=True)]


@concatenate_vjp.mistake
def parts_of_ones(g, arrays, axis):
    """You leave g out: that is the answer for a g of ones. Each result has a gradient of its own."""
    return [np.ones_like(array) for array in arrays]


@concatenate_vjp.mistake
def whole_g_for_each(g, arrays, axis):
    """Each array gets the whole of g. It stands in a part of z alone, and gets the part of g that belongs there."""
    return [g for _ in arrays]


# --- 7 -----------------------------------------------------------------------------------------


@exercise("How long is the day?", points=4)
def fit():
    """Return base, swing and season after a number of steps of descent on ((base + swing * season - table)²).mean().

    table has shape (n, m), base and swing (n, 1), season (m,). A step computes all three gradients first and then moves
    each of the three against its own gradient, times rate. For table [[1, 3]], base [[0]], swing [[1]], season [1, 1],
    rate 0.5 and one step the answer is [[1]], [[2]], [1, 2].
    """
    for n, m, rate, steps, about in [
        (1, 2, 0.5, 1, ""),
        (2, 3, 0.5, 1, ""),
        (2, 2, 0.25, 1, ""),
        (3, 3, 0.25, 1, ""),
        (3, 2, 0.125, 2, "two steps"),
        (1, 1, 0.5, 1, "a single number"),
        (4, 1, 0.25, 3, "a single column"),
        (2, 2, 0.125, 0, "no step at all"),
    ]:
        small = np.random.default_rng([n, m, steps])
        table = numbers((n, m), seed=[n, m], whole=not about)
        few = np.array([-1.0, 1.0, 2.0, 3.0]) * (0.25 if about else 1.0)
        base, swing, season = (small.choice(few, size) for size in [(n, 1), (n, 1), m])
        inputs = {"table": table, "base": base, "swing": swing, "season": season, "rate": rate, "steps": steps}
        odd = steps != 1  # one box that is wrong moves the others in the next step
        yield Case(inputs, fitted(**inputs), names=("base", "swing", "season"), about=about, odd=odd)


def gradients(table, base, swing, season, factor=None):
    g = (2 / table.size if factor is None else factor) * (base + swing * season - table)
    return g.sum(axis=1, keepdims=True), (g * season).sum(axis=1, keepdims=True), (g * swing).sum(axis=0)


def fitted(table, base, swing, season, rate, steps, factor=None):
    three = base, swing, season
    for _ in range(steps):
        three = tuple(x - rate * x_bar for x, x_bar in zip(three, gradients(table, *three, factor), strict=True))
    return tuple(np.array(x) for x in three)


@fit.mistake
def one_after_the_other(table, base, swing, season, rate, steps):
    """You move one of them before you compute the next gradient, which then belongs to another point. Compute all three
    gradients first."""
    for _ in range(steps):
        base = base - rate * gradients(table, base, swing, season)[0]
        swing = swing - rate * gradients(table, base, swing, season)[1]
        season = season - rate * gradients(table, base, swing, season)[2]
    return base, swing, season


@fit.mistake
def uphill(table, base, swing, season, rate, steps):
    """You move along the gradient, where the loss grows. Descent goes against it."""
    return fitted(table, base, swing, season, -rate, steps)


@fit.mistake
def sum_for_mean(table, base, swing, season, rate, steps):
    """The steps are as many times too long as the table has entries: the 1/N of the mean is missing."""
    return fitted(table, base, swing, season, rate, steps, 2)


@fit.mistake
def half_of_it(table, base, swing, season, rate, steps):
    """The steps are half as long as they should be: the square has the slope 2 times the difference."""
    return fitted(table, base, swing, season, rate, steps, 1 / table.size)


@fit.mistake
def divided_by_the_rows(table, base, swing, season, rate, steps):
    """You divide by the number of rows. The mean is over all entries of the table."""
    return fitted(table, base, swing, season, rate, steps, 2 / table.shape[0])


@fit.mistake
def divided_by_the_columns(table, base, swing, season, rate, steps):
    """You divide by the number of columns. The mean is over all entries of the table."""
    return fitted(table, base, swing, season, rate, steps, 2 / table.shape[1])


@fit.mistake
def mean_over_stretched(table, base, swing, season, rate, steps):
    """You average over the stretched axis. An entry that was read several times collects from all of these places: a
    sum."""
    for _ in range(steps):
        first, second, third = gradients(table, base, swing, season)
        n, m = table.shape
        base, swing, season = base - rate * first / m, swing - rate * second / m, season - rate * third / n
    return base, swing, season


@fit.mistake
def one_step(table, base, swing, season, rate, steps):
    """You make a single step, however many are asked for: the function returns before its loop has gone on."""
    return fitted(table, base, swing, season, rate, min(steps, 1))


@fit.mistake
def frozen(table, base, swing, season, rate, steps):
    """The gradients are computed once, before the loop. After a step they belong to another point: compute them again
    in each step."""
    return tuple(
        x - rate * steps * x_bar
        for x, x_bar in zip((base, swing, season), gradients(table, base, swing, season), strict=True)
    )


@fit.mistake
def own_factor(table, base, swing, season, rate, steps):
    """You multiply g by the factor's own value. In swing · season the slope of each is the *other* one."""
    for _ in range(steps):
        g = 2 / table.size * (base + swing * season - table)
        base, swing, season = (
            base - rate * g.sum(axis=1, keepdims=True),
            swing - rate * (g * swing).sum(axis=1, keepdims=True),
            season - rate * (g * season).sum(axis=0),
        )
    return base, swing, season


@fit.mistake
def slope_left_out(table, base, swing, season, rate, steps):
    """You use the gradient of z as it is. In swing · season the slope of each is the other one: multiply g by it before
    you sum."""
    for _ in range(steps):
        g = 2 / table.size * (base + swing * season - table)
        to_rows, to_columns = g.sum(axis=1, keepdims=True), g.sum(axis=0)
        base, swing, season = base - rate * to_rows, swing - rate * to_rows, season - rate * to_columns
    return base, swing, season


@fit.mistake
def season_one_step_ahead(table, base, swing, season, rate, steps):
    """You use a value that has already moved in this step. Compute all three gradients first, and only then move."""
    for _ in range(steps):
        g = 2 / table.size * (base + swing * season - table)
        base = base - rate * g.sum(axis=1, keepdims=True)
        swing = swing - rate * (g * season).sum(axis=1, keepdims=True)
        season = season - rate * (g * swing).sum(axis=0)
    return base, swing, season


@fit.mistake
def base_as_a_factor(table, base, swing, season, rate, steps):
    """You multiply the gradient of base by base. It is added in z: its slope is 1."""
    for _ in range(steps):
        g = 2 / table.size * (base + swing * season - table)
        base, swing, season = (
            base - rate * (g * base).sum(axis=1, keepdims=True),
            swing - rate * (g * season).sum(axis=1, keepdims=True),
            season - rate * (g * swing).sum(axis=0),
        )
    return base, swing, season


@fit.mistake
def rate_left_out(table, base, swing, season, rate, steps):
    """You leave rate out: each step is the whole gradient."""
    return fitted(table, base, swing, season, 1.0, steps)


@fit.mistake
def one_step_too_many(table, base, swing, season, rate, steps):
    """You make one step more than is asked for."""
    return fitted(table, base, swing, season, rate, steps + 1)


@fit.mistake(whole=True)
def base_and_swing_exchanged(table, base, swing, season, rate, steps):
    """base and swing have changed places: base comes first."""
    first, second, third = fitted(table, base, swing, season, rate, steps)
    return second, first, third


@fit.mistake
def columns_lost(table, base, swing, season, rate, steps):
    """The sum over a row has lost its axis: a shape (n,) is read as a row, and base and swing are columns. Keep the
    axis, with keepdims=True or by `unbroadcast`."""
    for _ in range(steps):
        first, second, third = gradients(table, base, swing, season)
        base, swing, season = base - rate * first[:, 0], swing - rate * second[:, 0], season - rate * third
    return base, swing, season


@fit.mistake
def one_mean_for_all(table, base, swing, season, rate, steps):
    """You use the mean of all differences as the gradient. Each difference belongs to its own place in the table; the
    1/N of the mean makes each of them smaller, and does not mix them."""
    for _ in range(steps):
        g = np.full(table.shape, 2 * (base + swing * season - table).mean())
        base, swing, season = (
            base - rate * g.sum(axis=1, keepdims=True),
            swing - rate * (g * season).sum(axis=1, keepdims=True),
            season - rate * (g * swing).sum(axis=0),
        )
    return base, swing, season


@fit.mistake
def sum_over_the_table(table, base, swing, season, rate, steps):
    """You sum over the whole table, and all entries move by the same. An entry collects from its own row or column
    alone."""
    for _ in range(steps):
        g = 2 / table.size * (base + swing * season - table)
        moves = g.sum(), (g * season).sum(), (g * swing).sum()
        base, swing, season = base - rate * moves[0], swing - rate * moves[1], season - rate * moves[2]
    return base, swing, season


@fit.mistake(whole=True)
def another_order(table, base, swing, season, rate, steps):
    """The three have changed places: first base, then swing, then season."""
    return fitted(table, base, swing, season, rate, steps)[::-1]


@fit.mistake
def never_moved(table, base, swing, season, rate, steps):
    """It has not moved. In each step assign the new value: base = base - rate * its gradient."""
    return base, swing, season


@fit.mistake
def gradients_returned(table, base, swing, season, rate, steps):
    """You return the gradients. The places after the steps are asked for."""
    return gradients(table, *fitted(table, base, swing, season, rate, max(steps - 1, 0)))
