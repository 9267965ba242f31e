"""Modules made of modules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from ..errors import whole
from . import activations
from .layers import Linear
from .module import Module


class _Numbered(Module):
    """Modules in an order, counted from 0: what Sequential and ModuleList share."""

    def append(self, module: Module) -> _Numbered:
        """Add a module at the end; returns the whole."""
        self.register_module(str(len(self)), _checked(module, type(self).__name__))
        return self

    def extend(self, modules: Iterable[Module]) -> _Numbered:
        """Add several at the end; returns the whole."""
        for module in modules:
            self.append(module)
        return self

    def __getitem__(self, index):
        modules = list(self._modules.values())
        return self._of(modules[index]) if isinstance(index, slice) else modules[_position(index, len(modules))]

    def __setitem__(self, index: int, module: Module) -> None:
        name = list(self._modules)[_position(index, len(self))]
        self.register_module(name, _checked(module, type(self).__name__))

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(self._modules.values())

    @staticmethod
    def _of(modules: list[Module]) -> Module:  # what a slice is
        raise NotImplementedError


class Sequential(_Numbered):
    """Layers one after another: each gets what the one before gave.

    layers : several modules, or one list of them, or one dict of names and modules.

    A layer is had by its number, `model[0]`, several by a slice, which is a Sequential of the same layers.

    >>> from gradlib import Tensor
    >>> from gradlib.nn import Linear, ReLU
    >>> model = Sequential(Linear(3, 2), ReLU())
    >>> model(Tensor([[1.0, 2.0, 3.0]])).shape, len(model), model[1]
    ((1, 2), 2, ReLU())

    Raises TypeError for what is no module, a class without its brackets or a function, say.
    """

    def __init__(self, *layers: Module | Iterable[Module] | Mapping[str, Module]):
        super().__init__()
        if len(layers) == 1 and isinstance(layers[0], Iterable) and not isinstance(layers[0], (Module, type)):
            (layers,) = layers
        named = layers.items() if isinstance(layers, Mapping) else ((str(i), layer) for i, layer in enumerate(layers))
        for name, layer in named:
            self.register_module(name, _checked(layer, "Sequential"))

    @property
    def layers(self) -> list[Module]:
        """The layers in a list, in order."""
        return list(self._modules.values())

    def forward(self, x):
        for layer in self._modules.values():
            x = layer(x)
        return x

    @staticmethod
    def _of(modules: list[Module]) -> Sequential:
        return Sequential(*modules)


class ModuleList(_Numbered):
    """A list of modules whose parameters are found. It has no forward: the module that holds it calls its parts.

    >>> from gradlib.nn import Linear
    >>> layers = ModuleList(Linear(2, 2) for _ in range(3))
    >>> len(layers), sum(1 for _ in layers.parameters())
    (3, 6)

    Raises TypeError for what is no module, IndexError for a number that is not there.
    """

    def __init__(self, modules: Iterable[Module] = ()):
        super().__init__()
        if not isinstance(modules, Iterable):
            raise TypeError(f"ModuleList takes one list of modules, got {type(modules).__name__}. Put it into […].")
        self.extend(modules)

    @staticmethod
    def _of(modules: list[Module]) -> ModuleList:
        return ModuleList(modules)


class ModuleDict(Module):
    """A dict of modules whose parameters are found. A name is text without a dot, and none of the module's methods.

    >>> from gradlib.nn import Linear
    >>> heads = ModuleDict({"age": Linear(4, 1), "colour": Linear(4, 3)})
    >>> list(heads), [name for name, _ in heads["age"].named_parameters()]
    (['age', 'colour'], ['weight', 'bias'])

    Raises TypeError for what is no module, KeyError for a name that is not there.
    """

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

    layer_sizes : the number of features at each stage, inputs first, at least two: (N, inputs) -> (N, outputs).
    activation : a name, as "relu", "tanh", "gelu". rng : draws the weights.

    >>> MLP([2, 16, 1], activation="tanh")
    MLP(
      (0): Linear(in_features=2, out_features=16, bias=True)
      (1): Tanh()
      (2): Linear(in_features=16, out_features=1, bias=True)
    )

    Raises ValueError for fewer than two sizes, a size below 1, or an activation that is not known.
    """

    def __init__(self, layer_sizes: Sequence[int], activation: str = "relu", *, rng: np.random.Generator | None = None):
        sizes = list(layer_sizes) if isinstance(layer_sizes, Iterable) else [layer_sizes]
        if len(sizes) < 2:
            raise ValueError(f"MLP takes a list of at least two sizes, inputs and outputs, as [2, 16, 1], got {sizes}.")
        layers: list[Module] = []
        for inputs, outputs in zip(sizes, sizes[1:], strict=False):
            layers += [Linear(inputs, outputs, rng=rng), activations.by_name(activation)]
        super().__init__(*layers[:-1])


def _checked(module: Module, where: str) -> Module:
    if not isinstance(module, Module):
        hint = " Add the brackets that make one of it: ReLU()." if isinstance(module, type) else ""
        raise TypeError(f"{where} holds modules, got {getattr(module, '__name__', type(module).__name__)}.{hint}")
    return module


def _position(index: int, length: int) -> int:
    whole("a module is had by its number, a whole one", index)
    if not -length <= index < length:
        raise IndexError(f"there is no module {index}: there are {length}, counted from 0.")
    return index % length
