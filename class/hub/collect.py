"""Collect a lesson's exercises from the hub's learners.

python class/hub/collect.py 04 submitted                     from the hub's usual folder
python class/hub/collect.py 04 submitted --hub /srv/ourhub

It copies course/exercises/04_….ipynb of each learner to submitted/NAME/04_…/04_….ipynb, as `make grade` and nbgrader
want it, and says who has none. A later call brings what has changed. It reads nothing but the learner's own file: a
link that leads elsewhere is refused.
"""

import argparse
import errno
import os
import stat
import sys
from pathlib import Path
from typing import NamedTuple

from serve import IS_ROOT, ROOT, close_to_others, default_folder, read_learners

LINK = "it is a link, or lies behind one, and no link is followed"
LARGEST = 50_000_000  # bytes of a notebook


def exercises_of(lesson: str) -> str | None:
    """The name of a lesson's notebook, "04_broadcasting", from its number."""
    names = [path.stem for path in (ROOT / "exercises").glob(f"{lesson}_*.ipynb")]
    return names[0] if len(names) == 1 else None


def read_own(home: Path, parts: tuple[str, ...], uid: int) -> tuple[bytes, float]:
    """The content of a learner's file, and when it was saved.

    Raises OSError for a link, for what is not a file, and for another's file.
    """
    folder = os.open(home, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in parts[:-1]:
            inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
            os.close(folder)
            folder = inner
        file = os.open(parts[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    finally:
        os.close(folder)
    with open(file, "rb") as opened:
        found = os.fstat(file)
        if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
            raise OSError("it is not a file of its own")
        if IS_ROOT and found.st_uid != uid:
            raise OSError("it belongs to somebody else")
        if found.st_size > LARGEST:
            raise OSError(f"it has more than {LARGEST // 1_000_000} MB")
        return opened.read(), found.st_mtime


def collect(hub: Path, name: str, submitted: Path) -> list[str]:
    """Copy every learner's notebook; return a line for each learner from whom there is none."""
    missing = []
    submitted.mkdir(mode=0o700, parents=True, exist_ok=True)
    if IS_ROOT:  # then learners of the hub are users of this machine
        close_to_others(submitted)
    for learner in read_learners(hub):
        home = hub / "homes" / learner["name"]
        target = submitted / learner["name"] / name / f"{name}.ipynb"
        try:
            content, saved = read_own(home, ("course", "exercises", f"{name}.ipynb"), int(learner["uid"]))
        except OSError as error:
            earlier = " (the one that was collected before stays)" if target.exists() else ""
            why = LINK if error.errno in (errno.ELOOP, errno.ENOTDIR) else error.strerror or error
            missing.append(f"{learner['name']}: {why}{earlier}")
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        os.utime(target, (saved, saved))  # by which DEADLINE tells who was late
    return missing


class Wishes(NamedTuple):
    """What collect.py and give_back.py are asked for."""

    name: str
    submitted: Path
    hub: Path
    learners: int


def read_wishes(arguments: list[str], task: str) -> Wishes:
    """Raises SystemExit with what is wrong with them."""
    parser = argparse.ArgumentParser(description=task.partition("\n")[0])
    parser.add_argument("lesson", help="a number, such as 04")
    parser.add_argument("submitted", type=Path, help="the folder of the notebooks, submitted/NAME/04_…/04_….ipynb")
    parser.add_argument("--hub", type=Path, default=default_folder(), help="the folder of the hub")
    given = parser.parse_args(arguments)
    name = exercises_of(given.lesson)
    if name is None:
        sys.exit(f"the lesson must be a number from 00 to 20, got {given.lesson!r}")
    learners = read_learners(given.hub)
    if not learners:
        sys.exit(f"there is no hub in {given.hub}: it has no learners.csv. Name its folder with --hub")
    return Wishes(name, given.submitted, given.hub, len(learners))


def main(arguments: list[str]) -> None:
    name, submitted, hub, learners = read_wishes(arguments, __doc__)
    missing = collect(hub, name, submitted)
    print(f"{learners - len(missing)} of {learners} notebooks were collected into {submitted}.", *missing, sep="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
