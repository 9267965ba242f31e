"""Module: what all layers and networks share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..autograd import no_grad
from ..errors import ShapeError
from ..tensor import HookHandle, Parameter, Tensor


class Module:
    """A layer, or a network of layers: parameters, other modules, and a `forward` that uses them.

    A subclass calls `super().__init__()` first, then assigns parameters and modules to attributes, in whose order
    they are listed, and defines `forward`. Calling the module runs `forward` and the hooks around it.

    >>> from gradlib import Tensor
    >>> class Scale(Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.factor = Parameter([2.0, 3.0])
    ...     def forward(self, x):
    ...         return x * self.factor
    >>> scale = Scale()
    >>> scale(Tensor([1.0, 10.0]))
    Tensor([ 2., 30.], op='·')
    >>> dict(scale.named_parameters())
    {'factor': Parameter([2., 3.], requires_grad=True)}
    """

    # The beginnings of the names of this module's own parameters that PyTorch stores transposed.
    transposed: tuple[str, ...] = ()

    def __init__(self):
        for name in ("_parameters", "_buffers", "_modules", "_forward_hooks", "_forward_pre_hooks"):
            object.__setattr__(self, name, {})
        object.__setattr__(self, "training", True)

    def forward(self, *args, **keywords):
        """What the module computes; defined by the subclass."""
        raise NotImplementedError(
            f"{type(self).__name__} has no forward: define `def forward(self, x)`, which returns what it computes."
        )

    def __call__(self, *args, **keywords):
        if not (self._forward_pre_hooks or self._forward_hooks):
            return self.forward(*args, **keywords)
        for hook in tuple(self._forward_pre_hooks.values()):
            changed = hook(self, args)
            if changed is not None:
                args = changed if isinstance(changed, tuple) else (changed,)
        output = self.forward(*args, **keywords)
        for hook in tuple(self._forward_hooks.values()):
            changed = hook(self, args, output)
            output = output if changed is None else changed
        return output

    # Attributes -------------------------------------------------------------------------------------------

    def __setattr__(self, name: str, value: Any) -> None:
        own = self.__dict__
        if "_parameters" not in own:
            raise AttributeError(
                f"{type(self).__name__}.__init__ must call super().__init__() before it assigns {name!r}: there the "
                "module learns to keep parameters."
            )
        for kept in (self._parameters, self._buffers, self._modules):
            if name in kept and (value is None or kept is self._buffers and isinstance(value, Tensor)):
                kept[name] = value  # `layer.bias = None` stays known as no parameter
                break
            kept.pop(name, None)
        else:
            if isinstance(value, Parameter):
                self._parameters[name] = value
            elif isinstance(value, Module):
                self._modules[name] = value
            else:
                _refuse_hidden(self, name, value)
        object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> Any:  # called only where there is no such attribute
        known = [*self.__dict__.get("_parameters", ()), *self.__dict__.get("_modules", ())]
        has = f" It has {', '.join(known)}." if known and not name.startswith("_") else ""
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}.{has}")

    def __delattr__(self, name: str) -> None:
        for kept in (self._parameters, self._buffers, self._modules):
            kept.pop(name, None)
        object.__delattr__(self, name)

    def register_parameter(self, name: str, parameter: Parameter | None) -> None:
        """Keep a parameter under a name, or None for one that is left out."""
        self._keep(self._parameters, name, parameter)

    def register_module(self, name: str, module: Module | None) -> None:
        """Keep a module under a name; a container's are numbers."""
        self._keep(self._modules, name, module)

    def register_buffer(self, name: str, value: Any, persistent: bool = True) -> None:
        """Keep a constant tensor that belongs to the module and that `state_dict` saves: a running mean, say."""
        self._keep(self._buffers, name, value if isinstance(value, Tensor) or value is None else Tensor(value))
        transient = self.__dict__.setdefault("_transient", set())
        transient.discard(name) if persistent else transient.add(name)

    def _keep(self, kept: dict, name: str, value: Any) -> None:
        kept[name] = value
        object.__setattr__(self, name, value)

    # Walking ----------------------------------------------------------------------------------------------

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, Module]]:
        """(name, module) of this module, named prefix, and of all inside it, each once, outer ones first."""
        seen: set[int] = set()
        stack: list[tuple[str, Module]] = [(prefix, self)]
        while stack:
            name, module = stack.pop()
            if id(module) not in seen:
                seen.add(id(module))
                yield name, module
                dot = name and name + "."
                inner = [(dot + key, child) for key, child in module._modules.items() if child is not None]
                stack += reversed(inner)

    def modules(self) -> Iterator[Module]:
        """This module and all inside it, each once."""
        return (module for _, module in self.named_modules())

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """(name, module) of those directly inside."""
        return ((name, child) for name, child in self._modules.items() if child is not None)

    def children(self) -> Iterator[Module]:
        """The modules directly inside."""
        return (child for _, child in self.named_children())

    def named_parameters(self, prefix: str = "", recurse: bool = True) -> Iterator[tuple[str, Parameter]]:
        """(name, parameter), as `layers.0.weight`, in order of assignment; a shared one once, by its first name."""
        yield from self._named("_parameters", prefix, recurse)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """The parameters, each once: what an optimizer is given."""
        return (parameter for _, parameter in self.named_parameters(recurse=recurse))

    def named_buffers(self, prefix: str = "", recurse: bool = True) -> Iterator[tuple[str, Tensor]]:
        """(name, buffer), each once."""
        yield from self._named("_buffers", prefix, recurse)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """The buffers, each once."""
        return (buffer for _, buffer in self.named_buffers(recurse=recurse))

    def _named(self, kind: str, prefix: str, recurse: bool) -> Iterator[tuple[str, Tensor]]:
        seen: set[int] = set()
        for name, module in self.named_modules(prefix) if recurse else [(prefix, self)]:
            for key, value in getattr(module, kind).items():
                if value is not None and id(value) not in seen:
                    seen.add(id(value))
                    yield (name and name + ".") + key, value

    def apply(self, function: Callable[[Module], Any]) -> Module:
        """Call function on every module inside, this one last; returns it."""
        for child in self.children():
            child.apply(function)
        function(self)
        return self

    # State ------------------------------------------------------------------------------------------------

    def train(self, mode: bool = True) -> Module:
        """Behave as in training: dropout drops, batch norm uses the batch. Returns the module."""
        for module in self.modules():
            object.__setattr__(module, "training", bool(mode))
        return self

    def eval(self) -> Module:
        """Behave as in use: nothing is dropped, batch norm uses what it has learned. Returns the module."""
        return self.train(False)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget all gradients, or fill those there are with zeros."""
        for parameter in self.parameters():
            if set_to_none or parameter.grad is None:
                parameter.grad = None
            else:
                parameter.grad = np.zeros_like(parameter.grad)

    def requires_grad_(self, requires_grad: bool = True) -> Module:
        """Choose for all parameters whether they are learned; False freezes them. Returns the module."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def astype(self, dtype: Any) -> Module:
        """Turn all floating-point parameters and buffers into another dtype, in place; gradients are forgotten."""
        dtype = np.dtype(dtype)
        for module in self.modules():
            for kept in (module._parameters, module._buffers):
                for tensor in kept.values():
                    if tensor is not None and tensor.dtype.kind == "f":
                        tensor._array, tensor.grad = tensor.data.astype(dtype), None
                        tensor.data = tensor.data  # tells the engine that it was overwritten
        return self

    def double(self) -> Module:
        """All in float64."""
        return self.astype(np.float64)

    def float(self) -> Module:
        """All in float32."""
        return self.astype(np.float32)

    def state_dict(self) -> dict[str, np.ndarray]:
        """Parameters and buffers by name, as copies: what is to be saved. A shared one stands under each name."""
        return {name: tensor.data.copy() for name, tensor in self._state()}

    def load_state_dict(self, state_dict: dict[str, Any], strict: bool = True) -> None:
        """Overwrite parameters and buffers by what `state_dict` gave.

        strict : refuse missing and unexpected names. A shape that differs is always refused.

        Raises KeyError or ShapeError that lists all that is wrong; nothing is changed then.
        """
        own = dict(self._state())
        missing = [name for name in own if name not in state_dict]
        unexpected = [name for name in state_dict if name not in own]
        wrong = [
            f"{name} is {np.shape(value)}, the module's is {own[name].shape}"
            for name, value in state_dict.items()
            if name in own and np.shape(value) != own[name].shape
        ]
        if wrong:
            raise ShapeError(
                f"the state does not fit {type(self).__name__}: {'; '.join(wrong)}. Nothing was loaded. Was the model "
                "made with other sizes, or is a matrix transposed?"
            )
        if strict and (missing or unexpected):
            parts = [f"missing: {', '.join(missing)}"] * bool(missing)
            parts += [f"unexpected: {', '.join(unexpected)}"] * bool(unexpected)
            raise KeyError(
                f"the state does not fit {type(self).__name__}. {'; '.join(parts)}. Nothing was loaded. strict=False "
                "takes what fits."
            )
        for name, tensor in own.items():
            if name in state_dict:
                tensor.data[...] = state_dict[name]
                tensor.data = tensor.data  # tells the engine that it was overwritten

    def _state(self) -> Iterator[tuple[str, Tensor]]:
        for prefix, module in self._all_named_modules(""):
            transient = module.__dict__.get("_transient", ())
            for name, tensor in (*module._parameters.items(), *module._buffers.items()):
                if tensor is not None and name not in transient:
                    yield prefix + name, tensor

    def _all_named_modules(self, prefix: str) -> Iterator[tuple[str, Module]]:
        """As named_modules, but a shared module under each of its names."""
        yield prefix, self
        for name, child in self.named_children():
            yield from child._all_named_modules(f"{prefix}{name}.")

    # Hooks ------------------------------------------------------------------------------------------------

    def register_forward_hook(self, hook: Callable[[Module, tuple, Any], Any]) -> HookHandle:
        """Call hook(module, args, output) after every forward; what it returns, if not None, replaces the output.

        The handle's `remove()` takes it away, and so does the end of a `with` block around it.
        """
        return _add_hook(self._forward_hooks, hook)

    def register_forward_pre_hook(self, hook: Callable[[Module, tuple], Any]) -> HookHandle:
        """Call hook(module, args) before every forward; what it returns, if not None, replaces the arguments."""
        return _add_hook(self._forward_pre_hooks, hook)

    # Showing ----------------------------------------------------------------------------------------------

    def extra_repr(self) -> str:
        """What a subclass says of itself in its repr: its sizes and options."""
        return ""

    def __repr__(self) -> str:
        lines = [f"({name}): {child!r}".replace("\n", "\n  ") for name, child in self.named_children()]
        inside = self.extra_repr()
        if lines:
            inside = "\n  " + "\n  ".join(([inside] if inside else []) + lines) + "\n"
        return f"{type(self).__name__}({inside})"

    def summary(self, input_shape: tuple[int, ...], dtype: Any = np.float32) -> Summary:
        """What every layer makes of an input of a shape, batch axis included, and how many parameters it has.

        The model is run once on zeros, in eval mode and without a graph.

        >>> from gradlib.nn.containers import MLP
        >>> MLP([4, 8, 2]).summary((1, 4))
        layer   kind    output  parameters
        0       Linear  (1, 8)          40
        1       ReLU    (1, 8)           0
        2       Linear  (1, 2)          18
        total                           58
        """
        modes = [(module, module.training) for module in self.modules()]
        rows: list[tuple[str, str, Any, int]] = []
        handles = []
        for name, module in self.named_modules():
            if not any(True for _ in module.children()):
                handles.append(module.register_forward_hook(_note(rows, name or "(itself)")))
        try:
            with no_grad():
                self.eval()(Tensor(np.zeros(input_shape, dtype=dtype)))
        finally:
            for handle in handles:
                handle.remove()
            for module, training in modes:
                object.__setattr__(module, "training", training)
        return Summary(rows, sum(parameter.numel() for parameter in self.parameters()))


class Summary:
    """The layers of a model as a table: `rows` of (name, kind, shape of the output, number of parameters)."""

    def __init__(self, rows: list[tuple[str, str, Any, int]], total: int):
        self.rows, self.total = rows, total

    def __repr__(self) -> str:
        table = [("layer", "kind", "output", "parameters")]
        table += [(name, kind, str(shape), f"{count:,}") for name, kind, shape, count in self.rows]
        table.append(("total", "", "", f"{self.total:,}"))
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = []
        for *texts, count in table:
            cells = [text.ljust(width) for text, width in zip(texts, widths, strict=False)]
            lines.append("  ".join([*cells, count.rjust(widths[-1])]))
        return "\n".join(lines)


def _note(rows: list, name: str) -> Callable:
    def hook(module: Module, args: tuple, output: Any) -> None:
        first = output[0] if isinstance(output, tuple) else output
        count = sum(parameter.numel() for parameter in module.parameters())
        rows.append((name, type(module).__name__, tuple(getattr(first, "shape", ())), count))

    return hook


def _add_hook(hooks: dict, hook: Callable) -> HookHandle:
    if not callable(hook):
        raise TypeError(f"a hook is a function, got {type(hook).__name__}.")
    handle = HookHandle(hooks)
    hooks[handle] = hook
    return handle


def _refuse_hidden(module: Module, name: str, value: Any) -> None:
    """Raise TypeError for parameters in a plain list or dict: they would not be found, so never learned."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
    for part in parts:
        if isinstance(part, (Module, Parameter)):
            if isinstance(part, Parameter):
                mend = "Give each an attribute of its own, or put them into modules."
            else:
                mend = f"Use nn.{'ModuleDict' if isinstance(value, dict) else 'ModuleList'}."
            raise TypeError(
                f"{type(module).__name__}.{name} is a plain {type(value).__name__} that holds a "
                f"{type(part).__name__}: its parameters would not be found, so no optimizer would move them. {mend}"
            )
