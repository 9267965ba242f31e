"""Grade a folder of submissions: `python -m gradlib.grading 04 submitted`.

`gradebook.jsonl` gets a line when a submission is graded. A later call grades what is not in it or has changed since,
so it goes on where an earlier one was ended. `grades.csv` is made from the gradebook.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import hashlib
import json
import os
import queue
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from . import hidden, lms, released, sandbox
from .judge import NOT_JUDGED
from .submissions import Release, Submission, Unreadable, find_release, find_submissions, read_notebook, repaired, shown
from .variants import other_name

LONGEST = 3_600.0  # seconds for a submission, on a machine that is busy with other work
GRADED, NOT_GRADED, MISSING = "graded", "could not be graded", "not submitted"
HEAD = ("student_id", "score", "max_score", "status")


class Gradebook:
    """The graded submissions of a lesson, one a line, in a file that this process alone writes."""

    def __init__(self, folder: Path, release: Release, key: str):
        self.path, self.lesson, self.key = folder / "gradebook.jsonl", release.name, key
        self.lock = threading.Lock()
        self.others: list[dict] = []  # of other lessons, which stay as they are
        self.records: dict[str, dict] = {}
        for record in self._read():
            if record["lesson"] == self.lesson:
                self.records[record["student_id"]] = record
            else:
                self.others.append(record)

    def _read(self) -> Iterator[dict]:
        with contextlib.suppress(FileNotFoundError), open(self.path, encoding="utf-8") as file:
            for line in file:
                with contextlib.suppress(ValueError, KeyError, TypeError):  # a line that a crash cut short
                    record = json.loads(line)
                    record["lesson"], record["student_id"]
                    yield record

    def knows(self, submission: Submission) -> bool:
        """Return True if a submission was graded before, in the same form and in the same way.

        What could not be graded is tried again, since the reason may have been the machine's.
        """
        record = self.records.get(submission.student)
        if record is None or record["score"] is None:
            return False
        return record["digest"] == submission.digest() and record["key"] == self.key

    def add(self, record: dict) -> None:
        with self.lock:
            self.records[record["student_id"]] = record
            cut = self.path.exists() and not self.path.read_bytes().endswith(b"\n") and self.path.stat().st_size
            with open(self.path, "a", encoding="utf-8") as file:
                file.write("\n" * bool(cut) + json.dumps(record) + "\n")
                file.flush()
                os.fsync(file.fileno())

    def finish(self, students: Sequence[str]) -> list[dict]:
        """Sort the file, leave out what has no submission any more, and return this lesson's records."""
        kept = [self.records[name] for name in students if name in self.records]
        lines = [json.dumps(record) + "\n" for record in (*self.others, *kept)]
        write_whole(self.path, "".join(lines))
        return kept


def write_whole(path: Path, text: str) -> None:
    """Write a file whole or not at all. Surrogates, which a learner's name or message may hold, are escaped."""
    new = path.with_name(path.name + ".new")
    with open(new, "w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(new, path)


class Grader:
    def __init__(self, release: Release, library: Path, seed: str = ""):
        self.release, self.library, self.seed = release, library, seed
        self.judges: set[subprocess.Popen] = set()  # that run now
        self.has_ended = False

    def end(self) -> None:
        """End what runs now. Its records are worth nothing."""
        self.has_ended = True
        for judge in list(self.judges):
            judge.kill()

    def record(self, submission: Submission, user: int) -> dict:
        """Grade one submission. It never raises: what goes wrong stands in the status."""
        record = {
            "lesson": self.release.name,
            "student_id": submission.student,
            "score": None,
            "max_score": self.release.max_score,
            "status": MISSING,
            "notes": [],
            "exercises": [],
        }
        if submission.path is None:
            return record | ({"status": f"{NOT_GRADED}: {submission.note}"} if submission.note else {})
        try:
            notebook, learner = read_notebook(submission.path), lms.name_of(submission.student)
            cells, record["notes"] = repaired(notebook, self.release)
            if self.release.variants and (said := other_name(notebook, learner)):
                record["notes"].append(f"LEARNER is {said!r}, and the numbers of {learner!r} were asked for")
            record["exercises"] = self._verdicts(cells, learner, user)
            unjudged = [each["exercise"] for each in record["exercises"] if NOT_JUDGED in each["report"]]
            record["notes"] += [f"an error while it was judged: {', '.join(unjudged)}"] * bool(unjudged)
        except Unreadable as why:
            return record | {"status": f"{NOT_GRADED}: {why}"}
        except Exception as error:
            return record | {"status": shown(f"{NOT_GRADED}: {type(error).__name__}: {error}", 300)}
        passed = [each["exercise"] for each in record["exercises"] if each["status"] == "passed"]
        record["score"] = self.release.score(passed)
        record["status"] = f"{GRADED}: {submission.note}" if submission.note else GRADED
        return record

    def _verdicts(self, cells: list[dict[str, str]], learner: str, user: int) -> list[dict[str, Any]]:
        """Ask the judge about each exercise. What was ended before it had begun, by the system, begins once more."""
        verdicts = self._ask_the_judge(cells, learner, user) or self._ask_the_judge(cells, learner, user)
        if not verdicts:
            raise Unreadable("its process was ended before it had begun, or could not be started")
        return verdicts

    def _ask_the_judge(self, cells: list[dict[str, str]], learner: str, user: int) -> list[dict[str, Any]]:
        """The verdicts, or [] if the runner never began."""
        here, there = socket.socketpair()
        runner = sandbox.start(there.fileno(), self.library, user)
        there.close()
        job = {"lesson": self.release.lesson, "used": self.release.used, "cells": cells}
        job |= {"seed": self.seed, "learner": learner}
        judge = subprocess.Popen(
            [*sandbox.ends_with_us(), sys.executable, "-P", "-m", f"{__package__}.judge", str(here.fileno())],
            pass_fds=[here.fileno()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"} | _finding_gradlib(),
            text=True,
        )
        here.close()
        end = threading.Event()
        watcher = threading.Thread(target=_watch, args=(runner, judge, end), daemon=True)
        watcher.start()
        self.judges.add(judge)
        if self.has_ended:  # in the meantime
            judge.kill()
        try:
            out, _ = judge.communicate(json.dumps(job))
        finally:
            self.judges.discard(judge)
            end.set()
            watcher.join()
            judge.kill()
            runner.stop()
        verdicts = [json.loads(line) for line in out.splitlines()]
        if not verdicts and judge.returncode == 0:
            return []
        if [each["exercise"] for each in verdicts] != [cell["check"] for cell in cells if "check" in cell]:
            raise RuntimeError("the judge ended before its last verdict")
        return verdicts


def _finding_gradlib() -> dict[str, str]:
    return {"PYTHONPATH": os.pathsep.join(filter(None, [str(released.LIBRARY.parent), os.environ.get("PYTHONPATH")]))}


def _watch(runner: sandbox.Runner, judge: subprocess.Popen, end: threading.Event) -> None:
    last = time.monotonic() + LONGEST
    while not end.wait(0.5):
        runner.watch(judge.pid)
        if time.monotonic() > last:
            judge.kill()


def grade(
    release: Release,
    folder: Path,
    jobs: int,
    seed: str = "",
    again: bool = False,
    deadline: lms.Deadline | None = None,
) -> list[dict]:
    """Grade a folder and write the tables. Returns the records, in the order of the alphabet.

    A late submission is graded, and its status says how late it is.
    """
    submissions = find_submissions(folder, release)
    with (
        _alone(folder),
        sandbox.users(jobs) as users,
        tempfile.TemporaryDirectory(prefix="gradlib-library-") as library,
    ):
        os.chmod(library, 0o755)
        released.make_library(Path(library), released.with_inputs(f"lesson_{release.lesson}", release.used))
        book = Gradebook(folder, release, _key(release, seed))
        grader = Grader(release, Path(library), seed)
        waiting = [each for each in submissions if again or not book.knows(each)]
        if len(waiting) < len(submissions):
            print(
                f"{len(submissions) - len(waiting)} of {len(submissions)} submissions were graded before.", flush=True
            )
        free: queue.SimpleQueue[int] = queue.SimpleQueue()
        for user in users:
            free.put(user)

        def work(submission: Submission) -> None:
            user = free.get()
            try:
                record = grader.record(submission, user)
            finally:
                free.put(user)
            if grader.has_ended:
                return
            book.add(record | {"digest": submission.digest(), "key": book.key})
            print(_line(record), flush=True)

        pool = ThreadPoolExecutor(jobs)
        try:
            for done in [pool.submit(work, each) for each in waiting]:
                done.result()
        except BaseException:  # Control-C, and SIGTERM
            grader.end()
            raise
        finally:
            pool.shutdown(cancel_futures=True)
        records = book.finish([each.student for each in submissions])
    late = {each.student: deadline.words(each) for each in submissions} if deadline else {}
    records = [
        record | {"status": ", ".join(filter(None, [record["status"], late.get(record["student_id"])]))}
        for record in records
    ]
    write_tables(folder, records)
    return records


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let no other call grade this folder, since each writes the gradebook whole."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Unreadable(f"Another call is grading {folder}. Wait for its end, or end it.") from None
    except OSError:  # a file system without locks
        pass
    try:
        yield
    finally:
        os.close(descriptor)


def _key(release: Release, seed: str) -> str:
    """A hash of what a grade depends on beside the submission."""
    files = [release.path, *sorted((released.LIBRARY / "checks").glob("*.py"))]
    found = hashlib.sha256(b"".join(each.read_bytes() for each in files) + f"{seed}{release.variants}".encode())
    return found.hexdigest()[:16]


def _line(record: dict) -> str:
    score = "" if record["score"] is None else f"  {record['score']:g} of {record['max_score']:g}"
    notes = "".join(f"\n    {note}" for note in record["notes"])
    return f"{shown(record['student_id'])}: {record['status']}{score}{notes}"


def write_tables(folder: Path, records: list[dict]) -> None:
    """Write grades.csv, canvas.csv and moodle.csv.

    A submission that could not be graded has no score, and its status says why.
    """
    rows = [[record[name] if record[name] is not None else "" for name in HEAD] for record in records]
    write_whole(folder / "grades.csv", lms.csv_text([HEAD, *rows]))
    write_whole(folder / "canvas.csv", lms.canvas(records))
    write_whole(folder / "moodle.csv", lms.moodle(records))


def unpacked(submitted: Path, release: Release) -> Path:
    """The folder of the submissions. Downloads in it, or the one that is named instead of it, are unpacked first."""
    is_archive = submitted.suffix == ".zip" and submitted.is_file()
    folder = submitted.with_suffix("") if is_archive else submitted
    for archive in [submitted] if is_archive else sorted(submitted.glob("*.zip")):
        for name in lms.unpack(archive, folder, release.name):
            why = "it is not a notebook of a student, or too large"
            print(f"{archive.name}: {shown(name)} was left out: {why}.", flush=True)
    return folder


def main(arguments: Sequence[str] | None = None) -> int | str:
    parser = argparse.ArgumentParser(prog="python -m gradlib.grading", description=__doc__.splitlines()[0])
    parser.add_argument("lesson", help="its number: 04")
    parser.add_argument("submitted", help="the folder that holds NAME/04_broadcasting/04_broadcasting.ipynb")
    parser.add_argument("--jobs", default="", help="submissions at the same time; by default one for each processor")
    parser.add_argument("--seed", default=os.environ.get("SEED", ""), help="a word of yours, for hidden cases")
    parser.add_argument("--deadline", default=os.environ.get("DEADLINE", ""), help="2026-12-01 23:59")
    parser.add_argument("--grace", default=os.environ.get("GRACE", ""), help="minutes after it that count as in time")
    again = bool(os.environ.get("AGAIN"))
    parser.add_argument("--again", action="store_true", default=again, help="grade those that were graded before, too")
    wishes = parser.parse_args(arguments)
    if not wishes.lesson or not wishes.submitted:
        return "Say which lesson and which folder: make grade LESSON=04 SUBMITTED=submitted"
    if wishes.jobs and not wishes.jobs.isdecimal() or wishes.jobs == "0":
        return f"JOBS is the number of submissions that are graded at the same time, got {wishes.jobs!r}."
    if wishes.seed and not hidden.is_possible():
        return hidden.NEEDS
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        release = find_release(wishes.lesson, bool(os.environ.get("VARIANTS")))
        if said := sandbox.words(sandbox.best_kind()):
            print(said, flush=True)
        folder = unpacked(Path(wishes.submitted), release)
        deadline = lms.Deadline.read(wishes.deadline, wishes.grace)
        jobs = int(wishes.jobs or os.cpu_count() or 1)
        records = grade(release, folder, jobs, wishes.seed, wishes.again, deadline)
    except Unreadable as why:
        return str(why)
    graded = sum(record["score"] is not None for record in records)
    print(f"{graded} of {len(records)} graded. The grades are in {folder / 'grades.csv'}.")
    return 0
