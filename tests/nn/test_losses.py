"""Losses: refused where shapes or labels are wrong, finite and right at the extremes."""

import numpy as np
import pytest

from gradlib import GraphError, ShapeError, Tensor, nn
from gradlib.amp import autocast
from gradlib.nn import functional as F

ones = np.ones


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: F.mse_loss(ones((4, 1)), ones(4)), ShapeError,
         "mse_loss compares entry by entry, but the prediction has shape (4, 1) and the target (4,). Drop the last "
         "axis of the prediction, prediction.squeeze(-1), or add one to the target."),
        (lambda: F.l1_loss(ones(4), ones((4, 1))), ShapeError, "Drop the last axis of the target, target.squeeze(-1)"),
        (lambda: F.huber_loss(ones((2, 3)), ones((3, 2))), ShapeError, "did you mean target.reshape(2, 3)?"),
        (lambda: F.smooth_l1_loss(ones(3), ones(4)), ShapeError, "the prediction has shape (3,) and the target (4,)."),
        (lambda: F.huber_loss(ones(2), ones(2), delta=0), ValueError, "delta must be above 0, got 0."),
        (lambda: F.mse_loss(ones(2), ones(2), "average"), ValueError,
         "reduction is 'mean', 'sum' or 'none', got 'average'."),
        (lambda: F.kl_div(ones(2), ones(2), "average"), ValueError, "'mean', 'sum', 'batchmean' or 'none', got"),
        (lambda: F.bce_loss(np.array([0.5, 1.2]), ones(2)), ValueError,
         "binary_cross_entropy takes probabilities between 0 and 1, but entry (1,) is 1.2; for scores use"),
        (lambda: F.bce_loss(np.array([0.5]), np.array([2.0])), ValueError, "targets between 0 and 1, but entry (0,)"),
        (lambda: F.bce_with_logits_loss(ones(1), np.array([-1.0])), ValueError, "(0,) is -1; 0 for no, 1 for yes"),
        (lambda: F.cross_entropy(ones((3, 4)), [0, 4, 1]), IndexError,
         "class indices from 0 to 3, for 4 scores a row, but label (1,) is 4. Count classes from 0."),
        (lambda: F.cross_entropy(ones((3, 4)), [0, -1, 1]), IndexError, "but label (1,) is -1."),
        (lambda: F.cross_entropy(ones((3, 4)), np.eye(4, dtype=int)[[0, 1, 2]]), ShapeError,
         "cross_entropy's labels must be class indices of shape (3,), one for each row of scores, got (3, 4). For "
         "one-hot labels pass labels.argmax(axis=1)."),
        (lambda: F.cross_entropy(ones((3, 4)), [[0], [1], [2]]), ShapeError, "Drop its last axis: labels.squeeze(-1)."),
        (lambda: F.cross_entropy(ones((3, 4)), [0.0, 1.0, 2.0]), ShapeError,
         "target holds probabilities, one for each score: shape (3, 4), got (3,). Class indices are integers"),
        (lambda: F.cross_entropy(ones((3, 4)), [True, False, True]), TypeError, "got bool."),
        (lambda: F.cross_entropy(ones((3, 4)), [0, 1, 2], label_smoothing=2), ValueError, "is a share, 0 to 1, got 2."),
        (lambda: F.cross_entropy(ones(()), 0), ShapeError, "scores of shape (N, C), a score for each class; got"),
        (lambda: F.nll_loss(ones((3, 4)), [0, 1, 9]), IndexError, "nll_loss's labels are class indices from 0 to 3"),
        (lambda: F.hinge_loss(ones(2), np.array([1.0, 0.0])), ValueError, "labels -1 and 1, but entry (1,) is 0."),
        (lambda: nn.MSELoss("average"), ValueError, "reduction is 'mean', 'sum' or 'none'"),
        (lambda: nn.MSELoss("batchmean"), ValueError, "reduction is 'mean', 'sum' or 'none', got 'batchmean'."),
        (lambda: nn.KLDivLoss("average"), ValueError, "'mean', 'sum', 'batchmean' or 'none', got 'average'."),
        (lambda: nn.L1Loss(delta=1.0), TypeError, "unexpected keyword argument 'delta'"),
        (lambda: nn.HuberLoss(delta=-1.0), ValueError, "delta must be above 0, got -1.0."),
        (lambda: F.huber_loss(ones(2), ones(2), delta=np.nan), ValueError, "delta must be above 0, got nan."),
        (lambda: F.smooth_l1_loss(ones(2), ones(2), beta=-1), ValueError, "beta must be at least 0, got -1."),
        (lambda: F.smooth_l1_loss(ones((2, 1)), ones(2)), ShapeError, "smooth_l1_loss compares entry by entry"),
        (lambda: F.cross_entropy(ones((3, 4)), [0, 1, 2], [1.0] * 5), ShapeError,
         "cross_entropy's weight has one number for each class, shape (4,), got (5,)."),
        (lambda: F.cross_entropy(ones((3, 4)), [0, 1, 2], ones((4, 1))), ShapeError, "for each class, shape (4,), got"),
        (lambda: F.cross_entropy(ones((3, 4)), ones((3, 4)) / 4, 2.0), ShapeError,
         "for each class, shape (4,), got ()"),
        (lambda: F.cross_entropy(ones((3, 4)), [0, 1, 2], Tensor(ones(4), requires_grad=True)), GraphError, "detach()"),
        (lambda: F.nll_loss(ones((3, 4)), [0, 0, 0], [1.0]), ShapeError, "nll_loss's weight has one number for each"),
        (lambda: F.bce_loss(ones(4), ones(4), ones((4, 1))), ShapeError,
         "binary_cross_entropy's weight must broadcast to the shape of the losses, (4,), got (4, 1)."),
        (lambda: F.bce_with_logits_loss(ones(4), ones(4), ones((2, 4))), ShapeError,
         "weight must broadcast to the shape"),
        (lambda: F.bce_with_logits_loss(ones(4), ones(4), pos_weight=ones(3)), ShapeError,
         "pos_weight must broadcast to"),
        (lambda: F.cross_entropy(ones((3, 4)), ones((3, 4)) / 4, ignore_index=2), ValueError,
         "ignore_index=2 is a label, and this target holds probabilities: leave it out."),
        (lambda: F.cross_entropy(ones((3, 4)), [0, 1, 2], ignore_index=1.5), TypeError,
         "ignore_index is a label, an integer"),
        (lambda: F.cross_entropy(ones((3, 4)), 2.5 * ones((3, 4))), ValueError,
         "takes probabilities between 0 and 1, but entry (0, 0) is 2.5; class indices are integers."),
        (lambda: F.cross_entropy(ones((2, 5, 7)), np.zeros((2, 5), int)), ShapeError,
         "The classes are axis 1 of the scores: scores.moveaxis(-1, 1), if they are the last."),
        (lambda: F.cross_entropy(ones((3, 4)), np.array([0, 1, 255], np.uint8)), IndexError, "label (2,) is 255."),
        (lambda: F.cross_entropy(ones((3, 4)), ["a", "b", "c"]), TypeError, "a Tensor holds numbers"),
        (lambda: F.nll_loss(ones((3, 4)), [0.0, 1.0, 2.0]), TypeError, "class indices, integers; got float32."),
        (lambda: F.nll_loss(ones(()), 0), ShapeError, "nll_loss takes scores of shape (N, C), a score for each class;"),
        (lambda: F.kl_div(ones(2), np.array([0.5, -0.5])), ValueError,
         "between 0 and 1, but entry (1,) is -0.5; for logarithms pass log_target=True."),
        (lambda: F.mse_loss(ones(2), "ab"), TypeError, "a Tensor holds numbers"),
    ],
)  # fmt: skip
def test_wrong_requests_are_refused(call, kind, words):
    with pytest.raises(kind) as caught:
        call()
    assert words in str(caught.value)


def test_cross_entropy_is_softmax_minus_one_hot_over_n():
    x = Tensor(np.random.default_rng(0).normal(size=(5, 3)), requires_grad=True)
    labels = np.array([0, 2, 1, 1, 0])
    F.cross_entropy(x, labels).backward()
    np.testing.assert_allclose(x.grad, (x.softmax().data - np.eye(3)[labels]) / 5, rtol=1e-12)


@pytest.mark.parametrize("size", [1e3, 1e4, 1e30])
def test_extreme_scores_give_finite_losses_and_right_gradients(size):
    x = Tensor(np.array([[size, -size], [-size, size]]), requires_grad=True)
    loss = F.cross_entropy(x, [0, 0])
    loss.backward()
    assert loss.item() == size and x.grad.tolist() == [[0, 0], [-0.5, 0.5]]
    y = Tensor(np.array([size, -size]), requires_grad=True)
    loss = F.bce_with_logits_loss(y, np.array([1.0, 1.0]))
    loss.backward()
    assert loss.item() == size / 2 and y.grad.tolist() == [0.0, -0.5]


@pytest.mark.parametrize(
    ("score", "label", "options", "slope"),
    [
        (np.inf, 0, {}, 1), (-np.inf, 1, {}, -1), (np.inf, 0.5, {}, 0.5), (np.inf, 0, {"weight": [2.0]}, 2),
        (-np.inf, 1, {"weight": [2.0]}, -2), (np.inf, 0, {"pos_weight": [3.0]}, 1),
        (-np.inf, 1, {"pos_weight": [3.0]}, -3),
    ],
)  # fmt: skip
def test_an_infinite_score_that_is_wrong_has_an_infinite_loss_and_a_slope(score, label, options, slope):
    x = Tensor([score, 0.0], requires_grad=True)
    losses = F.bce_with_logits_loss(x, [label, 0], reduction="none", **options)
    losses.sum().backward()
    assert losses.data[0] == np.inf and losses.data[1] == np.float32(np.log(2) * options.get("weight", [1])[0])
    assert x.grad[0] == slope


FAR = np.array([2000, -3000], np.float16)
WIDE = np.array([60_000, -60_000], np.float16)


@pytest.mark.parametrize(
    ("loss", "value"),  # of PyTorch
    [
        (lambda: F.huber_loss(FAR, 0 * FAR, delta=1000.0), 2_000_000),
        (lambda: F.smooth_l1_loss(FAR, 0 * FAR, beta=1000.0), 2000),
        (lambda: F.mse_loss(FAR, 0 * FAR), 6_500_000),
        (lambda: F.mse_loss(WIDE, -WIDE), 1.44e10),
        (lambda: F.l1_loss(WIDE, -WIDE), 120_000),
        (lambda: F.hinge_embedding_loss(WIDE, [1, -1], margin=30_000.0), 75_000),
        (lambda: F.nll_loss(WIDE[None], [1], weight=[1.0, 10.0], reduction="sum"), 600_000),
        (lambda: F.bce_with_logits_loss(WIDE, [0, 1], pos_weight=3.0), 120_000),
    ],
)
def test_losses_under_autocast_are_computed_in_float32(loss, value):
    with autocast():
        assert loss().dtype == np.float32 and loss().item() == pytest.approx(value)


def test_smooth_l1_of_float16_has_room_for_its_beta():
    x = Tensor(FAR, requires_grad=True)
    loss = F.smooth_l1_loss(x, 0 * FAR, beta=1000.0)
    loss.backward()
    assert loss.item() == 2000 and x.grad.tolist() == [0.5, -0.5]
    assert F.smooth_l1_loss(FAR / 4, 0 * FAR, beta=1000.0, reduction="none").tolist() == [125, 281.25]


def test_a_sure_and_wrong_probability_still_learns():
    p = Tensor(np.array([0.0, 1.0]), requires_grad=True)
    loss = F.bce_loss(p, np.array([1.0, 0.0]))
    loss.backward()
    assert loss.item() == 100 and p.grad.tolist() == [-0.5e12, 0.5e12]


def test_kinds_of_targets_and_the_words_of_a_loss():
    x = Tensor(np.zeros((2, 2)))
    assert F.cross_entropy(x, Tensor([0, 1])).item() == F.cross_entropy(x, [0, 1]).item() == np.log(2)
    assert F.mse_loss(Tensor([1.0, 2.0]), [1, 4]).item() == 2.0
    assert repr(nn.CrossEntropyLoss(label_smoothing=0.1)) == (
        "CrossEntropyLoss(reduction='mean', ignore_index=-100, label_smoothing=0.1)"
    )
    assert np.isnan(F.cross_entropy(x, [-100, -100]).item())  # nothing to take the mean of, as in PyTorch


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int64, np.bool_])
def test_whole_numbers_are_computed_with_as_floating_point_numbers(dtype):
    prediction, target = np.array([0, 1, 1], dtype), np.array([1, 0, 1], dtype)
    for name in ("mse_loss", "l1_loss", "huber_loss", "smooth_l1_loss", "bce_with_logits_loss", "kl_div"):
        function = getattr(F, name)
        expected = function(prediction.astype(np.float32), target.astype(np.float32), reduction="none")
        found = function(Tensor(prediction), target, reduction="none")
        assert found.dtype == np.float32 and np.array_equal(found.data, expected.data)
    assert F.mse_loss(Tensor(np.array([100], np.int8)), np.array([-100], np.int8)).item() == 40_000
    assert F.mse_loss(Tensor(np.array([1], np.uint8)), np.array([300])).item() == 299**2


def test_lists_and_weights_take_the_dtype_of_the_prediction():
    p32, p64 = Tensor([0.2, 0.4]), Tensor(np.array([0.2, 0.4]))
    assert F.mse_loss(p32, [0.2, 0.4]).dtype == np.float32
    assert F.mse_loss(p64, [0.2, 0.4]).item() == 0.0  # not 0.2 in float32
    for loss in (F.bce_loss, F.bce_with_logits_loss):
        assert loss(p32, [0, 1], weight=[1.0, 2.0]).dtype == loss(p32, [0, 1], weight=np.ones(2)).dtype == np.float32
        assert loss(p32, [0, 1], weight=3).item() == pytest.approx(3 * loss(p32, [0, 1]).item())
    assert F.bce_with_logits_loss(p32, [0, 1], pos_weight=np.ones(2)).dtype == np.float32


def test_what_is_ignored_counts_nothing_even_where_it_is_infinite():
    x = Tensor(np.array([[-np.inf, 0.0], [1.0, 2.0]]), requires_grad=True)
    for options in ({}, {"label_smoothing": 0.0, "weight": [2.0, 2.0]}):
        loss = F.cross_entropy(x, [-100, 1], **options)
        loss.backward()
        assert loss.item() == pytest.approx(np.log(1 + np.exp(-1)))
        assert x.grad[0].tolist() == [0.0, 0.0] and np.isfinite(x.grad).all()
        x.grad = None
    assert F.cross_entropy(x, [-100, 1], reduction="none").tolist()[0] == 0.0


def test_a_batch_of_nothing_to_learn_from_has_no_gradient():
    x = Tensor(np.ones((2, 3)), requires_grad=True)
    for loss in (F.cross_entropy(x, [-100, -100]), F.nll_loss(x, [0, 0], weight=[0.0, 1.0, 1.0])):
        loss.backward()
        assert np.isnan(loss.item()) and not x.grad.any()
    assert F.cross_entropy(x, [-100, -100], reduction="sum").item() == 0.0


def test_shares_that_rounding_left_above_one_are_taken():
    share = np.nextafter(np.float32(1), np.float32(2))
    assert F.cross_entropy(np.zeros((1, 2), np.float32), np.array([[share, 0]])).item() == pytest.approx(np.log(2))
    assert F.bce_with_logits_loss(np.zeros(1), np.array([share])).item() == pytest.approx(np.log(2))
    assert F.bce_loss(np.array([share]), np.array([share])).item() == pytest.approx(0, abs=1e-4)
    with pytest.raises(ValueError, match=r"entry \(0,\) is 1.00001; for scores"):
        F.bce_loss(np.array([1.00001]), np.ones(1))


def test_small_probabilities_keep_their_digits():
    assert F.bce_loss(Tensor([1e-9]), [0.0]).item() == pytest.approx(1e-9, rel=1e-6)  # 1 - 1e-9 is 1 in float32


@pytest.mark.parametrize("reduction", [np.array([1, 2]), None, "avg"])
@pytest.mark.parametrize("loss", [F.cross_entropy, F.nll_loss])
def test_a_reduction_is_named_before_anything_is_computed(loss, reduction):
    with pytest.raises(ValueError, match="reduction is 'mean', 'sum' or 'none', got"):
        loss(np.zeros((2, 3)), [0, 1], reduction=reduction)
