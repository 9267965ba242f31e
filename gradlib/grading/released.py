"""The library that the runner gets: without the checks, their cases, their expected values and their mistakes.

A notebook uses some names of its lesson's checks in other cells, `check.Node` for example. These names are kept, with
what they are made of. Each exercise is replaced by one that says that the judge has it.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import os
import re
import shutil
import sys
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

LIBRARY = Path(__file__).resolve().parents[1]
_HEAD = '"""What the notebooks of this lesson use of its checks. The checks themselves are with the judge."""\n'
_EXERCISE = '''

class _WithTheJudge:
    def __init__(self, name):
        self.name = self.__name__ = name

    def report(self, answer=..., limits=None, learner=""):
        from gradlib.checks.report import NOT_ATTEMPTED, Report

        return Report(self.name, NOT_ATTEMPTED, explanation="The judge runs this check, at the released cell.")

    __call__ = report

    def numbers(self, learner):
        """They are shown where the learner works."""
'''


# Classes of inputs that the judge sends as copies, with the lesson that defines them: a walk over a graph of thousands
# would ask the judge for each node otherwise.
INPUTS = {
    "lesson_02": ("lesson_02", "Node"),
    "lesson_03": ("lesson_02", "Node"),
    "lesson_07": ("lesson_07", "Watched"),
}


def with_inputs(lesson: str, used: Iterable[str]) -> dict[str, set[str]]:
    """The names that a lesson's notebooks use, and those of its inputs, by the lesson that defines them."""
    names = {lesson: set(used)}
    if lesson in INPUTS:
        where, name = INPUTS[lesson]
        names.setdefault(where, set()).add(name)
    return names


def make_library(folder: Path, used: dict[str, set[str]]) -> None:
    """Write a copy of the library into folder/gradlib. used: names of the checks that the notebooks use, by lesson."""
    target = folder / "gradlib"
    shutil.copytree(LIBRARY, target, ignore=shutil.ignore_patterns("__pycache__", "lesson_*.py"))
    kept = names_with_parts(used)
    for file in sorted((LIBRARY / "checks").glob("lesson_*.py")):
        if file.stem in kept:
            text = without_checks(file, kept[file.stem])
        else:  # another lesson's
            text = re.search(r"^TITLE = .*$", file.read_text(encoding="utf-8"), flags=re.MULTILINE)[0]
        (target / "checks" / file.name).write_text(text, encoding="utf-8")
    _copy_fonts(folder)


def _copy_fonts(folder: Path) -> None:
    """Copy Matplotlib's list of fonts, so that not every runner looks for them again."""
    with contextlib.suppress(ImportError):
        import matplotlib
        from matplotlib import font_manager  # noqa: F401 (it writes the list)

        for file in Path(matplotlib.get_cachedir()).glob("fontlist-*.json"):
            os.chmod(shutil.copy(file, folder), 0o644)


def used_names(cells: Iterable[str]) -> set[str]:
    """The names of the checks that texts of a released notebook mention: `check.Node`.

    >>> sorted(used_names(["class Mine(check.Node): ...", "`check.in_order(root)` is given"]))
    ['Node', 'in_order']
    """
    return {name for cell in cells for name in re.findall(r"\bcheck\.([A-Za-z_]\w*)", cell)}


def names_with_parts(used: dict[str, set[str]]) -> dict[str, set[str]]:
    """The same names with all that their definitions use, by file: {"lesson_03": {"Basic", "in_order"}}."""
    kept: dict[str, set[str]] = {}
    waiting = [(lesson, name) for lesson, names in used.items() for name in names]
    while waiting:
        lesson, name = waiting.pop()
        if name in kept.setdefault(lesson, set()):
            continue
        definitions, imported, exercises = _contents(LIBRARY / "checks" / f"{lesson}.py")
        if name in imported:
            waiting.append(imported[name])
        if name in exercises or name not in definitions:
            continue
        kept[lesson].add(name)
        for node in definitions[name]:
            waiting += [(lesson, each.id) for each in ast.walk(node) if isinstance(each, ast.Name)]
    return kept


def without_checks(file: Path, names: set[str]) -> str:
    """The source of a lesson's checks with these definitions alone."""
    definitions, _, exercises = _contents(file)
    wanted = {id(node) for name in names | {"TITLE"} for node in definitions.get(name, [])}
    lines = [_HEAD]
    for node in _parsed(file).body:
        if isinstance(node, ast.ImportFrom | ast.Import):
            lines += _imports(node)
        elif id(node) in wanted:
            lines.append("\n" + ast.unparse(node))
    lines.append(_EXERCISE)
    lines += [f'\n{name} = _WithTheJudge("{name}")' for name in sorted(exercises)]
    return "\n".join(lines) + "\n"


@lru_cache
def _parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def _imports(node: ast.stmt) -> list[str]:
    """Imports one by one, each left out if what it names is not in this copy."""
    if isinstance(node, ast.ImportFrom):
        dots = "." * node.level
        texts = [
            f"from {dots}{node.module or ''} import {alias.name}" + f" as {alias.asname}" * bool(alias.asname)
            for alias in node.names
        ]
    else:
        texts = ["import " + alias.name + f" as {alias.asname}" * bool(alias.asname) for alias in node.names]
    return [text if "__future__" in text else f"try:\n    {text}\nexcept ImportError:\n    pass" for text in texts]


def _contents(file: Path) -> tuple[dict[str, list[ast.stmt]], dict[str, tuple[str, str]], set[str]]:
    """The definitions of a file by name, names from other lessons, and the names of its exercises."""
    definitions: dict[str, list[ast.stmt]] = {}
    imported: dict[str, tuple[str, str]] = {}
    exercises = set()
    for node in _parsed(file).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            decorators = [ast.unparse(each) for each in node.decorator_list]
            if any(text.startswith("exercise(") for text in decorators):
                exercises.add(node.name)
            elif not any(".mistake" in text for text in decorators):
                definitions[node.name] = [node]
        elif isinstance(node, ast.ImportFrom) and "lesson_" in (node.module or ""):
            lesson = node.module.rpartition(".")[2]
            imported |= {alias.asname or alias.name: (lesson, alias.name) for alias in node.names}
        else:
            for name in _assigned(node):
                definitions.setdefault(name, []).append(node)
    return definitions, imported, exercises


def _assigned(node: ast.stmt) -> list[str]:
    if not isinstance(node, ast.Assign | ast.AnnAssign):
        return []
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return [each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)]


def known_classes(used: dict[str, set[str]]) -> dict[str, Any]:
    """The classes whose objects are copied between judge and runner: "module.name" -> class.

    They hold data and compute; none of them writes a file or starts anything.
    """
    import gradlib.nn
    import gradlib.optim
    import gradlib.scalar
    import gradlib.tensor  # noqa: F401 (the names are looked up below)

    known = {}
    for name, module in list(sys.modules.items()):
        if name in ("gradlib.tensor", "gradlib.scalar") or name.startswith(("gradlib.nn.", "gradlib.optim.")):
            for each in vars(module).values():
                if isinstance(each, type) and each.__module__ == name:
                    known[f"{name}.{each.__qualname__}"] = each
    for lesson, names in used.items():
        module = importlib.import_module(f"gradlib.checks.{lesson}")
        for each in (getattr(module, name, None) for name in names):
            if isinstance(each, type) and each.__module__ == module.__name__:
                known[f"{module.__name__}.{each.__qualname__}"] = each
    return known


def find_classes(names: Iterable[str]) -> dict[str, Any]:
    """The same classes by their names, in the runner."""
    found = {}
    for name in names:
        module, _, kind = name.rpartition(".")
        with contextlib.suppress(ImportError, AttributeError):
            found[name] = getattr(importlib.import_module(module), kind)
    return found
