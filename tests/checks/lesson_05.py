"""Answers to the exercises of lesson 05."""

import numpy as np

from gradlib.autograd import unbroadcast
from gradlib.checks import lesson_05 as check

from .harness import answers_to

product = answers_to(check.matmul_vjp)


@product.right
def with_transposes(g, x, y):
    return g @ y.T, x.T @ g


@product.right
def with_loops(g, x, y):
    to_x, to_y = np.zeros_like(x), np.zeros_like(y)
    for i in range(x.shape[0]):
        for j in range(y.shape[1]):
            to_x[i] += g[i, j] * y[:, j]
            to_y[:, j] += g[i, j] * x[i]
    return to_x, to_y


@product.right
def with_einsum(g, x, y):
    return [np.einsum("ij,kj->ik", g, y), np.einsum("ik,ij->kj", x, g)]


@product.wrong("have changed places")
def swapped(g, x, y):
    return x.T @ g, g @ y.T


@product.wrong("transposes of what they should be")
def transposed(g, x, y):
    return y @ g.T, g.T @ x


@product.wrong("You leave g out")
def without_g(g, x, y):
    return np.ones_like(g) @ y.T, x.T @ np.ones_like(g)


@product.wrong("Nothing here was averaged")
def mean_over_rows(g, x, y):
    return g @ y.T, x.T @ g / x.shape[0]


@product.wrong()
def untransposed(g, x, y):
    return g @ y, x @ g


@product.wrong()
def only_x(g, x, y):
    return g @ y.T


@product.wrong()
def sign_turned(g, x, y):
    return g @ y.T, -x.T @ g


stacks = answers_to(check.stacked_vjp)


@stacks.right
def summed_back(g, x, y):
    return unbroadcast(g @ np.swapaxes(y, -1, -2), x.shape), unbroadcast(np.swapaxes(x, -1, -2) @ g, y.shape)


@stacks.right
def with_moved_axes(g, x, y):
    back = []
    for gradient, own in ((g @ y.swapaxes(-2, -1), x), (np.moveaxis(x, -1, -2) @ g, y)):
        while gradient.ndim > own.ndim:
            gradient = gradient.sum(axis=0)
        for axis in range(own.ndim):
            if own.shape[axis] == 1:
                gradient = gradient.sum(axis=axis, keepdims=True)
        back.append(gradient)
    return tuple(back)


@stacks.wrong("came out as a stack")
def left_as_stacks(g, x, y):
    return g @ y.swapaxes(-1, -2), x.swapaxes(-1, -2) @ g


@stacks.wrong("You average over the stack")
def mean_over_stacks(g, x, y):
    to_x, to_y = left_as_stacks(g, x, y)
    right_x, right_y = summed_back(g, x, y)
    return right_x * right_x.size / to_x.size, right_y * right_y.size / to_y.size


@stacks.wrong("the first of the stack only")
def one_of_them(g, x, y):
    to_x, to_y = left_as_stacks(g, x, y)
    while to_x.ndim > x.ndim:
        to_x = to_x[0]
    while to_y.ndim > y.ndim:
        to_y = to_y[0]
    return to_x[tuple(map(slice, x.shape))], to_y[tuple(map(slice, y.shape))]


@stacks.wrong()
def plain_transpose(g, x, y):
    return unbroadcast(g @ y.T, x.shape), unbroadcast(x.T @ g, y.shape)


@stacks.wrong()
def everything_summed(g, x, y):
    to_x, to_y = left_as_stacks(g, x, y)
    return to_x.sum() * np.ones_like(x), to_y.sum() * np.ones_like(y)


layer = answers_to(check.linear_vjp)


@layer.right
def three_lines(g, x, W, b):
    return g @ W.T, x.T @ g, g.sum(axis=0)


@layer.right
def example_by_example(g, x, W, b):
    to_x, to_w, to_b = np.zeros_like(x), np.zeros_like(W), np.zeros_like(b)
    for i in range(len(x)):
        to_x[i] = W @ g[i]
        to_w += np.outer(x[i], g[i])
        to_b += g[i]
    return to_x, to_w, to_b


@layer.wrong("sum over the batch")
def bias_as_a_batch(g, x, W, b):
    return g @ W.T, x.T @ g, g


@layer.wrong("sum over the examples")
def bias_by_example(g, x, W, b):
    return g @ W.T, x.T @ g, g.sum(axis=-1)


@layer.wrong("its 1/N is in g already")
def with_means(g, x, W, b):
    return g @ W.T, x.T @ g / len(g), g.mean(axis=0)


@layer.wrong("W is stored as (in, out)")
def weight_transposed(g, x, W, b):
    return g @ W.T, g.T @ x, g.sum(axis=0)


@layer.wrong()
def not_transposed(g, x, W, b):
    return g @ W, x @ g, g.sum(axis=0)


@layer.wrong()
def two_of_three(g, x, W, b):
    return g @ W.T, x.T @ g


rows = answers_to(check.jacobian)


@rows.right
def by_unit_vectors(vjp, m):
    return np.stack([vjp(unit) for unit in np.eye(m)])


@rows.right
def filled_in(vjp, m):
    made = []
    for i in range(m):
        g = np.zeros(m)
        g[i] = 1.0
        made.append(list(vjp(g)))
    return np.array(made)


@rows.wrong("a unit cotangent is a *row*")
def as_columns(vjp, m):
    return np.stack([vjp(unit) for unit in np.eye(m)], axis=1)


@rows.wrong("get the sum of all rows")
def a_single_call(vjp, m):
    return vjp(np.ones(m))


@rows.wrong("Each of your rows is the sum of all")
def the_same_m_times(vjp, m):
    return np.tile(vjp(np.ones(m)), (m, 1))


@rows.wrong("Start from zeros each time")
def never_cleared(vjp, m):
    g, made = np.zeros(m), []
    for i in range(m):
        g[i] = 1.0
        made.append(vjp(g))
    return np.array(made)


@rows.wrong()
def identity(vjp, m):
    return np.eye(m)


numbers = answers_to(check.count)
RIGHT = {"outputs": 4096, "weights": 100_352, "jacobian": 411_041_792, "gradient": 100_352}


@numbers.right
def computed():
    z, w = np.zeros((32, 128)), np.zeros((784, 128))
    return {"outputs": z.size, "weights": w.size, "jacobian": z.size * w.size, "gradient": w.size}


numbers.right(dict(RIGHT))
numbers.stub(dict.fromkeys(RIGHT, ...))
numbers.wrong("not their sum")({**RIGHT, "jacobian": 104_448})
numbers.wrong("the outputs of one example")({**RIGHT, "outputs": 128, "jacobian": 128 * 100_352})
numbers.wrong("The inner size, 784, is summed over")({**RIGHT, "outputs": 32 * 784 * 128})
numbers.wrong("A gradient has the shape of what it belongs to")({**RIGHT, "gradient": 4096})
numbers.wrong()({**RIGHT, "weights": 784})
numbers.wrong()(411_041_792)
