"""`make notebooks` and `make exercises` on small notebooks written here."""

import base64
import html
import re
from xml.etree import ElementTree

import pytest
from nbclient.exceptions import CellExecutionError, CellTimeoutError
from nbformat import v4

from exercises import make_exercise
from gradlib import Tensor, show_graph
from gradlib.palette import INK
from gradlib.widgets.stills import stilled
from notebooks import find_notebooks, main, normalise, page_style, read, run, to_text
from tests.widgets.samples import SAMPLES

VIEWS = {f"{view.__name__}, {name}": make for view, made in SAMPLES.items() for name, make in made.items()}

PICTURE = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"
WIDGET = "import ipywidgets\nipywidgets.IntSlider(value=3)"
PRINTS = "print('a', flush=True)\nprint('b')"
SOLVED = """\
def double(x):
    '''Twice x.'''
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION"""
UNSOLVED = """\
def double(x):
    '''Twice x.'''
    # your turn
    raise NotImplementedError"""


def code(source, *tags):
    return v4.new_code_cell(source, metadata={"tags": list(tags), "execution": {"started": "2026-11-20"}})


def save(path, *cells):
    path.write_text(to_text(v4.new_notebook(cells=list(cells))), encoding="utf-8")
    return path


def test_a_second_run_writes_the_same_bytes(tmp_path, capsys):
    cells = code(PICTURE), code(WIDGET), code("1 / 0", "raises-exception"), code(PRINTS)
    path = save(tmp_path / "x.ipynb", *cells)
    assert main([str(path)]) == 0
    first = path.read_bytes()
    assert main([str(path)]) == 0
    assert path.read_bytes() == first
    assert capsys.readouterr().out.splitlines()[1].endswith("unchanged")

    picture, widget, error, prints = (cell.outputs for cell in read(path).cells)
    assert set(picture[0].data) == {"image/png", "text/plain"}
    assert widget[0].data == {"text/plain": "IntSlider(value=3)"}
    assert error[0].traceback == ["ZeroDivisionError: division by zero"]
    assert [output.text for output in prints] == ["a\nb\n"]


def test_what_was_measured_stays_until_it_is_cleared_or_its_cell_changes(tmp_path):
    measures = code("import time\ntime.perf_counter()", "nbval-ignore-output")
    path = save(tmp_path / "x.ipynb", measures)
    assert main([str(path)]) == 0
    first = path.read_bytes()
    assert main([str(path)]) == 0 and path.read_bytes() == first
    notebook = read(path)
    notebook.cells[0].outputs = []
    path.write_text(to_text(notebook))
    assert main([str(path)]) == 0 and read(path).cells[0].outputs and path.read_bytes() != first
    before = read(path).cells[0].outputs[0].data["text/plain"]
    save(path, code("import time\nround(time.perf_counter(), 3)", "nbval-ignore-output"))
    assert main([str(path)]) == 0 and read(path).cells[0].outputs[0].data["text/plain"] != before


def test_a_notebook_that_fails_is_left_as_it_was(tmp_path, capsys):
    path = save(tmp_path / "x.ipynb", code("unknown_name"))
    before = path.read_bytes()
    assert main([str(path)]) == 1
    assert path.read_bytes() == before
    assert "name 'unknown_name' is not defined" in capsys.readouterr().err


def test_a_notebook_has_one_time_for_all_its_cells(tmp_path):
    notebook = v4.new_notebook(cells=[code("import time; time.sleep(2)") for _ in range(3)])
    with pytest.raises(CellTimeoutError):
        run(notebook, tmp_path, seconds=4)


def test_strict_mode_reaches_the_kernel(tmp_path):
    notebook = v4.new_notebook(cells=[code("import os\nassert os.environ['GRADLIB_CHECKS'] == 'strict'")])
    run(notebook, tmp_path, strict=True)
    with pytest.raises(CellExecutionError):
        run(notebook, tmp_path)


def test_cells_are_numbered_and_metadata_cut():
    notebook = normalise(v4.new_notebook(cells=[code("1\n", "kept"), v4.new_markdown_cell("a"), code("2")]))
    assert [cell.id for cell in notebook.cells] == ["cell-00", "cell-01", "cell-02"]
    assert [notebook.cells[0].execution_count, notebook.cells[2].execution_count] == [1, 2]
    assert notebook.cells[0].metadata == {"tags": ["kept"]} and notebook.cells[0].source == "1"


def html_of(shown):
    output = v4.new_output("execute_result", {"text/html": shown._repr_mimebundle_()["text/html"]}, execution_count=1)
    normal = normalise(v4.new_notebook(cells=[v4.new_code_cell("shown", outputs=[output])]))
    return normal.cells[0].outputs[0].data["text/html"]


def a_graph():
    x = Tensor([1.5, 2.5], requires_grad=True)
    return (x * x + 1).sum()


def images(page):
    """The drawings in the images of a page, each as its alternative text and its SVG, which must be well-formed."""
    found = re.findall(r'<img class="gradlib-still" alt="([^"]*)"[^>]*src="data:image/svg\+xml;base64,([^"]*)"', page)
    drawings = [(html.unescape(words), base64.b64decode(code).decode()) for words, code in found]
    assert all(ElementTree.fromstring(svg).tag == "{http://www.w3.org/2000/svg}svg" for _, svg in drawings)
    return drawings


def test_a_stored_graph_is_an_image_with_whole_coordinates():
    graph = show_graph(a_graph())
    page = html_of(graph)
    assert not re.search("<svg|<style|<script", page)
    ((words, stored),) = images(page)
    assert words == graph.description()
    places = re.findall(r' (?:d|points|x|y|width|height|viewBox|transform)="([^"]*)"', stored)
    assert len(places) > 20 and not [place for place in places if "." in place or "-0" in re.split("[ ,]", place)]
    assert 'stroke-width="1.8"' in stored, "a width stays: rounded, inputs and results would look alike"
    texts = re.compile(r"<text [^>]*>([^<]*)<")
    assert texts.findall(stored) == texts.findall(graph.to_svg())


def test_an_image_reads_on_white_and_on_dark():
    """An image cannot take the colour of its page, so nothing in it asks for that, and no ground is drawn."""
    ((_, stored),) = images(html_of(show_graph(a_graph())))
    assert not re.search(r"currentColor|var\(|black|white", stored)
    letters = r"text \{ fill: (#\w+) !important; stroke: (#\w+); stroke-opacity: ([\d.]+);.* paint-order: stroke; \}"
    fill, edge, opacity = re.search(letters, stored).groups()
    for ground in ("#ffffff", "#111111"):
        assert contrast(INK, ground) >= 3  # lines
        parts = [(int(edge[i : i + 2], 16), int(ground[i : i + 2], 16)) for i in (1, 3, 5)]
        behind = [round(float(opacity) * over + (1 - float(opacity)) * under) for over, under in parts]
        assert contrast(fill, "#{:02x}{:02x}{:02x}".format(*behind)) >= 4.5  # letters, on their edge


def contrast(one, other):
    darker, brighter = sorted((luminance(one), luminance(other)))
    return (brighter + 0.05) / (darker + 0.05)


def luminance(colour):
    """The relative luminance of a colour, as the Web Content Accessibility Guidelines define it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("name", VIEWS)
def test_a_stored_widget_shows_its_picture_as_images_and_its_words(name):
    widget = VIEWS[name]()
    stored = html_of(widget)
    assert not re.search("<svg|<style|hidden", stored)
    assert len(images(stored)) >= ("<svg" in widget.model.picture())
    assert widget.model.words().html() in stored and "Run the cell to move it." in stored
    assert stilled(stored) == stored
    assert all(words for words, _ in images(stored))


def test_pages_made_of_the_notebooks_get_the_style_back():
    assert ".gradlib-axes .line" in page_style() and ".gradlib-graph .node" in page_style()


@pytest.mark.parametrize("path", find_notebooks(), ids=lambda path: path.stem)
def test_no_notebook_stores_a_style_or_inline_svg(path):
    outputs = [output for cell in read(path).cells for output in cell.get("outputs", [])]
    pages = [output.data["text/html"] for output in outputs if "text/html" in output.get("data", {})]
    assert not [page for page in pages if re.search("<style|<svg|<script", page)]


def test_check_names_a_file_that_is_not_normalised(tmp_path, capsys):
    path = save(tmp_path / "x.ipynb", code("1"))
    assert main(["--check", str(path)]) == 1
    assert "x.ipynb: not normalised" in capsys.readouterr().err
    path.write_text(to_text(normalise(read(path))), encoding="utf-8")
    assert main(["--check", str(path)]) == 0


def test_tags_become_nbgraders_cells_and_the_solution_goes():
    solution = v4.new_notebook(cells=[code(SOLVED, "exercise:double"), code("double(2)", "check:double:3")])
    exercise = make_exercise(solution)

    stub, check = exercise.cells
    assert stub.source == UNSOLVED
    assert stub.metadata.nbgrader == {
        "grade": False,
        "grade_id": "double",
        "locked": False,
        "schema_version": 3,
        "solution": True,
        "task": False,
    }
    assert check.metadata.nbgrader.grade_id == "double-check" and check.metadata.nbgrader.points == 3
    assert check.metadata.nbgrader.grade and check.metadata.nbgrader.locked and not check.metadata.editable
    assert [cell.execution_count for cell in exercise.cells] == [None, None]


def test_a_solution_without_its_tag_is_refused():
    with pytest.raises(RuntimeError, match="Solution region detected in a non-solution cell"):
        make_exercise(v4.new_notebook(cells=[code("### BEGIN SOLUTION\n1\n### END SOLUTION")]))


@pytest.mark.parametrize("tag", ["check:double", "exercise", "exercise:double:2"])
def test_a_tag_that_says_too_little_or_too_much_is_named(tag):
    with pytest.raises(ValueError, match=f"got '{tag}'"):
        normalise(v4.new_notebook(cells=[code("1", tag)]))
