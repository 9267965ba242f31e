"""The checks of lesson 06."""

import gc
import weakref

import numpy as np

from gradlib import Tensor
from gradlib.checks import Case, exercise
from gradlib.primitives import Primitive, Vjp
from gradlib.tensor import apply

TITLE = "A tensor engine"


# --- 1 -----------------------------------------------------------------------------------------


@exercise("An operation of your own", points=2)
def softsign():
    """Return an entry of the table for softsign: z = x / (1 + |x|), whose derivative is 1 / (1 + |x|)².

    The entry is Primitive("softsign", forward, Vjp(rule, "formula")), where forward(x) gives z and rule(g, z, x)
    gives the gradient of x. At x = 1 with g = 10 it gives z = 0.5 and the gradient 2.5.
    """
    for shape, about in [((2, 3), ""), ((4,), ""), ((), "a single number"), ((0, 2), "an empty array")]:
        rng = np.random.default_rng(len(shape) + 3)
        x, g = rng.normal(size=shape), rng.normal(size=shape)
        yield Case(
            {"x": x, "g": g}, call=through_the_table, expected=(x / (1 + abs(x)), g / (1 + abs(x)) ** 2), about=about
        )
    x = np.array([[1.5], [-0.5]])
    g = np.array([[1.0, -2.0, 0.5], [3.0, 0.25, -1.0]])
    slope = 1 / (1 + abs(x)) ** 2
    yield Case(
        {"x": x, "g": g},
        call=stretched,
        expected=(g.sum(axis=1, keepdims=True) * slope),
        about="an axis that is stretched afterwards",
    )


def through_the_table(softsign, x, g):
    entry = softsign()
    if entry is None or entry is ...:
        return entry
    x = Tensor(x, requires_grad=True)
    z = apply(entry, x)
    z.backward(g)
    return z.data, x.grad


def stretched(softsign, x, g):
    entry = softsign()
    if entry is None or entry is ...:
        return entry
    x = Tensor(x, requires_grad=True)
    (apply(entry, x) * np.ones(g.shape)).backward(g)
    return x.grad


def entry(forward, rule):
    return Primitive("softsign", forward, Vjp(rule, "?"))


def forward(x):
    return x / (1 + abs(x))


@softsign.mistake
def slope_alone():
    """Your rule returns the derivative alone. A rule gets g, the gradient that arrives, and returns g times the
    derivative."""
    return entry(forward, lambda g, z, x: 1 / (1 + abs(x)) ** 2)


@softsign.mistake
def slope_not_squared():
    """The square is missing: by the quotient rule the denominator of the derivative is (1 + |x|)²."""
    return entry(forward, lambda g, z, x: g / (1 + abs(x)))


@softsign.mistake
def without_the_size():
    """You wrote x where |x| stands. For a negative x the two differ: 1 + x may be 0."""
    return entry(lambda x: x / (1 + x), lambda g, z, x: g / (1 + x) ** 2)


@softsign.mistake
def slope_of_the_result():
    """Your rule puts z where x belongs. It is called as rule(g, z, x): the arriving gradient, the result, the input."""
    return entry(forward, lambda g, z, x: g / (1 + abs(z)) ** 2)


# --- 2 -----------------------------------------------------------------------------------------


class Switch:
    """Whether operations are recorded."""

    def __init__(self):
        self.on = True


@exercise("no_grad", points=2)
def no_grad():
    """Return nothing, but be a context manager: inside of `with no_grad(switch):` switch.on is False, afterwards what
    it was.

    Also when the block ends by an error, which goes on its way, and when one such block stands inside of another.
    """
    yield Case(call=inside_and_after, inputs={"switch": "on"}, expected=(False, True))
    yield Case(call=nested, inputs={"switch": "on"}, expected=(False, False, True), about="a block inside of another")
    yield Case(call=after_an_error, inputs={"switch": "on"}, expected=(True, "ValueError"), about="a block that fails")
    yield Case(
        call=switched_off_before,
        inputs={"switch": "off"},
        expected=(False, False),
        about="a switch that was off before",
    )
    yield Case(
        call=same_object_twice,
        inputs={"switch": "on"},
        expected=(False, True, False, True),
        about="one block after the other",
    )


def inside_and_after(no_grad, switch):
    switch = Switch()
    with no_grad(switch):
        inside = switch.on
    return inside, switch.on


def nested(no_grad, switch):
    switch = Switch()
    with no_grad(switch):
        with no_grad(switch):
            pass
        between = switch.on
        inside = switch.on
    return inside, between, switch.on


def after_an_error(no_grad, switch):
    switch, seen = Switch(), "no error came out"
    try:
        with no_grad(switch):
            raise ValueError("on purpose")
    except ValueError:
        seen = "ValueError"
    return switch.on, seen


def switched_off_before(no_grad, switch):
    switch = Switch()
    switch.on = False
    with no_grad(switch):
        inside = switch.on
    return inside, switch.on


def same_object_twice(no_grad, switch):
    switch = Switch()
    return (*inside_and_after_of(no_grad, switch), *inside_and_after_of(no_grad, switch))


def inside_and_after_of(no_grad, switch):
    with no_grad(switch):
        inside = switch.on
    return inside, switch.on


class RightSwitch:
    """The right way; the mistakes below change one method of it."""

    def __init__(self, switch):
        self.switch = switch

    def __enter__(self):
        self.before, self.switch.on = self.switch.on, False

    def __exit__(self, *error):
        self.switch.on = self.before


@no_grad.mistake
class AlwaysOnAfterwards(RightSwitch):
    """At the end you switch on. Inside of another block, recording goes on too early: put back what was there
    before."""

    def __exit__(self, *error):
        self.switch.on = True


@no_grad.mistake
class SwallowsErrors(RightSwitch):
    """An error that happens inside the block is swallowed: `__exit__` returned something true, and that tells Python
    so."""

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
    """Inside of the block the switch is on: nothing was switched off."""

    def __enter__(self):
        self.before = self.switch.on


# --- 3 -----------------------------------------------------------------------------------------


class Versioned:
    """An engine of arrays with + and ·, and with `add_`, which writes into an array and counts it in `version`.

    `note()` is called when a node was made, `verify()` before its rules are used.
    """

    def __init__(self, data, _prev=(), _op=""):
        self.data, self.grad, self.version = np.array(data, dtype=float), 0.0, 0
        self._prev, self._op = _prev, _op
        self.note()

    def note(self):
        """Called when this node was made. Its inputs are self._prev."""

    def verify(self):
        """Called on the way back, before this node's rules read its inputs."""

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


@exercise("Written over in between", points=3)
def versions():
    """Return nothing, but complete two methods: `note` remembers the versions of a node's inputs when it is made, and
    `verify` raises a RuntimeError when one of them has been written into since.

    A node has `_prev`, its inputs, each with a `version` that `add_` counts up. For z = x · y, then x.add_(1), then
    z.backward(): an error. Writing before z is made, or into something that z does not use, is allowed.
    """
    for story, expected in [
        ("x · y, backward", ([3.0], [2.0])),
        ("x written, then x · y, backward", ([3.0], [3.0])),
        ("x · y, x written, backward", "RuntimeError"),
        ("x · y, y written, backward", "RuntimeError"),
        ("x · y, another written, backward", ([3.0], [2.0])),
        ("(x · y) · y, the product written, backward", "RuntimeError"),
        ("x · y, the result written, backward", ([3.0], [2.0])),
    ]:
        yield Case({"story": story}, call=told, expected=expected)


def told(Careful, story):
    """Tell a story of x = 2 and y = 3, and what came of it: the two gradients, or the name of the error."""
    x, y, other = Careful([2.0]), Careful([3.0]), Careful([5.0])
    if story.startswith("x written"):
        x.add_(1.0)
    middle = x * y
    z = middle * y if "(" in story else middle
    written = {
        ", x written": x,
        ", y written": y,
        "another written": other,
        "product written": middle,
        "result written": z,
    }
    for words, tensor in written.items():
        if words in story:
            tensor.add_(1.0)
    try:
        z.backward()
    except RuntimeError:
        return "RuntimeError"
    return x.grad.tolist(), y.grad.tolist()


class Careful(Versioned):
    """The right way; the mistakes below change one method of it."""

    def note(self):
        self.seen = [parent.version for parent in self._prev]

    def verify(self):
        if self.seen != [parent.version for parent in self._prev]:
            raise RuntimeError(f"an input of {self._op} was written over")


@versions.mistake
class NeverRaises(Careful):
    """No story ends in an error: a gradient is computed from values that are not those of the forward pass, and
    nobody is told."""

    def verify(self):
        pass


@versions.mistake
class AnyWriteEver(Careful):
    """You refuse every input that was ever written into. Before the node was made that is harmless: remember the
    version of that time, and compare with it."""

    def verify(self):
        if any(parent.version for parent in self._prev):
            raise RuntimeError("written over")


@versions.mistake
class FirstInputOnly(Careful):
    """You look at the first input only. The rule for the first reads the second, and the other way round."""

    def note(self):
        self.seen = self._prev[0].version if self._prev else 0

    def verify(self):
        if self.seen != self._prev[0].version:
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


# --- 4 -----------------------------------------------------------------------------------------


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
        """Add to the gradient of each input; nothing for a leaf."""

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
    and a `hand_on(self)` that adds to the gradients of self._prev. For x = 2, y = 3 the gradients of x · y are 3 and
    2.
    """
    for x, y, about in [(2.0, 3.0, ""), (-1.5, 0.5, "")]:
        yield Case({"x": x, "y": y}, call=gradients_of_product, expected=(y, x), about=about)
        yield Case(
            {"x": x, "y": y}, call=gradients_of_shared, expected=(4 * x**3 * y, x**4), about="a value used twice"
        )
    yield Case({"x": 2.0, "y": 3.0}, call=alive_afterwards, expected=0, about="how many of 3 results outlive their use")


def gradients_of_product(Tensor, x, y):
    x, y = Tensor(x), Tensor(y)
    (x * y).backward()
    return x.grad, y.grad


def gradients_of_shared(Tensor, x, y):
    x, y = Tensor(x), Tensor(y)
    square = x * x
    (square * square * y).backward()
    return x.grad, y.grad


def alive_afterwards(Tensor, x, y):
    x, y = Tensor(x), Tensor(y)
    was_on = gc.isenabled()
    gc.disable()
    try:
        results = [x * y]
        for _ in range(2):
            results.append(results[-1] * y)
        results[-1].backward()
        watched = [weakref.ref(result) for result in results]
        del results
        return sum(ref() is not None for ref in watched)
    finally:
        if was_on:
            gc.enable()
            gc.collect()


class Mended(Leaky):
    """The right way; the mistakes below change one method of it."""

    def __mul__(self, other):
        result = type(self)(self.data * other.data, (self, other))
        result.slopes = (other.data, self.data)
        return result

    def hand_on(self):
        for parent, slope in zip(self._prev, getattr(self, "slopes", ()), strict=True):
            parent.grad += slope * self.grad


@freed.mistake
class StillLeaky(Leaky):
    """The gradients are right, and all three results stay alive: something holds them. In Leaky it is a circle that
    counting references cannot free, result → its function → result. The function must not mention the result."""


@freed.mistake
class Exchanged(Mended):
    """Each input gets its own value as the slope. The slope of a product by one factor is the *other* one."""

    def __mul__(self, other):
        result = super().__mul__(other)
        result.slopes = result.slopes[::-1]
        return result


@freed.mistake
class Assigned(Mended):
    """A value that is used twice keeps one of its two contributions. Add to `grad`, do not put in its place."""

    def hand_on(self):
        for parent, slope in zip(self._prev, getattr(self, "slopes", ()), strict=True):
            parent.grad = slope * self.grad


@freed.mistake
class WithoutTheArriving(Mended):
    """You hand on the slope alone. It has to be multiplied by the gradient that has arrived, `self.grad`."""

    def hand_on(self):
        for parent, slope in zip(self._prev, getattr(self, "slopes", ()), strict=True):
            parent.grad += slope


# --- 5 -----------------------------------------------------------------------------------------


@exercise("Who has a gradient?", points=1)
def who_has_grad():
    """Return for "x", "w", "h", "d", "b" and "c" whether its `.grad` is not None at the end, as a dictionary of True
    and False.

    x = Tensor(…); w, b, c = Tensor(…, requires_grad=True); h = x * w; d = h.detach() * b; with no_grad(): k = h * c;
    then (h + d + k).sum().backward().
    """
    yield Case(expected={"x": False, "w": True, "h": False, "d": False, "b": True, "c": False})


@who_has_grad.mistake
def everything():
    """Only leaves that need a gradient keep theirs: results hand theirs on and forget it, and constants get none."""
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
