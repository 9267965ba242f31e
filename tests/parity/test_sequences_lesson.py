"""The recurrent cells that lesson 15 builds, beside PyTorch's: values and gradients."""

import numpy as np
import pytest

from gradlib import Tensor
from notebooks import ROOT, read

torch = pytest.importorskip("torch")


@pytest.fixture(scope="module")
def lesson():
    """The names that the lesson's own cells define."""
    names = {"np": np, "Tensor": Tensor}
    for cell in read(ROOT / "notebooks" / "15_sequences.ipynb").cells:
        first = ("def forward", "def sigmoid", "def lstm_step_back", "def gru_step")
        if cell.cell_type == "code" and cell.source.startswith(first):
            exec(cell.source.partition("\n\nvalues =")[0], names)
    return names


def drawn(*shapes):
    rng = np.random.default_rng(0)
    return [rng.normal(size=shape) for shape in shapes]


def filled(module, *arrays):
    """A module of PyTorch with these values for its parameters, in their order. Its weights are transposed."""
    for parameter, array in zip(module.parameters(), arrays, strict=True):
        parameter.data = torch.tensor(array.T.copy())
    return module


def same(ours, theirs):
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, other.detach().numpy(), rtol=1e-9, atol=1e-12)


def test_the_way_back_through_time_is_pytorchs(lesson):
    x, g, W_x, W_h, b = drawn((7, 3), (7, 4), (3, 4), (4, 4), 4)
    rnn = filled(torch.nn.RNN(3, 4), W_x, W_h, b, 0 * b)
    outputs, _ = rnn(torch.tensor(x))
    (outputs * torch.tensor(g)).sum().backward()
    states = lesson["forward"](x, W_x, W_h, b)
    same([states[1:]], [outputs])
    of_input, of_state, of_b, _ = (parameter.grad for parameter in rnn.parameters())
    same(lesson["through_time"](g, x, states, W_x, W_h), [of_input.T, of_state.T, of_b])


def test_the_lstm_cell_and_its_way_back_are_pytorchs(lesson):
    x, h, c, W_x, W_h, b, g, gc = drawn(3, 4, 4, (3, 16), (4, 16), 16, 4, 4)
    cell = filled(torch.nn.LSTMCell(3, 4), W_x, W_h, b, 0 * b)
    inputs = [torch.tensor(each, requires_grad=True) for each in (x, h, c)]
    new_h, new_c = cell(inputs[0], (inputs[1], inputs[2]))
    ((new_h * torch.tensor(g)).sum() + (new_c * torch.tensor(gc)).sum()).backward()
    same(lesson["lstm_step"](x, h, c, W_x, W_h, b)[:2], [new_h, new_c])
    of_input, of_state, of_b, _ = (parameter.grad for parameter in cell.parameters())
    theirs = [*(each.grad for each in inputs), of_input.T, of_state.T, of_b]
    same(lesson["lstm_step_back"](g, gc, x, h, c, W_x, W_h, b), theirs)


def test_the_gru_cell_is_pytorchs(lesson):
    x, h, *weights = drawn(3, 4, (3, 12), (4, 12), 12, 12)
    (g,) = drawn(4)
    cell = filled(torch.nn.GRUCell(3, 4), *weights)
    inputs = [torch.tensor(each, requires_grad=True) for each in (x, h)]
    expected = cell(*inputs)
    (expected * torch.tensor(g)).sum().backward()
    tensors = [Tensor(each, requires_grad=True) for each in (x, h, *weights)]
    new = lesson["gru_step"](*tensors)
    (new * g).sum().backward()
    same([new.data], [expected])
    of_input, of_state, *of_biases = (parameter.grad for parameter in cell.parameters())
    same([each.grad for each in tensors], [*(each.grad for each in inputs), of_input.T, of_state.T, *of_biases])
