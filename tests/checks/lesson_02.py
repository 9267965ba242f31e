"""Answers to the exercises of lesson 02."""

import math
from functools import partial, reduce

from gradlib.checks import Case
from gradlib.checks import lesson_02 as check

from .harness import answers_to

local = answers_to(check.local_derivatives)


@local.wrong()
def quotient_by_its_square(op, x, y):
    return (1 / y, -((x / y) ** 2) / x) if op == "/" else by_cases(op, x, y)


@local.right
def by_cases(op, x, y):
    if op == "+":
        return 1, 1
    if op == "-":
        return 1, -1
    if op == "*":
        return y, x
    if op == "/":
        return 1 / y, -x / (y * y)
    return (y * x ** (y - 1),)


@local.right
def by_table(op, x, y):
    z = x / y
    table = {"+": (1.0, 1.0), "-": (1.0, -1.0), "*": (y, x), "/": (1 / y, -z / y), "**": (x ** (y - 1) * y,)}
    return table[op]


@local.wrong("number below the fraction bar is zero")
def divided_by_the_base(op, x, y):
    return (y * x**y / x,) if op == "**" else by_cases(op, x, y)


@local.wrong("You lost the sign of the base")
def size_of_the_base(op, x, y):
    return (y * math.pow(abs(x), y - 1),) if op == "**" else by_cases(op, x, y)


@local.wrong("the slope of 1/y")
def of_one_over_y(op, x, y):
    return (1 / y, -(y**-2)) if op == "/" else by_cases(op, x, y)


@local.wrong("have changed places")
def divisor_first(op, x, y):
    return by_cases(op, x, y)[::-1] if op == "/" else by_cases(op, x, y)


@local.wrong("expected a tuple of length 1")
def number_alone(op, x, y):
    return by_cases(op, x, y)[0] if op == "**" else by_cases(op, x, y)


@local.wrong()
def rounded_down(op, x, y):
    return tuple(float(math.floor(slope)) for slope in by_cases(op, x, y))


@local.wrong("the other factor")
def swapped_factors(op, x, y):
    return (x, y) if op == "*" else by_cases(op, x, y)


@local.wrong("it is y that is taken away")
def minus_on_the_left(op, x, y):
    return (-1, 1) if op == "-" else by_cases(op, x, y)


@local.wrong("the slope with respect to y is negative")
def minus_forgotten(op, x, y):
    return (1, 1) if op == "-" else by_cases(op, x, y)


@local.wrong("the square is missing")
def one_over_y(op, x, y):
    return (1 / y, -x / y) if op == "/" else by_cases(op, x, y)


@local.wrong("has the other sign")
def positive_divisor(op, x, y):
    return (1 / y, x / y**2) if op == "/" else by_cases(op, x, y)


@local.wrong("becomes smaller by one")
def exponent_stays(op, x, y):
    return (y * x**y,) if op == "**" else by_cases(op, x, y)


@local.wrong()
def always_two(op, x, y):
    return (2.0,) if op == "**" else (2.0, 2.0)


@local.wrong("length 2")
def by_the_exponent_too(op, x, y):
    return (*by_cases(op, x, y), 0.0) if op == "**" else by_cases(op, x, y)


@local.wrong("treat the quotient as a product")
def quotient_like_a_product(op, x, y):
    return (y, x) if op == "/" else by_cases(op, x, y)


@local.inputs
def operation(rng):
    x = rng.choice([0.0, rng.normal(), float(rng.integers(-5, 6))])
    y = rng.choice([-3.0, -2.0, -1.0, 1.0, 2.0, 3.0, 4.0])
    op = rng.choice(["+", "-", "*", "/", "**"]).item()
    return {"op": op, "x": float(x) if op != "**" or x or y >= 1 else 1.5, "y": float(max(y, 1.0) if x == 0 else y)}


chain = answers_to(check.chain_derivative)


@chain.right
def step_by_step(functions, derivatives, x):
    slope = 1.0
    for function, derivative in zip(functions, derivatives, strict=True):
        slope *= derivative(x)
        x = function(x)
    return slope


@chain.right
def from_the_end(functions, derivatives, x):
    inputs = [x]
    for function in functions:
        inputs.append(function(inputs[-1]))
    return math.prod(derivatives[i](inputs[i]) for i in reversed(range(len(functions))))


@chain.right
def recursive(functions, derivatives, x):
    if not functions:
        return 1.0
    return derivatives[0](x) * recursive(functions[1:], derivatives[1:], functions[0](x))


@chain.wrong("took every derivative at x")
def all_at_the_start(functions, derivatives, x):
    return reduce(lambda slope, derivative: slope * derivative(x), derivatives, 1.0)


@chain.wrong("at what its function gives out")
def after_the_function(functions, derivatives, x):
    slope = 1.0
    for i in range(len(functions)):
        x = functions[i](x)
        slope = slope * derivatives[i](x)
    return slope


@chain.wrong("You added the slopes")
def added(functions, derivatives, x):
    slopes = []
    for function, derivative in zip(functions, derivatives, strict=True):
        slopes.append(derivative(x))
        x = function(x)
    return sum(slopes)


@chain.wrong("You began with the last function")
def reversed_order(functions, derivatives, x):
    return step_by_step(functions[::-1], derivatives[::-1], x)


@chain.wrong()
def numerically_and_badly(functions, derivatives, x):
    def whole(x):
        return reduce(lambda value, function: function(value), functions, x)

    return (whole(x + 0.1) - whole(x)) / 0.1


@chain.wrong("slope of the first function alone")
def returned_in_the_loop(functions, derivatives, x):
    for derivative in derivatives:
        return derivative(x)
    return 1.0


@chain.wrong("Your code changed functions and derivatives")
def popped(functions, derivatives, x):
    slope = 1.0
    while functions:
        slope *= derivatives.pop(0)(x)
        x = functions.pop(0)(x)
    return slope


@chain.wrong()
def numerically_and_well(functions, derivatives, x):
    def whole(x):
        return reduce(lambda value, function: function(value), functions, x)

    return (whole(x + 1e-6) - whole(x - 1e-6)) / 2e-6


@chain.wrong()
def sizes_of_the_slopes(functions, derivatives, x):
    return abs(step_by_step(functions, derivatives, x))


@chain.wrong("A product that begins at 0 stays 0")
def always_zero(functions, derivatives, x):
    return 0.0


def sech2(x):
    return 1 - math.tanh(x) ** 2


PAIRS = [(math.sin, math.cos), (lambda x: x**2, lambda x: 2 * x), (lambda x: 4 - x, lambda x: -1.0), (math.tanh, sech2)]


@chain.wrong("gave the slope of each function to the next")
def slopes_as_values(functions, derivatives, x):
    product = 1
    for slope_of in derivatives:
        slope = slope_of(x)
        product, x = product * slope, slope
    return product


@chain.wrong("A product that begins at 0 stays 0")
def from_zero(functions, derivatives, x):
    product = 0 if functions else 1
    for function, slope_of in zip(functions, derivatives, strict=True):
        product *= slope_of(x)
        x = function(x)
    return product


@chain.inputs
def some_functions(rng):
    chosen = [PAIRS[i] for i in rng.integers(len(PAIRS), size=rng.integers(5))]
    return {"functions": [f for f, _ in chosen], "derivatives": [d for _, d in chosen], "x": rng.normal()}


paths = answers_to(check.sum_over_paths)


@paths.right
def comprehension(paths):
    return sum(math.prod(path) for path in paths)


@paths.right
def loops(paths):
    total = 0.0
    for path in paths:
        product = 1.0
        for slope in path:
            product *= slope
        total += product
    return total


@paths.wrong("multiplied the paths")
def product_of_all(paths):
    return math.prod(slope for path in paths for slope in path) if paths else 0.0


@paths.wrong("multiplied the paths")
def product_of_products(paths):
    return math.prod(math.prod(path) for path in paths)


@paths.wrong("added along the paths")
def sum_of_all(paths):
    return sum(slope for path in paths for slope in path)


@paths.wrong("It has replaced the others")
def assigned(paths):
    total = 0.0
    for path in paths:
        total = math.prod(path)
    return total


@paths.wrong("the first path contributes")
def returned_too_early(paths):
    for path in paths:
        return math.prod(path)
    return 0.0


@paths.wrong("divided by the number of paths")
def mean(paths):
    return comprehension(paths) / max(len(paths), 1)


@paths.wrong("a set keeps equal numbers once")
def as_a_set(paths):
    return sum(set(math.prod(path) for path in paths))


@paths.wrong("The product goes on")
def carried_on(paths):
    product, contributions = 1.0, []
    for path in paths:
        for slope in path:
            product = product * slope
        contributions.append(product)
    return sum(contributions)


@paths.wrong("the other way round")
def sums_multiplied(paths):
    product = 1.0
    for path in paths:
        product *= sum(path)
    return product if paths else 0.0


@paths.wrong()
def sizes_of_the_contributions(paths):
    return sum(abs(math.prod(path)) for path in paths)


@paths.wrong()
def last_step_left_out(paths):
    return sum(math.prod(path[:-1]) for path in paths)


@paths.wrong()
def minus(paths):
    return -comprehension(paths)


@paths.wrong("A product that begins at 0 stays 0")
def products_from_zero(paths):
    total = 0
    for path in paths:
        product = 0
        for slope in path:
            product *= slope
        total += product
    return total


@paths.wrong("too large by 1")
def sum_from_one(paths):
    total = 1
    for path in paths:
        total += math.prod(path)
    return total


@paths.inputs
def some_paths(rng):
    return {
        "paths": [rng.integers(-3, 4, size=rng.integers(1, 4)).astype(float).tolist() for _ in range(rng.integers(5))]
    }


boxes = answers_to(check.gradients)
boxes.wrong("w is a text (str), expected a number")({"z": 1, "b": -3, "a": -3, "w": "about -3", "x": 9, "y": -8})


@boxes.right
def filled():
    return {"z": 1, "b": -3, "a": -3, "w": -3, "x": 9, "y": -8}


@boxes.right
def computed():
    x, y, w = 2.0, -3.0, 4.0
    b = x * y + w
    return {"z": 1.0, "b": y, "a": y, "w": y, "x": y * y, "y": b + y * x}


@boxes.stub
def unfilled():
    return dict.fromkeys(["z", "b", "a", "w", "x", "y"], ...)


@boxes.wrong("the one through a")
def direct_way_only():
    return filled() | {"y": -2}


@boxes.wrong("has replaced")
def way_through_a_only():
    return filled() | {"y": -6}


@boxes.wrong("Different paths add")
def multiplied():
    return filled() | {"y": 12}


@boxes.wrong("of one operation alone")
def locals_alone():
    return {"z": 1, "b": -3, "a": 1, "w": 1, "x": -3, "y": 0}


@boxes.wrong("not its own value")
def own_values():
    return {"z": 1, "b": -2, "a": -2, "w": -2, "x": -4, "y": 3}


@boxes.wrong("These are the values")
def values():
    return {"z": 6, "b": -2, "a": -6, "w": 4, "x": 2, "y": -3}


@boxes.wrong()
def sign_of_x():
    return filled() | {"x": -9}


@boxes.wrong("of one operation alone")
def local_slope_of_x():
    return filled() | {"x": -3}


@boxes.wrong("There is no box called v")
def another_box():
    return filled() | {"v": 1.0}


@boxes.wrong("a: These are local derivatives")  # x and y follow from it, and are no mistakes of their own
def local_slope_of_a():
    return filled() | {"a": 1, "x": -3, "y": 0}


@boxes.wrong("a, w and x follow correctly from your own numbers")
def sign_of_b():
    return filled() | {"b": 3, "a": 3, "w": 3, "x": -9}


@boxes.wrong("x and y follow correctly from your own numbers")
def a_passed_on_twice():
    return filled() | {"a": -6, "x": 18, "y": -14}


@boxes.wrong("x follows correctly from your own numbers")
def a_wrong_and_y_empty():
    return filled() | {"a": 3, "x": -9, "y": ...}


@boxes.wrong("Every gradient is 0")
def zeros():
    return dict.fromkeys(["z", "b", "a", "w", "x", "y"], 0)


@boxes.wrong("You started from the value of z")
def six_times():
    return {box: 6 * gradient for box, gradient in filled().items()}


@boxes.wrong()
def a_word():
    return filled() | {"a": "minus three"}


diamond = answers_to(check.diamond)


@diamond.right
def product_rule(s, p, q, x):
    t = s[0](x)
    return (p[1](t) * q[0](t) + p[0](t) * q[1](t)) * s[1](x)


@diamond.right
def box_by_box(s, p, q, x):
    (s, ds), (p, dp), (q, dq) = s, p, q
    t = s(x)
    gradient = {"z": 1.0, "t": 0.0}
    gradient["p"], gradient["q"] = gradient["z"] * q(t), gradient["z"] * p(t)
    gradient["t"] += gradient["p"] * dp(t)
    gradient["t"] += gradient["q"] * dq(t)
    return gradient["t"] * ds(x)


@diamond.right
def path_by_path(s, p, q, x):
    t = s[0](x)
    return sum(math.prod(path) for path in [[q[0](t), p[1](t), s[1](x)], [p[0](t), q[1](t), s[1](x)]])


@diamond.wrong("through p alone")
def first_path(s, p, q, x):
    t = s[0](x)
    return q[0](t) * p[1](t) * s[1](x)


@diamond.wrong("through q alone")
def last_path(s, p, q, x):
    t, gradient = s[0](x), 0.0
    gradient = q[0](t) * p[1](t)
    gradient = p[0](t) * q[1](t)
    return gradient * s[1](x)


@diamond.wrong("You multiplied the slopes")
def paths_multiplied(s, p, q, x):
    t = s[0](x)
    return math.prod(f[1](t) for f in (p, q)) * s[1](x)


@diamond.wrong("as if z were p + q")
def sum_for_product(s, p, q, x):
    t = s[0](x)
    return s[1](x) * p[1](t) + s[1](x) * q[1](t)


@diamond.wrong("each factor's own value")
def own_values_of_factors(s, p, q, x):
    t = s[0](x)
    return s[1](x) * sum(f[0](t) * f[1](t) for f in (p, q))


@diamond.wrong("the slope of s is a factor")
def without_s(s, p, q, x):
    t = s[0](x)
    return p[1](t) * q[0](t) + p[0](t) * q[1](t)


@diamond.wrong("so they belong there")
def at_x(s, p, q, x):
    return s[1](x) * (q[1](x) * p[0](x) + q[0](x) * p[1](x))


@diamond.wrong("You took the derivative of s at t")
def x_overwritten(s, p, q, x):
    x = s[0](x)
    return (p[1](x) * q[0](x) + p[0](x) * q[1](x)) * s[1](x)


@diamond.wrong("factor of the contribution through q only")
def without_parentheses(s, p, q, x):
    t = s[0](x)
    return q[0](t) * p[1](t) + p[0](t) * q[1](t) * s[1](x)


@diamond.wrong("not how fast it moves")
def product_of_values(s, p, q, x):
    return p[0](s[0](x)) * q[0](s[0](x))


@diamond.wrong("through p only")
def s_in_the_first(s, p, q, x):
    t = s[0](x)
    return s[1](x) * p[1](t) * q[0](t) + q[1](t) * p[0](t)


@diamond.wrong("The way from t to z is missing")
def first_step_alone(s, p, q, x):
    return s[1](x)


@diamond.wrong("That sign belongs to a quotient")
def as_a_quotient(s, p, q, x):
    t = s[0](x)
    return s[1](x) * p[1](t) * q[0](t) - s[1](x) * p[0](t) * q[1](t)


@diamond.wrong()
def both_paths_halved(s, p, q, x):
    return product_rule(s, p, q, x) / 2


@diamond.wrong()
def measured(s, p, q, x):
    def z(x):
        return p[0](s[0](x)) * q[0](s[0](x))

    return (z(x + 1e-6) - z(x - 1e-6)) / 2e-6


@diamond.wrong("The code returned nothing")
def printed(s, p, q, x):
    product_rule(s, p, q, x)


@diamond.wrong("multiplied the two contributions")
def contributions_multiplied(s, p, q, x):
    t = s[0](x)
    return (p[1](t) * q[0](t)) * (q[1](t) * p[0](t)) * s[1](x)


@diamond.wrong("added the slope of s")
def last_step_added(s, p, q, x):
    t = s[0](x)
    return s[1](x) + p[1](t) * q[0](t) + p[0](t) * q[1](t)


@diamond.wrong("You took the derivatives of p and q at x")
def derivatives_at_x(s, p, q, x):
    t = s[0](x)
    return s[1](x) * (q[0](t) * p[1](x) + p[0](t) * q[1](x))


@diamond.inputs
def three_pairs(rng):
    return {name: PAIRS[rng.integers(len(PAIRS))] for name in "spq"} | {"x": rng.normal()}


all_paths = answers_to(check.all_paths)


@all_paths.right
def recursion(root, target):
    if root is target:
        return [[root.name]]
    return [[root.name] + rest for parent in root._prev for rest in recursion(parent, target)]


@all_paths.right
def with_a_stack(root, target):
    found, stack = [], [(root, [root.name])]
    while stack:
        node, path = stack.pop()
        if node is target:
            found.append(path)
        stack += [(parent, [*path, parent.name]) for parent in node._prev if node is not target]
    return found


@all_paths.wrong("only once")
def visited(root, target):
    seen, found, stack = set(), [], [(root, [root.name])]
    while stack:
        node, path = stack.pop()
        if node is target:
            found.append(path)
            continue
        if node in seen:
            continue
        seen.add(node)
        stack += [(parent, [*path, parent.name]) for parent in reversed(node._prev)]
    return found


@all_paths.wrong("begin at the input")
def upside_down(root, target):
    return [path[::-1] for path in recursion(root, target)]


@all_paths.wrong("taken for one")
def unique(root, target):
    found = []
    for path in recursion(root, target):
        if path not in found:
            found.append(path)
    return found


@all_paths.wrong("end at other inputs")
def every_leaf(root, target):
    if not root._prev or root is target:
        return [[root.name]]
    return [[root.name, *rest] for parent in root._prev for rest in every_leaf(parent, target)]


@all_paths.wrong("begin after the root")
def rootless(root, target):
    return [path[1:] for path in recursion(root, target)]


@all_paths.wrong("end before the target")
def targetless(root, target):
    return [path[:-1] for path in recursion(root, target)]


@all_paths.wrong("You return one path at most")
def target_marked(root, target):
    seen, found, stack = set(), [], [(root, [root.name])]
    while stack:
        node, path = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        if node is target:
            found.append(path)
        stack += [(parent, [*path, parent.name]) for parent in reversed(node._prev)]
    return found


@all_paths.wrong("only where it has no inputs")
def among_the_leaves(root, target):
    if not root._prev:
        return [[root.name]] if root.name == target.name else []
    return [[root.name, *path] for parent in root._prev for path in among_the_leaves(parent, target)]


@all_paths.wrong("collect a copy")
def one_list(root, target):
    found, path = [], []

    def walk(node):
        path.append(node.name)
        if node is target:
            found.append(path)
        for parent in node._prev if node is not target else ():
            walk(parent)
        path.pop()

    walk(root)
    return found


@all_paths.wrong("Yours holds a Node")
def nodes(root, target):
    if root is target:
        return [[root]]
    return [[root, *path] for parent in root._prev for path in nodes(parent, target)]


@all_paths.wrong("The path ['z', 't', 'x'] is missing")
def each_path_as_one_name(root, target):
    return [[" → ".join(path)] for path in check.paths_between(root, target)]


@all_paths.wrong("Yours holds a text (str)")
def joined(root, target):
    return ["".join(path) for path in recursion(root, target)]


@all_paths.wrong("Your answer is a generator")
def one_by_one(root, target):
    yield from recursion(root, target)


@all_paths.wrong()
def nothing(root, target):
    return []


def random_graph(rng, node=check.Node):
    """Nodes of a graph, each made of up to three of those before it."""
    nodes = []
    for i in range(rng.integers(1, 8)):
        inputs = rng.integers(len(nodes), size=rng.integers(4)) if nodes else []
        nodes.append(node(str(i), *(nodes[j] for j in inputs)))
    return nodes


@all_paths.inputs
def two_nodes(rng):
    nodes = random_graph(rng)
    root, target = nodes[-1], nodes[rng.integers(len(nodes))]
    accept = partial(check.same_paths, paths=check.paths_between(root, target))
    return Case({"root": root, "target": target}, call=check.sorted_paths, accept=accept)


sweep = answers_to(check.sweep)


@sweep.right
def two_loops(steps, inputs):
    values = inputs.copy()
    for name, operation, used in steps:
        if operation == "sin":
            values[name] = math.sin(values[used[0]])
        else:
            a, b = values[used[0]], values[used[1]]
            values[name] = a + b if operation == "+" else a * b
    gradients = {name: 0.0 for name in values}
    gradients[steps[-1][0]] = 1.0
    for name, operation, used in steps[::-1]:
        g = gradients[name]
        if operation == "sin":
            gradients[used[0]] += g * math.cos(values[used[0]])
        elif operation == "+":
            gradients[used[0]] += g
            gradients[used[1]] += g
        else:
            gradients[used[0]] += g * values[used[1]]
            gradients[used[1]] += g * values[used[0]]
    return gradients


@sweep.wrong()
def of_used_names_alone(steps, inputs):
    found = two_loops(steps, inputs)
    used = {name for _, _, names in steps for name in names} | {name for name, _, _ in steps}
    return {name: found[name] for name in used}


@sweep.right
def by_recursion(steps, inputs):
    """From each name forward: the sum over its uses, as the definition says."""
    values = check.computed(steps, inputs)

    def gradient(name):
        total = float(name == steps[-1][0])
        for output, operation, used in steps:
            local = check.local_slopes(operation, [values[each] for each in used])
            total += sum(slope * gradient(output) for each, slope in zip(used, local, strict=True) if each == name)
        return total

    return {name: gradient(name) for name in values}


@sweep.right
def forward_from_each(steps, inputs):
    """Nudge each name, and follow the nudge forward, exactly."""
    values, result = check.computed(steps, inputs), steps[-1][0]
    gradients = {}
    for start in values:
        moved = {name: 1.0 if name == start else 0.0 for name in values}
        for name, operation, used in steps:
            local = check.local_slopes(operation, [values[each] for each in used])
            if name != start:
                moved[name] = sum(slope * moved[each] for each, slope in zip(used, local, strict=True))
        gradients[start] = moved[result]
    return gradients


def backward_with(local=check.local_slopes):
    def sweep(steps, inputs):
        values = check.computed(steps, inputs)
        gradients = dict.fromkeys(values, 0) | {steps[-1][0]: 1}
        for name, operation, used in reversed(steps):
            for each, slope in zip(used, local(operation, [values[u] for u in used]), strict=True):
                gradients[each] += slope * gradients[name]
        return gradients

    return sweep


@sweep.wrong("You assign each contribution")
def overwritten(steps, inputs):
    values = check.computed(steps, inputs)
    gradients = dict.fromkeys(values, 0.0)
    gradients[steps[-1][0]] = 1.0
    for name, operation, used in reversed(steps):
        local = check.local_slopes(operation, [values[each] for each in used])
        for i in range(len(used)):
            gradients[used[i]] = gradients[name] * local[i]
    return gradients


@sweep.wrong("local derivatives alone")
def nothing_arrives(steps, inputs):
    values = check.computed(steps, inputs)
    gradients = dict.fromkeys(values, 0.0)
    gradients[steps[-1][0]] = 1.0
    for _, operation, used in steps:
        for each, slope in zip(used, check.local_slopes(operation, [values[u] for u in used]), strict=True):
            gradients[each] += slope
    return gradients


sweep.wrong("its own value")(backward_with(lambda op, u: u if op == "*" else check.local_slopes(op, u)))
sweep.wrong("is the cosine")(backward_with(lambda op, u: [math.sin(*u)] if op == "sin" else check.local_slopes(op, u)))
sweep.wrong("unchanged, as at a sum")(
    backward_with(lambda op, u: check.local_slopes("+", u) if op == "*" else check.local_slopes(op, u))
)


@sweep.wrong("the cosine at the output")
def cosine_of_the_value(steps, inputs):
    values = check.computed(steps, inputs)
    gradients = dict.fromkeys(values, 0.0)
    gradients[steps[-1][0]] = 1.0
    for name, operation, used in reversed(steps):
        local = check.local_slopes(operation, [values[each] for each in used])
        if operation == "sin":
            local = [math.cos(values[name])]
        for each, slope in zip(used, local, strict=True):
            gradients[each] += slope * gradients[name]
    return gradients


@sweep.wrong("You go through the steps forward")
def without_reversed(steps, inputs):
    return two_loops_in(steps, inputs, steps)


def two_loops_in(steps, inputs, order):
    values = check.computed(steps, inputs)
    gradients = dict.fromkeys(values, 0.0)
    gradients[steps[-1][0]] = 1.0
    for name, operation, used in order:
        for each, slope in zip(used, check.local_slopes(operation, [values[u] for u in used]), strict=True):
            gradients[each] += slope * gradients[name]
    return gradients


@sweep.wrong("Every gradient is 0")
def unseeded(steps, inputs):
    values = check.computed(steps, inputs)
    gradients = {name: 0.0 for name in values}
    for name, operation, used in reversed(steps):
        for each, slope in zip(used, check.local_slopes(operation, [values[u] for u in used]), strict=True):
            gradients[each] += slope * gradients[name]
    return gradients


@sweep.wrong("These are the values")
def forward_alone(steps, inputs):
    return check.computed(steps, inputs)


@sweep.wrong("minus belongs to that of the cosine")
def derivative_of_the_cosine(steps, inputs):
    return backward_with(lambda op, u: [-math.sin(*u)] if op == "sin" else check.local_slopes(op, u))(steps, inputs)


@sweep.wrong("You start at z")
def example_copied(steps, inputs):
    values = check.computed(steps, inputs)
    gradients = dict.fromkeys(values, 0.0)
    gradients["z"] = 1.0
    for name, operation, used in reversed(steps):
        for each, slope in zip(used, check.local_slopes(operation, [values[u] for u in used]), strict=True):
            gradients[each] += slope * gradients[name]
    return gradients


@sweep.wrong("Every gradient begins at 1")
def ones_everywhere(steps, inputs):
    values = check.computed(steps, inputs)
    gradients = dict.fromkeys(values, 1.0)
    for name, operation, used in reversed(steps):
        for each, slope in zip(used, check.local_slopes(operation, [values[u] for u in used]), strict=True):
            gradients[each] += slope * gradients[name]
    return gradients


@sweep.wrong("from the value of the result")
def result_as_its_own_gradient(steps, inputs):
    value = check.computed(steps, inputs)[steps[-1][0]]
    return {name: value * gradient for name, gradient in two_loops(steps, inputs).items()}


@sweep.wrong("passes something on to it twice")
def set_of_names(steps, inputs):
    values = check.computed(steps, inputs)
    gradients = dict.fromkeys(values, 0.0)
    gradients[steps[-1][0]] = 1.0
    for name, operation, used in reversed(steps):
        for each in sorted(set(used)):
            other = used[1] if used[0] == each and len(used) > 1 else used[0]
            slope = {"+": 1.0, "*": values[other], "sin": math.cos(values[each])}[operation]
            gradients[each] += slope * gradients[name]
    return gradients


@sweep.wrong()
def inputs_alone(steps, inputs):
    return {name: two_loops(steps, inputs)[name] for name in inputs}


@sweep.wrong()
def idle_names_left_out(steps, inputs):
    return {name: gradient for name, gradient in two_loops(steps, inputs).items() if gradient}


@sweep.wrong("Your code changed inputs")
def written_into_the_inputs(steps, inputs):
    for name, operation, used in steps:
        numbers = [inputs[each] for each in used]
        inputs[name] = {"+": sum, "*": math.prod, "sin": lambda u: math.sin(u[0])}[operation](numbers)
    gradients = dict.fromkeys(inputs, 0.0)
    gradients[steps[-1][0]] = 1.0
    for name, operation, used in reversed(steps):
        for each, slope in zip(used, check.local_slopes(operation, [inputs[u] for u in used]), strict=True):
            gradients[each] += slope * gradients[name]
    return gradients


@sweep.wrong("Your answer is a list")
def as_a_list(steps, inputs):
    return list(two_loops(steps, inputs).values())


@sweep.wrong()  # the result has its 1, so "every gradient is 0" would be false
def without_the_last_step(steps, inputs):
    return {name: 0.0 for name in [*inputs, *(step[0] for step in steps)]} | {steps[-1][0]: 1.0}


@sweep.wrong("without a minus")
def falling_sine(steps, inputs):
    values, gradients = dict(inputs), dict.fromkeys([*inputs, *(step[0] for step in steps)], 0.0)
    for name, operation, used in steps:
        a, b = values[used[0]], values[used[-1]]
        values[name] = {"+": a + b, "*": a * b, "sin": math.sin(a)}[operation]
    gradients[steps[-1][0]] = 1.0
    for name, operation, used in steps[::-1]:
        a, b = values[used[0]], values[used[-1]]
        slopes = {"+": (1.0, 1.0), "*": (b, a), "sin": (-math.cos(a),)}[operation]
        for each, slope in zip(used, slopes, strict=True):
            gradients[each] += slope * gradients[name]
    return gradients


@sweep.inputs
def some_steps(rng):
    names = ["x", "y", "w"][: rng.integers(1, 4)]
    inputs = {name: float(rng.integers(-4, 5)) / 2 for name in names}
    steps = []
    for i in range(rng.integers(1, 6)):
        operation = str(rng.choice(["+", "*", "sin"]))
        used = tuple(str(name) for name in rng.choice(names, size=1 if operation == "sin" else 2))
        steps.append((f"t{i}", operation, used))
        names = [*names, f"t{i}"]
    return {"steps": steps, "inputs": inputs}
