"""Lessons as exported pages, and as slides: looked over by axe-core, opened without a network."""

import subprocess
import tarfile
from pathlib import Path

import nbformat
import pytest
from nbconvert import HTMLExporter
from nbformat import v4

from make_slides import fetch_reveal, make
from notebooks import ROOT, page_style

AXE = "axe-core@4.11.0"
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))

# Of the page that nbconvert makes, not of what is in it: its landmarks, its links without underlines, long lines of
# code; and the colours of its prompts and of its code.
NOT_OURS = ["region", "landmark-one-main", "scrollable-region-focusable", "link-in-text-block"]
NOT_LOOKED_AT = [[".jp-InputArea-prompt"], [".jp-OutputArea-prompt"], [".highlight"]]

RUN = """
async ([off, exclude]) => {
  const rules = Object.fromEntries(off.map((rule) => [rule, { enabled: false }]));
  const { violations } = await axe.run({ exclude }, { rules });
  return violations.map(({ id, nodes }) =>
    `${id}: ${nodes.length} times, as in ${nodes[0].html.slice(0, 200)} (${nodes[0].failureSummary.slice(0, 300)})`);
}
"""


@pytest.fixture(scope="session")
def axe(tmp_path_factory):
    folder = tmp_path_factory.mktemp("axe")
    subprocess.run(["npm", "pack", "--silent", AXE], cwd=folder, check=True, capture_output=True)
    with tarfile.open(next(folder.glob("*.tgz"))) as package:
        return package.extractfile("package/axe.min.js").read().decode()


def exported(path: Path, folder: Path, scheme: str) -> Path:
    """The notebook as a page that loads nothing, with the style of its pictures."""
    exporter = HTMLExporter(theme=scheme, require_js_url="", mathjax_url="", jquery_url="", mermaid_js_url="")
    text, _ = exporter.from_notebook_node(nbformat.read(path, 4), {"metadata": {"name": path.stem}})
    page = folder / f"{path.stem}.html"
    page.write_text(text.replace("</head>", f"{page_style()}</head>", 1), encoding="utf-8")
    return page


def violations(browser, axe, page: Path) -> list[str]:
    opened = browser.new_page(viewport={"width": 1000, "height": 1000})
    opened.goto(page.as_uri())
    opened.add_script_tag(content=axe)
    found = opened.evaluate(RUN, [NOT_OURS, NOT_LOOKED_AT])
    opened.close()
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_an_exported_lesson_is_accessible(browser, axe, tmp_path, path, scheme):
    found = violations(browser, axe, exported(path, tmp_path, scheme))
    assert not found, "\n".join(found)


@pytest.mark.parametrize("path", sorted((ROOT / "exercises").glob("*.ipynb")), ids=lambda path: path.stem)
def test_exported_exercises_are_accessible(browser, axe, tmp_path, path):
    found = violations(browser, axe, exported(path, tmp_path, "dark"))
    assert not found, "\n".join(found)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_planted_faults_are_found(browser, axe, tmp_path, scheme):
    """A drawing without words, text that is too pale, a heading that is left out."""
    text = '# One\n\n<span style="color: #777; background: #888">pale</span>\n\n### Three'
    drawing = v4.new_output("display_data", {"text/html": '<svg role="img" width="9" height="9"></svg>'})
    cells = [v4.new_markdown_cell(text), v4.new_code_cell("draw()", outputs=[drawing])]
    path = tmp_path / "planted.ipynb"
    nbformat.write(v4.new_notebook(cells=cells), path)
    found = {line.partition(":")[0] for line in violations(browser, axe, exported(path, tmp_path, scheme))}
    assert found >= {"svg-img-alt", "color-contrast", "heading-order"}


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
