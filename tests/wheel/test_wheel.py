"""The course from its wheel, in clean environments of three Pythons, none of which may open a file of this checkout."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import tomllib
import urllib.request
from pathlib import Path

import pytest

from gradlib.course import deliver

ROOT = Path(__file__).resolve().parents[2]
VERSIONS = ["3.11", "3.12", "3.13"]
LESSON, EXERCISE, SOLUTION = (f"{folder}/00_start_here.ipynb" for folder in ("notebooks", "exercises", "solutions"))
# Python runs this line of a .pth file whenever it starts: in the server and in every kernel.
GUARD = """\
import sys

def refuse(event, arguments):
    if event == "open" and str(arguments[0]).startswith({root!r}):
        raise PermissionError(f"a file of the checkout was opened: {{arguments[0]}}")

sys.addaudithook(refuse)
"""


def run(*command, **options):
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=300, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def install(python, *wanted):
    """As `pip install` does; by uv where it is, which takes seconds instead of a minute."""
    if uv := find_uv():
        run(uv, "pip", "install", "--quiet", "--python", python, *wanted)
    else:
        run(python, "-m", "pip", "install", "--quiet", *wanted)


def find_uv():
    return shutil.which("uv") or shutil.which("uv", path=Path(sys.executable).parent)


def find_python(version):
    """A Python of this version: the one that runs this, one on the path, one of pyenv's, one that uv knows."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates = [sys._base_executable, f"python{version}", *pyenv.glob(f"{version}.*/bin/python{version}")]
    if uv := find_uv():
        found = subprocess.run([uv, "python", "find", version], capture_output=True, text=True)
        candidates.append(found.stdout.strip())
    line = "import sys; print('%d.%d' % sys.version_info[:2])"
    for candidate in filter(shutil.which, map(str, candidates)):
        said = subprocess.run([candidate, "-c", line], capture_output=True, text=True)
        if said.stdout.strip() == version:
            return candidate
    pytest.fail(f"There is no Python {version} here, with which the wheel must work. Install it, with pyenv or uv.")


@pytest.fixture(scope="session")
def build(tmp_path_factory):
    """A function that calls one of the build backend's hooks in a folder, and gives the path of what it made."""
    folder = tmp_path_factory.mktemp("built")
    hook = "import hatchling.build, sys; print(getattr(hatchling.build, sys.argv[1])(sys.argv[2]))"
    run(sys.executable, "-m", "venv", folder / "backend")
    python = folder / "backend" / "bin" / "python"
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]["requires"]
    install(python, *wanted)
    return lambda name, source: folder / run(python, "-c", hook, name, folder, cwd=source).strip()


@pytest.fixture(scope="session")
def sources(build):
    """The checkout's files as they are published, unpacked."""
    archive = build("build_sdist", ROOT)
    shutil.unpack_archive(archive, archive.parent)
    return archive.parent / archive.name.removesuffix(".tar.gz")


@pytest.fixture(scope="session")
def wheel(build, sources):
    """The wheel as a maintainer makes it: from the published sources alone."""
    return build("build_wheel", sources)


class Environment:
    """A Python with the wheel and what the course needs, and a home folder of its own."""

    def __init__(self, folder, version, wheel):
        self.home = folder / "home"
        self.home.mkdir()
        run(find_python(version), "-m", "venv", folder / "environment")
        self.programs = folder / "environment" / "bin"
        install(self.programs / "python", f"{wheel}[course]")
        (library,) = (folder / "environment" / "lib").glob("python*/site-packages")
        (library / "guard.py").write_text(GUARD.format(root=f"{ROOT}/"))
        (library / "guard.pth").write_text("import guard\n")
        kept = {"PATH", "LANG", "LC_ALL", "TZ"}
        self.variables = {name: value for name, value in os.environ.items() if name in kept} | {"HOME": str(self.home)}

    def run(self, program, *arguments, folder=None):
        line = (self.programs / program, *arguments)
        return run(*line, cwd=folder or self.home, env=self.variables)


@pytest.fixture(scope="module", params=VERSIONS)
def environment(request, tmp_path_factory, wheel):
    return Environment(tmp_path_factory.mktemp("python"), request.param, wheel)


@pytest.fixture
def lab(environment):
    """`gradlib lab` as a learner types it: what it says, and the address of its server with the token."""
    server = subprocess.Popen(
        [environment.programs / "gradlib", "lab", "--no-browser"],
        cwd=environment.home,
        env=environment.variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        text=True,
    )
    said = []
    reader = threading.Thread(target=lambda: said.extend(server.stdout), daemon=True)
    reader.start()
    try:
        for _ in range(240):  # times 0.25 s
            if found := re.search(r"(http://127\.0\.0\.1:\d+)/\S*\?token=(\w+)", "".join(said)):
                break
            assert server.poll() is None, "".join(said)
            time.sleep(0.25)
        assert found, "".join(said)
        yield said, *found.groups()
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(timeout=30)
        reader.join(timeout=30)
        server.stdout.close()


def ask(address, token, path):
    request = urllib.request.Request(f"{address}/{path}", headers={"Authorization": f"token {token}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.status == 200
        return answer.read().decode()


def test_the_published_sources_hold_the_documents_and_both_licences(sources):
    named = ["README.md", "CHANGELOG.md", "CITATION.cff", "LICENSE", "LICENSE-TEXT"]
    for path in [*(ROOT / name for name in named), *(ROOT / "docs").iterdir()]:
        assert (sources / path.relative_to(ROOT)).read_bytes() == path.read_bytes()


def test_gradlib_lab_serves_the_lessons(environment, lab, tmp_path):
    said, *server = lab
    copy = environment.home / "gradlib-course"
    assert said[0] == f"Your copy of the course is new: {copy}\n"
    ask(*server, f"lab/tree/{LESSON}")
    served = json.loads(ask(*server, f"api/contents/{LESSON}"))["content"]
    assert [cell["id"] for cell in served["cells"]] == [cell["id"] for cell in read(ROOT / LESSON)["cells"]]

    deliver(ROOT, tmp_path)  # every lesson, exercise, page and picture of the checkout
    assert files(copy) == files(tmp_path)


def files(copy):
    return {path.relative_to(copy) for folder in ("notebooks", "exercises") for path in (copy / folder).rglob("*.*")}


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def test_an_exercise_that_is_solved_passes(environment, lab):
    answers = {cell["id"]: cell["source"] for cell in read(ROOT / SOLUTION)["cells"]}
    file = environment.home / "gradlib-course" / EXERCISE
    exercise = read(file)
    for cell in exercise["cells"]:
        if "raise NotImplementedError" in "".join(cell["source"]):
            cell["source"] = answers[cell["id"]]
    file.write_text(json.dumps(exercise), encoding="utf-8")
    environment.run("jupyter", "nbconvert", "--to", "notebook", "--execute", "--inplace", file)

    names = re.findall(r"check:(\w+):", json.dumps(exercise))
    outputs = [output for cell in read(file)["cells"] for output in cell.get("outputs", ())]
    said = ["".join(output.get("data", {}).get("text/plain", "")) for output in outputs]
    assert names and all(any(text.startswith(f"{name}: passed") for text in said) for name in names)
    passed = read(environment.home / ".local" / "share" / "gradlib" / "progress.json")["passed"]
    assert passed == sorted(f"00/{name}" for name in names)


def test_a_wheel_without_the_packages_of_the_course_says_how_to_get_them(wheel, tmp_path):
    run(sys.executable, "-m", "venv", tmp_path / "environment")
    programs = tmp_path / "environment" / "bin"
    run(programs / "python", "-m", "pip", "install", "--quiet", wheel)  # by pip, as most learners do
    done = subprocess.run([programs / "gradlib", "lab"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert f'pip install "./{wheel.name}[course]"' in done.stderr
