"""Make the site of the course (`make site`): pages that any web host can serve, in build/site.

Sphinx makes the pages, with myst-nb and sphinx-book-theme; their versions are in pyproject.toml, extra `site`, and are
installed into the environment by the first call. This file only lays out what Sphinx reads:

- the lessons and the exercises as they are stored, each with a link that opens it in the browser's own JupyterLab,
  which `make lite` puts into build/site/lite;
- the glossary, the formula sheet and the contents of `make pages`;
- the reference and the table of derivatives (reference.py, derivatives.py);
- the pages in tools/website, in docs/ and in class/, and the README's section for instructors.

Formulas are MathML, and no page asks for anything from another host. build/site/lite stays as it is.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from importlib import metadata
from itertools import pairwise
from os.path import relpath
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell
from packaging.requirements import Requirement

import derivatives
import reference
from notebooks import ROOT, captioned, page_style, read

WEBSITE = ROOT / "tools" / "website"
SOURCE = ROOT / "build" / "site-source"
OUT = ROOT / "build" / "site"
FIRST = "notebooks/00_start_here.ipynb"
LITE = "lite"  # where `make lite` puts JupyterLite: a folder of the site that is not touched here
PLACES = {"notebooks": "lessons", "exercises": "exercises"}  # folder of the repository -> folder of the site
DOCUMENTS = {  # file of the repository -> page of the site
    "class/GUIDE.md": "teach/guide",
    "docs/grading.md": "teach/grading",
    "docs/nbgrader.md": "teach/nbgrader",
    "docs/many_machines.md": "teach/many_machines",
    "docs/elsewhere.md": "elsewhere",
    "CHANGELOG.md": "changelog",
}


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def install() -> None:
    """Install what the extra `site` names, unless it is there."""
    wanted = project()["optional-dependencies"]["site"]
    if not all(map(is_installed, map(Requirement, wanted))):
        print("Installing Sphinx and its theme.", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", *wanted], check=True)


def is_installed(wanted: Requirement) -> bool:
    try:
        return metadata.version(wanted.name) in wanted.specifier
    except metadata.PackageNotFoundError:
        return False


def lay_out(source: Path) -> None:
    """Write all that Sphinx reads into a folder, which is made again."""
    shutil.rmtree(source, ignore_errors=True)
    shutil.copytree(WEBSITE, source)
    (source / "static" / "gradlib.css").write_text(re.sub("</?style>", "", page_style()), encoding="utf-8")
    shutil.copy(ROOT / "docs" / "walkthrough.svg", source / "static")
    for folder, place in PLACES.items():
        (source / place).mkdir(exist_ok=True)
        for path in sorted((ROOT / folder).glob("*.ipynb")):
            nbformat.write(for_the_site(read(path), f"{folder}/{path.name}"), source / place / path.name)
    for name, text in reference.pages().items():
        write(source / "reference" / name, text)
    write(source / "derivatives.md", derivatives.page())
    for name, page in DOCUMENTS.items():
        write(source / f"{page}.md", relinked((ROOT / name).read_text(encoding="utf-8"), name, page))
    write(source / "teach" / "index.md", to_teach())
    addresses = published(project().get("urls", {}))
    with (source / "elsewhere.md").open("a", encoding="utf-8") as page:
        page.write("\n" + " · ".join(addresses) + "\n" if addresses else "")


def to_teach() -> str:
    """The README's section for instructors, and the pages for them."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    section = readme.partition("\n## To teach\n")[2].partition("\n## ")[0]
    pages = "\n".join(Path(page).name for page in DOCUMENTS.values() if page.startswith("teach/"))
    return f"# To teach\n{relinked(section, 'README.md', 'teach/index')}\n```{{toctree}}\n:hidden:\n\n{pages}\n```\n"


def published(urls: dict[str, str]) -> list[str]:
    """Links that open the course elsewhere, from the addresses in pyproject.toml; none before somebody publishes it.

    >>> published({"Site": "https://example.org/course/"})
    ['[Run in the browser](https://example.org/course/lite/lab/index.html?path=notebooks/00_start_here.ipynb)']
    """
    links = []
    if site := urls.get("Site", "").rstrip("/"):
        links.append(f"[Run in the browser]({site}/{LITE}/lab/index.html?path={FIRST})")
    if repository := re.fullmatch(r"https://github\.com/([^/]+/[^/]+?)(\.git)?/?", urls.get("Repository", "")):
        links.append(f"[Binder](https://mybinder.org/v2/gh/{repository[1]}/HEAD?urlpath=lab/tree/{FIRST})")
        links.append(f"[Colab](https://colab.research.google.com/github/{repository[1]}/blob/HEAD/{FIRST})")
    return links


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def for_the_site(notebook: NotebookNode, path: str) -> NotebookNode:
    """A notebook as a page: a button, links among the site's pages, words for each plot; no cell about the reader."""
    page = re.sub(r"\.ipynb$", "", path).replace("notebooks", "lessons")
    if path == "notebooks/contents.ipynb":
        notebook.cells = without_the_learner(notebook.cells)
    elif re.match(r"\d", Path(path).name):
        title, _, text = notebook.cells[0].source.partition("\n")
        notebook.cells[0].source = f"{title}\n\n{button(path)}\n{text}"
    for cell, caption in captioned(notebook.cells):
        if cell.cell_type == "markdown":
            cell.source = relinked(cell.source, path, page)
            continue
        cell.metadata["mystnb"] = {"image": {"alt": caption or "a plot", "classes": "dark-light"}}
        for output in cell.outputs:
            if "text/html" in output.get("data", {}):
                still = output.data["text/html"].replace('class="gradlib-still"', 'class="gradlib-still dark-light"')
                output.data["text/html"] = still
    return notebook


def without_the_learner(cells: list[NotebookNode]) -> list[NotebookNode]:
    """The cells of the contents without those that show the reader's own progress, and their headings."""
    kept = [cell for cell, below in pairwise([*cells, new_markdown_cell()]) if below.cell_type != "code"]
    return [cell for cell in kept if cell.cell_type == "markdown"]


def button(path: str) -> str:
    """The link that opens a notebook in the browser, two folders down in the site."""
    return f'<a class="run-in-the-browser" href="../{LITE}/lab/index.html?path={path}">Run in the browser</a>'


LINK = re.compile(r"(?<!!)\[((?:[^\]\[]|\[[^\]]*\])+)\]\(([^)\s]+)\)")


def relinked(text: str, path: str, page: str) -> str:
    """Markdown of a file of the repository, as a page of the site: its links lead to pages, or are no links.

    >>> relinked("[02](../notebooks/02_chain_rule.ipynb), [x](../pyproject.toml)", "docs/a.md", "teach/a")
    '[02](../lessons/02_chain_rule.ipynb), x'
    """

    def link(match: re.Match) -> str:
        words, target = match.groups()
        if "://" in target or target.startswith("#"):
            return match[0]
        address, _, anchor = target.partition("#")
        place = (ROOT / path).parent.joinpath(address).resolve()
        if not place.is_relative_to(ROOT) or not (found := page_of(place.relative_to(ROOT).as_posix())):
            return words
        return f"[{words}]({relpath(found, Path(page).parent)}{anchor and '#' + anchor})"

    parts = re.split(r"(```.*?```|`[^`\n]*`)", text, flags=re.DOTALL)
    return "".join(part if i % 2 else LINK.sub(link, part) for i, part in enumerate(parts))


def page_of(path: str) -> str | None:
    """The file of the site's sources that shows a file of the repository, or None."""
    folder, _, name = path.partition("/")
    if path in DOCUMENTS:
        return f"{DOCUMENTS[path]}.md"
    if folder in PLACES and name.endswith(".ipynb") and (ROOT / path).exists():
        return f"{PLACES[folder]}/{name}"
    module = path.removesuffix("/__init__.py").removesuffix(".py").replace("/", ".")
    return f"reference/{module}.rst" if module in reference.PAGES else None


def clear(out: Path) -> None:
    """Remove the pages of an earlier call, and leave JupyterLite."""
    for path in out.iterdir() if out.exists() else ():
        if path.name != LITE:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def main() -> int:
    install()
    lay_out(SOURCE)
    clear(OUT)
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-q", "-E", "-j", "auto", "-W", "--keep-going"]
    command += ["-d", ROOT / "build" / "site-doctrees", SOURCE, OUT]
    if code := subprocess.run(command).returncode:
        return code
    print(f"{OUT.relative_to(ROOT)}/index.html is made. ", end="")
    if not (OUT / LITE).exists():
        print("`Run in the browser` needs `make lite`, too.", end="")
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
