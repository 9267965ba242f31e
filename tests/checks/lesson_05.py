"""Answers to the exercises of lesson 05."""

from functools import partial

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


@product.wrong("the transpose of what it should be")
def transposed(g, x, y):
    return y @ g.T, g.T @ x


@product.wrong("You leave g out")
def without_g(g, x, y):
    return np.ones_like(g) @ y.T, x.T @ np.ones_like(g)


@product.wrong("Nothing here was averaged")
def mean_over_rows(g, x, y):
    return g @ y.T, x.T @ g / x.shape[0]


@product.wrong("the transpose of what it should be")
def one_transposed(g, x, y):
    return g @ y.T, g.T @ x


@product.wrong("where its transpose belongs")
def untransposed(g, x, y):
    return g @ y, x @ g


@product.wrong("in the wrong order")
def other_order(g, x, y):
    return y.T @ g, g @ x.T


@product.wrong("in the wrong order")
def other_order_in_one(g, x, y):
    return g @ y.T, g @ x.T


@product.wrong("with `*`")
def elementwise(g, x, y):
    return g * y.T, x.T * g


@product.wrong("expected a tuple of length 2")
def only_x(g, x, y):
    return g @ y.T


@product.wrong("the wrong sign")
def sign_turned(g, x, y):
    return g @ y.T, -x.T @ g


@product.wrong()
def last_row_alone(g, x, y):
    return g @ y.T, np.outer(x[-1], g[-1])


@product.wrong()
def sizes(g, x, y):
    return np.abs(g @ y.T), np.abs(x.T @ g)


def of_a_product(rng, first, second):
    x, y = rng.normal(size=first), rng.normal(size=second)
    return {"g": np.asarray(rng.normal(size=(x @ y).shape)), "x": x, "y": y}


@product.inputs
def two_matrices(rng):
    n, k, m = rng.integers(1, 5, size=3)
    return of_a_product(rng, (n, k), (k, m))


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


@stacks.wrong("`.T` reverses all axes")
def plain_transpose(g, x, y):
    return unbroadcast(g @ y.T, x.shape), unbroadcast(x.T @ g, y.shape)


@stacks.wrong("the first two axes change places")
def axes_by_position(g, x, y):
    return unbroadcast(g @ np.swapaxes(y, 0, 1), x.shape), unbroadcast(np.swapaxes(x, 0, 1) @ g, y.shape)


@stacks.wrong("You sum over the stack in any case")
def summed_always(g, x, y):
    to_x, to_y = left_as_stacks(g, x, y)
    return to_x, to_y.sum(axis=0)


@stacks.wrong("have changed places")
def pair_exchanged(g, x, y):
    return summed_back(g, x, y)[::-1]


@stacks.wrong("where its transpose belongs")
def as_they_stand(g, x, y):
    return unbroadcast(g @ y, x.shape), unbroadcast(x @ g, y.shape)


@stacks.wrong()
def one_stack_axis(g, x, y):
    to_x, to_y = left_as_stacks(g, x, y)
    return (to_x.sum(axis=0) if to_x.ndim > x.ndim else to_x), (to_y.sum(axis=0) if to_y.ndim > y.ndim else to_y)


@stacks.wrong()
def everything_summed(g, x, y):
    to_x, to_y = left_as_stacks(g, x, y)
    return to_x.sum() * np.ones_like(x), to_y.sum() * np.ones_like(y)


@stacks.inputs
def two_stacks(rng):
    n, k, m = rng.integers(1, 4, size=3)
    common = rng.integers(1, 4, size=3)
    of_x, of_y = ([rng.choice([1, size]) for size in common[rng.integers(4) :]] for _ in range(2))
    return of_a_product(rng, (*of_x, n, k), (*of_y, k, m))


vectors = answers_to(check.vector_vjp)


@vectors.right
def case_by_case(g, x, y):
    if x.ndim == 1 and y.ndim == 1:
        return g * y, g * x
    if y.ndim == 1:
        return np.outer(g, y), x.T @ g
    if x.ndim == 1:
        return y @ g, np.outer(x, g)
    return g @ y.T, x.T @ g


@vectors.right
def as_matrices(g, x, y):
    rows, columns = np.atleast_2d(x), y[:, None] if y.ndim == 1 else y
    g = np.reshape(g, (rows.shape[0], columns.shape[1]))
    return (g @ columns.T).reshape(x.shape), (rows.T @ g).reshape(y.shape)


@vectors.right
def by_nudging(g, x, y):
    return tuple(
        np.array([((f(x, y, step) - f(x, y, -step)) * g).sum() / 2 for step in np.eye(own.size)]).reshape(own.shape)
        for own, f in [
            (x, lambda x, y, step: (x + step.reshape(x.shape)) @ y),
            (y, lambda x, y, step: x @ (y + step.reshape(y.shape))),
        ]
    )


@vectors.wrong("sums over this axis")
def with_inner(g, x, y):
    return (np.inner(g, y), np.inner(x.T, g)) if np.ndim(g) else (g * y, g * x)


@vectors.wrong("it has one axis")
def as_for_matrices(g, x, y):
    return np.dot(g, y.T), np.dot(x.T, g)


@vectors.wrong()
def outer_turned(g, x, y):
    to_x, to_y = case_by_case(g, x, y)
    return (np.outer(y, g), to_y) if x.ndim == 2 and y.ndim == 1 else (to_x, to_y)


@vectors.wrong("as for two vectors")
def products_of_entries(g, x, y):
    return g * y, g * x


@vectors.wrong("Take the axis away")
def axes_left(g, x, y):
    to_x, to_y = case_by_case(g, x, y)
    return (to_x[None] if x.ndim == 1 else to_x), (to_y[:, None] if y.ndim == 1 else to_y)


@vectors.wrong("You leave g out")
def without_a_cotangent(g, x, y):
    return case_by_case(np.ones_like(g), x, y)


@vectors.wrong()
def inner_products_only(g, x, y):
    return g * y.sum() * np.ones_like(x), g * x.sum() * np.ones_like(y)


@vectors.wrong("an axis of size 1 is gone")
def without_axes_of_one(g, x, y):
    return [np.squeeze(gradient) for gradient in case_by_case(g, x, y)]


@vectors.wrong("have changed places")
def of_y_first(g, x, y):
    return case_by_case(g, x, y)[::-1]


@vectors.wrong("the wrong sign")
def negative(g, x, y):
    return tuple(-gradient for gradient in case_by_case(g, x, y))


@vectors.inputs
def matrices_and_vectors(rng):
    n, k, m = rng.integers(1, 4, size=3)
    return of_a_product(rng, (n, k)[rng.integers(2) :], (k, m)[: rng.integers(1, 3)])


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


@layer.wrong("its 1/N is in g already")
def mean_of_the_bias_alone(g, x, W, b):
    return g @ W.T, x.T @ g, g.mean(axis=0)


@layer.wrong("a single number")
def bias_of_everything(g, x, W, b):
    return g @ W.T, x.T @ g, g.sum()


@layer.wrong("the axis of the examples is still there")
def bias_with_keepdims(g, x, W, b):
    return g @ W.T, x.T @ g, g.sum(axis=0, keepdims=True)


@layer.wrong("You leave g out")
def number_of_examples(g, x, W, b):
    return g @ W.T, x.T @ g, np.full(b.shape, float(len(x)))


@layer.wrong("as if x were added")
def past_the_weights(g, x, W, b):
    return g, x.T @ g, g.sum(axis=0)


@layer.wrong("where its transpose belongs")
def not_transposed(g, x, W, b):
    return g @ W, x @ g, g.sum(axis=0)


@layer.wrong("first that of x")
def weight_first(g, x, W, b):
    return x.T @ g, g @ W.T, g.sum(axis=0)


@layer.wrong("Only the last example counts")
def overwritten(g, x, W, b):
    for i in range(len(x)):
        to_w, to_b = np.outer(x[i], g[i]), g[i]
    return g @ W.T, to_w, to_b


@layer.wrong("the wrong sign")
def minus_the_bias(g, x, W, b):
    return g @ W.T, x.T @ g, -g.sum(axis=0)


@layer.wrong("length 2")
def two_of_three(g, x, W, b):
    return g @ W.T, x.T @ g


@layer.inputs
def some_layer(rng):
    n, k, m = rng.integers(1, 5, size=3)
    x, weight, b, g = (rng.normal(size=shape) for shape in ((n, k), (k, m), m, (n, m)))
    return {"g": g, "x": x, "W": weight, "b": b}


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


@rows.wrong("keep the rows apart")
def rows_added(vjp, m):
    return sum(vjp(unit) for unit in np.eye(m))


@rows.wrong("one call of vjp with ones")
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


@rows.wrong("the first row alone")
def returned_in_the_loop(vjp, m):
    for unit in np.eye(m):
        return vjp(unit)


@rows.wrong("all in one line")
def joined(vjp, m):
    return np.concatenate([vjp(unit) for unit in np.eye(m)])


@rows.wrong("the last row alone")
def replaced(vjp, m):
    for unit in np.eye(m):
        row = vjp(unit)
    return row


@rows.wrong()
def from_the_last(vjp, m):
    return np.array([vjp(unit) for unit in np.eye(m)[::-1]])


@rows.wrong()
def all_at_once(vjp, m):
    return vjp(np.eye(m))


@rows.wrong("expected an array of shape (2, 3)")
def list_of_rows(vjp, m):
    return [vjp(unit) for unit in np.eye(m)]


@rows.wrong()
def identity(vjp, m):
    return np.eye(m)


@rows.inputs
def some_jacobian(rng):
    matrix = rng.normal(size=rng.integers(1, 5, size=2))
    return {"vjp": partial(check.product_with, matrix), "m": len(matrix)}


numbers = answers_to(check.count)


@numbers.right
def multiplied(n, k, m):
    names = "outputs", "weights", "jacobian", "nonzero", "gradient"
    return dict(zip(names, (n * m, k * m, n * m * k * m, n * m * k, k * m), strict=True))


@numbers.right
def one_output_at_a_time(n, k, m):
    z, W = np.zeros((n, k)) @ np.zeros((k, m)), np.zeros((k, m))
    used = sum(W[:, j].size for _ in range(n) for j in range(m))
    return {"outputs": z.size, "weights": W.size, "jacobian": z.size * W.size, "nonzero": used, "gradient": W.size}


@numbers.right
def as_floats(n, k, m):
    return {name: float(value) for name, value in multiplied(n, k, m).items()}


@numbers.stub
def boxes_of_dots(n, k, m):
    return dict.fromkeys(multiplied(n, k, m), ...)


def but(words="", **changed):
    """A right answer but for the boxes given, as functions of the sizes."""

    def answer(n, k, m):
        return multiplied(n, k, m) | {name: value(n, k, m) for name, value in changed.items()}

    numbers.wrong(words)(answer)


but("not their sum", jacobian=lambda n, k, m: n * m + k * m)
but("with respect to x, with a column for each entry of x", jacobian=lambda n, k, m: n * m * n * k)
but("how many entries x has", outputs=lambda n, k, m: n * k)
but("the outputs of one example", outputs=lambda n, k, m: m, jacobian=lambda n, k, m: m * k * m)
but("The inner size, k, is summed over", outputs=lambda n, k, m: n * k * m)
but("made of column j of W alone", nonzero=lambda n, k, m: n * m * k * m)
but("one output of every example", nonzero=lambda n, k, m: k * m)
but("one entry a row", nonzero=lambda n, k, m: n * m)
but("A gradient has the shape of what it belongs to", gradient=lambda n, k, m: n * m)
but("does not return the table", gradient=lambda n, k, m: n * m * k * m)
but(weights=lambda n, k, m: k)
but(outputs=lambda n, k, m: n + k)
but(outputs=lambda n, k, m: n + m)
but(jacobian=lambda n, k, m: n * m * m)
numbers.wrong()(lambda n, k, m: n * m * k * m)


@numbers.inputs
def sizes_of_a_layer(rng):
    return dict(zip("nkm", rng.integers(1, 9, size=3).tolist(), strict=True))
