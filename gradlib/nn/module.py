"""Module: the base of all layers and networks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..autograd import no_grad
from ..device import to as moved
from ..errors import ShapeError, whole
from ..operations import on_cpu
from ..tensor import HookHandle, Parameter, Tensor

# The things that a module keeps, each kind in a dictionary of its own.
_KEPT = ("_parameters", "_buffers", "_modules", "_forward_hooks", "_forward_pre_hooks")


# The calls of modules that are under way, in any thread: `forward` may keep a result under any name. A list, because
# appending to it is safe in threads, and takes a fifth of the time of asking a thread.
_calls: list = []


class Module:
    """A layer, or a network of layers: parameters, other modules, and a `forward` that uses them.

    A subclass calls `super().__init__()` first, assigns parameters and modules to attributes, and defines `forward`.
    They are listed in the order of assignment. Calling the module runs `forward` and the hooks around it.

    A plain tensor assigned to a parameter's name becomes the parameter. Under another name `register_buffer` keeps a
    constant, and a call may keep results to be looked at: `self.last = x` in `forward`.

    Assigning anything that training would overlook raises an error: parts in a plain list or dict (then `parameters()`
    raises it at the latest), a tensor under a name that no parameter has, a name that hides a method.

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
    # Other names of attributes, as some small engines call them: {"W": "weight"}.
    aliases: Mapping[str, str] = {}

    def __init__(self):
        for name in _KEPT:
            object.__setattr__(self, name, {})
        object.__setattr__(self, "training", True)

    def __init_subclass__(cls, **keywords):
        super().__init_subclass__(**keywords)
        for name, value in vars(cls).items():
            if isinstance(value, (Module, Parameter)):
                raise TypeError(
                    f"{cls.__name__}.{name} belongs to the class: all its instances would share it, and parameters() "
                    f"would not find it. Assign it in __init__: self.{name} = …"
                )

    def forward(self, *args, **keywords):
        """Compute the output; the subclass defines this."""
        raise NotImplementedError(
            f"{type(self).__name__} has no forward: define `def forward(self, x)`, which returns the output."
        )

    def __call__(self, *args, **keywords):
        _calls.append(self)
        try:
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
        finally:
            _calls.pop()

    # Attributes -------------------------------------------------------------------------------------------

    def __setattr__(self, name: str, value: Any) -> None:
        if "_parameters" not in self.__dict__:
            raise AttributeError(
                f"{type(self).__name__}.__init__ must call super().__init__() before it assigns {name!r}: there the "
                "module learns to keep parameters."
            )
        name = self.aliases.get(name, name)
        if name in _METHODS or (isinstance(own := getattr(type(self), name, None), property) and own.fset is None):
            raise AttributeError(
                f"{type(self).__name__}.{name} = … would hide {name}{'()' * (name in _METHODS)}, which the class "
                "defines. Choose another name."
            )
        known = next((kept for kept in (self._parameters, self._modules, self._buffers) if name in kept), None)
        if known is self._parameters and type(value) is Tensor:
            value = _as_parameter(self, name, value)
        if isinstance(value, Parameter):
            kept = self._parameters
        elif isinstance(value, Module):
            _refuse_circle(self, value)
            kept = self._modules
        else:
            if known is not None and value is not None:
                _refuse_replacing(self, name, value)
            elif isinstance(value, Tensor) and not _calls:
                raise _not_kept(self, name, value)
            elif (hidden := _hidden_in(value)) is not None:
                raise _not_found(self, name, value, hidden)
            kept = known  # `layer.bias = None` keeps the name of a parameter
        if known is not None and known is not kept:
            del known[name]
        if kept is not None:
            kept[name] = value
        object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> Any:  # called only where there is no such attribute
        if name in _KEPT:
            raise AttributeError(
                f"{type(self).__name__}.__init__ must call super().__init__() first: there the module learns to keep "
                "parameters."
            )
        if hasattr(type(self), name):  # a property that failed inside: let it say why
            return object.__getattribute__(self, name)
        if name in self.aliases:
            return getattr(self, self.aliases[name])
        known = [*self.__dict__.get("_parameters", ()), *self.__dict__.get("_modules", ())]
        has = f" It has {', '.join(known)}." if known and not name.startswith("_") else ""
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}.{has}")

    def __delattr__(self, name: str) -> None:
        name = self.aliases.get(name, name)
        for kept in (self._parameters, self._buffers, self._modules):
            kept.pop(name, None)
        object.__delattr__(self, name)

    def register_parameter(self, name: str, parameter: Parameter | None) -> None:
        """Keep a parameter under a name; None keeps the name of one that is left out."""
        if not isinstance(parameter, (Parameter, type(None))):
            raise TypeError(f"{name!r} must be a Parameter, got {_described(parameter)}. Wrap it: Parameter(array).")
        self._keep(self._parameters, name, parameter)

    def register_module(self, name: str, module: Module | None) -> None:
        """Keep a module under a name; containers use numbers."""
        if not isinstance(module, (Module, type(None))):
            raise TypeError(f"{name!r} must be a Module, got {_described(module)}.")
        if module is not None:
            _refuse_circle(self, module)
        self._keep(self._modules, name, module)

    def register_buffer(self, name: str, value: Any, persistent: bool = True) -> None:
        """Keep a constant tensor, such as a running mean, that moves with the module.

        persistent : whether `state_dict` saves it.
        """
        value = value if isinstance(value, Tensor) or value is None else Tensor(value)
        if value is not None and value.requires_grad:
            raise TypeError(f"the buffer {name!r} must be a constant, got {_described(value)}. Take its detach().")
        self._keep(self._buffers, name, value)
        transient = self.__dict__.setdefault("_transient", set())
        transient.discard(name) if persistent else transient.add(name)

    def _keep(self, kept: dict, name: str, value: Any) -> None:
        if not isinstance(name, str) or not name or "." in name:
            raise ValueError(
                f"a name is a string without a dot, as 'weight': dots join names of modules. Got {name!r}."
            )
        if name not in kept and hasattr(self, name):
            raise AttributeError(f"{type(self).__name__} has an attribute {name!r} already. Choose another name.")
        kept[name] = value
        object.__setattr__(self, name, value)

    # Walking ----------------------------------------------------------------------------------------------

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, Module]]:
        """(name, module) of this module, named prefix, and of all modules inside it, each once, outer ones first."""
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
        """(name, module) of the modules directly inside, each once."""
        seen: set[int] = set()
        for name, child in self._modules.items():
            if child is not None and id(child) not in seen:
                seen.add(id(child))
                yield name, child

    def children(self) -> Iterator[Module]:
        """The modules directly inside."""
        return (child for _, child in self.named_children())

    def named_parameters(self, prefix: str = "", recurse: bool = True) -> Iterator[tuple[str, Parameter]]:
        """(name, parameter), as `layers.0.weight`, in order of assignment; a shared one once, by its first name."""
        yield from self._named("_parameters", prefix, recurse)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """The parameters, each once, as an optimizer takes them."""
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
            if kind == "_parameters":
                _refuse_appended(module)
            for key, value in getattr(module, kind).items():
                if value is not None and id(value) not in seen:
                    seen.add(id(value))
                    yield (name and name + ".") + key, value

    def apply(self, function: Callable[[Module], Any]) -> Module:
        """Call function on every module inside and on this one last; returns self."""
        if not callable(function):
            raise TypeError(f"apply takes a function of a module, got {_described(function)}.")
        for child in self.children():
            child.apply(function)
        function(self)
        return self

    # State ------------------------------------------------------------------------------------------------

    def train(self, mode: bool = True) -> Module:
        """Switch to training mode: dropout drops, batch norm uses the batch. Returns the module."""
        if not isinstance(mode, (bool, np.bool_)):
            raise TypeError(f"train(mode) takes True or False, got {mode!r}.")
        for module in self.modules():
            object.__setattr__(module, "training", bool(mode))
        return self

    def eval(self) -> Module:
        """Switch to eval mode: nothing is dropped, batch norm uses its running statistics. Returns the module."""
        return self.train(False)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Set all gradients to None, or fill the existing ones with zeros."""
        for parameter in self.parameters():
            if set_to_none or parameter.grad is None:
                parameter.grad = None
            else:
                parameter.grad = np.zeros_like(parameter.grad)

    def requires_grad_(self, requires_grad: bool = True) -> Module:
        """Set requires_grad of all parameters; False freezes them. Returns the module."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def astype(self, dtype: Any) -> Module:
        """Cast all floating-point parameters and buffers to another dtype, in place; gradients are dropped."""
        dtype = _dtype("astype", dtype)
        if dtype.kind != "f":
            raise TypeError(f"parameters are floating-point numbers: pass float32 or float64, got {dtype}.")
        return self._convert(lambda array: array.astype(dtype) if array.dtype.kind == "f" else array)

    def to(self, device_or_dtype: Any) -> Module:
        """Move all parameters and buffers into the memory of a device, "cpu" or "cuda", in place; gradients are
        dropped. Given a dtype, it is `astype`. Make the optimizer afterwards: its state lies where they do."""
        if not isinstance(device_or_dtype, str) or device_or_dtype in np.sctypeDict:
            return self.astype(device_or_dtype)
        return self._convert(lambda array: moved(array, device_or_dtype))

    def cpu(self) -> Module:
        """Move all parameters and buffers into the memory of the CPU."""
        return self.to("cpu")

    def cuda(self) -> Module:
        """Move all parameters and buffers into the memory of an NVIDIA GPU."""
        return self.to("cuda")

    def _convert(self, convert: Callable) -> Module:
        for module in self.modules():
            for tensor in (*module._parameters.values(), *module._buffers.values()):
                if tensor is not None and (array := convert(tensor.data)) is not tensor.data:
                    tensor._array, tensor.grad = array, None
                    tensor.data = array  # graphs that used the earlier numbers refuse to go backward
        return self

    def double(self) -> Module:
        """Cast all parameters and buffers to float64."""
        return self.astype(np.float64)

    def float(self) -> Module:
        """Cast all parameters and buffers to float32."""
        return self.astype(np.float32)

    def state_dict(self) -> dict[str, np.ndarray]:
        """Parameters and buffers by name, copied to NumPy arrays, ready to be saved. A shared one stands under each of
        its names."""
        return {name: moved(tensor.data, "cpu").copy() for name, tensor in self._state()}

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True) -> None:
        """Overwrite parameters and buffers with the arrays of a `state_dict`.

        strict : refuse missing and unexpected names. False takes the names that fit, at least one. A shape that differs
            is always refused.

        Raises KeyError, ShapeError or TypeError that lists everything wrong, and then changes nothing.
        """
        if not isinstance(state_dict, Mapping):
            hint = (
                " To read a file: gradlib.serialization.load_into(model, path)." if isinstance(state_dict, str) else ""
            )
            raise TypeError(
                "load_state_dict takes arrays by their names, as state_dict() gives them, got "
                f"{_described(state_dict)}.{hint}"
            )
        if any(type(value).__module__.split(".")[0] == "torch" for value in state_dict.values()) and any(
            module.transposed for module in self.modules()
        ):
            raise TypeError(
                "PyTorch stores some matrices transposed, and a square one does not show it: write its state with "
                "safetensors.torch.save_file(state, path), and read it with"
                " gradlib.serialization.load_into(model, path, layout='torch')."
            )
        own = dict(self._state())
        given = {}
        for name, value in state_dict.items():
            try:
                given[name] = on_cpu(value)
            except ValueError:
                raise ShapeError(f"{name} is not an array: its rows differ in length. Nothing was loaded.") from None
        missing = [name for name in own if name not in given]
        unexpected = [name for name in given if name not in own]
        both = [(name, array, own[name]) for name, array in given.items() if name in own]
        if wrong := [f"{n} is {a.shape}, the module's is {t.shape}" for n, a, t in both if a.shape != t.shape]:
            raise ShapeError(
                f"the state does not fit {type(self).__name__}: {'; '.join(wrong)}. Nothing was loaded. Was the model "
                "made with other sizes, or is a matrix transposed?"
            )
        if wrong := [
            f"{n} is {a.dtype}, the module's is {t.dtype}"
            for n, a, t in both
            if not np.can_cast(a.dtype, t.dtype, "same_kind")
        ]:
            raise TypeError(f"the state does not fit {type(self).__name__}: {'; '.join(wrong)}. Nothing was loaded.")
        if (missing or unexpected) and (strict or not both):
            parts = [f"missing: {', '.join(missing)}"] * bool(missing)
            parts += [f"unexpected: {', '.join(map(str, unexpected))}"] * bool(unexpected)
            takes = "strict=False takes the names that fit." if both else "No name fits."
            raise KeyError(
                f"the state does not fit {type(self).__name__}. {'; '.join(parts)}. Nothing was loaded. {takes}"
            )
        with no_grad():
            for _, array, tensor in both:
                tensor.copy_(array)

    def _state(self) -> Iterator[tuple[str, Tensor]]:
        for prefix, module in self._all_named_modules(""):
            transient = module.__dict__.get("_transient", ())
            for name, tensor in (*module._parameters.items(), *module._buffers.items()):
                if tensor is not None and name not in transient:
                    yield prefix + name, tensor

    def _all_named_modules(self, prefix: str) -> Iterator[tuple[str, Module]]:
        """Like named_modules, but a shared module under each of its names."""
        yield prefix, self
        for name, child in self._modules.items():
            if child is not None:
                yield from child._all_named_modules(f"{prefix}{name}.")

    # Hooks ------------------------------------------------------------------------------------------------

    def register_forward_hook(self, hook: Callable[[Module, tuple, Any], Any]) -> HookHandle:
        """Call hook(module, args, output) after every forward; a result that is not None replaces the output.

        The handle's `remove()` removes the hook, and so does the end of a `with` block around it.
        """
        return _add_hook(self._forward_hooks, hook)

    def register_forward_pre_hook(self, hook: Callable[[Module, tuple], Any]) -> HookHandle:
        """Call hook(module, args) before every forward; a result that is not None replaces the arguments."""
        return _add_hook(self._forward_pre_hooks, hook)

    # Showing ----------------------------------------------------------------------------------------------

    def extra_repr(self) -> str:
        """The sizes and options that the repr shows; a subclass defines this."""
        return ""

    def __repr__(self) -> str:
        children = [(name, child) for name, child in self._modules.items() if child is not None]
        lines = [f"({name}): {child!r}".replace("\n", "\n  ") for name, child in children]
        inside = self.extra_repr()
        if lines:
            inside = "\n  " + "\n  ".join(([inside] if inside else []) + lines) + "\n"
        return f"{type(self).__name__}({inside})"

    def summary(self, input_shape: Any, dtype: Any = np.float32) -> Summary:
        """A table of the layers: the shape of each output and the number of parameters.

        input_shape : the shape of the input, batch axis included, or a list of shapes where forward takes several.
        dtype : the inputs' dtype, one for all or a list; int for class indices, as an embedding takes them.

        The model runs once on zeros, in eval mode and without a graph. A row is a layer, or a module that has
        parameters of its own besides its layers, in the order in which they finish. A layer called several times has
        one row, one that is not called stands at the end. A shared parameter is counted once: the rows add up to the
        total.

        >>> from gradlib.nn.containers import MLP
        >>> MLP([4, 8, 2]).summary((1, 4))
        layer   kind    output  parameters
        0       Linear  (1, 8)          40
        1       ReLU    (1, 8)           0
        2       Linear  (1, 2)          18
        total                           58
        """
        shapes = [input_shape] if not _several(input_shape) else list(input_shape)
        dtypes = [dtype] * len(shapes) if not isinstance(dtype, (list, tuple)) else dtype
        if len(dtypes) != len(shapes):
            raise ValueError(f"summary takes one dtype, or one for each of {len(shapes)} inputs, got {len(dtypes)}.")
        sizes = [_batch(shape) for shape in shapes]
        dtypes = [_dtype("summary", kind) for kind in dtypes]
        inputs = [Tensor(np.zeros(shape, dtype=kind)) for shape, kind in zip(sizes, dtypes, strict=True)]
        rows: list[tuple[str, str, Any, int]] = []
        counted: set[int] = set()
        missing = {
            module: name or "(itself)"
            for name, module in self.named_modules()
            if not _empty(module.parameters(recurse=False)) or _empty(module.children())
        }

        def note(module: Module, args: tuple, output: Any) -> None:
            if name := missing.pop(module, None):
                own = {id(p): p.numel() for p in module.parameters(recurse=False) if id(p) not in counted}
                counted.update(own)
                rows.append((name, type(module).__name__, _shape(output), sum(own.values())))

        handles = [module.register_forward_hook(note) for module in missing]
        try:
            with evaluating(self), no_grad():
                self(*inputs)
        finally:
            for handle in handles:
                handle.remove()
        for module in tuple(missing):
            note(module, (), None)
        return Summary(rows, sum(parameter.numel() for parameter in self.parameters()))


# Attributes of these names would hide methods; forward may be replaced.
_METHODS = {name for name, value in vars(Module).items() if callable(value)} - {"forward"}


@contextmanager
def evaluating(model: Any) -> Iterator[None]:
    """Put a model into eval mode for a `with` block; afterwards each module is in its own mode again.

    Leave anything that is not a module, such as a plain function, alone.

    >>> from gradlib.nn import Dropout
    >>> model = Dropout(0.5)
    >>> with evaluating(model):
    ...     model.training
    False
    >>> model.training
    True
    """
    modes = [(module, module.training) for module in model.modules()] if hasattr(model, "modules") else []
    for module, _ in modes:
        object.__setattr__(module, "training", False)
    try:
        yield
    finally:
        for module, training in modes:
            object.__setattr__(module, "training", training)


class Summary:
    """The layers of a model as a table: `rows` of (name, kind, shape of the output, number of parameters).

    Where a layer returns several tensors, the shape is the first one's; it is None where a layer returns none or was
    not called.
    """

    def __init__(self, rows: list[tuple[str, str, Any, int]], total: int):
        self.rows, self.total = rows, total

    def __repr__(self) -> str:
        table = [("layer", "kind", "output", "parameters")]
        table += [(name, kind, "-" if shape is None else str(shape), f"{n:,}") for name, kind, shape, n in self.rows]
        table.append(("total", "", "", f"{self.total:,}"))
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = []
        for *texts, count in table:
            cells = [text.ljust(width) for text, width in zip(texts, widths, strict=False)]
            lines.append("  ".join([*cells, count.rjust(widths[-1])]))
        return "\n".join(lines)


def _empty(things: Iterator) -> bool:
    return next(things, None) is None


def _several(shape: Any) -> bool:
    return isinstance(shape, (list, tuple)) and any(isinstance(part, (list, tuple)) for part in shape)


def _batch(shape: Any) -> tuple[int, ...]:
    """The shape of a batch, checked; an integer alone is the size of a single axis."""
    what = f"summary takes the shape of a batch, integers as in (1, 784), got {shape!r}: a size"
    sizes = shape if isinstance(shape, (tuple, list)) else (shape,)
    return tuple(whole(what, size, 0) for size in sizes)


def _dtype(what: str, dtype: Any) -> np.dtype:
    try:
        known = dtype is not None and np.dtype(dtype)  # NumPy reads None as float64
    except TypeError:
        known = False
    if known is False:
        raise TypeError(f"{what} takes a dtype, such as np.float32 or 'float64', got {dtype!r}.")
    return known if known.isnative else np.dtype(known.type)


def _shape(output: Any) -> tuple[int, ...] | None:
    """The shape of the first tensor in a module's output."""
    while isinstance(output, (tuple, list, dict)) and output:
        output = next(iter(output.values())) if isinstance(output, dict) else output[0]
    return getattr(output, "shape", None)


def _add_hook(hooks: dict, hook: Callable) -> HookHandle:
    if not callable(hook):
        raise TypeError(f"a hook is a function, got {type(hook).__name__}.")
    handle = HookHandle(hooks)
    hooks[handle] = hook
    return handle


# Refused, since training would silently go on without it ------------------------------------------------------------


def _described(value: Any) -> str:
    if isinstance(value, Tensor):
        return f"a result of {value._op.symbol!r}" if value._op else f"a {type(value).__name__} of shape {value.shape}"
    return f"a value of type {type(value).__name__}"


def _refuse_circle(module: Module, child: Module) -> None:
    if any(inner is module for inner in child.modules()):
        raise ValueError(
            f"a module cannot contain itself: this {type(child).__name__} is, or contains, the {type(module).__name__} "
            "that it is assigned to."
        )


def _refuse_replacing(module: Module, name: str, value: Any) -> None:
    """Raise TypeError for a value that cannot replace a parameter, a module or a buffer."""
    owner = f"{type(module).__name__}.{name}"
    if name in module._parameters:
        raise TypeError(
            f"{owner} is a parameter: assign a Parameter, a Tensor, or None to leave it out, got {_described(value)}. "
            "To change its numbers, assign to its .data."
        )
    if name in module._modules:
        raise TypeError(f"{owner} is a module: assign another, or None, got {_described(value)}; or `del` it first.")
    if not isinstance(value, Tensor) or value.requires_grad:
        raise TypeError(
            f"{owner} is a buffer, a constant tensor that state_dict() saves: assign a Tensor, got "
            f"{_described(value)}{', which needs a gradient: take its detach()' if isinstance(value, Tensor) else ''}."
        )


def _as_parameter(module: Module, name: str, value: Tensor) -> Parameter:
    """A plain tensor made the parameter of a name: it is learned from now on."""
    owner, replaced = f"{type(module).__name__}.{name}", module._parameters[name]
    if value._op is not None:
        raise TypeError(
            f"{owner} is a parameter, which no operation may compute; got {_described(value)}. To change its numbers, "
            "assign to its .data, or use -= in gradlib.no_grad(). To learn other numbers, assign Parameter(array)."
        )
    if replaced is not None and value.shape != replaced.shape:
        hint = f" It looks transposed: {value.shape} is .T of it." * (value.shape == replaced.shape[::-1])
        raise ShapeError(
            f"{owner} is a parameter of shape {replaced.shape}, got a tensor of shape {value.shape}.{hint} To change "
            "the shape, assign a Parameter."
        )
    value.requires_grad = True
    value.__class__ = Parameter  # the same object: who keeps it finds its gradient there too
    return value


def _not_kept(module: Module, name: str, value: Tensor) -> TypeError:
    """The error for a tensor under a name that the module does not keep."""
    owner = f"{type(module).__name__}.{name}"
    names = [name for name, parameter in module._parameters.items() if parameter is not None]
    meant = f" The parameters are {', '.join(names)}." if names else ""
    if value.requires_grad:
        return TypeError(
            f"{owner} needs a gradient but is not a Parameter: {_described(value)}. parameters() would not find it, so "
            "no optimizer would move it. To learn it, compute its numbers as an array and wrap them: Parameter(array). "
            f"To keep a result, assign it in forward(), or take its detach().data.{meant}"
        )
    return TypeError(
        f"{owner} is not a Parameter: {_described(value)} under that name would be neither learned nor saved. To keep "
        f"a constant, call register_buffer({name!r}, tensor); to learn it, assign Parameter(array).{meant}"
    )


def _hidden_in(value: Any) -> Module | Parameter | None:
    """The first module or parameter in a plain list, tuple, set or dict, or in such a one inside."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple, set)) else ()
    for part in parts:
        found = part if isinstance(part, (Module, Parameter)) else _hidden_in(part)
        if found is not None:
            return found
    return None


def _not_found(module: Module, name: str, value: Any, part: Module | Parameter) -> TypeError:
    """The error for parameters in a plain list or dict: the module would not find them, so they would never learn."""
    if isinstance(part, Parameter):
        mend = "Give each an attribute of its own, or put them into modules."
    else:
        mend = f"Use nn.{'ModuleDict' if isinstance(value, dict) else 'ModuleList'}."
    return TypeError(
        f"{type(module).__name__}.{name} is a plain {type(value).__name__} that holds a {type(part).__name__}: its "
        f"parameters would not be found, so no optimizer would move them. {mend}"
    )


def _refuse_appended(module: Module) -> None:
    """Raise TypeError for a parameter or module that was added to a plain list or dict after its assignment."""
    for name, value in vars(module).items():
        if name not in _KEPT and isinstance(value, (list, dict, set)) and (part := _hidden_in(value)) is not None:
            raise _not_found(module, name, value, part)
