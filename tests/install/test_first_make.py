"""The first call of make with real packages, interrupted at random moments. It takes minutes and needs an index.

INTERRUPTIONS=10 in the environment asks for so many instead of three.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
INTERRUPTIONS = int(os.environ.get("INTERRUPTIONS", "3"))
PLATFORMS = ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu", "x86_64-apple-darwin", "aarch64-apple-darwin"]
PLATFORMS += ["x86_64-pc-windows-msvc"]
WORKS = "import gradlib, jupyterlab, matplotlib, numpy, pip, ruff; print(gradlib.__file__)"


@pytest.fixture
def clone(tmp_path):
    """The files that git knows, in a folder whose name has a space and an umlaut."""
    clone = tmp_path / "ein Kurs für mich"
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, names.split("\0")):
        (clone / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, clone / name)
    return clone


def start(clone, *arguments):
    line = ["sh", "tools/python.sh", *arguments]
    return subprocess.Popen(line, cwd=clone, stdout=subprocess.PIPE, text=True, start_new_session=True)


def test_a_call_after_an_interruption_succeeds(clone):
    began = time.monotonic()
    first = start(clone, "-P", "-c", WORKS)
    assert first.communicate()[0] == f"{clone}/gradlib/__init__.py\n"
    needs = time.monotonic() - began
    draw = random.Random(0)
    for turn in range(INTERRUPTIONS):
        shutil.rmtree(clone / ".venv")
        child = start(clone)
        # The first moments are as likely as all later ones together.
        time.sleep(draw.uniform(0, needs if turn % 2 else 2))
        os.killpg(child.pid, draw.choice([signal.SIGINT, signal.SIGKILL]))
        child.communicate()
        again = start(clone, "-P", "-c", WORKS)
        assert again.communicate()[0] == f"{clone}/gradlib/__init__.py\n"
        assert again.returncode == 0


def test_no_network(clone, tmp_path):
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ["sh", "cat", "cksum", "dirname", "mkdir", "mv", "rm", "uname"]:
        (folder / name).symlink_to(shutil.which(name))
    (folder / "python3").symlink_to(os.path.realpath(sys.executable))
    environment = {"PATH": str(folder), "HOME": str(tmp_path), "PIP_NO_INDEX": "1"}
    line = ["sh", "tools/python.sh"]
    result = subprocess.run(line, cwd=clone, env=environment, capture_output=True, text=True)
    assert result.returncode == 1
    assert "The packages could not be installed; the lines above say why." in result.stderr
    assert "Most often the network is missing" in result.stderr
    assert not (clone / ".venv" / ".installed").exists()


@pytest.mark.parametrize("version", ["3.11", "3.13"])
@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_package_of_the_lock_has_a_wheel(platform, version, tmp_path):
    """A package without one asks the learner for a compiler. `names` is plain Python."""
    uv = shutil.which("uv") or Path(sys.prefix) / "bin" / "uv"
    line = [uv, "pip", "compile", "--quiet", "--python-platform", platform, "--python-version", version]
    line += ["--only-binary", ":all:", "--no-binary", "names", "requirements.lock", "-o", tmp_path / "lock"]
    result = subprocess.run(line, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
