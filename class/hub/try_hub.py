"""Let a number of learners sign in to the hub at once, open a lesson and run all of it.

python class/hub/try_hub.py FOLDER --address http://127.0.0.1:8000 --learners 3 --lesson 02

FOLDER is the hub's (its learners.csv has the names and passwords). Each learner signs in as a browser does, waits for
the server, opens the lesson in JupyterLab, starts its kernel and runs one cell after the other. At the end there is a
row for each learner: seconds until the server was there, seconds for the lesson, memory. A cell that fails ends the
run with exit status 1.
"""

import argparse
import csv
import json
import statistics
import sys
import threading
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import requests
import websocket

PATIENCE = 900  # seconds for anything: the machine may be busy


@dataclass
class Learner:
    """One learner's visit, and what it took."""

    name: str
    password: str
    uid: int
    address: str
    started: float = 0.0  # seconds from signing in to a server that answers
    ran: float = 0.0  # seconds for all cells
    memory: float = 0.0  # MiB of all processes of this learner, at the end
    cells: int = 0
    errors: list[str] = field(default_factory=list)
    session: requests.Session = field(default_factory=requests.Session)

    @property
    def base(self) -> str:
        return f"{self.address}/user/{self.name}"

    def xsrf(self, path: str) -> str:
        """The token that the pages below a path have left in a cookie; the nearest one counts."""
        found = [each for each in self.session.cookies if each.name == "_xsrf" and path.startswith(each.path)]
        return max(found, key=lambda each: len(each.path)).value if found else ""

    def sign_in(self) -> None:
        self.session.get(f"{self.address}/hub/login", timeout=PATIENCE)
        form = {"username": self.name, "password": self.password, "_xsrf": self.xsrf("/hub/")}
        answer = self.session.post(f"{self.address}/hub/login", data=form, timeout=PATIENCE)
        answer.raise_for_status()

    def start(self) -> None:
        """Ask for the server, and wait until it answers."""
        begin = time.monotonic()
        while True:
            self.session.get(f"{self.address}/hub/spawn", timeout=PATIENCE)
            answer = self.session.get(f"{self.base}/api/status", timeout=PATIENCE)
            if answer.ok and answer.headers.get("Content-Type", "").startswith("application/json"):
                break
            if time.monotonic() - begin > PATIENCE:
                raise TimeoutError(f"no server after {PATIENCE} s: {answer.status_code}")
            time.sleep(1)
        self.started = time.monotonic() - begin

    def open(self, page: str) -> dict:
        """Open a page in JupyterLab, and return the notebook."""
        self.session.get(f"{self.base}/lab/tree/{page}", timeout=PATIENCE).raise_for_status()
        answer = self.session.get(f"{self.base}/api/contents/{page}", params={"content": 1}, timeout=PATIENCE)
        answer.raise_for_status()
        return answer.json()["content"]

    def run(self, page: str, notebook: dict) -> None:
        """Run all cells in a kernel of their own."""
        headers = {"X-XSRFToken": self.xsrf(f"/user/{self.name}/")}
        body = {"path": page, "name": page, "type": "notebook", "kernel": {"name": "python3"}}
        answer = self.session.post(f"{self.base}/api/sessions", json=body, headers=headers, timeout=PATIENCE)
        answer.raise_for_status()
        kernel, begin = answer.json()["kernel"]["id"], time.monotonic()
        cookies = "; ".join(f"{each.name}={each.value}" for each in self.session.cookies)
        channels = websocket.create_connection(
            f"{self.base.replace('http', 'ws', 1)}/api/kernels/{kernel}/channels", cookie=cookies, timeout=PATIENCE
        )
        for number, cell in enumerate(notebook["cells"]):
            source = "".join(cell["source"])
            if cell["cell_type"] == "code" and source.strip():
                may_fail = "raises-exception" in cell["metadata"].get("tags", [])
                error = run_cell(channels, source, stop_on_error=not may_fail)
                self.cells += 1
                if error and not may_fail:
                    self.errors.append(f"cell {number}: {error}")
        self.ran = time.monotonic() - begin
        self.memory = memory(self.uid)
        channels.close()

    def visit(self, page: str) -> None:
        try:
            self.sign_in()
            self.start()
            self.run(page, self.open(page))
        except Exception as error:
            self.errors.append(f"{type(error).__name__}: {error}")


def run_cell(channels: websocket.WebSocket, source: str, stop_on_error: bool) -> str:
    """Run code in a kernel; return its error, or ""."""
    message = uuid.uuid4().hex
    header = {"msg_id": message, "msg_type": "execute_request", "username": "", "session": message, "version": "5.3"}
    content = {"code": source, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False}
    content["stop_on_error"] = stop_on_error
    request = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
    channels.send(json.dumps(request))
    reply, idle = None, False
    while reply is None or not idle:
        got = channels.recv()
        if isinstance(got, bytes):  # a widget's binary data
            continue
        answer = json.loads(got)
        if answer["parent_header"].get("msg_id") != message:
            continue
        if answer["msg_type"] == "execute_reply":
            reply = answer["content"]
        elif answer["msg_type"] == "status":
            idle = answer["content"]["execution_state"] == "idle"
    return "" if reply["status"] == "ok" else f"{reply.get('ename')}: {reply.get('evalue')}"


def memory(uid: int) -> float:
    """MiB of all processes of a user. What several share counts in parts (PSS), where Linux lets us see it."""
    total = 0
    for process in psutil.process_iter(["uids"]):
        try:
            if process.info["uids"] and process.info["uids"].real == uid:
                full = process.memory_full_info()
                total += getattr(full, "pss", 0) or full.rss
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return total / 2**20


def visit_all(folder: Path, address: str, count: int, lesson: str) -> list[Learner]:
    """All visits at once, each in a thread. Raises SystemExit if there are no such learners or no such lesson."""
    try:
        with open(folder / "learners.csv", newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))[:count]
    except FileNotFoundError:
        raise SystemExit(f"there is no hub in {folder}: it has no learners.csv") from None
    learners = [Learner(row["name"], row["password"], int(row["uid"]), address) for row in rows]
    pages = sorted((Path(__file__).resolve().parents[2] / "notebooks").glob(f"{lesson}_*.ipynb"))
    if not learners:
        raise SystemExit(f"--learners must be at least 1, got {count}")
    if len(pages) != 1:
        raise SystemExit(f"--lesson must be a number from 00 to 20, got {lesson!r}")
    threads = [threading.Thread(target=each.visit, args=(f"notebooks/{pages[0].name}",)) for each in learners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return learners


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--address", default="http://127.0.0.1:8000")
    parser.add_argument("--learners", type=int, default=3)
    parser.add_argument("--lesson", default="02")
    wishes = parser.parse_args(arguments)
    begin = time.monotonic()
    learners = visit_all(wishes.folder, wishes.address, wishes.learners, wishes.lesson)
    print(f"{'learner':<12} {'server (s)':>10} {'lesson (s)':>10} {'memory (MiB)':>12} {'cells':>5}")
    for each in learners:
        print(f"{each.name:<12} {each.started:10.1f} {each.ran:10.1f} {each.memory:12.0f} {each.cells:5}", *each.errors)
    for name, taken in (("middle", statistics.median), ("most", max)):
        times = [taken(getattr(each, part) for each in learners) for part in ("started", "ran", "memory")]
        print(f"{name:<12} {times[0]:10.1f} {times[1]:10.1f} {times[2]:12.0f}")
    if any(each.cells and not each.memory for each in learners):
        print(
            "Memory is not measured: that needs this machine's own hub, started as root, with a user for each learner."
        )
    failed = sum(bool(each.errors) for each in learners)
    print(f"{len(learners)} learners, lesson {wishes.lesson}: {failed} failed; {time.monotonic() - begin:.0f} s in all")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
