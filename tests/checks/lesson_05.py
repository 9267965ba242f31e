"""Answers to the exercises of lesson 05."""

from functools import partial

import numpy as np

from gradlib import Tensor, einsum
from gradlib.checks import lesson_05 as check

from .harness import answers_to

layer = answers_to(check.rows_vjp)


@layer.right
def three_products(g, x, W, b):
    return g @ W, g.T @ x, g.sum(axis=0)


@layer.right
def example_by_example(g, x, W, b):
    to_x, to_w, to_b = np.zeros_like(x), np.zeros_like(W), np.zeros_like(b)
    for i in range(len(x)):
        to_x[i] = g[i] @ W
        to_w += np.outer(g[i], x[i])
        to_b += g[i]
    return to_x, to_w, to_b


@layer.right
def by_the_engine(g, x, W, b):
    x, W, b = (Tensor(value, requires_grad=True) for value in (x, W, b))
    (x @ W.T + b).backward(g)
    return [x.grad, W.grad, b.grad]


@layer.wrong("the rule for x @ W + b")
def as_if_stored_in_columns(g, x, W, b):
    return g @ W.T, g.T @ x, g.sum(axis=0)


@layer.wrong("the gradient of W.T")
def lessons_weight(g, x, W, b):
    return g @ W, x.T @ g, g.sum(axis=0)


@layer.wrong("sum over the batch")
def bias_as_a_batch(g, x, W, b):
    return g @ W, g.T @ x, g


@layer.wrong("sum over the examples")
def bias_by_example(g, x, W, b):
    return g @ W, g.T @ x, g.sum(axis=-1)


@layer.wrong("its 1/N is in g already")
def with_means(g, x, W, b):
    return g @ W, g.T @ x / len(g), g.mean(axis=0)


@layer.wrong("its 1/N is in g already")
def mean_of_the_bias_alone(g, x, W, b):
    return g @ W, g.T @ x, g.mean(axis=0)


@layer.wrong("a single number")
def bias_of_everything(g, x, W, b):
    return g @ W, g.T @ x, g.sum()


@layer.wrong("the axis of the examples is still there")
def bias_with_keepdims(g, x, W, b):
    return g @ W, g.T @ x, g.sum(axis=0, keepdims=True)


@layer.wrong("You leave g out")
def without_g(g, x, W, b):
    return np.ones_like(g) @ W, np.ones_like(g).T @ x, np.full(b.shape, float(len(x)))


@layer.wrong("as if x were added")
def past_the_weights(g, x, W, b):
    return g, g.T @ x, g.sum(axis=0)


@layer.wrong("with `*`")
def stars(g, x, W, b):
    return g * W, g.T @ x, g.sum(axis=0)


@layer.wrong("first that of x")
def weight_first(g, x, W, b):
    return g.T @ x, g @ W, g.sum(axis=0)


@layer.wrong("Only the last example counts")
def overwritten(g, x, W, b):
    for i in range(len(x)):
        to_w, to_b = np.outer(g[i], x[i]), g[i]
    return g @ W, to_w, to_b


@layer.wrong("Only the first example counts")
def returned_in_the_loop(g, x, W, b):
    for i in range(len(x)):
        return g @ W, np.outer(g[i], x[i]), g[i]


@layer.wrong("Multiply within each example")
def sums_first(g, x, W, b):
    return g @ W, np.outer(g.sum(axis=0), x.sum(axis=0)), g.sum(axis=0)


@layer.wrong("You answer with ones for b")
def slope_of_the_bias(g, x, W, b):
    return g @ W, g.T @ x, np.ones(b.shape)


@layer.wrong("in the wrong order")
def weight_in_front(g, x, W, b):
    return W.T @ g, g.T @ x, g.sum(axis=0)


@layer.wrong("the wrong sign")
def minus_the_bias(g, x, W, b):
    return g @ W, g.T @ x, -g.sum(axis=0)


@layer.wrong("length 2")
def two_of_three(g, x, W, b):
    return g @ W, g.T @ x


@layer.inputs
def some_layer(rng):
    n, k, m = rng.integers(1, 5, size=3)
    x, weight, b, g = (rng.normal(size=shape) for shape in ((n, k), (m, k), m, (n, m)))
    return {"g": g, "x": x, "W": weight, "b": b}


form = answers_to(check.quadratic_vjp)


@form.right
def both_ends(g, x, A):
    return g * (A @ x + x @ A), g * np.outer(x, x)


@form.right
def with_loops(g, x, A):
    to_x, to_a = np.zeros_like(x), np.zeros_like(A)
    for i in range(len(x)):
        for j in range(len(x)):
            to_x[i] += g * A[i, j] * x[j]
            to_x[j] += g * A[i, j] * x[i]
            to_a[i, j] = g * x[i] * x[j]
    return to_x, to_a


@form.right
def in_two_products(g, x, A):
    y = A @ x  # z = x @ y
    to_y = g * x
    return g * y + A.T @ to_y, to_y[:, None] * x


@form.wrong("2 A x")
def as_if_symmetric(g, x, A):
    return g * 2 * A @ x, g * np.outer(x, x)


@form.wrong("2 Aᵀ x")
def as_if_symmetric_from_the_right(g, x, A):
    return 2 * g * x @ A, g * np.outer(x, x)


@form.wrong("the x on the left, A x")
def of_the_left(g, x, A):
    return g * A @ x, g * np.outer(x, x)


@form.wrong("the x on the right, Aᵀ x")
def of_the_right(g, x, A):
    return g * x @ A, g * np.outer(x, x)


@form.wrong("You leave g out")
def of_one(g, x, A):
    return (A + A.T) @ x, np.outer(x, x)


@form.wrong("You multiply by z")
def times_z(g, x, A):
    z = x @ A @ x
    return g * z * (A + A.T) @ x, g * z * np.outer(x, x)


@form.wrong("You multiply by A itself")
def times_a(g, x, A):
    return g * (A + A.T) @ x, g * np.outer(x, x) * A


@form.wrong("the squares of x, one for each entry")
def squares(g, x, A):
    return g * (A + A.T) @ x, g * x**2


@form.wrong("the diagonal alone")
def diagonal(g, x, A):
    return g * (A + A.T) @ x, g * np.diag(x**2)


@form.wrong("the sum of the squares")
def one_number(g, x, A):
    return g * (A + A.T) @ x, g * x @ x


@form.wrong("A stands in z once")
def twice(g, x, A):
    return g * (A + A.T) @ x, 2 * g * np.outer(x, x)


@form.wrong("You treat A as a number")
def as_numbers(g, x, A):
    return g * 2 * A * x, g * np.outer(x, x)


@form.wrong("have changed places")
def of_a_first(g, x, A):
    return both_ends(g, x, A)[::-1]


@form.wrong("the wrong sign")
def negative(g, x, A):
    return g * (A + A.T) @ x, -g * np.outer(x, x)


@form.wrong("so it adds up")
def averaged(g, x, A):
    return g * (A + A.T) @ x / 2, g * np.outer(x, x)


@form.wrong("with `*`, and have a matrix")
def stars(g, x, A):
    return g * (A + A.T) * x, g * np.outer(x, x)


@form.wrong("multiplied by the other x")
def sums_of_a(g, x, A):
    return g * (A.sum(axis=0) + A.sum(axis=1)), g * np.outer(x, x)


@form.wrong("adds up")
def difference_of_both(g, x, A):
    return g * (A - A.T) @ x, g * np.outer(x, x)


@form.wrong()
def same_matrix_twice(g, x, A):
    return g * (A + A) @ x - x, g * np.outer(x, x)


@form.inputs
def some_form(rng):
    n = rng.integers(1, 5)
    return {"g": float(rng.normal()), "x": rng.normal(size=n), "A": rng.normal(size=(n, n))}


rows = answers_to(check.row_products_vjp)


@rows.right
def with_a_new_axis(g, x, y):
    return g[:, None] * y, g[:, None] * x


@rows.right
def row_by_row(g, x, y):
    to_x, to_y = [], []
    for i in range(len(g)):
        to_x.append(g[i] * y[i])
        to_y.append(g[i] * x[i])
    return np.array(to_x), np.array(to_y)


@rows.right
def with_a_diagonal_matrix(g, x, y):
    return np.diag(g) @ y, np.diag(g) @ x


@rows.right
def of_the_engine(g, x, y):
    x, y = Tensor(x, requires_grad=True), Tensor(y, requires_grad=True)
    einsum("ij,ij->i", x, y).backward(g)
    return x.grad, y.grad


@rows.wrong("each g meets a column")
def without_a_new_axis(g, x, y):
    return g * y, g * x


@rows.wrong("by the input itself")
def own(g, x, y):
    return g[:, None] * x, g[:, None] * y


@rows.wrong("You leave g out")
def partners(g, x, y):
    return y, x


@rows.wrong("as a sum does")
def spread(g, x, y):
    return g[:, None] * np.ones_like(x), g[:, None] * np.ones_like(y)


@rows.wrong("the sum of all of g")
def total(g, x, y):
    return g.sum() * y, g.sum() * x


@rows.wrong("a number for each row")
def summed(g, x, y):
    return np.einsum("i,ij->i", g, y), np.einsum("i,ij->i", g, x)


@rows.wrong("add up over the rows")
def products(g, x, y):
    return g @ y, g @ x


@rows.wrong("as a mean does")
def means(g, x, y):
    return g[:, None] * y / y.shape[1], g[:, None] * x / x.shape[1]


@rows.wrong("the wrong sign")
def minus(g, x, y):
    return g[:, None] * y, -g[:, None] * x


@rows.wrong("by the whole product")
def times_both(g, x, y):
    return g[:, None] * x * y, g[:, None] * x * y


@rows.wrong("over its rows first")
def sums_of_columns(g, x, y):
    return g[:, None] * y.sum(axis=0), g[:, None] * x.sum(axis=0)


@rows.wrong()
def of_the_first_row(g, x, y):
    return g[0] * y, g[0] * x


@rows.wrong("expected a tuple of length 2")
def of_x_alone(g, x, y):
    return g[:, None] * y


@rows.inputs
def some_rows(rng):
    n, m = rng.integers(1, 5, size=2)
    return {"g": rng.normal(size=n), "x": rng.normal(size=(n, m)), "y": rng.normal(size=(n, m))}


bag = answers_to(check.bag_vjp)


@bag.right
def with_counts(g, table, index):
    counts = (index[:, :, None] == np.arange(len(table))).sum(axis=1)
    return counts.T @ g / index.shape[1]


@bag.right
def word_by_word(g, table, index):
    answer = np.zeros(table.shape)
    for n in range(len(index)):
        for word in index[n]:
            answer[word] += g[n] / len(index[n])
    return answer


@bag.right
def with_add_at(g, table, index):
    answer = np.zeros_like(table)
    np.add.at(answer, index, g[:, None, :] / index.shape[1])
    return answer


@bag.wrong("The 1/T of the mean")
def summed_words(g, table, index):
    answer = np.zeros_like(table)
    np.add.at(answer, index, g[:, None, :])
    return answer


@bag.wrong("by the number of sentences")
def over_sentences(g, table, index):
    answer = np.zeros_like(table)
    np.add.at(answer, index, g[:, None, :] / len(index))
    return answer


@bag.wrong("by the number of all words")
def over_all_words(g, table, index):
    answer = np.zeros_like(table)
    np.add.at(answer, index, g[:, None, :] / index.size)
    return answer


@bag.wrong("by the width of the table")
def over_the_width(g, table, index):
    answer = np.zeros_like(table)
    np.add.at(answer, index, g[:, None, :] / table.shape[1])
    return answer


@bag.wrong("keeps what came last")
def plus_equals(g, table, index):
    answer = np.zeros_like(table)
    answer[index] += g[:, None, :] / index.shape[1]
    return answer


@bag.wrong("has collected once")
def plus_equals_in_a_loop(g, table, index):
    answer = np.zeros_like(table)
    for words, arrived in zip(index, g, strict=True):
        answer[words] += arrived / len(words)
    return answer


@bag.wrong("a set of the words")
def each_word_of_a_sentence_once(g, table, index):
    answer = np.zeros_like(table)
    for words, arrived in zip(index, g, strict=True):
        for word in set(words.tolist()):
            answer[word] += arrived / len(words)
    return answer


@bag.wrong("only the 1/T of the sentence stays")
def divided_by_uses(g, table, index):
    uses = np.bincount(index.ravel(), minlength=len(table))
    return with_counts(g, table, index) / np.where(uses == 0, 1, uses)[:, None]


@bag.wrong("does not matter")
def mean_of_uses(g, table, index):
    uses = np.bincount(index.ravel(), minlength=len(table))
    return summed_words(g, table, index) / np.where(uses == 0, 1, uses)[:, None]


@bag.wrong("Only the first word")
def first_words(g, table, index):
    answer = np.zeros_like(table)
    np.add.at(answer, index[:, 0], g / index.shape[1])
    return answer


@bag.wrong("a gradient for each word of each sentence")
def not_collected(g, table, index):
    return g[:, None, :] * np.ones((*index.shape, 1)) / index.shape[1]


@bag.wrong("You leave g out")
def how_often(g, table, index):
    return with_counts(np.ones_like(g), table, index)


@bag.wrong("their values do not matter")
def times_values(g, table, index):
    return with_counts(g, table, index) * table


@bag.wrong("starts from 0")
def onto_a_copy(g, table, index):
    answer = table.copy()
    np.add.at(answer, index, g[:, None, :] / index.shape[1])
    return answer


@bag.wrong("rows in the table")
def over_the_table(g, table, index):
    answer = np.zeros_like(table)
    np.add.at(answer, index, g[:, None, :] / len(table))
    return answer


@bag.wrong("among the different words")
def words_as_sets(g, table, index):
    answer = np.zeros_like(table)
    for words, arrived in zip(index.tolist(), g, strict=True):
        for word in set(words):
            answer[word] += arrived / len(set(words))
    return answer


@bag.wrong("`return` hands it back")
def returned_by_add_at(g, table, index):
    return np.add.at(np.zeros_like(table), index, g[:, None, :] / index.shape[1])


@bag.inputs
def some_sentences(rng):
    V, d, N, T = rng.integers(1, 5, size=4)
    return {"g": rng.normal(size=(N, d)), "table": rng.normal(size=(V, d)), "index": rng.integers(V, size=(N, T))}


slopes = answers_to(check.all_slopes)


@slopes.right
def place_by_place(vjp, shape):
    found = []
    for place in np.ndindex(*shape):
        g = np.zeros(shape)
        g[place] = 1.0
        found.append(vjp(g))
    return np.reshape(found, (*shape, *found[0].shape))


@slopes.wrong("you call vjp 3 times, and there are 2 outputs")
def one_call_for_the_shape(vjp, shape):
    inputs = np.shape(vjp(np.zeros(shape)))
    return place_by_place(vjp, shape).reshape(*shape, *inputs)


@slopes.right
def from_the_identity(vjp, shape):
    size = int(np.prod(shape))
    rows = np.stack([vjp(row.reshape(shape)) for row in np.eye(size)])
    return rows.reshape(tuple(shape) + rows.shape[1:])


@slopes.right
def written_into_place(vjp, shape):
    found = None
    for place in np.ndindex(*shape):
        g = np.zeros(shape)
        g[place] = 1
        row = vjp(g)
        found = np.zeros(tuple(shape) + row.shape) if found is None else found
        found[place] = row
    return found


@slopes.wrong("The axes of the inputs stand first")
def moved_to_the_end(vjp, shape):
    found = place_by_place(vjp, shape)
    for _ in shape:
        found = np.moveaxis(found, 0, -1)
    return found


@slopes.wrong("the outputs stand in one line")
def a_list_of_rows(vjp, shape):
    return np.array([vjp(row.reshape(shape)) for row in np.eye(int(np.prod(shape)))])


@slopes.wrong("as a table of two axes")
def a_table(vjp, shape):
    size = int(np.prod(shape))
    return a_list_of_rows(vjp, shape).reshape(size, -1)


@slopes.wrong("one call of vjp with ones")
def a_single_call(vjp, shape):
    return vjp(np.ones(shape))


@slopes.wrong("Each output has the sum over all outputs")
def the_same_each_time(vjp, shape):
    found = vjp(np.ones(shape))
    return np.ones(shape + (1,) * found.ndim) * found


@slopes.wrong("Start from zeros each time")
def g_reused(vjp, shape):
    g, found = np.zeros(shape), []
    for place in np.ndindex(*shape):
        g[place] = 1.0
        found.append(vjp(g))
    return np.reshape(found, (*shape, *found[0].shape))


@slopes.wrong("Collect them")
def replaced(vjp, shape):
    for row in np.eye(int(np.prod(shape))):
        found = vjp(row.reshape(shape))
    return found


@slopes.wrong("before its loop has gone on")
def returned_at_once(vjp, shape):
    for row in np.eye(int(np.prod(shape))):
        return vjp(row.reshape(shape))


@slopes.wrong("in the opposite order")
def backward_rows(vjp, shape):
    rows = np.stack([vjp(row.reshape(shape)) for row in np.eye(int(np.prod(shape)))[::-1]])
    return rows.reshape(tuple(shape) + rows.shape[1:])


@slopes.wrong("belong in front")
def shapes_exchanged(vjp, shape):
    rows = a_list_of_rows(vjp, shape)
    return rows.reshape(rows.shape[1:] + tuple(shape))


@slopes.wrong("a row for each input")
def columns_of_a_table(vjp, shape):
    return a_table(vjp, shape).T


@slopes.wrong("have one number for it")
def sums_of_slopes(vjp, shape):
    found = np.zeros(shape)
    for place in np.ndindex(*shape):
        g = np.zeros(shape)
        g[place] = 1
        found[place] = vjp(g).sum()
    return found


@slopes.wrong("the *other* outputs")
def ones_with_a_zero(vjp, shape):
    found = []
    for place in np.ndindex(*shape):
        g = np.ones(shape)
        g[place] = 0
        found.append(vjp(g))
    return np.reshape(found, (*shape, *found[0].shape))


@slopes.wrong("stand in a list")
def plain_list(vjp, shape):
    return [vjp(row.reshape(shape)) for row in np.eye(int(np.prod(shape)))]


@slopes.wrong()
def rows_of_the_identity(vjp, shape):
    return np.array([vjp(row) for row in np.eye(int(np.prod(shape)))])


@slopes.wrong()
def all_at_once(vjp, shape):
    return vjp(np.eye(int(np.prod(shape))))


@slopes.wrong()
def identity(vjp, shape):
    return np.eye(int(np.prod(shape)))


@slopes.inputs
def some_jacobian(rng):
    outputs = tuple(int(size) for size in rng.integers(1, 4, size=rng.integers(3)))
    inputs = tuple(int(size) for size in rng.integers(1, 4, size=rng.integers(1, 3)))
    vjp = partial(check.product_with, rng.normal(size=outputs + inputs), len(outputs))
    return {"vjp": vjp, "shape": outputs}


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


but("how many of them are not 0", jacobian=lambda n, k, m: n * m * k)
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


towns = answers_to(check.place)


@towns.right
def with_einsum(points, i, j, distances, rate, steps):
    for _ in range(steps):
        d = points[i] - points[j]
        g = 2 * (np.einsum("ij,ij->i", d, d) - distances**2) / len(i)
        d_bar = 2 * g[:, None] * d
        gradient = np.zeros_like(points)
        np.add.at(gradient, i, d_bar)
        np.add.at(gradient, j, -d_bar)
        points = points - rate * gradient
    return points


@towns.right
def pair_by_pair(points, i, j, distances, rate, steps):
    for _ in range(steps):
        gradient = np.zeros_like(points)
        for a, b, wanted in zip(i, j, distances, strict=True):
            d = points[a] - points[b]
            pull = 4 * (d @ d - wanted**2) * d / len(distances)
            gradient[a] += pull
            gradient[b] -= pull
        points = points - rate * gradient
    return points


@towns.right
def with_picks(points, i, j, distances, rate, steps):
    picks = np.eye(len(points))[i] - np.eye(len(points))[j]  # (k, n): 1 at i, -1 at j
    for _ in range(steps):
        d = picks @ points
        error = (d**2).sum(axis=1, keepdims=True) - distances[:, None] ** 2
        points = points - rate * 4 * picks.T @ (error * d) / len(picks)
    return points


@towns.right
def by_the_tensors(points, i, j, distances, rate, steps):
    for _ in range(steps):
        tensor = Tensor(points, requires_grad=True)
        ((((tensor[i] - tensor[j]) ** 2).sum(axis=1) - distances**2) ** 2).mean().backward()
        points = points - rate * tensor.grad
    return points


@towns.wrong("Descent goes against it")
def climbs(points, i, j, distances, rate, steps):
    return with_einsum(points, i, j, distances, -rate, steps)


@towns.wrong("half as far")
def one_factor_short(points, i, j, distances, rate, steps):
    return with_einsum(points, i, j, distances, rate / 2, steps)


@towns.wrong("a quarter as far")
def both_factors_short(points, i, j, distances, rate, steps):
    return with_einsum(points, i, j, distances, rate / 4, steps)


@towns.wrong("the 1/k of the mean is missing")
def of_the_sum(points, i, j, distances, rate, steps):
    return with_einsum(points, i, j, distances, rate * len(i), steps)


@towns.wrong("The mean is over the pairs")
def over_the_points(points, i, j, distances, rate, steps):
    return with_einsum(points, i, j, distances, rate * len(i) / len(points), steps)


def with_changes(points, i, j, distances, rate, steps, to_i=1, to_j=-1, error=lambda s, wanted: s - wanted**2):
    for _ in range(steps):
        d = points[i] - points[j]
        d_bar = 4 * error((d * d).sum(axis=1), distances)[:, None] * d / len(i)
        gradient = np.zeros_like(points)
        np.add.at(gradient, i, to_i * d_bar)
        np.add.at(gradient, j, to_j * d_bar)
        points = points - rate * gradient
    return points


@towns.wrong("named by i")
def only_i(points, i, j, distances, rate, steps):
    return with_changes(points, i, j, distances, rate, steps, to_j=0)


@towns.wrong("named by j")
def only_j(points, i, j, distances, rate, steps):
    return with_changes(points, i, j, distances, rate, steps, to_i=0)


@towns.wrong("that end gets a minus")
def two_plus(points, i, j, distances, rate, steps):
    return with_changes(points, i, j, distances, rate, steps, to_j=1)


@towns.wrong("All uses add up")
def plus_equals(points, i, j, distances, rate, steps):
    for _ in range(steps):
        d = points[i] - points[j]
        d_bar = 4 * ((d * d).sum(axis=1) - distances**2)[:, None] * d / len(i)
        gradient = np.zeros_like(points)
        gradient[i] += d_bar
        gradient[j] -= d_bar
        points = points - rate * gradient
    return points


@towns.wrong("Square the given one, too")
def distance_as_it_is(points, i, j, distances, rate, steps):
    return with_changes(points, i, j, distances, rate, steps, error=lambda s, wanted: s - wanted)


@towns.wrong("all pairs pull together")
def pulled_together(points, i, j, distances, rate, steps):
    return with_changes(points, i, j, distances, rate, steps, error=lambda s, wanted: np.full(s.shape, 0.5))


@towns.wrong("has nothing to do with the pair")
def without_the_difference(points, i, j, distances, rate, steps):
    for _ in range(steps):
        d = points[i] - points[j]
        g = 4 * ((d * d).sum(axis=1) - distances**2) / len(i)
        gradient = np.zeros_like(points)
        np.add.at(gradient, i, g[:, None])
        np.add.at(gradient, j, -g[:, None])
        points = points - rate * gradient
    return points


@towns.wrong("before its loop has gone on")
def returned_in_the_loop(points, i, j, distances, rate, steps):
    for _ in range(steps):
        return with_einsum(points, i, j, distances, rate, 1)
    return points


@towns.wrong("computed once, before the loop")
def gradient_of_the_start(points, i, j, distances, rate, steps):
    move = points - with_einsum(points, i, j, distances, rate, 1)
    for _ in range(steps):
        points = points - move
    return points


@towns.wrong("You return the gradient")
def gradient_itself(points, i, j, distances, rate, steps):
    before = with_einsum(points, i, j, distances, rate, max(steps - 1, 0))
    return (before - with_einsum(before, i, j, distances, rate, 1)) / rate


@towns.wrong("which belongs to the caller")
def moved_in_place(points, i, j, distances, rate, steps):
    for _ in range(steps):
        points += with_einsum(points, i, j, distances, rate, 1) - points
    return points


@towns.wrong("assigned to it last")
def assigned(points, i, j, distances, rate, steps):
    for _ in range(steps):
        d = points[i] - points[j]
        d_bar = 4 * ((d * d).sum(axis=1) - distances**2)[:, None] * d / len(i)
        gradient = np.zeros_like(points)
        gradient[i] = d_bar
        gradient[j] = -d_bar
        points = points - rate * gradient
    return points


@towns.wrong("The loss compares their squares")
def lengths_compared(points, i, j, distances, rate, steps):
    return with_changes(points, i, j, distances, rate, steps, error=lambda s, wanted: np.sqrt(s) - wanted)


@towns.wrong("You make one step, whatever")
def one_step_always(points, i, j, distances, rate, steps):
    return with_einsum(points, i, j, distances, rate, 1)


@towns.wrong("one step more than you are asked for")
def one_step_too_many(points, i, j, distances, rate, steps):
    return with_einsum(points, i, j, distances, rate, steps + 1)


@towns.inputs
def some_towns(rng):
    n = int(rng.integers(2, 5))
    k = int(rng.integers(1, 5))
    i = rng.integers(n, size=k)
    j = (i + rng.integers(1, n, size=k)) % n
    inputs = {"points": rng.normal(size=(n, 2)), "i": i, "j": j, "distances": rng.uniform(0.5, 2, size=k)}
    return inputs | {"rate": float(rng.uniform(0.01, 0.1)), "steps": int(rng.integers(4))}
