"""Bounds contain: thousands of boxes for every rule, in real numbers and in floating point, and whole models."""

import itertools
import math
import re
from fractions import Fraction
from functools import reduce

import numpy as np
import pytest

import gradlib
from gradlib import Tensor, nn
from gradlib import primitives as P
from gradlib.bounds import RULES, Bounds, Interval, estimate_bounds
from gradlib.errors import ShapeError
from gradlib.primitives import recurrent
from tests.nn.test_every_layer import LAYERS, LOSSES

DTYPES = [np.float32, np.float64]
BOXES = 2000  # for each rule and dtype


def boxes(rng, shape, dtype, low=-np.inf, high=np.inf):
    """Random boxes: of all sizes from a point to far wider than its distance from 0, on both sides of it."""
    center = rng.normal(size=shape) * 10 ** rng.uniform(-3, 1.5, shape)
    radius = np.where(rng.random(shape) < 0.2, 0, 10 ** rng.uniform(-7, 1, shape))
    ends = np.clip([center - radius, center + radius], low, high).astype(dtype)
    return Interval(ends[0], ends[1])


def points(rng, box, count):
    """Points of a box: its ends, the point next to 0, corners and inner points."""
    yield np.clip(0, box.low, box.high).astype(box.dtype)
    for i in range(count - 1):
        share = [0.0, 1.0][i] if i < 2 else rng.integers(2, size=box.shape) if i % 2 else rng.random(box.shape)
        yield np.clip(box.low + share * (box.high - box.low), box.low, box.high).astype(box.dtype)


# Every rule: the shapes and domains of its inputs, its keywords, and whether the bounds are as tight as can be.
ANY, POSITIVE, UNIT = (-np.inf, np.inf), (1e-6, np.inf), (-1.0, 1.0)
N = (BOXES,)
ROWS, FLAT = (BOXES, 5), (4,)
SLIDING = {"kernel": (3, 2), "stride": (2, 1), "padding": ((1, 1), (0, 0)), "dilation": (1, 2)}
CASES = {
    "add": ([(N, ANY), (N, ANY)], {}), "sub": ([(N, ANY), (N, ANY)], {}), "mul": ([(N, ANY), (N, ANY)], {}),
    "div": ([(N, ANY), (N, (0.01, 50.0))], {}), "neg": ([(N, ANY)], {}), "abs": ([(N, ANY)], {}),
    "square": ([(N, ANY)], {}), "reciprocal": ([(N, POSITIVE)], {}), "sqrt": ([(N, (0.0, np.inf))], {}),
    "pow": ([(N, POSITIVE), (N, (-3.0, 3.0))], {}), "astype": ([(N, ANY)], {"dtype": np.dtype(np.float32)}),
    "to": ([(N, ANY)], {"device": "cpu"}),
    "sign": ([(N, ANY)], {}), "floor": ([(N, ANY)], {}), "ceil": ([(N, ANY)], {}),
    "round": ([(N, ANY)], {"decimals": 1}), "exp": ([(N, (-80.0, 80.0))], {}), "expm1": ([(N, (-80.0, 80.0))], {}),
    "log": ([(N, POSITIVE)], {}), "log2": ([(N, POSITIVE)], {}), "log10": ([(N, POSITIVE)], {}),
    "exp2": ([(N, (-80.0, 80.0))], {}), "arcsinh": ([(N, ANY)], {}), "arccosh": ([(N, (1.0, np.inf))], {}),
    "arctanh": ([(N, (-0.999, 0.999))], {}), "log1p": ([(N, (-0.999, np.inf))], {}),
    "logaddexp": ([(N, ANY), (N, ANY)], {}), "sin": ([(N, ANY)], {}), "cos": ([(N, ANY)], {}),
    "tan": ([(N, (-1.5, 1.5))], {}), "arcsin": ([(N, UNIT)], {}), "arccos": ([(N, UNIT)], {}),
    "arctan": ([(N, ANY)], {}), "atan2": ([(N, ANY), (N, POSITIVE)], {}), "sinh": ([(N, (-20.0, 20.0))], {}),
    "cosh": ([(N, (-20.0, 20.0))], {}), "tanh": ([(N, ANY)], {}), "sigmoid": ([(N, ANY)], {}),
    "relu": ([(N, ANY)], {}), "erf": ([(N, ANY)], {}), "leaky_relu": ([(N, ANY)], {"negative_slope": 0.1}),
    "gelu": ([(N, ANY)], {}), "maximum": ([(N, ANY), (N, ANY)], {}), "minimum": ([(N, ANY), (N, ANY)], {}),
    "clip": ([(N, ANY)], {"min": -1.0, "max": 2.0}), "max": ([(ROWS, ANY)], {"axis": 1}),
    "min": ([(ROWS, ANY)], {"axis": -1, "keepdims": True}), "sum": ([(ROWS, ANY)], {"axis": 1}),
    "mean": ([(ROWS, ANY)], {"axis": (1,)}), "norm": ([(ROWS, ANY)], {"axis": 1}),
    "cumsum": ([(ROWS, ANY)], {"axis": 1}), "logsumexp": ([(ROWS, ANY)], {"axis": 1}),
    "softmax": ([(ROWS, ANY)], {"axis": 1}), "log_softmax": ([(ROWS, ANY)], {"axis": 1}),
    "prod": ([(ROWS, ANY)], {"axis": 1}), "cumprod": ([(ROWS, ANY)], {"axis": 1}),
    "cross_entropy": ([(ROWS, ANY)], {"index": np.arange(BOXES) % 5}),
    "reshape": ([(ROWS, ANY)], {"shape": (5, -1)}), "transpose": ([(ROWS, ANY)], {}),
    "broadcast_to": ([(N, ANY)], {"shape": (2, BOXES)}), "concatenate": ([(N, ANY), (FLAT, ANY)], {"axis": 0}),
    "pad": ([(ROWS, ANY)], {"pad_width": ((1, 0), (0, 2))}), "getitem": ([(ROWS, ANY)], {"index": (slice(1, 9), 2)}),
    "unfold": ([((3, 2, 5, 4), ANY)], SLIDING | {"fill": 1.0}),
    "setitem": ([(ROWS, ANY), ((5,), ANY)], {"index": 3}),
    "scatter": ([(ROWS, ANY)], {"index": (np.arange(BOXES)[:, None] % 7, np.array([0, 1, 1, 2, 2])), "shape": (7, 3)}),
}  # fmt: skip
WIDE = {  # correct, but wider than the range: products of several intervals, and rules that say so
    "remainder": ([(N, ANY), (N, (0.1, 5.0))], {}), "floor_divide": ([(N, ANY), (N, (0.1, 5.0))], {}),
    "matmul": ([((BOXES, 3, 4), ANY), ((BOXES, 4, 2), ANY)], {}),
    "einsum": ([((BOXES, 4), ANY), ((BOXES, 4), ANY), ((BOXES, 4), ANY)], {"subscripts": "ni,ni,ni->n"}),
    "where": ([(N, ANY), (N, ANY), (N, ANY)], {}),
    "linear": ([((BOXES, 4), ANY), ((4, 3), ANY), ((3,), ANY)], {}),
    "fold": ([((2 * 6, 3 * 6), ANY)], {"shape": (3, 2, 5, 4)} | SLIDING),
    "normalize": ([(ROWS, ANY)], {"axis": (1,), "eps": 1e-5}),
    "silu": ([(N, ANY)], {}), "center": ([(ROWS, ANY)], {"axis": 1}),
    "rnn": ([((3, 200, 2), ANY), ((2, 2), UNIT), ((200, 2), UNIT)], {"nonlinearity": "tanh"}),
    "lstm": ([((3, 200, 8), ANY), ((2, 8), UNIT), ((200, 2), UNIT), ((200, 2), UNIT)], {}),
    "gru": ([((3, 200, 6), ANY), ((2, 6), UNIT), ((6,), UNIT), ((200, 2), UNIT)], {}),
}  # fmt: skip
VARIANTS = [
    ("pow", [(N, ANY)], 2.0), ("pow", [(N, ANY)], 3.0), ("pow", [(N, (0.1, 9.0))], -0.5),
    ("pow", [(N, (0.1, 5.0))], -3.0),
    ("pow", [(N, ANY)], 0.0),
    ("pow", [(N, (-5.0, -0.1))], -1.0), ("pow", [(N, (-5.0, -0.1))], -2.0),
]  # fmt: skip
KEYWORDS = [
    ("gelu", {"approximate": "tanh"}), ("leaky_relu", {"negative_slope": -0.5}), ("sum", {}), ("mean", {"axis": 0}),
    ("max", {}), ("clip", {"max": 0.5}), ("clip", {"min": 0.5}), ("round", {}), ("norm", {}),
    ("unfold", SLIDING | {"fill": -np.inf}), ("norm", {"ord": 3, "axis": 1}), ("norm", {"ord": 1}),
    ("softmax", {"axis": 0}),
    ("log_softmax", {"axis": 0}), ("logsumexp", {}), ("transpose", {"axes": (1, 0)}),
    ("cross_entropy", {"index": np.arange(BOXES) % 5, "reduction": "mean"}), ("cumsum", {"axis": 0}),
]  # fmt: skip


def primitive(name):
    return P.TABLE[name] if name in P.TABLE else getattr(recurrent, name)


def checked(name, inputs, keywords, rng, count=24):
    """Bounds of one operation on boxes, and the extremes of its values at points, all inside."""
    op = primitive(name)
    proven = op(*inputs, **keywords)
    low, high = np.full(proven.shape, np.inf), np.full(proven.shape, -np.inf)
    for arrays in zip(*(points(rng, box, count) for box in inputs), strict=True):
        with np.errstate(all="ignore"):
            computed = op.forward(*arrays, **keywords)
            if name == "where":
                arrays = (arrays[0], *(a.astype(np.float64) for a in arrays[1:]))
                real = op.forward(*arrays)
            else:
                real = op.forward(*(a.astype(np.float64) for a in arrays), **keywords)
        for value in (computed, real) if inputs[0].dtype == np.float32 and name != "astype" else (computed,):
            outside = ~((proven.low <= value) & (value <= proven.high))
            assert not outside.any(), (
                f"{name}: {value[outside][0]!r} outside [{proven.low[outside][0]!r}, {proven.high[outside][0]!r}]"
            )
        low, high = np.minimum(low, computed), np.maximum(high, computed)
    return proven, low, high


def test_every_rule_has_a_case():
    assert set(RULES) <= set(CASES) | set(WIDE)


@pytest.mark.parametrize("name", sorted(set(P.TABLE) - set(RULES)))
def test_an_operation_without_a_rule_is_refused_by_name(name):
    entry = P.TABLE[name]
    with pytest.raises(TypeError, match=re.escape(f"the operation {entry.symbol!r} has no interval rule")):
        entry(*[Interval([1.0], [2.0])] * (len(entry.vjps) or 1))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", [*CASES, *WIDE])
def test_contains_what_it_gives(name, dtype):
    rng = np.random.default_rng(sum(map(ord, name)))
    domains, keywords = (CASES | WIDE)[name]
    inputs = [boxes(rng, shape, dtype, *domain) for shape, domain in domains]
    checked(name, inputs, keywords, rng)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name, domains, exponent", VARIANTS)
def test_powers_contain(name, domains, exponent, dtype):
    rng = np.random.default_rng(3)
    inputs = [*(boxes(rng, shape, dtype, *domain) for shape, domain in domains), Interval(np.asarray(exponent, dtype))]
    checked(name, inputs, {}, rng)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name, keywords", KEYWORDS, ids=lambda value: str(value))
def test_contains_with_other_keywords(name, keywords, dtype):
    rng = np.random.default_rng(4)
    domains, _ = CASES[name]
    checked(name, [boxes(rng, shape, dtype, *domain) for shape, domain in domains], keywords, rng)


# The ends of these are attained within the box, at corners or at an inner extreme that a fine grid comes close to.
# Not these: products whose factors change sign in between, and what is rounded to float32.
LOOSE = {"prod", "cumprod", "astype"}


@pytest.mark.parametrize("name", [name for name in CASES if name not in LOOSE])
def test_as_tight_as_the_range(name):
    """A rule that said [-∞, ∞] would contain everything; these say no more than the range, to rounding."""
    rng = np.random.default_rng(7)
    domains, keywords = CASES[name]
    shrink = {BOXES: 40}
    domains = [(tuple(shrink.get(n, n) for n in shape), domain) for shape, domain in domains]
    if name == "scatter":
        keywords = keywords | {"index": (np.arange(40)[:, None] % 7, np.array([0, 1, 1, 2, 2]))}
    if name == "cross_entropy":
        keywords = {"index": np.arange(40) % 5}
    if name == "broadcast_to":
        keywords = {"shape": (2, 40)}
    inputs = [boxes(rng, shape, np.float64, *domain) for shape, domain in domains]
    proven, low, high = checked(name, inputs, keywords, rng, count=1500)
    size = np.maximum(np.abs(low), np.abs(high)) + max(1.0, max(np.abs(x.high).max() for x in inputs))
    slack = 1e-4 * (high - low) + 1e-10 * size
    reached = (proven.low >= low - slack) & (proven.high <= high + slack)
    assert reached.all(), (proven.low[~reached], low[~reached], high[~reached], proven.high[~reached])


def test_softmax_ends_are_those_of_the_corners():
    rng = np.random.default_rng(0)
    for _ in range(50):
        box = boxes(rng, (4,), np.float64, -30, 30)
        corners = itertools.product(*zip(box.low, box.high, strict=True))
        corners = [P.softmax(np.array(corner), axis=0) for corner in corners]
        bounds = box.softmax()
        np.testing.assert_allclose(bounds.low, np.min(corners, axis=0), atol=1e-9, rtol=1e-9)
        np.testing.assert_allclose(bounds.high, np.max(corners, axis=0), atol=1e-9, rtol=1e-9)


def test_a_matrix_times_a_box_is_exact_to_rounding():
    """With fixed weights the ends are attained: the low ends where the weight is positive, the high where not."""
    rng = np.random.default_rng(0)
    box, weight = boxes(rng, (50, 6), np.float64), rng.normal(size=(6, 3))
    up, down = np.maximum(weight, 0), np.minimum(weight, 0)
    bounds = box @ weight
    np.testing.assert_allclose(bounds.low, box.low @ up + box.high @ down, rtol=1e-12, atol=1e-11)
    np.testing.assert_allclose(bounds.high, box.high @ up + box.low @ down, rtol=1e-12, atol=1e-11)


@pytest.mark.parametrize("terms", [1, 10, 1000, 30_000])
def test_float32_products_of_points_contain_the_exact_value(terms):
    """Rounding of a sum: float32's answer and the exact one both lie inside, whatever the order."""
    rng = np.random.default_rng(terms)
    x, y = (rng.normal(size=shape).astype(np.float32) * 1000 for shape in ((20, terms), (terms, 3)))
    bounds = Interval(x) @ y
    order = rng.permutation(terms)
    for value in (x @ y, x[:, order] @ y[order], x.astype(np.float64) @ y):
        assert bounds.contains(value)
    total = Interval(x).sum(axis=1)
    for value in (x.sum(axis=1), x[:, order].sum(axis=1), x.cumsum(axis=1)[:, -1], x.sum(axis=1, dtype=np.float64)):
        assert total.contains(value)


def test_rounding_is_outward():
    third = Interval(np.float64(1.0)) / 3.0
    assert third.low < third.high  # 1/3 is not a binary fraction: a single point could not contain it
    assert third.low * 3 <= 1 <= third.high * 3
    assert (Interval(np.float64(1.0)) + 1e-30).high > 1


def test_signs_survive_rounding_outward():
    zero = Interval(np.zeros(3))
    assert (zero + zero).low.min() == (zero * 5.0).low.min() == zero.sum().low == zero.square().mean().low == 0
    assert zero.var(correction=0).sqrt().low == 0


def test_a_sum_that_loses_every_term():
    """1 + n ε/4: added up from the left, each term is lost and the sum stays 1; the exact one is 1.003."""
    small = np.float32(2.0**-25)
    x = np.concatenate([np.ones(1, np.float32), np.full(100_000, small)])
    lost, exact = x.cumsum(dtype=np.float32)[-1], x.sum(dtype=np.float64)
    assert lost == 1 and exact > 1.002
    ones = np.ones(len(x), np.float32)
    for bounds in (
        Interval(x).sum(), Interval(x) @ ones, Interval(x).cumsum(0)[-1], np.einsum("i,i->", Interval(x), ones),
        Interval(x).mean() * float(len(x)), P.scatter(Interval(x), index=np.zeros(len(x), int), shape=(1,))[0],
    ):  # fmt: skip
        assert bounds.contains([lost, exact]) and bounds.width < 0.1


def test_a_product_in_any_order():
    x = (1 + 0.4 * np.random.default_rng(0).random(200_000).astype(np.float32) - 0.18).reshape(2, -1)
    low, high = x[:, :900], x[:, :900] * np.float32(1.0000001)
    bounds = Interval(low, high).prod(axis=1)
    for point in (low, high):
        backward = np.cumprod(point[:, ::-1], axis=1)[:, -1]
        for value in (point.prod(axis=1), backward, point.prod(axis=1, dtype=np.float64)):
            assert bounds.contains(value)
    point = Interval(low).prod(axis=1)
    assert (point.width >= 100 * np.spacing(point.high)).all()  # 900 roundings, not one


def test_logsumexp_of_many_that_cancels():
    """ln n - ln n: what is left is rounding, of the size of the largest entry and of n."""
    for n in (10, 1000, 100_000):
        x = np.full(n, -np.log(n), np.float32)
        bounds = Interval(x).logsumexp()
        assert bounds.contains(P.logsumexp(x)) and bounds.contains(P.logsumexp(x.astype(np.float64)))


@pytest.mark.parametrize("dtype", DTYPES)
def test_rounding_to_decimals_at_an_edge(dtype):
    """0.15 as a float lies below 15/100 and rounds to 0.1; scaled by 10 it is 1.5 and rounds to 0.2: both inside."""
    for k in range(200):
        x = dtype(k / 10 + 0.05)
        exact = round(Fraction(float(x)), 1)
        bounds = Interval(x).round(1)
        assert bounds.low <= exact <= bounds.high and bounds.contains(np.round(x, 1))


def test_a_softplus_is_never_negative():
    assert Interval(np.float32(-60)).softplus().low >= 0 and Interval(np.float32(5)).softplus().low >= 5


def test_a_wave_far_from_0():
    """Where numbers are 1e-6 apart: a peak that may lie within is taken to."""
    turns = 2.0**30
    peak = np.float64(np.longdouble(np.pi) * np.longdouble(2 * turns + 0.5))
    for steps in range(-4, 5):
        end = peak + steps * np.spacing(peak)
        box = Interval(peak - 20 * np.spacing(peak), end)
        for point in peak + np.arange(-20, steps + 1) * np.spacing(peak):
            assert box.sin().contains(np.sin(point))
    assert Interval(peak - 1e-3, peak + 1e-3).sin().high == 1


def test_angles_across_the_jump():
    """Left of the origin the angle jumps from π to -π: a box that meets that ray may give both."""
    rng = np.random.default_rng(0)
    y, x = boxes(rng, (BOXES,), np.float64), boxes(rng, (BOXES,), np.float64)
    bounds, _, _ = checked("atan2", [y, x], {}, rng)
    across = (x.low < 0) & (y.low < 0) & (y.high >= 0)
    assert across.any() and (bounds.width[across] > 6.28).all()


def test_narrower_numbers_are_rounded_outward():
    tenth = Interval(np.float64(0.1)).float()
    assert tenth.low < 0.1 < tenth.high and tenth.dtype == np.float32
    x = np.float32(1 / 3)
    product = Interval(x) * np.array([3, 5, 7])  # whole numbers: NumPy computes in float64, a tensor is float32
    assert product.dtype == np.float32 and product.contains(float(x) * np.array([3, 5, 7]))


def test_where_the_condition_is_sure():
    condition = Interval([0.0, 1.0, 3.0], [1.0, 3.0, 4.0]) > 2
    chosen = np.where(condition, Interval([5.0] * 3, [6.0] * 3), np.zeros(3, np.float32))
    assert chosen.low.tolist() == [0.0, 0.0, 5.0] and chosen.high.tolist() == [0.0, 6.0, 6.0]


ACCURATE = "exp expm1 log log2 log1p arcsin arccos arctan sinh cosh tanh erf tan".split()


@pytest.mark.parametrize("name, ulps", [*((name, 4) for name in ACCURATE), ("sigmoid", 8)])
def test_numpy_is_as_accurate_as_the_proof_assumes(name, ulps):
    """In float32, against float64: at most 4 units in the last place, for a sigmoid 8."""
    rng = np.random.default_rng(0)
    x = boxes(rng, (200_000,), np.float32, *CASES[name][0][0][1]).low
    exact = P.TABLE[name].forward(x.astype(np.float64))
    error = np.abs(P.TABLE[name].forward(x) - exact) / np.spacing(np.abs(exact).astype(np.float32))
    assert error[np.abs(exact) > 1e-37].max() <= ulps


# Dependencies and infinities ------------------------------------------------------------


def test_the_same_interval_twice():
    x = Interval(np.array([-1.0]), np.array([2.0]))
    assert (x * x).contains([0.0, 4.0]) and (x * x).low == 0  # as a square
    assert (x - x).contains([-3.0, 3.0])  # but a difference forgets


def test_division_by_an_interval_around_zero():
    numerator = Interval(np.full(5, 1.0), np.full(5, 2.0))
    denominator = Interval(np.array([-1.0, 0.0, -2.0, 0.0, 0.5]), np.array([1.0, 2.0, 0.0, 0.0, 1.0]))
    quotient = numerator / denominator
    np.testing.assert_array_equal(quotient.low == -np.inf, [True, False, True, True, False])
    np.testing.assert_array_equal(quotient.high == np.inf, [True, True, False, True, False])
    np.testing.assert_allclose([quotient.low[1], quotient.high[2], quotient.high[4]], [0.5, -0.5, 4.0])


def test_infinite_ends_stay_bounds():
    line = Interval(-np.inf, np.inf)
    assert line.tanh().contains([-1.0, 1.0]) and line.sigmoid().contains([0.0, 1.0])
    assert (line * 0.0).contains([0.0]) and np.isfinite((line * 0.0).high)
    assert (line - line).low == -np.inf
    big = Interval(np.float32(3e38))
    assert (big + big).contains(np.float64(6e38)) and (big * big).high == np.inf
    assert Interval(np.float32(1e25)).norm().contains(np.float64(1e25))
    assert Interval(np.float32(1e-30)).norm().contains(np.float64(1e-30))
    assert Interval(np.float32([100.0])).exp().contains(np.exp(100.0))


@pytest.mark.parametrize("dtype", DTYPES)
def test_softmax_far_apart(dtype):
    """Where exponentials vanish, the bounds still hold."""
    rng = np.random.default_rng(0)
    x = (rng.normal(size=(500, 4)) * 10 ** rng.uniform(0, 3, (500, 1))).astype(dtype)
    box = Interval(x, x + rng.random((500, 4)).astype(dtype) * 50)
    checked("softmax", [box], {"axis": 1}, rng)
    checked("log_softmax", [box], {"axis": 1}, rng)


def test_softmax_where_an_exponential_is_nearly_0():
    """e^-103.97 is half of float32's smallest number: rounded up to it, it doubles."""
    box = Interval(np.float32([-103.97, -85.5]), np.float32([0.0, -85.5]))
    exact = P.softmax(np.float64([-103.97, -85.5]), axis=0)
    assert box.softmax().low[0] <= exact[0]


def test_composites_of_operations_contain():
    rng = np.random.default_rng(0)
    box = boxes(rng, (300, 6), np.float64, -8, 8)
    for f in (
        lambda x: x.silu(), lambda x: x.elu(), lambda x: x.softplus(), lambda x: x.softplus(beta=3.0),
        lambda x: x.var(axis=1), lambda x: x.std(axis=1), lambda x: x.norm(1), lambda x: x.norm(3, axis=1),
        lambda x: x.norm(math.inf), lambda x: x.masked_fill(x > 1, 0.0), lambda x: x.lerp(2.0, 0.3),
        lambda x: np.where(x < 0, -x, x * 2), lambda x: (x > 0) * x, lambda x: x.tril(), lambda x: x.roll(1, 0),
        lambda x: x.flip(1), lambda x: x.repeat_interleave(2, 1), lambda x: x.pad(1),
        lambda x: x[:, 1:].chunk(5, 1)[0],
        lambda x: np.exp(np.minimum(x, 1.0)) - 1, lambda x: np.concatenate([x, x[:2]]), lambda x: np.stack([x, x]),
        lambda x: np.einsum("ni,mi->nm", x, x), lambda x: 2.0 ** x, lambda x: x % 2.0, lambda x: x // 2.0,
        lambda x: abs(x).sum(0), lambda x: np.mean(x, axis=0), lambda x: (x * 3).T.reshape(-1),
        lambda x: 1 / (x * x + 1),
        lambda x: np.where((x > 0) & (x < 2) | ~(x <= 5), x, 0.0), lambda x: np.array([[2.0]]) * x - np.ones(6),
        lambda x: x.astype(np.float32).exp(), lambda x: x.diagonal(), lambda x: x.unsqueeze(0).squeeze(0) + 1,
    ):  # fmt: skip
        proven = f(box)
        for array in points(rng, box, 20):
            assert proven.contains(f(Tensor(array)).data)


# One of these at a time, on what the one before gave; constants are numbers that float32 holds.
PIECES = [
    lambda x: x.exp(), lambda x: x.tanh(), lambda x: x.gelu(), lambda x: x.sin(), lambda x: x.leaky_relu(-0.25),
    lambda x: x * x.sigmoid(), lambda x: x - x.mean(-1, keepdims=True), lambda x: x.log_softmax(), lambda x: x.square(),
    lambda x: (x.square() + 0.125).log(), lambda x: x / (x.norm(axis=-1, keepdims=True) + 0.25), lambda x: x % 0.75,
    lambda x: x * x.var(-1, keepdims=True), lambda x: np.where(x > 0, x, -2 * x), lambda x: x.abs().sqrt(),
    lambda x: x.cumsum(-1), lambda x: x.cumprod(-1), lambda x: x.maximum(x.flip(-1)), lambda x: x @ x.mT @ x,
    lambda x: x / x.roll(1, -1), lambda x: (x.abs() + 0.25) ** -1.5, lambda x: x.clip(-0.5, 2.0).atan2(x.cos()),
    lambda x: x - x.logsumexp(-1, keepdims=True), lambda x: x.floor() * 0.5, lambda x: x**3, lambda x: x.erf(),
]  # fmt: skip


@pytest.mark.parametrize("seed", range(8))
def test_random_expressions_contain(seed):
    """Up to five operations, a matrix among them, on boxes of all sizes: ends, corners, and what ascent finds."""
    generator = np.random.default_rng(seed)
    for _ in range(40):
        dtype = generator.choice(DTYPES)
        x = (generator.normal(size=(3, 4)) * 10 ** generator.uniform(-1, 1)).astype(dtype)
        eps = dtype(generator.choice([0.0, 10 ** generator.uniform(-7, 1)]))
        weight = generator.normal(size=(4, 4)).astype(np.float32)
        chosen = [lambda x, w=weight: x @ w, *generator.choice(PIECES, generator.integers(1, 5))]
        generator.shuffle(chosen)
        box, place = Interval(x - eps, x + eps), (generator.integers(3), generator.integers(4))

        def f(x, chosen=chosen):
            return reduce(lambda y, piece: piece(y), chosen, x)

        proven = f(box)
        tried = [*points(generator, box, 8), *uphill(f, box, place, 3), *uphill(lambda x, f=f: -f(x), box, place, 3)]
        for point in tried:
            for precision in DTYPES if dtype == np.float32 else [dtype]:
                with np.errstate(all="ignore"):
                    value = f(Tensor(point.astype(precision))).data
                assert ((proven.low <= value) & (value <= proven.high) | np.isnan(value)).all(), (chosen, point, value)


def uphill(f, box, place, steps):
    """Points of the box at which one entry of f grows: each at the end where its own slope points."""
    point = box.low / 2 + box.high / 2
    for _ in range(steps):
        x = Tensor(point.astype(np.float64), requires_grad=True)
        with np.errstate(all="ignore"):
            f(x)[place].backward()
        if x.grad is None:
            return
        point = np.where(x.grad > 0, box.high, np.where(x.grad < 0, box.low, point)).astype(box.dtype)
        yield point


# Intervals ------------------------------------------------------------


def test_ends_that_are_no_ends():
    with pytest.raises(ValueError, match=r"low must not exceed high, but at \(1,\) low is 5 and high is 2"):
        Interval([0.0, 5.0], [1.0, 2.0])
    with pytest.raises(ValueError, match="NaN"):
        Interval([np.nan], [1.0])
    with pytest.raises(ShapeError, match=r"\(2,\) and high \(3,\)"):
        Interval([0.0, 1.0], [1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="NaN"):
        Interval([0.0], [1.0]) * np.array([np.nan])
    with pytest.raises(TypeError, match="str"):
        Interval([0.0], [1.0]) + "1"


def test_what_has_no_rule_says_so():
    with pytest.raises(TypeError, match="'det' has no interval rule.*Compose"):
        Interval(np.eye(2)).det()
    with pytest.raises(TypeError, match="fmod has no interval rule"):
        np.fmod(Interval([1.0]), 2.0)
    with pytest.raises(AttributeError, match="argmax"):
        Interval([0.0, 1.0], [1.0, 2.0]).argmax()


@pytest.mark.parametrize(
    "f, message",
    [
        (lambda x: x.log(), r"log needs numbers from 0 to inf, but its input at \(1,\) lies in \[-1, 1\]\."),
        (lambda x: x.sqrt(), "sqrt needs"), (lambda x: (x * 3).arcsin(), "arcsin needs"),
        (lambda x: x**0.5, "pow needs"),
        (lambda x: 5.0 % x, "remainder needs"), (lambda x: (x * 3).arccos(), "arccos needs"),
    ],
)  # fmt: skip
def test_outside_the_domain(f, message):
    with pytest.raises(ValueError, match=message):
        f(Interval([1.0, -1.0], [2.0, 1.0]))


@pytest.mark.parametrize(
    "f, error, message",
    [
        (lambda x: x.item(), AttributeError, "no 'item'"), (lambda x: x.argsort(), AttributeError, "many arrays"),
        (lambda x: np.median(x), TypeError, "np.median has no interval rule"),
        (lambda x: x.__setitem__(0, 1.0), TypeError, "np.where"),
        (lambda x: x @ np.ones((3, 2)), ShapeError, "try .mT on it"),
        (lambda x: x + np.ones(3), ShapeError, "cannot broadcast"),
        (lambda x: x.sum(axis=3), ShapeError, "axis 3"), (lambda x: x.reshape(3), ShapeError, "multiply to 2"),
        (lambda x: x[:0].mean(), ValueError, "of an empty array"),
    ],
)  # fmt: skip
def test_a_mistake_is_explained_as_for_tensors(f, error, message):
    with pytest.raises(error, match=message):
        f(Interval([1.0, -1.0], [2.0, 1.0]))


def test_an_if_that_depends_on_the_point():
    with pytest.raises(ValueError, match="np.where"):
        bool(Interval([0.0], [2.0]) > 1)
    assert bool(Interval([0.0], [2.0]) >= 0) and not bool(Interval([0.0], [2.0]) > 2)
    condition = Interval([0.0, 1.0, 3.0], [1.0, 3.0, 4.0]) > 2
    np.testing.assert_array_equal(condition.low, [False, False, True])
    np.testing.assert_array_equal(condition.high, [False, True, True])
    equal = Interval([1.0, 1.0, 1.0], [1.0, 2.0, 2.0]) == np.array([1.0, 1.5, 5.0])
    np.testing.assert_array_equal([equal.low, equal.high], [[True, False, False], [True, True, False]])


def test_dtypes_are_those_of_tensors():
    x = Interval([0.5], [1.0])
    assert x.dtype == np.float32 == (x * 2.0).dtype == (x + np.float32(1)).dtype == np.where(x > 0, x, 0.0).dtype
    assert (x + np.array([1, 2])).dtype == (Tensor([0.5]) + np.array([1, 2])).dtype == np.float32
    assert (x + np.array([1.0])).dtype == np.float64


def test_tensors_on_either_side():
    x, t = Interval([[0.0, 1.0]], [[1.0, 2.0]]), Tensor([[2.0, 3.0]], requires_grad=True)
    for f in (np.add, np.subtract, np.multiply, np.true_divide, np.maximum):
        for value in (f(x, t), f(t, x)):
            assert isinstance(value, Interval) and value.shape == (1, 2)
    assert (t @ x.mT).contains([[3.0]]) and (x @ t.mT).contains([[8.0]])
    assert (t - x).contains([[1.0, 2.0]]) and (x - t).contains([[-1.0, -2.0]])
    assert (t / (x + 1)).contains([[2.0, 1.0]]) and P.add(t, x).contains([[2.0, 5.0]])
    assert np.where(t > 2.5, x, t).contains([[2.0, 1.0]])
    assert np.concatenate([t, x]).shape == (2, 2)


def test_prints():
    assert repr(Interval([0.0], [1.0])) == "Interval(low=[0.], high=[1.])"
    assert "dtype=float64" in repr(Interval(np.zeros(2)))
    x = Interval([0.0, 2.0], [1.0, 5.0])
    assert len(x) == 2 and x.size() == (2,) and x.numel() == 2 and x.width.tolist() == [1.0, 3.0]
    assert [part.low.tolist() for part in x] == [0.0, 2.0]


# Whole models ------------------------------------------------------------


def normal(*shape):
    return np.random.default_rng(1).normal(size=shape).astype(np.float32)


def trained(model, x):
    """A model whose buffers have seen data: batch norm's averages are not those it began with."""
    model.train()
    for _ in range(3):
        model(Tensor(x * 2 + 1))
    return model


def rng():
    return np.random.default_rng(5)


MODELS = {
    **{
        f"MLP {name}": (lambda name=name: nn.MLP([4, 8, 8, 3], activation=name, rng=rng()), normal(2, 4))
        for name in ("relu", "tanh", "sigmoid", "gelu", "silu", "elu", "leaky_relu", "softplus")
    },
    "softmax": (lambda: nn.Sequential(nn.Linear(4, 5, rng=rng()), nn.Softmax(dim=-1)), normal(3, 4)),
    "log-softmax": (lambda: nn.Sequential(nn.Linear(4, 5, rng=rng()), nn.LogSoftmax(dim=-1)), normal(3, 4)),
    "dropout": (lambda: nn.Sequential(nn.Linear(4, 5, rng=rng()), nn.Dropout(0.5), nn.ReLU()), normal(3, 4)),
    "batch norm 1d": (
        lambda: trained(nn.Sequential(nn.Linear(4, 6, rng=rng()), nn.BatchNorm1d(6), nn.ReLU()), normal(16, 4)),
        normal(3, 4),
    ),
    "layer norm": (lambda: nn.Sequential(nn.LayerNorm(6), nn.Linear(6, 2, rng=rng())), normal(3, 6)),
    "rms norm": (lambda: nn.Sequential(nn.RMSNorm(6), nn.Linear(6, 2, rng=rng())), normal(3, 6)),
    "group norm": (lambda: nn.GroupNorm(2, 4), normal(2, 4, 3, 3)),
    "conv 1d": (lambda: nn.Sequential(nn.Conv1d(2, 3, 3, rng=rng()), nn.ReLU(), nn.MaxPool1d(2)), normal(2, 2, 9)),
    "cnn": (
        lambda: trained(
            nn.Sequential(
                nn.Conv2d(1, 4, 3, padding=1, rng=rng()), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2),
                nn.Conv2d(4, 4, 3, stride=2, padding=1, groups=2, rng=rng()), nn.Tanh(), nn.AvgPool2d(2), nn.Flatten(),
                nn.Linear(4, 3, rng=rng()),
            ), normal(8, 1, 8, 8),
        ), normal(2, 1, 8, 8),
    ),
    "adaptive pooling": (
        lambda: nn.Sequential(nn.Conv2d(1, 2, 3, dilation=2, rng=rng()), nn.AdaptiveAvgPool2d(2)), normal(1, 1, 9, 9),
    ),
    "rnn": (lambda: nn.RNN(3, 4, batch_first=True, rng=rng()), normal(2, 5, 3)),
    "lstm": (lambda: nn.LSTM(3, 4, num_layers=2, rng=rng()), normal(5, 2, 3)),
    "gru": (lambda: nn.GRU(3, 4, bidirectional=True, rng=rng()), normal(5, 2, 3)),
    "lstm cell": (lambda: nn.LSTMCell(3, 4, rng=rng()), normal(2, 3)),
    "transformer": (
        lambda: nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, rng=rng()), normal(2, 3, 8) / 3,
    ),
}  # fmt: skip


def first(output):
    while isinstance(output, tuple):
        output = output[0]
    return output


@pytest.mark.parametrize("eps", [0.0, 1e-3, 0.1])
@pytest.mark.parametrize("name", MODELS)
def test_whole_models(name, eps):
    """The model's results at points of the box, in float32 and in float64, lie within the bounds."""
    build, x = MODELS[name]
    model = build()
    bounds = estimate_bounds(model if name not in SEVERAL else Head(model), x, eps, samples=20, rng=rng())
    assert (bounds.high - bounds.low).max() < {0.0: 0.02, 1e-3: 5.0, 0.1: 10.0}[eps]  # at a point, only rounding
    assert (bounds.low <= bounds.sampled_low).all() and (bounds.sampled_high <= bounds.high).all()
    exact = build().double().eval()
    generator = np.random.default_rng(6)
    box = Interval(x - np.float32(eps), x + np.float32(eps))
    for point in points(generator, box, 20):
        assert bounds.contains(first(exact(Tensor(point.astype(np.float64)))).data)


@pytest.mark.parametrize("eps", [1e-6, 0.01, 1.0])
@pytest.mark.parametrize("name", [name for name, (_, x) in LAYERS.items() if not isinstance(x, np.ndarray)])
def test_every_layer(name, eps):
    build, shape = LAYERS[name]
    gradlib.manual_seed(0)
    model = Head(build())
    x = np.random.default_rng(1).normal(size=shape).astype(np.float32)
    bounds = estimate_bounds(model, x, eps, samples=30, rng=rng())
    assert np.isfinite(bounds.low).all() and np.isfinite(bounds.high).all()
    assert bounds.contains(bounds.sampled_low) and bounds.contains(bounds.sampled_high)
    exact = model.double().eval()
    for point in points(np.random.default_rng(6), Interval(x - np.float32(eps), x + np.float32(eps)), 20):
        assert bounds.contains(exact(Tensor(point.astype(np.float64))).data)


@pytest.mark.parametrize("name", [name for name in LOSSES if name != "BCELoss"])
def test_every_loss(name):
    """Of the predictions in a box; BCELoss looks at single values of its probabilities, and says so."""
    x = np.random.default_rng(1).normal(size=(3, 2))
    for eps in (1e-6, 0.1, 2.0):
        bounds = estimate_bounds(LOSSES[name], x, eps, samples=100, rng=rng())
        assert bounds.contains(bounds.sampled_low) and bounds.contains(bounds.sampled_high)
        if name != "CosineSimilarity" or eps < 2:  # such a box holds 0, by whose norm it divides
            assert np.max(bounds.high - bounds.low) < 100 * eps
    with pytest.raises(AttributeError, match="Interval .* no 'data'"):
        estimate_bounds(LOSSES["BCELoss"], x, 0.1)


SEVERAL = {"rnn", "lstm", "gru", "lstm cell"}


class Head(nn.Module):
    """The first of the things that a recurrent layer returns."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        return first(self.layer(x))


def test_bounds_of_a_small_box_are_tight():
    """For a box of 1e-4 the bounds of an MLP are at most a few times as wide as the sampled range."""
    model = nn.MLP([3, 16, 16, 2], activation="tanh", rng=rng()).double()
    bounds = estimate_bounds(model, np.random.default_rng(0).normal(size=3), 1e-4, rng=rng())
    ratio = (bounds.high - bounds.low) / (bounds.sampled_high - bounds.sampled_low)
    assert (1 <= ratio).all() and (ratio < 20).all()


# estimate_bounds ------------------------------------------------------------


def test_estimate_bounds_of_a_function():
    x = np.array([0.5, -1.0])
    bounds = estimate_bounds(lambda x: (x * x).sum() + np.exp(x[0]), x, np.array([0.5, 0.25]), rng=rng())
    truth = 0.5625 + 1.0, 1 + 1.5625 + math.e
    assert bounds.low <= truth[0] and truth[1] <= bounds.high
    np.testing.assert_allclose([bounds.low, bounds.high], truth, rtol=1e-12)
    np.testing.assert_allclose([bounds.sampled_low, bounds.sampled_high], truth, rtol=0.1)
    assert bounds.contains(2.0) and not bounds.contains(-1.0) and bounds.interval.contains(2.0)
    assert isinstance(bounds, Bounds)


def test_the_box_is_moved_out_only_where_rounding_went_inward():
    exact = estimate_bounds(lambda x: x * 1.0, np.float32([0.5, 3.0]), 0.5, samples=1)
    inside = estimate_bounds(lambda x: x.log(), 0.5, 0.5, samples=50, rng=rng())
    assert exact.contains([0.0, 2.5]) and inside.low == -np.inf and inside.high < 1e-6
    generator = np.random.default_rng(0)
    for dtype in DTYPES:
        for x, eps in 10.0 ** generator.uniform(-8, 8, (200, 2)):
            x = dtype(x)
            box = []
            estimate_bounds(lambda x, box=box: box.append(x) or x, x, eps, samples=1)
            low, high = (Fraction(float(x)) + side * Fraction(float(eps)) for side in (-1, 1))
            ends = box[1].low, box[1].high
            assert ends[0] <= low and high <= ends[1]
            assert np.nextafter(ends[0], dtype(np.inf)) > low and np.nextafter(ends[1], dtype(-np.inf)) < high


def test_samples_that_have_no_value_are_passed_over():
    bounds = estimate_bounds(lambda x: x / x, [0.0], 1.0, samples=4, rng=rng())
    assert bounds.sampled_low == bounds.sampled_high == 1.0 and bounds.contains(1.0)
    assert np.isnan(estimate_bounds(lambda x: x / x, [0.0], 1.0, samples=1).sampled_low)


def test_estimate_bounds_leaves_the_model_as_it_was():
    model = nn.Sequential(nn.Linear(2, 3, rng=rng()), nn.BatchNorm1d(3), nn.Dropout(0.5))
    model[2].eval()
    before = model.state_dict()
    estimate_bounds(model, normal(4, 2), 0.1, samples=3)
    assert model.training and model[1].training and not model[2].training
    assert all((before[name] == value).all() for name, value in model.state_dict().items())
    assert all(p.grad is None for p in model.parameters())


def test_estimate_bounds_prints_a_table():
    text = repr(estimate_bounds(lambda x: x * 2, np.arange(12.0).reshape(3, 4), 0.5, samples=4, rng=rng()))
    assert text.splitlines()[0].split("  ")[-1] == "proven high" and "[0, 1]" in text and "and 2 more" in text


def test_samples_repeat_with_a_seed():
    def sampled():
        gradlib.manual_seed(3)
        return estimate_bounds(lambda x: x.sin(), np.zeros(3), 1.0, samples=9).sampled_high

    np.testing.assert_array_equal(sampled(), sampled())


@pytest.mark.parametrize(
    "arguments, message",
    [
        (dict(f=lambda x: x, x=[1.0], eps=-0.1), "eps is how far"),
        (dict(f=lambda x: x, x=[1.0], eps=0.1, samples=0), "samples"),
        (dict(f=lambda x: x, x=[1.0], eps=0.1, samples=2.5), "samples is the number of points to try"),
        (dict(f=3, x=[1.0], eps=0.1), "the first argument is a function"),
        (dict(f=lambda x: x, x=[1.0, np.nan], eps=0.1), "must be finite"),
        (dict(f=lambda x: x, x=[1.0, np.inf], eps=0.1), "must be finite"),
        (dict(f=lambda x: x, x=[1.0], eps=np.inf), "finite, got inf"),
        (dict(f=lambda x: x, x=[1.0], eps=np.nan), "finite, got nan"),
        (dict(f=lambda x: x, x=[1.0], eps=[0.1, -0.1]), r"got \[0.1, -0.1\]"),
        (dict(f=lambda x: x, x=[1.0, 2.0], eps=[0.1] * 3), r"\(3,\), must be one number or .* \(2,\)"),
        (dict(f=lambda x: 3.0, x=[1.0], eps=0.1), "float"), (dict(f=lambda x: x.inv(), x=[[1.0]], eps=0.1), "inv"),
    ],
)  # fmt: skip
def test_estimate_bounds_refuses(arguments, message):
    with pytest.raises((ValueError, TypeError), match=message):
        estimate_bounds(**arguments)


@pytest.mark.parametrize("eps", ["a", None, [[1], [1, 2]], 1j])
def test_an_eps_that_is_no_number_is_refused(eps):
    with pytest.raises((TypeError, ValueError), match="eps is how far an entry may differ|the rows of a tensor"):
        estimate_bounds(lambda x: x, np.array([1.0]), eps)


def test_logsumexp_keeps_its_lower_end_where_the_upper_one_is_infinite():
    """ln(½ + ½) of float32 numbers next to -ln 2 is -2e-9, and comes out as 0."""
    low = np.full(2, -np.log(2), np.float32)
    bounds = Interval(low, [np.inf, np.inf]).logsumexp()
    assert bounds.contains(P.logsumexp.forward(low.astype(np.float64))) and bounds.low > -1e-4


def test_conversions_contain():
    x = Interval([-1.5, 0.0, -2.0], [1.5, 0.0, -1.0])
    truth = x.astype(bool)
    assert truth.low.tolist() == [False, False, True] and truth.high.tolist() == [True, False, True]
    whole = x.astype(int)
    assert whole.low.tolist() == [-1, 0, -2] and whole.high.tolist() == [1, 0, -1]
    with pytest.raises(ValueError, match="astype needs numbers that int32 holds"):
        Interval([-np.inf], [1.0]).astype(np.int32)


def test_a_condition_counts_as_0_and_1():
    x = Interval([-1.0, 1.0], [1.0, 2.0])
    assert (1 - (x > 0)).contains([0.0, 0.0]) and not (1 - (x > 0)).contains([0.0, 1.0])


@pytest.mark.parametrize(
    "f, error, message",
    [
        (lambda x: x < np.ones(3), ShapeError, r"cannot broadcast \(2,\) with \(3,\)"),
        (lambda x: np.ones(3) == x, ShapeError, "cannot broadcast"),
        (lambda x: (x > 0) & np.array([True] * 3), ShapeError, r"cannot broadcast \(2,\) with \(3,\)"),
        (lambda x: x.contains([1.0, 2.0, 3.0]), ShapeError, r"cannot broadcast \(2,\) with \(3,\)"),
        (lambda x: x.contains("a"), TypeError, "contains takes numbers"),
        (lambda x: x.size(5), ShapeError, "there is no axis 5"),
        (lambda x: len(x[0]), TypeError, "a 0-d interval is a single number"),
        (lambda x: bool(x > 0), ShapeError, r"this interval has shape \(2,\)"),
        (lambda x: x[:0].mean(0), ValueError, "the mean over axis 0 of an empty array"),
    ],
)
def test_mistakes_with_intervals_are_explained(f, error, message):
    with pytest.raises(error, match=message):
        f(Interval([-1.0, 2.0], [1.0, 3.0]))


def test_samples_of_a_box_as_large_as_the_dtype_allows():
    """high - low overflows there, and NaN was sampled at every corner."""
    for center, eps in ((0.0, 3e38), (3e38, 3e38)):
        bounds = estimate_bounds(lambda x: x * 1, center, eps, samples=50, rng=np.random.default_rng(0))
        assert bounds.sampled_low <= center - 0.9 * eps and bounds.sampled_high >= 3e38
        assert bounds.contains(bounds.sampled_low) and bounds.contains(bounds.sampled_high)


def test_a_large_quotient_rounded_down():
    """NumPy computes (x - x mod y)/y, which here is off by one."""
    x, y = np.float32([0.15120675]), np.float32(1e-8)
    bounds = Interval(x) // y
    assert bounds.contains(x // y) and bounds.contains(np.floor(x.astype(np.float64) / np.float64(y)))
    assert (Interval(np.float32([0.0, 6.0])) // np.float32(4)).low.tolist() == [0, 1]
