// The view of a model: controls, a picture, words. Every number and every text comes from Python.
//
// Three kinds of part in a picture answer to mouse, touch and keyboard:
//   g.node        can be clicked; Enter and Space click it, the other keys step
//   [data-drag]   can be dragged too; while it has the focus, the arrow keys move it
//   [data-link]   lights up together with all parts that share one of its names, in the words too; with data-lights
//                 it lights those parts instead

const MOVES = {
  ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1], PageDown: [0, -10], PageUp: [0, 10],
};
const TRAVEL = 900; // milliseconds for which a token travels
const TRAITS = [
  "picture", "marks", "texts", "words", "room", "goal", "token", "step", "last", "label", "asks", "answered",
];

/** The step that a key leads to; undefined for a key that is not ours. */
export function stepAfter(key, step, last) {
  const steps = { ArrowLeft: step - 1, ArrowRight: step + 1, Home: 0, End: last };
  return key in steps ? Math.min(Math.max(steps[key], 0), last) : undefined;
}

/** Put a message into the last one that waits, if it only moves further what that one moves. */
export function merged(waiting, message) {
  if (!waiting) return false;
  if ("go" in waiting && "go" in message) waiting.go = message.go;
  else if ("dragged" in waiting && waiting.dragged === message.dragged) Object.assign(waiting, message);
  else if ("nudged" in waiting && waiting.nudged === message.nudged) {
    waiting.across += message.across;
    waiting.up += message.up;
  } else return false;
  return true;
}

/** Messages to Python, one at a time: while one is answered, moves that come in are put together. */
export class Line {
  constructor(send) {
    this.send = send;
    this.waiting = [];
    this.sent = 0;
    this.answered = 0;
  }

  ask(message) {
    if (merged(this.waiting.at(-1), message)) return;
    this.waiting.push(message);
    this.next();
  }

  answer(number) {
    this.answered = number;
    this.next();
  }

  next() {
    if (this.answered !== this.sent || !this.waiting.length) return;
    this.sent += 1;
    this.send({ ...this.waiting.shift(), number: this.sent });
  }
}

/** Mark every part that shares a link with the one that is pointed at. */
export function light(root, part) {
  const names = (part?.dataset.lights ?? part?.dataset.link ?? "").split(" ").filter(Boolean);
  for (const other of root.querySelectorAll("[data-link]")) {
    const links = other.dataset.link.split(" ");
    other.classList.toggle("linked", names.some((name) => links.includes(name)));
  }
}

/** The linked part that an arrow key leads to: the nearest one in its direction. */
export function neighbour(parts, from, [across, up]) {
  const middle = (part) => {
    const box = part.getBoundingClientRect();
    return [(box.left + box.right) / 2, -(box.top + box.bottom) / 2];
  };
  const [x, y] = middle(from);
  let nearest = from;
  let least = Infinity;
  for (const part of parts) {
    const [dx, dy] = middle(part).map((place, i) => place - [x, y][i]);
    const ahead = dx * Math.sign(across) + dy * Math.sign(up);
    const aside = Math.abs(across ? dy : dx);
    if (ahead > 1 && ahead + 3 * aside < least) [nearest, least] = [part, ahead + 3 * aside];
  }
  return nearest;
}

export function goalText({ text, reached }, before) {
  return text ? `Goal: ${text}${reached ? " Reached." : before ? " Reached before." : ""}` : "";
}

function made(tag, className, attributes = {}) {
  const element = document.createElement(tag);
  element.className = className;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

/** Keep JupyterLab from taking the keys of a part; it asks the part that has the focus first, then those around it. */
function ownKeys(part) {
  part.setAttribute("data-lm-suppress-shortcuts", "true");
}

function render({ model, el }) {
  el.classList.add("gradlib-widget");
  const line = new Line((message) => model.send(message));

  // Controls ---------------------------------------------------------------------------------------------------

  const controls = made("div", "gradlib-controls", { role: "group", "aria-label": "Steps" });
  const [previous, play, following] = ["Previous", "Play", "Next"].map((name) => {
    const button = made("button", "gradlib-button", { type: "button" });
    button.textContent = name;
    return button;
  });
  const slider = made("input", "gradlib-slider", { type: "range", min: 0, step: 1, "aria-label": "Step" });
  const label = made("span", "gradlib-label");
  controls.append(previous, play, following, slider, label);
  controls.style.display = "none"; // until there is a second state

  const stopped = made("p", "gradlib-run-note");
  stopped.textContent = "Run the cell to move it.";

  const body = made("div", "gradlib-body");
  const picture = made("div", "gradlib-picture", { tabindex: 0, role: "group", "aria-label": model.get("title") });
  const said = made("div", "gradlib-said");
  const now = made("div", "gradlib-now");
  const goal = made("p", "gradlib-goal", { role: "status" });
  const words = made("div", "gradlib-words", { "aria-live": "polite" });
  const room = made("div", "gradlib-room", { "aria-hidden": true });
  now.append(goal, words);
  said.append(now, room);
  body.append(picture, said);
  for (const part of [slider, previous, play, following, picture]) ownKeys(part);
  el.append(controls, stopped, body);

  let step = model.get("step"); // also ahead of Python, while a message waits
  const last = () => model.get("last");
  function go(to) {
    step = Math.min(Math.max(to, 0), last());
    line.ask({ go: step });
  }
  previous.addEventListener("click", () => go(step - 1));
  following.addEventListener("click", () => go(step + 1));
  slider.addEventListener("input", () => go(Number(slider.value)));

  let timer = null;
  function playing(on) {
    clearInterval(timer);
    timer = on ? setInterval(tick, model.get("interval")) : null;
    play.textContent = on ? "Pause" : "Play";
    if (on && step === last()) go(0);
  }
  function tick() {
    if (model.get("asks") || step === last()) playing(false);
    else if (!line.waiting.length) go(step + 1);
  }
  play.addEventListener("click", () => playing(timer === null));

  // Show what Python says --------------------------------------------------------------------------------------

  let parts = new Map(); // data-id -> element
  let marked = [];
  let shown = {};
  let reached = false;
  const isNew = (...traits) => traits.some((trait) => shown[trait] !== model.get(trait));

  function update() {
    const before = shown.step;
    arrive();
    if (isNew("picture")) draw();
    if (isNew("picture", "marks")) mark();
    if (isNew("room")) reserve();
    if (isNew("words")) words.innerHTML = model.get("words");
    if (isNew("goal")) tellGoal();
    const token = isNew("token") && model.get("token");
    const isNext = model.get("step") === before + 1 || (shown.asks && !model.get("asks"));
    if (token?.edge && isNext) depart(token);
    if (isNew("picture", "texts")) write();
    if (isNew("step", "last", "label")) {
      if (!line.waiting.length) step = model.get("step");
      if (last()) controls.style.display = ""; // a model of one state has no need of them
      slider.max = last();
      slider.value = step;
      label.textContent = model.get("label");
      slider.setAttribute("aria-valuetext", model.get("label"));
    }
    if (isNew("asks") && model.get("asks")) playing(false);
    const isAnswer = isNew("answered");
    shown = Object.fromEntries(TRAITS.map((trait) => [trait, model.get(trait)]));
    light(el, pointed());
    keepHeight();
    if (isAnswer) line.answer(model.get("answered"));
  }

  function draw() {
    const focused = document.activeElement;
    const name = picture.contains(focused) && focused.dataset.id;
    const order = [...picture.querySelectorAll("[data-link]")].indexOf(focused);
    picture.innerHTML = model.get("picture");
    parts = new Map([...picture.querySelectorAll("[data-id]")].map((part) => [part.dataset.id, part]));
    marked = [];
    for (const node of picture.querySelectorAll("g.node")) {
      node.setAttribute("tabindex", "0");
      if (!node.hasAttribute("role")) node.setAttribute("role", "button");
    }
    for (const svg of picture.querySelectorAll("svg"))
      if (svg.querySelector("g.node, [data-link]")) svg.setAttribute("role", "group"); // an img hides what is in it
    for (const part of picture.querySelectorAll("g.node, [data-link]")) ownKeys(part);
    const linked = [...picture.querySelectorAll("[data-link]:not(g.node)")];
    linked.forEach((part, i) => part.setAttribute("tabindex", i ? -1 : 0)); // Tab reaches one, arrow keys the others
    const again = name ? parts.get(name) : picture.querySelectorAll("[data-link]")[order];
    again?.focus({ preventScroll: true }); // else the next key would go nowhere
  }

  function mark() {
    for (const [part, classes] of marked) part.classList.remove(...classes);
    marked = Object.entries(model.get("marks"))
      .filter(([id]) => parts.has(id))
      .map(([id, classes]) => [parts.get(id), classes.split(" ")]);
    for (const [part, classes] of marked) part.classList.add(...classes);
    bringIntoView();
  }

  // Scroll a wide graph, and never the page, to what is marked; if that is too wide, to the current node.
  function bringIntoView() {
    for (const frame of picture.querySelectorAll(".gradlib-scroll")) {
      const seen = frame.getBoundingClientRect();
      for (const selector of [".current, .receiving", ".current"]) {
        const marks = [...frame.querySelectorAll(selector)].map((part) => part.getBoundingClientRect());
        const left = Math.min(...marks.map((box) => box.left));
        const right = Math.max(...marks.map((box) => box.right));
        if (!marks.length || right - left > seen.width) continue;
        const outside = left < seen.left || right > seen.right;
        if (outside) frame.scrollLeft += (left + right - seen.left - seen.right) / 2;
        break;
      }
    }
  }

  function write() {
    const texts = model.get("texts");
    for (const slot of picture.querySelectorAll("[data-text]"))
      if (!travelling?.slots.includes(slot)) slot.textContent = texts[slot.dataset.text] ?? "";
    for (const node of picture.querySelectorAll("g.node")) {
      const lines = [...node.querySelectorAll("text")].map((text) => text.textContent).filter(Boolean);
      const isSlider = node.getAttribute("role") === "slider"; // it has a name of its own
      const first = node.querySelector("[data-text]")?.textContent;
      if (!isSlider) node.setAttribute("aria-label", lines.join(", "));
      else if (first) {
        node.setAttribute("aria-valuetext", lines.join(", "));
        if (Number.isFinite(Number(first))) node.setAttribute("aria-valuenow", first);
      }
    }
  }

  function tellGoal() {
    if (shown.goal?.text !== model.get("goal").text) reached = false; // another goal
    reached ||= Boolean(model.get("goal").reached);
    const text = goalText(model.get("goal"), reached);
    if (goal.textContent !== text) goal.textContent = text;
    goal.classList.toggle("reached", reached);
  }

  // Height -----------------------------------------------------------------------------------------------------
  // The words stand on an invisible text as tall as all that the model can say. Whatever was taller once keeps its
  // room, until the width changes.

  let width = null;
  function reserve() {
    const longest = goalText({ ...model.get("goal"), reached: false }, true);
    room.innerHTML = model.get("room");
    if (longest) room.prepend(Object.assign(made("p", "gradlib-goal reached"), { textContent: longest }));
    width = null;
  }

  function keepHeight() {
    if (width !== body.clientWidth) {
      width = body.clientWidth;
      for (const part of [picture, said]) part.style.minHeight = "";
    }
    for (const part of [picture, said]) {
      const tall = part.offsetHeight;
      if (tall > parseFloat(part.style.minHeight || 0)) part.style.minHeight = `${tall}px`;
    }
  }

  // Links ------------------------------------------------------------------------------------------------------

  let hovered = null; // found again by its place, when the picture is drawn again
  const linkedPart = (target) => target.closest?.("[data-link], [data-lights]") ?? null;
  function pointed() {
    if (hovered?.isConnected) return hovered;
    const focused = document.activeElement;
    return el.contains(focused) ? linkedPart(focused) : null;
  }
  el.addEventListener("pointerover", (event) => {
    hovered = linkedPart(event.target);
    light(el, pointed());
  });
  el.addEventListener("pointerleave", () => {
    hovered = null;
    light(el, pointed());
  });
  for (const change of ["focusin", "focusout"]) el.addEventListener(change, () => light(el, pointed()));

  // Clicks, keys, drags ----------------------------------------------------------------------------------------

  function click(event) {
    const node = event.target.closest("g.node");
    if (node) line.ask({ clicked: node.dataset.id });
    return Boolean(node);
  }

  function press({ key, target }) {
    if ((key === "Enter" || key === " ") && click({ target })) return true;
    const handle = target.closest("[data-drag]");
    const linked = target.closest("[data-link]:not(g.node)");
    if (key in MOVES && handle) {
      const [across, up] = MOVES[key];
      line.ask({ nudged: handle.dataset.id, across, up });
    } else if (key in MOVES && linked) {
      const all = [...linked.closest("svg, div").querySelectorAll("[data-link]:not(g.node)")];
      const next = neighbour(all, linked, MOVES[key]);
      linked.setAttribute("tabindex", -1);
      next.setAttribute("tabindex", 0);
      next.focus();
    } else if (key === " ") {
      playing(timer === null);
    } else {
      const to = stepAfter(key, step, last());
      if (to === undefined) return false;
      go(to);
    }
    return true;
  }

  picture.addEventListener("click", click);
  picture.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    if (press(event)) event.preventDefault();
  });

  // The picture keeps the pointer, since the part that is dragged may be drawn again meanwhile.
  let dragged = null; // {id, start, event}: the part, where it was grabbed, the last event that was not sent yet
  function place(event) {
    const part = parts.get(dragged.id);
    const svg = part.ownerSVGElement.ownerSVGElement ?? part.ownerSVGElement; // the outer of two
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    return { x, y };
  }
  // Without this a finger that moves on would scroll the page, and the drag would be cancelled: Chromium does not heed
  // `touch-action` on a group of an SVG.
  picture.addEventListener("touchstart", (event) => {
    if (event.target.closest("[data-drag]")) event.preventDefault();
  }, { passive: false });
  picture.addEventListener("pointerdown", (event) => {
    const node = event.target.closest("[data-drag]");
    if (!node || event.button) return;
    dragged = { id: node.dataset.id, event: null, start: event };
    picture.setPointerCapture(event.pointerId);
    node.focus({ preventScroll: true });
    event.preventDefault();
  });
  picture.addEventListener("pointermove", (event) => {
    if (!dragged) return;
    const { start } = dragged;
    if (start && Math.hypot(event.clientX - start.clientX, event.clientY - start.clientY) < 3) return; // a click
    if (start) line.ask({ grabbed: dragged.id, ...place(start) });
    dragged.start = null;
    if (!dragged.event) requestAnimationFrame(sendDrag); // one message a frame
    dragged.event = event;
  });
  function sendDrag() {
    if (!dragged?.event || !parts.has(dragged.id)) return;
    line.ask({ dragged: dragged.id, ...place(dragged.event) });
    dragged.event = null;
  }
  for (const end of ["pointerup", "pointercancel"])
    picture.addEventListener(end, () => {
      sendDrag();
      if (dragged?.start && end === "pointerup") {
        line.ask({ grabbed: dragged.id, ...place(dragged.start) });
        line.ask({ clicked: dragged.id }); // the click itself goes to the picture
      }
      dragged = null;
    });

  // A token that travels backward along an edge ------------------------------------------------------------------

  let travelling = null; // {token, slots, frame}: slots are the texts that change when it arrives
  function depart({ edge, node, says }) {
    const path = parts.get(edge)?.querySelector("path");
    if (!path || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    const svgTag = (tag) => document.createElementNS("http://www.w3.org/2000/svg", tag);
    const [token, ground, text] = [svgTag("g"), svgTag("rect"), svgTag("text")];
    token.setAttribute("class", "token");
    token.setAttribute("aria-hidden", "true");
    text.setAttribute("text-anchor", "middle");
    token.append(ground, text);
    parts.get(edge).parentNode.append(token);
    const length = path.getTotalLength();
    const start = performance.now();
    travelling = { token, slots: [...(parts.get(node)?.querySelectorAll("[data-text]") ?? [])], frame: 0 };
    function move(time) {
      const share = Math.min(Math.max((time - start) / TRAVEL, 0), 1);
      const saying = says[Math.min(Math.floor(share * says.length), says.length - 1)];
      if (text.textContent !== saying) {
        text.textContent = saying;
        const box = text.getBBox();
        for (const [name, value] of Object.entries({
          x: box.x - 4, y: box.y - 2, width: box.width + 8, height: box.height + 4, rx: 5,
        })) ground.setAttribute(name, value);
      }
      const eased = share * share * (3 - 2 * share);
      const { x, y } = path.getPointAtLength(length * (1 - eased)); // an edge is drawn from the input on
      token.setAttribute("transform", `translate(${x} ${y})`);
      if (share < 1) travelling.frame = requestAnimationFrame(move);
      else arrive();
    }
    move(start);
  }

  function arrive() {
    if (!travelling) return;
    cancelAnimationFrame(travelling.frame);
    travelling.token.remove();
    travelling = null;
    write();
  }

  model.on("change", update);
  update();
  // ipywidgets writes a name next to its sliders, and gives it to none of them.
  function nameSliders() {
    for (const handle of el.closest(".widget-vbox")?.querySelectorAll(".noUi-handle") ?? [])
      handle.setAttribute("aria-label", handle.closest(".widget-inline-hbox")?.querySelector("label")?.textContent ?? "");
  }

  const onResize = new ResizeObserver(() => {
    nameSliders(); // all of them are there when the picture is laid out
    bringIntoView(); // also when it is first laid out
    keepHeight();
  });
  onResize.observe(body);
  return () => {
    playing(false);
    arrive();
    onResize.disconnect();
    model.off("change", update);
  };
}

export default { render };
