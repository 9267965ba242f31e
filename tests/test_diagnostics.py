"""The trackers record what NumPy computes from the same arrays; each pathology is found where it was planted."""

import json
import math

import numpy as np
import pytest

from gradlib import Tensor, nn, optim
from gradlib.diagnostics import (
    ActivationHook,
    ActivationTracker,
    Finding,
    GradientTracker,
    detect_gradient_pathologies,
    evaluating,
)
from gradlib.errors import GraphError

X = np.random.default_rng(0).normal(size=(32, 4)).astype(np.float32)


def mlp(activation=nn.ReLU):
    rng = np.random.default_rng(1)
    return nn.Sequential(nn.Linear(4, 6, rng=rng), activation(), nn.Linear(6, 2, rng=rng))


def backward(model, x=X, scale=1.0):
    model.zero_grad()
    (model(Tensor(x)).square().mean() * scale).backward()


# Gradients ------------------------------------------------------------


def test_records_what_numpy_says_of_the_gradients():
    model = mlp()
    tracker = GradientTracker(model)
    backward(model)
    record = tracker.record()
    assert list(record) == list(tracker.history) == ["0.weight", "0.bias", "2.weight", "2.bias"]
    for name, parameter in model.named_parameters():
        gradient = parameter.grad.astype(np.float64)
        wanted = {
            "norm": np.linalg.norm(gradient), "mean_abs": np.abs(gradient).mean(), "min": gradient.min(),
            "max": gradient.max(), "zeros": (gradient == 0).mean(), "nan": 0,
        }  # fmt: skip
        for figure, value in wanted.items():
            assert tracker.history[name][figure] == [pytest.approx(value, rel=1e-6)]
        assert tracker.history[name]["update_ratio"] == [None]


def test_one_entry_a_record_and_plain_data():
    model = mlp()
    tracker = GradientTracker(model)
    for scale in (1.0, 2.0, 3.0):
        backward(model, scale=scale)
        tracker.record()
    norms = tracker.history["2.bias"]["norm"]
    assert norms == [pytest.approx(norms[0] * k, rel=1e-5) for k in (1, 2, 3)]
    assert json.loads(json.dumps(tracker.history)) == tracker.history
    tracker.clear()
    assert tracker.history == {} and "no record" in repr(tracker)


def test_update_ratio_of_plain_descent():
    """A step of gradient descent moves w by lr · g: the ratio is lr ‖g‖/‖w‖."""
    model = mlp()
    tracker, optimizer = GradientTracker(model), optim.SGD(model.parameters(), lr=0.25)
    backward(model)
    sizes = {name: np.linalg.norm(p.data) for name, p in model.named_parameters()}
    tracker.record()
    optimizer.step()
    ratios = tracker.record_update()
    for name, figures in tracker.history.items():
        moved = 0.25 * figures["norm"][0]
        assert ratios[name] == figures["update_ratio"][0]
        assert ratios[name] == pytest.approx(moved / sizes[name] if sizes[name] else math.inf, rel=1e-4)


def test_update_ratio_needs_the_weights_before():
    model = mlp()
    tracker = GradientTracker(model)
    with pytest.raises(GraphError, match="record"):
        tracker.record_update()
    backward(model)
    tracker.record()
    assert set(tracker.record_update().values()) == {0.0}  # no step was made
    with pytest.raises(GraphError, match="optimizer.step"):
        tracker.record_update()


def test_recording_without_a_gradient():
    with pytest.raises(GraphError, match="after loss.backward"):
        GradientTracker(mlp()).record()


def test_frozen_and_unused_parameters():
    model = mlp()
    model[0].weight.requires_grad_(False)
    backward(model)
    model[2].bias.grad = None
    tracker = GradientTracker(model)
    tracker.record()
    assert "0.weight" not in tracker.history
    assert tracker.history["2.bias"]["norm"] == [None] and "-" in repr(tracker).splitlines()[-1]


def test_a_parameter_that_comes_later_has_gaps():
    model = mlp()
    model[0].bias.requires_grad_(False)
    tracker = GradientTracker(model)
    for freed in (False, True):
        model[0].bias.requires_grad_(freed)
        backward(model)
        tracker.record()
    assert tracker.history["0.bias"]["norm"][0] is None and tracker.history["0.bias"]["norm"][1] > 0
    assert len({len(series) for figures in tracker.history.values() for series in figures.values()}) == 1


def test_large_and_bad_gradients():
    model = nn.Linear(2, 2, rng=np.random.default_rng(0))
    model.weight.grad = np.full((2, 2), 1e30, np.float32)  # its square overflows float32
    model.bias.grad = np.array([np.nan, 1.0], np.float32)
    tracker = GradientTracker(model)
    tracker.record()
    assert tracker.history["weight"]["norm"] == [pytest.approx(2e30)]
    assert tracker.history["bias"]["nan"] == [1] and math.isnan(tracker.history["bias"]["norm"][0])


def test_a_unit_is_dead_when_it_has_been_silent_for_ten_records():
    """A column of a matrix, a filter of a convolution; one example that closes a ReLU does not make it dead."""
    model = nn.Sequential(nn.Conv2d(1, 4, 3, rng=np.random.default_rng(0)), nn.Linear(3, 2, bias=False))
    tracker, rng = GradientTracker(model), np.random.default_rng(0)
    filters, columns = [], []
    for step in range(14):
        model[0].weight.grad = rng.normal(size=(4, 1, 3, 3))
        model[0].weight.grad[1] = 0 if step >= 2 else 1  # dead from record 2 on: known at record 11
        model[0].weight.grad[2 + step % 2] = 0  # by turns: never dead
        model[0].bias.grad = np.zeros(4)
        model[1].weight.grad = np.array([[1.0, 0.0], [0.0, 0.0], [0.0, 0.0]]) if step else np.zeros((3, 2))
        record = tracker.record()
        filters.append(record["0.weight"]["dead"])
        columns.append(record["1.weight"]["dead"])
    assert filters == [0.25, *[0.0] * 10, 0.25, 0.25, 0.25]  # at the first record one batch is all there is
    assert columns == [1.0, *[0.5] * 13]
    assert tracker.history["0.bias"]["dead"] == [1.0] * 14
    tracker.clear()
    assert tracker.record()["1.weight"]["dead"] == 0.5


def test_the_table_names_every_parameter():
    model = mlp()
    tracker = GradientTracker(model)
    backward(model)
    tracker.record()
    lines = repr(tracker).splitlines()
    assert [line.split()[0] for line in lines] == ["parameter", "0.weight", "0.bias", "2.weight", "2.bias"]
    assert "update_ratio" in lines[0] and len(set(map(len, lines))) == 1
    assert f"{tracker.history['2.weight']['norm'][0]:.4g}" in lines[3]


# Activations ------------------------------------------------------------


def test_activations_are_those_of_the_layer():
    model = mlp()
    with ActivationHook(model[1], "hidden") as hook:
        model(Tensor(X))
        model(Tensor(X[:5]))
    model(Tensor(X))  # not watched any more
    hidden = model[1](model[0](Tensor(X))).data
    np.testing.assert_array_equal(hook.output, hidden[:5])
    wanted = {
        "mean": hidden.mean(), "std": hidden.std(), "min": hidden.min(), "max": hidden.max(),
        "zeros": (hidden == 0).mean(), "dead": (hidden == 0).all(axis=0).mean(), "nan": 0,
    }  # fmt: skip
    for figure, value in wanted.items():
        assert hook.history[figure][0] == pytest.approx(value, rel=1e-5), figure
        assert len(hook.history[figure]) == 2
    assert repr(hook).splitlines()[1].startswith("hidden")
    assert json.loads(json.dumps(hook.history)) == hook.history


def test_a_hook_leaves_after_an_error_too():
    layer = nn.ReLU()
    with pytest.raises(RuntimeError), ActivationHook(layer) as hook:
        raise RuntimeError
    layer(Tensor(X))
    assert hook.history == {} and hook.name == "ReLU" and "no record" in repr(hook)


def test_dead_units_are_dead_for_every_example():
    model = mlp()
    model[0].bias.data = np.array([0, 0, -100, 0, -100, 0], np.float32)
    with ActivationHook(model[1]) as hook:
        model(Tensor(X))
    assert hook.history["dead"] == [pytest.approx(2 / 6)]
    assert hook.history["zeros"][0] > 2 / 6  # others are 0 for some examples


def test_a_layer_that_returns_several_things():
    layer = nn.LSTM(4, 3, rng=np.random.default_rng(0))
    with ActivationHook(layer) as hook:
        output, _ = layer(Tensor(X[None]))
    assert hook.history["mean"] == [pytest.approx(output.data.mean(), rel=1e-5)]


@pytest.mark.parametrize(
    ("output", "recorded"),
    [
        ({"scores": Tensor([1.0, 3.0]), "state": None}, 2.0), ([{"scores": Tensor(3.0)}], 3.0), ((), None),
        (Tensor(np.ones((0, 2))), None), (Tensor([True, False]), 0.5), (Tensor(np.int64(2)), 2.0),
    ],
)  # fmt: skip
def test_outputs_of_any_structure_are_recorded(output, recorded):
    class Layer(nn.Module):
        def forward(self):
            return output

    layer = Layer()
    hook = ActivationHook(layer)
    layer()
    assert hook.history["mean"] == [recorded]
    with pytest.raises(TypeError, match="watches a layer that returns tensors, got NoneType"):
        output = None
        layer()


def test_every_layer_by_name():
    small = nn.Sequential(mlp(), nn.Linear(2, 4, rng=np.random.default_rng(0)), mlp(nn.Tanh))
    with ActivationTracker(small) as tracker:
        small(Tensor(X))
    assert list(tracker.history) == ["0.0", "0.1", "0.2", "1", "2.0", "2.1", "2.2"]
    assert all(len(figures["std"]) == 1 for figures in tracker.history.values())
    small(Tensor(X))
    assert all(len(figures["std"]) == 1 for figures in tracker.history.values())  # all were removed
    assert [line.split()[0] for line in repr(tracker).splitlines()] == ["layer", *tracker.history]
    assert tracker.hooks["1"].layer is small[1]


def test_a_layer_alone_and_one_that_is_not_called():
    layer = nn.ReLU()
    with ActivationTracker(layer) as tracker:
        assert "1 layers watched" in repr(tracker)
        layer(Tensor(X))
    assert list(tracker.history) == ["ReLU"]
    model = mlp()
    with ActivationTracker(model) as tracker:
        model[0](Tensor(X))
    assert tracker.history["1"] == {} and "-" in repr(tracker).splitlines()[2]


def test_infinite_and_missing_activations_are_recorded_without_a_warning():
    layer = nn.ReLU()
    with ActivationHook(layer) as hook:
        for x in ([[np.inf, 1.0]], [[np.nan, 1.0]], np.zeros((0, 2), np.float32), np.float32(2)):
            layer(Tensor(x))
    assert hook.history["max"][0] == math.inf and hook.history["nan"][:2] == [0, 1]
    assert {figure: series[2] for figure, series in hook.history.items()} == dict.fromkeys(hook.history)
    assert hook.history["dead"][3] == 0.0 and hook.history["mean"][3] == 2.0


@pytest.mark.parametrize("layer, named", [(nn.ReLU, "the class ReLU"), (Tensor([1.0]), "Tensor"), (len, "builtin")])
def test_what_is_no_layer(layer, named):
    with pytest.raises(TypeError, match=rf"ActivationHook\(model\[1\]\); got {named}"):
        ActivationHook(layer)
    with pytest.raises(TypeError, match="got generator"):
        GradientTracker(mlp().parameters())


# Pathologies ------------------------------------------------------------


def kinds(findings):
    return [(finding.layer, finding.kind) for finding in findings]


def test_vanishing_in_a_deep_sigmoid_network():
    """Each sigmoid multiplies the gradient by at most 1/4: twelve of them leave little for the first layer."""
    rng = np.random.default_rng(0)
    layers = [layer for _ in range(12) for layer in (nn.Linear(4, 4, rng=rng), nn.Sigmoid())]
    model = nn.Sequential(*layers, nn.Linear(4, 1, rng=rng))
    tracker = GradientTracker(model)
    for _ in range(3):
        backward(model)
        tracker.record()
    findings = detect_gradient_pathologies(tracker)
    assert ("0.weight", "vanishing") in kinds(findings)
    assert "24.weight" not in [finding.layer for finding in findings]
    finding = findings[0]
    assert finding.figures == {"median norm": np.median(tracker.history["0.weight"]["norm"]), "records": 3}
    assert "ReLU" in finding.advice


def test_exploding_and_the_step_at_which():
    model = mlp()
    tracker = GradientTracker(model)
    for scale in (1.0, 1e4, 1e5, 1.0):
        backward(model, scale=scale)
        tracker.record()
    findings = [f for f in detect_gradient_pathologies(tracker.history) if f.layer == "2.weight"]
    assert kinds(findings) == [("2.weight", "exploding")]
    assert findings[0].figures["record"] == 2 and findings[0].figures["records above"] == 2
    assert findings[0].figures["largest norm"] == tracker.history["2.weight"]["norm"][2]
    assert "clip" in findings[0].advice


def test_dead_units_by_activations_and_by_gradients():
    model = mlp()
    model[0].bias.data = np.full(6, -100, np.float32)
    tracker = GradientTracker(model)
    with ActivationTracker(model) as activations:
        backward(model)
    tracker.record()
    assert ("1", "dead units") in kinds(detect_gradient_pathologies(activations))
    assert ("0.weight", "dead units") in kinds(detect_gradient_pathologies(tracker))
    with ActivationHook(model[1], "hidden") as hook:
        model(Tensor(X))
    (finding,) = detect_gradient_pathologies(hook)
    assert (finding.layer, finding.kind, finding.figures["median fraction dead"]) == ("hidden", "dead units", 1.0)


def test_what_is_cut_off_has_not_faded():
    """Behind a dead layer every gradient is exactly 0: the advice against small slopes would be of no use."""
    model = mlp()
    model[0].bias.data = np.full(6, -100, np.float32)
    model[2].bias.data = np.ones(2, np.float32)
    tracker = GradientTracker(model)
    backward(model)
    tracker.record()
    findings = detect_gradient_pathologies(tracker)
    assert kinds(findings) == [(name, "dead units") for name in ("0.weight", "0.bias", "2.weight")]
    assert all("ActivationTracker" in finding.advice for finding in findings)


def mostly_zeros(rng, batch):
    return (rng.normal(size=(batch, 40)) * (rng.random((batch, 40)) < 0.1)).astype(np.float32)


@pytest.mark.parametrize(
    "first, data",
    [
        (lambda rng: nn.Linear(40, 16, rng=rng), mostly_zeros),  # inputs that are mostly 0, as of an image
        (lambda rng: nn.Embedding(100, 16, rng=rng), lambda rng, batch: rng.integers(0, 100, batch)),
    ],
    ids=["sparse inputs", "embedding"],
)
@pytest.mark.parametrize("batch", [1, 4])
def test_small_batches_and_sparse_inputs_are_healthy(first, data, batch):
    """Most entries of the first gradient are 0 in every step, and no unit is dead."""
    rng = np.random.default_rng(0)
    model = nn.Sequential(first(rng), nn.ReLU(), nn.Linear(16, 2, rng=rng))
    tracker = GradientTracker(model)
    for _ in range(30):
        backward(model, data(rng, batch))
        tracker.record()
    assert np.median(tracker.history["0.weight"]["zeros"]) > 0.5
    assert detect_gradient_pathologies(tracker) == []


def test_an_infinite_activation_explodes():
    layer = nn.ReLU()
    with ActivationHook(layer, "hidden") as hook:
        for x in (1.0, np.inf):
            layer(Tensor([[x, 1.0]]))
    (finding,) = detect_gradient_pathologies(hook)
    assert (finding.kind, finding.figures["record"]) == ("exploding", 1)


def test_nan_where_it_begins():
    model = mlp()
    tracker = GradientTracker(model)
    for x in (X, np.full_like(X, np.nan)):
        backward(model, x)
        tracker.record()
    findings = detect_gradient_pathologies(tracker)
    assert ("0.weight", "NaN") in kinds(findings)
    assert findings[0].figures == {"first record": 1, "records with NaN": 1}


def test_a_healthy_network_has_no_findings():
    model = mlp(nn.Tanh)
    tracker = GradientTracker(model)
    with ActivationTracker(model) as activations:
        backward(model)
    tracker.record()
    for history in (tracker, activations):
        findings = detect_gradient_pathologies(history)
        assert findings == [] and "nothing found" in repr(findings)


@pytest.mark.parametrize(
    "norms, wanted",
    [
        ([1e-7, 1e-7], ["vanishing"]), ([1e-7, 1.0, 1.0], []),
        ([1e-7, 1e-7, 1.0], ["vanishing"]), ([1.0, 200.0], ["exploding"]),
        ([1.0, math.inf], ["exploding"]),
        ([1.0, math.nan], ["NaN"]), ([math.nan, 1e-9], ["NaN", "vanishing"]), ([None, None], ["no gradient"]),
        ([None, 1.0], []), ([], []), ([0.0], ["vanishing"]),
    ],
)  # fmt: skip
def test_what_a_list_of_norms_tells(norms, wanted):
    assert [kind for _, kind in kinds(detect_gradient_pathologies({"w": norms}))] == wanted


def test_thresholds_are_chosen_by_the_caller():
    history = {"w": [0.01, 0.01]}
    assert kinds(detect_gradient_pathologies(history, threshold_low=0.1)) == [("w", "vanishing")]
    assert kinds(detect_gradient_pathologies(history, threshold_high=0.001, threshold_low=1e-9)) == [("w", "exploding")]
    half = {"relu": {"dead": [0.3, 0.3]}}
    assert not detect_gradient_pathologies(half)
    assert kinds(detect_gradient_pathologies(half, threshold_dead=0.25)) == [("relu", "dead units")]


def test_a_finding_prints_its_figures_and_what_to_do():
    report = repr(detect_gradient_pathologies({"w": [1e-9], "v": [1e3]}))
    assert "w: vanishing (median norm = 1e-09, records = 1)" in report and "v: exploding" in report
    assert all(len(line) > 20 for line in report.splitlines()) and len(report.splitlines()) == 4
    assert isinstance(detect_gradient_pathologies({"w": [1e-9]})[0], Finding)


def test_a_report_gives_the_same_advice_once():
    report = repr(detect_gradient_pathologies({"a": [1e-9], "b": [1e3], "c": [1e-8]})).splitlines()
    assert [line.split(" (")[0] for line in report[:2]] == ["a: vanishing", "c: vanishing"]
    assert report[2].startswith("    If the loss") and report[3].startswith("b: exploding") and len(report) == 5


@pytest.mark.parametrize("nothing", [{}, {"relu": {}}, GradientTracker(mlp())], ids=["{}", "no figures", "tracker"])
def test_nothing_recorded_is_not_healthy(nothing):
    with pytest.raises(ValueError, match="nothing was recorded"):
        detect_gradient_pathologies(nothing)


@pytest.mark.parametrize(
    "history, error, message",
    [
        ([1.0, 2.0], TypeError, "list"),
        ({"mean": 3.0}, TypeError, "hook"),
        ({"w": "1.0"}, TypeError, "list of norms"),
        ({"w": {"norm": 1.0}}, TypeError, "list of norms"),
        ({"w": {"norm": ["1"]}}, TypeError, "list of norms"),
    ],
)
def test_what_is_no_history(history, error, message):
    with pytest.raises(error, match=message):
        detect_gradient_pathologies(history)


@pytest.mark.parametrize("wrong", [None, "a", [1.0], np.ones(1), {}])
def test_wrong_kinds_are_refused_by_name(wrong):
    for what in (GradientTracker, ActivationTracker):
        with pytest.raises(TypeError, match=f"{what.__name__} takes a model, a Module; got {type(wrong).__name__}."):
            what(wrong)
        with pytest.raises(TypeError, match=f"{what.__name__} takes a model, a Module; got the class ReLU."):
            what(nn.ReLU)
    for name in ("threshold_low", "threshold_high", "threshold_dead"):
        with pytest.raises(TypeError, match=f"{name} must be a number, got"):
            detect_gradient_pathologies({"a": [1.0]}, **{name: wrong})
    if wrong is not None and wrong != "a":
        with pytest.raises(TypeError, match="the name of an ActivationHook must be a text, got"):
            ActivationHook(nn.ReLU(), wrong)


@pytest.mark.parametrize("norms", [np.array(1.0), (norm for norm in [1.0]), {1.0}, "1", [[1.0]], ["a"], 1.0])
def test_what_is_not_a_list_of_norms_is_refused(norms):
    for history in ({"a": norms}, {"a": {"norm": norms}}):
        with pytest.raises(TypeError, match=r"history\['a'\] must be \{figure: list\} or a list of norms, got"):
            detect_gradient_pathologies(history)
    thresholds = np.float32(1e-6), np.array(100.0)
    assert detect_gradient_pathologies({"a": np.array([1.0, 2.0])}, *thresholds) == []


def test_thresholds_must_leave_room():
    with pytest.raises(ValueError, match="below"):
        detect_gradient_pathologies({}, threshold_low=1.0, threshold_high=1.0)


# Looking without leaving a trace ------------------------------------------------------------


def test_evaluating_puts_every_module_back():
    model = nn.Sequential(nn.Dropout(0.5), nn.Sequential(nn.Dropout(0.5), nn.ReLU()))
    model[1].eval()
    with pytest.raises(RuntimeError), evaluating(model):
        assert not any(module.training for _, module in model.named_modules())
        raise RuntimeError
    assert model.training and model[0].training and not model[1].training and not model[1][0].training
    with evaluating(len):
        pass


def test_a_gradient_that_was_assigned_as_a_list_or_a_number_is_tracked():
    model = nn.Linear(1, 1)
    model.weight.grad, model.bias.grad = [[3.0]], np.array([4.0])
    assert GradientTracker(model).track_gradients() == {"weight": 3.0, "bias": 4.0}
