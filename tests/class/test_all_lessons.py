"""`make grade` gives the solutions of every lesson full points, and untouched exercises none."""

import csv
import subprocess
import sys

import pytest

from notebooks import ROOT

LESSONS = sorted(path.stem for path in (ROOT / "solutions").glob("*.ipynb"))


@pytest.mark.parametrize("lesson", LESSONS)
@pytest.mark.parametrize("seed", ["", "a word"], ids=["plain", "hidden"])
def test_solutions_get_full_points_and_untouched_exercises_none(lesson, seed, tmp_path):
    for student, folder in {"right": "solutions", "untouched": "exercises"}.items():
        if seed and student == "untouched":
            continue
        place = tmp_path / student / lesson
        place.mkdir(parents=True)
        (place / f"{lesson}.ipynb").write_bytes((ROOT / folder / f"{lesson}.ipynb").read_bytes())
    command = [sys.executable, "-m", "gradlib.grading", lesson[:2], str(tmp_path), f"--seed={seed}"]
    graded = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert graded.returncode == 0, graded.stdout
    with open(tmp_path / "grades.csv", newline="") as file:
        scores = {row["student_id"]: (row["score"], row["max_score"]) for row in csv.DictReader(file)}
    most = scores["right"][1]
    book = (tmp_path / "gradebook.jsonl").read_text("utf-8")
    assert scores == {"right": (most, most)} | ({} if seed else {"untouched": ("0", most)}), book
