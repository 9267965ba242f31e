"""Every small change of a syntax tree: the mutants of a right answer.

    for mutant in mutants(ast.parse(source)):
        print(mutant.kind, mutant.change)      # operator   2 * x -> 2 / x

A mutant's source runs where the original runs, together with the names in HELPERS. Left alone are docstrings,
annotations, decorators, `self`, the words of an error, and `strict=` of a zip: none of them is an answer.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, islice
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Mutant:
    kind: str  # what was done: one of the words that `changes` yields
    change: str  # the text before and after, "2 * x -> 2 / x"
    line: int
    source: str


def mutants(tree: ast.Module, only: frozenset[str] = frozenset(), fixed: frozenset[str] = frozenset()) -> list[Mutant]:
    """All mutants of a tree, each once.

    only: the functions of a class that are changed, if not all. fixed: names that hold a module, a class or a function
    for everybody, such as np: they are not values.
    """
    seen = {ast.unparse(tree)}
    found = []
    for slot in list(slots(tree, only)):
        node = slot.node
        before = shortened(node)
        for kind, new, *text in changes(slot, fixed):
            slot.put(new)
            source = ast.unparse(ast.fix_missing_locations(tree))
            slot.put(node)
            if source not in seen:
                seen.add(source)
                change = text[0] if text else f"{before} -> {shortened(new)}"
                found.append(Mutant(kind, change, line_of(node), source))
    return found


def line_of(node: ast.AST) -> int:
    return next((each.lineno for each in ast.walk(node) if hasattr(each, "lineno")), 0)


def shortened(node: ast.AST) -> str:
    text = " ".join(ast.unparse(ast.fix_missing_locations(node)).replace("mutant_", "").split())
    return text if len(text) <= 70 else f"{text[:50]} … {text[-17:]}"


# --- places in a tree --------------------------------------------------------------------------


@dataclass
class Slot:
    """A place in a tree that holds a node."""

    parent: ast.AST
    field: str
    index: int | None

    @property
    def node(self) -> Any:
        held = getattr(self.parent, self.field)
        return held if self.index is None else held[self.index]

    def put(self, node: ast.AST) -> None:
        if self.index is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.index] = node


LEFT_ALONE = {"decorator_list", "annotation", "returns", "bases", "ops", "op", "ctx"}


def slots(node: ast.AST, only: frozenset[str]) -> Iterator[Slot]:
    """Every place below a node that may be changed, in the order of reading."""
    for field, value in ast.iter_fields(node):
        if field in LEFT_ALONE or isinstance(node, ast.Raise) or isinstance(node, ast.keyword) and node.arg == "strict":
            continue
        for index, item in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if not isinstance(item, ast.AST) or is_docstring(item):
                continue
            if only and isinstance(node, ast.ClassDef) and getattr(item, "name", None) not in only:
                continue
            yield Slot(node, field, index)
            yield from slots(item, only)


def is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


# --- changes -----------------------------------------------------------------------------------

OPERATORS = {
    ast.Add: (ast.Sub, ast.Mult),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div, ast.Add),
    ast.Div: (ast.Mult, ast.FloorDiv),
    ast.FloorDiv: (ast.Div, ast.Mod),
    ast.Mod: (ast.FloorDiv, ast.Mult),
    ast.Pow: (ast.Mult,),
    ast.MatMult: (ast.Mult,),
    ast.LShift: (ast.RShift,),
    ast.RShift: (ast.LShift,),
    ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd,),
    ast.BitXor: (ast.BitOr,),
}
NOT_COMMUTATIVE = (ast.Sub, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.MatMult)
COMPARISONS = {
    ast.Lt: (ast.LtE, ast.Gt, ast.GtE),
    ast.LtE: (ast.Lt, ast.GtE, ast.Gt),
    ast.Gt: (ast.GtE, ast.Lt, ast.LtE),
    ast.GtE: (ast.Gt, ast.LtE, ast.Lt),
    ast.Eq: (ast.NotEq, ast.LtE, ast.GtE),
    ast.NotEq: (ast.Eq, ast.Lt, ast.Gt),
    ast.Is: (ast.IsNot, ast.Eq),
    ast.IsNot: (ast.Is, ast.NotEq),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}

Change = tuple  # its kind, the node that takes the place of the old one, and, where the two do not show it, a text


def changes(slot: Slot, fixed: frozenset[str]) -> Iterator[Change]:
    node = slot.node
    if isinstance(node, ast.stmt) and not isinstance(slot.parent, ast.Module):
        yield from changes_of_a_statement(node)
    if isinstance(node, ast.FunctionDef | ast.Lambda):
        yield from constants_for_parameters(node)
    if isinstance(node, ast.For | ast.comprehension):
        for helper, turn in (("without_the_first", "first turn"), ("without_the_last", "last turn")):
            new = copy.copy(node)
            new.iter = call(helper, node.iter)
            yield turn, new
    if isinstance(node, ast.expr):
        yield from changes_of_an_expression(node)
        if is_value(slot, fixed):
            yield "sign", ast.UnaryOp(ast.USub(), node)
            for helper in ("int", "round") if isinstance(node, ast.Constant) else ("abs", "int", "round", "sorted"):
                yield helper, call(f"mutant_{helper}", node)
        elif isinstance(node, ast.Tuple | ast.List) and isinstance(node.ctx, ast.Load):
            yield "sorted", call("mutant_sorted", node)


def changes_of_a_statement(node: ast.stmt) -> Iterator[Change]:
    if not isinstance(node, ast.Pass):
        yield "line left out", ast.Pass()
    if isinstance(node, ast.If):
        yield "condition left out", block(node.body)
        if node.orelse:
            yield "condition left out", block(node.orelse)
    elif isinstance(node, ast.With):
        yield "line left out", block(node.body)
    elif isinstance(node, ast.Try):
        yield "line left out", block(node.body)
    elif isinstance(node, ast.While):
        yield "last turn", ast.If(node.test, node.body, [])
    elif isinstance(node, ast.AugAssign):
        for operator in OPERATORS[type(node.op)]:
            yield "operator", ast.AugAssign(node.target, operator(), node.value)
        yield "= for +=", ast.Assign([node.target], node.value)
    elif isinstance(node, ast.Assign) and not isinstance(node.targets[0], ast.Tuple | ast.List):
        yield "+= for =", ast.AugAssign(node.targets[0], ast.Add(), node.value)
    if isinstance(node, ast.If | ast.While) and not isinstance(node.test, ast.Compare):
        new = copy.copy(node)
        new.test = ast.UnaryOp(ast.Not(), node.test)
        yield "comparison", new


def block(body: list[ast.stmt]) -> ast.stmt:
    return ast.If(ast.Constant(True), body, [])


def changes_of_an_expression(node: ast.expr) -> Iterator[Change]:
    match node:
        case ast.Constant():
            for value in moved(node.value):
                yield "constant", ast.Constant(value)
        case ast.UnaryOp(op=ast.USub()):
            yield "sign", node.operand
        case ast.UnaryOp(op=ast.Not()):
            yield "comparison", node.operand
        case ast.BinOp():
            for operator in OPERATORS[type(node.op)]:
                yield "operator", ast.BinOp(node.left, operator(), node.right)
            if isinstance(node.op, NOT_COMMUTATIVE):
                yield "exchanged", ast.BinOp(node.right, node.op, node.left)
        case ast.BoolOp():
            other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
            yield "operator", ast.BoolOp(other, node.values)
            for value in node.values:
                yield "condition left out", value
        case ast.Compare():
            for i, old in enumerate(node.ops):
                for new in COMPARISONS[type(old)]:
                    operators = [*node.ops[:i], new(), *node.ops[i + 1 :]]
                    yield "comparison", ast.Compare(node.left, operators, node.comparators)
            yield "condition left out", ast.Constant(True)
            yield "condition left out", ast.Constant(False)
        case ast.IfExp():
            yield "condition left out", node.body
            yield "condition left out", node.orelse
        case ast.Call():
            for args in exchanged(node.args):
                yield "exchanged", ast.Call(node.func, args, node.keywords)
            for i, keyword in enumerate(node.keywords):
                if keyword.arg not in ("strict", None):
                    yield f"{keyword.arg} dropped", ast.Call(node.func, node.args, without(node.keywords, i))
        case ast.Tuple(ctx=ast.Load()) | ast.List(ctx=ast.Load()):
            for elements in exchanged(node.elts):
                yield "exchanged", type(node)(elements, ast.Load())
        case ast.Dict():
            for values in exchanged(node.values):
                yield "exchanged", ast.Dict(node.keys, values)


def moved(value: Any) -> tuple:
    """The neighbours of a constant."""
    if isinstance(value, bool):
        return (not value,)
    if isinstance(value, int):
        return (value + 1, value - 1)
    if isinstance(value, float):
        return (2 * value, value / 2) if value else (1.0,)
    if isinstance(value, str):
        return (value + "x",)
    return (0,) if value is None else ()


def exchanged(items: list) -> Iterator[list]:
    for i, j in combinations(range(len(items)), 2):
        new = list(items)
        new[i], new[j] = new[j], new[i]
        yield new


def without(items: list, index: int) -> list:
    return items[:index] + items[index + 1 :]


def is_value(slot: Slot, fixed: frozenset[str]) -> bool:
    """Return True for an expression that may be a number, an array or a list."""
    node, parent = slot.node, slot.parent
    if isinstance(parent, ast.Call) and slot.field == "func":
        return False
    if isinstance(node, ast.Name | ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
        return False
    if isinstance(node, ast.Name):
        return node.id not in fixed and node.id != "self"
    if isinstance(node, ast.Constant):
        return isinstance(node.value, float) and not node.value.is_integer()  # any other stays what it is
    if isinstance(node, ast.UnaryOp):
        return not isinstance(node.op, ast.Not) and not isinstance(node.operand, ast.Constant)
    kinds = (ast.Attribute, ast.Subscript, ast.BinOp, ast.Call, ast.IfExp, ast.ListComp, ast.GeneratorExp)
    return isinstance(node, kinds)


def call(function: str, argument: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(function, ast.Load()), [argument], [])


# --- parameters --------------------------------------------------------------------------------


def constants_for_parameters(node: ast.FunctionDef | ast.Lambda) -> Iterator[Change]:
    """The function with one parameter replaced by 0, by 1, and by the first value that it was ever given."""
    arguments = node.args
    plain = [each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    stars = {each.arg: empty for each, empty in ((arguments.vararg, ()), (arguments.kwarg, {})) if each}
    body = node.body if isinstance(node.body, list) else [node.body]
    used = {each.id for statement in body for each in ast.walk(statement) if isinstance(each, ast.Name)}
    for name in (*plain, *stars):
        if name == "self" or name not in used:
            continue
        first = ast.Call(ast.Name("mutant_first", ast.Load()), [ast.Constant(name), ast.Name(name, ast.Load())], [])
        texts = [repr(stars[name])] if name in stars else ["0", "1"]
        for text, new in [*((text, ast.parse(text, mode="eval").body) for text in texts), ("what it was first", first)]:
            yield "parameter", with_parameter(node, name, new), f"{name} -> {text}"


def with_parameter(node: ast.FunctionDef | ast.Lambda, name: str, value: ast.expr) -> ast.AST:
    new = copy.copy(node)
    if isinstance(node, ast.Lambda):
        new.body = Replaced(name, value).visit(copy.deepcopy(node.body))
    else:
        start = 1 if is_docstring(node.body[0]) else 0
        assignment = ast.Assign([ast.Name(name, ast.Store())], value)
        new.body = [*node.body[:start], assignment, *node.body[start:]]
    return new


@dataclass
class Replaced(ast.NodeTransformer):
    name: str
    value: ast.expr

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.value if node.id == self.name and isinstance(node.ctx, ast.Load) else node


# --- what a mutant calls -----------------------------------------------------------------------


def without_the_first(items):
    return islice(items, 1, None)


def without_the_last(items):
    items = iter(items)
    for held in items:
        for following in items:
            yield held
            held = following


def mutant_int(value):
    return value.astype(int) if isinstance(value, np.ndarray) else int(value)


def mutant_round(value):
    return np.round(value) if isinstance(value, np.ndarray | np.generic) else round(value)


def mutant_sorted(value):
    if isinstance(value, np.ndarray):
        return np.sort(value)
    return tuple(sorted(value)) if isinstance(value, tuple) else sorted(value)


def helpers() -> dict[str, Any]:
    """The names that the source of a mutant may use, new for each, since mutant_first remembers."""
    return {
        "mutant_abs": abs,
        "mutant_int": mutant_int,
        "mutant_round": mutant_round,
        "mutant_sorted": mutant_sorted,
        "mutant_first": {}.setdefault,
        "without_the_first": without_the_first,
        "without_the_last": without_the_last,
    }
