"""Downloads of Canvas and Moodle, deadlines, their tables of grades, and the mistakes of a class counted."""

import csv
import io
import json
import os
import warnings
import zipfile
from datetime import datetime

import pytest
from nbformat import v4

from gradlib.grading import insights, lms, parent
from gradlib.grading.submissions import (
    Submission,
    Unreadable,
    find_release,
    find_submissions,
    read_notebook,
    repaired,
)

LESSON = "02_chain_rule"


def archive(path, *entries):
    with zipfile.ZipFile(path, "w") as file:
        for name, text, when in entries:
            file.writestr(zipfile.ZipInfo(name, when), text)
    return path


EARLY, LATE = (2026, 11, 30, 23, 0, 0), (2026, 12, 1, 1, 30, 0)


def test_a_download_of_canvas_is_taken_as_it_comes(tmp_path):
    download = archive(
        tmp_path / "submissions.zip",
        ("annbaker_1234_98_02_chain_rule.ipynb", "first", EARLY),
        ("annbaker_1234_99_02_chain_rule-1.ipynb", "second", EARLY),
        ("bencook_LATE_77_100_02_chain_rule.ipynb", "late", LATE),
        ("cleodoe_78_101_my answers.ipynb", "renamed", EARLY),
        ("cleodoe_78_102_notes.pdf", "a page", EARLY),
    )
    assert lms.unpack(download, tmp_path, LESSON) == ["cleodoe_78_102_notes.pdf"]
    found = {each.student: each for each in find_submissions(tmp_path, find_release("02"))}
    assert {name: each.path.read_text() for name, each in found.items()} == {
        "annbaker_canvas_1234": "second",
        "bencook_canvas_77": "late",
        "cleodoe_canvas_78": "renamed",
    }
    assert found["cleodoe_canvas_78"].note == "the file is named my answers.ipynb"
    deadline = lms.Deadline(datetime(2026, 12, 1), grace=15)
    assert [deadline.words(each) for each in found.values()] == ["", "1 h 30 min late", ""]


def test_a_download_of_moodle_is_taken_as_it_comes(tmp_path):
    download = archive(
        tmp_path / "assignment.zip",
        ("Ann Baker_4711_assignsubmission_file_/02_chain_rule.ipynb", "ann", EARLY),
        ("Ben Cook_4712_assignsubmission_file/02_chain_rule.ipynb", "ben", EARLY),
        ("Cleo Doe_4713_assignsubmission_file_02_chain_rule.ipynb", "cleo", EARLY),
    )
    assert lms.unpack(download, tmp_path, LESSON) == []
    names = [each.student for each in find_submissions(tmp_path, find_release("02"))]
    assert names == ["Ann Baker_moodle_4711", "Ben Cook_moodle_4712", "Cleo Doe_moodle_4713"]


def test_names_inside_a_submission_are_nobodys(tmp_path):
    """Students may hand in folders and files by any name, also one of those that the systems make."""
    moodle = archive(
        tmp_path / "moodle.zip",
        ("Ben Cook_4712_assignsubmission_file/02_chain_rule.ipynb", "ben", EARLY),
        ("Ann Baker_4711_assignsubmission_file/a/Ben Cook_4712_assignsubmission_file/02_chain_rule.ipynb", "ann", LATE),
        ("Cleo Doe_4713_assignsubmission_file/bencook_77_100_02_chain_rule.ipynb", "cleo", LATE),
    )
    canvas = archive(
        tmp_path / "canvas.zip",
        ("download/bencook_77_100_02_chain_rule.ipynb", "ben", EARLY),
        ("download/annbaker_1234_98_Ben Cook_4712_assignsubmission_file_02_chain_rule.ipynb", "ann", LATE),
    )
    for download in moodle, canvas:
        assert lms.unpack(download, tmp_path, LESSON) == []
    found = {each.student: each.path.read_text() for each in find_submissions(tmp_path, find_release("02"))}
    assert found == {
        "Ann Baker_moodle_4711": "ann",
        "Ben Cook_moodle_4712": "ben",
        "Cleo Doe_moodle_4713": "cleo",
        "annbaker_canvas_1234": "ann",
        "bencook_canvas_77": "ben",
    }


def test_names_in_a_download_stay_in_the_folder(tmp_path):
    folder = tmp_path / "inside"
    download = archive(
        tmp_path / "evil.zip", ("../../.._1_2_../../x.ipynb", "", EARLY), ("/etc_1_2_x.ipynb", "", EARLY)
    )
    lms.unpack(download, folder, LESSON)
    assert {path.relative_to(tmp_path).parts[0] for path in tmp_path.rglob("*.ipynb")} <= {"inside"}


def test_what_is_no_archive_is_said_so(tmp_path):
    (tmp_path / "x.zip").write_text("no archive")
    with pytest.raises(Unreadable, match="is not a zip archive"):
        lms.unpack(tmp_path / "x.zip", tmp_path, LESSON)


def test_nbgraders_time_stamp_comes_before_the_time_of_the_file(tmp_path):
    notebook = tmp_path / "x.ipynb"
    notebook.write_text("{}")
    os.utime(notebook, (0, 0))
    deadline = lms.Deadline.read("2026-12-01 12:00", "")
    assert deadline.words(Submission("ann", notebook)) == ""
    (tmp_path / "timestamp.txt").write_text("2026-12-05 12:00:00.5 UTC")
    assert deadline.words(Submission("ann", notebook)).startswith(("3 d", "4 d"))


def test_a_deadline_that_is_none_is_refused():
    assert lms.Deadline.read("", "") is None
    with pytest.raises(Unreadable, match="DEADLINE is a date and a time"):
        lms.Deadline.read("tomorrow", "")


def record(student, score=None, status="graded", **statuses):
    exercises = [
        {"exercise": name, "status": status, "mistakes": mistakes} for name, (status, mistakes) in statuses.items()
    ]
    return {
        "lesson": LESSON, "student_id": student, "score": score, "max_score": 17, "status": status,
        "exercises": exercises,
    }  # fmt: skip


RECORDS = [
    record("annbaker_canvas_1234", 13.5),
    record("Ben Cook_moodle_4712", 0),
    record("cleo", None, "could not be graded: it is not a notebook"),
]


def rows(text):
    return list(csv.reader(io.StringIO(text)))


def test_grades_in_the_shape_of_canvas():
    assert rows(lms.canvas(RECORDS)) == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", LESSON],
        ["    Points Possible", "", "", "", "", "17"],
        ["annbaker", "1234", "", "", "", "13.5"],
        ["Ben Cook", "", "", "Ben Cook_moodle_4712", "", "0"],
        ["cleo", "", "", "cleo", "", ""],
    ]


def test_grades_in_the_shape_of_moodle():
    found = list(csv.DictReader(io.StringIO(lms.moodle(RECORDS))))
    assert [(row["Identifier"], row["Full name"], row["Username"], row["Grade"]) for row in found] == [
        ("", "annbaker", "annbaker_canvas_1234", "13.5"),
        ("Participant 4712", "Ben Cook", "", "0"),
        ("", "cleo", "cleo", ""),
    ]


FORMULA = '=cmd|" /C calc"!A1'


@pytest.mark.parametrize("name", [FORMULA, "+1", "-1", "@SUM(1)", "\t=1", "\r=1"])
def test_no_name_is_a_formula_of_a_spreadsheet(name, tmp_path):
    records = [record(name, 13.5)]
    parent.write_tables(tmp_path, records)
    for file in ("grades.csv", "canvas.csv", "moodle.csv"):
        cells = [cell for row in rows((tmp_path / file).read_bytes().decode()) for cell in row]
        assert f"'{name}" in cells and not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in cells)
    line = insights.as_csv([insights.Row("sweep", "a_mistake", "", [name])], 1, names=True).splitlines()[1]
    assert not line.split(",")[-1].strip('"').startswith(("=", "+", "-", "@", "\t"))


def test_a_folder_whose_name_is_no_text_has_its_row(tmp_path):
    """As unpacked on a machine with another encoding of names."""
    parent.write_tables(tmp_path, [record(os.fsdecode(b"Zo\xeb"), 13.5), record("ann", 17)])
    assert [row[:2] for row in rows((tmp_path / "grades.csv").read_text())[1:]] == [
        ["Zo\\udceb", "13.5"],
        ["ann", "17"],
    ]
    parent.write_whole(tmp_path / "feedback.html", "ValueError: \ud800")  # which an answer may raise
    assert (tmp_path / "feedback.html").read_text() == r"ValueError: \ud800"


def test_names_move_no_cursor(tmp_path, capsys):
    """Not those of files in a download, and not those of students."""
    download = archive(tmp_path / "x.zip", ("x\x1b[2J\nada: graded  17 of 17.txt", "", EARLY))
    parent.unpacked(download, find_release("02"))
    said = insights.table([insights.Row("sweep", "a_mistake", "", ["\x1b[2J\nada"])], 1, names=True)
    said += capsys.readouterr().out
    assert said.count("\n") == 1 and "\x1b" not in said and said.count("?[2J?ada") == 2


@pytest.fixture
def graded(tmp_path):
    release = find_release("02")
    name = next(iter(release.points))
    first, second = insights_names(name)
    records = [
        record("ann", 15, **{name: ("not yet", [first])}),
        record("ben", 15, **{name: ("not yet", [first])}),
        record("cleo", 15, **{name: ("not yet", [second])}),
        record("dora", 15, **{name: ("not yet", [])}),
        record("emil", 15, **{name: ("not attempted", [])}),
        record("fay", 17, **{name: ("passed", [])}),
        record("gus", None, "could not be graded"),
    ]
    (tmp_path / "gradebook.jsonl").write_text("".join(json.dumps(each) + "\n" for each in records))
    return tmp_path, name, first, second


def insights_names(exercise):
    import gradlib.checks.lesson_02 as module

    return [mistake.__name__ for mistake in getattr(module, exercise).mistakes[:2]]


def test_the_mistakes_of_a_class_are_counted_without_names(graded, capsys):
    folder, name, first, second = graded
    assert insights.main(["02", str(folder)]) == 0
    said = capsys.readouterr().out
    assert f"2 of 6  {name}: {first.replace('_', ' ')}" in said and "ann" not in said.split()
    table = rows((folder / "insights.csv").read_text())
    assert table[0] == ["exercise", "mistake", "how many", "of", "what the check says"]
    assert [row[:4] for row in table[1:]] == [
        [name, first, "2", "6"],
        [name, second, "1", "6"],
        [name, "another mistake", "1", "6"],
        [name, "not attempted", "1", "6"],
    ]
    assert all(row[4] for row in table[1:3])
    assert (folder / "insights.svg").read_text().count("<svg") == 1


def test_names_are_said_where_they_are_asked_for(graded, capsys):
    folder, name, first, _ = graded
    insights.main(["02", str(folder), "--names=1"])
    assert f"{first.replace('_', ' ')} (ann, ben)" in capsys.readouterr().out
    assert rows((folder / "insights.csv").read_text())[1][-1] == "ann; ben"


def test_a_class_that_is_not_graded_is_said_so(tmp_path):
    assert insights.main(["02", str(tmp_path)]).startswith("No submission of 02_chain_rule is graded")


def test_a_notebook_without_its_inner_folder_is_found_and_names_are_shown_on_one_line(tmp_path):
    for path in (f"ann/{LESSON}.ipynb", f"ben/{LESSON}/x\nada: graded.ipynb"):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text("{}")
    ann, ben = find_submissions(tmp_path, find_release("02"))
    assert ann.path == tmp_path / "ann" / f"{LESSON}.ipynb" and ann.note == f"the file is not in a folder {LESSON}"
    assert ben.note == "the file is named x?ada: graded.ipynb"


def test_a_folder_that_leads_to_anothers_is_not_followed(tmp_path):
    (tmp_path / "ann" / LESSON).mkdir(parents=True)
    (tmp_path / "ann" / LESSON / f"{LESSON}.ipynb").write_text("{}")
    (tmp_path / "ben").mkdir()
    (tmp_path / "ben" / LESSON).symlink_to("../ann/" + LESSON)
    ann, ben = find_submissions(tmp_path, find_release("02"))
    assert ann.path is not None
    assert ben.path is None and ben.note == f"{LESSON} is a link, and not a folder"


def test_many_odd_cells_take_no_time_and_fill_no_screen(tmp_path, capfd):
    odd = [{"cell_type": "code", "id": "same", "metadata": {}, "source": "", "outputs": []} for _ in range(500)]
    path = tmp_path / "x.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": odd}))
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # one for each cell without an id of its own
        assert len(read_notebook(path).cells) == 500
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": odd * 5}))
    with pytest.raises(Unreadable, match="it has 2,500 cells, and at most 2,000 are graded"):
        read_notebook(path)
    assert capfd.readouterr() == ("", "")


def test_answers_in_cells_that_lost_their_names_are_judged():
    release = find_release("02")
    answer = v4.new_code_cell("def diamond(s, p, q, x):\n    return 0")
    cells, notes = repaired(v4.new_notebook(cells=[answer]), release)
    assert cells[0] == {"code": answer.source} and [cell["check"] for cell in cells[1:]] == list(release.points)
    with pytest.raises(Unreadable, match="another lesson"):
        repaired(v4.new_notebook(cells=[v4.new_code_cell("x = 1")]), release)
