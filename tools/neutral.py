"""An environment in which a notebook gives the same for everybody who runs it."""

from collections.abc import MutableMapping
from pathlib import Path

# Wishes for kernels and pictures. With MPLBACKEND=Agg, for example, the plots of a lesson vanish without a word.
WISHES = ("JUPYTER_PATH", "MPLBACKEND", "GRADLIB_CHECKS")


def make_neutral(environment: MutableMapping[str, str], folder: Path) -> None:
    """Change `environment` in place: programs started with it use no settings and no progress of this user.

    What they write instead of these goes into `folder`, which must exist.
    """
    for name in WISHES:
        environment.pop(name, None)
    settings = folder / "matplotlibrc"  # empty: matplotlib's defaults hold
    settings.touch()
    environment |= {
        "JUPYTER_PREFER_ENV_PATH": "1",  # the kernel named python3 is the one beside this Python
        "MATPLOTLIBRC": str(settings),
        "IPYTHONDIR": str(folder / "ipython"),  # without the user's start-up files
        "GRADLIB_PROGRESS": str(folder / "progress.json"),
        # Two kernels side by side, each with as many threads as there are cores, wait for each other.
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }
