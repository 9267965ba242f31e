"""Datasets, batches, and ready-made sets that need no network.

Features are float32, labels int64. Everything random takes `rng`, a `np.random.Generator`; the default is the generator
that `gradlib.manual_seed` seeds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .errors import ShapeError, flag, whole
from .operations import on_cpu
from .random import generator
from .tensor import Tensor, on

# Datasets and batches ------------------------------------------------------------


class Dataset:
    """Examples, indexed from 0: a subclass defines `__getitem__(index)` and `__len__()`.

    >>> class Squares(Dataset):
    ...     def __getitem__(self, index):
    ...         return index, index**2
    ...     def __len__(self):
    ...         return 3
    >>> [(n.tolist(), square.tolist()) for n, square in DataLoader(Squares(), batch_size=2)]
    [([0, 1], [0, 1]), ([2], [4])]
    """

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError(f"{type(self).__name__} must define __getitem__(index), which returns one example.")

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__} must define __len__(), the number of examples.")


class TensorDataset(Dataset):
    """Examples stored as the rows of arrays of equal length: example i is row i of each.

    arrays : NumPy arrays and tensors keep their dtype; numbers in lists become float32 or int64, as in `Tensor`.

    >>> data = TensorDataset(np.arange(6.0).reshape(3, 2), np.array([0, 1, 0]))
    >>> len(data), data[1]
    (3, (array([2., 3.]), np.int64(1)))

    Raises ShapeError for arrays with different numbers of rows, IndexError for an index out of range.
    """

    def __init__(self, *arrays: Any):
        if not arrays:
            raise TypeError("TensorDataset takes at least one array, usually features and labels.")
        self.arrays = tuple(on_cpu(array if hasattr(array, "dtype") else Tensor(array)) for array in arrays)
        lengths = [array.shape[0] if array.ndim else None for array in self.arrays]
        if None in lengths or len(set(lengths)) > 1:
            raise ShapeError(
                "TensorDataset takes arrays with the same number of rows, one for each example, got shapes "
                f"{', '.join(str(array.shape) for array in self.arrays)}."
            )

    def __getitem__(self, index):
        index = _index(index, len(self))
        return tuple(array[index] for array in self.arrays)

    def __len__(self) -> int:
        return len(self.arrays[0])


class Subset(Dataset):
    """Some of the examples of a dataset, chosen by their indices.

    Raises TypeError for indices that are not integers, IndexError for one that is out of range.

    >>> odd = Subset(TensorDataset(np.arange(6) * 10), [1, 3, 5])
    >>> len(odd), odd[2]
    (3, (np.int64(50),))
    """

    def __init__(self, dataset: Dataset, indices: Sequence[int]):
        count, indices = _count("Subset", dataset), on_cpu(indices)
        if indices.ndim != 1 or (indices.size and indices.dtype.kind not in "iu"):
            hint = " For a mask pass np.flatnonzero(mask)." if indices.dtype.kind == "b" else ""
            raise TypeError(
                f"Subset takes a list of integers, the indices of its examples, got {indices.dtype} of shape "
                f"{indices.shape}.{hint}"
            )
        self.dataset, self.indices = dataset, _index(indices, count).astype(np.intp)

    def __getitem__(self, index):
        return self.dataset[self.indices[_index(index, len(self))]]

    def __len__(self) -> int:
        return len(self.indices)


def random_split(dataset: Dataset, lengths: Sequence[float], *, rng: np.random.Generator | None = None) -> list[Subset]:
    """Split a dataset at random into parts without overlap: counts that add up, or fractions that add up to 1.

    A fraction of the n examples is rounded down; the examples left over go to the parts one each, starting with the
    first.

    >>> parts = random_split(TensorDataset(np.arange(10)), [0.8, 0.2], rng=np.random.default_rng(0))
    >>> [len(part) for part in parts]
    [8, 2]
    """
    total = _count("random_split", dataset)
    if isinstance(lengths, str) or np.ndim(lengths) != 1:
        raise TypeError(f"lengths must be a list of counts or fractions, got {lengths!r}.")
    lengths = [_number("each length", length) for length in lengths]
    if all(0 <= length <= 1 for length in lengths) and abs(sum(lengths) - 1) < 1e-9:
        counts = [int(total * length) for length in lengths]
        left = total - sum(counts)
        lengths = [count + (i < left) for i, count in enumerate(counts)]
    if sum(lengths) != total or any(length != int(length) or length < 0 for length in lengths):
        raise ValueError(
            f"random_split takes counts that add up to the {total} examples, or fractions that add up to 1, got "
            f"{lengths} with sum {sum(lengths)}."
        )
    order = generator(rng).permutation(total)
    return [Subset(dataset, part) for part in np.split(order, np.cumsum(lengths).astype(int)[:-1])]


def _count(taker: str, dataset: Any) -> int:
    """The number of examples; TypeError for something that is not a dataset."""
    hint = ""
    if isinstance(dataset, Iterator):
        hint = " Make a list of the iterator."
    elif isinstance(dataset, Mapping) and 0 not in dataset:
        hint = " For arrays in a dict pass TensorDataset(*arrays.values())."
    elif hasattr(dataset, "__getitem__") and hasattr(dataset, "__len__") and getattr(dataset, "ndim", 1):
        return len(dataset)
    raise TypeError(
        f"{taker} takes a Dataset, or anything with __getitem__ and __len__, got {type(dataset).__name__}.{hint}"
    )


def _index(index: Any, count: int) -> Any:
    """An index among `count` examples: an integer, a slice, a mask, or several integers."""
    if isinstance(index, slice) or (type(index) is int and -count <= index < count):
        return index
    array = on_cpu(index)
    if array.shape == (0,):
        return array.astype(np.intp)
    if array.dtype.kind == "b" and array.shape == (count,):
        return array
    if array.dtype.kind not in "iu":
        raise TypeError(f"examples are indexed by an integer, a slice or a list of integers, got {index!r}.")
    wrong = array[(array < -count) | (array >= count)]
    if wrong.size:
        there = f"examples 0 to {count - 1}" if count else "no examples"
        raise IndexError(f"a dataset of {count} has {there}, got {wrong.flat[0]}.")
    return array if array.ndim else int(array)


class DataLoader:
    """Iterate over a dataset in batches of tensors, each example once.

    dataset : a Dataset, or anything with `__getitem__` and `__len__`. batch_size : examples a batch; the last batch is
    smaller, or is dropped with drop_last=True. shuffle : draw a new order for each pass. sampler : the indices of a
    pass, in their order, instead: a list, or an object with `__iter__` and `__len__`, such as a `DistributedSampler`.
    seed : seeds the loader's own generator, so that the orders do not depend on other random numbers; the default is
    the library's generator. collate_fn : makes a batch from a list of examples, by default `collate`.

    `state_dict` and `load_state_dict` keep the position in the sequence of orders.

    >>> loader = DataLoader(TensorDataset(np.arange(5.0), np.arange(5)), batch_size=2)
    >>> [features.tolist() for features, labels in loader], len(loader)
    ([[0.0, 1.0], [2.0, 3.0], [4.0]], 3)
    >>> [labels.tolist() for labels, in DataLoader(TensorDataset(np.arange(5)), batch_size=2, sampler=[4, 2, 0])]
    [[4, 2], [0]]
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int = 1,
        shuffle: bool = False,
        sampler: Any = None,
        *,
        drop_last: bool = False,
        collate_fn: Callable[[list], Any] | None = None,
        seed: int | None = None,
        **unknown: Any,
    ):
        if unknown:
            raise TypeError(
                f"DataLoader has no argument {', '.join(unknown)}. It loads in this process: leave num_workers and "
                "pin_memory out. For other batches give a sampler, for one order always a seed."
            )
        _count("DataLoader", dataset)
        whole("batch_size must be an integer of at least 1", batch_size, 1)
        if collate_fn is not None and not callable(collate_fn):
            raise TypeError(f"collate_fn must be a function from a list of examples to a batch, got {collate_fn!r}.")
        self.dataset, self.batch_size, self.collate_fn = dataset, int(batch_size), collate_fn
        self.shuffle, self.drop_last = flag("shuffle", shuffle), flag("drop_last", drop_last)
        listed = hasattr(sampler, "__iter__") and hasattr(sampler, "__len__") and getattr(sampler, "ndim", 1)
        if sampler is not None and not listed:
            raise TypeError(
                f"sampler must be a list of indices, or have __iter__ and __len__, got {type(sampler).__name__}."
            )
        if sampler is not None and shuffle:
            raise ValueError(
                "a sampler gives the order, so shuffle=True has no effect with one: leave one of them out."
            )
        self.sampler = sampler
        if seed is not None:
            whole("DataLoader's seed must be an integer of at least 0", seed, 0)
        self._rng = None if seed is None else np.random.default_rng(seed)

    def __len__(self) -> int:
        full, rest = divmod(len(self.dataset if self.sampler is None else self.sampler), self.batch_size)
        return full + (rest > 0 and not self.drop_last)

    def __iter__(self) -> Iterator[Any]:
        order = self._order()
        for start in range(0, len(self) * self.batch_size, self.batch_size):
            yield self._batch(order[start : start + self.batch_size])

    def _order(self) -> np.ndarray:
        """The indices of a pass."""
        count = len(self.dataset)
        if self.sampler is not None:
            order = _index(list(self.sampler), count)
            if order.dtype == bool:
                raise TypeError("a sampler gives indices, got a mask: np.flatnonzero(mask) gives its indices.")
            return order
        return generator(self._rng).permutation(count) if self.shuffle else np.arange(count)

    def _batch(self, indices: np.ndarray) -> Any:
        dataset = self.dataset
        if self.collate_fn is not None:
            return self.collate_fn([dataset[int(i)] for i in indices])
        while isinstance(dataset, Subset):
            dataset, indices = dataset.dataset, dataset.indices[indices]
        if type(dataset) is TensorDataset:  # taking all rows at once is 100 times as fast
            return tuple(on(array[indices]) for array in dataset.arrays)
        return collate([dataset[int(i)] for i in indices])

    def state_dict(self) -> dict[str, Any]:
        """The state of the loader's own generator; empty without a seed."""
        return {} if self._rng is None else {"rng": self._rng.bit_generator.state}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue with the order that was next when `state_dict()` was called."""
        if not isinstance(state, Mapping) or (state and "rng" not in state):
            raise ValueError(f"a loader's state is what its state_dict() returned, {{'rng': …}}, got {state!r}.")
        if state and self._rng is None:
            raise ValueError("this loader has no seed of its own, so it has no state to load. Give it seed=.")
        if state:
            self._rng.bit_generator.state = state["rng"]


def collate(examples: Sequence) -> Any:
    """Make a batch from a list of examples: numbers and arrays are stacked, texts are listed, tuples and dicts go part
    by part.

    Arrays and NumPy's numbers keep their dtype; Python's numbers follow them, or become float32, int64 or bool.

    >>> collate([{"size": 1, "name": "a"}, {"size": 2.5, "name": "b"}])
    {'size': Tensor([1. , 2.5]), 'name': ['a', 'b']}

    Raises ValueError for no examples, ShapeError for examples that differ in their shape or their parts.
    """
    if not isinstance(examples, Sequence) or isinstance(examples, str):
        raise TypeError(f"collate takes a list of examples, got {type(examples).__name__}.")
    if not len(examples):
        raise ValueError("collate takes at least one example, got none.")
    first = examples[0]
    if any(_parts(example) != _parts(first) for example in examples):
        other = next(example for example in examples if _parts(example) != _parts(first))
        raise ShapeError(
            f"the examples of a batch must have the same parts, got {_parts(first)} and {_parts(other)}. Pass a "
            "collate_fn that makes a batch of them."
        )
    if isinstance(first, Mapping):
        return {key: collate([example[key] for example in examples]) for key in first}
    if isinstance(first, (tuple, list)):
        return tuple(collate(list(part)) for part in zip(*examples, strict=True))
    if isinstance(first, str):
        return list(examples)
    shapes = {np.shape(example) for example in examples}
    if len(shapes) > 1:
        raise ShapeError(
            f"the examples of a batch must have one shape, got {sorted(shapes)}. Pad them, or pass a collate_fn that "
            "does."
        )
    return on(_stacked(examples))


def _stacked(examples: Sequence) -> np.ndarray:
    """Numbers and arrays of one shape along a new first axis; Python's numbers follow the dtype of the others."""
    arrays = [on_cpu(example) for example in examples if hasattr(example, "dtype")]
    numbers = [example for example in examples if not hasattr(example, "dtype")]
    wrong = [array.dtype for array in arrays if array.dtype.kind not in "fiub"]
    wrong += [type(number).__name__ for number in numbers if not isinstance(number, (bool, int, float))]
    if wrong:
        raise TypeError(
            "collate makes batches of numbers, arrays, tensors and texts, and of tuples and dicts of these, got "
            f"{wrong[0]}. Pass a collate_fn that makes a batch of them."
        )
    kinds = [array.dtype for array in arrays]
    if any(type(number) is float for number in numbers) and not any(kind.kind == "f" for kind in kinds):
        kinds.append(np.dtype(np.float32))
    elif any(type(number) is int for number in numbers) and all(kind.kind == "b" for kind in kinds):
        kinds.append(np.dtype(np.int64))
    elif not kinds:
        kinds.append(np.dtype(np.bool_))
    floats = [kind for kind in kinds if kind.kind == "f"]
    dtype = np.result_type(*(floats or kinds))
    if numbers and dtype.kind in "iu":
        Tensor(numbers, dtype=dtype)  # raises OverflowError for a number that the dtype does not hold
    return np.stack([on_cpu(example) for example in examples]).astype(dtype, copy=False)


def _parts(example: Any) -> Any:
    """The keys of a dict, the number of entries of a tuple, "text" for a text, None for a number or an array."""
    if isinstance(example, Mapping):
        return sorted(example, key=str)
    if isinstance(example, str):
        return "text"
    return len(example) if isinstance(example, (tuple, list)) else None


# Generated sets ------------------------------------------------------------


def _labels(n_samples: int, n_classes: int = 2) -> np.ndarray:
    """0, 1, …, 0, 1, …: the classes as evenly as possible."""
    whole("n_samples must be an integer of at least 0", n_samples, 0, 2**53)
    whole("the number of classes must be an integer of at least 1", n_classes, 1)
    return np.arange(n_samples) % n_classes


def _number(name: str, value: Any, least: float | None = None) -> float:
    """A number, such as the deviation of noise, of at least `least`; a 0-d array or tensor counts as one."""
    array = on_cpu(value)
    if array.ndim or array.dtype.kind not in "iuf":
        raise TypeError(f"{name} must be a number, got {value!r}.")
    if not np.isfinite(array) or (least is not None and array < least):
        raise ValueError(
            f"{name} must be a finite number{'' if least is None else f' of at least {least}'}, got {value!r}."
        )
    return array.item()


def _noise(deviation: Any, shape: tuple, rng: np.random.Generator, name: str = "noise") -> np.ndarray:
    return rng.normal(0, _number(name, deviation, 0), shape)


def _shuffled(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    order = rng.permutation(len(x))
    return x[order].astype(np.float32), y[order]


def make_moons(
    n_samples: int = 100, noise: float = 0.1, *, rng: np.random.Generator | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Two interleaved half circles: points (n, 2), labels (n,) 0 or 1.

    (cos φ, sin φ) and (1, ½) - (cos φ, sin φ), φ uniform from 0 to π. noise : the standard deviation of the noise
    added to both coordinates.

    >>> x, y = make_moons(50, rng=np.random.default_rng(0))
    >>> x.shape, x.dtype, np.bincount(y)
    ((50, 2), dtype('float32'), array([25, 25]))
    """
    rng = generator(rng)
    y = _labels(n_samples)
    angle = rng.uniform(0, np.pi, n_samples)
    x = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    x[y == 1] = [1.0, 0.5] - x[y == 1]
    return _shuffled(x + _noise(noise, x.shape, rng), y, rng)


def make_circles(
    n_samples: int = 100, noise: float = 0.1, factor: float = 0.5, *, rng: np.random.Generator | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """A circle (label 0) around another with `factor` times its radius (label 1): points (n, 2), labels (n,).

    >>> x, y = make_circles(4, noise=0.0, factor=0.25, rng=np.random.default_rng(0))
    >>> np.hypot(*x.T).round(2), y
    (array([0.25, 1.  , 0.25, 1.  ], dtype=float32), array([1, 0, 1, 0]))
    """
    rng = generator(rng)
    y = _labels(n_samples)
    angle = rng.uniform(0, 2 * np.pi, n_samples)
    x = np.stack([np.cos(angle), np.sin(angle)], axis=1) * np.where(y == 1, _number("factor", factor), 1.0)[:, None]
    return _shuffled(x + _noise(noise, x.shape, rng), y, rng)


def make_spirals(
    n_samples: int = 100,
    noise: float = 0.05,
    n_classes: int = 2,
    turns: float = 1.0,
    *,
    rng: np.random.Generator | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Spiral arms that start at the origin, one for each class: points (n, 2), labels (n,).

    Radius r uniform from 0.1 to 1, angle 2π (turns · r + label/n_classes).

    >>> x, y = make_spirals(90, n_classes=3, rng=np.random.default_rng(0))
    >>> x.shape, np.bincount(y)
    ((90, 2), array([30, 30, 30]))
    """
    rng = generator(rng)
    y = _labels(n_samples, n_classes)
    radius = rng.uniform(0.1, 1, n_samples)
    angle = 2 * np.pi * (_number("turns", turns) * radius + y / n_classes)
    x = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return _shuffled(x + _noise(noise, x.shape, rng), y, rng)


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
    whole("n_features must be an integer of at least 1", n_features, 1)
    rng = generator(rng)
    places = rng.uniform(-10, 10, size=(centers, n_features))
    return _shuffled(places[y] + _noise(cluster_std, (n_samples, n_features), rng, "cluster_std"), y, rng)


def make_xor(
    n_samples: int | None = None, noise: float = 0.0, *, rng: np.random.Generator | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Exclusive or: points (n, 2), labels (n,), 1 where exactly one coordinate is 1; by default the four corners.

    >>> make_xor()[1].tolist()
    [0, 1, 1, 0]
    """
    corners = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=np.float32)
    labels = np.array([0, 1, 1, 0])
    if n_samples is None:
        return corners, labels
    rng = generator(rng)
    chosen = _labels(n_samples, 4)
    return _shuffled(corners[chosen] + _noise(noise, (n_samples, 2), rng), labels[chosen], rng)


def make_regression(
    n_samples: int = 100, n_features: int = 1, noise: float = 0.1, *, rng: np.random.Generator | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """y = x w + noise: features (n, n_features), targets (n,), and the weights w (n_features,) that made them.

    x is normal, w uniform from -2 to 2. noise : the standard deviation of the noise.

    >>> x, y, w = make_regression(5, n_features=2, noise=0.0, rng=np.random.default_rng(0))
    >>> np.allclose(x @ w, y)
    True
    """
    whole("n_samples must be an integer of at least 0", n_samples, 0, 2**53)
    whole("n_features must be an integer of at least 1", n_features, 1)
    rng = generator(rng)
    x = rng.normal(size=(n_samples, n_features))
    weights = rng.uniform(-2, 2, n_features)
    y = x @ weights + _noise(noise, (n_samples,), rng)
    return x.astype(np.float32), y.astype(np.float32), weights.astype(np.float32)


# Real sets ------------------------------------------------------------


def load_digits(flat: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """1,797 handwritten digits of 8×8 pixels in [0, 1]: features (1797, 64), or (1797, 1, 8, 8) with flat=False.

    Labels 0 to 9. Source: Alpaydin and Kaynak, UCI, 1998. They lie beside this file, so that the lessons need no
    scikit-learn, which is too large for the browser.

    >>> x, y = load_digits()
    >>> x.shape, y[:4]
    ((1797, 64), array([0, 1, 2, 3]))
    """
    with np.load(Path(__file__).with_name("digits.npz")) as found:
        pictures, labels = found["pictures"], found["labels"]  # (1797, 8, 8) of 0 to 16, and (1797,)
    x = (pictures / 16).astype(np.float32)
    return x.reshape(-1, 64) if flat else x[:, None], labels.astype(np.int64)


def _bundled(name: str):
    """A set that comes with scikit-learn."""
    try:
        from sklearn import datasets
    except ImportError:
        raise ImportError(f"{name} needs scikit-learn: pip install scikit-learn.") from None
    return getattr(datasets, name)()


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
    """Split at random into (x_train, x_test, y_train, y_test); with stratify every class has its share in both parts.

    >>> x, y = np.arange(10), np.array([0] * 5 + [1] * 5)
    >>> train_test_split(x, y, 0.4, rng=np.random.default_rng(0))[3].tolist()
    [0, 0, 1, 1]

    Raises ValueError if a part would be empty.
    """
    x, y = (rows if isinstance(rows, Tensor) else np.asarray(rows) for rows in (x, y))
    if not 0 < _number("test_size", test_size) < 1:
        raise ValueError(f"test_size must be a fraction between 0 and 1, got {test_size}.")
    if not (x.ndim and y.ndim) or len(x) != len(y):
        raise ShapeError(f"x and y must have the same number of rows, got shapes {x.shape} and {y.shape}.")
    rng = generator(rng)
    groups = [np.arange(len(y))]
    if flag("stratify", stratify) and y.dtype.kind in "iub" and len(y):
        _, classes = np.unique(on_cpu(y).reshape(len(y), -1), axis=0, return_inverse=True)
        groups = [np.flatnonzero(classes.reshape(-1) == label) for label in range(classes.max() + 1)]
    test = np.zeros(len(y), dtype=bool)
    for group in groups:
        test[rng.permutation(group)[: round(len(group) * test_size)]] = True
    if len(y) and (test.all() or not test.any()):
        few = 0 < round(len(y) * test_size) < len(y)
        hint = " Each class has too few examples for its share: pass stratify=False." if few else ""
        part = "training" if test.any() else "test"
        raise ValueError(f"test_size={test_size} of {len(y)} examples leaves none for the {part}.{hint}")
    return x[~test], x[test], y[~test], y[test]


# Sequences ------------------------------------------------------------

ADDITION_SYMBOLS = "0123456789+="


def addition_sequences(digits: int = 2) -> np.ndarray:
    """Every sum a + b = c of two numbers with `digits` digits as a row of tokens, the digits of c in reverse order.

    Tokens are positions in ADDITION_SYMBOLS. In reverse order the first digit of c depends only on the last digits of a
    and b, so a network that writes from left to right can carry. Shape (10^(2 digits), 3 digits + 3).

    >>> rows = addition_sequences()
    >>> rows.shape, "".join(ADDITION_SYMBOLS[token] for token in rows[37 * 100 + 85])
    ((10000, 9), '37+85=221')
    """
    limit = 10 ** whole("digits must be an integer of at least 1", digits, 1)
    rows = [
        f"{a:0{digits}d}+{b:0{digits}d}=" + f"{a + b:0{digits + 1}d}"[::-1] for a in range(limit) for b in range(limit)
    ]
    return np.array([[ADDITION_SYMBOLS.index(symbol) for symbol in row] for row in rows])


def person_names() -> list[str]:
    """The first names of the US census in lower case, sorted, without duplicates: 5,163 of its 5,494 entries.

    Raises ImportError if the package `names` is not installed.

    >>> names = person_names()
    >>> len(names), names[:3]
    (5163, ['aaron', 'abbey', 'abbie'])
    """
    try:
        import names
    except ImportError:
        raise ImportError("person_names needs the package names: pip install names.") from None
    found = set()
    for key in ("first:male", "first:female"):
        with open(names.FILES[key], encoding="utf-8") as lines:
            found |= {line.split()[0].lower() for line in lines if line.strip()}
    return sorted(found)
