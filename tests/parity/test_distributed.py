"""Which examples each process gets, against PyTorch's sampler."""

import numpy as np
import pytest

from gradlib.distributed import DistributedSampler

torch = pytest.importorskip("torch")
from torch.utils.data.distributed import DistributedSampler as TorchSampler  # noqa: E402


def both(count, processes, **options):
    """The indices of each process: ours and PyTorch's."""
    ours = [DistributedSampler(range(count), processes, rank, **options) for rank in range(processes)]
    theirs = [TorchSampler(range(count), processes, rank, **options) for rank in range(processes)]
    assert list(map(len, ours)) == list(map(len, theirs))
    return [list(sampler) for sampler in ours], [list(sampler) for sampler in theirs]


@pytest.mark.parametrize("count", [0, 1, 3, 7, 8, 12, 30])
@pytest.mark.parametrize("processes", [1, 2, 3, 5, 8])
@pytest.mark.parametrize("drop_last", [False, True])
def test_in_order(count, processes, drop_last):
    ours, theirs = both(count, processes, shuffle=False, drop_last=drop_last)
    assert ours == theirs


@pytest.mark.parametrize("count", [1, 3, 7, 8, 30])
@pytest.mark.parametrize("processes", [1, 2, 3, 5, 8])
def test_shuffled(count, processes):
    """The generators differ. With our examples renamed to PyTorch's, the first ones in their order, all parts agree."""
    ours, theirs = both(count, processes, seed=3)
    dealt = [[index for turn in zip(*parts, strict=True) for index in turn] for parts in (ours, theirs)]
    names = dict(zip(dealt[0][:count], dealt[1][:count], strict=True))
    assert sorted(names) == sorted(names.values()) == list(range(count))
    assert [[names[index] for index in part] for part in ours] == theirs


def test_an_epoch_and_a_seed_choose_the_order():
    for sampler in (DistributedSampler(range(50), 2, 0), TorchSampler(range(50), 2, 0)):
        first = list(sampler)
        assert list(sampler) == first
        sampler.set_epoch(1)
        assert list(sampler) != first
        sampler.set_epoch(0)
        assert list(sampler) == first


@pytest.mark.parametrize("options", [{"num_replicas": 2, "rank": 2}, {"num_replicas": 2, "rank": -1}])
def test_both_refuse(options):
    for sampler in (DistributedSampler, TorchSampler):
        with pytest.raises(ValueError):
            sampler(np.arange(4), **options)
