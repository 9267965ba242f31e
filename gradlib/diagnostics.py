"""Watch a network learn: its gradients, updates and activations, and the pathologies in them.

Nothing here changes the network. A tracker reads gradients and outputs, keeps plain numbers (`history[name][figure]` is
a list with one entry a record), and prints them as a table.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .autograd import own_gradient
from .errors import GraphError
from .nn.module import evaluating as evaluating  # lesson 12 calls it diagnostics.evaluating
from .operations import on_cpu

History = dict[str, dict[str, list]]


class GradientTracker:
    r"""Figures of every parameter's gradient, by the parameter's name, one record a step.

    norm : ‖g‖₂, the length of the gradient. mean_abs : Σ|gᵢ|/n. min, max : its smallest and largest entry.
    zeros : the fraction of entries that are exactly 0. nan : the number of NaN entries.
    dead : the fraction of units whose whole gradient was 0 in each of the last 10 records (in all records if there are
        fewer). A unit is a column of a matrix (in, out), a filter of a convolution (out, in, ...) or an entry of a
        vector. So an input that is 0 does not count, nor does a ReLU that is closed for the few examples of one batch.
    update_ratio : ‖w_after - w_before‖₂ / ‖w_before‖₂, the size of a step relative to the weights, if
        `record_update()` is called after the step. Around 1e-3 is usual; 1e-1 is a jump, 1e-6 a standstill.

    `history[name][figure]` is a list with one entry a record, None where there was nothing to measure; it can be
    written as JSON. Frozen parameters (requires_grad=False) are left out.

    >>> import numpy as np
    >>> from gradlib import nn, optim
    >>> model = nn.Linear(2, 1, rng=np.random.default_rng(0))
    >>> optimizer = optim.SGD(model.parameters(), lr=0.1)
    >>> tracker = GradientTracker(model)
    >>> loss = model(np.array([[1.0, 2.0], [3.0, 4.0]], dtype=np.float32)).sum()
    >>> loss.backward()
    >>> record = tracker.record()
    >>> optimizer.step()
    >>> ratios = tracker.record_update()
    >>> tracker.history["weight"]["norm"], tracker.history["bias"]["mean_abs"]
    ([7.2111...], [2.0])
    """

    def __init__(self, model):
        _check_model("GradientTracker", model)
        self.model = model
        self.history: History = {}
        self._before: dict[str, np.ndarray] = {}
        self._silent: dict[str, np.ndarray] = {}  # the number of records in a row in which each unit's gradient was 0

    def record(self) -> dict[str, dict]:
        """Record the current gradients: call it after `backward()` and before the next `zero_grad()`.

        Returns this record, {name: {figure: value}}. Raises GraphError if no parameter has a gradient.
        """
        parameters = self._parameters()
        if not any(parameter.grad is not None for parameter in parameters.values()):
            raise GraphError(
                "there is no gradient to record: every parameter's grad is None. Call record() after loss.backward() "
                "and before zero_grad()."
            )
        record = {name: gradient_figures(own_gradient(parameter)) for name, parameter in parameters.items()}
        for name, parameter in parameters.items():
            if record[name]["norm"] is not None:
                record[name]["dead"] = self._dead(name, parameter.grad)
        _append(self.history, record)
        self._before = {name: parameter.data.copy() for name, parameter in parameters.items()}
        return record

    def track_gradients(self) -> dict[str, float]:
        """Call `record()` and return {name: norm}, without the parameters that have no gradient."""
        return {name: figures["norm"] for name, figures in self.record().items() if figures["norm"] is not None}

    @property
    def grad_history(self) -> dict[str, list[float | None]]:
        """The norms alone, {name: list}, one entry a record, None where there was no gradient."""
        return {name: list(figures["norm"]) for name, figures in self.history.items()}

    def record_update(self) -> dict[str, float]:
        """Record how far the step moved each parameter since `record()`: call it after `optimizer.step()`.

        Returns {name: ratio}, which also becomes `update_ratio` of the last record. The ratio is infinite if a
        parameter that was all zeros (a new bias) has moved.
        """
        if not self._before:
            raise GraphError(
                "record_update() compares with the weights that record() saw. Call record() after backward(), then "
                "optimizer.step(), then record_update()."
            )
        parameters, ratios = self._parameters(), {}
        for name, before in self._before.items():
            if name in parameters:
                ratios[name] = _ratio(before, parameters[name].data)
                self.history[name]["update_ratio"][-1] = ratios[name]
        self._before = {}
        return ratios

    def clear(self) -> None:
        """Forget every record."""
        self.history, self._before, self._silent = {}, {}, {}

    def _dead(self, name: str, gradient: np.ndarray) -> float:
        """The fraction of units that were silent in the last 10 records, or in all if there are fewer."""
        units = 0 if gradient.ndim > 2 else gradient.ndim - 1  # the axis of them
        silent = (gradient == 0).all(axis=tuple(a for a in range(gradient.ndim) if a != units))
        self._silent[name] = np.where(silent, self._silent.get(name, 0) + 1, 0)
        known = 1 + sum(norm is not None for norm in self.history.get(name, {}).get("norm", ()))
        return float((self._silent[name] >= min(known, 10)).mean())

    def _parameters(self) -> dict[str, Any]:
        return {name: p for name, p in self.model.named_parameters() if p.requires_grad}

    def table(self) -> str:
        """The last record of every parameter, as text."""
        return _table(self.history, "parameter")

    __repr__ = table


class ActivationHook:
    """Figures of a layer's output, one record a forward pass, while the `with` block lasts.

    mean, std, min, max : over all entries of the output. nan : the number of NaN entries.
    zeros : the fraction of entries that are exactly 0.
    dead : the fraction of units that were exactly 0 for *every* example of the batch. A unit is one position of an
        example's output, so for a batch of one this equals `zeros`: judge dead units by a batch of dozens.

    `history[figure]` is a list; `output` is the last output itself, an array. Without a `with` block, `remove()` ends
    the watching. If a layer returns several tensors (a recurrent layer's output and state), the first is watched. A
    layer that is called twice in one pass of its model leaves two records.

    >>> from gradlib import Tensor, nn
    >>> relu = nn.ReLU()
    >>> with ActivationHook(relu, "hidden") as hook:
    ...     out = relu(Tensor([[-1.0, 2.0, 3.0, -4.0], [-1.0, 0.5, 0.0, 4.0]]))
    >>> hook.history["zeros"], hook.history["dead"], hook.history["max"]
    ([0.5], [0.25], [4.0])
    >>> hook
    layer    mean    std  min  max  zeros  dead  nan
    hidden  1.188  1.499    0    4    50%   25%    0
    """

    def __init__(self, layer, name: str | None = None):
        if isinstance(layer, type) or not hasattr(layer, "register_forward_hook"):
            what = f"the class {layer.__name__}" if isinstance(layer, type) else type(layer).__name__
            raise TypeError(f"an ActivationHook watches a layer, as in ActivationHook(model[1]); got {what}.")
        self.layer = layer
        if name is not None and not isinstance(name, str):
            raise TypeError(f"the name of an ActivationHook must be a text, got {name!r}.")
        self.name = name or type(layer).__name__
        self.history: dict[str, list] = {}
        self.output: np.ndarray | None = None
        self._seen = _Seen()
        self._handle = layer.register_forward_hook(self._record)

    def _record(self, module, args, output) -> None:
        self.output = _array(output)
        if self.output.size:
            figures = activation_figures(self.output)
            self._seen.add(self.output, figures)
        else:
            figures = dict.fromkeys(_OF_ACTIVATIONS)
        for figure, value in figures.items():
            self.history.setdefault(figure, []).append(value)

    def get_statistics(self) -> dict[str, float]:
        """The mean, std, min, max and fraction_dead of all outputs seen so far, as floats.

        Batches count by their size. A unit is dead if it was exactly 0 for every example of every batch.

        Raises ValueError if the layer has not been called yet.
        """
        if not self._seen.count:
            raise ValueError(f"{self.name} has no statistics: it has not been called yet. Call the model first.")
        return self._seen.statistics()

    def remove(self) -> None:
        """Stop watching; the records stay."""
        self._handle.remove()

    def __enter__(self) -> ActivationHook:
        return self

    def __exit__(self, *_) -> None:
        self.remove()

    def table(self) -> str:
        """The last record, as text."""
        return _table({self.name: self.history}, "layer")

    __repr__ = table


class _Seen:
    """Statistics of all arrays added so far, from the figures of each, without keeping the arrays.

    Mean and squared deviations are merged as by Chan, Golub and LeVeque, Updating Formulae and a Pairwise Algorithm for
    Computing Sample Variances, 1979: the difference of two large sums of squares would lose its digits.
    """

    def __init__(self):
        self.count, self._mean, self._deviations = 0, 0.0, 0.0
        self._min, self._max = math.inf, -math.inf
        self._silent: dict[tuple, np.ndarray] = {}  # by shape of an example: which of its units were always 0

    @np.errstate(all="ignore")  # an infinite activation is recorded without a warning
    def add(self, output: np.ndarray, figures: dict[str, float]) -> None:
        count = self.count + output.size
        apart = figures["mean"] - self._mean
        self._deviations += output.size * (figures["std"] ** 2 + apart * apart * self.count / count)
        self._mean += apart * output.size / count
        self.count = count
        self._min = float(np.minimum(self._min, figures["min"]))  # NaN stays, unlike in Python's min
        self._max = float(np.maximum(self._max, figures["max"]))
        shape = output.shape[1:]
        self._silent[shape] = (np.atleast_1d(output) == 0).all(axis=0) & self._silent.get(shape, True)

    def statistics(self) -> dict[str, float]:
        dead = np.concatenate([silent.ravel() for silent in self._silent.values()])
        return {
            "mean": self._mean,
            "std": math.sqrt(self._deviations / self.count),
            "min": self._min,
            "max": self._max,
            "fraction_dead": float(dead.mean()),
        }


class ActivationTracker:
    """An `ActivationHook` on every layer of a model, while the `with` block lasts.

    A layer is a module without modules inside. `hooks[name]` is its hook and `history[name][figure]` a list; the names
    are those of `named_modules()`. A layer that was never called has an empty history.

    >>> from gradlib import nn
    >>> model = nn.Sequential(nn.Linear(2, 3, rng=np.random.default_rng(0)), nn.ReLU())
    >>> with ActivationTracker(model) as tracker:
    ...     out = model(np.ones((8, 2), dtype=np.float32))
    >>> list(tracker.history), len(tracker.history["1"]["mean"])
    (['0', '1'], 1)
    """

    def __init__(self, model):
        _check_model("ActivationTracker", model)
        layers = {name: module for name, module in model.named_modules() if not _has_children(module)}
        hooks = [ActivationHook(layer, name) for name, layer in layers.items()]
        self.hooks = {hook.name: hook for hook in hooks}

    @property
    def history(self) -> History:
        """Every layer's figures, {layer: {figure: list}}."""
        return {name: hook.history for name, hook in self.hooks.items()}

    def remove(self) -> None:
        """Stop watching; the records stay."""
        for hook in self.hooks.values():
            hook.remove()

    def __enter__(self) -> ActivationTracker:
        return self

    def __exit__(self, *_) -> None:
        self.remove()

    def table(self) -> str:
        """The last record of every layer, as text."""
        return _table(self.history, "layer")

    __repr__ = table


# Pathologies ------------------------------------------------------------


@dataclass(frozen=True)
class Finding:
    """One pathology: the layer, its kind, the figures that show it, and advice."""

    layer: str
    kind: str  # "NaN", "exploding", "vanishing", "dead units" or "no gradient"
    figures: dict[str, float]
    advice: str

    @property
    def what(self) -> str:
        """Layer, kind and figures in one line."""
        figures = ", ".join(f"{name} = {_number(value)}" for name, value in self.figures.items())
        return f"{self.layer}: {self.kind} ({figures})"

    def __str__(self) -> str:
        return f"{self.what}\n    {self.advice}"


KINDS = ("NaN", "exploding", "vanishing", "dead units", "no gradient")


class Findings(list):
    """A list of `Finding`s that prints as a report, grouped by advice.

    It is also a mapping from kind to the names of the layers: `findings["vanishing"]` is a list, empty if no layer has
    a vanishing gradient; `"vanishing" in findings`, `keys()`, `values()`, `items()` and `get()` look at the kinds that
    were found.

    >>> findings = detect_gradient_pathologies({"0.weight": [3e-8, 2e-8], "2.weight": [0.5, 250.0]})
    >>> findings["vanishing"], findings["NaN"], "NaN" in findings
    (['0.weight'], [], False)
    >>> dict(findings)
    {'vanishing': ['0.weight'], 'exploding': ['2.weight']}
    """

    def __getitem__(self, index):
        if not isinstance(index, str):
            return super().__getitem__(index)
        if index not in KINDS:
            raise KeyError(f"{index!r} is not a kind of finding. The kinds are {', '.join(KINDS)}.")
        return [finding.layer for finding in self if finding.kind == index]

    def __contains__(self, thing: Any) -> bool:
        return thing in self.keys() if isinstance(thing, str) else super().__contains__(thing)

    def keys(self) -> list[str]:
        """The kinds that were found, in the order of their first finding."""
        return list(dict.fromkeys(finding.kind for finding in self))

    def values(self) -> list[list[str]]:
        """The names of the layers, a list for each kind that was found."""
        return [self[kind] for kind in self.keys()]

    def items(self) -> list[tuple[str, list[str]]]:
        """(kind, names of the layers) for each kind that was found."""
        return list(zip(self.keys(), self.values(), strict=True))

    def get(self, kind: str, default: Any = None) -> Any:
        """The names of the layers, or `default` if the kind was not found."""
        return self[kind] if kind in self.keys() else default

    def __repr__(self) -> str:
        if not self:
            return "nothing found: no NaN, nothing exploding or vanishing, no dead units"
        by_advice: dict[str, list[str]] = {}
        for finding in self:
            by_advice.setdefault(finding.advice, []).append(finding.what)
        return "\n".join("\n".join([*what, f"    {advice}"]) for advice, what in by_advice.items())

    __str__ = __repr__


_ADVICE = {
    "NaN": (
        "A NaN spreads to everything after it, so mend the first: look for the log or the root of 0, for 0/0 and for "
        "overflow (detect_anomaly() names the line), and lower the learning rate."
    ),
    "exploding": (
        "Lower the learning rate, clip the gradient (optim.clip_grad_norm_), start from smaller weights or normalise "
        "between the layers; in a recurrent network, shorten the sequence."
    ),
    "vanishing": (
        "If the loss is still high: use ReLU instead of sigmoid or tanh, start from larger weights (Xavier, Kaiming), "
        "normalise between the layers or add a path around them. If it is low, training is done."
    ),
    "dead units": (
        "A unit that is 0 for every example gets no gradient and stays so: lower the learning rate, start with smaller "
        "or zero biases, use LeakyReLU or GELU."
    ),
    "no way through": (
        "The gradient of these units is exactly 0: either they are 0 for every example, or units or weights of a later "
        "layer are 0 and block the way to the loss. An ActivationTracker shows which. Lower the learning rate, start "
        "with smaller biases and with weights that are not 0, use LeakyReLU or GELU."
    ),
    "no gradient": (
        "backward() never reached it: its layer is not used in forward(), or the graph is cut on the way (.data, "
        ".detach(), no_grad()). Freeze it with requires_grad=False if that is intended."
    ),
}


def detect_gradient_pathologies(
    history: Any, threshold_low: float = 1e-6, threshold_high: float = 1e2, threshold_dead: float = 0.5
) -> Findings:
    """Find pathologies in recorded gradients or activations, worst first within a layer.

    history : a `GradientTracker`, an `ActivationTracker`, an `ActivationHook`, or their `history`,
        {name: {figure: list}}; {name: [norm, norm, ...]} works too.

    The kinds are, for each name,
    - NaN: any record has one;
    - exploding: the norm of a gradient exceeded `threshold_high`, or an activation was infinite, in any record;
    - vanishing: the median of the norms is below `threshold_low`;
    - dead units: the median of `dead` (of `zeros` if only that is known) is at least `threshold_dead`;
    - no gradient: the parameter never had one.

    Returns `Findings`: a list of `Finding(layer, kind, figures, advice)` that prints as a report. Raises ValueError if
    nothing was recorded.

    >>> detect_gradient_pathologies({"0.weight": [3e-8, 2e-8], "2.weight": [0.5, 250.0]})
    0.weight: vanishing (median norm = 2.5e-08, records = 2)
        If the loss is still high: use ReLU ...
    2.weight: exploding (largest norm = 250, record = 1, records above = 1)
        Lower the learning rate, ...
    """
    thresholds = {"threshold_low": threshold_low, "threshold_high": threshold_high, "threshold_dead": threshold_dead}
    for name, threshold in thresholds.items():
        if on_cpu(threshold).ndim or on_cpu(threshold).dtype.kind not in "iuf":
            raise TypeError(f"{name} must be a number, got {threshold!r}.")
    if not threshold_low < threshold_high:
        raise ValueError(
            f"threshold_low must be below threshold_high, got {threshold_low} and {threshold_high}: a norm between "
            "them is healthy."
        )
    by_name = _by_name(history)
    if not any(by_name.values()):
        raise ValueError(
            "nothing was recorded, so nothing can be found: call a GradientTracker's record() after backward(), or the "
            "model inside the `with` block of an ActivationTracker."
        )
    findings = Findings()
    for name, figures in by_name.items():
        for kind, shown in _judge(figures, threshold_low, threshold_high, threshold_dead):
            by_gradients = kind == "dead units" and "norm" in figures
            findings.append(Finding(name, kind, shown, _ADVICE["no way through" if by_gradients else kind]))
    return findings


def _by_name(history: Any) -> History:
    """A history in any of its forms, as {name: {figure: list}}."""
    if isinstance(history, ActivationHook):
        return {history.name: history.history}
    history = getattr(history, "history", history)
    if not isinstance(history, Mapping):
        raise TypeError(
            "history must be a GradientTracker, an ActivationTracker, an ActivationHook, or a dict {name: {figure: "
            f"list}}}}; got {type(history).__name__}."
        )
    by_name = {}
    for name, figures in history.items():
        if isinstance(figures, Mapping) and all(_is_series(series) for series in figures.values()):
            by_name[name] = figures
        elif not isinstance(figures, Mapping) and _is_series(figures):
            by_name[name] = {"norm": list(figures)}
        else:
            raise TypeError(
                f"history[{name!r}] must be {{figure: list}} or a list of norms, got {figures!r}. For one "
                "ActivationHook pass the hook itself, or {hook.name: hook.history}."
            )
    return by_name


def _is_series(series: Any) -> bool:
    """True for a list of numbers and Nones."""
    if not isinstance(series, Sequence | np.ndarray) or isinstance(series, str) or np.ndim(series) != 1:
        return False
    return all(entry is None or isinstance(entry, (int, float, np.number)) for entry in series)


def _judge(figures: Mapping, low: float, high: float, dead: float):
    """Yield (kind, the figures that show it) for one layer."""
    norms = list(figures.get("norm", []))
    if norms and all(norm is None for norm in norms):
        yield "no gradient", {"records": len(norms)}
        return
    nans = figures.get("nan") or [int(norm is not None and np.isnan(norm)) for norm in norms]
    if any(nans):
        first = next(i for i, count in enumerate(nans) if count)
        yield "NaN", {"first record": first, "records with NaN": sum(map(bool, nans))}
    known = {i: norm for i, norm in enumerate(norms) if norm is not None and not np.isnan(norm)}
    if above := [i for i, norm in known.items() if norm > high]:
        worst = max(above, key=known.get)
        yield "exploding", {"largest norm": known[worst], "record": worst, "records above": len(above)}
    if not norms and (infinite := _infinite(figures)):
        yield "exploding", {"largest value": math.inf, "record": infinite[0], "records above": len(infinite)}
    figure = "dead" if "dead" in figures else "zeros"
    fractions = [fraction for fraction in figures.get(figure, []) if fraction is not None]
    fraction = float(np.median(fractions)) if fractions else 0.0
    # A gradient that is 0 in every entry did not vanish on the way: it was cut off.
    if known and (median := float(np.median([*known.values()]))) < low and not (median == 0 and fraction == 1):
        yield "vanishing", {"median norm": median, "records": len(known)}
    if fractions and fraction >= dead:
        yield "dead units", {f"median fraction {figure}": fraction, "records": len(fractions)}


def _infinite(figures: Mapping) -> list[int]:
    """The indices of the records with an infinite activation."""
    ends = zip(figures.get("min", []), figures.get("max", []), strict=False)
    return [i for i, pair in enumerate(ends) if any(end is not None and math.isinf(end) for end in pair)]


# Figures ------------------------------------------------------------

_NOTHING = dict.fromkeys(("norm", "mean_abs", "min", "max", "zeros", "dead", "nan", "update_ratio"))
_OF_ACTIVATIONS = ("mean", "std", "min", "max", "zeros", "dead", "nan")


def gradient_figures(gradient: np.ndarray | None) -> dict[str, float | None]:
    if gradient is None or not gradient.size:
        return dict(_NOTHING)
    wide = gradient.astype(np.float64)  # the square of 1e20 overflows float32
    return {
        "norm": float(np.sqrt((wide * wide).sum())),
        "mean_abs": float(np.abs(wide).mean()),
        "min": float(gradient.min()),
        "max": float(gradient.max()),
        "zeros": float((gradient == 0).mean()),
        "dead": None,  # needs more than one record: see GradientTracker._dead
        "nan": int(np.isnan(gradient).sum()),
        "update_ratio": None,
    }


@np.errstate(all="ignore")  # an infinite activation is recorded without a warning
def activation_figures(output: np.ndarray) -> dict[str, float]:
    wide = output.astype(np.float64)
    zero = output == 0
    return {
        "mean": float(wide.mean()),
        "std": float(wide.std()),
        "min": float(output.min()),
        "max": float(output.max()),
        "zeros": float(zero.mean()),
        "dead": float(zero.all(axis=0).mean()) if zero.ndim else float(zero),
        "nan": int(np.isnan(output).sum()),
    }


def _ratio(before: np.ndarray, after: np.ndarray) -> float:
    size = float(np.linalg.norm(before.astype(np.float64).ravel()))
    moved = float(np.linalg.norm((after.astype(np.float64) - before).ravel()))
    return moved / size if size else (float("inf") if moved else 0.0)


def _check_model(what: str, model: Any) -> None:
    if isinstance(model, type) or not hasattr(model, "named_parameters"):
        got = f"the class {model.__name__}" if isinstance(model, type) else type(model).__name__
        raise TypeError(f"{what} takes a model, a Module; got {got}.")


def _array(output: Any) -> np.ndarray:
    """The array of a layer's output; if it has several parts, of the first."""
    while isinstance(output, (tuple, list, Mapping)) and output:
        output = next(iter(output.values() if isinstance(output, Mapping) else output))
    array = on_cpu(output)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"an ActivationHook watches a layer that returns tensors, got {type(output).__name__}.")
    return array


def _has_children(module) -> bool:
    return any(child is not module for _, child in module.named_modules())


def _append(history: History, record: Mapping[str, Mapping]) -> None:
    """Append a record so that every figure of every name keeps one entry for each record."""
    records = max((len(series) for figures in history.values() for series in figures.values()), default=0)
    for name in [*history, *(name for name in record if name not in history)]:
        figures = history.setdefault(name, {figure: [None] * records for figure in _NOTHING})
        for figure, series in figures.items():
            series.append(record.get(name, _NOTHING)[figure])


# Tables ------------------------------------------------------------


def _number(value: float | None) -> str:
    return "-" if value is None else str(value) if isinstance(value, int) else f"{value:.4g}"


def _cell(figure: str, value: float | None) -> str:
    return f"{value:.0%}" if figure in ("zeros", "dead") and value is not None else _number(value)


def _table(history: Mapping[str, Mapping[str, list]], what: str) -> str:
    """The last record: a row for each name, a column for each figure."""
    columns = list(dict.fromkeys(figure for figures in history.values() for figure in figures))
    if not columns:
        return f"no record yet ({len(history)} {what}s watched)" if history else "no record yet"
    rows = [[what, *columns]]
    for name, figures in history.items():
        rows.append([name, *(_cell(c, figures[c][-1]) if figures.get(c) else "-" for c in columns)])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(_aligned(row, widths)) for row in rows)


def _aligned(row: list[str], widths: list[int]) -> list[str]:
    """The name to the left, numbers to the right."""
    numbers = zip(row[1:], widths[1:], strict=True)
    return [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in numbers)]
