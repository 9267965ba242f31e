"""The learner's own engine, which `%%keep` has written to `mine/engine.py` in the copy of the course."""

from __future__ import annotations

import builtins
import linecache
import sys
from pathlib import Path
from types import ModuleType

from ..keep import FILE, bound, find_copy, reads
from . import small_engine

MODULE = "mine.engine"
ADVICE = "Run the cells of lesson 06 that begin with %%keep, in their order."
OTHERWISE = "To go on with the engine as lesson 06 has it: Mine = conformance.small_engine.Tensor."


class Incomplete(ImportError):
    """The kept engine lacks something. The message says what, and where it comes from."""


def own_engine(name: str = "Tensor") -> type:
    """Return a class of the learner's own engine. Where none was kept, return that of lesson 06.

    Raises Incomplete with a sentence that says what `mine/engine.py` lacks.
    """
    folder = find_copy(Path.cwd())
    if folder is None or not (folder / FILE).exists():
        return getattr(small_engine, name)
    return load(folder / FILE, name)


def own_table(engine: type, *operations: str) -> dict:
    """Return the table of rules beside an engine's class, {operation: (forward, rules)}, as lesson 06 builds it.

    Raises Incomplete with a sentence if there is no such table, or if it lacks one of the operations.

    >>> table = own_table(own_engine(), "+", "tanh")
    >>> forward, rules = table["tanh"]
    >>> len(rules)
    1
    """
    module = engine.__module__
    shown = FILE.as_posix() if module == MODULE else module
    table = getattr(sys.modules.get(module), "TABLE", None)
    if not isinstance(table, dict):
        raise Incomplete(
            f"{shown} has no dictionary called TABLE, the table of rules of lesson 06. {ADVICE} {OTHERWISE}"
        )
    if missing := [repr(name) for name in operations if name not in table]:
        raise Incomplete(f"The TABLE of {shown} has no entry for {', '.join(missing)}. {ADVICE} {OTHERWISE}")
    return table


def load(path: Path, name: str = "Tensor") -> type:
    """Return a class of an engine's file, which runs afresh."""
    shown = FILE.as_posix()
    try:
        text = path.read_text(encoding="utf-8")
        missing = sorted(reads(text) - bound(text) - set(dir(builtins)) - {"__name__", "__file__"})
        code = compile(text, str(path), "exec")
    except SyntaxError as error:
        raise Incomplete(f"{shown} is not Python in line {error.lineno}: {error.msg}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise Incomplete(f"{shown} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if name not in bound(text):
        missing.insert(0, name)
    if missing:
        raise Incomplete(f"{shown} lacks {', '.join(dict.fromkeys(missing))}. {ADVICE}")
    linecache.checkcache(str(path))  # errors show the lines as they are now
    module = ModuleType(MODULE)
    module.__file__ = str(path)
    sys.modules[MODULE] = module  # where functions beside the class are looked for
    try:
        exec(code, vars(module))
    except Exception as error:
        raise Incomplete(f"{shown} stops with {type(error).__name__}: {error}. {ADVICE}") from error
    return getattr(module, name)
