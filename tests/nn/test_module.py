"""Module: what it finds, keeps, loads, and says."""

import copy
import pickle

import numpy as np
import pytest

from gradlib import Parameter, ShapeError, Tensor, enable_grad, nn, no_grad


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
    twice = nn.Sequential(model[1], model[1])
    assert [name for name, _ in twice.named_children()] == ["0"] and len(twice) == 2 and repr(twice).count("ReLU") == 2
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
    for value in ("text", np.array([1j, 2j]), [None, None]):
        with pytest.raises((TypeError, ShapeError), match="2.scale is"):
            model.load_state_dict({**before, "0.scale": np.full(2, 9.0), "2.scale": value})
    for value in ("model.safetensors", model, None):
        with pytest.raises(TypeError, match="load_state_dict takes arrays by their names"):
            model.load_state_dict(value)
    with pytest.raises(KeyError, match="unexpected: 1, "):
        model.load_state_dict({**before, 1: np.ones(2), (2, 3): np.ones(2)})
    assert all(np.array_equal(before[name], array) for name, array in model.state_dict().items())
    with pytest.raises(KeyError, match="No name fits."):
        model.load_state_dict({f"net.{name}": value for name, value in before.items()}, strict=False)
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
    del layer.weight
    layer.weight = 3.0
    assert [name for name, _ in layer.named_parameters()] == ["bias"] and layer.weight == 3.0
    del layer.bias
    assert not list(layer.parameters())
    norm = nn.BatchNorm1d(2)
    norm.running_mean = Tensor(np.ones(2))
    assert dict(norm.named_buffers())["running_mean"].tolist() == [1.0, 1.0]
    norm.running_mean = Parameter(np.ones(2))
    assert "running_mean" in dict(norm.named_parameters()) and "running_mean" not in dict(norm.named_buffers())
    model = nn.Sequential(nn.Linear(2, 2))
    model.register_module("head", nn.ReLU())
    model.head = nn.Tanh()
    assert [name for name, _ in model.named_children()] == ["0", "head"] and isinstance(model[1], nn.Tanh)


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


def test_what_is_missing_is_said():
    class Forgetful(nn.Module):
        def __init__(self):
            self.layer = nn.ReLU()

    class Empty(nn.Module):
        def __init__(self):
            pass

    class Asking(nn.Module):
        @property
        def size(self):
            return nn.Linear(1, 1).sizes

    with pytest.raises(AttributeError, match=r"Forgetful.__init__ must call super\(\).__init__\(\) before it assigns"):
        Forgetful()
    for use in (lambda module: module(1.0), repr, list, lambda module: list(module.parameters())):
        with pytest.raises((AttributeError, TypeError), match=r"Empty.__init__ must call super|not iterable"):
            use(Empty())
    with pytest.raises(AttributeError, match="Linear has no attribute 'weights'. It has weight, bias."):
        _ = nn.Linear(1, 1).weights
    with pytest.raises(AttributeError, match="Linear has no attribute 'sizes'"):  # what failed inside of the property
        _ = Asking().size
    with pytest.raises(NotImplementedError, match="Module has no forward: define"):
        nn.Module()(1.0)
    with pytest.raises(TypeError, match=r"train\(mode\) takes True or False, got 'eval'"):
        nn.ReLU().train("eval")
    with pytest.raises(TypeError, match="parameters are floating-point numbers: pass float32 or float64, got int64"):
        nn.Linear(1, 1).astype(int)


def assigned(value, name="it"):
    """A class whose __init__ assigns what value() gives."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            setattr(self, name, value())

    return Net


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (lambda: [nn.ReLU()], "Net.it is a plain list that holds a ReLU: its parameters would not be found"),
        (lambda: [[nn.ReLU()]], "Use nn.ModuleList."),
        (lambda: {nn.ReLU()}, "Net.it is a plain set that holds a ReLU"),
        (lambda: {"a": nn.ReLU()}, "Use nn.ModuleDict."),
        (lambda: (Parameter([1.0]),), "plain tuple that holds a Parameter: its parameters would not be found"),
        (lambda: Parameter([1.0]) * 2, "Net.it needs a gradient but is not a Parameter: a result of '·'."),
        (lambda: Tensor([1.0], requires_grad=True), "but is not a Parameter: a Tensor of shape (1,)."),
        (lambda: Tensor([1.0]), "Net.it is not a Parameter: a Tensor of shape (1,) under that name would be neither"),
        (lambda: Tensor([1.0]), "To keep a constant, call register_buffer('it', tensor)"),
    ],
)
def test_what_no_optimizer_would_find_is_refused(value, words):
    with pytest.raises(TypeError) as caught:
        assigned(value)()
    assert words in str(caught.value)


def test_what_comes_into_a_list_later_is_refused_by_parameters():
    for hidden in ([], {}):
        net = assigned(lambda hidden=hidden: hidden)()
        assert not list(net.parameters())
        hidden.append(nn.Linear(1, 1)) if isinstance(hidden, list) else hidden.update(a=nn.Linear(1, 1))
        with pytest.raises(TypeError, match="Net.it is a plain .* that holds a Linear"):
            list(nn.Sequential(net).parameters())


def test_a_call_may_keep_a_result_and_a_buffer_a_constant():
    class Watched(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("mask", Tensor([1.0, 0.0]))
            self.layer, self.last = nn.Linear(2, 2), None

        def forward(self, x):
            self.last = self.layer(x) * self.mask
            return self.last

    net = Watched()
    net.layer.register_forward_hook(lambda module, args, output: setattr(module, "seen", output))
    for grad in (no_grad, enable_grad):
        with grad():
            z = net(Tensor(np.ones((1, 2), np.float32)))
        assert net.last is z and net.layer.seen.shape == (1, 2)
    assert [name for name, _ in net.named_parameters()] == ["layer.weight", "layer.bias"]
    assert list(net.state_dict()) == ["mask", "layer.weight", "layer.bias"]


def test_a_call_that_fails_leaves_nothing_open():
    net = nn.Linear(2, 2)
    with pytest.raises(ShapeError):
        nn.Sequential(net)(np.ones((1, 3)))
    with pytest.raises(TypeError, match="Linear.seen is not a Parameter"):
        net.seen = Tensor([1.0])


@pytest.mark.parametrize("requires_grad", [True, False])
@pytest.mark.parametrize(("weight", "bias"), [("W", "b"), ("weight", "bias")])
def test_plain_tensors_become_the_parameters(requires_grad, weight, bias):
    net, x = nn.Linear(2, 2), Tensor([[1.0, 2.0]])
    w = Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=requires_grad)
    b = Tensor([0.5, -0.5], requires_grad=requires_grad)
    setattr(net, weight, w)
    setattr(net, bias, b)
    y = net(x)
    assert y.tolist() == [[7.5, 9.5]]
    nn.MSELoss()(y, Tensor([[7.5, 8.5]])).backward()  # ∂L/∂y = [0, 1]
    assert net.W.grad.tolist() == [[0.0, 1.0], [0.0, 2.0]] and net.b.grad.tolist() == [0.0, 1.0]
    assert net.weight is net.W is w and isinstance(w, Parameter) and w.grad is net.weight.grad
    assert [name for name, _ in net.named_parameters()] == ["weight", "bias"] == list(net.state_dict())
    del net.b
    assert not hasattr(net, "bias") and [name for name, _ in net.named_parameters()] == ["weight"]


def test_a_parameter_that_was_left_out_takes_a_plain_tensor_again():
    net = nn.Linear(2, 2)
    net.bias = None
    net.bias = Tensor([1.0, 2.0])
    assert [name for name, _ in net.named_parameters()] == ["weight", "bias"]
    assert net(Tensor([[0.0, 0.0]])).tolist() == [[1.0, 2.0]]


def test_a_class_holds_no_parameters():
    with pytest.raises(TypeError, match="Net.weight belongs to the class: all its instances would share it"):
        type("Net", (nn.Module,), {"weight": Parameter([1.0])})
    with pytest.raises(TypeError, match="Assign it in __init__: self.layer = …"):
        type("Net", (nn.Module,), {"layer": nn.ReLU()})


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        (lambda net: setattr(net, "weight", net.weight - 0.1), TypeError,
         "Linear.weight is a parameter, which no operation may compute; got a result of '-'."),
        (lambda net: setattr(net, "weight", np.ones(2)), TypeError,
         "Linear.weight is a parameter: assign a Parameter, a Tensor, or None to leave it out, got a value of type nd"),
        (lambda net: setattr(net, "weight", Tensor(np.ones((2, 3)))), ShapeError,
         "Linear.weight is a parameter of shape (2, 2), got a tensor of shape (2, 3). To change the shape, assign a P"),
        (lambda net: setattr(nn.Linear(2, 3), "W", Tensor(np.ones((3, 2)))), ShapeError, "It looks transposed"),
        (lambda net: setattr(net, "weight", Tensor(np.ones((2, 2), int))), TypeError, "floating-point"),
        (lambda net: setattr(net, "V", net.weight * 2), TypeError,
         "Linear.V needs a gradient but is not a Parameter: a result of '·'."),
        (lambda net: setattr(net, "V", Tensor([1.0])), TypeError, "The parameters are weight, bias."),
        (lambda net: setattr(net, "parameters", 3), AttributeError, "Linear.parameters = … would hide parameters()"),
        (lambda net: setattr(net, "train", nn.ReLU()), AttributeError, "would hide train(), which the class defines"),
        (lambda net: setattr(nn.Sequential(), "layers", [1]), AttributeError, "Sequential.layers = … would hide lay"),
        (lambda net: setattr(nn.Sequential(net), "0", 3), TypeError, "Sequential.0 is a module: assign another"),
        (lambda net: setattr(nn.BatchNorm1d(1), "running_var", np.ones(1)), TypeError,
         "BatchNorm1d.running_var is a buffer, a constant tensor that state_dict() saves: assign a Tensor, got"),
        (lambda net: setattr(nn.BatchNorm1d(1), "running_var", net.bias * 2), TypeError, "take its detach()."),
        (lambda net: setattr(net, "inner", net), ValueError, "a module cannot contain itself: this Linear is"),
        (lambda net: setattr(net, "inner", nn.Sequential(net)), ValueError, "a module cannot contain itself"),
        (lambda net: net.register_module("inner", nn.Sequential(net)), ValueError, "a module cannot contain itself"),
        (lambda net: net.register_module("f", np.tanh), TypeError, "'f' must be a Module, got a value of type ufunc."),
        (lambda net: net.register_parameter("v", Tensor([1.0])), TypeError, "'v' must be a Parameter, got a Tensor"),
        (lambda net: net.register_buffer("v", net.bias), TypeError, "'v' must be a constant, got a Parameter"),
        (lambda net: net.register_buffer("a.b", [1.0]), ValueError, "a name is a string without a dot, as 'weight'"),
        (lambda net: net.register_buffer("weight", [1.0]), AttributeError, "Linear has an attribute 'weight' already."),
        (lambda net: nn.ModuleDict({"keys": net}), AttributeError, "ModuleDict has an attribute 'keys' already."),
        (lambda net: nn.ModuleDict({1: net}), ValueError, "Got 1."),
    ],
)  # fmt: skip
def test_what_would_take_the_place_of_another_is_refused(change, kind, words):
    net = nn.Linear(2, 2)
    with pytest.raises(kind) as caught:
        change(net)
    assert words in str(caught.value)
    assert [name for name, _ in net.named_parameters()] == ["weight", "bias"] and not list(net.children())


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


class Join(nn.Module):
    """Two inputs, one of them indices; a shared layer, a parameter of its own, and a layer that is not called."""

    def __init__(self):
        super().__init__()
        self.words, self.layer = nn.Embedding(5, 2), nn.Linear(2, 2)
        self.scale, self.unused = Parameter([1.0, 2.0]), nn.Linear(3, 1)
        self.tied = nn.Linear(2, 2)
        self.tied.weight = self.layer.weight

    def forward(self, indices, x):
        return {"z": self.tied(self.layer(self.layer(self.words(indices)) + x)) * self.scale}


def test_a_summary_counts_every_parameter_once():
    summary = Join().summary([(3,), (3, 2)], dtype=[int, np.float32])
    assert summary.rows == [
        ("words", "Embedding", (3, 2), 10),
        ("layer", "Linear", (3, 2), 6),
        ("tied", "Linear", (3, 2), 2),
        ("(itself)", "Join", (3, 2), 2),
        ("unused", "Linear", None, 4),
    ]
    assert summary.total == 24
    models = [  # what the last row shows
        (nn.LSTM(3, 4), (2, 1, 3), (2, 1, 4)),
        (nn.Embedding(3, 2), 4, (4, 2)),
        (nn.TransformerEncoderLayer(4, 2, 8), (3, 1, 4), (3, 1, 4)),
        (nn.MultiheadAttention(4, 2), [(3, 1, 4), (2, 1, 4), (2, 1, 4)], (3, 1, 4)),
        (nn.Sequential(), (1, 2), (1, 2)),
    ]
    for model, shape, last in models:
        summary = model.summary(shape, dtype=int if isinstance(model, nn.Embedding) else np.float32)
        assert sum(row[3] for row in summary.rows) == summary.total == sum(p.numel() for p in model.parameters())
        assert summary.rows[-1][2] == last
    for wrong in ((None, 3), (-1, 3), "ab", 1.5):
        with pytest.raises((TypeError, ValueError), match="summary takes the shape of a batch, integers as in "):
            nn.Linear(3, 2).summary(wrong)
    with pytest.raises(ValueError, match="summary takes one dtype, or one for each of 2 inputs, got 1"):
        Join().summary([(3,), (3, 2)], dtype=[int])
