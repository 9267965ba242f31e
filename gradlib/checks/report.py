"""The report of a check, with the same words as text and as HTML."""

from __future__ import annotations

from dataclasses import dataclass, replace
from html import escape

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


@dataclass(frozen=True)
class Report:
    """The result of a check. `rows` shows the failing case, `explanation` holds the sentences below it."""

    name: str
    status: str
    rows: str = ""
    explanation: str = ""

    @property
    def passed(self) -> bool:
        return self.status == PASSED

    @property
    def text(self) -> str:
        rows = "\n".join("  " + line for line in self.rows.splitlines())
        return "\n".join(filter(None, [f"{self.name}: {self.status}", rows, self.explanation]))

    def and_also(self, sentence: str) -> Report:
        """Return the same report with one more sentence at the end."""
        return replace(self, explanation="\n".join(filter(None, [self.explanation, sentence])))

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        mark, colour = _LOOKS[self.status]
        head = f'<span aria-hidden="true">{mark}</span> <b>{escape(self.name)}: {self.status}</b>'
        rows = f'<pre style="{_ROWS}">{escape(self.rows)}</pre>' if self.rows else ""
        sentences = "".join(f"<div>{escape(line)}</div>" for line in self.explanation.splitlines())
        box = _BOX.format(colour=colour)
        return f'<div role="status" style="{box}"><div>{head}</div>{rows}{sentences}</div>'
