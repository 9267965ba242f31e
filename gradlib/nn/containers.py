"""Modules made of modules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from ..errors import whole
from ..tensor import Tensor
from . import activations, init
from .layers import Linear
from .module import Module

_SINGLE = (Module, type, np.ndarray)  # iterable, but not lists of modules


class _Numbered(Module):
    """Modules in an order, counted from 0: the base of Sequential and ModuleList."""

    def append(self, module: Module) -> _Numbered:
        """Add a module at the end and return self."""
        self.register_module(str(len(self)), _checked(module, type(self).__name__))
        return self

    def extend(self, modules: Iterable[Module]) -> _Numbered:
        """Add several modules at the end and return self."""
        if not isinstance(modules, Iterable) or isinstance(modules, np.ndarray):
            raise TypeError(f"{type(self).__name__} takes one list of modules, got {type(modules).__name__}.")
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
    """Layers one after another: each takes the output of the one before.

    layers : several modules, or one list of them, or one dict of names and modules.

    Index with `model[0]`; a slice returns a Sequential of the same layers. `model.layers` lists them.

    >>> from gradlib import Tensor
    >>> from gradlib.nn import Linear, ReLU
    >>> model = Sequential(Linear(3, 2), ReLU())
    >>> model(Tensor([[1.0, 2.0, 3.0]])).shape, len(model), model[1]
    ((1, 2), 2, ReLU())

    Raises TypeError for anything that is not a module, such as a function or a class without its brackets.
    """

    def __init__(self, *layers: Module | Iterable[Module] | Mapping[str, Module]):
        super().__init__()
        if len(layers) == 1 and isinstance(layers[0], Iterable) and not isinstance(layers[0], _SINGLE):
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

    Raises TypeError for anything that is not a module, IndexError for an index that is out of range.
    """

    def __init__(self, modules: Iterable[Module] = ()):
        super().__init__()
        if not isinstance(modules, Iterable):
            raise TypeError(f"ModuleList takes one list of modules, got {type(modules).__name__}. Write […] around it.")
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

    Raises TypeError for anything that is not a module, KeyError for an unknown name.
    """

    def __init__(self, modules: Mapping[str, Module] | None = None):
        super().__init__()
        if not isinstance(modules, (Mapping, ModuleDict, type(None))):
            raise TypeError(f"ModuleDict takes one dict of names and modules, got {type(modules).__name__}.")
        for name, module in () if modules is None else modules.items():
            self[name] = module

    def __getitem__(self, name: str) -> Module:
        if name not in self:
            raise KeyError(f"there is no module {name!r}. There are: {', '.join(self._modules) or 'none'}.")
        return self._modules[name]

    def __setitem__(self, name: str, module: Module) -> None:
        self.register_module(name, _checked(module, "ModuleDict"))

    def __contains__(self, name: str) -> bool:
        return isinstance(name, str) and name in self._modules

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

    The weights start by the activation that follows, so that signals keep about their size through many layers. In
    front of tanh and sigmoid they are uniform by Xavier's rule, with the gain of `init.calculate_gain`. In front of the
    others they are uniform by He's rule, `init.kaiming_uniform_`, whose gain √2 is right for relu and near for the
    functions like it (gelu and silu would take more). The last layer, which no activation follows, starts as `Linear`
    does. (PyTorch has no MLP, and its Linear starts in the same way whatever follows.)

    >>> MLP([2, 16, 1], activation="tanh")
    MLP(
      (0): Linear(in_features=2, out_features=16, bias=True)
      (1): Tanh()
      (2): Linear(in_features=16, out_features=1, bias=True)
    )

    Raises ValueError for fewer than two sizes, a size below 1, or an unknown activation.
    """

    def __init__(self, layer_sizes: Sequence[int], activation: str = "relu", *, rng: np.random.Generator | None = None):
        sizes = (
            list(layer_sizes)
            if isinstance(layer_sizes, Iterable) and getattr(layer_sizes, "ndim", 1)
            else [layer_sizes]
        )
        if len(sizes) < 2:
            raise ValueError(f"MLP takes a list of at least two sizes, inputs and outputs, as [2, 16, 1], got {sizes}.")
        layers: list[Module] = []
        for inputs, outputs in zip(sizes, sizes[1:], strict=False):
            layers += [Linear(inputs, outputs, rng=rng), activations.by_name(activation)]
        super().__init__(*layers[:-1])
        for layer in self.layers[:-1:2]:  # all linear layers but the last
            _start(layer.weight, activation, rng)


def _start(weight: Tensor, activation: str, rng: np.random.Generator | None) -> None:
    """Fill the weight of a layer in front of an activation."""
    if activation in ("tanh", "sigmoid"):
        init.xavier_uniform_(weight, init.calculate_gain(activation), rng=rng)
    else:
        init.kaiming_uniform_(weight, nonlinearity="relu", rng=rng)


def _checked(module: Module, where: str) -> Module:
    if not isinstance(module, Module):
        hint = " A class needs brackets: ReLU()." if isinstance(module, type) else ""
        raise TypeError(f"{where} holds modules, got {getattr(module, '__name__', type(module).__name__)}.{hint}")
    return module


def _position(index: int, length: int) -> int:
    index = whole("module indices must be integers", index)
    if not -length <= index < length:
        raise IndexError(f"there is no module {index}: there are {length}, counted from 0.")
    return index % length
