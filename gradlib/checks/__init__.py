'''Checks of the exercises: one call says what is right, what is not yet, and which mistake it looks like.

    from gradlib.checks import lesson_01 as check
    check.central_difference(central_difference)

How to write one
----------------
The checks of lesson NN stand in `lesson_NN.py`, which sets `TITLE`. An exercise is a generator of cases: its
name is the exercise's, its docstring the statement. A mistake is a plausible wrong answer: its docstring is
what a learner who gives it is told.

    @exercise("Double a number", points=1)
    def double():
        """Return twice the number x: `double(2)` is 4."""
        for x in (2, 3, -1.5, 0.25):
            yield Case({"x": x}, expected=2 * x)

    @double.mistake
    def squared(x):
        """You squared x. At 2 the square is the double, too."""
        return x**2

The answer runs on copies of the inputs, and the report shows the smallest case that fails. Found without a
word from you: a stub, a crash (the learner's line, and what the error means), a changed input, a wrong kind
or shape, a missing `return`. A mistake is named if it goes the way of the answer on *every* case, so choose
cases that tell your mistakes apart; the tests see to it that they do.

- `call` says how the answer is used, where that is not `answer(*inputs)`. A class becomes a number by it, and
  the mistakes are classes, too: `call=lambda Value, x: (2 - Value(x)).data, expected=-1.0`.
  Where an answer cannot be used at all, `call` raises Refused with the sentence that says why.
- `part` names the function that a case is about, where the answer is a class that only holds functions, handed
  over together. `call` then gets that function, and so does a mistake that is such a class.
- `accept` replaces equality where many answers are right. It returns None, or the sentence that says why not:
  `accept=lambda order: None if is_valid(order) else "b comes before its input a."`
- A dictionary as `expected` makes boxes to fill, each marked and explained by itself. So do names for the
  entries of a tuple: `names=("x", "W", "b")` for three gradients.
- A case without inputs takes a value, or a function that returns it, and keeps to itself what was expected:
  for predictions, and for graphs to fill in. A mistake is then a function without parameters.
- `about` says what is special in a case, in words that fit after "among them". `named("x³", f)` is f with a
  name to show. `rtol`, `atol` and `dtype` say how near is right.
- Sizes are small and unequal, (2, 3) and not (2, 2); random inputs come from a generator seeded in the body.
- A sentence says what the learner did, why one would, and where it shows. It gives no code and no praise.

In `tests/checks/lesson_NN.py` each exercise gets two different right answers and five wrong ones, three of
them recognised by name. `python -m tests.checks` prints the table of all.
'''

from .cases import Case, Refused
from .exercises import Exercise, exercise
from .overview import Progress, all_exercises, progress
from .record import progress_file
from .report import Report
from .values import named

__all__ = [
    "Case",
    "Exercise",
    "Progress",
    "Refused",
    "Report",
    "all_exercises",
    "exercise",
    "named",
    "progress",
    "progress_file",
]
