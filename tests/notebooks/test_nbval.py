"""Notebooks under pytest, typed by hand: nothing of whoever types it shows, and their progress stays as it is."""

import json
import os
import subprocess
import sys

import pytest
from nbformat import v4

from notebooks import ROOT, SECONDS, to_text
from roughly import agree

PASSED = json.dumps({"passed": ["00/double"]})


@pytest.fixture
def surroundings(tmp_path):
    """The environment of somebody who has passed an exercise and has settings for everything."""
    home = tmp_path / "home"
    files = {
        "matplotlibrc": "figure.figsize: 1, 1\nno.such.setting: 1",
        "ipython/profile_default/startup/mine.py": "print('Hello, it is me')",
        "data/gradlib/progress.json": PASSED,
    }
    for name, text in files.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text, encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if name != "GRADLIB_PROGRESS"}
    return kept | {
        "XDG_DATA_HOME": str(home / "data"),
        "IPYTHONDIR": str(home / "ipython"),
        "MATPLOTLIBRC": str(home),
        "MPLBACKEND": "pdf",
        "GRADLIB_CHECKS": "strict",
        "GRADLIB_PROGRESS": str(home / "data" / "gradlib" / "progress.json"),
    }


def run_cells(folder, environment, *cells, first=""):
    """nbval on a notebook of (source, what it prints, tags), with the course's conftest.py; `first` runs before it."""
    folder.mkdir()
    code = []
    for source, printed, *tags in cells:
        outputs = [v4.new_output("stream", text=printed)] if printed else []
        cell = v4.new_code_cell(source, outputs=outputs, execution_count=len(code) + 1, metadata={"tags": tags})
        code.append(cell)
    notebook = v4.new_notebook(cells=code, metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})
    (folder / "small.ipynb").write_text(to_text(notebook), encoding="utf-8")
    (folder / "before.py").write_text(first, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "before", "--nbval"]
    command += ["-c", str(ROOT / "pyproject.toml"), "--rootdir", str(ROOT), "-p", "conftest", str(folder)]
    path = os.pathsep.join([str(folder), str(ROOT), str(ROOT / "tools")])
    environment = environment | {"PYTHONPATH": path}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)


SETTINGS = """\
import matplotlib
import matplotlib.pyplot as plt
print(plt.rcParams["figure.figsize"], "inline" in matplotlib.get_backend())"""
PASS = """\
from gradlib.checks import lesson_00, progress
print(lesson_00.double(lambda x: 2 * x).status)
print(progress().rows[0])"""


def test_it_depends_on_no_settings_and_touches_no_progress(tmp_path, surroundings):
    cells = [
        (SETTINGS, "[6.4, 4.8] True\n"),
        ("import gradlib.checks as c\nprint(c.progress().rows[0][1], c.record.is_strict())", "0 of 4 False\n"),
        (PASS, "passed\n('00 Start here', '1 of 4', 'double', 'rise, counted, landscape')\n"),
        ("print('<div><style>1</style><svg>2</svg>')", "<div><svg>3</svg>\n"),
        ("print('548 of 597 right')", "561 of 597 right\n", "roughly"),
    ]
    result = run_cells(tmp_path / "notebooks", surroundings, *cells)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "5 passed" in result.stdout
    folder = tmp_path / "home" / "data" / "gradlib"
    assert [(path.name, path.read_text(encoding="utf-8")) for path in folder.iterdir()] == [("progress.json", PASSED)]


def test_solutions_run_in_strict_mode_and_a_notebook_has_its_time(tmp_path, surroundings):
    busy = "import time\nwhile time.process_time() < 1.5: pass"
    strict = "import gradlib.checks as c\nprint(c.record.is_strict())"
    limit = "import notebooks\nnotebooks.SECONDS = 1"
    result = run_cells(tmp_path / "solutions", surroundings, (strict, "True\n"), (busy, ""), first=limit)
    assert "2 passed, 1 error" in result.stdout, result.stdout + result.stderr
    assert "small.ipynb took 2 s of processor time, it may take 1" in result.stdout.replace("took 3", "took 2")


@pytest.mark.parametrize(
    ("found", "stored", "near"),
    [
        ("0%  76%", "1%   74%", True),
        ("16 of 549", "12 of 549", False),
        ("1e-10", "3e-10", True),
        ("1e-10", "4e-10", False),
        ("1,797 rows", "1,700 rows", True),
        ("-0.5", "0.5", False),
        ("x2 is 3", "x3 is 3", False),
        ("nan", "0.5", False),
        ("[1.0, 2.0]", "[1.0]", False),
    ],
)
def test_numbers_of_a_training_may_differ_a_little(found, stored, near):
    assert agree(found, stored) == near


def test_a_notebook_has_at_most_half_a_minute():
    assert SECONDS <= 30
