"""A tensor engine over a table of derivatives, with layers, losses and optimizers. It needs no configuration."""

import contextlib

import numpy as np


class Tensor:
    recording = True
    __array_ufunc__ = None

    def __init__(self, data, requires_grad=False):
        self.data = np.array(data, dtype=float)
        self.grad = None
        self.requires_grad = requires_grad
        self.parents, self.rules = (), ()

    def backward(self, gradient=None):
        order, seen, stack = [], set(), [(self, False)]
        while stack:
            tensor, done = stack.pop()
            if done:
                order.append(tensor)
            elif id(tensor) not in seen:
                seen.add(id(tensor))
                stack.append((tensor, True))
                stack.extend((parent, False) for parent in tensor.parents)
        gradients = {id(self): np.ones_like(self.data) if gradient is None else np.asarray(gradient, float)}
        for tensor in reversed(order):
            g = gradients.pop(id(tensor), None)
            if g is None or not tensor.requires_grad:
                continue
            if not tensor.parents:
                tensor.grad = g.copy() if tensor.grad is None else tensor.grad + g
            for parent, rule in zip(tensor.parents, tensor.rules, strict=True):
                share = unbroadcast(rule(g), parent.data.shape)
                gradients[id(parent)] = gradients[id(parent)] + share if id(parent) in gradients else share

    def __add__(self, other):
        other = wrap(other)
        return made(self.data + other.data, (self, other), (lambda g: g, lambda g: g))

    def __sub__(self, other):
        other = wrap(other)
        return made(self.data - other.data, (self, other), (lambda g: g, lambda g: -g))

    def __mul__(self, other):
        other = wrap(other)
        return made(self.data * other.data, (self, other), (lambda g: g * other.data, lambda g: g * self.data))

    def __truediv__(self, other):
        other = wrap(other)
        rules = lambda g: g / other.data, lambda g: -g * self.data / other.data**2
        return made(self.data / other.data, (self, other), rules)

    def __pow__(self, n):
        return made(self.data**n, (self,), (lambda g: g * n * self.data ** (n - 1),))

    def __neg__(self):
        return made(-self.data, (self,), (lambda g: -g,))

    def __radd__(self, other):
        return wrap(other) + self

    def __rsub__(self, other):
        return wrap(other) - self

    def __rmul__(self, other):
        return wrap(other) * self

    def __rtruediv__(self, other):
        return wrap(other) / self

    def __matmul__(self, other):
        a, b = self.data, other.data
        if a.ndim == 1 and b.ndim == 1:
            return made(a @ b, (self, other), (lambda g: g * b, lambda g: g * a))
        if a.ndim == 1:
            return made(a @ b, (self, other), (lambda g: b @ g, lambda g: np.outer(a, g)))
        if b.ndim == 1:
            return made(a @ b, (self, other), (lambda g: np.outer(g, b), lambda g: a.T @ g))
        rules = lambda g: g @ np.swapaxes(b, -1, -2), lambda g: np.swapaxes(a, -1, -2) @ g
        return made(a @ b, (self, other), rules)

    def exp(self):
        z = np.exp(self.data)
        return made(z, (self,), (lambda g: g * z,))

    def log(self):
        return made(np.log(self.data), (self,), (lambda g: g / self.data,))

    def tanh(self):
        z = np.tanh(self.data)
        return made(z, (self,), (lambda g: g * (1 - z**2),))

    def sigmoid(self):
        z = 0.5 * (1 + np.tanh(self.data / 2))
        return made(z, (self,), (lambda g: g * z * (1 - z),))

    def relu(self):
        return made(np.maximum(self.data, 0), (self,), (lambda g: g * (self.data > 0),))

    def sqrt(self):
        z = np.sqrt(self.data)
        return made(z, (self,), (lambda g: g / (2 * z),))

    def abs(self):
        return made(np.abs(self.data), (self,), (lambda g: g * np.sign(self.data),))

    def sum(self, axis=None, keepdims=False):
        def rule(g):
            g = g if keepdims or axis is None else np.expand_dims(g, axis)
            return np.broadcast_to(g, self.data.shape)

        return made(self.data.sum(axis=axis, keepdims=keepdims), (self,), (rule,))

    def mean(self, axis=None, keepdims=False):
        total = self.sum(axis, keepdims)
        return total / (self.data.size / total.data.size)

    def max(self, axis=None, keepdims=False):
        z = self.data.max(axis=axis, keepdims=True)
        winners = self.data == z
        shares = winners / winners.sum(axis=axis, keepdims=True)

        def rule(g):
            return shares * (g if keepdims or axis is None else np.expand_dims(g, axis))

        return made(self.data.max(axis=axis, keepdims=keepdims), (self,), (rule,))

    def logsumexp(self, axis=-1):
        largest = self.data.max(axis=axis, keepdims=True)
        return ((self - largest).exp()).sum(axis).log() + largest.squeeze(axis)

    def log_softmax(self, axis=-1):
        shape = [*self.data.shape]
        shape[axis] = 1
        return self - self.logsumexp(axis).reshape(shape)

    def softmax(self, axis=-1):
        return self.log_softmax(axis).exp()

    def reshape(self, shape):
        return made(self.data.reshape(shape), (self,), (lambda g: g.reshape(self.data.shape),))

    def transpose(self, axes=None):
        back = None if axes is None else np.argsort(axes)
        return made(self.data.transpose(axes), (self,), (lambda g: g.transpose(back),))

    def __getitem__(self, key):
        def rule(g):
            out = np.zeros_like(self.data)
            np.add.at(out, key, g)
            return out

        return made(self.data[key], (self,), (rule,))

    def detach(self):
        return Tensor(self.data)


def wrap(x):
    return x if isinstance(x, Tensor) else Tensor(x)


def made(data, parents, rules):
    out = Tensor(data, any(parent.requires_grad for parent in parents) and Tensor.recording)
    if out.requires_grad:
        out.parents, out.rules = parents, rules
    return out


def unbroadcast(g, shape):
    g = g.sum(axis=tuple(range(g.ndim - len(shape))))
    stretched = tuple(axis for axis, size in enumerate(shape) if size == 1)
    return g.sum(axis=stretched, keepdims=True) if stretched else g


@contextlib.contextmanager
def no_grad():
    before = Tensor.recording
    Tensor.recording = False
    try:
        yield
    finally:
        Tensor.recording = before


class Linear:
    def __init__(self, inputs, outputs):
        draw = np.random.default_rng(0).normal(size=(inputs, outputs))
        self.weight = Tensor(draw / np.sqrt(inputs), requires_grad=True)
        self.bias = Tensor(np.zeros(outputs), requires_grad=True)

    def __call__(self, x):
        return x @ self.weight + self.bias

    def parameters(self):
        return [self.weight, self.bias]


class Sequential:
    def __init__(self, *layers):
        self.layers = layers

    def parameters(self):
        return [p for layer in self.layers for p in layer.parameters()]


def mse_loss(x, target):
    rest = x - target
    return (rest * rest).mean()


def cross_entropy(scores, labels):
    rows = np.arange(len(labels))
    return -scores.log_softmax()[rows, labels].mean()


class SGD:
    def __init__(self, parameters, lr, momentum=0.0):
        self.parameters, self.lr, self.momentum = list(parameters), lr, momentum
        self.velocities = [0.0] * len(self.parameters)

    def step(self):
        for i, p in enumerate(self.parameters):
            self.velocities[i] = self.momentum * self.velocities[i] + p.grad
            p.data -= self.lr * self.velocities[i]

    def zero_grad(self):
        for p in self.parameters:
            p.grad = None


class Adam:
    def __init__(self, parameters, lr):
        self.parameters, self.lr, self.steps = list(parameters), lr, 0
        self.means, self.squares = [0.0] * len(self.parameters), [0.0] * len(self.parameters)

    def step(self):
        self.steps += 1
        for i, p in enumerate(self.parameters):
            self.means[i] = 0.9 * self.means[i] + 0.1 * p.grad
            self.squares[i] = 0.999 * self.squares[i] + 0.001 * p.grad**2
            mean, square = self.means[i] / (1 - 0.9**self.steps), self.squares[i] / (1 - 0.999**self.steps)
            p.data -= self.lr * mean / (np.sqrt(square) + 1e-8)
