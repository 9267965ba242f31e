"""Answers to the exercises of lesson 00."""

import numpy as np

from gradlib.checks import lesson_00 as check

from .harness import answers_to

double = answers_to(check.double)


@double.right
def product(x):
    return 2 * x


@double.right
def added_to_itself(x):
    return x + x


@double.wrong("squared x")
def to_the_power_of_two(x):
    return x * x


@double.wrong("added 2")
def two_more(x):
    result = 2
    result += x
    return result


@double.wrong("halved")
def divided(x):
    return 0.5 * x


@double.wrong("`return` hands it back")
def printed(x):
    print(2 * x)


@double.wrong("`return` hands it back")
def forgot_return(x):
    x = 2 * x


@double.wrong("You rounded to an integer")
def nearest(x):
    return round(x + x)


@double.wrong("text")
def text(x):
    return f"{2 * x}"


@double.wrong("x itself")
def computed_and_dropped(x):
    2 * x  # noqa: B018
    return x


@double.wrong("decimal point")
def cut_off(x):
    return 2 * x if isinstance(x, int) else int(2 * x)


@double.wrong("expected a number")
def list_of_two(x):
    return [x, x]


@double.wrong("misspelt")
def misspelt(x):
    return 2 * X  # noqa: F821


@double.wrong("double(x); yours takes (x, y)")
def two_parameters(x, y):
    return x + y


@double.wrong("call it as a function")
def implied_product(x):
    return x(2)


@double.wrong()
def to_two_decimals(x):
    return round(2 * x, 2)


@double.wrong()
def nothing_of_a_negative_number(x):
    return max(0, 2 * x)


@double.wrong()
def three_times(x):
    return 3 * x


@double.inputs
def _(rng):
    return {"x": rng.normal() * 10 if rng.random() < 0.8 else int(rng.integers(-5, 5))}


@double.inputs
def any_number(rng):
    return {"x": rng.choice([rng.normal(), float(rng.integers(-9, 10))])}


up = answers_to(check.rise)


@up.right
def short(f, h):
    return lambda x: f(x + h) - f(x)


@up.right
def with_a_name(f, h):
    def risen(x):
        before = f(x)
        return f(h + x) - before

    return risen


@up.right
class Rise:
    def __init__(self, f, h):
        self.f, self.h = f, h

    def __call__(self, x):
        return -self.f(x) + self.f(x + self.h)


@up.wrong("the other sign")
def downward(f, h):
    def fallen(x):
        return f(x) - f(x + h)

    return fallen


@up.wrong("You divided by h")
def ratio(f, h):
    return lambda x: short(f, h)(x) / h if h else 0.0


@up.wrong("It is x that must be moved")
def moved_the_value(f, h):
    return lambda x: (f(x) + h) - f(x)


@up.wrong("By how much is it higher")
def new_value(f, h):
    return lambda x: f(h + x)


@up.wrong("before anything is moved")
def f_itself(f, h):
    return f


@up.wrong("You subtracted x")
def minus_x(f, h):
    return lambda x: f(x + h) - x


@up.wrong("from x - h to x + h")
def two_sided(f, h):
    return lambda x: f(x + h) - f(x - h)


@up.wrong("from x - h to x.")
def from_the_left(f, h):
    return lambda x: f(x) - f(x - h)


@up.wrong("You move x by 1")
def by_one(f, h=1):
    h = 1
    return lambda x: f(x + h) - f(x)


@up.wrong("You lost the sign")
def size(f, h):
    return lambda x: abs(f(x) - f(x + h))


@up.wrong("Your rise is never less than 0")
def never_below_zero(f, h):
    return lambda x: max(f(x + h) - f(x), 0)


@up.wrong("Its parameter x must occur")
def x_ignored(f, h):
    return lambda x: f(h) - f(0)


@up.wrong("must return a function of x; yours returns a number")
def called_at_once(f, h):
    return f(h) - f(0)


@up.wrong("`return` hands it back")
def not_returned(f, h):
    lambda x: f(x + h) - f(x)  # noqa: B018


@up.wrong("a different number of values")
def with_x(f, h, x):
    return f(x + h) - f(x)


KEPT = {}


@up.wrong("called after a second one was made")
def remembered_globally(f, h):
    KEPT.update(f=f, h=h)
    return lambda x: KEPT["f"](x + KEPT["h"]) - KEPT["f"](x)


@up.wrong()
def products(f, h):
    return lambda x: f(x * h) - f(x)


@up.wrong()
def sum_of_both(f, h):
    return lambda x: f(x + h) + f(x)


@up.inputs
def any_rise(rng):
    f = [check.SQUARE, check.CUBE, check.FALLING, abs][rng.integers(4)]
    return {"f": f, "h": float(rng.normal()), "x": float(rng.normal())}


tally = answers_to(check.counted)


class Base:
    def __init__(self, number):
        self.number = number
        self.additions = 0


@tally.stub
class Counted(Base):
    def __add__(self, other):
        raise NotImplementedError


@tally.right
class SetAfterwards(Base):
    def __add__(self, other):
        made = SetAfterwards(self.number + other.number)
        made.additions = 1 + self.additions + other.additions
        return made


@tally.right
class GivenToInit:
    def __init__(self, number, additions=0):
        self.number, self.additions = number, additions

    def __add__(self, other):
        return GivenToInit(other.number + self.number, sum([self.additions, other.additions, 1]))


def counting(count, number=lambda a, b: a.number + b.number):
    """A class whose sum has count(a, b) additions."""

    class Counting(Base):
        def __add__(self, other):
            made = type(self)(number(self, other))
            made.additions = count(self, other)
            return made

    return Counting


tally.wrong("The count stays 0")(counting(lambda a, b: a.additions + b.additions))
tally.wrong("Every sum says 1")(counting(lambda a, b: 1))
tally.wrong("the additions of the right part")(counting(lambda a, b: 1 + a.additions))
tally.wrong("the additions of the left part")(counting(lambda a, b: 1 + b.additions))
tally.wrong("the larger of the two counts")(
    counting(lambda a, b: (a.additions if a.additions > b.additions else b.additions) + 1)
)
tally.wrong("one for each part")(counting(lambda a, b: a.additions + b.additions + 2))
tally.wrong("You multiplied the numbers")(
    counting(lambda a, b: a.additions + b.additions + 1, lambda a, b: a.number * b.number)
)
tally.wrong("You subtracted the numbers")(
    counting(lambda a, b: a.additions + b.additions + 1, lambda a, b: a.number - b.number)
)
tally.wrong()(counting(lambda a, b: a.additions + b.additions + 1, lambda a, b: a.number))
tally.wrong()(counting(lambda a, b: a.additions * b.additions + 1))


@tally.wrong("changes the left part")
class InPlace(Base):
    def __add__(self, other):
        self.number += other.number
        self.additions += other.additions + 1
        return self


@tally.wrong("the left part has been given it, too")
class CountsInSelf(Base):
    def __add__(self, other):
        self.additions += 1 + other.additions
        made = type(self)(self.number + other.number)
        made.additions = self.additions
        return made


@tally.wrong("A single number starts with 1")
class StartsAtOne(GivenToInit):
    def __init__(self, number):
        super().__init__(number, 1)

    def __add__(self, other):
        made = StartsAtOne(self.number + other.number)
        made.additions = self.additions + other.additions + 1
        return made


@tally.wrong("must be a new Counted; yours is a number")
class PlainSum(Base):
    def __add__(self, other):
        return self.number + other.number


@tally.wrong("must be a new Counted; yours is a tuple of length 2")
class Pair(Base):
    def __add__(self, other):
        return self.number + other.number, self.additions + other.additions + 1


@tally.wrong("A function without `return` gives None")
class Returnless(Base):
    def __add__(self, other):
        made = type(self)(self.number + other.number)
        made.additions = self.additions + other.additions + 1


@tally.wrong()
class CountsAllEverMade(Base):
    total = 0

    def __add__(self, other):
        made = type(self)(self.number + other.number)
        CountsAllEverMade.total += 1
        made.additions = CountsAllEverMade.total
        return made


@tally.inputs
def any_sum(rng):
    cases = list(check.counted.cases())
    return cases[rng.integers(len(cases))]


scene = answers_to(check.landscape)


@scene.right
def loops(f, xs, ys):
    table = np.zeros((len(ys), len(xs)))
    for i in range(len(ys)):
        for j in range(len(xs)):
            table[i, j] = f(xs[j], ys[i])
    return table, table.max(axis=0)


@scene.right
def lists(f, xs, ys):
    rows = [[f(x, y) for x in xs] for y in ys]
    return np.array(rows), np.array([max(row[j] for row in rows) for j in range(len(xs))])


@scene.right
def column_by_column(f, xs, ys):
    table, skyline = np.zeros((len(ys), len(xs))), np.full(len(xs), -np.inf)
    for j, x in enumerate(xs):
        for i, y in enumerate(ys):
            height = f(x, y)
            table[i, j] = height
            skyline[j] = max(skyline[j], height)
    return table, skyline


@scene.wrong("have changed places")
def a_row_for_each_x(f, xs, ys):
    table = np.array([[f(x, y) for y in ys] for x in xs])
    return table, table.max(axis=1)


@scene.wrong("in the other order")
def y_first(f, xs, ys):
    table = np.array([[f(y, x) for x in xs] for y in ys])
    return table, table.max(axis=0)


@scene.wrong("You gave f the indices")
def of_indices(f, xs, ys):
    table = np.zeros((len(ys), len(xs)))
    for i in range(len(ys)):
        for j in range(len(xs)):
            table[i, j] = f(j, i)
    return table, table.max(axis=0)


@scene.wrong("cuts off what stands after the point")
def integers(f, xs, ys):
    table = np.zeros((len(ys), len(xs)), dtype=int)
    for i, y in enumerate(ys):
        for j, x in enumerate(xs):
            table[i, j] = f(x, y)
    return table, table.max(axis=0)


@scene.wrong("the largest height of each *row*")
def along_the_other_axis(f, xs, ys):
    table = loops(f, xs, ys)[0]
    return table, table.max(axis=1)


@scene.wrong("one number, the largest of the whole table")
def without_an_axis(f, xs, ys):
    table = loops(f, xs, ys)[0]
    return table, np.max(table)


@scene.wrong("You added the heights")
def sums(f, xs, ys):
    table = loops(f, xs, ys)[0]
    return table, sum(table)


@scene.wrong("the mean height")
def means(f, xs, ys):
    table = loops(f, xs, ys)[0]
    return table, table.mean(0)


@scene.wrong("the smallest height")
def floor(f, xs, ys):
    table = loops(f, xs, ys)[0]
    return table, np.amin(table, axis=0)


@scene.wrong("never goes below 0")
def starts_at_zero(f, xs, ys):
    table, skyline = loops(f, xs, ys)[0], np.zeros(len(xs))
    for row in table:
        for j, height in enumerate(row):
            if height > skyline[j]:
                skyline[j] = height
    return table, skyline


@scene.wrong("the last row of the table")
def overwritten(f, xs, ys):
    table, skyline = np.zeros((len(ys), len(xs))), np.zeros(len(xs))
    for i, y in enumerate(ys):
        for j, x in enumerate(xs):
            table[i, j] = skyline[j] = f(x, y)
    return table, skyline


@scene.wrong("in which row")
def places(f, xs, ys):
    table = loops(f, xs, ys)[0]
    return table, np.argmax(table, axis=0)


@scene.wrong("Your answer is an array of shape (2, 3), expected")
def table_alone(f, xs, ys):
    return loops(f, xs, ys)[0]


@scene.wrong("the first row of the table")
def first_row(f, xs, ys):
    table = loops(f, xs, ys)[0]
    return table, table[0]


@scene.wrong()
def both_rounded(f, xs, ys):
    table = np.round(loops(f, xs, ys)[0])
    return table, table.max(axis=0)


@scene.wrong("in the opposite order")
def rows_upside_down(f, xs, ys):
    table, skyline = loops(f, xs, ys)
    return np.flipud(table), skyline


@scene.wrong("without their signs")
def largest_size(f, xs, ys):
    table = loops(f, xs, ys)[0]
    return table, abs(table).max(axis=0)


@scene.wrong("You returned the skyline first")
def skyline_first(f, xs, ys):
    table, skyline = loops(f, xs, ys)
    return skyline, table


@scene.inputs
def any_landscape(rng):
    xs, ys = (rng.integers(-4, 5, size=rng.integers(1, 5)) / 2 for _ in range(2))
    a, b, c = rng.normal(size=3)
    return {"f": lambda x, y: a * x + b * y + c * x * y, "xs": xs.tolist(), "ys": ys.tolist()}
