"""Take downloads of Canvas and Moodle as they come, and write grades in the shape of each.

Canvas names a file annbaker_LATE_1234_98765_02_chain_rule-1.ipynb: the student, the user's number, the submission's,
and the file, with a number at the end if it was handed in again. Moodle names a folder or a file
"Ann Baker_4711_assignsubmission_file_". Both numbers stay in the name of the student's folder, since the upload of the
grades needs them.
"""

from __future__ import annotations

import contextlib
import csv
import io
import os
import re
import time
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from .submissions import LARGEST, Submission, Unreadable, is_readable

MOST = 5_000  # files of a download
CANVAS = re.compile(r"(?P<name>[^_/]+)_(?P<late>LATE_)?(?P<id>\d+)_(?P<time>\d+)_(?P<file>[^/]+)\.ipynb")
MOODLE = re.compile(r"(?P<name>[^/]+?)_(?P<id>\d+)_assignsubmission_file(?:_|/|_/)(?:[^/]+/)*(?P<file>[^/]+)\.ipynb")
_FOLDER = re.compile(r"(?P<name>.+)_(?P<system>canvas|moodle)_(?P<id>\d+)")
_AGAIN = re.compile(r"-\d+$")


def unpack(archive: Path, folder: Path, name: str) -> list[str]:
    """Lay the notebooks of a download into folder/STUDENT/name/name.ipynb. Returns what was left out.

    Of several notebooks of a student, the one that was handed in last counts, among those with the lesson's name if
    there are any.
    """
    left_out, chosen = [], {}
    try:
        with zipfile.ZipFile(archive) as file:
            entries = [each for each in file.infolist() if not each.is_dir()]
            if len(entries) > MOST:
                raise Unreadable(f"{archive.name} holds {len(entries):,} files, too many for the download of a class.")
            for entry in entries:
                found = _named_by_the_system(entry.filename)
                if found is None or entry.file_size > LARGEST:
                    left_out.append(entry.filename)
                    continue
                system = "canvas" if found.re is CANVAS else "moodle"
                student = f"{_plain(found['name'])}_{system}_{found['id']}"
                stem = _AGAIN.sub("", found["file"]) if system == "canvas" else found["file"]
                when = int(found["time"]) if system == "canvas" else 0
                rank = (stem == name, when, entry.date_time)
                if student not in chosen or rank > chosen[student][0]:
                    chosen[student] = rank, stem, entry
            for student, (_, stem, entry) in sorted(chosen.items()):
                place = folder / student / name
                place.mkdir(parents=True, exist_ok=True)
                target = place / f"{_plain(stem)}.ipynb"
                with file.open(entry) as content:
                    data = content.read(LARGEST + 1)  # the size that the archive states may be a lie
                if len(data) > LARGEST:
                    left_out.append(entry.filename)
                    continue
                if not target.exists() or target.read_bytes() != data:
                    target.write_bytes(data)
                with contextlib.suppress(ValueError, OverflowError):
                    moment = time.mktime((*entry.date_time, 0, 0, -1))
                    os.utime(target, (moment, moment))
    except zipfile.BadZipFile:
        raise Unreadable(f"{archive.name} is not a zip archive. Download it again.") from None
    return left_out


def _named_by_the_system(path: str) -> re.Match | None:
    """Who handed a file in. The outermost name that says it counts: those inside are the student's."""
    parts = path.split("/")
    inner = ("/".join(parts[i:]) for i in range(len(parts)))
    return next((found for each in inner if (found := CANVAS.fullmatch(each) or MOODLE.fullmatch(each))), None)


def _plain(name: str) -> str:
    """A name that is safe as a name of a folder."""
    return re.sub(r"[^\w .'()-]", "_", name).strip(". ") or "_"


@dataclass
class Deadline:
    """When submissions were due. grace: minutes after it that count as in time."""

    due: datetime
    grace: float = 0.0

    @classmethod
    def read(cls, text: str, grace: str) -> Deadline | None:
        """Read "2026-12-01 23:59", in the time of this machine, and a number of minutes."""
        if not text:
            return None
        try:
            return cls(datetime.fromisoformat(text), float(grace or 0))
        except ValueError:
            raise Unreadable(
                f"DEADLINE is a date and a time, as in 2026-12-01 23:59, and GRACE a number of minutes; got {text!r} "
                f"and {grace!r}."
            ) from None

    def words(self, submission: Submission) -> str:
        """How late a submission is, as "3 h 20 min late", or ""."""
        if submission.path is None:
            return ""
        late = handed_in(submission.path) - self.due
        if late <= timedelta(minutes=self.grace):
            return ""
        hours, minutes = divmod(int(late.total_seconds() // 60), 60)
        days, hours = divmod(hours, 24)
        parts = [f"{count} {unit}" for count, unit in ((days, "d"), (hours, "h"), (minutes, "min")) if count]
        return f"{' '.join(parts) or '1 min'} late"


def handed_in(path: Path) -> datetime:
    """When a notebook was handed in: what nbgrader's timestamp.txt says, else the time of the file."""
    with contextlib.suppress(OSError, ValueError):
        stamp = path.parent / "timestamp.txt"
        text = stamp.read_text(encoding="utf-8").strip() if is_readable(stamp) else ""
        moment = datetime.fromisoformat(text.replace(" UTC", "+00:00"))
        return moment.astimezone().replace(tzinfo=None)
    return datetime.fromtimestamp(path.lstat().st_mtime)


def csv_text(rows: Iterable[Iterable[object]]) -> str:
    """Rows as CSV. A text that a spreadsheet would take for a formula gets an apostrophe, as one types it there.

    >>> csv_text([["=1+1", "ann", -1.5]])
    "'=1+1,ann,-1.5\\r\\n"
    """
    text = io.StringIO()
    csv.writer(text).writerows([_no_formula(each) for each in row] for row in rows)
    return text.getvalue()


def _no_formula(value: object) -> object:
    is_formula = isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    return f"'{value}" if is_formula else value


def _parts(student: str, system: str) -> tuple[str, str]:
    """The name and the number of a student whose notebook came in a download, or the name alone."""
    found = _FOLDER.fullmatch(student)
    return (found["name"], found["id"] if found["system"] == system else "") if found else (student, "")


def name_of(student: str) -> str:
    """A student's name, without what a download adds to it.

    >>> name_of("Ann Baker_moodle_4711"), name_of("ann")
    ('Ann Baker', 'ann')
    """
    found = _FOLDER.fullmatch(student)
    return found["name"] if found else student


def canvas(records: list[dict]) -> str:
    """Grades for Canvas: Grades > Import. Canvas knows a student by ID, or by SIS Login ID where there is no ID."""
    lesson, most = (records[0]["lesson"], records[0]["max_score"]) if records else ("", "")
    rows: list[list[object]] = [["Student", "ID", "SIS User ID", "SIS Login ID", "Section", lesson]]
    rows.append(["    Points Possible", "", "", "", "", most])
    for record in records:
        name, number = _parts(record["student_id"], "canvas")
        login = "" if number else record["student_id"]
        rows.append([name, number, "", login, "", "" if record["score"] is None else record["score"]])
    return csv_text(rows)


def moodle(records: list[dict]) -> str:
    """Grades for Moodle: the assignment's "Upload grading worksheet", or Grades > Import > CSV file by Username."""
    rows: list[list[object]] = [
        ["Identifier", "Full name", "Username", "Status", "Grade", "Maximum Grade", "Feedback comments"]
    ]
    for record in records:
        name, number = _parts(record["student_id"], "moodle")
        login = "" if number else record["student_id"]
        score = "" if record["score"] is None else record["score"]
        comment = "; ".join(f"{each['exercise']}: {each['status']}" for each in record["exercises"])
        identifier = f"Participant {number}" if number else ""
        rows.append([identifier, name, login, record["status"], score, record["max_score"], comment])
    return csv_text(rows)
