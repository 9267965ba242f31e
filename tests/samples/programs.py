"""Steps that random graphs are made of."""

from __future__ import annotations

import numpy as np

STEPS = [
    lambda a, b: a + b,
    lambda a, b: a * b,
    lambda a, b: a - b,
    lambda a, b: a.tanh(),
    lambda a, b: (a * 0.5).sin(),
    lambda a, b: -a,
]


def random_values(leaves: list, rng: np.random.Generator, rounds: int) -> list:
    """The leaves, and then a value a round, made of two earlier ones."""
    values = list(leaves)
    for _ in range(rounds):
        a, b = (values[i] for i in rng.integers(len(values), size=2))
        values.append(STEPS[rng.integers(len(STEPS))](a, b))
    return values
