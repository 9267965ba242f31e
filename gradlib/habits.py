"""Names that users of PyTorch and NumPy type from habit, and what to write in gradlib.

A notebook shows the hint under the error. For a name of `gradlib` itself or of `gradlib.nn` the error says it, also in
plain Python.
"""

from __future__ import annotations

import re
import sys
from types import ModuleType

import numpy as np

OPERATORS = {
    "add": "x + y", "sub": "x - y", "subtract": "x - y", "mul": "x * y", "multiply": "x * y", "div": "x / y",
    "true_divide": "x / y", "divide": "x / y", "floor_divide": "x // y", "neg": "-x", "negative": "-x", "mm": "x @ y",
    "bmm": "x @ y", "mv": "x @ y", "eq": "x == y", "ne": "x != y", "gt": "x > y", "ge": "x >= y", "lt": "x < y",
    "le": "x <= y", "t": "x.T", "ravel": "x.flatten()",
    "view_as": "x.reshape(y.shape)", "reshape_as": "x.reshape(y.shape)",
    "equal": "np.array_equal(x, y)", "allclose": "np.allclose(x, y)", "isclose": "np.isclose(x, y)",
    "unique": "np.unique(x.data)", "nonzero": "np.nonzero(x.data)", "bincount": "np.bincount(x.data)",
    "take": "np.take(x, indices)",
}  # fmt: skip

DTYPES = {
    "half": "np.float16", "double": "np.float64", "float": "np.float32", "short": "np.int16", "int": "np.int32",
    "long": "np.int64", "byte": "np.uint8", "bool": "bool",
}  # fmt: skip
EXACT = ("float16", "float32", "float64", "int8", "uint8", "int16", "int32", "int64", "inf", "pi", "nan")

HOMES = {
    "nn": ("Module", "Linear", "Sequential", "init"), "optim": ("SGD", "Adam", "AdamW", "lr_scheduler"),
    "data": ("DataLoader", "TensorDataset", "Dataset", "random_split"), "scalar": ("Value",),
    "training": ("Trainer", "TrainConfig"), "serialization": ("load_into",), "amp": ("autocast", "GradScaler"),
}  # fmt: skip

GRADLIB = {
    **{name: f"It is in gradlib.{home}." for home, names in HOMES.items() for name in names},
    **dict.fromkeys(("from_numpy", "as_tensor", "asarray", "array", "Variable"), "Write gradlib.Tensor(array)."),
    "FloatTensor": "Write gradlib.Tensor(data, dtype=np.float32).",
    "LongTensor": "Write gradlib.Tensor(data, dtype=np.int64).",
    **dict.fromkeys(
        ("max", "min"), "It is a method: x.{name}(axis), of values alone; x.arg{name}(axis) has the indices."
    ),
    "concat": "Write gradlib.cat([x, y]).",
    "empty": "Write gradlib.zeros(size).",
    "numpy": "NumPy's own functions take tensors: write import numpy as np.",
    "Function": "An operation of your own is an entry of the table: see gradlib.primitives.Primitive and Vjp.",
    "value_and_grad": "Write loss.backward(), or gradlib.vjp(f, x), which returns the value and the gradient.",
    "GradientTape": "Operations are recorded without a tape: write loss.backward().",
    "vmap": "Operations work on whole batches: leave it out.",
    "seed": "Write gradlib.manual_seed(0).",
    "randperm": "Write np.random.default_rng(seed).permutation(n).",
    "Generator": "Write np.random.default_rng(seed), and pass it as rng=.",
    "inference_mode": "Write gradlib.no_grad().",
    "set_grad_enabled": "Write gradlib.no_grad() or gradlib.enable_grad().",
    "save": "Write gradlib.serialization.save(model, path).",
    "load": "Write gradlib.serialization.load_into(model, path).",
    "utils": "DataLoader, TensorDataset and random_split are in gradlib.data.",
    "cuda": 'Move a tensor or a module with .to("cuda").',
    **dict.fromkeys(("compile", "jit"), "There is nothing to compile: leave it out."),
}

NN = {"utils": "clip_grad_norm_ and clip_grad_value_ are in gradlib.optim."}

AUTOGRAD = {
    **dict.fromkeys(
        ("grad", "gradcheck", "gradgradcheck", "detect_anomaly"), "It is in gradlib itself: gradlib.{name}."
    ),
    "Variable": "Write gradlib.Tensor(data, requires_grad=True).",
    "set_detect_anomaly": "Write `with gradlib.detect_anomaly():`.",
    "functional": "jacobian, hessian, hvp, jvp and vjp are in gradlib itself.",
    "Function": GRADLIB["Function"],
}

ARRAY = {
    **dict.fromkeys(("numpy", "detach", "cpu", "requires_grad"), "It is an array already: leave .{name} out."),
    "clone": "Write a.copy().",
    "norm": "Write np.linalg.norm(a).",
    **dict.fromkeys(("abs", "exp", "log", "sqrt"), "Write np.{name}(a)."),
    "numel": "Write a.size.",
    "dim": "Write a.ndim.",
    "t": "Write a.T.",
    **{name: f"Write a.astype({dtype})." for name, dtype in DTYPES.items()},
    "zero_": "Write a[...] = 0, or t.grad = None for a gradient.",
    "fill_": "Write a[...] = value.",
}

TENSOR = {
    **{name: f"Write x.astype({dtype})." for name, dtype in DTYPES.items() if name not in ("float", "double")},
    "contiguous": "Leave it out: every tensor can be reshaped.",
    "copy": "Write x.clone().",
    "type": "Write x.astype(dtype).",
    "type_as": "Write x.astype(y.dtype).",
    "nelement": "Write x.numel().",
    "ndimension": "Write x.dim().",
    "values": "max and min return values alone; argmax and argmin return the indices.",
    "is_cuda": 'Write x.device == "cuda".',
}

IN_PLACE = {
    "zero": "t[...] = 0", "fill": "t[...] = value", "add": "t += y", "sub": "t -= y", "mul": "t *= y", "div": "t /= y",
    "masked_fill": "t[mask] = value",
}  # fmt: skip


def hint(owner: object, name: str) -> str:
    """Return a sentence on what to write instead of `owner.name`, "" if there is none.

    >>> hint(np.zeros(2), "numpy")
    'It is an array already: leave .numpy out.'
    """
    plain = re.sub(r"(?<=[a-z])_$", "", name)  # add of add_, which writes in place
    if isinstance(owner, ModuleType):
        tables = {"gradlib": GRADLIB, "gradlib.nn": NN, "gradlib.autograd": AUTOGRAD}
        said = tables.get(owner.__name__, {}).get(name, "")
        if not said and owner.__name__ == "gradlib":
            said = _of_gradlib(owner, name)
    elif isinstance(owner, type) and hasattr(owner, "_call_primitive"):  # Tensor.zeros(2, 3), as in tinygrad
        said = "It is a function: gradlib.{name}(…)." if hasattr(sys.modules["gradlib"], name) else ""
    elif isinstance(owner, np.ndarray):
        said = ARRAY.get(name) or ("An array is written to by a[...] = …." if plain != name else "")
    elif not hasattr(type(owner), "_call_primitive"):
        said = ""
    elif plain != name and (plain in IN_PLACE or hasattr(owner, plain)):
        said = f"Write {IN_PLACE.get(plain, f't[...] = t.{plain}(…)')}, inside gradlib.no_grad() for a parameter."
    else:
        said = TENSOR.get(name) or (f"Write {OPERATORS[name]}." if name in OPERATORS else "")
    return said.format(name=name)


def no_such(module: str, name: str) -> AttributeError:
    """The error for a name that a module lacks."""
    said = hint(sys.modules[module], name)
    return AttributeError(f"module {module!r} has no attribute {name!r}{'. ' * bool(said)}{said}")


def _of_gradlib(gradlib: ModuleType, name: str) -> str:
    """Return a sentence on a function of PyTorch's that is an operator, a method, or a dtype."""
    if name in OPERATORS:
        return f"Write {OPERATORS[name]}."
    if not name.startswith("_") and callable(getattr(vars(gradlib).get("Tensor"), name, None)):
        return "It is a method: x.{name}(…)."
    written = DTYPES.get(name, f"np.{name}" if name in EXACT else "")
    return f"Write {written}." if written else ""
