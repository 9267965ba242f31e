"""The first command of a new learner, `make lab`: its messages, and the packages it installs."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import tomllib
import urllib.error
import urllib.request
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
CONDA_NAMES = {"graphviz": "python-graphviz", "matplotlib": "matplotlib-base"}
# Without the wishes of whoever typed `make test`: each test has its own.
WISHES = ("MAKEFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MFLAGS", "PYTHON", "PORT", "LAB_OPTIONS")
ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in WISHES}
TARGETS = ["lab", "test", "exercises", "notebooks", "lint", "bench", "clean"]


def requirements(*extras):
    groups = [PROJECT["dependencies"], *(PROJECT["optional-dependencies"][extra] for extra in extras)]
    found = [Requirement(text) for group in groups for text in group]
    return {each.name: each.specifier for each in found if each.name != "gradlib"}


def run(*command, cwd=ROOT, **environment):
    return subprocess.run(command, cwd=cwd, env=ENVIRONMENT | environment, capture_output=True, text=True, timeout=120)


def test_conda_users_get_the_same_packages():
    entries = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    found = [Requirement(entry) for entry in entries if isinstance(entry, str)]
    (from_pip,) = (entry["pip"] for entry in entries if isinstance(entry, dict))  # what conda-forge does not have
    assert from_pip.pop() == "-e ."
    found += map(Requirement, from_pip)
    conda = {each.name: each.specifier for each in found}
    assert str(conda.pop("python")) == PROJECT["requires-python"]
    assert not conda.pop("pip")
    wanted = requirements("course", "grading", "slides", "test")
    assert conda == {CONDA_NAMES.get(name, name): bound for name, bound in wanted.items()}


def test_the_lock_holds_names_versions_and_markers_alone():
    line = re.compile(r"[a-z0-9-]+==[0-9][\w.]*( ; [\w.<>=!'() ]+)?")
    assert not [text for text in LOCK if not line.fullmatch(text)]


def test_the_lock_satisfies_the_project():
    locked = {each.name: str(each.specifier)[2:] for each in map(Requirement, LOCK)}
    for name, bound in requirements("course", "grading", "test").items():
        assert bound.contains(locked[name]), name


def test_help_lists_the_targets_with_a_line_each():
    lines = run("make", "help").stdout.splitlines()
    assert all(re.fullmatch(r"make [a-z]+ +\S.{10,90}", line) for line in lines)
    assert set(TARGETS) <= {line.split()[1] for line in lines}
    assert run("make").stdout.splitlines() == lines


def test_a_second_call_does_no_set_up(project):
    (project / ".venv").mkdir()
    (project / ".venv" / ".installed").touch()
    assert "setup.sh" not in run("make", "-n", "lab", cwd=project).stdout
    os.utime(project / "requirements.lock", (time.time() + 9, time.time() + 9))
    assert "setup.sh" in run("make", "-n", "lab", cwd=project).stdout


@pytest.fixture
def project(tmp_path):
    """A copy of what the set-up needs, without an environment."""
    copy = tmp_path / "a project"
    copy.mkdir()
    for name in ["Makefile", "pyproject.toml", "requirements.lock", "README.md", "LICENSE"]:
        shutil.copy(ROOT / name, copy)
    shutil.copytree(ROOT / "tools", copy / "tools")
    return copy


@pytest.fixture
def programs(tmp_path):
    """A folder of programs that is the whole PATH: the tools of a bare machine, and what a test adds."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ["sh", "dirname", "rm", "touch"]:
        (folder / name).symlink_to(shutil.which(name))

    def add(name, script):
        (folder / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        (folder / name).chmod(0o755)

    add.path = str(folder)
    return add


def set_up(project, programs, **environment):
    result = run("sh", "tools/setup.sh", cwd=project, PATH=programs.path, **environment)
    assert result.returncode == 1
    assert not (project / ".venv" / ".installed").exists()
    return result.stderr


def test_no_python(project, programs):
    said = set_up(project, programs)
    assert "gradlib needs Python 3.11 or newer, and there is no python3 here that runs." in said
    assert "make lab PYTHON=" in said


def test_an_old_python(project, programs):
    programs("python3", 'case "$2" in *platform*) echo 3.9.18 ;; *) exit 1 ;; esac')
    assert "gradlib needs Python 3.11 or newer, and python3 is Python 3.9.18." in set_up(project, programs)


def test_an_old_python_that_was_asked_for(project, programs):
    programs("python3", f'exec "{sys.executable}" "$@"')
    programs("python3.9", 'case "$2" in *platform*) echo 3.9.18 ;; *) exit 1 ;; esac')
    said = set_up(project, programs, PYTHON="python3.9")
    assert "gradlib needs Python 3.11 or newer, and python3.9 is Python 3.9.18." in said


def test_a_python_without_venv(project, programs):
    programs("python3", f'[ "$1" = -m ] && exit 1; exec "{sys.executable}" "$@"')
    said = set_up(project, programs)
    assert "its module venv, which makes environments, is not whole" in said
    assert "sudo apt install python3-venv" in said
    assert not (project / ".venv").exists()


def test_no_network(project, programs):
    programs("python3", f'exec "{sys.executable}" "$@"')
    said = set_up(project, programs, PIP_NO_INDEX="1", PIP_FIND_LINKS="")
    assert "The packages could not be installed; the lines above say why." in said
    assert "Most often the network is missing" in said


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ask(port, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=10) as answer:
        return answer.status, answer.read().decode()


@pytest.fixture
def lab(tmp_path):
    """`make lab` on a machine where another program's kernel has the name of ours; gives its port."""
    other = tmp_path / "other" / "kernels" / "python3"
    other.mkdir(parents=True)
    spec = {"argv": ["false"], "display_name": "Another", "language": "python"}
    (other / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")

    port = free_port()
    options = "--no-browser --IdentityProvider.token= --ServerApp.password="
    server = subprocess.Popen(
        ["make", "lab", f"PORT={port}", f"LAB_OPTIONS={options}"],
        cwd=ROOT,
        env=ENVIRONMENT | {"HOME": str(tmp_path), "JUPYTER_PATH": str(tmp_path / "other")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        text=True,
    )
    try:
        for _ in range(120):
            assert server.poll() is None, server.stdout.read()
            try:
                ask(port, "api")
                break
            except urllib.error.URLError:
                time.sleep(0.5)
        yield port
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.communicate(timeout=30)


def test_make_lab_serves_lesson_00(lab):
    lesson = "notebooks/00_start_here.ipynb"
    assert ask(lab, f"lab/tree/{lesson}")[0] == 200
    stored = json.loads((ROOT / lesson).read_text(encoding="utf-8"))
    served = json.loads(ask(lab, f"api/contents/{lesson}")[1])["content"]
    assert [cell["id"] for cell in served["cells"]] == [cell["id"] for cell in stored["cells"]]

    kernel = json.loads(ask(lab, "api/kernelspecs")[1])["kernelspecs"]["python3"]["spec"]
    assert kernel["display_name"] == "Python 3 (ipykernel)"

    taken = run("make", "lab", f"PORT={lab}")
    assert taken.returncode != 0
    assert f"Port {lab} is taken by another program" in taken.stderr


def test_a_port_that_is_no_port():
    assert "PORT must be a number from 1 to 65535, got 'no'" in run("make", "lab", "PORT=no").stderr
