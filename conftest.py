"""What holds in every run of pytest: `make test`, one file, or `pytest --nbval notebooks solutions` typed by hand.

No test depends on the settings or the progress of whoever runs it, or writes into that progress. Random draws start
from TEST_SEED (0 where it is not set) in every test. A notebook is a file of tests, a cell a test: solutions run in
strict mode, and no notebook takes more than 30 s of processor time. Numbers in a cell with the tag `roughly` may differ
a little (tools/roughly.py).
"""

import importlib.util
import os
import shutil
import sys
import tempfile
from functools import partial
from pathlib import Path

import pytest

import roughly
from neutral import make_neutral

ROOT = Path(__file__).parent
SCRATCH = Path(tempfile.mkdtemp(prefix="gradlib-tests-"))
SEED = int(os.environ.get("TEST_SEED", "0"))

make_neutral(os.environ, SCRATCH)  # before anything imports NumPy, which asks once for the number of threads
# Checks and conformance fork no children where MPI has begun (gradlib/checks/limits.py), and their tests need them.
# tests/mpi starts processes of its own.
sys.modules.setdefault("mpi4py", None)


def pytest_addoption(parser):
    parser.addoption("--leave-out-unchanged", action="store_true", help="see tools/unchanged.py; `make test` does")
    if importlib.util.find_spec("nbval") is None:  # as beside a GPU (tools/on_gpu.sh), where notebooks are no tests
        parser.addoption("--nbval", action="store_true", help="without effect: nbval is not installed")
        parser.addoption("--nbval-cell-timeout", help="without effect: nbval is not installed")


def pytest_configure(config):
    if config.option.leave_out_unchanged:
        from unchanged import Unchanged

        config.pluginmanager.register(Unchanged(config))
    if config.pluginmanager.hasplugin("nbval") and config.option.nbval and not config.option.nbval_sanitize_with:
        config.option.nbval_sanitize_with = str(ROOT / "tests" / "nbval.cfg")


def pytest_unconfigure():
    shutil.rmtree(SCRATCH, ignore_errors=True)


def is_cell(item):
    return item.path.suffix == ".ipynb"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Notebooks come first, since they take longest, and their cells stay in order where tests are shuffled."""
    items.sort(key=lambda item: (0, str(item.path), item.cell_num) if is_cell(item) else (1,))
    for item in items:
        if is_cell(item) and roughly.TAG in item.cell.metadata.get("tags", []):
            item.compare_outputs = partial(compare_roughly, item.compare_outputs)


def compare_roughly(compare, outputs, stored, *rest):
    return compare(roughly.as_stored(outputs, stored), stored, *rest)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item):
    import gradlib

    gradlib.manual_seed(SEED)
    if not is_cell(item):
        return (yield)
    with pytest.MonkeyPatch.context() as environment:  # of the kernel that the first cell starts
        environment.setenv("GRADLIB_CHECKS", "strict" if item.path.parent.name == "solutions" else "")
        environment.setenv("GRADLIB_PROGRESS", str(SCRATCH / f"{item.path.parent.name}-{item.path.stem}.json"))
        item.parent.used_before = getattr(item.parent, "used_before", seconds_of_children())
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item, nextitem):
    result = yield
    if is_cell(item) and (nextitem is None or nextitem.parent is not item.parent):  # the kernel has ended
        from notebooks import SECONDS

        used = seconds_of_children() - item.parent.used_before
        assert used <= SECONDS, f"{item.path.name} took {used:.0f} s of processor time, it may take {SECONDS}"
    return result


def seconds_of_children():
    """The processor time of all programs that this one has started and that have ended."""
    spent = os.times()
    return spent.children_user + spent.children_system
