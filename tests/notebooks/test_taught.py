"""No lesson uses a name before the lesson that teaches it."""

import ast
import re

import pytest

from gradlib.keep import without_magic
from notebooks import read

# What each lesson introduces: names of gradlib (a class brings its attributes with it), and a few notions:
# "@" is the matrix product, ".backward" an attribute of anything. A name of gradlib that is not here fails.
TAUGHT = {
    "00": ["checks", "palette", "plots.style", "widgets.PointOnLine"],
    "01": ["numerical_gradient", "widgets.TangentSecant"],
    "02": ["show_graph", "explain", "gradient_paths", "widgets.ChainRuleWalkthrough", "primitives"],
    "03": ["scalar.Value", "scalar.topological_order", "widgets.BackwardOrder", ".backward", ".grad"],
    "04": ["autograd.unbroadcast", "widgets.BroadcastExplorer"],
    "05": ["@", "vjp", "jvp", "jacobian", "functional", "widgets.JacobianSpotlight"],
    "06": [
        "Tensor",
        "no_grad",
        "enable_grad",
        "autograd",
        "grad",
        "tensor.apply",
        "widgets.GraphExplorer",
    ],  # fmt: skip
    "07": [
        "finite_differences.compare",
        "gradcheck",
        "gradgradcheck",
        "GradcheckWarning",
        "GradcheckError",
        "widgets.StepSweep",
    ],
    "08": ["Parameter", "nn", "manual_seed", "widgets.DepthAndGain"],
    "09": ["widgets.DraggableLogits"],
    "10": ["optim", "widgets.OptimizerRace"],
    "11": ["data", "training", "plots", "widgets.TrainingDashboard", "widgets.DigitCanvas"],
    "12": ["diagnostics", "widgets.GradientFlowStrip"],
    "13": ["widgets.NormalizedBatch"],
    "14": ["widgets.KernelStepper"],
    "15": ["widgets.ThroughTime"],
    "16": ["widgets.AttentionMap"],
    "17": ["functional.hessian", "functional.hvp", "widgets.TaylorExplorer"],
    "18": ["bounds", "widgets.ProvenBox"],
    "19": ["amp", "checkpoint", "distributed", "serialization", "widgets.MemoryTimeline"],
    "20": ["conformance"],
}


def imported(nodes):
    """The path in gradlib of each name that an import brings: "Value" is "scalar.Value", "gradlib" is ""."""
    paths = {}
    for node in nodes:
        if isinstance(node, ast.Import):
            paths |= {each.asname: each.name for each in node.names if each.asname}
            paths |= {each.name.partition(".")[0]: each.name.partition(".")[0] for each in node.names}
        elif isinstance(node, ast.ImportFrom):
            paths |= {each.asname or each.name: f"{node.module}.{each.name}" for each in node.names}
    ours = {name: path for name, path in paths.items() if f"{path}.".startswith("gradlib.")}
    return {name: path.removeprefix("gradlib").lstrip(".") for name, path in ours.items()}


def uses(source):
    """The names of gradlib in a piece of code, and the notions."""
    nodes = list(ast.walk(ast.parse(re.sub(r"^[%!].*$", "", source, flags=re.MULTILINE))))
    paths = imported(nodes)
    found = set(paths.values()) - {""}
    for node in nodes:
        if isinstance(node, ast.Attribute):
            found.add(f".{node.attr}")
            root, _, rest = ast.unparse(node).partition(".")
            if root in paths:
                found.add(f"{paths[root]}.{rest}".lstrip("."))
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
            found.add("@")
    return found


def untaught(source, lesson):
    """Those of its names that no lesson up to this one has introduced."""
    every = [name for names in TAUGHT.values() for name in names]
    known = [name for number, names in TAUGHT.items() if number <= lesson for name in names]
    return {
        name
        for name in uses(source)
        if not any(name == k or name.startswith(f"{k}.") or k.startswith(f"{name}.") for k in known)
        and (name[0] not in "@." or name in every)
    }


def test_no_name_is_used_before_it_is_taught(notebook):
    code = "\n".join(without_magic(cell.source) for cell in read(notebook).cells if cell.cell_type == "code")
    assert not untaught(code, notebook.name[:2])


@pytest.mark.parametrize(
    ("source", "number", "wrong"),
    [
        ("import gradlib\ngradlib.numerical_gradient(f, x)", "01", set()),
        ("import gradlib\ngradlib.numerical_gradient(f, x)", "00", {"numerical_gradient"}),
        ("import gradlib as g\ng.nn.Linear(2, 3)", "03", {"nn", "nn.Linear"}),
        ("from gradlib.scalar import Value as V\nV(2).data", "03", set()),
        ("from gradlib.scalar import Value as V\nV.x", "02", {"scalar.Value", "scalar.Value.x"}),
        ("from gradlib import widgets\nwidgets.TangentSecant", "01", set()),
        ("from gradlib import Unheard", "03", {"Unheard"}),
        ("import gradlib.nn as nn, numpy\nnumpy.ones(3)", "03", {"nn"}),
        ("z.backward()", "02", {".backward"}),
        ("a.shape, a @ b", "03", {"@"}),
    ],
)
def test_a_name_before_its_lesson_is_found(source, number, wrong):
    assert untaught(source, number) == wrong
