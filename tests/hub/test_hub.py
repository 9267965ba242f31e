"""The hub that `make hub` starts: three learners sign in at once and run lesson 02; rights, limits, idle servers.

It needs npm and a registry, once. As root it also looks at the rights of each learner's process.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pytest
import requests

from notebooks import ROOT

sys.path.insert(0, str(ROOT / "class" / "hub"))
import serve  # noqa: E402
import try_hub  # noqa: E402

NAMES = ["ada", "ben", "cleo"]
PAGE = "notebooks/02_chain_rule.ipynb"
as_root = pytest.mark.skipif(not serve.IS_ROOT, reason="without root rights all learners share one user")


def free_port() -> int:
    """A port that is free, as are those that the hub uses next to it."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        if port < 65000 and not any(is_taken(port + more) for more in (1, 81)):
            return port


def is_taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Hub:
    """A hub of its own, in a folder that is not under anybody's home."""

    def __init__(self, folder: Path, names: list[str], **wishes: str):
        self.folder, self.port = folder, free_port()
        (folder / "names.txt").write_text("\n".join(names))
        self.address = f"http://127.0.0.1:{self.port}"
        own = {"OUT": str(folder), "LEARNERS": str(folder / "names.txt"), "PORT": str(self.port), "HOST": "127.0.0.1"}
        self.log = open(folder / "log.txt", "w+")
        line = [sys.executable, str(ROOT / "class" / "hub" / "serve.py")]
        self.process = subprocess.Popen(line, env=os.environ | own | wishes, stdout=self.log, stderr=self.log)
        end = time.monotonic() + 900  # the first time, packages are installed and compiled
        try:
            while not self.answers():
                assert self.process.poll() is None and time.monotonic() < end, self.said()
                time.sleep(0.5)
        except BaseException:
            self.end()
            raise

    def answers(self) -> bool:
        try:
            return requests.get(f"{self.address}/hub/login", timeout=60).ok
        except requests.ConnectionError:
            return False

    def said(self) -> str:
        return (self.folder / "log.txt").read_text()

    def learner(self, name: str) -> try_hub.Learner:
        row = next(row for row in serve.read_learners(self.folder) if row["name"] == name)
        return try_hub.Learner(name, row["password"], int(row["uid"]), self.address)

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(300)
        self.log.close()


@pytest.fixture(scope="module")
def folder():
    """A folder that learners may enter. pytest's own are closed to others."""
    with tempfile.TemporaryDirectory(prefix="hub-") as made:
        Path(made).chmod(0o711)
        yield Path(made)


@pytest.fixture(scope="module")
def hub(folder):
    started = Hub(folder, NAMES)
    yield started
    started.end()


@pytest.fixture(scope="module")
def visits(hub):
    return try_hub.visit_all(hub.folder, hub.address, len(NAMES), "02")


def evaluate(learner: try_hub.Learner, expression: str) -> str:
    """The value of an expression in a kernel of the learner, or its error: "PermissionError: …"."""
    learner.errors.clear()
    code = f"import os, resource\nraise Exception(repr({expression}))"
    learner.run(PAGE, {"cells": [{"cell_type": "code", "source": code, "metadata": {}}]})
    return learner.errors.pop().removeprefix("cell 0: ").removeprefix("Exception: ")


def test_three_learners_at_once_run_lesson_02(visits, capsys):
    with capsys.disabled():
        for each in visits:
            print(f"\n{each.name}: server {each.started:.0f} s, lesson {each.ran:.0f} s, {each.memory:.0f} MiB", end="")
    assert [(each.name, each.errors) for each in visits] == [(name, []) for name in NAMES]
    assert all(each.cells > 15 for each in visits)


@as_root
def test_each_memory_is_measured_and_small(visits):
    assert all(50 < each.memory < 1000 for each in visits)


def test_a_wrong_password_and_an_unknown_name_are_refused(hub):
    for name, password in [("ada", "guess"), ("ada", ""), ("dora", "guess"), ("dora", "")]:
        stranger = try_hub.Learner(name, password, 0, hub.address)
        with pytest.raises(Exception, match="403"):
            stranger.sign_in()


def test_one_learner_cannot_open_anothers_server(hub, visits):
    answer = visits[0].session.get(f"{hub.address}/user/ben/api/contents/{PAGE}")
    assert answer.status_code in (403, 404)


@as_root
def test_a_kernel_has_the_rights_of_its_learner_alone(hub, visits):
    ada, ben = visits[0], visits[1]
    assert evaluate(ada, "(os.getuid(), os.getgid(), os.getgroups())") == f"({ada.uid}, {ada.uid}, [])"
    other = next(each.pid for each in psutil.process_iter(["uids"]) if each.info["uids"].real == ben.uid)
    private = [hub.folder / "homes" / "ben", hub.folder / "records", ROOT / "solutions", ROOT / "tests"]
    for tried in [f"os.kill({other}, 9)", f"open({str(hub.folder / 'learners.csv')!r})"]:
        assert evaluate(ada, tried).startswith("PermissionError"), tried
    for folder in private:
        assert evaluate(ada, f"os.listdir({str(folder)!r})").startswith("PermissionError"), folder
    assert psutil.pid_exists(other)


def test_a_kernel_takes_no_port_and_its_sockets_are_closed_to_others(visits):
    """Ports that are chosen before a kernel starts are taken by another process when a class begins."""
    ada, ben = visits[0], visits[1]
    transport = "__import__('json').load(open(__import__('ipykernel').get_connection_file()))['transport']"
    assert evaluate(ada, transport) == "'ipc'"
    sockets = evaluate(ben, "os.environ['JUPYTER_RUNTIME_DIR']")
    assert evaluate(ben, f"len(os.listdir({sockets})) > 5") == "True"
    if serve.IS_ROOT:
        assert evaluate(ada, f"os.listdir({sockets})").startswith("PermissionError")


@as_root
def test_a_kernel_has_limits(visits):
    found = evaluate(visits[0], "[resource.getrlimit(getattr(resource, 'RLIMIT_' + n))[1] for n in ('AS', 'NPROC')]")
    assert found == "[3000000000, 200]"
    assert evaluate(visits[0], "len(bytearray(4_000_000_000))").startswith("MemoryError")


def test_a_kernel_knows_no_secret_of_the_hub_and_uses_one_thread(visits):
    assert evaluate(visits[0], "os.environ['OMP_NUM_THREADS']") == "'1'"
    assert evaluate(visits[0], "[n for n in os.environ if n in ('GRADLIB_HUB', 'CONFIGPROXY_AUTH_TOKEN')]") == "[]"


def test_nbgraders_panels_are_off(hub, visits):
    ada = visits[0]
    page = ada.session.get(f"{ada.base}/lab/tree/{PAGE}").text
    assert re.search(r'"disabledExtensions": \[[^]]*"@jupyter/nbgrader', page)
    assert ada.session.get(f"{ada.base}/formgrader").status_code == 404
    assert ada.session.get(f"{ada.base}/api/terminals").status_code == 404


def test_the_copy_has_no_outputs_and_what_a_learner_changed_stays(hub, visits):
    cleo = visits[2]
    notebook = cleo.open(PAGE)
    assert not any(cell.get("outputs") for cell in notebook["cells"])
    notebook["cells"][0]["source"] = "# Mine"
    headers = {"X-XSRFToken": cleo.xsrf("/user/cleo/")}
    body = {"type": "notebook", "content": notebook}
    cleo.session.put(f"{cleo.base}/api/contents/{PAGE}", json=body, headers=headers).raise_for_status()
    cleo.session.get(f"{hub.address}/hub/home").raise_for_status()
    headers = {"X-XSRFToken": cleo.xsrf("/hub/"), "Referer": f"{hub.address}/hub/home"}
    stopped = cleo.session.delete(f"{hub.address}/hub/api/users/cleo/server", headers=headers)
    assert stopped.status_code in (202, 204), stopped.text
    wait_until(lambda: servers(hub, cleo) == [])
    cleo.start()
    assert cleo.open(PAGE)["cells"][0]["source"] == "# Mine"


def servers(hub: Hub, learner: try_hub.Learner) -> list[str]:
    """The learner's servers that the hub knows of."""
    return list(learner.session.get(f"{hub.address}/hub/api/users/{learner.name}").json()["servers"])


def wait_until(met, seconds: float = 300) -> None:
    end = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < end, "it never happened"
        time.sleep(1)


def test_the_hub_ends_whole_and_an_idle_server_is_ended(hub, visits, folder):
    """It ends the first hub, so it comes last."""
    hub.end()
    if serve.IS_ROOT:
        uids = {each.uid for each in visits}
        wait_until(lambda: not [1 for each in psutil.process_iter(["uids"]) if each.info["uids"].real in uids])
    second = folder / "second"
    second.mkdir(mode=0o711)
    shutil.copytree(folder / "proxy", second / "proxy", symlinks=True)
    shutil.copy(folder / ".compiled", second) if serve.IS_ROOT else None
    again = Hub(second, ["dora"], IDLE="10")
    try:
        dora = again.learner("dora")
        dora.sign_in()
        dora.start()
        assert servers(again, dora) == [""]
        wait_until(lambda: servers(again, dora) == [])
    finally:
        again.end()
