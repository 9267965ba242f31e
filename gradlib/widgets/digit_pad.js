// A square to draw on. A stroke is a list of places [x, y] in the square's own units; Python makes an image of them.
//
// Mouse, finger and pen draw while they are down. By keyboard the arrow keys move a cursor from cell to cell, Space
// lowers and lifts the pen, Backspace takes the last stroke back.

const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const svgTag = (tag, attributes) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
};

/** The cell that a key leads to from another, on a square of so many cells. */
export function cellAfter(key, [column, row], cells) {
  const [across, down] = MOVES[key];
  const inside = (cell) => Math.min(Math.max(cell, 0), cells - 1);
  return [inside(column + across), inside(row + down)];
}

/** The points of a polyline. A stroke of one place is drawn as a dot: a line that ends where it starts. */
export function pointsOf(stroke) {
  return [...stroke, stroke.at(-1)].map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join(" ");
}

function render({ model, el }) {
  const [side, pen, cells] = ["side", "pen", "cells"].map((name) => model.get(name));
  const size = side / cells;
  el.classList.add("gradlib-widget");
  const pad = svgTag("svg", { class: "gradlib-axes gradlib-pad", viewBox: `0 0 ${side} ${side}`, tabindex: 0 });
  pad.setAttribute("role", "application");
  pad.setAttribute("aria-label", model.get("title"));
  pad.dataset.lmSuppressShortcuts = "true"; // arrows and Space are ours here, not JupyterLab's
  const ink = svgTag("g", {});
  const cursor = svgTag("rect", { class: "cursor", width: size, height: size });
  pad.append(svgTag("rect", { class: "frame", x: 0.5, y: 0.5, width: side - 1, height: side - 1 }), ink, cursor);
  const place = document.createElement("p"); // where the keyboard's cursor is
  place.className = "gradlib-pad-place";
  place.setAttribute("aria-live", "polite");
  el.append(pad, place);

  let strokes = [];
  let stroke = null; // the one that is being drawn
  let pointer = null; // the pointer that draws it; null for the keyboard
  let cell = [cells / 2, cells / 2];
  let frame = 0;

  function draw() {
    ink.replaceChildren(
      ...strokes.map((each) => svgTag("polyline", { class: "ink", points: pointsOf(each), "stroke-width": 2 * pen })),
    );
  }

  function begin(at, by) {
    stroke = [at];
    pointer = by;
    strokes = [...strokes, stroke];
    changed();
  }

  function go(at) {
    stroke.push(at);
    changed();
  }

  function end() {
    stroke = null;
    pointer = null;
  }

  // Draw at once, and tell Python once a frame.
  function changed() {
    draw();
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      model.set("strokes", strokes.map((each) => [...each]));
      model.save_changes();
    });
  }

  function placeOf(event) {
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(pad.getScreenCTM().inverse());
    return [x, y].map((value) => Math.round(Math.min(Math.max(value, 0), side) * 10) / 10);
  }

  pad.addEventListener("pointerdown", (event) => {
    if (event.button || pointer !== null) return; // a second finger, another button
    end(); // the keyboard's pen
    begin(placeOf(event), event.pointerId);
    pad.setPointerCapture(event.pointerId);
    pad.focus({ preventScroll: true });
    tell();
    event.preventDefault();
  });
  pad.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pointer) return;
    const all = event.getCoalescedEvents?.() ?? [];
    for (const each of all.length ? all : [event]) go(placeOf(each));
  });
  for (const name of ["pointerup", "pointercancel", "lostpointercapture"])
    pad.addEventListener(name, (event) => {
      if (event.pointerId === pointer) end();
    });

  const center = () => cell.map((index) => (index + 0.5) * size);
  function tell() {
    for (const [name, index] of [["x", cell[0]], ["y", cell[1]]]) cursor.setAttribute(name, index * size);
    cursor.classList.toggle("down", stroke !== null && pointer === null);
    const where = `Cursor: column ${cell[0] + 1}, row ${cell[1] + 1} of ${cells}`;
    place.textContent = `${where}, pen ${stroke && pointer === null ? "down" : "up"}`;
  }

  pad.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || pointer !== null) return;
    if (event.key in MOVES) {
      cell = cellAfter(event.key, cell, cells);
      if (stroke) go(center());
    } else if (event.key === " ") {
      if (stroke) end();
      else begin(center(), null);
    } else if (event.key === "Backspace") {
      end();
      strokes = strokes.slice(0, -1);
      changed();
    } else return;
    tell();
    event.preventDefault();
  });
  pad.addEventListener("blur", () => {
    if (pointer === null) end();
    tell();
  });

  function update() {
    if (stroke || frame) return; // what is being drawn is newer
    strokes = model.get("strokes");
    draw();
  }
  model.on("change:strokes", update);
  update();
  tell();
  return () => {
    cancelAnimationFrame(frame);
    model.off("change:strokes", update);
  };
}

export default { render };
