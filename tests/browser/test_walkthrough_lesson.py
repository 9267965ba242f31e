"""Lesson 02 in JupyterLab, in both themes: it runs whole, and its walkthrough follows mouse and keyboard."""

import pytest
from playwright.sync_api import expect

LESSON = "notebooks/02_chain_rule.ipynb"
PICTURE = ".gradlib-picture[aria-label='Chain rule walkthrough']"


@pytest.fixture
def notebook(run_notebook):
    return run_notebook(LESSON)


def test_the_lesson_runs_and_its_walkthrough_is_stepped(notebook):
    page = notebook.page
    assert not page.locator(".jp-OutputArea-output[data-mime-type$='stderr']").count()

    widget = page.locator(".widget-vbox", has=page.locator(PICTURE)).first
    picture, title = widget.locator(PICTURE), widget.locator(".gradlib-words strong")
    widget.scroll_into_view_if_needed()
    pictures = []

    def expect_title(start):
        """The words have come to this step, and the picture is another one than at every step before."""
        expect(title).to_contain_text(start)
        pictures.append(picture.inner_html())
        assert pictures[-1] not in pictures[:-1]

    expect_title("Start: ")
    widget.get_by_role("button", name="Next").click()
    expect_title("Step 1 of ")
    widget.get_by_role("button", name="Next").click()
    expect_title("Step 2 of ")

    picture.focus()
    page.keyboard.press("ArrowRight")
    expect_title("Step 3 of ")
    page.keyboard.press("End")
    expect_title("End: ")
    page.keyboard.press("Home")
    expect(title).to_contain_text("Start: ")
    assert picture.inner_html() == pictures[0]

    picture.locator("g.node").first.click()
    expect(title).not_to_contain_text("Start: ")
    where_it_was_clicked = title.inner_text()
    widget.get_by_role("button", name="Previous").click()
    expect(title).not_to_have_text(where_it_was_clicked)
    assert notebook.problems == []
