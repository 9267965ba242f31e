"""Writes through a view of a tensor: y[0][1] = v reaches y, recorded or not, and gradients follow."""

import numpy as np
import pytest

import gradlib
from gradlib import GraphError, Tensor, enable_grad, no_grad
from gradlib.autograd import writes

A = np.arange(6.0).reshape(2, 3)


def by_index(y, v):
    y[0][1] = v


def in_a_column(y, v):
    y[:, 1][0] = v


def in_the_transpose(y, v):
    y.T[1, 0] = v


def in_a_transpose(y, v):
    y.transpose(0, 1)[1][0] = v


def in_a_reshape(y, v):
    y.reshape(-1)[1] = v


def in_a_flat_view(y, v):
    y.view(6)[1:2] = v


def while_iterating(y, v):
    for row in y:
        row[1] = v
        break


def in_a_squeezed_row(y, v):
    y[0:1].squeeze(0)[1] = v


def in_a_new_axis(y, v):
    y.unsqueeze(0)[0, 0, 1] = v


def in_a_piece(y, v):
    y.split(1, 1)[1][0] = v


def in_a_chunk(y, v):
    y.chunk(2)[0][0, 1] = v


def in_an_unbound_column(y, v):
    y.unbind(1)[1][0] = v


def in_a_single_entry(y, v):
    y[0][1][...] = v


def in_a_narrowed_part(y, v):
    y.narrow(1, 1, 2)[0, 0] = v


def in_a_moved_axis(y, v):
    y.moveaxis(0, 1)[1, 0] = v


def in_a_view_of_a_view(y, v):
    y.T[1:][0][:1] = v


def by_copy(y, v):
    y[0][1].copy_(v)


WRITES = [
    by_index, in_a_column, in_the_transpose, in_a_transpose, in_a_reshape, in_a_flat_view, while_iterating,
    in_a_squeezed_row, in_a_new_axis, in_a_piece, in_a_chunk, in_an_unbound_column, in_a_single_entry,
    in_a_narrowed_part, in_a_moved_axis, in_a_view_of_a_view, by_copy,
]  # fmt: skip
WEIGHTS = np.random.default_rng(0).normal(size=A.shape)


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("needs", ["y", "v", "both", "nothing", "no_grad"])
def test_a_write_through_a_view_reaches_the_tensor(write, needs):
    x = Tensor(A, requires_grad=needs in ("y", "both"))
    v = Tensor(7.0, dtype=np.float64, requires_grad=needs in ("v", "both"))
    y = x * 1.0
    before = (y * y).sum()
    if needs == "no_grad":
        with no_grad():
            write(y, v)
    else:
        write(y, v)
    expected = A.copy()
    expected[0, 1] = 7.0
    assert y.tolist() == expected.tolist()
    if needs in ("y", "v", "both"):
        (y * WEIGHTS).sum().backward()
        if v.requires_grad:
            assert v.grad == WEIGHTS[0, 1]
        if x.requires_grad:
            assert np.array_equal(x.grad, np.where(expected == 7, 0, WEIGHTS))
            x.grad = None
            before.backward()  # computed from the old values
            assert np.array_equal(x.grad, 2 * A)


@pytest.mark.parametrize("op", ["+=", "-=", "*=", "/=", "**=", "%=", "//="])
def test_in_place_arithmetic_on_a_view_reaches_the_tensor(op):
    x, w = Tensor(A, requires_grad=True), Tensor(2.0, dtype=np.float64, requires_grad=True)
    y, expected = x * 1.0, A.copy()
    for row in y:
        exec(f"row {op} w", {"row": row, "w": w})
    exec(f"expected {op} 2.0")
    assert y.tolist() == expected.tolist()
    (y * WEIGHTS).sum().backward()
    slopes = {
        "+=": (1, 1), "-=": (1, -1), "*=": (2, A), "/=": (0.5, -A / 4), "//=": (0, 0), "%=": (1, -(A // 2)),
        "**=": (2 * A, A**2 * np.log(np.where(A == 0, 1, A))),
    }[op]  # fmt: skip
    np.testing.assert_allclose(x.grad, WEIGHTS * slopes[0])
    np.testing.assert_allclose(w.grad, (WEIGHTS * slopes[1]).sum())


def test_adding_into_an_entry_adds_once():
    x = Tensor(A, requires_grad=True)
    y = x * 1.0
    y[0] += 5.0
    y[1][2] += 1.0
    assert y.tolist() == [[5.0, 6.0, 7.0], [3.0, 4.0, 6.0]]
    (y * WEIGHTS).sum().backward()
    assert np.array_equal(x.grad, WEIGHTS)


def test_a_view_stays_a_view_after_a_write():
    y = Tensor(A, requires_grad=True) * 1.0
    row = y[0]
    row[0] = 7.0
    row[1] = 8.0
    y[0, 2] = 9.0
    assert y.tolist()[0] == [7.0, 8.0, 9.0]
    row[2] = 10.0
    assert y.tolist()[0] == [7.0, 8.0, 10.0]


def test_a_view_from_before_a_write_still_reaches_the_tensor():
    y = Tensor(A, requires_grad=True) * 1.0
    row, column = y[0], y[:, 2]
    y[1] = 0.0
    (row * row).sum().backward()
    row[0] = 7.0
    column[0] = 8.0
    assert y.tolist() == [[7.0, 1.0, 8.0], [0.0, 0.0, 0.0]]
    kept = Tensor(A)
    row, w = kept[0], Tensor(2.0, dtype=np.float64, requires_grad=True)
    kept[1] = w  # from now on kept is part of a graph
    row[0] = 9.0
    assert kept.tolist() == [[9.0, 1.0, 2.0], [2.0, 2.0, 2.0]]


def test_random_programs_of_writes_agree_with_numpy():
    """The values after writes through random views are NumPy's, whose views share memory."""
    rng = np.random.default_rng(0)
    views = [
        lambda t, i: t[i], lambda t, i: t[:, i], lambda t, i: t.T[i], lambda t, i: t.reshape(-1)[i : i + 3],
        lambda t, i: t[::-1][i], lambda t, i: t[i:, i], lambda t, i: t.T[i : i + 1, 0],
    ]  # fmt: skip
    for _ in range(50):
        array = rng.normal(size=(4, 4))
        x = Tensor(array, requires_grad=True)
        y, copy = x * 1.0, array.copy()
        held = []  # views from before, written into again
        for _ in range(8):
            view, i, value = views[rng.integers(len(views))], int(rng.integers(4)), float(rng.normal())
            inner = int(rng.integers(-1, 2))
            held.append((view(y, i), view(copy, i)))
            for part in held[rng.integers(len(held))]:
                if inner < 0:
                    part[...] = value
                elif part.shape[0] > inner:
                    part[inner] = value
        assert np.array_equal(y.data, copy)
        y.sum().backward()
        assert np.array_equal(x.grad, np.where(copy == array, 1.0, 0.0))


@pytest.mark.parametrize("is_recorded", [True, False])
def test_a_view_is_brought_up_to_date_before_it_is_added_to(is_recorded):
    x = Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    y = x * 1.0
    row = y[0]
    entry = row[1:]
    y[0, 1] = 9.0
    with enable_grad() if is_recorded else no_grad():
        row += 1.0
        entry *= 2.0
    assert y.tolist() == [[2.0, 20.0], [3.0, 4.0]]
    if is_recorded:
        (y * y).sum().backward()
        assert x.grad.tolist() == [[4.0, 0.0], [6.0, 8.0]]  # 2 (x + 1), none for what was overwritten, 2 x


@pytest.mark.parametrize("needs", [True, False])
def test_a_write_into_a_view_of_a_stretched_tensor_reaches_it_or_is_refused(needs):
    def add(row):
        row += 1.0

    for write in (lambda t: t[0].__setitem__(1, 5.0), lambda t: t.T.__setitem__(1, 5.0), lambda t: add(t[0])):
        base = Tensor(A, requires_grad=needs) * 1.0
        copy, stretched = base.data.copy(), base.expand(2, 3)  # to the shape that it has
        write(stretched)
        write(copy)
        assert np.array_equal(base.data, copy) and np.array_equal(stretched.data, copy)
        column = Tensor(A[:, :1], requires_grad=needs) * 1.0
        with pytest.raises(GraphError, match=r"this tensor was stretched.*t = t\.clone\(\)"):
            write(column.expand(2, 3))


def test_what_cannot_be_written_is_refused_with_a_way_out():
    x = Tensor(A, requires_grad=True)
    y = x * 1.0
    with pytest.raises(GraphError, match=r"this tensor was stretched.*t = t\.clone\(\)"):
        y.expand(4, 2, 3)[0] = 1.0
    with pytest.raises(GraphError, match="a leaf with requires_grad=True cannot be overwritten"):
        x[0][1] = 1.0
    with pytest.raises(GraphError, match="a leaf with requires_grad=True cannot be overwritten"):
        x.T[0] = 1.0
    with pytest.raises(IndexError, match=r"index 7 does not fit shape \(3,\)"):
        y[0][7] = 1.0
    own = y[0].clone()
    own[0] = 100.0
    assert y.data[0, 0] == 0.0


def by_diagonal(y):
    y.diagonal()[1] = 7.0


def by_einsum(y):
    np.einsum("ij->ji", y)[1, 1] = 7.0


def by_diagonal_in_einsum(y):
    np.einsum("ii->i", y[:, :2])[1] = 7.0


def by_numpys_diagonal(y):
    np.diagonal(y)[1:] = 7.0


@pytest.mark.parametrize("needs", [True, False])
@pytest.mark.parametrize("write", [by_diagonal, by_einsum, by_diagonal_in_einsum, by_numpys_diagonal])
def test_a_write_through_a_diagonal_or_an_einsum_of_one_reaches_the_tensor(write, needs):
    x = Tensor(A, requires_grad=needs)
    y = x * 1.0
    write(y)
    assert y.tolist() == [[0.0, 1.0, 2.0], [3.0, 7.0, 5.0]]
    if needs:
        (y * WEIGHTS).sum().backward()
        assert np.array_equal(x.grad, np.where(y.data == 7, 0, WEIGHTS))


def test_a_part_that_was_copied_is_a_tensor_of_its_own():
    y = Tensor(A, requires_grad=True) * 1.0
    chosen = y[[0, 1]]  # as in NumPy and PyTorch, an index of integers copies
    chosen[0] = 7.0
    assert y.tolist() == A.tolist()


def test_walks_are_as_before_once_what_was_written_into_is_gone():
    others, y = len(writes.assigned), Tensor(A, requires_grad=True) * 1.0
    y[0] = 1.0
    assert len(writes.assigned) == others + 1
    del y
    assert len(writes.assigned) == others


def test_a_view_of_unrecorded_numbers_keeps_no_more_than_their_memory():
    chain = []
    with no_grad():
        t = Tensor(A)
        for _ in range(3):
            t = (t @ t.T @ t).T.T
            chain.append(t)
    assert all(len(getattr(t, "_shows", (0, ()))[1]) <= 1 for t in chain)
    assert not hasattr(Tensor(A) @ Tensor(A.T), "_shows")


@pytest.mark.parametrize("store", ["array[0] = t", "array[1:2][0] = t", "rows[0, 1] = t"])
def test_storing_a_tensor_of_a_graph_in_an_array_is_refused(store):
    names = {"array": np.zeros(3), "rows": np.zeros((2, 2)), "t": Tensor(2.0, requires_grad=True) * 3.0}
    with pytest.raises(ValueError) as caught:
        exec(store, names)
    assert isinstance(caught.value.__cause__, GraphError)
    assert "join the parts with gradlib.stack" in str(caught.value.__cause__)
    assert not names["array"].any() and not names["rows"].any()
    exec(store, names | {"t": names["t"].detach()})
    names["array"][2] = float(names["t"])
    assert names["array"][2] == 6.0


def test_gathered_parts_keep_their_gradient():
    t = Tensor(2.0, requires_grad=True)
    gradlib.stack([t, t * t]).sum().backward()
    assert t.grad == 5.0


def test_a_grad_of_another_shape_is_refused_where_it_is_added_to():
    w = Tensor([1.0, 2.0], requires_grad=True)
    w.grad = np.ones((3, 2))
    with pytest.raises(
        gradlib.ShapeError, match=r"the \.grad of a tensor of shape \(2,\) was set to an array of shape \(3"
    ):
        w.sum().backward()
    w.grad = np.zeros_like(w.data)
    w.sum().backward()
    assert w.grad.tolist() == [1.0, 1.0]
