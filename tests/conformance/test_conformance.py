"""The conformance suite: right engines fail nothing, each mistake is caught and named, wild engines are contained."""

import inspect
import json
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

import gradlib
from gradlib import conformance, scalar
from gradlib.conformance import CASES, LEVELS, Adapter, NoWayFound
from gradlib.conformance.mistakes import MISTAKES

from .adapters import STYLES, tape_adapter
from .engines import arrays, closures, histories, wild
from .mutants import SCALAR, TENSOR, Mutant, load

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = ["gradlib", "gradlib.nn", "gradlib.nn.functional", "gradlib.optim"]


def codes(report):
    return [diagnosis.code for diagnosis in report.diagnoses]


def statuses(report):
    return {result.name: result.status for result in report.results}


# --- right engines -----------------------------------------------------------------------------


def test_the_librarys_own_tensors_fail_nothing():
    report = conformance.run(gradlib.Tensor, functions=LIBRARY, processes=False)
    assert report.passed, report.text
    refused = {result.name for result in report.results if result.status != "passed"}
    assert refused == {"an integer as data", "an array of integers"}  # with a sentence that says what to write


def test_the_scalar_engine_of_lesson_03_fails_nothing():
    report = conformance.run(scalar.Value, processes=False)
    assert report.passed, report.text
    assert statuses(report).keys() == {case.name for case in CASES}
    assert report.levels[3]["passed"] == sum(case.level == 3 for case in CASES)


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.__name__.removesuffix("_adapter"))
def test_a_right_engine_of_another_style_fails_nothing(style):
    report = conformance.run(style(), processes=False)
    assert report.passed, report.text
    assert sum(counts["passed"] for counts in report.levels.values()) > 50


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.__name__.removesuffix("_adapter"))
def test_an_adapter_has_at_most_ten_lines(style):
    body = inspect.getsource(style).splitlines()[1:]
    assert len([line for line in body if line.strip()]) <= 10


def test_four_styles_need_no_adapter():
    assert sum(isinstance(style(), type) for style in STYLES) == 4


def test_the_values_and_gradients_of_the_cases_are_those_of_the_library():
    """The cases' own reference is NumPy with central differences; the library is another way to the same numbers."""
    scalars, tensors = (conformance.find_engine(Adapter(cls)) for cls in (scalar.Value, gradlib.Tensor))
    for case in CASES:
        if not isinstance(case, conformance.cases.Expression) or case.is_scalar and "abs" in case.uses:
            continue  # the scalar engine has no absolute value
        engine = scalars if case.is_scalar else tensors
        inputs = [engine.variable(np.array(v)) if np.ndim(v) else engine.variable(v) for v in case.inputs]
        result = case.formula(engine, *inputs)
        if np.ndim(case.weights):
            result.backward(case.weights)
        else:
            result.backward()
        for x, expected in zip(inputs, case.expected, strict=True):
            assert engine.close(engine.gradient(x), expected), case.name


# --- mistakes ----------------------------------------------------------------------------------


def test_there_are_enough_cases_and_mutants():
    assert len(CASES) >= 100 and len({(case.level, case.name) for case in CASES}) == len(CASES)
    assert {case.level for case in CASES} == set(LEVELS)
    assert len(SCALAR) >= 40 and len(TENSOR) >= 40 and len(set(SCALAR + TENSOR)) == len(SCALAR + TENSOR)


def test_every_mistake_of_the_cases_has_a_sentence_and_every_sentence_a_case():
    sources = "".join(path.read_text(encoding="utf-8") for path in Path(conformance.__file__).parent.glob("*.py"))
    named = set(re.findall(r'"([A-Z][A-Z_]+)"', sources.replace('": Mistake(', "")))
    assert {case.mistake for case in CASES} <= MISTAKES.keys()
    assert set(MISTAKES) <= named, set(MISTAKES) - named


def test_the_lessons_that_are_named_exist():
    lessons = {path.name[:2] for path in (ROOT / "notebooks").glob("[0-9]*.ipynb")}
    assert {mistake.lesson for mistake in MISTAKES.values()} <= lessons | {""}


@pytest.mark.parametrize(
    ("old", "new", "because"),
    [
        ("self.collect(other.data * gradient)", "self.collect(gradient)", "MUL"),
        ("other.collect(-gradient)", "other.collect(gradient)", "SUB_SIGN"),
    ],
)
def test_what_a_simpler_failure_explains_is_not_a_second_mistake(old, new, because):
    engine = load("closures", Mutant((because,), ((old, new),))).Value
    report = conformance.run(engine, levels=[1, 2, 3], processes=False)
    assert codes(report) == [because]
    explained = [result for result in report.results if result.status == "explained"]
    assert explained and {result.because for result in explained} == {because}


def test_who_has_changed_an_input_is_said():
    changes = next(mutant for mutant in SCALAR if mutant.codes == ("MUTATES",))
    report = conformance.run(load("closures", changes).Value, levels=[1], processes=False)
    assert report.diagnoses[0].said == "the operation changed an input from -2 to 0"


def test_a_convention_is_not_a_failure():
    report = conformance.run(tape_adapter(), processes=False)
    assert report.passed and {each.code for each in report.conventions} == {"OVERWRITES", "FREED"}
    assert "Conventions:" in report.text
    for words in (report.text, report._repr_html_().replace("&#x27;", "'")):
        assert "PyTorch's is 8" in words and "(a convention" in words


def test_the_engine_is_left_as_it_was():
    before = dict(vars(closures.Value)), sys.getprofile()
    conformance.run(closures.Value, processes=False)
    assert (dict(vars(closures.Value)), sys.getprofile()) == before

    stuck = load("closures", next(mutant for mutant in SCALAR if mutant.codes == ("NO_GRAD_STUCK",))).Value
    report = conformance.run(stuck, processes=False)
    assert codes(report) == ["NO_GRAD_STUCK"] and stuck.recording


# --- wild engines ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("engine", "code", "said"),
    [
        (wild.LoopsInTanh, "HANGS", "Does this loop ever end"),
        (wild.Recurses, "RECURSES", "maximum recursion depth"),
        (wild.Crashes, "CRASHES", "Python itself crashed"),
        (wild.Exits, "CRASHES", "ended the whole program"),
        (wild.SaysExit, "CRASHES", "SystemExit"),
        (wild.TakesAll, "CRASHES", "MemoryError"),
    ],
)
def test_a_wild_engine_is_contained_and_the_other_cases_are_judged(engine, code, said):
    seconds = 0.5 if code == "HANGS" else 5.0  # the rest end by themselves, on a busy machine later
    report = conformance.run(engine, levels=[1], seconds=seconds)
    assert codes(report) == [code] and report.diagnoses[0].cases == ("tanh(x)",)
    assert said in report.diagnoses[0].said
    assert statuses(report)["sigmoid(x)"] == "passed"
    assert report.contained and "Each case ran in a process of its own." in report.text


def test_compiled_code_that_hangs_is_ended(monkeypatch):
    monkeypatch.setattr("gradlib.checks.limits._whole", lambda limits: limits.seconds + 0.5)
    report = conformance.run(wild.LoopsInCompiledCode, levels=[1], seconds=0.3)
    assert codes(report) == ["HANGS"] and "_compiled_loop" not in report.text


def test_an_engine_that_prints_is_not_shown_but_reported(capfd):
    report = conformance.run(wild.Prints, levels=[1])
    assert report.passed and report.printed.startswith("yyy") and len(report.printed) <= 80
    assert capfd.readouterr() == ("", "") and "The engine prints." in report.text


def test_an_engine_that_refuses_is_not_wrong():
    report = conformance.run(wild.RaisesInTanh, levels=[1])
    assert report.passed and statuses(report)["tanh(x)"] == "unsupported"


@pytest.mark.parametrize(
    ("engine", "said"),
    [
        (wild.Loops, "backward(): This was still running"),
        (wild.Raises, "backward(): RuntimeError: no gradients today"),
        (wild.CrashesAtOnce, "Python itself crashed"),
        (int, "no attribute holds its value, 2.0"),
    ],
)
def test_an_engine_that_cannot_be_used_says_what_was_tried(engine, said):
    with pytest.raises(NoWayFound, match=re.escape(said)):
        conformance.run(engine)


class WithoutGradient:
    def __init__(self, data):
        self.data = data

    def __mul__(self, other):
        return WithoutGradient(self.data * other.data)

    def backward(self):
        pass


def test_an_engine_without_a_gradient_says_so():
    with pytest.raises(NoWayFound, match="backward: no attribute holds a gradient after it"):
        conformance.run(WithoutGradient, processes=False)


def test_a_backward_that_asks_for_a_gradient_gets_ones():
    engine = load("closures").Value
    right = engine.backward
    engine.backward = lambda self, gradient: right(self)
    report = conformance.run(engine, levels=[1, 3], processes=False)
    assert report.passed and "backward .backward(1.0)" in report.spoken


def test_an_engine_that_hangs_everywhere_ends_the_run():
    original = closures.Value.__add__
    try:
        closures.Value.__add__ = lambda self, other: wild._loop()
        report = conformance.run(closures.Value, levels=[3, 4], seconds=0.05)
    finally:
        closures.Value.__add__ = original
    assert sum(result.code == "HANGS" for result in report.results) == 8
    assert "not tried, since 8 cases have given no answer" in report.json()


def in_another_thread(function):
    """Run a function where there are neither child processes nor an alarm, as in the browser."""
    results = []
    thread = threading.Thread(target=lambda: results.append(function()))
    thread.start()
    thread.join()
    return results[0]


def test_without_processes_a_count_of_steps_ends_an_engine_and_the_report_says_so():
    report = in_another_thread(lambda: conformance.run(wild.LoopsInTanh, levels=[1], seconds=0.5))
    assert codes(report) == ["HANGS"] and "after 200,000 steps" in report.diagnoses[0].said
    assert not report.contained and "The cases ran in one process" in report.text


def test_without_processes_a_right_engine_fails_nothing():
    for engine in (scalar.Value, arrays.Tensor):
        assert in_another_thread(lambda engine=engine: conformance.run(engine)).passed


# --- reports -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def report():
    stale = next(mutant for mutant in SCALAR if mutant.codes == ("STALE",))
    return conformance.run(load("closures", stale).Value, levels=[1, 5, 14], processes=False)


def test_the_text_names_the_mistake_its_lesson_and_its_cases(report):
    text = report.text
    assert re.match(r"closures_\d+:Value: \d+ cases: \d+ passed, 2 failed, ", text)
    assert "✗ The gradients of intermediate values stay from one backward() to the next" in text
    assert "(lesson 03)\n  backward twice; two losses, one trunk: the gradient is 12, then " in text
    assert repr(report) == text


def test_the_html_has_the_same_words(report):
    page = ElementTree.fromstring(report._repr_html_())
    words = " ".join("".join(page.itertext()).split())
    assert report.summary in words and "The gradients of intermediate values stay" in words
    assert "5 accumulation and zeroing" in words and "backward twice" in words
    assert all(cell.get("scope") for cell in page.iter("th"))
    assert all(note in words for note in report.notes)


def test_html_and_xml_escape_what_an_engine_says():
    class Odd(histories.Scalar):
        def log(self):
            raise ValueError("<b> & `")

        __qualname__ = "Odd<i>"

    adapter = Adapter(Odd, backward=lambda z: histories.backpropagate(z, 1.0))
    report = conformance.run(adapter, levels=[1], processes=False)
    assert "<b> & `" in "".join(ElementTree.fromstring(report._repr_html_()).itertext())
    skipped = ElementTree.fromstring(report.junit()).findall("testcase/skipped")
    assert any("<b> & `" in each.get("message") for each in skipped)


def test_the_json_holds_every_verdict(report):
    found = json.loads(report.json())
    assert [each["name"] for each in found["results"]] == [case.name for case in CASES if case.level in (1, 5, 14)]
    assert found["diagnoses"][0]["code"] == "STALE"
    assert found["diagnoses"][0]["cases"] == ["backward twice", "two losses, one trunk"]


def test_junit_counts_failures_and_skips(report):
    suite = ElementTree.fromstring(report.junit())
    counts = {each: len(suite.findall(f"testcase/{each}")) for each in ("failure", "skipped")}
    assert suite.get("tests") == str(len(report.results)) and suite.get("failures") == "2" == str(counts["failure"])
    assert suite.get("skipped") == str(counts["skipped"])
    assert suite.find("testcase/failure").get("type") == "STALE"


# --- the command -------------------------------------------------------------------------------


def command(*arguments, cwd):
    return subprocess.run(
        [sys.executable, "-m", "gradlib.conformance", *arguments],
        cwd=cwd, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    source = (ROOT / "tests/conformance/engines/closures.py").read_text(encoding="utf-8")
    (tmp_path / "right.py").write_text(source, encoding="utf-8")
    (tmp_path / "wrong.py").write_text(source.replace("node.grad = 0.0", "pass"), encoding="utf-8")
    (tmp_path / "ends.py").write_text("print('hello')\nimport os\nos._exit(0)\n", encoding="utf-8")
    (tmp_path / "named.py").write_text(
        "from gradlib.conformance import Adapter\nfrom right import Value\n"
        "class Hidden(Value):\n    def __init__(self, text):\n        super().__init__(float(text))\n"
        "adapter = Adapter(Hidden, make=lambda v, _: Hidden(str(v)))\n",
        encoding="utf-8",
    )
    return tmp_path


def test_the_command_ends_with_0_where_nothing_failed(folder):
    done = command("right:Value", "--level", "1-2", cwd=folder)
    assert done.returncode == 0 and "right:Value: 32 cases: 32 passed" in done.stdout and done.stderr == ""


def test_the_command_ends_with_1_where_something_failed_and_writes_files(folder):
    done = command("wrong:Value", "--level", "5", "--json", "r.json", "--junit", "r.xml", "--path", ".", cwd=folder)
    assert done.returncode == 1 and "lesson 03" in done.stdout
    assert json.loads((folder / "r.json").read_text(encoding="utf-8"))["diagnoses"][0]["code"] == "STALE"
    assert ElementTree.parse(folder / "r.xml").getroot().get("failures") == "2"


@pytest.mark.parametrize(
    ("engine", "said"),
    [
        ("right:Nothing", "cannot be imported"),
        ("missing:Value", "No module named 'missing'"),
        ("right:wrap", "must be a class or a gradlib.conformance.Adapter, got function"),
        ("ends:Value", "ended the whole program"),
    ],
)
def test_the_command_ends_with_2_where_it_cannot_be_used(folder, engine, said):
    done = command(engine, cwd=folder)
    assert done.returncode == 2 and said in done.stderr and done.stdout == ""


def test_a_module_of_functions_that_is_not_there_is_named(folder):
    done = command("right:Value", "--level", "1", "--functions", "right,missing", cwd=folder)
    assert done.returncode == 2 and done.stderr.startswith("right:Value, right, missing cannot be imported from ")
    assert "No module named 'missing'" in done.stderr and "Traceback" not in done.stderr


def test_a_report_that_cannot_be_written_is_said_after_it_is_shown(folder):
    done = command("right:Value", "--level", "1", "--json", "nowhere/r.json", cwd=folder)
    assert done.returncode == 2 and "16 passed" in done.stdout
    assert done.stderr == "The report could not be written to nowhere/r.json: No such file or directory\n"


def test_the_command_takes_an_adapter(folder):
    done = command("named:adapter", "--level", "1", cwd=folder)
    assert done.returncode == 0 and "made by make=" in done.stdout


def test_a_level_that_does_not_exist_is_refused(folder):
    done = command("right:Value", "--level", "0-3", cwd=folder)
    assert done.returncode == 2 and "--level must be a level from 1 to 15" in done.stderr


def test_a_right_engine_takes_no_alarm_with_it():
    conformance.run(closures.Value, levels=[1], processes=False)
    assert signal.getitimer(signal.ITIMER_PROF) == (0.0, 0.0)
