"""Answers to the exercises of lesson 06."""

import contextlib
import weakref
from functools import partial

import numpy as np

from gradlib import Tensor, no_grad
from gradlib.autograd import unbroadcast
from gradlib.checks import Case
from gradlib.checks import lesson_06 as check
from gradlib.checks.lesson_06 import Leaky, Node, Versioned
from gradlib.scalar import topological_order

from .harness import answers_to

rules = answers_to(check.more_rules)


@rules.right
class ByMeans:
    def var(g, z, x, axis, keepdims):
        if axis is not None and not keepdims:
            g = np.expand_dims(g, axis)
        centred = x - x.mean(axis, keepdims=True)
        n = x.size / x.mean(axis, keepdims=True).size
        return 2 * g * centred / n

    def put_x(g, z, x, y, index):
        gradient = g.copy()
        gradient[index] = 0.0
        return gradient

    def put_y(g, z, x, y, index):
        return g[index]


@rules.right
class ByCounting:
    @staticmethod
    def var(g, z, x, axis, keepdims):
        axes = tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
        n = 1
        for a in axes:
            n *= x.shape[a]
        shape = np.sum(x, axis=axes, keepdims=True).shape
        return np.reshape(g, shape) * (x - np.sum(x, axis=axes, keepdims=True) / n) / n * 2

    @staticmethod
    def put_x(g, z, x, y, index):
        kept = np.ones(x.shape)
        kept[index] = 0
        return kept * g

    @staticmethod
    def put_y(g, z, x, y, index):
        return unbroadcast(np.array(g[index]), np.shape(y))


class NothingYet:
    def var(g, z, x, axis, keepdims):
        raise NotImplementedError

    put_x = put_y = var


rules.stub(NothingYet)


def with_rule(**rule):
    return type("Changed", (ByMeans,), rule)


def spread(g, x, axis, keepdims, n, centre=None):
    g = g if axis is None or keepdims else np.expand_dims(g, axis)
    return g * 2 * (x - (x.mean(axis, keepdims=True) if centre is None else centre)) / n


def along(x, axis):
    return x.size // x.mean(axis, keepdims=True).size


rules.wrong("number of all entries of x")(
    with_rule(var=lambda g, z, x, axis, keepdims: spread(g, x, axis, keepdims, x.size))
)
rules.wrong("You divide by n - 1")(
    with_rule(var=lambda g, z, x, axis, keepdims: spread(g, x, axis, keepdims, along(x, axis) - 1))
)
rules.wrong("half of what it should be")(
    with_rule(var=lambda g, z, x, axis, keepdims: spread(g, x, axis, keepdims, along(x, axis)) * 0.5)
)
rules.wrong("the derivative alone")(
    with_rule(var=lambda g, z, x, axis, keepdims: 2 * (x - x.mean(axis, keepdims=True)) / along(x, axis))
)
rules.wrong("sum of the squares")(with_rule(var=lambda g, z, x, axis, keepdims: spread(g, x, axis, keepdims, 1)))
rules.wrong("mean of x²")(
    with_rule(var=lambda g, z, x, axis, keepdims: spread(g, x, axis, keepdims, along(x, axis), 0.0))
)
rules.wrong("mean of all entries")(
    with_rule(var=lambda g, z, x, axis, keepdims: spread(g, x, axis, keepdims, along(x, axis), x.mean()))
)
rules.wrong()(with_rule(var=lambda g, z, x, axis, keepdims: g * 2 * (x - x.mean()) / x.size))
rules.wrong()(with_rule(var=lambda g, z, x, axis, keepdims: abs(spread(g, x, axis, keepdims, along(x, axis)))))
rules.wrong("x gets all of g")(with_rule(put_x=lambda g, z, x, y, index: g))
rules.wrong("It is the other way round")(
    with_rule(put_x=lambda g, z, x, y, index: g - ByMeans.put_x(g, z, x, y, index))
)
rules.wrong("You put y into the gradient")(with_rule(put_x=lambda g, z, x, y, index: check.put(g, y, index)))
rules.wrong("1 where x is kept")(with_rule(put_x=lambda g, z, x, y, index: check.put(np.ones(x.shape), 0, index)))
rules.wrong("the shape of x, 0 outside")(
    with_rule(put_y=lambda g, z, x, y, index: check.put(np.zeros(x.shape), g[index], index))
)
rules.wrong("y gets all of g")(with_rule(put_y=lambda g, z, x, y, index: g + 0))
rules.wrong("where z equals x")(with_rule(put_x=lambda g, z, x, y, index: g * (x == z)))
rules.wrong("the sign is not")(
    with_rule(var=lambda g, z, x, axis, keepdims: -spread(g, x, axis, keepdims, along(x, axis)))
)
rules.wrong("what was put in")(with_rule(put_y=lambda g, z, x, y, index: z[index]))
rules.wrong("x gets nothing at all")(with_rule(put_x=lambda g, z, x, y, index: 0 * g))
rules.wrong("You multiply by y")(with_rule(put_y=lambda g, z, x, y, index: y * g[index]))
rules.wrong("You return the squares themselves")(
    with_rule(
        var=lambda g, z, x, axis, keepdims: (
            spread(g, x, axis, keepdims, along(x, axis)) * (x - x.mean(axis, keepdims=True)) / 2
        )
    )
)
rules.wrong("the standard deviation")(
    with_rule(
        var=lambda g, z, x, axis, keepdims: (
            spread(g, x, axis, keepdims, along(x, axis)) / x.std(axis, keepdims=True) / 2
        )
    )
)
rules.wrong("1 for each entry")(with_rule(put_y=lambda g, z, x, y, index: np.ones_like(g[index])))


@rules.wrong("Your code changed g")
class WritesIntoG(ByMeans):
    def put_x(g, z, x, y, index):
        g[index] = 0
        return g


@rules.wrong("You add up all that arrives")
class SumsTooFar(ByMeans):
    def put_y(g, z, x, y, index):
        return g[index].sum()


@rules.inputs
def a_rule(rng):
    part = ["var", "put_x", "put_y"][rng.integers(3)]
    x = rng.normal(size=rng.integers(1, 4, size=rng.integers(1, 4)))
    if part == "var":
        axis = [None, 0, -1, tuple(range(x.ndim))][rng.integers(4)]
        keepdims = bool(rng.integers(2))
        z = x.var(axis, keepdims=keepdims)
        inputs = {"g": np.asarray(rng.normal(size=z.shape)), "z": z, "x": x, "axis": axis, "keepdims": keepdims}
        return Case(inputs, part=part)
    index = [0, -1, slice(0, 1), [0]][rng.integers(4)]
    y = np.asarray(rng.normal(size=x[index].shape))
    z = check.put(x, y, index)
    return Case({"g": rng.normal(size=x.shape), "z": z, "x": x, "y": y, "index": index}, part=part)


@rules.wrong("You multiply by 1 - 1/n")
class MeanOfOneSquare(ByMeans):
    def var(g, z, x, axis, keepdims):
        n = x.size / x.mean(axis, keepdims=True).size
        return ByMeans.var(g, z, x, axis, keepdims) * (n - 1) / n


@rules.wrong("the entries of x that were kept")
class KeptEntries(ByMeans):
    def put_x(g, z, x, y, index):
        kept = x.copy()
        kept[index] = 0.0
        return kept


engine = answers_to(check.own_engine)


@engine.right
class WithADictionary:
    def apply(entry, *inputs, **options):
        nodes = [x if isinstance(x, check.Node) else check.Node(x) for x in inputs]
        z = check.Node(entry[0](*[x.data for x in nodes], **options))
        if any(x.requires_grad for x in nodes):
            z.requires_grad = True
            z._op, z._prev, z._options = entry, tuple(nodes), options
        return z

    def backward(root, g):
        waiting = {root: g}
        for node in reversed(topological_order(root)):
            arrived = waiting[node]
            if not node._prev:
                node.grad = arrived + (0.0 if node.grad is None else node.grad)
                continue
            arrays = [x.data for x in node._prev]
            for i, x in enumerate(node._prev):
                if x.requires_grad:
                    part = node._op[1](i, arrived, node.data, *arrays, **node._options)
                    waiting[x] = unbroadcast(part, x.data.shape) + waiting.get(x, 0.0)


def with_another_z(z_of):
    """A sweep of which z_of(root, node, arrived) gives the z."""

    def backward(root, g):
        waiting = {root: g}
        for node in reversed(topological_order(root)):
            arrived = waiting[node]
            if not node._prev:
                node.grad = arrived + (0.0 if node.grad is None else node.grad)
            for i, x in enumerate(node._prev):
                if x.requires_grad:
                    arrays = [each.data for each in node._prev]
                    part = node._op[1](i, arrived, z_of(root, node, arrived), *arrays, **node._options)
                    waiting[x] = unbroadcast(part, x.data.shape) + waiting.get(x, 0.0)

    return type("AnotherZ", (WithADictionary,), {"backward": backward})


for z_of in (lambda root, node, g: None, lambda root, node, g: g, lambda root, node, g: root.data):
    engine.wrong("It gets the data of the result that it belongs to")(with_another_z(z_of))


@engine.right
class WithCounts:
    """No order: a node goes on when all that use it have arrived."""

    @staticmethod
    def apply(entry, *inputs, **options):
        forward, _ = entry
        given = []
        for x in inputs:
            given.append(x if type(x) is Node else Node(x, requires_grad=False))
        needed = sum(x.requires_grad for x in given) > 0
        z = Node(forward(*(x.data for x in given), **options), requires_grad=needed)
        if needed:
            z._op, z._options, z._prev = entry, dict(options), (*given,)
        return z

    @staticmethod
    def backward(root, g):
        uses, seen, stack = {root: 0}, {root}, [root]
        while stack:
            for x in stack.pop()._prev:
                if x.requires_grad:
                    uses[x] = uses.get(x, 0) + 1
                    if x not in seen:
                        seen.add(x)
                        stack.append(x)
        found, ready = {root: np.array(g)}, [root]
        while ready:
            node = ready.pop()
            if node._op == "":
                node.grad = found[node].copy() if node.grad is None else node.grad + found[node]
                continue
            for i, x in enumerate(node._prev):
                if x.requires_grad:
                    rule = node._op[1]
                    part = rule(i, found[node], node.data, *[p.data for p in node._prev], **node._options)
                    part = unbroadcast(np.array(part), x.data.shape)
                    found[x] = part if x not in found else found[x] + part
                    uses[x] -= 1
                    if uses[x] == 0:
                        ready.append(x)


@engine.right
class WithZeros:
    apply = WithADictionary.apply

    def backward(root, g):
        order = topological_order(root)
        found = {node: np.zeros(node.data.shape) for node in order}
        found[root] += g
        for node in order[::-1]:
            for i in range(len(node._prev)):
                x = node._prev[i]
                if x in found:
                    inputs = (p.data for p in node._prev)
                    found[x] += unbroadcast(
                        node._op[1](i, found[node], node.data, *inputs, **node._options), x.data.shape
                    )
        for node in order:
            if not node._prev:
                node.grad = found[node] if node.grad is None else found[node] + node.grad


class Blank:
    def apply(entry, *inputs, **options):
        raise NotImplementedError

    def backward(root, g):
        raise NotImplementedError


engine.stub(Blank)


def engine_but(**parts):
    return type("Changed", (WithADictionary,), parts)


def recorded_by(entry, inputs, options):
    nodes = tuple(x if isinstance(x, Node) else Node(x) for x in inputs)
    z = Node(entry[0](*[x.data for x in nodes], **options))
    z._op, z._prev, z._options = entry, nodes, options
    z.requires_grad = any(x.requires_grad for x in nodes)
    return z


engine.wrong("You take notes of every result")(
    engine_but(apply=lambda entry, *inputs, **options: recorded_by(entry, inputs, options))
)


def apply_but(words=""):
    def declare(function):
        engine.wrong(words)(engine_but(apply=function))
        return function

    return declare


def backward_but(words=""):
    def declare(function):
        engine.wrong(words)(engine_but(backward=function))
        return function

    return declare


@apply_but("Every result of yours needs a gradient")
def always_true(entry, *inputs, **options):
    z = recorded_by(entry, inputs, options)
    z.requires_grad = True
    return z


@apply_but("only if all inputs need a gradient")
def all_of_them(entry, *inputs, **options):
    z = recorded_by(entry, inputs, options)
    return z if all(x.requires_grad for x in z._prev) else Node(z.data)


@apply_but("keep only the inputs that need")
def without_constants(entry, *inputs, **options):
    z = WithADictionary.apply(entry, *inputs, **options)
    z._prev = tuple(x for x in z._prev if x.requires_grad)
    return z


@apply_but("You do not note the options")
def forgetful(entry, *inputs, **options):
    z = WithADictionary.apply(entry, *inputs, **options)
    z._options = {}
    return z


@apply_but("do not reach the forward function")
def options_lost(entry, *inputs, **options):
    z = WithADictionary.apply(entry, *inputs)
    if z._prev:
        z._options = options
    return z


@apply_but("Without `_op` and `_prev` it is a leaf")
def only_the_number(entry, *inputs, **options):
    z = WithADictionary.apply(entry, *inputs, **options)
    return Node(z.data, requires_grad=z.requires_grad)


@apply_but("does not say that it needs a gradient")
def flag_forgotten(entry, *inputs, **options):
    z = WithADictionary.apply(entry, *inputs, **options)
    z.requires_grad = False
    return z


@apply_but("becomes a node that needs a gradient")
def constants_that_need(entry, *inputs, **options):
    nodes = [x if isinstance(x, Node) else Node(x, requires_grad=True) for x in inputs]
    return WithADictionary.apply(entry, *nodes, **options)


@apply_but("new nodes of inputs that are nodes already")
def always_new(entry, *inputs, **options):
    nodes = [Node(getattr(x, "data", x), getattr(x, "requires_grad", False)) for x in inputs if isinstance(x, Node)]
    return WithADictionary.apply(entry, *nodes, *[x for x in inputs if not isinstance(x, Node)], **options)


@apply_but("as they came")
def inputs_as_they_are(entry, *inputs, **options):
    z = WithADictionary.apply(entry, *inputs, **options)
    if z.requires_grad:
        z._prev = inputs
    return z


@apply_but("yours returns an array")
def an_array(entry, *inputs, **options):
    return WithADictionary.apply(entry, *inputs, **options).data


@apply_but("Note the pair itself")
def the_rule_alone(entry, *inputs, **options):
    z = WithADictionary.apply(entry, *inputs, **options)
    z._op = z._op and entry[1]
    return z


@apply_but("You ask the first input alone")
def first_input_decides(entry, *inputs, **options):
    z = recorded_by(entry, inputs, options)
    return z if z._prev[0].requires_grad else Node(z.data)


def sweep_with(root, g, **steps):
    check.sweep(root, g, **steps)


backward_but("You begin with ones")(lambda root, g: sweep_with(root, np.ones(np.shape(g))))
backward_but("keeps only one of its two contributions")(
    lambda root, g: sweep_with(root, g, gather=lambda before, part: part)
)
backward_but("Bring each contribution back")(lambda root, g: sweep_with(root, g, fit=lambda part, shape: part))


@backward_but("Results keep their gradient as well")
def everybody_keeps(root, g):
    def keep(node, arrived):
        node.grad = arrived + (0 if node.grad is None else node.grad)

    sweep_with(root, g, keep=keep)


@backward_but("A leaf loses the gradient")
def replaced(root, g):
    def keep(node, arrived):
        if node._op == "":
            node.grad = arrived.copy()

    sweep_with(root, g, keep=keep)


@backward_but("Keep a copy: np.array(g)")
def the_same_array(root, g):
    def keep(node, arrived):
        if not node._prev:
            node.grad = arrived if node.grad is None else node.grad + arrived

    sweep_with(root, g, keep=keep)


@backward_but("You ask for the gradient of input 0 every time")
def number_zero(root, g):
    def rule_of(node, i, arrived, arrays):
        return node._op[1](0, arrived, node.data, *arrays, **node._options)

    sweep_with(root, g, rule_of=rule_of)


@backward_but("The rules do not get the options")
def no_options(root, g):
    def rule_of(node, i, arrived, arrays):
        return node._op[1](i, arrived, node.data, *arrays)

    sweep_with(root, g, rule_of=rule_of)


@backward_but("called the rule of an input that needs no gradient")
def rules_of_constants(root, g):
    waiting = {root: g}
    for node in reversed(topological_order(root)):
        arrived = waiting[node]
        if not node._prev:
            node.grad = arrived + (0.0 if node.grad is None else node.grad)
        for i, x in enumerate(node._prev):
            part = node._op[1](i, arrived, node.data, *[p.data for p in node._prev], **node._options)
            if x.requires_grad:
                waiting[x] = unbroadcast(part, x.data.shape) + waiting.get(x, 0.0)


@backward_but()
def from_the_leaves(root, g):
    sweep_with(root, g, order=lambda root: topological_order(root)[::-1])


@backward_but()
def along_every_path(root, g):
    if not root._prev:
        root.grad = np.array(g) if root.grad is None else root.grad + g
    for i, x in enumerate(root._prev):
        if x.requires_grad:
            part = root._op[1](i, g, root.data, *[p.data for p in root._prev], **root._options)
            along_every_path(x, unbroadcast(part, x.data.shape))


@backward_but("found at its first place both times")
def by_index(root, g):
    waiting = {root: g}
    for node in reversed(topological_order(root)):
        arrived = waiting[node]
        if not node._prev:
            node.grad = arrived + (0.0 if node.grad is None else node.grad)
        for x in node._prev:
            if x.requires_grad:
                i, arrays = node._prev.index(x), [p.data for p in node._prev]
                part = node._op[1](i, arrived, node.data, *arrays, **node._options)
                waiting[x] = unbroadcast(part, x.data.shape) + waiting.get(x, 0.0)


backward_but("the sum of all g")(lambda root, g: sweep_with(root, np.full(g.shape, g.sum())))


@backward_but("No leaf has a gradient afterwards")
def only_a_dictionary(root, g):
    return {node: g for node in topological_order(root)}


@backward_but("You add in place, with +=")
def plus_equals(root, g):
    waiting = {root: g.copy()}
    for node in reversed(topological_order(root)):
        arrived = waiting.pop(node)
        if not node._prev:
            node.grad = arrived.copy() if node.grad is None else node.grad + arrived
        for i, x in enumerate(node._prev):
            if x.requires_grad:
                part = node._op[1](i, arrived, node.data, *[p.data for p in node._prev], **node._options)
                part = unbroadcast(part, x.data.shape)
                if x in waiting:
                    waiting[x] += part
                else:
                    waiting[x] = part


@engine.inputs
def a_graph_or_an_entry(rng):
    if rng.integers(2):
        cases = [case for case in check.own_engine.cases() if case.part == "apply"]
        return cases[rng.integers(len(cases))]
    story = check.GRAPHS[rng.integers(len(check.GRAPHS))]
    g = rng.normal(size=np.shape(story.cases[0][0]))
    expected = (*story.gradients(*map(np.array, story.values), g), check.EACH_ITS_OWN)
    return Case({"graph": story.__doc__, "g": g}, expected, call=check.swept, part="backward", names=story.names)


@apply_but("Note the pair itself")
def the_forward_function(entry, *inputs, **options):
    z = WithADictionary.apply(entry, *inputs, **options)
    if z.requires_grad:
        z._op = entry[0]
    return z


@engine.wrong("You count only the inputs that need a gradient")
class CountsTheNeedy(WithADictionary):
    def backward(root, g):
        waiting = {root: g}
        for node in reversed(topological_order(root)):
            arrived = waiting[node]
            if not node._prev:
                node.grad = arrived + (0.0 if node.grad is None else node.grad)
            arrays = [x.data for x in node._prev]
            for i, x in enumerate([x for x in node._prev if x.requires_grad]):
                part = node._op[1](i, arrived, node.data, *arrays, **node._options)
                waiting[x] = unbroadcast(part, x.data.shape) + waiting.get(x, 0.0)


grads = answers_to(check.no_grad)


@grads.right
class WithMethods:
    def __init__(self, switch):
        self.switch = switch

    def __enter__(self):
        self.before = self.switch.on
        self.switch.on = False
        return self

    def __exit__(self, kind, error, traceback):
        self.switch.on = self.before
        return False


@grads.right
@contextlib.contextmanager
def with_a_generator(switch):
    before = switch.on
    switch.on = False
    try:
        yield
    finally:
        switch.on = before


@grads.stub
class Untouched:
    def __init__(self, switch):
        self.switch = switch

    def __enter__(self):
        raise NotImplementedError

    def __exit__(self, *error):
        raise NotImplementedError


@grads.wrong("recording goes on too early")
@contextlib.contextmanager
def turns_on(switch):
    switch.on = False
    try:
        yield
    finally:
        switch.on = True


@grads.wrong("After a block that failed")
@contextlib.contextmanager
def without_finally(switch):
    before, switch.on = switch.on, False
    yield
    switch.on = before


@grads.wrong("is swallowed")
class ReturnsTrue(WithMethods):
    def __exit__(self, *error):
        self.switch.on = self.before
        return True


@grads.wrong("is swallowed")
@contextlib.contextmanager
def catches_all(switch):
    before, switch.on = switch.on, False
    try:
        yield
    except Exception:
        pass
    switch.on = before


@grads.wrong("stays off after the block")
class NoExit(WithMethods):
    def __exit__(self, *error):
        return None


@grads.wrong("nothing was switched off")
class NoEnter(WithMethods):
    def __enter__(self):
        self.before = self.switch.on


@grads.wrong("You turn the switch over")
class Toggles(WithMethods):
    def __enter__(self):
        self.switch.on = not self.switch.on

    def __exit__(self, *error):
        self.switch.on = not self.switch.on


@grads.wrong("All blocks keep the old value in one place")
class InTheClass(WithMethods):
    def __enter__(self):
        InTheClass.before = self.switch.on
        self.switch.on = False


@grads.wrong("All blocks keep the old value in one place")
def in_a_global(switch):
    class Block(WithMethods):
        def __enter__(self):
            in_a_global.before, switch.on = switch.on, False

        def __exit__(self, *error):
            switch.on = in_a_global.before

    return Block(switch)


@grads.wrong("when the object was made")
class Early(WithMethods):
    def __init__(self, switch):
        self.switch = switch
        self.before = switch.on

    def __enter__(self):
        self.switch.on = False


@grads.wrong()
class LeavesTheSecondAlone(WithMethods):
    first = None

    def __init__(self, switch):
        LeavesTheSecondAlone.first = self.switch = LeavesTheSecondAlone.first or switch

    def __exit__(self, *error):
        super().__exit__(*error)
        LeavesTheSecondAlone.first = None


@grads.wrong()
@contextlib.contextmanager
def error_of_its_own(switch):
    before, switch.on = switch.on, False
    try:
        yield
    except ValueError:
        raise RuntimeError("recording is off") from None
    finally:
        switch.on = before


@grads.wrong("needs an object with the methods __enter__ and __exit__")
def no_context_at_all(switch):
    switch.on = False


@grads.inputs
def one_of_the_uses(rng):
    cases = list(check.no_grad.cases())
    return cases[rng.integers(len(cases))]


@grads.wrong("You switch on when the block begins")
class SwitchesOn(WithMethods):
    def __enter__(self):
        self.before = self.switch.on
        self.switch.on = True


over = answers_to(check.versions)


@over.right
class ByVersions(Versioned):
    def note(self):
        self.then = tuple(parent.version for parent in self._prev)

    def verify(self):
        for parent, version in zip(self._prev, self.then, strict=True):
            if parent.version > version:
                raise RuntimeError("an input was written over")


@over.wrong("they are the old ones again")
class ByCopies(Versioned):
    def note(self):
        self.copies = [parent.data.copy() for parent in self._prev]

    def verify(self):
        if not all(np.array_equal(parent.data, copy) for parent, copy in zip(self._prev, self.copies, strict=True)):
            raise RuntimeError("an input has other values now")


@over.right
class ByASum(Versioned):
    """Versions never fall, so their sum tells of every write."""

    def note(self):
        self.then = sum(parent.version for parent in self._prev)

    def verify(self):
        if sum(parent.version for parent in self._prev) != self.then:
            raise RuntimeError("an input was written over")


@over.stub
class Unwritten(Versioned):
    def note(self):
        raise NotImplementedError

    def verify(self):
        raise NotImplementedError


@over.wrong("No story ends in an error")
class Silent(Versioned):
    pass


@over.wrong("whoever called backward goes on with it")
class Printed(ByVersions):
    def verify(self):
        if self.then != tuple(parent.version for parent in self._prev):
            print("an input was written over")


@over.wrong("ever written into")
class Strict(Versioned):
    def verify(self):
        if sum(parent.version for parent in self._prev):
            raise RuntimeError


@over.wrong("the first input only")
class OneInput(Versioned):
    def note(self):
        self.then = [parent.version for parent in self._prev][:1]

    def verify(self):
        if self.then != [self._prev[0].version]:
            raise RuntimeError


@over.wrong("the node's own version")
class Itself(Versioned):
    def verify(self):
        if self.version:
            raise RuntimeError


@over.wrong("RuntimeError is asked for")
class WrongError(ByVersions):
    def verify(self):
        try:
            super().verify()
        except RuntimeError:
            raise ValueError("written over") from None


@over.wrong("RuntimeError is asked for")
class AnAssertion(ByVersions):
    def verify(self):
        assert self.then == tuple(parent.version for parent in self._prev)


@over.wrong("RuntimeError is asked for")
class OnOneLine(ByVersions):
    def verify(self):
        if self.then != tuple(parent.version for parent in self._prev):
            raise ValueError("written")  # noqa: E701


@over.wrong("nothing of this name")
class NothingNoted(Versioned):
    def verify(self):
        if self.then != [parent.version for parent in self._prev]:
            raise RuntimeError("written")  # noqa: E701


SEEN = weakref.WeakKeyDictionary()


@over.wrong("the next node that uses the input overwrites it")
class InADictionary(Versioned):
    def note(self):
        for parent in self._prev:
            SEEN[parent] = parent.version

    def verify(self):
        if any(SEEN[parent] != parent.version for parent in self._prev):
            raise RuntimeError("an input was written over")


@over.wrong("the first node that uses the input has written it")
class TheFirstWins(Versioned):
    def note(self):
        for parent in self._prev:
            SEEN.setdefault(parent, parent.version)

    def verify(self):
        if any(SEEN[parent] != parent.version for parent in self._prev):
            raise RuntimeError("an input was written over")


@over.wrong("not those that were computed")
class OfLeavesAlone(ByVersions):
    def verify(self):
        for parent, version in zip(self._prev, self.then, strict=True):
            if not parent._prev and parent.version != version:
                raise RuntimeError("an input was written over")


@over.wrong()
class ComparesSums(Versioned):
    def note(self):
        self.then = sum(parent.version for parent in set(self._prev))

    def verify(self):
        if sum(parent.version for parent in self._prev[:2]) > self.then + 1:
            raise RuntimeError("an input was written over")


@over.wrong("Every story ends in an error")
class Inverted(ByVersions):
    def verify(self):
        raise RuntimeError("overwritten?")


@over.wrong("the largest version")
class Largest(Versioned):
    def note(self):
        self.then = max([0, *(parent.version for parent in self._prev)])

    def verify(self):
        if max(parent.version for parent in self._prev) > self.then:
            raise RuntimeError("an input was written over")


@over.wrong("It counts the writes for all who use that input")
class BackToZero(Versioned):
    def note(self):
        for parent in self._prev:
            parent.version = 0

    def verify(self):
        if sum(parent.version for parent in self._prev) > 0:
            raise RuntimeError("an input was written over")


@over.wrong("one place for all nodes")
class InOnePlace(Versioned):
    def note(self):
        InOnePlace.then = [parent.version for parent in self._prev]

    def verify(self):
        if InOnePlace.then != [parent.version for parent in self._prev]:
            raise RuntimeError("an input was written over")


@over.stub
class HalfWritten(ByVersions):
    def verify(self):
        raise NotImplementedError


@over.wrong("the second input only")
class SecondOnly(Versioned):
    def note(self):
        self.then = [parent.version for parent in self._prev][1:]

    def verify(self):
        if self.then != [self._prev[1].version]:
            raise RuntimeError


@over.wrong("It counts the writes for all who use that input")
class ZeroAfterTheLook(ByVersions):
    def verify(self):
        super().verify()
        for parent in self._prev:
            parent.version = 0


@over.wrong("One is enough")
class IfAllWereWritten(ByVersions):
    def verify(self):
        if all(parent.version > version for parent, version in zip(self._prev, self.then, strict=True)):
            raise RuntimeError("all inputs were written over")


@over.wrong("Equal means that nothing was written")
class TheOtherSign(ByVersions):
    def verify(self):
        if self.then == tuple(parent.version for parent in self._prev):
            raise RuntimeError("an input was written over")


@over.wrong("and the node's own version, too")
class AndItself(ByVersions):
    def verify(self):
        super().verify()
        if self.version > 0:
            raise RuntimeError("the result was written over")


@over.inputs
def one_of_the_stories(rng):
    cases = list(check.versions.cases())
    return cases[rng.integers(len(cases))]


memory = answers_to(check.freed)


@memory.right
class WithSlopes(Leaky):
    def __mul__(self, other):
        product = type(self)(self.data * other.data, (self, other))
        product.local = [other.data, self.data]
        return product

    def hand_on(self):
        if self._prev:
            x, y = self._prev
            x.grad += self.local[0] * self.grad
            y.grad += self.local[1] * self.grad


@memory.right
class WithAWeakReference(Leaky):
    def __mul__(self, other):
        product = type(self)(self.data * other.data, (self, other))
        weak = weakref.ref(product)

        def hand_on():
            self.grad += other.data * weak().grad
            other.grad += self.data * weak().grad

        product.hand_on = hand_on
        return product


@memory.right
class FromTheInputs(Leaky):
    def __mul__(self, other):
        return type(self)(self.data * other.data, (self, other))

    def hand_on(self):
        for i, parent in enumerate(self._prev):
            parent.grad += self._prev[1 - i].data * self.grad


@memory.stub
class Unmended(Leaky):
    def __mul__(self, other):
        raise NotImplementedError

    def hand_on(self):
        raise NotImplementedError


@memory.wrong("a circle")
class AsItWas(Leaky):
    pass


@memory.wrong("the *other* factor")
class OwnValue(WithSlopes):
    def __mul__(self, other):
        product = super().__mul__(other)
        product.local.reverse()
        return product


@memory.wrong("Add to `grad`")
class PutInPlace(FromTheInputs):
    def hand_on(self):
        for i, parent in enumerate(self._prev):
            parent.grad = self._prev[1 - i].data * self.grad


@memory.wrong("You pass on the slope alone")
class SlopeAlone(FromTheInputs):
    def hand_on(self):
        for i, parent in enumerate(self._prev):
            parent.grad += self._prev[1 - i].data


@memory.wrong("without its inputs")
class NothingKept(FromTheInputs):
    def __mul__(self, other):
        return type(self)(self.data * other.data)


@memory.wrong("Only the first input")
class ToOne(FromTheInputs):
    def hand_on(self):
        if self._prev:
            x, y = self._prev
            x.grad += y.data * self.grad


@memory.wrong("gets only one of its two contributions")
class BothAtOnce(FromTheInputs):
    def hand_on(self):
        if self._prev:
            x, y = self._prev
            x.grad, y.grad = x.grad + y.data * self.grad, y.grad + x.data * self.grad


@memory.wrong("gets only one of its two contributions")
class ByInput(Leaky):
    def __mul__(self, other):
        product = type(self)(self.data * other.data, (self, other))
        product.slopes = {self: other.data, other: self.data}
        return product

    def hand_on(self):
        for parent in self._prev and self.slopes:
            parent.grad += self.slopes[parent] * self.grad


@memory.wrong("add once for each place")
class EachInputOnce(FromTheInputs):
    def hand_on(self):
        for parent in dict.fromkeys(self._prev):
            other = next((each for each in self._prev if each is not parent), parent)
            parent.grad += other.data * self.grad


@memory.wrong("freed only if somebody goes backward")
class OpenedByBackward(Leaky):
    def __mul__(self, other):
        product = super().__mul__(other)
        add = product.hand_on

        def hand_on():
            add()
            del product.hand_on

        product.hand_on = hand_on
        return product


@memory.wrong("yours is a number")
class OnlyANumber(FromTheInputs):
    def __mul__(self, other):
        return self.data * other.data


@memory.wrong("yours is a Leaky")
class OfAnotherClass(FromTheInputs):
    def __mul__(self, other):
        return Leaky(self.data * other.data, (self, other))


@memory.wrong("without its inputs")
class NothingHandedOn(FromTheInputs):
    def hand_on(self):
        pass


@memory.wrong("something still refers to them")
class KnownToTheInputs(FromTheInputs):
    def __mul__(self, other):
        product = super().__mul__(other)
        self.results = [*getattr(self, "results", ()), product]
        return product


@memory.wrong("something still refers to them")
class Remembers(FromTheInputs):
    kept = []

    def __mul__(self, other):
        product = super().__mul__(other)
        self.kept.append(product)
        return product


def random_product(seed, x, y):
    rng = np.random.default_rng(seed)
    values = [x, y]
    for _ in range(rng.integers(1, 6)):
        first, second = (values[i] for i in rng.integers(len(values), size=2))
        values.append(first * second)
    return values[-1]


@memory.inputs
def products(rng):
    return {"z": partial(random_product, rng.integers(1_000_000)), "x": rng.normal(), "y": rng.normal()}


@memory.inputs
def what_stays(rng):
    return {"x": rng.normal(), "y": rng.normal(), "backward": bool(rng.integers(2))}


@memory.wrong("Your `hand_on` calls that of the inputs")
class GoesOn(FromTheInputs):
    def hand_on(self):
        super().hand_on()
        for parent in self._prev:
            parent.hand_on()


who = answers_to(check.who_has_grad)
RIGHT = {"x": False, "w": True, "h": False, "d": False, "b": True, "c": False}


@who.right
def as_a_function():
    return dict(RIGHT)


who.right(dict(reversed(RIGHT.items())))
who.stub(dict.fromkeys(RIGHT, ...))
who.wrong("Only leaves that need a gradient keep theirs")({**RIGHT, "h": True, "x": True})
who.wrong("the sum does not know")({**RIGHT, "c": True})
who.wrong("b is in it")({**RIGHT, "b": False})
who.wrong("by the other path")({**RIGHT, "w": False})
who.wrong("without quotes")({name: str(answer) for name, answer in RIGHT.items()})
who.wrong("instead of 1 and 0")({name: int(answer) for name, answer in RIGHT.items()})
who.wrong()({**RIGHT, "d": "maybe"})
who.wrong("constants get none")({**RIGHT, "x": True})
who.wrong("results pass theirs on")({**RIGHT, "d": True})
who.wrong()(True)
who.wrong("h is a text (str), expected a truth value (bool)")({**RIGHT, "h": "no"})


up = answers_to(check.climb)


@up.right
def with_detached(network, parameters, starts, rate, steps):
    fixed = [p.detach() for p in parameters]
    way = [starts]
    for _ in range(steps):
        points = Tensor(way[-1], requires_grad=True)
        network(points, fixed).sum().backward()
        way.append(way[-1] + rate * points.grad)
    return np.array(way)


@up.right
def one_leaf_for_all(network, parameters, starts, rate, steps):
    way = np.zeros((steps + 1, *starts.shape))
    way[0] = starts
    points = Tensor(starts.copy(), requires_grad=True)
    constants = [Tensor(p.data) for p in parameters]
    for k in range(1, steps + 1):
        points.grad = None
        z = network(points, constants)
        z.backward(np.ones(z.shape))
        with no_grad():
            points += rate * points.grad
        way[k] = points.data
    return way


@up.right
def a_list_of_arrays(network, parameters, starts, rate, steps):
    way, here = [starts], starts
    for _ in range(steps):
        leaf = Tensor(here, requires_grad=True)
        network(leaf, [p.data for p in parameters]).sum().backward()
        here = here + rate * leaf.grad
        way = [*way, here]
    return np.stack(way)


up.wrong("go downhill")(lambda n, p, x, rate, steps: with_detached(n, p, x, -rate, steps))
up.wrong("The start is missing")(lambda n, p, x, rate, steps: with_detached(n, p, x, rate, steps)[1:])
up.wrong("The last step is missing")(lambda n, p, x, rate, steps: with_detached(n, p, x, rate, steps)[:-1])
up.wrong("where the points end")(lambda n, p, x, rate, steps: with_detached(n, p, x, rate, steps)[-1])


@up.wrong("All rows of the way are equal")
def the_same_array_again(network, parameters, starts, rate, steps):
    fixed, here = [p.detach() for p in parameters], starts.copy()
    way = [here]
    for _ in range(steps):
        points = Tensor(here.copy(), requires_grad=True)
        network(points, fixed).sum().backward()
        here += rate * points.grad
        way.append(here)
    return np.array(way)


@up.wrong("the mean of all answers")
def by_the_mean(network, parameters, starts, rate, steps):
    fixed, way = [p.detach() for p in parameters], [starts]
    for _ in range(steps):
        points = Tensor(way[-1], requires_grad=True)
        network(points, fixed).mean().backward()
        way.append(way[-1] + rate * points.grad)
    return np.array(way)


@up.wrong("gradients of earlier steps")
def never_forgotten(network, parameters, starts, rate, steps):
    fixed = [p.detach() for p in parameters]
    points, way = Tensor(starts.copy(), requires_grad=True), [starts]
    for _ in range(steps):
        network(points, fixed).sum().backward()
        with no_grad():
            points += rate * points.grad
        way.append(points.data.copy())
    return np.array(way)


@up.wrong("uses the gradient at the start")
def straight_on(network, parameters, starts, rate, steps):
    leaf = Tensor(starts, requires_grad=True)
    network(leaf, [p.detach() for p in parameters]).sum().backward()
    return np.array([starts + rate * k * leaf.grad for k in range(steps + 1)])


@up.wrong("You threw away the gradients")
def cleared(network, parameters, starts, rate, steps):
    way = [starts]
    for _ in range(steps):
        points = Tensor(way[-1], requires_grad=True)
        network(points, parameters).sum().backward()
        way.append(way[-1] + rate * points.grad)
    for p in parameters:
        p.grad = None
    return np.array(way)


@up.wrong("had to zero")
def zeroed(network, parameters, starts, rate, steps):
    way = [starts]
    for _ in range(steps):
        points = Tensor(way[-1], requires_grad=True)
        network(points, parameters).sum().backward()
        way.append(way[-1] + rate * points.grad)
    for p in parameters:
        p.grad = 0 * p.data
    return np.array(way)


@up.wrong("A sweep adds to them")
def parameters_as_they_are(network, parameters, starts, rate, steps):
    way = [starts]
    for _ in range(max(steps, 1)):
        points = Tensor(way[-1], requires_grad=True)
        network(points, parameters).sum().backward()
        way.append(way[-1] + rate * points.grad)
    return np.array(way[: steps + 1])


@up.wrong("moves the parameters")
def the_network_moves(network, parameters, starts, rate, steps):
    for _ in range(max(steps, 1)):
        network(Tensor(starts), parameters).sum().backward()
        for p in parameters:
            p.data += rate * p.grad
    return np.array([starts] * (steps + 1))


@up.wrong("does not need a gradient any more")
def switched_off(network, parameters, starts, rate, steps):
    for p in parameters:
        p.requires_grad = False
    return with_detached(network, parameters, starts, rate, steps)


@up.wrong("Your code changed starts")
def in_place(network, parameters, starts, rate, steps):
    way = with_detached(network, parameters, starts, rate, steps)
    starts += 1
    return way


@up.wrong("one step too many")
def one_step_too_many(network, parameters, starts, rate, steps):
    return with_detached(network, parameters, starts, rate, steps + 1)


@up.wrong()
def steps_of_length_rate(network, parameters, starts, rate, steps):
    fixed, way = [p.detach() for p in parameters], [starts]
    for _ in range(steps):
        points = Tensor(way[-1], requires_grad=True)
        network(points, fixed).sum().backward()
        way.append(way[-1] + rate * np.sign(points.grad))
    return np.array(way)


up.wrong("A step is `rate` times the gradient")(lambda n, p, x, rate, steps: with_detached(n, p, x, 1, steps))


@up.wrong("it is short where it is flat")
def of_one_length(network, parameters, starts, rate, steps):
    fixed, way = [p.data for p in parameters], [starts]
    for _ in range(steps):
        points = Tensor(way[-1], requires_grad=True)
        network(points, fixed).sum().backward()
        lengths = (points.grad**2).sum(axis=1, keepdims=True) ** 0.5
        way.append(way[-1] + rate * points.grad / lengths)
    return np.array(way)


@up.inputs
def a_hill(rng):
    hills = list(check.HILLS)
    starts = rng.normal(size=(rng.integers(1, 4), 2))
    inputs = {"network": hills[rng.integers(3)], "starts": starts, "rate": rng.uniform(0.05, 0.3)}
    return Case({**inputs, "steps": int(rng.integers(0, 4))}, call=check.climbed)


@up.wrong("Your rows are the steps")
def only_the_steps(network, parameters, starts, rate, steps):
    way = with_detached(network, parameters, starts, rate, steps)
    return np.concatenate([0 * way[:1], way[1:] - way[:-1]])


@up.wrong("The first axis is that of the steps")
def a_way_for_each_point(network, parameters, starts, rate, steps):
    return np.swapaxes(with_detached(network, parameters, starts, rate, steps), 0, 1)


@up.wrong("You climb the squares")
def squares(network, parameters, starts, rate, steps):
    return with_detached(lambda *given: network(*given) ** 2, parameters, starts, rate, steps)
