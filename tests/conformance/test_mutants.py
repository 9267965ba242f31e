"""Each mistake, made in a right engine, is caught, and the first sentence of the report names it."""

import pytest

from gradlib import conformance
from gradlib.conformance import LEVELS

from .mutants import SCALAR, TENSOR, load

ABOUT_COST = {"RECURSION", "COST", "QUADRATIC"}


def codes(report):
    return [diagnosis.code for diagnosis in report.diagnoses]


def run_mutant(engine, name, mutant):
    """Levels of cost take as long as all others together, so they are left out where they cannot matter."""
    levels = [level for level in LEVELS if level != 6 or ABOUT_COST & set(mutant.codes)]
    return conformance.run(getattr(load(engine, mutant), name), levels=levels, seconds=0.5, processes=False)


def require_only(mutant, report):
    """The mistake is named, and no other one: a false sentence is worse than none."""
    assert codes(report) and set(codes(report)) <= set(mutant.codes), report.text


@pytest.mark.parametrize("mutant", SCALAR, ids=str)
def test_a_mistake_in_a_scalar_engine_is_caught_and_named(mutant):
    report = run_mutant("closures", "Value", mutant)
    require_only(mutant, report)


@pytest.mark.parametrize("mutant", TENSOR, ids=str)
def test_a_mistake_in_a_tensor_engine_is_caught_and_named(mutant):
    report = run_mutant("arrays", "Tensor", mutant)
    require_only(mutant, report)
