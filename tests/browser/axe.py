"""axe-core, which looks a page over for what keeps people from reading it."""

from pathlib import Path

from programs import npm_package

AXE = "axe-core@4.11.0"

RUN = """
async ([off, exclude]) => {
  const rules = Object.fromEntries(off.map((rule) => [rule, { enabled: false }]));
  const { violations } = await axe.run({ exclude }, { rules });
  return violations.map(({ id, nodes }) =>
    `${id}: ${nodes.length} times, as in ${nodes[0].html.slice(0, 200)} (${nodes[0].failureSummary.slice(0, 300)})`);
}
"""


def fetch(folder: Path) -> str:
    """The script, by npm."""
    return (npm_package(AXE, folder) / "axe.min.js").read_text(encoding="utf-8")
