"""Mixed precision against PyTorch's on a CPU."""

import numpy as np
import pytest

from gradlib import Tensor, nn, optim
from gradlib.amp import GradScaler, autocast
from gradlib.nn import functional as F

torch = pytest.importorskip("torch")


def half():
    return torch.autocast("cpu", dtype=torch.float16)


def test_the_scale_and_the_steps_are_the_same():
    gradients = [1.0, 2.0, np.inf, 0.5, 1.0, np.nan, 1.0, 1.0, 1.0, -np.inf, 4.0, 1.0]
    options = {"init_scale": 64.0, "growth_factor": 4.0, "backoff_factor": 0.25, "growth_interval": 2}
    mine, theirs = GradScaler(**options), torch.amp.GradScaler("cpu", **options)
    w, v = Tensor([1.0], requires_grad=True), torch.tensor([1.0], requires_grad=True)
    one, other = optim.SGD([w], lr=0.5), torch.optim.SGD([v], lr=0.5)
    for gradient in gradients:
        for scaler, weight, optimizer in ((mine, w, one), (theirs, v, other)):
            optimizer.zero_grad()
            scaler.scale((weight * gradient).sum()).backward()
            scaler.step(optimizer)
            scaler.update()
        assert w.item() == v.item() and mine.state_dict() == theirs.state_dict(), gradient


@pytest.mark.parametrize(
    ("call", "theirs"),
    [
        (lambda x: x @ x, lambda x: x @ x),
        (lambda x: F.linear(x, x, x[0]), lambda x: torch.nn.functional.linear(x, x.T, x[0])),
        (lambda x: F.conv1d(x.reshape(2, 2, 4), x.reshape(2, 2, 4)),
         lambda x: torch.nn.functional.conv1d(x.reshape(2, 2, 4), x.reshape(2, 2, 4))),
        (lambda x: np.einsum("ij,kj->ik", x, x), lambda x: torch.einsum("ij,kj->ik", x, x)),
        (lambda x: (x @ x).relu() * 2, lambda x: (x @ x).relu() * 2),
        (lambda x: (x @ x) + x, lambda x: (x @ x) + x),
        (lambda x: F.mse_loss(x @ x, x), lambda x: torch.nn.functional.mse_loss(x @ x, x)),
    ],
    ids=["matmul", "linear", "conv1d", "einsum", "relu", "add", "mse_loss"],
)  # fmt: skip
def test_results_have_the_same_precision_and_value(call, theirs):
    x = np.random.default_rng(0).normal(size=(4, 4)).astype(np.float32)
    with autocast(), half():
        mine, other = call(Tensor(x)), theirs(torch.from_numpy(x)).numpy()
    assert mine.dtype == other.dtype
    np.testing.assert_allclose(mine.data, other, rtol=2e-3, atol=2e-3)


def test_a_network_trains_alike():
    rng = np.random.default_rng(0)
    x, labels = rng.normal(size=(32, 8)).astype(np.float32), rng.integers(3, size=32)
    model = nn.Sequential(nn.Linear(8, 16, rng=rng), nn.ReLU(), nn.Linear(16, 3, rng=rng))
    twin = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.ReLU(), torch.nn.Linear(16, 3))
    with torch.no_grad():
        for i in (0, 2):
            twin[i].weight.copy_(torch.from_numpy(model[i].weight.data.T.copy()))
            twin[i].bias.copy_(torch.from_numpy(model[i].bias.data))
    mine, theirs = (optim.SGD(model.parameters(), lr=0.5), GradScaler()), (
        torch.optim.SGD(twin.parameters(), lr=0.5), torch.amp.GradScaler("cpu"),
    )  # fmt: skip

    def step(optimizer, scaler, compute):
        optimizer.zero_grad()
        loss = compute()
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        return loss.item()

    for _ in range(20):
        with autocast():
            mine_loss = step(*mine, lambda: F.cross_entropy(model(Tensor(x)), labels))
        with half():
            their_loss = step(
                *theirs,
                lambda: torch.nn.functional.cross_entropy(twin(torch.from_numpy(x)), torch.from_numpy(labels)),
            )
        assert mine_loss == pytest.approx(their_loss, rel=5e-3)
    assert mine[1].get_scale() == theirs[1].get_scale()
    np.testing.assert_allclose(model[2].weight.data.T, twin[2].weight.detach().numpy(), rtol=0.02, atol=0.01)
