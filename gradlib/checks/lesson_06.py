"""The checks of lesson 06."""

import gc
import inspect
import re
import weakref
from functools import partial

import numpy as np

from gradlib import Tensor
from gradlib.checks.cases import Case, Refused
from gradlib.checks.exercises import exercise
from gradlib.checks.running import signature, where_it_broke
from gradlib.checks.values import describe, named
from gradlib.primitives import Primitive, Vjp
from gradlib.tensor import apply

TITLE = "A tensor engine"


# --- 1 -----------------------------------------------------------------------------------------


@exercise("An operation of your own", points=2)
def distance():
    """Return an entry of the table for the distance of a point from the origin: z = √(x² + y²).

    The entry is Primitive("distance", forward, Vjp(rule_x, "formula"), Vjp(rule_y, "formula")), where forward(x, y)
    gives z and rule_x(g, z, x, y) gives the gradient of x: in the shape of g, or in that of x. A formula is the
    derivative in LaTeX, with {x}, {y} and {z} for the inputs and the result. At x = 3, y = 4 with g = 10 the entry
    gives z = 5 and the gradients 6 and 8.
    """
    for shapes, about in [
        (((3,), (3,)), ""),
        (((2, 3), (2, 3)), ""),
        (((), ()), "single numbers"),
        (((0, 2), (0, 2)), "empty arrays"),
        (((2, 3), (3,)), "an input that is stretched"),
        (((2, 1), (1, 3)), "two inputs that are stretched"),
        (((1,), (3, 1)), "an input of one entry"),
        (((3, 2), (1, 1)), "an input of one entry"),
    ]:
        rng = np.random.default_rng(len(shapes[0]) + 3)
        x, y = (rng.normal(size=shape) for shape in shapes)
        g = rng.normal(size=np.broadcast_shapes(*shapes))
        z = np.hypot(x, y)
        gradients = [summed_to(g * np.cos(np.arctan2(y, x)), x), summed_to(g * np.sin(np.arctan2(y, x)), y)]
        names = ("z", "the gradient of x", "the gradient of y")
        yield Case({"x": x, "y": y, "g": g}, (z, *gradients), call=through_the_table, names=names, about=about)
    for x, y, z in [(1.5, 2.0, 2.5), (-1.2, 0.5, 1.3)]:
        yield Case(
            {"x": x, "y": y},
            expected=(x / z, y / z),
            call=through_the_formulas,
            names=("the formula of ∂z/∂x", "the formula of ∂z/∂y"),
            about="the formulas",
        )


def summed_to(gradient, x):
    """The sum over the axes along which x was stretched."""
    missing = gradient.ndim - x.ndim
    axes = [a for a in range(gradient.ndim) if a < missing or x.shape[a - missing] < gradient.shape[a]]
    return gradient.sum(axis=tuple(axes)).reshape(x.shape)


def through_the_table(distance, x, y, g):
    """The result and the gradients of a learner's entry, computed through tensors."""
    made = entry_of(distance)
    if made is None or made is ...:
        return made
    a, b = Tensor(x, requires_grad=True), Tensor(y, requires_grad=True)
    z = apply(made, a, b)
    made.forward(x, y)  # on the arrays of the case, so that a write into one is reported
    for rule, own in zip(made.rules, (x, y), strict=True):
        if not callable(rule):
            raise Refused(f"A rule is a function, rule(g, z, x, y); one of yours is {describe(rule)}.")
        if not takes_four(rule):
            raise Refused(
                "A rule is called as rule(g, z, x, y): the arriving gradient, the result, the inputs. One of yours "
                f"takes {signature(rule)}."
            )
        given = rule(g, z.data, x, y)
        if given is not None and np.shape(given) not in (g.shape, np.shape(own)):
            raise Refused(
                f"For a g of shape {g.shape} and an input of shape {np.shape(own)} a rule of yours returns shape "
                f"{np.shape(given)}. A rule gives a gradient for each entry of the result; the sum over axes that were "
                "stretched is the engine's."
            )
    z.backward(g)
    return z.data, a.grad, b.grad


def entry_of(distance):
    """A learner's entry, if it is one with two rules, or the value of a stub."""
    made = distance()
    if made is None or made is ...:
        return made
    if not isinstance(made, Primitive):
        raise Refused(f"distance() returns an entry of the table, a Primitive; yours returns {describe(made)}.")
    if len(made.vjps) != 2 or None in made.vjps:
        count = len(made.vjps) - made.vjps.count(None)
        raise Refused(f"There are two inputs, and each needs a rule of its own: two Vjp, yours has {count}.")
    return made


def through_the_formulas(distance, x, y):
    """The numbers that the two formulas of a learner's entry stand for."""
    made = entry_of(distance)
    if made is None or made is ...:
        return made
    z = float(np.hypot(x, y))
    numbers = []
    for name, own, vjp in zip("xy", (x, y), made.vjps, strict=True):
        if not isinstance(vjp.latex, str):
            raise Refused(f"The formula of ∂z/∂{name} is a text; yours is {describe(vjp.latex)}.")
        if not {f"{{{name}}}"} <= set(re.findall(r"\{[xyz]\}", vjp.latex)):
            raise Refused(
                f"The formula of ∂z/∂{name} is drawn wherever your operation is used. Yours is {vjp.latex!r}, and a "
                f"derivative that depends on {name} has {{{name}}} in it."
            )
        number = value_of(vjp.latex, x=x, y=y, z=z, g=1.0)
        numbers.append(own / z if number is None else number)  # LaTeX that is not understood here counts as right
    return tuple(numbers)


def value_of(formula, **letters):
    """The number that a formula in LaTeX stands for, or None for one with more than fractions, roots and powers."""
    text = re.sub(r"\{([xyzg])\}", r"(\1)", formula)
    text = re.sub(r"\\(left|right|[,;!: ])", " ", re.sub(r"\\(cdot|times)", "*", text)).replace("·", "*")
    before = None
    while before != text:  # from the innermost braces outward
        before = text
        text = re.sub(r"\\[dt]?frac\{([^{}]*)\}\{([^{}]*)\}", r"((\1)/(\2))", text)
        text = re.sub(r"\\sqrt\{([^{}]*)\}", r"((\1)**0.5)", text)
        text = re.sub(r"\^\{([^{}]*)\}", r"**(\1)", text)
    text = re.sub(r"\^", "**", text)
    text = re.sub(r"(?<=[\w)])\s*(?=\()|(?<=\))\s*(?=\w)", "*", text)  # a product without a sign
    if not re.fullmatch(r"[xyzg0-9.+*/() -]*", text):
        return None
    try:
        number = eval(text, {"__builtins__": {}}, letters)
    except (SyntaxError, NameError, TypeError, ArithmeticError):  # not a formula once it is rewritten as above
        return None
    return float(number) if isinstance(number, int | float) else None  # a root of a negative number is complex


def takes_four(rule):
    try:
        inspect.signature(rule).bind(*"gzxy")
    except TypeError:
        return False
    except ValueError:  # one of NumPy's functions, whose parameters Python does not know
        return True
    return True


def entry(rule_x, rule_y, forward=np.hypot):
    return Primitive("distance", forward, Vjp(rule_x, "{x}/{z}"), Vjp(rule_y, "{y}/{z}"))


@distance.mistake
def slope_alone():
    """Your rules return the derivatives alone. A rule gets g, the gradient that arrives, and returns g times the
    derivative."""
    return entry(lambda g, z, x, y: x / z, lambda g, z, x, y: y / z)


@distance.mistake
def inner_slope_missing():
    """The derivative of the root is there, 1/(2z), and that of what stands under it is missing: x² has the slope 2x, y²
    the slope 2y."""
    return entry(lambda g, z, x, y: g / (2 * z), lambda g, z, x, y: g / (2 * z))


@distance.mistake
def outer_slope_missing():
    """The derivative of what stands under the root is there, 2x and 2y, and that of the root is missing: √s has the
    slope 1/(2√s)."""
    return entry(lambda g, z, x, y: g * 2 * x, lambda g, z, x, y: g * 2 * y)


@distance.mistake
def inputs_exchanged():
    """Each input gets the gradient of the other. The first Vjp belongs to the first input."""
    return entry(lambda g, z, x, y: g * y / z, lambda g, z, x, y: g * x / z)


@distance.mistake
def one_half_too_many():
    """Each gradient has half of its size. The 2 of 1/(2√s) and the 2 of 2x cancel."""
    return entry(lambda g, z, x, y: g * x / (2 * z), lambda g, z, x, y: g * y / (2 * z))


@distance.mistake
def twice_too_large():
    """Each gradient is twice too large. The 2 of 2x is there, and the 2 of 1/(2√s) is missing: they cancel."""
    return entry(lambda g, z, x, y: g * 2 * x / z, lambda g, z, x, y: g * 2 * y / z)


@distance.mistake
def not_over_z():
    """The gradient of x is g · x, as if z were half of x² + y². The root brings a division by z."""
    return entry(lambda g, z, x, y: g * x, lambda g, z, x, y: g * y)


@distance.mistake(whole=True)
def without_the_root():
    """z is x² + y²: the root is missing from the forward function. The rules get this z, too."""
    return entry(lambda g, z, x, y: g * x / z, lambda g, z, x, y: g * y / z, lambda x, y: x * x + y * y)


# --- 2 -----------------------------------------------------------------------------------------


class Switch:
    """A switch: `on` is True while operations are recorded."""

    def __init__(self, on=True):
        self.on = on


@exercise("no_grad", points=2)
def no_grad():
    """Return nothing, but be a context manager: inside `with no_grad(switch):` switch.on is False, afterwards what it
    was when the block began.

    Also when the block ends by an error, which goes on its way, and when one such block stands inside another, for the
    same switch or for another one.
    """
    for call, switch, names, expected in [
        (one_block, "on", ("inside", "afterwards"), (False, True)),
        (one_block, "off", ("inside", "afterwards"), (False, False)),
        (one_inside_another, "on", ("inside both", "between", "afterwards"), (False, False, True)),
        (a_block_that_fails, "on", ("afterwards", "the error"), (True, "ValueError")),
        (one_after_the_other, "on", ("inside the second", "afterwards"), (False, True)),
        (turned_before_it_begins, "on, then off", ("inside", "afterwards"), (False, False)),
        (
            two_switches,
            "one off, one on",
            ("inside", "the first afterwards", "the second afterwards"),
            (False, False, True),
        ),
    ]:
        story = call.__name__.replace("_", " ")
        yield Case({"blocks": story, "switch": switch}, expected, call=partial(told_of_a_block, call), names=names)


def told_of_a_block(call, no_grad, blocks, switch):
    return call(no_grad, switch)


def block(no_grad, switch):
    """A learner's block, if it is one."""
    made = no_grad(switch)
    if not (hasattr(type(made), "__enter__") and hasattr(type(made), "__exit__")):
        raise Refused(
            "`with no_grad(switch):` needs an object with the methods __enter__ and __exit__; no_grad(switch) is "
            f"{describe(made)}."
        )
    return made


def one_block(no_grad, switch):
    switch = Switch(switch == "on")
    with block(no_grad, switch):
        inside = switch.on
    return inside, switch.on


def one_inside_another(no_grad, _):
    switch = Switch()
    with block(no_grad, switch):
        with block(no_grad, switch):
            inside = switch.on
        between = switch.on
    return inside, between, switch.on


def a_block_that_fails(no_grad, _):
    switch, seen = Switch(), "none came out"
    try:
        with block(no_grad, switch):
            raise ValueError("on purpose")
    except ValueError:
        seen = "ValueError"
    return switch.on, seen


def one_after_the_other(no_grad, _):
    switch = Switch()
    with block(no_grad, switch):
        pass
    with block(no_grad, switch):
        inside = switch.on
    return inside, switch.on


def turned_before_it_begins(no_grad, _):
    switch = Switch()
    later = block(no_grad, switch)
    switch.on = False
    with later:
        inside = switch.on
    return inside, switch.on


def two_switches(no_grad, _):
    first, second = Switch(False), Switch()
    with block(no_grad, first), block(no_grad, second):
        inside = first.on or second.on
    return inside, first.on, second.on


class RightSwitch:
    """A right answer, of which each mistake below changes one method."""

    def __init__(self, switch):
        self.switch = switch

    def __enter__(self):
        self.before, self.switch.on = self.switch.on, False

    def __exit__(self, *error):
        self.switch.on = self.before


@no_grad.mistake
class AlwaysOnAfterwards(RightSwitch):
    """At the end you switch on. Inside another block, recording goes on too early: put back what was there
    before."""

    def __exit__(self, *error):
        self.switch.on = True


@no_grad.mistake
class SwallowsErrors(RightSwitch):
    """An error that happens inside the block is swallowed, and nobody hears of it. A true return value of `__exit__`
    does that, and in a generator an `except` that does not raise the error again."""

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
    """Inside the block the switch is on: nothing was switched off."""

    def __enter__(self):
        self.before = self.switch.on


@no_grad.mistake
class Toggles(RightSwitch):
    """You turn the switch over. If it was off before, that turns recording on in the middle of a block where it should
    be off."""

    def __enter__(self):
        self.switch.on = not self.switch.on

    def __exit__(self, *error):
        self.__enter__()


@no_grad.mistake
class SavedWhenMade(RightSwitch):
    """You remember what the switch was when the object was made. The block begins later, at `with`, and the switch may
    have been turned in between."""

    def __init__(self, switch):
        self.switch, self.before = switch, switch.on

    def __enter__(self):
        self.switch.on = False


@no_grad.mistake
class OneMemoryForAll(RightSwitch):
    """All blocks keep the old value in one place, and the inner block overwrites it. Each `with` has an object of its
    own: keep the value in self."""

    def __enter__(self):
        type(self).before, self.switch.on = self.switch.on, False


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
        """Remember something when this node is made. Its inputs are self._prev."""

    def verify(self):
        """Check something on the way back, before this node's rules read its inputs."""

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


# Stories about x, y and another tensor, told in words; each returns the result to go backward from.


def as_it_should_be(x, y, other):
    """x · y, backward"""
    return x * y


def first_written_before(x, y, other):
    """x written, then x · y, backward"""
    x.add_(1.0)
    return x * y


def first_written_after(x, y, other):
    """x · y, x written, backward"""
    z = x * y
    x.add_(1.0)
    return z


def second_written_after(x, y, other):
    """x · y, y written, backward"""
    z = x * y
    y.add_(1.0)
    return z


def another_written(x, y, other):
    """x · y, another written, backward"""
    z = x * y
    other.add_(1.0)
    return z


def product_written(x, y, other):
    """(x · y) · y, the product written, backward"""
    product = x * y
    z = product * y
    product.add_(1.0)
    return z


def result_written(x, y, other):
    """x · y, the result written, backward"""
    z = x * y
    z.add_(1.0)
    return z


def first_written_twice_before(x, y, other):
    """x written twice, then x · y, y written once, backward"""
    x.add_(1.0)
    x.add_(1.0)
    z = x * y
    y.add_(1.0)
    return z


def used_again_after(x, y, other):
    """x · y, x written, then x · another, backward from x · y"""
    z = x * y
    x.add_(1.0)
    x * other
    return z


def second_node_from_others(x, y, other):
    """x written, then x · y, then another · y, backward from x · y"""
    x.add_(1.0)
    z = x * y
    other * y
    return z


def used_before_and_after(x, y, other):
    """x · y, x written, then x · another, backward from x · another"""
    x * y
    x.add_(1.0)
    return x * other


def used_twice_by_one(x, y, other):
    """x · x, x written, backward"""
    z = x * x
    x.add_(1.0)
    return z


def far_below(x, y, other):
    """(x · y) · y, x written, backward"""
    z = x * y * y
    x.add_(1.0)
    return z


STORIES = {
    as_it_should_be: "gradients 3 and 2",
    first_written_before: "gradients 3 and 3",
    first_written_after: "RuntimeError",
    second_written_after: "RuntimeError",
    another_written: "gradients 3 and 2",
    product_written: "RuntimeError",
    result_written: "gradients 3 and 2",
    first_written_twice_before: "RuntimeError",
    used_again_after: "RuntimeError",
    second_node_from_others: "gradients 3 and 3",
    used_before_and_after: "gradients 5 and 0",
    used_twice_by_one: "RuntimeError",
    far_below: "RuntimeError",
}


@exercise("Written over in between", points=3)
def versions():
    """Return nothing, but complete two methods: `note` remembers the versions of a node's inputs when it is made, and
    `verify` raises a RuntimeError when one of them has been written into since.

    A node has `_prev`, its inputs, each with a `version` that `add_` counts up. For z = x · y, then x.add_(1), then
    z.backward(): an error. Writing before z is made, or into something that z does not use, is allowed.
    """
    for story, expected in STORIES.items():
        yield Case({"story": story.__doc__}, call=told, expected=expected)


def told(Careful, story):
    """Run a story with x = 2 and y = 3; return the two gradients, or the name of the error, as text."""
    x, y, other = Careful([2.0]), Careful([3.0]), Careful([5.0])
    tell = next(each for each in STORIES if each.__doc__ == story)
    z = tell(x, y, other)
    for tensor, start in (x, 2.0), (y, 3.0), (other, 5.0):
        if tensor.version != tensor.data - start:  # each write adds 1
            raise Refused(
                "You change the `version` of an input. It counts the writes for all who use that input: whoever looked "
                "at it before now compares with a wrong number."
            )
    try:
        z.backward()
    except RuntimeError as error:
        if isinstance(error, NotImplementedError | RecursionError):
            raise
        return "RuntimeError"
    except Exception as error:
        name = "assert" if isinstance(error, AssertionError) else f"raise {type(error).__name__}"
        if re.search(rf"\b{name}\b", where_it_broke(error).partition(": ")[2]):
            raise Refused(
                f"You raise {type(error).__name__}, and {type(error).__name__} may mean many things. RuntimeError is "
                "asked for: who calls backward can wait for that one."
            ) from error
        raise
    return f"gradients {np.asarray(x.grad).item():g} and {np.asarray(y.grad).item():g}"


class Careful(Versioned):
    """A right answer, of which each mistake below changes one method."""

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
class AlwaysRaises(Careful):
    """Every story ends in an error, also those in which nothing was written over. Compare what was noted with what is
    there now, and raise where the two differ."""

    def verify(self):
        raise RuntimeError("written over")


@versions.mistake
class LargestOnly(Careful):
    """You keep one number for all inputs, the largest version. Where another input has a smaller one, that can grow and
    go unseen: note each by itself."""

    def note(self):
        self.seen = max((parent.version for parent in self._prev), default=0)

    def verify(self):
        if self.seen != max(parent.version for parent in self._prev):
            raise RuntimeError("written over")


@versions.mistake
class LastNoteCounts(Careful):
    """You keep one note for each input, and the next node that uses the input overwrites it. Each node needs notes of
    its own: keep them in self."""

    def note(self):
        for parent in self._prev:
            parent.noted = parent.version

    def verify(self):
        if any(parent.noted != parent.version for parent in self._prev):
            raise RuntimeError("written over")


@versions.mistake
class FirstNoteCounts(LastNoteCounts):
    """You keep one note for each input, and the first node that uses the input has written it. A node that is made
    later, after a write, needs a note of its own: keep it in self."""

    def note(self):
        for parent in self._prev:
            parent.noted = getattr(parent, "noted", parent.version)


@versions.mistake
class OneNoteForAll(Careful):
    """Your note stands in one place for all nodes, and each new node overwrites it. Keep it in self: every node has
    noted something of its own."""

    def note(self):
        type(self).seen = [parent.version for parent in self._prev]


@versions.mistake
class AnyWriteEver(Careful):
    """You refuse every input that was ever written into. Before the node was made that is harmless: remember the
    version of that time, and compare with it."""

    def verify(self):
        if any(parent.version for parent in self._prev):
            raise RuntimeError("written over")


@versions.mistake
class FirstInputOnly(Careful):
    """You look at the first input only. The rule for the first reads the second, and vice versa."""

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
        """Add to the gradient of each input. A leaf does nothing."""

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
    and a `hand_on(self)` that adds to the gradients of self._prev. A result is freed whether or not somebody goes
    backward from it. For x = 2, y = 3 the gradients of x · y are 3 and
    2.
    """
    product, fourth = named("x · y", lambda x, y: x * y), named("s · s · y with s = x · x", fourth_power)
    again, square = named("(y · x) · x", lambda x, y: y * x * x), named("x · x · y", lambda x, y: x * x * y)
    for x, y in [(2.0, 3.0), (-1.5, 0.5), (0.0, 4.0)]:
        for z, gradients, about in [
            (product, (y, x), ""),
            (again, (2 * x * y, x**2), "a value used by two results"),
            (square, (2 * x * y, x**2), "a value that is both inputs of one result"),
            (fourth, (4 * x**3 * y, x**4), "a result that is both inputs of another"),
        ]:
            yield Case({"z": z, "x": x, "y": y}, gradients, call=gradients_of, names=("x", "y"), about=about)
    for backward in (False, True):
        yield Case(
            {"x": 2.0, "y": 3.0, "backward": backward},
            call=alive_afterwards,
            expected=0,
            about="how many of 3 results outlive their use",
        )


def fourth_power(x, y):
    square = x * x
    return square * square * y


def gradients_of(Freed, z, x, y):
    x, y = Freed(x), Freed(y)
    product = x * y
    if product is None or product is ...:
        return product
    if type(product) is not Freed:
        raise Refused(
            f"x * y should be a new node of the class of x, which is type(self); yours is {describe(product)}."
        )
    z(x, y).backward()
    return x.grad, y.grad


def alive_afterwards(Freed, x, y, backward):
    x, y = Freed(x), Freed(y)
    was_on = gc.isenabled()
    gc.disable()
    gc.freeze()  # the collector below looks at what is made here, and not at all that a large program holds
    try:
        results = [x * y]
        for _ in range(2):
            results.append(results[-1] * y)
        if backward:
            results[-1].backward()
        watched = [weakref.ref(result) for result in results]
        del results
        return sum(ref() is not None for ref in watched)
    finally:
        if was_on:
            gc.enable()
            gc.collect()
        gc.unfreeze()


class Mended(Leaky):
    """A right answer, of which each mistake below changes one method."""

    def __mul__(self, other):
        result = type(self)(self.data * other.data, (self, other))
        result.slopes = (other.data, self.data)
        return result

    def hand_on(self):
        for parent, slope in zip(self._prev, getattr(self, "slopes", ()), strict=True):
            parent.grad += slope * self.grad


@freed.mistake
class StillLeaky(Leaky):
    """The gradients are right, and all three results stay alive: something still refers to them. In Leaky it is a
    circle that counting references cannot free, result → its function → result. An attribute or a list that keeps
    results does the same."""


@freed.mistake
class WithoutInputs(Mended):
    """The gradients stay 0: the result was made without its inputs, so that the way back ends at once. A node takes
    them as its second argument."""

    def __mul__(self, other):
        return type(self)(self.data * other.data)


@freed.mistake
class OneOfTwo(Mended):
    """Only the first input gets its share. A product passes its gradient on to both."""

    def hand_on(self):
        for parent, slope in list(zip(self._prev, getattr(self, "slopes", ()), strict=True))[:1]:
            parent.grad += slope * self.grad


@freed.mistake
class Exchanged(Mended):
    """Each input gets its own value as the slope. The slope of a product along one factor is the *other* factor."""

    def __mul__(self, other):
        result = super().__mul__(other)
        result.slopes = result.slopes[::-1]
        return result


@freed.mistake
class Assigned(Mended):
    """A value that is used twice keeps one of its two contributions. Add to `grad`, do not overwrite it."""

    def hand_on(self):
        for parent, slope in zip(self._prev, getattr(self, "slopes", ()), strict=True):
            parent.grad = slope * self.grad


@freed.mistake
class OneOfTwoEqualInputs(Mended):
    """A value that is both inputs of one result, as in x · x, gets only one of its two contributions. The second
    replaces the first, or both are added to the same old gradient. Add one, and then add the other to what is there."""

    def hand_on(self):
        shares = (
            {parent: slope * self.grad for parent, slope in zip(self._prev, self.slopes, strict=True)}
            if self._prev
            else {}
        )
        for parent, share in shares.items():
            parent.grad += share


@freed.mistake
class FreedByBackward(Leaky):
    """A result is freed only if somebody goes backward from it. Also a result whose gradients nobody asks for should
    be freed: let nothing hold a circle, and there is none to break."""

    def backward(self):
        super().backward()
        stack = [self]
        while stack:
            node = stack.pop()
            node.__dict__.pop("hand_on", None)
            stack += node._prev


@freed.mistake
class WithoutTheArriving(Mended):
    """You pass on the slope alone. It has to be multiplied by the gradient that has arrived, `self.grad`."""

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
    """Only leaves that need a gradient keep theirs: results pass theirs on and forget it, and constants get none."""
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
