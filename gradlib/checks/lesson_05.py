"""The checks of lesson 05."""

from functools import partial

import numpy as np

from gradlib import Tensor
from gradlib.autograd import unbroadcast
from gradlib.checks.cases import Case
from gradlib.checks.exercises import exercise
from gradlib.checks.lesson_04 import numbers
from gradlib.checks.values import named

TITLE = "Matrix calculus"


# --- 1 -----------------------------------------------------------------------------------------


@exercise("Back through a product of matrices", points=3)
def matmul_vjp():
    """Return the gradients of x and of y for z = x @ y, given the gradient g of z, as a tuple.

    x has shape (n, k), y (k, m), g (n, m). Each gradient has the shape of what it belongs to. For x = [[2]], y =
    [[3]], g = [[10]] they are [[30]] and [[20]].
    """
    for n, k, m, about in [
        (2, 3, 4, ""),
        (3, 3, 3, ""),  # here a wrong order fits: numbers and no error
        (2, 4, 1, ""),
        (3, 1, 2, "an inner size of 1"),
        (1, 4, 3, "a single row"),
        (4, 2, 1, "a single column"),
    ]:
        yield of_a_product((n, k), (k, m), about)


def of_a_product(first, second, about, odd=False):
    x, y = numbers(first, [1, *first], whole=not about), numbers(second, [2, *second], whole=not about)
    g = numbers((x @ y).shape, [3, *first, *second], whole=not about)
    inputs = {"g": g, "x": x, "y": y}
    return Case(inputs, expected=by_the_engine(g, x, y), names=("x", "y"), about=about, odd=odd)


def by_the_engine(g, *inputs):
    x, y = (Tensor(value, requires_grad=True) for value in inputs)
    (x @ y).backward(g)
    return x.grad, y.grad


@matmul_vjp.mistake(whole=True)
def exchanged(g, x, y):
    """The two gradients have changed places. The first belongs to x, and has its shape."""
    return by_the_engine(g, x, y)[::-1]


@matmul_vjp.mistake
def other_sign(g, x, y):
    """Your gradient has the right size and the wrong sign. Nothing in a product of matrices is taken away."""
    return tuple(-gradient for gradient in by_the_engine(g, x, y))


@matmul_vjp.mistake
def laid_on_the_side(g, x, y):
    """This is the transpose of what it should be. A gradient has the shape of what it belongs to."""
    return tuple(gradient.T for gradient in by_the_engine(g, x, y))


@matmul_vjp.mistake
def of_ones(g, x, y):
    """You leave g out: that is the answer for a g of ones. Each result has a gradient of its own."""
    return by_the_engine(np.ones_like(g), x, y)


@matmul_vjp.mistake
def averaged(g, x, y):
    """You divide by the number of entries that were added. Nothing here was averaged: what was used several times
    collects from each use."""
    first, second = by_the_engine(g, x, y)
    return first / y.shape[1], second / len(x)


@matmul_vjp.mistake
def own_values(g, x, y):
    """You multiply with the input itself. By the product rule each input's slope is made of the *other* one."""
    return g @ y.T * x, x.T @ g * y


@matmul_vjp.mistake
def not_transposed(g, x, y):
    """You multiply with the other input as it stands, where its transpose belongs. With square matrices that fits, and
    only the numbers tell."""
    return g @ y, x @ g


@matmul_vjp.mistake
def wrong_order(g, x, y):
    """The factors are the right ones, in the wrong order. With square matrices every order fits; write the three shapes
    down for sizes that differ, and one order is left."""
    return y.T @ g, g @ x.T


@matmul_vjp.mistake
def stars(g, x, y):
    """You multiply entry by entry, with `*`. Each gradient is a sum of products, over all the results that the entry
    stands in: a product of matrices."""
    return g * y.T, x.T * g


# --- 2 -----------------------------------------------------------------------------------------


@exercise("Stacks of matrices", points=3)
def stacked_vjp():
    """Return the gradients of x and of y for z = x @ y, where x and y may be stacks of matrices.

    x has shape (…, n, k), y (…, k, m). The axes in front broadcast: a single y may serve a whole stack of x. Each
    gradient has the shape of what it belongs to; `unbroadcast(g, shape)` of lesson 04 is at hand.
    """
    for first, second, about in [
        ((2, 3), (3, 4), "no stack at all"),
        ((2, 1, 2), (2, 2, 3), ""),
        ((2, 2, 2), (2, 2, 2), ""),  # here axes in a wrong order fit: numbers and no error
        ((3, 1, 2), (2, 3), "one y for a stack of x"),
        ((2, 3), (2, 3, 1), "one x for a stack of y"),
        ((2, 1, 1, 2), (3, 2, 2), "two axes of stacks, one of size 1"),
        ((1, 2, 3), (3, 2), "a stack of one"),
        ((2, 3, 2, 2), (3, 2, 2), "a stack of stacks"),
        ((2, 2, 1, 2), (2, 3), "one y for a stack of stacks"),
        ((3, 2, 2), (1, 2, 3), "a stack of one y"),
    ]:
        yield of_a_product(first, second, about)


def turned(x):
    return np.swapaxes(x, -1, -2)


@stacked_vjp.mistake
def not_summed_back(g, x, y):
    """Where one matrix served a whole stack, its gradient came out as a stack. It was used once for each, so sum over
    the stack: unbroadcast."""
    return g @ turned(y), turned(x) @ g


@stacked_vjp.mistake
def all_axes_turned(g, x, y):
    """`.T` reverses all axes of a stack, not only the last two. For a stack use np.swapaxes(x, -1, -2)."""
    return g @ y.T, x.T @ g


@stacked_vjp.mistake
def first_axes_turned(g, x, y):
    """You let the first two axes change places. The matrices of a stack lie in its last two."""
    return g @ np.swapaxes(y, 0, 1), np.swapaxes(x, 0, 1) @ g


@stacked_vjp.mistake
def always_summed(g, x, y):
    """You sum over the stack in any case. Only a matrix that served the whole stack collects from all of it; where each
    has its own, each has a gradient of its own."""
    return tuple(gradient.sum(axis=0) for gradient in not_summed_back(g, x, y))


@stacked_vjp.mistake(whole=True)
def stacks_exchanged(g, x, y):
    """The two gradients have changed places. The first belongs to x, and has its shape."""
    return by_the_engine(g, x, y)[::-1]


@stacked_vjp.mistake
def not_transposed_in_stacks(g, x, y):
    """You multiply with the other input as it stands, where its transpose belongs. With square matrices that fits, and
    only the numbers tell."""
    return unbroadcast(g @ y, x.shape), unbroadcast(x @ g, y.shape)


@stacked_vjp.mistake
def averaged_over_the_stack(g, x, y):
    """You average over the stack. A matrix that served five products collects from five: a sum."""
    answers = []
    for gradient, own in zip(not_summed_back(g, x, y), (x, y), strict=True):
        summed = unbroadcast(gradient, own.shape)
        answers.append(summed * summed.size / gradient.size)
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


# --- 3 -----------------------------------------------------------------------------------------


@exercise("Vectors, too", points=3)
def vector_vjp():
    """Return the gradients of x and of y for z = x @ y, where x, y or both are vectors.

    x has shape (n, k) or (k,), y (k, m) or (k,). g has the shape of z: (n, m) of two matrices, (n,) or (m,) where one
    of them is a vector; of two vectors it is a number. For x = [[1, 2], [3, 4]], y = [5, 6] and g = [10, 100] they are
    [[50, 60], [500, 600]] and [310, 420].
    """
    for first, second, about in [
        ((2, 3), (3,), ""),
        ((3,), (3, 2), ""),
        ((3, 2), (2,), ""),
        ((3, 3), (3,), ""),  # here a product of the wrong kind fits: numbers and no error
        ((3,), (3, 3), ""),
        ((3,), (3,), "two vectors"),
        ((2, 3), (3, 4), "two matrices"),
        ((1, 3), (3,), "a matrix of one row"),
        ((3,), (3, 1), "a matrix of one column"),
    ]:
        yield of_a_product(first, second, about, odd=about == "two vectors")  # `@` refuses the number g, * does not


@vector_vjp.mistake
def rule_for_matrices(g, x, y):
    """`.T` of a vector is the vector itself: it has one axis, which can change places with no other. A product that
    sums over this axis gives fewer numbers, where each term is the gradient of one entry of the matrix."""
    return g @ y.T, x.T @ g


@vector_vjp.mistake
def outer_on_the_side(g, x, y):
    """The products are right, and rows and columns have changed places. Row i of x makes result i, so row i of its
    gradient has the factor g[i]; in y it is column j."""
    first, second = by_the_engine(g, x, y)
    return first.T, second.T


@vector_vjp.mistake
def entry_by_entry(g, x, y):
    """You multiply entry by entry, as for two vectors. With a matrix each result has a row or a column of its own, and
    the vector stands in all of them."""
    return g * y, g * x


@vector_vjp.mistake
def left_as_matrices(g, x, y):
    """The numbers are right, and the vector's gradient is still a matrix of one row or one column. Take the axis away
    that you put in."""
    first, second = by_the_engine(g, x, y)
    return np.atleast_2d(first), second[:, None] if second.ndim == 1 else second


@vector_vjp.mistake
def squeezed(g, x, y):
    """The numbers are right, and an axis of size 1 is gone. A matrix of one row or one column has two axes, and so has
    its gradient."""
    return tuple(map(np.squeeze, by_the_engine(g, x, y)))


@vector_vjp.mistake(whole=True)
def vectors_exchanged(g, x, y):
    """The two gradients have changed places. The first belongs to x, and has its shape."""
    return by_the_engine(g, x, y)[::-1]


@vector_vjp.mistake
def sign_of_a_vector(g, x, y):
    """Your gradient has the right size and the wrong sign. Nothing in a product is taken away."""
    return tuple(-gradient for gradient in by_the_engine(g, x, y))


@vector_vjp.mistake
def vectors_of_ones(g, x, y):
    """You leave g out: that is the answer for a g of ones. Each result has a gradient of its own."""
    return by_the_engine(np.ones_like(g), x, y)


# --- 4 -----------------------------------------------------------------------------------------


@exercise("A linear layer's three gradients", points=3)
def linear_vjp():
    """Return the gradients of x, W and b for z = x @ W + b, given the gradient g of z, as a tuple of three.

    x has shape (N, in), W (in, out), b (out,), g (N, out). The N rows of x are examples; all of them use the same W
    and b.
    """
    for n, inputs, outputs, about in [
        (2, 3, 4, ""),
        (3, 3, 3, ""),  # here a wrong order fits: numbers and no error
        (1, 3, 2, "a single example"),
        (5, 1, 1, "one input, one output"),
    ]:
        x, weight = (numbers(shape, n, whole=not about) for shape in ((n, inputs), (inputs, outputs)))
        b, g = (numbers(shape, n + 10, whole=not about) for shape in ((outputs,), (n, outputs)))
        expected = of_the_layer(g, x, weight, b)
        yield Case({"g": g, "x": x, "W": weight, "b": b}, expected=expected, names=("x", "W", "b"), about=about)


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
def bias_summed_over_all(g, x, W, b):
    """You sum all of g, and have a single number. b has an entry for each output, which collects from its own column
    of g."""
    return *of_the_layer(g, x, W, b)[:2], g.sum()


@linear_vjp.mistake
def bias_as_a_row(g, x, W, b):
    """The sums for b are right, and the axis of the examples is still there, with size 1. b has no such axis."""
    return *of_the_layer(g, x, W, b)[:2], g.sum(axis=0, keepdims=True)


@linear_vjp.mistake
def last_example_alone(g, x, W, b):
    """Only the last example counts: each one replaces what the one before has left. The examples share W and b, so
    what they contribute adds up."""
    return of_the_layer(g, x, W, b)[0], np.outer(x[-1], g[-1]), g[-1]


@linear_vjp.mistake
def signs_turned(g, x, W, b):
    """Your gradient has the right size and the wrong sign. Nothing in a layer is taken away."""
    return tuple(-gradient for gradient in of_the_layer(g, x, W, b))


@linear_vjp.mistake
def batch_averaged(g, x, W, b):
    """You divide by the number of examples. If the loss is a mean, its 1/N is in g already."""
    return tuple(gradient / len(x) for gradient in of_the_layer(g, x, W, b))


@linear_vjp.mistake
def weight_on_the_side(g, x, W, b):
    """The gradient of W has shape (out, in), its transpose is right. W is stored as (in, out), and so is its
    gradient."""
    first, second, third = of_the_layer(g, x, W, b)
    return first, second.T, third


@linear_vjp.mistake
def as_if_x_were_added(g, x, W, b):
    """You answer with g for x, as if x were added. It goes through W: what arrives at the outputs has to come back
    through it."""
    return g, *of_the_layer(g, x, W, b)[1:]


@linear_vjp.mistake
def factors_not_transposed(g, x, W, b):
    """You multiply with the other factor as it stands, where its transpose belongs. With square matrices that fits, and
    only the numbers tell."""
    return g @ W, x @ g, g.sum(axis=0)


@linear_vjp.mistake
def layer_of_ones(g, x, W, b):
    """You leave g out: that is the answer for a g of ones. Each result has a gradient of its own."""
    return of_the_layer(np.ones_like(g), x, W, b)


@linear_vjp.mistake(whole=True)
def in_another_order(g, x, W, b):
    """The gradients have changed places: first that of x, then that of W, then that of b."""
    first, second, third = of_the_layer(g, x, W, b)
    return second, first, third


# --- 5 -----------------------------------------------------------------------------------------


@exercise("A Jacobian, row by row", points=2)
def jacobian():
    """Return the Jacobian of a function of m outputs and n inputs, as an array (m, n), by calling vjp m times.

    vjp(g) takes a cotangent g of shape (m,) and returns g times the Jacobian, of shape (n,). For a vjp that returns
    [g[0] + g[1], g[1]] and m = 2 the answer is [[1, 0], [1, 1]].
    """
    for m, n, about in [(2, 3, ""), (3, 3, ""), (4, 2, ""), (1, 3, "one output"), (3, 1, "one input")]:
        matrix = numbers((m, n), seed=m + n, whole=not about)
        vjp = named(f"vjp of a function of {m} outputs", partial(product_with, matrix))
        yield Case({"vjp": vjp, "m": m}, expected=matrix, about=about)


def product_with(matrix, g):
    g, outputs = np.asarray(g), matrix.shape[:1]
    if g.shape != outputs:
        raise ValueError(f"vjp takes a cotangent of shape {outputs}, one number for each output, got shape {g.shape}")
    return g @ matrix


def rows_of(vjp, m):
    return np.array([vjp(row) for row in np.eye(m)])


@jacobian.mistake
def columns_for_rows(vjp, m):
    """Your Jacobian is transposed: the vjp of a unit cotangent is a *row*, one output by all inputs."""
    return rows_of(vjp, m).T


@jacobian.mistake
def one_cotangent_of_ones(vjp, m):
    """That is the sum of all rows, which one call of vjp with ones gives. To have a row by itself, ask with a 1 at its
    output and 0 at the others, and keep the rows apart."""
    return vjp(np.ones(m))


@jacobian.mistake
def ones_each_time(vjp, m):
    """Each of your rows is the sum of all rows. For row i, ask with a 1 at output i and 0 at the others."""
    return np.array([vjp(np.ones(m)) for _ in range(m)])


@jacobian.mistake
def running_ones(vjp, m):
    """Your cotangents are not cleared in between: row i is the sum of the rows up to it. Start from zeros each time."""
    return np.cumsum(rows_of(vjp, m), axis=0)


@jacobian.mistake
def last_row_only(vjp, m):
    """You have the last row alone: each row replaces the one before. Collect them."""
    return rows_of(vjp, m)[-1]


@jacobian.mistake
def first_row_only(vjp, m):
    """You have the first row alone: the function returns before its loop has gone on."""
    return rows_of(vjp, m)[0]


@jacobian.mistake
def rows_in_one_line(vjp, m):
    """The rows are right, and all in one line. A Jacobian has two axes, outputs by inputs."""
    return rows_of(vjp, m).ravel()


# --- 6 -----------------------------------------------------------------------------------------


@exercise("Why the Jacobian is never built", points=2)
def count():
    """Return five numbers about a layer z = x @ W, x of shape (n, k), W of shape (k, m), as a dictionary.

    "outputs": entries of z. "weights": entries of W. "jacobian": entries of the Jacobian of z with respect to W.
    "nonzero": those of them that are not 0, for an x without zeros. "gradient": entries of what the vjp returns for W.
    For n, k, m = 1, 1, 2 they are 2, 2, 4, 2 and 2.
    """
    for n, k, m, about in [(3, 4, 6, ""), (5, 3, 2, ""), (1, 4, 3, "one example"), (32, 784, 128, "a layer's sizes")]:
        yield Case({"n": n, "k": k, "m": m}, expected=counted(n, k, m), about=about)


def counted(n, k, m):
    outputs, weights = n * m, k * m
    jacobian = outputs * weights
    return {"outputs": outputs, "weights": weights, "jacobian": jacobian, "nonzero": outputs * k, "gradient": weights}


@count.mistake
def added(n, k, m):
    """A Jacobian has a row for each output and a column for each input: the product of the two numbers, not their
    sum."""
    return counted(n, k, m) | {"jacobian": n * m + k * m}


@count.mistake
def by_x(n, k, m):
    """That is the Jacobian with respect to x, with a column for each entry of x. Here the columns belong to W."""
    return counted(n, k, m) | {"jacobian": n * m * n * k}


@count.mistake
def sizes_of_x(n, k, m):
    """That is how many entries x has. z has n rows and m columns, and the vjp for W returns a number for each of W."""
    return counted(n, k, m) | {"outputs": n * k, "gradient": n * k}


@count.mistake
def of_one_example(n, k, m):
    """You count the outputs of one example. There are n examples, and all their outputs depend on W."""
    return counted(n, k, m) | {"outputs": m, "jacobian": m * k * m}


@count.mistake
def each_weight_once(n, k, m):
    """k · m is the number of weights. Each of them stands in one output of every example, so its column of the Jacobian
    has n entries that are not 0."""
    return counted(n, k, m) | {"nonzero": k * m}


@count.mistake
def inner_size_counted(n, k, m):
    """z has n rows and m columns. The inner size, k, is summed over: it is in no shape any more."""
    return counted(n, k, m) | {"outputs": n * k * m, "jacobian": n * k * m * k * m}


@count.mistake
def all_of_them(n, k, m):
    """You count every entry as not 0. The output in column j is made of column j of W alone: with all other weights its
    slope is 0."""
    return counted(n, k, m) | {"nonzero": n * m * k * m}


@count.mistake
def one_weight_an_output(n, k, m):
    """You count one entry a row of the Jacobian. An output is a sum of k products, with k different weights."""
    return counted(n, k, m) | {"nonzero": n * m}


@count.mistake
def gradient_like_the_output(n, k, m):
    """A gradient has the shape of what it belongs to: that of W, not that of z."""
    return counted(n, k, m) | {"gradient": n * m}


@count.mistake
def gradient_like_the_table(n, k, m):
    """The vjp does not return the table, but g times it: one number for each weight."""
    return counted(n, k, m) | {"gradient": n * m * k * m}
