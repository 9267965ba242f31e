"""The checks of lesson 08."""

from functools import partial
from types import GeneratorType

import numpy as np

from gradlib import Parameter, Tensor, nn
from gradlib.checks.cases import Case, Refused
from gradlib.checks.exercises import exercise
from gradlib.checks.values import describe, is_number, named, show

TITLE = "Layers and initialization"


# --- 1 -----------------------------------------------------------------------------------------

# Names of the parameters in reports. All hold the same number, so that a comparison of numbers finds only one.
LETTERS = {name: Parameter(np.zeros(1)) for name in "abcd"}


class Part:
    """An object with attributes, some of which are parameters, parts, or lists of these."""

    def __init__(self, **attributes):
        vars(self).update(attributes)

    def __repr__(self):
        return f"Part({', '.join(f'{name}={shown(value)}' for name, value in vars(self).items())})"


def shown(value):
    """A parameter by its letter, another tensor by its type, anything else by its repr."""
    if isinstance(value, list):
        return f"[{', '.join(map(shown, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{shown(key)}: {shown(each)}" for key, each in value.items()) + "}"
    if isinstance(value, Tensor):
        letter = next((name for name, parameter in LETTERS.items() if parameter is value), None)
        return letter or f"a {type(value).__name__}"
    return repr(value)


@exercise("Finding the parameters", points=3)
def parameters():
    """Return a list of all parameters of a part: those among its attributes, in order, and those of the parts in it.

    An attribute may be a Parameter, a Part, a list of these, a list of lists, or anything else, a tensor or a
    dictionary, of which nothing is listed. Each parameter is listed once, also where two parts share it. For a part
    with attributes weight (a parameter) and head (a part with a parameter bias) it is [weight, bias].
    """
    a, b, c, d = LETTERS.values()
    data, with_gradient, shared = Tensor([1.0]), Tensor([1.0], requires_grad=True), Part(weight=a, bias=b)
    for part, expected, about in [
        (Part(weight=a, bias=b), "ab", ""),
        (Part(weight=a, head=Part(bias=b), scale=c), "abc", ""),
        (Part(inner=Part(inner=Part(weight=a), bias=b)), "ab", ""),
        (Part(layers=[Part(weight=a, bias=b), Part(weight=c), d]), "abcd", "a list"),
        (Part(encoder=Part(weight=a), decoder=Part(weight=a, bias=b)), "ab", "a parameter in two places"),
        (Part(size=3), "", "no parameter at all"),
        (Part(size=3, name="layer", mask=data, weight=a, rates=[0.1, 0.2]), "a", "attributes that are neither"),
        (Part(blocks=[[a], [Part(weight=b), [c, d]]]), "abcd", "a list inside a list"),
        (Part(steps=[0.1, a, "b"], rest=[], heads=[[], Part(), b]), "ab", "lists that begin with something else"),
        (Part(mean=with_gradient, weight=a), "a", "a tensor that has a gradient and is not a parameter"),
        (Part(cache={"last": a, b: c}, weight=d), "d", "a dictionary, into which nobody looks"),
        (Part(first=shared, second=shared, third=[shared, c]), "abc", "a part in three places"),
    ]:
        yield Case({"part": part}, call=letters_of, expected=list(expected), about=about)


def letters_of(parameters, part):
    found = parameters(part)
    return [name_of(each) for each in found] if isinstance(found, list | tuple | GeneratorType) else found


def name_of(thing):
    """The letter of a parameter, the type of anything else."""
    return shown(thing) if isinstance(thing, Tensor) else f"a {type(thing).__name__}"


def collected(part, inside=True, lists=True, once=True, tensors=None, dicts=False, same=lambda p, q: p is q):
    """A right answer, with switches that make it wrong."""
    found = []

    def look(thing, depth=0):
        if isinstance(thing, Parameter) or (isinstance(thing, Tensor) and tensors and tensors(thing)):
            if not (once and any(same(thing, other) for other in found)):
                found.append(thing)
        elif isinstance(thing, Part) and inside:
            for attribute in vars(thing).values():
                look(attribute)
        elif isinstance(thing, (list, tuple)) and (lists is True or lists == "flat" and not depth):
            for each in thing:
                look(each, depth + 1)
        elif isinstance(thing, dict) and dicts:
            look(list(thing.values()), depth)

    for attribute in vars(part).values():
        look(attribute)
    return found


@parameters.mistake
def own_only(part):
    """You list the part's own parameters, and not those of the parts inside it. Ask these in the same way."""
    return collected(part, inside=False, lists=False)


@parameters.mistake
def lists_passed_by(part):
    """Parameters and parts in a list were not found. A network keeps its layers in a list: look into it."""
    return collected(part, lists=False)


@parameters.mistake
def lists_in_lists_passed_by(part):
    """A list may hold lists, and you look only into the outer one. Look into the inner ones in the same way."""
    return collected(part, lists="flat")


@parameters.mistake
def compared_by_numbers(part):
    """Different parameters are taken for the same one. `==`, and so `in`, compares the numbers in them, and here these
    are all equal. The same parameter is the same object."""
    return collected(part, same=lambda p, q: bool((p.data == q.data).all()))


@parameters.mistake
def listed_twice(part):
    """A parameter that stands in two places is listed twice: training would move it twice a step."""
    return collected(part, once=False)


@parameters.mistake
def every_tensor(part):
    """You list every tensor. Only a Parameter is to be trained: a mask or the data is a tensor, too."""
    return collected(part, tensors=lambda tensor: True)


@parameters.mistake
def every_tensor_with_a_gradient(part):
    """You list every tensor that gets a gradient. Only a Parameter is to be trained: an input may ask for a gradient,
    too."""
    return collected(part, tensors=lambda tensor: tensor.requires_grad)


@parameters.mistake
def dictionaries_searched(part):
    """You look into dictionaries, too. Asked for are attributes, parts and lists: a dictionary may keep what is not to
    be trained."""
    return collected(part, dicts=True)


@parameters.mistake
def own_ones_first(part):
    """All of them, and the part's own before those inside it. Attributes come in the order in which they were set,
    whatever they are."""
    own = [thing for thing in vars(part).values() if isinstance(thing, Parameter)]
    found = own + collected(part)
    return [each for i, each in enumerate(found) if not any(each is other for other in found[:i])]


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
    for bias in (True, False):
        yield Case(
            {"in_features": 3, "out_features": 2, "bias": bias},
            call=shapes_when_made,
            expected=["weight (3, 2)", "bias (2,)"][: 1 + bias],
            about="" if bias else "no bias",
        )
    yield Case(
        {"in_features": 3, "out_features": 3, "bias": True},
        call=shapes_when_made,
        expected=["weight (3, 3)", "bias (3,)"],
        about="as many outputs as inputs",
    )
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
    sizes = {"in_features": 3, "out_features": 2}
    yield Case(sizes, call=bias_at_start, accept=wrong_bias, about="the bias at the start")
    yield Case(sizes, call=in_common, expected=[], about="what two layers have in common")
    yield Case(sizes, call=gets_gradients, expected=["weight", "bias"], about="what gets a gradient")


def shapes_when_made(Linear, in_features, out_features, bias):
    return shapes_of(Linear(in_features, out_features, bias))


def shapes_of(layer):
    """Name and shape of each parameter, the weight first; the result of a stub unchanged."""
    if layer is None or layer is ...:
        return layer
    found = layer.named_parameters() if isinstance(layer, nn.Module) else ()
    return sorted((f"{name} {parameter.shape}" for name, parameter in found), reverse=True)


def output_of(Linear, x, weight, bias):
    layer = Linear(*weight.shape, bias is not None)
    wanted = {"weight": weight} | ({} if bias is None else {"bias": bias})
    if shapes_of(layer) != [f"{name} {values.shape}" for name, values in wanted.items()]:
        return shapes_of(layer)  # the case before explains what is wrong with them
    for name, values in wanted.items():
        getattr(layer, name).data = values
    output = layer(Tensor(x.astype(np.float32)))
    return output.data if isinstance(output, Tensor) else output


def bias_at_start(Linear, in_features, out_features):
    bias = Linear(in_features, out_features).bias
    return bias.data if isinstance(bias, Tensor) else bias


def wrong_bias(bias):
    if not isinstance(bias, np.ndarray) or bias.shape != (2,):
        return f"The bias is {describe(bias)}, expected a Parameter of shape (2,)."
    if bias.any():
        return f"The bias starts at {show(bias)}, expected 0: it is the weights that must differ from unit to unit."
    return None


def in_common(Linear, in_features, out_features):
    """The names of the parameters that two layers share."""
    one, other = (dict(Linear(in_features, out_features).named_parameters()) for _ in range(2))
    return [name for name in one if one[name] is other.get(name)]


def gets_gradients(Linear, in_features, out_features):
    layer = Linear(in_features, out_features)
    output = layer(Tensor(np.ones((4, in_features), dtype=np.float32)))
    if isinstance(output, Tensor) and output.requires_grad:
        output.sum().backward()
    return [name for name in ("weight", "bias") if getattr(getattr(layer, name, None), "grad", None) is not None]


class RightLinear(nn.Module):
    """A right answer, of which each mistake below changes one method."""

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
class OnItsSide(RightLinear):
    """The weight is transposed: its shape is (out, in). Here it is stored as (in, out), so that x @ weight needs no
    transpose."""

    def __init__(self, in_features, out_features, bias=True):
        super().__init__(in_features, out_features, bias)
        self.weight = Parameter(self.weight.data.T.copy())

    def forward(self, x):
        z = x @ self.weight.T
        return z if self.bias is None else z + self.bias


@linear.mistake
class PlainArrays(RightLinear):
    """weight and bias are plain arrays. Only a Parameter gets a gradient and is found by `parameters()`."""

    def __init__(self, in_features, out_features, bias=True):
        super().__init__(in_features, out_features, bias)
        for name, parameter in list(self.named_parameters()):
            delattr(self, name)
            setattr(self, name, parameter.data)


@linear.mistake
class BiasAlways(RightLinear):
    """With bias=False there is still a bias."""

    def __init__(self, in_features, out_features, bias=True):
        super().__init__(in_features, out_features)


@linear.mistake
class CutByData(RightLinear):
    """The numbers are right, and no gradient arrives: forward works with `.data`, which is a plain array, and so the
    result does not know what it was made of."""

    def forward(self, x):
        return super().forward(x).detach()


# --- 3 -----------------------------------------------------------------------------------------


@exercise("He initialization", points=2)
def he():
    """Return random weights of shape (n_in, n_out), *uniform* between -a and a, with the variance 2/n_in. rng draws
    them.

    a is to be found: it is not the standard deviation. For n_in = 6 it is 1.
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
            accept=partial(wrong_weights, n_in, n_out),
            about=about,
            rtol=0.03,  # for mistakes: a standard deviation that is about the same
            atol=0.03 * np.sqrt(2 / n_in),
        )
    for use, about in [(two_layers, "two draws from one generator"), (one_seed_twice, "two generators alike")]:
        yield Case({"n_in": 4, "n_out": 3}, call=use, accept=REFUSALS.get, about=about)


def figures_of(he, n_in, n_out, seed):
    """The words of a report on many weights."""
    weights = plain(he(n_in, n_out, np.random.default_rng(seed)))
    if not isinstance(weights, np.ndarray):
        return weights
    figures = {"mean": weights.mean(), "std": weights.std(), "largest": np.abs(weights).max()}
    figures["different"] = len(np.unique(weights)) / weights.size
    figures = {name: round(float(value), 6) for name, value in figures.items()}
    means = weights.mean(axis=0) - weights.mean()
    alike = np.abs(means).max() <= 6 * weights.std() / np.sqrt(n_in)
    return {"shape": weights.shape, **figures, "units alike": bool(alike)}


def plain(weights):
    """The array of a tensor of weights; anything else unchanged."""
    return weights.data if isinstance(weights, Tensor) else weights


def wrong_weights(n_in, n_out, figures):
    """A sentence on the first error in the weights, or None. The tolerance is about six standard errors."""
    if not isinstance(figures, dict):
        return f"Your answer is {describe(figures)}, expected an array of shape {(n_in, n_out)}."
    wanted, std, mean = np.sqrt(2 / n_in), figures["std"], figures["mean"]
    noise = 6 / np.sqrt(n_in * n_out)  # of the mean, as a share of the deviation; that of the deviation is half of it
    if figures["shape"] != (n_in, n_out):
        return f"The shape is {figures['shape']}, expected {(n_in, n_out)}: a weight is stored as (in, out)."
    if figures["different"] < 0.9:
        return (
            f"Only {figures['different']:.1%} of the numbers in it are different. Each weight is drawn for itself, and "
            "uniform numbers are hardly ever equal."
        )
    if abs(mean) > noise * max(std, wanted):
        return f"The mean is {mean:.3g}, not 0: half of the weights should be negative."
    if not figures["units alike"]:
        return "The weights into some unit have a mean that no draw around 0 gives. Each weight is drawn for itself."
    if abs(std / wanted - 1) > noise / 2:
        return f"The standard deviation is {std:.4g}, expected √(2/{n_in}) = {wanted:.4g}."
    return None if 1.65 * std < figures["largest"] < 1.8 * std else NOT_UNIFORM.format(figures["largest"] / std)


NOT_UNIFORM = (
    "The variance is right, and the largest weight is {:.1f} standard deviations: these are not uniform, whose largest "
    "is √3 = 1.7 of them."
)


REFUSALS = {
    "the same weights in two layers": "Draw from rng, which goes on from layer to layer, not from a generator of your "
    "own that begins again.",
    "other weights from the same seed": "Draw from rng, and from nothing else: the same seed is to give the same "
    "weights, so that a run can be repeated.",
}


def two_layers(he, n_in, n_out):
    rng = np.random.default_rng(0)
    first, second = plain(he(n_in, n_out, rng)), plain(he(n_in, n_out, rng))
    return first if first is None or first is ... else f"{likeness(first, second)} in two layers"


def one_seed_twice(he, n_in, n_out):
    first, second = (plain(he(n_in, n_out, np.random.default_rng(0))) for _ in range(2))
    return first if first is None or first is ... else f"{likeness(first, second)} from the same seed"


def likeness(first, second):
    return "the same weights" if np.array_equal(first, second) else "other weights"


def uniform(n_in, n_out, rng, variance):
    a = np.sqrt(3 * variance)
    return rng.uniform(-a, a, size=(n_in, n_out))


@he.mistake
def deviation_for_the_limit(n_in, n_out, rng):
    """You took the standard deviation √(2/n) for a. Most numbers between -a and a are well inside, so their deviation
    is smaller than a. By how much? The mean of x² from -a to a says it."""
    return uniform(n_in, n_out, rng, 2 / n_in / 3)


@he.mistake
def variance_for_the_limit(n_in, n_out, rng):
    """You took the variance 2/n for a. The limit belongs to the numbers, the variance to their squares."""
    return uniform(n_in, n_out, rng, (2 / n_in) ** 2 / 3)


@he.mistake
def outputs_counted(n_in, n_out, rng):
    """You divide by the number of outputs. On the way forward each unit adds up its *inputs*: they count."""
    return uniform(n_in, n_out, rng, 2 / n_out)


@he.mistake
def xavier(n_in, n_out, rng):
    """That is Xavier's size, 2/(n_in + n_out). A ReLU lets half of the signal through; He's 2/n_in makes up for it."""
    return uniform(n_in, n_out, rng, 2 / (n_in + n_out))


@he.mistake
def without_the_two(n_in, n_out, rng):
    """That keeps the size where nothing is cut off. A ReLU sets half of its inputs to 0: the variance has to be twice
    as large."""
    return uniform(n_in, n_out, rng, 1 / n_in)


@he.mistake
def normal(n_in, n_out, rng):
    """The variance is right, and the numbers are normal: some lie far out. Uniform ones end at a, on both sides."""
    return rng.normal(0.0, np.sqrt(2 / n_in), size=(n_in, n_out))


@he.mistake
def not_centred(n_in, n_out, rng):
    """All weights are positive. The mean is to be 0: half of them negative."""
    return np.abs(uniform(n_in, n_out, rng, 2 / n_in))


# --- 4 -----------------------------------------------------------------------------------------


@exercise("Symmetry", points=2)
def different_units():
    """Return for each start how many different units the hidden layer has after training, as a dictionary.

    The net is 2 → 3 → 1 with tanh and without biases, trained by gradient descent. "zeros": all weights 0.
    "constant": all weights 0.5. "random": all random. "last zero": the first layer random, the last 0. "first zero":
    the first layer 0, the last random. "twins": all random, but two of the hidden units have the same weights, coming
    in and going out. 1 means that all three units are alike, 3 that no two are.
    """
    starts = ("zeros", "constant", "random", "last zero", "first zero", "twins")
    yield Case(expected={name: trained_units(name) for name in starts})


def trained_units(start):
    """The number of different columns of the first weight after 50 steps."""
    rng = np.random.default_rng(0)
    first, last = rng.normal(size=(2, 3)), rng.normal(size=(3, 1))
    twins = [0, 0, 2]
    first = {"zeros": 0 * first, "constant": 0 * first + 0.5, "first zero": 0 * first, "twins": first[:, twins]}.get(
        start, first
    )
    last = {"zeros": 0 * last, "constant": 0 * last + 0.5, "last zero": 0 * last, "twins": last[twins]}.get(start, last)
    x, y = rng.normal(size=(20, 2)), rng.normal(size=(20, 1))
    for _ in range(50):
        h = np.tanh(x @ first)
        g = 2 * (h @ last - y) / len(x)
        back = g @ last.T * (1 - h**2)
        last, first = last - 0.1 * h.T @ g, first - 0.1 * x.T @ back
    return len(np.unique(first.round(9), axis=1).T)


DIFFERENT_UNITS = {"zeros": 1, "constant": 1, "random": 3, "last zero": 3, "first zero": 3, "twins": 2}


@different_units.mistake
def zeros_learn():
    """From zeros nothing starts: the hidden units give 0, so the last weights get no gradient, and through last
    weights of 0 no gradient comes back."""
    return DIFFERENT_UNITS | {"zeros": 3}


@different_units.mistake
def constants_differ():
    """Units with equal weights compute the same, get the same gradient, and take the same step: they stay equal for
    ever."""
    return DIFFERENT_UNITS | {"constant": 3}


@different_units.mistake
def one_zero_layer_is_enough():
    """One layer of zeros does no harm if the other differs: the gradients that it gets, or passes on, differ from unit
    to unit."""
    return DIFFERENT_UNITS | {"last zero": 1, "first zero": 1}


@different_units.mistake
def twins_part():
    """The twins get the same inputs and feed the same weights, so they get the same gradient: they stay twins, whatever
    the third unit does."""
    return DIFFERENT_UNITS | {"twins": 3}


@different_units.mistake
def twins_spread():
    """The twins stay equal to each other, and nothing makes the third unit equal to them."""
    return DIFFERENT_UNITS | {"twins": 1}


# --- 5 -----------------------------------------------------------------------------------------


@exercise("The gain of an activation", points=2)
def gain():
    """Return the factor for the weights before an activation f that keeps the size of the signal.

    For z from a standard normal distribution, the mean of f(z)² times the square of the gain is 1. rng draws the z.
    For f(z) = z/2 the gain is 2. Draw enough of them for two digits.
    """
    for name, f, right, about in [
        ("relu", lambda z: np.maximum(z, 0), np.sqrt(2), ""),
        ("identity", lambda z: z, 1.0, ""),
        ("half", lambda z: z / 2, 2.0, ""),
        ("absolute value", np.abs, 1.0, ""),
        ("tanh", np.tanh, 1.5931, ""),
        ("sign plus a half", lambda z: np.sign(z) + 0.5, 1 / np.sqrt(1.25), "a mean that is not 0"),
        ("-3z", lambda z: -3 * z, 1 / 3, "a gain below 1"),
    ]:
        yield Case(
            {"f": named(name, f), "seed": 0},
            call=partial(gain_of, right),
            expected=right,
            rtol=0.015,  # four standard errors for 100,000 draws
            about=about,
        )


def gain_of(right, gain, f, seed):
    """The gain; a wrong one is refused if another generator gives a number that is not near."""
    one = gain(f, np.random.default_rng(seed))
    if not is_number(one) or abs(one / right - 1) <= 0.015:
        return one
    other = gain(f, np.random.default_rng(seed + 1))
    if is_number(other) and abs(one - other) > 0.02 * abs(one):
        raise Refused(
            f"Two generators give {float(one):.3g} and {float(other):.3g}: you draw too few numbers for two digits. "
            "The error falls with the root of how many they are."
        )
    return one


def mean_over(density, f):
    """The mean of f(z) over a density of z, without draws: each mistake is tried on every case."""
    z = np.linspace(-8, 8, 16_001)
    weights = density(z)
    return float((f(z) * weights).sum() / weights.sum())


def normal_density(z):
    return np.exp(-(z**2) / 2)


@gain.mistake
def gain_upside_down(f, rng):
    """That is the size of what comes out, for inputs of size 1. The gain makes up for it: one over that."""
    return np.sqrt(mean_over(normal_density, lambda z: f(z) ** 2))


@gain.mistake
def gain_squared(f, rng):
    """You have one over the mean square. That is the square of the gain."""
    return 1 / mean_over(normal_density, lambda z: f(z) ** 2)


@gain.mistake
def gain_by_deviation(f, rng):
    """You take the standard deviation of f(z), which leaves out its mean. The next layer adds up f(z) as it is, mean
    and all: it is the mean square that counts."""
    variance = mean_over(normal_density, lambda z: f(z) ** 2) - mean_over(normal_density, f) ** 2
    return 1 / np.sqrt(variance)


@gain.mistake
def gain_for_uniform_numbers(f, rng):
    """Your z come from `rng.random` or `rng.uniform`. What a layer hands to its activation is a sum of many products,
    which is about normal: `rng.normal`."""
    return mean_over(lambda z: (0 <= z) & (z <= 1), lambda z: f(z) ** 2) ** -0.5


@gain.mistake
def gain_for_uniform_numbers_around_0(f, rng):
    """Your z are uniform between -1 and 1. What a layer hands to its activation is a sum of many products, which is
    about normal: `rng.normal`."""
    return mean_over(lambda z: np.abs(z) <= 1, lambda z: f(z) ** 2) ** -0.5


@gain.mistake
def gain_by_absolute_value(f, rng):
    """You take the mean of |f(z)|. What adds up in the next layer are variances: squares."""
    return 1 / mean_over(normal_density, lambda z: np.abs(f(z)))
