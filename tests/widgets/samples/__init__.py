"""For every widget: views over the whole range of what it takes, extremes included.

A file here for each file of gradlib.widgets that has a view. In it SAMPLES,
{view class: {name: function that makes one}}, and CELLS, {name: code}: cells of a notebook, each ending with a view,
which the browser tests open and drive.
"""

import importlib
import pkgutil

_modules = [importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]

SAMPLES = {view: made for module in _modules for view, made in getattr(module, "SAMPLES", {}).items()}
CELLS = {name: code.strip() for module in _modules for name, code in getattr(module, "CELLS", {}).items()}
