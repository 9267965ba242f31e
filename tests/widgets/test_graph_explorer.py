"""The graph explorer: the engine's own numbers, node by node."""

import numpy as np

from gradlib import Tensor
from gradlib.widgets import GraphExplorer


def made():
    x = Tensor(np.array([[1.0, -2.0], [0.5, 3.0]]), requires_grad=True)
    w = Tensor(np.array([[2.0], [1.0]]), requires_grad=True)
    h = x @ w
    return x, w, h, (h * h).sum()


def test_every_node_has_the_engines_gradient():
    x, w, h, loss = made()
    model = GraphExplorer(loss, {"x": x, "w": w, "h": h}).model
    loss.backward()
    gradients = {node.name: node.gradient for node in model.nodes}
    assert np.allclose(gradients["x"], x.grad) and np.allclose(gradients["w"], w.grad)
    assert np.allclose(gradients["h"], 2 * h.data)


def test_the_steps_go_from_the_result_back_and_a_click_goes_to_its_node():
    x, w, h, loss = made()
    view = GraphExplorer(loss, {"x": x, "w": w, "h": h})
    seen = []
    for step in range(view.model.length):
        view.go(step)
        seen.append(view.model.label())
    assert seen[0].startswith("t") and set(seen[-2:]) == {"x", "w"} and seen.index("h") == 2
    view.clicked(view.model.nodes[view.model.graph.index(w)].id)
    assert repr(view).startswith("w, an input")


def test_what_is_said_of_a_node():
    x, w, h, loss = made()
    view = GraphExplorer(loss, {"x": x, "w": w, "h": h})
    view.clicked(view.model.nodes[view.model.graph.index(h)].id)
    text = repr(view)
    assert "h = x w" in text and "shape     (2, 1)" in text
    assert "to x      g wᵀ" in text and "to w      xᵀ g" in text
    assert "value     [[0], [4]]" in text and "gradient  [[0], [8]]" in text
    assert "Used 2 times, by t1: its gradient is the sum over these uses." in text
    view.clicked(view.model.nodes[view.model.graph.index(w)].id)
    assert "Used by h. A leaf: its gradient is kept in .grad." in repr(view)


def test_a_sum_over_stretched_axes_is_told():
    x, b = Tensor(np.ones((3, 2)), requires_grad=True), Tensor(np.ones(2), requires_grad=True)
    assert repr(GraphExplorer(x + b, {"x": x, "b": b})).splitlines()[4:6] == [
        "  to x      g · 1",
        "  to b      g · 1, summed to shape (2,): it was stretched",
    ]


def test_gradients_show_when_the_sweep_has_been_there():
    x, w, h, loss = made()
    model = GraphExplorer(loss, {"x": x, "w": w, "h": h}).model
    place = f"{model.nodes[model.graph.index(x)].id}.0"
    assert model.texts()[place] == "gradient ?"
    model.go(model.length - 1)
    assert model.texts()[place].startswith("gradient norm")


def test_large_arrays_are_summed_up():
    x = Tensor(np.arange(100.0), requires_grad=True)
    view = GraphExplorer((x * 2).sum(), {"x": x})
    view.clicked(view.model.nodes[view.model.graph.index(x)].id)
    assert "100 entries from 0 to 99, mean 49.5" in repr(view)
