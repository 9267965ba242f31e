"""The README's sentence "a file uses only those above it", for every import of the library, lazy ones included."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "gradlib"
SENTENCE = "a file uses only those above it"


def stated_order(readme: str) -> list[str]:
    """The files and packages of the README's table, from top to bottom and from left to right."""
    assert readme.count(SENTENCE) == 1
    table = readme.split(SENTENCE)[1].split("\n\n")[1]
    rows = [row.split("|")[1] for row in table.splitlines()[2:]]
    links = [re.findall(r"\[([^]]+)\]\(gradlib/([^)]+)\)", row.replace("\\_", "_")) for row in rows]
    assert all(links), "a row begins with links"
    for name, path in (link for row in links for link in row):
        assert path == (f"{name}__init__.py" if name.endswith("/") else name)
    return [name.removesuffix("/").removesuffix(".py") for row in links for name, _ in row]


def unit(path: Path) -> str:
    """The file or the package that a file belongs to: optimizer.py to optim."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(source: str, path: Path) -> list[tuple[int, str, str]]:
    """(line, unit, module) for each import of gradlib's own in a file, at any depth."""
    package = ["gradlib", *path.relative_to(PACKAGE).parent.parts]
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            modules = [alias.name.split(".") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            base = base + (node.module.split(".") if node.module else [])
            modules = [[*base, alias.name] for alias in node.names]
        else:
            continue
        for module in modules:
            if module[0] == "gradlib" and len(module) > 1:
                name = module[1]
                is_unit = (PACKAGE / name).is_dir() or (PACKAGE / f"{name}.py").exists()
                found.append((node.lineno, name if is_unit else "__init__", ".".join(module[1:])))
    return found


def arrows_up(order: list[str], source: str, path: Path) -> list[str]:
    """The imports of a file that the order does not allow. `import gradlib` itself stands below all that it imports."""
    rank = {name: i for i, name in enumerate(order)}
    init = PACKAGE / "__init__.py"
    rank["__init__"] = max(rank[name] for _, name, _ in imports(init.read_text(encoding="utf-8"), init)) + 0.5
    me = unit(path)
    return [
        f"{path.relative_to(ROOT)}:{line} imports {module}"
        for line, other, module in imports(source, path)
        if other != me and rank[other] > rank[me]
    ]


README = (ROOT / "README.md").read_text(encoding="utf-8")
ORDER = stated_order(README)
FILES = sorted(path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE or path.stem != "__init__")


def test_every_file_stands_in_the_table_once():
    assert sorted(ORDER) == sorted({unit(path) for path in FILES})


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_file_uses_only_those_above_it(path):
    assert arrows_up(ORDER, path.read_text(encoding="utf-8"), path) == []


@pytest.mark.parametrize(
    "planted",
    [
        "from . import training", "from .training import Trainer", "from gradlib.nn import Module", "import gradlib.nn",
        "def later():\n    from .nn.module import Module", "from gradlib import nn", "from . import Tensor",
        "if TYPE_CHECKING:\n    from .tensor import Tensor",
    ],
)  # fmt: skip
def test_an_import_that_runs_upward_is_found(planted):
    assert len(arrows_up(ORDER, planted, PACKAGE / "autograd.py")) == 1
    assert arrows_up(ORDER, "from . import primitives\nfrom .errors import ShapeError", PACKAGE / "autograd.py") == []


def circles(package: Path) -> list[set[str]]:
    """Groups of files of a package that import each other, directly or by others."""
    uses: dict[str, set[str]] = {}
    for path in package.glob("*.py"):
        prefix = f"{package.name}."
        uses[path.stem] = {
            module.removeprefix(prefix).split(".")[0]
            for _, _, module in imports(path.read_text(encoding="utf-8"), path)
            if module.startswith(prefix)
        } & {other.stem for other in package.glob("*.py")} - {path.stem}  # fmt: skip

    def reach(name: str) -> set[str]:
        seen, stack = set(), [name]
        while stack:
            for other in uses[stack.pop()] - seen:
                seen.add(other)
                stack.append(other)
        return seen

    return [{name, *reach(name)} for name in uses if name != "__init__" and name in reach(name)]


@pytest.mark.parametrize("package", sorted(path.parent for path in PACKAGE.glob("*/__init__.py")), ids=lambda p: p.name)
def test_a_package_has_no_import_circle(package):
    assert circles(package) == []
