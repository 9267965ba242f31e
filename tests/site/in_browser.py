"""The built course in headless Chromium: a host of static files, a page, a notebook that has been run."""

from __future__ import annotations

import contextlib
import functools
import re
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import BrowserContext, Page

CODE = "window.jupyterapp.shell.currentWidget.content.widgets.filter(cell => cell.model.type === 'code')"
KERNEL = "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel"
IDLE = (
    f"() => {{ const kernel = {KERNEL}; return kernel?.connectionStatus === 'connected' && kernel.status === 'idle' }}"
)
ALL_HAVE_RUN = f"() => {CODE}.every(cell => cell.model.executionCount) && {KERNEL}.status === 'idle'"
START = 240_000  # ms; 15 s on a quiet machine
POLLING = 200  # ms; without it the page is drawn anew, and asked, sixty times a second


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def host(folder: Path) -> Iterator[str]:
    """The address of a folder, served as any web host would."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


class Notebook:
    """A notebook, opened in a page of its own, with its kernel ready.

    `outside` lists the requests that asked for another host, `loaded` the files that came until the kernel was ready.
    """

    def __init__(self, context: BrowserContext, address: str, path: str):
        self.outside: list[str] = []
        loaded: set[str] = set()
        context.on("response", lambda answer: loaded.add(answer.url.partition("?")[0].removeprefix(f"{address}/")))
        context.route(re.compile(r"^(?!http://127\.0\.0\.1[:/]|data:|blob:)"), self._refuse)
        self.page: Page = context.new_page()
        self.page.goto(f"{address}/lab/index.html?path={path}")
        self.page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=START)
        self.page.wait_for_function(IDLE, timeout=START, polling=POLLING)
        self.loaded = frozenset(loaded)

    def _refuse(self, route) -> None:
        self.outside.append(route.request.url)
        route.abort()

    def command(self, name: str) -> None:
        self.page.evaluate("name => { window.jupyterapp.commands.execute(name) }", name)

    def run_all(self, seconds: float = 600) -> list[dict]:
        """Run all cells, as Run All Cells does, and return them with their outputs."""
        self.page.evaluate(f"{CODE}.forEach(cell => cell.model.clearExecution())")
        self.command("notebook:run-all-cells")
        self.page.wait_for_function(ALL_HAVE_RUN, timeout=seconds * 1000, polling=POLLING)
        return self.cells()

    def cells(self) -> list[dict]:
        return self.page.evaluate("window.jupyterapp.shell.currentWidget.content.model.sharedModel.toJSON().cells")

    def show(self, start: str) -> None:
        """Scroll to the first code cell whose source has this text, so that its output is drawn."""
        scroll = """start => {
          const notebook = window.jupyterapp.shell.currentWidget.content;
          const sources = notebook.widgets.map(cell => cell.model.sharedModel.getSource());
          notebook.activeCellIndex = sources.findIndex(source => source.includes(start));
          return notebook.scrollToItem(notebook.activeCellIndex, "start").then(() => null);
        }"""
        self.page.evaluate(scroll, start)

    def write(self, start: str, source: str) -> None:
        """Replace the first code cell whose source has this text."""
        write = "([start, source]) => { " + CODE + ".map(cell => cell.model.sharedModel)"
        write += ".find(cell => cell.getSource().includes(start)).setSource(source) }"
        self.page.evaluate(write, [start, source])

    def save(self) -> None:
        self.page.evaluate("window.jupyterapp.shell.currentWidget.context.save().then(() => null)")


def kinds(cell: dict) -> list[str]:
    """The kinds of a cell's outputs. A widget that stands still in a stored notebook can be moved here."""
    found = []
    for output in cell["outputs"]:
        data = set(output.get("data", ())) - {"application/vnd.jupyter.widget-view+json"}
        found.append(" ".join([output["output_type"], output.get("name", ""), *sorted(data)]))
    return found


def words(cell: dict) -> str:
    """What a cell says: printed text, results as text, messages of errors."""
    pieces = []
    for output in cell.get("outputs", ()):
        said = output.get("text") or output.get("data", {}).get("text/plain") or output.get("evalue", "")
        pieces.append("".join(said))
    return "\n".join(pieces)
