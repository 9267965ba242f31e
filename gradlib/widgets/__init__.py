"""The widgets of the course: pictures to step through."""

from .attention_map import AttentionMap
from .backward_order import BackwardOrder
from .broadcast_explorer import BroadcastExplorer
from .chain_rule import ChainRuleWalkthrough
from .dashboard import TrainingDashboard
from .depth_gain import DepthAndGain
from .digit_canvas import DigitCanvas
from .gradient_strip import GradientFlowStrip
from .graph_explorer import GraphExplorer
from .jacobian_spotlight import JacobianSpotlight
from .kernel_stepper import KernelStepper
from .logits import DraggableLogits
from .memory_timeline import MemoryTimeline
from .normalized_batch import NormalizedBatch
from .optimizer_race import OptimizerRace
from .point_on_line import PointOnLine
from .proven_box import ProvenBox
from .step_sweep import StepSweep
from .tangent_secant import TangentSecant
from .taylor_explorer import TaylorExplorer
from .through_time import ThroughTime

WIDGETS = (
    PointOnLine,
    TangentSecant,
    ChainRuleWalkthrough,
    BackwardOrder,
    BroadcastExplorer,
    JacobianSpotlight,
    GraphExplorer,
    DepthAndGain,
    DraggableLogits,
    OptimizerRace,
    TrainingDashboard,
    GradientFlowStrip,
    NormalizedBatch,
    StepSweep,
    DigitCanvas,
    ProvenBox,
    TaylorExplorer,
    KernelStepper,
    ThroughTime,
    AttentionMap,
    MemoryTimeline,
)
