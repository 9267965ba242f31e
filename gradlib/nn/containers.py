"""Modules made of modules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from . import activations
from .layers import Linear
from .module import Module


class Sequential(Module):
    """Layers one after another: each gets what the one before gave.

    layers : several modules, or one list of them, or one dict of names and modules.

    >>> from gradlib import Tensor
    >>> from gradlib.nn import Linear, ReLU
    >>> model = Sequential(Linear(3, 2), ReLU())
    >>> model(Tensor([[1.0, 2.0, 3.0]])).shape, len(model), model[1]
    ((1, 2), 2, ReLU())
    """

    def __init__(self, *layers: Module | Sequence[Module] | Mapping[str, Module]):
        super().__init__()
        if len(layers) == 1 and isinstance(layers[0], Mapping):
            named = layers[0].items()
        else:
            several = layers[0] if len(layers) == 1 and not isinstance(layers[0], (Module, type)) else layers
            named = ((str(i), layer) for i, layer in enumerate(several))
        for name, layer in named:
            self.register_module(name, _checked(layer, "Sequential"))

    def forward(self, x):
        for layer in self._modules.values():
            x = layer(x)
        return x

    def __getitem__(self, index):
        layers = list(self._modules.values())
        return Sequential(*layers[index]) if isinstance(index, slice) else layers[_position(index, len(layers))]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(self._modules.values())

    def append(self, layer: Module) -> Sequential:
        """Add a layer at the end; returns the module."""
        self.register_module(str(len(self)), _checked(layer, "Sequential"))
        return self


class ModuleList(Module):
    """A list of modules whose parameters are found.

    >>> from gradlib.nn import Linear
    >>> layers = ModuleList(Linear(2, 2) for _ in range(3))
    >>> len(layers), sum(1 for _ in layers.parameters())
    (3, 6)
    """

    def __init__(self, modules: Iterable[Module] = ()):
        super().__init__()
        self.extend(modules)

    def append(self, module: Module) -> ModuleList:
        """Add a module at the end; returns the list."""
        self.register_module(str(len(self)), _checked(module, "ModuleList"))
        return self

    def extend(self, modules: Iterable[Module]) -> ModuleList:
        """Add several at the end; returns the list."""
        for module in modules:
            self.append(module)
        return self

    def __getitem__(self, index):
        modules = list(self._modules.values())
        return ModuleList(modules[index]) if isinstance(index, slice) else modules[_position(index, len(modules))]

    def __setitem__(self, index: int, module: Module) -> None:
        self.register_module(str(_position(index, len(self))), _checked(module, "ModuleList"))

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(self._modules.values())


class ModuleDict(Module):
    """A dict of modules whose parameters are found."""

    def __init__(self, modules: Mapping[str, Module] | None = None):
        super().__init__()
        for name, module in (modules or {}).items():
            self[name] = module

    def __getitem__(self, name: str) -> Module:
        if name not in self._modules:
            raise KeyError(f"there is no module {name!r}. There are: {', '.join(self._modules) or 'none'}.")
        return self._modules[name]

    def __setitem__(self, name: str, module: Module) -> None:
        self.register_module(name, _checked(module, "ModuleDict"))

    def __contains__(self, name: str) -> bool:
        return name in self._modules

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def keys(self):
        """The names."""
        return self._modules.keys()

    def values(self):
        """The modules."""
        return self._modules.values()

    def items(self):
        """(name, module) of each."""
        return self._modules.items()


class MLP(Sequential):
    """A multilayer perceptron: linear layers with an activation between them, none after the last.

    layer_sizes : the number of features at each stage, inputs first, at least two. activation : a name, as "relu",
    "tanh", "gelu". rng : draws the weights.

    >>> MLP([2, 16, 1], activation="tanh")
    MLP(
      (0): Linear(in_features=2, out_features=16, bias=True)
      (1): Tanh()
      (2): Linear(in_features=16, out_features=1, bias=True)
    )
    """

    def __init__(
        self, layer_sizes: Sequence[int], activation: str = "relu", *, rng: np.random.Generator | None = None
    ):
        sizes = list(layer_sizes)
        if len(sizes) < 2:
            raise ValueError(f"MLP takes at least two sizes, inputs and outputs, got {sizes}.")
        layers: list[Module] = []
        for i, (inputs, outputs) in enumerate(zip(sizes, sizes[1:], strict=False)):
            if i:
                layers.append(activations.by_name(activation))
            layers.append(Linear(inputs, outputs, rng=rng))
        super().__init__(*layers)


def _checked(module: Module, where: str) -> Module:
    if not isinstance(module, Module):
        hint = " Add the brackets that make one of it: ReLU()." if isinstance(module, type) else ""
        raise TypeError(f"{where} holds modules, got {getattr(module, '__name__', type(module).__name__)}.{hint}")
    return module


def _position(index: int, length: int) -> int:
    if not -length <= index < length:
        raise IndexError(f"there is no module {index}: there are {length}, counted from 0.")
    return index % length
