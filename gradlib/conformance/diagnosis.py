"""From failed cases to mistakes: a failure may follow from a simpler one, and two mistakes may look alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from .cases import CASES, Case
from .mistakes import BUILT_ON, MISTAKES, rank, sentence
from .running import EXPLAINED, FAILED, PASSED, Result
from .scalar_cases import SHARES

_REFLECTED = {"sub": ("rsub",), "div": ("rdiv",)}  # 2 - x is usually computed by x - y
_COMPOSED = {"neg": ("mul",), "sub": ("add", "neg", "mul"), "div": ("mul", "pow")}  # x / y often by x · y⁻¹


@dataclass(frozen=True)
class Diagnosis:
    """A mistake of the engine, the cases that prove it, and what was seen in the first of them."""

    code: str
    stage: str
    sentence: str
    lesson: str
    cases: tuple[str, ...]
    said: str


def diagnose(results: Sequence[Result]) -> tuple[list[Result], list[Diagnosis]]:
    """Return the results, in which failures that others explain are marked, and the mistakes, the first cause first."""
    for step in (
        _explained_by_simpler_ones,
        _one_error_in_many_places,
        _tell_apart,
        _explained_by_parts,
        _by_their_roots,
    ):
        results = step(list(results))
    return results, grouped(results, FAILED)


def grouped(results: Sequence[Result], status: str) -> list[Diagnosis]:
    """The results of one status by what they prove, in the order of its rank."""
    found: dict[str, list[Result]] = {}
    for result in results:
        if result.status == status:
            found.setdefault(result.code, []).append(result)
    diagnoses = [_diagnosis(code, cases) for code, cases in found.items()]
    return sorted(diagnoses, key=lambda each: (rank(each.code, each.stage), found[each.code][0].level))


def _diagnosis(code: str, cases: list[Result]) -> Diagnosis:
    # The sentences are on gradients. Where one shows the mistake, that case comes first.
    cases = sorted(cases, key=lambda each: ("gradient", "value", "raises").index(each.stage))
    stage, names = cases[0].stage, tuple(each.name for each in cases)
    return Diagnosis(code, stage, sentence(code, stage), MISTAKES[code].lesson, names, cases[0].said)


def _explained_by_simpler_ones(results: list[Result]) -> list[Result]:
    """Mark failures in which an operation is used that has failed alone, in a case before."""
    cases = {(case.level, case.name): case for case in CASES}
    failed = [each for each in results if each.status == FAILED and each.level <= 2]
    operations = [cases[each.level, each.name].alone for each in failed]
    alone: dict[str, str] = {}  # operation -> the mistake of its first failure alone as a number
    for result, operation in zip(failed, operations, strict=True):
        if operation and (result.level == 1 or operation == "mul" or "mul" not in operations):  # level 2 multiplies
            alone.setdefault(operation, result.code)
    broken: dict[str, tuple[int, str]] = {}  # operation -> the level and the mistake of its first failure
    marked = []
    for result in results:
        case = cases[result.level, result.name]
        if result.status == FAILED:
            because = _simpler(result, case, alone, broken)
            for operation in (case.alone, *_REFLECTED.get(case.alone, ())) if case.alone else ():
                broken.setdefault(operation, (result.level, result.code))
            if because:
                result = replace(result, status=EXPLAINED, because=because)
        marked.append(result)
    return marked


def _simpler(result: Result, case: Case, alone: dict[str, str], broken: dict[str, tuple[int, str]]) -> str:
    """The mistake that explains a failure, or ""."""
    if parts := [each for each in _COMPOSED.get(case.alone, ()) if each in alone]:
        return alone[parts[0]]
    if case.alone in broken:
        level, code = broken[case.alone]
        if level < result.level <= 8:  # the same operation, with a gradient that arrives or on arrays
            return code
    is_reflected = result.code in ("RSUB", "RDIV") and {"rsub", "rdiv"} & broken.keys()
    if MISTAKES[result.code].certain and not is_reflected:
        return ""
    return next((broken[each][1] for each in sorted(case.uses - {case.alone}) if each in broken), "")


def _one_error_in_many_places(results: list[Result]) -> list[Result]:
    """Give one mistake to an error of backward that several cases raise."""
    raised: dict[str, list[Result]] = {}
    for result in results:
        # A wrong shape raises these two, in many operations independently.
        if result.status == FAILED and result.stage == "raises" and result.error not in ("ValueError", "IndexError"):
            raised.setdefault(result.error, []).append(result)
    names = {}
    for error, places in raised.items():
        if len({each.code for each in places}) > 1:
            levels = [each.level for each in places]
            names[error] = "REUSE" if levels.count(3) > 1 and 1 not in levels else "SAME_ERROR"
    return [
        replace(each, code=names[each.error]) if each.status == FAILED and each.error in names else each
        for each in results
    ]


def _tell_apart(results: list[Result]) -> list[Result]:
    """Two cases together say which of two mistakes it is that look alike in one of them."""
    names = {each.name: each for each in results}

    def failed(name: str) -> bool:
        return name in names and names[name].status == FAILED

    def passed(name: str) -> bool:
        return name in names and names[name].status == PASSED

    codes = {each.code for each in results if each.status == FAILED}
    short = names["short path first"].code if failed("short path first") else ""
    uncertain = {code for code in codes if not MISTAKES[code].certain}
    by, explained, renamed = "", set(), {}
    if seeds := codes & {"NO_SEED", "SEED_VALUE"}:
        by, explained = min(seeds), codes - seeds
    elif passed("x · y") and "NOT_REVERSED" in codes:
        by, explained = "NOT_REVERSED", codes - {"NOT_REVERSED"}
    elif "EQUAL_VALUES" in codes:
        by, explained = "EQUAL_VALUES", uncertain - {"EQUAL_VALUES"}
    elif short in ("ORDER", "REDO"):
        by, explained = short, {"ASSIGNS", "SAME_TWICE", "PARENTS_DICT", "ZERO", "POW_SPECIAL", "TWICE"}
        if short == "ORDER" and "COST" in codes:  # every path is walked, and the sums are wrong
            by, renamed = "REDO", {"ORDER": "REDO", "COST": "REDO"}
    elif failed("x·y + x·z") or failed("x·a + x·b"):
        by, explained = "ASSIGNS", {each.code for each in results if each.level > 2} & uncertain
    elif codes & {"SAME_TWICE", "PARENTS_DICT"}:
        by = "PARENTS_DICT" if "PARENTS_DICT" in codes else "PARENTS_SET" if failed("x - x") else "SAME_TWICE"
        renamed = {"SAME_TWICE": by}
        explained = {"TWICE", "ZERO", "POW_SPECIAL"}
        if passed("short path first") and passed("long path first"):
            explained.add("ORDER")
    if {"UNB_LEAD", "UNB_ONE", "UNB_SCALAR"} <= codes:
        renamed |= dict.fromkeys(("UNB_LEAD", "UNB_ONE", "UNB_SCALAR"), "UNBROADCAST")
    which = [operation for operation in SHARES if failed(f"two shares through {operation}")]
    told = []
    for each in results:
        if each.status == FAILED and each.code in explained - {by}:
            each = replace(each, status=EXPLAINED, because=by)
        elif each.status == FAILED and each.code in renamed:
            each = replace(each, code=renamed[each.code])
        if each.status == FAILED and each.code == "ASSIGNS" and which:
            each = replace(each, said=f"{each.said} (assigned by {', '.join(which)})")
        told.append(each)
    return told


def _explained_by_parts(results: list[Result]) -> list[Result]:
    """Mark failures of what is usually computed by something that fails, too."""
    codes = {each.code for each in results if each.status == FAILED}
    told = []
    for each in results:
        parts = sorted(BUILT_ON.get(each.code, set()) & codes - {each.code})
        if each.status == FAILED and parts and (each.stage == "raises" or not MISTAKES[each.code].certain):
            each = replace(each, status=EXPLAINED, because=parts[0])
        told.append(each)
    return told


def _by_their_roots(results: list[Result]) -> list[Result]:
    """Where one failure explains another and is itself explained, name the mistake behind both."""
    failed = {each.code for each in results if each.status == FAILED}
    behind = {each.code: each.because for each in reversed(results) if each.because and each.code not in failed}
    told = []
    for each in results:
        because, seen = each.because, set()
        while because in behind and because not in seen:
            seen.add(because)
            because = behind[because]
        told.append(replace(each, because=because))
    return told
