"""Attention and the transformer's layer beside PyTorch's: outputs, weights, gradients, to 1e-9."""

import inspect

import numpy as np
import pytest

from gradlib import Tensor
from gradlib.nn import attention as ours_in
from gradlib.nn.attention import scaled_dot_product_attention
from gradlib.nn.normalization import LayerNorm

torch = pytest.importorskip("torch")

CAUSAL = np.triu(np.ones((4, 4), dtype=bool), 1)  # True where a query may not look
FLOATS = np.random.default_rng(3).normal(size=(4, 4))
EACH = np.random.default_rng(4).random((2 * 2, 4, 4)) < 0.3  # for each sequence and head
EACH[:, :, 0] = False  # every query may look somewhere
PADDING = np.array([[False, False, False, True], [False, True, True, False]])


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def twice(array):
    return Tensor(array, requires_grad=True), torch.tensor(array, requires_grad=True)


def agree(ours, theirs):
    np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=1e-9, atol=1e-12)


def copied(ours, theirs):
    """Both in float64, with our weights; those that we store transposed are turned over. Biases are drawn too."""
    ours, theirs = ours.double(), theirs.double()
    targets = dict(theirs.named_parameters())
    assert [name for name, _ in ours.named_parameters()] == list(targets)
    for seed, (name, parameter) in enumerate(ours.named_parameters()):
        parameter.data = normal(*parameter.shape, seed=seed) * 0.4
        with torch.no_grad():
            targets[name].copy_(torch.tensor(as_theirs(ours, name, parameter.data)))
    return ours, theirs


def as_theirs(root, name, array):
    path, _, own = name.rpartition(".")
    module = dict(root.named_modules())[path]
    return array.T if own.startswith(module.transposed) else array


def compare(modules, inputs, results):
    """Values, and gradients of a loss in which every entry counts differently. Results: lists of tensors."""
    losses = [0, 0]
    for seed, (mine, other) in enumerate(zip(*results, strict=True)):
        assert mine.shape == tuple(other.shape)
        agree(mine.data, other)
        weights = normal(*mine.shape, seed=seed)
        losses = [losses[0] + (mine * weights).sum(), losses[1] + (other * torch.tensor(weights)).sum()]
    for loss in losses:
        loss.backward()
    for mine, other in inputs:
        agree(mine.grad, other.grad)
    if modules:
        own = dict(modules[0].named_parameters())
        for name, parameter in modules[1].named_parameters():
            agree(as_theirs(modules[0], name, own[name].grad), parameter.grad)


def in_torch(keywords):
    return {key: torch.tensor(v) if isinstance(v, np.ndarray) else v for key, v in keywords.items()}


# The function


@pytest.mark.parametrize("keywords", [
    {}, {"is_causal": True}, {"attn_mask": ~CAUSAL}, {"attn_mask": FLOATS}, {"attn_mask": ~EACH[1], "scale": 2.0},
    {"attn_mask": np.zeros((4, 4), dtype=bool)},  # nobody may look anywhere
    {"attn_mask": ~CAUSAL & (np.arange(4) > 1)},  # nor the first two queries
], ids=lambda keywords: "-".join(keywords) or "plain")  # fmt: skip
@pytest.mark.parametrize("leading", [(), (2,), (2, 3)], ids=str)
def test_scaled_dot_product_attention(leading, keywords):
    q, k, v = (twice(normal(*leading, 4, size, seed=seed)) for seed, size in enumerate((3, 3, 2)))
    results = (
        [scaled_dot_product_attention(q[0], k[0], v[0], **keywords)],
        [torch.nn.functional.scaled_dot_product_attention(q[1], k[1], v[1], **in_torch(keywords))],
    )
    compare(None, [q, k, v], results)


@pytest.mark.parametrize("shape", [(2, 3, 4, 4), (3, 4, 4), (2, 1, 4, 4), (2, 1, 1, 4), (4, 1)], ids=str)
def test_a_mask_that_broadcasts(shape):
    q, k, v = (twice(normal(2, 3, 4, size, seed=seed)) for seed, size in enumerate((3, 3, 2)))
    mask = twice(normal(*shape, seed=5))
    results = (
        [scaled_dot_product_attention(q[0], k[0], v[0], mask[0])],
        [torch.nn.functional.scaled_dot_product_attention(q[1], k[1], v[1], mask[1])],
    )
    compare(None, [q, k, v, mask], results)


@pytest.mark.parametrize(("queries", "keys"), [(2, 5), (5, 2), (1, 3)])
def test_the_causal_mask_of_other_lengths(queries, keys):
    q, k, v = twice(normal(2, queries, 3)), twice(normal(2, keys, 3, seed=1)), twice(normal(2, keys, 2, seed=2))
    results = (
        [scaled_dot_product_attention(q[0], k[0], v[0], is_causal=True)],
        [torch.nn.functional.scaled_dot_product_attention(q[1], k[1], v[1], is_causal=True)],
    )
    compare(None, [q, k, v], results)


# Several heads

MASKS = [
    {}, {"attn_mask": CAUSAL}, {"attn_mask": CAUSAL, "is_causal": True}, {"attn_mask": FLOATS}, {"attn_mask": EACH},
    {"key_padding_mask": PADDING}, {"key_padding_mask": PADDING, "attn_mask": CAUSAL},
    {"average_attn_weights": False}, {"need_weights": False, "key_padding_mask": PADDING},
    {"key_padding_mask": np.where(PADDING, -1.5, 0.5), "attn_mask": FLOATS},
]  # fmt: skip


def heads(**options):
    sizes = options.pop("sizes", (6, 2))
    return copied(
        ours_in.MultiheadAttention(*sizes, **options, rng=np.random.default_rng(0)),
        torch.nn.MultiheadAttention(*sizes, **options),
    )


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("keywords", MASKS, ids=lambda keywords: "-".join(keywords) or "plain")
@pytest.mark.parametrize("alone", [True, False], ids=["self", "cross"])
def test_several_heads(bias, batch_first, keywords, alone):
    modules = heads(bias=bias, batch_first=batch_first)
    shape = (2, 4, 6) if batch_first else (4, 2, 6)
    inputs = [twice(normal(*shape, seed=seed)) for seed in range(1 if alone else 3)]
    results = []
    for side, module in enumerate(modules):
        arguments = [pair[side] for pair in inputs] * (3 if alone else 1)
        out, weights = module(*arguments, **(in_torch(keywords) if side else keywords))
        results.append([out] if weights is None else [out, weights])
    compare(modules, inputs, results)


@pytest.mark.parametrize("num_heads", [1, 3, 6])
def test_the_number_of_heads_and_of_keys(num_heads):
    modules = heads(sizes=(6, num_heads), batch_first=True)
    inputs = [twice(normal(2, 3, 6)), twice(normal(2, 5, 6, seed=1)), twice(normal(2, 5, 6, seed=2))]
    compare(modules, inputs, [module(*(pair[side] for pair in inputs)) for side, module in enumerate(modules)])


@pytest.mark.parametrize("keywords", [{}, {"key_padding_mask": PADDING[0]}, {"attn_mask": CAUSAL}], ids="-".join)
def test_one_sequence(keywords):
    modules = heads()
    x = twice(normal(4, 6))
    results = [
        module(x[side], x[side], x[side], **(in_torch(keywords) if side else keywords))
        for side, module in enumerate(modules)
    ]
    compare(modules, [x], results)


def test_a_sequence_of_padding_alone():
    """Without weights PyTorch gives 0 for it, as we always do; with weights it gives NaN."""
    modules, x = heads(batch_first=True), twice(normal(2, 4, 6))
    keywords = {"key_padding_mask": np.array([[True] * 4, [False] * 4])}
    quiet = {"need_weights": False, **keywords}
    outputs = [modules[0](x[0], x[0], x[0], **quiet)[0]], [modules[1](x[1], x[1], x[1], **in_torch(quiet))[0]]
    compare(modules, [x], outputs)
    theirs = modules[1](x[1], x[1], x[1], **in_torch(keywords))
    assert all(part[0].isnan().all() for part in theirs)
    ours = modules[0](x[0], x[0], x[0], **keywords)
    assert np.isfinite(ours[0].data).all() and (ours[1].data[0] == 0).all()
    agree(ours[0].data[1], theirs[0][1])


# The transformer's layer


def encoder(**options):
    return copied(
        ours_in.TransformerEncoderLayer(6, 2, 10, **options), torch.nn.TransformerEncoderLayer(6, 2, 10, **options)
    )


@pytest.mark.parametrize("norm_first", [True, False])
@pytest.mark.parametrize("activation", ["relu", "gelu"])
@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("masks", [
    {}, {"src_mask": CAUSAL, "is_causal": True}, {"src_mask": CAUSAL, "src_key_padding_mask": PADDING},
], ids=lambda keywords: "-".join(keywords) or "plain")  # fmt: skip
def test_the_layer(norm_first, activation, batch_first, bias, masks):
    options = {"norm_first": norm_first, "activation": activation, "batch_first": batch_first, "bias": bias}
    modules = encoder(dropout=0.0, layer_norm_eps=1e-3, **options)
    x = twice(normal(*(2, 4, 6) if batch_first else (4, 2, 6)))
    compare(modules, [x], [[modules[0](x[0], **masks)], [modules[1](x[1], **in_torch(masks))]])


def test_the_layer_in_evaluation_drops_nothing():
    modules = [module.eval() for module in encoder(dropout=0.5, batch_first=True)]
    x = twice(normal(2, 4, 6))
    compare(modules, [x], [[module(x[side])] for side, module in enumerate(modules)])


def test_a_stack_of_layers():
    options = {"dropout": 0.0, "batch_first": True, "norm_first": True}
    modules = copied(
        ours_in.TransformerEncoder(ours_in.TransformerEncoderLayer(6, 2, 10, **options), 3, LayerNorm(6)),
        torch.nn.TransformerEncoder(
            torch.nn.TransformerEncoderLayer(6, 2, 10, **options), 3, torch.nn.LayerNorm(6), enable_nested_tensor=False
        ),
    )
    x = twice(normal(2, 4, 6))
    results = [
        [modules[0](x[0], mask=CAUSAL, src_key_padding_mask=PADDING)],
        [modules[1](x[1], mask=torch.tensor(CAUSAL), src_key_padding_mask=torch.tensor(PADDING))],
    ]
    compare(modules, [x], results)


@pytest.mark.parametrize("name", ["MultiheadAttention", "TransformerEncoderLayer", "TransformerEncoder"])
def test_arguments_and_defaults_are_the_same(name):
    ours, theirs = getattr(ours_in, name), getattr(torch.nn, name)
    for method in ("__init__", "forward"):
        mine = list(inspect.signature(getattr(ours, method)).parameters.values())
        other = inspect.signature(getattr(theirs, method)).parameters
        assert [parameter.name for parameter in mine if parameter.name != "rng"] == [
            key for key in other if key in {parameter.name for parameter in mine}
        ]
        for parameter in mine[1:]:
            if parameter.name not in ("rng", "activation", "is_causal"):
                assert parameter.default == other[parameter.name].default, parameter.name


def test_the_first_weights_are_spread_as_pytorch_spreads_them():
    mine, other = ours_in.MultiheadAttention(64, 4), torch.nn.MultiheadAttention(64, 4)
    assert np.abs(mine.in_proj_weight.data).max() == pytest.approx(other.in_proj_weight.abs().max().item(), rel=0.01)
    assert mine.in_proj_weight.data.std() == pytest.approx(other.in_proj_weight.std().item(), rel=0.05)
    assert (mine.in_proj_bias.data == 0).all() and (other.in_proj_bias == 0).all()
    assert (mine.out_proj.bias.data == 0).all() and (other.out_proj.bias == 0).all()
