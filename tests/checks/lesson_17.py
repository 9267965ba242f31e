"""Answers to the exercises of lesson 17."""

import numpy as np

from gradlib import Tensor, functional, grad
from gradlib.checks import lesson_17 as check

from .harness import answers_to

arithmetic = answers_to(check.arithmetic)


@arithmetic.right
class ByTheBook:
    def over(x, y):
        return x[0] / y[0], (x[1] * y[0] - x[0] * y[1]) / y[0] ** 2

    def root(x):
        return np.sqrt(x[0]), x[1] / (2 * np.sqrt(x[0]))

    def power(x, n):
        return x[0] ** n, n * x[0] ** (n - 1) * x[1]


@arithmetic.right
class FromEachOther:
    def over(self, x, y):
        z = x[0] / y[0]
        return [z, (x[1] - z * y[1]) / y[0]]

    def root(self, x):
        return self.power(x, 0.5)

    def power(self, x, n):
        return [x[0] ** n, x[0] ** n * n * x[1] / x[0]]


@arithmetic.stub
class Untouched:
    def over(x, y):
        raise NotImplementedError

    def root(x):
        raise NotImplementedError

    def power(x, n):
        raise NotImplementedError


@arithmetic.wrong("A quotient depends on both values")
class SlopeOverSlope(ByTheBook):
    def over(x, y):
        return x[0] / y[0], x[1] / y[1] if y[1] else x[1] / y[0]


@arithmetic.wrong("follows x alone")
class ConstantBelow(ByTheBook):
    def over(x, y):
        return x[0] / y[0], x[1] / y[0]


@arithmetic.wrong("The two parts of the quotient's slope are added")
class Plus(ByTheBook):
    def over(x, y):
        return x[0] / y[0], x[1] / y[0] + x[0] * y[1] / y[0] ** 2


@arithmetic.wrong("its sign is turned")
class SignTurned(ByTheBook):
    def over(x, y):
        return x[0] / y[0], (x[0] * y[1] - y[0] * x[1]) / y[0] ** 2


@arithmetic.wrong("divided by y squared")
class Once(ByTheBook):
    def over(x, y):
        return x[0] / y[0], (x[1] * y[0] - x[0] * y[1]) / y[0]


@arithmetic.wrong("A factor is missing in the slope of the root")
class HalfForgotten(ByTheBook):
    def root(x):
        return x[0] ** 0.5, x[1] * x[0] ** -0.5


@arithmetic.wrong("the derivative of the root, as if x had slope 1")
class NotChained(ByTheBook):
    def root(x):
        return x[0] ** 0.5, 1 / (2 * x[0] ** 0.5)


@arithmetic.wrong("n · xⁿ⁻¹, as if x had slope 1")
class PowerNotChained(ByTheBook):
    def power(x, n):
        return x[0] ** n, n * x[0] ** (n - 1)


@arithmetic.wrong("the exponent is still n")
class ExponentKept(ByTheBook):
    def power(x, n):
        return x[0] ** n, n * x[0] ** n * x[1]


@arithmetic.wrong("The factor n is missing")
class FactorForgotten(ByTheBook):
    def power(x, n):
        return x[0] ** n, x[0] ** (n - 1) * x[1]


@arithmetic.wrong()
class ValuesOnly(ByTheBook):
    def root(x):
        return np.sqrt(x[0])


@arithmetic.wrong("is not divided at all")
class NoDivision(ByTheBook):
    def over(x, y):
        return x[0] / y[0], x[1] * y[0] - x[0] * y[1]


@arithmetic.wrong("y stands below once")
class BothOnce(ByTheBook):
    def over(x, y):
        return x[0] / y[0], (x[1] - x[0] * y[1]) / y[0]


@arithmetic.wrong("goes through the root unchanged")
class SlopeKept(ByTheBook):
    def root(x):
        return np.sqrt(x[0]), x[1]


@arithmetic.wrong("You divide the slope by 2x")
class NoRootBelow(ByTheBook):
    def root(x):
        return np.sqrt(x[0]), 0.5 * x[1] / x[0]


@arithmetic.wrong("√x multiplies where it should divide")
class RootOnTop(ByTheBook):
    def root(x):
        return np.sqrt(x[0]), np.sqrt(x[0]) / 2 * x[1]


@arithmetic.wrong("raised the slope of x to the power n - 1")
class SlopeRaised(ByTheBook):
    def power(x, n):
        return x[0] ** n, n * x[1] ** (n - 1)


@arithmetic.inputs
def _(rng):
    def dual(low, high):
        return float(rng.uniform(low, high)), float(rng.normal())

    x = dual(0.5, 4)
    return [{"x": x}, {"x": x, "y": dual(1, 3)}, {"x": x, "n": float(rng.integers(-2, 5))}][rng.integers(3)]


@arithmetic.wrong("divided by the square of x")
class TheOtherSquare(ByTheBook):
    def over(x, y):
        with np.errstate(all="ignore"):
            return x[0] / y[0], (np.float64(x[1]) * y[0] - x[0] * y[1]) / np.float64(x[0]) ** 2


@arithmetic.wrong("You multiply the slope by 2√x")
class RootAbove(ByTheBook):
    def root(x):
        return x[0] ** 0.5, x[1] * (2 * np.sqrt(x[0]))


@arithmetic.wrong("The factor xⁿ⁻¹ is missing")
class FactorAlone(ByTheBook):
    def power(x, n):
        return x[0] ** n, x[1] * n


@arithmetic.wrong("Write the exponent in brackets")
class WithoutBrackets(ByTheBook):
    def power(x, n):
        return x[0] ** n, n * x[0] ** n - x[1]


@arithmetic.wrong("the base x moves")
class AsAnExponential(ByTheBook):
    def power(x, n):
        return x[0] ** n, np.log(x[0]) * x[0] ** n * x[1]


@arithmetic.wrong("is n, not n - 1")
class LessInFront(ByTheBook):
    def power(x, n):
        return x[0] ** n, (n - 1) * x[0] ** n / x[0] * x[1]


cheaper = answers_to(check.cheaper)
RIGHT = {"A": "1 reverse", "B": "1 forward", "C": "4 reverse", "D": "4 forward", "E": "2 forward", "F": "10 reverse"}


@cheaper.right
def as_a_dictionary():
    return RIGHT


cheaper.right({name: f" {text.title()} " for name, text in RIGHT.items()})
cheaper.stub({name: ... for name in RIGHT})
OTHER = {"forward": "reverse", "reverse": "forward"}
cheaper.wrong("belongs to the other mode")({k: f"{v.split()[0]} {OTHER[v.split()[1]]}" for k, v in RIGHT.items()})
cheaper.wrong("the count of reverse mode")({**RIGHT, "B": "3 reverse", "D": "10 reverse", "E": "784 reverse"})
cheaper.wrong("the count of forward mode")({**RIGHT, "A": "1000 forward", "C": "10 forward", "F": "784 forward"})
cheaper.wrong("the count is not")(
    {
        "A": "1000 reverse",
        "B": "3 forward",
        "C": "10 reverse",
        "D": "10 forward",
        "E": "784 forward",
        "F": "784 reverse",
    }
)
cheaper.wrong("One pass gives one column or one row")(
    {**RIGHT, "C": "1 reverse", "D": "1 forward", "E": "1 forward", "F": "1 reverse"}
)
cheaper.wrong("the count is not")({**RIGHT, "E": "784 forward"})
cheaper.wrong("the count of forward mode")({**RIGHT, "C": "10 forward"})
cheaper.wrong("`forward` or `reverse`")({name: text.replace("reverse", "backward") for name, text in RIGHT.items()})
cheaper.wrong("in digits and then")({name: " ".join(text.split()[::-1]) for name, text in RIGHT.items()})
cheaper.wrong("the number of passes in digits")({name: text.split()[1] for name, text in RIGHT.items()})
cheaper.wrong()({**RIGHT, "E": "28 forward"})
cheaper.wrong("'1' is not written as")({**RIGHT, "A": "1"})
cheaper.wrong("'4 reverse mode' is not written as")({**RIGHT, "C": "4 reverse mode"})
cheaper.wrong("4 is not written as")({**RIGHT, "D": 4})
cheaper.wrong()(list(RIGHT.values()))

quotient = answers_to(check.quotient)


@quotient.right
def one_after_the_other(a, b):
    c = []
    for k in range(len(a)):
        c.append((a[k] - sum(c[j] * b[k - j] for j in range(k))) / b[0])
    return c


@quotient.right
def as_a_system(a, b):
    n = len(a)
    matrix = np.array([[b[i - j] if i >= j else 0.0 for j in range(n)] for i in range(n)])
    return np.linalg.solve(matrix, a)


@quotient.right
def long_division(a, b):
    rest, c = a.copy(), np.zeros(len(a))
    for k in range(len(a)):
        c[k] = rest[k] / b[0]
        rest[k:] -= c[k] * b[: len(a) - k]
    return c


@quotient.wrong("coefficient by coefficient")
def pairs(a, b):
    return np.divide(a, b)


@quotient.wrong("You divided by b[0] alone")
def one_number(a, b):
    return a / b[0]


@quotient.wrong("You add what the earlier coefficients contribute")
def added(a, b):
    c = []
    for k in range(len(a)):
        c.append((a[k] + sum(c[j] * b[k - j] for j in range(k))) / b[0])
    return c


@quotient.wrong("The division by b[0] is missing")
def undivided(a, b):
    c = []
    for k in range(len(a)):
        c.append(a[k] - sum(c[j] * b[k - j] for j in range(k)))
    return c


@quotient.wrong("Your sum ends too early")
def short(a, b):
    c = []
    for k in range(len(a)):
        c.append((a[k] - sum(c[j] * b[k - j] for j in range(k - 1))) / b[0])
    return c


@quotient.wrong("the product of the two series")
def product(a, b):
    return np.array([sum(a[j] * b[k - j] for j in range(k + 1)) for k in range(len(a))])


@quotient.wrong("c[j] goes with b[k - j]")
def straight(a, b):
    c = []
    for k in range(len(a)):
        c.append((a[k] - sum(c[j] * b[j] for j in range(k))) / b[0])
    return c


@quotient.wrong()
def only_the_first(a, b):
    return np.concatenate([[a[0] / b[0]], np.zeros(len(a) - 1)])


@quotient.wrong("divide only the first coefficient")
def first_divided(a, b):
    c = [a[0] / b[0]]
    for k in range(1, len(a)):
        c.append(a[k] - np.dot(c, b[k:0:-1]))
    return c


@quotient.wrong("Their difference has to be divided")
def sum_divided(a, b):
    c = [a[0] / b[0]]
    for k in range(1, len(a)):
        c.append(a[k] - np.dot(c, b[k:0:-1]) / b[0])
    return c


@quotient.wrong("divide the sum by b[0] but not a[k]")
def sum_divided_from_the_start(a, b):
    c = []
    for k in range(len(a)):
        c.append(a[k] - np.dot(c, b[k:0:-1]) / b[0])
    return c


@quotient.wrong("only what the coefficient just before")
def neighbour(a, b):
    c = [a[0] / b[0]]
    for k in range(1, len(a)):
        c.append((a[k] - c[-1] * b[1]) / b[0])
    return c


@quotient.wrong("The coefficients of the answer belong there")
def coefficients_of_a(a, b):
    return [(a[k] - np.dot(a[:k], b[k:0:-1])) / b[0] for k in range(len(a))]


@quotient.wrong("Your sum starts too late")
def late(a, b):
    c = [a[0] / b[0]]
    for k in range(1, len(a)):
        c.append((a[k] - np.dot(c[1:], b[k - 1 : 0 : -1])) / b[0])
    return c


@quotient.inputs
def _(rng):
    n = int(rng.integers(1, 7))
    return {"a": rng.normal(size=n), "b": np.concatenate([[rng.uniform(0.5, 2)], rng.normal(size=n - 1)])}


two = answers_to(check.from_two)


@two.right
def entry_by_entry(push, n):
    even = push(np.array([1.0 if j % 2 == 0 else 0.0 for j in range(n)]))
    odd = push(np.array([1.0 if j % 2 else 0.0 for j in range(n)]))
    J = np.zeros((n, n))
    for i in range(n):
        for j in (i, i + 1):
            if j < n:
                J[i, j] = (odd if j % 2 else even)[i]
    return J


@two.right
def with_a_mask(push, n):
    columns = np.arange(n)
    band = (columns - columns[:, None] == 0) | (columns - columns[:, None] == 1)
    passes = np.stack([push((columns % 2 == k) * 1.0) for k in (0, 1)])
    return np.where(band, passes[columns % 2].T, 0.0)


@two.wrong("it is the other way")
def first_on_the_diagonal(push, n):
    first, second = check.two_passes(push, n)
    return np.diag(first) + np.diag(second[:-1], 1)


@two.wrong("with its entries below the")
def one_below(push, n):
    return entry_by_entry(push, n).T


@two.wrong("the diagonal alone")
def no_neighbours(push, n):
    return np.diag(entry_by_entry(push, n).diagonal())


@two.wrong("all columns went into one pass")
def one_pass(push, n):
    return np.diag(push(np.ones(n)))


@two.wrong("The two entries of each row have changed places")
def odd_first(push, n):
    J = np.zeros((n, n))
    first, second = check.two_passes(push, n)
    for i in range(n):
        J[i, i] = (second if i % 2 == 0 else first)[i]
        if i + 1 < n:
            J[i, i + 1] = (first if i % 2 == 0 else second)[i]
    return J


@two.wrong("calls push more than twice")
def column_by_column(push, n):
    return np.stack([push(np.eye(n)[j]) for j in range(n)], axis=1)


@two.wrong("push takes an array of shape")
def a_matrix_at_once(push, n):
    return push(np.eye(n))


@two.wrong()
def not_filled(push, n):
    return np.zeros((n, n))


@two.wrong()
def without_the_last(push, n):
    J = entry_by_entry(push, n)
    J[-1, -1] = 0.0
    return J


@two.wrong("the whole result of a pass")
def columns_filled(push, n):
    first, second = check.two_passes(push, n)
    J = np.zeros((n, n))
    J[:, ::2], J[:, 1::2] = first[:, None], second[:, None]
    return J


@two.wrong("Your diagonal is 0")
def neighbours_alone(push, n):
    J = entry_by_entry(push, n)
    return J - np.diag(np.diag(J))


@two.inputs
def _(rng):
    n = int(rng.integers(1, 8))
    J = np.diag(rng.normal(size=n)) + (np.diag(rng.normal(size=n - 1), 1) if n > 1 else 0)
    return {"push": J.__matmul__, "n": n}


best = answers_to(check.best_step)


@best.right
def two_sweeps(f, x):
    x = Tensor(x, requires_grad=True)
    g = grad(f(x), x, create_graph=True)[0]
    along = grad((g * g.data).sum(), x)[0].data
    return (g.data @ g.data) / (along @ g.data)


@best.right
def by_the_library(f, x):
    g = functional.vjp(f, Tensor(x))[1].data
    return (g**2).sum() / np.dot(g, functional.hvp(f, Tensor(x), Tensor(g))[1].data)


@best.right
def half_the_gradient_of_its_square(f, x):
    x = Tensor(x, requires_grad=True)
    g = grad(f(x), x, create_graph=True)[0]
    squared = (g * g).sum()
    along = grad(squared, x)[0].data / 2
    return squared.item() / float(along @ g.data)


@best.right
def as_a_tensor(f, x):
    g = functional.vjp(f, Tensor(x))[1]
    return (g * g).sum() / (g * functional.hvp(f, Tensor(x), g)[1]).sum()


@best.wrong("one over it")
def the_curvature(f, x):
    return 1 / two_sweeps(f, x)


@best.wrong("twice as long")
def two_over_the_curvature(f, x):
    return 2 * two_sweeps(f, x)


@best.wrong("half as long")
def through_the_square(f, x):
    x = Tensor(x, requires_grad=True)
    g = grad(f(x), x, create_graph=True)[0]
    along = grad((g * g).sum(), x)[0].data  # 2 H g
    return (g.data @ g.data) / (along @ g.data)


@best.wrong("the numerator is g·g")
def one_over(f, x):
    g, along = check.slope_and_product(f, x)
    return 1.0 / (g * along).sum()


@best.wrong("H turns g as well")
def lengths(f, x):
    g, along = check.slope_and_product(f, x)
    return ((g @ g) / (along @ along)) ** 0.5


@best.wrong("The walk is to x - t g")
def negative(f, x):
    return -two_sweeps(f, x)


@best.wrong("You multiplied the Hessian by x")
def along_the_place(f, x):
    g = functional.vjp(f, Tensor(x))[1].data
    return (g @ g) / (x @ functional.hvp(f, Tensor(x), Tensor(x))[1].data)


@best.wrong()
def whole_hessian(f, x):  # 3.2 GB for 20,000 inputs
    if len(x) > 100:
        raise MemoryError
    g = functional.vjp(f, Tensor(x))[1].data
    return (g @ g) / (g @ functional.hessian(f, Tensor(x)).data @ g)


@best.wrong()
def a_fixed_rate(f, x):
    return 0.1


@best.wrong("the gradient becomes shortest")
def least_gradient(f, x):
    g, along = check.slope_and_product(f, x)
    return (g * along).sum() / (along**2).sum()


@best.wrong("You divide g·g by H g·H g")
def squared_lengths(f, x):
    g, along = check.slope_and_product(f, x)
    return (g**2).sum() / (along**2).sum()


@best.wrong("the square of the length")
def length_above(f, x):
    g, along = check.slope_and_product(f, x)
    return (g**2).sum() ** 0.5 / (g * along).sum()


@best.wrong("the square root of the step")
def rooted(f, x):
    return np.sqrt(two_sweeps(f, x))


@best.wrong("by the length of H g. The denominator")
def length_below(f, x):
    g, along = check.slope_and_product(f, x)
    return (g @ g) / (along @ along) ** 0.5


@best.wrong("H times a vector of ones")
def sum_of_the_gradient(f, x):
    x = Tensor(x, requires_grad=True)
    g = grad(f(x), x, create_graph=True)[0]
    return (g.data @ g.data) / (g.data @ grad(g.sum(), x)[0].data)


@best.wrong("The vector that you multiply H by is x")
def the_place_held_still(f, x):
    at = Tensor(x, requires_grad=True)
    g = grad(f(at), at, create_graph=True)[0]
    return (g.data @ g.data) / (g.data @ grad((g * x).sum(), at)[0].data)


@best.inputs
def _(rng):
    return {"f": [check.BOWL, check.TWISTED][rng.integers(2)], "x": rng.normal(size=2)}


newton = answers_to(check.newton)


class Dual:
    def __init__(self, value, slope=0.0):
        self.value, self.slope = value, slope

    def __add__(self, other):
        other = other if isinstance(other, Dual) else Dual(other)
        return Dual(self.value + other.value, self.slope + other.slope)

    def __mul__(self, other):
        other = other if isinstance(other, Dual) else Dual(other)
        return Dual(self.value * other.value, self.slope * other.value + self.value * other.slope)

    __radd__, __rmul__ = __add__, __mul__

    def __sub__(self, other):
        return self + -1 * other


@newton.right
def with_duals(f, x, steps):
    places = [x]
    for _ in range(steps):
        result = f(Dual(places[-1], 1.0))
        places.append(places[-1] - result.value / result.slope)
    return places


@newton.right
def with_tensors(f, x, steps):
    if steps == 0:
        return (x,)
    place = Tensor(np.float64(x), requires_grad=True)
    value = f(place)
    return (x, *with_tensors(f, x - (value.data / grad(value, place)[0].data), steps - 1))


def walk(f, x, steps, move):
    places = [x]
    for _ in range(steps):
        result = f(Dual(places[-1], 1.0))
        places.append(move(places[-1], result.value, result.slope))
    return places


@newton.wrong("The sign of the step is wrong")
def plus(f, x, steps):
    return walk(f, x, steps, lambda x, value, slope: x + value / slope)


@newton.wrong("divide by the slope")
def times(f, x, steps):
    return walk(f, x, steps, lambda x, value, slope: x - value * slope)


@newton.wrong("value over slope")
def upside_down(f, x, steps):
    return walk(f, x, steps, lambda x, value, slope: x - slope / value)


@newton.wrong("use the slope at the start in every step")
def first_slope(f, x, steps):
    slope = f(Dual(x, 1.0)).slope
    return walk(f, x, steps, lambda x, value, _: x - value / slope)


@newton.wrong("The start is missing")
def without_start(f, x, steps):
    return with_duals(f, x, steps)[1:]


@newton.wrong("the last place alone")
def the_last(f, x, steps):
    return with_duals(f, x, steps)[-1]


@newton.wrong("one step too many")
def one_more(f, x, steps):
    return with_duals(f, x, steps + 1)


@newton.wrong()
def down_the_slope(f, x, steps):
    return walk(f, x, steps, lambda x, value, slope: x - 0.1 * slope)


@newton.wrong()
def wide_difference(f, x, steps):
    places = [x]
    for _ in range(steps):
        places.append(places[-1] - f(places[-1]) / ((f(places[-1] + 0.1) - f(places[-1])) / 0.1))
    return places


@newton.wrong("The next place is x minus that")
def the_step_itself(f, x, steps):
    return walk(f, x, steps, lambda x, value, slope: value / slope)


@newton.wrong("It is added to x")
def the_step_down_itself(f, x, steps):
    return walk(f, x, steps, lambda x, value, slope: 0 - value / slope)


@newton.wrong("as the lesson does")
def lowest_place(f, x, steps):
    if steps == 0:
        return [x]
    place = Tensor(float(x), requires_grad=True)
    slope = grad(f(place), place, create_graph=True)[0]
    return [x, *lowest_place(f, x - slope.item() / grad(slope, place)[0].item(), steps - 1)]


@newton.wrong("You subtract the slope alone")
def descent(f, x, steps):
    return walk(f, x, steps, lambda x, value, slope: x - slope)


@newton.wrong("value and slope at the start")
def never_moved(f, x, steps):
    result, places = f(Dual(x, 1.0)), [x]
    for _ in range(steps):
        places.append(places[-1] - result.value / result.slope)
    return places


@newton.wrong("one step too few")
def one_fewer(f, x, steps):
    return with_duals(f, x, steps - 1)


@newton.wrong("the values of f on the way")
def heights(f, x, steps):
    return [f(place) for place in with_duals(f, x, steps)]


@newton.inputs
def _(rng):
    f = [check.SQUARE_ROOT, check.CUBE, check.LINE][rng.integers(3)]
    return {"f": f, "x": float(rng.uniform(1.5, 3)), "steps": int(rng.integers(0, 5))}


implicit = answers_to(check.implicit)


@implicit.right
def solved(G, x, theta):
    by_x, by_theta = functional.jacobian(G, (Tensor(x), Tensor(theta)))
    return np.linalg.solve(np.eye(len(x)) - by_x.data, by_theta.data)


@implicit.right
def row_by_row(G, x, theta):
    x, theta = Tensor(x, requires_grad=True), Tensor(theta, requires_grad=True)
    rows = [grad(G(x, theta)[i], [x, theta], allow_unused=True) for i in range(len(x))]
    by_x = np.array([a.data for a, _ in rows])
    by_theta = np.array([b.data for _, b in rows])
    return np.linalg.inv(np.eye(len(by_x)) - by_x) @ by_theta


@implicit.right
def by_all_rounds(G, x, theta):
    by_x, by_theta = check.slopes(G, x, theta)
    total = by_theta
    for _ in range(200):
        total = by_theta + by_x @ total
    return total


@implicit.wrong("But x moves with θ")
def held_still(G, x, theta):
    return check.slopes(G, x, theta)[1]


@implicit.wrong("goes around twice")
def twice(G, x, theta):
    by_x, by_theta = check.slopes(G, x, theta)
    return by_theta + by_x @ by_theta


@implicit.wrong("changes its sign on the")
def plus_sign(G, x, theta):
    by_x, by_theta = check.slopes(G, x, theta)
    return np.linalg.inv(np.eye(len(x)) + by_x) @ by_theta


@implicit.wrong("The answer is transposed")
def turned(G, x, theta):
    return solved(G, x, theta).T


@implicit.wrong("The equation has to be solved with it")
def multiplied(G, x, theta):
    by_x, by_theta = check.slopes(G, x, theta)
    return by_theta - by_x @ by_theta


@implicit.wrong("You solve with the transposed matrix")
def columns_for_rows(G, x, theta):
    by_x, by_theta = check.slopes(G, x, theta)
    return np.linalg.solve((np.eye(len(x)) - by_x).T, by_theta)


@implicit.wrong()
def rounded(G, x, theta):
    return solved(G, x, theta).round(1)


@implicit.wrong("Your answer has the wrong sign")
def negative_answer(G, x, theta):
    return -solved(G, x, theta)


@implicit.wrong("from 1 in every entry")
def ones_everywhere(G, x, theta):
    by_x, by_theta = check.slopes(G, x, theta)
    return np.linalg.pinv(1 - by_x) @ by_theta


@implicit.wrong("also move each other")
def each_for_itself(G, x, theta):
    by_x, by_theta = check.slopes(G, x, theta)
    return np.array([by_theta[i] / (1 - by_x[i, i]) for i in range(len(x))])


@implicit.wrong("stands to the left of")
def matrix_on_the_right(G, x, theta):
    by_x, by_theta = check.slopes(G, x, theta)
    return np.linalg.solve((np.eye(len(x)) - by_x).T, by_theta.T).T


@implicit.wrong("It is a matrix product")
def star(G, x, theta):
    by_x, by_theta = check.slopes(G, x, theta)
    return by_theta * np.linalg.inv(np.eye(len(x)) - by_x)


@implicit.wrong("Multiply ∂G/∂θ by it")
def inverse_only(G, x, theta):
    by_x, _ = check.slopes(G, x, theta)
    return np.linalg.inv(np.eye(len(x)) - by_x)


@implicit.inputs
def _(rng):
    matrix, theta = rng.normal(size=(2, 2)) / 4, rng.normal(size=2)

    def G(x, theta):
        return x @ matrix.T + theta * theta

    x = np.zeros(2)
    for _ in range(300):
        x = G(x, theta)
    return {"G": G, "x": x, "theta": theta}


fit = answers_to(check.fit)


@fit.right
def levenberg(residuals, p, steps, damping):
    for _ in range(steps):
        r = residuals(p)
        J = functional.jacobian(residuals, Tensor(p)).data
        tried = p + np.linalg.solve(J.T @ J + damping * np.eye(len(p)), -J.T @ r)
        if (residuals(tried) ** 2).sum() < (r**2).sum():
            p = tried
            damping /= 10
        else:
            damping *= 10
    return p


@fit.right
def as_a_longer_fit(residuals, p, steps, damping):
    """The same step as a least-squares problem with rows √λ below."""
    for _ in range(steps):
        J, r = functional.jacobian(residuals, Tensor(p)).data, np.asarray(residuals(p))
        rows = np.vstack([J, damping**0.5 * np.eye(len(p))])
        d = np.linalg.lstsq(rows, np.concatenate([-r, np.zeros(len(p))]), rcond=None)[0]
        better = np.square(residuals(p + d)).sum() < np.square(r).sum()
        p, damping = (p + d, damping / 10) if better else (p, damping * 10)
    return p


@fit.right
def tensor_of_parameters(residuals, p, steps, damping):
    return Tensor(as_a_longer_fit(residuals, p, steps, damping))


@fit.wrong("λ I is missing")
def plain(residuals, p, steps, damping):
    for _ in range(steps):
        J = functional.jacobian(residuals, Tensor(p)).data
        d = np.linalg.solve(J.T @ J, -J.T @ residuals(p))
        if (residuals(p + d) ** 2).sum() < (residuals(p) ** 2).sum():
            p = p + d
    return p


@fit.wrong("You go to p + d in any case")
def blind(residuals, p, steps, damping):
    for _ in range(steps):
        J = functional.jacobian(residuals, Tensor(p)).data
        p = p + np.linalg.solve(J.T @ J + damping * np.eye(len(p)), -J.T @ residuals(p))
        damping /= 10
    return p


@fit.wrong("λ stays as it was after a step that was taken")
def not_bolder(residuals, p, steps, damping):
    return check.damped(residuals, p, steps, damping, shrink=1)


@fit.wrong("so the fit gets no further")
def not_more_careful(residuals, p, steps, damping):
    return check.damped(residuals, p, steps, damping, grow=1)


@fit.wrong("The two factors of λ have changed places")
def factors_exchanged(residuals, p, steps, damping):
    for _ in range(steps):
        moved = check.damped(residuals, p, 1, damping)
        damping = damping / 10 if np.array_equal(moved, p) else damping * 10
        p = moved
    return p


@fit.wrong("p never moves")
def uphill(residuals, p, steps, damping):
    return p


@fit.wrong("Your right side is -2Jᵀr")
def with_the_two(residuals, p, steps, damping):
    return check.damped(residuals, p, steps, damping, scale=-2)


@fit.wrong()
def one_step(residuals, p, steps, damping):
    return levenberg(residuals, p, 1, damping)


@fit.wrong()
def one_step_more(residuals, p, steps, damping):
    return levenberg(residuals, p, steps + 1, damping)


def step_by_step(residuals, p, steps, damping, matrix, better, factor=10):
    for _ in range(steps):
        J, r = functional.jacobian(residuals, Tensor(p)).data, residuals(p)
        d = np.linalg.solve(matrix(J.T @ J, damping), -J.T @ r)
        p, damping = (p + d, damping / factor) if better(residuals(p + d), r) else (p, damping * factor)
    return p


def on_the_diagonal(M, damping):
    return M + damping * np.eye(len(M))


def smaller(new, old):
    return (new**2).sum() < (old**2).sum()


@fit.wrong("λ stays the same in all steps")
def one_damping(residuals, p, steps, damping):
    return step_by_step(residuals, p, steps, damping, on_the_diagonal, smaller, factor=1)


@fit.wrong("the sums of the residuals")
def not_squared(residuals, p, steps, damping):
    return step_by_step(residuals, p, steps, damping, on_the_diagonal, lambda new, old: new.sum() < old.sum())


@fit.wrong("so the fit gets no further")
def gives_up(residuals, p, steps, damping):
    for _ in range(steps):
        moved = check.damped(residuals, p, 1, damping)
        if np.array_equal(moved, p):
            break
        p, damping = moved, damping / 10
    return p


@fit.wrong("Compute it at each new p")
def one_jacobian(residuals, p, steps, damping):
    J = functional.jacobian(residuals, Tensor(p)).data
    matrix = J.T @ J
    for _ in range(steps):
        d = -np.linalg.inv(matrix + damping * np.eye(len(p))) @ J.T @ residuals(p)
        if smaller(residuals(p + d), residuals(p)):
            p, damping = p + d, damping / 10
        else:
            damping = damping * 10
    return p


@fit.wrong("A step that stays counts as well")
def until_taken(residuals, p, steps, damping):
    tries = 0
    while steps > 0 and tries < 50:
        moved, tries = levenberg(residuals, p, 1, damping), tries + 1
        if (moved == p).all():
            damping *= 10
        else:
            p, damping, steps = moved, damping / 10, steps - 1
    return p


@fit.wrong("sums of the absolute values")
def sizes(residuals, p, steps, damping):
    return step_by_step(residuals, p, steps, damping, on_the_diagonal, lambda new, old: abs(new).sum() < abs(old).sum())


@fit.wrong("You compare the largest residuals")
def worst(residuals, p, steps, damping):
    return step_by_step(residuals, p, steps, damping, on_the_diagonal, lambda new, old: abs(new).max() < abs(old).max())


@fit.wrong("It is the other way around")
def larger(residuals, p, steps, damping):
    return step_by_step(residuals, p, steps, damping, on_the_diagonal, lambda new, old: smaller(old, new))


@fit.wrong("λ grows after every step")
def ever_more_careful(residuals, p, steps, damping):
    for k in range(steps):
        p = check.damped(residuals, p, 1, damping * 10**k)
    return p


@fit.wrong("You add I, whatever λ is")
def identity_alone(residuals, p, steps, damping):
    return step_by_step(residuals, p, steps, damping, lambda M, damping: M + np.eye(len(M)), smaller)


@fit.wrong("λ times the diagonal of JᵀJ")
def marquardt(residuals, p, steps, damping):
    return step_by_step(residuals, p, steps, damping, lambda M, damping: M * (1 + damping * np.eye(len(M))), smaller)


@fit.wrong("to every entry of JᵀJ")
def no_identity(residuals, p, steps, damping):
    return step_by_step(residuals, p, steps, damping, np.add, smaller)


@fit.inputs
def _(rng):
    p = rng.normal(size=2)
    return {"residuals": check.VALLEY, "p": p, "steps": int(rng.integers(0, 5)), "damping": float(rng.uniform(0.01, 1))}
