"""Answers to the exercises of lesson 08."""

from functools import partial

import numpy as np

from gradlib import Parameter, Tensor, nn
from gradlib.checks import Case
from gradlib.checks import lesson_08 as check
from gradlib.checks.lesson_08 import Part

from .harness import answers_to

find = answers_to(check.parameters)


def within(thing):
    """The objects directly inside another."""
    if isinstance(thing, Part):
        return list(vars(thing).values())
    return list(thing) if isinstance(thing, (list, tuple)) else []


@find.right
def recursive(part):
    found = []
    for thing in within(part):
        candidates = [thing] if isinstance(thing, Parameter) else recursive(thing)
        found += [each for each in candidates if not any(each is other for other in found)]
    return found


@find.right
def with_a_stack(part):
    found, stack = {}, within(part)[::-1]
    while stack:
        thing = stack.pop()
        if isinstance(thing, Parameter):
            found[id(thing)] = thing
        else:
            stack += within(thing)[::-1]
    return list(found.values())


@find.right
def as_a_generator(part):
    yield from recursive(part)


def a_thing(rng, depth=3):
    """A parameter, a part, a list or something else."""
    kind = rng.integers(7 if depth else 4)
    if kind < 2:
        return list(check.LETTERS.values())[rng.integers(4)]
    if kind < 4:
        return [0.5, Tensor([1.0], requires_grad=True), {"last": check.LETTERS["a"]}, "b"][rng.integers(4)]
    things = [a_thing(rng, depth - 1) for _ in range(rng.integers(4))]
    return things if kind == 4 else Part(**{f"name{i}": thing for i, thing in enumerate(things)})


@find.inputs
def _(rng):
    return {"part": Part(first=a_thing(rng), second=a_thing(rng), third=a_thing(rng))}


@find.wrong("not those of the parts inside")
def only_its_own(part):
    return [thing for thing in vars(part).values() if isinstance(thing, Parameter)]


@find.wrong("in a list were not found")
def no_lists(part):
    found = []
    for thing in vars(part).values():
        found += [thing] if isinstance(thing, Parameter) else no_lists(thing) if isinstance(thing, Part) else []
    return [each for i, each in enumerate(found) if not any(each is other for other in found[:i])]


@find.wrong("is listed twice")
def with_repeats(part):
    found = []
    for thing in within(part):
        found += [thing] if isinstance(thing, Parameter) else with_repeats(thing)
    return found


@find.wrong("You list every tensor")
def tensors_too(part):
    found = []
    for thing in within(part):
        found += [thing] if isinstance(thing, Tensor) else tensors_too(thing)
    return [each for i, each in enumerate(found) if not any(each is other for other in found[:i])]


@find.wrong("You list every tensor that gets a gradient")
def whatever_requires_a_gradient(part):
    found = {}
    for thing in within(part):
        ours = [thing] if isinstance(thing, Tensor) and thing.requires_grad else whatever_requires_a_gradient(thing)
        found.update((id(each), each) for each in ours)
    return list(found.values())


@find.wrong("You look into dictionaries, too")
def dictionaries_too(thing):
    found = {}
    inside = list(thing.values()) if isinstance(thing, dict) else within(thing)
    for each in inside:
        ours = [each] if isinstance(each, Parameter) else dictionaries_too(each)
        found.update((id(parameter), parameter) for parameter in ours)
    return list(found.values())


@find.wrong()
def three_floors_by_hand(part):
    floors = [within(part)]
    for _ in range(3):
        floors.append([each for thing in floors[-1] for each in within(thing)])
    own = set(map(id, (thing for floor in floors for thing in floor)))
    return [each for each in recursive(part) if id(each) in own]


@find.wrong()
def by_the_names_of_two_classes(part):
    found, things = {}, vars(part).values() if type(part).__name__ == "Part" else part
    for thing in things if type(part).__name__ in ("Part", "list") else ():
        ours = [thing] if type(thing).__name__ == "Parameter" else by_the_names_of_two_classes(thing)
        found.update((id(each), each) for each in ours)
    return list(found.values())


@find.wrong()
def by_the_first_of_a_list(part):
    found = {}
    for thing in within(part):
        if isinstance(thing, list) and not (thing and isinstance(thing[0], (Parameter, Part, list))):
            continue
        ours = [thing] if isinstance(thing, Parameter) else by_the_first_of_a_list(thing)
        found.update((id(each), each) for each in ours)
    return list(found.values())


@find.wrong()
def into_one_list_for_all_calls(part, found=[]):  # noqa: B006
    for thing in within(part):
        if isinstance(thing, Parameter):
            if not any(thing is each for each in found):
                found.append(thing)
        else:
            into_one_list_for_all_calls(thing)
    return found


@find.wrong("in the wrong order")
def turned_round(part):
    return recursive(part)[::-1]


@find.wrong("`==`, and so `in`, compares the numbers")
def by_in(part):
    found = []
    for thing in within(part):
        candidates = [thing] if isinstance(thing, Parameter) else by_in(thing)
        found += [each for each in candidates if each not in found]
    return found


@find.wrong("look only into the outer one")
def one_list_deep(part):
    found = []
    for attribute in vars(part).values():
        for thing in attribute if isinstance(attribute, list) else [attribute]:
            inside = one_list_deep(thing) if isinstance(thing, Part) else []
            found += [thing] if isinstance(thing, Parameter) else inside
    return list({id(each): each for each in found}.values())


@find.wrong("the part's own before those inside")
def parameters_before_parts(part):
    own = [thing for thing in within(part) if isinstance(thing, Parameter)]
    rest = [each for thing in within(part) for each in recursive(thing)]
    return list({id(each): each for each in own + rest}.values())


@find.wrong("Your answer is a set, expected a list")
def as_a_set(part):
    return set(recursive(part))


@find.wrong()
def lists_inside(part):
    return [[thing] if isinstance(thing, Parameter) else lists_inside(thing) for thing in within(part)]


@find.wrong("You list names")
def their_names(part):
    return list(vars(part))


@find.wrong("You list `.data`")
def their_arrays(part):
    return [parameter.data for parameter in recursive(part)]


@find.wrong("look into it at once")
def breadth_first(part):
    found, level = {}, [part]
    while level:
        found.update((id(thing), thing) for thing in level if isinstance(thing, Parameter))
        level = [inside for thing in level for inside in within(thing)]
    return list(found.values())


@find.wrong("look into lists, and not into parts")
def lists_alone(part):
    def inside(thing):
        return [thing] if isinstance(thing, Parameter) else sum(map(inside, thing), []) if type(thing) is list else []

    return list({id(each): each for each in inside(list(vars(part).values()))}.values())


start = answers_to(check.he)


@start.right
def by_its_limit(n_in, n_out, rng):
    limit = np.sqrt(6 / n_in)
    return rng.uniform(-limit, limit, (n_in, n_out)).astype(np.float32)


@start.right
def by_scaling(n_in, n_out, rng):
    return Parameter((2 * rng.random((n_in, n_out)) - 1) * (6 / n_in) ** 0.5)


@start.inputs
def _(rng):
    if rng.random() < 0.1:
        use = [check.two_layers, check.one_seed_twice][rng.integers(2)]
        return Case({"n_in": 4, "n_out": 3}, call=use, accept=check.REFUSALS.get)
    n_in, n_out = (int(number) for number in rng.integers(80, 160, size=2))  # so many that a right answer passes
    inputs = {"n_in": n_in, "n_out": n_out, "seed": int(rng.integers(1000))}
    return Case(inputs, call=check.figures_of, accept=partial(check.wrong_weights, n_in, n_out))


@start.wrong("took the standard deviation")
def deviation_as_limit(n_in, n_out, rng):
    return rng.uniform(-1, 1, (n_in, n_out)) * np.sqrt(2 / n_in)


@start.wrong("took the variance")
def variance_as_limit(n_in, n_out, rng):
    return rng.uniform(-1, 1, (n_in, n_out)) * 2 / n_in


@start.wrong("the numbers are normal")
def bell_curve(n_in, n_out, rng):
    return rng.standard_normal((n_in, n_out)) * np.sqrt(2 / n_in)


@start.wrong("You divide by the number of outputs")
def fan_out(n_in, n_out, rng):
    return rng.uniform(-1, 1, (n_in, n_out)) * np.sqrt(6 / n_out)


@start.wrong("That is Xavier's size")
def glorot(n_in, n_out, rng):
    return rng.uniform(-1, 1, (n_in, n_out)) * np.sqrt(6 / (n_in + n_out))


@start.wrong("twice as large")
def one_over_n(n_in, n_out, rng):
    return rng.uniform(-1, 1, (n_in, n_out)) * np.sqrt(3 / n_in)


@start.wrong("stored as (in, out)")
def transposed(n_in, n_out, rng):
    return rng.uniform(-1, 1, (n_out, n_in)) * np.sqrt(6 / n_in)


@start.wrong("All weights are positive")
def from_zero(n_in, n_out, rng):
    return rng.uniform(0, np.sqrt(6 / n_in), (n_in, n_out))


@start.wrong("half of the weights should be negative")
def shifted(n_in, n_out, rng):
    return rng.uniform(0, 2, (n_in, n_out)) * np.sqrt(6 / n_in)


@start.wrong("The standard deviation is 0.99")
def not_scaled(n_in, n_out, rng):
    return rng.normal(size=(n_in, n_out))


@start.wrong("Each weight is drawn for itself")
def one_column_for_all(n_in, n_out, rng):
    return np.tile(rng.uniform(-1, 1, (n_in, 1)) * np.sqrt(6 / n_in), n_out)


@start.wrong("that no draw around 0 gives")
def sorted_from_unit_to_unit(n_in, n_out, rng):
    return np.sort(by_its_limit(n_in, n_out, rng), axis=1)


@start.wrong("these are not uniform")
def two_uniform_numbers_added(n_in, n_out, rng):
    return (rng.uniform(-1, 1, (n_in, n_out)) + rng.uniform(-1, 1, (n_in, n_out))) * np.sqrt(3 / n_in)


@start.wrong("uniform numbers are hardly ever equal")
def by_coin(n_in, n_out, rng):
    return rng.choice([-1.0, 1.0], (n_in, n_out)) * np.sqrt(2 / n_in)


@start.wrong("Your answer is a list of length")
def as_lists(n_in, n_out, rng):
    return by_its_limit(n_in, n_out, rng).tolist()


@start.wrong("which goes on from layer to layer")
def own_generator(n_in, n_out, rng):
    return by_its_limit(n_in, n_out, np.random.default_rng(5))


@start.wrong("and from nothing else")
def global_generator(n_in, n_out, rng):
    return by_its_limit(n_in, n_out, COMMON)


COMMON = np.random.default_rng(5)


layer = answers_to(check.torch_linear)


@layer.right
class ByOperators(nn.Module):
    def __init__(self, in_features, out_features, rng, bias=True):
        super().__init__()
        limit = np.sqrt(6 / (in_features + out_features))
        self.weight = Parameter(rng.uniform(-limit, limit, size=(out_features, in_features)))
        self.bias = Parameter(np.zeros(out_features)) if bias else None

    def forward(self, x):
        return x @ self.weight.T + (0.0 if self.bias is None else self.bias)


@layer.right
class ByTheFunction(nn.Module):
    def __init__(self, in_features, out_features, rng, bias=True):
        super().__init__()
        self.weight = Parameter(rng.random((in_features, out_features)).T.astype(np.float32))
        if bias:
            self.bias = Parameter(np.zeros(out_features, dtype=np.float32))
        self.has_bias = bias

    def forward(self, x):
        return nn.functional.linear(x, self.weight.T, self.bias if self.has_bias else None)


@layer.right
class BiasFirst(nn.Module):
    def __init__(self, in_features, out_features, rng, bias=True):
        super().__init__()
        self.bias = Parameter([0.0] * out_features) if bias else None
        self.weight = Parameter([rng.normal(size=in_features) for _ in range(out_features)])

    def forward(self, x):
        z = (x.reshape(-1, x.shape[-1]) @ self.weight.mT).reshape(*x.shape[:-1], len(self.weight))
        return z if self.bias is None else self.bias + z


@layer.stub
class Unwritten(nn.Module):
    def __init__(self, in_features, out_features, rng, bias=True):
        super().__init__()
        raise NotImplementedError

    def forward(self, x):
        raise NotImplementedError


@layer.inputs
def _(rng):
    inputs, outputs = rng.integers(1, 5, size=2)
    inputs = {"in_features": int(inputs), "out_features": int(outputs), "bias": bool(rng.random() < 0.5)}
    return Case(inputs, call=check.shapes_when_made)


@layer.inputs
def _(rng):
    n, inputs, outputs = rng.integers(1, 5, size=3)
    bias = rng.normal(size=outputs) if rng.random() < 0.5 else None
    x = rng.normal(size=(n, inputs)) if rng.random() < 0.5 else rng.normal(size=(n, 2, inputs))
    return Case({"x": x, "weight": rng.normal(size=(outputs, inputs)), "bias": bias}, call=check.output_of, rtol=1e-5)


@layer.wrong("leaves out the bias")
class NoBias(ByOperators):
    def forward(self, x):
        return x @ self.weight.T


class WithWeights(ByOperators):
    """Weights and bias of a kind and size that a subclass chooses."""

    def __init__(self, in_features, out_features, rng, bias=True):
        nn.Module.__init__(self)
        self.weight = self.kind(self.made((out_features, in_features), rng))
        self.bias = self.kind(np.zeros(out_features)) if bias else None

    kind = Parameter

    def made(self, shape, rng):
        return rng.normal(size=shape)


@layer.wrong("must be Parameters")
class PlainTensors(WithWeights):
    def kind(self, values):
        return Tensor(values.astype(np.float32))


@layer.wrong("are plain arrays")
class Arrays(WithWeights):
    def kind(self, values):
        return values


@layer.wrong("In two such layers with a ReLU between them the weights never learn")
class Zeros(WithWeights):
    def made(self, shape, rng):
        return np.zeros(shape)


@layer.wrong("Two units start with the same weights")
class Ones(WithWeights):
    def made(self, shape, rng):
        return np.ones(shape)


@layer.wrong("Two units start with the same weights")
class OneDrawForAllUnits(WithWeights):
    def made(self, shape, rng):
        return np.tile(rng.normal(size=shape[1]), (shape[0], 1))


@layer.wrong("Some weights are equal")
class OneNumberForEachUnit(WithWeights):
    def made(self, shape, rng):
        return np.tile(rng.normal(size=(shape[0], 1)), shape[1])


@layer.wrong("which goes on from layer to layer")
class OwnGenerator(WithWeights):
    def made(self, shape, rng):
        return np.random.default_rng(0).normal(size=shape)


@layer.wrong("and from nothing else")
class GlobalGenerator(WithWeights):
    def made(self, shape, rng):
        return COMMON.normal(size=shape)


@layer.wrong("The bias starts at [1.0, 1.0, 1.0]")
class OnesAsBias(ByOperators):
    def __init__(self, in_features, out_features, rng, bias=True):
        super().__init__(in_features, out_features, rng, bias)
        if bias:
            self.bias = Parameter(np.ones(out_features))


@layer.wrong("there is still a bias")
class AlwaysABias(ByOperators):
    def __init__(self, in_features, out_features, rng, bias=True):
        super().__init__(in_features, out_features, rng)


@layer.wrong("the layout of the lesson")
class AsInTheLesson(WithWeights):
    def made(self, shape, rng):
        return rng.normal(size=shape[::-1])

    def forward(self, x):
        z = x @ self.weight
        return z if self.bias is None else z + self.bias


@layer.wrong("forward multiplies by it as it is")
class WithoutT(ByOperators):
    def forward(self, x):
        z = x @ self.weight
        return z if self.bias is None else z + self.bias


@layer.wrong("leave x as it is")
class FromTheLeft(ByOperators):
    def forward(self, x):
        z = (self.weight @ x.T).T
        return z if self.bias is None else z + self.bias


@layer.wrong("The bias is added before the product")
class BiasWithTheInputs(ByOperators):
    def forward(self, x):
        return (x if self.bias is None else x + self.bias) @ self.weight.T


@layer.wrong("as many entries as there are inputs")
class BiasForEachInput(ByOperators):
    def __init__(self, in_features, out_features, rng, bias=True):
        super().__init__(in_features, out_features, rng, bias)
        if bias:
            self.bias = Parameter(np.zeros(in_features))


@layer.wrong("forward ends in a ReLU")
class WithItsActivation(ByOperators):
    def forward(self, x):
        return super().forward(x).relu()


@layer.wrong("does not know what it was made of")
class ByNumbers(ByOperators):
    def forward(self, x):
        z = x.data @ self.weight.data.T
        return z if self.bias is None else z + self.bias.data


@layer.wrong("A function without `return` gives None")
class ReturnsNothing(ByOperators):
    def forward(self, x):
        super().forward(x)


@layer.wrong()
class OtherNames(nn.Module):
    def __init__(self, in_features, out_features, rng, bias=True):
        super().__init__()
        self.w = Parameter(rng.normal(size=(out_features, in_features)))
        self.b = Parameter(np.zeros(out_features)) if bias else None

    def forward(self, x):
        return x @ self.w.T if self.b is None else x @ self.w.T + self.b


@layer.wrong("shape (1, out)")
class BiasAsARow(ByOperators):
    def __init__(self, in_features, out_features, rng, bias=True):
        super().__init__(in_features, out_features, rng, bias)
        self.bias = Parameter(np.zeros((1, out_features))) if bias else None


@layer.wrong("a column")
class BiasAsAColumn(ByOperators):
    def __init__(self, in_features, out_features, rng, bias=True):
        super().__init__(in_features, out_features, rng, bias)
        self.bias = Parameter(np.zeros((out_features, 1))) if bias else None


@layer.wrong("The bias is a single number")
class OneBias(ByOperators):
    def __init__(self, in_features, out_features, rng, bias=True):
        super().__init__(in_features, out_features, rng, bias)
        self.bias = Parameter(np.array(0.0)) if bias else None


@layer.wrong("You compute W xᵀ")
class ExamplesAsColumns(ByOperators):
    def forward(self, x):
        return self.weight @ x.T


@layer.wrong("expected 0: it is the weights that must differ")
class RandomBias(ByOperators):
    def __init__(self, in_features, out_features, rng, bias=True):
        super().__init__(in_features, out_features, rng, bias)
        if bias:
            self.bias = Parameter(rng.normal(size=out_features))


COMMON_WEIGHT = Parameter(np.random.default_rng(0).normal(size=(3, 4)))


@layer.wrong()
class OneWeightForAllLayers(ByOperators):
    def __init__(self, in_features, out_features, rng, bias=True):
        super().__init__(in_features, out_features, rng, bias)
        if (in_features, out_features) == (4, 3):
            self.weight = COMMON_WEIGHT


@layer.wrong()
class WithoutSuper(nn.Module):
    def __init__(self, in_features, out_features, rng, bias=True):
        self.weight = Parameter(rng.normal(size=(out_features, in_features)))

    forward = ByOperators.forward


units = answers_to(check.different_units)
RIGHT = {"zeros": 1, "constant": 1, "random": 3, "last zero": 3, "first zero": 3, "twins": 2}


@units.right
def computed():
    return {name: check.trained_units(name) for name in RIGHT}


units.right(dict(RIGHT))
units.stub(dict.fromkeys(RIGHT, ...))
units.wrong("From zeros nothing starts")({**RIGHT, "zeros": 3})
units.wrong("they stay equal for ever")({**RIGHT, "constant": 3})
units.wrong("One layer of zeros does no harm")({**RIGHT, "last zero": 1, "first zero": 1})
units.wrong("they stay twins")({**RIGHT, "twins": 3})
units.wrong("nothing makes the third unit equal")({**RIGHT, "twins": 1})
units.wrong()({**RIGHT, "random": 2})
units.wrong("From zeros nothing starts")({**RIGHT, "zeros": 3, "random": 2})
units.wrong()(3)

size = answers_to(check.gain)


@size.right
def mean_square(f, rng):
    return 1 / np.sqrt(np.mean(f(rng.normal(size=1_000_000)) ** 2))


@size.right
def by_two_moments(f, rng):
    values = f(rng.standard_normal(400_000))
    return (values.var() + values.mean() ** 2) ** -0.5


@size.inputs
def _(rng):
    a, b = rng.normal(), rng.normal()
    f = [lambda z: np.tanh(a * z + b), lambda z: np.maximum(a * z, b * z), lambda z: a * z + b][rng.integers(3)]
    right = check.mean_over(check.normal_density, lambda z: f(z) ** 2) ** -0.5
    return Case({"f": f, "seed": int(rng.integers(1000))}, right, call=partial(check.gain_of, right), rtol=0.015)


@size.wrong("one over that")
def root_mean_square(f, rng):
    return np.sqrt(np.mean(f(rng.normal(size=1_000_000)) ** 2))


@size.wrong("the square of the gain")
def without_root(f, rng):
    return 1 / np.mean(f(rng.normal(size=1_000_000)) ** 2)


@size.wrong("leaves out its mean")
def deviation(f, rng):
    return 1 / np.std(f(rng.normal(size=1_000_000)))


@size.wrong("the mean of |f(z)|")
def mean_size(f, rng):
    return 1 / np.mean(np.abs(f(rng.normal(size=1_000_000))))


@size.wrong("`rng.random`")
def of_uniform_numbers(f, rng):
    return 1 / np.sqrt(np.mean(f(rng.random(1_000_000)) ** 2))


@size.wrong("uniform between -1 and 1")
def of_centred_uniform_numbers(f, rng):
    return 1 / np.sqrt(np.mean(f(rng.uniform(-1, 1, 1_000_000)) ** 2))


@size.wrong("you draw too few numbers")
def of_ten_numbers(f, rng):
    return 1 / np.sqrt(np.mean(f(rng.normal(size=10)) ** 2))


@size.wrong("you draw too few numbers")
def of_five_hundred_numbers(f, rng):
    return 1 / np.sqrt(np.mean(f(rng.normal(size=500)) ** 2))


@size.wrong("the same seed gives another number")
def from_no_given_generator(f, rng):
    return mean_square(f, np.random)


@size.wrong("You say 5/3")
def five_thirds(f, rng):
    return 5 / 3


@size.wrong("You say √2")
def root_two(f, rng):
    return 2**0.5


@size.wrong("That is the mean of f(z)²")
def not_inverted(f, rng):
    return np.mean(f(rng.normal(size=1_000_000)) ** 2)


@size.wrong("Do you add the squares up?")
def by_a_sum(f, rng):
    return np.sum(f(rng.normal(size=100_000)) ** 2) ** -0.5


@size.wrong("evenly between -3 and 3")
def over_a_grid(f, rng):
    return np.mean(f(np.linspace(-3, 3, 10_000)) ** 2) ** -0.5


@size.wrong()
def by_the_table(f, rng):
    return {"relu": np.sqrt(2), "tanh": 5 / 3}.get(f.__name__) or mean_square(f, rng)


growing = answers_to(check.growth)


@growing.wrong("the same seed gives another number")
def from_a_generator_of_its_own(f, slope, rng):
    return by_both_means(f, slope, np.random)


@growing.wrong("You say 1.09")
def as_for_tanh(f, slope, rng):
    return 1.09


@growing.wrong("means of |slope(z)| and |f(z)|")
def absolute_values(f, slope, rng):
    z = rng.normal(size=1_000_000)
    return np.abs(slope(z)).mean() / np.abs(f(z)).mean()


@growing.wrong("without its root")
def root_of_one(f, slope, rng):
    z = rng.normal(size=1_000_000)
    return (slope(z) ** 2).mean() / np.sqrt((f(z) ** 2).mean())


@growing.wrong("evenly between -3 and 3")
def over_a_grid_of_z(f, slope, rng):
    z = np.linspace(-3, 3, 10_000)
    return np.sqrt((slope(z) ** 2).mean() / (f(z) ** 2).mean())


@growing.right
def by_both_means(f, slope, rng):
    z = rng.normal(size=1_000_000)
    return np.sqrt((slope(z) ** 2).mean() / (f(z) ** 2).mean())


@growing.right
def through_one_wide_layer(f, slope, rng):
    sums = rng.standard_normal(500_000)
    gain = np.linalg.norm(f(sums)) / len(sums) ** 0.5
    return np.linalg.norm(slope(sums)) / len(sums) ** 0.5 / gain


@growing.inputs
def _(rng):
    a, b = rng.choice([-1, 1]) * rng.uniform(0.3, 2.5), rng.uniform(-1, 1)  # no slope is about 0
    f, slope = [
        (lambda z: np.tanh(a * z + b), lambda z: a - a * np.tanh(a * z + b) ** 2),
        (lambda z: np.maximum(a * z, b * z), lambda z: np.where(a * z > b * z, a, b)),
        (lambda z: a * z + b, lambda z: np.full_like(z, a)),
    ][rng.integers(3)]
    right = check.factor(f, slope)
    inputs = {"f": f, "slope": slope, "seed": int(rng.integers(1000))}
    return Case(inputs, right, call=partial(check.growth_of, right), rtol=0.015)


@growing.wrong("the size of the slopes alone")
def without_the_gain(f, slope, rng):
    return np.sqrt(np.mean(slope(rng.normal(size=1_000_000)) ** 2))


@growing.wrong("the factor of the mean *square*")
def not_rooted(f, slope, rng):
    return by_both_means(f, slope, rng) ** 2


@growing.wrong("It is upside down")
def inverted(f, slope, rng):
    return 1 / by_both_means(f, slope, rng)


@growing.wrong("You take the mean of the slopes")
def mean_slope(f, slope, rng):
    z = rng.normal(size=1_000_000)
    return slope(z).mean() / np.sqrt(np.mean(f(z) ** 2))


@growing.wrong("the mean of |slope(z)|")
def mean_absolute_slope(f, slope, rng):
    z = rng.normal(size=1_000_000)
    return np.abs(slope(z)).mean() / np.sqrt(np.mean(f(z) ** 2))


@growing.wrong("the slope at 0 alone")
def at_the_origin(f, slope, rng):
    return slope(np.array([0.0]))[0] / np.sqrt(np.mean(f(rng.normal(size=1_000_000)) ** 2))


@growing.wrong("That is the gain")
def the_gain(f, slope, rng):
    return np.mean(f(rng.normal(size=1_000_000)) ** 2) ** -0.5


@growing.wrong("You multiply by the size of f(z)")
def gain_the_wrong_way(f, slope, rng):
    z = rng.normal(size=1_000_000)
    return np.sqrt(np.mean(slope(z) ** 2)) * np.sqrt(np.mean(f(z) ** 2))


@growing.wrong("standard deviations, which leave out the mean")
def by_deviations(f, slope, rng):
    z = rng.normal(size=1_000_000)
    return np.std(slope(z)) / np.std(f(z))


@growing.wrong("You multiply by the gain twice")
def root_forgotten_below(f, slope, rng):
    z = rng.normal(size=1_000_000)
    return np.sqrt(np.mean(slope(z) ** 2)) / np.mean(f(z) ** 2)


@growing.wrong("You take the slope at f(z)")
def slope_after_f(f, slope, rng):
    z = rng.normal(size=1_000_000)
    return np.sqrt(np.mean(slope(f(z)) ** 2) / np.mean(f(z) ** 2))


@growing.wrong("`rng.uniform(0, 1)`")
def of_uniform_z(f, slope, rng):
    z = rng.random(1_000_000)
    return np.sqrt(np.mean(slope(z) ** 2) / np.mean(f(z) ** 2))


@growing.wrong("uniform between -1 and 1")
def of_centred_uniform_z(f, slope, rng):
    z = rng.uniform(-1, 1, size=1_000_000)
    return np.sqrt(np.mean(slope(z) ** 2) / np.mean(f(z) ** 2))


@growing.wrong("You say 1 for every activation")
def nothing_changes(f, slope, rng):
    return 1


@growing.wrong("you draw too few numbers")
def of_a_hundred_numbers(f, slope, rng):
    z = rng.normal(size=100)
    return np.sqrt((slope(z) ** 2).mean() / (f(z) ** 2).mean())


@growing.wrong()
def over_twenty_layers(f, slope, rng):
    return by_both_means(f, slope, rng) ** 20


net = answers_to(check.deep_net)


def chain(widths, weights, layer=nn.Linear, last=False):
    """A net whose layer i has the weight weights(n_in, n_out, is_last)."""
    layers = []
    for i, (n_in, n_out) in enumerate(zip(widths, widths[1:], strict=False)):
        layers += [layer(n_in, n_out), nn.ReLU()]
        layers[-2].weight.data[...] = weights(n_in, n_out, i == len(widths) - 2)
    return nn.Sequential(layers if last else layers[:-1])


@net.wrong("Your code changed widths")
def empties_the_list(widths, rng):
    found = by_normal_numbers(widths, rng)
    while widths:
        widths.pop()
    return found


@net.right
def by_normal_numbers(widths, rng):
    return chain(widths, lambda n_in, n_out, last: rng.normal(size=(n_in, n_out)) * np.sqrt((1 if last else 2) / n_in))


@net.right
def in_the_other_layout(widths, rng):
    layers = []
    for n_in, n_out in zip(widths, widths[1:], strict=False):
        layer = ByOperators(n_in, n_out, rng)
        layer.weight.data[...] = by_its_limit(n_in, n_out, rng).T
        layers += [layer, nn.ReLU()]
    layers[-2].weight.data[...] *= 0.5**0.5
    return nn.Sequential(*layers[:-1])


@net.right
def by_the_initializers(widths, rng):
    model = nn.Sequential(nn.Linear(widths[0], widths[1]))
    for n_in, n_out in zip(widths[1:], widths[2:], strict=False):
        model.append(nn.ReLU()).append(nn.Linear(n_in, n_out))
    for layer in model[:-1:2]:
        nn.init.kaiming_normal_(layer.weight, rng=rng)
    nn.init.kaiming_uniform_(model[-1].weight, nonlinearity="linear", rng=rng)
    return model


@net.inputs
def _(rng):
    if rng.random() < 0.1:
        use = [check.two_nets, check.one_seed_for_both][rng.integers(2)]
        return Case({"widths": [4, 8, 3]}, call=use, accept=check.REFUSALS.get)
    widths = rng.integers(30, 60, size=rng.integers(2, 5)).tolist()
    inputs = {"widths": widths, "seed": int(rng.integers(1000))}
    return Case(inputs, call=check.layers_of, accept=partial(check.wrong_net, widths))


@net.wrong("starts with the variance 1/n_in")
def without_a_gain(widths, rng):
    return chain(widths, lambda n_in, n_out, last: rng.normal(size=(n_in, n_out)) / np.sqrt(n_in))


@net.wrong("is the last. No ReLU cuts its outputs")
def he_everywhere(widths, rng):
    return chain(widths, lambda n_in, n_out, last: rng.normal(size=(n_in, n_out)) * np.sqrt(2 / n_in))


@net.wrong("starts by Xavier's rule")
def as_linear_starts(widths, rng):
    return chain(widths, lambda n_in, n_out, last: rng.normal(size=(n_in, n_out)) * np.sqrt(2 / (n_in + n_out)))


@net.wrong("starts by Xavier's rule")
def as_mlp_starts(widths, rng):
    return nn.MLP(widths, rng=rng)[:]


@net.wrong("starts as if it had 150 inputs")
def by_outputs(widths, rng):
    return chain(widths, lambda n_in, n_out, last: rng.normal(size=(n_in, n_out)) * np.sqrt((1 if last else 2) / n_out))


@net.wrong("take the root")
def by_the_variance(widths, rng):
    return chain(widths, lambda n_in, n_out, last: rng.normal(size=(n_in, n_out)) * (1 if last else 2) / n_in)


@net.wrong("times as large as they should be")
def standard_normal(widths, rng):
    return chain(widths, lambda n_in, n_out, last: rng.normal(size=(n_in, n_out)))


@net.wrong("The net ends in ReLU")
def relu_at_the_end(widths, rng):
    def size(n_in, n_out, last):
        return rng.normal(size=(n_in, n_out)) * np.sqrt((1 if last else 2) / n_in)

    return chain(widths, size, last=True)


@net.wrong("Between any two linear layers stands one ReLU")
def linear_layers_alone(widths, rng):
    return nn.Sequential(list(by_normal_numbers(widths, rng))[::2])


@net.wrong("Between any two linear layers stands one ReLU")
def with_tanh(widths, rng):
    layers = [nn.Tanh() if isinstance(layer, nn.ReLU) else layer for layer in by_normal_numbers(widths, rng)]
    return nn.Sequential(layers)


@net.wrong("The linear layers go")
def last_forgotten(widths, rng):
    return by_normal_numbers(widths[:-1], rng) if len(widths) > 2 else nn.Sequential(nn.Linear(1, 1))


@net.wrong("Layer 1 has a bias that starts at")
def random_biases(widths, rng):
    model = by_normal_numbers(widths, rng)
    for layer in model[::2]:
        layer.bias.data[...] = rng.normal(size=layer.bias.shape)
    return model


@net.wrong("Layer 1 has no biases among its parameters")
def without_biases(widths, rng):
    model = by_normal_numbers(widths, rng)
    without = [nn.Linear(*layer.weight.shape, bias=False) if isinstance(layer, nn.Linear) else layer for layer in model]
    for layer, right in zip(without[::2], model[::2], strict=True):
        layer.weight = right.weight
    return nn.Sequential(without)


@net.wrong("a limit of uniform numbers")
def deviation_as_the_limit(widths, rng):
    return chain(
        widths, lambda n_in, n_out, last: rng.uniform(-1, 1, (n_in, n_out)) * np.sqrt((1 if last else 2) / n_in)
    )


@net.wrong("half of them should be negative")
def positive_weights(widths, rng):
    return chain(
        widths, lambda n_in, n_out, last: np.abs(rng.normal(size=(n_in, n_out))) * np.sqrt((1 if last else 2) / n_in)
    )


@net.wrong("units that start with the same weights")
def one_column_repeated(widths, rng):
    return chain(
        widths,
        lambda n_in, n_out, last: np.tile(rng.normal(size=(n_in, 1)), n_out) * np.sqrt((1 if last else 2) / n_in),
    )


@net.wrong("all 0, and will never learn")
def from_zeros(widths, rng):
    return chain(widths, lambda n_in, n_out, last: 0.0)


@net.wrong("A layer does not take the")
def first_and_last(widths, rng):
    return nn.Sequential(nn.Linear(widths[0], widths[1]), nn.ReLU(), nn.Linear(widths[-2], widths[-1]))


@net.wrong("which goes on from layer to layer")
def seeded_inside(widths, rng):
    return by_normal_numbers(widths, np.random.default_rng(0))


@net.wrong("and from nothing else")
def from_a_global_generator(widths, rng):
    return by_normal_numbers(widths, COMMON)


@net.wrong("expected an nn.Sequential")
def a_plain_list(widths, rng):
    return list(by_normal_numbers(widths, rng))
