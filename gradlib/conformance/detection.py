"""Find out how an engine wants to be used: each way is tried on x · y at 2 and 3, and the best one is kept."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from ..checks.limits import Limits, Stopped, Watch
from ..checks.running import run, what_it_says
from .engine import GOES_BACKWARD, HOLDS_GRADIENT, HOLDS_VALUE, ZEROES, Adapter, Engine, read
from .own import ADVICE, MODULE

TRIAL = Limits(seconds=1.0, steps=200_000)  # an engine may hang at the first word

# How the data may have to be given: a number as it is, in a list, as an array, or as an array with an axis.
FORMS: dict[str, Callable[[Any], Any]] = {
    "numbers and arrays": lambda v: np.asarray(v, float) if np.ndim(v) else float(v),
    "numbers and lists": lambda v: np.asarray(v, float).tolist() if np.ndim(v) else float(v),
    "arrays": lambda v: np.asarray(v, float),
    "lists": lambda v: np.atleast_1d(np.asarray(v, float)).tolist(),
    "arrays with an axis": lambda v: np.atleast_1d(np.asarray(v, float)),
}


class NoWayFound(Exception):
    """The engine cannot be used as far as the trials show. The message lists them."""


def find_engine(adapter: Adapter) -> Engine:
    """Return the engine with all that an adapter leaves open found. Raises NoWayFound."""
    tried: list[str] = []
    trials = list(_trials(adapter, tried))
    if not trials:
        listed = "\n".join(f"  {line}" for line in dict.fromkeys(tried))
        half_kept = f" Or is your engine not whole yet? {ADVICE}" if adapter.cls.__module__ == MODULE else ""
        raise NoWayFound(
            f"No way was found to make a value of {adapter.name}, multiply, go backward and read a gradient.\n"
            f"Tried:\n{listed}\nGive the missing names in an Adapter, for example value=, grad= or backward=."
            f"{half_kept}"
        )
    best = max(trials, key=lambda trial: trial[0])  # of equally good ones the first
    _, form, seeded, found = best
    found = replace(found, zero=found.zero or _first(ZEROES, found.cls), no_grad=found.no_grad or _no_grad(found))
    takes_requires_grad = "requires_grad" in _parameters(found.cls)
    if seeded:
        found = replace(found, backward=_from_one(found.backward, found.value))
    engine = Engine(found, seeded or _takes_seed(found), takes_requires_grad, adapter.make is not None)
    if not found.kind:
        _find_kind(engine)
    if engine.kind == "tensor":
        engine.calibrate()
    engine.spoken = _description(best, engine)
    return engine


def _trials(adapter: Adapter, tried: list[str]) -> Iterator[tuple]:
    """Each way that works: (how well, form of the data, backward is given a seed, the adapter filled in)."""
    for form, make in _makers(adapter):
        outcome = run(lambda make=make: make(2.0, True), {}, None, Watch(TRIAL))
        if outcome.error is not None:
            tried.append(f"made from {form}: {_said(outcome.error)}")
            continue
        holder = next((name for name in _given(adapter.value, HOLDS_VALUE) if _holds(outcome.value, name, 2.0)), None)
        if holder is None:
            tried.append(f"made from {form}: no attribute holds its value, 2.0")
            continue
        for backward in _given(adapter.backward, [name for name in GOES_BACKWARD if hasattr(adapter.cls, name)]):
            for seeded in (False,) if callable(backward) else (False, True):
                made = replace(adapter, make=make, value=holder, backward=backward)
                outcome = run(lambda made=made, seeded=seeded: _multiply(made, seeded), {}, None, Watch(TRIAL))
                if outcome.error is not None:
                    tried.append(f"{backward}({'1.0' if seeded else ''}): {_said(outcome.error)}")
                    continue
                x, expected, is_right = outcome.value
                slopes = {name: _number(x, name) for name in _given(adapter.grad, HOLDS_GRADIENT)}
                if not any(slope is not None for slope in slopes.values()):
                    tried.append(f"{backward}: no attribute holds a gradient after it")
                for name, slope in slopes.items():
                    if slope is not None:
                        how_well = (is_right, slope == expected, not seeded, slope != 0)
                        yield how_well, form, seeded, replace(made, grad=name)
    if not tried:
        tried.append("backward: none of " + ", ".join(GOES_BACKWARD))


def _makers(adapter: Adapter) -> Iterator[tuple[str, Callable[[Any, bool], Any]]]:
    if adapter.make is not None:
        yield "make=", adapter.make
        return
    for form, prepare in FORMS.items():
        yield form, _maker(adapter.cls, prepare)


def _maker(cls: type, prepare: Callable[[Any], Any]) -> Callable[[Any, bool], Any]:
    if "requires_grad" in _parameters(cls):
        return lambda v, requires_grad: cls(prepare(v), requires_grad=requires_grad)
    return lambda v, _: cls(prepare(v))


def _multiply(adapter: Adapter, seeded: bool) -> tuple[Any, float, bool]:
    """x, after backward from x · y at 2 and 3, its right gradient, and whether the product is right.

    Without `*` x + y is taken.
    """
    x, y = adapter.make(2.0, True), adapter.make(3.0, True)
    try:
        z, expected, right = x * y, 3.0, 6.0
    except TypeError:
        z, expected, right = x + y, 1.0, 5.0
    seed = (np.ones_like(read(z, adapter.value)),) if seeded else ()
    adapter.backward(z) if callable(adapter.backward) else getattr(z, adapter.backward)(*seed)
    value = read(z, adapter.value)
    return x, expected, value is not None and value.size == 1 and float(value.reshape(-1)[0]) == right


def _from_one(backward: str, value: Any) -> Callable[..., Any]:
    """A backward pass that begins with ones, for a method that always asks for a gradient to begin with."""

    def begin(t: Any, seed: Any = None) -> Any:
        return getattr(t, backward)(np.ones_like(read(t, value)) if seed is None else seed)

    return begin


def _said(error: BaseException) -> str:
    return str(error) if isinstance(error, Stopped) else what_it_says(error)


def _given(given: Any, names: Any) -> Any:
    return names if given is None else [given]


def _number(t: Any, name: Any) -> float | None:
    """The one number that an attribute holds, or None."""
    if not callable(name) and not hasattr(t, name):
        return None
    outcome = run(lambda: read(t, name), {}, None, Watch(TRIAL))
    return float(outcome.value.reshape(-1)[0]) if outcome.value is not None and outcome.value.size == 1 else None


def _holds(t: Any, name: Any, number: float) -> bool:
    return _number(t, name) == number


def _parameters(function: Any) -> list[str]:
    try:
        return list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return []


def _first(names: tuple[str, ...], cls: type) -> str | None:
    return next((name for name in names if hasattr(cls, name)), None)


def _takes_seed(adapter: Adapter) -> bool:
    """Return True if `backward` has a parameter for the gradient to begin with."""
    is_method = isinstance(adapter.backward, str)
    parameters = _parameters(getattr(adapter.cls, adapter.backward) if is_method else adapter.backward)[1:]
    return bool(parameters) and parameters[0] not in ("retain_grad", "retain_graph", "create_graph")


def _no_grad(adapter: Adapter) -> Any:
    """The context manager of the engine itself, not one that its module may have imported."""
    top = sys.modules.get(adapter.cls.__module__.split(".")[0])
    own = [adapter.cls, *adapter.modules, *([top] if getattr(top, adapter.cls.__name__, None) is adapter.cls else [])]
    return next((found for place in own if callable(found := getattr(place, "no_grad", None))), None)


def _find_kind(engine: Engine) -> None:
    """Set the kind: "tensor" if a table of numbers stays one, also in a product, and can be summed or multiplied."""
    adapter = engine.adapter
    engine.kind = adapter.kind = "scalar"
    if not any(engine.find(name) for name in ("__matmul__", "sum", "matmul", "reshape")):
        return
    makers = [adapter.make]
    if not engine.is_made_by_hand:
        makers += [_maker(adapter.cls, FORMS[form]) for form in ("arrays", "numbers and lists")]
    for make in makers:
        outcome = run(lambda make=make: _table(make, adapter), {}, None, Watch(TRIAL))
        if outcome.error is None and outcome.value == ((2, 3), (2, 3)):
            adapter.make = _by_shape(make, adapter.make)
            engine.kind = adapter.kind = "tensor"
            return


def _by_shape(table: Callable[[Any, bool], Any], number: Callable[[Any, bool], Any]) -> Callable[[Any, bool], Any]:
    return lambda v, requires_grad: (table if np.ndim(v) else number)(v, requires_grad)


def _table(make: Callable[[Any, bool], Any], adapter: Adapter) -> tuple:
    t = make(np.arange(6.0).reshape(2, 3), True)
    return read(t, adapter.value).shape, read(t * t, adapter.value).shape


def _description(trial: tuple, engine: Engine) -> str:
    """How the engine was used, in words."""
    _, form, seeded, found = trial
    adapter = engine.adapter

    def named(how: Any) -> str:
        return f".{how}" if isinstance(how, str) else "given"

    parts = [
        "tensors" if engine.kind == "tensor" else "scalars",
        f"made from {form}" if form != "make=" else "made by make=",
        f"value {named(adapter.value)}",
        f"gradient {named(adapter.grad)}",
        f"backward {named(found.backward)}{'(1.0)' if seeded else ''}",
        f"zeroing {named(adapter.zero) if adapter.zero else 'by a fresh gradient'}",
        "float32" if engine.is_single else "float64",
    ]
    return ", ".join(parts)
