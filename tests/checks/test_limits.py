"""Code that never ends, takes all memory, prints without end, or ends Python: what stops it, and what it is told."""

import contextlib
import ctypes
import errno
import itertools
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import pytest

from gradlib.checks import Case, Exercise, limits
from gradlib.checks.limits import Limits, Stopped, Watch, call

SHORT = Limits(seconds=0.3, steps=20_000, memory=2**27)


def body():
    yield Case({"x": 2.0}, 4.0)
    yield Case({"x": 3.0}, 6.0)


LITTLE = Limits(seconds=0.3, processor=True)
TASK = Exercise(body, "A task", limits=SHORT)
PATIENT = Exercise(body, "A task")


def never_ends(x):
    while True:
        x = x + 1


def counts_for_ever(x):
    for i in itertools.count():
        x = x + i


def helper(x):
    return x


def in_a_helper(x):
    while x > 0:
        x = helper(x)


def forgets_what_it_knows(x):
    return 1 if x < 0 else forgets_what_it_knows(x - 0.05) + forgets_what_it_knows(x - 0.05)


def catches_everything(x):
    while True:
        try:
            x = x + 1
        except BaseException:
            pass


def hangs_in_compiled_code(x):
    return sum(itertools.count())


def waits(x):
    time.sleep(100)


def grows(x):
    kept = []
    while True:
        kept.append(bytes(10**9))  # over the limit at once, also on a busy machine


def crashes_python(x):
    ctypes.string_at(0)


def ends_python(x):
    os._exit(0)


def is_killed(x):
    os.kill(os.getpid(), signal.SIGKILL)


# answer -> the line that the report shows, words of its sentence
EVERYWHERE = {
    never_ends: ("while True:", "Does this loop ever end"),
    counts_for_ever: ("for i in itertools.count():", "Does this loop ever end"),
    in_a_helper: ("while x > 0:", "Does this loop ever end"),
    forgets_what_it_knows: ("return 1 if x < 0 else forgets", "`forgets_what_it_knows` calls itself"),
}
WITH_A_CLOCK = {waits: ("time.sleep(100)", "still running after 0.3 seconds")}
IN_A_CHILD = {
    catches_everything: ("while True:", "Does this loop ever end"),
    hangs_in_compiled_code: ("return sum(itertools.count())", "still running after 3.3 seconds"),
    grows: ("kept.append", "more memory than the check allows"),
    crashes_python: ("ctypes.string_at(0)", "Python itself crashed"),
    ends_python: ("", "ended the whole program"),
    is_killed: ("", "more memory than there is"),
}


def by_name(value):
    return getattr(value, "__name__", None)


def is_explained(report, line, words):
    assert report.status == "not yet" and line in report.rows and words in report.explanation, report.text
    assert "Stopped" not in report.text and "gradlib" not in report.text


@pytest.mark.parametrize("answer", EVERYWHERE | WITH_A_CLOCK | IN_A_CHILD, ids=by_name)
def test_a_child_process_stops_everything(answer):
    line, words = (EVERYWHERE | WITH_A_CLOCK | IN_A_CHILD)[answer]
    is_explained(TASK(answer), line, words)


@pytest.mark.parametrize("answer", EVERYWHERE | WITH_A_CLOCK, ids=by_name)
def test_an_alarm_clock_stops_python_code(answer):
    before = signal.getsignal(signal.SIGALRM)
    is_explained(TASK.report(answer), *(EVERYWHERE | WITH_A_CLOCK)[answer])
    assert signal.getsignal(signal.SIGALRM) is before and signal.getitimer(signal.ITIMER_REAL)[0] == 0


def test_an_alarm_that_rings_late_is_cleared():
    """It rings again every 50 ms, also while the watch is being left."""

    def catches_for_a_while(x):
        end = time.monotonic() + 1
        while time.monotonic() < end:
            with contextlib.suppress(BaseException):
                while True:
                    x = x + 1
        return x

    for _ in range(3):
        TASK.report(catches_for_a_while)
        assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def in_another_thread(function, *arguments):
    results = []
    thread = threading.Thread(target=lambda: results.append(function(*arguments)))
    thread.start()
    thread.join()
    return results[0]


@pytest.mark.parametrize("answer", EVERYWHERE, ids=by_name)
def test_a_count_of_steps_stops_python_code_where_there_is_no_clock(answer):
    report = in_another_thread(TASK, answer)
    is_explained(report, *EVERYWHERE[answer])
    assert "after 20,000 steps" in report.explanation
    assert in_another_thread(sys.gettrace) is None


def test_the_case_that_did_not_end_is_shown():
    report = TASK(lambda x: 4.0 if x == 2 else never_ends(x))
    assert report.rows.startswith("x = 3.0\nline ")


def test_all_cases_together_have_the_time():
    def body():
        for _ in range(50):
            yield Case({"x": 1.0}, 1.0)

    def slow(x):
        time.sleep(0.03)
        return x

    report = Exercise(body, "A task", limits=SHORT)(slow)
    assert "time.sleep(0.03)" in report.rows and "after 0.3 seconds" in report.explanation


def test_a_child_that_catches_everything_ends_by_the_processors_seconds():
    def run():
        with Watch(LITTLE):
            catches_everything(2.0)

    with pytest.raises(Stopped):
        call(run, limits=LITTLE)
    with pytest.raises(Stopped, match="still running after 3.3 seconds"):
        call(catches_everything, 2.0, limits=LITTLE)


def test_seconds_of_the_processor_do_not_pass_while_a_program_waits():
    watch = Watch(Limits(seconds=0.2, processor=True))
    with watch:
        time.sleep(0.3)
    with pytest.raises(Stopped, match="0.2 seconds"), watch:
        never_ends(2.0)


@pytest.fixture
def three_others_on_the_same_processor():
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(3)]
    yield
    for other in others:
        other.kill()
        other.wait()
    os.sched_setaffinity(0, before)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says how long a process waited for a processor")
@pytest.mark.parametrize("run", [call, lambda function, limits: function()])
def test_others_at_work_take_none_of_an_answers_seconds(run, three_others_on_the_same_processor):
    def takes_half_a_second():
        with Watch(Limits(seconds=1.0)):
            end = time.process_time() + 0.5
            while time.process_time() < end:
                pass
        return "done"

    started = time.monotonic()
    assert run(takes_half_a_second, limits=Limits(seconds=1.0)) == "done"
    assert time.monotonic() - started > 1, "the others took nothing, so this shows nothing"


def test_a_debugger_keeps_its_trace():
    def trace(frame, event, argument):
        return None

    def watched():
        sys.settrace(trace)
        with Watch(SHORT):
            inside = sys.gettrace()
        after = sys.gettrace()
        sys.settrace(None)
        return inside, after

    assert in_another_thread(watched) == (trace, trace)


# --- a child process ---------------------------------------------------------------------------


def test_a_child_process_returns_its_result_or_raises_its_error():
    numbers = list(range(100_000))
    assert call(lambda: numbers + [os.getpid()]) not in (numbers, numbers + [os.getpid()])

    def fails():
        raise KeyError("here")

    with pytest.raises(KeyError, match="here"):
        call(fails)
    with pytest.raises(TypeError, match="cannot leave its process"):
        call(lambda: lambda: 1)


def test_a_child_may_have_children():
    """The timer of the first child must not hang the second one, which is ended by its own limits."""

    def calls_again():
        with pytest.raises(Stopped, match="ended the whole program"):
            call(ends_python, 1.0)
        return call(pow, 2, 10)

    assert call(calls_again) == 1024


def test_what_it_changes_is_not_changed_here():
    kept = []
    assert PATIENT(lambda x: kept.append(x) or 2 * x).passed and kept == []


def open_files():
    return sorted(os.listdir("/proc/self/fd"))


@pytest.mark.parametrize("reason", [errno.EAGAIN, errno.ENOMEM])
def test_a_process_that_may_have_no_child_does_without(reason, monkeypatch):
    def refused():
        raise OSError(reason, os.strerror(reason))

    monkeypatch.setattr(os, "fork", refused)
    before = open_files()
    is_explained(TASK(never_ends), *EVERYWHERE[never_ends])
    assert open_files() == before


def test_an_error_that_looks_like_a_missing_child_is_the_answers_own():
    def fails():
        raise BlockingIOError(os.getpid())

    with pytest.raises(BlockingIOError) as raised:
        call(fails)
    assert raised.value.args != (os.getpid(),)  # from the child, and not tried here again


def test_no_child_where_a_package_would_break_in_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", object())
    assert call(os.getpid) == os.getpid()
    monkeypatch.setitem(sys.modules, "torch", None)  # so its import is forbidden
    assert call(os.getpid) != os.getpid()


def test_nobody_is_asked_to_type():
    assert "waits for somebody to type" in PATIENT(lambda x: input("a number: ")).explanation


def test_no_child_and_no_open_file_is_left():
    before = open_files()
    for answer in (never_ends, hangs_in_compiled_code, crashes_python, lambda x: 2 * x):
        TASK(answer)
    assert open_files() == before
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_an_interrupt_reaches_the_child_and_tells_where_it_was(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        textwrap.dedent("""\
            import json, signal, sys
            from gradlib.checks import Case, Exercise

            signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it

            def body():
                yield Case({"x": 2.0}, 4.0)

            def endless(x):
                sys.stdout.write("ready")
                open(sys.argv[1], "w").close()
                while True:
                    x = x + 1

            try:
                Exercise(body, "A task")(endless)
            except KeyboardInterrupt as stopped:
                print(json.dumps(stopped.__notes__))
            """),
        encoding="utf-8",
    )
    started = tmp_path / "started"
    process = subprocess.Popen([sys.executable, program, started], stdout=subprocess.PIPE, text=True)
    while not started.exists():
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    case, line, advice = json.loads(process.communicate(timeout=60)[0].removeprefix("ready"))
    assert case == "x = 2.0" and line.startswith("line ") and "You stopped the check here" in advice


# --- output ------------------------------------------------------------------------------------


@pytest.mark.parametrize("run", [PATIENT, lambda answer: in_another_thread(PATIENT, answer)], ids=["child", "here"])
def test_a_megabyte_of_output_is_cut(run, capsys):
    def prints(x):
        print("y" * 10**6)
        print("n" * 1000, file=sys.stderr)
        return 2 * x

    assert run(prints).passed
    out, err = capsys.readouterr()
    assert out.startswith("yyy") and out.count("y") == PATIENT.limits.printed and err == ""
    assert out.endswith("\n… and 1,999,004 more characters\n")


def test_printed_output_keeps_its_stream_and_its_order(capsys):
    def prints(x):
        print("here", x)
        print("there", x, file=sys.stderr)
        return 2 * x

    assert PATIENT(prints).passed
    assert capsys.readouterr() == ("here 2.0\nhere 3.0\n", "there 2.0\nthere 3.0\n")


def test_the_sentence_travels(monkeypatch):
    with pytest.raises(Stopped, match="ended the whole program") as stopped:
        call(ends_python, 1.0)
    assert stopped.value.place is None
    monkeypatch.setattr(limits, "_may_fork", lambda: False)
    with pytest.raises(Stopped, match="after 0.3 seconds") as stopped, Watch(SHORT):
        never_ends(1.0)
    assert stopped.value.place.source == "while True:"
