"""The step-size sweep: its numbers, its verdicts, and what it says about them."""

from itertools import product

import numpy as np
import pytest

from gradlib.widgets import StepSweep
from gradlib.widgets.base import Words
from gradlib.widgets.step_sweep import PRECISIONS, STEP_SIZES, TOLERANCES, VERDICTS, StepSweepModel, _span
from tests.widgets.samples.step_sweep import CUBE, SAMPLES, cubes, slopes


def sine(**options):
    return StepSweepModel(lambda x: np.sin(x).sum(), np.array([1.0, 2.0]), np.cos, **options)


def step_of(h):
    return min(range(len(STEP_SIZES)), key=lambda i: abs(np.log(STEP_SIZES[i] / h)))


def test_the_error_falls_as_h_squared_and_rises_as_one_over_h():
    errors = sine().errors("float64")
    for h in (1e-1, 1e-2, 1e-3):
        assert errors[step_of(h)] / errors[step_of(h / 10)] == pytest.approx(100, rel=0.1)
    assert errors[step_of(1e-12)] > 100 * errors[step_of(1e-8)]


def test_the_error_of_a_cube_is_the_step_squared():
    """((x + h)³ - (x - h)³) / 2h = 3x² + h², with h for |x| <= 1 and h |x| beyond."""
    model = StepSweepModel(cubes, CUBE, slopes)
    for h in (1.0, 0.1):
        assert model.errors("float64")[step_of(h)] == pytest.approx(max(h**2 / 3, (2 * h) ** 2 / 12))


def test_differences_are_taken_wholly_in_the_chosen_precision():
    seen = set()

    def function(x):
        seen.add(x.dtype.name)
        return (x * x).sum()

    model = StepSweepModel(function, np.array([1.0, 3.0]), lambda x: 2 * x)
    model.errors("float32")
    assert seen == {"float32"}
    assert model.errors("float32")[step_of(1e-7)] > 1e-2
    assert model.errors("float64")[step_of(1e-7)] < 1e-7


def test_the_function_gets_an_array_of_its_own():
    def function(x):
        x *= 2
        return x.sum()

    x = np.array([1.0, 2.0])
    model = StepSweepModel(function, x, np.full(2, 2.0))
    assert min(model.errors("float64")) < 1e-9
    assert x.tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("h", "tolerance", "precision", "verdict"),
    [
        (1e-5, 1e-5, "float64", "right"),
        (1e-7, 1e-5, "float32", "false alarm"),
        (1e-1, 1e-5, "float64", "false alarm"),
        (1e-12, 1e-6, "float64", "false alarm"),
        (1e-5, 1e-1, "float64", "bug missed"),
        (1e-2, 1e-3, "float32", "right"),
    ],
)
def test_verdicts(h, tolerance, precision, verdict):
    model = sine(tolerance=tolerance)
    model.precision = precision
    assert VERDICTS[model.verdict(step_of(h))][0] == verdict


def test_a_wrong_gradient_can_be_nearer_than_the_right_one():
    model = StepSweepModel(cubes, np.array([1.0]), slopes, {"near at h = 1": np.array([4.0])}, tolerance=0.1)
    assert VERDICTS[model.verdict(0)][0] == "both wrong"


def test_each_tolerance_of_a_column_belongs_to_one_region():
    rng = np.random.default_rng(0)
    for right, wrong in rng.uniform(-14, 2, size=(50, 2)):
        spans = [span for key in VERDICTS if (span := _span(key, right, wrong, (-11.5, 0.5)))]
        assert sum(high - low for low, high in spans) == pytest.approx(12.0)
        for tolerance in rng.uniform(-11.5, 0.5, size=20):
            inside = [k for k in VERDICTS if (s := _span(k, right, wrong, (-11.5, 0.5))) and s[0] <= tolerance < s[1]]
            assert inside == [(right <= tolerance, wrong <= tolerance)]


def test_the_words_agree_with_the_verdicts():
    model = sine()
    for precision, step in [(name, step) for name in PRECISIONS for step in range(model.length)]:
        model.precision = precision
        model.go(step)
        accepted, missed = model.verdict(step)
        (_, right), (_, wrong), _ = model.words().rows
        assert ("accepted" in right) == accepted
        assert ("accepted" in wrong) == missed
    model.tolerance = 1e-4
    for model.precision in PRECISIONS:
        good = [h for i, h in enumerate(STEP_SIZES) if model.verdict(i) == (True, False)]
        assert len(good) > 1
        assert f"every h from {good[-1]:.1g} to {good[0]:.1g} in {model.precision}." in model.transcript()


def test_remarks_name_the_side():
    model = sine()
    for h, words in [(0.1, "too large"), (1e-12, "too small"), (1e-5, "With this tolerance")]:
        model.go(step_of(h))
        assert words in model.words().remark
    model.tolerance = 0.5
    model.go(step_of(1e-5))
    assert model.words().remark.startswith("The tolerance is wider than the bug.")


def test_controls_change_precision_bug_and_tolerance():
    view = StepSweep(cubes, CUBE, slopes, {"a": 2 * slopes(CUBE), "b": -slopes(CUBE)})
    precision, bug, tolerance = view.widget.children[0].children
    picture = view.widget.children[-1]
    for control, value in [(precision, "float32"), (bug, "b"), (tolerance, 1e-9)]:
        before = picture.picture, picture.words
        control.value = value
        assert (picture.picture, picture.words) != before
    assert (view.model.precision, view.model.bug, view.model.tolerance) == ("float32", "b", 1e-9)


def test_the_dot_of_the_map_is_dragged():
    view = StepSweep(lambda x: np.sin(x).sum(), np.array([1.0, 2.0]), np.cos)
    tolerance, picture = view.widget.children[0].children[2], view.widget.children[-1]
    axes = view.model._map_axes()
    for h, wanted in [(1e-5, 1e-3), (1e-9, 1e-11), (10.0**-2.25, 10.0**-7.75)]:
        x, y = axes.x(np.log10(h) + 0.05), axes.y(np.log10(wanted) - 0.05)
        picture._handle_custom_msg({"dragged": "dot", "x": x, "y": y, "number": 1}, [])
        assert (view.model.h, view.model.tolerance, tolerance.value) == pytest.approx((h, wanted, wanted))
        assert view.model.transcript().startswith(f"h = {h:.2g} · max(1, |x|), float64, tolerance {wanted:.0e}")
    view.dragged("dot", -900.0, 5000.0)
    assert (view.model.h, view.model.tolerance) == pytest.approx((1e-12, 1e-11)), "it stops at the edges"


def test_the_dot_is_moved_by_the_arrow_keys():
    view = StepSweep(lambda x: np.sin(x).sum(), np.array([1.0, 2.0]), np.cos)
    view.go(10)
    for (across, up), (step, tolerance) in [
        ((-1, 0), (11, 1e-5)), ((1, 0), (10, 1e-5)), ((0, 1), (10, 10.0**-4.75)), ((0, -10), (10, 10.0**-7.25)),
        ((0, 99), (10, 0.1)), ((99, 0), (0, 0.1)),
    ]:  # fmt: skip
        view.nudged("dot", across, up)
        assert (view.model.step, view.model.tolerance) == (step, pytest.approx(tolerance))


def test_the_dot_says_where_it_is_and_what_the_verdict_is():
    model = sine()
    model.go(step_of(1e-5))
    assert 'aria-valuetext="h = 1e-05, tolerance 1e-05: both verdicts are right"' in model.picture()


def test_the_goal_is_the_lowest_place_of_the_green_region():
    model = sine()
    model.precision = "float32"
    reached = set()
    for step in range(model.length):
        model.go(step)
        for model.tolerance in TOLERANCES:
            if model.goal().reached:
                reached.add(model.tolerance)
                assert VERDICTS[model.verdict(step)][0] == "right"
    (least,) = reached
    below = [t for t in TOLERANCES if t < least]
    for model.tolerance in below:
        assert all(model.verdict(step) != (True, False) for step in range(model.length))
    assert StepSweepModel(cubes, CUBE, slopes, {"none": slopes}).goal() is None, "no tolerance tells them apart"


def test_what_it_refuses():
    with pytest.raises(ValueError, match=r"the shape of x, \(2,\)"):
        StepSweep(cubes, CUBE, np.zeros(3))
    with pytest.raises(ValueError, match="pass {name: gradient}"):
        StepSweep(cubes, CUBE, slopes, {})


@pytest.mark.parametrize("name", SAMPLES[StepSweep])
def test_there_is_room_for_the_words_of_every_choice(name):
    model = SAMPLES[StepSweep][name]().model
    room = Words.covering(model.possible_words())
    for precision, bug, tolerance in product(PRECISIONS, model.wrong, TOLERANCES[::5]):
        model.precision, model.bug, model.tolerance = precision, bug, tolerance
        for step in range(0, model.length, 3):
            model.go(step)
            words = model.words()
            values = zip(words.rows, room.rows, strict=True)
            pairs = [(words.title, room.title), (words.remark, room.remark), *((a[1], b[1]) for a, b in values)]
            assert all(len(said) <= len(longest) for said, longest in pairs), words
