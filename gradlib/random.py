"""The generator that random things draw from when they are given none of their own."""

from __future__ import annotations

import numpy as np

from .errors import whole

_default = np.random.default_rng()


def manual_seed(seed: int) -> np.random.Generator:
    """Seed the library's own generator, so that what draws from it repeats; returns it.

    NumPy's global state is not touched. What is given a generator of its own (`rng=`) does not depend on it.

    >>> manual_seed(0).integers(100, size=3)
    array([85, 63, 51])
    """
    global _default
    whole("a seed is a whole number from 0 on", seed, 0)
    _default = np.random.default_rng(seed)
    return _default


def default_rng() -> np.random.Generator:
    """The generator that `manual_seed` seeds; freshly seeded by the system before the first call of it.

    >>> manual_seed(0) is default_rng()
    True
    """
    return _default


def generator(rng: np.random.Generator | None) -> np.random.Generator:
    """The generator that was given, or the default one for None.

    >>> generator(0)
    Traceback (most recent call last):
    TypeError: rng is a generator, np.random.default_rng(0) say, or None for the library's own; got 0.
    """
    if rng is None:
        return _default
    if not isinstance(rng, np.random.Generator):
        raise TypeError(
            f"rng is a generator, np.random.default_rng(0) say, or None for the library's own; got {rng!r}."
        )
    return rng
