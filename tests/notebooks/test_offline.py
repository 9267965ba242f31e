"""Formulas and pictures of pages that need no network. tests/browser/test_pages.py opens such pages."""

import os
import re
import subprocess
import sys

import pytest
from nbformat import v4

from notebooks import ROOT, WIDGET_VIEW, to_text
from offline import StandAlone, markdown2html, mathml


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("$x^2$", ['<math xmlns="http://www.w3.org/1998/Math/MathML" display="inline">', "<msup>"]),
        ("$$x + 1$$", ['display="block"']),
        ("`$x$` and\n\n```\n$y$\n```", ["<code>$x$</code>", "$y$"]),
        ("it costs $5", ["it costs $5"]),
        ("| a | b |\n|---|---|\n| $\\lvert x \\rvert$ | c |", ["<math", "<td>c</td>"]),
        (r"\begin{pmatrix}1 & 2\end{pmatrix}", ["<mtable"]),
        ("**bold** <b>x</b>", ["<strong>bold</strong> <b>x</b>"]),
        ("<details><summary>Hint</summary>\n\n$x$\n\n</details>", ["</summary>\n<p><math"]),
        (r"what cannot be read, $x_1_2$, stays", ["read, <code>x_1_2</code>, stays"]),
    ],
)
def test_formulas_become_mathml_and_the_rest_stays(text, parts):
    page = markdown2html({}, text)
    assert all(part in page for part in parts), page


def test_a_function_stands_apart_from_its_argument():
    assert "<mi>sin</mi><mo" in mathml(r"\sin x", "inline")
    assert "&#x2061;" not in mathml("x y", "inline")


def page_of(*cells):
    notebook, resources = StandAlone()(v4.new_notebook(cells=list(cells), metadata={"widgets": {}}), {})
    assert "widgets" not in notebook.metadata
    assert ".gradlib-axes .line" in resources["inlining"]["css"][0]
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]


def test_a_plot_is_described_by_the_sentence_below_it():
    plot = v4.new_output("display_data", {"image/png": "AAAA"})
    cells = [v4.new_code_cell("plot()", outputs=[plot]), v4.new_markdown_cell('*Two curves, "a" and b.*\n\nMore.')]
    (output,) = page_of(*cells)
    assert output.data["text/html"] == '<img alt="Two curves, &quot;a&quot; and b." src="data:image/png;base64,AAAA">'


def test_a_widget_stays_a_picture():
    widget = v4.new_output("display_data", {WIDGET_VIEW: {"model_id": "1"}, "text/html": "<p>picture</p>"})
    (output,) = page_of(v4.new_code_cell("widget", outputs=[widget]))
    assert output.data == {"text/html": "<p>picture</p>"}


def test_nbconvert_under_the_courses_settings(tmp_path):
    (tmp_path / "x.ipynb").write_text(to_text(v4.new_notebook(cells=[v4.new_markdown_cell("$x$")])), encoding="utf-8")
    command = [sys.executable, "-m", "nbconvert", "--to", "html", str(tmp_path / "x.ipynb")]
    settings = {"JUPYTER_CONFIG_PATH": str(ROOT / "tools" / "jupyter")}
    subprocess.run(command, env=os.environ | settings, check=True, capture_output=True)
    page = (tmp_path / "x.html").read_text(encoding="utf-8")
    assert '<math display="inline"' in page.replace(' xmlns="http://www.w3.org/1998/Math/MathML"', "")
    assert not re.findall(r'(?:src|href)="(?:https?:)?//[^"]*"', page)
