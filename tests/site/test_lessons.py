"""The course in the browser, as a learner meets it: no installation, no other host, whole lessons, nothing lost.

Three notebooks run whole, and lesson 02 with its widget. LESSONS=all in the environment runs every lesson, page and
solution, which takes an hour.
"""

import json
import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

import roughly
from notebooks import NOT_COMPARED
from tests.site.in_browser import Notebook, kinds, words

ROOT = Path(__file__).resolve().parents[2]
FEW = ["notebooks/00_start_here.ipynb", "notebooks/06_tensor_engine.ipynb", "solutions/02_chain_rule.ipynb"]
ALL = [f"{name}/{path.name}" for name in ("notebooks", "solutions") for path in sorted((ROOT / name).glob("*.ipynb"))]
SITE = ROOT / "build" / "site-test" / "lite"
LESSON = "notebooks/02_chain_rule.ipynb"
PICTURE = ".gradlib-picture[aria-label='Chain rule walkthrough']"


def compare_with_stored(path, cells):
    """Every cell has outputs of the stored kinds, and says the same, but for numbers that the platform changes.

    A training that is shorter in the browser changes the numbers of the cells after it, and how many lines it writes.
    """
    stored = json.loads((ROOT / path).read_text(encoding="utf-8"))["cells"]
    assert len(cells) == len(stored)
    shorter = False
    for cell, before in zip(cells, stored, strict=True):
        if cell["cell_type"] == "code":
            source, tags = "".join(cell["source"]), before["metadata"].get("tags", [])
            shorter = shorter or "in_browser=" in source
            assert kinds(cell) == kinds(before), f"{source}\n{words(cell)}"
            if shorter or NOT_COMPARED in tags:
                continue
            if roughly.TAG in tags:
                assert roughly.same_words(words(cell), words(before)), source
            else:
                assert words(cell) == words(before), source


@pytest.mark.parametrize("path", ALL if os.environ.get("LESSONS") == "all" else FEW)
def test_it_runs_whole_and_gives_the_stored_outputs(path, context, address):
    notebook = Notebook(context, address, path)
    compare_with_stored(path, notebook.run_all())
    assert notebook.outside == []


def megabytes(files):
    """The size of files as they lie there. Many a web host compresses some of them: a third less comes then."""
    return sum(path.stat().st_size for path in files if path.is_file()) / 1e6


def test_a_lesson_loads_little_its_graph_is_drawn_and_its_widget_steps(context, address):
    notebook = Notebook(context, address, LESSON)
    assert megabytes(SITE / name for name in notebook.loaded) < 40
    assert megabytes(path for path in SITE.rglob("*")) < 80

    compare_with_stored(LESSON, notebook.run_all())
    assert notebook.outside == []
    page = notebook.page
    notebook.show("show_graph(z, gradients=False)")
    graph = page.locator(".jp-OutputArea-output svg.gradlib-graph").first
    expect(graph).to_be_visible()
    assert graph.locator("g.node").count() == 6 and graph.locator("g.edge").count() == 6

    notebook.show("ChainRuleWalkthrough(z)")
    widget = page.locator(".widget-vbox", has=page.locator(PICTURE)).first
    title = widget.locator(".gradlib-words strong")
    expect(title).to_contain_text("Start: ")
    widget.get_by_role("button", name="Next").click()
    expect(title).to_contain_text("Step 1 of ")
    widget.locator(PICTURE).focus()
    page.keyboard.press("ArrowRight")
    expect(title).to_contain_text("Step 2 of ")


def test_answers_and_progress_survive_a_reload(context, address):
    path, double = "exercises/00_start_here.ipynb", "def double(x):\n    return 2 * x"
    notebook = Notebook(context, address, path)
    assert not any("double: passed" in words(cell) for cell in notebook.run_all())
    notebook.write("def double(x)", double)
    assert any("double: passed" in words(cell) for cell in notebook.run_all())
    notebook.save()
    notebook.page.close()

    again = Notebook(context, address, path)
    assert any("".join(cell["source"]) == double for cell in again.cells())
    again.write(
        "import math", "from gradlib.checks.record import passed, progress_file\nprint(progress_file(), *passed())"
    )
    assert words(next(c for c in again.run_all() if c["cell_type"] == "code")) == "/drive/progress.json 00/double\n"
