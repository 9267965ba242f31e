"""For every operation of the table, inputs to try it on. The tests run over them.

A module of this package holds the samples of one family in a list `SAMPLES`.
"""

from __future__ import annotations

import importlib
import pkgutil

from gradlib.primitives import TABLE

from .programs import STEPS, random_values
from .sample import Draw, Sample

__all__ = ["COUNTS", "SAMPLES", "STEPS", "Draw", "Sample", "random_values"]


def _collected() -> list[Sample]:
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    families = [importlib.import_module(f"{__name__}.{name}") for name in names]
    return [sample for family in families for sample in getattr(family, "SAMPLES", [])]


SAMPLES = _collected()
COUNTS = {name: sum(sample.name == name for sample in SAMPLES) for name in TABLE}
