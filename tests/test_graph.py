"""Graphs as pictures and as text, of tensors, of values, and of learners' own classes."""

import os
import re
import subprocess
import sys
from xml.etree import ElementTree

import numpy as np
import pytest

from gradlib import Tensor, show_graph
from gradlib.graph import MAX_NODES, Graph
from gradlib.scalar import Value


class Plain:
    def __init__(self, data, _prev=(), _op=""):
        self.data, self._prev, self._op = data, _prev, _op

    def __mul__(self, other):
        return Plain(self.data * getattr(other, "data", other), (self, other), "*")

    def cube(self):
        return Plain(self.data**3, (self,), "cube")


def example():
    x, y = Tensor([2.0], requires_grad=True), Tensor([3.0], requires_grad=True)
    return x, y, x * y + x**2


def test_it_is_a_snapshot_of_values_gradients_shapes_and_names():
    x, y, z = example()
    graph = show_graph(z)
    kinds = [(node.name, node.kind, node.formula) for node in graph.nodes]
    assert kinds == [
        ("x", "input", ""), ("y", "input", ""), ("t1", "operation", "x · y"), ("2", "constant", ""),
        ("t2", "operation", "x²"), ("z", "output", "t1 + t2"),
    ]  # fmt: skip
    assert [float(node.gradient[0]) for node in graph.nodes if node.gradient is not None] == [7, 2, 1, 1, 1]
    assert [(edge.source, edge.target, edge.position) for edge in graph.edges] == [
        (0, 2, 0), (1, 2, 1), (0, 4, 0), (3, 4, 1), (2, 5, 0), (4, 5, 1),
    ]  # fmt: skip
    assert x.grad is None and graph.index(x) == 0 and graph.sources[5] == [2, 4]
    x.data = [100.0]
    assert graph.nodes[0].value.tolist() == [2.0] and graph.nodes[0].shape == (1,)


def test_names_come_from_the_value_then_the_argument_then_the_code():
    x, y, z = example()
    assert [n.name for n in Graph(z, {"a": x, "t1": y}).nodes] == ["a", "t1", "t2", "2", "t3", "t4"]
    u = Value(2.0, "speed")
    assert [n.name for n in Graph(u * u).nodes][0] == "speed"

    def inner():
        local = Tensor(1.0, requires_grad=True)
        return [node.name for node in show_graph(local * 2).nodes]

    assert inner() == ["local", "2", "t1"]


def test_values_and_own_classes_give_the_same_graph_as_tensors():
    texts = []
    for make in (lambda n: Tensor(n, requires_grad=True), Value, Plain):
        x, y = make(2.0), make(3.0)
        texts.append(Graph(x * y * x, {"x": x, "y": y}).to_text())
    assert texts[0] == texts[1] == texts[2]
    assert "gradient 12" in texts[0]


def test_an_operation_that_is_not_in_the_table_is_drawn_without_gradients():
    x = Plain(2.0)
    graph = Graph(x.cube() * 2, {"x": x})
    assert [node.formula for node in graph.nodes] == ["", "cube(x)", "", "t1 · 2"]
    assert not any(node.gradient is not None for node in graph.nodes)


def test_arrays_show_their_shapes_and_norms():
    w = Tensor(np.ones((2, 3)), requires_grad=True)
    assert re.search(
        r"w +=  ?shape \(2, 3\) +gradient norm 2.449", Graph((w * 1.0).sum(), {"w": w}).to_text()
    )


def parsed(graph):
    return ElementTree.fromstring(graph.to_svg())


def test_its_svg_has_every_node_and_edge_and_no_ids():
    x, y, z = example()
    graph = show_graph(z)
    drawn = {element.get("data-id"): element for element in parsed(graph).iter() if element.get("data-id")}
    assert {node.id for node in graph.nodes} | {edge.id for edge in graph.edges} <= drawn.keys()
    assert all(
        "node" in drawn[node.id].get("class") and node.kind in drawn[node.id].get("class")
        for node in graph.nodes
    )
    assert not [element for element in parsed(graph).iter() if element.get("id")]
    words = "".join(drawn["n5"].itertext())
    assert "z = t1 + t2" in words and "10" in words and "gradient 1" in words
    assert 'aria-label="Graph of 6 values: z = 10, computed from x, y."' in graph.to_svg()


def test_names_are_escaped():
    x = Value(2.0, '<b>&"x\\n')
    assert '<b>&"x' in "".join(parsed(Graph(x * x)).itertext())


def test_its_colors_follow_the_page():
    svg = show_graph(example()[2]).to_svg()
    assert "var(--jp-ui-font-color1, #222)" in svg
    assert 'stroke="black"' not in svg and 'fill="black"' not in svg and 'fill="white"' not in svg


def test_a_large_graph_is_cut_near_the_result_and_says_so():
    x = Value(1.0, "x")
    v = x
    for _ in range(500):
        v = (v * v).tanh()
    graph = Graph(v)
    shown = [node for node in graph.nodes if node.kind != "cut"]
    assert len(shown) == MAX_NODES and graph.left_out == 1001 - MAX_NODES
    assert graph.note == "200 values nearest to the result are shown, 801 are not"
    assert graph.note in graph.to_text() and "801 are not" in graph.to_svg()
    assert len(Graph(v, max_nodes=3).nodes) <= 3 + 3


def test_no_gradients_where_none_flow():
    assert [node.gradient for node in Graph(Tensor(1.0) * 2).nodes] == [None]
    x = Tensor([1.0, 2.0], requires_grad=True)
    weighted = Graph(x * x, {"x": x}, gradient=[1.0, 10.0])
    assert weighted.nodes[0].gradient.tolist() == [2, 40]


def test_a_notebook_gets_a_picture_and_text():
    x, y, z = example()
    bundle = show_graph(z)._repr_mimebundle_()
    assert "<svg" in bundle["text/html"] and bundle["text/plain"].splitlines()[-1].startswith("z = t1 + t2")


PROGRAM = """
import sys
if {hidden}: sys.modules["pygraphviz"] = None
from gradlib import show_graph
from gradlib.scalar import Value
x = Value(2.0)
print(show_graph(x * x)._repr_mimebundle_())
"""


def without_pygraphviz(path):
    command = [sys.executable, "-c", PROGRAM.format(hidden=True)]
    return subprocess.run(
        command, env=os.environ | {"PATH": path}, capture_output=True, text=True, check=True
    ).stdout


def test_without_graphviz_there_is_text_and_a_hint(tmp_path):
    shown = without_pygraphviz(str(tmp_path))
    assert "x · x" in shown and "pip install pygraphviz" in shown and "<svg" not in shown


@pytest.mark.skipif(os.name == "nt", reason="the stand-in for dot is a shell script")
def test_a_dot_on_the_path_is_used_where_pygraphviz_is_missing(tmp_path):
    dot = tmp_path / "dot"  # answers as Graphviz's dot does, with pygraphviz's own drawing
    draw = "import sys,pygraphviz;sys.stdout.buffer.write(pygraphviz.AGraph(sys.stdin.read()).draw(format='svg',prog='dot'))"
    dot.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{draw}"\n')
    dot.chmod(0o755)
    assert "<svg" in without_pygraphviz(f"{tmp_path}{os.pathsep}/bin{os.pathsep}/usr/bin")


def test_importing_the_library_brings_nothing_heavy():
    program = "import sys, gradlib; print([m for m in ('matplotlib', 'ipywidgets', 'anywidget', 'graphviz', 'pygraphviz', 'IPython') if m in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "[]"
