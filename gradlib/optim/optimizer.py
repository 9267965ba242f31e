"""The base of the optimizers: groups of parameters, their state, and the walk over them."""

from __future__ import annotations

import itertools
import math
import operator
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Set
from numbers import Real
from typing import Any

import numpy as np
from numpy.lib.array_utils import byte_bounds

from ..autograd import enable_grad, own_gradient, owner_of, recording, unusual, writes
from ..device import DeviceArray, as_array
from ..device import to as moved
from ..errors import GraphError, ShapeError, complete, flag, real, shown
from ..operations import on_cpu, plain
from ..tensor import Tensor

# Formulas are computed in blocks of 2**16 numbers, so that their intermediate values are small and stay in the
# cache: Adam's step on 4 million float32 takes 5.1 ms, 6.3 ms in one piece, 7.7 ms in blocks of 2**13.
_BLOCK = 2**16

# Smaller parameters are updated together, as one array. Copying them there and back costs less than a round of
# NumPy calls for each: Adam's step on 6 parameters, 354 numbers in all, takes 27 µs instead of 108 µs.
_SMALL = 2**14

# Values of a group that a formula takes as they are.
_PLAIN = {float, int, bool, str, type(None), tuple, list}

# Bounds of the hyperparameters: at least, below.
_RANGES = {
    "lr": (0, math.inf), "momentum": (0, math.inf), "weight_decay": (0, math.inf), "alpha": (0, 1),
    "eps": (0, math.inf), "betas": (0, 1), "lr_decay": (0, math.inf), "momentum_decay": (0, math.inf),
    "initial_accumulator_value": (0, math.inf),
}  # fmt: skip


_FLAGS = ("maximize", "nesterov", "centered", "amsgrad", "decoupled_weight_decay")


class Optimizer:
    """The base of all optimizers: moves parameters by a formula of their gradients.

    params : an iterable of tensors, or of groups: dicts with "params" and the hyperparameters in which the
        group differs, `[{"params": body}, {"params": head, "lr": 0.1}]`.
    defaults : the hyperparameters of the groups that do not say otherwise.

    `param_groups` is the list of groups; a schedule writes its "lr" there, and so may you. `state` maps each
    parameter to a dict of the optimizer's memory of it: the number of its steps and some arrays of its shape. Both
    are yours to edit. Every step uses the groups, the parameters and the arrays that it finds, and overwrites these
    arrays in place, as in PyTorch:

    - `state.clear()` and `state.pop(parameter)` take the memory away: the next step of a parameter is like its first.
      If one of several entries is missing, the step raises KeyError.
    - An array that you put into a state is used from then on. After a change of the parameter's dtype its arrays are
      cast to the new one. (PyTorch raises an error there, or keeps momentum in the old dtype.)
    - A memory that begins later than the parameter starts then: momentum or amsgrad that is switched on, for example.
      (PyTorch's Adam and RMSprop raise KeyError.)

    A subclass defines `update`, its formula. If it remembers arrays it names them in `buffers`. If it remembers numbers
    other than the number of steps it names them in `numbers` and counts them on in `advance`.

    >>> class SignDescent(Optimizer):
    ...     def __init__(self, params, lr):
    ...         super().__init__(params, {"lr": lr})
    ...     def update(self, group, state, x, g):
    ...         x -= group["lr"] * np.sign(g)
    >>> weight = Tensor([1.0, -1.0], requires_grad=True)
    >>> (weight**2).sum().backward()
    >>> SignDescent([weight], lr=0.25).step()
    >>> weight
    Tensor([ 0.75, -0.75], requires_grad=True)
    """

    def __init__(self, params: Iterable[Tensor] | Iterable[dict], defaults: dict[str, Any]):
        self.defaults = defaults
        self.param_groups: list[dict[str, Any]] = []
        self.state: dict[Tensor, dict[str, Any]] = defaultdict(dict)
        # By the number of a group: the objects that its packs were made of, and the packs.
        self._layouts: dict[int, tuple[list, list[_Pack]]] = {}
        if isinstance(params, (Tensor, dict)) or not np.iterable(params):
            raise TypeError(
                f"params is a list of tensors, or of groups; got one {type(params).__name__}. Put it in brackets, or "
                "pass model.parameters()."
            )
        params = list(params)
        if not params:
            raise ValueError("params is empty: there is nothing to optimize. Was a generator used up before?")
        for group in params if isinstance(params[0], dict) else [{"params": params}]:
            self.add_param_group(group)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Optimize more parameters, `{"params": [...], ...}`, with hyperparameters of their own or the
        defaults. The dict is copied: change the group later in `param_groups`.

        Raises ValueError for an unknown hyperparameter or one out of range, for a generator that yields nothing, and
        for a parameter that some group has already: it would be moved twice a step. Raises TypeError for a set.
        """
        if not isinstance(param_group, dict) or "params" not in param_group:
            raise TypeError(
                f'a group is a dict with "params", {{"params": [...], "lr": 0.1}}, as are all groups; '
                f"got {param_group!r}."
            )
        if unknown := param_group.keys() - self.defaults.keys() - {"params", "initial_lr"}:
            raise ValueError(
                f"{type(self).__name__} has no hyperparameter {', '.join(map(repr, sorted(unknown)))}. A group may "
                f"set: {', '.join(self.defaults)}."
            )
        params = _listed(param_group["params"])
        group = {**self.defaults, **param_group, "params": params}
        self._check_group(group)
        taken = {id(param) for earlier in self.param_groups for param in earlier["params"]}
        for i, param in enumerate(params):
            _check_parameter(i, param)
            if id(param) in taken:
                raise ValueError(
                    f"parameter {i} of this group, shape {param.shape}, is in the optimizer already: it would be moved "
                    "twice a step. List every tensor once."
                )
            taken.add(id(param))
        self.param_groups.append(group)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients, before the next `backward()` adds to them; or fill them with zeros, in place."""
        for group in self._groups():
            for param in group["params"]:
                if set_to_none or param.grad is None:
                    param.grad = None
                else:
                    own_gradient(param)[...] = 0

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Move every parameter that has a gradient. Gradients stay as they are.

        closure : computes the loss and its gradients; it is called before the move, and its result is returned.

        A gradient must not share memory with a parameter or an array of a state.

        Raises ShapeError if a gradient does not have its parameter's shape; nothing is moved then.
        """
        loss = None
        if closure is not None:
            if not callable(closure):
                raise TypeError(f"step takes a function that computes the loss, or nothing, got {shown(closure)}.")
            with enable_grad():
                loss = closure()
        moving = [_moving(group["params"]) for group in self._groups()]  # errors come before anything moves
        if unusual and recording.watcher is not None:
            _refuse_read_only(array for _, arrays, _ in moving for array in arrays)
        if not isinstance(self.state, defaultdict):
            self.state = defaultdict(dict, self.state)
        if len(self._layouts) > len(moving):
            self._layouts.clear()
        for i, (params, arrays, gradients) in enumerate(moving):
            group = _with_python_numbers(self.param_groups[i])
            for pack in self._packs(i, group, params, arrays):
                if not pack.step(self, group, gradients):
                    self._layouts.pop(i, None)
        return loss

    def state_dict(self) -> dict[str, Any]:
        """Hyperparameters and state, as numbers and copies of arrays; parameters are named by their position.

        With it, and the parameters themselves, a run goes on as if it had not stopped.
        """
        positions: dict[Tensor, int] = {}
        for param in self._params():
            positions.setdefault(param, len(positions))
        return {
            "state": {
                positions[param]: {name: _copy(value) for name, value in state.items()}
                for param, state in self.state.items()
                if param in positions and state
            },
            "param_groups": [
                {**group, "params": [positions[param] for param in group["params"]]} for group in self.param_groups
            ],
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over the result of `state_dict()`, for the same parameters in the same order. Arrays are copied.

        Raises ValueError if the groups do not match or the state is from another kind of optimizer, ShapeError if an
        array does not have its parameter's shape, TypeError if a number is not one; nothing is changed then.
        """
        complete("the state of an optimizer", state_dict, "param_groups", "state")
        groups, params = state_dict["param_groups"], self._params()
        for group in groups if isinstance(groups, (list, tuple)) else [groups]:
            complete("a saved group", group, "params")
        names = set().union(*groups)
        strange = names - self.defaults.keys() - {"params", "initial_lr"}
        if strange and not self.defaults.keys() <= names:  # you may have added notes of your own
            raise ValueError(
                f"the saved state is of another optimizer: {type(self).__name__} has no hyperparameter "
                f"{', '.join(map(repr, sorted(strange)))}. Make one of the kind that was saved."
            )
        sizes = [len(group["params"]) for group in groups]
        own_sizes = [len(group["params"]) for group in self.param_groups]
        if sizes != own_sizes:
            raise ValueError(
                f"the saved state is for groups of {sizes} parameters, this optimizer has groups of {own_sizes}. Make "
                "it with the same parameters in the same order."
            )
        order = [i for group in groups for i in group["params"]]
        arrays = {name for group in self.param_groups for name in self.buffers(group)} | self._LATE
        numbers = {name for group in self.param_groups for name in self.numbers(group)}
        loaded = {}
        for saved, param in zip(order, params, strict=True):
            if saved in state_dict["state"]:
                loaded[param] = {
                    name: _loaded(name, value, saved, param) if name in arrays
                    else _number(name, value) if name in numbers
                    else _copy(value)
                    for name, value in state_dict["state"][saved].items()
                }  # fmt: skip
        self.state = defaultdict(dict, loaded)
        self._layouts.clear()
        for group, saved in zip(self.param_groups, groups, strict=True):
            group.update({name: value for name, value in saved.items() if name != "params"})
        self._lay_out_own()

    def __repr__(self) -> str:
        shown = [
            ", ".join(f"{name}={value}" for name, value in group.items() if name != "params")
            + f", {len(group['params'])} parameters"
            for group in self.param_groups
        ]
        return f"{type(self).__name__}({'; '.join(shown)})"

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_layouts": {}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._lay_out_own()

    def _lay_out_own(self) -> None:
        """Lay the arrays of a state that was loaded or copied side by side, before anybody sees them."""
        for i, group in enumerate(self.param_groups):
            self._lay_out(i, group, [param for param in group["params"] if param in self.state], own=True)

    # For subclasses ---------------------------------------------------------------------------------------

    def _check_group(self, group: dict[str, Any]) -> None:
        """Refuse hyperparameters that are out of range."""
        _check_ranges(group)

    def buffers(self, group: dict[str, Any]) -> dict[str, float]:
        """The arrays to remember of each parameter, by name, and the number that fills them at the start."""
        return {}

    # Buffers that a hyperparameter may ask for in the middle of a run: they start then.
    _LATE: frozenset[str] = frozenset()

    def numbers(self, group: dict[str, Any]) -> dict[str, float]:
        """The numbers to remember of each parameter, by name, and what they are before the first step."""
        return {"step": 0}

    def advance(self, group: dict[str, Any], state: dict[str, Any]) -> None:
        """Bring the numbers in a parameter's state to the next step."""
        state["step"] = int(state["step"]) + 1

    def update(self, group: dict[str, Any], state: dict[str, Any], x: np.ndarray, g: np.ndarray, *buffers):
        """The formula: overwrite x, and the buffers, by the gradient g, which stays as it is.

        All are flat arrays of one size: a part of a parameter, or several parameters side by side. `state` has their
        numbers. The weight decay is already applied to x or g.
        """
        raise NotImplementedError(f"{type(self).__name__} must define update(group, state, x, g, *buffers)")

    def _decay_and_update(self, group: dict, state: dict, x: np.ndarray, g: np.ndarray, *buffers) -> None:
        if group.get("maximize"):
            g = -g
        if decay := group.get("weight_decay", 0):
            if group.get("decoupled_weight_decay"):
                x *= 1 - group["lr"] * decay
            else:
                g = g + decay * x
        self.update(group, state, x, g, *buffers)

    # The walk ---------------------------------------------------------------------------------------------

    def _groups(self) -> list[dict[str, Any]]:
        """The groups, each with a list of parameters, also where a tensor or a generator was assigned."""
        for group in self.param_groups:
            if type(group["params"]) is not list:
                group["params"] = _listed(group["params"])
        return self.param_groups

    def _params(self) -> list[Tensor]:
        return [param for group in self._groups() for param in group["params"]]

    def _packs(self, i: int, group: dict, params: list[Tensor], arrays: list[np.ndarray]) -> list[_Pack]:
        """Gather the parameters that move. The packs of the last step serve again if they were made of the same
        objects: the parameters' arrays, their states, and the arrays in the states."""
        buffers = self.buffers(group)
        states = [self.state[param] for param in params]
        known, packs = self._layouts.get(i, ((), []))
        parts = [*arrays, *states]
        for name in buffers:
            parts += [state.get(name) for state in states]
        if len(parts) != len(known) or not all(map(operator.is_, parts, known)):
            packs = self._lay_out(i, group, params)
        return packs

    def _lay_out(self, i: int, group: dict[str, Any], params: list[Tensor], own: bool = False) -> list[_Pack]:
        """Make the packs of a group. own : nobody else knows the arrays in the states, so they may be replaced."""
        buffers, numbers = self.buffers(group), self.numbers(group)
        members = [(position, param, self.state[param]) for position, param in enumerate(params)]
        for _, param, state in members:
            self._complete(param, state, buffers, numbers)
        packs = [_Pack(pack, buffers, numbers, own) for pack in _gathered(members, buffers, numbers)]
        states = [state for _, _, state in members]
        parts = [*[param._array for param in params], *states, *[state[name] for name in buffers for state in states]]
        self._layouts[i] = parts, packs
        return packs

    def _complete(self, param: Tensor, state: dict, buffers: dict[str, float], numbers: dict[str, float]) -> None:
        """Begin a state that has no arrays, and fit arrays and numbers that were put into it. (The arrays that are
        missing are made with the pack.)"""
        if not param._array.flags.writeable and recording.watcher is None:
            param.data = param._array.copy()
        held = [name for name in buffers if state.get(name) is not None]
        if buffers and not held:  # the first step, or the first after the memory was taken away
            state.update(numbers)
        elif not buffers:
            for name, start in numbers.items():
                state.setdefault(name, start)
        for name in numbers.keys() & state.keys():
            state[name] = _number(name, state[name])
        for name in held:
            array = state[name]
            if type(array) is not np.ndarray or array.shape != param.shape or array.dtype != param.dtype:
                state[name] = _fitted(name, array, param)
            elif not array.flags.writeable:
                state[name] = array.copy()
        if held and (missing := buffers.keys() - held - self._LATE):
            raise _missing(*missing)


class _Pack:
    """Parameters that are updated together. They and their gradients are copied side by side into flat arrays. The
    arrays in their states are parts of flat arrays from the start; others that a user puts in are copied there and
    back. A parameter that is not small has a pack of its own and is updated where it lies."""

    def __init__(self, members: list[tuple[int, Tensor, dict]], buffers: dict[str, float], numbers: dict, own: bool):
        self.members = members  # the position among the gradients, the parameter, its state
        self.states = [state for _, _, state in members]
        self.buffers, self.numbers, self.numbers_of = list(buffers), list(numbers), operator.itemgetter(*numbers)
        if len(members) == 1:
            (_, param, state), *_ = members
            for name, start in buffers.items():
                if state.get(name) is None:
                    state[name] = np.full_like(param.data, start, order="C")
            return
        params = [param for _, param, _ in members]
        self.x, self.g = np.empty_like(params[0].data, order="C", shape=(2, sum(param.numel() for param in params)))
        self.parts = [
            (i, param._array, x, g)
            for (i, param, _), x, g in zip(members, _views(self.x, params), _views(self.g, params), strict=True)
        ]
        self.copies = []  # an array in a state that lies elsewhere, and its part of the flat array
        self.flat = [self._flat(name, start, params, own) for name, start in buffers.items()]

    def _flat(self, name: str, start: float, params: list[Tensor], own: bool) -> np.ndarray:
        held = [state.get(name) for state in self.states]
        if (flat := _side_by_side(held)) is not None:
            return flat
        flat = np.full_like(self.x, start)
        for state, array, view in zip(self.states, held, _views(flat, params), strict=True):
            if array is not None and not own:
                self.copies.append((array, view))
                continue
            if array is not None:
                view[...] = array
            state[name] = view
        return flat

    def step(self, optimizer: Optimizer, group: dict[str, Any], gradients: list[np.ndarray]) -> bool:
        """Move the parameters. False if their numbers differ, so that they need other packs."""
        first, *others = self.states
        try:
            counts = list(map(self.numbers_of, self.states))
        except KeyError as error:
            raise _missing(error.args[0]) from None
        if not others or counts.count(counts[0]) < len(counts):
            for i, param, state in self.members:
                optimizer.advance(group, state)
                self._step_alone(optimizer, group, param, state, gradients[i])
            return not others
        optimizer.advance(group, first)
        advanced = {name: first[name] for name in self.numbers}
        for state in others:
            state.update(advanced)
        self._step_together(optimizer, group, first, gradients)
        return True

    def _step_together(self, optimizer: Optimizer, group: dict, state: dict, gradients: list[np.ndarray]) -> None:
        for i, array, x, g in self.parts:
            x[...] = array
            g[...] = gradients[i]
        for array, view in self.copies:
            view[...] = array
        optimizer._decay_and_update(group, state, self.x, self.g, *self.flat)
        for array, view in self.copies:
            array[...] = view
        for _, array, x, _ in self.parts:
            array[...] = x
            writes.mark(array)

    def _step_alone(self, optimizer: Optimizer, group: dict, param: Tensor, state: dict, gradient: np.ndarray) -> None:
        """Move one parameter, block by block."""
        arrays = [param._array, *(state[name] for name in self.buffers)]
        flat = [array.reshape(-1) for array in arrays]  # copies of those that are not contiguous
        g = gradient.astype(param.dtype, copy=False).reshape(-1)
        for start in range(0, g.size, _BLOCK):
            block = slice(start, start + _BLOCK)
            x, *buffers = (array[block] for array in flat)
            optimizer._decay_and_update(group, state, x, g[block], *buffers)
        for array, numbers in zip(arrays, flat, strict=True):
            if not array.flags.c_contiguous:
                array[...] = numbers.reshape(array.shape)
        writes.mark(param._array)


def _gathered(members: list[tuple], buffers: Iterable[str], numbers: Iterable[str]) -> list[list[tuple]]:
    """Gather small parameters of one dtype and equal numbers, up to a block in all; each of the others by itself. Those
    that share memory are moved one after the other, too."""
    gathered, last = [], {}
    for member in members:
        _, param, state = member
        kind = param.dtype, param.device, *map(state.get, numbers)
        pack = last.get(kind)
        if param.numel() > _SMALL:
            gathered.append([member])
        elif pack is None or sum(other.numel() for _, other, _ in pack) + param.numel() > _BLOCK:
            last[kind] = [member]
            gathered.append(last[kind])
        else:
            pack.append(member)
    return [
        part for pack in gathered for part in ([pack] if _separate(pack, buffers) else [[member] for member in pack])
    ]


def _separate(members: list[tuple], buffers: Iterable[str]) -> bool:
    """True if no two arrays of some parameters share memory."""
    arrays = [param._array for _, param, _ in members]
    arrays += [state[name] for _, _, state in members for name in buffers if state.get(name) is not None]
    spans = sorted(map(_span, arrays))
    return all(end <= start for (_, end), (start, _) in itertools.pairwise(spans))


def _span(array: np.ndarray | DeviceArray) -> tuple[int, int]:
    """The addresses at which an array begins and ends. (On a device, every array counts as separate.)"""
    if not isinstance(array, np.ndarray):
        return id(array), id(array) + 1
    if not array.flags.c_contiguous:
        return byte_bounds(array)
    start, _ = array.__array_interface__["data"]
    return start, start + array.nbytes


def _side_by_side(arrays: list[np.ndarray | None]) -> np.ndarray | None:
    """The flat array whose parts, one after the other, are these arrays; None if there is none."""
    if not all(isinstance(array, np.ndarray) and array.flags.c_contiguous for array in arrays):
        return None
    owner = owner_of(arrays[0])
    spans = [_span(array) for array in arrays]
    (begin, _), (_, end) = spans[0], spans[-1]
    if (
        any(owner_of(array) is not owner for array in arrays)
        or any(end != start for (_, end), (start, _) in itertools.pairwise(spans))
        or owner.dtype != arrays[0].dtype
        or not owner.flags.c_contiguous
    ):
        return None
    first = (begin - _span(owner)[0]) // owner.itemsize
    return owner.reshape(-1)[first : first + (end - begin) // owner.itemsize]


def _views(flat: np.ndarray, params: list[Tensor]) -> list[np.ndarray]:
    """Parts of a flat array, one after another, in the shapes of the parameters."""
    views, end = [], 0
    for param in params:
        start, end = end, end + param._array.size
        views.append(flat[start:end].reshape(param._array.shape))
    return views


def _moving(params: list[Tensor]) -> tuple[list[Tensor], list[np.ndarray], list[np.ndarray]]:
    """The parameters that have a gradient, their arrays, and the gradients as arrays of the same shapes."""
    moving, arrays, gradients = [], [], []
    for param in params:
        gradient = param.grad
        if gradient is not None:
            array = param._array
            if type(gradient) is not np.ndarray or gradient.shape != array.shape:
                gradient = _fitted("gradient", gradient, param)
            moving.append(param)
            arrays.append(array)
            gradients.append(gradient)
    return moving, arrays, gradients


# Checks ------------------------------------------------------------


def _refuse_read_only(arrays: Iterable[np.ndarray]) -> None:
    for array in arrays:
        if not array.flags.writeable:
            raise GraphError(
                f"the step would overwrite a parameter of shape {array.shape}, which a graph made in detect_anomaly "
                "still holds: backward() has not been called on its result. Call it first, or compute what needs no "
                "gradient inside `with gradlib.no_grad():`."
            )


def _check_ranges(group: dict[str, Any]) -> None:
    for name, value in group.items():
        if name in _RANGES:
            least, below = _RANGES[name]
            pair = name == "betas"
            numbers = value if pair and isinstance(value, (tuple, list)) else (value,)
            if len(numbers) != 1 + pair or not all(isinstance(number, Real) for number in numbers):
                raise TypeError(f"{name} must be {'a pair of numbers' if pair else 'a number'}, got {value!r}.")
            if not all(least <= number < below for number in numbers):
                limit = "" if below == math.inf else f" and below {below}"
                raise ValueError(f"{name} must be at least {least}{limit}, got {value}.")
        elif name in _FLAGS:
            flag(name, value)


def _with_python_numbers(group: dict[str, Any]) -> dict[str, Any]:
    """The group with Python numbers. An np.float64 as the rate would make float32 formulas run in float64, until the
    run is saved and resumed."""
    if {*map(type, group.values()), *map(type, group.get("betas", ()))} <= _PLAIN:
        return group
    return {name: value if name == "params" else _python_number(value) for name, value in group.items()}


def _python_number(value: Any) -> Any:
    if isinstance(value, (tuple, list)):
        return tuple(map(_python_number, value))
    value = plain(value)
    return value.item() if isinstance(value, (np.generic, np.ndarray, DeviceArray)) and value.size == 1 else value


def _listed(params: Any) -> list[Tensor]:
    """The parameters of a group as a list."""
    if isinstance(params, Tensor):
        return [params]
    if isinstance(params, Set) or not np.iterable(params):
        raise TypeError(
            f"a group's parameters must be a tensor or a list of tensors, got {type(params).__name__}. (A set has "
            "another order in every run, and a saved state is loaded by position.)"
        )
    listed = list(params)
    if not listed and isinstance(params, Iterator):
        raise ValueError(
            "a group's parameters come from a generator that yields nothing. Was it used up before? Pass "
            "list(model.parameters()) where they are needed twice; a group that is empty on purpose takes []."
        )
    return listed


def _check_parameter(i: int, param: Any) -> None:
    if not isinstance(param, Tensor):
        hint = " Pass model.parameters(), not named_parameters()." if isinstance(param, tuple) else ""
        raise TypeError(f"parameter {i} must be a Tensor, got {type(param).__name__}.{hint}")
    if not param.is_leaf:
        raise GraphError(
            f"parameter {i}, shape {param.shape}, is a result of {param._op.symbol!r}. Moving it would not last: it is "
            "computed again from its inputs. Optimize those leaves."
        )


def _copy(value: Any) -> Any:
    value = plain(value)
    return moved(value, "cpu").copy() if isinstance(value, (np.ndarray, DeviceArray)) else value


def _fitted(name: str, value: Any, param: Tensor) -> np.ndarray:
    """A gradient or a buffer as an array in the parameter's dtype and memory; copied only if it must be."""
    array = as_array(plain(value))
    if array.shape != param.shape:
        raise ShapeError(
            f"a parameter of shape {param.shape} has a {name} of shape {array.shape}; both must have the same shape."
        )
    return moved(array.astype(param.dtype, copy=False), param.device)


def _loaded(name: str, value: Any, position: int, param: Tensor) -> Any:
    """A copy of a saved array in the parameter's dtype and memory."""
    array = as_array(plain(value))
    if value is not None and array.shape != param.shape:
        raise ShapeError(
            f"the saved {name} of parameter {position} has shape {array.shape}, the parameter {param.shape}. "
            "Make the optimizer with the same parameters in the same order."
        )
    return value if value is None else moved(array.astype(param.dtype), param.device)


def _number(name: str, value: Any) -> float:
    """A number of a state, given as a number or as an array of one entry, as PyTorch's step is."""
    array = on_cpu(value)
    return real(f"{name!r} in the state of a parameter is a number", array.item() if array.size == 1 else value)


def _missing(name: str) -> KeyError:
    return KeyError(
        f"the state of a parameter has other entries, but no {name!r}. Put it back, or remove the whole state by "
        "optimizer.state.pop(parameter); its next step is then like the first."
    )
