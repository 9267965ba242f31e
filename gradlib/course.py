"""The learner's own copy of the course: made by the first call, brought up to date by each later one.

`deliver(source, target)` copies the lessons and the exercises of `source` to `target`, without outputs, and never
overwrites or removes anything of the learner's:

- A file that is still as it was delivered is replaced by its new version.
- A file that the learner has changed stays, and the new version lies beside it: `03_scalar_engine.new.ipynb`.
- A file that the learner has deleted stays deleted, unless it is asked for (`restore`).
- A copy that was interrupted, at whatever moment, is finished by the next call.

This needs files and JSON only, so that it runs wherever Python does.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from .keep import MANIFEST

FOLDERS = ("notebooks", "exercises")
LANGUAGE = {"name": "python"}  # what the notebooks of the source say
TEMPORARY = ".delivering-"  # the beginning of a file's name while it is being written


@dataclass
class Delivery:
    """The result of `deliver`, with paths relative to the copy."""

    first: bool = False  # there was no copy before
    new: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    kept: list[tuple[str, str]] = field(default_factory=list)  # (the learner's file, the new version beside it)
    deleted: list[str] = field(default_factory=list)  # deleted by the learner, and not delivered again
    withdrawn: list[str] = field(default_factory=list)  # no longer part of the course, and removed
    unreadable: list[str] = field(default_factory=list)  # notebooks of the source that are not JSON


@dataclass
class Record:
    """The history of one file of the course.

    `ours` holds the hash of every version that was ever delivered: a file with one of them holds nothing of the
    learner's. `brought` is the hash of the version that arrived last, in its place or beside the learner's file.
    """

    ours: list[str] = field(default_factory=list)
    brought: str | None = None


def deliver(source: Path, target: Path, restore: Sequence[str] = (), language_info: dict = LANGUAGE) -> Delivery:
    """Bring the copy in `target` up to date with the course in `source`, and return what was done.

    `source` holds the folders `notebooks` and `exercises`; `target` need not exist. Each of `restore` is a file of the
    course or a folder, such as `"exercises"`: its deleted files are delivered again, and next to its changed files lies
    a fresh copy. `language_info` is what the kernel says of itself: JupyterLab writes it into a notebook that it opens,
    which counts neither as a change by the learner nor as a new version.

    Raises FileNotFoundError if `source` holds no notebooks, ValueError if `restore` names nothing of the course, and
    OSError if a file cannot be written; whatever was copied until then stays.
    """
    files, unreadable = read_course(source, language_info)
    if not files:
        raise FileNotFoundError(f"there are no notebooks in {source}")
    return deliver_files(files, target, restore, unreadable)


def deliver_files(
    files: dict[str, bytes],
    target: Path,
    restore: Sequence[str] = (),
    unreadable: Sequence[str] = (),
    tops: Collection[str] = FOLDERS,
) -> Delivery:
    """Bring the copy in `target` up to date with {path: content}, as `deliver` does.

    `unreadable` names files that could not be read: while there are any, nothing is withdrawn. `tops` are the files
    and folders at the top of the copy that may be written; nothing else in `target` is looked at.
    """
    wanted = _named(restore, files)
    done = Delivery(first=not (target / MANIFEST).exists(), unreadable=list(unreadable))
    target.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(target, tops)
    records = read_manifest(target, tops)

    # First the hashes of what is going to be written, so that after an interruption these files are known as ours.
    before = json.dumps(_to_json(records))
    for path, content in files.items():
        record = records.setdefault(path, Record())
        if (digest := _digest(path, content)) not in record.ours:
            record.ours.append(digest)
    _write_manifest(target, records, unless=before)

    before = json.dumps(_to_json(records))
    for path, content in files.items():
        _deliver_file(target, path, content, records[path], path in wanted, done)
        records[path].brought = _digest(path, content)
    for path in sorted(records.keys() - files.keys()):
        if not unreadable:  # which may show a picture that nothing else shows
            _withdraw(target, path, records, done)
    _write_manifest(target, records, unless=before)  # last: what it names has arrived
    return done


def read_course(source: Path, language_info: dict = LANGUAGE) -> tuple[dict[str, bytes], list[str]]:
    """Return {path: content} of all files of a copy, and the paths of notebooks that cannot be read.

    They are the notebooks of the source, without outputs, and the pictures that these name.
    """
    files: dict[str, bytes] = {}
    unreadable: list[str] = []
    for folder in FOLDERS:
        texts = []
        for path in sorted((source / folder).glob("*.ipynb")):
            name = f"{folder}/{path.name}"
            try:
                notebook = json.loads(path.read_text(encoding="utf-8"))
                files[name] = without_outputs(notebook, language_info)
            except (ValueError, TypeError, KeyError, AttributeError):
                unreadable.append(name)
                continue
            texts += ["".join(cell["source"]) for cell in notebook["cells"]]
        text = "\n".join(texts)
        for path in sorted((source / folder).rglob("*")):
            name = path.relative_to(source / folder).as_posix()
            if path.suffix != ".ipynb" and path.is_file() and not path.name.startswith(".") and name in text:
                files[f"{folder}/{name}"] = path.read_bytes()
    return files, unreadable


def without_outputs(notebook: dict, language_info: dict = LANGUAGE) -> bytes:
    """Return a notebook as JupyterLab would write it before any cell has run."""
    cells = []
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell = cell | {"outputs": [], "execution_count": None}
        cells.append(cell)
    metadata = {key: value for key, value in notebook["metadata"].items() if key != "widgets"}
    return _with_language(notebook | {"cells": cells, "metadata": metadata}, language_info)


def _with_language(notebook: dict, language_info: dict) -> bytes:
    notebook = notebook | {"metadata": notebook["metadata"] | {"language_info": language_info}}
    return (json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode()


def read_manifest(target: Path, tops: Collection[str] = FOLDERS) -> dict[str, Record]:
    """Return {path: Record} of a copy; {} if there is no manifest or it cannot be read.

    Without it every file counts as the learner's, so nothing is lost.
    """
    try:
        content = json.loads((target / MANIFEST).read_text(encoding="utf-8"))
        return {
            path: Record([str(digest) for digest in record["ours"]], record["brought"])
            for path, record in content["files"].items()
            if PurePosixPath(path).parts[0] in tops and ".." not in PurePosixPath(path).parts
        }
    except (FileNotFoundError, ValueError, TypeError, KeyError, AttributeError, IndexError):
        return {}


def _to_json(records: dict[str, Record]) -> dict:
    return {"files": {path: {"ours": each.ours, "brought": each.brought} for path, each in sorted(records.items())}}


def _write_manifest(target: Path, records: dict[str, Record], unless: str) -> None:
    if json.dumps(_to_json(records)) != unless:
        _write(target / MANIFEST, (json.dumps(_to_json(records), indent=1) + "\n").encode())


def _deliver_file(target: Path, path: str, content: bytes, record: Record, asked: bool, done: Delivery) -> None:
    """Deliver one file, whose record holds the hash of `content` already."""
    file, digest = target / path, _digest(path, content)
    present = _digest_of(file)
    if present == digest:
        return
    if present is None:
        if record.brought is None or asked:
            _write(file, content)
            done.new.append(path)
        else:
            done.deleted.append(path)
    elif present in record.ours:
        _write(file, content)
        done.replaced.append(path)
    elif record.brought != digest or asked:
        for beside in _names_beside(file):
            there = _digest_of(beside)
            if there is None or there in record.ours:
                break
        if there != digest:
            _write(beside, content)
        done.kept.append((path, beside.relative_to(target).as_posix()))


def _names_beside(file: Path) -> Iterator[Path]:
    """`x.new.ipynb`, then `x.new2.ipynb` and so on, for a learner who works in these, too."""
    number = 1
    while True:
        yield file.with_name(f"{file.stem}.new{number if number > 1 else ''}{file.suffix}")
        number += 1


def _withdraw(target: Path, path: str, records: dict[str, Record], done: Delivery) -> None:
    """Remove a file that is no longer part of the course, unless the learner has changed it."""
    present = _digest_of(target / path)
    if present in records[path].ours:
        (target / path).unlink()
        done.withdrawn.append(path)
    if present is None or present in records[path].ours:
        del records[path]


def _named(restore: Sequence[str], files: dict[str, bytes]) -> set[str]:
    wanted: set[str] = set()
    for name in restore:
        plain = re.sub(r"^(\./)?(course/)?", "", name.replace("\\", "/")).rstrip("/")
        found = {path for path in files if path == plain or path.startswith(f"{plain}/")}
        if not found:
            example = next(iter(files))
            raise ValueError(f"a file of the course, such as {example}, or a folder, such as exercises; got {name!r}")
        wanted |= found
    return wanted


def _digest(name: str, content: bytes) -> str:
    """The hash of a file's content; of a notebook, whatever language_info it has."""
    if name.endswith(".ipynb"):
        try:
            content = _with_language(json.loads(content), LANGUAGE)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            pass  # not a notebook
    return hashlib.sha256(content).hexdigest()


def _digest_of(file: Path) -> str | None:
    """The hash of a file; None if nothing is there, and no hash at all for what is not a file that can be read."""
    try:
        return _digest(file.name, file.read_bytes())
    except OSError:
        return "unreadable" if os.path.lexists(file) else None


def _write(file: Path, content: bytes) -> None:
    """Write under another name and move it into place, so that no file is ever half a file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f"{TEMPORARY}{os.getpid()}-{file.name}")
    try:
        with open(temporary, "wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        os.replace(temporary, file)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _remove_leftovers(target: Path, tops: Collection[str], seconds: float = 600) -> None:
    """Remove what interrupted calls have left, but not what another call may be writing at this moment."""
    for folder, pattern in [(target, f"{TEMPORARY}*"), *((target / name, f"**/{TEMPORARY}*") for name in tops)]:
        for path in folder.glob(pattern):
            if path.is_file() and time.time() - path.stat().st_mtime > seconds:
                path.unlink(missing_ok=True)
