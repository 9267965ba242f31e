"""Lessons that were opened and not run: the learner's copy shows no answer, and no stored picture is loose words."""

import shutil

import pytest

from notebooks import ROOT, read
from tests.browser import lab

RUN = "notebooks/01_slopes.ipynb"
NOTEBOOKS = [f"{path.parent.name}/{path.name}" for path in sorted(ROOT.glob("notebooks/*.ipynb"))]


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """A plain JupyterLab over the stored notebooks, none of which was run on this machine; it draws every cell."""
    root = tmp_path_factory.mktemp("stored")
    shutil.copytree(ROOT / "notebooks", root / "notebooks")
    lab.draw_every_cell(root / ".jupyter-home" / "config")
    with lab.jupyterlab(root, "--LabApp.expose_app_in_browser=True") as address:
        yield address


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_stored_pictures_stand_before_a_lesson_is_run(address, browser, theme):
    """In the dark also where another lesson was run in the page and has brought the style of the widgets."""
    tabs = lab.Tabs(browser, address, theme)
    if theme == "dark":
        tabs.run("docmanager:open", {"path": RUN})
        tabs.page.wait_for_selector(lab.IDLE, timeout=90_000)
        tabs.run("notebook:run-all-cells")
        tabs.page.wait_for_selector(".jupyter-widgets .gradlib-picture", timeout=90_000)
    found, pictures = [], 0
    for path in NOTEBOOKS:
        if theme == "dark" and path == RUN:
            continue
        tabs.open(path)
        stored = sum(len(cell.get("outputs", [])) for cell in read(ROOT / path).cells)
        tabs.wait_for("notebook.querySelectorAll('.jp-OutputArea-output').length >= value", stored)
        found += [f"{path}: {words}" for words in tabs.loose_words()]
        pictures += tabs.count("img.gradlib-still")
        tabs.run("application:close")
    tabs.page.close()
    assert pictures > 20
    assert not found, "\n".join(found)
