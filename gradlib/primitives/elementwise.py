"""The table of derivatives: operations entry by entry, z = f(x) or z = f(x, y)."""

from __future__ import annotations

import math

import numpy as np

from ..device import to as move
from .table import Primitive, Vjp

# Arithmetic ------------------------------------------------------------

add = Primitive("+", np.add, Vjp(lambda g, z, x, y: g, "1"), Vjp(lambda g, z, x, y: g, "1"))

sub = Primitive("-", np.subtract, Vjp(lambda g, z, x, y: g, "1"), Vjp(lambda g, z, x, y: -g, "-1"))

mul = Primitive(
    "·", np.multiply,
    Vjp(lambda g, z, x, y: g * y, "{y}"),
    Vjp(lambda g, z, x, y: g * x, "{x}"),
    latex=r"{x} \cdot {y}",
)  # fmt: skip

div = Primitive(
    "/", np.true_divide,
    Vjp(lambda g, z, x, y: g / y, "1/{y}"),
    Vjp(lambda g, z, x, y: -g * z / y, "-{x}/{y}^2"),
    latex="{x} / {y}",
)  # fmt: skip


def _power_slope(g, z, x, y):
    if y.ndim == 0 and y != 0:  # one exponent for all, the commonest: 5 times as fast
        return g * (y * x ** (y - 1))
    return g * (y * x ** np.where((x == 0) & (y == 0), 1, y - 1))


# z ln x of a power z of x, 0 at x = 0 unless z is infinite. Its slope in x is infinite or NaN there, as in PyTorch, and
# so is that in z, but for z = 0: 0 stays 0 when the exponent moves.
_z_ln_x = Primitive(
    "z ln x", lambda z, x: z * np.log(np.where((x == 0) & np.isfinite(z), 1, x)),
    Vjp(lambda g, _, z, x: g * np.log(np.where((x == 0) & (z == 0), 1, x)), r"\ln {y}"),
    Vjp(lambda g, _, z, x: g * z / x, "{x}/{y}"),
)  # fmt: skip

# At x = 0 the naive rules give 0 · ∞: for 0⁰ the lowered exponent is replaced by 1, for x = 0 and y ≥ 0 the
# argument of the logarithm. Both products are then 0, as PyTorch has it.
pow_ = Primitive(
    "**", np.power,
    Vjp(_power_slope, r"{y} \cdot {x}^{{y}-1}"),
    Vjp(lambda g, z, x, y: g * _z_ln_x(z, x), r"{z} \cdot \ln {x}"),
    latex="{x}^{{y}}",
    precision="single",
)  # fmt: skip

neg = Primitive("neg", np.negative, Vjp(lambda g, z, x: -g, "-1"), latex="-{x}")

# x mod y = x - y ⌊x/y⌋, with the sign of y; ⌊x/y⌋ is flat between its steps. For y = ∞ and x < 0 it is -1, which the
# quotient, rounded to 0, no longer tells.
remainder = Primitive(
    "%", np.remainder,
    Vjp(lambda g, z, x, y: g, "1"),
    Vjp(lambda g, z, x, y: -g * np.floor_divide(x, y), r"-\lfloor {x}/{y} \rfloor"),
    latex=r"{x} \bmod {y}",
)  # fmt: skip

# np.reciprocal of an integer is an integer: 1/2 = 0.
reciprocal = Primitive(
    "reciprocal", lambda x: 1 / x, Vjp(lambda g, z, x: -g * z * z, "-{z}^2"), latex="1/{x}", precision="single"
)

square = Primitive(
    "square", np.square, Vjp(lambda g, z, x: g * (2 * x), r"2 \cdot {x}"), latex="{x}^2", precision="single"
)

sqrt = Primitive("sqrt", np.sqrt, Vjp(lambda g, z, x: g * 0.5 / z, r"1/(2 \cdot {z})"), latex=r"\sqrt{{x}}")

abs_ = Primitive("abs", np.abs, Vjp(lambda g, z, x: g * np.sign(x), r"\operatorname{sign} {x}"), latex="|{x}|")

# Steps: flat wherever they have a slope at all.
sign = Primitive("sign", np.sign, Vjp(lambda g, z, x: np.zeros_like(g), "0"))
floor = Primitive("floor", np.floor, Vjp(lambda g, z, x: np.zeros_like(g), "0"), latex=r"\lfloor {x} \rfloor")
ceil = Primitive("ceil", np.ceil, Vjp(lambda g, z, x: np.zeros_like(g), "0"), latex=r"\lceil {x} \rceil")
round_ = Primitive("round", np.round, Vjp(lambda g, z, x, decimals=0: np.zeros_like(g), "0"))
floor_divide = Primitive(
    "//", np.floor_divide,
    Vjp(lambda g, z, x, y: np.zeros_like(g), "0"),
    Vjp(lambda g, z, x, y: np.zeros_like(g), "0"),
    latex=r"\lfloor {x} / {y} \rfloor",
)  # fmt: skip

astype = Primitive("astype", lambda x, dtype: x.astype(dtype), Vjp(lambda g, z, x, dtype: g.astype(x.dtype), "1"))

# Moves an array to another device; its gradient comes back.
to = Primitive("to", move, Vjp(lambda g, z, x, device: to(g, device=x.device), "1"))

# Exponentials and logarithms ------------------------------------------------------------

exp = Primitive("exp", np.exp, Vjp(lambda g, z, x: g * z, "{z}"), latex="e^{{x}}", precision="single")

expm1 = Primitive(
    "expm1", np.expm1, Vjp(lambda g, z, x: g * (z + 1), "{z} + 1"), latex="e^{{x}} - 1", precision="single"
)

log = Primitive("log", np.log, Vjp(lambda g, z, x: g / x, "1/{x}"), latex=r"\ln {x}", precision="single")

log1p = Primitive(
    "log1p", np.log1p, Vjp(lambda g, z, x: g / (1 + x), "1/(1 + {x})"), latex=r"\ln (1 + {x})", precision="single"
)

log2 = Primitive(
    "log2",
    np.log2,
    Vjp(lambda g, z, x: g / (x * math.log(2)), r"1/({x} \cdot \ln 2)"),
    latex=r"\log_2 {x}",
    precision="single",
)

log10 = Primitive(
    "log10", np.log10,
    Vjp(lambda g, z, x: g / (x * math.log(10)), r"1/({x} \cdot \ln 10)"),
    latex=r"\log_{10} {x}", precision="single",
)  # fmt: skip

exp2 = Primitive(
    "exp2", np.exp2, Vjp(lambda g, z, x: g * (z * math.log(2)), r"{z} \cdot \ln 2"), latex="2^{{x}}", precision="single"
)

# σ(x - y) = e^(x - z), which is NaN for x = z = ∞.
logaddexp = Primitive(
    "logaddexp", np.logaddexp,
    Vjp(lambda g, z, x, y: g * sigmoid(x - y), r"\sigma({x} - {y})"),
    Vjp(lambda g, z, x, y: g * sigmoid(y - x), r"\sigma({y} - {x})"),
    latex=r"\ln (e^{{x}} + e^{{y}})",
    precision="single",
)  # fmt: skip

# Quotients that are 0 where the denominator is ------------------------------------------------------------


def _quotient(x, y):
    return np.where(y == 0, x * 0, x / np.where(y == 0, 1, y))  # x · 0: of NaN and infinity it is NaN


# For rules of functions without a slope at a point, such as a norm at 0, where the gradient 0 is chosen. With a plain 0
# in its place the second derivative would be finite, and wrong. By these rules it is infinite or NaN.
_ratio = Primitive(
    "ratio", _quotient,
    Vjp(lambda g, z, x, y: g / y, "1/{y}"),
    Vjp(lambda g, z, x, y: -g * z / y, "-{x}/{y}^2"),
    latex="{x} / {y}",
)  # fmt: skip

# Trigonometry, in radians ------------------------------------------------------------

sin = Primitive("sin", np.sin, Vjp(lambda g, z, x: g * np.cos(x), r"\cos {x}"), latex=r"\sin {x}")
cos = Primitive("cos", np.cos, Vjp(lambda g, z, x: -g * np.sin(x), r"-\sin {x}"), latex=r"\cos {x}")
tan = Primitive("tan", np.tan, Vjp(lambda g, z, x: g * (1 + z * z), "1 + {z}^2"), latex=r"\tan {x}", precision="single")

arcsin = Primitive("arcsin", np.arcsin, Vjp(lambda g, z, x: g / np.sqrt(1 - x * x), r"1/\sqrt{1 - {x}^2}"))
arccos = Primitive("arccos", np.arccos, Vjp(lambda g, z, x: -g / np.sqrt(1 - x * x), r"-1/\sqrt{1 - {x}^2}"))
arctan = Primitive("arctan", np.arctan, Vjp(lambda g, z, x: g / (1 + x * x), "1/(1 + {x}^2)"))

arcsinh = Primitive("arcsinh", np.arcsinh, Vjp(lambda g, z, x: g / np.sqrt(x * x + 1), r"1/\sqrt{{x}^2 + 1}"))
arccosh = Primitive("arccosh", np.arccosh, Vjp(lambda g, z, x: g / np.sqrt(x * x - 1), r"1/\sqrt{{x}^2 - 1}"))
arctanh = Primitive("arctanh", np.arctanh, Vjp(lambda g, z, x: g / (1 - x * x), "1/(1 - {x}^2)"))

# The angle of the point (y, x): the ordinate is the first argument, as in NumPy and in C.
atan2 = Primitive(
    "atan2", np.arctan2,
    Vjp(lambda g, z, x, y: g * _ratio(y, x * x + y * y), "{y}/({x}^2 + {y}^2)"),
    Vjp(lambda g, z, x, y: -g * _ratio(x, x * x + y * y), "-{x}/({x}^2 + {y}^2)"),
)  # fmt: skip

sinh = Primitive(
    "sinh", np.sinh, Vjp(lambda g, z, x: g * np.cosh(x), r"\cosh {x}"), latex=r"\sinh {x}", precision="single"
)
cosh = Primitive(
    "cosh", np.cosh, Vjp(lambda g, z, x: g * np.sinh(x), r"\sinh {x}"), latex=r"\cosh {x}", precision="single"
)
tanh = Primitive("tanh", np.tanh, Vjp(lambda g, z, x: g * (1 - z * z), "1 - {z}^2"), latex=r"\tanh {x}")

# Activations ------------------------------------------------------------


def _sigmoid(x):
    tail = np.exp(0 - np.abs(x))  # at most 1: exp(-x) itself overflows float32 below x = -88.7
    return np.where(x >= 0, 1, tail) / (1 + tail)


sigmoid = Primitive(
    "sigmoid", _sigmoid, Vjp(lambda g, z, x: g * (z * (1 - z)), r"{z} \cdot (1 - {z})"), latex=r"\sigma({x})"
)

# ~(x ≤ 0) is x > 0, but true for NaN: the gradient is not lost there. np.where would take 10 times as long.
relu = Primitive("relu", lambda x: np.maximum(x, 0), Vjp(lambda g, z, x: g * ~(x <= 0), "[{x} > 0]"))

leaky_relu = Primitive(
    "leaky_relu", lambda x, negative_slope: np.where(x > 0, x, x * negative_slope),
    Vjp(lambda g, z, x, negative_slope: np.where(x > 0, g, g * negative_slope), r"[{x} > 0] + a \cdot [{x} \leq 0]"),
)  # fmt: skip


# In float32 erf(x) = tanh(x p(x²)), with p fitted so that the error is at most 2.7e-7 of the value (2 units in its last
# place): 2 ns a number, where SciPy takes 15.
_ERF = (1.41868872e-07, -5.66873881e-06, 8.7638748e-05, -6.19787877e-04, -1.91827775e-04, 0.102769055, 1.12837927)


def _erf_in_float32(x):
    x = np.clip(x, -5, 5)  # beyond 4 erf is ±1
    square = x * x
    p = np.zeros_like(x)
    for coefficient in _ERF:  # Horner's scheme
        p *= square
        p += coefficient
    p *= x
    return np.tanh(p)


def _erf(x):
    if x.dtype == np.float32:
        return _erf_in_float32(x)
    try:
        from scipy.special import erf
    except ImportError:
        raise ImportError("erf and the exact gelu are computed by SciPy: pip install scipy.") from None
    return erf(x)


erf = Primitive(
    "erf", _erf,
    Vjp(lambda g, z, x: g * (2 / math.sqrt(math.pi)) * np.exp(-x * x), r"2 \cdot e^{-{x}^2}/\sqrt{\pi}"),
)  # fmt: skip

# gelu(x) = x Φ(x), with Φ the normal distribution's cumulative function and φ its density, Φ' = φ. The form
# "tanh" approximates Φ by (1 + tanh u)/2 with u = √(2/π) (x + 0.044715 x³) (Hendrycks and Gimpel, 2016).
_ROOT = math.sqrt(2 / math.pi)


def _cumulative(x, approximate):
    if approximate == "tanh":
        return 0.5 * (1 + np.tanh(_ROOT * (x + 0.044715 * x * x * x)))
    return 0.5 * (1 + erf(x * math.sqrt(0.5)))


def _gelu_slope(g, z, x, approximate):
    # Beyond ±100 Φ is 0 or 1, and ∞ · Φ'(∞) would be NaN. Elsewhere Φ = z/x saves the erf, half of the time; on tensors
    # it would lose Φ' at 0.
    if type(z) is np.ndarray and x.size and -100 <= x.min() and x.max() <= 100:
        near, cumulative = x, np.divide(z, x, out=np.full_like(x, 0.5), where=x != 0)
    else:
        near = np.clip(x, -100, 100)
        cumulative = _cumulative(near, approximate)
    if approximate == "tanh":  # with t = tanh u = 2Φ - 1: Φ' = (1 - t²)/2 · u' = 2 Φ (1 - Φ) u'
        density = 2 * cumulative * (1 - cumulative) * (_ROOT * (1 + 3 * 0.044715 * near * near))
    else:
        density = np.exp(-0.5 * near * near) * (_ROOT / 2)
    return g * (cumulative + near * density)


gelu = Primitive(
    "gelu", lambda x, approximate="none": x * _cumulative(x, approximate),
    Vjp(lambda g, z, x, approximate="none": _gelu_slope(g, z, x, approximate), r"\Phi({x}) + {x} \cdot \Phi'({x})"),
    latex=r"{x} \cdot \Phi({x})",
)  # fmt: skip


def _silu_slope(g, x):
    near = np.clip(x, -1000, 1000)  # beyond, σ is 0 or 1; ∞ · σ(-∞) would be NaN
    return g * (sigmoid(near) * (1 + near * sigmoid(-near)))


silu = Primitive(
    "silu", lambda x: x * _sigmoid(x),
    Vjp(lambda g, z, x: _silu_slope(g, x), r"\sigma({x}) \cdot (1 + {x} \cdot \sigma(-{x}))"),
    latex=r"{x} \cdot \sigma({x})",
)  # fmt: skip

# Choosing ------------------------------------------------------------

where = Primitive(
    "where", np.where,
    None,
    Vjp(lambda g, z, x, y, w: np.where(x, g, 0), "[{x}]"),
    Vjp(lambda g, z, x, y, w: np.where(x, 0, g), "1 - [{x}]"),
)  # fmt: skip


def _winner(g, x, y):
    """Give x the gradient where it wins, half of it at a tie, as in PyTorch. If x or y is NaN, both get all of it."""
    return np.where(x == y, g * 0.5, np.where(x < y, 0, g))


maximum = Primitive(
    "maximum", np.maximum,
    Vjp(lambda g, z, x, y: _winner(g, x, y), "[{x} > {y}] + [{x} = {y}]/2"),
    Vjp(lambda g, z, x, y: _winner(g, y, x), "[{y} > {x}] + [{y} = {x}]/2"),
    latex=r"\max({x}, {y})",
)  # fmt: skip

minimum = Primitive(
    "minimum", np.minimum,
    Vjp(lambda g, z, x, y: _winner(g, y, x), "[{x} < {y}] + [{x} = {y}]/2"),
    Vjp(lambda g, z, x, y: _winner(g, x, y), "[{y} < {x}] + [{y} = {x}]/2"),
    latex=r"\min({x}, {y})",
)  # fmt: skip


def _inside(g, x, min, max):
    """Keep g where x lies between the bounds or on one, as in PyTorch."""
    kept = True if min is None else x >= min
    kept = kept if max is None else kept & (x <= max)
    return g * kept


clip = Primitive(
    "clip", lambda x, min=None, max=None: np.clip(x, min, max),
    Vjp(lambda g, z, x, min=None, max=None: _inside(g, x, min, max), r"[a \leq {x} \leq b]"),
)  # fmt: skip
