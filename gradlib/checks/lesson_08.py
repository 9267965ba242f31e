"""The checks of lesson 08."""

import numpy as np

from gradlib import Parameter, Tensor, nn
from gradlib.checks import Case, exercise, named

TITLE = "Layers and initialization"


# --- 1 -----------------------------------------------------------------------------------------


class Part:
    """A thing with attributes, some of which are parameters, parts, or lists of these."""

    def __init__(self, **attributes):
        vars(self).update(attributes)


@exercise("Finding the parameters", points=3)
def parameters():
    """Return a list of all parameters of a part: those among its attributes, in order, and those of the parts inside
    of it.

    An attribute may be a Parameter, a Part, a list of these, or anything else. Each parameter is listed once, also
    where two parts share it. For a part with attributes weight (a parameter) and head (a part with a parameter bias)
    it is [weight, bias].
    """
    for name, about in [
        ("two of its own", ""),
        ("a part inside", ""),
        ("parts three deep", ""),
        ("a list of parts", "a list"),
        ("a shared parameter", "a parameter in two places"),
        ("nothing", "no parameter at all"),
        ("other attributes", "attributes that are neither"),
        ("a list in a list", "a list inside of a list"),
    ]:
        yield Case({"part": name}, call=names_found, expected=EXPECTED[name], about=about)


EXPECTED = {
    "two of its own": ["weight", "bias"],
    "a part inside": ["first", "weight", "last"],
    "parts three deep": ["a", "b", "c"],
    "a list of parts": ["w0", "b0", "w1", "b1"],
    "a shared parameter": ["shared", "own"],
    "nothing": [],
    "other attributes": ["weight"],
    "a list in a list": ["p", "q", "r"],
}


def built(name):
    """The part of a case, and {parameter: its name}."""
    names = {}

    def p(label):
        made = Parameter(np.zeros(1))
        names[made] = label
        return made

    if name == "two of its own":
        part = Part(weight=p("weight"), bias=p("bias"))
    elif name == "a part inside":
        part = Part(first=p("first"), inner=Part(weight=p("weight")), last=p("last"))
    elif name == "parts three deep":
        part = Part(a=p("a"), inner=Part(b=p("b"), inner=Part(c=p("c"))))
    elif name == "a list of parts":
        part = Part(layers=[Part(weight=p(f"w{i}"), bias=p(f"b{i}")) for i in range(2)])
    elif name == "a shared parameter":
        shared = p("shared")
        part = Part(encoder=Part(weight=shared), decoder=Part(weight=shared, bias=p("own")))
    elif name == "other attributes":
        data = Tensor([1.0])
        part = Part(size=3, name="layer", mask=data, weight=p("weight"), scale=None, rates=[0.1, 0.2])
    elif name == "a list in a list":
        part = Part(blocks=[[p("p")], [Part(weight=p("q")), p("r")]])
    else:
        part = Part(size=3)
    return part, names


def names_found(parameters, part):
    part, names = built(part)
    found = parameters(part)
    if found is None or found is ...:
        return found
    return [names.get(each, "something else") for each in found]


def collected(part, inside=True, lists=True, once=True, tensors=False):
    """The right way, with switches that turn it wrong."""
    found = []

    def look(thing):
        if isinstance(thing, Parameter) or (tensors and isinstance(thing, Tensor)):
            if not (once and any(thing is other for other in found)):
                found.append(thing)
        elif isinstance(thing, Part) and inside:
            for attribute in vars(thing).values():
                look(attribute)
        elif isinstance(thing, (list, tuple)) and lists:
            for each in thing:
                look(each)

    for attribute in vars(part).values():
        look(attribute)
    return found


@parameters.mistake
def own_only(part):
    """You list the part's own parameters, and not those of the parts inside of it. Ask these in the same way."""
    return collected(part, inside=False, lists=False)


@parameters.mistake
def lists_passed_by(part):
    """Parameters and parts in a list were not found. A network keeps its layers in a list: look into it."""
    return collected(part, lists=False)


@parameters.mistake
def listed_twice(part):
    """A parameter that two parts share is listed twice: the optimizer would move it twice a step."""
    return collected(part, once=False)


@parameters.mistake
def every_tensor(part):
    """You list every tensor. Only a Parameter is to be trained: a mask or the data is a tensor, too."""
    return collected(part, tensors=True)


@parameters.mistake
def backwards(part):
    """All of them, in the wrong order: attributes come in the order in which they were set."""
    return collected(part)[::-1]


# --- 2 -----------------------------------------------------------------------------------------


@exercise("A linear layer", points=3)
def linear():
    """Return nothing, but complete the class: a module with parameters weight (in, out) and bias (out,), whose
    forward gives x @ weight + bias.

    `Linear(3, 2)(x)` takes x of shape (N, 3) to (N, 2). With bias=False there is no bias, and only one parameter. The
    bias starts at 0.
    """
    for n, inputs, outputs, bias in [(4, 3, 2, True), (2, 2, 5, True), (1, 3, 2, False)]:
        rng = np.random.default_rng(n)
        x, weight, b = rng.normal(size=(n, inputs)), rng.normal(size=(inputs, outputs)), rng.normal(size=outputs)
        yield Case(
            {"x": x, "weight": weight, "bias": b if bias else None},
            call=output_of,
            expected=x @ weight + (b if bias else 0.0),
            rtol=1e-5,
            about="" if bias else "no bias",
        )
    yield Case(
        {"in_features": 3, "out_features": 2, "bias": True},
        call=shapes_of,
        expected=[(3, 2), (2,)],
        about="the parameters",
    )
    yield Case(
        {"in_features": 3, "out_features": 2, "bias": False}, call=shapes_of, expected=[(3, 2)], about="the parameters"
    )
    yield Case(
        {"in_features": 3, "out_features": 2}, call=bias_at_start, expected=np.zeros(2), about="the bias at the start"
    )
    yield Case({"in_features": 3, "out_features": 2}, call=gets_gradients, expected=[True, True], about="gradients")


def output_of(Linear, x, weight, bias):
    layer = Linear(*weight.shape, bias is not None)
    layer.weight.data = weight
    if bias is not None:
        layer.bias.data = bias
    return layer(Tensor(x.astype(np.float32))).data


def shapes_of(Linear, in_features, out_features, bias):
    return [each.shape for each in Linear(in_features, out_features, bias).parameters()]


def bias_at_start(Linear, in_features, out_features):
    return Linear(in_features, out_features).bias.data


def gets_gradients(Linear, in_features, out_features):
    layer = Linear(in_features, out_features)
    loss = layer(Tensor(np.ones((4, in_features), dtype=np.float32))).sum()
    if loss.requires_grad:
        loss.backward()
    return [layer.weight.grad is not None, layer.bias.grad is not None]


class RightLinear(nn.Module):
    """A right answer; the mistakes below change one method of it."""

    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        self.weight = Parameter(np.full((in_features, out_features), 0.1, dtype=np.float32))
        self.bias = Parameter(np.zeros(out_features, dtype=np.float32)) if bias else None

    def forward(self, x):
        z = x @ self.weight
        return z if self.bias is None else z + self.bias


@linear.mistake
class BiasForgotten(RightLinear):
    """forward leaves out the bias."""

    def forward(self, x):
        return x @ self.weight


@linear.mistake
class TensorsForParameters(RightLinear):
    """weight and bias are tensors, and no parameters: `parameters()` does not find them, and an optimizer would never
    move them."""

    def __init__(self, in_features, out_features, bias=True):
        super().__init__(in_features, out_features, bias)
        weight, own_bias = self.weight.data.copy(), None if self.bias is None else self.bias.data.copy()
        del self.weight, self.bias
        self.weight = Tensor(weight, requires_grad=True)
        self.bias = None if own_bias is None else Tensor(own_bias, requires_grad=True)


@linear.mistake
class BiasOfOnes(RightLinear):
    """The bias starts at 1. There is nothing to break with it: it starts at 0."""

    def __init__(self, in_features, out_features, bias=True):
        super().__init__(in_features, out_features, bias)
        if bias:
            self.bias.data = np.ones(out_features)


@linear.mistake
class BiasAlways(RightLinear):
    """With bias=False there is a bias all the same."""

    def __init__(self, in_features, out_features, bias=True):
        super().__init__(in_features, out_features)


@linear.mistake
class CutByData(RightLinear):
    """The numbers are right, and no gradient arrives: forward works with `.data`, which is a plain array, and so cuts
    the graph."""

    def forward(self, x):
        return Tensor(super().forward(x).data) + 0.0 * (self.weight.sum().detach())


# --- 3 -----------------------------------------------------------------------------------------


@exercise("He initialization", points=2)
def he():
    """Return random weights of shape (n_in, n_out) with mean 0 and standard deviation √(2/n_in), drawn from rng.

    For n_in = 200 the standard deviation is 0.1. Normal or uniform numbers will both do.
    """
    for n_in, n_out, about in [
        (400, 300, ""),
        (300, 900, "more outputs than inputs"),
        (1000, 60, "fewer outputs"),
        (8, 5000, "few inputs"),
    ]:
        yield Case(
            {"n_in": n_in, "n_out": n_out, "seed": 1},
            call=figures_of,
            accept=lambda figures, n_in=n_in, n_out=n_out: wrong_weights(figures, n_in, n_out),
            about=about,
        )
    yield Case({"n_in": 4, "n_out": 3}, call=draws_anew, expected=True, about="two draws from one generator")


def figures_of(he, n_in, n_out, seed):
    """Shape, mean and standard deviation: what a report can show of many numbers."""
    weights = he(n_in, n_out, np.random.default_rng(seed))
    if weights is None or weights is ...:
        return weights
    weights = np.asarray(weights)
    return {"shape": weights.shape, "mean": round(float(weights.mean()), 6), "std": round(float(weights.std()), 6)}


def wrong_weights(figures, n_in, n_out):
    """What is wrong with the weights, or None. A band of six standard errors and more."""
    wanted = np.sqrt(2 / n_in)
    if figures["shape"] != (n_in, n_out):
        return f"The shape is {figures['shape']}, expected {(n_in, n_out)}: a weight is stored as (in, out)."
    std, mean = figures["std"], figures["mean"]
    if abs(mean) > 0.03 * wanted:
        return f"The mean is {mean:.3g}, not 0: half of the weights should be negative."
    if abs(std / wanted - 1) < 0.03:
        return None
    return f"The standard deviation is {std:.4g}, expected √(2/{n_in}) = {wanted:.4g}."


def draws_anew(he, n_in, n_out):
    rng = np.random.default_rng(0)
    first = he(n_in, n_out, rng)
    if first is None or first is ...:
        return first
    return not np.array_equal(first, he(n_in, n_out, rng))


@he.mistake
def variance_for_deviation(n_in, n_out, rng):
    """2/n is the variance. `rng.normal` takes the standard deviation, its square root."""
    return rng.normal(0.0, 2 / n_in, size=(n_in, n_out))


@he.mistake
def outputs_counted(n_in, n_out, rng):
    """You divide by the number of outputs. On the way forward each unit adds up its *inputs*: they count."""
    return rng.normal(0.0, np.sqrt(2 / n_out), size=(n_in, n_out))


@he.mistake
def xavier(n_in, n_out, rng):
    """That is Xavier's size, 2/(n_in + n_out). A ReLU lets half of the signal through; He's 2/n_in makes up for it."""
    return rng.normal(0.0, np.sqrt(2 / (n_in + n_out)), size=(n_in, n_out))


@he.mistake
def without_the_two(n_in, n_out, rng):
    """That keeps the size where nothing is cut off. A ReLU sets half of its inputs to 0: the variance has to be twice
    as large."""
    return rng.normal(0.0, np.sqrt(1 / n_in), size=(n_in, n_out))


@he.mistake
def uniform_limit(n_in, n_out, rng):
    """You draw uniformly between ±√(2/n). The standard deviation of numbers between ±a is a/√3: the limit has to be
    larger by √3."""
    limit = np.sqrt(2 / n_in)
    return rng.uniform(-limit, limit, size=(n_in, n_out))


@he.mistake
def not_centred(n_in, n_out, rng):
    """All weights are positive. The mean is to be 0: half of them negative."""
    return np.abs(rng.normal(0.0, np.sqrt(2 / n_in), size=(n_in, n_out)))


# --- 4 -----------------------------------------------------------------------------------------


@exercise("Symmetry", points=2)
def different_units():
    """Return for each start how many of the 3 hidden units differ from each other after training, as a dictionary.

    The net is 2 → 3 → 1 with tanh, trained by gradient descent. "zeros": all weights 0. "constant": all weights 0.5.
    "random": all random. "last zero": the first layer random, the last 0. "first zero": the first layer 0, the last
    random. 1 means that all three are alike.
    """
    yield Case(
        expected={name: trained_units(name) for name in ("zeros", "constant", "random", "last zero", "first zero")}
    )


def trained_units(start):
    """How many different columns the first weight has after 50 steps."""
    rng = np.random.default_rng(0)
    first, last = rng.normal(size=(2, 3)), rng.normal(size=(3, 1))
    first = {"zeros": 0 * first, "constant": 0 * first + 0.5, "first zero": 0 * first}.get(start, first)
    last = {"zeros": 0 * last, "constant": 0 * last + 0.5, "last zero": 0 * last}.get(start, last)
    x, y = rng.normal(size=(20, 2)), rng.normal(size=(20, 1))
    for _ in range(50):
        h = np.tanh(x @ first)
        g = 2 * (h @ last - y) / len(x)
        back = g @ last.T * (1 - h**2)
        last, first = last - 0.1 * h.T @ g, first - 0.1 * x.T @ back
    return len(np.unique(first.round(9), axis=1).T)


@different_units.mistake
def zeros_learn():
    """From zeros nothing starts: the hidden units give 0, so the last weights get no gradient, and through last
    weights of 0 no gradient comes back."""
    return {"zeros": 3, "constant": 1, "random": 3, "last zero": 3, "first zero": 3}


@different_units.mistake
def constants_differ():
    """Units with equal weights compute the same, get the same gradient, and take the same step: they stay equal for
    ever."""
    return {"zeros": 1, "constant": 3, "random": 3, "last zero": 3, "first zero": 3}


@different_units.mistake
def one_zero_layer_is_enough():
    """One layer of zeros does no harm if the other differs: the gradients that it gets, or hands on, differ from unit
    to unit."""
    return {"zeros": 1, "constant": 1, "random": 3, "last zero": 1, "first zero": 1}


# --- 5 -----------------------------------------------------------------------------------------


@exercise("The gain of an activation", points=2)
def gain():
    """Return by which factor to multiply weights before an activation f, so that the size of the signal stays.

    For z from a standard normal distribution, the mean of f(z)² times the square of the gain is 1. rng draws the z.
    For f(z) = z/2 the gain is 2. Draw enough of them for two digits.
    """
    for name, f, right, about in [
        ("relu", lambda z: np.maximum(z, 0), np.sqrt(2), ""),
        ("identity", lambda z: z, 1.0, ""),
        ("half", lambda z: z / 2, 2.0, ""),
        ("absolute value", np.abs, 1.0, ""),
        ("sign plus a half", lambda z: np.sign(z) + 0.5, 1 / np.sqrt(1.25), "a mean that is not 0"),
    ]:
        yield Case(
            {"f": named(name, f), "seed": 0},
            call=lambda gain, f, seed: gain(f, np.random.default_rng(seed)),
            expected=right,
            rtol=0.03,
            about=about,
        )


@gain.mistake
def gain_upside_down(f, rng):
    """That is the size of what comes out, for inputs of size 1. The gain makes up for it: one over that."""
    return float(np.sqrt((f(rng.normal(size=200_000)) ** 2).mean()))


@gain.mistake
def gain_squared(f, rng):
    """You have one over the mean square. That is the square of the gain."""
    return float(1 / (f(rng.normal(size=200_000)) ** 2).mean())


@gain.mistake
def gain_by_deviation(f, rng):
    """You take the standard deviation of f(z), which leaves out its mean. The next layer adds up f(z) as it is, mean
    and all: it is the mean square that counts."""
    return float(1 / f(rng.normal(size=200_000)).std())


@gain.mistake
def gain_by_absolute_value(f, rng):
    """You take the mean of |f(z)|. What adds up in the next layer are variances: squares."""
    return float(1 / np.abs(f(rng.normal(size=200_000))).mean())
