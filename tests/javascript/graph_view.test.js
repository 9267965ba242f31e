// The view in a document without a browser: what it sends, what it shows, in which order.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { beforeEach, mock, test } from "node:test";
import { JSDOM } from "jsdom";

const source = readFileSync(new URL("../../gradlib/widgets/graph_view.js", import.meta.url));
const { Line, default: view, goalText, light, merged, stepAfter } = await import(
  `data:text/javascript;base64,${source.toString("base64")}` // gradlib has no package.json that calls it a module
);

const GRAPH = `<svg aria-label="x, then its square">
  <g class="node" data-id="n0" data-drag="x" role="slider" aria-label="x"><text data-text="n0.0"></text></g>
  <g class="node" data-id="n1"><text data-text="n1.0"></text></g>
  <rect data-link="r0 c0"/><rect data-link="r0 c1"/><rect data-link="r1 c1" data-lights="c0"/>
</svg>`;
const START = {
  title: "a graph", picture: GRAPH, marks: {}, texts: { "n0.0": "2", "n1.0": "4" }, words: "<p>first</p>", room: "", goal: {},
  token: {}, step: 0, last: 3, label: "0 of 3", asks: false, interval: 100, answered: 0,
};

/** A stand-in for the model that anywidget hands to `render`: traits, listeners, messages that were sent. */
class Traits {
  constructor(values) {
    this.values = { ...values };
    this.sent = [];
    this.listeners = new Set();
  }

  get = (name) => this.values[name];
  on = (_, listener) => this.listeners.add(listener);
  off = (_, listener) => this.listeners.delete(listener);
  send = (message) => this.sent.push(message);

  set(values) {
    Object.assign(this.values, values);
    for (const listener of this.listeners) listener();
  }
}

let model, el, end;
function shown(values = {}) {
  model = new Traits({ ...START, ...values });
  el = document.body.appendChild(document.createElement("div"));
  end = view.render({ model, el });
}
const find = (selector) => el.querySelector(selector);
const button = (name) => [...el.querySelectorAll("button")].find((one) => one.textContent === name);
const press = (part, key) => part.dispatchEvent(new window.KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));

beforeEach(() => {
  end?.();
  const { window: made } = new JSDOM("<body></body>", { pretendToBeVisual: true });
  Object.assign(global, { window: made, document: made.document, matchMedia: () => ({ matches: false }) });
  global.ResizeObserver = class {
    observe() {}
    disconnect() {}
  };
});

test("a key leads to a step between the first and the last", () => {
  assert.deepEqual(["ArrowLeft", "ArrowRight", "Home", "End", "a"].map((key) => stepAfter(key, 3, 3)), [2, 3, 0, 3, undefined]);
});

test("moves of one part are put together, and nothing else is", () => {
  const waiting = { nudged: "x", across: 1, up: 0 };
  assert.ok(merged(waiting, { nudged: "x", across: 1, up: -1 }));
  assert.deepEqual(waiting, { nudged: "x", across: 2, up: -1 });
  assert.ok(!merged(waiting, { nudged: "y", across: 1, up: 0 }));
  assert.ok(!merged({ clicked: "x" }, { clicked: "x" }) && !merged({ go: 1 }, { clicked: "x" }) && !merged(undefined, { go: 1 }));
});

test("one message is on its way at a time", () => {
  const sent = [];
  const line = new Line((message) => sent.push(message));
  for (const message of [{ go: 1 }, { go: 2 }, { go: 3 }, { clicked: "x" }, { go: 4 }]) line.ask(message);
  assert.deepEqual(sent, [{ go: 1, number: 1 }]);
  line.answer(1);
  line.answer(2);
  line.answer(3);
  assert.deepEqual(sent.slice(1), [{ go: 3, number: 2 }, { clicked: "x", number: 3 }, { go: 4, number: 4 }]);
});

test("the buttons, the slider and the keys step, also while an answer is missing", () => {
  shown();
  button("Next").click();
  button("Next").click();
  press(find(".gradlib-picture"), "ArrowRight");
  press(find(".gradlib-picture"), "ArrowLeft");
  model.set({ answered: 1, step: 1 });
  assert.deepEqual(model.sent, [{ go: 1, number: 1 }, { go: 2, number: 2 }]);
  model.set({ answered: 2, step: 2, label: "2 of 3" });
  assert.equal(find("input").value, "2");
  assert.equal(find("input").getAttribute("aria-valuetext"), "2 of 3");
  find("input").value = "3";
  find("input").dispatchEvent(new window.Event("input"));
  assert.deepEqual(model.sent.at(-1), { go: 3, number: 3 });
});

test("every control has a name", () => {
  shown();
  assert.deepEqual([...el.querySelectorAll("button")].map((one) => one.textContent), ["Previous", "Play", "Next"]);
  for (const part of el.querySelectorAll("input, [role=group], [role=slider], [role=button]"))
    assert.ok(part.getAttribute("aria-label"), part.outerHTML);
});

test("a node is clicked by Enter and Space, a part that can be dragged is moved by the arrow keys", () => {
  shown();
  press(find('[data-id="n1"]'), "Enter");
  model.set({ answered: 1 });
  press(find('[data-id="n0"]'), "ArrowUp");
  model.set({ answered: 2 });
  press(find('[data-id="n0"]'), "PageDown");
  model.set({ answered: 3 });
  press(find('[data-id="n1"]'), "End");
  assert.deepEqual(model.sent, [
    { clicked: "n1", number: 1 },
    { nudged: "n0", across: 0, up: 1, number: 2 },
    { nudged: "n0", across: 0, up: -10, number: 3 },
    { go: 3, number: 4 },
  ]);
});

test("texts and marks change in the same picture; a part keeps the focus when it is drawn again", () => {
  shown();
  const first = find("svg");
  model.set({ texts: { "n0.0": "5", "n1.0": "25" }, marks: { n1: "current" } });
  assert.equal(find("svg"), first);
  assert.equal(find('[data-id="n1"]').getAttribute("aria-label"), "25");
  assert.equal(find('[data-id="n0"]').getAttribute("aria-valuetext"), "5");
  assert.ok(find('[data-id="n1"]').classList.contains("current"));
  find('[data-id="n0"]').focus();
  model.set({ picture: GRAPH.replace("<svg ", "<svg  "), marks: {} });
  assert.notEqual(find("svg"), first);
  assert.equal(document.activeElement, find('[data-id="n0"]'));
  assert.ok(!find(".current"));
});

test("playing steps, waits for answers, and stops at the end and at a question", () => {
  mock.timers.enable({ apis: ["setInterval"] });
  shown();
  button("Play").click();
  mock.timers.tick(300);
  assert.deepEqual(model.sent, [{ go: 1, number: 1 }]);
  model.set({ answered: 1, step: 1 });
  model.set({ answered: 2, step: 2, asks: true });
  assert.ok(button("Play"), "a question stops it");
  button("Play").click();
  mock.timers.tick(500);
  assert.ok(button("Play") && model.sent.length === 2, "and it goes no further while the question stands");
  model.set({ asks: false, step: 3 });
  button("Play").click();
  assert.deepEqual(model.sent.at(-1), { go: 0, number: 3 }, "from the end it starts again");
  mock.timers.reset();
});

test("what shares a link lights up, by focus too, and survives a new picture", () => {
  shown();
  const lit = () => [...el.querySelectorAll("[data-link]")].map((part) => part.classList.contains("linked"));
  find('[data-link="r0 c0"]').dispatchEvent(new window.Event("pointerover", { bubbles: true }));
  assert.deepEqual(lit(), [true, true, false]);
  el.dispatchEvent(new window.Event("pointerleave"));
  assert.deepEqual(lit(), [false, false, false]);
  find('[data-link="r0 c1"]').focus();
  assert.deepEqual(lit(), [true, true, true]);
  model.set({ picture: `${GRAPH} ` });
  assert.deepEqual(lit(), [true, true, true]);
  light(el, find("[data-lights]"));
  assert.deepEqual(lit(), [true, false, false]);
});

test("a goal is said when it is reached, and stays reached", () => {
  const goal = { text: "Make it vanish.", reached: false };
  shown({ goal });
  const said = find(".gradlib-now [role=status]");
  assert.equal(said.textContent, "Goal: Make it vanish.");
  model.set({ goal: { ...goal, reached: true } });
  assert.equal(said.textContent, "Goal: Make it vanish. Reached.");
  model.set({ goal: { ...goal } });
  assert.equal(said.textContent, "Goal: Make it vanish. Reached before.");
  assert.equal(goalText({}, false), "");
  assert.equal(find(".gradlib-room").textContent, "Goal: Make it vanish. Reached before.", "room for the longest");
});

test("another goal is not reached because one before was", () => {
  shown({ goal: { text: "Find x.", reached: true } });
  assert.equal(find(".gradlib-goal").textContent, "Goal: Find x. Reached.");
  model.set({ goal: { text: "Find y.", reached: false } });
  assert.equal(find(".gradlib-goal").textContent, "Goal: Find y.");
});

test("a model of one state has no buttons, until it has a second", () => {
  shown({ last: 0 });
  assert.equal(find(".gradlib-controls").style.display, "none");
  model.set({ last: 3 });
  assert.equal(find(".gradlib-controls").style.display, "");
});

test("nothing is left running when the view is removed", () => {
  mock.timers.enable({ apis: ["setInterval"] });
  shown();
  button("Play").click();
  end();
  mock.timers.tick(1000);
  assert.equal(model.sent.length, 0);
  assert.equal(model.listeners.size, 0);
  mock.timers.reset();
});
