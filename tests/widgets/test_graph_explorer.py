"""The graph explorer: the engine's own numbers, node by node."""

import re

import numpy as np

from gradlib import Tensor
from gradlib.primitives import Primitive, Vjp
from gradlib.tensor import apply
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


def test_an_operation_that_is_not_in_the_table_shows_its_own_rule():
    cube = Primitive("cube", lambda x: x**3, Vjp(lambda g, z, x: g * 3 * x**2, r"3\,{x}^2"))
    x = Tensor([1.0, 2.0], requires_grad=True)
    y = apply(cube, x)
    view = GraphExplorer(y.sum(), {"x": x, "y": y})
    view.clicked(view.model.nodes[view.model.graph.index(y)].id)
    assert "to x      g · 3 x²" in repr(view)


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
    place = f"{model.nodes[model.graph.index(x)].id}.1"
    assert model.texts()[place] == "gradient ?"
    model.go(model.length - 1)
    assert model.texts()[place].startswith("gradient norm")


def test_values_and_gradients_follow_an_entry_that_is_moved():
    x, w, h, loss = made()
    view = GraphExplorer(loss, {"x": x, "w": w, "h": h})
    model = view.model
    model.go(model.length - 1)
    w_id = next(node.id for node in model.nodes if node.name == "w")
    picture = view.widget.children[-1]
    picture._handle_custom_msg({"grabbed": f"{w_id}.1", "x": 10.0, "y": 0.0, "number": 1}, [])
    picture._handle_custom_msg({"dragged": f"{w_id}.1", "x": 10.0 - 3 * 15, "y": 0.0, "number": 2}, [])  # 1 to -0.5
    moved = np.array([[2.0], [-0.5]])
    gradient = 2 * x.data.T @ (x.data @ moved)
    texts = picture.texts
    assert [float(texts[f"{w_id}.{i}.value"]) for i in (0, 1)] == [2.0, -0.5]
    assert [float(texts[f"{w_id}.{i}.gradient"]) for i in (0, 1)] == [float(f"{g:.3g}") for g in gradient.ravel()]
    loss_id = model.nodes[-1].id
    assert texts[f"{loss_id}.0"] == f"{((x.data @ moved) ** 2).sum():.4g}"
    assert w.data[1] == 1.0, "the learner's own tensor stays as it is"
    picture._handle_custom_msg({"nudged": f"{w_id}.1", "across": 0, "up": 1, "number": 3}, [])
    assert picture.texts[f"{w_id}.1.value"] == "-0.4"


def test_a_node_lights_what_lies_between_it_and_the_result():
    x, w, h, loss = made()
    model = GraphExplorer(loss, {"x": x, "w": w, "h": h}).model
    name = {node.id: node.name for node in model.nodes}
    lit = {name[node]: {name[i] for i in parts if i in name} for node, parts in model._lights.items() if node in name}
    assert lit["x"] == {"x", "h", "t1", "t2"} and lit["h"] == {"h", "t1", "t2"} and lit["t2"] == {"t2"}
    edges = {edge.id: (edge.source, edge.target) for edge in model.graph.edges}
    of_h = model._lights[next(node.id for node in model.nodes if node.name == "h")]
    assert len([i for i in of_h if i in edges]) == 3, "both uses of h, and the sum"
    lines = re.findall(r'data-link="(n\d+)" data-lights="([^"]*)">([^<]*)<', model.picture())
    assert [text for *_, text in lines] == ["h = x w", "t1 = h · h", "t2 = Σ t1"]
    assert all(name[node] == text.split(" = ")[0] and node in lights.split() for node, lights, text in lines)


def test_the_goal_is_to_lower_the_result():
    x, w, h, loss = made()
    model = GraphExplorer(loss, {"x": x, "w": w, "h": h}).model
    assert model.goal().text.startswith("Drag the inputs until t2 is at most half of 16.") and not model.goal().reached
    w_id = next(node.id for node in model.nodes if node.name == "w")
    model.move(f"{w_id}.0", 0.0)
    model.move(f"{w_id}.1", 0.0)
    assert model.goal().reached
    assert GraphExplorer(x.sum() * 0.0, {}).model.goal() is None, "a result that is 0 cannot be halved"


def test_without_a_gradient_nothing_can_be_moved():
    picture = GraphExplorer(Tensor([1.0, 2.0]) * Tensor([3.0, 4.0]), {}).model.picture()
    assert "data-drag" not in picture


def test_large_arrays_are_summed_up():
    x = Tensor(np.arange(100.0), requires_grad=True)
    view = GraphExplorer((x * 2).sum(), {"x": x})
    view.clicked(view.model.nodes[view.model.graph.index(x)].id)
    assert "100 entries from 0 to 99, mean 49.5" in repr(view)
