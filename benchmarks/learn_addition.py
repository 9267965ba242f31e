"""A GPT of two layers learns to add two-digit numbers: more than 99 % of unseen sums are exactly right.

A sum is unseen if the GPT has learned neither a + b nor b + a. The unseen sums do not decide when to stop:
training ends after a fixed number of epochs. The exit status is 1 if it fails. It takes a minute on one core.
"""

import argparse
import time

import numpy as np

import gradlib
from gradlib import nn, no_grad, optim
from gradlib.data import ADDITION_SYMBOLS, DataLoader, TensorDataset, addition_sequences

WIDTH, HEADS, LAYERS = 64, 4, 2
ANSWER = 3  # the last tokens of a row: the digits of the sum, the ones first


class Adder(nn.Module):
    """Tokens (N, T) -> scores of each next token (N, T, 12)."""

    def __init__(self, length: int):
        super().__init__()
        self.symbols = nn.Embedding(len(ADDITION_SYMBOLS), WIDTH)
        self.places = nn.Embedding(length, WIDTH)
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(
                WIDTH, HEADS, 4 * WIDTH, dropout=0.0, activation="relu", batch_first=True, norm_first=True
            )
            for _ in range(LAYERS)
        )
        self.norm = nn.LayerNorm(WIDTH)
        self.head = nn.Linear(WIDTH, len(ADDITION_SYMBOLS))

    def forward(self, tokens):
        x = self.symbols(tokens) + self.places(np.arange(tokens.shape[1]))  # (N, T, C) + (T, C)
        for layer in self.layers:
            x = layer(x, is_causal=True)
        return self.head(self.norm(x))


def split(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The sums to learn from, and the held-out ones: a tenth of all pairs of numbers, in both orders."""
    smaller, larger = np.sort(np.divmod(np.arange(10_000), 100), axis=0)  # of row 100 a + b: a and b
    pairs = 100 * smaller + larger
    held_out = np.isin(pairs, rng.permutation(np.unique(pairs))[:505])
    rows = addition_sequences()
    return rows[~held_out], rows[held_out]


def right(model: Adder, rows: np.ndarray) -> float:
    """The share of sums whose digits are all correct when the model writes them one after another."""
    written = rows[:, :-ANSWER]
    with no_grad():
        for _ in range(ANSWER):
            likeliest = model(written)[:, -1].argmax(axis=-1)
            written = np.concatenate([written, likeliest[:, None]], axis=1)
    return float((written == rows).all(axis=1).mean())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=20, help="passes over the 9,000 sums to learn from (20)")
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    gradlib.manual_seed(chosen.seed)
    rows, held_out = split(np.random.default_rng(chosen.seed))
    model = Adder(rows.shape[1] - 1)
    loader = DataLoader(TensorDataset(rows), batch_size=128, shuffle=True, seed=chosen.seed)
    optimizer = optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.01)
    schedule = optim.OneCycleLR(optimizer, max_lr=3e-3, total_steps=chosen.epochs * len(loader))
    start = time.perf_counter()
    for epoch in range(1, chosen.epochs + 1):
        for (batch,) in loader:
            tokens = batch.data
            optimizer.zero_grad()
            scores = model(tokens[:, :-1])[:, -ANSWER:]  # (N, T, 12) -> (N, 3, 12)
            loss = nn.functional.cross_entropy(scores.reshape(-1, scores.shape[-1]), tokens[:, -ANSWER:].reshape(-1))
            loss.backward()
            optimizer.step()
            schedule.step()
        if epoch % 5 == 0 or epoch == chosen.epochs:
            share = right(model, held_out)
            seconds = time.perf_counter() - start
            shown = f"loss {loss.item():.4f}, {share:.1%} of unseen sums right, {seconds:.0f} s"
            print(f"epoch {epoch}: {shown}", flush=True)
    return 0 if share > 0.99 else 1


if __name__ == "__main__":
    raise SystemExit(main())
