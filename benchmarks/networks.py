"""The networks to measure. Names are PyTorch's, so that one builder makes both sides: `build(gradlib.nn)` and
`build(torch.nn)`."""

from itertools import pairwise

import numpy as np


def mlp(*sizes: int):
    def build(nn):
        layers = [layer for n, m in pairwise(sizes) for layer in (nn.Linear(n, m), nn.ReLU())]
        return nn.Sequential(*layers[:-1])

    return build


def cnn(side: int):
    """Two convolutions on one channel, side × side."""

    def build(nn):
        return nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),  # (N, 1, S, S) -> (N, 16, S/2, S/2)
            nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),  # -> (N, 32, S/4, S/4)
            nn.Flatten(), nn.Linear(32 * (side // 4) ** 2, 10),
        )  # fmt: skip

    return build


def lstm(inputs: int, hidden: int, classes: int):
    """A classifier of sequences by their last state."""

    def build(nn):
        class Classifier(nn.Module):
            def __init__(self):
                super().__init__()
                self.lstm = nn.LSTM(inputs, hidden, batch_first=True)
                self.head = nn.Linear(hidden, classes)

            def forward(self, x):
                states, _ = self.lstm(x)
                return self.head(states[:, -1])

        return Classifier()

    return build


def gpt(vocabulary: int, width: int, heads: int, layers: int, tokens: int):
    """Predicts every next token: embeddings, transformer layers that look back only, logits (N · T, vocabulary)."""

    def build(nn):
        class GPT(nn.Module):
            def __init__(self):
                super().__init__()
                self.embedding = nn.Embedding(vocabulary, width)
                self.positions = nn.Embedding(tokens, width)
                self.layers = nn.ModuleList(
                    nn.TransformerEncoderLayer(
                        width, heads, 4 * width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
                    )
                    for _ in range(layers)
                )
                self.norm = nn.LayerNorm(width)
                self.head = nn.Linear(width, vocabulary, bias=False)

            def forward(self, x, steps, mask):
                x = self.embedding(x) + self.positions(steps)  # (N, T, C) + (T, C)
                for layer in self.layers:
                    x = layer(x, src_mask=mask, is_causal=True)
                return self.head(self.norm(x)).reshape(-1, vocabulary)  # (N, T, C) -> (N · T, V)

        return GPT()

    return build


def load_into_torch(ours, theirs) -> None:
    """Copy the parameters of a module into its PyTorch twin, which stores some matrices transposed."""
    import torch

    from gradlib.device import to

    for (name, module), twin in zip(ours.named_modules(), theirs.modules(), strict=True):
        for key, parameter in module.named_parameters(recurse=False):
            array = to(parameter.data, "cpu")
            if any(key.startswith(prefix) for prefix in getattr(module, "transposed", ())):
                array = array.T
            target = getattr(twin, key)
            assert tuple(target.shape) == array.shape, f"{name}.{key}"
            with torch.no_grad():
                target.copy_(torch.from_numpy(np.ascontiguousarray(array)))


def digits(batch: int, *shape: int, classes: int):
    """A batch of random inputs and labels."""
    rng = np.random.default_rng(1)
    return (rng.normal(size=(batch, *shape)).astype(np.float32),), rng.integers(classes, size=batch)


def sentences(batch: int, tokens: int, vocabulary: int):
    """Random tokens, their positions, the mask (True hides what is ahead), and each next token."""
    text = np.random.default_rng(1).integers(vocabulary, size=(batch, tokens + 1))
    ahead = np.triu(np.ones((tokens, tokens), dtype=bool), 1)
    return (text[:, :-1], np.arange(tokens), ahead), text[:, 1:].reshape(-1)


# name: (builder, data)
NETWORKS = {
    "mlp 2-16-16-2, batch 32": (mlp(2, 16, 16, 2), digits(32, 2, classes=2)),
    "mlp 64-128-10, batch 64": (mlp(64, 128, 10), digits(64, 64, classes=10)),
    "mlp 784-128-10, batch 64": (mlp(784, 128, 10), digits(64, 784, classes=10)),
    "mlp 784-1024-1024-10, batch 256": (mlp(784, 1024, 1024, 10), digits(256, 784, classes=10)),
    "cnn on 8x8, batch 64": (cnn(8), digits(64, 1, 8, 8, classes=10)),
    "cnn on 28x28, batch 64": (cnn(28), digits(64, 1, 28, 28, classes=10)),
    "lstm 28-64, 28 steps, batch 64": (lstm(28, 64, 10), digits(64, 28, 28, classes=10)),
    "gpt 2 layers, width 64, 32 tokens, batch 16": (gpt(65, 64, 4, 2, 32), sentences(16, 32, 65)),
}
WIDE_MLP = "mlp 784-1024-1024-10, batch 256"


def our_step(build, data, seed: int = 0, device: str = "cpu"):
    """A function that makes one training step and returns the loss; and its model."""
    import gradlib
    from gradlib import nn, optim
    from gradlib.device import to

    gradlib.manual_seed(seed)
    model, (inputs, labels) = build(nn).to(device), data
    inputs = [gradlib.Tensor(x).to(device) if x.dtype == np.float32 else to(x, device) for x in inputs]
    labels = to(labels, device)
    optimizer = optim.Adam(model.parameters())

    def step():
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(*inputs), labels)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step, model


def torch_step(build, data, ours=None, device: str = "cpu"):
    """The same in PyTorch, from the same weights."""
    import torch

    model, (inputs, labels) = build(torch.nn), data
    if ours is not None:
        load_into_torch(ours, model)
    inputs, labels = [torch.from_numpy(x).to(device) for x in inputs], torch.from_numpy(labels).to(device)
    model.to(device)
    optimizer = torch.optim.Adam(model.parameters())

    def step():
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(*inputs), labels)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step, model
