"""Make slides of the lessons (`make slides`).

python tools/make_slides.py                        every lesson, into build/slides/
python tools/make_slides.py notebooks/01_slopes.ipynb

The metadata of a cell says which slide shows it: slideshow.slide_type, as in JupyterLab's property inspector, and
lecture, {"minutes": …, "notes": …}, on the cells that begin a section. The notes are the speaker's: press S.

The pages work offline: formulas become MathML, and reveal.js, which npm downloads once, is stored next to the pages.
Content too tall for a slide continues below it; slides/pages.js does this in the browser, where heights are known.
"""

import sys
import tempfile
from pathlib import Path

from nbconvert import SlidesExporter
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from notebooks import ROOT, read
from offline import StandAlone, markdown2html
from programs import npm_package

REVEAL = "reveal.js@4.6.1"
OUT = ROOT / "build" / "slides"


def as_lecture(lesson: NotebookNode) -> NotebookNode:
    """The notebook with the speaker's notes as cells of their own."""
    cells = []
    for cell in lesson.cells:
        cells.append(cell)
        if lecture := cell.metadata.get("lecture"):
            notes = new_markdown_cell(f"**{lecture['minutes']} minutes.** {lecture['notes']}")
            notes.metadata["slideshow"] = {"slide_type": "notes"}
            cells.append(notes)
    lesson.cells = cells
    return lesson


def make(path: Path, folder: Path) -> Path:
    """Write the slides of one lesson; returns their file."""
    exporter = SlidesExporter(
        extra_template_basedirs=[str(ROOT / "tools")],
        template_name="slides",
        reveal_url_prefix="reveal.js",
        reveal_theme="white",  # the theme that includes its fonts
        filters={"markdown2html": markdown2html},
        preprocessors=[StandAlone],
    )
    page, _ = exporter.from_notebook_node(as_lecture(read(path)), {"metadata": {"name": path.stem}})
    folder.mkdir(parents=True, exist_ok=True)
    made = folder / f"{path.stem}.slides.html"
    made.write_text(page.replace('href="../', 'href="../../'), encoding="utf-8")
    return made


def fetch_reveal(folder: Path) -> None:
    """Download reveal.js next to the slides, once."""
    place = folder / "reveal.js"
    if place.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as own:  # next to its place, to which it moves when it is whole
        package = npm_package(REVEAL, Path(own))
        (whole := Path(own) / "whole").mkdir()
        for part in ("dist", "plugin", "LICENSE"):
            (package / part).rename(whole / part)
        whole.rename(place)


def main(arguments: list[str]) -> int:
    fetch_reveal(OUT)
    for path in map(Path, arguments) if arguments else sorted((ROOT / "notebooks").glob("[0-9]*.ipynb")):
        print(make(path, OUT).relative_to(ROOT), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
