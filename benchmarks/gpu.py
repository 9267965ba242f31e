"""Training steps (forward, loss, backward, Adam) on a GPU: gradlib on CuPy beside PyTorch, in one process.

Each step ends by copying its loss to the CPU, which waits for the GPU. Both sides start from the same weights and agree
over five steps before they are timed. `--device cpu` tries the script where there is no GPU.
"""

import argparse
import importlib.util

import numpy as np
from networks import cnn, digits, gpt, mlp, our_step, sentences, torch_step
from timing import least, print_line, shown

NETWORKS = {
    "mlp 784-1024-1024-10, batch 4,096": (mlp(784, 1024, 1024, 10), digits(4096, 784, classes=10)),
    "cnn on 28x28, batch 1,024": (cnn(28), digits(1024, 1, 28, 28, classes=10)),
    "gpt 4 layers, width 256, 64 tokens, batch 64": (gpt(65, 256, 8, 4, 64), sentences(64, 64, 65)),
}


def name_of(device: str) -> str:
    if device == "cpu":
        return "the CPU"
    import cupy

    return cupy.cuda.runtime.getDeviceProperties(0)["name"].decode()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--only", default="", metavar="NAME", help="measure only lines that contain NAME")
    parser.add_argument("--rounds", type=int, default=20, help="the least number of runs of each (20)")
    options = parser.parse_args()
    beside = importlib.util.find_spec("torch") is not None
    print(f"On {name_of(options.device)}", "" if beside else "(for PyTorch's column: pip install torch)")
    print_line("training step", "gradlib", "PyTorch", "ratio")
    for name, (build, data) in NETWORKS.items():
        if options.only not in name:
            continue
        ours, model = our_step(build, data, device=options.device)
        steps = [ours, torch_step(build, data, model, options.device)[0]] if beside else [ours]
        losses = [[step() for _ in range(5)] for step in steps]  # also warms up
        for others in losses[1:]:
            np.testing.assert_allclose(others, losses[0], rtol=5e-3, err_msg=name)
        times = least(steps, options.rounds)
        print_line(name, *map(shown, times), *[f"{times[0] / other:.2f}" for other in times[1:]])


if __name__ == "__main__":
    main()
