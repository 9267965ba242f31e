"""What a sample is, and how its numbers are drawn."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np


class Sample(NamedTuple):
    """One call of an operation: apply(TABLE[name], *inputs, **keywords).

    smooth : whether finite differences can measure it; they cannot at a tie, at a kink, or in float32. There
        the gradient is compared with PyTorch's, or with a closed form.
    pytorch : whether PyTorch gives such a call a meaning.
    """

    name: str
    inputs: tuple[np.ndarray, ...]
    keywords: dict[str, Any]
    smooth: bool = True
    pytorch: bool = True

    def __str__(self) -> str:
        shapes = "-".join("x".join(map(str, array.shape)) or "0d" for array in self.inputs)
        keywords = "-".join(f"{key}={short(value)}" for key, value in self.keywords.items())
        kind = "" if self.smooth else "-kink"
        return f"{self.name}-{shapes}" + (f"-{keywords}" if keywords else "") + kind


def short(value: Any) -> str:
    """A keyword's value as a part of a test's name."""
    if isinstance(value, tuple):
        return f"({','.join(map(short, value))})"
    if isinstance(value, slice):
        return ":".join("" if part is None else str(part) for part in (value.start, value.stop, value.step))
    if isinstance(value, type):
        return value.__name__
    return "..." if value is Ellipsis else str(np.asarray(value).tolist()).replace(" ", "")


class Draw:
    """Arrays of random numbers, the same in every run."""

    def __init__(self, seed: int):
        self.rng = np.random.default_rng(seed)

    def anywhere(self, shape) -> np.ndarray:
        return np.asarray(self.rng.normal(size=shape))

    def between(self, shape, low: float, high: float) -> np.ndarray:
        return np.asarray(self.rng.uniform(low, high, size=shape))

    def positive(self, shape) -> np.ndarray:
        return self.between(shape, 0.3, 2.0)

    def away_from_zero(self, shape) -> np.ndarray:
        return np.asarray(self.positive(shape) * self.rng.choice([-1.0, 1.0], size=shape))

    def away_from_steps(self, shape) -> np.ndarray:
        """Neither near a whole number nor near a half: floor, ceil and round are flat there."""
        whole = self.rng.integers(-3, 3, size=shape)
        return np.asarray(whole + self.between(shape, 0.1, 0.4) + 0.5 * self.rng.integers(2, size=shape))

    def choices(self, shape) -> np.ndarray:
        """True or false."""
        return np.asarray(self.rng.random(shape) < 0.5)
