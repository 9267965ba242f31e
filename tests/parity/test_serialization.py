"""Files that PyTorch reads, and files that it wrote: the same architecture gives the same outputs."""

import numpy as np
import pytest

import gradlib
from gradlib import Tensor, nn
from gradlib.serialization import load_into, save

torch = pytest.importorskip("torch")
safetensors = pytest.importorskip("safetensors.torch")


def recurrent(nn):
    class Recurrent(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = nn.Embedding(7, 3)
            self.memory = nn.LSTM(3, 4, 2, bidirectional=True, batch_first=True)
            self.gru = nn.GRU(8, 3, batch_first=True)
            self.head = nn.Linear(3, 2)

        def forward(self, x):
            return self.head(self.gru(self.memory(self.embedding(x))[0])[0])

    return Recurrent()


def cells(nn):
    class Cells(nn.Module):
        """One step of each kind of cell, a recurrent layer without biases, attention; one Linear in two places."""

        def __init__(self):
            super().__init__()
            self.rnn, self.lstm, self.gru = nn.RNNCell(4, 4), nn.LSTMCell(4, 4), nn.GRUCell(4, 4, bias=False)
            self.layer = nn.RNN(4, 4, bias=False, nonlinearity="relu")
            self.attention = nn.MultiheadAttention(4, 2, bias=False)
            self.inside = nn.ModuleList([nn.Sequential(nn.Linear(4, 4))])
            self.again = self.inside[0][0]

        def forward(self, x):
            x = self.again(self.inside[0](self.gru(self.lstm(self.rnn(x))[0])))
            return self.attention(x, x, x)[0] + self.layer(x)[0]

    return Cells()


# name: (build it from a library's nn, an input)
MODELS = {
    "mlp": (lambda nn: nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 2, bias=False)), (4, 3)),
    "cnn": (
        lambda nn: nn.Sequential(
            nn.Conv2d(2, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.GroupNorm(2, 4),
            nn.Flatten(), nn.Linear(16, 3),
        ), (2, 2, 4, 4),
    ),
    "recurrent": (recurrent, np.array([[0, 6, 2], [3, 3, 1]])),
    "cells": (cells, (5, 4)),  # square matrices all
    "transformer": (
        lambda nn: nn.TransformerEncoder(
            nn.TransformerEncoderLayer(8, 2, 12, dropout=0.0, batch_first=True, activation="gelu"), 2
        ), (2, 5, 8),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_it_goes_there_and_back(name, tmp_path):
    build, shape = MODELS[name]
    gradlib.manual_seed(0)
    ours, theirs = build(nn).eval(), build(torch.nn).eval()
    for parameter in ours.parameters():  # none of them 0 or 1
        parameter.data = np.random.default_rng(parameter.numel()).normal(size=parameter.shape) * 0.3
    x = shape if isinstance(shape, np.ndarray) else np.random.default_rng(1).normal(size=shape).astype(np.float32)
    path = tmp_path / "model.safetensors"
    save(ours, path, layout="torch")
    theirs.load_state_dict(safetensors.load_file(path), strict=True)
    z = ours(x if x.dtype.kind == "i" else Tensor(x)).data
    with torch.no_grad():
        np.testing.assert_allclose(z, theirs(torch.tensor(x)).numpy(), rtol=1e-5, atol=1e-6)

    safetensors.save_file({key: value.clone().contiguous() for key, value in theirs.state_dict().items()}, path)
    back = build(nn).eval()
    with pytest.raises(ValueError, match="does not note the layout of its matrices: pass layout='torch'"):
        load_into(back, path)
    load_into(back, path, layout="torch")
    assert np.array_equal(back(x if x.dtype.kind == "i" else Tensor(x)).data, z)


def test_pytorchs_state_is_not_taken_untransposed():
    """The square weight of a Linear was taken as PyTorch stores it, transposed, silently."""
    theirs, mine = torch.nn.Linear(3, 3), nn.Linear(3, 3)
    with pytest.raises(TypeError, match=r"load_into\(model, path, layout='torch'\)"):
        mine.load_state_dict(theirs.state_dict())
    mine, theirs = nn.Conv1d(2, 3, 1), torch.nn.Conv1d(2, 3, 1)
    mine.load_state_dict(theirs.state_dict())  # nothing is transposed
    assert np.array_equal(mine.weight.data, theirs.weight.detach().numpy())
