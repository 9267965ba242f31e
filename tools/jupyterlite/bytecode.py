"""Import what a lesson does, inside Pyodide, and write the bytecode of all modules that this needed to /bytecode.zip.

A file there is named as its module's source is in a wheel or in Python's own zip file. Its header says that Python need
not compare it with the source, since the times of unpacked files differ.
"""

import importlib.util
import io
import marshal
import sys
import zipfile
from pathlib import Path

import anywidget  # noqa: F401
import ipywidgets  # noqa: F401
import pyodide_kernel
import tqdm.auto  # noqa: F401

sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
pyodide_kernel.ipython_shell.run_cell("1 + 1")
pyodide_kernel.kernel_instance.complete("prin", 4)

import matplotlib.pyplot as plt  # noqa: E402, after the kernel has chosen how plots are shown

import gradlib.widgets  # noqa: E402
from gradlib import explain, graph, plots  # noqa: E402, F401

plt.style.use(plots.style())
plt.title("$x^2$")
plt.savefig(io.BytesIO())

HEADER = importlib.util.MAGIC_NUMBER + (1).to_bytes(4, "little")  # 1: to be found by a hash, which is not checked
LIBRARY, PACKAGES = Path("/lib/python312.zip"), Path(gradlib.__file__).parents[1]

sources = {}
for module in list(sys.modules.values()):
    spec = getattr(module, "__spec__", None)
    if spec and spec.origin and spec.origin.endswith(".py"):
        sources[Path(spec.origin)] = spec.loader.get_data(spec.origin)

with zipfile.ZipFile("/bytecode.zip", "w") as made:
    for path, source in sources.items():
        root = next((root for root in (LIBRARY, PACKAGES) if path.is_relative_to(root)), None)
        if root:
            code = compile(source, str(path), "exec", dont_inherit=True)
            made.writestr(
                path.relative_to(root).as_posix(), HEADER + importlib.util.source_hash(source) + marshal.dumps(code)
            )
