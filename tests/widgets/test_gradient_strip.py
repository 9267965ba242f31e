"""The gradient flow strip: whose numbers it shows, and what it says of them."""

import math
from xml.etree import ElementTree

import pytest

from gradlib.widgets import GradientFlowStrip
from gradlib.widgets.gradient_strip import MOST_LAYERS, shown_layers
from tests.widgets.samples.gradient_strip import recorded


def test_the_numbers_are_those_of_the_tracker():
    tracker, dead = recorded(1.0)
    view = GradientFlowStrip({"run": tracker}, {"run": dead})
    view.go(3)
    weights = [name for name in tracker.history if name.endswith("weight")]
    assert list(view.model.norms["run"]) == weights
    assert [view.model.at("run", name) for name in weights] == [tracker.history[name]["norm"][3] for name in weights]
    assert all(view.model.dead_at("run", name) == dead[name][3] for name in dead)


@pytest.mark.parametrize(
    ("norms", "dead", "words"),
    [
        ([1e-7, 1.0], [0.1, 0.2], "run: vanishing in a."),
        ([1e-6, 1e-6], [0.1, 0.49], "run: nothing out of the ordinary."),
        ([1e2, 1e2], [0.1, 0.49], "run: nothing out of the ordinary."),
        ([2e-3, 1.0], [0.0, 0.0], "run: nothing out of the ordinary."),
        ([1e-5, 0.5], [0.0, 0.0], "run: loses 5 powers of ten from b to a."),
        ([50.0, 5e-3], [0.6, 0.0], "run: half dead or more in a; gains 4 powers of ten from b to a."),
        ([0.0, 1e-4], [0.0, 0.0], "run: vanishing in a."),
        ([math.nan, 1.0], [0.0, 0.0], "run: not finite in a."),
        ([1.0, 101.0], [0.0, 0.0], "run: exploding in b."),
        ([1.0, math.inf], [0.0, 0.0], "run: not finite in b."),
        ([math.nan, 1e-9], [0.0, 0.0], "run: not finite in a; vanishing in b."),
        ([1.0, 1.0], [0.5, 0.2], "run: half dead or more in a."),
        ([None, None], [None, 0.2], "run: nothing out of the ordinary."),
        ([None, 1.0], [None, 0.2], "run: nothing out of the ordinary."),
    ],
)
def test_what_it_says(norms, dead, words):
    history = {name: [norm] for name, norm in zip("ab", norms, strict=True)}
    fractions = {name: [share] for name, share in zip("ab", dead, strict=True)}
    assert words in repr(GradientFlowStrip({"run": history}, {"run": fractions}))


def test_nan_is_told_from_what_was_not_recorded():
    view = GradientFlowStrip({"run": {"a": [math.nan, 1.0], "b": [None, 1.0]}})
    assert "run  a nan, b not recorded" in repr(view)
    cells = [view.model._norm_cell(view.model.at("run", layer)) for layer in "ab"]
    assert cells == [("wrong", "nan", 1.0), ("guide", "–", 0.0)]


def test_it_says_where_layers_are_left_out_and_cuts_a_long_name():
    def captions(name, layers):
        return GradientFlowStrip({name: {f"{i}.weight": [1.0] for i in range(layers)}}).model.picture()

    assert "run: gradient of each layer, inputs" in captions("run", 10)
    assert "a name that has no …: gradient of 10 of 11 layers, inputs" in captions("a name that has no room", 11)


def test_bars_are_higher_for_larger_gradients_on_one_scale_for_all():
    norms = [1e-9, 1e-4, 2e-4, 1.0, 50.0]
    model = GradientFlowStrip({"a": {str(norm): [norm] for norm in norms}, "b": {"w": [1e-4]}}).model
    heights = [model._norm_cell(norm)[2] for norm in norms]
    assert heights == sorted(heights) and 0 < heights[0] and heights[-1] < 1 and model.scale == (-10, 2)
    assert heights[1] == pytest.approx(0.5) and model._norm_cell(0.0)[2] == 0 and model._norm_cell(math.inf)[2] == 1


@pytest.mark.parametrize(
    ("norms", "scale"),
    [([3.0], (0, 2)), ([None, 0.0, math.nan, math.inf], (-1, 1)), ([1.0], (-1, 1)), ([1e-300, 1e300], (-31, 30))],
)
def test_the_scale_has_room_for_every_gradient(norms, scale):
    assert GradientFlowStrip({"run": {"a": norms}}).model.scale == scale


@pytest.mark.parametrize("count", [1, 7, 8, 9, 40])
def test_of_many_layers_the_first_and_the_last_are_shown(count):
    names = [str(i) for i in range(count)]
    shown = shown_layers(names)
    assert len(shown) == min(count, MOST_LAYERS) == len(set(shown))
    assert (shown[0], shown[-1]) == (names[0], names[-1])


@pytest.mark.parametrize("runs", [{}, {"run": {}}, {name: {"a": [1.0]} for name in "abcd"}])
def test_runs_that_cannot_be_shown_are_refused(runs):
    with pytest.raises(ValueError, match="one to three histories"):
        GradientFlowStrip(runs)
    with pytest.raises(ValueError, match="names that are not in runs: other"):
        GradientFlowStrip({"run": {"a": [1.0]}}, {"other": {"a": [0.1]}})


def parts(view, name):
    """The parts of the picture that light up with a layer: (data-id, texts)."""
    page = ElementTree.fromstring(f"<div>{view.model.picture()}</div>")
    found = [part for part in page.iter("g") if part.get("data-link") == name]
    return [(part.get("data-id"), [text.text for text in part.iter("text")]) for part in found]


def test_a_layer_is_named_and_lights_up_in_every_strip():
    history = {"0.weight": [1e-3, 1.0], "2.weight": [0.1, 1.0]}
    view = GradientFlowStrip({"a": history, "b": history}, {"a": {"1": [0.25, 0.0]}, "b": {"1": [0.5, 0.0]}})
    assert parts(view, "layer-2.weight") == [("cell0_1", ["10⁻¹", "2.weight"]), ("cell1_1", ["10⁻¹", "2.weight"])]
    assert parts(view, "layer-1") == [(None, ["25%", "1"]), (None, ["50%", "1"])]


def test_a_click_on_a_layer_draws_it_on_the_right():
    view = GradientFlowStrip({"a": {"0.weight": [1e-3, 1.0], "2.weight": [0.1, 1.0]}, "b": {"w": [0.5, 0.5]}})
    assert ">gradient of 0.weight<" in view.model.picture() and view.model.marks()["cell0_0"] == "current"
    view.clicked("cell0_1")
    assert ">gradient of 2.weight<" in view.model.picture()
    assert view.model.marks() == {"cell0_1": "current", "cell1_0": "current"}, "b has one layer alone"


def test_a_layer_without_room_can_be_named_and_is_not_marked():
    layers = {f"{i}.weight": [1.0] for i in range(40)}
    view = GradientFlowStrip({"deep": layers})
    left_out = next(i for i in range(40) if f"{i}.weight" not in shown_layers(list(layers)))
    view.clicked(f"cell0_{left_out}")
    assert view.model.marks() == {} and f"gradient of {left_out}.weight" in view.model.picture()


@pytest.mark.parametrize(
    ("norms", "dead", "text", "reached"),
    [
        ([3.0, 2.0, 1.0], [0.0, 0.4, 0.5], "Stop at the first step at which half of a layer's units are dead.", [2]),
        ([3.0, 1.0, 2.0], [0.4, 0.6, 0.7], "Stop at the first step at which half of a layer's units are dead.", [1]),
        ([3.0, 1.0, 2.0], [0.1, 0.2, 0.4], "Stop where the gradient of a is smallest in run.", [1]),
        ([3.0, 1.0, 1.04, 1.06], [0.0] * 4, "Stop where the gradient of a is smallest in run.", [1, 2]),
        ([None, math.nan, 1.0, math.inf], [None] * 4, "Stop where the gradient of a is smallest in run.", [2]),
        ([3.0, 0.0, 2.0], [0.0] * 3, "Stop where the gradient of a is smallest in run.", [1]),
        ([1.0, 2.0, 3.0], [0.0] * 3, None, []),
        ([3.0, 1.0, 2.0], [0.5, 0.1, 0.6], None, []),
        ([None, None], [None, None], None, []),
    ],
)
def test_the_goal(norms, dead, text, reached):
    model = GradientFlowStrip({"run": {"a": norms, "b": norms[::-1]}}, {"run": {"1": [0.0] * 4, "3": dead}}).model
    goals = {}
    for step in range(model.length):
        model.go(step)
        goals[step] = model.goal()
    assert {goal and goal.text for goal in goals.values()} == {text}
    assert [step for step, goal in goals.items() if goal and goal.reached] == reached


def test_a_goal_looks_at_the_dead_units_of_every_run():
    norms = {"a": [1.0, 1.0, 1.0]}
    model = GradientFlowStrip({"x": norms, "y": norms}, {"y": {"1": [0.0, 0.0, 0.9]}}).model
    model.go(2)
    assert model.goal().reached
