"""Pages of feedback: each learner of a graded class gets the words of the checks, and nobody else's."""

import sys

from gradlib.checks import lesson_02
from gradlib.grading.parent import Gradebook
from gradlib.grading.submissions import find_release
from notebooks import ROOT

sys.path.insert(0, str(ROOT / "class"))
import feedback  # noqa: E402

RELEASE = find_release("02")


def sum_of_products(paths):
    total = 0.0
    for path in paths:
        product = 1.0
        for number in path:
            product *= number
        total += product
    return total


def product_of_sums(paths):
    total = 1.0
    for path in paths:
        total *= sum(path)
    return total


def graded(folder, name, answer, **changes):
    """A learner's record, with the verdict that the check gives to an answer."""
    report = lesson_02.sum_over_paths.report(answer)
    verdict = {"exercise": "sum_over_paths", "points": 1, "status": report.status, "report": report.text}
    record = {"lesson": RELEASE.name, "student_id": name, "score": int(report.passed), "max_score": 17}
    record |= {"status": "graded", "notes": [], "exercises": [verdict], "digest": "", "key": ""}
    (folder / name / RELEASE.name).mkdir(parents=True)
    Gradebook(folder, RELEASE, "").add(record | changes)


def page_of(folder, name):
    return (folder / name / RELEASE.name / "feedback.html").read_text(encoding="utf-8")


def test_each_learner_gets_the_words_of_the_checks(tmp_path, capsys):
    graded(tmp_path, "ada", sum_of_products)
    graded(tmp_path, "ben", product_of_sums, notes=["deleted, put back: diamond-check"])
    assert feedback.main(["02", str(tmp_path)]) == 0
    assert "2 pages" in capsys.readouterr().out
    ada, ben = page_of(tmp_path, "ada"), page_of(tmp_path, "ben")
    assert "1 of 17 points" in ada and "1 of 1 points: passed" in ada and "<pre>" not in ada
    assert "0 of 17 points" in ben and "Your notebook was repaired. Deleted, put back: diamond-check." in ben
    assert "You have it the other way round: multiply along each path, then add over the paths." in ben
    assert "<h2>Sum over paths</h2>" in ben and "ada" not in ben


def test_of_projects_among_which_one_is_chosen_none_is_counted_as_lost(tmp_path):
    release = find_release("20")
    same = {"status": "not started", "report": ""}
    verdicts = [{"exercise": name, "points": release.points[name], **same} for name in ("swing", "products", "reader")]
    record = {"lesson": release.name, "student_id": "ada", "score": release.max_score, "max_score": release.max_score}
    record |= {"status": "graded", "notes": [], "exercises": verdicts}
    page = feedback.page(record, release)
    assert page.count("one of the projects, of which one gives all their points: not started") == 2
    assert page.count(" points: not started") == 3


def test_a_learners_text_stays_text_and_short(tmp_path):
    def shouts(paths):
        raise ValueError("<script>alert(1)</script>" + "x" * 100_000)

    graded(tmp_path, "ada", shouts)
    feedback.main(["02", str(tmp_path)])
    assert "&lt;script&gt;" in page_of(tmp_path, "ada")
    assert "<script>" not in page_of(tmp_path, "ada") and len(page_of(tmp_path, "ada")) < 10_000


def test_a_notebook_that_could_not_be_graded_says_why(tmp_path):
    why = "could not be graded: it is not a notebook (ValueError)"
    graded(tmp_path, "ada", sum_of_products, score=None, status=why, exercises=[])
    graded(tmp_path, "ben", sum_of_products, score=None, status="not submitted", exercises=[])
    feedback.main(["02", str(tmp_path)])
    assert f"no points yet: {why}. Please hand it in again." in page_of(tmp_path, "ada")
    assert not (tmp_path / "ben" / RELEASE.name / "feedback.html").exists()


def test_a_page_beside_a_notebook_does_not_count_as_a_change(tmp_path):
    from gradlib.grading.submissions import find_submissions

    graded(tmp_path, "ada", sum_of_products)
    (tmp_path / "ada" / RELEASE.name / f"{RELEASE.name}.ipynb").write_text("{}")
    before = find_submissions(tmp_path, RELEASE)[0]
    feedback.main(["02", str(tmp_path)])
    after = find_submissions(tmp_path, RELEASE)[0]
    assert (after.path, after.digest()) == (before.path, before.digest())


def test_without_a_gradebook_it_says_what_to_do(tmp_path):
    assert "Grade them first: make grade LESSON=02" in feedback.main(["02", str(tmp_path)])
    assert "make feedback LESSON=04 SUBMITTED=submitted" in feedback.main(["", ""])
    assert "There is no lesson" in feedback.main(["77", str(tmp_path)])
