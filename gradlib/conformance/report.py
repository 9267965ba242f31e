"""The report on an engine: as text, as HTML, as JSON, as JUnit XML."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass
from html import escape
from xml.etree import ElementTree

from .cases import LEVELS
from .diagnosis import Diagnosis, grouped
from .running import DIFFERS, EXPLAINED, FAILED, PASSED, UNSUPPORTED, Result

STATUSES = (PASSED, FAILED, EXPLAINED, DIFFERS, UNSUPPORTED)
MEANINGS = {
    EXPLAINED: "a failure that may follow from a simpler one, which is to be mended first",
    DIFFERS: "another convention, which is not a failure",
    UNSUPPORTED: "the engine does not offer it, or refuses it",
}
_MOST_CASES = 4  # named with a mistake

# JupyterLab sets these colours for its light and its dark theme; elsewhere the second colour is used.
_RIGHT, _WRONG = "var(--jp-success-color1, #2e7d32)", "var(--jp-error-color1, #d32f2f)"
_CELL = "text-align: {side}; padding: 2px 8px; color: inherit;"


@dataclass(frozen=True)
class Report:
    """The verdicts of the cases on an engine. It shows itself in a notebook; `print(report)` shows it as text.

    engine : "module:Class".
    spoken : how it was used, as far as that was found out.
    contained : each case ran in a process of its own.
    printed : the start of what the engine has printed.
    results : a verdict for each case.
    diagnoses : the mistakes that the failed cases prove, the first cause first.
    """

    engine: str
    spoken: str
    contained: bool
    printed: str
    results: tuple[Result, ...]
    diagnoses: tuple[Diagnosis, ...]

    @property
    def passed(self) -> bool:
        """True if no case failed."""
        return not self.diagnoses

    @property
    def levels(self) -> dict[int, Counter[str]]:
        """How many cases of each level have which status."""
        counts: dict[int, Counter[str]] = {}
        for result in self.results:
            counts.setdefault(result.level, Counter())[result.status] += 1
        return counts

    @property
    def summary(self) -> str:
        counts = sum(self.levels.values(), Counter())
        return f"{len(self.results)} cases: " + ", ".join(f"{counts[each]} {each}" for each in STATUSES if counts[each])

    @property
    def conventions(self) -> list[Diagnosis]:
        """The conventions in which the engine differs from PyTorch and NumPy, which is not wrong."""
        return grouped(self.results, DIFFERS)

    @property
    def notes(self) -> list[str]:
        """Sentences on how this was found, and on the words in it."""
        notes = [f"Used as: {self.spoken}."]
        if self.contained:
            notes.append("Each case ran in a process of its own.")
        else:
            notes.append(
                "The cases ran in one process, so a crash or a hang in compiled code would have ended it, and what an "
                "engine leaves behind may fail a later case."
            )
        if self.printed:
            notes.append(f"The engine prints. It began with {self.printed.strip()!r}.")
        present = {result.status for result in self.results}
        notes += [f"{status.capitalize()}: {meaning}." for status, meaning in MEANINGS.items() if status in present]
        return notes

    @property
    def text(self) -> str:
        lines = [f"{self.engine}: {self.summary}", ""]
        width = max(map(len, LEVELS.values()))
        for level, counts in self.levels.items():
            parts = ", ".join(f"{counts[each]} {each}" for each in STATUSES if counts[each])
            lines.append(f"  {level:2d} {LEVELS[level]:{width}}  {parts}")
        for diagnosis in self.diagnoses:
            lines += ["", f"✗ {diagnosis.sentence}{_lesson(diagnosis)}", f"  {_cases(diagnosis)}: {diagnosis.said}"]
        if self.conventions:
            lines += ["", "Conventions:"]
        for each in self.conventions:
            lines += [f"  {each.sentence}", f"    {_cases(each)}: {each.said}"]
        return "\n".join([*lines, "", *self.notes])

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        mark, colour = ("✓", _RIGHT) if self.passed else ("✗", _WRONG)
        head = f'<span aria-hidden="true">{mark}</span> <b>{escape(self.engine)}</b>: {escape(self.summary)}'
        present = [each for each in STATUSES if any(counts[each] for counts in self.levels.values())]
        titles = "".join(_cell("th", each, "right", ' scope="col"') for each in present)
        rows = "".join(
            "<tr>"
            + _cell("th", f"{level} {LEVELS[level]}", "left", ' scope="row"')
            + "".join(_cell("td", str(counts[each] or ""), "right") for each in present)
            + "</tr>"
            for level, counts in self.levels.items()
        )
        table = (
            '<table style="margin: 8px 0; color: inherit;"><thead><tr>'
            + _cell("th", "level", "left", ' scope="col"')
            + f"{titles}</tr></thead><tbody>{rows}</tbody></table>"
        )
        cross = f'<span aria-hidden="true" style="color: {_WRONG}">✗</span> '
        proofs = "".join(_proof(each, cross) for each in self.diagnoses)
        proofs += "".join(_proof(each) for each in self.conventions)
        others = [each for each in self.results if each.status in (EXPLAINED, DIFFERS, UNSUPPORTED)]
        details = "".join(f"<li>{escape(each.name)}, {each.status}: {escape(_why(each))}</li>" for each in others)
        summary = f"<summary>{len(others)} cases without a verdict of their own</summary>"
        folded = f"<details>{summary}<ul>{details}</ul></details>" if others else ""
        notes = "".join(f"<div>{escape(note)}</div>" for note in self.notes)
        style = f"border-left: 4px solid {colour}; padding: 4px 12px; color: var(--jp-content-font-color1, inherit);"
        return f'<div role="status" style="{style}"><div>{head}</div>{table}{proofs}{notes}{folded}</div>'

    def json(self) -> str:
        """The report as JSON: engine, spoken, contained, printed, results, diagnoses."""
        return json.dumps(asdict(self), indent=2)

    def junit(self) -> str:
        """The report as JUnit XML, which CI servers show: one test case for each case.

        What an engine does not offer is skipped, and so is a failure that a simpler one explains.
        """
        counts = Counter(result.status for result in self.results)
        suite = ElementTree.Element(
            "testsuite", name=self.engine, tests=str(len(self.results)), failures=str(counts[FAILED]), errors="0",
            skipped=str(counts[UNSUPPORTED] + counts[EXPLAINED]),
        )  # fmt: skip
        sentences = {each.code: each.sentence for each in self.diagnoses}
        for result in self.results:
            level = f"{self.engine}.{result.level:02d} {LEVELS[result.level]}"
            made = ElementTree.SubElement(suite, "testcase", classname=level, name=result.name)
            if result.status == FAILED:
                sentence = sentences[result.code]
                ElementTree.SubElement(made, "failure", type=result.code, message=sentence).text = result.said
            elif result.status in (UNSUPPORTED, EXPLAINED):
                ElementTree.SubElement(made, "skipped", message=f"{result.status}: {_why(result)}")
            elif result.status == DIFFERS:
                ElementTree.SubElement(made, "system-out").text = result.said
        ElementTree.indent(suite)
        return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _lesson(diagnosis: Diagnosis) -> str:
    return f" (lesson {diagnosis.lesson})" if diagnosis.lesson else ""


def _cases(diagnosis: Diagnosis) -> str:
    names, more = diagnosis.cases[:_MOST_CASES], len(diagnosis.cases) - _MOST_CASES
    return "; ".join(names) + (f" and {more} more" if more > 0 else "")


def _why(result: Result) -> str:
    return f"{result.said}; explained by {result.because}" if result.because else result.said


def _proof(diagnosis: Diagnosis, mark: str = "") -> str:
    head = f"{mark}<b>{_code(diagnosis.sentence)}</b>{escape(_lesson(diagnosis))}"
    body = f"{escape(_cases(diagnosis))}: {_code(diagnosis.said)}"
    return f'<div style="margin: 8px 0;"><div>{head}</div><div>{body}</div></div>'


def _cell(tag: str, text: str, side: str, attributes: str = "") -> str:
    return f'<{tag}{attributes} style="{_CELL.format(side=side)}">{escape(text)}</{tag}>'


def _code(sentence: str) -> str:
    """Show what stands between backticks as code."""
    parts = escape(sentence).split("`")
    if len(parts) % 2 == 0:
        return "`".join(parts)
    style = "background: none; color: inherit; padding: 0; font-family: var(--jp-code-font-family, monospace);"
    return "".join(f'<code style="{style}">{part}</code>' if i % 2 else part for i, part in enumerate(parts))
