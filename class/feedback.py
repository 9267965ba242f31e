"""Write a page for each learner of a graded class, with the words of the checks.

`make feedback LESSON=04 SUBMITTED=folder` reads the gradebook that `make grade` has written, and writes
NAME/04_broadcasting/feedback.html beside each learner's notebook. A page holds what concerns this learner alone. It
needs no network, and it has no script.
"""

import importlib
import sys
from html import escape
from pathlib import Path

from gradlib.grading.parent import Gradebook, write_whole
from gradlib.grading.submissions import Release, Unreadable, find_release

NAME = "feedback.html"
LONGEST = 4_000  # characters of a report, which holds what the learner's code made
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ max-width: 48rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif; }}
h2 {{ font-size: 1.1rem; margin: 1.5rem 0 0; }}
p {{ margin: 0.25rem 0; }}
pre {{ white-space: pre-wrap; overflow-wrap: anywhere; margin: 0.5rem 0; padding: 0 0 0 1rem;
  border-left: 3px solid; font: 0.9rem/1.4 ui-monospace, monospace; }}
</style>
</head>
<body>
<h1>{title}</h1>
{body}
</body>
</html>
"""


def page(record: dict, release: Release) -> str:
    """The page of one learner."""
    titles = importlib.import_module(f"gradlib.checks.lesson_{release.lesson}")
    title = f"Lesson {release.lesson}: {record['student_id']}"
    if record["score"] is None:
        parts = [f"<p>Your notebook has no points yet: {escape(record['status'])}. Please hand it in again.</p>"]
    else:
        parts = [f"<p>{record['score']:g} of {record['max_score']:g} points.</p>"]
    parts += [f"<p>Your notebook was repaired. {escape(note.capitalize())}.</p>" for note in record["notes"]]
    for each in record["exercises"]:
        exercise, most = getattr(titles, each["exercise"]), release.points[each["exercise"]]
        worth = f"{most if each['status'] == 'passed' else 0:g} of {most:g} points"
        if exercise.one_of:
            worth = f"one of the {exercise.one_of}, of which one gives all their points"
        parts.append(f"<h2>{escape(exercise.title)}</h2>")
        parts.append(f"<p><code>{escape(each['exercise'])}</code>, {worth}: {each['status']}</p>")
        said = each["report"].partition("\n")[2]  # its first line is the name and the status again
        if said and each["status"] != "passed":
            parts.append(f"<pre>{escape(said[:LONGEST])}</pre>")
    return PAGE.format(title=escape(title), body="\n".join(parts))


def write(folder: Path, release: Release) -> list[Path]:
    """Write a page for each learner who has handed something in. Returns the pages."""
    written = []
    for name, record in sorted(Gradebook(folder, release, "").records.items()):
        place = folder / name / release.name
        if place.is_dir() and record["status"] != "not submitted":
            write_whole(place / NAME, page(record, release))
            written.append(place / NAME)
    return written


def main(arguments: list[str]) -> int | str:
    if len(arguments) != 2 or not all(arguments):
        return "Say which lesson and which folder: make feedback LESSON=04 SUBMITTED=submitted"
    lesson, folder = arguments[0], Path(arguments[1])
    try:
        release = find_release(lesson)
    except Unreadable as why:
        return str(why)
    written = write(folder, release)
    if not written:
        return f"No submission of {release.name} is graded in {folder}. Grade them first: make grade LESSON={lesson} …"
    print(f"{len(written)} pages, in {folder / 'NAME' / release.name / NAME}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
