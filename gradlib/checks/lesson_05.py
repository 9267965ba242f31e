"""The checks of lesson 05."""

import math
from functools import partial

import numpy as np

from gradlib.checks.cases import Case, Refused
from gradlib.checks.exercises import exercise
from gradlib.checks.lesson_04 import numbers
from gradlib.checks.values import difference, named

TITLE = "Matrix calculus"


# --- 1 -----------------------------------------------------------------------------------------


@exercise("A layer with its weights stored as rows", points=3)
def rows_vjp():
    """Return the gradients of x, W and b for z = x @ W.T + b, given the gradient g of z, as a tuple of three.

    x has shape (N, in), W (out, in), b (out,), g (N, out). The N rows of x are examples; all of them use the same W and
    b. For x = [[2]], W = [[3]], b = [1] and g = [[10]] the gradients are [[30]], [[20]] and [10].
    """
    for n, inputs, outputs, about in [
        (2, 3, 4, ""),
        (2, 3, 2, ""),
        (3, 3, 3, ""),  # here a wrong order fits: numbers and no error
        (2, 2, 2, ""),
        (1, 3, 2, "a single example"),
        (5, 1, 1, "one input, one output"),
        (4, 1, 3, "one input"),
        (3, 2, 1, "one output"),
    ]:
        shapes = (n, inputs), (outputs, inputs), (outputs,), (n, outputs)
        x, weight, b, g = (numbers(shape, [n, seed], whole=not about) for seed, shape in enumerate(shapes))
        expected = of_the_layer(g, x, weight, b)
        yield Case({"g": g, "x": x, "W": weight, "b": b}, expected=expected, names=("x", "W", "b"), about=about)


def of_the_layer(g, x, W, b):
    return g @ W, g.T @ x, g.sum(axis=0)


@rows_vjp.mistake
def as_in_the_lesson(g, x, W, b):
    """This is the rule for x @ W + b. Here W is stored with a row for each output, and W.T stands in the product: x
    meets W.T, so going back it is W itself that g meets."""
    return g @ W.T, of_the_layer(g, x, W, b)[1], g.sum(axis=0)


@rows_vjp.mistake
def gradient_of_the_transpose(g, x, W, b):
    """This is the gradient of W.T, of shape (in, out). W has shape (out, in), and so has its gradient."""
    return of_the_layer(g, x, W, b)[0], x.T @ g, g.sum(axis=0)


@rows_vjp.mistake
def bias_not_summed(g, x, W, b):
    """The gradient of b has a row for each example. b was used by all of them, and collects from all: sum over the
    batch."""
    return *of_the_layer(g, x, W, b)[:2], g


@rows_vjp.mistake
def bias_summed_over_outputs(g, x, W, b):
    """You sum g over the outputs, and have a number for each example. b has one for each output: sum over the
    examples."""
    return *of_the_layer(g, x, W, b)[:2], g.sum(axis=1)


@rows_vjp.mistake
def bias_summed_over_all(g, x, W, b):
    """You sum all of g, and have a single number. b has an entry for each output, which collects from its own column
    of g."""
    return *of_the_layer(g, x, W, b)[:2], g.sum()


@rows_vjp.mistake
def bias_as_a_row(g, x, W, b):
    """The sums for b are right, and the axis of the examples is still there, with size 1. b has no such axis."""
    return *of_the_layer(g, x, W, b)[:2], g.sum(axis=0, keepdims=True)


@rows_vjp.mistake
def last_example_alone(g, x, W, b):
    """Only the last example counts: each one replaces what the one before has left. The examples share W and b, so
    what they contribute adds up."""
    return of_the_layer(g, x, W, b)[0], np.outer(g[-1], x[-1]), g[-1]


@rows_vjp.mistake
def first_example_alone(g, x, W, b):
    """Only the first example counts. The examples share W and b, so what they contribute adds up."""
    return of_the_layer(g, x, W, b)[0], np.outer(g[0], x[0]), g[0]


@rows_vjp.mistake
def sums_multiplied(g, x, W, b):
    """You sum over the examples first and multiply the sums. Multiply within each example, then sum: that is what a
    product of matrices does."""
    return of_the_layer(g, x, W, b)[0], np.outer(g.sum(axis=0), x.sum(axis=0)), g.sum(axis=0)


@rows_vjp.mistake
def bias_of_one(g, x, W, b):
    """You answer with ones for b: the slope of z with respect to b. It still has to be multiplied by what arrives, and
    summed over the examples."""
    return *of_the_layer(g, x, W, b)[:2], np.ones_like(b)


@rows_vjp.mistake
def wrong_order(g, x, W, b):
    """The factors for x are in the wrong order. With square matrices every order fits; write the shapes down for sizes
    that differ, and one order is left."""
    return W.T @ g, *of_the_layer(g, x, W, b)[1:]


@rows_vjp.mistake
def signs_turned(g, x, W, b):
    """Your gradient has the right size and the wrong sign. Nothing in a layer is taken away."""
    return tuple(-gradient for gradient in of_the_layer(g, x, W, b))


@rows_vjp.mistake
def batch_averaged(g, x, W, b):
    """You divide by the number of examples. If the loss is a mean, its 1/N is in g already."""
    return tuple(gradient / len(x) for gradient in of_the_layer(g, x, W, b))


@rows_vjp.mistake
def as_if_x_were_added(g, x, W, b):
    """You answer with g for x, as if x were added. It goes through W: what arrives at the outputs has to come back
    through it."""
    return g, *of_the_layer(g, x, W, b)[1:]


@rows_vjp.mistake
def layer_of_ones(g, x, W, b):
    """You leave g out: that is the answer for a g of ones. Each result has a gradient of its own."""
    return of_the_layer(np.ones_like(g), x, W, b)


@rows_vjp.mistake
def entry_by_entry(g, x, W, b):
    """You multiply entry by entry, with `*`. An entry of x stands in several results, with several slopes: its gradient
    is a sum of products, so a product of matrices."""
    return g * W, *of_the_layer(g, x, W, b)[1:]


@rows_vjp.mistake(whole=True)
def in_another_order(g, x, W, b):
    """The gradients have changed places: first that of x, then that of W, then that of b."""
    first, second, third = of_the_layer(g, x, W, b)
    return second, first, third


# --- 2 -----------------------------------------------------------------------------------------


@exercise("A matrix between two vectors", points=3)
def quadratic_vjp():
    """Return the gradients of x and A for z = x @ A @ x, given the gradient g of z, as a tuple.

    x has shape (n,), A (n, n); z and g are numbers. A need not be symmetric. For x = [1, 2], A = [[0, 1], [3, 0]] and
    g = 10 the gradients are [80, 40] and [[10, 20], [20, 40]].
    """
    for n, g, about in [
        (1, 2.0, ""),
        (2, 10.0, ""),
        (2, -1.0, ""),
        (3, 2.0, ""),
        (3, -0.5, "a g that is not whole"),
        (3, 1.0, "an x with a 0 in it"),
        (4, 0.25, "four entries"),
        (2, 0.0, "a g of 0"),
    ]:
        x, A = numbers(n, [n, 1], whole=not about), numbers((n, n), [n, 2], whole=not about)
        if "an x" in about:
            x = x * (np.arange(n) != 1)
        yield Case({"g": g, "x": x, "A": A}, expected=of_the_form(g, x, A), names=("x", "A"), about=about, odd=g == 0)


def of_the_form(g, x, A):
    return g * (A @ x + A.T @ x), g * np.outer(x, x)


@quadratic_vjp.mistake
def symmetric(g, x, A):
    """You compute 2 A x. That is right where A equals its transpose; in general the x on the left brings A x, and the x
    on the right brings Aᵀ x."""
    return 2 * g * (A @ x), of_the_form(g, x, A)[1]


@quadratic_vjp.mistake
def symmetric_transposed(g, x, A):
    """You compute 2 Aᵀ x. That is right where A equals its transpose; in general the x on the left brings A x, and the
    x on the right brings Aᵀ x."""
    return 2 * g * (A.T @ x), of_the_form(g, x, A)[1]


@quadratic_vjp.mistake
def left_alone(g, x, A):
    """You have the gradient of the x on the left, A x. The same x stands on the right, too, and collects from there as
    well."""
    return g * (A @ x), of_the_form(g, x, A)[1]


@quadratic_vjp.mistake
def right_alone(g, x, A):
    """You have the gradient of the x on the right, Aᵀ x. The same x stands on the left, too, and collects from there as
    well."""
    return g * (A.T @ x), of_the_form(g, x, A)[1]


@quadratic_vjp.mistake
def form_of_one(g, x, A):
    """You leave g out: that is the answer for g = 1. Multiply by what arrives."""
    return of_the_form(1.0, x, A)


@quadratic_vjp.mistake
def with_the_value(g, x, A):
    """You multiply by z. The slope of a product with respect to one factor does not contain that factor: only g and the
    others remain."""
    return tuple(gradient * (x @ A @ x) for gradient in of_the_form(g, x, A))


@quadratic_vjp.mistake
def times_A(g, x, A):
    """You multiply by A itself. z is a straight line in each entry of A, and its slope there is the product of two
    entries of x."""
    return of_the_form(g, x, A)[0], g * np.outer(x, x) * A


@quadratic_vjp.mistake
def squares_alone(g, x, A):
    """You have the squares of x, one for each entry. A has n² entries: the one in row i and column j is multiplied by
    x[i] and by x[j]."""
    return of_the_form(g, x, A)[0], g * x * x


@quadratic_vjp.mistake
def squares_on_the_diagonal(g, x, A):
    """You fill the diagonal alone. The entry in row i and column j is multiplied by x[i] and by x[j], off the diagonal,
    too."""
    return of_the_form(g, x, A)[0], g * np.diag(x * x)


@quadratic_vjp.mistake
def inner_product(g, x, A):
    """You have a single number, the sum of the squares of x. The gradient of A has the shape of A: each entry of x with
    each."""
    return of_the_form(g, x, A)[0], g * (x @ x)


@quadratic_vjp.mistake
def doubled(g, x, A):
    """You have twice what it should be. A stands in z once."""
    return of_the_form(g, x, A)[0], 2 * g * np.outer(x, x)


@quadratic_vjp.mistake
def power_rule(g, x, A):
    """You treat A as a number, as in a x², and multiply entry by entry. Every entry of x meets every other one by way
    of A: that is a product of a matrix and a vector."""
    return 2 * g * A * x, g * x**2


@quadratic_vjp.mistake
def halved(g, x, A):
    """You average what comes back to the two x. They are the same x, so it adds up."""
    return g * (A @ x + A.T @ x) / 2, of_the_form(g, x, A)[1]


@quadratic_vjp.mistake
def both_entry_by_entry(g, x, A):
    """You multiply A plus its transpose by x entry by entry, with `*`, and have a matrix. x needs a number for each of
    its entries: a product of a matrix and a vector."""
    return g * (A + A.T) * x, of_the_form(g, x, A)[1]


@quadratic_vjp.mistake
def x_forgotten(g, x, A):
    """You add up rows and columns of A. Each entry of A is multiplied by the other x before it comes back."""
    return g * (A.sum(axis=0) + A.sum(axis=1)), of_the_form(g, x, A)[1]


@quadratic_vjp.mistake
def subtracted(g, x, A):
    """You subtract what comes back through the second x. What comes back to the same x adds up."""
    return g * (A @ x - A.T @ x), of_the_form(g, x, A)[1]


@quadratic_vjp.mistake
def form_negative(g, x, A):
    """Your gradient has the right size and the wrong sign. Nothing in a product is taken away."""
    return tuple(-gradient for gradient in of_the_form(g, x, A))


@quadratic_vjp.mistake(whole=True)
def form_exchanged(g, x, A):
    """The two gradients have changed places. The first belongs to x, and has its shape."""
    return of_the_form(g, x, A)[::-1]


# --- 3 -----------------------------------------------------------------------------------------


@exercise("Row by row", points=2)
def row_products_vjp():
    """Return the gradients of x and y for z = np.einsum("ij,ij->i", x, y), given the gradient g of z, as a tuple.

    x and y have shape (n, m); z[i] is the sum over j of x[i, j] · y[i, j], and g has shape (n,). For x = [[1, 2],
    [3, 4]], y = [[5, 6], [7, 8]] and g = [10, 100] the gradients are [[50, 60], [700, 800]] and [[10, 20], [300, 400]].
    """
    for n, m, about in [
        (2, 3, ""),
        (2, 2, ""),  # square: g meets the columns without an error
        (3, 3, ""),
        (3, 2, ""),
        (1, 3, "a single row"),
        (3, 1, "a single column"),
        (1, 1, "one number in each"),
        (4, 2, "four rows"),
    ]:
        x, y = numbers((n, m), [n, m, 1], whole=not about), numbers((n, m), [n, m, 2], whole=not about)
        g = numbers(n, [n, m, 3], whole=not about)
        yield Case({"g": g, "x": x, "y": y}, expected=of_rows(g, x, y), names=("x", "y"), about=about)


def of_rows(g, x, y):
    return g[:, None] * y, g[:, None] * x


@row_products_vjp.mistake
def along_the_columns(g, x, y):
    """NumPy puts the missing axis of g in front, so each g meets a column. Each belongs to a row: give g an axis of
    size 1 at the end."""
    return g * y, g * x


@row_products_vjp.mistake
def own_values(g, x, y):
    """You multiply g by the input itself. The slope of a product with respect to one factor is the *other* factor."""
    return of_rows(g, y, x)


@row_products_vjp.mistake
def rows_of_ones(g, x, y):
    """You leave g out: that is the answer for a g of ones. Each row has a gradient of its own."""
    return y.copy(), x.copy()


@row_products_vjp.mistake
def g_spread(g, x, y):
    """You spread g over its row, as a sum does. Each entry was multiplied before it was added: the slope is its
    partner."""
    return np.broadcast_to(g[:, None], x.shape), np.broadcast_to(g[:, None], y.shape)


@row_products_vjp.mistake
def total_of_g(g, x, y):
    """Every entry gets the sum of all of g. A row of x stands in one result alone, and gets that one's gradient."""
    return g.sum() * y, g.sum() * x


@row_products_vjp.mistake
def summed_again(g, x, y):
    """You have a number for each row. The gradient has the shape of x, (n, m): going back through a sum spreads."""
    return (g[:, None] * y).sum(axis=1), (g[:, None] * x).sum(axis=1)


@row_products_vjp.mistake
def g_times_matrix(g, x, y):
    """You add up over the rows, as `g @ y` does. Row i of the gradient is made of row i alone."""
    return g @ y, g @ x


@row_products_vjp.mistake
def whole_product(g, x, y):
    """You multiply by the whole product x · y. The slope of a product with respect to one factor is the other factor
    alone."""
    return g[:, None] * x * y, g[:, None] * x * y


@row_products_vjp.mistake
def columns_summed(g, x, y):
    """You sum the other input over its rows first. Row i of x was multiplied with row i alone."""
    return np.outer(g, y.sum(axis=0)), np.outer(g, x.sum(axis=0))


@row_products_vjp.mistake
def rows_averaged(g, x, y):
    """You divide by the number of terms, as a mean does. In a sum each term counts fully."""
    return tuple(gradient / x.shape[1] for gradient in of_rows(g, x, y))


@row_products_vjp.mistake
def rows_negative(g, x, y):
    """Your gradient has the right size and the wrong sign. Nothing is taken away here."""
    return tuple(-gradient for gradient in of_rows(g, x, y))


# --- 4 -----------------------------------------------------------------------------------------


@exercise("The mean of some rows", points=3)
def bag_vjp():
    """Return the gradient of a table for z = table[index].mean(axis=1), given the gradient g of z.

    table has shape (V, d), index (N, T) of row numbers from 0, z and g (N, d): each z[n] is the mean of T rows. Rows
    may occur several times, within a sentence, too. For table of shape (3, 1), index [[0, 2], [2, 2]] and g = [[10],
    [1]] the answer is [[5], [0], [6]].
    """
    for V, d, index, about in [
        (3, 1, [[0, 2], [2, 2]], ""),
        (3, 2, [[0, 1]], ""),
        (3, 2, [[1, 0, 2, 0]], ""),
        (4, 2, [[0, 1], [3, 0], [1, 3]], ""),
        (4, 3, [[2, 2, 2], [2, 0, 1]], ""),
        (2, 2, [[0, 1], [1, 0]], ""),
        (3, 2, [[1], [2], [1]], "sentences of one word"),
        (1, 2, [[0, 0, 0]], "a table of one row"),
        (5, 3, [[4, 1], [1, 4], [0, 4]], "rows that nobody picked"),
    ]:
        index = np.array(index)
        table = numbers((V, d), [V, d], whole=not about)
        g = numbers((len(index), d), [V, d, 1], whole=not about)
        yield Case({"g": g, "table": table, "index": index}, expected=into_bags(g, table, index), about=about)


def into_bags(g, table, index, share=None):
    counts = (index[:, :, None] == np.arange(len(table))).sum(axis=1)  # (N, V)
    return counts.T @ g / (index.shape[1] if share is None else share)


@bag_vjp.mistake
def sum_of_the_bag(g, table, index):
    """The 1/T of the mean is missing: your gradients are as many times too large as a sentence has words."""
    return into_bags(g, table, index, 1)


@bag_vjp.mistake
def divided_by_the_sentences(g, table, index):
    """You divide by the number of sentences. The mean was taken over the words of one sentence."""
    return into_bags(g, table, index, len(index))


@bag_vjp.mistake
def divided_by_both(g, table, index):
    """You divide by the number of all words. The mean was taken over the words of one sentence."""
    return into_bags(g, table, index, index.size)


@bag_vjp.mistake
def divided_by_the_width(g, table, index):
    """You divide by the width of the table. The mean was taken over the words of a sentence, entry by entry."""
    return into_bags(g, table, index, table.shape[1])


@bag_vjp.mistake
def divided_by_the_table(g, table, index):
    """You divide by the number of rows in the table. The mean was taken over the words of one sentence."""
    return into_bags(g, table, index, len(table))


@bag_vjp.mistake
def distinct_words(g, table, index):
    """You share g among the different words of a sentence. A word that occurs twice stands in the mean twice."""
    used = (index[:, :, None] == np.arange(len(table))).any(axis=1)  # (N, V)
    return (used / used.sum(axis=1, keepdims=True)).T @ g


@bag_vjp.mistake
def last_use_wins(g, table, index):
    """A row that was picked several times keeps what came last: `table_bar[index] += …` reads once and writes once. All
    uses add up."""
    answer = np.zeros_like(table)
    for row, words in zip(g, index, strict=True):
        answer[words] = row / index.shape[1]
    return answer


@bag_vjp.mistake
def once_a_sentence(g, table, index):
    """A word that occurs twice in a sentence has collected once. Each use counts: neither `table_bar[words] += …` nor a
    set of the words sees the second one."""
    used = (index[:, :, None] == np.arange(len(table))).any(axis=1)  # (N, V)
    return used.T @ g / index.shape[1]


@bag_vjp.mistake
def averaged_over_the_uses(g, table, index):
    """You average over the uses of a row. Each use moves the loss: they add up, and only the 1/T of the sentence
    stays."""
    uses = np.maximum(np.bincount(index.ravel().astype(np.intp), minlength=len(table)), 1)
    return into_bags(g, table, index) / uses[:, None]


@bag_vjp.mistake
def averaged_for_the_mean(g, table, index):
    """You average over the uses of a row, where the mean over the words of a sentence belongs. How often a row is used
    in all does not matter."""
    uses = np.maximum(np.bincount(index.ravel().astype(np.intp), minlength=len(table)), 1)
    return into_bags(g, table, index, 1) / uses[:, None]


@bag_vjp.mistake
def first_word_alone(g, table, index):
    """Only the first word of each sentence collects. All its words stand in the mean."""
    return into_bags(g, table, index[:, :1], index.shape[1])


@bag_vjp.mistake
def for_each_word(g, table, index):
    """You return a gradient for each word of each sentence. The rows of the table collect them: the answer has the
    shape of the table."""
    return np.repeat(g[:, None] / index.shape[1], index.shape[1], axis=1)


@bag_vjp.mistake
def counts_alone(g, table, index):
    """You leave g out: that is the answer for a g of ones. Each result has a gradient of its own."""
    return into_bags(np.ones_like(g), table, index)


@bag_vjp.mistake
def times_the_rows(g, table, index):
    """You multiply by the rows of the table. z moves exactly as they do, divided by T: their values do not matter."""
    return into_bags(g, table, index) * table


@bag_vjp.mistake
def onto_the_table(g, table, index):
    """You add to the values of the table. A gradient is an array of its own, which starts from 0."""
    return table + into_bags(g, table, index)


# --- 5 -----------------------------------------------------------------------------------------


@exercise("A Jacobian of arrays, row by row", points=3)
def all_slopes():
    """Return the Jacobian of a function whose outputs form an array of a given shape, by calls of vjp.

    vjp(g) takes a cotangent of that shape and returns g times the Jacobian, an array in the shape of the inputs. The
    answer has the axes of the outputs first and then those of the inputs: at an output's place stands the array of its
    slopes. For a vjp that returns [g[0] + g[1], g[1]] and shape (2,) the answer is [[1, 0], [1, 1]].
    """
    for outputs, inputs, about in [
        ((2,), (2,), ""),
        ((2,), (3,), ""),
        ((2, 2), (2,), ""),
        ((2, 3), (2,), ""),
        ((2, 2), (2, 2), ""),
        ((3,), (2, 2), ""),
        ((1, 3), (2, 1), "axes of size 1"),
        ((1,), (3,), "one output"),
        ((), (3,), "an output without axes"),
        ((2, 1, 2), (3,), "outputs with three axes"),
        ((3, 1), (1,), "one input"),
    ]:
        slopes = numbers((*outputs, *inputs), seed=[len(outputs), *inputs], whole=not about)
        vjp = named(f"vjp of a function with outputs of shape {outputs}", partial(product_with, slopes, len(outputs)))
        yield Case({"vjp": vjp, "shape": outputs}, slopes, call=partial(as_often_as_asked, slopes), about=about)


def as_often_as_asked(slopes, all_slopes, vjp, shape):
    """The answer, if it is wrong or asks as often as there are outputs."""
    asked = []
    found = all_slopes(lambda g: asked.append(1) or vjp(g), shape)
    outputs = math.prod(shape)
    if len(asked) > outputs and difference(found, slopes, 1e-7, 1e-9) is None:
        raise Refused(
            f"Your slopes are right, but you call vjp {len(asked)} times, and there {'is' if outputs == 1 else 'are'} "
            f"{outputs} output{'s' * (outputs != 1)}. What the first call returns has the shape of the inputs."
        )
    return found


def product_with(slopes, axes, g):
    g, outputs = np.asarray(g), slopes.shape[:axes]
    if g.shape != outputs:
        raise ValueError(f"vjp takes a cotangent of shape {outputs}, one number for each output, got shape {g.shape}")
    return np.tensordot(g, slopes, axes=axes)


def units(shape):
    found = np.eye(int(np.prod(shape)))
    return found.reshape(-1, *shape)


def slopes_of(vjp, shape):
    rows = np.array([vjp(unit) for unit in units(shape)])
    return rows.reshape(*shape, *rows.shape[1:])


@all_slopes.mistake
def inputs_first(vjp, shape):
    """The axes of the inputs stand first. The axes of the outputs belong in front: at an output's place stands the
    array of its slopes."""
    found = slopes_of(vjp, shape)
    axes = range(found.ndim)
    return found.transpose(*axes[len(shape) :], *axes[: len(shape)])


@all_slopes.mistake
def reshaped_the_other_way(vjp, shape):
    """You give the rows the shape of the inputs first and then that of the outputs. A reshape keeps the order of the
    numbers, so the outputs' axes belong in front."""
    rows = np.array([vjp(unit) for unit in units(shape)])
    return rows.reshape(*rows.shape[1:], *shape)


@all_slopes.mistake
def table_transposed(vjp, shape):
    """This is a table of two axes, with a row for each input. Outputs come first, and both have their own axes."""
    found = np.array([vjp(unit) for unit in units(shape)])
    return found.reshape(len(found), -1).T


@all_slopes.mistake
def one_number_each(vjp, shape):
    """You add up the slopes of each output, and have one number for it. Keep them apart, one for each input."""
    return np.reshape([np.sum(vjp(unit)) for unit in units(shape)], shape)


@all_slopes.mistake
def zero_and_one_exchanged(vjp, shape):
    """Each output has the sum over all the *other* outputs. Ask with a 1 at its own place and 0 at the others."""
    rows = np.array([vjp(1 - unit) for unit in units(shape)])
    return rows.reshape(*shape, *rows.shape[1:])


@all_slopes.mistake
def list_of_rows(vjp, shape):
    """The rows are right, and stand in a list. Make an array of them, with the axes of the outputs in front."""
    return [vjp(unit) for unit in units(shape)]


@all_slopes.mistake
def outputs_in_one_line(vjp, shape):
    """The rows are right, and the outputs stand in one line. Give them their shape back, in front of the axes of the
    inputs."""
    return np.array([vjp(unit) for unit in units(shape)])


@all_slopes.mistake
def a_plain_table(vjp, shape):
    """This is the Jacobian as a table of two axes. Give the outputs and the inputs their own axes back."""
    found = np.array([vjp(unit) for unit in units(shape)])
    return found.reshape(len(found), -1)


@all_slopes.mistake
def one_cotangent_of_ones(vjp, shape):
    """That is the sum over all outputs, which one call of vjp with ones gives. To have the slopes of one output, ask
    with a 1 at its place and 0 at the others."""
    return vjp(np.ones(shape))


@all_slopes.mistake
def ones_each_time(vjp, shape):
    """Each output has the sum over all outputs. For one of them, ask with a 1 at its place and 0 at the others."""
    found = vjp(np.ones(shape))
    return np.broadcast_to(found, (*shape, *found.shape)).copy()


@all_slopes.mistake
def never_cleared(vjp, shape):
    """Your cotangents are not cleared in between: each output has the sum up to its place. Start from zeros each
    time."""
    rows = np.array([vjp(unit) for unit in units(shape)])
    return np.cumsum(rows, axis=0).reshape(*shape, *rows.shape[1:])


@all_slopes.mistake
def last_output_alone(vjp, shape):
    """You have the slopes of the last output alone: each call replaces the one before. Collect them."""
    return vjp(units(shape)[-1])


@all_slopes.mistake
def first_output_alone(vjp, shape):
    """You have the slopes of the first output alone: the function returns before its loop has gone on."""
    return vjp(units(shape)[0])


@all_slopes.mistake
def from_the_last_output(vjp, shape):
    """The outputs stand in the opposite order: the first array belongs to the first output."""
    rows = np.array([vjp(unit) for unit in units(shape)[::-1]])
    return rows.reshape(*shape, *rows.shape[1:])


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
def those_not_zero(n, k, m):
    """That is how many of them are not 0. The Jacobian has an entry for every pair of an output and a weight."""
    return counted(n, k, m) | {"jacobian": n * m * k}


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
    return counted(n, k, m) | {"outputs": m, "jacobian": m * k * m, "nonzero": m * k}


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


# --- 7 -----------------------------------------------------------------------------------------


@exercise("A map from distances", points=4)
def place():
    """Return the points after a number of steps of descent, so that pairs of them get given distances.

    points has shape (n, 2); i and j are arrays of k indices, distances of k numbers. The loss is the mean over the
    pairs of (|points[i] - points[j]|² - distances²)². For points [[0, 0], [1, 0]], i = [0], j = [1], distances [2],
    rate 0.05 and one step the answer is [[-0.6, 0], [1.6, 0]].
    """
    for points, i, j, distances, rate, steps, about in [
        ([[0.0, 0.0], [1.0, 0.0]], [0], [1], [2.0], 0.05, 1, ""),
        ([[0.0, 1.0], [2.0, 0.0]], [1], [0], [1.0], 0.0625, 1, ""),
        ([[0.0, 0.0], [2.0, 0.0], [0.0, 1.0]], [0, 0], [1, 2], [1.0, 2.0], 0.125, 1, ""),
        ([[0.0, 0.0], [1.0, 1.0], [2.0, -1.0]], [2, 0, 1], [1, 2, 0], [1.0, 2.0, 2.0], 0.125, 1, ""),
        ([[1.0, 2.0], [3.0, 1.0], [0.0, -1.0], [2.0, 2.0]], [3, 3, 3], [0, 1, 2], [3.0, 1.0, 2.0], 0.0625, 1, ""),
        ([[0.5, 0.0], [0.0, 1.5], [1.0, 0.5]], [0, 1], [1, 2], [1.5, 1.0], 0.0625, 2, "two steps"),
        ([[0.5, 0.25], [-0.5, 1.0]], [0, 0], [1, 1], [1.0, 1.0], 0.0625, 3, "the same pair twice"),
        ([[0.5, 0.5], [0.5, 0.5], [1.0, 0.0]], [0, 1], [1, 2], [1.0, 1.5], 0.0625, 1, "two points in one place"),
        ([[3.0, 0.0], [0.0, 4.0]], [0], [1], [5.0], 0.5, 1, "a distance that is right already"),
        ([[1.5, 0.0], [0.0, 1.0]], [0], [1], [1.0], 0.5, 0, "no step at all"),
    ]:
        inputs = {
            "points": np.array(points),
            "i": np.array(i),
            "j": np.array(j),
            "distances": np.array(distances),
            "rate": rate,
            "steps": steps,
        }
        odd = steps != 1 or about == "a distance that is right already"
        yield Case(inputs, expected=moved(**inputs), about=about, odd=odd)


def uphill(points, i, j, distances, factor=None):
    d = points[i] - points[j]  # (k, 2)
    error = (d * d).sum(axis=1) - distances**2
    to_d = (4 / len(i) if factor is None else factor) * error[:, None] * d
    ends = np.arange(len(points))
    return (ends[:, None] == i) @ to_d - (ends[:, None] == j) @ to_d


def moved(points, i, j, distances, rate, steps, factor=None):
    for _ in range(steps):
        points = points - rate * uphill(points, i, j, distances, factor)
    return np.array(points)


@place.mistake
def against_descent(points, i, j, distances, rate, steps):
    """The points move along the gradient, where the loss grows. Descent goes against it."""
    return moved(points, i, j, distances, -rate, steps)


@place.mistake
def half_as_far(points, i, j, distances, rate, steps):
    """The points move half as far as they should. There are two squares on the way back, and each brings a factor 2."""
    return moved(points, i, j, distances, rate / 2, steps)


@place.mistake
def a_quarter_as_far(points, i, j, distances, rate, steps):
    """The points move a quarter as far as they should. There are two squares on the way back, and each brings a factor
    2."""
    return moved(points, i, j, distances, rate / 4, steps)


@place.mistake
def sum_over_the_pairs(points, i, j, distances, rate, steps):
    """The points move as many times too far as there are pairs: the 1/k of the mean is missing."""
    return moved(points, i, j, distances, rate, steps, 4)


@place.mistake
def divided_by_the_points(points, i, j, distances, rate, steps):
    """You divide by the number of points. The mean is over the pairs."""
    return moved(points, i, j, distances, rate, steps, 4 / len(points))


def sent(points, i, j, distances, rate, steps, to_i=1.0, to_j=-1.0):
    for _ in range(steps):
        d = points[i] - points[j]
        to_d = 4 / len(i) * ((d * d).sum(axis=1) - distances**2)[:, None] * d
        ends = np.arange(len(points))
        points = points - rate * (to_i * (ends[:, None] == i) @ to_d + to_j * (ends[:, None] == j) @ to_d)
    return points


@place.mistake
def first_ends_alone(points, i, j, distances, rate, steps):
    """Only the points named by i move. A difference has two ends, and both get a gradient."""
    return sent(points, i, j, distances, rate, steps, to_j=0.0)


@place.mistake
def second_ends_alone(points, i, j, distances, rate, steps):
    """Only the points named by j move. A difference has two ends, and both get a gradient."""
    return sent(points, i, j, distances, rate, steps, to_i=0.0)


@place.mistake
def both_with_a_plus(points, i, j, distances, rate, steps):
    """Both ends of a pair move in the same direction. The difference takes points[j] away, so that end gets a minus."""
    return sent(points, i, j, distances, rate, steps, to_j=1.0)


@place.mistake
def uses_written_over(points, i, j, distances, rate, steps):
    """A point that stands in several pairs keeps what came last: `+=` with an index that repeats reads once and writes
    once. All uses add up."""
    for _ in range(steps):
        d = points[i] - points[j]
        to_d = 4 / len(i) * ((d * d).sum(axis=1) - distances**2)[:, None] * d
        gradient = np.zeros_like(points)
        gradient[i] += to_d
        gradient[j] -= to_d
        points = points - rate * gradient
    return points


@place.mistake
def last_assignment_wins(points, i, j, distances, rate, steps):
    """A point keeps what was assigned to it last. Everything that comes back to a point adds up."""
    for _ in range(steps):
        d = points[i] - points[j]
        to_d = 4 / len(i) * ((d * d).sum(axis=1) - distances**2)[:, None] * d
        gradient = np.zeros_like(points)
        gradient[i] = to_d
        gradient[j] = -to_d
        points = points - rate * gradient
    return points


@place.mistake
def lengths_compared(points, i, j, distances, rate, steps):
    """You compare lengths. The loss compares their squares: its error is s - distance²."""
    for _ in range(steps):
        d = points[i] - points[j]
        to_d = 4 / len(i) * (np.sqrt((d * d).sum(axis=1)) - distances)[:, None] * d
        ends = np.arange(len(points))
        points = points - rate * ((ends[:, None] == i) @ to_d - (ends[:, None] == j) @ to_d)
    return points


@place.mistake
def distances_not_squared(points, i, j, distances, rate, steps):
    """You compare the squared distance of the points with the given distance as it is. Square the given one, too."""
    return moved(points, i, j, np.sqrt(distances), rate, steps)


@place.mistake
def error_left_out(points, i, j, distances, rate, steps):
    """You leave out how wrong each distance is: all pairs pull together, whatever their distance. The outer square
    brings the error as a factor."""
    for _ in range(steps):
        d = points[i] - points[j]
        ends = np.arange(len(points))
        to_d = 2 / len(i) * d
        points = points - rate * ((ends[:, None] == i) @ to_d - (ends[:, None] == j) @ to_d)
    return points


@place.mistake
def errors_not_spread(points, i, j, distances, rate, steps):
    """You leave out the difference of the two points, which the inner square brings as a factor: the points move in a
    direction that has nothing to do with the pair."""
    for _ in range(steps):
        d = points[i] - points[j]
        ends = np.arange(len(points))
        to_d = 4 / len(i) * ((d * d).sum(axis=1) - distances**2)[:, None] * np.ones(2)
        points = points - rate * ((ends[:, None] == i) @ to_d - (ends[:, None] == j) @ to_d)
    return points


@place.mistake
def one_step(points, i, j, distances, rate, steps):
    """You make a single step, however many are asked for: the function returns before its loop has gone on."""
    return moved(points, i, j, distances, rate, min(steps, 1))


@place.mistake
def always_one_step(points, i, j, distances, rate, steps):
    """You make one step, whatever `steps` says. With 0 steps the points stay where they are."""
    return moved(points, i, j, distances, rate, 1)


@place.mistake
def one_step_more(points, i, j, distances, rate, steps):
    """You make one step more than you are asked for. With 0 steps the points stay where they are."""
    return moved(points, i, j, distances, rate, steps + 1)


@place.mistake
def frozen(points, i, j, distances, rate, steps):
    """The gradient is computed once, before the loop. After a step it belongs to another point: compute it again in
    each step."""
    return points - rate * steps * uphill(points, i, j, distances)


@place.mistake
def gradient_returned(points, i, j, distances, rate, steps):
    """You return the gradient. The points after the steps are asked for."""
    return uphill(moved(points, i, j, distances, rate, max(steps - 1, 0)), i, j, distances)
