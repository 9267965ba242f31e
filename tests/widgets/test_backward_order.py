"""The backward order scrubber, against the recursion itself and against Value.backward()."""

import pytest

from gradlib.scalar import Value
from gradlib.widgets.backward_order import BackwardOrder, BackwardOrderModel, count_naive_visits
from tests.widgets.samples.graphs import chain, diamond, ladder, learners_own, shared_result


def recursive_visits(root):
    """The naive recursion as lesson 03 writes it: the order of its visits, and the gradients it leaves."""
    order, gradients = [], {root: 1.0}

    def backward(value):
        order.append(value)
        for parent, local in zip(value._prev, value._local, strict=True):
            if parent.requires_grad:
                gradients[parent] = gradients.get(parent, 0.0) + local * gradients[value]
                backward(parent)

    backward(root)
    return order, gradients


@pytest.mark.parametrize("make", [diamond, shared_result, lambda: ladder(4), lambda: chain(50)])
def test_the_naive_side_visits_as_the_recursion_does(make):
    root = make()
    model = BackwardOrderModel(root, {})
    order, gradients = recursive_visits(root)
    naive = model.sides[0]
    assert [id(visit.value) for visit in naive.visits] == [id(value) for value in order]
    assert naive.total == len(order)
    last = naive.visits[-1].gradients
    assert {key: float(value) for key, value in last.items()} == {id(v): g for v, g in gradients.items()}


@pytest.mark.parametrize("make", [diamond, shared_result, lambda: ladder(4), lambda: chain(50)])
def test_the_topological_side_ends_with_the_right_gradients(make):
    root = make()
    ordered = BackwardOrderModel(root, {}).sides[1]
    root.backward()
    visited = [visit.value for visit in ordered.visits]
    assert len(visited) == len({id(value) for value in visited}) == ordered.total
    for value in visited:
        assert float(ordered.visits[-1].gradients[id(value)]) == pytest.approx(value.grad, rel=1e-12)


def test_every_gradient_is_complete_when_topological_order_comes_by():
    for visit in BackwardOrderModel(ladder(5), {}).sides[1].visits:
        later = BackwardOrderModel(visit.value, {}).order
        assert visit.value is later[-1]
    ordered = BackwardOrderModel(ladder(5), {}).sides[1]
    for visit in ordered.visits:
        key = id(visit.value)
        assert visit.gradients[key] == ordered.visits[-1].gradients[key]


def test_visits_double_with_every_diamond_and_are_counted_without_being_made():
    # sin and cos of x are each visited as often as the product after them, x as often as both.
    assert [count_naive_visits(ladder(n)) for n in (1, 2, 3)] == [5, 13, 29]
    assert count_naive_visits(ladder(60)) == 4 * 2**60 - 3
    model = BackwardOrderModel(ladder(60), {})
    assert len(model.sides[0].visits) == 200
    assert "about 10¹⁹ visits" in model.picture()
    model.go(model.length)
    assert "cut after 200 of its about 10¹⁹ visits" in model.transcript()


def test_a_long_chain_is_visited_without_recursion():
    model = BackwardOrderModel(chain(5_000), {})
    assert [side.total for side in model.sides] == [5_001, 5_001]
    model.go(model.length)
    assert "cut after 200 of its 5,001 visits" in model.transcript()
    assert "too large to draw" in model.picture() and model.texts() == {}


def test_the_end_says_what_the_naive_recursion_got_wrong():
    model = BackwardOrderModel(shared_result(), {})  # y = x², z = y + y at x = 3: 12; naive: (1 + 2) · 6
    model.go(model.length)
    assert "x: 18 instead of 12" in model.transcript()
    right = BackwardOrderModel(diamond(), {})  # only an input is used twice: nothing is passed on twice
    right.go(right.length)
    assert "right gradients" in right.transcript()


def test_nodes_show_their_visits_and_the_gradient_of_the_moment():
    model = BackwardOrderModel(shared_result(), {})
    x, y, z = (model.graph.nodes[i].id for i in range(3))
    assert model.texts()[f"naive.{z}.1"] == "gradient 1"
    assert model.texts()[f"naive.{z}.0"] == "0 visits"
    model.go(4)  # z, y, x, x
    texts = model.texts()
    assert [texts[f"naive.{x}.{line}"] for line in (0, 1)] == ["2 visits", "gradient 6"]
    assert [texts[f"naive.{y}.{line}"] for line in (0, 1)] == ["1 visit", "gradient 1"]
    assert [texts[f"ordered.{x}.{line}"] for line in (0, 1)] == ["1 visit", "gradient 12"]


def test_the_goal_is_the_visit_that_passes_a_contribution_on_again():
    model = BackwardOrderModel(shared_result(), {})  # y = x², z = y + y: visits z, y, x, x, then y again
    reached = [model.go(step) or model.goal().reached for step in range(model.length)]
    assert [step for step, is_reached in enumerate(reached) if is_reached] == [5]
    assert BackwardOrderModel(diamond(), {}).goal() is None, "only an input is used twice"


def test_a_node_lights_up_with_its_uses_on_both_sides():
    model = BackwardOrderModel(shared_result(), {})
    _, y, z = (node.id for node in model.graph.nodes)
    uses = {edge.id for edge in model.graph.edges if model.graph.nodes[edge.source].id == y}
    assert set(model._lights[y]) == {y} | uses and len(uses) == 2 and model._lights[z] == [z]
    assert model.picture().count(f'data-link="{y}"') == 2


def test_the_edge_that_was_walked_is_marked():
    model = BackwardOrderModel(shared_result(), {})
    walked = []
    for step in range(model.length):
        model.go(step)
        walked += [name for name, mark in model.marks().items() if mark == "active" and name.startswith("naive.")]
    edges = [edge.id for edge in model.graph.edges]
    first, second, third, fourth = edges  # x -> y twice, y -> z twice
    expected = [third, first, second, fourth, first, second]
    assert walked == [f"naive.{edge}" for edge in expected]


def test_a_click_goes_to_the_next_visit_of_the_node():
    view = BackwardOrder(shared_result(), {})
    picture = view.widget.children[-1]
    x = view.model.graph.nodes[0].id
    steps = []
    for _ in range(5):  # the order is z, y, x, x, y, x, x
        picture._handle_custom_msg({"clicked": f"naive.{x}"}, [])
        steps.append(view.model.step)
    assert steps == [3, 4, 6, 7, 3]
    picture._handle_custom_msg({"clicked": f"ordered.{x}"}, [])
    assert view.model.step == 3 and "After 3 visits" in picture.words


def test_a_click_on_a_constant_changes_nothing():
    model = BackwardOrderModel(Value(2.0, "x") * 3.0, {})
    model.go(1)
    model.select("naive." + next(node.id for node in model.graph.nodes if node.kind == "constant"))
    assert model.step == 1


def test_the_words_list_the_order():
    model = BackwardOrderModel(shared_result(), {})
    model.go(3)
    rows = model.words().rows
    assert rows[0] == ("Naive recursion", "3 of 7 visits, now x with gradient 3")
    assert rows[1] == ("order so far", "t2, t1, x")
    assert rows[3] == ("order so far", "t2, t1, x")


def test_a_learners_own_class():
    model = BackwardOrderModel(learners_own(), {})
    model.go(model.length)
    a, b = (value for value in model.order if not value._op)
    right = model.sides[1].visits[-1].gradients
    assert {float(right[id(a)]), float(right[id(b)])} == {
        6.0,
        -10.0,
    }  # (ab + a)b: b² + b and 2ab + a at 2, -3


def test_a_constant_is_not_visited():
    model = BackwardOrderModel(Value(2.0, "x") * 3.0, {})
    assert [side.total for side in model.sides] == [2, 2]
