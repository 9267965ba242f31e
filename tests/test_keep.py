"""`%%keep`: a lesson's cells become the learner's own engine, in a file of which nothing is lost."""

import ast
import os
import re
import sys

import numpy as np
import pytest
from nbclient import NotebookClient
from nbformat import v4

from gradlib import conformance
from gradlib.autograd import unbroadcast
from gradlib.conformance import Incomplete, NoWayFound, own, own_engine, own_table, small_engine
from gradlib.keep import FILE, MANIFEST, find_copy, keep, without_magic
from notebooks import ROOT, read

CLASS = "%%keep\nclass Thing:\n    size = 2\n\nThing().size"


@pytest.fixture
def copy(tmp_path):
    """A learner's copy of the course."""
    (tmp_path / "notebooks").mkdir()
    (tmp_path / MANIFEST).write_text("{}")
    return tmp_path


def text(copy):
    return (copy / FILE).read_text(encoding="utf-8")


def defined(source):
    """The statements of a module but for its docstring and imports."""
    body = [node for node in ast.parse(source).body if not isinstance(node, ast.Import | ast.ImportFrom | ast.Expr)]
    return [ast.dump(node) for node in body]


# --- what is written ---------------------------------------------------------------------------


def test_definitions_are_kept_and_trials_are_not(copy):
    cell = """%%keep
        # counts the calls
        COUNT = {}
        step = 2

        # the comment above belongs to it
        def grow(x):  # by a step
            return x + step

        grow.name = "g"
        class Thing: pass
        Thing.grow = grow
        COUNT["grow"] = 0
        step += 1
        x = grow(3)
        Thing().size = 4
        print(x)
        for x in range(3):
            step = x"""
    names = {}
    cell = re.sub("^ {8}", "", cell, flags=re.MULTILINE)
    exec(without_magic(cell), names)
    assert keep(cell, names, copy) == "Kept in mine/engine.py: grow."
    kept = [ast.unparse(node).splitlines()[0] for node in ast.parse(text(copy)).body[1:]]
    assert kept == [
        "COUNT = {}", "step = 2", "def grow(x):", "class Thing:", "Thing.grow = grow", "COUNT['grow'] = 0", "step += 1",
    ]  # fmt: skip
    assert "# counts the calls" in text(copy) and "# the comment above" in text(copy) and "# by a step" in text(copy)


def test_names_that_are_set_together_are_kept(copy):
    keep("%%keep\nlow, high = 1, 2\nA, B = 3, 4\nx, y = 5, 6\ndef span():\n    return high - low", {}, copy)
    assert "low, high = 1, 2" in text(copy) and "A, B = 3, 4" in text(copy) and "x, y" not in text(copy)


def test_an_import_from_the_future_stands_first(copy):
    """Below other code it is a SyntaxError, and nothing of the file could be imported."""
    keep("%%keep\ndef first(): pass", {}, copy)
    cell = "%%keep\nfrom __future__ import annotations\ndef second(x: Later): return x"
    keep(cell, {}, copy)
    once = text(copy)
    exec(compile(once, "engine.py", "exec"), {})
    assert once.splitlines()[1] == "from __future__ import annotations"
    assert keep(cell, {}, copy) == "mine/engine.py has second already." and text(copy) == once


def test_the_imports_that_it_needs_are_written(copy):
    names = {"np": np, "os": os, "unbroadcast": unbroadcast, "mine": 3, "join": os.path.join}
    cell = "%%keep\nimport math\ndef f(g):\n    return unbroadcast(np.add(g, math.pi), g.shape), mine, join, len(g)"
    keep(cell, names, copy)
    lines = re.findall(r"^(?:import|from) .*$", text(copy), flags=re.MULTILINE)
    ours = "from gradlib.autograd import unbroadcast"
    assert lines == [f"from {os.path.__name__} import join", "import numpy as np", ours, "import math"]


def test_a_cell_without_a_definition_keeps_nothing(copy):
    assert "defines no function" in keep("%%keep\nimport math\nx = math.pi", {}, copy)
    assert not (copy / "mine").exists()


def test_another_run_says_so_and_a_changed_cell_replaces_its_block_in_place(copy):
    for name in "fgh":
        keep(f"%%keep\ndef {name}():\n    return 1", {}, copy)
    before = text(copy)
    assert keep("%%keep\ndef g():\n    return 1\ng()", {}, copy) == "mine/engine.py has g already."
    assert text(copy) == before
    assert keep("%%keep\ndef g():\n    return 22", {}, copy) == "Replaced in mine/engine.py: g."
    assert re.findall(r"def (\w)|return (\d+)", text(copy)) == [
        ("f", ""), ("", "1"), ("g", ""), ("", "22"), ("h", ""), ("", "1"),
    ]  # fmt: skip
    keep("%%keep\ndef g():\n    return 1", {}, copy)
    assert text(copy) == before
    assert [path.name for path in (copy / "mine").iterdir()] == ["engine.py"]


def test_a_class_may_grow_from_cell_to_cell(copy):
    for cell in [
        "class A:\n    a = 1",
        "class A(A):\n    def b(self): return 2",
        "class A(A):\n    def c(self): return 3",
    ]:
        keep(f"%%keep\n{cell}", {}, copy)
    names = {}
    exec(text(copy), names)
    assert (names["A"].a, names["A"]().b(), names["A"]().c()) == (1, 2, 3)


def test_what_was_changed_by_hand_is_not_lost(copy):
    for name in "fg":
        keep(f"%%keep\ndef {name}():\n    return 1", {}, copy)
    for number, beside in [(5, "engine.old.py"), (6, "engine.old2.py")]:
        (copy / FILE).write_text(text(copy).replace("def f():\n    return 1", f"def f():\n    return {number}"))
        keep(f"%%keep\ndef g():\n    return {number}", {}, copy)  # another block: the hand's work stays where it is
        edited = text(copy)
        assert edited.count(f"return {number}") == 2
        said = keep("%%keep\ndef f():\n    return 1", {}, copy)
        assert said == f"Replaced in mine/engine.py: f. You had changed it by hand: that file is now mine/{beside}."
        assert (copy / "mine" / beside).read_text() == edited
        assert text(copy).count(f"return {number}") == 1


def test_what_was_added_by_hand_below_a_block_stays(copy):
    for name in "fg":
        keep(f"%%keep\ndef {name}():\n    return 1", {}, copy)
        (copy / FILE).write_text(text(copy) + f"\n\nmy_{name} = 7  # mine\n")
    before = text(copy)
    for name in "fg":
        assert keep(f"%%keep\ndef {name}():\n    return 1", {}, copy) == f"mine/engine.py has {name} already."
    assert text(copy) == before
    for name in "fg":
        assert keep(f"%%keep\ndef {name}():\n    return 22", {}, copy) == f"Replaced in mine/engine.py: {name}."
    expected = before.replace("return 1", "return 22")
    after, expected = (re.sub("# %%keep .{8}", "", each).split() for each in (text(copy), expected))
    assert after == expected


@pytest.mark.parametrize("before", ["", "x = 1\n", "this is not Python (\n"])
def test_a_file_of_ones_own_is_only_added_to(copy, before):
    (copy / "mine").mkdir()
    (copy / FILE).write_text(before)
    assert keep(CLASS, {}, copy) == "Kept in mine/engine.py: Thing."
    assert text(copy).startswith(before.strip()) and "class Thing" in text(copy)


def test_a_folder_that_cannot_be_written_is_said(copy):
    (copy / "mine").write_text("a file where the folder should be")
    said = keep(CLASS, {}, copy)
    assert said.startswith("Nothing was kept: mine/engine.py cannot be written (") and "\n" not in said


def test_lines_that_are_not_python_are_said(copy):
    assert "not Python" in keep("%%keep\n%matplotlib inline\ndef f(): pass", {}, copy)


def test_a_copy_is_found_from_inside_and_nothing_else_is_taken_for_one(copy, tmp_path_factory):
    assert find_copy(copy / "notebooks") == find_copy(copy) == copy
    assert find_copy(tmp_path_factory.mktemp("elsewhere")) is None and find_copy(ROOT / "notebooks") is None


# --- in a notebook -----------------------------------------------------------------------------


def in_notebook(folder, *sources):
    """Run cells in a kernel in a folder, and return the outputs of each."""
    cells = [v4.new_code_cell(source) for source in ("import gradlib", *sources)]
    notebook = v4.new_notebook(cells=cells)
    NotebookClient(
        notebook, kernel_name="python3", timeout=120, allow_errors=True, resources={"metadata": {"path": str(folder)}}
    ).execute()
    return [cell.outputs for cell in notebook.cells[1:]]


def test_a_cell_runs_as_if_the_magic_were_not_there(copy):
    wrong = "%%keep\ndef f():\n    return 1 +"
    raising = "%%keep\ndef f():\n    return 1\n\nf() / 0"
    right, syntax, error, plain = in_notebook(copy / "notebooks", CLASS, wrong, raising, "Thing")
    assert [each.get("text") or each.data["text/plain"] for each in right] == ["2", "Kept in mine/engine.py: Thing.\n"]
    assert [each.output_type for each in (*syntax, *error)] == ["error", "error"]
    shown = re.sub(r"\x1b\[[\d;]*m", "", "\n".join(syntax[0].traceback + error[0].traceback))
    assert syntax[0].ename == "SyntaxError" and "line 3" in shown.replace(", ", " ").lower().replace("cell in[3] ", "")
    assert "----> 5 f() / 0" in shown and "keep.py" not in shown
    assert "__main__.Thing" in plain[0].data["text/plain"]
    assert "def f" not in text(copy)


def test_elsewhere_nothing_is_written_and_nothing_is_said(tmp_path):
    ((output,),) = in_notebook(tmp_path, CLASS)
    assert output.data["text/plain"] == "2" and list(tmp_path.iterdir()) == []


# --- the engine --------------------------------------------------------------------------------


@pytest.fixture
def kept(copy, monkeypatch):
    """A copy in which lesson 06 has run, as far as it builds the engine."""
    names = {}
    for cell in read(ROOT / "notebooks" / "06_tensor_engine.ipynb").cells:
        if cell.cell_type == "code" and (cell.source.startswith("%%keep") or not names):
            exec(without_magic(cell.source).replace("\nz.backward()", "").replace("\nw.grad, x.grad", ""), names)
            if cell.source.startswith("%%keep"):
                keep(cell.source, names, copy)
            else:
                names["plt"].close("all")
    monkeypatch.chdir(copy / "notebooks")
    return copy


def test_lesson_06_keeps_the_small_engine(kept):
    source = (ROOT / "gradlib" / "conformance" / "small_engine.py").read_text(encoding="utf-8")
    assert defined(text(kept)) == defined(source)


def test_ones_own_engine_is_the_kept_one_and_that_of_the_lesson_where_there_is_none(kept, monkeypatch):
    Tensor = own_engine()
    assert Tensor.__module__ == "mine.engine" and sys.modules["mine.engine"].Tensor is Tensor
    x = Tensor([1.0, 2.0], requires_grad=True)
    (x * x).sum().backward()
    assert x.grad.tolist() == [2.0, 4.0]
    monkeypatch.chdir(ROOT / "notebooks")
    assert own_engine() is small_engine.Tensor


def test_it_goes_through_the_suite(kept):
    report = conformance.run(own_engine(), levels=[1, 2], processes=False)
    assert report.passed and "mine.engine:Tensor" in report.text


def test_an_engine_says_what_it_lacks(kept):
    whole = text(kept)
    blocks = re.split(r"(?=^# %%keep )", whole, flags=re.MULTILINE)
    for name, lacks in [("backward", None), ("apply", "apply, recording"), ("TABLE", "TABLE"), ("Tensor", "Tensor")]:
        part = "".join(block for block in blocks if f" {name}\n" not in block.partition("\n")[0] + "\n")
        (kept / FILE).write_text(part)
        if lacks:
            with pytest.raises(Incomplete, match=rf"lacks {lacks}\. Run the cells of lesson 06"):
                own_engine()
    (kept / FILE).write_text("def f(:\n")
    with pytest.raises(Incomplete, match="not Python in line 1"):
        own_engine()
    (kept / FILE).write_text(f"{whole}\nraise ValueError('oh')\n")
    with pytest.raises(Incomplete, match="stops with ValueError: oh"):
        own_engine()


def test_an_engine_that_does_not_go_backward_yet_is_sent_to_the_lesson(kept):
    (kept / FILE).write_text(text(kept).replace("Tensor.backward = backward", "pass"))
    with pytest.raises(NoWayFound, match="backward: none of backward(?s:.*)Run the cells of lesson 06"):
        conformance.run(own_engine(), processes=False)


def test_the_table_beside_the_engine_is_found_or_a_sentence_says_what_is_missing(kept, monkeypatch):
    whole = text(kept)
    engine = own_engine()
    assert own_table(engine, "sum", "@") is sys.modules["mine.engine"].TABLE
    for spoilt, said in [
        (whole.replace("TABLE", "RULES"), "mine/engine.py has no dictionary called TABLE"),
        ("class Tensor:\n    pass\n\nTABLE = []\n", "mine/engine.py has no dictionary called TABLE"),
        (whole.replace('"tanh":', '"th":'), "The TABLE of mine/engine.py has no entry for 'tanh'"),
    ]:
        (kept / FILE).write_text(spoilt)
        with pytest.raises(Incomplete, match=rf"{said}(?s:.*)\. Run the cells of lesson 06") as refused:
            own_table(own_engine(), "+", "tanh")
        assert "Mine = conformance.small_engine.Tensor" in str(refused.value)
    monkeypatch.chdir(ROOT / "notebooks")
    assert own_table(own_engine(), "@") is small_engine.TABLE


def test_a_changed_file_is_read_again(kept):
    first = own_engine()
    (kept / FILE).write_text(text(kept).replace("g * y, lambda", "g * x, lambda"))
    x, y = (own_engine()(number, requires_grad=True) for number in (2.0, 3.0))
    assert own.MODULE == type(x).__module__ and type(x) is not first
