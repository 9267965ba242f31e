// What a reader could trip over in one widget: texts that are too small, too pale, cut off or over each other,
// a current node out of view, a button that is cut off. Each as a sentence.
(widget) => {
  const numbers = (color) => color.match(/[\d.]+/g).map(Number);
  const isClear = (color) => numbers(color)[3] === 0;
  const over = ([r, g, b, a = 1], ground) => [r, g, b].map((c, i) => c * a + ground[i] * (1 - a));

  // WCAG 2: https://www.w3.org/TR/WCAG22/#dfn-relative-luminance
  const linear = (c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((c) => linear(c / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (ink, ground) => {
    const [dark, light] = [luminance(ink), luminance(ground)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };

  let page = widget;
  while (page.parentElement && isClear(getComputedStyle(page).backgroundColor)) page = page.parentElement;
  const paper = numbers(getComputedStyle(page).backgroundColor).slice(0, 3);

  const flaws = [];
  const selector = "text, figcaption, .gradlib-words p, .gradlib-words th, .gradlib-words td";
  const texts = [...widget.querySelectorAll(selector)]
    .filter((element) => element.textContent.trim() && element.checkVisibility())
    .map((element) => ({ element, name: element.textContent, box: element.getBoundingClientRect() }));

  for (const { element, name, box } of texts) {
    const style = getComputedStyle(element);
    const inSvg = Boolean(element.ownerSVGElement);
    const node = element.closest("g.node")?.querySelector("path");

    const matrix = inSvg ? element.getScreenCTM() : { a: 1, b: 0 };
    const size = parseFloat(style.fontSize) * Math.hypot(matrix.a, matrix.b);
    if (size < 11.99) flaws.push(`${name}: ${size.toFixed(1)} pixels`);

    const { fill, fillOpacity } = node ? getComputedStyle(node) : { fill: "none" };
    const [r, g, b, a = 1] = fill === "none" ? [0, 0, 0, 0] : numbers(fill);
    const ground = over([r, g, b, a * (fillOpacity ?? 1)], paper);
    const ratio = contrast(over(numbers(inSvg ? style.fill : style.color), ground), ground);
    if (ratio < 4.5) flaws.push(`${name}: contrast ${ratio.toFixed(2)}`);

    const frame = (node ?? element.closest(".gradlib-scroll svg") ?? widget).getBoundingClientRect();
    const fits =
      box.left >= frame.left - 1 && box.right <= frame.right + 1 && box.top >= frame.top - 1 && box.bottom <= frame.bottom + 1;
    if (!fits) flaws.push(`${name}: cut off`);
  }

  texts.forEach((one, i) => {
    for (const other of texts.slice(i + 1)) {
      const across = Math.min(one.box.right, other.box.right) - Math.max(one.box.left, other.box.left);
      const down = Math.min(one.box.bottom, other.box.bottom) - Math.max(one.box.top, other.box.top);
      if (across > 1 && down > 3) flaws.push(`${one.name} over ${other.name}`); // lines of text touch by 2 pixels
    }
  });

  for (const node of widget.querySelectorAll(".current")) {
    const frame = node.closest(".gradlib-scroll") ?? node.ownerSVGElement;
    const [inner, seen] = [node, frame].map((e) => e.getBoundingClientRect());
    if (inner.left < seen.left || inner.right > seen.right) flaws.push("the current node is out of view");
  }
  for (const button of widget.querySelectorAll("button")) {
    if (button.scrollWidth > button.clientWidth + 1) flaws.push(`button ${button.textContent}: cut off`);
  }
  return flaws;
}
