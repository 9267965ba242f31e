"""Make a repository for learners, or bring it up to date (`make class OUT=folder`; VARIANTS=1: see docs/grading.md).

It holds the lessons and exercises without outputs, the library with its checks, and what `make lab` needs. It holds no
solutions and no tests. A later call replaces what is still as it was written. What you changed there stays, and the new
version lies beside it; what you deleted stays deleted until RESTORE names it. Your own files are never touched.
"""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from urllib.parse import quote

from gradlib.course import Delivery, deliver_files, read_course
from gradlib.grading.variants import file_with_variants
from notebooks import ROOT

OWN = "class/learners"  # holds what a learner's repository has instead of ours
COPIED = ("LICENSE", "LICENSE-TEXT", "pyproject.toml", "requirements.lock", "environment.yml", ".gitattributes")
TOOLS = ("python.sh", "offline.py", "notebooks.py", "neutral.py")  # of tools/, for `make lab` and its export to HTML
TOPS = ("notebooks", "exercises", "gradlib", "tools", "README.md", "Makefile", ".gitignore", *COPIED)
FIRST = "notebooks/00_start_here.ipynb"
OPEN = """
[Open the course on our JupyterHub]({link}): sign in, and your copy is made or brought up to date. Nothing is installed.
On your own computer:
"""


def collect(root: Path = ROOT) -> tuple[dict[str, bytes], list[str]]:
    """Return {path: content} of a repository for learners, and the notebooks that cannot be read."""
    files, unreadable = read_course(root)
    sources = [root / name for name in COPIED] + [root / "tools" / name for name in TOOLS]
    for folder in ("gradlib", "tools/jupyter"):
        sources += [path for path in (root / folder).rglob("*") if "__pycache__" not in path.parts and path.is_file()]
    files |= {path.relative_to(root).as_posix(): path.read_bytes() for path in sources}
    for path in (root / OWN).iterdir():
        files[path.name] = path.read_bytes()
    link = hub_link(tomllib.loads(files["pyproject.toml"].decode()).get("project", {}).get("urls", {}))
    readme = files["README.md"].decode().format(open=OPEN.format(link=link) if link else "", learn=to_learn(root))
    if os.environ.get("VARIANTS"):
        for path in files:
            if path.startswith("exercises/") and path.endswith(".ipynb"):
                files[path] = file_with_variants(files[path])
    return files | {"README.md": readme.encode()}, unreadable


def to_learn(root: Path) -> str:
    """The README's section for learners, without the paragraph on the wheel, which their repository cannot make."""
    readme = (root / "README.md").read_text(encoding="utf-8")
    section = re.search(r"^## To learn\n.*?(?=\n## )", readme, re.DOTALL | re.MULTILINE)[0].rstrip()
    return "\n\n".join(part for part in section.split("\n\n") if "make wheel" not in part)


def hub_link(urls: dict[str, str]) -> str:
    """The address by which nbgitpuller brings the repository `Class` to the learner on `Hub`; "" if one is missing."""
    hub, repository = urls.get("Hub", "").rstrip("/"), urls.get("Class", "").rstrip("/")
    if not (hub and repository):
        return ""
    folder = repository.rpartition("/")[2].removesuffix(".git")  # which git gives it
    page = quote(f"lab/tree/{folder}/{FIRST}", safe="")
    return f"{hub}/hub/user-redirect/git-pull?repo={quote(repository, safe='')}&branch=main&urlpath={page}"


def describe(done: Delivery, out: Path) -> list[str]:
    """Say in lines what was done."""
    lines = [f"{'Made' if done.first else 'Up to date:'} {out}"]
    for word, paths in [("new", done.new), ("replaced", done.replaced), ("no longer needed, removed", done.withdrawn)]:
        if paths and not done.first:
            lines.append(f"{len(paths)} {word}: {', '.join(paths[:5])}{', …' if len(paths) > 5 else ''}")
    lines += [f"You changed {path}, so it stays. The new version is {beside}." for path, beside in done.kept]
    if done.deleted:
        shown = ", ".join(done.deleted[:5]) + (", …" if len(done.deleted) > 5 else "")
        lines.append(f"You deleted {shown}. To get it back: make class OUT={out} RESTORE={done.deleted[0]}")
    if done.unreadable:
        lines.append(f"Left out, because it cannot be read (a conflict of git?): {', '.join(done.unreadable)}")
    return lines


def main(arguments: list[str]) -> int | str:
    if len(arguments) != 1 or not arguments[0]:
        return "OUT must name the folder of the learners' repository. Example: make class OUT=../our-class"
    out = Path(arguments[0]).absolute()
    if out.resolve().is_relative_to(ROOT) and not out.resolve().is_relative_to(ROOT / "build"):
        return f"OUT must be a folder outside this repository, got {out}. Example: make class OUT=../our-class"
    files, unreadable = collect()
    try:
        done = deliver_files(files, out, os.environ.get("RESTORE", "").split(), unreadable, TOPS)
    except ValueError as error:
        return f"RESTORE must name {error}."
    except OSError as error:
        return f"{out} could not be written: {error}."
    git = shutil.which("git")
    if git and not (out / ".git").exists():
        made = subprocess.run(
            [git, "init", "--quiet", "--initial-branch=main", str(out)], capture_output=True, text=True
        )
        if made.returncode:
            return f"The files are in {out}, but git could not make a repository of it: {made.stderr.strip()}"
    print(*describe(done, out), sep="\n")
    if done.new or done.replaced or done.withdrawn:
        print("Look at it and commit it there (git add --all, git commit), then push it to where learners find it.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
