"""The lines that users of PyTorch and NumPy type from habit: the right numbers, or an error that says what to write."""

import ast
import importlib
import re
from operator import attrgetter
from pathlib import Path

import numpy as np
import pytest

import gradlib
from gradlib import Tensor, data, habits, nn

ROWS = [[1.0, 2.0, 3.0], [4.0, -5.0, 6.0]]


def make(requires_grad=True):
    return Tensor(ROWS, requires_grad=requires_grad)


@pytest.mark.parametrize("name", ["var", "std"])
def test_the_names_for_the_correction(name):
    by_numpy = [getattr(np, name)(ROWS, axis=0, ddof=ddof) for ddof in (0, 1)]
    reduce = getattr(make(), name)
    for given, wanted in (
        ({"unbiased": False}, by_numpy[0]), ({"ddof": 0}, by_numpy[0]), ({"correction": 0}, by_numpy[0]),
        ({"unbiased": True}, by_numpy[1]), ({"ddof": 1}, by_numpy[1]), ({}, by_numpy[1]),
    ):  # fmt: skip
        np.testing.assert_allclose(reduce(0, **given).data, wanted, rtol=1e-6)
        np.testing.assert_allclose(reduce(dim=0, keepdim=True, **given).data, wanted[None], rtol=1e-6)
    with pytest.raises(TypeError, match="give one of them"):
        reduce(0, unbiased=False, ddof=0)
    with pytest.raises(TypeError, match="give one of them"):
        reduce(0, unbiased=True, correction=0)
    with pytest.raises(TypeError, match="unbiased is True or False, got 'a'"):
        reduce(0, unbiased="a")


@pytest.mark.parametrize("name", ["var", "std"])
@pytest.mark.parametrize("second", [False, True])
def test_a_second_argument_of_var_without_a_name_is_not_guessed(name, second):
    """PyTorch reads `x.var(0, False)` as unbiased=False. It was read as keepdims=False, silently."""
    with pytest.raises(
        TypeError, match=f"{name} takes one argument .* got also {second}. .*correction=0 for PyTorch's"
    ):
        getattr(make(), name)(0, second)


@pytest.mark.parametrize("name", ["sum", "mean", "prod", "max", "logsumexp", "any", "argmax"])
def test_a_second_axis_is_not_taken_for_keepdims(name):
    """x.sum(0, 1) was the sum over axis 0 with keepdims, silently."""
    with pytest.raises(TypeError, match=r"keepdims is True or False, got 1. Several axes are a tuple, \(0, 1\)\."):
        getattr(make(), name)(0, 1)
    with pytest.raises(TypeError, match="keepdim is True or False, got 2"):
        getattr(make(), name)(dim=0, keepdim=2)


@pytest.mark.parametrize("call", [
    lambda: nn.Linear(3, 2, "relu"), lambda: nn.Conv1d(3, 2, 1, bias="relu"), lambda: nn.LSTM(3, 2, 1, 0.5),
    lambda: nn.GRU(3, 2, batch_first=4), lambda: nn.RNN(3, 2, bidirectional="both"), lambda: nn.GRUCell(3, 2, 0.5),
    lambda: nn.MultiheadAttention(4, 2, 0.0, 0.5), lambda: nn.MultiheadAttention(4, 2, batch_first=4),
    lambda: Tensor([2.0], 3), lambda: data.DataLoader(range(4), 2, 4), lambda: make().sort(0, 2),
])  # fmt: skip
def test_another_argument_is_not_taken_for_true(call):
    """Linear(3, 2, "relu"), as in Keras, was a linear layer with a bias, silently."""
    with pytest.raises(TypeError, match="is True or False, got "):
        call()


def test_the_order_of_a_norm_under_pytorchs_name():
    x = make()
    x.norm(p=1, dim=1).sum().backward()
    assert np.array_equal(x.norm(p=1, dim=1).data, [6, 15]) and np.array_equal(x.grad, np.sign(ROWS))
    with pytest.raises(TypeError, match="ord=1 and p=2 are two names for the same argument"):
        x.norm(1, p=2)


@pytest.mark.parametrize("axes", [(), (0,), (0, 2, 1), ((1, 0),)])
def test_transpose_with_numpys_arguments_is_told_permute(axes):
    with pytest.raises(TypeError, match=r"swaps two axes, t.transpose\(0, 1\). .*permute"):
        make().transpose(*axes)


def test_einsum_of_a_list_of_operands():
    x, v = make(), Tensor([1.0, 2.0, 3.0])
    gradlib.einsum("ij,j->", [x, v]).backward()
    assert np.array_equal(x.grad, np.tile(v.data, (2, 1)))
    assert gradlib.einsum("ij->", ROWS).item() == 11


@pytest.mark.parametrize("name", ["max", "min"])
def test_the_larger_of_two_tensors_is_told_maximum(name):
    with pytest.raises(TypeError, match=r"x\.maximum\(y\)"):
        getattr(make(), name)(make())


def test_randint_of_a_high_and_a_size():
    drawn = gradlib.randint(3, (200,)).data
    assert set(drawn) == {0, 1, 2}


def test_the_graph_is_retained_with_and_without_the_argument():
    x = make()
    loss = (x**2).sum()
    loss.backward(retain_graph=True)
    loss.backward()
    np.testing.assert_allclose(x.grad, 4 * np.array(ROWS))
    (slope,) = gradlib.grad(loss, x, retain_graph=True)
    np.testing.assert_allclose(slope.data, 2 * np.array(ROWS))
    with pytest.raises(gradlib.GraphError, match=r"use gradlib.grad\(loss, inputs, create_graph=True\)"):
        loss.backward(create_graph=True)
    for call in (lambda: loss.backward(retain_graph="yes"), lambda: gradlib.grad(loss, x, retain_graph="yes")):
        with pytest.raises(TypeError, match="retain_graph is True or False, got 'yes'"):
            call()


def test_a_tensor_is_made_by_pytorchs_name():
    t = gradlib.tensor([1.0, 2.0], requires_grad=True)
    assert type(t) is Tensor and t.requires_grad and t.dtype == np.float32
    assert gradlib.tensor([1, 2], dtype=np.float64).dtype == np.float64
    assert gradlib.tensor.Tensor is Tensor and gradlib.tensor is importlib.import_module("gradlib.tensor")


@pytest.mark.parametrize("name", ["num_workers", "pin_memory", "batch_sampler"])
def test_a_loader_refuses_arguments_of_pytorchs(name):
    with pytest.raises(TypeError, match=f"DataLoader has no argument {name}. It loads in this process"):
        data.DataLoader(range(4), **{name: 2})


@pytest.mark.parametrize("loss", [nn.MSELoss, nn.L1Loss, nn.BCELoss, nn.CrossEntropyLoss, nn.NLLLoss, nn.KLDivLoss])
def test_a_loss_that_is_called_before_it_is_made(loss):
    """CrossEntropyLoss(scores, labels) was taken as a loss with these class weights and this ignored class."""
    scores, labels = make(), np.array([0, 2])
    with pytest.raises(TypeError, match=rf"made first and then called: {loss.__name__}\(\)\(input, target\)"):
        loss(scores, labels)


# What to write instead of a name ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("module", "name", "said"), [
    (gradlib, "exp", "module 'gradlib' has no attribute 'exp'. It is a method: x.exp(…)."),
    (gradlib, "max", "It is a method: x.max(axis), of values alone; x.argmax(axis) has the indices."),
    (gradlib, "add", "Write x + y."),
    (gradlib, "from_numpy", "Write gradlib.Tensor(array)."),
    (gradlib, "float32", "Write np.float32."),
    (gradlib, "long", "Write np.int64."),
    (gradlib, "bool", "Write bool."),
    (gradlib, "Linear", "It is in gradlib.nn."),
    (gradlib, "Value", "It is in gradlib.scalar."),
    (gradlib, "load_into", "It is in gradlib.serialization."),
    (gradlib, "Function", "see gradlib.primitives.Primitive and Vjp."),
    (nn, "utils", "clip_grad_norm_ and clip_grad_value_ are in gradlib.optim."),
    (gradlib.autograd, "grad", "It is in gradlib itself: gradlib.grad."),
])  # fmt: skip
def test_a_name_that_a_module_lacks(module, name, said):
    with pytest.raises(AttributeError, match=re.escape(said) + "$"):
        getattr(module, name)


@pytest.mark.parametrize("module", [gradlib, nn, gradlib.autograd])
def test_a_name_that_nobody_knows(module):
    with pytest.raises(AttributeError, match="has no attribute 'abacus'$"):
        module.abacus  # noqa: B018


def test_no_hint_is_for_a_name_that_exists():
    for table, owner in (
        (habits.OPERATORS, Tensor), (habits.TENSOR, Tensor), (habits.OPERATORS, gradlib), (habits.GRADLIB, gradlib),
        (habits.NN, nn), (habits.AUTOGRAD, gradlib.autograd), (habits.ARRAY, np.ndarray),
    ):  # fmt: skip
        assert [name for name in table if hasattr(owner, name)] == []


def written(said):
    """The code of a hint."""
    return re.fullmatch(r"Write (.*)\.", said)[1]


@pytest.mark.parametrize("name", [*habits.OPERATORS, *habits.DTYPES, "copy", "type_as", "nelement", "ndimension"])
def test_what_a_hint_says_about_a_tensor_runs(name):
    x, y = Tensor(ROWS), Tensor(np.array(ROWS).T if name in ("mm", "bmm", "mv") else ROWS)
    if name == "bincount":
        x = Tensor([0, 1])
    if said := habits.hint(x, name):
        assert eval(written(said), {"x": x, "y": y, "np": np, "gradlib": gradlib, "i": 0, "indices": [0]}) is not None


@pytest.mark.parametrize("name", ["zero_", "fill_", "add_", "sub_", "mul_", "div_", "masked_fill_", "relu_"])
def test_what_a_hint_says_about_a_method_that_writes_in_place_runs(name):
    weights = nn.Parameter(ROWS)
    code = re.fullmatch(r"Write (.*), inside gradlib.no_grad\(\) for a parameter\.", habits.hint(weights, name))[1]
    with gradlib.no_grad():
        exec(code.replace("(…)", "()"), {"t": weights, "y": 2.0, "value": 3.0, "mask": np.array(ROWS) > 0})
    wanted = {"zero_": 0, "fill_": 3, "add_": 3, "sub_": -1, "mul_": 2, "div_": 0.5, "masked_fill_": 3, "relu_": 1}
    assert weights.data[0, 0] == wanted[name] and weights.requires_grad


@pytest.mark.parametrize("name", [name for name, said in habits.ARRAY.items() if re.match("Write [^=]*$", said)])
def test_what_a_hint_says_about_an_array_runs(name):
    eval(written(habits.hint(np.array(ROWS), name)), {"a": np.abs(ROWS), "np": np})


@pytest.mark.parametrize("home", habits.HOMES)
def test_a_name_is_where_the_hint_says(home):
    assert all(hasattr(getattr(gradlib, home), name) for name in habits.HOMES[home])


def test_a_function_of_gradlib_that_is_sought_in_the_class():
    assert habits.hint(Tensor, "zeros") == "It is a function: gradlib.zeros(…)."
    assert habits.hint(Tensor, "abacus") == ""


def test_the_functions_that_messages_name_exist():
    """load_state_dict(path) said gradlib.load_into(model, path), which is in gradlib.serialization."""
    for path in Path(gradlib.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            said = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
            for name in re.findall(r"\bgradlib\.([a-z_.]+)\(", said):
                assert callable(attrgetter(name)(gradlib)), f"{path.name} says gradlib.{name}"


def test_other_objects_have_no_hints():
    assert habits.hint(3, "add_") == habits.hint(np, "numpy") == habits.hint(nn.ReLU(), "add") == ""
