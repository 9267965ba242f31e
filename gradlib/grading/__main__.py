"""python -m gradlib.grading: see parent.py."""

import sys

from .parent import main

sys.exit(main())
