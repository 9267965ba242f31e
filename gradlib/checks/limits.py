"""Limits for code that may never end: seconds, steps, printed output, memory.

`call(f, x)` is f(x), or raises Stopped, whose message says where f was stopped and why. The code that calls it goes on.
Inside, `with Watch(limits):` marks the learner's code, for which the seconds and steps are counted. Seconds in which it
waits for a processor that others keep busy are not counted on Linux: a right answer is right on a busy machine, too.

| where | how f runs | what cannot be stopped |
|---|---|---|
| Linux, main thread | in a child process | nothing: it ends compiled code and a crash of Python, too |
| macOS; a `Watch` without `call` | here, with an alarm clock | compiled code; code that catches the alarm and goes on |
| Windows, Pyodide, other threads | here, with a count of steps | the same |
| under a debugger or a tracer | here, with the alarm clock if there is one | the same, else everything |

Printed output is cut everywhere, memory is limited in a child process only. What f changes, it changes in the child
process only: its result comes back pickled, and what it prints and draws is shown here.
"""

from __future__ import annotations

import builtins
import contextlib
import faulthandler
import gc
import io
import os
import pickle
import re
import select
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, SimpleNamespace
from typing import Any, NoReturn

from ..tracebacks import is_the_learners
from .places import Place, learners_places, loop_around, places_of_error, places_of_frame

# Their threads or devices do not work in a child process.
_NOT_IN_A_CHILD = {"cupy", "jax", "mpi4py", "tensorflow", "torch"}
_MOST_PICTURES = 10
_RUNNING = str(Path(__file__).with_name("running.py"))  # its blocks call the learner's code
_in_child = False


@dataclass(frozen=True)
class Limits:
    """How much a learner's code may take.

    seconds : for the learner's code, running or asleep. A child process has 3 more, for the code around it.
    steps : lines of the learner's code, and calls from it, where there is no clock.
    printed : characters that are shown.
    memory : bytes, beyond those taken before.
    processor : count the seconds of the processor alone, so that a sleep costs nothing.
    """

    seconds: float = 6.0
    steps: int = 5_000_000
    printed: int = 3_000
    memory: int = 2**30
    processor: bool = False


STANDARD = Limits()


class Stopped(BaseException):  # not an Exception, so that a learner's `except Exception` lets it pass
    """Raised in code that is over a limit. Its message is a sentence for whoever wrote the code."""

    def __init__(self, sentence: str, place: Place | None = None):
        super().__init__(sentence)
        self.place = place

    def __reduce__(self) -> tuple:
        return Stopped, (str(self), self.place)


def call(function: Callable[..., Any], *arguments: Any, limits: Limits = STANDARD) -> Any:
    """Return function(*arguments). Raises Stopped if it is over a limit or ends Python.

    The result must be picklable, and so must an exception.

    >>> call(pow, 2, 10)
    1024
    """
    if _may_fork():
        with contextlib.suppress(_NoChild):
            return _call_in_child(function, arguments, limits)
    with _output_at_most(limits.printed, _shower()):
        return function(*arguments)


# --- here: an alarm clock, or a count of steps ---------------------------------------------------


class Watch:
    """`with watch:` raises Stopped in the block if all its blocks together are over the limits."""

    def __init__(self, limits: Limits):
        self.limits, self.seconds, self.steps = limits, limits.seconds, limits.steps
        self._undo = contextlib.ExitStack()

    def __enter__(self) -> Watch:
        if _has_alarm():
            self._undo.enter_context(self._clock())
        elif sys.gettrace() is None:
            self._undo.enter_context(self._count())
        if _in_child:
            self._undo.enter_context(_memory_at_most(self.limits.memory))
        return self

    def __exit__(self, *_: object) -> None:
        self._undo.close()

    @contextlib.contextmanager
    def _clock(self) -> Iterator[None]:
        def ring(_: int, frame: FrameType | None) -> None:
            # Outside, the block is about to begin or to end. The next ring is near.
            if now() >= end and _is_inside(frame):
                raise _stopped(places_of_frame(frame), _seconds(self.limits.seconds))

        now, clock, bell = own_time, signal.ITIMER_REAL, signal.SIGALRM
        if self.limits.processor:
            now, clock, bell = time.process_time, signal.ITIMER_PROF, signal.SIGPROF
        started = now()
        end = started + self.seconds
        handler = signal.signal(bell, ring)
        # It rings again and again, for code that catches everything.
        timer = signal.setitimer(clock, max(self.seconds, 1e-3), 0.05)
        try:
            yield
        finally:
            signal.setitimer(clock, *timer)
            signal.signal(bell, handler)
            self.seconds -= now() - started

    @contextlib.contextmanager
    def _count(self) -> Iterator[None]:
        def step(frame: FrameType, event: str, argument: object) -> Callable | None:
            self.steps -= 1
            if self.steps < 0:
                raise _stopped(places_of_frame(frame), f"{self.limits.steps:,} steps")
            return step if is_the_learners(frame.f_code.co_filename) else None

        sys.settrace(step)
        try:
            yield
        finally:
            sys.settrace(None)


def _is_inside(frame: FrameType | None) -> bool:
    """Return True if a call stack is inside the block of a watch, and not where the watch sets and clears its alarm."""
    innermost = frame
    while frame is not None:
        if frame.f_code.co_filename == __file__:
            return frame.f_code in (_work.__code__, call.__code__)
        if frame.f_code.co_filename == _RUNNING:
            return frame is not innermost
        frame = frame.f_back
    return True


def own_time(process: int | str = "thread-self") -> float:
    """Seconds, minus those in which the main thread of a process was ready to run and no processor was free."""
    try:
        waited = int(Path(f"/proc/{process}/schedstat").read_text().split()[1])
    except (OSError, IndexError):  # not Linux, or a kernel that does not count it
        waited = 0
    return time.monotonic() - waited / 1e9


def _processor_time(process: int) -> float:
    """Seconds that all threads of a process have run."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _seconds(count: float) -> str:
    return f"{count:g} second{'s' * (count != 1)}"


def _has_alarm() -> bool:
    return hasattr(signal, "setitimer") and sys.platform != "emscripten" and _in_main_thread()


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


def _stopped(places: list[Place], after: str) -> Stopped:
    """The exception for code that was at these places, the innermost first, when it was stopped."""
    if not places:
        return Stopped(f"Your code was still running after {after}, so it was stopped.")
    here = places[0]
    calls = [place for place in places if (place.file, place.function) == (here.file, here.function)]
    if len(calls) > 1 and not here.function.startswith("<"):
        here = calls[1]  # the line in which it calls itself
        why = (
            f"`{here.function}` calls itself. Does it come back to the same places again and again? What it has done "
            "once, it can remember."
        )
    elif loop := _enclosing_loop(places):
        here, why = loop, "Does this loop ever end, or does it do the same work again and again?"
    else:
        why = "Does this line make something too large, or something that has no end?"
    return Stopped(f"This was still running after {after}, so it was stopped. {why}", here)


def _enclosing_loop(places: list[Place]) -> Place | None:
    for kind in ("While", "For"):
        for place in places:
            if loop := loop_around(place, kind):
                return loop
    return None


# --- a child process -----------------------------------------------------------------------------


def _may_fork() -> bool:
    """Return True if a child process is possible and safe: on Linux, from the main thread, without a debugger."""
    return (
        sys.platform == "linux"
        and _in_main_thread()
        and sys.gettrace() is None
        and not any(map(sys.modules.get, _NOT_IN_A_CHILD))
    )


class _NoChild(Exception):
    """There is no room for a child process: the user has too many, or the machine too little memory."""


def _call_in_child(function: Callable[..., Any], arguments: tuple, limits: Limits) -> Any:
    """Return function(*arguments), which runs in a child process. Raises _NoChild if there can be none."""
    reader, writer = os.pipe()
    words_reader, words_writer = os.pipe()  # Python's fault handler writes here
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # on a kernel's threads: the child uses none of them
            child = os.fork()
    except OSError:
        for end in (reader, writer, words_reader, words_writer):
            os.close(end)
        raise _NoChild from None
    if child == 0:
        try:
            message = _work(function, arguments, limits, words_writer)
            with open(writer, "wb") as file:
                file.write(len(message).to_bytes(8, "big") + message)
        finally:
            os._exit(0)  # not `exit`, which would finish what the parent has begun
    os.close(writer)
    os.close(words_writer)
    with open(reader, "rb", buffering=0) as results, open(words_reader, encoding="utf-8", errors="replace") as words:
        message, code, interrupt = _wait(child, results, limits)
        last_words = words.read()
    if len(message) < 8 or len(message) < 8 + int.from_bytes(message[:8], "big"):
        raise interrupt or _ended(code, last_words, limits)
    (returned, value), pieces = pickle.loads(message[8:])
    show = _shower()
    for piece in pieces:
        show(*piece)
    if interrupt or not returned:
        raise interrupt if returned else value
    return value


def _whole(limits: Limits) -> float:
    """The seconds after which a child process is ended."""
    return limits.seconds + 3


def _wait(child: int, results: io.RawIOBase, limits: Limits) -> tuple[bytes, int | None, KeyboardInterrupt | None]:
    """Return what a child wrote until it ended, its exit code, or None if it was ended from here, and an interrupt."""
    # Asleep, it takes nothing of the processor, and has a hundred times as long.
    ends = own_time(child) + _whole(limits) * (100 if limits.processor else 1)
    message, interrupt, patience = b"", None, 0.0
    try:
        while True:
            try:
                left = ends - own_time(child)
                if limits.processor:
                    left = min(left, _whole(limits) - _processor_time(child))
                if left <= 0:
                    os.kill(child, signal.SIGUSR1)  # it says where it is, and ends
                    patience = 1.0
                    break
                if not select.select([results], [], [], left)[0]:
                    continue
                if not (part := results.read(2**16)):
                    patience = 1.0
                    break
                message += part
            except KeyboardInterrupt as stopped:
                interrupt, ends = stopped, own_time(child) + 3  # it may say where it was
                os.kill(child, signal.SIGINT)
    finally:
        code = _end(child, patience)
    return message, code, interrupt


def _end(child: int, patience: float) -> int | None:
    """Return the exit code of a child that ends within some seconds; end it otherwise, and return None."""
    end = time.monotonic() + patience
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() >= end:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return None
        time.sleep(0.001)


def _work(function: Callable[..., Any], arguments: tuple, limits: Limits, last_words: int) -> bytes:
    """Run a function in the child process. Returns the pickled message for the parent."""
    global _in_child
    _in_child = True
    gc.freeze()  # what the parent has made is the parent's to clean up
    os.setpgid(0, 0)  # an interrupt comes once, from the parent
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    faulthandler.enable(last_words)
    signal.signal(signal.SIGUSR1, signal.SIG_DFL)
    faulthandler.register(signal.SIGUSR1, last_words, chain=True)  # the parent's, also where compiled code hangs
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nowhere, stream)
    builtins.input = _nobody_types
    pieces: list[tuple[str, Any]] = []
    with _output_at_most(limits.printed, lambda *piece: pieces.append(piece)), _pictures(pieces):
        try:
            outcome = True, function(*arguments)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt) and (places := places_of_error(error)):
                error.add_note(str(places[0]))
            outcome = False, error
    try:
        pickle.loads(message := pickle.dumps((outcome, pieces)))
    except Exception as error:
        message = pickle.dumps(((False, TypeError(f"the result cannot leave its process: {error}")), pieces))
    return message


def _nobody_types(*_: object) -> NoReturn:
    raise EOFError("EOF when reading a line")


def _ended(code: int | None, last_words: str, limits: Limits) -> Stopped:
    """The exception for a child process that sent no result."""
    found = re.findall(r'File "(.*)", line (\d+) in (.*)', last_words)
    places = learners_places([Place(file, int(line), function) for file, line, function in found])
    place = places[0] if places else None
    if code is None or code == -signal.SIGUSR1:
        return _stopped(places, _seconds(_whole(limits)))
    if code == -signal.SIGKILL:
        return Stopped("Your code took more memory than there is. Does something in it grow without end?", place)
    if code < 0:
        return Stopped(
            "Python itself crashed here. A recursion far beyond Python's limit does that, for example, once the limit "
            "was raised.",
            place,
        )
    return Stopped("Your code ended the whole program. A function ends with `return`, or after its last line.", place)


@contextlib.contextmanager
def _memory_at_most(more: int) -> Iterator[None]:
    import resource  # not on Windows, and not in the browser

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    limits = [limit for limit in (soft, hard, taken + more) if limit != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_AS, (min(limits), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


# --- printed output ------------------------------------------------------------------------------

Show = Callable[[str, Any], None]


@contextlib.contextmanager
def _output_at_most(most: int, show: Show) -> Iterator[None]:
    """Pass printed text to show("stdout", text) or show("stderr", text), at most so many characters."""
    count = SimpleNamespace(left=most, more=0)
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (_Stream(name, count, show) for name in ("stdout", "stderr"))
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
        if count.more:
            show("stdout", f"\n… and {count.more:,} more characters\n")


class _Stream(io.TextIOBase):
    def __init__(self, name: str, count: SimpleNamespace, show: Show):
        self.name, self._count, self._show = name, count, show

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if shown := text[: self._count.left]:
            self._show(self.name, shown)
        self._count.left -= len(shown)
        self._count.more += len(text) - len(shown)
        return len(text)


@contextlib.contextmanager
def _pictures(pieces: list[tuple[str, Any]]) -> Iterator[None]:
    """Collect what IPython would display, in a child process."""
    shell = _shell()
    if shell is None:
        yield
        return
    pyplot = sys.modules.get("matplotlib.pyplot")
    before = set(pyplot.get_fignums()) if pyplot else set()

    def publish(data: dict, metadata: dict | None = None, **_: object) -> None:
        if sum(kind == "picture" for kind, _ in pieces) < _MOST_PICTURES:
            pieces.append(("picture", {"data": data, "metadata": metadata}))

    shell.display_pub.publish = publish
    yield
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot and set(pyplot.get_fignums()) - before:
        with contextlib.suppress(Exception):  # a figure that cannot be drawn
            pyplot.show()


def _shell() -> Any:
    return sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None


def _shower() -> Show:
    """A function that shows a piece of output at its place: on the streams of now, or as IPython displays it."""
    streams, shell = {"stdout": sys.stdout, "stderr": sys.stderr}, _shell()

    def show(kind: str, content: Any) -> None:
        if kind == "picture":
            shell.display_pub.publish(**content)
        else:
            streams[kind].write(content)

    return show
