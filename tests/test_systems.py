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
