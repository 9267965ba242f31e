"""The library's reference: one page for each part of gradlib, made by Sphinx from the docstrings.

`pages()` says what stands on which page. `as_rst` turns a docstring, which is plain text with `code` and indented
formulas, into what Sphinx reads.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType

# Each page of the reference: module -> its title. What stands on an earlier page is not repeated.
PAGES = {
    "gradlib": "Tensors, gradients, pictures",
    "gradlib.linalg": "Linear algebra",
    "gradlib.nn.functional": "Layers and losses as functions",
    "gradlib.nn": "Layers and losses",
    "gradlib.nn.init": "Initialization",
    "gradlib.optim": "Optimizers",
    "gradlib.data": "Data",
    "gradlib.training": "The training loop",
    "gradlib.callbacks": "Callbacks",
    "gradlib.diagnostics": "Diagnosis of a network",
    "gradlib.plots": "Plots",
    "gradlib.widgets": "Widgets",
    "gradlib.bounds": "Proven bounds",
    "gradlib.scalar": "The scalar engine",
    "gradlib.expressions": "Typed formulas",
    "gradlib.amp": "Mixed precision",
    "gradlib.serialization": "Saving and loading",
    "gradlib.distributed": "Many processes",
    "gradlib.device": "Devices",
    "gradlib.graph": "Graphs and their pictures",
    "gradlib.walkthrough": "The chain rule, step by step",
    "gradlib.autograd": "The walk backward",
    "gradlib.primitives": "Entries of the table",
    "gradlib.formulas": "Formulas",
    "gradlib.checks": "Checks of exercises",
    "gradlib.checks.exercises": "Checks: exercises",
    "gradlib.checks.cases": "Checks: cases",
    "gradlib.conformance": "Conformance of an engine",
}
INHERITED = {"gradlib.Tensor"}  # its methods are written once, for tensors and intervals

INDEX = """# Reference

Made from the docstrings of the library. Where PyTorch has a name, a default or an order of arguments, gradlib has the
same. The operations one by one are in the [table of derivatives](../derivatives.md).

```{{toctree}}
:maxdepth: 1

{pages}
```
"""


def pages() -> dict[str, str]:
    """{file: text} of all pages of the reference."""
    seen: set[int] = set()
    made = {"index.md": INDEX.format(pages="\n".join(PAGES))}
    for name, title in PAGES.items():
        made[f"{name}.rst"] = page(name, title, seen)
    return made


def page(name: str, title: str, seen: set[int]) -> str:
    """The page of one module, in reStructuredText; what is `seen` is left out, and what is shown is added to it."""
    module = import_module(name)
    lines = [title, "=" * len(title), "", f"``{name}``", "", f".. automodule:: {name}", ""]
    file = ""
    for public, thing in contents(module):
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        if thing.__module__ not in (file, name):
            file = thing.__module__
            heading = file.removeprefix("gradlib.")
            lines += [heading, "-" * len(heading), "", as_rst(first_sentence(import_module(file))), ""]
        kind = "autoclass" if inspect.isclass(thing) else "autofunction"
        lines += [f".. {kind}:: {name}.{public}"]
        if inspect.isclass(thing):
            lines += ["   :members:"] + ["   :inherited-members: object"] * (f"{name}.{public}" in INHERITED)
        lines.append("")
    return "\n".join(lines)


def contents(module: ModuleType) -> Iterator[tuple[str, object]]:
    """(name, class or function) of what a module offers, file by file in the order of its imports, Tensor first."""
    package = module.__name__.removesuffix(".functional")
    listed = getattr(module, "__all__", None)
    offered = {
        name: thing
        for name, thing in vars(module).items()
        if (name in listed if listed else not name.startswith("_"))
        and (inspect.isclass(thing) or inspect.isfunction(thing))
        and thing.__module__.startswith(package)
        and thing.__doc__
        and (name == thing.__name__ or getattr(module, thing.__name__, None) is not thing)  # no second names
    }
    if not hasattr(module, "__path__") and package == module.__name__:  # a file offers what it defines
        offered = {name: thing for name, thing in offered.items() if thing.__module__ == package}
    files = list(dict.fromkeys(["gradlib.tensor", *(thing.__module__ for thing in offered.values())]))
    return iter(sorted(offered.items(), key=lambda item: files.index(item[1].__module__)))


def first_sentence(module: ModuleType) -> str:
    return inspect.getdoc(module).partition("\n\n")[0]


def as_rst(docstring: str) -> str:
    """A docstring of gradlib in reStructuredText.

    A block that is indented is a formula or code, and stays as it is. A line or a sentence `name : text` is about an
    argument.

    >>> print(as_rst("x * y of `a`.\\n\\nrng : draws x_0. eps, lr : 0 or\\n1.\\n\\n    a|b"))
    x \\* y of ``a``.
    <BLANKLINE>
    - ``rng``: draws x\\_0.
    <BLANKLINE>
    - ``eps, lr``: 0 or 1.
    <BLANKLINE>
    ::
    <BLANKLINE>
        a|b
    """
    blocks = []
    for block in re.split(r"\n\s*\n", docstring.strip("\n")):
        lines = block.split("\n")
        if lines[0].startswith(">>>"):
            blocks.append(block)
        elif all(line.startswith("    ") for line in lines):
            blocks.append("::\n\n" + block)
        else:
            blocks += _paragraphs(lines)
    return "\n\n".join(blocks)


NAMES = r"\*{0,2}[A-Za-z_]\w*(?:, \*{0,2}[A-Za-z_]\w*)*"
ARGUMENT = re.compile(rf"({NAMES}) : (.*)")
FURTHER = re.compile(rf"(?<=[.;]) (?={NAMES} : )")  # where a sentence about another argument begins in the same line


def _paragraphs(lines: list[str]) -> Iterator[str]:
    """The lines of a block as paragraphs, list entries and formulas between them."""
    found: list[tuple[str, list[str]]] = []
    for line in lines:
        if ARGUMENT.fullmatch(line):
            found.append(("- ", [line]))
        elif line.startswith("- "):
            found.append(("- ", [line[2:]]))
        elif line.startswith("    ") and not (found and found[-1][0] == "- "):
            if found and found[-1][0] == "::":
                found[-1][1].append(line)
            else:
                found.append(("::", [line]))
        elif found and found[-1][0] != "::" and (not found[-1][0] or line[0] == " " or found[-1][1][-1][-1] != "."):
            found[-1][1].append(line.strip())
        else:
            found.append(("", [line]))
    for kind, own in found:
        if kind == "::":
            yield "::\n\n" + "\n".join(own)
            continue
        for part in FURTHER.split(" ".join(own)):
            argument = ARGUMENT.fullmatch(part)
            yield f"- {_inline(f'`{argument[1]}`: {argument[2]}')}" if argument else kind + _inline(part)


MARKED = re.compile(r"(`[^`]+`|(?<![\w*])\*[A-Za-z](?:[^*`]*[\w.])?\*(?![\w*]))")  # `code` and *emphasis*


def _inline(text: str) -> str:
    """A paragraph in which no sign but `code` and *emphasis* means anything to Sphinx."""
    pieces = MARKED.split(text)
    for i, piece in enumerate(pieces):
        if i % 2 == 0:
            pieces[i] = re.sub(r"([\\*|_`])", r"\\\1", piece)
        else:
            marked = f"`{piece}`" if piece.startswith("`") else piece
            before = "\\ " if re.search(r"[^\s(\[]$", pieces[i - 1]) else ""  # Sphinx reads no mark inside a word
            after = "\\ " if re.match(r"\w", pieces[i + 1]) else ""
            pieces[i] = f"{before}{marked}{after}"
    return "".join(pieces)
