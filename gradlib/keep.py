"""`%%keep` writes what a cell defines to `mine/engine.py` in the learner's copy of the course.

    %%keep
    class Tensor:
        ...

The cell runs as if the first line were not there. Then its functions, classes and imports go into the file, and the
assignments that belong to them, with an import for each other name that they use. A later run of the cell replaces what
it wrote. Outside a learner's copy nothing is written and nothing is said.

`import gradlib` makes `%%keep` known to the notebook, and `gradlib.conformance.own_engine()` reads the file.
"""

from __future__ import annotations

import ast
import builtins
import hashlib
import os
import re
import symtable
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

MANIFEST = ".delivered.json"  # it lies in every copy of the course that was delivered
FILE = Path("mine") / "engine.py"
MAGIC = re.compile(r"\A(\s*)%%keep\b")
_HEAD = re.compile(r"^# %%keep ([0-9a-f]{8}) (.+)\n", re.MULTILINE)
_TITLE = '"""My engine, as the cells with %%keep wrote it."""\n'


# --- the notebook ------------------------------------------------------------------------------


def set_up() -> None:
    """Make `%%keep` known to the notebook that this Python runs in. Without one do nothing."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is None or _without_magic in shell.input_transformers_cleanup:
        return
    shell.input_transformers_cleanup.append(_without_magic)

    def keep_cell(result: Any) -> None:
        source = getattr(result.info, "raw_cell", None) or ""
        folder = find_copy(Path.cwd())
        if MAGIC.match(source) and result.success and folder is not None:
            print(keep(source, shell.user_ns, folder))

    shell.events.register("post_run_cell", keep_cell)


def _without_magic(lines: list[str]) -> list[str]:
    """Turn the line with the magic into a comment: errors show the cell's own lines, with their numbers."""
    return without_magic("".join(lines)).splitlines(keepends=True)


def without_magic(source: str) -> str:
    """Return a cell's code as plain Python, with as many lines."""
    return MAGIC.sub(r"\1# %%keep", source)


def find_copy(folder: Path) -> Path | None:
    """Return the learner's copy of the course that a folder is in, or None."""
    return next((each for each in (folder, *folder.parents) if (each / MANIFEST).is_file()), None)


# --- writing -----------------------------------------------------------------------------------


def keep(source: str, namespace: Mapping[str, Any], folder: Path) -> str:
    """Write what a cell defines to the engine's file in `folder`. Return a sentence on what was done.

    namespace : the notebook's names, among which the modules and imported things that the cell uses are found.

    A version that was changed by hand is not lost: the file is copied to mine/engine.old.py first.
    """
    source = without_magic(source)
    path = folder / FILE
    shown = FILE.as_posix()
    try:
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        name, block = _block(source, namespace)
        if not name:
            return f"Nothing was kept in {shown}: the cell defines no function and no class."
        after, was_there, was_edited = _put(before, name, block)
        after = _with_futures(after, source)
        if after == before:
            return f"{shown} has {name} already."
        if was_edited:
            beside = _free_name_beside(path)
            _write(beside, before)
            saved = f" You had changed it by hand: that file is now {(FILE.parent / beside.name).as_posix()}."
        _write(path, after)
    except SyntaxError:
        return f"Nothing was kept in {shown}: the cell has lines that are not Python, such as a % command."
    except (OSError, UnicodeDecodeError) as error:
        return f"Nothing was kept: {shown} cannot be written ({getattr(error, 'strerror', None) or error})."
    return f"{'Replaced' if was_there else 'Kept'} in {shown}: {name}.{saved if was_edited else ''}"


def _block(source: str, namespace: Mapping[str, Any]) -> tuple[str, str]:
    """The name of a cell's block in the file, and its text with the imports that it needs; "", "" if it has none."""
    kept = _definitions(ast.parse(source).body, namespace)
    if not kept:
        return "", ""
    lines, pieces, last = source.splitlines(), [], 0
    for node in kept:
        first = min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", []))]) - 1
        while first > last and lines[first - 1].startswith("#") and "%%keep" not in lines[first - 1]:
            first -= 1  # the comment above belongs to it
        is_long = isinstance(node, ast.FunctionDef | ast.ClassDef)
        gap = "\n\n\n" if pieces and (is_long or pieces[-1][0]) else "\n"
        pieces.append((is_long, gap + "\n".join(lines[max(first, last) : node.end_lineno])))
        last = node.end_lineno
    text = "".join(piece for _, piece in pieces).strip("\n")
    imports = "\n".join(_imports(text, namespace))
    return _name(kept), (f"{imports}\n\n\n" if imports else "") + f"{text}\n"


def _definitions(body: list[ast.stmt], namespace: Mapping[str, Any]) -> list[ast.stmt]:
    """The statements of a cell that define something, in their order. What else a cell does is a trial of them."""
    functions = [node for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    read = {name for node in functions for name in reads(ast.unparse(node))}
    kept = [node for node in body if node in functions or _belongs(node, read, namespace)]
    imports = [node for node in body if isinstance(node, ast.Import | ast.ImportFrom) and not _is_future(node)]
    return [node for node in body if node in kept or node in imports] if kept else []


def _is_future(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


def _with_futures(text: str, source: str) -> str:
    """The file's text with the cell's imports from __future__ at its beginning, the only place where they may stand."""
    for line in map(ast.unparse, filter(_is_future, ast.parse(source).body)):
        if line not in text.splitlines():
            title = _TITLE if text.startswith(_TITLE) else ""
            text = f"{title}{line}\n{text[len(title) :]}"
    return text


def _belongs(node: ast.stmt, read: set[str], namespace: Mapping[str, Any]) -> bool:
    """An assignment belongs to the definitions if its name is in capitals, if one of them reads it, or if it sets an
    attribute of a class or an entry of what is in capitals."""
    if not isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
        return False
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    for target in [part for each in targets for part in (each.elts if isinstance(each, ast.Tuple) else [each])]:
        root = target
        while isinstance(root, ast.Attribute | ast.Subscript):
            root = root.value
        name = getattr(root, "id", "")
        if name.isupper() or (name in read if root is target else isinstance(namespace.get(name), type)):
            return True
    return False


def _name(kept: list[ast.stmt]) -> str:
    """A block is named after the first thing that it defines, so that a second run of its cell finds it again."""
    definitions = [node for node in kept if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    if not definitions:
        first = next(node for node in kept if not isinstance(node, ast.Import | ast.ImportFrom))
        return ast.unparse(first.targets[0] if isinstance(first, ast.Assign) else first.target)
    first = definitions[0]
    if isinstance(first, ast.ClassDef) and any(getattr(base, "id", "") == first.name for base in first.bases):
        return f"{first.name} with {', '.join(getattr(node, 'name', '…') for node in first.body)}"  # it grows
    return first.name


def _put(before: str, name: str, block: str) -> tuple[str, bool, bool]:
    """The file's text with a block in it, whether the block was there, and whether somebody had changed it."""
    written = f"# %%keep {_digest(block)} {name}\n{block}"
    for head in _HEAD.finditer(before):
        if head[2] == name:
            following = _HEAD.search(before, head.end())
            end = following.start() if following else len(before)
            old, added = _parted(before[head.end() : end], head[1])
            if old == block:
                return before, True, False
            rest = "\n\n\n".join(part for part in (added, before[end:]) if part)
            after = before[: head.start()] + written + (f"\n\n{rest}" if rest else "")
            return after, True, _digest(old) != head[1]
    return (before or _TITLE).rstrip("\n") + f"\n\n\n{written}", False, False


def _parted(text: str, digest: str) -> tuple[str, str]:
    """Separate what was written as a block, if it is unchanged, from what somebody has added below it."""
    lines = text.splitlines()
    for count in range(len(lines), 0, -1):
        block = "\n".join(lines[:count]) + "\n"
        if _digest(block) == digest:
            added = "\n".join(lines[count:]).strip("\n")
            return block, f"{added}\n" if added else ""
    return text.strip("\n") + "\n", ""


def _digest(block: str) -> str:
    return hashlib.sha256(block.encode()).hexdigest()[:8]


def _free_name_beside(path: Path) -> Path:
    number = 1
    while (beside := path.with_name(f"{path.stem}.old{number if number > 1 else ''}{path.suffix}")).exists():
        number += 1
    return beside


def _write(path: Path, text: str) -> None:
    """Write under another name and move it into place, so that no file is ever half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}-{os.getpid()}")
    try:
        temporary.write_text(text, encoding="utf-8")
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


# --- names -------------------------------------------------------------------------------------


def _tables(text: str) -> list[symtable.SymbolTable]:
    tables = [symtable.symtable(text, FILE.name, "exec")]
    for table in tables:  # it grows
        tables += table.get_children()
    return tables


def reads(text: str) -> set[str]:
    """The names that code looks for outside its functions."""
    module, *inner = _tables(text)
    found = {each.get_name() for each in module.get_symbols() if each.is_referenced()}
    return found | {each.get_name() for table in inner for each in table.get_symbols() if each.is_global()}


def bound(text: str) -> set[str]:
    """The names that code defines at its top level; none of code that is not Python."""
    try:
        module = _tables(text)[0]
    except SyntaxError:
        return set()
    return {each.get_name() for each in module.get_symbols() if each.is_assigned() or each.is_imported()}


def _imports(text: str, namespace: Mapping[str, Any]) -> list[str]:
    """A line for each name that the code uses and that the notebook has imported."""
    lines = []
    for name in sorted(reads(text) - bound(text) - set(dir(builtins))):
        thing = namespace.get(name)
        module = getattr(thing, "__module__", None)
        if isinstance(thing, ModuleType):
            lines.append(f"import {thing.__name__}" + ("" if thing.__name__ == name else f" as {name}"))
        elif isinstance(module, str) and module != "__main__" and getattr(sys.modules.get(module), name, None) is thing:
            lines.append(f"from {module} import {name}")
    return lines
