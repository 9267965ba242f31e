"""Pages that need no network: nbconvert's HTML and its slides, with formulas that every browser can draw.

tools/jupyter/jupyter_nbconvert_config.py uses this for HTML, make_slides.py for slides:

- a formula becomes MathML, so that no script has to be loaded;
- a plot is described by the sentence in italics below it;
- graphs and widgets get their style, which stored outputs leave out, and a widget stays a picture.
"""

from __future__ import annotations

import re
from html import escape

from jinja2 import pass_context
from latex2mathml.converter import convert
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbconvert.preprocessors import Preprocessor

from notebooks import WIDGET_VIEW, captioned, page_style

APPLIED = '<mo rspace="0.17em">&#x2061;</mo>'


def mathml(formula: str, display: str) -> str:
    """A formula in LaTeX as MathML; display is "block" or "inline". One that cannot be read is shown as it is written.

    >>> mathml(r"\\sin x", "inline")
    '<math xmlns="http://www.w3.org/1998/Math/MathML" display="inline"><mrow><mi>sin</mi><mo ...>x</mi></mrow></math>'
    """
    try:
        made = convert(formula.strip(), display=display)
    except Exception:  # latex2mathml's errors have no base class of their own
        return f"<code>{escape(formula)}</code>"
    return re.sub(r"<mi>([a-z]{2,})</mi>(?!<mo)", rf"<mi>\1</mi>{APPLIED}", made)  # sin x, not sinx


class Renderer(IPythonRenderer):
    """nbconvert's renderer of Markdown, with MathML."""

    def inline_math(self, body: str) -> str:
        return mathml(body, "inline")

    def block_math(self, body: str) -> str:
        return mathml(body, "block")

    def inline_html(self, html: str) -> str:
        return html  # nbconvert looks for pictures in it and closes every tag at once, <b> as <b></b>

    block_html = inline_html

    def latex_environment(self, name: str, body: str) -> str:
        return mathml(rf"\begin{{{name}}}{body}\end{{{name}}}", "block")


@pass_context
def markdown2html(context, source: str) -> str:
    """A filter of nbconvert's templates: Markdown as HTML, with the pictures that it names inside."""
    path = context.get("resources", {}).get("metadata", {}).get("path", "")
    attachments = context.get("cell", {}).get("attachments", {})
    renderer = Renderer(escape=False, attachments=attachments, embed_images=True, path=path)
    return MarkdownWithMath(renderer=renderer).render(source)


class StandAlone(Preprocessor):
    """Prepare a notebook for a page that stands alone."""

    enabled = True

    def preprocess(self, notebook, resources):
        notebook.metadata.pop("widgets", None)
        for cell, caption in captioned(notebook.cells):
            for output in cell.get("outputs", []):
                data = output.get("data", {})
                data.pop(WIDGET_VIEW, None)
                if plot := data.get("image/png"):
                    described = escape(caption or "a plot")
                    data["text/html"] = f'<img alt="{described}" src="data:image/png;base64,{plot}">'
        style = re.sub("</?style>", "", page_style())
        resources.setdefault("inlining", {}).setdefault("css", []).append(style)
        return notebook, resources
