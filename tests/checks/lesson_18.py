"""Answers to the exercises of lesson 18."""

from itertools import pairwise

import numpy as np

from gradlib import bounds as interval_bounds
from gradlib.checks import lesson_18 as check

from .harness import answers_to

operations = answers_to(check.operations)


@operations.right
class ByCorners:
    def minus(x, y):
        return (x[0] - y[1], x[1] - y[0])

    def divide(x, y):
        found = [x[0] / y[0], x[0] / y[1], x[1] / y[0], x[1] / y[1]]
        return (min(found), max(found))

    def absolute(x):
        if x[0] >= 0:
            return x
        if x[1] <= 0:
            return (-x[1], -x[0])
        return (0.0, max(-x[0], x[1]))

    def square(x):
        ends = sorted([x[0] * x[0], x[1] * x[1]])
        return (0.0 if x[0] < 0 < x[1] else ends[0], ends[1])


@operations.right
class Methods:
    def minus(self, x, y):
        return [x[0] - y[1], x[1] - y[0]]

    def divide(self, x, y):
        one_over = 1 / y[1], 1 / y[0]
        found = np.outer(x, one_over)
        return [found.min(), found.max()]

    def absolute(self, x):
        return [np.clip(0, *x) * np.sign(np.clip(0, *x)), np.abs(x).max()]

    def square(self, x):
        least = min(max(0, x[0]), x[1])
        return [least**2, max(abs(x[0]), abs(x[1])) ** 2]


@operations.stub
class Untouched:
    def minus(x, y):
        raise NotImplementedError

    def divide(x, y):
        raise NotImplementedError

    def absolute(x):
        raise NotImplementedError

    def square(x):
        raise NotImplementedError


@operations.wrong("y is *largest*")
class LowMinusLow(ByCorners):
    def minus(x, y):
        return x[0] - y[0], x[1] - y[1]


@operations.wrong("where a sign is negative, other corners")
class ForPositiveNumbers(ByCorners):
    def divide(x, y):
        return x[0] / y[1], x[1] / y[0]


@operations.wrong("You divided low by low")
class LowByLow(ByCorners):
    def divide(x, y):
        return x[0] / y[0], x[1] / y[1]


@operations.wrong("it is at neither end")
class SortedAbsolutes(ByCorners):
    def absolute(x):
        return tuple(sorted([abs(x[0]), abs(x[1])]))


@operations.wrong("no square is negative")
class ProductWithItself(ByCorners):
    def square(x):
        found = [x[0] * x[0], x[0] * x[1], x[1] * x[1]]
        return min(found), max(found)


@operations.wrong("the smallest square is 0")
class SquaresSorted(ByCorners):
    def square(x):
        return tuple(sorted([x[0] ** 2, x[1] ** 2]))


@operations.wrong("The two ends of x - y have changed places")
class DifferencesExchanged(ByCorners):
    def minus(x, y):
        return ByCorners.minus(x, y)[::-1]


@operations.wrong("You added y")
class Plus(ByCorners):
    def minus(x, y):
        return x[0] + y[0], x[1] + y[1]


@operations.wrong("low by low and high by high and sorted")
class TwoQuotients(ByCorners):
    def divide(x, y):
        return sorted([x[0] / y[0], x[1] / y[1]])


@operations.wrong("by the other end of y and sorted")
class TwoOtherQuotients(ByCorners):
    def divide(x, y):
        return sorted([x[0] / y[1], x[1] / y[0]])


@operations.wrong("Your lower end of |x| is always 0")
class AbsoluteFrom0(ByCorners):
    def absolute(x):
        return 0, max(abs(x[0]), abs(x[1]))


@operations.wrong("below 0, your lower end is 0")
class LowerEndCutOff(ByCorners):
    def absolute(x):
        return x[0] if x[0] > 0 else 0, max(abs(x[0]), abs(x[1]))


@operations.wrong("Your upper end of |x| is the upper end of x")
class UpperEndKept(ByCorners):
    def absolute(x):
        return ByCorners.absolute(x)[0], x[1]


@operations.wrong("This is ReLU")
class Relu(ByCorners):
    def absolute(x):
        return max(0, x[0]), max(0, x[1])


@operations.wrong("This is 2x")
class Twice(ByCorners):
    def square(x):
        return [2 * end for end in x]


@operations.wrong()
class WidthLost(ByCorners):
    def minus(x, y):
        return x[0] - y[1], x[0] - y[1]


@operations.wrong("Your lower end of x² is always 0")
class ZeroAlways(ByCorners):
    def square(x):
        return 0.0, max(x[0] ** 2, x[1] ** 2)


@operations.wrong()
class RoundedQuotients(ByCorners):
    def divide(x, y):
        return tuple(round(end, 2) for end in ByCorners.divide(x, y))


@operations.inputs
def _(rng):
    def interval(low, high):
        return tuple(sorted(rng.uniform(low, high, size=2).tolist()))

    return {"x": interval(-3, 3), "y": interval(*((0.5, 4) if rng.random() < 0.5 else (-4, -0.5)))}


corners = answers_to(check.corners)
RIGHT = {"A": True, "B": True, "C": False, "D": True, "E": False, "F": True}


@corners.right
def as_a_dictionary():
    return RIGHT


corners.right(RIGHT)
corners.wrong("C is a text (str), expected a truth value (bool)")({**RIGHT, "C": "no"})


@corners.wrong("a straight line has its extremes at its")
def no_products():
    return {**RIGHT, "B": False}


@corners.wrong("What is it in between?")
def the_ends_of_a_square():
    return {**RIGHT, "C": True}


@corners.wrong("a bend inside the box")
def bent():
    return {**RIGHT, "D": False}


@corners.wrong("both are made of the same x")
def a_product_like_any():
    return {**RIGHT, "E": True}


@corners.wrong("curved, but it only rises")
def curved():
    return {**RIGHT, "F": False}


@corners.wrong("without quotes")
def as_texts():
    return {"A": "True", "B": "True", "C": "False", "D": "True", "E": "False", "F": "True"}


@corners.wrong("instead of 1 and 0")
def ones_and_zeros():
    return {"A": 1, "B": 1, "C": 0, "D": 1, "E": 0, "F": 1}


@corners.wrong("falls with y throughout")
def not_for_sums():
    return {**RIGHT, "A": False}


@corners.wrong("What is it in between?")
def all_of_them():
    return dict.fromkeys(RIGHT, True)


@corners.wrong("a straight line has its extremes at its")
def none_of_them():
    return dict.fromkeys(RIGHT, False)


in_pieces = answers_to(check.in_pieces)


@in_pieces.right
def by_linspace(f, low, high, n):
    ends = np.linspace(low, high, n + 1)
    found = np.array([f((a, b)) for a, b in zip(ends[:-1], ends[1:], strict=True)])
    return found[:, 0].min(), found[:, 1].max()


@in_pieces.right
def grown(f, low, high, n):
    least, most, width = np.inf, -np.inf, (high - low) / n
    for i in range(n):
        a, b = f((low + i * width, low + (i + 1) * width))
        least, most = min(least, a), max(most, b)
    return [least, most]


@in_pieces.wrong()
def until_the_end(f, low, high, n):
    found, width = [], (high - low) / n
    while low < high:  # ten tenths are a little less than 1
        found.append(f((low, low + width)))
        low += width
    return min(a for a, _ in found), max(b for _, b in found)


@in_pieces.wrong("the whole interval at once")
def uncut(f, low, high, n):
    return f((low, high))


@in_pieces.wrong("kept what all pieces have in common")
def intersection(f, low, high, n):
    ends = np.linspace(low, high, n + 1).tolist()
    found = [f(piece) for piece in zip(ends, ends[1:], strict=False)]
    return max(a for a, _ in found), min(b for _, b in found)


@in_pieces.wrong("n pieces have n + 1 ends")
def n_ends(f, low, high, n):
    width = (high - low) / n
    found = [f((low + i * width, low + (i + 1) * width)) for i in range(n - 1)] or [f((low, high))]
    return min(a for a, _ in found), max(b for _, b in found)


@in_pieces.wrong("That is sampling")
def sampled(f, low, high, n):
    found = [f((end, end)) for end in np.linspace(low, high, n + 1).tolist()]
    return min(a for a, _ in found), max(b for _, b in found)


@in_pieces.wrong("may belong to any piece")
def outer(f, low, high, n):
    width = (high - low) / n
    return f((low, low + width))[0], f((high - width, high))[1]


@in_pieces.wrong("Your pieces start at 0")
def without_low(f, low, high, n):
    width = (high - low) / n
    found = [f((i * width, (i + 1) * width)) for i in range(n)]
    return min(a for a, _ in found), max(b for _, b in found)


@in_pieces.wrong("into two pieces whatever n is")
def two_pieces(f, low, high, n):
    return by_linspace(f, low, high, 2)


def answers_of(f, ends):
    return [f((a, b)) for a, b in pairwise(ends)]


@in_pieces.wrong("Your pieces are high/n long")
def as_if_from_zero(f, low, high, n):
    found = answers_of(f, [low + i * high / n for i in range(n + 1)])
    return min(a for a, _ in found), max(b for _, b in found)


@in_pieces.wrong("and so have n - 1 pieces")
def n_places(f, low, high, n):
    found = answers_of(f, np.linspace(low, high, n))
    return min(a for a, _ in found), max(b for _, b in found)


@in_pieces.wrong("beyond high")
def one_turn_more(f, low, high, n):
    width = (high - low) / n
    found = [f((low + i * width, low + (i + 1) * width)) for i in range(n + 1)]
    return min(a for a, _ in found), max(b for _, b in found)


@in_pieces.wrong("You average")
def means(f, low, high, n):
    found = answers_of(f, np.linspace(low, high, n + 1))
    return sum(a for a, _ in found) / n, sum(b for _, b in found) / n


@in_pieces.wrong("You add up")
def sums(f, low, high, n):
    found = answers_of(f, np.linspace(low, high, n + 1))
    return sum(a for a, _ in found), sum(b for _, b in found)


@in_pieces.wrong("as if 0 were a result")
def grown_from_zero(f, low, high, n):
    least = most = 0
    for a, b in answers_of(f, np.linspace(low, high, n + 1)):
        least, most = min(least, a), max(most, b)
    return least, most


@in_pieces.wrong("of the first piece. x may lie")
def returned_in_the_loop(f, low, high, n):
    for a, b in answers_of(f, np.linspace(low, high, n + 1)):
        return a, b


@in_pieces.wrong("of the last piece. x may lie")
def overwritten_in_the_loop(f, low, high, n):
    for a, b in answers_of(f, np.linspace(low, high, n + 1)):  # noqa: B007
        pass
    return a, b


@in_pieces.wrong()
def extremes_of_whole_pairs(f, low, high, n):
    found = answers_of(f, np.linspace(low, high, n + 1))
    return min(found)[0], max(found)[1]  # the largest pair is the one with the largest lower end


@in_pieces.wrong()
def one_piece_more(f, low, high, n):
    return by_linspace(f, low, high, n + 1)


@in_pieces.wrong("have changed places")
def ends_exchanged(f, low, high, n):
    return by_linspace(f, low, high, n)[::-1]


@in_pieces.inputs
def _(rng):
    low = rng.uniform(-2, 1)
    f = [check.HILL, check.CUBIC, check.DIFFERENCE][rng.integers(3)]
    return {"f": f, "low": low, "high": low + rng.uniform(0.5, 3), "n": int(rng.integers(1, 6))}


bounds = answers_to(check.network_bounds)


def layer_by_layer(one, layers, low, high, relu=lambda low, high: (np.maximum(low, 0), np.maximum(high, 0))):
    """One layer's bounds after the other, with ReLU between."""
    for i, (weight, bias) in enumerate(layers):
        low, high = relu(low, high) if i else (low, high)
        low, high = one(low, high, weight, bias)
    return low, high


def by_sign(low, high, weight, bias):
    up, down = np.maximum(weight, 0), np.minimum(weight, 0)
    return low @ up + high @ down + bias, high @ up + low @ down + bias


@bounds.right
def split_by_sign(low, high, layers):
    return layer_by_layer(by_sign, layers, low, high)


@bounds.right
def by_middle_and_radius(low, high, layers):
    for i, (weight, bias) in enumerate(layers):
        if i > 0:
            low, high = low.clip(min=0), high.clip(min=0)
        middle, radius = (low + high) / 2 @ weight + bias, (high - low) / 2 @ np.abs(weight)
        low, high = middle - radius, middle + radius
    return low, high


@bounds.right
def by_recursion(low, high, layers):
    *before, (weight, bias) = layers
    if before:
        low, high = (np.where(end > 0, end, 0) for end in by_recursion(low, high, before))
    a, b = low[:, None] * weight, high[:, None] * weight
    return [np.minimum(a, b).sum(axis=0) + bias, np.maximum(a, b).sum(axis=0) + bias]


@bounds.right
def as_one_array(low, high, layers):
    return np.array(split_by_sign(low, high, layers))


@bounds.right
def by_the_librarys_intervals(low, high, layers):
    x = interval_bounds.Interval(low, high)
    for i, (weight, bias) in enumerate(layers):
        x = (x.relu() if i else x) @ weight + bias
    return x.low, x.high


@bounds.wrong("You put the inputs through a ReLU")
def relu_first(low, high, layers):
    return split_by_sign(low.clip(min=0), high.clip(min=0), layers)


@bounds.wrong("Only the lower end goes through the ReLU")
def relu_below(low, high, layers):
    return layer_by_layer(by_sign, layers, low, high, relu=lambda low, high: (np.maximum(low, 0), high))


@bounds.wrong()
def upper_end_without_its_sign(low, high, layers):
    def one(low, high, w, b):
        up, down = np.maximum(w, 0), np.minimum(w, 0)
        return low @ up + abs(high) @ down + b, high @ up + low @ down + b

    return layer_by_layer(one, layers, low, high)


@bounds.wrong("The negative weights are left out")
def positive_part(low, high, layers):
    return layer_by_layer(lambda low, high, w, b: by_sign(low, high, np.maximum(w, 0), b), layers, low, high)


@bounds.wrong("It is the other way round")
def signs_mixed_up(low, high, layers):
    return layer_by_layer(lambda low, high, w, b: by_sign(low, high, w, b)[::-1], layers, low, high)


@bounds.wrong("add it to the middle alone")
def bias_to_both(low, high, layers):
    def one(low, high, w, b):
        c, r = (low + high) / 2 @ w + b, (high - low) / 2 @ abs(w) + b
        return c - r, c + r

    return layer_by_layer(one, layers, low, high)


@bounds.wrong("It is added once")
def bias_to_each_part(low, high, layers):
    def one(low, high, w, b):
        up, down = np.maximum(w, 0), np.minimum(w, 0)
        return (low @ up + b) + (high @ down + b), (high @ up + b) + (low @ down + b)

    return layer_by_layer(one, layers, low, high)


@bounds.inputs
def _(rng):
    sizes = rng.integers(1, 5, size=rng.integers(2, 5))
    low = rng.normal(size=sizes[0])
    layers = [(rng.normal(size=pair), rng.normal(size=pair[1])) for pair in pairwise(sizes)]
    return {"low": low, "high": low + rng.uniform(0, 2, size=sizes[0]), "layers": layers}


@bounds.wrong("Where a weight is negative")
def both_ends(low, high, layers):
    return layer_by_layer(lambda low, high, w, b: (low @ w + b, high @ w + b), layers, low, high)


@bounds.wrong("sorted the results")
def both_ends_sorted(low, high, layers):
    def one(low, high, weight, bias):
        ends = np.sort([low @ weight + bias, high @ weight + bias], axis=0)
        return ends[0], ends[1]

    return layer_by_layer(one, layers, low, high)


@bounds.wrong("You put the corners of the box through the whole network")
def at_the_corners(low, high, layers):
    corners = np.array(np.meshgrid(*zip(low, high, strict=True))).reshape(len(low), -1).T
    for i, (weight, bias) in enumerate(layers):
        corners = (np.maximum(corners, 0) if i else corners) @ weight + bias
    return corners.min(axis=0), corners.max(axis=0)


@bounds.wrong("The bias moves both")
def bias_forgotten(low, high, layers):
    return layer_by_layer(lambda low, high, w, b: by_sign(low, high, w, 0), layers, low, high)


@bounds.wrong("Your bounds are too wide")
def whole_width(low, high, layers):
    def one(low, high, weight, bias):
        middle, width = (low + high) / 2 @ weight + bias, (high - low) @ np.abs(weight)
        return middle - width, middle + width

    return layer_by_layer(one, layers, low, high)


@bounds.wrong("the half width with the signs of the weights")
def signed_radius(low, high, layers):
    def one(low, high, weight, bias):
        middle, radius = (low + high) / 2 @ weight + bias, (high - low) / 2 @ weight
        return middle - radius, middle + radius

    return layer_by_layer(one, layers, low, high)


@bounds.wrong("have changed places")
def turned_round(low, high, layers):
    return split_by_sign(low, high, layers)[::-1]


@bounds.wrong("after the last layer")
def relu_at_the_end(low, high, layers):
    return tuple(np.maximum(end, 0) for end in split_by_sign(low, high, layers))


@bounds.wrong("The ReLU between the layers is missing")
def no_relu(low, high, layers):
    return layer_by_layer(by_sign, layers, low, high, relu=lambda low, high: (low, high))


@bounds.wrong()
def sampled(low, high, layers):
    x = np.random.default_rng(0).uniform(low, high, size=(100, len(low)))
    for i, (weight, bias) in enumerate(layers):
        x = (np.maximum(x, 0) if i else x) @ weight + bias
    return x.min(axis=0), x.max(axis=0)


@bounds.wrong()
def an_interval(low, high, layers):
    return interval_bounds.Interval(*split_by_sign(low, high, layers))


@bounds.wrong()
def the_first_layer_alone(low, high, layers):
    return by_sign(low, high, *layers[0])


lead = answers_to(check.lead)


@lead.right
def by_middle_and_radius(low, high, layers, winner):
    c, r = (low + high) / 2, (high - low) / 2
    for weight, bias in layers[:-1]:
        c, r = c @ weight + bias, r @ abs(weight)
        a, b = np.maximum(c - r, 0), np.maximum(c + r, 0)
        c, r = (a + b) / 2, (b - a) / 2
    weight, bias = layers[-1]
    difference = weight[:, winner, None] - weight
    return c @ difference + bias[winner] - bias - r @ abs(difference)


@lead.right
def by_two_halves(low, high, layers, winner):
    *hidden, (weight, bias) = layers
    for w, b in hidden:
        up, down = np.maximum(w, 0), np.minimum(w, 0)
        low, high = low @ up + high @ down + b, high @ up + low @ down + b
        low, high = low.clip(min=0), high.clip(min=0)
    found = []
    for j in range(len(bias)):
        w = weight[:, winner] - weight[:, j]
        found.append(low @ np.maximum(w, 0) + high @ np.minimum(w, 0) + bias[winner] - bias[j])
    return np.array(found)


def the_way_to(low, high, layers):
    for w, b in layers:
        c, r = (low + high) / 2 @ w + b, (high - low) / 2 @ abs(w)
        low, high = np.maximum(c - r, 0), np.maximum(c + r, 0)
    return low, high


def bounded(low, high, weight, bias):
    c, r = (low + high) / 2 @ weight + bias, (high - low) / 2 @ abs(weight)
    return c - r, c + r


@lead.wrong("Subtract the columns of the weight first")
def worst_against_best(low, high, layers, winner):
    least, most = bounded(*the_way_to(low, high, layers[:-1]), *layers[-1])
    found = least[winner] - most
    found[winner] = 0
    return found


@lead.wrong("even for the winner and itself")
def worst_against_best_and_itself(low, high, layers, winner):
    least, most = bounded(*the_way_to(low, high, layers[:-1]), *layers[-1])
    return least[winner] - most


@lead.wrong("the largest lead")
def best_lead(low, high, layers, winner):
    weight, bias = layers[-1]
    box = the_way_to(low, high, layers[:-1])
    return bounded(*box, weight[:, [winner]] - weight, bias[winner] - bias)[1]


@lead.wrong("how far they are ahead")
def from_the_others(low, high, layers, winner):
    weight, bias = layers[-1]
    box = the_way_to(low, high, layers[:-1])
    return bounded(*box, weight - weight[:, [winner]], bias - bias[winner])[0]


@lead.wrong("The biases of the last layer are missing")
def without_its_bias(low, high, layers, winner):
    weight, _ = layers[-1]
    return bounded(*the_way_to(low, high, layers[:-1]), weight[:, [winner]] - weight, 0.0)[0]


@lead.wrong("in the middle of the box")
def of_the_middle(low, high, layers, winner):
    scores = check.scores((low + high) / 2, layers)
    return scores[winner] - scores


@lead.wrong("The ReLU between the layers is missing")
def straight_through(low, high, layers, winner):
    for w, b in layers[:-1]:
        low, high = bounded(low, high, w, b)
    weight, bias = layers[-1]
    return bounded(low, high, weight[:, [winner]] - weight, bias[winner] - bias)[0]


@lead.wrong("the upper end of the input gives the lower end")
def both_ends(low, high, layers, winner):
    for w, b in layers[:-1]:
        low, high = np.maximum(low @ w + b, 0), np.maximum(high @ w + b, 0)
    weight, bias = layers[-1]
    return low @ (weight[:, [winner]] - weight) + bias[winner] - bias


def folded(weight, bias, winner):
    return weight[:, [winner]] - weight, bias[winner] - bias


@lead.wrong("its bias is b[w] - b[j]")
def bias_not_subtracted(low, high, layers, winner):
    low, high = the_way_to(low, high, layers[:-1])
    weight, bias = layers[-1]
    return bounded(low, high, weight[:, [winner]] - weight, bias)[0]


@lead.wrong("no lead of yours is below 0")
def never_behind(low, high, layers, winner):
    return by_two_halves(low, high, layers, winner).clip(min=0)


@lead.wrong("The ReLU before the last layer is missing")
def by_the_function_before(low, high, layers, winner):
    if layers[:-1]:
        low, high = split_by_sign(low, high, layers[:-1])
    return bounded(low, high, *folded(*layers[-1], winner))[0]


@lead.wrong("A class has a column")
def the_winners_row(low, high, layers, winner):
    low, high = the_way_to(low, high, layers[:-1])
    weight, bias = layers[-1]
    return bounded(low, high, weight[winner] - weight, bias[winner] - bias)[0]


@lead.wrong("You subtracted the lowest scores")
def lowest_against_lowest(low, high, layers, winner):
    least, _ = bounded(*the_way_to(low, high, layers[:-1]), *layers[-1])
    return least[winner] - least


@lead.wrong("You take class 0 for the winner")
def first_class(low, high, layers, winner):
    return by_two_halves(low, high, layers, 0)


@lead.wrong("a corner that is neither end")
def smaller_of_two_ends(low, high, layers, winner):
    low, high = the_way_to(low, high, layers[:-1])
    weight, bias = folded(*layers[-1], winner)
    return np.minimum(low @ weight, high @ weight) + bias


@lead.wrong()
def radius_twice(low, high, layers, winner):
    weight, bias = layers[-1]
    low, high = the_way_to(low, high, layers[:-1])
    wide = low - (high - low) / 2, high + (high - low) / 2
    return bounded(*wide, weight[:, [winner]] - weight, bias[winner] - bias)[0]


@lead.wrong()
def the_last_layer_alone(low, high, layers, winner):
    return by_two_halves(low, high, layers, winner)[::-1]


@lead.inputs
def box_and_layers(rng):
    sizes = [int(rng.integers(1, 5)), *rng.integers(2, 5, size=rng.integers(1, 4)).tolist()]
    low = rng.normal(size=sizes[0])
    pairs = zip(sizes[:-1], sizes[1:], strict=True)
    layers = [(rng.normal(size=pair), rng.normal(size=pair[1])) for pair in pairs]
    high = low + rng.uniform(0, 1.5, size=sizes[0])
    return {"low": low, "high": high, "layers": layers, "winner": int(rng.integers(sizes[-1]))}


excluded = answers_to(check.excluded)


@excluded.right
def bisection(proven, most, steps):
    if not proven(0):
        return 0.0
    if proven(most):
        return most
    low, high = 0.0, most
    for _ in range(steps):
        middle = (low + high) / 2
        low, high = (middle, high) if proven(middle) else (low, middle)
    return low


@excluded.right
def growing(proven, most, steps):
    if not proven(0.0):
        return 0.0
    if proven(most):
        return most
    found, width = 0.0, most
    for _ in range(steps):
        width /= 2
        found += width * proven(found + width)
    return found


@excluded.wrong("You return the upper end")
def high_end(proven, most, steps):
    if not proven(0):
        return 0.0
    if proven(most):
        return most
    low, high = 0.0, most
    for _ in range(steps):
        middle = (low + high) / 2
        low, high = (middle, high) if proven(middle) else (low, middle)
    return high


@excluded.wrong("You return the middle")
def in_between(proven, most, steps):
    if not proven(0):
        return 0.0
    if proven(most):
        return most
    low, high = 0.0, most
    for _ in range(steps):
        middle = (low + high) / 2
        low, high = (middle, high) if proven(middle) else (low, middle)
    return (low + high) / 2


@excluded.wrong("You keep the wrong half")
def wrong_way(proven, most, steps):
    if not proven(0):
        return 0.0
    if proven(most):
        return most
    low, high = 0.0, most
    for _ in range(steps):
        middle = (low + high) / 2
        low, high = (low, middle) if proven(middle) else (middle, high)
    return low


@excluded.wrong("You never ask at `most`")
def asked_at_0_alone(proven, most, steps):
    return without_ends(proven, most, steps) if proven(0) else 0.0


@excluded.wrong("You never ask at `most`")
def without_ends(proven, most, steps):
    low, high = 0.0, most
    for _ in range(steps):
        middle = (low + high) / 2
        low, high = (middle, high) if proven(middle) else (low, middle)
    return low


@excluded.wrong("halved once less")
def too_few(proven, most, steps):
    return bisection(proven, most, max(steps - 1, 0))


@excluded.wrong("in equal steps")
def grid(proven, most, steps):
    found = [eps for eps in np.linspace(0, most, steps + 2) if proven(eps)]
    return max(found, default=0.0)


@excluded.wrong("Your code asks")
def very_fine_grid(proven, most, steps):
    found = [eps for eps in np.linspace(0, most, 1001) if proven(eps)]
    return max(found, default=0.0)


@excluded.wrong("You halve the interval once")
def returned_after_one_step(proven, most, steps):
    if not proven(0):
        return 0.0
    if proven(most):
        return most
    for _ in range(steps):
        return most / 2 if proven(most / 2) else 0.0
    return 0.0


@excluded.wrong("and never larger again")
def smaller_and_smaller(proven, most, steps):
    for i in range(steps + 1):
        if proven(most / 2**i):
            return most / 2**i
    return 0.0


@excluded.wrong("by half of *itself*")
def up_and_down_by_half(proven, most, steps):
    if not proven(0):
        return 0.0
    if proven(most):
        return most
    eps = most / 2
    for _ in range(steps):
        if proven(eps):
            eps = eps + eps / 2
        else:
            eps = eps - eps / 2
    return eps


@excluded.wrong("It ends at `most`")
def up_to_1(proven, most, steps):
    if proven(most):
        return most
    low, high = 0.0, 1.0
    for _ in range(steps):
        middle = (low + high) / 2
        low, high = (middle, high) if proven(middle) else (low, middle)
    return low


@excluded.wrong("in `steps` equal steps")
def one_by_one_upward(proven, most, steps):
    found = 0.0
    for i in range(1, steps + 1):
        if proven(i * most / steps):
            found = i * most / steps
    return found


@excluded.wrong()
def more_steps(proven, most, steps):
    return bisection(proven, most, steps + 1) if steps else bisection(proven, most, 0)


@excluded.wrong()
def always_nothing(proven, most, steps):
    return 0.0


@excluded.inputs
def _(rng):
    limit = rng.uniform(-0.2, 1.4)
    return {"proven": lambda eps: eps <= limit, "most": rng.uniform(0.5, 1.2), "steps": int(rng.integers(0, 9))}


certified = answers_to(check.certified)


@certified.right
def one_by_one(images, labels, layers, most, steps):
    found = []
    for x, label in zip(images, labels, strict=True):

        def proven(eps, x=x, label=label):
            ahead = by_middle_and_radius(x - eps, x + eps, layers, label)
            return all(ahead[j] > 0 for j in range(len(ahead)) if j != label)

        found.append(bisection(proven, most, steps))
    return np.array(found)


@certified.right
def with_a_mask(images, labels, layers, most, steps):
    found = np.zeros(len(images))
    for i, (x, label) in enumerate(zip(images, labels, strict=True)):

        def proven(eps, x=x, label=label):
            ahead = by_two_halves(x - eps, x + eps, layers, label)
            return bool((ahead[np.arange(len(ahead)) != label] > 0).all())

        found[i] = growing(proven, most, steps)
    return found


def searched(proven_of, search=bisection):
    """An answer that asks `proven_of(x, label, layers, eps)`."""

    def answer(images, labels, layers, most, steps):
        def of(x, label):
            return search(lambda eps: proven_of(x, label, layers, eps), most, steps)

        return np.array([of(x, label) for x, label in zip(images, labels, strict=True)])

    return answer


def others(values, label):
    return np.delete(values, label)


@certified.wrong("smaller than they need be")
def scores_apart(images, labels, layers, most, steps):
    def proven(x, label, layers, eps):
        return others(worst_against_best(x - eps, x + eps, layers, label), label).min() > 0

    return searched(proven)(images, labels, layers, most, steps)


@certified.wrong("ahead of *one* other class")
def any_of_them(images, labels, layers, most, steps):
    def proven(x, label, layers, eps):
        return (by_two_halves(x - eps, x + eps, layers, label) > 0).any()

    return searched(proven)(images, labels, layers, most, steps)


@certified.wrong("not the label")
def own_answer(images, labels, layers, most, steps):
    return one_by_one(images, check.scores(images, layers).argmax(axis=1), layers, most, steps)


@certified.wrong("You judge every image by the first label")
def first_label_for_all(images, labels, layers, most, steps):
    def proven(x, label, layers, eps):
        return others(by_two_halves(x - eps, x + eps, layers, labels[0]), labels[0]).min() > 0

    return searched(proven)(images, labels, layers, most, steps)


@certified.wrong("the two images")
def two_images(images, labels, layers, most, steps):
    def proven(x, label, layers, eps):
        return all(check.scores(end, layers).argmax() == label for end in (x - eps, x + eps))

    return searched(proven)(images, labels, layers, most, steps)


@certified.wrong("A pixel may also become darker")
def brighter_only(images, labels, layers, most, steps):
    def proven(x, label, layers, eps):
        return others(by_two_halves(x, x + eps, layers, label), label).min() > 0

    return searched(proven)(images, labels, layers, most, steps)


@certified.wrong("You return the upper end")
def upper(images, labels, layers, most, steps):
    def proven(x, label, layers, eps):
        return others(by_two_halves(x - eps, x + eps, layers, label), label).min() > 0

    return searched(proven, high_end)(images, labels, layers, most, steps)


@certified.wrong("Leave that entry out")
def all_classes(images, labels, layers, most, steps):
    def proven(x, label, layers, eps):
        return by_two_halves(x - eps, x + eps, layers, label).min() > 0  # its lead over itself is 0

    return searched(proven)(images, labels, layers, most, steps)


@certified.wrong("is half as wide")
def eps_for_both_sides(images, labels, layers, most, steps):
    def proven(x, label, layers, eps):
        return others(by_two_halves(x - eps / 2, x + eps / 2, layers, label), label).min() > 0

    return searched(proven)(images, labels, layers, most, steps)


@certified.wrong("You keep the pixels between 0 and 1")
def clipped_to_pixels(images, labels, layers, most, steps):
    def proven(x, label, layers, eps):
        return others(by_two_halves((x - eps).clip(0, 1), (x + eps).clip(0, 1), layers, label), label).min() > 0

    return searched(proven)(images, labels, layers, most, steps)


@certified.wrong("You count a lead of 0 as proven")
def not_behind(images, labels, layers, most, steps):
    def proven(x, label, layers, eps):
        return (by_two_halves(x - eps, x + eps, layers, label) >= 0).all()

    return searched(proven)(images, labels, layers, most, steps)


@certified.wrong("above 0 on average")
def ahead_on_average(images, labels, layers, most, steps):
    def proven(x, label, layers, eps):
        return by_two_halves(x - eps, x + eps, layers, label).mean() > 0

    return searched(proven)(images, labels, layers, most, steps)


@certified.wrong("the upper bound of each lead")
def at_best(images, labels, layers, most, steps):
    def proven(x, label, layers, eps):
        low, high = the_way_to(x - eps, x + eps, layers[:-1])
        return others(bounded(low, high, *folded(*layers[-1], label))[1], label).min() > 0

    return searched(proven)(images, labels, layers, most, steps)


@certified.wrong("which nobody has proven")
def last_middle(images, labels, layers, most, steps):
    def proven(x, label, layers, eps):
        return others(by_two_halves(x - eps, x + eps, layers, label), label).min() > 0

    def middle(proven, most, steps):
        if not proven(0) or proven(most):
            return bisection(proven, most, steps)
        return bisection(proven, most, steps) + most / 2 ** (steps + 1)

    return searched(proven, middle)(images, labels, layers, most, steps)


@certified.wrong("that is the last: call `excluded` inside the loop")
def called_after_the_loop(images, labels, layers, most, steps):
    asked = []
    for x, label in zip(images, labels, strict=True):
        asked.append(lambda eps: others(by_two_halves(x - eps, x + eps, layers, label), label).min() > 0)  # noqa: B023
    return np.array([bisection(proven, most, steps) for proven in asked])


@certified.wrong()
def the_least_of_all(images, labels, layers, most, steps):
    return np.full(len(images), one_by_one(images, labels, layers, most, steps).min())


@certified.inputs
def _(rng):
    inputs = box_and_layers(rng)
    images = rng.uniform(size=(3, len(inputs["low"])))
    layers = inputs["layers"]
    labels = check.scores(images, layers).argmax(axis=1)
    return {"images": images, "labels": labels, "layers": layers, "most": rng.uniform(0.05, 1.0), "steps": 5}
