"""What all optimizers share: groups of parameters, their state, and the walk over them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from numbers import Real
from typing import Any

import numpy as np

from ..autograd import enable_grad, writes
from ..device import DeviceArray
from ..device import to as moved
from ..errors import GraphError, ShapeError
from ..tensor import Tensor

# Formulas are computed in blocks of 2**16 numbers, so that their intermediate values are small and stay in the
# cache: Adam's step on 4 million float32 takes 5.1 ms, 6.3 ms in one piece, 7.7 ms in blocks of 2**13.
_BLOCK = 2**16

# Smaller parameters are updated together, as one array. Copying them there and back costs less than a round of
# NumPy calls for each: Adam's step on 6 parameters, 370 numbers in all, takes 14 µs in place of 50 µs.
_SMALL = 2**14

# What a hyperparameter may be: at least, below.
_RANGES = {
    "lr": (0, math.inf), "momentum": (0, math.inf), "weight_decay": (0, math.inf), "alpha": (0, 1),
    "eps": (0, math.inf), "betas": (0, 1), "lr_decay": (0, math.inf), "momentum_decay": (0, math.inf),
    "initial_accumulator_value": (0, math.inf),
}  # fmt: skip


class Optimizer:
    """The base of all optimizers: moves parameters by a formula of their gradients.

    params : an iterable of tensors, or of groups: dicts with "params" and the hyperparameters in which the
        group differs, `[{"params": body}, {"params": head, "lr": 0.1}]`.
    defaults : the hyperparameters of the groups that do not say otherwise.

    `param_groups` is the list of groups; a schedule writes its "lr" there, and so may you. `state` maps each
    parameter to what is remembered of it: the number of its steps and some arrays of its shape.

    A subclass writes its formula once, in `update`; which arrays it remembers, in `buffers`.

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
        self.state: dict[Tensor, dict[str, Any]] = {}
        self._packs: dict[int, tuple] = {}
        if isinstance(params, (Tensor, dict)) or not isinstance(params, Iterable):
            raise TypeError(
                f"params is a list of tensors, or of groups; got one {type(params).__name__}. "
                "Put it in brackets, or pass model.parameters()."
            )
        params = list(params)
        if not params:
            raise ValueError("params is empty: there is nothing to optimize. Was a generator used up before?")
        for group in params if isinstance(params[0], dict) else [{"params": params}]:
            self.add_param_group(group)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Optimize more parameters, `{"params": [...], ...}`, with hyperparameters of their own or the
        defaults.

        Raises ValueError for an unknown hyperparameter or one out of range, and for a parameter that some
        group has already: it would be moved twice a step.
        """
        if not isinstance(param_group, dict) or "params" not in param_group:
            raise TypeError(
                f'a group is a dict with "params", {{"params": [...], "lr": 0.1}}, as are all groups; '
                f"got {param_group!r}."
            )
        if unknown := param_group.keys() - self.defaults.keys() - {"params", "initial_lr"}:
            raise ValueError(
                f"{type(self).__name__} has no hyperparameter {', '.join(map(repr, sorted(unknown)))}. "
                f"A group may set: {', '.join(self.defaults)}."
            )
        params = param_group["params"]
        params = [params] if isinstance(params, Tensor) else list(params)
        group = {**self.defaults, **param_group, "params": params}
        self._check_group(group)
        taken = {id(param) for earlier in self.param_groups for param in earlier["params"]}
        for i, param in enumerate(params):
            _check_parameter(i, param)
            if id(param) in taken:
                raise ValueError(
                    f"parameter {i} of this group, shape {param.shape}, is in the optimizer already: it "
                    "would be moved twice a step. List every tensor once."
                )
            taken.add(id(param))
        self.param_groups.append(group)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients, before the next `backward()` adds to them; or fill them with zeros."""
        for group in self.param_groups:
            for param in group["params"]:
                if set_to_none or param.grad is None:
                    param.grad = None
                else:
                    param.grad = np.zeros_like(param.grad)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Move every parameter that has a gradient. Gradients stay as they are.

        closure : computes the loss and its gradients anew, called before the move; its result is returned.
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        for i, group in enumerate(self.param_groups):
            _as_python_numbers(group)
            for pack in self._packed(i, group):
                if not pack.step(self, group):
                    for param in pack.params:
                        if param.grad is not None:
                            self._step_alone(group, param)
        return loss

    def state_dict(self) -> dict[str, Any]:
        """Hyperparameters and state, as numbers and copies of arrays; parameters are named by their position.

        With it, and the parameters themselves, a run goes on as if it had not stopped.
        """
        positions = {param: i for i, param in enumerate(self._params())}
        return {
            "state": {
                positions[param]: {name: _copy(value) for name, value in state.items()}
                for param, state in self.state.items()
                if param in positions and state["step"]
            },
            "param_groups": [
                {**group, "params": [positions[param] for param in group["params"]]} for group in self.param_groups
            ],
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict()` gave, for the same parameters in the same order.

        Raises ValueError if the groups do not match or the state is another kind of optimizer's, ShapeError if an
        array does not have its parameter's shape; nothing is changed then.
        """
        groups, params = state_dict["param_groups"], self._params()
        if strange := {name for group in groups for name in group} - self.defaults.keys() - {"params", "initial_lr"}:
            raise ValueError(
                f"the saved state is of another optimizer: {type(self).__name__} has no hyperparameter "
                f"{', '.join(map(repr, sorted(strange)))}. Make one of the kind that was saved."
            )
        sizes = [len(group["params"]) for group in groups]
        own_sizes = [len(group["params"]) for group in self.param_groups]
        if sizes != own_sizes:
            raise ValueError(
                f"the saved state is for groups of {sizes} parameters, this optimizer has groups of "
                f"{own_sizes}. Make it with the same parameters in the same order."
            )
        order = [i for group in groups for i in group["params"]]
        loaded = {}
        for saved, param in zip(order, params, strict=True):
            if saved in state_dict["state"]:
                loaded[param] = {
                    name: _fitted(name, value, saved, param) for name, value in state_dict["state"][saved].items()
                }
        self.state = loaded
        self._packs.clear()
        for group, saved in zip(self.param_groups, groups, strict=True):
            group.update({name: value for name, value in saved.items() if name != "params"})

    def __repr__(self) -> str:
        shown = [
            ", ".join(f"{name}={value}" for name, value in group.items() if name != "params")
            + f", {len(group['params'])} parameters"
            for group in self.param_groups
        ]
        return f"{type(self).__name__}({'; '.join(shown)})"

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_packs": {}}  # a copy lays its own state side by side again

    # For subclasses ---------------------------------------------------------------------------------------

    def _check_group(self, group: dict[str, Any]) -> None:
        """Refuse hyperparameters that cannot be."""
        _check_ranges(group)

    def buffers(self, group: dict[str, Any]) -> dict[str, float]:
        """The arrays to remember of each parameter, by name, and the number that fills them at the start."""
        return {}

    def _advance(self, group: dict[str, Any], state: dict[str, Any]) -> None:
        """Bring the numbers in a parameter's state to the next step."""
        state["step"] += 1

    def update(self, group: dict[str, Any], state: dict[str, Any], x: np.ndarray, g: np.ndarray, *buffers):
        """The formula: overwrite x, and the buffers, by the gradient g, which stays as it is.

        All are flat arrays of one size: a part of a parameter, or several. The weight decay is in x or g
        already.
        """
        raise NotImplementedError(f"{type(self).__name__} must define update(group, state, x, g, *buffers)")

    # The walk ---------------------------------------------------------------------------------------------

    def _params(self) -> list[Tensor]:
        return [param for group in self.param_groups for param in group["params"]]

    def _packed(self, i: int, group: dict[str, Any]) -> list[_Pack]:
        """The parameters of a group, small ones gathered; laid out anew if it has changed."""
        buffers, params = self.buffers(group), group["params"]
        layout = (len(params), params and (params[0].dtype, params[0].device), *buffers)
        if i not in self._packs or self._packs[i][0] != layout:
            for param in params:
                state = self.state.setdefault(param, {"step": 0})
                for name, start in buffers.items():
                    value = state.get(name, np.full_like(param.data, start, order="C"))
                    state[name] = moved(value.astype(param.dtype, copy=False), param.device)
            self._packs[i] = (layout, [_Pack(pack, self.state, buffers) for pack in _gathered(params)])
        return self._packs[i][1]

    def _step_alone(self, group: dict[str, Any], param: Tensor) -> None:
        """Move one parameter, block by block."""
        state = self.state[param]
        self._advance(group, state)
        data = param.data if param.data.flags.c_contiguous else param.data.copy()
        arrays = [data, param.grad, *(state[name] for name in self.buffers(group))]
        flat = [array.reshape(-1) for array in arrays]
        for start in range(0, data.size, _BLOCK):
            self._decay_and_update(group, state, *(array[start : start + _BLOCK] for array in flat))
        param.data = data  # tells the engine that the parameter was overwritten

    def _decay_and_update(self, group: dict, state: dict, x: np.ndarray, g: np.ndarray, *buffers) -> None:
        if decay := group.get("weight_decay", 0):
            if group.get("decoupled_weight_decay"):
                x *= 1 - group["lr"] * decay
            else:
                g = g + decay * x
        self.update(group, state, x, g, *buffers)


class _Pack:
    """Parameters of one dtype that are updated together: their numbers, gradients and buffers lie one after
    another in flat arrays. One that is not small is a pack of its own, and is never gathered."""

    def __init__(self, params: list[Tensor], states: dict[Tensor, dict], buffers: Iterable[str]):
        self.params = params
        self.members: list[tuple] = []
        if len(params) == 1:
            return
        self.x, self.g = np.empty_like(params[0].data, order="C", shape=(2, sum(param.numel() for param in params)))
        own = [states[param] for param in params]
        self.buffers = []
        for name in buffers:
            flat = np.concatenate([state[name].reshape(-1) for state in own])
            self.buffers.append(flat)
            for state, view in zip(own, _views(flat, params), strict=True):
                state[name] = view
        self.members = list(zip(params, own, _views(self.x, params), _views(self.g, params), strict=True))

    def step(self, optimizer: Optimizer, group: dict[str, Any]) -> bool:
        """Move all together. False, and nothing is done, if one has no gradient or has made fewer steps."""
        if not self.members:
            return False
        count = self.members[0][1]["step"]
        for param, state, x, g in self.members:
            if param.grad is None or state["step"] != count:
                return False
            x[...] = param._array  # `data` is a property, and this loop half of a small step
            g[...] = param.grad
        for _, state, _, _ in self.members:
            optimizer._advance(group, state)
        optimizer._decay_and_update(group, state, self.x, self.g, *self.buffers)
        for param, _, x, _ in self.members:
            param._array[...] = x
            writes.mark(param._array)
        return True


def _gathered(params: list[Tensor]) -> list[list[Tensor]]:
    """Small parameters of one dtype together, up to a block in all; each of the others by itself."""
    gathered, last = [], {}
    for param in params:
        kind = param.dtype, param.device
        pack = last.get(kind)
        if param.numel() > _SMALL:
            gathered.append([param])
        elif pack is None or sum(other.numel() for other in pack) + param.numel() > _BLOCK:
            last[kind] = [param]
            gathered.append(last[kind])
        else:
            pack.append(param)
    return gathered


def _views(flat: np.ndarray, params: list[Tensor]) -> list[np.ndarray]:
    """Parts of a flat array, one after another, in the shapes of the parameters."""
    ends = np.cumsum([param.numel() for param in params])
    parts = np.split(flat, ends[:-1].tolist())
    return [part.reshape(param.shape) for part, param in zip(parts, params, strict=True)]


# Checks ------------------------------------------------------------


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


def _as_python_numbers(group: dict[str, Any]) -> None:
    """A rate that is an np.float64 would have float32 parameters computed in float64, but not after a restart."""
    for name, value in group.items():
        if isinstance(value, np.generic):
            group[name] = value.item()
        elif isinstance(value, tuple):
            group[name] = tuple(map(float, value))


def _check_parameter(i: int, param: Any) -> None:
    if not isinstance(param, Tensor):
        hint = " Pass model.parameters(), not named_parameters()." if isinstance(param, tuple) else ""
        raise TypeError(f"parameter {i} must be a Tensor, got {type(param).__name__}.{hint}")
    if not param.is_leaf:
        raise GraphError(
            f"parameter {i}, shape {param.shape}, is a result of {param._op.symbol!r}: moving it would not "
            "last, it is computed again from its inputs. Optimize those leaves."
        )


def _copy(value: Any) -> Any:
    return moved(value, "cpu").copy() if isinstance(value, (np.ndarray, DeviceArray)) else value


def _fitted(name: str, value: Any, position: int, param: Tensor) -> Any:
    if not isinstance(value, np.ndarray):
        return value
    if value.shape != param.shape:
        raise ShapeError(
            f"the saved {name} of parameter {position} has shape {value.shape}, the parameter {param.shape}. "
            "Make the optimizer with the same parameters in the same order."
        )
    return value.astype(param.dtype)
