"""Depth and gain: the factors that theory has, and what is said of them."""

from xml.etree import ElementTree

import numpy as np
import pytest

from gradlib import Tensor
from gradlib.widgets import DepthAndGain
from gradlib.widgets.depth_gain import ACTIVATIONS, DEPTH, GAINS, WIDTHS, _factor, _size, _weights, measured


@pytest.mark.parametrize(
    ("activation", "gain", "factor"),
    [("identity", 1.0, 1.0), ("identity", 0.5, 0.5), ("relu", 1.41, 1.0), ("relu", 2.0, 2 / np.sqrt(2))],
)
def test_the_factor_of_a_layer(activation, gain, factor):
    forward, backward = measured(activation, 256, gain)
    assert _factor(backward[::-1]) == pytest.approx(factor, rel=0.05)
    assert _factor(forward) == pytest.approx(factor, rel=0.06)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_gradients_are_those_of_the_engine(activation):
    gain, width = 1.5, 16
    weights, x, g = _weights(width)
    x, g = Tensor(x / _size(x), requires_grad=True), g / _size(g)
    h = x
    for weight in weights:
        a = h @ (weight * gain / np.sqrt(width))
        h = a if activation == "identity" else getattr(a, activation)()
    h.backward(g)
    forward, backward = measured(activation, width, gain)
    assert forward[-1] == pytest.approx(_size(h.data))
    assert backward[0] == pytest.approx(_size(x.grad))


@pytest.mark.parametrize(
    ("activation", "width", "gain", "words"),
    [
        ("relu", 64, 0.25, "Below the gain for relu, 1.41: sizes fade"),
        ("relu", 64, 1.41, "This is about the gain for relu, 1.41: sizes stay what they are"),
        ("relu", 16, 1.41, "on average sizes stay. With only 16 units a layer, this draw lets them fade"),
        ("identity", 64, 4.0, "Above the gain for identity, 1: sizes grow"),
        ("tanh", 64, 0.891, "Below 1"),
        ("tanh", 64, 1.0, "The gradients still fade"),
        ("tanh", 64, 1.26, "The gradients about stay what they are"),
        ("tanh", 64, 4.0, "The gradients grow"),
        ("sigmoid", 64, 1.0, "gradients fade at every gain of this slider"),
    ],
)
def test_the_remark(activation, width, gain, words):
    view = DepthAndGain(activation, width)
    view.go(GAINS.index(gain))
    assert words in repr(view)


@pytest.mark.parametrize("width", WIDTHS[:2])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_remark_is_true(activation, width):
    """The remarks on gradients and activations, compared with the measured sizes."""
    view = DepthAndGain(activation, width)
    for step in range(len(GAINS)):
        view.go(step)
        forward, backward = view.model.sizes()
        words = view.model.words().remark
        way = next(way for way in ("fade", "grow", "stay") if f"{way}" in words.rpartition("lets them")[2])
        ratio = backward[0] / backward[-1]
        assert {"fade": ratio < 1 / 2, "grow": ratio > 2, "stay": 1 / 3 < ratio < 3}[way]
        if "settle" in words or "by themselves" in words:
            assert 0.7 < forward[-1] / forward[-5] < 1.4
        elif way != "stay":
            assert (forward[-1] < forward[0]) == (way == "fade")


def test_the_controls_choose():
    view = DepthAndGain("relu")
    activation, width = view.widget.children[0].children
    activation.value, width.value = "tanh", 16
    assert repr(view).startswith("tanh, gain 0.25, width 16")


def test_there_is_a_size_for_each_layer():
    assert [len(sizes) for sizes in measured("relu", 16, 1.0)] == [DEPTH + 1] * 2


@pytest.mark.parametrize("wrong", [{"activation": "relU"}, {"width": 7}])
def test_a_wrong_choice_is_refused(wrong):
    with pytest.raises(ValueError, match="must be one of"):
        DepthAndGain(**wrong)


def test_a_layer_has_one_name_in_both_pictures():
    """So that the browser lights it in both; each says its size."""
    view = DepthAndGain("relu")
    view.go(13)
    left, right = ElementTree.fromstring(f"<div>{view.model.picture()}</div>").findall("svg")
    parts = [
        {g.get("data-link"): g.get("aria-label") for g in svg.iter("g") if g.get("data-link")} for svg in (left, right)
    ]
    assert list(parts[0]) == list(parts[1]) == [f"layer{i}" for i in range(DEPTH + 1)]
    for said, sizes, name in zip(parts, view.model.sizes(), ("activations", "gradients"), strict=True):
        assert said["layer7"] == f"layer 7: size of {name} {sizes[7]:.2g}"


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_goal(activation):
    view = DepthAndGain(activation)
    reached = []
    for step, gain in enumerate(GAINS):
        view.go(step)
        if view.model.goal() and view.model.goal().reached:
            reached.append(gain)
            _, backward = view.model.sizes()
            assert 1 / 3 <= backward[0] / backward[-1] <= 3
    assert bool(reached) == (activation != "sigmoid")
