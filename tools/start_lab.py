"""Open JupyterLab at lesson 00 (`make lab`). PORT=8899 in the environment chooses a port."""

import errno
import os
import socket
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FIRST_LESSON = "notebooks/00_start_here.ipynb"
USUAL_PORT = 8888


def is_taken(port: int) -> bool:
    with socket.socket() as probe:
        # As in JupyterLab: without this a port stays taken for a minute after its server has ended.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            return error.errno == errno.EADDRINUSE
    return False


def choose_port(wish: str) -> int:
    """The port that the user chose, else the usual one, else the next free one."""
    if not wish:
        port = next((p for p in range(USUAL_PORT, USUAL_PORT + 50) if not is_taken(p)), USUAL_PORT)
        if port != USUAL_PORT:
            print(f"Port {USUAL_PORT} is taken by another program, so JupyterLab uses {port}.")
        return port
    if not (wish.isdecimal() and 0 < int(wish) < 65536):
        sys.exit(f"PORT must be a number from 1 to 65535, got {wish!r}. Example: make lab PORT=8899")
    if is_taken(int(wish)):
        sys.exit(
            f"Port {wish} is taken by another program, perhaps by a JupyterLab that is still running.\n"
            "Choose another one, or leave PORT out to use the first free one: make lab"
        )
    return int(wish)


def has_screen() -> bool:
    on_linux = sys.platform.startswith("linux")
    return not on_linux or any(os.environ.get(v) for v in ("DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"))


def main(options: list[str]) -> None:
    command = [
        *(sys.executable, "-m", "jupyterlab"),
        f"--ServerApp.root_dir={ROOT}",
        f"--ServerApp.port={choose_port(os.environ.get('PORT', ''))}",
        f"--LabApp.default_url=/lab/tree/{FIRST_LESSON}",
        *("--ServerApp.log_level=WARN", "--LabApp.log_level=WARN"),  # the address is printed anyway
    ]
    if not has_screen():
        command.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")  # containers often have no other user
    # A learner's JupyterLab: without nbgrader's panels, and without the question about news from the network.
    config_path = [str(ROOT / "tools" / "jupyter"), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, config_path))
    print("Starting JupyterLab. Control-C, twice, ends it.", flush=True)
    os.execv(sys.executable, command + options)


if __name__ == "__main__":
    main(sys.argv[1:])
