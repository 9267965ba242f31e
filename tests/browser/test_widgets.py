"""The widgets in JupyterLab: driven by mouse and keyboard, measured, looked at for what cannot be read."""

import os
import re
import statistics
from functools import partial
from pathlib import Path
from random import Random

import nbformat
import pytest
from nbconvert import HTMLExporter

from gradlib.widgets import WIDGETS
from tests.browser import lab
from tests.browser.actions import SETTLED, Hand
from tests.widgets.samples import CELLS as WIDGET_CELLS
from tests.widgets.samples import SAMPLES

# A picture made by hand shows what GraphView itself does, without any model.
HAND_MADE = """
from gradlib.widgets.graph_view import GraphView
box = (
    '<g class="node" data-id="{0}"><path d="M{1} 5h50v30h-50z" fill="none" stroke="gray"/>'
    '<text data-text="{0}.0" x="{1}" y="25"/></g>'
)
svg = '<svg width="200" height="40">' + box.format("n0", 5) + box.format("n1", 100) + '</svg>'
view = GraphView(picture=svg, texts={"n0.0": "a", "n1.0": "b"}, marks={"n0": "current"}, words="0 messages", last=5)
messages = []
def receive(_, message, __):
    messages.append(message)
    view.answered = message["number"]
    view.marks = {"n1": "current receiving"}
    view.words = f"{len(messages)}: {message}"
view.on_msg(receive)
view
"""
CELLS = {**WIDGET_CELLS, "hand-made": HAND_MADE.strip()}
STEPPED = [name for name in WIDGET_CELLS if name != "DigitCanvas"]  # which has one state

FLAWS = (Path(__file__).parent / "flaws.js").read_text()

# Click, and tell how many milliseconds pass until the words have changed and the browser has drawn them.
LATENCY = """
([button, words]) => new Promise((resolve, reject) => {
  const start = performance.now();
  setTimeout(reject, 10000, new Error("no new words within 10 s"));
  new MutationObserver((_, observer) => {
    observer.disconnect();
    requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - start)));
  }).observe(words, { childList: true, subtree: true, characterData: true });
  button.click();
})
"""


class Shown:
    """One widget of the open notebook."""

    def __init__(self, notebook, name):
        self.page = notebook.page
        cell = self.page.locator(".jp-CodeCell").nth(list(CELLS).index(name))
        self.root = cell.locator(".jp-OutputArea-output")
        self.picture = self.root.locator(".gradlib-picture")
        self.words = self.root.locator(".gradlib-words")
        self.picture.scroll_into_view_if_needed()

    def press(self, key):
        self.picture.focus()
        self.page.keyboard.press(key)

    def click(self, name):
        self.root.get_by_role("button", name=name, exact=True).click()

    def says(self, text):
        self._wait("([words, text]) => words.textContent.includes(text)", text)

    def no_longer_says(self, text):
        self._wait("([words, text]) => !words.textContent.includes(text)", text)

    def _wait(self, condition, text):
        self.page.wait_for_function(condition, arg=[self.words.element_handle(), text])

    def flaws(self):
        self.page.wait_for_timeout(200)
        return self.root.evaluate(FLAWS)


@pytest.fixture(scope="module")
def widgets_address(tmp_path_factory):
    root = tmp_path_factory.mktemp("widgets")
    cells = [nbformat.v4.new_code_cell(code) for code in CELLS.values()]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), root / "widgets.ipynb")
    with lab.jupyterlab(root) as address:
        yield address


@pytest.fixture(scope="module", params=["light", "dark"])
def notebook(request, widgets_address, browser):
    # No token travels, so that a picture stands still as soon as it is drawn.
    notebook = lab.Notebook(browser, widgets_address, "widgets.ipynb", request.param, reduced_motion="reduce")
    notebook.theme = request.param
    notebook.run_all()
    notebook.page.locator(".gradlib-picture").nth(len(CELLS) - 1).wait_for(state="attached")
    yield notebook
    notebook.close()


@pytest.fixture
def show(notebook):
    """A function that gives a widget by name, at its first state."""
    notebook.page.set_viewport_size({"width": 1300, "height": 1000})

    def show(name):
        shown = Shown(notebook, name)
        shown.press("Home")
        shown.root.evaluate(SETTLED)
        return shown

    yield show
    assert notebook.problems == []


def test_every_widget_is_in_the_notebook():
    assert {view.__name__ for view in WIDGETS} <= set(CELLS)


@pytest.mark.parametrize("name", STEPPED)
def test_buttons_slider_and_keys_step(show, name):
    shown = show(name)
    first = shown.words.text_content()
    shown.click("Next")
    shown.no_longer_says(first)
    second = shown.words.text_content()
    shown.click("Previous")
    shown.says(first)
    shown.press("ArrowRight")
    shown.says(second)
    shown.press("ArrowLeft")
    shown.says(first)
    shown.press("End")
    shown.no_longer_says(first)
    shown.press("Home")
    shown.says(first)
    slider = shown.root.get_by_role("slider", name="Step", exact=True)
    slider.focus()
    slider.press("ArrowRight")
    shown.says(second)


def test_play_and_space(show):
    shown = show("BackwardOrder")
    shown.click("Play")
    shown.says("After 2 visits")
    shown.press(" ")
    shown.root.get_by_role("button", name="Play", exact=True).wait_for()
    shown.press(" ")
    shown.root.get_by_role("button", name="Pause", exact=True).wait_for()
    shown.says("After 4 visits")
    shown.click("Pause")


def test_keys_in_the_picture_are_not_jupyterlabs(show, notebook):
    cells = notebook.page.locator(".jp-Cell").count()
    shown = show("TangentSecant")
    for key in [
        "a",
        "b",
        "d",
        "d",
        "ArrowRight",
    ]:  # in a notebook: new cells above and below, delete the cell
        shown.press(key)
    shown.says("h = 0.562")
    assert notebook.page.locator(".jp-Cell").count() == cells


def test_marks_follow_the_step_in_the_same_picture(show):
    shown = show("ChainRuleWalkthrough")
    svg = shown.picture.locator("svg").element_handle()
    shown.says("Start")
    for _ in range(3):
        shown.press("ArrowRight")
    shown.says("Step 3 of 10")
    assert svg.evaluate("svg => svg.isConnected")
    assert shown.picture.locator(".current").count() == 1
    assert shown.picture.locator(".receiving").count() == 1
    assert shown.picture.locator(".edge.active text").text_content().startswith("×")


def test_a_click_and_a_key_on_a_node_show_its_derivation(show):
    shown = show("ChainRuleWalkthrough")
    shown.picture.get_by_role("slider", name="value of x").click()
    shown.says("x is used twice: in all")
    shown.press("Home")
    shown.picture.get_by_role("slider", name="value of y").focus()
    shown.page.keyboard.press("Enter")
    shown.says("back to y")


def test_predict_then_reveal(show):
    shown = show("predict")
    shown.click("Predict first")
    shown.press("ArrowRight")
    shown.says("Type a number")
    field = shown.root.get_by_role("textbox")
    field.fill("5")
    field.press("Enter")
    shown.says("You wrote 5, the contribution is 1: they differ by 4.")
    shown.press("ArrowRight")
    shown.says("Type a number")
    assert field.input_value() == ""
    shown.click("Reveal")
    shown.no_longer_says("Type a number")
    shown.click("Predict first")
    field.wait_for(state="hidden")


def test_an_input_is_dragged_until_the_goal_is_reached(show):
    shown = show("predict")
    shown.press("End")
    shown.says("End: ")
    y = shown.picture.get_by_role("slider", name="value of y")
    assert y.get_attribute("aria-valuenow") == "3"
    for _ in range(7):
        y.press("PageDown")
    goal = shown.root.get_by_role("status")
    goal.get_by_text("Reached.").wait_for()
    assert y.get_attribute("aria-valuenow") == "-4"
    for _ in range(7):
        y.press("PageUp")
    goal.get_by_text("Reached before.").wait_for()


def test_choosing_a_method_and_a_precision(show):
    shown = show("TangentSecant")
    shown.click("central")
    shown.click("float32")
    shown.says("central difference, float32")
    shown.click("forward")
    shown.click("float64")
    shown.says("forward difference, float64")


def test_a_bar_is_dragged_by_the_mouse(show):
    shown = show("DraggableLogits")
    shown.says("scores2, -6, 0")  # the first step of the sweep of class 1
    bar = shown.picture.locator('[data-id="c2"] .point')
    box = bar.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    shown.page.mouse.move(x, y)
    shown.page.mouse.down()
    for i in range(1, 11):
        shown.page.mouse.move(x, y - 6 * i)
        shown.page.wait_for_timeout(30)
    shown.page.mouse.up()
    shown.no_longer_says("scores2, -6, 0")
    shown.page.wait_for_timeout(300)
    scores = shown.words.locator("td").first.text_content()
    first, second, third = map(float, scores.split(","))
    assert (first, second) == (2.0, -6.0) and 3 < third < 8, scores


def test_a_click_chooses_what_the_slider_sweeps(show):
    shown = show("DraggableLogits")
    shown.picture.locator('[data-id="c0"] .point').click()
    for score in ("2.25", "2.5"):  # the picture is drawn anew, and its bar keeps the focus
        shown.page.keyboard.press("ArrowRight")
        shown.says(f"scores{score}, -6, ")
    shown.picture.locator('[data-id="c1"]').focus()
    shown.page.keyboard.press("Enter")
    shown.page.keyboard.press("ArrowLeft")
    shown.says("scores2.5, -6.25, ")


def test_a_click_on_a_node_of_the_explorer_goes_to_it(show):
    shown = show("GraphExplorer")
    shown.says("The result. The sweep begins here")
    shown.picture.get_by_role("button", name=re.compile("^weight")).click()
    shown.says("A leaf: its gradient is kept in .grad.")


def test_training_is_played_and_paused(show):
    shown = show("TrainingDashboard")
    shown.click("Play")
    shown.says("After 3 of 40 epochs")
    shown.click("Pause")
    shown.press("Home")
    shown.says("Nothing is trained yet")


def test_choices_change_the_picture(show):
    shown = show("DepthAndGain")
    shown.click("tanh")
    shown.says("tanh, gain 0.25, width 64")
    shown.click("relu")
    shown.says("relu, gain 0.25")
    shown = show("OptimizerRace")
    shown.root.locator("select").first.select_option("saddle")
    shown.says("on the saddle")
    shown.root.locator("select").first.select_option("bowl")
    shown = show("BroadcastExplorer")
    field = shown.root.get_by_role("textbox").nth(1)
    field.fill("2, 3, 1")
    field.press("Enter")
    shown.says("(2, 3, 1)")
    field.fill("4")
    field.press("Enter")
    shown.says("(4,)")


def test_the_graph_view_reports_and_marks(notebook):
    shown = Shown(notebook, "hand-made")
    svg = shown.picture.locator("svg").element_handle()
    first, second = (shown.picture.locator(f'[data-id="{name}"]') for name in ("n0", "n1"))
    assert first.get_attribute("class") == "node current"
    assert (first.get_attribute("role"), first.get_attribute("aria-label")) == ("button", "a")
    second.click()
    shown.says("'clicked': 'n1'")
    assert (first.get_attribute("class"), second.get_attribute("class")) == ("node", "node current receiving")
    first.focus()
    for key in ["Enter", " "]:
        before = shown.words.text_content()
        notebook.page.keyboard.press(key)
        shown.says("'clicked': 'n0'")
        shown.no_longer_says(before)
    notebook.page.keyboard.press("End")
    shown.says("'go': 5")
    assert svg.evaluate("svg => svg.isConnected")


@pytest.mark.parametrize("width", [1300, 600])
@pytest.mark.parametrize("name", WIDGET_CELLS)
def test_nothing_is_small_pale_cut_or_covered(show, notebook, name, width):
    shown = show(name)
    notebook.page.set_viewport_size({"width": width, "height": 1000})
    found = {"first": shown.flaws()}
    for step in range(1, 6):
        shown.press("ArrowRight")
        found[step] = shown.flaws()
    shown.press("End")
    found["last"] = shown.flaws()
    assert not any(found.values()), found


@pytest.mark.parametrize("name", STEPPED)
def test_a_click_shows_a_new_picture_at_once(show, name):
    shown = show(name)
    shown.page.wait_for_timeout(300)
    words = shown.words.element_handle()
    named = partial(shown.root.get_by_role, "button", exact=True)
    buttons = [named(name=name).element_handle() for name in ("Next", "Previous")]
    times = [shown.page.evaluate(LATENCY, [button, words]) for button in 5 * buttons]
    print(f"\n{name}: from click to picture {statistics.median(times):.0f} ms, at most {max(times):.0f} ms")
    assert statistics.median(times) < 300  # 100 ms is the aim; a busy machine may take longer


# What must hold in every state, as sentences: the slider, its words and its label say the same, there is room for the
# words, and no text is a number that could not be computed in JavaScript.
FALSE = r"""
(widget) => {
  const found = [];
  const part = (name) => widget.querySelector(name);
  const label = part(".gradlib-label").textContent;
  if (part(".gradlib-slider").getAttribute("aria-valuetext") !== label) found.push(`${label}: the slider differs`);
  if (/undefined|\[object/.test(widget.textContent)) found.push("undefined");
  const [words, room] = [".gradlib-now", ".gradlib-said"].map((name) => part(name).getBoundingClientRect());
  if (words.bottom > room.bottom + 1) found.push("words below their room");
  return found;
}
"""
HEIGHT = "widget => Math.round(widget.getBoundingClientRect().height)"


def act(shown, way, seed):
    """Do ACTIONS random things, 40 by default; the height stays, whatever is shown is consistent."""
    hand = Hand(shown.page, shown.root, Random(seed))
    hand.settle()
    height, done = shown.root.evaluate(HEIGHT), []
    for _ in range(int(os.environ.get("ACTIONS", "40"))):
        done.append(getattr(hand, way)())
        hand.settle()
        assert shown.root.evaluate(FALSE) == [], done
        # A shape that is typed may need more room; what was typed is not one of the widget's own states.
        if not any(action.startswith("input") for action in done):
            assert abs(shown.root.evaluate(HEIGHT) - height) <= 1, done
    if shown.root.get_by_role("button", name="Pause", exact=True).count():
        shown.click("Pause")


@pytest.mark.parametrize("name", WIDGET_CELLS)
def test_nothing_jumps_or_breaks_under_the_mouse(show, name):
    act(show(name), "by_mouse", name)


@pytest.mark.parametrize("way", ["by_touch", "by_keyboard"])
@pytest.mark.parametrize("name", WIDGET_CELLS)
def test_nothing_jumps_or_breaks_under_fingers_and_keys(show, notebook, name, way):
    if notebook.theme == "light" or "ACTIONS" in os.environ:  # by hand in both themes
        act(show(name), way, name)


@pytest.mark.parametrize("name", WIDGET_CELLS)
def test_every_control_of_a_widget_has_a_name(show, name):
    """By the browser's own rules, which screen readers follow."""
    snapshot = show(name).root.aria_snapshot()
    roles = "button|slider|textbox|combobox|checkbox|spinbutton|listbox"
    nameless = re.findall(rf"^\s*- (?:{roles})(?=:|$).*", snapshot, flags=re.MULTILINE)
    assert not nameless, nameless


DRAGGED = ["PointOnLine", "TangentSecant", "predict", "GraphExplorer", "DraggableLogits", "NormalizedBatch"]

# Note, for every move of the pointer over a picture, how many milliseconds pass until the picture has changed and is
# drawn. A move before the answer to the last one is part of the same wait.
FOLLOWS = """
(picture) => {
  window.waits = [];
  let since = null;
  picture.addEventListener("pointermove", (event) => { if (event.buttons) since ??= performance.now(); }, true);
  new MutationObserver(() => {
    if (since === null) return;
    const start = since;
    since = null;
    requestAnimationFrame(() => setTimeout(() => window.waits.push(performance.now() - start)));
  }).observe(picture, { subtree: true, childList: true, characterData: true });
}
"""


@pytest.mark.parametrize("name", DRAGGED)
def test_the_picture_follows_a_drag(show, name):
    shown = show(name)
    handle = shown.picture.locator("[data-drag]").first
    shown.picture.evaluate(FOLLOWS)
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    shown.page.mouse.move(x, y)
    shown.page.mouse.down()
    waits = []
    for i in range(1, 301):  # there and back, in steps that change every picture; again while the machine is busy
        shown.page.mouse.move(x + 8 * min(i % 30, 30 - i % 30), y - i % 30)
        shown.page.wait_for_timeout(60)
        if i % 30 == 0 and len(waits := shown.page.evaluate("window.waits")) >= 5:
            break
    shown.page.mouse.up()
    print(f"\n{name}: from drag to picture {statistics.median(waits):.0f} ms, at most {max(waits):.0f} ms")
    assert len(waits) >= 5 and statistics.median(waits) < 300  # 50 ms is the aim; a busy machine may take longer


def test_a_node_lights_its_paths_and_its_line_under_the_pointer_and_the_focus(show):
    shown = show("GraphExplorer")
    lit = shown.root.locator(".linked")
    weight = shown.picture.get_by_role("button", name=re.compile("^weight"))
    for point in (weight.hover, weight.focus):
        point()
        lines = shown.root.locator(".gradlib-line.linked")
        assert lines.all_text_contents() == [
            "t1 = x weight",
            "t2 = t1 + bias",
            "t3 = tanh t2",
            "t4 = t3²",
            "t5 = mean(t4)",
        ]
        assert shown.root.locator(".edge.linked").count() == 5
        shown.page.mouse.move(0, 0)
        shown.picture.focus()
        assert lit.count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_exported_page_shows_the_first_state(browser, tmp_path, scheme):
    views = [next(iter(SAMPLES[view].values()))() for view in WIDGETS]
    output = partial(nbformat.v4.new_output, "execute_result", execution_count=1)
    cells = [
        nbformat.v4.new_code_cell("view", execution_count=1, outputs=[output(data=view._repr_mimebundle_())])
        for view in views
    ]
    exporter = HTMLExporter(theme=scheme, require_js_url="", mathjax_url="", jquery_url="", mermaid_js_url="")
    page_text, _ = exporter.from_notebook_node(nbformat.v4.new_notebook(cells=cells))
    (tmp_path / "page.html").write_text(page_text, encoding="utf-8")
    page = browser.new_page(viewport={"width": 1000, "height": 1000})
    page.goto((tmp_path / "page.html").as_uri())
    for i, view in enumerate(views):
        widget = page.locator(".gradlib-widget").nth(i)
        assert widget.locator("img").first.evaluate("image => image.decode().then(() => image.naturalWidth > 20)")
        assert widget.locator(".gradlib-words").text_content().startswith(view.model.words().title)
        assert widget.get_by_text("Run the cell to move it.").is_visible()
        assert widget.evaluate(FLAWS) == []
    page.close()
