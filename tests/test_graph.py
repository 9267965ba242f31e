"""Graph: the snapshot, its names, its picture, and what stands in for the picture."""

import os
import shlex
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from xml.etree import ElementTree

import numpy as np
import pytest

from gradlib import GraphError, Tensor, nn, show_graph
from gradlib.graph import HOW_TO_GET_PICTURES, MAX_NODES, Graph
from gradlib.scalar import Value


def leaf(number):
    return Tensor(number, requires_grad=True, dtype=np.float64)


class Plain:
    """A learner's node: data, _prev and _op, nothing else."""

    def __init__(self, data, _prev=(), _op=""):
        self.data, self._prev, self._op = data, _prev, _op

    def __mul__(self, other):
        return Plain(self.data * getattr(other, "data", other), (self, other), "*")


@dataclass
class Unhashable:
    """== compares the data, so Python takes the hash away; a leaf's operation is None."""

    data: float
    _prev: tuple = ()
    _op: str | None = None

    def __mul__(self, other):
        return Unhashable(self.data * other.data, (self, other), "·")


MAKERS = {"Tensor": leaf, "Value": Value, "Plain": Plain, "Unhashable": Unhashable}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_nodes_edges_names_and_gradients_of_any_class(make):
    x, y = make(2.0), make(2.0)  # equal, yet two nodes
    t = x * y
    graph = show_graph(t * x)
    assert [(n.id, n.name, n.op, n.formula, n.kind) for n in graph.nodes] == [
        ("n0", "x", "", "", "input"),
        ("n1", "y", "", "", "input"),
        ("n2", "t", graph.nodes[2].op, "x · y", "operation"),
        ("n3", "t1", graph.nodes[3].op, "t · x", "output"),
    ]
    assert {node.op for node in graph.nodes[2:]} <= {"·", "*"}
    assert [(e.id, e.source, e.target, e.position) for e in graph.edges] == [
        ("e0", 0, 2, 0), ("e1", 1, 2, 1), ("e2", 2, 3, 0), ("e3", 0, 3, 1),
    ]  # fmt: skip
    assert graph.sources == [[], [], [0, 1], [2, 0]]
    assert [float(n.value) for n in graph.nodes] == [2, 2, 4, 8]
    assert [float(n.gradient) for n in graph.nodes] == [8, 4, 2, 1]
    assert graph.index(y) == 1
    assert getattr(x, "grad", None) in (None, 0.0)  # none was written


def test_names_come_from_the_node_then_the_argument_then_the_callers_variables():
    first, second = Value(1.0, "own"), Value(2.0)
    product = first * second
    assert [n.name for n in show_graph(product).nodes] == ["own", "second", "product"]
    assert [n.name for n in show_graph(product, {"given": second}).nodes] == ["own", "given", "t1"]
    assert [n.name for n in show_graph(product, names={}).nodes] == ["own", "in1", "t1"]

    def elsewhere(its_own):
        return [n.name for n in show_graph(its_own).nodes]

    assert elsewhere(product) == ["own", "in1", "its_own"]


def test_a_fresh_name_is_not_one_that_the_user_has_taken():
    a, b = leaf(1.0), leaf(2.0)
    graph = show_graph(a * b + 1, {"t1": a, "in1": b})
    assert [n.name for n in graph.nodes] == ["t1", "in1", "t2", "1", "t3"]


def test_constants_are_the_numbers_and_what_needs_no_gradient():
    x, factor = leaf(2.0), Tensor(3.0)
    graph = show_graph(x * factor + 0.5)
    assert [(n.name, n.kind, n.gradient is None) for n in graph.nodes] == [
        ("x", "input", False), ("factor", "constant", True), ("t1", "operation", False),
        ("0.5", "constant", True), ("t2", "output", False),
    ]  # fmt: skip
    graph = show_graph(Plain(2.0) * 3.0, {})
    assert [(n.name, n.kind) for n in graph.nodes] == [("in1", "input"), ("3", "constant"), ("t1", "output")]


def test_it_is_a_snapshot():
    x = leaf([1.0, 2.0])
    graph = show_graph(x * x, gradient=[1.0, 10.0])
    x.data[...] = 7.0
    x.data = np.zeros(2)
    assert graph.nodes[0].value.tolist() == [1.0, 2.0]
    assert graph.nodes[0].gradient.tolist() == [2.0, 40.0]
    assert graph.to_text().splitlines()[0].split(maxsplit=1) == ["x", "= [1, 2]    gradient [2, 40]"]
    assert x.grad is None


def test_a_leaf_alone_and_a_result_without_gradient():
    assert [n.kind for n in show_graph(leaf(1.0)).nodes] == ["input"]
    graph = show_graph(Tensor(2.0) * 3)
    assert all(node.gradient is None for node in graph.nodes)
    assert "gradient" not in graph.to_text()


def test_text_has_a_line_for_each_value_and_none_for_plain_numbers():
    x = leaf(2.0)
    w = leaf([[1.0, 2.0], [3.0, 4.0]])
    graph = show_graph((w * x).sum() + 1)
    assert graph.to_text().splitlines() == [
        "w            = shape (2, 2)    gradient norm 4",
        "x            = 2               gradient 10",
        "t1 = w · x   = shape (2, 2)    gradient norm 2",
        "t2 = Σ t1    = 20              gradient 1",
        "t3 = t2 + 1  = 21              gradient 1",
    ]
    assert repr(show_graph(x)) == "x  = 2    gradient 1"


# The picture --------------------------------------------------------------------------------------------


def parsed(graph):
    """The elements of its SVG that have a data-id, and the document."""
    root = ElementTree.fromstring(graph.to_svg())
    return {e.get("data-id"): e for e in root.iter() if e.get("data-id")}, root


def texts(element):
    return [e.text for e in element.iter() if e.tag.endswith("text")]


def test_every_node_and_edge_is_an_element_of_the_svg():
    x, y = leaf(2.0), leaf(3.0)
    graph = show_graph(x * y + x**2)
    found, root = parsed(graph)
    for node in graph.nodes:
        assert found[node.id].get("class") == f"node {node.kind}"
    for edge in graph.edges:
        assert found[edge.id].get("class") == "edge"
    assert texts(found["n0"]) == ["x", "2", "gradient 7"]
    assert texts(found[graph.nodes[-1].id])[1:] == ["10", "gradient 1"]
    assert root.get("role") == "img" and "computed from x, y" in root.get("aria-label")


def test_the_svg_has_no_ids_no_tooltips_and_no_colors_that_a_dark_page_would_hide():
    svg = show_graph(leaf(2.0) * 3).to_svg()
    _, root = parsed(show_graph(leaf(2.0) * 3))
    assert not [e for e in root.iter() if e.get("id") is not None or e.tag.endswith("title")]
    assert not [e for e in root.iter() if {e.get("fill"), e.get("stroke")} & {"black", "white"}]
    assert "var(--jp-ui-font-color1" in svg


@pytest.mark.parametrize("name", ["<b>", "a & b", 'say "x"', "it's", "λ", "<a", "]]>", "x -> y", "{a|b}"])
def test_names_are_shown_as_they_are(name):
    x = leaf(2.0)
    found, root = parsed(show_graph(x * 3, {name: x}))
    assert texts(found["n0"])[0] == name
    assert name in root.get("aria-label")


@pytest.mark.parametrize("name", [r"\N", r"\alpha", "a\\"])
def test_backslashes_in_names_are_no_commands_to_graphviz(name):
    x = leaf(2.0)
    assert texts(parsed(show_graph(x * 3, {name: x}))[0]["n0"])[0] == name


def test_in_a_notebook_it_is_a_picture_with_its_text_beside_it():
    bundle = show_graph(leaf(2.0) * 3, names={})._repr_mimebundle_()
    assert bundle["text/plain"].startswith("in1           = 2    gradient 3")
    assert "<svg" in bundle["text/html"]


def test_an_operation_that_is_not_in_the_table_is_drawn_without_gradients():
    x = Plain(2.0)
    graph = show_graph(Plain(8.0, (x,), "cube"))
    assert [n.formula for n in graph.nodes] == ["", "cube(x)"]
    assert [n.gradient for n in graph.nodes] == [None, None]
    assert "t1 = cube(x)" in texts(parsed(graph)[0]["n1"])


def test_a_node_that_keeps_too_few_inputs_says_so():
    with pytest.raises(GraphError, match="takes 2 inputs, but a node made by it has 1"):
        show_graph(Plain(8.0, (Plain(2.0),), "*"))


# Large graphs -------------------------------------------------------------------------------------------


def tower(height):
    x = leaf(1.0)
    for _ in range(height):
        x = x.sin()
    return x


def test_a_graph_of_200_nodes_is_drawn():
    graph = show_graph(tower(MAX_NODES - 1), names={})
    assert len(graph.nodes) == MAX_NODES and not graph.note
    start = time.perf_counter()
    found, _ = parsed(graph)
    print(f"{len(graph.nodes)} nodes drawn in {time.perf_counter() - start:.2f} s")
    assert {node.id for node in graph.nodes} <= found.keys()


def test_a_larger_one_is_cut_and_says_so():
    graph = Graph(tower(1_000), names={}, max_nodes=10)
    assert graph.note == "10 values nearest to the result are shown, 991 are not"
    assert [n.kind for n in graph.nodes] == ["cut"] + ["operation"] * 9 + ["output"]
    assert graph.nodes[1].formula == "sin …"
    assert graph.to_text().endswith(f"({graph.note})")
    _, root = parsed(graph)
    assert graph.note in texts(root)
    assert float(graph.nodes[1].gradient) < 1  # of the whole graph, though it is not shown whole


@pytest.mark.parametrize("max_nodes", [1, 2, 3, 10, 200])
def test_what_is_shown_and_what_is_not_add_up(max_nodes):
    x = leaf(1.0)
    for _ in range(300):
        x = x + 1.0
    graph = Graph(x, names={}, max_nodes=max_nodes)
    shown = sum(node.kind != "cut" for node in graph.nodes)
    assert shown + graph.left_out == 601
    assert graph.note.startswith(f"{shown} value")


def test_a_value_that_is_left_out_has_no_index():
    deep = leaf(1.0)
    x = deep
    for _ in range(20):
        x = x.sin()
    with pytest.raises(KeyError, match="its part of the graph is not shown"):
        Graph(x, names={}, max_nodes=5).index(deep)


def test_a_graph_of_100000_values_is_no_recursion():
    graph = Graph(tower(100_000), names={}, max_nodes=50)
    assert graph.left_out == 100_001 - 50


# Without Graphviz ---------------------------------------------------------------------------------------

DRAW = """
import sys
for name in {hidden}:
    sys.modules[name] = None
from gradlib.scalar import Value
from gradlib import show_graph
bundle = show_graph(Value(2.0, "x") * 3)._repr_mimebundle_()
print(sorted(bundle))
print(bundle["text/plain"])
"""


def draw_without(*hidden, path):
    run = subprocess.run(
        [sys.executable, "-c", DRAW.format(hidden=list(hidden))], capture_output=True, text=True,
        env={**os.environ, "PATH": path},
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    kinds, *text = run.stdout.splitlines()
    return kinds, text


@pytest.mark.parametrize("hidden", [["pygraphviz"], ["pygraphviz", "graphviz"]], ids=" and ".join)
def test_where_nothing_can_draw_it_is_text_that_says_how_to_get_pictures(hidden, tmp_path):
    kinds, text = draw_without(*hidden, path=str(tmp_path))
    assert kinds == "['text/plain']"
    assert text[0].split() == ["x", "=", "2", "gradient", "3"]
    assert text[-1] == HOW_TO_GET_PICTURES and "pip install pygraphviz" in text[-1]


def test_where_dot_is_not_a_program_it_is_text(tmp_path):
    (tmp_path / "dot").write_bytes(b"not a program")
    (tmp_path / "dot").chmod(0o755)
    kinds, text = draw_without("pygraphviz", path=str(tmp_path))
    assert kinds == "['text/plain']" and text[-1] == HOW_TO_GET_PICTURES


def test_where_only_dot_is_there_it_draws(tmp_path):
    dot = shutil.which("dot")
    if dot is None:  # a stand-in that draws what the real one drew: pygraphviz, called as `dot -Tsvg`
        code = (
            "import sys, pygraphviz; drawn = pygraphviz.AGraph(string=sys.stdin.read()).draw(format='svg', prog='dot')"
        )
        code += "; sys.stdout.buffer.write(drawn)"
        script = tmp_path / "dot"
        # Through sh: a kernel cuts the path of an interpreter at its first space, and a long one at its end.
        script.write_text(f"#!/bin/sh\nexec {shlex.join([sys.executable, '-c', code])}\n")
        script.chmod(0o755)
        dot = str(script)
    kinds, _ = draw_without("pygraphviz", path=os.path.dirname(dot))
    assert kinds == "['text/html', 'text/plain']"


HEAVY = {"matplotlib", "ipywidgets", "anywidget", "graphviz", "pygraphviz", "IPython", "torch"}


def test_importing_gradlib_imports_none_of_the_heavy_packages():
    code = "import gradlib, sys; print(*{name.partition('.')[0] for name in sys.modules})"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not HEAVY & set(run.stdout.split())


def test_parameters_have_the_names_that_their_module_gives():
    model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    last = model[2].bias
    graph = show_graph(model(Tensor(np.ones((4, 2), np.float32))).sum())
    names = [node.name for node in graph.nodes if node.kind == "input"]
    assert names == ["model.0.weight", "model.0.bias", "model.2.weight", "last"]  # a variable's own name comes first
    assert last is graph.things[graph.nodes.index(next(node for node in graph.nodes if node.name == "last"))]


def test_gradients_can_be_left_out():
    x = Value(2.0, "x")
    graph = show_graph(x * x, gradients=False)
    assert all(node.gradient is None for node in graph.nodes) and "gradient" not in graph.to_text() + graph.to_svg()


def test_names_and_counts_that_do_not_fit():
    x = Tensor(2.0, requires_grad=True)
    with pytest.raises(TypeError, match="names must be texts, got 3"):
        Graph(x * x, {3: x})
    with pytest.raises(TypeError, match="max_nodes is the number of nodes to show, at least 1, got 'a'"):
        Graph(x * x, max_nodes="a")
