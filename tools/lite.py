"""Build the course for the browser (`make lite`): JupyterLite, whose Python runs in the reader's own browser.

python tools/lite.py                      lessons and exercises, into build/site/lite
python tools/lite.py --solutions DIR      with the solutions, into DIR, for tests

Any web host can serve the folder; nothing in it asks for another one. Pyodide comes from the folder that PYODIDE_DIR
names, build/pyodide by default, which tools/pyodide_folder.py fills. All packages that a lesson imports are in it
and are loaded when a kernel starts, so that no cell has to install anything.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import sys
import tempfile
import venv
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyodide_folder
from gradlib.course import read_course, without_outputs
from programs import npm_package, run
from pyodide_folder import digest_of

ROOT = Path(__file__).resolve().parents[1]
SETTINGS = ROOT / "tools" / "jupyterlite"
VIZ = "3.31.0"  # Graphviz in WebAssembly
NAMES = "names==0.3.0"  # the data of lesson 15; published as a source only, so that a wheel has to be built
# What no lesson needs of a package, by its path there: fewer files come and are unpacked before the first cell.
NOT_IN_BROWSER = re.compile(
    r"gradlib/project/|names/dist\.all\.last"  # the lessons, which the browser has as files; 3 MB of family names
    r"|[^/]+\.data/|anywidget/(lab|nb)extension/"  # front ends, which stand in the site's own folder
    r"|(?!jedi/).*\.pyi$|jedi/third_party/(django-stubs|typeshed/(third_party|stdlib/2))/"  # types, for completion
    r"|matplotlib/(backends/web_backend|mpl-data/(sample_data|images|fonts/(afm|pdfcorefonts)))/"
    r"|matplotlib/mpl-data/fonts/ttf/(DejaVuSerif|DejaVuSansMono-|Humor)"
    r"|numpy/f2py/|numpy/_core/(include|lib)/|numpy/.*_(umath|rational|operand_flag|struct_ufunc)_tests\.cpython.*"
    r"|PIL/_(webp|imagingft|imagingcms|imagingmath|imagingmorph)\.cpython.*"
    r"|pygments/lexers/(?!__init__|_mapping|python|special|shell|html|css|javascript|json|markup|data|web)"
)
# JupyterLite stops Run All at an error, also where the cell's tag raises-exception asks it to go on.
CHANGES = [
    (
        "const r=await this.executeRequest(s.content),i=",
        "const r=await this.executeRequest(s.content);r.stop_on_error=t.stop_on_error;const i=",
    ),
    ('"error"===e.content.status&&h.cancel()', '"error"===e.content.status&&e.content.stop_on_error&&h.cancel()'),
]
KERNEL_WHEELS = ("ipykernel", "piplite", "pyodide_kernel")  # JupyterLite would install them one after the other
KERNEL = {"name": "python", "display_name": "Python (in the browser)", "language": "python"}


def build(out: Path, solutions: bool = False) -> None:
    """Write the site into a folder. What was built there before is replaced when the new one is whole."""
    out = out.absolute()  # the programs below run in a folder of their own
    if out.exists() and not (out / "jupyter-lite.json").is_file() and (not out.is_dir() or any(out.iterdir())):
        raise SystemExit(
            f"{out} holds something else than the course for the browser: delete it, or name another folder."
        )
    pyodide = Path(os.environ.get("PYODIDE_DIR") or ROOT / "build" / "pyodide")
    pyodide_folder.check(pyodide)
    python = environment(ROOT / "build" / "lite-environment")
    with tempfile.TemporaryDirectory() as own:
        source, site = Path(own) / "source", Path(own) / "site"
        write_course(source / "content", solutions)
        packages = source / "static" / "pyodide"
        write_packages(packages, pyodide, Path(own), python)
        add_bytecode(packages, Path(own))
        write_settings(source)
        command = [python, "-m", "jupyterlite_core", "build", "--lite-dir", source, "--contents", source / "content"]
        command += ["--output-dir", site, "--apps", "lab", "--no-sourcemaps", "--no-unused-shared-packages"]
        run(*command, cwd=Path(own))
        for old, new in CHANGES:
            replace_once(site / "build", old, new)
        shutil.rmtree(out, ignore_errors=True)
        shutil.move(site, out)


def environment(folder: Path) -> Path:
    """The Python of JupyterLite's own environment, which is made once: its versions do not fit those of the course."""
    python = folder / "bin" / "python"
    wanted = (SETTINGS / "requirements.txt").read_text()
    stamp = folder / "installed.txt"
    if not stamp.exists() or stamp.read_text() != wanted:
        venv.create(folder, clear=True, with_pip=True)
        run(python, "-m", "pip", "install", "--quiet", "-r", SETTINGS / "requirements.txt")
        stamp.write_text(wanted)
    return python


def write_course(folder: Path, solutions: bool) -> None:
    """The learner's copy, with a kernel of the browser."""
    files, _ = read_course(ROOT)
    if solutions:
        for path in sorted((ROOT / "solutions").glob("*.ipynb")):
            files[f"solutions/{path.name}"] = without_outputs(json.loads(path.read_text(encoding="utf-8")))
    for name, content in files.items():
        if name.endswith(".ipynb"):
            notebook = json.loads(content)
            notebook["metadata"]["kernelspec"] = KERNEL
            content = json.dumps(notebook, indent=1, ensure_ascii=False).encode()
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def write_packages(folder: Path, pyodide: Path, own: Path, python: Path) -> None:
    """Pyodide, its packages, the kernel, gradlib and what else it needs, and a lock that names them all."""
    folder.mkdir(parents=True)
    for name in pyodide_folder.CORE:
        shutil.copy(pyodide / name, folder)
    lock = json.loads((pyodide / "pyodide-lock.json").read_text(encoding="utf-8"))
    lock["packages"] = pyodide_folder.locked(pyodide)
    for entry in lock["packages"].values():
        copy(pyodide / entry["file_name"], folder / entry["file_name"])

    wheels = own / "wheels"
    any_platform = ["--only-binary=:all:", "--platform=any", "--implementation=py", "--abi=none"]
    pip = [python, "-m", "pip"]
    run(*pip, "download", "--quiet", "--no-deps", *any_platform, "-d", wheels, "-r", SETTINGS / "wheels.txt")
    run(*pip, "wheel", "--quiet", "--no-deps", "-w", wheels, NAMES, ROOT)
    extension = python.parents[1] / "share/jupyter/labextensions/@jupyterlite/pyodide-kernel-extension"
    for name in KERNEL_WHEELS:
        shutil.copy(next(extension.glob(f"static/pypi/{name}-*.whl")), wheels)
    for wheel in sorted(wheels.glob("*.whl")):
        add(lock, folder, wheel, *wheel.name.split("-")[:2])
    viz = npm_package(f"@viz-js/viz@{VIZ}", own) / "dist" / "viz-global.js"
    add_file(lock, folder, "viz_js", VIZ, viz, "viz_js/viz-global.js")
    # JupyterLite's kernel asks for ssl. No lesson does, and it would need 2 MB of OpenSSL: an empty file is enough.
    (own / "ssl").touch()
    add_file(lock, folder, "ssl", "0", own / "ssl", "ssl-is-left-out")
    run(python, SETTINGS / "list_fonts.py", folder / lock["packages"]["matplotlib"]["file_name"], own / "fontlist.json")
    add_file(lock, folder, "fontlist", "1", own / "fontlist.json", "matplotlib/fontlist.json", depends=["matplotlib"])
    write_lock(folder, lock)


def write_lock(folder: Path, lock: dict) -> None:
    """Write the lock, with the hashes of the packages as they are now."""
    for entry in lock["packages"].values():
        entry["sha256"] = digest_of(folder / entry["file_name"])
    (folder / "pyodide-lock.json").write_text(json.dumps(lock), encoding="utf-8")


def add_bytecode(folder: Path, own: Path) -> None:
    """Put bytecode in place of the modules that a lesson imports: without it every kernel compiles all of them anew.

    gradlib keeps its sources, too, which learners read, also in the messages of errors.
    """
    run("node", SETTINGS / "bytecode.mjs", folder, own / "bytecode.zip")
    with zipfile.ZipFile(own / "bytecode.zip") as made:
        bytecode = {name: made.read(name) for name in made.namelist()}
    for archive in [*folder.glob("*.whl"), folder / "python_stdlib.zip"]:
        whole = own / archive.name
        shutil.move(archive, whole)
        copy(whole, archive, bytecode, sources=archive.name.startswith("gradlib-"))
    write_lock(folder, json.loads((folder / "pyodide-lock.json").read_text(encoding="utf-8")))


def copy(archive: Path, target: Path, bytecode: Mapping[str, bytes] = {}, sources: bool = False) -> None:
    """Copy a wheel or a zip file without what is not needed, and with the bytecode of its modules if there is any."""
    with zipfile.ZipFile(archive) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as new:
        for name in source.namelist():
            if NOT_IN_BROWSER.match(name):
                continue
            path = Path(name)
            if sources and name in bytecode:
                new.writestr(f"{path.parent}/__pycache__/{path.stem}.cpython-312.pyc", bytecode[name])
            elif name in bytecode:
                new.writestr(str(path.with_suffix(".pyc")), bytecode[name])
            if sources or name not in bytecode:
                new.writestr(name, source.read(name))


def add(lock: dict, folder: Path, file: Path, name: str, version: str, depends: Sequence[str] = ()) -> None:
    """Put a package into the folder and into the lock. It is unpacked after those on which it depends."""
    copy(file, folder / file.name)
    lock["packages"][name.lower().replace("_", "-")] = {
        "name": name.lower().replace("_", "-"),
        "version": version,
        "file_name": file.name,
        "install_dir": "site",
        "package_type": "package",
        "imports": [],
        "depends": list(depends),
        "unvendored_tests": False,
    }


def add_file(
    lock: dict, folder: Path, name: str, version: str, file: Path, place: str, depends: Sequence[str] = ()
) -> None:
    """Put a file into the folder and into the lock, so that it comes to its place among Python's packages."""
    archive = file.with_name(f"{name}-{version}.zip")
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.write(file, place)
    add(lock, folder, archive, name, version, depends)


def write_settings(source: Path) -> None:
    shutil.copy(ROOT / "tools" / "jupyter" / "labconfig" / "default_setting_overrides.json", source / "overrides.json")
    settings = json.loads((SETTINGS / "jupyter-lite.json").read_text())
    lock = json.loads((source / "static" / "pyodide" / "pyodide-lock.json").read_text(encoding="utf-8"))
    kernel = settings["jupyter-config-data"]["litePluginSettings"]["@jupyterlite/pyodide-kernel-extension:kernel"]
    # The kernel looks for its own name in this list, with an underscore.
    names = {"pyodide_kernel" if name == "pyodide-kernel" else name for name in lock["packages"]}
    kernel["loadPyodideOptions"] = {"packages": sorted(names)}
    (source / "jupyter-lite.json").write_text(json.dumps(settings, indent=1))


def replace_once(folder: Path, old: str, new: str) -> None:
    found = [(file, text) for file in folder.glob("*.js") if old in (text := file.read_text(encoding="utf-8"))]
    if len(found) != 1 or found[0][1].count(old) != 1:
        raise SystemExit(f"This must stand once in JupyterLite, and stands in {len(found)} of its files: {old}")
    found[0][0].write_text(found[0][1].replace(old, new), encoding="utf-8")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--solutions", metavar="DIR", type=Path)
    wishes = parser.parse_args(arguments)
    build(wishes.solutions or ROOT / "build" / "site" / "lite", solutions=wishes.solutions is not None)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
