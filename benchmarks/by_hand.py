"""The MLP's training step in NumPy alone: formulas by hand, no recording, everything in place."""

import numpy as np


class HandMLP:
    """Linear layers with relu between them; cross-entropy; Adam. `parameters` are W, b, W, b, …"""

    def __init__(self, parameters: list[np.ndarray]):
        self.parameters = parameters
        self.m = [np.zeros_like(p) for p in parameters]
        self.v = [np.zeros_like(p) for p in parameters]
        self.scratch = [np.empty_like(p) for p in parameters]
        self.t = 0

    def step(self, x: np.ndarray, labels: np.ndarray) -> float:
        inputs, logits = self.forward(x)
        loss, g = cross_entropy(logits, labels)
        self.adam(self.backward(inputs, g))
        return loss

    def forward(self, x: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
        inputs, last = [], len(self.parameters) - 2
        for i in range(0, len(self.parameters), 2):
            inputs.append(x)
            x = x @ self.parameters[i]  # (N, in) @ (in, out) -> (N, out)
            x += self.parameters[i + 1]
            if i < last:
                np.maximum(x, 0, out=x)
        return inputs, x

    def backward(self, inputs: list[np.ndarray], g: np.ndarray) -> list[np.ndarray]:
        gradients: list = [None] * len(self.parameters)
        for i in range(len(self.parameters) - 2, -1, -2):
            x = inputs[i // 2]
            gradients[i] = x.T @ g  # (in, N) @ (N, out) -> (in, out)
            gradients[i + 1] = g.sum(0)
            if i:
                g = g @ self.parameters[i].T  # (N, out) @ (out, in) -> (N, in)
                g *= x > 0
        return gradients

    def adam(self, gradients: list[np.ndarray], lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8) -> None:
        self.t += 1
        correction = (1 - beta2**self.t) ** 0.5
        step_size = lr * correction / (1 - beta1**self.t)
        for x, g, m, v, s in zip(self.parameters, gradients, self.m, self.v, self.scratch, strict=True):
            m *= beta1
            m += np.multiply(g, 1 - beta1, out=s)
            v *= beta2
            np.multiply(g, g, out=s)
            s *= 1 - beta2
            v += s
            np.sqrt(v, out=s)
            s += eps * correction
            np.divide(m, s, out=s)
            s *= step_size
            x -= s


def cross_entropy(logits: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
    """The mean loss, and its gradient with respect to the logits, (softmax - one-hot) / N, which overwrites them."""
    rows = np.arange(len(labels))
    logits -= logits.max(1, keepdims=True)
    picked = logits[rows, labels]
    np.exp(logits, out=logits)
    sums = logits.sum(1, keepdims=True)
    loss = float((np.log(sums[:, 0]) - picked).mean())
    logits /= sums
    logits[rows, labels] -= 1
    logits /= len(labels)
    return loss, logits
