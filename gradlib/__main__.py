"""`python -m gradlib lab` opens the course in JupyterLab; `python -m gradlib` says what else there is."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
