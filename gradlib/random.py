"""The default random generator of the library."""

from __future__ import annotations

import numpy as np

from .errors import whole

_default = np.random.default_rng()


def manual_seed(seed: int) -> np.random.Generator:
    """Seed the library's default generator, so that its random numbers repeat; return the generator.

    NumPy's global state is not touched. Functions that get their own generator (`rng=`) do not depend on it.

    >>> manual_seed(0).integers(100, size=3)
    array([85, 63, 51])
    """
    global _default
    whole("seed must be an integer of at least 0", seed, 0)
    _default = np.random.default_rng(seed)
    return _default


def default_rng() -> np.random.Generator:
    """The generator that `manual_seed` seeds; before the first call it is seeded by the operating system.

    >>> manual_seed(0) is default_rng()
    True
    """
    return _default


def generator(rng: np.random.Generator | None) -> np.random.Generator:
    """The given generator, or the default one for None.

    >>> generator(0)
    Traceback (most recent call last):
    TypeError: rng must be a generator, such as np.random.default_rng(0), or None for the default one; got 0.
    """
    if rng is None:
        return _default
    if not isinstance(rng, np.random.Generator):
        raise TypeError(
            f"rng must be a generator, such as np.random.default_rng(0), or None for the default one; got {rng!r}."
        )
    return rng
