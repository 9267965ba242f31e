"""Exercises run unsolved, and all notebooks share one form. Whether lessons and solutions still give what is stored
in them, nbval tests cell by cell: the root's conftest.py says how.
"""

import ast
import json
import re
from itertools import pairwise

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from exercises import make_exercise
from gradlib.checks import all_exercises
from notebooks import NOTEBOOK_METADATA, ROOT, holds, normalise, read, run
from pages import LOOK_UP, OPEN, PAGES, lessons, times_g

LESSONS = [
    "00_start_here", "01_slopes", "02_chain_rule", "03_scalar_engine", "04_broadcasting", "05_matrix_calculus",
    "06_tensor_engine", "07_trust_but_verify", "08_layers_and_initialization", "09_losses", "10_optimizers",
    "11_training", "12_healthy_gradients", "13_normalization_and_dropout", "14_convolutions", "15_sequences",
    "16_attention", "17_beyond_first_order", "18_proven_bounds", "19_cost_and_scale",
    "20_capstone",
]  # fmt: skip

PARTS_OF_A_LESSON = ["objectives", "prerequisites", "time", "predict", "where people go wrong", "summary"]

VOLATILE = {
    "address": r"\b0x[0-9a-fA-F]{6,}",
    "date": r"\b(19|20)\d\d-[01]\d-[0-3]\d\b",
    "time of day": r"\b[0-2]\d:[0-5]\d:[0-5]\d\b",
    "path": r"(?<![\w.:/<])/(home|root|tmp|usr|opt|var|mnt|private|work|Users)/\w|\b[A-Z]:\\|site-packages",
    "process number": r"ipykernel_\d+|\bpid\W*\d+",
}


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def tags(cell, kind):
    """The names after `kind:` among a cell's tags: `double` of `exercise:double` and of `check:double:2`."""
    found = [tag.split(":") for tag in cell.metadata.get("tags", [])]
    return {tag[1] for tag in found if tag[0] == kind}


def words(cell):
    """All that the outputs of a cell say, in every form that they have."""
    said = []
    for output in cell.outputs:
        said += [output.get("text", ""), output.get("evalue", "")]
        said += [str(value) for kind, value in output.get("data", {}).items() if kind != "image/png"]
    return "\n".join(said)


def prose(path):
    """A notebook's Markdown, without the code in it."""
    text = "\n\n".join(cell.source for cell in read(path).cells if cell.cell_type == "markdown")
    return re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL)


@pytest.mark.parametrize("folder", ["notebooks", "exercises", "solutions"])
def test_every_lesson_is_there(folder):
    pages = set(PAGES) if folder == "notebooks" else set()
    assert {path.stem for path in (ROOT / folder).glob("*.ipynb")} == {*LESSONS, *pages}


@pytest.fixture(scope="module")
def run_unsolved():
    """{path: notebook} of the exercises, run one after the other in one kernel, each from an empty namespace."""
    unsolved = {path: read(path) for path in sorted((ROOT / "exercises").glob("*.ipynb"))}
    forget = "get_ipython().reset(new_session=True)"
    cells = [cell for each in unsolved.values() for cell in (new_code_cell(forget), *each.cells)]
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number}"
    run(new_notebook(cells=cells, metadata=NOTEBOOK_METADATA), ROOT / "exercises")  # fills the outputs of these cells
    return unsolved


def test_it_runs_unsolved_and_no_check_passes(exercise, run_unsolved):
    for cell in code_cells(run_unsolved[exercise]):
        assert cell.execution_count, cell.source
        assert not re.search(r"\bpassed\b", words(cell), re.IGNORECASE), cell.source
        if tags(cell, "check"):
            assert re.search("not attempted", words(cell), re.IGNORECASE), f"{cell.source}\n{words(cell)}"


def test_it_is_what_its_solution_gives(exercise):
    made = make_exercise(read(ROOT / "solutions" / exercise.name))
    assert holds(exercise, made), "run `make exercises`"


def test_it_is_normalised(notebook):
    assert holds(notebook, normalise(read(notebook))), "run `make notebooks`"


def test_it_shows_no_error_but_those_it_means_to(notebook):
    for cell in code_cells(read(notebook)):
        assert not [output.text for output in cell.outputs if output.get("name") == "stderr"]
        errors = [output.evalue for output in cell.outputs if output.output_type == "error"]
        assert bool(errors) == ("raises-exception" in cell.metadata.get("tags", [])), cell.source


def test_it_shows_the_same_on_another_day_and_machine(notebook):
    for cell in code_cells(read(notebook)):
        for what, pattern in VOLATILE.items():
            found = re.search(pattern, words(cell))
            assert not found, f"shows a {what}, {found[0]!r}:\n{cell.source}"


def test_its_code_cells_are_short(notebook):
    lengths = [len(cell.source.splitlines()) for cell in code_cells(read(notebook))]
    assert max(lengths) <= 25
    assert sum(length <= 15 for length in lengths) >= 0.8 * len(lengths)


def test_its_headings_are_in_order(notebook):
    levels = [len(marks) for marks in re.findall(r"^(#+) ", prose(notebook), flags=re.MULTILINE)]
    assert levels[0] == 1 and levels.count(1) == 1, "one title, at the top"
    assert all(below <= above + 1 for above, below in pairwise(levels)), levels


def test_its_links_lead_somewhere(notebook):
    for link in re.findall(r"(?:\]\(|href=\"|src=\")([^)\"\s]+)", prose(notebook)):
        target = link.partition("#")[0]
        if target and not re.match("https?://|data:|attachment:", target):
            assert (notebook.parent / target).exists(), link


def test_its_pictures_have_words(notebook):
    pictures = re.findall(r"!\[[^\]]*\]\(|<img\b[^>]*>", prose(notebook))
    assert not [picture for picture in pictures if not re.search(r'!\[.*\w|alt="[^"]*\w', picture)]


def test_a_plot_is_followed_by_words_in_italics(notebook):
    for cell, following in pairwise([*read(notebook).cells, new_markdown_cell()]):
        plots = [output for output in cell.get("outputs", []) if "image/png" in output.get("data", {})]
        assert not plots or re.match(r"\*\w", following.source), cell.source


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_what_the_lessons_give(name):
    path = ROOT / "notebooks" / f"{name}.ipynb"
    assert holds(path, normalise(PAGES[name]())), "run `make pages`"


def test_the_contents_say_what_is_next_for_whoever_runs_them_and_store_what_a_beginner_sees(tmp_path, monkeypatch):
    progress = tmp_path / "progress.json"
    progress.write_text(json.dumps({"passed": [each.key for each in all_exercises() if each.lesson == "00"]}))
    monkeypatch.setenv("GRADLIB_PROGRESS", str(progress))
    cells, shown, names = code_cells(read(ROOT / "notebooks" / "contents.ipynb")), [], {}
    for cell in cells:
        *before, last = cell.source.splitlines()
        exec("\n".join(before), names)
        shown.append(repr(eval(last, names)))
    assert "Next is lesson 01 Slopes" in shown[0] and "4 of 4" in shown[1]
    assert "Begin with lesson 00 Start here" in words(cells[0]) and "0 of 4" in words(cells[1])


def test_every_lesson_has_terms_and_links_to_the_pages():
    for lesson in lessons():
        assert LOOK_UP in lesson.cells[0] and OPEN in lesson.cells[0]
        assert list(lesson.terms()), lesson.path
        assert lesson.title and lesson.promise and lesson.line("Time") and lesson.line("Prerequisites")
        assert lesson.formulas() or lesson.path.stem == "00_start_here", lesson.path


def test_a_term_is_defined_once():
    terms = [term.lower() for lesson in lessons() for term, _ in lesson.terms()]
    assert not {term for term in terms if terms.count(term) > 1}


@pytest.mark.parametrize(
    ("slope", "product"),
    [("1", "g"), ("-1", "-g"), ("0", "0"), ("z", r"g \cdot z"), ("1 - z^2", r"g \cdot (1 - z^2)"),
     ("-x/y^2", r"g \cdot (-x/y^2)"), ("1/(1 + x)", r"g \cdot 1/(1 + x)"), ("e^{x - z}", r"g \cdot e^{x - z}")],
)  # fmt: skip
def test_a_local_derivative_is_multiplied_by_g(slope, product):
    assert times_g(slope) == product


def test_it_has_a_lessons_parts(lesson):
    text = prose(lesson).lower()
    assert not [part for part in PARTS_OF_A_LESSON if not re.search(rf"(\*\*|#) ?{part}\b", text)]
    assert f"](../exercises/{lesson.name})" in text


def test_it_ends_in_something_to_see_and_names_three_to_five_objectives(lesson):
    text = prose(lesson)
    headings = re.findall(r"^## (.+)$", text, flags=re.MULTILINE)
    assert headings[-3].startswith("Use it") and headings[-2:] == ["Where people go wrong", "Summary"]
    assert 3 <= len(re.findall(r"^- ", text.partition("**Objectives**")[2].partition("**")[0], re.MULTILINE)) <= 5
    following = [name for name in LESSONS if name > lesson.stem]
    assert not following or re.search(rf"Next lesson: \[[^\]]+\]\({following[0][:2]}|\({LESSONS[-1]}", text)


def test_every_exercise_in_it_has_a_solution_and_a_check(solution):
    cells = code_cells(read(solution))
    exercises = set().union(*(tags(cell, "exercise") for cell in cells))
    assert exercises and exercises == set().union(*(tags(cell, "check") for cell in cells))
    for cell in cells:
        assert bool(tags(cell, "exercise")) == ("### BEGIN SOLUTION" in cell.source), cell.source


def test_a_check_needs_nothing_but_its_answer(exercise):
    """After a restart of the kernel a learner runs the cells of one exercise alone."""
    answers: set[str] = set()
    for cell in code_cells(read(exercise)):
        if tags(cell, "exercise"):
            answers |= {node.name for node in ast.parse(cell.source).body if hasattr(node, "name")}
        if tags(cell, "check"):
            with pytest.raises(NameError) as missing:
                exec(cell.source, {})
            assert missing.value.name in answers


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("address", "<Line2D object at 0x7f1d7a7bd2d0>"),
        ("date", "written 2026-11-20"),
        ("time of day", "at 21:47:03"),
        ("path", "File /home/ada/course/lesson.py"),
        ("path", r"C:\Users\ada"),
        ("process number", "ipykernel_6939"),
    ],
)
def test_what_differs_between_machines_is_found(what, text):
    assert re.search(VOLATILE[what], text)


def test_formulas_and_pictures_are_not_taken_for_it():
    shown = "3/4, 0x10, f(x)/g(x), 12:30, http://www.w3.org/2000/svg, </g>, (1/2)/tmp"
    assert not [what for what, pattern in VOLATILE.items() if re.search(pattern, shown)]
