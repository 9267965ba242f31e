"""Run the checks of one submission. The cases are here; the answers run in the runner.

    python -m gradlib.grading.judge DESCRIPTOR < job        the socket to the runner

The job is JSON: the lesson, and the cells of the repaired notebook. For each check a line of JSON is printed:
{"exercise": ..., "status": ..., "report": ..., "mistakes": [...]}.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import resource
import socket
import sys
import time
import weakref
from collections.abc import Iterator
from dataclasses import asdict
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from ..autograd import enable_grad
from ..checks import Exercise, Limits, Report
from ..checks.boxes import sentence
from ..checks.limits import Stopped
from ..checks.report import NOT_ATTEMPTED, NOT_YET
from . import hidden, released, sandbox
from .runner import ON_THE_CLOCK
from .wire import Broken, Channel, Session, remote_of

CELL = 60.0  # seconds for a cell, without those in which it waits for a busy machine. A solution's take a few
WALL = 100  # seconds on the clock for each second of the processor that an answer may take, where others work, too
PATIENCE = 600.0  # seconds beyond its limits that the runner has, since it may wait for others
FOREVER = Limits(seconds=10**7, steps=10**15)  # the runner's clock is the one that counts
PROCESSOR = 300  # seconds that the judge itself may take for a submission; an honest one needs a few
NOT_JUDGED = "This answer could not be judged"
GONE = "The notebook's process ended here, so the check could not ask your code any more."


class Judge:
    def __init__(self, runner: socket.socket, job: dict):
        self.runner = Channel(runner)
        self.is_gone = False
        self.job = job
        self.module = importlib.import_module(f"gradlib.checks.lesson_{job['lesson']}")
        used = released.names_with_parts(released.with_inputs(f"lesson_{job['lesson']}", job["used"]))
        self.known = released.known_classes(used)

    def verdicts(self) -> Iterator[tuple[Exercise, Report]]:
        """The report on each check, in the order of the notebook. None at all, if the runner did not begin."""
        self._within(PATIENCE)
        try:
            self.runner.send({"cells": self.job["cells"], "known": list(self.known), "seconds": CELL})
            self.runner.receive()
        except Broken:
            return
        cells = 0
        for cell in self.job["cells"]:
            if "code" in cell:
                cells += 1
                continue
            exercise = getattr(self.module, cell["check"])
            if "varies" in cell:
                exercise = exercise.of(self.job["learner"])
            self._within(PATIENCE + ON_THE_CLOCK * CELL * (cells + 1))
            cells = 0
            try:
                if self.is_gone:
                    raise Broken
                yield exercise, self._judge(exercise)
            except Broken:
                self.is_gone = True  # what comes later, if anything, answers what was asked before
                yield exercise, Report(exercise.name, NOT_YET, explanation=GONE)

    def _within(self, seconds: float) -> None:
        self.runner.deadline = time.monotonic() + seconds

    def _judge(self, exercise: Exercise) -> Report:
        ready = self.runner.receive()
        if not isinstance(ready, dict) or ready.get("ready") != exercise.name:
            raise Broken("the runner is not at this check")
        self._within(WALL * exercise.limits.seconds + PATIENCE)
        self.runner.send({"limits": asdict(exercise.limits)})
        here, there = socket.socketpair()
        socket.send_fds(self.runner.socket, [b"s"], [there.fileno()])
        there.close()
        with here:
            if missing := ready.get("missing"):
                report = Report(exercise.name, NOT_ATTEMPTED, explanation=f"The notebook has no answer here: {missing}")
            else:
                report = self._ask(exercise, here)
        if not self.has_ended:
            self.runner.receive()
        return report

    has_ended = False

    def _ask(self, exercise: Exercise, end: socket.socket) -> Report:
        self.has_ended = False
        session = Session(end, self.known, strict=True, given=lambda kind: kind.__module__.startswith("gradlib."))
        session.channel.deadline = self.runner.deadline
        session.ended = lambda: self._why_it_ended(end)
        with asking_there(self.module, session):
            try:
                report = exercise.report(answer := session.ask("root", 0, ""), FOREVER)
                if report.passed and self.job["seed"]:
                    with np.errstate(all="ignore"), enable_grad():
                        report = hidden.hidden_report(exercise, answer, self.job["seed"]) or report
                return report
            except Stopped as stopped:
                return Report(exercise.name, NOT_YET, str(stopped.place or ""), str(stopped))
            except Broken:
                raise
            except BaseException as error:  # also one of the answer's, where its value is compared or shown
                return Report(exercise.name, NOT_YET, explanation=f"{NOT_JUDGED}: {type(error).__name__}.")

    def _why_it_ended(self, end: socket.socket) -> Stopped:
        """The sentence of the runner on an answer that was stopped. It was sent only once."""
        end.close()
        if self.has_ended:
            return Stopped(GONE)
        self.has_ended = True
        try:
            why = self.runner.receive()["ended"]
            return Stopped(str(why[0])[:500], str(why[1])[:200]) if why else Stopped(GONE)
        except (Broken, LookupError, TypeError):
            return Stopped(GONE)


@contextlib.contextmanager
def asking_there(module: ModuleType, session: Session) -> Iterator[None]:
    """A check that watches how long objects live asks the runner, where they live."""

    def ref(thing: Any) -> Any:
        if (at := remote_of(thing)) is None:
            return weakref.ref(thing)
        session.ask("forget", at[1], "")
        return lambda: session.ask("alive", at[1], "") or None

    def switch(on: int) -> None:
        session.ask("collector", on, "")

    there = {
        "weakref": SimpleNamespace(ref=ref),
        "gc": SimpleNamespace(
            isenabled=lambda: True,
            disable=lambda: switch(0),
            enable=lambda: switch(1),
            freeze=lambda: None,
            unfreeze=lambda: None,
            collect=lambda: 0,
        ),
    }
    kept = {name: vars(module)[name] for name in there if name in vars(module)}
    vars(module).update({name: there[name] for name in kept})
    try:
        yield
    finally:
        vars(module).update(kept)


def named_mistakes(exercise: Exercise, report: Report) -> list[str]:
    """The names of the mistakes that a report names."""
    return [mistake.__name__ for mistake in exercise.mistakes if sentence(mistake) and sentence(mistake) in report.text]


def main(descriptor: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (2 * sandbox.MEMORY, 2 * sandbox.MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR, PROCESSOR))
    job = json.load(sys.stdin)
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a check prints is not a verdict
    for exercise, report in Judge(socket.socket(fileno=descriptor), job).verdicts():
        verdict = {"exercise": exercise.name, "points": exercise.points, "status": report.status}
        verdict |= {"report": report.text, "mistakes": named_mistakes(exercise, report)}
        print(json.dumps(verdict), file=out, flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
