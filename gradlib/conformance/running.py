"""Run an engine through the cases, each with limits, so that no engine can end, hang or flood the program.

Where the platform has child processes, each case runs in one of its own: a crash, or a switch that an engine leaves
off, reaches no other case. Elsewhere (Windows, the browser) they run here, with what `gradlib.checks.limits` offers
there.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..checks.limits import Limits, Stopped, Watch, call
from ..checks.running import run, what_it_says, where_it_broke
from .cases import CASES, Case, Wrong
from .engine import BackwardRaised, Engine, Unsupported

PASSED, FAILED, UNSUPPORTED, DIFFERS, EXPLAINED = "passed", "failed", "unsupported", "differs", "explained"
MOST_LOST = 8  # cases without an answer, after which no more are tried


@dataclass(frozen=True)
class Result:
    """The verdict on one case.

    code : the mistake, or "".
    stage : where it showed: "value", "gradient", or "raises" for an error in backward.
    said : what came, and what is right.
    because : the mistake in a simpler case that explains this failure, or "".
    """

    level: int
    name: str
    status: str
    code: str = ""
    stage: str = "gradient"
    said: str = ""
    because: str = ""
    error: str = ""  # the type of an error that backward raised


def run_cases(engine: Engine, seconds: float, levels: Sequence[int], processes: bool) -> tuple[list[Result], bool, str]:
    """Return the verdicts, whether each case ran in a process of its own, and the start of what the engine printed."""
    results: list[Result] = []
    lost, own, printed = 0, [], ""
    # A busy machine takes no more of the processor's seconds.
    limits = Limits(seconds=seconds, steps=int(400_000 * seconds), processor=True)
    for case in CASES:
        if case.level not in levels:
            continue
        if case.tensors and engine.kind != "tensor":
            results.append(Result(case.level, case.name, UNSUPPORTED, said="an engine for scalars"))
            continue
        if lost >= MOST_LOST:
            said = f"not tried, since {lost} cases have given no answer"
            results.append(Result(case.level, case.name, UNSUPPORTED, said=said))
            continue
        if processes:
            try:
                result, pid, words = call(_run_case, engine, case, limits, limits=limits)
            except Stopped as stopped:  # a crash, or compiled code
                result, pid, words = _lost(case, stopped), None, ""
        else:
            result, pid, words = _run_case(engine, case, limits)
        lost += result.code in ("HANGS", "CRASHES", "COST")
        own.append(pid != os.getpid())
        printed = printed or words
        results.append(result)
    return results, bool(own) and all(own), printed


def _run_case(engine: Engine, case: Case, limits: Limits) -> tuple[Result, int, str]:
    with quiet() as printed, _switches_restored(engine):
        outcome = run(lambda: case.judge(engine), {}, None, Watch(limits))
    return _verdict(case, outcome.error), os.getpid(), printed.start


def _verdict(case: Case, error: BaseException | None) -> Result:
    result = Result(case.level, case.name, PASSED)
    if error is None:
        return result
    if isinstance(error, Wrong):
        status = DIFFERS if error.differs else FAILED
        return replace(result, status=status, code=error.mistake, stage=error.stage, said=str(error))
    if isinstance(error, Stopped):
        return _lost(case, error)
    if isinstance(error, Unsupported):
        return replace(result, status=UNSUPPORTED, said=str(error))
    in_backward = isinstance(error, BackwardRaised)
    cause = error.__cause__ if in_backward else error
    said = _with_place(what_it_says(cause), cause)
    if isinstance(cause, RecursionError):
        return replace(result, status=FAILED, code="RECURSION" if case.level == 6 else "RECURSES", said=said)
    if isinstance(cause, SystemExit | MemoryError):
        return replace(result, status=FAILED, code="CRASHES", said=said)
    if in_backward:
        return replace(
            result, status=FAILED, code=case.mistake, stage="raises", said=f"backward raises {said}",
            error=type(cause).__name__,
        )  # fmt: skip
    return replace(result, status=UNSUPPORTED, said=said)  # it refuses the expression, which is honest


def _lost(case: Case, stopped: Stopped) -> Result:
    sentence = str(stopped)
    code = "HANGS" if "still running" in sentence else "CRASHES"
    if case.level == 6 and code == "HANGS":
        code = "COST" if case.mistake == "COST" else "QUADRATIC"
    return Result(case.level, case.name, FAILED, code, said=_with_place(sentence, stopped))


def _with_place(sentence: str, error: BaseException) -> str:
    """A sentence, and the line of the engine that it is about."""
    place = where_it_broke(error)
    return f"{sentence} ({place})" if place else sentence


class _Start(io.TextIOBase):
    """A stream that keeps the first characters."""

    start = ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.start += text[: 80 - len(self.start)]
        return len(text)


@contextlib.contextmanager
def quiet() -> Iterator[_Start]:
    """Show nothing of what is printed, nor warnings."""
    printed = _Start()
    with (
        contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed), warnings.catch_warnings(),
        np.errstate(all="ignore"),
    ):  # fmt: skip
        warnings.simplefilter("ignore")
        yield printed


@contextlib.contextmanager
def _switches_restored(engine: Engine) -> Iterator[None]:
    """Put back the switches of the engine's class and module: a no_grad that got stuck must not reach the next case."""
    module = sys.modules.get(engine.cls.__module__)
    places: list[Any] = [engine.cls] if module is None else [engine.cls, module]
    before = [(place, name, on) for place in places for name, on in list(vars(place).items()) if isinstance(on, bool)]
    try:
        yield
    finally:
        for place, name, on in before:
            if vars(place).get(name) is not on:
                setattr(place, name, on)
