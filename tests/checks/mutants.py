"""python -m tests.checks.mutants 03: every mutant of the right answers of lesson 03, tried on its check.

A mutant is a right answer with one small change (mutation.py lists them). A check refuses it, or it survives, and then
the check has a hole, or the change changes nothing. So a survivor is compared with the right answer on 200 random
questions, which lesson_NN.py declares beside the answers:

    @central.inputs
    def _(rng):
        return {"f": np.sin, "x": rng.normal(), "h": rng.uniform(0.01, 0.5)}

(The right answer has 2 s for them; where it is slow, the last column of the table says how many were asked.)

If the two agree on all of them, the mutant is equivalent. If they differ, the question on which they do stands below
the table: it is the case that the check lacks. What random questions cannot show is listed by hand, with its reason:

    central.equivalent("constant", "1e-12 -> 2e-12", "any number far below the tolerance does")

All lessons take hours. `--every=10` tries each tenth mutant of the solutions alone, in minutes.
"""

from __future__ import annotations

import argparse
import ast
import builtins
import gc
import inspect
import json
import math
import multiprocessing
import os
import resource
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from gradlib.autograd import enable_grad
from gradlib.checks import Case, Exercise, Report
from gradlib.checks.cases import Result
from gradlib.checks.limits import Limits, Stopped, Watch, call
from gradlib.checks.values import align, show

from .harness import Answers, all_answers
from .mutation import Mutant, helpers, mutants

SECONDS = 2  # a mutant that takes longer, and ten times as long as the right answer, is refused, as a check refuses it
QUESTIONS, FEWEST_QUESTIONS = 200, 20
FEWEST = 40  # mutants of an exercise, on average
MOST_LISTED = 3  # entries by hand for an exercise
COMPARING = 10  # seconds that a survivor may take for all random questions, or ten times as long as the right answer
FOR_ONE_THAT_WAITS = 900  # seconds on the wall, after which a piece is given up
PIECE = 25  # mutants that are tried in one child process
SOLUTIONS = Path(__file__).parents[2] / "solutions"


# --- right answers and their sources -----------------------------------------------------------


@dataclass(eq=False)
class Source:
    """A right answer, and how to make it again from a changed source."""

    answers: Answers
    name: str
    answer: Any
    tree: ast.Module
    namespace: dict[str, Any]
    build: Callable[[dict[str, Any]], Any]  # from the namespace in which the source has run
    said: list[tuple[Callable[..., Any], int, Result]] = field(default_factory=list)  # to random questions
    comparing: float = COMPARING

    def make(self, source: str) -> Any:
        namespace = {**self.namespace, **helpers()}
        exec(compile(source, f"<{self.name}>", "exec"), namespace)
        return self.build(namespace)

    def made_again(self) -> Report:
        """The report on the right answer, made from its source without any change."""
        return self.answers.exercise.report(self.make(ast.unparse(self.tree)))

    def mutants(self) -> list[Mutant]:
        parts = frozenset(case.part for case in cases_of(self.answers.exercise))
        fixed = {name for name, value in self.namespace.items() if isinstance(value, FunctionType | ModuleType | type)}
        return mutants(self.tree, frozenset() if "" in parts else parts, frozenset({*fixed, *vars(builtins)}))


@cache
def cases_of(exercise: Exercise) -> list[Case]:
    return list(exercise.cases())


def sources(answers: Answers) -> Iterator[Source]:
    for answer in answers.rights:
        yield from sources_of(answers, answer)
    yield from solution(answers)


def sources_of(answers: Answers, answer: Any) -> Iterator[Source]:
    function = inspect.unwrap(answer) if callable(answer) else answer
    if isinstance(function, FunctionType):
        name, tree, namespace = function_source(function)
        yield Source(answers, name, answer, tree, namespace, lambda made: made[name])
    elif isinstance(answer, type):
        yield from class_sources(answers, answer)
    else:
        tree = ast.parse(f"answer = {answer!r}")
        yield Source(answers, "a value", answer, tree, {}, lambda made: made["answer"])


def class_sources(answers: Answers, answer: type) -> Iterator[Source]:
    module = sys.modules[answer.__module__]
    functions = [each for each in map(plain, vars(answer).values()) if isinstance(each, FunctionType)]
    lines = {each.__code__.co_firstlineno for each in functions}
    for node in ast.walk(parsed(module)):
        if isinstance(node, ast.ClassDef) and node.name == answer.__name__:
            if not lines or any(node.lineno < line <= node.end_lineno for line in lines):
                tree = ast.Module([without_decorators(node)], [])
                yield Source(answers, node.name, answer, tree, vars(module), lambda made: made[answer.__name__])
                return
    for name, value in vars(answer).items():  # a class made by a call of type(...)
        function = plain(value)
        if isinstance(function, FunctionType):
            defined, tree, namespace = function_source(function)
            build = partial(with_method, answer, name, defined)
            yield Source(answers, f"{answer.__name__}.{name}", answer, tree, namespace, build)


def with_method(answer: type, name: str, defined: str, made: dict[str, Any]) -> type:
    """A class like an answer, with another method."""
    method = made[defined]
    if isinstance(vars(answer)[name], staticmethod):
        method = staticmethod(method)
    return type(answer.__name__, (answer,), {"__doc__": None, name: method})


def plain(value: Any) -> Any:
    """The function of a static method."""
    return inspect.unwrap(getattr(value, "__func__", value)) if callable(value) else value


@cache
def parsed(module: ModuleType) -> ast.Module:
    return ast.parse(Path(module.__file__).read_text(encoding="utf-8"))


def function_source(function: FunctionType) -> tuple[str, ast.Module, dict[str, Any]]:
    """The name, the tree and the namespace of a function; a lambda gets a name."""
    code = function.__code__
    if code.co_freevars:
        raise LookupError(f"{function.__qualname__} is a closure: declare it outside, or as a class")
    for node in ast.walk(parsed(sys.modules[function.__module__])):
        if isinstance(node, ast.FunctionDef) and node.name == code.co_name:
            if code.co_firstlineno == min([node.lineno, *(each.lineno for each in node.decorator_list)]):
                return node.name, ast.Module([without_decorators(node)], []), function.__globals__
        if isinstance(node, ast.Lambda) and code.co_name == "<lambda>" and node.lineno == code.co_firstlineno:
            assignment = ast.Assign([ast.Name("answer", ast.Store())], node, lineno=node.lineno)
            return "answer", ast.Module([assignment], []), function.__globals__
    raise LookupError(f"the source of {function.__qualname__} was not found")


def without_decorators(node: ast.FunctionDef | ast.ClassDef) -> ast.stmt:
    """A definition without those decorators that declare it an answer, or make it a static method."""
    ours = ("right", "staticmethod")
    kept = [each for each in node.decorator_list if ast.unparse(each).rpartition(".")[2] not in ours]
    fields = {name: getattr(node, name) for name in node._fields} | {"decorator_list": kept}
    return ast.copy_location(type(node)(**fields), node)


def solution(answers: Answers) -> Iterator[Source]:
    """The solution cell of an exercise, in a namespace in which the first cell and all other solutions have run, and
    what the cells between them define."""
    exercise = answers.exercise
    for cells in map(code_cells, sorted(SOLUTIONS.glob(f"{exercise.lesson}_*.ipynb"))):
        mine = f"exercise:{exercise.name}"
        used = next(source for tags, source in cells if any(tag.startswith(f"check:{exercise.name}:") for tag in tags))
        argument = ast.unparse(ast.parse(used).body[-1].value.args[0])
        namespace = {"__name__": "__main__"}
        for place, (tags, source) in enumerate(cells):
            tree = ast.parse(source)
            if place > 0 and not any(tag.startswith("exercise:") for tag in tags):
                tree.body = [part for part in tree.body if isinstance(part, (ast.FunctionDef, ast.ClassDef))]
            exec(compile(tree, f"solutions/{exercise.lesson}", "exec"), namespace)
        source = next(source for tags, source in cells if mine in tags)
        build = partial(eval, argument)
        yield Source(answers, "the solution", build(namespace), ast.parse(source), namespace, build)


@cache
def code_cells(path: Path) -> list[tuple[list[str], str]]:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    return [(cell["metadata"].get("tags", []), "".join(cell["source"])) for cell in code]


# --- random questions --------------------------------------------------------------------------


def question(answers: Answers, declared: Callable[[np.random.Generator], Any], number: int) -> Case:
    """A random question of an exercise.

    Inputs alone are asked in the ways in which the exercise's own cases use inputs of these names, in turn.
    """
    asked = declared(np.random.default_rng(number))
    if isinstance(asked, Case):
        return asked
    ways = ways_to_ask(answers.exercise, tuple(asked))
    if not ways:
        raise LookupError(f"{answers.exercise}: no case has inputs named {', '.join(asked)}")
    way = ways[number % len(ways)]
    return Case(asked, call=way.call, part=way.part, rtol=way.rtol, atol=way.atol, dtype=way.dtype)


@cache
def ways_to_ask(exercise: Exercise, names: tuple[str, ...]) -> list[Case]:
    """A case for each way in which the exercise uses inputs of these names."""
    cases = [case for case in cases_of(exercise) if tuple(case.inputs) == names]
    return list({(case.part, case.call): case for case in cases}.values())


def ask(source: Source) -> None:
    """Ask the right answer the random questions: 200 of each kind, or as many as take 2 s, at least 20."""
    source.said, began = [], time.process_time()
    for declared in source.answers.random_inputs:
        start = time.process_time()
        for number in range(QUESTIONS):
            if number >= FEWEST_QUESTIONS and time.process_time() - start > SECONDS:
                break
            result = question(source.answers, declared, number).try_on(source.answer)
            source.said.append((declared, number, result))
    source.comparing = max(COMPARING, 10 * (time.process_time() - began))


def tells_apart(source: Source, mutant: Any) -> str | None:
    """The question on which a mutant and the right answer differ, as text.

    It is "" if there was none to ask, and None if they agree on all.
    """
    for declared, number, expected in source.said:
        case = question(source.answers, declared, number)  # anew, since an answer may change what it gets
        came = case.try_on(mutant)
        judged = case.accept is not None or case.expected is not ...
        if judged and expected.failed:
            return f"The right answer itself is refused:\n{expected.rows()}\n{expected.problem}"
        same = not came.failed if judged else agree(case, expected.outcome, came.outcome)
        if not same:
            rows = [(name, show(value)) for name, value in expected.case.inputs.items()]
            rows += [("right", said(expected.outcome)), ("mutant", said(came.outcome))]
            return align(rows)
    cases = cases_of(source.answers.exercise)
    if not source.said and not any(case.asks_for_code for case in cases):
        case = cases[0]
        values = [case.try_on(each).outcome.value for each in (source.answer, mutant)]
        return None if case.agree(*values) else align([("right", show(values[0])), ("mutant", show(values[1]))])
    return None if source.said else ""


def agree(case: Case, expected: Any, came: Any) -> bool:
    if type(expected.error) is not type(came.error) or expected.changed != came.changed:
        return False
    if case.dtype is not None and getattr(came.value, "dtype", None) != case.dtype:
        return False
    return case.agree(came.value, expected.value)


def said(outcome: Any) -> str:
    words = show(outcome.value) if outcome.error is None else f"{type(outcome.error).__name__}: {outcome.error}"
    return words + (f", and it changed {' and '.join(outcome.changed)}" if outcome.changed else "")


# --- some mutants of one answer ----------------------------------------------------------------

REFUSED, TOO_LONG, EQUIVALENT, LISTED, SURVIVES = "refused", "too long", "equivalent", "listed", "survives"


@dataclass
class Fate:
    """A mutant and what became of it."""

    exercise: str  # its key, such as "01/slope_along"
    answer: str
    mutant: Mutant
    fate: str
    question: str = ""  # what the check of a survivor lacks
    questions: int = 0  # by which survivors were compared
    seconds: float = 0.0


def try_mutants(source: Source, some: list[Mutant], seconds: float) -> list[Fate]:
    """The fates of mutants, tried one after the other in a child process, or each alone if that cannot be.

    The limits are of processor time, so that a busy machine refuses no other mutants than a quiet one.
    """
    try:
        return call(judge_all, source, some, seconds, limits=Limits(FOR_ONE_THAT_WAITS))
    except Stopped:  # in compiled code, or by a crash, or a mutant has spoilt what the others use
        if len(some) == 1:
            return [Fate(source.answers.exercise.key, source.name, some[0], TOO_LONG, seconds=seconds)]
        return [fate for mutant in some for fate in try_mutants(source, [mutant], seconds)]


def judge_all(source: Source, some: list[Mutant], seconds: float) -> list[Fate]:
    fates = []
    for mutant in some:
        start = time.process_time()
        most = math.ceil(start + 2 * seconds + source.comparing)  # compiled code ends here, and the child with it
        resource.setrlimit(resource.RLIMIT_CPU, (most, resource.RLIM_INFINITY))
        fate, question = judge(source, mutant.source, Limits(seconds, processor=True))
        taken = time.process_time() - start
        fates.append(Fate(source.answers.exercise.key, source.name, mutant, fate, question, seconds=taken))
    if len(some) > 1 and not source.made_again().passed:
        raise Stopped("one of the mutants has changed what all of them use, such as a class of the check")
    return fates


def judge(source: Source, mutant: str, limits: Limits) -> tuple[str, str]:
    """The fate of a mutant, and of a survivor the question that the check lacks."""
    exercise, watch = source.answers.exercise, Watch(limits)
    with np.errstate(all="ignore"), enable_grad(), warnings.catch_warnings(action="ignore"):
        try:
            answer = source.make(mutant)
        except Exception:  # a mutant that cannot even be made; its original was tried before and passed
            return REFUSED, ""
        for case in exercise.cases():  # a report would try all of them, and the known mistakes
            result = case.try_on(answer, watch)
            if result.failed:
                return TOO_LONG if isinstance(result.outcome.error, Stopped) else REFUSED, ""
        if not exercise.report(source.make(mutant)).passed:
            return REFUSED, ""
        try:
            with Watch(Limits(source.comparing, processor=True)):
                apart = tells_apart(source, source.make(mutant))
        except Stopped:
            apart = f"All random questions together take more than {source.comparing:.0f} s."
        return (EQUIVALENT, "") if apart is None else (SURVIVES, apart)


# --- all mutants -------------------------------------------------------------------------------


def try_all(chosen: list[Answers], jobs: int, every: int = 1) -> list[Fate]:
    """The fates of all mutants of the right answers, tried by some processes at once.

    Where every is 2, of each second mutant, and of the solutions alone.
    """
    _work[:] = [source for answers in chosen for source in (solution if every > 1 else sources)(answers)]
    gc.collect()
    gc.freeze()  # else the collector of every child would touch, and so copy, all that it inherits
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("fork")) as pool:
        return [fate for fates in pool.map(partial(try_source, every=every), range(len(_work))) for fate in fates]


_work: list[Source] = []  # inherited by the processes, since a source cannot be sent to them


def try_source(number: int, every: int) -> list[Fate]:
    source = _work[number]
    start = time.process_time()
    report = source.made_again()
    if not report.passed:
        raise LookupError(f"{source.name} is declared right, and its check says:\n{report.text}")
    seconds = max(SECONDS, 10 * (time.process_time() - start))
    with np.errstate(all="ignore"), enable_grad(), warnings.catch_warnings(action="ignore"):
        ask(source)
    some = source.mutants()[::every]
    pieces = [some[i : i + PIECE] for i in range(0, len(some), PIECE)]
    fates = [fate for piece in pieces for fate in try_mutants(source, piece, seconds)]
    for fate in fates:
        fate.questions = len(source.said)
    return fates


def strike_off(fates: list[Fate], chosen: list[Answers], whole: bool = True) -> list[str]:
    """Mark the survivors that are listed by hand; return a sentence on each entry that should not be there.

    whole: all mutants were tried, so that one that is listed must be among them.
    """
    problems = []
    for answers in chosen:
        if len(answers.listed) > MOST_LISTED:
            problems.append(f"{answers.exercise.key}: {len(answers.listed)} listed by hand, allowed are {MOST_LISTED}")
        for kind, change, reason in answers.listed:
            meant = [
                fate
                for fate in fates
                if (fate.exercise, fate.mutant.kind, fate.fate) == (answers.exercise.key, kind, SURVIVES)
                and change
                and change in fate.mutant.change
            ]
            if not meant and whole:
                problems.append(f"{answers.exercise.key}: no mutant survives that is listed as {kind}: {change}")
            if not reason:
                problems.append(f"{answers.exercise.key}: {kind}: {change} is listed without a reason")
            for fate in meant:
                fate.fate = LISTED
    return problems


def table(fates: list[Fate], chosen: list[Answers]) -> str:
    columns = (REFUSED, TOO_LONG, EQUIVALENT, LISTED, SURVIVES)
    rows = [("lesson", "exercise", "answers", "mutants", *columns, "seconds", "questions")]
    for answers in chosen:
        mine = [fate for fate in fates if fate.exercise == answers.exercise.key]
        numbers = Counter(fate.fate for fate in mine)
        counts = [len({fate.answer for fate in mine}), len(mine), *(numbers[column] for column in columns)]
        seconds = round(sum(fate.seconds for fate in mine), 1)
        fewest = min((fate.questions for fate in mine), default=0)  # fewer than 200 where they take more than 2 s
        rows.append((answers.exercise.lesson, answers.exercise.name, *counts, seconds, fewest))
    rows.append(("", "all", *(round(sum(column), 1) for column in list(zip(*rows[1:], strict=True))[2:-1]), ""))
    texts = [tuple(map(str, row)) for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in texts)


def told(surviving: list[Fate]) -> Iterator[str]:
    """The survivors, those with the same change of the same exercise together."""
    alike: dict[tuple, list[Fate]] = {}
    for fate in surviving:
        alike.setdefault((fate.exercise, fate.mutant.kind, fate.mutant.change), []).append(fate)
    for (exercise, kind, change), fates in alike.items():
        lines = ", ".join(dict.fromkeys(f"{fate.answer} {fate.mutant.line}" for fate in fates))
        yield "\n    ".join([f"{exercise}: {kind}: {change}   ({lines})", *fates[0].question.splitlines()])


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.checks.mutants", description="Try the checks on mutants.")
    parser.add_argument("lessons", nargs="*", help="numbers of lessons or names of exercises, by default all")
    parser.add_argument("--jobs", default="", help="processes at once, by default one for each core")
    parser.add_argument("--every", type=int, default=1, help="10 for each tenth mutant of the solutions alone")
    options = parser.parse_args(arguments)
    if options.every < 1:
        parser.error(f"--every must be 1 or more, got {options.every}")
    known, whole = all_answers(), options.every == 1
    wanted = set(options.lessons)
    if unknown := wanted - {each for answers in known for each in (answers.exercise.lesson, answers.exercise.name)}:
        parser.error(f"there is no lesson and no exercise called {', '.join(sorted(unknown))}")
    chosen = [each for each in known if not wanted or wanted & {each.exercise.lesson, each.exercise.name}]
    fates = try_all(chosen, int(options.jobs or os.cpu_count()), options.every)
    problems = strike_off(fates, chosen, whole)
    surviving = [fate for fate in fates if fate.fate == SURVIVES]
    print(table(fates, chosen))
    if not wanted and whole and len(fates) < FEWEST * len(chosen):
        problems.append(f"{len(fates) / len(chosen):.0f} mutants an exercise on average, at least {FEWEST} are wanted")
    print(*told(surviving), *problems, sep="\n")
    return 1 if surviving or problems else 0


if __name__ == "__main__":
    sys.exit(main())
