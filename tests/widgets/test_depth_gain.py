"""Depth and gain: the factors that theory has, and what is said of them."""

import numpy as np
import pytest

from gradlib import Tensor
from gradlib.widgets import DepthAndGain
from gradlib.widgets.depth_gain import ACTIVATIONS, DEPTH, GAINS, _factor, _weights, measured


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
    x, g = Tensor(x / x.std(), requires_grad=True), g / g.std()
    h = x
    for weight in weights:
        a = h @ (weight * gain / np.sqrt(width))
        h = a if activation == "identity" else getattr(a, activation)()
    h.backward(g)
    forward, backward = measured(activation, width, gain)
    assert forward[-1] == pytest.approx(h.data.std()) and backward[0] == pytest.approx(x.grad.std())


@pytest.mark.parametrize(
    ("activation", "gain", "words"),
    [
        ("relu", 0.25, "Below the gain for relu, 1.41: sizes fade"),
        ("relu", 1.41, "This is about the gain for relu, 1.41"),
        ("identity", 4.0, "Above the gain for identity, 1: sizes grow"),
        ("tanh", 4.0, "run into the flat ends of tanh"),
        ("sigmoid", 1.0, "No gain keeps both"),
    ],
)
def test_the_remark(activation, gain, words):
    view = DepthAndGain(activation)
    view.go(min(range(len(GAINS)), key=lambda i: abs(GAINS[i] - gain)))
    assert words in repr(view)


def test_the_controls_choose():
    view = DepthAndGain("relu")
    activation, width = view.widget.children[1].children
    activation.value, width.value = "tanh", 16
    assert repr(view).startswith("tanh, gain 0.25, width 16")


def test_there_is_a_size_for_each_layer():
    assert [len(sizes) for sizes in measured("relu", 16, 1.0)] == [DEPTH + 1] * 2


@pytest.mark.parametrize("wrong", [{"activation": "relU"}, {"width": 7}])
def test_a_wrong_choice_is_refused(wrong):
    with pytest.raises(ValueError, match="is one of"):
        DepthAndGain(**wrong)
