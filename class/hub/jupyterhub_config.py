"""The hub's settings. `make hub` (serve.py) prepares what they need and passes it on in GRADLIB_HUB."""

import atexit
import csv
import hmac
import json
import os
import shutil
import socket
import sys
import tempfile
from functools import partial
from pathlib import Path

from jupyterhub.auth import Authenticator
from jupyterhub.proxy import ConfigurableHTTPProxy
from jupyterhub.spawner import LocalProcessSpawner

HERE = Path(__file__).resolve().parent
SETTINGS = json.loads(os.environ["GRADLIB_HUB"])
FOLDER = Path(SETTINGS["folder"])
IS_ROOT = os.geteuid() == 0
FIRST_PORT = 15_000  # of learners' servers: below the ports that the system gives to connections, which come and go
# A kernel's sockets are files in a folder of its learner. Ports would be chosen seconds before the kernel takes them,
# and when a class begins, other processes have some of them by then. A socket's path may have 107 characters.
SOCKETS = Path(tempfile.mkdtemp(prefix="hub-", dir="/tmp"))
SOCKETS.chmod(0o711)
atexit.register(shutil.rmtree, SOCKETS, ignore_errors=True)


def learners() -> dict[str, dict[str, str]]:
    with open(FOLDER / "learners.csv", newline="", encoding="utf-8") as file:
        return {row["name"]: row for row in csv.DictReader(file)}


class ByPassword(Authenticator):
    """Names and passwords of learners.csv."""

    async def authenticate(self, handler, data):
        known = learners().get(data["username"], {}).get("password", "")
        given = data["password"].strip().lower()
        if known and hmac.compare_digest(known.encode(), given.encode()):
            return data["username"]
        return None


class OwnRights(LocalProcessSpawner):
    """A server for each learner: with the learner's own rights where the hub is root, and with limits."""

    @property
    def home(self) -> Path:
        return FOLDER / "homes" / self.user.name

    @property
    def uid(self) -> int:
        return int(learners()[self.user.name]["uid"])

    @property
    def sockets(self) -> Path:
        return SOCKETS / str(self.uid)

    async def start(self):
        self.port = port_of(self.uid)
        self.sockets.mkdir(mode=0o700, exist_ok=True)
        if IS_ROOT:
            os.chown(self.sockets, self.uid, self.uid)
        return await super().start()

    def make_preexec_fn(self, name):
        return partial(become, self.uid if IS_ROOT else None, self.home, SETTINGS["memory"])

    def user_env(self, env):
        env |= {"HOME": str(self.home), "USER": self.user.name, "LOGNAME": self.user.name, "SHELL": "/bin/sh"}
        return env | {"JUPYTER_RUNTIME_DIR": str(self.sockets)}


def port_of(uid):
    """The port of a learner's server, which no other learner has; 0, for any, if another program listens there."""
    port = FIRST_PORT + uid % 15_000
    with socket.socket() as probe:
        return 0 if probe.connect_ex(("127.0.0.1", port)) == 0 else port


class PatientProxy(ConfigurableHTTPProxy):
    """The proxy, started again where a busy machine takes longer than the ten seconds that JupyterHub waits for it."""

    async def start(self):
        for _ in range(5):
            try:
                return await super().start()
            except TimeoutError:
                self.stop()  # its files are in memory now, so the next start takes less
        return await super().start()


def become(uid, home, memory):
    """Take on a learner's rights and limits, in the new process before the server starts in it."""
    import resource

    os.umask(0o077)
    limits = {
        resource.RLIMIT_AS: memory,  # bytes of addresses, of which a kernel with plots uses about half a GB
        resource.RLIMIT_FSIZE: 500_000_000,  # bytes of a file
        resource.RLIMIT_NOFILE: 4096,
        resource.RLIMIT_CORE: 0,
    }
    if uid is not None:
        limits[resource.RLIMIT_NPROC] = 200  # processes and threads of this user
    for limit, most in limits.items():
        hard = resource.getrlimit(limit)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(limit, (most, most))
    if uid is not None:
        os.setgroups([])
        os.setgid(uid)
        os.setuid(uid)
    os.chdir(home)


c = get_config()  # noqa: F821

c.JupyterHub.bind_url = SETTINGS["bind"]
c.JupyterHub.ssl_key = SETTINGS["ssl_key"]
c.JupyterHub.ssl_cert = SETTINGS["ssl_cert"]
# Next to PORT=8000, the usual ports: 8001 for the proxy's orders, 8081 for the hub. They listen on this machine only.
c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{SETTINGS['port'] + 81}"
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{SETTINGS['port'] + 1}"
c.ConfigurableHTTPProxy.command = [SETTINGS["proxy"]]
c.ConfigurableHTTPProxy.log_level = "error"
c.JupyterHub.proxy_class = PatientProxy
c.ConfigurableHTTPProxy.pid_file = str(FOLDER / "records" / "proxy.pid")
c.JupyterHub.db_url = f"sqlite:///{FOLDER / 'records' / 'hub.sqlite'}"
c.JupyterHub.cookie_secret_file = str(FOLDER / "records" / "cookie_secret")
c.JupyterHub.log_level = "WARN"

c.JupyterHub.authenticator_class = ByPassword
c.Authenticator.allowed_users = set(learners())

c.JupyterHub.spawner_class = OwnRights
c.Spawner.cmd = [sys.executable, str(HERE / "start.py")]
c.Spawner.args = ["--KernelManager.transport=ipc"]
c.Spawner.notebook_dir = "~/course"
c.Spawner.default_url = "/lab/tree/notebooks/00_start_here.ipynb"
c.Spawner.env_keep = ["PATH", "LANG", "LC_ALL"]
c.Spawner.environment = {
    "OMP_NUM_THREADS": "1",  # thirty learners on a few cores: more threads only wait for each other
    "OPENBLAS_NUM_THREADS": "1",
    "JUPYTER_CONFIG_PATH": str(HERE / "jupyter"),
    "JUPYTER_PREFER_ENV_PATH": "1",
}
# Starting a server takes seconds of a processor. When a class signs in at once, the last one waits for all others.
c.Spawner.start_timeout = 600
c.Spawner.http_timeout = 600
c.JupyterHub.concurrent_spawn_limit = 0

# A server on which nothing has happened for a while is ended; the learner's files stay, and it starts again on request.
c.JupyterHub.load_roles = [
    {
        "name": "culler",
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
        "services": ["culler"],
    }
]
c.JupyterHub.services = [
    {
        "name": "culler",
        "command": [sys.executable, "-m", "jupyterhub_idle_culler", f"--timeout={SETTINGS['idle']}"],
    }
]
