"""Pictures that are grabbed in JupyterLab, by mouse, by touch and by keyboard, and parts that light up together."""

import nbformat
import pytest
from playwright.sync_api import expect

from tests.browser import lab
from tests.widgets.samples import CELLS

NAMES = [
    "BroadcastExplorer", "JacobianSpotlight", "StepSweep", "DepthAndGain", "OptimizerRace", "TrainingDashboard",
    "GradientFlowStrip", "KernelStepper",
]  # fmt: skip


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    root = tmp_path_factory.mktemp("grabbed")
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    cells = [nbformat.v4.new_code_cell(CELLS[name]) for name in NAMES]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), root / "grabbed.ipynb")
    with lab.jupyterlab(root) as address:
        yield address


@pytest.fixture(scope="module", params=["light", "dark"])
def notebook(request, address, browser):
    notebook = lab.Notebook(browser, address, "grabbed.ipynb", theme=request.param)
    notebook.run_all()
    notebook.page.locator(".gradlib-picture").nth(len(NAMES) - 1).wait_for(state="attached")
    yield notebook
    notebook.close()


class Shown:
    """One widget of the open notebook."""

    def __init__(self, page, name):
        self.page = page
        self.root = page.locator(".jp-CodeCell").nth(NAMES.index(name)).locator(".jp-OutputArea-output").last
        self.picture, self.words = self.root.locator(".gradlib-picture"), self.root.locator(".gradlib-words")
        self.picture.scroll_into_view_if_needed()
        self.touch = page.context.new_cdp_session(page)

    def step(self, times):
        self.picture.focus()
        self.page.keyboard.press("Home")
        for _ in range(times):
            self.page.keyboard.press("ArrowRight")

    def middle(self, selector):
        part, box = self.root.locator(selector).first, None
        while not box:  # a picture that is just drawn anew has a part that is already gone
            expect(part).to_be_visible()
            box = part.bounding_box()
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def drag(self, way, selector, across, down):
        """Move a part by so many pixels."""
        x, y = self.middle(selector)
        places = [(x + across * i / 8, y + down * i / 8) for i in range(1, 9)]
        if way == "mouse":
            self.page.mouse.move(x, y)
            self.page.mouse.down()
            for place in places:
                self.page.mouse.move(*place)
            self.page.mouse.up()
            return
        for kind, points in [("touchStart", [(x, y)]), *(("touchMove", [at]) for at in places), ("touchEnd", [])]:
            touched = [{"x": x, "y": y} for x, y in points]
            self.touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touched})

    def linked(self, count):
        """Wait for so many parts that light up, and give their texts."""
        lit = self.picture.locator(".linked")
        expect(lit).to_have_count(count)
        return lit.all_text_contents()


@pytest.fixture
def show(notebook):
    yield lambda name: Shown(notebook.page, name)
    assert notebook.problems == []


def test_the_dot_in_the_map_is_dragged(show):
    shown = show("StepSweep")
    shown.step(4)
    expect(shown.words).to_contain_text("h = 0.1 ")
    # About two powers of ten up, and down again.
    for way, across, down, tolerance in [("mouse", -40, -38, "1e-03"), ("touch", 40, 38, "1e-05")]:
        shown.drag(way, "[data-id=dot] .point", across, down)
        expect(shown.words).to_contain_text(f"tolerance {tolerance}")
    expect(shown.words).to_contain_text("h = 0.1 ")


def test_the_dot_is_moved_by_the_arrow_keys(show):
    shown = show("StepSweep")
    shown.step(4)
    dot = shown.picture.locator("[data-id=dot]")
    dot.focus()
    for key in ["PageDown", "ArrowUp", "ArrowUp"]:
        before = dot.get_attribute("aria-valuetext")
        shown.page.keyboard.press(key)
        expect(dot).not_to_have_attribute("aria-valuetext", before)
        expect(dot).to_be_focused()


@pytest.mark.parametrize("way", ["mouse", "touch"])
def test_the_start_of_the_race_is_dragged_and_the_paths_follow(show, way):
    shown = show("OptimizerRace")
    shown.step(3)
    expect(shown.words).to_contain_text("After 3 steps")
    words = shown.words.text_content()
    shown.drag(way, "[data-id=start] .point", 80, 20)
    expect(shown.words).not_to_have_text(words)
    start = shown.picture.get_by_role("slider", name="start of the race")
    start.focus()
    before = start.get_attribute("aria-valuetext")
    shown.page.keyboard.press("ArrowRight")
    expect(start).not_to_have_attribute("aria-valuetext", before)


def test_a_click_adds_a_point_while_it_trains(show):
    shown = show("TrainingDashboard")
    shown.step(1)
    expect(shown.words).to_contain_text("of 150")
    shown.root.get_by_role("button", name="Play", exact=True).click()
    x, y = shown.middle("svg rect.frame")
    shown.page.mouse.click(x - 100, y + 60)
    expect(shown.words).to_contain_text("of 151")
    shown.root.get_by_role("button", name="Pause", exact=True).click()
    plane = shown.picture.get_by_role("slider", name="new point")
    plane.focus()
    before = plane.get_attribute("aria-valuetext")
    shown.page.keyboard.press("ArrowUp")
    expect(plane).not_to_have_attribute("aria-valuetext", before)
    shown.page.keyboard.press("Enter")
    expect(shown.words).to_contain_text("of 152")
    shown.root.get_by_role("button", name="Start again").click()
    expect(shown.words).to_contain_text("After 0 of 40 epochs")
    expect(shown.words).to_contain_text("of 152")


def test_an_entry_lights_its_copies_under_the_pointer_and_the_focus(show):
    shown = show("BroadcastExplorer")
    shown.step(3)
    expect(shown.words).to_contain_text("3. Added")
    result = shown.picture.locator("svg").nth(2).locator("[data-link]")
    result.nth(6).hover()
    assert shown.linked(3) == ["2", "30", "32"]
    shown.page.mouse.move(0, 0)
    shown.linked(0)
    shown.picture.locator("svg").first.locator("[data-link]").first.focus()
    assert shown.linked(5) == ["1", "11", "21", "31", "41"]


def test_an_output_that_is_still_empty_lights_its_window(show):
    shown = show("KernelStepper")
    shown.step(0)
    expect(shown.words).to_contain_text("Before the first output")
    shown.picture.locator('[data-lights="o0"]').hover()
    window = len(shown.picture.locator('[data-link~="o0"]').all())
    assert shown.linked(window)[-1] == ""


def test_an_entry_of_the_product_lights_its_column(show):
    shown = show("JacobianSpotlight")
    shown.picture.locator('[data-lights="c2"]').hover()
    assert len(shown.linked(5)) == 5


def test_a_layer_lights_up_in_all_pictures(show):
    shown = show("DepthAndGain")
    shown.picture.locator("[data-link=layer6]").first.hover()
    shown.linked(2)
    shown = show("GradientFlowStrip")
    shown.picture.locator('[data-id="cell0_2"]').click()
    expect(shown.picture.locator("svg").nth(1)).to_contain_text("gradient of 4.weight")
    shown.linked(2)
