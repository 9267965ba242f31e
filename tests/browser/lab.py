"""JupyterLab in headless Chromium: a server, a browser, a notebook that has been run."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = os.environ.get("GRADLIB_CHROMIUM", "/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]  # else Chromium looks for hosts that are not there
CONFIG = Path(__file__).resolve().parents[2] / "tools" / "jupyter"
ALL_HAVE_RUN = """() => [...document.querySelectorAll(".jp-CodeCell .jp-InputPrompt")].every((prompt) =>
  /\\[\\d+\\]/.test(prompt.textContent))"""
IDLE = "#jp-main-statusbar >> text=/\\| Idle$/"  # the toolbar's mark reads idle before there is a kernel at all


@contextlib.contextmanager
def jupyterlab(root: Path, *options: str) -> Iterator[str]:
    """A JupyterLab that serves the notebooks under root; its address. The user's settings play no part."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    home = root / ".jupyter-home"
    own = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "IPYTHONDIR": "ipython",
    }
    environment = os.environ | {name: str(home / folder) for name, folder in own.items()}
    environment |= {"JUPYTER_CONFIG_PATH": str(CONFIG), "JUPYTER_PREFER_ENV_PATH": "1"}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--ServerApp.port={port}"]
    command += ["--ServerApp.port_retries=0", "--IdentityProvider.token=", f"--ServerApp.root_dir={root}", *options]
    home.mkdir(exist_ok=True)
    with open(home / "log", "w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, cwd=root, env=environment)
        try:
            _wait_until_it_listens(server, port, home / "log")
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(30)


def _wait_until_it_listens(server: subprocess.Popen, port: int, log: Path) -> None:
    for _ in range(240):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        assert server.poll() is None, f"JupyterLab ended at once:\n{log.read_text()}"
        time.sleep(0.25)
    raise AssertionError(f"JupyterLab did not listen within a minute:\n{log.read_text()}")


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


class Notebook:
    """A notebook open in JupyterLab. `problems`: console errors, and requests that leave this machine."""

    def __init__(self, browser: Browser, address: str, path: str, theme: str = "light", width: int = 1300, **context):
        self.page: Page = browser.new_page(viewport={"width": width, "height": 1000}, **context)
        self.problems: list[str] = []
        self.page.on("console", self._note_error)
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("request", self._note_request)
        self.page.goto(f"{address}/lab/tree/{path}?reset")
        self.page.wait_for_selector(IDLE, timeout=90_000)
        self._choose_theme(theme)
        self.page.keyboard.press("Control+b")  # the side bar goes

    def _note_error(self, message) -> None:
        if message.type == "error":
            self.problems.append(message.text)

    def _note_request(self, request) -> None:
        if not re.match(r"(https?|wss?)://127\.0\.0\.1[:/]|data:|blob:", request.url):
            self.problems.append(f"request to {request.url}")

    def _choose_theme(self, theme: str) -> None:
        """Light or dark, both by the menu: JupyterLab remembers the last choice."""
        self._menu("Settings")
        self.page.locator('.lm-Menu >> text="Theme"').hover()
        self.page.locator(f'.lm-Menu >> text="JupyterLab {theme.capitalize()}"').click()
        is_light = str(theme == "light").lower()
        self.page.wait_for_selector(f"body[data-jp-theme-light={is_light}]", state="attached")

    def _menu(self, name: str) -> None:
        self.page.get_by_role("menuitem", name=name, exact=True).click()

    def run_all(self, timeout: float = 120) -> None:
        """Run all cells and wait for the last."""
        self._menu("Run")
        self.page.locator('.lm-Menu [data-command="runmenu:run-all"]').click()
        self.page.wait_for_function(ALL_HAVE_RUN, timeout=timeout * 1000)
        self.page.wait_for_selector(IDLE, timeout=timeout * 1000)

    def close(self) -> None:
        self.page.close()


def draw_every_cell(config: Path) -> None:
    """Change the user's settings so that JupyterLab draws all cells of a notebook, not only those that can be seen."""
    settings = config / "lab" / "user-settings" / "@jupyterlab" / "notebook-extension" / "tracker.jupyterlab-settings"
    settings.parent.mkdir(parents=True)
    settings.write_text('{"windowingMode": "none"}', encoding="utf-8")


# What a picture leaves behind where it cannot be shown, and pictures that are not drawn.
LOOSE = """
(notebook) => {
  const found = [];
  for (const picture of notebook.querySelectorAll(".gradlib-picture")) {
    const shown = picture.cloneNode(true);
    shown.querySelectorAll("figcaption, table, p, pre").forEach((words) => words.remove());
    if (shown.textContent.trim()) found.push(`loose words: ${shown.textContent.trim().slice(0, 80)}`);
  }
  for (const image of notebook.querySelectorAll("img.gradlib-still"))
    if (!image.naturalWidth || !image.checkVisibility()) found.push(`not drawn: ${image.alt}`);
  for (const output of notebook.querySelectorAll(".jp-OutputArea-output"))
    if (/Error displaying widget|model not found|Run the cell to see/.test(output.textContent))
      found.push(output.textContent.trim().slice(0, 80));
  return found;
}
"""


class Tabs:
    """A JupyterLab in which notebooks are opened one after the other, without a kernel.

    It must have been started with --LabApp.expose_app_in_browser=True.
    """

    def __init__(self, browser: Browser, address: str, theme: str):
        self.page: Page = browser.new_page(viewport={"width": 1300, "height": 1000})
        self.page.goto(f"{address}/lab?reset")
        self.page.wait_for_function("window.jupyterapp?.restored.then(() => true)", timeout=90_000)
        self.run("apputils:change-theme", {"theme": f"JupyterLab {theme.capitalize()}"})

    def run(self, command: str, arguments: dict | None = None) -> None:
        execute = "([command, args]) => window.jupyterapp.commands.execute(command, args).then(() => null)"
        self.page.evaluate(execute, [command, arguments or {}])

    def open(self, path: str) -> None:
        self.run("docmanager:open", {"path": path, "kernelPreference": {"shouldStart": False}})
        is_open = "path => { const { context, content } = window.jupyterapp.shell.currentWidget ?? {}; "
        is_open += "return context?.path === path && context.isReady && content.widgets.length > 0 }"
        self.page.wait_for_function(is_open, arg=path, timeout=60_000)

    def evaluate(self, function: str):
        """The value of a function of the node of the notebook that is open."""
        return self.page.evaluate(f"({function})(window.jupyterapp.shell.currentWidget.node)")

    def wait_for(self, condition: str, value=None) -> None:
        """Wait until a condition on `notebook`, the node of the notebook that is open, holds."""
        function = f"(value) => {{ const notebook = window.jupyterapp.shell.currentWidget.node; return {condition} }}"
        self.page.wait_for_function(function, arg=value, timeout=60_000)

    def count(self, selector: str) -> int:
        return self.evaluate(f"(notebook) => notebook.querySelectorAll({selector!r}).length")

    def loose_words(self) -> list[str]:
        """What is wrong with the pictures of the notebook that is open, when all of them have been loaded."""
        self.wait_for("[...notebook.querySelectorAll('img')].every((image) => image.complete)")
        return self.evaluate(LOOSE)
