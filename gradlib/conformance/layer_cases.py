"""The cases for layers, losses and optimizers, level 15. They are found in the modules of `functions=`."""

from __future__ import annotations

from typing import Any

import numpy as np

from .cases import Wrong, case, shown
from .engine import Engine, Unsupported

X23 = np.array([[1.0, -2, 3], [0.5, 4, -1]])
# What a loss may be computed by.
CROSS_ENTROPY = (
    "exp", "log", "sum", "mean", "max", "index", "softmax", "log_softmax", "logsumexp", "reshape", "sub", "mul", "neg",
)  # fmt: skip
LOGITS, LABELS = np.array([[2.0, -1, 0.5], [0, 1, 3]]), np.array([0, 1])

# --- optimizers ----------------------------------------------------------------------------------


def _optimizer(e: Engine, name: str, parameters: list[Any], **options: float) -> Any:
    make = e.thing(name)
    try:
        return make(parameters, lr=0.1, **options)
    except TypeError as error:
        if options:
            raise Unsupported(f"{name}: {error}") from None
        return make(parameters, 0.1)


@case(15, "SGD, one step", "SGD")
def _(e: Engine) -> None:
    x = e.variable(3.0)
    optimizer = _optimizer(e, "SGD", [x])
    e.backward(x * x)
    optimizer.step()
    if e.number(x) == 3.0:
        raise Wrong("STEP_IN_A_COPY", "3 stays 3 after a step, right is 2.4")
    if not e.close(e.number(x), 2.4):
        raise Wrong("SGD", f"3 becomes {e.number(x):g}, right is 2.4")


@case(15, "SGD, two parameters, two steps", "SGD")
def _(e: Engine) -> None:
    x, y = e.variable(3.0), e.variable(1.0)
    optimizer = _optimizer(e, "SGD", [x, y])
    for _ in range(2):
        e.zero(x)
        e.zero(y)
        e.backward(x * e.constant(2.0) + y * e.constant(4.0))
        optimizer.step()
    if not (e.close(e.number(x), 2.6) and e.close(e.number(y), 0.2)):
        raise Wrong("SGD", f"(3, 1) becomes ({e.number(x):g}, {e.number(y):g}), right is (2.6, 0.2)")


@case(15, "SGD with momentum, two steps", "MOMENTUM")
def _(e: Engine) -> None:
    x = e.variable(3.0)
    optimizer = _optimizer(e, "SGD", [x], momentum=0.9)
    for _ in range(2):
        e.zero(x)
        e.backward(x * e.constant(5.0))
        optimizer.step()
    at = e.number(x)
    if e.close(at, 3 - 0.05 - 0.095):
        raise Wrong("MOMENTUM_AVERAGED", "the gradient enters with a factor 0.1; PyTorch adds all of it", differs=True)
    if not e.close(at, 3 - 0.5 - 0.95):
        raise Wrong("MOMENTUM", f"two steps with the gradient 5 lead from 3 to {at:g}, right is 1.55")


@case(15, "an optimizer's zero_grad", "ZERO")
def _(e: Engine) -> None:
    x = e.variable(3.0)
    optimizer = _optimizer(e, "SGD", [x])
    zero = getattr(optimizer, "zero_grad", None)
    if zero is None:
        raise Unsupported("no zero_grad")
    e.backward(x * x)
    zero()
    if np.any(e.slope(x)):
        raise Wrong("ZERO", f"after zero_grad() the gradient is {e.slope(x):g}")


def _adam_steps(e: Engine, parameters: int) -> list[float]:
    """Where the last of some parameters is after each of two steps from 3, with a gradient of 5."""
    xs = [e.variable(3.0) for _ in range(parameters)]
    optimizer, places = _optimizer(e, "Adam", xs), []
    for _ in range(2):
        for x in xs:
            e.zero(x)
            e.backward(x * e.constant(5.0))
        optimizer.step()
        places.append(e.number(xs[-1]))
    return places


@case(15, "Adam, two steps", "ADAM")
def _(e: Engine) -> None:
    first, second = _adam_steps(e, 1)
    if abs(first - 2.9) > 1e-3:
        no_correction = abs(first - (3 - 0.1 * 0.1 / np.sqrt(0.001))) < 1e-2
        raise Wrong("ADAM_BIAS" if no_correction else "ADAM", f"the first step leads from 3 to {first:g}, right is 2.9")
    if abs(second - 2.8) > 1e-3:
        raise Wrong("ADAM_COUNT", f"the second step leads from 2.9 to {second:g}, right is 2.8")


@case(15, "Adam, two parameters", "ADAM_COUNT")
def _(e: Engine) -> None:
    first, second = _adam_steps(e, 2)
    if abs(first - 2.9) > 1e-3 or abs(second - 2.8) > 1e-3:
        raise Wrong("ADAM_COUNT", f"the second parameter goes from 3 to {first:g} and {second:g}, right is 2.9 and 2.8")


# --- layers --------------------------------------------------------------------------------------


def _linear(e: Engine, inputs: int, outputs: int) -> tuple[Any, Any, Any]:
    """A linear layer, its weight and its bias."""
    layer = e.thing("Linear")(inputs, outputs)
    held = [t for t in vars(layer).values() if isinstance(t, e.cls)]
    held = held or [t for t in getattr(layer, "parameters", list)() if isinstance(t, e.cls)]
    weight = next((t for t in held if sorted(e.value(t).shape) == sorted((inputs, outputs))), None)
    bias = next((t for t in held if t is not weight and e.value(t).size == outputs), None)
    if weight is None or bias is None:
        raise Unsupported("no weight and bias are found in Linear's attributes and parameters()")
    return layer, weight, bias


@case(15, "Linear, forward", "LINEAR", tensors=True, uses=["matmul", "add", "transpose"])
def _(e: Engine) -> None:
    layer, weight, bias = _linear(e, 3, 2)
    matrix = e.value(weight)
    matrix = matrix if matrix.shape == (3, 2) else matrix.T
    found, right = e.value(layer(e.constant(X23))), X23 @ matrix + e.value(bias).reshape(-1)
    if found.shape != right.shape or not e.close(found, right):
        raise Wrong("LINEAR", f"the output is {shown(found)}, xW + b is {shown(right)}", "value")


@case(15, "Linear, gradients", "LINEAR", tensors=True, uses=["matmul", "add", "transpose"])
def _(e: Engine) -> None:
    layer, weight, bias = _linear(e, 3, 2)
    x = e.variable(X23.copy())
    arriving = np.array([[1.0, -2], [3, 0.5]])
    e.backward_from_total(layer(x), arriving)
    matrix = e.value(weight)
    as_on_the_board = matrix.shape == (3, 2)
    right_weight = X23.T @ arriving if as_on_the_board else arriving.T @ X23
    right_x = arriving @ (matrix.T if as_on_the_board else matrix)
    right_bias = arriving.sum(0).reshape(e.value(bias).shape)
    for name, t, right, mistake in [
        ("bias", bias, right_bias, "BIAS_BATCH"),
        ("weight", weight, right_weight, "LINEAR"),
        ("x", x, right_x, "LINEAR"),
    ]:
        found = e.gradient(t)
        if found is None or found.shape != right.shape or not e.close(found, right):
            came = "missing" if found is None else shown(found)
            mistake = mistake if found is not None and np.any(found) else "LINEAR"
            raise Wrong(mistake, f"the gradient of {name} is {came}, right is {shown(right)}")


@case(15, "Linear, its first weights", "ALIKE", tensors=True)
def _(e: Engine) -> None:
    _, weight, _ = _linear(e, 5, 4)
    if len(np.unique(e.value(weight))) == 1:
        raise Wrong("ALIKE", f"all weights are {e.number(weight):g}")


@case(15, "parameters() of a Sequential", "MISSING_PARAMETERS", tensors=True)
def _(e: Engine) -> None:
    make = e.thing("Sequential")
    layers = [_linear(e, 3, 2)[0], _linear(e, 2, 1)[0]]
    try:
        model = make(*layers)
    except TypeError:
        model = make(layers)
    found = list(model.parameters())
    if len(found) != 4:
        raise Wrong("MISSING_PARAMETERS", f"two linear layers have 4 parameters, parameters() finds {len(found)}")


# --- losses --------------------------------------------------------------------------------------


def _loss(e: Engine, name: str, *arguments: Any) -> Any:
    """A loss, whether it is a function or a class whose instances are called."""
    try:
        return e.apply(name, *arguments)
    except Unsupported:
        return e.thing({"cross_entropy": "CrossEntropyLoss", "mse_loss": "MSELoss"}[name])()(*arguments)


def _judge_loss(e: Engine, loss: Any, x: Any, right: float, right_gradient: np.ndarray, mistake: str) -> None:
    """Compare a mean, and recognise a sum."""
    count = np.shape(right_gradient)[0]
    value, summed = e.number(loss), e.close(e.number(loss), right * count)
    if not summed and not e.close(value, right):
        raise Wrong(mistake, f"the loss is {value:g}, right is {right:g}", "value")
    e.backward(loss)
    gradient = e.gradient(x)
    expected = right_gradient * (count if summed else 1)
    if gradient is None or gradient.shape != expected.shape or not e.close(gradient, expected):
        if gradient is not None and gradient.shape == expected.shape:
            if e.close(gradient, expected * count):
                mistake = "LOSS_MEAN"
            elif e.close(gradient, expected / count):
                mistake = "LOSS_TWICE"
        raise Wrong(
            mistake, f"the gradient is {'missing' if gradient is None else shown(gradient)}, right is {shown(expected)}"
        )
    if summed:
        raise Wrong("LOSS_SUM", "the loss is a sum over the batch, PyTorch's is a mean", differs=True)


@case(15, "mean squared error", "MSE", tensors=True, uses=["sub", "mul", "pow", "sum", "mean", "div"])
def _(e: Engine) -> None:
    found, target = np.array([1.0, 4, -2, 0.5]), np.array([2.0, 2, 1, 0])
    x = e.variable(found.copy())
    loss = _loss(e, "mse_loss", x, e.constant(target))
    _judge_loss(e, loss, x, np.mean((found - target) ** 2), 2 * (found - target) / 4, "MSE")


@case(15, "cross-entropy", "CROSS_ENTROPY", tensors=True, uses=CROSS_ENTROPY)
def _(e: Engine) -> None:
    x = e.variable(LOGITS.copy())
    loss = _loss(e, "cross_entropy", x, LABELS.copy())
    shares = np.exp(LOGITS) / np.exp(LOGITS).sum(1, keepdims=True)
    right = -np.log(shares[[0, 1], LABELS]).mean()
    _judge_loss(e, loss, x, right, (shares - np.eye(3)[LABELS]) / 2, "CROSS_ENTROPY")


@case(15, "cross-entropy of (1000, 0)", "UNSTABLE", tensors=True)
def _(e: Engine) -> None:
    x = e.variable(np.array([[1000.0, 0.0]]))
    loss = _loss(e, "cross_entropy", x, np.array([1]))
    if not np.isfinite(e.number(loss)):
        raise Wrong("UNSTABLE", f"the loss is {e.number(loss)}, right is 1000", "value")
    e.backward(loss)
    if not np.all(np.isfinite(e.gradient(x))):
        raise Wrong("UNSTABLE", f"the gradient is {shown(e.gradient(x))}")
