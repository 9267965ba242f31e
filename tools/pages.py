"""Write the pages that are made from the lessons and the table of derivatives (`make pages`).

python tools/pages.py            write notebooks/contents.ipynb, glossary.ipynb and formulas.ipynb
python tools/pages.py --check    write nothing, name those that differ

contents: what is next for the learner, every lesson, what one can do after it, its time and prerequisites, and what the
learner has passed.
glossary: the terms at the end of each lesson. formulas: the table's entries, and each lesson's summary.
"""

import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from gradlib import primitives
from gradlib.formulas import fill
from notebooks import ROOT, holds, normalise, read, run, write

LOOK_UP = "**Look up** [Contents](contents.ipynb), [glossary](glossary.ipynb), [formula sheet](formulas.ipynb)."
OPEN = (  # what a lesson needs of its surroundings
    "**Open** it with `make lab`: you get a copy of your own, without the answers. Any other Jupyter needs a kernel "
    "that has gradlib. Without it a cell says `No module named 'gradlib'`: choose another one under "
    "*Kernel > Change Kernel*. Pictures move after *Run > Run All Cells*."
)

FAMILIES = {  # files of gradlib/primitives, each of which imports only from those before it
    "elementwise": "Entry by entry",
    "reductions": "Over axes",
    "shapes": "Shapes and places",
    "matrices": "Products and inverses",
    "windows": "Windows",
    "recurrent": "Steps in time",
}


class Lesson(NamedTuple):
    """A lesson as the pages need it: its text, cell by cell."""

    path: Path
    cells: list[str]

    @property
    def title(self) -> str:
        return self.cells[0].splitlines()[0].removeprefix("# ")

    @property
    def promise(self) -> str:
        """The objective of the lesson, without the words "After this lesson"."""
        line = self.cells[0].splitlines()[2]
        return re.sub(r"^After this lesson,? (you )?", "", line).rstrip(".")

    def line(self, head: str) -> str:
        """The rest of the line that begins with **head**."""
        found = re.search(rf"^\*\*{head}\*\* *(.*)$", self.cells[0], re.MULTILINE)
        return found[1] if found else ""

    @property
    def summary(self) -> str:
        """The text from the heading "Summary" on."""
        return "\n\n".join(self.cells).partition("\n## Summary\n")[2]

    def terms(self) -> Iterator[tuple[str, str]]:
        """(term, definition) for each bullet under **Terms**."""
        listed = self.summary.partition("**Terms**")[2]
        return iter(re.findall(r"^- \*\*(.+?)\*\*: (.+)$", listed, re.MULTILINE))

    def formulas(self) -> list[str]:
        return re.findall(r"\$\$.+?\$\$", self.summary, re.DOTALL)


def lessons() -> list[Lesson]:
    found = []
    for path in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb")):
        found.append(Lesson(path, [cell.source for cell in read(path).cells if cell.cell_type == "markdown"]))
    return found


def page(*cells: NotebookNode) -> NotebookNode:
    return new_notebook(cells=list(cells))


def make_contents() -> NotebookNode:
    rows = ["| lesson | after it you | time | exercises |", "|---|---|---|---|"]
    for lesson in lessons():
        time = re.match(r"[^,.]*", lesson.line("Time"))[0]
        exercises = f"[{lesson.path.stem[:2]}](../exercises/{lesson.path.name})"
        rows.append(f"| [{lesson.title}]({lesson.path.name}) | {lesson.promise} | {time} | {exercises} |")
    before = ["| lesson | needs |", "|---|---|"]
    before += [f"| [{lesson.title}]({lesson.path.name}) | {lesson.line('Prerequisites')} |" for lesson in lessons()]
    own = {"tags": ["nbval-ignore-output"]}
    notebook = page(
        new_markdown_cell(
            "# Contents\n\nThe lessons in the order in which they build on each other. Look things up in the "
            "[glossary](glossary.ipynb) and on the [formula sheet](formulas.ipynb)."
        ),
        new_markdown_cell(
            "## What is next for you\n\nRun this cell. It reads the small file on your own computer in which the "
            "checks keep what has passed."
        ),
        # The two outputs depend on the reader, so nbval does not compare them. Stored is what a beginner sees.
        new_code_cell("from gradlib import checks\n\nchecks.what_is_next()", metadata=own),
        new_markdown_cell("## All lessons\n\n" + "\n".join(rows)),
        new_markdown_cell("## What you have passed"),
        new_code_cell("checks.progress()", metadata=own),
        new_markdown_cell("## What each lesson needs\n\n" + "\n".join(before)),
    )
    run(notebook, ROOT / "notebooks")
    return notebook


def make_glossary() -> NotebookNode:
    found = [(term, text, lesson) for lesson in lessons() for term, text in lesson.terms()]
    lines = []
    for term, text, lesson in sorted(found, key=lambda each: each[0].lower()):
        lines.append(f"- **{term}**: {text} [{lesson.path.stem[:2]}]({lesson.path.name})")
    return page(
        new_markdown_cell(
            "# Glossary\n\nThe terms of the course, each with the lesson that introduces it. Back to the "
            "[contents](contents.ipynb).\n\n" + "\n".join(lines)
        )
    )


def make_formulas() -> NotebookNode:
    cells = [
        new_markdown_cell(
            "# Formula sheet\n\nEvery operation of the library's table of derivatives, and what the lessons ask you to "
            "remember. Back to the [contents](contents.ipynb).\n\n"
            "$x$, $y$, $w$ are the inputs of an operation in their order, $z$ is its result. "
            "$g = \\partial L/\\partial z$ is the gradient that arrives, $\\bar x = \\partial L/\\partial x$ the one "
            "that is passed on. $[\\ldots]$ is 1 where the condition holds and 0 elsewhere. Where an axis was "
            "stretched by broadcasting, the gradient is summed over it afterwards.\n\n"
            "$\\operatorname{spread}$ stretches over the axes that were added up, $\\operatorname{unbroadcast}$ adds "
            "up over those that were stretched, $\\operatorname{slice}$ takes what came from this input. $a$ and $b$ "
            "are the slope of `leaky_relu` and the limits of `clip`, $p$ is the order of a norm, $n$ how many entries "
            "a mean has, ties how many entries share the extreme, $i$ an index that was given, $s$ the deviation "
            "$\\sqrt{\\text{variance} + \\varepsilon}$, $\\varphi$ tanh or relu. BPTT, backpropagation through time, "
            "goes back from the last step to the first."
        )
    ]
    unlisted = dict(primitives.TABLE)
    for family, title in FAMILIES.items():
        rows = ["| entry | value $z$ | gradients |", "|---|---|---|"]
        own = vars(import_module(f"gradlib.primitives.{family}")).values()
        for name in [name for name, entry in unlisted.items() if any(entry is thing for thing in own)]:
            entry = unlisted.pop(name)
            rows.append(f"| `{name}` | ${forward(entry)}$ | {', '.join(f'${rule}$' for rule in rules(entry))} |")
        cells.append(new_markdown_cell(f"## {title}\n\n" + "\n".join(rows)))
    remembered = "\n\n".join(
        "\n\n".join([f"### [{lesson.title}]({lesson.path.name})", *lesson.formulas()])
        for lesson in lessons()
        if lesson.formulas()
    )
    return page(*cells, new_markdown_cell("## To remember\n\n" + remembered))


def in_a_table(latex: str) -> str:
    """A formula for a table, in which | would end a cell."""
    return re.sub(r"\|([^|]*)\|", r"\\lvert \1 \\rvert", latex)


def forward(entry: primitives.Primitive) -> str:
    latex = entry.latex.replace("()", "(x_1, \\ldots, x_n)")
    return in_a_table(fill(latex, ["x", "y", "w"], "z", "g"))


def rules(entry: primitives.Primitive) -> Iterator[str]:
    """One formula for each input; an elementwise one is multiplied by g."""
    shared = entry.variadic or entry.joint
    for name, vjp in [("x_i", shared)] if shared else zip("xyw", entry.vjps, strict=False):
        if vjp is not None:
            rule = in_a_table(fill(vjp.latex, ["x", "y", "w"], "z", "g"))
            yield rf"\bar {name} = {times_g(rule) if entry.elementwise else rule}"


def times_g(slope: str) -> str:
    """g times a local derivative, without a factor 1 and with brackets where needed."""
    if slope in ("0", "1", "-1"):
        return {"0": "0", "1": "g", "-1": "-g"}[slope]
    outside = re.sub(r"\([^()]*\)|\{[^{}]*\}|\[[^\[\]]*\]", "", slope)
    return rf"g \cdot ({slope})" if re.search(r" [+-] |^-", outside) else rf"g \cdot {slope}"


PAGES = {"contents": make_contents, "glossary": make_glossary, "formulas": make_formulas}


def main(arguments: list[str]) -> int:
    stale = False
    for name, make in PAGES.items():
        path, made = ROOT / "notebooks" / f"{name}.ipynb", normalise(make())
        if arguments != ["--check"]:
            print(f"notebooks/{path.name}: {write(path, made)}")
        elif not holds(path, made):
            print(f"notebooks/{path.name}: differs from the lessons; run `make pages`", file=sys.stderr)
            stale = True
    return int(stale)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
