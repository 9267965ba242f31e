"""No test of this folder reads or writes the progress of whoever runs it, or inherits their strict mode."""

import pytest


@pytest.fixture(autouse=True)
def progress_path(tmp_path, monkeypatch):
    path = tmp_path / "folder" / "progress.json"
    monkeypatch.setenv("GRADLIB_PROGRESS", str(path))
    monkeypatch.delenv("GRADLIB_CHECKS", raising=False)
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    return path
