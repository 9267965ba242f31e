"""Two engines that others wrote, in the conformance suite: micrograd, whose properties are known, and PyTorch."""

import numpy as np
import torch
from micrograd.engine import Value

from gradlib import conformance


def test_micrograd_keeps_stale_gradients_and_recurses_and_nothing_else():
    report = conformance.run(Value)
    found = {diagnosis.code: diagnosis.cases for diagnosis in report.diagnoses}
    assert found == {
        "STALE": ("backward twice", "two losses, one trunk"),
        "RECURSION": ("5,000 operations deep",),
    }, report.text
    assert "the gradient is 12, then 32" in report.text


def test_pytorch_fails_nothing():
    def make(v, requires_grad):
        return torch.tensor(np.asarray(v, float).tolist(), dtype=torch.float64, requires_grad=requires_grad)

    report = conformance.run(
        torch.Tensor, make=make, value=lambda t: t.detach().numpy(), zero=lambda t: setattr(t, "grad", None),
        no_grad=torch.no_grad, functions=[torch, torch.nn.functional, torch.nn, torch.optim], processes=False,
    )  # fmt: skip
    assert report.passed, report.text
    assert sum(counts["passed"] for counts in report.levels.values()) > 190
    assert {each.code for each in report.conventions} == {"FREED"}
