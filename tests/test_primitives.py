"""Every operation of the table: its derivatives against finite differences, to the second order."""

import builtins
import importlib
import itertools
import math
import pkgutil
import re

import numpy as np
import pytest
from scipy import special

from gradlib import GraphError, ShapeError, Tensor, grad, gradcheck, primitives
from gradlib.autograd import contributions
from gradlib.formulas import fill, operation_text, plain
from gradlib.primitives import TABLE, Primitive, Vjp, find
from gradlib.tensor import apply
from tests.samples import COUNTS, SAMPLES

SMOOTH = [sample for sample in SAMPLES if sample.smooth]


def calling(sample):
    """The operation as a function of its floating inputs, and those inputs."""
    floating = [i for i, array in enumerate(sample.inputs) if array.dtype.kind == "f"]

    def call(*tensors):
        inputs = [Tensor(array) for array in sample.inputs]
        for i, tensor in zip(floating, tensors, strict=True):
            inputs[i] = tensor
        return apply(TABLE[sample.name], *inputs, **sample.keywords)

    return call, [sample.inputs[i] for i in floating]


def test_the_table_holds_every_public_entry_of_the_families_under_its_name():
    entries = {}
    for module in pkgutil.iter_modules(primitives.__path__):
        names = vars(importlib.import_module(f"gradlib.primitives.{module.name}"))
        assert not [name for name in names if hasattr(builtins, name) and not name.startswith("__")], module
        entries |= {name.rstrip("_"): entry for name, entry in names.items() if isinstance(entry, Primitive)}
    entries = {name: entry for name, entry in entries.items() if not name.startswith("_")}
    assert entries == TABLE == {name: getattr(primitives, name) for name in TABLE}


@pytest.mark.parametrize("name", TABLE)
def test_it_has_at_least_eight_samples(name):
    assert COUNTS[name] >= 8


def test_every_sample_is_of_an_operation():
    assert {sample.name for sample in SAMPLES} == TABLE.keys()


# A condition that never holds, a flat function, a result without entries: zeros are compared, which is right.
only_zeros = pytest.mark.filterwarnings("ignore:input . does not change the result")


@only_zeros
@pytest.mark.parametrize("sample", SMOOTH, ids=str)
def test_its_gradient_agrees_with_finite_differences(sample):
    assert gradcheck(*calling(sample))


@pytest.mark.parametrize("name", TABLE)
def test_its_step_backward_can_be_called_and_read(name):
    for sample in (sample for sample in SAMPLES if sample.name == name):
        inputs = [Tensor(array, requires_grad=array.dtype.kind == "f") for array in sample.inputs]
        z = apply(TABLE[name], *inputs, **sample.keywords)
        if z.grad_fn is None:
            assert z.is_leaf and not any(x.requires_grad for x in inputs), sample
            continue
        g = np.random.default_rng(4).normal(size=z.shape).astype(z.dtype)
        with np.errstate(divide="ignore"):  # the slope of a root at 0
            given = z._backward(g)
            z.backward(g)
        for x, part in zip(inputs, given, strict=True):
            if x.grad is not None:
                np.testing.assert_array_equal(part, x.grad, strict=True, err_msg=str(sample))
        said = re.fullmatch(r"BackwardStep\(z = (.+?): (.+)\)", repr(z.grad_fn))
        rules = sum(TABLE[name].vjp(i) is not None for i in range(len(inputs)))
        assert not set("{}\\") & set(said[0]) and said[2].count("/∂") == rules, said[0]


@only_zeros
@pytest.mark.parametrize("sample", SMOOTH, ids=str)
def test_its_second_derivative_agrees_with_finite_differences(sample):
    call, inputs = calling(sample)
    rng = np.random.default_rng(3)
    weights = rng.normal(size=call(*map(Tensor, inputs)).shape)

    def slopes(*tensors):
        moving = [t if t.requires_grad else Tensor(t.data, requires_grad=True) for t in tensors]
        loss = (call(*moving) * weights).sum()
        return grad(loss, moving, create_graph=True)

    try:
        assert gradcheck(slopes, inputs)
        assert sample.name not in LINEAR
    except GraphError as error:  # nothing was recorded, because the slopes do not depend on the inputs
        assert "no output of the function depends" in str(error)
        moved = [array + 1e-4 * rng.normal(size=array.shape) for array in inputs]
        for before, after in zip(slopes(*map(Tensor, inputs)), slopes(*map(Tensor, moved)), strict=True):
            np.testing.assert_allclose(before.data, after.data, rtol=1e-12, atol=1e-12)


# The second derivatives of these are not even recorded.
LINEAR = {
    "unfold", "fold",
    "add", "sub", "neg", "relu", "leaky_relu", "clip", "maximum", "minimum", "where", "astype", "to",
    "sign", "floor", "ceil", "round", "floor_divide",
    "sum", "mean", "center", "max", "min", "cumsum",
    "reshape", "transpose", "broadcast_to", "concatenate", "pad", "getitem", "scatter", "setitem",
}  # fmt: skip


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # the mean of nothing, a slope at a pole
@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_a_gradient_has_the_shape_and_dtype_of_its_input(sample):
    inputs = [
        Tensor(array.astype(np.float32), requires_grad=True) if array.dtype.kind == "f" else Tensor(array)
        for array in sample.inputs
    ]
    result = apply(TABLE[sample.name], *inputs, **sample.keywords)
    assert result.dtype == sample.keywords.get("dtype", np.float32)
    for contribution in contributions(result, np.ones(result.shape, result.dtype)):
        assert contribution is None or contribution.dtype == np.float32  # one in float64 makes all before it slow
    result.backward(np.ones(result.shape))
    for tensor in inputs:
        if tensor.requires_grad:
            assert type(tensor.grad) is np.ndarray and tensor.grad.flags.writeable
            assert (tensor.grad.shape, tensor.grad.dtype) == (tensor.shape, np.float32)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_a_rule_writes_nothing_and_hands_out_no_array_that_others_hold(sample):
    """A leaf may keep what a rule returns, so that must not be (a view of) an input or the output."""
    entry = TABLE[sample.name]
    inputs = [frozen(array) for array in sample.inputs]
    kept = [array.copy() for array in inputs]
    z = frozen(np.asarray(entry.forward(*inputs, **sample.keywords)))
    g = frozen(np.random.default_rng(0).normal(size=z.shape))
    given = gradients_of(entry, g, z, inputs, sample.keywords)
    assert all(np.array_equal(a, b) for a, b in zip(inputs, kept, strict=True))
    for gradient in given:
        assert not any(np.shares_memory(gradient, array) for array in (z, *inputs))
    for first, second in itertools.combinations(given, 2):  # nor the same array for two inputs, unless it is g
        assert not np.shares_memory(first, second) or np.shares_memory(first, g)


def gradients_of(entry, g, z, inputs, keywords):
    """The results of the rules of an entry, for the inputs that have a gradient."""
    if entry.joint:
        return [gradient for gradient in entry.joint.rule(g, z, *inputs, **keywords) if gradient is not None]
    return [rule(g, z, *inputs, **keywords) for rule in entry.rules_for(len(inputs)) if rule]


def frozen(array):
    view = array.view()
    view.flags.writeable = False
    return view


# Formulas ------------------------------------------------------------


def vjps_of(entry):
    return [vjp for vjp in (entry.variadic, entry.joint, *entry.vjps) if vjp]


# Commands of LaTeX that are words in text too.
SAID = {"ln", "sin", "cos", "tan", "sinh", "cosh", "tanh", "max", "min", "det", "log", "operatorname"}


@pytest.mark.parametrize("name", TABLE)
def test_its_formulas_read_as_text_and_as_latex(name):
    entry = TABLE[name]
    names = ["u", "v", "w"][: len(entry.vjps) or (3 if entry.joint else 2)]
    for latex in [entry.latex, *(vjp.latex for vjp in vjps_of(entry))]:
        filled = fill(latex, names, "q", "h")
        assert not re.search(r"\{[xyzg]\}", filled)
        assert filled.count("{") == filled.count("}")
        assert plain(filled).strip() and not set(plain(filled)) & set("\\{}"), plain(filled)
        for command in set(re.findall(r"\\([a-zA-Z]+)", latex)) - SAID:
            assert command not in plain(filled), plain(filled)
    written = operation_text(entry, names)
    assert all(re.search(rf"\b{letter}", written) for letter in names), written


# What LaTeX and text have to say for it to be Python.
LATEX = [
    (r"\{([xyzw])\}", r"\1"), (r"\\cdot", "*"), (r"\\leq", "<="), (r"\\pi", "pi"),
    (r"\\sqrt\{(.*?)\}", r"sqrt(\1)"), (r"\^\{(.*?)\}", r"**(\1)"), (r"\^", "**"),
    (r"\\lfloor(.*?)\\rfloor", r"floor(\1)"), (r"\\operatorname\{(\w+)\} (\w)", r"\1(\2)"),
    (r"\\sigma", "sigma"), (r"\\Phi'", "density"), (r"\\Phi", "cumulative"), (r"\\(\w+) (\w+)", r"\1(\2)"),
    (" = ", "=="), (r"\[(.*?)\]", r"(1*(\1))"),
]  # fmt: skip
TEXT = [
    ("·", "*"), ("≤", "<="), ("²", "**2"), (r"\^", "**"), (r"√(\w)", r"sqrt(\1)"), ("√", "sqrt"), ("π", "pi"),
    ("⌊(.*?)⌋", r"floor(\1)"), ("Φ'", "density"), ("Φ", "cumulative"), (r"\b([a-z]{2,}) (\w+)", r"\1(\2)"),
    ("σ", "sigma"), (" = ", "=="), (r"\[(.*?)\]", r"(1*(\1))"),
]  # fmt: skip
WORDS = {
    "ln": np.log, "sin": np.sin, "cos": np.cos, "sinh": np.sinh, "cosh": np.cosh, "sqrt": np.sqrt,
    "floor": np.floor, "sign": np.sign, "pi": math.pi, "e": math.e, "cumulative": special.ndtr, "sigma": special.expit,
    "density": lambda x: math.exp(-x * x / 2) / math.sqrt(2 * math.pi),
}  # fmt: skip
KEYWORDS = {
    "leaky_relu": {"negative_slope": 0.3}, "gelu": {"approximate": "none"}, "astype": {"dtype": np.float64},
    "clip": {"min": -0.2, "max": 0.9}, "round": {"decimals": 0}, "to": {"device": "cpu"},
}  # fmt: skip
VALUES = [[0.7, 1.3, -0.4], [0.9, 0.2, 1.1], [0.3, 0.6, 0.5], [0.95, 2.0, 0.1], [0.6, 0.6, 0.3]]  # a tie at last
ELEMENTWISE = [name for name, entry in TABLE.items() if entry.elementwise]


@pytest.mark.parametrize("values", VALUES, ids=str)
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_an_elementwise_formula_is_the_local_derivative(name, values):
    """The formula is evaluated as it reads, at a number, and compared with the rule beside it."""
    entry, keywords = TABLE[name], KEYWORDS.get(name, {})
    values = [np.float64(value) for value in values[: len(entry.vjps)]]
    with np.errstate(invalid="ignore"):
        outside = np.isnan(entry.forward(*map(np.asarray, values), **keywords))
    if outside:  # of its domain: its samples lie inside
        values = [np.float64(x.flat[0]) for x in next(s for s in SAMPLES if s.name == name and s.inputs[0].size).inputs]
    if name == "where":
        values[0] = np.bool_(values[0] > 0.5)
    z = entry.forward(*map(np.asarray, values), **keywords)
    constants = dict(zip("ab", keywords.values(), strict=False))  # a slope, two bounds
    for vjp in filter(None, entry.vjps):
        operands = dict(zip("xyw", values, strict=False)) | {"z": z} | constants
        for written, as_python in ((vjp.latex, LATEX), (plain(fill(vjp.latex, "xyw", "z")), TEXT)):
            text = written
            for pattern, python in as_python:
                text = re.sub(pattern, python, text)
            reads = eval(text, WORDS, operands)
            arrays = map(np.asarray, values)  # as tensors hold them: a scalar of NumPy 2.0 is on no device
            assert reads == pytest.approx(vjp.rule(np.asarray(1.0), z, *arrays, **keywords)), written


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_what_mixes_entries_has_g_in_its_formulas(sample):
    """Where every entry goes its own way the formula is the factor of g alone."""
    entry = TABLE[sample.name]
    if entry.elementwise:
        shape = np.broadcast_shapes(*(array.shape for array in sample.inputs))
        assert np.shape(entry.forward(*sample.inputs, **sample.keywords)) == shape
    else:
        assert all("{g}" in vjp.latex for vjp in vjps_of(entry))


# Edge cases ------------------------------------------------------------


def slopes(function, *numbers):
    tensors = [Tensor(np.array(number, dtype=float), requires_grad=True) for number in numbers]
    function(*tensors).sum().backward()
    return [tensor.grad.tolist() for tensor in tensors]


def test_powers_at_zero_have_the_derivatives_that_pytorch_gives():
    assert slopes(lambda x: x**2, 0.0) == [0.0]
    assert slopes(lambda x: x**1, 0.0) == [1.0]
    assert slopes(lambda x: x**0, 0.0) == [0.0]
    assert slopes(lambda x, y: x**y, 0.0, 2.0) == [0.0, 0.0]
    assert slopes(lambda x, y: x**y, 0.0, 0.0) == [0.0, 0.0]
    assert slopes(lambda x: x**3, -2.0) == [12.0]


# At a kink the gradient is chosen: one of the slopes on both sides, or half of each at a tie.
KINKS = [
    (Tensor.relu, [0.0], [0.0]),
    (Tensor.leaky_relu, [0.0], [0.01]),
    (Tensor.abs, [0.0], [0.0]),
    (Tensor.sign, [0.0], [0.0]),
    (Tensor.floor, [2.0], [0.0]),
    (Tensor.ceil, [2.0], [0.0]),
    (Tensor.round, [0.5], [0.0]),
    (Tensor.maximum, [2.0, 2.0], [0.5, 0.5]),
    (Tensor.minimum, [2.0, 2.0], [0.5, 0.5]),
    (lambda x: x.clip(0.0, 1.0), [[-1.0, 0.0, 0.5, 1.0, 2.0]], [[0.0, 1.0, 1.0, 1.0, 0.0]]),
    (Tensor.max, [[1.0, 3.0, 3.0]], [[0.0, 0.5, 0.5]]),
    (Tensor.min, [[1.0, 1.0, 1.0, 2.0]], [[1 / 3, 1 / 3, 1 / 3, 0.0]]),
    (lambda x: x.max(axis=0), [[[1.0, 2.0], [1.0, 0.0]]], [[[0.5, 1.0], [0.5, 0.0]]]),
    (Tensor.norm, [[0.0, 0.0]], [[0.0, 0.0]]),
    (lambda x: x.norm(1), [[0.0, -2.0]], [[0.0, -1.0]]),
    (lambda x: x.norm(math.inf), [[-2.0, 2.0, 0.0]], [[-0.5, 0.5, 0.0]]),
    (lambda x: x.norm(3), [[0.0, 0.0]], [[0.0, 0.0]]),
    (lambda x: x.norm(axis=1), [[[3.0, 4.0], [0.0, 0.0]]], [[[0.6, 0.8], [0.0, 0.0]]]),
    (Tensor.std, [[2.0, 2.0, 2.0]], [[0.0, 0.0, 0.0]]),
    (Tensor.var, [[2.0, 2.0, 2.0]], [[0.0, 0.0, 0.0]]),
    (lambda x: x.elu(), [0.0], [1.0]),
    (lambda x, y: x % y, [4.0, 2.0], [1.0, -2.0]),
]


@pytest.mark.parametrize(("function", "at", "expected"), KINKS)
def test_the_gradient_that_is_chosen_at_a_kink(function, at, expected):
    for found, wanted in zip(slopes(function, *at), expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-12)


def test_relu_and_its_like_let_nan_through():
    x = Tensor([math.nan])
    for y in (x.relu(), x.leaky_relu(), x.clip(0, 1), x.maximum(0), x.max(), x.sort()[0], x.softmax()):
        assert y.isnan().all()


TINY = math.exp(-100)
# Where the naive formula gives infinity, NaN or 0: the exact values, and slopes that stay finite.
EXTREMES = [
    ("sigmoid", Tensor.sigmoid, [-1e4, -100, 0, 100, 1e4], [0, TINY, 0.5, 1, 1], [0, TINY, 0.25, 0, 0]),
    ("softplus", Tensor.softplus, [-1e4, -100, 0, 1e4], [0, TINY, math.log(2), 1e4], [0, TINY, 0.5, 1]),
    ("logsumexp", Tensor.logsumexp, [1e4, 1e4], 1e4 + math.log(2), [0.5, 0.5]),
    ("logsumexp of small", Tensor.logsumexp, [-1e4, -1e4, -2e4], -1e4 + math.log(2), [0.5, 0.5, 0]),
    ("logsumexp of none", Tensor.logsumexp, [-math.inf, 0], 0, [0, 1]),
    ("softmax", lambda x: x.softmax()[0], [1e4, -1e4, 1e4], 0.5, [0.25, 0, -0.25]),
    ("log_softmax", lambda x: x.log_softmax()[1], [1e4, -1e4], -2e4, [-1, 1]),
    ("cross-entropy", lambda x: apply(TABLE["cross_entropy"], x, index=np.array(1)), [1e4, -1e4], 2e4, [1, -1]),
    ("logaddexp", lambda x: x.logaddexp(-1e4), [-1e4, 1e4], [-1e4 + math.log(2), 1e4], [0.5, 1]),
    ("tanh", Tensor.tanh, [-1e4, 1e4], [-1, 1], [0, 0]),
    ("silu", Tensor.silu, [-1e4, 0, 1e4], [0, 0, 1e4], [0, 0.5, 1]),
    ("elu", Tensor.elu, [-1e4, 1e4], [-1, 1e4], [0, 1]),
    ("gelu", Tensor.gelu, [-1e4, 0, 1e4], [0, 0, 1e4], [0, 0.5, 1]),
    ("gelu of tanh", lambda x: x.gelu("tanh"), [-1e2, 0, 1e2], [0, 0, 1e2], [0, 0.5, 1]),
    ("erf", Tensor.erf, [-1e4, 1e4], [-1, 1], [0, 0]),
    ("expm1", Tensor.expm1, [1e-20], [1e-20], [1]),
    ("log1p", Tensor.log1p, [1e-20], [1e-20], [1]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("function", "at", "values", "slope"), [case[1:] for case in EXTREMES], ids=[case[0] for case in EXTREMES]
)
def test_far_out_values_and_slopes_are_exact(function, at, values, slope):
    x = Tensor(np.array(at, dtype=float), requires_grad=True)
    y = function(x)
    y.sum().backward()
    np.testing.assert_allclose(y.data, values, rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(x.grad, slope, rtol=1e-12, atol=1e-40)


@pytest.mark.parametrize("function", [Tensor.sigmoid, Tensor.softplus, Tensor.logsumexp, Tensor.log_softmax])
def test_float32_does_not_overflow_either(function):
    x = Tensor([-1e4, -100.0, 0.0, 100.0, 1e4], requires_grad=True)
    y = function(x)
    y.sum().backward()
    assert np.isfinite(y.data).all() and np.isfinite(x.grad).all() and y.dtype == np.float32


def test_sigmoid_of_float32_has_its_small_values():
    assert Tensor([-100.0]).sigmoid().data[0] > 0  # 3.8e-44: the exact value, not 0


@pytest.mark.parametrize(
    ("numbers", "slope"),
    [
        ([2.0, 3.0, 4.0], [12.0, 8.0, 6.0]), ([2.0, 0.0, 4.0], [0.0, 8.0, 0.0]),
        ([0.0, 0.0, 4.0], [0.0, 0.0, 0.0]), ([0.0], [1.0]), ([0.0, 5.0], [5.0, 0.0]),
    ],
)  # fmt: skip
def test_the_product_of_numbers_with_zeros_among_them(numbers, slope):
    assert slopes(Tensor.prod, numbers) == [slope]


@pytest.mark.parametrize(
    ("numbers", "slope"),
    [
        # With z = (a, ab, abc): ∂Σz/∂a = 1 + b + bc, ∂/∂b = a + ac, ∂/∂c = ab.
        ([2.0, 3.0, 4.0], [1 + 3 + 12, 2 + 8, 6]), ([2.0, 0.0, 4.0], [1, 2 + 8, 0]),
        ([0.0, 3.0, 4.0], [1 + 3 + 12, 0, 0]), ([0.0, 0.0, 4.0], [1, 0, 0]), ([0.0], [1]),
    ],
)  # fmt: skip
def test_running_products_with_zeros_among_them(numbers, slope):
    assert slopes(lambda x: x.cumprod(0), numbers) == [slope]


def test_erf_and_gelu_are_scipys():
    x = np.linspace(-4, 4, 41)
    np.testing.assert_allclose(Tensor(x).erf().data, special.erf(x), rtol=1e-14)
    np.testing.assert_allclose(Tensor(x).gelu().data, x * special.ndtr(x), rtol=1e-12)
    tanh_form = x * special.expit(2 * math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))
    np.testing.assert_allclose(Tensor(x).gelu(approximate="tanh").data, tanh_form, rtol=1e-10, atol=1e-16)
    slope = special.ndtr(x) + x * np.exp(-x * x / 2) / math.sqrt(2 * math.pi)
    np.testing.assert_allclose(slopes(Tensor.gelu, x)[0], slope, rtol=1e-12)


@pytest.mark.parametrize("rank", [0, 1, 2])
def test_the_determinant_of_a_singular_matrix_has_its_cofactors_as_slope(rank):
    matrix = np.diag([3.0, 2.0, 0.0][:3]) if rank == 2 else np.diag([3.0, 0.0, 0.0]) * rank
    cofactors = np.diag([0.0, 0.0, 6.0]) if rank == 2 else np.zeros((3, 3))
    assert slopes(Tensor.det, matrix) == [cofactors.tolist()]


def test_entries_read_twice_collect_twice():
    assert slopes(lambda x: x[[0, 0, 2]], [1.0, 2.0, 3.0]) == [[2.0, 0.0, 1.0]]


def test_of_an_entry_assigned_twice_the_last_value_counts():
    def assign(x, values):
        return apply(TABLE["setitem"], x, values, index=np.array([0, 0, 1]))

    assert assign(Tensor([7.0, 8.0]), Tensor([1.0, 2.0, 3.0])).tolist() == [2.0, 3.0]
    assert slopes(assign, [7.0, 8.0], [1.0, 2.0, 3.0]) == [[0.0, 0.0], [0.0, 1.0, 1.0]]


# The table ------------------------------------------------------------


def test_find_knows_symbols_names_and_entries():
    assert find("*") is find("·") is find("mul") is find(TABLE["mul"]) is TABLE["mul"]
    with pytest.raises(KeyError, match="'cube' is not in the table of derivatives.*tanh"):
        find("cube")


@pytest.mark.parametrize("name", TABLE)
def test_its_symbol_is_its_own(name):
    assert find(TABLE[name].symbol) is TABLE[name]


def test_a_new_entry_is_differentiated_without_another_line():
    cube = Primitive("cube", lambda x: x**3, Vjp(lambda g, z, x: g * 3 * x**2, r"3\,{x}^2"))
    assert gradcheck(lambda x: apply(cube, x), np.array([0.5, -2.0]))


def test_a_rule_without_its_formula_is_refused():
    with pytest.raises(TypeError, match=r"a Vjp for each input, got a function.*Vjp\(rule"):
        Primitive("cube", lambda x: x**3, lambda g, z, x: g * 3 * x**2)


def test_an_entry_called_computes_on_arrays_and_records_on_tensors():
    multiply = TABLE["mul"]
    assert multiply(np.array([2.0]), 3.0).tolist() == [6.0]
    x = Tensor([2.0], requires_grad=True)
    for product in (multiply(x, 3.0), multiply(3.0, x), multiply(np.array([3.0], np.float32), x)):
        assert isinstance(product, Tensor) and product.requires_grad and product.data.tolist() == [6.0]


def test_gradients_of_gradients_to_the_fifth_order():
    x = Tensor(0.7, requires_grad=True, dtype=np.float64)
    y = x.sin() * x.exp()
    for _ in range(5):
        (y,) = grad(y, x, create_graph=True)
    # The fourth derivative of sin(x)·eˣ is -4 sin(x)·eˣ.
    assert y.item() == pytest.approx(-4 * np.exp(0.7) * (np.sin(0.7) + np.cos(0.7)), rel=1e-14)


# A function, and its third derivative.
THIRD = {
    "log": lambda x: 2 / x**3,
    "sqrt": lambda x: 0.375 * x**-2.5,
    "reciprocal": lambda x: -6 / x**4,
    "tan": lambda x: 2 / np.cos(x) ** 2 * (1 + 3 * np.tan(x) ** 2),
    "tanh": lambda x: (6 * np.tanh(x) ** 2 - 2) * (1 - np.tanh(x) ** 2),
    "arctan": lambda x: (6 * x**2 - 2) / (1 + x**2) ** 3,
    "arcsin": lambda x: (1 + 2 * x**2) / (1 - x**2) ** 2.5,
    "sinh": np.cosh,
    "erf": lambda x: (4 * x**2 - 2) * 2 / math.sqrt(math.pi) * np.exp(-x * x),
    "square": lambda x: 0.0,
}


@pytest.mark.parametrize("name", THIRD)
def test_third_derivatives_are_exact(name):
    x = y = Tensor(np.array(0.6), requires_grad=True)
    y = getattr(x, name)()
    for _ in range(2):
        (y,) = grad(y, x, create_graph=True)
    (third,) = grad(y, x) if y.requires_grad else (Tensor(0.0),)
    assert third.item() == pytest.approx(THIRD[name](0.6), rel=1e-12)


@pytest.mark.parametrize("axis", [0, -1])
@pytest.mark.parametrize("reduce", [Tensor.sum, Tensor.mean, Tensor.max, Tensor.prod, Tensor.logsumexp, Tensor.norm])
def test_a_number_may_be_summed_over_its_missing_axis_as_in_numpy(reduce, axis):
    x = Tensor(2.0, requires_grad=True)
    try:
        y = reduce(x, axis=axis)
    except ShapeError as refused:  # NumPy takes sum over axis 0 of a number, but no mean
        assert "a 0-d tensor has no axes: leave the axis out" in str(refused)
    else:
        y.backward()
        assert (y.item(), x.grad) == (2.0, 1.0)


def test_the_means_of_no_rows():
    x = Tensor(np.empty((0, 3)), requires_grad=True)
    x.mean(axis=1).backward(np.empty(0))
    assert x.grad.shape == (0, 3)


@pytest.mark.parametrize("exponent", [0.0, 1.0, 2.0])
def test_how_the_slope_of_a_power_moves_with_its_exponent(exponent):
    """∂²(xʸ)/∂x∂y = xʸ⁻¹ (1 + y ln x), at whole y too."""
    x, y = (Tensor(number, requires_grad=True, dtype=np.float64) for number in (2.0, exponent))
    (by_x,) = grad(x**y, x, create_graph=True)
    (by_both,) = grad(by_x, y)
    assert by_both.item() == pytest.approx(2 ** (exponent - 1) * (1 + exponent * np.log(2)))
