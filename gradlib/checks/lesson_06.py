"""The checks of lesson 06."""

import gc
import re
import weakref
from functools import partial

import numpy as np
from numpy import allclose, array_equal

from gradlib.autograd import unbroadcast
from gradlib.checks.cases import Case, Refused
from gradlib.checks.exercises import exercise
from gradlib.checks.running import where_it_broke
from gradlib.checks.values import describe, named
from gradlib.scalar import topological_order
from gradlib.tensor import Tensor

TITLE = "A tensor engine"


# --- 1 -----------------------------------------------------------------------------------------


def put(x, y, index):
    """A copy of x in which the entries at an index are those of y."""
    z = x.copy()
    z[index] = y
    return z


@exercise("Two more lines for the table", points=3)
def more_rules():
    """Return from each of three functions the gradient of one input: var(g, z, x, axis, keepdims) is the rule of
    np.var, put_x and put_y(g, z, x, y, index) are the two rules of check.put.

    axis is None, a number or a tuple of numbers. index is anything that stands between square brackets, and names no
    entry twice. A gradient of y may have the shape of x[index]: the engine sums over what was stretched. For x = (1, 5)
    and g = 3 the rule of np.var gives (-6, 6).
    """
    rng = np.random.default_rng(6)
    for x, g, axis, keepdims, about in [
        ([1.0, 5.0], 3.0, None, False, ""),
        ([[1.0, 3.0, 8.0], [2.0, 2.0, 2.0]], [1.0, 10.0], 1, False, ""),
        ([[1.0, 3.0, 8.0], [2.0, 2.0, 2.0]], [1.0, 10.0, -2.0], 0, False, ""),
        (rng.normal(size=(2, 3, 4)), rng.normal(size=(2, 3)), -1, False, "an axis counted from the end"),
        (rng.normal(size=(3, 4)), rng.normal(size=(3, 1)), 1, True, "an axis that is kept"),
        (rng.normal(size=(2, 2)), rng.normal(size=(1, 1)), None, True, "all axes kept"),
        (rng.normal(size=(2, 3, 4)), rng.normal(size=(2, 4)), 1, False, "the middle one of three axes"),
        (rng.normal(size=(2, 3, 4)), rng.normal(size=3), (0, 2), False, "a tuple of axes"),
        (rng.normal(size=(2, 3, 2)), rng.normal(size=(1, 3, 1)), (-1, 0), True, "a tuple of axes that are kept"),
        (rng.normal(size=(2, 3)), rng.normal(), None, False, "the variance of a matrix"),
    ]:
        x, g = np.array(x), np.array(g)
        inputs = {"g": g, "z": x.var(axis, keepdims=keepdims), "x": x, "axis": axis, "keepdims": keepdims}
        yield Case(inputs, spread_of(g, x, axis), part="var", about=about)
    for shape, index, size, about in [
        ((4,), 1, (), ""),
        ((4,), [2, 0], (2,), ""),
        ((2, 3), 0, (3,), "a row of a matrix"),
        ((3, 3), (slice(None), 1), (3,), "a column"),
        ((2, 3), ([0, 1], [2, 0]), (2,), "one place in each row"),
        ((2, 2), np.array([[True, False], [False, True]]), (2,), "a mask"),
        ((5,), slice(0, None, 2), (), "a number that is put in three places"),
        ((3, 2), slice(1, None), (2,), "a row that is put in two places"),
        ((4, 2), slice(1, None), (3, 2), "several rows"),
        ((4, 1), slice(1, None), (3, 1), "several rows"),
    ]:
        x, y, g = rng.normal(size=shape), np.asarray(rng.normal(size=size)), rng.normal(size=shape)
        inputs = {"g": g, "z": put(x, y, index), "x": x, "y": y, "index": index}
        ours = np.zeros(shape, dtype=bool)
        ours[index] = True
        if np.shape(g[index]) == size:
            yield Case(inputs, np.asarray(g[index]), part="put_y", about=about)
        else:
            yield Case(inputs, accept=partial(refused_share, g[index], y), part="put_y", about=about)
        yield Case(inputs, np.where(ours, 0.0, g), part="put_x", about=about)
    x, y, g = np.array([1.0, 2.0, 3.0]), np.array(2.0), np.array([4.0, 5.0, 6.0])
    inputs = {"g": g, "z": put(x, y, 1), "x": x, "y": y, "index": 1}
    yield Case(inputs, np.array([4.0, 0.0, 6.0]), part="put_x", about="a y that equals what it replaces")


def spread_of(g, x, axis):
    """The gradient of a variance, from the differences of all pairs: var = Σ (xᵢ - xⱼ)² / 2n²."""
    axes = range(x.ndim) if axis is None else np.atleast_1d(axis) % x.ndim
    kept = [1 if a in axes else n for a, n in enumerate(x.shape)]
    n = np.prod([x.shape[a] for a in axes])
    gradient = np.zeros(x.shape)
    for place in np.ndindex(*kept):
        group = tuple(slice(None) if a in axes else i for a, i in enumerate(place))
        gradient[group] = 2 / n**2 * np.reshape(g, kept)[place] * (n * x[group] - x[group].sum())
    return gradient


def refused_share(arrived, y, answer):
    """None if a gradient of y is right before or after the sum over what was stretched, else a sentence."""
    for right in (arrived, unbroadcast(arrived, y.shape)):
        if np.shape(answer) == np.shape(right) and allclose(np.asarray(answer, dtype=float), right):
            return None
    return (
        f"y has shape {y.shape} and is put into {arrived.size} places of shape {arrived.shape}. Its gradient has one "
        "of these two shapes, and holds what arrives there."
    )


class Rules:
    """A right answer, of which each mistake below changes one function."""

    def var(g, z, x, axis=None, keepdims=False):
        if axis is not None and not keepdims:
            g = np.expand_dims(g, axis)
        mean = x.mean(axis, keepdims=True)
        return g * 2 * (x - mean) / (x.size / mean.size)

    def put_x(g, z, x, y, index):
        return put(g, 0.0, index)

    def put_y(g, z, x, y, index):
        return np.asarray(g[index])


def wrong_rule(function, whole=False):
    """Register a mistake in one of the three rules: the function's name is that of the rule, an underline, a word."""
    part = "_".join(function.__name__.split("_")[: 1 + function.__name__.startswith("put")])
    more_rules.mistake(type(function.__name__, (Rules,), {part: function, "__doc__": function.__doc__}), whole=whole)
    return function


@wrong_rule
def var_of_all(g, z, x, axis=None, keepdims=False):
    """You divide by the number of all entries of x. An entry of z is the variance of its own group alone: divide by the
    number of entries along `axis`."""
    return Rules.var(g, z, x, axis, keepdims) * (x.size / np.mean(x, axis, keepdims=True).size) / x.size


@wrong_rule
def var_of_a_sample(g, z, x, axis=None, keepdims=False):
    """You divide by n - 1. np.var divides the sum of the squares by n."""
    n = x.size / np.mean(x, axis, keepdims=True).size
    return Rules.var(g, z, x, axis, keepdims) * n / (n - 1)


@wrong_rule
def var_without_two(g, z, x, axis=None, keepdims=False):
    """Each entry is half of what it should be. The square of x - mean has the slope 2 (x - mean)."""
    return Rules.var(g, z, x, axis, keepdims) / 2


@wrong_rule
def var_without_g(g, z, x, axis=None, keepdims=False):
    """You return the derivative alone. A rule returns it times g, the gradient that arrives."""
    return Rules.var(np.ones_like(g), z, x, axis, keepdims)


@wrong_rule
def var_as_a_sum(g, z, x, axis=None, keepdims=False):
    """You give the gradient of the sum of the squares. The variance is their mean: divide by the number of entries
    along `axis`."""
    return Rules.var(g, z, x, axis, keepdims) * (x.size / np.mean(x, axis, keepdims=True).size)


@wrong_rule
def var_with_a_share_of_the_mean(g, z, x, axis=None, keepdims=False):
    """You multiply by 1 - 1/n, as if an entry moved the mean of its own square alone. It moves the mean in the squares
    of all entries, and together these shares are 0."""
    n = x.size / np.mean(x, axis, keepdims=True).size
    return Rules.var(g, z, x, axis, keepdims) * (1 - 1 / n)


@wrong_rule
def var_about_zero(g, z, x, axis=None, keepdims=False):
    """You give the gradient of the mean of x². The variance is about the mean: x - mean stands in the square, so x that
    are all alike get the gradient 0."""
    n = x.size / np.mean(x, axis, keepdims=True).size
    return expanded(g, axis, keepdims) * 2 * x / n


@wrong_rule
def var_falling(g, z, x, axis=None, keepdims=False):
    """The size is right, the sign is not. A number above the mean moves further away from it when it grows."""
    return -Rules.var(g, z, x, axis, keepdims)


@wrong_rule
def var_squares(g, z, x, axis=None, keepdims=False):
    """You return the squares themselves, each with its share of g. Their derivative was asked for: a square has the
    slope 2 (x - mean)."""
    mean = x.mean(axis, keepdims=True)
    return expanded(g, axis, keepdims) * (x - mean) ** 2 / (x.size / mean.size)


@wrong_rule
def var_of_the_deviation(g, z, x, axis=None, keepdims=False):
    """That is the gradient of the standard deviation, the root of the variance. Here no root is taken."""
    return Rules.var(g, z, x, axis, keepdims) / (2 * np.sqrt(x.var(axis, keepdims=True)))


@wrong_rule
def put_x_nothing(g, z, x, y, index):
    """x gets nothing at all. Outside the index z still holds the entries of x, so what arrives there belongs to x."""
    return np.zeros_like(x)


@wrong_rule
def put_y_times(g, z, x, y, index):
    """You multiply by y. z holds y as it is, so the slope with respect to y is 1."""
    return np.asarray(g[index] * y)


@wrong_rule
def put_y_summed(g, z, x, y, index):
    """You add up all that arrives at the index. Each entry of y has a place of its own, and a gradient of its own."""
    return g[index].sum()


@wrong_rule
def put_y_value(g, z, x, y, index):
    """You return what was put in, and not what arrives there. A gradient is read from g."""
    return np.asarray(z[index])


@wrong_rule
def var_about_one_mean(g, z, x, axis=None, keepdims=False):
    """You subtract the mean of all entries. Each entry of z has a mean of its own, taken along `axis`."""
    n = x.size / np.mean(x, axis, keepdims=True).size
    return expanded(g, axis, keepdims) * 2 * (x - x.mean()) / n


def expanded(g, axis, keepdims):
    return g if axis is None or keepdims else np.expand_dims(g, axis)


@wrong_rule
def put_x_keeps_all(g, z, x, y, index):
    """x gets all of g. The entries at the index were replaced: z does not depend on what x held there, so nothing goes
    back to x."""
    return g.copy()


@wrong_rule
def put_x_value(g, z, x, y, index):
    """You return the entries of x that were kept. A gradient is read from g."""
    return Rules.put_x(x, z, x, y, index)


@wrong_rule
def put_x_by_value(g, z, x, y, index):
    """You look where z equals x. An entry may be replaced by an equal number, and then z still does not depend on x
    there."""
    return np.where(z == x, g, 0.0)


@wrong_rule
def put_x_exchanged(g, z, x, y, index):
    """x gets g at the index and 0 elsewhere. It is the other way round: there stands y, and everywhere else x."""
    return g - put(g, 0.0, index)


@wrong_rule
def put_x_with_y(g, z, x, y, index):
    """You put y into the gradient. y replaces numbers on the way forward. On the way back, x gets 0 where its numbers
    were replaced."""
    return put(g, y, index)


@wrong_rule
def put_x_with_ones(g, z, x, y, index):
    """You give the derivative alone, 1 where x is kept and 0 where it was replaced. A rule returns it times g."""
    return put(np.ones_like(g), 0.0, index)


@wrong_rule
def put_y_spread(g, z, x, y, index):
    """You give y a gradient of the shape of x, 0 outside the index. y has an entry for each place at the index, so its
    gradient is what arrives there: g, read at the index."""
    return g - put(g, 0.0, index)


@wrong_rule
def put_y_all(g, z, x, y, index):
    """y gets all of g. It stands only at the index, so only what arrives there belongs to it."""
    return g.copy()


@wrong_rule
def put_y_with_ones(g, z, x, y, index):
    """You give the derivative alone, 1 for each entry. A rule returns it times g, the gradient that arrives."""
    return np.ones(np.shape(g[index]))


# --- 2 -----------------------------------------------------------------------------------------


class Node:
    """A tensor of the exercise: an array, and the notes that `apply` takes. `_op` is an entry of the table."""

    def __init__(self, data, requires_grad=False):
        self.data, self.requires_grad = np.array(data, dtype=float), requires_grad
        self.grad, self._op, self._prev, self._options = None, "", (), {}


def total(*arrays):
    return sum(arrays)


def total_rule(i, g, z, *arrays):
    return g


def scaled(x, by=1.0):
    return by * x


def scaled_rule(i, g, z, x, by=1.0):
    return by * g


def product(*arrays):
    result = 1.0
    for array in arrays:
        result = result * array
    return result


def product_rule(i, g, z, *arrays):
    return g * product(*arrays[:i], *arrays[i + 1 :])


def join(*arrays, axis=0):
    return np.concatenate(arrays, axis)


def join_rule(i, g, z, *arrays, axis=0):
    ends = np.cumsum([0, *[array.shape[axis] for array in arrays]])
    return np.take(g, range(ends[i], ends[i + 1]), axis)


def first_alone(i, g, z, *arrays):
    if i != 0:
        raise Refused(
            "You called the rule of an input that needs no gradient. In a large network that is wasted work: ask for "
            "`requires_grad` first."
        )
    return g * arrays[1]


def exponential_rule(i, g, z, x):
    if not isinstance(z, np.ndarray) or not array_equal(z, np.exp(x)):
        raise Refused(
            "A rule was called with something else for z. It gets the data of the result that it belongs to: the slope "
            "of eˣ, for example, is z."
        )
    return g * z


ENTRIES = {
    "exponential": (np.exp, exponential_rule),
    "total": (total, total_rule),
    "scaled": (scaled, scaled_rule),
    "product": (product, product_rule),
    "join": (join, join_rule),
    "product with a constant": (product, first_alone),
}


@exercise("Your own apply and backward", points=5)
def own_engine():
    """Return from apply(entry, *inputs, **options) a new check.Node, and nothing from backward(root, g), which adds to
    the `grad` of every leaf that needs one.

    An entry is a pair: the forward function, called as forward(*arrays, **options), and one rule for all inputs, called
    as rule(i, g, z, *arrays, **options), which gives the gradient of input i. Other inputs become nodes that need no
    gradient. A result needs a gradient if one of its inputs does; then it notes the entry in `_op`, all inputs
    as a tuple in `_prev`, and the options in `_options`. In backward g is the gradient that arrives at root. Each leaf
    gets an array of its own, results keep `grad` None, and no rule is called for an input that needs no gradient.
    """
    one, two = np.array([1.0, 2.0]), np.array([10.0, 20.0])
    for entry, inputs, needs, options, about in [
        ("total", [one, two], "yes, no", {}, ""),
        ("product", [one, two], "no, yes", {}, ""),
        ("total", [one, two], "no, no", {}, "no input that needs a gradient"),
        ("scaled", [two], "yes", {"by": 3.0}, "an option"),
        ("join", [np.ones((2, 1)), np.zeros((2, 2))], "yes, yes", {"axis": 1}, "an option"),
        ("product", [two, np.array(2.0)], "yes, a number", {}, "a number"),
        ("product", [two, one], "an array, yes", {}, "an array that is not a node"),
        ("scaled", [one], "an array", {"by": -1.0}, "no input that needs a gradient"),
        ("total", [one, two, two, np.array(5.0)], "yes, yes, no, a number", {}, "four inputs"),
        ("product", [one], "yes", {}, "a single input"),
    ]:
        case = {"entry": entry, "inputs": inputs, "requires_grad": needs, "options": options}
        yield Case(case, recorded(**case), call=noted, part="apply", names=NOTES, about=about, odd=False)
    for story in GRAPHS:
        for g, about in story.cases:
            expected = (*story.gradients(*map(np.array, story.values), np.array(g)), EACH_ITS_OWN)
            inputs = {"graph": story.__doc__, "g": np.array(g)}
            yield Case(inputs, expected, call=swept, part="backward", names=story.names, about=about)


NOTES = ("data", "requires_grad", "_op", "_prev", "_options")
EACH_ITS_OWN = "each its own array"


def recorded(entry, inputs, requires_grad, options):
    """The notes of a right result, in words where they are nodes."""
    needs = requires_grad.split(", ")
    record = "yes" in needs
    seen = tuple(f"input {i}" if need in ("yes", "no") else "a new node" for i, need in enumerate(needs))
    data = ENTRIES[entry][0](*inputs, **options)
    return data, record, "the entry" if record else "nothing", seen if record else (), options if record else {}


def noted(apply, entry, inputs, requires_grad, options):
    """The notes of a learner's result."""
    kinds = {"yes": lambda x: Node(x, True), "no": Node, "a number": float, "an array": np.array}
    given = [kinds[need](x) for need, x in zip(requires_grad.split(", "), inputs, strict=True)]
    made = apply(ENTRIES[entry], *given, **options)
    if made is None or made is ...:
        return made
    if not isinstance(made, Node):
        raise Refused(f"apply returns a new node, check.Node(data); yours returns {describe(made)}.")
    op = (
        "the entry"
        if made._op is ENTRIES[entry]
        else "nothing"
        if isinstance(made._op, str | None)
        else "another value"
    )
    return made.data, bool(made.requires_grad), op, tuple(in_words(x, given) for x in made._prev), made._options


def in_words(x, given):
    """An entry of `_prev` in words."""
    for i, each in enumerate(given):
        if x is each:
            return f"input {i}"
    return "a new node" if isinstance(x, Node) else "not a node"


def right_apply(entry, *inputs, **options):
    """The result of a right apply, for the graphs below."""
    nodes = tuple(x if isinstance(x, Node) else Node(x) for x in inputs)
    z = Node(ENTRIES[entry][0](*[x.data for x in nodes], **options))
    if any(x.requires_grad for x in nodes):
        z.requires_grad, z._op, z._prev, z._options = True, ENTRIES[entry], nodes, options
    return z


class Graph:
    """A graph of two leaves x and y that need a gradient, a leaf c that needs none, and a result h in the middle."""

    names = ("x.grad", "y.grad", "c.grad", "h.grad", "the arrays")
    values = ([1.0, 2.0], [10.0, 20.0])
    cases = (([1.0, 1.0], ""), ([0.25, -1.75], ""))
    before = None

    def nodes(self):
        x, y = (Node(value, requires_grad=True) for value in self.values)
        if self.before is not None:
            x.grad = np.array(self.before)
        return x, y, Node(5.0)


class Plain(Graph):
    """h = x · y, root = h + c"""

    def build(self, x, y, c):
        h = right_apply("product", x, y)
        return h, right_apply("total", h, c)

    def gradients(self, x, y, g):
        return g * y, g * x, None, None


class Twice(Graph):
    """h = x · c, root = h + x + y, so that x is used twice"""

    def build(self, x, y, c):
        h = right_apply("product", x, c)
        return h, right_apply("total", h, x, y)

    def gradients(self, x, y, g):
        return 6 * g, g, None, None


class Square(Graph):
    """h = x · x · y, with one product of three inputs, root = h · h"""

    def build(self, x, y, c):
        h = right_apply("product", x, x, y)
        return h, right_apply("product", h, h)

    def gradients(self, x, y, g):
        return 4 * g * x**3 * y**2, 2 * g * x**4 * y, None, None


class Alike(Graph):
    """h = x + y, root = h + c, so that x and y get equal gradients"""

    cases = (([1.0, 2.0], "two leaves with equal gradients"),)

    def build(self, x, y, c):
        h = right_apply("total", x, y)
        return h, right_apply("total", h, c)

    def gradients(self, x, y, g):
        return g, g, None, None


class Exponential(Graph):
    """h = eˣ, root = h · y"""

    cases = (([1.0, -0.5], "a rule that needs z"),)

    def build(self, x, y, c):
        h = right_apply("exponential", x)
        return h, right_apply("product", h, y)

    def gradients(self, x, y, g):
        return g * y * np.exp(x), g * np.exp(x), None, None


class Shared(Graph):
    """h = x + y, root = h + x + x"""

    def build(self, x, y, c):
        h = right_apply("total", x, y)
        return h, right_apply("total", h, x, x)

    def gradients(self, x, y, g):
        return 3 * g, g, None, None


class Option(Graph):
    """h = 3 · y, by an option, root = join(h, x)"""

    cases = (([1.0, 2.0, 3.0, 4.0], "options"),)

    def build(self, x, y, c):
        h = right_apply("scaled", y, by=3.0)
        return h, right_apply("join", h, x)

    def gradients(self, x, y, g):
        return g[2:], 3 * g[:2], None, None


class Joined(Graph):
    """h = join(x, y, x, axis=1) of matrices, root = h · c"""

    values = ([[1.0], [2.0]], [[3.0, 4.0], [5.0, 6.0]])
    cases = (([[1.0, 2.0, 3.0, 4.0], [10.0, 20.0, 30.0, 40.0]], "options"),)

    def build(self, x, y, c):
        h = right_apply("join", x, y, x, axis=1)
        return h, right_apply("product", h, c)

    def gradients(self, x, y, g):
        return 5 * (g[:, :1] + g[:, 3:]), 5 * g[:, 1:3], None, None


class Stretched(Graph):
    """h = x · y with x of shape (2, 1) and y of shape (3,), root = h + c"""

    values = ([[1.0], [2.0]], [3.0, 4.0, 5.0])
    cases = (([[1.0, 0.0, 2.0], [0.0, 1.0, -1.0]], "inputs that are stretched"),)

    def build(self, x, y, c):
        h = right_apply("product", x, y)
        return h, right_apply("total", h, c)

    def gradients(self, x, y, g):
        return (g * y).sum(axis=1, keepdims=True), (g * x).sum(axis=0), None, None


class ConstantFirst(Graph):
    """h = c · x · y, with one product of three inputs, root = h + c"""

    cases = (([0.25, -1.5], "a constant that stands first"),)

    def build(self, x, y, c):
        h = right_apply("product", c, x, y)
        return h, right_apply("total", h, c)

    def gradients(self, x, y, g):
        return 5 * g * y, 5 * g * x, None, None


class Unreached(Graph):
    """h = x · c, root = h, and y is not used"""

    cases = (([1.0, 2.0], "a leaf that is not reached"),)

    def build(self, x, y, c):
        h = right_apply("product with a constant", x, c)
        return h, h

    def gradients(self, x, y, g):
        return 5 * g, None, None, None


class LeafAsRoot(Graph):
    """root = x, a leaf"""

    cases = (([1.0, 2.0], "a root that is a leaf"),)

    def build(self, x, y, c):
        return right_apply("total", x), x

    def gradients(self, x, y, g):
        return g, None, None, None


class Again(Plain):
    """h = x · y, root = h + c, and x.grad is (100, 0.5) before"""

    cases = (([0.25, -1.5], "a gradient that is there already"),)
    before = [100.0, 0.5]

    def gradients(self, x, y, g):
        return np.array(self.before) + g * y, g * x, None, None


class Doubled(Graph):
    """30 rounds of h = h + h, from h = x"""

    cases = (([1.0, 2.0], "30 rounds of h + h"),)

    def build(self, x, y, c):
        h = right_apply("total", x)
        root = h
        for _ in range(30):
            root = right_apply("total", root, root)
        return h, root

    def gradients(self, x, y, g):
        return 2.0**30 * g, None, None, None


GRAPHS = [each() for each in (
    Plain, Twice, Square, Alike, Exponential, Shared, Option, Joined, Stretched, ConstantFirst, Unreached, LeafAsRoot,
    Again, Doubled,
)]  # fmt: skip


def swept(backward, graph, g):
    """The gradients of x, y, c and h after a learner's sweep, and whether the arrays are shared."""
    story = next(each for each in GRAPHS if each.__doc__ == graph)
    x, y, c = story.nodes()
    h, root = story.build(x, y, c)
    backward(root, g)
    return x.grad, y.grad, c.grad, h.grad, sharing(x.grad, y.grad, g)


def sharing(first, second, g):
    """A sentence on the arrays of two leaves: each its own, shared, or read-only."""
    kept = [each for each in (first, second) if isinstance(each, np.ndarray)]
    if len(kept) == 2 and np.shares_memory(*kept):
        return "x.grad and y.grad are one array"
    if any(np.shares_memory(each, g) for each in kept):
        return "a leaf holds the caller's g"
    return EACH_ITS_OWN if all(each.flags.writeable for each in kept) else "a leaf holds a read-only array"


class OwnEngine:
    """A right answer, of which each mistake below changes one function."""

    def apply(entry, *inputs, **options):
        return right_apply(entry_name(entry), *inputs, **options)

    def backward(root, g):
        sweep(root, g)


def sweep(root, g, keep=None, gather=None, rule_of=None, order=topological_order, fit=unbroadcast):
    """A right sweep, of which each mistake below changes one step."""
    gradients = {root: g}
    for node in reversed(order(root)):
        arrived = gradients.get(node, 0.0 * node.data)
        (keep or kept)(node, arrived)
        arrays = [x.data for x in node._prev]
        for i, x in enumerate(node._prev):
            if x.requires_grad:
                part = (rule_of or ruled)(node, i, arrived, arrays)
                part = fit(part, x.data.shape)
                gradients[x] = (gather or gathered)(gradients.get(x), part)


def kept(node, arrived):
    if not node._prev:
        node.grad = np.array(arrived) if node.grad is None else node.grad + arrived


def gathered(before, part):
    return part if before is None else before + part


def ruled(node, i, arrived, arrays):
    return node._op[1](i, arrived, node.data, *arrays, **node._options)


def wrong_part(function):
    """Register a mistake in `apply` or `backward`; the function's name begins with that."""
    part = function.__name__.split("_")[0]
    mistake = type(function.__name__, (OwnEngine,), {part: staticmethod(function), "__doc__": function.__doc__})
    own_engine.mistake(mistake, whole=True)
    return function


@wrong_part
def apply_always(entry, *inputs, **options):
    """You take notes of every result. If no input needs a gradient, nobody will ever read them, and they keep the
    inputs in memory."""
    nodes = tuple(x if isinstance(x, Node) else Node(x) for x in inputs)
    z = right_apply(entry_name(entry), *nodes, **options)
    z.requires_grad, z._op, z._prev, z._options = any(x.requires_grad for x in nodes), entry, nodes, options
    return z


@wrong_part
def apply_needs_always(entry, *inputs, **options):
    """Every result of yours needs a gradient. It needs one only if one of its inputs does."""
    z = apply_always(entry, *inputs, **options)
    z.requires_grad = True
    return z


@wrong_part
def apply_constants_need(entry, *inputs, **options):
    """A number or an array becomes a node that needs a gradient. It is a constant: nobody asked for its gradient."""
    nodes = [x if isinstance(x, Node) else Node(x, requires_grad=True) for x in inputs]
    return right_apply(entry_name(entry), *nodes, **options)


@wrong_part
def apply_copies(entry, *inputs, **options):
    """You make new nodes of inputs that are nodes already. The leaf that the caller holds is not in the graph then, and
    will never get a gradient."""
    nodes = [Node(x.data, x.requires_grad) if isinstance(x, Node) else Node(x) for x in inputs]
    return right_apply(entry_name(entry), *nodes, **options)


@wrong_part
def apply_keeps_plain(entry, *inputs, **options):
    """`_prev` holds numbers and arrays as they came. On the way back every entry of it is asked for its data: note the
    nodes that you made of them."""
    z = right_apply(entry_name(entry), *inputs, **options)
    z._prev = inputs if z._prev else ()
    return z


@wrong_part
def apply_needs_all(entry, *inputs, **options):
    """You take notes only if all inputs need a gradient. One is enough: x · 2 depends on x."""
    nodes = tuple(x if isinstance(x, Node) else Node(x) for x in inputs)
    z = right_apply(entry_name(entry), *nodes, **options)
    return z if all(x.requires_grad for x in nodes) else Node(z.data)


@wrong_part
def apply_needs_first(entry, *inputs, **options):
    """You ask the first input alone. The result needs a gradient if any of its inputs does."""
    z = right_apply(entry_name(entry), *inputs, **options)
    first = inputs[0]
    return z if isinstance(first, Node) and first.requires_grad else Node(z.data)


@wrong_part
def apply_notes_another(entry, *inputs, **options):
    """`_op` holds something else than the entry. Note the pair itself: backward takes its rule from there."""
    z = right_apply(entry_name(entry), *inputs, **options)
    z._op = z._op and entry[0]
    return z


@wrong_part
def apply_keeps_some(entry, *inputs, **options):
    """You keep only the inputs that need a gradient. A rule gets the arrays of all inputs, and its number counts all of
    them."""
    z = right_apply(entry_name(entry), *inputs, **options)
    z._prev = tuple(x for x in z._prev if x.requires_grad)
    return z


@wrong_part
def apply_forgets_options(entry, *inputs, **options):
    """You do not note the options. The forward function has them, and the rule on the way back will not."""
    z = right_apply(entry_name(entry), *inputs, **options)
    z._options = {}
    return z


@wrong_part
def apply_without_options(entry, *inputs, **options):
    """The options do not reach the forward function. Two stars before a dictionary pass it on as options."""
    z = right_apply(entry_name(entry), *inputs)
    z._options = options if z.requires_grad else {}
    return z


@wrong_part
def apply_as_leaf(entry, *inputs, **options):
    """Your result says that it needs a gradient, or does not, and notes nothing of how it was made. Without `_op` and
    `_prev` it is a leaf, and backward ends there."""
    z = right_apply(entry_name(entry), *inputs, **options)
    return Node(z.data, z.requires_grad)


@wrong_part
def apply_needs_nothing(entry, *inputs, **options):
    """Your notes are right, but the result does not say that it needs a gradient. The next operation will take it for a
    constant."""
    z = right_apply(entry_name(entry), *inputs, **options)
    z.requires_grad = False
    return z


def entry_name(entry):
    return next(name for name, each in ENTRIES.items() if each is entry)


@wrong_part
def backward_from_ones(root, g):
    """You begin with ones. At root arrives g, which may be anything."""
    sweep(root, np.ones_like(g))


@wrong_part
def backward_nothing(root, g):
    """No leaf has a gradient afterwards. A sweep returns nothing: it stores the gradient of each leaf in `grad`."""


@wrong_part
def backward_in_place(root, g):
    """You add in place, with +=. The rule of a sum gives the same array to several inputs, so adding to one of them
    changes the others: make a new array, a + b."""

    def gather(before, part):
        if before is None:
            return part
        before += part
        return before

    sweep(root, g.copy(), gather=gather)


@wrong_part
def backward_replaces(root, g):
    """A node that is used twice keeps only one of its two contributions. Add what arrives to what is there for it."""
    sweep(root, g, gather=lambda before, part: part)


@wrong_part
def backward_keeps_all(root, g):
    """Results keep their gradient as well. Only leaves do: what arrives at a result is passed on and forgotten."""

    def keep(node, arrived):
        node.grad = np.array(arrived) if node.grad is None else node.grad + arrived

    sweep(root, g, keep=keep)


@wrong_part
def backward_overwrites(root, g):
    """A leaf loses the gradient that it had before. A sweep adds to `grad`, so that the gradients of several losses
    can be collected."""

    def keep(node, arrived):
        if not node._prev:
            node.grad = np.array(arrived)

    sweep(root, g, keep=keep)


@wrong_part
def backward_shares(root, g):
    """The numbers are right, and a leaf keeps an array that somebody else has, too: another leaf, or the caller who
    handed in g. When one of them writes into it, the other changes. Keep a copy: np.array(g)."""

    def keep(node, arrived):
        if not node._prev:
            node.grad = arrived if node.grad is None else node.grad + arrived

    sweep(root, g, keep=keep)


@wrong_part
def backward_stretched(root, g):
    """A stretched input gets a gradient in the stretched shape. Bring each contribution back to the shape of its input:
    unbroadcast from lesson 04 sums over what was stretched."""
    sweep(root, g, fit=lambda part, shape: part)


@wrong_part
def backward_first_rule(root, g):
    """You ask for the gradient of input 0 every time. The number i says which input's gradient the rule should give:
    count the inputs as you go through them."""
    sweep(root, g, rule_of=lambda node, i, arrived, arrays: ruled(node, 0, arrived, arrays))


@wrong_part
def backward_by_place(root, g):
    """You look for the number of an input by its place in `_prev`. An input that is there twice is found at its first
    place both times: count the inputs instead."""
    sweep(
        root, g, rule_of=lambda node, i, arrived, arrays: ruled(node, node._prev.index(node._prev[i]), arrived, arrays)
    )


@wrong_part
def backward_counts_some(root, g):
    """You count only the inputs that need a gradient. The number that a rule is told counts all of them."""

    def rule_of(node, i, arrived, arrays):
        return ruled(node, sum(x.requires_grad for x in node._prev[:i]), arrived, arrays)

    sweep(root, g, rule_of=rule_of)


@wrong_part
def backward_of_the_sum(root, g):
    """You give each entry of root the sum of all g. Each entry has its own."""
    sweep(root, g.sum() * np.ones_like(g))


@wrong_part
def backward_without_options(root, g):
    """The rules do not get the options of their operation. They are noted in `_options`: two stars before it pass them
    on."""

    def rule_of(node, i, arrived, arrays):
        return node._op[1](i, arrived, node.data, *arrays)

    def fit(part, shape):
        return part if part.shape == shape else unbroadcast(part, shape)

    sweep(root, g, rule_of=rule_of, fit=fit)


# --- 3 -----------------------------------------------------------------------------------------


class Switch:
    """A switch: `on` is True while operations are recorded."""

    def __init__(self, on=True):
        self.on = on


@exercise("no_grad", points=2)
def no_grad():
    """Return nothing, but be a context manager: inside `with no_grad(switch):` switch.on is False, afterwards what it
    was when the block began.

    Also when the block ends by an error, which goes on its way, and when one such block stands inside another, for the
    same switch or for another one.
    """
    for call, switch, names, expected in [
        (one_block, "on", ("inside", "afterwards"), (False, True)),
        (one_block, "off", ("inside", "afterwards"), (False, False)),
        (one_inside_another, "on", ("inside both", "between", "afterwards"), (False, False, True)),
        (a_block_that_fails, "on", ("afterwards", "the error"), (True, "ValueError")),
        (one_after_the_other, "on", ("inside the second", "afterwards"), (False, True)),
        (turned_before_it_begins, "on, then off", ("inside", "afterwards"), (False, False)),
        (
            two_switches,
            "one off, one on",
            ("inside", "the first afterwards", "the second afterwards"),
            (False, False, True),
        ),
    ]:
        story = call.__name__.replace("_", " ")
        yield Case({"blocks": story, "switch": switch}, expected, call=partial(told_of_a_block, call), names=names)


def told_of_a_block(call, no_grad, blocks, switch):
    return call(no_grad, switch)


def block(no_grad, switch):
    """A learner's block, if it is one."""
    made = no_grad(switch)
    if not (hasattr(type(made), "__enter__") and hasattr(type(made), "__exit__")):
        raise Refused(
            "`with no_grad(switch):` needs an object with the methods __enter__ and __exit__; no_grad(switch) is "
            f"{describe(made)}."
        )
    return made


def one_block(no_grad, switch):
    switch = Switch(switch == "on")
    with block(no_grad, switch):
        inside = switch.on
    return inside, switch.on


def one_inside_another(no_grad, _):
    switch = Switch()
    with block(no_grad, switch):
        with block(no_grad, switch):
            inside = switch.on
        between = switch.on
    return inside, between, switch.on


def a_block_that_fails(no_grad, _):
    switch, seen = Switch(), "none came out"
    try:
        with block(no_grad, switch):
            raise ValueError("on purpose")
    except ValueError:
        seen = "ValueError"
    return switch.on, seen


def one_after_the_other(no_grad, _):
    switch = Switch()
    with block(no_grad, switch):
        pass
    with block(no_grad, switch):
        inside = switch.on
    return inside, switch.on


def turned_before_it_begins(no_grad, _):
    switch = Switch()
    later = block(no_grad, switch)
    switch.on = False
    with later:
        inside = switch.on
    return inside, switch.on


def two_switches(no_grad, _):
    first, second = Switch(False), Switch()
    with block(no_grad, first), block(no_grad, second):
        inside = first.on or second.on
    return inside, first.on, second.on


class RightSwitch:
    """A right answer, of which each mistake below changes one method."""

    def __init__(self, switch):
        self.switch = switch

    def __enter__(self):
        self.before, self.switch.on = self.switch.on, False

    def __exit__(self, *error):
        self.switch.on = self.before


@no_grad.mistake
class AlwaysOnAfterwards(RightSwitch):
    """At the end you switch on. Inside another block, recording goes on too early: put back what was there
    before."""

    def __exit__(self, *error):
        self.switch.on = True


@no_grad.mistake
class OnInside(RightSwitch):
    """You switch on when the block begins. Inside the block the switch is off."""

    def __enter__(self):
        self.before, self.switch.on = self.switch.on, True


@no_grad.mistake
class SwallowsErrors(RightSwitch):
    """An error that happens inside the block is swallowed, and nobody hears of it. A true return value of `__exit__`
    does that, and in a generator an `except` that does not raise the error again."""

    def __exit__(self, *error):
        super().__exit__()
        return True


@no_grad.mistake
class OnlyWithoutErrors(RightSwitch):
    """After a block that failed the switch stays off: recording would be off for the rest of the program. `__exit__`
    is called with the error, too; a generator needs try and finally."""

    def __exit__(self, kind, *error):
        if kind is None:
            super().__exit__()


@no_grad.mistake
class NeverSwitchesBack(RightSwitch):
    """The switch stays off after the block."""

    def __exit__(self, *error):
        pass


@no_grad.mistake
class NothingInside(RightSwitch):
    """Inside the block the switch is on: nothing was switched off."""

    def __enter__(self):
        self.before = self.switch.on


@no_grad.mistake
class Toggles(RightSwitch):
    """You turn the switch over. If it was off before, that turns recording on in the middle of a block where it should
    be off."""

    def __enter__(self):
        self.switch.on = not self.switch.on

    def __exit__(self, *error):
        self.__enter__()


@no_grad.mistake
class SavedWhenMade(RightSwitch):
    """You remember what the switch was when the object was made. The block begins later, at `with`, and the switch may
    have been turned in between."""

    def __init__(self, switch):
        self.switch, self.before = switch, switch.on

    def __enter__(self):
        self.switch.on = False


@no_grad.mistake
class OneMemoryForAll(RightSwitch):
    """All blocks keep the old value in one place, and the inner block overwrites it. Each `with` has an object of its
    own: keep the value in self."""

    def __enter__(self):
        type(self).before, self.switch.on = self.switch.on, False


# --- 4 -----------------------------------------------------------------------------------------


class Versioned:
    """An engine of arrays with + and ·, and with `add_`, which writes into an array and counts it in `version`.

    `note()` is called when a node was made, `verify()` before its rules are used.
    """

    def __init__(self, data, _prev=(), _op=""):
        self.data, self.grad, self.version = np.array(data, dtype=float), 0.0, 0
        self._prev, self._op = _prev, _op
        self.note()

    def note(self):
        """Remember something when this node is made. Its inputs are self._prev."""

    def verify(self):
        """Check something on the way back, before this node's rules read its inputs."""

    def __add__(self, other):
        return type(self)(self.data + other.data, (self, other), "+")

    def __mul__(self, other):
        return type(self)(self.data * other.data, (self, other), "·")

    def add_(self, amount):
        """Write into the array."""
        self.data += amount
        self.version += 1

    def backward(self):
        order, seen, stack = [], set(), [(self, False)]
        while stack:
            node, inputs_done = stack.pop()
            if inputs_done:
                order.append(node)
            elif node not in seen:
                seen.add(node)
                stack += [(node, True), *((parent, False) for parent in node._prev)]
        self.grad = np.ones_like(self.data)
        for node in reversed(order):
            if node._prev:
                node.verify()
                x, y = node._prev
                x.grad = x.grad + (node.grad * y.data if node._op == "·" else node.grad)
                y.grad = y.grad + (node.grad * x.data if node._op == "·" else node.grad)


# Stories about x, y and another tensor, told in words; each returns the result to go backward from.


def as_it_should_be(x, y, other):
    """x · y, backward"""
    return x * y


def first_written_before(x, y, other):
    """x written, then x · y, backward"""
    x.add_(1.0)
    return x * y


def first_written_after(x, y, other):
    """x · y, x written, backward"""
    z = x * y
    x.add_(1.0)
    return z


def first_written_twice_after(x, y, other):
    """x · y, x written twice, backward"""
    z = x * y
    x.add_(1.0)
    x.add_(1.0)
    return z


def second_written_after(x, y, other):
    """x · y, y written, backward"""
    z = x * y
    y.add_(1.0)
    return z


def first_written_and_restored(x, y, other):
    """x · y, x written and then written back, backward"""
    z = x * y
    x.add_(1.0)
    x.add_(-1.0)
    return z


def another_written(x, y, other):
    """x · y, another written, backward"""
    z = x * y
    other.add_(1.0)
    return z


def product_written(x, y, other):
    """(x · y) · y, the product written, backward"""
    product = x * y
    z = product * y
    product.add_(1.0)
    return z


def result_written(x, y, other):
    """x · y, the result written, backward"""
    z = x * y
    z.add_(1.0)
    return z


def first_written_twice_before(x, y, other):
    """x written twice, then x · y, y written once, backward"""
    x.add_(1.0)
    x.add_(1.0)
    z = x * y
    y.add_(1.0)
    return z


def used_again_after(x, y, other):
    """x · y, x written, then x · another, backward from x · y"""
    z = x * y
    x.add_(1.0)
    x * other
    return z


def second_node_from_others(x, y, other):
    """x written, then x · y, then another · y, backward from x · y"""
    x.add_(1.0)
    z = x * y
    other * y
    return z


def used_before_and_after(x, y, other):
    """x · y, x written, then x · another, backward from x · another"""
    x * y
    x.add_(1.0)
    return x * other


def used_twice_by_one(x, y, other):
    """x · x, x written, backward"""
    z = x * x
    x.add_(1.0)
    return z


def far_below(x, y, other):
    """(x · y) · y, x written, backward"""
    z = x * y * y
    x.add_(1.0)
    return z


STORIES = {
    as_it_should_be: "gradients 3 and 2",
    first_written_before: "gradients 3 and 3",
    first_written_after: "RuntimeError",
    second_written_after: "RuntimeError",
    first_written_twice_after: "RuntimeError",
    first_written_and_restored: "RuntimeError",
    another_written: "gradients 3 and 2",
    product_written: "RuntimeError",
    result_written: "gradients 3 and 2",
    first_written_twice_before: "RuntimeError",
    used_again_after: "RuntimeError",
    second_node_from_others: "gradients 3 and 3",
    used_before_and_after: "gradients 5 and 0",
    used_twice_by_one: "RuntimeError",
    far_below: "RuntimeError",
}


@exercise("Written over in between", points=3)
def versions():
    """Return nothing, but complete two methods: `note` remembers the versions of a node's inputs when it is made, and
    `verify` raises a RuntimeError when one of them has been written into since.

    A node has `_prev`, its inputs, each with a `version` that `add_` counts up. For z = x · y, then x.add_(1), then
    z.backward(): an error. Every write counts, also one that brings the old numbers back. Writing before z is made, or
    into something that z does not use, is allowed.
    """
    for story, expected in STORIES.items():
        yield Case({"story": story.__doc__}, call=told, expected=expected)


def told(Careful, story):
    """Run a story with x = 2 and y = 3; return the two gradients, or the name of the error, as text."""
    x, y, other = Careful([2.0]), Careful([3.0]), Careful([5.0])
    tell = next(each for each in STORIES if each.__doc__ == story)
    uncaring = Versioned([2.0]), Versioned([3.0]), Versioned([5.0])
    tell(*uncaring)

    def look_at_the_versions():
        for tensor, same in zip((x, y, other), uncaring, strict=True):
            if tensor.version != same.version:
                raise Refused(
                    "You change the `version` of an input. It counts the writes for all who use that input: whoever "
                    "looked at it before now compares with a wrong number."
                )

    z = tell(x, y, other)
    look_at_the_versions()
    try:
        z.backward()
        look_at_the_versions()
    except RuntimeError as error:
        if isinstance(error, NotImplementedError | RecursionError):
            raise
        return "RuntimeError"
    except Exception as error:
        name = "assert" if isinstance(error, AssertionError) else f"raise {type(error).__name__}"
        if re.search(rf"\b{name}\b", where_it_broke(error).partition(": ")[2]):
            raise Refused(
                f"You raise {type(error).__name__}, and {type(error).__name__} may mean many things. RuntimeError is "
                "asked for: who calls backward can wait for that one."
            ) from error
        raise
    return f"gradients {np.asarray(x.grad).item():g} and {np.asarray(y.grad).item():g}"


class Careful(Versioned):
    """A right answer, of which each mistake below changes one method."""

    def note(self):
        self.seen = [parent.version for parent in self._prev]

    def verify(self):
        if self.seen != [parent.version for parent in self._prev]:
            raise RuntimeError(f"an input of {self._op} was written over")


@versions.mistake
class NeverRaises(Careful):
    """No story ends in an error: a gradient is computed from values that are not those of the forward pass, and whoever
    called backward goes on with it."""

    def verify(self):
        pass


@versions.mistake
class AlwaysRaises(Careful):
    """Every story ends in an error, also those in which nothing was written over. Compare what was noted with what is
    there now, and raise where the two differ."""

    def verify(self):
        raise RuntimeError("written over")


@versions.mistake
class NumbersCompared(Careful):
    """You compare numbers, and they are the old ones again after a second write. Every write counts, and `version`
    tells how many there were."""

    def note(self):
        self.seen = [parent.data.copy() for parent in self._prev]

    def verify(self):
        if not all(map(array_equal, self.seen, [parent.data for parent in self._prev])):
            raise RuntimeError("written over")


@versions.mistake
class LargestOnly(Careful):
    """You keep one number for all inputs, the largest version. Where another input has a smaller one, that can grow and
    go unseen: note each by itself."""

    def note(self):
        self.seen = max((parent.version for parent in self._prev), default=0)

    def verify(self):
        if self.seen != max(parent.version for parent in self._prev):
            raise RuntimeError("written over")


@versions.mistake
class LastNoteCounts(Careful):
    """You keep one note for each input, and the next node that uses the input overwrites it. Each node needs notes of
    its own: keep them in self."""

    def note(self):
        for parent in self._prev:
            parent.noted = parent.version

    def verify(self):
        if any(parent.noted != parent.version for parent in self._prev):
            raise RuntimeError("written over")


@versions.mistake
class FirstNoteCounts(LastNoteCounts):
    """You keep one note for each input, and the first node that uses the input has written it. A node that is made
    later, after a write, needs a note of its own: keep it in self."""

    def note(self):
        for parent in self._prev:
            parent.noted = getattr(parent, "noted", parent.version)


@versions.mistake
class OneNoteForAll(Careful):
    """Your note stands in one place for all nodes, and each new node overwrites it. Keep it in self: every node has
    noted something of its own."""

    def note(self):
        type(self).seen = [parent.version for parent in self._prev]


@versions.mistake
class AnyWriteEver(Careful):
    """You refuse every input that was ever written into. Before the node was made that is harmless: remember the
    version of that time, and compare with it."""

    def verify(self):
        if any(parent.version for parent in self._prev):
            raise RuntimeError("written over")


@versions.mistake
class FirstInputOnly(Careful):
    """You look at the first input only. The rule for the first reads the second, and vice versa."""

    def note(self):
        self.seen = self._prev[0].version if self._prev else 0

    def verify(self):
        if self.seen != self._prev[0].version:
            raise RuntimeError("written over")


@versions.mistake
class SecondInputOnly(Careful):
    """You look at the second input only. The rule for the second reads the first, and vice versa."""

    def verify(self):
        if self.seen[1] != self._prev[1].version:
            raise RuntimeError("written over")


@versions.mistake
class AllInputs(Careful):
    """You raise only if all inputs were written into. One is enough."""

    def verify(self):
        now = [parent.version for parent in self._prev]
        if all(a != b for a, b in zip(self.seen, now, strict=True)):
            raise RuntimeError("written over")


@versions.mistake
class EqualVersions(Careful):
    """You raise where the versions are what they were. Equal means that nothing was written."""

    def verify(self):
        if self.seen == [parent.version for parent in self._prev]:
            raise RuntimeError("written over")


@versions.mistake
class AlsoItself(Careful):
    """You watch the inputs, and the node's own version, too. Its rules read its *inputs*: writing into the result is
    allowed here."""

    def verify(self):
        super().verify()
        if self.version:
            raise RuntimeError("written over")


@versions.mistake
class OwnVersion(Careful):
    """You watch the node's own version. Its rules read its *inputs*; whether the result is written into does not
    matter to them."""

    def note(self):
        self.seen = 0

    def verify(self):
        if self.version != self.seen:
            raise RuntimeError("written over")


@versions.mistake
class LeavesOnly(Careful):
    """You watch inputs that were given, and not those that were computed. A result in the middle can be written into
    just as well."""

    def verify(self):
        now = [parent.version for parent in self._prev]
        pairs = zip(self._prev, self.seen, now, strict=True)
        if any(a != b for parent, a, b in pairs if not parent._prev):
            raise RuntimeError("written over")


# --- 5 -----------------------------------------------------------------------------------------


class Leaky:
    """An engine whose memory only the garbage collector can free: each result holds a function that holds the
    result."""

    def __init__(self, data, _prev=()):
        self.data, self.grad, self._prev = float(data), 0.0, _prev

    def __mul__(self, other):
        result = type(self)(self.data * other.data, (self, other))

        def hand_on():
            self.grad += other.data * result.grad
            other.grad += self.data * result.grad

        result.hand_on = hand_on
        return result

    def hand_on(self):
        """Add to the gradient of each input. A leaf does nothing."""

    def backward(self):
        order, seen, stack = [], set(), [(self, False)]
        while stack:
            node, inputs_done = stack.pop()
            if inputs_done:
                order.append(node)
            elif node not in seen:
                seen.add(node)
                stack += [(node, True), *((parent, False) for parent in node._prev)]
        self.grad = 1.0
        for node in reversed(order):
            node.hand_on()


@exercise("Freed at once", points=3)
def freed():
    """Return nothing, but mend the class: its results must be freed as soon as nobody uses them, without the collector.

    check.Leaky multiplies, and goes backward by calling `hand_on()` of every node. Give the class another `__mul__`,
    and a `hand_on(self)` that adds to the gradients of self._prev. A result is freed whether or not somebody goes
    backward from it. For x = 2, y = 3 the gradients of x · y are 3 and
    2.
    """
    product, fourth = named("x · y", lambda x, y: x * y), named("s · s · y with s = x · x", fourth_power)
    twice = named("(x · y) · (x · y), two products", lambda x, y: (x * y) * (x * y))
    again, square = named("(y · x) · x", lambda x, y: y * x * x), named("x · x · y", lambda x, y: x * x * y)
    for x, y in [(2.0, 3.0), (-1.5, 0.5), (0.0, 4.0)]:
        for z, gradients, about in [
            (product, (y, x), ""),
            (again, (2 * x * y, x**2), "a value used by two results"),
            (twice, (2 * x * y**2, 2 * x**2 * y), "two values used by two results"),
            (square, (2 * x * y, x**2), "a value that is both inputs of one result"),
            (fourth, (4 * x**3 * y, x**4), "a result that is both inputs of another"),
        ]:
            yield Case({"z": z, "x": x, "y": y}, gradients, call=gradients_of, names=("x", "y"), about=about)
    for backward in (False, True):
        yield Case(
            {"x": 2.0, "y": 3.0, "backward": backward},
            call=alive_afterwards,
            expected=0,
            about="how many of 3 results outlive their use",
        )


def fourth_power(x, y):
    square = x * x
    return square * square * y


def gradients_of(Freed, z, x, y):
    x, y = Freed(x), Freed(y)
    product = x * y
    if product is None or product is ...:
        return product
    if type(product) is not Freed:
        raise Refused(
            f"x * y should be a new node of the class of x, which is type(self); yours is {describe(product)}."
        )
    z(x, y).backward()
    return x.grad, y.grad


def alive_afterwards(Freed, x, y, backward):
    x, y = Freed(x), Freed(y)
    was_on = gc.isenabled()
    gc.disable()
    gc.freeze()  # the collector below looks at what is made here, and not at all that a large program holds
    try:
        results = [x * y]
        for _ in range(2):
            results.append(results[-1] * y)
        if backward:
            results[-1].backward()
        watched = [weakref.ref(result) for result in results]
        del results
        return sum(ref() is not None for ref in watched)
    finally:
        if was_on:
            gc.enable()
            gc.collect()
        gc.unfreeze()


class Mended(Leaky):
    """A right answer, of which each mistake below changes one method."""

    def __mul__(self, other):
        result = type(self)(self.data * other.data, (self, other))
        result.slopes = (other.data, self.data)
        return result

    def hand_on(self):
        for parent, slope in zip(self._prev, getattr(self, "slopes", ()), strict=True):
            parent.grad += slope * self.grad


@freed.mistake
class StillLeaky(Leaky):
    """The gradients are right, and all three results stay alive: something still refers to them. In Leaky it is a
    circle that counting references cannot free, result → its function → result. An attribute or a list that keeps
    results does the same."""


@freed.mistake
class WithoutInputs(Mended):
    """The gradients stay 0: the result was made without its inputs, so that the way back ends at once. A node takes
    them as its second argument."""

    def __mul__(self, other):
        return type(self)(self.data * other.data)


@freed.mistake
class OneOfTwo(Mended):
    """Only the first input gets its share. A product passes its gradient on to both."""

    def hand_on(self):
        for parent, slope in list(zip(self._prev, getattr(self, "slopes", ()), strict=True))[:1]:
            parent.grad += slope * self.grad


@freed.mistake
class Exchanged(Mended):
    """Each input gets its own value as the slope. The slope of a product along one factor is the *other* factor."""

    def __mul__(self, other):
        result = super().__mul__(other)
        result.slopes = result.slopes[::-1]
        return result


@freed.mistake
class Assigned(Mended):
    """A value that is used twice keeps one of its two contributions. Add to `grad`, do not overwrite it."""

    def hand_on(self):
        for parent, slope in zip(self._prev, getattr(self, "slopes", ()), strict=True):
            parent.grad = slope * self.grad


@freed.mistake
class OneOfTwoEqualInputs(Mended):
    """A value that is both inputs of one result, as in x · x, gets only one of its two contributions. It stands in
    `_prev` twice: add once for each place, and the second time to what the first has left there."""

    def hand_on(self):
        shares = (
            {parent: slope * self.grad for parent, slope in zip(self._prev, self.slopes, strict=True)}
            if self._prev
            else {}
        )
        for parent, share in shares.items():
            parent.grad += share


@freed.mistake
class FreedByBackward(Leaky):
    """A result is freed only if somebody goes backward from it. Also a result whose gradients nobody asks for should
    be freed: let nothing hold a circle, and there is none to break."""

    def backward(self):
        super().backward()
        stack = [self]
        while stack:
            node = stack.pop()
            node.__dict__.pop("hand_on", None)
            stack += node._prev


@freed.mistake
class WithoutTheArriving(Mended):
    """You pass on the slope alone. It has to be multiplied by the gradient that has arrived, `self.grad`."""

    def hand_on(self):
        for parent, slope in zip(self._prev, getattr(self, "slopes", ()), strict=True):
            parent.grad += slope


@freed.mistake
class CallsFurther(Mended):
    """Your `hand_on` calls that of the inputs. backward calls it once for every node, when all that uses the node is
    done."""

    def hand_on(self):
        super().hand_on()
        for parent in self._prev:
            parent.hand_on()


# --- 6 -----------------------------------------------------------------------------------------


@exercise("Who has a gradient?", points=1)
def who_has_grad():
    """Return for "x", "w", "h", "d", "b" and "c" whether its `.grad` is not None at the end, as a dictionary of True
    and False.

    x = Tensor(…); w, b, c = Tensor(…, requires_grad=True); h = x * w; d = h.detach() * b; with no_grad(): k = h * c;
    then (h + d + k).sum().backward().
    """
    yield Case(expected={"x": False, "w": True, "h": False, "d": False, "b": True, "c": False})


@who_has_grad.mistake
def in_quotes():
    """True and False are written without quotes."""
    return {name: str(answer) for name, answer in next(iter(who_has_grad.cases())).expected.items()}


@who_has_grad.mistake
def as_numbers():
    """Write True and False instead of 1 and 0."""
    return {name: int(answer) for name, answer in next(iter(who_has_grad.cases())).expected.items()}


@who_has_grad.mistake
def everything():
    """Only leaves that need a gradient keep theirs: results pass theirs on and forget it, and constants get none."""
    return {"x": True, "w": True, "h": True, "d": True, "b": True, "c": False}


@who_has_grad.mistake
def under_no_grad_too():
    """Under no_grad nothing was recorded: the sum does not know that k was made of c."""
    return {"x": False, "w": True, "h": False, "d": False, "b": True, "c": True}


@who_has_grad.mistake
def detach_cuts_everything():
    """detach cuts h off, on that one path. The product d = h.detach() · b is recorded, and b is in it."""
    return {"x": False, "w": True, "h": False, "d": False, "b": False, "c": False}


@who_has_grad.mistake
def only_through_detach():
    """w is reached: by the other path, through h itself."""
    return {"x": False, "w": False, "h": False, "d": False, "b": True, "c": False}


# --- 7 -----------------------------------------------------------------------------------------


def plane(points, parameters):
    (w,) = parameters
    return points @ w


def mound(points, parameters):
    centre, width = parameters
    away = points - centre
    return (width * away * away).sum(axis=1, keepdims=True) * -1.0


def ridge(points, parameters):
    w, b = parameters
    return (points @ w + b).tanh()


# name: (network, parameters, the gradient of each point's answer)
HILLS = {
    "points @ w": (plane, ([[1.0], [-2.0]],), lambda x, w: np.ones((len(x), 1)) * np.ravel(w)),
    "-Σ width · (point - centre)²": (
        mound,
        ([1.0, 0.0], [1.0, 2.0]),
        lambda x, centre, width: -2 * np.array(width) * (x - np.array(centre)),
    ),
    "tanh(points @ w + b)": (
        ridge,
        ([[0.5], [1.0]], [0.25]),
        lambda x, w, b: (1 - np.tanh(x @ np.array(w) + b) ** 2) * np.ravel(w),
    ),
}


@exercise("Uphill", points=3)
def climb():
    """Return the way of each point uphill, as an array of shape (steps + 1, N, 2): the points at the start, and after
    each step.

    network(points, parameters) gives one number for each point, as a Tensor of shape (N, 1). A step moves each point by
    `rate` times the gradient of its own number. The parameters need a gradient, and keep their data and their grad.
    """
    start = np.array([[0.0, 0.0], [3.0, 1.0]])
    for hill, starts, rate, steps, about in [
        ("points @ w", start, 1.0, 1, ""),
        ("points @ w", start, 0.5, 2, ""),
        ("-Σ width · (point - centre)²", start, 0.25, 2, ""),
        ("-Σ width · (point - centre)²", np.array([[2.0, -1.0], [0.0, 0.0], [1.0, 4.0]]), 0.125, 3, ""),
        ("tanh(points @ w + b)", np.array([[0.5, -1.0], [0.25, 0.5]]), 0.5, 3, ""),
        ("tanh(points @ w + b)", np.array([[0.5, -1.0]]), 0.75, 2, "a single point"),
        ("points @ w", start, 0.5, 0, "no step"),
    ]:
        _, parameters, slope = HILLS[hill]
        way = [starts]
        for _ in range(steps):
            way.append(way[-1] + rate * slope(way[-1], *parameters))
        inputs = {"network": hill, "starts": starts, "rate": rate, "steps": steps}
        yield Case(inputs, np.array(way), call=climbed, about=about)


def climbed(climb, hill, starts, rate, steps):
    """The way that a learner's function finds, if it leaves the parameters as they were."""
    network, values, _ = HILLS[hill]
    parameters = [Tensor(np.array(value), requires_grad=True) for value in values]
    for tensor in parameters:
        tensor.grad = np.ones_like(tensor.data)
    way = climb(named(hill, network), parameters, starts, rate, steps)
    for tensor, value in zip(parameters, values, strict=True):
        if not array_equal(tensor.data, value):
            raise Refused("Your code moves the parameters. The points move, and the network stays as it is.")
        if not tensor.requires_grad:
            raise Refused("A parameter does not need a gradient any more. It belongs to the caller, who may train on.")
        if tensor.grad is None:
            raise Refused("You threw away the gradients that the parameters had. They belong to the caller.")
        if not np.any(tensor.grad):
            raise Refused("You set the gradients that the parameters had to zero. They belong to the caller.")
        if not array_equal(tensor.grad, np.ones_like(value)):
            raise Refused(
                "The gradients of the parameters are not what they were. A sweep adds to them: give the network "
                "parameters that are cut off from the graph."
            )
    return way


def walk(network, parameters, starts, rate, steps, seed=lambda z: z.sum()):
    """A right way, of which each mistake below changes one step."""
    fixed = [p.detach() for p in parameters]
    way = [starts]
    for _ in range(steps):
        points = Tensor(np.array(way[-1]), requires_grad=True)
        seed(network(points, fixed)).backward()
        way.append(points.data + rate * points.grad)
    return np.array(way)


@climb.mistake
def downhill(network, parameters, starts, rate, steps):
    """Your points go downhill. A loss is made smaller by a step against the gradient. Here the answer should grow."""
    return walk(network, parameters, starts, -rate, steps)


@climb.mistake
def steps_alone(network, parameters, starts, rate, steps):
    """Your rows are the steps, each from the place before. The points themselves were asked for."""
    way = walk(network, parameters, starts, rate, steps)
    return np.diff(way, axis=0, prepend=way[:1])


@climb.mistake
def axes_exchanged(network, parameters, starts, rate, steps):
    """You give the way of each point. The first axis is that of the steps: all points at the start, all points after
    one step, and so on."""
    return walk(network, parameters, starts, rate, steps).swapaxes(0, 1)


@climb.mistake
def of_the_squares(network, parameters, starts, rate, steps):
    """You climb the squares of the numbers. A point moves along the gradient of its number itself."""
    return walk(network, parameters, starts, rate, steps, seed=lambda z: (z * z).sum())


@climb.mistake
def without_the_start(network, parameters, starts, rate, steps):
    """The start is missing from the way: it is the first of steps + 1 rows."""
    return walk(network, parameters, starts, rate, steps)[1:]


@climb.mistake
def without_the_end(network, parameters, starts, rate, steps):
    """The last step is missing from the way. It has steps + 1 rows: the start, and one after each step."""
    return walk(network, parameters, starts, rate, steps)[:steps]


@climb.mistake
def the_end_alone(network, parameters, starts, rate, steps):
    """You return where the points end. The whole way was asked for: the start, and the points after each step."""
    return walk(network, parameters, starts, rate, steps)[-1]


@climb.mistake
def one_array(network, parameters, starts, rate, steps):
    """All rows of the way are equal: they are one array, which each step overwrites. Keep a copy of the points after
    each step, or make a new array."""
    way = walk(network, parameters, starts, rate, steps)
    return np.array([way[-1]] * (steps + 1))


@climb.mistake
def of_the_mean(network, parameters, starts, rate, steps):
    """Your steps are too short by the number of points: the mean of all answers was differentiated. Each point moves
    along the gradient of its own answer, and in the sum of the answers that is its share."""
    return walk(network, parameters, starts, rate, steps, seed=lambda z: z.mean())


@climb.mistake
def added_up(network, parameters, starts, rate, steps):
    """The first step is right, the next ones are too long: the gradients of earlier steps are still there and are
    added. Set grad to None before each sweep, or make a new leaf."""
    fixed, way, seen = [p.detach() for p in parameters], [starts], 0.0
    for _ in range(steps):
        points = Tensor(np.array(way[-1]), requires_grad=True)
        network(points, fixed).sum().backward()
        seen = seen + points.grad
        way.append(points.data + rate * seen)
    return np.array(way)


@climb.mistake
def always_from_the_start(network, parameters, starts, rate, steps):
    """Each step uses the gradient at the start. The slope changes on the way: take it where the points are now."""
    first = walk(network, parameters, starts, rate, 1)
    return np.array([starts + k * (first[1] - first[0]) for k in range(steps + 1)])


@climb.mistake
def without_the_rate(network, parameters, starts, rate, steps):
    """Your steps are the gradients themselves. A step is `rate` times the gradient."""
    return walk(network, parameters, starts, 1.0, steps)


@climb.mistake
def one_step_too_many(network, parameters, starts, rate, steps):
    """You take one step too many. The start and `steps` steps are steps + 1 rows."""
    return walk(network, parameters, starts, rate, steps + 1)


@climb.mistake
def steps_of_one_length(network, parameters, starts, rate, steps):
    """Each of your steps is `rate` long. A step is `rate` times the gradient, so it is short where it is flat."""
    fixed, way = [p.detach() for p in parameters], [starts]
    for _ in range(steps):
        points = Tensor(np.array(way[-1]), requires_grad=True)
        network(points, fixed).sum().backward()
        way.append(points.data + rate * points.grad / np.linalg.norm(points.grad, axis=1, keepdims=True))
    return np.array(way)
