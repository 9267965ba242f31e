"""Layers and losses against PyTorch's of the same names: outputs, gradients, running statistics, in float64.

Recurrent layers and attention are compared in test_recurrent.py and test_attention.py.
"""

import math

import numpy as np
import pytest

from gradlib import Tensor, nn

torch = pytest.importorskip("torch")

# class, its arguments, the shape of its input
LAYERS = [
    ("Linear", {"in_features": 3, "out_features": 2}, (4, 3)),
    ("Linear", {"in_features": 3, "out_features": 2, "bias": False}, (2, 4, 3)),
    ("Linear", {"in_features": 3, "out_features": 2}, (3,)),
    ("Flatten", {"start_dim": 0, "end_dim": 1}, (2, 3, 2)), ("Flatten", {}, (2, 3, 2)), ("Flatten", {}, (0, 3, 2)),
    ("Dropout", {"p": 0.0}, (3, 2)), ("Dropout", {"p": 1.0}, (3, 2)),  # what is dropped does not depend on chance
    ("Softmax", {"dim": 0}, (3, 2)), ("LogSoftmax", {"dim": 1}, (3, 2)), ("Softmax", {"dim": -2}, (2, 3, 2)),
    ("Linear", {"in_features": 3, "out_features": 2}, (0, 3)), ("ELU", {}, ()), ("Softplus", {}, (0,)),
    ("LeakyReLU", {"negative_slope": 0.0}, (5,)), ("ELU", {"alpha": -0.5}, (2, 2)), ("Softplus", {"beta": -1}, (4,)),
    ("LeakyReLU", {"negative_slope": 0.2}, (3, 2)), ("ELU", {"alpha": 0.5}, (3, 2)), ("Softplus", {"beta": 2}, (3, 2)),
    ("GELU", {}, (3, 2)), ("GELU", {"approximate": "tanh"}, (3, 2)), ("SiLU", {}, (3, 2)), ("Tanh", {}, (3, 2)),
    ("Sigmoid", {}, (3, 2)), ("ReLU", {}, (3, 2)), ("Identity", {}, (3, 2)),
    ("BatchNorm1d", {"num_features": 3}, (5, 3)),
    ("BatchNorm1d", {"num_features": 3, "momentum": None, "eps": 0.1}, (4, 3, 2)),
    ("BatchNorm1d", {"num_features": 3, "affine": False, "track_running_stats": False}, (4, 3)),
    ("BatchNorm1d", {"num_features": 3, "affine": False, "momentum": 1.0}, (2, 3, 1)),
    ("BatchNorm1d", {"num_features": 3, "track_running_stats": False, "momentum": None}, (1, 3, 2)),
    ("BatchNorm2d", {"num_features": 2, "momentum": 0.3}, (3, 2, 4, 2)),
    ("BatchNorm2d", {"num_features": 2, "momentum": 0.0, "affine": False}, (1, 2, 3, 1)),
    ("BatchNorm2d", {"num_features": 1, "momentum": None}, (2, 1, 1, 3)),
    ("LayerNorm", {"normalized_shape": 4}, (3, 4)),
    ("LayerNorm", {"normalized_shape": (3, 2), "eps": 0.01, "bias": False}, (2, 3, 2)),
    ("LayerNorm", {"normalized_shape": 4, "elementwise_affine": False}, (2, 3, 4)),
    ("LayerNorm", {"normalized_shape": [3]}, (3,)), ("LayerNorm", {"normalized_shape": 1}, (2, 1)),
    ("RMSNorm", {"normalized_shape": [4], "elementwise_affine": False, "eps": 0.0}, (4,)),
    ("GroupNorm", {"num_groups": 1, "num_channels": 3, "eps": 0.1}, (2, 3)),
    ("RMSNorm", {"normalized_shape": 4}, (3, 4)), ("RMSNorm", {"normalized_shape": (3, 2), "eps": 0.1}, (2, 3, 2)),
    ("GroupNorm", {"num_groups": 2, "num_channels": 4}, (3, 4, 2)),
    ("GroupNorm", {"num_groups": 4, "num_channels": 4, "affine": False}, (3, 4, 2, 2)),
    *(("Conv1d", {"in_channels": 4, "out_channels": 6, "kernel_size": 3, **options}, (2, 4, 9)) for options in [
        {}, {"stride": 2}, {"padding": 2}, {"padding": "same", "dilation": 2}, {"padding": "valid", "bias": False},
        {"groups": 2}, {"dilation": 3, "padding": 1, "stride": 2},
    ]),
    *(("Conv2d", {"in_channels": 4, "out_channels": 6, "kernel_size": (3, 2), **options}, (2, 4, 7, 6)) for options in [
        {}, {"stride": (2, 1)}, {"padding": (1, 2)}, {"padding": "same"}, {"groups": 2, "bias": False},
        {"dilation": (2, 1), "padding": 1, "stride": 2}, {"groups": 2, "padding": "same", "dilation": (1, 2)},
    ]),
    ("Conv2d", {"in_channels": 2, "out_channels": 3, "kernel_size": 1}, (2, 4, 4)),  # without a batch axis
    ("MaxPool1d", {"kernel_size": 2}, (2, 3, 7)), ("MaxPool1d", {"kernel_size": 3, "stride": 1, "padding": 1}, (3, 5)),
    ("MaxPool2d", {"kernel_size": 2}, (2, 3, 5, 4)),
    ("MaxPool2d", {"kernel_size": (3, 2), "stride": (1, 2), "padding": (1, 0), "dilation": (2, 1)}, (2, 2, 6, 6)),
    ("AvgPool1d", {"kernel_size": 3, "stride": 2, "padding": 1}, (2, 3, 7)),
    ("AvgPool2d", {"kernel_size": (2, 3), "padding": (1, 1)}, (2, 3, 5, 6)),
    *(("MaxPool1d", {"ceil_mode": True, **options}, (2, 3, 7)) for options in [
        {"kernel_size": 2}, {"kernel_size": 3}, {"kernel_size": 3, "padding": 1}, {"kernel_size": 2, "stride": 4},
        {"kernel_size": 2, "stride": 3, "dilation": 2}, {"kernel_size": 9}, {"kernel_size": 2, "padding": 1},
    ]),
    *(("AvgPool1d", {"ceil_mode": True, **options}, (2, 3, 7)) for options in [
        {"kernel_size": 2}, {"kernel_size": 3}, {"kernel_size": 3, "padding": 1}, {"kernel_size": 2, "stride": 4},
        {"kernel_size": 4, "stride": 3, "padding": 2}, {"kernel_size": 9}, {"kernel_size": 2, "padding": 1},
    ]),
    ("MaxPool2d", {"kernel_size": (3, 2), "stride": 2, "padding": (1, 0), "ceil_mode": True}, (2, 3, 6, 5)),
    ("AvgPool2d", {"kernel_size": (3, 2), "stride": (2, 3), "padding": (1, 0), "ceil_mode": True}, (2, 3, 6, 5)),
    ("AdaptiveAvgPool1d", {"output_size": 3}, (2, 3, 7)), ("AdaptiveAvgPool1d", {"output_size": 2}, (2, 3, 8)),
    ("AdaptiveAvgPool2d", {"output_size": (2, 3)}, (2, 3, 5, 7)),
    ("AdaptiveAvgPool2d", {"output_size": 1}, (2, 3, 5, 7)), ("AdaptiveAvgPool2d", {"output_size": 6}, (2, 3, 5, 7)),
    ("AdaptiveAvgPool2d", {"output_size": (None, 2)}, (2, 3, 5, 7)),
    # no images at all
    ("Conv1d", {"in_channels": 4, "out_channels": 6, "kernel_size": 3, "groups": 2}, (0, 4, 9)),
    ("Conv2d", {"in_channels": 4, "out_channels": 6, "kernel_size": 3}, (0, 4, 5, 7)),
    ("MaxPool1d", {"kernel_size": 2, "padding": 1}, (0, 3, 7)), ("AvgPool2d", {"kernel_size": 2}, (0, 3, 5, 7)),
    ("AdaptiveAvgPool2d", {"output_size": 1}, (0, 3, 5, 7)),
]  # fmt: skip


# Embedding is compared below, the others in test_recurrent.py and test_attention.py; containers compute nothing.
ELSEWHERE = {
    "Embedding", "Module", "ModuleList", "ModuleDict", "Sequential", "RNN", "LSTM", "GRU", "RNNCell", "LSTMCell",
    "GRUCell", "MultiheadAttention", "TransformerEncoder", "TransformerEncoderLayer", "CosineSimilarity",
}  # fmt: skip


def named(case):
    return f"{case[0]}-{case[1]}-{case[2]}"


def test_every_module_that_pytorch_has_is_compared():
    modules = {
        thing.__name__ for thing in vars(nn).values() if isinstance(thing, type) and issubclass(thing, nn.Module)
    }
    compared = {case[0] for case in LAYERS} | ELSEWHERE | set(CLASSES.values())
    assert {name for name in modules if hasattr(torch.nn, name)} == compared


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")  # PyTorch, of its own speed
@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize("case", LAYERS, ids=named)
def test_a_layer_agrees_with_pytorch(case, training):
    name, options, shape = case
    rng = np.random.default_rng(3)
    ours = getattr(nn, name)(**options).double()
    theirs = getattr(torch.nn, name)(**options).double()
    for (key, parameter), twin in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        array = rng.normal(size=parameter.shape)
        parameter.data = array
        twin.data = torch.tensor(array.T.copy() if ours.transposed and key.startswith(ours.transposed) else array)
    ours.train(training), theirs.train(training)
    for _ in range(2):  # the second time running statistics have moved
        array = rng.normal(size=shape)
        x, y = Tensor(array, requires_grad=True), torch.tensor(array, requires_grad=True)
        ours.zero_grad(), theirs.zero_grad()
        z, w = ours(x), theirs(y)
        cotangent = rng.normal(size=z.shape)
        z.backward(cotangent), w.backward(torch.tensor(cotangent))
        close(z.data, w.detach())
        close(x.grad, y.grad)
        for (key, parameter), twin in zip(ours.named_parameters(), theirs.parameters(), strict=True):
            turned = ours.transposed and key.startswith(ours.transposed)
            close(parameter.grad, twin.grad.T if turned else twin.grad)
    for (key, buffer), (other, twin) in zip(ours.named_buffers(), theirs.named_buffers(), strict=True):
        assert key == other and str(twin.dtype).endswith(str(buffer.dtype))
        close(buffer.data, twin)


@pytest.mark.parametrize("padding_idx", [None, 0, -2])
def test_an_embedding_agrees_with_pytorch(padding_idx):
    indices, rng = np.array([[3, 0, 3], [2, 2, 1]]), np.random.default_rng(6)
    ours, theirs = nn.Embedding(4, 3, padding_idx), torch.nn.Embedding(4, 3, padding_idx)
    weight, cotangent = rng.normal(size=(4, 3)).astype(np.float32), rng.normal(size=(2, 3, 3)).astype(np.float32)
    ours.weight.data, theirs.weight.data = weight, torch.tensor(weight)
    z, w = ours(indices), theirs(torch.tensor(indices))
    z.backward(cotangent), w.backward(torch.tensor(cotangent))
    close(z.data, w.detach(), 0)
    close(ours.weight.grad, theirs.weight.grad, 1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("case", [case for case in LAYERS if case[2] == (3, 2)], ids=named)
def test_at_the_extremes_an_activation_agrees_with_pytorch(case, dtype):
    name, options, _ = case
    array = np.array([0, -0.0, 1e-10, -1e-10, 20, -20, 30, -30, 89, -89, 1e4, -1e4, np.nan, 0.5], dtype).reshape(7, 2)
    x, y = Tensor(array, requires_grad=True), torch.tensor(array, requires_grad=True)
    cotangent = np.random.default_rng(7).normal(size=array.shape).astype(dtype)
    with np.errstate(invalid="ignore"):  # NumPy warns of some functions of NaN
        z, w = getattr(nn, name)(**options)(x), getattr(torch.nn, name)(**options)(y)
        z.backward(cotangent), w.backward(torch.tensor(cotangent))
    assert z.dtype == dtype
    rtol, atol = (1e-5, 1e-6) if dtype == np.float32 else (1e-9, 1e-12)
    close(z.data, w.detach(), rtol, atol)
    numbers = ~np.isnan(array)  # the slope at NaN is a matter of taste
    close(x.grad[numbers], y.grad[numbers], rtol, atol)


def close(ours, theirs, rtol=1e-9, atol=1e-12):
    np.testing.assert_allclose(ours, theirs.numpy(), rtol=rtol, atol=atol)


draw = np.random.default_rng(4)
SCORES = draw.normal(size=(6, 4))
LABELS = draw.integers(4, size=6)
WEIGHT = draw.uniform(0.5, 2, 4)
SHARES = draw.dirichlet(np.ones(4), 6)
BITS = (draw.random((6, 4)) < 0.5) * 1.0
SPREAD = draw.normal(size=(3, 4, 2, 5))
SPREAD_LABELS = draw.integers(4, size=(3, 2, 5))
ENTROPY, LOGITS = "cross_entropy", "binary_cross_entropy_with_logits"

# function, prediction, target, options
LOSSES = [
    *((name, SCORES, draw.normal(size=(6, 4)), {}) for name in ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss")),
    ("huber_loss", SCORES, BITS, {"delta": 0.7}), ("smooth_l1_loss", SCORES, BITS, {"beta": 0.3}),
    ("smooth_l1_loss", SCORES, SHARES, {"beta": 0.0}),
    *((ENTROPY, SCORES, LABELS, options) for options in [
        {}, {"weight": WEIGHT}, {"label_smoothing": 0.2}, {"ignore_index": 2}, {"ignore_index": 1, "weight": WEIGHT},
        {"label_smoothing": 0.2, "weight": WEIGHT, "ignore_index": 0}, {"label_smoothing": 1.0},
    ]),
    (ENTROPY, SCORES, 0 * LABELS, {"ignore_index": 0}), (ENTROPY, SCORES, 0 * LABELS - 100, {"label_smoothing": 0.1}),
    (ENTROPY, SCORES[:0], LABELS[:0], {}), (ENTROPY, SCORES[:0], LABELS[:0], {"weight": WEIGHT}),
    (ENTROPY, SCORES[:, :1], 0 * LABELS, {}), (ENTROPY, SCORES[0], SHARES[0], {"weight": WEIGHT}),
    (ENTROPY, np.where(np.eye(6, 4), -np.inf, SCORES), np.where(np.arange(6) < 4, -100, LABELS), {}),
    (ENTROPY, SCORES * 1e4, LABELS, {}), (ENTROPY, SCORES[0], LABELS[0], {}),
    (ENTROPY, SCORES, SHARES, {}), (ENTROPY, SCORES, SHARES, {"weight": WEIGHT, "label_smoothing": 0.1}),
    (ENTROPY, SPREAD, SPREAD_LABELS, {}), (ENTROPY, SPREAD, SPREAD_LABELS, {"weight": WEIGHT, "ignore_index": 3}),
    (ENTROPY, SPREAD, np.moveaxis(draw.dirichlet(np.ones(4), (3, 2, 5)), -1, 1), {"label_smoothing": 0.3}),
    ("nll_loss", SCORES[0], LABELS[0], {}), ("nll_loss", SCORES, LABELS, {"weight": WEIGHT, "ignore_index": 3}),
    ("nll_loss", np.log(SHARES), LABELS, {"weight": WEIGHT}), ("nll_loss", SPREAD, SPREAD_LABELS, {"ignore_index": 1}),
    ("binary_cross_entropy", SHARES, BITS, {}), ("binary_cross_entropy", SHARES, BITS, {"weight": WEIGHT}),
    ("binary_cross_entropy", BITS, 1 - BITS, {}),  # sure, and wrong
    ("binary_cross_entropy", SHARES * 1e-9, SHARES, {}), ("binary_cross_entropy", SHARES, BITS, {"weight": SHARES}),
    (LOGITS, SCORES, SHARES, {"weight": SHARES, "pos_weight": SHARES}), (LOGITS, SCORES[:0], BITS[:0], {}),
    (LOGITS, SCORES, BITS, {}), (LOGITS, SCORES, BITS, {"pos_weight": WEIGHT, "weight": WEIGHT}),
    (LOGITS, SCORES * 1e4, BITS, {}),
    ("kl_div", np.log(SHARES), SHARES[::-1].copy(), {}), ("kl_div", np.log(SHARES), BITS, {}),
    ("kl_div", SCORES, np.log(SHARES), {"log_target": True}),
    ("hinge_embedding_loss", SCORES, 2 * BITS - 1, {"margin": 0.5}),
]  # fmt: skip


CLASSES = {
    "mse_loss": "MSELoss", "l1_loss": "L1Loss", "smooth_l1_loss": "SmoothL1Loss", "huber_loss": "HuberLoss",
    "cross_entropy": "CrossEntropyLoss", "nll_loss": "NLLLoss", "binary_cross_entropy": "BCELoss",
    "binary_cross_entropy_with_logits": "BCEWithLogitsLoss", "kl_div": "KLDivLoss",
    "hinge_embedding_loss": "HingeEmbeddingLoss",
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:reduction. 'mean' divides the total loss")  # PyTorch, of kl_div
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("case", LOSSES, ids=lambda case: f"{case[0]}-{case[1].shape}-{','.join(case[3])}")
def test_a_loss_agrees_with_pytorch(case, reduction):
    name, prediction, target, options = case
    x, y = Tensor(prediction, requires_grad=True), torch.tensor(prediction, requires_grad=True)
    theirs = {key: torch.tensor(v) if isinstance(v, np.ndarray) else v for key, v in options.items()}
    z = getattr(nn.functional, name)(x, target, reduction=reduction, **options)
    w = getattr(torch.nn.functional, name)(y, torch.tensor(target), reduction=reduction, **theirs)
    cotangent = np.random.default_rng(5).normal(size=z.shape)
    z.backward(cotangent), w.backward(torch.tensor(cotangent))
    close(z.data, w.detach())
    close(x.grad, y.grad, rtol=1e-8)  # PyTorch's steepest slope of a logarithm, 1e12, is a float32
    again = getattr(nn, CLASSES[name])(reduction=reduction, **options)(x, target)
    np.testing.assert_array_equal(again.data, z.data)


@pytest.mark.parametrize(
    ("name", "inputs", "options"),
    [
        ("normalize", [SCORES], {}), ("normalize", [SCORES], {"p": 1.0, "dim": 0}), ("normalize", [SPREAD], {"dim": 3}),
        ("normalize", [SPREAD], {"p": 3, "dim": 2}), ("normalize", [SCORES], {"p": math.inf}),
        ("normalize", [SCORES * 1e-3], {"eps": 0.01}), ("normalize", [SCORES * 0], {}), ("normalize", [SCORES[:0]], {}),
        ("cosine_similarity", [SCORES, BITS - SHARES], {}), ("cosine_similarity", [SPREAD, SPREAD[::-1].copy()], {}),
        ("cosine_similarity", [SCORES, SHARES], {"dim": 0}), ("cosine_similarity", [SCORES, SCORES], {"dim": -1}),
        ("cosine_similarity", [SCORES, SHARES[0]], {}), ("cosine_similarity", [SPREAD, SPREAD[:1, :, :1]], {"dim": 3}),
        ("cosine_similarity", [SCORES * 0, SHARES], {}),
    ],
)  # fmt: skip
def test_directions_agree_with_pytorch(name, inputs, options):
    xs, ys = [Tensor(x, requires_grad=True) for x in inputs], [torch.tensor(x, requires_grad=True) for x in inputs]
    z, w = getattr(nn.functional, name)(*xs, **options), getattr(torch.nn.functional, name)(*ys, **options)
    cotangent = np.random.default_rng(9).normal(size=z.shape)
    z.backward(cotangent), w.backward(torch.tensor(cotangent))
    close(z.data, w.detach())
    for x, y in zip(xs, ys, strict=True):
        close(x.grad, y.grad)


def test_a_module_of_cosine_similarity_agrees_with_pytorch():
    ours, theirs = nn.CosineSimilarity(dim=-1, eps=0.5), torch.nn.CosineSimilarity(dim=-1, eps=0.5)
    close(ours(SCORES, SHARES).data, theirs(torch.tensor(SCORES), torch.tensor(SHARES)))


WITH_SLOPE = ["mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "kl_div", "binary_cross_entropy", LOGITS, ENTROPY]


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("name", WITH_SLOPE)
@pytest.mark.filterwarnings("ignore:reduction. 'mean' divides the total loss")
def test_the_gradient_of_a_target_agrees_with_pytorch(name, reduction):
    prediction = np.log(SHARES) if name == "kl_div" else SHARES[::-1].copy() if "binary" in name else SCORES
    options = {"label_smoothing": 0.1} if name == ENTROPY else {"weight": WEIGHT} if "binary" in name else {}
    x, y = Tensor(SHARES, requires_grad=True), torch.tensor(SHARES, requires_grad=True)
    theirs = {key: torch.tensor(v) if isinstance(v, np.ndarray) else v for key, v in options.items()}
    z = getattr(nn.functional, name)(prediction, x, reduction=reduction, **options)
    w = getattr(torch.nn.functional, name)(torch.tensor(prediction), y, reduction=reduction, **theirs)
    cotangent = np.random.default_rng(8).normal(size=z.shape)
    z.backward(cotangent), w.backward(torch.tensor(cotangent))
    close(x.grad, y.grad)


def test_batchmean_is_the_divergence():
    ours = nn.functional.kl_div(Tensor(np.log(SHARES)), SHARES[::-1].copy(), reduction="batchmean")
    theirs = torch.nn.functional.kl_div(
        torch.tensor(np.log(SHARES)), torch.tensor(SHARES[::-1].copy()), reduction="batchmean"
    )
    close(ours.data, theirs)
