"""What the engine costs: `make bench`. Medians, so that one slow run does not count."""

import os
import subprocess
import sys
import time
from statistics import median

os.environ["OMP_NUM_THREADS"] = "1"  # read when NumPy is imported

import numpy as np  # noqa: E402

from gradlib import Tensor, show_graph  # noqa: E402


def seconds(function, repeats: int = 7) -> float:
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return median(times)


def import_seconds(module: str) -> float:
    return seconds(lambda: subprocess.run([sys.executable, "-c", f"import {module}"], check=True))


def chain(length: int, shape: tuple[int, ...] = ()) -> Tensor:
    """length / 2 times: multiply by a constant, add another."""
    x = Tensor(np.full(shape, 0.5), requires_grad=True)
    for _ in range(length // 2):
        x = x * 0.999 + 0.001
    return x.sum() if shape else x


def main() -> None:
    for module in ["numpy", "gradlib"]:
        print(f"{'import ' + module:<40} {import_seconds(module) * 1e3:8.0f} ms")
    for length, shape in [(1_000, ()), (100_000, ()), (1_000, (32, 32))]:
        forward = seconds(lambda n=length, s=shape: chain(n, s), 3) / length
        both = seconds(lambda n=length, s=shape: chain(n, s).backward(), 3) / length
        name = f"an operation of {length:,}, shape {shape}"
        print(f"{name:<40} {forward * 1e6:8.2f} µs forward, {(both - forward) * 1e6:.2f} µs backward")
    result = chain(100)
    drawing = seconds(lambda: show_graph(result, names={}).to_svg(), 3)
    print(f"{'drawing a graph of 201 nodes':<40} {drawing * 1e3:8.0f} ms")


if __name__ == "__main__":
    main()
