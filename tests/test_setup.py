"""The first command of a new learner, `make lab`: its messages, and the packages it installs."""

import json
import os
import platform
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import tomllib
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pytest
import yaml
from packaging.requirements import Requirement

from gradlib import cli
from gradlib.checks.record import data_folder
from gradlib.course import Delivery, deliver

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
CONDA_NAMES = {"graphviz": "python-graphviz", "matplotlib": "matplotlib-base"}
# Without the wishes of whoever typed `make test`: each test has its own.
WISHES = (
    "MAKEFLAGS",
    "MAKELEVEL",
    "MAKEOVERRIDES",
    "MFLAGS",
    "PYTHON",
    "PORT",
    "LAB_OPTIONS",
    "LESSON",
    "RESTORE",
    "GRADLIB_COURSE",
)
ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in WISHES}
LAST = max(path.name[:2] for path in (ROOT / "notebooks").glob("[0-9]*.ipynb"))
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
    wanted = requirements("course", "grading", "test")
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


@pytest.mark.parametrize("program", [*filter(shutil.which, ["make", "bmake"])])
def test_any_make_will_do(program):
    assert run(program, "help").stdout == run("make").stdout
    said = run(program, "lab", "LESSON=99").stderr
    assert f"LESSON must be a number from 00 to {LAST}, got '99'" in said


@pytest.fixture
def project(tmp_path):
    """A copy of what the set-up needs, without an environment."""
    copy = tmp_path / "a project, größer"
    copy.mkdir()
    for name in ["Makefile", "pyproject.toml", "requirements.lock", "README.md", "LICENSE"]:
        shutil.copy(ROOT / name, copy)
    shutil.copytree(ROOT / "tools", copy / "tools")
    (copy / "gradlib").mkdir()
    (copy / "gradlib" / "__init__.py").write_text('__version__ = "0"\n', encoding="utf-8")
    return copy


@pytest.fixture
def programs(tmp_path):
    """A folder of programs that is the whole PATH: the tools of a bare machine, and what a test adds."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ["sh", "cat", "cksum", "dirname", "mkdir", "mv", "rm", "uname"]:
        (folder / name).symlink_to(shutil.which(name))

    def add(name, script):
        (folder / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        (folder / name).chmod(0o755)

    add.path = str(folder)
    return add


def set_up(project, programs, **environment):
    result = run("sh", "tools/python.sh", cwd=project, PATH=programs.path, **environment)
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


# With a uv that makes an empty environment and links gradlib into it, but installs no packages

UV = """
echo "$*" >>"$UV_LOG"
[ -z "${UV_FAILS:-}" ] || { echo "$UV_FAILS" >&2; exit 1; }
case "$*" in
venv*) for folder; do :; done; "$PYTHON_BELOW" -m venv --without-pip "$folder" ;;
*"-e .") echo "$PWD" >"$("$5" -c 'import site; print(site.getsitepackages()[0])')/gradlib.pth" ;;
esac
"""
SHOW_PLACE = "import gradlib; print(gradlib.__file__)"


@pytest.fixture
def call(project, programs, tmp_path):
    """A function that calls tools/python.sh in a project; it returns the result and uv's command lines."""
    log = tmp_path / "uv.log"
    programs("python3", 'exec "$PYTHON_BELOW" "$@"')
    programs("uv", UV)

    def call(*arguments, cwd=project, **environment):
        log.write_text("")
        own = {"UV_LOG": str(log), "PYTHON_BELOW": sys.executable, "PATH": programs.path}
        result = run("sh", "tools/python.sh", *arguments, cwd=cwd, **(own | environment))
        return result, log.read_text().splitlines()

    result, made = call("-P", "-c", SHOW_PLACE)
    assert result.stdout == f"{project}/gradlib/__init__.py\n", result.stderr
    assert "Making the environment in .venv with Python 3." in result.stderr
    assert len(made) == 3
    return call


def test_a_second_call_does_no_set_up(call):
    result, made = call("-c", "print(1)")
    assert (result.stdout, result.stderr, made) == ("1\n", "", [])


def test_new_packages_are_installed_into_the_same_environment(call, project):
    (project / ".venv" / "mine").touch()
    with open(project / "requirements.lock", "a") as lock:
        lock.write("one==1\n")
    _, made = call()
    assert len(made) == 2 and (project / ".venv" / "mine").exists()
    assert call()[1] == []


def test_where_new_packages_cannot_be_installed_the_environment_stays(call, project):
    with open(project / "requirements.lock", "a") as lock:
        lock.write("one==1\n")
    assert call(UV_FAILS="dns error")[0].returncode == 1
    result, made = call()
    assert not [line for line in made if line.startswith("venv")]
    assert result.returncode == 0


def test_an_environment_of_an_earlier_version_is_kept(call, project):
    (project / ".venv" / ".installed").write_text("")
    (project / ".venv" / "mine").touch()
    assert call()[0].returncode == 0
    assert (project / ".venv" / "mine").exists()


def said_when_made_again(call, folder):
    result, made = call("-P", "-c", SHOW_PLACE, cwd=folder)
    assert result.stdout == f"{folder}/gradlib/__init__.py\n"
    assert "It is made again." in result.stderr
    assert len(made) == 3
    assert call(cwd=folder)[1] == []
    return result.stderr


def test_a_folder_that_was_moved(call, project):
    moved = project.rename(project.with_name("elsewhere"))
    assert f"made for another folder, {project}: this one was moved or copied" in said_when_made_again(call, moved)


def test_a_folder_that_was_copied(call, project):
    copied = Path(shutil.copytree(project, project.with_name("a copy"), symlinks=True))
    assert f"made for another folder, {project}: this one was moved or copied" in said_when_made_again(call, copied)


def test_a_python_that_is_gone(call, project):
    (project / ".venv" / "bin" / "python").unlink()
    (project / ".venv" / "bin" / "python").symlink_to("/usr/no/python3.11")
    assert "The Python of the environment in .venv is gone, or does not run." in said_when_made_again(call, project)


def test_a_python_that_was_upgraded(call, project):
    """A new Python looks for its packages in a folder of its own, and the version that was noted is another."""
    (library,) = (project / ".venv" / "lib").iterdir()
    library.rename(library.with_name("python3.0"))
    installed = project / ".venv" / ".installed"
    installed.write_text(re.sub("python .*", "python 3.0.1", installed.read_text()))
    words = f"was made for Python 3.0.1, which is now {platform.python_version()}."
    assert words in said_when_made_again(call, project)


def test_packages_that_are_gone(call, project):
    shutil.rmtree(project / ".venv" / "lib")
    assert "does not have gradlib of this folder" in said_when_made_again(call, project)


@pytest.mark.parametrize("left", ["nothing", "an empty folder", "a Python without packages"])
def test_an_interrupted_first_call(call, project, left):
    shutil.rmtree(project / ".venv")
    if left == "an empty folder":
        (project / ".venv").mkdir()
    if left == "a Python without packages":
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", ".venv"], cwd=project, check=True)
    result, made = call("-c", "import gradlib")
    assert (result.returncode, len(made)) == (0, 3)
    assert ("The environment in .venv was not finished. It is made again." in result.stderr) == (left != "nothing")


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        ("invalid peer certificate: UnknownIssuer", "name its file in SSL_CERT_FILE"),
        ("failed to write: No space left on device (os error 28)", "There is no room left on the disk."),
        ("failed to create directory: Permission denied (os error 13)", "A file could not be written"),
        ("dns error: failed to lookup address", "Most often the network is missing"),
    ],
)
def test_a_message_names_the_cause(call, project, words, cause):
    (project / ".venv" / ".installed").write_text("")
    said = call(UV_FAILS=words)[0].stderr
    assert words in said and cause in said
    assert said.count("Most often the network") == ("network" in cause)


def test_packages_that_went_elsewhere(call, project, programs):
    shutil.rmtree(project / ".venv")
    programs("uv", UV.replace("gradlib.pth", "gradlib.txt"))
    said = call()[0].stderr
    assert "installed, but not into .venv" in said
    assert "pip config list" in said


HOSTILE = {"MPLBACKEND": "Agg", "JUPYTER_PATH": "/no", "PIP_USER": "1", "PIP_TARGET": "/no", "PYTHONHOME": "/no"}


def test_what_the_shell_has_for_other_projects_does_no_harm(call, tmp_path):
    (tmp_path / "gradlib.py").write_text("raise ImportError('of another project')\n")
    show = f"import gradlib, json, os; print(json.dumps([os.environ.get(name) for name in {list(HOSTILE)}]))"
    result, _ = call("-P", "-c", show, PYTHONPATH=str(tmp_path), **HOSTILE)
    assert json.loads(result.stdout) == [None, None, "0", None, None], result.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
@pytest.mark.parametrize("ready", [False, True])
def test_a_user_who_cannot_write_into_the_project(call, project, programs, ready):
    """The environment is that of the project, if it is ready, and else one in the user's data folder."""
    place = Path(tempfile.mkdtemp(prefix="gradlib-shared-"))  # pytest's own folders are closed to others
    try:
        shared, home = place / "shared", place / "home"
        shutil.copytree(project, shared, ignore=shutil.ignore_patterns(".venv"))
        shutil.copytree(programs.path, place / "bin", symlinks=True)
        home.mkdir()
        subprocess.run(["chmod", "-R", "a+rX,go-w", place], check=True)
        home.chmod(0o777)
        python = python_for_others()
        own = {"UV_LOG": str(home / "log"), "PYTHON_BELOW": python, "PATH": str(place / "bin"), "HOME": str(home)}
        environment = ENVIRONMENT | own | {"XDG_DATA_HOME": ""}
        line = ["sh", "tools/python.sh", "-P", "-c", "import gradlib, sys; print(gradlib.__file__, sys.prefix)"]
        if ready:
            subprocess.run(line, cwd=shared, env=environment, check=True, capture_output=True)
            (home / "log").unlink()
        result = subprocess.run(line, cwd=shared, env=environment, capture_output=True, text=True, **OTHER)
        data = f"{home}/.local/share/gradlib/environment"
        expected = f"{shared}/.venv" if ready else data
        assert result.stdout == f"{shared}/gradlib/__init__.py {expected}\n", result.stderr
        said = f"You cannot write into {shared}, so the environment is in {data}."
        assert (said in result.stderr) == (not ready)
    finally:
        shutil.rmtree(place)


OTHER = {"user": 65534, "group": 65534, "extra_groups": []}


def python_for_others():
    """A Python that a user can run who may not look into the home folders of others."""
    test = "import sys; sys.exit(sys.version_info < (3, 11))"
    for python in [os.path.realpath(sys.executable), "/usr/bin/python3"]:
        try:
            if subprocess.run([python, "-c", test], cwd="/", **OTHER).returncode == 0:
                return python
        except OSError:
            continue
    pytest.skip("no Python 3.11 here that every user can run")


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
    own = {
        "HOME": str(tmp_path),
        "JUPYTER_PATH": str(tmp_path / "other"),
        "GRADLIB_COURSE": str(tmp_path / "Übung 1" / "course"),
    }
    server = subprocess.Popen(
        ["make", "lab", f"PORT={port}", f"LAB_OPTIONS={options}"],
        cwd=ROOT,
        env=ENVIRONMENT | own,
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


def test_make_lab_serves_the_learners_own_copy(lab):
    lesson = "notebooks/00_start_here.ipynb"
    assert ask(lab, f"lab/tree/{lesson}")[0] == 200
    stored = json.loads((ROOT / lesson).read_text(encoding="utf-8"))
    served = json.loads(ask(lab, f"api/contents/{lesson}")[1])["content"]
    assert [cell["id"] for cell in served["cells"]] == [cell["id"] for cell in stored["cells"]]
    assert not [cell for cell in served["cells"] if cell.get("outputs")]
    shown = json.loads(ask(lab, "api/contents/")[1])["content"]
    assert sorted(entry["name"] for entry in shown) == ["exercises", "notebooks"]

    kernel = json.loads(ask(lab, "api/kernelspecs")[1])["kernelspecs"]["python3"]["spec"]
    assert kernel["display_name"] == "Python 3 (ipykernel)"

    taken = run("make", "lab", f"PORT={lab}")
    assert taken.returncode != 0
    assert f"Port {lab} is taken by another program" in taken.stderr


def test_an_old_numpy_is_named():
    """Without this the first function that it lacks is: module 'numpy' has no attribute 'matrix_transpose'."""
    line = "import numpy; numpy.__version__ = '1.26.4'; del numpy.matrix_transpose; import gradlib"
    assert (
        "gradlib needs NumPy 2.0 or newer, got NumPy 1.26.4" in run(sys.executable, "-c", line).stderr.splitlines()[-1]
    )


def test_a_python_that_has_gradlib_only_in_this_folder(tmp_path):
    """`python -m gradlib` works in the project without an installation, but a notebook elsewhere would not find it."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "env"], check=True)
    (library,) = (tmp_path / "env" / "lib").glob("python*/site-packages")
    (library / "others.pth").write_text(str(Path(np.__file__).parents[1]))
    result = run(str(tmp_path / "env" / "bin" / "python"), "-m", "gradlib", "lab", GRADLIB_COURSE=str(tmp_path / "x"))
    assert "gradlib is not installed in this Python" in result.stderr
    assert f'-m pip install -e "{ROOT}"' in result.stderr
    assert not (tmp_path / "x").exists()


def test_a_python_without_jupyterlab(monkeypatch):
    monkeypatch.setitem(sys.modules, "jupyterlab", None)
    assert cli.main(["lab"]).startswith("JupyterLab is not installed in this Python")


def test_make_clean_leaves_the_learners_files_alone(project):
    for folder in ["course/notebooks/.ipynb_checkpoints", "notebooks/.ipynb_checkpoints", ".venv", "tools/__pycache__"]:
        (project / folder).mkdir(parents=True, exist_ok=True)
        (project / folder / "x").touch()
    assert run("make", "clean", cwd=project).returncode == 0
    left = {path.relative_to(project).as_posix() for path in project.rglob("x")}
    assert left == {"course/notebooks/.ipynb_checkpoints/x"}


def test_a_lesson_that_was_deleted_is_not_opened(tmp_path):
    deliver(ROOT, tmp_path)
    (tmp_path / "notebooks" / "07_trust_but_verify.ipynb").unlink()
    said = run("make", "lab", "LESSON=7", GRADLIB_COURSE=str(tmp_path)).stderr
    again = "make lab RESTORE=notebooks/07_trust_but_verify.ipynb"
    assert f"notebooks/07_trust_but_verify.ipynb is not in your copy. To get it back: {again}" in said


# What is refused before anything is written, in one sentence


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ("PORT=no", "PORT must be a number from 1 to 65535, got 'no'. Example: make lab PORT=8899"),
        ("PORT=70000", "PORT must be a number from 1 to 65535, got '70000'"),
        ("LESSON=99", f"LESSON must be a number from 00 to {LAST}, got '99'. Example: make lab LESSON=07"),
        ("LESSON=x", f"LESSON must be a number from 00 to {LAST}, got 'x'"),
        ("RESTORE=exercises/99.ipynb", "RESTORE must name a file of the course, such as notebooks/00_start_here.ipynb"),
        ("HOME=/dev/null", "JupyterLab cannot write into /dev/null/.local/share/jupyter: Not a directory."),
        ("LAB_OPTIONS=07", "'07' is not an option. A lesson is opened by: make lab LESSON=07"),
    ],
)
def test_a_wish_that_cannot_be_met(wish, said, tmp_path):
    result = run("make", "lab", wish, GRADLIB_COURSE=str(tmp_path / "course"))
    assert result.returncode != 0
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    assert not list(tmp_path.rglob("*"))


def test_the_copy_of_a_user_who_cannot_write_into_the_project(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.delenv("GRADLIB_COURSE", raising=False)
    (tmp_path / "project").touch()  # so that nobody, not even root, can make a folder in it
    assert cli.course_folder(tmp_path / "project") == data_folder() / "course"
    assert f"You cannot write into {tmp_path / 'project'}" in capsys.readouterr().out
    assert cli.course_folder(tmp_path) == tmp_path / "course"


def test_what_a_delivery_says(monkeypatch):
    monkeypatch.setenv("MAKELEVEL", "1")
    names = [f"{number}.ipynb" for number in range(7)]
    done = Delivery(new=names[:1], replaced=names, kept=[("a.ipynb", "a.new.ipynb")], deleted=["b.ipynb", "c.ipynb"])
    assert cli.describe(done) == [
        "New: 0.ipynb.",
        "Brought up to date: 0.ipynb, 1.ipynb, 2.ipynb, 3.ipynb and 3 more.",
        "You changed a.ipynb, so it stays. The new version lies beside it: a.new.ipynb.",
        "You deleted b.ipynb, c.ipynb. To get one back: make lab RESTORE=b.ipynb",
    ]
    assert cli.describe(Delivery()) == cli.describe(Delivery(first=True, new=names)) == []


def test_a_lesson_is_found_by_its_number():
    assert cli.find_lesson(ROOT, "7") == cli.find_lesson(ROOT, "07") == "notebooks/07_trust_but_verify.ipynb"
    assert cli.find_lesson(ROOT, "") == "notebooks/00_start_here.ipynb"
