"""Answers to the exercises of lesson 04."""

import numpy as np

from gradlib import Tensor
from gradlib.checks import lesson_04 as check

from .harness import answers_to

shapes = answers_to(check.shapes)
RIGHT = {"A": (3, 4), "B": (2, 3), "C": "error", "D": (5, 1), "E": (4, 2, 3), "F": (3, 3)}


@shapes.right
def asked_of_numpy():
    answers = {}
    pairs = [((3, 1), (4,)), ((2, 3), (3,)), ((2, 3), (2,)), ((), (5, 1)), ((4, 1, 3), (2, 1)), ((3,), (3, 1))]
    for name, pair in zip("ABCDEF", pairs, strict=True):
        try:
            answers[name] = np.broadcast_shapes(*pair)
        except ValueError:
            answers[name] = "error"
    return answers


shapes.right(dict(reversed(RIGHT.items())))
shapes.stub({name: ... for name in RIGHT})
shapes.wrong("compared from the right")({**RIGHT, "B": "error"})
shapes.wrong("both of them grow")({**RIGHT, "A": (3, 1), "E": (4, 1, 3)})
shapes.wrong("2 and 3 do not fit")({**RIGHT, "C": (2, 3), "F": (3,)})
shapes.wrong("It is not an error")({**RIGHT, "D": "error", "F": "error"})
shapes.wrong()({**RIGHT, "F": (9,)})
shapes.wrong()({"A": (3, 4)})

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
    if not g.size:
        return all_at_once(g, shape)
    padded = (1,) * (g.ndim - len(shape)) + tuple(shape)
    axes = tuple(i for i, (a, b) in enumerate(zip(padded, g.shape, strict=True)) if a != b)
    return g.mean(axis=axes, keepdims=True).reshape(shape)


@back.wrong("the gradient of one use")
def one_use(g, shape):
    if not g.size:
        return np.zeros(shape)
    padded = (1,) * (g.ndim - len(shape)) + tuple(shape)
    return g[tuple(slice(size) for size in padded)].reshape(shape)


@back.wrong()
def as_it_came(g, shape):
    return g


@back.wrong()
def reshaped(g, shape):
    return g.reshape(-1)[: int(np.prod(shape))].reshape(shape) * 2


@back.wrong()
def everything_summed(g, shape):
    return np.full(shape, g.sum())


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


@sums.wrong("You hand g on as it is")
def g_itself(g, x, axis, keepdims):
    return g


@sums.wrong("the sum of all of g")
def g_summed(g, x, axis, keepdims):
    return g.sum() * np.ones_like(x)


@sums.wrong()
def axis_ignored(g, x, axis, keepdims):
    return np.broadcast_to(g, x.shape)


@sums.wrong()
def times_x(g, x, axis, keepdims):
    return reshaped_first(g, x, axis, keepdims) * x


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


@take.wrong()
def uses_x(g, x, index):
    return with_add_at(g * x[index], x, index)


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


@largest.wrong()
def mask_alone(g, x, axis):
    return (x == x.max(axis=axis, keepdims=True)).astype(float)


@largest.wrong()
def shape_of_g(g, x, axis):
    return g
