// The theme's arrows that fold a part of the contents have no name for a screen reader.
addEventListener("DOMContentLoaded", () => {
  for (const arrow of document.querySelectorAll("nav summary:not([aria-label])")) {
    const entry = arrow.closest("li")?.querySelector("a");
    arrow.setAttribute("aria-label", `Pages under ${entry ? entry.textContent.trim() : "this entry"}`);
  }
});
