"""Kernels that tests start are this environment's own, whatever the machine has elsewhere."""

import os

os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"
os.environ.pop("JUPYTER_PATH", None)
