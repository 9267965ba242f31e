"""What `make hub` prepares, and how exercises are collected from it. tests/hub starts a hub."""

import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import yaml

from notebooks import ROOT

HUB = ROOT / "class" / "hub"
sys.path.insert(0, str(HUB))
import collect  # noqa: E402
import give_back  # noqa: E402
import serve  # noqa: E402
import start  # noqa: E402
import try_hub  # noqa: E402

NAME = "04_broadcasting"


def test_each_learner_gets_a_password_and_a_number_and_keeps_both(tmp_path):
    first = serve.add_learners(tmp_path, ["ada", "ben"])
    again = serve.add_learners(tmp_path, ["cleo", "ben", "cleo"])
    assert again[:2] == first and [each["name"] for each in again] == ["ada", "ben", "cleo"]
    assert len({each["password"] for each in again}) == len({each["uid"] for each in again}) == 3
    assert all(re.fullmatch(r"[a-z2-9]{4}(-[a-z2-9]{4}){2}", each["password"]) for each in again)
    assert serve.read_learners(tmp_path) == again
    assert stat.S_IMODE((tmp_path / "learners.csv").stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["", "Ada", "../ben", "a b", "4da", "a/b", "x" * 33])
def test_a_name_that_could_be_a_path_is_refused(name, tmp_path):
    with pytest.raises(serve.Refusal, match="a name must be lower-case letters"):
        serve.add_learners(tmp_path, [name])
    assert not (tmp_path / "learners.csv").exists()


def test_homes_are_closed_to_others(tmp_path):
    learners = serve.add_learners(tmp_path, ["ada"])
    serve.make_homes(tmp_path, learners)
    assert stat.S_IMODE((tmp_path / "homes" / "ada").stat().st_mode) == 0o700
    serve.make_homes(tmp_path, learners)


def test_what_learners_are_not_to_read_is_closed_to_others_alone(tmp_path):
    (tmp_path / "solutions").mkdir(0o755)
    (tmp_path / "notebooks").mkdir(0o755)
    serve.close(tmp_path)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {"solutions": 0o750, "notebooks": 0o755}
    assert all((ROOT / name).exists() for name in serve.CLOSED if name not in (".git", "build", "course"))


def test_a_folder_that_others_may_not_enter_is_found(tmp_path):
    inner = tmp_path / "home" / "python" / "bin"
    inner.mkdir(parents=True)
    (tmp_path / "home").chmod(0o700)
    for each in tmp_path.parents:
        if not each.stat().st_mode & 0o001:
            assert serve.blocked(inner) == each or serve.blocked(inner) in each.parents
            break
    else:
        assert serve.blocked(inner) == tmp_path / "home"


CAN_MOUNT = serve.IS_ROOT and subprocess.run(["unshare", "--mount", "true"], stderr=subprocess.DEVNULL).returncode == 0
OPEN_THE_WAY = """if True:
    import os, sys
    from pathlib import Path
    sys.path.insert(0, sys.argv[1])
    import serve
    closed, plain = Path(sys.argv[2]), serve.mount
    def mount(*arguments):
        if sys.argv[3] in arguments:
            raise KeyboardInterrupt
        plain(*arguments)
    serve.mount = mount
    try:
        serve.open_the_way([closed / "repository"])
    except KeyboardInterrupt:
        print("interrupted", end=" ")
    print(*sorted(os.listdir(closed)), (closed / "repository" / "lesson").read_text())
"""


@pytest.mark.skipif(not CAN_MOUNT, reason="only root may change what a process sees of the file system")
@pytest.mark.parametrize(
    ("stop_at", "seen"), [("nowhere", "repository whole"), ("tmpfs", "interrupted other repository whole")]
)
def test_the_way_is_opened_for_the_hub_alone_and_nothing_is_lost_when_that_is_interrupted(stop_at, seen):
    with tempfile.TemporaryDirectory(prefix="hub-") as folder:
        Path(folder).chmod(0o755)
        closed = Path(folder) / "closed"
        for name in ("repository", "other"):
            (closed / name).mkdir(parents=True)
        (closed / "repository" / "lesson").write_text("whole")
        closed.chmod(0o700)
        line = [sys.executable, "-c", OPEN_THE_WAY, str(HUB), str(closed), stop_at]
        done = subprocess.run(line, env=os.environ | {"TMPDIR": folder}, capture_output=True, text=True)
        assert done.stdout == f"{seen}\n", done.stderr
        assert (closed / "repository" / "lesson").exists() and (closed / "other").exists()


def test_a_file_of_names_that_is_not_there_is_named(tmp_path):
    with pytest.raises(serve.Refusal, match="LEARNERS must name a file with a name on each line, got 'names.txt'"):
        serve.read_names("names.txt")
    (tmp_path / "empty.txt").write_text("\n \n")
    with pytest.raises(serve.Refusal, match="there is none in"):
        serve.read_names(str(tmp_path / "empty.txt"))
    assert len(serve.read_names("")) == 30


@pytest.mark.parametrize("name", ["PORT", "MEMORY", "IDLE"])
def test_what_is_not_a_number_is_refused_with_a_word(name, monkeypatch, capsys):
    monkeypatch.setenv(name, "many")
    with pytest.raises(SystemExit):
        serve.parse([])
    assert f"argument --{name.lower()}: invalid" in capsys.readouterr().err


def test_https_needs_a_key_and_a_certificate_that_are_there(tmp_path):
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    key.touch()
    for files in ([key], [key, certificate]):
        with pytest.raises(serve.Refusal, match="SSL_KEY and SSL_CERT must each name a file"):
            serve.require_certificate(files, tmp_path)
    certificate.touch()
    serve.require_certificate([key, certificate], tmp_path)


@pytest.fixture
def hub(tmp_path):
    """A hub's folder with four learners; ada has the exercise."""
    learners = serve.add_learners(tmp_path, ["ada", "ben", "cleo", "dora"])
    serve.make_homes(tmp_path, learners)
    for learner in learners:
        folder = exercises(tmp_path, learner["name"])
        folder.mkdir(parents=True)
        if learner["name"] == "ada":
            (folder / f"{NAME}.ipynb").write_text("ada's")
            if serve.IS_ROOT:
                os.chown(folder / f"{NAME}.ipynb", int(learner["uid"]), -1)
    return tmp_path


@pytest.fixture
def open_hub(hub):
    """The same in a folder that learners may enter. pytest's own are closed to others."""
    with tempfile.TemporaryDirectory(prefix="hub-") as folder:
        Path(folder).chmod(0o755)
        shutil.copy(serve.learners_file(hub), folder)
        learners = serve.read_learners(Path(folder))
        serve.make_homes(Path(folder), learners)
        for learner in learners:
            (Path(folder) / "homes" / learner["name"] / "course").mkdir()
        yield Path(folder)


def exercises(hub: Path, name: str) -> Path:
    return hub / "homes" / name / "course" / "exercises"


def test_exercises_are_collected_and_those_who_have_none_are_named(hub, tmp_path):
    missing = collect.collect(hub, NAME, tmp_path / "submitted")
    assert (tmp_path / "submitted" / "ada" / NAME / f"{NAME}.ipynb").read_text() == "ada's"
    assert missing == [f"{name}: No such file or directory" for name in ("ben", "cleo", "dora")]


def test_nothing_but_the_learners_own_file_is_read(hub, tmp_path):
    other = exercises(hub, "ada") / f"{NAME}.ipynb"
    (exercises(hub, "ben") / f"{NAME}.ipynb").symlink_to(other)
    exercises(hub, "cleo").rmdir()
    exercises(hub, "cleo").symlink_to(exercises(hub, "ada"))
    os.mkfifo(exercises(hub, "dora") / f"{NAME}.ipynb")
    missing = collect.collect(hub, NAME, tmp_path / "submitted")
    assert missing[:2] == [f"ben: {collect.LINK}", f"cleo: {collect.LINK}"] and missing[2].startswith("dora: ")
    assert sorted(path.name for path in (tmp_path / "submitted").iterdir()) == ["ada"]


def test_a_hard_link_to_anothers_file_is_not_read(hub, tmp_path):
    os.link(exercises(hub, "ada") / f"{NAME}.ipynb", exercises(hub, "ben") / f"{NAME}.ipynb")
    missing = collect.collect(hub, NAME, tmp_path / "submitted")
    assert "ben: it is not a file of its own" in missing


def test_what_was_collected_before_stays_and_that_is_said(hub, tmp_path):
    collect.collect(hub, NAME, tmp_path / "submitted")
    (exercises(hub, "ada") / f"{NAME}.ipynb").unlink()
    missing = collect.collect(hub, NAME, tmp_path / "submitted")
    assert missing[0] == "ada: No such file or directory (the one that was collected before stays)"
    assert (tmp_path / "submitted" / "ada" / NAME / f"{NAME}.ipynb").read_text() == "ada's"


def test_the_command_says_what_is_missing(hub, tmp_path, capsys):
    collect.main(["04", str(tmp_path / "submitted"), "--hub", str(hub)])
    assert "1 of 4 notebooks" in capsys.readouterr().out


def test_the_values_for_kubernetes_and_the_image_name_files_that_are_there():
    values = yaml.safe_load((HUB / "values.yaml").read_text(encoding="utf-8"))
    recipe = (HUB / "Dockerfile").read_text(encoding="utf-8")
    command = values["singleuser"]["cmd"]
    assert f"CMD {command}".replace("'", '"') in recipe
    copied = re.findall(r"^COPY (?!--|\. )(\S+) ", recipe, re.MULTILINE)
    assert "class/hub/start.py" in copied and all((ROOT / name).exists() for name in copied)
    ignored = (HUB / "Dockerfile.dockerignore").read_text(encoding="utf-8").split()
    assert {"solutions", "tests", "class/guide", "class/GUIDE.md"} <= set(ignored)


def test_the_environment_of_a_server_turns_nbgrader_and_terminals_off():
    settings = yaml.safe_load((HUB / "jupyter" / "jupyter_server_config.json").read_text(encoding="utf-8"))
    off = {name for name, on in settings["ServerApp"]["jpserver_extensions"].items() if not on}
    assert "nbgrader.server_extensions.formgrader" in off and "jupyter_server_terminals" in off


def test_a_learners_server_starts_in_the_copy_with_the_settings_of_the_hub_and_of_the_course(tmp_path, monkeypatch):
    ran = []
    monkeypatch.setattr(os, "execv", lambda program, line: ran.append(line))
    for name, value in (("HOME", str(tmp_path)), ("JUPYTER_CONFIG_PATH", "/hub"), ("JUPYTERLAB_WORKSPACES_DIR", "")):
        monkeypatch.setenv(name, value)
    start.main(["--port=1"])
    assert ran == [[sys.executable, "-m", "jupyterhub.singleuser", "--port=1"]]
    assert os.environ["JUPYTER_CONFIG_PATH"] == f"/hub{os.pathsep}{ROOT / 'tools' / 'jupyter'}"
    assert (tmp_path / "course" / "notebooks" / "00_start_here.ipynb").exists()


def test_what_is_collected_is_closed_to_others_and_keeps_its_time(hub, tmp_path):
    os.utime(exercises(hub, "ada") / f"{NAME}.ipynb", (1_700_000_000, 1_700_000_000))
    if serve.IS_ROOT:  # also a folder that was there before
        (tmp_path / "submitted").mkdir(0o755)
    collect.collect(hub, NAME, tmp_path / "submitted")
    assert (tmp_path / "submitted").stat().st_mode & 0o007 == 0
    assert (tmp_path / "submitted" / "ada" / NAME / f"{NAME}.ipynb").stat().st_mtime == 1_700_000_000


def give_everybody_a_page(hub: Path, submitted: Path) -> list[str]:
    for learner in serve.read_learners(hub):
        place = submitted / learner["name"] / NAME
        place.mkdir(parents=True)
        (place / "feedback.html").write_text(f"for {learner['name']}")
        if serve.IS_ROOT:
            os.chown(hub / "homes" / learner["name"] / "course", int(learner["uid"]), -1)
    return give_back.give_back(hub, NAME, submitted)


def test_each_learner_gets_the_own_page(open_hub, tmp_path):
    assert give_everybody_a_page(open_hub, tmp_path / "submitted") == []
    for learner in serve.read_learners(open_hub):
        page = open_hub / "homes" / learner["name"] / "course" / "feedback" / f"{NAME}.html"
        assert page.read_text() == f"for {learner['name']}"
        assert page.stat().st_mode & 0o077 == 0
        assert page.stat().st_uid == (int(learner["uid"]) if serve.IS_ROOT else os.getuid())


@pytest.mark.skipif(not serve.IS_ROOT, reason="without root rights all learners share one user")
def test_a_page_is_written_with_the_learners_rights(open_hub, tmp_path):
    mine = tmp_path / "mine"
    mine.write_text("the teacher's")
    for learner, target in (("ada", mine), ("ben", open_hub / "homes" / "ada" / "course" / "planted")):
        folder = open_hub / "homes" / learner / "course" / "feedback"
        folder.mkdir()
        (folder / f"{NAME}.html").symlink_to(target)
    missing = give_everybody_a_page(open_hub, tmp_path / "submitted")
    assert [each.partition(":")[0] for each in missing] == ["ada", "ben"]
    assert mine.read_text() == "the teacher's"
    assert not (open_hub / "homes" / "ada" / "course" / "planted").exists()


def test_a_learner_without_a_home_is_not_said_to_have_no_page(hub, tmp_path):
    shutil.rmtree(hub / "homes" / "ada")
    learners = serve.read_learners(hub)
    (tmp_path / "submitted" / "ada" / NAME).mkdir(parents=True)
    (tmp_path / "submitted" / "ada" / NAME / "feedback.html").touch()
    missing = give_back.give_back(hub, NAME, tmp_path / "submitted")
    assert len(missing) == len(learners) and "No such file or directory" in missing[0] and "no page" in missing[1]


def test_who_has_no_page_is_named(hub, tmp_path, capsys):
    give_back.main(["04", str(tmp_path / "submitted"), "--hub", str(hub)])
    assert "0 of 4 learners have their page.\nada: no page\n" in capsys.readouterr().out


@pytest.mark.parametrize("script", [collect, give_back])
def test_a_wrong_lesson_or_folder_is_refused_with_a_word(script, tmp_path):
    serve.add_learners(tmp_path, ["ada"])
    with pytest.raises(SystemExit, match="the lesson must be a number from 00 to 20, got '4'"):
        script.main(["4", str(tmp_path), "--hub", str(tmp_path)])
    with pytest.raises(SystemExit, match="it has no learners.csv"):
        script.main(["04", str(tmp_path), "--hub", str(tmp_path / "nowhere")])


def test_a_trial_without_a_hub_learners_or_a_lesson_is_refused_with_a_word(tmp_path):
    serve.add_learners(tmp_path, ["ada"])
    for wrong, said in [
        ([str(tmp_path / "nowhere")], "it has no learners.csv"),
        ([str(tmp_path), "--learners", "0"], "--learners must be at least 1, got 0"),
        ([str(tmp_path), "--lesson", "2"], "--lesson must be a number from 00 to 20, got '2'"),
    ]:
        with pytest.raises(SystemExit, match=said):
            try_hub.main(wrong)
