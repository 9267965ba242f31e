"""The check of lesson 00."""

from gradlib.checks.cases import Case
from gradlib.checks.exercises import exercise

TITLE = "Start here"


@exercise("Double a number", points=1)
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
    """You halved x: your answer times two is x, and it should be the other way round."""
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
    """You rounded to an integer. x may be any number, and so may its double: that of 0.4 is 0.8."""
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
