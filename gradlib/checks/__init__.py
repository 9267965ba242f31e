'''Checks of the exercises: one call says what is right, what is not yet, and which mistake it looks like.

A learner imports the checks of a lesson and calls the one named like the exercise:

    from gradlib.checks import lesson_01 as check
    check.central_difference(central_difference)

How to write one
----------------
The checks of lesson NN stand in `lesson_NN.py`, which begins with `TITLE`. An exercise is a generator of cases: its name is the exercise's,
its docstring the statement. A mistake is a plausible wrong answer: its docstring is what a learner who gives it is told.

    @exercise("Double a number", points=1)
    def double():
        """Return twice the number x: double(2) is 4."""
        for x in (2, 3, 0.5, -4):
            yield Case({"x": x}, expected=2 * x)

    @double.mistake
    def squared(x):
        """You squared x. The square of 2 is its double, too, but only the square of 2 and of 0."""
        return x**2

That is all. The framework calls the answer on copies of the inputs and shows the smallest case that fails. It finds by itself: a stub,
a crash (with the learner's line and what the error means), a changed input, a wrong kind, shape or dtype, a missing `return`. A mistake is named when
it goes the way of the answer on *every* case, so choose cases that tell your mistakes apart; the tests see to it that they do.

- Numbers agree within `rtol` and `atol`. Sizes are small and unequal, (2, 3) and not (2, 2); randomness comes from a seeded generator inside the body.
- `call` says how the answer is used, where that is not `answer(*inputs)`. It turns a class into a number:
  `Case({"x": 3.0}, call=lambda Value, x: (2 - Value(x)).data, expected=-1.0)`. The mistakes are then classes, too.
- `accept` takes the place of equality, where many answers are right: `accept=lambda order: None if is_valid(order) else "b comes before its input a."`
- A dictionary in `expected` makes boxes to fill, each marked and explained by itself. A case without inputs takes a value or a function that returns it,
  and does not show what was expected. A mistake is then a function without parameters.
- `about` says what is special in a case, in words that fit after "among them".
- A sentence to a learner says what they did, why one would, and where it shows. It never gives the code, and never praises.

Then give `tests/checks/lesson_NN.py` two different right answers and five wrong ones; `python -m tests.checks` prints the table of all.
'''

from .exercises import Case, Exercise, all_exercises, exercise
from .record import Progress, progress, progress_file
from .report import Report

__all__ = ["Case", "Exercise", "Progress", "Report", "all_exercises", "exercise", "progress", "progress_file"]
