"""Answers to the exercises of lesson 04."""

import numpy as np

from gradlib import Tensor
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
shapes.wrong("3 does not fit into 6")({**RIGHT, "C": (4, 6)})
shapes.wrong("It is not an error")({**RIGHT, "E": "error", "F": "error"})
shapes.wrong("each column gives one axis")({**RIGHT, "D": (2, 1, 4, 3, 1)})
shapes.wrong()({**RIGHT, "F": (9,)})
shapes.wrong()({"A": (5, 4)})
shapes.wrong()(tuple(RIGHT.values()))

back = answers_to(check.unbroadcast)


@back.right
def new_axes_then_ones(g, shape):
    g = g.sum(axis=tuple(range(g.ndim - len(shape))))
    for axis, size in enumerate(shape):
        if size == 1:
            g = g.sum(axis=axis, keepdims=True)
    return g


@back.right
def all_at_once(g, shape):
    padded = (1,) * (g.ndim - len(shape)) + tuple(shape)
    axes = tuple(i for i, (a, b) in enumerate(zip(padded, g.shape, strict=True)) if a != b)
    return g.sum(axis=axes, keepdims=True).reshape(shape)


@back.right
def one_entry_at_a_time(g, shape):
    answer = np.zeros(shape)
    owner = np.broadcast_to(np.arange(answer.size).reshape(shape), g.shape)
    np.add.at(answer.reshape(-1), owner.ravel(), g.ravel())
    return answer


@back.wrong("the axes of size 1 are gone")
def without_keepdims(g, shape):
    return np.squeeze(all_at_once(g, shape))


@back.wrong("You sum the axes that the operand lacks")
def new_axes_only(g, shape):
    while g.ndim > len(shape):
        g = g.sum(axis=0)
    return g


@back.wrong("the mean over the stretched axes")
def with_means(g, shape):
    padded = (1,) * (g.ndim - len(shape)) + tuple(shape)
    axes = tuple(i for i, (a, b) in enumerate(zip(padded, g.shape, strict=True)) if a != b)
    return g.mean(axis=axes, keepdims=True).reshape(shape)


@back.wrong("the gradient of one use")
def one_use(g, shape):
    padded = (1,) * (g.ndim - len(shape)) + tuple(shape)
    return g[tuple(slice(size) for size in padded)].reshape(shape)


@back.wrong("the axes that the operand lacks are still there")
def keepdims_everywhere(g, shape):
    padded = (1,) * (g.ndim - len(shape)) + tuple(shape)
    return g.sum(axis=tuple(i for i, (a, b) in enumerate(zip(padded, g.shape, strict=True)) if a != b), keepdims=True)


@back.wrong("You count how often each entry was used")
def counts(g, shape):
    return np.full(shape, g.size / np.prod(shape))


@back.wrong("in the opposite order")
def turned_round(g, shape):
    return all_at_once(g, shape)[(..., *([slice(None, None, -1)] * len(shape)))]


@back.wrong("compare the shapes from the left")
def from_the_left(g, shape):
    padded = tuple(shape) + (1,) * (g.ndim - len(shape))
    axes = tuple(i for i, (a, b) in enumerate(zip(padded, g.shape, strict=True)) if a != b)
    summed = g.sum(axis=axes, keepdims=True)
    return summed.reshape(shape) if summed.size == int(np.prod(shape)) else g.sum(axis=axes)


@back.wrong()
def last_axes_summed(g, shape):
    return g.sum(axis=tuple(range(len(shape), g.ndim))).reshape(shape) if g.ndim > len(shape) else all_at_once(g, shape)


@back.wrong()
def as_it_came(g, shape):
    return g


@back.wrong()
def reshaped(g, shape):
    return g.reshape(-1)[: int(np.prod(shape))].reshape(shape) * 2


@back.wrong("the sum of all of g")
def everything_summed(g, shape):
    return np.full(shape, g.sum())


def random_shape(rng, axes):
    return tuple(int(size) for size in rng.integers(1, 4, size=axes))


@back.inputs
def stretched(rng):
    result = random_shape(rng, rng.integers(4))
    shape = tuple(rng.choice([1, size]).item() for size in result)[rng.integers(len(result) + 1) :]
    return {"g": np.asarray(rng.normal(size=result)), "shape": shape}


sums = answers_to(check.sum_vjp)


@sums.right
def expanded(g, x, axis, keepdims):
    if not keepdims and axis is not None:
        g = np.expand_dims(g, axis)
    return g + np.zeros_like(x)


@sums.right
def reshaped_first(g, x, axis, keepdims):
    return np.asarray(g).reshape(x.sum(axis=axis, keepdims=True).shape) * np.ones_like(x)


@sums.right
def asked_of_the_engine(g, x, axis, keepdims):
    x = Tensor(x, requires_grad=True)
    x.sum(axis=axis, keepdims=keepdims).backward(g)
    return x.grad


@sums.wrong("multiplied by the gradient that arrives")
def only_ones(g, x, axis, keepdims):
    return np.ones(x.shape)


@sums.wrong("That belongs to the mean")
def as_a_mean(g, x, axis, keepdims):
    return reshaped_first(g, x, axis, keepdims) / (x.size / np.size(g))


@sums.wrong("You return g unchanged")
def g_itself(g, x, axis, keepdims):
    return g


@sums.wrong("the sum of all of g")
def g_summed(g, x, axis, keepdims):
    return g.sum() * np.ones_like(x)


@sums.wrong()
def axis_ignored(g, x, axis, keepdims):
    return np.broadcast_to(g, x.shape)


@sums.wrong()
def always_a_column(g, x, axis, keepdims):
    return np.broadcast_to(g if keepdims or axis is None else g[..., None], x.shape)


@sums.wrong("as if the last axis had been summed")
def repeated(g, x, axis, keepdims):
    return np.repeat(g, x.size // np.size(g)).reshape(x.shape)


@sums.wrong()
def keepdims_ignored(g, x, axis, keepdims):
    return np.broadcast_to(g if axis is None else np.expand_dims(g, axis), x.shape)


@sums.wrong()
def vectors_and_matrices_alone(g, x, axis, keepdims):
    return expanded(g, x, axis, keepdims) if x.ndim < 3 else np.broadcast_to(g, x.shape)


@sums.wrong()
def counted_from_the_front(g, x, axis, keepdims):
    return expanded(g, x, axis if axis is None or axis >= 0 else 0, keepdims)


@sums.wrong("whatever the term is")
def times_x(g, x, axis, keepdims):
    return reshaped_first(g, x, axis, keepdims) * x


@sums.inputs
def some_axis(rng):
    x = rng.normal(size=random_shape(rng, rng.integers(1, 4)))
    axis = rng.choice([None, *range(-x.ndim, x.ndim)])
    keepdims = bool(rng.integers(2))
    g = rng.normal(size=np.shape(x.sum(axis=axis, keepdims=keepdims)))
    return {"g": np.asarray(g), "x": x, "axis": axis, "keepdims": keepdims}


take = answers_to(check.take_vjp)


@take.right
def with_add_at(g, x, index):
    gradient = np.zeros_like(x)
    np.add.at(gradient, index, g)
    return gradient


@take.right
def with_a_loop(g, x, index):
    gradient = np.zeros(x.shape)
    for i in range(len(index)):
        gradient[index[i]] = gradient[index[i]] + g[i]
    return gradient


@take.right
def with_a_table(g, x, index):
    rows = np.arange(len(x))
    hits = (rows[:, None] == np.asarray(index) % len(x)).astype(float)  # (rows, uses)
    return np.tensordot(hits, g, axes=1)


@take.wrong("write one over the other")
def plus_equals(g, x, index):
    gradient = np.zeros_like(x)
    gradient[index] += g
    return gradient


@take.wrong("You count how often")
def how_often(g, x, index):
    return with_add_at(np.ones_like(g), x, index)


@take.wrong("You average the gradients")
def means(g, x, index):
    counts = with_add_at(np.ones_like(g), x, index)
    return with_add_at(g, x, index) / np.where(counts == 0, 1, counts)


@take.wrong("Rows that were never taken must get 0")
def starts_from_ones(g, x, index):
    gradient = with_add_at(g, x, index)
    gradient[[i for i in range(len(x)) if i not in np.asarray(index) % len(x)]] = 1.0
    return gradient


@take.wrong()
def not_back_at_all(g, x, index):
    return g


@take.wrong("as the forward pass takes them")
def forward_again(g, x, index):
    return g[index]


@take.wrong("starts from 0")
def onto_a_copy_of_x(g, x, index):
    gradient = x.copy()
    np.add.at(gradient, index, g)
    return gradient


@take.wrong("cuts off what stands after the decimal point")
def into_integers(g, x, index):
    gradient = np.zeros(x.shape, dtype=np.int64)
    for row, arrived in zip(index, g, strict=True):
        gradient[row] += arrived.astype(int)
    return gradient


@take.wrong("What arrives at -1 is missing")
def compared_row_by_row(g, x, index):
    return np.array([g[index == row].sum(axis=0) for row in range(len(x))])


@take.wrong("Row -1 is the last row")
def positive_rows(g, x, index):
    answer = np.zeros_like(x)
    for row, arrived in zip(index, g, strict=True):
        if 0 <= row < len(x):
            answer[row] += arrived
    return answer


@take.wrong()
def each_row_once(g, x, index):
    rows = np.unique(index)
    return with_add_at(g[: len(rows)], x, rows)


@take.wrong("`return` hands it back")
def returned_by_add_at(g, x, index):
    return np.add.at(np.zeros_like(x), index, g)


@take.wrong("the slope is 1")
def uses_x(g, x, index):
    return with_add_at(g * x[index], x, index)


@take.inputs
def some_rows(rng):
    x = rng.normal(size=random_shape(rng, rng.integers(1, 3)))
    index = rng.integers(-len(x), len(x), size=rng.integers(6))
    return {"g": rng.normal(size=x[index].shape), "x": x, "index": index}


largest = answers_to(check.max_vjp)


@largest.right
def with_a_mask(g, x, axis):
    winners = x == np.expand_dims(x.max(axis=axis), axis)
    return np.expand_dims(g, axis) * winners / winners.sum(axis=axis, keepdims=True)


@largest.right
def by_the_engine(g, x, axis):
    x = Tensor(x, requires_grad=True)
    x.max(axis=axis).backward(g)
    return x.grad


@largest.right
def row_by_row(g, x, axis):
    answer = np.zeros_like(x)
    moved, target, g = np.moveaxis(x, axis, -1), np.moveaxis(answer, axis, -1), np.asarray(g)
    for place in np.ndindex(moved.shape[:-1]):
        winners = [i for i, value in enumerate(moved[place]) if value == max(moved[place])]
        for i in winners:
            target[(*place, i)] = g[place] / len(winners)
    return answer


@largest.wrong("At a tie every winner gets the whole")
def unshared(g, x, axis):
    return np.where(x == x.max(axis=axis, keepdims=True), np.expand_dims(g, axis), 0.0)


@largest.wrong("At a tie the first one gets everything")
def the_first(g, x, axis):
    places = np.expand_dims(np.argmax(x, axis=axis), axis)
    hits = np.expand_dims(np.zeros_like(g), axis) + np.zeros_like(x)
    np.put_along_axis(hits, places, 1.0, axis)
    return hits * np.expand_dims(g, axis)


@largest.wrong("as a sum does")
def spread_out(g, x, axis):
    return np.expand_dims(g, axis) * np.ones_like(x)


@largest.wrong("the largest entry of the whole array")
def one_maximum(g, x, axis):
    winners = x == np.max(x)
    return winners * np.expand_dims(g, axis) / winners.sum()


@largest.wrong("the slope is 1")
def scaled_by_the_value(g, x, axis):
    return with_a_mask(g, x, axis) * x


@largest.wrong("a 1 for each winner")
def mask_alone(g, x, axis):
    return (x == x.max(axis=axis, keepdims=True)).astype(float)


@largest.wrong("a 1 for each winner")
def truth_values(g, x, axis):
    return x == x.max(axis=axis, keepdims=True)


@largest.wrong("You leave g out")
def shares_alone(g, x, axis):
    winners = x == x.max(axis=axis, keepdims=True)
    return winners / winners.sum(axis=axis, keepdims=True)


@largest.wrong("winners in the whole array")
def divided_by_all_winners(g, x, axis):
    winners = x == x.max(axis=axis, keepdims=True)
    return winners * np.expand_dims(g, axis) / winners.sum()


@largest.wrong("as a mean does")
def as_a_mean(g, x, axis):
    return unshared(g, x, axis) / x.shape[axis]


@largest.wrong("At a tie the last one gets everything")
def the_last(g, x, axis):
    answer = np.zeros_like(x)
    moved, target, g = np.moveaxis(x, axis, -1), np.moveaxis(answer, axis, -1), np.asarray(g)
    for place in np.ndindex(moved.shape[:-1]):
        best = 0
        for i, value in enumerate(moved[place]):
            if value >= moved[place][best]:
                best = i
        target[(*place, best)] = g[place]
    return answer


@largest.wrong("only nearly as large")
def close_to_the_maximum(g, x, axis):
    winners = np.isclose(x, np.expand_dims(x.max(axis=axis), axis))
    return np.expand_dims(g, axis) * winners / winners.sum(axis=axis, keepdims=True)


@largest.wrong("1.2 and 1.4 are two numbers")
def of_whole_numbers(g, x, axis):
    return with_a_mask(g, np.round(x), axis)


@largest.wrong()
def from_zero(g, x, axis):
    winners = x == np.maximum(x.max(axis=axis, keepdims=True), 0.0)
    return np.expand_dims(g, axis) * winners / np.maximum(winners.sum(axis=axis, keepdims=True), 1)


@largest.wrong()
def two_axes_at_most(g, x, axis):
    return with_a_mask(g, x, axis) if x.ndim < 3 else with_a_mask(g, x, 0 * axis)


@largest.wrong()
def axis_not_put_back(g, x, axis):
    return (x == x.max(axis=axis, keepdims=True)) * g


@largest.wrong()
def shape_of_g(g, x, axis):
    return g


@largest.inputs
def some_ties(rng):
    x = rng.integers(-3, 3, size=random_shape(rng, rng.integers(1, 4))) / 4
    axis = int(rng.integers(-x.ndim, x.ndim))
    return {"g": np.asarray(rng.normal(size=x.max(axis=axis).shape)), "x": x, "axis": axis}


centred = answers_to(check.centred_vjp)


@centred.right
def g_centred(g, x):
    return g - g.mean(axis=0)


@centred.right
def step_by_step(g, x):
    to_mean = -g.sum(axis=0)
    return g + np.broadcast_to(to_mean / len(x), x.shape)


@centred.right
def with_a_matrix(g, x):
    n = len(x)
    return (np.eye(n) - 1 / n) @ g


@centred.right
def of_the_engine(g, x):
    x = Tensor(x, requires_grad=True)
    (x - x.mean(axis=0)).backward(g)
    return x.grad


@centred.wrong("The second way back is missing")
def mean_is_constant(g, x):
    return g


@centred.wrong("only one n-th")
def sum_for_mean(g, x):
    return g - g.sum(axis=0, keepdims=True)


@centred.wrong("You divide without having summed")
def not_summed(g, x):
    return g * (1 - 1 / len(x))


@centred.wrong("The sign of the second way")
def plus(g, x):
    return g + g.mean(axis=0)


@centred.wrong("average g over the columns")
def other_axis(g, x):
    return g - g.mean(axis=1, keepdims=True)


@centred.wrong("Each column has its own")
def one_mean(g, x):
    return g - g.mean()


@centred.wrong("as the forward pass does")
def mean_of_x(g, x):
    return g - x.mean(axis=0)


@centred.wrong("which is the forward pass")
def forward(g, x):
    return x - x.mean(axis=0, keepdims=True)


@centred.wrong("only what comes back through the mean")
def only_the_mean(g, x):
    return -g.sum(axis=0) / len(x) * np.ones_like(x)


@centred.wrong("divide by the number of columns")
def divided_by_the_columns(g, x):
    return g - g.sum(axis=0) / x.shape[1]


@centred.wrong()
def median(g, x):
    return g - np.median(g, axis=0)


@centred.inputs
def some_columns(rng):
    shape = random_shape(rng, 2)
    return {"g": rng.normal(size=shape), "x": rng.normal(size=shape)}
