"""What the engine costs beside PyTorch eager, where that is installed: `make bench`.

Both run in one process on one thread, turn by turn, so that a slow moment of the machine meets both. A line
shows medians, forward and backward together, and their ratio: below 1 gradlib is faster.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from statistics import median

os.environ["OMP_NUM_THREADS"] = "1"  # read when NumPy and PyTorch are imported

import numpy as np  # noqa: E402

from gradlib import Tensor, show_graph  # noqa: E402

try:
    import torch
except ImportError:
    torch = None
else:
    torch.set_num_threads(1)


def medians(functions: list[Callable[[], object]], rounds: int) -> list[float]:
    """Seconds a call of each, called in turn; the first round only warms up."""
    times: list[list[float]] = [[] for _ in functions]
    for _ in range(rounds + 1):
        for function, own in zip(functions, times, strict=True):
            start = time.perf_counter()
            function()
            own.append(time.perf_counter() - start)
    return [median(own[1:]) for own in times]


def import_of(module: str) -> Callable[[], object]:
    return lambda: subprocess.run([sys.executable, "-c", f"import {module}"], check=True)


def ours(array: np.ndarray) -> Tensor:
    return Tensor(array, requires_grad=True)


def theirs(array: np.ndarray):
    return torch.tensor(array, requires_grad=True)


def chain(make: Callable, length: int, shape: tuple[int, ...]) -> Callable[[], object]:
    """length / 2 times: multiply by a number, add another; then go backward."""
    start = np.full(shape, 0.5, dtype=np.float32)

    def run():
        x = y = make(start)
        for _ in range(length // 2):
            y = y * 0.999 + 0.001
        y.sum().backward()
        return x.grad

    return run


def training_step(make: Callable, sizes: tuple[int, ...], batch: int) -> Callable[[], object]:
    """A step of a net by hand: x W + b, relu between layers, squared error, gradient descent on `data`."""
    rng = np.random.default_rng(0)

    def draw(*shape: int) -> np.ndarray:
        return (rng.normal(size=shape) / shape[0] ** 0.5).astype(np.float32)

    layers = [(make(draw(n, m)), make(np.zeros(m, np.float32))) for n, m in pairwise(sizes)]
    constant = Tensor if make is ours else torch.tensor
    data, wanted = constant(draw(batch, sizes[0])), constant(draw(batch, sizes[-1]))

    def step():
        x = data
        for i, (weight, bias) in enumerate(layers):
            x = x @ weight + bias
            if i < len(layers) - 1:
                x = x.relu()
        ((x - wanted) ** 2).mean().backward()
        for parameter in (parameter for layer in layers for parameter in layer):
            parameter.data -= 0.01 * parameter.grad
            parameter.grad = None
        return layers[0][0].data

    return step


def compare(name: str, make_run: Callable[[Callable], Callable[[], object]], rounds: int) -> None:
    makers = [ours, theirs] if torch else [ours]
    seconds = medians([make_run(make) for make in makers], rounds)
    beside = f"{seconds[1] * 1e3:10.3f} ms {seconds[0] / seconds[1]:8.2f}" if torch else ""
    print(f"{name:<42} {seconds[0] * 1e3:10.3f} ms {beside}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15, help="how often each is run (15)")
    rounds = parser.parse_args().rounds

    beside = f"{'PyTorch':>13} {'ratio':>8}" if torch else "(PyTorch is not installed)"
    print(f"{'':<42} {'gradlib':>13} {beside}")
    for shape in [(), (32, 32)]:
        name = f"chain of 1,000 operations, shape {shape}"
        compare(name, lambda make, shape=shape: chain(make, 1_000, shape), rounds)
    for sizes, batch in [((2, 16, 16, 2), 32), ((64, 128, 10), 64), ((784, 128, 10), 64)]:
        name = f"step of a net {'-'.join(map(str, sizes))}, batch {batch}"
        compare(name, lambda make, sizes=sizes, batch=batch: training_step(make, sizes, batch), rounds)

    print()
    for length in [1_000, 10_000, 100_000]:
        (seconds,) = medians([chain(ours, length, ())], 3)
        print(f"{f'an operation in a chain of {length:,}':<42} {seconds / length * 1e6:10.2f} µs")
    result = Tensor(0.5, requires_grad=True)
    for _ in range(100):
        result = result * 0.999
    (seconds,) = medians([lambda: show_graph(result, names={}).to_svg()], 3)
    print(f"{'drawing a graph of 201 values':<42} {seconds * 1e3:10.0f} ms")
    numpy, gradlib = medians([import_of("numpy"), import_of("gradlib")], 5)
    print(f"{'import gradlib, beyond import numpy':<42} {(gradlib - numpy) * 1e3:10.0f} ms")


if __name__ == "__main__":
    main()
