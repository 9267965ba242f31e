"""Answers to the exercises of lesson 06."""

import contextlib
import weakref
from functools import partial

import numpy as np

from gradlib.checks import lesson_06 as check
from gradlib.checks.lesson_06 import Leaky, Versioned
from gradlib.primitives import Primitive, Vjp

from .harness import answers_to

far = answers_to(check.distance)


def made(rule_x, rule_y, forward=lambda x, y: np.sqrt(x**2 + y**2)):
    return Primitive("distance", forward, Vjp(rule_x, "{x}/{z}"), Vjp(rule_y, "{y}/{z}"))


@far.right
def by_the_result():
    return made(lambda g, z, x, y: g * x / z, lambda g, z, x, y: g * y / z)


@far.right
def by_the_inputs():
    def root(x, y):
        return (x * x + y * y) ** 0.5

    return made(lambda g, z, x, y: g * x / root(x, y), lambda g, z, x, y: g * y / root(x, y), root)


@far.right
def with_any_number_of_parameters():
    return made(lambda g, *others: g * others[1] / others[0], lambda g, z, *xy: np.multiply(g, xy[1]) / z, np.hypot)


@far.right
def in_the_shape_of_the_input():
    def summed(gradient, x):
        missing = gradient.ndim - np.ndim(x)
        gradient = gradient.sum(axis=tuple(range(missing)))
        stretched = tuple(i for i, size in enumerate(np.shape(x)) if size == 1)
        return gradient.sum(axis=stretched, keepdims=True)

    return made(lambda g, z, x, y: summed(g * x / z, x), lambda g, z, x, y: summed(g * y / z, y))


@far.right
def with_fractions_and_roots():
    entry = by_the_result()
    formulas = r"\frac{{x}}{\sqrt{{x}^2 + {y}^2}}", r"{y} \cdot {z}^{-1}"
    vjps = (Vjp(rule, formula) for rule, formula in zip(entry.rules, formulas, strict=True))
    return Primitive("distance", np.hypot, *vjps)


@far.right
def with_letters_of_its_own():
    entry = by_the_result()
    formulas = r"\cos\varphi \text{ with } \tan\varphi = {y}/{x}", r"({y})({z})^{-1}"
    vjps = (Vjp(rule, formula) for rule, formula in zip(entry.rules, formulas, strict=True))
    return Primitive("distance", np.hypot, *vjps)


def with_formulas(words, first, second):
    """The right rules with wrong formulas."""

    def entry():
        rules = by_the_result().rules
        return Primitive("distance", np.hypot, Vjp(rules[0], first), Vjp(rules[1], second))

    far.wrong(words)(entry)


with_formulas("has {x} in it", "17", "{y}/{z}")
with_formulas("has {x} in it", "{y}", "{x}")
with_formulas("has {y} in it", "{x}/{z}", "")
with_formulas("Right so far: the formula of ∂z/∂y", "{z}/{x}", "{y}/{z}")
with_formulas("Right so far: the formula of ∂z/∂x", "{x}/{z}", r"\frac{{y}}{2{z}}")
with_formulas("Right so far: the formula of ∂z/∂y", "-{x}/{z}", r"\frac{{y}}{{z}}")
with_formulas("Right so far: the formula of ∂z/∂y", "{x} · 0.4", "{y}/{z}")  # 0.4 is 1/z at one place only


@far.wrong("twice too large")
def the_inner_two_left():
    return made(lambda g, z, x, y: g * (2 * x) / z, lambda g, z, x, y: g * (2 * y) / z)


@far.wrong("The root brings a division")
def never_divided():
    return made(lambda g, z, x, y: g * x, lambda g, z, x, y: g * y)


@far.wrong()
def sizes_of_the_slopes():
    return made(lambda g, z, x, y: g * abs(x) / z, lambda g, z, x, y: g * abs(y) / z)


@far.wrong("Your rules return the derivatives alone")
def no_g():
    return made(lambda g, z, x, y: x / z, lambda g, z, x, y: y / z)


@far.wrong("that of what stands under it is missing")
def root_only():
    return made(lambda g, z, x, y: 0.5 * g / z, lambda g, z, x, y: 0.5 * g / z)


@far.wrong("that of the root is missing")
def squares_only():
    return made(lambda g, z, x, y: 2 * g * x, lambda g, z, x, y: 2 * g * y)


@far.wrong("gradient of the other")
def turned():
    return made(lambda g, z, x, y: g * y / z, lambda g, z, x, y: g * x / z)


@far.wrong("half of its size")
def halved():
    return made(lambda g, z, x, y: g * x / z / 2, lambda g, z, x, y: g * y / z / 2)


@far.wrong("the root is missing from the forward")
def no_root():
    return made(lambda g, z, x, y: g * x / z, lambda g, z, x, y: g * y / z, lambda x, y: x**2 + y**2)


@far.wrong("the sum over axes that were stretched is the engine's")
def summed_by_hand():
    return made(lambda g, z, x, y: g * x / z, lambda g, z, x, y: (g * y / z).sum(axis=0))


@far.wrong("two Vjp, yours has 1")
def one_rule():
    return Primitive("distance", np.hypot, Vjp(lambda g, z, x, y: (g * x / z, g * y / z), ""))


@far.wrong("one of yours is None")
def a_rule_missing():
    return made(lambda g, z, x, y: g * x / z, None)


@far.wrong("called as rule(g, z, x, y)")
def fewer_parameters():
    return made(lambda g, x, y: g * x / np.hypot(x, y), lambda g, x, y: g * y / np.hypot(x, y))


@far.wrong("a Primitive; yours returns a function")
def a_function():
    return lambda x, y: np.hypot(x, y)


@far.wrong("Your code changed g")
def written_in_place():
    return made(lambda g, z, x, y: np.multiply(g, x / z, out=g), lambda g, z, x, y: g * y / z)


@far.inputs
def two_arrays(rng):
    common = rng.integers(1, 4, size=2)
    of_x, of_y = ([rng.choice([1, size]) for size in common[rng.integers(3) :]] for _ in range(2))
    g = rng.normal(size=np.broadcast_shapes(of_x, of_y))
    return {"x": np.asarray(rng.normal(size=of_x)), "y": np.asarray(rng.normal(size=of_y)), "g": np.asarray(g)}


@far.inputs
def two_numbers(rng):
    return {"x": rng.uniform(0.5, 3), "y": rng.uniform(-3, -0.5)}


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


over = answers_to(check.versions)


@over.right
class ByVersions(Versioned):
    def note(self):
        self.then = tuple(parent.version for parent in self._prev)

    def verify(self):
        for parent, version in zip(self._prev, self.then, strict=True):
            if parent.version > version:
                raise RuntimeError("an input was written over")


@over.right
class ByCopies(Versioned):
    def note(self):
        self.copies = [parent.data.copy() for parent in self._prev]

    def verify(self):
        if not all(np.array_equal(parent.data, copy) for parent, copy in zip(self._prev, self.copies, strict=True)):
            raise RuntimeError("an input has other values now")


@over.stub
class Unwritten(Versioned):
    def note(self):
        raise NotImplementedError

    def verify(self):
        raise NotImplementedError


@over.wrong("nobody is told")
class Silent(Versioned):
    pass


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


@over.wrong()
class SecondOnly(Versioned):
    def note(self):
        self.then = [parent.version for parent in self._prev][1:]

    def verify(self):
        if self.then != [self._prev[1].version]:
            raise RuntimeError


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
who.wrong()({**RIGHT, "d": "maybe"})
who.wrong("constants get none")({**RIGHT, "x": True})
who.wrong("results pass theirs on")({**RIGHT, "d": True})
who.wrong()(True)
