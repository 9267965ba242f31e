"""Lesson 02: the chain rule on a graph, one contribution at a time."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from ..explain import Contribution, Step, Walkthrough
from ..formulas import gradient_text, number, value_text
from .base import Model, View, Words
from .graph_picture import graph_picture

AGREES_WITHIN = 0.01  # relative: the numbers shown have four digits, a learner may write two


class ChainRuleModel(Model):
    """The state of `ChainRuleWalkthrough`: 0 is the start, then a contribution a step, last the gradients of the inputs."""

    title = "Chain rule walkthrough"
    interval = 1500

    def __init__(self, root: Any, names: Mapping[str, Any] | None = None):
        self.walkthrough = Walkthrough(root, names)
        self.nodes = self.walkthrough.graph.nodes
        self.stops = [(step, given) for step in self.walkthrough.steps for given in step.contributions]
        self.length = len(self.stops) + 2
        self.predicting = False
        self.revealed = False
        self.verdict = ""

    def go(self, step: int) -> None:
        super().go(step)
        self.revealed, self.verdict = False, ""

    @property
    def stop(self) -> tuple[Step, Contribution] | None:
        """The operation and the contribution of this step; None at the start and at the end."""
        return self.stops[self.step - 1] if 0 < self.step < self.length - 1 else None

    @property
    def hidden(self) -> bool:
        """Whether the learner is asked for this contribution. Only single, finite numbers are asked for."""
        asked = self.predicting and not self.revealed and self.stop is not None
        return asked and self.stop[1].local is not None and math.isfinite(self.stop[1].value.item())

    # What the learner does --------------------------------------------------------------------------------

    def reveal(self) -> None:
        self.revealed = True

    def answer(self, text: str) -> None:
        """Compare a prediction with the contribution, and show it. What is no number is asked for again."""
        if not self.hidden:
            return
        predicted = _read_number(text)
        if predicted is None:
            self.verdict = f"{text.strip()} is not a number. Write it as -1.5 or 3/2."
            return
        self.revealed = True
        step, given = self.stop
        right, total, arriving = given.value.item(), given.total.item(), step.arriving.item()
        comparison = f"You wrote {text.strip()}, the contribution is {number(right)}"
        if _agree(predicted, right):
            self.verdict = f"{comparison}: they agree."
        elif given.use > 1 and _agree(predicted, total):
            self.verdict = f"{comparison}. Yours is the sum so far, this contribution included."
        elif _agree(predicted, given.local):
            self.verdict = f"{comparison}. Yours is the local derivative, without the arriving gradient {number(arriving)}."
        elif _agree(predicted, arriving):
            self.verdict = f"{comparison}. Yours is the arriving gradient, without the local derivative."
        elif _agree(predicted, -right):
            self.verdict = f"{comparison}: the sign differs."
        else:
            self.verdict = f"{comparison}: they differ by {number(predicted - right)}."

    def select(self, data_id: str) -> None:
        """Go to the step that completed a node's gradient."""
        chosen = int(data_id.removeprefix("n"))
        completing = [i for i, (_, given) in enumerate(self.stops, start=1) if given.source == chosen]
        if completing:
            self.go(completing[-1])
        elif chosen == len(self.nodes) - 1:
            self.go(0)
        else:
            self.verdict = f"{self.nodes[chosen].name} needs no gradient: none was computed for it."

    # Picture ----------------------------------------------------------------------------------------------

    @cached_property
    def _picture(self) -> str:
        """The graph, with room for the widest gradient and the factor of each."""
        widest = {self.nodes[-1].id: [self._gradient_text(gradient_text(self.nodes[-1].gradient))]}
        for _, given in self.stops:
            node, edge = self._ids(given)
            text = self._gradient_text(gradient_text(given.total), given.use < given.uses)
            widest[node] = [max(*widest.get(node, [""]), text, key=len)]
            if given.local is not None:
                widest[edge] = [self._factor_text(given)]
        return graph_picture(self.walkthrough.graph, widest)

    def picture(self) -> str:
        return self._picture

    def marks(self) -> dict[str, str]:
        if self.step == 0:
            return {self.nodes[-1].id: "current"}
        if self.stop is None:
            return {self.nodes[i].id: "receiving" for i in self.walkthrough.inputs()}
        step, given = self.stop
        node, edge = self._ids(given)
        return {node: "receiving", edge: "active", self.nodes[step.node].id: "current"}

    def texts(self) -> dict[str, str]:
        texts = {self._ids(given)[0] + ".0": self._gradient_text("?") for _, given in self.stops}
        texts[self.nodes[-1].id + ".0"] = self._gradient_text(gradient_text(self.nodes[-1].gradient))
        for _, given in self.stops[: self.step - self.hidden]:
            node, edge = self._ids(given)
            texts[node + ".0"] = self._gradient_text(gradient_text(given.total), given.use < given.uses)
            if given.local is not None:
                texts[edge + ".0"] = self._factor_text(given)
        if self.hidden:
            texts[self._ids(self.stop[1])[1] + ".0"] = "× ?"
        return texts

    def _ids(self, given: Contribution) -> tuple[str, str]:
        return self.nodes[given.source].id, self.walkthrough.graph.edges[given.edge].id

    def _gradient_text(self, gradient: str, more_to_come: bool = False) -> str:
        return f"gradient {gradient}" + (" + ?" if more_to_come else "")

    def _factor_text(self, given: Contribution) -> str:
        return f"× {number(given.local)}"

    # Words ------------------------------------------------------------------------------------------------

    def words(self) -> Words:
        if self.stop:
            return self._step_words(*self.stop)
        result = self.nodes[-1]
        if self.step == 0:
            start = (f"∂{result.name}/∂{result.name}", gradient_text(result.gradient))
            remark = self.verdict or f"From here back to the inputs, in {len(self.stops)} contributions."
            title = " = ".join(
                filter(None, ["Start: " + result.name, result.formula, value_text(result.value)])
            )
            return Words(title, (start,), remark)
        inputs = [self.nodes[i] for i in self.walkthrough.inputs()]
        rows = tuple((f"∂{result.name}/∂{node.name}", gradient_text(node.gradient)) for node in inputs)
        return Words("End: the gradients of the inputs", rows, self.verdict)

    def _step_words(self, step: Step, given: Contribution) -> Words:
        node, source = self.nodes[step.node], self.nodes[given.source]
        local, product, use = self.walkthrough._contribution_text(step, given)
        if self.hidden:
            local, product, use = f"∂{node.name}/∂{source.name} = {given.formula}", "?", ""
        rows = [
            ("operation", f"{node.name} = {node.formula}" + self._operands(step.node)),
            (
                "arriving gradient",
                f"∂{self.walkthrough.result}/∂{node.name} = {gradient_text(step.arriving)}",
            ),
            ("local derivative", local),
            (f"contribution to {source.name}", product),
        ]
        if use:
            rows.append(("running sum", use + self._summands(given)))
        remark = self.verdict
        if self.hidden and not remark:
            remark = f"What does this step contribute to {source.name}? Type a number and press Enter, or press Reveal."
        return Words(
            f"Step {self.step} of {len(self.stops)}: from {node.name} back to {source.name}",
            tuple(rows),
            remark,
        )

    def _summands(self, given: Contribution) -> str:
        """ " (4 + 3)": the contributions to this input up to now."""
        values = [other.value for _, other in self.stops[: self.step] if other.source == given.source]
        scalars = len(values) > 1 and all(value.size == 1 for value in values)
        return f" ({' + '.join(number(value.item()) for value in values)})" if scalars else ""

    def _operands(self, target: int) -> str:
        """ ", with x = 2, y = 3": the named inputs of an operation."""
        sources = dict.fromkeys(edge.source for edge in self.walkthrough.graph.edges if edge.target == target)
        named = [self.nodes[i] for i in sources if self.nodes[i].name != value_text(self.nodes[i].value)]
        values = ", ".join(f"{node.name} = {value_text(node.value)}" for node in named)
        return values and f", with {values}"


class ChainRuleWalkthrough(View):
    """The gradient of a result, one contribution at a time: local derivative times arriving gradient, and their sums.

    root : a Tensor, a scalar.Value, or any object with `data`, `_prev` and `_op`.
    names : {name: node}, for the picture; by default the variables of the calling code.

    "Predict first" hides each contribution until a number is typed or "Reveal" is pressed. A click on a node goes to the step
    that completed its gradient.

    >>> from gradlib.scalar import Value
    >>> x, y = Value(2.0, "x"), Value(3.0, "y")
    >>> walkthrough = ChainRuleWalkthrough(x * y + x, {})
    >>> walkthrough.go(3)
    >>> walkthrough
    Step 3 of 4: from t1 back to x
      operation          t1 = x · y, with x = 2, y = 3
      arriving gradient  ∂t2/∂t1 = 1
      local derivative   ∂t1/∂x = y = 3
      contribution to x  1 × 3 = 3
      running sum        x is used twice: in all 4 (1 + 3)

    Raises GraphError if nothing in the graph needs a gradient; KeyError for an operation that is not in the table.
    """

    def __init__(self, root: Any, names: Mapping[str, Any] | None = None):
        self.model = ChainRuleModel(root, names)

    def controls(self) -> list:
        import ipywidgets as W

        predict = W.ToggleButton(description="Predict first", tooltip="Predict first", layout={"width": "auto"})
        self._answer = W.Text(placeholder="your number", continuous_update=False, layout={"width": "9em"})
        self._reveal = W.Button(description="Reveal", layout={"width": "auto"})
        predict.observe(lambda change: self._predict(change.new), "value")
        self._answer.observe(lambda change: self._submit(change.new), "value")
        self._reveal.on_click(lambda _: self._tell())
        return [predict, self._answer, self._reveal]

    def _update(self) -> None:
        super()._update()
        if not (self.model.revealed or self.model.verdict):
            self._answer.value = ""
        for control in (self._answer, self._reveal):
            control.layout.display = None if self.model.predicting else "none"

    def clicked(self, data_id: str) -> None:
        self.model.select(data_id)
        self.show()

    def _predict(self, predicting: bool) -> None:
        self.model.predicting, self.model.revealed, self.model.verdict = predicting, False, ""
        self.show()

    def _submit(self, text: str) -> None:
        if text.strip():
            self.model.answer(text)
            self.show()

    def _tell(self) -> None:
        self.model.reveal()
        self.show()


def _read_number(text: str) -> float | None:
    """A number as a learner writes it, -1.5 or 3/2; None if it is not one.

    >>> _read_number("3/2"), _read_number("−0.25"), _read_number("1/0"), _read_number("x")
    (1.5, -0.25, None, None)
    """
    above, slash, below = text.replace("−", "-").partition("/")
    try:
        value = float(above) / float(below) if slash else float(above)
    except (ValueError, ZeroDivisionError):
        return None
    return value if math.isfinite(value) else None


def _agree(predicted: float, right: float) -> bool:
    return math.isclose(predicted, right, rel_tol=AGREES_WITHIN, abs_tol=1e-12)
