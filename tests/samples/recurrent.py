"""Recurrent networks over a sequence: what the input gives, the weights, the first state."""

from __future__ import annotations

from .sample import Draw, Sample

draw = Draw(25)

SIZES = [(1, 1, 1), (2, 1, 1), (1, 2, 1), (1, 1, 2), (3, 2, 2), (4, 1, 2), (2, 3, 1), (5, 1, 1)]  # steps, count, size
FIRST_STATES = {"rnn": 1, "lstm": 2, "gru": 1}
BLOCKS = {"rnn": 1, "lstm": 4, "gru": 3}


def sequence(name, steps, count, size, transposed=False, **keywords):
    width = BLOCKS[name] * size
    a = draw.anywhere((count, steps, width)).swapaxes(0, 1) if transposed else draw.anywhere((steps, count, width))
    weight = draw.anywhere((width, size)).T if transposed else draw.anywhere((size, width))
    bias = [draw.anywhere(width)] if name == "gru" else []
    states = [draw.anywhere((count, size)) for _ in range(FIRST_STATES[name])]
    return Sample(name, (a, weight, *bias, *states), keywords)


SAMPLES = [sequence(name, *sizes) for name in BLOCKS for sizes in SIZES]
SAMPLES += [sequence(name, 3, 2, 2, transposed=True) for name in BLOCKS]  # not contiguous
SAMPLES += [sequence("rnn", *sizes, nonlinearity="relu") for sizes in SIZES]
