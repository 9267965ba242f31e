"""The checks of lesson 12."""

from functools import partial
from itertools import combinations, pairwise
from math import comb, inf, nan, prod

import numpy as np
from numpy import allclose, array_equal

from gradlib import Tensor, nn, no_grad
from gradlib.checks.cases import Case, Refused
from gradlib.checks.exercises import exercise

TITLE = "Healthy gradients"


# --- 1 -----------------------------------------------------------------------------------------


@exercise("What arrives at each layer", points=3)
def arriving():
    """Return the sizes of the gradients that arrive at the outputs of some layers, as a list in the order of `layers`.

    The size is the root of the mean square. `model(x)` calls each of the layers once, and the loss is
    `loss(model(x))`. Afterwards no hook is left on any layer, and a second call gives the same list. For y = 3 · (2 ·
    x) and the loss y the answer is [3, 1].
    """
    for net, about in [
        ("y = 3 (2 x), loss y", ""),
        ("y = 3 (2 x), loss -4 y", ""),
        ("two layers, tanh between", ""),
        ("three layers, the last first in the list", ""),
        ("an activation is watched", ""),
        ("the model calls its layers from the last to the first", "another order"),
        ("a path around the second layer", "a path around a layer"),
    ]:
        model, layers, x, loss = NETS[net]()
        yield Case({"net": net}, sizes_by_graph(model, layers, x, loss), call=watched, about=about)
    net = "two layers, tanh between"
    expected = sizes_by_graph(*NETS[net]())
    yield Case({"net": net}, expected, call=watched_twice, about="the model afterwards, and a second call", odd=True)


class Path(nn.Module):
    """Two layers, called by a formula."""

    def __init__(self, first, second, formula):
        super().__init__()
        self.first, self.second, self.formula = first, second, formula

    def forward(self, x):
        return self.formula(x, self.first, self.second)


def linear(n_in, n_out, seed):
    return nn.Linear(n_in, n_out, rng=np.random.default_rng(seed))


def fixed(weight):
    layer = nn.Linear(1, 1)
    layer.weight.data[...], layer.bias.data[...] = weight, 0
    return layer


def chain(factor):
    model = nn.Sequential(fixed(2.0), fixed(3.0))
    return model, list(model), np.ones((1, 1), dtype=np.float32), lambda output: factor * output.sum()


def examples(count, width):
    return np.random.default_rng(count).normal(size=(count, width)).astype(np.float32)


def mean_square(output):
    return (output * output).mean()


def bent(*picked):
    """Linear layers with tanh between; picked: the places of the layers that are watched."""
    model = nn.Sequential(linear(2, 3, 1), nn.Tanh(), linear(3, 4, 2), nn.Tanh(), linear(4, 2, 3))
    return model, [model[place] for place in picked], examples(3, 2), mean_square


def by_formula(formula):
    first, second = linear(3, 3, 4), linear(3, 3, 5)
    return (
        Path(first, second, formula),
        [first, second],
        examples(4, 3),
        lambda output: (output * output * output).sum(),
    )


def around_the_second(x, first, second):
    h = first(x)
    return h + second(h.tanh())


NETS = {
    "y = 3 (2 x), loss y": partial(chain, 1.0),
    "y = 3 (2 x), loss -4 y": partial(chain, -4.0),
    "two layers, tanh between": partial(bent, 0, 2),
    "three layers, the last first in the list": partial(bent, 4, 0, 2),
    "an activation is watched": partial(bent, 1, 2),
    "the model calls its layers from the last to the first": partial(by_formula, lambda x, a, b: a(b(x).tanh())),
    "a path around the second layer": partial(by_formula, around_the_second),
}


def size_of(values):
    """The root of the mean square."""
    return float(np.sqrt((np.asarray(values, dtype=np.float64) ** 2).mean()))


def outputs_of(model, layers, x, loss):
    """The outputs of the layers after `backward`, each with its gradient."""
    kept = {}

    def keep(layer, inputs, output):
        output.retain_grad()
        kept[id(layer)] = output

    handles = [layer.register_forward_hook(keep) for layer in layers]
    loss(model(x)).backward()
    for handle in handles:
        handle.remove()
    return [kept[id(layer)] for layer in layers], list(kept)


def sizes_by_graph(model, layers, x, loss):
    return [size_of(output.grad) for output in outputs_of(model, layers, x, loss)[0]]


def hooks_on(model):
    return sum(len(part._forward_hooks) + len(part._forward_pre_hooks) for part in model.modules())


def watched(arriving, net):
    return arriving(*NETS[net]())


def watched_twice(arriving, net):
    """The answer to a second call; refused if hooks are left, or if the first call was right and this one is not."""
    model, layers, x, loss = NETS[net]()
    expected = sizes_by_graph(model, layers, x, loss)
    first = arriving(model, layers, x, loss)
    if first is ... or not same_numbers(first, expected):
        return first
    if left := hooks_on(model):
        raise Refused(
            f"The sizes are right. But {left} {'hook is' if left == 1 else 'hooks are'} left on the layers: they would "
            "look at every later pass, too. Keep the handles, and call `remove` of each."
        )
    second = arriving(model, layers, x, loss)
    if not same_numbers(second, expected):
        raise Refused(
            "The first call is right. A second call with the same model gives something else: it still holds what the "
            "first one found, or it has changed the model."
        )
    return second


def same_numbers(answer, expected):
    try:
        found = np.asarray(answer, dtype=np.float64)
    except (TypeError, ValueError):
        return False
    return found.shape == (len(expected),) and allclose(found, expected, rtol=1e-4, atol=1e-9)


def measured(figure):
    """A wrong answer: another figure of each output and its gradient."""

    def answer(model, layers, x, loss):
        outputs, _ = outputs_of(model, layers, x, loss)
        return [figure(layer, output) for layer, output in zip(layers, outputs, strict=True)]

    return answer


@arriving.mistake
def forward_sizes(*inputs):
    """These are the sizes of what the layers send forward. The question is about the gradient that comes back to their
    outputs: call `backward`, and look at the outputs' gradients."""
    return measured(lambda layer, output: size_of(output.data))(*inputs)


@arriving.mistake
def of_the_weights(*inputs):
    """These are the gradients of the layers' weights. A weight's gradient is made of what arrives at the output and of
    what came in; the question is about what arrives."""
    return measured(lambda layer, output: size_of(layer.weight.grad))(*inputs)


@arriving.mistake
def lengths(*inputs):
    """These are lengths, the root of the *sum* of the squares. The size is the root of their mean, so that a layer with
    more units or more examples is not larger for it."""
    return measured(lambda layer, output: float(np.linalg.norm(output.grad)))(*inputs)


@arriving.mistake
def mean_absolute(*inputs):
    """You took the mean of the absolute values. The size is the root of the mean of the squares."""
    return measured(lambda layer, output: float(np.abs(output.grad).mean()))(*inputs)


@arriving.mistake
def largest_entry(*inputs):
    """You took the largest entry of each gradient. The size is the root of the mean square."""
    return measured(lambda layer, output: float(np.abs(output.grad).max()))(*inputs)


@arriving.mistake
def no_root(*inputs):
    """You took the mean square and left out the root."""
    return measured(lambda layer, output: size_of(output.grad) ** 2)(*inputs)


@arriving.mistake
def deviations(*inputs):
    """You took the standard deviation, which subtracts the mean first. If all entries of a gradient are equal it is 0,
    and the gradient is not."""
    return measured(lambda layer, output: float(output.grad.std()))(*inputs)


@arriving.mistake
def means(*inputs):
    """You took the mean of the entries, with their signs: positive and negative ones cancel. The size is the root of
    the mean of their squares."""
    return measured(lambda layer, output: float(output.grad.mean()))(*inputs)


@arriving.mistake
def of_the_biases(*inputs):
    """These are the gradients of the layers' biases, in which the parts of all examples are added up. The question is
    about what arrives at the outputs, entry by entry."""
    return measured(lambda layer, output: size_of(layer.bias.grad))(*inputs)


@arriving.mistake
def as_they_arrive(model, layers, x, loss):
    """Your sizes stand in the order in which the gradients arrived, the last layer first. The list has the order of
    `layers`."""
    outputs, called = outputs_of(model, layers, x, loss)
    sizes = {id(layer): size_of(output.grad) for layer, output in zip(layers, outputs, strict=True)}
    return [sizes[key] for key in reversed(called)]


@arriving.mistake
def as_they_are_called(model, layers, x, loss):
    """Your sizes stand in the order in which the model calls its layers. The list has the order of `layers`, which may
    be another one."""
    outputs, called = outputs_of(model, layers, x, loss)
    sizes = {id(layer): size_of(output.grad) for layer, output in zip(layers, outputs, strict=True)}
    return [sizes[key] for key in called]


@arriving.mistake
def sum_for_the_loss(model, layers, x, loss):
    """You went backward from the sum of the outputs. The loss is `loss(model(x))`."""
    return sizes_by_graph(model, layers, x, lambda output: output.sum())


@arriving.mistake
def sums(*inputs):
    """You added up the entries of each gradient, with their signs: positive and negative ones cancel. The size is the
    root of the mean of their squares."""
    return measured(lambda layer, output: float(output.grad.sum()))(*inputs)


@arriving.mistake
def a_length_for_each_example(*inputs):
    """You took the length of each example's gradient, and the mean of these. The size is the root of the mean square of
    all entries together."""
    return measured(lambda layer, output: float(np.linalg.norm(output.grad, axis=-1).mean()))(*inputs)


@arriving.mistake
def called_by_hand(model, layers, x, loss):
    """You call the layers yourself, one after the other. The model may do more with them: call it in another order, put
    functions between them or paths around them. Call `model(x)`, and let hooks look on."""
    values, outputs = Tensor(x), []
    for layer in layers:
        values = layer(values)
        values.retain_grad()
        outputs.append(values)
    loss(values).backward()
    return [size_of(output.grad) for output in outputs]


# --- 2 -----------------------------------------------------------------------------------------


@exercise("Dead in every batch", points=2)
def dead_units():
    """Return the places of the units that are 0 for every example of every batch, in order, as a list or an array.

    batches is a list of arrays of shape (examples, units). For [[0, 1, 0], [0, 0, 2]] and [[0, 3, 0]] the answer is
    [0].
    """
    for batches, about in [
        ([[[0, 1], [0, 0], [0, 2]]], ""),
        ([[[0, 1, 0], [0, 0, 2]], [[0, 3, 0]]], ""),
        ([[[1, 0, 0, 0], [2, 0, 0, 1]], [[0, 0, 4, 0], [0, 0, 0, 3]]], ""),
        ([[[0, 0, 0], [1, 0, 0]], [[0, 0, 0]], [[0, 2, 0], [5, 0, 0], [0, 0, 0]]], ""),
        ([[[3, 1], [2, 2]], [[1, 4]]], "none is dead"),
        ([[[0], [2], [1]]], "a single unit"),
        ([[[0, 0]], [[0, 0], [0, 0]]], "all are dead"),
        ([[[1, 0], [-1, 0]], [[2, 0], [-2, 0]]], "outputs that cancel"),
        ([[[-1, 0, -2], [0, 0, -3]], [[0, 0, 0]]], "outputs below 0"),
        ([[[1e-12, 0.0]], [[0.0, 0.0]]], "a tiny output"),
        ([[[3, 0, 1], [3, 0, 2]], [[3, 0, 5]]], "an output that is always 3"),
    ]:
        arrays = [np.array(batch, dtype=float) for batch in batches]
        alive = np.concatenate(arrays).any(axis=0)
        yield Case({"batches": arrays}, [int(i) for i in np.flatnonzero(~alive)], call=places, about=about)


def places(dead_units, batches):
    """The answer as a list."""
    found = dead_units(batches)
    if isinstance(found, tuple) and len(found) == 1 and isinstance(found[0], np.ndarray):
        found = found[0]  # of np.where
    if isinstance(found, np.ndarray):
        found = (found[:, 0] if found.ndim == 2 and found.shape[1] == 1 else found).tolist()  # of np.argwhere
    return list(found) if isinstance(found, tuple | range) else found


def silent(batches):
    """A mask for each batch: which units are 0 for all of its examples."""
    return np.array([(batch == 0).all(axis=0) for batch in batches])


def chosen(mask):
    return [int(i) for i in np.flatnonzero(mask)]


@dead_units.mistake
def always_the_same(batches):
    """These units give the same output for every example. Dead are those whose output is always 0."""
    outputs = np.concatenate(batches)
    return chosen((outputs == outputs[0]).all(axis=0))


@dead_units.mistake
def in_some_batch(batches):
    """These units are silent in *some* batch. One example in any batch that makes a unit speak is enough: it is not
    dead."""
    return chosen(silent(batches).any(axis=0))


@dead_units.mistake
def in_the_first_batch(batches):
    """You looked at the first batch alone. A unit that is silent there may speak in a later one."""
    return chosen(silent(batches)[0])


@dead_units.mistake
def in_the_last_batch(batches):
    """These are the units that are silent in the last batch. What an earlier batch said is forgotten."""
    return chosen(silent(batches)[-1])


@dead_units.mistake
def sometimes_zero(batches):
    """These units are 0 for *some* example. A ReLU is 0 for about half of them; a dead unit is 0 for all."""
    return chosen((np.concatenate(batches) == 0).any(axis=0))


@dead_units.mistake
def that_add_up_to_zero(batches):
    """You added up the outputs of a unit. They may be negative and cancel: 1 and -1 add up to 0, and the unit is
    alive."""
    return chosen(np.concatenate(batches).sum(axis=0) == 0)


@dead_units.mistake
def never_above_zero(batches):
    """You counted outputs below 0 as silent. A unit is dead if it is exactly 0; with another activation than ReLU an
    output of -2 says something."""
    return chosen((np.concatenate(batches) <= 0).all(axis=0))


@dead_units.mistake
def nearly_zero(batches):
    """You counted a tiny output as 0. Dead means exactly 0: a unit with a tiny output still gets a gradient."""
    return chosen((abs(np.concatenate(batches)) < 1e-9).all(axis=0))


@dead_units.mistake
def the_living(batches):
    """These are the units that are alive. Asked are the others."""
    return chosen(~silent(batches).all(axis=0))


@dead_units.mistake
def silent_examples(batches):
    """These are the *examples* for which all units are 0, over axis 1. A unit is a column: go over the examples, axis
    0."""
    return chosen((np.concatenate(batches) == 0).all(axis=1))


@dead_units.mistake
def counted_from_one(batches):
    """You count the units from 1. Places in an array begin at 0."""
    return [place + 1 for place in chosen(silent(batches).all(axis=0))]


@dead_units.mistake
def mostly_zero(batches):
    """You found the units that are 0 for half of the examples or more. A dead unit is 0 for all."""
    return chosen((np.concatenate(batches) == 0).mean(axis=0) >= 0.5)


@dead_units.mistake
def in_pairs(batches):
    """You answer for each batch separately. A unit is dead if it is 0 in all of them: one list in the end."""
    return [chosen(mask) for mask in silent(batches)]


@dead_units.mistake
def a_mask(batches):
    """This is a mask with an entry for each unit. Asked are the places where it is True."""
    return [bool(dead) for dead in silent(batches).all(axis=0)]


@dead_units.mistake
def how_many(batches):
    """This is how many units are dead. Asked is which: their places, as a list."""
    return int(silent(batches).all(axis=0).sum())


# --- 3 -----------------------------------------------------------------------------------------


@exercise("The layer to blame", points=3)
def to_blame():
    """Return the place of the layer to blame and what it does, as a pair: (2, "shrinks"), or (None, "healthy").

    layers are dictionaries, from the inputs on. The first whose "size" is NaN, or all of whose units are "dead" (1), is
    to blame: "NaN" or "dead". Otherwise it is the one whose factor, the "gradient" of the layer before it divided by
    its own, is farthest from 1 (1/50 is farther than 20): "shrinks" below 1/10, "grows" above 10.
    """
    for gradients, sizes, dead, about in [
        ([0.001, 0.002, 0.4], 1, 0, ""),
        ([60, 2, 3], 1, 0, ""),
        ([2e-5, 3e-5, 3e-5, 0.12, 0.1], 1, 0.1, ""),
        ([1, 2, 1, 2], 1, 0, "a healthy network"),
        ([5, 30, 4, 2], 1, [0.5, 0.9, 0.75, 0], "a healthy network"),
        ([1, 8, 1], 1, 0, "a factor of 1/8"),
        ([1, 12, 4], 1, 0, "a factor of 1/12"),
        ([12, 1, 4], 1, 0, "a factor of 12"),
        ([1, 160, 0.43], 1, 0, "a factor of 1/160 and one of 372"),
        ([0, 0, 0.1], [0, 0, 0], [1, 1, 1], "a first layer that is dead"),
        ([2, 1, 0.5], [1, 1, 0], [0, 0, 1], "a last layer that is dead"),
        ([0, 0, 0, 0.5], [1, 1, 0, 0], [0, 0.2, 1, 1], ""),
        ([nan, nan, nan, nan], [1, nan, nan, nan], 0, ""),
        ([nan] * 4, [1, 0, nan, nan], [0, 1, 0, 0], "a dead layer before a NaN"),
        ([nan] * 4, [1, nan, 0, nan], [0, 0, 1, 0], "a NaN before a dead layer"),
        ([0.2, 10, 0.5, 50, 1], 1, 0, "two factors above 10"),
        ([1.0, 0.05, 2.5, 2.0], 1, 0, "one that shrinks and one that grows"),
        ([2.0, 0.1, 1.2, 1.0], 1, 0, "one that grows and one that shrinks"),
        ([1e-4, 2e-3, 5e-2, 1.0], [1, 1, 9, 9], 0, "several factors below 1/10"),
        ([3.0, 0.2, 0.2], [1, 500, 1], 0, "sizes that differ"),
        ([0.5, 0.5, 100.0, 2.0], 1, 0, "the gradient grows to the outputs, and back"),
    ]:
        layers = described(gradients, sizes, dead)
        yield Case({"layers": layers}, blamed(layers), about=about)


def described(gradients, sizes, dead):
    """The dictionaries of some layers; a number stands for the same in all."""
    count = len(gradients)
    sizes, dead = (list(each) if isinstance(each, list) else [each] * count for each in (sizes, dead))
    rows = zip(sizes, dead, gradients, strict=True)
    return [{"size": float(a), "dead": float(b), "gradient": float(c)} for a, b, c in rows]


def blamed(
    layers, order=iter, dead=lambda share: share == 1, backward_first=False, far=lambda factor: abs(np.log(factor)),
    low=0.1, high=10.0, key="gradient", offset=1, words=("shrinks", "grows"), pick=max, forward=("NaN", "dead"),
):  # fmt: skip
    """A right answer, with switches that make it wrong."""
    looks = {"NaN": lambda layer: np.isnan(layer["size"]), "dead": lambda layer: dead(layer["dead"])}
    for place, layer in order(list(enumerate(layers))):
        for kind in forward:
            if looks[kind](layer):
                return place, kind
    with np.errstate(all="ignore"):
        values = np.array([layer[key] for layer in layers])
        factors = dict(enumerate(values[:-1] / values[1:], offset))
        place = pick(factors, key=lambda i: far(factors[i]))
    if low <= factors[place] <= high:
        return None, "healthy"
    return place, words[int(factors[place] > 1)]


def last_of_the_largest(factors, key):
    return max(reversed(factors), key=key)


@to_blame.mistake
def smallest_gradient(layers):
    """You blame the layer with the smallest gradient. It is only told the least: what arrives there came through the
    layers after it. Compare each gradient with the one before which it was changed: that is the layer's factor."""
    right = blamed(layers)
    if right[1] in ("NaN", "dead", "healthy"):
        return right
    return int(np.argmin([layer["gradient"] for layer in layers])), right[1]


@to_blame.mistake
def one_too_early(layers):
    """You blame the layer at whose output the changed gradient arrives. It was changed by the layer after that: layer i
    makes the gradient at the output of layer i - 1 out of its own."""
    return blamed(layers, offset=0)


@to_blame.mistake
def words_exchanged(layers):
    """The place is right where a factor decides, and the two words are exchanged. The gradient travels backward: it
    arrives at layer i and leaves to layer i - 1. If the one at layer i - 1 is smaller, the layer shrinks it."""
    return blamed(layers, words=("grows", "shrinks"))


@to_blame.mistake
def first_outside(layers):
    """You take the first layer whose factor is below 1/10 or above 10. Asked is the one whose factor is farthest from
    1."""
    return blamed(layers, far=lambda factor: not 0.1 <= factor <= 10)


@to_blame.mistake
def by_difference(layers):
    """You measure how far a factor is from 1 by a difference. Then 20 is 19 away and 1/50 less than 1, though it
    changes the gradient more. Compare ratios: their logarithms."""
    return blamed(layers, far=lambda factor: abs(factor - 1))


@to_blame.mistake
def half_dead(layers):
    """You blame a layer in which half of the units are dead, or more. In deep networks of ReLUs that happens, and the
    gradient still gets through. Here a layer is blamed if all of its units are dead."""
    return blamed(layers, dead=lambda share: share >= 0.5)


@to_blame.mistake
def some_dead(layers):
    """You blame a layer as soon as one of its units is dead. Here a layer is blamed if all of them are: a share of
    1."""
    return blamed(layers, dead=lambda share: share > 0)


@to_blame.mistake
def the_last_one(layers):
    """You blame the last layer that is NaN or dead. A fault on the way forward spreads to all layers after it, so the
    first one is to blame."""
    return blamed(layers, order=reversed)


@to_blame.mistake
def nan_before_dead(layers):
    """You look for a NaN in all layers first, and then for dead ones. Whichever comes first on the way forward is to
    blame: go through the layers once, and ask each for both."""
    right = blamed(layers)
    nans = [place for place, layer in enumerate(layers) if np.isnan(layer["size"])]
    return (nans[0], "NaN") if nans else right


@to_blame.mistake
def dead_before_nan(layers):
    """You look for dead layers first, and then for a NaN. Whichever comes first on the way forward is to blame: go
    through the layers once, and ask each for both."""
    right = blamed(layers)
    dead = [place for place, layer in enumerate(layers) if layer["dead"] == 1]
    return (dead[0], "dead") if dead else right


@to_blame.mistake
def by_the_sizes(layers):
    """You compare the sizes of the outputs. The factors are those of the gradients."""
    return blamed(layers, key="size")


@to_blame.mistake
def only_the_small(layers):
    """You only look for factors that are too small. A layer may also let the gradient grow."""
    return blamed(layers, high=inf, far=lambda factor: -np.log(factor))


@to_blame.mistake
def only_the_large(layers):
    """You only look for factors that are too large. A layer may also let the gradient shrink."""
    return blamed(layers, low=0.0, far=np.log)


@to_blame.mistake
def last_outside(layers):
    """You take the last layer whose factor is below 1/10 or above 10. Asked is the one whose factor is farthest from
    1."""
    return blamed(layers, far=lambda factor: not 0.1 <= factor <= 10, pick=last_of_the_largest)


@to_blame.mistake
def kind_first(layers):
    """The kind comes first in your pair. The place comes first."""
    return blamed(layers)[::-1]


@to_blame.mistake
def always_someone(layers):
    """You always blame a layer. Factors between 1/10 and 10 are healthy, and then the answer is (None, "healthy")."""
    return blamed(layers, low=1.0, high=1.0)


# --- 4 -----------------------------------------------------------------------------------------


@exercise("Backward through a residual block", points=3)
def residual_backward():
    """Return the gradients of x, W and a of y = x + a · tanh(x W), from the gradient g of y, as a tuple.

    g and x have shape (N, n), W has (n, n), and a is a number. For x = [[0]], W = [[2]], a = 3 and g = [[1]] the answer
    is [[7]], [[0]] and 0.
    """
    for x, W, a, g, about in [
        ([[0]], [[2]], 3, [[1]], ""),
        ([[1, 0]], [[1, 2], [0, 1]], 2, [[1, -1]], ""),
        ([[1, -1], [0, 2], [1, 1]], [[1, 0], [-1, 1]], -1, [[2, 1], [0, 1], [-1, 3]], ""),
        (*drawn(4, 3), 0.5, None, ""),
        (*drawn(2, 4), -0.7, None, ""),
        (*drawn(3, 2), 0.0, None, "a = 0"),
        (30 * drawn(2, 3)[0], drawn(2, 3)[1], 1.5, None, "an inner part without a slope"),
    ]:
        x, W = np.array(x, dtype=float), np.array(W, dtype=float)
        g = np.random.default_rng(9).normal(size=x.shape) if g is None else np.array(g, dtype=float)
        inputs = {"g": g, "x": x, "W": W, "a": float(a)}
        yield Case(inputs, by_the_engine(**inputs), names=("x", "W", "a"), about=about)


def drawn(count, width):
    rng = np.random.default_rng(10 * count + width)
    return rng.normal(size=(count, width)), rng.normal(size=(width, width))


def by_the_engine(g, x, W, a):
    x, W, a = (Tensor(np.asarray(value, dtype=float), requires_grad=True) for value in (x, W, a))
    (x + a * (x @ W).tanh()).backward(g)
    return x.grad, W.grad, float(a.grad)


def block(g, x, W, a, path=1.0, scale=None, slope=lambda h: 1 - h**2, back=None):
    """A right answer, with switches that make it wrong."""
    h = np.tanh(x @ W)
    d = (a if scale is None else scale) * g * slope(h)
    return path * g + (d @ W.T if back is None else back(d)), x.T @ d, float((g * h).sum())


@residual_backward.mistake
def path_forgotten(*inputs):
    """The path is missing: x is added to the output, so g arrives at x as it is, and what came through the inner part
    is added to that."""
    return block(*inputs, path=0.0)


@residual_backward.mistake
def only_the_path(*inputs):
    """The gradient of x is g alone: that is the path. What comes back through the inner part is missing."""
    return block(*inputs, back=lambda d: 0.0 * d)


@residual_backward.mistake
def path_scaled(g, x, W, a):
    """The path is multiplied by a. In y = x + a · tanh(x W) only the inner part is."""
    return block(g, x, W, a, path=a)


@residual_backward.mistake
def path_twice(*inputs):
    """The path counts twice in the gradient of x. y = x + …, so g arrives at x along it once."""
    return block(*inputs, path=2.0)


@residual_backward.mistake
def path_without_g(g, x, W, a):
    """Along the path the slope is 1, and it is multiplied by what arrives: g, not 1, is added to the rest."""
    of_x, of_W, of_a = block(g, x, W, a, path=0.0)
    return 1 + of_x, of_W, of_a


@residual_backward.mistake(whole=True)
def x_and_W_exchanged(*inputs):
    """The gradients of x and W have changed places: that of x comes first."""
    of_x, of_W, of_a = block(*inputs)
    return of_W, of_x, of_a


@residual_backward.mistake
def averaged_over_examples(g, x, W, a):
    """You divide the gradient of W by the number of examples. W is used by all of them, so their parts add up; if the
    loss is a mean, the 1/N is in g already."""
    of_x, of_W, of_a = block(g, x, W, a)
    return of_x, of_W / len(x), of_a


@residual_backward.mistake
def a_without_g(g, x, W, a):
    """g is missing in the gradient of a: each entry's tanh(x W) is multiplied by what arrives there."""
    return *block(g, x, W, a)[:2], float(np.tanh(x @ W).sum())


@residual_backward.mistake
def not_transposed(g, x, W, a):
    """Going back through x W, you multiply by W. The gradient of x is multiplied by W transposed."""
    return block(g, x, W, a, back=lambda d: d @ W)


@residual_backward.mistake
def slope_forgotten(*inputs):
    """The slope of tanh is missing on the way to x W: it is 1 - h², with h = tanh(x W)."""
    return block(*inputs, slope=np.ones_like)


@residual_backward.mistake
def slope_without_the_square(*inputs):
    """You use 1 - h for the slope of tanh. It is 1 - h²."""
    return block(*inputs, slope=lambda h: 1 - h)


@residual_backward.mistake
def slope_of_a_sigmoid(*inputs):
    """h (1 - h) is the slope of the sigmoid. That of tanh is 1 - h²."""
    return block(*inputs, slope=lambda h: h * (1 - h))


@residual_backward.mistake
def slope_at_the_product(g, x, W, a):
    """You square the product x W itself. The slope of tanh is 1 - h², with h = tanh(x W)."""
    return block(g, x, W, a, slope=lambda h: 1 - (x @ W) ** 2)


@residual_backward.mistake
def a_forgotten(*inputs):
    """a is missing on the way to x and W: what arrives at tanh(x W) is a · g."""
    return block(*inputs, scale=1.0)


@residual_backward.mistake
def a_not_summed(g, x, W, a):
    """The gradient of a is g · tanh(x W), entry by entry. a is a single number that all entries use, so their parts add
    up."""
    return *block(g, x, W, a)[:2], g * np.tanh(x @ W)


@residual_backward.mistake
def a_averaged(g, x, W, a):
    """For a you take the mean over the entries. a is used by all of them, so their parts add up."""
    return *block(g, x, W, a)[:2], float((g * np.tanh(x @ W)).mean())


@residual_backward.mistake
def a_through_the_slope(g, x, W, a):
    """The gradient of a does not go through tanh: a multiplies its result. So its local derivative is tanh(x W)."""
    h = np.tanh(x @ W)
    return *block(g, x, W, a)[:2], float((g * (1 - h**2)).sum())


@residual_backward.mistake
def a_times_itself(g, x, W, a):
    """a stands in its own gradient. It multiplies tanh(x W), so its local derivative is that, whatever a is."""
    of_x, of_W, of_a = block(g, x, W, a)
    return of_x, of_W, a * of_a


@residual_backward.mistake
def weight_transposed(*inputs):
    """The gradient of W is transposed: row i belongs to entry i of x, so it is xᵀ times what arrives."""
    of_x, of_W, of_a = block(*inputs)
    return of_x, of_W.T, of_a


# --- 5 -----------------------------------------------------------------------------------------


@exercise("Which paths carry the gradient?", points=2)
def by_length():
    """Return n + 1 numbers: entry k is the sum, over all paths through exactly k of n blocks, of the product of slopes.

    The blocks are y = x + aᵢ x, one after the other. For the slopes [0.5, 2] the answer is [1, 2.5, 1].
    """
    for slopes, about in [
        ([0.5, 2.0], ""),
        ([3.0], ""),
        ([2.0, 3.0, 5.0], ""),
        ([1.0, -2.0, 3.0, 0.5], ""),
        ([2.0, 2.0, 2.0], "equal slopes"),
        ([0.0, 4.0, 0.0], "slopes of 0"),
        ([-1.0, 1.0], "slopes that cancel"),
        ([], "no block"),
        ([0.1 * (i % 4) - 0.1 for i in range(20)], "twenty blocks"),
    ]:
        odd = len(slopes) in (0, 20)  # of twenty, what goes over all paths does not come to an end
        yield Case({"slopes": slopes}, all_paths(slopes), call=as_an_array, about=about, odd=odd)


def as_an_array(by_length, slopes):
    """The answer as an array, if it is a list of numbers."""
    answer = by_length(slopes)
    if isinstance(answer, list | tuple) and all(isinstance(each, int | float | np.number) for each in answer):
        return np.array(answer, dtype=float)
    return answer


def all_paths(slopes):
    sums = np.ones(1)
    for slope in slopes:
        sums = np.convolve(sums, [1.0, slope])
    return sums


@by_length.mistake
def numbers_of_paths(slopes):
    """You count the paths. Each of them counts with the product of the slopes of the blocks that it goes through."""
    return np.array([float(comb(len(slopes), k)) for k in range(len(slopes) + 1)])


@by_length.mistake
def around_for_through(slopes):
    """Your list is in reversed order: it is sorted by the number of blocks that a path goes *around*. Entry 0
    belongs to the path that goes through none, and is 1."""
    return all_paths(slopes)[::-1]


@by_length.mistake
def without_the_path_around_all(slopes):
    """The path around all blocks is missing. It goes through 0 of them, and its product is 1."""
    return all_paths(slopes)[1:]


@by_length.mistake
def none_for_length_zero(slopes):
    """Entry 0 is 0 in your list. There is one path that goes around all blocks; it passes the gradient on as it is, and
    its product is 1."""
    sums = all_paths(slopes)
    sums[0] = 0.0
    return sums


@by_length.mistake
def averages(slopes):
    """These are means over the paths of each length. The derivative is the sum over all paths, so the parts are sums,
    too."""
    return all_paths(slopes) / numbers_of_paths(slopes)


@by_length.mistake
def powers(slopes):
    """You add up powers of the slopes: a² is a path twice through the same block. A path goes through a block once or
    not at all."""
    return np.array([1.0, *(float(sum(slope**k for slope in slopes)) for k in range(1, len(slopes) + 1))])


@by_length.mistake
def neighbours(slopes):
    """You multiply the slopes of blocks that stand next to each other. A path may go around a block in between: the
    first and the third make a path through two as well."""
    count = len(slopes)
    runs = [[prod(slopes[i : i + k]) for i in range(count - k + 1)] for k in range(1, count + 1)]
    return np.array([1.0, *map(sum, runs)])


@by_length.mistake
def first_ones(slopes):
    """You only take the path through the first k blocks. There are others through k blocks, for each choice of k among
    them all."""
    return np.array([1.0, *np.cumprod(slopes)])


@by_length.mistake
def sums_for_products(slopes):
    """You add up the slopes along a path. Block after block the gradient is multiplied, so a path counts with their
    product."""
    count = len(slopes)
    return np.array([1.0, *(float(sum(map(sum, combinations(slopes, k)))) for k in range(1, count + 1))])


@by_length.mistake
def with_repetition(slopes):
    """Some of your paths go through the same block twice. If you update a list in place, entry k - 1 already holds the
    new block when entry k is computed from it: go from the end to the start, or make a new list."""
    sums = [1.0] + [0.0] * len(slopes)
    for slope in slopes:
        for k in range(1, len(sums)):
            sums[k] += slope * sums[k - 1]
    return np.array(sums)


@by_length.mistake
def equal_ones_once(slopes):
    """Paths with equal slopes count as one in your sums, as in a set. Each of them passes on its part: count them
    all."""
    count = len(slopes)
    return np.array([float(sum(map(prod, set(combinations(slopes, k))))) for k in range(count + 1)])


@by_length.mistake
def alternating(slopes):
    """Every second entry has the wrong sign. These are the coefficients of a product of factors 1 - aᵢ; the blocks give
    1 + aᵢ."""
    return all_paths([-slope for slope in slopes])


@by_length.mistake
def powers_of_the_sum(slopes):
    """You take powers of the sum of the slopes. (a + b)² also holds a², a path twice through one block."""
    return np.array([float(sum(slopes)) ** k for k in range(len(slopes) + 1)])


@by_length.mistake
def without_the_longest(slopes):
    """The path through all blocks is missing: there are n + 1 lengths, from 0 to n."""
    return all_paths(slopes)[:-1]


@by_length.mistake
def in_size(slopes):
    """You dropped the signs. A negative slope changes the sign of the gradient on its path, and paths may cancel."""
    return all_paths([abs(slope) for slope in slopes])


@by_length.mistake
def up_to_length(slopes):
    """Your entry k holds all paths through *at most* k blocks. Asked are those through exactly k."""
    return np.cumsum(all_paths(slopes))


# --- 6 -----------------------------------------------------------------------------------------


@exercise("Repair a dead net", points=3)
def repair():
    """Return nothing, but give the model's parameters new values with which every layer keeps the size of its input.

    model is a Sequential of Linear and ReLU layers. Its weights are far too small and its biases far below zero: every
    hidden unit is dead. `layer.weight.data[...] = …` overwrites a weight of shape (in, out). Afterwards the weights are
    drawn from rng, with the mean 0 and He's size √(2/in), and every bias is 0, or at most 0.1 away from it.
    """
    for sizes, seed, about in [
        ([2, 24, 24, 24, 2], 0, ""),
        ([2, 32, 32, 32, 32, 32, 32, 32, 32, 2], 1, "eight hidden layers"),
        ([2, 12, 48, 12, 2], 2, "layers of unequal width"),
        ([2, 250, 150, 2], 3, "wide layers"),
    ]:
        yield Case(
            {"sizes": sizes, "seed": seed}, call=repaired, accept=partial(wrong_repair, sizes, seed), about=about
        )
    about = "two generators, and the first again"
    yield Case({"sizes": [2, 12, 2]}, call=repaired_thrice, accept=wrong_seeds, about=about)


def dead_net(sizes, seed):
    """A network in which every hidden unit is dead from the start."""
    model = nn.MLP(sizes, activation="relu", rng=np.random.default_rng(seed))
    for layer in model:
        if isinstance(layer, nn.Linear):
            layer.weight.data *= 0.01
            layer.bias.data -= 1.0
    return model


def share_dead(model, x):
    """The largest share, over the hidden layers, of units that are 0 for every example."""
    shares, values = [], Tensor(x)
    with no_grad():
        for layer in model:
            values = layer(values)
            if isinstance(layer, nn.ReLU):
                shares.append((values.data == 0).all(axis=0).mean())
    return float(max(shares))


class Layers(list):
    """Pairs (weight, bias), one for each layer. A report shows a line for each."""

    def __repr__(self):
        return "\n".join(
            f"{weight.shape}: size {size_of(weight):.2g}, biases {bias.min():.2g} to {bias.max():.2g}"
            for weight, bias in self
        )


def layers_of(model):
    return Layers((layer.weight.data, layer.bias.data) for layer in model if isinstance(layer, nn.Linear))


def repaired(repair, sizes, seed):
    """The weights and biases of a repaired net, or the answer of a stub."""
    model = dead_net(sizes, seed)
    answer = repair(model, np.random.default_rng(seed))
    return answer if answer is ... else layers_of(model)


def repaired_thrice(repair, sizes):
    """The first weight by two generators, and by one that begins as the first did."""
    weights = []
    for seed in (5, 6, 5):
        model = dead_net(sizes, 0)
        answer = repair(model, np.random.default_rng(seed))
        weights.append(layers_of(model)[0][0])
    return answer if answer is ... else weights


def wrong_seeds(weights):
    one, other, again = weights
    if array_equal(one, other):
        return "Two generators give the same weights: draw them from rng."
    if not array_equal(one, again):
        return "From the same seed come other weights: draw them from rng alone, or no run can be repeated."
    return None


def wrong_repair(sizes, seed, layers):
    """A sentence on the first error in the weights and biases of a repaired net, or None."""
    before = layers_of(dead_net(sizes, seed))
    if all(map(np.array_equal, sum(layers, ()), sum(before, ()))):
        return (
            "Your code ran, and every weight and bias of the model has stayed as it was. A new model, or a new value "
            "for a name, does not change the one that came in. Write into its arrays."
        )
    for number, ((weight, bias), (n_in, n_out)) in enumerate(zip(layers, pairwise(sizes), strict=True), 1):
        if (weight.shape, bias.shape) != ((n_in, n_out), (n_out,)):
            return (
                f"Layer {number} has a weight of shape {weight.shape} and a bias of shape {bias.shape} now, expected "
                f"{(n_in, n_out)} and {(n_out,)}."
            )
        if (weight == weight[:, :1]).all() or (weight == weight[:1]).all() and n_in > 1:
            return (
                f"In layer {number} all weights of a row, or all of a column, are equal. Units with equal weights get "
                "equal gradients and stay equal: each weight is drawn for itself."
            )
    return wrong_sizes(layers) or wrong_means(layers) or wrong_biases(layers)


def noise(weight, sigmas=4):
    """How far the mean of a random weight, or its size, lies from where it should be: relative to its size."""
    return 0.01 + sigmas / np.sqrt(weight.size)


def has_size(weight, size):
    return abs(size_of(weight) / size - 1) <= noise(weight)


# The size of a weight by another rule, and what it does.
OTHER_SIZES = [
    (
        lambda n_in, n_out: np.sqrt(1 / n_in),
        "Your weights have the size 1/√n, with n inputs. That is right where nothing is cut off. A ReLU sets half of "
        "what it gets to 0: the mean square halves in each layer.",
    ),
    (
        lambda n_in, n_out: np.sqrt(2 / n_out),
        "Your weights have the size √(2/out). Each unit adds up its *inputs*: on the way forward they count. Where a "
        "layer has more outputs than inputs, the signal shrinks.",
    ),
    (
        lambda n_in, n_out: np.sqrt(2 / (n_in + n_out)),
        "That is Xavier's size, √(2/(in + out)). A ReLU lets half of the signal through; He's √(2/in) makes up for it.",
    ),
    (
        lambda n_in, n_out: 1.0,
        "Your weights have the size 1, whatever the width: with n inputs each layer multiplies the size by about "
        "√(n/2). The loss starts in the hundreds or beyond.",
    ),
    (
        lambda n_in, n_out: 2 / n_in,
        "Your weights have the size 2/n, with n inputs. That is the variance; the size, which is the standard "
        "deviation, is its root.",
    ),
    (
        lambda n_in, n_out: np.sqrt(2 / n_in / 3),
        "Your weights are smaller than He's size by √3: uniform numbers between -a and a have the deviation a/√3.",
    ),
]


def wrong_sizes(layers, names=None):
    """A sentence on weights that do not have He's size, or None. names : those of the layers, by default 1, 2, …"""
    names = names or range(1, len(layers) + 1)
    wrong = [i for i, (weight, _) in enumerate(layers) if not has_size(weight, np.sqrt(2 / len(weight)))]
    if not wrong:
        return None
    fitting = {}  # how far the weights are from another rule -> what it does
    for size, sentence in OTHER_SIZES:
        if all(has_size(weight, size(*weight.shape)) for weight, _ in layers):
            far = sum(abs(np.log(size_of(weight) / size(*weight.shape))) for weight, _ in layers)
            fitting[far] = sentence
    if fitting:
        return fitting[min(fitting)]
    weight = layers[wrong[0]][0]
    return (
        f"The weights of layer {names[wrong[0]]} have the size {size_of(weight):.3g}, the root of their mean square. "
        f"With {len(weight)} inputs, He's size is √(2/{len(weight)}) = {np.sqrt(2 / len(weight)):.3g}."
    )


def wrong_means(layers, names=None):
    """A sentence on weights that do not lie around 0, or None."""
    for number, (weight, _) in zip(names or range(1, len(layers) + 1), layers, strict=True):
        if abs(weight.mean()) > noise(weight, sigmas=5) * size_of(weight):
            return f"The weights of layer {number} have the mean {weight.mean():.2g}, not 0: half of them are negative."
        means = weight.mean(axis=0)  # of each unit's weights
        if np.abs(means).max() > 6 * size_of(weight) / np.sqrt(len(weight)):
            unit = int(np.abs(means).argmax())
            return (
                f"The weights into unit {unit} of layer {number} have the mean {means[unit]:.2g}. Each weight is drawn "
                "for itself, around 0."
            )
    return None


def wrong_biases(layers):
    """A sentence on biases that are not 0, or None."""
    for number, (_, bias) in enumerate(layers, 1):
        if np.abs(bias).max() > 0.1:
            return (
                f"The weights are mended. The biases of layer {number} go from {bias.min():.2g} to {bias.max():.2g}. "
                "They shift every unit, whatever comes in, and one far below zero holds it at 0. Set them to 0."
            )
    return None


# --- 7 -----------------------------------------------------------------------------------------


@exercise("Examine and treat", points=4)
def treat():
    """Return a dictionary from the places of the sick layers to their kinds, and mend these layers, and no others.

    model is a Sequential in which Linear and ReLU take turns, with a Linear at the end. Each Linear but the last is
    judged with its ReLU, by what the pair makes of x: "dead" if at least three quarters of its units are dead,
    otherwise "small" if its factor is below 1/3, "large" if it is above 3. A sick layer gets He's weights, drawn from
    rng, and biases of 0. A layer is judged by what the layers before it send after they are mended.
    """
    for sizes, sick, about in [
        ([16, 24, 30, 3], {2: "dead"}, ""),
        ([16, 24, 24, 3], {0: "small"}, ""),
        ([20, 30, 30, 30, 2], {4: "large"}, ""),
        ([20, 30, 24, 3], {}, "a healthy network"),
        ([16, 24, 24, 24, 24, 2], {2: "dead", 6: "large"}, "two layers are sick"),
        ([16, 24, 24, 24, 24, 24, 3], {0: "large", 4: "small", 8: "dead"}, "three layers are sick"),
        ([24, 30, 30, 30, 24, 3], {2: "most", 4: "half"}, "24 of 30 units dead in one layer, half in another"),
        ([16, 40, 24, 32, 3], {0: "dead", 2: "dead", 4: "small"}, "every layer is sick"),
        ([16, 24, 24, 3], {2: "dead and small"}, "dead, and with small weights"),
        ([16, 24, 24, 3], {2: "small", 4: "large"}, "a last layer with large weights"),
        (
            [30, 40, 40, 40, 40, 3],
            {0: "rather large", 2: "rather large", 4: "rather large"},
            "healthy factors that add up",
        ),
        ([30, 60, 20, 50, 4], {2: "small", 4: "large"}, "layers of unequal width"),
        ([10, 120, 10, 120, 3], {}, "healthy layers, twelve times as wide or as narrow as what they get"),
        ([16, 24, 32, 3], {2: "three quarters"}, "three quarters of the units dead, and no more"),
        ([30, 40, 48, 3], {0: "rather small", 2: "nearly large"}, "healthy factors of 0.4 and 2.6"),
    ]:
        yield treatment(sizes, sick, len(sizes) + len(sick), about)
    half = "half of the units are dead in a layer, and it is healthy"
    for sizes, sick, seed, about in [
        ([38, 33, 20], {0: "half"}, 963, half),
        ([35, 27, 21, 21, 29], {2: "half"}, 985, half),
        ([22, 37, 40, 22], {2: "half"}, 184, half),
        ([22, 34, 30, 32, 30], {0: "rather large", 2: "large", 4: "half"}, 636, half),
        ([45, 47, 27], {0: "dead"}, 465, "a layer of two thousand weights"),
    ]:
        yield treatment(sizes, sick, seed, about)
    yield Case(
        {"sizes": [16, 24, 3]}, call=treated_thrice, accept=wrong_seeds, about="two generators, and the first again"
    )


# How a layer is made sick: the share of its units whose bias is far below zero, and a factor for its weights.
FAULTS = {
    "dead": (1.0, 1.0),
    "dead and small": (1.0, 0.01),
    "most": (0.8, 1.0),
    "three quarters": (0.75, 1.0),
    "half": (0.5, 1.0),  # this one and the next three are not sick
    "rather small": (0.0, 0.4),
    "rather large": (0.0, 1.7),
    "nearly large": (0.0, 2.6),
    "small": (0.0, 0.05),
    "large": (0.0, 20.0),
}
KINDS = {
    "dead": "dead",
    "dead and small": "dead",
    "most": "dead",
    "three quarters": "dead",
    "small": "small",
    "large": "large",
}
FOUR = {4: "large", 8: "dead", 14: "small", 18: "dead"}  # the patient at the end of the exercises


def patient(sizes, sick, seed):
    """A network by He's rule in which some layers are sick: place -> fault."""
    rng = np.random.default_rng(seed)
    model = nn.MLP(sizes, activation="relu", rng=rng)
    for place in range(0, len(model), 2):
        share, factor = FAULTS.get(sick.get(place), (0.0, 1.0))
        layer = model[place]
        nn.init.kaiming_normal_(layer.weight, rng=rng)
        layer.weight.data *= factor
        layer.bias.data[...] = 0.0
        layer.bias.data[: round(share * len(layer.bias))] = -1e4
    return model


def treatment(sizes, sick, seed, about=""):
    return Case(
        {"sizes": sizes, "sick": sick, "seed": seed},
        call=treated,
        accept=partial(wrong_treatment, sizes, sick, seed),
        about=about,
    )


class Treated:
    """A treatment: the kinds that were found, and the layers afterwards."""

    def __init__(self, found, layers):
        self.found, self.layers = found, layers

    def __repr__(self):
        return f"{self.found}\n{self.layers}"


def seen_by(sizes, seed):
    """The examples that a network is judged by."""
    return np.random.default_rng(seed + 100).normal(size=(200, sizes[0])).astype(np.float32)


def treated(treat, sizes, sick, seed):
    model = patient(sizes, sick, seed)
    found = treat(model, seen_by(sizes, seed), np.random.default_rng(seed))
    return found if found is ... or found is None else Treated(found, layers_of(model))


def treated_thrice(treat, sizes):
    """The weight of a dead layer by two generators, and by one that begins as the first did."""
    weights = []
    for seed in (5, 6, 5):
        model = patient(sizes, {0: "dead"}, 0)
        answer = treat(model, seen_by(sizes, 0), np.random.default_rng(seed))
        weights.append(layers_of(model)[0][0])
    return answer if answer is ... or answer is None else weights


def wrong_treatment(sizes, sick, seed, answer):
    """A sentence on the first error in a treatment, or None."""
    last = 2 * (len(sizes) - 2)
    expected = {place: KINDS[fault] for place, fault in sick.items() if fault in KINDS and place < last}
    if not isinstance(answer.found, dict):
        return f"Return a dictionary, place -> kind. Yours is a {type(answer.found).__name__}."
    if not all(isinstance(place, int | np.integer) for place in answer.found):
        return "The keys of the dictionary are the places, 0, 2, 4, …, and its values are the kinds."
    found = {int(place): str(kind).strip().lower() for place, kind in answer.found.items()}
    if found != expected:
        return wrong_findings(sizes, sick, seed, found, expected)
    before = layers_of(patient(sizes, sick, seed))
    for place, (new, old) in enumerate(zip(answer.layers, before, strict=True)):
        place *= 2
        same = [array_equal(*pair) for pair in zip(new, old, strict=True)]
        if place not in expected and not all(same):
            hint = " The last layer is not judged." if place == last else ""
            return f"Layer {place} is not sick, and it has changed. Leave it exactly as it is.{hint}"
        if place in expected and all(same):
            return (
                f"You found that layer {place} is sick, and left it as it was. Write into its arrays: a new array "
                "under an old name changes nothing in the model."
            )
        if place in expected and same[0] and sick[place] != "large":
            return f"The weights of layer {place} have stayed as they were. A sick layer gets new ones, drawn from rng."
    mended = Layers(layer for place, layer in enumerate(answer.layers) if 2 * place in expected)
    for (weight, bias), place in zip(mended, expected, strict=True):
        if weight.shape != before[place // 2][0].shape:
            return f"Layer {place} has a weight of shape {weight.shape} now, expected {before[place // 2][0].shape}."
        if (weight == weight[:, :1]).all() or (weight == weight[:1]).all():
            return f"In layer {place} all weights of a row or of a column are equal. Each is drawn for itself."
        if np.abs(bias).max() > 0.1:
            return f"The biases of layer {place} go from {bias.min():.2g} to {bias.max():.2g}. Set them to 0."
    rescaled = [place for place in expected if is_rescaled(answer.layers[place // 2][0], before[place // 2][0])]
    if rescaled:
        return (
            f"The weights of layer {rescaled[0]} are the old ones, times a number. A sick layer gets new ones, drawn "
            "from rng."
        )
    return wrong_sizes(mended, list(expected)) or wrong_means(mended, list(expected))


def is_rescaled(new, old):
    """Return True if a weight is a multiple of another."""
    return abs((new * old).sum()) > 0.99 * np.linalg.norm(new) * np.linalg.norm(old)


def wrong_findings(sizes, sick, seed, found, expected):
    """A sentence on the first place where the kinds differ."""
    place = min(set(found.items()) ^ set(expected.items()))[0]
    yours, right = found.get(place), expected.get(place)
    last = 2 * (len(sizes) - 2)
    if place == last:
        return f"Layer {place} is the last one. No ReLU follows it, and it is not judged."
    if place > last or place % 2:
        return f"There is no linear layer at place {place}. They are at 0, 2, 4, …, {last}."
    factor, dead = judged(sizes, {o: f for o, f in sick.items() if o >= place or f not in KINDS}, seed, place)
    units = sizes[place // 2 + 1]
    figures = f"its factor is {factor:.2g}, and {dead} of its {units} units are dead"
    earlier = [other for other in expected if other < place]
    if right is None and earlier and yours == kind_by(*judged(sizes, sick, seed, place), units):
        return (
            f"You found {yours!r} in layer {place}. Once the layers before it are mended, {figures}: it is healthy. "
            f"Judge it by what they send after layer {earlier[-1]} is mended."
        )
    if right is None:
        return f"You found {yours!r} in layer {place}, and it is healthy: {figures}."
    if yours is None:
        return f"Layer {place} is sick, and you have not found it. When it is reached, {figures}."
    if right == "dead" and yours == "small":
        return f"Layer {place} is 'dead', and you say 'small': {figures}. Ask for dead units first."
    return f"You found {yours!r} in layer {place}, and it is {right!r}: {figures}."


def judged(sizes, sick, seed, place):
    """The factor and the number of dead units of a layer; nan if nothing arrives at it."""
    model, x = patient(sizes, sick, seed), seen_by(sizes, seed)
    with no_grad():
        comes = model[:place](x).data if place else x
        goes = model[place : place + 2](comes).data
    return np.divide(size_of(goes), size_of(comes)), int((goes == 0).all(axis=0).sum())


def kind_by(factor, dead, units):
    """The kind of a pair by its figures, or None."""
    if dead >= 0.75 * units:
        return "dead"
    return "small" if factor < 1 / 3 else "large" if factor > 3 else None
