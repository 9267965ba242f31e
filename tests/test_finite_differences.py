"""gradcheck and gradgradcheck find what is wrong, and nothing else; numerical_gradient leaves its input alone."""

import warnings

import numpy as np
import pytest

from gradlib import GradcheckError, GradcheckWarning, GraphError, Tensor, gradcheck, numerical_gradient
from gradlib.functional import gradgradcheck
from gradlib.operations import plain
from gradlib.primitives import Primitive, Vjp
from gradlib.tensor import apply


def with_rules(*rules, forward=np.multiply):
    """An operation with these rules instead of the right ones."""
    op = Primitive("planted", forward, *(Vjp(rule, "") for rule in rules))
    return lambda *tensors: apply(op, *tensors)


X, Y = np.array([[0.5, -1.2, 2.0], [1.5, 0.3, -0.7]]), np.array([1.1, -0.4, 0.9])


def right(g, z, x, y):
    return g * y


def wrong_in_one_entry(g, z, x, y):
    gradient = g * y
    bump = np.zeros(gradient.shape)
    bump[1, 2] = 1e-3
    return gradient + bump


WRONG = {
    "sign": lambda g, z, x, y: -g * y,
    "factor": lambda g, z, x, y: g * y * 1.01,
    "one entry": wrong_in_one_entry,
    "no gradient": lambda g, z, x, y: y + 0 * g,
    "its own factor": lambda g, z, x, y: g * x,
    "summed": lambda g, z, x, y: (g * y).sum() + 0 * g,
    "reversed": lambda g, z, x, y: (g * y)[:, ::-1],
    "zero": lambda g, z, x, y: 0 * g,
    "nan": lambda g, z, x, y: g * y * np.nan,
}


def test_it_accepts_what_is_right():
    multiply = with_rules(right, lambda g, z, x, y: g * x)
    assert gradcheck(multiply, [X, Y])
    for seed in range(20):
        rng = np.random.default_rng(seed)
        assert gradcheck(multiply, [rng.normal(size=(2, 3)), rng.normal(size=3)], rng=rng)


@pytest.mark.parametrize("name", WRONG)
def test_it_finds_a_wrong_rule(name):
    planted = with_rules(WRONG[name], lambda g, z, x, y: g * x)
    with pytest.raises(GradcheckError, match=r"of input 0 is wrong: backward\(\) says .* difference says"):
        gradcheck(planted, [X, Y])
    assert gradcheck(planted, [X, Y], raise_exception=False) is False


def test_it_names_the_entry_and_the_input():
    planted = with_rules(wrong_in_one_entry, lambda g, z, x, y: g * x)
    with pytest.raises(GradcheckError, match=r"entry \(1, 2\) of input 0 is wrong: .* differ by 0.001\.$"):
        gradcheck(planted, [X, Y])
    with pytest.raises(
        GradcheckError, match=r"of input 1 is wrong.*\(3 entries are wrong; this one has the largest error.\)"
    ):
        gradcheck(with_rules(right, lambda g, z, x, y: g * x * 2), [X, Y])


def test_one_number_is_enough_to_be_wrong():
    with pytest.raises(GradcheckError, match=r"the gradient at input 0 is wrong: backward\(\) says"):
        gradcheck(with_rules(lambda g, z, x: g * 2 * x, forward=lambda x: x**3), np.array(2.0))


@pytest.mark.parametrize("size", [1e-8, 1.0, 1e8])
def test_large_and_small_inputs_are_no_alarm(size):
    assert gradcheck(lambda x, y: x * y + x.tanh() - y, [X * size, Y * size])


@pytest.mark.parametrize("size", [1e-3, 1.0, 1e3, 1e8])
@pytest.mark.parametrize("name", [name for name in WRONG if name != "one entry"])
def test_it_finds_a_wrong_rule_on_large_and_small_inputs(name, size):
    planted = with_rules(WRONG[name], lambda g, z, x, y: g * x)
    with pytest.raises(GradcheckError):
        gradcheck(planted, [X * size, Y * size])


def test_rounding_beside_a_large_number_is_no_alarm():
    assert gradcheck(lambda x: (x * x + 1e7).sum(), X)


def test_without_entries_there_is_nothing_to_warn_of():
    assert gradcheck(lambda x, y: x * y, [np.empty(0), np.ones(1)])
    assert gradcheck(lambda x, y: x.sum() + y, [np.empty(0), np.ones(1)])


def test_what_is_not_a_number_is_the_most_wrong():
    errors = np.array([1e6, np.nan, 0.0])
    planted = with_rules(lambda g, z, x: g * 2 * x + errors, forward=np.square)
    with pytest.raises(GradcheckError, match=r"entry \(1,\) of input 0 is wrong: backward\(\) says nan"):
        gradcheck(planted, Y)


def test_it_warns_where_a_gradient_of_zero_would_pass():
    with pytest.warns(GradcheckWarning, match="numbers within the tolerance of zero"):
        assert gradcheck(with_rules(WRONG["sign"], lambda g, z, x, y: g * x), [X * 1e-9, Tensor(Y * 1e-9)])
    with pytest.raises(GradcheckError):
        gradcheck(with_rules(WRONG["sign"], lambda g, z, x, y: g * x), [X * 1e-9, Y * 1e-9], atol=1e-12)


@pytest.mark.parametrize("inputs", [2.0, np.float64(2), Tensor(2.0), (2.0,), [np.array(2.0)]])
def test_it_takes_a_number_an_array_a_tensor_or_several(inputs):
    assert gradcheck(lambda x: x**3, inputs)
    assert gradgradcheck(lambda x: x**3, inputs)


@pytest.mark.parametrize("check", [gradcheck, gradgradcheck])
@pytest.mark.parametrize("inputs", [[], 3, np.arange(3), ["a"], [True, 2]], ids=str)
def test_it_refuses_inputs_without_a_slope(check, inputs):
    with pytest.raises(TypeError, match="needs a floating-point input, got .* Write 2.0 instead of 2"):
        check(lambda *x: x[0], inputs)


@pytest.mark.parametrize("check", [gradcheck, gradgradcheck])
def test_it_refuses_functions_without_a_graph(check):
    with pytest.raises(TypeError, match="returned ndarray|output 0 is ndarray"):
        check(lambda x: x.data * 2, X)
    with pytest.raises(GraphError, match="depends? on the inputs through the graph"):
        check(lambda x: x.detach() * 2, X)


def test_it_warns_at_a_kink_and_still_finds_nonsense_there():
    with pytest.warns(GradcheckWarning, match=r"entry \(1,\) of input 0 is at a kink: the slope is .* on one side"):
        assert gradcheck(lambda x: x.relu(), np.array([1.0, 0.0, -2.0]))
    outside = with_rules(lambda g, z, x: g * 2, forward=lambda x: np.maximum(x, 0))
    with pytest.raises(GradcheckError, match="entry"):
        gradcheck(outside, np.array([0.0]))


def test_it_warns_where_only_zeros_are_compared():
    with pytest.warns(GradcheckWarning, match="input 0 does not change the result: only zeros were compared"):
        assert gradcheck(lambda x, y: x * 0 + y, [X, X])
    with pytest.warns(GradcheckWarning, match="input 0 does not change"):
        gradcheck(lambda x, y: x.detach() * 0 + y, [X, X])


def test_a_detached_part_is_found():
    with pytest.raises(GradcheckError, match="of input 0 is wrong"):
        gradcheck(lambda x: x.detach() * x, X)


def test_it_refuses_a_function_that_changes_its_mind():
    rng = np.random.default_rng(0)
    with pytest.raises(GradcheckError, match="two results for the same inputs"):
        gradcheck(lambda x: x * rng.normal(), X)


def test_it_checks_several_outputs_and_only_those_who_ask():
    assert gradcheck(lambda x, y: (x * y, x.sum()), [X, Y])
    x = Tensor(X, requires_grad=True)
    assert gradcheck(with_rules(right, lambda g, z, x, y: g * 99), [x, Tensor(Y)])
    assert x.grad is None and np.array_equal(x.data, X)
    assert gradcheck(lambda x, n: x * n, [X, Tensor(3)])


def test_float32_inputs_are_checked_in_float64():
    assert gradcheck(lambda x: x.exp(), Tensor(X.astype(np.float32), requires_grad=True))


@pytest.mark.parametrize("x", [np.array(0.6), np.array([3, -2, 1]), X, X.T, np.empty((0, 2))], ids=lambda x: x.shape)
def test_numerical_gradient_on_any_shape(x):
    before = x.copy()
    numbers = np.arange(x.size).reshape(x.shape) + 1
    gradient = numerical_gradient(lambda p: (numbers * np.sin(p)).sum(), x)
    assert gradient.shape == x.shape and np.array_equal(x, before)
    np.testing.assert_allclose(gradient, numbers * np.cos(x), atol=1e-9)


def test_numerical_gradient_takes_a_step():
    assert numerical_gradient(lambda p: p[0] ** 3, np.array([2.0]), h=0.5)[0] == 12.25  # 3x² + h²


def test_no_warning_escapes_on_a_smooth_function():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert gradcheck(lambda x: (x * x).sin().mean(), X)


def test_it_warns_where_only_rounding_errors_are_compared():
    """A softmax sums to 1 whatever its inputs: both gradients are rounding errors, not zeros."""
    with pytest.warns(GradcheckWarning, match="input 0 does not change the result"):
        assert gradcheck(lambda x: (x.exp() / x.exp().sum()).sum(), np.array([1.0, 2.0, 3.0]))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_result_that_is_not_a_number_is_named():
    with pytest.raises(GradcheckError) as caught:
        gradcheck(lambda x: x.log(), np.array([-1.0]))
    assert "nan" in str(caught.value) and "two results" not in str(caught.value)


def test_numerical_gradient_moves_one_entry_at_a_time():
    x = np.array([2.0, -3.0, 0.5])
    gradient = numerical_gradient(lambda p: p.prod(), x)
    np.testing.assert_allclose(gradient, [-1.5, 1.0, -6.0], atol=1e-9)


def test_the_entry_that_is_most_wrong_is_the_one_it_names():
    errors = np.array([0.1, 0.0, -0.7, 0.3])
    planted = with_rules(lambda g, z, x: g * 2 * x + errors, forward=lambda x: x**2)
    with pytest.raises(GradcheckError, match=r"entry \(2,\) of input 0.*differ by 0\.7\. \(3 entries are wrong"):
        gradcheck(planted, np.array([1.0, 2.0, 3.0, 4.0]))


# The second order


SMOOTH = {
    "products": (lambda x, y: x * y + x.sin() * y.exp(), [X, Y]),
    "a matrix product": (lambda x, y: (x @ y).tanh(), [X, Y]),
    "two outputs": (lambda x, y: (x * x, (x * y).sum()), [X, Y]),
    "linear": (lambda x, y: x.sum() + 3 * y, [X, Y]),
    "linear in one": (lambda x, y: x.sum() * 2 + y**2, [X, Y]),
    "bent nowhere": (lambda x: x.relu(), X),
    "flat": (lambda x: x.floor(), X),
    "an input unused": (lambda x, y: x**2, [X, Y]),
    "an index beside": (lambda x, i: x[i] ** 2, [Y, np.array([0, 2, 0])]),
    "no entries": (lambda x: x**2, np.empty((0, 2))),
    "a number": (lambda x: x**3, np.array(2.0)),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_second_derivatives_that_are_right_are_no_alarm(name):
    function, inputs = SMOOTH[name]
    for seed in range(5):
        assert gradgradcheck(function, inputs, rng=np.random.default_rng(seed))


# Each is right on arrays, and wrong when it is itself to be differentiated.
WRONG_AGAIN = {
    "x taken out of the graph": lambda g, z, x: g * 2 * plain(x),
    "one factor taken out": lambda g, z, x: g * (x * x) / plain(x) * 2,
    "z taken out of the graph": lambda g, z, x: g * plain(z) / x * 2,
    "an error that cancels if all g are one": lambda g, z, x: g * 2 * x + (g[:, ::-1] - g) * (x - plain(x)),
    "g taken out of the graph": lambda g, z, x: plain(g) * x * 2,
}


@pytest.mark.parametrize("name", WRONG_AGAIN)
def test_it_finds_a_rule_that_is_wrong_only_at_the_second_order(name):
    planted = with_rules(WRONG_AGAIN[name], forward=np.square)
    assert gradcheck(planted, X)
    expected = r"gradient as a function of the inputs.* of input [01] is wrong: backward\(\) says .* difference says"
    with pytest.raises(GradcheckError, match=expected):
        gradgradcheck(planted, X)
    assert gradgradcheck(planted, X, raise_exception=False) is False


def test_it_finds_a_rule_that_does_something_else_to_tensors():
    planted = with_rules(lambda g, z, x: g * 2 * x * (1.0 if isinstance(x, np.ndarray) else 1.01), forward=np.square)
    assert gradcheck(planted, X)
    with pytest.raises(
        GradcheckError, match=r"at input 0 with create_graph=True differs from that of backward\(\) by 0\.0"
    ):
        gradgradcheck(planted, X)
    assert gradgradcheck(planted, X, raise_exception=False) is False


def test_it_checks_only_the_inputs_that_ask():
    x = Tensor(X, requires_grad=True)
    planted = with_rules(right, lambda g, z, x, y: g * plain(x))
    assert gradgradcheck(planted, [x, Tensor(Y)])
    with pytest.raises(GradcheckError):
        gradgradcheck(planted, [X, Y])
    assert x.grad is None and np.array_equal(x.data, X)


def test_the_second_order_warns_at_a_kink_of_the_slope():
    with pytest.warns(GradcheckWarning, match="input 0 is at a kink"):
        assert gradgradcheck(lambda x: x.relu() ** 2, np.array([1.0, 0.0]))


def test_a_tolerance_is_a_number():
    with pytest.raises(TypeError, match="atol is a number from 0 on, got 'a'"):
        gradcheck(lambda x: x * x, [np.ones(2)], atol="a")


@pytest.mark.parametrize("check", [gradcheck, gradgradcheck])
def test_a_seed_is_not_a_generator(check):
    with pytest.raises(TypeError, match="rng must be a generator"):
        check(lambda x: x**2, np.array([1.5]), rng=0)
