"""The exercises of a class with VARIANTS=1, in which each learner has other numbers.

gradlib.checks.variants has the numbers. Here the cells that ask for them are put into a notebook.
"""

from __future__ import annotations

import copy
import importlib
import re
from typing import Any

from ..checks.variants import plain_name

TOP = """**In some of these exercises each learner has other numbers.** They follow from your name. Write between the
quotes the name under which you hand in. On the hub of your class, leave it empty: the hub knows your name."""
NUMBERS = """**Your own numbers.** Run this cell to see them. Answer with these instead of those above, of which the
hints speak, too."""
_CHECK = re.compile(r"import (lesson_\d\d) as check\n\ncheck\.(\w+)\(\w+\)$")  # the cell of a check


def with_variants(notebook: Any) -> Any:
    """A copy of a notebook with exercises in which those that have variants ask for a learner's own numbers.

    A notebook without any stays as it is. Solutions are treated alike; their answers then fit nobody's numbers.
    """
    made = copy.deepcopy(notebook)
    made.cells, cells = [], made.cells
    for cell in cells:
        made.cells.append(cell)
        if cell.metadata.get("nbgrader", {}).get("grade"):
            lesson, name = _CHECK.search(cell.source).groups()
            if getattr(importlib.import_module(f"gradlib.checks.{lesson}"), name).variant is not None:
                cell.source = cell.source.removesuffix(")") + ", learner=LEARNER)"
                show = f"from gradlib.checks import {lesson} as check\n\ncheck.{name}.numbers(LEARNER)"
                answer = next(
                    i
                    for i, each in enumerate(made.cells)
                    if each.metadata.get("nbgrader", {}).get("solution") and each.metadata.nbgrader.grade_id == name
                )
                made.cells[answer:answer] = _cells(f"numbers-{name}", NUMBERS, show)
    if len(made.cells) > len(cells):
        made.cells[1:1] = _cells("learner", TOP, 'LEARNER = ""')
    return made


def _cells(name: str, words: str, code: str) -> list[Any]:
    from nbformat import v4

    words = " ".join(words.split())
    return [v4.new_markdown_cell(words, id=f"{name}-words"), v4.new_code_cell(code, id=name)]


def file_with_variants(content: bytes) -> bytes:
    """The same with the content of a notebook's file."""
    import nbformat

    notebook = nbformat.reads(content.decode(), as_version=4)
    made = with_variants(notebook)
    return content if made == notebook else (nbformat.writes(made) + "\n").encode()


def other_name(notebook: Any, student: str) -> str:
    """The name that a notebook gives as LEARNER, where it was handed in under another one, else ""."""
    texts = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    given = re.findall(r"^LEARNER *= *([\"'])(.*?)\1", texts, flags=re.MULTILINE)
    said = given[-1][1] if given else ""
    return said if said.strip() and plain_name(said) != plain_name(student) else ""
