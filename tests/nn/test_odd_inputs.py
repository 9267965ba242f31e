"""Over all layers, losses and functions: arguments and inputs of every odd kind work or end in an error of gradlib."""

import inspect
import linecache
from pathlib import Path

import numpy as np
import pytest

import gradlib
from gradlib import Tensor, nn
from gradlib.nn import functional as F
from gradlib.nn import init
from tests.nn.test_every_layer import ELSEWHERE, LAYERS, LOSSES

HOME = str(Path(gradlib.__file__).parent)

ARGUMENTS = [0, -1, 1.5, True, None, "odd", [], [1], (1, 2, 3), {}, np.array(2), np.float32(1.0), float("nan"), -0.5]
INPUTS = [
    0.5, None, "odd", object(), [], [[]], [[1, 2], [3]], [None], Tensor(1.0), np.array(2), np.zeros(0),
    np.zeros((0, 3)),
    np.ones(3), np.ones((2, 3)), np.ones((2, 3), int), np.ones((2, 3), bool), np.ones((2, 3), complex),
    np.ones((2, 3, 4)), np.ones((2, 0, 4)), np.ones((2, 3, 0)), np.ones((2, 3, 4, 4)), np.ones((2, 3, 4, 0)),
    np.ones((2, 3, 4, 4, 2)), np.array(["a"]),
]  # fmt: skip

# Layers with options: arguments that work.
OPTIONS = {
    "Linear": {"in_features": 3, "out_features": 2},
    "Embedding": {"num_embeddings": 5, "embedding_dim": 2, "padding_idx": 1},
    "Dropout": {"p": 0.5},
    "Flatten": {"start_dim": 1, "end_dim": -1},
    "MLP": {"layer_sizes": [3, 4, 2], "activation": "relu"},
    "LeakyReLU": {"negative_slope": 0.1},
    "ELU": {"alpha": 1.0},
    "GELU": {"approximate": "none"},
    "Softplus": {"beta": 1.0},
    "Softmax": {"dim": -1},
    "LogSoftmax": {"dim": -1},
    "BatchNorm1d": {"num_features": 3, "momentum": 0.1},
    "BatchNorm2d": {"num_features": 2, "momentum": 0.1},
    "LayerNorm": {"normalized_shape": 3},
    "RMSNorm": {"normalized_shape": 3},
    "GroupNorm": {"num_groups": 2, "num_channels": 4},
    "Conv1d": {"in_channels": 2, "out_channels": 2, "kernel_size": 2, "stride": 1, "padding": 0, "dilation": 1,
               "groups": 1},
    "Conv2d": {"in_channels": 2, "out_channels": 2, "kernel_size": 2, "stride": 1, "padding": 0, "dilation": 1,
               "groups": 1},
    "MaxPool1d": {"kernel_size": 2, "stride": 2, "padding": 0, "dilation": 1},
    "MaxPool2d": {"kernel_size": 2, "stride": 2, "padding": 0, "dilation": 1},
    "AvgPool1d": {"kernel_size": 2, "stride": 2, "padding": 0},
    "AvgPool2d": {"kernel_size": 2, "stride": 2, "padding": 0},
    "AdaptiveAvgPool1d": {"output_size": 2},
    "AdaptiveAvgPool2d": {"output_size": 2},
    "RNN": {"input_size": 2, "hidden_size": 3, "num_layers": 2, "nonlinearity": "tanh", "dropout": 0.0,
            "bidirectional": False},
    "LSTM": {"input_size": 2, "hidden_size": 3, "num_layers": 2, "dropout": 0.0},
    "GRU": {"input_size": 2, "hidden_size": 3, "num_layers": 2, "dropout": 0.0},
    "RNNCell": {"input_size": 2, "hidden_size": 3, "nonlinearity": "tanh"},
    "LSTMCell": {"input_size": 2, "hidden_size": 3},
    "GRUCell": {"input_size": 2, "hidden_size": 3},
    "TransformerEncoderLayer": {"d_model": 4, "nhead": 2, "dim_feedforward": 3, "dropout": 0.0, "activation": "relu"},
    "SinusoidalPositionalEncoding": {"embed_dim": 4, "dropout": 0.0},
    "LearnedPositionalEncoding": {"embed_dim": 4, "max_len": 3, "dropout": 0.0},
    "HuberLoss": {"delta": 1.0},
    "SmoothL1Loss": {"beta": 1.0},
    "CosineSimilarity": {"dim": 1},
    "CrossEntropyLoss": {"ignore_index": -100, "label_smoothing": 0.1, "reduction": "mean"},
    "NLLLoss": {"ignore_index": -100},
    **dict.fromkeys(("MSELoss", "L1Loss", "BCELoss", "BCEWithLogitsLoss", "KLDivLoss"), {"reduction": "mean"}),
    **dict.fromkeys(("HingeLoss", "HingeEmbeddingLoss"), {"reduction": "mean"}),
}  # fmt: skip
WITHOUT = {"Identity", "ReLU", "SiLU", "Sigmoid", "Tanh", "Sequential", "TransformerEncoder"}

X = np.full((2, 3), 0.5)
FUNCTIONS = {
    "linear": {"x": X, "weight": np.ones((3, 2)), "bias": np.ones(2)},
    "embedding": {"indices": np.array([0, 1]), "weight": np.ones((4, 2)), "padding_idx": 1},
    "conv1d": {"x": np.ones((2, 3, 4)), "weight": np.ones((4, 3, 2)), "bias": np.ones(4), "stride": 1, "groups": 1},
    "max_pool1d": {"x": np.ones((2, 3, 4)), "kernel_size": 2},
    "avg_pool2d": {"x": np.ones((2, 3, 4, 4)), "kernel_size": 2},
    "batch_norm": {"x": X, "running_mean": Tensor(np.ones(3)), "running_var": Tensor(np.ones(3)), "weight": np.ones(3),
                   "bias": np.ones(3), "training": True, "momentum": 0.1},
    "layer_norm": {"x": X, "normalized_shape": 3, "weight": np.ones(3), "bias": np.ones(3)},
    "group_norm": {"x": np.ones((2, 4)), "num_groups": 2, "weight": np.ones(4), "bias": np.ones(4)},
    "normalize": {"x": X, "p": 2.0, "dim": 1},
    "cosine_similarity": {"x1": X, "x2": X, "dim": 1},
    "pad": {"x": X, "pad": ((0, 1), (1, 0)), "mode": "constant", "value": 0.0},
    "dropout": {"x": X, "p": 0.5},
    "scaled_dot_product_attention": {"query": np.ones((2, 3, 4)), "key": np.ones((2, 3, 4)),
                                     "value": np.ones((2, 3, 4)), "attn_mask": None, "dropout_p": 0.0},
    "binary_cross_entropy": {"input": X, "target": X, "weight": X},
    "binary_cross_entropy_with_logits": {"input": X, "target": X, "pos_weight": X},
    "cross_entropy": {"input": X, "target": np.array([0, 1]), "weight": np.ones(3)},
    "nll_loss": {"input": X, "target": np.array([0, 1]), "weight": np.ones(3)},
}  # fmt: skip
INITIALIZERS = ["uniform_", "normal_", "constant_", "zeros_", "ones_", "xavier_uniform_", "xavier_normal_",
                "kaiming_uniform_", "kaiming_normal_", "orthogonal_"]  # fmt: skip


def is_ours(error):
    """Was it raised by a `raise` in gradlib, not by NumPy or the interpreter?"""
    trace = error.__traceback__
    while trace.tb_next:
        trace = trace.tb_next
    file = trace.tb_frame.f_code.co_filename
    return file.startswith(HOME) and linecache.getline(file, trace.tb_lineno).strip().startswith("raise ")


def raw_errors(calls):
    """What ends in an error that is not gradlib's: [(what was given, the error)]."""
    raw = []
    with np.errstate(all="ignore"):
        for given, call in calls:
            try:
                call()
            except Exception as error:
                if not is_ours(error):
                    raw.append((given, repr(error)))
    return raw


def test_an_error_of_the_interpreter_or_of_numpy_is_told_from_ours():
    calls = {"ours": lambda: nn.Linear(0, 1), "length": lambda: len(3), "axis": lambda: np.sum(X, axis=5)}
    assert [given for given, _ in raw_errors(calls.items())] == ["length", "axis"]


def test_every_layer_is_here():
    assert LAYERS.keys() | LOSSES.keys() == OPTIONS.keys() | WITHOUT
    assert not OPTIONS.keys() & (WITHOUT | ELSEWHERE)


def run(module, *inputs):
    out = module(*inputs)
    while isinstance(out, tuple):
        out = out[0]
    if isinstance(out, Tensor) and out.requires_grad:
        out.sum().backward()
    return out


def inputs_of(name):
    if name in LOSSES:
        labels = name in ("CrossEntropyLoss", "NLLLoss")
        return [Tensor(X, requires_grad=True), np.array([0, 1]) if labels else np.ones((2, 3))]
    shape = LAYERS[name][1]
    return [shape if isinstance(shape, np.ndarray) else Tensor(np.ones(shape), requires_grad=True)]


@pytest.mark.filterwarnings("ignore:dropout=")
@pytest.mark.parametrize("name", OPTIONS)
def test_an_odd_argument_works_or_is_refused(name):
    make, inputs = getattr(nn, name), inputs_of(name)
    run(make(**OPTIONS[name]).double(), *inputs)
    calls = [
        (f"{option}={odd!r}", lambda changed={option: odd}: run(make(**OPTIONS[name] | changed).double(), *inputs))
        for option in OPTIONS[name]
        for odd in ARGUMENTS
    ]
    assert not raw_errors(calls)


@pytest.mark.parametrize("name", OPTIONS)
def test_numpy_integers_are_integers(name):
    make, inputs = getattr(nn, name), inputs_of(name)
    integers = {key: v for key, v in OPTIONS[name].items() if isinstance(v, int) and not isinstance(v, bool)}
    twin = make(**OPTIONS[name] | {key: np.int64(value) for key, value in integers.items()}).double()
    assert run(twin, *inputs).shape == run(make(**OPTIONS[name]).double(), *inputs).shape


@pytest.mark.parametrize("name", [*LAYERS, *LOSSES])
def test_an_odd_input_works_or_is_refused(name):
    module = LAYERS[name][0]() if name in LAYERS else getattr(nn, name)()
    valid = inputs_of(name)
    calls = [(odd, lambda odd=odd: run(module, odd, *valid[1:])) for odd in INPUTS]
    if len(valid) > 1:
        calls += [(odd, lambda odd=odd: run(module, valid[0], odd)) for odd in INPUTS]
        calls += [((odd, odd), lambda odd=odd: run(module, odd, odd)) for odd in INPUTS]
    assert not raw_errors(calls)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_an_odd_argument_of_a_function_works_or_is_refused(name):
    function, given = getattr(F, name), FUNCTIONS[name]
    function(**given)
    calls = [
        (f"{key}={odd!r}", lambda changed={key: odd}: function(**given | changed))
        for key, value in given.items()
        for odd in (INPUTS if isinstance(value, (np.ndarray, Tensor)) or value is None else ARGUMENTS)
    ]
    assert not raw_errors(calls)


@pytest.mark.parametrize("name", ["RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell"])
def test_an_odd_state_works_or_is_refused(name):
    module, x = getattr(nn, name)(3, 2), np.ones((2, 3) if name.endswith("Cell") else (2, 2, 3))
    calls = [(odd, lambda odd=odd: module(x, odd)) for odd in INPUTS]
    assert not raw_errors(calls + [((odd, odd), lambda odd=odd: module(x, (odd, odd))) for odd in INPUTS])


def test_odd_inputs_of_attention_work_or_are_refused():
    attention, x = nn.MultiheadAttention(4, 2), np.ones((2, 1, 4), np.float32)
    calls = [
        (f"{name}={odd!r}", lambda changed={name: odd}: attention(**{"query": x, "key": x, "value": x} | changed))
        for name in ("query", "key", "value", "key_padding_mask", "attn_mask")
        for odd in INPUTS
    ]
    layer = nn.TransformerEncoderLayer(4, 2, 3)
    calls += [(f"num_layers={odd!r}", lambda odd=odd: nn.TransformerEncoder(layer, odd)) for odd in ARGUMENTS]
    calls += [(f"layer={odd!r}", lambda odd=odd: nn.TransformerEncoder(odd, 1)) for odd in ARGUMENTS]
    calls += [(f"norm={odd!r}", lambda odd=odd: nn.TransformerEncoder(layer, 1, odd)(x)) for odd in ARGUMENTS]
    for option, value in {"embed_dim": 4, "num_heads": 2, "dropout": 0.0}.items():
        given = {"embed_dim": 4, "num_heads": 2, option: value}
        calls += [
            (f"{option}={odd!r}", lambda g=given | {option: odd}: nn.MultiheadAttention(**g)) for odd in ARGUMENTS
        ]
    assert not raw_errors(calls)


def test_odd_parts_of_containers_are_refused():
    calls = []
    for odd in ARGUMENTS + INPUTS:
        two = nn.Sequential(nn.ReLU(), nn.ReLU())
        named = nn.ModuleDict({"a": nn.ReLU()})
        calls += [
            (f"{make.__name__}({odd!r})", lambda make=make, odd=odd: make(odd))
            for make in (nn.Sequential, nn.ModuleList, nn.ModuleDict, two.append, two.extend, named.__getitem__,
                         named.__contains__, two.__getitem__, two.train, two.astype, two.apply, two.load_state_dict,
                         two.register_forward_hook, init.calculate_gain, init.fans)
        ]  # fmt: skip
        layer = nn.Linear(3, 2)
        calls += [
            (f"summary(dtype={odd!r})", lambda odd=odd, layer=layer: layer.summary((1, 3), odd)),
            (f"weight={odd!r}", lambda odd=odd, layer=layer: setattr(layer, "weight", odd)),
            (f"register_buffer({odd!r})", lambda odd=odd, layer=layer: layer.register_buffer("a", odd)),
            (f"state {odd!r}", lambda odd=odd: nn.Linear(1, 1).load_state_dict({"weight": odd, "bias": [1.0]})),
        ]
    calls += [(f"summary({odd!r})", lambda odd=odd: nn.Linear(3, 2).summary(odd)) for odd in ARGUMENTS]
    assert not raw_errors(calls)


@pytest.mark.parametrize("name", INITIALIZERS)
def test_an_initializer_fills_or_refuses(name):
    fill = getattr(init, name)
    if name == "constant_":
        fill = lambda tensor, val=1.0: init.constant_(tensor, val)  # noqa: E731
    calls = [(odd, lambda odd=odd: fill(odd)) for odd in INPUTS]
    shapes = [(), (0,), (2,), (0, 3), (3, 0), (2, 0, 3), (2, 2)]
    calls += [((shape, dtype), lambda s=shape, d=dtype: fill(Tensor(np.zeros(s, d)))) for shape in shapes
              for dtype in (np.float32, np.int64)]  # fmt: skip
    options = [option for option in list(inspect.signature(fill).parameters)[1:] if option != "rng"]
    calls += [
        (f"{option}={odd!r}", lambda changed={option: odd}: fill(Tensor(np.zeros((3, 2))), **changed))
        for option in options
        for odd in ARGUMENTS
    ]
    assert not raw_errors(calls)
