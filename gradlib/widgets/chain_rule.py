"""Lesson 02: the chain rule on a graph, one contribution at a time."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

import numpy as np

from ..expressions import FormulaError, expression
from ..formulas import gradient_text, number, value_text
from ..scalar import Value
from ..walkthrough import Contribution, Step, Walkthrough
from .base import Goal, Model, Token, View, Words
from .graph_picture import GrowingPicture, has_value_line, is_drawable
from .replay import InputHandles, Inputs

AGREES_WITHIN = 0.01  # relative: four digits are shown, a learner may write two


class ChainRuleModel(Model):
    """The state of `ChainRuleWalkthrough`: the start, one contribution per step, the gradients of the inputs."""

    title = "Chain rule walkthrough"
    interval = 1500

    def __init__(self, root: Any, names: Mapping[str, Any] | None = None):
        self.formula = ""  # as the learner has typed it; empty for a graph that was given
        self.predicting = False  # True: contributions are hidden until the learner has answered
        self.revealed = False
        self.verdict = ""
        if isinstance(root, str):
            self._start(*self._read(root, {}))
        else:
            self._start(root, names)

    def _start(self, root: Any, names: Mapping[str, Any] | None) -> None:
        self._take(Walkthrough(root, names))
        self.inputs = Inputs(self.walkthrough.graph)
        self._figure = GrowingPicture()
        self.length = len(self.stops) + 2

    def _read(self, text: str, values: Mapping[str, float]) -> tuple[Value, dict[str, Value]]:
        """The result of a formula, which is called f, and its named parts."""
        root, names = expression(text, values)
        self.formula = text.strip()
        return root, {"f": root, **names}

    def _take(self, walkthrough: Walkthrough) -> None:
        self.walkthrough = walkthrough
        self.nodes, self.edges = walkthrough.graph.nodes, walkthrough.graph.edges
        self.result = self.nodes[-1]
        self.stops = [(step, given) for step in walkthrough.steps for given in step.contributions]

    def asks(self) -> bool:
        return self.hidden

    def go(self, step: int) -> None:
        super().go(step)
        self.revealed, self.verdict = False, ""

    @property
    def stop(self) -> tuple[Step, Contribution] | None:
        """The operation and the contribution of this step; None at the start and at the end."""
        return self.stops[self.step - 1] if 0 < self.step < self.length - 1 else None

    @property
    def hidden(self) -> bool:
        """True if the learner has to predict this contribution. Only single, finite numbers are asked for."""
        if not self.predicting or self.revealed or not self.stop:
            return False
        given = self.stop[1]
        return given.local is not None and math.isfinite(given.value.item())

    # The learner's actions -------------------------------------------------------------------------------

    def predict(self, predicting: bool) -> None:
        """Start or stop asking for each contribution."""
        self.predicting, self.revealed, self.verdict = predicting, False, ""

    def reveal(self) -> None:
        """Show the contribution without an answer."""
        self.revealed, self.verdict = True, ""

    def answer(self, text: str) -> None:
        """Compare a prediction with the contribution, and show it. Ask again if the text is not a number."""
        if not self.hidden:
            return
        predicted = _read_number(text)
        if predicted is None:
            self.verdict = f"{text.strip()} is not a number. Write it as -1.5 or 3/2."
            return
        self.revealed = True
        right = number(self.stop[1].value.item())
        self.verdict = f"You wrote {text.strip()}, the contribution is {right}{self._comparison(predicted)}"

    def _comparison(self, predicted: float) -> str:
        step, given = self.stop
        right, arriving = given.value.item(), step.arriving.item()

        def is_near(value: float) -> bool:
            return math.isclose(predicted, value, rel_tol=AGREES_WITHIN, abs_tol=1e-12)

        if is_near(right):
            return ": they agree."
        if given.use > 1 and is_near(given.total.item()):
            return ". Yours is the sum so far, this contribution included."
        if is_near(given.local):
            return f". Yours is the local derivative, without the arriving gradient {number(arriving)}."
        if is_near(arriving):
            return ". Yours is the arriving gradient, without the local derivative."
        if is_near(-right):
            return ": the sign differs."
        return f": they differ by {number(abs(predicted - right))}."

    def retype(self, text: str) -> None:
        """Take another formula. Its letters keep the values that they have. A text that is none gets a sentence."""
        values = {node.name: node.value.item() for node in self.nodes if node.kind == "input"}
        try:
            with np.errstate(all="ignore"):
                root, names = self._read(text, values)
                self._start(root, names)
        except FormulaError as error:
            self.verdict = str(error)
            return
        self.__dict__.pop("_wanted", None)  # the goal belongs to the formula
        self.go(0)

    def move(self, data_id: str, value: float) -> None:
        """Give an input another value; all values and gradients follow."""
        root, names = self.inputs.move(int(data_id.removeprefix("n")), value)
        with np.errstate(all="ignore"):
            self._take(Walkthrough(root, names))
        self.revealed, self.verdict = False, ""

    def select(self, data_id: str) -> None:
        """Go to the step that completed a node's gradient."""
        chosen = int(data_id.removeprefix("n"))
        completing = [i for i, (_, given) in enumerate(self.stops, start=1) if given.source == chosen]
        if completing:
            self.go(completing[-1])
        elif self.nodes[chosen] is self.result:
            self.go(0)
        else:
            self.verdict = f"{self.nodes[chosen].name} needs no gradient: none was computed for it."

    # Picture ----------------------------------------------------------------------------------------------

    def picture(self) -> str:
        movable = {self.nodes[i].id: self.inputs.describe(i) for i in self._movable()}
        return self._figure.draw(self.walkthrough.graph, self._longest(), movable=movable)

    def _movable(self) -> list[int]:
        """The inputs whose value can be dragged: single numbers."""
        return [i for i in self.inputs.movable if self.nodes[i].value.size == 1]

    def _longest(self) -> dict[str, list[str]]:
        """{data-id: its texts at their longest}: value and gradient of a node, factor of an edge."""
        spare = "-12.34" if self._movable() else ""  # room to move without a new layout
        longest = {node.id: [value_text(node.value)] for node in self.nodes if has_value_line(node)}
        sums = {self.result.id: _gradient_line(self.result.gradient)}
        for _, given in self.stops:
            node, edge = self._ids(given)
            missing = " + ?" if given.uses > 1 else ""
            sums[node] = max(sums.get(node, ""), _sum_line(given), f"gradient {spare}{missing}", key=len)
            if given.local is not None:
                longest[edge] = [max(_factor(given), f"× {spare}", key=len)]
        for node, line in sums.items():
            longest[node] = [max(longest[node][0], spare, key=len), line]
        return longest

    def marks(self) -> dict[str, str]:
        if self.step == 0:
            return {self.result.id: "current"}
        if not self.stop:
            return {self.nodes[i].id: "receiving" for i in self.walkthrough.inputs()}
        step, given = self.stop
        node, edge = self._ids(given)
        return {node: "receiving", edge: "active", self.nodes[step.node].id: "current"}

    def texts(self) -> dict[str, str]:
        if not is_drawable(self.walkthrough.graph):
            return {}
        texts = {f"{node.id}.0": value_text(node.value) for node in self.nodes if has_value_line(node)}
        texts |= {f"{self._ids(given)[0]}.1": "gradient ?" for _, given in self.stops}
        texts[f"{self.result.id}.1"] = _gradient_line(self.result.gradient)
        for _, given in self.stops[: self.step - self.hidden]:
            node, edge = self._ids(given)
            texts[f"{node}.1"] = _sum_line(given)
            if given.local is not None:
                texts[f"{edge}.0"] = _factor(given)
        if self.hidden:
            texts[f"{self._ids(self.stop[1])[1]}.0"] = "× ?"
        return texts

    def _ids(self, given: Contribution) -> tuple[str, str]:
        """The data-ids of the node that a contribution goes to and of its edge."""
        return self.nodes[given.source].id, self.edges[given.edge].id

    def token(self) -> Token | None:
        """The arriving gradient on its way to the input, where it is multiplied, then added."""
        if not self.stop or self.hidden or self.stop[1].local is None:
            return None
        step, given = self.stop
        arriving, contribution = number(step.arriving.item()), number(given.value.item())
        node, edge = self._ids(given)
        says = arriving, f"{arriving} {_factor(given)}", contribution, f"+ {contribution}"
        return Token(edge, node, says if given.use > 1 else says[:3])

    @cached_property
    def _wanted(self) -> int | None:
        return self.inputs.vanishing()

    def goal(self) -> Goal | None:
        """To make a gradient vanish, where that can be done by moving one of the inputs."""
        if self._wanted is None or not is_drawable(self.walkthrough.graph):
            return None
        node = self.nodes[self._wanted]
        last = max(i for i, (_, given) in enumerate(self.stops, start=1) if given.source == self._wanted)
        text = f"Drag the values of the inputs until the gradient of {node.name} is 0."
        return Goal(text, self.step >= last and number(node.gradient.item()) == "0")

    # Words ------------------------------------------------------------------------------------------------

    def label(self) -> str:
        return f"{self.step} of {len(self.stops)}" if self.stop else "end" if self.step else "start"

    def words(self) -> Words:
        if self.stop:
            return self._step_words(*self.stop)
        if self.step == 0:
            shown = [self.result]
            equals = [self.result.name, self.result.formula, value_text(self.result.value)]
            title = f"Start: {' = '.join(filter(None, equals))}"
            count = len(self.stops)
            remark = f"{count} contribution{'s lead' if count > 1 else ' leads'} back to the inputs."
        else:
            shown = [self.nodes[i] for i in self.walkthrough.inputs()]
            title, remark = "End: the gradients of the inputs", ""
        rows = [(f"∂{self.result.name}/∂{node.name}", gradient_text(node.gradient)) for node in shown]
        if self.formula:
            rows.insert(0, (self.result.name, self.formula))
        return Words(title, tuple(rows), self.verdict or remark)

    def possible_words(self) -> Iterator[Words]:
        """Yield the words of every state, with its contribution shown and asked for, and the longest remark."""
        state = copy.copy(self)
        for predicting in (False, True):
            state.predict(predicting)
            yield from super(ChainRuleModel, state).possible_words()
        given = "You wrote -12.34, the contribution is -12.34"
        yield Words("", (), f"{given}. Yours is the local derivative, without the arriving gradient -12.34.")

    def _step_words(self, step: Step, given: Contribution) -> Words:
        node, source = self.nodes[step.node], self.nodes[given.source]
        local, product, use = self.walkthrough.contribution_text(step, given)
        remark = self.verdict
        if self.hidden:
            local, product, use = f"∂{node.name}/∂{source.name} = {given.formula}", "?", ""
            question = f"What does this step contribute to {source.name}?"
            remark = remark or f"{question} Type a number and press Enter, or press Reveal."
        rows = [
            ("operation", f"{node.name} = {node.formula}{self._operands(step.node)}"),
            ("arriving gradient", f"∂{self.result.name}/∂{node.name} = {gradient_text(step.arriving)}"),
            ("local derivative", local),
            (f"contribution to {source.name}", product),
        ]
        if use:
            rows.append(("running sum", use + self._summands(given)))
        title = f"Step {self.step} of {len(self.stops)}: from {node.name} back to {source.name}"
        return Words(title, tuple(rows), remark)

    def _operands(self, target: int) -> str:
        """The values of an operation's named inputs, to follow its formula."""
        sources = dict.fromkeys(edge.source for edge in self.edges if edge.target == target)
        named = [self.nodes[i] for i in sources if self.nodes[i].name != value_text(self.nodes[i].value)]
        values = ", ".join(f"{node.name} = {value_text(node.value)}" for node in named)
        return values and f", with {values}"

    def _summands(self, given: Contribution) -> str:
        """The contributions to this input so far, if they are numbers, to follow their sum."""
        values = [other.value for _, other in self.stops[: self.step] if other.source == given.source]
        if len(values) == 1 or any(value.size != 1 for value in values):
            return ""
        return f" ({' + '.join(number(value.item()) for value in values)})"


class ChainRuleWalkthrough(InputHandles, View):
    """The gradient of a result, one contribution at a time: local derivative times arriving gradient.

    root : a Tensor, a scalar.Value, or any object with `data`, `_prev` and `_op`; or a formula, "x * y + sin(x)", over
        which another one can be typed (see `gradlib.expressions`).
    names : {name: node}, for the picture; by default the variables of the calling code.

    "Predict first" hides each contribution until a number is typed or "Reveal" is pressed. A click on a node
    goes to the step that completed its gradient. Inputs that are single numbers can be dragged to other values, with
    mouse, finger or arrow keys.

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
    Goal: Drag the values of the inputs until the gradient of x is 0.

    Raises GraphError if nothing in the graph needs a gradient, KeyError for an operation that is not in the table,
    FormulaError for a text that is not a formula.
    """

    def __init__(self, root: Any, names: Mapping[str, Any] | None = None):
        self.model = ChainRuleModel(root, names)

    def controls(self) -> list:
        import ipywidgets as W

        model, name = self.model, "Predict first"
        predict = W.ToggleButton(description=name, tooltip=name, layout={"width": "auto"})
        self._answer = W.Text(description="Your number", continuous_update=False, layout={"width": "13em"})
        self._answer.style.description_width = "initial"
        self._reveal = W.Button(description="Reveal", layout={"width": "auto"})
        predict.observe(lambda change: self._do(model.predict, change.new), "value")
        self._answer.observe(lambda change: change.new and self._do(model.answer, change.new), "value")
        self._reveal.on_click(lambda _: self._do(model.reveal))
        return [*self._formula(), predict, self._answer, self._reveal]

    def _formula(self) -> list:
        """The field for a formula, if this walkthrough is of one."""
        import ipywidgets as W

        if not self.model.formula:
            return []
        name = self.model.result.name
        field = W.Text(
            value=self.model.formula,
            description=f"{name} =",
            tooltip=f"the formula {name}",
            continuous_update=False,
            layout={"width": "30em"},
        )
        field.style.description_width = "initial"
        field.observe(lambda change: self._retype(change.new), "value")
        return [field]

    def _retype(self, text: str) -> None:
        self.model.retype(text)
        self.make_room()
        self.show()

    def clicked(self, data_id: str) -> None:
        self._do(self.model.select, data_id)

    def _do(self, action, *arguments) -> None:
        action(*arguments)
        self.show()

    def _update(self) -> None:
        super()._update()
        if not (self.model.revealed or self.model.verdict):
            self._answer.value = ""
        for control in (self._answer, self._reveal):  # they keep their place, so that nothing below them jumps
            control.layout.visibility = "visible" if self.model.predicting else "hidden"


def _gradient_line(gradient) -> str:
    return f"gradient {gradient_text(gradient)}"


def _sum_line(given: Contribution) -> str:
    """The gradient of a node so far, with "+ ?" while contributions are missing."""
    return _gradient_line(given.total) + (" + ?" if given.use < given.uses else "")


def _factor(given: Contribution) -> str:
    return f"× {number(given.local)}"


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
