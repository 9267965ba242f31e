"""Answers to the exercises of lesson 03."""

from gradlib.checks import lesson_03 as check
from gradlib.checks.lesson_03 import Basic, in_order

from .harness import answers_to

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


@reflected.wrong()
class NoGradient(Direct):
    def __rsub__(self, other):
        return type(self)(other - self.data)


@reflected.wrong()
class QuotientMissing(Direct):
    __rtruediv__ = None


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


@order.wrong()
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


@sweep.wrong("set the gradients to zero first")
def cleared(root):
    for value in in_order(root):
        value.grad = 0.0
    root.grad = 1.0
    for value in reversed(in_order(root)):
        for i, parent in enumerate(value._prev):
            parent.grad += value._local[i] * value.grad


@sweep.wrong("from its beginning")
def forward(root):
    gradients = dict.fromkeys(in_order(root), 0.0)
    gradients[root] = 1.0
    for value in gradients:
        for i, parent in enumerate(value._prev):
            gradients[parent] += value._local[i] * gradients[value]
    for value, gradient in gradients.items():
        value.grad += gradient


@sweep.wrong()
def recursive_sweep(root, gradient=1.0):
    root.grad += gradient
    for parent, local in zip(root._prev, root._local, strict=True):
        recursive_sweep(parent, local * gradient)


@sweep.wrong()
def twice_too_much(root):
    root.backward()
    root.backward()


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
def diamond(x):
    t = x * 2.0
    return t * 3.0 + t * 5.0 + 1.0


@counter.wrong("x is a leaf: it passes nothing on")
def square(x):
    return x * x


@counter.wrong("wrote the square twice")
def two_squares(x):
    a, b = x * x, x * x
    return a + b


@counter.wrong("This is a chain")
def chain(x):
    return 2.0 + (1.0 + x)


@counter.wrong("two values, each used once")
def two_products(x):
    return 2.0 * x + 3.0 * x


@counter.wrong("uses a leaf twice")
def doubled(x):
    return x + x


@counter.wrong()
def constant(x):
    return x * 0.0 + 1.0


@counter.wrong()
def number(x):
    return 7.0


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
    for p, move in zip(parameters, moves, strict=True):
        p.data = p.data - move
    return loss


@down.wrong("Set them to zero before")
def leftovers(parameters, compute_loss, learning_rate):
    loss = compute_loss()
    loss.backward()
    for p in parameters:
        p.data -= learning_rate * p.grad
    return loss.data


@down.wrong("Nothing moved")
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
