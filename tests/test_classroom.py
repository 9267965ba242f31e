"""The learners' repository: whole by itself, without answers, and later calls leave alone what the instructor did."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import classroom
from gradlib.course import deliver_files
from notebooks import ROOT, read

SOLUTION = re.compile(r"### BEGIN SOLUTION\n(.*?)\s*### END SOLUTION", re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("class") / "our-class"
    assert classroom.main([str(out)]) == 0
    return out


def plain(code):
    """Code without indentation and empty lines, since a notebook may indent it otherwise."""
    return "\n".join(filter(None, (line.strip() for line in code.splitlines())))


def test_there_are_lessons_and_exercises_but_no_solutions_and_no_tests(folder):
    names = {path.name for path in folder.iterdir()} - {".git"}
    assert names == {*classroom.TOPS, ".delivered.json"}
    for kind in ("notebooks", "exercises"):
        ours = {path.name for path in (ROOT / kind).glob("*.ipynb")}
        assert {path.name for path in (folder / kind).glob("*.ipynb")} == ours
    assert not [path for path in folder.rglob("*") if "solution" in path.name or path.name.startswith("test_")]


def test_no_exercise_holds_its_answer(folder):
    answers = 0
    for path in sorted((ROOT / "solutions").glob("*.ipynb")):
        given = plain("\n".join(cell.source for cell in read(folder / "exercises" / path.name).cells))
        for cell in read(path).cells:
            for answer in SOLUTION.findall(cell.source):
                answers += 1
                assert plain(answer) not in given, f"{path.name}: {answer}"
    assert answers > 100


def test_no_cell_has_an_output(folder):
    for path in folder.glob("*/*.ipynb"):
        assert not any(cell.get("outputs") or cell.get("execution_count") for cell in read(path).cells)


def test_its_links_are_whole(folder):
    pages = {folder / "README.md": (folder / "README.md").read_text(encoding="utf-8")}
    for path in folder.glob("*/*.ipynb"):
        pages[path] = "\n".join(cell.source for cell in read(path).cells if cell.cell_type == "markdown")
    broken, found = [], 0
    for path, text in pages.items():
        text = re.sub(r"```.*?```|`[^`\n]*`|\$[^$]+\$", "", text, flags=re.DOTALL)
        for target in re.findall(r"(?:\]\(|src=\")([^)\"#]+)", text):
            found += 1
            if "://" not in target and not (path.parent / target).exists():
                broken.append((path.name, target))
    assert found > 200 and not broken


def test_it_works_by_itself(folder):
    """The library, its checks and what JupyterLab's settings import are those of the folder."""
    code = """if True:
        import gradlib.cli, offline
        from gradlib.checks import all_exercises
        root = gradlib.cli.ROOT
        print(root, offline.__file__, gradlib.cli.find_lesson(root, "7"), len(all_exercises()))
    """
    paths = os.pathsep.join([str(folder), str(folder / "tools")])
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        cwd=folder.parent,
        env=os.environ | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    root, offline, page, exercises = done.stdout.split()
    assert (Path(root), Path(offline)) == (folder, folder / "tools" / "offline.py")
    assert page == "notebooks/07_trust_but_verify.ipynb" and int(exercises) > 100


@pytest.mark.skipif(not shutil.which("make"), reason="there is no make here")
def test_its_makefile_lists_its_targets(folder):
    done = subprocess.run(["make", "help"], cwd=folder, capture_output=True, text=True)
    assert re.findall(r"^make (\w+)", done.stdout, re.MULTILINE) == ["help", "lab", "clean"]
    assert "-m gradlib lab" in subprocess.run(["make", "-n", "lab"], cwd=folder, capture_output=True, text=True).stdout


def test_its_readme_names_no_target_that_its_makefile_lacks(folder):
    named = set(re.findall(r"`make (\w+)", (folder / "README.md").read_text(encoding="utf-8")))
    targets = set(re.findall(r"^(\w+):.*## ", (folder / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert "lab" in named and not named - targets


def test_a_later_call_updates_and_leaves_alone_what_the_instructor_did(tmp_path, capsys):
    out = tmp_path / "our-class"
    assert classroom.main([str(out)]) == 0
    (out / "README.md").write_text("# Our class\n")
    (out / "exercises" / "20_capstone.ipynb").unlink()
    (out / "gradlib" / "ours.py").write_text("x = 1\n")
    (out / "syllabus.md").write_text("Monday\n")
    capsys.readouterr()
    assert classroom.main([str(out)]) == 0
    said = capsys.readouterr().out
    assert "You deleted exercises/20_capstone.ipynb" in said and "Look at it" not in said

    files, _ = classroom.collect()
    files["README.md"] += b"More.\n"
    files["gradlib/scalar.py"] += b"# newer\n"
    del files["notebooks/glossary.ipynb"]
    done = deliver_files(files, out, tops=classroom.TOPS)
    assert (done.replaced, done.withdrawn) == (["gradlib/scalar.py"], ["notebooks/glossary.ipynb"])
    assert done.kept == [("README.md", "README.new.md")] and done.deleted == ["exercises/20_capstone.ipynb"]
    assert (out / "README.md").read_text() == "# Our class\n"
    assert (out / "gradlib" / "ours.py").exists() and (out / "syllabus.md").read_text() == "Monday\n"
    assert (out / "gradlib" / "scalar.py").read_bytes().endswith(b"# newer\n")


def test_it_can_be_asked_to_bring_something_back(folder, monkeypatch, capsys):
    page = folder / "exercises" / "19_cost_and_scale.ipynb"
    page.unlink()
    monkeypatch.setenv("RESTORE", "exercises/19_cost_and_scale.ipynb")
    assert classroom.main([str(folder)]) == 0 and page.exists()
    monkeypatch.setenv("RESTORE", "exercises/99.ipynb")
    assert classroom.main([str(folder)]).startswith("RESTORE must name a file of the course")


@pytest.mark.skipif(not shutil.which("git"), reason="there is no git here")
def test_a_git_that_fails_is_quoted(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_DIR", os.devnull)
    assert "git could not make a repository of it: fatal:" in classroom.main([str(tmp_path / "our-class")])
    assert (tmp_path / "our-class" / "README.md").exists()


@pytest.mark.parametrize("arguments", [[], [""], ["course"], ["."], ["solutions/mine"]])
def test_a_folder_of_this_repository_is_refused(arguments, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert "make class OUT=../our-class" in classroom.main(arguments)


@pytest.mark.skipif(not shutil.which("make"), reason="there is no make here")
def test_the_folder_may_have_a_space_in_its_name():
    line = ["make", "-n", "class", "OUT=../our class"]
    assert 'tools/classroom.py "../our class"' in subprocess.run(line, cwd=ROOT, capture_output=True, text=True).stdout


def test_a_link_to_the_hub_stands_only_where_both_addresses_are_filled_in(folder):
    urls = {"Hub": "https://hub.example.org/", "Class": "https://git.example.org/us/our-class.git"}
    assert classroom.hub_link(urls) == (
        "https://hub.example.org/hub/user-redirect/git-pull?repo=https%3A%2F%2Fgit.example.org%2Fus%2Four-class.git"
        "&branch=main&urlpath=lab%2Ftree%2Four-class%2Fnotebooks%2F00_start_here.ipynb"
    )
    assert classroom.hub_link({"Hub": urls["Hub"]}) == classroom.hub_link({"Class": urls["Class"]}) == ""


def test_the_readme_shows_the_link_where_it_is_filled_in(tmp_path):
    for name in ("notebooks", "exercises", "gradlib", "tools", "class"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("README.md", *classroom.COPIED):
        shutil.copy(ROOT / name, tmp_path)
    shown = "/hub/user-redirect/git-pull?"
    assert shown not in classroom.collect(tmp_path)[0]["README.md"].decode()
    with open(tmp_path / "pyproject.toml", "a", encoding="utf-8") as file:
        file.write('[project.urls]\nHub = "https://hub.example.org"\nClass = "https://git.example.org/our-class"\n')
    assert shown in classroom.collect(tmp_path)[0]["README.md"].decode()
