r"""The formulas by which parameters move.

In all of them x is a parameter, g = ∂L/∂x its gradient, t the number of the step, from 1. A weight decay λ is
added to the gradient, g + λ x, which is the gradient of L + λ/2 · |x|²; AdamW alone shrinks x itself.
Everything is done entry by entry, g², √v and m/v too. With maximize=True every optimizer takes -g for g: it climbs.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from ..tensor import Tensor
from .optimizer import Optimizer


class SGD(Optimizer):
    r"""Gradient descent, with momentum: a ball with friction that rolls where the gradient pushes it.

        b ← μ b + (1 - τ) g        (b = g at the first step with momentum)
        x ← x - lr · b             Nesterov: x ← x - lr · (g + μ b)

    lr : the learning rate, 0.001. momentum : μ, 0. dampening : τ, 0. weight_decay : λ, 0.
    nesterov : take the gradient as if the momentum had already moved x.

    Polyak, "Some methods of speeding up the convergence of iteration methods" (1964); Nesterov's form as in
    Sutskever et al., "On the importance of initialization and momentum in deep learning" (2013).

    >>> x = Tensor([3.0], requires_grad=True)
    >>> optimizer = SGD([x], lr=0.1, momentum=0.9)
    >>> for _ in range(2):
    ...     optimizer.zero_grad()
    ...     (x**2).sum().backward()  # g = 2 x
    ...     optimizer.step()  # 3 - 0.1 · 6, then 2.4 - 0.1 · (0.9 · 6 + 4.8)
    >>> x.data.round(4)
    array([1.38], dtype=float32)
    """

    def __init__(
        self,
        params: Iterable[Tensor] | Iterable[dict],
        lr: float = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
    ):
        defaults = dict(
            lr=lr,
            momentum=momentum,
            dampening=dampening,
            weight_decay=weight_decay,
            nesterov=nesterov,
            maximize=maximize,
        )
        super().__init__(params, defaults)

    def _check_group(self, group):
        super()._check_group(group)
        if group["nesterov"] and (group["momentum"] <= 0 or group["dampening"] != 0):
            raise ValueError(
                "nesterov=True looks ahead along the momentum: it needs momentum above 0 and dampening 0, got "
                f"momentum={group['momentum']} and dampening={group['dampening']}."
            )

    _LATE = frozenset({"momentum_buffer"})

    def buffers(self, group):
        return {"momentum_buffer": 0.0} if group["momentum"] else {}

    def _complete(self, param, state, buffers, numbers):
        if state.get("momentum_buffer") is not None:
            state.setdefault("step", 1)  # PyTorch's come without a count
        super()._complete(param, state, buffers, numbers)

    def update(self, group, state, x, g, b=None):
        if b is None:
            x -= group["lr"] * g
            return
        momentum = group["momentum"]
        if state["step"] == 1:
            b[:] = g
        else:
            b *= momentum
            b += (1 - group["dampening"]) * g
        x -= group["lr"] * (g + momentum * b if group["nesterov"] else b)


class RMSprop(Optimizer):
    r"""Gradient descent whose rate is divided, entry by entry, by the gradient's recent size.

        v ← α v + (1 - α) g²
        x ← x - lr · g / (√v + ε)

    centered : divide by the standard deviation: m ← α m + (1 - α) g, and √(v - m²) instead of √v.
    momentum : μ; if it is not 0, b ← μ b + g / (√v + ε) and x ← x - lr · b.
    lr : 0.01. alpha : α, 0.99. eps : ε, 1e-8. weight_decay : λ, 0.

    Hinton, "Neural Networks for Machine Learning", lecture 6e (2012); centered: Graves, "Generating sequences
    with recurrent neural networks" (2013), section 4.2.

    >>> x = Tensor([3.0, -0.01], requires_grad=True)
    >>> optimizer = RMSprop([x], lr=0.1, alpha=0.0)  # α = 0 remembers nothing: v = g²
    >>> (x**2).sum().backward()
    >>> optimizer.step()
    >>> x.data.round(4)  # -0.1 and +0.1, large or small
    array([2.9 , 0.09], dtype=float32)
    """

    def __init__(
        self,
        params: Iterable[Tensor] | Iterable[dict],
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        *,
        maximize: bool = False,
    ):
        defaults = dict(
            lr=lr,
            alpha=alpha,
            eps=eps,
            weight_decay=weight_decay,
            momentum=momentum,
            centered=centered,
            maximize=maximize,
        )
        super().__init__(params, defaults)

    _LATE = frozenset({"grad_avg", "momentum_buffer"})

    def buffers(self, group):
        names = ["square_avg"]
        if group["centered"]:
            names.append("grad_avg")
        if group["momentum"]:
            names.append("momentum_buffer")
        return dict.fromkeys(names, 0.0)

    def update(self, group, state, x, g, v, *others):
        others = list(others)
        alpha = group["alpha"]
        v *= alpha
        v += (1 - alpha) * (g * g)
        variance = v
        if group["centered"]:
            m = others.pop(0)
            m += (1 - alpha) * (g - m)
            variance = v - m * m
        direction = g / (np.sqrt(variance) + group["eps"])
        if group["momentum"]:
            b = others.pop(0)
            b *= group["momentum"]
            b += direction
            direction = b
        x -= group["lr"] * direction


class Adagrad(Optimizer):
    r"""Gradient descent whose rate falls, entry by entry, with all the gradients so far.

        s ← s + g²
        x ← x - lr / (1 + (t - 1) η) · g / (√s + ε)

    lr : 0.01. lr_decay : η, 0. weight_decay : λ, 0. initial_accumulator_value : s at the start, 0.
    eps : ε, 1e-10.

    Duchi, Hazan, Singer, "Adaptive subgradient methods for online learning and stochastic optimization"
    (2011).

    >>> x = Tensor([3.0], requires_grad=True)
    >>> optimizer = Adagrad([x], lr=0.1)
    >>> (x**2).sum().backward()
    >>> optimizer.step()
    >>> x
    Tensor([2.9], requires_grad=True)
    """

    def __init__(
        self,
        params: Iterable[Tensor] | Iterable[dict],
        lr: float = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        *,
        maximize: bool = False,
    ):
        defaults = dict(
            lr=lr,
            lr_decay=lr_decay,
            weight_decay=weight_decay,
            initial_accumulator_value=initial_accumulator_value,
            eps=eps,
            maximize=maximize,
        )
        super().__init__(params, defaults)

    def buffers(self, group):
        return {"sum": group["initial_accumulator_value"]}

    def update(self, group, state, x, g, s):
        s += g * g
        lr = group["lr"] / (1 + (state["step"] - 1) * group["lr_decay"])
        x -= lr * (g / (np.sqrt(s) + group["eps"]))


class Adam(Optimizer):
    r"""Momentum divided, entry by entry, by the gradient's recent size; both corrected for starting at zero.

        m ← β₁ m + (1 - β₁) g           m̂ = m / (1 - β₁ᵗ)
        v ← β₂ v + (1 - β₂) g²          v̂ = v / (1 - β₂ᵗ)
        x ← x - lr · m̂ / (√v̂ + ε)

    lr : 0.001. betas : (β₁, β₂), (0.9, 0.999). eps : ε, 1e-8. weight_decay : λ, 0.
    amsgrad : divide by the largest v so far, so that the rate never grows again.
    decoupled_weight_decay : AdamW.

    Kingma, Ba, "Adam: a method for stochastic optimization" (2015), algorithm 1; amsgrad: Reddi, Kale, Kumar,
    "On the convergence of Adam and beyond" (2018).

    >>> x = Tensor([3.0, -0.01], requires_grad=True)
    >>> optimizer = Adam([x], lr=0.1)
    >>> (x**2).sum().backward()
    >>> optimizer.step()
    >>> x.data.round(4)  # the first step is lr, whatever the size of the gradient
    array([2.9 , 0.09], dtype=float32)
    """

    def __init__(
        self,
        params: Iterable[Tensor] | Iterable[dict],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        decoupled_weight_decay: bool = False,
    ):
        defaults = dict(
            lr=lr,
            betas=betas,
            eps=eps,
            weight_decay=weight_decay,
            amsgrad=amsgrad,
            maximize=maximize,
            decoupled_weight_decay=decoupled_weight_decay,
        )
        super().__init__(params, defaults)

    _LATE = frozenset({"max_exp_avg_sq"})

    def buffers(self, group):
        names = ["exp_avg", "exp_avg_sq"] + ["max_exp_avg_sq"] * bool(group["amsgrad"])
        return dict.fromkeys(names, 0.0)

    def update(self, group, state, x, g, m, v, largest=None):
        beta1, beta2 = group["betas"]
        t = state["step"]
        # One array takes every intermediate value in turn, 7 % faster than a new one for each.
        scratch = (1 - beta1) * g
        m *= beta1
        m += scratch  # β₁ m + (1 - β₁) g
        np.multiply(g, g, out=scratch)
        scratch *= 1 - beta2
        v *= beta2
        v += scratch  # β₂ v + (1 - β₂) g²
        if largest is not None:
            v = np.maximum(largest, v, out=largest)
        # The corrections are numbers: taken out of m̂ and v̂ they cost two rounds over the arrays less.
        correction = math.sqrt(1 - beta2**t)
        np.sqrt(v, out=scratch)
        scratch += group["eps"] * correction
        np.divide(m, scratch, out=scratch)
        scratch *= group["lr"] * correction / (1 - beta1**t)
        x -= scratch  # lr · m̂ / (√v̂ + ε)


class AdamW(Adam):
    r"""Adam whose weight decay shrinks x itself, x ← (1 - lr · λ) x, instead of going through m and v.

    In Adam the decay is added to the gradient and divided by √v with it, so weights with large gradients hardly
    decay. Formula and other defaults are Adam's. weight_decay : λ, 0.01.

    Loshchilov, Hutter, "Decoupled weight decay regularization" (2019).

    >>> x = Tensor([3.0], requires_grad=True)
    >>> optimizer = AdamW([x], lr=0.1, weight_decay=0.5)
    >>> (x**2).sum().backward()
    >>> optimizer.step()
    >>> x  # (1 - 0.05) · 3 - 0.1
    Tensor([2.75], requires_grad=True)
    """

    def __init__(
        self,
        params: Iterable[Tensor] | Iterable[dict],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ):
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize, decoupled_weight_decay=True)


class NAdam(Optimizer):
    r"""Adam with Nesterov's momentum: the step already contains the share that g will have in the next step.

        μₜ = β₁ (1 - ½ · 0.96^(t ψ))       Mₜ = μ₁ μ₂ … μₜ
        m ← β₁ m + (1 - β₁) g              m̂ = μₜ₊₁ m / (1 - Mₜ₊₁) + (1 - μₜ) g / (1 - Mₜ)
        v ← β₂ v + (1 - β₂) g²             v̂ = v / (1 - β₂ᵗ)
        x ← x - lr · m̂ / (√v̂ + ε)

    lr : 0.002. betas : (β₁, β₂), (0.9, 0.999). eps : ε, 1e-8. weight_decay : λ, 0.
    momentum_decay : ψ, 0.004. decoupled_weight_decay : shrink x itself, as AdamW does.

    Dozat, "Incorporating Nesterov momentum into Adam" (2016).

    >>> x = Tensor([3.0], requires_grad=True)
    >>> optimizer = NAdam([x], lr=0.1)
    >>> (x**2).sum().backward()
    >>> optimizer.step()
    >>> x.data.round(4)
    array([2.8944], dtype=float32)
    """

    def __init__(
        self,
        params: Iterable[Tensor] | Iterable[dict],
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        maximize: bool = False,
    ):
        defaults = dict(
            lr=lr,
            betas=betas,
            eps=eps,
            weight_decay=weight_decay,
            momentum_decay=momentum_decay,
            decoupled_weight_decay=decoupled_weight_decay,
            maximize=maximize,
        )
        super().__init__(params, defaults)

    def buffers(self, group):
        return {"exp_avg": 0.0, "exp_avg_sq": 0.0}

    def _momentum(self, group, t: int) -> float:
        return group["betas"][0] * (1 - 0.5 * 0.96 ** (t * group["momentum_decay"]))

    def numbers(self, group):
        return {"step": 0, "mu_product": 1.0}

    def advance(self, group, state):
        super().advance(group, state)
        state["mu_product"] = float(state["mu_product"]) * self._momentum(group, state["step"])

    def update(self, group, state, x, g, m, v):
        beta1, beta2 = group["betas"]
        t, product = state["step"], state["mu_product"]
        mu, next_mu = self._momentum(group, t), self._momentum(group, t + 1)
        m *= beta1
        m += (1 - beta1) * g
        v *= beta2
        v += (1 - beta2) * (g * g)
        m_hat = next_mu / (1 - product * next_mu) * m + (1 - mu) / (1 - product) * g
        x -= group["lr"] * (m_hat / (np.sqrt(v / (1 - beta2**t)) + group["eps"]))
