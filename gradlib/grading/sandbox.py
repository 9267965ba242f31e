"""Start a runner with as few rights as this system can give.

- "root" (Linux, root, `unshare`): a user of its own, a file system with Python, the library and one small folder, no
  network, no other process in sight, and none that outlives it.
- "user" (Linux, no root, where user namespaces are allowed): the same, but the user is the one who grades.
- "other" (root in a container that allows no namespaces): a user of its own, which can read what everybody can, and use
  the network. None of its processes outlives it.
- "limits" (elsewhere): it can read and write what the one who grades can.

Everywhere it has limits of memory, processor time, file size and number of processes.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from ..checks.limits import own_time

USERS = range(64_100, 65_000)  # user numbers that nobody has, one for each submission that is graded at the same time
MEMORY = 3 * 2**30  # bytes, for one process and for all of a submission together
LIMITS = {"as": MEMORY, "cpu": 900, "fsize": 20 * 2**20, "nofile": 256, "core": 0}
PROCESSES = 24
DISK = "64m"
IDLE = 60.0  # seconds
LONGEST = 900.0  # seconds for all of a submission, without those in which it waits for a busy machine
OWN_USER = ("root", "other")

_SCRIPT = """
set -e
root=$1; shift
mount -t tmpfs -o size=1m,mode=755 none "$root"
mkdir "$root/proc" "$root/dev" "$root/scratch" "$root/etc"
for each in bin lib lib64 sbin; do
    if [ -L "/$each" ]; then ln -s "$(readlink "/$each")" "$root/$each"
    elif [ -d "/$each" ]; then mkdir "$root/$each"; mount --bind "/$each" "$root/$each"; fi
done
for each in {folders}; do mkdir -p "$root$each"; mount --rbind "$each" "$root$each"; done
for each in ld.so.cache localtime; do if [ -e "/etc/$each" ]; then cp "/etc/$each" "$root/etc/$each"; fi; done
for each in null zero random urandom; do : > "$root/dev/$each"; mount --bind "/dev/$each" "$root/dev/$each"; done
while read -r _ _ _ _ place _; do  # without root all this belongs to the user that the runner has
    case $place in "$root"/*) mount -o remount,bind,ro "$(printf '%b' "$place")";; esac
done < /proc/self/mountinfo
mount -t proc none "$root/proc"
for each in shmall msgmni; do (echo 0 > "$root/proc/sys/kernel/$each") 2> /dev/null || :; done  # outlives its process
mount -t tmpfs -o size={disk},nr_inodes=5000,mode=777 none "$root/scratch"
ln -s scratch "$root/tmp"
exec chroot "$root" {rights} /bin/sh -c 'cd /scratch && exec "$@"' sh "$@"
"""


@dataclass
class Runner:
    """A runner that has been started. stop() ends it with all that it has started."""

    process: subprocess.Popen
    kind: str
    user: int
    folder: str
    work: int = 0  # of the processor, in ticks, when it was last seen to grow
    since: float = field(default_factory=time.monotonic)
    began: float = field(default_factory=time.monotonic)

    def watch(self, judge: int) -> None:
        """Stop it if it takes too much memory or time, or if all its processes, and the judge, do nothing for long.

        A process that waits for a busy machine still gets some of its time. The first one and the judge wait for each
        other; seconds in which the one that works waits for a processor are not the submission's.
        """
        if self.kind not in OWN_USER:
            return
        mine = _processes_of(self.user)
        work = sum(map(_ticks, [*mine, judge]))
        if work != self.work:
            self.work, self.since = work, time.monotonic()
        now = time.monotonic()
        waited = sum(now - own_time(each) for each in (*sorted(mine)[:1], judge))
        if now - self.began - waited > LONGEST or now - self.since > IDLE or sum(map(_memory, mine)) > MEMORY:
            self.stop()

    def stop(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        if self.kind in OWN_USER:
            _end_all_of(self.user)
        shutil.rmtree(self.folder, ignore_errors=True)


@contextlib.contextmanager
def users(count: int) -> Iterator[list[int]]:
    """User numbers for this call alone: whoever ends a submission ends all processes of its user.

    Another call on this machine takes others. A name of a socket says that a number is taken; it goes with its process.
    """
    with contextlib.ExitStack() as taken:
        found: list[int] = []
        for user in USERS if best_kind() in OWN_USER else ():
            if len(found) < count and (name := _take(user)):
                taken.enter_context(name)
                if not _processes_of(user):
                    found.append(user)
        if best_kind() in OWN_USER and len(found) < count:
            raise OSError(f"Of the user numbers from {USERS[0]} to {USERS[-1]} only {len(found)} are free.")
        yield found or [os.geteuid()] * count


def _take(user: int) -> socket.socket | None:
    name = socket.socket(socket.AF_UNIX)
    try:
        name.bind(f"\0{__name__}/{user}")  # a name without a file
    except OSError:
        name.close()
        return None
    return name


def start(descriptor: int, library: Path, user: int) -> Runner:
    """Start a runner. library: the folder with its copy of gradlib. user: one of `users`, which no other runner has."""
    kind = best_kind()
    folder = tempfile.mkdtemp(prefix="gradlib-")
    environment = {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "PYTHONPATH": str(library),
        "PYTHONDONTWRITEBYTECODE": "1",
        "MPLBACKEND": "agg",
        "LANG": "C.UTF-8",
        **{name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")},
    }
    is_apart = kind in ("root", "user")  # in a file system of its own
    home = "/scratch" if is_apart else folder
    environment |= {"HOME": home, "IPYTHONDIR": home, "MPLCONFIGDIR": home, "TMPDIR": home}
    command = [sys.executable, "-m", f"{__package__}.runner", str(descriptor)]
    limits = LIMITS | ({} if kind == "limits" else {"nproc": PROCESSES})
    command = ["env", "-i", *(f"{name}={value}" for name, value in environment.items()), *command]
    if is_apart:
        script = _SCRIPT.replace("{folders}", shlex.join(_folders(library))).replace("{disk}", DISK)
        script = script.replace("{rights}", shlex.join(_rights(kind, user, limits)))
        command = [*_isolated(kind), "sh", "-c", script, "sh", folder, *command]
    elif shutil.which("prlimit"):
        command = [*_rights(kind, user, limits), *command]
    if kind == "other":
        os.chown(folder, user, user)
    process = subprocess.Popen(
        command,
        cwd=folder,
        pass_fds=[descriptor],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    return Runner(process, kind, user, folder)


def ends_with_us() -> list[str]:
    """How a command begins that is ended with the process that has started it."""
    return ["setpriv", "--pdeathsig=KILL"] if shutil.which("setpriv") else []


def _isolated(kind: str) -> list[str]:
    spaces = ["--mount", "--net", "--ipc", "--uts", "--pid", "--fork", "--kill-child"]
    own_user = ["--user", "--map-root-user"] if kind == "user" else []
    return [*ends_with_us(), "unshare", *own_user, *spaces]


def _rights(kind: str, user: int, limits: dict[str, int]) -> list[str]:
    bounds = ["prlimit", *(f"--{name}={value}" for name, value in limits.items())]
    if kind == "limits":
        return bounds
    bounds += [*ends_with_us(), "--inh-caps=-all", "--no-new-privs"]  # to become another user cancels an earlier one
    if kind == "user":
        return [*bounds, "--bounding-set=-all"]
    return [*bounds, "--bounding-set=-all"] + [f"--reuid={user}", f"--regid={user}", "--clear-groups"]


def _folders(library: Path) -> list[str]:
    """The folders that a runner sees, none inside another."""
    wanted = ["/usr", sys.base_prefix, sys.prefix, str(Path(sys.executable).resolve().parents[1]), str(library)]
    kept: list[str] = []
    for each in sorted({os.path.abspath(each) for each in wanted}):
        if not any(each == other or each.startswith(f"{other}/") for other in kept):
            kept.append(each)
    return kept


@lru_cache
def best_kind() -> str:
    """The kind of protection that this system allows."""
    if sys.platform != "linux" or not all(map(shutil.which, ("unshare", "setpriv", "prlimit", "mount", "chroot"))):
        return "limits"
    kind = "root" if os.geteuid() == 0 else "user"
    with tempfile.TemporaryDirectory() as folder:
        script = _SCRIPT.replace("{folders}", shlex.join(_folders(Path(folder)))).replace("{disk}", DISK)
        script = script.replace("{rights}", shlex.join(_rights(kind, USERS[0], LIMITS)))
        tried = subprocess.run(
            [*_isolated(kind), "sh", "-c", script, "sh", folder, "true"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    if tried.returncode == 0:
        return kind
    python = [*_rights("other", USERS[0], LIMITS), sys.executable, "-c", "import numpy"]
    is_possible = kind == "root" and subprocess.run(python, capture_output=True).returncode == 0
    return "other" if is_possible else "limits"


def words(kind: str) -> str:
    """A sentence on the protection, or "" where it is whole."""
    if kind == "root":
        return ""
    if kind == "user":
        return (
            "You are not root, so each submission runs under your own user, in a file system and a network of its own: "
            "it sees none of your files."
        )
    if kind == "other":
        return (
            "This system gives a submission a user of its own, but no file system: its code can read files that "
            "everybody can read, and use the network."
        )
    return (
        "This system does not let a submission run in a file system of its own. Its code can read and write what you "
        "can, and use the network. Grade as root on Linux, or in a container, if you do not trust everybody."
    )


def _processes_of(user: int) -> list[int]:
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError):
                if os.stat(f"/proc/{entry}").st_uid == user:
                    found.append(int(entry))
    return found


def _memory(pid: int) -> int:
    """Bytes that a process holds: its own, and those of its files without a name, which are in no process."""
    found = 0
    with contextlib.suppress(OSError, ValueError, IndexError):
        found = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096
    with contextlib.suppress(OSError):
        for each in os.scandir(f"/proc/{pid}/fd"):
            with contextlib.suppress(OSError):
                if os.readlink(each.path).startswith("/memfd:"):
                    found += each.stat().st_blocks * 512
    return found


def _ticks(pid: int) -> int:
    """How long a process has run on the processor."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        return sum(map(int, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]))
    return 0


def _end_all_of(user: int) -> None:
    """End every process of a user that only this submission has."""
    end = time.monotonic() + 5
    while (left := _processes_of(user)) and time.monotonic() < end:
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)
