"""What comes by npm: a package comes whole or not at all, and what goes wrong is said."""

import os
import shutil

import pytest

import make_slides
from programs import npm_package, run

# Stands for npm, which needs a registry: `npm pack` makes a package of the files that are named in its first line.
NPM = """#!/bin/sh
mkdir package && (cd package && mkdir {files}) && tar -czf a-package-1.0.0.tgz package && rm -r package
"""


@pytest.fixture
def npm(tmp_path, monkeypatch):
    """A function that lays a program called npm on the path, whose packages hold these folders."""

    def lay(files):
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin" / "npm").write_text(NPM.format(files=files))
        (tmp_path / "bin" / "npm").chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")

    return lay


@pytest.mark.skipif(os.name == "nt", reason="a script stands for npm")
def test_reveal_comes_next_to_the_slides_once(npm, tmp_path):
    npm("dist plugin LICENSE other")
    make_slides.fetch_reveal(tmp_path / "slides")
    assert [path.name for path in (tmp_path / "slides").iterdir()] == ["reveal.js"]
    assert {path.name for path in (tmp_path / "slides" / "reveal.js").iterdir()} == {"dist", "plugin", "LICENSE"}
    shutil.rmtree(tmp_path / "bin")
    make_slides.fetch_reveal(tmp_path / "slides")


@pytest.mark.skipif(os.name == "nt", reason="a script stands for npm")
def test_half_a_package_is_not_kept(npm, tmp_path):
    npm("dist plugin")
    with pytest.raises(FileNotFoundError, match="LICENSE"):
        make_slides.fetch_reveal(tmp_path / "slides")
    assert list((tmp_path / "slides").iterdir()) == []


@pytest.mark.skipif(not shutil.which("npm"), reason="there is no npm here")
def test_npm_says_why_it_failed(tmp_path, monkeypatch):
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9")
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
    with pytest.raises(SystemExit, match=r"ECONNREFUSED(.|\n)*This failed: npm pack"):
        npm_package("reveal.js@4.6.1", tmp_path)


def test_a_program_that_is_not_there_is_named():
    with pytest.raises(SystemExit, match="This needs no-such-program, which is not installed"):
        run("no-such-program")
