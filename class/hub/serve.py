"""Serve the course to a class from this machine (`make hub`): JupyterHub, with a name and a password for each learner.

make hub                           thirty learners, learner01 to learner30, on port 8000
make hub LEARNERS=names.txt        a file with a name on each line
make hub OUT=/srv/ourhub PORT=443 SSL_KEY=key.pem SSL_CERT=cert.pem

As root, each learner's server is a process with rights of its own: nobody reads or changes another's files or ends
another's programs, and solutions and tests of this repository are closed to learners. Without root rights all servers
share one user; that is for trying it out.

OUT holds what has to last: `learners.csv` with the passwords, the learners' homes, the hub's own records.
"""

import argparse
import compileall
import csv
import ctypes
import importlib.util
import json
import os
import pwd
import re
import secrets
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROXY = "configurable-http-proxy@5.3.0"
CLOSED = ("solutions", "tests", "class/guide", "class/GUIDE.md", ".git", "build", "course")  # to learners
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that look alike
FIRST_UID = 50000
CLONE_NEWNS = 0x20000  # of Linux's unshare: a mount namespace
IS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
NAME = re.compile(r"[a-z][a-z0-9._-]{0,31}")

SHARED = """You are not root, so all learners share one user, yours: each can read and change the files of all and
yours. That is for trying the hub out. For a class run it as root, or give each learner a container."""
PLAIN = "Passwords travel without encryption. In a room of your own that may do; otherwise give SSL_KEY and SSL_CERT."
CANNOT_RUN = """Learners' processes cannot run {python}: {why}
They must be able to read this repository, its environment and its Python. Put the repository where everybody may read,
for example under /srv, with a Python that is not in somebody's home."""


class Refusal(Exception):
    """A wish that cannot be met; the message says why and what to do."""


def learners_file(folder: Path) -> Path:
    return folder / "learners.csv"


def read_learners(folder: Path) -> list[dict[str, str]]:
    """The rows of learners.csv: name, password, uid."""
    try:
        with open(learners_file(folder), newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))
    except FileNotFoundError:
        return []


def add_learners(folder: Path, names: list[str]) -> list[dict[str, str]]:
    """Give each new name a password and a user number; those who are there keep theirs."""
    for name in names:
        if not NAME.fullmatch(name):
            raise Refusal(f"a name must be lower-case letters, digits and . _ -, beginning with a letter, got {name!r}")
    learners = read_learners(folder)
    known = {learner["name"] for learner in learners}
    numbers = free_uids({int(learner["uid"]) for learner in learners})
    for name in dict.fromkeys(names):
        if name not in known:
            password = "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(3))
            learners.append({"name": name, "password": password, "uid": str(next(numbers))})
    temporary = folder / ".learners.csv"
    with open(
        os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", newline="", encoding="utf-8"
    ) as file:
        writer = csv.DictWriter(file, ["name", "password", "uid"])
        writer.writeheader()
        writer.writerows(learners)
    os.replace(temporary, learners_file(folder))
    return learners


def free_uids(taken: set[int]) -> Iterator[int]:
    """User numbers that neither the machine nor another learner has."""
    uid = max({FIRST_UID - 1} | taken)
    while True:
        uid += 1
        try:
            pwd.getpwuid(uid)
        except KeyError:
            yield uid


def make_homes(folder: Path, learners: list[dict[str, str]]) -> None:
    """Make a folder for each learner, which nobody else can open."""
    homes = folder / "homes"
    homes.mkdir(exist_ok=True)
    homes.chmod(0o755)
    for learner in learners:
        home = homes / learner["name"]
        if not home.exists():
            home.mkdir(0o700)
            if IS_ROOT:
                os.chown(home, int(learner["uid"]), int(learner["uid"]))


def close(root: Path) -> None:
    """Take the rights of others away from what learners are not to read."""
    for name in CLOSED:
        if (root / name).exists():
            close_to_others(root / name)


def close_to_others(path: Path) -> None:
    path.chmod(stat.S_IMODE(path.stat().st_mode) & ~0o007)


def blocked(path: Path) -> Path | None:
    """The first folder on the way to a path that others may not enter, as /root; None if the way is open."""
    return next((each for each in reversed(path.parents) if not each.stat().st_mode & stat.S_IXOTH), None)


def open_the_way(needed: list[Path]) -> None:
    """Let learners' processes reach what they need where it lies in a folder that others may not enter.

    The hub gets a view of the file system of its own (a mount namespace): there such a folder holds nothing but what
    is needed. Nothing is changed for the rest of the machine, and the view ends with the hub.
    """
    needed = sorted({path.resolve() for path in needed})
    outermost = [path for path in needed if not any(path.is_relative_to(other) for other in needed if other != path)]
    closed = {
        top: [path for path in outermost if blocked(path) == top] for top in filter(None, map(blocked, outermost))
    }
    if not closed or ctypes.CDLL(None).unshare(CLONE_NEWNS):
        return
    mount("--make-rprivate", "/")
    for top, inside in closed.items():
        # Not a TemporaryDirectory: after an error it would delete its contents, which are the folders mounted there.
        kept = Path(tempfile.mkdtemp(prefix="hub-"))
        for number, path in enumerate(inside):
            mount("--bind", path, make(kept / str(number)))
        mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", top)
        for number, path in enumerate(inside):
            mount("--bind", kept / str(number), make(path))
            subprocess.run(["umount", kept / str(number)], check=True)
            (kept / str(number)).rmdir()
        kept.rmdir()
    os.chdir(ROOT)


def mount(*arguments: str | Path) -> None:
    subprocess.run(["mount", *arguments], check=True)


def make(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def require_readable(uid: int) -> None:
    """Refuse a place in which a learner's process could not run."""
    line = [sys.executable, "-P", "-c", "import gradlib, jupyterhub"]
    try:
        done = subprocess.run(
            line, cwd="/", user=uid, group=uid, extra_groups=[], env={}, capture_output=True, text=True
        )
        why = done.stderr.strip().splitlines()[-1:] if done.returncode else []
    except PermissionError as error:
        why = [error.strerror]
    if why:
        raise Refusal(CANNOT_RUN.format(python=sys.executable, why=why[0]))


def install(folder: Path) -> Path:
    """Install JupyterHub and its proxy if they are not here; return the proxy's program."""
    if importlib.util.find_spec("jupyterhub") is None or importlib.util.find_spec("jupyterhub_idle_culler") is None:
        print("Installing JupyterHub.", flush=True)
        line = [sys.executable, "-m", "pip", "install", "--quiet", "-c", "requirements.lock", "--editable", ".[hub]"]
        if subprocess.run(line, cwd=ROOT).returncode:
            raise Refusal("JupyterHub could not be installed; the lines above say why.")
    program = folder / "proxy" / "node_modules" / ".bin" / "configurable-http-proxy"
    if not program.exists():
        npm = shutil.which("npm")
        if npm is None:
            raise Refusal("npm is not here, which brings JupyterHub's proxy. On Debian and Ubuntu: apt install npm")
        print("Installing JupyterHub's proxy.", flush=True)
        line = [npm, "install", "--prefix", str(folder / "proxy"), "--no-audit", "--no-fund", "--loglevel=error", PROXY]
        if subprocess.run(line).returncode:
            raise Refusal("The proxy could not be installed; the lines above say why.")
    return program


def compile_once(folder: Path) -> None:
    """Compile what learners import. They cannot store it themselves, and each start would take seconds longer."""
    compileall.compile_dir(ROOT / "gradlib", quiet=2)
    done, now = folder / ".compiled", sys.version + (ROOT / "requirements.lock").read_text(encoding="utf-8")
    if not done.exists() or done.read_text(encoding="utf-8") != now:
        print("Compiling the packages, once.", flush=True)
        for path in {path for path in sys.path if "-packages" in path}:
            compileall.compile_dir(path, quiet=2, workers=0)
        done.write_text(now, encoding="utf-8")


def default_folder() -> Path:
    from gradlib.checks.record import data_folder

    return Path("/srv/gradlib-hub") if IS_ROOT else data_folder() / "hub"


def read_names(file: str) -> list[str]:
    if not file:
        return [f"learner{number:02d}" for number in range(1, 31)]
    try:
        lines = Path(file).read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise Refusal(f"LEARNERS must name a file with a name on each line, got {file!r}: {error.strerror}") from None
    names = [line.strip() for line in lines if line.strip()]
    if not names:
        raise Refusal(f"LEARNERS must name a file with a name on each line, and there is none in {file!r}")
    return names


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make hub", description=__doc__, allow_abbrev=False)
    env = os.environ.get
    parser.add_argument("--out", type=Path, default=env("OUT") or None, help="the folder for homes and passwords")
    parser.add_argument("--learners", default=env("LEARNERS", ""), help="a file with a name on each line")
    parser.add_argument("--host", default=env("HOST", ""), help="listen on this address only; all, if none is given")
    parser.add_argument("--port", type=int, default=env("PORT") or 8000)
    parser.add_argument("--ssl-key", default=env("SSL_KEY", ""))
    parser.add_argument("--ssl-cert", default=env("SSL_CERT", ""))
    parser.add_argument("--memory", type=float, default=env("MEMORY") or 3, help="GB for each process")
    parser.add_argument("--idle", type=int, default=env("IDLE") or 3600, help="seconds until a server is ended")
    return parser.parse_args(arguments)


def require_certificate(files: list[Path], folder: Path) -> None:
    """Refuse files for HTTPS that are not there for the hub. It sees the given folder in any case."""
    missing = [str(file) for file in files if not file.is_file()]
    if len(files) != 2 or missing:
        raise Refusal(
            f"SSL_KEY and SSL_CERT must each name a file that the hub sees, and {' and '.join(missing) or 'one'} is "
            f"missing. In folders that others may not enter, such as /root, it sees none: lay them into {folder}."
        )


def prepare(wishes: argparse.Namespace) -> dict[str, str]:
    """Make everything that the hub needs; return the environment for its configuration."""
    folder = (wishes.out or default_folder()).absolute()
    ssl = [Path(file).absolute() for file in (wishes.ssl_key, wishes.ssl_cert) if file]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "records").mkdir(mode=0o700, exist_ok=True)  # of the hub
    names = read_names(wishes.learners) if wishes.learners or not read_learners(folder) else []
    learners = add_learners(folder, names)
    make_homes(folder, learners)
    proxy = install(folder)
    if IS_ROOT:
        close(ROOT)
        compile_once(folder)
        node = Path(shutil.which("node") or "/usr/bin/node").resolve()
        open_the_way([ROOT, Path(sys.prefix), Path(sys.base_prefix), folder, node.parents[1]])
        require_readable(int(learners[0]["uid"]))
    if ssl:
        require_certificate(ssl, folder / "records")
    settings = {
        "folder": str(folder),
        "proxy": str(proxy),
        "bind": f"{'https' if ssl else 'http'}://{wishes.host}:{wishes.port}/",
        "port": wishes.port,
        "ssl_key": str(ssl[0]) if ssl else "",
        "ssl_cert": str(ssl[1]) if ssl else "",
        "memory": int(wishes.memory * 1e9),
        "idle": wishes.idle,
    }
    print(f"{len(learners)} learners. Names and passwords: {learners_file(folder)}. Their files: {folder / 'homes'}")
    if not IS_ROOT:
        print(SHARED)
    if not ssl:
        print(PLAIN)
    print(f"The hub listens at {settings['bind'].replace('://:', '://THIS-MACHINE:')}. Control-C ends it.", flush=True)
    return {"GRADLIB_HUB": json.dumps(settings)}


def main(arguments: list[str]) -> int | str:
    try:
        environment = prepare(parse(arguments))
    except Refusal as refusal:
        return str(refusal)
    except (OSError, subprocess.CalledProcessError) as error:
        return f"The hub could not be set up: {error}"
    os.environ.update(environment)
    config = Path(__file__).with_name("jupyterhub_config.py")
    os.execv(sys.executable, [sys.executable, "-m", "jupyterhub", "--config", str(config)])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
