"""A training step of the wide MLP on one process and on two, each with one thread: what gradlib.distributed gains."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from networks import digits, mlp
from timing import least, options, print_line, shown

NAME = "mlp 784-1024-1024-10, batch 512 on all processes"
BATCH, PROCESSES = 512, 2
MPIEXEC = Path(sys.executable).parent / "mpiexec"


def measure(rounds: int) -> None:
    """Run on every process: process 0 prints the seconds of a step."""
    import gradlib
    from gradlib import Tensor, nn, optim
    from gradlib.distributed import DistributedDataParallel, all_reduce, get_rank, get_world_size

    (x,), labels = digits(BATCH, 784, classes=10)
    part = slice(get_rank(), None, get_world_size())
    x, labels = Tensor(x[part]), labels[part]
    gradlib.manual_seed(0)
    model = DistributedDataParallel(mlp(784, 1024, 1024, 10)(nn))
    optimizer = optim.SGD(model.parameters(), lr=0.01)

    def step():
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), labels).backward()
        optimizer.step()

    least([step], 3, seconds=0)  # fault the memory in before the processes are compared
    seconds = least([step], rounds, seconds=0)[0]  # as many rounds on each process, since a step waits for all
    seconds = all_reduce(seconds, "max")
    total = sum(float(np.abs(parameter.data).sum()) for parameter in model.parameters())
    if get_rank() == 0:
        print(json.dumps({"seconds": seconds, "total": total}))


def result(processes: int, rounds: int) -> dict[str, float]:
    command = [sys.executable, __file__, "--measure", str(rounds)]
    if processes > 1:
        command = [str(MPIEXEC), "-n", str(processes), *command]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def main() -> None:
    chosen = options(__doc__)
    if chosen.only not in NAME:
        return
    print(f"\nA training step on {PROCESSES} processes, one thread each")
    if find_spec("mpi4py") is None or not MPIEXEC.exists():
        print("MPI is not here. It comes by: .venv/bin/python -m pip install '.[mpi]'")
        return
    print_line("", "one", "two", "speed-up")
    best: dict[int, float] = {}
    for _ in range(3):  # in turn, so that a slow moment of the machine affects both
        runs = {processes: result(processes, chosen.rounds) for processes in (1, PROCESSES)}
        np.testing.assert_allclose(runs[1]["total"], runs[PROCESSES]["total"], rtol=1e-3)
        for processes, run in runs.items():
            best[processes] = min(best.get(processes, run["seconds"]), run["seconds"])
    print_line(NAME, shown(best[1]), shown(best[PROCESSES]), f"{best[1] / best[PROCESSES]:.2f}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        measure(int(sys.argv[2]))
    else:
        main()
