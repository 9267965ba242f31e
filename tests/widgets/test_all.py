"""Tests of every widget, on every sample, at its first, middle and last state and beyond."""

import base64
import html
import importlib
import math
import pkgutil
import re
import subprocess
import sys
from collections import Counter
from xml.etree import ElementTree

import numpy as np
import pytest

import gradlib.widgets
from gradlib.widgets import WIDGETS, DigitCanvas, TangentSecant, TrainingDashboard
from gradlib.widgets.base import VIEW_MIME, View, Words, filled_in
from tests.widgets.samples import SAMPLES

STEPPED = [view for view in WIDGETS if view is not DigitCanvas]  # its model has one state
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


def drawn(page):
    """The drawings in the images of a page, as one text."""
    codes = re.findall(r'src="data:image/svg\+xml;base64,([^"]*)"', page)
    return "".join(base64.b64decode(code).decode() for code in codes)


def tell(shown, **message):
    """Do in the kernel what a learner does in the browser."""
    picture = shown.widget.children[-1]
    picture._handle_custom_msg({**message, "number": picture.answered + 1}, [])


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
        page = view.to_html()
        words = " ".join("".join(elements(page)[0].itertext()).split())
        assert " ".join(model.words().title.split()) in words
        if "<svg" not in model.picture():
            continue
        shown = drawn(page)
        texts = " ".join(re.findall(r">([^<>]+)</text>", shown))
        assert all(html.escape(text) in texts for text in model.texts().values())
        classes = Counter(name for names in re.findall(r'class="([^"]*)"', shown) for name in names.split())
        marks = Counter(name for names in model.marks().values() for name in names.split())
        assert marks <= classes


def test_what_is_stored_survives_where_drawings_styles_and_scripts_are_dropped(make):
    for model in states(view := make()):
        page = view.to_html()
        assert not re.search("<svg|<style|<script|hidden", page)
        assert len(re.findall("<img ", page)) >= ("<svg" in model.picture())
        assert all(words for words in re.findall(r'<img [^>]*alt="([^"]*)"', page))


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
    start, before = view.model.step, view.to_html()
    view.go(view.model.length - 1)
    view.go(start)
    assert view.to_html() == before


@pytest.mark.parametrize("view", STEPPED)
def test_the_view_follows_the_learner_and_answers_each_message(view):
    shown = next(iter(SAMPLES[view].values()))()
    picture = shown.widget.children[-1]
    shown.go(0)
    first, last = picture.words, shown.model.length - 1
    assert (picture.step, picture.last) == (0, last)
    for number, (wish, step) in enumerate([(1, 1), (0, 0), (-1, 0), (2, 2), (last + 1, last), (0, 0)], start=1):
        tell(shown, go=wish)
        assert (shown.model.step, picture.step, picture.answered) == (step, step, number)
        assert picture.words == shown.model.words().html() and picture.label == shown.model.label()
        assert (picture.words == first) == (step == 0)


def test_a_message_is_answered_although_it_failed():
    shown = TangentSecant(np.sin)
    shown.go = lambda step: 1 / 0
    shown.widget.children[-1].log.disabled = True  # ipywidgets logs the error
    tell(shown, go=1)
    assert shown.widget.children[-1].answered == 1


@pytest.mark.parametrize("view", STEPPED)
def test_a_step_is_drawn_once(view):
    shown = next(iter(SAMPLES[view].values()))()
    assert shown.widget
    drawn = []
    draw = shown.model.picture
    shown.model.picture = lambda: drawn.append(shown.model.step) or draw()
    tell(shown, go=1)
    tell(shown, go=2)
    assert drawn == [1, 2]


def test_there_is_room_for_the_words_of_every_state(make):
    view = make()
    room = Words.covering(view.model.possible_words())
    for words in (model.words() for model in states(view)):
        if isinstance(view, TrainingDashboard):
            continue  # its words are not known before it has trained
        assert len(words.rows) <= len(room.rows)
        pairs = [(words.title, room.title), (words.remark, room.remark)]
        pairs += [(row[i], tall[i]) for row, tall in zip(words.rows, room.rows, strict=False) for i in (0, 1)]
        assert all(len(said) <= len(longest) for said, longest in pairs)


@pytest.mark.parametrize("view", WIDGETS)
def test_every_control_has_a_name(view):
    """Buttons say theirs; a list, a field and a slider need a description, which is also a label for screen readers."""
    for control in next(iter(SAMPLES[view].values()))().controls():
        options = getattr(control, "options", ())
        assert control.description or ("Buttons" in type(control).__name__ and options), control


def test_whatever_can_be_dragged_is_a_slider_with_a_name(make):
    for model in states(make()):
        for element in elements(model.picture()):
            if "data-drag" in element.attrib:
                assert element.attrib["role"] == "slider" and element.attrib["aria-label"]
                assert math.isfinite(float(element.attrib["aria-valuenow"]))


def test_links_lead_somewhere(make):
    for model in states(make()):
        page = elements(model.picture() + model.words().html())
        linked = {name for element in page for name in element.attrib.get("data-link", "").split()}
        lights = {name for element in page for name in element.attrib.get("data-lights", "").split()}
        assert lights <= linked


def test_goals_are_sentences_and_not_reached_at_once(make):
    goal = make().model.goal()
    assert goal is None or goal.text.endswith(".") and not goal.reached


def test_the_mime_bundle(make):
    bundle = make()._repr_mimebundle_()
    assert set(bundle) == {VIEW_MIME, "text/html", "text/plain"}
    assert "<img" in bundle["text/html"] or "too large to draw" in bundle["text/html"]


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
