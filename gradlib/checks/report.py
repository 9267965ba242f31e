"""The report of a check, with the same words as text and as HTML."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from html import escape

from .values import MARK

PASSED, NOT_YET, NOT_ATTEMPTED = "passed", "not yet", "not attempted"

# JupyterLab sets these colours for its light and its dark theme; elsewhere the second colour is used.
_LOOKS = {
    PASSED: ("✓", "var(--jp-success-color1, #2e7d32)"),
    NOT_YET: ("✗", "var(--jp-error-color1, #d32f2f)"),
    NOT_ATTEMPTED: ("○", "var(--jp-border-color0, #757575)"),
}
_BOX = "border-left: 4px solid {colour}; padding: 4px 12px; color: var(--jp-content-font-color1, inherit);"
_ROWS = (
    "margin: 4px 0; padding: 0; background: none; color: inherit; white-space: pre-wrap; font-family: "
    "var(--jp-code-font-family, monospace);"
)

_CODE = "background: none; color: inherit; padding: 0; font-family: var(--jp-code-font-family, monospace);"


@dataclass(frozen=True)
class Report:
    """The result of a check.

    rows : the failing case.
    explanation : the sentences below it.
    score : "2 of 6 cases right", or "".
    """

    name: str
    status: str
    rows: str = ""
    explanation: str = ""
    score: str = ""

    @property
    def passed(self) -> bool:
        return self.status == PASSED

    @property
    def text(self) -> str:
        rows = "\n".join("  " + line for line in self.rows.splitlines())
        return "\n".join(filter(None, [self._head, rows, self.explanation]))

    @property
    def _head(self) -> str:
        return f"{self.name}: {self.status}" + f" ({self.score})" * bool(self.score)

    def and_also(self, sentence: str) -> Report:
        """Return the same report with one more sentence at the end."""
        return replace(self, explanation="\n".join(filter(None, [self.explanation, sentence])))

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        mark, colour = _LOOKS[self.status]
        name, _, rest = self._head.partition(f": {self.status}")
        head = f'<span aria-hidden="true">{mark}</span> <b>{escape(name)}: {self.status}</b>{rest}'
        rows = f'<pre style="{_ROWS}">{_marked(escape(self.rows))}</pre>' if self.rows else ""
        sentences = "".join(f"<div>{_with_code(escape(line))}</div>" for line in self.explanation.splitlines())
        box = _BOX.format(colour=colour)
        return f'<div role="status" style="{box}"><div>{head}</div>{rows}{sentences}</div>'


def _marked(rows: str) -> str:
    """Make the entries that differ bold, and keep their mark."""
    return re.sub(rf"{MARK}[^\s,\])]*", rf'<b style="color: {_LOOKS[NOT_YET][1]}">\g<0></b>', rows)


def _with_code(sentence: str) -> str:
    """Show what stands between backticks as code."""
    return re.sub(r"`([^`]+)`", rf'<code style="{_CODE}">\1</code>', sentence)
