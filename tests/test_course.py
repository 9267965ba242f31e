"""The learner's own copy of the course: nothing of the learner's is lost, whatever learners and maintainers do."""

import importlib.util
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

from gradlib import course
from gradlib.course import MANIFEST, deliver

ROOT = Path(__file__).resolve().parents[1]
LESSON, EXERCISE = "notebooks/03_scalar_engine.ipynb", "exercises/03_scalar_engine.ipynb"
BESIDE = "notebooks/03_scalar_engine.new.ipynb"


class Interrupted(BaseException):
    pass


def notebook(text):
    """A notebook that has run, with outputs, as the maintainer's files are."""
    code = {
        "cell_type": "code",
        "execution_count": 3,
        "id": "cell-01",
        "metadata": {"tags": ["exercise:x"]},
        "outputs": [{"name": "stdout", "output_type": "stream", "text": ["42\n"]}],
        "source": [f"print({text!r})"],
    }
    words = {"cell_type": "markdown", "id": "cell-00", "metadata": {}, "source": ["Größe ![a](images/curve.svg)"]}
    whole = {"cells": [words, code], "metadata": {"widgets": {"state": {}}}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole)


def put(folder, path, text):
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_text(text, encoding="utf-8")


def text(folder, path):
    return (folder / path).read_text(encoding="utf-8")


def files(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != MANIFEST
    }


@pytest.fixture
def source(tmp_path):
    source = tmp_path / "the maintainer's"
    put(source, LESSON, notebook("first"))
    put(source, EXERCISE, notebook("exercise"))
    put(source, "notebooks/images/curve.svg", "<svg/>")
    put(source, "notebooks/images/of_the_readme.svg", "<svg/>")
    put(source, "notebooks/.ipynb_checkpoints/03-checkpoint.ipynb", notebook("old"))
    return source


@pytest.fixture
def target(tmp_path):
    return tmp_path / "Übungen und mehr" / "course"


def test_the_first_copy_has_lessons_without_outputs_and_the_pictures_that_they_show(source, target):
    done = deliver(source, target)
    assert done.first
    assert sorted(done.new) == sorted(files(target)) == [EXERCISE, LESSON, "notebooks/images/curve.svg"]
    _, code = json.loads(text(target, LESSON))["cells"]
    assert (code["outputs"], code["execution_count"]) == ([], None)
    assert code["metadata"] == {"tags": ["exercise:x"]}
    assert "widgets" not in json.loads(text(target, LESSON))["metadata"]


def test_a_second_call_changes_nothing(source, target):
    deliver(source, target)
    stamps = {path: path.stat().st_mtime_ns for path in target.rglob("*")}
    assert deliver(source, target) == course.Delivery()
    assert {path: path.stat().st_mtime_ns for path in target.rglob("*")} == stamps


def test_what_the_learner_has_not_touched_is_replaced(source, target):
    deliver(source, target)
    put(source, LESSON, notebook("second"))
    assert deliver(source, target).replaced == [LESSON]
    assert "second" in text(target, LESSON)
    assert len(files(target)) == 3


def test_what_the_learner_has_touched_stays_and_the_new_version_lies_beside_it_once(source, target):
    deliver(source, target)
    put(target, LESSON, "mine")
    assert deliver(source, target).kept == []  # nothing new has come
    put(source, LESSON, notebook("second"))
    assert deliver(source, target).kept == [(LESSON, BESIDE)]
    assert text(target, LESSON) == "mine"
    assert "second" in text(target, BESIDE)
    assert deliver(source, target).kept == []
    (target / BESIDE).unlink()  # the learner has seen it
    deliver(source, target)
    assert not (target / BESIDE).exists()


def test_an_output_of_the_learner_counts_as_theirs(source, target):
    deliver(source, target)
    ran = json.loads(text(target, LESSON))
    ran["cells"][1]["outputs"] = [{"name": "stdout", "output_type": "stream", "text": ["mine\n"]}]
    put(target, LESSON, json.dumps(ran))
    put(source, LESSON, notebook("second"))
    deliver(source, target)
    assert "mine" in text(target, LESSON)


def test_what_jupyterlab_writes_of_the_kernel_is_neither_a_change_nor_a_new_version(source, target):
    """It writes language_info into every notebook that it opens, and an upgrade of Python changes it."""
    deliver(source, target, language_info={"name": "python", "version": "3.11.1"})
    assert '"version": "3.11.1"' in text(target, LESSON)
    opened = json.loads(text(target, LESSON))
    opened["metadata"]["language_info"] = {"name": "python", "version": "3.11.2"}
    put(target, LESSON, json.dumps(opened))
    put(target, EXERCISE, "mine")
    newer = {"name": "python", "version": "3.12.0"}
    assert deliver(source, target, language_info=newer) == course.Delivery()
    put(source, LESSON, notebook("second"))
    assert deliver(source, target, language_info=newer).replaced == [LESSON]
    assert '"version": "3.12.0"' in text(target, LESSON)


def test_a_new_version_beside_is_replaced_unless_the_learner_works_in_it(source, target):
    deliver(source, target)
    put(target, LESSON, "mine")
    for version in ["second", "third"]:
        put(source, LESSON, notebook(version))
        assert deliver(source, target).kept == [(LESSON, BESIDE)]
        assert version in text(target, BESIDE)
    put(target, BESIDE, "mine, too")
    put(source, LESSON, notebook("fourth"))
    assert deliver(source, target).kept == [(LESSON, "notebooks/03_scalar_engine.new2.ipynb")]
    assert text(target, BESIDE) == "mine, too"


def test_a_new_version_that_was_taken_over_is_brought_up_to_date_again(source, target):
    deliver(source, target)
    put(target, LESSON, "mine")
    put(source, LESSON, notebook("second"))
    deliver(source, target)
    (target / BESIDE).replace(target / LESSON)
    put(source, LESSON, notebook("third"))
    assert deliver(source, target).replaced == [LESSON]


def test_what_the_learner_has_deleted_stays_deleted_until_asked_for(source, target):
    deliver(source, target)
    (target / LESSON).unlink()
    put(source, LESSON, notebook("second"))
    for _ in range(2):
        assert deliver(source, target).deleted == [LESSON]
        assert not (target / LESSON).exists()
    assert deliver(source, target, restore=[f"course/{LESSON}"]).new == [LESSON]
    assert "second" in text(target, LESSON)


def test_a_folder_can_be_asked_for(source, target):
    deliver(source, target)
    (target / LESSON).unlink()
    put(target, EXERCISE, "mine")
    done = deliver(source, target, restore=["notebooks", "exercises/"])
    assert done.new == [LESSON]
    assert done.kept == [(EXERCISE, "exercises/03_scalar_engine.new.ipynb")]
    assert text(target, EXERCISE) == "mine"


def test_after_an_interruption_what_had_arrived_still_counts_as_delivered(source, target, monkeypatch):
    write, written = course._write, []

    def write_two(file, content):
        if len(written) == 2:  # the manifest's beginning, and a file
            raise Interrupted
        written.append(file)
        write(file, content)

    with monkeypatch.context() as patch:
        patch.setattr(course, "_write", write_two)
        with pytest.raises(Interrupted):
            deliver(source, target)
    arrived = written[1].relative_to(target).as_posix()
    put(source, arrived, notebook("second"))
    done = deliver(source, target)
    assert (done.replaced, done.kept) == ([arrived], [])


@pytest.mark.parametrize("name", ["", "lessons", "notebooks/03", "../notebooks", "/"])
def test_a_wish_for_nothing_of_the_course_is_refused(source, target, name):
    with pytest.raises(ValueError, match=r"such as exercises/03_scalar_engine|such as notebooks/03_scalar_engine"):
        deliver(source, target, restore=[name])
    assert not target.exists()


def test_a_lesson_that_is_withdrawn_goes_unless_the_learner_has_changed_it(source, target):
    deliver(source, target)
    put(target, EXERCISE, "mine")
    put(source, "notebooks/04_broadcasting.ipynb", notebook("other"))
    (source / LESSON).unlink()
    (source / EXERCISE).unlink()
    assert deliver(source, target).withdrawn == [LESSON]
    assert text(target, EXERCISE) == "mine"


def test_a_conflict_of_git_in_a_lesson_leaves_the_copy_as_it_is(source, target):
    deliver(source, target)
    before = files(target)
    put(source, LESSON, "<<<<<<< HEAD\n" + notebook("first"))
    assert deliver(source, target).unreadable == [LESSON]
    assert files(target) == before


def test_files_of_the_learners_own_stay(source, target):
    put(target, LESSON, "written before the first call")
    put(target, "notebooks/notes.txt", "mine")
    put(target, BESIDE, "also mine")
    deliver(source, target)
    assert text(target, LESSON) == "written before the first call"
    assert text(target, "notebooks/notes.txt") == "mine"
    assert text(target, BESIDE) == "also mine"
    assert "first" in text(target, "notebooks/03_scalar_engine.new2.ipynb")


@pytest.mark.parametrize("manifest", [None, "", "{", "[]", '{"files": {"notebooks/x": 3}}', '{"files": {"../x": {}}}'])
def test_without_a_manifest_every_file_counts_as_the_learners(source, target, manifest):
    deliver(source, target)
    put(source, LESSON, notebook("second"))
    if manifest is None:
        (target / MANIFEST).unlink()
    else:
        put(target, MANIFEST, manifest)
    done = deliver(source, target)
    assert done.kept == [(LESSON, BESIDE)]
    assert "first" in text(target, LESSON)
    assert deliver(source, target) == course.Delivery()


def test_a_manifest_names_no_file_outside_of_the_copy(source, target, tmp_path):
    put(tmp_path, "elsewhere", "precious")
    put(target, "notes.ipynb", "precious")
    digest = course._digest("notes.ipynb", b"precious")
    record = {"ours": [digest], "brought": digest}
    names = ["../../elsewhere", "notebooks/../../../elsewhere", str(tmp_path / "elsewhere"), "notes.ipynb"]
    put(target, MANIFEST, json.dumps({"files": dict.fromkeys(names, record)}))
    deliver(source, target)
    assert text(tmp_path, "elsewhere") == text(target, "notes.ipynb") == "precious"


def test_a_folder_a_link_or_a_locked_file_in_the_place_of_a_lesson(source, target, tmp_path):
    (target / LESSON).mkdir(parents=True)
    put(target, "exercises/x", "")
    (target / EXERCISE).symlink_to(tmp_path / "nowhere")
    deliver(source, target)
    assert (target / LESSON).is_dir()
    assert (target / EXERCISE).is_symlink()
    assert "first" in text(target, BESIDE)


def test_a_place_that_cannot_be_written_is_an_error_of_the_system(source, target):
    put(target, "notebooks", "a file")
    with pytest.raises(OSError, match="notebooks"):
        deliver(source, target)
    assert text(target, "notebooks") == "a file"


def test_a_source_without_lessons_changes_nothing(source, target, tmp_path):
    deliver(source, target)
    before = files(target)
    with pytest.raises(FileNotFoundError, match="no notebooks"):
        deliver(tmp_path, target)
    assert files(target) == before


# Random sequences of what learner, maintainer and accidents do


class World:
    """A course, its copy, and what each of its files should be."""

    def __init__(self, folder, seed, monkeypatch):
        self.source, self.target, self.draw = folder / "source", folder / "target", random.Random(seed)
        self.monkeypatch, self.count = monkeypatch, 0
        self.mine = {}  # path: what the learner put there
        self.published = set()  # (path, what the maintainer put there)
        self.deleted = set()
        self.lessons = [f"{place}/{number:02d}_x.ipynb" for place in ("notebooks", "exercises") for number in range(2)]
        for path in self.lessons:
            self.publish(path)

    def fresh(self):
        self.count += 1
        return f"version {self.count}"

    def present(self):
        return sorted(files(self.target)) if self.target.exists() else []

    def edit(self):
        names = self.present() + self.lessons + [path.replace(".ipynb", ".new.ipynb") for path in self.lessons]
        path = self.draw.choice(names)
        put(self.target, path, self.fresh())
        self.mine[path] = text(self.target, path)
        self.deleted.discard(path)

    def delete(self):
        if self.present():
            path = self.draw.choice(self.present())
            (self.target / path).unlink()
            self.mine.pop(path, None)
            self.deleted.add(path)

    def move(self):
        if self.present():
            path, other = self.draw.choice(self.present()), self.draw.choice(self.present() + self.lessons)
            if path != other and (self.target / other).parent.exists():
                os.replace(self.target / path, self.target / other)
                self.mine.pop(path, None)
                self.mine[other] = text(self.target, other)
                self.deleted.add(path)
                self.deleted.discard(other)

    def publish(self, path=None):
        path = path or self.draw.choice(self.lessons)
        put(self.source, path, notebook(self.fresh()))
        self.published.add((path, self.latest(path)))

    def latest(self, path):
        return course.without_outputs(json.loads(text(self.source, path))).decode()

    def withdraw(self):
        if len(files(self.source)) > 1:
            (self.source / self.draw.choice(sorted(files(self.source)))).unlink()

    def interrupt(self):
        """A delivery that ends before one of its files is in place."""
        left, replace = self.draw.randrange(6), os.replace

        def replace_or_stop(*names):
            nonlocal left
            left -= 1
            if left < 0:
                raise Interrupted
            replace(*names)

        with self.monkeypatch.context() as patch:
            patch.setattr(os, "replace", replace_or_stop)
            try:
                self.deliver()
            except Interrupted:
                self.nothing_is_lost()

    def deliver(self):
        was_there = set(self.present())
        done = deliver(self.source, self.target)
        self.nothing_is_lost()
        there = {path: content.decode() for path, content in files(self.target).items()}
        for path in files(self.source):
            if path in there:
                assert path in self.mine or there[path] == self.latest(path), "an untouched file is up to date"
            else:
                assert path in self.deleted and path in done.deleted, "only what was deleted is missing"
        for path, beside in done.kept:
            assert path in self.mine
            assert path in was_there
            assert there[beside] == self.latest(path)
        for path in done.new:
            assert path not in was_there
        assert not [path for path in there if course.TEMPORARY in path]
        assert deliver(self.source, self.target) == course.Delivery(deleted=done.deleted), "all was done at once"

    def nothing_is_lost(self):
        for path, content in self.mine.items():
            if (re.sub(r"\.new\d*", "", path), content) not in self.published:
                assert text(self.target, path) == content, path


@pytest.mark.parametrize("seed", range(12))
def test_nothing_is_lost_whatever_happens(tmp_path, monkeypatch, seed):
    world = World(tmp_path, seed, monkeypatch)
    often = [world.edit, world.delete, world.move, world.publish, world.withdraw, world.interrupt] + 3 * [world.deliver]
    for _ in range(40):
        world.draw.choice(often)()
    world.deliver()


DELIVER = """
import sys
from pathlib import Path
from gradlib import course
print("ready", flush=True)
course.deliver(Path(sys.argv[1]), Path(sys.argv[2]))
assert not {"jupyter_core", "nbformat"} & set(sys.modules)
"""


def start(source, target):
    line = [sys.executable, "-c", DELIVER, source, target]
    return subprocess.Popen(line, stdout=subprocess.PIPE, text=True)


def test_a_copy_that_is_killed_at_any_moment_is_finished_by_the_next_call(target):
    wanted, _ = course.read_course(ROOT)
    draw = random.Random(0)
    for _ in range(8):
        child = start(ROOT, target)
        assert child.stdout.readline() == "ready\n"
        time.sleep(draw.uniform(0, 0.2))
        child.send_signal(signal.SIGKILL)
        child.communicate()
        assert all(wanted[path] == there for path, there in files(target).items() if course.TEMPORARY not in path)
    for left in target.rglob(f"{course.TEMPORARY}*"):
        os.utime(left, (0, 0))  # long ago
    child = start(ROOT, target)
    child.communicate()
    assert child.returncode == 0
    assert files(target) == wanted


# The course itself


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    target = tmp_path_factory.mktemp("course")
    deliver(ROOT, target)
    return target


def test_the_copy_of_this_course_is_whole_and_nothing_else(real):
    names = {path.relative_to(ROOT).as_posix() for place in course.FOLDERS for path in (ROOT / place).glob("*.ipynb")}
    assert set(files(real)) == names | {name for name in files(real) if not name.endswith(".ipynb")}
    for path in real.rglob("*.ipynb"):
        read = nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)
        nbformat.validate(read)
        assert nbformat.writes(read) + "\n" == path.read_text(encoding="utf-8")  # as JupyterLab saves it
        assert not [cell for cell in read.cells if cell.get("outputs") or cell.get("execution_count")]


def test_every_link_of_the_copy_leads_to_a_file_of_the_copy(real):
    links = [
        (path, link)
        for path in real.rglob("*.ipynb")
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
        if cell["cell_type"] == "markdown"
        for text in [re.sub(r"```.*?```|`[^`\n]*`", "", "".join(cell["source"]), flags=re.DOTALL)]  # without code
        for link in re.findall(r'(?:\]\(|src=")(?!https?:|#|data:|attachment:)([^)"#\s]+)', text)
    ]
    assert len(links) > 100
    assert not [(path.name, link) for path, link in links if not (path.parent / link).is_file()]


def test_the_copy_is_not_part_of_the_project():
    assert "course/" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert importlib.util.find_spec("gradlib.course").origin == course.__file__
