"""The reference and the table of derivatives, as the site shows them: nothing is left out, examples are right."""

import doctest
import re

import pytest

import derivatives
import gradlib
import make_site
import reference
from gradlib import nn, optim, primitives


@pytest.mark.parametrize("name", primitives.TABLE)
def test_an_example_uses_its_operation(name):
    """The operation stands in the graph of the example's z, and what the example says is what Python answers."""
    example = derivatives.example(name)
    names = {"Tensor": gradlib.Tensor, "gradlib": gradlib, "nn": nn, "P": primitives}
    test = doctest.DocTestParser().get_doctest(example + "\n", names, name, None, 0)
    ran = doctest.DocTestRunner(verbose=False, optionflags=doctest.NORMALIZE_WHITESPACE).run(test, clear_globs=False)
    assert ran.attempted >= 4 and not ran.failed
    operations, left = set(), [test.globs["z"]]
    while left:
        value = left.pop()
        operations.add(value._op)
        left += value._prev
    assert primitives.TABLE[name] in operations


def test_the_page_has_every_operation_with_formula_rule_and_example():
    sections = dict(re.findall(r"^### (\w+)\n(.*?)(?=^##|\Z)", derivatives.page(), re.MULTILINE | re.DOTALL))
    assert list(sections) == list(primitives.TABLE)
    for name, text in sections.items():
        assert text.startswith("\n$z = ") and "```pycon\n>>> " in text, name
        assert re.search(r"Primitive\(", text), name


ELSEWHERE = {"Parameter", "BatchNorm1D"}  # with the tensors; another name of BatchNorm1d


def test_the_reference_has_every_public_name():
    shown = set(re.findall(r"\.\. auto(?:class|function):: (\S+)", "\n".join(reference.pages().values())))
    classes = {name for name, thing in vars(nn).items() if isinstance(thing, type)} - ELSEWHERE
    assert {f"gradlib.{name}" for name in gradlib.__all__ if name != "cat"} <= shown  # cat is concatenate
    assert {f"gradlib.nn.{name}" for name in classes} <= shown
    assert {f"gradlib.optim.{name}" for name in optim.__all__ if name != "lr_scheduler"} <= shown


@pytest.mark.parametrize("module", [derivatives, make_site, reference])
def test_what_their_docstrings_show(module):
    assert doctest.testmod(module, optionflags=doctest.ELLIPSIS).attempted and not doctest.testmod(module).failed
