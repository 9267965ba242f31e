"""Answers to the exercises of lesson 04."""

import numpy as np

from gradlib import Tensor, concatenate
from gradlib.autograd import unbroadcast
from gradlib.checks import lesson_04 as check

from .harness import answers_to

shapes = answers_to(check.shapes)
RIGHT = {"A": (5, 4), "B": "error", "C": "error", "D": (2, 3, 4), "E": (2, 1), "F": (4, 4)}


@shapes.right
def asked_of_numpy():
    answers = {}
    pairs = [((5, 1), (4,)), ((3, 4), (3,)), ((4, 6), (3,)), ((2, 1, 4), (3, 1)), ((), (2, 1)), ((4,), (4, 1))]
    for name, pair in zip("ABCDEF", pairs, strict=True):
        try:
            answers[name] = np.broadcast_shapes(*pair)
        except ValueError:
            answers[name] = "error"
    return answers


shapes.right(dict(reversed(RIGHT.items())))
shapes.right({name: list(shape) if shape != "error" else shape for name, shape in RIGHT.items()})
shapes.right({**RIGHT, "B": "Error", "C": " error"})
shapes.stub({name: ... for name in RIGHT})
shapes.wrong("compared from the right")({**RIGHT, "A": "error", "B": (3, 4)})
shapes.wrong("both of them may grow")({**RIGHT, "A": (5, 1), "D": (2, 1, 4)})
shapes.wrong("3 does not fit 6")({**RIGHT, "C": (4, 6)})
shapes.wrong("It is not an error")({**RIGHT, "E": "error", "F": "error"})
shapes.wrong("each column gives one axis")({**RIGHT, "D": (2, 1, 4, 3, 1)})
shapes.wrong("The axes are in reverse")({**RIGHT, "A": (4, 5)})
shapes.wrong()({**RIGHT, "F": (9,)})
shapes.wrong("'ValueError' is not a shape")({**RIGHT, "B": "ValueError"})
shapes.wrong("'(5, 4)' is not a shape")({**RIGHT, "A": "(5, 4)"})
shapes.wrong()({**RIGHT, "A": "error", "D": (4, 3)})
shapes.wrong("5 is not a shape")({**RIGHT, "C": 5})
shapes.wrong()({"A": (5, 4)})
shapes.wrong()(tuple(RIGHT.values()))


def random_shape(rng, axes):
    return tuple(int(size) for size in rng.integers(1, 4, size=axes))


def quarters(rng, shape):
    return rng.integers(-3, 3, size=shape) / 4


larger = answers_to(check.maximum_vjp)


@larger.right
def with_a_share(g, a, b):
    share = (a > b) + 0.5 * (a == b)
    return unbroadcast(g * share, a.shape), unbroadcast(g * (1 - share), b.shape)


@larger.right
def place_by_place(g, a, b):
    to_a, to_b = np.zeros_like(g), np.zeros_like(g)
    A, B = np.broadcast_to(a, g.shape), np.broadcast_to(b, g.shape)
    for place in np.ndindex(g.shape):
        if A[place] == B[place]:
            to_a[place] = to_b[place] = g[place] / 2
        elif A[place] > B[place]:
            to_a[place] = g[place]
        else:
            to_b[place] = g[place]
    return unbroadcast(to_a, a.shape), unbroadcast(to_b, b.shape)


@larger.right
def by_half_sums(g, a, b):
    difference = a - b  # max(a, b) = (a + b + |a - b|) / 2
    return [
        unbroadcast(g * (1 + np.sign(difference)) / 2, a.shape),
        unbroadcast(g * (1 - np.sign(difference)) / 2, b.shape),
    ]


@larger.wrong("Share it")
def at_least_as_large(g, a, b):
    return unbroadcast(g * (a >= b), a.shape), unbroadcast(g * (b >= a), b.shape)


@larger.wrong("all of g goes to a")
def a_or_else_b(g, a, b):
    return unbroadcast(np.where(a >= b, g, 0), a.shape), unbroadcast(np.where(a >= b, 0, g), b.shape)


@larger.wrong("all of g goes to b")
def strictly_a(g, a, b):
    return unbroadcast(g * (a > b), a.shape), unbroadcast(g * ~(a > b), b.shape)


@larger.wrong("the g of that place is lost")
def strictly_both(g, a, b):
    return unbroadcast(g * (a > b), a.shape), unbroadcast(g * (b > a), b.shape)


@larger.wrong("The smaller one gets g")
def smaller_wins(g, a, b):
    share = (a < b) + 0.5 * (a == b)
    return unbroadcast(g * share, a.shape), unbroadcast(g * (1 - share), b.shape)


@larger.wrong("sum over them")
def left_in_the_shape_of_g(g, a, b):
    share = (a > b) + 0.5 * (a == b)
    return g * share, g * (1 - share)


@larger.wrong("the axes of size 1 are gone")
def squeezed(g, a, b):
    to_a, to_b = with_a_share(g, a, b)
    return to_a.squeeze(), to_b.squeeze()


@larger.wrong("the mean over the stretched axes")
def with_means(g, a, b):
    return tuple(gradient * gradient.size / g.size for gradient in with_a_share(g, a, b))


@larger.wrong("as in a sum")
def as_a_sum(g, a, b):
    return unbroadcast(g, a.shape), unbroadcast(g, b.shape)


@larger.wrong("You leave g out")
def shares_alone(g, a, b):
    share = (a > b) + 0.5 * (a == b)
    return unbroadcast(share, a.shape), unbroadcast(1 - share, b.shape)


@larger.wrong("the slope is 1")
def times_z(g, a, b):
    return with_a_share(g * np.maximum(a, b), a, b)


@larger.wrong("only nearly equal")
def close_ones_share(g, a, b):
    share = np.where(np.isclose(a, b), 0.5, 1.0 * (a > b))
    return unbroadcast(g * share, a.shape), unbroadcast(g * (1 - share), b.shape)


@larger.wrong("1.2 and 1.4 are two numbers")
def of_whole_numbers(g, a, b):
    return with_a_share(g, np.round(a), np.round(b))


@larger.wrong("a half and not half of g")
def plus_a_half(g, a, b):
    return unbroadcast(g * (a > b) + 0.5 * (a == b), a.shape), unbroadcast(g * (b > a) + 0.5 * (a == b), b.shape)


@larger.wrong("Multiply at each place first")
def sums_multiplied(g, a, b):
    share = (a > b) + 0.5 * (a == b)
    to_a, to_b = unbroadcast(share, a.shape), unbroadcast(1 - share, b.shape)
    return unbroadcast(g, a.shape) * to_a, unbroadcast(g, b.shape) * to_b


@larger.wrong("a single number")
def totals(g, a, b):
    share = (a > b) + 0.5 * (a == b)
    return (g * share).sum(), (g * (1 - share)).sum()


@larger.wrong("have changed places")
def b_first(g, a, b):
    return with_a_share(g, a, b)[::-1]


@larger.wrong("expected a tuple of length 2")
def of_a_alone(g, a, b):
    return unbroadcast(g * ((a > b) + 0.5 * (a == b)), a.shape)


@larger.wrong()
def one_largest(g, a, b):
    z = np.maximum(a, b)
    return with_a_share(g * (z == z.max()), a, b)


@larger.wrong("1.5 times g")
def half_where_at_least_as_large(g, a, b):
    share, rest = (a > b) + 0.5 * (a >= b), (b > a) + 0.5 * (b >= a)
    return unbroadcast(g * share, a.shape), unbroadcast(g * rest, b.shape)


@larger.inputs
def two_that_broadcast(rng):
    common = random_shape(rng, rng.integers(4))
    a, b = (
        quarters(rng, [rng.choice([1, size]) for size in common[rng.integers(len(common) + 1) :]]) for _ in range(2)
    )
    a, b = np.asarray(a), np.asarray(b)
    return {"g": np.asarray(rng.normal(size=np.maximum(a, b).shape)), "a": a, "b": b}


shifted = answers_to(check.shifted_vjp)


@shifted.right
def with_winners(g, x, axis):
    winners = x == x.max(axis=axis, keepdims=True)
    return g - winners * g.sum(axis=axis, keepdims=True) / winners.sum(axis=axis, keepdims=True)


@shifted.right
def by_the_engine(g, x, axis):
    x = Tensor(x, requires_grad=True)
    (x - x.max(axis=axis, keepdims=True)).backward(g)
    return x.grad


@shifted.right
def line_by_line(g, x, axis):
    answer = g.copy()
    lines, target, arrived = np.moveaxis(x, axis, -1), np.moveaxis(answer, axis, -1), np.moveaxis(g, axis, -1)
    for place in np.ndindex(lines.shape[:-1]):
        winners = [i for i, value in enumerate(lines[place]) if value == max(lines[place])]
        for i in winners:
            target[(*place, i)] -= sum(arrived[place]) / len(winners)
    return answer


@shifted.wrong("as if the maximum were a constant")
def nothing_comes_back(g, x, axis):
    return g


@shifted.wrong("The sign of the second way")
def plus(g, x, axis):
    winners = x == x.max(axis=axis, keepdims=True)
    return g + winners * g.sum(axis=axis, keepdims=True) / winners.sum(axis=axis, keepdims=True)


@shifted.wrong("pays back its own g only")
def winners_get_nothing(g, x, axis):
    winners = x == x.max(axis=axis, keepdims=True)
    return g - winners * g / winners.sum(axis=axis, keepdims=True)


@shifted.wrong("the mean of what comes back")
def mean_for_sum(g, x, axis):
    winners = x == x.max(axis=axis, keepdims=True)
    return g - winners * g.mean(axis=axis, keepdims=True) / winners.sum(axis=axis, keepdims=True)


@shifted.wrong("Only the largest entry moves the maximum")
def sum_from_all(g, x, axis):
    return g - g.sum(axis=axis, keepdims=True)


@shifted.wrong("x minus its mean")
def centred(g, x, axis):
    return g - g.mean(axis=axis, keepdims=True)


@shifted.wrong("each entry gets its own g")
def through_the_maximum(g, x, axis):
    winners = x == x.max(axis=axis, keepdims=True)
    return 0.0 - winners * g.sum(axis=axis, keepdims=True) / winners.sum(axis=axis, keepdims=True)


@shifted.wrong("every winner pays the whole sum")
def unshared(g, x, axis):
    return np.where(x == x.max(axis=axis, keepdims=True), g - g.sum(axis=axis, keepdims=True), g)


@shifted.wrong("the first one pays everything")
def at_argmax(g, x, axis):
    one = np.zeros_like(x)
    np.put_along_axis(one, np.argmax(x, axis=axis, keepdims=True), 1.0, axis)
    return g - one * g.sum(axis=axis, keepdims=True)


@shifted.wrong("the last one pays everything")
def at_the_last(g, x, axis):
    return np.flip(at_argmax(np.flip(g, axis), np.flip(x, axis), axis), axis)


@shifted.wrong("winners in the whole array")
def divided_by_all_winners(g, x, axis):
    winners = x == x.max(axis=axis, keepdims=True)
    return g - winners * g.sum(axis=axis, keepdims=True) / winners.sum()


@shifted.wrong("the largest entry of the whole array")
def one_maximum(g, x, axis):
    winners = x == x.max()
    return g - winners * g.sum() / winners.sum()


@shifted.wrong("the sum of all of g")
def everything_summed(g, x, axis):
    winners = x == x.max(axis=axis, keepdims=True)
    return g - winners * g.sum() / winners.sum(axis=axis, keepdims=True)


@shifted.wrong("only nearly as large")
def close_to_the_maximum(g, x, axis):
    winners = np.isclose(x, x.max(axis=axis, keepdims=True))
    return g - winners * g.sum(axis=axis, keepdims=True) / winners.sum(axis=axis, keepdims=True)


@shifted.wrong("You round x")
def of_rounded(g, x, axis):
    return with_winners(g, np.rint(x), axis)


@shifted.wrong("You leave g out")
def of_ones(g, x, axis):
    return with_winners(np.ones_like(x), x, axis)


@shifted.wrong("You take the maximum of g away")
def largest_g(g, x, axis):
    return g - g.max(axis=axis, keepdims=True)


@shifted.wrong("This is the forward pass")
def forward(g, x, axis):
    return x - x.max(axis=axis, keepdims=True)


@shifted.wrong("another axis than the one")
def next_axis(g, x, axis):
    return with_winners(g, x, (axis + 1) % x.ndim)


@shifted.wrong("along the last axis whatever")
def always_the_last_axis(g, x, axis):
    return with_winners(g, x, -1)


@shifted.wrong("along axis 0 whatever")
def always_the_first_axis(g, x, axis):
    return with_winners(g, x, 0)


@shifted.wrong("The largest entries get 0")
def as_z_is_there(g, x, axis):
    return g * (x < x.max(axis=axis, keepdims=True))


@shifted.wrong("You take 1 away")
def minus_one(g, x, axis):
    winners = x == x.max(axis=axis, keepdims=True)
    return g - winners / winners.sum(axis=axis, keepdims=True)


@shifted.wrong("has lost its axis")
def sum_without_keepdims(g, x, axis):
    winners = x == x.max(axis=axis, keepdims=True)
    return g - winners * g.sum(axis=axis)


@shifted.wrong("each has its own winner")
def one_winner(g, x, axis):
    return g - (x == x.max()) * g.sum(axis=axis, keepdims=True)


@shifted.wrong("also where several share")
def all_of_g_to_each(g, x, axis):
    return g - (x == x.max(axis=axis, keepdims=True)) * g.sum()


@shifted.wrong()
def without_keepdims(g, x, axis):
    winners = x == x.max(axis=axis)
    return g - winners * g.sum(axis=axis) / winners.sum(axis=axis)


@shifted.wrong()
def two_axes_at_most(g, x, axis):
    return with_winners(g, x, axis if x.ndim < 3 else 0)


@shifted.wrong("its own g belongs in the sum")
def others_alone(g, x, axis):
    winners = x == x.max(axis=axis, keepdims=True)
    return g - winners * (g * ~winners).sum(axis=axis, keepdims=True) / winners.sum(axis=axis, keepdims=True)


@shifted.wrong("The winner is the largest entry of x")
def winners_among_g(g, x, axis):
    winners = g == g.max(axis=axis, keepdims=True)
    return g - winners * g.sum(axis=axis, keepdims=True) / winners.sum(axis=axis, keepdims=True)


@shifted.inputs
def some_ties(rng):
    x = quarters(rng, random_shape(rng, rng.integers(1, 4)))
    return {"g": rng.normal(size=x.shape), "x": x, "axis": int(rng.integers(-x.ndim, x.ndim))}


lagged = answers_to(check.lagged_vjp)


@lagged.right
def added_and_taken(g, x, k):
    answer = np.zeros_like(x)
    answer[k:] += g
    answer[:-k] -= g
    return answer


@lagged.right
def entry_by_entry(g, x, k):
    answer = [0.0] * len(x)
    for i in range(len(g)):
        answer[i] -= g[i]
        answer[i + k] += g[i]
    return np.array(answer)


@lagged.right
def with_a_matrix(g, x, k):
    n = len(x)
    return (np.eye(n)[k:] - np.eye(n)[:-k]).T @ g


@lagged.wrong("The signs are exchanged")
def other_signs(g, x, k):
    answer = np.zeros_like(x)
    answer[k:] -= g
    answer[:-k] += g
    return answer


@lagged.wrong("Both ways have a plus")
def two_plus(g, x, k):
    answer = np.zeros_like(x)
    answer[k:] += g
    answer[:-k] += g
    return answer


@lagged.wrong("Only the later entries")
def later(g, x, k):
    answer = np.zeros_like(x)
    answer[k:] = g
    return answer


@lagged.wrong("Only the earlier entries")
def earlier(g, x, k):
    answer = np.zeros_like(x)
    answer[:-k] = -g
    return answer


@lagged.wrong("writes over the first where the two meet")
def two_assignments(g, x, k):
    answer = np.zeros_like(x)
    answer[k:] = g
    answer[:-k] = -g
    return answer


@lagged.wrong("the minus is lost there")
def minus_first(g, x, k):
    answer = np.zeros_like(x)
    for i, arrived in enumerate(g):
        answer[i] = -arrived if answer[i] == 0 else answer[i]
        answer[i + k] = arrived
    return answer


@lagged.wrong("whatever k is")
def neighbours(g, x, k):
    answer = np.zeros_like(x)
    for i in range(len(g)):
        answer[i + 1] += g[i]
        answer[i] -= g[i]
    return answer


@lagged.wrong("the changes of g")
def changes_of_g(g, x, k):
    return g[k:] - g[: len(g) - k] if len(g) > k else np.array([])


@lagged.wrong("You leave g out")
def counts(g, x, k):
    answer = np.zeros_like(x)
    answer[k:] += 1
    answer[:-k] -= 1
    return answer


@lagged.wrong("the slopes are 1 and -1")
def times_entries(g, x, k):
    return added_and_taken(g, x, k) * x


@lagged.wrong("do not cancel")
def the_ends(g, x, k):
    answer = np.zeros_like(x)
    for i in range(len(g)):
        if i < k:
            answer[i] -= g[i]
        if i >= len(g) - k:
            answer[i + k] += g[i]
    return answer


@lagged.wrong("starts from 0")
def from_x(g, x, k):
    answer = x.copy()
    answer[k:] += g
    answer[:-k] -= g
    return answer


@lagged.wrong("an array of integers")
def into_integers(g, x, k):
    answer = np.zeros(len(x), dtype=int)
    answer[k:] += g.astype(int)
    answer[:-k] -= g.astype(int)
    return answer


@lagged.wrong()
def padded_diff(g, x, k):
    return np.diff(g, prepend=0, append=0)


@lagged.wrong()
def sizes_alone(g, x, k):
    return np.abs(added_and_taken(g, x, k))


@lagged.wrong("`return` hands it back")
def nothing_returned(g, x, k):
    answer = np.zeros_like(x)
    answer[k:] += g
    answer[:-k] -= g


@lagged.wrong("from its end to its start")
def g_flipped(g, x, k):
    gradient = np.zeros_like(x)
    gradient[k:] += np.flip(g)
    gradient[:-k] -= np.flip(g)
    return gradient


@lagged.wrong("ends one turn too early")
def without_the_last_turn(g, x, k):
    gradient = np.zeros_like(x)
    for i in range(len(g) - 1):
        gradient[i + k] += g[i]
        gradient[i] -= g[i]
    return gradient


@lagged.wrong("The plus goes to x[i - k]")
def k_before(g, x, k):
    gradient = np.zeros_like(x)
    for i in range(len(x) - k):
        gradient[i] -= g[i]
        gradient[i - k] += g[i]
    return gradient


@lagged.wrong("as if to get x back")
def undone_by_totals(g, x, k):
    gradient = np.zeros_like(x)
    gradient[k:] = np.cumsum(g)
    return gradient


@lagged.inputs
def some_changes(rng):
    n = int(rng.integers(2, 8))
    k = int(rng.integers(1, n))
    return {"g": rng.normal(size=n - k), "x": rng.normal(size=n), "k": k}


pairs = answers_to(check.pairs_vjp)


@pairs.right
def with_add_at(g, x, i, j):
    answer = np.zeros_like(x)
    np.add.at(answer, i, g * x[j])
    np.add.at(answer, j, g * x[i])
    return answer


@pairs.right
def pair_by_pair(g, x, i, j):
    answer = np.zeros(x.shape)
    for n in range(len(g)):
        answer[i[n]] += g[n] * x[j[n]]
        answer[j[n]] += g[n] * x[i[n]]
    return answer


@pairs.right
def both_lists_at_once(g, x, i, j):
    names, partners = np.concatenate([i, j]) % len(x), np.concatenate([j, i])
    return np.bincount(names, np.concatenate([g, g]) * x[partners], minlength=len(x))


@pairs.wrong("named by i")
def of_i(g, x, i, j):
    answer = np.zeros_like(x)
    np.add.at(answer, i, g * x[j])
    return answer


@pairs.wrong("named by j")
def of_j(g, x, i, j):
    answer = np.zeros_like(x)
    np.add.at(answer, j, g * x[i])
    return answer


@pairs.wrong("the entry's own value")
def own(g, x, i, j):
    answer = np.zeros_like(x)
    np.add.at(answer, i, g * x[i])
    np.add.at(answer, j, g * x[j])
    return answer


@pairs.wrong("as in a sum")
def as_a_sum_of_two(g, x, i, j):
    answer = np.zeros_like(x)
    np.add.at(answer, i, g)
    np.add.at(answer, j, g)
    return answer


@pairs.wrong("reads once and writes once")
def plus_equals(g, x, i, j):
    answer = np.zeros_like(x)
    answer[i] += g * x[j]
    answer[j] += g * x[i]
    return answer


@pairs.wrong("is gone")
def equals(g, x, i, j):
    answer = np.zeros_like(x)
    answer[i] = g * x[j]
    answer[j] = g * x[i]
    return answer


@pairs.wrong("the slope of x² is 2x")
def once_where_equal(g, x, i, j):
    answer = np.zeros_like(x)
    for n in range(len(g)):
        answer[i[n]] += g[n] * x[j[n]]
        if i[n] % len(x) != j[n] % len(x):
            answer[j[n]] += g[n] * x[i[n]]
    return answer


@pairs.wrong("You leave g out")
def partners_alone(g, x, i, j):
    return with_add_at(np.ones_like(g), x, i, j)


@pairs.wrong("by the whole product")
def times_the_product(g, x, i, j):
    answer = np.zeros_like(x)
    np.add.at(answer, i, g * x[i] * x[j])
    np.add.at(answer, j, g * x[i] * x[j])
    return answer


@pairs.wrong("they add up")
def means(g, x, i, j):
    uses = np.bincount(np.concatenate([i, j]) % len(x), minlength=len(x))
    return with_add_at(g, x, i, j) / np.where(uses == 0, 1, uses)


@pairs.wrong("arrives at a negative index is missing")
def compared_by_name(g, x, i, j):
    return np.array([(g * x[j])[i == n].sum() + (g * x[i])[j == n].sum() for n in range(len(x))])


@pairs.wrong("through j is written over")
def added_and_plus_equals(g, x, i, j):
    answer = np.zeros_like(x)
    np.add.at(answer, i, g * x[j])
    answer[j] += g * x[i]
    return answer


@pairs.wrong("through i is written over")
def plus_equals_and_added(g, x, i, j):
    answer = np.zeros_like(x)
    answer[i] += g * x[j]
    np.add.at(answer, j, g * x[i])
    return answer


@pairs.wrong("Add instead")
def assigned_in_a_loop(g, x, i, j):
    answer = np.zeros_like(x)
    for n, arrived in enumerate(g):
        answer[i[n]] = arrived * x[j[n]]
        answer[j[n]] = arrived * x[i[n]]
    return answer


@pairs.wrong("a number for each pair")
def not_sent_back(g, x, i, j):
    return g * x[j]


@pairs.wrong("to both entries of a pair")
def product_rule(g, x, i, j):
    return g * x[j] + g * x[i]


@pairs.wrong("the value at that index")
def times_indices(g, x, i, j):
    answer = np.zeros_like(x)
    np.add.at(answer, i, g * j)
    np.add.at(answer, j, g * i)
    return answer


@pairs.wrong("starts from 0")
def onto_a_copy_of_x(g, x, i, j):
    answer = x.copy()
    np.add.at(answer, i, g * x[j])
    np.add.at(answer, j, g * x[i])
    return answer


@pairs.wrong()
def divided_by_the_entry(g, x, i, j):
    z = x[i] * x[j]
    return np.array([sum(g[n] * z[n] / x[e] for n in range(len(g)) if e in (i[n], j[n])) for e in range(len(x))])


@pairs.wrong()
def last_pair_alone(g, x, i, j):
    return with_add_at(g[-1:], x, i[-1:], j[-1:])


@pairs.wrong("may be both, and then collects twice")
def first_or_else_second(g, x, i, j):
    gradient = np.zeros_like(x)
    for place in range(len(x)):
        for n in range(len(g)):
            if i[n] == place:
                gradient[place] += g[n] * x[j[n]]
            elif j[n] == place:
                gradient[place] += g[n] * x[i[n]]
    return gradient


@pairs.wrong("in an array of integers")
def whole_numbers_alone(g, x, i, j):
    gradient = np.zeros(len(x), dtype=int)
    for n in range(len(g)):
        gradient[i[n]] += int(g[n] * x[j[n]])
        gradient[j[n]] += int(g[n] * x[i[n]])
    return gradient


@pairs.inputs
def some_pairs(rng):
    x = rng.normal(size=rng.integers(1, 5))
    i, j = rng.integers(-len(x), len(x), size=(2, rng.integers(5)))
    return {"g": rng.normal(size=i.shape), "x": x, "i": i, "j": j}


apart = answers_to(check.concatenate_vjp)


@apart.right
def with_split(g, arrays, axis):
    ends = np.cumsum([array.shape[axis] for array in arrays])
    return np.split(g, ends[:-1], axis=axis)


@apart.right
def with_take(g, arrays, axis):
    found, start = [], 0
    for array in arrays:
        found.append(g.take(range(start, start + array.shape[axis]), axis=axis))
        start += array.shape[axis]
    return found


@apart.right
def asked_of_the_engine(g, arrays, axis):
    tensors = [Tensor(array, requires_grad=True) for array in arrays]
    concatenate(tensors, axis=axis).backward(g)
    return tuple(tensor.grad for tensor in tensors)


@apart.wrong("You cut at the sizes")
def sizes_for_ends(g, arrays, axis):
    sizes = [array.shape[axis] for array in arrays]
    return np.split(g, sizes[:-1], axis=axis)


@apart.wrong("the first entries of g")
def never_advanced(g, arrays, axis):
    return [g.take(range(array.shape[axis]), axis=axis) for array in arrays]


@apart.wrong("as one long line")
def one_line(g, arrays, axis):
    found, start = [], 0
    for array in arrays:
        found.append(g.ravel()[start : start + array.size].reshape(array.shape))
        start += array.size
    return found


@apart.wrong("in the opposite order")
def reversed_list(g, arrays, axis):
    return with_split(g, arrays, axis)[::-1]


@apart.wrong("expected a list of length 2")
def the_first_alone(g, arrays, axis):
    return with_split(g, arrays, axis)[0]


@apart.wrong("from the far end")
def taken_from_the_end(g, arrays, axis):
    found, end = [], g.shape[axis]
    for array in arrays:
        found.append(g.take(range(end - array.shape[axis], end), axis=axis))
        end -= array.shape[axis]
    return found


@apart.wrong("the arrays themselves")
def unchanged(g, arrays, axis):
    return arrays


@apart.wrong("the slope is 1")
def times_values(g, arrays, axis):
    return [part * array for part, array in zip(with_split(g, arrays, axis), arrays)]  # noqa: B905


@apart.wrong("You leave g out")
def ones(g, arrays, axis):
    return [np.ones(array.shape) for array in arrays]


@apart.wrong("the whole of g")
def all_of_it(g, arrays, axis):
    return [g] * len(arrays)


@apart.wrong("You cut along axis 0 whatever")
def along_the_first_axis(g, arrays, axis):
    ends = np.cumsum([len(array) for array in arrays])
    return np.split(g, ends[:-1])


@apart.wrong("parts of equal size")
def equal_pieces(g, arrays, axis):
    return np.array_split(g, len(arrays), axis=axis)


@apart.wrong("an empty part too many")
def cut_at_the_end_too(g, arrays, axis):
    return np.split(g, np.cumsum([array.shape[axis] for array in arrays]), axis=axis)


@apart.wrong("one part too many")
def cut_at_all_sizes(g, arrays, axis):
    return np.split(g, [array.shape[axis] for array in arrays], axis=axis)


@apart.wrong("that many equal parts")
def split_into_as_many(g, arrays, axis):
    return np.split(g, len(arrays), axis=axis)


@apart.wrong("as `len` does")
def lengths_along_axis(g, arrays, axis):
    return np.split(g, np.cumsum([len(array) for array in arrays])[:-1], axis=axis)


@apart.wrong("cut along axis 0")
def split_without_axis(g, arrays, axis):
    return np.split(g, np.cumsum([array.shape[axis] for array in arrays])[:-1])


@apart.wrong("one place too early")
def off_by_one(g, arrays, axis):
    found, start = [], 0
    for array in arrays:
        end = start + array.shape[axis]
        found.append(np.take(g, range(start, end - 1), axis=axis))
        start = end
    return found


@apart.wrong()
def one_array(g, arrays, axis):
    return g


@apart.wrong("the number of all entries")
def cut_by_size(g, arrays, axis):
    return np.split(g, np.cumsum([array.size for array in arrays[:-1]]), axis=axis)


@apart.wrong("You tell axis 0 from axis 1")
def rows_or_columns(g, arrays, axis):
    found, start = [], 0
    for array in arrays:
        end = start + array.shape[axis]
        found.append(g[start:end] if axis == 0 else g[:, start:end])
        start = end
    return found


@apart.wrong("starts at the size of the second")
def start_not_added_up(g, arrays, axis):
    found, start = [], 0
    for array in arrays:
        end = min(start + array.shape[axis], g.shape[axis])
        found.append(np.take(g, range(start, end), axis=axis))
        start = array.shape[axis]
    return found


@apart.inputs
def some_arrays(rng):
    shape = list(random_shape(rng, rng.integers(1, 4)))
    axis = int(rng.integers(-len(shape), len(shape)))
    arrays = []
    for size in rng.integers(0, 4, size=rng.integers(1, 4)):
        shape[axis] = int(size)
        arrays.append(rng.normal(size=shape))
    return {"g": rng.normal(size=np.concatenate(arrays, axis=axis).shape), "arrays": arrays, "axis": axis}


days = answers_to(check.fit)


@days.right
def with_unbroadcast(table, base, swing, season, rate, steps):
    for _ in range(steps):
        g = 2 * (base + swing * season - table) / table.size
        to_base = unbroadcast(g, base.shape)
        to_swing, to_season = unbroadcast(g * season, swing.shape), unbroadcast(g * swing, season.shape)
        base, swing, season = base - rate * to_base, swing - rate * to_swing, season - rate * to_season
    return base, swing, season


@days.right
def on_copies(table, base, swing, season, rate, steps):
    base, swing, season = base.copy(), swing.copy(), season.copy()
    for _ in range(steps):
        difference = base + swing * season - table
        moves = [
            difference.mean(axis=1, keepdims=True) / len(table),
            (difference * season).mean(axis=1, keepdims=True) / len(table),
            (difference * swing).mean(axis=0) / table.shape[1],
        ]
        for value, move in zip((base, swing, season), moves, strict=True):
            value -= 2 * rate * move
    return base, swing, season


@days.right
def of_the_engine(table, base, swing, season, rate, steps):
    values = [base, swing, season]
    for _ in range(steps):
        values = [Tensor(value, requires_grad=True) for value in values]
        ((values[0] + values[1] * values[2] - table) ** 2).mean().backward()
        values = [value.data - rate * value.grad for value in values]
    return tuple(values)


@days.wrong("which then belongs to another point")
def in_turn(table, base, swing, season, rate, steps):
    for _ in range(steps):
        base = base - rate * unbroadcast(2 * (base + swing * season - table) / table.size, base.shape)
        swing = swing - rate * unbroadcast(2 * (base + swing * season - table) / table.size * season, swing.shape)
        season = season - rate * unbroadcast(2 * (base + swing * season - table) / table.size * swing, season.shape)
    return base, swing, season


@days.wrong("Descent goes against it")
def climbs(table, base, swing, season, rate, steps):
    return with_unbroadcast(table, base, swing, season, -rate, steps)


@days.wrong("the 1/N of the mean is missing")
def of_the_sum(table, base, swing, season, rate, steps):
    return with_unbroadcast(table, base, swing, season, rate * table.size, steps)


@days.wrong("half as long")
def without_the_two(table, base, swing, season, rate, steps):
    return with_unbroadcast(table, base, swing, season, rate / 2, steps)


@days.wrong("by the number of rows")
def rows_alone(table, base, swing, season, rate, steps):
    return with_unbroadcast(table, base, swing, season, rate * table.shape[1], steps)


@days.wrong("by the number of columns")
def columns_alone(table, base, swing, season, rate, steps):
    return with_unbroadcast(table, base, swing, season, rate * len(table), steps)


@days.wrong("You average over the stretched axis")
def means_for_sums(table, base, swing, season, rate, steps):
    for _ in range(steps):
        g = 2 * (base + swing * season - table) / table.size
        moves = (
            g.mean(axis=1, keepdims=True),
            (g * season).mean(axis=1, keepdims=True),
            (g * swing).mean(axis=0),
        )
        base, swing, season = base - rate * moves[0], swing - rate * moves[1], season - rate * moves[2]
    return base, swing, season


@days.wrong("before its loop has gone on")
def returned_in_the_loop(table, base, swing, season, rate, steps):
    for _ in range(steps):
        return with_unbroadcast(table, base, swing, season, rate, 1)
    return base, swing, season


@days.wrong("computed once, before the loop")
def gradients_of_the_start(table, base, swing, season, rate, steps):
    g = 2 * (base + swing * season - table) / table.size
    moves = g.sum(axis=1, keepdims=True), (g * season).sum(axis=1, keepdims=True), (g * swing).sum(axis=0)
    for _ in range(steps):
        base, swing, season = base - rate * moves[0], swing - rate * moves[1], season - rate * moves[2]
    return base, swing, season


@days.wrong("the factor's own value")
def own_factors(table, base, swing, season, rate, steps):
    for _ in range(steps):
        g = 2 * (base + swing * season - table) / table.size
        to_swing, to_season = unbroadcast(g * swing, swing.shape), unbroadcast(g * season, season.shape)
        base = base - rate * unbroadcast(g, base.shape)
        swing, season = swing - rate * to_swing, season - rate * to_season
    return base, swing, season


@days.wrong("It has not moved")
def base_left_out(table, base, swing, season, rate, steps):
    start = base
    base, swing, season = with_unbroadcast(table, base, swing, season, rate, steps)
    return start, swing, season


@days.wrong("You return the gradients")
def moves_returned(table, base, swing, season, rate, steps):
    for _ in range(steps):
        g = 2 * (base + swing * season - table) / table.size
        moves = g.sum(axis=1, keepdims=True), (g * season).sum(axis=1, keepdims=True), (g * swing).sum(axis=0)
        base, swing, season = base - rate * moves[0], swing - rate * moves[1], season - rate * moves[2]
    return moves


@days.wrong("which belongs to the caller")
def moved_in_place(table, base, swing, season, rate, steps):
    for _ in range(steps):
        g = 2 * (base + swing * season - table) / table.size
        to_swing = (g * season).sum(axis=1, keepdims=True)
        season = season - rate * (g * swing).sum(axis=0)
        swing = swing - rate * to_swing
        base -= rate * g.sum(axis=1, keepdims=True)
    return base, swing, season


@days.wrong("does not mix them")
def one_gradient(table, base, swing, season, rate, steps):
    for _ in range(steps):
        g = np.full(table.shape, 2 * np.mean(base + swing * season - table))
        to_swing, to_season = unbroadcast(g * season, swing.shape), unbroadcast(g * swing, season.shape)
        base = base - rate * unbroadcast(g, base.shape)
        swing, season = swing - rate * to_swing, season - rate * to_season
    return base, swing, season


@days.wrong("from its own row or column alone")
def everything_summed(table, base, swing, season, rate, steps):
    for _ in range(steps):
        g = 2 * (base + swing * season - table) / table.size
        moves = g.sum(), (g * season).sum(), (g * swing).sum()
        base, swing, season = base - rate * moves[0], swing - rate * moves[1], season - rate * moves[2]
    return base, swing, season


@days.wrong("have changed places")
def season_first(table, base, swing, season, rate, steps):
    return with_unbroadcast(table, base, swing, season, rate, steps)[::-1]


@days.wrong("a shape (n,) is read as a row")
def squeezed_away(table, base, swing, season, rate, steps):
    for _ in range(steps):
        g = 2 * (base + swing * season - table) / table.size
        moves = g.sum(axis=1), (g * season).sum(axis=1), (g * swing).sum(axis=0)
        base, swing, season = base - rate * moves[0], swing - rate * moves[1], season - rate * moves[2]
    return base, swing, season


@days.wrong("one step more")
def one_step_too_many(table, base, swing, season, rate, steps):
    return with_unbroadcast(table, base, swing, season, rate, steps + 1)


@days.wrong("multiply g by it before you sum")
def swing_without_season(table, base, swing, season, rate, steps):
    for _ in range(steps):
        g = 2 * (base + swing * season - table) / table.size
        season_bar = unbroadcast(g * swing, season.shape)
        base, swing = base - rate * unbroadcast(g, base.shape), swing - rate * unbroadcast(g, swing.shape)
        season = season - rate * season_bar
    return base, swing, season


@days.wrong("already moved in this step")
def line_by_line(table, base, swing, season, rate, steps):
    for _ in range(steps):
        g = 2 * (base + swing * season - table) / table.size
        base = base - rate * unbroadcast(g, base.shape)
        swing = swing - rate * unbroadcast(g * season, swing.shape)
        season = season - rate * unbroadcast(g * swing, season.shape)
    return base, swing, season


@days.wrong("the gradient of base by base")
def base_times_base(table, base, swing, season, rate, steps):
    for _ in range(steps):
        g = 2 * (base + swing * season - table) / table.size
        bars = (
            unbroadcast(g * base, base.shape),
            unbroadcast(g * season, swing.shape),
            unbroadcast(g * swing, season.shape),
        )
        base, swing, season = base - rate * bars[0], swing - rate * bars[1], season - rate * bars[2]
    return base, swing, season


def steps_of(table, base, swing, season, rate, steps):
    for _ in range(steps):
        g = 2 * (base + swing * season - table) / table.size
        bars = unbroadcast(g, base.shape), unbroadcast(g * season, swing.shape), unbroadcast(g * swing, season.shape)
        base, swing, season = base - rate * bars[0], swing - rate * bars[1], season - rate * bars[2]
    return base, swing, season


@days.wrong("You leave rate out")
def whole_gradients(table, base, swing, season, rate, steps):
    return steps_of(table, base, swing, season, 1, steps)


@days.wrong("base and swing have changed places")
def swing_first(table, base, swing, season, rate, steps):
    base, swing, season = steps_of(table, base, swing, season, rate, steps)
    return swing, base, season


@days.inputs
def some_table(rng):
    n, m = rng.integers(1, 4, size=2)
    table, base, swing, season = (rng.normal(size=shape) for shape in ((n, m), (n, 1), (n, 1), m))
    inputs = {"table": table, "base": base, "swing": swing, "season": season}
    return inputs | {"rate": float(rng.uniform(0.1, 0.5)), "steps": int(rng.integers(4))}
