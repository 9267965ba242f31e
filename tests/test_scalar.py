"""The engine of lesson 03: against Tensor, against differences, on long chains."""

import math

import numpy as np
import pytest

from gradlib import Tensor, numerical_gradient
from gradlib.scalar import Value, topological_order
from tests.samples import random_values

UNARY = ["exp", "log", "sqrt", "sin", "cos", "tanh", "sigmoid", "relu", "__neg__"]
BINARY = ["__add__", "__sub__", "__mul__", "__truediv__", "__pow__"]


@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("x", [0.3, 1.7])
def test_one_operation_of_one_input(name, x):
    value = Value(x)
    result = getattr(value, name)()
    result.backward()
    expected = numerical_gradient(lambda p: getattr(Value(p[()]), name)().data, np.array(x))
    assert value.grad == pytest.approx(float(expected), rel=1e-8)
    if name != "__neg__":
        assert result.data == pytest.approx(float(getattr(Tensor(np.array(x)), name)()), rel=1e-15)


@pytest.mark.parametrize("name", BINARY)
def test_one_operation_of_two_inputs(name):
    x, y = Value(1.3), Value(2.4)
    getattr(x, name)(y).backward()
    expected = numerical_gradient(lambda p: getattr(Value(p[0]), name)(Value(p[1])).data, np.array([1.3, 2.4]))
    assert [x.grad, y.grad] == pytest.approx(expected.tolist(), rel=1e-8)


def test_numbers_on_either_side():
    x = Value(4.0)
    z = (2 - x) + (2 / x) + (2 * x) + (2 + x) + (2**x) + (x - 2) + (x / 2) + x**2
    z.backward()
    assert z.data == -2 + 0.5 + 8 + 6 + 16 + 2 + 2 + 16
    assert x.grad == pytest.approx(-1 - 2 / 16 + 2 + 1 + 16 * math.log(2) + 1 + 0.5 + 8)


def test_constants_get_no_gradient():
    x = Value(3.0)
    z = 2 * x
    constant = z._prev[1] if z._prev[0] is x else z._prev[0]
    z.backward()
    assert not constant.requires_grad and constant.grad == 0


@pytest.mark.parametrize("seed", range(10))
def test_random_expressions_agree_with_tensors(seed):
    numbers = np.random.default_rng(seed).normal(size=3)
    scalars = [Value(n) for n in numbers]
    tensors = [Tensor(np.array(n), requires_grad=True) for n in numbers]
    for leaves in (scalars, tensors):
        values = random_values(leaves, np.random.default_rng(seed + 100), rounds=25)
        sum((value.tanh() for value in values), start=leaves[0]).backward()
    assert [s.grad for s in scalars] == pytest.approx([float(t.grad) for t in tensors], rel=1e-12)


@pytest.mark.parametrize("length", [5_000, 100_000])
def test_long_chains(length):
    x = Value(1.0)
    y = x
    for _ in range(length):
        y = y + 0.5
    y.backward()
    assert x.grad == 1 and y.data == 1 + length / 2


def test_shared_values_and_repeated_sweeps():
    x = Value(3.0)
    y = x * x
    z = y + y
    z.backward()
    assert x.grad == 12 and y.grad == 2
    z.backward()
    assert x.grad == 24
    v = x
    for _ in range(200):
        v = v + v
    assert len(topological_order(v)) == 201


def test_powers_with_a_negative_base():
    x = Value(-2.0)
    (x**3).backward()
    assert x.grad == 12
    assert math.isnan((Value(-1.5) ** 2)._local[1])  # (-1.5)^y exists for whole y only


def test_roots_of_zero_have_an_infinite_slope_as_tensors_have():
    for root in (lambda x: x.sqrt(), lambda x: x**0.5):
        x = Value(0.0)
        root(x).backward()
        assert x.grad == math.inf
    assert (Value(0.0) ** 2)._local[0] == 0 and (Value(0.0) ** 0)._local[0] == 0


def test_its_repr():
    assert repr(Value(2, "x")) == "Value(data=2.0, grad=0.0)"


@pytest.mark.parametrize("x, y", [(1.0, 1e200), (-3.0, 1e-200), (2.0, -4.0)])
def test_quotients_of_large_and_small_numbers(x, y):
    """y² would overflow or come out as 0, where x/y and its slopes do not."""
    a, b = Value(x), Value(y)
    (a / b).backward()
    assert a.grad == 1 / y and b.grad == pytest.approx(-x / y / y)


def test_a_power_whose_slope_is_too_large_for_a_number():
    x = Value(1e-300)
    (x**-1).backward()
    assert x.grad == -math.inf
