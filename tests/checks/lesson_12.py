"""Answers to the exercises of lesson 12."""

from functools import partial
from itertools import combinations
from math import prod

import numpy as np

from gradlib import Tensor, nn
from gradlib.checks import Case
from gradlib.checks import lesson_12 as check

from .harness import answers_to

arriving = answers_to(check.arriving)


def rms(values):
    return float(np.sqrt((np.asarray(values) ** 2).mean()))


@arriving.right
def with_kept_gradients(model, layers, x, loss):
    outputs = {}

    def keep(layer, inputs, output):
        output.retain_grad()
        outputs[layer] = output

    handles = [layer.register_forward_hook(keep) for layer in layers]
    loss(model(x)).backward()
    for handle in handles:
        handle.remove()
    return [rms(outputs[layer].grad) for layer in layers]


@arriving.right
def with_hooks_on_tensors(model, layers, x, loss):
    sizes = [0.0] * len(layers)

    def watch(place):
        def note(gradient):
            sizes[place] = np.linalg.norm(gradient) / gradient.size**0.5

        return layers[place].register_forward_hook(lambda layer, inputs, output: output.register_hook(note) and None)

    handles = list(map(watch, range(len(layers))))
    try:
        loss(model(x)).backward()
    finally:
        [handle.remove() for handle in handles]
    return np.array(sizes)


@arriving.right
def by_a_leaf_at_each_output(model, layers, x, loss):
    """The hook replaces the output by one with a leaf added, of whose gradient the same arrives."""
    leaves = {}

    def add(layer, inputs, output):
        leaves[id(layer)] = Tensor(np.zeros(output.shape, dtype=np.float32), requires_grad=True)
        return output + leaves[id(layer)]

    handles = [layer.register_forward_hook(add) for layer in layers]
    loss(model(x)).backward()
    for handle in handles:
        handle.remove()
    return tuple(rms(leaves[id(layer)].grad) for layer in layers)


@arriving.inputs
def _(rng):
    net = str(rng.choice(list(check.NETS)))
    call = check.watched_twice if rng.random() < 0.3 else check.watched
    return Case({"net": net}, check.sizes_by_graph(*check.NETS[net]()), call=call)


def seen(model, layers, x, loss, remove=True):
    """The layers' outputs, by layer, in the order of the calls."""
    outputs = {}

    def keep(layer, inputs, output):
        output.retain_grad()
        outputs[layer] = output

    handles = [layer.register_forward_hook(keep) for layer in layers]
    loss(model(x)).backward()
    if remove:
        [handle.remove() for handle in handles]
    return outputs


@arriving.wrong("hooks are left on the layers")
def without_remove(*inputs):
    outputs = seen(*inputs, remove=False)
    return [rms(outputs[layer].grad) for layer in inputs[1]]


@arriving.wrong("hook is left on the layers")
def removes_all_but_one(model, layers, x, loss):
    layers[0].register_forward_hook(lambda *anything: None)
    return with_kept_gradients(model, layers, x, loss)


KEPT = []


@arriving.wrong("A second call with the same model")
def remembers_the_first(model, layers, x, loss):
    sizes = with_kept_gradients(model, layers, x, loss)
    if any(seen_before is model for seen_before in KEPT):
        return sizes + sizes
    KEPT.append(model)
    return sizes


@arriving.wrong("what the layers send forward")
def of_the_outputs(model, layers, x, loss):
    outputs = seen(model, layers, x, loss)
    return [rms(outputs[layer].data) for layer in layers]


@arriving.wrong("gradients of the layers' weights")
def of_weights(model, layers, x, loss):
    loss(model(x)).backward()
    return [rms(layer.weight.grad) for layer in layers]


@arriving.wrong("the root of the *sum* of the squares")
def norms(model, layers, x, loss):
    outputs = seen(model, layers, x, loss)
    return [float((outputs[layer].grad ** 2).sum()) ** 0.5 for layer in layers]


@arriving.wrong("mean of the absolute values")
def absolute(model, layers, x, loss):
    outputs = seen(model, layers, x, loss)
    return [float(abs(outputs[layer].grad).mean()) for layer in layers]


@arriving.wrong("the largest entry")
def largest(model, layers, x, loss):
    outputs = seen(model, layers, x, loss)
    return [max(abs(outputs[layer].grad).ravel().tolist()) for layer in layers]


@arriving.wrong("left out the root")
def squares(model, layers, x, loss):
    outputs = seen(model, layers, x, loss)
    return [float(np.mean(outputs[layer].grad ** 2)) for layer in layers]


@arriving.wrong("the standard deviation")
def deviation(model, layers, x, loss):
    outputs = seen(model, layers, x, loss)
    return [float(np.std(outputs[layer].grad)) for layer in layers]


@arriving.wrong("the last layer first")
def in_order_of_arrival(model, layers, x, loss):
    sizes = []

    def watch(layer, inputs, output):
        output.register_hook(lambda gradient: sizes.append(rms(gradient)))

    handles = [layer.register_forward_hook(watch) for layer in layers]
    loss(model(x)).backward()
    [handle.remove() for handle in handles]
    return sizes


@arriving.wrong("in which the model calls its layers")
def in_order_of_calls(model, layers, x, loss):
    return [rms(output.grad) for output in seen(model, layers, x, loss).values()]


@arriving.wrong("from the sum of the outputs")
def from_the_sum(model, layers, x, loss):
    return with_kept_gradients(model, layers, x, lambda output: output.sum())


@arriving.wrong("positive and negative ones cancel")
def plain_means(model, layers, x, loss):
    outputs = seen(model, layers, x, loss)
    return [float(outputs[layer].grad.sum() / outputs[layer].grad.size) for layer in layers]


@arriving.wrong("gradients of the layers' biases")
def of_biases(model, layers, x, loss):
    loss(model(x)).backward()
    return [rms(layer.bias.grad) for layer in layers]


@arriving.wrong("in which the model calls its layers")
def in_order_of_calls_with_hooks_left(model, layers, x, loss):
    return [rms(output.grad) for output in seen(model, layers, x, loss, remove=False).values()]


@arriving.wrong()
def returns_the_handle_from_the_hook(model, layers, x, loss):
    sizes = []
    for layer in layers:
        layer.register_forward_hook(lambda layer, inputs, output: output.register_hook(sizes.append))
    loss(model(x)).backward()
    return sizes


@arriving.wrong("You call the layers yourself")
def as_a_chain(model, layers, x, loss):
    """Right for a Sequential that is watched at all of its linear layers alone."""
    values, outputs = Tensor(x), []
    for layer in layers:
        values = layer(values)
        values.retain_grad()
        outputs.append(values)
    loss(values).backward()
    return [rms(output.grad) for output in outputs]


@arriving.wrong("You added up the entries of each gradient")
def added_up(model, layers, x, loss):
    found = seen(model, layers, x, loss)
    return [float(found[layer].grad.sum()) for layer in layers]


@arriving.wrong("the length of each example's gradient")
def lengths_of_rows(model, layers, x, loss):
    found = seen(model, layers, x, loss)
    return [float(np.sqrt((found[layer].grad ** 2).sum(axis=-1)).mean()) for layer in layers]


@arriving.wrong()
def of_one(model, layers, x, loss):
    return with_kept_gradients(model, layers, x, loss)[:1]


dead = answers_to(check.dead_units)


@dead.right
def all_at_once(batches):
    return np.flatnonzero((np.concatenate(batches) == 0).all(axis=0))


@dead.wrong("Dead are those whose output is always 0")
def without_spread(batches):
    return np.flatnonzero(np.concatenate(batches).std(axis=0) == 0)


@dead.right
def unit_by_unit(batches):
    found = []
    for unit in range(batches[0].shape[1]):
        if not any(row[unit] for batch in batches for row in batch):
            found.append(unit)
    return found


@dead.right
def by_sets(batches):
    silent = set(range(batches[0].shape[1]))
    for batch in batches:
        silent -= {int(unit) for unit in np.argwhere(batch)[:, 1]}
    return tuple(sorted(silent))


@dead.right
def as_where_gives_them(batches):
    return np.where((np.vstack(batches) == 0).all(axis=0))


@dead.right
def as_argwhere_gives_them(batches):
    return np.argwhere(~np.vstack(batches).any(axis=0))


@dead.inputs
def _(rng):
    units = rng.integers(1, 6)
    batches = [
        rng.integers(-1, 3, size=(rng.integers(1, 4), units)) * (rng.random(units) < 0.6) * 1.0
        for _ in range(rng.integers(1, 4))
    ]
    alive = np.concatenate(batches).any(axis=0)
    return Case({"batches": batches}, [int(i) for i in np.flatnonzero(~alive)], call=check.places)


@dead.wrong("in *some* batch")
def adds_up_batches(batches):
    found = set()
    for batch in batches:
        found |= set(np.flatnonzero((batch == 0).all(axis=0)).tolist())
    return sorted(found)


@dead.wrong("the first batch alone")
def first_batch(batches):
    return np.flatnonzero((batches[0] == 0).all(axis=0))


@dead.wrong("silent in the last batch")
def overwrites(batches):
    for batch in batches:
        silent = (batch == 0).all(axis=0)
    return np.where(silent)[0]


@dead.wrong("0 for *some* example")
def any_for_all(batches):
    return np.flatnonzero(np.any([(batch == 0).any(axis=0) for batch in batches], axis=0))


@dead.wrong("add up to 0")
def by_sums(batches):
    return np.flatnonzero(sum(batch.sum(axis=0) for batch in batches) == 0)


@dead.wrong("outputs below 0 as silent")
def below_zero(batches):
    return np.flatnonzero(~(np.vstack(batches) > 0).any(axis=0))


@dead.wrong("counted a tiny output as 0")
def close(batches):
    return np.flatnonzero(np.isclose(np.vstack(batches), 0).all(axis=0))


@dead.wrong("the units that are alive")
def living(batches):
    return np.flatnonzero(np.vstack(batches).any(axis=0))


@dead.wrong("over axis 1")
def rows(batches):
    return np.flatnonzero((np.vstack(batches) == 0).all(axis=1))


@dead.wrong("This is a mask")
def mask(batches):
    return (np.vstack(batches) == 0).all(axis=0)


@dead.wrong("how many units are dead")
def number(batches):
    return int((np.vstack(batches) == 0).all(axis=0).sum())


@dead.wrong("from 1")
def from_one(batches):
    return 1 + np.flatnonzero((np.vstack(batches) == 0).all(axis=0))


@dead.wrong("for half of the examples")
def for_half(batches):
    zeros = (np.vstack(batches) == 0).sum(axis=0)
    return np.flatnonzero(2 * zeros >= sum(map(len, batches)))


@dead.wrong("for each batch separately")
def batch_by_batch(batches):
    return [np.flatnonzero((batch == 0).all(axis=0)).tolist() for batch in batches]


@dead.wrong()
def share(batches):
    return float((np.vstack(batches) == 0).all(axis=0).mean())


@dead.wrong()
def nobody(batches):
    return []


blame = answers_to(check.to_blame)


@blame.right
def in_two_passes(layers):
    for place, layer in enumerate(layers):
        if layer["size"] != layer["size"]:
            return place, "NaN"
        if layer["dead"] == 1:
            return place, "dead"
    place, factor = 0, 1.0
    for i in range(1, len(layers)):
        f = layers[i - 1]["gradient"] / layers[i]["gradient"]
        if max(f, 1 / f) > max(factor, 1 / factor):
            place, factor = i, f
    if factor < 0.1:
        return place, "shrinks"
    return (place, "grows") if factor > 10 else (None, "healthy")


@blame.right
def by_sorting(layers):
    sick = [i for i, layer in enumerate(layers) if np.isnan(layer["size"]) or layer["dead"] >= 1]
    if sick:
        return [sick[0], "NaN" if np.isnan(layers[sick[0]]["size"]) else "dead"]
    logs = np.diff([np.log10(layer["gradient"]) for layer in layers])
    ranked = sorted(range(len(logs)), key=lambda i: -abs(logs[i]))
    if abs(logs[ranked[0]]) <= 1:
        return [None, "healthy"]
    return [ranked[0] + 1, "grows" if logs[ranked[0]] < 0 else "shrinks"]


@blame.inputs
def _(rng):
    count = rng.integers(2, 6)
    gradients = 10.0 ** rng.normal(0, rng.choice([0.3, 2.0]), size=count)
    sizes, dead = np.ones(count), rng.uniform(0, 0.95, size=count)
    if rng.random() < 0.3:
        sizes[rng.integers(count) :] = np.nan
    if rng.random() < 0.3:
        dead[rng.integers(count)] = 1.0
    return {"layers": check.described(gradients.tolist(), sizes.tolist(), dead.tolist())}


def factors(layers):
    gradients = np.array([layer["gradient"] for layer in layers])
    with np.errstate(all="ignore"):
        return gradients[:-1] / gradients[1:]


def after_the_forward_look(judge):
    """A wrong answer that looks forward correctly."""

    def answer(layers):
        right = in_two_passes(layers)
        return right if right[1] in ("NaN", "dead") else judge(layers)

    return answer


def blamed_by(words):
    return lambda judge: blame.wrong(words)(after_the_forward_look(judge))


@blamed_by("with the smallest gradient")
def smallest(layers):
    place, kind = in_two_passes(layers)
    return (place, kind) if place is None else (min(range(len(layers)), key=lambda i: layers[i]["gradient"]), kind)


@blamed_by("at whose output the changed gradient arrives")
def off_by_one(layers):
    place, kind = in_two_passes(layers)
    return (None, kind) if place is None else (place - 1, kind)


@blamed_by("the two words are exchanged")
def the_other_word(layers):
    place, kind = in_two_passes(layers)
    return place, {"shrinks": "grows", "grows": "shrinks"}.get(kind, kind)


@blamed_by("the first layer whose factor")
def first_found(layers):
    for place, factor in enumerate(factors(layers), 1):
        if factor < 0.1:
            return place, "shrinks"
        if factor > 10:
            return place, "grows"
    return None, "healthy"


@blamed_by("by a difference")
def differences(layers):
    far = abs(factors(layers) - 1)
    factor = factors(layers)[far.argmax()]
    if 0.1 <= factor <= 10:
        return None, "healthy"
    return int(far.argmax()) + 1, "shrinks" if factor < 1 else "grows"


@blamed_by("A layer may also let the gradient grow")
def shrinking_alone(layers):
    found = factors(layers)
    return (int(found.argmin()) + 1, "shrinks") if found.min() < 0.1 else (None, "healthy")


@blamed_by("A layer may also let the gradient shrink")
def growing_alone(layers):
    found = factors(layers)
    return (int(found.argmax()) + 1, "grows") if found.max() > 10 else (None, "healthy")


@blamed_by("the last layer whose factor")
def last_found(layers):
    found = None, "healthy"
    for place, factor in enumerate(factors(layers), 1):
        if factor < 0.1:
            found = place, "shrinks"
        elif factor > 10:
            found = place, "grows"
    return found


@blamed_by("You always blame a layer")
def never_healthy(layers):
    found = np.log(factors(layers))
    place = int(abs(found).argmax())
    return place + 1, "shrinks" if found[place] < 0 else "grows"


@blamed_by("sizes of the outputs")
def forward_factors(layers):
    return in_two_passes([{**layer, "gradient": layer["size"]} for layer in layers])


@blame.wrong("half of the units are dead")
def half(layers):
    return in_two_passes([{**layer, "dead": float(layer["dead"] >= 0.5)} for layer in layers])


@blame.wrong("as soon as one of its units")
def one(layers):
    return in_two_passes([{**layer, "dead": float(layer["dead"] > 0)} for layer in layers])


@blame.wrong("the last layer that is NaN or dead")
def last_one(layers):
    found = in_two_passes(layers)
    for place, layer in enumerate(layers):
        if np.isnan(layer["size"]):
            found = place, "NaN"
        elif layer["dead"] == 1:
            found = place, "dead"
    return found


@blame.wrong("for a NaN in all layers first")
def two_loops(layers):
    for place, layer in enumerate(layers):
        if np.isnan(layer["size"]):
            return place, "NaN"
    return in_two_passes(layers)


@blame.wrong("for dead layers first")
def two_loops_turned(layers):
    for place, layer in enumerate(layers):
        if layer["dead"] == 1:
            return place, "dead"
    return in_two_passes(layers)


@blame.wrong("The kind comes first in your pair")
def in_the_other_order(layers):
    place, kind = in_two_passes(layers)
    return kind, place


@blame.wrong()
def only_backward(layers):
    found = abs(np.log(factors(layers)))
    place = int(found.argmax())
    return (place + 1, "shrinks") if found[place] > np.log(10) else (None, "healthy")


@blame.wrong()
def nan_by_equality(layers):
    for place, layer in enumerate(layers):
        if layer["size"] == float("nan"):
            return place, "NaN"
    return in_two_passes([{**layer, "size": 1.0} for layer in layers])


@blame.wrong()
def the_place_alone(layers):
    return in_two_passes(layers)[0]


residual = answers_to(check.residual_backward)


@residual.right
def by_formulas(g, x, W, a):
    h = np.tanh(x @ W)
    d = a * g * (1 - h * h)
    return g + d @ W.T, x.T @ d, np.sum(g * h)


@residual.right
def example_by_example(g, x, W, a):
    of_x, of_W, of_a = np.zeros_like(x), np.zeros_like(W), 0.0
    for n in range(len(x)):
        h = np.tanh(x[n] @ W)
        jacobian = np.eye(len(W)) + a * (1 - h**2)[:, None] * W.T
        of_x[n] = g[n] @ jacobian
        of_W += np.outer(x[n], a * g[n] * (1 - h**2))
        of_a += g[n] @ h
    return of_x, of_W, of_a


@residual.right
def with_einsum(g, x, W, a):
    z = np.einsum("ni,ij->nj", x, W)
    d = g / np.cosh(z) ** 2 * a
    return [g + np.einsum("nj,ij->ni", d, W), np.einsum("ni,nj->ij", x, d), np.einsum("nj,nj->", g, np.tanh(z))]


@residual.inputs
def _(rng):
    count, width = rng.integers(1, 4, size=2)
    g, x = rng.normal(size=(2, count, width))
    return {"g": g, "x": x, "W": rng.normal(size=(width, width)), "a": float(rng.normal())}


def but(of_x=None, of_W=None, of_a=None):
    """A wrong answer: one of the three is made otherwise."""

    def answer(g, x, W, a):
        right = by_formulas(g, x, W, a)
        made = [of_x, of_W, of_a]
        return tuple(other(g, x, W, a) if other else value for other, value in zip(made, right, strict=True))

    return answer


def inner(g, x, W, a):
    return a * g * (1 - np.tanh(x @ W) ** 2)


residual.wrong("The path is missing")(but(lambda g, x, W, a: inner(g, x, W, a) @ W.T))
residual.wrong("The gradient of x is g alone")(but(lambda g, x, W, a: g))
residual.wrong("The path is multiplied by a")(but(lambda g, x, W, a: a * g + inner(g, x, W, a) @ W.T))
residual.wrong("you multiply by W")(but(lambda g, x, W, a: g + inner(g, x, W, a) @ W))
residual.wrong("single number that all entries use")(but(of_a=lambda g, x, W, a: g * np.tanh(x @ W)))
residual.wrong("you take the mean over the entries")(but(of_a=lambda g, x, W, a: (g * np.tanh(x @ W)).mean()))
residual.wrong("a stands in its own gradient")(but(of_a=lambda g, x, W, a: a * (g * np.tanh(x @ W)).sum()))
residual.wrong("The gradient of W is transposed")(but(of_W=lambda g, x, W, a: inner(g, x, W, a).T @ x))
residual.wrong("The path counts twice")(but(lambda g, x, W, a: 2 * g + inner(g, x, W, a) @ W.T))
residual.wrong("g, not 1, is added")(but(lambda g, x, W, a: 1 + inner(g, x, W, a) @ W.T))
residual.wrong("by the number of examples")(but(of_W=lambda g, x, W, a: x.T @ inner(g, x, W, a) / len(x)))
residual.wrong("g is missing in the gradient of a")(but(of_a=lambda g, x, W, a: np.tanh(x @ W).sum()))
residual.wrong()(but(lambda g, x, W, a: g * (1 + inner(g, x, W, a) @ W.T)))
residual.wrong()(but(lambda g, x, W, a: x + inner(g, x, W, a) @ W.T))


@residual.wrong("The slope of tanh is missing")
def no_slope(g, x, W, a):
    return g + (a * g) @ W.T, x.T @ (a * g), (g * np.tanh(x @ W)).sum()


@residual.wrong("1 - h for the slope")
def no_square(g, x, W, a):
    d = a * g * (1 - np.tanh(x @ W))
    return g + d @ W.T, x.T @ d, (g * np.tanh(x @ W)).sum()


@residual.wrong("the slope of the sigmoid")
def as_a_sigmoid(g, x, W, a):
    h = np.tanh(x @ W)
    d = a * g * h * (1 - h)
    return g + d @ W.T, x.T @ d, (g * h).sum()


@residual.wrong("You square the product x W itself")
def squared_product(g, x, W, a):
    z = x @ W
    d = a * g * (1 - z**2)
    return g + d @ W.T, x.T @ d, (g * np.tanh(z)).sum()


@residual.wrong("a is missing on the way")
def no_a(g, x, W, a):
    d = g * (1 - np.tanh(x @ W) ** 2)
    return g + d @ W.T, x.T @ d, (g * np.tanh(x @ W)).sum()


@residual.wrong("does not go through tanh")
def through_the_slope(g, x, W, a):
    slope = 1 - np.tanh(x @ W) ** 2
    d = a * g * slope
    return g + d @ W.T, x.T @ d, (g * slope).sum()


@residual.wrong("The gradients of x and W have changed places")
def weight_first(g, x, W, a):
    of_x, of_W, of_a = by_formulas(g, x, W, a)
    return of_W, of_x, of_a


@residual.wrong()
def x_alone(g, x, W, a):
    return by_formulas(g, x, W, a)[0]


lengths = answers_to(check.by_length)


@lengths.right
def block_by_block(slopes):
    sums = [1.0]
    for slope in slopes:
        sums = [b + slope * t for b, t in zip([*sums, 0.0], [0.0, *sums], strict=True)]
    return sums


@lengths.right
def as_a_polynomial(slopes):
    sums = np.array([1.0])
    for slope in slopes:
        sums = np.polymul(sums, [slope, 1.0])
    return np.concatenate([np.zeros(len(slopes) + 1 - len(sums)), sums])[::-1]


@lengths.right
def in_place_from_behind(slopes):
    sums = np.zeros(len(slopes) + 1)
    sums[0] = 1
    for i, slope in enumerate(slopes, 1):
        for k in range(i, 0, -1):
            sums[k] += slope * sums[k - 1]
    return sums


@lengths.inputs
def _(rng):
    return {"slopes": [float(slope) for slope in rng.normal(size=rng.integers(0, 6))]}


def over_all(slopes, value):
    return [float(sum(map(value, combinations(slopes, k)))) for k in range(len(slopes) + 1)]


lengths.wrong("You count the paths")(lambda slopes: over_all(slopes[:12], lambda path: 1))
lengths.wrong("You add up the slopes along a path")(
    lambda slopes: [1.0, *over_all(slopes, sum)[1:]] if len(slopes) < 10 else slopes
)
lengths.wrong("reversed order")(lambda slopes: block_by_block(slopes)[::-1])
lengths.wrong("The path around all blocks is missing")(lambda slopes: block_by_block(slopes)[1:])
lengths.wrong("Entry 0 is 0 in your list")(lambda slopes: [0.0, *block_by_block(slopes)[1:]])
lengths.wrong("You dropped the signs")(lambda slopes: block_by_block(list(map(abs, slopes))))
lengths.wrong("*at most* k blocks")(lambda slopes: np.cumsum(block_by_block(slopes)))
lengths.wrong()(lambda slopes: float(np.prod(1 + np.array(slopes))))
lengths.wrong()(lambda slopes: [1.0, *slopes])


@lengths.wrong("means over the paths")
def means(slopes):
    paths = over_all([1.0] * len(slopes), prod) if len(slopes) < 10 else [1.0] * (len(slopes) + 1)
    return np.array(block_by_block(slopes)) / paths


@lengths.wrong("powers of the slopes")
def of_powers(slopes):
    return [1.0] + [float((np.array(slopes) ** k).sum()) for k in range(1, len(slopes) + 1)]


@lengths.wrong("next to each other")
def runs(slopes):
    count = len(slopes)
    return [1.0] + [float(sum(prod(slopes[i : i + k]) for i in range(count + 1 - k))) for k in range(1, count + 1)]


@lengths.wrong("through the first k blocks")
def prefixes(slopes):
    sums = [1.0]
    for slope in slopes:
        sums.append(sums[-1] * slope)
    return sums


@lengths.wrong("go through the same block twice")
def from_the_front(slopes):
    sums = np.zeros(len(slopes) + 1)
    sums[0] = 1
    for slope in slopes:
        for k in range(1, len(sums)):
            sums[k] += slope * sums[k - 1]
    return sums


@lengths.wrong("as in a set")
def as_a_set(slopes):
    return [float(sum(map(prod, {*combinations(slopes, k)}))) for k in range(len(slopes) + 1)]


lengths.wrong("Every second entry has the wrong sign")(lambda slopes: np.atleast_1d(np.poly(slopes)))
lengths.wrong("powers of the sum")(lambda slopes: [sum(slopes) ** k for k in range(len(slopes) + 1)])
lengths.wrong("there are n + 1 lengths")(lambda slopes: block_by_block(slopes)[:-1])


ANOTHER = np.random.default_rng(4)


mend = answers_to(check.repair)


def linears(model):
    return [layer for layer in model if isinstance(layer, nn.Linear)]


@mend.right
def he(model, rng):
    for layer in linears(model):
        layer.weight.data[...] = rng.normal(size=layer.weight.shape) * np.sqrt(2 / layer.weight.shape[0])
        layer.bias.data[...] = 0.0


@mend.right
def he_uniform(model, rng):
    for layer in linears(model):
        limit = np.sqrt(6 / layer.weight.shape[0])
        layer.weight.data = rng.uniform(-limit, limit, size=layer.weight.shape)
        layer.bias.data = np.zeros(layer.bias.shape)
    return model


@mend.right
def by_the_librarys_init(model, rng):
    for layer in linears(model):
        nn.init.kaiming_normal_(layer.weight, rng=rng)
        nn.init.zeros_(layer.bias)


@mend.right
def with_new_parameters_and_small_biases(model, rng):
    for layer in linears(model):
        n_in, n_out = layer.weight.shape
        layer.weight = nn.Parameter(rng.choice([-1.0, 1.0], size=(n_in, n_out)) * (2 / n_in) ** 0.5)
        layer.bias = nn.Parameter(np.full(n_out, 0.01))


@mend.inputs
def _(rng):
    if rng.random() < 0.1:
        return Case({"sizes": [2, 12, 2]}, call=check.repaired_thrice, accept=check.wrong_seeds)
    sizes, seed = [int(width) for width in rng.integers(2, 60, size=rng.integers(2, 5))], int(rng.integers(1000))
    return Case({"sizes": sizes, "seed": seed}, call=check.repaired, accept=partial(check.wrong_repair, sizes, seed))


@mend.stub
def returns_dots(model, rng):
    return ...


def sized(size, bias=0.0, draw=np.random.Generator.standard_normal):
    """A repair with weights of another size, drawn by `draw` from a generator of its own kind."""

    def repair(model, rng):
        for layer in linears(model):
            layer.weight.data[...] = size(*layer.weight.shape) * draw(rng, size=layer.weight.shape)
            layer.bias.data[...] = bias if np.isscalar(bias) else bias(rng, layer.bias.shape)

    return repair


def he_size(n_in, n_out):
    return np.sqrt(2 / n_in)


mend.wrong("the mean square halves in each layer")(sized(lambda n_in, n_out: n_in**-0.5))
mend.wrong("Each unit adds up its *inputs*")(sized(lambda n_in, n_out: (2 / n_out) ** 0.5))
mend.wrong("That is Xavier's size")(sized(lambda n_in, n_out: (2 / (n_in + n_out)) ** 0.5))
mend.wrong("The loss starts in the hundreds")(sized(lambda n_in, n_out: 1.0))
mend.wrong("That is the variance")(sized(lambda n_in, n_out: 2 / n_in))
mend.wrong("uniform numbers between -a and a have the deviation")(
    sized(he_size, draw=lambda rng, size: rng.uniform(-1, 1, size))
)
mend.wrong("The weights of layer 1 have the size 17.6")(sized(lambda n_in, n_out: 20.0))
mend.wrong("The weights of layer 1 have the size 0.0")(sized(lambda n_in, n_out: 0.03))
mend.wrong("not 0: half of them are negative")(sized(he_size, draw=lambda rng, size: abs(rng.standard_normal(size))))
mend.wrong("The biases of layer 1 go from -0.5 to -0.5")(sized(he_size, bias=-0.5))
mend.wrong("They shift every unit")(sized(he_size, bias=lambda rng, shape: rng.normal(size=shape)))
mend.wrong("all of a column, are equal")(sized(lambda n_in, n_out: 0.0))
mend.wrong("each weight is drawn for itself")(sized(he_size, draw=lambda rng, size: np.ones(size)))
mend.wrong("each weight is drawn for itself")(
    sized(he_size, draw=lambda rng, size: np.tile(rng.normal(size=(size[0], 1)), size[1]))
)
mend.wrong("Two generators give the same weights")(
    sized(he_size, draw=lambda rng, size: np.random.default_rng(0).normal(size=size))
)


@mend.wrong("From the same seed come other weights")
def another_source(model, rng):
    he(model, ANOTHER)


@mend.wrong("The weights are mended")
def only_weights(model, rng):
    for layer in linears(model):
        layer.weight.data[...] = rng.normal(size=layer.weight.shape) * (2 / layer.weight.shape[0]) ** 0.5


@mend.wrong("The weights of layer 1 have the size")
def only_biases(model, rng):
    for layer in linears(model):
        nn.init.zeros_(layer.bias)


@mend.wrong("The weights of layer 2 have the size")
def only_the_first_layer(model, rng):
    first = linears(model)[0]
    first.weight.data[...] = rng.normal(size=first.weight.shape)
    first.bias.data[...] = 0.0


@mend.wrong("has stayed as it was")
def a_new_model(model, rng):
    model = nn.MLP([2, 24, 24, 24, 2], rng=rng)
    return model


@mend.wrong("has stayed as it was")
def a_new_value_for_a_name(model, rng):
    for layer in linears(model):
        weight = layer.weight.data
        weight = rng.normal(size=weight.shape)  # noqa: F841


@mend.wrong()
def plain_arrays(model, rng):
    for layer in linears(model):
        layer.weight = rng.normal(size=layer.weight.shape) * np.sqrt(2 / len(layer.weight))
        layer.bias = np.zeros(layer.bias.shape)


@mend.wrong("has a weight of shape (24, 2)")
def transposed(model, rng):
    for layer in linears(model):
        layer.weight = nn.Parameter(rng.normal(size=layer.weight.shape[::-1]) * np.sqrt(2 / layer.weight.shape[0]))
        layer.bias.data[...] = 0.0


cure = answers_to(check.treat)


def kind_of(goes, comes):
    """The kind of a pair, or None."""
    ratio = np.divide(rms(goes), rms(comes))
    if (goes == 0).all(axis=0).mean() >= 0.75:
        return "dead"
    return "small" if ratio < 1 / 3 else "large" if ratio > 3 else None


def mend_one(layer, rng):
    layer.weight.data[...] = rng.normal(size=layer.weight.shape) * np.sqrt(2 / len(layer.weight))
    layer.bias.data[...] = 0


@cure.right
def pair_by_pair(model, x, rng):
    found = {}
    for place in range(0, len(model) - 1, 2):
        pair = model[place : place + 2]
        kind = kind_of(pair(x).data, x)
        if kind:
            found[place] = kind
            mend_one(model[place], rng)
        x = pair(x).data
    return found


@cure.right
def again_and_again(model, x, rng):
    """Treat the first sick layer, and begin again from the inputs."""
    found = {}
    while True:
        values = [x]
        for layer in model:
            values.append(layer(Tensor(values[-1])).data)
        for place in range(0, len(model) - 1, 2):
            kind = kind_of(values[place + 2], values[place])
            if kind:
                found[place] = kind
                mend_one(model[place], rng)
                break
        else:
            return dict(sorted(found.items()))


@cure.right
def uniform_and_new_parameters(model, x, rng):
    found = {}
    for place in range(0, len(model) - 1, 2):
        layer, goes = model[place], model[place : place + 2](x).data
        if (kind := kind_of(goes, x)) is not None:
            found[place] = kind
            limit = np.sqrt(6 / len(layer.weight))
            layer.weight = nn.Parameter(rng.uniform(-limit, limit, size=layer.weight.shape).astype(np.float32))
            layer.bias = nn.Parameter(np.zeros(layer.bias.shape, dtype=np.float32))
            goes = model[place : place + 2](x).data
        x = goes
    return found


FAR_FROM_THE_LIMITS = ["dead", "dead and small", "most", "half", "rather large", "small", "large"]  # at any width


@cure.inputs
def _(rng):
    if rng.random() < 0.1:
        return Case({"sizes": [16, 24, 3]}, call=check.treated_thrice, accept=check.wrong_seeds)
    sizes = [int(width) for width in rng.integers(20, 50, size=rng.integers(3, 6))]
    sick = {}
    for place in range(0, 2 * (len(sizes) - 2), 2):
        if rng.random() < 0.5:
            sick[place] = str(rng.choice(FAR_FROM_THE_LIMITS))
    return check.treatment(sizes, sick, int(rng.integers(1000)))


@cure.stub
def gives_dots(model, x, rng):
    return ...


def treating(judge=kind_of, mend=mend_one, look_again=True, every=False, last=1):
    """A treatment of which one part is another."""

    def answer(model, x, rng):
        found = {}
        for place in range(0, len(model) - last, 2):
            pair = model[place : place + 2]
            before = pair(x).data
            kind = judge(before, x)
            if kind or every:
                mend(model[place], rng)
            if kind:
                found[place] = kind
            x = pair(x).data if look_again else before
        return found

    return answer


def judged_by(dead=0.75, low=1 / 3, high=3.0, size=rms):
    def judge(goes, comes):
        ratio = np.divide(size(goes), size(comes))
        if (goes == 0).all(axis=0).mean() >= dead:
            return "dead"
        return "small" if ratio < low else "large" if ratio > high else None

    return judge


def mended_by(size=lambda layer: np.sqrt(2 / len(layer.weight)), draw=np.random.Generator.standard_normal, bias=0.0):
    def mend(layer, rng):
        layer.weight.data[...] = size(layer) * draw(rng, size=layer.weight.shape)
        layer.bias.data[...] = bias

    return mend


cure.wrong("it is healthy. Judge it by what they send")(treating(look_again=False))
cure.wrong("Layer 0 is not sick, and it has changed")(treating(every=True))
cure.wrong("Layer 4 is the last one")(treating(last=0))
cure.wrong("'dead', and you say 'small'")(treating(judged_by(dead=2.0)))
cure.wrong("Layer 2 is sick, and you have not found it")(treating(lambda goes, comes: None))
cure.wrong("You found 'dead' in layer 0, and it is healthy: its factor is")(treating(judged_by(dead=0.4)))
cure.wrong("You found 'small' in layer 0, and it is healthy: its factor is")(treating(judged_by(dead=1.0, low=0.9)))
cure.wrong("Layer 4 is sick, and you have not found it")(treating(judged_by(high=1e9)))
cure.wrong("Layer 0 is sick, and you have not found it")(treating(judged_by(low=0.0)))
cure.wrong("24 of its 32 units are dead")(treating(judged_by(dead=0.76)))
cure.wrong("You found 'small' in layer 0, and it is healthy")(treating(judged_by(low=0.5)))
cure.wrong("You found 'large' in layer 2, and it is healthy")(treating(judged_by(high=2.0)))
cure.wrong("You found 'small' in layer 0, and it is healthy")(treating(judged_by(size=np.std)))
cure.wrong("You found 'small' in layer 0, and it is healthy")(treating(judged_by(size=lambda z: np.abs(z).mean())))
cure.wrong("You found 'large' in layer 0, and it is healthy")(treating(judged_by(size=np.linalg.norm)))
cure.wrong("left it as it was")(treating(mend=lambda layer, rng: None))
cure.wrong("The weights of layer 2 have stayed as they were")(
    treating(mend=lambda layer, rng: nn.init.zeros_(layer.bias))
)
cure.wrong("The biases of layer 2 go from")(
    treating(mend=lambda layer, rng: nn.init.kaiming_normal_(layer.weight, rng=rng))
)
cure.wrong("the mean square halves in each layer")(treating(mend=mended_by(lambda layer: len(layer.weight) ** -0.5)))
cure.wrong("That is the variance")(treating(mend=mended_by(lambda layer: 2 / len(layer.weight))))
cure.wrong("have the mean")(treating(mend=mended_by(draw=lambda rng, size: abs(rng.standard_normal(size)))))
cure.wrong("are equal. Each is drawn for itself")(treating(mend=mended_by(draw=lambda rng, size: np.ones(size))))
cure.wrong("Two generators give the same weights")(
    treating(mend=mended_by(draw=lambda rng, size: np.random.default_rng(0).standard_normal(size)))
)
cure.wrong("From the same seed come other weights")(
    treating(mend=mended_by(draw=lambda rng, size: ANOTHER.standard_normal(size)))
)


@cure.wrong("Return a dictionary")
def the_places(model, x, rng):
    return list(pair_by_pair(model, x, rng))


@cure.wrong("it is healthy. Judge it by what they send")
def all_judged_before(model, x, rng):
    values, found = x, {}
    for place in range(0, len(model) - 1, 2):
        goes = model[place : place + 2](values).data
        kind = "dead" if not values.any() else kind_of(goes, values)
        if kind:
            found[place] = kind
        values = goes
    for place in found:
        mend_one(model[place], rng)
    return found


@cure.wrong("times a number")
def rescaled(model, x, rng):
    found = {}
    for place in range(0, len(model) - 1, 2):
        layer, pair = model[place], model[place : place + 2]
        kind = kind_of(pair(x).data, x)
        if kind:
            found[place] = kind
            if kind == "dead":
                mend_one(layer, rng)
            else:
                layer.weight.data *= np.sqrt(2 / len(layer.weight)) / layer.weight.data.std()
        x = pair(x).data
    return found


@cure.wrong("sick, and you have not found it")
def the_first_alone(model, x, rng):
    for place in range(0, len(model) - 1, 2):
        pair = model[place : place + 2]
        kind = kind_of(pair(x).data, x)
        if kind:
            mend_one(model[place], rng)
            return {place: kind}
        x = pair(x).data
    return {}


@cure.wrong("You found 'large' in layer 4, and it is healthy")
def compared_with_the_inputs(model, x, rng):
    found = {}
    for place in range(0, len(model) - 1, 2):
        kind = kind_of(model[: place + 2](x).data, x)
        if kind:
            found[place] = kind
            mend_one(model[place], rng)
    return found


@cure.wrong("The keys of the dictionary are the places")
def by_kind(model, x, rng):
    return {kind: place for place, kind in pair_by_pair(model, x, rng).items()}


@cure.wrong()
def returns_nothing(model, x, rng):
    pair_by_pair(model, x, rng)


@cure.wrong("There is no linear layer at place 1")
def by_number(model, x, rng):
    return {place // 2: kind for place, kind in pair_by_pair(model, x, rng).items()}
