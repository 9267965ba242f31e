"""Checks and widgets: no file imports one that imports it, not even from within a function."""

import ast
import graphlib
from pathlib import Path

import pytest

import gradlib

FOLDER = Path(gradlib.__file__).parent


def imported_files(source: str, package: str, files: set[str]) -> set[str]:
    """The files of a package that a source imports, at its head, in a function, or for type checkers only."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            module = node.module or ""
            inside = module.removeprefix(f"gradlib.{package}").lstrip(".") if node.level == 0 else module
            if node.level > 1 or (node.level == 0 and not f"{module}.".startswith(f"gradlib.{package}.")):
                continue
            names = [inside] if inside else [name.name for name in node.names]
            found |= {name.split(".")[0] if name.split(".")[0] in files else "__init__" for name in names}
        elif isinstance(node, ast.Import):
            parts = [name.name.split(".") for name in node.names]
            found |= {(part[2:] or ["__init__"])[0] for part in parts if part[:2] == ["gradlib", package]}
    return found


def import_order(sources: dict[str, str], package: str) -> list[str]:
    """The files in an order in which each stands after all that it imports; CycleError where there is none."""
    files = set(sources)
    graph = {file: imported_files(source, package, files) for file, source in sources.items()}
    return list(graphlib.TopologicalSorter(graph).static_order())


@pytest.mark.parametrize("package", ["checks", "widgets"])
def test_no_import_leads_back(package):
    sources = {path.stem: path.read_text(encoding="utf-8") for path in (FOLDER / package).glob("*.py")}
    assert set(import_order(sources, package)) == set(sources)


@pytest.mark.parametrize(
    "back",
    [
        "def later():\n    from .high import f",
        "from . import high",
        "if TYPE_CHECKING:\n    from gradlib.checks.high import f",
        "import gradlib.checks.high",
        "from gradlib.checks import f",
    ],
)
def test_a_circle_is_found(back):
    sources = {"low": back, "high": "from .low import g", "__init__": "from .high import f"}
    with pytest.raises(graphlib.CycleError):
        import_order(sources, "checks")
