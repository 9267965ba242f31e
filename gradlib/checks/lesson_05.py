"""The checks of lesson 05."""

import numpy as np

from gradlib import Tensor
from gradlib.checks import Case, exercise, named

TITLE = "Matrix calculus"


# --- 1 -----------------------------------------------------------------------------------------


@exercise("Back through a product of matrices", points=3)
def matmul_vjp():
    """Return the gradients of x and of y for z = x @ y, given the gradient g of z, as a tuple.

    x has shape (n, k), y (k, m), g (n, m). Each gradient has the shape of what it belongs to. For x = [[2]], y =
    [[3]], g = [[10]] they are [[30]] and [[20]].
    """
    for n, k, m, about in [(2, 3, 4, ""), (3, 1, 2, "an inner size of 1"), (1, 4, 3, "a single row"), (4, 2, 1, "")]:
        rng = np.random.default_rng(n + 10 * k)
        x, y, g = (rng.normal(size=shape) for shape in [(n, k), (k, m), (n, m)])
        yield Case({"g": g, "x": x, "y": y}, expected=by_the_engine(g, x, y), about=about)


def by_the_engine(g, *inputs):
    x, y = (Tensor(value, requires_grad=True) for value in inputs)
    (x @ y).backward(g)
    return x.grad, y.grad



@matmul_vjp.mistake
def exchanged(g, x, y):
    """The two gradients have changed places. The first belongs to x, and has its shape."""
    return by_the_engine(g, x, y)[::-1]


@matmul_vjp.mistake
def laid_on_the_side(g, x, y):
    """Your gradients are the transposes of what they should be. Each has the shape of what it belongs to."""
    return tuple(gradient.T for gradient in by_the_engine(g, x, y))


@matmul_vjp.mistake
def of_ones(g, x, y):
    """You leave g out: that is the answer for a g of ones. Each result has a gradient of its own."""
    return by_the_engine(np.ones_like(g), x, y)


@matmul_vjp.mistake
def divided_by_rows(g, x, y):
    """You divide the gradient of y by the number of rows. Nothing here was averaged: y was used in each row, and
    collects from each."""
    first, second = by_the_engine(g, x, y)
    return first, second / len(x)


@matmul_vjp.mistake
def own_values(g, x, y):
    """You multiply g with the input itself. By the product rule each input's slope is made of the *other* one."""
    return g @ y.T * x, x.T @ g * y


# --- 2 -----------------------------------------------------------------------------------------


@exercise("Stacks of matrices", points=3)
def stacked_vjp():
    """Return the gradients of x and of y for z = x @ y, where x and y may be stacks of matrices.

    x has shape (…, n, k), y (…, k, m). The axes in front broadcast: a single y may serve a whole stack of x. Each
    gradient has the shape of what it belongs to; `unbroadcast(g, shape)` of lesson 04 is at hand.
    """
    for first, second, about in [
        ((2, 3), (3, 4), "no stack at all"),
        ((5, 2, 3), (5, 3, 4), ""),
        ((5, 2, 3), (3, 4), "one y for a stack of x"),
        ((2, 3), (4, 3, 2), "one x for a stack of y"),
        ((2, 1, 2, 3), (4, 3, 2), "two axes of stacks, one of size 1"),
        ((1, 2, 3), (3, 2), "a stack of one"),
    ]:
        rng = np.random.default_rng(len(first) + len(second))
        x, y = rng.normal(size=first), rng.normal(size=second)
        g = rng.normal(size=(x @ y).shape)
        yield Case({"g": g, "x": x, "y": y}, expected=by_the_engine(g, x, y), about=about)


def turned(x):
    return np.swapaxes(x, -1, -2)


@stacked_vjp.mistake
def not_summed_back(g, x, y):
    """Where one matrix served a whole stack, its gradient came out as a stack. It was used once for each, so sum over
    the stack: unbroadcast."""
    return g @ turned(y), turned(x) @ g


@stacked_vjp.mistake
def all_axes_turned(g, x, y):
    """`.T` turns round all axes of a stack, not only the last two. For a stack use np.swapaxes(x, -1, -2)."""
    return _tried(lambda: g @ y.T), _tried(lambda: x.T @ g)


@stacked_vjp.mistake
def averaged_over_the_stack(g, x, y):
    """You average over the stack. A matrix that served five products collects from five: a sum."""
    answers = []
    for gradient, own in zip(not_summed_back(g, x, y), (x, y), strict=True):
        padded = (1,) * (gradient.ndim - own.ndim) + own.shape
        axes = tuple(i for i, (a, b) in enumerate(zip(padded, gradient.shape, strict=True)) if a != b)
        answers.append(gradient.mean(axis=axes, keepdims=True).reshape(own.shape))
    return tuple(answers)


@stacked_vjp.mistake
def first_of_the_stack(g, x, y):
    """You take the first of the stack only. The others used the matrix, too."""
    answers = []
    for gradient, own in zip(not_summed_back(g, x, y), (x, y), strict=True):
        while gradient.ndim > own.ndim:
            gradient = gradient[0]
        answers.append(gradient[tuple(slice(0, size) for size in own.shape)])
    return tuple(answers)


def _tried(compute):
    try:
        return compute()
    except ValueError:
        return np.zeros(0)


# --- 3 -----------------------------------------------------------------------------------------


@exercise("A linear layer's three gradients", points=3)
def linear_vjp():
    """Return the gradients of x, W and b for z = x @ W + b, given the gradient g of z, as a tuple of three.

    x has shape (N, in), W (in, out), b (out,), g (N, out). The N rows of x are examples; all of them use the same W
    and b.
    """
    for n, inputs, outputs, about in [
        (4, 2, 3, ""),
        (2, 3, 2, ""),
        (1, 3, 2, "a single example"),
        (5, 1, 1, "one input, one output"),
    ]:
        rng = np.random.default_rng(n)
        x, weight = rng.normal(size=(n, inputs)), rng.normal(size=(inputs, outputs))
        b, g = rng.normal(size=outputs), rng.normal(size=(n, outputs))
        yield Case({"g": g, "x": x, "W": weight, "b": b}, expected=of_the_layer(g, x, weight, b), about=about)


def of_the_layer(g, *inputs):
    x, weight, b = (Tensor(value, requires_grad=True) for value in inputs)
    (x @ weight + b).backward(g)
    return x.grad, weight.grad, b.grad


@linear_vjp.mistake
def bias_not_summed(g, x, W, b):
    """The gradient of b has a row for each example. b was used by all of them, and collects from all: sum over the
    batch."""
    return *of_the_layer(g, x, W, b)[:2], g


@linear_vjp.mistake
def bias_summed_over_outputs(g, x, W, b):
    """You sum g over the outputs, and have a number for each example. b has one for each output: sum over the
    examples."""
    return *of_the_layer(g, x, W, b)[:2], g.sum(axis=1)


@linear_vjp.mistake
def batch_averaged(g, x, W, b):
    """You divide by the number of examples. If the loss is a mean, its 1/N is in g already."""
    first, second, third = of_the_layer(g, x, W, b)
    return first, second / len(x), third / len(x)


@linear_vjp.mistake
def weight_on_the_side(g, x, W, b):
    """The gradient of W has shape (out, in), its transpose is right. W is stored as (in, out), and so is its
    gradient."""
    first, second, third = of_the_layer(g, x, W, b)
    return first, second.T, third


@linear_vjp.mistake
def bias_in_x(g, x, W, b):
    """You answer with g for x, as if x were added. It goes through W: what arrives at the outputs has to come back
    through it."""
    first, second, third = of_the_layer(g, x, W, b)
    return np.resize(g, first.shape), second, third


# --- 4 -----------------------------------------------------------------------------------------


@exercise("A Jacobian, row by row", points=2)
def jacobian():
    """Return the Jacobian of a function of m outputs and n inputs, as an array (m, n), by calling vjp m times.

    vjp(g) takes a cotangent g of shape (m,) and returns g times the Jacobian, of shape (n,). For a vjp that returns
    [g[0] + g[1], g[1]] and m = 2 the answer is [[1, 0], [1, 1]].
    """
    rng = np.random.default_rng(3)
    for m, n, about in [(2, 3, ""), (4, 2, ""), (1, 3, "one output"), (3, 1, "one input")]:
        matrix = rng.normal(size=(m, n))
        vjp = named(f"vjp of a function of {m} outputs", lambda g, matrix=matrix: np.asarray(g) @ matrix)
        yield Case({"vjp": vjp, "m": m}, expected=matrix, about=about)


def rows_of(vjp, m):
    return np.array([vjp(row) for row in np.eye(m)])


@jacobian.mistake
def columns_for_rows(vjp, m):
    """Your Jacobian lies on its side: a vjp of a unit cotangent is a *row*, one output by all inputs."""
    return rows_of(vjp, m).T


@jacobian.mistake
def one_cotangent_of_ones(vjp, m):
    """You call vjp with ones, and get the sum of all rows. To have a row by itself, ask with a 1 at its output and 0
    at the others."""
    return vjp(np.ones(m))


@jacobian.mistake
def ones_each_time(vjp, m):
    """Each of your rows is the sum of all rows. For row i, ask with a 1 at output i and 0 at the others."""
    return np.array([vjp(np.ones(m)) for _ in range(m)])


@jacobian.mistake
def running_ones(vjp, m):
    """Your cotangents are not cleared in between: row i is the sum of the rows up to it. Start from zeros each time."""
    return np.cumsum(rows_of(vjp, m), axis=0)


# --- 5 -----------------------------------------------------------------------------------------


@exercise("Why the Jacobian is never built", points=1)
def count():
    """Return four numbers about a layer z = x @ W, x of shape (32, 784), W of shape (784, 128), as a dictionary.

    "outputs": entries of z. "weights": entries of W. "jacobian": entries of the Jacobian of z by W. "gradient": entries
    of what the vjp returns for W.
    """
    outputs, weights = 32 * 128, 784 * 128
    yield Case(expected={"outputs": outputs, "weights": weights, "jacobian": outputs * weights, "gradient": weights})


@count.mistake
def added():
    """A Jacobian has a row for each output and a column for each input: the product of the two numbers, not their
    sum."""
    return {"outputs": 4096, "weights": 100_352, "jacobian": 104_448, "gradient": 100_352}


@count.mistake
def of_one_example():
    """You count the outputs of one example. There are 32 examples, and all their outputs depend on W."""
    return {"outputs": 128, "weights": 100_352, "jacobian": 128 * 100_352, "gradient": 100_352}


@count.mistake
def inner_size_counted():
    """z has 32 rows and 128 columns. The inner size, 784, is summed over: it is in no shape any more."""
    return {"outputs": 32 * 784 * 128, "weights": 100_352, "jacobian": 32 * 784 * 128 * 100_352, "gradient": 100_352}


@count.mistake
def gradient_like_the_output():
    """A gradient has the shape of what it belongs to: that of W, not that of z."""
    return {"outputs": 4096, "weights": 100_352, "jacobian": 411_041_792, "gradient": 4096}
