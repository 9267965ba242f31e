"""Sequential, ModuleList, ModuleDict, MLP."""

import math

import numpy as np
import pytest

from gradlib import Tensor, nn


def test_a_sequential_takes_layers_a_list_or_names():
    layers = [nn.Linear(2, 3), nn.ReLU()]
    for model in (nn.Sequential(*layers), nn.Sequential(layers), nn.Sequential({"a": layers[0], "b": layers[1]})):
        assert list(model) == layers and len(model) == 2 and model[-1] is layers[1]
        assert model(Tensor([[1.0, 2.0]])).shape == (1, 3)
    assert [name for name, _ in model.named_parameters()] == ["a.weight", "a.bias"]
    head = nn.Sequential(layers)[:1]
    assert isinstance(head, nn.Sequential) and list(head) == layers[:1]
    assert nn.Sequential(*layers).layers == nn.Sequential(layers).layers == layers and nn.Sequential().layers == []
    assert len(nn.Sequential(layers).append(nn.Tanh())) == 3 and len(nn.Sequential()) == 0
    assert len(nn.Sequential(layer for layer in layers)) == 2 and len(nn.Sequential(layers).extend(layers)) == 4
    model[-1] = nn.Tanh()
    assert [name for name, _ in model.named_children()] == ["a", "b"] and isinstance(model.b, nn.Tanh)
    assert nn.Sequential(layers[::-1])[0] is layers[1] and isinstance(nn.MLP([2, 3, 1])[1:], nn.Sequential)


def test_lists_and_dicts_of_modules_are_found():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.ModuleList([nn.Linear(1, 1)])
            self.heads = nn.ModuleDict({"a": nn.Linear(1, 2)})

    net = Net()
    net.layers.append(nn.Linear(1, 1)).extend([nn.ReLU()])
    net.layers[0] = nn.Linear(1, 5)
    net.heads["b"] = nn.Linear(1, 3)
    assert [name for name, _ in net.named_parameters()] == [
        "layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias",
        "heads.a.weight", "heads.a.bias", "heads.b.weight", "heads.b.bias",
    ]  # fmt: skip
    assert len(net.layers) == 3 and net.layers[0].out_features == 5 and len(net.layers[1:]) == 2
    assert list(net.heads) == list(net.heads.keys()) == ["a", "b"] and "a" in net.heads and len(net.heads) == 2
    assert [head.out_features for head in net.heads.values()] == [2, 3]
    assert dict(net.heads.items())["b"].out_features == 3


def test_an_mlp_is_layers_and_activations_between_them():
    kinds = [type(layer).__name__ for layer in nn.MLP([2, 3, 4, 1], activation="silu")]
    assert kinds == ["Linear", "SiLU", "Linear", "SiLU", "Linear"]
    assert nn.MLP([2, 1])(Tensor([[1.0, 2.0]])).shape == (1, 1)


@pytest.mark.parametrize(
    ("activation", "variance"),
    [
        *((name, 2 / 400) for name in ("relu", "leaky_relu", "elu", "gelu", "silu", "softplus")),
        ("tanh", (5 / 3) ** 2 * 2 / 500),
        ("sigmoid", 2 / 500),
    ],
)
def test_an_mlp_starts_by_the_activation_that_follows(activation, variance):
    model = nn.MLP([400, 100, 400, 100], activation, rng=np.random.default_rng(0))
    first, middle, last = (layer.weight.data for layer in model[::2])
    assert first.var() == pytest.approx(variance, rel=0.02)
    assert abs(first).max() == pytest.approx(math.sqrt(3 * variance), rel=0.01)  # uniform
    in_the_middle = variance if activation in ("tanh", "sigmoid") else 2 / 100  # He counts inputs, Xavier both
    assert middle.var() == pytest.approx(in_the_middle, rel=0.02)
    assert last.var() == pytest.approx(2 / 500, rel=0.02)  # no activation follows
    assert not any(layer.bias.data.any() for layer in model[::2])


@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "elu", "gelu", "tanh"])
def test_signals_keep_their_size_through_the_twenty_layers_of_an_mlp(activation):
    rng = np.random.default_rng(0)
    x = Tensor(rng.normal(size=(50, 256)).astype(np.float32))
    deep = nn.MLP([256] * 22, activation, rng=rng)[:-1]
    size = math.sqrt((deep(x).data ** 2).mean())
    assert 0.05 < size < 5, size  # by Xavier without a gain a relu leaves 0.001 of it


def test_an_mlp_draws_from_its_generator_alone():
    first, same, other = (nn.MLP([3, 4, 2], rng=np.random.default_rng(seed)) for seed in (0, 0, 1))
    weights = [[p.data.tolist() for p in model.parameters()] for model in (first, same, other)]
    assert weights[0] == weights[1] != weights[2]


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: nn.Sequential(nn.ReLU), TypeError, "Sequential holds modules, got ReLU. A class needs brackets"),
        (lambda: nn.Sequential([1.0]), TypeError, "Sequential holds modules, got float."),
        (lambda: nn.Sequential(nn.ReLU())[1], IndexError, "there is no module 1: there are 1, counted from 0."),
        (lambda: nn.ModuleList()[0], IndexError, "there is no module 0: there are 0"),
        (lambda: nn.ModuleDict()["a"], KeyError, "there is no module 'a'. There are: none."),
        (lambda: nn.Sequential(None), TypeError, "Sequential holds modules, got NoneType."),
        (lambda: nn.Sequential(abs), TypeError, "Sequential holds modules, got abs."),
        (lambda: nn.Sequential(nn.ReLU())["0"], TypeError, "module indices must be integers, got '0'."),
        (lambda: nn.Sequential({"train": nn.ReLU()}), AttributeError, "has an attribute 'train' already."),
        (lambda: nn.ModuleList(nn.ReLU()), TypeError, "ModuleList takes one list of modules, got ReLU."),
        (lambda: nn.ModuleList([1.0]), TypeError, "ModuleList holds modules, got float."),
        (lambda: nn.MLP([3]), ValueError, "MLP takes a list of at least two sizes, inputs and outputs"),
        (lambda: nn.MLP(3), ValueError, "MLP takes a list of at least two sizes"),
        (lambda: nn.MLP([3, 2], activation="relo"), ValueError, "there is no activation 'relo'."),
        (lambda: nn.MLP([3, 2, 1], activation=nn.ReLU), ValueError, "An activation is given by its name."),
        (lambda: nn.MLP([3, 2, 1], activation="relo"), ValueError, "there is no activation 'relo'. There are: relu, "),
    ],
)
def test_wrong_requests_are_refused(call, kind, words):
    with pytest.raises(kind) as caught:
        call()
    assert words in str(caught.value)
