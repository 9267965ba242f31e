"""Settings with which nbgrader grades gradlib's exercises. Copy this file into the folder of the course.

It needs nothing beside it. Checks are strict by themselves wherever nbgrader runs them.

It protects a class against mistakes, and not against cheats: an answer runs in one process with its check, and as the
user who grades. `make grade` in the repository holds them apart.
"""

import csv
import os
import sysconfig
import warnings

from nbconvert.preprocessors import ClearMetadataPreprocessor
from nbformat import NotebookNode, v4
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.nbgraderformat import SCHEMA_VERSION
from nbgrader.plugins import CsvExportPlugin
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    ClearOutput,
    Execute,
    IgnorePattern,
    LimitOutput,
    NbGraderPreprocessor,
    OverwriteCells,
    OverwriteKernelspec,
    SaveAutoGrades,
)
from sqlalchemy.exc import SAWarning


class RestoreCells(NbGraderPreprocessor):
    """Give each released cell the metadata it was released with, once, and put changed and deleted checks back.

    JupyterLab copies nbgrader's metadata with a cell, also from another notebook, and students delete cells.
    nbgrader refuses such notebooks, and some of them end the grading of everyone who follows in the alphabet.

    Of several copies the last one counts, because a notebook runs from top to bottom. A deleted check goes right after
    its answer. If the answer's cell is gone too, the check goes to the end, since a student may have written the answer
    in another cell. A deleted answer is not put back, because its stub could replace that answer.
    """

    def preprocess(self, notebook, resources):
        here = resources["nbgrader"]
        with Gradebook(here["db_url"]) as gradebook:
            released = released_cells(gradebook.find_notebook(here["notebook"], here["assignment"]))
        found, copied, changed, deleted = {}, [], [], []
        for cell in reversed(notebook.cells):
            metadata = cell.metadata.pop("nbgrader", None)
            name = metadata.get("grade_id") if isinstance(metadata, dict) else None
            if name in found:
                copied.append(name)
            elif name in released:
                cell.metadata["nbgrader"] = released[name].metadata["nbgrader"]
                convert(cell, released[name].cell_type)
                if cell.metadata["nbgrader"]["locked"] and cell.source != released[name].source:
                    cell.source = released[name].source
                    changed.append(name)
                found[name] = cell
        before = None  # the released cell that comes before this one, if it is in the notebook
        for name, cell in released.items():
            if name not in found and not is_answer(cell):
                place = len(notebook.cells) if before is None else 1 + place_of(before, notebook)
                if notebook.nbformat_minor < 5:
                    del cell["id"]
                notebook.cells.insert(place, cell)
                found[name] = cell
                deleted.append(name)
            before = found.get(name)
        repairs = {"copied, the last copy counts": copied, "changed, put back": changed, "deleted, put back": deleted}
        for repair, names in repairs.items():
            if names:
                self.log.warning("%s, %s: %s: %s", here["student"], here["notebook"], repair, ", ".join(sorted(names)))
        return notebook, resources


def is_answer(cell):
    """Return True for a cell that is not graded itself, but by its check."""
    return cell.metadata["nbgrader"]["solution"] and not cell.metadata["nbgrader"]["grade"]


def place_of(cell, notebook):
    """The index of a cell in its notebook. `list.index` would find an equal one."""
    return next(index for index, other in enumerate(notebook.cells) if other is cell)


def released_cells(notebook):
    """The cells that nbgrader recorded when the assignment was generated, by name and in their order."""
    points = {cell.name: cell.max_score for cell in [*notebook.grade_cells, *notebook.task_cells]}
    grade_cells = {cell.name for cell in notebook.grade_cells}
    solution_cells = {cell.name for cell in notebook.solution_cells}
    task_cells = {cell.name for cell in notebook.task_cells}
    cells = {}
    for source in notebook.source_cells:
        metadata = {
            "grade_id": source.name,
            "grade": source.name in grade_cells,
            "solution": source.name in solution_cells,
            "task": source.name in task_cells,
            "locked": source.locked,
            "cell_type": source.cell_type,
            "checksum": source.checksum,
            "schema_version": SCHEMA_VERSION,
        }
        if source.name in points:
            metadata["points"] = points[source.name]
        new_cell = {"code": v4.new_code_cell, "markdown": v4.new_markdown_cell, "raw": v4.new_raw_cell}
        cells[source.name] = new_cell[source.cell_type](source.source, metadata=NotebookNode(nbgrader=metadata))
    return cells


def convert(cell, cell_type):
    """Make a cell a code or Markdown cell again, if a student changed its type."""
    if cell.cell_type != cell_type:
        cell.cell_type = cell_type
        for key in ("outputs", "execution_count", "attachments"):
            cell.pop(key, None)
        if cell_type == "code":
            cell.update(outputs=[], execution_count=None)


class ShowReports(NbGraderPreprocessor):
    """Show the report of a passed check as text.

    nbgrader reads the result of a check as a number of points. A report gets full points, but also seven lines of
    warning, because it is not a number.
    """

    def preprocess_cell(self, cell, resources, index):
        for output in cell.get("outputs", []):
            if output.output_type == "execute_result" and not is_number(output.data.get("text/plain")):
                output.output_type = "display_data"
                del output["execution_count"]
        return cell, resources


def is_number(text):
    try:
        float(text)
    except (TypeError, ValueError):
        return False
    return True


class GradesWithStatus(CsvExportPlugin):
    """Write grades.csv with a status for each submission, since one that could not be graded has 0 points too."""

    def export(self, gradebook):
        super().export(gradebook)
        path = self.to or "grades.csv"
        with open(path, newline="") as file:
            head, *rows = csv.reader(file)
        assignment, student = head.index("assignment"), head.index("student_id")
        with open(path, "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([*head, "status"])
            writer.writerows([*row, self.status(gradebook, row[assignment], row[student])] for row in rows)

    def status(self, gradebook, assignment, student):
        try:
            submission = gradebook.find_submission(assignment, student)
        except MissingEntry:
            return "not submitted"
        course = self.parent.coursedir
        # nbgrader removes the graded folder when grading fails, and keeps the points of an earlier time.
        if not os.path.exists(course.format_path(course.autograded_directory, student, assignment)):
            return "could not be graded"
        grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
        return "to be graded by hand" if any(grade.needs_manual_grade for grade in grades) else "graded"


c = get_config()  # noqa: F821 (nbgrader defines it)

# nbgrader calls alembic, which is not on the path unless the environment is activated.
os.environ["PATH"] = sysconfig.get_path("scripts") + os.pathsep + os.environ.get("PATH", "")

# The log names the cells that were repaired and the submissions that could not be graded.
c.Application.log_level = "WARN"
c.Execute.extra_arguments = ["--log-level=ERROR"]  # the kernel's own log: it warns that it is not encrypted
warnings.simplefilter("ignore", SAWarning)  # nbgrader's use of its database

# What students get says the same as the exercises of the repository.
c.ClearSolutions.code_stub = {"python": "# your turn\nraise NotImplementedError"}
c.ClearSolutions.text_stub = "*Your turn.*"

c.Autograde.sanitize_preprocessors = [
    ClearOutput,
    RestoreCells,  # instead of nbgrader's DeduplicateIds
    OverwriteKernelspec,
    OverwriteCells,
    CheckCellMetadata,
]
c.Autograde.autograde_preprocessors = [
    Execute,
    IgnorePattern,
    ShowReports,
    ClearMetadataPreprocessor,
    LimitOutput,
    SaveAutoGrades,
    AssignLatePenalties,
    CheckCellMetadata,
]

# nbgrader gives no points for a check whose cell writes to stderr. A debugging print or a progress bar does that, so
# such output is dropped; errors are not.
c.IgnorePattern.enabled = True
c.IgnorePattern.pattern = "(?s).*"

# Seconds. The slowest cell of a solution takes a few; the rest is for a machine that is busy with other work.
c.Execute.timeout = 60
c.Execute.startup_timeout = 120
c.Execute.iopub_timeout = 30

c.ExportApp.plugin_class = GradesWithStatus
