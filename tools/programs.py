"""Run programs, and fetch packages with one of them, npm. What goes wrong ends this program with what they said."""

from __future__ import annotations

import subprocess
import tarfile
from pathlib import Path


def run(*command: object, cwd: Path | None = None) -> None:
    """Run a program; if it fails, end this one with what it said."""
    words = [str(word) for word in command]
    try:
        done = subprocess.run(words, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    except FileNotFoundError:
        raise SystemExit(f"This needs {words[0]}, which is not installed.") from None
    if done.returncode:
        raise SystemExit(f"{done.stdout}\nThis failed: {' '.join(words)}")


def npm_package(name: str, folder: Path) -> Path:
    """Download and unpack a package of npm; return its folder."""
    run("npm", "pack", "--loglevel=error", name, cwd=folder)
    archive = next(folder.glob("*.tgz"))
    with tarfile.open(archive) as package:
        package.extractall(folder, filter="data")
    archive.unlink()
    return folder / "package"
