"""Tests of every widget, on every sample, at its first, middle and last state and beyond."""

import importlib
import pkgutil
import re
import subprocess
import sys
from collections import Counter
from xml.etree import ElementTree

import pytest

import gradlib.widgets
from gradlib.widgets import WIDGETS
from gradlib.widgets.base import VIEW_MIME, View, filled_in
from tests.widgets.samples import SAMPLES

CASES = [pytest.param(make, id=f"{view.__name__}-{name}") for view in SAMPLES for name, make in SAMPLES[view].items()]


@pytest.fixture(params=CASES)
def make(request):
    return request.param


def states(view):
    """The model at its first, middle and last state, one after the other."""
    for share in (0, 0.5, 1):
        view.go(round(share * (view.model.length - 1)))
        yield view.model


def elements(picture):
    return list(ElementTree.fromstring(f"<div>{picture}</div>").iter())


def test_every_widget_is_registered_and_has_samples():
    for module in pkgutil.iter_modules(gradlib.widgets.__path__):
        importlib.import_module(f"gradlib.widgets.{module.name}")
    assert set(WIDGETS) == set(View.__subclasses__()) == set(SAMPLES)
    assert all(getattr(gradlib.widgets, view.__name__) is view for view in WIDGETS)


def test_the_picture_is_well_formed_and_whole(make):
    for model in states(make()):
        picture = model.picture()
        for element in elements(picture):
            assert "id" not in element.attrib, "ids clash where a page shows two pictures"
            for name in {"x", "y", "cx", "cy", "d", "width", "height"} & set(element.attrib):
                assert not re.search("nan|inf", element.attrib[name]), f"{element.tag} {name}={element.attrib[name]}"
        ids = Counter(element.attrib.get("data-id") for element in elements(picture))
        slots = Counter(element.attrib.get("data-text") for element in elements(picture))
        for counter in (ids, slots):
            assert all(count == 1 for name, count in counter.items() if name and "graph0" not in name)
        if "<svg" in picture:
            assert set(model.marks()) <= set(ids)
            assert set(model.texts()) <= set(slots)


def test_the_static_page_holds_marks_texts_and_words(make):
    view = make()
    for model in states(view):
        page = elements(view.to_html())
        words = " ".join("".join(page[0].itertext()).split())
        assert " ".join(model.words().title.split()) in words
        if "<svg" in model.picture():
            classes = {e.attrib["data-id"]: e.attrib["class"] for e in page if "data-id" in e.attrib}
            for name, marks in model.marks().items():
                assert set(marks.split()) <= set(classes[name].split())
            slots = {e.attrib["data-text"]: e.text or "" for e in page if "data-text" in e.attrib}
            assert {k: v for k, v in slots.items() if v} == {k: v for k, v in model.texts().items() if v}


def test_two_views_of_the_same_say_and_show_the_same(make):
    first, second = make(), make()
    for model, other in zip(states(first), states(second), strict=True):
        assert model.transcript() == other.transcript()
        assert first.to_html() == second.to_html()
        assert not re.search(r"0x[0-9a-f]{6,}| at 0x", first.to_html() + repr(first))


def test_the_transcript_is_short_and_names_every_state(make):
    view = make()
    for step in {0, 1, view.model.length // 2, view.model.length - 1}:
        view.go(step)
        text = repr(view)
        assert text == view.model.transcript() and text.strip()
        assert len(text) < 2500


def test_steps_end_at_both_ends(make):
    view = make()
    view.go(-1)
    assert view.model.step == 0
    view.go(10**9)
    assert view.model.step == view.model.length - 1


def test_stepping_back_gives_the_same_state(make):
    view = make()
    before = view.to_html()
    view.go(view.model.length - 1)
    view.go(0)
    assert view.to_html() == before


@pytest.mark.parametrize("view", WIDGETS)
def test_the_view_steps_by_buttons_slider_and_keys(view):
    shown = next(iter(SAMPLES[view].values()))()
    box = shown.widget
    buttons, picture = box.children[0].children, box.children[-1]
    previous, _, following, slider = buttons[:4]
    first = picture.words
    following.click()
    assert (shown.model.step, slider.value) == (1, 1)
    assert picture.words == shown.model.words().html() != first
    previous.click()
    previous.click()
    assert (slider.value, picture.words) == (0, first)
    slider.value = 2
    assert shown.model.step == 2
    last = shown.model.length - 1
    for key, step in [("ArrowRight", 3), ("ArrowLeft", 2), ("End", last), ("ArrowRight", last), ("Home", 0)]:
        picture._handle_custom_msg({"key": key}, [])
        assert (shown.model.step, slider.value) == (step, step), key


@pytest.mark.parametrize("view", WIDGETS)
def test_a_step_is_drawn_once(view):
    shown = next(iter(SAMPLES[view].values()))()
    following = shown.widget.children[0].children[2]
    drawn = []
    draw = shown.model.picture
    shown.model.picture = lambda: drawn.append(shown.model.step) or draw()
    following.click()
    following.click()
    assert drawn == [1, 2]


@pytest.mark.parametrize("view", WIDGETS)
def test_play_starts_again_from_the_end(view):
    shown = next(iter(SAMPLES[view].values()))()
    row = shown.widget.children[0].children
    play, player = row[1], row[-1]
    shown.go(shown.model.length - 1)
    play.value = True
    assert player.playing and shown.model.step == 0 and play.description == "Pause"
    shown.widget.children[-1]._handle_custom_msg({"key": " "}, [])
    assert not player.playing and play.description == "Play"


def test_the_mime_bundle(make):
    bundle = make()._repr_mimebundle_()
    assert set(bundle) == {VIEW_MIME, "text/html", "text/plain"}
    assert "<svg" in bundle["text/html"] or "too large to draw" in bundle["text/html"]


def test_models_and_static_pages_need_neither_ipywidgets_nor_anywidget():
    code = """
import sys
sys.modules["ipywidgets"] = sys.modules["anywidget"] = None
import numpy as np
from gradlib.widgets import TangentSecant
bundle = TangentSecant(np.sin)._repr_mimebundle_()
assert set(bundle) == {"text/plain", "text/html"}
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_importing_the_widgets_imports_nothing_heavy():
    heavy = "{'ipywidgets', 'anywidget', 'matplotlib', 'pygraphviz', 'graphviz', 'IPython'}"
    code = f"import sys, gradlib.widgets; found = {heavy} & set(sys.modules); assert not found, found"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_where_graphviz_is_missing_the_graph_is_text():
    code = """
import os, sys
sys.modules["pygraphviz"] = None
os.environ["PATH"] = ""
from gradlib.scalar import Value
from gradlib.widgets import BackwardOrder, ChainRuleWalkthrough
x = Value(2.0, "x")
for view in (BackwardOrder(x * x, {}), ChainRuleWalkthrough(x * x, {})):
    page = view.to_html()
    assert "<svg" not in page and "t1 = x · x  = 4" in page and "gradient 4" not in page
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_filled_in_marks_and_writes_what_is_named_and_nothing_else():
    node = '<g class="node" data-id="n1"><text data-text="n1.0" x="0">{}</text></g>'
    other = '<g data-id="n2" class="{}node"></g>'
    filled = filled_in(node.format("") + other.format(""), {"n2": "current"}, {"n1.0": "a < b", "n9.0": "c"})
    assert filled == node.format("a &lt; b") + other.format("current ")
