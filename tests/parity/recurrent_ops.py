"""PyTorch's cells, stepped over a sequence whose input products are already there."""

from __future__ import annotations

import torch


def stepped(cell, a, weight, bias, state):
    """The states after each step. The cell's own product with its input is by the identity matrix."""
    states = []
    for inputs in a:
        state = cell(inputs, state, torch.eye(a.shape[-1], dtype=a.dtype), weight.T, None, bias)
        states.append(state)
    return states


def rnn(a, weight, first, nonlinearity="tanh"):
    cell = {"tanh": torch.rnn_tanh_cell, "relu": torch.rnn_relu_cell}[nonlinearity]
    return torch.stack(stepped(cell, a, weight, None, first))


def lstm(a, weight, first, first_memory):
    states = stepped(torch.lstm_cell, a, weight, None, (first, first_memory))
    return torch.stack([torch.stack(parts) for parts in zip(*states, strict=True)])


def gru(a, weight, bias, first):
    return torch.stack(stepped(gru_cell, a, weight, bias, first))


def gru_cell(inputs, state, weight_ih, weight_hh, bias_ih, bias_hh):
    """PyTorch takes both biases or none."""
    return torch.gru_cell(inputs, state, weight_ih, weight_hh, torch.zeros_like(bias_hh), bias_hh)


PYTORCH = {"rnn": rnn, "lstm": lstm, "gru": gru}
