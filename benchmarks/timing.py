"""Measuring: several functions turn by turn, so that a slow moment of the machine meets all of them."""

import argparse
import time
from collections.abc import Callable

SECONDS = 1.0  # short steps are repeated for this long


def options(description: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument(
        "--only", default="", metavar="NAME", help="measure only lines that contain NAME, such as mlp or import"
    )
    parser.add_argument("--rounds", type=int, default=15, help="the least number of runs of each (15)")
    return parser.parse_args()


def least(functions: list[Callable[[], object]], rounds: int, seconds: float = SECONDS) -> list[float]:
    """The least seconds a call of each took, called in turn: `rounds` times, and on until `seconds` have passed.

    Whatever else the machine does only adds time, so the least is what the call itself costs. One round before them
    only warms up.
    """
    times: list[list[float]] = [[] for _ in functions]
    end = 0.0
    while len(times[0]) <= rounds or time.perf_counter() < end:
        for function, own in zip(functions, times, strict=True):
            start = time.perf_counter()
            function()
            own.append(time.perf_counter() - start)
        end = end or time.perf_counter() + seconds
    return [min(own[1:]) for own in times]


def shown(seconds: float) -> str:
    """A time in the unit that fits it.

    >>> shown(0.25), shown(3e-6)
    ('250 ms', '3.00 µs')
    """
    unit, size = next(((u, s) for u, s in (("s", 1), ("ms", 1e-3)) if seconds >= s), ("µs", 1e-6))
    return f"{seconds / size:#.3g}".rstrip(".") + f" {unit}"


def print_line(name: str, *cells: str) -> None:
    print(f"{name:<46}" + "".join(f"{cell:>11}" for cell in cells), flush=True)
