"""Training on many processes, as one process does it without MPI. tests/mpi has what several do."""

import os
import subprocess
import sys

import numpy as np
import pytest

import gradlib
from gradlib import GraphError, Tensor, nn, optim
from gradlib.data import DataLoader, TensorDataset, make_moons
from gradlib.distributed import (
    DistributedDataParallel,
    DistributedSampler,
    ReduceOp,
    all_gather_object,
    all_reduce,
    broadcast,
    get_rank,
    get_world_size,
    init_process_group,
)
from gradlib.nn import functional as F
from gradlib.serialization import load, load_into, save
from gradlib.training import TrainConfig, Trainer

X, LABELS = make_moons(30, rng=np.random.default_rng(0))


def network():
    return nn.MLP([2, 8, 2], activation="tanh", rng=np.random.default_rng(1))


def python(script, **environment):
    """Run a script in a Python without mpi4py."""
    line = [sys.executable, "-c", f"import sys; sys.modules['mpi4py'] = None\n{script}"]
    return subprocess.run(line, env=os.environ | environment, capture_output=True, text=True, timeout=60)


# Without mpiexec


def test_one_process_is_number_0_of_1():
    init_process_group()
    assert (get_rank(), get_world_size()) == (0, 1)
    with pytest.raises(ValueError, match="leave backend out or pass 'mpi', got 'nccl'"):
        init_process_group("nccl")


SCRIPT = """
from gradlib.distributed import *
init_process_group()
print(get_rank(), get_world_size(), all_reduce(3), sys.excepthook is sys.__excepthook__)
"""


def test_mpi_is_not_needed():
    assert python(SCRIPT).stdout == "0 1 3 True\n"


def test_mpiexec_needs_mpi4py():
    """Otherwise each process would train alone."""
    for name in ("PMI_SIZE", "OMPI_COMM_WORLD_SIZE"):
        said = python(SCRIPT.replace("init_process_group()\n", ""), **{name: "2"})
        assert said.returncode != 0
        assert "training on many processes needs MPI" in said.stderr and "pip install mpi4py mpich" in said.stderr


def test_nothing_imports_mpi_before_it_is_needed():
    script = "import gradlib.training, sys; print('mpi4py' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert said.stdout == "False\n"


# Numbers


def test_numbers_of_one_process_stay():
    for op in [*ReduceOp, "sum", "mean"]:
        array, tensor = np.array([1.0, 2.0]), Tensor([3.0])
        assert all_reduce(array, op) is array and array.tolist() == [1, 2]
        assert all_reduce(tensor, op) is tensor and tensor.tolist() == [3]
    assert type(all_reduce(2)) is int and type(all_reduce(0.5)) is float
    assert broadcast(array) is array
    found = [None]
    all_gather_object(found, "anything")
    assert found == ["anything"]


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: all_reduce([1.0]), TypeError, "all_reduce takes a tensor or an array of numbers, got list"),
        (lambda: all_reduce(np.array([True])), TypeError, "all_reduce takes .* numbers, got bool"),
        (lambda: all_reduce(True), TypeError, "all_reduce takes .* numbers, got bool"),
        (lambda: all_reduce(np.ones(1), "avg"), ValueError, "one of sum, mean, min, max, product, got 'avg'"),
        (lambda: all_reduce(np.arange(2), "mean"), TypeError, "a mean of int64 need not be an integer"),
        (lambda: broadcast(np.array(["a"])), TypeError, "broadcast takes a tensor or an array of numbers, got <U1"),
        (lambda: broadcast(np.ones(1), 1), ValueError, "src must be one of the processes 0 to 0, got 1"),
        (lambda: broadcast(np.ones(1), -1), ValueError, "src must be the number of a process, got -1"),
        (lambda: all_gather_object([], 1), ValueError, "an entry for each of 1 processes, got 0"),
        (lambda: DistributedDataParallel(np.ones(1)), TypeError, "takes a Module, got ndarray"),
        (lambda: DistributedSampler(X, 2, 2), ValueError, "rank must be one of 0 to 1, got 2"),
        (lambda: DistributedSampler(None, 2, 0), TypeError, "a dataset with a __len__, got NoneType"),
        (lambda: DistributedSampler(X, 2, 0, shuffle="no"), TypeError, "shuffle is True or False, got 'no'"),
        (lambda: DistributedSampler(X, 2, 0, drop_last=None), TypeError, "drop_last is True or False, got None"),
        (lambda: DistributedSampler(X, 0), ValueError, "num_replicas must be an integer of at least 1, got 0"),
        (lambda: DistributedSampler(X).set_epoch(0.5), TypeError, "epoch must be an integer of at least 0, got 0.5"),
    ],
)
def test_an_error_says_what_to_do(call, error, words):
    with pytest.raises(error, match=words):
        call()


# Models


def test_the_gradients_of_one_process_are_its_own():
    plain, model = network(), DistributedDataParallel(network())
    for net in (plain, model):
        F.cross_entropy(net(Tensor(X)), LABELS).backward()
    assert all(np.array_equal(a.grad, b.grad) for a, b in zip(plain.parameters(), model.parameters(), strict=True))


def test_what_a_step_leaves_out_keeps_no_gradient():
    class Part(nn.Module):
        def __init__(self):
            super().__init__()
            self.used, self.unused = gradlib.Parameter([1.0]), gradlib.Parameter([1.0])

        def forward(self, x):
            return x * self.used

    model = DistributedDataParallel(Part())
    model(Tensor([3.0])).backward()
    assert model.module.used.grad == [3] and model.module.unused.grad is None


def test_its_names_are_those_of_the_module_behind_a_prefix(tmp_path):
    model = DistributedDataParallel(nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3)))
    assert list(model.state_dict()) == [f"module.{name}" for name in model.module.state_dict()]
    save(model, tmp_path / "wrapped.safetensors", layout="torch")
    assert load(tmp_path / "wrapped.safetensors")["module.0.weight"].shape == (3, 2)
    load_into(model, tmp_path / "wrapped.safetensors")
    save(model.module, tmp_path / "plain.safetensors")
    load_into(nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3)), tmp_path / "plain.safetensors")


def test_no_sync_ends_after_an_error_too():
    model = DistributedDataParallel(network())
    with pytest.raises(GraphError), model.no_sync(), gradlib.no_grad():
        model(Tensor(X)).sum().backward()
    assert model._averages


def test_hooks_call_functions_at_the_end_of_backward():
    """When all gradients are there, each once, and also those that a call adds."""
    from gradlib.autograd import recording

    a, b = Tensor([2.0], requires_grad=True), Tensor([3.0], requires_grad=True)
    seen = []

    def first():
        seen.append((a.grad.tolist(), b.grad.tolist()))
        recording.at_end[second] = True

    def second():
        seen.append("second")

    for tensor in (a, b):
        tensor.register_hook(lambda gradient: recording.at_end.update({first: True}))
    (a * b).backward()
    assert seen == [([3.0], [2.0]), "second"] and not recording.at_end


def test_a_trainer_trains_it_as_it_trains_the_model(capsys):
    runs = []
    for wrapped in (False, True):
        model = DistributedDataParallel(network()) if wrapped else network()
        trainer = Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters()))
        loader = DataLoader(TensorDataset(X, LABELS), 8, shuffle=True, seed=3)
        history = trainer.fit(loader, loader, TrainConfig(epochs=3, seed=0))
        runs.append((history.records, capsys.readouterr().out))
    assert runs[0] == runs[1] and "epoch 3/3" in runs[0][1]


# Samplers


@pytest.mark.parametrize("count", [0, 1, 2, 5, 9, 10])
@pytest.mark.parametrize("processes", [1, 2, 3, 4])
@pytest.mark.parametrize("drop_last", [False, True])
def test_a_sampler_deals_the_data_out(count, processes, drop_last):
    samplers = [DistributedSampler(range(count), processes, rank, drop_last=drop_last) for rank in range(processes)]
    parts = [list(sampler) for sampler in samplers]
    assert {len(part) for part in parts} == {len(samplers[0])}
    dealt = [index for turn in zip(*parts, strict=True) for index in turn]
    assert len(dealt) == (count // processes if drop_last else -(-count // processes)) * processes
    assert len(set(dealt)) == min(len(dealt), count)
    if not drop_last:
        assert dealt[count:] == (dealt[:count] * processes)[: len(dealt) - count]


def test_each_epoch_has_its_own_order():
    def order(epoch, seed=0):
        sampler = DistributedSampler(range(20), 1, 0, seed=seed)
        sampler.set_epoch(epoch)
        return list(sampler)

    assert order(0) == order(0) and order(0) != order(1) and order(1) != order(0, seed=1)
    assert sorted(order(5)) == list(range(20))


def test_a_trainer_tells_the_sampler_its_epoch():
    class Notes(DistributedSampler):
        def __iter__(self):
            epochs.append(self.epoch)
            return super().__iter__()

    epochs, data = [], TensorDataset(X, LABELS)
    model = DistributedDataParallel(network())
    trainer = Trainer(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters()))
    trainer.fit(DataLoader(data, 8, sampler=Notes(data)), cfg=TrainConfig(epochs=3, print_every=0))
    assert epochs == [0, 1, 2]
