// Everything that a reader could trip over in one widget: texts too small, too pale, over each other, cut off.
(widget) => {
  const flaws = [];
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((c) => c / 255).map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const numbers = (color) => color.match(/[\d.]+/g).map(Number);
  const over = (top, bottom) => {
    const [r, g, b, a = 1] = numbers(top);
    return [r, g, b].map((c, i) => c * a + bottom[i] * (1 - a));
  };
  let page = widget;
  while (page.parentElement && numbers(getComputedStyle(page).backgroundColor)[3] === 0) page = page.parentElement;
  const paper = numbers(getComputedStyle(page).backgroundColor).slice(0, 3);

  const texts = [...widget.querySelectorAll(".gradlib-picture text, .gradlib-words p, .gradlib-words th, .gradlib-words td")]
    .filter((text) => text.textContent.trim());
  const boxes = texts.map((text) => text.getBoundingClientRect());
  texts.forEach((text, i) => {
    const name = text.textContent, box = boxes[i], style = getComputedStyle(text), svg = text.ownerSVGElement;
    const scale = text.getScreenCTM ? Math.hypot(text.getScreenCTM().a, text.getScreenCTM().b) : 1;
    if (parseFloat(style.fontSize) * scale < 11.99) flaws.push(`${name}: ${parseFloat(style.fontSize) * scale} px`);
    const node = text.closest("g.node");
    const fill = node && getComputedStyle(node.querySelector("path")).fill;
    const ground = fill && fill !== "none" ? over(fill, paper) : paper;
    const ink = over(svg ? style.fill : style.color, ground);
    const [light, dark] = [luminance(ink), luminance(ground)].sort((a, b) => b - a);
    const contrast = (light + 0.05) / (dark + 0.05);
    if (contrast < 4.5) flaws.push(`${name}: contrast ${contrast.toFixed(2)}`);
    if (node) {
      const outline = node.querySelector("path").getBoundingClientRect();
      if (box.left < outline.left || box.right > outline.right) flaws.push(`${name}: wider than its box`);
    }
    const frame = (text.closest(".gradlib-scroll svg") ?? widget).getBoundingClientRect();
    if (box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 1 || box.bottom > frame.bottom + 1)
      flaws.push(`${name}: cut off`);
    for (let j = 0; j < i; j++) {
      const other = boxes[j];
      const across = Math.min(box.right, other.right) - Math.max(box.left, other.left);
      const down = Math.min(box.bottom, other.bottom) - Math.max(box.top, other.top);
      if (across > 1 && down > 3) flaws.push(`${name} over ${texts[j].textContent}`);
    }
  });
  for (const marked of widget.querySelectorAll(".current")) {
    const [part, seen] = [marked, marked.closest(".gradlib-scroll")].map((e) => e.getBoundingClientRect());
    if (part.left < seen.left || part.right > seen.right) flaws.push("the current node is not in view");
  }
  for (const control of widget.querySelectorAll("button, input")) {
    if (control.offsetParent && control.scrollWidth > control.clientWidth + 1) flaws.push(`${control.textContent}: cut off`);
  }
  return flaws;
}
