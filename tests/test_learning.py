"""Networks learn: what is claimed of them is seen here, each in seconds and with a seed."""

import numpy as np
import pytest

import gradlib
from gradlib import nn, no_grad, optim
from gradlib.data import (
    DataLoader,
    TensorDataset,
    load_digits,
    make_moons,
    make_xor,
    person_names,
    train_test_split,
)
from gradlib.training import TrainConfig, Trainer, accuracy

QUIET = {"print_every": 0, "seed": 0}


@pytest.fixture(autouse=True)
def seeded():
    gradlib.manual_seed(0)


def trained(model, data, epochs, batch_size=64, lr=1e-2, max_lr=None):
    """The model after training with Adam and cross-entropy, and its trainer."""
    optimizer = optim.Adam(model.parameters(), lr=lr)
    trainer = Trainer(model, nn.CrossEntropyLoss(), optimizer, metrics={"accuracy": accuracy})
    loader = DataLoader(TensorDataset(*data), batch_size=batch_size, shuffle=True, seed=1)
    trainer.fit(loader, cfg=TrainConfig(epochs=epochs, **QUIET))
    return trainer


def share_right(trainer, x, y):
    return trainer.evaluate(DataLoader(TensorDataset(x, y), batch_size=500))["accuracy"]


def test_xor_exactly():
    x, y = make_xor()
    trainer = trained(nn.MLP([2, 8, 2], activation="tanh"), (x, y), epochs=200, batch_size=4, lr=0.05)
    assert trainer.predict(x).argmax(axis=1).tolist() == y.tolist()


def test_two_moons_above_97_percent():
    rng = np.random.default_rng(0)
    x, y = make_moons(1000, noise=0.1, rng=rng)
    trainer = trained(nn.MLP([2, 32, 32, 2]), (x, y), epochs=20)
    assert share_right(trainer, *make_moons(1000, noise=0.1, rng=rng)) > 0.97


def digits_right(build, flat, epochs):
    """The share of unseen digits that are right, the mean over three ways to split: one holds 359 only."""
    shares = []
    for seed in range(3):
        x, held_out, y, labels = train_test_split(*load_digits(flat), rng=np.random.default_rng(seed))
        trainer = trained(build(), (x, y), epochs=epochs, lr=3e-3)
        shares.append(share_right(trainer, held_out, labels))
    return np.mean(shares)


def mlp():
    return nn.Sequential(
        nn.Linear(64, 128), nn.ReLU(), nn.Dropout(0.2),
        nn.Linear(128, 128), nn.ReLU(), nn.Dropout(0.2), nn.Linear(128, 10),
    )  # fmt: skip


def cnn():
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Dropout(0.2), nn.Linear(128, 10),
    )  # fmt: skip


def test_digits_above_97_percent_with_an_mlp():
    assert digits_right(mlp, flat=True, epochs=30) > 0.97


def test_digits_above_98_percent_with_a_cnn():
    assert digits_right(cnn, flat=False, epochs=30) > 0.98


# Names, one character at a time ------------------------------------------------------------

LETTERS = ".abcdefghijklmnopqrstuvwxyz"  # the dot begins and ends a name


def as_rows(names, length):
    """Names as rows of letters between dots, filled up with dots."""
    rows = np.zeros((len(names), length + 2), dtype=np.int64)
    for row, name in zip(rows, names, strict=True):
        row[1 : len(name) + 1] = [LETTERS.index(letter) for letter in name]
    return rows


def counted(rows):
    """Which next letters are part of a name: those up to its closing dot."""
    return (np.cumsum(rows[:, 1:] == 0, axis=1) <= 1) * 1.0


class Speller(nn.Module):
    def __init__(self):
        super().__init__()
        self.letters = nn.Embedding(27, 16)
        self.memory = nn.GRU(16, 64, batch_first=True)
        self.head = nn.Linear(64, 27)

    def forward(self, rows):
        return self.head(self.memory(self.letters(rows))[0])


def mean_loss(scores, rows):
    losses = nn.functional.cross_entropy(scores.reshape(-1, 27), rows[:, 1:].reshape(-1), reduction="none")
    return (losses * counted(rows).reshape(-1).astype(np.float32)).sum() / counted(rows).sum()


def test_a_gru_spells_names_better_than_pairs_of_letters_do():
    names = [name for name in person_names() if set(name) <= set(LETTERS)]
    rows = as_rows(np.random.default_rng(0).permutation(names).tolist(), max(map(len, names)))
    held_out, rows = rows[:500], rows[500:]
    pairs = np.ones((27, 27))  # how often a letter follows another, one added
    np.add.at(pairs, (rows[:, :-1], rows[:, 1:]), counted(rows))
    shares = pairs / pairs.sum(axis=1, keepdims=True)
    of_pairs = -(np.log(shares[held_out[:, :-1], held_out[:, 1:]]) * counted(held_out)).sum() / counted(held_out).sum()

    model = Speller()
    optimizer = optim.Adam(model.parameters(), lr=5e-3)
    rng = np.random.default_rng(1)
    for _ in range(400):
        batch = rows[rng.integers(len(rows), size=64)]
        optimizer.zero_grad()
        mean_loss(model(batch[:, :-1]), batch).backward()
        optim.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    with no_grad():
        of_model = mean_loss(model(held_out[:, :-1]), held_out).item()
    assert of_model < 2.15 < 2.3 < of_pairs
