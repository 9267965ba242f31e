"""Saving and loading in safetensors, a plain format of named arrays that PyTorch and others read. Pickle would run any
code that a file contains.

A file is written under a temporary name and then renamed, so that a run that is killed leaves either the old file or
the new one, complete. A file that is truncated, damaged or from another model raises an error and changes nothing. The
format has no checksum, so one is stored in the file's metadata.
"""

from __future__ import annotations

import contextlib
import glob
import json
import os
import secrets
import time
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from .nn.module import Module
from .operations import on_cpu

# With layout="torch" matrices are written transposed, as PyTorch stores them: `Module.transposed` says which.
LAYOUTS = ("gradlib", "torch")

_LEFTOVER = 3600  # seconds after which a temporary file is no longer being written: its writer was killed


def save(model_or_state: Module | dict[str, Any], path: str | Path, layout: str = "gradlib") -> None:
    """Write the parameters and buffers of a model, or a dict of arrays, to a .safetensors file.

    layout : "torch" writes the matrices so that `torch.nn.Module.load_state_dict` of the same architecture takes them.

    Raises TypeError for anything else than arrays of bools, integers or floats, FileNotFoundError for a missing folder;
    an existing file then stays as it was.

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
        raise TypeError("layout='torch' needs the model itself, which knows which of its matrices to transpose.")
    elif not isinstance(model_or_state, dict):
        raise TypeError(f"save takes a model or a dict of arrays, got {type(model_or_state).__name__}.")
    else:
        state = model_or_state
    _write(path, {name: on_cpu(value) for name, value in state.items()}, {"layout": layout})


def load(path: str | Path) -> dict[str, np.ndarray]:
    """Read the arrays of a .safetensors file by name, in the layout in which they were written.

    Raises FileNotFoundError, or ValueError for a file that is not complete.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save({"steps": np.arange(3)}, f"{folder}/steps.safetensors")
    ...     load(f"{folder}/steps.safetensors")
    {'steps': array([0, 1, 2])}
    """
    return _read(path)[0]


def load_into(model: Module, path: str | Path, layout: str | None = None, strict: bool = True) -> None:
    """Overwrite the parameters and buffers of a model with those of a file.

    layout : the layout of the file, by default the one noted in it. A file written by PyTorch has no such note and
        needs layout="torch": the shape of a square matrix does not show that it is transposed.
    strict : refuse missing and unexpected names.

    Raises ValueError if the layout is unknown or differs from the one noted in the file, and the errors of `load` and
    `Module.load_state_dict`; the model is unchanged then.

    >>> from gradlib import nn
    >>> import tempfile
    >>> first, second = nn.Linear(2, 3), nn.Linear(2, 3)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(first, f"{folder}/linear.safetensors")
    ...     load_into(second, f"{folder}/linear.safetensors")
    >>> np.array_equal(first.weight.data, second.weight.data)
    True
    """
    if not isinstance(model, Module):
        raise TypeError(f"load_into takes a model, got {type(model).__name__}. For the arrays alone use load(path).")
    state, notes = _read(path)
    said = notes.get("layout")
    if layout is None and said is None:
        raise ValueError(
            f"{path} does not note the layout of its matrices: pass layout='torch' if PyTorch wrote the file, "
            "layout='gradlib' if the matrices are (in, out)."
        )
    if layout is not None and said not in (None, layout):
        raise ValueError(f"{path} was written with layout={said!r}, not {layout!r}: leave layout out.")
    layout = layout or said
    model.load_state_dict(_in_layout(model, state, layout), strict)


def _in_layout(model: Module, state: dict[str, np.ndarray], layout: str) -> dict[str, np.ndarray]:
    """Convert from our layout to the given one, or back: the same matrices are transposed either way."""
    if not isinstance(layout, str) or layout not in LAYOUTS:
        raise ValueError(f"layout must be 'gradlib' or 'torch', got {layout!r}.")
    if layout == "gradlib":
        return state
    transposed = dict(state)
    for prefix, module in model._all_named_modules(""):
        for name in module._parameters:
            if module.transposed and name.startswith(module.transposed) and prefix + name in transposed:
                transposed[prefix + name] = np.swapaxes(transposed[prefix + name], -1, -2)
    return transposed


# Trees of numbers, texts and arrays ------------------------------------------------------------


def save_tree(tree: Any, path: str | Path) -> None:
    """Write nested dicts and lists of arrays, numbers, texts and None, such as the state of a training run.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_tree({"step": 3, 0: [np.ones(2), "a"]}, f"{folder}/tree.safetensors")
    ...     load_tree(f"{folder}/tree.safetensors")
    {'step': 3, 0: [array([1., 1.]), 'a']}
    """
    arrays: dict[str, np.ndarray] = {}
    try:
        packed = _packed(tree, arrays)
    except RecursionError:
        raise ValueError("a checkpoint cannot hold lists and dicts that contain themselves.") from None
    _write(path, arrays, {"tree": json.dumps(packed)})


def load_tree(path: str | Path) -> Any:
    """Read the tree that `save_tree` wrote. Raises ValueError for a file that is not complete or holds no tree."""
    arrays, notes = _read(path)
    if "tree" not in notes:
        raise ValueError(f"{path} holds arrays, not a checkpoint: load it with load() or load_into().")
    try:
        return _unpacked(json.loads(notes["tree"]), arrays)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ValueError(f"{path} is not a checkpoint that save_tree wrote: {error}. Nothing was loaded.") from None


def _packed(tree: Any, arrays: dict[str, np.ndarray]) -> Any:
    """The tree in a form that JSON can hold; its arrays go to `arrays`."""
    if isinstance(tree, np.ndarray):
        name = str(len(arrays))
        arrays[name] = tree
        return {"array": name}
    if isinstance(tree, dict):
        for key in tree:
            if not (key is None or isinstance(key, (str, int, float, np.generic))):
                raise TypeError(f"in a checkpoint the keys of a dict must be texts or numbers, got {key!r}.")
        return {"dict": [[_packed(key, arrays), _packed(value, arrays)] for key, value in tree.items()]}
    if isinstance(tree, (list, tuple)):
        return {"list": [_packed(value, arrays) for value in tree]}
    if isinstance(tree, np.generic):
        tree = tree.item()
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


def _path(path: Any) -> Path:
    try:
        return Path(path)
    except TypeError:
        raise TypeError(f"path must be a text or a pathlib.Path, got {type(path).__name__}.") from None


def _write(path: str | Path, arrays: dict[str, np.ndarray], notes: dict[str, str]) -> None:
    path = _path(path).resolve()  # a link is followed to its file
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder: name a file in it.")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {path.parent}: make it first.")
    for name, array in arrays.items():
        _check_entry(name, array)
    arrays = {name: np.asarray(array, array.dtype.newbyteorder("="), order="C") for name, array in arrays.items()}
    content = _to_bytes(arrays, {**notes, "crc32": _checksum(arrays, notes)})
    _clear_leftovers(path)
    # tempfile would make a file that only its owner can read.
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with open(temporary, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:  # Ctrl-C too, which may come when the file has been renamed already
        temporary.unlink(missing_ok=True)
        raise


def _clear_leftovers(path: Path) -> None:
    """Remove the temporary files of runs that were killed while writing."""
    for leftover in path.parent.glob(f".{glob.escape(path.name)}.????????"):
        with contextlib.suppress(FileNotFoundError):  # another run has just renamed or removed it
            if time.time() - leftover.stat().st_mtime > _LEFTOVER:
                leftover.unlink()


def _check_entry(name: Any, array: np.ndarray) -> None:
    if not isinstance(name, str) or name == "__metadata__":  # the format keeps its metadata under that name
        raise TypeError(f"the names of arrays must be texts other than '__metadata__', got {name!r}.")
    if any("\ud800" <= letter <= "\udfff" for letter in name):
        raise ValueError(f"the name {name!r} has half of a character (a surrogate), which UTF-8 cannot hold.")
    if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8:
        raise TypeError(
            f"{name!r} has dtype {array.dtype}, but a file holds only bools, integers and floats of at most 64 bits."
        )


def _checksum(arrays: dict[str, np.ndarray], notes: dict[str, str]) -> str:
    """A number that changes with any bit of the arrays and notes."""
    checksum = zlib.crc32(json.dumps(notes, sort_keys=True).encode())
    for name in sorted(arrays):
        array = arrays[name]
        checksum = zlib.crc32(f"{name} {array.dtype} {array.shape}".encode(), checksum)
        checksum = zlib.crc32(array.reshape(-1).view(np.uint8), checksum)
    return str(checksum)


def _read(path: str | Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    if not _path(path).is_file():
        raise FileNotFoundError(f"there is no file {path}.")
    open(path, "rb").close()  # says why it cannot be read, where safetensors says that it is not there
    try:
        arrays, notes = _content(_path(path))
        written = notes.pop("crc32", None)  # files of other programs have none
        if written not in (None, _checksum(arrays, notes)):
            raise ValueError("the checksum differs")
    except (ValueError, OSError) as error:
        raise ValueError(
            f"{path} is not a complete safetensors file: {error}. It was truncated or damaged, or is of another kind. "
            "Nothing was loaded."
        ) from None
    except (TypeError, AttributeError) as error:  # bfloat16, and floats of 8 bits
        raise ValueError(
            f"{path} holds numbers of a kind that NumPy does not have: {error}. Write them in float32. Nothing was "
            "loaded."
        ) from None
    return arrays, notes


# The format itself, for where the package safetensors is missing, as in the browser ------------------------------


def _to_bytes(arrays: dict[str, np.ndarray], notes: dict[str, str]) -> bytes:
    """The content of a file: the length of the header in 8 bytes, the header in JSON, the numbers."""
    try:
        from safetensors.numpy import save as to_bytes
    except ImportError:
        names = {np.dtype(kind): name for name, kind in _KINDS.items()}
        header: dict[str, Any] = {"__metadata__": notes}
        end = 0
        # In the package's order: the widest numbers first, so that all are aligned, and then by name.
        arrays = dict(sorted(arrays.items(), key=lambda item: (-item[1].itemsize, item[0])))
        for name, array in arrays.items():
            place = [end, end + array.nbytes]
            header[name] = {"dtype": names[array.dtype], "shape": list(array.shape), "data_offsets": place}
            end = place[1]
        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 8)  # so that the numbers are aligned
        return len(text).to_bytes(8, "little") + text + b"".join(array.tobytes() for array in arrays.values())
    return to_bytes(arrays, metadata=notes)


def _content(path: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The arrays and notes of a file. Raises ValueError if it is not complete, TypeError for an unknown dtype."""
    try:
        from safetensors import SafetensorError, safe_open
    except ImportError:
        return _from_bytes(path.read_bytes())
    try:
        with safe_open(path, framework="numpy") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}
    except SafetensorError as error:
        raise ValueError(str(error)) from None


def _from_bytes(content: bytes) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    end = 8 + int.from_bytes(content[:8], "little")
    if end > len(content):
        raise ValueError("the header is incomplete")
    try:
        header = json.loads(content[8:end])
        notes = dict(header.pop("__metadata__", {}))
        entries = [(name, e["dtype"], tuple(e["shape"]), *e["data_offsets"]) for name, e in header.items()]
        entries.sort(key=lambda entry: entry[3:])
        numbers = [number for _, _, shape, first, last in entries for number in (*shape, first, last)]
        whole = all(type(number) is int and number >= 0 for number in numbers)
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
        raise ValueError("the header is damaged") from None
    # The numbers of one array begin where those of the one before end, and the last end with the file.
    ends = [0, *(entry[-1] for entry in entries)]
    if not whole or [entry[3] for entry in entries] != ends[:-1] or end + ends[-1] != len(content):
        raise ValueError("the header does not fit the numbers after it")
    arrays = {}
    for name, kind, shape, first, last in entries:
        if kind not in _KINDS:
            raise TypeError(f"{name!r} has dtype {kind}")
        arrays[name] = np.frombuffer(content[end + first : end + last], _KINDS[kind]).reshape(shape).copy()
    return arrays, notes


_KINDS = {
    "BOOL": "?", "I8": "i1", "I16": "<i2", "I32": "<i4", "I64": "<i8", "F16": "<f2", "F32": "<f4", "F64": "<f8",
    "U8": "u1", "U16": "<u2", "U32": "<u4", "U64": "<u8",
}  # fmt: skip
