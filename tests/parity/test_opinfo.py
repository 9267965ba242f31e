"""PyTorch's own samples: every operation that both libraries have, on the inputs that PyTorch tests itself with.

`op_db` describes each of PyTorch's operations and draws samples of its inputs: odd shapes, empty and 0-d tensors, axes
counted from the end, lists for tuples. For each sample the values, the gradients along a random cotangent and the
second gradients must agree, or gradlib must refuse it by an error of its own, for a reason that `DIFFERENCES` gives.
"""

from __future__ import annotations

import importlib
import inspect
import linecache
import operator
import random
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import gradlib
from gradlib import Tensor
from gradlib.operations import Operations
from gradlib.primitives import TABLE

torch = pytest.importorskip("torch")
pytest.importorskip("expecttest")  # PyTorch's own test modules need it

from torch.nn.attention import SDPBackend, sdpa_kernel  # noqa: E402
from torch.testing._internal.common_methods_invocations import op_db  # noqa: E402

F = importlib.import_module("gradlib.nn.functional")
LIBRARY = Path(gradlib.__file__).parent


# Which call of gradlib is which operation of PyTorch's ------------------------------------------------------------


def embedding(weight, indices, padding_idx=None):
    return F.embedding(indices, weight, padding_idx)


def rsub(x, y):
    return y - x


# Most are found by name: Tensor.sum, gradlib.stack, nn.functional.conv2d. These have other names, or are operators.
CALLS = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "true_divide": operator.truediv,
    "div": operator.truediv, "floor_divide": operator.floordiv, "neg": operator.neg, "positive": operator.pos,
    "eq": operator.eq, "ne": operator.ne, "lt": operator.lt, "le": operator.le, "gt": operator.gt, "ge": operator.ge,
    "pow": operator.pow, "remainder": operator.mod, "abs": operator.abs,
    "__radd__": lambda x, y: y + x, "__rsub__": lambda x, y: y - x, "rsub": rsub,
    "__rmul__": lambda x, y: y * x, "__rdiv__": lambda x, y: y / x, "__rmod__": lambda x, y: y % x,
    "__rpow__": lambda x, y: y**x, "__rmatmul__": lambda x, y: y @ x,
    "matmul": operator.matmul, "mm": operator.matmul, "bmm": operator.matmul, "mv": operator.matmul,
    "linalg.inv": Tensor.inv, "linalg.solve": Tensor.solve, "linalg.vector_norm": Tensor.norm, "amax": Tensor.max,
    "amin": Tensor.min,
}  # fmt: skip
IN_ANOTHER_ORDER = {
    "gradlib.where": lambda x, condition, y: gradlib.where(condition, x, y),
    "gradlib.einsum": lambda operands, subscripts: gradlib.einsum(subscripts, *operands),
    "nn.functional.embedding": embedding,
}  # fmt: skip


def names(op) -> list[str]:
    return [op.name, *(alias.name for alias in op.aliases)]


def calls(op) -> dict[str, Callable]:
    """gradlib's calls for an operation of PyTorch's: a method, a function and one of nn.functional may all be there."""
    found = {}
    for name in names(op):
        home, _, last = name.rpartition(".")
        found[f"{name}, written as in CALLS"] = CALLS.get(name)
        if home in ("", "nn.functional"):
            found[f"Tensor.{last}"] = _method(last)
        if home == "":
            found[f"gradlib.{last}"] = getattr(gradlib, last, None)
        elif home == "nn.functional":
            found[name] = getattr(F, last, None)
        elif home == "linalg":
            found[name] = getattr(gradlib.linalg, last, None)
    return {name: IN_ANOTHER_ORDER.get(name, call) for name, call in found.items() if inspect.isroutine(call)}


def _method(name: str) -> Callable | None:
    if name.startswith("__r"):  # Python calls these itself, by y - x
        return None
    entry = inspect.getattr_static(Tensor, name, None)
    return entry.fget if isinstance(entry, property) else entry


MAPPED = {f"{op.name} {op.variant_test_name}".strip(): (op, calls(op)) for op in op_db if calls(op)}


# Samples, for both libraries ------------------------------------------------------------


class Sample(NamedTuple):
    """One call: what PyTorch gets."""

    arguments: tuple
    keywords: dict
    dtype: torch.dtype

    @property
    def input(self) -> Any:
        return self.arguments[0]

    @property
    def tensors(self) -> list[torch.Tensor]:
        return [each for each in flat([*self.arguments, *self.keywords.values()]) if isinstance(each, torch.Tensor)]

    @property
    def has_fractions(self) -> bool:
        return any(isinstance(value, float) and not value.is_integer() for value in self.arguments)

    def __repr__(self) -> str:
        words = [*map(_shown, self.arguments), *(f"{name}={_shown(value)}" for name, value in self.keywords.items())]
        return f"({', '.join(words)})"


def _shown(value: Any) -> str:
    if isinstance(value, torch.Tensor):
        numbers = f" {value.tolist()}" if value.numel() < 3 else ""
        return f"<{str(value.dtype)[6:]} {tuple(value.shape)}{numbers}>"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_shown, value))}]"
    return repr(value)


def draw(op, source: str, dtype: torch.dtype, requires_grad: bool, most: int) -> list[Sample]:
    """At most so many of the samples that are small, evenly over them all: the odd ones often come last."""
    random.seed(0)
    np.random.seed(0)  # PyTorch's samples draw from both, and from its own generator
    torch.manual_seed(0)
    with torch.no_grad():  # op.sample_inputs(…) does the same, and walks the stack for each sample: a minute in all
        drawn = list(getattr(op, f"{source}_func")(op, "cpu", dtype, requires_grad))
    drawn = [Sample((each.input, *each.args), each.kwargs, dtype) for each in drawn]
    drawn = [sample for sample in drawn if all(tensor.numel() <= 5000 for tensor in sample.tensors)]
    chosen = np.linspace(0, len(drawn) - 1, min(most, len(drawn))).round().astype(int)
    return [drawn[i] for i in chosen]


def for_pytorch(value: Any, leaves: list) -> Any:
    """A copy of an argument; `leaves` collects the tensors that need a gradient."""
    if isinstance(value, torch.Tensor):
        copy = value.detach().clone().requires_grad_(value.requires_grad)
        if value.requires_grad:
            leaves.append(copy)
        return copy
    return type(value)(for_pytorch(entry, leaves) for entry in value) if type(value) in (list, tuple) else value


def for_gradlib(value: Any, leaves: list) -> Any:
    """The same argument in gradlib's terms."""
    if isinstance(value, torch.Tensor):
        copy = Tensor(value.detach().numpy(), requires_grad=value.requires_grad)
        if value.requires_grad:
            leaves.append(copy)
        return copy
    if isinstance(value, torch.dtype):
        return np.dtype(str(value).removeprefix("torch."))
    if isinstance(value, (list, tuple)):
        entries = [for_gradlib(entry, leaves) for entry in value]
        return entries if isinstance(value, list) else tuple(entries)
    return value


def called(call: Callable, sample: Sample, convert: Callable) -> tuple[list, list]:
    """The outputs, flat, and the leaves that they came from."""
    leaves: list = []
    arguments = [convert(value, leaves) for value in sample.arguments]
    keywords = {name: convert(value, leaves) for name, value in sample.keywords.items()}
    return flat(call(*arguments, **keywords)), leaves


def flat(result: Any) -> list:
    return [part for each in result for part in flat(each)] if isinstance(result, (tuple, list)) else [result]


# Comparing ------------------------------------------------------------

TOLERANCES = {
    "float64": {"rtol": 1e-7, "atol": 1e-9}, "float32": {"rtol": 1e-4, "atol": 1e-5},
    "float16": {"rtol": 1e-2, "atol": 1e-2},
}  # fmt: skip


class Different(AssertionError):
    """The two libraries disagree."""


def agree(what: str, ours: Any, other: Any) -> None:
    """The same shape, dtype and numbers."""
    ours = np.asarray(ours.data if isinstance(ours, Tensor) else ours)
    other = np.asarray(other.detach().numpy(force=True) if isinstance(other, torch.Tensor) else other)
    if (ours.dtype, ours.shape) != (other.dtype, other.shape):
        raise Different(f"{what}: {ours.dtype} {ours.shape}, PyTorch {other.dtype} {other.shape}")
    if not np.allclose(ours, other, equal_nan=True, **TOLERANCES.get(str(ours.dtype), {"rtol": 0, "atol": 0})):
        raise Different(f"{what}: {np.array2string(ours, threshold=8)}, PyTorch {np.array2string(other, threshold=8)}")


def compare(call: Callable, other_call: Callable, sample: Sample, order: int) -> None:
    """The values, and the gradients up to an order. Raises Different, or what gradlib raises."""
    other, their_leaves = called(other_call, sample, for_pytorch)
    ours, my_leaves = called(call, sample, for_gradlib)
    if len(ours) != len(other):
        raise Different(f"{len(ours)} results, PyTorch {len(other)}")
    for i, (z, w) in enumerate(zip(ours, other, strict=True)):
        agree(f"result {i}", z, w)
    rng = np.random.default_rng(5)
    for step in range(1, order + 1):
        kept = [(z, w) for z, w in zip(ours, other, strict=True) if _has_graph(z) or _has_graph(w)]
        cotangents = [rng.normal(size=tuple(w.shape)) for _, w in kept]
        ours, my_cotangents = my_gradients([z for z, _ in kept], my_leaves, cotangents)
        try:
            other, their_cotangents = their_gradients([w for _, w in kept], their_leaves, cotangents)
        except RuntimeError as error:
            if "derivative for" in str(error) or "broadcast shape" in str(error):  # PyTorch has none, or fails itself
                return
            raise
        for i, (leaf, z, w) in enumerate(zip(their_leaves, ours, other, strict=True)):
            zeros = np.zeros(tuple(leaf.shape), dtype=str(leaf.dtype)[6:])  # None is a gradient of 0
            agree(f"gradient {i} of order {step}", zeros if z is None else z, zeros if w is None else w)
        # A gradient is linear in its cotangent: next time that derivative counts too.
        my_leaves, their_leaves = my_leaves + my_cotangents, their_leaves + their_cotangents


def _has_graph(value: Any) -> bool:
    return getattr(value, "requires_grad", False)


def my_gradients(results: list, leaves: list, cotangents: list) -> tuple[list, list]:
    cotangents = [
        Tensor(c.astype(getattr(z, "dtype", c.dtype)), requires_grad=True)
        for c, z in zip(cotangents, results, strict=True)
    ]
    kept = [i for i, z in enumerate(results) if _has_graph(z)]
    if not kept:
        return [None] * len(leaves), cotangents
    parts = [results[i] for i in kept], leaves, [cotangents[i] for i in kept]
    return list(gradlib.grad(*parts, create_graph=True, allow_unused=True)), cotangents


def their_gradients(results: list, leaves: list, cotangents: list) -> tuple[list, list]:
    cotangents = [
        torch.tensor(c, dtype=getattr(w, "dtype", torch.float64), requires_grad=True)
        for c, w in zip(cotangents, results, strict=True)
    ]
    kept = [i for i, w in enumerate(results) if _has_graph(w)]
    if not kept:
        return [None] * len(leaves), cotangents
    parts = [results[i] for i in kept], leaves, [cotangents[i] for i in kept]
    return list(torch.autograd.grad(*parts, create_graph=True, allow_unused=True)), cotangents


def is_ours(error: BaseException) -> bool:
    """Whether gradlib raised it on purpose, in its own words: the class is gradlib's, or the last line that ran is a
    `raise` of its own. "… failed on …" passes NumPy's words on."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    inside = LIBRARY in Path(last.filename).parents
    raised = inside and linecache.getline(last.filename, last.lineno).strip().startswith("raise")
    return (raised or type(error).__module__ == "gradlib.errors") and " failed on " not in str(error)


def lacks(call: Callable, sample: Sample) -> str:
    """The argument of the sample that gradlib's call does not have, as Python says it; empty if it has all."""
    try:
        inspect.signature(call).bind(*sample.arguments, **sample.keywords)
    except TypeError as error:
        return str(error)
    except ValueError:  # no signature
        pass
    return ""


# Where they differ ------------------------------------------------------------


class Difference(NamedTuple):
    """Samples of some operations on which gradlib refuses, or answers otherwise, and why."""

    operations: str
    when: Callable[[Sample], bool]
    reason: str
    ours: Callable | None = (
        None  # the same written for gradlib: it gets gradlib's call and the arguments, and must agree
    )
    theirs: Callable | None = None  # what of PyTorch's result is compared


def has(*names: str) -> Callable[[Sample], bool]:
    return lambda sample: any(name in sample.keywords for name in names)


def always(sample: Sample) -> bool:
    return True


def without(*names: str) -> Callable:
    """The same call without some keywords."""
    return lambda call, *args, **keywords: call(*args, **{k: v for k, v in keywords.items() if k not in names})


def of_dtype(dtype: torch.dtype) -> Callable[[Sample], bool]:
    return lambda sample: sample.dtype is dtype


def integers(sample: Sample) -> bool:
    return not sample.dtype.is_floating_point


def has_nan(sample: Sample) -> bool:
    return any(tensor.isnan().any() for tensor in sample.tensors)


def has_infinity(sample: Sample) -> bool:
    return any(tensor.isinf().any() for tensor in sample.tensors)


def of_order(holds: Callable[[Any], bool]) -> Callable[[Sample], bool]:
    """Samples of norms whose order, which may have three names, is such a one."""

    def when(sample: Sample) -> bool:
        orders = [*sample.arguments[1:2], *(sample.keywords.get(name) for name in ("ord", "p"))]
        return any(order is not None and holds(order) for order in orders)

    return when


# The same call, written for gradlib ------------------------------------------------------------


def shape_alone(result: Any) -> Any:
    return result * 0


def first(result: Any) -> Any:
    return result[0] if isinstance(result, tuple) else result


def _from_numbers(call, *args, **keywords):
    args = [value.item() if isinstance(value, Tensor) else value for value in args]
    return without("device", "layout", "pin_memory")(call, *args, **keywords)


def _drawn(call, *args, **keywords):
    return without("device", "layout", "pin_memory")(call, *args, **keywords) * 0


def _unbiased(call, x, *args, unbiased=None, **keywords):
    if args and isinstance(args[0], bool):
        unbiased, *args = args
    return call(x, *args, correction=int(unbiased), **keywords)


def _pad(call, x, pad, mode="constant", value=None):
    """PyTorch's flat list, last axis first; negative numbers cut entries off."""
    pairs = [(0, 0)] * (x.ndim - len(pad) // 2) + list(zip(pad[-2::-2], pad[::-2], strict=True))
    x = x[tuple(slice(max(0, -a), n - max(0, -b)) for n, (a, b) in zip(x.shape, pairs, strict=True))]
    pairs = [(max(0, a), max(0, b)) for a, b in pairs]
    if mode == "constant":
        return x.pad(pairs, constant_values=value or 0)
    return x.pad(pairs, {"replicate": "edge", "circular": "wrap"}.get(mode, mode))


def _to(call, x, *args, **keywords):
    dtypes = [value for value in (*args, *keywords.values()) if isinstance(value, np.dtype)]
    dtypes += [value.dtype for value in args if isinstance(value, Tensor)]
    return x.to(dtypes[0]) if dtypes else x.to("cpu")


def _truncated(call, x, y, rounding_mode):
    quotient = (x / y).detach()  # it is flat
    return (quotient.abs().floor() * quotient.sign()).astype(np.result_type(x.dtype, getattr(y, "dtype", x.dtype)))


DIFFERENCES = [
    # Written in NumPy's way, or as the course writes it
    Difference("nn.functional.linear", always, "the weight is (in, out): y = xW + b",
               lambda call, x, weight, bias=None: call(x, weight.T, bias)),
    Difference("nn.functional.pad constant, nn.functional.pad reflect, nn.functional.pad replicate, "
               "nn.functional.pad circular", always, "pad takes NumPy's pairs and modes, and cuts nothing off", _pad),
    Difference("nn.functional.pad replicate_negative", always, "pad cuts nothing off"),
    Difference("max reduction_with_dim", always, "max(axis) gives the values alone; argmax tells where they are",
               lambda call, x, *dims, **keywords: (call(x, *dims, **keywords), x.argmax(*dims, **keywords))),
    Difference("min reduction_with_dim", always, "min(axis) gives the values alone; argmin tells where they are",
               lambda call, x, *dims, **keywords: (call(x, *dims, **keywords), x.argmin(*dims, **keywords))),
    Difference("max binary", always, "the larger of two is maximum", lambda call, x, y: x.maximum(y)),
    Difference("min binary", always, "the smaller of two is minimum", lambda call, x, y: x.minimum(y)),
    Difference("take_along_dim", always, "as NumPy's take_along_axis: the last axis by default, x is not stretched"),
    Difference("linalg.solve", lambda sample: sample.arguments[1].ndim > 1, "as in NumPy, only an (n,) is a vector",
               lambda call, A, B: call(A, B.unsqueeze(-1)).squeeze(-1)),
    Difference("masked_fill", of_dtype(torch.bool), "as in NumPy, bools filled with 10 become int64"),
    Difference("all, any", of_dtype(torch.uint8), "as in NumPy, all and any of uint8 are bools"),
    Difference("einsum", of_dtype(torch.uint8), "as in NumPy, einsum keeps the dtype of integers"),
    Difference("arange", lambda sample: not sample.dtype.is_floating_point and sample.has_fractions,
               "as in NumPy, arange cuts the fractions of its numbers off, not of its bounds"),
    Difference("linspace, linspace tensor_overload", integers, "as in NumPy, integers are rounded down at the end"),
    Difference("linspace tensor_overload", always, "the ends are numbers", _from_numbers),
    # Arguments that gradlib does not have
    Difference("full, full_like", lambda sample: sample.dtype is torch.uint8 and sample.arguments[1] < 0,
               "uint8 holds no negative numbers"),
    Difference("clone, double, float", has("memory_format"), "arrays have no memory format", without("memory_format")),
    Difference("arange, linspace, zeros_like, ones_like, full_like, ones, zeros, full, eye", has("device"),
               "a new tensor lies in the memory of the CPU", without("device", "layout", "pin_memory")),
    Difference("to", always, "one device or dtype at a time", _to),
    Difference("add, sub, rsub", lambda sample: sample.dtype is torch.uint8 and "alpha" in sample.keywords,
               "uint8 does not hold a factor of -3"),
    Difference("add, sub", has("alpha"), "the factor is written out", lambda call, x, y, alpha: call(x, alpha * y)),
    Difference("rsub", has("alpha"), "the factor is written out", lambda call, x, y, alpha: call(alpha * x, y)),
    Difference("cumsum, cumprod, prod, softmax with_dtype, log_softmax with_dtype", has("dtype"), "astype converts",
               lambda call, x, *args, dtype, **keywords: call(x.astype(dtype), *args, **keywords).astype(dtype)),
    Difference("div floor_rounding", always, "x // y rounds down", lambda call, x, y, rounding_mode: x // y),
    Difference("div trunc_rounding", always, "rounding towards 0 is written out", _truncated),
    Difference("nn.functional.max_pool1d, nn.functional.max_pool2d", has("return_indices"),
               "pooling gives the values alone", without("return_indices"), first),
    Difference("repeat_interleave", has("output_size"), "the counts tell the size", without("output_size")),
    Difference("std unbiased, var unbiased", lambda sample: isinstance(sample.arguments[-1], bool),
               "unbiased needs its name", _unbiased),
    Difference("narrow", lambda sample: isinstance(sample.arguments[2], torch.Tensor), "the start is a number",
               lambda call, x, axis, start, length: call(x, axis, int(start), length)),
    Difference("nn.functional.avg_pool1d", has("count_include_pad"), "a mean counts the zeros of the padding"),
    Difference("nn.functional.avg_pool2d", lambda sample: len(sample.arguments) > 4,
               "a mean counts the zeros of the padding"),
    Difference("nn.functional.embedding", lambda sample: bool(sample.keywords), "embedding looks up, and no more"),
    Difference("nn.functional.softplus", has("threshold"), "softplus is exact everywhere: it needs no threshold"),
    # Refused
    Difference("nn.functional.batch_norm", lambda sample: sample.input.numel() == 0, "no statistics of an empty batch"),
    Difference("squeeze, squeeze multiple", always, "an axis that squeeze takes away has size 1"),
    Difference("tensordot", always, "sizes that are summed over are equal: 1 is not stretched"),
    Difference("gather", lambda sample: sample.arguments[2].numel() == 0, "an empty index has x's axes too"),
    Difference("cat", lambda sample: any(tensor.shape == (0,) for tensor in sample.tensors),
               "an empty vector does not fit matrices"),
    Difference("norm, norm inf, linalg.vector_norm, linalg.norm, linalg.norm subgradients_at_zero, "
               "nn.functional.normalize", of_order(lambda order: isinstance(order, (int, float)) and order <= 0),
               "the order of a norm is above 0"),
    Difference("norm nuc, norm fro", always, "norms are of all entries, under their number"),
    Difference("linalg.norm, linalg.norm subgradients_at_zero", lambda sample: sample.input.ndim > 1,
               "there are no norms of matrices"),
    Difference("nn.functional.hinge_embedding_loss", always, "labels are -1 and 1, and of the prediction's shape"),
    Difference("nn.functional.binary_cross_entropy", of_dtype(torch.float16), "its slope of 1e12 is beyond float16"),
    Difference("sign", of_dtype(torch.bool), "bools have no sign"),
    Difference("__rpow__", integers, "integers have no negative powers"),
    Difference("where", lambda sample: any(isinstance(each, complex) for each in sample.arguments),
               "there are no complex numbers"),
    # Other numbers
    Difference("nn.functional.dropout", always, "another generator draws"),
    Difference("nn.functional.scaled_dot_product_attention", lambda sample: sample.keywords.get("dropout_p"),
               "another generator draws"),
    Difference("randn, randn_like, rand_like", always, "another generator draws", _drawn, shape_alone),
    Difference("randint", always, "another generator draws, between two bounds", lambda call, *args, **keywords:
               _drawn(call, *(args if len(args) == 3 else (0, *args)), **keywords), shape_alone),
    Difference("topk", integers, "equal entries keep their order"),
    Difference("nn.functional.avg_pool1d, nn.functional.avg_pool2d", integers, "a mean of integers is float32"),
    Difference("abs, sign, nn.functional.elu, clamp", has_nan, "the sign of NaN is NaN; a NaN bound gets no gradient"),
    Difference("linalg.norm, linalg.norm subgradients_at_zero", lambda sample: not sample.input.any(),
               "second derivatives of a norm that is 0 are NaN"),
    Difference("nn.functional.silu", has_infinity, "its slope at infinity is 1; PyTorch's is NaN in long vectors"),
]  # fmt: skip


# The tests ------------------------------------------------------------


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """The samples are small: PyTorch's threads would only wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def differences(name: str) -> list[Difference]:
    return [row for row in DIFFERENCES if name in row.operations.split(", ")]


def outcome(call: Callable, other: Callable, sample: Sample, order: int) -> str:
    """Empty where they agree; else what was different, or gradlib's refusal. Any other error is raised."""
    try:
        with sdpa_kernel(SDPBackend.MATH):  # the only one whose gradient PyTorch can differentiate
            compare(call, other, sample, order)
    except Different as different:
        return str(different)
    except Exception as error:
        if missing := lacks(call, sample):
            return f"no such argument: {missing}"
        if is_ours(error):
            return f"refused: {error}"
        raise
    return ""


def runs(op) -> list[tuple[Sample, int]]:
    """Samples, and up to which order their gradients are compared."""
    found = []
    for dtype in (torch.float64, torch.float32, torch.float16, torch.int64, torch.uint8, torch.bool):
        if not op.supports_dtype(dtype, "cpu"):
            continue
        order = 0
        if dtype is torch.float64 and op.supports_autograd:
            order = 1 + op.supports_gradgrad
        found += [(sample, order) for sample in draw(op, "sample_inputs", dtype, order > 0, 40 if order else 12)]
        if order:
            found += [(sample, 1) for sample in references(op)]
    return found


def references(op) -> list[Sample]:
    """Samples at the edges of float64, infinities and NaN among them: PyTorch has them of elementwise operations."""
    if op.reference_inputs_func is None:
        return []
    samples = draw(op, "reference_inputs", torch.float64, False, 20)
    for tensor in (tensor for sample in samples for tensor in sample.tensors):
        tensor.requires_grad_(tensor.is_floating_point())
    return samples


def findings(name: str) -> list[str]:
    """What is wrong with an operation: each in a line."""
    op, called_so = MAPPED[name]
    wrong, used = [], []
    rows = differences(name)
    for sample, order in runs(op):
        for called_as, call in called_so.items():
            if not sample.tensors and not called_as.startswith("gradlib."):  # an operator on two numbers is Python's
                continue
            try:
                said = outcome(call, op, sample, order)
                if said and (row := next((row for row in rows if row.when(sample)), None)):
                    used.append(row)
                    said = ""
                    if row.ours or row.theirs:
                        said = outcome(*translated(row, call, op), sample, order)
            except Exception as error:
                last = traceback.extract_tb(error.__traceback__)[-1]
                said = f"a raw error, {error!r}, from {Path(last.filename).name}, line {last.lineno}"
            if said:
                wrong.append(f"{called_as}{sample}: {said}")
    return wrong + [f"no sample needs the row any more: {row.reason}" for row in rows if row not in used]


def translated(row: Difference, call: Callable, op) -> tuple[Callable, Callable]:
    ours = call if row.ours is None else lambda *args, **keywords: row.ours(call, *args, **keywords)
    theirs = op if row.theirs is None else lambda *args, **keywords: row.theirs(op(*args, **keywords))
    return ours, theirs


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", MAPPED)
def test_it_agrees_on_the_samples_of_pytorch(name):
    wrong = findings(name)
    assert not wrong, f"{len(wrong)} of them:\n" + "\n".join(wrong[:20])


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", [name for name, (op, _) in MAPPED.items() if op.error_inputs_func])
def test_no_error_is_raw_on_what_pytorch_refuses(name):
    op, called_so = MAPPED[name]
    torch.manual_seed(0)
    for each in op.error_inputs_func(op, "cpu"):
        each = each.sample_input
        sample = Sample((each.input, *each.args), each.kwargs, torch.float32)
        if any(tensor.ndim > 64 for tensor in sample.tensors):  # more axes than NumPy has
            continue
        for called_as, call in called_so.items():
            if called_as.startswith("gradlib.") or isinstance(sample.input, torch.Tensor):
                try:
                    called(call, sample, for_gradlib)
                except Exception as error:
                    assert lacks(call, sample) or is_ours(error), f"{called_as}{sample}: {error!r}"


# Nothing is left out ------------------------------------------------------------

# What gradlib has, and `op_db` has not under that name.
UNSAMPLED = {
    # entries of the table
    "getitem": "sampled as __getitem__", "setitem": "test_torch.py writes t[i] = v",
    "scatter": "the gradient of getitem",
    "unfold": "the windows of conv1d and max_pool1d, which are sampled", "fold": "the gradient of unfold",
    "rnn": "test_recurrent.py", "gru": "test_recurrent.py", "lstm": "test_recurrent.py",
    # methods
    "astype": "sampled as to", "expand_dims": "NumPy's name of unsqueeze", "center": "x minus its mean, as in std",
    "take_along_axis": "NumPy's name of take_along_dim",
    # functions
    "rand": "drawn as rand_like is", "bce_loss": "another name of binary_cross_entropy",
    "hinge_loss": "PyTorch has none",
    "bce_with_logits_loss": "another name of binary_cross_entropy_with_logits",
    "cross_entropy_loss": "another name of cross_entropy",
}  # fmt: skip


def test_every_operation_of_gradlib_is_sampled_or_says_why_not():
    sampled = {name.rpartition(".")[2] for op, _ in MAPPED.values() for name in names(op)}
    homes = importlib.import_module("gradlib.functions"), F, gradlib.linalg
    functions = {
        name
        for home in homes
        for name, function in inspect.getmembers(home, inspect.isfunction)
        if not name.startswith("_")
        and function.__module__.startswith((homes[0].__name__, "gradlib.nn", "gradlib.linalg"))
    }
    ours = {*TABLE, *functions, *(name for name in vars(Operations) if not name.startswith("_"))}
    assert ours - sampled == UNSAMPLED.keys()
    assert all(UNSAMPLED.values())


def test_a_difference_names_operations_of_both():
    assert {name for row in DIFFERENCES for name in row.operations.split(", ")} <= MAPPED.keys()
