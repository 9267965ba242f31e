"""A tensor engine of function classes with a context, dim and keepdim, whose gradients are tensors."""

import numpy as np


class Context:
    def save(self, *things):
        self.saved = things


class Function:
    @classmethod
    def apply(cls, *inputs, **options):
        inputs = [x if isinstance(x, Tensor) else Tensor(x, requires_grad=False) for x in inputs]
        ctx = Context()
        out = Tensor(cls.forward(ctx, *(x.numpy() for x in inputs), **options), requires_grad=False)
        if any(x.requires_grad for x in inputs):
            out.requires_grad, out.node = True, (cls, ctx, inputs)
        return out


def fit(g, shape):
    while g.ndim > len(shape):
        g = g.sum(0)
    for axis, size in enumerate(shape):
        if size == 1 and g.shape[axis] != 1:
            g = g.sum(axis, keepdims=True)
    return g


class Add(Function):
    @staticmethod
    def forward(ctx, a, b):
        return a + b

    @staticmethod
    def backward(ctx, g):
        return g, g


class Mul(Function):
    @staticmethod
    def forward(ctx, a, b):
        ctx.save(a, b)
        return a * b

    @staticmethod
    def backward(ctx, g):
        a, b = ctx.saved
        return g * b, g * a


class Power(Function):
    @staticmethod
    def forward(ctx, a, exponent):
        ctx.save(a, exponent)
        return a**exponent

    @staticmethod
    def backward(ctx, g):
        a, n = ctx.saved
        return g * n * a ** (n - 1), np.zeros(n.shape)


class MatMul(Function):
    @staticmethod
    def forward(ctx, a, b):
        if a.ndim < 2 or b.ndim < 2:
            raise TypeError("matmul takes matrices")
        ctx.save(a, b)
        return a @ b

    @staticmethod
    def backward(ctx, g):
        a, b = ctx.saved
        return g @ b.swapaxes(-1, -2), a.swapaxes(-1, -2) @ g


class ReLU(Function):
    @staticmethod
    def forward(ctx, a):
        ctx.save(a > 0)
        return np.where(a > 0, a, 0)

    @staticmethod
    def backward(ctx, g):
        return (g * ctx.saved[0],)


class Exp(Function):
    @staticmethod
    def forward(ctx, a):
        ctx.save(np.exp(a))
        return ctx.saved[0]

    @staticmethod
    def backward(ctx, g):
        return (g * ctx.saved[0],)


class Summation(Function):
    @staticmethod
    def forward(ctx, a, dim=None, keepdim=False):
        ctx.save(a.shape, dim, keepdim)
        return a.sum(axis=dim, keepdims=keepdim)

    @staticmethod
    def backward(ctx, g):
        shape, dim, keepdim = ctx.saved
        if dim is not None and not keepdim:
            g = np.expand_dims(g, dim)
        return (g + np.zeros(shape),)


class View(Function):
    @staticmethod
    def forward(ctx, a, shape):
        ctx.save(a.shape)
        return a.reshape(shape)

    @staticmethod
    def backward(ctx, g):
        return (g.reshape(ctx.saved[0]),)


class Tensor:
    __array_priority__ = 1000

    def __init__(self, data, requires_grad=True):
        self.data = np.asarray(data, dtype=np.float32)
        self.requires_grad, self.grad, self.node = requires_grad, None, None

    def numpy(self):
        return self.data

    def zero_grad_(self):
        self.grad = None

    def sum(self, dim=None, keepdim=False):
        return Summation.apply(self, dim=dim, keepdim=keepdim)

    def view(self, *shape):
        return View.apply(self, shape=shape)

    def __add__(self, other):
        return Add.apply(self, other)

    def __mul__(self, other):
        return Mul.apply(self, other)

    def __sub__(self, other):
        return self + -1 * as_tensor(other)

    def __rsub__(self, other):
        return as_tensor(other) + self * -1

    def __neg__(self):
        return self * -1

    def __pow__(self, n):
        if isinstance(n, Tensor):
            raise TypeError("the exponent must be a number")
        return Power.apply(self, n)

    def __truediv__(self, other):
        return self * as_tensor(other) ** -1

    def __rtruediv__(self, other):
        return as_tensor(other) * self**-1

    def __matmul__(self, other):
        return MatMul.apply(self, other)

    __radd__, __rmul__ = __add__, __mul__

    def backward(self, gradient=None):
        users, stack = {}, [self]  # how many operations, on the way to the result, use a tensor
        seen = {id(self)}
        while stack:
            node = stack.pop().node
            for x in node[2] if node else ():
                users[id(x)] = users.get(id(x), 0) + 1
                if id(x) not in seen:
                    seen.add(id(x))
                    stack.append(x)
        gradients = {id(self): np.ones_like(self.data) if gradient is None else np.asarray(gradient)}
        ready = [self]
        while ready:
            x = ready.pop()
            g = gradients.pop(id(x))
            if not x.node:
                if x.requires_grad:
                    x.grad = Tensor(g if x.grad is None else x.grad.data + g, requires_grad=False)
                continue
            function, ctx, inputs = x.node
            for each, share in zip(inputs, function.backward(ctx, g), strict=True):
                share = fit(share, each.data.shape)
                gradients[id(each)] = gradients[id(each)] + share if id(each) in gradients else share
                users[id(each)] -= 1
                if users[id(each)] == 0:
                    ready.append(each)


def as_tensor(x):
    return x if isinstance(x, Tensor) else Tensor(x, requires_grad=False)
