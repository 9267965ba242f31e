"""What a learner may do to a widget, at random: by mouse, by touch, by keyboard."""

from __future__ import annotations

from pathlib import Path
from random import Random

from playwright.sync_api import Locator, Page

KEYS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "PageUp", "PageDown", "Enter", " ", "Tab"]
TYPED = ["2, 3, 1", "4", "(1,)", "x", "", "-1.5", "3/2", "1e9"]
# Whatever answers to a pointer. A canvas is drawn on, other parts with data-drag are moved.
POINTED = "button, select, g.node, [data-drag], [data-link], input[type=range], input[type=text], canvas"
SETTLED = (Path(__file__).parent / "settled.js").read_text()


# One part of those that can be seen, chosen by a number from 0 to 1: [kind, name, index among all, x, y].
CHOOSE = """
(widget, [selector, share]) => {
  const all = [...widget.querySelectorAll(selector)];
  const seen = all.filter((part) => part.checkVisibility({ visibilityProperty: true }) && !part.disabled);
  if (!seen.length) return null;
  const part = seen[Math.floor(share * seen.length)];
  part.scrollIntoView({ block: "nearest", inline: "nearest", behavior: "instant" });
  const box = part.getBoundingClientRect();
  const kind = part.matches("[data-drag], canvas, input[type=range]") ? "drag" : part.tagName.toLowerCase();
  const name = part.getAttribute("aria-label") ?? part.textContent.trim();
  return [kind, name.slice(0, 40), all.indexOf(part), (box.left + box.right) / 2, (box.top + box.bottom) / 2];
}
"""


class Hand:
    """Random actions on one widget. Each returns the words for what was done, to be read where a test fails."""

    def __init__(self, page: Page, root: Locator, random: Random):
        self.page, self.root, self.random = page, root, random
        self.touch = page.context.new_cdp_session(page)

    def settle(self) -> None:
        """Wait until nothing in the widget has changed for a moment."""
        self.root.evaluate(SETTLED)

    def choose(self, selector: str):
        return self.root.evaluate(CHOOSE, [selector, self.random.random()]) or ("nothing", "", 0, 0, 0)

    def by_mouse(self) -> str:
        kind, name, index, x, y = self.choose(POINTED)
        part = self.root.locator(POINTED).nth(index)
        if kind == "select":
            part.select_option(index=self.random.randrange(part.locator("option").count()))
        elif kind == "input":
            part.fill(self.random.choice(TYPED))
            part.press("Enter")
        elif kind == "drag":
            self.page.mouse.move(x, y)
            self.page.mouse.down()
            for _ in range(4):
                x, y = x + self.random.uniform(-40, 40), y + self.random.uniform(-40, 40)
                self.page.mouse.move(x, y)
            self.page.mouse.up()
        elif kind != "nothing":
            self.page.mouse.click(x, y)
        return f"{kind} {name}"

    def by_touch(self) -> str:
        """Tap or drag with a finger, as the browser's own protocol sends it."""
        kind, name, _, x, y = self.choose("button, g.node, [data-drag], canvas")

        def send(event: str, *places: dict) -> None:
            self.touch.send("Input.dispatchTouchEvent", {"type": event, "touchPoints": list(places)})

        send("touchStart", {"x": x, "y": y})
        if kind == "drag":
            for _ in range(4):
                x, y = x + self.random.uniform(-40, 40), y + self.random.uniform(-40, 40)
                send("touchMove", {"x": x, "y": y})
        send("touchEnd")
        return f"{kind} {name}"

    def by_keyboard(self) -> str:
        inside = self.root.evaluate("root => root.contains(document.activeElement)")
        if not inside or self.random.random() < 0.2:
            selector = "button, input, select, .gradlib-picture, g.node, [data-drag]"
            *_, index, _, _ = self.choose(selector)
            self.root.locator(selector).nth(index).focus()
        key = self.random.choice(KEYS)
        self.page.keyboard.press(key)
        return f"key {key!r}"
