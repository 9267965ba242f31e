"""A cell of a submitted notebook has seconds of its own: others on the machine take none of them."""

import subprocess
import sys
import textwrap

import pytest

from gradlib.grading import runner

BUSY = """
import os
import time
from gradlib.grading import runner

runner.ON_THE_CLOCK = 10**6

os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # one processor, for this and three who take what they get
others = []
for _ in range(3):
    if not (pid := os.fork()):
        while True:
            pass
    others.append(pid)
try:
    with runner._at_most(1.0):
        began, end = time.monotonic(), time.process_time() + 0.3
        while time.process_time() < end or time.monotonic() < began + 1.5:
            pass
        print("done")
finally:
    for pid in others:
        os.kill(pid, 9)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says how long a process has waited for a processor")
def test_a_cell_is_not_stopped_while_it_waits_for_a_processor():
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(BUSY)], capture_output=True, text=True)
    assert done.stdout == "done\n"


def test_a_cell_is_stopped_after_its_seconds():
    came_to_the_end = False
    with runner._at_most(0.05):
        while True:
            pass
        came_to_the_end = True
    assert not came_to_the_end


def test_a_cell_that_waits_for_ever_is_stopped_by_the_clock(monkeypatch):
    monkeypatch.setattr(runner, "own_time", lambda: 0.0)  # as if others had the processor all the time
    with runner._at_most(0.05):
        while True:
            pass
