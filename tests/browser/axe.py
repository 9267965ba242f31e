"""axe-core, which looks a page over for what keeps people from reading it."""

import subprocess
import tarfile
from pathlib import Path

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
    subprocess.run(["npm", "pack", "--silent", AXE], cwd=folder, check=True, capture_output=True)
    with tarfile.open(next(folder.glob("*.tgz"))) as package:
        return package.extractfile("package/axe.min.js").read().decode()
