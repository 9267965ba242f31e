"""Make exercises/NN_name.ipynb from solutions/NN_name.ipynb (`make exercises`).

python tools/exercises.py            write exercises/
python tools/exercises.py --check    write nothing, name the files that differ from their solution

With VARIANTS=1 and OUT=folder in the environment it writes nbgrader's source folder: there each learner has other
numbers.

The lines between `### BEGIN SOLUTION` and `### END SOLUTION` are removed; the stub raises NotImplementedError.
The stripping is nbgrader's own, so that a class can be graded from the same files.
"""

import os
import sys
from pathlib import Path

from nbformat import NotebookNode
from nbgrader.preprocessors import ClearHiddenTests, ClearMarkScheme, ClearOutput, ClearSolutions, LockCells
from traitlets.config import Config

from gradlib.grading.variants import with_variants
from notebooks import ROOT, holds, normalise, read, write

STEPS = (LockCells, ClearSolutions, ClearOutput, ClearHiddenTests, ClearMarkScheme)
STUB = Config(
    ClearSolutions={
        "code_stub": {"python": "# your turn\nraise NotImplementedError"},
        "text_stub": "*Your turn.*",
    }
)


def make_exercise(solution: NotebookNode) -> NotebookNode:
    """The exercise notebook of a solution: no solutions, no outputs, checks locked."""
    exercise, resources = normalise(solution), {}
    for step in STEPS:
        exercise, resources = step(config=STUB).preprocess(exercise, resources)
    return exercise


def write_with_variants(folder: Path) -> None:
    """Write what nbgrader takes as its `source` folder."""
    for solution in sorted((ROOT / "solutions").glob("*.ipynb")):
        path = folder / solution.stem / solution.name
        path.parent.mkdir(parents=True, exist_ok=True)
        print(f"{path}: {write(path, with_variants(read(solution)))}")


def main(arguments: list[str]) -> int | str:
    if os.environ.get("VARIANTS"):
        out = os.environ.get("OUT", "")
        if not out:
            return "OUT must name nbgrader's source folder. Example: make exercises VARIANTS=1 OUT=../course/source"
        write_with_variants(Path(out))
        return 0
    stale = False
    for solution in sorted((ROOT / "solutions").glob("*.ipynb")):
        path = ROOT / "exercises" / solution.name
        exercise = make_exercise(read(solution))
        if arguments != ["--check"]:
            path.parent.mkdir(exist_ok=True)
            print(f"exercises/{path.name}: {write(path, exercise)}")
        elif not holds(path, exercise):
            print(f"exercises/{path.name}: differs from its solution; run `make exercises`", file=sys.stderr)
            stale = True
    return int(stale)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
