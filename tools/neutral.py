"""An environment in which a notebook gives the same output for everybody."""

from collections.abc import MutableMapping
from pathlib import Path

# The user's settings for kernels and pictures. With MPLBACKEND=Agg, for example, the plots of a lesson vanish silently.
WISHES = ("JUPYTER_PATH", "MPLBACKEND", "GRADLIB_CHECKS")


def make_neutral(environment: MutableMapping[str, str], folder: Path) -> None:
    """Change `environment` in place, so that programs started with it use no settings and no progress of this user.

    What these programs write goes into `folder`, which must exist.
    """
    for name in WISHES:
        environment.pop(name, None)
    settings = folder / "matplotlibrc"  # empty: matplotlib uses its defaults
    settings.touch()
    environment |= {
        "JUPYTER_PREFER_ENV_PATH": "1",  # the kernel named python3 is the one of this environment
        "MATPLOTLIBRC": str(settings),
        "IPYTHONDIR": str(folder / "ipython"),  # without the user's start-up files
        "GRADLIB_PROGRESS": str(folder / "progress.json"),
        # Two kernels that run at once, each with a thread for every core, would wait for each other.
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }
