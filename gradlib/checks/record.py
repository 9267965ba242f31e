"""A record of the passed exercises, in one small JSON file on the learner's own computer."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

UNREADABLE = (
    "The progress file cannot be read, so nothing was saved. `gradlib.checks.progress_file()` names it; delete it to "
    "start over."
)
UNWRITABLE = "Nothing was saved: the progress file, which `gradlib.checks.progress_file()` names, cannot be written."


def is_strict() -> bool:
    """Return True if checks raise and record nothing.

    They do so wherever nbgrader runs a notebook, to validate or to grade it, and with `GRADLIB_CHECKS=strict`.
    """
    return "NBGRADER_EXECUTION" in os.environ or os.environ.get("GRADLIB_CHECKS") == "strict"


def progress_file() -> Path:
    """Return the path of the progress file: GRADLIB_PROGRESS if set, else a file in the user's data folder."""
    if path := os.environ.get("GRADLIB_PROGRESS"):
        return Path(path)
    return data_folder() / "progress.json"


def data_folder() -> Path:
    """Return the folder in which gradlib keeps what belongs to this user."""
    if sys.platform == "win32":
        folder = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "emscripten":  # Pyodide: what lies in JupyterLite's own folder survives a reload
        return Path("/drive")
    elif sys.platform == "darwin":
        folder = Path.home() / "Library" / "Application Support"
    else:
        folder = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(folder) / "gradlib"


def remember(key: str) -> str:
    """Record a pass under the exercise's key, "02/chain_rule". Return "", or a sentence if it cannot be saved."""
    try:
        if key not in passed():
            with _one_kernel_at_a_time(progress_file()):
                _write(progress_file(), passed() | {key})
    except ValueError:
        return UNREADABLE
    except (OSError, RuntimeError):  # RuntimeError: there is no home folder
        return UNWRITABLE
    return ""


def passed() -> frozenset[str]:
    """Return the keys of the passed exercises. Raises ValueError if the file holds anything else."""
    try:
        content = json.loads(progress_file().read_text(encoding="utf-8"))
    except FileNotFoundError:
        return frozenset()
    keys = content.get("passed") if isinstance(content, dict) else None
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise ValueError('expected {"passed": [names]}')
    return frozenset(keys)


@contextlib.contextmanager
def _one_kernel_at_a_time(path: Path) -> Iterator[None]:
    """A lock between reading and writing, so that no pass of another kernel is lost.

    The lock is a folder, since only one kernel can create it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = path.with_name(path.name + ".lock")
    for _ in range(200):  # two seconds; then a dead kernel has left the lock behind
        with contextlib.suppress(FileExistsError):
            lock.mkdir()
            break
        time.sleep(0.01)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            lock.rmdir()


def _write(path: Path, keys: frozenset[str]) -> None:
    """Write a new file and move it over the old one, so that no reader sees half a file."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".new")
    try:
        with open(handle, "w", encoding="utf-8") as file:
            json.dump({"passed": sorted(keys)}, file, indent=1)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
