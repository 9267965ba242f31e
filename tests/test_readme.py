"""The README's Python runs, and shows what the README says that it shows."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
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


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "docs/many_machines.md", "class/GUIDE.md"])
def test_its_links_and_pictures_are_there(page):
    text = re.sub(r"```.*?```", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = [each for each in re.findall(r"(?:\]\(|src=\")([^)\"]+)", text) if not each.startswith("#")]
    assert len(targets) > 1
    assert not [target for target in targets if "://" not in target and not ((ROOT / page).parent / target).exists()]


def test_its_pictures_have_words():
    assert all(re.search(r'alt="[^"]*\w', picture) for picture in re.findall("<img[^>]*>", README))
