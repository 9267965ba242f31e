"""The chain rule walkthrough, on z = x · y + x² at x = 2, y = 3: ∂z/∂x = y + 2x = 7 and ∂z/∂y = x = 2."""

import math
import re

import pytest

from gradlib import GraphError
from gradlib.formulas import number
from gradlib.scalar import Value
from gradlib.widgets import ChainRuleWalkthrough
from gradlib.widgets.base import Words
from gradlib.widgets.chain_rule import ChainRuleModel
from tests.widgets.samples.graphs import Learner, chain


@pytest.fixture
def model():
    x, y = Value(2.0, "x"), Value(3.0, "y")
    p = x * y
    s = x**2
    z = p + s
    return ChainRuleModel(z, {"p": p, "s": s, "z": z})


def node_id(model, name):
    return next(node.id for node in model.nodes if node.name == name)


def go_to(model, source, target):
    """The step that hands a contribution from one node back to another."""
    for step in range(1, model.length - 1):
        model.go(step)
        if [model.nodes[i].name for i in (model.stop[0].node, model.stop[1].source)] == [source, target]:
            return
    raise AssertionError(f"no step from {source} to {target}")


def test_five_contributions_between_start_and_end(model):
    assert model.length == 5 + 2
    assert model.transcript().startswith("Start: z = p + s = 10")
    assert "∂z/∂z  1" in model.transcript()
    model.go(6)
    assert dict(model.words().rows) == {"∂z/∂x": "7", "∂z/∂y": "2"}


def test_a_step_tells_operation_derivative_product_and_sum(model):
    go_to(model, "p", "x")
    rows = dict(model.words().rows)
    assert rows["operation"] == "p = x · y, with x = 2, y = 3"
    assert rows["arriving gradient"] == "∂z/∂p = 1"
    assert rows["local derivative"] == "∂p/∂x = y = 3"
    assert rows["contribution to x"] == "1 × 3 = 3"
    assert rows["running sum"] == "x is used twice: in all 7 (4 + 3)"
    go_to(model, "s", "x")
    assert dict(model.words().rows)["running sum"] == "x is used twice: so far 4, one more to come"
    go_to(model, "p", "y")
    assert "running sum" not in dict(model.words().rows)


def test_the_picture_marks_the_node_the_edge_and_the_factor(model):
    go_to(model, "p", "x")
    marks = model.marks()
    edge = next(name for name, mark in marks.items() if mark == "active")
    assert marks == {node_id(model, "p"): "current", node_id(model, "x"): "receiving", edge: "active"}
    assert model.texts()[f"{edge}.0"] == "× 3"


def test_gradients_appear_in_the_picture_as_they_become_known(model):
    x, y, z = (node_id(model, name) + ".1" for name in "xyz")
    assert [model.texts()[slot] for slot in (x, y, z)] == ["gradient ?", "gradient ?", "gradient 1"]
    go_to(model, "s", "x")
    assert model.texts()[x] == "gradient 4 + ?"
    go_to(model, "p", "x")
    assert model.texts()[x] == "gradient 7"
    model.go(model.length - 1)
    assert [model.texts()[slot] for slot in (x, y)] == ["gradient 7", "gradient 2"]


def test_a_prediction_hides_the_contribution_and_nothing_that_is_needed_for_it(model):
    go_to(model, "p", "x")
    edge = next(name for name, mark in model.marks().items() if mark == "active")
    model.predicting = True
    rows = dict(model.words().rows)
    assert rows["contribution to x"] == "?" and rows["local derivative"] == "∂p/∂x = y"
    assert "running sum" not in rows
    assert model.texts()[f"{edge}.0"] == "× ?"
    assert model.texts()[node_id(model, "x") + ".1"] == "gradient 4 + ?"
    assert "Type a number" in model.words().remark


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("3", "You wrote 3, the contribution is 3: they agree."),
        (" 6/2 ", "You wrote 6/2, the contribution is 3: they agree."),
        ("7", "Yours is the sum so far"),
        ("1", "Yours is the arriving gradient"),
        ("-3", "the sign differs"),
        ("−3", "the sign differs"),
        ("5", "they differ by 2."),
        ("0", "they differ by 3."),
    ],
)
def test_a_prediction_is_compared_and_revealed(model, text, says):
    go_to(model, "p", "x")
    model.predicting = True
    model.answer(text)
    assert says in model.words().remark
    assert dict(model.words().rows)["contribution to x"] == "1 × 3 = 3"


def test_the_local_derivative_alone_is_recognised():
    x = Value(2.0, "x")
    y = x * x
    model = ChainRuleModel((y * 5.0), {"y": y})
    model.predicting = True
    model.go(2)
    model.answer("2")
    assert "Yours is the local derivative, without the arriving gradient 5" in model.words().remark


@pytest.mark.parametrize("text", ["x", "", "1/0", "nan", "inf", "1e999", "2,5", "1//2"])
def test_what_is_no_number_is_asked_for_again(model, text):
    go_to(model, "p", "x")
    model.predicting = True
    model.answer(text)
    assert "is not a number" in model.words().remark and model.hidden


def test_revealing_without_an_answer(model):
    go_to(model, "p", "x")
    model.predicting = True
    model.reveal()
    assert dict(model.words().rows)["contribution to x"] == "1 × 3 = 3"
    model.go(model.step + 1)
    assert model.hidden, "the next contribution is asked for again"


def test_a_click_goes_to_the_step_that_completed_the_gradient(model):
    model.select(node_id(model, "x"))
    assert dict(model.words().rows)["running sum"].startswith("x is used twice: in all 7")
    model.select(node_id(model, "z"))
    assert model.step == 0
    model.select(node_id(model, "2"))
    assert "2 needs no gradient" in model.words().remark


def test_the_view_asks_compares_and_clears():
    x = Value(2.0, "x")
    view = ChainRuleWalkthrough(x * x + x, {})
    own, picture = view.widget.children
    predict, answer, reveal = own.children
    assert answer.layout.visibility == reveal.layout.visibility == "hidden"
    predict.value = True
    assert answer.layout.visibility == "visible"
    view.go(1)
    assert "contribution to" in picture.words and "<td>?</td>" in picture.words
    answer.value = "1"
    assert "they agree" in picture.words and "<td>?</td>" not in picture.words
    view.go(2)
    assert answer.value == "" and "<td>?</td>" in picture.words
    reveal.click()
    assert "<td>?</td>" not in picture.words
    picture._handle_custom_msg({"clicked": view.model.nodes[0].id}, [])
    assert view.model.nodes[view.model.stop[1].source].name == "x"


def test_values_and_gradients_follow_an_input_that_is_moved(model):
    """∂z/∂x = y + 2x and ∂z/∂y = x, wherever x and y are."""
    x, y, z = (node_id(model, name) for name in "xyz")
    model.go(model.length - 1)
    for value in (-3.5, 0.0, 12.3, -40.0, 1e6):
        model.move(x, value)
        rows = {name: float(text) for name, text in model.words().rows}
        assert rows == {"∂z/∂x": pytest.approx(3 + 2 * value, rel=1e-3), "∂z/∂y": pytest.approx(value, rel=1e-3)}
        texts = model.texts()
        assert float(texts[f"{z}.0"]) == pytest.approx(value * 3 + value**2, rel=1e-3)
        assert texts[f"{x}.1"] == f"gradient {number(3 + 2 * value)}"
        assert set(texts) == set(re.findall('data-text="([^"]*)"', model.picture()))
    model.move(x, 2.0)
    model.move(y, math.nan)
    assert model.texts()[f"{y}.0"] == "0", "what is not a number does not get in"


def test_the_layout_stays_while_texts_fit_and_grows_with_them(model):
    before = model.picture()
    model.move(node_id(model, "x"), -11.7)
    assert model.picture() == before
    model.move(node_id(model, "x"), -123456789.0)
    grown = model.picture()
    assert grown != before
    model.move(node_id(model, "x"), 2.0)
    assert model.picture() == grown


def test_a_learners_own_nodes_can_be_moved():
    a, b = Learner(2.0), Learner(-3.0)
    model = ChainRuleModel((a * b + a) * b, {"a": a, "b": b})
    model.go(model.length - 1)
    model.move(node_id(model, "b"), 1.0)  # (ab + a)b: by a b² + b, by b 2ab + a
    assert dict(model.words().rows) == {"∂t3/∂a": "2", "∂t3/∂b": "6"}
    assert a.data == 2.0 and b.data == -3.0


def test_the_goal_is_reached_where_the_gradient_vanishes(model):
    assert model.goal() == ("Drag the values of the inputs until the gradient of x is 0.", False)
    model.move(node_id(model, "y"), -4.0)
    assert not model.goal().reached, "its gradient is not shown yet"
    model.go(model.length - 1)
    assert model.goal().reached and model.transcript().endswith("is 0. Reached.")
    model.move(node_id(model, "y"), -3.9)
    assert not model.goal().reached


def test_there_is_no_goal_where_it_cannot_be_reached():
    x = Value(1.0, "x")
    assert ChainRuleModel(x.exp() * 2.0, {}).goal() is None
    assert ChainRuleModel(chain(300), {}).goal() is None


def test_a_token_carries_the_gradient_back(model):
    assert model.token() is None
    go_to(model, "p", "x")
    edge = next(name for name, mark in model.marks().items() if mark == "active")
    assert model.token() == (edge, node_id(model, "x"), ("1", "1 × 3", "3", "+ 3"))
    model.predict(True)
    assert model.token() is None, "it would give the answer away"
    model.reveal()
    assert model.token().says[-1] == "+ 3"


def test_an_input_is_dragged_and_nudged_in_steps():
    x, y = Value(2.0, "x"), Value(30.0, "y")
    view = ChainRuleWalkthrough(x * y, {})
    picture = view.widget.children[-1]
    x_id, y_id = (node_id(view.model, name) for name in "xy")
    picture._handle_custom_msg({"grabbed": x_id, "x": 50.0, "y": 10.0, "number": 1}, [])
    picture._handle_custom_msg({"dragged": x_id, "x": 50.0 - 3 * 25, "y": 90.0, "number": 2}, [])
    assert picture.texts[f"{x_id}.0"] == "-0.5" and picture.answered == 2
    picture._handle_custom_msg({"nudged": y_id, "across": 0, "up": 10, "number": 3}, [])
    assert picture.texts[f"{y_id}.0"] == "40", "30 moves in steps of 1"


def test_playing_waits_for_an_answer(model):
    model.predict(True)
    assert not model.asks()
    model.go(1)
    assert model.asks()
    model.answer("1")
    assert not model.asks()


def test_the_slider_and_the_title_count_the_same_steps(model):
    labels = []
    for step in range(model.length):
        model.go(step)
        labels.append(model.label())
        assert model.label() in model.words().title or step in (0, model.length - 1)
    assert labels == ["start", "1 of 5", "2 of 5", "3 of 5", "4 of 5", "5 of 5", "end"]


def test_names_come_from_the_calling_code():
    a = Value(2.0)
    squared = a * a
    assert "squared = a · a" in repr(ChainRuleWalkthrough(squared))


def test_nothing_to_explain_is_an_error():
    with pytest.raises(GraphError, match="nothing to explain"):
        ChainRuleWalkthrough(Value(2.0, requires_grad=False) + 1.0)


def typed(text="sin(x * y) + x**2"):
    return ChainRuleModel(text)


def test_a_formula_is_walked_through_as_a_graph_is():
    model = typed()
    assert model.transcript().startswith("Start: f = t2 + t3 = ")
    assert ("f", "sin(x * y) + x**2") in model.words().rows
    model.go(model.length - 1)
    gradients = {node.name: node.gradient.item() for node in model.nodes if node.name in "xy"}
    assert gradients == pytest.approx({"x": 3 * math.cos(6) + 4, "y": 2 * math.cos(6)})


def test_another_formula_keeps_the_values_of_its_letters():
    model = typed()
    model.move(node_id(model, "x"), -1.5)
    model.go(3)
    model.retype("x * x * z")
    assert (model.step, model.formula) == (0, "x * x * z")
    assert {node.name: node.value.item() for node in model.nodes if node.kind == "input"} == {"x": -1.5, "z": 1.0}
    assert model.length == len(model.stops) + 2 == 4 + 2
    assert model.goal().text == "Drag the values of the inputs until the gradient of x is 0."


def test_what_is_not_a_formula_is_said_and_the_graph_stays():
    model = typed()
    model.go(2)
    before = model.picture()
    model.retype("sin(x")
    assert "not a formula yet" in model.words().remark
    assert (model.picture(), model.step, model.formula) == (before, 2, "sin(x * y) + x**2")
    model.go(3)
    assert "not a formula yet" not in model.words().remark


def test_after_a_drag_to_where_the_formula_has_no_value_another_one_can_be_typed():
    model = typed("1 / x + y")
    model.move(node_id(model, "x"), 0.0)
    model.retype("ln(x) + y")
    assert "At x = 0 this formula has no finite value" in model.words().remark
    model.retype("x = 4; ln(x) + y")
    assert model.transcript().startswith("Start: f = t1 + y = 4.386")


def test_the_field_holds_the_formula_and_sends_what_is_typed():
    view = ChainRuleWalkthrough("x * y")
    own, picture = view.widget.children
    field = own.children[0]
    assert (field.value, field.description, field.continuous_update) == ("x * y", "f =", False)
    field.value = "exp(x) * x"
    assert view.model.formula == "exp(x) * x" and "f = t1 · x" in picture.picture and picture.last == 3 + 1
    field.value = "exp("
    assert "not a formula yet" in picture.words and "f = t1 · x" in picture.picture


def test_a_graph_that_was_given_has_no_field():
    x = Value(2.0, "x")
    assert len(ChainRuleWalkthrough(x * x, {}).widget.children[0].children) == 3


@pytest.mark.parametrize("predicting", [True, False])
def test_there_is_room_for_a_contribution_that_is_asked_for_and_for_its_answer(predicting):
    model = ChainRuleWalkthrough("x * y + sin(x)").model
    model.predict(predicting)  # a formula that is typed now makes new room
    room = Words.covering(model.possible_words())
    for step in range(model.length):
        model.predict(not predicting)
        model.go(step)
        for act in (lambda: None, lambda: model.answer("z"), lambda: model.answer("-0.25")):
            act()
            words = model.words()
            assert len(words.rows) <= len(room.rows) and len(words.remark) <= len(room.remark)
            assert all(len(a) <= len(b) for (_, a), (_, b) in zip(words.rows, room.rows, strict=False)), words
