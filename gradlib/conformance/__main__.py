"""`python -m gradlib.conformance mymodule:Value` runs an engine through the course's cases."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..checks.limits import Limits, Stopped, Watch, call
from ..checks.running import run as try_it
from ..checks.running import what_it_says
from . import LEVELS, Adapter, NoWayFound, Report, run
from .running import quiet

IMPORT = Limits(seconds=30.0, memory=2**32)
WHOLE = Limits(seconds=600.0, memory=2**32)  # for all cases together; each has its own limits


def main(arguments: Sequence[str]) -> int:
    """Run the command. Returns 0 if no case failed, 1 if one did, 2 if the engine or a file could not be used."""
    parser = argparse.ArgumentParser(
        prog="python -m gradlib.conformance", allow_abbrev=False,
        description="Run an automatic differentiation engine through the course's cases.",
        epilog="The exit status is 0 if no case failed, 1 if one did, and 2 if the engine or a file could not be used.",
    )  # fmt: skip
    parser.add_argument("engine", metavar="MODULE:CLASS", help="the class of its values, or an Adapter")
    parser.add_argument("--path", metavar="FOLDER", default=".", help="where the module is (default: here)")
    parser.add_argument("--functions", metavar="MODULES", default="", help="more modules: mymodule.nn,mymodule.optim")
    for name in ("value", "grad", "backward", "zero"):
        parser.add_argument(f"--{name}", metavar="NAME", help=f"the attribute or method for {name}, if it is not found")
    parser.add_argument("--level", metavar="1-6", default="", help="only these levels: 3, or 1-6")
    parser.add_argument("--seconds", type=float, default=3.0, help="for each case (default: 3)")
    parser.add_argument("--json", metavar="FILE", help="write the report as JSON")
    parser.add_argument("--junit", metavar="FILE", help="write the report as JUnit XML")
    wishes = parser.parse_args(arguments)
    try:
        levels = _levels(wishes.level)
    except ValueError:
        parser.error(f"--level must be a level from 1 to {max(LEVELS)} or a range, 1-6, got {wishes.level!r}")
    names = {name: given for name in ("value", "grad", "backward", "zero") if (given := getattr(wishes, name))}
    if wishes.functions:
        names["functions"] = wishes.functions.split(",")
    try:
        report = call(_judge, wishes.engine, wishes.path, names, levels, wishes.seconds, limits=WHOLE)
    except Stopped as stopped:
        return _unusable(f"{wishes.engine}: {stopped}")
    except NoWayFound as error:
        return _unusable(str(error))
    if isinstance(report, str):
        return _unusable(report)
    print(report.text)
    for path, content in ((wishes.json, report.json), (wishes.junit, report.junit)):
        if path:
            try:
                Path(path).write_text(content(), encoding="utf-8")
            except OSError as error:
                return _unusable(f"The report could not be written to {path}: {error.strerror}")
    return 0 if report.passed else 1


def _levels(wish: str) -> list[int]:
    if not wish:
        return list(LEVELS)
    first, _, last = wish.partition("-")
    levels = list(range(int(first), int(last or first) + 1))
    if not levels or not set(levels) <= LEVELS.keys():
        raise ValueError(wish)
    return levels


def _judge(engine: str, path: str, names: dict[str, Any], levels: list[int], seconds: float) -> Report | str:
    """Import an engine and run it, in the child process. Returns a sentence if it cannot be imported."""
    sys.path.insert(0, path)
    more = names.get("functions", [])
    with quiet():
        imported = try_it(lambda: _imported(engine, more), {}, None, Watch(IMPORT))
    if imported.error is not None:
        wanted = ", ".join([engine, *more])
        return f"{wanted} cannot be imported from {Path(path).resolve()}: {what_it_says(imported.error)}"
    found = imported.value
    if not isinstance(found, type | Adapter):
        return f"{engine} must be a class or a gradlib.conformance.Adapter, got {type(found).__name__}"
    return run(found, levels=levels, seconds=seconds, **names)


def _imported(engine: str, more: Sequence[str]) -> Any:
    """The thing that "module:name" names, after the other modules were imported, too."""
    module, _, name = engine.partition(":")
    found = getattr(importlib.import_module(module), name or "Value")
    for other in more:
        importlib.import_module(other)
    return found


def _unusable(message: str) -> int:
    print(message, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
