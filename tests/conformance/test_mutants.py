"""Each mistake, made in a right engine, is caught, and the first sentence of the report names it."""

import pytest

from gradlib import conformance
from gradlib.conformance import LEVELS, Adapter

from .mutants import COMPOSED, FUNCTION_CLASSES, HISTORIES, SCALAR, TENSOR, VARIABLES, load

ABOUT_COST = {"RECURSION", "COST", "QUADRATIC"}


def codes(report):
    return [diagnosis.code for diagnosis in report.diagnoses]


def run_mutant(engine, name, mutant):
    """The level of cost takes as long as all others together, so it is left out where it cannot matter."""
    levels = [level for level in LEVELS if level != 6 or ABOUT_COST & set(mutant.codes)]
    module = load(engine, mutant)
    backward = (lambda z: module.backpropagate(z, 1.0)) if engine == "histories" else None
    adapter = Adapter(getattr(module, name), backward=backward)
    return conformance.run(adapter, levels=levels, seconds=2.0, processes=False)


def require_only(mutant, report):
    """The mistake is named, and no other one: a false sentence is worse than none."""
    assert codes(report) and set(codes(report)) <= set(mutant.codes), report.text
    assert {result.because for result in report.results if result.because} <= set(codes(report)), report.json()


@pytest.mark.parametrize("mutant", SCALAR, ids=str)
def test_a_mistake_in_a_scalar_engine_is_caught_and_named(mutant):
    report = run_mutant("closures", "Value", mutant)
    require_only(mutant, report)


@pytest.mark.parametrize("mutant", TENSOR, ids=str)
def test_a_mistake_in_a_tensor_engine_is_caught_and_named(mutant):
    report = run_mutant("arrays", "Tensor", mutant)
    require_only(mutant, report)


@pytest.mark.parametrize(
    ("engine", "name", "mutant"),
    [
        *(("closures", "Value", mutant) for mutant in COMPOSED),
        *(("histories", "Scalar", mutant) for mutant in HISTORIES),
        *(("function_classes", "Tensor", mutant) for mutant in FUNCTION_CLASSES),
        *(("variables", "Variable", mutant) for mutant in VARIABLES),
    ],
    ids=str,
)
def test_a_mistake_in_an_engine_of_another_style_is_caught_and_named(engine, name, mutant):
    require_only(mutant, run_mutant(engine, name, mutant))
