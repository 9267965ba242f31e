"""Errors in a notebook: the learner's own lines and the message, without the lines of the library in between.

`import gradlib` in a kernel sets this up. It changes how IPython shows an error, whatever its `%xmode`, and nothing
else: the exception keeps every frame for `%debug` and for programs, and outside a kernel Python shows errors as ever.
"""

from __future__ import annotations

import os
import re
import sys
import sysconfig
import textwrap
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import numpy as np

from .habits import hint

_LIBRARY = os.path.join(Path(__file__).parent, "")
_NUMPY = os.path.join(Path(np.__file__).parent, "")
_PATHS = sysconfig.get_paths()
_INSTALLED = [os.path.join(_PATHS[name], "") for name in ("stdlib", "purelib", "platlib")]
_NOT_THE_LEARNERS = (_LIBRARY, *_INSTALLED, "<frozen ", "<__array_function__")
_COLOUR = re.compile(r"\x1b\[[\d;]*m")
WIDTH = 80  # characters, after which a message goes on in the next line: JupyterLab would break it inside a word

HIDDEN = "    [... {} hidden: gradlib.full_tracebacks() shows {}]\n"
UNKNOWN_NAME = """\
Is {name!r} misspelt, or has the cell that defines it not run yet?
Run > Run All Above Selected Cell runs all the cells before this one."""


def full_tracebacks(show: bool = True) -> None:
    """Show errors in a notebook with every line of the library (`show=True`), or with your own lines only.

    In a notebook an error shows the lines that you wrote and the message. The lines of gradlib and NumPy between them
    are left out. Call this in a cell to see them from then on; `%tb` shows the last error again.

        gradlib.full_tracebacks()
        %tb

    It has no effect on plain Python and on the debugger, which show all lines anyway.

    >>> full_tracebacks()  # all lines from now on
    >>> full_tracebacks(False)  # only your own lines
    """
    if (printer := _printer()) is not None:
        printer.is_folding = not show


def is_the_learners(file: str) -> bool:
    """Return True unless a file belongs to Python, to gradlib or to an installed package."""
    return not file.startswith(_NOT_THE_LEARNERS) and not file.endswith(".pyx")  # NumPy's compiled parts


def folded(traceback: TracebackType | None) -> TracebackType | None:
    """Return a traceback without the frames of gradlib and NumPy, and without what these call.

    A function of the learner's that the library calls is shown. The result is None if no frame is left.
    """
    kept, inside = [], False
    for step in _steps(traceback):
        file = step.tb_frame.f_code.co_filename
        if is_the_learners(file):
            inside = False
        elif file.startswith((_LIBRARY, _NUMPY)):
            inside = True
        if not inside:
            kept.append(step)
    made = None
    for step in reversed(kept):
        made = TracebackType(made, step.tb_frame, step.tb_lasti, step.tb_lineno)
    return made


def _steps(traceback: TracebackType | None) -> list[TracebackType]:
    found = []
    while traceback is not None:
        found.append(traceback)
        traceback = traceback.tb_next
    return found


def wrapped(message: str) -> str:
    """Return a message with its long lines wrapped between words.

    >>> print(wrapped("  a line of words " + "that goes on " * 6))
      a line of words that goes on that goes on that goes on that goes on that goes
      on that goes on
    """
    return re.sub(rf".{{{WIDTH + 1},}}", _wrapped_line, message)


def _wrapped_line(line: re.Match) -> str:
    head = re.match(rf"(.*{_COLOUR.pattern})?", line[0])[0]  # up to where the last colour ends
    shown = _COLOUR.sub("", head)
    text = shown + line[0].removeprefix(head)
    indent = re.match(" *", text)[0]
    filled = textwrap.fill(text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    return head + filled.removeprefix(shown)


def set_up() -> None:
    """Hide the library's frames in the kernel that this Python runs in. Without a kernel do nothing."""
    printer = _printer()
    if printer is not None and not hasattr(printer, "is_folding"):
        _fold(printer)


def _printer():
    """The object by which the kernel prints every error, or None where there is no kernel."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return shell.InteractiveTB if getattr(shell, "kernel", None) is not None else None


def _fold(printer) -> None:
    """Replace the methods by which a printer finds its frames and formats its messages."""
    print_all, find_cause = printer.structured_traceback, printer.get_parts_of_chained_exception

    def structured_traceback(etype, evalue, etb=None, *args, **kwargs):
        view = etb
        if printer.is_folding and isinstance(etb, TracebackType):
            view = folded(etb)
            if not any(is_the_learners(step.tb_frame.f_code.co_filename) for step in _steps(view)):
                view = etb  # an error of the library alone, as in the reaction to a button
        parts = print_all(etype, evalue, view, *args, **kwargs)
        if view is not etb:
            printer.tb = etb  # where the debugger begins
            hidden = len(_steps(etb)) - len(_steps(view))
            places = [i for i, part in enumerate(parts) if _COLOUR.sub("", part).startswith(etype.__name__)]
            if hidden and places and places[-1] > 0:  # before the message, unless nothing else is shown
                words = ("1 frame", "it") if hidden == 1 else (f"{hidden} frames", "them")
                parts.insert(places[-1], HIDDEN.format(*words))
        return parts

    def get_parts_of_chained_exception(evalue):
        found = find_cause(evalue)
        if not printer.is_folding or not found or found[2] is None:
            return found
        kind, error, traceback = found
        view = folded(traceback)
        return view and (kind, error, view)  # None: the library has answered it with an error that says more

    printer.structured_traceback = structured_traceback
    printer.get_parts_of_chained_exception = get_parts_of_chained_exception
    for name in ("format_exception", "_format_exception_only"):  # in the modes Context and Verbose, and in all others
        setattr(printer, name, _readable(getattr(printer, name)))
    printer.is_folding = True


def _readable(format_message: Callable[..., list[str]]) -> Callable[..., list[str]]:
    """Wrap a method that returns the lines of a message."""

    def format_and_wrap(etype, evalue):
        parts = [wrapped(part) for part in format_message(etype, evalue)]
        if isinstance(evalue, NameError) and not isinstance(evalue, UnboundLocalError) and evalue.name:
            parts.append(UNKNOWN_NAME.format(name=evalue.name))
        if isinstance(evalue, AttributeError) and evalue.name:
            said = hint(evalue.obj, evalue.name)
            parts += [said] * bool(said and said not in str(evalue))
        return parts

    return format_and_wrap
