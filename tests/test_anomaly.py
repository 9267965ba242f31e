"""detect_anomaly: the first NaN or infinity is named with its operation and its line; arrays are read-only."""

import numpy as np
import pytest

from gradlib import AnomalyError, GraphError, Tensor, detect_anomaly, enable_grad, nn, no_grad, optim


def leaf(*numbers):
    return Tensor(np.array(numbers, dtype=np.float64), requires_grad=True)


def caught(function):
    with pytest.raises(AnomalyError) as error, detect_anomaly():
        function()
    return str(error.value)


def test_an_infinity_going_forward_is_named_with_its_entry_its_input_and_its_line():
    def program():
        x = leaf(4.0, 0.0, -1.0)
        y = (x * x).log()  # here
        return y.sum()

    assert caught(program) == (
        "'log' made -inf at entry (1,) of its result, from the input 0. In test_anomaly.py, line "
        f"{program.__code__.co_firstlineno + 2}: y = (x * x).log()  # here"
    )


def test_the_first_of_several_is_named():
    assert caught(lambda: (leaf(-1.0).sqrt() * leaf(0.0).log()).sum()).startswith("'sqrt' made nan at entry (0,)")


def test_a_binary_operation_names_both_inputs():
    assert "from the inputs 1 and 0." in caught(lambda: leaf(2.0, 1.0) / np.array([1.0, 0.0]))


def test_data_that_is_not_finite_is_not_blamed_on_the_operation():
    assert "input 1 of '·' already holds nan: it came from outside the graph" in caught(
        lambda: leaf(1.0, 2.0) * np.array([1.0, np.nan])
    )


def test_an_infinite_gradient_is_named_with_the_line_that_recorded_its_operation():
    def program():
        root = leaf(4.0, 0.0).sqrt()
        return root.sum().backward()

    text = caught(program)
    assert "going backward, 'sqrt' made the gradient inf at entry (1,) of its input 0, whose value there is 0" in text
    assert text.endswith(f"line {program.__code__.co_firstlineno + 1}: root = leaf(4.0, 0.0).sqrt()")


def test_what_is_finite_passes_and_gives_the_same_gradient():
    x, y = leaf(1.0, 2.0), leaf(1.0, 2.0)
    with detect_anomaly():
        (x.exp() * x).sum().backward()
    (y.exp() * y).sum().backward()
    assert np.array_equal(x.grad, y.grad)


def test_arrays_of_the_graph_are_read_only_until_backward_is_done():
    x = leaf(1.0, 2.0)
    view = x.data[:1]
    with detect_anomaly():
        y = x.exp()
        z = y.reshape(2, 1).sum()
        for tensor in (x, y):
            with pytest.raises(ValueError, match="read-only"):
                tensor.data[0] = 0.0
        z.backward()
        x.data[0] = 3.0
        x.data -= 1.0
        y = x * 2
    y.data[0] = 0.0
    assert view[0] == 2.0


def test_a_result_without_a_gradient_is_not_watched():
    with np.errstate(divide="ignore"), detect_anomaly():
        Tensor([0.0]).log()
        with no_grad():
            leaf(0.0).log()
        assert leaf(1.0).log().item() == 0.0


def test_it_watches_again_inside_enable_grad_and_stops_watching_at_its_end():
    with pytest.raises(AnomalyError), detect_anomaly(), no_grad(), enable_grad():
        leaf(0.0).log()
    with np.errstate(divide="ignore"):
        leaf(0.0).log()


def test_it_decorates_a_function():
    @detect_anomaly()
    def countdown(n):
        return leaf(float(n)).log() if n == 0 else countdown(n - 1)

    with pytest.raises(AnomalyError):
        countdown(2)


def test_under_no_grad_nothing_is_recorded_nor_watched():
    with np.errstate(divide="ignore"), no_grad(), detect_anomaly():
        assert not leaf(0.0).log().requires_grad


def test_a_view_that_came_into_the_graph_before_its_base_is_writeable_again():
    x = leaf(1.0, 2.0)
    column = x.detach().reshape(2, 1).requires_grad_()
    with detect_anomaly():
        z = (column * 2.0).sum() + x.sum()
        z.backward()
        column.data[0] = 5.0
    assert x.data[0] == 5.0


def test_inputs_are_named_only_where_an_entry_comes_from_an_entry():
    x = Tensor(np.full((2, 2), 1e200), requires_grad=True)
    with pytest.raises(AnomalyError, match=r"'@' made inf at entry \(0, 0\) of its result\. In"), detect_anomaly():
        x @ x
    with pytest.raises(
        AnomalyError, match=r"'·' made inf at entry \(0, 0\) .*, from the inputs 1e\+200 and 1e\+200\. "
    ):
        with detect_anomaly():
            x * x


def test_a_gradient_that_is_not_finite_when_it_arrives_is_not_blamed_on_the_operation():
    x = Tensor([1.0, 2.0], requires_grad=True)
    with detect_anomaly():
        y = x * 2.0
        with pytest.raises(AnomalyError, match="that arrived at '·' already holds nan: it came from outside the graph"):
            y.backward(np.array([1.0, np.nan]))


def test_a_step_between_a_forward_pass_and_its_backward_is_explained():
    model = nn.Linear(2, 1)
    optimizer = optim.SGD(model.parameters(), lr=0.5)
    x = Tensor([[1.0, 2.0]])
    with detect_anomaly():
        for _ in range(2):  # the second step finds the packs of the first
            model(x).sum().backward()
            with no_grad():
                model(x)
            optimizer.step()
        before = model.weight.data.copy()
        model(x).sum().backward()
        model(x)
        with pytest.raises(GraphError, match="backward.. has not been called on its result. Call it first, or compute"):
            optimizer.step()
    assert model.weight.data.tolist() == before.tolist()
    optimizer.step()
    assert model.weight.data.tolist() != before.tolist()


@pytest.mark.parametrize(
    "run",
    [
        lambda x: nn.MultiheadAttention(4, 2, batch_first=True)(x, x, x, is_causal=True)[0],
        lambda x: nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)(x, is_causal=True),
        lambda x: (x + np.float32([0, 0, 0, -np.inf])).reshape(2, 3, 4, 1).squeeze(-1).softmax(-1),
        lambda x: (x.masked_fill(np.arange(4) > 2, -np.inf) / 2).softmax(-1),
        lambda x: nn.MaxPool2d(2, padding=1)(x.unsqueeze(1)),
    ],
)
def test_the_infinity_of_a_mask_is_no_mistake(run):
    x = Tensor(np.random.default_rng(0).normal(size=(2, 3, 4)).astype(np.float32), requires_grad=True)
    with detect_anomaly():
        (run(x) ** 2).sum().backward()
    assert np.isfinite(x.grad).all()


@pytest.mark.parametrize("value", [-np.inf, np.inf, np.nan])
def test_what_is_no_mask_is_found(value):
    x, y = Tensor([1.0, 2.0], requires_grad=True), Tensor([1.0, value], requires_grad=True)
    for run in (lambda: y + x, lambda: x * np.array([1.0, value]), lambda: y.reshape(1, 2), lambda: (x - x).log() + x):
        with pytest.raises(AnomalyError), detect_anomaly():
            run()
