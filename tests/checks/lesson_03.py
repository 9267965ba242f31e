"""Answers to the exercises of lesson 03."""

from collections import defaultdict
from functools import partial

import numpy as np

from gradlib.checks import Case
from gradlib.checks import lesson_03 as check
from gradlib.checks.lesson_03 import Basic, in_order, uses_of
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


@reflected.wrong("which is the derivative with respect to a")
class SlopeOfTheOther(Direct):
    def __rtruediv__(self, other):
        return self.result(other / self.data, "/", (self,), (1 / self.data,))


@reflected.wrong("Each input needs a local derivative of its own")
class OneLocalForTwo(Direct):
    def __rsub__(self, other):
        return self.result(other - self.data, "-", (other, self), (-1.0,))


@reflected.wrong("takes the inputs as a tuple")
class NoComma(Direct):
    def __rsub__(self, other):
        return self.result(other - self.data, "-", (self), (-1.0,))


@reflected.wrong("takes the local derivatives as a tuple")
class NoCommaInTheLocals(Direct):
    def __rsub__(self, other):
        return self.result(other - self.data, "-", (self,), (-1.0))


@reflected.wrong("x itself stays as it was")
class InPlace(Direct):
    def __rsub__(self, other):
        self.data = other - self.data
        return self


@reflected.inputs
def number_and_value(rng):
    a, x = rng.uniform(1.1, 9) * rng.choice([-1, 1]), rng.choice([rng.normal(), 3.0, -2.0])
    z, expected = [(lambda a, x: a - x, (a - x, -1.0, 1.0)), (lambda a, x: a / x, (a / x, -a / x**2, 1 / x))][
        rng.integers(2)
    ]
    return Case({"z": z, "a": a, "x": x}, expected, call=partial(check.value_and_gradients, expected=expected))


rounds = answers_to(check.rounds)


@rounds.right
def by_counting_uses(root):
    uses, found = {root: 0}, [root]
    for node in found:
        for parent in node._prev:
            if parent not in uses:
                uses[parent] = 0
                found.append(parent)
            uses[parent] += 1
    result, ready = [], [root]
    while ready:
        result.append(ready)
        following = []
        for node in ready:
            for parent in node._prev:
                uses[parent] -= 1
                if not uses[parent]:
                    following.append(parent)
        ready = following
    return result


@rounds.right
def by_the_longest_way(root):
    """The round of a node is one more than the latest of its users."""
    number = {root: 0}
    for node in reversed(in_order(root)):
        for parent in node._prev:
            number[parent] = max(number.get(parent, 0), 1 + number[node])
    result = [[] for _ in range(1 + max(number.values()))]
    for node, place in number.items():
        result[place].append(node)
    return result


@rounds.right
def sets_of_users(root):
    users = {root: set()}
    for node in in_order(root):
        for parent in node._prev:
            users.setdefault(parent, set()).add(node)
    users.setdefault(root, set())
    result, ready = [], {root}
    while ready:
        result.append(tuple(ready))
        touched = {parent for node in ready for parent in node._prev}
        for node in ready:
            for parent in node._prev:
                users[parent].discard(node)
        ready = {parent for parent in touched if not users[parent]}
    return result


@rounds.wrong("the round after its first user")
def breadth_first(root):
    result, seen, ready = [], {root}, [root]
    while ready:
        result.append(ready)
        following = []
        for node in ready:
            for parent in node._prev:
                if parent not in seen:
                    seen.add(parent)
                    following.append(parent)
        ready = following
    return result


@rounds.wrong("count the rounds from the inputs")
def from_the_leaves(root):
    height = {}
    for node in in_order(root):
        height[node] = max((height[parent] + 1 for parent in node._prev), default=0)
    result = [[] for _ in range(height[root] + 1)]
    for node, place in height.items():
        result[height[root] - place].append(node)
    return result


@rounds.wrong("in the wrong direction")
def reversed_rounds(root):
    return by_counting_uses(root)[::-1]


@rounds.wrong("a round of its own")
def one_by_one(root):
    return [[node] for each in by_counting_uses(root) for node in each]


@rounds.wrong("a round of its own")
def the_order_of_the_lesson(root):
    return [[node] for node in in_order(root)[::-1]]


@rounds.wrong("root is missing")
def rootless(root):
    return by_counting_uses(root)[1:]


@rounds.wrong("made of nothing are missing")
def without_inputs(root):
    result = [[node for node in each if node._prev] for each in by_counting_uses(root)]
    return list(filter(None, result))


@rounds.wrong("take one off for each use")
def uses_counted_once(root):
    uses = {node: 0 for node in in_order(root)}
    for node in uses:
        for parent in set(node._prev):
            uses[parent] += 1
    result, ready = [], [root]
    while ready:
        result.append(ready)
        following = []
        for parent in [parent for node in ready for parent in node._prev]:
            uses[parent] -= 1
            if uses[parent] == 0:
                following.append(parent)
        ready = following
    return result


@rounds.wrong("in several rounds")
def without_memory(root):
    result, ready = [], [root]
    while ready:
        result.append(ready)
        ready = list({parent: 0 for node in ready for parent in node._prev})
    return result


@rounds.wrong("asked the nodes for their inputs 20,000 times")
def every_way(root):
    number, stack = {}, [(root, 0)]
    while stack:
        node, steps = stack.pop()
        number[node] = max(number.get(node, 0), steps)
        stack += [(parent, steps + 1) for parent in node._prev]
    return check.grouped(root, number)


@rounds.wrong("Yours is one flat list")
def one_list(root):
    return in_order(root)[::-1]


@rounds.wrong("yours holds a text (str)")
def names(root):
    return [[node.name for node in each] for each in by_counting_uses(root)]


@rounds.wrong("Python allows about 1,000")
def recursive(root):
    number = {}

    def visit(node, steps):
        if number.get(node, -1) < steps:
            number[node] = steps
            for parent in node._prev:
                visit(parent, steps + 1)

    visit(root, 0)
    return check.grouped(root, number)


@rounds.wrong("One of your rounds is empty")
def with_an_empty_end(root):
    return [*by_counting_uses(root), []]


@rounds.wrong()
def second_call_remembers(root, seen=set()):  # noqa: B006
    fresh = [[node for node in each if node not in seen] for each in by_counting_uses(root)]
    seen.update(in_order(root))
    return list(filter(None, fresh))


@rounds.inputs
def some_graph(rng):
    root = random_graph(rng)[-1]
    return Case({"root": root}, check.rounds_of(root), call=check.names_by_round)


sweep = answers_to(check.counted_sweep)


@sweep.right
def with_a_dictionary(root):
    if not root.requires_grad:
        return 0
    gradients, count = {root: 1.0}, 0
    for value in reversed(in_order(root)):
        if value in gradients:
            value.grad += gradients[value]
            for parent, local in zip(value._prev, value._local, strict=True):
                if parent.requires_grad:
                    gradients[parent] = gradients.get(parent, 0.0) + local * gradients[value]
                    count += 1
    return count


@sweep.right
def old_gradients_put_aside(root):
    values = [value for value in in_order(root) if value.requires_grad]
    old = [value.grad for value in values]
    for value in values:
        value.grad = 0.0
    count = 0
    for value in reversed(values):
        value.grad += 1.0 if value is root else 0.0
        for i in range(len(value._prev)):
            if value._prev[i].requires_grad:
                value._prev[i].grad += value._local[i] * value.grad
                count += 1
    for value, before in zip(values, old, strict=True):
        value.grad += before
    return count


@sweep.right
def the_library_and_a_count(root):
    if not root.requires_grad:
        return 0
    passing = [value for value in in_order(root) if value.requires_grad]
    arrived = {value: [] for value in passing}
    arrived[root].append(1.0)
    for value in passing[::-1]:
        total = sum(arrived[value])
        value.grad = value.grad + total
        for parent, local in zip(value._prev, value._local, strict=True):
            if parent in arrived:
                arrived[parent].append(total * local)
    return sum(len(each) for each in arrived.values()) - 1


def lesson_sweep(root, skips=lambda parent: False):
    gradients, count = {root: 1.0}, 0
    for value in reversed(in_order(root)):
        if value not in gradients:
            continue
        value.grad += gradients[value]
        for parent, local in zip(value._prev, value._local, strict=True):
            if not skips(parent):
                gradients[parent] = gradients.get(parent, 0.0) + local * gradients[value]
                count += 1
    return count


@sweep.wrong("the sweep of the lesson")
def as_in_the_lesson(root):
    return lesson_sweep(root) if root.requires_grad else 0


@sweep.wrong("A root that is a constant has no gradient either")
def root_always_swept(root):
    return lesson_sweep(root, lambda parent: not parent.requires_grad)


@sweep.wrong("The count holds what was passed on to constants")
def counted_too_early(root):
    if not root.requires_grad:
        return 0
    gradients, count = {root: 1.0}, 0
    for value in reversed(in_order(root)):
        if value.requires_grad:
            value.grad += gradients[value]
        for parent, local in zip(value._prev, value._local, strict=True):
            count += 1
            if parent.requires_grad:
                gradients[parent] = gradients.get(parent, 0.0) + local * gradients[value]
    return count


@sweep.wrong("made of constants alone has requires_grad False, too")
def leaves_that_are_constants(root):
    if not root.requires_grad:
        return 0
    return lesson_sweep(root, lambda parent: not parent.requires_grad and not parent._op)


@sweep.wrong()
def counted_where_the_slope_is_not_0(root):
    if not root.requires_grad:
        return 0
    gradients, count = {root: 1.0}, 0
    for value in reversed(in_order(root)):
        if value.requires_grad:
            value.grad += gradients[value]
        for parent, local in uses_of(value) if value.requires_grad else ():
            gradients[parent] = gradients.get(parent, 0.0) + local * gradients[value]
            count += local != 0
    return count


@sweep.wrong("You count the values")
def number_of_values(root):
    if not root.requires_grad:
        return 0
    with_a_dictionary(root)
    return len([value for value in in_order(root) if value.requires_grad])


@sweep.wrong("You count all values")
def length_of_the_order(root):
    if not with_a_dictionary(root):
        return 0 if not root.requires_grad else len(in_order(root))
    return len(in_order(root))


@sweep.wrong("You start from what root has")
def one_more_than_before(root):
    if not root.requires_grad:
        return 0
    root.grad += 1.0
    gradients, count = {root: root.grad}, 0
    for value in reversed(in_order(root)):
        if value.requires_grad:
            value.grad += gradients[value] if value is not root else 0.0
            for parent, local in zip(value._prev, value._local, strict=True):
                if parent.requires_grad:
                    gradients[parent] = gradients.get(parent, 0.0) + local * gradients[value]
                    count += 1
    return count


@sweep.wrong("these nodes have none")
def by_calling_it(root):
    if not root.requires_grad:
        return 0
    root.backward()
    return sum(parent.requires_grad for value in in_order(root) if value.requires_grad for parent in value._prev)


@sweep.wrong("You count the operations")
def number_of_operations(root):
    with_a_dictionary(root)
    return len([value for value in in_order(root) if value.requires_grad and value._prev])


@sweep.wrong("overwrite the gradient")
def assigned(root):
    if not root.requires_grad:
        return 0
    gradients, count = {root: 1.0}, 0
    for value in reversed(in_order(root)):
        if value.requires_grad:
            value.grad = gradients[value]
            for parent, local in zip(value._prev, value._local, strict=True):
                if parent.requires_grad:
                    gradients[parent] = local * gradients[value]
                    count += 1
    return count


@sweep.wrong("nothing to start from")
def unseeded(root):
    count = 0
    for value in reversed(in_order(root)):
        for i, parent in enumerate(value._prev):
            if parent.requires_grad:
                parent.grad += value._local[i] * value.grad
                count += 1
    return count


@sweep.wrong("passes on what the first has left")
def carried_in_grad(root):
    if root.requires_grad:
        root.grad += 1
    return unseeded(root)


@sweep.wrong("set root's gradient to 1")
def the_classic(root):
    if root.requires_grad:
        root.grad = 1.0
    return unseeded(root)


@sweep.wrong("Those in between and root have one, too")
def only_leaves(root):
    before = {value: value.grad for value in in_order(root)}
    count = with_a_dictionary(root)
    for value, old in before.items():
        if value._prev:
            value.grad = old
    return count


@sweep.wrong("root itself gets nothing")
def root_forgotten(root):
    old = root.grad
    count = with_a_dictionary(root)
    root.grad = old if root._prev or not root.requires_grad else old
    return count


@sweep.wrong("You lose what stood in `grad`")
def cleared(root):
    for value in in_order(root):
        value.grad = 0.0 if value.requires_grad else value.grad
    return with_a_dictionary(root)


@sweep.wrong("until all others have had their turn")
def without_reversed(root):
    if not root.requires_grad:
        return 0
    gradients, count = defaultdict(float), 0
    gradients[root] = 1.0
    for value in in_order(root):
        value.grad += gradients[value]
        for parent, local in uses_of(value):
            gradients[parent] += local * gradients[value]
            count += 1
    return count


@sweep.wrong("only what root passes on is counted")
def only_root_passes_on(root):
    if not root.requires_grad:
        return 0
    gradients, count = {root: 1.0}, 0
    for value in in_order(root):
        if value in gradients:
            value.grad += gradients[value]
            for parent, local in uses_of(value):
                gradients[parent] = gradients.get(parent, 0.0) + local * gradients[value]
                count += 1
    return count


@sweep.wrong("from its beginning")
def without_reversed(root):
    if not root.requires_grad:
        return 0
    gradients, count = {root: 1.0}, 0
    for value in in_order(root):
        for parent, local in zip(value._prev, value._local, strict=True):
            if parent.requires_grad:
                gradients[parent] = gradients.get(parent, 0.0) + local * gradients.get(value, 0.0)
                count += 1
    for value, gradient in gradients.items():
        value.grad += gradient
    return count


@sweep.wrong("once for each way")
def each_way(root):
    ways, count = [(root, 1.0)] if root.requires_grad else [], 0
    while ways:
        value, gradient = ways.pop()
        value.grad += gradient
        for parent, local in zip(value._prev, value._local, strict=True):
            if parent.requires_grad:
                ways.append((parent, local * gradient))
                count += 1
    return count


@sweep.wrong("The code returned nothing")
def count_forgotten(root):
    with_a_dictionary(root)


@sweep.wrong()
def one_more(root):
    return with_a_dictionary(root) + 1


def random_values(seed, x, y):
    """A graph of sums and products of x, y, a constant and what was made of them, its root first."""
    rng = np.random.default_rng(seed)
    values = [x, y, check.constant(float(rng.integers(-2, 3)))]
    for _ in range(rng.integers(6)):
        first, second = (values[i] for i in rng.integers(len(values), size=2))
        values.append(first * second if rng.integers(2) else first + second)
    return dict(enumerate(reversed(values)))


@sweep.wrong("Each input gets it times its local derivative")
def passed_on_unchanged(root):
    return swept_by(root, lambda value: [(parent, 1.0) for parent in value._prev])


@sweep.wrong("You pass on to each input once")
def distinct_inputs(root):
    return swept_by(root, lambda value: dict(zip(value._prev, value._local, strict=True)).items())


def swept_by(root, uses):
    if not root.requires_grad:
        return 0
    gradients, count = {root: 1.0}, 0
    for value in reversed(check.in_order(root)):
        if value.requires_grad:
            value.grad += gradients[value]
            for parent, local in uses(value):
                if parent.requires_grad:
                    gradients[parent] = gradients.get(parent, 0.0) + local * gradients[value]
                    count += 1
    return count


@sweep.inputs
def some_values(rng):
    graph = partial(random_values, rng.integers(1_000_000))
    x, y = rng.integers(-3, 4, size=2) / 2
    inputs = {"root": graph, "x": x, "y": y, "sweeps": rng.integers(1, 4), "grad before": float(rng.integers(-1, 2))}
    return Case(inputs, check.swept(check.sweep_right, *inputs.values()), call=check.swept)


depth = answers_to(check.depth)


@depth.wrong()
def noted_by_name(root):
    """Two nodes of the same name are taken for one."""
    depths, stack = {}, [root]
    while stack:
        node = stack.pop()
        waiting = [parent for parent in node._prev if parent.name not in depths]
        if waiting:
            stack += [node, *waiting]
        else:
            depths[node.name] = max([1 + depths[parent.name] for parent in node._prev], default=0)
    return depths[root.name]


@depth.right
def with_a_stack(root):
    depths, stack = {}, [root]
    while stack:
        node = stack[-1]
        waiting = [parent for parent in node._prev if parent not in depths]
        if waiting:
            stack += waiting
        else:
            depths[node] = max([1 + depths[parent] for parent in node._prev], default=0)
            stack.pop()
    return depths[root]


@depth.right
def along_the_order(root):
    depths = {}
    for node in in_order(root):
        depths[node] = 0
        for parent in node._prev:
            depths[node] = max(depths[node], depths[parent] + 1)
    return depths[root]


@depth.right
def level_by_level(root):
    """Go down one step from all nodes of a level at once, until a level is empty."""
    level, steps = {root}, -1
    while level:
        level, steps = {parent for node in level for parent in node._prev}, steps + 1
    return steps


@depth.wrong("Python allows about 1,000")
def with_memory_alone(root):
    found = {}

    def down(node):
        if node not in found:
            found[node] = max([1 + down(parent) for parent in node._prev], default=0)
        return found[node]

    return down(root)


@depth.wrong("asked the nodes for their inputs 20,000 times")
def on_every_way(root):
    deepest, stack = 0, [(root, 0)]
    while stack:
        node, steps = stack.pop()
        deepest = max(deepest, steps)
        stack += [(parent, steps + 1) for parent in node._prev]
    return deepest


@depth.wrong("asked the nodes for their inputs 20,000 times")
def as_in_the_statement(root):
    return 1 + max(as_in_the_statement(parent) for parent in root._prev) if root._prev else 0


@depth.wrong("the shortest way")
def nearest_leaf(root):
    depths = {}
    for node in in_order(root):
        depths[node] = min([1 + depths[parent] for parent in node._prev], default=0)
    return depths[root]


@depth.wrong("You count the nodes on the way")
def ones_at_the_leaves(root):
    return along_the_order(root) + 1


@depth.wrong("count all operations")
def operations(root):
    return len([node for node in in_order(root) if node._prev])


@depth.wrong("count all nodes")
def nodes(root):
    return len(in_order(root))


@depth.wrong("the first input of each node")
def leftmost(root):
    steps = 0
    while root._prev:
        root, steps = root._prev[0], steps + 1
    return steps


@depth.wrong("the last input of each node")
def rightmost(root):
    steps = 0
    while root._prev:
        root, steps = root._prev[-1], steps + 1
    return steps


@depth.wrong("add up the depths")
def summed(root):
    depths = {}
    for node in in_order(root):
        depths[node] = 1 + sum(depths[parent] for parent in node._prev) if node._prev else 0
    return depths[root]


@depth.wrong()
def towards_the_most_inputs(root):
    steps = 0
    while root._prev:
        root, steps = max(root._prev, key=lambda node: len(node._prev)), steps + 1
    return steps


@depth.wrong()
def always_two(root):
    return 2


@depth.wrong("A longer way may come there later")
def until_something_is_shared(root):
    seen, level, steps = {root}, [root], -1
    while level:
        level = [parent for node in level for parent in node._prev if parent not in seen]
        seen.update(level)
        steps += 1
    return steps


@depth.wrong("all nodes of the graph but one")
def nodes_less_one(root):
    return len(check.in_order(root)) - 1


@depth.inputs
def one_graph(rng):
    return {"root": random_graph(rng)[-1]}


wrong = answers_to(check.wrong_by)


@wrong.right
def in_a_loop(x, factor):
    y = x * x
    total = y
    for _ in range(int(2 * factor - 2)):
        total = total + y
    return total


@wrong.right
def by_weights(x, factor):
    y = 2.0 * x
    return (factor - 1) * y + (2 - factor) * y


@wrong.right
def of_a_constant_and_a_sum(x, factor):
    y = x + 1.0
    return sum([y * 2.0 for _ in range(round(2 * factor) - 1)])


@wrong.wrong("whatever factor is asked for")
def scaled(x, factor):
    y = x * x
    return (y + y) * factor


@wrong.wrong("whatever factor is asked for")
def square_twice(x, factor):
    y = x * x
    return y + y


@wrong.wrong("once too often")
def twice_the_factor(x, factor):
    y = x * 3.0
    total = y
    for _ in range(int(2 * factor) - 1):
        total = total + y
    return total


@wrong.wrong("once too seldom")
def two_uses_fewer(x, factor):
    y = x * x
    total = y
    for _ in range(int(2 * factor) - 3):
        total = total + y
    return total


@wrong.wrong("You use the shared value `factor` times")
def factor_uses(x, factor):
    y = 1.0 + x
    total = y
    for _ in range(int(factor) - 1):
        total = total + y
    return total


@wrong.wrong("You add the shared value `factor` times")
def added_as_often_as_the_factor(x, factor):
    y = x * x
    total = y
    for _ in range(int(factor)):
        total = total + y
    return total


@wrong.wrong("two weights have changed places")
def second_weight_first(x, factor):
    y = x * x
    return (2 - factor) * y + (factor - 1) * y


@wrong.wrong("x is a leaf: it passes nothing on")
def leaf_shared(x, factor):
    total = x
    for _ in range(int(2 * factor) - 2):
        total = total + x
    return total


@wrong.wrong("This is a chain")
def once_and_scaled(x, factor):
    return x * factor


@wrong.wrong("wrote the same operation on the same values twice")
def two_squares(x, factor):
    return x * x + x * x


@wrong.wrong("what it passes on twice does not reach x")
def constant_shared(x, factor):
    t = (x * 0.0 + factor) * 1.0
    return x * 3.0 + t * t


@wrong.wrong("does not depend on x")
def independent(x, factor):
    return x * 0.0 + factor


@wrong.wrong("You changed the number in x")
def moved_first(x, factor):
    x.data = 2.0
    return in_a_loop(x, factor)


@wrong.wrong("100 are the most")
def very_long(x, factor):
    for _ in range(101):
        x = x + 1.0
    return x


@wrong.wrong("Your answer is a number")
def number(x, factor):
    return factor


@wrong.wrong()
def doubled_often(x, factor):
    for _ in range(int(2 * factor)):
        x = x + x
    return x


@wrong.wrong()
def always_twice(x, factor):
    y = x * 2.0
    return y + y + y


@wrong.inputs
def some_factor(rng):
    factor = float(rng.integers(3, 12)) / 2
    return Case({"x": rng.uniform(1, 3) * rng.choice([-1, 1]), "factor": factor}, factor, call=check.measured_factor)


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


@down.wrong("which is too late")
def cleared_at_the_end(parameters, compute_loss, learning_rate):
    loss = compute_loss()
    loss.backward()
    for parameter in parameters:
        parameter.data -= learning_rate * parameter.grad
        parameter.grad = 0.0
    return loss.data


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


hang = answers_to(check.hang)


def beads_of(n):
    return [Value(0.0) for _ in range(n)]


def energy_of(beads, pegs=(0.0, 0.0), half=0.5):
    chain = [pegs[0], *beads, pegs[1]]
    springs = [half * (chain[i + 1] - chain[i]) ** 2 for i in range(len(chain) - 1)]
    return sum(springs) + sum(beads)


def walk(beads, energy, steps, rate, zero=True):
    for _ in range(steps):
        total = energy()
        for bead in beads:
            bead.grad = 0.0 if zero else bead.grad
        total.backward()
        for bead in beads:
            bead.data -= rate * bead.grad
    return [bead.data for bead in beads]


@hang.right
def with_the_engine(n, steps, learning_rate):
    beads = beads_of(n)
    return walk(beads, lambda: energy_of(beads), steps, learning_rate)


@hang.right
def by_hand(n, steps, learning_rate):
    heights = np.zeros(n + 2)
    for _ in range(steps):
        heights[1:-1] -= learning_rate * (2 * heights[1:-1] - heights[:-2] - heights[2:] + 1)
    return heights[1:-1].tolist()


@hang.right
def new_values_in_each_step(n, steps, learning_rate):
    heights = [0.0] * n
    for _ in range(steps):
        beads = [Value(height) for height in heights]
        energy_of(beads, (Value(0.0), Value(0.0))).backward()
        heights = [bead.data - learning_rate * bead.grad for bead in beads]
    return heights


@hang.wrong("All beads fall by the same amount")
def energy_once(n, steps, learning_rate):
    beads = beads_of(n)
    total = energy_of(beads)
    return walk(beads, lambda: total, steps, learning_rate)


@hang.wrong("All beads fall by the same amount")
def no_pegs(n, steps, learning_rate):
    beads = beads_of(n)
    between = lambda: sum(0.5 * (b - a) ** 2 for a, b in zip(beads, beads[1:], strict=False))  # noqa: E731
    return walk(beads, lambda: between() + sum(beads) + beads[0] * 0.0, steps, learning_rate)


@hang.wrong("All beads fall by the same amount")
def not_squared(n, steps, learning_rate):
    beads = beads_of(n)
    chain = [0.0, *beads, 0.0]
    springs = lambda: sum(0.5 * (b - a) for a, b in zip(chain, chain[1:], strict=False))  # noqa: E731
    return walk(beads, lambda: springs() + sum(beads), steps, learning_rate)


@hang.wrong("The last bead is not tied")
def no_right_peg(n, steps, learning_rate):
    beads = beads_of(n)
    chain = [0.0, *beads]
    springs = lambda: sum(0.5 * (chain[i + 1] - chain[i]) ** 2 for i in range(n))  # noqa: E731
    return walk(beads, lambda: springs() + sum(beads), steps, learning_rate)


@hang.wrong("The first bead is not tied")
def no_left_peg(n, steps, learning_rate):
    beads = beads_of(n)
    chain = [*beads, 0.0]
    springs = lambda: sum(0.5 * (chain[i + 1] - chain[i]) ** 2 for i in range(n))  # noqa: E731
    return walk(beads, lambda: springs() + sum(beads), steps, learning_rate)


@hang.wrong("pull twice as hard")
def no_half(n, steps, learning_rate):
    beads = beads_of(n)
    return walk(beads, lambda: energy_of(beads, half=1.0), steps, learning_rate)


@hang.wrong("Nothing moves")
def springs_alone(n, steps, learning_rate):
    beads = beads_of(n)
    return walk(beads, lambda: energy_of(beads) - sum(beads), steps, learning_rate)


@hang.wrong("The chain rises")
def uphill(n, steps, learning_rate):
    return with_the_engine(n, steps, -learning_rate)


@hang.wrong("as if the heights were taken away")
def heights_subtracted(n, steps, learning_rate):
    beads = beads_of(n)
    return walk(beads, lambda: energy_of(beads) - 2 * sum(beads), steps, learning_rate)


@hang.wrong("tied to height 0 by itself")
def own_squares(n, steps, learning_rate):
    beads = beads_of(n)
    return walk(beads, lambda: sum(0.5 * bead**2 + bead for bead in beads), steps, learning_rate)


@hang.wrong("one step too few")
def first_step_for_nothing(n, steps, learning_rate):
    return with_the_engine(n, steps - 1, learning_rate)


@hang.wrong("still in `grad`")
def never_zeroed(n, steps, learning_rate):
    beads = beads_of(n)
    return walk(beads, lambda: energy_of(beads), steps, learning_rate, zero=False)


@hang.wrong("You move a bead and then")
def one_by_one_moved(n, steps, learning_rate):
    beads = beads_of(n)
    for _ in range(steps):
        for moved in beads:
            walk([moved], lambda: energy_of(beads), 1, learning_rate)
    return [bead.data for bead in beads]


@hang.wrong("The pegs are in your list")
def with_pegs(n, steps, learning_rate):
    return [0.0, *with_the_engine(n, steps, learning_rate), 0.0]


@hang.wrong("one step too many")
def until_after(n, steps, learning_rate):
    return with_the_engine(n, steps + 1, learning_rate)


@hang.wrong()
def twice_the_rate(n, steps, learning_rate):
    return with_the_engine(n, steps, 2 * learning_rate)


@hang.wrong()
def at_rest(n, steps, learning_rate):
    return [-i * (n + 1 - i) / 2 for i in range(1, n + 1)]


@hang.wrong("Value")
def values_returned(n, steps, learning_rate):
    beads = beads_of(n)
    walk(beads, lambda: energy_of(beads), steps, learning_rate)
    return beads


@hang.wrong("after the first step")
def new_beads_each_time(n, steps, learning_rate):
    beads = beads_of(n)
    for _ in range(steps):
        beads = beads_of(n)
        walk(beads, lambda beads=beads: energy_of(beads), 1, learning_rate)
    return [bead.data for bead in beads]


@hang.wrong("one and the same bead")
def one_value(n, steps, learning_rate):
    beads = beads_of(1) * n
    walk(beads, lambda: energy_of(beads), steps, learning_rate)
    return [bead.data for bead in beads]


@hang.wrong("a whole gradient long")
def no_rate(n, steps, learning_rate):
    return with_the_engine(n, steps, 1.0)


@hang.wrong("values that have been replaced")
def new_values_beside_the_chain(n, steps, learning_rate):
    beads = beads_of(n)
    chain = list(beads)
    for _ in range(steps):
        energy = energy_of(chain)
        for bead in chain:
            bead.grad = 0.0
        energy.backward()
        beads = [Value(now.data - learning_rate * old.grad) for now, old in zip(beads, chain, strict=True)]
    return [bead.data for bead in beads]


@hang.inputs
def some_chain(rng):
    return {"n": int(rng.integers(1, 7)), "steps": int(rng.integers(0, 7)), "learning_rate": rng.uniform(0.05, 0.5)}
