import math

import numpy as np

from gradlib.widgets import TrainingDashboard

X = np.random.default_rng(0).normal(size=(30, 2))
Y = (X[:, 0] * X[:, 1] > 0).astype(int)


def logistic(learning_rate=0.5, x=X, y=Y, epochs=12, validation=True):
    """A straight line that learns by gradient descent, in plain NumPy."""
    w = np.zeros(3)
    rows = np.column_stack([x, np.ones(len(x))])

    def loss():
        with np.errstate(all="ignore"):
            return float(np.mean(np.logaddexp(0, rows @ w) - y * (rows @ w)))

    def train_epoch():
        with np.errstate(all="ignore"):
            w[:] -= learning_rate * (1 / (1 + np.exp(-rows @ w)) - y) @ rows / len(x)
        return (loss(), loss() + 0.1) if validation else loss()

    return TrainingDashboard(train_epoch, lambda points: points @ w[:2] + w[2], x, y, epochs)


def with_losses(losses, classes=2):
    """A model that learns nothing, with losses as given."""
    left = iter(losses)
    scores = np.random.default_rng(1).normal(size=(2, classes))
    return TrainingDashboard(
        lambda: next(left), lambda points: points @ scores, X, np.arange(len(X)) % classes, len(losses)
    )


def lines(width):
    """A hidden layer of lines, in plain NumPy; only what reads them learns."""
    rng = np.random.default_rng(width)
    hidden, w = rng.normal(size=(3, width)), np.zeros(width)

    def features(x):
        return np.tanh(np.column_stack([x, np.ones(len(x))]) @ hidden)

    def train_epoch(x, y, lr):
        w[:] -= lr * (1 / (1 + np.exp(-features(x) @ w)) - y) @ features(x) / len(x)
        return float(np.mean(np.logaddexp(0, features(x) @ w) - y * (features(x) @ w)))

    return train_epoch, lambda points: features(points) @ w


def failing():
    def train_epoch():
        raise ValueError("labels must be class indices <0 & up>")

    return TrainingDashboard(train_epoch, lambda points: points[:, 0], X, Y, 6)


SAMPLES = {
    TrainingDashboard: {
        "logistic regression": logistic,
        "no validation": lambda: logistic(validation=False),
        "diverging": lambda: with_losses([(1.0, 1.0), (1e30, 1e35), (math.inf, math.nan), (math.nan, math.nan)] * 2),
        "falling to nothing": lambda: with_losses([(10.0**-i, 10.0 ** (-i / 2)) for i in range(12)]),
        "overfitting": lambda: with_losses([(1 / i, 0.5 + (i - 4) ** 2 / 50) for i in range(1, 12)]),
        "four classes": lambda: with_losses([0.5] * 6, classes=4),
        "six classes": lambda: with_losses([0.5] * 6, classes=6),
        "one point": lambda: logistic(x=X[:1], y=Y[:1]),
        "far away": lambda: logistic(x=X * 1e-3 + 1e4, learning_rate=1e-9),
        "many points": lambda: logistic(x=np.tile(X, (40, 1)), y=np.tile(Y, 40), epochs=5),
        "a loop that fails": failing,
        "with controls": lambda: TrainingDashboard.with_controls(lines, X, Y, epochs=12, lr=0.3),
    }
}

CELLS = {
    "TrainingDashboard": """
import numpy as np
from gradlib import data, nn, no_grad, optim
from gradlib.widgets import TrainingDashboard
points, moons = data.make_moons(200, noise=0.2, rng=np.random.default_rng(0))
loss_fn = nn.CrossEntropyLoss()
def make(width):
    model = nn.MLP([2, width, width, 2], activation="tanh", rng=np.random.default_rng(0))
    optimizer = optim.Adam(model.parameters())
    def train_epoch(x, y, lr):
        optimizer.param_groups[0]["lr"], total = lr, 0.0
        for batch, labels in data.DataLoader(data.TensorDataset(x, y), batch_size=16, shuffle=True, seed=0):
            optimizer.zero_grad()
            loss = loss_fn(model(batch), labels)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(batch)
        with no_grad():
            return total / len(x), loss_fn(model(points[150:]), moons[150:]).item()
    return train_epoch, model
TrainingDashboard.with_controls(make, points[:150], moons[:150], epochs=40, lr=0.01)
"""
}
