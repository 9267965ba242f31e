"""Lessons as slides: marked, timed, with notes, and offline."""

import re

from make_slides import make
from notebooks import read

KINDS = {"slide", "subslide", "fragment", "skip", "notes", "-"}


def test_every_cell_is_marked_for_lecture(lesson):
    kinds = [cell.metadata.get("slideshow", {}).get("slide_type") for cell in read(lesson).cells]
    assert set(kinds) <= KINDS and kinds[0] == "slide"


def test_every_section_has_minutes_and_notes_and_all_fit_in_45(lesson):
    cells = read(lesson).cells
    starts = [cell for cell in cells if cell.metadata["slideshow"]["slide_type"] == "slide"]
    assert all(re.match("##? ", cell.source) for cell in starts)
    assert all(cell.metadata.get("lecture", {}).get("notes") for cell in starts), "a section without notes"
    minutes = [cell.metadata["lecture"]["minutes"] for cell in starts]
    assert 15 <= sum(minutes) <= 45, minutes
    assert any(re.search("live|widget", cell.metadata.lecture.notes) for cell in starts), "nothing says when to go live"
    assert not [cell for cell in cells if "lecture" in cell.metadata and cell not in starts]


def test_the_slides_need_no_network(lesson, tmp_path):
    page = make(lesson, tmp_path).read_text(encoding="utf-8")
    assert not re.findall(r'(?:src|href)="(?:https?:)?//[^"]*"|@import|url\(["\']?https?:', page)
    assert 'src="reveal.js/dist/reveal.js"' in page
    assert page.count('<aside class="notes">') == sum("lecture" in cell.metadata for cell in read(lesson).cells)
    assert ".gradlib-picture { display: flex" in page, "without it pictures stay hidden"
    assert "No description has been provided" not in page and 'alt=""' not in page
    body = page[page.index("<main>") :]
    without_code = re.sub(r"(?s)<(pre|code|math|script)\b.*?</\1>", "", body)
    assert not re.findall(r"\$[^$<]*\\[a-z]+[^$<]*\$", without_code), "a formula that was not turned into MathML"
