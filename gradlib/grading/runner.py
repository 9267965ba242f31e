"""Run the cells of a submitted notebook, and the learner's answers for the judge. It has the learner's rights alone.

    python -m gradlib.grading.runner DESCRIPTOR        the socket to the judge

The judge sends the cells. At a released check the runner says that it is there, gets a socket of its own for this
check, and answers on it in a child process, which ends with the check: what a check changes, it changes there.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import sys
import time
import warnings
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ..checks.limits import Limits, Stopped, Watch, call, own_time
from . import released
from .wire import Channel, Session

ON_THE_CLOCK = 10  # times as long as a cell may run by itself


def main(descriptor: int) -> None:
    judge = Channel(socket.socket(fileno=descriptor))
    job = judge.receive()
    shell = _shell()
    with contextlib.suppress(Exception):
        for file in released.LIBRARY.parent.glob("fontlist-*.json"):
            shutil.copy(file, os.environ["MPLCONFIGDIR"])
        import gradlib  # noqa: F401 (its errors as a notebook shows them)
    judge.send({"begins": True})  # whoever ends this process from here on may be the learner's code
    for cell in job["cells"]:
        if "check" in cell:
            _at_a_check(judge, job, cell, shell)
        else:
            with _at_most(job["seconds"]):
                shell.run_cell(cell["code"], store_history=False)


def _shell() -> Any:
    """IPython without a kernel: magics and commands work as in a notebook, and nothing is shown."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    settings = Config()
    settings.HistoryManager.enabled = False
    settings.InteractiveShell.colors = "nocolor"
    return InteractiveShell.instance(config=settings)


@contextlib.contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    """Stop a cell that runs too long. It rings again and again, for code that catches everything.

    Seconds in which it waits for a processor that others keep busy are not counted, up to a limit on the clock.
    """
    end, last = own_time() + seconds, time.monotonic() + ON_THE_CLOCK * seconds

    def ring(*_: object) -> None:
        if own_time() >= end or time.monotonic() >= last:
            raise Stopped(f"This cell was still running after {seconds:g} seconds, so it was stopped.")

    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    try:
        yield
    except BaseException:  # between two lines of IPython's own
        pass
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _at_a_check(judge: Channel, job: dict, cell: dict, shell: Any) -> None:
    try:
        answer, missing = eval(cell["answer"], shell.user_ns), ""
    except BaseException as error:
        answer, missing = None, f"{type(error).__name__}: {error}"
    judge.send({"ready": cell["check"], "missing": missing[:300]})
    limits = replace(Limits(**judge.receive()["limits"]), processor=True)  # a busy machine takes none of its seconds
    _, descriptors, *_ = socket.recv_fds(judge.socket, 1, 1)
    end = socket.socket(fileno=descriptors[0])
    ended = None
    if not missing:
        try:
            call(_serve, end, answer, job, limits, limits=limits)
        except Stopped as stopped:
            ended = [str(stopped), str(stopped.place or "")]
        except BaseException as error:
            ended = [f"The code ended with {type(error).__name__}.", ""]
    end.close()
    judge.send({"ended": ended})


def _serve(end: socket.socket, answer: Any, job: dict, limits: Limits) -> None:
    known = released.find_classes(job["known"])
    session = Session(end, known, watch=Watch(limits))
    session.root = lambda: answer
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        session.serve()


if __name__ == "__main__":
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nowhere, stream)
    main(int(sys.argv[1]))
