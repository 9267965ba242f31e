"""Losses: refused where shapes or labels are wrong, finite and right at the extremes."""

import numpy as np
import pytest

from gradlib import ShapeError, Tensor, nn
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
         "target holds probabilities, one for each score: shape (3, 4), got (3,). Class indices are whole numbers"),
        (lambda: F.cross_entropy(ones((3, 4)), [True, False, True]), TypeError, "got bool."),
        (lambda: F.cross_entropy(ones((3, 4)), [0, 1, 2], label_smoothing=2), ValueError, "is a share, 0 to 1, got 2."),
        (lambda: F.cross_entropy(ones(()), 0), ShapeError, "scores of shape (N, C), a score for each class; got"),
        (lambda: F.nll_loss(ones((3, 4)), [0, 1, 9]), IndexError, "nll_loss's labels are class indices from 0 to 3"),
        (lambda: F.hinge_loss(ones(2), np.array([1.0, 0.0])), ValueError, "labels -1 and 1, but entry (1,) is 0."),
        (lambda: nn.MSELoss("average"), ValueError, "reduction is 'mean', 'sum' or 'none'"),
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
