"""Every operation of the table: its derivatives against finite differences, to the second order."""

import numpy as np
import pytest

from gradlib import GraphError, ShapeError, Tensor, grad, gradcheck
from gradlib.formulas import fill, plain
from gradlib.primitives import TABLE, Primitive, Vjp, find
from gradlib.tensor import apply
from tests.samples import COUNTS, SAMPLES

NAMES = "xyw"


def calling(sample):
    """The operation as a function of its floating inputs, and those inputs."""
    floating = [i for i, array in enumerate(sample.inputs) if array.dtype.kind == "f"]

    def call(*tensors):
        inputs = [Tensor(array) for array in sample.inputs]
        for i, tensor in zip(floating, tensors, strict=True):
            inputs[i] = tensor
        return apply(TABLE[sample.name], *inputs, **sample.keywords)

    return call, [sample.inputs[i] for i in floating]


@pytest.mark.parametrize("name", TABLE)
def test_it_has_at_least_eight_samples(name):
    assert COUNTS[name] >= 8


# A condition that never holds, a result without entries: two zeros are compared, which is right.
only_zeros = pytest.mark.filterwarnings("ignore:input . does not change the result")


@only_zeros
@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_its_gradient_agrees_with_finite_differences(sample):
    assert gradcheck(*calling(sample))


@only_zeros
@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_its_second_derivative_agrees_with_finite_differences(sample):
    call, inputs = calling(sample)
    rng = np.random.default_rng(3)
    weights = rng.normal(size=call(*map(Tensor, inputs)).shape)

    def slopes(*tensors):
        moving = [t if t.requires_grad else Tensor(t.data, requires_grad=True) for t in tensors]
        loss = (call(*moving) * weights).sum()
        return grad(loss, moving, create_graph=True)

    if sample.name in LINEAR:
        with pytest.raises(GraphError, match="no output of the function depends"):
            gradcheck(slopes, inputs)
    else:
        assert gradcheck(slopes, inputs)


# Their first derivatives do not depend on the inputs, so the second are not even recorded.
LINEAR = {"add", "sub", "neg", "relu", "sum", "mean", "reshape", "transpose", "broadcast_to", "where"}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # the mean of nothing
@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_a_gradient_has_the_shape_and_dtype_of_its_input(sample):
    inputs = [
        Tensor(array.astype(np.float32), requires_grad=True) if array.dtype.kind == "f" else Tensor(array)
        for array in sample.inputs
    ]
    result = apply(TABLE[sample.name], *inputs, **sample.keywords)
    assert result.dtype == np.float32
    result.backward(np.ones(result.shape))
    for tensor in inputs:
        if tensor.requires_grad:
            assert type(tensor.grad) is np.ndarray
            assert (tensor.grad.shape, tensor.grad.dtype) == (tensor.shape, np.float32)


@pytest.mark.parametrize("name", TABLE)
def test_it_leaves_its_inputs_and_the_gradient_as_they_are(name):
    sample = next(s for s in SAMPLES if s.name == name and all(np.size(a) > 1 for a in s.inputs))
    kept = [array.copy() for array in sample.inputs]
    z = np.asarray(TABLE[name].forward(*sample.inputs, **sample.keywords))
    g = np.random.default_rng(0).normal(size=z.shape)
    g.flags.writeable = z.flags.writeable = False
    for rule in filter(None, TABLE[name].rules):
        rule(g, z, *sample.inputs, **sample.keywords)
    assert all(np.array_equal(a, b) for a, b in zip(sample.inputs, kept, strict=True))


@pytest.mark.parametrize("name", TABLE)
def test_its_formulas_read_as_text_and_as_latex(name):
    entry = TABLE[name]
    names = ["u", "v", "w"][: len(entry.vjps)]
    for latex in [entry.latex, *(vjp.latex for vjp in entry.vjps if vjp)]:
        filled = fill(latex, names, "z", "g")
        assert not [
            letter for letter in "xyzg" if f"{{{letter}}}" in filled and f"\\sqrt{{{letter}}}" not in filled
        ]
        assert filled.count("{") == filled.count("}")
        assert not set(plain(filled)) & set("\\{}"), plain(filled)


@pytest.mark.parametrize("name", [name for name, entry in TABLE.items() if entry.elementwise])
def test_an_elementwise_formula_is_the_local_derivative(name):
    """The formula is evaluated as it reads, at a number, and compared with the rule beside it."""
    entry = TABLE[name]
    values = [np.float64(0.7), np.float64(1.3), np.float64(-0.4)][: len(entry.vjps)]
    if name == "where":
        values[0] = np.True_
    z = entry.forward(*values)
    for vjp in filter(None, entry.vjps):
        text = vjp.latex.replace(r"\cdot", "*").replace("^", "**").replace("[", "(").replace("]", ")*1")
        for word in ("ln", "sin", "cos"):
            text = text.replace(f"\\{word} {{x}}", f"{word}(x)")
        text = text.replace("{{y}-1}", "(y-1)")
        for letter in "xyzw":
            text = text.replace(f"{{{letter}}}", letter)
        operands = dict(zip(NAMES, values, strict=False)) | {"z": z}
        reads = eval(text, {"ln": np.log, "sin": np.sin, "cos": np.cos}, operands)
        assert reads == pytest.approx(vjp.rule(1.0, z, *values)), text


# Edge cases


def slopes(function, *numbers):
    tensors = [Tensor(number, requires_grad=True, dtype=np.float64) for number in numbers]
    function(*tensors).backward()
    return [float(tensor.grad) for tensor in tensors]


def test_powers_at_zero_have_the_derivatives_that_pytorch_gives():
    assert slopes(lambda x: x**2, 0.0) == [0.0]
    assert slopes(lambda x: x**1, 0.0) == [1.0]
    assert slopes(lambda x: x**0, 0.0) == [0.0]
    assert slopes(lambda x, y: x**y, 0.0, 2.0) == [0.0, 0.0]
    assert slopes(lambda x, y: x**y, 0.0, 0.0) == [0.0, 0.0]
    assert slopes(lambda x: x**3, -2.0) == [12.0]


def test_relu_has_slope_0_at_0_and_lets_nan_through():
    assert slopes(Tensor.relu, 0.0) == [0.0]
    assert np.isnan(Tensor(np.nan).relu().data)


def test_sigmoid_does_not_overflow():
    x = Tensor(np.array([-1e4, -100.0, 0.0, 100.0, 1e4]), requires_grad=True)
    y = x.sigmoid()
    y.sum().backward()
    assert y.data.tolist() == [0.0, np.exp(-100.0) / (1 + np.exp(-100.0)), 0.5, 1.0, 1.0]
    assert np.isfinite(x.grad).all()
    assert np.float32(Tensor([-100.0]).sigmoid().data[0]) > 0  # 3.8e-44: the exact value, not 0


def test_find_knows_symbols_names_and_entries():
    assert find("*") is find("·") is find("mul") is find(TABLE["mul"]) is TABLE["mul"]
    with pytest.raises(KeyError, match="'cube' is not in the table of derivatives.*tanh"):
        find("cube")


def test_a_new_entry_is_differentiated_without_another_line():
    cube = Primitive("cube", lambda x: x**3, Vjp(lambda g, z, x: g * 3 * x**2, r"3\,{x}^2"))
    assert gradcheck(lambda x: apply(cube, x), np.array([0.5, -2.0]))


def test_gradients_of_gradients_to_the_fifth_order():
    x = Tensor(0.7, requires_grad=True, dtype=np.float64)
    y = x.sin() * x.exp()
    for _ in range(5):
        (y,) = grad(y, x, create_graph=True)
    # The fourth derivative of sin(x)·eˣ is -4 sin(x)·eˣ.
    assert y.item() == pytest.approx(-4 * np.exp(0.7) * (np.sin(0.7) + np.cos(0.7)), rel=1e-14)


@pytest.mark.parametrize("axis", [0, -1])
@pytest.mark.parametrize("reduce", [Tensor.sum, Tensor.mean])
def test_a_number_may_be_summed_over_its_missing_axis_as_in_numpy(reduce, axis):
    x = Tensor(2.0, requires_grad=True)
    try:
        y = reduce(x, axis=axis)
    except ShapeError as refused:  # NumPy takes sum over axis 0 of a number, but no mean
        assert "a 0-d tensor has no axes: leave axis out" in str(refused)
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
