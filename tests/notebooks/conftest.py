"""Gives the tests of this folder each notebook as a path: `lesson`, `solution`, `exercise`; `notebook` is a
lesson or a solution. What is in the folders is tested, and what must be there is: a missing lesson fails.
"""

from notebooks import ROOT

LESSONS = ["00_start_here", "01_slopes", "02_chain_rule", "03_scalar_engine"]
FOLDERS = {
    "lesson": ["notebooks"],
    "solution": ["solutions"],
    "exercise": ["exercises"],
    "notebook": ["notebooks", "solutions"],
}


def notebooks_in(folder):
    wanted = {ROOT / folder / f"{lesson}.ipynb" for lesson in LESSONS}
    return sorted(wanted | set((ROOT / folder).glob("*.ipynb")))


def pytest_generate_tests(metafunc):
    for name, folders in FOLDERS.items():
        if name in metafunc.fixturenames:
            paths = [path for folder in folders for path in notebooks_in(folder)]
            metafunc.parametrize(name, paths, ids=lambda path: f"{path.parent.name}/{path.stem}")
