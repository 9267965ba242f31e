"""Saving and loading: safetensors, a plain format of named arrays that PyTorch and others read. No pickle, which
would run whatever code a file brings.

A file is written beside its place and then moved there, so that a run that is killed leaves the old file or the new
one, whole. A file that is cut short, damaged or of another model is an error, and changes nothing.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from .nn.module import Module

# With layout="torch" matrices are written as PyTorch stores them, transposed: `Module.transposed` says which.
LAYOUTS = ("gradlib", "torch")


def save(model_or_state: Module | dict[str, Any], path: str | Path, layout: str = "gradlib") -> None:
    """Write the parameters and buffers of a model, or a dict of arrays, to a .safetensors file.

    layout : "torch" writes what `torch.nn.Module.load_state_dict` of the same architecture takes.

    >>> from gradlib import nn
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(nn.Linear(2, 3), f"{folder}/linear.safetensors")
    ...     sorted(load(f"{folder}/linear.safetensors"))
    ['bias', 'weight']
    """
    if isinstance(model_or_state, Module):
        state = _in_layout(model_or_state, model_or_state.state_dict(), layout)
    elif layout != "gradlib":
        raise TypeError("layout='torch' needs the model itself: it knows which of its matrices are transposed.")
    else:
        state = model_or_state
    _write(path, {name: np.asarray(value) for name, value in state.items()}, {"layout": layout})


def load(path: str | Path) -> dict[str, np.ndarray]:
    """The arrays of a .safetensors file by name, as they were written.

    Raises FileNotFoundError, or ValueError for a file that is not whole.
    """
    return _read(path)[0]


def load_into(model: Module, path: str | Path, layout: str | None = None, strict: bool = True) -> None:
    """Overwrite the parameters and buffers of a model by those of a file.

    layout : that of the file. By default what the file says of itself, "gradlib" if it says nothing; a file that
        PyTorch wrote needs layout="torch".
    strict : refuse missing and unexpected names.

    Raises what `load` and `Module.load_state_dict` do; nothing is changed then.
    """
    state, notes = _read(path)
    layout = notes.get("layout", "gradlib") if layout is None else layout
    model.load_state_dict(_in_layout(model, state, layout), strict)


def _in_layout(model: Module, state: dict[str, np.ndarray], layout: str) -> dict[str, np.ndarray]:
    """From our layout to the other one, or back: the same matrices are transposed either way."""
    if layout not in LAYOUTS:
        raise ValueError(f"layout is 'gradlib' or 'torch', got {layout!r}.")
    if layout == "gradlib":
        return state
    turned = dict(state)
    for prefix, module in model._all_named_modules(""):
        for name in module._parameters:
            if module.transposed and name.startswith(module.transposed) and prefix + name in turned:
                turned[prefix + name] = np.swapaxes(turned[prefix + name], -1, -2)
    return turned


# Trees of numbers, texts and arrays ------------------------------------------------------------


def save_tree(tree: Any, path: str | Path) -> None:
    """Write nested dicts and lists of arrays, numbers, texts and None: the state of a training run.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_tree({"step": 3, 0: [np.ones(2), "a"]}, f"{folder}/tree.safetensors")
    ...     load_tree(f"{folder}/tree.safetensors")
    {'step': 3, 0: [array([1., 1.]), 'a']}
    """
    arrays: dict[str, np.ndarray] = {}
    packed = _packed(tree, arrays)
    _write(path, arrays, {"tree": json.dumps(packed)})


def load_tree(path: str | Path) -> Any:
    """What `save_tree` wrote. Raises ValueError for a file that is not whole, or not one of these."""
    arrays, notes = _read(path)
    if "tree" not in notes:
        raise ValueError(f"{path} holds arrays, but no checkpoint: load it with load() or load_into().")
    return _unpacked(json.loads(notes["tree"]), arrays)


def _packed(tree: Any, arrays: dict[str, np.ndarray]) -> Any:
    """The tree as JSON can hold it, its arrays put aside."""
    if isinstance(tree, np.ndarray):
        name = str(len(arrays))
        arrays[name] = tree
        return {"array": name}
    if isinstance(tree, dict):
        return {"dict": [[_packed(key, arrays), _packed(value, arrays)] for key, value in tree.items()]}
    if isinstance(tree, (list, tuple)):
        return {"list": [_packed(value, arrays) for value in tree]}
    if isinstance(tree, np.generic):
        return tree.item()
    if tree is None or isinstance(tree, (bool, int, float, str)):
        return tree
    raise TypeError(f"a checkpoint holds arrays, numbers, texts, lists and dicts, got {type(tree).__name__}.")


def _unpacked(tree: Any, arrays: dict[str, np.ndarray]) -> Any:
    if not isinstance(tree, dict):
        return tree
    ((kind, value),) = tree.items()
    if kind == "array":
        return arrays[value]
    if kind == "dict":
        return {_unpacked(key, arrays): _unpacked(part, arrays) for key, part in value}
    return [_unpacked(part, arrays) for part in value]


# Files ------------------------------------------------------------


def _write(path: str | Path, arrays: dict[str, np.ndarray], notes: dict[str, str]) -> None:
    from safetensors.numpy import save as to_bytes

    content = to_bytes({name: np.asarray(array, order="C") for name, array in arrays.items()}, metadata=notes)
    path = Path(path)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:  # Ctrl-C, too; it may come when the new file is in place already
        Path(temporary).unlink(missing_ok=True)
        raise


def _read(path: str | Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    from safetensors import SafetensorError, safe_open

    if not Path(path).is_file():
        raise FileNotFoundError(f"there is no file {path}.")
    try:
        with safe_open(path, framework="numpy") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}
    except (SafetensorError, ValueError, OSError) as error:
        raise ValueError(
            f"{path} is not a whole safetensors file: {error}. It was cut short, damaged, or is of another kind. "
            "Nothing was loaded."
        ) from None
