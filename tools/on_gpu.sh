#!/bin/sh
# The checks that need a GPU: every operation, layer, loss and optimizer on it, then training steps beside PyTorch.
# Needs Python with NumPy 2, CuPy, PyTorch and pytest, and no network. PYTHON=python3.12 tools/on_gpu.sh
set -eu
cd "$(dirname "$0")/.."
GRADLIB_DEVICE=cuda "${PYTHON:-python3}" -m pytest -q -p no:cacheprovider tests/test_device.py
PYTHONPATH=. "${PYTHON:-python3}" benchmarks/gpu.py
