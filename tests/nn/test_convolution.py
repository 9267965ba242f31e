"""Convolution, pooling and normalization by their definitions, and what they refuse."""

from itertools import product

import numpy as np
import pytest

from gradlib import ShapeError, Tensor, nn
from gradlib.nn import functional as F


def by_loops(x, weight, bias, stride, padding, dilation, groups):
    """The definition: every output entry is a sum over channels and places of the kernel."""
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    out, per_group, kh, kw = weight.shape
    reach = [dilation * (k - 1) + 1 for k in (kh, kw)]
    sizes = [(size - r) // stride + 1 for size, r in zip(x.shape[2:], reach, strict=True)]
    z = np.zeros((x.shape[0], out, *sizes))
    for n, o, i, j in product(*map(range, z.shape)):
        z[n, o, i, j] = bias[o]
        for c, a, b in product(range(per_group), range(kh), range(kw)):
            channel = o // (out // groups) * per_group + c
            z[n, o, i, j] += weight[o, c, a, b] * x[n, channel, i * stride + a * dilation, j * stride + b * dilation]
    return z


@pytest.mark.parametrize(
    ("stride", "padding", "dilation", "groups"), [(1, 0, 1, 1), (2, 1, 1, 1), (1, 2, 2, 2), (3, 0, 1, 2)]
)
def test_a_convolution_is_what_its_definition_says(stride, padding, dilation, groups):
    rng = np.random.default_rng(0)
    x, weight = rng.normal(size=(2, 4, 6, 7)), rng.normal(size=(4, 4 // groups, 2, 3))
    bias = rng.normal(size=4)
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    z = F.conv2d(Tensor(x), Tensor(weight), Tensor(bias), **options)
    np.testing.assert_allclose(z.data, by_loops(x, weight, bias, **options), rtol=1e-12)


def test_a_tie_in_a_window_is_shared_evenly():
    x = Tensor(np.array([[[1.0, 1.0, 0.0, 2.0]]]), requires_grad=True)
    F.max_pool1d(x, 2).sum().backward()
    assert x.grad.tolist() == [[[0.5, 0.5, 0.0, 1.0]]]


def test_padding_is_never_the_largest():
    for array in (np.array([[[-3, -5]]]), np.array([[[-3.0, -5.0]]]), np.array([[[False, False]]])):
        z = F.max_pool1d(Tensor(array), 2, padding=1)
        assert z.dtype == array.dtype and z.tolist() == array.tolist()


def test_ceil_mode_lets_the_last_window_reach_beyond_the_end():
    x = Tensor(np.arange(1.0, 6.0).reshape(1, 1, 5), requires_grad=True)
    assert F.max_pool1d(x, 2, ceil_mode=True).tolist() == [[[2.0, 4.0, 5.0]]]
    assert F.max_pool1d(x, 3, ceil_mode=True).tolist() == [[[3.0, 5.0]]]
    z = F.avg_pool1d(x, 2, ceil_mode=True)  # the last mean is over one entry
    assert z.tolist() == [[[1.5, 3.5, 5.0]]]
    z.backward(np.array([[[1.0, 2.0, 3.0]]]))
    assert x.grad.tolist() == [[[0.5, 0.5, 1.0, 1.0, 3.0]]]
    # Padding at the end counts, what lies beyond it does not: 5 and one 0.
    assert F.avg_pool1d(x, 3, 3, 1, ceil_mode=True).tolist() == [[[1.0, 4.0]]]
    assert F.avg_pool1d(x, 4, 4, 1, ceil_mode=True).tolist() == [[[1.5, 3.0]]]
    # A window that would start in the padding at the end is left out.
    assert F.max_pool1d(x, 3, 3, 1, ceil_mode=True).shape == (1, 1, 2)
    assert F.max_pool1d(x, 7, ceil_mode=True).tolist() == [[[5.0]]]
    with pytest.raises(ShapeError, match="a kernel of 7 with dilation 1 reaches over 7 entries, but axis -1 has 5"):
        F.max_pool1d(x, 7, stride=1, ceil_mode=True)
    assert repr(nn.MaxPool2d(3, 2, ceil_mode=True)) == "MaxPool2d(kernel_size=3, stride=2, padding=0, ceil_mode=True)"


def test_padding_takes_no_share_where_all_entries_are_infinite():
    x = Tensor(np.array([[[-np.inf, -np.inf, 1.0, 2.0]]]), requires_grad=True)
    z = F.max_pool1d(x, 3, padding=1, stride=2)  # windows: padding, -∞, -∞; -∞, 1, 2
    assert z.tolist() == [[[-np.inf, 2.0]]]
    z.backward(np.array([[[3.0, 1.0]]]))
    assert x.grad.tolist() == [[[1.5, 1.5, 0.0, 1.0]]]


def test_a_border_takes_pairs_and_names_them_for_a_flat_list():
    x = np.arange(6.0).reshape(2, 3)
    assert np.array_equal(F.pad(x, ((0, 1), (2, 0)), value=7.0).data, np.pad(x, ((0, 1), (2, 0)), constant_values=7.0))
    assert np.array_equal(F.pad(x, ((1, 1), (0, 0)), "edge").data, np.pad(x, ((1, 1), (0, 0)), "edge"))
    assert F.pad(x, 1).shape == (4, 5) and F.pad(x[0], (1, 2)).shape == (6,)
    for flat, written in (((1, 2), "((0, 0), (1, 2))"), ([1, 2, 3, 4], "((3, 4), (1, 2))")):
        with pytest.raises(ShapeError) as caught:
            F.pad(x, flat)
        assert f"If that is PyTorch's flat list, last axis first, write {written}." in str(caught.value)


def test_arrays_are_taken_as_they_are():
    x, weight = np.arange(8.0).reshape(1, 1, 8), np.ones((1, 1, 3))
    assert F.conv1d(x, weight, np.ones(1)).tolist() == F.conv1d(*map(Tensor, (x, weight, np.ones(1)))).tolist()
    for layer in (nn.MaxPool1d(2), nn.AvgPool1d(2), nn.AdaptiveAvgPool1d(3)):
        assert layer(x).tolist() == layer(Tensor(x)).tolist()


def test_batch_norm_learns_what_the_batch_is_like_and_uses_it_later():
    layer = nn.BatchNorm1d(2, momentum=0.5)
    x = np.array([[1.0, 10.0], [3.0, 30.0]], dtype=np.float32)
    z = layer(Tensor(x))
    np.testing.assert_allclose(z.data, [[-1, -1], [1, 1]], rtol=1e-4)
    assert layer.running_mean.tolist() == [1.0, 10.0] and layer.running_var.tolist() == [1.5, 100.5]
    assert layer.num_batches_tracked.item() == 1
    z = layer.eval()(Tensor(x))
    np.testing.assert_allclose(z.data, (x - [1, 10]) / np.sqrt([1.5, 100.5]), rtol=1e-4)
    assert layer.running_mean.tolist() == [1.0, 10.0]


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: nn.Conv2d(3, 4, 3)(Tensor(np.ones((1, 2, 5, 5)))), ShapeError,
         "conv2d with a weight of shape (4, 3, 3, 3) and groups=1 takes x of shape (N, 3, H, W), got (1, 2, 5, 5)."),
        (lambda: nn.Conv1d(2, 4, 3)(Tensor(np.ones((1, 1, 2, 5)))), ShapeError, "takes x of shape (N, 2, L), got"),
        (lambda: nn.Conv2d(1, 1, 5)(Tensor(np.ones((1, 1, 5, 4)))), ShapeError,
         "conv2d: a kernel of 5 with dilation 1 reaches over 5 entries, but axis -1 has 4, with padding 4."),
        (lambda: nn.Conv2d(3, 4, 3, groups=2), ValueError, "groups must divide the channels, but 2 does not divide "
         "in_channels=3."),
        (lambda: nn.Conv1d(1, 1, 0), ValueError, "kernel_size is an integer of at least 1, or 1 of them, got 0."),
        (lambda: nn.Conv1d(1, 1, 1.5), TypeError,
         "kernel_size is an integer of at least 1, or 1 of them, got 1.5."),
        (lambda: nn.Conv1d(1, 1, 3, groups=0), ValueError,
         "Conv1d's groups must be an integer of at least 1, got 0"),
        (lambda: nn.Conv1d(0, 1, 3), ValueError, "Conv1d's in_channels must be an integer of at least 1, got 0."),
        (lambda: F.conv1d(np.ones((1, 4, 5)), np.ones((3, 2, 3)), groups=2), ShapeError,
         "conv1d's groups must divide the 3 outputs of a weight (3, 2, 3), got 2."),
        (lambda: F.conv1d(np.ones((1, 2, 5)), np.ones((3, 2))), ShapeError,
         "takes a weight of shape (out, C/groups, k)"),
        (lambda: F.conv1d(np.ones((1, 2, 5)), np.ones((3, 2, 3)), np.ones(1)), ShapeError,
         "conv1d's bias must have shape (3,), a number for each output, got (1,)."),
        (lambda: F.adaptive_avg_pool2d(np.ones((1, 1, 4, 4)), (None, 2, 2)), ValueError,
         "output_size is an integer"),
        (lambda: nn.Conv2d(1, 1, 3, stride=(1, 2, 3)), ValueError,
         "stride is an integer of at least 1, or 2 of them"),
        (lambda: nn.Conv1d(1, 1, 3, padding=-1), ValueError, "padding is an integer of at least 0, or 1 of them"),
        (lambda: nn.Conv1d(1, 1, 3, padding="full"), ValueError,
         "padding is an integer, 'same' or 'valid', got 'full'."),
        (lambda: nn.Conv1d(1, 1, 3, padding="same", stride=2), ValueError, "which needs stride 1, got (2,)."),
        (lambda: F.max_pool2d(Tensor(np.ones((2, 2))), 2), ShapeError, "max_pool2d takes x of shape (N, C, H, W), got"),
        (lambda: F.avg_pool1d(Tensor(np.ones((1, 1, 4))), 2, padding=2), ValueError, "is more than half of the kernel"),
        (lambda: F.adaptive_avg_pool1d(Tensor(np.ones(4)), 2), ShapeError, "takes x of shape (N, C, L), got (4,)."),
        (lambda: F.adaptive_avg_pool1d(Tensor(np.ones((1, 1, 4))), 10**20), MemoryError,
         "adaptive_avg_pool1d: an array of float64 of shape (1, 1, 100000000000000000000) does not fit into memory."),
        (lambda: F.conv1d(np.ones((1, 1, 4)), np.ones((1, 1, 2)), padding=10**20), MemoryError,
         "unfold of (1, 1, 4) does not fit into memory."),
        (lambda: nn.BatchNorm1d(3)(Tensor(np.ones((2, 4)))), ShapeError,
         "BatchNorm1d(3) takes x of shape (N, 3) or (N, 3, L), got (2, 4)."),
        (lambda: nn.BatchNorm2d(3)(Tensor(np.ones((2, 3)))), ShapeError, "takes x of shape (N, 3, H, W), got (2, 3)."),
        (lambda: nn.BatchNorm1d(3)(Tensor(np.ones((1, 3)))), ShapeError,
         "batch_norm in training needs more than one value a feature, got shape (1, 3)"),
        (lambda: nn.LayerNorm(3)(Tensor(np.ones((2, 4)))), ShapeError, "layer_norm over (3,) takes x with last axes"),
        (lambda: nn.RMSNorm(3)(Tensor(np.ones((2, 4)))), ShapeError, "rms_norm over (3,) takes x with last axes"),
        (lambda: nn.GroupNorm(2, 3), ValueError, "num_groups must divide num_channels, but 2 does not divide 3."),
        (lambda: F.group_norm(Tensor(np.ones((2, 3))), 2), ShapeError, "group_norm with 2 groups takes x (N, C, …)"),
        (lambda: F.batch_norm(Tensor(np.ones(3)), None, None), ShapeError, "batch_norm takes x of shape (N, C)"),
    ],
)  # fmt: skip
def test_wrong_requests_are_refused(call, kind, words):
    with pytest.raises(kind) as caught:
        call()
    assert words in str(caught.value)
