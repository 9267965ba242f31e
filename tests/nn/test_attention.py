"""Attention: against loops, finite differences, and what must hold of any attention."""

import numpy as np
import pytest

from gradlib import ShapeError, Tensor, grad, gradcheck, no_grad
from gradlib.amp import autocast
from gradlib.functional import numerical_gradient
from gradlib.nn.attention import (
    LearnedPositionalEncoding,
    MultiheadAttention,
    SinusoidalPositionalEncoding,
    TransformerEncoder,
    TransformerEncoderLayer,
    scaled_dot_product_attention,
    sinusoidal_positions,
)
from gradlib.nn.normalization import LayerNorm


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def make(embed_dim=6, num_heads=2, **options):
    options = {"batch_first": True, **options}
    attention = MultiheadAttention(embed_dim, num_heads, **options, rng=np.random.default_rng(1)).double()
    for parameter in attention.parameters():  # biases too, which begin at 0
        parameter.data = normal(*parameter.shape, seed=parameter.numel()) / 2
    return attention


def encoder_layer(**options):
    options = {"batch_first": True, "dropout": 0.0, **options}
    return TransformerEncoderLayer(6, 2, 10, **options, rng=np.random.default_rng(1)).double()


def by_loops(query, key, value, added=None):
    """Attention one query at a time; `added` (L, S) or None is added to the scores."""
    out = np.empty((*query.shape[:-1], value.shape[-1]))
    for place in np.ndindex(query.shape[:-1]):
        scores = np.array([query[place] @ k for k in key[place[:-1]]]) / np.sqrt(query.shape[-1])
        scores = scores if added is None else scores + added[place[-1]]
        weights = np.exp(scores - scores.max())
        out[place] = sum(w * v for w, v in zip(weights / weights.sum(), value[place[:-1]], strict=True))
    return out


# The function


@pytest.mark.parametrize("leading", [(), (2,), (2, 3)])
@pytest.mark.parametrize("mask", ["none", "bool", "float", "causal"])
def test_attention_is_a_weighted_average_for_each_query(leading, mask):
    q, k, v = normal(*leading, 4, 3), normal(*leading, 5, 3, seed=1), normal(*leading, 5, 2, seed=2)
    allowed = np.arange(5) <= np.arange(4)[:, None] if mask == "causal" else normal(4, 5, seed=3) > -0.5
    added = {"none": None, "float": normal(4, 5, seed=4)}.get(mask, np.where(allowed, 0, -np.inf))
    given = {"bool": allowed, "float": added}.get(mask)
    out = scaled_dot_product_attention(Tensor(q), Tensor(k), Tensor(v), given, is_causal=mask == "causal")
    np.testing.assert_allclose(out.data, by_loops(q, k, v, added), rtol=1e-12)


def test_axes_in_front_broadcast():
    q, k, v = normal(4, 3), normal(2, 5, 3, seed=1), normal(2, 5, 2, seed=2)
    mask = normal(2, 4, 5, seed=3) > -0.5
    out = scaled_dot_product_attention(q, k, v, mask)
    for i in range(2):
        np.testing.assert_allclose(out.data[i], by_loops(q, k[i], v[i], np.where(mask[i], 0, -np.inf)), rtol=1e-12)


def test_no_score_is_high_enough_to_look_ahead():
    x = np.full((3, 1), 1e4)
    x[2] = 1e8  # its score, 1e12, is not seen by the first two queries
    out = scaled_dot_product_attention(x, x, np.arange(3.0)[:, None], is_causal=True)
    np.testing.assert_array_equal(out.data[:2, 0], [0, 0.5])


def test_without_features_all_keys_match_alike():
    v = normal(3, 2)
    out = scaled_dot_product_attention(np.ones((4, 0)), np.ones((3, 0)), v)
    np.testing.assert_allclose(out.data, np.broadcast_to(v.mean(0), (4, 2)), rtol=1e-12)


def test_both_masks_hold_together_and_the_scale_may_be_chosen():
    q, k, v = normal(3, 2), normal(3, 2, seed=1), normal(3, 2, seed=2)
    not_self = ~np.eye(3, dtype=bool)
    not_self[0, 0] = True
    both = np.where(not_self & np.tri(3, dtype=bool), 0, -np.inf)
    out = scaled_dot_product_attention(q, k, v, not_self, is_causal=True, scale=0.5)
    np.testing.assert_allclose(out.data, by_loops(q * 0.5 * np.sqrt(2), k, v, both), rtol=1e-12)


@pytest.mark.parametrize(
    "options", [{}, {"is_causal": True}, {"attn_mask": normal(4, 5) > 0.3}, {"scale": 2.0}], ids=lambda o: "".join(o)
)
def test_gradients_of_attention(options):
    assert gradcheck(
        lambda q, k, v: scaled_dot_product_attention(q, k, v, **options),
        [normal(2, 4, 3), normal(2, 5, 3, seed=1), normal(2, 5, 2, seed=2)],
    )


def test_a_mask_of_floats_may_learn():
    q, k, v = Tensor(normal(4, 3)), Tensor(normal(5, 3, seed=1)), Tensor(normal(5, 2, seed=2))
    assert gradcheck(lambda mask: scaled_dot_product_attention(q, k, v, mask), normal(4, 5, seed=3))
    assert gradcheck(lambda mask: scaled_dot_product_attention(q, k, v, mask, is_causal=True), normal(4, 5, seed=3))


def test_second_derivatives_of_attention():
    k, v = Tensor(normal(5, 3, seed=1)), Tensor(normal(5, 2, seed=2))

    def slope(q):
        q = q if q.requires_grad else Tensor(q.data, requires_grad=True)
        return grad((scaled_dot_product_attention(q, k, v) ** 2).sum(), [q], create_graph=True)[0]

    assert gradcheck(slope, normal(4, 3))


def test_dropout_drops_weights_and_keeps_their_mean():
    q = Tensor(np.zeros((1, 4)))  # every key counts 1/1000
    keys, values = Tensor(normal(1000, 4)), Tensor(np.ones((1000, 1)))
    draws = [
        scaled_dot_product_attention(q, keys, values, dropout_p=0.5, rng=np.random.default_rng(seed)).item()
        for seed in range(20)
    ]
    assert 0.97 < np.mean(draws) < 1.03
    assert 0.02 < np.std(draws) < 0.05  # √(1/1000) = 0.032
    assert draws[0] == (
        scaled_dot_product_attention(q, keys, values, dropout_p=0.5, rng=np.random.default_rng(0)).item()
    )


def nowhere(query):
    """A mask for 3 positions, in which one query may look at no key."""
    mask = np.tri(3, dtype=bool)
    mask[query] = False
    return mask


@pytest.mark.parametrize("mask", [nowhere(1), np.where(nowhere(1), 0.0, -np.inf)], ids=["bool", "float"])
def test_a_query_that_may_look_nowhere_gets_0_and_no_gradient(mask):
    q, k, v = (Tensor(normal(3, 2, seed=seed), requires_grad=True) for seed in range(3))
    out = scaled_dot_product_attention(q, k, v, mask)
    assert (out.data[1] == 0).all() and (out.data[[0, 2]] != 0).all()
    out.sum().backward()
    assert all(np.isfinite(t.grad).all() for t in (q, k, v))
    assert (q.grad[1] == 0).all() and (q.grad[2] != 0).all()


# Causality and equivariance


CAUSAL = {
    "function": lambda x: scaled_dot_product_attention(x, x, x, is_causal=True),
    "mask of bools": lambda x: make()(x, x, x, attn_mask=~np.tri(5, dtype=bool))[0],
    "heads": lambda x: make()(x, x, x, is_causal=True)[0],
    "layer": lambda x: encoder_layer()(x, is_causal=True),
    "stack": lambda x: TransformerEncoder(encoder_layer(norm_first=True), 2)(x, is_causal=True),
    "stack with positions": lambda x: TransformerEncoder(encoder_layer(), 2)(
        SinusoidalPositionalEncoding(6, batch_first=True)(x), is_causal=True
    ),
}


@pytest.mark.parametrize("kind", CAUSAL)
def test_the_future_does_not_leak_into_the_past(kind):
    x = normal(2, 5, 6)
    changed = x.copy()
    changed[:, 3:] = normal(2, 2, 6, seed=9) * 100
    before, after = CAUSAL[kind](Tensor(x)).data, CAUSAL[kind](Tensor(changed)).data
    np.testing.assert_array_equal(before[:, :3], after[:, :3])  # bit for bit
    assert (before[:, 3:] != after[:, 3:]).all()


@pytest.mark.parametrize("kind", CAUSAL)
def test_the_past_gets_gradient_from_what_follows_and_the_future_none(kind):
    x = Tensor(normal(1, 5, 6), requires_grad=True)
    (CAUSAL[kind](x)[:, 2] * normal(6, seed=1)).sum().backward()
    assert (x.grad[:, 3:] == 0).all()
    assert (x.grad[:, :3] != 0).all()


@pytest.mark.parametrize("kind", ["heads", "layer", "stack"])
def test_without_positions_a_new_order_of_the_inputs_is_the_same_order_of_the_outputs(kind):
    call = {
        "heads": lambda x: make()(x, x, x)[0],
        "layer": encoder_layer(),
        "stack": TransformerEncoder(encoder_layer(norm_first=True), 2, norm=LayerNorm(6).double()),
    }[kind]
    x, order = normal(2, 5, 6), np.array([3, 0, 4, 1, 2])
    np.testing.assert_allclose(call(Tensor(x[:, order])).data, call(Tensor(x)).data[:, order], rtol=1e-12)


@pytest.mark.parametrize("encoding", [
    SinusoidalPositionalEncoding(6, batch_first=True),
    LearnedPositionalEncoding(6, 5, batch_first=True, rng=np.random.default_rng(0)).double(),
], ids=["sinusoidal", "learned"])  # fmt: skip
def test_with_positions_the_order_matters(encoding):
    layer, x, order = encoder_layer(), normal(2, 5, 6), np.array([3, 0, 4, 1, 2])
    one, other = layer(encoding(Tensor(x[:, order]))).data, layer(encoding(Tensor(x))).data[:, order]
    assert np.abs(one - other).max() > 1e-3


# Several heads


@pytest.mark.parametrize("bias", [True, False])
def test_each_head_attends_with_its_own_columns(bias):
    attention = make(bias=bias)
    query, memory = normal(2, 4, 6), normal(2, 5, 6, seed=1)
    weight = attention.in_proj_weight.data
    offset = attention.in_proj_bias.data if bias else np.zeros(18)
    q = query @ weight[:, :6] + offset[:6]
    k = memory @ weight[:, 6:12] + offset[6:12]
    v = memory @ weight[:, 12:] + offset[12:]
    heads = [by_loops(q[..., part], k[..., part], v[..., part]) for part in (slice(0, 3), slice(3, 6))]
    expected = np.concatenate(heads, axis=-1) @ attention.out_proj.weight.data
    expected = expected + (attention.out_proj.bias.data if bias else 0)
    out, _ = attention(Tensor(query), Tensor(memory), Tensor(memory))
    np.testing.assert_allclose(out.data, expected, rtol=1e-11)
    np.testing.assert_array_equal(attention(query, memory, memory)[0].data, out.data)  # arrays are taken too


def test_the_layouts_give_the_same_numbers():
    x, memory = normal(2, 4, 6), normal(2, 5, 6, seed=1)
    by_batch, weights = make()(Tensor(x), Tensor(memory), Tensor(memory))
    swapped = [Tensor(array.swapaxes(0, 1)) for array in (x, memory, memory)]
    by_time, same_weights = make(batch_first=False)(*swapped)
    np.testing.assert_allclose(by_time.data.swapaxes(0, 1), by_batch.data, rtol=1e-12)
    np.testing.assert_allclose(same_weights.data, weights.data, rtol=1e-12)
    for batch_first in (True, False):
        one, one_weights = make(batch_first=batch_first)(Tensor(x[1]), Tensor(memory[1]), Tensor(memory[1]))
        np.testing.assert_allclose(one.data, by_batch.data[1], rtol=1e-12)
        np.testing.assert_allclose(one_weights.data, weights.data[1], rtol=1e-12)


def test_the_weights_of_a_query_sum_to_one():
    x = Tensor(normal(2, 4, 6))
    _, each = make()(x, x, x, average_attn_weights=False, is_causal=True)
    _, mean = make()(x, x, x, is_causal=True)
    assert each.shape == (2, 2, 4, 4)
    np.testing.assert_allclose(each.data.sum(axis=-1), 1, rtol=1e-12)
    np.testing.assert_allclose(each.data.mean(axis=1), mean.data, rtol=1e-12)
    assert (np.triu(mean.data, 1) == 0).all() and (np.tril(mean.data).sum(-1) > 0).all()
    assert make()(x, x, x, need_weights=False)[1] is None


def test_padding_is_as_if_it_were_not_there():
    attention, x = make(), normal(2, 5, 6)
    padding = np.array([[False, False, False, True, True], [False] * 5])
    x[0, 3:] = 1e3
    out, weights = attention(Tensor(x), Tensor(x), Tensor(x), key_padding_mask=padding)
    alone, _ = attention(Tensor(x[:1, :3]), Tensor(x[:1, :3]), Tensor(x[:1, :3]))
    np.testing.assert_allclose(out.data[0, :3], alone.data[0], rtol=1e-12)
    assert (weights.data[0, :, 3:] == 0).all() and (weights.data[1] > 0).all()


def test_masks_add_up():
    attention, x = make(), Tensor(normal(2, 4, 6))
    padding = np.array([[False, False, False, True], [False, True, False, False]])
    blocked = ~np.tri(4, dtype=bool)
    each = blocked[None] | padding.repeat(2, axis=0)[:, None]  # (N·H, L, S): one mask for each sequence and head
    out = attention(x, x, x, key_padding_mask=padding, attn_mask=blocked)[0].data
    np.testing.assert_array_equal(attention(x, x, x, key_padding_mask=padding, is_causal=True)[0].data, out)
    np.testing.assert_array_equal(attention(x, x, x, attn_mask=each)[0].data, out)
    added = np.where(padding, -np.inf, 0.0), np.where(blocked, -np.inf, 0.0)
    np.testing.assert_array_equal(attention(x, x, x, key_padding_mask=added[0], attn_mask=added[1])[0].data, out)


def test_a_sequence_of_padding_alone_gives_the_bias_and_no_gradient():
    attention, data = make(), normal(2, 4, 6)
    x = Tensor(data, requires_grad=True)
    out, weights = attention(x, x, x, key_padding_mask=np.array([[True] * 4, [False] * 4]))
    assert (weights.data[0] == 0).all()
    np.testing.assert_array_equal(out.data[0], np.broadcast_to(attention.out_proj.bias.data, (4, 6)))
    (out * normal(2, 4, 6, seed=1)).sum().backward()
    assert (x.grad[0] == 0).all() and (x.grad[1] != 0).all()


def check_parameters(module, call):
    """Every parameter's gradient against finite differences."""
    module.zero_grad()
    out = call()
    cotangent = normal(*out.shape, seed=5)
    (out * cotangent).sum().backward()
    for name, parameter in module.named_parameters():
        kept = parameter.data.copy()

        def moved(values, parameter=parameter):
            with no_grad():
                parameter.data = values
                return float((call().data * cotangent).sum())

        numerical = numerical_gradient(moved, kept)
        parameter.data = kept
        np.testing.assert_allclose(parameter.grad, numerical, rtol=1e-5, atol=1e-7, err_msg=name)


def test_gradients_of_several_heads():
    attention = make(4, 2)
    padding = np.array([[False, False, True], [False] * 3])
    x, memory = normal(2, 2, 4), normal(2, 3, 4, seed=1)
    assert gradcheck(lambda q, k, v: attention(q, k, v, key_padding_mask=padding), [x, memory, memory + 1])
    check_parameters(attention, lambda: attention(Tensor(x), Tensor(memory), Tensor(memory))[0])


@pytest.mark.parametrize("norm_first", [True, False])
def test_gradients_of_the_layer(norm_first):
    layer = TransformerEncoderLayer(4, 2, 3, 0.0, "gelu", batch_first=True, norm_first=norm_first).double()
    x = normal(2, 3, 4)
    assert gradcheck(lambda t: layer(t, is_causal=True), x)
    check_parameters(layer, lambda: layer(Tensor(x), is_causal=True))


# The transformer's layer


@pytest.mark.parametrize("norm_first", [True, False])
@pytest.mark.parametrize("activation", ["relu", "gelu", Tensor.tanh])
def test_the_layer_is_what_its_formula_says(norm_first, activation):
    layer = encoder_layer(norm_first=norm_first, activation=activation)
    x = Tensor(normal(2, 5, 6))
    act = {"relu": Tensor.relu, "gelu": Tensor.gelu}.get(activation, activation)

    def attend(t):
        return layer.self_attn(t, t, t)[0]

    def think(t):
        return act(t @ layer.linear1.weight + layer.linear1.bias) @ layer.linear2.weight + layer.linear2.bias

    if norm_first:
        y = x + attend(layer.norm1(x))
        y = y + think(layer.norm2(y))
    else:
        y = layer.norm1(x + attend(x))
        y = layer.norm2(y + think(y))
    np.testing.assert_allclose(layer(x).data, y.data, rtol=1e-11, atol=1e-13)


def test_dropout_of_the_layer_acts_in_training_only():
    layer, x = encoder_layer(dropout=0.5), Tensor(normal(2, 5, 6))
    assert not np.array_equal(layer(x).data, layer(x).data)
    layer.eval()
    np.testing.assert_array_equal(layer(x).data, layer(x).data)
    np.testing.assert_array_equal(layer(x).data, encoder_layer()(x).data)


def test_where_the_layer_drops():
    """With p = 1 a dropout leaves nothing of its place: what comes after it shows where it is."""
    x, nothing = Tensor(normal(2, 5, 6)), np.zeros(6)
    for place, from_attention, from_mlp in [
        ("all", nothing, nothing),
        ("self_attn", normal(6, seed=1), nothing),  # weights dropped: the bias of the projection is left
        ("dropout", nothing, normal(6, seed=2)),  # the hidden layer dropped: the bias of the second is left
    ]:
        layer = encoder_layer(dropout=1.0, norm_first=True)
        layer.self_attn.out_proj.bias.data = normal(6, seed=1)
        layer.linear2.bias.data = normal(6, seed=2)
        if place == "self_attn":
            layer.dropout1.p = 0
        if place == "dropout":
            layer.dropout2.p = 0
        np.testing.assert_allclose(layer(x).data, x.data + from_attention + from_mlp, rtol=1e-12, err_msg=place)


def test_a_layer_without_biases_has_none():
    names = [name for name, _ in encoder_layer(bias=False).named_parameters()]
    assert names and not [name for name in names if "bias" in name]


def test_the_stack_has_layers_of_its_own_that_begin_alike():
    layer = encoder_layer(dropout=0.3)
    stack = TransformerEncoder(layer, 3, norm=LayerNorm(6).double())
    first, second = (dict(each.named_parameters()) for each in list(stack.layers)[:2])
    assert len(first) == 12
    for name in first:
        assert first[name] is not second[name]
        np.testing.assert_array_equal(first[name].data, second[name].data)
    first["linear1.bias"].data += 1
    assert (second["linear1.bias"].data != first["linear1.bias"].data).all()
    assert len(list(stack.parameters())) == 3 * 12 + 2
    drops = [each.dropout1.rng for each in stack.layers]
    assert drops[0] is drops[1] is layer.dropout1.rng  # copies of a generator would drop the same entries


def test_the_stack_is_its_layers_one_after_the_other():
    stack = TransformerEncoder(encoder_layer(norm_first=True), 2, norm=LayerNorm(6).double())
    x, padding = Tensor(normal(2, 5, 6)), np.array([[False] * 4 + [True], [False] * 5])
    y = x
    for layer in stack.layers:
        y = layer(y, src_key_padding_mask=padding, is_causal=True)
    out = stack(x, src_key_padding_mask=padding, is_causal=True)
    np.testing.assert_array_equal(out.data, stack.norm(y).data)


def test_the_names_are_those_of_pytorch():
    names = [name for name, _ in encoder_layer().named_parameters()]
    assert names[:4] == [
        "self_attn.in_proj_weight", "self_attn.in_proj_bias", "self_attn.out_proj.weight", "self_attn.out_proj.bias",
    ]  # fmt: skip
    parts = ("linear1", "linear2", "norm1", "norm2")
    assert names[4:] == [f"{part}.{kind}" for part in parts for kind in ("weight", "bias")]
    attention = make()
    assert attention.in_proj_weight.shape == (6, 18) and attention.transposed == ("in_proj_weight",)
    assert repr(attention).split()[:3] == ["MultiheadAttention(", "6,", "2,"]


# Positions


def test_a_shift_turns_each_pair_of_the_sinusoids():
    positions, shift = sinusoidal_positions(50, 6), 7
    for pair in range(3):
        angle = shift / 10_000 ** (2 * pair / 6)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        both = positions[:, 2 * pair : 2 * pair + 2]
        np.testing.assert_allclose(both[shift:], both[:-shift] @ turn, atol=1e-12)


def test_the_first_and_an_odd_position():
    np.testing.assert_array_equal(sinusoidal_positions(1, 5), [[0, 1, 0, 1, 0]])
    np.testing.assert_allclose(sinusoidal_positions(3, 3)[2], [np.sin(2), np.cos(2), np.sin(2 / 10_000 ** (2 / 3))])


@pytest.mark.parametrize("make_encoding", [
    lambda batch_first: SinusoidalPositionalEncoding(4, batch_first=batch_first),
    lambda batch_first: LearnedPositionalEncoding(4, 9, batch_first=batch_first, rng=np.random.default_rng(0)),
], ids=["sinusoidal", "learned"])  # fmt: skip
def test_each_position_gets_its_vector_in_every_layout(make_encoding):
    alone = make_encoding(False)(Tensor(np.zeros((7, 4), dtype=np.float32)))
    assert alone.dtype == np.float32 and len(np.unique(alone.data, axis=0)) == 7
    for batch_first, shape in ((False, (7, 3, 4)), (True, (3, 7, 4))):
        out = make_encoding(batch_first)(Tensor(np.zeros(shape, dtype=np.float32))).data
        np.testing.assert_array_equal(out[0] if batch_first else out[:, 0], alone.data)
        np.testing.assert_array_equal(out[2] if batch_first else out[:, 2], alone.data)


def test_learned_positions_learn_where_they_were_used():
    encoding = LearnedPositionalEncoding(4, max_len=9, batch_first=True)
    encoding(Tensor(np.zeros((2, 5, 4), dtype=np.float32))).sum().backward()
    np.testing.assert_array_equal(encoding.weight.grad, np.repeat([2.0, 0.0], [5, 4])[:, None] * np.ones(4))


# What is refused

X = normal(2, 4, 6)
REFUSED = [
    (lambda: MultiheadAttention(6, 4), ValueError, r"num_heads must divide it \(for example 1, 2, 3, 6\)"),
    (lambda: MultiheadAttention(6, 0), ValueError, "cannot be shared evenly"),
    (lambda: MultiheadAttention(6, 2.0), TypeError, "num_heads must be an integer, got 2.0"),
    (lambda: MultiheadAttention(0, 2), ValueError, "embed_dim must be an integer of at least 1, got 0"),
    (lambda: MultiheadAttention(6, 2, dropout=1.5), ValueError, "a probability, 0 to 1, got 1.5"),
    (lambda: TransformerEncoder(TransformerEncoderLayer(4, 2, 4), 0), ValueError, "num_layers must be an integer"),
    (lambda: LearnedPositionalEncoding(4, 0), ValueError, "max_len must be an integer of at least 1, got 0"),
    (lambda: SinusoidalPositionalEncoding(-4), ValueError, "embed_dim must be an integer of at least 1, got -4"),
    (lambda: make()(Tensor(X[..., :5]), Tensor(X), Tensor(X)), ShapeError, r"query must have embed_dim=6.*\(2, 4, 5\)"),
    (lambda: make()(Tensor(X), Tensor(X[0]), Tensor(X[0])), ShapeError, "must all have shape"),
    (lambda: make()(Tensor(X), Tensor(X), Tensor(X[:, :3])), ShapeError, "every key needs its value"),
    (lambda: make()(Tensor(X), Tensor(X[:1]), Tensor(X[:1])), ShapeError, "number of sequences, on axis 0"),
    (
        lambda: make()(Tensor(X), Tensor(X), Tensor(X), attn_mask=np.zeros((4, 3))),
        ShapeError,
        r"shape \(L, S\) = \(4, 4\).*got \(4, 3\)",
    ),
    (
        lambda: make()(Tensor(X), Tensor(X), Tensor(X), attn_mask=np.zeros((2, 4, 4))),
        ShapeError,
        r"\(N·num_heads, L, S\) = \(4, 4, 4\), got \(2, 4, 4\)",
    ),
    (
        lambda: make()(Tensor(X), Tensor(X), Tensor(X), attn_mask=np.ones((4, 4), dtype=int)),
        TypeError,
        "attn_mask must hold bools or floats, got int64",
    ),
    (
        lambda: make()(Tensor(X), Tensor(X), Tensor(X), key_padding_mask=np.zeros((4, 2), dtype=bool)),
        ShapeError,
        r"shape \(N, S\) = \(2, 4\).*got \(4, 2\)",
    ),
    (
        lambda: scaled_dot_product_attention(Tensor(X), Tensor(X[..., :5]), Tensor(X)),
        ShapeError,
        "same number of features",
    ),
    (lambda: scaled_dot_product_attention(Tensor(X), Tensor(X), Tensor(X[:, :3])), ShapeError, "its value"),
    (lambda: scaled_dot_product_attention(X, X[[0, 0, 0]], X[[0, 0, 0]]), ShapeError, "axes before positions"),
    (lambda: scaled_dot_product_attention(Tensor(X[0, 0]), Tensor(X), Tensor(X)), ShapeError, "axis of positions"),
    (
        lambda: scaled_dot_product_attention(Tensor(X), Tensor(X), Tensor(X), np.zeros((3, 4))),
        ShapeError,
        r"attn_mask must have shape \(4, 4\).*got \(3, 4\)",
    ),
    (lambda: TransformerEncoderLayer(6, 2, activation="sine"), ValueError, "'relu', 'gelu' or a function"),
    (lambda: SinusoidalPositionalEncoding(4)(Tensor(X)), ShapeError, r"expected shape \(L, N, 4\), or \(L, 4\)"),
    (lambda: LearnedPositionalEncoding(6, 3, batch_first=True)(Tensor(X)), ShapeError, "4 positions.* max_len=3"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "error", "message"), REFUSED, ids=[message[:40] for *_, message in REFUSED])
def test_a_wrong_call_is_explained(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_scores_beyond_float16_are_computed_in_float32():
    rng = np.random.default_rng(0)
    query, key = (np.full((3, 8), 200, np.float16) + rng.normal(size=(3, 8)).astype(np.float16) for _ in range(2))
    value = rng.normal(size=(3, 2)).astype(np.float16)
    exact = scaled_dot_product_attention(*(a.astype(np.float64) for a in (query, key, value))).data
    for enabled in (False, True):
        q = Tensor(query, requires_grad=True)
        with autocast(enabled=enabled):
            out = scaled_dot_product_attention(q, key, value)
        out.sum().backward()
        assert out.dtype == np.float16 and np.isfinite(q.grad).all()
        np.testing.assert_allclose(out.data, exact, rtol=0.02, atol=0.02)
