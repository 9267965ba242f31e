"""Recurrent layers and cells beside PyTorch's: outputs, states, gradients of inputs and parameters, to 1e-9."""

import inspect
import itertools

import numpy as np
import pytest

from gradlib import Tensor, grad
from gradlib.nn import recurrent

torch = pytest.importorskip("torch")

KINDS = [("RNN", {"nonlinearity": "tanh"}), ("RNN", {"nonlinearity": "relu"}), ("LSTM", {}), ("GRU", {})]
OPTIONS = [
    {"num_layers": layers, "bias": bias, "batch_first": batch_first, "bidirectional": bidirectional}
    for layers, bias, batch_first, bidirectional in itertools.product(
        (1, 3), (True, False), (False, True), (False, True)
    )
]


def pair_of(name, *sizes, **options):
    """The same module twice: ours, and PyTorch's with our weights, those that we store transposed turned over."""
    ours = getattr(recurrent, name)(*sizes, **options, rng=np.random.default_rng(2)).double()
    theirs = getattr(torch.nn, name)(*sizes, **options).double()
    own = dict(ours.named_parameters())
    assert list(own) == [key for key, _ in theirs.named_parameters()]
    with torch.no_grad():
        for key, parameter in theirs.named_parameters():
            parameter.copy_(torch.tensor(as_theirs(ours, key, own[key].data)))
    return ours, theirs


def as_theirs(module, name, array):
    return array.T if name.startswith(module.transposed) else array


def twice(array):
    return Tensor(array, requires_grad=True), torch.tensor(array, requires_grad=True)


def flat(result):
    """(outputs, (h, c)) or (outputs, h) or h -> a list of tensors."""
    return [part for entry in result for part in flat(entry)] if isinstance(result, tuple) else [result]


def agree(ours, theirs):
    np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=1e-9, atol=1e-12)


def compare(modules, inputs, results):
    """Values, and the gradients of a loss in which every entry counts differently."""
    results = [flat(result) for result in results]
    losses = [0, 0]
    for seed, (mine, other) in enumerate(zip(*results, strict=True)):
        assert mine.shape == tuple(other.shape)
        agree(mine.data, other)
        weights = np.random.default_rng(seed).normal(size=mine.shape)
        losses = [losses[0] + (mine * weights).sum(), losses[1] + (other * torch.tensor(weights)).sum()]
    for loss in losses:
        loss.backward()
    for mine, other in inputs:
        agree(mine.grad, other.grad)
    own = dict(modules[0].named_parameters())
    for name, parameter in modules[1].named_parameters():
        agree(as_theirs(modules[0], name, own[name].grad), parameter.grad)


@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: "-".join(map(str, options.values())))
@pytest.mark.parametrize(("name", "fixed"), KINDS, ids=["RNN", "RNN-relu", "LSTM", "GRU"])
@pytest.mark.parametrize("case", ["states", "no states", "one sequence"])
def test_a_layer(name, fixed, options, case):
    rng = np.random.default_rng(0)
    modules = pair_of(name, 3, 4, **fixed, **options)
    steps, count, features = 5, 2, 3
    shape = (count, steps, features) if options["batch_first"] else (steps, count, features)
    state_shape = (options["num_layers"] * (1 + options["bidirectional"]), count, 4)
    if case == "one sequence":
        shape, state_shape = (steps, features), state_shape[::2]
    inputs = [twice(rng.normal(size=shape))]
    states = []
    if case != "no states":
        inputs += [twice(rng.normal(size=state_shape)) for _ in range(1 + (name == "LSTM"))]
        states = [tuple(side) if name == "LSTM" else side[0] for side in zip(*inputs[1:], strict=True)]
    results = [module(inputs[0][side], *([states[side]] if states else [])) for side, module in enumerate(modules)]
    compare(modules, inputs, results)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(2, 3), (3,)], ids=str)
@pytest.mark.parametrize("states", [True, False])
@pytest.mark.parametrize(
    ("name", "fixed"),
    [("RNNCell", {}), ("RNNCell", {"nonlinearity": "relu"}), ("LSTMCell", {}), ("GRUCell", {})],
    ids=["RNNCell", "RNNCell-relu", "LSTMCell", "GRUCell"],
)
def test_a_cell(name, fixed, bias, shape, states):
    rng = np.random.default_rng(0)
    modules = pair_of(name, 3, 4, bias=bias, **fixed)
    inputs = [twice(rng.normal(size=shape))]
    given = []
    if states:
        inputs += [twice(rng.normal(size=(*shape[:-1], 4))) for _ in range(1 + (name == "LSTMCell"))]
        given = [tuple(side) if name == "LSTMCell" else side[0] for side in zip(*inputs[1:], strict=True)]
    results = [module(inputs[0][side], *([given[side]] if given else [])) for side, module in enumerate(modules)]
    compare(modules, inputs, results)


@pytest.mark.parametrize("name", ["LSTM", "GRU"])
def test_the_gradient_of_a_gradient(name):
    """A penalty on the slope of the outputs, trained through."""
    modules = pair_of(name, 3, 4)
    x = twice(np.random.default_rng(0).normal(size=(4, 2, 3)))
    (mine,) = grad((modules[0](x[0])[0] ** 2).sum(), [x[0]], create_graph=True)
    (other,) = torch.autograd.grad((modules[1](x[1])[0] ** 2).sum(), [x[1]], create_graph=True)
    agree(mine.data, other)
    (mine**2).sum().backward()
    (other**2).sum().backward()
    agree(x[0].grad, x[1].grad)
    own = dict(modules[0].named_parameters())
    for key, parameter in modules[1].named_parameters():
        agree(as_theirs(modules[0], key, own[key].grad), parameter.grad)


@pytest.mark.parametrize("name", ["RNN", "LSTM", "GRU"])
def test_dropout_in_evaluation(name):
    modules = pair_of(name, 3, 4, num_layers=2, dropout=0.5)
    x = twice(np.random.default_rng(0).normal(size=(4, 2, 3)))
    compare(modules, [x], [module.eval()(side) for module, side in zip(modules, x, strict=True)])


def test_signatures_and_defaults_are_the_same():
    for name in ("RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell"):
        ours, theirs = getattr(recurrent, name)(3, 4), getattr(torch.nn, name)(3, 4)
        accepted = list(inspect.signature(getattr(recurrent, name)).parameters.values())
        for parameter in accepted[2:-1]:  # the sizes are first, rng is last
            value = getattr(theirs, parameter.name)
            assert parameter.default == value, (name, parameter.name)
        assert ours.hidden_size == theirs.hidden_size
    order = "input_size hidden_size num_layers nonlinearity bias batch_first dropout bidirectional rng"
    assert list(inspect.signature(recurrent.RNN).parameters) == order.split()
