"""Answers to the exercises of lesson 06."""

import contextlib
import weakref

import numpy as np

from gradlib.checks import lesson_06 as check
from gradlib.checks.lesson_06 import Leaky, Versioned
from gradlib.primitives import Primitive, Vjp

from .harness import answers_to

softsign = answers_to(check.softsign)


def made(forward, rule):
    return Primitive("softsign", forward, Vjp(rule, "1/(1 + |{x}|)^2"))


@softsign.right
def by_the_input():
    return made(lambda x: x / (1 + np.abs(x)), lambda g, z, x: g / (1 + np.abs(x)) ** 2)


@softsign.right
def by_the_result():
    return made(lambda x: x / (1 + np.abs(x)), lambda g, z, x: g * (1 - np.abs(z)) ** 2)


@softsign.wrong("Your rule returns the derivative alone")
def no_g():
    return made(lambda x: x / (1 + np.abs(x)), lambda g, z, x: (1 - np.abs(z)) ** 2)


@softsign.wrong("The square is missing")
def no_square():
    return made(lambda x: x / (1 + np.abs(x)), lambda g, z, x: g * (1 - np.abs(z)))


@softsign.wrong("You wrote x where |x| stands")
def no_size():
    return made(lambda x: x / (1 + x), lambda g, z, x: g / (1 + x) ** 2)


@softsign.wrong("Your rule puts z where x belongs")
def z_for_x():
    return made(lambda x: x / (1 + np.abs(x)), lambda g, x, z: g / (1 + np.abs(x)) ** 2)


@softsign.wrong()
def a_tanh():
    return made(np.tanh, lambda g, z, x: g * (1 - z**2))


@softsign.wrong()
def a_function():
    return lambda x: x / (1 + np.abs(x))


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


@grads.wrong("stays off after the block")
class NoExit(WithMethods):
    def __exit__(self, *error):
        return None


@grads.wrong("nothing was switched off")
class NoEnter(WithMethods):
    def __enter__(self):
        self.before = self.switch.on


@grads.wrong()
class Toggles(WithMethods):
    def __enter__(self):
        self.switch.on = not self.switch.on

    def __exit__(self, *error):
        self.switch.on = not self.switch.on


@grads.wrong()
def no_context_at_all(switch):
    switch.on = False


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


@over.wrong()
class WrongError(ByVersions):
    def verify(self):
        try:
            super().verify()
        except RuntimeError:
            raise ValueError("written over") from None


@over.wrong()
class Sum(Versioned):
    """Only the second input."""

    def note(self):
        self.then = [parent.version for parent in self._prev][1:]

    def verify(self):
        if self.then != [self._prev[1].version]:
            raise RuntimeError


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


@memory.wrong("the *other* one")
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


@memory.wrong("You hand on the slope alone")
class SlopeAlone(FromTheInputs):
    def hand_on(self):
        for i, parent in enumerate(self._prev):
            parent.grad += self._prev[1 - i].data


@memory.wrong()
class NothingHandedOn(FromTheInputs):
    def hand_on(self):
        pass


@memory.wrong("something holds them")
class Remembers(FromTheInputs):
    kept = []

    def __mul__(self, other):
        product = super().__mul__(other)
        self.kept.append(product)
        return product


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
who.wrong()(True)
