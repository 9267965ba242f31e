"""A real JupyterLab, as `make lab` starts it, in headless Chromium. (extra `browser`)."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[2]
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
OPTIONS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
ALL_CELLS_HAVE_RUN = """() => {
    const prompts = [...document.querySelectorAll(".jp-CodeCell .jp-InputPrompt")];
    return prompts.length > 0 && prompts.every(prompt => /\\[\\d+\\]/.test(prompt.textContent));
}"""
IDLE = ".jp-Notebook-ExecutionIndicator[data-status=idle]"


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """The address of a JupyterLab over a copy of the notebooks, in an empty home."""
    home = tmp_path_factory.mktemp("home")
    shutil.copytree(ROOT / "notebooks", home / "notebooks")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [
            *(sys.executable, str(ROOT / "tools" / "lab.py"), "--no-browser", f"--ServerApp.root_dir={home}"),
            *("--IdentityProvider.token=", "--ServerApp.password=", "--ServerApp.disable_check_xsrf=True"),
        ],
        env=os.environ | {"HOME": str(home), "PORT": str(port)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(address, server)
        yield address
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(30)


def wait_for(address, server):
    for _ in range(120):
        assert server.poll() is None, "JupyterLab ended at its start"
        try:
            urllib.request.urlopen(f"{address}/api", timeout=10).close()
            return
        except urllib.error.URLError:
            time.sleep(0.5)
    raise TimeoutError(f"{address} did not answer within a minute")


@pytest.fixture(scope="session")
def chromium():
    with sync_playwright() as playwright:
        program = shutil.which("chromium")
        assert program, "these tests drive Debian's chromium, which is not installed"
        browser = playwright.chromium.launch(executable_path=program, args=OPTIONS)
        yield browser
        browser.close()


def set_setting(lab, plugin, value):
    body = json.dumps({"raw": json.dumps(value)}).encode()
    address = f"{lab}/lab/api/settings/@jupyterlab/{plugin}"
    put = urllib.request.Request(address, body, {"Content-Type": "application/json"}, method="PUT")
    urllib.request.urlopen(put, timeout=10).close()


@pytest.fixture(params=THEMES)
def theme(request, lab):
    """JupyterLab's theme, set before a page is opened."""
    set_setting(lab, "apputils-extension:themes", {"theme": THEMES[request.param]})
    return request.param


@pytest.fixture
def run_notebook(lab, chromium, theme):
    """A function that opens a notebook, runs it whole and returns the page; `page.problems` lists errors."""
    set_setting(lab, "notebook-extension:tracker", {"windowingMode": "none"})  # every cell is in the page
    page = chromium.new_page(viewport={"width": 1300, "height": 1000}, color_scheme=theme)
    page.problems = []
    page.on("console", lambda message: message.type == "error" and page.problems.append(message.text))
    page.on("pageerror", lambda error: page.problems.append(str(error)))

    def run_notebook(path):
        page.goto(f"{lab}/lab/tree/{path}?reset")
        page.wait_for_selector(IDLE, timeout=60_000, state="attached")
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.locator('.lm-Menu [data-command="runmenu:run-all"]').click()
        page.wait_for_function(ALL_CELLS_HAVE_RUN, timeout=60_000)
        return page

    yield run_notebook
    page.close()
