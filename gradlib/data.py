"""Data: sets of examples, batches of them, and sets that need no network.

Features are float32, labels int64. Everything random takes `rng`, a `np.random.Generator`; by default it draws from
the one that `gradlib.manual_seed` seeds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from .errors import ShapeError, whole
from .operations import on_cpu
from .random import generator
from .tensor import Tensor, on

# Datasets and batches ------------------------------------------------------------


class Dataset:
    """Examples by number: a subclass defines `__getitem__(index)` and `__len__()`.

    >>> class Squares(Dataset):
    ...     def __getitem__(self, index):
    ...         return index, index**2
    ...     def __len__(self):
    ...         return 3
    >>> [(n.tolist(), square.tolist()) for n, square in DataLoader(Squares(), batch_size=2)]
    [([0, 1], [0, 1]), ([2], [4])]
    """

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError(f"{type(self).__name__} must define __getitem__(index): the example of that number.")

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__} must define __len__(): how many examples there are.")


class TensorDataset(Dataset):
    """Examples that are rows of arrays of equal length: example i is row i of each.

    >>> data = TensorDataset(np.arange(6.0).reshape(3, 2), np.array([0, 1, 0]))
    >>> len(data), data[1]
    (3, (array([2., 3.]), np.int64(1)))
    """

    def __init__(self, *arrays: Any):
        if not arrays:
            raise TypeError("TensorDataset takes at least one array, features and labels mostly.")
        self.arrays = tuple(map(on_cpu, arrays))
        lengths = [array.shape[0] if array.ndim else None for array in self.arrays]
        if None in lengths or len(set(lengths)) > 1:
            raise ShapeError(
                "TensorDataset takes arrays with equally many rows, one for each example, got shapes "
                f"{', '.join(str(array.shape) for array in self.arrays)}."
            )

    def __getitem__(self, index):
        return tuple(array[index] for array in self.arrays)

    def __len__(self) -> int:
        return len(self.arrays[0])


class Subset(Dataset):
    """Some of the examples of a dataset, by their numbers.

    Raises TypeError for indices that are not whole numbers, IndexError for one that is not there.

    >>> odd = Subset(TensorDataset(np.arange(6) * 10), [1, 3, 5])
    >>> len(odd), odd[2]
    (3, (np.int64(50),))
    """

    def __init__(self, dataset: Dataset, indices: Sequence[int]):
        indices = np.asarray(indices)
        if indices.ndim != 1 or (indices.size and indices.dtype.kind not in "iu"):
            hint = " Of a mask take np.flatnonzero(mask)." if indices.dtype.kind == "b" else ""
            raise TypeError(
                f"Subset takes the numbers of its examples, a list of whole numbers, got {indices.dtype} of shape "
                f"{indices.shape}.{hint}"
            )
        wrong = indices[(indices < -len(dataset)) | (indices >= len(dataset))]
        if wrong.size:
            raise IndexError(f"a dataset of {len(dataset)} has examples 0 to {len(dataset) - 1}, got {wrong[0]}.")
        self.dataset, self.indices = dataset, indices.astype(np.intp)

    def __getitem__(self, index):
        return self.dataset[self.indices[index]]

    def __len__(self) -> int:
        return len(self.indices)


def random_split(dataset: Dataset, lengths: Sequence[float], *, rng: np.random.Generator | None = None) -> list[Subset]:
    """Parts of a dataset drawn at random, without overlap: by counts that add up, or shares that add up to 1.

    A share of the n examples is rounded down; those that are left over go to the parts one each, from the first on.

    >>> parts = random_split(TensorDataset(np.arange(10)), [0.8, 0.2], rng=np.random.default_rng(0))
    >>> [len(part) for part in parts]
    [8, 2]
    """
    total = len(dataset)
    if all(0 <= length <= 1 for length in lengths) and abs(sum(lengths) - 1) < 1e-9:
        counts = [int(total * length) for length in lengths]
        left = total - sum(counts)
        lengths = [count + (i < left) for i, count in enumerate(counts)]
    if sum(lengths) != total or any(length != int(length) or length < 0 for length in lengths):
        raise ValueError(
            f"random_split takes counts that add up to the {total} examples, or shares that add up to 1, got "
            f"{list(lengths)}, {sum(lengths)} in all."
        )
    order = generator(rng).permutation(total)
    return [Subset(dataset, part) for part in np.split(order, np.cumsum(lengths).astype(int)[:-1])]


class DataLoader:
    """Goes through a dataset in batches of tensors, each example once.

    dataset : a Dataset, or anything with `__getitem__` and `__len__`. batch_size : examples a batch; the last has
    what is left, and with drop_last=True is left out. shuffle : in a new order each time. seed : the order's own, so
    that it repeats whatever else is drawn; without it the order is drawn from the library's generator. collate_fn :
    makes a batch of a list of examples; by default it stacks what is at the same place of each.

    `state_dict` and `load_state_dict` keep where the sequence of orders stands.

    >>> loader = DataLoader(TensorDataset(np.arange(5.0), np.arange(5)), batch_size=2)
    >>> [features.tolist() for features, labels in loader], len(loader)
    ([[0.0, 1.0], [2.0, 3.0], [4.0]], 3)
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int = 1,
        shuffle: bool = False,
        *,
        drop_last: bool = False,
        collate_fn: Callable[[list], Any] | None = None,
        seed: int | None = None,
    ):
        if not (hasattr(dataset, "__getitem__") and hasattr(dataset, "__len__")):
            raise TypeError(
                f"DataLoader takes a Dataset, or anything with __getitem__ and __len__, got {type(dataset).__name__}. "
                "Of an iterator make a list."
            )
        if not isinstance(batch_size, (int, np.integer)) or batch_size < 1:
            raise ValueError(f"batch_size is a whole number of at least 1, got {batch_size!r}.")
        self.dataset, self.batch_size, self.shuffle, self.drop_last = dataset, int(batch_size), shuffle, drop_last
        self.collate_fn = collate_fn
        if seed is not None:
            whole("DataLoader's seed is a whole number from 0 on", seed, 0)
        self._rng = None if seed is None else np.random.default_rng(seed)

    def __len__(self) -> int:
        full, rest = divmod(len(self.dataset), self.batch_size)
        return full + (rest > 0 and not self.drop_last)

    def __iter__(self) -> Iterator[Any]:
        count = len(self.dataset)
        order = generator(self._rng).permutation(count) if self.shuffle else np.arange(count)
        for start in range(0, len(self) * self.batch_size, self.batch_size):
            yield self._batch(order[start : start + self.batch_size])

    def _batch(self, indices: np.ndarray) -> Any:
        dataset = self.dataset
        if self.collate_fn is not None:
            return self.collate_fn([dataset[int(i)] for i in indices])
        while isinstance(dataset, Subset):
            dataset, indices = dataset.dataset, dataset.indices[indices]
        if type(dataset) is TensorDataset:  # rows of arrays are taken at once, 100 times as fast
            return tuple(on(array[indices]) for array in dataset.arrays)
        return collate([dataset[int(i)] for i in indices])

    def state_dict(self) -> dict[str, Any]:
        """Where the loader's own sequence of orders stands; empty without a seed."""
        return {} if self._rng is None else {"rng": self._rng.bit_generator.state}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where `state_dict()` was taken."""
        if state and self._rng is None:
            raise ValueError("this loader has no seed of its own, so it has no state to load. Give it seed=.")
        if state:
            self._rng.bit_generator.state = state["rng"]


def collate(examples: list) -> Any:
    """One batch of several examples: numbers and arrays are stacked; tuples and dicts part by part; texts are listed.

    Raises ShapeError for examples that differ in their shape or their parts.

    >>> collate([{"size": 1.5, "name": "a"}, {"size": 2.0, "name": "b"}])
    {'size': Tensor([1.5, 2. ]), 'name': ['a', 'b']}
    """
    first = examples[0]
    if isinstance(first, (dict, tuple, list)) and any(_parts(example) != _parts(first) for example in examples):
        other = next(example for example in examples if _parts(example) != _parts(first))
        raise ShapeError(f"a batch is made of examples with the same parts, got {_parts(first)} and {_parts(other)}.")
    if isinstance(first, dict):
        return {key: collate([example[key] for example in examples]) for key in first}
    if isinstance(first, (tuple, list)):
        return tuple(collate(list(part)) for part in zip(*examples, strict=True))
    if isinstance(first, str):
        return list(examples)
    if not isinstance(first, (np.ndarray, Tensor)):
        return Tensor(examples)  # numbers
    arrays = [on_cpu(example) for example in examples]
    shapes = {array.shape for array in arrays}
    if len(shapes) > 1:
        raise ShapeError(
            f"a batch stacks examples of one shape, got {sorted(shapes)}. Pad them, or pass a collate_fn that does."
        )
    return on(np.stack(arrays))


def _parts(example: Any) -> Any:
    """The keys of a dict, the number of entries of a tuple."""
    if isinstance(example, dict):
        return sorted(example, key=str)
    return len(example) if isinstance(example, (tuple, list)) else type(example).__name__


# Sets made here ------------------------------------------------------------


def _labels(n_samples: int, n_classes: int = 2) -> np.ndarray:
    """0, 1, …, 0, 1, …: as many of each class as can be."""
    whole("n_samples is a whole number from 0 on", n_samples, 0)
    whole("the number of classes is a whole number from 1 on", n_classes, 1)
    return np.arange(n_samples) % n_classes


def _shuffled(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    order = rng.permutation(len(x))
    return x[order].astype(np.float32), y[order]


def make_moons(
    n_samples: int = 100, noise: float = 0.1, *, rng: np.random.Generator | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Two half circles that reach into each other: points (n, 2), labels (n,) 0 or 1.

    (cos φ, sin φ) and (1, ½) - (cos φ, sin φ), φ uniform from 0 to π. noise : the deviation of what is added to both
    coordinates.

    >>> x, y = make_moons(50, rng=np.random.default_rng(0))
    >>> x.shape, x.dtype, np.bincount(y)
    ((50, 2), dtype('float32'), array([25, 25]))
    """
    rng = generator(rng)
    y = _labels(n_samples)
    angle = rng.uniform(0, np.pi, n_samples)
    x = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    x[y == 1] = [1.0, 0.5] - x[y == 1]
    return _shuffled(x + rng.normal(0, noise, x.shape), y, rng)


def make_circles(
    n_samples: int = 100, noise: float = 0.1, factor: float = 0.5, *, rng: np.random.Generator | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """A circle (label 0) around another of `factor` times its radius (label 1): points (n, 2), labels (n,).

    >>> x, y = make_circles(4, noise=0.0, factor=0.25, rng=np.random.default_rng(0))
    >>> np.hypot(*x.T).round(2), y
    (array([0.25, 1.  , 0.25, 1.  ], dtype=float32), array([1, 0, 1, 0]))
    """
    rng = generator(rng)
    y = _labels(n_samples)
    angle = rng.uniform(0, 2 * np.pi, n_samples)
    x = np.stack([np.cos(angle), np.sin(angle)], axis=1) * np.where(y == 1, factor, 1.0)[:, None]
    return _shuffled(x + rng.normal(0, noise, x.shape), y, rng)


def make_spirals(
    n_samples: int = 100,
    noise: float = 0.05,
    n_classes: int = 2,
    turns: float = 1.0,
    *,
    rng: np.random.Generator | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Arms that wind out of the origin, one a class: points (n, 2), labels (n,).

    Radius r uniform from 0.1 to 1, angle 2π (turns · r + label/n_classes).

    >>> x, y = make_spirals(90, n_classes=3, rng=np.random.default_rng(0))
    >>> x.shape, np.bincount(y)
    ((90, 2), array([30, 30, 30]))
    """
    rng = generator(rng)
    y = _labels(n_samples, n_classes)
    radius = rng.uniform(0.1, 1, n_samples)
    angle = 2 * np.pi * (turns * radius + y / n_classes)
    x = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return _shuffled(x + rng.normal(0, noise, x.shape), y, rng)


def make_blobs(
    n_samples: int = 100,
    n_features: int = 2,
    centers: int = 3,
    cluster_std: float = 1.0,
    *,
    rng: np.random.Generator | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Normal clouds around centers drawn from [-10, 10]: points (n, n_features), labels (n,).

    >>> x, y = make_blobs(6, n_features=4, rng=np.random.default_rng(0))
    >>> x.shape, sorted(y.tolist())
    ((6, 4), [0, 0, 1, 1, 2, 2])
    """
    y = _labels(n_samples, centers)
    rng = generator(rng)
    places = rng.uniform(-10, 10, size=(centers, n_features))
    return _shuffled(places[y] + rng.normal(0, cluster_std, (n_samples, n_features)), y, rng)


def make_xor(
    n_samples: int | None = None, noise: float = 0.0, *, rng: np.random.Generator | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Exclusive or: points (n, 2), labels (n,), 1 where just one of the two is 1; by default the four corners.

    >>> make_xor()[1].tolist()
    [0, 1, 1, 0]
    """
    corners = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=np.float32)
    labels = np.array([0, 1, 1, 0])
    if n_samples is None:
        return corners, labels
    rng = generator(rng)
    chosen = _labels(n_samples, 4)
    return _shuffled(corners[chosen] + rng.normal(0, noise, (n_samples, 2)), labels[chosen], rng)


def make_regression(
    n_samples: int = 100, n_features: int = 1, noise: float = 0.1, *, rng: np.random.Generator | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """y = x w + noise: features (n, n_features), targets (n,), and the weights w (n_features,) that made them.

    x is normal, w uniform from -2 to 2. noise : its deviation.

    >>> x, y, w = make_regression(5, n_features=2, noise=0.0, rng=np.random.default_rng(0))
    >>> np.allclose(x @ w, y)
    True
    """
    rng = generator(rng)
    x = rng.normal(size=(n_samples, n_features))
    weights = rng.uniform(-2, 2, n_features)
    y = x @ weights + rng.normal(0, noise, n_samples)
    return x.astype(np.float32), y.astype(np.float32), weights.astype(np.float32)


# Real sets, bundled with scikit-learn ------------------------------------------------------------


def _bundled(name: str):
    try:
        from sklearn import datasets
    except ImportError:
        raise ImportError(f"{name} comes with scikit-learn: pip install scikit-learn.") from None
    return getattr(datasets, name)()


def load_digits(flat: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """1,797 handwritten digits of 8×8 pixels in [0, 1]: features (1797, 64), or (1797, 1, 8, 8) with flat=False.

    Labels 0 to 9. Source: Alpaydin and Kaynak, UCI, 1998.

    >>> x, y = load_digits()
    >>> x.shape, y[:4]
    ((1797, 64), array([0, 1, 2, 3]))
    """
    found = _bundled("load_digits")
    x = (found.data / 16).astype(np.float32)
    return (x if flat else x.reshape(-1, 1, 8, 8)), found.target.astype(np.int64)


def load_breast_cancer() -> tuple[np.ndarray, np.ndarray]:
    """569 tumors, 30 features scaled to mean 0 and variance 1; label 1 is benign. Source: Wolberg and others, 1995.

    >>> x, y = load_breast_cancer()
    >>> x.shape, np.bincount(y)
    ((569, 30), array([212, 357]))
    """
    found = _bundled("load_breast_cancer")
    return _standardized(found.data), found.target.astype(np.int64)


def load_wine() -> tuple[np.ndarray, np.ndarray]:
    """178 wines of three growers, 13 features scaled to mean 0 and variance 1. Source: Forina and others, 1988.

    >>> x, y = load_wine()
    >>> x.shape, np.bincount(y)
    ((178, 13), array([59, 71, 48]))
    """
    found = _bundled("load_wine")
    return _standardized(found.data), found.target.astype(np.int64)


def load_diabetes() -> tuple[np.ndarray, np.ndarray]:
    """442 patients, 10 features scaled to mean 0 and variance 1; target: progression, 25 to 346, float32.

    Source: Efron and others, Least Angle Regression, 2004.

    >>> x, y = load_diabetes()
    >>> x.shape, y.min(), y.max()
    ((442, 10), np.float32(25.0), np.float32(346.0))
    """
    found = _bundled("load_diabetes")
    return _standardized(found.data), found.target.astype(np.float32)


def _standardized(x: np.ndarray) -> np.ndarray:
    return ((x - x.mean(axis=0)) / x.std(axis=0)).astype(np.float32)


def train_test_split(
    x: np.ndarray,
    y: np.ndarray,
    test_size: float = 0.2,
    *,
    stratify: bool = True,
    rng: np.random.Generator | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(x_train, x_test, y_train, y_test), drawn at random; with stratify every class has its share in both.

    >>> x, y = np.arange(10), np.array([0] * 5 + [1] * 5)
    >>> train_test_split(x, y, 0.4, rng=np.random.default_rng(0))[3].tolist()
    [0, 0, 1, 1]
    """
    x, y = (rows if isinstance(rows, Tensor) else np.asarray(rows) for rows in (x, y))
    if not 0 < test_size < 1:
        raise ValueError(f"test_size is a share, between 0 and 1, got {test_size}.")
    if len(x) != len(y):
        raise ShapeError(f"there must be a label for each example, got {len(x)} examples and {len(y)} labels.")
    rng = generator(rng)
    stratify = stratify and y.dtype.kind in "iub"
    groups = [np.flatnonzero(y == label) for label in np.unique(y)] if stratify else [np.arange(len(y))]
    test = np.zeros(len(y), dtype=bool)
    for group in groups:
        test[rng.permutation(group)[: round(len(group) * test_size)]] = True
    return x[~test], x[test], y[~test], y[test]


# Sequences ------------------------------------------------------------

ADDITION_SYMBOLS = "0123456789+="


def addition_sequences(digits: int = 2) -> np.ndarray:
    """Every sum of two numbers of so many digits as a row of tokens: a + b = c with the digits of c turned around.

    Tokens are places in ADDITION_SYMBOLS. Turned around, the digit that comes first depends on the last digits of a
    and b alone: a net that writes from left to right can carry. Shape (10^(2 digits), 3 digits + 3).

    >>> rows = addition_sequences()
    >>> rows.shape, "".join(ADDITION_SYMBOLS[token] for token in rows[37 * 100 + 85])
    ((10000, 9), '37+85=221')
    """
    limit = 10 ** whole("digits is a whole number from 1 on", digits, 1)
    rows = [
        f"{a:0{digits}d}+{b:0{digits}d}=" + f"{a + b:0{digits + 1}d}"[::-1] for a in range(limit) for b in range(limit)
    ]
    return np.array([[ADDITION_SYMBOLS.index(symbol) for symbol in row] for row in rows])


def person_names() -> list[str]:
    """The first names of the US census in lower case, in order, each once: 5,163 of its 5,494 entries differ.

    Raises ImportError without the package that brings them.

    >>> names = person_names()
    >>> len(names), names[:3]
    (5163, ['aaron', 'abbey', 'abbie'])
    """
    try:
        import names
    except ImportError:
        raise ImportError("person_names come with the package names: pip install names.") from None
    found = set()
    for key in ("first:male", "first:female"):
        with open(names.FILES[key], encoding="utf-8") as lines:
            found |= {line.split()[0].lower() for line in lines if line.strip()}
    return sorted(found)
