"""Lesson 19: the bytes that a network holds while it goes forward and backward, with and without checkpoints.

The network is a chain of layers, cut into segments. Going forward only the input of each segment is kept, which is its
checkpoint. Going backward one segment after the other is computed again and its results are freed, from the last to the
first. On the left are the bytes held by step, on the right the results, with cuts that can be dragged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

from ..autograd import no_grad
from ..errors import whole
from ..operations import on_cpu
from .base import Goal, Model, View, Words
from .svg import Axes

MOST_LAYERS, MOST_SEGMENTS = 32, 8
_NEAR = 1.02  # the goal is the lowest peak, and 2 % more


class Moment(NamedTuple):
    """A step of the timeline: the layer that it is about, and the results that are held after it, by number."""

    phase: str
    layer: int
    held: tuple[int, ...]


class MemoryTimelineModel(Model):
    """The state of `MemoryTimeline`: step t is after t layers, forward, computed again or backward."""

    title = "The bytes held by step of forward and backward, and the segments that a network is cut into"
    interval = 200

    def __init__(self, layers: Iterable[Callable], x: Any, segments: int = 1):
        layers = list(layers)
        if not 2 <= len(layers) <= MOST_LAYERS:
            raise ValueError(
                f"layers must be from 2 to {MOST_LAYERS} functions, one after the other, got {len(layers)}."
            )
        results = [x]
        with no_grad():
            for layer in layers:
                results.append(layer(results[-1]))
        self.sizes = [on_cpu(result).nbytes for result in results]
        if min(self.sizes) == 0:
            raise ValueError(f"every result must have at least one number, got sizes of {self.sizes} bytes.")
        self.count = len(layers)
        self.length = 3 * self.count + 1
        self.plain_peak = sum(self.sizes)
        self.aim = _NEAR * lowest_peak(self.sizes, self.most_segments)
        self.divide(segments)
        self._has_goal = self.aim < self.plain_peak

    @property
    def most_segments(self) -> int:
        return min(MOST_SEGMENTS, self.count)

    def divide(self, segments: int) -> None:
        """Cut the network into segments that are as equal in length as possible."""
        segments = min(whole("segments must be an integer of at least 1", segments, 1), self.most_segments)
        self.cut([round(k * self.count / segments) for k in range(1, segments)])

    def cut(self, cuts: Sequence[int]) -> None:
        """Cut the network before these layers, counted from 0; the results with these numbers are the checkpoints."""
        self.cuts = list(cuts)
        self.moments = list(timeline(self.count, self.cuts))

    def move(self, which: int, to: int) -> None:
        """Move a cut, as far as its neighbours leave room."""
        bounds = [0, *self.cuts, self.count]
        to = min(max(to, bounds[which] + 1), bounds[which + 2] - 1)
        self.cut([*self.cuts[:which], to, *self.cuts[which + 1 :]])

    def drag(self, which: int, across: float) -> None:
        """Follow a cut that is dragged to a place in the picture of the results, in pixels."""
        self.move(which, round(self._result_axes().value_at(across, 0.0)[0]))

    # Numbers ----------------------------------------------------------------------------------------------

    def bytes_held(self) -> list[int]:
        """The bytes held after each step."""
        return [sum(self.sizes[i] for i in moment.held) for moment in self.moments]

    def plain(self) -> list[int]:
        """The bytes held after each step without checkpoints: there are n steps less."""
        up = list(accumulate(self.sizes))
        return up + up[-2::-1]

    @property
    def peak(self) -> int:
        return max(self.bytes_held())

    # Pictures ---------------------------------------------------------------------------------------------

    def label(self) -> str:
        return f"step {self.step}"

    def picture(self) -> str:
        return self._held_picture() + self._result_picture()

    def _held_picture(self) -> str:
        unit, name = unit_of(self.plain_peak)
        held, plain = [size / unit for size in self.bytes_held()], [size / unit for size in self.plain()]
        axes = Axes((0, self.length - 1), (0, 1.08 * self.plain_peak / unit), "layers computed", f"held, in {name}")
        axes.line(list(range(len(plain))), plain, "second")
        axes.line(list(range(len(held))), held, "value")
        if self._has_goal:
            axes.line([0, self.length - 1], [self.aim / unit] * 2, "right")
        axes.point(self.step, held[self.step], "value")
        axes.legend("checkpoints", "value", point=True)
        axes.legend("without", "second")
        if self._has_goal:
            axes.legend("goal", "right")
        return axes.svg(f"The bytes held by step: at most {as_text(self.peak)}, {as_text(self.plain_peak)} without")

    def _result_axes(self) -> Axes:
        unit, name = unit_of(max(self.sizes))
        return Axes((-0.7, self.count + 0.7), (0, 1.25 * max(self.sizes) / unit), "result", f"size, in {name}")

    def _result_picture(self) -> str:
        axes, unit = self._result_axes(), unit_of(max(self.sizes))[0]
        checkpoints, held = {0, *self.cuts}, self.moments[self.step].held
        for number, size in enumerate(self.sizes):
            ends = (number - 0.4, number + 0.4), (0.0, size / unit)
            if number in held:
                axes.cell(*ends, "first" if number in checkpoints else "value")
            edges = [number - 0.4] * 2 + [number + 0.4] * 2
            axes.line(edges, [0, size / unit, size / unit, 0], "guide")
        top = 1.12 * max(self.sizes) / unit
        for which, place in enumerate(self.cuts):
            axes.line([place, place], [0, top], "first")
            name = f"cut {which + 1}"
            axes.handle(place, top, "first", f"cut{which}", name, place, f"{name} at result {place}")
        axes.legend("checkpoint", "first", point=True)
        axes.legend("other result held", "value")
        return axes.svg(f"The sizes of the results, and cuts at results {self.cuts}")

    # Words ------------------------------------------------------------------------------------------------

    def words(self) -> Words:
        moment, now = self.moments[self.step], self.bytes_held()[self.step]
        count = len(moment.held)
        lengths = [end - start for start, end in pairwise([0, *self.cuts, self.count])]
        rows = (
            ("held now", f"{as_text(now)}, {count} result{'s' * (count != 1)}"),
            ("peak", f"{as_text(self.peak)}, and {as_text(self.plain_peak)} without checkpoints"),
            ("layers in each segment", " + ".join(map(str, lengths))),
        )
        title = f"{moment.phase}, layer {moment.layer}" if self.step else "Before the first layer"
        return Words(title, rows, _REMARKS[moment.phase])

    def possible_words(self) -> Iterator[Words]:
        """Yield also the longest words that another plan could need."""
        yield from super().possible_words()
        lengths = " + ".join([str(self.count)] * self.most_segments)
        rows = (
            ("held now", f"{as_text(self.plain_peak)}, {self.count + 1} results"),
            ("peak", f"{as_text(self.plain_peak)}, and {as_text(self.plain_peak)} without checkpoints"),
            ("layers in each segment", lengths),
        )
        yield Words(f"Forward again, layer {self.count}", rows, max(_REMARKS.values(), key=len))

    def goal(self) -> Goal | None:
        if not self._has_goal:
            return None
        return Goal(f"Bring the peak down to {as_text(self.aim)}.", self.peak <= self.aim)


class MemoryTimeline(View):
    """The bytes that a network holds by step of forward and backward, cut into segments that can be dragged.

    layers : 2 to 32 functions, one after the other, such as an `nn.Sequential`. x : the input, an array or a Tensor;
    the network is run on it once, to measure its results. segments : how many to start with.

    The results of the layers are counted, and neither what a layer needs inside nor weights and gradients, which are
    the same with and without checkpoints.

    >>> import numpy as np
    >>> MemoryTimeline([np.tanh] * 4, np.zeros(1000), segments=2)
    Before the first layer
      held now                8.0 kB, 1 result
      peak                    32.0 kB, and 40.0 kB without checkpoints
      layers in each segment  2 + 2
    The input of the network is a checkpoint.
    Goal: Bring the peak down to 32.6 kB. Reached.

    Raises ValueError for fewer than 2 layers or more than 32, for an empty result, and for fewer than 1 segment.
    """

    def __init__(self, layers: Iterable[Callable], x: Any, segments: int = 1):
        self.model = MemoryTimelineModel(layers, x, segments)

    def divide(self, segments: int) -> None:
        """Cut the network into equal segments."""
        self.model.divide(segments)
        self.show()

    def dragged(self, data_id: str, x: float, y: float) -> None:
        self.model.drag(int(data_id.removeprefix("cut")), x)
        self.show()

    def nudged(self, data_id: str, across: int, up: int) -> None:
        which = int(data_id.removeprefix("cut"))
        self.model.move(which, self.model.cuts[which] + across)
        self.go(self.model.step + up)

    def controls(self) -> list:
        import ipywidgets as W

        field = W.Dropdown(
            options=list(range(1, self.model.most_segments + 1)),
            value=len(self.model.cuts) + 1,
            description="segments",
            layout={"width": "160px"},
        )
        field.observe(lambda change: self.divide(change["new"]), "value")
        return [field]


_REMARKS = {
    "Start": "The input of the network is a checkpoint.",
    "Forward": "A result is dropped as soon as the next one is computed, unless it is a checkpoint.",
    "Forward again": "The segment is computed a second time, from its checkpoint, and now every result is kept.",
    "Backward": "The layer's result has been used for its gradient and is freed.",
}


def timeline(count: int, cuts: Sequence[int]) -> Iterator[Moment]:
    """Yield the moments of a chain of `count` layers that is cut before some of them."""
    yield Moment("Start", 0, (0,))
    for layer in range(1, count + 1):
        yield Moment("Forward", layer, (0, *(c for c in cuts if c < layer), layer))
    for start, end in reversed(list(pairwise([0, *cuts, count]))):
        kept = (0, *(c for c in cuts if c <= start))
        for layer in range(start + 1, end + 1):
            yield Moment("Forward again", layer, (*kept, *range(start + 1, layer + 1)))
        for layer in range(end, start, -1):
            yield Moment("Backward", layer, (*kept, *range(start + 1, layer)))


def lowest_peak(sizes: Sequence[int], segments: int) -> int:
    """The lowest peak that a plan with at most so many segments can have.

    The bytes of the checkpoints so far count in every later segment, so a plan with a lower peak so far may be worse in
    the end: all plans are followed, except those that another beats in both numbers.
    """
    count = len(sizes) - 1
    total = [0, *accumulate(sizes)]
    # For each place of a cut: pairs (bytes of checkpoints so far, peak so far), none worse than another in both.
    plans: dict[int, list[tuple[int, int]]] = {0: [(sizes[0], 0)]}
    lowest = total[-1]
    for _ in range(segments):
        following: dict[int, list[tuple[int, int]]] = {}
        for start, pairs in plans.items():
            for kept, peak in pairs:
                for end in range(start + 1, count + 1):
                    reached = max(peak, kept + total[end + 1] - total[start + 1])
                    if end == count:
                        lowest = min(lowest, reached)
                    elif reached < lowest:
                        following.setdefault(end, []).append((kept + sizes[end], reached))
        plans = {end: _best(pairs) for end, pairs in following.items()}
    return lowest


def _best(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The pairs that no other pair beats in both numbers."""
    kept: list[tuple[int, int]] = []
    for pair in sorted(set(pairs)):
        if not kept or pair[1] < kept[-1][1]:
            kept.append(pair)
    return kept


def unit_of(size: float) -> tuple[float, str]:
    """The unit in which a number of bytes reads well, and its name."""
    return next((unit, name) for unit, name in ((1e6, "MB"), (1e3, "kB"), (1.0, "bytes")) if size >= unit)


def as_text(size: float) -> str:
    """A number of bytes.

    >>> as_text(96), as_text(12_345), as_text(2_000_000)
    ('96 bytes', '12.3 kB', '2.0 MB')
    """
    unit, name = unit_of(size)
    return f"{size / unit:.{1 * (unit > 1)}f} {name}"
