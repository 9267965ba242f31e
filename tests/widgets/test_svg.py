"""Small pictures as SVG: what their sizes are reckoned from, and that legends have room."""

import string
from xml.etree import ElementTree

import pytest
from matplotlib.textpath import TextPath

from gradlib.widgets.svg import text_width
from tests.widgets.samples import SAMPLES

LETTERS = string.ascii_letters + string.digits + "₀₁∂/()[]=+−·.,:' ⁻¹²"


def width(text):
    """In DejaVu Sans at 13 px."""
    return TextPath((0, 0), text, size=13, prop={"family": "DejaVu Sans"}).get_extents().width


@pytest.mark.parametrize("letter", LETTERS)
def test_a_letter_is_reckoned_about_as_wide_as_it_is(letter):
    advance = (width(f"|{letter * 10}|") - width("||")) / 10
    assert advance - 1 <= text_width(letter) <= advance + 5


@pytest.mark.parametrize("name", ["SGD", "momentum", "Nesterov", "Adam", "training", "validation", "tolerance"])
def test_a_name_fits_in_its_place(name):
    assert width(name) <= text_width(name) <= 1.3 * width(name)


@pytest.mark.parametrize(
    "make", [make for samples in SAMPLES.values() for make in samples.values()], ids=lambda make: make.__name__
)
def test_a_legend_has_room(make):
    view = make()  # the legend stands above the frame, at y = 30
    view.go(view.model.length - 1)
    for svg in ElementTree.fromstring(f"<div>{view.model.picture()}</div>").iter("svg"):
        if svg.get("class") != "gradlib-axes":
            continue
        above = [text for text in svg.findall("text") if text.get("y") == "30.0"]
        entries = [text for text in above if text.get("text-anchor") == "start"]
        starts = [float(text.get("x")) for text in entries]
        ends = [start + width(text.text) for start, text in zip(starts, entries, strict=True)]
        lines = [start - 31 for start in starts[1:]]  # of the entry that follows
        assert all(end + 4 <= line for end, line in zip(ends, lines, strict=False)), (ends, lines)
        assert max(ends, default=0) <= float(svg.get("width"))
