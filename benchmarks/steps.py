"""Training steps (forward, loss, backward, Adam), and a chain of operations: gradlib, PyTorch, and NumPy by hand.

Each is timed twice: alone, in a fresh process, as a user runs it; and all sides by turns in one process. The two
differ, because a large array that was allocated and freed earlier changes how the C library hands out memory.
"""

import argparse
import json
import os
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
from timing import least, options, print_line, shown

SIDES = ["gradlib", "torch", "hand"]


def training_steps(name: str, sides: list[str]) -> dict:
    """The step of each side, where there is one. They agree before they are timed."""
    from by_hand import HandMLP
    from networks import NETWORKS, our_step, torch_step

    build, data = NETWORKS[name]
    if sides == ["torch"]:
        return {
            "torch": torch_step(build, data)[0]
        }  # without gradlib, because its import tunes the memory of a process
    ours, model = our_step(build, data)
    steps = {}
    if "gradlib" in sides:
        steps["gradlib"] = ours
    if "torch" in sides:
        steps["torch"] = torch_step(build, data, model)[0]
    if "hand" in sides and name.startswith("mlp"):
        net, ((x,), labels) = HandMLP([p.data.copy() for p in model.parameters()]), data
        steps["hand"] = lambda: net.step(x, labels)
    losses = [[step() for _ in range(5)] for step in steps.values()]
    for others in losses[1:]:
        np.testing.assert_allclose(others, losses[0], rtol=1e-3, err_msg=name)
    return steps


def chains(shape: tuple[int, ...], sides: list[str]) -> dict:
    """500 times multiplied by a number and another added, then backward."""
    start = np.full(shape, 0.5, dtype=np.float32)

    def chain(x):
        def run():
            y = x
            x.grad = None
            for _ in range(500):
                y = y * 0.999 + 0.001
            y.sum().backward()
            return x.grad

        return run

    steps = {}
    if "gradlib" in sides:
        from gradlib import Tensor

        steps["gradlib"] = chain(Tensor(start, requires_grad=True))
    if "torch" in sides:
        import torch

        steps["torch"] = chain(torch.tensor(start, requires_grad=True))
    gradients = [np.asarray(run()) for run in steps.values()]
    for other in gradients[1:]:
        np.testing.assert_allclose(other, gradients[0], rtol=1e-4)
    return steps


def cases() -> dict:
    from networks import NETWORKS

    return {
        "chain of 1,000 operations, 0-d": lambda sides: chains((), sides),
        "chain of 1,000 operations, 32x32": lambda sides: chains((32, 32), sides),
        **{name: lambda sides, name=name: training_steps(name, sides) for name in NETWORKS},
    }


def measure(name: str, sides: list[str], rounds: int) -> dict[str, float]:
    """Seconds a step of each side, in a fresh process."""
    command = [sys.executable, __file__, "--measure", name, "--sides", *sides, "--rounds", str(rounds)]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def measured(arguments: list[str]) -> None:
    """Run in the process that `measure` starts, and print the seconds of each side."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--measure")
    parser.add_argument("--sides", nargs="+")
    parser.add_argument("--rounds", type=int)
    chosen = parser.parse_args(arguments)
    if "torch" in chosen.sides:
        import torch

        torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    steps = cases()[chosen.measure](chosen.sides)
    print(json.dumps(dict(zip(steps, least(list(steps.values()), chosen.rounds), strict=True))))


def ratio(seconds: dict[str, float], other: str) -> str:
    return f"{seconds['gradlib'] / seconds[other]:.2f}" if other in seconds else ""


def main() -> None:
    chosen = options(__doc__)
    names = [name for name in cases() if chosen.only in name]
    if not names:
        return
    has_torch = find_spec("torch") is not None
    sides = [side for side in SIDES if side != "torch" or has_torch]
    threads = {"1": "one thread", "2": "two threads"}[os.environ["OMP_NUM_THREADS"]]
    print(f"\nA training step, {threads}: alone in a process, then all in one process")
    if not has_torch:
        print(
            "PyTorch is not here, so its columns stay empty. It comes by: .venv/bin/python -m pip install '.[parity]'"
        )
    print_line("", "gradlib", "/ PyTorch", "/ by hand", "in one", "/ PyTorch", "/ by hand")
    for name in names:
        alone: dict[str, float] = {}
        for _ in range(2):  # in turn, so that a slow moment of the machine affects all of them
            for side in sides:
                if side == "hand" and not name.startswith("mlp"):
                    continue
                for key, seconds in measure(name, [side], chosen.rounds).items():
                    alone[key] = min(alone.get(key, seconds), seconds)
        together = measure(name, sides, chosen.rounds)
        cells = [text for s in (alone, together) for text in (shown(s["gradlib"]), ratio(s, "torch"), ratio(s, "hand"))]
        print_line(name, *cells)


if __name__ == "__main__":
    if "--measure" in sys.argv:
        measured(sys.argv[1:])
    else:
        main()
