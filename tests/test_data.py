"""Datasets, loaders, and the sets that are made here."""

import sys

import numpy as np
import pytest
from sklearn import datasets

import gradlib
from gradlib import ShapeError, Tensor, data
from gradlib.data import DataLoader, Dataset, Subset, TensorDataset, random_split


def rows(count=10):
    return TensorDataset(np.arange(count * 2.0).reshape(count, 2), np.arange(count))


def labels(loader):
    return [batch[1].tolist() for batch in loader]


# Loaders


@pytest.mark.parametrize("batch_size", [1, 3, 5, 10, 99])
@pytest.mark.parametrize("shuffle", [False, True])
def test_a_loader_gives_each_example_once(batch_size, shuffle):
    batches = labels(DataLoader(rows(), batch_size, shuffle, seed=0))
    assert sorted(sum(batches, [])) == list(range(10))
    assert len(batches) == len(DataLoader(rows(), batch_size)) == -(-10 // batch_size)
    assert all(len(batch) == batch_size for batch in batches[:-1])


def test_features_and_labels_stay_together_as_tensors():
    for features, numbers in DataLoader(rows(), 3, shuffle=True, seed=1):
        assert isinstance(features, Tensor) and np.array_equal(features.data[:, 0], 2 * numbers.data)


def test_drop_last_leaves_out_what_is_left():
    loader = DataLoader(rows(), 4, drop_last=True)
    assert labels(loader) == [[0, 1, 2, 3], [4, 5, 6, 7]] and len(loader) == 2


def test_a_sampler_chooses_the_examples_and_their_order():
    class Backward:
        def __iter__(self):
            return iter(range(9, 3, -1))

        def __len__(self):
            return 6

    for sampler in ([9, 8, 7, 6, 5, 4], range(9, 3, -1), np.arange(9, 3, -1), Backward()):
        loader = DataLoader(rows(), 4, sampler=sampler)
        assert labels(loader) == labels(loader) == [[9, 8, 7, 6], [5, 4]] and len(loader) == 2
        assert labels(DataLoader(rows(), 4, False, sampler, drop_last=True)) == [[9, 8, 7, 6]]
    assert labels(DataLoader(rows(), 2, sampler=[])) == []
    several = DataLoader([{"n": i} for i in range(4)], 2, sampler=[3, 1], collate_fn=lambda parts: parts)
    assert list(several) == [[{"n": 3}, {"n": 1}]]


def test_a_sampler_that_does_not_fit():
    with pytest.raises(ValueError, match="a sampler gives the order, so shuffle=True has no effect"):
        DataLoader(rows(), shuffle=True, sampler=[1])
    with pytest.raises(
        TypeError, match="sampler must be a list of indices, or have __iter__ and __len__, got list_ite"
    ):
        DataLoader(rows(), sampler=iter([1]))
    with pytest.raises(IndexError, match="a dataset of 10 has examples 0 to 9, got 10"):
        list(DataLoader(rows(), sampler=[0, 10]))
    with pytest.raises(TypeError, match="examples are indexed by an integer"):
        list(DataLoader(rows(), sampler=[0.5]))
    with pytest.raises(TypeError, match=r"a sampler gives indices, got a mask: np.flatnonzero\(mask\)"):
        list(DataLoader(rows(), sampler=np.arange(10) > 5))


def test_orders_differ_from_pass_to_pass_and_repeat_with_a_seed():
    first, second = DataLoader(rows(), 10, True, seed=4), DataLoader(rows(), 10, True, seed=4)
    orders = [labels(first), labels(first)]
    gradlib.random.default_rng().random(5)  # what others draw does not matter
    assert orders == [labels(second), labels(second)] and orders[0] != orders[1]
    gradlib.manual_seed(2)
    drawn = labels(DataLoader(rows(), 10, True))
    gradlib.manual_seed(2)
    assert labels(DataLoader(rows(), 10, True)) == drawn


def test_a_loader_goes_on_from_its_state():
    loader, other = DataLoader(rows(), 10, True, seed=4), DataLoader(rows(), 10, True, seed=5)
    labels(loader)
    other.load_state_dict(loader.state_dict())
    assert labels(other) == labels(loader)
    with pytest.raises(ValueError, match="this loader has no seed of its own"):
        DataLoader(rows()).load_state_dict(loader.state_dict())


class Words(Dataset):
    def __getitem__(self, index):
        return {"word": "abc"[index], "size": index, "pair": (np.ones(2) * index, 0.5)}

    def __len__(self):
        return 3


def test_examples_of_any_kind_are_collated():
    (batch,) = DataLoader(Words(), 3)
    assert batch["word"] == ["a", "b", "c"] and batch["size"].tolist() == [0, 1, 2]
    assert batch["pair"][0].shape == (3, 2) and batch["pair"][1].dtype == np.float32
    (own,) = DataLoader(Words(), 3, collate_fn=lambda examples: "".join(example["word"] for example in examples))
    assert own == "abc"
    with pytest.raises(ShapeError, match=r"the examples of a batch must have one shape, got \[\(2,\), \(3,\)\]"):
        data.collate([np.ones(2), np.ones(3)])
    with pytest.raises(ShapeError, match=r"the same parts, got \['a'\] and \['b'\]"):
        data.collate([{"a": 1}, {"b": 1}])
    with pytest.raises(ShapeError, match="the same parts, got 2 and 3. Pass a collate_fn"):
        data.collate([(1, 2), (1, 2, 3)])
    assert data.collate([{"a": 1, "b": 2}, {"b": 4, "a": 3}])["a"].tolist() == [1, 3]


def test_rows_taken_at_once_are_those_taken_one_by_one():
    class Rows(TensorDataset):
        """Not a TensorDataset to the loader: examples are collated."""

    for dtype in (np.float32, np.float64, np.int64, np.uint8, np.bool_):
        arrays = np.arange(12).reshape(4, 3).astype(dtype), np.arange(4).astype(dtype)
        for at_once, one_by_one in zip(*(DataLoader(kind(*arrays), 3) for kind in (TensorDataset, Rows)), strict=True):
            for mine, other in zip(at_once, one_by_one, strict=True):
                assert mine.dtype == other.dtype == dtype and mine.tolist() == other.tolist()


def test_random_parts_do_not_overlap():
    parts = random_split(rows(), [0.5, 0.3, 0.2], rng=np.random.default_rng(0))
    numbers = [[int(part[i][1]) for i in range(len(part))] for part in parts]
    assert [len(part) for part in parts] == [5, 3, 2] and sorted(sum(numbers, [])) == list(range(10))
    assert [len(part) for part in random_split(rows(), [7, 3])] == [7, 3]
    assert labels(DataLoader(Subset(rows(), [8, 1]), 5)) == [[8, 1]]


@pytest.mark.parametrize(
    ("count", "shares", "sizes"),  # as PyTorch's
    [
        (5, [0.5, 0.5], [3, 2]), (7, [0.3, 0.3, 0.4], [3, 2, 2]), (10, [1 / 3] * 3, [4, 3, 3]), (5, [1.0, 0.0], [5, 0]),
        (1, [0.8, 0.2], [1, 0]), (7, [1], [7]),
    ],
)  # fmt: skip
def test_what_shares_leave_over_goes_to_the_first_parts(count, shares, sizes):
    assert [len(part) for part in random_split(rows(count), shares)] == sizes


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: DataLoader(rows(), 0), "batch_size must be an integer of at least 1, got 0."),
        (lambda: DataLoader(rows(), 2.0), "batch_size must be an integer of at least 1, got 2.0."),
        (lambda: DataLoader(rows(), True), "batch_size must be an integer of at least 1, got True."),
        (lambda: DataLoader(rows(), collate_fn=3), "collate_fn must be a function from a list of examples to a batch"),
        (lambda: DataLoader(rows(), seed=-1), "DataLoader's seed must be an integer of at least 0, got -1."),
        (lambda: DataLoader(rows(), seed=1).load_state_dict(3), "a loader's state is what its state_dict() returned"),
        (lambda: DataLoader(rows(), seed=1).load_state_dict({"a": 1}), "{'rng': …}, got {'a': 1}."),
        (lambda: random_split(rows(), [5, 4]), "counts that add up to the 10 examples, or fractions that add up to 1"),
        (lambda: random_split(rows(), [0.5, 0.2]), "got [0.5, 0.2] with sum 0.7."),
        (lambda: random_split(rows(), 5), "lengths must be a list of counts or fractions, got 5."),
        (lambda: random_split(rows(), ["a"]), "each length must be a number, got 'a'."),
        (lambda: data.train_test_split(np.ones(4), np.ones(4), 1.5), "must be a fraction between 0 and 1, got 1.5."),
        (lambda: data.train_test_split(np.ones(4), np.ones(4), "a"), "test_size must be a number, got 'a'."),
        (lambda: data.train_test_split(np.ones(4), np.ones(3)), "the same number of rows, got shapes (4,) and (3,)."),
        (lambda: data.train_test_split(1.0, np.ones(3)), "the same number of rows, got shapes () and (3,)."),
        (lambda: data.make_moons(-1), "n_samples must be an integer of at least 0, got -1."),
        (lambda: data.make_moons(4, noise=-1.0), "noise must be a finite number of at least 0, got -1.0."),
        (lambda: data.make_moons(4, noise=[0.1]), "noise must be a number, got [0.1]."),
        (lambda: data.make_blobs(4, cluster_std=None), "cluster_std must be a number, got None."),
        (lambda: data.make_blobs(4, 2.0), "n_features must be an integer of at least 1, got 2.0."),
        (lambda: data.make_regression(2.0), "n_samples must be an integer of at least 0, got 2.0."),
        (lambda: data.make_regression(4, -1), "n_features must be an integer of at least 1, got -1."),
        (lambda: data.make_circles(4, factor="a"), "factor must be a number, got 'a'."),
        (lambda: data.make_spirals(4, turns=np.nan), "turns must be a finite number, got nan."),
        (lambda: data.make_spirals(9, n_classes=0), "number of classes must be an integer of at least 1, got 0."),
        (lambda: data.addition_sequences(0), "digits must be an integer of at least 1, got 0."),
        (lambda: TensorDataset(np.ones(3), np.ones(2)), "one for each example, got shapes (3,), (2,)."),
        (lambda: TensorDataset(np.ones(())), "the same number of rows, one for each example, got shapes ()."),
        (lambda: data.collate([]), "collate takes at least one example, got none."),
        (lambda: data.collate(3), "collate takes a list of examples, got int."),
        (lambda: data.collate([1, "a"]), "must have the same parts, got None and text."),
        (lambda: data.collate([1.0, None]), "collate makes batches of numbers, arrays, tensors and texts"),
        (lambda: data.collate([np.array("2020", "M8[Y]")]), "got datetime64[Y]. Pass a collate_fn"),
        (lambda: data.collate([np.ones(()), np.ones(1)]), "must have one shape, got [(), (1,)]."),
        (lambda: data.collate([np.uint8(1), 300]), "uint8 holds numbers from 0 to 255, got [300]"),
        (lambda: data.collate([1, 2**70]), "int64 holds numbers from"),
        (lambda: DataLoader(rows(4), shuffle="no"), "shuffle is True or False, got 'no'"),
        (lambda: DataLoader(rows(4), drop_last="no"), "drop_last is True or False, got 'no'"),
        (lambda: DataLoader(rows(4), sampler=np.array(3)), "sampler must be a list of indices"),
    ],
)
def test_wrong_requests_are_refused(call, words):
    with pytest.raises((TypeError, ValueError, OverflowError)) as caught:
        call()
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("examples", "dtype"),
    [
        ([1, 2.5], np.float32), ([2.5, 1], np.float32), ([True, 2], np.int64), ([True, 2.5], np.float32),
        ([True, False], np.bool_), ([1, np.float64(2.5)], np.float64), ([np.float32(2.5), 1], np.float32),
        ([np.int64(1), 2.5], np.float32), ([2.5, np.int64(1)], np.float32), ([np.uint8(1), 200], np.uint8),
        ([2.5, np.array(1.0)], np.float64), ([Tensor(1.0), 2.0], np.float32), ([2.0, Tensor(1.0)], np.float32),
        ([np.float16(1), 2.5], np.float16), ([np.int64(1), np.float32(2.5)], np.float32), ([np.True_, 2], np.int64),
    ],
)  # fmt: skip
def test_all_examples_decide_the_dtype_of_a_batch(examples, dtype):
    for part in (examples, [(example,) for example in examples], [{"a": example} for example in examples]):
        batch = data.collate(part)
        batch = batch["a"] if isinstance(batch, dict) else batch[0] if isinstance(batch, tuple) else batch
        assert batch.dtype == dtype


def test_lists_in_a_dataset_are_numbers_as_in_a_tensor():
    ((x, y),) = DataLoader(TensorDataset([[0.5, 1], [1, 2]], [0, 1]), 2)
    assert x.dtype == np.float32 and y.dtype == np.int64
    assert TensorDataset(np.ones((2, 1)))[0][0].dtype == np.float64


@pytest.mark.parametrize("kind", ["dataset", "subset"])
def test_examples_are_indexed_by_integers_slices_and_masks(kind):
    dataset = rows(4) if kind == "dataset" else Subset(rows(9), [0, 1, 2, 3])
    for index, expected in (
        (np.int64(1), 1), (Tensor(1), 1), (np.array(1), 1), (-1, 3), (slice(1, 3), [1, 2]), ([3, 0], [3, 0]),
        (Tensor([3, 0]), [3, 0]), ([], []), ([True, False, False, True], [0, 3]),
    ):  # fmt: skip
        assert dataset[index][1].tolist() == expected
    for index in (1.0, None, True, "a", np.array(1.0), [0.5], {"a": 1}, [True, False]):
        with pytest.raises(TypeError, match="examples are indexed by an integer, a slice or a list of integers, got"):
            dataset[index]
    for index in (4, -5, [0, 4]):
        with pytest.raises(IndexError, match=r"a dataset of 4 has examples 0 to 3, got -?[45]\."):
            dataset[index]
    assert len(list(dataset)) == 4
    with pytest.raises(IndexError, match="a dataset of 0 has no examples, got 0."):
        TensorDataset(np.ones((0, 2)))[0]


@pytest.mark.parametrize("wrong", [3, None, np.array(1.0), Tensor(1.0), iter([1]), {"x": [1]}, {1, 2}])
def test_what_is_not_a_dataset_is_refused(wrong):
    for name, call in (
        ("DataLoader", lambda: DataLoader(wrong)),
        ("Subset", lambda: Subset(wrong, [0])),
        ("random_split", lambda: random_split(wrong, [1.0])),
    ):
        with pytest.raises(TypeError, match=f"{name} takes a Dataset, or anything with __getitem__ and __len__, got"):
            call()
    assert len(DataLoader({0: 1.0, 1: 2.0})) == 2


def test_a_subset_takes_numbers_that_are_there():
    with pytest.raises(TypeError, match=r"got bool of shape \(2,\). For a mask pass np.flatnonzero\(mask\)"):
        Subset(rows(2), [True, False])
    with pytest.raises(TypeError, match="a list of integers, the indices of its examples, got float64"):
        Subset(rows(2), [0.5])
    with pytest.raises(IndexError, match="a dataset of 2 has examples 0 to 1, got 2"):
        Subset(rows(2), [0, 2])
    assert len(Subset(rows(2), [])) == 0 and Subset(rows(3), [-1])[0][1] == 2


def test_a_dataset_must_say_what_it_holds():
    with pytest.raises(TypeError, match="anything with __getitem__ and __len__, got list_iterator. Make a list"):
        DataLoader(iter([1, 2]))
    with pytest.raises(NotImplementedError, match="Dataset must define __len__"):
        len(Dataset())
    with pytest.raises(TypeError, match="TensorDataset takes at least one array"):
        TensorDataset()


# Sets made here

MAKERS = {
    "make_moons": (2, 2), "make_circles": (2, 2), "make_spirals": (2, 2), "make_blobs": (2, 3), "make_xor": (2, 2),
}  # fmt: skip


@pytest.mark.parametrize("name", MAKERS)
def test_classes_are_balanced_and_repeat_with_a_generator(name):
    make, (features, classes) = getattr(data, name), MAKERS[name]
    x, y = make(60, rng=np.random.default_rng(3))
    assert (x.shape, x.dtype, y.shape, y.dtype) == ((60, features), np.float32, (60,), np.int64)
    assert np.bincount(y).tolist() == [60 // classes] * classes
    again = make(60, rng=np.random.default_rng(3))
    assert np.array_equal(x, again[0]) and np.array_equal(y, again[1])
    assert not np.array_equal(x, make(60, rng=np.random.default_rng(4))[0])


def nearest(x, y, others, of_others):
    return (y[np.linalg.norm(others[:, None] - x[None], axis=-1).argmin(axis=1)] == of_others).mean()


@pytest.mark.parametrize("name", MAKERS)
def test_a_neighbour_tells_the_class(name):
    rng = np.random.default_rng(0)
    options = {"noise": 0.05} if name != "make_blobs" else {"cluster_std": 0.5}
    x, y = getattr(data, name)(600, **options, rng=rng)
    assert nearest(x[:400], y[:400], x[400:], y[400:]) > 0.95


def test_circles_lie_on_their_radii_and_moons_on_half_circles():
    x, y = data.make_circles(100, noise=0.0, factor=0.4, rng=np.random.default_rng(0))
    np.testing.assert_allclose(np.linalg.norm(x, axis=1), np.where(y == 1, 0.4, 1.0), rtol=1e-5)
    x, y = data.make_moons(100, noise=0.0, rng=np.random.default_rng(0))
    np.testing.assert_allclose(np.linalg.norm(x[y == 0], axis=1), 1.0, rtol=1e-5)
    assert (x[y == 0, 1] >= 0).all() and (x[y == 1, 1] <= 0.5).all()


def test_a_regression_set_tells_its_weights():
    x, y, weights = data.make_regression(500, 3, noise=0.01, rng=np.random.default_rng(0))
    np.testing.assert_allclose(np.linalg.lstsq(x, y, rcond=None)[0], weights, atol=0.01)


@pytest.mark.parametrize(
    ("name", "shape", "classes"),
    [("load_digits", (1797, 64), 10), ("load_breast_cancer", (569, 30), 2), ("load_wine", (178, 13), 3)],
)
def test_real_sets(name, shape, classes):
    x, y = getattr(data, name)()
    assert x.shape == shape and x.dtype == np.float32 and y.dtype == np.int64 and len(np.unique(y)) == classes
    if name != "load_digits":
        np.testing.assert_allclose(x.mean(axis=0), 0, atol=1e-5)
        np.testing.assert_allclose(x.std(axis=0), 1, atol=1e-4)


def test_digits_are_those_of_scikit_learn_and_do_not_need_it(monkeypatch):
    theirs = datasets.load_digits()
    monkeypatch.setitem(sys.modules, "sklearn", None)
    x, y = data.load_digits()
    assert np.array_equal(x, theirs.data / 16) and np.array_equal(y, theirs.target)
    with pytest.raises(ImportError, match="load_wine needs scikit-learn"):
        data.load_wine()


def test_digits_as_images_and_diabetes():
    flat, _ = data.load_digits()
    images, _ = data.load_digits(flat=False)
    assert images.shape == (1797, 1, 8, 8) and np.array_equal(images.reshape(1797, 64), flat)
    assert flat.min() == 0 and flat.max() == 1
    x, y = data.load_diabetes()
    assert x.shape == (442, 10) and y.dtype == np.float32 and (y.min(), y.max()) == (25, 346)


def test_a_stratified_split_keeps_the_shares():
    y = np.repeat([0, 1, 2], [80, 15, 5])
    x = np.arange(100)
    train, test, y_train, y_test = data.train_test_split(x, y, 0.2, rng=np.random.default_rng(0))
    assert np.bincount(y_test).tolist() == [16, 3, 1] and sorted([*train, *test]) == list(range(100))
    assert np.array_equal(y[train], y_train) and np.array_equal(y[test], y_test)
    assert len(data.train_test_split(x, y * 1.0, 0.25)[1]) == 25
    assert sorted(data.train_test_split([1, 2, 3, 4], [0, 1, 0, 1], 0.5)[3]) == [0, 1]
    assert np.array_equal(data.train_test_split(x, y[:, None], 0.2, rng=np.random.default_rng(0))[1], test)
    one_hot = data.train_test_split(x, np.eye(3, dtype=int)[y], 0.2)
    assert one_hot[3].sum(axis=0).tolist() == [16, 3, 1]


def test_sums_as_tokens_are_right():
    table = data.addition_sequences(1)
    assert table.shape == (100, 6)
    for row in table:
        text = "".join(data.ADDITION_SYMBOLS[token] for token in row)
        sum_, result = text.split("=")
        assert sum(map(int, sum_.split("+"))) == int(result[::-1])
    assert len({tuple(row) for row in data.addition_sequences()}) == 10_000


def test_names_are_lower_case_and_each_there_once():
    names = data.person_names()
    assert len(names) == len(set(names)) == 5163 and names == sorted(names) and "mary" in names


def test_nothing_touches_numpys_global_state():
    before = np.random.get_state()
    for name in MAKERS:
        getattr(data, name)(8)
    data.make_regression(8)
    data.load_digits(), data.load_wine(), data.load_breast_cancer(), data.load_diabetes(), data.person_names()
    labels(DataLoader(rows(), 3, shuffle=True)), random_split(rows(), [5, 5])
    data.train_test_split(np.arange(6), np.arange(6) % 2)
    after = np.random.get_state()
    assert before[2:] == after[2:] and np.array_equal(before[1], after[1])


@pytest.mark.parametrize(
    "labels, share, message",
    [
        (np.arange(10), 0.3, "leaves none for the test. Each class has too few examples"),
        (np.arange(10) % 2, 0.01, "leaves none for the test.$"),
        (np.arange(10) % 2, 0.99, "leaves none for the training.$"),
    ],
)
def test_a_split_leaves_something_for_both_parts(labels, share, message):
    with pytest.raises(ValueError, match=message):
        data.train_test_split(np.ones(10), labels, share)
    assert len(data.train_test_split(np.ones(10), np.arange(10), 0.3, stratify=False)[1]) == 3
