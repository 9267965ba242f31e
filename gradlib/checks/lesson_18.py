"""The checks of lesson 18."""

from itertools import pairwise, product

import numpy as np

from gradlib.checks.cases import Case, Refused
from gradlib.checks.exercises import exercise
from gradlib.checks.values import named

TITLE = "Proven bounds"
ENDS = ("low", "high")


# --- 1 -----------------------------------------------------------------------------------------


@exercise("An interval for each operation", points=2)
def operations():
    """Return the interval of all results of an operation, as a pair (low, high), for four operations.

    An interval is a pair of two numbers, low first. `minus(x, y)`: x - y. `divide(x, y)`: x / y, where y does not
    contain 0. `absolute(x)`: |x|. `square(x)`: x². For x = (-1, 2) and y = (3, 4), minus gives (-5, -1).
    """
    # Intervals above 0, below 0 and on both sides of it, so that each sign decides once; and single points.
    xs = [(-1.0, 2.0), (1.0, 3.0), (-4.0, -2.0), (-3.0, 1 / 7)]
    ys = [(3.0, 4.0), (-2.0, -1.0), (0.5, 2.5)]
    for x, y in product(xs, ys):
        yield Case({"x": x, "y": y}, (x[0] - y[1], x[1] - y[0]), part="minus", names=ENDS)
        quotients = [a / b for a in x for b in y]
        yield Case({"x": x, "y": y}, (min(quotients), max(quotients)), part="divide", names=ENDS)
    for x in [*xs, (-2.0, 2.0), (0.0, 1.5), (-1.5, 0.0), (1 / 7, 2.0)]:
        least = 0.0 if x[0] <= 0 <= x[1] else min(map(abs, x))
        yield Case({"x": x}, (least, max(map(abs, x))), part="absolute", names=ENDS)
        yield Case({"x": x}, (least**2, max(map(abs, x)) ** 2), part="square", names=ENDS)
    point = (2.5, 2.5)
    yield Case({"x": point, "y": point}, (0.0, 0.0), part="minus", names=ENDS, about="a single point")
    yield Case({"x": point, "y": point}, (1.0, 1.0), part="divide", names=ENDS, about="a single point")


class Operations:
    """A right answer, of which each mistake below changes one operation."""

    def minus(x, y):
        return x[0] - y[1], x[1] - y[0]

    def divide(x, y):
        quotients = [a / b for a in x for b in y]
        return min(quotients), max(quotients)

    def absolute(x):
        return max(x[0], -x[1], 0.0), max(-x[0], x[1])

    def square(x):
        low, high = Operations.absolute(x)
        return low * low, high * high


@operations.mistake
class EndByEnd(Operations):
    """You subtracted low from low and high from high. x - y is smallest where x is smallest and y is *largest*."""

    def minus(x, y):
        return x[0] - y[0], x[1] - y[1]


@operations.mistake(whole=True)
class MinusExchanged(Operations):
    """The two ends of x - y have changed places: the smaller one comes first."""

    def minus(x, y):
        return x[1] - y[0], x[0] - y[1]


@operations.mistake
class MinusAdded(Operations):
    """You added y. It is taken away."""

    def minus(x, y):
        return x[0] + y[0], x[1] + y[1]


@operations.mistake
class EndsDivided(Operations):
    """You divided the lower end by the upper one and the upper end by the lower one. That is right for positive
    numbers; where a sign is negative, other corners are the extremes."""

    def divide(x, y):
        return x[0] / y[1], x[1] / y[0]


@operations.mistake
class EndByEndDivided(Operations):
    """You divided low by low and high by high. Which of the four quotients is smallest depends on the signs."""

    def divide(x, y):
        return x[0] / y[0], x[1] / y[1]


@operations.mistake
class EndByEndDividedSorted(Operations):
    """You divided low by low and high by high and sorted the two. There are four quotients of an end of x by an end of
    y, and the signs decide which two of them are the extremes."""

    def divide(x, y):
        return min(x[0] / y[0], x[1] / y[1]), max(x[0] / y[0], x[1] / y[1])


@operations.mistake
class EndsDividedSorted(Operations):
    """You divided each end of x by the other end of y and sorted the two. There are four quotients of an end of x by an
    end of y, and the signs decide which two of them are the extremes."""

    def divide(x, y):
        return min(x[0] / y[1], x[1] / y[0]), max(x[0] / y[1], x[1] / y[0])


@operations.mistake
class AbsoluteOfEnds(Operations):
    """You took |x| at the two ends. Where the interval contains 0, the smallest |x| is 0, and it is at neither end."""

    def absolute(x):
        return min(map(abs, x)), max(map(abs, x))


@operations.mistake
class AbsoluteUnsorted(Operations):
    """You took |x| at each end and kept the order. Below 0 the absolute value falls, so the ends change places."""

    def absolute(x):
        return abs(x[0]), abs(x[1])


@operations.mistake
class AbsoluteFromZero(Operations):
    """Your lower end of |x| is always 0. It is 0 only where the interval contains 0; elsewhere it is the |x| of
    the end that lies nearer to 0."""

    def absolute(x):
        return 0.0, max(map(abs, x))


@operations.mistake
class AbsoluteBelowForgotten(Operations):
    """Where the whole interval lies below 0, your lower end is 0. There |x| is smallest at the upper end of x."""

    def absolute(x):
        return max(x[0], 0.0), max(map(abs, x))


@operations.mistake
class AbsoluteUpperEnd(Operations):
    """Your upper end of |x| is the upper end of x. If the lower end of x lies farther from 0, |x| is largest there."""

    def absolute(x):
        return max(x[0], -x[1], 0.0), x[1]


@operations.mistake
class AbsoluteAsReLU(Operations):
    """This is ReLU: a number below 0 becomes 0. |x| takes its sign away."""

    def absolute(x):
        return max(x[0], 0.0), max(x[1], 0.0)


@operations.mistake
class SquareOfTwoNumbers(Operations):
    """You multiplied x by x as two numbers that may differ: it is the four corners of a product. Both factors are the
    same number here, and no square is negative."""

    def square(x):
        corners = [a * b for a in x for b in x]
        return min(corners), max(corners)


@operations.mistake
class SquareOfEnds(Operations):
    """You squared the two ends and sorted them. Where the interval contains 0, the smallest square is 0."""

    def square(x):
        return min(x[0] ** 2, x[1] ** 2), max(x[0] ** 2, x[1] ** 2)


@operations.mistake
class SquareUnsorted(Operations):
    """You squared each end and kept the order. Below 0 the square falls, so the ends change places."""

    def square(x):
        return x[0] ** 2, x[1] ** 2


@operations.mistake
class SquareFromZero(Operations):
    """Your lower end of x² is always 0. It is 0 only where the interval contains 0; elsewhere it is the square
    of the end that lies nearer to 0."""

    def square(x):
        return 0.0, max(x[0] ** 2, x[1] ** 2)


@operations.mistake
class SquareDoubled(Operations):
    """This is 2x. The square is x · x."""

    def square(x):
        return 2 * x[0], 2 * x[1]


# --- 2 -----------------------------------------------------------------------------------------


@exercise("Are the corners enough?", points=2)
def corners():
    """Return for each of six functions whether the four corners of the box give its true range, as a dictionary from
    "A" to "F" to True or False.

    The box is x from -1 to 2 and y from -3 to 1. A: x - 2y. B: x · y. C: x². D: relu(x) + y. E: x (1 - x) + y. F: y ·
    exp(x).
    """
    yield Case(expected={"A": True, "B": True, "C": False, "D": True, "E": False, "F": True})


@corners.mistake
def minus_turned():
    """x - 2y rises with x and falls with y throughout. Its extremes lie where one of the two is at its lower end and
    the other at its upper one: in corners."""
    return {"A": False}


@corners.mistake
def only_sums():
    """With one factor held still, x · y is a straight line in the other, and a straight line has its extremes at its
    ends. So a product of two different inputs is extreme in a corner."""
    return {"B": False}


@corners.mistake
def squares_rise():
    """At x = -1 the square is 1, at x = 2 it is 4. What is it in between?"""
    return {"C": True}


@corners.mistake
def a_bend_is_not_a_corner():
    """ReLU has a bend inside the box, but it never falls. What only rises has its extremes at the ends."""
    return {"D": False}


@corners.mistake
def a_hill_is_taken_for_a_product():
    """x (1 - x) is a product of two factors, and both are made of the same x. Halfway between 0 and 1 it is larger than
    at -1 and at 2."""
    return {"E": True}


@corners.mistake
def only_straight_lines():
    """exp(x) is curved, but it only rises, and it is a factor like any other: for each y the result rises or falls
    with x throughout."""
    return {"F": False}


@corners.mistake
def in_quotes():
    """True and False are written without quotes."""
    return {name: str(answer) for name, answer in next(iter(corners.cases())).expected.items()}


@corners.mistake
def as_numbers():
    """Write True and False instead of 1 and 0."""
    return {name: int(answer) for name, answer in next(iter(corners.cases())).expected.items()}


# --- 3 -----------------------------------------------------------------------------------------


@exercise("Bounds in pieces", points=2)
def in_pieces():
    """Return bounds of a function over [low, high], as a pair, by cutting the interval into n equal pieces.

    f takes an interval, a pair (low, high), and returns one that contains all results. Call it once for each piece and
    return the smallest interval that contains what it said of all pieces. For f the bounds of x - x, low 0, high 1 and
    n = 4, the answer is (-0.25, 0.25).
    """
    for f, low, high, n in [
        (DIFFERENCE, 0.0, 1.0, 4),
        (HILL, 0.0, 1.0, 2),
        (HILL, -0.5, 2.0, 5),
        (CUBIC, -1.0, 3.0, 4),
        (CUBIC, -2.5, 0.5, 3),
        (DIFFERENCE, -3.0, -1.0, 1),
        (FALLING, 1.0, 4.0, 3),
        (UNEVEN, 0.0, 4.0, 4),
        (HILL, 0.0, 1.0, 10),
        (HILL, 0.0, 1.0, 7),
    ]:
        ends = np.linspace(low, high, n + 1)
        found = [f((float(a), float(b))) for a, b in pairwise(ends)]
        expected = min(a for a, _ in found), max(b for _, b in found)
        about = "a single piece" if n == 1 else ""
        yield Case({"f": f, "low": low, "high": high, "n": n}, expected, names=ENDS, about=about, odd=n == 1)


def times(x, y):
    """The interval of x · y."""
    found = [a * b for a in x for b in y]
    return min(found), max(found)


DIFFERENCE = named("the bounds of x - x", lambda x: (x[0] - x[1], x[1] - x[0]))
HILL = named("the bounds of x (1 - x)", lambda x: times(x, (1 - x[1], 1 - x[0])))
CUBIC = named("the bounds of x · (x · x) - 2", lambda x: tuple(end - 2 for end in times(x, times(x, x))))
UNEVEN = named("bounds of |x - 1|, wider from 2 on", lambda x: (-1.0, 3.0) if x[0] >= 2 else (0.0, 1.0))
FALLING = named("the bounds of 1/x", lambda x: (1 / x[1], 1 / x[0]))


def cut(low, high, n):
    return [(low + (high - low) * i / n, low + (high - low) * (i + 1) / n) for i in range(n)]


@in_pieces.mistake
def whole(f, low, high, n):
    """This is what f says of the whole interval at once. Bounds get narrower when f is asked about smaller pieces."""
    return f((low, high))


@in_pieces.mistake
def common(f, low, high, n):
    """You kept what all pieces have in common. x may lie in any of the pieces, so every result of every piece is
    possible: the answer has to contain them all."""
    found = [f(piece) for piece in cut(low, high, n)]
    return max(a for a, _ in found), min(b for _, b in found)


@in_pieces.mistake
def last_missing(f, low, high, n):
    """The last piece is missing. n pieces have n + 1 ends."""
    found = [f(piece) for piece in cut(low, high, n)[:-1]] or [f((low, high))]
    return min(a for a, _ in found), max(b for _, b in found)


@in_pieces.mistake
def at_points(f, low, high, n):
    """You asked f about the ends of the pieces alone, as intervals of a single point. That is sampling: between the
    points the function may be larger."""
    found = [f((end, end)) for end in np.linspace(low, high, n + 1).tolist()]
    return min(a for a, _ in found), max(b for _, b in found)


@in_pieces.mistake
def from_zero(f, low, high, n):
    """Your pieces start at 0. They have to start at low, and each is (high - low)/n long."""
    found = [f(piece) for piece in cut(0.0, high - low, n)]
    return min(a for a, _ in found), max(b for _, b in found)


@in_pieces.mistake
def high_divided(f, low, high, n):
    """Your pieces are high/n long. They reach from low to high together, so each is (high - low)/n long."""
    found = [f((low + high * i / n, low + high * (i + 1) / n)) for i in range(n)]
    return min(a for a, _ in found), max(b for _, b in found)


@in_pieces.mistake
def n_ends(f, low, high, n):
    """You cut at n places, the two ends among them, and so have n - 1 pieces. n pieces have n + 1 ends."""
    ends = np.linspace(low, high, n).tolist()
    found = [f(piece) for piece in pairwise(ends)] or [f((low, high))]
    return min(a for a, _ in found), max(b for _, b in found)


@in_pieces.mistake
def one_piece_more(f, low, high, n):
    """You ask f about a piece beyond high as well. There are n pieces, and the last one ends at high."""
    found = [f(piece) for piece in cut(low, high + (high - low) / n, n + 1)]
    return min(a for a, _ in found), max(b for _, b in found)


@in_pieces.mistake
def two_pieces(f, low, high, n):
    """You cut the interval into two pieces whatever n is."""
    found = [f(piece) for piece in cut(low, high, 2)]
    return min(a for a, _ in found), max(b for _, b in found)


@in_pieces.mistake
def averaged(f, low, high, n):
    """You average what f says of the pieces. x may lie in any of them: the answer has to contain all that f says."""
    return tuple(np.mean([f(piece) for piece in cut(low, high, n)], axis=0).tolist())


@in_pieces.mistake
def added_up(f, low, high, n):
    """You add up what f says of the pieces. x lies in one of them: the answer has to contain all that f says, and no
    more."""
    return tuple(np.sum([f(piece) for piece in cut(low, high, n)], axis=0).tolist())


@in_pieces.mistake
def started_at_zero(f, low, high, n):
    """You begin with 0 for both ends, as if 0 were a result. Begin with what f says of the first piece."""
    found = [f(piece) for piece in cut(low, high, n)]
    return min(0.0, *(a for a, _ in found)), max(0.0, *(b for _, b in found))


@in_pieces.mistake(whole=True)
def ends_exchanged(f, low, high, n):
    """Both ends are right, and have changed places: the lower one comes first."""
    found = [f(piece) for piece in cut(low, high, n)]
    return max(b for _, b in found), min(a for a, _ in found)


@in_pieces.mistake(whole=True)
def first_piece_alone(f, low, high, n):
    """This is what f says of the first piece. x may lie in any of the pieces: ask about all of them."""
    return f(cut(low, high, n)[0])


@in_pieces.mistake(whole=True)
def last_piece_alone(f, low, high, n):
    """This is what f says of the last piece. x may lie in any of the pieces: ask about all of them."""
    return f(cut(low, high, n)[-1])


@in_pieces.mistake(whole=True)
def first_and_last(f, low, high, n):
    """You took the lower end of the first piece and the upper end of the last one. The smallest and the largest value
    may belong to any piece."""
    found = [f(piece) for piece in cut(low, high, n)]
    return found[0][0], found[-1][1]


# --- 4 -----------------------------------------------------------------------------------------


@exercise("Bounds of a network", points=3)
def network_bounds():
    """Return the least and the greatest outputs that interval arithmetic gives for a network, as a tuple of two arrays.

    low <= x <= high, entry by entry, both of shape (n,). layers is a list of pairs (weight, bias); after each layer
    but the last there is a ReLU. A single layer with weight [[2], [-1]] and bias [0], low [0, 0] and high [1, 3] has
    the bounds ([-3], [2]).
    """
    for sizes, about in [
        ((2, 3), ""),
        ((3, 2), ""),
        ((2, 3, 2), ""),
        ((3, 4, 5, 1), "three layers, one output"),
        ((2, 3, 2), "a box that is a single point"),
        ((1, 4, 2), "a single input"),
        ((2, 2), "weights of 0"),
        ((2, 3, 2), "a box below 0"),
        ((2, 3), "a single layer and a box below 0"),
    ]:
        rng = np.random.default_rng(7 * sizes[0] + sizes[-1] + len(about))
        low = rng.normal(size=sizes[0]) - (4.0 if "below" in about else 0.0)
        high = low + (0.0 if "point" in about else rng.uniform(0.1, 2.0, size=sizes[0]))
        layers = [(rng.normal(size=pair), rng.normal(size=pair[1])) for pair in pairwise(sizes)]
        if "weights" in about:
            layers[0][0][:, 0] = 0.0
        yield Case(
            {"low": low, "high": high, "layers": layers},
            by_the_signs(low, high, layers),
            call=two_ends,
            names=("low", "high"),
            about=about,
        )


def two_ends(network_bounds, low, high, layers):
    """The two bounds; two rows of one array are two arrays as well."""
    answer = network_bounds(low, high, layers)
    return tuple(answer) if isinstance(answer, np.ndarray) and len(answer) == 2 else answer


def by_the_signs(low, high, layers, through=None, bias=True, relu=None):
    """A right answer, product by product, with switches that make it wrong."""
    for i, (weight, shift) in enumerate(layers):
        low, high = (through or every_product)(low, high, weight)
        low, high = (low + shift, high + shift) if bias else (low, high)
        if i < len(layers) - 1 if relu is None else relu(i, len(layers)):
            low, high = np.maximum(low, 0), np.maximum(high, 0)
    return low, high


def every_product(low, high, weight):
    ends = low[:, None] * weight, high[:, None] * weight  # (n, m)
    return np.minimum(*ends).sum(axis=0), np.maximum(*ends).sum(axis=0)


def by_parts(low, high, weight):
    """The same by the positive and the negative parts of the weight, which does not sort ends that are exchanged."""
    positive, negative = np.maximum(weight, 0), np.minimum(weight, 0)
    return low @ positive + high @ negative, high @ positive + low @ negative


@network_bounds.mistake
def ends_through_the_layer(low, high, layers):
    """You put both ends through the layer, or the half width with the signs of the weights, which comes to the same.
    Where a weight is negative, the upper end of x gives the lower end of the product: the two have to change places
    there."""
    return by_the_signs(low, high, layers, through=lambda low, high, weight: (low @ weight, high @ weight))


@network_bounds.mistake
def ends_sorted(low, high, layers):
    """You put both ends through the layer and sorted the results. That is right for a single input; with several, some
    weights may be positive and some negative, and the extreme lies in a corner that is neither end."""

    def sort(low, high, weight):
        return np.minimum(low @ weight, high @ weight), np.maximum(low @ weight, high @ weight)

    return by_the_signs(low, high, layers, through=sort)


@network_bounds.mistake
def corners_alone(low, high, layers):
    """You put the corners of the box through the whole network, and take the least and the greatest that come out.
    That is right for one layer. Interval arithmetic gives each layer a box of its own, which holds more than what the
    corners become; and between the corners the network may go beyond them."""
    ends = [np.array(corner) for corner in product(*zip(low, high, strict=True))]
    for i, (weight, shift) in enumerate(layers):
        ends = [(np.maximum(end, 0) if i else end) @ weight + shift for end in ends]
    return np.min(ends, axis=0), np.max(ends, axis=0)


@network_bounds.mistake
def without_bias(low, high, layers):
    """The bounds are those of x @ weight. The bias moves both of them."""
    return by_the_signs(low, high, layers, bias=False)


@network_bounds.mistake
def radius_not_halved(low, high, layers):
    """Your bounds are too wide: around the middle of the box, x moves by *half* of high - low to each side."""

    def twice_as_wide(low, high, weight):
        middle, width = (low + high) / 2 @ weight, (high - low) @ np.abs(weight)
        return middle - width, middle + width

    return by_the_signs(low, high, layers, through=twice_as_wide)


@network_bounds.mistake(whole=True)
def exchanged(low, high, layers):
    """Both ends are right, and have changed places: the lower one comes first."""
    return by_the_signs(low, high, layers)[::-1]


@network_bounds.mistake
def relu_everywhere(low, high, layers):
    """There is a ReLU after the last layer, too: no output of yours is below 0. The last layer's outputs are the
    network's as they are."""
    return by_the_signs(low, high, layers, relu=lambda i, count: True)


@network_bounds.mistake
def relu_nowhere(low, high, layers):
    """The ReLU between the layers is missing. It takes both ends to at least 0."""
    return by_the_signs(low, high, layers, relu=lambda i, count: False)


@network_bounds.mistake
def relu_of_the_inputs(low, high, layers):
    """You put the inputs through a ReLU. It stands between two layers; the inputs enter as they are."""
    return by_the_signs(np.maximum(low, 0), np.maximum(high, 0), layers)


@network_bounds.mistake
def relu_of_the_lower_end(low, high, layers):
    """Only the lower end goes through the ReLU. Where a hidden unit is below 0 in the whole box, its upper end becomes
    0 as well."""
    for i, (weight, shift) in enumerate(layers):
        low, high = (end + shift for end in by_parts(np.maximum(low, 0) if i else low, high, weight))
    return low, high


@network_bounds.mistake
def positive_weights_alone(low, high, layers):
    """The negative weights are left out. They move the outputs as well, and there the ends change places."""
    return by_the_signs(low, high, [(np.maximum(weight, 0), shift) for weight, shift in layers])


@network_bounds.mistake
def wrong_ends(low, high, layers):
    """You give the positive weights the upper end where the smallest output is asked for, and the negative ones the
    lower end. It is the other way round."""
    return by_the_signs(low, high, layers, through=lambda low, high, weight: by_parts(low, high, weight)[::-1])


@network_bounds.mistake
def bias_in_the_radius(low, high, layers):
    """You add the bias to the half width as well. The bias moves the box and does not make it wider: add it to the
    middle alone."""
    for i, (weight, shift) in enumerate(layers):
        low, high = (np.maximum(end, 0) if i else end for end in (low, high))
        middle, radius = (low + high) / 2 @ weight + shift, (high - low) / 2 @ np.abs(weight) + shift
        low, high = middle - radius, middle + radius
    return low, high


@network_bounds.mistake
def bias_twice(low, high, layers):
    """You add the bias twice, once for the positive weights and once for the negative ones. It is added once."""
    return by_the_signs(low, high, [(weight, 2 * shift) for weight, shift in layers])


# --- 5 -----------------------------------------------------------------------------------------


@exercise("How far ahead?", points=3)
def lead():
    """Return for each class by how much the winner's score is at least ahead of that class's score, an array
    (classes,).

    Each input lies between low and high, both (n,). layers is a list of pairs (weight, bias), with a ReLU between two
    layers and none after the last one. Up to the last layer carry the box by interval arithmetic. The last layer and
    the subtraction are one linear step: score w minus score j is h @ (W[:, w] - W[:, j]) + b[w] - b[j]. Bound it as
    one, which is narrower than to subtract two bounds. For the winner itself the lead is 0.

    One layer with weight [[1, 1]] and bias [2, 0], low [0], high [1], winner 0: the scores are h + 2 and h, and the
    lead is [0, 2].
    """
    for sizes, winner, about in [
        ((1, 2), 0, ""),
        ((2, 3), 1, ""),
        ((3, 2), 1, ""),
        ((2, 3, 3), 2, ""),
        ((3, 4, 2, 3), 0, "three layers"),
        ((2, 3, 4), 3, "a box that is a single point"),
    ]:
        rng = np.random.default_rng(10 * len(sizes) + sizes[-1])
        low = rng.normal(size=sizes[0])
        high = low + (0.0 if "point" in about else rng.uniform(0.2, 1.5, size=sizes[0]))
        layers = [(rng.normal(size=pair), rng.normal(size=pair[1])) for pair in pairwise(sizes)]
        inputs = {"low": low, "high": high, "layers": layers, "winner": winner}
        yield Case(inputs, least_lead(**inputs), about=about)


def least_lead(low, high, layers, winner, through=None, relu=None, folded=None):
    """A right answer, with the steps that a mistake replaces."""
    through, relu = through or layer_bounds, relu or (lambda low, high: (np.maximum(low, 0), np.maximum(high, 0)))
    *before, (weight, bias) = layers
    for w, b in before:
        low, high = relu(*through(low, high, w, b))
    if folded:
        return folded(low, high, weight, bias, winner)
    return through(low, high, weight[:, [winner]] - weight, bias[winner] - bias)[0]


def layer_bounds(low, high, weight, bias):
    ends = low[:, None] * weight, high[:, None] * weight  # (n, m)
    return np.minimum(*ends).sum(axis=0) + bias, np.maximum(*ends).sum(axis=0) + bias


@lead.mistake
def two_bounds(low, high, layers, winner):
    """You subtracted two bounds: the winner's lowest score minus the other's highest. Both scores come from the same
    hidden units, and you let those be low for one and high for the other. Subtract the columns of the weight first."""

    def subtracted(low, high, weight, bias, winner):
        least, most = layer_bounds(low, high, weight, bias)
        return np.where(np.arange(len(most)) == winner, 0.0, least[winner] - most)

    return least_lead(low, high, layers, winner, folded=subtracted)


@lead.mistake
def two_bounds_with_itself(low, high, layers, winner):
    """You subtracted two bounds, even for the winner and itself, where the lead is 0. Both scores come from the same
    hidden units. Subtract the columns of the weight first."""

    def subtracted(low, high, weight, bias, winner):
        least, most = layer_bounds(low, high, weight, bias)
        return least[winner] - most

    return least_lead(low, high, layers, winner, folded=subtracted)


@lead.mistake
def the_most(low, high, layers, winner):
    """This is the largest lead that the bounds allow. To prove an answer you need the smallest."""

    def most(low, high, weight, bias, winner):
        return layer_bounds(low, high, weight[:, [winner]] - weight, bias[winner] - bias)[1]

    return least_lead(low, high, layers, winner, folded=most)


@lead.mistake
def turned(low, high, layers, winner):
    """You subtracted the winner's score from the others': this is how far they are ahead, at least."""

    def behind(low, high, weight, bias, winner):
        return layer_bounds(low, high, weight - weight[:, [winner]], bias - bias[winner])[0]

    return least_lead(low, high, layers, winner, folded=behind)


@lead.mistake
def ends_through(low, high, layers, winner):
    """You put the lower end through the layer and the upper end through the layer. Where a weight is negative, the
    upper end of the input gives the lower end of the product."""
    return least_lead(low, high, layers, winner, through=lambda low, high, w, b: (low @ w + b, high @ w + b))


@lead.mistake
def no_bias(low, high, layers, winner):
    """The biases of the last layer are missing: b[w] - b[j] belongs to the lead."""
    last = (layers[-1][0], np.zeros_like(layers[-1][1]))
    return least_lead(low, high, [*layers[:-1], last], winner)


@lead.mistake
def bias_of_the_others(low, high, layers, winner):
    """You add the bias of each class. The lead is a difference of two scores, and its bias is b[w] - b[j]."""

    def added(low, high, weight, bias, winner):
        return layer_bounds(low, high, weight[:, [winner]] - weight, bias)[0]

    return least_lead(low, high, layers, winner, folded=added)


@lead.mistake
def no_relu(low, high, layers, winner):
    """The ReLU between the layers is missing. It takes both ends to at least 0."""
    return least_lead(low, high, layers, winner, relu=lambda low, high: (low, high))


@lead.mistake
def relu_at_the_end(low, high, layers, winner):
    """There is a ReLU after the last layer, too: no lead of yours is below 0. A negative lead says that the other class
    may be ahead."""
    return np.maximum(least_lead(low, high, layers, winner), 0)


@lead.mistake
def last_relu_missing(low, high, layers, winner):
    """The ReLU before the last layer is missing. To a function that bounds a network, the layers before the last one
    end without a ReLU."""
    if len(layers) > 1:
        low, high = by_the_signs(low, high, layers[:-1])
    weight, bias = layers[-1]
    return layer_bounds(low, high, weight[:, [winner]] - weight, bias[winner] - bias)[0]


@lead.mistake
def row_of_the_winner(low, high, layers, winner):
    """You took the *row* of the winner from the weight. A class has a column: weight[:, [winner]]."""

    def row(low, high, weight, bias, winner):
        return layer_bounds(low, high, weight[[winner]] - weight, bias[winner] - bias)[0]

    return least_lead(low, high, layers, winner, folded=row)


@lead.mistake
def low_minus_low(low, high, layers, winner):
    """You subtracted the lowest scores from one another. A lead is smallest where the winner is low and the other class
    high."""

    def lows(low, high, weight, bias, winner):
        least = layer_bounds(low, high, weight, bias)[0]
        return least[winner] - least

    return least_lead(low, high, layers, winner, folded=lows)


@lead.mistake
def of_class_0(low, high, layers, winner):
    """You take class 0 for the winner, whatever `winner` is."""
    return least_lead(low, high, layers, 0)


@lead.mistake
def ends_through_and_sorted(low, high, layers, winner):
    """You put the two ends of the box through the last layer and kept the smaller result. With several inputs some
    weights are positive and some negative, and the least lies in a corner that is neither end."""

    def sort(low, high, weight, bias, winner):
        ends = low @ (weight[:, [winner]] - weight), high @ (weight[:, [winner]] - weight)
        return np.minimum(*ends) + bias[winner] - bias

    return least_lead(low, high, layers, winner, folded=sort)


@lead.mistake
def from_the_middle(low, high, layers, winner):
    """This is the lead in the middle of the box. At other points of the box it may be smaller."""
    middle = (low + high) / 2
    return least_lead(middle, middle, layers, winner)


# --- 6 -----------------------------------------------------------------------------------------


@exercise("How large an attack is excluded?", points=2)
def excluded():
    """Return the largest change that `proven` holds for, found by halving an interval `steps` times.

    proven(eps) is True up to some number and False above it. If it is False at 0, return 0.0; if it is True at most,
    return most. Otherwise begin with the interval from 0 to most. In each step ask in the middle, and keep the half
    whose lower end is proven and whose upper end is not. Return the lower end: it is the number that is proven.

    For a limit at 0.3, most = 1 and 2 steps the middles are 0.5 and 0.25, and the answer is 0.25.
    """
    for limit, most, steps, about in [
        (0.3, 1.0, 2, ""),
        (0.32, 1.0, 10, ""),
        (0.7, 1.0, 5, ""),
        (0.02, 0.1, 6, ""),
        (1.3, 4.0, 8, ""),
        (0.5, 1.0, 4, "a limit that is hit exactly"),
        (2.0, 0.5, 5, "all of it proven"),
        (-1.0, 1.0, 3, "nothing proven"),
        (0.3, 1.0, 0, "no step"),
    ]:
        proven = named(
            f"proven up to {limit:g}" if limit >= 0 else "never proven", lambda eps, limit=limit: eps <= limit
        )
        expected = halved(proven, most, steps)
        yield Case({"proven": proven, "most": most, "steps": steps}, expected, call=counted, about=about)


def counted(excluded, proven, most, steps):
    """The answer, if it did not ask so often that it cannot have halved."""
    asked = []
    found = excluded(lambda eps: asked.append(eps) or proven(eps), most, steps)
    if len(asked) > steps + 2:
        raise Refused(f"Your code asks {len(asked)} times. Two questions at the ends and one a step are {steps + 2}.")
    return found


def halved(proven, most, steps, middle=0.5, kept="low", turned=False, ends=True):
    """A right answer, with switches that make it wrong."""
    if ends and not proven(0.0):
        return 0.0
    if ends and proven(most):
        return most
    low, high = 0.0, most
    for _ in range(steps):
        eps = low + middle * (high - low)
        if proven(eps) != turned:
            low = eps
        else:
            high = eps
    return {"low": low, "high": high, "middle": (low + high) / 2}[kept]


@excluded.mistake
def upper_end(proven, most, steps):
    """You return the upper end of the last interval. That one is *not* proven; the lower end is."""
    return halved(proven, most, steps, kept="high")


@excluded.mistake
def middle_of_the_last(proven, most, steps):
    """You return the middle of the last interval. It is a good guess, but nobody has proven it: return the lower
    end."""
    return halved(proven, most, steps, kept="middle")


@excluded.mistake
def other_half(proven, most, steps):
    """You keep the wrong half. Where the middle is proven, the limit lies above it."""
    return halved(proven, most, steps, turned=True)


@excluded.mistake
def most_unasked(proven, most, steps):
    """You never ask at `most`. Where `most` itself is proven, halving comes near to it and does not find it out."""
    return halved(proven, most, steps, ends=False)


@excluded.mistake
def one_step_less(proven, most, steps):
    """Your interval is halved once less than asked."""
    return halved(proven, most, max(steps - 1, 0))


@excluded.mistake
def one_halving(proven, most, steps):
    """You halve the interval once, however many steps are asked for: the function returns before its loop has gone
    on."""
    return halved(proven, most, min(steps, 1))


@excluded.mistake
def only_smaller(proven, most, steps):
    """You make the number smaller until it is proven, and never larger again. The limit lies above a number that is
    proven: search on in the upper half."""
    eps = most
    for _ in range(steps + 1):
        if proven(eps):
            return eps
        eps /= 2
    return 0.0


@excluded.mistake
def half_of_itself(proven, most, steps):
    """You move the middle by half of *itself*. It moves by half of the interval that is left, which gets shorter with
    each step: remember both of its ends."""
    if not proven(0.0):
        return 0.0
    if proven(most):
        return most
    eps = most / 2
    for _ in range(steps):
        eps = eps * 1.5 if proven(eps) else eps / 2
    return eps


@excluded.mistake
def from_0_to_1(proven, most, steps):
    """Your interval ends at 1. It ends at `most`."""
    return most if proven(most) else halved(proven, 1.0, steps, ends=False)


@excluded.mistake
def on_a_grid(proven, most, steps):
    """You tried the changes in equal steps from 0 to `most` and kept the last one that is proven. Halving finds the
    limit to one part in 2 to the power `steps` with the same number of questions."""
    found = [most * i / (steps + 1) for i in range(steps + 2) if proven(most * i / (steps + 1))]
    return max(found, default=0.0)


@excluded.mistake
def on_a_grid_of_steps(proven, most, steps):
    """You tried the changes in `steps` equal steps from 0 to `most`. Halving finds the limit to one part in 2 to the
    power `steps` with the same number of questions."""
    return max((float(eps) for eps in np.linspace(0, most, steps + 1) if proven(eps)), default=0.0)


# --- 7 -----------------------------------------------------------------------------------------


@exercise("How sure is the reader of each digit?", points=3)
def certified():
    """Return for each image the largest change of a pixel for which its label is proven, an array (images,).

    images has shape (N, n), labels (N,), layers is a list of pairs (weight, bias) as in `lead`. A label is proven for
    eps if its least lead over every other class is above 0, when each pixel lies between x - eps and x + eps. Search
    from 0 to `most` in `steps` halvings, as in `excluded`: 0.0 for an image whose label is not even the answer at
    eps = 0, `most` for one that is proven at `most`.

    One layer with weight [[1, -1]] and bias [0, 0], images [[0.3]], labels [0], most 1.0 and 2 steps: the lead is
    2 (0.3 - eps), so the answer is [0.25].
    """
    for sizes, count, most, steps, about in [
        ((1, 2), 2, 1.0, 2, ""),
        ((2, 3), 3, 0.5, 3, ""),
        ((3, 4, 3), 4, 1.0, 6, ""),
        ((2, 5, 2), 3, 0.25, 8, ""),
        ((2, 3), 2, 0.001, 4, "labels that are proven at `most`"),
    ]:
        rng = np.random.default_rng(3 * sum(sizes) + count)
        layers = [(rng.normal(size=pair), 0.3 * rng.normal(size=pair[1])) for pair in pairwise(sizes)]
        images = rng.uniform(size=(count, sizes[0]))
        labels = scores(images, layers).argmax(axis=1)
        if not about:
            labels[-1] = (labels[-1] + 1) % sizes[-1]  # one that is read wrongly
        inputs = {"images": images, "labels": labels, "layers": layers, "most": most, "steps": steps}
        yield Case(inputs, certified_by(**inputs), about=about)
    plain = [(np.eye(2), np.zeros(2))]
    images, labels = np.array([[0.7, 0.1], [0.2, 0.9], [0.1, 0.5]]), np.array([0, 1, 1])
    inputs = {"images": images, "labels": labels, "layers": plain, "most": 1.0, "steps": 4}
    yield Case(inputs, certified_by(**inputs))
    level = [(np.array([[1.0, -1.0]]), np.zeros(2))]
    images, labels = np.array([[0.5], [0.0], [0.75]]), np.array([0, 0, 0])
    inputs = {"images": images, "labels": labels, "layers": level, "most": 1.0, "steps": 3}
    yield Case(inputs, certified_by(**inputs), about="a lead of exactly 0")


def scores(x, layers):
    for i, (weight, bias) in enumerate(layers):
        x = (np.maximum(x, 0) if i else x) @ weight + bias
    return x


def certified_by(images, labels, layers, most, steps, ahead=None, search=halved):
    """A right answer, with the steps that a mistake replaces."""

    def of(x, label):
        def proven(eps):
            return (ahead or is_ahead)(x - eps, x + eps, layers, label)

        return search(proven, most, steps)

    return np.array([of(x, label) for x, label in zip(images, labels, strict=True)])


def is_ahead(low, high, layers, label):
    return np.delete(least_lead(low, high, layers, label), label).min() > 0


@certified.mistake
def by_subtracted_bounds(images, labels, layers, most, steps):
    """Your numbers are true and smaller than they need be: they come from bounds of the scores that were subtracted.
    The lead of exercise 5 is narrower."""

    def ahead(low, high, layers, label):
        return np.delete(two_bounds(low, high, layers, label), label).min() > 0

    return certified_by(images, labels, layers, most, steps, ahead=ahead)


@certified.mistake
def over_any(images, labels, layers, most, steps):
    """Your label is ahead of *one* other class. To be the answer it has to be ahead of every other class."""

    def ahead(low, high, layers, label):
        return np.delete(least_lead(low, high, layers, label), label).max() > 0

    return certified_by(images, labels, layers, most, steps, ahead=ahead)


@certified.mistake
def of_the_answer(images, labels, layers, most, steps):
    """You prove the network's own answer, not the label. An image that is read wrongly has 0.0, however sure the
    network is."""
    return certified_by(images, scores(images, layers).argmax(axis=1), layers, most, steps)


@certified.mistake
def of_the_first_label(images, labels, layers, most, steps):
    """You judge every image by the first label. Each image has a label of its own, in the same place of `labels`."""
    return certified_by(images, np.full(len(images), labels[0]), layers, most, steps)


@certified.mistake
def by_its_ends(images, labels, layers, most, steps):
    """You looked at the two images x - eps and x + eps alone. In the box each pixel moves by itself."""

    def both_ends(low, high, layers, label):
        return (scores(np.stack([low, high]), layers).argmax(axis=1) == label).all()

    return certified_by(images, labels, layers, most, steps, ahead=both_ends)


@certified.mistake
def half_the_box(images, labels, layers, most, steps):
    """Your box reaches from x to x + eps. A pixel may also become darker: the box begins at x - eps."""

    def ahead(low, high, layers, label):
        return is_ahead((low + high) / 2, high, layers, label)

    return certified_by(images, labels, layers, most, steps, ahead=ahead)


@certified.mistake
def not_proven(images, labels, layers, most, steps):
    """You return the upper end of the last interval. That one is *not* proven; the lower end is."""

    def search(proven, most, steps):
        return halved(proven, most, steps, kept="high")

    return certified_by(images, labels, layers, most, steps, search=search)


@certified.mistake
def half_to_each_side(images, labels, layers, most, steps):
    """Your box is half as wide as it should be: a pixel may change by eps to *each* side."""

    def ahead(low, high, layers, label):
        return is_ahead((3 * low + high) / 4, (low + 3 * high) / 4, layers, label)

    return certified_by(images, labels, layers, most, steps, ahead=ahead)


@certified.mistake
def kept_between_0_and_1(images, labels, layers, most, steps):
    """You keep the pixels between 0 and 1. Here each pixel may lie anywhere between x - eps and x + eps."""

    def ahead(low, high, layers, label):
        return is_ahead(np.clip(low, 0, 1), np.clip(high, 0, 1), layers, label)

    return certified_by(images, labels, layers, most, steps, ahead=ahead)


@certified.mistake
def ahead_or_level(images, labels, layers, most, steps):
    """You count a lead of 0 as proven. There another class may have as high a score: every lead has to be above
    0."""

    def ahead(low, high, layers, label):
        return np.delete(least_lead(low, high, layers, label), label).min() >= 0

    return certified_by(images, labels, layers, most, steps, ahead=ahead)


@certified.mistake
def ahead_of_itself(images, labels, layers, most, steps):
    """You find nothing proven: the label's lead over itself is 0 and never above 0. Leave that entry out."""
    return np.zeros(len(images))


@certified.mistake
def ahead_in_sum(images, labels, layers, most, steps):
    """You ask whether the leads are above 0 on average. A single class that may be ahead is enough to lose the
    answer."""

    def ahead(low, high, layers, label):
        return least_lead(low, high, layers, label).sum() > 0

    return certified_by(images, labels, layers, most, steps, ahead=ahead)


@certified.mistake
def by_the_largest_lead(images, labels, layers, most, steps):
    """You use the upper bound of each lead. What can happen at worst is its lower bound."""

    def ahead(low, high, layers, label):
        return np.delete(the_most(low, high, layers, label), label).min() > 0

    return certified_by(images, labels, layers, most, steps, ahead=ahead)


@certified.mistake
def middle_not_proven(images, labels, layers, most, steps):
    """You return the middle of the last interval, which nobody has proven. Return the lower end."""

    def search(proven, most, steps):
        return halved(proven, most, steps, kept="middle")

    return certified_by(images, labels, layers, most, steps, search=search)


@certified.mistake
def all_by_the_last(images, labels, layers, most, steps):
    """Every image gets the number of the last one. A function that a loop makes looks its image up when it is called,
    and after the loop that is the last: call `excluded` inside the loop."""
    return np.full(len(images), certified_by(images[-1:], labels[-1:], layers, most, steps)[0])
