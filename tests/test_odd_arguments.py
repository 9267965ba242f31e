"""Arguments that make no sense: whatever ends in an error ends in one that gradlib raises, and never in NumPy's own."""

import dis
import inspect
import random

import numpy as np
import pytest

import gradlib
from gradlib import Tensor, nn, optim

DRAWS, HUGE = 60, 10**30


def tensor(*shape):
    return Tensor(np.linspace(-1.0, 2.0, int(np.prod(shape))).reshape(shape), requires_grad=True)


TENSORS = [
    tensor,
    lambda: tensor(3),
    lambda: tensor(2, 3),
    lambda: tensor(2, 0, 3),
    lambda: tensor(1, 2, 4, 4),
    lambda: Tensor([0, 1, 2]),
    lambda: Tensor([True, False, True]),
]
ODD = [
    *(0, 1, -1, 5, HUGE, 1.5, 1j, None, True, "mean", "x", (), (0, 1), [0, 0], (2.5,), ("a",), {}, [None]),
    *(float("nan"), float("inf"), np.int64(1), np.float16(1), np.array(1), np.array([1, 0]), np.array([])),
    *(Ellipsis, slice(0, 2), object()),
]
# Values of their own, and what shows or writes something.
LEFT_OUT = {"explain", "show_graph", "set_printoptions", "full_tracebacks", "tolist"}


def public(module):
    for name, value in sorted(vars(module).items()):
        home = getattr(value, "__module__", "")
        ours = home.startswith("gradlib") and name not in LEFT_OUT | {"on", "whole", "flag", "Optimizer"}
        is_error = isinstance(value, type) and issubclass(value, Exception)
        if callable(value) and ours and not is_error and not name.startswith("_"):
            yield f"{module.__name__}.{name}", value


OPERATORS = ["__getitem__", "__add__", "__truediv__", "__pow__", "__matmul__", "__rsub__", "__lt__"]
METHODS = [name for name in dir(Tensor) if not name.startswith("_") and callable(getattr(Tensor, name))]
TARGETS = {f"Tensor.{name}": getattr(Tensor, name) for name in METHODS + OPERATORS if name not in LEFT_OUT}
for module in (gradlib, nn, nn.functional, optim, gradlib.data):
    TARGETS.update(public(module))


def is_gradlibs(error):
    """Return True if a statement `raise` in gradlib raised an error."""
    trace = error.__traceback__
    while trace.tb_next is not None:
        trace = trace.tb_next
    code = trace.tb_frame.f_code
    return "gradlib" in code.co_filename and dis.opname[code.co_code[trace.tb_lasti]] in ("RAISE_VARARGS", "RERAISE")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", TARGETS)
def test_no_odd_argument_ends_in_an_error_of_numpy(name, draws=DRAWS):
    function, signature, rng = TARGETS[name], inspect.signature(TARGETS[name]), random.Random(name)
    odd = [one for one in ODD if one is not HUGE or not name.startswith("gradlib.nn")]  # a size is NumPy's to refuse
    for _ in range(draws):
        first = [rng.choice(TENSORS)()] if name.startswith("Tensor.") or rng.random() < 0.5 else []
        given = [
            *first,
            *(rng.choice(TENSORS)() if rng.random() < 0.1 else rng.choice(odd) for _ in range(rng.randrange(3))),
        ]
        named = [p.name for p in signature.parameters.values() if p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD)]
        keywords = {rng.choice(named[len(given) :]): rng.choice(odd)} if named[len(given) :] else {}
        try:
            signature.bind(*given, **keywords)
        except TypeError:
            continue
        try:
            with np.errstate(all="ignore"):
                function(*given, **keywords)
        except Exception as error:
            assert is_gradlibs(error), f"{name}(*{given}, **{keywords}): {type(error).__name__}: {error}"
