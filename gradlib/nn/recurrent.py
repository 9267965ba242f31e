"""Recurrent layers: a state that is carried along a sequence and changed at every step.

The cells compute one step, written out in operations on tensors, as the formulas read. The layers compute whole
sequences with the entries of `primitives/recurrent.py`, which hold the loop and its derivative.
"""

from __future__ import annotations

import warnings

import numpy as np

from ..errors import ShapeError, flag, whole
from ..primitives.recurrent import gru, lstm, rnn
from ..primitives.shapes import concatenate
from ..random import generator
from ..tensor import Parameter, Tensor, as_tensor
from .layers import dropout as drop
from .module import Module

_TRANSPOSED = ("weight_ih", "weight_hh")  # PyTorch stores (k·H, in), here as on the board: (in, k·H)


def _check_nonlinearity(nonlinearity: str) -> str:
    if not isinstance(nonlinearity, str) or nonlinearity not in ("tanh", "relu"):
        raise ValueError(f"nonlinearity must be 'tanh' or 'relu', got {nonlinearity!r}.")
    return nonlinearity


def _positive(**sizes: int) -> None:
    for name, size in sizes.items():
        whole(f"{name} must be an integer of at least 1", size, 1)


def _weights(inputs: int, hidden: int, blocks: int, bias: bool, rng) -> list[Parameter | None]:
    """W_ih, W_hh, b_ih, b_hh of one cell, uniform in ±1/√H: as in PyTorch."""
    rng, bias = generator(rng), flag("bias", bias)
    bound = hidden**-0.5
    shapes = [(inputs, blocks * hidden), (hidden, blocks * hidden), (blocks * hidden,), (blocks * hidden,)]
    return [
        Parameter(rng.uniform(-bound, bound, shape).astype(np.float32)) if bias or len(shape) == 2 else None
        for shape in shapes
    ]


# Cells: one step ------------------------------------------------------------


class _Cell(Module):
    """The base of the cells: parameters, checks, a state of zeros."""

    transposed = _TRANSPOSED
    blocks = 1  # columns of weights for each number of the state

    def __init__(self, input_size, hidden_size, bias=True, *, rng=None):
        super().__init__()
        _positive(input_size=input_size, hidden_size=hidden_size)
        self.input_size, self.hidden_size = input_size, hidden_size
        weights = _weights(input_size, hidden_size, self.blocks, bias, rng)
        self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh = weights

    def _taken(self, x, *states) -> list[Tensor]:
        """The input and the states as tensors, checked; zeros for missing states."""
        x = as_tensor(x)
        if x.ndim not in (1, 2) or x.shape[-1] != self.input_size:
            raise ShapeError(
                f"{type(self).__name__} takes one step: an input of shape (N, {self.input_size}) or "
                f"({self.input_size},), got {x.shape}."
            )
        wanted = (*x.shape[:-1], self.hidden_size)
        states = [as_tensor(np.zeros(wanted, x.dtype) if state is None else state) for state in states]
        for state in states:
            if state.shape != wanted:
                raise ShapeError(
                    f"the state must have shape {wanted} for an input of shape {x.shape}, got {state.shape}."
                )
        return [x, *states]

    def _from_input(self, x) -> Tensor:
        out = x @ self.weight_ih  # (N, in) @ (in, k·H) -> (N, k·H)
        return out if self.bias_ih is None else out + self.bias_ih

    def _from_state(self, h) -> Tensor:
        out = h @ self.weight_hh  # (N, H) @ (H, k·H) -> (N, k·H)
        return out if self.bias_hh is None else out + self.bias_hh

    def extra_repr(self) -> str:
        bias = "" if self.bias_ih is not None else ", bias=False"
        return f"{self.input_size}, {self.hidden_size}{bias}"


class RNNCell(_Cell):
    """One step of Elman's network.

        h' = tanh(x W_ih + b_ih + h W_hh + b_hh)

    input_size, hidden_size : the numbers of features of x and of h. bias : whether b_ih and b_hh are there.
    nonlinearity : "tanh" or "relu". rng : draws the first weights, uniform in ±1/√hidden_size.

    Called as (input, hx=None): x (N, input_size) or (input_size,), h likewise, zeros by default. Returns h'.

    `weight_ih` (input_size, hidden_size) and `weight_hh` (hidden_size, hidden_size) are PyTorch's, transposed.

    >>> RNNCell(3, 5)(Tensor(np.ones((2, 3), dtype=np.float32))).shape
    (2, 5)
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, nonlinearity: str = "tanh",
        *, rng: np.random.Generator | None = None,
    ):  # fmt: skip
        super().__init__(input_size, hidden_size, bias, rng=rng)
        self.nonlinearity = _check_nonlinearity(nonlinearity)

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        input, h = self._taken(input, hx)
        p = self._from_input(input) + self._from_state(h)
        return p.tanh() if self.nonlinearity == "tanh" else p.relu()


class LSTMCell(_Cell):
    """One step of long short-term memory: the cell state c changes only as far as the gates i and f let it.

        i, f, g, o = σ, σ, tanh, σ of the four blocks of x W_ih + b_ih + h W_hh + b_hh
        c' = f · c + i · g        h' = o · tanh(c')

    Called as (input, (h, c)), both zeros by default. Returns (h', c'). For the rest see RNNCell; the weights
    have 4·hidden_size columns, in the order i, f, g, o.

    Source: Hochreiter and Schmidhuber, Long Short-Term Memory, 1997; the gate f: Gers et al., 2000.

    >>> h, c = LSTMCell(3, 5)(Tensor(np.ones((2, 3), dtype=np.float32)))
    >>> h.shape, c.shape
    ((2, 5), (2, 5))
    """

    blocks = 4

    def forward(self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, Tensor]:
        input, h, c = self._taken(input, *((None, None) if hx is None else _pair(hx)))
        i, f, g, o = (self._from_input(input) + self._from_state(h)).chunk(4, dim=-1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        return o.sigmoid() * c.tanh(), c


class GRUCell(_Cell):
    """One step of a gated recurrent unit: the gate z says how much of h stays, r how much the candidate n sees.

        a = x W_ih + b_ih,  u = h W_hh + b_hh, in three blocks each
        r, z = σ(a + u)       n = tanh(a + r · u)       h' = (1 - z) · n + z · h

    Called as (input, hx=None). Returns h'. For the rest see RNNCell; the weights have 3·hidden_size columns, in
    the order r, z, n.

    Source: Cho et al., Learning Phrase Representations using RNN Encoder-Decoder, 2014; here as in cuDNN and
    PyTorch, with r multiplied after the product h W_hh + b_hh.

    >>> GRUCell(3, 5)(Tensor(np.ones((2, 3), dtype=np.float32))).shape
    (2, 5)
    """

    blocks = 3

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        input, h = self._taken(input, hx)
        from_input = self._from_input(input).chunk(3, dim=-1)
        from_state = self._from_state(h).chunk(3, dim=-1)
        r, z = ((a + u).sigmoid() for a, u in zip(from_input[:2], from_state[:2], strict=True))
        n = (from_input[2] + r * from_state[2]).tanh()
        return (1 - z) * n + z * h


def _pair(hx) -> tuple[Tensor, Tensor]:
    if not isinstance(hx, (tuple, list)) or len(hx) != 2:
        what = "a tensor" if isinstance(hx, Tensor) else repr(type(hx).__name__)
        raise TypeError(f"an LSTM's state is a pair (h, c), got {what}.")
    return tuple(hx)


# Layers: whole sequences ------------------------------------------------------------


class _Recurrent(Module):
    """The base of RNN, LSTM and GRU: parameters, layers, directions, the order of axes."""

    transposed = _TRANSPOSED
    blocks = 1

    def __init__(
        self, input_size, hidden_size, num_layers=1, bias=True, batch_first=False, dropout=0.0,
        bidirectional=False, *, rng=None,
    ):  # fmt: skip
        super().__init__()
        _positive(input_size=input_size, hidden_size=hidden_size, num_layers=num_layers)
        drop(Tensor(0.0), dropout, training=False)  # checks that it is a probability
        if dropout and num_layers == 1:
            warnings.warn(
                f"dropout={dropout} acts between layers, but num_layers=1 has nothing between. Add a Dropout after the "
                "layer, or use two layers.",
                stacklevel=3,
            )
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.bias, self.batch_first = flag("bias", bias), flag("batch_first", batch_first)
        self.bidirectional = flag("bidirectional", bidirectional)
        self.dropout, self.rng = dropout, rng
        for suffix, inputs in self._cells():
            weights = _weights(inputs, hidden_size, self.blocks, bias, rng)
            for name, weight in zip(("weight_ih", "weight_hh", "bias_ih", "bias_hh"), weights, strict=True):
                if weight is not None:
                    setattr(self, name + suffix, weight)

    def _cells(self):
        """The suffix of the parameters' names and the number of inputs, for each layer and direction."""
        for layer in range(self.num_layers):
            inputs = self.hidden_size * len(self._directions) if layer else self.input_size
            for direction in self._directions:
                yield f"_l{layer}{direction}", inputs

    @property
    def _directions(self) -> tuple[str, ...]:
        return ("", "_reverse") if self.bidirectional else ("",)

    def _run(self, x: Tensor, suffix: str, states: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """One layer in one direction: (T, N, in) -> its outputs (T, N, H) and its last states (N, H)."""
        raise NotImplementedError

    def _from_input(self, x: Tensor, suffix: str) -> Tensor:
        """x W_ih + b_ih for all steps in one product: (T, N, in) -> (T, N, k·H)."""
        weight = getattr(self, "weight_ih" + suffix)
        out = x.reshape(-1, x.shape[-1]) @ weight  # (T·N, in) @ (in, k·H) -> (T·N, k·H)
        if self.bias:
            out = out + self._input_bias(suffix)
        return out.reshape(*x.shape[:2], weight.shape[1])

    def _input_bias(self, suffix: str) -> Tensor:
        """b_ih and b_hh are simply added, except where a gate stands between them."""
        return getattr(self, "bias_ih" + suffix) + getattr(self, "bias_hh" + suffix)

    def _sequence(self, x: Tensor, first: list[Tensor] | None) -> tuple[Tensor, list[Tensor]]:
        """All layers: x as it was given, the first states (L, N, H) or None -> outputs and last states."""
        x = as_tensor(x)
        self._check_input(x)
        batched = x.ndim == 3
        if not batched:
            x = x.reshape(x.shape[0], 1, x.shape[1])  # (T, in) -> (T, 1, in)
        elif self.batch_first:
            x = x.permute(1, 0, 2)  # (N, T, in) -> (T, N, in)
        first = self._first(first, x, batched)
        last = []
        for layer in range(self.num_layers):
            x = drop(x, self.dropout, self.training, rng=self.rng) if layer else x
            outputs = []
            for direction in self._directions:
                states = [state[len(last)] for state in first]
                result, ended = self._run(x[::-1] if direction else x, f"_l{layer}{direction}", states)
                outputs.append(result[::-1] if direction else result)
                last.append(ended)
            x = concatenate(*outputs, axis=-1) if self.bidirectional else outputs[0]
        last = [_stacked(states) for states in zip(*last, strict=True)]  # (N, H) each -> (L, N, H)
        if not batched:
            return x[:, 0], [state[:, 0] for state in last]
        return x.permute(1, 0, 2) if self.batch_first else x, last

    def _first(self, first, x: Tensor, batched: bool) -> list[Tensor]:
        """The first states, checked: (L, N, H) each, zeros if they were left out."""
        count = self.num_layers * (1 + self.bidirectional)
        shape = (count, x.shape[1], self.hidden_size)
        if first is None:
            return [Tensor(np.zeros(shape, x.dtype))] * self.states
        wanted = shape if batched else (count, self.hidden_size)
        first = [as_tensor(state) for state in first]
        for state in first:
            if state.shape != wanted:
                raise ShapeError(
                    f"the first state must have shape {wanted}: layers times directions, "
                    f"{'sequences, ' * batched}hidden_size; got {state.shape}. (batch_first does not concern it.)"
                )
        return [state.reshape(shape) for state in first]

    def _check_input(self, x: Tensor) -> None:
        axes = "(N, T, " if self.batch_first else "(T, N, "
        wanted = f"{axes}{self.input_size}), or (T, {self.input_size}) for one sequence"
        if x.ndim not in (2, 3) or x.shape[-1] != self.input_size:
            raise ShapeError(
                f"{type(self).__name__} with input_size={self.input_size} takes shape {wanted}; got {x.shape}."
            )
        if x.shape[1 if x.ndim == 3 and self.batch_first else 0] == 0:
            raise ShapeError(f"a sequence needs at least one step: shape {wanted}; got {x.shape}.")

    def extra_repr(self) -> str:
        parts = [str(self.input_size), str(self.hidden_size)]
        defaults = {"num_layers": 1, "bias": True, "batch_first": False, "dropout": 0.0, "bidirectional": False}
        parts += [f"{name}={getattr(self, name)}" for name, usual in defaults.items() if getattr(self, name) != usual]
        return ", ".join(parts)


def _stacked(states) -> Tensor:
    """(N, H) each -> (L, N, H)."""
    return concatenate(*(state.reshape(1, *state.shape) for state in states), axis=0)


class RNN(_Recurrent):
    """Elman's network over sequences: each step sees its input and the state of the step before.

        hₜ = tanh(xₜ W_ih + b_ih + hₜ₋₁ W_hh + b_hh)

    input_size, hidden_size : the numbers of features of x and of h. num_layers : layers on top of each other, the
        outputs of one being the inputs of the next. nonlinearity : "tanh" or "relu". bias : whether b_ih and b_hh
        are there.
    batch_first : x and the outputs are (N, T, features) instead of (T, N, features). States stay as they are.
    dropout : the probability of dropping an output between two layers, in training.
    bidirectional : a second set of weights reads the sequence from its end; outputs stand side by side.
    rng : draws the first weights, uniform in ±1/√hidden_size, and what is dropped.

    Called as (input, hx=None): x (T, N, input_size), or (T, input_size) for one sequence; hx (L, N, hidden_size)
    with L = layers times directions, in PyTorch's order (l0, l0 reverse, l1, …), zeros by default.
    Returns the outputs of the last layer (T, N, directions · hidden_size) and the last states (L, N, hidden_size).

    The parameters of layer k are `weight_ih_lk` (inputs, hidden_size), `weight_hh_lk`, `bias_ih_lk`, `bias_hh_lk`;
    the other direction's names end in `_reverse`. These are PyTorch's names, the weights are transposed.

    Raises ShapeError for x or hx of another shape.
    Source: Elman, Finding Structure in Time, 1990.

    >>> outputs, last = RNN(3, 5, num_layers=2)(Tensor(np.ones((7, 2, 3), dtype=np.float32)))
    >>> outputs.shape, last.shape
    ((7, 2, 5), (2, 2, 5))
    """

    states = 1

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, nonlinearity: str = "tanh", bias: bool = True,
        batch_first: bool = False, dropout: float = 0.0, bidirectional: bool = False,
        *, rng: np.random.Generator | None = None,
    ):  # fmt: skip
        super().__init__(input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, rng=rng)
        self.nonlinearity = _check_nonlinearity(nonlinearity)

    def forward(self, input: Tensor, hx: Tensor | None = None) -> tuple[Tensor, Tensor]:
        outputs, (last,) = self._sequence(input, None if hx is None else [hx])
        return outputs, last

    def _run(self, x, suffix, states):
        weight = getattr(self, "weight_hh" + suffix)
        outputs = rnn(self._from_input(x, suffix), weight, *states, nonlinearity=self.nonlinearity)
        return outputs, [outputs[-1]]


class LSTM(_Recurrent):
    """Long short-term memory over sequences: `LSTMCell` at every step.

        i, f, g, o = σ, σ, tanh, σ of the four blocks of xₜ W_ih + b_ih + hₜ₋₁ W_hh + b_hh
        cₜ = f · cₜ₋₁ + i · g        hₜ = o · tanh(cₜ)

    Arguments as for RNN, without nonlinearity. Called as (input, (h, c)), both (L, N, hidden_size). Returns the
    outputs h of the last layer and the last states (h, c). The weights have 4·hidden_size columns: i, f, g, o.

    Along c the gradient is multiplied by f alone, no matrix and no slope of a tanh: near f = 1 it neither vanishes
    nor explodes over many steps.

    Source: Hochreiter and Schmidhuber, Long Short-Term Memory, 1997; the gate f: Gers et al., 2000.

    >>> outputs, (h, c) = LSTM(3, 5, batch_first=True)(Tensor(np.ones((2, 7, 3), dtype=np.float32)))
    >>> outputs.shape, h.shape, c.shape
    ((2, 7, 5), (1, 2, 5), (1, 2, 5))
    """

    blocks, states = 4, 2

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, bias: bool = True, batch_first: bool = False,
        dropout: float = 0.0, bidirectional: bool = False, *, rng: np.random.Generator | None = None,
    ):  # fmt: skip
        super().__init__(input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, rng=rng)

    def forward(self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        outputs, (h, c) = self._sequence(input, None if hx is None else _pair(hx))
        return outputs, (h, c)

    def _run(self, x, suffix, states):
        weight = getattr(self, "weight_hh" + suffix)
        both = lstm(self._from_input(x, suffix), weight, *states, kept=[])  # (2, T, N, H): h and c
        return both[0], [both[0, -1], both[1, -1]]


class GRU(_Recurrent):
    """Gated recurrent units over sequences: `GRUCell` at every step.

        r, z = σ(a + u)       n = tanh(a + r · u)       hₜ = (1 - z) · n + z · hₜ₋₁
        a = xₜ W_ih + b_ih,  u = hₜ₋₁ W_hh + b_hh, in three blocks each

    Arguments, call and results as for RNN, without nonlinearity. The weights have 3·hidden_size columns: r, z, n.

    Source: Cho et al., Learning Phrase Representations using RNN Encoder-Decoder, 2014; here as in cuDNN and
    PyTorch, with r multiplied after the product h W_hh + b_hh.

    >>> outputs, last = GRU(3, 5, bidirectional=True)(Tensor(np.ones((7, 2, 3), dtype=np.float32)))
    >>> outputs.shape, last.shape
    ((7, 2, 10), (2, 2, 5))
    """

    blocks, states = 3, 1

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, bias: bool = True, batch_first: bool = False,
        dropout: float = 0.0, bidirectional: bool = False, *, rng: np.random.Generator | None = None,
    ):  # fmt: skip
        super().__init__(input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, rng=rng)

    def forward(self, input: Tensor, hx: Tensor | None = None) -> tuple[Tensor, Tensor]:
        outputs, (last,) = self._sequence(input, None if hx is None else [hx])
        return outputs, last

    def _run(self, x, suffix, states):
        weight = getattr(self, "weight_hh" + suffix)
        bias = getattr(self, "bias_hh" + suffix) if self.bias else Tensor(np.zeros(weight.shape[1], x.dtype))
        outputs = gru(self._from_input(x, suffix), weight, bias, *states)
        return outputs, [outputs[-1]]

    def _input_bias(self, suffix):
        return getattr(self, "bias_ih" + suffix)  # b_hh stays inside: r is multiplied to its part for n
