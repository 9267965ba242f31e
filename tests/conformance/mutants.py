"""Mutants of two right engines: a text that is replaced, and the mistake that the replacement makes."""

from __future__ import annotations

import itertools
import sys
import types
from dataclasses import dataclass
from pathlib import Path

ENGINES = Path(__file__).parent / "engines"
_numbers = itertools.count()


@dataclass(frozen=True)
class Mutant:
    """codes : the names that are right. pairs : (what stands there once, what stands there instead)."""

    codes: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return f"{self.codes[0]}: {' '.join(self.pairs[0][1].split())[:50]}"


def load(engine: str, mutant: Mutant | None = None) -> types.ModuleType:
    """Import an engine of the tests, changed."""
    source = (ENGINES / f"{engine}.py").read_text(encoding="utf-8")
    for old, new in mutant.pairs if mutant else ():
        assert source.count(old) == 1, f"{old!r} stands there {source.count(old)} times"
        source = source.replace(old, new)
    module = types.ModuleType(f"{engine}_{next(_numbers)}")
    sys.modules[module.__name__] = module
    exec(compile(source, f"<{module.__name__}>", "exec"), module.__dict__)
    return module


def m(codes: str, *texts: str) -> Mutant:
    return Mutant(tuple(codes.split()), tuple(zip(texts[::2], texts[1::2], strict=True)))


_TOPOLOGICAL = """\
        order, seen, stack = [], set(), [(self, False)]
        while stack:
            node, done = stack.pop()
            if done:
                order.append(node)
            elif node not in seen:
                seen.add(node)
                stack.append((node, True))
                stack.extend((parent, False) for parent in node.parents)
"""
_RECURSIVE = """\
        order, seen = [], set()
        def visit(node):
            if node not in seen:
                seen.add(node)
                for parent in node.parents:
                    visit(parent)
                order.append(node)
        visit(self)
"""
_DEPTH_FIRST = """\
        order, stack = [], [self]
        while stack:
            node = stack.pop()
            if node not in order[-50:] and node not in set(order):
                order.append(node)
                stack.extend(node.parents)
        order.reverse()
"""
_BREADTH_FIRST = _DEPTH_FIRST.replace("stack.pop()", "stack.pop(0)")
_PARENTS_FIRST = "        for node in reversed(order):\n            node.pass_on(node.grad)\n"
_ALL_AGAIN = """\
        stack = [self]
        while stack:
            node = stack.pop()
            node.pass_on(node.grad)
            stack.extend(node.parents)
"""
_ADD = "            self.collect(gradient)\n            other.collect(gradient)\n"
_MUL = "            self.collect(other.data * gradient)\n            other.collect(self.data * gradient)\n"

SCALAR = [
    m("ASSIGNS", "self.grad += gradient", "self.grad = gradient"),
    m("ASSIGNS", _MUL, _MUL.replace("self.collect(other.data * gradient)", "self.grad = other.data * gradient")),
    m("NO_SEED", "        self.grad = 1.0\n", ""),
    m("SEED_VALUE", "self.grad = 1.0", "self.grad = self.data"),
    m("NOT_REVERSED", "for node in reversed(order)", "for node in order"),
    m("STALE", "node.grad = 0.0", "pass"),
    m("SAME_TWICE", _ADD, _ADD.replace("other.collect", "if other is not self: other.collect")),
    m("SAME_TWICE", _MUL, _MUL.replace("other.collect", "if other is not self: other.collect")),
    m("PARENTS_SET SAME_TWICE", "other.collect(-gradient)", "if other is not self: other.collect(-gradient)"),
    m("ADD_UPSTREAM", _ADD, _ADD.replace("gradient)", "1.0)")),
    m("UPSTREAM", "self.collect(other.data * gradient)", "self.collect(other.data)"),
    m("UPSTREAM", "(self.data > 0) * gradient", "float(self.data > 0)"),
    m("UPSTREAM", "(1 - out.data**2) * gradient", "1 - out.data**2"),
    m("MUL_SWAPPED", _MUL, _MUL.replace("self.", "that.").replace("other", "self").replace("that", "other")
      .replace("other.collect(self", "self.collect(self").replace("self.collect(other.d", "other.collect(other.d")),
    m("SUB_SIGN", "other.collect(-gradient)", "other.collect(gradient)"),
    m("DIV_SIGN", "-self.data / other.data**2", "self.data / other.data**2"),
    m("DIV", "-self.data / other.data**2", "-self.data / other.data"),
    m("DIV", "self.collect(gradient / other.data)", "self.collect(gradient * other.data)"),
    m("POW_FACTOR", "exponent * self.data ** (exponent - 1)", "self.data ** (exponent - 1)"),
    m("POW_EXPONENT", "self.data ** (exponent - 1)", "self.data ** exponent"),
    m("POW_VALUE", "out.data * math.log(self.data) * gradient", "0.0"),
    m("POW_VALUE", "out.data * math.log(self.data)", "math.log(self.data)"),
    m("NEG", "lambda gradient: self.collect(-gradient)", "lambda gradient: self.collect(gradient)"),
    m("EXP", "self.collect(out.data * gradient)", "self.collect(self.data * gradient)"),
    m("LOG", "self.collect(gradient / self.data)", "self.collect(gradient / out.data)"),
    m("TANH_INPUT", "1 - out.data**2", "1 - self.data**2"),
    m("TANH", "1 - out.data**2", "1 - out.data"),
    m("SIGMOID_HALF", "out.data * (1 - out.data) * gradient", "(1 - out.data) * gradient"),
    m("UNSTABLE", "0.5 * (1 + math.tanh(self.data / 2))", "1 / (1 + math.exp(-self.data))"),
    m("RELU_OPEN", "(self.data > 0) * gradient", "gradient"),
    m("RELU", "(self.data > 0) * gradient", "(self.data < 0) * gradient"),
    m("SQRT", "2 * out.data", "out.data"),
    m("SIN", "math.cos(self.data) * gradient", "-math.cos(self.data) * gradient"),
    m("COS", "-math.sin(self.data) * gradient", "math.sin(self.data) * gradient"),
    m("ABS", "math.copysign(1.0, self.data) * gradient", "gradient"),
    m("RSUB", "return wrap(other) - self", "return self - other"),
    m("RDIV", "return wrap(other) / self", "return self / other"),
    m("RPOW", "return wrap(other) ** self", "return self ** other"),
    m("CONSTANT", "return self + other", "return self + 0"),
    m("EQUAL_VALUES", "    def zero_grad", "    def __eq__(self, other):\n        return self.data == other.data\n\n"
      "    def __hash__(self):\n        return hash(self.data)\n\n    def zero_grad"),
    m("INTEGERS", "self.data = float(data)", "self.data = data", "self.grad += gradient",
      "self.grad = type(self.data)(self.grad + gradient)"),
    m("MUTATES", "out = Value(max(self.data, 0.0), (self,))",
      "self.data = max(self.data, 0.0)\n        out = Value(self.data, (self,))"),
    m("ORDER", _TOPOLOGICAL, _DEPTH_FIRST),
    m("ORDER", _TOPOLOGICAL, _BREADTH_FIRST),
    m("REDO COST", _PARENTS_FIRST, _ALL_AGAIN),
    m("RECURSION", _TOPOLOGICAL, _RECURSIVE),
    m("QUADRATIC", "order, seen, stack = [], set()", "order, seen, stack = [], []", "seen.add", "seen.append"),
    m("ZERO", "def zero_grad(self):\n        self.grad = 0.0", "def zero_grad(self):\n        grad = 0.0"),
    m("NO_GRAD", "Value.recording = False", "Value.recording = True"),
    m("NO_GRAD_STUCK", "    try:\n        yield\n    finally:\n        Value.recording = before",
      "    yield\n    Value.recording = before"),
    m("NO_GRAD_NESTED", "Value.recording = before", "Value.recording = True"),
    m("DETACH", "return Value(self.data, requires_grad=False)", "return self"),
    m("DETACH", "return Value(self.data, requires_grad=False)",
      "self.pass_on = lambda gradient: None\n        return Value(self.data, requires_grad=False)"),
    m("LEAK", "class Value:", "EVERY = []\n\n\nclass Value:", "self.grad = 0.0\n        self.requires_grad",
      "self.grad = 0.0\n        EVERY.append(self)\n        self.requires_grad"),
]  # fmt: skip

_ORDER = """\
        order, seen, stack = [], set(), [(self, False)]
        while stack:
            tensor, done = stack.pop()
            if done:
                order.append(tensor)
            elif id(tensor) not in seen:
                seen.add(id(tensor))
                stack.append((tensor, True))
                stack.extend((parent, False) for parent in tensor.parents)
"""
_VECTORS = """\
        if a.ndim == 1 and b.ndim == 1:
            return made(a @ b, (self, other), (lambda g: g * b, lambda g: g * a))
        if a.ndim == 1:
            return made(a @ b, (self, other), (lambda g: b @ g, lambda g: np.outer(a, g)))
        if b.ndim == 1:
            return made(a @ b, (self, other), (lambda g: np.outer(g, b), lambda g: a.T @ g))
"""
_EXPANDED = "g if keepdims or axis is None else np.expand_dims(g, axis)"
_MEAN = "        return total / (self.data.size / total.data.size)"

TENSOR = [
    m("UNBROADCAST", "unbroadcast(rule(g), parent.data.shape)", "rule(g)"),
    m("UNB_ONE", "g.sum(axis=stretched, keepdims=True) if stretched else g", "g"),
    m("UNB_ONE SUM_AXIS", "g.sum(axis=stretched, keepdims=True)", "g.sum(axis=stretched)"),
    m("UNB_MEAN", "g.sum(axis=stretched, keepdims=True)", "g.mean(axis=stretched, keepdims=True)"),
    m("UNB_MEAN", "g = g.sum(axis=tuple(range(g.ndim - len(shape))))",
      "if g.ndim > len(shape):\n        g = g.mean(axis=tuple(range(g.ndim - len(shape))))"),
    m("UNB_LEAD UNB_AXIS", "tuple(range(g.ndim - len(shape)))", "tuple(range(len(shape), g.ndim))"),
    m("UNB_LEAD", "g = g.sum(axis=tuple(range(g.ndim - len(shape))))",
      "while g.ndim > len(shape) > 0:\n        g = g[0]\n    g = g if g.ndim == len(shape) else g.sum()"),
    m("UNB_SCALAR", "    g = g.sum(axis=tuple(range(g.ndim - len(shape))))",
      "    g = g.sum(axis=tuple(range(g.ndim - len(shape)))) if shape or not g.ndim else g.reshape(-1)[0]"),
    m("SUM_AXIS", f"            g = {_EXPANDED}\n", ""),
    m("SUM", "np.broadcast_to(g, self.data.shape)", "np.broadcast_to(g, self.data.shape) / self.data.size"),
    m("SUM_AXIS", "np.expand_dims(g, axis)\n", "np.expand_dims(g, 0)\n"),
    m("MEAN", _MEAN, "        return made(total.data / (self.data.size / total.data.size), (total,), (lambda g: g,))"),
    m("MEAN_AXIS", "self.data.size / total.data.size", "self.data.size"),
    m("MEAN_AXIS", _MEAN, "        n = self.data.size\n"
      "        return made(total.data / (n / total.data.size), (total,), (lambda g: g / n,))"),
    m("MAX_TIES", "winners / winners.sum(axis=axis, keepdims=True)", "winners * 1.0"),
    m("MAX_AXIS", f"shares * ({_EXPANDED})", "shares * g"),
    m("MAX_AXIS", "winners = self.data == z", "winners = self.data == self.data.max()"),
    m("MAX CUT", f"return shares * ({_EXPANDED})", "return shares * 0"),
    m("UNSTABLE", "largest = self.data.max(axis=axis, keepdims=True)",
      "largest = 0 * self.data.max(axis=axis, keepdims=True)"),
    m("SOFTMAX LOG_SOFTMAX", "self.logsumexp(axis).reshape(shape)", "self.logsumexp(axis).reshape(shape).detach()"),
    m("SOFTMAX", "return self.log_softmax(axis).exp()",
      "z = self.log_softmax(axis).exp().data\n        return made(z, (self,), (lambda g: g * z * (1 - z),))"),
    m("LOGSUMEXP", "return ((self - largest).exp()).sum(axis).log() + largest.squeeze(axis)",
      "z = ((self - largest).exp()).sum(axis).log().data + largest.squeeze(axis)\n"
      "        return made(z, (self,), (lambda g: np.expand_dims(g, axis) * np.ones_like(self.data),))"),
    m("MATMUL", "lambda g: g @ np.swapaxes(b, -1, -2)", "lambda g: g @ b"),
    m("MATMUL", "np.swapaxes(a, -1, -2) @ g", "g @ np.swapaxes(a, -1, -2)"),
    m("MATMUL_BATCH", "g @ np.swapaxes(b, -1, -2)", "g @ b.T"),
    m("MATMUL_VECTOR", _VECTORS, ""),
    m("MATMUL_VECTOR", "lambda g: np.outer(a, g)", "lambda g: np.outer(g, a).T * 2"),
    m("MATMUL_VECTOR", "(lambda g: g * b, lambda g: g * a)", "(lambda g: g * a, lambda g: g * b)"),
    m("PERMUTE", "back = None if axes is None else np.argsort(axes)", "back = axes"),
    m("TRANSPOSE", "lambda g: g.transpose(back)", "lambda g: g"),
    m("RESHAPE", "lambda g: g.reshape(self.data.shape)", "lambda g: g"),
    m("INDEX_REPEATS", "np.add.at(out, key, g)", "out[key] += g"),
    m("INDEX_CUT", "return made(self.data[key], (self,), (rule,))", "return Tensor(self.data[key])"),
    m("INDEX", "np.add.at(out, key, g)", "np.add.at(out, key, 1.0)"),
    m("CUT", "return made(z, (self,), (lambda g: g * z,))", "return Tensor(z, requires_grad=True)"),
    m("ASSIGNS", "gradients[id(parent)] + share if id(parent) in gradients else share", "share"),
    m("ALIAS", "tensor.grad = g.copy()", "tensor.grad = g", "def unbroadcast(g, shape):\n",
      "def unbroadcast(g, shape):\n    if g.shape == shape:\n        return g\n"),
    m("CONSTANT_GRADIENT", "if g is None or not tensor.requires_grad:", "if g is None:"),
    m("ARRAY_LEFT", "    __array_ufunc__ = None\n", ""),
    m("INTEGERS", "np.array(data, dtype=float)", "np.array(data)",
      "tensor.grad = g.copy()", "tensor.grad = g.astype(tensor.data.dtype)"),
    m("MUTATES", "made(np.maximum(self.data, 0),", "made(np.maximum(self.data, 0, out=self.data),"),
    m("DIV_SIGN", "-g * self.data / other.data**2", "g * self.data / other.data**2"),
    m("SUB_SIGN", "lambda g: g, lambda g: -g", "lambda g: g, lambda g: g"),
    m("SQRT", "g / (2 * z)", "g / z"),
    m("ABS", "g * np.sign(self.data)", "g * np.abs(self.data)"),
    m("QUADRATIC", "order, seen, stack = [], set()", "order, seen, stack = [], []",
      "            elif id(tensor) not in seen:\n                seen.add(id(tensor))",
      "            elif tensor not in seen:\n                seen.append(tensor)"),
    m("RECURSION", _ORDER, _RECURSIVE.replace("node not in", "id(node) not in").replace("add(node)", "add(id(node))")),
    m("NO_GRAD_STUCK", "    try:\n        yield\n    finally:\n        Tensor.recording = before",
      "    yield\n    Tensor.recording = before"),
    m("BIAS_BATCH LINEAR", "return x @ self.weight + self.bias",
      "z = x @ self.weight\n"
      "        return made(z.data + self.bias.data, (z, self.bias), (lambda g: g, lambda g: g[0]))"),
    m("ALIKE", "np.random.default_rng(0).normal(size=(inputs, outputs))", "np.ones((inputs, outputs))"),
    m("MISSING_PARAMETERS", "for layer in self.layers for p", "for layer in self.layers[:1] for p"),
    m("LOSS_TWICE", "return (rest * rest).mean()",
      "loss = (rest * rest).mean()\n    return made(loss.data, (loss,), (lambda g: g / len(x.data),))"),
    m("LOSS_MEAN", "return -scores.log_softmax()[rows, labels].mean()",
      "total = scores.log_softmax()[rows, labels].sum()\n"
      "    return made(-total.data / len(labels), (total,), (lambda g: -g,))"),
    m("UNSTABLE", "scores.log_softmax()[rows, labels]", "scores.softmax().log()[rows, labels]"),
    m("STEP_IN_A_COPY", "p.data -= self.lr * self.velocities[i]", "p = Tensor(p.data - self.lr * self.velocities[i])"),
    m("SGD", "p.data -= self.lr * self.velocities[i]", "p.data += self.lr * self.velocities[i]"),
    m("MOMENTUM", "self.momentum * self.velocities[i] + p.grad", "self.momentum * self.velocities[i] / 2 + p.grad"),
    m("ADAM_BIAS", "self.means[i] / (1 - 0.9**self.steps), self.squares[i] / (1 - 0.999**self.steps)",
      "self.means[i], self.squares[i]"),
    m("ADAM_COUNT", "1 - 0.9**self.steps", "1 - 0.9"),
    m("ADAM_COUNT", "        self.steps += 1\n        for i, p in enumerate(self.parameters):\n",
      "        for i, p in enumerate(self.parameters):\n            self.steps += 1\n"),
]  # fmt: skip

_CLOSURES = (ENGINES / "closures.py").read_text(encoding="utf-8")
_SUB, _DIV = (
    _CLOSURES[_CLOSURES.index(f"    def {name}") : _CLOSURES.index(f"    def {after}")]
    for name, after in (("__sub__", "__truediv__"), ("__truediv__", "__pow__"))
)
# x - y computed as x + (-y), and x / y as x · y⁻¹: a mistake in a part shows in the whole.
_COMPOSED = (
    _SUB, "    def __sub__(self, other):\n        return self + -wrap(other)\n\n",
    _DIV, "    def __truediv__(self, other):\n        return self * wrap(other) ** -1\n\n",
)  # fmt: skip

COMPOSED = [
    m("POW_FACTOR", *_COMPOSED, "exponent * self.data ** (exponent - 1)", "self.data ** (exponent - 1)"),
    m("UPSTREAM", *_COMPOSED, "(exponent - 1) * gradient if exponent", "(exponent - 1) if exponent"),
    m("NOT_REVERSED", *_COMPOSED, "for node in reversed(order)", "for node in order"),
    m("NEG", *_COMPOSED, "lambda gradient: self.collect(-gradient)", "lambda gradient: self.collect(gradient)"),
    # Its values may hold lists, of which + makes a longer list whose gradient looks right.
    m("MUL_SWAPPED", "self.data = float(data)", "self.data = data", "self.collect(other.data * gradient)",
      "self.collect(self.data * gradient)", "other.collect(self.data * gradient)",
      "other.collect(other.data * gradient)"),
]  # fmt: skip

_MADE = "    return Scalar(v, tuple(share for share in shares if isinstance(share[0], Scalar)))"
HISTORIES = [
    m("PARENTS_SET SAME_TWICE", _MADE, _MADE.replace("tuple(share", "tuple(set(share").replace(")))", "))))")),
    m("PARENTS_DICT", _MADE, "    return Scalar(v, tuple({x: d for x, d in shares if isinstance(x, Scalar)}.items()))"),
    m("SUB_SIGN", "(other, -1.0))", "(other, 1.0))"),
    m("DIV", "(other, -self.v / val(other) ** 2))", "(other, -self.v / val(other)))"),
    m("ASSIGNS", "derivatives.get(parent, 0.0) + local", "local"),
]

FUNCTION_CLASSES = [
    m("UNB_LEAD", "    while g.ndim > len(shape):\n        g = g.sum(0)\n",
      "    while g.ndim > len(shape):\n        g = g[0]\n"),
    m("UNB_ONE", "g = g.sum(axis, keepdims=True)", "g = np.take(g, [0], axis)"),
    m("MATMUL", "a.swapaxes(-1, -2) @ g", "a @ g"),
    m("SUM_AXIS", "np.expand_dims(g, dim)", "np.expand_dims(g, -1)"),
    m("REUSE", "if users[id(each)] == 0:", "if True:"),
    m("POW", "g * n * a ** (n - 1)", "g * n * a"),
    m("RESHAPE", "g.reshape(ctx.saved[0])", "np.resize(g.T, ctx.saved[0])"),
    m("ALIAS", "gradients[id(each)] = gradients[id(each)] + share if id(each) in gradients else share\n",
      "if id(each) in gradients:\n                    gradients[id(each)] += share\n"
      "                else:\n                    gradients[id(each)] = share\n"),
]  # fmt: skip

VARIABLES = [
    m(
        "UNB_LEAD UNB_AXIS UNB_ONE",
        "extra = tuple(range(g.ndim - len(shape)))",
        "extra = tuple(range(len(shape), g.ndim))",
    ),
    m("MATMUL", "x.array.T @ g)", "g.T @ x.array)"),
    m("UPSTREAM", "g * np.cos(x.array)", "np.cos(x.array)"),
]
