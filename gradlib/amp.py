"""Mixed precision: matrix products in float16, everything that needs the digits in float32.

float16 takes half of the memory, and processors made for it multiply it several times as fast. (NumPy on a CPU does
not: here it is there to be studied.) It holds 11 bits: 65504 is its largest number, 6e-8 its smallest, and 2048 + 1 is
2048. So three things are done:

- `autocast` computes products in float16, and in float32 what would overflow or lose its sum: exponentials,
  logarithms, sums, losses. The cast is an operation of the graph, so gradients are cast back on their way.
- The weights stay float32: a step of 1e-4 would vanish beside a weight of 1.
- `GradScaler` multiplies the loss, and with it every gradient, so that small ones do not vanish. Before the step it
  divides them again, and leaves out a step whose gradients overflowed.

A training loop changes in these lines:

    scaler = GradScaler()
    for inputs, targets in loader:
        optimizer.zero_grad()
        with autocast():
            loss = loss_fn(model(inputs), targets)
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()

Source: Micikevicius and others, Mixed Precision Training, 2018.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import primitives as P
from .autograd import RecordingMode, recording

_LARGEST = float(np.finfo(np.float32).max)


class autocast(RecordingMode):
    """Compute matrix products in half precision inside, and what needs the digits in float32. A context or a decorator.

    dtype : what products are computed in, float16. enabled : False does nothing.

    Only the forward pass and the loss stand inside; `backward()` follows the graph that was recorded. float64 stays
    what it is. (PyTorch's first argument is a device; here there is one.)

    >>> from gradlib import Tensor
    >>> x, w = Tensor([[1.0, 2.0]]), Tensor([[0.5], [0.25]], requires_grad=True)
    >>> with autocast():
    ...     y = x @ w
    ...     loss = y.exp().sum()
    >>> y.dtype, loss.dtype
    (dtype('float16'), dtype('float32'))
    >>> loss.backward()
    >>> w.grad.dtype
    dtype('float32')

    Raises TypeError for a dtype that is not a floating-point one.
    """

    is_unusual = True

    def __init__(self, dtype: Any = np.float16, enabled: bool = True):
        self.dtype, self.enabled = np.dtype(dtype), enabled
        if self.dtype.kind != "f":
            raise TypeError(f"autocast takes a floating-point dtype, np.float16, got {self.dtype}.")

    def _change(self) -> None:
        recording.products_in = self.dtype if self.enabled else None


def cast(op: P.Primitive, inputs: tuple) -> tuple:
    """The inputs of an operation in the precision that it is computed in, in this thread."""
    if recording.products_in is None or not op.precision:
        return inputs
    dtype = recording.products_in if op.precision == "product" else np.dtype(np.float32)
    return tuple(_in(dtype, tensor) for tensor in inputs)


def _in(dtype: np.dtype, tensor: Any) -> Any:
    """A tensor of the other of the two precisions, cast in the graph; float64 and whole numbers as they are."""
    if not hasattr(tensor, "_array") or tensor.dtype == dtype or tensor.dtype not in (np.float16, np.float32):
        return tensor
    return tensor._apply(P.astype, tensor, dtype=dtype)


class GradScaler:
    """Keeps small gradients from vanishing in float16, by scaling the loss.

    init_scale : the factor at first, a power of 2, which costs no digits. After a step with gradients that overflowed
    it is multiplied by backoff_factor, and the step is left out; after growth_interval good ones by growth_factor.
    enabled : False makes of `scale` and `step` what they would be without it.

    >>> from gradlib import Tensor, optim
    >>> w = Tensor([1.0], requires_grad=True)
    >>> optimizer, scaler = optim.SGD([w], lr=0.5), GradScaler()
    >>> scaler.scale((w * w).sum()).backward()
    >>> w.grad  # 2 · 2¹⁶
    array([131072.], dtype=float32)
    >>> scaler.step(optimizer)
    >>> scaler.update()
    >>> w
    Tensor([0.], requires_grad=True)

    Raises RuntimeError where `update()` was left out between two steps. (PyTorch's first argument is a device.)
    """

    def __init__(
        self,
        init_scale: float = 2.0**16,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        enabled: bool = True,
    ):
        if not (init_scale > 0 and growth_factor > 1 > backoff_factor > 0 and growth_interval >= 1):
            raise ValueError(
                "GradScaler takes init_scale > 0, growth_factor > 1, 0 < backoff_factor < 1 and growth_interval of at "
                f"least 1, got {init_scale}, {growth_factor}, {backoff_factor}, {growth_interval}."
            )
        self.growth_factor, self.backoff_factor, self.growth_interval = growth_factor, backoff_factor, growth_interval
        self.enabled = enabled
        self._scale, self._good_steps = float(init_scale), 0
        self._overflowed: dict[int, bool] = {}  # by id of the optimizers whose gradients are divided again
        self._stepped: set[int] = set()

    def get_scale(self) -> float:
        """The factor, 1 where the scaler is not enabled."""
        return self._scale if self.enabled else 1.0

    def is_enabled(self) -> bool:
        """Whether it scales at all."""
        return self.enabled

    def scale(self, outputs: Any) -> Any:
        """The loss, multiplied: call `backward()` on what this returns."""
        return outputs * np.float32(self._scale) if self.enabled else outputs  # float16 would hold up to 65504

    def unscale_(self, optimizer: Any) -> None:
        """Divide the gradients of the optimizer's parameters again, in place: before they are clipped, say.

        `step` does it where it has not been done.
        """
        if not self.enabled:
            return
        if id(optimizer) in self._overflowed:
            raise RuntimeError("these gradients are divided already: call unscale_() once, and update() after step().")
        gradients = [p.grad for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
        if not gradients:
            raise RuntimeError("no parameter has a gradient: call scaler.scale(loss).backward() first.")
        for gradient in gradients:
            gradient /= self._scale
        self._overflowed[id(optimizer)] = not all(np.isfinite(gradient).all() for gradient in gradients)

    def step(self, optimizer: Any) -> Any:
        """`optimizer.step()` with the gradients as they are without scaling; left out where one is not finite."""
        if not self.enabled:
            return optimizer.step()
        if id(optimizer) in self._stepped:
            raise RuntimeError("this optimizer has made its step: call update() once after the steps of an iteration.")
        if id(optimizer) not in self._overflowed:
            self.unscale_(optimizer)
        self._stepped.add(id(optimizer))
        return None if self._overflowed[id(optimizer)] else optimizer.step()

    def update(self, new_scale: float | None = None) -> None:
        """Choose the factor of the next iteration, after the steps of this one."""
        if not self.enabled:
            return
        if new_scale is not None:
            self._scale = float(new_scale)
        elif not self._overflowed:
            raise RuntimeError("nothing has been scaled since the last update(): call step(optimizer) first.")
        elif any(self._overflowed.values()):
            self._scale *= self.backoff_factor
            self._good_steps = 0
        else:
            self._good_steps += 1
            if self._good_steps == self.growth_interval:
                self._good_steps = 0
                if self._scale * self.growth_factor < _LARGEST:
                    self._scale *= self.growth_factor
        self._overflowed.clear()
        self._stepped.clear()

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint must keep, under PyTorch's names."""
        return {
            "scale": self.get_scale(), "growth_factor": self.growth_factor, "backoff_factor": self.backoff_factor,
            "growth_interval": self.growth_interval, "_growth_tracker": self._good_steps,
        } if self.enabled else {}  # fmt: skip

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from what `state_dict()` gave."""
        if not self.enabled:
            return
        if not state_dict:
            raise RuntimeError("the state is empty: it was saved from a GradScaler that was not enabled.")
        self._scale, self._good_steps = state_dict["scale"], state_dict["_growth_tracker"]
        for name in ("growth_factor", "backoff_factor", "growth_interval"):
            setattr(self, name, state_dict[name])
