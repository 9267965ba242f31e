"""Gives the tests of this folder each notebook as a path: `lesson`, `solution`, `exercise`; `notebook` is a
lesson, a solution, or the contents, the one page with code.
"""

from notebooks import ROOT

FILES = {
    "lesson": ["notebooks/[0-9]*.ipynb"],
    "solution": ["solutions/*.ipynb"],
    "exercise": ["exercises/*.ipynb"],
    "notebook": ["notebooks/[0-9]*.ipynb", "notebooks/contents.ipynb", "solutions/*.ipynb"],
}


def pytest_generate_tests(metafunc):
    for name, patterns in FILES.items():
        if name in metafunc.fixturenames:
            paths = [path for pattern in patterns for path in sorted(ROOT.glob(pattern))]
            metafunc.parametrize(name, paths, ids=lambda path: f"{path.parent.name}/{path.stem}")
