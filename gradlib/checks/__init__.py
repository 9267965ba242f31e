'''Checks of the exercises: one call says what is right, what is not right yet, and which mistake it looks like.

    from gradlib.checks import lesson_01 as check
    check.slope_along(slope_along)

How to write one
----------------
The checks of lesson NN stand in `lesson_NN.py`, which sets `TITLE`. An exercise is a generator of cases. Its name is
the exercise's name, its docstring the statement. A mistake is a plausible wrong answer. Its docstring is the sentence
for a learner who gives this answer.

    from gradlib.checks.cases import Case
    from gradlib.checks.exercises import exercise

    @exercise("Double a number", points=1)
    def double():
        """Return twice the number x: `double(2)` is 4."""
        for x in (2, 3, -1.5, 0.25):
            yield Case({"x": x}, expected=2 * x)

    @double.mistake
    def squared(x):
        """You squared x. At 2 the square is the double, too."""
        return x**2

The answer runs on copies of the inputs, and the report shows the smallest case that fails. Every exercise recognises
a stub, a crash (with the learner's line and the meaning of the error), a changed input, a wrong kind or shape, and a
missing `return`. It forgives form: a list or an array for a tuple, spaces and capitals in a text, a number in quotes.

A mistake is named if it agrees with the answer in every case: where one is right, wrong or crashes, so does the other,
with the same value. Two kinds of cases do not count. An odd case is one with an empty input, or one that is marked
with `odd=True`: natural forms of one mistake differ there. And a crash in a case with `about` says nothing. Choose
cases that tell your mistakes apart; the tests make sure that they do.

Code that never ends is stopped, with its line (`limits.py`): `exercise(..., limits=Limits(seconds=15))` for an exercise
that takes longer. `check.double(answer)` runs the answer in a child process where there is one, so that compiled code
and a crash of Python are stopped, too. `check.double.report(answer)` runs it in this process.

- `call` uses the answer in another way than `answer(*inputs)`. It turns a class into a number, and then the mistakes
  are classes, too: `call=lambda Value, x: (2 - Value(x)).data, expected=-1.0`. If an answer cannot be used at all,
  `call` raises Refused with a sentence that says why.
- `part` names the function that a case is about, if the answer is a class that only holds functions. `call` then gets
  that function. A mistake is such a class, too.
- `accept` replaces equality where many answers are right. It returns None, or a sentence that says why not:
  `accept=lambda order: None if is_valid(order) else "b comes before its input a."`
- A dictionary as `expected` makes boxes to fill, each marked and explained separately. So do names for the entries of a
  tuple: `names=("x", "W", "b")` for three gradients. A mistake is named for each box in which it agrees. With
  `@linear_vjp.mistake(whole=True)` it must agree in all boxes: "The two gradients have changed places".
- `any_order=True`: the items of the answer may come in any order, and so may those of a mistake.
- `words=("overfits", "underfits")` are the texts that an answer may be; of another it is said that it is none of them.
- `form=not_a_count` is for boxes with a text that is put together, as "3 forward": a function that returns a sentence
  on a content in another form, or "".
- A case without inputs takes a value, or a function that returns it, and does not show the expected value. Use it for
  predictions and for graphs to fill in. A mistake is then a function without parameters.
- `about` says what is special in a case, in words that fit after "among them". `named("x³", f)` is f with a name to
  show. `rtol`, `atol` and `dtype` say how close a right answer is.
- Sizes are small and unequal, (2, 3) and not (2, 2). Random inputs come from a generator seeded in the body.
- A sentence says what the learner did, why one would do it, and where it shows. It gives no code and no praise.

In `tests/checks/lesson_NN.py` each exercise gets two different right answers and eight wrong ones, five of them
recognised by name. `python -m tests.checks` prints the table of all exercises. `make mutants LESSON=01` tries small
changes of the right answers: each that passes shows a case that is missing.
'''

from .cases import Case, Refused
from .exercises import Exercise, exercise
from .limits import Limits
from .overview import Advice, Progress, all_exercises, progress, what_is_next
from .record import progress_file
from .report import Report
from .values import named

__all__ = [
    "Advice",
    "Case",
    "Exercise",
    "Limits",
    "Progress",
    "Refused",
    "Report",
    "all_exercises",
    "exercise",
    "named",
    "progress",
    "progress_file",
    "what_is_next",
]
