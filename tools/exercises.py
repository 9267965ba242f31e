"""Make exercises/NN_name.ipynb from solutions/NN_name.ipynb: what `make exercises` does.

python tools/exercises.py            write exercises/
python tools/exercises.py --check    write nothing, name the files that differ from their solution

What lies between `### BEGIN SOLUTION` and `### END SOLUTION` goes; the stub raises NotImplementedError.
The stripping is nbgrader's own, so that a class can be graded from the same files.
"""

import sys
from pathlib import Path

from nbformat import NotebookNode
from nbgrader.preprocessors import ClearHiddenTests, ClearMarkScheme, ClearOutput, ClearSolutions, LockCells
from traitlets.config import Config

from notebooks import ROOT, normalise, read, to_text, write

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


def is_current(solution: Path, exercise: Path) -> bool:
    wanted = to_text(make_exercise(read(solution)))
    current = exercise.exists() and exercise.read_text(encoding="utf-8") == wanted
    if not current:
        print(f"{exercise}: differs from its solution; run `make exercises`", file=sys.stderr)
    return current


def main(arguments: list[str]) -> int:
    check = arguments == ["--check"]
    current = True
    for solution in sorted((ROOT / "solutions").glob("*.ipynb")):
        exercise = ROOT / "exercises" / solution.name
        if check:
            current &= is_current(solution, exercise)
        else:
            exercise.parent.mkdir(exist_ok=True)
            changed = write(exercise, make_exercise(read(solution)))
            print(f"{exercise.relative_to(ROOT)}: {'written' if changed else 'unchanged'}")
    return 0 if current else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
