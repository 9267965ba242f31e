"""The checks of lesson 00."""

from functools import partial

import numpy as np

from gradlib.checks.cases import Case, Refused
from gradlib.checks.exercises import exercise
from gradlib.checks.values import describe, named

TITLE = "Start here"


# --- 1 -----------------------------------------------------------------------------------------


@exercise("Fail, read, mend", points=1)
def double():
    """Return twice the number x: `double(2)` is 4, and `double(-1.5)` is -3."""
    for x in (2, 3, -1.5, 0.25, 0, -7, 0.4, 1234.5678):
        yield Case({"x": x}, expected=2 * x)


@double.mistake
def squared(x):
    """You squared x. At 2 the square is the double, too, so a single try at 2 cannot tell them apart."""
    return x**2


@double.mistake
def two_more(x):
    """You added 2. At 2 that gives the double, too; is the double of 3 also 3 + 2?"""
    return x + 2


@double.mistake
def halved(x):
    """You halved x. Your answer times two is x; what is wanted is x times two."""
    return x / 2


@double.mistake
def as_given(x):
    """Your answer is x itself. What a function computes and does not return is lost when it ends."""
    return x


@double.mistake
def whole_part(x):
    """You cut off what stands after the decimal point. x may be any number, 0.25 as well as 2."""
    return int(2 * x)


@double.mistake
def rounded(x):
    """You rounded to an integer. x may be any number, and so may its double: twice 0.4 is 0.8."""
    return round(2 * x)


@double.mistake
def of_the_size(x):
    """You lost the sign: the double of a negative number is negative."""
    return abs(2 * x)


@double.mistake
def as_text(x):
    """You returned a text that shows the number. It looks the same when printed, but cannot be calculated
    with."""
    return str(2 * x)


# --- 2 -----------------------------------------------------------------------------------------

SQUARE = named("x²", lambda x: x**2)
CUBE = named("x³", lambda x: x**3)
FALLING = named("10 - 3x", lambda x: 10 - 3 * x)


@exercise("A function that returns a function", points=1)
def rise():
    """Return a function of x: how far f rises when x is moved by h, f(x + h) - f(x).

    f is a function of one number. Where f falls, the rise is negative. For x² and h = 1 the returned function gives 5
    at 2: 3² - 2² = 5.
    """
    for f, h, x, expected in [
        (SQUARE, 1, 2, 5),
        (SQUARE, 2, 3, 16),
        (CUBE, 1, -2, 7),
        (FALLING, 2, 1, -6),
        (SQUARE, -3, 1, 3),
        (CUBE, 0.5, 0, 0.125),
        (SQUARE, 0.5, -1.5, -1.25),
        (SQUARE, 1, 0.5, 2.0),
        (SQUARE, 0.5, 1 / 7, 0.25 + 1 / 7),
    ]:
        yield Case({"f": f, "h": h, "x": x}, expected, call=rise_at)
    yield Case({"f": SQUARE, "h": 0, "x": 4}, 0, call=rise_at, odd=True, about="an h of 0")
    yield Case(
        {"f": SQUARE, "h": 1, "x": 2},
        5,
        call=first_of_two,
        about="a function that is called after a second one was made",
    )


def rise_at(rise, f, h, x):
    made = rise(f, h)
    if made is None or made is ...:
        return made
    if not callable(made):
        raise Refused(f"rise(f, h) must return a function of x; yours returns {describe(made)}.")
    return made(x)


def first_of_two(rise, f, h, x):
    """The value of a function of rise, after another was made with other arguments."""
    made = rise(f, h)
    rise(CUBE, 10 * h)
    return rise_at(lambda *_: made, f, h, x)


@rise.mistake
def fall(f, h):
    """Your rise has the right size and the other sign. Start where x is moved to, and subtract where it came from."""
    return lambda x: f(x) - f(x + h)


@rise.mistake
def slope(f, h):
    """You divided by h. That is the slope, which the next lesson is about; the rise is the number above the fraction
    bar."""
    return lambda x: (f(x + h) - f(x)) / h


@rise.mistake
def value_moved(f, h):
    """Your answer is h whatever f is. It is x that must be moved, and then f is applied."""
    return lambda x: f(x) + h - f(x)


@rise.mistake
def after_alone(f, h):
    """That is f at x + h. By how much is it higher than f at x?"""
    return lambda x: f(x + h)


@rise.mistake
def before_alone(f, h):
    """That is f at x, before anything is moved."""
    return lambda x: f(x)


@rise.mistake
def x_subtracted(f, h):
    """You subtracted x, and not f(x), from f(x + h)."""
    return lambda x: f(x + h) - x


@rise.mistake
def both_sides(f, h):
    """You went from x - h to x + h. The rise that is wanted starts at x."""
    return lambda x: f(x + h) - f(x - h)


@rise.mistake
def into_x(f, h):
    """You went from x - h to x. The rise that is wanted starts at x."""
    return lambda x: f(x) - f(x - h)


@rise.mistake
def always_by_one(f, h):
    """You move x by 1. The caller of `rise` says how far, by h."""
    return lambda x: f(x + 1) - f(x)


@rise.mistake
def of_h_alone(f, h):
    """Your function gives f(h) - f(0) whatever x is. Its parameter x must occur in its value."""
    return lambda x: f(h) - f(0)


@rise.mistake
def size_of_the_rise(f, h):
    """You lost the sign: where f falls, the rise is negative."""
    return lambda x: abs(f(x + h) - f(x))


@rise.mistake
def never_falling(f, h):
    """Your rise is never less than 0. Where f falls, it is negative."""
    return lambda x: max(0, f(x + h) - f(x))


# --- 3 -----------------------------------------------------------------------------------------


@exercise("A number that counts additions", points=2)
def counted():
    """Return from `a + b` a new Counted: the sum of the numbers, and how many additions were made in all.

    Complete the class: `Counted(number)` holds a number with 0 additions. A sum has the additions of its left part,
    those of its right part, and its own. For 3 + 4 the number is 7 with 1 addition, and for 3 + (4 + 5) it is 12 with
    2. The parts keep what they hold. If a sum is used twice, its additions count twice.
    """

    def case(text, z, numbers, expected, about=""):
        return Case(
            {"z": named(text, z), **dict(zip("abcd", numbers, strict=False))},
            expected,
            call=number_and_additions,
            names=("number", "additions"),
            about=about,
        )

    yield case("a + b", lambda a, b: a + b, (3, 4), (7, 1))
    yield case("(a + b) + c", lambda a, b, c: (a + b) + c, (3, 4, 5), (12, 2))
    yield case("a + (b + c)", lambda a, b, c: a + (b + c), (3, 4, 5), (12, 2))
    yield case("(a + b) + (c + d)", lambda a, b, c, d: (a + b) + (c + d), (1, 2, -3, 0.5), (0.5, 3))
    yield case("a + a", lambda a: a + a, (3,), (6, 1))
    yield case("s + s with s = a + b", lambda a, b: twice(a + b), (0, -6), (-12, 3), "a sum that is used twice")
    yield case("a, after s = a + b", lambda a, b: left_of(a, a + b), (3, 4), (3, 0), "a part, after it was added")
    yield case("b, after s = a + b", lambda a, b: left_of(b, a + b), (3, 4), (4, 0), "a part, after it was added")


def twice(x):
    return x + x


def left_of(x, y):
    return x


def number_and_additions(Counted, z, *numbers):
    parts = [Counted(number) for number in numbers]
    if parts[0] is None or parts[0] is ...:
        return parts[0]
    made = z(*parts)
    if made is None or made is ...:
        return made
    if not isinstance(made, Counted):
        raise Refused(f"A sum must be a new Counted; yours is {describe(made)}.")
    return made.number, made.additions


class RightCounted:
    """A right answer, of which each mistake below changes one method."""

    def __init__(self, number):
        self.number, self.additions = number, 0

    def __add__(self, other):
        return self.made(self.number + other.number, self.additions + other.additions + 1)

    def made(self, number, additions):
        made = type(self)(number)
        made.additions = additions
        return made


@counted.mistake
class NeverCounts(RightCounted):
    """The count stays 0. A sum has the additions of its parts, and one more: its own."""

    def __add__(self, other):
        return self.made(self.number + other.number, 0)


@counted.mistake
class CountsOne(RightCounted):
    """Every sum says 1. It must also have the additions that its two parts bring along."""

    def __add__(self, other):
        return self.made(self.number + other.number, 1)


@counted.mistake
class CountsLeft(RightCounted):
    """You forgot the additions of the right part, which may itself be a sum."""

    def __add__(self, other):
        return self.made(self.number + other.number, self.additions + 1)


@counted.mistake
class CountsRight(RightCounted):
    """You forgot the additions of the left part, which may itself be a sum."""

    def __add__(self, other):
        return self.made(self.number + other.number, other.additions + 1)


@counted.mistake
class CountsDepth(RightCounted):
    """You took the larger of the two counts. Both parts bring their additions along."""

    def __add__(self, other):
        return self.made(self.number + other.number, max(self.additions, other.additions) + 1)


@counted.mistake
class CountsParts(RightCounted):
    """You counted 2 for each sum, one for each part. The addition between them is one."""

    def __add__(self, other):
        return self.made(self.number + other.number, self.additions + other.additions + 2)


@counted.mistake
class StartsAtOne(RightCounted):
    """A single number starts with 1 addition. Nothing was added to make it, so it has 0."""

    def __init__(self, number):
        self.number, self.additions = number, 1


@counted.mistake
class ChangesLeft(RightCounted):
    """Your `__add__` changes the left part and returns it. Make a new object, so that both parts stay what they
    are."""

    def __add__(self, other):
        self.number, self.additions = self.number + other.number, self.additions + other.additions + 1
        return self


@counted.mistake
class CountsInTheParts(RightCounted):
    """Your sum has the right count, and the left part has been given it, too. A part keeps what it holds."""

    def __add__(self, other):
        self.additions = self.additions + other.additions + 1
        return self.made(self.number + other.number, self.additions)


@counted.mistake
class Multiplies(RightCounted):
    """You multiplied the numbers. `__add__` is called for +."""

    def __add__(self, other):
        return self.made(self.number * other.number, self.additions + other.additions + 1)


@counted.mistake
class Subtracts(RightCounted):
    """You subtracted the numbers. `__add__` is called for +."""

    def __add__(self, other):
        return self.made(self.number - other.number, self.additions + other.additions + 1)


# --- 4 -----------------------------------------------------------------------------------------


@exercise("A landscape and its skyline", points=2)
def landscape():
    """Return a table with a row for each y and a column for each x, and the largest height of each column.

    f is a function of two numbers, xs and ys are lists of numbers. Row i, column j of the table holds f(xs[j],
    ys[i]). For f = x + 10y, xs = [1, 2, 3] and ys = [0, 1] the table is [[1, 2, 3], [11, 12, 13]] and the skyline
    [11, 12, 13]. Heights need not be integers.
    """
    plane = named("x + 10y", lambda x, y: x + 10 * y)
    falling = named("2x - 10y", lambda x, y: 2 * x - 10 * y)
    halves = named("x · y / 2", lambda x, y: x * y / 2)
    valley = named("-x² - y² - 1", lambda x, y: -x * x - y * y - 1)
    larger = named("the larger of x and y", lambda x, y: x if x > y else y)
    make = partial(Case, names=("table", "skyline"))
    yield make({"f": plane, "xs": [1, 2, 3], "ys": [0, 1]}, heights(plane, [1, 2, 3], [0, 1]))
    yield make({"f": falling, "xs": [1, 5], "ys": [0, 1, 3]}, heights(falling, [1, 5], [0, 1, 3]))
    yield make({"f": halves, "xs": [3, -2, 0, 1], "ys": [1.5, -3]}, heights(halves, [3, -2, 0, 1], [1.5, -3]))
    yield make({"f": valley, "xs": [1, 0, -2], "ys": [-1, 2]}, heights(valley, [1, 0, -2], [-1, 2]))
    yield make({"f": larger, "xs": [1 / 7, 2, 2], "ys": [1, 4, 1, 0]}, heights(larger, [1 / 7, 2, 2], [1, 4, 1, 0]))
    yield make({"f": plane, "xs": [4], "ys": [1, 0, 2]}, heights(plane, [4], [1, 0, 2]), about="a single column")
    yield make({"f": halves, "xs": [5, 1], "ys": [3]}, heights(halves, [5, 1], [3]), about="a single row")


def heights(f, xs, ys):
    table = np.array([[f(x, y) for x in xs] for y in ys], dtype=np.float64)
    return table, table.max(axis=0)


@landscape.mistake
def rows_for_columns(f, xs, ys):
    """Rows and columns of your table have changed places. It has a row for each y and a column for each x."""
    table, skyline = heights(f, xs, ys)
    return table.T, skyline


@landscape.mistake
def x_and_y_exchanged(f, xs, ys):
    """You gave f its two numbers in the other order: x first, then y."""
    return heights(lambda x, y: f(y, x), xs, ys)


@landscape.mistake
def indices(f, xs, ys):
    """You gave f the indices j and i. It takes the numbers at these indices, xs[j] and ys[i]."""
    return heights(f, range(len(xs)), range(len(ys)))


@landscape.mistake
def cut_off(f, xs, ys):
    """Your table holds integers, and cuts off what stands after the point. `np.zeros` of a shape alone holds floats."""
    table = heights(f, xs, ys)[0].astype(np.int64)
    return table, table.max(axis=0)


@landscape.mistake
def largest_of_each_row(f, xs, ys):
    """Your skyline has the largest height of each *row*. The axis that you name is the one that disappears, and the
    rows have to."""
    table = heights(f, xs, ys)[0]
    return table, table.max(axis=1)


@landscape.mistake
def largest_of_all(f, xs, ys):
    """Your skyline is one number, the largest of the whole table. With an axis, `max` keeps one for each column."""
    table = heights(f, xs, ys)[0]
    return table, table.max()


@landscape.mistake
def summed(f, xs, ys):
    """You added the heights of each column up. The skyline is the largest of them."""
    table = heights(f, xs, ys)[0]
    return table, table.sum(axis=0)


@landscape.mistake
def averaged(f, xs, ys):
    """You took the mean height of each column. The skyline is the largest of them."""
    table = heights(f, xs, ys)[0]
    return table, table.mean(axis=0)


@landscape.mistake
def lowest(f, xs, ys):
    """You took the smallest height of each column. The skyline is the largest of them."""
    table = heights(f, xs, ys)[0]
    return table, table.min(axis=0)


@landscape.mistake
def from_sea_level(f, xs, ys):
    """Your skyline never goes below 0. Where all heights of a column are negative, so is the largest of them."""
    table, skyline = heights(f, xs, ys)
    return table, np.maximum(skyline, 0)


@landscape.mistake
def last_row(f, xs, ys):
    """Your skyline is the last row of the table. The largest height of a column may be in any row."""
    table = heights(f, xs, ys)[0]
    return table, table[-1]


@landscape.mistake
def where_it_is_largest(f, xs, ys):
    """Your skyline says in which row the largest height is. What is wanted is the height itself."""
    table = heights(f, xs, ys)[0]
    return table, table.argmax(axis=0)


@landscape.mistake
def first_row(f, xs, ys):
    """Your skyline is the first row of the table. The largest height of a column may be in any row."""
    table = heights(f, xs, ys)[0]
    return table, table[0]


@landscape.mistake
def upside_down(f, xs, ys):
    """The rows of your table are in the opposite order. Row 0 belongs to ys[0]."""
    table, skyline = heights(f, xs, ys)
    return table[::-1], skyline


@landscape.mistake
def sizes(f, xs, ys):
    """Your skyline has the largest of the sizes, without their signs. A height below 0 is negative."""
    table = heights(f, xs, ys)[0]
    return table, np.abs(table).max(axis=0)


@landscape.mistake
def in_the_other_order(f, xs, ys):
    """You returned the skyline first. The table comes first."""
    return heights(f, xs, ys)[::-1]
