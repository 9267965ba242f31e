"""The pages of the site: links, accessibility, both themes, a phone, no JavaScript, no other host, the search.

`pytest tests/site/test_pages.py` makes the site first. Only JupyterLite, which test_lessons.py builds, is not needed.
"""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from playwright.sync_api import expect

from gradlib.course import read_course
from notebooks import read
from tests.browser import axe as axe_core
from tests.site.in_browser import START, host
from tests.test_readme import OUTSIDE

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "build" / "site"
LESSONS = sorted(path.stem for path in (ROOT / "notebooks").glob("[0-9]*.ipynb"))
RUN_IN_THE_BROWSER = "Run in the browser"
NOT_OURS = ["region"]  # the theme puts the site's name outside all landmarks


class Document(HTMLParser):
    """A page as a list of the addresses that it names: links, and what it loads; and its ids."""

    def __init__(self, path: Path):
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.ids: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.ids |= {given[name] for name in ("id", "name") if given.get(name)}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag == "link" and given.get("rel") in ("stylesheet", "preload", "icon", "modulepreload"):
            self.loads.append(given["href"])
        elif "src" in given:
            self.loads.append(given["src"])


@pytest.fixture(scope="session")
def pages():
    """{address: page} of the site, made again."""
    made = subprocess.run([sys.executable, "tools/make_site.py"], cwd=ROOT, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    files = [path for path in sorted(SITE.rglob("*.html")) if "lite" not in path.relative_to(SITE).parts]
    return {
        path.relative_to(SITE).as_posix(): Document(path) for path in files if not path.name.endswith("-macros.html")
    }


@pytest.fixture(scope="session")
def address(pages):
    with host(SITE) as address:
        yield address


@pytest.fixture(scope="session")
def axe(tmp_path_factory):
    return axe_core.fetch(tmp_path_factory.mktemp("axe"))


@pytest.fixture
def reader(browser, address):
    """A function that gives a page of a browser which reaches this host alone; `outside` lists what else it asked."""
    contexts = []

    def reader(**settings):
        context = browser.new_context(**settings)
        context.set_default_timeout(START)
        contexts.append(context)
        page, page.outside = (opened := context.new_page()), []
        context.route(re.compile(r"^(?!http://127\.0\.0\.1[:/]|data:|blob:)"), lambda route: refuse(opened, route))
        return page

    def refuse(page, route):
        page.outside.append(route.request.url)
        route.abort()

    yield reader
    for context in contexts:
        context.close()


def test_every_lesson_and_every_exercise_has_its_page(pages):
    assert len(LESSONS) >= 21
    assert {f"{folder}/{name}.html" for folder in ("lessons", "exercises") for name in LESSONS} <= set(pages)
    others = ("index", "elsewhere", "derivatives", "lessons/formulas", "lessons/glossary", "lessons/contents")
    assert {f"{name}.html" for name in (*others, "reference/gradlib.nn", "teach/index")} <= set(pages)


def test_all_links_lead_somewhere(pages):
    course, _ = read_course(ROOT)
    broken = []
    for page, document in pages.items():
        for link in (*document.links, *document.loads):
            parts = urlsplit(link)
            if parts.scheme in ("https", "mailto", "data") and link not in document.loads or parts.scheme == "data":
                continue
            target = (SITE / page).parent / unquote(parts.path) if parts.path else SITE / page
            place = target.resolve().relative_to(SITE).as_posix()
            if place == "lite/lab/index.html":
                found = parse_qs(parts.query)["path"][0] in course
            else:
                found = target.is_file() and (
                    not parts.fragment or place not in pages or unquote(parts.fragment) in pages[place].ids
                )
            if parts.scheme or not found:
                broken.append(f"{page}: {link}")
    assert not broken, "\n".join(broken)


def test_links_to_other_hosts_stand_in_the_table(pages):
    links = {link for document in pages.values() for link in document.links if "://" in link}
    assert links <= OUTSIDE


def test_lessons_and_exercises_open_in_the_browser(pages):
    for folder, place in (("notebooks", "lessons"), ("exercises", "exercises")):
        for name in LESSONS:
            wanted = f"../lite/lab/index.html?path={folder}/{name}.ipynb"
            assert wanted in pages[f"{place}/{name}.html"].links


def test_a_lesson_leads_to_the_one_before_and_to_the_next(reader, address):
    page = reader()
    page.goto(f"{address}/lessons/{LESSONS[4]}.html")
    page.get_by_role("link", name=re.compile(rf"^\W*next {LESSONS[5][:2]} ", re.IGNORECASE)).click()
    expect(page).to_have_url(re.compile(LESSONS[5]))
    page.get_by_role("link", name=re.compile(rf"previous {LESSONS[4][:2]} ", re.IGNORECASE)).click()
    expect(page).to_have_url(re.compile(LESSONS[4]))


def test_the_theme_can_be_changed(reader, address):
    page = reader(color_scheme="light")
    page.goto(f"{address}/index.html")
    seen = []
    for choice in ("Dark", "Light", "System Settings"):
        page.locator(".theme-switch-button:visible").click()
        page.get_by_role("button", name=choice).locator("visible=true").click()
        seen.append(page.evaluate("document.documentElement.dataset.theme"))
    assert seen == ["dark", "light", "light"]


THEME = "document.documentElement.dataset.theme"
# Of axe-core's rules the one whose answer a theme changes.
CONTRAST = """
async () => {
  const { violations } = await axe.run({ runOnly: ["color-contrast"] });
  return violations.flatMap(({ nodes }) => nodes.slice(0, 3).map((node) =>
    `${node.html.slice(0, 200)} (${node.failureSummary.slice(0, 300)})`));
}
"""
# What of a page lies beyond the edge of the screen and cannot be scrolled to by itself.
BEYOND = """
() => {
  const found = [], { clientWidth: width, scrollWidth: whole } = document.documentElement;
  if (whole > width) found.push(`the page is ${whole} wide`);
  const scrolls = (part) => part !== document.body && part &&
    (/auto|scroll/.test(getComputedStyle(part).overflowX) || scrolls(part.parentElement));
  for (const part of document.querySelectorAll("article *:not(math *):not(svg *)")) {
    const box = part.getBoundingClientRect();
    if (box.width && box.height && box.right > width + 1 && !scrolls(part.parentElement))
      found.push(`${part.tagName} ${part.className}: ${part.textContent.trim().slice(0, 40)}`);
  }
  return found.slice(0, 3);
}
"""


class Seen(NamedTuple):
    """What is wrong with the pages, each named with what was found."""

    errors: list[str]
    themes: list[str]
    accessibility: list[str]
    contrast: list[str]
    width: list[str]
    outside: list[str]


@pytest.fixture(scope="module")
def seen(pages, browser, address, axe):
    """Every page in the light theme, then in the dark one, then as wide as a phone."""
    seen = Seen([], [], [], [], [], [])
    still = {"color_scheme": "light", "reduced_motion": "reduce"}  # else a colour is met on its way to the other theme
    context = browser.new_context(viewport={"width": 1200, "height": 900}, **still)
    context.set_default_timeout(START)
    context.on("request", lambda request: ours(request.url, address) or seen.outside.append(request.url))
    page = context.new_page()
    page.on("pageerror", lambda error: seen.errors.append(f"{page.url}: {error}"))
    for name in pages:
        if name.startswith("_modules/"):  # source files, made by Sphinx alone
            continue
        page.set_viewport_size({"width": 1200, "height": 900})
        page.emulate_media(color_scheme="light")
        page.goto(f"{address}/{name}")
        themes = [page.evaluate(THEME)]
        page.add_script_tag(content=axe)
        seen.accessibility.extend(f"{name}: {each}" for each in page.evaluate(axe_core.RUN, [NOT_OURS, []]))
        page.emulate_media(color_scheme="dark")
        page.reload()
        themes.append(page.evaluate(THEME))
        page.add_script_tag(content=axe)
        seen.contrast.extend(f"{name}: {each}" for each in page.evaluate(CONTRAST))
        if themes != ["light", "dark"]:
            seen.themes.append(f"{name}: {themes}")
        page.set_viewport_size({"width": 400, "height": 800})
        seen.width.extend(f"{name}: {each}" for each in page.evaluate(BEYOND))
    context.close()
    return seen


def ours(url, address):
    return url.startswith((f"{address}/", "data:", "blob:"))


@pytest.mark.parametrize("question", Seen._fields)
def test_nothing_is_wrong_with_any_page(seen, question):
    found = getattr(seen, question)
    assert not found, "\n".join(found)


def formulas(notebook):
    text = "".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    text = re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL)
    return re.findall(r"\$\$.+?\$\$|\$[^$]+\$", text, flags=re.DOTALL)


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_can_be_read_without_javascript(reader, address, name):
    notebook = read(ROOT / "notebooks" / f"{name}.ipynb")
    page = reader(java_script_enabled=False)
    page.goto(f"{address}/lessons/{name}.html")
    article = page.locator("article")
    title = notebook.cells[0].source.splitlines()[0].removeprefix("# ")
    expect(article.get_by_role("heading", level=1)).to_contain_text(title)
    expect(article.get_by_role("heading", name="Summary")).to_be_visible()
    expect(article.get_by_role("link", name=RUN_IN_THE_BROWSER)).to_be_visible()
    assert article.locator("math").count() == len(formulas(notebook))
    assert "$" not in re.sub(r"\s", "", "".join(article.locator("p, li, h2").all_inner_texts())).replace("$PATH", "")

    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    pictures = sum("image/png" in output.get("data", {}) for output in outputs)
    assert article.locator(".cell_output img[alt]:not([alt='a plot'])").count() >= pictures
    shown = re.sub(r"\s+", "", " ".join(article.locator(".cell_output").all_inner_texts()))
    for output in outputs:
        if "text/html" not in output.get("data", {}) and "image/png" not in output.get("data", {}):
            said = output.get("text") or output.get("data", {}).get("text/plain") or output.evalue
            assert re.sub(r"\s+", "", said) in shown


def test_a_search_finds_the_lesson(reader, address):
    page = reader()
    page.goto(f"{address}/search.html?q=unbroadcast")
    expect(page.locator("#search-results li a[href*='lessons/04_broadcasting']").first).to_be_visible(timeout=15_000)
    assert not page.outside


def test_the_site_stays_small(pages):
    size = sum(path.stat().st_size for path in SITE.rglob("*") if path.is_file())
    assert size < 80e6, f"{size / 1e6:.0f} MB"


def test_the_contents_show_nothing_of_a_learners_progress(pages):
    contents = (SITE / "lessons" / "contents.html").read_text(encoding="utf-8")
    assert "what_is_next" not in contents and "All lessons" in contents
