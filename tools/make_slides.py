"""Make slides of the lessons (`make slides`).

python tools/make_slides.py                        every lesson, into build/slides/
python tools/make_slides.py notebooks/01_slopes.ipynb

The metadata of a cell says which slide shows it: slideshow.slide_type, as in JupyterLab's property inspector, and
lecture, {"minutes": …, "notes": …}, on the cells that begin a section. The notes are the speaker's: press S.

The pages work offline: formulas become MathML, and reveal.js, which npm downloads once, is stored next to the pages.
Content too tall for a slide continues below it; slides/pages.js does this in the browser, where heights are known.
"""

import re
import subprocess
import sys
import tarfile
import tempfile
from html import escape
from itertools import pairwise
from pathlib import Path

from latex2mathml.converter import convert
from nbconvert import SlidesExporter
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from notebooks import ROOT, page_style, read

REVEAL = "reveal.js@4.6.1"
OUT = ROOT / "build" / "slides"

# Code is skipped, even if it contains a dollar.
_FORMULA = re.compile(r"(?P<code>```.*?```|`[^`\n]*`)|\$\$(?P<block>.+?)\$\$|\$(?P<inline>[^$\n]+?)\$", re.DOTALL)


_NO_WORDS = "No description has been provided for this image"  # nbconvert's, for a picture without words
_APPLIED = '<mo rspace="0.17em">&#x2061;</mo>'


def with_mathml(text: str) -> str:
    """Markdown with its formulas as MathML, which browsers show without a library.

    >>> with_mathml("`$5` is not a formula")
    '`$5` is not a formula'
    """

    def formula(match: re.Match) -> str:
        if match["code"]:
            return match["code"]
        display = "block" if match["block"] else "inline"
        made = convert((match["block"] or match["inline"]).strip(), display=display)
        return re.sub(r"<mi>([a-z]{2,})</mi>(?!<mo)", rf"<mi>\1</mi>{_APPLIED}", made)  # sin x, not sinx

    return _FORMULA.sub(formula, text)


def as_lecture(lesson: NotebookNode) -> NotebookNode:
    """The notebook as it is shown: formulas as MathML, the speaker's notes as cells of their own."""
    cells = []
    for cell in lesson.cells:
        if cell.cell_type == "markdown":
            cell.source = with_mathml(cell.source)
        cells.append(cell)
        if lecture := cell.metadata.get("lecture"):
            notes = new_markdown_cell(f"**{lecture['minutes']} minutes.** {lecture['notes']}")
            notes.metadata["slideshow"] = {"slide_type": "notes"}
            cells.append(notes)
    lesson.cells = cells
    return lesson


def descriptions(lesson: NotebookNode) -> list[str]:
    """The sentence in italics below each picture that the slides show."""
    found = []
    for cell, below in pairwise([*lesson.cells, new_markdown_cell()]):
        if cell.metadata.get("slideshow", {}).get("slide_type") != "skip":
            pictures = [output for output in cell.get("outputs", []) if "image/png" in output.get("data", {})]
            found += [below.source.partition("\n\n")[0].strip("*")] * len(pictures)
    return found


def make(path: Path, folder: Path) -> Path:
    """Write the slides of one lesson; returns their file."""
    exporter = SlidesExporter(
        extra_template_basedirs=[str(ROOT / "tools")],
        template_name="slides",
        reveal_url_prefix="reveal.js",
        reveal_theme="white",  # the theme that includes its fonts
    )
    lesson = read(path)
    alternatives = iter(descriptions(lesson))
    page, _ = exporter.from_notebook_node(as_lecture(lesson), {"metadata": {"name": path.stem}})
    page = re.sub(f'alt="{_NO_WORDS}"', lambda _: f'alt="{escape(next(alternatives))}"', page)
    folder.mkdir(parents=True, exist_ok=True)
    made = folder / f"{path.stem}.slides.html"
    page = page.replace('href="../', 'href="../../').replace("</head>", f"{page_style()}</head>", 1)
    made.write_text(page, encoding="utf-8")
    return made


def fetch_reveal(folder: Path) -> None:
    """Download reveal.js next to the slides, once."""
    if (folder / "reveal.js" / "dist" / "reveal.js").exists():
        return
    with tempfile.TemporaryDirectory() as own:
        try:
            command = ["npm", "pack", "--silent", REVEAL]
            subprocess.run(command, cwd=own, check=True, capture_output=True, text=True)
        except FileNotFoundError:
            raise SystemExit(
                "The slides need reveal.js, which npm downloads, and npm is not installed. Install Node.js, or unpack "
                f"the npm package {REVEAL} as {folder.name}/reveal.js yourself. Then try again."
            ) from None
        except subprocess.CalledProcessError as error:
            raise SystemExit(
                f"npm could not download {REVEAL}. Is there a network? npm says:\n{error.stderr}"
            ) from None
        with tarfile.open(next(Path(own).glob("*.tgz"))) as package:
            package.extractall(own, filter="data")
        folder.mkdir(parents=True, exist_ok=True)
        for part in ("dist", "plugin", "LICENSE"):
            (folder / "reveal.js").mkdir(exist_ok=True)
            (Path(own) / "package" / part).rename(folder / "reveal.js" / part)


def main(arguments: list[str]) -> int:
    fetch_reveal(OUT)
    for path in map(Path, arguments) if arguments else sorted((ROOT / "notebooks").glob("[0-9]*.ipynb")):
        print(make(path, OUT).relative_to(ROOT), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
