"""Linear, Embedding, Dropout, and how weights start."""

import math

import numpy as np
import pytest

import gradlib
from gradlib import Parameter, ShapeError, Tensor, nn
from gradlib.nn import functional as F
from gradlib.nn import init


def test_dropout_keeps_the_mean_and_is_still_in_use():
    layer = nn.Dropout(0.3, rng=np.random.default_rng(0))
    x = Tensor(np.ones(20_000), requires_grad=True)
    z = layer(x)
    z.sum().backward()
    assert set(np.unique(z.data)) == {0.0, 1 / 0.7} and z.mean().item() == pytest.approx(1, abs=0.02)
    assert np.array_equal(x.grad, z.data)  # the same entries are dropped on the way back
    assert layer.eval()(x) is x and F.dropout(x, 0.0) is x
    assert not F.dropout(x, 1.0).any()
    gradlib.manual_seed(1)
    first = F.dropout(x, 0.5).tolist()
    gradlib.manual_seed(1)
    assert F.dropout(x, 0.5).tolist() == first


def test_rows_of_an_embedding_read_twice_collect_twice_and_the_padding_nothing():
    layer = nn.Embedding(4, 2, padding_idx=-1)
    assert not layer.weight.data[3].any()
    layer(np.array([[1, 3], [1, 0]])).sum().backward()
    assert layer.weight.grad.tolist() == [[1, 1], [2, 2], [0, 0], [0, 0]]


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "elu", "gelu", "silu", "sigmoid", "tanh", "softplus", "softmax",
                                  "log_softmax", "dropout"])  # fmt: skip
def test_functions_take_arrays_lists_and_whole_numbers(name):
    function, rows = getattr(F, name), [[1, -2, 3], [0, 5, 2]]
    options = {"training": False} if name == "dropout" else {}
    expected = function(Tensor(np.array(rows, dtype=np.float32)), **options)
    for given in (rows, np.array(rows), Tensor(rows), np.array(rows, np.int8)):
        result = function(given, **options)
        assert isinstance(result, Tensor)
        np.testing.assert_allclose(result.data, expected.data, rtol=1e-6)


def test_layers_take_arrays_and_lists():
    rows = [[1, 2, 4], [0, 5, 9]]
    layers = [nn.Linear(3, 2), nn.Linear(3, 2, bias=False), nn.Flatten(), nn.BatchNorm1d(3), nn.LayerNorm(3),
              nn.RMSNorm(3), nn.GroupNorm(1, 3), nn.BatchNorm1d(3).eval(), nn.MLP([3, 4, 2])]  # fmt: skip
    for layer in layers:
        expected = layer(Tensor(np.array(rows, dtype=np.float32)))
        for given in (rows, np.array(rows), np.array(rows, dtype=np.float32), Tensor(rows)):
            result = layer(given)
            assert isinstance(result, Tensor) and result.shape == expected.shape
            np.testing.assert_allclose(result.data, expected.data, rtol=1e-5, atol=1e-5)  # sums may cancel to almost 0
    half = F.dropout(Tensor([1, 2, 3]), 0.5, rng=np.random.default_rng(0))
    assert half.dtype == np.float32 and half.tolist() == [2.0, 0.0, 0.0]
    assert isinstance(F.linear(np.ones((2, 3)), np.ones((3, 2)), np.ones(2)), Tensor)


DRAWN = {
    "uniform_": (lambda t, rng: init.uniform_(t, -2.0, 1.0, rng=rng), -0.5, 3 / 12**0.5),
    "normal_": (lambda t, rng: init.normal_(t, 3.0, 0.5, rng=rng), 3.0, 0.5),
    "xavier_uniform_": (lambda t, rng: init.xavier_uniform_(t, 2.0, rng=rng), 0.0, 2 * (2 / 500) ** 0.5),
    "xavier_normal_": (lambda t, rng: init.xavier_normal_(t, rng=rng), 0.0, (2 / 500) ** 0.5),
    "kaiming_uniform_": (lambda t, rng: init.kaiming_uniform_(t, nonlinearity="relu", rng=rng), 0.0, (2 / 200) ** 0.5),
    "kaiming_normal_": (lambda t, rng: init.kaiming_normal_(t, mode="fan_out", rng=rng), 0.0, (2 / 300) ** 0.5),
    "constant_": (lambda t, rng: init.constant_(t, 2.0), 2.0, 0.0),
    "zeros_": (lambda t, rng: init.zeros_(t), 0.0, 0.0),
    "ones_": (lambda t, rng: init.ones_(t), 1.0, 0.0),
    "orthogonal_": (lambda t, rng: init.orthogonal_(t, rng=rng), 0.0, (1 / 300) ** 0.5),
}


def test_every_filling_function_is_here():
    assert {name for name in vars(init) if name.endswith("_") and not name.startswith("_")} == DRAWN.keys()


@pytest.mark.parametrize("name", DRAWN)
def test_weights_start_with_their_mean_and_deviation(name):
    fill, mean, deviation = DRAWN[name]
    weight = Parameter(np.empty((200, 300), np.float32))  # fan-in 200, fan-out 300
    assert fill(weight, np.random.default_rng(0)) is weight and weight.dtype == np.float32
    assert weight.data.mean() == pytest.approx(mean, abs=0.01)
    assert weight.data.std() == pytest.approx(deviation, rel=0.02)
    again = fill(Parameter(np.empty((200, 300), np.float32)), np.random.default_rng(0))
    assert np.array_equal(again.data, weight.data)


def test_orthogonal_rows_or_columns_and_fans_of_convolutions():
    wide = init.orthogonal_(Parameter(np.empty((3, 5))), gain=2.0, rng=np.random.default_rng(0)).data
    np.testing.assert_allclose(wide @ wide.T, 4 * np.eye(3), atol=1e-12)
    tall = init.orthogonal_(Parameter(np.empty((5, 3))), rng=np.random.default_rng(0)).data
    np.testing.assert_allclose(tall.T @ tall, np.eye(3), atol=1e-12)
    assert init.fans(Tensor(np.empty((8, 3, 5, 5)))) == (75, 200) and init.fans(Tensor(np.empty((8, 3)))) == (8, 3)
    assert init.calculate_gain("relu") == math.sqrt(2) and init.calculate_gain("linear") == 1


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: nn.Linear(0, 2), ValueError, "Linear's in_features must be an integer of at least 1, got 0."),
        (lambda: nn.Linear(2, 1.5), TypeError, "Linear's out_features must be an integer of at least 1, got 1.5."),
        (lambda: nn.Linear(3, 2)(Tensor(np.ones((4, 2)))), ShapeError,
         "linear takes x of shape (…, 3) for a weight of shape (3, 2), got (4, 2)."),
        (lambda: F.linear(Tensor(np.ones((4, 3))), Tensor(np.ones((3, 2))), Tensor(np.ones(3))), ShapeError,
         "linear's bias must have shape (2,), got (3,)."),
        (lambda: nn.Embedding(3, 2)(np.array([3])), IndexError, "embedding has rows 0 to 2, got index 3."),
        (lambda: nn.Embedding(3, 2)(np.array([-1])), IndexError, "embedding has rows 0 to 2, got index -1."),
        (lambda: nn.Embedding(3, 2)([0.5]), TypeError, "embedding takes integers, got float32 of shape (1,)."),
        (lambda: nn.Embedding(3, 2, padding_idx=3), ValueError, "padding_idx must be a row, 0 to 2, got 3."),
        (lambda: nn.Embedding(3, 2, padding_idx=1.5), TypeError, "padding_idx is the number of a row, got 1.5."),
        (lambda: F.embedding([0], np.ones((3, 2)), padding_idx=7), ValueError, "padding_idx must be a row, 0 to 2"),
        (lambda: F.embedding([0], np.ones(3)), ShapeError, "embedding takes a table of shape (n, d), got (3,)."),
        (lambda: nn.Embedding(0, 2), ValueError, "num_embeddings must be an integer of at least 1, got 0."),
        (lambda: nn.Embedding(3, 2.5), TypeError, "embedding_dim must be an integer of at least 1, got 2.5."),
        (lambda: nn.Linear(3, 2)(None), TypeError, "a Tensor holds numbers"),
        (lambda: nn.Linear(3, 2, rng=0), TypeError, "rng must be a generator, such as np.random.default_rng(0)"),
        (lambda: nn.Dropout(rng=0)([1.0]), TypeError, "rng must be a generator"),
        (lambda: init.zeros_(np.ones(3)), TypeError, "an initializer fills a Tensor or a Parameter, got ndarray."),
        (lambda: init.normal_(Tensor([1, 2])), TypeError, "a tensor of int64 cannot hold values of float64"),
        (lambda: nn.Dropout(1.5), ValueError, "dropout's p is a probability, 0 to 1, got 1.5."),
        (lambda: init.calculate_gain("step"), ValueError, "no gain is known for 'step'."),
        (lambda: init.xavier_uniform_(Tensor(np.ones(3))), ValueError, "need at least two axes, got shape (3,)."),
        (lambda: init.kaiming_normal_(Tensor(np.ones((2, 2))), mode="in"), ValueError, "mode is 'fan_in' or 'fan_out'"),
        (lambda: init.orthogonal_(Tensor(np.ones(3))), ValueError, "orthogonal_ takes at least two axes, got shape"),
    ],
)  # fmt: skip
def test_wrong_requests_are_refused(call, kind, words):
    with pytest.raises(kind) as caught:
        call()
    assert words in str(caught.value)
