"""Attention, the transformer's layer, and encodings of positions."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from ..amp import autocast
from ..autograd import recording
from ..errors import ShapeError, flag, whole
from ..random import generator
from ..tensor import Parameter, Tensor, as_tensor
from . import init
from .activations import gelu, relu
from .containers import ModuleList
from .layers import Dropout, Linear
from .layers import dropout as drop
from .module import Module
from .normalization import LayerNorm


def scaled_dot_product_attention(
    query, key, value, attn_mask=None, dropout_p: float = 0.0, is_causal: bool = False,
    scale: float | None = None, *, rng: np.random.Generator | None = None,
) -> Tensor:  # fmt: skip
    """For every query an average of the values, weighted by how well their keys match the query.

        out = softmax(q kᵀ · scale + mask) v,   scale = 1/√E by default

    query : (..., L, E). key : (..., S, E). value : (..., S, V). The result has shape (..., L, V); leading axes
        broadcast.
    attn_mask : shape (L, S), or one that broadcasts to (..., L, S). Of bools: True where a query may look. Of
        floats: added to the scores; it may be a tensor that learns.
    dropout_p : the probability of dropping a weight, in every call: pass 0 in evaluation.
    is_causal : query i looks at keys 0 to i only; with `attn_mask`, both hold.
    rng : draws the weights to drop.

    A query that may not look at any key gets 0 and no gradient, where softmax alone would give NaN. Without the scale,
    scores of E products have a standard deviation of √E, and softmax saturates.

    Raises ShapeError where the shapes do not fit, TypeError for a mask of integers.
    Source: Vaswani et al., Attention Is All You Need, 2017, section 3.2.1.

    >>> keys, values = Tensor([[1.0, 0.0], [0.0, 1.0]]), Tensor([[10.0], [20.0]])
    >>> query = Tensor([[9.0, 0.0]])
    >>> print(scaled_dot_product_attention(query, keys, values).data.round(2))
    [[10.02]]
    """
    query, key, value = map(as_tensor, (query, key, value))
    bias = _bias(query.dtype, _scores_shape(query.shape, key.shape, value.shape), attn_mask, is_causal)
    return _attention(query, key, value, bias, dropout_p, scale, rng)[0]


def _attention(query, key, value, bias, dropout_p, scale, rng) -> tuple[Tensor, Tensor]:
    """The averages and the weights. `bias`, an array, a tensor or None, is added to the scores."""
    scale = max(query.shape[-1], 1) ** -0.5 if scale is None else scale
    if query.dtype == np.float16 == key.dtype:  # a score above 65504 is infinite there: 4 features of 200 make 80,000
        with autocast(enabled=False):
            scores = (query.float() * scale) @ key.float().mT
        weights = _weights(scores, bias)
        weights = weights if recording.products_in is not None else weights.astype(np.float16)
    else:
        scores = (query * scale) @ key.mT  # (..., L, E) @ (..., E, S) -> (..., L, S)
        weights = _weights(scores, bias)
    if dropout_p:
        weights = drop(weights, dropout_p, True, rng=rng)
    return weights @ value, weights  # (..., L, S) @ (..., S, V) -> (..., L, V)


def _weights(scores, bias) -> Tensor:
    """softmax(scores + bias) over the keys, and 0 for a query that may not look at any of them."""
    if bias is None:
        return scores.softmax(dim=-1)
    array = bias.data if isinstance(bias, Tensor) else bias
    nowhere = np.isneginf(array).all(axis=-1, keepdims=True)
    if not nowhere.any():
        return (scores + bias).softmax(dim=-1)
    return (scores + np.where(nowhere, 0, bias)).softmax(dim=-1) * ~nowhere


# Masks ------------------------------------------------------------


@lru_cache(maxsize=32)  # every layer of every step needs one: 15 µs each for 32 tokens
def _causal_bias(queries: int, keys: int, dtype: np.dtype) -> np.ndarray:
    bias = np.triu(np.full((queries, keys), -np.inf, dtype), 1)
    bias.flags.writeable = False
    return bias


def _bias(dtype, shape, mask, is_causal: bool):
    """The number to add to each score: 0, or -∞ where a query may not look, plus a mask of floats."""
    bias = _causal_bias(*shape[-2:], dtype) if is_causal else None
    if mask is None:
        return bias
    mask = _additive(mask, dtype, "attn_mask", allowed=True)
    _check_mask(mask.shape, shape, "attn_mask")
    return mask if bias is None else mask + bias


def _additive(mask, dtype, name: str, allowed: bool):
    """A mask as numbers to add. A mask of bools says where a query may look (`allowed`), or where it may not."""
    mask = mask if isinstance(mask, (Tensor, np.ndarray)) else as_tensor(mask)
    if mask.dtype.kind == "f":
        return mask.astype(dtype)
    if mask.dtype.kind != "b":
        raise TypeError(
            f"{name} must hold bools or floats, got {mask.dtype}: an integer 1 could let a query look, or be added to "
            f"its score. Write {name} == 1, or {name} == 0."
        )
    array = mask.data if isinstance(mask, Tensor) else mask
    return np.where(array == allowed, 0, -np.inf).astype(dtype)


def _check_mask(mask_shape, shape, name: str) -> None:
    try:
        fits = np.broadcast_shapes(mask_shape, shape) == tuple(shape)
    except ValueError:
        fits = False
    if not fits:
        raise ShapeError(
            f"{name} must have shape {shape[-2:]}, a row for each query and a column for each key, or one that "
            f"broadcasts to {tuple(shape)}; got {mask_shape}."
        )


def _scores_shape(query, key, value) -> tuple[int, ...]:
    """The shape (..., L, S) of the scores of inputs of these shapes, checked."""
    if min(map(len, (query, key, value))) < 2:
        raise ShapeError(
            f"query, key and value need an axis of positions and an axis of features, (..., L, E); got {query}, {key} "
            f"and {value}."
        )
    if query[-1] != key[-1]:
        raise ShapeError(
            f"query {query} and key {key} must have the same number of features, which are multiplied and summed: "
            f"{query[-1]} is not {key[-1]}."
        )
    if key[-2] != value[-2]:
        raise ShapeError(
            f"every key needs its value: key {key} has {key[-2]} positions, value {value} has {value[-2]}."
        )
    try:
        leading = np.broadcast_shapes(query[:-2], key[:-2], value[:-2])
    except ValueError:
        raise ShapeError(
            f"the axes before positions and features must be equal or 1: got query {query}, key {key} and value "
            f"{value}."
        ) from None
    return (*leading, query[-2], key[-2])


# Layers ------------------------------------------------------------


class MultiheadAttention(Module):
    """Attention in several heads at once, each with its own view of the features.

        headᵢ = softmax(qᵢ kᵢᵀ/√d) vᵢ     q, k, v = query W_q + b_q, key W_k + b_k, value W_v + b_v
        out = [head₁ … headₕ] W_o + b_o       headᵢ takes columns (i-1)·d to i·d, d = embed_dim/num_heads

    embed_dim : E, the number of features of queries, keys, values and the result. num_heads : must divide it.
    dropout : the probability of dropping a weight, in training. bias : whether b_q, b_k, b_v, b_o are there.
    batch_first : (N, L, E) instead of (L, N, E).
    rng : draws the first weights and the entries to drop.

    `in_proj_weight` (E, 3E) holds W_q, W_k, W_v side by side (PyTorch: (3E, E)), `in_proj_bias` (3E) b_q, b_k, b_v;
    `out_proj` is a Linear. The first weights are Xavier's, the biases 0.

    Called as (query, key, value, key_padding_mask=None, need_weights=True, attn_mask=None,
    average_attn_weights=True, is_causal=False), with query (L, N, E), key and value (S, N, E), or without N:
    key_padding_mask : (N, S), bools: True where a key is padding, which no query looks at. Floats are added.
    attn_mask : (L, S), or (N·num_heads, L, S). Of bools: True where a query may *not* look, as in PyTorch (and
        unlike `scaled_dot_product_attention`). Floats are added to the scores.
    is_causal : query i looks at keys 0 to i only. (In PyTorch this is a hint that needs attn_mask; here it suffices.)

    Returns the result, of the query's shape, and the weights: (N, L, S), averaged over the heads, or
    (N, num_heads, L, S) with average_attn_weights=False; None with need_weights=False. A query that may not look at
    any key gets weights 0 (PyTorch: NaN, but 0 with need_weights=False).

    Raises ValueError if num_heads does not divide embed_dim; ShapeError and TypeError for inputs and masks.
    Source: Vaswani et al., Attention Is All You Need, 2017, section 3.2.2.

    >>> attention = MultiheadAttention(8, 2, batch_first=True, rng=np.random.default_rng(0))
    >>> x = Tensor(np.ones((1, 3, 8), dtype=np.float32))
    >>> out, weights = attention(x, x, x, is_causal=True)
    >>> out.shape, weights.data[0].round(2).tolist()
    ((1, 3, 8), [[1.0, 0.0, 0.0], [0.5, 0.5, 0.0], [0.33..., 0.33..., 0.33...]])
    """

    transposed = ("in_proj_weight",)  # PyTorch stores (3E, E)

    def __init__(
        self, embed_dim: int, num_heads: int, dropout: float = 0.0, bias: bool = True,
        batch_first: bool = False, *, rng: np.random.Generator | None = None,
    ):  # fmt: skip
        super().__init__()
        whole("embed_dim must be an integer of at least 1", embed_dim, 1)
        if whole("num_heads must be an integer", num_heads) < 1 or embed_dim % num_heads:
            raise ValueError(
                f"embed_dim={embed_dim} features cannot be shared evenly by num_heads={num_heads}: num_heads must "
                f"divide it{_divisors(embed_dim)}."
            )
        drop(Tensor(0.0), dropout, training=False)  # checks that it is a probability
        self.embed_dim, self.num_heads, self.dropout = embed_dim, num_heads, dropout
        self.batch_first, self.rng = flag("batch_first", batch_first), rng
        self.in_proj_weight = Parameter(np.empty((embed_dim, 3 * embed_dim), dtype=np.float32))
        init.xavier_uniform_(self.in_proj_weight, rng=rng)
        self.in_proj_bias = Parameter(np.zeros(3 * embed_dim, dtype=np.float32)) if bias else None
        self.out_proj = Linear(embed_dim, embed_dim, bias=bias, rng=rng)
        if bias:
            init.zeros_(self.out_proj.bias)

    def forward(
        self, query, key, value, key_padding_mask=None, need_weights: bool = True, attn_mask=None,
        average_attn_weights: bool = True, is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:  # fmt: skip
        query, key, value = map(as_tensor, (query, key, value))
        self._check(query.shape, key.shape, value.shape)
        batched = query.ndim == 3
        layout = (1, 0, 2) if batched and not self.batch_first else None
        shape = query.shape if layout is None else tuple(query.shape[axis] for axis in layout)
        q, k, v = (
            self._heads(x if layout is None else x.permute(layout), block)
            for block, x in enumerate((query, key, value))
        )
        scores_shape = (*q.shape[:-1], k.shape[-2])  # (N, H, L, S)
        bias = self._bias(q.dtype, scores_shape, attn_mask, key_padding_mask, is_causal)
        heads, weights = _attention(q, k, v, bias, self.dropout * self.training, None, self.rng)
        out = self.out_proj(heads.permute(0, 2, 1, 3).reshape(shape))  # (N, H, L, d) -> (N, L, H·d)
        out = out if layout is None else out.permute(layout)
        if not need_weights:
            return out, None
        weights = weights.mean(axis=1) if average_attn_weights else weights
        return out, weights if batched else weights[0]

    def _heads(self, x: Tensor, block: int) -> Tensor:
        """Queries (block 0), keys (1) or values (2) of each head: (N, L, E) or (L, E) -> (N, H, L, d)."""
        # Slice the weights, not the product: the gradient of a slice is the slice in zeros. Zeros of (64, 192) cost
        # 3 µs, zeros of the product, (512, 192), 60.
        columns = slice(block * self.embed_dim, (block + 1) * self.embed_dim)
        rows = x.reshape(-1, self.embed_dim) @ self.in_proj_weight[:, columns]  # (N·L, E) @ (E, E)
        if self.in_proj_bias is not None:
            rows = rows + self.in_proj_bias[columns]
        count, length = x.shape[:2] if x.ndim == 3 else (1, x.shape[0])
        heads = rows.reshape(count, length, self.num_heads, self.embed_dim // self.num_heads)
        return heads.permute(0, 2, 1, 3)  # (N, L, H, d) -> (N, H, L, d)

    def _bias(self, dtype, shape, attn_mask, key_padding_mask, is_causal):
        """The sum of the masks, to add to scores of shape (N, H, L, S); None without masks."""
        count, heads, queries, keys = shape
        bias = _causal_bias(queries, keys, dtype) if is_causal else None
        if attn_mask is not None:
            mask = _additive(attn_mask, dtype, "attn_mask", allowed=False)
            if mask.ndim == 3:
                if mask.shape != (count * heads, queries, keys):
                    raise ShapeError(
                        "attn_mask with three axes must have shape (N·num_heads, L, S) = "
                        f"{(count * heads, queries, keys)}, got {mask.shape}."
                    )
                mask = mask.reshape(shape)
            elif mask.shape != (queries, keys):
                raise ShapeError(
                    f"attn_mask must have shape (L, S) = {(queries, keys)}, a row for each query and a column for each "
                    f"key, got {mask.shape}."
                )
            bias = mask if bias is None else mask + bias
        if key_padding_mask is not None:
            mask = _additive(key_padding_mask, dtype, "key_padding_mask", allowed=False)
            mask = mask.reshape(1, -1) if mask.ndim == 1 else mask  # of a sequence without N
            if mask.shape != (count, keys):
                raise ShapeError(
                    f"key_padding_mask must have shape (N, S) = {(count, keys)}, one entry for each key, got "
                    f"{mask.shape}."
                )
            mask = mask.reshape(count, 1, 1, keys)  # (N, S) -> (N, 1, 1, S)
            bias = mask if bias is None else mask + bias
        return bias

    def _check(self, query, key, value) -> None:
        for name, shape in (("query", query), ("key", key), ("value", value)):
            if len(shape) not in (2, 3) or len(shape) != len(query):
                raise ShapeError(
                    f"query, key and value must all have shape {self._wanted(3)}, or {self._wanted(2)}; got {query}, "
                    f"{key} and {value}."
                )
            if shape[-1] != self.embed_dim:
                raise ShapeError(
                    f"{name} must have embed_dim={self.embed_dim} features on its last axis, got shape {shape}."
                )
        if key[:-1] != value[:-1]:
            raise ShapeError(f"every key needs its value: got key {key} and value {value}.")
        batch_axis = 0 if self.batch_first else 1
        if len(query) == 3 and query[batch_axis] != key[batch_axis]:
            raise ShapeError(
                f"query {query} and key {key} differ in the number of sequences, on axis {batch_axis}: the shape is "
                f"{self._wanted(3)} with batch_first={self.batch_first}."
            )

    def _wanted(self, axes: int) -> str:
        names = ["N", "L"] if self.batch_first else ["L", "N"]
        return f"({', '.join([*(names if axes == 3 else ['L']), str(self.embed_dim)])})"

    def extra_repr(self) -> str:
        return f"{self.embed_dim}, {self.num_heads}, batch_first={self.batch_first}"


def _divisors(number: int) -> str:
    divisors = [n for n in range(1, min(number, 64) + 1) if number % n == 0]
    return f" (for example {', '.join(map(str, divisors))})" if divisors else ""


class TransformerEncoderLayer(Module):
    """Attention among the positions, then a small network at each; both are added to their input.

        norm_first=False (as published)     x = norm1(x + attention(x))      x = norm2(x + mlp(x))
        norm_first=True                     x = x + attention(norm1(x))      x = x + mlp(norm2(x))
        mlp(x) = activation(x W₁ + b₁) W₂ + b₂,     with dropout after the activation and after each part

    d_model : the number of features E. nhead : the number of heads. dim_feedforward : the width of the mlp.
    activation : "relu", "gelu", or a function of a tensor. layer_norm_eps : ε of the two LayerNorms.
    batch_first : (N, L, E) instead of (L, N, E). bias : whether any part has biases.
    rng : draws the first weights and the entries to drop.

    Called as (src, src_mask=None, src_key_padding_mask=None, is_causal=False), masks as in MultiheadAttention.
    With is_causal=True it is a GPT's layer.

    Source: Vaswani et al., Attention Is All You Need, 2017, section 3.1; norm first: Xiong et al., On Layer
    Normalization in the Transformer Architecture, 2020.

    >>> layer = TransformerEncoderLayer(8, 2, dim_feedforward=16, batch_first=True)
    >>> layer(Tensor(np.zeros((5, 3, 8), dtype=np.float32))).shape
    (5, 3, 8)
    """

    def __init__(
        self, d_model: int, nhead: int, dim_feedforward: int = 2048, dropout: float = 0.1,
        activation: str | Callable[[Tensor], Tensor] = "relu", layer_norm_eps: float = 1e-5,
        batch_first: bool = False, norm_first: bool = False, bias: bool = True,
        *, rng: np.random.Generator | None = None,
    ):  # fmt: skip
        super().__init__()
        self.norm_first = norm_first
        self.activation = _activation(activation)
        self.self_attn = MultiheadAttention(d_model, nhead, dropout, bias, batch_first, rng=rng)
        self.linear1 = Linear(d_model, dim_feedforward, bias=bias, rng=rng)
        self.dropout = Dropout(dropout, rng=rng)
        self.linear2 = Linear(dim_feedforward, d_model, bias=bias, rng=rng)
        self.norm1 = LayerNorm(d_model, eps=layer_norm_eps, bias=bias)
        self.norm2 = LayerNorm(d_model, eps=layer_norm_eps, bias=bias)
        self.dropout1 = Dropout(dropout, rng=rng)
        self.dropout2 = Dropout(dropout, rng=rng)

    def forward(self, src, src_mask=None, src_key_padding_mask=None, is_causal: bool = False) -> Tensor:
        def attend(x):
            x, _ = self.self_attn(
                x, x, x, attn_mask=src_mask, key_padding_mask=src_key_padding_mask, need_weights=False,
                is_causal=is_causal,
            )  # fmt: skip
            return self.dropout1(x)

        def think(x):
            return self.dropout2(self.linear2(self.dropout(self.activation(self.linear1(x)))))

        x = src
        if self.norm_first:
            x = x + attend(self.norm1(x))
            return x + think(self.norm2(x))
        x = self.norm1(x + attend(x))
        return self.norm2(x + think(x))

    def extra_repr(self) -> str:
        return f"norm_first={self.norm_first}"


def _activation(activation: str | Callable) -> Callable:
    named = {"relu": relu, "gelu": gelu}
    if callable(activation):
        return activation
    if not isinstance(activation, str) or activation not in named:
        raise ValueError(f"activation must be 'relu', 'gelu' or a function of a tensor, got {activation!r}.")
    return named[activation]


class TransformerEncoder(Module):
    """Several encoder layers, one after another, with an optional normalization at the end.

    encoder_layer : a TransformerEncoderLayer, which is copied num_layers times. As in PyTorch all copies begin with the
        same weights. norm : a LayerNorm for the result, needed where the layers have norm_first=True.

    Called as (src, mask=None, src_key_padding_mask=None, is_causal=False).

    >>> layer = TransformerEncoderLayer(8, 2, dim_feedforward=16, batch_first=True, norm_first=True)
    >>> encoder = TransformerEncoder(layer, num_layers=2, norm=LayerNorm(8))
    >>> encoder(Tensor(np.zeros((5, 3, 8), dtype=np.float32)), is_causal=True).shape
    (5, 3, 8)
    """

    def __init__(self, encoder_layer: Module, num_layers: int, norm: Module | None = None):
        super().__init__()
        whole("num_layers must be an integer of at least 1", num_layers, 1)
        for name, module in (("encoder_layer", encoder_layer), ("norm", norm)):
            if not isinstance(module, (Module, type(None) if name == "norm" else Module)):
                raise TypeError(f"TransformerEncoder's {name} must be a module, got {type(module).__name__}.")
        self.layers = ModuleList([_copy(encoder_layer) for _ in range(num_layers)])
        self.num_layers = num_layers
        self.norm = norm

    def forward(self, src, mask=None, src_key_padding_mask=None, is_causal: bool = False) -> Tensor:
        for layer in self.layers:
            src = layer(src, src_mask=mask, src_key_padding_mask=src_key_padding_mask, is_causal=is_causal)
        return src if self.norm is None else self.norm(src)


def _copy(layer: Module) -> Module:
    """A copy with parameters of its own. Generators are shared: copies of one would drop the same entries."""
    shared = [module.rng for module in layer.modules() if getattr(module, "rng", None) is not None]
    return copy.deepcopy(layer, {id(rng): rng for rng in shared})


# Positions ------------------------------------------------------------


def sinusoidal_positions(length: int, embed_dim: int) -> np.ndarray:
    """A vector for each position: sines and cosines with wavelengths from 2π to 10,000 · 2π.

        P[p, 2i] = sin(p / 10000^(2i/E))        P[p, 2i + 1] = cos(p / 10000^(2i/E))

    Returns an array (length, embed_dim), float64. A shift by k positions rotates each pair (sin, cos) by the same
    angle at every position, so the vectors themselves tell which positions are near.

    Source: Vaswani et al., Attention Is All You Need, 2017, section 3.5.

    >>> sinusoidal_positions(2, 4).round(2).tolist()
    [[0.0, 1.0, 0.0, 1.0], [0.84, 0.54, 0.01, 1.0]]
    """
    whole("length must be an integer of at least 0", length, 0)
    whole("embed_dim must be an integer of at least 1", embed_dim, 1)
    pairs = np.arange(0, embed_dim, 2)
    angles = np.arange(length)[:, None] / 10_000 ** (pairs / embed_dim)  # (length, 1) / (E/2,) -> (length, E/2)
    positions = np.empty((length, embed_dim))
    positions[:, 0::2] = np.sin(angles)
    positions[:, 1::2] = np.cos(angles[:, : embed_dim // 2])
    return positions


class SinusoidalPositionalEncoding(Module):
    """Add `sinusoidal_positions` to a sequence of any length; there are no parameters.

    Without positions a transformer cannot tell a sequence from the same entries in another order.

    embed_dim : the number of features E. dropout : the probability of dropping an entry of the sum, in training.
    batch_first : (N, L, E) instead of (L, N, E). A sequence without N, (L, E), works too.

    >>> encoding = SinusoidalPositionalEncoding(4, batch_first=True)
    >>> encoding(Tensor(np.zeros((1, 2, 4), dtype=np.float32))).data[0, 0].tolist()
    [0.0, 1.0, 0.0, 1.0]
    """

    def __init__(
        self, embed_dim: int, dropout: float = 0.0, batch_first: bool = False,
        *, rng: np.random.Generator | None = None,
    ):  # fmt: skip
        super().__init__()
        self.embed_dim = whole("embed_dim must be an integer of at least 1", embed_dim, 1)
        self.batch_first = batch_first
        self.dropout = Dropout(dropout, rng=rng)

    def forward(self, x: Tensor) -> Tensor:
        x = as_tensor(x)
        length = _length(x.shape, self.embed_dim, self.batch_first)
        positions = _positions(length, self.embed_dim, x.dtype)
        return self.dropout(x + _along(positions, x.ndim, self.batch_first))

    def extra_repr(self) -> str:
        return f"{self.embed_dim}, batch_first={self.batch_first}"


@lru_cache(maxsize=8)
def _positions(length: int, embed_dim: int, dtype: np.dtype) -> np.ndarray:
    positions = sinusoidal_positions(length, embed_dim).astype(dtype)
    positions.flags.writeable = False
    return positions


class LearnedPositionalEncoding(Module):
    """Add a learned vector to each position of a sequence, up to max_len positions.

    embed_dim : the number of features E. max_len : the longest sequence. dropout, batch_first : as in
        SinusoidalPositionalEncoding. rng : draws the first weights.

    `weight` (max_len, embed_dim) starts normal with standard deviation 0.02, as GPT-2's.

    >>> encoding = LearnedPositionalEncoding(4, max_len=10)
    >>> encoding(Tensor(np.zeros((6, 4), dtype=np.float32))).shape
    (6, 4)
    """

    def __init__(
        self, embed_dim: int, max_len: int, dropout: float = 0.0, batch_first: bool = False,
        *, rng: np.random.Generator | None = None,
    ):  # fmt: skip
        super().__init__()
        self.embed_dim = whole("embed_dim must be an integer of at least 1", embed_dim, 1)
        self.max_len = whole("max_len must be an integer of at least 1", max_len, 1)
        self.batch_first = batch_first
        draw = generator(rng)
        self.weight = Parameter(draw.normal(0.0, 0.02, (max_len, embed_dim)).astype(np.float32))
        self.dropout = Dropout(dropout, rng=rng)

    def forward(self, x: Tensor) -> Tensor:
        x = as_tensor(x)
        length = _length(x.shape, self.embed_dim, self.batch_first)
        if length > self.max_len:
            raise ShapeError(
                f"the sequence has {length} positions, but the encoding has max_len={self.max_len}. Shorten it, or "
                "make the encoding with a larger max_len."
            )
        return self.dropout(x + _along(self.weight[:length], x.ndim, self.batch_first))

    def extra_repr(self) -> str:
        return f"{self.embed_dim}, max_len={self.max_len}, batch_first={self.batch_first}"


def _length(shape, embed_dim: int, batch_first: bool) -> int:
    """The number of positions in a sequence of this shape, checked."""
    if len(shape) not in (2, 3) or shape[-1] != embed_dim:
        batched = "(N, L, " if batch_first else "(L, N, "
        raise ShapeError(f"expected shape {batched}{embed_dim}), or (L, {embed_dim}); got {shape}.")
    return shape[1] if len(shape) == 3 and batch_first else shape[0]


def _along(positions, ndim: int, batch_first: bool):
    """(L, E), or (L, 1, E) where the sequences lie along axis 1."""
    if ndim == 3 and not batch_first:
        return positions.reshape(positions.shape[0], 1, positions.shape[1])
    return positions
