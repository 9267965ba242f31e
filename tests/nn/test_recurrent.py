"""Recurrent layers: against their cells step by step, finite differences, and inputs that are refused."""

import itertools

import numpy as np
import pytest

from gradlib import ShapeError, Tensor, concatenate, grad, gradcheck, no_grad, stack
from gradlib.functional import numerical_gradient
from gradlib.nn.recurrent import GRU, LSTM, RNN, GRUCell, LSTMCell, RNNCell

KINDS = {
    "RNN": (RNN, RNNCell, {}),
    "RNN-relu": (RNN, RNNCell, {"nonlinearity": "relu"}),
    "LSTM": (LSTM, LSTMCell, {}),
    "GRU": (GRU, GRUCell, {}),
}
each_kind = pytest.mark.parametrize("kind", KINDS)
LAYOUTS = [
    {"num_layers": layers, "bias": bias, "bidirectional": bidirectional}
    for layers, bias, bidirectional in itertools.product((1, 2), (True, False), (False, True))
]


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def make(kind, inputs=3, hidden=2, **options):
    layer, _, fixed = KINDS[kind]
    return layer(inputs, hidden, **fixed, **options, rng=np.random.default_rng(1)).double()


def first_states(kind, layer, count):
    """Random first states for a layer, that need a gradient."""
    number = layer.num_layers * (1 + layer.bidirectional)
    states = [
        Tensor(normal(number, count, layer.hidden_size, seed=seed), requires_grad=True)
        for seed in range(1 + (kind == "LSTM"))
    ]
    return states, tuple(states) if kind == "LSTM" else states[0]


def unrolled(kind, layer, x, states):
    """What the layer computes, one cell and one step after the other: outputs, and last states in order."""
    _, cell_class, fixed = KINDS[kind]
    directions = ("", "_reverse") if layer.bidirectional else ("",)
    outputs, last, number = [x[t] for t in range(x.shape[0])], [], 0
    for level in range(layer.num_layers):
        sides = []
        for direction in directions:
            cell = cell_class(outputs[0].shape[-1], layer.hidden_size, layer.bias, **fixed)
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")[: 4 if layer.bias else 2]:
                setattr(cell, name, getattr(layer, f"{name}_l{level}{direction}"))
            now = [state[number] for state in states]
            side = []
            for step in reversed(outputs) if direction else outputs:
                now = cell(step, tuple(now) if kind == "LSTM" else now[0])
                now = list(now) if kind == "LSTM" else [now]
                side.append(now[0])
            sides.append(side[::-1] if direction else side)
            last.append(now)
            number += 1
        outputs = [concatenate(both, axis=-1) for both in zip(*sides, strict=True)]
    return stack(outputs), [stack(states) for states in zip(*last, strict=True)]


def gradients_of(outputs, last, tensors):
    """The gradients of a loss in which every output and every last state counts differently."""
    loss = sum((part * normal(*part.shape, seed=seed)).sum() for seed, part in enumerate([outputs, *last], 5))
    return [gradient.data for gradient in grad(loss, tensors)]


@each_kind
@pytest.mark.parametrize("options", LAYOUTS, ids=str)
def test_a_layer_is_its_cell_step_by_step(kind, options):
    layer = make(kind, **options)
    x = Tensor(normal(4, 2, 3), requires_grad=True)
    states, hx = first_states(kind, layer, 2)
    outputs, last = layer(x, hx)
    last = list(last) if kind == "LSTM" else [last]
    expected, expected_last = unrolled(kind, layer, x, states)
    for ours, theirs in zip([outputs, *last], [expected, *expected_last], strict=True):
        np.testing.assert_allclose(ours.data, theirs.data, rtol=1e-12, atol=1e-15)
    tensors = [x, *states, *layer.parameters()]
    for ours, theirs in zip(
        gradients_of(outputs, last, tensors), gradients_of(expected, expected_last, tensors), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-13)


@each_kind
def test_the_second_derivative_is_that_of_the_cells(kind):
    layer = make(kind)
    x = Tensor(normal(3, 2, 3), requires_grad=True)
    states, hx = first_states(kind, layer, 2)
    tensors = [x, *states, *layer.parameters()]
    results = []
    for outputs in (layer(x, hx)[0], unrolled(kind, layer, x, states)[0]):
        (slope,) = grad((outputs**3).sum(), [x], create_graph=True)
        results.append(grad((slope**2).sum(), tensors))
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_allclose(ours.data, theirs.data, rtol=1e-9, atol=1e-13)


@each_kind
def test_gradients_agree_with_finite_differences(kind):
    layer = make(kind, num_layers=2, bidirectional=True)
    states, _ = first_states(kind, layer, 2)

    def call(x, *states):
        outputs, last = layer(x, states if kind == "LSTM" else states[0])
        return outputs, *(last if kind == "LSTM" else [last])

    assert gradcheck(call, [normal(3, 2, 3), *(state.data for state in states)])


@pytest.mark.parametrize("name", ["RNNCell", "LSTMCell", "GRUCell"])
def test_gradients_of_a_cell_agree_with_finite_differences(name):
    cell = {"RNNCell": RNNCell, "LSTMCell": LSTMCell, "GRUCell": GRUCell}[name](3, 2).double()
    states = [normal(2, 2, seed=seed) for seed in range(1 + (name == "LSTMCell"))]

    def call(x, *states):
        return cell(x, states if name == "LSTMCell" else states[0])

    assert gradcheck(call, [normal(2, 3), *states])
    check_parameters(cell, lambda: call(Tensor(normal(2, 3)), *map(Tensor, states)))


@each_kind
def test_gradients_of_the_parameters_agree_with_finite_differences(kind):
    layer = make(kind)
    check_parameters(layer, lambda: layer(Tensor(normal(4, 2, 3)))[0])


def check_parameters(module, call):
    def loss():
        out = call()
        parts = out if isinstance(out, tuple) else (out,)
        return sum((part * normal(*part.shape, seed=seed)).sum() for seed, part in enumerate(parts))

    module.zero_grad()
    loss().backward()
    for name, parameter in module.named_parameters():
        kept = parameter.data.copy()

        def moved(values, parameter=parameter):
            with no_grad():
                parameter.data = values
                return loss().item()

        numerical = numerical_gradient(moved, kept)
        parameter.data = kept
        assert np.abs(numerical).max() > 1e-6, f"{name} is not felt"
        np.testing.assert_allclose(parameter.grad, numerical, rtol=1e-6, atol=1e-8, err_msg=name)


# Ways to call it


@each_kind
@pytest.mark.parametrize("bidirectional", [False, True])
def test_batch_first_and_single_sequences_give_the_same_numbers(kind, bidirectional):
    layer = make(kind, num_layers=2, bidirectional=bidirectional)
    swapped = make(kind, num_layers=2, bidirectional=bidirectional, batch_first=True)
    x = normal(5, 3, 3)
    _, hx = first_states(kind, layer, 3)
    outputs, last = layer(Tensor(x), hx)
    by_batch, last_by_batch = swapped(Tensor(x.swapaxes(0, 1)), hx)
    np.testing.assert_array_equal(by_batch.data.swapaxes(0, 1), outputs.data)
    one_hx = tuple(state[:, 1] for state in hx) if kind == "LSTM" else hx[:, 1]
    one, one_last = layer(Tensor(x[:, 1]), one_hx)
    np.testing.assert_allclose(one.data, outputs.data[:, 1], rtol=1e-12)
    if kind != "LSTM":
        last, last_by_batch, one_last = [last], [last_by_batch], [one_last]
    for state, by_batch, single in zip(last, last_by_batch, one_last, strict=True):
        np.testing.assert_array_equal(by_batch.data, state.data)
        np.testing.assert_allclose(single.data, state.data[:, 1], rtol=1e-12)


@each_kind
def test_a_missing_state_is_zeros(kind):
    layer = make(kind, num_layers=2)
    x = Tensor(normal(4, 2, 3))
    states, _ = first_states(kind, layer, 2)
    zeros = [Tensor(np.zeros(state.shape)) for state in states]
    given, _ = layer(x, tuple(zeros) if kind == "LSTM" else zeros[0])
    np.testing.assert_array_equal(layer(x)[0].data, given.data)


@each_kind
def test_an_array_is_taken_as_it_is(kind):
    layer, x = make(kind, batch_first=True), normal(2, 4, 3)
    np.testing.assert_array_equal(layer(x)[0].data, layer(Tensor(x))[0].data)
    state = normal(1, 2, 2).round(1).astype(np.float32)  # a list of numbers is float32
    results = [layer(x, as_state(kind, form(state)))[0].data for form in FORMS]
    np.testing.assert_array_equal(results[1:], results[:1] * 2)


FORMS = [Tensor, np.copy, np.ndarray.tolist]


def as_state(kind, state):
    return (state, state) if kind.startswith("LSTM") else state


@pytest.mark.parametrize("cell", [RNNCell, LSTMCell, GRUCell])
def test_a_cell_takes_arrays_and_lists(cell):
    x, state = normal(2, 3).astype(np.float32), normal(2, 4).astype(np.float32)
    step = cell(3, 4, rng=np.random.default_rng(0))
    results = [step(form(x), as_state(cell.__name__, form(state))) for form in FORMS]
    results = [(result[0] if cell is LSTMCell else result).tolist() for result in results]
    assert results[1:] == results[:1] * 2


@each_kind
def test_a_sequence_may_be_continued_where_it_stopped(kind):
    layer = make(kind)
    x = normal(6, 2, 3)
    whole, _ = layer(Tensor(x))
    start, state = layer(Tensor(x[:4]))
    rest, _ = layer(Tensor(x[4:]), state)
    np.testing.assert_allclose(np.concatenate([start.data, rest.data]), whole.data, rtol=1e-12)


@each_kind
def test_outputs_do_not_depend_on_later_inputs(kind):
    layer = make(kind, num_layers=2)
    x = normal(6, 2, 3)
    changed = x.copy()
    changed[4:] += 1
    before, after = layer(Tensor(x))[0].data, layer(Tensor(changed))[0].data
    np.testing.assert_array_equal(before[:4], after[:4])
    assert (before[4:] != after[4:]).all() or kind == "RNN-relu"


@each_kind
def test_float32_stays_float32(kind):
    layer = make(kind, num_layers=2, bidirectional=True).float()
    outputs, last = layer(Tensor(normal(4, 2, 3).astype(np.float32)))
    parts = [outputs, *(last if kind == "LSTM" else [last])]
    assert {part.dtype for part in parts} == {np.dtype(np.float32)}
    sum(part.sum() for part in parts).backward()
    assert {parameter.grad.dtype for parameter in layer.parameters()} == {np.dtype(np.float32)}


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_large_inputs_saturate_and_overflow_nothing(kind):
    outputs, _ = make(kind)(Tensor(np.array([1e6, -1e6, 1e6])[:, None, None] * np.ones((3, 2, 3))))
    assert np.abs(outputs.data).max() <= 1


@each_kind
def test_dropout_acts_between_layers_in_training_only(kind):
    layer = make(kind, num_layers=2, dropout=0.5)
    plain = make(kind, num_layers=2)
    x = Tensor(normal(4, 2, 3))
    np.testing.assert_array_equal(layer.eval()(x)[0].data, plain(x)[0].data)
    layer.train()
    first, second = layer(x), layer(x)
    assert not np.array_equal(first[0].data, second[0].data)
    below = [result[1][0] if kind == "LSTM" else result[1] for result in (first, second)]
    np.testing.assert_array_equal(below[0].data[0], below[1].data[0])  # the first layer is not touched


def test_dropout_without_a_place_to_act_warns():
    with pytest.warns(UserWarning, match="acts between layers, but num_layers=1"):
        GRU(3, 2, dropout=0.5)


@each_kind
def test_the_first_weights_are_uniform_and_repeat_with_a_seed(kind):
    layer, again = make(kind, 30, 25), make(kind, 30, 25)
    for name, weight in layer.named_parameters():
        assert np.abs(weight.data).max() <= 0.2, name
        assert weight.ndim == 1 or 0.11 < weight.data.std() < 0.12, name  # 0.2/√3 = 0.115
        np.testing.assert_array_equal(weight.data, dict(again.named_parameters())[name].data)


@each_kind
def test_parameters_have_the_names_of_pytorch_and_the_shapes_of_the_board(kind):
    blocks = {"LSTM": 4, "GRU": 3}.get(kind, 1)
    layer = make(kind, 5, 2, num_layers=2, bidirectional=True)
    shapes = {name: parameter.shape for name, parameter in layer.named_parameters()}
    assert list(shapes)[:5] == ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0", "weight_ih_l0_reverse"]
    assert shapes["weight_ih_l0"] == (5, blocks * 2)
    assert shapes["weight_ih_l1_reverse"] == (4, blocks * 2)  # both directions of the layer below
    assert shapes["weight_hh_l1"] == (2, blocks * 2)
    assert shapes["bias_hh_l1"] == (blocks * 2,)
    assert sum(name.startswith(layer.transposed) for name in shapes) == 8


def test_a_layer_shows_how_it_was_made():
    assert "LSTM(3, 5, num_layers=2, bidirectional=True" in repr(LSTM(3, 5, 2, bidirectional=True))
    assert repr(GRUCell(3, 5, bias=False)).startswith("GRUCell(3, 5, bias=False")


def test_a_gated_network_learns_to_remember_its_first_input():
    """The sign of the first of 12 numbers, the others being noise: out of reach without a memory."""
    rng = np.random.default_rng(0)
    layer = GRU(1, 8, rng=rng)
    readout = Tensor(rng.normal(size=(8,)).astype(np.float32), requires_grad=True)
    tensors = [*layer.parameters(), readout]
    moments = [np.zeros_like(tensor.data) for tensor in tensors]
    for _ in range(120):
        x = rng.normal(size=(12, 64, 1)).astype(np.float32)
        wanted = np.sign(x[0, :, 0])
        score = layer(Tensor(x))[1][0] @ readout
        loss = ((score - wanted) ** 2).mean()
        loss.backward()
        for tensor, moment in zip(tensors, moments, strict=True):
            moment += 0.1 * (tensor.grad**2 - moment)
            tensor.data -= 0.03 * tensor.grad / (np.sqrt(moment) + 1e-4)
            tensor.grad = None
    assert (np.sign(score.data) == wanted).mean() > 0.95


# What is refused

REFUSED = [
    (lambda: RNN(3, 2)(Tensor(normal(4, 2, 5))), ShapeError, r"takes shape \(T, N, 3\).*got \(4, 2, 5\)"),
    (
        lambda: LSTM(3, 2, batch_first=True)(Tensor(normal(4))),
        ShapeError,
        r"shape \(N, T, 3\), or \(T, 3\) for one sequence; got \(4,\)",
    ),
    (lambda: GRU(3, 2)(Tensor(normal(0, 2, 3))), ShapeError, "at least one step"),
    (
        lambda: GRU(3, 2, 2)(Tensor(normal(4, 2, 3)), Tensor(normal(1, 2, 2))),
        ShapeError,
        r"first state must have shape \(2, 2, 2\).*got \(1, 2, 2\)",
    ),
    (
        lambda: GRU(3, 2)(Tensor(normal(4, 3)), Tensor(normal(1, 1, 2))),
        ShapeError,
        r"must have shape \(1, 2\): layers times directions, hidden_size",
    ),
    (
        lambda: LSTM(3, 2)(Tensor(normal(4, 2, 3)), Tensor(normal(1, 2, 2))),
        TypeError,
        r"pair \(h, c\), got a tensor",
    ),
    (lambda: LSTMCell(3, 2)(Tensor(normal(2, 3)), (Tensor(normal(2, 2)),)), TypeError, r"pair \(h, c\)"),
    (lambda: GRUCell(3, 2)(Tensor(normal(2, 4))), ShapeError, r"shape \(N, 3\) or \(3,\), got \(2, 4\)"),
    (lambda: RNNCell(3, 2)(Tensor(normal(5, 2, 3))), ShapeError, "takes one step"),
    (
        lambda: RNNCell(3, 2)(Tensor(normal(5, 3)), Tensor(normal(4, 2))),
        ShapeError,
        r"state must have shape \(5, 2\)",
    ),
    (lambda: RNN(3, 2, nonlinearity="sine"), ValueError, "'tanh' or 'relu', got 'sine'"),
    (lambda: RNNCell(3, 2, nonlinearity="sine"), ValueError, "'tanh' or 'relu', got 'sine'"),
    (lambda: LSTM(3, 2, 2, dropout=1.5), ValueError, "a probability, 0 to 1, got 1.5"),
    (lambda: LSTM(0, 2), ValueError, "input_size must be an integer of at least 1, got 0"),
    (lambda: RNNCell(3, 2.0), TypeError, "hidden_size must be an integer of at least 1, got 2.0"),
    (lambda: GRU(3, 2, num_layers=0), ValueError, "num_layers must be an integer of at least 1, got 0"),
]


@pytest.mark.parametrize(("call", "error", "message"), REFUSED, ids=[message[:40] for *_, message in REFUSED])
def test_a_wrong_call_is_explained(call, error, message):
    with pytest.raises(error, match=message):
        call()
