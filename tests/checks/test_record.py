"""Passes are recorded, and trouble with the file never disturbs a check."""

import html
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gradlib.checks import all_exercises, lesson_00, progress, progress_file, record, what_is_next


def right(x):
    return 2 * x


def wrong(x):
    return x


def test_nothing_is_written_before_something_is_passed(progress_path):
    lesson_00.double(wrong)
    lesson_00.double()
    progress()
    assert not progress_path.parent.exists()


def test_a_pass_is_remembered_once(progress_path):
    assert lesson_00.double(right).text == "double: passed\n8 cases."
    assert json.loads(progress_path.read_text()) == {"passed": ["00/double"]}
    before = progress_path.stat()
    lesson_00.double(right)
    assert progress_path.stat().st_mtime_ns == before.st_mtime_ns
    assert [path.name for path in progress_path.parent.iterdir()] == ["progress.json"]


def test_a_later_wrong_answer_does_not_take_it_back(progress_path):
    lesson_00.double(right)
    lesson_00.double(wrong)
    assert "1 of 4" in progress().text


def test_progress_is_a_table_by_lesson(progress_path):
    lessons = {exercise.lesson for exercise in all_exercises()}
    lines = progress().text.splitlines()
    assert len(lines) == 1 + len(lessons)
    assert lines[0].split() == ["lesson", "passed", "done", "to", "do"]
    assert re.fullmatch(r"00 Start here +0 of 4 +double, rise, counted, landscape", lines[1])
    lesson_00.double(right)
    assert re.fullmatch(r"00 Start here +1 of 4 +double +rise, counted, landscape", progress().text.splitlines()[1])
    assert progress().rows[0] == ("00 Start here", "1 of 4", "double", "rise, counted, landscape")


def test_the_table_has_the_same_words_in_html_and_shows_no_path(progress_path):
    lesson_00.double(right)
    shown = progress()
    words = html.unescape(re.sub(r"<[^>]*>", " ", shown._repr_html_())).split()
    assert words == shown.text.split() == repr(shown).split()
    assert str(progress_path.parent) not in shown.text


def passes(progress_path, *keys):
    progress_path.parent.mkdir(exist_ok=True)
    progress_path.write_text(json.dumps({"passed": list(keys)}))


def all_of(*lessons):
    return [exercise.key for exercise in all_exercises() if exercise.lesson in lessons]


EVERY = sorted({exercise.lesson for exercise in all_exercises()})


def test_the_advice_follows_the_learner(progress_path):
    assert repr(what_is_next()) == "Begin with lesson 00 Start here, and then its exercises."
    passes(progress_path, "00/double", "00/rise")
    assert repr(what_is_next()) == "Go on with the exercises of 00 Start here: counted is next."
    passes(progress_path, *all_of("00"))
    assert repr(what_is_next()) == "Next is lesson 01 Slopes, and then its exercises."
    passes(progress_path, *all_of("00", "02"))
    left_out = ", ".join(key.partition("/")[2] for key in all_of("01"))
    before = f"Still open from before: 01 Slopes ({left_out})."
    assert repr(what_is_next()) == f"Next is lesson 03 A scalar engine, and then its exercises. {before}"
    passes(progress_path, *all_of(*EVERY))
    assert repr(what_is_next()) == "You have passed every exercise of the course."


def test_of_exercises_to_choose_from_one_is_enough(progress_path):
    def row():
        return progress().rows[-1][1:]

    assert row() == ("0 of 2", "", "products, one of swing, reader and speller")
    passes(progress_path, "20/products")
    assert row() == ("1 of 2", "products", "one of swing, reader and speller")
    assert "one of swing, reader and speller is next." in repr(what_is_next())
    passes(progress_path, "20/reader")
    assert row() == ("1 of 2", "reader", "products")
    before = [key for key in all_of(*EVERY) if key[:2] != "20"]
    passes(progress_path, *before, "20/products", "20/reader")
    assert row() == ("2 of 2", "products, reader", "")
    more = "More to do is in the exercises of 20 Capstone: swing, speller."
    assert repr(what_is_next()) == f"You have finished the course. {more}"
    passes(progress_path, *before, "20/products", "20/reader", "20/speller")
    assert row() == ("3 of 3", "products, reader, speller", "")


def test_whoever_has_done_the_last_lesson_is_sent_to_what_was_left_out(progress_path):
    passes(progress_path, *(key for key in all_of(*EVERY) if key != "01/actual_step"))
    assert repr(what_is_next()) == "Go on with the exercises of 01 Slopes: actual_step is next."


def test_what_was_left_out_in_several_lessons_is_named(progress_path):
    passes(progress_path, "00/double", "00/rise", "00/counted", *all_of("01")[1:], "02/" + all_of("02")[0][3:])
    first = all_of("01")[0][3:]
    assert repr(what_is_next()).endswith(f"Still open from before: 00 Start here (landscape), 01 Slopes ({first}).")


def test_the_advice_leads_to_notebooks_that_exist(progress_path):
    root = Path(__file__).parents[2]
    for lesson in EVERY:
        for keys in (all_of(*(each for each in EVERY if each < lesson)), all_of(lesson)[:1]):
            passes(progress_path, *keys)
            page = what_is_next()._repr_html_()
            links = re.findall(r'href="([^"]+)"', page)
            assert any(f"/{lesson}_" in link for link in links)
            assert all((root / "notebooks" / link).exists() for link in links), links
            assert re.sub("<[^>]+>", "", page) == repr(what_is_next())


def test_nobody_is_advised_from_a_file_that_cannot_be_read(progress_path):
    progress_path.parent.mkdir()
    progress_path.write_text("{")
    assert repr(what_is_next()) == record.UNREADABLE


def test_deleting_the_file_starts_over(progress_path):
    lesson_00.double(right)
    progress_path.unlink()
    assert progress().rows[0][1] == "0 of 4"


def test_others_entries_are_kept(progress_path):
    progress_path.parent.mkdir()
    progress_path.write_text('{"passed": ["97/from_a_later_version"]}')
    lesson_00.double(right)
    assert json.loads(progress_path.read_text())["passed"] == ["00/double", "97/from_a_later_version"]
    assert "97" not in progress().text


@pytest.mark.parametrize("content", [b"{", b"", b"[]", b'{"passed": 3}', b'{"passed": [3]}', b"\xff\xfe\x00"])
def test_a_corrupt_file_is_reported_in_one_line_and_left_alone(progress_path, content):
    progress_path.parent.mkdir()
    progress_path.write_bytes(content)
    report = lesson_00.double(right)
    assert report.passed and report.text.splitlines()[2:] == [record.UNREADABLE]
    assert progress_path.read_bytes() == content
    assert progress().rows[0][1] == "0 of 4" and progress().text.splitlines()[-1] == record.UNREADABLE
    assert str(progress_path.parent) not in report.text


def test_a_file_that_cannot_be_written_is_reported_in_one_line(progress_path):
    progress_path.parent.write_text("a file where the folder should be")
    report = lesson_00.double(right)
    assert report.passed and report.text.splitlines()[2:] == [record.UNWRITABLE]
    assert progress().rows[0][1] == "0 of 4"


def test_a_write_that_fails_half_way_leaves_the_old_file(progress_path):
    lesson_00.double(right)
    with pytest.raises(TypeError):  # a set cannot be written as JSON: it fails after the file was opened
        record._write(progress_path, [{1}])
    assert json.loads(progress_path.read_text()) == {"passed": ["00/double"]}
    assert [path.name for path in progress_path.parent.iterdir()] == ["progress.json"]


def test_kernels_that_pass_exercises_at_once_lose_none(progress_path):
    script = "import sys; from gradlib.checks import all_exercises, record; sys.stdin.read()\n"
    script += "for each in all_exercises()[int(sys.argv[1])::3]: print(record.remember(each.key), end='')"
    kernels = [
        subprocess.Popen([sys.executable, "-c", script, str(i)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for i in range(3)
    ]
    said = []
    for kernel in kernels:
        kernel.stdin.close()  # all begin
    for kernel in kernels:
        with kernel.stdout:
            said.append(kernel.stdout.read())
        assert kernel.wait(60) == 0
    assert said == [b"", b"", b""]
    assert len(json.loads(progress_path.read_text())["passed"]) == len(all_exercises())
    assert [path.name for path in progress_path.parent.iterdir()] == ["progress.json"]


def test_a_lock_that_a_dead_kernel_left_is_waited_for_and_broken(progress_path):
    lock = progress_path.with_name("progress.json.lock")
    lock.mkdir(parents=True)
    assert lesson_00.double(right).text == "double: passed\n8 cases." and not lock.exists()
    assert json.loads(progress_path.read_text()) == {"passed": ["00/double"]}


def test_strict_mode_raises_with_the_reports_text_and_neither_writes_nor_reads(progress_path, monkeypatch):
    lesson_00.double(right)
    monkeypatch.setenv("GRADLIB_CHECKS", "strict")
    assert progress().rows[0][1] == "0 of 4"
    progress_path.unlink()
    assert lesson_00.double(right).passed and not progress_path.exists()
    for answer in (wrong, ...):
        with pytest.raises(AssertionError) as raised:
            lesson_00.double(answer)
        assert str(raised.value) == lesson_00.double.report(answer).text
        assert "\n".join(raised.value._render_traceback_()) == str(raised.value)  # what IPython shows of it


@pytest.mark.parametrize("mode", ["", "strict"])
def test_a_warning_costs_no_points_in_strict_mode(mode, monkeypatch):
    """nbgrader gives no points to a cell that writes to stderr. (pytest keeps warnings from stderr, so not here.)"""
    code = """
import warnings
from gradlib.checks import lesson_00

def warns(x):
    warnings.warn("a warning")
    return 2 * x

print(lesson_00.double(warns).status)
"""
    monkeypatch.setenv("GRADLIB_CHECKS", mode)
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "passed\n"
    assert ("a warning" in ran.stderr) == (mode == "")


@pytest.mark.parametrize("value", [None, "", "no", "strict"])
@pytest.mark.parametrize("purpose", ["autograde", "validate"])
def test_nbgrader_makes_checks_strict_whatever_else_is_set(purpose, value, progress_path, monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", purpose)
    if value is not None:
        monkeypatch.setenv("GRADLIB_CHECKS", value)
    with pytest.raises(AssertionError, match="double: not yet"):
        lesson_00.double(wrong)
    assert lesson_00.double(right).passed and not progress_path.exists()


@pytest.mark.parametrize("value", ["", "no", "Strict "])
def test_other_values_are_not_strict(value, monkeypatch):
    monkeypatch.setenv("GRADLIB_CHECKS", value)
    assert lesson_00.double(wrong).status == "not yet"


@pytest.mark.parametrize(
    ("platform", "environment", "folder"),
    [
        ("linux", {"XDG_DATA_HOME": "/data"}, "/data"),
        ("linux", {}, "/home/ada/.local/share"),
        ("darwin", {"XDG_DATA_HOME": "/data"}, "/home/ada/Library/Application Support"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local"),
        ("win32", {}, "/home/ada/AppData/Local"),
    ],
)
def test_the_file_lies_where_the_platform_keeps_data(platform, environment, folder, monkeypatch):
    for name in ("GRADLIB_PROGRESS", "XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.platform", platform)
    monkeypatch.setattr(Path, "home", lambda: Path("/home/ada"))
    assert progress_file() == Path(folder) / "gradlib" / "progress.json"


def test_in_the_browser_the_file_lies_where_jupyterlite_keeps_files(monkeypatch):
    monkeypatch.delenv("GRADLIB_PROGRESS", raising=False)
    monkeypatch.setattr("sys.platform", "emscripten")
    assert progress_file() == Path("/drive/progress.json")
