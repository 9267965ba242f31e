// Firefox runs lesson 02 from the built site, steps its widget and asks no other host. By hand:
//
//   apt-get install firefox-esr && npm install --prefix build/firefox puppeteer-core@24.8.2
//   .venv/bin/python -m http.server --bind 127.0.0.1 --directory build/site/lite 8000
//   node tests/site/firefox.mjs http://127.0.0.1:8000
//
// It prints seconds, and ends with 1 if something is not as it must be. FIREFOX names another program.
import assert from "node:assert/strict";
import { createRequire } from "node:module";

const puppeteer = createRequire(new URL("../../build/firefox/", import.meta.url))("puppeteer-core");
const [address] = process.argv.slice(2);
const KERNEL = "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel";
const NOTEBOOK = "window.jupyterapp.shell.currentWidget.content";
const CODE = `${NOTEBOOK}.widgets.filter((cell) => cell.model.type === "code")`;
const TITLE = ".widget-vbox .gradlib-words strong";
const PICTURE = ".gradlib-picture[aria-label='Chain rule walkthrough']";
const PATIENCE = { polling: 1000, timeout: 900_000 };  // ms

const browser = await puppeteer.launch({
  browser: "firefox",
  executablePath: process.env.FIREFOX ?? "/usr/bin/firefox-esr",
  args: ["--width=1300", "--height=1000"],
  protocolTimeout: PATIENCE.timeout,
});
const page = await browser.newPage();
const outside = [];
page.on("request", (request) => {
  if (!request.url().startsWith(`${address}/`) && !/^(data|blob):/.test(request.url())) outside.push(request.url());
});

const start = Date.now();
const say = (words) => console.log(`${((Date.now() - start) / 1000).toFixed(1)} s: ${words}`);
const titled = (start) =>
  page.waitForFunction((place, start) => document.querySelector(place)?.textContent.startsWith(start), PATIENCE, TITLE, start);

try {
  await page.goto(`${address}/lab/index.html?path=notebooks/02_chain_rule.ipynb`);
  await page.waitForSelector(".jp-Notebook .jp-Cell", PATIENCE);
  await page.waitForFunction(`${KERNEL}?.connectionStatus === "connected" && ${KERNEL}.status === "idle"`, PATIENCE);
  say("the kernel is ready");
  await page.evaluate(`${CODE}.forEach((cell) => cell.model.clearExecution());
    void window.jupyterapp.commands.execute("notebook:run-all-cells"); null`);
  await page.waitForFunction(`${CODE}[0].model.executionCount > 0`, PATIENCE);
  say("the first cell is done");
  await page.waitForFunction(`${CODE}.every((cell) => cell.model.executionCount) && ${KERNEL}.status === "idle"`, PATIENCE);
  say("all cells are done");
  await page.evaluate(`${NOTEBOOK}.activeCellIndex = ${NOTEBOOK}.widgets.findIndex((cell) =>
    cell.model.sharedModel.getSource().includes("ChainRuleWalkthrough(z)"));
    ${NOTEBOOK}.scrollToItem(${NOTEBOOK}.activeCellIndex, "start").then(() => null)`);
  await titled("Start: ");
  await page.evaluate(`[...document.querySelectorAll(".widget-vbox button")].find((b) => /Next/.test(b.textContent)).click()`);
  await titled("Step 1 of ");
  await page.focus(PICTURE);
  await page.keyboard.press("ArrowRight");
  await titled("Step 2 of ");
  say("its widget was stepped by the mouse and by a key");
  assert.deepEqual(outside, []);
} finally {
  await browser.close();
}
