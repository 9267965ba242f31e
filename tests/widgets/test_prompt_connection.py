"""Nothing that a kernel says waits in the socket of `make lab`'s server."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# A real server and a real kernel, in a process of their own: it prints whether each socket between the server and a
# browser sends small packets at once.
SERVER = """
import gc, socket
from jupyter_server.serverapp import ServerApp
from jupyter_server.services.kernels.websocket import KernelWebsocketHandler
from tornado.websocket import websocket_connect

app = ServerApp.instance()

async def look():
    try:
        kernel = await app.kernel_manager.start_kernel()
        browser = await websocket_connect(f"{app.local_url.replace('http', 'ws')}api/kernels/{kernel}/channels")
        await browser.read_message()
        handlers = [thing for thing in gc.get_objects() if isinstance(thing, KernelWebsocketHandler)]
        sockets = [handler.ws_connection.stream.socket for handler in handlers]
        print([bool(one.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)) for one in sockets])
        await app.kernel_manager.shutdown_all()
    finally:
        app.stop()

options = ["open_browser=False", "allow_root=True", "log_level=ERROR", "port=0"]
app.initialize([f"--ServerApp.{option}" for option in options] + ["--IdentityProvider.token="])
app.io_loop.add_callback(look)
app.start()
"""


def test_a_kernels_answers_do_not_wait_in_the_socket(tmp_path):
    places = {name: str(tmp_path) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")}
    settings = os.environ | places | {"JUPYTER_CONFIG_PATH": str(ROOT / "tools" / "jupyter")}
    done = subprocess.run(
        [sys.executable, "-c", SERVER], cwd=tmp_path, env=settings, capture_output=True, text=True, timeout=120
    )
    assert done.stdout.splitlines() == ["[True]"], done.stderr
