"""Gives the tests of this folder each notebook as a path: `lesson`, `solution`, `exercise`; `notebook` is a
lesson or a solution.
"""

from notebooks import ROOT

FOLDERS = {
    "lesson": ["notebooks"],
    "solution": ["solutions"],
    "exercise": ["exercises"],
    "notebook": ["notebooks", "solutions"],
}


def pytest_generate_tests(metafunc):
    for name, folders in FOLDERS.items():
        if name in metafunc.fixturenames:
            paths = [path for folder in folders for path in sorted((ROOT / folder).glob("*.ipynb"))]
            metafunc.parametrize(name, paths, ids=lambda path: f"{path.parent.name}/{path.stem}")
