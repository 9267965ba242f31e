"""The checks of lesson 03."""

from collections import Counter
from collections.abc import Iterable
from functools import partial

import numpy as np
from numpy import allclose, isclose

from gradlib.checks.cases import Case, Refused
from gradlib.checks.exercises import exercise
from gradlib.checks.lesson_02 import Node
from gradlib.checks.values import describe, named
from gradlib.scalar import Value

TITLE = "A scalar engine"


class Basic:
    """The engine of the lesson with + and * alone, on which the first exercise builds."""

    def __init__(self, data, _prev=(), _op="", _local=()):
        self.data, self.grad = data, 0.0
        self._prev, self._op, self._local = _prev, _op, _local

    def result(self, data, op, inputs, local):
        """A new value of the same class, with its inputs and its local derivatives."""
        for given, words in (inputs, "inputs"), (local, "local derivatives"):
            if not isinstance(given, list | tuple):
                raise Refused(
                    f"`self.result` takes the {words} as a tuple, and yours is {describe(given)}. A tuple of one entry "
                    "is written with a comma: (n,)."
                )
        if len(inputs) != len(local):
            raise Refused(
                f"`self.result` was given inputs: {len(inputs)}, local derivatives: {len(local)}. Each input needs a "
                "local derivative of its own, in the same order."
            )
        return type(self)(data, tuple(map(self.wrap, inputs)), op, local)

    def wrap(self, number):
        """A plain number as a value of the same class."""
        return number if isinstance(number, Basic) else type(self)(number)

    def __add__(self, other):
        other = self.wrap(other)
        return self.result(self.data + other.data, "+", (self, other), (1.0, 1.0))

    def __mul__(self, other):
        other = self.wrap(other)
        return self.result(self.data * other.data, "*", (self, other), (other.data, self.data))

    def __radd__(self, other):
        return self + other

    def __rmul__(self, other):
        return self * other

    def backward(self):
        gradients = {self: 1.0}
        for value in reversed(in_order(self)):
            value.grad += gradients[value]
            for parent, local in zip(value._prev, value._local, strict=True):
                gradients[parent] = gradients.get(parent, 0.0) + local * gradients[value]


def in_order(root):
    """The nodes of a graph, inputs first."""
    order, seen, stack = [], set(), [(root, False)]
    while stack:
        node, inputs_done = stack.pop()
        if inputs_done:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            stack += [(node, True), *((parent, False) for parent in node._prev)]
    return order


class Watched(Node):
    """A node of a graph that counts how often its nodes are asked for their inputs.

    So an answer that goes to a node again for each way that leads there is told so, and does not run for hours. The
    local derivatives are 1.
    """

    requires_grad = True

    def __init__(self, name, *inputs):
        self.asked = inputs[0].asked if inputs else Counter()  # one count for the whole graph
        super().__init__(name, *inputs)
        self.grad, self._local = 0.0, (1.0,) * len(inputs)

    def __repr__(self):  # it asks no node for its inputs
        return f"the top of a ladder of {self.name} steps"

    def backward(self):
        raise Refused("`backward()` is what this exercise asks for: these nodes have none. Write the sweep yourself.")

    @property
    def _prev(self):
        self.asked["times"] += 1
        if self.asked["times"] > 20_000:
            raise Refused(
                "Your code has asked the nodes for their inputs 20,000 times, and there are 31 nodes: it goes to a "
                "node again for each way that leads there, and the ways double at every step. Remember which nodes you "
                "have seen, and go to each once."
            )
        return self._inputs

    @_prev.setter
    def _prev(self, inputs):
        self._inputs = inputs


def ladder(steps):
    """A graph in which each node is made of the one below it, twice."""
    top = Watched("0")
    for i in range(1, steps + 1):
        top = Watched(str(i), top, top)
    return top


def explain_recursion(answer, root):
    """The answer for a long chain, with a sentence on recursion where that is what ends it."""
    try:
        return answer(root)
    except RecursionError:
        raise Refused(
            "A function that calls itself for each input stands as many calls deep as a chain is long, and Python "
            "allows about 1,000. Keep what is still to be done in a list of your own."
        ) from None


# --- 1 -----------------------------------------------------------------------------------------


@exercise("Numbers on the left", points=2)
def reflected():
    """Return from `2 - x` and `2 / x` new values with the right local derivatives.

    Complete the class: `__rsub__(self, other)` is what Python calls for `other - self`, and
    `__rtruediv__(self, other)` for `other / self`, when `other` is a plain number. `self.result(data, op,
    inputs, local)` makes the new value. It holds a local derivative for each of its inputs; the number may
    be one of them. For 2 - x at x = 3 the value is -1 and the gradient of x is -1.
    """
    difference, quotient = named("a - x", lambda a, x: a - x), named("a / x", lambda a, x: a / x)
    for a, x in [(2.0, 3.0), (-1.5, 0.5), (5.25, -2.0), (0.0, 4.0)]:
        for z, expected in (difference, (a - x, -1.0, 1.0)), (quotient, (a / x, -a / x**2, 1 / x)):
            yield Case(
                {"z": z, "a": a, "x": x},
                expected,
                call=partial(value_and_gradients, expected=expected),
                names=("the value", "the gradient of x", "the gradient of a"),
            )


def value_and_gradients(Value, z, a, x, expected):
    """The number and the gradients of x and a. a's counts as right if a is not an input, or the number is wrong."""
    number, x = x, Value(x)
    made = z(a, x)
    if made is None or made is ...:
        return made
    if not isinstance(made, Basic):
        raise Refused(f"{z.__name__} should be a new value, which self.result makes; yours is {describe(made)}.")
    if made is x or x.data != number:
        raise Refused(f"{z.__name__} should be a new value, which self.result makes. x itself stays as it was.")
    made.backward()
    numbers = [leaf.grad for leaf in in_order(made) if not leaf._prev and leaf is not x and leaf.data == a]
    asked = bool(numbers) and isclose(made.data, expected[0])
    return made.data, x.grad, sum(numbers) if asked else expected[-1]


class Reflected(Basic):
    """A right answer, of which each mistake below changes one method."""

    def __rsub__(self, other):
        return self.result(other - self.data, "-", (other, self), (1.0, -1.0))

    def __rtruediv__(self, other):
        return self.result(other / self.data, "/", (other, self), (1 / self.data, -other / self.data**2))


@reflected.mistake
class TurnedDifference(Reflected):
    """You computed x - a. In `__rsub__` the value itself stands on the right: it is what is taken away."""

    def __rsub__(self, other):
        return self.result(self.data - other, "-", (self, other), (1.0, -1.0))


@reflected.mistake
class DifferenceWithoutSign(Reflected):
    """The value of a - x is right, its local derivative with respect to x is not: a nudge up in x moves
    the difference down."""

    def __rsub__(self, other):
        return self.result(other - self.data, "-", (other, self), (1.0, 1.0))


@reflected.mistake
class TurnedQuotient(Reflected):
    """You computed x / a. In `__rtruediv__` the value itself is the divisor."""

    def __rtruediv__(self, other):
        return self.result(self.data / other, "/", (self, other), (1 / other, -self.data / other**2))


@reflected.mistake
class QuotientWithoutSign(Reflected):
    """The value of a / x is right. Its derivative with respect to x has the other sign: a greater
    divisor makes a smaller quotient."""

    def __rtruediv__(self, other):
        return self.result(other / self.data, "/", (other, self), (1 / self.data, other / self.data**2))


@reflected.mistake
class QuotientWithoutSquare(Reflected):
    """The derivative of 1/x is -1/x²: the square is missing."""

    def __rtruediv__(self, other):
        return self.result(other / self.data, "/", (other, self), (1 / self.data, -other / self.data))


@reflected.mistake
class ConstantQuotient(Reflected):
    """That is the derivative of 1/x. Here a stands above the line, and the derivative has it as a
    factor."""

    def __rtruediv__(self, other):
        return self.result(other / self.data, "/", (other, self), (1 / self.data, -1 / self.data**2))


@reflected.mistake(whole=True)
class DifferenceLocalsExchanged(Reflected):
    """The two local derivatives of a - x have changed places. They stand in the order of the inputs."""

    def __rsub__(self, other):
        return self.result(other - self.data, "-", (other, self), (-1.0, 1.0))


@reflected.mistake(whole=True)
class QuotientLocalsExchanged(Reflected):
    """The two local derivatives of a / x have changed places. They stand in the order of the inputs."""

    def __rtruediv__(self, other):
        return self.result(other / self.data, "/", (other, self), (-other / self.data**2, 1 / self.data))


@reflected.mistake
class QuotientByTheOther(Reflected):
    """For x in a / x you gave 1/x, which is the derivative with respect to a. The one with respect to x is asked
    for."""

    def __rtruediv__(self, other):
        return self.result(other / self.data, "/", (self,), (1 / self.data,))


@reflected.mistake
class DifferenceWithoutGraph(Reflected):
    """The value of a - x is right, and it does not know that it was made of x: no gradient gets there. A
    new value needs its inputs and their local derivatives."""

    def __rsub__(self, other):
        return type(self)(other - self.data)


@reflected.mistake
class QuotientWithoutGraph(Reflected):
    """The value of a / x is right, and it does not know that it was made of x: no gradient gets there. A
    new value needs its inputs and their local derivatives."""

    def __rtruediv__(self, other):
        return type(self)(other / self.data)


@reflected.mistake
class WithoutGraph(DifferenceWithoutGraph, QuotientWithoutGraph):
    """Your new values are right as numbers, and they do not know what they were made of: no gradient gets
    to x. A new value needs its inputs and their local derivatives."""


# --- 2 -----------------------------------------------------------------------------------------


@exercise("Who passes on in which round", points=3)
def rounds():
    """Return the rounds in which the nodes of a graph pass on their gradients, as a list of lists of nodes.

    The first round is [root]. In each later one are the nodes all of whose users were in earlier rounds, and that were
    not there yet. Inside a round any order will do. A node has `_prev`, the nodes that it was made of, and a name that
    no other node has; one that stands in `_prev` twice is used twice. For z made of y and x, where y is made of x, the
    answer is [[z], [y], [x]]. The graph may be a chain of 2,000 nodes, on which recursion ends, or a ladder: 30 nodes,
    each made of the one below it twice, so that over a billion ways lead from the top to the bottom.
    """
    x, w = Node("x"), Node("w")
    y = Node("y", x, x)
    b, c = Node("b", y), Node("c", y, w)
    u = Node("u", x, x)
    chain = Node("0")
    for i in range(1, 2_000):
        chain = Node(str(i), chain)
    for root, about in [
        (x, "a single node"),
        (Node("z", x, w), ""),
        (Node("z", y, x), ""),
        (Node("z", x, y), ""),
        (Node("s", w, x, y), ""),
        (Node("z", u, Node("v", x)), ""),
        (Node("z", u, Node("p", Node("v", x))), ""),
        (Node("z", Node("p", Node("v", x)), u), ""),
        (Node("z", x, Node("p", x, Node("q", x))), ""),
        (Node("d", b, c), "a diamond"),
        (Node("d", Node("e", c, b), c), ""),
        (Node("d", Node("e", Node("f", w)), w), ""),
    ]:
        yield Case({"root": root}, rounds_of(root), call=names_by_round, about=about)
    top = ladder(30)
    yield Case({"root": top}, rounds_of(top), call=names_by_round, about="a ladder of 30 steps", odd=True)
    deep = partial(names_by_round, deep=True)
    yield Case({"root": chain}, rounds_of(chain), call=deep, about="a chain of 2,000", odd=True)


def names_by_round(answer, root, deep=False):
    """The names that an answer lists, sorted inside each round."""
    if isinstance(root, Watched):
        root.asked.clear()
    found = explain_recursion(answer, root) if deep else answer(root)
    if found is None or found is ...:
        return found
    if not isinstance(found, Iterable) or isinstance(found, str):
        raise Refused(f"Return a list of rounds; your answer is {describe(found)}.")
    listed = []
    for each in found:
        if isinstance(each, Node):
            raise Refused("Each round is a list of its own, even if it holds a single node. Yours is one flat list.")
        if not isinstance(each, Iterable) or isinstance(each, str):
            raise Refused(f"Each round is a list of nodes; one of yours is {describe(each)}.")
        listed.append([])
        for node in each:
            if not isinstance(node, Node):
                raise Refused(f"A round should hold the nodes themselves; yours holds {describe(node)}.")
            listed[-1].append(node)
    if [] in listed:
        raise Refused("One of your rounds is empty. A round has at least one node.")
    if all(len(each) == 1 for each in listed) and users_come_first([each[0] for each in listed], root):
        numbers = longest_ways(root)  # an order that waits for all users may mix the rounds; here it is put in one form
        listed.sort(key=lambda each: (numbers[each[0]], each[0].name))
    return [sorted(node.name for node in each) for each in listed]


def users_come_first(order, root):
    """Return True for a list of all nodes in which each stands after its users."""
    place = {node: i for i, node in enumerate(order)}
    nodes = in_order(root)
    whole = len(order) == len(nodes) and set(order) == set(nodes)
    return whole and all(place[parent] > place[node] for node in nodes for parent in node._prev)


def rounds_of(root):
    """The right rounds, by name."""
    return [sorted(node.name for node in each) for each in grouped(root, longest_ways(root))]


def longest_ways(root):
    """{node: the number of steps of the longest way from root}."""
    number = {root: 0}
    for node in reversed(in_order(root)):
        for parent in node._prev:
            number[parent] = max(number.get(parent, 0), number[node] + 1)
    return number


def grouped(root, numbers):
    """The nodes in rounds, by their numbers."""
    found = {}
    for node in in_order(root):
        found.setdefault(numbers[node], []).append(node)
    return [found[number] for number in sorted(found)]


@rounds.mistake
def by_the_shortest_way(root):
    """You put a node into the round after its first user. On a longer way another user may still be to come: count
    the uses, and let a node pass on when none is left."""
    number, queue = {root: 0}, [root]
    for node in queue:  # which grows
        for parent in node._prev:
            if parent not in number:
                number[parent] = number[node] + 1
                queue.append(parent)
    return grouped(root, number)


@rounds.mistake
def counted_from_the_inputs(root):
    """You count the rounds from the inputs. A node that nobody but root uses may pass on in the second round, and need
    not wait for those on longer ways."""
    height = {}
    for node in in_order(root):
        height[node] = 1 + max((height[parent] for parent in node._prev), default=0)
    return grouped(root, height)[::-1]


@rounds.mistake
def inputs_first(root):
    """Your rounds are right, and in the wrong direction: gradients begin at root, so [root] is the first."""
    return grouped(root, longest_ways(root))[::-1]


@rounds.mistake
def each_alone(root):
    """Your order is right, but every node has a round of its own. Those that wait for nobody any more pass on
    together."""
    numbers = longest_ways(root)
    return [[node] for node in sorted(in_order(root), key=numbers.get)]


@rounds.mistake
def without_root(root):
    """root is missing. It waits for nobody, so it is the first round."""
    return grouped(root, longest_ways(root))[1:]


@rounds.mistake
def without_leaves(root):
    """The nodes that were made of nothing are missing. They pass nothing on, but they belong to the rounds, too."""
    found = [[node for node in each if node._prev] for each in grouped(root, longest_ways(root))]
    return [each for each in found if each]


@rounds.mistake
def in_every_round(root):
    """A node stands in several rounds, one for each way that leads to it. It passes on once, when all of its users have
    done so."""
    found, ready = [], [root]
    while ready:
        found.append(ready)
        ready = list(dict.fromkeys(parent for node in ready for parent in node._prev))
    return found


@rounds.mistake
def users_counted_once(root):
    """You count how many nodes use a node, and then take one off for each use. A node that uses another one twice, as
    in x · x, counts twice in both."""
    waits = Counter(parent for node in in_order(root) for parent in set(node._prev))
    found, ready = [], [root]
    while ready:
        found.append(ready)
        following = []
        for node in ready:
            for parent in node._prev:
                waits[parent] -= 1
                if waits[parent] == 0:
                    following.append(parent)
        ready = following
    return found


# --- 3 -----------------------------------------------------------------------------------------


@exercise("A sweep that skips constants", points=3)
def counted_sweep():
    """Return how many contributions the sweep has passed on, after adding each gradient to `grad`.

    A value has `grad`, `_prev`, `_local` and `requires_grad`, which is False for a constant and for whatever was made
    of constants alone. Such a value gets nothing: its `grad` stays as it was, nothing is passed on to it, and nothing
    by it. All others get their gradient, root and those in between, too. What stands in `grad` before the sweep stays
    and is added to, and has no part in the sweep. For 3 · x + 1 two contributions are passed on. If root itself is a
    constant, nothing happens, and the answer is 0. `in_order(root)` is given.
    """
    product, shared = named("x · y + x", product_and_sum), named("t + t · y with t = x · x", shared_square)
    line = named("3 · x + 1", line_of)
    frozen, made = (
        named("x · c + y with a constant c", with_a_constant),
        named("(c · c + 1) · x + x", made_of_constants),
    )
    square = named("x² + y", square_and_sum)
    for graph, x, y, sweeps, old, about in [
        (line, 2.0, 0.0, 1, 0.0, ""),
        (product, 2.0, 3.0, 1, 0.0, ""),
        (frozen, -1.5, 2.0, 1, 0.0, ""),
        (product, 2.0, 0.0, 1, 0.0, "a slope of 0"),
        (shared, 3.0, -0.5, 1, 0.0, "a value that is shared"),
        (shared, 1 / 7, 2.0, 1, 0.0, "a value that is shared"),
        (shared, 2.0, -3.0, 1, 0.0, "a value that is shared"),
        (made, 2.0, 3.0, 1, 0.0, "a value made of constants alone"),
        (square, -2.0, 1.0, 1, 0.0, "a constant whose local derivative does not exist"),
        (named("x alone", lambda x, y: {"root": x}), 3.0, 2.0, 1, 0.0, "a root that is made of nothing"),
        (named("c · c", lambda x, y: constant_root()), 1.0, 1.0, 1, 0.0, "a root that is a constant"),
        (product, 2.0, 3.0, 2, 0.0, "two sweeps over one graph"),
        (shared, 3.0, -0.5, 3, 0.0, "three sweeps over one graph"),
        (made, 2.0, 3.0, 1, -5.0, "gradients from before"),
    ]:
        inputs = {"root": graph, "x": x, "y": y, "sweeps": sweeps, "grad before": old}
        expected = swept(sweep_right, *inputs.values())
        earlier = sweeps > 1 or old != 0  # here forms of one mistake differ
        names = ("the count", *names_in(graph))
        yield Case(inputs, expected, call=swept, names=names, about=about, odd=earlier)
    yield Case(
        {"root": named("a ladder of 30 steps", ladder), "steps": 30},
        expected=(60, 1.0, 2.0**15, 2.0**30),
        call=swept_ladder,
        names=("the count", "root", "the value 15 steps below", "the value 30 steps below"),
        about="a ladder of 30 steps",
        odd=True,  # some forms of a mistake never end here
    )
    deep = named("x + y + y + … (5,000 times)", add_often)
    yield Case(
        {"root": deep, "x": 1.0, "y": 0.5},
        expected=(10_000, 1.0, 1.0, 5_000.0),
        call=lambda sweep, *inputs: swept(partial(explain_recursion, sweep), *inputs),
        names=("the count", "root", "x", "y"),
        about="a chain of 5,000",
        odd=True,
    )


def product_and_sum(x, y):
    product = x * y
    return {"root": product + x, "x · y": product, "x": x, "y": y}


def shared_square(x, y):
    t = x * x
    return {"root": t + t * y, "t": t, "x": x, "y": y}


def line_of(x, y):
    three, one = constant(3.0), constant(1.0)
    product = three * x
    return {"root": product + one, "3 · x": product, "x": x, "the 3": three, "the 1": one}


def with_a_constant(x, y):
    c = constant(4.0)
    product = x * c
    return {"root": product + y, "x · c": product, "x": x, "y": y, "c": c}


def made_of_constants(x, y):
    c = constant(y.data)
    square = c * c
    factor = square + 1
    return {"root": factor * x + x, "c · c + 1": factor, "c · c": square, "x": x, "c": c}


def square_and_sum(x, y):
    two = constant(2.0)
    square = x**two
    return {"root": square + y, "x²": square, "x": x, "the 2": two, "y": y}


def constant_root():
    c = constant(3.0)
    return {"root": c * c, "c": c}


def add_often(x, y):
    total = x
    for _ in range(5_000):
        total = total + y
    return {"root": total, "x": x, "y": y}


def constant(number):
    return Value(number, requires_grad=False)


def names_in(graph):
    return tuple(graph(Value(1.0), Value(1.0)))


def swept(sweep, graph, x, y, sweeps=1, old=0.0):
    """Sweep several times; return the last count, and the gradients of the values of a graph, root first."""
    values = graph(Value(x), Value(y)).values()
    root, *_ = values
    for value in in_order(root):
        value.grad = old
    for _ in range(sweeps):
        count = sweep(root)
        if count is None or count is ...:
            return count
    return count, *(value.grad for value in values)


def swept_ladder(sweep, graph, steps):
    root = graph(steps)
    order = in_order(root)
    root.asked.clear()
    count = sweep(root)
    return count if count is None or count is ... else (count, root.grad, order[steps // 2].grad, order[0].grad)


def uses_of(value):
    """The inputs that need a gradient, with their local derivatives."""
    return [(parent, local) for parent, local in zip(value._prev, value._local, strict=True) if parent.requires_grad]


def one_sweep(root, uses=uses_of):
    """The gradients of one sweep, value -> gradient, and how many contributions were passed on."""
    if not root.requires_grad:
        return {}, 0
    gradients, count = {root: 1.0}, 0
    for value in reversed(in_order(root)):
        for parent, local in uses(value) if value in gradients else ():
            gradients[parent] = gradients.get(parent, 0.0) + local * gradients[value]
            count += 1
    return gradients, count


def sweep_right(root, uses=uses_of):
    gradients, count = one_sweep(root, uses)
    for value, gradient in gradients.items():
        value.grad += gradient
    return count


@counted_sweep.mistake
def constants_too(root):
    """That is the sweep of the lesson, which passes on to constants as well. A value with requires_grad False gets
    nothing, and its part of the graph is skipped."""
    return sweep_right(root, lambda value: list(zip(value._prev, value._local, strict=True)))


@counted_sweep.mistake
def constants_counted(root):
    """The gradients are right. The count holds what was passed on to constants, too: skip them before you count."""
    count = 0
    if root.requires_grad:
        for value in in_order(root):
            count += len(value._prev)
    sweep_right(root)
    return count


@counted_sweep.mistake
def made_constants_swept(root):
    """You skip the constants that were made of nothing. A value that was made of constants alone has requires_grad
    False, too, and gets nothing."""
    return sweep_right(
        root,
        lambda value: [
            (parent, local)
            for parent, local in zip(value._prev, value._local, strict=True)
            if parent.requires_grad or parent._prev
        ],
    )


@counted_sweep.mistake
def values_counted(root):
    """The gradients are right. You count the values that were visited. Asked for are the contributions, one for each
    input of an operation that needs a gradient."""
    sweep_right(root)
    return len(one_sweep(root)[0])


@counted_sweep.mistake
def all_values_counted(root):
    """The gradients are right. You count all values of the graph. Asked for are the contributions, one for each input
    of an operation that needs a gradient."""
    sweep_right(root)
    return len(in_order(root)) if root.requires_grad else 0


@counted_sweep.mistake
def started_from_roots_grad(root):
    """You start from what root has in `grad`. After an earlier sweep that is more than 1, and this sweep comes out too
    large. Each sweep starts from 1."""
    if not root.requires_grad:
        return 0
    start = root.grad + 1.0
    gradients, count = one_sweep(root)
    for value, gradient in gradients.items():
        value.grad = start if value is root else value.grad + start * gradient
    return count


@counted_sweep.mistake
def operations_counted(root):
    """The gradients are right. You count the operations. Asked for are the contributions: a product of two values
    passes on two."""
    sweep_right(root)
    return sum(bool(uses_of(value)) for value in in_order(root))


@counted_sweep.mistake
def along_every_way(root):
    """The gradients are right, but a value that is shared passes on once for each way that leads to it. Let it wait
    until everything has arrived, and pass on once. On a ladder the ways double at every step."""
    ways, count = [(root, 1.0)] if root.requires_grad else [], 0
    while ways:
        value, gradient = ways.pop()
        value.grad += gradient
        for parent, local in uses_of(value):
            ways.append((parent, local * gradient))
            count += 1
    return count


@counted_sweep.mistake
def put_in_place(root):
    """You overwrite the gradient that was there. A value that is used twice gets one contribution from each use, and
    they add up."""
    if not root.requires_grad:
        return 0
    root.grad = 1.0
    count = 0
    for value in reversed(in_order(root)):
        for parent, local in uses_of(value):
            parent.grad = local * value.grad
            count += 1
    return count


@counted_sweep.mistake
def without_local_derivatives(root):
    """You pass on what has arrived, unchanged. Each input gets it times its local derivative."""
    return sweep_right(root, lambda value: [(parent, 1.0) for parent, _ in uses_of(value)])


@counted_sweep.mistake
def each_input_once(root):
    """You pass on to each input once. One that stands in `_prev` twice is used twice, and gets a contribution from each
    use."""
    return sweep_right(root, lambda value: list(dict(uses_of(value)).items()))


@counted_sweep.mistake(whole=True)
def no_seed(root):
    """No gradient arrives anywhere: the sweep has nothing to start from. The gradient of root itself is 1."""
    return pass_on_in_grad(root, 0.0)


def pass_on_in_grad(root, start):
    """The sweep that keeps its gradients in `grad`, where earlier ones are, too."""
    root.grad += start if root.requires_grad else 0.0
    count = 0
    for value in reversed(in_order(root)):
        for parent, local in uses_of(value):
            parent.grad += local * value.grad
            count += 1
    return count


@counted_sweep.mistake
def old_gradients_again(root):
    """The first sweep is right. The second passes on what the first has left in `grad`, so that it counts again. Keep
    the gradients of one sweep apart from those of earlier ones."""
    return pass_on_in_grad(root, 1.0)


@counted_sweep.mistake
def root_set_to_one(root):
    """The first sweep over fresh values is right. But you set root's gradient to 1 instead of adding 1 to it, and what
    stood in `grad` before is passed on again. Keep the gradients of one sweep apart from those of earlier ones."""
    root.grad = 0.0 if root.requires_grad else root.grad
    return pass_on_in_grad(root, 1.0)


@counted_sweep.mistake
def leaves_alone(root):
    """Only the values that were made of nothing get a gradient. Those in between and root have one, too."""
    gradients, count = one_sweep(root)
    for value, gradient in gradients.items():
        if not value._prev:
            value.grad += gradient
    return count


@counted_sweep.mistake
def root_left_out(root):
    """root itself gets nothing. Its gradient is 1: it moves as fast as itself."""
    gradients, count = one_sweep(root)
    for value, gradient in gradients.items():
        if value is not root:
            value.grad += gradient
    return count


@counted_sweep.mistake
def starts_over(root):
    """You lose what stood in `grad` before the sweep: it was set to zero, or something was assigned over it. Gradients
    add up until the one who calls you sets them to zero."""
    gradients, count = one_sweep(root)
    for value, gradient in gradients.items():
        value.grad = gradient
    return count


@counted_sweep.mistake
def in_forward_order(root):
    """You went through the order from its beginning: the inputs pass on their gradients before anything has reached
    them. Begin at root."""
    gradients, count = dict.fromkeys(in_order(root), 0.0) | {root: float(root.requires_grad)}, 0
    for value in in_order(root):
        for parent, local in uses_of(value):
            gradients[parent] += local * gradients[value]
            count += 1
    for value, gradient in gradients.items():
        value.grad += gradient
    return count


@counted_sweep.mistake(whole=True)
def root_is_last(root):
    """The count is right, and only root gets a gradient. Does your sweep begin at the inputs? Then root comes last, and
    its 1 is not passed on until all others have had their turn."""
    count = 0
    for value in in_order(root):
        value.grad += float(value is root and root.requires_grad)
        count += len(uses_of(value))
    return count


@counted_sweep.mistake(whole=True)
def root_is_last_and_alone(root):
    """Only root gets a gradient, and only what root passes on is counted. Does your sweep begin at the inputs? Then
    nothing has reached them yet, and root comes last."""
    root.grad += float(root.requires_grad)
    return len(uses_of(root))


@counted_sweep.mistake
def constant_root_swept(root):
    """A root that is a constant has no gradient either: nothing is added, and nothing is passed on."""
    root.grad += 0.0 if root.requires_grad else 1.0
    return sweep_right(root)


# --- 4 -----------------------------------------------------------------------------------------


@exercise("How deep is a graph", points=2)
def depth():
    """Return the number of operations on the longest way from root to a node that was made of nothing.

    A node has `_prev`, the nodes that it was made of. For z made of y and x, where y is made of x, it is 2; for a
    single node it is 0. The graph may be a chain of 5,000 nodes, on which recursion ends, or a ladder of 30 nodes, each
    made of the one below it twice.
    """
    x, w = Node("x"), Node("w")
    y = Node("y", x, x)
    b, c = Node("b", y), Node("c", w, y)
    chain = Node("0")
    for i in range(1, 5_000):
        chain = Node(str(i), chain)
    for root, steps, about in [
        (Node("z", y, x), 2, ""),
        (Node("z", x, y), 2, ""),
        (Node("s", w, x), 1, ""),
        (Node("d", w, b, x), 3, ""),
        (Node("d", Node("e", c, w), w), 4, ""),
        (Node("d", w, Node("e", w, c)), 4, ""),
        (Node("d", Node("e", x, w, x), Node("f", Node("g", Node("h", x)))), 4, ""),
        (Node("d", Node("f", Node("g", Node("h", x))), Node("e", y, b, x)), 4, ""),
        (x, 0, "a single node"),
        (Node("d", b, c), 3, "a diamond"),
        (Node("a", Node("b", Node("c", Node("e", x)))), 4, "a chain"),
        (Node("z", Node("t", x, w), Node("v", Node("t", Node("u", w)))), 4, "two nodes of the same name"),
        (Node("z", Node("v", Node("t", Node("u", w))), Node("t", x, w)), 4, "two nodes of the same name"),
    ]:
        yield Case({"root": root}, steps, about=about)
    yield Case({"root": ladder(30)}, 30, call=asked_afresh, about="a ladder of 30 steps", odd=True)
    yield Case({"root": chain}, 4_999, call=explain_recursion, about="a chain of 5,000", odd=True)


def asked_afresh(answer, root):
    root.asked.clear()
    return answer(root)


def depths_with(root, combine):
    """The depth of root, where that of a node is computed from those of its inputs."""
    found = {}
    for node in in_order(root):
        found[node] = combine([found[parent] for parent in node._prev]) if node._prev else 0
    return found[root]


@depth.mistake
def the_shortest_way(root):
    """That is the shortest way. Asked for is the longest."""
    return depths_with(root, lambda inputs: 1 + min(inputs))


@depth.mistake
def nodes_on_the_way(root):
    """You count the nodes on the way. A way with two operations has three nodes: a node that was made of nothing is not
    an operation."""
    return 1 + depths_with(root, lambda inputs: 1 + max(inputs))


@depth.mistake
def all_operations(root):
    """You count all operations of the graph. Asked for are those on one way, the longest."""
    return sum(bool(node._prev) for node in in_order(root))


@depth.mistake
def all_nodes(root):
    """You count all nodes of the graph. Asked for are the operations on one way, the longest."""
    return len(in_order(root))


@depth.mistake
def first_inputs_alone(root):
    """You follow the first input of each node. The longest way may lead through another one."""
    return depths_with(root, lambda inputs: 1 + inputs[0])


@depth.mistake
def last_inputs_alone(root):
    """You follow the last input of each node. The longest way may lead through another one."""
    return depths_with(root, lambda inputs: 1 + inputs[-1])


@depth.mistake
def first_level(root):
    """You go to each node once, and keep the step at which you first came there. A longer way may come there later."""
    level, queue = {root: 0}, [root]
    for node in queue:  # which grows
        for parent in node._prev:
            if parent not in level:
                level[parent] = level[node] + 1
                queue.append(parent)
    return max(level.values())


@depth.mistake
def all_other_nodes(root):
    """You count all nodes of the graph but one. Asked for are the operations on one way, the longest."""
    return len(in_order(root)) - 1


@depth.mistake
def depths_added(root):
    """You add up the depths of the inputs. A way goes through one of them, so take the largest."""
    return depths_with(root, lambda inputs: 1 + sum(inputs))


# --- 5 -----------------------------------------------------------------------------------------


@exercise("Wrong by a given factor", points=2)
def wrong_by():
    """Return a value made from x on which the naive recursion gives x `factor` times its right gradient.

    Use + and *, on x, on plain numbers and on what you make of them; x itself stays as it is. factor is 1.5, 2, 2.5, 3
    and so on, in halves. 100 values are the most. The check computes the gradient both ways. For x · x + x · x, with
    the square made once and used twice, the factor is 1.5.
    """
    for factor, x in [(1.5, 3.0), (2.0, 3.0), (2.5, -0.5), (3.0, 2.0), (5.0, -1.0), (4.5, 0.25)]:
        yield Case({"x": x, "factor": factor}, factor, call=measured_factor, odd=factor == 1.5)


def measured_factor(wrong_by, x, factor):
    """How many times the right gradient the naive recursion gives."""
    leaf = Value(x)
    root = wrong_by(leaf, factor)
    if root is None or root is ...:
        return root
    if not isinstance(root, Value):
        raise Refused(
            f"Return the value that you have made: a result of + and * on x. Your answer is {describe(root)}."
        )
    if leaf.data != x:
        raise Refused("You changed the number in x. Leave x as it is, and make new values from it.")
    if len(in_order(root)) > 100:
        raise Refused(f"Your graph has {len(in_order(root)):,} values, and 100 are the most.")
    leaf.grad = 0.0
    root.backward()
    naive, ordered = naive_gradient(root, leaf), leaf.grad
    if abs(naive - ordered) <= 1e-9 * max(1.0, abs(ordered)):
        raise Refused(why_both_agree(root, leaf, ordered))
    if not ordered:
        raise Refused("The right gradient of x is zero, so nothing is a multiple of it. Let the result depend on x.")
    return naive / ordered


def why_both_agree(root, x, gradient):
    """A sentence on a graph on which the naive recursion is right."""
    if not gradient:
        return "The gradient of x is zero both ways: your result does not depend on x, or not here."
    both = "Both ways give the same gradient."
    order = in_order(root)
    uses = Counter(parent for value in order for parent in value._prev)
    if any(uses[value] > 1 for value in order if value._prev):
        return (
            f"{both} A value that has inputs of its own is shared, but what it passes on twice does not reach x here."
        )
    made = [(value._op, value._prev) for value in order if value._prev]
    if len(set(made)) < len(made):
        return (
            f"{both} You wrote the same operation on the same values twice, so two different values hold the result, "
            "each used once. To share a value, give it a name and use the name twice."
        )
    if uses[x] > 1:
        return (
            f"{both} x is used more than once, but x is a leaf: it passes nothing on, so it does no harm that it is "
            "visited twice. The value that is shared must have inputs of its own."
        )
    return f"{both} This is a chain: every value is used by one other, and the naive recursion is right on it."


def naive_gradient(root, x):
    """The gradient of x by the naive recursion of the lesson.

    The recursion adds local · grad to a parent and visits that, one parent after the other. Its visits double with each
    value that is shared, but each is linear in the gradients so far: a matrix, computed once for each value.
    """
    order = in_order(root)
    place = {value: i for i, value in enumerate(order)}
    visits = {}
    for value in order:
        visit = np.eye(len(order))
        for parent, local in zip(value._prev, value._local, strict=True):
            if not parent.requires_grad:  # its local derivative may not exist, as that of x² with respect to the 2
                continue
            visit[place[parent]] += local * visit[place[value]]
            visit = visits[parent] @ visit
        visits[value] = visit
    return float(visits[root][place[x], place[root]]) if x in place else 0.0


@wrong_by.mistake
def always_one_and_a_half(x, factor):
    """Your value is wrong by 1.5, whatever factor is asked for. A number in front of it scales both gradients alike;
    what counts is how often the shared value is used."""
    y = x * 2.0
    return y + y


@wrong_by.mistake
def one_use_too_many(x, factor):
    """The factor is too large by one half: the shared value is used once too often. Compute by hand what x gets if it
    is used two times, and three times."""
    return used_often(x, round(2 * factor))


@wrong_by.mistake
def one_use_too_few(x, factor):
    """The factor is too small by one half: the shared value is used once too seldom. Compute by hand what x gets if it
    is used two times, and three times."""
    return used_often(x, round(2 * factor) - 2)


@wrong_by.mistake
def used_factor_times(x, factor):
    """You use the shared value `factor` times. Used three times it passes on 1, then 2, then 3 parts, which is 6
    instead of 3 and so only twice too much."""
    return used_often(x, int(factor))


@wrong_by.mistake
def added_factor_times(x, factor):
    """You add the shared value `factor` times to itself, so it is used once more than that. Used three times it passes
    on 1, then 2, then 3 parts, which is 6 instead of 3 and so twice too much."""
    return used_often(x, int(factor) + 1)


@wrong_by.mistake
def weights_exchanged(x, factor):
    """The two weights have changed places. What is passed on first is passed on again with the second, so the first
    weight counts twice."""
    y = x * 2.0
    return y * (2 - factor) + y * (factor - 1)


def used_often(x, times):
    y = x * 2.0
    total = y
    for _ in range(times - 1):
        total = total + y
    return total


# --- 6 -----------------------------------------------------------------------------------------


@exercise("A step downhill", points=2)
def descend():
    """Return the loss before the step, a number, after moving every parameter by -learning_rate · its gradient.

    parameters is a list of values, compute_loss a function without arguments that builds a new graph from
    these values and returns the loss as a value. Their `data` moves; no value is replaced by another one.
    The gradients may hold something from before. For the loss w² at w = 3 and a learning rate of 0.1, w
    becomes 2.4, and the answer is 9.
    """
    square = named("w²", lambda w: w * w)
    valley = named("u² + 3 u v + v", lambda u, v: u * u + 3 * u * v + v)
    without_u = named("2 v", lambda u, v: 2 * v)
    for loss, start, rate, old, steps, expected, about in [
        (square, [3.0], 0.1, 0.0, 1, (9.0, 2.4), ""),
        (square, [-2.0], 0.5, 0.0, 1, (4.0, 0.0), ""),
        (valley, [2.0, -1.0], 0.05, 0.0, 1, (-3.0, 1.95, -1.35), ""),
        (valley, [-1.0, 2.0], 0.5, 0.0, 1, (-3.0, -3.0, 3.0), ""),
        (without_u, [1.0, 4.0], 0.25, 0.0, 1, (8.0, 1.0, 3.5), ""),
        (square, [3.0], 0.1, 5.0, 1, (9.0, 2.4), "gradients left over from before"),
        (valley, [2.0, -1.0], 0.05, -2.0, 1, (-3.0, 1.95, -1.35), "gradients left over from before"),
        (without_u, [1.0, 4.0], 0.25, 3.0, 1, (8.0, 1.0, 3.5), "gradients left over from before"),
        (square, [3.0], 0.1, 0.0, 2, (5.76, 1.92), "two steps, one after the other"),
        (square, [-1.2345], 0.1, 0.0, 1, (1.2345**2, -0.9876), "a number with many digits"),
    ]:
        yield Case(
            {"loss": loss, "parameters": start, "learning_rate": rate, "old gradients": old, "steps": steps},
            expected,
            call=partial(after_steps, expected=expected),
            names=("the loss", "w") if loss is square else ("the loss", "u", "v"),
            about=about,
        )


def after_steps(descend, loss, start, learning_rate, old, steps, expected):
    """The returned loss, and the parameters after the last step."""
    network = [Value(number) for number in start]
    parameters = list(network)
    for parameter in network:
        parameter.grad = old
    losses = []

    def compute_loss():
        losses.append(loss(*network))
        return losses[-1]

    for _ in range(steps):
        returned = descend(parameters, compute_loss, learning_rate)
        if returned is None or returned is ...:
            return returned
    if parameters != network:
        raise Refused(
            "You put new values into the list of parameters. The loss is still made of the old ones, and they have not "
            "moved: change the `data` of the values that are there."
        )
    after = [parameter.data for parameter in network]
    if not allclose(after, expected[1:]):
        if not any(each.grad for each in losses):
            raise Refused("`backward` was never called on the loss, so no gradient of this loss has been computed.")
        if after == start:
            raise Refused(why_nothing_moved(network))
    if isinstance(returned, Value):
        raise Refused("You return the loss as a value, with its whole graph. A number is asked for: its `data`.")
    return returned, *after


def why_nothing_moved(parameters):
    if any(parameter.grad for parameter in parameters):
        return (
            "Nothing moved, though the gradients are there: it is the `data` of each parameter that must change. A "
            "name that is given another value moves nothing."
        )
    return (
        "Nothing moved, and all gradients are zero. If they are set to zero after the sweep that filled them, nothing "
        "is left to move by."
    )


def step(parameters, compute_loss, learning_rate, zero=True, sign=-1.0, scale=None, keep=1.0):
    loss = compute_loss()
    if zero:
        for parameter in parameters:
            parameter.grad = 0.0
    loss.backward()
    for parameter in parameters:
        moved = sign * (learning_rate if scale is None else scale) * parameter.grad
        parameter.data = keep * parameter.data + moved
    return loss.data


@descend.mistake
def not_set_to_zero(parameters, compute_loss, learning_rate):
    """The old gradients were added to the new ones. Set them to zero before the sweep."""
    return step(parameters, compute_loss, learning_rate, zero=False)


@descend.mistake
def zeroed_after_the_step(parameters, compute_loss, learning_rate):
    """The old gradients were added to the new ones. You set the gradients to zero after the step, which is too late for
    what is in them before the first."""
    loss = step(parameters, compute_loss, learning_rate, zero=False)
    for parameter in parameters:
        parameter.grad = 0.0
    return loss


@descend.mistake
def uphill(parameters, compute_loss, learning_rate):
    """You went uphill. The gradient points to where the loss grows; go against it."""
    return step(parameters, compute_loss, learning_rate, sign=1.0)


@descend.mistake
def without_learning_rate(parameters, compute_loss, learning_rate):
    """You went a whole gradient far. The learning rate says which part of it."""
    return step(parameters, compute_loss, learning_rate, scale=1.0)


@descend.mistake
def replaced_by_the_step(parameters, compute_loss, learning_rate):
    """Each parameter is now the learning rate times its gradient: where it was before is lost. Take the step
    away from where the parameter is."""
    return step(parameters, compute_loss, learning_rate, sign=1.0, keep=0.0)


@descend.mistake
def replaced_by_the_downhill_step(parameters, compute_loss, learning_rate):
    """Each parameter is now minus the learning rate times its gradient: where it was before is lost. Add the
    step to where the parameter is."""
    return step(parameters, compute_loss, learning_rate, keep=0.0)


@descend.mistake
def first_parameter_alone(parameters, compute_loss, learning_rate):
    """Only the first parameter has moved. A `return` or a `break` inside the loop ends it in its first turn."""
    others = [(parameter, parameter.data) for parameter in parameters[1:]]
    loss = step(parameters, compute_loss, learning_rate)
    for parameter, number in others:
        parameter.data = number
    return loss


@descend.mistake
def loss_after(parameters, compute_loss, learning_rate):
    """The parameters are right. What you return is the loss after the step; asked for is the one before,
    whose graph you have built already."""
    step(parameters, compute_loss, learning_rate)
    return compute_loss().data


@descend.mistake
def one_after_the_other(parameters, compute_loss, learning_rate):
    """You moved each parameter and then built a new graph for the next. All gradients of a step belong to
    the same place: one sweep, then move them all."""
    loss = compute_loss().data
    for i in range(len(parameters)):
        step(parameters[i : i + 1], lambda: clean(parameters, compute_loss), learning_rate)
    return loss


def clean(parameters, compute_loss):
    for parameter in parameters:
        parameter.grad = 0.0
    return compute_loss()


# --- 7 -----------------------------------------------------------------------------------------


@exercise("A hanging chain", points=4)
def hang():
    """Return the heights of n beads after a number of steps of gradient descent, as a list of n numbers.

    The beads hang in a row between two pegs at height 0, and all start at height 0. The energy is half the square of
    each difference of two neighbours' heights, pegs included, added up, plus the heights of all beads. Each step moves
    all beads at once by -learning_rate · gradient of the energy. For n = 1, one step and a learning rate of 0.25, the
    energy is ½h² + ½h² + h, its gradient 1, and the answer is [-0.25].
    """
    for n, steps, rate, about in [
        (1, 1, 0.25, ""),
        (1, 2, 0.25, ""),
        (2, 1, 0.5, ""),
        (2, 2, 0.25, ""),
        (3, 2, 0.5, ""),
        (3, 3, 0.25, ""),
        (4, 5, 0.125, ""),
        (5, 4, 0.25, ""),
        (2, 0, 0.5, "no step at all"),
        (7, 40, 0.2, "seven beads and forty steps"),
    ]:
        inputs = {"n": n, "steps": steps, "learning_rate": rate}
        yield Case(inputs, hung(n, steps, rate), about=about, odd=steps == 0)


def hung(n, steps, rate, between=1.0, weight=1.0, left=1.0, right=1.0, together=True):
    """The heights, by the gradient written out: what each bead has in its springs, and its weight."""
    heights = [0.0] * n
    for _ in range(steps):
        old = list(heights)
        for i in range(n):
            now = old if together else heights
            before = left * now[i] if i == 0 else between * (now[i] - now[i - 1])
            after = right * now[i] if i == n - 1 else between * (now[i] - now[i + 1])
            heights[i] -= rate * (before + after + weight)
    return heights


@hang.mistake
def nothing_pulls_back(n, steps, learning_rate):
    """All beads fall by the same amount in every step, as if nothing held them. Either the energy does not know the new
    heights, since it was computed once, before the loop, or from values that have been replaced; or the squares of the
    differences play no part in it; or the pegs are missing, which are the neighbours of the first and of the last
    bead."""
    return [-learning_rate * steps] * n


@hang.mistake
def without_the_right_peg(n, steps, learning_rate):
    """The last bead is not tied to its peg. There are n + 1 differences, one more than beads."""
    return hung(n, steps, learning_rate, right=0.0)


@hang.mistake
def without_the_left_peg(n, steps, learning_rate):
    """The first bead is not tied to its peg. There are n + 1 differences, one more than beads."""
    return hung(n, steps, learning_rate, left=0.0)


@hang.mistake
def without_the_half(n, steps, learning_rate):
    """The differences pull twice as hard as they should. The energy has half of each square."""
    return hung(n, steps, learning_rate, between=2.0, left=2.0, right=2.0)


@hang.mistake
def without_weight(n, steps, learning_rate):
    """Nothing moves. Either the heights themselves are missing in the energy, since the gradient of the squares alone
    is 0 where all heights are 0; or the `data` of the beads is never changed."""
    return [0.0] * n


@hang.mistake
def upward(n, steps, learning_rate):
    """The chain rises. Each bead moves against its gradient."""
    return hung(n, steps, -learning_rate)


@hang.mistake
def weight_upward(n, steps, learning_rate):
    """The chain rises, as if the heights were taken away from the energy. The higher a bead, the more energy it has."""
    return hung(n, steps, learning_rate, weight=-1.0)


@hang.mistake
def each_tied_to_zero(n, steps, learning_rate):
    """In your energy each bead is tied to height 0 by itself. The springs are between neighbours: take the differences
    of their heights."""
    return [((1 - learning_rate) ** steps) - 1.0] * n


@hang.mistake
def one_step_fewer(n, steps, learning_rate):
    """That is one step too few."""
    return hung(n, max(steps - 1, 0), learning_rate)


@hang.mistake
def one_step_alone(n, steps, learning_rate):
    """These are the heights after the first step, whatever `steps` is. Either the loop ends in its first turn, or the
    beads begin again at 0 in each."""
    return hung(n, min(steps, 1), learning_rate)


@hang.mistake
def one_bead_n_times(n, steps, learning_rate):
    """Your list holds one and the same bead n times, as `[bead] * n` does, and it is moved n times in each step. Make a
    new value for each bead."""
    height = 0.0
    for _ in range(steps):
        height -= n * learning_rate * (n + 2 * height)
    return [height] * n


@hang.mistake
def whole_gradient(n, steps, learning_rate):
    """Each step is a whole gradient long. The learning rate says which part of it."""
    return hung(n, steps, 1.0)


@hang.mistake
def gradients_kept(n, steps, learning_rate):
    """The gradients of earlier steps are still in `grad` and are counted again. Set them to zero before each sweep."""
    heights, kept = [0.0] * n, [0.0] * n
    for _ in range(steps):
        ends = [0.0, *heights, 0.0]
        for i in range(n):
            kept[i] += 2 * ends[i + 1] - ends[i] - ends[i + 2] + 1
        heights = [height - learning_rate * gradient for height, gradient in zip(heights, kept, strict=True)]
    return heights


@hang.mistake
def beads_in_turn(n, steps, learning_rate):
    """You move a bead and then compute the gradient of the next one at the new place. All gradients of a step belong to
    the same heights: one sweep, then move all beads."""
    return hung(n, steps, learning_rate, together=False)


@hang.mistake
def pegs_returned(n, steps, learning_rate):
    """The pegs are in your list, too. Asked for are the heights of the n beads."""
    return [0.0, *hung(n, steps, learning_rate), 0.0]


@hang.mistake
def one_step_more(n, steps, learning_rate):
    """That is one step too many."""
    return hung(n, steps + 1, learning_rate)
