"""Pictures that stand still, for stored outputs: an `<img>` instead of inline SVG.

Hosting sites, and JupyterLab in a notebook that was not run there, drop `<svg>` and `<style>` from an output and leave
loose words behind. An image with its SVG in the address survives. It holds only the rules of the style that apply to
it. An image cannot take the colour of the page: its lines are grey, its letters dark with a light edge, which reads on
white and on dark (gradlib/palette.py).

`keep_stills` does this to every notebook that Jupyter saves, if it is the server's `pre_save_hook`: then the pictures
stand when the notebook is opened again, in this kernel or another. Without it JupyterLab says instead that it cannot
find the widget's model.
"""

from __future__ import annotations

import base64
import re
from typing import Any

from .. import graph
from ..palette import HALO, HALO_OPACITY, INK, LOOKS, TEXT
from .svg import style

VIEW_MIME = "application/vnd.jupyter.widget-view+json"
FONT = "Helvetica, Arial, sans-serif"
LETTERS = (
    f"text {{ fill: {TEXT} !important; stroke: {HALO}; stroke-opacity: {HALO_OPACITY}; stroke-width: 4; "
    "stroke-linejoin: round; paint-order: stroke; }"
)


def stilled(page: str) -> str:
    """Return HTML with each drawing as an image, those of Graphviz in whole points, and without styles.

    A style in every output would change many files at once when one of its lines changes; a font or a version of
    Graphviz would change the second decimal of every coordinate.
    """
    page = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    pieces, end = [], 0
    for start, stop in drawings(page):
        pieces += [page[end:start], image(page[start:stop])]
        end = stop
    return "".join([*pieces, page[end:]])


def keep_stills(model: dict, path: str = "", contents_manager: Any = None) -> None:
    """Leave only still pictures in a notebook that is about to be saved, for `FileContentsManager.pre_save_hook`."""
    if model.get("type") != "notebook":
        return
    for cell in model["content"].get("cells", ()):
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            page = "".join(data.get("text/html", ""))
            if 'class="gradlib-widget"' in page:
                data.pop(VIEW_MIME, None)
            if '<svg class="gradlib-graph"' in page:
                data["text/html"] = stilled(page)


def drawings(page: str) -> list[tuple[int, int]]:
    """Find the outermost `<svg>` elements: where each starts and ends."""
    found, open_tags = [], []
    for tag in re.finditer(r"<svg\b|</svg>", page):
        if tag[0] == "<svg":
            open_tags.append(tag.start())
            continue
        start = open_tags.pop()
        if not open_tags:
            found.append((start, tag.end()))
    return found


def image(svg: str) -> str:
    """Return one drawing as an `<img>` with the same words for those who do not see it."""
    if svg.startswith('<svg class="gradlib-graph"'):
        svg = in_whole_points(svg)
    head = re.match(r"<svg[^>]*>", svg)[0]
    words = re.search(r'aria-label="([^"]*)"', head)
    size = {name: re.search(rf'\s{name}="([\d.]+)(pt)?"', head) for name in ("width", "height")}
    pixels = {name: round(float(found[1]) * (4 / 3 if found[2] else 1)) for name, found in size.items() if found}
    # Only what is drawn: no names for scripts, and no name for the whole, which is the image's.
    svg = re.sub(r'\s(data-[a-z]+|role|aria-[a-z]+|tabindex|xmlns(:\w+)?|font-family)="[^"]*"', "", svg)
    head, inside = svg.split(">", 1)
    head = re.sub(r'\sstyle="[^"]*"', "", head)
    head = head.replace("<svg", f'<svg xmlns="http://www.w3.org/2000/svg" color="{INK}" font-family="{FONT}"', 1)
    svg = f"{head}><style>{rules_for(svg)}\n{LETTERS}</style>{inside}".replace("currentColor", INK)
    address = "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
    places = " ".join(f'{name}="{value}"' for name, value in pixels.items())
    fit = "max-width: 100%; height: auto"
    return f'<img class="gradlib-still" alt="{words[1] if words else ""}" {places} style="{fit}" src="{address}"/>'


def in_whole_points(svg: str) -> str:
    """Round every coordinate of a drawing, and no width of a line."""
    places = r' (d|points|x|y|c[xy]|r[xy]|width|height|viewBox|transform)="[^"]*"'
    return re.sub(places, lambda place: re.sub(r"-?\d+\.\d+", lambda n: str(round(float(n[0]))), place[0]), svg)


def rules_for(svg: str) -> str:
    """Return the rules of the style whose classes all stand in a drawing, in whose address they are kept."""
    classes = {name for names in re.findall(r'class="([^"]*)"', svg) for name in names.split()} | {"gradlib-picture"}
    css = re.sub(r"/\*.*?\*/", "", graph.style() + style(), flags=re.DOTALL)
    css = re.sub(r"var[(]--gradlib-(\w+)[)]", lambda name: LOOKS[name[1]].color, css)
    kept = []
    for selectors, body in re.findall(r"([^{}]+)\{([^{}]*)\}", css):
        parts = [part.strip() for part in selectors.split(",")]
        fitting = [
            part.removeprefix(".gradlib-picture ")
            for part in parts
            if set(re.findall(r"\.([\w-]+)", part)) <= classes and re.search(r"\b(svg|text|path|polygon)\b|-axes", part)
        ]
        if fitting and "pointer-events" not in body:
            kept.append(f"{', '.join(fitting)} {{{re.sub(r'var[(][^()]*[)]', INK, body).strip()}}}")
    return "\n".join(kept)
