"""Tensors made under PyTorch's names, and linear algebra under those of torch.linalg."""

import numpy as np
import pytest

import gradlib
from gradlib import ShapeError, Tensor, manual_seed

MADE = {
    "zeros(2, 3)": np.zeros((2, 3)), "zeros((2, 3))": np.zeros((2, 3)), "zeros([2])": np.zeros(2),
    "zeros(())": np.zeros(()),
    "ones(3)": np.ones(3), "ones(0, 2)": np.ones((0, 2)), "full((2, 2), 0.5)": np.full((2, 2), 0.5),
    "arange(3.0)": [0, 1, 2], "arange(1, 2, 0.25)": [1, 1.25, 1.5, 1.75], "arange(5, 2, -1.0)": [5, 4, 3],
    "linspace(0, 1, 5)": [0, 0.25, 0.5, 0.75, 1], "linspace(3, 3, 1)": [3], "eye(2)": [[1, 0], [0, 1]],
    "eye(1, 2)": [[1, 0]], "zeros_like(LIKE)": np.zeros((1, 2)), "ones_like(LIKE)": np.ones((1, 2)),
    "full_like(LIKE, 7.0)": np.full((1, 2), 7), "zeros(np.int64(2))": np.zeros(2),
}  # fmt: skip
DRAWN = ["rand(2, 3)", "randn(2, 3)", "rand((2, 3))", "randn(2, 3)", "rand_like(LIKE)", "randn_like(LIKE)"]
INTEGERS = {"arange(3)": [0, 1, 2], "arange(1, 7, 2)": [1, 3, 5], "full((2,), 3)": [3, 3]}
LIKE = Tensor([[0.25, 0.75]])


def made(call, **keywords):
    keywords = "".join(f", {name}={value}" for name, value in keywords.items())
    return eval(f"gradlib.{call[:-1]}{keywords})", {"gradlib": gradlib, "np": np, "LIKE": LIKE})


@pytest.mark.parametrize("call", MADE)
def test_it_is_made_in_float32_with_or_without_a_gradient(call):
    tensor = made(call)
    assert tensor.dtype == np.float32 and not tensor.requires_grad
    assert np.array_equal(tensor.data, np.asarray(MADE[call])) and tensor.shape == np.shape(MADE[call])
    assert made(call, dtype="np.float64").dtype == np.float64
    leaf = made(call, requires_grad=True)
    assert leaf.is_leaf and leaf.requires_grad
    (leaf * leaf).sum().backward()
    assert np.array_equal(leaf.grad, 2 * leaf.data)


@pytest.mark.parametrize("call", INTEGERS)
def test_integers_stay_integers(call):
    assert made(call).dtype == np.int64 and made(call).tolist() == INTEGERS[call]
    with pytest.raises(TypeError, match="requires_grad=True needs floating-point data, got int64"):
        made(call, requires_grad=True)


@pytest.mark.parametrize("call", DRAWN)
def test_a_seed_or_a_generator_decides(call):
    manual_seed(3)
    first, second = made(call), made(call)
    manual_seed(3)
    assert np.array_equal(made(call).data, first.data) and not np.array_equal(first.data, second.data)
    by_generator = [made(call, rng="np.random.default_rng(5)").data for _ in range(2)]
    assert np.array_equal(*by_generator)
    assert made(call, requires_grad=True).requires_grad and made(call, dtype="np.float64").dtype == np.float64
    assert made(call, dtype="np.float16").dtype == np.float16


def test_what_is_drawn_has_its_distribution():
    rng = np.random.default_rng(0)
    uniform, normal = gradlib.rand(100_000, rng=rng).data, gradlib.randn(100_000, rng=rng).data
    assert 0 <= uniform.min() and uniform.max() < 1 and abs(uniform.mean() - 0.5) < 0.01
    assert abs(normal.mean()) < 0.02 and abs(normal.std() - 1) < 0.02
    integers = gradlib.randint(2, 5, (1000,), rng=rng)
    assert integers.dtype == np.int64 and set(integers.tolist()) == {2, 3, 4}
    assert gradlib.rand(100_000, dtype=np.float16, rng=rng).data.max() < 1


@pytest.mark.parametrize(
    ("call", "kind", "says"),
    [
        ("zeros(-1)", ValueError, "a size is an integer from 0 on, got -1"),
        ("zeros(2.0)", TypeError, "a size is an integer from 0 on, got 2.0"),
        ("zeros(2, dtype='complex64')", TypeError, "complex"),
        ("full((2,), [1.0, 2.0])", ShapeError, "full takes one number to fill with, got shape (2,)"),
        ("arange(0, 1, 0)", ValueError, "arange needs a step other than 0"),
        ("arange(0, np.inf, 2)", ValueError, "arange from 0 to inf in steps of 2 does not end"),
        ("arange(np.nan)", ValueError, "arange from 0 to nan in steps of 1 does not end"),
        ("arange('3')", TypeError, "arange takes numbers, got '3'"),
        ("linspace(0, [1], 3)", TypeError, "linspace takes numbers, got [1]"),
        ("linspace(gradlib.ones(()), 2, 3)", TypeError, "got Tensor(1.). Of a tensor that holds one, take item()."),
        ("linspace(0, 1, -1)", ValueError, "linspace takes steps, an integer from 0 on, got -1"),
        ("rand(2, dtype=np.int64)", TypeError, "rand draws floating-point numbers, got dtype int64"),
        ("randint(3, 3, (2,))", ValueError, "low < high; got 3 and 3"),
        ("randint(0, 257, (2,), dtype=np.uint8)", ValueError, "uint8 holds numbers from 0 to 255, got low=0 and high"),
        ("randint(-1, 3, (2,), dtype=np.uint8)", ValueError, "uint8 holds numbers from 0 to 255, got low=-1"),
        ("randint(0, 10**5, (2,), dtype=np.float16)", ValueError, "float16 holds numbers from -65504 to 65504"),
        ("randint(0, 3, (2,), dtype=bool)", ValueError, "bool holds numbers from 0 to 1"),
        ("one_hot(np.zeros(0, int), -5)", ValueError, "num_classes is an integer from 0 on, or -1 to"),
        ("one_hot([10**12])", MemoryError, "does not fit into memory"),
        ("linspace(0, 1, 10**30)", MemoryError, "linspace: an array of float64 of shape"),
        ("randn(2, rng=0)", TypeError, "rng must be a generator"),
    ],
)
def test_what_cannot_be_made_is_refused(call, kind, says):
    with pytest.raises(kind) as caught:
        made(call)
    assert says in str(caught.value)


def test_linear_algebra():
    rng = np.random.default_rng(0)
    A, b = Tensor(rng.normal(size=(3, 3)), requires_grad=True), rng.normal(size=3)
    linalg = gradlib.linalg
    np.testing.assert_allclose(linalg.inv(A).data, np.linalg.inv(A.data))
    np.testing.assert_allclose(linalg.det(A).data, np.linalg.det(A.data))
    np.testing.assert_allclose(linalg.solve(A, b).data, np.linalg.solve(A.data, b))
    np.testing.assert_allclose(linalg.norm(A).data, np.linalg.norm(A.data))
    np.testing.assert_allclose(linalg.norm(A, 1, dim=0).data, np.abs(A.data).sum(0))
    linalg.norm(linalg.solve(A, b)).backward()
    assert A.grad.shape == (3, 3)
    with pytest.raises(TypeError, match="is a matrix norm, which gradlib cannot differentiate"):
        linalg.norm(A, 2)


def test_modules_are_there_after_import_gradlib_alone():
    import subprocess
    import sys

    script = "import gradlib; gradlib.nn.Linear; gradlib.optim.SGD; gradlib.data; gradlib.bounds.Interval; dir(gradlib)"
    subprocess.run([sys.executable, "-c", script], check=True)
    with pytest.raises(AttributeError, match="module 'gradlib' has no attribute 'nm'"):
        gradlib.nm  # noqa: B018


def test_functions_under_pytorchs_names():
    x = Tensor([1.0, 4.0], requires_grad=True)
    assert x.rsqrt().tolist() == [1.0, 0.5]
    assert x.masked_select([False, True]).tolist() == [4.0]
    assert gradlib.tensordot(x, x, (0, 0)).item() == 17.0 and gradlib.tensordot(x, x, ([0], 0)).item() == 17.0
    with pytest.raises(TypeError, match="masked_select takes a mask of bools, got int64"):
        x.masked_select([0, 1])
    with pytest.raises(ShapeError, match=r"cannot broadcast \(2,\) with \(3,\)"):
        x.masked_select([True, False, True])


def test_tensordot_takes_a_list_beside_a_tensor():
    x = Tensor([1.0, 4.0], requires_grad=True)
    assert gradlib.tensordot([1.0, 2.0], x, 1).item() == gradlib.tensordot(x, [1.0, 2.0], 1).item() == 9.0
    with pytest.raises(ShapeError, match="the rows of a tensor must be equally long"):
        gradlib.tensordot(x, [[1], [1, 2]], 1)


def test_tensors_are_joined_along_dim_or_axis():
    x, y = gradlib.Tensor([[1, 2], [3, 4]]), gradlib.Tensor([[5, 6], [7, 8]])
    beside = [[1, 2, 5, 6], [3, 4, 7, 8]]
    assert gradlib.cat([x, y], dim=1).tolist() == gradlib.concatenate([x, y], axis=-1).tolist() == beside
    pairs = [[[1, 5], [2, 6]], [[3, 7], [4, 8]]]
    for places in ({"dim": -1}, {"dim": 2}, {"axis": np.int64(2)}):
        assert gradlib.stack([x, y], **places).tolist() == pairs


@pytest.mark.parametrize("axis", [1.5, None, "rows"])
def test_a_new_axis_is_an_integer(axis):
    with pytest.raises(TypeError, match="an axis must be an integer"):
        gradlib.stack([gradlib.Tensor([1.0]), gradlib.Tensor([2.0])], axis=axis)


@pytest.mark.parametrize("make", [Tensor, lambda n: gradlib.full((2,), n)])
def test_an_integer_of_more_than_64_bits_is_refused_with_the_range(make):
    with pytest.raises(OverflowError, match=r"int64 holds integers from -9223372036854775808 to 9223372036854775807"):
        make(2**70)


# Arrays that are not quite NumPy's own ------------------------------------------------------------


def test_numbers_in_the_other_order_of_bytes_become_our_own():
    """A float32 in the other order is not np.float32, and was summed without the care that float32 needs."""
    rows = np.full((100_000, 2), 0.1, ">f4")
    for x in (Tensor(rows), Tensor(rows, dtype=">f4"), Tensor(rows.astype(float)).astype(">f4")):
        assert x.dtype is np.dtype(np.float32)
        np.testing.assert_allclose(x.mean(0).data, 0.1, rtol=1e-6)
    ((batch,),) = gradlib.data.DataLoader(gradlib.data.TensorDataset(rows), batch_size=len(rows))
    assert batch.dtype is np.dtype(np.float32)
    assert gradlib.nn.functional.mse_loss(rows, rows + 1).dtype is np.dtype(np.float32)
    model = gradlib.nn.Linear(2, 1).astype(">f8")
    assert model.weight.dtype is np.dtype(np.float64)
    assert (Tensor(np.ones(5000, ">f2")) * np.ones(5000, ">f2")).sum().item() == 5000


MASKED = np.ma.array([1.0, 2.0, 3.0], mask=[False, True, False])


@pytest.mark.parametrize(
    "use",
    [
        Tensor,
        lambda masked: Tensor(masked, dtype=np.float32),
        lambda masked: Tensor([1.0, 2.0, 3.0]) + masked,
        lambda masked: setattr(Tensor([1.0, 2.0, 3.0]), "data", masked),
        lambda masked: Tensor([1.0, 2.0, 3.0]).copy_(masked),
        lambda masked: gradlib.where(masked > 1, Tensor([1.0, 2.0, 3.0]), 0.0),
        gradlib.data.TensorDataset,
        lambda masked: gradlib.nn.functional.mse_loss(np.zeros(3), masked),
        lambda masked: gradlib.nn.functional.cross_entropy(np.zeros((3, 4)), masked.astype(int)),
        lambda masked: gradlib.serialization.save({"a": masked}, "a.safetensors"),
    ],
)
def test_a_masked_array_that_lacks_entries_is_refused(use):
    with pytest.raises(TypeError, match="1 of the 3 entries of this masked array are missing"):
        use(MASKED)


def test_a_masked_array_without_a_gap_is_an_array():
    assert type(Tensor(np.ma.array([1.0, 2.0])).data) is np.ndarray
    assert Tensor(MASKED.filled(0.0)).tolist() == [1.0, 0.0, 3.0]


def test_an_extended_float_can_be_indexed_and_differentiated():
    x = Tensor(np.array([1.0, 2.0], np.longdouble), requires_grad=True)
    (x[[0, 0]] ** 2).sum().backward()
    assert x.grad.tolist() == [4.0, 0.0]
