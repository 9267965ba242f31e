"""Run a learner's answer on one case: its value, the inputs that it changed, and the line of an error."""

from __future__ import annotations

import contextlib
import dis
import functools
import inspect
import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import CodeType, CoroutineType, FunctionType, MethodType, TracebackType
from typing import Any

from ..tracebacks import is_the_learners
from .limits import Stopped, Watch
from .places import places_of_error
from .values import LONGEST, copy, cut, is_unchanged, is_unfilled, without_addresses

_LIBRARY, _CHECKS = (os.path.join(Path(__file__).parents[above], "") for above in (1, 0))


@dataclass(frozen=True)
class Outcome:
    """The outcome of one run of an answer."""

    value: Any = None
    error: BaseException | None = None
    changed: tuple[str, ...] = ()  # inputs whose contents have changed
    blank: bool = False  # the answer is still a stub
    returned_nothing: bool = False  # the answer itself returned None, at least once


def run(answer: Any, inputs: Mapping[str, Any], call: Callable[..., Any] | None, watch: Watch | None = None) -> Outcome:
    """Run an answer on copies of the inputs. A non-callable answer is returned unchanged."""
    if call is None and not inputs and not callable(answer):
        return Outcome(answer, blank=is_unfilled(answer))
    copies = copy(dict(inputs))
    value, error, returned = None, None, []
    try:
        with watch or contextlib.nullcontext():
            value = call(_noting(answer, returned), *copies.values()) if call else _run(answer, *copies.values())
    except KeyboardInterrupt:
        raise
    except BaseException as raised:  # also `exit()`, which must not end the kernel
        error = raised
    changed = tuple(name for name in inputs if not is_unchanged(inputs[name], copies[name]))
    if isinstance(error, NotImplementedError):
        blank = True
    elif value is None:  # returned by a stub, or `call` failed on a stub's None
        blank = _does_nothing(answer)
    else:
        blank = is_unfilled(value) or not isinstance(answer, type) and _does_nothing(answer)
    return Outcome(value, error, changed, blank, returned_nothing=any(returned) if call else value is None)


def _run(answer: Any, *arguments: Any, **keywords: Any) -> Any:
    """The answer's value. The coroutine of an `async def` is closed, since nobody will await it."""
    value = answer(*arguments, **keywords)
    if isinstance(value, CoroutineType):
        value.close()
    return value


def _noting(answer: Any, returned: list[bool]) -> Any:
    """The same function, which also notes at each call whether it returned None."""
    if not isinstance(answer, FunctionType | MethodType):
        return answer

    @functools.wraps(answer)
    def noting(*arguments, **keywords):
        value = _run(answer, *arguments, **keywords)
        returned.append(value is None)
        return value

    return noting


def part_of(answer: Any, name: str) -> Any:
    """One function of a class that only holds functions. A function that takes `self` becomes a method."""
    part = getattr(answer, name, _unwritten)
    takes_self = isinstance(part, FunctionType) and signature(part).startswith(("(self,", "(self)"))
    return MethodType(part, _Itself(answer)) if takes_self else part


class _Itself:
    """The `self` of such a method: the other functions of its class are called in the same way, with `self` or not.

    What a method keeps in `self` is kept in the class, for the next call.
    """

    def __init__(self, answer: Any):
        super().__setattr__("_answer", answer)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._answer, name, value)

    def __getattr__(self, name: str) -> Any:
        return part_of(self._answer, name) if hasattr(self._answer, name) else getattr(self._answer, name)


def _unwritten(*_, **__):
    raise NotImplementedError


def _does_nothing(answer: Any) -> bool:
    """Return True if the body of a function, or of every method of a class, is a docstring, `pass` or `...`."""
    answer = getattr(answer, "__func__", answer)  # of a method, and of a static method in its class
    if isinstance(answer, type):
        functions = [getattr(each, "__func__", each) for each in vars(answer).values()]
        return all(_does_nothing(each) for each in functions if isinstance(each, FunctionType))
    return isinstance(answer, FunctionType) and _is_empty(answer.__code__)


@lru_cache
def _is_empty(code: CodeType) -> bool:
    steps = [step for step in dis.get_instructions(code) if step.opname not in ("RESUME", "NOP", "RETURN_VALUE")]
    return all(step.opname in ("LOAD_CONST", "RETURN_CONST") and is_unfilled(step.argval) for step in steps)


def where_it_broke(error: BaseException) -> str:
    """The last line of the learner's code in a traceback, as "line 3: return x / 0", or ""."""
    if isinstance(error, Stopped):
        return str(error.place or "")
    if elsewhere := getattr(error, "elsewhere", None):  # raised in the process that runs the code, in a class
        return elsewhere.line
    places = places_of_error(error)
    return str(places[0]) if places else ""


def learners_part(error: BaseException) -> TracebackType | None:
    """The traceback of an error, from the first line of the learner's code on."""
    frame = error.__traceback__
    while frame is not None and not is_the_learners(frame.tb_frame.f_code.co_filename):
        frame = frame.tb_next
    return frame


def what_it_says(error: BaseException) -> str:
    """The error's type and message, on one line."""
    message = " ".join(without_addresses(_message(error)[: 10 * LONGEST]).split())
    return f"{type(error).__name__}: {cut(message)}" if message else type(error).__name__


def what_it_means(error: BaseException) -> str:
    """One sentence on a common error, or ""."""
    if isinstance(error, Stopped):
        return str(error)
    speaks_for_itself = _raised_by_the_library(error)  # then a general sentence on this type adds nothing
    message = _message(error)
    for kind, part, meaning in _MEANINGS:
        if not isinstance(error, kind) or (speaks_for_itself and not part):
            continue
        if any(words in message for words in part.split("|")):
            return meaning
    return ""


def _raised_by_the_library(error: BaseException) -> bool:
    file = _raised_in(error)
    return file.startswith(_LIBRARY) and not file.startswith(_CHECKS)


def raised_by_the_checks(error: BaseException) -> bool:
    """Return True if a check's own code raised the error, or something other than the library that it called."""
    return not _raised_by_the_library(error) and not re.match(r"\S+\(\) (takes|missing|got) ", _message(error))


def _raised_in(error: BaseException) -> str:
    if elsewhere := getattr(error, "elsewhere", None):
        return elsewhere.file
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    return frame.tb_frame.f_code.co_filename if frame is not None else ""


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # an exception class that the learner wrote
        return ""


def signature(answer: Any) -> str:
    """The parameters of a function as text, "(f, x, h=0.1)", or "" if Python does not know them.

    What the function notes on their types is left out, and so are defaults that are long.
    """
    try:
        found = inspect.signature(answer)
    except (TypeError, ValueError):
        return ""
    plain = [each.replace(annotation=each.empty) for each in found.parameters.values()]
    short = [each if each.default is each.empty else each.replace(default=...) for each in plain]
    for parameters in (plain, short):
        try:
            text = str(found.replace(parameters=parameters, return_annotation=found.empty))
        except Exception:  # the repr of a learner's own default
            continue
        if len(text) <= 80:
            break
    return cut(without_addresses(text).replace("Ellipsis", "..."))


# (type of the error, parts of its message, of which one is enough, its meaning); the first match is used.
_MEANINGS: list[tuple[type[BaseException], str, str]] = [
    (NotImplementedError, "", "This part is still to be written."),
    (
        UnboundLocalError,
        "",
        "A name that is assigned anywhere in a function belongs to that function, and here it is read before it has a "
        "value.",
    ),
    (NameError, "free variable", "A name of the function around this one is read before it has a value there."),
    (NameError, "", "Nothing has this name here: it is misspelt, or the cell that defines it was not run."),
    (
        TypeError,
        "not callable",
        "Parentheses after a value call it as a function, and this value cannot be called. Is an operator missing?",
    ),
    (
        TypeError,
        "cannot be interpreted as an integer",
        "An integer is needed here. None is not a number, and to Python 2.0 is a float, not an integer.",
    ),
    (
        TypeError,
        "NoneType",
        "A value here is None: what a function without `return` gives, and what stands where nothing was stored yet.",
    ),
    (TypeError, "unsupported operand", "The operator cannot join values of these two types."),
    (TypeError, "unsized object", "A single number has no length, and neither has an array without axes."),
    (TypeError, "only 0-dim", "One number is needed here, and this array holds several."),
    (
        TypeError,
        "0-d",
        "An array without axes is a single number: it cannot be looped over or indexed by position.",
    ),
    (
        TypeError,
        "not subscriptable",
        "Only lists, arrays and similar values can be indexed, and this value cannot.",
    ),
    (TypeError, "not iterable", "A loop, `in` and `sum` need a collection of values, and this is a single value."),
    (
        TypeError,
        "multiple values for",
        "This call gives one parameter two values: by its place and by its name, or twice by its name.",
    ),
    (TypeError, "positional-only", "This call gives a parameter by its name that has to be given by its place alone."),
    (
        TypeError,
        "unexpected keyword argument|invalid keyword argument|takes no keyword arguments",
        "This call gives a value to a name that is not a parameter of the function, or not one to be given by name.",
    ),
    (
        TypeError,
        "positional argument|() takes ",
        "This call passes a different number of values than the function takes.",
    ),
    (TypeError, "keyword-only argument", "This call leaves out a parameter that has to be given by its name."),
    (
        TypeError,
        "must derive from BaseException",
        "`raise` needs an error, for example `ValueError(...)` with a text in it.",
    ),
    (TypeError, "item assignment", "The items of this value cannot be changed: make a list or a new value."),
    (
        TypeError,
        "Cannot cast ufunc",
        "The result does not fit into the array on the left: an array of integers, for example, holds no fractions.",
    ),
    (TypeError, "scalar", "One number is needed here, and this array holds several."),
    (TypeError, "is not a Parameter", "Values to be trained must be Parameters: parameters() finds only those."),
    (TypeError, "", "An operation was given a value of a type that it does not accept."),
    (LookupError, "pop from", "Nothing is left to take out: the collection is empty."),
    (
        IndexError,
        "out of bounds for array of dimension",
        "The array has fewer axes than that. Counted from the end, the last axis is -1, however many there are.",
    ),
    (IndexError, "too many indices", "There are more indices than the array has axes."),
    (
        IndexError,
        "only integers, slices",
        "An index into an array is an integer, a slice or an array of these. To Python 2.0 is a float, not an integer.",
    ),
    (
        IndexError,
        "must be of integer",
        "An array of indices holds integers, or True and False. These are other numbers.",
    ),
    (IndexError, "boolean index", "A mask of True and False has as many entries as the axis that it chooses from."),
    (
        IndexError,
        "could not be broadcast",
        "The arrays of indices belong together, entry by entry, and their shapes differ.",
    ),
    (IndexError, "", "The index points past the end: n items are counted from 0 to n - 1."),
    (KeyError, "", "No such key is in the dictionary, or no such item in the set."),
    (
        AttributeError,
        "NoneType",
        "A value here is None: what a function without `return` gives, and what stands where nothing was stored yet.",
    ),
    (
        AttributeError,
        "no setter|read-only|readonly|not writable|cannot assign",
        "This attribute can be read, and nothing can be assigned to it.",
    ),
    (AttributeError, "", "The object before the dot has nothing of this name."),
    (ZeroDivisionError, "negative power", "0 to a negative power is a number divided by 0."),
    (ZeroDivisionError, "", "The number below the fraction bar is zero here."),
    (
        RecursionError,
        "",
        "The function calls itself, directly or through others, and finds no end within Python's limit.",
    ),
    (
        MemoryError,
        "allocate",
        "The memory is too small for this array: the sizes in its shape multiply. Do two axes stand against each other "
        "here that should be one?",
    ),
    (MemoryError, "", "The code took more memory than the check allows. Does something in it grow without end?"),
    (
        SystemExit,
        "",
        "`exit` ends the whole program. A function ends with `return`, or after its last line.",
    ),
    (
        EOFError,
        "",
        "`input` waits for somebody to type. A function gets what it needs through its parameters.",
    ),
    (OverflowError, "", "A number here grew beyond what a float can hold."),
    (
        ValueError,
        "more dimensions than allowed",
        "An array can be stretched to more axes, never to fewer, and this one has more than the shape asked for.",
    ),
    (
        ValueError,
        "broadcast",
        "Two arrays of different shapes meet here. Counted from the last axis, their sizes must be equal, or one of "
        "them 1.",
    ),
    (
        ValueError,
        "ambiguous",
        "A comparison of arrays gives many truth values, and here a single one is needed.",
    ),
    (ValueError, "not have enough dimensions", "`@` needs an axis on both sides, and a single number has none."),
    (
        ValueError,
        "matmul",
        "In a matrix product the last axis of the first must be as long as the first axis of the second.",
    ),
    (ValueError, "values to unpack", "There are not as many names as values that are unpacked into them."),
    (ValueError, "math domain", "The function is not defined at this number."),
    (ValueError, "expected a positive input", "The function is not defined at this number."),
    (ValueError, "inhomogeneous", "An array needs rows of equal length."),
    (ValueError, "reshape", "The new shape must hold as many numbers as the old one."),
    (
        ValueError,
        "multiple of element size",
        "The bytes do not make up a number of entries of this type. Do they begin and end where the array does?",
    ),
    (UnicodeDecodeError, "", "Not all of these bytes are text. Do they begin and end where the text does?"),
    (json.JSONDecodeError, "", "This text is not JSON from start to end. Does it begin and end where the JSON does?"),
    (AssertionError, "", "Your own `assert` does not hold here."),
]
