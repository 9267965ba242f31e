"""The digit canvas in JupyterLab: drawn on by mouse, by touch and by keyboard."""

import re

import nbformat
import numpy as np
import pytest
from playwright.sync_api import expect

from gradlib.widgets.digit_canvas import SIDE, Drawing
from tests.browser import lab
from tests.widgets.samples.digit_canvas import CELLS, DIGITS

SEVEN = DIGITS[7]


class Canvas:
    """The canvas of the open notebook."""

    def __init__(self, notebook):
        self.page = notebook.page
        self.root = self.page.locator(".jp-CodeCell .jp-OutputArea-output").last
        self.pad = self.root.locator(".gradlib-pad")
        self.words = self.root.locator(".gradlib-words")
        self.pad.scroll_into_view_if_needed()
        self.click("Clear")
        self.says("Nothing is drawn yet")
        self.touch = self.page.context.new_cdp_session(self.page)

    def click(self, name):
        self.root.get_by_role("button", name=name, exact=True).click()

    def says(self, text):
        arguments = [self.words.element_handle(), text]
        self.page.wait_for_function("([words, text]) => words.textContent.includes(text)", arg=arguments)

    def image(self):
        """The 8 × 8 numbers, as the picture says them to those who do not see it."""
        said = self.root.get_by_role("img", name=re.compile("^As 8 × 8 pixels")).get_attribute("aria-label")
        return np.array([row.split() for row in said.partition(": ")[2].split(";")], dtype=float)

    def shows(self, strokes, within=3):
        """Wait for the image of strokes; a pointer's places are rounded, which moves the ink by parts of a pixel."""
        drawing = Drawing()
        drawing.strokes = strokes
        for _ in range(100):
            if np.abs(self.image() - drawing.image).max() <= within:
                return
            self.page.wait_for_timeout(100)
        raise AssertionError(f"expected\n{drawing.image}\ngot\n{self.image()}")

    def places(self, stroke):
        """Where on the page a stroke goes."""
        box = self.pad.bounding_box()
        return [(box["x"] + x / SIDE * box["width"], box["y"] + y / SIDE * box["height"]) for x, y in stroke]

    def draw_by_mouse(self, stroke):
        first, *others = self.places(stroke)
        self.page.mouse.move(*first)
        self.page.mouse.down()
        for place in others:
            self.page.mouse.move(*place, steps=4)
        self.page.mouse.up()

    def draw_by_touch(self, stroke):
        first, *others = [{"x": x, "y": y} for x, y in self.places(stroke)]
        self._send("touchStart", [first])
        for place in others:
            self._send("touchMove", [place])
        self._send("touchEnd", [])

    def _send(self, kind, points):
        self.touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


@pytest.fixture(scope="module")
def canvas_address(tmp_path_factory):
    root = tmp_path_factory.mktemp("canvas")
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    cells = [nbformat.v4.new_code_cell(CELLS["DigitCanvas"].strip())]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), root / "canvas.ipynb")
    with lab.jupyterlab(root) as address:
        yield address


@pytest.fixture(scope="module", params=["light", "dark"])
def notebook(request, canvas_address, browser):
    notebook = lab.Notebook(browser, canvas_address, "canvas.ipynb", theme=request.param)
    notebook.run_all()
    notebook.page.locator(".gradlib-pad").wait_for()
    yield notebook
    notebook.close()


@pytest.fixture
def canvas(notebook):
    yield Canvas(notebook)
    assert notebook.problems == []


@pytest.mark.parametrize("way", ["mouse", "touch"])
def test_a_digit_is_drawn_and_read(canvas, way):
    height = canvas.root.bounding_box()["height"]
    scrolled = canvas.page.evaluate("document.querySelector('.jp-WindowedPanel-outer').scrollTop")
    for count, stroke in enumerate(SEVEN, start=1):
        getattr(canvas, f"draw_by_{way}")(stroke)
        canvas.says(f"from {count} stroke")
    canvas.says("Read as")
    canvas.shows(SEVEN)
    expect(canvas.pad.locator("polyline")).to_have_count(2)
    assert canvas.root.bounding_box()["height"] == height
    assert canvas.page.evaluate("document.querySelector('.jp-WindowedPanel-outer').scrollTop") == scrolled
    canvas.click("Undo")
    canvas.says("from 1 stroke")
    canvas.shows(SEVEN[:1])
    canvas.click("Clear")
    canvas.says("Nothing is drawn yet")
    expect(canvas.pad.locator("polyline")).to_have_count(0)


def test_a_digit_is_drawn_by_keyboard(canvas):
    """A one: from the middle five cells up, then ten cells down with the pen on the paper."""
    canvas.pad.focus()
    press = canvas.page.keyboard.press
    for key in [*5 * ["ArrowUp"], " ", *10 * ["ArrowDown"], " ", "ArrowDown"]:
        press(key)
    canvas.shows([[(68.0, 28.0 + 8 * i) for i in range(11)]], within=0)
    assert "row 15 of 16, pen up" in canvas.root.locator(".gradlib-pad-place").text_content()
    press("Backspace")
    canvas.says("Nothing is drawn yet")


def test_a_stroke_that_leaves_the_square_ends_at_its_edge(canvas):
    canvas.draw_by_mouse([(64.0, 64.0), (64.0, 200.0)])
    canvas.shows([[(64.0, 64.0), (64.0, 128.0)]])
    expect(canvas.pad.locator("polyline")).to_have_count(1)
