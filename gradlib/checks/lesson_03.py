"""The checks of lesson 03."""

from collections import Counter
from collections.abc import Iterable
from functools import partial

import numpy as np

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

    def __init__(self, name, *inputs):
        self.asked = inputs[0].asked if inputs else Counter()  # one count for the whole graph
        super().__init__(name, *inputs)
        self.grad, self._local = 0.0, (1.0,) * len(inputs)

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
            "A function that calls itself for each input stands 5,000 calls deep on a chain of 5,000, and Python "
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
    x = Value(x)
    made = z(a, x)
    if made is None or made is ...:
        return made
    if not isinstance(made, Basic):
        raise Refused(f"{z.__name__} should be a new value, which self.result makes; yours is {describe(made)}.")
    made.backward()
    numbers = [leaf.grad for leaf in in_order(made) if not leaf._prev and leaf is not x and leaf.data == a]
    asked = bool(numbers) and np.isclose(made.data, expected[0])
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


@reflected.mistake
class DifferenceLocalsExchanged(Reflected):
    """The two local derivatives of a - x have changed places. They stand in the order of the inputs."""

    def __rsub__(self, other):
        return self.result(other - self.data, "-", (other, self), (-1.0, 1.0))


@reflected.mistake
class QuotientLocalsExchanged(Reflected):
    """The two local derivatives of a / x have changed places. They stand in the order of the inputs."""

    def __rtruediv__(self, other):
        return self.result(other / self.data, "/", (other, self), (-other / self.data**2, 1 / self.data))


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


@exercise("Topological order", points=3)
def topological_order():
    """Return all nodes that root was made of, each once, inputs before what is made of them, root last.

    A node has `_prev`, the nodes that it was made of, and a name that no other node has. Often there are
    several such orders; any will do. For z made of y and x, where y is made of x, it is [x, y, z]. The graph
    may be a chain of 5,000 nodes, on which recursion ends, or a ladder: 30 nodes, each made of the one below
    it twice, so that over a billion ways lead from the top to the bottom.
    """
    x, w = Node("x"), Node("w")
    y = Node("y", x, x)
    b, c = Node("b", y), Node("c", y, w)
    chain = Node("0")
    for i in range(1, 5_000):
        chain = Node(str(i), chain)
    for root, about in [
        (x, "a single node"),
        (Node("z", y, x), ""),
        (Node("z", x, y), ""),
        (Node("s", w, x, y), ""),
        (Node("d", b, c), "a diamond"),
        (Node("d", Node("e", c, b), c), ""),
    ]:
        yield Case({"root": root}, call=names_of, accept=partial(wrong_order, root=root), about=about)
    top = ladder(30)
    yield Case(
        {"root": top}, call=names_of, accept=partial(wrong_order, root=top), about="a ladder of 30 steps", odd=True
    )
    yield Case(
        {"root": chain},
        call=lambda answer, root: names_of(partial(explain_recursion, answer), root),
        accept=partial(wrong_order, root=chain),
        about="a chain of 5,000",
        odd=True,
    )


def names_of(answer, root):
    """The names of the nodes that an answer lists."""
    if isinstance(root, Watched):
        root.asked.clear()
    nodes = answer(root)
    if nodes is None or nodes is ...:
        return nodes
    if isinstance(nodes, set | frozenset):
        raise Refused("Your answer is a set, which keeps no order. Return a list.")
    if not isinstance(nodes, Iterable) or isinstance(nodes, str):
        raise Refused(f"Return a list of nodes; your answer is {describe(nodes)}.")
    nodes = list(nodes)
    others = [node for node in nodes if not isinstance(node, Node)]
    if others:
        raise Refused(f"The list should hold the nodes themselves; yours holds {describe(others[0])}.")
    return [node.name for node in nodes]


def wrong_order(names, root):
    """None if the names are in topological order, else a sentence on the first mistake."""
    nodes = {node.name: node for node in in_order(root)}
    listed = Counter(names)
    for name, times in listed.items():
        if name not in nodes:
            return f"{name} is not a node of this graph."
        if times > 1:
            return f"{name} is listed {times} times, and should be once."
    if missing := [name for name in nodes if name not in listed]:
        return f"{missing[0]} is missing." if len(missing) < 100 else f"{len(missing)} nodes are missing."
    place = {name: i for i, name in enumerate(names)}
    for name in names:
        for parent in nodes[name]._prev:
            if place[parent.name] > place[name]:
                return f"{name} comes before {parent.name}, which it was made of."
    return None


@topological_order.mistake
def outputs_first(root):
    """Your order is right and stands on its head: root comes first. Inputs belong before what is made of
    them."""
    return in_order(root)[::-1]


@topological_order.mistake
def when_met(root):
    """You list a node when you come to it, and turn the list round at the end. A node that is used twice
    then stands where it was met first, which may be too late for the other use."""
    order, stack = {}, [root]  # a dictionary keeps the order in which its keys came
    while stack:
        node = stack.pop()
        if node not in order:
            order[node] = None
            stack += reversed(node._prev)
    return list(order)[::-1]


@topological_order.mistake
def every_visit(root):
    """A node that is used twice is listed twice. Remember which nodes you have seen."""
    order, stack = [], [(root, False)]
    while stack:
        node, inputs_done = stack.pop()
        if inputs_done:
            order.append(node)
        else:
            stack += [(node, True), *((parent, False) for parent in reversed(node._prev))]
    return order


@topological_order.mistake
def level_by_level(root):
    """You go level by level, from root, and turn the list round. The shortest way to a node says nothing
    of the longer ones: on a longer way it may be needed earlier."""
    order, queue = {}, [root]
    for node in queue:  # which grows
        if node not in order:
            order[node] = None
            queue += node._prev
    return list(order)[::-1]


@topological_order.mistake
def without_root(root):
    """root is missing. It is made of all the others, and comes last."""
    return in_order(root)[:-1]


@topological_order.mistake
def leaves_only(root):
    """You listed only the nodes that were made of nothing. Those in between pass gradients on, and
    belong to the order, too."""
    return [node for node in in_order(root) if not node._prev]


# --- 3 -----------------------------------------------------------------------------------------


@exercise("The backward sweep", points=3)
def backward():
    """Return nothing, but add to the `grad` of every value its gradient: ∂root/∂value.

    A value has `grad`, `_prev` and `_local`, the local derivatives with respect to the values in `_prev`.
    Every value that root was made of gets its gradient, those in between and root itself, too. What stands
    in `grad` before the sweep, from an earlier sweep or from elsewhere, stays and is added to, and has no
    part in the sweep: called twice, it adds the same twice. For x · y + x at x = 2, y = 3 it adds 4 to the
    gradient of x, 2 to that of y and 1 to that of root. `in_order(root)` is given. The graph may be a chain
    of 5,000 values, or a ladder of 30, each made of the one below it twice.
    """
    product = named("x · y + x", product_and_sum)
    shared = named("t + t · y with t = x · x", shared_square)
    for graph, x, y, sweeps, old, about in [
        (product, 2.0, 3.0, 1, 0.0, ""),
        (product, -1.5, 0.0, 1, 0.0, ""),
        (shared, 3.0, -0.5, 1, 0.0, "a value that is shared"),
        (shared, 2.0, -3.0, 1, 0.0, "a value that is shared"),
        (named("x alone", lambda x, y: {"x": x}), 3.0, 2.0, 1, 0.0, "a root that is made of nothing"),
        (product, 2.0, 3.0, 2, 0.0, "two sweeps over one graph"),
        (shared, 3.0, -0.5, 3, 0.0, "three sweeps over one graph"),
        (shared, 3.0, -0.5, 1, -5.0, "gradients from before"),
    ]:
        inputs = {"root": graph, "x": x, "y": y, "sweeps": sweeps, "grad before": old}
        values = swept(Value.backward, *inputs.values())
        earlier = sweeps > 1 or old != 0  # here forms of one mistake differ
        yield Case(inputs, values, call=swept, names=names_in(graph), about=about, odd=earlier)
    yield Case(
        {"root": named("a ladder of 30 steps", ladder), "steps": 30},
        expected=(1.0, 2.0**15, 2.0**30),
        call=swept_ladder,
        names=("root", "the value 15 steps below", "the value 30 steps below"),
        about="a ladder of 30 steps",
        odd=True,  # some forms of a mistake never end here
    )
    deep = named("x + y + y + … (5,000 times)", add_often)
    yield Case(
        {"root": deep, "x": 1.0, "y": 0.5},
        expected=(1.0, 1.0, 5_000.0),
        call=lambda backward, *inputs: swept(partial(explain_recursion, backward), *inputs),
        names=("root", "x", "y"),
        about="a chain of 5,000",
        odd=True,
    )


def product_and_sum(x, y):
    product = x * y
    return {"root": product + x, "x · y": product, "x": x, "y": y}


def shared_square(x, y):
    t = x * x
    return {"root": t + t * y, "t": t, "x": x, "y": y}


def add_often(x, y):
    total = x
    for _ in range(5_000):
        total = total + y
    return {"root": total, "x": x, "y": y}


def names_in(graph):
    return tuple(graph(Value(1.0), Value(1.0)))


def swept(backward, graph, x, y, sweeps=1, old=0.0):
    """The gradients of the values of a graph, root first, after a number of sweeps."""
    values = graph(Value(x), Value(y)).values()
    root, *_ = values
    for value in in_order(root):
        value.grad = old
    for _ in range(sweeps):
        if backward(root) is ...:
            return ...
    return tuple(value.grad for value in values)


def swept_ladder(backward, graph, steps):
    root = graph(steps)
    order = in_order(root)
    root.asked.clear()
    backward(root)
    return root.grad, order[steps // 2].grad, order[0].grad


@backward.mistake
def put_in_place(root):
    """You overwrite the gradient that was there. A value that is used twice gets one contribution from
    each use, and they add up."""
    root.grad = 1.0
    for value in reversed(in_order(root)):
        for parent, local in zip(value._prev, value._local, strict=True):
            parent.grad = local * value.grad


@backward.mistake
def no_seed(root):
    """No gradient arrives anywhere: the sweep has nothing to start from. The gradient of root itself is 1."""
    for value in reversed(in_order(root)):
        for parent, local in zip(value._prev, value._local, strict=True):
            parent.grad += local * value.grad


@backward.mistake
def old_gradients_again(root):
    """The first sweep is right. The second passes on what the first has left in `grad`, so that it counts
    again. Keep the gradients of one sweep apart from those of earlier ones."""
    root.grad += 1.0
    for value in reversed(in_order(root)):
        for parent, local in zip(value._prev, value._local, strict=True):
            parent.grad += local * value.grad


@backward.mistake
def root_set_to_one(root):
    """The first sweep over fresh values is right. But you set root's gradient to 1 instead of adding 1 to
    it, and what stood in `grad` before is passed on again. Keep the gradients of one sweep apart from those
    of earlier ones."""
    root.grad = 1.0
    for value in reversed(in_order(root)):
        for parent, local in zip(value._prev, value._local, strict=True):
            parent.grad += local * value.grad


@backward.mistake
def started_from_roots_grad(root):
    """You start from what root has in `grad`. After an earlier sweep that is more than 1, and this sweep
    comes out too large. Each sweep starts from 1."""
    root.grad += 1.0
    gradients = {root: root.grad}
    for value in reversed(in_order(root)):
        if value is not root:
            value.grad += gradients[value]
        for parent, local in zip(value._prev, value._local, strict=True):
            gradients[parent] = gradients.get(parent, 0.0) + local * gradients[value]


@backward.mistake
def leaves_alone(root):
    """Only the values that were made of nothing get a gradient. Those in between and root have one, too."""
    for value, gradient in one_sweep(root).items():
        if not value._prev:
            value.grad += gradient


@backward.mistake
def root_left_out(root):
    """root itself gets nothing. Its gradient is 1: it moves as fast as itself."""
    for value, gradient in one_sweep(root).items():
        if value is not root:
            value.grad += gradient


def one_sweep(root):
    """The gradients of one sweep, value -> gradient."""
    gradients = {root: 1.0}
    for value in reversed(in_order(root)):
        for parent, local in zip(value._prev, value._local, strict=True):
            gradients[parent] = gradients.get(parent, 0.0) + local * gradients[value]
    return gradients


@backward.mistake
def naive_recursion(root):
    """That is the naive recursion: a value that is used twice is visited twice, and passes on the first
    contribution again with the second. Go through `in_order(root)` from its end, so that a value passes on
    once, when all has arrived."""
    root.grad += 1.0
    pass_on_naively(root)


@backward.mistake
def first_input_alone(root):
    """Only the first input of each value gets something. Every input gets its local derivative times the
    gradient that has arrived."""
    gradients = dict.fromkeys(in_order(root), 0.0) | {root: 1.0}
    for value in reversed(in_order(root)):
        value.grad += gradients[value]
        for parent, local in list(zip(value._prev, value._local, strict=True))[:1]:
            gradients[parent] += local * gradients[value]


@backward.mistake
def starts_over(root):
    """You lose what stood in `grad` before the sweep: it was set to zero, or something was assigned over it.
    Gradients add up until the one who calls you sets them to zero."""
    for value, gradient in one_sweep(root).items():
        value.grad = gradient


@backward.mistake
def inputs_first(root):
    """You went through the order from its beginning: the inputs pass on their gradients before anything
    has reached them. Begin at root."""
    gradients = {value: 0.0 for value in in_order(root)} | {root: 1.0}
    for value in in_order(root):
        for parent, local in zip(value._prev, value._local, strict=True):
            gradients[parent] += local * gradients[value]
    for value, gradient in gradients.items():
        value.grad += gradient


@backward.mistake
def local_derivatives_added(root):
    """You added the local derivatives alone. Each is multiplied by the gradient that has arrived at the
    value."""
    root.grad += 1.0
    for value in in_order(root):
        for parent, local in zip(value._prev, value._local, strict=True):
            parent.grad += local


# --- 4 -----------------------------------------------------------------------------------------


@exercise("A counterexample", points=2)
def counterexample():
    """Return a value made from x on which the naive recursion gives x a wrong gradient.

    Use + and *, on x and on what you make of it; x itself stays as it is. Two lines are enough, 100 values
    are the most. The check computes the gradient both ways, at two places.
    """
    for x in (3.0, -0.5):
        yield Case({"x": x}, call=both_ways, accept=lambda gradients: None)


def both_ways(counterexample, x):
    """The gradient of x by the naive recursion and by the sweep in topological order, if they differ."""
    leaf = Value(x)
    root = counterexample(leaf)
    if root is None or root is ...:
        return root
    if not isinstance(root, Value):
        raise Refused(
            f"Return the value that you have made: a result of + and * on x. Your answer is {describe(root)}."
        )
    if leaf.data != x:
        raise Refused("You changed the number in x. Leave x as it is, and make new values from it.")
    if len(in_order(root)) > 100:
        raise Refused(f"Your graph has {len(in_order(root)):,} values, and 100 are the most. Two lines are enough.")
    root.backward()
    naive, ordered = naive_gradient(root, leaf), leaf.grad
    if abs(naive - ordered) <= 1e-9 * max(1.0, abs(ordered)):
        raise Refused(why_both_agree(root, leaf, ordered))
    return {"naive recursion": naive, "topological order": ordered}


def why_both_agree(root, x, gradient):
    """A sentence on a graph on which the naive recursion is right."""
    if not gradient:
        return "The gradient of x is zero both ways: your result does not depend on x, or not here."
    both = f"Both ways give {gradient:g}."
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
            visit[place[parent]] += local * visit[place[value]]
            visit = visits[parent] @ visit
        visits[value] = visit
    return float(visits[root][place[x], place[root]]) if x in place else 0.0


def pass_on_naively(root):
    """The naive recursion of the lesson, from a root that has its gradient."""
    stack = [(root, 0)]
    while stack:
        value, position = stack.pop()
        if position < len(value._prev):
            parent = value._prev[position]
            parent.grad += value._local[position] * value.grad
            stack += [(value, position + 1), (parent, 0)]


# --- 5 -----------------------------------------------------------------------------------------


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
    if not np.allclose(after, expected[1:]):
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
    """Only the first parameter has moved. A `return` inside the loop ends it after its first turn."""
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
