// The square to draw on, by keyboard, in a document without a browser. Mouse and touch are tested in a browser.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { beforeEach, test } from "node:test";
import { JSDOM } from "jsdom";

const source = readFileSync(new URL("../../gradlib/widgets/digit_pad.js", import.meta.url));
const { default: view, cellAfter, pointsOf } = await import(`data:text/javascript;base64,${source.toString("base64")}`);

/** A stand-in for the model that anywidget hands to `render`. */
class Traits {
  values = { title: "a square", side: 128, pen: 5, cells: 16, strokes: [] };
  saved = 0;
  get = (name) => this.values[name];
  set = (name, value) => (this.values[name] = value);
  save_changes = () => (this.saved += 1);
  on = (_, listener) => (this.listener = listener);
  off = () => (this.listener = null);
}

let model, pad, frames, end;
beforeEach(() => {
  end?.();
  const { window: made } = new JSDOM("<body></body>");
  Object.assign(global, { window: made, document: made.document });
  frames = [];
  global.requestAnimationFrame = (callback) => frames.push(callback);
  global.cancelAnimationFrame = () => {};
  model = new Traits();
  const el = document.body.appendChild(document.createElement("div"));
  end = view.render({ model, el });
  pad = el.querySelector("svg");
});
const press = (...keys) => {
  for (const key of keys) pad.dispatchEvent(new window.KeyboardEvent("keydown", { key, cancelable: true }));
};
const frame = () => frames.splice(0).forEach((callback) => callback());
const lines = () => [...pad.querySelectorAll("polyline")].map((line) => line.getAttribute("points"));

test("the cursor stays on the square", () => {
  assert.deepEqual(cellAfter("ArrowLeft", [0, 3], 16), [0, 3]);
  assert.deepEqual(cellAfter("ArrowDown", [0, 3], 16), [0, 4]);
  assert.deepEqual(cellAfter("ArrowRight", [15, 15], 16), [15, 15]);
});

test("a stroke of one place is a dot", () => {
  assert.equal(pointsOf([[3, 4]]), "3.0 4.0 3.0 4.0");
});

test("Space lowers the pen, arrows draw, Space lifts it", () => {
  press("ArrowUp", " ", "ArrowRight", "ArrowDown", " ", "ArrowLeft");
  frame();
  assert.deepEqual(model.values.strokes, [[[68, 60], [76, 60], [76, 68]]]);
  assert.deepEqual(lines(), ["68.0 60.0 76.0 60.0 76.0 68.0 76.0 68.0"]);
});

test("Python is told once a frame, the ink is there at once", () => {
  press(" ", "ArrowRight", "ArrowRight");
  assert.equal(lines().length, 1);
  assert.equal(model.saved, 0);
  frame();
  assert.equal(model.saved, 1);
});

test("Backspace takes the last stroke back", () => {
  press(" ", " ", "ArrowLeft", " ", "Backspace");
  frame();
  assert.deepEqual(model.values.strokes, [[[68, 68]]]);
  press("Backspace", "Backspace");
  frame();
  assert.deepEqual(model.values.strokes, []);
});

test("it follows Python, except while one draws", () => {
  model.values.strokes = [[[1, 2], [3, 4]]];
  model.listener();
  assert.deepEqual(lines(), ["1.0 2.0 3.0 4.0 3.0 4.0"]);
  press(" ");
  model.values.strokes = [];
  model.listener();
  assert.equal(lines().length, 2);
});

test("other keys and shortcuts are not its own", () => {
  for (const [key, more] of [["Tab", {}], ["a", {}], [" ", { ctrlKey: true }], ["ArrowLeft", { altKey: true }]]) {
    const event = new window.KeyboardEvent("keydown", { key, cancelable: true, ...more });
    pad.dispatchEvent(event);
    assert.ok(!event.defaultPrevented, key);
  }
  frame();
  assert.deepEqual(model.values.strokes, []);
});

test("it says where the cursor is and whether the pen is down", () => {
  const place = () => document.querySelector(".gradlib-pad-place").textContent;
  press(" ", "ArrowLeft");
  assert.equal(place(), "Cursor: column 8, row 9 of 16, pen down");
  pad.dispatchEvent(new window.Event("blur"));
  assert.equal(place(), "Cursor: column 8, row 9 of 16, pen up");
});
