"""The checks of lesson 08."""

from dataclasses import dataclass
from functools import partial
from types import GeneratorType

import numpy as np
from numpy import array_equal

from gradlib import Parameter, Tensor, nn, no_grad
from gradlib.checks.cases import Case, Refused
from gradlib.checks.exercises import exercise
from gradlib.checks.values import describe, is_number, named, show
from gradlib.errors import ShapeError

TITLE = "Layers and initialization"


# --- 1 -----------------------------------------------------------------------------------------

# Names of the parameters in reports. All hold the same number, so that a comparison of numbers finds only one. A set
# keeps them in an order of its own; they are named against it, so that a set of them never comes in order by chance.
LETTERS = dict(zip("dcba", {Parameter(np.zeros(1)) for _ in range(4)}, strict=True))
LETTERS = {name: LETTERS[name] for name in "abcd"}


class Part:
    """An object with attributes, some of which are parameters, parts, or lists of these."""

    def __init__(self, **attributes):
        vars(self).update(attributes)

    def __repr__(self):
        return f"{type(self).__name__}({', '.join(f'{name}={shown(value)}' for name, value in vars(self).items())})"


class Block(Part):
    """A part of a class of its own, as a layer is an nn.Module."""


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

    An attribute may be a Parameter, a Part or a Block, whose class is made from Part, a list of these, a list of lists,
    or anything else, a tensor or a dictionary, of which nothing is listed. Parts and lists may lie inside each other at
    any depth. Each parameter is listed once, also where two parts share it. For a part with attributes weight (a
    parameter) and head (a part with a parameter bias) it is [weight, bias].
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
        (Part(body=Block(weight=a, head=Block(bias=b)), rest=[Block(scale=c)]), "abc", "parts of another class"),
        (inside(8, Part(weight=a, inner=inside(8, b))), "ab", "parts deep inside each other"),
        (Part(blocks=[[[[[[a]]], [Part(weight=b)]]], c]), "abc", "lists deep inside each other"),
    ]:
        yield Case({"part": part}, call=letters_of, expected=list(expected), about=about)


def inside(depth, thing):
    """A part in which a thing lies so many parts deep."""
    for _ in range(depth):
        thing = Part(inner=thing)
    return thing


def letters_of(parameters, part):
    found = parameters(part)
    if isinstance(found, GeneratorType):
        found = list(found)
    if isinstance(found, list | tuple):
        if any(isinstance(each, str) for each in found):
            raise Refused("You list names. Asked for are the parameters, which are the values of `vars(part)`.")
        if any(isinstance(each, np.ndarray) for each in found):
            raise Refused(
                "You list `.data`, the arrays. Asked for are the parameters themselves: they have the gradients, too."
            )
    return [name_of(each) for each in found] if isinstance(found, list | tuple) else found


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
def level_by_level(part):
    """You list what lies outside first and what lies deeper inside later. A part stands in the order with all that
    is in it: look into it at once, before you go on."""
    found, waiting = [], list(vars(part).values())
    while waiting:
        thing = waiting.pop(0)
        if isinstance(thing, Parameter):
            found += [] if any(thing is other for other in found) else [thing]
        elif isinstance(thing, Part | list):
            waiting += vars(thing).values() if isinstance(thing, Part) else thing
    return found


@parameters.mistake
def parts_passed_by(part):
    """You look into lists, and not into parts. A part has parameters of its own: ask it in the same way."""
    return collected(part, inside=False)


@parameters.mistake
def backwards(part):
    """All of them, in the wrong order: attributes come in the order in which they were set."""
    return collected(part)[::-1]


# --- 2 -----------------------------------------------------------------------------------------


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
    """The array of a tensor of weights, or of a layer that has them; anything else unchanged."""
    weights = getattr(weights, "weight", weights)
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
    return "the same weights" if array_equal(first, second) else "other weights"


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


# --- 3 -----------------------------------------------------------------------------------------


@exercise("A linear layer in PyTorch's layout", points=3)
def torch_linear():
    """Return nothing, but complete the class: a linear layer that stores its weight as PyTorch does, (out, in).

    It has the parameters weight (out_features, in_features) and bias (out_features,). `TorchLinear(3, 2, rng)(x)` takes
    x of shape (N, 3) to (N, 2), and x of shape (N, T, 3) to (N, T, 2). The weights start as random numbers that rng
    draws, of any size; the bias starts at 0. With bias=False there is no bias. For the weight [[1, 2, 3], [0, 0, 1]],
    the bias [10, 20] and x = [[1, 1, 1]] the result is [[16, 21]].
    """
    for bias in (True, False):
        yield Case(
            {"in_features": 3, "out_features": 2, "bias": bias},
            call=shapes_when_made,
            expected=["weight (2, 3)", "bias (2,)"][: 1 + bias],
            about="" if bias else "no bias",
        )
    for x, weight, b, about in [
        ([[1.0, 1.0, 1.0]], [[1.0, 2.0, 3.0], [0.0, 0.0, 1.0]], [10.0, 20.0], ""),
        ([[1.0, 0.0]], [[1.0, 2.0], [3.0, 4.0]], [5.0, 0.0], ""),
        ([[2.0, -1.0], [0.0, 0.5]], [[1.0, 0.0], [-2.0, 4.0], [3.0, 1 / 7]], [1.0, 0.0, -1.0], ""),
        ([[0.0, 1.0, 2.0]], [[1.0, -2.0, -3.0], [0.0, 0.0, 1.0]], None, "no bias"),
        (np.arange(24.0).reshape(4, 3, 2), [[1.0, 1.0], [0.0, 2.0]], [0.0, 5.0], "three axes"),
        (np.arange(8.0).reshape(2, 2, 2), [[0.0, 3.0], [1.0, -1.0]], [0.0, 1.0], "three axes of equal size"),
    ]:
        x, weight, b = np.array(x), np.array(weight), b if b is None else np.array(b)
        expected = np.einsum("...i,oi->...o", x, weight) + (0.0 if b is None else b)
        yield Case({"x": x, "weight": weight, "bias": b}, expected, call=output_of, rtol=1e-5, about=about)
    sizes = {"in_features": 4, "out_features": 3}
    yield Case(sizes, call=bias_at_start, accept=wrong_bias, about="the bias at the start")
    yield Case(sizes, call=weight_at_start, accept=wrong_start, about="the weights at the start")
    yield Case(sizes, call=in_common, expected=[], about="what two layers have in common")
    yield Case(sizes, call=gets_gradients, expected=["weight", "bias"], about="what gets a gradient")
    for use, about in [(two_layers, "two layers from one generator"), (one_seed_twice, "two generators alike")]:
        yield Case({"n_in": 4, "n_out": 3}, call=use, accept=REFUSALS.get, about=about)


def made(TorchLinear, in_features, out_features, *bias):
    return TorchLinear(in_features, out_features, np.random.default_rng(0), *bias)


def shapes_when_made(TorchLinear, in_features, out_features, bias):
    return shapes_of(made(TorchLinear, in_features, out_features, bias))


def shapes_of(layer):
    """Name and shape of each parameter, the weight first; the result of a stub unchanged."""
    if layer is None or layer is ...:
        return layer
    found = layer.named_parameters() if isinstance(layer, nn.Module) else ()
    return sorted((f"{name} {parameter.shape}" for name, parameter in found), reverse=True)


def output_of(TorchLinear, x, weight, bias):
    layer = made(TorchLinear, weight.shape[1], weight.shape[0], bias is not None)
    wanted = {"weight": weight} | ({} if bias is None else {"bias": bias})
    if shapes_of(layer) != [f"{name} {values.shape}" for name, values in wanted.items()]:
        return shapes_of(layer)  # the case before explains what is wrong with them
    for name, values in wanted.items():
        getattr(layer, name).data = values
    output = layer(Tensor(x.astype(np.float32)))
    return output.data if isinstance(output, Tensor) else output


def bias_at_start(TorchLinear, in_features, out_features):
    bias = made(TorchLinear, in_features, out_features).bias
    return bias.data if isinstance(bias, Tensor) else bias


def wrong_bias(bias):
    if not isinstance(bias, np.ndarray) or bias.shape != (3,):
        return f"The bias is {describe(bias)}, expected a Parameter of shape (3,)."
    if bias.any():
        return f"The bias starts at {show(bias)}, expected 0: it is the weights that must differ from unit to unit."
    return None


def weight_at_start(TorchLinear, in_features, out_features):
    return plain(made(TorchLinear, in_features, out_features))


def wrong_start(weight):
    if not isinstance(weight, np.ndarray) or weight.shape != (3, 4):
        return f"The weight is {describe(weight)}, expected a Parameter of shape (3, 4)."
    if not weight.any():
        return (
            "All weights start at 0. Then nothing reaches the layer before in the first sweep. In two such layers with "
            "a ReLU between them the weights never learn. Draw them from rng."
        )
    if len(np.unique(weight, axis=0)) < len(weight):
        return "Two units start with the same weights, and equal units stay equal in training. Draw them from rng."
    if len(np.unique(weight)) < weight.size:
        return "Some weights are equal. Random numbers hardly ever are: draw each for itself, from rng."
    return None


def in_common(TorchLinear, in_features, out_features):
    """The names of the parameters that two layers share."""
    one, other = (dict(made(TorchLinear, in_features, out_features).named_parameters()) for _ in range(2))
    return [name for name in one if one[name] is other.get(name)]


def gets_gradients(TorchLinear, in_features, out_features):
    layer = made(TorchLinear, in_features, out_features)
    output = layer(Tensor(np.ones((5, in_features), dtype=np.float32)))
    if isinstance(output, Tensor) and output.requires_grad:
        output.sum().backward()
    return [name for name in ("weight", "bias") if getattr(getattr(layer, name, None), "grad", None) is not None]


class RightLinear(nn.Module):
    """A right answer, of which each mistake below changes one method."""

    def __init__(self, in_features, out_features, rng, bias=True):
        super().__init__()
        self.weight = Parameter(self.start(in_features, out_features, rng))
        self.bias = Parameter(np.zeros(out_features, dtype=np.float32)) if bias else None

    def start(self, in_features, out_features, rng):
        return rng.normal(size=(out_features, in_features)).astype(np.float32)

    def forward(self, x):
        return self.shifted(x @ self.weight.T)

    def shifted(self, z):
        return z if self.bias is None else z + self.bias


@torch_linear.mistake
class BiasForgotten(RightLinear):
    """forward leaves out the bias."""

    def forward(self, x):
        return x @ self.weight.T


@torch_linear.mistake
class OurLayout(RightLinear):
    """The weight is stored as (in, out), the layout of the lesson. In PyTorch's each unit has a row: (out, in)."""

    def start(self, in_features, out_features, rng):
        return rng.normal(size=(in_features, out_features)).astype(np.float32)

    def forward(self, x):
        return self.shifted(x @ self.weight)


@torch_linear.mistake
class NotTransposed(RightLinear):
    """The weight has the right shape, and forward multiplies by it as it is. With as many outputs as inputs that runs
    and is wrong. A unit adds up x times its own *row*, so the weight has to be transposed first."""

    def forward(self, x):
        return self.shifted(x @ self.weight)


@torch_linear.mistake
class InputTransposed(RightLinear):
    """Right for x of shape (N, in). With three axes `.T` reverses all of them, the batch, too. Transpose the weight,
    which always has two, and leave x as it is."""

    def forward(self, x):
        return self.shifted((self.weight @ x.T).T)


@torch_linear.mistake
class BiasTooEarly(RightLinear):
    """The bias is added before the product. It belongs to the outputs: x Wᵀ + b."""

    def forward(self, x):
        return (x if self.bias is None else x + self.bias) @ self.weight.T


@torch_linear.mistake
class BiasOfTheInputs(RightLinear):
    """The bias has as many entries as there are inputs. It is added to the outputs: one for each of them."""

    def __init__(self, in_features, out_features, rng, bias=True):
        super().__init__(in_features, out_features, rng)
        self.bias = Parameter(np.zeros(in_features, dtype=np.float32)) if bias else None


def with_a_bias_of(shape):
    """The mistake of a bias of another shape. shape : out_features -> its shape."""

    class OtherBias(RightLinear):
        def __init__(self, in_features, out_features, rng, bias=True):
            super().__init__(in_features, out_features, rng, bias)
            self.bias = Parameter(np.zeros(shape(out_features), dtype=np.float32)) if bias else None

    return OtherBias


@torch_linear.mistake
class BiasARow(with_a_bias_of(lambda n: (1, n))):
    """The bias has the shape (1, out). One axis is enough, (out,): broadcasting adds it to every row."""


@torch_linear.mistake
class BiasAColumn(with_a_bias_of(lambda n: (n, 1))):
    """The bias has the shape (out, 1), a column. It is added to rows of outputs: its shape is (out,)."""


@torch_linear.mistake
class BiasASingleNumber(with_a_bias_of(lambda n: ())):
    """The bias is a single number. Each unit has one of its own: its shape is (out,)."""


@torch_linear.mistake
class OutputTransposed(RightLinear):
    """You compute W xᵀ, in which each example is a column. Its outputs belong in a row: that is x Wᵀ, and to this the
    bias is added."""

    def forward(self, x):
        return self.weight @ x.T


@torch_linear.mistake
class ReluInside(RightLinear):
    """No result is negative: forward ends in a ReLU. A linear layer ends in x Wᵀ + b, and activations stand between
    layers."""

    def forward(self, x):
        return super().forward(x).relu()


@torch_linear.mistake
class PlainArrays(RightLinear):
    """weight and bias are plain arrays. Only a Parameter gets a gradient and is found by `parameters()`."""

    def __init__(self, in_features, out_features, rng, bias=True):
        super().__init__(in_features, out_features, rng, bias)
        for name, parameter in list(self.named_parameters()):
            delattr(self, name)
            setattr(self, name, parameter.data)


@torch_linear.mistake
class BiasAlways(RightLinear):
    """With bias=False there is still a bias."""

    def __init__(self, in_features, out_features, rng, bias=True):
        super().__init__(in_features, out_features, rng)


@torch_linear.mistake
class CutByData(RightLinear):
    """The numbers are right, and no gradient arrives: forward works with `.data`, which is a plain array, and so the
    result does not know what it was made of."""

    def forward(self, x):
        return super().forward(x).detach()


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
    return steady(right, lambda rng: gain(f, rng), seed)


def steady(right, answer, seed):
    """A number that was drawn.

    A right one is refused if the same generator gives another, a wrong one if another generator gives one that is not
    near.
    """
    one = answer(np.random.default_rng(seed))
    if not is_number(one):
        return one
    if abs(one / right - 1) <= 0.015:
        again = answer(np.random.default_rng(seed))
        if not is_number(again) or abs(one - again) > 1e-9 * abs(one):
            raise Refused(
                "It is near, and the same seed gives another number each time. Draw from rng, and from nothing else, "
                "so that a run can be repeated."
            )
        return one
    if 0 < one < right / 30:
        raise Refused(
            f"Your number is {right / one:.0f} times too small. Do you add the squares up? A sum grows with the number "
            "of draws, and the mean does not."
        )
    other = answer(np.random.default_rng(seed + 1))
    about_right = is_number(other) and abs((one + other) / 2 / right - 1) < 0.5
    if about_right and abs(one - other) > 0.02 * abs(one):
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


@gain.mistake
def gain_from_the_table(f, rng):
    """You say 5/3 for every f. That is what the tables say for tanh. Find it for the f that is given: draw z, and look
    at f(z)."""
    return 5 / 3


@gain.mistake
def gain_of_relu(f, rng):
    """You say √2 for every f. That is the gain of ReLU. Find it for the f that is given: draw z, and look at f(z)."""
    return np.sqrt(2)


@gain.mistake
def gain_as_mean_square(f, rng):
    """That is the mean of f(z)². The gain's square is one over it: a large f(z) asks for small weights."""
    return mean_over(normal_density, lambda z: f(z) ** 2)


@gain.mistake
def gain_on_a_grid(f, rng):
    """Your z lie evenly between -3 and 3. What arrives at an activation is about normal, and mostly near 0:
    `rng.normal`."""
    return mean_over(lambda z: np.abs(z) <= 3, lambda z: f(z) ** 2) ** -0.5


# --- 6 -----------------------------------------------------------------------------------------


@exercise("What the gain does to gradients", points=2)
def growth():
    """Return the factor by which gradients grow from layer to layer, on the way back, with weights that keep signals.

    Each layer has n inputs, n outputs and weights of deviation gain/√n, with the gain of exercise 5. f is its
    activation and slope the derivative of f. For z from a standard normal distribution, which rng draws, the gradient's
    mean square is multiplied by gain² times the mean of slope(z)². For ReLU the factor is 1, for tanh 1.09.
    """
    for name, f, slope, about in [
        ("tanh", np.tanh, lambda z: 1 - np.tanh(z) ** 2, ""),
        ("relu", lambda z: np.maximum(z, 0), lambda z: (z > 0) * 1.0, ""),
        ("sigmoid", sigmoid, lambda z: sigmoid(z) * (1 - sigmoid(z)), ""),
        ("half", lambda z: z / 2, lambda z: np.full_like(z, 0.5), ""),
        ("square", lambda z: z**2, lambda z: 2 * z, "a slope that changes its sign"),
        ("sine", lambda z: np.sin(3 * z) + z / 2, lambda z: 3 * np.cos(3 * z) + 0.5, "a factor far above 1"),
        ("z + 2", lambda z: z + 2, np.ones_like, "a mean that is not 0"),
    ]:
        right = factor(f, slope)
        yield Case(
            {"f": named(name, f), "slope": named(f"slope of {name}", slope), "seed": 0},
            call=partial(growth_of, right),
            expected=right,
            rtol=0.015,
            atol=0.005,  # for a mistake that is about 0
            about=about,
        )


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def mean_square(f, density=None):
    """E[f(z)²], without draws; for a standard normal z by default."""
    return mean_over(density or normal_density, lambda z: f(z) ** 2)


def factor(f, slope, density=None):
    return float(np.sqrt(mean_square(slope, density) / mean_square(f, density)))


def growth_of(right, growth, f, slope, seed):
    return steady(right, lambda rng: growth(f, slope, rng), seed)


@growth.mistake
def gain_forgotten(f, slope, rng):
    """You have the size of the slopes alone. The weights multiply the gradient, too, by the gain that keeps signals."""
    return np.sqrt(mean_square(slope))


@growth.mistake
def growth_of_the_square(f, slope, rng):
    """That is the factor of the mean *square*. The size of a gradient is its root."""
    return factor(f, slope) ** 2


@growth.mistake
def growth_upside_down(f, slope, rng):
    """It is upside down: with larger slopes gradients grow, and with larger outputs the weights, and so they, are
    smaller."""
    return 1 / factor(f, slope)


@growth.mistake
def mean_of_the_slopes(f, slope, rng):
    """You take the mean of the slopes. What adds up on the way back are squares: it is the mean of slope(z)² that
    counts."""
    return mean_over(normal_density, slope) / np.sqrt(mean_square(f))


@growth.mistake
def size_of_the_slopes(f, slope, rng):
    """You take the mean of |slope(z)|. What adds up on the way back are squares."""
    return mean_over(normal_density, lambda z: np.abs(slope(z))) / np.sqrt(mean_square(f))


@growth.mistake
def slope_at_zero(f, slope, rng):
    """You take the slope at 0 alone. The sums that arrive at an activation scatter around 0: take the mean over many
    z."""
    return float(slope(np.zeros(1))[0] / np.sqrt(mean_square(f)))


@growth.mistake
def gain_itself(f, slope, rng):
    """That is the gain, which keeps signals. Asked for is what it does to gradients: they are multiplied by the slopes,
    too."""
    return 1 / np.sqrt(mean_square(f))


@growth.mistake
def gain_not_inverted(f, slope, rng):
    """You multiply by the size of f(z). The gain is one over that."""
    return np.sqrt(mean_square(slope) * mean_square(f))


@growth.mistake
def gain_twice(f, slope, rng):
    """You multiply by the gain twice: the mean of f(z)² is under the root, too."""
    return np.sqrt(mean_square(slope)) / mean_square(f)


@growth.mistake
def slope_of_the_output(f, slope, rng):
    """You take the slope at f(z). The slope belongs to z, the number that went in."""
    return np.sqrt(mean_square(lambda z: slope(f(z))) / mean_square(f))


@growth.mistake
def growth_for_uniform_numbers(f, slope, rng):
    """Your z come from `rng.random` or `rng.uniform(0, 1)`. Sums of many products are about normal: `rng.normal`."""
    return factor(f, slope, lambda z: (0 <= z) & (z <= 1))


@growth.mistake
def growth_for_uniform_numbers_around_0(f, slope, rng):
    """Your z are uniform between -1 and 1. Sums of many products are about normal: `rng.normal`."""
    return factor(f, slope, lambda z: np.abs(z) <= 1)


@growth.mistake
def always_one(f, slope, rng):
    """You say 1 for every activation. That is right for ReLU and for f(z) = c z. In general the slopes and the outputs
    have different sizes."""
    return 1.0


@growth.mistake
def factor_of_tanh(f, slope, rng):
    """You say 1.09 for every activation. That is the factor of tanh. Find it from the f and the slope that are
    given."""
    return 1.09


@growth.mistake
def both_by_absolute_value(f, slope, rng):
    """You take means of |slope(z)| and |f(z)|. What adds up from layer to layer are squares, in both directions."""
    return mean_over(normal_density, lambda z: np.abs(slope(z))) / mean_over(normal_density, lambda z: np.abs(f(z)))


@growth.mistake
def root_forgotten_above(f, slope, rng):
    """You take the mean of slope(z)² without its root. The gain has its root; the size of the slopes needs one, too."""
    return mean_square(slope) / np.sqrt(mean_square(f))


@growth.mistake
def growth_on_a_grid(f, slope, rng):
    """Your z lie evenly between -3 and 3. What arrives at an activation is about normal, and mostly near 0:
    `rng.normal`."""
    return factor(f, slope, lambda z: np.abs(z) <= 3)


@growth.mistake
def deviations(f, slope, rng):
    """You take standard deviations, which leave out the mean. A slope that is the same everywhere has no deviation and
    passes the whole gradient on: it is the mean square that counts."""
    spread = mean_square(f) - mean_over(normal_density, f) ** 2
    return np.sqrt(max(mean_square(slope) - mean_over(normal_density, slope) ** 2, 0) / spread)


# --- 7 -----------------------------------------------------------------------------------------


@exercise("A deep net of your own", points=3)
def deep_net():
    """Return an nn.Sequential of your linear layers, with an nn.ReLU between any two and none after the last.

    widths lists the number of features at each stage: [2, 8, 1] asks for a layer from 2 to 8, a ReLU, and a layer from
    8 to 1. A layer in front of a ReLU starts with the variance 2/n_in, as your he draws it. The last layer, which no
    activation follows, starts with 1/n_in. Each linear layer has a bias, which starts at 0, and rng draws all weights.
    """
    for widths, about in [
        ([60, 150, 40, 100], ""),
        ([180, 60, 50], "more inputs than outputs"),
        ([40, 50], "a single layer, which is the last"),
        ([2, *20 * [32], 30], "21 layers"),
    ]:
        yield Case({"widths": widths, "seed": 1}, call=layers_of, accept=partial(wrong_net, widths), about=about)
    for use, about in [(two_nets, "two nets from one generator"), (one_seed_for_both, "two generators alike")]:
        yield Case({"widths": [4, 8, 3]}, call=use, accept=REFUSALS.get, about=about)


class Layers(list):
    """A Linear for a linear layer, or the name of another. A report shows a line for each."""

    def __repr__(self):
        return "\n".join(map(str, self)) or "no layers"


@dataclass(frozen=True)
class Linear:
    """The words of a report on a linear layer. deviation and mean : of the weights, in units of 1/√n_in.

    biases : how many numbers its parameters hold besides the weights.
    """

    n_in: int
    n_out: int
    deviation: float
    mean: float
    bias: float
    biases: int
    alike: bool

    def __str__(self):
        bias = f"bias {self.bias:.2g}" if self.biases else "no bias"
        return f"Linear {self.n_in} → {self.n_out}: variance {self.deviation**2:.2g}/{self.n_in}, {bias}"


def weight_of(layer, n_in):
    """The weight as (in, out), in whatever layout the layer stores it, and the bias."""
    with no_grad():
        bias = layer(Tensor(np.zeros((1, n_in), dtype=np.float32))).data[0]
        return layer(Tensor(np.eye(n_in, dtype=np.float32))).data - bias, bias


def layers_of(deep_net, widths, seed):
    """The words of a report on a net."""
    n_in = widths[0]
    net = deep_net(widths, np.random.default_rng(seed))
    if not isinstance(net, nn.Sequential):
        return net
    found = Layers()
    for layer in net:
        if not [*layer.parameters()]:
            found.append(type(layer).__name__)
            continue
        try:
            weight, bias = weight_of(layer, n_in)
        except ShapeError:
            raise Refused(f"A layer does not take the {n_in} numbers that the one before it gives.") from None
        scale, n_out = np.sqrt(n_in), weight.shape[1]
        alike = len(np.unique(weight.round(6), axis=1).T) < n_out
        figures = (weight.std() * scale, weight.mean() * scale, np.abs(bias).max())
        biases = sum(parameter.data.size for parameter in layer.parameters()) - weight.size
        found.append(Linear(n_in, n_out, *map(float, figures), biases, alike))
        n_in = n_out
    return found


def wrong_net(widths, layers):
    """A sentence on the first error in a net, or None."""
    if not isinstance(layers, Layers):
        return f"Your answer is a {type(layers).__name__}, expected an nn.Sequential."
    linear, others = [each for each in layers if not isinstance(each, str)], len(widths) - 2
    pairs = list(zip(widths, widths[1:], strict=False))
    if (found := [(each.n_in, each.n_out) for each in linear]) != pairs:
        return f"The linear layers go {found}, expected {pairs}."
    if isinstance(layers[-1], str):
        return f"The net ends in {layers[-1]}. The last layer's scores are its answer: no activation follows."
    kinds = [each if isinstance(each, str) else "Linear" for each in layers]
    if kinds != ["Linear", "ReLU"] * others + ["Linear"] * (len(widths) > 1):
        return f"The layers are {', '.join(kinds)}. Between any two linear layers stands one ReLU."
    for number, layer in enumerate(linear, start=1):
        if problem := wrong_layer(layer, last=number == len(linear)):
            return f"Layer {number} {problem}"
    return None


def wrong_layer(layer, last):
    """The end of a sentence on the first error in a linear layer, or None. Tolerances are about six standard errors."""
    n_in, n_out = layer.n_in, layer.n_out
    if layer.biases != n_out:
        return f"has {layer.biases or 'no'} biases among its parameters, expected {n_out}, all 0 at the start."
    if layer.bias:
        return f"has a bias that starts at {layer.bias:.2g}, expected 0."
    if not layer.deviation and not layer.mean:
        return "starts with weights that are all 0, and will never learn."
    if layer.alike:
        return "has units that start with the same weights, and equal units stay equal."
    if abs(layer.mean) > 6 * np.sqrt(2 / (n_in * n_out)):
        return "has weights whose mean is not 0: half of them should be negative."
    ratio, noise = layer.deviation / np.sqrt(1 if last else 2), 6 / np.sqrt(2 * n_in * n_out)
    return wrong_size(n_in, n_out, ratio, last) if abs(ratio - 1) > noise else None


def wrong_size(n_in, n_out, ratio, last):
    """The end of a sentence on weights that are too large or too small by a factor."""
    for wrong, problem in [
        (np.sqrt(2), "is the last. No ReLU cuts its outputs, so there is nothing to make up for: 1/n_in.") if last else
        (np.sqrt(1 / 2), "starts with the variance 1/n_in. A ReLU follows, which lets half of the squares through."),
        (np.sqrt(n_in / n_out), f"starts as if it had {n_out} inputs. It has {n_in}, and {n_out} outputs."),
        (np.sqrt(n_in / (n_in + n_out)) * (np.sqrt(2) if last else 1), "starts by Xavier's rule, 2/(n_in + n_out)."),
        (np.sqrt((1 if last else 2) / n_in), "starts with the variance as its deviation: take the root."),
        (np.sqrt(1 / 3), "has a third of the variance that is wanted: is its deviation a limit of uniform numbers?"),
    ]:  # fmt: skip
        if abs(ratio / wrong - 1) < 0.04:
            return problem
    return f"has weights that are {ratio:.2g} times as large as they should be."


def two_nets(deep_net, widths):
    rng = np.random.default_rng(0)
    first, second = (flat(deep_net(list(widths), rng)) for _ in range(2))
    return first if first is None or first is ... else f"{likeness(first, second)} in two layers"


def one_seed_for_both(deep_net, widths):
    first, second = (flat(deep_net(list(widths), np.random.default_rng(0))) for _ in range(2))
    return first if first is None or first is ... else f"{likeness(first, second)} from the same seed"


def flat(net):
    """All numbers of a net in one array; anything else unchanged."""
    if not isinstance(net, nn.Module):
        return net
    return np.concatenate([np.zeros(0), *(parameter.data.ravel() for parameter in net.parameters())])
