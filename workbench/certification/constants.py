"""Sensitivity to constants: each number of the evolved part moved a little, on validation."""

from __future__ import annotations

import ast
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from workbench.analysis.compare import CONFIDENCE, Standing, compare, of_report
from workbench.analysis.stats import bonferroni
from workbench.certificate import Check
from workbench.certification.verdict import Progress
from workbench.errors import Rejected
from workbench.evaluation.evaluate import evaluate
from workbench.formatting import percent
from workbench.model import Program, Report, Split, Status
from workbench.problem.catalog import LoadedProblem
from workbench.problem.gap import mean_gap
from workbench.program.edits import Edit, Positions, Span, apply
from workbench.program.evolving import open_program
from workbench.program.tunables import DECLARATION
from workbench.protocols import Sandbox

FACTORS = (0.9, 1.1, 0.8, 1.2)
"""What a constant is multiplied by; the verdict rests on the first two, the others are told."""
DECISIVE = 2
_WHOLE = 5
"""Whole numbers from here on are moved to whole numbers; smaller ones (a factor of 2, say) to fractions."""
_EQUAL = 1e-12


@dataclass(frozen=True, slots=True)
class Place:
    """A number in a program's text: its span, its line, and the code that it stands in."""

    span: Span
    line: int
    value: int | float
    code: str
    arithmetic: bool
    """Whether it stands in a sum, product or comparison, where a fraction does as well as a whole number."""


def constants(
    loaded: LoadedProblem, program: Program, report: Report, sandbox: Sandbox, on_progress: Progress, patience: float
) -> Check:
    """Move each constant by 10 and 20% and score the program on validation each time.

    Flagged where a move of 10% surely costs something (paired bootstrap, corrected for the number of moves) and all of
    the lead over the best baseline with it: then the lead is that number's, not the rule's.

    Parameters
    ----------
    report
        The program's own on validation.
    """
    places = numbers(program.source)
    name = "constants"
    if not places:
        return Check(name, name, True, "constants: the evolved part holds no number that could be moved", {"moves": []})
    means = {b.name: mean_gap(loaded.references.families(b.name, Split.VALIDATION)) for b in loaded.problem.baselines}
    best = min(means, key=lambda baseline: means[baseline])
    moves = [(place, factor) for factor in FACTORS for place in places]
    level = bonferroni(CONFIDENCE, DECISIVE * len(places))
    began, told, lost, complete = time.perf_counter(), list[dict[str, Any]](), list[dict[str, Any]](), True
    for number, (place, factor) in enumerate(moves):
        on_progress("constants", number, len(moves))
        if time.perf_counter() - began > patience:
            complete = False
            break
        value = moved(place, factor)
        if value is None:
            continue
        found = evaluate(loaded, with_number(program, place, value), Split.VALIDATION, sandbox, stop_on_failure=True)
        move: dict[str, Any] = {
            "line": place.line, "code": place.code, "value": place.value, "moved": value, "factor": factor,
            "status": found.status.value, "gap": found.gap,
        }  # fmt: skip
        told.append(move)
        if found.status is not Status.OK and isinstance(place.value, int):
            move["note"] = "a whole number that must stay one: not judged"
            continue
        decisive = factor in FACTORS[:DECISIVE]
        if (
            decisive
            and report.gap < means[best] - _EQUAL
            and found.gap >= means[best] - _EQUAL
            and _surely_worse(found, report, level)
        ):
            lost.append(move)
    on_progress("constants", len(moves), len(moves))
    line = _words(report.gap, best, means[best], len(places), told, lost, complete)
    data = {
        "gap": report.gap,
        "baseline": best,
        "baseline_gap": means[best],
        "constants": len(places),
        "moves": told,
        "complete": complete,
    }
    return Check(name, name, not lost, line, data)


def _surely_worse(found: Report, own: Report, level: float) -> bool:
    moved = compare(of_report("moved", 0, found), of_report("program", 0, own), confidence=level)
    return moved.verdict is Standing.WORSE


def _words(
    gap: float, best: str, theirs: float, places: int, told: list[dict[str, Any]], lost: list[dict[str, Any]], complete: bool
) -> str:
    judged = [m for m in told if "note" not in m]
    if not judged:
        return f"constants: {places} found, none of them could be moved and still be a program that answers"
    near = [m for m in judged if m["factor"] in FACTORS[:DECISIVE]]
    worst = max(lost or near or judged, key=lambda m: m["gap"])
    share = "10%" if worst["factor"] in FACTORS[:DECISIVE] else "20%"
    after = percent(worst["gap"]) if worst["status"] == "ok" else worst["status"]
    line = (
        f"constants: {places} in the evolved part, {len(judged)} moves on validation{'' if complete else ' in the time given'}; "
        f"worst of {share}: {worst['value']:g} -> {worst['moved']:g} in `{worst['code']}` (line {worst['line']}): "
        f"gap {percent(gap)} -> {after}"
    )
    return f"{line}; the whole lead over {best} ({percent(theirs)}) hangs on it" if lost else f"{line} ({best} {percent(theirs)})"


# --------------------------------------------------------------------------- numbers in the text


def numbers(source: str) -> list[Place]:
    """Numbers of the evolving part that a rule's author could have chosen a little differently, in the order of the text.

    Left out are zeros, indices, exponents, what `range` and `round` are given, and the bounds of a table of tunables.
    """
    evolving = open_program(source)
    positions = Positions(source)

    def place(node: ast.Constant, around: ast.AST, parent: ast.AST) -> Place:
        code = " ".join(ast.unparse(around).split("\n", 1)[0].split())
        arithmetic = isinstance(parent, ast.BinOp | ast.Compare)
        shown = code if len(code) <= 80 else f"{code[:77]}..."
        return Place(positions.span(node), node.lineno, node.value, shown, arithmetic)  # type: ignore[arg-type]

    def walk(node: ast.AST, around: ast.AST, parent: ast.AST) -> Iterator[Place]:
        if isinstance(node, ast.Assign | ast.AnnAssign) and DECLARATION in ast.unparse(
            node.targets[0] if isinstance(node, ast.Assign) else node.target
        ):
            return
        if isinstance(node, ast.Constant):
            if type(node.value) in (int, float) and node.value and math.isfinite(node.value):  # type: ignore[arg-type]
                yield place(node, around, parent)
            return
        if isinstance(node, ast.JoinedStr | ast.MatchValue):
            return
        inner = node if isinstance(node, ast.stmt) else around
        for field, value in ast.iter_fields(node):
            if (isinstance(node, ast.Subscript) and field == "slice") or field in ("returns", "annotation", "decorator_list"):
                continue
            if isinstance(node, ast.BinOp) and isinstance(node.op, _POWERS) and field == "right" and _is_whole(value):
                continue
            if (
                isinstance(node, ast.Call)
                and field == "args"
                and isinstance(node.func, ast.Name)
                and node.func.id in ("range", "round")
            ):
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from walk(child, inner, node)

    return [found for statement in evolving.run for found in walk(statement, statement, statement)]


_POWERS = (ast.Pow, ast.LShift, ast.RShift)


def _is_whole(node: object) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int)


def moved(place: Place, factor: float) -> int | float | None:
    """The number a little larger or smaller; None where a whole number this small has no neighbour so near."""
    value = place.value * factor
    if isinstance(place.value, int) and (abs(place.value) >= _WHOLE and not place.arithmetic):
        whole = round(value)
        return whole if whole != place.value else None
    if isinstance(place.value, int) and not math.isfinite(value):
        return None
    return float(f"{value:.12g}")


def with_number(program: Program, place: Place, value: int | float) -> Program:
    """The program with another number in one place; every other byte stays."""
    changed = apply(program.source, [Edit(place.span, repr(value) if value >= 0 else f"({value!r})")])
    try:
        ast.parse(changed)
    except SyntaxError as error:
        raise Rejected(f"line {place.line}: {value!r} cannot stand where {place.value!r} stood") from error
    return Program(changed, program.entry)
