"""Arrays of another memory: every operation, layer, loss and optimizer gives there what it gives on the CPU.

The device of these tests is a stand-in: the memory of the CPU once more, reached only in the way by which CuPy's is
reached. What would leave it unasked is an error. With a GPU: GRADLIB_DEVICE=cuda pytest tests/test_device.py
"""

import copy
import os

import numpy as np
import pytest

import gradlib
from gradlib import Tensor, explain, grad, gradcheck, nn, optim, plots
from gradlib.amp import autocast
from gradlib.data import DataLoader, TensorDataset, make_moons
from gradlib.device import DEVICES, DeviceArray, to
from gradlib.diagnostics import ActivationHook, GradientTracker
from gradlib.graph import Graph
from gradlib.primitives import TABLE
from gradlib.serialization import load_into, load_tree, save, save_tree
from gradlib.tensor import apply
from gradlib.training import Checkpoint, GradientTracking, TrainConfig, Trainer, accuracy
from gradlib.walkthrough import gradient_paths
from tests.nn.test_every_layer import LAYERS, LOSSES, made, outputs
from tests.samples import SAMPLES

DEVICE = os.environ.get("GRADLIB_DEVICE", "twin")
BY_SCIPY = {"erf", "gelu", "MLP", "TransformerEncoderLayer", "TransformerEncoder"}  # on the CPU


@pytest.fixture(autouse=True)
def twin(monkeypatch):
    monkeypatch.setitem(DEVICES, "twin", lambda: np)


def calculated(sample, device):
    inputs = [Tensor(to(x, device), requires_grad=x.dtype.kind == "f") for x in sample.inputs]
    with np.errstate(all="ignore"):
        z = apply(TABLE[sample.name], *inputs, **sample.keywords)
        if z.requires_grad:
            z.backward(np.random.default_rng(5).normal(size=z.shape))
    return [z.data, *(x.grad for x in inputs)]


@pytest.mark.parametrize("name", [name for name in TABLE if name != "to"])
def test_an_operation_and_its_gradients(name):
    if name in BY_SCIPY:
        pytest.importorskip("scipy")
    for sample in (sample for sample in SAMPLES if sample.name == name):
        for there, here in zip(calculated(sample, DEVICE), calculated(sample, "cpu"), strict=True):
            if here is None:
                assert there is None, sample
                continue
            assert isinstance(there, DeviceArray), sample
            np.testing.assert_allclose(to(there, "cpu"), here, rtol=1e-6, atol=1e-9, strict=True, err_msg=str(sample))


def test_gradients_of_gradients_stay_there():
    x = Tensor(np.array([0.5, -1.0, 2.0])).to(DEVICE).requires_grad_()
    y = (x.sin() * x.exp()).sum()
    for _ in range(3):
        (slope,) = grad(y, [x], create_graph=True)
        assert slope.device == DEVICE
        y = slope.sum()
    here = x.cpu().data
    np.testing.assert_allclose(to(slope.data, "cpu"), 2 * np.exp(here) * (np.cos(here) - np.sin(here)))


def test_it_is_moved_as_a_part_of_the_graph():
    x = Tensor([1.0, 2.0], requires_grad=True)
    y = x.to(DEVICE) * 3
    z = y.cpu() * Tensor([1.0, 10.0])
    assert (x.device, y.device, z.device) == ("cpu", DEVICE, "cpu") and y.to(DEVICE) is y and x.cpu() is x
    z.sum().backward()
    assert type(x.grad) is np.ndarray and x.grad.tolist() == [3.0, 30.0]


def test_what_meets_it_is_moved():
    x = Tensor([1.0, 2.0]).to(DEVICE)
    for other in (Tensor([1.0, 1.0]), np.ones(2, np.float32), 1, 1.0, np.float32(1)):
        for z in (x + other, other + x):
            assert z.device == DEVICE and z.dtype == np.float32 and z.tolist() == [2.0, 3.0]
    assert x[[1, 1]].tolist() == x[Tensor([1, 1])].tolist() == x[Tensor([1, 1]).to(DEVICE)].tolist() == [2.0, 2.0]
    assert x[x > 1].tolist() == [2.0]


def test_a_repeated_index_collects_twice():
    x = Tensor([1.0, 2.0]).to(DEVICE).requires_grad_()
    x[Tensor([1, 1, 0]).to(DEVICE)].sum().backward()
    assert x.grad.tolist() == [1.0, 2.0]


def test_it_can_be_read_and_written():
    x = Tensor([[1.0, 2.0]], requires_grad=True).to(DEVICE).detach()
    assert repr(x) == f"Tensor([[1., 2.]], shape=(1, 2), device={DEVICE!r})"
    assert f"DeviceArray(array([[1., 2.]], dtype=float32), device={DEVICE!r})" == repr(x.data)
    x[0, 0] = 5.0
    x += 1
    x.data -= np.float32(1)
    assert x.tolist() == [[5.0, 2.0]] and x[0, 1].item() == 2.0 and len(x) == 1 and float(x.sum()) == 7.0
    assert copy.deepcopy(x).device == DEVICE


def test_numpy_is_refused_where_it_would_have_to_copy():
    x = Tensor([1.0]).to(DEVICE)
    for call in (x.numpy, lambda: np.asarray(x), lambda: np.asarray(x.data)):
        with pytest.raises(TypeError, match=rf"(lies|is) in the memory of '{DEVICE}': move it .*t.cpu\(\)"):
            call()


def test_another_device_is_refused():
    with pytest.raises(ValueError, match="there is no device 'abacus'. The devices are cpu, cuda"):
        Tensor([1.0]).to("abacus")


def test_cuda_says_what_it_needs():
    try:
        import cupy  # noqa: F401
    except ImportError:
        with pytest.raises(ImportError, match="device 'cuda' needs an NVIDIA GPU and CuPy"):
            Tensor([1.0]).cuda()


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_and_its_gradients(name):
    if name in BY_SCIPY:
        pytest.importorskip("scipy")
    results = []
    for device in ("cpu", DEVICE):
        layer, x = made(name)
        x = Tensor(to(x, device), requires_grad=True) if x.dtype.kind == "f" else x
        given = outputs(layer.to(device)(x))
        sum((part * part).sum() for part in given).backward()
        gradients = [p.grad for p in (*layer.parameters(), x) if getattr(p, "grad", None) is not None]
        arrays = [*(part.data for part in given), *gradients, *(buffer.data for buffer in layer.buffers())]
        assert {array.device for array in arrays} == {device}
        results.append([to(array, "cpu") for array in arrays])
    for here, there in zip(*results, strict=True):
        np.testing.assert_allclose(there, here, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_and_its_gradient(name):
    results = []
    for device in ("cpu", DEVICE):
        x = Tensor(to(np.random.default_rng(2).normal(size=(3, 2)), device), requires_grad=True)
        loss = LOSSES[name](x).sum()
        loss.backward()
        assert (loss.device, x.grad.device) == (device, device)
        results.append([loss.item(), *np.ravel(to(x.grad, "cpu"))])
    np.testing.assert_allclose(*results, rtol=1e-12)


def test_labels_may_lie_on_either_device():
    scores, labels = Tensor(np.eye(3)).to(DEVICE), Tensor([0, 1, 1])
    here, there = (nn.CrossEntropyLoss()(scores, y) for y in (labels, labels.to(DEVICE)))
    assert here.device == there.device == DEVICE and here.item() == there.item()


@pytest.mark.parametrize("name", [name for name in dir(optim) if isinstance(getattr(optim, name), type)])
def test_an_optimizer_moves_parameters_there_and_goes_on_from_a_file(name, tmp_path):
    pytest.importorskip("safetensors")
    kind = getattr(optim, name)
    if kind is optim.Optimizer or not issubclass(kind, optim.Optimizer):
        return
    weights = []
    for device in ("cpu", DEVICE):
        model = nn.MLP([3, 4, 2], rng=np.random.default_rng(0)).to(device)
        optimizer = kind(model.parameters(), lr=0.01)
        for step in range(6):
            if step == 3:
                save_tree(optimizer.state_dict(), tmp_path / "state.safetensors")
                optimizer = kind(model.parameters(), lr=0.01)
                optimizer.load_state_dict(load_tree(tmp_path / "state.safetensors"))
            optimizer.zero_grad()
            (model(Tensor(np.ones((2, 3), np.float32))) ** 2).sum().backward()
            optim.clip_grad_norm_(model.parameters(), 1.0)
            optim.clip_grad_value_(model.parameters(), 0.5)
            optimizer.step()
        assert {p.device for p in model.parameters()} == {device}
        weights.append(model.state_dict())
    assert all(type(array) is np.ndarray for array in weights[1].values())
    for key, array in weights[0].items():
        np.testing.assert_allclose(weights[1][key], array, rtol=1e-6)


def test_a_trainer_trains_there_from_batches_of_the_cpu(tmp_path):
    pytest.importorskip("safetensors")
    x, y = make_moons(40, rng=np.random.default_rng(0))
    runs = []
    for device in ("cpu", DEVICE):
        gradlib.manual_seed(1)
        model = nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, 2))
        model.to(device)
        trainer = Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters()), {"accuracy": accuracy})
        loader = DataLoader(TensorDataset(x, y), batch_size=10, shuffle=True, seed=3)
        cfg = TrainConfig(3, print_every=0, clip_norm=1.0, restore_best=True)
        callbacks = [Checkpoint(tmp_path / f"{device}.safetensors"), GradientTracking()]
        runs.append([trainer.fit(loader, loader, cfg, callbacks).to_dict(), trainer.predict(x).tolist()])
        save(model, tmp_path / f"{device}-model.safetensors")
        load_into(model, tmp_path / f"{device}-model.safetensors")
    for key, values in runs[0][0].items():
        np.testing.assert_allclose(runs[1][0][key], values, rtol=1e-5)
    np.testing.assert_allclose(runs[1][1], runs[0][1], rtol=1e-4)


def test_the_diagnostics_look_at_it():
    model = nn.MLP([3, 4, 2], rng=np.random.default_rng(0)).to(DEVICE)
    tracker = GradientTracker(model)
    with ActivationHook(model[1], "hidden") as hook:
        model(Tensor(np.ones((5, 3), np.float32))).sum().backward()
    tracker.record()
    assert hook.history["max"][0] > 0 and tracker.history["0.weight"]["norm"][0] > 0


def test_explanations_and_pictures_copy_what_they_show():
    def walked(device):
        x = Tensor([[0.5, -1.0], [2.0, 3.0]]).to(device).requires_grad_()
        y = Tensor([3.0]).to(device).requires_grad_()
        z = (x.exp() * y + x).sum() * 0.5
        z.backward()
        small = (y * y + y).sum()
        names = {"x": x, "y": y, "z": z}
        return [
            explain(z, names).to_text(), explain(small, names).to_text(), gradient_paths(small, y, names).to_text(),
            Graph(z, names).to_text(), repr(x.grad.tolist()),
        ]  # fmt: skip

    assert walked(DEVICE) == walked("cpu")


def test_gradcheck_takes_it():
    x = Tensor([[0.5, -1.0], [2.0, 3.0]], dtype=np.float64).to(DEVICE).requires_grad_()
    assert gradcheck(lambda x: (x.exp() * x).sum(axis=0), x)
    wrong = gradcheck(lambda x: (x * x.detach()).sum(), x, raise_exception=False)
    assert not wrong


def test_plots_take_it():
    plt = pytest.importorskip("matplotlib.pyplot")
    x = Tensor([[0.5, 1.0], [2.0, 3.0]]).to(DEVICE)
    model = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 2)).to(DEVICE)
    (model(x) ** 2).sum().backward()
    for draw in [
        lambda: plots.gradient_heatmap(model[0].weight), lambda: plots.image_grid(x.reshape(1, 2, 2)),
        lambda: plots.saliency_map(model, x[0]), lambda: plots.attention_map(x), lambda: plots.gradient_flow(model),
        lambda: plots.gradient_histograms(model), lambda: plots.activation_histograms(model, x),
        lambda: plots.decision_boundary(model, x, np.array([0, 1])), lambda: plots.confusion_matrix([0, 1], x),
        lambda: plots.loss_surface(lambda: (model(x) ** 2).sum(), model, resolution=3),
    ]:  # fmt: skip
        draw()
        plt.close("all")


def test_the_same_seed_draws_the_same():
    def drawn(device):
        gradlib.manual_seed(3)
        model = nn.Sequential(nn.Linear(4, 5), nn.Dropout(0.5)).to(device)
        return to(model(Tensor(np.ones((6, 4), np.float32)).to(device)).data, "cpu")

    np.testing.assert_allclose(drawn(DEVICE), drawn("cpu"), rtol=1e-6)


def test_a_model_moves_back_and_into_another_dtype():
    model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)).to(DEVICE).to(np.float64)
    assert {(t.device, str(t.dtype)) for t in model.parameters()} == {(DEVICE, "float64")}
    assert {t.device for t in (*model.cpu().parameters(), *model.buffers())} == {"cpu"}


def test_mixed_precision_there():
    w = Tensor([[0.5], [0.25]], requires_grad=True).to(DEVICE)
    with autocast():
        loss = (Tensor([[1.0, 2.0]]) @ w).exp().sum()
    assert (loss.device, str(loss.dtype)) == (DEVICE, "float32")
