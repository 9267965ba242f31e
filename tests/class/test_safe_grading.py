"""`make grade` on a class in which some cheat and some do harm: each gets the points for what its answers do.

The submissions are those of test_grading.py, and the ones below. Each attack runs in the first cell of a notebook whose
answers are all wrong, so that any point would be a stolen one.
"""

import csv
import importlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest
from nbformat import v4

from gradlib.grading import parent, sandbox
from gradlib.grading.submissions import find_release
from notebooks import ROOT, read, to_text

plain = importlib.import_module("tests.class.test_grading")
LESSON, ALL = plain.LESSON, plain.ALL

# --- attacks: the code of a cell ---------------------------------------------------------------

BUYING_POINTS = {
    "a_report_that_has_always_passed": """
from gradlib.checks.report import Report
Report.passed = property(lambda self: True)
Report.status = "passed"
""",
    "checks_that_are_not_strict": """
from gradlib.checks import record
record.is_strict = lambda: False
""",
    "the_environment": """
import os
os.environ["GRADLIB_CHECKS"] = ""
os.environ["NBGRADER_EXECUTION"] = ""
os.environ["VARIANTS"] = os.environ["SEED"] = ""
""",
    "a_check_of_ones_own": """
from gradlib.checks import lesson_02 as check
for name in ("local_derivatives", "chain_derivative", "sum_over_paths", "gradients", "diamond", "all_paths", "sweep"):
    setattr(check, name, lambda answer: "passed")
""",
    "a_call_of_ones_own": """
from gradlib.checks.exercises import Exercise
from gradlib.checks.report import Report
Exercise.__call__ = Exercise.report = lambda self, answer: Report(self.name, "passed")
""",
    "the_expected_values_of_the_cases": """
from gradlib.checks import lesson_02 as check

def answers(name):
    told = iter([case.expected for case in getattr(check, name).cases()])
    return lambda *_: next(told)

chain_derivative = answers("chain_derivative")
""",
    "the_registry": """
from gradlib.checks.exercises import registry
for exercise in registry.values():
    exercise.cases = lambda: iter([])
""",
    "the_solutions_on_the_disk": """
import glob, json
for path in glob.glob("/**/solutions/02_*.ipynb", recursive=True) + glob.glob("/**/lesson_02.py", recursive=True):
    print(path, open(path).read())
    raise SystemExit  # the answers stay wrong
""",
    "the_stack": """
import sys

def told(*_):
    frame = sys._getframe()
    while frame is not None:
        for value in list(frame.f_locals.values()):
            if hasattr(value, "expected"):
                return value.expected
        frame = frame.f_back

chain_derivative = sum_over_paths = diamond = told
""",
    "all_objects_of_python": """
import gc

def told(*_):
    for value in gc.get_objects():
        if type(value).__name__ == "Case":
            return value.expected

chain_derivative = sum_over_paths = diamond = told
""",
    "an_answer_that_equals_everything": """
class Equal(float):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __sub__(self, other): return 0.0
    __rsub__ = __sub__
    __hash__ = None

chain_derivative = sum_over_paths = diamond = lambda *_: Equal(0)
""",
    "an_object_that_equals_everything": """
class Equal:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __lt__(self, other): return False
    def __abs__(self): return 0.0
    def __sub__(self, other): return 0.0
    __rsub__ = __sub__
    def __array__(self, *_, **__): return __import__("numpy").zeros(())
    def __iter__(self): return iter([])
    def __len__(self): return 0
    def keys(self): return {}.keys()

chain_derivative = sum_over_paths = diamond = sweep = gradients = lambda *_: Equal()
""",
    "an_array_that_equals_everything": """
import numpy as np
np.allclose = np.isclose = np.array_equal = lambda *_, **__: True

class Equal(np.ndarray):
    def __array_ufunc__(self, *_, **__): return np.True_
    def __array_function__(self, *_, **__): return True

chain_derivative = sum_over_paths = diamond = lambda *_: np.zeros(()).view(Equal)
""",
    "classes_by_the_right_name": """
def liar(name):
    return type(name, (), {"__eq__": lambda self, other: True, "__hash__": None, "__bool__": lambda self: True})()

chain_derivative = sum_over_paths = diamond = lambda *_: liar("number")
gradients = sweep = lambda *_: liar("dictionary")
all_paths = lambda *_: liar("list of length 1")
local_derivatives = lambda *_: liar("tuple of length 2")
""",
    "liars_in_the_right_places": """
class Liar:
    def __eq__(self, other): return True
    def __lt__(self, other): return True
    __le__ = __gt__ = __ge__ = __lt__
    def __hash__(self): return 0

gradients = lambda: dict.fromkeys("zbawxy", Liar())
sweep = lambda steps, inputs: dict.fromkeys([*inputs, *[name for name, *_ in steps]], Liar())
local_derivatives = lambda op, x, y: (Liar(), Liar())[: 1 + (op != "**")]
all_paths = lambda root, target: [Liar()]
""",
    "interrupts_and_exits": """
class Ends:
    def __repr__(self): raise SystemExit
    __str__ = __len__ = __iter__ = __float__ = __bool__ = __array__ = __repr__

def chain_derivative(*_):
    raise KeyboardInterrupt

def diamond(*_):
    raise type("Own", (KeyboardInterrupt,), {})

sum_over_paths = sweep = gradients = lambda *_: Ends()
""",
    "values_that_grow_when_they_are_read": """
import numpy as np
chain_derivative = lambda *_: np.broadcast_to(np.zeros(1), (10**9,))
sum_over_paths = lambda *_: range(10**12)
diamond = lambda *_: 10**4000
sweep = lambda *_: 10**5000
""",
    "not_a_number": "chain_derivative = sum_over_paths = diamond = lambda *_: float('nan')",
    "a_function_that_raises": """
def chain_derivative(*_):
    raise StopIteration

def diamond(*_):
    raise type("Stopped", (BaseException,), {})("passed")

def sum_over_paths(*_):
    raise GeneratorExit
""",
    "a_verdict_that_is_printed": """
import json, os
line = json.dumps({"exercise": "sweep", "points": 4, "status": "passed", "report": "", "mistakes": []})
for stream in range(20):
    try:
        os.write(stream, line.encode() + b"\\n")
    except OSError:
        pass
""",
    "messages_to_the_judge": """
import json, os, socket, struct
for number in range(3, 20):
    try:
        judge = socket.socket(fileno=os.dup(number))
        for message in ({"value": True}, {"ended": None}, {"ready": "sweep", "missing": ""}, {"passed": True}, [], 7):
            data = json.dumps(message).encode()
            judge.sendall(struct.pack(">Q", len(data)) + data)
    except OSError:
        pass
""",
    "no_message_at_all": """
import os
for number in range(3, 40):
    try:
        os.close(number)
    except OSError:
        pass
""",
    "a_message_without_end": """
import os, socket, struct
for number in range(3, 20):
    try:
        socket.socket(fileno=os.dup(number)).sendall(struct.pack(">Q", 2**60))
    except OSError:
        pass
""",
    "the_end_of_the_conversation_replaced": """
from gradlib.grading import wire
wire.Session._answer = lambda self, message: self.channel.send({"value": True})
""",
    "requests_for_what_the_judge_has": """
from gradlib.grading import wire

def _do(self, do, number, name, arguments, keywords):
    for number in range(50):
        for what in ("__globals__", "__closure__", "__class__", "__dict__", "func", "args", "expected", "gi_frame"):
            try:
                found = self._ask("get", number, what, (), {})
                found = self._ask("special", number, "__getattribute__", (what,), {})
                return found
            except (AttributeError, KeyError):
                pass

wire.Session._do = _do
""",
    "classes_that_the_judge_does_not_make": """
from gradlib.grading import wire
evil = {"value": {"t": "name", "m": "os", "v": "system"}}
wire.Session._answer = lambda self, message: self.channel.send(evil)
""",
    "objects_with_attributes_of_python": """
from gradlib.grading import wire
entry = {"c": "gradlib.scalar.Value", "s": [["__class__", 1], ["__dict__", None]], "new": []}
answer = {"value": {"t": "object", "v": "X"}, "objects": {"X": entry}}
wire.Session._answer = lambda self, message: self.channel.send(answer)
""",
}  # fmt: skip

DOING_HARM = {
    "an_error_with_a_long_message": """
def chain_derivative(*_):
    raise ValueError("x" * 40 * 2**20)
""",
    "the_submission_of_another": """
import os, shutil
for name in ("plain_right", "plain_two_right"):
    try:
        shutil.copy(__file__ if "__file__" in globals() else "/etc/passwd", os.path.join(FOLDER, name, "copy"))
    except OSError:
        pass
    for way in (os.remove, os.rmdir, lambda path: os.rename(path, path + ".stolen")):
        try:
            way(os.path.join(FOLDER, name))
        except OSError:
            pass
""",
    "the_folder_of_the_course_moved": """
import os
for folder in (FOLDER, os.path.dirname(FOLDER)):
    for way in (lambda path: os.rename(path, path + ".moved"), lambda path: os.chmod(path, 0)):
        try:
            way(folder)
        except OSError:
            pass
""",
    "another_program_that_goes_on": """
import subprocess
subprocess.Popen(["/bin/sh", "-c", "trap '' TERM HUP INT; while :; do sleep 1; done"], start_new_session=True)
""",
    "the_gradebook_two_folders_up": """
import glob, os
for name in ("gradebook.jsonl", "grades.csv", "gradebook.db"):
    for folder in ("..", "../..", "../../..", FOLDER):
        try:
            open(os.path.join(folder, name), "w").write("stolen")
        except OSError:
            pass
""",
    "the_folder_of_the_course_deleted": """
import shutil
for folder in (FOLDER, "..", "/work", "/root", "/home", "/tmp", "/usr"):
    shutil.rmtree(folder, ignore_errors=True)
""",
    "a_file_left_behind": """
import os
for folder in (FOLDER, "/tmp", "/var/tmp", "/dev/shm", os.path.expanduser("~"), "/"):
    try:
        open(os.path.join(folder, "LEFT-BEHIND"), "w").write("here")
    except OSError:
        pass
""",
    "the_parent_killed": "import os; os.kill(os.getppid(), 9)",
    "everybody_killed": "import os; os.kill(-1, 9)",
    "the_process_ended": "import os; os._exit(0)",
    "a_process_in_a_session_of_its_own": """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(3600)
""",
    "a_fork_bomb": """
import os, time
for _ in range(100):
    try:
        if os.fork() == 0:
            while True:
                try:
                    os.fork()
                except OSError:
                    time.sleep(2)
    except OSError:
        break
""",
    "threads_without_end": """
import threading, time
try:
    while True:
        threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()
except RuntimeError:
    pass
""",
    "memory_without_end": "hoard = []\nwhile True:\n    hoard.append(bytearray(2**26))",
    "memory_of_many": """
import os, time
for _ in range(20):
    if os.fork() == 0:
        hoard = bytearray(2**29)
        for place in range(0, len(hoard), 4096):
            hoard[place] = 1
        time.sleep(60)
time.sleep(20)
""",
    "a_full_disk": """
try:
    for number in range(100):
        with open(f"{number}", "wb") as file:
            file.write(bytes(2**24))
except OSError:
    pass
""",
    "output_without_end": "for _ in range(200_000):\n    print('x' * 1000)",
    "the_network": """
import socket
for address in (("127.0.0.1", PORT), ("192.0.2.1", 80)):
    try:
        socket.create_connection(address, timeout=2).sendall(b"here")
    except OSError:
        pass
""",
    "python_itself_crashed": "import ctypes; ctypes.string_at(0)",
    "an_answer_without_end": "def chain_derivative(*_):\n    while True:\n        pass",
    "an_answer_that_catches_everything": """
def chain_derivative(*_):
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass
""",
    "signals_ignored": """
import signal
for each in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM, signal.SIGPROF, signal.SIGHUP):
    signal.signal(each, signal.SIG_IGN)
""",
    "an_answer_that_is_too_large": "import numpy as np\nchain_derivative = lambda *_: np.zeros(10**8)",
    "an_answer_that_is_too_deep": """
def sum_over_paths(*_):
    deep = []
    for _ in range(100_000):
        deep = [deep]
    return deep
""",
    "an_answer_that_holds_itself": """
def sum_over_paths(*_):
    found = []
    found.append(found)
    return found
""",
}  # fmt: skip


def attacking(code):
    def change(notebook):
        plain.wrong(notebook)
        notebook.cells = [cell for cell in notebook.cells if "nbgrader" in cell.metadata]  # pictures take long
        for name in plain.ANSWERS:
            if re.search(rf"\b{name}\b.*=|def {name}\b", code):  # the attack is an answer, and not what is done before
                plain.named(notebook, name)[1].source = code
        notebook.cells.insert(0, v4.new_code_cell(code))
        return 0

    return change


def honest(notebook):
    return plain.right(notebook)


def without_pictures(change):
    """The same change of a notebook that is graded faster: its other cells draw."""

    def changed(notebook):
        notebook.cells = [cell for cell in notebook.cells if "nbgrader" in cell.metadata]
        notebook.cells.insert(0, v4.new_code_cell("import math\nimport numpy as np"))
        return change(notebook)

    return changed


honest_without_pictures = without_pictures(honest)


def honest_with_a_progress_bar(notebook):
    points = honest_without_pictures(notebook)
    code = "import logging, sys\nlogging.warning('begun')\nfor i in range(100):\n    sys.stderr.write(f'\\r{i} %')"
    notebook.cells.insert(1, v4.new_code_cell(code))
    return points


@pytest.fixture(scope="module")
def listener():
    """A place on this machine that somebody without a network cannot reach."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


class Course:
    def __init__(self, folder):
        self.folder = folder
        self.submitted = folder / "submitted"
        self.expected = {}
        self.released = ROOT / "exercises" / f"{LESSON}.ipynb"

    def submit(self, student, change, name=LESSON):
        notebook = read(self.released)
        self.expected[student] = change(notebook)
        self.write(student, to_text(notebook), name)

    def write(self, student, text, name=LESSON):
        path = self.submitted / student / LESSON / f"{name}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")

    def start(self, *options):
        command = [sys.executable, "-m", "gradlib.grading", "02", str(self.submitted), *options]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def grade(self, *options):
        process = self.start(*options)
        said, _ = process.communicate()
        assert process.returncode == 0, said
        return said

    def rows(self):
        with open(self.submitted / "grades.csv", newline="") as file:
            return {row["student_id"]: row for row in csv.DictReader(file)}

    def records(self, whole=True):
        """The gradebook. whole=False: without the line that a crash cut short."""
        lines = (self.submitted / "gradebook.jsonl").read_text("utf-8").splitlines()
        return {
            record["student_id"]: record for line in lines if whole or line[-1] == "}" for record in [json.loads(line)]
        }


@pytest.fixture(scope="module")
def course(tmp_path_factory, listener):
    if sandbox.best_kind() == "limits":
        pytest.fail("On this system the attacks below would not be held back: run these tests on Linux.")
    course = Course(tmp_path_factory.mktemp("a course"))
    port = listener.getsockname()[1]
    for name, code in {**BUYING_POINTS, **DOING_HARM}.items():
        code = code.replace("FOLDER", repr(str(course.submitted))).replace("PORT", str(port))
        course.submit(name, attacking(code))
    for change in plain.SUBMISSIONS:
        whole = change in (plain.right, plain.untouched)
        course.submit(f"plain_{change.__name__}", change if whole else without_pictures(change))
    course.submit("renamed", honest, name="my answers")
    course.submit("honest_with_a_progress_bar", honest_with_a_progress_bar)
    course.expected |= dict.fromkeys(
        ("unreadable", "another_lesson", "a_link", "to_nowhere", "a_folder", "nothing", "two_files")
    )
    course.write("unreadable", "not a notebook")
    course.write("another_lesson", to_text(read(ROOT / "solutions" / "00_start_here.ipynb")))
    course.write("two_files", "{}", name="first")
    (course.submitted / "two_files" / LESSON / "second.ipynb").write_text("{}")
    (course.submitted / "nothing").mkdir()
    linked = course.submitted / "a_link" / LESSON / f"{LESSON}.ipynb"
    linked.parent.mkdir(parents=True)
    linked.symlink_to(ROOT / "solutions" / f"{LESSON}.ipynb")
    (course.submitted / "a_folder" / LESSON / f"{LESSON}.ipynb").mkdir(parents=True)
    nowhere = course.submitted / "to_nowhere" / LESSON / f"{LESSON}.ipynb"
    nowhere.parent.mkdir(parents=True)
    nowhere.symlink_to("/nowhere")
    course.before = everything_in(course.submitted)
    course.said = course.grade()
    return course


def everything_in(folder):
    return {path: path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


def test_every_submission_gets_the_points_for_what_its_answers_do(course):
    scores = {name: float(row["score"]) if row["score"] else None for name, row in course.rows().items()}
    lines = [f"{name:50} {points!s:>6} {scores.get(name)!s:>6}" for name, points in sorted(course.expected.items())]
    table = ROOT / "build" / "class_of_cheats.txt"
    table.parent.mkdir(exist_ok=True)
    table.write_text("\n".join([f"{'submission':50} {'wanted':>6} {'got':>6}", *lines]) + "\n")
    wrong = {name: (scores.get(name), points) for name, points in course.expected.items() if scores.get(name) != points}
    assert wrong == {} and len(scores) == len(course.expected)


def test_what_could_not_be_graded_has_a_reason_and_no_score(course):
    reasons = {name: row["status"] for name, row in course.rows().items() if not row["score"]}
    assert reasons == {
        "a_folder": "could not be graded: it is a link or a folder, and not a file",
        "a_link": "could not be graded: it is a link or a folder, and not a file",
        "to_nowhere": "could not be graded: it is a link or a folder, and not a file",
        "another_lesson": "could not be graded: it holds no cell of 02_chain_rule: is it another lesson's?",
        "nothing": "not submitted",
        "two_files": "could not be graded: several notebooks, and none is named 02_chain_rule.ipynb",
        "unreadable": "could not be graded: it is not a notebook (NotJSONError)",
    }
    assert course.rows()["renamed"]["status"] == "graded: the file is named my answers.ipynb"


def test_nobody_reaches_what_belongs_to_others(course, listener):
    after = everything_in(course.submitted)
    new = sorted(path.name for path in after.keys() - course.before.keys())
    assert new == ["canvas.csv", "gradebook.jsonl", "grades.csv", "moodle.csv"]
    assert {path: after[path] for path in course.before} == course.before
    with pytest.raises(BlockingIOError):
        listener.accept()
    for folder in ("/tmp", "/var/tmp", "/dev/shm", "/", os.path.expanduser("~")):
        assert not os.path.exists(os.path.join(folder, "LEFT-BEHIND"))


def left_behind():
    """Processes of submissions that nobody grades any more."""
    found = []
    for user in sandbox.USERS[:50]:
        if name := sandbox._take(user):  # else another call has it
            with name:
                found += sandbox._processes_of(user)
    return found


def test_nothing_outlives_its_submission(course):
    assert left_behind() == []


def test_the_repairs_are_told(course):
    assert "copied, the last copy counts: gradients" in course.records()["plain_answer_copied"]["notes"]
    assert any("put back" in note for note in course.records()["plain_checks_deleted"]["notes"])


def test_the_head_of_grades_csv(course):
    first = (course.submitted / "grades.csv").read_text().splitlines()[0]
    assert first == "student_id,score,max_score,status"


def test_a_call_that_was_ended_goes_on(tmp_path):
    names = ("ann", "ben", "cleo")
    ended, whole = Course(tmp_path / "ended"), Course(tmp_path / "whole")
    for course in ended, whole:
        for name in names:
            course.submit(name, honest_without_pictures)
    process = ended.start("--jobs=1")
    for line in process.stdout:
        if line.startswith("ann"):
            break
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert list(ended.records()) == ["ann"]
    with open(ended.submitted / "gradebook.jsonl", "a") as file:
        file.write('{"lesson": "02_chain_rule", "student')  # the line that was being written
    process = ended.start("--jobs=1")
    for line in process.stdout:
        if line.startswith("ben"):
            break
    process.send_signal(signal.SIGTERM)  # it grades nobody more, and leaves nothing of the one that it was at
    said, _ = process.communicate()
    assert process.returncode == 1 and said == ""
    assert list(ended.records(whole=False)) == ["ann", "ben"]
    said = ended.grade("--jobs=1")
    assert said.startswith("2 of 3 submissions were graded before")
    whole.grade("--jobs=2")
    apart = {"digest"}  # of the file, whose cells have names of their own
    first, second = (
        {name: {key: record[key] for key in record.keys() - apart} for name, record in course.records().items()}
        for course in (ended, whole)
    )
    assert first == second
    assert (ended.submitted / "grades.csv").read_text() == (whole.submitted / "grades.csv").read_text()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and left_behind():
        time.sleep(0.1)
    assert left_behind() == []


WRITES = """
import os, sys, gradlib
for folder in (sys.prefix, sys.base_prefix, os.path.dirname(os.__file__), *gradlib.__path__):
    try:
        open(os.path.join(folder, "LEFT-BEHIND"), "w")
    except OSError:
        continue
    os.remove(os.path.join(folder, "LEFT-BEHIND"))
    os._exit(0)  # no points, for a right notebook
"""
SHARES = """
import ctypes, os
if ctypes.CDLL(None).shmget(0, ctypes.c_size_t(2**20), 0o1600) >= 0:  # memory that is in no process
    os._exit(0)
"""


def right_after(code):
    def change(notebook):
        points = honest_without_pictures(notebook)
        notebook.cells.insert(0, v4.new_code_cell(code))
        return points

    return change


@pytest.mark.parametrize("kind", ["root", "user"])
def test_nobody_writes_into_the_library_or_keeps_memory_that_is_in_no_process(kind, tmp_path, monkeypatch):
    """The library belongs to whoever grades: without root to the user that the submission has, too."""
    if sandbox.best_kind() != "root":
        kind = sandbox.best_kind()
    course = Course(tmp_path)
    course.submit("writes", right_after(WRITES))
    course.submit("shares", right_after(SHARES))
    monkeypatch.setattr(sandbox, "best_kind", lambda: kind)
    records = parent.grade(find_release("02"), course.submitted, jobs=2)
    if kind in ("root", "user"):
        assert {each["student_id"]: each["score"] for each in records} == course.expected


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has files without a name")
def test_files_without_a_name_count_as_memory():
    code = "import os; f = os.memfd_create('x'); [os.write(f, bytes(2**20)) for _ in range(64)]; print('', flush=True)"
    command = [sys.executable, "-c", f"{code}; input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        assert 2**26 < sandbox._memory(process.pid) < 2 * 2**26
        process.communicate(b"\n")


def test_two_calls_on_one_machine_have_users_of_their_own():
    if sandbox.best_kind() in sandbox.OWN_USER:  # the end of a submission ends all processes of its user
        with sandbox.users(2) as some, sandbox.users(3) as others:
            assert len({*some, *others}) == 5
        command = ["setpriv", f"--reuid={some[0]}", "--clear-groups", "sleep", "60"]
        with subprocess.Popen(command) as theirs:
            while not sandbox._processes_of(some[0]):
                time.sleep(0.01)
            with sandbox.users(5) as numbers:
                assert some[0] not in numbers
            theirs.kill()


def test_a_folder_that_is_being_graded_is_left_alone(tmp_path):
    course = Course(tmp_path)
    course.submit("ann", honest_without_pictures)
    with parent._alone(course.submitted):
        process = course.start()
        said, _ = process.communicate()
    assert process.returncode == 1 and "Another call is grading" in said
    assert not (course.submitted / "gradebook.jsonl").exists()


def test_a_submission_that_was_ended_before_it_began_is_not_a_zero(tmp_path, monkeypatch):
    """The system may do that: it has too little memory, or no place for another process."""
    course = Course(tmp_path)
    course.submit("ann", honest_without_pictures)
    started, ends = [], set()

    def start(*arguments):
        started.append(runner := sandbox.start(*arguments))
        if len(started) in ends:
            os.killpg(runner.process.pid, signal.SIGKILL)
        return runner

    monkeypatch.setattr(parent, "sandbox", SimpleNamespace(**{**vars(sandbox), "start": start}))
    for ended, status in ({1, 2}, "could not be graded: its process was ended before it had begun"), ({3}, "graded"):
        ends |= ended
        (record,) = parent.grade(find_release("02"), course.submitted, jobs=1, again=True)
        assert record["status"].startswith(status)
        assert record["score"] == (ALL if status == "graded" else None)
    assert len(started) == 4
