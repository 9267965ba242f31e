"""Module: what it finds, keeps, loads, and says."""

import copy
import pickle

import numpy as np
import pytest

from gradlib import Parameter, ShapeError, Tensor, nn


class Block(nn.Module):
    def __init__(self, shared):
        super().__init__()
        self.first = nn.Linear(2, 2)
        self.scale = Parameter([1.0, 2.0])
        self.register_buffer("mean", np.zeros(2, np.float32))
        self.register_buffer("scratch", np.zeros(1, np.float32), persistent=False)
        self.shared = shared
        self.note = "plain"

    def forward(self, x):
        return self.shared(self.first(x)) * self.scale - self.mean


def net():
    shared = nn.Linear(2, 2, bias=False)
    return nn.Sequential(Block(shared), nn.ReLU(), Block(shared))


def test_parameters_in_order_nested_and_shared_ones_once():
    names = [name for name, _ in net().named_parameters()]
    own = ["scale", "first.weight", "first.bias"]
    assert names == [*(f"0.{name}" for name in own), "0.shared.weight", *(f"2.{name}" for name in own)]
    assert [name for name, _ in net().named_parameters("net", recurse=True)][0] == "net.0.scale"
    assert len(list(net()[0].parameters(recurse=False))) == 1


def test_modules_and_buffers():
    model = net()
    assert [name for name, _ in model.named_modules()] == ["", "0", "0.first", "0.shared", "1", "2", "2.first"]
    assert [name for name, _ in model.named_buffers()] == ["0.mean", "0.scratch", "2.mean", "2.scratch"]
    assert [type(child).__name__ for child in model.children()] == ["Block", "ReLU", "Block"]
    seen = []
    assert model.apply(lambda module: seen.append(type(module).__name__)) is model
    assert seen[-1] == "Sequential" and seen.count("Linear") == 4


def test_state_names_a_shared_parameter_under_each_name_and_leaves_out_what_is_not_to_be_kept():
    state = net().state_dict()
    assert "0.shared.weight" in state and "2.shared.weight" in state and "0.mean" in state and "0.scratch" not in state
    state["0.scale"][:] = 9.0
    assert net()[0].scale.tolist() == [1.0, 2.0]


def test_loading_changes_values_not_objects_and_shared_stays_shared():
    model, other = net(), net()
    scale = model[0].scale
    other[0].scale.data = np.array([5.0, 6.0])
    model.load_state_dict(other.state_dict())
    assert model[0].scale is scale and scale.tolist() == [5.0, 6.0]
    assert model[0].shared.weight is model[2].shared.weight


def test_loading_lists_all_that_does_not_fit_and_changes_nothing():
    model = net()
    before = model.state_dict()
    state = {**before, "0.scale": np.ones(3), "2.scale": np.ones((2, 1))}
    with pytest.raises(ShapeError, match=r"0.scale is \(3,\), the module's is \(2,\); 2.scale is \(2, 1\)"):
        model.load_state_dict(state)
    state = {**before, "extra": np.ones(1)}
    del state["0.scale"]
    with pytest.raises(KeyError, match="missing: 0.scale; unexpected: extra. Nothing was loaded. strict=False"):
        model.load_state_dict(state)
    assert all(np.array_equal(before[name], array) for name, array in model.state_dict().items())
    model.load_state_dict({**state, "2.scale": np.array([7.0, 7.0])}, strict=False)
    assert model[2].scale.tolist() == [7.0, 7.0]


def test_train_eval_freeze_zero_grad_and_dtype():
    model = net()
    assert model.eval() is model and not any(module.training for module in model.modules())
    assert model.train() is model and all(module.training for module in model.modules())
    model(Tensor(np.ones((1, 2)))).sum().backward()
    model.zero_grad(set_to_none=False)
    assert all(not parameter.grad.any() for parameter in model.parameters())
    model.zero_grad()
    assert all(parameter.grad is None for parameter in model.parameters())
    model.requires_grad_(False)
    assert not model(Tensor(np.ones((1, 2)))).requires_grad
    assert model.double() is model and {t.dtype for t in (*model.parameters(), *model.buffers())} == {np.dtype("f8")}
    assert {t.dtype for t in model.float().parameters()} == {np.dtype("f4")}


@pytest.mark.parametrize("how", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_copy_is_whole_and_its_own(how):
    model = net()
    twin = how(model)
    assert twin[0].shared is twin[2].shared and twin[0].first is twin[0]._modules["first"]
    x = Tensor(np.random.default_rng(0).normal(size=(3, 2)))
    assert np.array_equal(twin(x).data, model(x).data)
    twin[0].scale.data = np.array([8.0, 8.0])
    assert model[0].scale.tolist() == [1.0, 2.0] and twin._modules["0"].scale.tolist() == [8.0, 8.0]


def test_attributes_may_be_replaced_removed_and_left_out():
    layer = nn.Linear(2, 2)
    layer.bias = None
    assert layer.bias is None and [name for name, _ in layer.named_parameters()] == ["weight"]
    layer.bias = Parameter(np.ones(2))
    assert [name for name, _ in layer.named_parameters()] == ["weight", "bias"]
    layer.weight = 3.0
    assert [name for name, _ in layer.named_parameters()] == ["bias"] and layer.weight == 3.0
    del layer.bias
    assert not list(layer.parameters())
    norm = nn.BatchNorm1d(2)
    norm.running_mean = Tensor(np.ones(2))
    assert dict(norm.named_buffers())["running_mean"].tolist() == [1.0, 1.0]


def test_hooks_see_and_change_and_end():
    layer, seen = nn.ReLU(), []
    with layer.register_forward_hook(lambda module, args, output: seen.append((module, args, output))):
        x = Tensor([1.0, -1.0])
        z = layer(x)
    assert seen[0][0] is layer and seen[0][1] == (x,) and seen[0][2] is z
    doubled = layer.register_forward_hook(lambda module, args, output: output * 2)
    before = layer.register_forward_pre_hook(lambda module, args: args[0] + 3)
    assert layer(Tensor([1.0])).tolist() == [8.0]
    before.remove()
    assert layer(Tensor([1.0])).tolist() == [2.0]
    doubled.remove()
    assert layer(Tensor([1.0])).tolist() == [1.0] and len(seen) == 1
    with pytest.raises(TypeError, match="a hook is a function, got int"):
        layer.register_forward_hook(3)


def test_what_is_missing_or_hidden_is_said():
    class Forgetful(nn.Module):
        def __init__(self):
            self.layer = nn.ReLU()

    with pytest.raises(AttributeError, match=r"Forgetful.__init__ must call super\(\).__init__\(\) before it assigns"):
        Forgetful()
    with pytest.raises(AttributeError, match="Linear has no attribute 'weights'. It has weight, bias."):
        _ = nn.Linear(1, 1).weights
    with pytest.raises(NotImplementedError, match="Module has no forward: define"):
        nn.Module()(1.0)
    model = nn.Module()
    with pytest.raises(TypeError, match="Module.layers is a plain list that holds a ReLU.*Use nn.ModuleList"):
        model.layers = [nn.ReLU()]
    with pytest.raises(TypeError, match="Use nn.ModuleDict"):
        model.layers = {"a": nn.ReLU()}
    with pytest.raises(TypeError, match="plain tuple that holds a Parameter"):
        model.weights = (Parameter([1.0]),)


def test_its_tree_and_its_summary():
    model = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.Sequential(nn.ReLU(), nn.Flatten()), nn.Linear(64, 2))
    assert repr(model) == (
        "Sequential(\n"
        "  (0): Conv2d(1, 4, kernel_size=(3, 3), stride=(1, 1), padding=1)\n"
        "  (1): Sequential(\n"
        "    (0): ReLU()\n"
        "    (1): Flatten(start_dim=1, end_dim=-1)\n"
        "  )\n"
        "  (2): Linear(in_features=64, out_features=2, bias=True)\n"
        ")"
    )
    model[1].eval()
    summary = model.summary((5, 1, 4, 4))
    assert summary.total == 4 * 9 + 4 + 130 and [row[0] for row in summary.rows] == ["0", "1.0", "1.1", "2"]
    assert [row[2] for row in summary.rows] == [(5, 4, 4, 4), (5, 4, 4, 4), (5, 64), (5, 2)]
    assert str(summary).splitlines()[-1].split() == ["total", "170"]
    assert model.training and not model[1].training
    assert [row[2] for row in nn.LSTM(3, 4).summary((2, 1, 3)).rows] == [(2, 1, 4)]
