"""What each process of a test in test_mpi.py runs: `mpiexec -n 2 python programs.py NAME`. Assertions hold in each."""

import os
import signal
import sys
import time
from pathlib import Path

import numpy as np

import gradlib
from gradlib import Tensor, distributed, nn, optim
from gradlib.data import DataLoader, Subset, TensorDataset
from gradlib.device import DEVICES, DeviceArray
from gradlib.device import to as moved
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
from gradlib.serialization import load_tree
from gradlib.training import Callback, Checkpoint, TrainConfig, Trainer, accuracy

ROWS = 21  # one process has a row more than the others, of 2 and of 4
QUIET = TrainConfig(epochs=3, print_every=0)


def data(rows=ROWS):
    rng = np.random.default_rng(0)
    return rng.normal(size=(rows, 5)), rng.integers(3, size=rows)


def network(seed, *layers):
    """A network in float64 from a seed, which differs between processes unless a test needs a twin."""
    return nn.Sequential(
        nn.Linear(5, 8, rng=np.random.default_rng(seed)), *layers, nn.Tanh(),
        nn.Linear(8, 3, rng=np.random.default_rng(seed + 1)),
    ).double()  # fmt: skip


def own_part(count=ROWS):
    return range(get_rank(), count, get_world_size())


def everyone(value):
    values = [None] * get_world_size()
    all_gather_object(values, value)
    return values


def assert_all_equal(model):
    for state in everyone(model.state_dict()):
        for name, array in model.state_dict().items():
            assert np.array_equal(state[name], array), name


def weighted(loss, rows):
    return loss * (rows * get_world_size() / all_reduce(rows))


# Numbers ------------------------------------------------------------


def the_group():
    before = get_rank(), get_world_size()
    init_process_group()
    init_process_group("mpi")
    assert before == (get_rank(), get_world_size())
    assert sorted(everyone(get_rank())) == list(range(get_world_size()))


def reductions():
    rank, size = get_rank(), get_world_size()
    assert all_reduce(rank + 1) == size * (size + 1) // 2 and type(all_reduce(1)) is int
    assert all_reduce(float(rank), ReduceOp.AVG) == (size - 1) / 2
    for dtype in (np.float16, np.float32, np.float64, np.int64, np.uint8):
        array = np.array([[rank, 1], [2, size - rank]], dtype)
        assert all_reduce(array) is array and array.dtype == dtype
        assert array.tolist() == [[size * (size - 1) / 2, size], [2 * size, size * (size + 1) / 2]]
    assert all_reduce(np.array([rank, -rank]), "max").tolist() == [size - 1, 0]
    assert all_reduce(np.array([rank, -rank]), "min").tolist() == [0, 1 - size]
    assert all_reduce(np.array(2.0), "product").tolist() == 2.0**size
    tensor, column = Tensor([float(rank), 1.0]), np.arange(6.0).reshape(3, 2)
    assert all_reduce(tensor) is tensor and tensor.tolist() == [size * (size - 1) / 2, size]
    all_reduce(column[:, 1])  # not contiguous
    assert column.tolist() == [[0, size], [2, 3 * size], [4, 5 * size]]
    assert all_reduce(np.array([40_000], np.float16), "mean") == 40_000  # their sum is infinite in float16
    assert all_reduce(np.empty((0, 3))).shape == (0, 3)


def broadcasts():
    rank, size = get_rank(), get_world_size()
    for dtype in (np.bool_, np.float16, np.float64, np.int32):
        array = np.full((2, 3), rank % 2, dtype)
        assert broadcast(array, src=1) is array and array.dtype == dtype and array.tolist() == [[1] * 3] * 2
    parameter = gradlib.Parameter(np.float32(rank))
    assert broadcast(parameter).item() == 0 and parameter.requires_grad
    column = np.full((3, 2), float(rank))
    broadcast(column[:, 0], src=size - 1)
    assert column.tolist() == [[size - 1, rank]] * 3


# Gradients ------------------------------------------------------------


def gradients():
    """Those of the whole batch on one process, from different starts and with parts of different sizes."""
    x, labels = data()
    model = DistributedDataParallel(network(seed=10 * get_rank()))
    assert_all_equal(model)
    twin = network(seed=0)
    assert all(np.array_equal(a.data, b.data) for a, b in zip(model.parameters(), twin.parameters(), strict=True))
    part = list(own_part())
    weighted(F.cross_entropy(model(Tensor(x[part])), labels[part]), len(part)).backward()
    F.cross_entropy(twin(Tensor(x)), labels).backward()
    for parameter, other in zip(model.parameters(), twin.parameters(), strict=True):
        assert np.abs(parameter.grad - other.grad).max() < 1e-6
    for parameter in model.parameters():
        assert all(np.array_equal(parameter.grad, other) for other in everyone(parameter.grad))


def accumulation():
    """With no_sync gradients are local until the next backward() outside, which averages their sum."""
    x, labels = data()
    model, twin = DistributedDataParallel(network(seed=get_rank())), network(seed=0)
    parts = [list(own_part())[:2], list(own_part())[2:4]]
    if get_rank() == 0:  # one process alone
        with model.no_sync():
            model(Tensor(x)).sum().backward()
        model.zero_grad()
    with model.no_sync():
        F.cross_entropy(model(Tensor(x[parts[0]])), labels[parts[0]]).backward()
    assert len({gradient.tobytes() for gradient in everyone(model.module[0].weight.grad)}) == get_world_size()
    F.cross_entropy(model(Tensor(x[parts[1]])), labels[parts[1]]).backward()
    for rank in range(get_world_size()):
        rows = list(range(rank, ROWS, get_world_size()))
        for part in (rows[:2], rows[2:4]):
            (F.cross_entropy(twin(Tensor(x[part])), labels[part]) / get_world_size()).backward()
    for parameter, other in zip(model.parameters(), twin.parameters(), strict=True):
        assert np.abs(parameter.grad - other.grad).max() < 1e-6


def gradients_on_a_device():
    """The memory of a GPU, or what stands in for one: gradients return to it, buffers and parameters come to it."""
    DEVICES["twin"] = lambda: np
    x, labels = data()
    part = list(own_part())
    here, there = (DistributedDataParallel(network(get_rank(), nn.BatchNorm1d(8)).to(to)) for to in ("cpu", "twin"))
    for _ in range(2):
        for model, device in ((here, "cpu"), (there, "twin")):
            F.cross_entropy(model(Tensor(x[part]).to(device)), labels[part]).backward()
    for parameter, other in zip(here.parameters(), there.parameters(), strict=True):
        assert isinstance(other.grad, DeviceArray)
        assert np.abs(parameter.grad - moved(other.grad, "cpu")).max() < 1e-12
    tensor = Tensor(np.array([1.0, 2.0])).to("twin")
    assert all_reduce(tensor).tolist() == [get_world_size(), 2 * get_world_size()] and tensor.device == "twin"
    assert broadcast(there.module[0].bias, src=1).device == "twin"


class Branches(nn.Module):
    """Process 0 uses the first parameter and the others the second, in different orders; none uses the third."""

    def __init__(self):
        super().__init__()
        self.both, self.first, self.second = (gradlib.Parameter(np.ones(2) * i) for i in (1, 2, 3))
        self.unused, self.frozen = gradlib.Parameter(np.ones(2)), gradlib.Parameter(np.ones(2))
        self.frozen.requires_grad_(False)

    def forward(self, x):
        return (self.both * x) * self.first if get_rank() == 0 else self.second * (x * self.both) * self.frozen


def a_parameter_of_one_process():
    model = DistributedDataParallel(Branches())
    for _ in range(3):
        model.zero_grad()
        model(Tensor(np.array([1.0, 2.0]))).sum().backward()
    size, module = get_world_size(), model.module
    assert np.allclose(module.both.grad, np.array([1, 2]) * (2 + 3 * (size - 1)) / size)
    assert np.allclose(module.first.grad, np.array([1, 2]) / size)
    assert np.allclose(module.second.grad, np.array([1, 2]) * (size - 1) / size)
    assert module.unused.grad is None and module.frozen.grad is None


def buffers():
    """Running statistics are those of process 0 before a forward, and else of each process's own rows."""
    x, labels = data()
    part = list(own_part())

    def means(share):
        seen = []
        model = DistributedDataParallel(network(get_rank(), nn.BatchNorm1d(8)), broadcast_buffers=share)
        norm = model.module[1]
        norm.register_forward_pre_hook(lambda module, args: seen.append(module.running_mean.data.copy()))
        for _ in range(3):
            F.cross_entropy(model(Tensor(x[part])), labels[part]).backward()
            after = norm.running_mean.data.copy()
            assert len({own.tobytes() for own in everyone(after)}) == get_world_size()
        model.eval()
        if get_rank() == 0:
            model(Tensor(x[part]))  # in eval mode nothing is exchanged
        return [len({own.tobytes() for own in everyone(before)}) for before in seen[:3]]

    assert means(share=True) == [1, 1, 1]
    assert means(share=False) == [1, get_world_size(), get_world_size()]
    numbers = [None] * get_world_size()
    start = network(0, nn.BatchNorm1d(8))
    start[1].running_mean += get_rank()
    all_gather_object(numbers, DistributedDataParallel(start).state_dict()["module.1.running_mean"].tolist())
    assert numbers == [[0.0] * 8] * get_world_size()


def two_forwards_with_a_buffer():
    """A buffer that a graph uses is not written while its numbers stay."""

    class Shift(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = gradlib.Parameter(np.ones(2))
            self.register_buffer("shift", Tensor(np.array([1.0, 2.0])))

        def forward(self, x):
            return x * (self.weight * self.shift)

    model = DistributedDataParallel(Shift())
    (model(Tensor(np.ones(2))) + model(Tensor(np.ones(2)))).sum().backward()
    assert model.module.weight.grad.tolist() == [2, 4]


# Training ------------------------------------------------------------


def sgd():
    """Twenty steps, each of the whole batch, in a loop written by hand."""
    x, labels = data()
    model, twin = DistributedDataParallel(network(seed=get_rank())), network(seed=0)
    part = list(own_part())
    for net, rows in ((model, part), (twin, list(range(ROWS)))):
        optimizer = optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
        for _ in range(20):
            optimizer.zero_grad()
            loss = F.cross_entropy(net(Tensor(x[rows])), labels[rows])
            (weighted(loss, len(rows)) if net is model else loss).backward()
            optimizer.step()
    assert_all_equal(model)
    for parameter, other in zip(model.parameters(), twin.parameters(), strict=True):
        assert np.abs(parameter.data - other.data).max() < 1e-6


def trainer():
    """The weights and the history of one process that takes all parts of a batch at once, the last ones uneven."""
    x, labels = data()
    size = get_world_size()
    whole = TensorDataset(x, labels)
    model, twin = DistributedDataParallel(network(seed=get_rank())), network(seed=0)
    histories = []
    for net, rows, batch in ((model, list(own_part()), 3), (twin, dealt(size, 3), None)):
        optimizer = optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
        part = Subset(whole, rows) if batch else None
        loader = DataLoader(part, batch) if batch else [(Tensor(x[batch]), labels[batch]) for batch in rows]
        validation = DataLoader(part or whole, 4)
        trainer = Trainer(net, nn.CrossEntropyLoss(), optimizer, {"accuracy": accuracy})
        histories.append(trainer.fit(loader, validation, QUIET))
    assert_all_equal(model)
    assert model.gradient_weight == 1
    for parameter, other in zip(model.parameters(), twin.parameters(), strict=True):
        assert np.abs(parameter.data - other.data).max() < 1e-6
    ours, theirs = histories
    assert ours.names == ["train_loss", "val_loss", "val_accuracy"]
    for name in ours.names:
        assert np.allclose(ours[name], theirs[name], atol=1e-9)
        assert everyone(ours[name]) == [ours[name]] * size


def dealt(size, batch):
    """The rows of each batch of all processes together."""
    parts = [list(range(rank, ROWS, size)) for rank in range(size)]
    count = -(-len(parts[0]) // batch)
    return [sum((part[i * batch : (i + 1) * batch] for part in parts), []) for i in range(count)]


def a_run(folder, epochs, callbacks=(), resumed=False):
    x, labels = data(24)
    model = DistributedDataParallel(network(get_rank(), nn.Dropout(0.5)))
    trainer = Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters()))
    whole = TensorDataset(x, labels)
    loader = DataLoader(whole, 3, sampler=DistributedSampler(whole))
    if resumed:
        trainer.resume(Path(folder) / "run")
    trainer.fit(loader, cfg=TrainConfig(epochs=epochs, seed=4), callbacks=callbacks)
    assert_all_equal(model)
    return trainer


def a_resumed_run(folder):
    """Bit for bit the run that never stopped; process 0 alone prints and writes."""
    checkpoint = Checkpoint(Path(folder) / "run")
    if get_rank() != 0:
        checkpoint.path = Path("/there is no such folder") / "run"
    whole = a_run(folder, epochs=4)
    assert len(set(everyone(gradlib.random.default_rng().random()))) == get_world_size()  # so that dropout differs
    a_run(folder, epochs=2, callbacks=[checkpoint])
    assert len(load_tree(Path(folder) / "run")["others"]) == get_world_size() - 1
    again = a_run(folder, epochs=4, callbacks=[checkpoint], resumed=True)
    states = whole.model.state_dict(), again.model.state_dict()
    assert all(np.array_equal(states[0][name], states[1][name]) for name in states[0])
    assert whole.history.records == again.history.records


def a_run_of_another_number(folder):
    a_run(folder, epochs=9, callbacks=[Checkpoint(Path(folder) / "run")], resumed=True)


def one_callback_stops_all():
    class Stop(Callback):
        def on_epoch_end(self, trainer):
            trainer.stop = get_rank() == 1 and len(trainer.history) == 2

    assert len(a_run("", epochs=5, callbacks=[Stop()]).history) == 2


def the_sampler():
    indices = DistributedSampler(range(10))
    orders = []
    for epoch in range(2):
        indices.set_epoch(epoch)
        parts = everyone(list(indices))
        assert set(sum(parts, [])) == set(range(10)) and len({len(part) for part in parts}) == 1
        orders.append(parts)
    assert orders[0] != orders[1]


# Ends ------------------------------------------------------------


def steps_until(end, steps=5):
    """Train; process 1 comes to the end that a test is about, the others go on."""
    x, labels = data()
    model = DistributedDataParallel(network(seed=0))
    part = list(own_part())
    for step in range(steps):
        if step == 3 and get_rank() == 1:
            end()
        F.cross_entropy(model(Tensor(x[part])), labels[part]).backward()
        time.sleep(0.01)


def train():
    steps_until(lambda: None, steps=30)


def an_error():
    def fail():
        raise KeyError("the row of process 1")

    steps_until(fail)


def an_error_before_mpi():
    if os.environ["PMI_RANK"] == "1":
        raise KeyError("the row of process 1")
    get_rank()


def an_error_under_an_unknown_launcher():
    distributed._LAUNCHED, sys.excepthook = (), sys.__excepthook__
    assert get_world_size() == 1
    init_process_group()
    assert get_world_size() > 1
    an_error()


def an_exit():
    steps_until(lambda: sys.exit(3))


def a_short_loop():
    steps_until(lambda: sys.exit())


def a_kill():
    steps_until(lambda: os.kill(os.getpid(), signal.SIGKILL))


def wait_for_a_signal():
    print("trains", flush=True)
    steps_until(lambda: None, steps=10_000)


def different_calls():
    all_reduce(np.zeros(2 + get_rank()))


def different_models():
    DistributedDataParallel(nn.Linear(2, 3 + get_rank()))


def different_numbers_of_batches():
    x, labels = data(9)
    part = list(range(5)) if get_rank() == 0 else [5, 6]
    model = DistributedDataParallel(network(0))
    trainer = Trainer(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters()))
    trainer.fit(DataLoader(TensorDataset(x[part], labels[part]), 2), cfg=QUIET)


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
    print("passed")
