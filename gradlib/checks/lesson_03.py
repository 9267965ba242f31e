"""The checks of lesson 03."""

from collections import Counter

from gradlib.checks.cases import Case
from gradlib.checks.exercises import exercise
from gradlib.checks.lesson_02 import Node
from gradlib.checks.values import named
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


# --- 1 -----------------------------------------------------------------------------------------


@exercise("Numbers on the left", points=2)
def reflected():
    """Return from `2 - x` and `2 / x` new values with the right local derivatives.

    Complete the class: `__rsub__(self, other)` is what Python calls for `other - self`, and
    `__rtruediv__(self, other)` for `other / self`, when `other` is a plain number. `self.result(data, op,
    inputs, local)` makes the new value. For 2 - x at x = 3 the value is -1 and the gradient of x is -1.
    """
    for a, x in [(2.0, 3.0), (-1.5, 0.5)]:
        yield Case({"a": a, "x": x}, call=of_difference, expected=(a - x, -1.0), about="a - x")
        yield Case({"a": a, "x": x}, call=of_quotient, expected=(a / x, -a / x**2), about="a / x")


def of_difference(Value, a, x):
    x = Value(x)
    z = a - x
    z.backward()
    return z.data, x.grad


def of_quotient(Value, a, x):
    x = Value(x)
    z = a / x
    z.backward()
    return z.data, x.grad


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


# --- 2 -----------------------------------------------------------------------------------------


@exercise("Topological order", points=3)
def topological_order():
    """Return all nodes that root was made of, each once, inputs before what is made of them, root last.

    A node has `_prev`, the nodes that it was made of. Often there are several such orders; any will do.
    For z made of y and x, where y is made of x, it is [x, y, z]. The graph may be a chain of 5,000 nodes.
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
        (Node("d", b, c), "a diamond"),
        (Node("d", Node("e", c, b), c), ""),
        (chain, "a chain of 5,000"),
    ]:
        yield Case(
            {"root": root},
            call=lambda answer, root: [getattr(node, "name", node) for node in answer(root)],
            accept=lambda names, root=root: wrong_order(names, root),
            about=about,
        )


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
    Called twice, it adds twice: gradients add up. For x · y + x at x = 2, y = 3 it adds 4 to the gradient
    of x, 2 to that of y. `topological_order(root)` is given.
    """
    product = named("x · y + x", lambda x, y: x * y + x)
    shared = named("t + t · y with t = x · x", shared_square)
    deep = named("x + y + y + … (5,000 times)", lambda x, y: add_often(x, y, 5_000))
    for f, x, y, slopes, about in [
        (product, 2.0, 3.0, (4.0, 2.0), ""),
        (shared, 3.0, -0.5, (3.0, 9.0), "a value that is shared"),
        (deep, 1.0, 0.5, (1.0, 5_000.0), "a chain of 5,000"),
    ]:
        yield Case({"f": f, "x": x, "y": y}, call=gradients_of, expected=slopes, about=about)
    yield Case(
        {"f": shared, "x": 3.0, "y": -0.5},
        call=gradients_of_two_sweeps,
        expected=(6.0, 18.0),
        about="two sweeps over one graph",
    )


def shared_square(x, y):
    t = x * x
    return t + t * y


def add_often(x, y, times):
    for _ in range(times):
        x = x + y
    return x


def gradients_of(backward, f, x, y, sweeps=1):
    """The gradients of x and y; None if nothing has reached either."""
    x, y = Value(x), Value(y)
    root = f(x, y)
    for _ in range(sweeps):
        if backward(root) is ...:
            return ...
    return (x.grad, y.grad) if x.grad or y.grad else None


def gradients_of_two_sweeps(backward, f, x, y):
    return gradients_of(backward, f, x, y, sweeps=2)


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
    """All gradients are zero: the sweep has nothing to start from. The gradient of root itself is 1."""
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
def starts_over(root):
    """You set the gradients to zero first, so the second sweep forgets the first one. They add up until
    the one who calls you sets them to zero."""
    for value in in_order(root):
        value.grad = 0.0
    root.backward()


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

    Use + and *, on x and on what you make of it. The check computes the gradient both ways, at two places.
    """
    for x in (3.0, -0.5):
        yield Case({"x": x}, call=both_ways, accept=both_the_same)


def both_ways(counterexample, x):
    """The gradient of x by the naive recursion, and by the sweep in topological order."""
    naive, ordered = Value(x), Value(x)
    root = counterexample(naive)
    if not isinstance(root, Value):
        return root
    backward_naively(root)
    counterexample(ordered).backward()
    return naive.grad, ordered.grad


def backward_naively(root):
    """The naive recursion of the lesson."""
    root.grad = 1.0
    stack = [(root, 0)]
    while stack:
        value, position = stack.pop()
        if position < len(value._prev):
            parent = value._prev[position]
            parent.grad += value._local[position] * value.grad
            stack += [(value, position + 1), (parent, 0)]


def both_the_same(gradients):
    if not isinstance(gradients, tuple):
        return "Return the value that you have made: x itself, or a result of + and * on it."
    naive, ordered = gradients
    if abs(naive - ordered) > 1e-9:
        return None
    if not ordered:
        return "The gradient of x is zero both ways: your result does not depend on x, or not here."
    return f"Both ways give {ordered:g}. Which value must pass its gradient on twice, and what must it be made of?"


@counterexample.mistake
def used_twice_itself(x):
    """x is used twice, but x is a leaf: it passes nothing on, so it does no harm that it is visited twice.
    The value that is shared must have inputs of its own."""
    return x * x


@counterexample.mistake
def computed_twice(x):
    """You wrote the square twice, so two different values hold it, each used once. To share a value,
    give it a name and use the name twice."""
    return x * x + x * x


@counterexample.mistake
def a_chain(x):
    """This is a chain: every value is used by one other. The naive recursion is right on it."""
    return x + 1.0 + 2.0


@counterexample.mistake
def sum_with_itself(x):
    """x + x uses a leaf twice. It is visited twice, gets both contributions, and passes nothing on."""
    return x + x


@counterexample.mistake
def scaled_twice(x):
    """The two products are two values, each used once. Nothing but x is shared, and x is a leaf."""
    return x * 2.0 + x * 3.0


# --- 5 -----------------------------------------------------------------------------------------


@exercise("A step downhill", points=2)
def descend():
    """Return the loss before the step, after moving every parameter by -learning_rate · its gradient.

    parameters is a list of values, compute_loss a function without arguments that builds a new graph and
    returns the loss as a value. The gradients may hold something from before. For the loss w² at w = 3
    and a learning rate of 0.1, w becomes 2.4, and the answer is 9.
    """
    square = named("w²", lambda w: w * w)
    valley = named("u² + 3 u v + v", lambda u, v: u * u + 3 * u * v + v)
    for loss, start, rate, old, expected in [
        (square, [3.0], 0.1, 0.0, (9.0, [2.4])),
        (square, [3.0], 0.1, 5.0, (9.0, [2.4])),
        (valley, [2.0, -1.0], 0.05, 0.0, (-3.0, [1.95, -1.35])),
        (valley, [2.0, -1.0], 0.05, -2.0, (-3.0, [1.95, -1.35])),
    ]:
        yield Case(
            {"loss": loss, "parameters": start, "learning_rate": rate, "old gradients": old},
            call=after_a_step,
            expected=expected,
            about="gradients left over from before" if old else "",
        )


def after_a_step(descend, loss, start, learning_rate, old):
    """The returned loss as a number, and the parameters after the step."""
    parameters = [Value(number) for number in start]
    for parameter in parameters:
        parameter.grad = old
    returned = descend(parameters, lambda: loss(*parameters), learning_rate)
    if returned is None or returned is ...:
        return returned
    return getattr(returned, "data", returned), [parameter.data for parameter in parameters]


def step(parameters, compute_loss, learning_rate, zero=True, zero_late=False, sign=-1.0, scale=None):
    loss = compute_loss()
    if zero:
        for parameter in parameters:
            parameter.grad = 0.0
    loss.backward()
    if zero_late:
        for parameter in parameters:
            parameter.grad = 0.0
    for parameter in parameters:
        parameter.data += sign * (learning_rate if scale is None else scale) * parameter.grad
    return loss.data


@descend.mistake
def not_set_to_zero(parameters, compute_loss, learning_rate):
    """The old gradients were added to the new ones. Set them to zero before the sweep."""
    return step(parameters, compute_loss, learning_rate, zero=False)


@descend.mistake
def set_to_zero_too_late(parameters, compute_loss, learning_rate):
    """Nothing moved. You set the gradients to zero after the sweep that filled them."""
    return step(parameters, compute_loss, learning_rate, zero_late=True)


@descend.mistake
def uphill(parameters, compute_loss, learning_rate):
    """You went uphill. The gradient points to where the loss grows; go against it."""
    return step(parameters, compute_loss, learning_rate, sign=1.0)


@descend.mistake
def without_learning_rate(parameters, compute_loss, learning_rate):
    """You went a whole gradient far. The learning rate says which part of it."""
    return step(parameters, compute_loss, learning_rate, scale=1.0)


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
