"""Make a handout of each lesson, to print on paper (`make handouts`).

python tools/handouts.py                        every lesson, into build/handouts/
python tools/handouts.py notebooks/01_slopes.ipynb

A handout is one page of HTML without a script, to be printed on A4 or Letter: the objectives, the sections with their
questions and room for an answer, the summary and the names of the exercises. The plots come last, on a sheet of their
own, since they answer some of the questions. It needs no network: formulas are MathML, pictures lie inside.
"""

import re
import sys
from html import escape
from pathlib import Path

from nbconvert.filters.markdown_mistune import MarkdownWithMath
from nbformat import NotebookNode

from notebooks import ROOT, captioned, read
from offline import Renderer

OUT = ROOT / "build" / "handouts"
QUESTION = re.compile(r"\*\*Predict\.\*\*\s*(.+?)(?=\n\n\*\*|\Z)", re.DOTALL)
SECTION = re.compile(r"^## (.+)$", re.MULTILINE)

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
@page {{ margin: 16mm; }}
body {{ max-width: 180mm; margin: 10mm auto; padding: 0 5mm; color: #111; background: #fff;
  font: 10.5pt/1.4 Georgia, "DejaVu Serif", serif; }}
h1 {{ font-size: 18pt; margin: 0 0 2mm; }}
h2 {{ font-size: 12pt; margin: 5mm 0 1mm; break-after: avoid; }}
p, ul, ol {{ margin: 1mm 0; }}
code, pre {{ font: 9pt "DejaVu Sans Mono", Consolas, monospace; white-space: pre-wrap; }}
table {{ border-collapse: collapse; margin: 2mm 0; }}
th, td {{ border: 0.3pt solid #999; padding: 0.5mm 2mm; text-align: left; }}
.question {{ break-inside: avoid; border-left: 1mm solid #bbb; padding-left: 3mm; margin: 2mm 0; }}
.question::after {{ content: ""; display: block; height: 14mm; border-bottom: 0.3pt solid #999; }}
.anchor-link {{ display: none; }}
.plots {{ break-before: page; display: flex; flex-wrap: wrap; gap: 4mm; }}
figure {{ flex: 1 1 80mm; max-width: 100%; margin: 2mm 0; break-inside: avoid; }}
figure img {{ max-width: 100%; max-height: 65mm; }}
figcaption {{ font-size: 9pt; font-style: italic; }}
math[display="block"] {{ margin: 2mm 0; }}
</style>
</head>
<body>
{body}
</body>
</html>
"""


def html(source: str, folder: Path) -> str:
    """Markdown as HTML, with formulas as MathML."""
    renderer = Renderer(escape=False, embed_images=True, path=str(folder), attachments={})
    source = re.sub(r"\[([^\]]+)\]\([^)]+\.ipynb[^)]*\)", r"\1", source)  # paper has no links to notebooks
    return MarkdownWithMath(renderer=renderer).render(source)


def plots(cells: list[NotebookNode], folder: Path) -> str:
    """The plots of these cells, each with the sentence in italics below it."""
    figures = []
    for cell, caption in captioned(cells):
        for output in cell.get("outputs", []):
            if plot := output.get("data", {}).get("image/png"):
                picture = f'<img alt="{escape(caption)}" src="data:image/png;base64,{plot}">'
                figures.append(f"<figure>{picture}<figcaption>{html(caption, folder)}</figcaption></figure>")
    return f'<div class="plots">{"".join(figures)}</div>' if figures else ""


def sections(cells: list[NotebookNode]) -> list[tuple[str, list[NotebookNode]]]:
    """(heading, its cells) for each section of a lesson; what stands before the first has the heading ""."""
    found: list[tuple[str, list[NotebookNode]]] = [("", [])]
    for cell in cells:
        heading = SECTION.search(cell.source) if cell.cell_type == "markdown" else None
        if heading:
            found.append((heading[1], []))
        found[-1][1].append(cell)
    return found


def exercises(path: Path) -> str:
    """The headings of a lesson's exercises, as a list in Markdown."""
    source = "\n\n".join(cell.source for cell in read(path).cells if cell.cell_type == "markdown")
    return "\n".join(re.findall(r"^## (\d+\. .+)$", source, re.MULTILINE))


def make(path: Path, folder: Path) -> Path:
    """Write the handout of one lesson; returns its file."""
    cells = read(path).cells
    head = cells[0].source.partition("\n**Prerequisites**")[0]
    body = [html(head, path.parent)]
    for heading, own in sections(cells[1:]):
        texts = [cell.source for cell in own if cell.cell_type == "markdown"]
        questions = [question for text in texts for question in QUESTION.findall(text)]
        if heading == "Summary":
            body.append(html("\n\n".join(texts).partition("\nNow do ")[0], path.parent))
        elif questions:
            body.append(html(f"## {heading}", path.parent))
            body += [f'<div class="question">{html(question, path.parent)}</div>' for question in questions]
    body.append("<h2>Exercises</h2>" + html(exercises(ROOT / "exercises" / path.name), path.parent))
    body.append(plots(cells, path.parent))
    folder.mkdir(parents=True, exist_ok=True)
    made = folder / f"{path.stem}.html"
    title = cells[0].source.splitlines()[0].removeprefix("# ")
    made.write_text(PAGE.format(title=escape(title), body="\n".join(body)), encoding="utf-8")
    return made


def main(arguments: list[str]) -> int:
    for path in map(Path, arguments) if arguments else sorted((ROOT / "notebooks").glob("[0-9]*.ipynb")):
        print(make(path, OUT).relative_to(ROOT), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
