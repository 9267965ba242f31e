"""Pictures: what is drawn is what was computed, read back from the artists; nothing else is touched."""

import inspect
import math
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import matplotlib
import numpy as np
import pytest

matplotlib.use("Agg")

from matplotlib import pyplot as plt  # noqa: E402
from matplotlib.collections import PathCollection  # noqa: E402
from matplotlib.colors import to_rgb, to_rgba  # noqa: E402
from matplotlib.contour import ContourSet  # noqa: E402
from matplotlib.patches import StepPatch  # noqa: E402

from gradlib import Tensor, nn, palette, plots  # noqa: E402
from gradlib.diagnostics import GradientTracker  # noqa: E402
from gradlib.errors import GraphError, ShapeError  # noqa: E402
from gradlib.tensor import Parameter  # noqa: E402

RNG = np.random.default_rng(0)
POINTS, CLASSES = RNG.normal(size=(40, 2)), np.arange(40) % 3
IMAGES = RNG.random((7, 5, 6))


@pytest.fixture(autouse=True)
def closed():
    plt.close("all")  # what doctests on the same worker left open
    yield
    plt.close("all")


def by_angle(x):
    """Scores of three classes: how far a point lies in each of three directions."""
    return x @ np.array([[1.0, -1.0, 0.0], [0.0, 0.0, 1.0]])


def bowl():
    """A loss of two parameters with its minimum, 0, at w = (1, 2), b = 3, and the parameters at the minimum."""
    w, b = Parameter(np.array([1.0, 2.0])), Parameter(np.array(3.0))
    return lambda: ((w - np.array([1.0, 2.0])) ** 2).sum() + 10 * (b - 3.0) ** 2, [w, b]


def with_gradients():
    rng = np.random.default_rng(0)
    model = nn.Sequential(nn.Linear(2, 3, rng=rng), nn.ReLU(), nn.Linear(3, 1, rng=rng))
    model(Tensor(POINTS.astype(np.float32))).square().mean().backward()
    return model


DRAWN = {
    "loss_curves": lambda ax: plots.loss_curves({"train_loss": [3.0, 2.0, 1.0], "val_loss": [3.0, 1.5, 2.0]}, ax=ax),
    "loss_curves, log": lambda ax: plots.loss_curves([1.0, 0.1], ax=ax, log=True),
    "taylor": lambda ax: plots.taylor(lambda x: x.sin(), ax=ax),
    "decision_boundary": lambda ax: plots.decision_boundary(by_angle, POINTS, CLASSES, ax=ax, resolution=20),
    "gradient_field": lambda ax: plots.gradient_field(lambda x, y: x * y, ax=ax),
    "loss_surface": lambda ax: plots.loss_surface(*bowl(), ax=ax, resolution=5, rng=np.random.default_rng(0)),
    "gradient_flow": lambda ax: plots.gradient_flow({"a": [1.0, -2.0], "b": [0.0]}, ax=ax),
    "activation_histograms": lambda ax: plots.activation_histograms({"a": POINTS, "b": POINTS**2}, ax=ax),
    "gradient_histograms": lambda ax: plots.gradient_histograms({"a": POINTS}, ax=ax),
    "gradient_heatmap": lambda ax: plots.gradient_heatmap(POINTS, ax=ax),
    "saliency_map": lambda ax: plots.saliency_map(lambda x: x.reshape(1, -1) @ np.ones((30, 2)), IMAGES[0], ax=ax),
    "image_grid": lambda ax: plots.image_grid(IMAGES, ax=ax, titles=range(7)),
    "attention_map": lambda ax: plots.attention_map(np.eye(3), ["a", "long word", "c"], ax=ax),
    "confusion_matrix": lambda ax: plots.confusion_matrix([0, 1, 1], [0, 1, 0], ax=ax),
}


def test_every_picture_is_here():
    functions = {name: f for name, f in vars(plots).items() if inspect.isfunction(f) and name[0] != "_"}
    pictures = {name for name, f in functions.items() if "ax" in inspect.signature(f).parameters}
    assert pictures == {name.split(",")[0] for name in DRAWN}


@pytest.mark.parametrize("name", DRAWN)
def test_draws_on_the_axes_given_and_returns_them(name):
    figure, (ax, other) = plt.subplots(1, 2)
    numbers, settings = plt.get_fignums(), dict(matplotlib.rcParams)
    before = other.get_children(), other.get_title()
    assert DRAWN[name](ax) is ax
    assert plt.get_fignums() == numbers and dict(matplotlib.rcParams) == settings and plt.gcf() is figure
    assert [type(child) for child in other.get_children()] == [type(child) for child in before[0]]
    assert other.get_title() == before[1] and not other.has_data()
    assert ax.has_data()


@pytest.mark.parametrize("name", DRAWN)
def test_makes_one_figure_of_its_own(name):
    ax = DRAWN[name](None)
    assert plt.get_fignums() == [ax.figure.number]
    ax.figure.canvas.draw()


@pytest.mark.parametrize("name", DRAWN)
def test_the_page_shines_through_whatever_the_style(name):
    with plt.style.context("dark_background"):
        figure = DRAWN[name](None).figure
    figure.canvas.draw()
    alpha = np.asarray(figure.canvas.buffer_rgba())[..., 3]
    assert alpha[[0, 0, -1, -1], [0, -1, 0, -1]].max() == 0 and alpha.max() > 0  # no panel
    assert to_rgba(figure.get_facecolor())[3] == 1  # or JupyterLab would put white behind it in a dark theme


PAGES = {"white": "#ffffff", "JupyterLab's dark": "#111111", "its dark panels": "#212121"}


def over(color, page):
    """An opaque colour: what is seen of a colour on a page."""
    r, g, b, alpha = to_rgba(color)
    return tuple(alpha * c + (1 - alpha) * p for c, p in zip((r, g, b), to_rgb(page), strict=True))


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
@pytest.mark.parametrize("name", DRAWN)
def test_everything_reads_on_every_page(name, page):
    """On a figure of its own: text has 4.5 on its light edge, lines, marks and frames have 3 on the page itself."""
    figure = DRAWN[name](None).figure
    figure.canvas.draw()
    for text in [*texts(figure), *(text for ax in figure.axes for text in ax.texts)]:
        if not (text.get_text() and text.get_visible()):
            continue
        effects = text.get_path_effects()
        if effects:
            assert contrast(text.get_color(), over(effects[0]._gc["foreground"], page)) >= 4.5, text
        else:  # in a cell, whose colour is tested elsewhere
            assert name == "confusion_matrix"
    on_a_map = any(ax.images or any(isinstance(c, ContourSet) for c in ax.collections) for ax in figure.axes)
    for ax in figure.axes:
        spines = [spine.get_edgecolor() for spine in ax.spines.values() if spine.get_visible() and ax.axison]
        lines = [] if on_a_map else [line.get_color() for line in ax.lines]
        filled = [
            patch.get_edgecolor() for patch in ax.patches if isinstance(patch, StepPatch) and not patch.get_fill()
        ]
        points = [color for c in ax.collections if isinstance(c, PathCollection) for color in c.get_facecolor()]
        for color in [*spines, *lines, *filled, *points]:
            assert contrast(over(color, page), page) >= 3, (color, page)
        for legend in filter(None, [ax.get_legend()]):
            for text in legend.get_texts():
                assert text.get_path_effects()


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_regions_differ_and_points_stand_out_on_them(page):
    ax = plots.decision_boundary(by_angle, POINTS, CLASSES, resolution=20)
    regions = [over(color, page) for color in ax.collections[0].cmap.colors]
    points = [c for c in ax.collections if isinstance(c, PathCollection)]
    assert len(regions) == len(points) == 3
    for region, classed in zip(regions, points, strict=True):
        edges = classed.get_edgecolor()[0], classed.get_path_effects()[0]._gc["foreground"]  # one in the other
        assert max(contrast(region, edge) for edge in edges) >= 4.5 and contrast(*edges) >= 4.5
        assert contrast(region, page) >= 1.25
    for one, other in pairwise([*regions, regions[0]]):
        assert np.linalg.norm(np.subtract(one, other)) > 0.1


def test_training_and_validation_keep_their_looks():
    """Alone, in either order, and beside other curves; where two runs are compared, curves are numbered."""
    for names in (["train_loss", "val_loss"], ["val_loss", "train_loss"], ["val_loss"], ["test_loss", "val_loss"]):
        lines = plots.loss_curves({name: [2.0, 1.0] for name in names}).lines
        looks = {"train_loss": palette.TRAINING, "val_loss": palette.VALIDATION, "test_loss": palette.CATEGORIES[0]}
        assert [line.get_color() for line in lines[: len(names)]] == [looks[name].color for name in names]
    lines = plots.loss_curves({f"{part}_loss {run}": [2.0, 1.0] for part in ("train", "val") for run in "ab"}).lines
    assert [line.get_color() for line in lines[:4]] == [look.color for look in palette.CATEGORIES[:4]]


def test_the_style_is_taken_and_left():
    before = dict(matplotlib.rcParams)
    with plt.style.context(plots.style()):
        figure, ax = plt.subplots()
        ax.plot([1, 2], label="a line")
        ax.set(title="title", xlabel="x")
        own = plt.figure(facecolor="navy")
    assert dict(matplotlib.rcParams) == before
    figure.canvas.draw()
    assert np.asarray(figure.canvas.buffer_rgba())[0, 0, 3] == 0
    assert ax.lines[0].get_color() == palette.CATEGORIES[0].color
    assert ax.title.get_path_effects() and ax.get_xticklabels()[0].get_path_effects()
    own.canvas.draw()
    assert np.asarray(own.canvas.buffer_rgba())[0, 0].tolist() == [0, 0, 128, 255]  # a colour that was asked for


def test_on_given_axes_the_users_style_holds():
    mine = {"text.color": "navy", "axes.edgecolor": "teal", "axes.titlesize": 20, "xtick.labelsize": 14}
    with plt.rc_context(mine):
        ax = plots.loss_curves([1.0, 0.5], ax=plt.figure().add_subplot())
        new = plots.loss_curves([1.0, 0.5])
    assert (ax.title.get_color(), ax.title.get_fontsize(), ax.spines["left"].get_edgecolor()) == (
        "navy",
        20,
        to_rgba("teal"),
    )
    assert ax.get_xticklabels()[0].get_fontsize() == 14
    assert not any(text.get_path_effects() for text in texts(ax.figure))
    assert (new.title.get_color(), new.title.get_fontsize()) == (palette.TEXT, 12)


def test_heights_are_drawn_to_scale():
    """So that the gradient is at right angles to the lines of equal height. A strip is not: it would be a thread."""
    assert plots.gradient_field(lambda x, y: x * x + y * y, (-4, 4), (-2, 2)).get_aspect() == 1
    assert plots.gradient_field(lambda x, y: x * x + y * y, (-1, 1), (-30, 30)).get_aspect() == "auto"
    assert plots.loss_surface(*bowl(), resolution=3, rng=np.random.default_rng(0)).get_aspect() == 1


def texts(figure):
    """Every text that is drawn outside of the axes' own area: titles, labels, ticks, those of colour bars too."""
    for ax in (ax for ax in figure.axes if ax.axison):
        yield from (ax.title, ax.xaxis.label, ax.yaxis.label)
        for axis in (ax.xaxis, ax.yaxis):
            low, high = sorted(axis.get_view_interval())
            for tick in axis.get_major_ticks():
                if low <= tick.get_loc() <= high:  # the others are not drawn
                    yield from (tick.label1, tick.label2)


def contrast(one, other):
    """WCAG 2.1: (lighter + 0.05) / (darker + 0.05), in relative luminance."""
    light = []
    for color in (one, other):
        r, g, b = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(color))
        light.append(0.2126 * r + 0.7152 * g + 0.0722 * b)
    return (max(light) + 0.05) / (min(light) + 0.05)


@pytest.mark.parametrize("style", ["default", "dark_background"])
@pytest.mark.parametrize("background", ["white", "#111111"])
@pytest.mark.parametrize("name", DRAWN)
def test_text_can_be_read_and_is_not_clipped(name, background, style):
    """On a white figure of the user's and on a dark one, whatever the style: 4.5, as WCAG asks."""
    with plt.style.context(style):
        figure = plt.figure(figsize=(7, 5), facecolor=background, layout="constrained")
        DRAWN[name](figure.add_subplot(facecolor=background))
        figure.canvas.draw()
    width, height = figure.canvas.get_width_height()
    for text in texts(figure):
        if text.get_text() and text.get_visible():
            assert contrast(text.get_color(), figure.get_facecolor()) >= 4.5, text
            assert text.get_fontsize() >= 10
            box = text.get_window_extent()
            assert box.x0 >= -1 and box.y0 >= -1 and box.x1 <= width + 1 and box.y1 <= height + 1, (text, box)
    for ax in figure.axes:
        if legend := ax.get_legend():
            for text in legend.get_texts():
                assert contrast(text.get_color(), legend.get_frame().get_facecolor()[:3]) >= 4.5


# Much, little, long and bad data: drawn without a warning (which is an error here), nothing clipped or on each other.
NAMES = [f"a class with a long name {i}" for i in range(12)]
EXTREME = {
    "8 curves": lambda: plots.loss_curves({f"loss of a model with a long name {i}": [2.0**i, 1.0] for i in range(8)}),
    "one epoch": lambda: plots.loss_curves([0.5]),
    "gaps": lambda: plots.loss_curves({"train_loss": [1.0, None, np.inf], "val_loss": [np.nan] * 3}),
    "no logarithm": lambda: plots.loss_curves([-1.0, 0.0, 0.5], log=True),
    "12 orders": lambda: plots.taylor(lambda x: x.exp(), orders=range(12)),
    "logarithm": lambda: plots.taylor(lambda x: x.log(), 1.0),
    "constant": lambda: plots.taylor(lambda x: x * 0 + 2),
    "12 classes": lambda: plots.decision_boundary(by_angle, np.tile(POINTS, (6, 1)), np.arange(240) % 12),
    "one point": lambda: plots.decision_boundary(by_angle, POINTS[:1], [2]),
    "half a plane": lambda: plots.gradient_field(lambda x, y: (x + y).log()),
    "level": lambda: plots.gradient_field(lambda x, y: x * 0 + 1),
    "level loss": lambda: plots.loss_surface(lambda: 1.0, bowl()[1], resolution=3),
    "no gradient": lambda: plots.gradient_flow({"a": [0.0], "b": [np.nan], "c": [np.inf], "a long name, d": [0.1]}),
    "30 layers": lambda: plots.gradient_flow({f"layer {i}": [10.0**-i] for i in range(30)}),
    "not finite": lambda: plots.activation_histograms({"a long name": [np.nan, 1.0], "b": [], "c": [2.0]}),
    "one number": lambda: plots.gradient_heatmap(3.0),
    "a vector": lambda: plots.saliency_map(lambda x: x @ np.ones((64, 2)), np.ones(64)),
    "deaf": lambda: plots.saliency_map(lambda x: x.reshape(1, -1) @ np.zeros((30, 2)), IMAGES[0]),
    "long titles": lambda: plots.image_grid(IMAGES, titles=["a title that is long"] * 7),
    "60 words": lambda: plots.attention_map(np.ones((60, 60)), [f"word {i}" for i in range(60)]),
    "one key": lambda: plots.attention_map([[1.0]]),
    "12 names": lambda: plots.confusion_matrix(np.arange(5000) % 12, np.arange(5000) % 12, labels=NAMES),
    "40 classes": lambda: plots.confusion_matrix(np.arange(40), np.arange(40)),
}  # fmt: skip


def on_each_other(labels):
    boxes = [label.get_window_extent() for label in labels]
    return any(one.overlaps(other) for one, other in pairwise(boxes))


@pytest.mark.parametrize("name", EXTREME)
def test_extreme_data_has_its_place(name):
    ax = EXTREME[name]()
    figure = ax.figure
    figure.canvas.draw()
    width, height = figure.canvas.get_width_height()
    for text in [*filter(lambda text: text.get_text(), texts(figure)), *ax.texts]:
        box = text.get_window_extent()
        assert -1 <= box.x0 and box.x1 <= width + 1 and -1 <= box.y0 and box.y1 <= height + 1, text
    for axis in (ax.xaxis, ax.yaxis):
        labels = [label for label in axis.get_ticklabels() if label.get_text() and ax.axison]
        assert any(label.get_rotation() for label in labels) or not on_each_other(labels)
    assert not on_each_other(ax.texts)
    if name == "8 curves":
        assert not ax.get_legend().get_window_extent().overlaps(ax.get_window_extent())


def test_twelve_classes_have_a_look_of_their_own():
    ax = plots.decision_boundary(by_angle, np.tile(POINTS, (6, 1)), np.arange(240) % 12, resolution=10)
    looks = {(c.get_paths()[0].vertices.tobytes(), c.get_facecolor().tobytes()) for c in ax.collections[-12:]}
    assert len(looks) == 12
    ax = plots.taylor(lambda x: x.exp(), orders=range(12))
    assert len({(line.get_color(), str(line._unscaled_dash_pattern)) for line in ax.lines[1:-1]}) == 12


def test_what_has_no_place_is_told():
    ax = plots.gradient_flow({"a": [0.0], "b": [np.nan], "c": [np.inf, 1.0], "d": [0.1]})
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a  (all 0)", "b  (NaN)", "c  (infinite)", "d"]
    np.testing.assert_array_equal(np.isfinite(ax.lines[0].get_xdata()), [False, False, False, True])
    ax = plots.loss_curves({"train_loss": [2.0, 1.0], "val_loss": [np.nan, np.nan]})
    assert [text.get_text() for text in ax.get_legend().get_texts()][1] == "val loss (never finite)"


def test_arrows_are_as_long_as_they_may_be_on_any_axes():
    """Toward a pole the gradient grows without bound, and x and y differ by 30 times: no arrow leaves its cell."""
    ax = plots.gradient_field(lambda x, y: (x * x + y * y).log(), xlim=(-1, 1), ylim=(-30, 30), arrows=11)
    quiver = next(c for c in ax.collections if hasattr(c, "U"))
    lengths = np.hypot(quiver.U / (2 / 11), quiver.V / (60 / 11))
    assert lengths.max() == pytest.approx(1) and np.median(lengths) > 1 / 3 - 1e-9


def test_no_text_colour_would_do_on_both():
    """The reason for the white panel: the best grey has a contrast of 4.35 on white and on #111111."""
    best = max(min(contrast((g, g, g), "white"), contrast((g, g, g), "#111111")) for g in np.linspace(0, 1, 1001))
    assert 4.3 < best < 4.36


# What is drawn ------------------------------------------------------------


def test_loss_curves_draws_the_losses():
    history = {"train_loss": [3.0, 2.0, 1.0], "val_loss": [3.0, None, 2.5], "accuracy": [0.1, 0.2, 0.3]}
    ax = plots.loss_curves(history)
    train, val, *rings = ax.lines
    np.testing.assert_array_equal(train.get_xydata(), [[1, 3], [2, 2], [3, 1]])
    np.testing.assert_array_equal(val.get_ydata(), [3, np.nan, 2.5])
    assert [ring.get_xydata().tolist() for ring in rings] == [[[3, 1.0]], [[3, 2.5]]]
    assert train.get_linestyle() != val.get_linestyle() and train.get_marker() != val.get_marker()
    assert "lowest 1 at 3" in ax.get_legend().get_texts()[0].get_text()
    assert plots.loss_curves([2.0, 1.0], log=True).get_yscale() == "log"
    assert len(plots.loss_curves({"a": [1.0], "b": [2.0]}).lines) == 4


def test_loss_curves_takes_what_has_a_history():
    class Run:
        def to_dict(self):
            return {"train_loss": [1.0, 0.5]}

    assert plots.loss_curves(Run()).lines[0].get_ydata().tolist() == [1.0, 0.5]


@pytest.mark.parametrize(
    "f, center, wanted",
    [
        (lambda x: x.exp(), 0.0, [1 / math.factorial(k) for k in range(9)]),
        (lambda x: x.sin(), 0.0, [0, 1, 0, -1 / 6, 0, 1 / 120, 0, -1 / 5040]),
        (lambda x: 1 / (1 - x), 0.0, [1.0] * 8),
        (lambda x: x**3, 2.0, [8.0, 12.0, 6.0, 1.0, 0.0, 0.0]),
        (lambda x: x * 2 + 1, 5.0, [11.0, 2.0, 0.0, 0.0]),
        (lambda x: x * 0 + 7, 0.0, [7.0, 0.0, 0.0]),
        (lambda x: x.log(), 1.0, [0, 1, -1 / 2, 1 / 3, -1 / 4, 1 / 5]),
    ],
)
def test_taylor_coefficients_are_the_known_ones(f, center, wanted):
    np.testing.assert_allclose(plots.taylor_coefficients(f, center, len(wanted) - 1), wanted, atol=1e-12)


def test_taylor_draws_the_function_and_its_polynomials():
    ax = plots.taylor(lambda x: x.exp(), 0.0, (0, 2), (-1, 1))
    f, constant, parabola = ax.lines[:3]
    x = f.get_xdata()
    np.testing.assert_allclose(f.get_ydata(), np.exp(x))
    np.testing.assert_allclose(constant.get_ydata(), 1)
    np.testing.assert_allclose(parabola.get_ydata(), 1 + x + x**2 / 2, atol=1e-12)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["f", "order 0", "order 2"]
    assert ax.get_xlim() == (-1, 1) and constant.get_linestyle() != parabola.get_linestyle()


def test_decision_boundary_colours_the_plane_by_class():
    ax = plots.decision_boundary(by_angle, POINTS, CLASSES, resolution=30)
    mesh = ax.collections[0]
    corners = np.asarray(mesh.get_coordinates())
    middles = (corners[:-1, :-1] + corners[1:, 1:]) / 2
    wanted = np.argmax(by_angle(middles.reshape(-1, 2)), axis=1)
    assert (mesh.get_array().ravel() == wanted).mean() > 0.999
    drawn = np.concatenate([c.get_offsets() for c in ax.collections if len(c.get_offsets()) > 1])
    assert sorted(map(tuple, drawn.tolist())) == sorted(map(tuple, POINTS.tolist()))


@pytest.mark.parametrize(
    "model, right",
    [
        (lambda x: x[:, :1], 0.0),
        (lambda x: (x[:, 0] * 9 - 9).sigmoid(), 1.0),
        (lambda x: x[:, :1] * 0 + 1, None),
    ],
)
def test_decision_boundary_of_a_single_output(model, right):
    """Scores change sides at 0, probabilities at 0.5."""
    ax = plots.decision_boundary(model, POINTS, CLASSES % 2, resolution=101)
    mesh = ax.collections[0]
    edges = np.asarray(mesh.get_coordinates())[:-1, :, 0]
    x = (edges[:, 1:] + edges[:, :-1]) / 2
    classes = np.asarray(mesh.get_array()).reshape(x.shape)
    wanted = np.ones_like(classes) if right is None else x > right
    assert (classes == wanted).mean() > 0.98


def test_decision_boundary_runs_a_module_as_in_eval():
    model = nn.Sequential(nn.Linear(2, 3, rng=np.random.default_rng(0)), nn.BatchNorm1d(3), nn.Dropout(0.9))
    before = model.state_dict()
    plots.decision_boundary(model, POINTS.astype(np.float32), CLASSES, resolution=9)
    assert model.training and all((value == before[name]).all() for name, value in model.state_dict().items())


def quiver(ax):
    return next(artist for artist in ax.collections if isinstance(artist, matplotlib.quiver.Quiver))


def test_gradient_field_points_along_the_gradient():
    ax = plots.gradient_field(lambda x, y: x**2 + 3 * x * y, (-1, 2), (0, 3), arrows=6)
    arrows = quiver(ax)
    across, up = np.transpose(arrows.XY)
    dx, dy = 2 * across + 3 * up, 3 * across
    np.testing.assert_allclose(arrows.U * dy, arrows.V * dx, atol=1e-9)  # parallel
    assert (arrows.U * dx + arrows.V * dy >= 0).all()  # and not opposite
    length = np.hypot(arrows.U, arrows.V)
    np.testing.assert_allclose(length / length.max(), np.sqrt(np.hypot(dx, dy) / np.hypot(dx, dy).max()))
    assert length.max() <= 0.5 + 1e-9  # no longer than a cell, in whose middle it stands
    assert arrows.pivot == "middle" and across.min() == pytest.approx(-0.75)
    downhill = plots.gradient_field(lambda x, y: x**2 + 3 * x * y, (-1, 2), (0, 3), arrows=6, descent=True)
    np.testing.assert_allclose(quiver(downhill).U, -arrows.U)


def test_gradient_field_of_a_function_of_one_of_the_two():
    arrows = quiver(plots.gradient_field(lambda x, y: x * 2, arrows=3))
    assert (arrows.U > 0).all() and (arrows.V == 0).all()


def test_loss_surface_is_the_loss_along_the_directions(monkeypatch):
    loss, parameters = bowl()
    seen = {}
    contourf = matplotlib.axes.Axes.contourf
    monkeypatch.setattr(
        matplotlib.axes.Axes, "contourf", lambda self, *a, **k: seen.update(z=a) or contourf(self, *a, **k)
    )
    directions = [[np.array([1.0, 0.0]), np.array(0.0)], [np.array([0.0, 0.0]), np.array(2.0)]]
    plots.loss_surface(loss, parameters, directions=directions, span=0.5, resolution=7)
    a, b, heights = seen["z"]
    np.testing.assert_allclose(heights, a[None, :] ** 2 + 40 * b[:, None] ** 2, atol=1e-12)
    np.testing.assert_array_equal(parameters[0].data, [1.0, 2.0])
    assert parameters[1].data == 3.0 and parameters[1].grad is None


def test_loss_surface_puts_the_weights_back_even_after_an_error():
    _, parameters = bowl()

    def fails():
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        plots.loss_surface(fails, parameters)
    np.testing.assert_array_equal(parameters[0].data, [1.0, 2.0])


def test_random_directions_are_as_long_as_the_weights():
    """A step of 1 moves each parameter by its own length; a seed repeats the picture."""
    w, moved = Parameter(np.array([3.0, 4.0])), []

    def loss():
        moved.append(np.linalg.norm(w.data - [3.0, 4.0]))
        return (w * w).sum()

    plots.loss_surface(loss, [w], span=1.0, resolution=3, rng=np.random.default_rng(0))
    assert moved[3] == pytest.approx(5) and moved[4] == 0 and moved[7] == pytest.approx(5)
    first = list(moved)
    moved.clear()
    plots.loss_surface(loss, [w], span=1.0, resolution=3, rng=np.random.default_rng(0))
    assert moved == first


def test_gradient_flow_draws_mean_and_largest():
    ax = plots.gradient_flow({"first": [1.0, -3.0], "second": [0.0, 0.0]})
    mean, largest = ax.lines
    np.testing.assert_array_equal(mean.get_xdata(), [2.0, np.nan])
    np.testing.assert_array_equal(largest.get_xdata(), [3.0, np.nan])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["first", "second  (all 0)"]
    assert ax.get_xscale() == "log" and ax.get_ylim()[0] > ax.get_ylim()[1]


def test_gradient_flow_of_a_model_and_of_its_tracker_agree():
    model = with_gradients()
    tracker = GradientTracker(model)
    tracker.record()
    of_model, of_tracker = plots.gradient_flow(model), plots.gradient_flow(tracker)
    for one, other in zip(of_model.lines, of_tracker.lines, strict=True):
        np.testing.assert_allclose(one.get_xdata(), other.get_xdata(), rtol=1e-5)
    assert [label.get_text() for label in of_model.get_yticklabels()] == [name for name, _ in model.named_parameters()]


def stairs(ax):
    return [patch.get_data() for patch in ax.patches if isinstance(patch, matplotlib.patches.StepPatch)][::2]


def test_histograms_count_the_values():
    ax = plots.gradient_histograms({"a": [0.0, 0.0, 1.0], "b": [[0.5, np.inf, np.nan]]}, bins=2)
    (heights_a, edges, base_a), (heights_b, _, base_b) = stairs(ax)
    np.testing.assert_array_equal(edges, [0, 0.5, 1])
    np.testing.assert_allclose((base_a - heights_a) / 0.85, [1, 0.5])  # 2 and 1 of 3
    np.testing.assert_allclose((base_b - heights_b) / 0.85, [0, 1])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b  (2 of 3 not finite)"]


def test_activation_histograms_of_a_model():
    model = with_gradients()
    ax = plots.activation_histograms(model, POINTS.astype(np.float32))
    assert [label.get_text() for label in ax.get_yticklabels()] == ["0", "1", "2"]
    hidden = model[1](model[0](Tensor(POINTS.astype(np.float32)))).data
    heights, edges, base = stairs(ax)[1]
    counts, _ = np.histogram(hidden, edges)
    np.testing.assert_allclose((base - heights) / 0.85, counts / counts.max())


def test_gradient_heatmap_shows_every_entry():
    w = Tensor(np.array([[1.0, 2.0], [3.0, -4.0]]), requires_grad=True)
    (w * w).sum().backward()
    image = plots.gradient_heatmap(w, name="w").images[0]
    np.testing.assert_array_equal(image.get_array(), 2 * w.data)
    assert image.get_clim() == (-8, 8)  # 0 is the middle of the map
    assert plots.gradient_heatmap(np.zeros((2, 3, 4))).images[0].get_array().shape == (2, 12)
    assert plots.gradient_heatmap(np.array([1.0, np.nan])).images[0].get_clim() == (-1, 1)


def test_saliency_map_is_the_gradient_of_the_score():
    weight = RNG.normal(size=(30, 4))
    x = IMAGES[0]
    wanted = np.abs(weight * 2 * x.reshape(-1, 1)).reshape(5, 6, 4)

    def model(batch):
        return (batch * batch).reshape(-1, 30) @ weight

    best = int(np.argmax(x.reshape(-1) ** 2 @ weight))
    for target in (None, 2):
        ax = plots.saliency_map(model, x, target)
        chosen = best if target is None else target
        np.testing.assert_allclose(ax.images[0].get_array(), wanted[..., chosen])
        assert f"class {chosen}" in ax.get_title()
    flat = plots.saliency_map(model, x.reshape(-1), 1, shape=(5, 6)).images[0].get_array()
    np.testing.assert_allclose(flat, wanted[..., 1])
    channels = plots.saliency_map(lambda b: (b * b).sum(axis=1).reshape(-1, 30) @ weight, np.stack([x, 2 * x]), 0)
    np.testing.assert_allclose(channels.images[0].get_array(), 2 * wanted[..., 0])


def test_saliency_map_leaves_the_gradients_alone():
    model = nn.Sequential(nn.Flatten(), nn.Linear(30, 3, rng=np.random.default_rng(0)), nn.Dropout(0.5))
    plots.saliency_map(model, IMAGES[0].astype(np.float32))
    assert model.training and all(p.grad is None for p in model.parameters())


def test_image_grid_holds_every_image():
    ax = plots.image_grid(IMAGES, titles=list("abcdefg"), columns=3)
    canvas = np.asarray(ax.images[0].get_array())
    found = [
        (i, j) for image in IMAGES for i in range(canvas.shape[0] - 4) for j in range(canvas.shape[1] - 5)
        if np.array_equal(canvas[i : i + 5, j : j + 6], image)
    ]  # fmt: skip
    assert len(found) == 7 and len({i for i, _ in found}) == 3 and len({j for _, j in found}) == 3
    assert [text.get_text() for text in ax.texts] == list("abcdefg")
    for text, (i, j) in zip(ax.texts, found, strict=True):  # above its image, in the middle
        assert j <= text.get_position()[0] <= j + 6 and text.get_position()[1] < i
    colours = np.asarray(plots.image_grid(RNG.random((2, 3, 4, 4))).images[0].get_array())
    assert colours.shape[-1] == 4 and set(np.unique(colours[..., 3])) == {0, 1}  # clear between the images
    assert plots.image_grid(IMAGES[:, None]).images[0].get_array().ndim == 2


def test_attention_map_shows_the_weights_and_the_words():
    weights = np.array([[1.0, 0.0, 0.0], [0.25, 0.75, 0.0]])
    ax = plots.attention_map(weights, ["it", "was"], ["a", "b", "c"])
    np.testing.assert_array_equal(ax.images[0].get_array(), weights)
    assert [t.get_text() for t in ax.get_xticklabels()] == ["a", "b", "c"]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["it", "was"]
    assert [t.get_text() for t in plots.attention_map(np.eye(2), ["x", "y"]).get_xticklabels()] == ["x", "y"]


def test_confusion_matrix_counts():
    ax = plots.confusion_matrix([0, 0, 1, 2, 2, 2], [0, 1, 1, 2, 2, 0], labels=["x", "y", "z"])
    counts = {tuple(map(int, text.get_position())): int(text.get_text()) for text in ax.texts}
    assert counts == {(0, 0): 1, (1, 0): 1, (1, 1): 1, (2, 2): 2, (0, 2): 1}  # (column, row)
    np.testing.assert_allclose(ax.images[0].get_array(), [[0.5, 0.5, 0], [0, 1, 0], [1 / 3, 0, 2 / 3]])
    assert ax.get_title() == "66.7% of 6 right"
    scores = plots.confusion_matrix([0, 1], Tensor([[0.9, 0.1], [0.8, 0.2]]))
    np.testing.assert_allclose(scores.images[0].get_array(), [[1, 0], [1, 0]])
    image = ax.images[0]
    for text in ax.texts:  # each number can be read on its cell
        j, i = map(int, text.get_position())
        assert contrast(text.get_color(), image.cmap(image.norm(image.get_array()[i, j]))) >= 4.5


# What cannot be drawn ------------------------------------------------------------


@pytest.mark.parametrize(
    "draw, error, message",
    [
        (lambda: plots.loss_curves([]), ValueError, "empty"),
        (lambda: plots.loss_curves([[1.0], [2.0]]), ShapeError, r"\(2, 1\)"),
        (lambda: plots.loss_curves({f"loss {i}": [1.0] for i in range(9)}), ValueError, "9 curves"),
        (lambda: plots.loss_curves([1.0], ax=3), TypeError, "Matplotlib axes"),
        (lambda: plots.taylor(lambda x: x, orders=(-1,)), ValueError, "order"),
        (lambda: plots.decision_boundary(by_angle, POINTS[:, :1], CLASSES), ShapeError, r"\(n, 2\), got \(40, 1\)"),
        (lambda: plots.decision_boundary(by_angle, POINTS, CLASSES[:3]), ShapeError, "40 points and y 3"),
        (lambda: plots.loss_surface(*bowl(), directions=[[np.ones(2)], [np.ones(2)]]), ShapeError, "direction 0"),
        (lambda: plots.loss_surface(lambda: math.nan, bowl()[1], resolution=3), ValueError, "not finite"),
        (lambda: plots.gradient_flow({}), ValueError, "backward"),
        (lambda: plots.gradient_flow([1.0]), TypeError, "list"),
        (lambda: plots.activation_histograms(with_gradients()), TypeError, r"\(model, x\)"),
        (lambda: plots.gradient_histograms({"a": [np.nan]}), ValueError, "finite"),
        (lambda: plots.gradient_heatmap(Tensor([1.0])), GraphError, "backward"),
        (lambda: plots.gradient_heatmap(np.zeros((0, 2))), ShapeError, r"\(0, 2\)"),
        (lambda: plots.saliency_map(lambda x: x.sum(), IMAGES[0], 4), ValueError, "classes 0 to 0, got 4"),
        (lambda: plots.saliency_map(lambda x: x.sum(), np.ones((2, 2, 2, 2))), ShapeError, r"\(2, 2, 2, 2\)"),
        (lambda: plots.image_grid(np.ones((2, 2))), ShapeError, r"\(2, 2\)"),
        (lambda: plots.image_grid(np.ones((1, 2, 4, 4))), ShapeError, r"\(1, 2, 4, 4\)"),
        (lambda: plots.image_grid(IMAGES, titles=["a"]), ShapeError, "7 images and 1 titles"),
        (lambda: plots.attention_map(np.ones((2, 3, 3))), ShapeError, r"weights\[0\]"),
        (lambda: plots.attention_map(np.ones((1, 2, 3, 3))), ShapeError, r"weights\[0, 0\]"),
        (lambda: plots.attention_map(np.eye(3), ["a"]), ShapeError, "queries must name the 3 positions"),
        (lambda: plots.confusion_matrix([0, 1], [0]), ShapeError, r"\(2,\) and \(1,\)"),
        (lambda: plots.confusion_matrix([], []), ValueError, "no predictions"),
        (lambda: plots.confusion_matrix([0, 3], [0, 1], labels=["a", "b"]), ShapeError, "4 classes, got 2"),
        (lambda: plots.confusion_matrix([-1, 0], [0, 1]), ValueError, "negative"),
        (lambda: plots.confusion_matrix([0.5, 0], [0, 1]), ValueError, "y_true holds 0.5"),
        (lambda: plots.confusion_matrix(["a"], ["b"]), TypeError, "return_inverse"),
        (lambda: plots.confusion_matrix([10**6], [0]), ValueError, "1000001 classes"),
        (lambda: plots.loss_curves(0.5), TypeError, "got 0.5"),
        (lambda: plots.loss_curves({"loss": "low"}), TypeError, "got 'low'"),
        (lambda: plots.taylor(lambda x: x.log()), ValueError, "at 0 f is -inf"),
        (lambda: plots.taylor(lambda x: x.abs().sqrt(), 0.0, 1), ValueError, "derivative 1 of f is"),
        (lambda: plots.taylor(math.exp), TypeError, "returned a float"),
        (lambda: plots.taylor(lambda x: x.sum()), ShapeError, "entry by entry"),
        (lambda: plots.decision_boundary(by_angle, POINTS, CLASSES - 1), ValueError, "y holds -1"),
        (lambda: plots.decision_boundary(by_angle, POINTS * np.nan, CLASSES), ValueError, "no place in the plane"),
        (lambda: plots.decision_boundary(by_angle, POINTS[:0], CLASSES[:0]), ShapeError, r"got \(0, 2\)"),
        (lambda: plots.decision_boundary(lambda x: x.sum(), POINTS, CLASSES), ShapeError, r"it returned \(\)"),
        (lambda: plots.decision_boundary(lambda x: x * np.nan, POINTS, CLASSES), ValueError, "NaN"),
        (lambda: plots.decision_boundary(by_angle, POINTS, CLASSES, resolution=1), ValueError, "resolution"),
        (lambda: plots.gradient_field(lambda x, y: (x * y).sum()), ShapeError, r"it returned \(\)"),
        (lambda: plots.gradient_field(lambda x, y: (x * 0).log() + y), ValueError, "not finite"),
        (lambda: plots.gradient_field(lambda x, y: x * y, arrows=0), ValueError, "arrows"),
        (lambda: plots.loss_surface(lambda: 1.0, []), ValueError, "no parameters"),
        (lambda: plots.activation_histograms(len, POINTS), TypeError, "must come from a model"),
        (lambda: plots.gradient_heatmap(None), TypeError, "got None"),
        (lambda: plots.saliency_map(lambda x: x @ np.ones((6, 3)), IMAGES[0]), ShapeError, r"it returned \(1, 5, 3\)"),
        (lambda: plots.saliency_map(lambda x: x.sum(), np.ones(5), shape=(2, 3)), ShapeError, "6 places"),
        (lambda: plots.image_grid(np.full((1, 3, 2, 2), 255)), ValueError, "/ 255"),
        (lambda: plots.image_grid(IMAGES, columns=-1), ValueError, "columns"),
        (lambda: plots.attention_map(np.ones((0, 0))), ShapeError, r"\(0, 0\)"),
        (lambda: plots.loss_curves(["a"]), TypeError, r"loss must hold numbers, got \['a'\]"),
        (lambda: plots.loss_curves([[1.0], [1.0, 2.0]]), ShapeError, "its lists differ in length"),
        (lambda: plots.taylor(square, orders=[1.5]), TypeError, "an order must be an integer of at least 0, got 1.5"),
        (lambda: plots.taylor(square, orders=None), TypeError, "an order must be an integer of at least 0, got None"),
        (lambda: plots.taylor(square, "a"), TypeError, "center must hold numbers, got 'a'"),
        (lambda: plots.taylor(square, np.ones(2)), TypeError, r"center must be one number, got array"),
        (lambda: plots.taylor(square, math.inf), ValueError, "center must be finite, got inf"),
        (
            lambda: plots.taylor(square, xlim=3),
            ValueError,
            r"xlim must be two numbers, \(low, high\), low < high, got 3",
        ),
        (lambda: plots.taylor(square, xlim=(1, 1)), ValueError, r"xlim must be two numbers, .* got \(1, 1\)"),
        (lambda: plots.taylor_coefficients(lambda x: x + np.ones(2), 0, 1), ShapeError, r"returned shape \(2,\)"),
        (lambda: plots.taylor_coefficients(square, 0, True), TypeError, "an order must be an integer"),
        (lambda: plots.decision_boundary(by_angle, 1.0, CLASSES), ShapeError, r"\(n, 2\), got \(\)"),
        (lambda: plots.decision_boundary(by_angle, POINTS, 1), ShapeError, "40 points and y 1 classes"),
        (
            lambda: plots.decision_boundary(by_angle, POINTS, CLASSES, resolution=9.5),
            TypeError,
            "an integer of at least 2",
        ),
        (lambda: plots.decision_boundary(by_angle, POINTS, CLASSES, threshold="a"), TypeError, "threshold must hold"),
        (lambda: plots.gradient_field(lambda x, y: x * y, ylim=[1]), ValueError, r"ylim must be two numbers"),
        (
            lambda: plots.gradient_field(lambda x, y: np.ones(x.shape)),
            TypeError,
            "f must return a tensor, it returned a n",
        ),
        (lambda: plots.loss_surface(*bowl(), span="a"), TypeError, "span must hold numbers"),
        (lambda: plots.loss_surface(*bowl(), directions=3), TypeError, "directions must be two lists of arrays, got 3"),
        (lambda: plots.loss_surface(*bowl(), directions=[1, 2]), ShapeError, "direction 0 must hold an array for each"),
        (
            lambda: plots.loss_surface(lambda: np.ones(2), bowl()[1]),
            TypeError,
            "the loss must be one number, got array",
        ),
        (
            lambda: plots.loss_surface(lambda: 1.0, 3),
            TypeError,
            "parameters must be a Module or its parameters, got int",
        ),
        (lambda: plots.gradient_flow({"a": "b"}), TypeError, "a must hold numbers, got 'b'"),
        (lambda: plots.activation_histograms({"a": None}), TypeError, "a must hold numbers, got None"),
        (
            lambda: plots.activation_histograms({"a": [1.0]}, bins=0),
            ValueError,
            "bins must be an integer of at least 1",
        ),
        (
            lambda: plots.saliency_map(lambda x: 1.0, IMAGES[0]),
            TypeError,
            "the model must return a tensor, it returned",
        ),
        (lambda: plots.saliency_map(lambda x: x.sum(), IMAGES[0], 0.5), TypeError, "target must be a class, got 0.5"),
        (lambda: plots.saliency_map(lambda x: x.sum(), np.ones(6), shape=6), TypeError, r"\(height, width\), got 6"),
        (lambda: plots.image_grid(IMAGES, titles=3), TypeError, "titles must be a list of texts, got 3"),
        (lambda: plots.image_grid(IMAGES, columns=1.5), TypeError, "columns must be an integer of at least 1, got 1.5"),
        (
            lambda: plots.attention_map(np.eye(3), np.array(1)),
            TypeError,
            r"queries must be a list of texts, got array\(1\)",
        ),
        (lambda: plots.attention_map(1.0), ShapeError, r"for one head and one sequence; got \(\)"),
        (lambda: plots.confusion_matrix(1, 1), ShapeError, r"got \(\) and \(\)"),
        (lambda: plots.confusion_matrix([0, 1], [0, 1], labels=2), TypeError, "labels must be a list of texts, got 2"),
    ],
)
def test_says_what_is_wrong(draw, error, message):
    with pytest.raises(error, match=message):
        draw()
    assert plt.get_fignums() == []  # nothing half drawn is left


def test_numpy_integers_0d_arrays_and_generators_are_taken():
    i = np.int64
    assert len(plots.taylor(square, np.array(1.0), i(2)).lines) == 3
    assert plots.taylor_coefficients(square, Tensor(1.0), i(2)).tolist() == [1, 2, 1]
    plots.decision_boundary(by_angle, POINTS, CLASSES, resolution=i(5), threshold=np.float32(0.5))
    plots.gradient_field(lambda x, y: x * y, np.array([-1, 1]), arrows=i(3))
    plots.saliency_map(lambda x: x.reshape(1, -1), np.ones(6), i(2), shape=np.array([2, 3]))
    plots.image_grid(IMAGES, (str(n) for n in range(len(IMAGES))), i(3))
    plots.attention_map(np.eye(2), iter("ab"))
    plots.confusion_matrix([0, 1], [0, 1], iter("ab"))
    plots.activation_histograms({"a": np.array([True, False])}, bins=i(4))
    loss, parameters = bowl()
    plots.loss_surface(
        loss, iter(parameters), directions=([w.data for w in parameters] for _ in range(2)), resolution=3
    )
    plt.close("all")


def square(x):
    return x * x


def test_matplotlib_is_imported_when_something_is_drawn():
    code = "import sys, gradlib.plots; assert not any(m.startswith('matplotlib') for m in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(plots.__file__).parents[1])


@pytest.mark.parametrize(
    "values",
    [np.float16([6e4, -6e4]), np.float16(np.linspace(1, 1.01, 9)), np.array([1e20]), np.array([1, 1 + 1e-15])],
)
def test_histograms_of_values_far_apart_or_close_together(values):
    """The range of the first overflows float16; the others lie so close that 60 bins have no edges between them."""
    (curve, *_) = plots.activation_histograms({"a": values}).patches
    assert np.isfinite(curve.get_data().edges).all() and (np.diff(curve.get_data().edges) > 0).all()
