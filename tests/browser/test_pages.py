"""Lessons as exported pages, and as slides: looked over by axe-core, opened without a network."""

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat import v4

from make_slides import fetch_reveal, make
from notebooks import ROOT, read
from tests.browser.axe import RUN, fetch

LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))

# Of the page that nbconvert makes, not of what is in it: its landmarks, its links without underlines, long lines of
# code; and the colours of its prompts and of its code.
NOT_OURS = ["region", "landmark-one-main", "scrollable-region-focusable", "link-in-text-block"]
NOT_LOOKED_AT = [[".jp-InputArea-prompt"], [".jp-OutputArea-prompt"], [".highlight"]]


@pytest.fixture(scope="session")
def axe(tmp_path_factory):
    return fetch(tmp_path_factory.mktemp("axe"))


@pytest.fixture(scope="session")
def export(tmp_path_factory):
    """A function that exports a notebook as a learner does, to a page in light or in dark colours."""
    folder = tmp_path_factory.mktemp("pages")
    settings = os.environ | {"JUPYTER_CONFIG_PATH": str(ROOT / "tools" / "jupyter")}

    def export(path: Path, scheme: str) -> Path:
        into = folder / scheme / path.parent.name
        if path.parent.parent == ROOT and not into.exists():  # all at once, since nbconvert takes a second to start
            paths = sorted(path.parent.glob("*.ipynb"))
        else:
            paths = [path]
        if not (into / f"{path.stem}.html").exists():
            command = [sys.executable, "-m", "nbconvert", "--to", "html", f"--HTMLExporter.theme={scheme}"]
            subprocess.run([*command, f"--output-dir={into}", *paths], env=settings, check=True, capture_output=True)
        return into / f"{path.stem}.html"

    return export


def violations(browser, axe, page: Path) -> list[str]:
    opened = browser.new_page(viewport={"width": 1000, "height": 1000})
    opened.goto(page.as_uri())
    opened.add_script_tag(content=axe)
    found = opened.evaluate(RUN, [NOT_OURS, NOT_LOOKED_AT])
    opened.close()
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_an_exported_lesson_is_accessible(browser, axe, export, path, scheme):
    found = violations(browser, axe, export(path, scheme))
    assert not found, "\n".join(found)


@pytest.mark.parametrize("path", sorted((ROOT / "exercises").glob("*.ipynb")), ids=lambda path: path.stem)
def test_exported_exercises_are_accessible(browser, axe, export, path):
    found = violations(browser, axe, export(path, "dark"))
    assert not found, "\n".join(found)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_planted_faults_are_found(browser, axe, export, tmp_path, scheme):
    """A drawing without words, text that is too pale, a heading that is left out."""
    text = '# One\n\n<span style="color: #777; background: #888">pale</span>\n\n### Three'
    drawing = v4.new_output("display_data", {"text/html": '<svg role="img" width="9" height="9"></svg>'})
    cells = [v4.new_markdown_cell(text), v4.new_code_cell("draw()", outputs=[drawing])]
    path = tmp_path / "planted.ipynb"
    nbformat.write(v4.new_notebook(cells=cells), path)
    found = {line.partition(":")[0] for line in violations(browser, axe, export(path, scheme))}
    assert found >= {"svg-img-alt", "color-contrast", "heading-order"}


# What should not be read on a page: LaTeX, a picture that is not drawn or not described.
LOOSE = r"""
() => {
  const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text; (text = walker.nextNode()); )
    if (/\$[^$]*\$|\\[a-z]+/.test(text.data) && !text.parentElement.closest("pre, code, script, style, math"))
      found.push(text.data.trim().slice(0, 80));
  for (const picture of document.images)
    if (!picture.naturalWidth || !picture.alt || picture.alt.startsWith("No description"))
      found.push(`picture: ${picture.alt.slice(0, 80)}`);
  return found;
}
"""


class Offline:
    """A page of a browser without a network; `asked` are the addresses that it asked for besides its own."""

    def __init__(self, browser, address: str, referer: str | None = None):
        self.asked: list[str] = []
        self.page = browser.new_page(viewport={"width": 1000, "height": 1000})
        self.page.route(lambda url: url != address and not url.startswith("data:"), self._refuse)
        self.page.goto(address, referer=referer)

    def _refuse(self, route) -> None:
        self.asked.append(route.request.url)
        route.abort()

    def check(self) -> None:
        self.page.wait_for_load_state("networkidle")
        loose = self.page.evaluate(LOOSE)
        self.page.close()
        assert not self.asked and not loose, (self.asked, loose)


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_an_exported_lesson_needs_no_network(browser, export, path):
    opened = Offline(browser, export(path, "light").as_uri())
    text = "".join(cell.source for cell in read(path).cells if cell.cell_type == "markdown")
    text = re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL)
    formulas = re.findall(r"\$\$.+?\$\$|\$[^$]+\$", text, flags=re.DOTALL)
    assert opened.page.locator("math").count() == len(formulas)
    opened.check()


def test_the_menu_of_jupyterlab_exports_the_same_page(browser, address):
    page = f"{address}/nbconvert/html/notebooks/02_chain_rule.ipynb"
    opened = Offline(browser, page, referer=f"{address}/lab")
    assert opened.page.locator("math").count() > 20 and opened.page.locator("img").count() >= 2
    opened.check()


@pytest.fixture(scope="session")
def slides(tmp_path_factory):
    folder = tmp_path_factory.mktemp("slides")
    fetch_reveal(folder)
    return folder


# What of a slide lies below or beside it, or is too small to be read from the last row.
BEYOND = """
() => {
  const slide = Reveal.getCurrentSlide(), found = [], { right } = slide.getBoundingClientRect();
  if (slide.scrollHeight > 700) found.push(`${slide.scrollHeight} pixels tall`);
  for (const part of slide.querySelectorAll(":not(svg *, aside, aside *)")) {
    const box = part.getBoundingClientRect();
    if (box.width && (box.right > right + 2 || (part.scrollWidth > part.clientWidth + 2 && part.matches("pre, div"))))
      found.push(`${part.tagName} ${part.className} is too wide`);
    if (parseFloat(part.style.zoom || 1) < 0.7) found.push("too small");
  }
  return found.slice(0, 3).map((what) => `${slide.innerText.slice(0, 60)}: ${what}`);
}
"""


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("[0-9]*.ipynb")), ids=lambda path: path.stem)
def test_slides_open_offline_and_fit_to_the_summary(browser, slides, path):
    context = browser.new_context(offline=True, viewport={"width": 1080, "height": 720})
    page = context.new_page()
    problems = []
    page.on("requestfailed", lambda request: problems.append(request.url))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(make(path, slides).as_uri())
    page.wait_for_function("window.Reveal && Reveal.isReady()")
    total = page.evaluate("Reveal.getTotalSlides()")
    assert total >= 8
    page.evaluate("Reveal.slide(1, 0)")
    shown = page.evaluate("Reveal.getCurrentSlide().innerText")
    assert shown.strip()
    while not page.evaluate("Reveal.isLastSlide()"):
        problems += page.evaluate(BEYOND)
        page.keyboard.press("n")
    problems += page.evaluate(BEYOND)
    assert "Summary" in page.evaluate("Reveal.getCurrentSlide().innerText")
    context.close()
    assert not problems
