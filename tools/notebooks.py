"""Run notebooks from a fresh kernel and bring them into one form (`make notebooks`).

python tools/notebooks.py                              every lesson and every solution
python tools/notebooks.py notebooks/01_slopes.ipynb    this one
python tools/notebooks.py --check                      run nothing, name the files that are not in this form

The form: cells and executions numbered from the top, metadata cut to what the course uses, nothing stored
that differs from one run to the next. So a second run writes the same bytes, and a diff shows only changes.
"""

import argparse
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode, from_dict
from nbformat.v4 import new_markdown_cell

from gradlib.tracebacks import wrapped
from gradlib.widgets.stills import stilled
from neutral import make_neutral

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("notebooks", "solutions")
SECONDS = 30  # of processor time for a whole notebook and its kernel; a busy machine hardly changes it
HANGS = 600  # seconds of wall time after which a notebook counts as hanging

NOTEBOOK_METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
KEPT_METADATA = ("tags", "slideshow", "lecture")
NOT_COMPARED = "nbval-ignore-output"  # the tag of cells that measure, or show what this machine has
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"  # holds a random model id


def find_notebooks() -> list[Path]:
    return [path for folder in FOLDERS for path in sorted((ROOT / folder).glob("*.ipynb"))]


def read(path: Path) -> NotebookNode:
    return nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)


def to_text(notebook: NotebookNode) -> str:
    return nbformat.writes(notebook) + "\n"


def holds(path: Path, notebook: NotebookNode) -> bool:
    """Return True if the file is exactly this notebook."""
    return path.exists() and path.read_text(encoding="utf-8") == to_text(notebook)


def write(path: Path, notebook: NotebookNode) -> str:
    """Write the notebook unless the file already holds it. Returns "unchanged" or "written"."""
    if holds(path, notebook):
        return "unchanged"
    path.write_text(to_text(notebook), encoding="utf-8", newline="\n")
    return "written"


def run(notebook: NotebookNode, folder: Path, strict: bool = False, seconds: float = HANGS) -> None:
    """Run every cell in order in a fresh kernel; outputs replace those in the notebook.

    The whole notebook may take `seconds`. In strict mode a check that does not pass raises.
    """
    end = time.monotonic() + seconds
    client = NotebookClient(
        notebook,
        timeout_func=lambda cell: max(1, int(end - time.monotonic())),
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        store_widget_state=False,
    )
    with tempfile.TemporaryDirectory() as own:
        environment = dict(os.environ)
        make_neutral(environment, Path(own))
        client.execute(env=environment | {"GRADLIB_CHECKS": "strict" if strict else ""})


def normalise(notebook: NotebookNode) -> NotebookNode:
    """Bring a notebook into the course's form, in place.

    A code cell tagged `exercise:NAME` becomes an nbgrader solution cell of that name, one tagged
    `check:NAME:POINTS` a locked test cell with points.
    """
    notebook.metadata = from_dict(NOTEBOOK_METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    executions = 0
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number:02d}"
        cell.source = cell.source.rstrip("\n")
        metadata = {key: cell.metadata[key] for key in KEPT_METADATA if cell.metadata.get(key)}
        if cell.cell_type == "code":
            metadata |= nbgrader_metadata(metadata.get("tags", []))
            executions += bool(cell.source)
            cell.execution_count = executions if cell.source else None
            cell.outputs = normalise_outputs(cell.outputs, executions)
        cell.metadata = from_dict(metadata)
    return notebook


def nbgrader_metadata(tags: list[str]) -> dict:
    """The metadata of a code cell for nbgrader, made from the cell's tags."""
    plain = {"grade": False, "locked": False, "schema_version": 3, "solution": False, "task": False}
    for tag in tags:
        match tag.split(":"):
            case ["exercise", name]:
                return {"nbgrader": plain | {"grade_id": name, "solution": True}}
            case ["check", name, points]:
                role = {"grade": True, "grade_id": f"{name}-check", "locked": True, "points": int(points)}
                return {"nbgrader": plain | role}
            case ["exercise" | "check", *_]:
                raise ValueError(f"a tag must be exercise:NAME or check:NAME:POINTS, got {tag!r}")
    return {}


def normalise_outputs(outputs: list[NotebookNode], execution_count: int) -> list[NotebookNode]:
    kept: list[NotebookNode] = []
    for output in outputs:
        if output.output_type == "stream" and kept and kept[-1].get("name") == output.name:
            kept[-1].text += output.text
            continue
        if "data" in output:
            output.data.pop(WIDGET_VIEW, None)
            if "text/html" in output.data:
                output.data["text/html"] = stilled(output.data["text/html"])
        if "execution_count" in output:
            output.execution_count = execution_count
        if output.output_type == "error":
            # The frames contain paths and line numbers of this machine.
            output.traceback = [wrapped(f"{output.ename}: {output.evalue}")]
        kept.append(output)
    return kept


def captioned(cells: list[NotebookNode]) -> Iterator[tuple[NotebookNode, str]]:
    """Yield each cell with the sentence in italics that begins the cell below it, or ""."""
    for cell, below in pairwise([*cells, new_markdown_cell()]):
        words = re.match(r"\*(\w.*?)\*", below.source, flags=re.DOTALL)
        yield cell, words[1] if words else ""


def page_style() -> str:
    """The CSS of all graphs and widgets, which stored outputs leave out."""
    from gradlib import graph
    from gradlib.widgets import svg

    return f"<style>{graph.style()}{svg.style()}</style>"


def run_and_write(path: Path) -> bool:
    notebook, stored, start = read(path), read(path), time.monotonic()
    try:
        run(notebook, path.parent, strict=path.parent.name == "solutions")
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        print(f"{os.path.relpath(path)}: not written, it does not run to its end\n{error}", file=sys.stderr)
        return False
    keep_measured(notebook, stored)
    state = write(path, normalise(notebook))
    print(f"{os.path.relpath(path)}: {time.monotonic() - start:.1f} s, {state}", flush=True)
    return True


def keep_measured(notebook: NotebookNode, stored: NotebookNode) -> None:
    """Give the cells whose outputs differ from run to run and from machine to machine those that were stored.

    To renew one, clear its output and run the notebook again.
    """
    for cell in notebook.cells:
        if NOT_COMPARED in cell.metadata.get("tags", []):
            for other in stored.cells:
                if other.source == cell.source and other.get("outputs"):
                    cell.outputs = other.outputs


def is_normal(path: Path) -> bool:
    normal = holds(path, normalise(read(path)))
    if not normal:
        print(f"{os.path.relpath(path)}: not normalised; run `make notebooks`", file=sys.stderr)
    return normal


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Run notebooks and bring them into one form.")
    parser.add_argument("--check", action="store_true", help="run nothing, name the files not in this form")
    parser.add_argument("paths", nargs="*", type=Path, help="notebooks; all lessons and solutions if none")
    options = parser.parse_args(arguments)
    handle = is_normal if options.check else run_and_write
    good = [handle(path) for path in options.paths or find_notebooks()]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
