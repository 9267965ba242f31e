"""Bring each learner's page of feedback to the hub: course/feedback/04_….html of the learner's copy.

python class/hub/give_back.py 04 submitted                   to the hub's usual folder
python class/hub/give_back.py 04 submitted --hub /srv/ourhub

`make feedback` has written the pages. Each is written with the learner's own rights, so that a link in the learner's
folder leads nowhere else.
"""

import subprocess
import sys
from pathlib import Path

from collect import read_wishes
from serve import IS_ROOT, read_learners

WRITE = 'mkdir -p course/feedback && exec cat > "course/feedback/$0"'
LONGEST = 60  # seconds: what a learner has laid there may be a pipe, which nobody reads


def give_back(hub: Path, name: str, submitted: Path) -> list[str]:
    """Write every learner's page; return a line for each learner who did not get one."""
    missing = []
    for learner in read_learners(hub):
        page = submitted / learner["name"] / name / "feedback.html"
        if not page.exists():
            missing.append(f"{learner['name']}: no page")
            continue
        try:
            put(hub / "homes" / learner["name"], f"{name}.html", page.read_bytes(), int(learner["uid"]))
        except (OSError, subprocess.SubprocessError) as error:
            missing.append(f"{learner['name']}: {error}")
    return missing


def put(home: Path, name: str, content: bytes, uid: int) -> None:
    """Write a file into course/feedback of a home, with the rights of its learner."""
    rights = {"user": uid, "group": uid, "extra_groups": []} if IS_ROOT else {}
    line = ["/bin/sh", "-c", WRITE, name]
    path = {"PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        line, cwd=home, env=path, input=content, capture_output=True, umask=0o077, timeout=LONGEST, **rights
    )
    if done.returncode:
        raise OSError(done.stderr.decode(errors="replace").strip() or f"sh ended with {done.returncode}")


def main(arguments: list[str]) -> None:
    name, submitted, hub, learners = read_wishes(arguments, __doc__)
    missing = give_back(hub, name, submitted)
    print(f"{learners - len(missing)} of {learners} learners have their page.", *missing, sep="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
