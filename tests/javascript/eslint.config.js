import js from "@eslint/js";

// Only what the project's own files use.
const names = ["document", "window", "matchMedia", "performance", "getComputedStyle", "ResizeObserver", "DOMPoint", "setInterval",
  "clearInterval", "setTimeout", "clearTimeout", "MutationObserver", "requestAnimationFrame", "cancelAnimationFrame", "Reveal", "global", "URL"];

export default [
  js.configs.recommended,
  {
    languageOptions: { globals: Object.fromEntries(names.map((name) => [name, "readonly"])) },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    // inPages is called by the page that tools/slides/pages.js is put into.
    rules: { eqeqeq: "error", "no-var": "error", "prefer-const": "error", "no-unused-vars": ["error", { varsIgnorePattern: "^inPages$" }], "no-shadow": "error" },
  },
];
