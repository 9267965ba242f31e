"""Pictures in notebooks that were saved, or that were not run on this machine: never loose words, never an error."""

import json

import nbformat
import pytest

from gradlib.widgets import WIDGETS
from gradlib.widgets.base import VIEW_MIME
from tests.browser import lab
from tests.widgets.samples import SAMPLES

CODE = """
from gradlib import show_graph
from gradlib.scalar import Value
from gradlib.widgets import ChainRuleWalkthrough
x, y = Value(2.0), Value(3.0)
z = x * y + x**2
display(show_graph(z))
ChainRuleWalkthrough(z)
"""
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("stored")


@pytest.fixture(scope="module")
def address(root):
    with lab.jupyterlab(root) as address:
        yield address


def write(path, *cells):
    nbformat.write(nbformat.v4.new_notebook(cells=list(cells), metadata={"kernelspec": KERNEL}), path)


def test_a_saved_notebook_shows_its_pictures_with_another_kernel(root, address, browser):
    write(root / "saved.ipynb", nbformat.v4.new_code_cell(CODE.strip()))
    notebook = lab.Notebook(browser, address, "saved.ipynb")
    page = notebook.page
    notebook.run_all()
    live = page.locator(".gradlib-picture svg")
    live.wait_for()
    note = page.get_by_text("Run the cell to move it.")
    assert not note.is_visible()

    page.keyboard.press("Control+s")
    page.wait_for_timeout(1000)
    outputs = json.loads((root / "saved.ipynb").read_text())["cells"][0]["outputs"]
    assert [VIEW_MIME in output["data"] for output in outputs] == [False, False]
    assert "<svg" not in json.dumps(outputs) and live.is_visible(), "what is on the screen stays as it is"

    notebook._menu("Kernel")
    page.locator('.lm-Menu [data-command="kernelmenu:shutdown"]').click()
    page.goto(f"{address}/lab/tree/saved.ipynb?reset")
    page.locator(".jp-OutputArea-output img.gradlib-still").nth(1).wait_for()
    text = page.locator(".jp-OutputArea").inner_text()
    assert "Error displaying widget" not in text and "Run the cell to move it." in text
    assert notebook.problems == []
    notebook.close()


def test_a_live_widget_says_when_its_kernel_is_gone(root, address, browser):
    write(root / "live.ipynb", nbformat.v4.new_code_cell(CODE.strip()))
    notebook = lab.Notebook(browser, address, "live.ipynb")
    notebook.run_all()
    notebook.page.locator(".gradlib-picture svg").wait_for()
    notebook._menu("Kernel")
    notebook.page.locator('.lm-Menu [data-command="kernelmenu:restart"]').click()
    notebook.page.get_by_role("button", name="Confirm Kernel Restart").click()
    notebook.page.get_by_text("Run the cell to move it.").wait_for()
    assert notebook.page.locator(".gradlib-picture svg").is_visible(), "the last picture stands"
    notebook.close()


def test_an_untrusted_notebook_shows_every_picture_and_no_loose_words(root, address, browser):
    """Also after another widget has loaded the style: all words of a graph stand in an image."""
    views = [next(iter(SAMPLES[view].values()))() for view in WIDGETS]
    cells = [nbformat.v4.new_code_cell(CODE.strip())]
    for view in views:
        data = {"text/html": view.to_html(), "text/plain": repr(view)}
        output = nbformat.v4.new_output("execute_result", data, execution_count=1)
        cells.append(nbformat.v4.new_code_cell("view", execution_count=1, outputs=[output]))
    write(root / "untrusted.ipynb", *cells)
    notebook = lab.Notebook(browser, address, "untrusted.ipynb")
    page = notebook.page
    for is_run in (False, True):
        if is_run:
            page.locator(".jp-CodeCell").first.click()
            page.keyboard.press("Shift+Enter")
            page.locator(".gradlib-picture svg").first.wait_for()
        for i, view in enumerate(views, start=1):
            output = page.locator(".jp-CodeCell").nth(i).locator(".jp-OutputArea-output")
            output.scroll_into_view_if_needed()
            image = output.locator("img").first
            assert image.evaluate("image => image.decode().then(() => image.naturalWidth > 20)")
            outside = output.locator(".gradlib-picture").inner_text().strip().splitlines()
            captions = output.locator("figcaption, .gradlib-line").all_inner_texts()
            assert set(filter(None, outside)) <= set(captions), view
            assert view.model.words().title in output.inner_text()
    notebook.close()
