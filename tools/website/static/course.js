// The theme's arrows that fold a part of the contents have no name for a screen reader.
addEventListener("DOMContentLoaded", () => {
  for (const arrow of document.querySelectorAll("nav summary:not([aria-label])")) {
    const entry = arrow.closest("li")?.querySelector("a");
    arrow.setAttribute("aria-label", `Pages under ${entry ? entry.textContent.trim() : "this entry"}`);
  }
});

// A formula that is wider than the page can be scrolled with the keyboard, too.
function letScroll() {
  for (const formula of document.querySelectorAll(".math")) {
    if (formula.scrollWidth > formula.clientWidth) formula.setAttribute("tabindex", 0);
    else formula.removeAttribute("tabindex");
  }
}
for (const change of ["load", "resize"]) addEventListener(change, letScroll);
