"""`make test` leaves lessons 14 to 20 out where nothing that they use has changed since they last passed.

They take a sixth of its time: the cells of their notebooks and solutions, and the tests of their exercises' checks. A
run of all tests in which none fails writes build/passed.json: for each of these lessons a digest of all that it uses.
The next run leaves out the lessons whose digest is the same, and says so. Without that file, and where CI is set in the
environment, nothing is left out.
"""

import hashlib
import json
import os
import sys
from contextlib import suppress
from functools import cache
from importlib.metadata import distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PASSED = ROOT / "build" / "passed.json"
LESSONS = [f"{number:02d}" for number in range(14, 21)]
# What all of them use. Of tests/checks and gradlib/checks, each uses its own lesson and those that it names.
SHARED = ["conftest.py", "pyproject.toml", "tests/nbval.cfg", "tools/*.py", "tests/checks/*.py", "gradlib/**/*"]
TESTS = ["notebooks", "solutions", "tests/checks"]  # where the tests of these lessons are
NOTEBOOKS = ["notebooks/{}_*", "solutions/{}_*", "exercises/{}_*"]


@cache
def packages() -> list[tuple[str, str]]:
    return sorted((each.name, each.version) for each in distributions())


def digest(root: Path, lesson: str) -> str:
    """A number that changes with every file that the tests of a lesson use, and with every package."""
    own = {path for pattern in NOTEBOOKS for path in root.glob(pattern.format(lesson))}
    named = f"lesson_{lesson} " + "".join(
        path.read_text(encoding="utf-8") for path in (*own, *root.glob(f"*/checks/lesson_{lesson}.py"))
    )
    shared = {path for pattern in SHARED for path in root.glob(pattern) if path.is_file() and path.suffix != ".pyc"}
    used = own | {path for path in shared if not path.stem.startswith("lesson_") or path.stem in named}
    found = hashlib.sha256(f"{sys.version} {packages()}".encode())
    for path in sorted(used):
        found.update(f"{path.relative_to(root).as_posix()} {path.stat().st_size} ".encode())
        found.update(path.read_bytes())
    return found.hexdigest()


def lesson_of(item: pytest.Item) -> str:
    """The lesson that a test is about: of its notebook, or of its exercise. "" where it is about none."""
    if item.path.suffix == ".ipynb":
        return item.path.name[:2]
    given = getattr(getattr(item, "callspec", None), "params", {})
    exercise = given.get("exercise") or getattr(given.get("answers"), "exercise", None)
    return getattr(exercise, "lesson", "")


class Unchanged:
    """The plugin behind --leave-out-unchanged."""

    def __init__(self, config: pytest.Config):
        self.config = config
        self.now = {lesson: digest(ROOT, lesson) for lesson in LESSONS}
        passed = {} if os.environ.get("CI") else _passed()
        self.left_out = [lesson for lesson in LESSONS if passed.get(lesson) == self.now[lesson]]

    def pytest_collection_modifyitems(self, items):
        out = [item for item in items if lesson_of(item) in self.left_out]
        if out:
            self.config.hook.pytest_deselected(items=out)
            items[:] = [item for item in items if lesson_of(item) not in self.left_out]

    def pytest_terminal_summary(self, terminalreporter):
        if self.left_out:
            said = (
                f"Left out, since they have passed and nothing that they use has changed: {', '.join(self.left_out)}."
            )
            terminalreporter.write_line(f"{said} Without {PASSED.relative_to(ROOT).as_posix()} they run.")

    def pytest_sessionfinish(self, exitstatus):
        if exitstatus == 0 and self._is_whole() and not hasattr(self.config, "workerinput"):  # a worker has one
            with suppress(OSError):  # a folder in which this user cannot write
                PASSED.parent.mkdir(exist_ok=True)
                PASSED.write_text(json.dumps(self.now, indent=1), encoding="utf-8")

    def _is_whole(self) -> bool:
        """Return True if this run tries all tests of these lessons, with the usual numbers."""
        option = self.config.option
        narrowed = option.keyword or option.markexpr or option.deselect or getattr(option, "lf", False)
        narrowed = narrowed or option.ignore_glob or any(map(_holds_their_tests, option.ignore or ()))
        is_all = self.config.args_source is pytest.Config.ArgsSource.TESTPATHS
        return is_all and not narrowed and "TEST_SEED" not in os.environ


def _holds_their_tests(path: str) -> bool:
    ignored = Path(path).absolute()
    own = [ROOT / name for name in TESTS]
    return any(each.is_relative_to(ignored) or ignored.is_relative_to(each) for each in own)


def _passed() -> dict[str, str]:
    try:
        return json.loads(PASSED.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
