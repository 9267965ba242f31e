"""The commands for a terminal: `gradlib lab`, or `python -m gradlib lab`, which `make lab` calls."""

from __future__ import annotations

import argparse
import errno
import importlib.metadata
import importlib.util
import json
import os
import platform
import re
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from .checks.record import data_folder
from .course import FOLDERS, Delivery, deliver

HERE = Path(__file__).resolve().parent
IN_WHEEL = HERE / "project"  # where pyproject.toml puts the course into a wheel
FROM_WHEEL = IN_WHEEL.is_dir()
ROOT = IN_WHEEL if FROM_WHEEL else HERE.parent
USUAL_PORT = 8888
LAYOUT = {
    "data": {
        "layout-restorer:data": {
            "left": {"collapsed": False, "visible": True, "current": "filebrowser", "widgets": ["filebrowser"]},
            "relativeSizes": [0.24, 0.76, 0],
        }
    },
    "metadata": {"id": "default"},
}
NAMES = 5  # of so many files a message names each

NO_COURSE = """The lessons are not beside this copy of gradlib: there is no notebooks/ in {}.
Get the whole project, as a clone or an archive, and type the same command there."""
NO_JUPYTERLAB = """JupyterLab is not installed in this Python, {}.
Type: "{}" -m pip install -e "{}[course]" """
NO_COURSE_PACKAGES = """JupyterLab is not installed in this Python, {python}.
Name the wheel with [course], which brings it, in one of these two ways:
  pip install "./{wheel}[course]"
  uvx --from "./{wheel}[course]" gradlib lab"""
NO_GRADLIB = """gradlib is not installed in this Python, {}, so no notebook would find it.
Type: "{}" -m pip install -e "{}" """
UNWRITABLE = """JupyterLab cannot write into {folder}: {reason}.
Name folders that you can write into, and type the same command again:
  export {exports}"""


def main(arguments: Sequence[str] | None = None) -> int | str:
    """Run a command; return its exit status, or a message that says why it could not be run."""
    parser = argparse.ArgumentParser(prog=program(), allow_abbrev=False)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    lab = commands.add_parser(
        "lab",
        allow_abbrev=False,
        help="make your copy of the course, or bring it up to date, and open it in JupyterLab",
        description="Make your copy of the course, or bring it up to date, and open it in JupyterLab. The copy is the "
        "folder course in the project, gradlib-course in your home folder where gradlib came as a wheel, or the one "
        "that GRADLIB_COURSE names. Other options, such as --no-browser, are passed on to JupyterLab.",
    )
    lab.add_argument("--lesson", metavar="NUMBER", default=os.environ.get("LESSON", ""), help="open this one: 07")
    lab.add_argument("--port", default=os.environ.get("PORT", ""), help="8888, or the next one that is free")
    lab.add_argument(
        "--restore",
        metavar="FILE",
        nargs="+",
        default=os.environ.get("RESTORE", "").split(),
        help="bring back what you deleted, or lay a fresh copy beside what you changed: "
        "exercises/03_scalar_engine.ipynb, or exercises for all of them",
    )
    wishes, options = parser.parse_known_args(arguments)
    if wishes.command is None:
        parser.print_help()
        return 0
    try:
        if options and not options[0].startswith("-"):
            raise Refusal(f"{options[0]!r} is not an option. A lesson is opened by: {command('LESSON', '07')}")
        return open_lab(wishes.lesson, wishes.port, wishes.restore, options)
    except Refusal as refusal:
        return str(refusal)


class Refusal(Exception):
    """A wish that cannot be met; the message says why and what to do."""


def open_lab(lesson: str, port: str, restore: Sequence[str], options: Sequence[str]) -> int:
    """Deliver the course, then run JupyterLab in it until it ends."""
    if not (ROOT / FOLDERS[0]).is_dir():
        raise Refusal(NO_COURSE.format(ROOT))
    if importlib.util.find_spec("jupyterlab") is None:
        raise Refusal(no_jupyterlab())
    if not installed():
        raise Refusal(NO_GRADLIB.format(sys.executable, sys.executable, ROOT))
    page = find_lesson(ROOT, lesson)
    chosen_port = choose_port(port)
    require_writable_settings()
    course = course_folder(ROOT)

    try:
        done = deliver(ROOT, course, restore, language_info())
    except ValueError as error:
        raise Refusal(f"RESTORE must name {error}.") from None
    except (OSError, RuntimeError) as error:
        raise Refusal(f"Your copy of the course could not be written: {error}.") from None
    print(f"Your copy of the course{' is new' if done.first else ''}: {course}", *describe(done), sep="\n")
    if not (course / page).exists():
        if lesson:
            raise Refusal(f"{page} is not in your copy. To get it back: {command('RESTORE', page)}")
        page = ""
    print("Starting JupyterLab. Control-C, twice, ends it.", flush=True)
    return run_jupyterlab(course, page, chosen_port, options)


def no_jupyterlab() -> str:
    if not FROM_WHEEL:
        return NO_JUPYTERLAB.format(sys.executable, sys.executable, ROOT)
    wheel = f"gradlib-{importlib.metadata.version('gradlib')}-py3-none-any.whl"
    return NO_COURSE_PACKAGES.format(python=sys.executable, wheel=wheel)


def language_info() -> dict:
    """The description that a kernel of this Python gives of itself; with it a notebook opens without being changed."""
    return {
        "codemirror_mode": {"name": "ipython", "version": sys.version_info[0]},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
        "version": platform.python_version(),
    }


def installed() -> bool:
    """Return True if gradlib is found from any folder, as a notebook must find it, and not only from this one."""
    line = "import importlib.util, sys; sys.exit(importlib.util.find_spec('gradlib') is None)"
    return subprocess.run([sys.executable, "-P", "-c", line]).returncode == 0


def course_folder(root: Path) -> Path:
    """The folder of the copy: GRADLIB_COURSE, else `course` in the project, else that in the user's data folder.

    The last one serves whoever cannot write into the project. A wheel's own folder goes with the next version, so
    its copy is `gradlib-course` in the user's home folder.
    """
    if chosen := os.environ.get("GRADLIB_COURSE"):
        return Path(chosen).absolute()
    here = Path.home() / "gradlib-course" if root == IN_WHEEL else root / "course"
    if is_writable(here):
        return here
    elsewhere = data_folder() / "course"
    print(f"You cannot write into {here.parent}, so your copy of the course is in your data folder.")
    return elsewhere


def is_writable(folder: Path) -> bool:
    try:
        require_writable(folder)
    except OSError:
        return False
    return True


def require_writable(folder: Path) -> None:
    """Raise OSError if no file can be written into a folder, which is made if it does not exist."""
    folder.mkdir(parents=True, exist_ok=True)
    probe = folder / f".probe-{os.getpid()}"
    probe.touch()
    probe.unlink()


def find_lesson(root: Path, number: str) -> str:
    """The path of a lesson, "7" or "07", from the copy's folder; that of the first one for ""."""
    lessons = {int(path.name[:2]): path.name for path in sorted((root / FOLDERS[0]).glob("[0-9][0-9]_*.ipynb"))}
    if not number:
        return f"{FOLDERS[0]}/{lessons[min(lessons)]}"
    if not re.fullmatch(r"[0-9]{1,3}", number) or int(number) not in lessons:
        raise Refusal(
            f"LESSON must be a number from {min(lessons):02d} to {max(lessons):02d}, got {number!r}. "
            f"Example: {command('LESSON', '07')}"
        )
    return f"{FOLDERS[0]}/{lessons[int(number)]}"


def command(name: str, value: str) -> str:
    """The line to type for a wish, as `make lab` takes it, or as `gradlib lab` does."""
    return f"make lab {name}={value}" if "MAKELEVEL" in os.environ else f"{program()} lab --{name.lower()} {value}"


def program() -> str:
    """The name of this program, as the user typed it."""
    return "gradlib" if Path(sys.argv[0]).stem == "gradlib" else "python -m gradlib"


def describe(done: Delivery) -> list[str]:
    """Say in lines what a delivery did, and nothing if there was nothing to do."""
    lines = []
    if done.new and not done.first:
        lines.append(f"New: {listed(done.new)}.")
    if done.replaced:
        lines.append(f"Brought up to date: {listed(done.replaced)}.")
    for path, beside in done.kept:
        lines.append(f"You changed {path}, so it stays. The new version lies beside it: {beside}.")
    if done.deleted:
        again = command("RESTORE", done.deleted[0])
        it = "it" if len(done.deleted) == 1 else "one"
        lines.append(f"You deleted {listed(done.deleted)}. To get {it} back: {again}")
    if done.withdrawn:
        lines.append(f"No longer part of the course, and removed: {listed(done.withdrawn)}.")
    if done.unreadable:
        lines.append(f"Left out, because it cannot be read (a conflict of git?): {listed(done.unreadable)}.")
    return lines


def listed(paths: Sequence[str]) -> str:
    return (
        ", ".join(paths)
        if len(paths) <= NAMES
        else f"{', '.join(paths[: NAMES - 1])} and {len(paths) - NAMES + 1} more"
    )


def choose_port(wish: str) -> int:
    """The port that the user chose, else the usual one, else the next free one."""
    if not wish:
        port = next((p for p in range(USUAL_PORT, USUAL_PORT + 50) if not is_taken(p)), USUAL_PORT)
        if port != USUAL_PORT:
            print(f"Port {USUAL_PORT} is taken by another program, so JupyterLab uses {port}.")
        return port
    if not (wish.isdecimal() and 0 < int(wish) < 65536):
        raise Refusal(f"PORT must be a number from 1 to 65535, got {wish!r}. Example: {command('PORT', '8899')}")
    if is_taken(int(wish)):
        raise Refusal(
            f"Port {wish} is taken by another program, perhaps by a JupyterLab that is still running.\n"
            "Choose another one, or none, and JupyterLab uses the first free one."
        )
    return int(wish)


def is_taken(port: int) -> bool:
    with socket.socket() as probe:
        # As in JupyterLab: without this a port stays taken for a minute after its server has ended.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            return error.errno == errno.EADDRINUSE
    return False


def require_writable_settings() -> None:
    """Refuse a home folder that cannot be written, which JupyterLab reports in dozens of lines."""
    from jupyter_core.paths import jupyter_config_dir, jupyter_data_dir, jupyter_runtime_dir

    places = {
        "JUPYTER_DATA_DIR": jupyter_data_dir(),
        "JUPYTER_RUNTIME_DIR": jupyter_runtime_dir(),
        "JUPYTER_CONFIG_DIR": jupyter_config_dir(),
    }
    refused = {}
    for variable, folder in places.items():
        try:
            require_writable(Path(folder))
        except OSError as error:
            refused[variable] = error
    if refused:
        first = next(iter(refused))
        example = Path(tempfile.gettempdir()) / "jupyter"
        exports = " ".join(f"{variable}={example / variable.split('_')[1].lower()}" for variable in refused)
        raise Refusal(UNWRITABLE.format(folder=places[first], reason=refused[first].strerror, exports=exports))


def run_jupyterlab(course: Path, page: str, port: int, options: Sequence[str]) -> int:
    line = [
        *(sys.executable, "-m", "jupyterlab"),
        f"--ServerApp.root_dir={course}",
        f"--ServerApp.port={port}",
        f"--LabApp.default_url=/lab/tree/{page}",
        f"--LabApp.workspaces_dir={workspace_folder(course)}",
        *("--ServerApp.log_level=WARN", "--LabApp.log_level=WARN"),  # the address is printed anyway
    ]
    if not has_screen():
        line.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        line.append("--allow-root")  # containers often have no other user
    # A learner's JupyterLab: without nbgrader's panels, and without the question about news from the network.
    settings = [str(ROOT / "tools" / "jupyter"), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, settings))
    # The kernel of a notebook is this Python, whatever kernels the machine has elsewhere, and it shows plots.
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"
    for name in ("JUPYTER_PATH", "MPLBACKEND"):
        os.environ.pop(name, None)
    line += options
    if sys.platform == "win32":  # where exec returns to the shell at once
        return subprocess.run(line).returncode
    os.execv(sys.executable, line)


def workspace_folder(course: Path) -> str:
    """The folder in which JupyterLab keeps its layout for this course; at first, the file browser is wide enough."""
    if chosen := os.environ.get("JUPYTERLAB_WORKSPACES_DIR"):
        return chosen
    folder = course / ".jupyterlab"
    layout = folder / "default-37a8.jupyterlab-workspace"  # the name that JupyterLab gives it
    if not layout.exists():
        folder.mkdir(exist_ok=True)
        layout.write_text(json.dumps(LAYOUT), encoding="utf-8")
    return str(folder)


def has_screen() -> bool:
    on_linux = sys.platform.startswith("linux")
    return not on_linux or any(os.environ.get(v) for v in ("DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"))
