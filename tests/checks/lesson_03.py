"""Answers to the exercises of lesson 03."""

from functools import partial

import numpy as np

from gradlib.checks import Case
from gradlib.checks import lesson_03 as check
from gradlib.checks.lesson_03 import Basic, in_order
from gradlib.scalar import Value

from .harness import answers_to
from .lesson_02 import random_graph

reflected = answers_to(check.reflected)


@reflected.right
class Direct(Basic):
    def __rsub__(self, other):
        return self.result(other - self.data, "-", (other, self), (1.0, -1.0))

    def __rtruediv__(self, other):
        z = other / self.data
        return self.result(z, "/", (other, self), (1 / self.data, -z / self.data))


@reflected.right
class OfOneInput(Basic):
    def __rsub__(self, other):
        return self.result(other - self.data, "-", (self,), (-1.0,))

    def __rtruediv__(self, other):
        return self.result(other / self.data, "/", (self,), (-other / self.data**2,))


@reflected.right
class Composed(Basic):
    def __rsub__(self, other):
        return self * -1.0 + other

    def __rtruediv__(self, other):
        one_over = self.result(1 / self.data, "**", (self,), (-1 / self.data**2,))
        return one_over * other


@reflected.right
class WithTheNumberOnTheLeft(Basic):
    def __rsub__(self, other):
        return other + self * -1

    def __rtruediv__(self, other):
        return other * self.result(1 / self.data, "1/", (self,), (-1 / self.data**2,))


@reflected.stub
class Untouched(Basic):
    def __rsub__(self, other):
        raise NotImplementedError

    def __rtruediv__(self, other):
        raise NotImplementedError


@reflected.wrong("You computed x - a")
class WrongWayRound(Direct):
    def __rsub__(self, other):
        return self + -1.0 * other


@reflected.wrong("moves the difference down")
class PlusOne(Direct):
    def __rsub__(self, other):
        return self.result(other - self.data, "-", (self,), (1.0,))


@reflected.wrong("You computed x / a")
class QuotientTurned(Direct):
    def __rtruediv__(self, other):
        return self * (1 / other)


@reflected.wrong("has the other sign")
class QuotientRises(Direct):
    def __rtruediv__(self, other):
        return self.result(other / self.data, "/", (self,), (other / self.data**2,))


@reflected.wrong("the square is missing")
class NoSquare(Direct):
    def __rtruediv__(self, other):
        return self.result(other / self.data, "/", (self,), (-other / self.data,))


@reflected.wrong("The value of a - x is right, and it does not know")
class NoGradient(Direct):
    def __rsub__(self, other):
        return type(self)(other - self.data)


@reflected.wrong("right as numbers")
class NoGradients(Basic):
    def __rsub__(self, other):
        return Basic(other - self.data)

    def __rtruediv__(self, other):
        return Basic(other / self.data)


@reflected.wrong("local derivatives of a - x have changed places")
class DerivativesTurned(Direct):
    def __rsub__(self, other):
        return self.result(other - self.data, "-", (self, other), (1.0, -1.0))


@reflected.wrong("local derivatives of a / x have changed places")
class InputsTurned(Direct):
    def __rtruediv__(self, other):
        return self.result(other / self.data, "/", (self, other), (1 / self.data, -other / self.data**2))


@reflected.wrong("a - x should be a new value, which self.result makes; yours is a number")
class NumbersAlone(Direct):
    def __rsub__(self, other):
        return other - self.data


@reflected.wrong("derivative of 1/x")
class OfOneOverX(Direct):
    def __rtruediv__(self, other):
        return self.result(other / self.data, "/", (self,), (-(self.data**-2),))


@reflected.wrong()
class NumberMovesTwice(Direct):
    def __rsub__(self, other):
        return self.result(other - self.data, "-", (other, self), (2.0, -1.0))


@reflected.wrong()
class QuotientMissing(Direct):
    __rtruediv__ = None


@reflected.inputs
def number_and_value(rng):
    a, x = rng.uniform(1.1, 9) * rng.choice([-1, 1]), rng.choice([rng.normal(), 3.0, -2.0])
    z, expected = [(lambda a, x: a - x, (a - x, -1.0, 1.0)), (lambda a, x: a / x, (a / x, -a / x**2, 1 / x))][
        rng.integers(2)
    ]
    return Case({"z": z, "a": a, "x": x}, expected, call=partial(check.value_and_gradients, expected=expected))


order = answers_to(check.topological_order)


@order.right
def with_a_stack(root):
    return in_order(root)


@order.right
def by_counting_uses(root):
    """Kahn's algorithm, from root."""
    uses, stack, seen = {}, [root], {root}
    while stack:
        for parent in stack.pop()._prev:
            uses[parent] = uses.get(parent, 0) + 1
            if parent not in seen:
                seen.add(parent)
                stack.append(parent)
    listed, ready = [], [root]
    while ready:
        node = ready.pop()
        listed.append(node)
        for parent in node._prev:
            uses[parent] -= 1
            if not uses[parent]:
                ready.append(parent)
    return listed[::-1]


@order.right
def second_input_first(root):
    listed, stack = {}, [root]
    while stack:
        node = stack[-1]
        waiting = [parent for parent in node._prev if parent not in listed]
        if waiting:
            stack += waiting
        else:
            listed[node] = None
            stack.pop()
    return list(listed)


@order.wrong("stands on its head")
def reversed_order(root):
    return in_order(root)[::-1]


@order.wrong("listed twice")
def no_memory(root):
    listed, stack = [], [(root, False)]
    while stack:
        node, done = stack.pop()
        if done:
            listed.append(node)
            continue
        stack.append((node, True))
        for parent in reversed(node._prev):
            stack.append((parent, False))
    return listed


@order.wrong("root is missing")
def rootless(root):
    return [node for node in in_order(root) if node is not root]


@order.wrong("made of nothing")
def inputs_alone(root):
    return [node for node in in_order(root) if len(node._prev) == 0]


@order.wrong("level by level")
def breadth_first(root):
    listed, queue = {}, [root]
    for node in queue:
        if node not in listed:
            listed[node] = None
            queue.extend(node._prev)
    return list(reversed(listed))


@order.wrong("it goes to a node again for each way")
def looked_for_in_the_list(root):
    listed, stack = [], [(root, False)]
    while stack:
        node, inputs_done = stack.pop()
        if not inputs_done:
            stack += [(node, True), *((parent, False) for parent in node._prev)]
        elif node not in listed:
            listed.append(node)
    return listed


@order.wrong("hold the nodes themselves; yours holds a text (str)")
def names(root):
    return [node.name for node in in_order(root)]


@order.wrong("which keeps no order")
def as_a_set(root):
    return set(in_order(root))


@order.wrong("Return a list of nodes; your answer is a Node")
def one_node(root):
    return root


@order.wrong("You list a node when you come to it")
def depth_first(root):
    listed, stack = [], [root]
    while stack:
        node = stack.pop()
        if node not in listed:
            listed.append(node)
            stack.extend(node._prev[::-1])
    return listed[::-1]


def remembers():
    seen = set()

    def topological_order(root):
        new = [node for node in in_order(root) if node.name not in seen]
        seen.update(node.name for node in new)
        return new

    return topological_order


order.wrong("is missing")(remembers())


@order.wrong("Python allows about 1,000")
def recursive(root):
    listed, seen = [], set()

    def walk(node):
        if node not in seen:
            seen.add(node)
            for parent in node._prev:
                walk(parent)
            listed.append(node)

    walk(root)
    return listed


@order.wrong()
def root_alone(root):
    return [root]


@order.inputs
def some_graph(rng):
    root = random_graph(rng)[-1]
    return Case({"root": root}, call=check.names_of, accept=partial(check.wrong_order, root=root))


sweep = answers_to(check.backward)


@sweep.right
def with_a_dictionary(root):
    gradients = {root: 1.0}
    for value in reversed(in_order(root)):
        value.grad += gradients[value]
        for parent, local in zip(value._prev, value._local, strict=True):
            gradients[parent] = gradients.get(parent, 0.0) + local * gradients[value]


@sweep.right
def old_gradients_put_aside(root):
    values = in_order(root)
    old = [value.grad for value in values]
    for value in values:
        value.grad = 0.0
    root.grad = 1.0
    for value in reversed(values):
        for parent, local in zip(value._prev, value._local, strict=True):
            parent.grad += local * value.grad
    for value, before in zip(values, old, strict=True):
        value.grad += before


@sweep.right
def by_counting_uses(root):
    """The gradient of a value is passed on when all uses of the value have been gone through."""
    uses, gradients = {}, {root: 1.0}
    for value in in_order(root):
        for parent in value._prev:
            uses[parent] = uses.get(parent, 0) + 1
    ready = [root]
    while ready:
        value = ready.pop()
        value.grad += gradients[value]
        for i, parent in enumerate(value._prev):
            gradients[parent] = gradients.get(parent, 0.0) + value._local[i] * gradients[value]
            uses[parent] -= 1
            if not uses[parent]:
                ready.append(parent)


@sweep.wrong("set root's gradient to 1")
def the_classic(root):
    root.grad = 1.0
    for value in in_order(root)[::-1]:
        for parent, local in zip(value._prev, value._local, strict=True):
            parent.grad += local * value.grad


@sweep.wrong("Those in between and root have one, too")
def only_leaves(root):
    gradients = {root: 1.0}
    for value in reversed(in_order(root)):
        if not value._prev:
            value.grad += gradients[value]
        for parent, local in zip(value._prev, value._local, strict=True):
            gradients[parent] = gradients.get(parent, 0.0) + local * gradients[value]


@sweep.wrong("root itself gets nothing")
def root_forgotten(root):
    gradients = {root: 1.0}
    for value in reversed(in_order(root)):
        for parent, local in zip(value._prev, value._local, strict=True):
            gradients[parent] = gradients.get(parent, 0.0) + local * gradients[value]
    gradients.pop(root)
    for value, gradient in gradients.items():
        value.grad += gradient


@sweep.wrong()
def starts_from_the_old_gradient(root):
    gradients = {root: root.grad or 1.0}
    for value in reversed(in_order(root)):
        value.grad += gradients[value]
        for parent, local in zip(value._prev, value._local, strict=True):
            gradients[parent] = gradients.get(parent, 0.0) + local * gradients[value]


@sweep.wrong("You start from what root has")
def one_more_than_before(root):
    gradients = {root: 1.0 + root.grad}
    for value in reversed(in_order(root)):
        value.grad = value.grad + gradients[value] if value is not root else gradients[root]
        for parent, local in zip(value._prev, value._local, strict=True):
            gradients[parent] = gradients.get(parent, 0.0) + local * gradients[value]


@sweep.wrong("naive recursion")
def visited_twice(root):
    root.grad += 1.0

    def visit(value):
        for parent, local in zip(value._prev, value._local, strict=True):
            parent.grad += local * value.grad
            visit(parent)

    visit(root)


@sweep.wrong("Only the first input")
def first_of_the_inputs(root):
    gradients = dict.fromkeys(in_order(root), 0.0)
    gradients[root] = 1.0
    for value in reversed(in_order(root)):
        value.grad += gradients[value]
        if value._prev:
            gradients[value._prev[0]] += value._local[0] * gradients[value]


@sweep.wrong("again for each way")
def every_way(root):
    ways = [(root, 1.0)]
    while ways:
        value, gradient = ways.pop()
        value.grad += gradient
        ways += [(parent, local * gradient) for parent, local in zip(value._prev, value._local, strict=True)]


@sweep.wrong("overwrite the gradient")
def assigned(root):
    gradients = {root: 1.0}
    for value in reversed(in_order(root)):
        value.grad = gradients[value]
        for parent, local in zip(value._prev, value._local, strict=True):
            gradients[parent] = local * gradients[value]


@sweep.wrong("the sweep has nothing to start from")
def unseeded(root):
    for value in reversed(in_order(root)):
        for i, parent in enumerate(value._prev):
            parent.grad += value._local[i] * value.grad


@sweep.wrong("passes on what the first has left")
def carried_in_grad(root):
    root.grad += 1
    for value in reversed(in_order(root)):
        for i, parent in enumerate(value._prev):
            parent.grad += value._local[i] * value.grad


@sweep.wrong("You lose what stood in `grad`")
def assigned_at_the_end(root):
    gradients = {root: 1.0}
    for value in reversed(in_order(root)):
        for parent, local in zip(value._prev, value._local, strict=True):
            gradients[parent] = gradients.get(parent, 0.0) + local * gradients[value]
    for value, gradient in gradients.items():
        value.grad = gradient


@sweep.wrong("You lose what stood in `grad`")
def cleared(root):
    for value in in_order(root):
        value.grad = 0.0
    root.grad = 1.0
    for value in reversed(in_order(root)):
        for i, parent in enumerate(value._prev):
            parent.grad += value._local[i] * value.grad


@sweep.wrong("from its beginning")
def without_reversed(root):
    root.grad = 1.0
    for value in in_order(root):
        for parent, local in zip(value._prev, value._local, strict=True):
            parent.grad += local * value.grad


@sweep.wrong("from its beginning")
def forward(root):
    gradients = dict.fromkeys(in_order(root), 0.0)
    gradients[root] = 1.0
    for value in gradients:
        for i, parent in enumerate(value._prev):
            gradients[parent] += value._local[i] * gradients[value]
    for value, gradient in gradients.items():
        value.grad += gradient


@sweep.wrong("Python allows about 1,000")
def recursive_sweep(root):
    gradients = {root: 1.0}
    uses = {}
    for value in in_order(root):
        for parent in value._prev:
            uses[parent] = uses.get(parent, 0) + 1

    def visit(value):
        value.grad += gradients[value]
        for parent, local in zip(value._prev, value._local, strict=True):
            gradients[parent] = gradients.get(parent, 0.0) + local * gradients[value]
            uses[parent] -= 1
            if not uses[parent]:
                visit(parent)

    visit(root)


@sweep.wrong()
def recursive_for_each_way(root, gradient=1.0):
    root.grad += gradient
    for parent, local in zip(root._prev, root._local, strict=True):
        recursive_for_each_way(parent, local * gradient)


@sweep.wrong()
def twice_too_much(root):
    root.backward()
    root.backward()


def random_values(seed, x, y):
    """A graph of sums and products of x, y and what was made of them, its root first."""
    rng = np.random.default_rng(seed)
    values = [x, y]
    for _ in range(rng.integers(6)):
        first, second = (values[i] for i in rng.integers(len(values), size=2))
        values.append(first * second if rng.integers(2) else first + second)
    return dict(enumerate(reversed(values)))


@sweep.inputs
def some_values(rng):
    graph = partial(random_values, rng.integers(1_000_000))
    x, y = rng.integers(-3, 4, size=2) / 2
    inputs = {"root": graph, "x": x, "y": y, "sweeps": rng.integers(1, 4), "grad before": float(rng.integers(-1, 2))}
    return Case(inputs, check.swept(Value.backward, *inputs.values()), call=check.swept)


counter = answers_to(check.counterexample)


@counter.right
def square_twice(x):
    y = x * x
    return y + y


@counter.right
def ladder(x):
    for _ in range(3):
        x = x + x
    return x


@counter.right
def long_ladder(x):
    for _ in range(25):
        x = x + x
    return x


@counter.right
def shared_far_away(x):
    t = -1.0 * x
    return t * 2.0 + (1.0 + t) * t


@counter.right
def diamond(x):
    t = x * 2.0
    return t * 3.0 + t * 5.0 + 1.0


@counter.wrong("x is a leaf: it passes nothing on")
def square(x):
    return x * x


@counter.wrong("You changed the number in x")
def moved_first(x):
    x.data = 2.0
    return x * x


@counter.wrong("100 are the most")
def very_long(x):
    for _ in range(101):
        x = x + 1.0
    return x


@counter.wrong("This is a chain")
def once_and_scaled(x):
    return x * 2.0


@counter.wrong("Your answer is a tuple of length 2")
def two_values(x):
    return x * x, x + x


@counter.wrong("what it passes on twice does not reach x")
def constant_shared(x):
    t = (x * 0.0 + 2.0) * 1.0
    return x * 3.0 + t * t


@counter.wrong("wrote the same operation on the same values twice")
def two_squares(x):
    a, b = x * x, x * x
    return a + b


@counter.wrong("This is a chain")
def chain(x):
    return 2.0 + (1.0 + x)


@counter.wrong("x is a leaf: it passes nothing on")
def two_products(x):
    return 2.0 * x + 3.0 * x


@counter.wrong("x is a leaf: it passes nothing on")
def doubled(x):
    return x + x


@counter.wrong("does not depend on x")
def constant(x):
    return x * 0.0 + 1.0


@counter.wrong("Your answer is a number")
def number(x):
    return 7.0


@counter.inputs
def some_x(rng):
    return Case({"x": rng.uniform(1, 3) * rng.choice([-1, 1])}, call=check.both_ways, accept=lambda gradients: None)


down = answers_to(check.descend)


@down.right
def in_order_of_the_book(parameters, compute_loss, learning_rate):
    for p in parameters:
        p.grad = 0.0
    loss = compute_loss()
    loss.backward()
    for p in parameters:
        p.data -= learning_rate * p.grad
    return loss.data


@down.right
def zeroed_after_the_graph(parameters, compute_loss, learning_rate):
    loss = compute_loss()
    for p in parameters:
        p.grad = 0.0
    loss.backward()
    moves = [learning_rate * p.grad for p in parameters]
    before = loss.data
    for p, move in zip(parameters, moves, strict=True):
        p.data = p.data - move
    return before


@down.wrong("A number is asked for")
def the_whole_graph(parameters, compute_loss, learning_rate):
    loss = compute_loss()
    for p in parameters:
        p.grad = 0.0
    loss.backward()
    for p in parameters:
        p.data -= learning_rate * p.grad
    return loss


@down.wrong("You put new values into the list")
def new_values(parameters, compute_loss, learning_rate):
    loss = compute_loss()
    for p in parameters:
        p.grad = 0.0
    loss.backward()
    for i, p in enumerate(parameters):
        parameters[i] = Value(p.data - learning_rate * p.grad)
    return loss.data


@down.wrong("`backward` was never called")
def never_swept(parameters, compute_loss, learning_rate):
    loss = compute_loss()
    for p in parameters:
        p.grad = 0.0
    for p in parameters:
        p.data -= learning_rate * p.grad
    return loss.data


@down.wrong("it is the `data` of each parameter")
def names_moved(parameters, compute_loss, learning_rate):
    loss = compute_loss()
    for p in parameters:
        p.grad = 0.0
    loss.backward()
    for p in parameters:
        p = p - learning_rate * p.grad
    return loss.data


@down.wrong("is now the learning rate times its gradient")
def assigned_the_step(parameters, compute_loss, learning_rate):
    loss = compute_loss()
    for p in parameters:
        p.grad = 0.0
    loss.backward()
    for p in parameters:
        p.data = learning_rate * p.grad
    return loss.data


@down.wrong("is now minus the learning rate times its gradient")
def assigned_the_downhill_step(parameters, compute_loss, learning_rate):
    loss = compute_loss()
    for p in parameters:
        p.grad = 0.0
    loss.backward()
    for p in parameters:
        p.data = -learning_rate * p.grad
    return loss.data


@down.wrong("Only the first parameter")
def returned_in_the_loop(parameters, compute_loss, learning_rate):
    loss = compute_loss()
    for p in parameters:
        p.grad = 0.0
    loss.backward()
    for p in parameters:
        p.data -= learning_rate * p.grad
        return loss.data


@down.wrong("Set them to zero before")
def leftovers(parameters, compute_loss, learning_rate):
    loss = compute_loss()
    loss.backward()
    for p in parameters:
        p.data -= learning_rate * p.grad
    return loss.data


@down.wrong("If they are set to zero after the sweep")
def zeroed_late(parameters, compute_loss, learning_rate):
    loss = compute_loss()
    loss.backward()
    for p in parameters:
        p.grad = 0.0
        p.data -= learning_rate * p.grad
    return loss.data


@down.wrong("You went uphill")
def climbed(parameters, compute_loss, learning_rate):
    return in_order_of_the_book(parameters, compute_loss, -learning_rate)


@down.wrong("a whole gradient far")
def no_rate(parameters, compute_loss, learning_rate):
    return in_order_of_the_book(parameters, compute_loss, 1.0)


@down.wrong("the loss after the step")
def returned_the_next(parameters, compute_loss, learning_rate):
    in_order_of_the_book(parameters, compute_loss, learning_rate)
    return compute_loss().data


@down.wrong("`return` hands it back")
def returned_nothing(parameters, compute_loss, learning_rate):
    in_order_of_the_book(parameters, compute_loss, learning_rate)


@down.wrong()
def twice_as_far(parameters, compute_loss, learning_rate):
    return in_order_of_the_book(parameters, compute_loss, 2 * learning_rate)


@down.inputs
def some_step(rng):
    c = rng.integers(-3, 4, size=3) / 2
    start, rate, old = (rng.integers(-3, 4, size=2) / 2).tolist(), rng.uniform(0.01, 1), float(rng.integers(-2, 3))
    u, v = start
    expected = (
        c[0] * u * u + c[1] * u * v + c[2] * v,
        u - rate * (2 * c[0] * u + c[1] * v),
        v - rate * (c[1] * u + c[2]),
    )
    inputs = {
        "loss": lambda u, v: c[0] * u * u + c[1] * u * v + c[2] * v,
        "parameters": start,
        "rate": rate,
        "old": old,
    }
    return Case(inputs | {"steps": 1}, expected, call=partial(check.after_steps, expected=expected))
