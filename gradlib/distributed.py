"""Training on many processes. Each has a copy of the model and its own part of every batch. When `backward()` returns,
the gradients are averaged over all processes, so all take the same step. The names are those of torch.distributed.

MPI starts the processes and carries the numbers (pip install mpi4py mpich):

    mpiexec -n 2 python train.py

    model = DistributedDataParallel(nn.MLP([784, 128, 10]))
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    sampler = DistributedSampler(data)
    loader = DataLoader(data, batch_size=32, sampler=sampler)
    for epoch in range(10):
        sampler.set_epoch(epoch)
        for x, labels in loader:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), labels)
            loss.backward()
            optimizer.step()

If the loss is a mean over the rows and all parts have one size, the mean of the gradients is the gradient of the whole
batch. Parts of different sizes need weights. With n of all N rows, one of P processes multiplies its loss by n P / N:

            weight = len(x) * get_world_size() / all_reduce(len(x))
            (loss * weight).backward()

`Trainer` does that by itself. Then all processes must still have equally many batches.

A process waits in every call here until all others make the same call. Where they make different calls, or one has come
to its end, an error says so. A process that ends with an error ends all others. Started without mpiexec, a script runs
as process 0 of 1, without MPI too; so does everything in the browser.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from importlib.util import find_spec
from itertools import zip_longest
from typing import Any

import numpy as np

from .autograd import no_grad, recording
from .device import DeviceArray
from .device import to as moved
from .errors import flag, whole
from .nn.module import Module
from .operations import on_cpu
from .tensor import Tensor

# Set by what starts processes: the mpiexec of MPICH and of Intel, Slurm's srun, Open MPI's mpiexec.
_LAUNCHED = ("PMI_SIZE", "PMI_FD", "PMIX_RANK", "OMPI_COMM_WORLD_SIZE")


class ReduceOp(StrEnum):
    """How `all_reduce` combines the numbers of all processes; the texts, such as "sum", are accepted too."""

    SUM = "sum"
    AVG = "mean"
    MIN = "min"
    MAX = "max"
    PRODUCT = "product"


_MPI_NAMES = {"sum": "SUM", "mean": "SUM", "min": "MIN", "max": "MAX", "product": "PROD"}


# The group of processes ------------------------------------------------------------


class _Alone:
    """The group of a process that mpiexec did not start."""

    rank, size = 0, 1


_group: Any = None  # MPI's COMM_WORLD or _Alone, after the first use


def _was_launched() -> bool:
    return any(name in os.environ for name in _LAUNCHED)


def _world() -> Any:
    global _group
    if _group is None:
        _group = _mpi().COMM_WORLD if _was_launched() or "mpi4py.MPI" in sys.modules else _Alone()
    return _group


def _mpi() -> Any:
    """The module of MPI. Its first import joins the group."""
    try:
        from mpi4py import MPI
    except (ImportError, RuntimeError) as error:  # RuntimeError: mpi4py finds no MPI library
        raise ImportError(
            f"training on many processes needs MPI ({error}): python -m pip install mpi4py mpich"
        ) from None
    return MPI


def _end_all_after_an_error() -> None:
    """Let an error that ends this process end all: the others would wait for this one forever."""
    show = sys.excepthook

    def end_all(kind, error, traceback):
        who = f"Process {_group.rank} of {_group.size}" if _group else "A process"
        print(f"{who} ends all processes after an error:", file=sys.stderr)
        show(kind, error, traceback)
        _abort()

    sys.excepthook = end_all


def _abort() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    time.sleep(0.5)  # mpiexec drops what it has not yet passed on when it ends the processes
    if "mpi4py.MPI" in sys.modules:
        _mpi().COMM_WORLD.Abort(1)
    os.kill(os.getpid(), signal.SIGTERM)  # before MPI has started, mpiexec ends the others only if a signal ended one


if _was_launched():
    _end_all_after_an_error()


def _call_the_roll(call: str) -> None:
    """Raise RuntimeError on all processes unless they make the same call. The end of a script counts as a call."""
    global _ends_together
    world = _world()
    if world.size == 1:
        return
    code = zlib.crc32(call.encode())
    codes = np.array([code, -code])
    world.Allreduce(_mpi().IN_PLACE, codes, _mpi().MAX)
    if codes[0] != -codes[1]:
        came = "; ".join(f"process {rank}: {other}" for rank, other in enumerate(world.allgather(call)))
        raise RuntimeError(f"all processes must make the same calls in the same order, but they came to {came}.")
    if not _ends_together:
        _ends_together = True
        atexit.register(_end_together)


_ends_together = False


def _end_together() -> None:
    try:
        _call_the_roll("the end of the script")
    except RuntimeError as error:
        print(f"Process {_group.rank} of {_group.size} ends all processes: {error}", file=sys.stderr)
        _abort()


def init_process_group(backend: str = "mpi") -> None:
    """Join the group of processes that mpiexec started.

    The call is optional: the other functions do it at their first use if they see that a launcher started this process.
    They know the launchers of MPICH, Intel MPI, Open MPI and Slurm. Under another one call this function first. Where
    mpi4py is not installed and no launcher is seen, the group is this process alone.

    Raises ImportError if a launcher started this process but mpi4py or its MPI library is missing.

    >>> init_process_group()
    >>> get_rank(), get_world_size()
    (0, 1)
    """
    global _group
    if backend != "mpi":
        raise ValueError(f"gradlib's processes talk over MPI: leave backend out or pass 'mpi', got {backend!r}.")
    if _world().size == 1 and find_spec("mpi4py"):  # perhaps a launcher that we do not know started more
        _group = _mpi().COMM_WORLD
        if _group.size > 1:
            _end_all_after_an_error()


def get_rank() -> int:
    """The number of this process: 0, 1, … Process 0 is usually the one that prints and saves.

    >>> if get_rank() == 0:
    ...     print("one line, from however many processes")
    one line, from however many processes
    """
    return _world().rank


def get_world_size() -> int:
    """The number of processes, 1 if mpiexec did not start this one."""
    return _world().size


# Exchanging numbers ------------------------------------------------------------


def all_reduce(tensor: Any, op: ReduceOp | str = ReduceOp.SUM) -> Any:
    """Combine the numbers of all processes entry by entry, and return the result, which is the same on all of them.

    tensor : a tensor or an array, which is overwritten with the result and returned; all processes pass the same shape
        and dtype. Or a Python number, for which the result is a new number.
    op : a ReduceOp or its text: "sum", "mean", "min", "max" or "product".

    Raises TypeError for anything else than numbers, and for a mean of integers.

    >>> all_reduce(32), all_reduce(np.array([1.0, 2.0]), "max")
    (32, array([1., 2.]))
    """
    try:
        op = ReduceOp(op)
    except ValueError:
        raise ValueError(f"op must be one of {', '.join(ReduceOp)}, got {op!r}.") from None
    is_number = isinstance(tensor, (int, float, np.number)) and not isinstance(tensor, bool)
    array = np.asarray(tensor) if is_number else _checked("all_reduce", tensor, "fiu")
    if op is ReduceOp.AVG and array.dtype.kind != "f":
        raise TypeError(f"a mean of {array.dtype} need not be an integer: pass floating-point numbers.")
    _call_the_roll(f"all_reduce of {array.dtype} {array.shape}, {op}")
    combined = _combined(array, op)
    return combined.item() if is_number else _overwritten(tensor, combined)


def _combined(array: np.ndarray, op: ReduceOp) -> np.ndarray:
    world = _world()
    if world.size == 1:
        return array
    # Few MPI libraries add in float16, whose sums end at 65,504.
    sent = np.asarray(array, np.float32 if array.dtype == np.float16 else None, order="C")
    combined = np.empty_like(sent)
    world.Allreduce(sent, combined, getattr(_mpi(), _MPI_NAMES[op]))
    if op is ReduceOp.AVG:
        combined /= world.size
    return combined.astype(array.dtype, copy=False)


def broadcast(tensor: Any, src: int = 0) -> Any:
    """Overwrite a tensor or an array with that of process src, and return it. All pass the same shape and dtype.

    >>> broadcast(np.array([1.0, 2.0]))
    array([1., 2.])
    """
    world = _world()
    if whole("src must be the number of a process", src, 0) >= world.size:
        raise ValueError(f"src must be one of the processes 0 to {world.size - 1}, got {src}.")
    array = _checked("broadcast", tensor, "fiub")
    _call_the_roll(f"broadcast of {array.dtype} {array.shape} from {src}")
    return _received(tensor, array, src)


def _received(tensor: Any, array: np.ndarray, src: int = 0) -> Any:
    world = _world()
    if world.size == 1:
        return tensor
    received = np.array(array, order="C")
    world.Bcast(received.reshape(-1).view(np.uint8), src)  # as bytes: few MPI libraries have float16
    # Equal numbers are not written again: a graph that used them would refuse backward().
    return tensor if np.array_equal(received, array) else _overwritten(tensor, received)


def all_gather_object(object_list: list, obj: Any) -> None:
    """Fill a list, as long as there are processes, with an object from each: entry i is that of process i.

    >>> names = [None] * get_world_size()
    >>> all_gather_object(names, "first")
    >>> names
    ['first']
    """
    world = _world()
    if len(object_list) != world.size:
        raise ValueError(f"object_list needs an entry for each of {world.size} processes, got {len(object_list)}.")
    _call_the_roll("all_gather_object")
    object_list[:] = [obj] if world.size == 1 else world.allgather(obj)


def _checked(taker: str, tensor: Any, kinds: str) -> np.ndarray:
    """The array of a tensor, in the memory of the CPU."""
    if not isinstance(tensor, (Tensor, np.ndarray, DeviceArray)) or tensor.dtype.kind not in kinds:
        what = getattr(tensor, "dtype", type(tensor).__name__)
        raise TypeError(f"{taker} takes a tensor or an array of numbers, got {what}.")
    return on_cpu(tensor)


def _overwritten(tensor: Any, array: np.ndarray) -> Any:
    if isinstance(tensor, Tensor):
        with no_grad():
            tensor.copy_(array)
    else:
        tensor[...] = array
    return tensor


# Models and data ------------------------------------------------------------


class DistributedDataParallel(Module):
    """A model whose gradients are those of all processes, averaged, when `backward()` returns.

    module : the model, of the same architecture on every process. Its parameters and buffers start as those of
        process 0. Choose before what is trainable.
    broadcast_buffers : overwrite the buffers, such as batch norm's running statistics, with those of process 0 before
        every forward in training mode. Each process normalizes by its own part of a batch.

    A parameter that some processes did not use counts there with a gradient of 0; one that no process used keeps None.
    Every process must call forward and `backward()` equally often, with a loss that depends on some parameter. In eval
    mode forward exchanges nothing, so one process may evaluate alone; for its gradients see `no_sync`.

    `gradient_weight` is the factor of this process's gradients in the mean, 1 unless set: `Trainer` sets it to n P / N.
    `module` is the model itself. In `state_dict()` its names begin with "module.", as in PyTorch.

    Raises ValueError if the parameters differ between processes in name, shape or dtype.

    >>> from gradlib.nn import Linear
    >>> model = DistributedDataParallel(Linear(2, 1))
    >>> model(Tensor([[1.0, 3.0]])).backward()
    >>> model.module.weight.grad.tolist(), list(model.state_dict())
    ([[1.0], [3.0]], ['module.weight', 'module.bias'])
    """

    def __init__(self, module: Module, *, broadcast_buffers: bool = True):
        super().__init__()
        if not isinstance(module, Module):
            raise TypeError(f"DistributedDataParallel takes a Module, got {type(module).__name__}.")
        self.module, self.broadcast_buffers = module, broadcast_buffers
        self.gradient_weight, self._averages = 1.0, True
        _refuse_different(module)
        for tensor in (*module.parameters(), *module.buffers()):
            _received(tensor, on_cpu(tensor))
        for parameter in module.parameters():
            if parameter.requires_grad:
                parameter.register_hook(self._average_later)

    def forward(self, *args, **keywords) -> Any:
        """Compute what the module computes."""
        buffers = list(self.module.buffers()) if self.broadcast_buffers else []
        if buffers and self.training and self._averages:
            _call_the_roll("a forward of DistributedDataParallel")
            for buffer in buffers:
                _received(buffer, on_cpu(buffer))
        return self.module(*args, **keywords)

    @contextmanager
    def no_sync(self) -> Iterator[None]:
        """Let gradients add up without averaging them. The first `backward()` after the block averages the sums.

        Inside the block nothing is exchanged, so one process may call forward and `backward()` alone.

        >>> from gradlib.nn import Linear
        >>> model = DistributedDataParallel(Linear(2, 1))
        >>> with model.no_sync():
        ...     model(Tensor([[1.0, 3.0]])).backward()
        >>> model(Tensor([[1.0, 3.0]])).backward()
        >>> model.module.weight.grad.tolist()
        [[2.0], [6.0]]
        """
        before, self._averages = self._averages, False
        try:
            yield
        finally:
            self._averages = before

    def _average_later(self, gradient: Any) -> None:
        """The hook of every parameter. Graphs may differ between processes, and with them the order of the parameters:
        so all are averaged in the model's order, when `backward()` has come to its end."""
        if self._averages:
            recording.at_end[self._average_gradients] = True

    def _average_gradients(self) -> None:
        _call_the_roll("a backward() of DistributedDataParallel")
        parameters = list(self.module.parameters())
        used = _combined(np.array([parameter.grad is not None for parameter in parameters], np.uint8), ReduceOp.MAX)
        for parameter, anywhere in zip(parameters, used, strict=True):
            if anywhere:
                gradient = np.zeros_like(parameter.data) if parameter.grad is None else parameter.grad
                weighted = gradient if self.gradient_weight == 1 else gradient * self.gradient_weight
                parameter.grad = moved(_combined(on_cpu(weighted), ReduceOp.AVG), gradient.device)


def _refuse_different(module: Module) -> None:
    named = (*module.named_parameters(), *module.named_buffers())
    models: list = [None] * get_world_size()
    all_gather_object(models, [f"{name} {tensor.shape} {tensor.dtype}" for name, tensor in named])
    for rank, model in enumerate(models):
        for first, other in zip_longest(models[0], model, fillvalue="nothing more"):
            if first != other:
                raise ValueError(
                    f"all processes must build the same model, but where process 0 has {first}, process {rank} has "
                    f"{other}."
                )


class DistributedSampler:
    """The indices of the examples of one process, as a `DataLoader` takes them.

    The list of all indices, shuffled alike on all processes, is dealt out like cards: process i gets entries i, i + n,
    i + 2n, … All get equally many: the list is filled up with its own first entries, or cut with drop_last=True.

    num_replicas, rank : the number of processes and of this one, by default those of MPI. seed : must be the same on
    all processes.

    For evaluation an example that stands twice counts twice. `Subset(data, range(rank, len(data), n))` has each once.

    >>> [list(DistributedSampler(range(5), num_replicas=2, rank=rank, shuffle=False)) for rank in (0, 1)]
    [[0, 2, 4], [1, 3, 0]]
    """

    def __init__(
        self,
        dataset: Any,
        num_replicas: int | None = None,
        rank: int | None = None,
        shuffle: bool = True,
        seed: int = 0,
        drop_last: bool = False,
    ):
        if not hasattr(dataset, "__len__"):
            raise TypeError(f"DistributedSampler takes a dataset with a __len__, got {type(dataset).__name__}.")
        self.dataset, self.epoch = dataset, 0
        self.shuffle, self.drop_last = flag("shuffle", shuffle), flag("drop_last", drop_last)
        given = get_world_size() if num_replicas is None else num_replicas
        self.num_replicas = whole("num_replicas must be an integer of at least 1", given, 1)
        self.rank = whole("rank must be an integer of at least 0", get_rank() if rank is None else rank, 0)
        if self.rank >= self.num_replicas:
            raise ValueError(f"rank must be one of 0 to {self.num_replicas - 1}, got {self.rank}.")
        self.seed = whole("seed must be an integer of at least 0", seed, 0)

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of an epoch. Call it before each one, or all have the same order; `Trainer` calls it."""
        self.epoch = whole("epoch must be an integer of at least 0", epoch, 0)

    def __len__(self) -> int:
        full, rest = divmod(len(self.dataset), self.num_replicas)
        return full + (rest > 0 and not self.drop_last)

    def __iter__(self) -> Iterator[int]:
        count = len(self.dataset)
        order = np.random.default_rng((self.seed, self.epoch)).permutation(count) if self.shuffle else np.arange(count)
        order = np.resize(order, len(self) * self.num_replicas)  # cuts, or repeats from the start
        return iter(order[self.rank :: self.num_replicas].tolist())
