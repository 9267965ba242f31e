const KEYS = ["ArrowLeft", "ArrowRight", "Home", "End", " "];

function render({ model, el }) {
  el.classList.add("gradlib-widget");
  const picture = document.createElement("div");
  picture.className = "gradlib-picture";
  picture.tabIndex = 0;
  picture.setAttribute("role", "group");
  picture.setAttribute("aria-label", model.get("title"));
  picture.dataset.lmSuppressShortcuts = "true"; // arrows and space are ours here, not JupyterLab's
  const words = document.createElement("div");
  words.className = "gradlib-words";
  words.setAttribute("aria-live", "polite");
  el.append(picture, words);

  let parts = new Map(); // data-id -> element
  let marked = [];

  function draw() {
    const focused = picture.querySelector("[data-id]:focus")?.dataset.id;
    picture.innerHTML = model.get("picture");
    parts = new Map([...picture.querySelectorAll("[data-id]")].map((part) => [part.dataset.id, part]));
    marked = [];
    for (const node of picture.querySelectorAll("g.node")) {
      node.setAttribute("tabindex", "0");
      node.setAttribute("role", "button");
      node.closest("svg").setAttribute("role", "group"); // an img hides the buttons in it from screen readers
    }
    mark();
    write();
    if (focused) parts.get(focused)?.focus({ preventScroll: true }); // else the next key would go nowhere
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
    for (const box of picture.querySelectorAll(".gradlib-scroll")) {
      const seen = box.getBoundingClientRect();
      for (const selector of [".current, .receiving", ".current"]) {
        const marks = [...box.querySelectorAll(selector)].map((part) => part.getBoundingClientRect());
        const left = Math.min(...marks.map((mark) => mark.left));
        const right = Math.max(...marks.map((mark) => mark.right));
        if (!marks.length || right - left > seen.width) continue;
        const outside = left < seen.left || right > seen.right;
        if (outside) box.scrollLeft += (left + right - seen.left - seen.right) / 2;
        break;
      }
    }
  }

  function write() {
    const texts = model.get("texts");
    for (const slot of picture.querySelectorAll("[data-text]"))
      slot.textContent = texts[slot.dataset.text] ?? "";
    for (const node of picture.querySelectorAll("g.node")) {
      const lines = [...node.querySelectorAll("text")].map((line) => line.textContent);
      node.setAttribute("aria-label", lines.filter(Boolean).join(", "));
    }
  }

  function say() {
    words.innerHTML = model.get("words");
  }

  function click(event) {
    const node = event.target.closest("g.node");
    if (node) model.send({ clicked: node.dataset.id });
    return Boolean(node);
  }

  picture.addEventListener("click", click);
  picture.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const pressed = (event.key === "Enter" || event.key === " ") && click(event);
    if (!pressed && KEYS.includes(event.key)) model.send({ key: event.key });
    if (pressed || KEYS.includes(event.key)) event.preventDefault();
  });

  // A node with data-drag can be dragged. The picture keeps the pointer, since the node may be redrawn meanwhile.
  let dragged = null; // {id, event, moved}: what is dragged, the last event that was not sent yet
  picture.addEventListener("pointerdown", (event) => {
    const node = event.target.closest("g.node[data-drag]");
    if (!node) return;
    dragged = { id: node.dataset.id, event: null, moved: false };
    picture.setPointerCapture(event.pointerId);
    node.focus({ preventScroll: true });
    event.preventDefault();
  });
  picture.addEventListener("pointermove", (event) => {
    if (!dragged) return;
    if (!dragged.event) requestAnimationFrame(sendDrag); // one message a frame
    dragged.event = event;
    dragged.moved = true;
  });
  function sendDrag() {
    const part = dragged && parts.get(dragged.id);
    if (!part || !dragged.event) return;
    const svg = part.ownerSVGElement.ownerSVGElement ?? part.ownerSVGElement; // the outer of two
    const { x, y } = new DOMPoint(dragged.event.clientX, dragged.event.clientY).matrixTransform(
      svg.getScreenCTM().inverse()
    );
    model.send({ dragged: dragged.id, x, y });
    dragged.event = null;
  }
  for (const end of ["pointerup", "pointercancel"])
    picture.addEventListener(end, () => {
      sendDrag();
      if (dragged && !dragged.moved) model.send({ clicked: dragged.id }); // the click itself goes to the picture
      dragged = null;
    });

  const listeners = { picture: draw, marks: mark, texts: write, words: say };
  for (const [trait, listener] of Object.entries(listeners)) model.on(`change:${trait}`, listener);
  draw();
  say();
  const onResize = new ResizeObserver(bringIntoView); // also when it is first laid out
  onResize.observe(picture);
  return () => {
    onResize.disconnect();
    for (const [trait, listener] of Object.entries(listeners)) model.off(`change:${trait}`, listener);
  };
}

export default { render };
