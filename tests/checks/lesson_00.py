"""Answers to the exercise of lesson 00."""

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
