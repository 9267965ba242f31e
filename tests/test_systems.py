"""Programs as users of other small engines write them: they run here with their import lines changed, and learn.

And the defects such engines are known for: each program is refused here, or gives the right numbers.
"""

import numpy as np
import pytest

import gradlib
from gradlib import GraphError, ShapeError, Tensor, gradcheck, no_grad
from gradlib.bounds import estimate_bounds
from gradlib.data import DataLoader, TensorDataset
from gradlib.diagnostics import ActivationHook, GradientTracker, detect_gradient_pathologies
from gradlib.nn import (
    BatchNorm1D,
    BatchNorm1d,
    BCELoss,
    Conv1d,
    Dropout,
    Linear,
    MaxPool1d,
    MSELoss,
    ReLU,
    Sequential,
    Sigmoid,
    Tanh,
)
from gradlib.nn.functional import bce_loss, cross_entropy_loss, mse_loss
from gradlib.optim import SGD, Adam, clip_gradients
from gradlib.serialization import load_into, save
from gradlib.training import TrainConfig, Trainer


@pytest.fixture(autouse=True)
def seeded():
    gradlib.manual_seed(0)


# Tensors ------------------------------------------------------------


def test_the_first_example_of_every_engine():
    x = Tensor([2.0], requires_grad=True)
    y = Tensor([3.0], requires_grad=True)
    z = x * y
    z.backward()
    assert x.grad == [3.0] and y.grad == [2.0]
    assert z.requires_grad and z._prev == (x, y) and z.data == [6.0]
    assert z._backward([10.0]) == [30.0, 20.0] and x._backward is None


def test_a_matrix_product_and_a_mean():
    a = Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    b = Tensor([[5.0, 6.0], [7.0, 8.0]], requires_grad=True)
    loss = (a @ b).mean()
    loss.backward()
    assert a.grad.tolist() == [[2.75, 3.75], [2.75, 3.75]] and b.grad.tolist() == [[1.0, 1.0], [1.5, 1.5]]


# Networks ------------------------------------------------------------


def test_a_sequential_of_a_list_learns_with_adam():
    model = Sequential([Linear(2, 4), ReLU(), Linear(4, 1)])
    optimizer = Adam(model.parameters(), lr=0.02)
    x = Tensor(np.random.default_rng(0).normal(size=(64, 2)).astype(np.float32))
    y = Tensor((x.data[:, :1] - 2 * x.data[:, 1:]).astype(np.float32))
    losses = []
    for _ in range(600):
        optimizer.zero_grad()
        loss = mse_loss(model(x), y)
        loss.backward()
        clip_gradients(model.parameters(), max_norm=5.0)
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.1 < 3 < losses[0]


def test_layers_for_signals_train():
    model = Sequential([Conv1d(1, 4, 3), BatchNorm1d(4), ReLU(), MaxPool1d(2), Dropout(0.1)])
    head = Linear(4 * 7, 1)
    parameters = [*model.parameters(), *head.parameters()]
    optimizer = Adam(parameters, lr=0.02)
    x = np.random.default_rng(0).normal(size=(32, 1, 16)).astype(np.float32)
    y = x.max(axis=2)
    losses = []
    for _ in range(100):
        optimizer.zero_grad()
        loss = mse_loss(head(model(Tensor(x)).flatten(1)), Tensor(y))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 5


def test_xor_with_a_trainer(capsys):
    X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=np.float32)
    y = np.array([[0], [1], [1], [0]], dtype=np.float32)
    loader = DataLoader(TensorDataset(X, y), batch_size=4, shuffle=True)
    model = Sequential(Linear(2, 8), Tanh(), Linear(8, 1), Sigmoid())
    trainer = Trainer(model, BCELoss(), SGD(model.parameters(), lr=0.5, momentum=0.9))
    history = trainer.fit(loader, val_loader=None, cfg=TrainConfig(epochs=300, print_every=100))
    assert len(history["train_loss"]) == 300 and capsys.readouterr().out.count("epoch") == 3
    assert (trainer.predict(X) > 0.5).tolist() == (y > 0.5).tolist()


def test_a_regression_with_a_trainer():
    X = np.linspace(-1, 1, 50, dtype=np.float32)[:, None]
    model = Linear(1, 1)
    trainer = Trainer(model, MSELoss(), SGD(model.parameters(), lr=0.1, momentum=0.9))
    trainer.fit(DataLoader(TensorDataset(X, 3 * X + 1), batch_size=10), cfg=TrainConfig(epochs=50, print_every=0))
    assert model.weight.data == pytest.approx(3, abs=1e-2) and model.bias.data == pytest.approx(1, abs=1e-2)


def test_diagnostics_bounds_and_saving(tmp_path):
    model = Sequential([Linear(2, 4), ReLU(), Linear(4, 1)])
    tracker = GradientTracker(model)
    x = np.ones((3, 2), dtype=np.float32)
    with ActivationHook(model[1], "hidden") as hook:
        model(Tensor(x)).sum().backward()
    tracker.record()
    assert set(tracker.history) == {"0.weight", "0.bias", "2.weight", "2.bias"} and hook.history
    findings = detect_gradient_pathologies(tracker.history, threshold_low=1e-6, threshold_high=1e2)
    assert not [finding for finding in findings if finding.kind == "exploding"]
    bounds = estimate_bounds(model, x, 0.1)
    assert (bounds.low <= bounds.sampled_low).all() and (bounds.sampled_high <= bounds.high).all()
    save(model, tmp_path / "model.safetensors")
    other = Sequential([Linear(2, 4), ReLU(), Linear(4, 1)])
    load_into(other, tmp_path / "model.safetensors")
    assert np.array_equal(model(Tensor(x)).data, other(Tensor(x)).data)


# Their lines, letter by letter ------------------------------------------------------------


def trained_once():
    model = Sequential([Linear(2, 4), ReLU(), Linear(4, 1)])
    x = Tensor(np.random.default_rng(0).normal(size=(8, 2)).astype(np.float32))
    model(x).sum().backward()
    return model


def test_the_line_of_the_gradient_tracker():
    model = trained_once()
    # fmt: off
    tracker = GradientTracker(model); norms = tracker.track_gradients()  # noqa: E702
    # fmt: on
    expected = {name: float(np.linalg.norm(p.grad)) for name, p in model.named_parameters()}
    assert norms == pytest.approx(expected) and all(type(norm) is float for norm in norms.values())
    assert tracker.grad_history == {name: [norm] for name, norm in norms.items()}
    for p in model.parameters():
        p.grad = 2 * p.grad
    tracker.track_gradients()
    assert tracker.grad_history["0.weight"] == pytest.approx([norms["0.weight"], 2 * norms["0.weight"]])


def test_the_line_of_the_pathologies():
    model = trained_once()
    tracker = GradientTracker(model)
    model[0].weight.grad = model[0].weight.grad * np.float32(1e-12)
    model[2].bias.grad = np.full_like(model[2].bias.grad, 1e6)
    tracker.track_gradients()
    warnings = detect_gradient_pathologies(tracker.grad_history)
    assert warnings["vanishing"] == ["0.weight"] and warnings["exploding"] == ["2.bias"]
    assert [finding.layer for finding in warnings] == ["0.weight", "2.bias"]  # a list of findings, as ever
    assert dict(warnings) == dict(warnings.items()) == {"vanishing": ["0.weight"], "exploding": ["2.bias"]}
    assert "vanishing" in warnings and "NaN" not in warnings and warnings["NaN"] == []
    assert warnings[0] in warnings and warnings.get("NaN") is None and warnings.get("exploding") == ["2.bias"]
    assert str(warnings).startswith("0.weight: vanishing (median norm = ")
    with pytest.raises(KeyError, match="'vanished' is not a kind of finding. The kinds are NaN, exploding"):
        warnings["vanished"]


def test_the_line_of_the_activation_hook():
    model = Sequential([Linear(2, 4), ReLU(), Linear(4, 1)])
    hook = ActivationHook(model.layers[0], "linear1")
    batches = np.random.default_rng(0).normal(size=(5, 2)), np.random.default_rng(1).normal(loc=3, size=(2, 2))
    outputs = np.concatenate([model.layers[0](Tensor(batch.astype(np.float32))).data for batch in batches])
    stats = hook.get_statistics()
    assert stats == pytest.approx(
        {
            "mean": outputs.mean(),
            "std": outputs.std(),
            "min": outputs.min(),
            "max": outputs.max(),
            "fraction_dead": 0.0,
        }
    )
    assert all(type(figure) is float for figure in stats.values())


def test_a_unit_is_dead_if_it_was_silent_in_every_batch():
    relu = ReLU()
    hook = ActivationHook(relu, "relu")
    with pytest.raises(ValueError, match="relu has no statistics: it has not been called yet. Call the model first."):
        hook.get_statistics()
    relu(Tensor([[-1.0, -1.0, 1.0, -1.0], [-1.0, -1.0, 1.0, -1.0]]))
    assert hook.get_statistics()["fraction_dead"] == 0.75
    relu(Tensor([[-1.0, 1.0, -1.0, -1.0]]))
    assert hook.get_statistics()["fraction_dead"] == 0.5
    relu(Tensor(-1.0))
    assert hook.get_statistics()["fraction_dead"] == 0.6


def test_the_lines_of_the_layers():
    W = Tensor(np.array([[1.0, -2.0], [0.5, 3.0]]))
    b = Tensor(np.array([0.1, 0.2]))
    x, y_true = Tensor(np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])), Tensor(np.ones((3, 2)))
    # fmt: off
    linear = Linear(2, 2); linear.W = W; linear.b = b; y = linear(x); loss = MSELoss()(y, y_true); loss.backward()  # noqa: E702
    # fmt: on
    slope = 2 * (x.data @ W.data + b.data - 1) / 6  # ∂L/∂y
    np.testing.assert_allclose(linear.W.grad, x.data.T @ slope)
    np.testing.assert_allclose(linear.b.grad, slope.sum(axis=0))
    assert linear.W is linear.weight and linear.b is linear.bias
    layers = Sequential(linear, ReLU()).layers
    assert isinstance(layers, list) and layers[0] is linear
    norm = BatchNorm1D(2)
    assert isinstance(norm, BatchNorm1d) and norm.gamma is norm.weight and norm.beta is norm.bias


def test_the_line_of_the_bounds():
    def f(x):
        return x * x + 1

    x = np.array([1.0, -2.0])
    lower, upper = estimate_bounds(f, x, eps=1e-4)
    assert (lower <= f(x - 1e-4 * np.sign(x))).all() and (f(x + 1e-4 * np.sign(x)) <= upper).all()
    np.testing.assert_allclose(upper - lower, 4e-4 * np.abs(x), rtol=1e-3)


def test_the_line_of_the_trainer(capsys):
    loader = DataLoader(TensorDataset(np.ones((6, 2), np.float32), np.ones((6, 1), np.float32)), batch_size=3)
    val_loader = DataLoader(TensorDataset(np.ones((2, 2), np.float32), np.ones((2, 1), np.float32)))
    model = Linear(2, 1)
    loss_fn, optimizer = MSELoss(), SGD(model.parameters(), lr=0.1)
    history = Trainer(model, loss_fn, optimizer).fit(
        loader, val_loader=val_loader, cfg=TrainConfig(epochs=4, print_every=2)
    )
    assert [line.split(":")[0] for line in capsys.readouterr().out.splitlines()] == ["epoch 2/4", "epoch 4/4"]
    assert len(history["val_loss"]) == 4 and history["val_loss"][-1] < history["val_loss"][0]


def test_the_lines_on_data_and_grad():
    w, lr = Tensor([1.0, -2.0], requires_grad=True), 0.1
    loss = (w * w).sum()
    loss.backward()
    w.data -= lr * w.grad
    assert w.data == pytest.approx([0.8, -1.6])
    w.grad = np.zeros_like(w.data)
    assert w.grad.tolist() == [0.0, 0.0] and f"{loss.data:.4f}" == "5.0000"
    z = w * w
    assert z._prev == (w, w) and z._backward([1.0, 10.0])[0].tolist() == pytest.approx([0.8, -16.0])
    z.sum().backward()
    assert w.grad == pytest.approx([1.6, -3.2])  # added to the zeros


def test_the_first_example_of_a_dataset():
    dataset = TensorDataset(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([0, 1]))
    features, label = dataset[0]
    assert features.tolist() == [1.0, 2.0] and label == 0


# By hand, on .data and .grad ------------------------------------------------------------


def test_linear_regression_by_hand():
    rng = np.random.default_rng(0)
    X, noise = rng.normal(size=(100, 3)), 0.01 * rng.normal(size=100)
    y = X @ [1.0, -2.0, 0.5] + 4.0 + noise
    w = Tensor(np.zeros(3), requires_grad=True)
    b = Tensor(np.zeros(1), requires_grad=True)
    for _ in range(200):
        loss = ((Tensor(X) @ w + b - y) ** 2).mean()
        loss.backward()
        w.data -= 0.1 * w.grad
        b.data -= 0.1 * b.grad
        w.grad = None
        b.grad = np.zeros(1)
    np.testing.assert_allclose([*w.data, *b.data], [1.0, -2.0, 0.5, 4.0], atol=0.01)


def test_polynomial_regression_by_hand():
    x = np.linspace(-1, 1, 40)
    coefficients = [Tensor(0.0, requires_grad=True, dtype=np.float64) for _ in range(3)]
    for _ in range(500):
        a, b, c = coefficients
        loss = ((a * x**2 + b * x + c - (2 * x**2 - x + 0.5)) ** 2).mean()
        loss.backward()
        for t in coefficients:
            t.data = t.data - 0.5 * t.grad
            t.grad = None
    np.testing.assert_allclose([t.item() for t in coefficients], [2.0, -1.0, 0.5], atol=1e-2)


def test_logistic_regression_by_hand():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 2))
    y = (X[:, 0] + X[:, 1] > 0) * 1.0
    w = Tensor(np.zeros(2), requires_grad=True)
    for _ in range(100):
        p = 1 / (1 + np.exp(-(Tensor(X) @ w)))
        loss = -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean()
        loss.backward()
        w.data -= 1.0 * w.grad
        w.grad = None
    assert ((X @ w.data > 0) == (y > 0)).mean() > 0.98


def test_a_cnn_of_raw_tensors_learns():
    """Tells vertical stripes from horizontal ones by two kernels that it learns."""
    rng = np.random.default_rng(0)
    stripes = np.tile([1.0, -1.0], (6, 3))
    images = np.array([stripes if i % 2 else stripes.T for i in range(32)]) + 0.3 * rng.normal(size=(32, 6, 6))
    labels = np.arange(32) % 2
    kernels = Tensor(0.3 * rng.normal(size=(2, 3, 3)), requires_grad=True)
    weights = Tensor(0.3 * rng.normal(size=(2, 2)), requires_grad=True)

    def scores(x):
        maps = 0
        for i in range(3):
            for j in range(3):
                maps = maps + kernels[:, i, j].reshape(2, 1, 1, 1) * x[:, i : i + 4, j : j + 4]  # (2, N, 4, 4)
        pooled = np.maximum(maps, 0).max(axis=(2, 3))  # (2, N)
        return pooled.T @ weights

    losses = []
    for _ in range(60):
        loss = cross_entropy_loss(scores(Tensor(images)), labels)
        loss.backward()
        for t in (kernels, weights):
            t.data -= 0.3 * t.grad
            t.grad = None
        losses.append(loss.item())
    assert losses[-1] < 0.1 < 0.5 < losses[0]
    with no_grad():
        assert (scores(Tensor(images)).argmax(1) == labels).all()


def test_a_character_rnn_of_raw_tensors_learns():
    """Learns by heart which letter follows in a word, with np.tanh on tensors."""
    word = "gradient"
    letters = sorted(set(word))
    codes = np.eye(len(letters))[[letters.index(letter) for letter in word]]
    targets = [letters.index(letter) for letter in word[1:]]
    rng = np.random.default_rng(0)
    shapes = {"xh": (len(letters), 12), "hh": (12, 12), "hy": (12, len(letters))}
    p = {name: Tensor(0.3 * rng.normal(size=shape), requires_grad=True) for name, shape in shapes.items()}

    def spell():
        h, outputs = Tensor(np.zeros(12)), []
        for code in codes[:-1]:
            h = np.tanh(code @ p["xh"] + h @ p["hh"])
            outputs.append(h @ p["hy"])
        return np.stack(outputs)

    losses = []
    for _ in range(150):
        loss = cross_entropy_loss(spell(), targets)
        loss.backward()
        for t in p.values():
            t.data -= 0.3 * np.clip(t.grad, -1, 1)
            t.grad = None
        losses.append(loss.item())
    assert losses[-1] < 0.1 < 1.5 < losses[0]
    assert spell().argmax(1).tolist() == targets


# Known defects, each gone ------------------------------------------------------------


def test_a_loss_does_not_broadcast():
    with pytest.raises(ShapeError, match=r"prediction has shape \(3, 1\) and the target \(3,\). Drop the last axis"):
        mse_loss(Tensor(np.ones((3, 1)), requires_grad=True), np.ones(3))


@pytest.mark.parametrize("cut", [lambda x: Tensor(x.data), lambda x: Tensor(np.square(x.detach().numpy()))])
def test_a_loss_from_data_is_an_error(cut):
    x = Tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(GraphError, match="backward\\(\\) found no graph"):
        cut(x).sum().backward()


def test_the_gradient_of_bce_is_right_without_a_sigmoid_in_front():
    p = np.array([0.2, 0.7, 0.5])
    assert gradcheck(lambda p: bce_loss(p, np.array([0.0, 1.0, 0.25])), p)


def test_sums_along_an_axis_hand_back_the_right_shape():
    x = Tensor(np.arange(6.0).reshape(2, 3), requires_grad=True)
    (x.sum(axis=-1) * np.array([1.0, 10.0])).sum().backward()
    assert x.grad.tolist() == [[1, 1, 1], [10, 10, 10]]


def test_a_tensor_used_twice_collects_twice():
    x = Tensor([3.0], requires_grad=True)
    y = x * x
    (y + y * x).backward()
    assert x.grad == [2 * 3 + 3 * 9]


def test_a_diamond_of_a_hundred_levels_goes_backward_at_once():
    x = y = Tensor([1.0], requires_grad=True)
    for _ in range(100):
        y = (y + y) * 0.5
    y.backward()
    assert x.grad == [1.0]


def test_a_right_gradient_of_float32_inputs_is_not_rejected():
    assert gradcheck(lambda x: (x.exp() * x.sin()).sum(), Tensor(np.array([0.3, 2.0], np.float32)))
