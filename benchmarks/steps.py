"""Training steps (forward, loss, backward, Adam), and a chain of operations, beside PyTorch and NumPy by hand."""

import os

import numpy as np
from by_hand import HandMLP
from networks import NETWORKS, our_step, torch_step
from timing import medians, options, print_line, shown

from gradlib import Tensor

try:
    import torch
except ImportError:
    torch = None
else:
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))


def training_steps(name: str) -> list:
    """The step in gradlib, PyTorch, and by hand; None where there is none. They agree before they are timed."""
    build, data = NETWORKS[name]
    ours, model = our_step(build, data)
    by_hand = None
    if name.startswith("mlp"):
        net, ((x,), labels) = HandMLP([p.data.copy() for p in model.parameters()]), data
        by_hand = lambda: net.step(x, labels)  # noqa: E731
    steps = [ours, torch and torch_step(build, data, model)[0], by_hand]
    losses = [[step() for _ in range(5)] for step in steps if step]
    for others in losses[1:]:
        np.testing.assert_allclose(others, losses[0], rtol=1e-3, err_msg=name)
    return steps


def chains(shape: tuple[int, ...]) -> list:
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

    steps = [chain(Tensor(start, requires_grad=True)), torch and chain(torch.tensor(start, requires_grad=True))]
    if torch:
        np.testing.assert_allclose(steps[0](), steps[1]().numpy(), rtol=1e-4)
    return [*steps, None]


CASES = {
    "chain of 1,000 operations, 0-d": lambda: chains(()),
    "chain of 1,000 operations, 32x32": lambda: chains((32, 32)),
    **{name: lambda name=name: training_steps(name) for name in NETWORKS},
}


def main() -> None:
    chosen = options(__doc__)
    names = [name for name in CASES if chosen.only in name]
    if names:
        threads = {"1": "one thread", "2": "two threads"}[os.environ["OMP_NUM_THREADS"]]
        print()
        print_line(f"A training step, {threads}", "gradlib", "/ PyTorch", "/ by hand")
    for name in names:
        sides = CASES[name]()
        seconds = iter(medians([side for side in sides if side], chosen.rounds))
        ours, *others = [next(seconds) if side else None for side in sides]
        print_line(name, shown(ours), *(f"{ours / other:.2f}" if other else "" for other in others))


if __name__ == "__main__":
    main()
