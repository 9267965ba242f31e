"""Optimizers, schedules of their learning rate, and clipping."""

from . import schedules as lr_scheduler
from .clipping import clip_grad_norm_, clip_grad_value_, clip_gradients
from .finder import RateCurve, find_learning_rate
from .optimizer import Optimizer
from .optimizers import SGD, Adagrad, Adam, AdamW, NAdam, RMSprop
from .schedules import (
    CosineAnnealingLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    LRScheduler,
    MultiStepLR,
    OneCycleLR,
    ReduceLROnPlateau,
    SequentialLR,
    StepLR,
    warm_up,
)

__all__ = [
    "SGD", "Adagrad", "Adam", "AdamW", "CosineAnnealingLR", "ExponentialLR", "LRScheduler", "LambdaLR", "LinearLR",
    "MultiStepLR", "NAdam", "OneCycleLR", "Optimizer", "RMSprop", "RateCurve", "ReduceLROnPlateau", "SequentialLR",
    "StepLR", "clip_grad_norm_", "clip_grad_value_", "clip_gradients", "find_learning_rate", "lr_scheduler", "warm_up",
]  # fmt: skip
