"""`make test` leaves out the late lessons that have passed and did not change, and no others."""

import os
import shutil
import subprocess
import sys

import pytest

import unchanged
from notebooks import ROOT

FILES = {
    "pyproject.toml": '[tool.pytest.ini_options]\ntestpaths = ["tests"]\npythonpath = ["tools"]\n',
    "conftest.py": "from unchanged import Unchanged\n"
    "def pytest_configure(config): config.pluginmanager.register(Unchanged(config))\n",
    "tests/checks/test_all.py": "import pytest\nfrom types import SimpleNamespace as S\n"
    "@pytest.mark.parametrize('exercise', [S(lesson='03'), S(lesson='14')], ids=['early', 'late'])\n"
    "def test_exercise(exercise): assert True\n"
    "@pytest.mark.parametrize('answers', [S(exercise=S(lesson='15'))], ids=['later'])\n"
    "def test_answers(answers): assert True\n",
    "tests/checks/lesson_14.py": "",
    "tests/checks/lesson_15.py": "from .lesson_03 import help",
    "tests/checks/lesson_03.py": "",
    "gradlib/checks/lesson_14.py": "",
    "gradlib/data/digits.csv": "",
    "notebooks/14_a.ipynb": "",
    "solutions/15_b.ipynb": "",
    "README.md": "",
}


@pytest.fixture
def project(tmp_path):
    """A small project with tests of lessons 03, 14 and 15."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools" / "unchanged.py", tmp_path / "tools")
    return tmp_path


def ran(project, *options, **environment):
    """Which of the three tests ran, and what pytest said."""
    command = [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", "-p", "no:nbval", *options]
    kept = {name: value for name, value in os.environ.items() if name not in ("CI", "TEST_SEED")}
    done = subprocess.run(command, cwd=project, env=kept | environment, capture_output=True, text=True)
    return {name for name in ("early", "late", "later") if f"[{name}]" in done.stdout}, done.stdout


ALL = {"early", "late", "later"}


def test_what_passed_and_did_not_change_is_left_out_and_said(project):
    more = project / "tests" / "test_more.py"
    more.write_text("def test(): assert False")
    parts = [["tests/checks"], ["-k", "exercise"], ["--ignore", "tests/checks"], ["--ignore-glob", "*/test_all.py"]]
    for options, environment in [([], {}), *((part, {}) for part in parts), ([], {"TEST_SEED": "3"})]:
        assert not (project / "build").exists()  # after a run with a failure, of a part, with other numbers
        ran(project, *options, **environment)
        more.write_text("def test(): assert True")
    assert ran(project)[0] == ALL
    assert ran(project, CI="true")[0] == ALL
    again, said = ran(project, "-n", "2")
    assert again == {"early"} and "nothing that they use has changed: 14, 15, 16" in said
    (project / "solutions" / "15_b.ipynb").write_text("changed")
    assert ran(project)[0] == {"early", "later"}


@pytest.mark.parametrize(
    ("name", "run"),
    [
        ("notebooks/14_a.ipynb", ["14"]),
        ("solutions/15_b.ipynb", ["15"]),
        ("tests/checks/lesson_14.py", ["14"]),
        ("gradlib/checks/lesson_14.py", ["14"]),
        ("tests/checks/lesson_03.py", ["15"]),  # which 15 names
        ("tests/checks/test_all.py", ["14", "15"]),
        ("gradlib/data/digits.csv", ["14", "15"]),
        ("gradlib/new.py", ["14", "15"]),
        ("pyproject.toml", ["14", "15"]),
        ("README.md", []),
        ("gradlib/checks/lesson_02.py", []),
    ],
)
def test_a_lesson_runs_again_when_something_that_it_uses_changes(project, name, run):
    before = {lesson: unchanged.digest(project, lesson) for lesson in ("14", "15")}
    with open(project / name, "a", encoding="utf-8") as file:
        file.write("\n")
    assert [lesson for lesson in before if unchanged.digest(project, lesson) != before[lesson]] == run


def test_a_lesson_runs_again_with_other_packages(project, monkeypatch):
    before = unchanged.digest(project, "14")
    monkeypatch.setattr(unchanged, "packages", lambda: [("numpy", "3.0")])
    assert unchanged.digest(project, "14") != before
