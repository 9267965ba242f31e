"""The teacher's guide: it is what the lessons, the checks and its own prose make, and its numbers are right."""

import re
from pathlib import Path

import pytest

import guide
from gradlib.checks import all_exercises
from tests.test_english import findings

LESSONS = sorted(guide.notebooks())
HEADINGS = ["Stop and ask", "Discussion", "Misconceptions", "Written question", "Quiz"]


def prose(name):
    return (guide.PROSE / f"{name}.md").read_text(encoding="utf-8")


def part(number, heading):
    """The text below a heading of a lesson's chapter."""
    return re.search(rf"^### {heading}.*?\n(.*?)(?=^### |^<!-- |\Z)", prose(number), re.MULTILINE | re.DOTALL)[1]


def test_the_stored_guide_is_what_make_guide_makes():
    assert guide.main(["--check"]) == 0


def test_each_lesson_has_a_chapter():
    assert sorted(path.stem for path in guide.PROSE.glob("*.md")) == [*LESSONS, "teaching"]


@pytest.mark.parametrize("number", LESSONS)
def test_a_chapter_has_its_parts(number):
    assert [head.partition(":")[0] for head in re.findall(r"^### (.+)$", prose(number), re.MULTILINE)] == HEADINGS
    assert prose(number).index("###") > 100, "it begins with what the lesson is for"
    assert 3 <= len(
        re.findall(r"^- \*\*.+\{\w+\.[\w-]+\}$|\{\w+\.[\w-]+\}$", part(number, "Misconceptions"), re.MULTILINE)
    )


@pytest.mark.parametrize("number", LESSONS)
def test_it_stops_at_sections_of_the_lesson(number):
    named = re.findall(r"^- \*([^*]+)\*:? ", part(number, "Stop and ask"), re.MULTILINE)
    headings = [heading for _, heading, _ in guide.sections(number)]
    assert len(named) >= 3
    assert not [name for name in named if not any(heading.startswith(name) for heading in headings)]


@pytest.mark.parametrize("number", LESSONS)
def test_a_rubric_adds_up_and_its_samples_differ(number):
    text = part(number, "Written question")
    points = int(re.search(r"^### Written question: .+ \((\d+) points\)$", prose(number), re.MULTILINE)[1])
    assert sum(map(int, re.findall(r"^- (\d): ", text, re.MULTILINE))) == points
    marks = re.findall(r"^> \*\*(\d) of (\d)\.\*\*", text, re.MULTILINE)
    assert {int(most) for _, most in marks} == {points}
    assert int(marks[0][0]) == points and all(int(mark) < points for mark, _ in marks[1:]) and len(marks) > 1


@pytest.mark.parametrize("number", LESSONS)
def test_each_quiz_item_has_three_choices_one_answer_and_a_reason(number):
    items = re.split(r"^\d\. ", part(number, "Quiz"), flags=re.MULTILINE)[1:]
    assert len(items) >= 3
    for item in items:
        assert re.search(r"^   a\) .+  b\) .+  c\) .+\.$", item, re.MULTILINE), item
        assert re.search(r"^   Answer: \*\*[abc]\*\*[.,(] ?\S.{8,}", item, re.MULTILINE), item


@pytest.mark.parametrize("number", LESSONS)
def test_its_numbers_are_right(number):
    exec(guide.RECKONED.search(prose(number))[1], {})


def test_a_mistake_that_no_check_knows_is_refused():
    assert "7 nudges" not in guide.filled("{double.squared}", "00")
    with pytest.raises(KeyError, match="lesson 00 has no exercise 'double' with a mistake 'cubed'"):
        guide.filled("{double.cubed}", "00")


def test_the_syllabi_name_exercises_of_their_lessons():
    known = {(known.lesson, known.name) for known in all_exercises()}
    named = re.findall(r"(\d\d) (`\w+`(?:(?:,| or) `\w+`)*)", prose("teaching"))
    assert len(named) > 10
    chosen = {(number, name) for number, names in named for name in re.findall(r"`(\w+)`", names)}
    assert not chosen - known


def test_hours_include_the_exercises():
    assert guide.filled("{hours 02}") == "2½ hours" and guide.filled("{lectures 01 02}") == "90 minutes"


@pytest.mark.parametrize("path", sorted(guide.PROSE.parent.rglob("*.md")), ids=lambda path: path.name)
def test_it_is_plain_english(path: Path):
    text = re.sub(
        r"```.*?```|`[^`\n]*`", "…", guide.RECKONED.sub("", path.read_text(encoding="utf-8")), flags=re.DOTALL
    )
    assert not findings(f"text = {text!r}", learners=True)
