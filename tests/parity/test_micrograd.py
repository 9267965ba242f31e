"""micrograd goes through the conformance suite: it has two known properties, and nothing else is said of it."""

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
