"""Widgets of the course: pictures that are stepped through."""

from .backward_order import BackwardOrder
from .chain_rule import ChainRuleWalkthrough
from .dashboard import TrainingDashboard
from .tangent_secant import TangentSecant

WIDGETS = (
    TangentSecant,
    ChainRuleWalkthrough,
    BackwardOrder,
    TrainingDashboard,
)
