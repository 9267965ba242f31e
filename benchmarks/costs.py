"""Costs that have no counterpart: an operation in a long graph, a picture, the import."""

import gc
import subprocess
import sys
from collections.abc import Callable

from timing import least, options, print_line, shown

from gradlib import Tensor, show_graph


def chain(length: int) -> Callable[[], object]:
    def run():
        y = x = Tensor(0.5, requires_grad=True)
        for _ in range(length // 2):
            y = y * 0.999 + 0.001
        y.backward()
        return x.grad

    return run


def an_operation(length: int, collector: bool = True) -> float:
    """Seconds for each operation. As a graph grows, Python's collector visits all objects again and again."""
    if not collector:
        gc.disable()
    try:
        return least([chain(length)], 3)[0] / length
    finally:
        gc.enable()


def picture() -> float:
    result = Tensor(0.5, requires_grad=True)
    for _ in range(100):
        result = result * 0.999
    return least([lambda: show_graph(result, names={}).to_svg()], 3)[0]


def import_beyond_numpy() -> float:
    commands = [[sys.executable, "-c", f"import {module}"] for module in ("numpy", "gradlib")]
    numpy, gradlib = least([lambda c=command: subprocess.run(c, check=True) for command in commands], 15)
    return gradlib - numpy


COSTS = {
    **{f"length: an operation in a chain of {n:,}": lambda n=n: an_operation(n) for n in (10**3, 10**4, 10**5, 10**6)},
    "length: the same for 1,000,000, without Python's collector": lambda: an_operation(10**6, collector=False),
    "draw: a graph of 201 values": picture,
    "import: gradlib, beyond numpy": import_beyond_numpy,
}


def main() -> None:
    chosen = [name for name in COSTS if options(__doc__).only in name]
    if chosen:
        print("\nOther costs")
    for name in chosen:
        print_line(name, shown(COSTS[name]()))


if __name__ == "__main__":
    main()
