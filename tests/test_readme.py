"""The README's Python runs, and shows what the README says that it shows."""

import ast
import re
from pathlib import Path

import pytest

import gradlib
import walkthrough_picture
from make_site import project, published

ROOT = Path(__file__).resolve().parents[1]
DOCS = (ROOT / "docs").glob("*.md")
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```(?:[^`]*?```text\n(.*?)\n```)?", README, flags=re.DOTALL)


@pytest.mark.parametrize(("source", "shown"), EXAMPLES)
def test_an_example_shows_what_it_says(source, shown):
    """A comment behind an expression is its repr, and so is a text block below for the last one."""
    lines, names = source.splitlines(), {}
    for statement in ast.parse(source).body:
        code = ast.unparse(statement)
        if not isinstance(statement, ast.Expr):
            exec(code, names)
            continue
        value = eval(code, names)
        _, _, comment = lines[statement.end_lineno - 1].partition("  # ")
        if comment:
            assert repr(value) == comment
    if shown:
        assert repr(value) == shown


def test_there_is_an_example_whose_comments_carry_the_answers():
    assert any("  # array([7.], dtype=float32)" in source and shown for source, shown in EXAMPLES)


PAGES = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "class/GUIDE.md", "class/hub/README.md"]
PAGES += sorted(f"docs/{p.name}" for p in DOCS)


@pytest.mark.parametrize("page", PAGES)
def test_its_links_and_pictures_are_there(page):
    text = re.sub(r"```.*?```", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = [each for each in re.findall(r"(?:\]\(|src=\")([^)\"]+)", text) if not each.startswith("#")]
    assert len(targets) > 1 or page not in ("README.md", "CONTRIBUTING.md", "class/GUIDE.md")
    assert not [target for target in targets if "://" not in target and not ((ROOT / page).parent / target).exists()]


# All other hosts that text leads to. Whether they still answer is looked at by hand.
OUTSIDE = {
    "https://github.com/kubeflow/mpi-operator",
    "https://jupytext.readthedocs.io",
    "https://nbdime.readthedocs.io",
    "https://nbgrader.readthedocs.io",
}


def test_links_to_other_hosts_stand_in_the_table():
    notebooks = [*(ROOT / "notebooks").glob("*.ipynb"), *(ROOT / "exercises").glob("*.ipynb")]
    text = "".join(path.read_text(encoding="utf-8") for path in [*(ROOT / page for page in PAGES), *notebooks])
    assert set(re.findall(r"\]\((https?://[^)\s]+)", text)) == OUTSIDE
    assert all(re.fullmatch(r"https://[\w.-]+\.\w+(/[\w.-]+)*", link) for link in OUTSIDE)


def test_its_pictures_have_words():
    assert all(re.search(r'alt="[^"]*\w', picture) for picture in re.findall("<img[^>]*>", README))


FIRST_SCREEN = README.partition("\n## ")[0]


def test_the_first_screen_says_what_it_is_shows_it_and_has_two_commands():
    assert len(FIRST_SCREEN.splitlines()) < 25
    assert FIRST_SCREEN.count("docs/walkthrough.svg") == 1
    assert re.search(r"```\nmake lab  +#.+\nmake test +#.+\n```", FIRST_SCREEN)


def test_it_leads_elsewhere_where_an_address_is_filled_in_and_nowhere_else():
    links = published(project().get("urls", {}))
    assert [link for link in links if link not in FIRST_SCREEN] == []
    if not links:
        assert not re.search(r"badge|mybinder|colab\.research|\[Run in the browser\]", README)
    github = {"Site": "https://example.org/c", "Repository": "https://github.com/us/course.git"}
    assert [
        re.search(r"//([\w.]+)/.*us/course/|//(example\.org)/c/lite/", link) is not None for link in published(github)
    ]
    assert len(published(github)) == 3 and published({"Repository": "https://git.example.org/us/course"}) == []


def test_the_picture_is_the_one_that_the_library_makes():
    assert walkthrough_picture.same(walkthrough_picture.make(), walkthrough_picture.PATH.read_text(encoding="utf-8"))


def test_the_picture_needs_nothing_but_itself():
    picture = walkthrough_picture.PATH.read_text(encoding="utf-8")
    assert not re.search(r"<script|<image|href=|url\(|@import|var\(", picture)
    assert picture.count('<g class="state"') == 7 and "prefers-reduced-motion" in picture
    assert '<rect width="100%" height="100%" rx="6" fill="#FFFFFF"/>' in picture  # dark letters, whatever the theme


def test_licences_and_versions_agree():
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    named = project()
    assert named["license"] == "MIT AND CC-BY-4.0" and named["license-files"] == ["LICENSE", "LICENSE-TEXT"]
    assert re.findall(r"^  - (MIT|CC-BY-4\.0)$", citation, re.MULTILINE) == ["MIT", "CC-BY-4.0"]
    assert "(LICENSE)" in README and "(LICENSE-TEXT)" in README
    assert "MIT License" in (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Attribution 4.0 International" in (ROOT / "LICENSE-TEXT").read_text(encoding="utf-8")
    assert f'version: "{gradlib.__version__}"' in citation
    assert re.search(r"^## (\S+)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)[1] == (
        gradlib.__version__
    )
