"""Measure the library against PyTorch eager and NumPy by hand (`make bench`).

Each line shows the ratio of the least times of two libraries; below 1 gradlib is faster. Training steps are timed alone
in a fresh process, and all in one; with one thread, two threads, two processes.
"""

import os
import subprocess
import sys
from pathlib import Path

from timing import options

HERE = Path(__file__).parent
PARTS = [("steps.py", 1), ("steps.py", 2), ("memory.py", 1), ("costs.py", 1), ("processes.py", 1)]  # script, threads


def main() -> None:
    options(__doc__)  # handles --help and mistakes; the parts read the same arguments
    for script, threads in PARTS:
        # NumPy and PyTorch read these when they are imported.
        environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "PYTHONPATH": str(HERE.parent)}
        subprocess.run([sys.executable, str(HERE / script), *sys.argv[1:]], env=environment, check=True)


if __name__ == "__main__":
    main()
