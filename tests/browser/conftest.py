"""One JupyterLab over a copy of the notebooks, and one Chromium, for all the tests of this folder."""

import shutil
from pathlib import Path

import pytest

from tests.browser import lab

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def address(tmp_path_factory):
    root = tmp_path_factory.mktemp("course")
    shutil.copytree(ROOT / "notebooks", root / "notebooks")
    with lab.jupyterlab(root) as address:
        yield address


@pytest.fixture(scope="session")
def browser():
    with lab.chromium() as browser:
        yield browser


@pytest.fixture(params=["light", "dark"])
def run_notebook(request, address, browser):
    """A function that opens a notebook in a theme of JupyterLab and runs it whole."""
    opened = []

    def run_notebook(path):
        notebook = lab.Notebook(browser, address, path, theme=request.param)
        opened.append(notebook)
        notebook.run_all()
        return notebook

    yield run_notebook
    for notebook in opened:
        notebook.close()
