"""A case: a small computation with a known answer, and the mistake that a wrong one proves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from .engine import Engine
from .reference import Reference

LEVELS = {
    1: "local derivatives",
    2: "the arriving gradient",
    3: "reuse and order",
    4: "constants",
    5: "accumulation and zeroing",
    6: "depth and cost",
    7: "tensors, elementwise",
    8: "broadcasting",
    9: "reductions",
    10: "products and shapes",
    11: "indexing",
    12: "extreme inputs",
    13: "no_grad and detach",
    14: "memory",
    15: "layers, losses, optimizers",
}
_WEIGHTS = np.array([1.0, -2.0, 3.0, 0.5, 4.0, -1.0, 2.5, -3.0, 1.5, 6.0, -0.5, 2.0])
_OF_ALL_INPUTS = ("NO_SEED", "SEED_VALUE", "NOT_REVERSED")  # others may show in one input, where the rest is right

CASES: list[Case] = []


class Wrong(Exception):
    """A case's verdict: the mistake, and in words what came and what is right.

    stage : "value" if the value itself is wrong, before any gradient.
    differs : it is a convention, not an error.
    """

    def __init__(self, mistake: str, said: str, stage: str = "gradient", differs: bool = False):
        super().__init__(said)
        self.mistake, self.stage, self.differs = mistake, stage, differs


class Case:
    """One case.

    mistake : what it proves if `judge` raises anything but Wrong, which names its own.
    uses : the operations in it.
    alone : the operation that is tested here without others, or "".
    """

    def __init__(
        self, level: int, name: str, mistake: str, judge: Callable[[Engine], None] | None = None,
        tensors: bool = False, uses: Sequence[str] = (), alone: str = "",
    ):  # fmt: skip
        self.level, self.name, self.mistake, self.tensors, self.alone = level, name, mistake, tensors, alone
        self._judge, self._uses = judge, frozenset(uses)
        CASES.append(self)

    @property
    def uses(self) -> frozenset[str]:
        return self._uses

    def judge(self, engine: Engine) -> None:
        """Return if the engine is right. Raises Wrong, Unsupported, BackwardRaised or the engine's own error."""
        self._judge(engine)


class Expression(Case):
    """A case that is a formula: its value and all its gradients are compared with NumPy and central differences.

    signs : {gradients of the inputs: mistake} for wrong gradients that prove a mistake.
    wrong : (right gradient, input, output) -> pairs (mistake, gradient), the same for arrays.
    expected : the gradients, where differences cannot tell.
    """

    def __init__(
        self, level: int, name: str, mistake: str, inputs: Sequence[Any], formula: Callable[..., Any],
        signs: Mapping[Any, str] | None = None, wrong: Callable[..., list[tuple[str, np.ndarray]]] | None = None,
        expected: Sequence[Any] | None = None, alone: str = "",
    ):  # fmt: skip
        self.inputs = [np.array(v, float) if np.ndim(v) else float(v) for v in inputs]
        self.is_scalar = all(np.ndim(v) == 0 for v in inputs)
        super().__init__(level, name, mistake, tensors=not self.is_scalar, alone=alone)
        self.formula, self.signs, self.wrong, self._expected = formula, signs or {}, wrong, expected

    @cached_property
    def _recorded(self) -> tuple[np.ndarray, frozenset[str]]:
        reference = Reference()
        result = self.formula(reference, *map(reference.variable, self.inputs))
        return result.array, frozenset(reference.operations)

    @property
    def uses(self) -> frozenset[str]:
        return self._recorded[1]

    @cached_property
    def weights(self) -> np.ndarray:
        """The gradient that arrives at the result."""
        shape = self._recorded[0].shape
        return np.ones(()) if self.is_scalar else np.resize(_WEIGHTS, shape)

    @cached_property
    def expected(self) -> list[np.ndarray]:
        if self._expected is not None:
            return [np.asarray(each, float) for each in self._expected]
        return [self._by_differences(i) for i in range(len(self.inputs))]

    def _by_differences(self, which: int) -> np.ndarray:
        def total(v: np.ndarray) -> float:
            reference = Reference()
            inputs = [reference.variable(v if i == which else each) for i, each in enumerate(self.inputs)]
            return float((self.formula(reference, *inputs).array * self.weights).sum())

        x = np.array(self.inputs[which], float)
        slopes = np.zeros_like(x)
        for i in np.ndindex(x.shape):
            up, down, h = x.copy(), x.copy(), 6e-6 * max(1.0, abs(x[i]))
            up[i] += h
            down[i] -= h
            slopes[i] = (total(up) - total(down)) / (2 * h)
        return np.round(slopes, 7)

    def judge(self, engine: Engine) -> None:
        # Copies, for an engine that writes into what it is given.
        variables = [engine.variable(v.copy() if np.ndim(v) else v) for v in self.inputs]
        before = [engine.value(x).copy() for x in variables]
        result = self.formula(engine, *variables)
        if isinstance(result, np.ndarray | np.generic | float | int | list):
            raise Wrong("ARRAY_LEFT", f"the result is a {type(result).__name__}, not a {engine.cls.__name__}")
        right = self._recorded[0]
        value = engine.value(result)
        if value.squeeze().shape != right.squeeze().shape:
            raise Wrong(self.mistake, f"the value has shape {value.shape}, right is {right.shape}", "value")
        if not engine.close(value.reshape(right.shape), right):
            raise Wrong(self.mistake, f"the value is {shown(value)}, right is {shown(right)}", "value")
        _require_unchanged(engine, variables, before, "the operation")
        if self.is_scalar:
            engine.backward(result)
        else:
            engine.backward_from_total(result, self.weights.reshape(value.shape if right.ndim else ()))
        self._judge_gradients(engine, variables)
        _require_unchanged(engine, variables, before, "backward")
        if right.ndim and value.shape != right.shape:
            raise Wrong("KEEPDIMS", f"the value has shape {value.shape}, NumPy's has {right.shape}", differs=True)

    def _judge_gradients(self, engine: Engine, variables: list[Any]) -> None:
        found = [engine.gradient(x) for x in variables]
        for i, (gradient, right, x) in enumerate(zip(found, self.expected, variables, strict=True)):
            gradient = np.zeros_like(right) if gradient is None else gradient
            # An engine's own shape for a number, (1,) for example, is as good as ().
            if gradient.size == right.size and (self.is_scalar or gradient.shape == engine.value(x).shape):
                gradient = gradient.reshape(right.shape)
            which = f"the gradient of input {i + 1}" if len(found) > 1 else "the gradient"
            if gradient.shape != right.shape:
                raise Wrong(self.mistake, f"{which} has shape {gradient.shape}, right is {right.shape}")
            if not engine.close(gradient, right):
                mistake = self._sign_of(engine, found, i, gradient)
                raise Wrong(mistake, f"{which} is {shown(gradient)}, right is {shown(right)}")

    def _sign_of(self, engine: Engine, found: list[np.ndarray | None], i: int, gradient: np.ndarray) -> str:
        """The mistake that wrong gradients prove."""
        if self.is_scalar:
            slopes = np.array([0.0 if each is None else each.reshape(-1)[0] for each in found])
            right = np.array([float(each) for each in self.expected])
            for sign, mistake in self.signs.items():
                shows = np.isclose(slopes, sign, rtol=1e-3, atol=1e-3)
                if np.all(shows if mistake in _OF_ALL_INPUTS else shows | np.isclose(slopes, right, rtol=1e-3)):
                    return mistake
        elif self.wrong is not None:
            for mistake, sign in self.wrong(self.expected[i], self.inputs[i], self._recorded[0]):
                if np.shape(sign) == gradient.shape and engine.close(gradient, sign):
                    return mistake
        if len(found) == 1 and not np.any(gradient) and (self.alone or not self.is_scalar):
            return "INDEX_CUT" if self.level == 11 else "CUT"
        return self.mistake


def _require_unchanged(engine: Engine, variables: list[Any], before: list[np.ndarray], who: str) -> None:
    for x, was in zip(variables, before, strict=True):
        if not np.array_equal(engine.value(x), was):
            raise Wrong("MUTATES", f"{who} changed an input from {shown(was)} to {shown(engine.value(x))}")


def shown(array: Any) -> str:
    """A number or an array on one line.

    >>> shown(2.50), shown([1, 2])
    ('2.5', '[1, 2]')
    """
    array = np.asarray(array)
    if array.size == 1:
        return f"{float(array.reshape(-1)[0]):.6g}"
    return " ".join(np.array2string(array, precision=4, threshold=8, separator=", ").split())


def case(level: int, name: str, mistake: str, tensors: bool = False, uses: Sequence[str] = ()) -> Callable:
    """Make a function of an engine a case."""

    def register(judge: Callable[[Engine], None]) -> Callable[[Engine], None]:
        Case(level, name, mistake, judge, tensors, uses)
        return judge

    return register
