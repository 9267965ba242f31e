"""Mixed precision: matrix products in float16, operations that need more digits in float32.

float16 takes half of the memory, and processors made for it multiply it several times as fast. (NumPy on a CPU does
not: here float16 is for study.) It holds 11 bits: 65504 is its largest number, 6e-8 its smallest, and 2048 + 1 is
2048. So three things are done:

- `autocast` computes products in float16. Operations that would overflow or lose digits are computed in float32:
  exponentials, logarithms, sums, losses. The cast is an operation of the graph, so gradients are cast back on their
  way.
- The weights stay float32: in float16 a weight of 1 would not change by a step of 1e-4.
- `GradScaler` multiplies the loss, and with it every gradient, so that small ones do not vanish. Before the step it
  divides them by the same factor, and skips a step whose gradients overflowed.

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
from .autograd import RecordingMode, own_gradient, recording
from .errors import complete, real, shown

_LARGEST = float(np.finfo(np.float32).max)


class autocast(RecordingMode):
    """Compute matrix products in half precision, operations that need more digits in float32. Context or decorator.

    dtype : the dtype of products, float16. enabled : False does nothing.

    Only the forward pass and the loss belong inside; `backward()` follows the graph that was recorded. float64 is left
    alone. (PyTorch's first argument is a device; here there is none.)

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
        try:
            self.dtype, self.enabled = np.dtype(dtype), enabled
        except TypeError:
            raise TypeError(
                f"autocast takes a floating-point dtype, np.float16, got {dtype!r}. It takes no device, and decorates "
                "with brackets: @autocast()."
            ) from None
        if self.dtype.kind != "f":
            raise TypeError(f"autocast takes a floating-point dtype, np.float16, got {self.dtype}.")

    def change(self) -> None:
        recording.products_in = self.dtype if self.enabled else None


def cast(op: P.Primitive, inputs: tuple) -> tuple:
    """Cast the inputs of an operation to the precision that this thread computes it in."""
    if recording.products_in is None or not op.precision:
        return inputs
    product = op.precision == "product" and len(inputs) > 1  # an einsum of one tensor is a sum
    dtype = recording.products_in if product else np.dtype(np.float32)
    return tuple(_in(dtype, tensor) for tensor in inputs)


def _in(dtype: np.dtype, tensor: Any) -> Any:
    """Cast a float16 or float32 tensor to `dtype`, in the graph; leave others alone."""
    if not hasattr(tensor, "_array") or tensor.dtype == dtype or tensor.dtype not in (np.float16, np.float32):
        return tensor
    return tensor._apply(P.astype, tensor, dtype=dtype)


class GradScaler:
    """Keep small gradients from vanishing in float16, by scaling the loss.

    init_scale : the first factor, a power of 2, which costs no digits. If gradients overflow, the step is skipped and
    the factor multiplied by backoff_factor. After growth_interval good steps it is multiplied by growth_factor.
    enabled : with False, `scale` returns the loss as it is and `step` only calls `optimizer.step()`.

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

    Raises RuntimeError if `update()` is missing between two steps, and ValueError if parameters are float16: their
    gradients would vanish when they are divided. (PyTorch's first argument is a device.)
    """

    def __init__(
        self,
        init_scale: float = 2.0**16,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        enabled: bool = True,
    ):
        for number in (init_scale, growth_factor, backoff_factor, growth_interval):
            real("GradScaler takes numbers", number)
        if not (init_scale > 0 and growth_factor > 1 > backoff_factor > 0 and growth_interval >= 1):
            raise ValueError(
                "GradScaler takes init_scale > 0, growth_factor > 1, 0 < backoff_factor < 1 and growth_interval of at "
                f"least 1, got {init_scale}, {growth_factor}, {backoff_factor}, {growth_interval}."
            )
        self.growth_factor, self.backoff_factor, self.growth_interval = growth_factor, backoff_factor, growth_interval
        self.enabled = enabled
        self._scale, self._good_steps = float(init_scale), 0
        self._overflowed: dict[Any, bool] = {}  # by optimizer: those whose gradients are already divided
        self._stepped: set = set()

    def get_scale(self) -> float:
        """The factor; 1 if the scaler is not enabled."""
        return self._scale if self.enabled else 1.0

    def is_enabled(self) -> bool:
        """True unless it was made with enabled=False."""
        return self.enabled

    def scale(self, outputs: Any) -> Any:
        """Multiply the loss, or every loss of a list: call `backward()` on the result."""
        if isinstance(outputs, (list, tuple)):
            return type(outputs)(map(self.scale, outputs))
        if not hasattr(outputs, "_prev") and not isinstance(outputs, (int, float, np.generic, np.ndarray)):
            raise TypeError(f"scale takes the loss, a tensor, or a list of losses, got {shown(outputs)}.")
        return outputs * np.float32(self._scale) if self.enabled else outputs  # float16 would hold up to 65504

    def unscale_(self, optimizer: Any) -> None:
        """Divide the gradients of the optimizer's parameters by the factor, in place: to clip them, for example.

        Otherwise `step` calls it.
        """
        if not self.enabled:
            return
        if not hasattr(optimizer, "param_groups"):
            raise TypeError(f"GradScaler takes an optimizer, got {shown(optimizer)}.")
        if optimizer in self._overflowed:
            raise RuntimeError("these gradients are divided already: call unscale_() once, and update() after step().")
        gradients = [own_gradient(p) for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
        if not gradients:
            raise RuntimeError("no parameter has a gradient: call scaler.scale(loss).backward() first.")
        if any(gradient.dtype == np.float16 for gradient in gradients):
            raise ValueError(
                "a parameter and its gradient are float16, in which small gradients vanish when they are divided. Keep "
                "the parameters in float32: autocast casts them where products are computed."
            )
        for gradient in {id(gradient): gradient for gradient in gradients}.values():  # each once, if two share one
            gradient /= self._scale
        self._overflowed[optimizer] = not all(np.isfinite(gradient).all() for gradient in gradients)

    def step(self, optimizer: Any) -> Any:
        """Call `optimizer.step()` with the gradients divided by the factor; skip it if one is not finite."""
        if not self.enabled:
            return optimizer.step()
        if optimizer in self._stepped:
            raise RuntimeError("this optimizer has made its step: call update() once after the steps of an iteration.")
        if optimizer not in self._overflowed:
            self.unscale_(optimizer)
        self._stepped.add(optimizer)
        return None if self._overflowed[optimizer] else optimizer.step()

    def update(self, new_scale: float | None = None) -> None:
        """Set the factor of the next iteration, after the steps of this one. new_scale : the factor itself."""
        if not self.enabled:
            return
        if new_scale is not None:
            new_scale = getattr(new_scale, "item", lambda: new_scale)()  # a tensor or an array of one entry
            self._scale = float(real("new_scale is the next factor, a number above 0", new_scale, 0, _LARGEST, above=0))
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
        """The factor, the counts and the arguments, under PyTorch's names, for a checkpoint."""
        return {
            "scale": self.get_scale(), "growth_factor": self.growth_factor, "backoff_factor": self.backoff_factor,
            "growth_interval": self.growth_interval, "_growth_tracker": self._good_steps,
        } if self.enabled else {}  # fmt: skip

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from a saved `state_dict()`."""
        if not self.enabled:
            return
        if not state_dict:
            raise RuntimeError("the state is empty: it was saved from a GradScaler that was not enabled.")
        names = ("scale", "_growth_tracker", "growth_factor", "backoff_factor", "growth_interval")
        complete("the state of a GradScaler", state_dict, *names)
        self._scale, self._good_steps = state_dict["scale"], state_dict["_growth_tracker"]
        for name in names[2:]:
            setattr(self, name, state_dict[name])
