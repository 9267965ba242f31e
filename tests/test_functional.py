"""Derivatives of functions: with their formulas, with finite differences, and with each other."""

import math

import numpy as np
import pytest

import gradlib
from gradlib import GraphError, ShapeError, Tensor, grad, numerical_gradient
from gradlib.functional import gradcheck, gradgradcheck, hessian, hvp, jacobian, jvp, vjp

rng = np.random.default_rng(17)


def arrays(*shapes):
    return tuple(rng.uniform(0.2, 1.5, size=shape) for shape in shapes)


# Functions of tensors, written so that they run on PyTorch's tensors too, and arguments.
FUNCTIONS = {
    "entry by entry": (lambda x: x.sin() * x.exp(), arrays((3,))),
    "of a number": (lambda x: x**3, arrays(())),
    "of one entry": (lambda x: (x * x).sum(), arrays((1,))),
    "a row of sums": (lambda x: (x * x.exp()).sum(dim=0), arrays((2, 3))),
    "mixing entries": (lambda x: x.softmax(dim=-1), arrays((2, 3))),
    "a matrix and its transpose": (lambda x: x @ x.mT, arrays((2, 3))),
    "a layer": (lambda x, w, b: (x @ w + b).tanh(), arrays((2, 3), (3, 2), (2,))),
    "two outputs": (lambda x, y: (x * y, (x - y).exp().sum()), arrays((2, 2), (2,))),
    "two outputs of one": (lambda x: (x.log(), x[0] / x[1]), arrays((3,))),
    "a tuple of one": (lambda x: (x * x,), arrays((2,))),
    "an input unused": (lambda x, y: x * x, arrays((2,), (3,))),
    "linear": (lambda x, y: 3 * x.reshape(-1) - y.sum(), arrays((2, 2), (3,))),
    "an output that is an input": (lambda x, y: (x, x * y), arrays((2,), (2,))),
    "entries used twice": (lambda x: x[[0, 0, 2]] * x, arrays((3,))),
    "no entries": (lambda x, y: x * x * y, arrays((0, 2), (1,))),
}

# Functions with a result of one element.
SCALARS = {
    "a sum of cubes": (lambda x: (x**3).sum(), arrays((2, 2))),
    "of a number": (lambda x: x.exp() * x.sin(), arrays(())),
    "of shape (1, 1)": (lambda x: x.reshape(1, 2) @ x.reshape(2, 1) * x.sum(), arrays((2,))),
    "a product": (lambda x: x.prod(), arrays((4,))),
    "logsumexp": (lambda x: (x * x).exp().sum().log(), arrays((3,))),
    "a bilinear form": (lambda x, y: x @ y, arrays((3,), (3,))),
    "a loss": (lambda x, w, b: (((x @ w).tanh() @ b - 1) ** 2).mean(), arrays((4, 3), (3, 2), (2,))),
    "separate": (lambda x, y: (x**3).sum() + y.exp(), arrays((2,), ())),
    "linear": (lambda x, y: x.sum() * 2 - y.mean(), arrays((2,), (3,))),
    "linear in one": (lambda x, y: (x * y * y).sum(), arrays((2,), (2,))),
    "an input unused": (lambda x, y: x @ x, arrays((2,), (2,))),
    "no entries": (lambda x: (x**2).sum(), arrays((0,))),
}


def numbers(tensors):
    return [tensor.data for tensor in tensors] if isinstance(tensors, tuple) else [tensors.data]


def outputs_at(function, *points):
    return numbers(function(*map(Tensor, points)))


def numerical_jacobian(values, points):
    """[i][j]: the differences of output i by input j, a row for each entry of the output."""

    def block(i, j):
        def entry(k):
            return numerical_gradient(lambda moved: values(*points[:j], moved, *points[j + 1 :])[i].flat[k], points[j])

        out = values(*points)[i]
        return np.array([entry(k) for k in range(out.size)]).reshape(out.shape + points[j].shape)

    return [[block(i, j) for j in range(len(points))] for i in range(len(values(*points)))]


def blocks(matrix, many_outputs, many_inputs):
    """[i][j], whatever was left out for a single output or a single input."""
    rows = matrix if many_outputs else (matrix,)
    assert not many_outputs or type(matrix) is tuple
    return [row if many_inputs else (row,) for row in rows]


def flat(block, output, point):
    return block.data.reshape(output.size, point.size)


def drawn_like(points):
    vectors = tuple(rng.normal(size=point.shape) for point in points)
    return vectors if len(points) > 1 else vectors[0]


def given(points):
    return points if len(points) > 1 else points[0]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_jacobian_agrees_with_finite_differences(name):
    function, points = FUNCTIONS[name]
    found = jacobian(function, given(points))
    many = isinstance(function(*map(Tensor, points)), tuple)
    expected = numerical_jacobian(lambda *moved: outputs_at(function, *moved), points)
    for ours, theirs in zip(blocks(found, many, len(points) > 1), expected, strict=True):
        for mine, other in zip(ours, theirs, strict=True):
            assert mine.shape == other.shape and mine.dtype == np.float64
            np.testing.assert_allclose(mine.data, other, rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_products_are_those_of_the_jacobian_with_a_vector(name):
    function, points = FUNCTIONS[name]
    values = outputs_at(function, *points)
    many = isinstance(function(*map(Tensor, points)), tuple)
    matrix = blocks(jacobian(function, given(points)), many, len(points) > 1)
    v = tuple(rng.normal(size=value.shape) for value in values)
    u = drawn_like(points)
    result, products = vjp(function, given(points), v if many else v[0])
    again, pushed = jvp(function, given(points), u)
    for value, first, second in zip(values, numbers(result), numbers(again), strict=True):
        assert np.array_equal(value, first) and np.array_equal(value, second)
    u = u if len(points) > 1 else (u,)
    for j, (point, product) in enumerate(zip(points, numbers(products), strict=True)):
        expected = sum(
            v[i].ravel() @ flat(matrix[i][j], value, point) for i, value in enumerate(values)
        )  # (m,) @ (m, n) -> (n,)
        np.testing.assert_allclose(product, expected.reshape(point.shape), rtol=1e-12, atol=1e-14)
    for i, (value, product) in enumerate(zip(values, numbers(pushed), strict=True)):
        expected = sum(
            flat(matrix[i][j], value, point) @ u[j].ravel() for j, point in enumerate(points)
        )  # (m, n) @ (n,) -> (m,)
        np.testing.assert_allclose(product, expected.reshape(value.shape), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", SCALARS)
def test_the_hessian_agrees_with_finite_differences_of_the_gradient(name):
    function, points = SCALARS[name]

    def slopes(*moved):
        tensors = [Tensor(point, requires_grad=True) for point in moved]
        function(*tensors).backward()
        return [np.zeros(t.shape) if t.grad is None else t.grad for t in tensors]

    found = blocks(hessian(function, given(points)), len(points) > 1, len(points) > 1)
    for ours, theirs in zip(found, numerical_jacobian(slopes, points), strict=True):
        for mine, other in zip(ours, theirs, strict=True):
            assert mine.shape == other.shape
            np.testing.assert_allclose(mine.data, other, rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("name", SCALARS)
def test_the_hessian_is_symmetric_and_hvp_is_its_product_with_a_vector(name):
    function, points = SCALARS[name]
    rows = blocks(hessian(function, given(points)), len(points) > 1, len(points) > 1)
    matrix = np.block([[flat(block, x, y) for block, y in zip(row, points, strict=True)]
                       for row, x in zip(rows, points, strict=True)])  # fmt: skip
    np.testing.assert_allclose(matrix, matrix.T, rtol=1e-12, atol=1e-14)
    v = drawn_like(points)
    value, products = hvp(function, given(points), v)
    assert value.item() == function(*map(Tensor, points)).item()
    v = np.concatenate([part.ravel() for part in (v if len(points) > 1 else [v])])
    found = np.concatenate([part.ravel() for part in numbers(products)])
    np.testing.assert_allclose(found, matrix @ v, rtol=1e-12, atol=1e-14)


# Closed forms


@pytest.mark.parametrize("at", [-2.0, 0.0, 0.7, 3.0])
def test_five_derivatives_of_a_product_are_exact(at):
    """The n-th derivative of sin(x)·eˣ is 2^(n/2) · sin(x + nπ/4) · eˣ."""
    x = Tensor(np.array(at), requires_grad=True)
    y = x.sin() * x.exp()
    for order in range(1, 6):
        (y,) = grad(y, x, create_graph=True)
        exact = 2 ** (order / 2) * math.sin(at + order * math.pi / 4) * math.exp(at)
        assert y.item() == pytest.approx(exact, rel=1e-14, abs=1e-15), order


def rosenbrock(x):
    """Σ 100 (xᵢ₊₁ - xᵢ²)² + (1 - xᵢ)²."""
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def rosenbrock_hessian(x):
    diagonal = np.zeros_like(x)
    diagonal[:-1] += 1200 * x[:-1] ** 2 - 400 * x[1:] + 2
    diagonal[1:] += 200
    beside = -400 * x[:-1]
    return np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1)


WHOLE = [[1, 1], [0, 0], [-2, 3], [1, 1, 1, 1], [3, -1, 2, 0, -5], list(range(-10, 10))]


@pytest.mark.parametrize("point", WHOLE, ids=str)
def test_the_hessian_of_rosenbrocks_function_is_exact(point):
    x = np.array(point, dtype=np.float64)  # whole numbers: no rounding anywhere, so equal to the last bit
    assert np.array_equal(hessian(rosenbrock, x).data, rosenbrock_hessian(x))
    v = np.arange(1.0, len(point) + 1)
    assert np.array_equal(hvp(rosenbrock, x, v)[1].data, rosenbrock_hessian(x) @ v)


@pytest.mark.parametrize("size", [2, 3, 10])
def test_the_hessian_of_rosenbrocks_function_anywhere(size):
    x = np.random.default_rng(size).normal(size=size)
    np.testing.assert_allclose(hessian(rosenbrock, x).data, rosenbrock_hessian(x), rtol=1e-13, atol=1e-12)


def test_rosenbrocks_function_of_two_numbers():
    x, y = 1.5, -0.5
    found = hessian(lambda x, y: 100 * (y - x**2) ** 2 + (1 - x) ** 2, (np.array(x), np.array(y)))
    exact = [[1200 * x**2 - 400 * y + 2, -400 * x], [-400 * x, 200]]
    assert [[entry.item() for entry in row] for row in found] == exact


def test_hvp_does_not_build_the_hessian():
    x = np.linspace(-1, 1, 30_000)  # the matrix would take 7.2 GB
    value, product = hvp(lambda x: (x**4).sum() + x.sum() ** 2, x, x)
    np.testing.assert_allclose(product.data, 12 * x**3 + 2 * x.sum(), rtol=1e-12, atol=1e-9)


def test_each_product_calls_the_function_once():
    calls = []

    def function(x):
        calls.append(1)
        return (x**3).sum()

    x = np.arange(5.0)
    for derivative in (jacobian, hessian):
        derivative(function, x)
    for product in (hvp, jvp):
        product(function, x, x)
    vjp(function, x)
    assert len(calls) == 5


# Orders above the second, and graphs


def test_a_jacobian_of_a_jacobian_is_the_hessian():
    function, (x,) = SCALARS["a product"]
    slopes = jacobian(lambda x: jacobian(function, x, create_graph=True), x)
    np.testing.assert_allclose(slopes.data, hessian(function, x).data, rtol=1e-14)


def test_the_third_derivative_of_a_product_of_three():
    x = np.array([2.0, 3.0, 5.0])
    third = jacobian(lambda x: hessian(lambda y: y.prod(), x, create_graph=True), x).data
    assert third.shape == (3, 3, 3)
    for i, j, k in np.ndindex(third.shape):
        assert third[i, j, k] == pytest.approx(float({i, j, k} == {0, 1, 2}), abs=1e-14)


def cube(x):
    return x**3


AT = np.array([1.0, -2.0, 0.5])
V = np.array([0.5, 1.0, -2.0])
# What is computed, as a function of a point and a vector, and the gradient of its sum by each.
IN_A_GRAPH = {
    "jacobian": (lambda x, v: jacobian(cube, x, create_graph=True), 6 * AT, None),
    "hessian": (lambda x, v: hessian(lambda y: cube(y).sum(), x, create_graph=True), 0 * AT + 6, None),
    "vjp": (lambda x, v: vjp(cube, x, v, create_graph=True)[1], 6 * AT * V, 3 * AT**2),
    "jvp": (lambda x, v: jvp(cube, x, v, create_graph=True)[1], 6 * AT * V, 3 * AT**2),
    "hvp": (lambda x, v: hvp(lambda y: cube(y).sum(), x, v, create_graph=True)[1], 6 * V, 6 * AT),
    "the value": (lambda x, v: vjp(cube, x, v, create_graph=True)[0], 3 * AT**2, None),
}


@pytest.mark.parametrize("name", IN_A_GRAPH)
def test_a_result_is_differentiated_again_where_its_inputs_stand(name):
    compute, by_x, by_v = IN_A_GRAPH[name]
    x, v = Tensor(AT, requires_grad=True), Tensor(V, requires_grad=True)
    compute(x * 1, v * 1).sum().backward()
    np.testing.assert_allclose(x.grad, by_x, rtol=1e-14)
    if by_v is None:
        assert v.grad is None
    else:
        np.testing.assert_allclose(v.grad, by_v, rtol=1e-14)


@pytest.mark.parametrize("recording", [gradlib.enable_grad, gradlib.no_grad])
def test_without_create_graph_nothing_is_touched_and_nothing_stays(recording):
    x = Tensor(AT, requires_grad=True)
    with recording():
        results = [
            jacobian(cube, x), hessian(lambda y: cube(y).sum(), x), *vjp(cube, x, V), *jvp(cube, x, V),
            *hvp(lambda y: cube(y).sum(), x, V),
        ]  # fmt: skip
    assert x.grad is None and np.array_equal(x.data, AT)
    assert not any(result.requires_grad for result in results)
    assert np.array_equal(results[0].data, np.diag(3 * AT**2))


def test_parameters_that_the_function_holds_are_left_alone():
    weight = Tensor(AT, requires_grad=True)
    assert np.array_equal(hessian(lambda x: ((x * weight) ** 2).sum(), V).data, np.diag(2 * AT**2))
    assert weight.grad is None


@pytest.mark.parametrize("create_graph", [False, True])
def test_a_tensor_given_twice_is_two_variables(create_graph):
    x = Tensor(AT, requires_grad=True)
    first, second = jacobian(lambda x, y: x * x * y, (x, x), create_graph=create_graph)
    np.testing.assert_allclose(np.diag(first.data), 2 * AT**2)
    np.testing.assert_allclose(np.diag(second.data), AT**2)


def test_the_dtype_is_that_of_the_inputs():
    x = np.array([1.0, 2.0], dtype=np.float32)
    for result in (jacobian(cube, x), *jvp(cube, x, V[:2]), *vjp(cube, x, V[:2]), *hvp(lambda x: x @ x, x, V[:2])):
        assert result.dtype == np.float32
    assert jacobian(cube, 2.0).dtype == np.float32
    wide, narrow = jacobian(lambda x, y: x * y, (AT[:2], x))
    assert (wide.dtype, narrow.dtype) == (np.float64, np.float32)


@pytest.mark.parametrize("product", [vjp, jvp, hvp])
def test_v_may_be_left_out_for_one_element(product):
    value, slope = product(lambda x: x**2, np.array([[3.0]]))
    assert value.data.tolist() == [[9.0]] and slope.data.tolist() == [[2.0 if product is hvp else 6.0]]


# grad


def leaf(data=AT):
    return Tensor(data, requires_grad=True)


def test_grad_of_several_outputs_is_the_sum():
    x, y = leaf(), leaf(V)
    by_x, by_y = grad([x * y, (x**2).sum(), y], [x, y], [V, None, Tensor(AT)])
    np.testing.assert_allclose(by_x.data, V * V + 2 * AT)
    np.testing.assert_allclose(by_y.data, V * AT + AT)
    assert not by_x.requires_grad and x.grad is None


def test_grad_counts_an_output_given_twice_twice():
    x = leaf()
    y = x.exp().sum()
    np.testing.assert_allclose(grad([y, y], x)[0].data, 2 * np.exp(AT))


@pytest.mark.parametrize("several", [False, True])
def test_grad_is_differentiated_by_what_arrives_too(several):
    x = leaf()
    outputs, vectors = ([x**2, x.sum()], [x, None]) if several else (x**2, x)
    (slope,) = grad(outputs, x, vectors, create_graph=True)
    np.testing.assert_allclose(slope.data, 2 * AT**2 + several)  # v = x stands still in the first gradient
    (again,) = grad(slope.sum(), x)
    np.testing.assert_allclose(again.data, 4 * AT)  # and moves in the second


@pytest.mark.parametrize("vector", [V, Tensor(V), V.tolist(), [V], (Tensor(V),), V.astype(np.float32)], ids=type)
def test_grad_takes_what_arrives_as_pytorch_does_and_plain_numbers_too(vector):
    x = leaf()
    for create_graph in (False, True):
        (found,) = grad(x**2, x, vector, create_graph=create_graph)
        assert found.dtype == np.float64
        np.testing.assert_allclose(found.data, 2 * AT * V)


def test_grad_by_a_value_on_the_way():
    x = leaf()
    y = x**2
    by_y, by_x = grad(y.exp().sum(), [y, x])
    np.testing.assert_allclose(by_y.data, np.exp(AT**2))
    np.testing.assert_allclose(by_x.data, 2 * AT * np.exp(AT**2))


@pytest.mark.parametrize("create_graph", [False, True])
def test_grad_gives_none_for_an_input_unused_if_allowed(create_graph):
    x, y = leaf(), leaf()
    found = grad(x.sum(), [y, x], create_graph=create_graph, allow_unused=True)
    assert found[0] is None and found[1].data.tolist() == [1.0, 1.0, 1.0]


def test_grad_records_even_inside_no_grad():
    x = leaf()
    y = (x**3).sum()
    with gradlib.no_grad():
        (slope,) = grad(y, x, create_graph=True)
    assert np.array_equal(grad(slope, x, V)[0].data, 6 * AT * V)


@pytest.mark.parametrize("create_graph", [False, True])
def test_grad_is_watched_for_what_is_not_a_number(create_graph):
    with gradlib.detect_anomaly():
        x = leaf([1.0, 0.0])
        y = x.sqrt().sum()
        with pytest.raises(gradlib.AnomalyError, match="sqrt|/"):
            grad(y, x, create_graph=create_graph)


def test_grad_of_outputs_of_two_dtypes():
    x, y = leaf(), leaf(V.astype(np.float32))
    by_x, by_y = grad([x**2, y**2], [x, y], [V, V], create_graph=True)
    assert (by_x.dtype, by_y.dtype) == (np.float64, np.float32)
    np.testing.assert_allclose(by_x.data, 2 * AT * V)
    np.testing.assert_allclose(by_y.data, 2 * V * V)


def test_grad_takes_a_generator_of_inputs():
    weights = {"a": leaf(), "b": leaf(V)}
    found = grad((weights["a"] * weights["b"]).sum(), (w for w in weights.values()))
    assert np.array_equal(found[0].data, V) and np.array_equal(found[1].data, AT)


# Errors

x, other, constant = leaf(), leaf(), Tensor(AT)
WRONG = {
    # grad
    "many entries": (lambda: grad(x * 2, x), GraphError,
        "grad differentiates one number, but output 0 has shape (3,). Reduce it first with .sum() or .mean(), or pass "
        "in grad_outputs an array of shape (3,)"),
    "many entries, second": (lambda: grad([x.sum(), x * 2], x), GraphError, "but output 1 has shape (3,)"),
    "too few vectors": (lambda: grad([x, x], x, AT), ValueError,
        "grad_outputs needs one v for each output, 2 in all, got 1"),
    "too many vectors": (lambda: grad([x], x, [AT, AT]), ValueError, "1 in all, got 2"),
    "a vector of another shape": (lambda: grad(x * 2, x, AT[:2]), ShapeError, "shape (3,), got (2,)"),
    "no graph": (lambda: grad(constant.sum(), x), GraphError, "found no graph"),
    "a constant as an input": (lambda: grad(x.sum(), [x, constant]), GraphError,
        "input 1 (shape (3,)) does not need a gradient, so its graph was not recorded. Set requires_grad=True on it "
        "before the outputs are computed."),
    "a stranger": (lambda: grad(x.sum(), [x, other]), GraphError,
        "outputs do not depend on input 1 (shape (3,)): its gradient is zero everywhere. Was it used, and does it have "
        "requires_grad=True? Pass allow_unused=True to get None for it."),
    "no inputs": (lambda: grad(x.sum(), []), ValueError, "at least one tensor in inputs"),
    "no outputs": (lambda: grad([], x), ValueError, "at least one tensor in outputs"),
    "an array as input": (lambda: grad(x.sum(), AT), TypeError,
        "but inputs is of type ndarray. To differentiate a function at an array, use vjp or jacobian."),
    "a number among outputs": (lambda: grad([x.sum(), 3.0], x), TypeError, "outputs[1] is of type float"),
    "a function as output": (lambda: grad(cube, x), TypeError, "outputs is of type function"),
    # inputs of the others
    "a whole number": (lambda: jacobian(cube, 3), TypeError,
        "input 0 is int64, which cannot change by a small amount. Write 2.0 instead of 2."),
    "whole numbers": (lambda: jvp(lambda x, y: x * y, (AT, np.arange(3))), TypeError, "input 1 is int64"),
    "bools": (lambda: hessian(cube, np.array([True])), TypeError, "input 0 is bool"),
    "words": (lambda: vjp(cube, "three"), TypeError, "a Tensor holds numbers"),
    "no inputs at all": (lambda: jacobian(cube, ()), ValueError,
        "there is nothing to differentiate with respect to: inputs is empty"),
    # the function
    "an array returned": (lambda: jacobian(lambda x: x.data, AT), TypeError,
        "the function must return a Tensor or a tuple of them, but output 0 is ndarray."),
    "a number returned": (lambda: hvp(lambda x: x.sum().item(), AT, AT), TypeError, "output 0 is float"),
    "nothing returned": (lambda: hessian(lambda x: None, AT), TypeError, "output 0 is NoneType"),
    "None in a tuple": (lambda: vjp(lambda x: (x, None), AT), TypeError, "output 1 is NoneType"),
    "a cut graph": (lambda: jacobian(lambda x: x.detach() * 2, AT), GraphError,
        "output 0 of the function, of shape (3,), does not depend on the inputs through the graph: it was cut by "
        "detach() on a leaf of shape (3,)"),
    "a constant": (lambda: jvp(lambda x: (x, Tensor([1.0])), AT, AT), GraphError,
        "output 1 of the function, of shape (1,), does not depend on the inputs through the graph: it is a constant, "
        "or was cut by .data. Leave a constant out: its derivative is zero."),
    "many entries for hessian": (lambda: hessian(cube, AT), ShapeError,
        "hessian needs a function that returns a tensor of one element, got one of shape (3,)"),
    "a tuple for hvp": (lambda: hvp(lambda x: (x.sum(), x.sum()), AT, AT), ShapeError,
        "hvp needs a function that returns a tensor of one element, got 2 in a tuple"),
    # v
    "no v for many entries": (lambda: vjp(cube, AT), ValueError,
        "v may be left out only for one output of one element, got shapes [(3,)]. Pass v, of the same shapes."),
    "no v for many inputs": (lambda: hvp(lambda x, y: x * y, (1.0, 2.0)), ValueError, "got shapes [(), ()]"),
    "a v of another shape": (lambda: jvp(cube, AT, AT[:2]), ShapeError,
        "v must have the shape of input 0, (3,), got (2,)"),
    "a v that would broadcast": (lambda: vjp(cube, AT, 1.0), ShapeError, "shape of output 0, (3,), got ()"),
    "one v for two": (lambda: vjp(lambda x: (x, x), AT, AT), ValueError,
        "v needs one vector for each output, 2 in all, got 1"),
    "two v for one": (lambda: vjp(cube, AT, (AT, AT)), ShapeError, "shape of output 0, (3,), got (2, 3)"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_it_is_refused_and_says_what_to_do(name):
    call, kind, words = WRONG[name]
    with pytest.raises(kind) as caught:
        call()
    assert words in str(caught.value), str(caught.value)


def test_gradcheck_is_found_here_too():
    assert gradcheck is gradlib.gradcheck


@pytest.mark.parametrize(
    "call",
    [
        lambda f, v: jacobian(f, v), lambda f, v: hessian(f, v), lambda f, v: vjp(f, v), lambda f, v: jvp(f, v, v),
        lambda f, v: hvp(f, v, v), lambda f, v: gradcheck(f, v), lambda f, v: gradgradcheck(f, v),
    ],
)  # fmt: skip
def test_a_list_is_several_inputs_and_the_error_says_so(call):
    with pytest.raises(TypeError, match=r"the function takes the arguments \(x\), but inputs has 2 entries\."):
        call(lambda x: (x * x).sum(), [1.0, 2.0])


@pytest.mark.parametrize("x", ["a", {}, [[1.0], [1.0, 2.0]], 1j])
def test_numbers_that_are_none_are_refused_where_they_come_in(x):
    with pytest.raises((TypeError, ValueError), match="holds|equally long|real numbers"):
        gradlib.numerical_gradient(lambda x: float(np.sum(x)), x)


@pytest.mark.parametrize("h", [0.0, -1.0, "a", np.ones(2), float("nan")])
def test_a_step_is_a_number_above_zero(h):
    with pytest.raises((TypeError, ValueError), match="h is the step, a number above 0"):
        gradlib.numerical_gradient(lambda x: float(x @ x), np.ones(2), h)
