// What is too tall for a slide is made a little smaller; if that is not enough, it goes on below, on slides of its own.
// It is done here and not when the slides are made, since only a browser knows how tall a cell is.

const ROOM = 680; // pixels, of 720: the rest is margin
const SIZES = [1, 0.95, 0.9, 0.85]; // smaller is tried only where a single output is too tall
const LEAST = 0.7;

async function inPages({ width, height }) {
  await document.fonts.ready;
  await Promise.all([...document.images].map((image) => image.decode().catch(() => {})));
  const slides = document.querySelector(".slides");
  Object.assign(slides.style, { width: `${width}px`, height: `${height}px` });
  for (const stack of slides.querySelectorAll(":scope > section"))
    for (const section of [...stack.querySelectorAll(":scope > section")]) {
      const before = [stack, section].map((element) => element.getAttribute("style"));
      for (const element of [stack, section]) element.style.cssText = "display: block; visibility: hidden";
      split(section);
      [stack, section].forEach((element, i) => element.setAttribute("style", before[i] ?? ""));
    }
}

// The slide as it is, if it fits; else as many as it takes, each as its pieces fit, one below the other.
function split(section) {
  const notes = [...section.querySelectorAll("aside.notes")];
  if (fits(section)) return;
  const pieces = [...section.children].filter((child) => !notes.includes(child)).flatMap(pieceByPiece);
  let last = section;
  while (pieces.length) {
    const page = document.createElement("div");
    last.replaceChildren(page);
    let count = pieces.length; // as many as fit, and one at least
    for (fill(page, pieces); count > 1 && !fits(last); fill(page, pieces.slice(0, count))) count -= 1;
    // A text goes with what it leads to, code with its output; where all of it leads, it ends where it is full.
    let whole = count;
    while (whole < pieces.length && whole > 0 && pieces[whole - 1].leads) whole -= 1;
    fill(page, pieces.splice(0, whole || count));
    fits(last, LEAST);
    if (!pieces.length) break;
    const next = last.cloneNode(false);
    last.after(next);
    if (last !== section) last.removeAttribute("style");
    last = next;
  }
  if (last !== section) last.removeAttribute("style");
  section.append(...notes);
}

// A cell's text or code, and each of its outputs: {element, leads: whether it belongs to what follows, fragment}.
function pieceByPiece(child) {
  if (child.classList.contains("fragment"))
    return [...child.children].flatMap(pieceByPiece).map((piece) => ({ ...piece, fragment: piece.fragment ?? child }));
  const outputs = [...child.querySelectorAll(".jp-OutputArea-child")].map((output) => {
    const cell = child.cloneNode(false);
    cell.removeAttribute("id");
    cell.append(output);
    return { element: cell };
  });
  child.querySelector(".jp-Cell-outputWrapper")?.remove();
  return [{ element: child, leads: child.classList.contains("jp-MarkdownCell") || outputs.length > 0 }, ...outputs];
}

// The pieces of one slide. What it begins with is there when the slide is; later steps come one by one.
function fill(page, pieces) {
  page.replaceChildren();
  let step = null;
  for (const { element, fragment } of pieces) {
    if (fragment && fragment !== pieces[0].fragment) {
      if (step?.of !== fragment) {
        step = { of: fragment, box: Object.assign(document.createElement("div"), { className: "fragment" }) };
        page.append(step.box);
      }
      step.box.append(element);
    } else page.append(element);
  }
}

// Whether it fits at one of the sizes, which it then has.
function fits(section, least = SIZES.at(-1)) {
  const sizes = [...SIZES, 0.8, 0.75, 0.7].filter((size) => size >= least);
  for (const pictures of ["", "small-pictures"])
    for (const size of sizes) {
      section.classList.toggle("small-pictures", Boolean(pictures));
      for (const child of section.children) child.style.zoom = size === 1 ? "" : size;
      if (section.scrollHeight <= ROOM) return true;
    }
  for (const child of section.children) child.style.zoom = "";
  section.classList.remove("small-pictures");
  return false;
}
