"""Widgets of the course: pictures that are stepped through."""

from .tangent_secant import TangentSecant

WIDGETS = (TangentSecant,)
