"""Write the teacher's guide, class/GUIDE.md (`make guide`).

python tools/guide.py            write it
python tools/guide.py --check    write nothing, say whether it differs

What a notebook or a check knows comes from there: titles, times, sections with their minutes and speaker's notes,
exercises, the sentences of named mistakes. What a teacher has to write stands in class/guide/: `teaching.md` for the
chapters before the lessons, `NN.md` for each lesson. There

- `{exercise.mistake}` becomes the sentence that the check says to a learner with this mistake;
- `{hours 00 01 02}` becomes the time that these lessons take, exercises included, and `{lectures 00 01}` the minutes of
  their slides;
- `<!-- reckoned … -->` holds Python that reckons the numbers of the page. It is left out; tests/test_guide.py runs it.
"""

import inspect
import re
import sys
from functools import cache
from pathlib import Path

from nbformat import NotebookNode

from gradlib.checks import all_exercises
from notebooks import ROOT, read

GUIDE = ROOT / "class" / "GUIDE.md"
PROSE = ROOT / "class" / "guide"
RECKONED = re.compile(r"\n*<!-- reckoned\n(.*?)-->\n?", re.DOTALL)
NOTE = "<!-- Made by `make guide` from class/guide/, the notebooks and the checks: edit those. -->"
ESCAPED = r"\|"  # in a table, where | ends a cell


@cache
def notebooks() -> dict[str, tuple[Path, NotebookNode]]:
    """{number: (path, notebook)} of all lessons."""
    return {path.name[:2]: (path, read(path)) for path in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))}


def head(number: str, name: str) -> str:
    """The rest of the line of a lesson's first cell that begins with **name**, with links that work from class/."""
    source = notebooks()[number][1].cells[0].source
    line = re.search(rf"^\*\*{name}\*\* *(.*)$", source, re.MULTILINE)[1]
    return re.sub(r"\]\((\.\./)?(\w+\.ipynb)\)", r"](../notebooks/\2)", line)


def title(number: str) -> str:
    return notebooks()[number][1].cells[0].source.splitlines()[0].removeprefix("# ")


def minutes(number: str) -> int:
    """How long the lesson takes, without its exercises."""
    return int(re.match(r"\d+", head(number, "Time"))[0])


def sections(number: str) -> list[tuple[int, str, str]]:
    """(minutes of a lecture, heading, speaker's notes) for each section."""
    found = []
    for cell in notebooks()[number][1].cells:
        if lecture := cell.metadata.get("lecture"):
            heading = re.search(r"^##? (.+)$", cell.source, re.MULTILINE)[1]
            found.append((lecture["minutes"], heading, lecture["notes"]))
    return found


def lecture_minutes(number: str) -> int:
    return sum(section[0] for section in sections(number))


def sentence(number: str, exercise: str, mistake: str) -> str:
    """What the check says to a learner with this mistake."""
    for known in all_exercises():
        if (known.lesson, known.name) == (number, exercise):
            for wrong in known.mistakes:
                if wrong.__name__ == mistake:
                    return f"The check `{exercise}` says: *{' '.join(inspect.getdoc(wrong).split()).replace('*', '')}*"
    raise KeyError(f"lesson {number} has no exercise {exercise!r} with a mistake {mistake!r}")


def filled(text: str, number: str = "") -> str:
    """Prose with its placeholders filled in, without what is reckoned."""
    text = RECKONED.sub("\n", text)
    text = re.sub(r"\{hours ([\d ]+)\}", lambda found: hours(found[1].split()), text)
    text = re.sub(
        r"\{lectures ([\d ]+)\}", lambda found: f"{sum(map(lecture_minutes, found[1].split()))} minutes", text
    )
    return re.sub(r"\{(\w+)\.([\w-]+)\}", lambda found: sentence(number, found[1], found[2]), text).strip()


def hours(numbers: list[str]) -> str:
    """The time of some lessons with their exercises, which take about as long: "5½ hours"."""
    halves = round(2 * sum(map(minutes, numbers)) / 30)
    whole = f"{halves // 2}" if halves > 1 else ""
    return f"{whole}{'½' if halves % 2 else ''} hours"


def exercises(number: str) -> list[str]:
    rows = ["| exercise | points | what it asks for |", "|---|---|---|"]
    for known in all_exercises():
        if known.lesson == number:
            statement = " ".join(inspect.getdoc(known).split())
            first = re.match(r".+?[^.]\.(?= [A-Z`]|$)", statement)[0].replace("|", ESCAPED)
            rows.append(f"| **{known.title}**, `{known.name}` | {known.points} | {first} |")
    return rows


def lesson(number: str) -> str:
    """The chapter on one lesson."""
    path, notebook = notebooks()[number]
    parts = re.split(r"^(?=### )", filled((PROSE / f"{number}.md").read_text(encoding="utf-8"), number), flags=re.M)
    purpose, *parts = [re.sub(r"^(### .+)\n(?!\n)", r"\1\n\n", part.strip()) for part in parts]
    after = next(i for i, part in enumerate(parts) if part.startswith("### Written question"))
    rows = ["| minutes | section | speaker's notes |", "|---|---|---|"]
    rows += [f"| {long} | {heading} | {notes.replace('|', ESCAPED)} |" for long, heading, notes in sections(number)]
    return "\n\n".join(
        [
            f"## {title(number)}",
            f"*{notebook.cells[0].source.splitlines()[2]}*",
            f"[Lesson](../notebooks/{path.name}), [exercises](../exercises/{path.name}), "
            f"[solutions](../solutions/{path.name}). {minutes(number)} minutes, and about as long for the exercises; "
            f"as slides {lecture_minutes(number)} minutes. Before it: {head(number, 'Prerequisites')}",
            purpose,
            "### Section by section\n\n" + "\n".join(rows),
            *parts[:after],
            "### Exercises\n\n" + "\n".join(exercises(number)),
            *parts[after:],
        ]
    )


def contents(chapters: list[str]) -> str:
    """A list of links to the headings of the second level."""
    heads = re.findall(r"^## (.+)$", "\n".join(chapters), re.MULTILINE)
    return "\n".join(f"- [{each}](#{re.sub(r'[^a-z0-9 -]', '', each.lower()).replace(' ', '-')})" for each in heads)


def make() -> str:
    teaching = filled((PROSE / "teaching.md").read_text(encoding="utf-8"))
    start, _, rest = teaching.partition("\n## ")
    chapters = ["## " + rest, *map(lesson, notebooks())]
    return "\n\n".join([NOTE, start.strip(), contents(chapters), *chapters]) + "\n"


def main(arguments: list[str]) -> int:
    made = make()
    if arguments != ["--check"]:
        GUIDE.write_text(made, encoding="utf-8", newline="\n")
        print(f"class/GUIDE.md: {len(made.split()):,} words")
    elif not GUIDE.exists() or GUIDE.read_text(encoding="utf-8") != made:
        print("class/GUIDE.md: differs from what it is made from; run `make guide`", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
