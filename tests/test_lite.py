"""What goes into the course for the browser: the right files of Pyodide, and the learner's copy. tests/site runs it."""

import hashlib
import importlib.util
import json
import marshal
import re
import shutil
import subprocess
import sys
import zipfile

import pytest

import lite
import pyodide_folder


def test_a_folder_that_is_not_pyodides_release_is_refused(tmp_path):
    (tmp_path / "pyodide.js").write_text("not the released one")
    with pytest.raises(SystemExit, match=r"Missing or changed: .*pyodide\.js(.|\n)*pyodide_folder\.py"):
        pyodide_folder.check(tmp_path)


def test_a_folder_of_other_files_is_not_replaced(tmp_path):
    (tmp_path / "thesis.txt").write_text("the only copy")
    for out in (tmp_path, tmp_path / "thesis.txt"):
        with pytest.raises(SystemExit, match="holds something else than the course for the browser"):
            lite.build(out)
    assert (tmp_path / "thesis.txt").read_text() == "the only copy"


def test_a_changed_file_is_not_taken(tmp_path):
    file, folder = tmp_path / "numpy.whl", tmp_path / "pyodide"
    folder.mkdir()
    file.write_bytes(b"as it was released")
    digest = hashlib.sha256(b"as it was released").hexdigest()
    pyodide_folder.take(file, folder, digest)
    assert (folder / "numpy.whl").read_bytes() == b"as it was released"
    (folder / "numpy.whl").unlink()

    file.write_bytes(b"changed")
    with pytest.raises(SystemExit, match=f"its sha256 must be {digest}, got "):
        pyodide_folder.take(file, folder, digest)
    assert list(folder.iterdir()) == []


def test_a_file_that_cannot_be_fetched_is_said_in_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(pyodide_folder, "CORE", {})
    monkeypatch.setattr(pyodide_folder, "PACKAGES", ("numpy",))
    monkeypatch.setattr(pyodide_folder, "RELEASE", "http://127.0.0.1:9")
    numpy = {"file_name": "numpy.whl", "sha256": "0", "depends": []}
    (tmp_path / "pyodide-lock.json").write_text(json.dumps({"packages": {"numpy": numpy}}))
    assert re.search("refused.*Is there a network", pyodide_folder.main([str(tmp_path)]))


def test_what_a_package_needs_comes_with_it_unless_no_lesson_uses_it(tmp_path, monkeypatch):
    needs = {
        "matplotlib": ["prompt_toolkit", "fonttools"],
        "prompt-toolkit": ["six"],
        "six": [],
        "fonttools": [],
        "x": [],
    }
    lock = {"packages": {name: {"depends": depends} for name, depends in needs.items()}}
    (tmp_path / "pyodide-lock.json").write_text(json.dumps(lock))
    monkeypatch.setattr(pyodide_folder, "PACKAGES", ("matplotlib",))
    found = pyodide_folder.locked(tmp_path)
    assert set(found) == {"matplotlib", "prompt-toolkit", "six"}
    assert found["matplotlib"]["depends"] == ["prompt_toolkit"]


@pytest.mark.parametrize("solutions", [False, True])
def test_the_course_has_no_outputs_a_kernel_of_the_browser_and_answers_only_when_asked(solutions, tmp_path):
    lite.write_course(tmp_path, solutions)
    folders = {"notebooks", "exercises"} | ({"solutions"} if solutions else set())
    assert {path.name for path in tmp_path.iterdir()} == folders
    paths = list(tmp_path.glob("*/*.ipynb"))
    assert len(paths) > 30
    for path in paths:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        assert notebook["metadata"]["kernelspec"]["name"] == "python"
        assert not any(cell.get("outputs") for cell in notebook["cells"])


def test_jupyterlite_is_changed_at_one_place_or_not_at_all(tmp_path):
    (tmp_path / "a.js").write_text("stop(1); go()")
    lite.replace_once(tmp_path, "stop(1)", "go_on(1)")
    assert (tmp_path / "a.js").read_text() == "go_on(1); go()"
    (tmp_path / "b.js").write_text("go()")
    for words in ("stop(1)", "go()"):
        with pytest.raises(SystemExit, match="must stand once"):
            lite.replace_once(tmp_path, words, "")


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("gradlib/project/notebooks/00_start_here.ipynb", False),
        ("gradlib/graph.py", True),
        ("matplotlib/mpl-data/fonts/afm/cmr10.afm", False),
        ("matplotlib/mpl-data/fonts/ttf/DejaVuSansMono-Bold.ttf", False),
        ("matplotlib/mpl-data/fonts/ttf/DejaVuSansMono.ttf", True),
        ("numpy/__init__.pyi", False),
        ("jedi/third_party/typeshed/stdlib/3/abc.pyi", True),
        ("pygments/lexers/lisp.py", False),
        ("pygments/lexers/python.py", True),
    ],
)
def test_packages_go_without_what_no_lesson_needs(name, wanted, tmp_path):
    whole, target = tmp_path / "whole.whl", tmp_path / "target.whl"
    with zipfile.ZipFile(whole, "w") as opened:
        opened.writestr(name, "text")
    lite.copy(whole, target)
    with zipfile.ZipFile(target) as opened:
        assert opened.namelist() == ([name] if wanted else [])


@pytest.mark.parametrize("sources", [False, True])
def test_bytecode_stands_where_python_looks_for_it(sources, tmp_path):
    whole, target = tmp_path / "whole.whl", tmp_path / "target.whl"
    with zipfile.ZipFile(whole, "w") as opened:
        opened.writestr("made_for_this/__init__.py", "raise ImportError('compiled anew')")
        opened.writestr("made_for_this/other.py", "")
    # As bytecode.py writes it, of this Python; the name in __pycache__ is that of Pyodide's.
    code = marshal.dumps(compile("answer = 42", "__init__.py", "exec"))
    header = importlib.util.MAGIC_NUMBER + (1).to_bytes(4, "little") + bytes(8)
    lite.copy(whole, target, {"made_for_this/__init__.py": header + code}, sources)
    shutil.unpack_archive(target, tmp_path / "library", "zip")
    for path in (tmp_path / "library").rglob("*.cpython-312.pyc"):
        path.rename(importlib.util.cache_from_source(tmp_path / "library" / "made_for_this" / "__init__.py"))
    command = [sys.executable, "-c", "import made_for_this, made_for_this.other; print(made_for_this.answer)"]
    assert subprocess.run(command, cwd=tmp_path / "library", capture_output=True, text=True).stdout == "42\n"
    assert (tmp_path / "library" / "made_for_this" / "__init__.py").exists() == sources
