"""Lesson 12: the gradient of each layer, step by step, before and after a cure.

On the left is a strip for each run, with a cell for each layer: the size of its gradient as a bar on a logarithmic
scale, and below it the share of its units that are dead. The scale is the same for all runs and steps, so that the
bars can be compared. On the right is the gradient of one layer: of the first, which suffers most on the way back, or of
one that is clicked. Under the pointer or the focus a layer lights up in the strips of all runs.
"""

from __future__ import annotations

import html
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from .base import Goal, Model, View, Words
from .svg import Axes, power_of_ten, text_width

VANISHING, EXPLODING, DEAD = 1e-6, 1e2, 0.5  # as in detect_gradient_pathologies
NEARLY = 1.05  # times the smallest gradient counts as the smallest
FAR_APART = 3  # powers of ten between the first layer and the last, both of which may be within the thresholds
STYLES = ("first", "second", "third")  # of the runs
MOST_LAYERS = 10  # with more cells there is no room for the numbers
LONGEST = 20  # letters of a run's name that fit above its strip
_WIDTH, _LEFT, _CELL, _BAR = 440, 4, 34, 34  # pixels
_LOWEST, _HIGHEST = 1e-30, 1e30  # norms beyond these are drawn there


class GradientStripModel(Model):
    """The state of `GradientFlowStrip`: step i is the i-th record."""

    title = "The gradient of each layer, and its dead units, step by step"
    interval = 300

    def __init__(self, runs: Mapping[str, Any], dead: Mapping[str, Any] | None = None):
        self.norms = {name: series_of(run, "norm") for name, run in runs.items()}
        if not self.norms or not all(self.norms.values()) or len(self.norms) > len(STYLES):
            raise ValueError(
                "runs must be a dict of one to three histories, {'before': tracker, 'after': tracker}, each with at "
                f"least one layer, got {list(self.norms) or 'none'}."
            )
        self.dead = {name: series_of(run, "dead") for name, run in (dead or {}).items()}
        if unknown := self.dead.keys() - self.norms.keys():
            raise ValueError(f"dead has names that are not in runs: {', '.join(sorted(unknown))}.")
        every = [*self.norms.values(), *self.dead.values()]
        self.length = max((len(series) for run in every for series in run.values()), default=1) or 1
        self.chosen = 0  # the place of the layer on the right
        self.scale = _scale(entry for run in self.norms.values() for series in run.values() for entry in series)
        self._sought, self._where = self._seek()

    def at(self, run: str, layer: str) -> float | None:
        """The gradient's norm now; None where nothing was recorded."""
        return _entry(self.norms[run][layer], self.step)

    def dead_at(self, run: str, layer: str) -> float | None:
        """The fraction of dead units now; None where nothing was recorded."""
        return _entry(self.dead[run][layer], self.step)

    # Pictures ---------------------------------------------------------------------------------------------

    def label(self) -> str:
        return f"step {self.step}"

    def picture(self) -> str:
        return self._strips() + self._one_layer()

    def goal(self) -> Goal | None:
        return Goal(self._sought, self.step in self._where) if self._sought else None

    def _seek(self) -> tuple[str, set[int]]:
        """The goal and the steps that reach it: half of a layer dies, or else the first layer gets the least gradient.

        There is no goal where the first step reaches it.
        """
        dead = [series for run in self.dead.values() for series in run.values()]
        steps = [i for i in range(self.length) if any((_entry(series, i) or 0) >= DEAD for series in dead)]
        if steps:
            text, where = "Stop at the first step at which half of a layer's units are dead.", {steps[0]}
        else:
            run, layers = next(iter(self.norms.items()))
            layer, series = next(iter(layers.items()))
            norms = {i: norm for i in range(len(series)) if (norm := _entry(series, i)) is not None}
            finite = {i: norm for i, norm in norms.items() if math.isfinite(norm)}
            least = min(finite.values(), default=0.0)
            text = f"Stop where the gradient of {layer} is smallest in {run}."
            where = {i for i, norm in finite.items() if norm <= NEARLY * least}
        return ("", set()) if 0 in where or not where else (text, where)

    def choose(self, data_id: str) -> None:
        """Draw the gradient of another layer on the right."""
        self.chosen = int(data_id.rpartition("_")[2])

    def marks(self) -> dict[str, str]:
        """Mark the layer on the right, in each run that shows it."""
        shown = ((run, self._chosen_of(layers), shown_layers(list(layers))) for run, layers in self.norms.items())
        return {self._cell_id(run, layer): "current" for run, layer, names in shown if layer in names}

    def _chosen_of(self, layers: Mapping) -> str:
        """The layer on the right, of one run; the last one of a run that has fewer."""
        return list(layers)[min(self.chosen, len(layers) - 1)]

    def _cell_id(self, run: str, layer: str) -> str:
        return f"cell{list(self.norms).index(run)}_{list(self.norms[run]).index(layer)}"

    def _strips(self) -> str:
        parts, y = [], 16.0
        for run, layers in self.norms.items():
            name = run if len(run) <= LONGEST else run[: LONGEST - 1] + "…"
            some = "each layer" if len(layers) <= MOST_LAYERS else f"{MOST_LAYERS} of {len(layers)} layers"
            parts.append(_text(_LEFT, y, f"{name}: gradient of {some}, inputs on the left", "start"))
            ids = {layer: self._cell_id(run, layer) for layer in layers}
            parts += self._cells(layers, y + 8, lambda layer, run=run: self._norm_cell(self.at(run, layer)), ids)
            y += _CELL + 46
            if self.dead.get(run):
                parts.append(_text(_LEFT, y, f"{name}: dead units", "start"))
                parts += self._cells(self.dead[run], y + 8, lambda n, run=run: _dead_cell(self.dead_at(run, n)), {})
                y += _BAR + 46
        low, high = map(power_of_ten, self.scale)
        parts.append(_text(_LEFT, y, f"gradients: from {low}, empty, to {high}, full; logarithmic", "start"))
        y += 10
        words = html.escape(f"Strips of {', '.join(self.norms)} at step {self.step}: a cell a layer")
        size = f'width="{_WIDTH}" height="{y:.0f}" viewBox="0 0 {_WIDTH} {y:.0f}"'
        return f'<svg class="gradlib-axes" role="img" aria-label="{words}" {size}>{"".join(parts)}</svg>'

    def _cells(self, layers: Mapping, y: float, look: Callable, ids: Mapping[str, str]) -> list[str]:
        """A cell for each layer, its name below. `look` gives kind, text and filling; those in `ids` can be clicked."""
        names = shown_layers(list(layers))
        width = min(90.0, (_WIDTH - 2 * _LEFT) / len(names))
        parts = []
        for i, name in enumerate(names):
            kind, text, filled = look(name)
            x = _LEFT + i * width
            place = f'x="{x:.1f}" width="{width - 3:.1f}"'
            middle, height = x + (width - 3) / 2, filled * _CELL
            node = f'class="node" data-id="{ids[name]}" ' if name in ids else ""
            parts += [
                f'<g {node}data-link="{html.escape(_link(name))}">',
                f'<rect class="cell {kind}" {place} y="{y + _CELL - height:.1f}" height="{height:.1f}"/>',
                f'<rect class="frame" {place} y="{y:.1f}" height="{_CELL}"/>',
                _text(middle, y + 22, text, "middle"),
                _text(middle, y + _CELL + 15, _short(name, width - 3), "middle"),
                "</g>",
            ]
        return parts

    def _norm_cell(self, norm: float | None) -> tuple[str, str, float]:
        """The kind of a cell, its text, and the share of it that is filled."""
        if norm is None:
            return "guide", "–", 0.0
        if math.isnan(norm):
            return "wrong", "nan", 1.0
        if norm == 0:
            return "wrong", "0", 0.0
        if math.isinf(norm):
            return "wrong", "∞", 1.0
        low, high = self.scale
        kind = "right" if VANISHING <= norm <= EXPLODING else "wrong"
        return kind, power_of_ten(round(math.log10(norm))), (_log10(norm) - low) / (high - low)

    def _one_layer(self) -> str:
        curves = {run: layers[self._chosen_of(layers)] for run, layers in self.norms.items()}
        name = self._chosen_of(next(iter(self.norms.values())))
        logs = {run: [_log10(_entry(series, i)) for i in range(len(series))] for run, series in curves.items()}
        finite = [value for curve in logs.values() for value in curve if math.isfinite(value)] or [-1.0, 0.0]
        low, high = math.floor(min(finite) - 0.3), math.ceil(max(finite) + 0.3)
        axes = Axes(
            (0, max(self.length - 1, 1)), (low, high), "step", f"gradient of {_short(name, 120)}", logarithmic_y=True
        )
        axes.line([self.step] * 2, (low, high), "guide")
        for (run, curve), style in zip(logs.items(), STYLES, strict=False):
            axes.line(list(range(len(curve))), curve, style)
            if self.step < len(curve):
                axes.point(self.step, curve[self.step], style)
            axes.legend(run, style, point=True)
        return axes.svg(f"Norm of the gradient of {name} against the step, logarithmic; now step {self.step}")

    # Words ------------------------------------------------------------------------------------------------

    def words(self) -> Words:
        rows = []
        for run, layers in self.norms.items():
            first, last = next(iter(layers)), next(reversed(layers))
            rows.append(
                (run, ", ".join(f"{name} {_number(self.at(run, name))}" for name in dict.fromkeys([first, last])))
            )
        return Words(f"Step {self.step} of {self.length - 1}", tuple(rows), " ".join(self._remarks()))

    def _remarks(self) -> list[str]:
        said = []
        for run, layers in self.norms.items():
            norms = {layer: norm for layer in layers if (norm := self.at(run, layer)) is not None}
            kinds = {
                "not finite": [n for n, v in norms.items() if not math.isfinite(v)],
                "vanishing": [n for n, v in norms.items() if v < VANISHING],
                "exploding": [n for n, v in norms.items() if EXPLODING < v < math.inf],
                "half dead or more": [n for n in self.dead.get(run, {}) if (self.dead_at(run, n) or 0) >= DEAD],
            }
            found = [f"{kind} in {_listed(names)}" for kind, names in kinds.items() if names]
            if not kinds["vanishing"] and not kinds["exploding"]:
                found += _on_the_way_back(norms)
            said.append(f"{run}: {'; '.join(found) if found else 'nothing out of the ordinary'}.")
        return said


class GradientFlowStrip(View):
    """The size of each layer's gradient and its dead units, step by step, for one to three runs.

    runs : {name of the run: GradientTracker or {layer: list of norms}}, the layers from the inputs on.
    dead : {name of the run: ActivationTracker or {layer: list of fractions}}, for any of the runs.

    A click on a layer draws its gradient on the right. The goal is the first step at which half of a layer's units are
    dead; where none die, the step at which the first layer of the first run gets the least gradient.

    >>> before = {"0.weight": [1e-9, 2e-9], "2.weight": [0.5, 0.4]}
    >>> GradientFlowStrip({"before": before}, dead={"before": {"1": [0.75, 0.8]}})
    Step 0 of 1
      before  0.weight 1e-09, 2.weight 0.5
    before: vanishing in 0.weight; half dead or more in 1.
    >>> GradientFlowStrip({"plain": {"0.weight": [0.1, 0.02, 0.05]}}).model.goal()
    Goal(text='Stop where the gradient of 0.weight is smallest in plain.', reached=False)
    """

    def __init__(self, runs: Mapping[str, Any], dead: Mapping[str, Any] | None = None):
        self.model = GradientStripModel(runs, dead)

    def clicked(self, data_id: str) -> None:
        self.model.choose(data_id)
        self.show()


def series_of(run: Any, figure: str) -> dict[str, Sequence]:
    """{layer: list of numbers} of a tracker's history, without biases, or of a dict."""
    history = getattr(run, "history", run)
    found = {}
    for layer, figures in history.items():
        series = figures.get(figure, []) if isinstance(figures, Mapping) else figures
        if len(series) and (isinstance(run, Mapping) or not str(layer).endswith("bias")):
            found[str(layer)] = series
    return found


def _link(layer: str) -> str:
    """The name under which a layer lights up everywhere."""
    return "layer-" + re.sub(r"\s", "_", layer)


def _short(layer: str, width: float) -> str:
    """A layer's name in so many pixels.

    >>> _short("0.weight", 90), _short("0.weight", 40), _short("encoder.weight", 40)
    ('0.weight', '0', 'enc…')
    """
    if text_width(layer) <= width:
        return layer
    layer = layer.removesuffix(".weight")
    while text_width(layer) > width and len(layer) > 1:
        layer = layer.removesuffix("…")[:-1] + "…"
    return layer


def shown_layers(names: list[str]) -> list[str]:
    """All names, or as many as there is room for: evenly spaced, with the first and the last."""
    if len(names) <= MOST_LAYERS:
        return names
    return [names[round(i)] for i in np.linspace(0, len(names) - 1, MOST_LAYERS)]


def _entry(series: Sequence, i: int) -> float | None:
    value = series[i] if i < len(series) else None
    return None if value is None else float(value)


def _scale(norms: Iterable) -> tuple[int, int]:
    """The powers of ten that enclose all norms, at least two apart."""
    logs = [_log10(float(norm)) for norm in norms if norm]  # neither None nor 0
    finite = [value for value in logs if math.isfinite(value)] or [0.0]
    low, high = math.floor(min(finite) - 0.01), math.ceil(max(finite))
    return low, max(high, low + 2)


def _on_the_way_back(norms: Mapping[str, float]) -> list[str]:
    """A remark on the gradient between the last layer and the first, if it changes much."""
    if not norms:
        return []
    first, last = next(iter(norms)), next(reversed(norms))
    if not all(0 < norms[name] < math.inf for name in (first, last)):
        return []
    change = math.log10(norms[first]) - math.log10(norms[last])
    what = "loses" if change < 0 else "gains"
    return [f"{what} {abs(change):.0f} powers of ten from {last} to {first}"] if abs(change) >= FAR_APART else []


def _number(norm: float | None) -> str:
    return "not recorded" if norm is None else f"{norm + 0.0:.2g}"


def _dead_cell(fraction: float | None) -> tuple[str, str, float]:
    if fraction is None or math.isnan(fraction):
        return "guide", "–", 0.0
    return "wrong" if fraction >= DEAD else "right", f"{fraction:.0%}", min(max(fraction, 0.0), 1.0)


def _log10(norm: float | None) -> float:
    if norm is None or not math.isfinite(norm):
        return math.nan
    return math.log10(min(max(norm, _LOWEST), _HIGHEST))


def _listed(names: list[str]) -> str:
    return ", ".join(names) if len(names) <= 3 else f"{names[0]} to {names[-1]}, {len(names)} in all"


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{html.escape(text)}</text>'
