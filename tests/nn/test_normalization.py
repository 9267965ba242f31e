"""Normalization: what it refuses, and what it does to its running statistics."""

import numpy as np
import pytest

from gradlib import Parameter, ShapeError, Tensor, nn
from gradlib.nn import functional as F

ones = np.ones


def test_small_engines_call_them_by_other_names():
    assert nn.BatchNorm1D is nn.BatchNorm1d
    norm = nn.BatchNorm1D(2)
    assert norm.gamma is norm.weight and norm.beta is norm.bias
    norm.gamma, norm.beta = Tensor([2.0, 3.0]), Tensor([1.0, -1.0])
    assert norm(Tensor([[-1.0, 5.0], [1.0, 5.0]])).data.round(3).tolist() == [[-1.0, -1.0], [3.0, -1.0]]
    assert [name for name, _ in norm.named_parameters()] == ["weight", "bias"]
    assert nn.BatchNorm2d(2).gamma.tolist() == [1.0, 1.0]
    with pytest.raises(AttributeError, match="LayerNorm has no attribute 'gamma'. It has weight, bias."):
        _ = nn.LayerNorm(2).gamma


stats = lambda n: (Tensor(np.zeros(n)), Tensor(np.ones(n)))  # noqa: E731


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: F.batch_norm(ones(3), *stats(3)), ShapeError, "takes x of shape (N, C) or (N, C, …), got (3,)."),
        (lambda: F.batch_norm(ones((2, 3)), None, None), TypeError,
         "running_mean replaces the batch's in eval mode, so it must be a Tensor, got NoneType."),
        (lambda: F.batch_norm(ones((2, 3)), Tensor(ones(3)), None), TypeError, "batch_norm's running_var replaces"),
        (lambda: F.batch_norm(ones((2, 3)), ones(3), ones(3), training=True), TypeError,
         "batch_norm's running_mean is overwritten in training, so it must be a Tensor, got ndarray."),
        (lambda: F.batch_norm(ones((2, 3)), *stats(1)), ShapeError, "running_mean must have shape (3,), got (1,)."),
        (lambda: F.batch_norm(ones((2, 1)), *stats(1), weight=ones(3)), ShapeError,
         "weight must have shape (1,), got (3,)."),
        (lambda: F.batch_norm(ones((2, 3)), *stats(3), bias=ones(1)), ShapeError,
         "bias must have shape (3,), got (1,)."),
        (lambda: F.batch_norm(ones((1, 3)), None, None, training=True), ShapeError,
         "batch_norm in training needs more than one value a feature, got shape (1, 3)"),
        (lambda: F.batch_norm(ones((0, 3)), *stats(3), training=True), ShapeError, "more than one value a feature"),
        (lambda: F.layer_norm(ones((2, 3)), 2), ShapeError, "layer_norm over (2,) takes x with last axes of these"),
        (lambda: F.layer_norm(ones((3, 2)), (3, 2), ones((2, 3))), ShapeError,
         "weight must have shape (3, 2), got (2, 3)"),
        (lambda: F.layer_norm(ones(3), ()), ValueError, "normalized_shape names at least one axis, got none."),
        (lambda: F.layer_norm(ones(3), 3.0), TypeError, "normalized_shape is an integer of at least 1, or several"),
        (lambda: F.rms_norm(ones((2, 3)), (3,), ones(1)), ShapeError,
         "rms_norm's weight must have shape (3,), got (1,)."),
        (lambda: F.group_norm(ones((2, 3)), 2), ShapeError,
         "group_norm with 2 groups takes x (N, C, …) with C a multiple"),
        (lambda: F.group_norm(ones((2, 3)), 0), ValueError, "num_groups must be an integer of at least 1, got 0."),
        (lambda: F.group_norm(ones((2, 4)), 2, ones(2)), ShapeError,
         "group_norm's weight must have shape (4,), got (2,)."),
        *((call, TypeError, f"eps is a number, got {eps!r}.") for eps in (None, "a", Tensor(1.0)) for call in [
            lambda eps=eps: F.layer_norm(ones(3), 3, eps=eps), lambda eps=eps: F.group_norm(ones((2, 4)), 2, eps=eps),
            lambda eps=eps: F.batch_norm(ones((2, 3)), None, None, training=True, eps=eps),
            lambda eps=eps: F.normalize(ones((2, 3)), eps=eps),
            lambda eps=eps: F.cosine_similarity(ones((2, 3)), ones((2, 3)), eps=eps),
        ]),
        (lambda: F.rms_norm(ones(3), 3, eps="a"), TypeError, "rms_norm's eps is a number, got 'a'."),
        (lambda: F.rms_norm(ones(3), 3, eps=Tensor(1.0)), TypeError, "rms_norm's eps is a number, got Tensor(1.)."),
        (lambda: nn.GroupNorm(2, 3), ValueError, "num_groups must divide num_channels, but 2 does not divide 3."),
        (lambda: nn.GroupNorm(2, 4, affine=False)(ones((2, 2))), ShapeError,
         "GroupNorm(2, 4) takes x of shape (N, 4, …)"),
        (lambda: nn.BatchNorm1d(3)(ones((2, 3, 4, 5))), ShapeError,
         "BatchNorm1d(3) takes x of shape (N, 3) or (N, 3, L), "),
        (lambda: nn.BatchNorm2d(3)(ones((2, 3))), ShapeError,
         "BatchNorm2d(3) takes x of shape (N, 3, H, W), got (2, 3)."),
        (lambda: nn.BatchNorm1d(0), ValueError,
         "BatchNorm1d's num_features must be an integer of at least 1, got 0."),
        (lambda: nn.LayerNorm((2, 0)), ValueError, "normalized_shape is an integer of at least 1, or several, got 0."),
    ],
)  # fmt: skip
def test_wrong_requests_are_refused(call, kind, words):
    with pytest.raises(kind) as caught:
        call()
    assert words in str(caught.value)


def test_a_refused_batch_leaves_the_running_statistics_alone():
    layer = nn.BatchNorm1d(2, momentum=None)
    before = layer.state_dict()
    with pytest.raises(ShapeError, match="more than one value"):
        layer(ones((1, 2)))
    assert all(np.array_equal(before[name], value) for name, value in layer.state_dict().items())
    layer(np.array([[1.0, 2.0], [3.0, 6.0]]))  # the first batch that counts, wholly
    assert layer.running_mean.tolist() == [2.0, 4.0] and layer.num_batches_tracked.item() == 1
    layer.eval()(ones((1, 2)))
    assert layer.num_batches_tracked.item() == 1


def test_running_statistics_are_no_part_of_the_graph():
    layer, x = nn.BatchNorm1d(2), Parameter(np.random.default_rng(0).normal(size=(3, 2)).astype(np.float32))
    loss = layer(x).square().sum() + layer(x).sum()  # twice in one graph, the statistics overwritten in between
    loss.backward()
    assert not layer.running_mean.requires_grad and layer.running_mean.is_leaf and x.grad is not None
