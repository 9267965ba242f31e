"""`make lab` as a learner meets it: whole names in the file browser, no answers, no unsaved tab, links that lead on."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from gradlib import course
from tests.browser import lab

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The address of `python -m gradlib lab`, and the folder of the copy that it made."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    home = tmp_path_factory.mktemp("home")
    lab.draw_every_cell(home / ".jupyter")
    folder = home / "für mich" / "course"
    options = ["--no-browser", "--IdentityProvider.token=", "--LabApp.expose_app_in_browser=True"]
    server = subprocess.Popen(
        [sys.executable, "-m", "gradlib", "lab", "--lesson", "2", "--port", str(port), *options],
        env=os.environ | {"GRADLIB_COURSE": str(folder), "HOME": str(home), "MPLBACKEND": "Agg"},
        cwd=ROOT,
    )
    try:
        for _ in range(720):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/api", timeout=10)
                break
            except OSError:
                assert server.poll() is None
                time.sleep(0.25)
        else:
            raise AssertionError("JupyterLab did not answer within three minutes")
        yield f"http://127.0.0.1:{port}", folder
    finally:
        server.terminate()
        server.wait(30)


def test_the_copy_in_jupyterlab(copy, browser):
    address, folder = copy
    page = browser.new_page(viewport={"width": 1300, "height": 900})
    page.goto(address)
    page.wait_for_selector(lab.IDLE, timeout=90_000)
    assert page.url.split("?")[0] == f"{address}/lab/tree/notebooks/02_chain_rule.ipynb"

    names = page.locator(".jp-DirListing-itemText")
    page.wait_for_function("document.querySelectorAll('.jp-DirListing-itemText').length > 10")
    shown = set(names.all_inner_texts())
    assert shown == {path.name for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert not names.evaluate_all("all => all.filter(e => e.scrollWidth > e.clientWidth).map(e => e.textContent)")

    context = "window.jupyterapp.shell.currentWidget.context"
    assert page.evaluate(f"{context}.model.dirty") is False
    assert page.locator(".jp-OutputArea-output").count() == 0
    page.evaluate(f"{context}.save()")
    assert course.deliver(ROOT, folder) == course.Delivery()  # opened and saved is not yet touched
    lesson = folder / "notebooks" / "02_chain_rule.ipynb"
    delivered = json.loads((folder / course.MANIFEST).read_text())["files"]["notebooks/02_chain_rule.ipynb"]
    assert course._digest(lesson.name, lesson.read_bytes()) in delivered["ours"]

    page.get_by_role("link", name="the exercises").first.click()
    page.wait_for_function(f"{context}.path == 'exercises/02_chain_rule.ipynb'")
    page.close()


def test_every_notebook_of_the_copy_opens_without_an_answer_and_unchanged(copy, browser):
    address, folder = copy
    tabs = lab.Tabs(browser, address, "dark")
    paths = sorted(path.relative_to(folder).as_posix() for path in folder.glob("*/*.ipynb"))
    assert len(paths) > 25
    for path in paths:
        tabs.open(path)
        assert tabs.count(".jp-OutputArea-output") == 0, path
        assert tabs.page.evaluate("window.jupyterapp.shell.currentWidget.context.model.dirty") is False, path
        tabs.run("application:close")
    tabs.page.close()
    assert course.deliver(ROOT, folder) == course.Delivery()


def test_a_lesson_of_the_copy_runs_in_notebook_7(copy, browser):
    address, _ = copy
    page = browser.new_page(viewport={"width": 1300, "height": 900})
    page.goto(f"{address}/notebooks/notebooks/00_start_here.ipynb")
    page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status=idle]", state="attached", timeout=90_000)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.locator('.lm-Menu [data-command="runmenu:run-all"]').click()
    page.wait_for_function(lab.ALL_HAVE_RUN, timeout=90_000)
    assert page.locator(".jupyter-widgets .gradlib-picture svg").count() > 0
    assert not page.locator(".jp-OutputArea-output[data-mime-type$='stderr']").count()
    page.close()


def test_the_last_picture_stands_when_a_lesson_is_opened_again_with_a_new_kernel(copy, browser):
    address, folder = copy
    lesson = "notebooks/00_start_here.ipynb"
    tabs = lab.Tabs(browser, address, "dark")
    tabs.run("docmanager:open", {"path": lesson})
    tabs.page.wait_for_selector(lab.IDLE, timeout=90_000)
    tabs.run("notebook:run-all-cells")
    tabs.wait_for("notebook.querySelector('.jupyter-widgets .gradlib-picture svg') !== null")
    tabs.run("docmanager:save")
    tabs.page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    tabs.run("application:close")
    tabs.open(lesson)
    assert tabs.loose_words() == []
    assert tabs.count("img.gradlib-still") > 0 and tabs.count(".jupyter-widgets") == 0
    assert tabs.page.get_by_text("Run the cell to move it.").count() > 0
    tabs.page.close()
