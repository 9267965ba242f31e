"""The checks of lesson 02."""

import math
from collections import Counter

from gradlib.checks.cases import Case
from gradlib.checks.exercises import exercise
from gradlib.checks.values import describe, named, show
from gradlib.checks.variants import Variant

TITLE = "The chain rule"


# --- 1 -----------------------------------------------------------------------------------------


@exercise("Local derivatives", points=2)
def local_derivatives():
    """Return the local derivatives of one operation, z = x op y, with respect to its two inputs, as a tuple.

    op is one of "+", "-", "*", "/" and "**"; x and y are the inputs, and y is never 0. For "**" only the
    derivative with respect to the base x is asked for, and y, the exponent, is a constant: return a tuple
    of one number. For "*" at x = 2, y = 3 the answer is (3, 2).
    """
    for op, x, y, slopes in [
        ("+", 2.0, 3.0, (1.0, 1.0)),
        ("+", -1.5, 4.0, (1.0, 1.0)),
        ("-", 2.0, 3.0, (1.0, -1.0)),
        ("-", -1.5, 4.0, (1.0, -1.0)),
        ("*", 2.0, 3.0, (3.0, 2.0)),
        ("*", -1.5, -0.5, (-0.5, -1.5)),
        ("*", 0.0, 4.0, (4.0, 0.0)),
        ("/", 2.0, 4.0, (0.25, -0.125)),
        ("/", 1.5, -2.0, (-0.5, -0.375)),
        ("/", -3.0, 0.5, (2.0, 12.0)),
        ("/", 0.0, 2.0, (0.5, 0.0)),
        ("/", 2.0, 7.0, (1 / 7, -2 / 49)),
        ("**", 3.0, 4.0, (108.0,)),
        ("**", -3.0, 2.0, (-6.0,)),
        ("**", -2.0, 3.0, (12.0,)),
        ("**", 2.0, -1.0, (-0.25,)),
        ("**", 2.5, 2.0, (5.0,)),
        ("**", 4.0, 0.5, (0.25,)),
        ("**", 0.0, 2.0, (0.0,)),
        ("**", 0.0, 1.0, (1.0,)),
    ]:
        yield Case({"op": op, "x": x, "y": y}, expected=slopes, names=("∂z/∂x", "∂z/∂y")[: len(slopes)])


def slopes_of(op, x, y, **changed):
    if op in changed:
        return changed[op](x, y)
    if op == "**":
        return (y * x ** (y - 1),)
    return {"+": (1.0, 1.0), "-": (1.0, -1.0), "*": (y, x), "/": (1 / y, -x / y**2)}[op]


@local_derivatives.mistake
def own_factor(op, x, y):
    """In a product you gave each input its own value. A nudge in x is counted y times: the slope with
    respect to x is the other factor."""
    return slopes_of(op, x, y, **{"*": lambda x, y: (x, y)})


@local_derivatives.mistake
def both_up(op, x, y):
    """A difference falls when what is taken away grows: the slope with respect to y is negative."""
    return slopes_of(op, x, y, **{"-": lambda x, y: (1.0, 1.0)})


@local_derivatives.mistake(whole=True)
def difference_turned(op, x, y):
    """These are the slopes of y - x. In x - y it is y that is taken away."""
    return slopes_of(op, x, y, **{"-": lambda x, y: (-1.0, 1.0)})


@local_derivatives.mistake
def divisor_pushes_up(op, x, y):
    """A quotient of positive numbers becomes smaller when its divisor grows. The slope with respect to
    y has the other sign."""
    return slopes_of(op, x, y, **{"/": lambda x, y: (1 / y, x / y**2)})


@local_derivatives.mistake
def divisor_not_squared(op, x, y):
    """The slope of 1/y is -1/y²: the square is missing."""
    return slopes_of(op, x, y, **{"/": lambda x, y: (1 / y, -x / y)})


@local_derivatives.mistake
def dividend_forgotten(op, x, y):
    """-1/y² is the slope of 1/y. In x/y the dividend x stands above the line, and the slope has it as a
    factor."""
    return slopes_of(op, x, y, **{"/": lambda x, y: (1 / y, -1 / y**2)})


@local_derivatives.mistake(whole=True)
def quotient_exchanged(op, x, y):
    """The two slopes of the quotient have changed places. The first one belongs to x."""
    return slopes_of(op, x, y, **{"/": lambda x, y: (-x / y**2, 1 / y)})


@local_derivatives.mistake(whole=True)
def quotient_as_product(op, x, y):
    """You treat the quotient as a product. x / y is x times 1/y: the slope with respect to x is 1/y, and 1/y falls when
    y grows."""
    return slopes_of(op, x, y, **{"/": lambda x, y: (y, x)})


@local_derivatives.mistake
def exponent_not_lowered(op, x, y):
    """The exponent comes down as a factor, and it also becomes smaller by one."""
    return slopes_of(op, x, y, **{"**": lambda x, y: (y * x**y,)})


@local_derivatives.mistake
def no_factor(op, x, y):
    """The exponent became smaller by one, but it also comes down as a factor."""
    return slopes_of(op, x, y, **{"**": lambda x, y: (x ** (y - 1),)})


@local_derivatives.mistake
def sign_of_the_base_lost(op, x, y):
    """You lost the sign of the base. Left of 0 the parabola x² falls: its slope is 2x, not 2·|x|."""
    return slopes_of(op, x, y, **{"**": lambda x, y: (y * abs(x) ** (y - 1),)})


@local_derivatives.mistake
def with_respect_to_the_exponent(op, x, y):
    """xʸ · ln x is the derivative with respect to the exponent. The one with respect to the base is asked
    for, and the exponent is a constant."""
    return slopes_of(op, x, y, **{"**": lambda x, y: (x**y * math.log(x),)})


# --- 2 -----------------------------------------------------------------------------------------


@exercise("A chain of functions", points=2)
def chain_derivative():
    """Return the derivative of f3(f2(f1(x))), for any number of functions.

    functions is a list, in the order in which they are applied; derivatives holds the derivative of each,
    as a function. Use these: a slope that is measured by a nudge only comes near. For [x², sin] and [2x,
    cos] at 1.5 the answer is cos(2.25) · 3 = -1.8845. For no function at all it is 1.
    """
    square, sine = named("x²", lambda x: x**2), named("sin", math.sin)
    double, cosine = named("2x", lambda x: 2 * x), named("cos", math.cos)
    exp, shift = named("eˣ", math.exp), named("x + 1", lambda x: x + 1)
    hill, falling = named("4 - x²", lambda x: 4 - x**2), named("-2x", lambda x: -2 * x)
    one = named("1", lambda x: 1.0)
    for functions, derivatives, x, slope in [
        ([square, sine], [double, cosine], 1.5, 3.0 * math.cos(2.25)),
        ([sine, square], [cosine, double], 0.7, math.cos(0.7) * 2 * math.sin(0.7)),
        ([square, hill], [double, falling], 2.0, -32.0),
        ([hill], [falling], 3.0, -6.0),
        ([square, square], [double, double], -1.5, -13.5),
        ([hill, sine, square], [falling, cosine, double], 2.5, 5.0 * math.sin(4.5)),
        ([hill, square], [falling, double], 0.0, 0.0),
        ([sine, exp, shift, square], [cosine, exp, one, double], -0.4, chain_of_four(-0.4)),
    ]:
        # A slope that is measured differs in the tenth digit.
        yield Case({"functions": functions, "derivatives": derivatives, "x": x}, slope, rtol=1e-12, atol=1e-13)
    yield Case({"functions": [], "derivatives": [], "x": 2.0}, expected=1.0, about="no function at all")


def chain_of_four(x):
    inner = math.exp(math.sin(x))
    return math.cos(x) * inner * 2 * (inner + 1)


@chain_derivative.mistake
def all_at_x(functions, derivatives, x):
    """You took every derivative at x. Each belongs at the number that its own function was given."""
    return math.prod(derivative(x) for derivative in derivatives)


@chain_derivative.mistake
def at_the_output(functions, derivatives, x):
    """You took each derivative at what its function gives out. It belongs at what goes in: apply the
    function after its derivative was taken."""
    slope = 1.0
    for function, derivative in zip(functions, derivatives, strict=True):
        x = function(x)
        slope *= derivative(x)
    return slope


@chain_derivative.mistake
def slopes_added(functions, derivatives, x):
    """You added the slopes. Along a path they multiply, as the wheels of a gear do; what adds up are
    different paths."""
    total = 0.0
    for function, derivative in zip(functions, derivatives, strict=True):
        total += derivative(x)
        x = function(x)
    return total


@chain_derivative.mistake
def outer_first(functions, derivatives, x):
    """You began with the last function. The first in the list is applied first, to x."""
    slope = 1.0
    for function, derivative in zip(reversed(functions), reversed(derivatives), strict=True):
        slope *= derivative(x)
        x = function(x)
    return slope


@chain_derivative.mistake
def last_only(functions, derivatives, x):
    """That is the slope of the last function alone, taken at the right place. Every function on the way
    contributes a factor."""
    slope = 1.0
    for function, derivative in zip(functions, derivatives, strict=True):
        slope = derivative(x)
        x = function(x)
    return slope


@chain_derivative.mistake
def first_only(functions, derivatives, x):
    """That is the slope of the first function alone. Every function on the way contributes a factor."""
    return derivatives[0](x) if derivatives else 1.0


@chain_derivative.mistake
def slope_passed_on(functions, derivatives, x):
    """You gave the slope of each function to the next derivative. What goes into the next one is the value."""
    slope = 1.0
    for derivative in derivatives:
        x = derivative(x)
        slope *= x
    return slope


@chain_derivative.mistake
def product_begins_at_zero(functions, derivatives, x):
    """Your answer is 0, whatever the slopes are. A product that begins at 0 stays 0. It should begin at 1."""
    return 0.0 if functions else 1.0


@chain_derivative.mistake
def value_of_the_chain(functions, derivatives, x):
    """That is the value f3(f2(f1(x))), not how fast it moves."""
    for function in functions:
        x = function(x)
    return x


# --- 3 -----------------------------------------------------------------------------------------


@exercise("Sum over paths", points=1)
def sum_over_paths():
    """Return the gradient, given the local derivatives along every path.

    paths is a list of paths, each a list of local derivatives from the result to the input. For
    [[1, 3], [1, 4]] the answer is 7. No path at all means that the result does not feel the input: then the
    answer is 0.
    """
    yield Case({"paths": [[1.0, 3.0], [1.0, 4.0]]}, expected=7.0)
    yield Case({"paths": [[2.0, -3.0, 0.5]]}, expected=-3.0)
    yield Case({"paths": [[2.0, 3.0], [3.0, 2.0], [2.0, 3.0]]}, expected=18.0)  # equal contributions count each
    yield Case({"paths": [[0.0, 5.0], [4.0]]}, expected=4.0)
    yield Case({"paths": [[-2.0], [-2.0], [3.0, -1.0]]}, expected=-7.0)
    yield Case({"paths": [[0.5, 4.0], [-2.0, 3.0, 1.5], [5.0]]}, expected=-2.0)
    yield Case({"paths": [[1 / 7, 2.0], [-0.5]]}, expected=2 / 7 - 0.5)
    yield Case({"paths": []}, expected=0.0, about="no path")


@sum_over_paths.mistake
def everything_multiplied(paths):
    """You multiplied the paths with each other. The steps of one path multiply, and different paths add."""
    return math.prod(math.prod(path) for path in paths) if paths else 0.0


@sum_over_paths.mistake
def everything_added(paths):
    """You added along the paths, too. Within one path the slopes multiply, as the wheels of a gear do."""
    return sum(sum(path) for path in paths)


@sum_over_paths.mistake
def product_of_sums(paths):
    """You have it the other way round: multiply along each path, then add over the paths."""
    return math.prod(sum(path) for path in paths) if paths else 0.0


@sum_over_paths.mistake
def first_path_only(paths):
    """That is what the first path contributes. A nudge travels along all of them at once."""
    return math.prod(paths[0]) if paths else 0.0


@sum_over_paths.mistake
def last_path_only(paths):
    """That is what the last path contributes. It has replaced the others, but each must be added."""
    return math.prod(paths[-1]) if paths else 0.0


@sum_over_paths.mistake
def equal_paths_once(paths):
    """Paths with the same product were taken for one: a set keeps equal numbers once. Each path counts, even
    if another one contributes the same."""
    return sum({math.prod(path) for path in paths})


@sum_over_paths.mistake
def product_not_reset(paths):
    """The product goes on from one path to the next. Each path starts again from 1."""
    total, product = 0.0, 1.0
    for path in paths:
        for slope in path:
            product *= slope
        total += product
    return total


@sum_over_paths.mistake
def products_begin_at_zero(paths):
    """Your answer is 0, whatever the slopes are. A product that begins at 0 stays 0. It should begin at 1."""
    return 0.0


@sum_over_paths.mistake
def sum_begins_at_one(paths):
    """Your answer is too large by 1. The product of one path begins at 1, but the sum over the paths begins at 0."""
    return 1.0 + sum(math.prod(path) for path in paths)


@sum_over_paths.mistake
def mean_over_paths(paths):
    """You divided by the number of paths. Two ways to the result move it twice, not by their mean."""
    return sum(math.prod(path) for path in paths) / len(paths) if paths else 0.0


# --- 4 -----------------------------------------------------------------------------------------


@exercise("Fill in every gradient", points=3)
def gradients():
    """Return the gradient of z with respect to every value of the graph, as a dictionary.

    The graph is a = x · y, b = a + w, z = b · y, at x = 2, y = -3, w = 4: so a = -6, b = -2, z = 6. The
    boxes are "z", "b", "a", "w", "x" and "y".
    """
    yield Case(expected={"z": 1.0, "b": -3.0, "a": -3.0, "w": -3.0, "x": 9.0, "y": -8.0}, follows=following)


@gradients.varies
def gradients_elsewhere(choose):
    """The same graph at other numbers."""
    x, y, w = choose(2, 3, 4, 5, 6, 7), -choose(2, 3, 4, 5, 6, 7), choose(1, 2, 3)
    a, b = x * y, x * y + w
    text = f"$x = {x}$, $y = {y}$, $w = {w}$. So $a = {a}$, $b = {b}$ and $z = {b * y}$."
    return Variant(text, {"z": 1.0, "b": y, "a": y, "w": y, "x": y * y, "y": b + a})


# Each gradient from those of the boxes that use it.
FROM_LATER_BOXES = {
    "b": lambda gradient: gradient["z"] * -3.0,
    "a": lambda gradient: gradient["b"],
    "w": lambda gradient: gradient["b"],
    "x": lambda gradient: gradient["a"] * -3.0,
    "y": lambda gradient: gradient["z"] * -2.0 + gradient["a"] * 2.0,
}


def following(boxes):
    """The boxes that are wrong only because one before them is: the learner's own numbers lead to them."""
    right = next(gradients.cases()).expected
    only_follow = []
    for box, rule in FROM_LATER_BOXES.items():
        try:
            consistent = math.isclose(float(boxes[box]), rule({name: float(boxes[name]) for name in boxes}))
            if consistent and not math.isclose(float(boxes[box]), right[box]):
                only_follow.append(box)
        except (KeyError, TypeError, ValueError):  # a box that is empty, or that holds no number
            continue
    return only_follow


@gradients.mistake
def later_path_of_y():
    """One way from z to y is missing, the one through a. y is used twice: both contributions add up."""
    return {"z": 1.0, "b": -3.0, "a": -3.0, "w": -3.0, "x": 9.0, "y": -2.0}


@gradients.mistake
def earlier_path_of_y():
    """One way from z to y is missing, the direct one in z = b · y. The last contribution has replaced
    the earlier one; it must be added to it."""
    return {"z": 1.0, "b": -3.0, "a": -3.0, "w": -3.0, "x": 9.0, "y": -6.0}


@gradients.mistake
def paths_of_y_multiplied():
    """You multiplied the two contributions to y. Different paths add."""
    return {"z": 1.0, "b": -3.0, "a": -3.0, "w": -3.0, "x": 9.0, "y": 12.0}


@gradients.mistake
def local_only():
    """These are local derivatives, of one operation alone. Each must be multiplied by the gradient that
    arrives from the result."""
    return {"z": 1.0, "b": -3.0, "a": 1.0, "w": 1.0, "x": -3.0, "y": 0.0}


@gradients.mistake
def own_factors():
    """In a product the slope with respect to one factor is the other factor, not its own value."""
    return {"z": 1.0, "b": -2.0, "a": -2.0, "w": -2.0, "x": -4.0, "y": 3.0}


@gradients.mistake(whole=True)
def nothing_at_the_start():
    """Every gradient is 0. The one of z itself is 1, and without it nothing can arrive anywhere."""
    return dict.fromkeys(["z", "b", "a", "w", "x", "y"], 0.0)


@gradients.mistake(whole=True)
def started_from_the_value_of_z():
    """You started from the value of z. Its own gradient is 1: z moves as fast as itself."""
    return {"z": 6.0, "b": -18.0, "a": -18.0, "w": -18.0, "x": 54.0, "y": -48.0}


@gradients.mistake
def values_in_place_of_gradients():
    """These are the values of the boxes. The gradient says how fast z moves when the box is nudged."""
    return {"z": 6.0, "b": -2.0, "a": -6.0, "w": 4.0, "x": 2.0, "y": -3.0}


# --- 5 -----------------------------------------------------------------------------------------


@exercise("A diamond", points=2)
def diamond():
    """Return the derivative of z = p(t) · q(t) with respect to x, where t = s(x).

    s, p and q are pairs: a function and its derivative. Use the derivatives that you are given: a slope that is
    measured by a nudge only comes near. For s = x + 1, p = t² and q = 3t at x = 1 it is 36.
    """
    shift, triple = pair("x + 1", lambda x: x + 1, lambda x: 1.0), pair("3x", lambda x: 3 * x, lambda x: 3.0)
    square, sine = pair("x²", lambda x: x * x, lambda x: 2 * x), pair("sin", math.sin, math.cos)
    hill, exp = pair("4 - x²", lambda x: 4 - x * x, lambda x: -2 * x), pair("eˣ", math.exp, math.exp)
    for s, p, q, x in [
        (shift, square, triple, 1.0),
        (triple, square, shift, 1.0),
        (square, triple, hill, 2.0),
        (hill, shift, square, -3.0),
        (hill, square, triple, 3.0),
        (square, shift, shift, -1.5),
        (sine, exp, hill, 0.7),
        (exp, sine, square, -0.4),
        (hill, exp, sine, 1.5),
        (square, square, hill, 0.0),
    ]:
        t = s[0](x)
        slope = (p[1](t) * q[0](t) + p[0](t) * q[1](t)) * s[1](x)
        yield Case({"s": s, "p": p, "q": q, "x": x}, slope, rtol=1e-12, atol=1e-13)


def pair(text, function, derivative):
    return named(text, function), named(f"({text})′", derivative)


@diamond.mistake
def through_p_alone(s, p, q, x):
    """You follow the path through p alone. A nudge in t also reaches z through q, and the two contributions add."""
    t = s[0](x)
    return p[1](t) * q[0](t) * s[1](x)


@diamond.mistake
def through_q_alone(s, p, q, x):
    """You follow the path through q alone. A nudge in t also reaches z through p, and the two contributions add."""
    t = s[0](x)
    return p[0](t) * q[1](t) * s[1](x)


@diamond.mistake
def product_of_slopes(s, p, q, x):
    """You multiplied the slopes of p and q. Each belongs to a path of its own, and different paths add."""
    t = s[0](x)
    return p[1](t) * q[1](t) * s[1](x)


@diamond.mistake
def sum_of_slopes(s, p, q, x):
    """You added the slopes of p and q as if z were p + q. At a product each of them is multiplied by the other
    factor."""
    t = s[0](x)
    return (p[1](t) + q[1](t)) * s[1](x)


@diamond.mistake
def own_factor_of_the_product(s, p, q, x):
    """At the product you took each factor's own value. The local derivative with respect to p is q, and the one
    with respect to q is p."""
    t = s[0](x)
    return (p[1](t) * p[0](t) + q[1](t) * q[0](t)) * s[1](x)


@diamond.mistake
def ends_at_t(s, p, q, x):
    """That is the gradient that arrives at t. The last step is missing: from t to x the slope of s is a factor."""
    t = s[0](x)
    return p[1](t) * q[0](t) + p[0](t) * q[1](t)


@diamond.mistake
def everything_at_x(s, p, q, x):
    """You took p and q and their derivatives at x. They are given t = s(x), so they belong there."""
    return (p[1](x) * q[0](x) + p[0](x) * q[1](x)) * s[1](x)


@diamond.mistake
def slope_of_s_at_t(s, p, q, x):
    """You took the derivative of s at t. It belongs at x, which is what s was given."""
    t = s[0](x)
    return (p[1](t) * q[0](t) + p[0](t) * q[1](t)) * s[1](t)


@diamond.mistake
def slope_of_s_in_one_path(s, p, q, x):
    """The slope of s is a factor of the contribution through q only. Both paths go through s, so multiply their sum by
    it."""
    t = s[0](x)
    return p[1](t) * q[0](t) + p[0](t) * q[1](t) * s[1](x)


@diamond.mistake
def slope_of_s_in_the_first_path(s, p, q, x):
    """The slope of s is a factor of the contribution through p only. Both paths go through s, so multiply their sum by
    it."""
    t = s[0](x)
    return p[1](t) * q[0](t) * s[1](x) + p[0](t) * q[1](t)


@diamond.mistake
def slope_of_s_alone(s, p, q, x):
    """That is how fast t moves with x. The way from t to z is missing."""
    return s[1](x)


@diamond.mistake
def paths_subtracted(s, p, q, x):
    """You subtracted one contribution from the other. That sign belongs to a quotient. The paths of a product add."""
    t = s[0](x)
    return (p[1](t) * q[0](t) - p[0](t) * q[1](t)) * s[1](x)


@diamond.mistake
def paths_multiplied(s, p, q, x):
    """You multiplied the two contributions that arrive at t. Different paths add."""
    t = s[0](x)
    return p[1](t) * q[0](t) * p[0](t) * q[1](t) * s[1](x)


@diamond.mistake
def slope_of_s_added(s, p, q, x):
    """You added the slope of s to what arrives at t. The step from t to x is on the same path: it multiplies."""
    t = s[0](x)
    return p[1](t) * q[0](t) + p[0](t) * q[1](t) + s[1](x)


@diamond.mistake
def slopes_of_p_and_q_at_x(s, p, q, x):
    """You took the derivatives of p and q at x. Both functions are given t = s(x), so they belong there."""
    t = s[0](x)
    return (p[1](x) * q[0](t) + p[0](t) * q[1](x)) * s[1](x)


@diamond.mistake
def value_of_the_diamond(s, p, q, x):
    """That is the value of z, not how fast it moves."""
    t = s[0](x)
    return p[0](t) * q[0](t)


# --- 6 -----------------------------------------------------------------------------------------


class Node:
    """A node of a graph with a name, which the exercise gives to the learner."""

    def __init__(self, name, *inputs):
        self.name, self._prev = name, inputs

    def __repr__(self):
        made_of = ", ".join(node.name for node in self._prev)
        return f"{self.name}({made_of})" if made_of else self.name


@exercise("All paths", points=3)
def all_paths():
    """Return every path from a result to an input, as a list of lists of names.

    root and target are nodes, with a name and with `_prev`, the nodes that each was made from. A path
    begins with the name of root and ends with that of target. An input that is used twice by one
    operation, as in x · x, is reached by two paths with the same names. The target may have inputs of its
    own. Each node has a name of its own. The paths may come in any order. For z made of t and x, where t is
    made of x, they are [["z", "t", "x"], ["z", "x"]].
    """
    x, y, a = Node("x"), Node("y"), Node("a")
    t = Node("t", x)
    u, v = Node("u", x, y), Node("v", y)
    double = Node("s", x, x)
    top = Node("d", Node("b", double), Node("c", double, y))
    for root, target, paths, about in [
        (Node("z", t, x), x, [["z", "t", "x"], ["z", "x"]], ""),
        (Node("z", u, v), x, [["z", "u", "x"]], ""),
        (Node("c", Node("w", a)), a, [["c", "w", "a"]], ""),
        (Node("z", t, v), Node("w"), [], "an input that is not in the graph"),
        (x, x, [["x"]], "a root that is the target"),
        (double, x, [["s", "x"], ["s", "x"]], "an input used twice by one operation"),
        (top, x, [["d", "b", "s", "x"]] * 2 + [["d", "c", "s", "x"]] * 2, "a diamond"),
        (top, double, [["d", "b", "s"], ["d", "c", "s"]], "a target with inputs of its own"),
        (Node("z", t, t), t, [["z", "t"], ["z", "t"]], ""),
    ]:
        yield Case(
            {"root": root, "target": target},
            call=sorted_paths,
            accept=lambda answer, paths=paths: same_paths(answer, paths),
            about=about,
        )


def are_paths(answer):
    """Return True for a list of lists of names."""
    lists = isinstance(answer, list | tuple) and all(isinstance(path, list | tuple) for path in answer)
    return lists and all(isinstance(name, str) for path in answer for name in path)


def sorted_paths(answer, root, target):
    """The paths in alphabetical order, so that answers which differ in order alone count as one."""
    paths = answer(root, target)
    return sorted(map(list, paths)) if are_paths(paths) else paths


def same_paths(answer, paths):
    """None if the answer holds the same paths, in any order."""
    if not are_paths(answer):
        outside = not isinstance(answer, list | tuple)
        kinds = [answer] if outside else [path for path in answer if not isinstance(path, list | tuple)]
        kinds = kinds or [name for path in answer for name in path if not isinstance(name, str)]
        where = "Your answer is" if outside else "Yours holds"
        return f"Return a list of paths, each of them a list of names, `node.name`. {where} {describe(kinds[0])}."
    given, wanted = (Counter(tuple(path) for path in each) for each in (answer, paths))
    if given == wanted:
        return None
    missing, extra = wanted - given, given - wanted
    words = [f"The path {show(list(path))} is missing" for path in missing]
    words += [f"The path {show(list(path))} is there once too often" for path in extra]
    return f"{words[0]}."


def paths_between(root, target):
    if root is target:
        return [[root.name]]
    return [[root.name, *path] for node in root._prev for path in paths_between(node, target)]


@all_paths.mistake
def each_node_once(root, target):
    """Some paths are missing: you go to each node only once. That is right for visiting a graph; but two
    paths may share a node, and both count."""
    seen, paths = set(), []

    def walk(node, path):
        if node is target:
            paths.append([*path, node.name])
            return
        if id(node) in seen:
            return
        seen.add(id(node))
        for parent in node._prev:
            walk(parent, [*path, node.name])

    walk(root, [])
    return paths


@all_paths.mistake
def from_the_input(root, target):
    """Your paths begin at the input. They should begin at root, in the direction in which gradients
    travel."""
    return [path[::-1] for path in paths_between(root, target)]


@all_paths.mistake
def without_the_root(root, target):
    """Your paths begin after the root. Its name belongs to them."""
    return [path[1:] for path in paths_between(root, target)]


@all_paths.mistake
def without_the_target(root, target):
    """Your paths end before the target. Its name belongs to them."""
    return [path[:-1] for path in paths_between(root, target)]


@all_paths.mistake
def same_names_once(root, target):
    """Two paths with the same names were taken for one. In x · x a nudge reaches the product twice, and
    both ways count."""
    return [list(path) for path in dict.fromkeys(map(tuple, paths_between(root, target)))]


@all_paths.mistake
def to_any_leaf(root, target):
    """Some of your paths end at other inputs. Only those that reach the target are asked for."""

    def walk(node):
        if node is target or not node._prev:
            return [[node.name]]
        return [[node.name, *path] for parent in node._prev for path in walk(parent)]

    return walk(root)


@all_paths.mistake
def shortest_only(root, target):
    """You return one path at most. The result may feel the input in several ways, and the same node, the
    target too, is then reached several times."""
    return paths_between(root, target)[:1]


@all_paths.mistake
def to_leaves_alone(root, target):
    """You find the target only where it has no inputs of its own. A path ends where the target is, wherever
    that stands in the graph."""

    def walk(node):
        if not node._prev:
            return [[node.name]] if node is target else []
        return [[node.name, *path] for parent in node._prev for path in walk(parent)]

    return walk(root)


@all_paths.mistake
def emptied_lists(root, target):
    """Every path is empty. A list that is collected and goes on changing changes in the answer, too:
    collect a copy of it."""
    return [[] for _ in paths_between(root, target)]


# --- 7 -----------------------------------------------------------------------------------------


@exercise("A sweep of your own", points=4)
def sweep():
    """Return the gradient of the last step with respect to every name, as a dictionary.

    steps is a list of triples (name, operation, used), in the order in which they are computed. The operation is
    "+" or "*" of two values or "sin" of one, and used is a tuple of names. inputs is a dictionary with the values
    of the inputs. A name that the result does not depend on has the gradient 0. For a = x · y, b = x · x and
    z = a + b at x = 2, y = 3 the answer is {"z": 1, "a": 1, "b": 1, "x": 7, "y": 2}.
    """
    product = [("z", "*", ("x", "y"))]
    both = [("a", "*", ("x", "y")), ("b", "*", ("x", "x")), ("z", "+", ("a", "b"))]
    shared = [("t", "*", ("x", "y")), ("u", "*", ("t", "y")), ("z", "+", ("t", "u"))]
    twice = [("t", "+", ("x", "x")), ("z", "*", ("t", "t"))]
    wave = [("u", "*", ("x", "y")), ("z", "sin", ("u",))]
    waves = [("u", "*", ("x", "x")), ("v", "sin", ("u",)), ("w", "*", ("v", "y")), ("z", "+", ("w", "u"))]
    long = [
        ("u", "+", ("x", "y")),
        ("v", "sin", ("u",)),
        ("w", "*", ("v", "u")),
        ("q", "sin", ("w",)),
        ("z", "*", ("v", "q")),
    ]
    idle = [("t", "*", ("x", "w")), ("z", "+", ("y", "y"))]
    first = [("u", "+", ("x", "y")), ("v", "*", ("u", "u")), ("z", "*", ("v", "x"))]
    for steps, inputs, about in [
        (product, {"x": 2.0, "y": 3.0}, ""),
        ([("z", "+", ("x", "y"))], {"x": 2.0, "y": -1.0}, ""),
        (both, {"x": 2.0, "y": 3.0}, ""),
        (wave, {"x": -2.0, "y": 0.5}, ""),
        (shared, {"x": 3.0, "y": -2.0}, "a value that is shared"),
        (twice, {"x": -1.5}, "an operation that uses one name twice"),
        (waves, {"x": -1.5, "y": 2.0}, "a value that is shared"),
        (first, {"x": -1.0, "y": 3.0}, "a value that is shared"),
        (long, {"x": 0.5, "y": -2.0}, "a value that is shared"),
        (long, {"x": -0.4, "y": -0.25}, "a value that is shared"),
        (idle, {"x": 4.0, "w": -2.0, "y": 5.0}, "names that the result does not depend on"),
        (product, {"x": 2.0, "y": -3.0, "w": 5.0}, "an input that no step uses"),
        ([*both, ("q", "sin", ("z",))], {"x": 0.0, "y": 3.0}, "an input that is 0"),
        ([*wave, ("q", "*", ("z", "x"))], {"x": 0.5, "y": 3.0}, "a result that is not called z"),
    ]:
        yield Case({"steps": steps, "inputs": inputs}, swept(steps, inputs), about=about)


def local_slopes(operation, numbers):
    if operation == "sin":
        return (math.cos(numbers[0]),)
    return (1.0, 1.0) if operation == "+" else (numbers[1], numbers[0])


def computed(steps, inputs):
    """The value of every name."""
    values = dict(inputs)
    for name, operation, used in steps:
        numbers = [values[each] for each in used]
        values[name] = {"+": sum, "*": math.prod, "sin": lambda u: math.sin(u[0])}[operation](numbers)
    return values


def swept(steps, inputs, local=local_slopes, add=True, arriving=True, start=1.0, others=0.0):
    """The gradient of every name, or what an answer with one mistake gives."""
    values = computed(steps, inputs)
    gradients = dict.fromkeys(values, others)
    gradients[steps[-1][0]] = start
    for name, operation, used in reversed(steps):
        numbers = [values[each] for each in used]
        for each, slope in zip(used, local(operation, numbers), strict=True):
            contribution = slope * gradients[name] if arriving else slope
            gradients[each] = gradients[each] * add + contribution
    return gradients


@sweep.mistake
def assigned_instead_of_added(steps, inputs):
    """You assign each contribution. A name that is used more than once keeps only the one that came last, and each
    must be added."""
    return swept(steps, inputs, add=False)


@sweep.mistake
def without_what_arrives(steps, inputs):
    """You add up local derivatives alone. Each must be multiplied by the gradient that has arrived at its step."""
    return swept(steps, inputs, arriving=False)


@sweep.mistake
def own_factors_of_a_product(steps, inputs):
    """At a product you gave each factor its own value. The local derivative with respect to one factor is the other
    one."""
    return swept(steps, inputs, lambda operation, numbers: local_slopes(operation, numbers[::-1]))


@sweep.mistake
def sine_for_cosine(steps, inputs):
    """The local derivative of the sine is the cosine, taken at the input."""
    return swept(
        steps, inputs, lambda op, numbers: (math.sin(numbers[0]),) if op == "sin" else local_slopes(op, numbers)
    )


@sweep.mistake
def cosine_at_the_output(steps, inputs):
    """You took the cosine at the output of the sine. It belongs at the input."""
    return swept(
        steps,
        inputs,
        lambda op, numbers: (math.cos(math.sin(numbers[0])),) if op == "sin" else local_slopes(op, numbers),
    )


@sweep.mistake
def steps_in_forward_order(steps, inputs):
    """You go through the steps forward. The gradient begins at the result, so the last step comes first."""
    values = computed(steps, inputs)
    gradients = dict.fromkeys(values, 0.0)
    gradients[steps[-1][0]] = 1.0
    for name, operation, used in steps:
        numbers = [values[each] for each in used]
        for each, slope in zip(used, local_slopes(operation, numbers), strict=True):
            gradients[each] += slope * gradients[name]
    return gradients


@sweep.mistake(whole=True)
def nothing_to_start_from(steps, inputs):
    """Every gradient is 0. The result's own gradient is 1, and without it nothing can arrive anywhere."""
    return dict.fromkeys(computed(steps, inputs), 0.0)


@sweep.mistake
def values_of_the_graph(steps, inputs):
    """These are the values. A gradient says how fast the result moves when a value is nudged."""
    return computed(steps, inputs)


@sweep.mistake
def product_as_sum(steps, inputs):
    """At a product you passed on the gradient unchanged, as at a sum. There the other factor is the local
    derivative."""
    return swept(steps, inputs, lambda op, numbers: (1.0, 1.0) if op == "*" else local_slopes(op, numbers))


@sweep.mistake
def minus_sine(steps, inputs):
    """You passed on minus the sine. The derivative of the sine is the cosine, and the minus belongs to that of the
    cosine."""
    return swept(
        steps, inputs, lambda op, numbers: (-math.sin(numbers[0]),) if op == "sin" else local_slopes(op, numbers)
    )


@sweep.mistake
def started_from_the_value(steps, inputs):
    """You start from the value of the result. Its own gradient is 1: it moves as fast as itself."""
    return swept(steps, inputs, start=computed(steps, inputs)[steps[-1][0]])


@sweep.mistake
def all_start_at_one(steps, inputs):
    """Every gradient begins at 1. Only the result's does. At all others nothing has arrived yet, so they begin at 0."""
    return swept(steps, inputs, others=1.0)


@sweep.mistake
def minus_cosine(steps, inputs):
    """The derivative of the sine is the cosine, without a minus. The minus belongs to the derivative of the cosine."""
    return swept(
        steps, inputs, lambda op, numbers: (-math.cos(numbers[0]),) if op == "sin" else local_slopes(op, numbers)
    )


@sweep.mistake
def result_called_z(steps, inputs):
    """You start at z. The result is the last step, whatever its name is."""
    values = computed(steps, inputs)
    earlier = [name for name, _, _ in steps].index("z") + 1 if "z" in values else len(steps)
    return dict.fromkeys(values, 0.0) | swept(steps[:earlier], inputs)


@sweep.mistake
def each_name_once(steps, inputs):
    """An operation that uses one name twice passes something on to it twice. You pass on once for each name."""
    values = computed(steps, inputs)
    gradients = dict.fromkeys(values, 0.0) | {steps[-1][0]: 1.0}
    for name, operation, used in reversed(steps):
        slopes = dict(zip(used, local_slopes(operation, [values[each] for each in used]), strict=True))
        for each, slope in slopes.items():
            gradients[each] += slope * gradients[name]
    return gradients
