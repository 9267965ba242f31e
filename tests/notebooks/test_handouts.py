"""Handouts: every question of a lesson, its summary, its plots; no script, no network, no answer."""

import re

from handouts import make
from notebooks import ROOT, read


def test_a_handout_has_all_questions_and_the_summary(lesson, tmp_path):
    page = make(lesson, tmp_path).read_text(encoding="utf-8")
    cells = read(lesson).cells
    text = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    assert page.count('<div class="question">') == text.count("**Predict.**") > 0
    assert page.count("<figure>") == sum(
        "image/png" in output.get("data", {}) for cell in cells for output in cell.get("outputs", [])
    )
    named = re.findall(
        r"^## \d+\. (.+)$", "\n".join(c.source for c in read(ROOT / "exercises" / lesson.name).cells), re.M
    )
    assert page.count("<li>") >= len(named) > 0 and "Summary" in page and "Now do" not in page


def test_a_handout_needs_nothing_else(lesson, tmp_path):
    page = make(lesson, tmp_path).read_text(encoding="utf-8")
    assert "<script" not in page and not re.findall(r'(?:src|href)="(?!data:|#)', page)
    assert 'alt=""' not in page and "<nav" not in page
    body = re.sub(r"(?s)<(pre|code|math)\b.*?</\1>", "", page)
    assert not re.findall(r"\$[^$<]*\\[a-z]+[^$<]*\$", body), "a formula that was not turned into MathML"
