"""Kernels that tests start are this environment's own, and nobody's progress in the course is touched."""

import os

import pytest

os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"
os.environ.pop("JUPYTER_PATH", None)


@pytest.fixture(scope="session", autouse=True)
def own_progress(tmp_path_factory):
    os.environ["GRADLIB_PROGRESS"] = str(tmp_path_factory.mktemp("progress") / "progress.json")
