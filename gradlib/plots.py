"""Pictures with Matplotlib: each function draws one, on `ax` or on a new figure, and returns the axes.

*One look.* A new figure has the look of the course, whatever your rcParams say, and leaves them alone. `style()` is
that look as a style sheet: `plt.style.use(plots.style())` gives it to your own figures, and `plt.style.use("default")`
takes it away again. For a picture in your own style pass `ax`: fonts, sizes and colours are then those of your
rcParams, except ink that could not be seen on your background.

*Both themes.* The ground is transparent, so that a figure is part of a light and of a dark page. Colours, dashes and
markers come from gradlib/palette.py: lines and marks read on both grounds, text is dark and has a light edge.

*Values* have colour maps whose lightness rises evenly (viridis), signed values a map that is light in the middle and
dark at both ends.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from .autograd import enable_grad, no_grad
from .diagnostics import ActivationTracker, GradientTracker
from .errors import GraphError, ShapeError, whole
from .functional import grad
from .nn.module import evaluating
from .operations import on_cpu
from .palette import CATEGORIES, GRADIENT, INK, TEXT, TRAINING, VALIDATION, VALUE, Look
from .random import generator
from .tensor import Tensor

_VALUES, _SIGNED = "viridis", "PuOr"
_LIGHT = "#EEEEEE"  # ink on a dark background


def style() -> dict[str, Any]:
    """The look of the course's figures: a style sheet for Matplotlib.

    >>> from matplotlib import pyplot as plt
    >>> with plt.style.context(style()):  # or, for all figures from here on, plt.style.use(style())
    ...     ax = plt.figure().add_subplot()
    >>> ax.get_facecolor()  # the page shines through
    (0.0, 0.0, 0.0, 0.0)
    """
    from cycler import cycler

    dashes = [_line(look) for look in CATEGORIES]
    return {
        "figure.hooks": ["gradlib.halo:no_ground"], "figure.facecolor": "white", "axes.facecolor": "none",
        "legend.frameon": False, "figure.constrained_layout.use": True, "figure.figsize": (6.4, 4.2),
        "text.color": TEXT, "axes.labelcolor": TEXT, "axes.titlecolor": TEXT, "legend.labelcolor": TEXT,
        "xtick.labelcolor": TEXT, "ytick.labelcolor": TEXT,
        "axes.edgecolor": INK, "xtick.color": INK, "ytick.color": INK, "hatch.color": INK, "patch.edgecolor": INK,
        "grid.color": INK, "grid.alpha": 0.3, "lines.linewidth": 1.8, "patch.facecolor": CATEGORIES[0].color,
        "axes.prop_cycle": cycler(color=[look.color for look in CATEGORIES], linestyle=dashes),
        "font.size": 11, "axes.titlesize": 12, "axes.labelsize": 11, "xtick.labelsize": 10, "ytick.labelsize": 10,
        "legend.fontsize": 10, "image.cmap": _VALUES,
    }  # fmt: skip


def _line(look: Look) -> Any:
    """The dashes of a look in Matplotlib's words."""
    return (0, look.dashes) if look.dashes else "-"


def _category(i: int) -> Look:
    """The look of curve or class i; pairs of colour and dashes repeat after 64."""
    turn = CATEGORIES[(i + i // len(CATEGORIES)) % len(CATEGORIES)]
    return Look(CATEGORIES[i % len(CATEGORIES)].color, turn.dashes, turn.marker)


# Curves ------------------------------------------------------------


def loss_curves(history: Any, ax=None, *, log: bool = False, title: str = "Loss by epoch"):
    """Draw the losses of a training run, one line each, over the epochs from 1.

    history : a `History`, a dict {name: list} or one list. If names in a dict contain "loss", only those are drawn.
        None and NaN leave a gap. log : a logarithmic axis, for losses that fall by orders of magnitude.

    The lowest value of each line is ringed; the legend names it and its epoch. For more than four lines the legend of a
    new figure is below the axes.

    >>> ax = loss_curves({"train_loss": [1.0, 0.5, 0.3], "val_loss": [1.1, 0.7, 0.8]})
    >>> [line.get_ydata().tolist() for line in ax.lines[:2]]
    [[1.0, 0.5, 0.3], [1.1, 0.7, 0.8]]
    """
    series = _series(history)
    below = ax is None and len(series) > 4
    with _drawing(ax, (6.4, 4.2 + 0.25 * len(series) * below)) as ax:
        lowest = {name: int(np.nanargmin(values)) for name, values in series.items() if np.isfinite(values).any()}
        for (name, values), look in zip(series.items(), _looks(series), strict=True):
            label = name.replace("_", " ")
            label += (
                f" (lowest {values[lowest[name]]:.3g} at {lowest[name] + 1})" if name in lowest else " (never finite)"
            )
            every = max(1, len(values) // 12)
            epochs = np.arange(1, len(values) + 1)
            ax.plot(
                epochs, values, color=look.color, ls=_line(look), marker=look.marker, ms=5, markevery=every, label=label
            )
        for name, epoch in lowest.items():
            ax.plot(epoch + 1, series[name][epoch], "o", ms=11, mfc="none", mec=_ink(ax), mew=1.2, ls="", zorder=3)
        if log:
            ax.set_yscale("log", nonpositive="mask")
        _whole_numbers(ax.xaxis)
        return _finish(ax, title, "epoch", "loss", grid=True, legend="below" if below else "best")


def _looks(names: Iterable[str]) -> list[Look]:
    """The looks of training and validation, if there is at most one curve of each; other curves are numbered."""
    meant = [TRAINING if "train" in name or name == "loss" else VALIDATION if "val" in name else None for name in names]
    if max(meant.count(TRAINING), meant.count(VALIDATION)) > 1:
        meant = [None] * len(meant)
    others = map(_category, range(len(meant)))
    return [look or next(others) for look in meant]


def _series(history: Any) -> dict[str, np.ndarray]:
    """The curves of a history, by name, gaps as NaN."""
    for attribute in ("to_dict", "as_dict"):
        if hasattr(history, attribute):
            history = getattr(history, attribute)()
    history = getattr(history, "history", history)
    if not isinstance(history, Mapping):
        history = {"loss": history}
    for values in history.values():
        if isinstance(values, str) or not np.iterable(values):
            raise TypeError(f"losses must be a History, a dict {{name: list}} or a list of numbers; got {values!r}.")
    losses = {name: values for name, values in history.items() if "loss" in name} or history
    series = {}
    for name, values in losses.items():
        array = _array(name, [np.nan if value is None else value for value in values]).astype(float)
        if array.ndim != 1:
            raise ShapeError(f"a curve must be a list of numbers, {name!r} has shape {array.shape}.")
        series[name] = array
    if len(series) > len(CATEGORIES):
        raise ValueError(
            f"{len(series)} curves in one picture cannot be told apart, {len(CATEGORIES)} can: choose some, as in "
            f"{{name: history[name] for name in {list(series)[:2]}}}."
        )
    if not any(len(values) for values in series.values()):
        raise ValueError("there is nothing to draw: the history is empty. Draw it after the first epoch.")
    return series


def taylor(f: Callable, center: float = 0.0, orders: Sequence[int] = (1, 2, 3, 5), xlim=None, ax=None):
    """Draw a function of one number and its Taylor polynomials about a point.

        p_n(x) = Σ_{k ≤ n} f⁽ᵏ⁾(c)/k! · (x - c)ᵏ

    f : a function of a tensor, entry by entry. Derivatives of any order are exact: gradients of gradients.
    xlim : the range of x, by default center ± 3. The range of y is that of f, with a margin.

    Raises ValueError if f or one of its derivatives is not finite at the center, as the logarithm at 0.

    >>> taylor_coefficients(lambda x: x.exp(), 0.0, 4)
    array([1.        , 1.        , 0.5       , 0.16666667, 0.04166667])
    """
    center = _number("center", center)
    low, high = _limits("xlim", (center - 3, center + 3) if xlim is None else xlim)
    orders = [_order(order) for order in (orders if np.iterable(orders) else [orders])]
    coefficients = taylor_coefficients(f, center, max(orders, default=0))
    x = np.linspace(low, high, 401)
    with no_grad(), np.errstate(all="ignore"):  # a gap where f is not defined
        y = _array("the result of f", f(Tensor(x)))
    if y.shape != x.shape:
        raise ShapeError(f"f must work entry by entry: for 401 numbers it returned shape {y.shape}.")
    with _drawing(ax) as ax:
        ax.plot(x, y, color=_ink(ax), lw=3, label="f", zorder=3)
        for i, order in enumerate(orders):
            look = _category(i)
            polynomial = np.polynomial.polynomial.polyval(x - center, coefficients[: order + 1])
            ax.plot(x, polynomial, color=look.color, ls=_line(look), lw=1.8, label=f"order {order}")
        ax.plot(center, coefficients[0], "o", color=_ink(ax), ms=8, ls="", label="_center", zorder=4)
        finite = np.append(y[np.isfinite(y)], coefficients[0])
        margin = 0.3 * float(np.ptp(finite)) or 1.0
        ax.set_ylim(finite.min() - margin, finite.max() + margin)
        ax.set_xlim(low, high)
        return _finish(ax, f"Taylor polynomials about {center:g}", "x", "f(x)", grid=True, legend="best")


def taylor_coefficients(f: Callable, center: float, order: int) -> np.ndarray:
    """f⁽ᵏ⁾(c)/k! for k from 0 to order, in float64, by differentiating the graph repeatedly."""
    order, center = _order(order), _number("center", center)
    x = Tensor(np.array(float(center)), requires_grad=True)
    coefficients = []
    with enable_grad(), np.errstate(all="ignore"):
        derivative = f(x)
        if not isinstance(derivative, Tensor):
            raise TypeError(f"f must return a tensor, it returned a {type(derivative).__name__}.")
        if derivative.numel() != 1:
            raise ShapeError(f"f must return one number for one number, it returned shape {derivative.shape}.")
        for k in range(order + 1):
            derivative = _derivative(derivative, x) if k else derivative
            if not np.isfinite(derivative.item()):
                what = f"derivative {k} of f" if k else "f"
                raise ValueError(
                    f"at {center:g} {what} is {derivative.item()}, so there is no polynomial. Move the center."
                )
            coefficients.append(derivative.item() / math.factorial(k))
    return np.array(coefficients)


def _derivative(y: Tensor, x: Tensor) -> Tensor:
    """dy/dx; 0 if y no longer depends on x, as the derivative of a constant does not."""
    slope = grad(y, x, create_graph=True, allow_unused=True)[0] if y.requires_grad else None
    return Tensor(np.zeros(())) if slope is None else slope


# The plane ------------------------------------------------------------


def decision_boundary(model: Callable, X: Any, y: Any, ax=None, *, resolution: int = 200, threshold=None):
    """Draw the regions into which a classifier divides the plane, and labelled points.

    model : takes a tensor (n, 2) and returns (n,), (n, 1) or (n, classes). X : points, (n, 2). y : their classes,
        0, 1, 2, ..., (n,) or (n, 1).
    threshold : a single output above it means class 1; by default 0.5 if all outputs are probabilities, in [0, 1], else
        0.

    A module runs in eval mode.
    """
    _at_least(2, resolution=resolution)
    X, y = _array("X", X), np.asarray(on_cpu(y))
    threshold = None if threshold is None else _number("threshold", threshold)
    if X.ndim != 2 or X.shape[1] != 2 or not len(X):
        raise ShapeError(f"a decision boundary needs points in the plane: X must have shape (n, 2), got {X.shape}.")
    if y.shape not in ((len(X),), (len(X), 1)):
        raise ShapeError(
            f"X holds {len(X)} points and y {y.size} classes: y must have shape ({len(X)},), got {y.shape}."
        )
    y = _class_indices("y", y.reshape(-1))
    if not np.isfinite(X).all():
        raise ValueError("X holds NaN or infinity, which has no place in the plane.")
    low, high = X.min(axis=0), X.max(axis=0)
    margin = 0.1 * np.where(high > low, high - low, 10.0)
    grid = [np.linspace(a, b, resolution) for a, b in zip(low - margin, high + margin, strict=True)]
    across, up = np.meshgrid(*grid)
    points = np.stack([across.ravel(), up.ravel()], axis=1).astype(X.dtype if X.dtype.kind == "f" else np.float32)
    classes = _classes(_run(model, points), threshold, len(points)).reshape(across.shape)
    count = max(int(classes.max()), int(y.max())) + 1
    legend = "beside" if ax is None else "upper right"
    with _drawing(ax, (6.4, 4.8)) as ax:
        from matplotlib.colors import ListedColormap, to_rgb
        from matplotlib.patheffects import withStroke

        # At 0.35 of its colour a region shows on light and on dark, and is not taken for a point of its class.
        tints = ListedColormap(
            [(*to_rgb(_category(i).color), 0.35 + 0.15 * (i // len(CATEGORIES))) for i in range(count)]
        )
        ax.pcolormesh(*grid, classes, cmap=tints, vmin=-0.5, vmax=count - 0.5, shading="nearest", rasterized=True)
        found = np.unique(classes)
        for label in (
            found[:-1] if len(found) == 2 else found
        ):  # one class at a time: no class lies between two that touch
            ax.contour(*grid, classes == label, levels=[0.5], colors=[_ink(ax)], linewidths=1.5)
        shrink = min(1.0, 500 / len(X)) ** 0.5
        edge = withStroke(
            linewidth=2.5 * shrink, foreground="white"
        )  # a dark edge in a light one shows on every region
        look = {"s": 36 * shrink, "edgecolors": TEXT, "lw": 0.8 * shrink, "path_effects": [edge]}
        for label in np.unique(y):
            kind = _category(label)
            ax.scatter(*X[y == label].T, c=kind.color, marker=kind.marker, label=f"class {label}", **look)
        ax.set_xlim(grid[0][[0, -1]])
        ax.set_ylim(grid[1][[0, -1]])
        return _finish(ax, "Decision boundary", "x₀", "x₁", legend=legend)


def _class_indices(name: str, classes: np.ndarray) -> np.ndarray:
    """Classes as integers from 0; ValueError names a number that is not a class."""
    if classes.dtype.kind not in "fiub":
        raise TypeError(
            f"{name} must hold the classes 0, 1, 2, ..., got {classes.dtype}. For names, np.unique({name}, "
            "return_inverse=True) returns the names and their classes."
        )
    wrong = classes[~(classes >= 0) | (classes != np.trunc(classes))]
    if wrong.size:
        raise ValueError(f"classes must be 0, 1, 2, ..., not negative or fractions, but {name} holds {wrong[0]:g}.")
    return classes.astype(int)


def _classes(outputs: np.ndarray, threshold: float | None, count: int) -> np.ndarray:
    if outputs.shape[:1] != (count,) or outputs.ndim > 2:
        raise ShapeError(
            f"for {count} points the model must return ({count},) or ({count}, classes), it returned {outputs.shape}."
        )
    if np.isnan(outputs).any():
        raise ValueError("the model returned NaN, which is not a class. Look for the first NaN (detect_anomaly).")
    if outputs.ndim == 2 and outputs.shape[1] > 1:
        return outputs.argmax(axis=1)
    if threshold is None:
        threshold = 0.5 if outputs.min() >= 0 and outputs.max() <= 1 else 0.0
    return (outputs.reshape(-1) > threshold).astype(int)


def gradient_field(f: Callable, xlim=(-2.0, 2.0), ylim=(-2.0, 2.0), ax=None, *, arrows: int = 15, descent=False):
    """Draw the heights of a function of two variables, and arrows along its gradient.

    f : a function of two tensors x and y, entry by entry. ∂f/∂x and ∂f/∂y at all points come from one backward pass
        through Σ f. The length of an arrow grows with the square root of the slope, up to three times the median.
    descent : draw arrows along -∇f, the direction of gradient descent.

    To scale, unless one range is more than four times the other.

    >>> ax = gradient_field(lambda x, y: x**2 + 3 * y**2)
    """
    _at_least(1, arrows=arrows)
    xlim, ylim = _limits("xlim", xlim), _limits("ylim", ylim)
    fine = [np.linspace(*limits, 121) for limits in (xlim, ylim)]
    with no_grad(), np.errstate(all="ignore"):  # nothing is drawn where f is not defined
        heights = _array("the result of f", f(*(Tensor(axis) for axis in np.meshgrid(*fine))))
    if heights.shape != (121, 121):
        raise ShapeError(f"f must work entry by entry: for two tensors (121, 121) it returned {heights.shape}.")
    finite = heights[np.isfinite(heights)]
    if not finite.size:
        raise ValueError("f is not finite anywhere in this range, so there is nothing to draw. Move xlim and ylim.")
    edges = [np.linspace(*limits, arrows + 1) for limits in (xlim, ylim)]
    across, up = np.meshgrid(*((edge[1:] + edge[:-1]) / 2 for edge in edges))  # the middles of cells
    x, y = Tensor(across, requires_grad=True), Tensor(up, requires_grad=True)
    with enable_grad(), np.errstate(all="ignore"):
        z = f(x, y)
        if not isinstance(z, Tensor):
            raise TypeError(f"f must return a tensor, it returned a {type(z).__name__}.")
        slopes = grad(z.sum(), (x, y), allow_unused=True)
    slopes = [np.zeros_like(across) if slope is None else slope.data for slope in slopes]
    if descent:
        slopes = [-slope for slope in slopes]
    with np.errstate(all="ignore"):
        shown = [slope / np.sqrt(np.hypot(*slopes)) for slope in slopes]
        steep = np.isfinite(shown).all(axis=0)  # not level, and with a gradient
        cells = [np.ptp(limits) / arrows for limits in (xlim, ylim)]
        lengths = np.hypot(*(part / cell for part, cell in zip(shown, cells, strict=True)))  # in cells
    if steep.any():
        longest = min(lengths[steep].max(), 3 * np.median(lengths[steep]))
        shown = [np.where(steep, part / np.maximum(lengths, longest), np.nan) for part in shown]
    to_scale = max(cells) <= 4 * min(cells)
    high = 4.1 * cells[1] / cells[0] + 0.8 if to_scale else 4.8  # inches: as high as the picture, so is the colour bar
    with _drawing(ax, (6.2, min(max(high, 2.4), 6.4))) as ax:
        levels = 20 if np.ptp(finite) > 1e-9 * np.abs(finite).max() else _levels(heights)[0]
        filled = ax.contourf(*fine, heights, levels=levels, cmap=_VALUES)
        ax.quiver(
            across, up, *shown, angles="xy", scale_units="xy", scale=1, pivot="middle", color="white",
            edgecolor="black", linewidth=0.5, width=0.006, headwidth=4,
        )  # fmt: skip
        if to_scale:
            ax.set_aspect("equal")  # to scale, arrows are at right angles to the lines of equal height
        _colorbar(ax, filled, "f(x, y)")
        return _finish(ax, "Descent: the direction of -∇f" if descent else "The gradient ∇f points uphill", "x", "y")


def loss_surface(
    loss: Callable[[], Any], parameters: Any, ax=None, *, directions=None, span: float = 1.0, resolution: int = 25,
    rng: np.random.Generator | None = None,
):  # fmt: skip
    """Draw the loss around a model's weights, along two directions: L(θ + a d₁ + b d₂), for a and b in ±span.

    loss : a function without arguments that computes the current loss of the model. parameters : a Module, or its
        parameters.
    directions : two lists of arrays, an array for each parameter; by default random ones in which each parameter's part
        has the same norm as that parameter, so that a step of 1 is as large as the weights (after Li et al.,
        Visualizing the Loss Landscape of Neural Nets, 2018, who scale each filter).

    The weights are moved and then restored. Levels are logarithmic if the loss varies by more than a factor of 100.
    """
    parameters = parameters.parameters() if hasattr(parameters, "parameters") else parameters
    parameters = list(parameters) if np.iterable(parameters) else [parameters]
    for parameter in parameters:
        if not isinstance(parameter, Tensor):
            raise TypeError(f"parameters must be a Module or its parameters, got {type(parameter).__name__}.")
    _at_least(2, resolution=resolution)
    span = _number("span", span)
    if not parameters:
        raise ValueError("there are no parameters to move: pass the model or model.parameters().")
    start = [parameter.data.copy() for parameter in parameters]
    if directions is None:
        rng = generator(rng)
        directions = [[_as_long(rng.normal(size=w.shape), w) for w in start] for _ in range(2)]
    if not np.iterable(directions) or len(directions := list(directions)) != 2:
        raise TypeError(f"directions must be two lists of arrays, got {directions!r}.")
    for i, direction in enumerate(directions):
        shapes = [np.shape(part) for part in direction] if np.iterable(direction) else "a number"
        if shapes != [w.shape for w in start]:
            raise ShapeError(
                f"direction {i} must hold an array for each parameter, of shapes {[w.shape for w in start]}, got "
                f"{shapes}."
            )
    steps = np.linspace(-span, span, resolution)
    heights = np.empty((resolution, resolution))
    try:
        with no_grad():
            for i, b in enumerate(steps):
                for j, a in enumerate(steps):
                    for parameter, w, first, second in zip(parameters, start, *directions, strict=True):
                        parameter.data = (
                            w + a * _array("a direction", first) + b * _array("a direction", second)
                        ).astype(w.dtype)
                    heights[i, j] = _number("the loss", loss(), finite=False)
    finally:
        for parameter, w in zip(parameters, start, strict=True):
            parameter.data = w
    levels, norm = _levels(heights)
    with _drawing(ax, (6.2, 4.8)) as ax:
        filled = ax.contourf(steps, steps, heights, levels=levels, norm=norm, cmap=_VALUES, extend="both")
        ax.contour(steps, steps, heights, levels=levels[::2], norm=norm, colors="white", linewidths=0.5)
        ax.plot(0, 0, "P", color="white", mec="black", ms=12, label="the weights now")
        ax.set_aspect("equal")
        bar = _colorbar(ax, filled, "loss")
        bar.ax.yaxis.set_major_formatter(lambda value, _: f"{value:.3g}")
        along = [f"step along direction {i}" for i in (1, 2)]
        return _finish(ax, "Loss around the weights", *along, legend="upper right", on_map=True)


def _as_long(direction: np.ndarray, w: np.ndarray) -> np.ndarray:
    return direction * (np.linalg.norm(w) / max(float(np.linalg.norm(direction)), 1e-12))


def _levels(heights: np.ndarray):
    """Contour levels, evenly spaced, or logarithmic if the heights vary by more than a factor of 100."""
    from matplotlib.colors import LogNorm, Normalize

    finite = heights[np.isfinite(heights)]
    if not finite.size:
        raise ValueError("the loss is not finite anywhere around these weights, so there is no surface to draw.")
    low, high = float(finite.min()), float(finite.max())
    if low > 0 and high > 100 * low:
        return np.geomspace(low, high, 21), LogNorm(low, high)
    if high - low <= 1e-9 * abs(low):  # level: one colour, in the middle of the map
        low, high = low - 0.5 * max(abs(low), 1.0), low + 0.5 * max(abs(low), 1.0)
    return np.linspace(low, high, 21), Normalize(low, high)


# Layers ------------------------------------------------------------


def gradient_flow(source: Any, ax=None):
    """Draw the size of each parameter's gradient: mean |g| and max |g|, on a logarithmic axis, first layer on top.

    source : a model after `backward()`, a `GradientTracker` (its last record), or a dict {name: gradient}. A parameter
        whose gradient is all 0 or not finite has no dot; its name says so.
    """
    if isinstance(source, GradientTracker):
        last = {name: {figure: series[-1] for figure, series in f.items()} for name, f in source.history.items()}
        known = {name: f for name, f in last.items() if f["norm"] is not None}
        rows = {name: (f["mean_abs"], max(abs(f["min"]), abs(f["max"]))) for name, f in _something(known).items()}
    else:
        rows = {name: (np.abs(g).mean(), np.abs(g).max()) for name, g in _gradients(source).items()}
    names = [name + _without_a_dot(largest) for name, (_, largest) in rows.items()]
    mean, largest = (np.array(column, dtype=float) for column in zip(*rows.values(), strict=True))
    dot = np.isfinite(mean) & (mean > 0)
    mean, largest = np.where(dot, mean, np.nan), np.where(dot, largest, np.nan)
    with _drawing(ax, (6.4, 1.4 + 0.32 * len(rows))) as ax:
        places = np.arange(len(rows))
        ax.hlines(places, mean, largest, color=GRADIENT.color, lw=1.5)
        ax.plot(mean, places, "o", color=GRADIENT.color, ms=8, ls="", label="mean |g|")
        ax.plot(largest, places, "^", color=GRADIENT.color, mfc="none", ms=8, ls="", label="max |g|")
        ax.set_xscale("log")
        ax.set_yticks(places, names)
        ax.set_ylim(len(rows) - 0.5, -0.5)  # the first layer on top
        return _finish(ax, "Gradient flow, first layer on top", "size of the gradient", "", grid="x", legend="best")


def _without_a_dot(largest: float) -> str:
    """The note on a gradient that has no place on the axis."""
    return "  (NaN)" if np.isnan(largest) else "  (infinite)" if np.isinf(largest) else "" if largest else "  (all 0)"


def activation_histograms(source: Any, x: Any = None, ax=None, *, bins: int = 60):
    """Draw a histogram of each layer's output, one below the other, first layer on top.

    source : a model, together with its input x, or a dict {name: activations}.
    """
    if isinstance(source, Mapping):
        arrays = {name: _array(name, values) for name, values in source.items()}
    else:
        if x is None:
            raise TypeError("a model's activations need its input: activation_histograms(model, x).")
        arrays = _activations(source, x)
    return _ridges(arrays, ax, bins, VALUE, "Activations by layer", "value of the activation")


def gradient_histograms(source: Any, ax=None, *, bins: int = 60):
    """Draw a histogram of each parameter's gradient, one below the other, first layer on top.

    source : a model after `backward()`, or a dict {name: gradient}.
    """
    return _ridges(_gradients(source), ax, bins, GRADIENT, "Gradients by parameter", "entry of the gradient")


def _ridges(arrays: Mapping[str, np.ndarray], ax, bins: int, look: Look, title: str, xlabel: str):
    """Histograms on one axis of values, each on its own line and as high as the line allows.

    Values that are not finite are not drawn; the name says how many there are.
    """
    _something(arrays)
    _at_least(1, bins=bins)
    finite = {name: array[np.isfinite(array)].ravel() for name, array in arrays.items()}
    everything = np.concatenate(list(finite.values())).astype(np.float64)  # half of a float16's range overflows
    if not everything.size:
        raise ValueError("no value is finite, so there is nothing to count. Look for the first NaN (detect_anomaly).")
    try:
        edges = np.histogram_bin_edges(everything, bins)
    except ValueError:  # the values are nearer to each other than so many edges can be
        margin = bins * np.spacing(np.abs(everything).max())
        edges = np.linspace(everything.min() - margin, everything.max() + margin, bins + 1)
    title += "\neach as high as its fullest bin" if len(arrays) > 1 else ""
    with _drawing(ax, (6.4, 1.8 + 0.55 * len(arrays))) as ax:
        for place, values in enumerate(finite.values()):
            counts, _ = np.histogram(values, edges)
            heights = 0.85 * counts / max(counts.max(), 1)
            ax.stairs(place - heights, edges, baseline=place, fill=True, color=look.color, alpha=0.5)
            ax.stairs(place - heights, edges, baseline=place, color=look.color, lw=1.3)
        ax.axvline(0, color=_ink(ax), lw=0.8, ls=":")
        names = []
        for name, array in arrays.items():
            left_out = array.size - len(finite[name])
            names.append(f"{name}  ({left_out} of {array.size} not finite)" if left_out or not array.size else name)
        ax.set_yticks(range(len(arrays)), names)
        ax.set_ylim(len(arrays) - 0.8, -1)
        return _finish(ax, title, xlabel, "")


def gradient_heatmap(gradient: Any, ax=None, *, name: str = "", rows: str = "input", columns: str = "output"):
    """Draw every entry of a gradient as a colour, with 0 in the middle of the colour map.

    gradient : a tensor whose `grad` is drawn, or an array. A vector is drawn as a row; if there are more than two axes,
        all after the first are flattened.
    """
    if isinstance(gradient, Tensor):
        if gradient.grad is None:
            raise GraphError("this tensor has no gradient: call backward() first, or pass the array itself.")
        gradient = gradient.grad
    matrix = np.atleast_2d(_array("a gradient", gradient))
    if not matrix.size:
        raise ShapeError(f"a gradient of shape {np.shape(gradient)} has nothing to draw.")
    matrix = matrix.reshape(len(matrix), -1)  # (n, ...) -> (n, m)
    with _drawing(ax, (6.2, 4.8)) as ax:
        peak = float(np.nanmax(np.abs(np.where(np.isfinite(matrix), matrix, np.nan)), initial=0)) or 1.0
        image = ax.imshow(
            matrix, cmap=_with_bad(_SIGNED), vmin=-peak, vmax=peak, aspect="auto", interpolation="nearest"
        )
        _colorbar(ax, image, "∂L/∂w")
        _whole_numbers(ax.xaxis, ax.yaxis)
        if len(matrix) == 1:
            ax.set_yticks([])
        return _finish(ax, f"Gradient of {name}" if name else "Gradient", columns, rows if len(matrix) > 1 else "")


# Images ------------------------------------------------------------


def saliency_map(model: Callable, x: Any, target: int | None = None, ax=None, *, shape=None):
    """Draw how much each entry of an input moves the score of a class: |∂ score/∂x|.

    model : takes a batch and returns (1, classes), or one score. x : one input without the batch axis: (C, H, W),
        (H, W) or (features,). target : the class, by default the one with the highest score.
    shape : (H, W), the shape in which a flat input is drawn. For several channels the largest value is drawn.

    The outline of the input at half its height is drawn on top. Source: Simonyan et al., Deep Inside Convolutional
    Networks, 2013. A module runs in eval mode.
    """
    array = _array("x", x)
    array = array if array.dtype.kind == "f" else array.astype(np.float32)
    batch = Tensor(array[None], requires_grad=True)  # (...) -> (1, ...)
    with enable_grad(), evaluating(model):
        scores = model(batch)
        if not isinstance(scores, Tensor):
            raise TypeError(f"the model must return a tensor, it returned a {type(scores).__name__}.")
        if scores.shape[-1:] != (scores.numel(),) and scores.numel() != 1:
            raise ShapeError(
                f"for one input the model must return (1, classes) or one score, it returned {scores.shape}. x must "
                f"have no batch axis; got {array.shape}."
            )
        scores = scores.reshape(-1)
        target = int(np.argmax(scores.data)) if target is None else whole("target must be a class", target)
        if not 0 <= target < len(scores):
            raise ValueError(f"target must be one of the classes 0 to {len(scores) - 1}, got {target}.")
        (gradient,) = grad(scores[target], batch)
    slopes, picture = np.abs(on_cpu(gradient)[0]), array
    if shape is not None:
        if np.shape(shape) != (2,):
            raise TypeError(f"shape must be (height, width), got {shape!r}.")
        shape = tuple(whole("shape must be two integers", size, 1) for size in shape)
        if math.prod(shape) != array.size:
            raise ShapeError(f"shape {shape} has {math.prod(shape)} places for an input of {array.size} numbers.")
        slopes, picture = slopes.reshape(shape), picture.reshape(shape)
    if slopes.ndim == 3:  # (C, H, W) -> (H, W)
        slopes, picture = slopes.max(axis=0), picture.mean(axis=0)
    if slopes.ndim == 1:
        slopes, picture = slopes[None], picture[None]
    if slopes.ndim != 2:
        raise ShapeError(
            f"x must be one image, (C, H, W) or (H, W), or a vector, without a batch axis; got {array.shape}."
        )
    with _drawing(ax, (5.4, 4.6)) as ax:
        aspect = "auto" if len(slopes) == 1 else "equal"
        largest = float(slopes.max()) or 1.0
        image = ax.imshow(slopes, cmap=_with_bad(_VALUES), interpolation="nearest", vmin=0, vmax=largest, aspect=aspect)
        if min(picture.shape) > 1 and np.ptp(picture) > 0:
            level = (picture.min() + picture.max()) / 2
            for color, width in (("black", 3), ("white", 1.5)):  # white with a dark edge is visible on every colour
                ax.contour(picture, levels=[level], colors=color, linewidths=width)
        _colorbar(ax, image, "|∂ score/∂x|")
        _no_ticks(ax)
        score = "the score" if len(scores) == 1 else f"the score of class {target}"
        return _finish(ax, f"What {score} feels", "", "")


def image_grid(images: Any, titles: Sequence | None = None, columns: int | None = None, ax=None):
    """Draw several images in rows, with a line of text above each.

    images : (N, H, W), (N, 1, H, W), or (N, 3, H, W) with colours in [0, 1]. titles : N texts, or None.
    columns : the number of images in a row; by default about the number of rows.
    """
    images = _array("images", images)
    if images.ndim == 4 and images.shape[1] == 1:
        images = images[:, 0]
    if images.ndim == 3:
        images = images[:, None]  # (N, H, W) -> (N, 1, H, W)
    if images.ndim != 4 or images.shape[1] not in (1, 3) or not images.size:
        raise ShapeError(f"images must have shape (N, H, W), (N, 1, H, W) or (N, 3, H, W), got {images.shape}.")
    count, channels, height, width = images.shape
    titles = _names("titles", titles)
    if titles is not None and len(titles) != count:
        raise ShapeError(f"there are {count} images and {len(titles)} titles: pass one for each.")
    if channels == 3 and np.nanmax(images) > 1:
        raise ValueError(f"colours must be in [0, 1], but one is {np.nanmax(images):g}. For bytes pass images / 255.")
    if columns is not None:
        _at_least(1, columns=columns)
    columns = columns or math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    side, above = max(1, width // 12), max(1, height // 12) + (math.ceil(height * 0.28) if titles is not None else 0)
    canvas = np.full((rows * (height + above), columns * (width + side) - side, channels), np.nan)
    longest = max(map(len, map(str, titles))) if titles is not None else 0
    inches = max(max(1.3, 0.09 * longest) * columns, 3.0)
    with _drawing(ax, (inches, inches * canvas.shape[0] / canvas.shape[1])) as ax:
        for i, image in enumerate(images):
            top, left = i // columns * (height + above) + above, i % columns * (width + side)
            canvas[top : top + height, left : left + width] = np.moveaxis(image, 0, -1)
            if titles is not None:
                ax.text(left + width / 2 - 0.5, top - 0.5 - height * 0.04, str(titles[i]), ha="center", va="bottom",
                        fontsize=_points("xtick.labelsize"), color=_ink(ax, text=True))  # fmt: skip
        if channels == 3:
            opaque = np.isfinite(canvas[..., :1]).astype(float)
            canvas = np.concatenate([np.clip(np.nan_to_num(canvas), 0, 1), opaque], axis=-1)
        ax.imshow(canvas if channels == 3 else canvas[..., 0], cmap="gray", interpolation="nearest")
        from matplotlib.patches import Rectangle

        for i in range(count):  # an edge, for images as light or as dark as their background
            top, left = i // columns * (height + above) + above, i % columns * (width + side)
            edge = Rectangle((left - 0.5, top - 0.5), width, height, fill=False, edgecolor=INK, lw=0.8, clip_on=False)
            ax.add_patch(edge)
        ax.set_axis_off()
        return ax


def attention_map(weights: Any, queries: Sequence | None = None, keys: Sequence | None = None, ax=None):
    """Draw how much each query (a row) attends to each key (a column).

    weights : (L, S), the weights of one head for one sequence. queries, keys : the words or characters at the
        positions; numbers by default. If only `queries` is given and L = S, the keys are the same.
    """
    weights, queries, keys = _array("weights", weights), _names("queries", queries), _names("keys", keys)
    if weights.ndim != 2:
        raise ShapeError(
            f"weights must have shape (L, S), for one head and one sequence; got {weights.shape}. Choose one, as in "
            f"weights[{', '.join('0' * max(weights.ndim - 2, 1))}]."
        )
    if not weights.size:
        raise ShapeError(f"weights of shape {weights.shape} have nothing to draw.")
    keys = queries if keys is None and weights.shape[0] == weights.shape[1] else keys
    for name, words, size in (("queries", queries, weights.shape[0]), ("keys", keys, weights.shape[1])):
        if words is not None and len(words) != size:
            raise ShapeError(f"{name} must name the {size} positions, got {len(words)}.")
    with _drawing(ax, (5.8, 4.8)) as ax:
        image = ax.imshow(weights, cmap=_with_bad(_VALUES), vmin=0, interpolation="nearest")
        _colorbar(ax, image, "weight")
        _name_places(ax.xaxis, keys)
        _name_places(ax.yaxis, queries)
        return _finish(ax, "Attention: where each query looks", "key", "query")


def confusion_matrix(y_true: Any, y_pred: Any, labels: Sequence | None = None, ax=None):
    """Draw how often each true class (a row) was predicted as each class (a column), coloured by the share of the row.

    With dozens of classes the counts have no room, and only the colours are drawn.

    y_true : classes 0, 1, 2, ..., (n,). y_pred : classes too, or scores (n, classes), of which the highest counts.
    labels : the names of the classes.
    """
    y_true, y_pred, labels = np.asarray(on_cpu(y_true)), np.asarray(on_cpu(y_pred)), _names("labels", labels)
    if y_pred.ndim == 2 and y_true.ndim == 1:
        y_pred = y_pred.argmax(axis=1)
    if y_true.ndim != 1 or y_true.shape != y_pred.shape:
        raise ShapeError(f"y_true and y_pred must have the same shape, (n,), got {y_true.shape} and {y_pred.shape}.")
    if not len(y_true):
        raise ValueError("there are no predictions to count.")
    y_true, y_pred = _class_indices("y_true", y_true), _class_indices("y_pred", y_pred)
    count = max(y_true.max(), y_pred.max()) + 1
    if count > 1000:
        raise ValueError(f"{count} classes have no room in a picture. Are these class indices?")
    if labels is not None and len(labels) < count:
        raise ShapeError(f"labels must name the {count} classes, got {len(labels)}.")
    count = count if labels is None else len(labels)
    matrix = np.zeros((count, count), dtype=int)
    np.add.at(matrix, (y_true, y_pred), 1)
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    inches = 0.5 * min(max(count, 6), 16)
    with _drawing(ax, (1.8 + inches, 1.2 + inches)) as ax:
        image = ax.imshow(shares, cmap=_VALUES, vmin=0, vmax=1, interpolation="nearest")
        fits = _points_a_place(ax.xaxis, count) / (
            0.75 * len(str(matrix.max()))
        )  # a digit is about 0.6 of its height wide
        for i, j in np.argwhere(matrix) if fits >= 6 else ():  # smaller digits could not be read
            color = "black" if _luminance(image.cmap(shares[i, j])) > 0.18 else "white"
            ax.text(
                j,
                i,
                str(matrix[i, j]),
                ha="center",
                va="center",
                color=color,
                fontsize=min(_points("xtick.labelsize"), fits),
            )
        _colorbar(ax, image, "share of the true class")
        names = list(range(count)) if labels is None else labels
        _name_places(ax.xaxis, names)
        _name_places(ax.yaxis, names)
        right = np.trace(matrix) / matrix.sum()
        return _finish(ax, f"{right:.1%} of {matrix.sum()} right", "predicted class", "true class")


# Arguments and data ------------------------------------------------------------


def _array(name: str, values: Any) -> np.ndarray:
    """Numbers as an array on the CPU."""
    try:
        array = on_cpu(values)
    except ValueError:  # lists of different lengths
        raise ShapeError(f"{name} must be an array, but its lists differ in length: {values!r}.") from None
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{name} must hold numbers, got {values!r}.")
    return array.astype(int) if array.dtype.kind == "b" else array


def _number(name: str, value: Any, finite: bool = True) -> float:
    array = _array(name, value)
    if array.size != 1 or array.ndim > 1:
        raise TypeError(f"{name} must be one number, got {value!r}.")
    if finite and not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite, got {value!r}.")
    return array.item()


def _limits(name: str, limits: Any) -> tuple[float, float]:
    array = _array(name, limits)
    if array.shape != (2,) or not np.isfinite(array).all() or array[0] >= array[1]:
        raise ValueError(f"{name} must be two numbers, (low, high), low < high, got {limits!r}.")
    return tuple(array.tolist())


def _order(order: Any) -> int:
    return whole("an order must be an integer of at least 0", order, 0)


def _names(name: str, names: Any) -> list | None:
    if names is None:
        return None
    if not np.iterable(names):
        raise TypeError(f"{name} must be a list of texts, got {names!r}.")
    return list(names)


def _run(model: Callable, inputs: np.ndarray) -> np.ndarray:
    with no_grad(), evaluating(model):
        return _array("the model's output", model(Tensor(inputs)))


def _activations(model, x: Any) -> dict[str, np.ndarray]:
    """The output of each layer for the input x, by name."""
    if not hasattr(model, "named_modules"):
        raise TypeError(
            f"activations must come from a model or a dict {{name: activations}}; got {type(model).__name__}."
        )
    with ActivationTracker(model) as tracker:
        _run(model, _array("x", x))
    return {name: hook.output for name, hook in tracker.hooks.items() if hook.output is not None}


def _gradients(source: Any) -> dict[str, np.ndarray]:
    """The gradients of a model by parameter, or those in a dict."""
    if isinstance(source, Mapping):
        gradients = {name: _array(name, gradient) for name, gradient in source.items() if gradient is not None}
    elif hasattr(source, "named_parameters"):
        gradients = {name: on_cpu(p.grad) for name, p in source.named_parameters() if p.grad is not None}
    else:
        raise TypeError(
            "gradients must come from a model after backward() or from a dict {name: gradient}; got "
            f"{type(source).__name__}."
        )
    return _something({name: gradient for name, gradient in gradients.items() if gradient.size})


def _something(rows: Mapping) -> Mapping:
    if not rows:
        raise ValueError("there is nothing to draw: there are no gradients or activations. Call backward() first.")
    return rows


def _at_least(least: int, **numbers: int) -> None:
    for name, number in numbers.items():
        whole(f"{name} must be an integer of at least {least}", number, least)


# Drawing ------------------------------------------------------------


@contextmanager
def _drawing(ax, size: tuple[float, float] = (6.4, 4.2)) -> Iterator[Any]:
    """The axes given, in the user's own style, or those of a new figure, in the library's."""
    import matplotlib

    if ax is not None:
        if not hasattr(ax, "plot"):
            raise TypeError(f"ax must be a Matplotlib axes, as from plt.subplots(); got {type(ax).__name__}.")
        yield ax
        return
    from matplotlib import pyplot as plt

    with matplotlib.rc_context(style()):
        yield plt.figure(figsize=size).add_subplot()


def _luminance(color: Any) -> float:
    """Relative luminance, from 0 for black to 1 for white (WCAG 2.1)."""
    from matplotlib.colors import to_rgb

    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(color)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _ink(ax, text: bool = False) -> str:
    """The colour of rcParams for frames, or for text, if it can be seen on the figure's background: 3, or 4.5 for text.

    Otherwise dark on light, and light on dark.
    """
    import matplotlib
    from matplotlib.colors import to_rgba

    color = matplotlib.rcParams["text.color" if text else "axes.edgecolor"]
    background = to_rgba(ax.figure.get_facecolor())
    if not ax.figure.patch.get_visible() or background[3] < 0.5:  # the page shines through
        return color
    darker, lighter = sorted(map(_luminance, (color, background)))
    if (lighter + 0.05) / (darker + 0.05) >= (4.5 if text else 3):
        return color
    return TEXT if _luminance(background) > 0.18 else _LIGHT


def _with_bad(name: str):
    """A colour map that shows NaN and infinity in a grey of its own."""
    import matplotlib

    return matplotlib.colormaps[name].with_extremes(bad=INK)


def _whole_numbers(*axes) -> None:
    from matplotlib.ticker import MaxNLocator

    for axis in axes:
        axis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))


def _name_places(axis, names: Sequence | None) -> None:
    if names is None:
        _whole_numbers(axis)
        return
    names = [str(name) for name in names]
    slanted = axis.axis_name == "x" and max(map(len, names)) > 3
    size = _points(f"{axis.axis_name}tick.labelsize")
    needed = 0.7 * size * max(map(len, names)) if axis.axis_name == "x" and not slanted else 1.3 * size
    every = math.ceil(needed / _points_a_place(axis, len(names)))
    axis.set_ticks(range(0, len(names), every), names[::every])
    if slanted:
        for label in axis.get_ticklabels():
            label.set(rotation=45, ha="right", rotation_mode="anchor")


def _points(name: str) -> float:
    """The size of a font in rcParams, which may be a word such as "medium"."""
    from matplotlib import font_manager, rcParams

    return font_manager.FontProperties(size=rcParams[name]).get_size_in_points()


def _points_a_place(axis, count: int) -> float:
    """About how many points each of `count` places along an axis has, before layout makes room for labels."""
    box = axis.axes.get_window_extent()
    return 0.8 * min(box.width, box.height) * 72 / axis.axes.figure.dpi / count


def _no_ticks(ax) -> None:
    ax.set_xticks([])
    ax.set_yticks([])


def _colorbar(ax, image, label: str):
    bar = ax.figure.colorbar(image, ax=ax)
    bar.set_label(label, color=_ink(ax, text=True))
    _ticks(bar.ax, _ink(ax), _ink(ax, text=True))
    bar.outline.set_edgecolor(_ink(ax))
    return bar


def _ticks(ax, ink: str, text: str) -> None:
    """Set what ticks take from rcParams only later, when they are drawn."""
    from matplotlib import rcParams

    for axis in "xy":
        ax.tick_params(axis, which="both", color=ink, labelcolor=text, labelsize=rcParams[f"{axis}tick.labelsize"])


def _finish(ax, title: str, xlabel: str, ylabel: str, *, grid=False, legend="", on_map=False):
    """Set titles, labels, ticks, spines and legend in a colour that is readable on the background.

    legend : its position: "best" for a few lines, "below" or "beside" the axes, or Matplotlib's name of a corner. Over
        filled contours the search for the best takes seconds. on_map : the legend lies on a colour map, on white.
    """
    ink, text = _ink(ax), _ink(ax, text=True)
    ax.set_title(title, color=text)
    ax.set_xlabel(xlabel, color=text)
    ax.set_ylabel(ylabel, color=text)
    _ticks(ax, ink, text)
    for spine in ax.spines.values():
        spine.set_edgecolor(ink)
    if grid:
        ax.grid(True, axis=grid if isinstance(grid, str) else "both", color=ink, alpha=0.3)
        ax.set_axisbelow(True)
    if legend and ax.get_legend_handles_labels()[0]:
        places = {
            "below": {"loc": "upper center", "bbox_to_anchor": (0.5, -0.15)},
            "beside": {"loc": "upper left", "bbox_to_anchor": (1, 1)},
        }
        ground = {"labelcolor": text}
        if ax.figure.patch.get_visible():  # rcParams know only the background that axes usually have
            ground["facecolor"] = ax.figure.get_facecolor()
        if on_map:
            ground = {"labelcolor": TEXT, "frameon": True, "facecolor": "white", "framealpha": 0.85}
        ax.legend(**places.get(legend, {"loc": legend}), **ground)
    return ax
