"""Peak memory of training steps of the wide MLP, compared with PyTorch's, each in its own process.

It is the largest resident set during three steps, minus the resident set before them. The model and
the batch exist before; gradients, Adam's arrays, activations, and memory for matrix products are counted. A
step of a tiny MLP has loaded the code and started the allocators.
"""

import subprocess
import sys
from pathlib import Path

from networks import NETWORKS, WIDE_MLP, digits, mlp, our_step, torch_step
from timing import options, print_line

LINE = f"memory: {WIDE_MLP}"
RESET = Path("/proc/self/clear_refs")


def resident(field: str) -> int:
    """A line of the process's status in bytes: VmRSS now, VmHWM the largest since the reset."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))


def measure(make) -> None:
    make(mlp(8, 16, 2), digits(32, 8, classes=2))[0]()
    step, _ = make(*NETWORKS[WIDE_MLP])
    before = resident("VmRSS")
    RESET.write_text("5")  # reset the peak
    for _ in range(3):
        step()
    print(resident("VmHWM") - before)


def measured(side: str) -> int:
    command = [sys.executable, __file__, side]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    if options(__doc__).only not in LINE:
        return
    print()
    print_line("Memory, the peak of training steps", "gradlib", "/ PyTorch")
    if not RESET.exists():
        print_line(LINE, "(needs Linux)")
        return
    ours = measured("gradlib")
    try:
        import torch  # noqa: F401
    except ImportError:
        ratio = ""
    else:
        ratio = f"{ours / measured('torch'):.2f}"
    print_line(LINE, f"{ours / 2**20:.1f} MB", ratio)


if __name__ == "__main__":
    if sys.argv[1:] in (["gradlib"], ["torch"]):
        measure({"gradlib": our_step, "torch": torch_step}[sys.argv[1]])
    else:
        main()
