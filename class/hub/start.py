"""Start a learner's server: make the learner's copy of the course, or bring it up to date, then run JupyterLab in it.

It runs with the learner's rights. What the learner has changed stays (gradlib/course.py says how).
"""

import os
import sys
from pathlib import Path

from gradlib import cli
from gradlib.course import deliver


def main(arguments: list[str]) -> None:
    source, copy = Path(os.environ.get("GRADLIB_SOURCE", cli.ROOT)), Path.home() / "course"
    try:
        done = deliver(source, copy, language_info=cli.language_info())
        print(f"{copy}:", *(cli.describe(done) or ["up to date."]), flush=True)
    except OSError as error:  # a full disk: the files that are there can still be opened
        print(f"{copy} could not be brought up to date: {error}", file=sys.stderr, flush=True)
        copy.mkdir(exist_ok=True)
    cli.workspace_folder(copy)
    os.environ["JUPYTERLAB_WORKSPACES_DIR"] = str(copy / ".jupyterlab")
    # After the hub's own settings those of `gradlib lab`: pages that need no network, no question about news.
    settings = [os.environ.get("JUPYTER_CONFIG_PATH", ""), str(cli.ROOT / "tools" / "jupyter")]
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, settings))
    os.execv(sys.executable, [sys.executable, "-m", "jupyterhub.singleuser", *arguments])


if __name__ == "__main__":
    main(sys.argv[1:])
