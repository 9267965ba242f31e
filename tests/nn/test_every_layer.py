"""Over all layers and losses of gradlib.nn: gradients against finite differences, saving, copying, showing."""

import copy
import pickle

import numpy as np
import pytest

import gradlib
from gradlib import Tensor, gradcheck, nn

# name: (a new module, the shape of its input or an array)
LAYERS = {
    "Linear": (lambda: nn.Linear(3, 2), (4, 3)),
    "Embedding": (lambda: nn.Embedding(5, 2), np.array([[0, 3], [3, 1]])),
    "Flatten": (lambda: nn.Flatten(), (2, 3, 2)),
    "Identity": (lambda: nn.Identity(), (2, 3)),
    "Dropout": (lambda: nn.Dropout(0.5).eval(), (2, 3)),
    "Sequential": (lambda: nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)), (2, 3)),
    "MLP": (lambda: nn.MLP([3, 4, 2], activation="gelu"), (2, 3)),
    "ReLU": (lambda: nn.ReLU(), (2, 3)),
    "LeakyReLU": (lambda: nn.LeakyReLU(0.1), (2, 3)),
    "ELU": (lambda: nn.ELU(0.7), (2, 3)),
    "GELU": (lambda: nn.GELU("tanh"), (2, 3)),
    "SiLU": (lambda: nn.SiLU(), (2, 3)),
    "Sigmoid": (lambda: nn.Sigmoid(), (2, 3)),
    "Tanh": (lambda: nn.Tanh(), (2, 3)),
    "Softplus": (lambda: nn.Softplus(2.0), (2, 3)),
    "Softmax": (lambda: nn.Softmax(0), (2, 3)),
    "LogSoftmax": (lambda: nn.LogSoftmax(), (2, 3)),
    "BatchNorm1d": (lambda: nn.BatchNorm1d(3), (4, 3)),
    "BatchNorm2d": (lambda: nn.BatchNorm2d(2), (2, 2, 2, 3)),
    "LayerNorm": (lambda: nn.LayerNorm((2, 3)), (2, 2, 3)),
    "RMSNorm": (lambda: nn.RMSNorm(3), (2, 3)),
    "GroupNorm": (lambda: nn.GroupNorm(2, 4), (2, 4, 3)),
    "Conv1d": (lambda: nn.Conv1d(2, 3, 2, padding="same"), (2, 2, 4)),
    "Conv2d": (lambda: nn.Conv2d(2, 2, (2, 1), stride=(1, 2), groups=2), (1, 2, 3, 4)),
    "MaxPool1d": (lambda: nn.MaxPool1d(2), (2, 1, 4)),
    "MaxPool2d": (lambda: nn.MaxPool2d(2, ceil_mode=True), (1, 2, 3, 3)),
    "AvgPool1d": (lambda: nn.AvgPool1d(3, padding=1, ceil_mode=True), (1, 2, 6)),
    "AvgPool2d": (lambda: nn.AvgPool2d((2, 1)), (1, 1, 4, 2)),
    "AdaptiveAvgPool1d": (lambda: nn.AdaptiveAvgPool1d(2), (1, 2, 5)),
    "AdaptiveAvgPool2d": (lambda: nn.AdaptiveAvgPool2d((2, 1)), (1, 1, 3, 4)),
    "RNN": (lambda: nn.RNN(2, 3), (3, 2, 2)),
    "LSTM": (lambda: nn.LSTM(2, 3), (3, 2, 2)),
    "GRU": (lambda: nn.GRU(2, 3), (3, 2, 2)),
    "RNNCell": (lambda: nn.RNNCell(2, 3), (2, 2)),
    "LSTMCell": (lambda: nn.LSTMCell(2, 3), (2, 2)),
    "GRUCell": (lambda: nn.GRUCell(2, 3), (2, 2)),
    "TransformerEncoderLayer": (lambda: nn.TransformerEncoderLayer(4, 2, 3, dropout=0.0, activation="gelu"), (2, 1, 4)),
    "TransformerEncoder": (
        lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 3, dropout=0.0, activation="gelu"), 2), (2, 1, 4)
    ),
    "SinusoidalPositionalEncoding": (lambda: nn.SinusoidalPositionalEncoding(4, dropout=0.0), (2, 1, 4)),
    "LearnedPositionalEncoding": (lambda: nn.LearnedPositionalEncoding(4, 3, dropout=0.0), (2, 1, 4)),
}  # fmt: skip

LOSSES = {
    "CosineSimilarity": lambda x: nn.CosineSimilarity()(x, np.array([[1.0, 2.0], [-1.0, 0.5], [0.3, 0.2]])),
    "MSELoss": lambda x: nn.MSELoss()(x, np.ones((3, 2))),
    "L1Loss": lambda x: nn.L1Loss("sum")(x, np.full((3, 2), 0.3)),
    "HuberLoss": lambda x: nn.HuberLoss(delta=0.4)(x, np.zeros((3, 2))),
    "SmoothL1Loss": lambda x: nn.SmoothL1Loss(beta=0.4)(x, np.zeros((3, 2))),
    "BCELoss": lambda x: nn.BCELoss()(x.sigmoid(), np.array([[0, 1], [1, 0.5], [0, 0.2]])),
    "BCEWithLogitsLoss": lambda x: nn.BCEWithLogitsLoss(pos_weight=np.array([2.0, 0.5]))(x, np.eye(3)[:, :2]),
    "CrossEntropyLoss": lambda x: nn.CrossEntropyLoss(weight=[0.3, 2.0], label_smoothing=0.1)(x, [0, 1, 1]),
    "NLLLoss": lambda x: nn.NLLLoss(ignore_index=0)(x, [0, 1, 1]),
    "KLDivLoss": lambda x: nn.KLDivLoss("batchmean")(x.log_softmax(), np.full((3, 2), 0.5)),
    "HingeLoss": lambda x: nn.HingeLoss()(x, np.array([[1, -1], [1, 1], [-1, -1]])),
    "HingeEmbeddingLoss": lambda x: nn.HingeEmbeddingLoss()(x, np.array([[1, -1], [1, 1], [-1, -1]])),
}
ELSEWHERE = {
    "Module", "ModuleList", "ModuleDict",  # test_module.py, test_containers.py
    "MultiheadAttention",  # takes three inputs: test_attention.py
}  # fmt: skip


def test_every_module_of_nn_is_here():
    modules = {
        name
        for name, thing in vars(nn).items()
        if isinstance(thing, type) and issubclass(thing, nn.Module) and thing.__name__ == name
    }
    assert modules == LAYERS.keys() | LOSSES.keys() | ELSEWHERE


def made(name):
    gradlib.manual_seed(0)
    make, shape = LAYERS[name]
    x = shape if isinstance(shape, np.ndarray) else np.random.default_rng(1).normal(size=shape)
    return make().double(), x


def outputs(result):
    """The tensors in what a layer gives: one, or nested tuples of them."""
    return [result] if isinstance(result, Tensor) else [out for part in result for out in outputs(part)]


@pytest.mark.filterwarnings("ignore:input 2 does not change the result")  # a cell's W_hh, of a first state of zeros
@pytest.mark.parametrize("name", LAYERS)
def test_its_gradients_agree_with_finite_differences(name):
    model, x = made(name)
    parameters = dict(model.named_parameters())

    def run(*values):
        twin = copy.deepcopy(model)
        moved = [values[0] if x.dtype.kind == "f" else x]
        for key, value in zip(parameters, values[x.dtype.kind == "f" :], strict=True):
            module, _, last = key.rpartition(".")
            owner = dict(twin.named_modules())[module]
            del owner._parameters[last]
            object.__setattr__(owner, last, value)
        return tuple(outputs(twin(*moved)))

    inputs = ([x] if x.dtype.kind == "f" else []) + [parameter.data for parameter in parameters.values()]
    assert gradcheck(run, inputs)


@pytest.mark.parametrize("name", LOSSES)
def test_the_gradient_of_a_loss_agrees_with_finite_differences(name):
    assert gradcheck(LOSSES[name], np.random.default_rng(2).normal(size=(3, 2)))


def slope_along(function, shape):
    """A function of x and of a cotangent g: ∂(Σ g · function(x))/∂x, along a random direction of x."""
    direction = np.random.default_rng(4).normal(size=shape)

    def slope(x, *cotangents):
        x = x if x.requires_grad else Tensor(x, requires_grad=True)
        total = sum((z * g).sum() for z, g in zip(outputs(function(x)), cotangents, strict=True))
        return (gradlib.grad(total, x, create_graph=True)[0] * direction).sum()

    return slope


@pytest.mark.filterwarnings("ignore:input 0 does not change the result")  # straight lines have no second derivative
@pytest.mark.parametrize("name", [name for name in LAYERS if name != "Embedding"] + list(LOSSES))
def test_gradients_of_its_gradients_agree_with_finite_differences(name):
    function, x = made(name) if name in LAYERS else (LOSSES[name], np.random.default_rng(2).normal(size=(3, 2)))
    cotangents = [np.random.default_rng(3).normal(size=z.shape) for z in outputs(function(Tensor(x)))]
    assert gradcheck(slope_along(function, x.shape), [x, *cotangents])


@pytest.mark.parametrize("name", LAYERS)
def test_its_state_goes_into_another_and_a_copy_gives_the_same(name):
    model, x = made(name)
    x = x if x.dtype.kind in "iu" else Tensor(x)
    model(x)  # running statistics move
    model.eval()
    other = LAYERS[name][0]().double().eval()
    other.load_state_dict(model.state_dict())
    for twin in (other, copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        for mine, same in zip(outputs(model(x)), outputs(twin(x)), strict=True):
            assert np.array_equal(mine.data, same.data)
        assert repr(twin) == repr(model) and type(model).__name__ in repr(model)
