"""Is your engine right? Any automatic differentiation engine goes through the course's cases.

    python -m gradlib.conformance mymodule:Value        # in a terminal
    conformance.run(Value)                              # in a notebook

An engine in micrograd's style needs no configuration: a class whose values have data, a gradient, operators and
`backward()`. The names of attributes, arguments and methods are found by trying. An `Adapter` names what is not found;
in a file it is the thing that the command names, `python -m gradlib.conformance mymodule:adapter`:

    from gradlib.conformance import Adapter
    adapter = Adapter(Var, value="numpy", functions=["mymodule.functional", "mymodule.optim"])

A failed case proves a mistake, and the report says it in a sentence. Not failed is what the engine does not offer or
refuses (unsupported), what is a convention (differs), and what may follow from a simpler failure (explained).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..checks.limits import Limits, Stopped, call
from . import layer_cases, scalar_cases, small_engine, tensor_cases  # noqa: F401  some fill CASES
from .cases import CASES, LEVELS
from .detection import NoWayFound, find_engine
from .diagnosis import Diagnosis, diagnose
from .engine import Adapter
from .own import Incomplete, own_engine, own_table
from .report import Report
from .running import Result, quiet, run_cases

CASES.sort(key=lambda case: case.level)  # the cases of one level come from several files

__all__ = [
    "CASES",
    "LEVELS",
    "Adapter",
    "Diagnosis",
    "Incomplete",
    "NoWayFound",
    "Report",
    "Result",
    "own_engine",
    "own_table",
    "run",
    "small_engine",
]


def run(
    engine: type | Adapter, *, levels: Sequence[int] = tuple(LEVELS), seconds: float = 3.0, processes: bool = True,
    **names: Any,
) -> Report:  # fmt: skip
    """Run an engine through the cases and return a Report.

    engine : the class of its values, or an Adapter; `names` are an Adapter's fields, `run(Value, grad="derivative")`.
    levels : only cases of these levels.
    seconds : for each case, after which it has failed.
    processes : run each case in a process of its own, where the platform has them. Without, it is faster.

    Raises NoWayFound, with a list of what was tried, if the engine cannot be used at all.

    >>> from gradlib.scalar import Value
    >>> report = run(Value, levels=[1])
    >>> print(report.text)
    gradlib.scalar:Value: 16 cases: 15 passed, 1 unsupported
    ...
    >>> report.passed
    True
    """
    adapter = engine if isinstance(engine, Adapter) else Adapter(engine, **names)
    if not isinstance(adapter.cls, type):
        raise TypeError(f"run takes the class of an engine's values, or an Adapter, got {type(adapter.cls).__name__}")
    with quiet() as printed:
        if processes:
            _require_harmless(adapter)
        found = find_engine(adapter)
    results, contained, words = run_cases(found, seconds, levels, processes)
    results, diagnoses = diagnose(results)
    return Report(
        adapter.name, found.spoken, contained, printed.start or words, tuple(results), tuple(diagnoses)
    )  # fmt: skip


def _require_harmless(adapter: Adapter) -> None:
    """Find the engine once in a process of its own, which may hang or crash."""
    try:
        call(lambda: find_engine(adapter) and None, limits=Limits(seconds=20.0))
    except Stopped as stopped:
        raise NoWayFound(f"{adapter.name} could not be tried. {stopped}") from None
