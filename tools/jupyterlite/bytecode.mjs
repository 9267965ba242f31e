// Write the bytecode of all modules that a lesson imports: node bytecode.mjs FOLDER OUT
// FOLDER holds Pyodide and the packages that its lock names; OUT becomes a zip file. bytecode.py does the work.
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";

const [folder, out] = process.argv.slice(2).map((path) => resolve(path));
const { loadPyodide } = await import(`${folder}/pyodide.mjs`);
const { packages } = JSON.parse(readFileSync(`${folder}/pyodide-lock.json`, "utf-8"));
try {
  const pyodide = await loadPyodide({ indexURL: `${folder}/`, packages: Object.keys(packages) });
  pyodide.runPython(readFileSync(new URL("bytecode.py", import.meta.url), "utf-8"));
  writeFileSync(out, pyodide.FS.readFile("/bytecode.zip"));
} catch (error) {
  console.log(error.message);
  process.exit(1);
}
process.exit(0);
