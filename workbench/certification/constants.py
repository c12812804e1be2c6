"""Sensitivity analysis: each constant of the evolved part is changed a little and the program scored on validation."""

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
"""What a constant is multiplied by."""
DECISIVE = 2
"""The verdict rests on the first two factors; the others are only reported."""
_WHOLE = 5
"""Integers from here on are changed to integers; smaller ones (a factor of 2, say) to fractions."""
_EQUAL = 1e-12


@dataclass(frozen=True, slots=True)
class Number:
    """A number in a program's text, with its line and the statement that it is part of."""

    span: Span
    line: int
    value: int | float
    code: str
    arithmetic: bool
    """Whether it is an operand of arithmetic or of a comparison, where a fraction is as good as an integer."""


def constants(
    loaded: LoadedProblem, program: Program, report: Report, sandbox: Sandbox, on_progress: Progress, patience: float
) -> Check:
    """Change each constant by 10 and 20% and score the program on validation each time.

    Fails where a change of 10% makes the program surely worse (paired bootstrap, corrected for the number of changes)
    and costs it its whole lead over the best baseline: then the lead is due to that number, not to the rule.

    Parameters
    ----------
    report
        Of the unchanged program on validation.
    """
    places = numbers(program.source)
    name = "constants"
    if not places:
        return Check(name, name, True, "constants: the evolved part has no constants to change", {"moves": []})
    means = {b.name: mean_gap(loaded.references.families(b.name, Split.VALIDATION)) for b in loaded.problem.baselines}
    best = min(means, key=lambda baseline: means[baseline])
    moves = [(place, factor) for factor in FACTORS for place in places]
    level = bonferroni(CONFIDENCE, DECISIVE * len(places))
    start, made, lost, complete = time.perf_counter(), list[dict[str, Any]](), list[dict[str, Any]](), True
    for number, (place, factor) in enumerate(moves):
        on_progress("constants", number, len(moves))
        if time.perf_counter() - start > patience:
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
        made.append(move)
        if found.status is not Status.OK and isinstance(place.value, int):
            move["note"] = "an integer that must stay one: not judged"
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
    line = _words(report.gap, best, means[best], len(places), made, lost, complete)
    data = {
        "gap": report.gap,
        "baseline": best,
        "baseline_gap": means[best],
        "constants": len(places),
        "moves": made,
        "complete": complete,
    }
    return Check(name, name, not lost, line, data)


def _surely_worse(found: Report, own: Report, level: float) -> bool:
    moved = compare(of_report("moved", 0, found), of_report("program", 0, own), confidence=level)
    return moved.verdict is Standing.WORSE


def _words(
    gap: float, best: str, theirs: float, places: int, made: list[dict[str, Any]], lost: list[dict[str, Any]], complete: bool
) -> str:
    judged = [m for m in made if "note" not in m]
    if not judged:
        return f"constants: {places} found, none could be changed without making the program fail"
    near = [m for m in judged if m["factor"] in FACTORS[:DECISIVE]]
    worst = max(lost or near or judged, key=lambda m: m["gap"])
    share = "10%" if worst["factor"] in FACTORS[:DECISIVE] else "20%"
    after = percent(worst["gap"]) if worst["status"] == "ok" else worst["status"]
    line = (
        f"constants: {places} in the evolved part, {len(judged)} changes on validation{'' if complete else ' in the time given'}; "
        f"worst of {share}: {worst['value']:g} -> {worst['moved']:g} in `{worst['code']}` (line {worst['line']}): "
        f"gap {percent(gap)} -> {after}"
    )
    return f"{line}; the whole lead over {best} ({percent(theirs)}) depends on it" if lost else f"{line} ({best} {percent(theirs)})"


# --------------------------------------------------------------------------- constants in the text


def numbers(source: str) -> list[Number]:
    """Constants of the evolving part that could have been chosen a little differently, in the order of the text.

    Left out are zeros, indices, integer exponents, arguments of `range` and `round`, and the bounds of a table of tunables.
    """
    evolving = open_program(source)
    positions = Positions(source)

    def place(node: ast.Constant, around: ast.AST, parent: ast.AST) -> Number:
        code = " ".join(ast.unparse(around).split("\n", 1)[0].split())
        arithmetic = isinstance(parent, ast.BinOp | ast.Compare)
        shown = code if len(code) <= 80 else f"{code[:77]}..."
        return Number(positions.span(node), node.lineno, node.value, shown, arithmetic)  # type: ignore[arg-type]

    def walk(node: ast.AST, around: ast.AST, parent: ast.AST) -> Iterator[Number]:
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


def moved(place: Number, factor: float) -> int | float | None:
    """The number times `factor`; None where an integer is too small to have a neighbour so near."""
    value = place.value * factor
    if isinstance(place.value, int) and (abs(place.value) >= _WHOLE and not place.arithmetic):
        whole = round(value)
        return whole if whole != place.value else None
    if isinstance(place.value, int) and not math.isfinite(value):
        return None
    return float(f"{value:.12g}")


def with_number(program: Program, place: Number, value: int | float) -> Program:
    """The program with another number in one place; every other byte stays.

    Raises
    ------
    Rejected
        When the new number cannot stand there.
    """
    changed = apply(program.source, [Edit(place.span, repr(value) if value >= 0 else f"({value!r})")])
    try:
        ast.parse(changed)
    except SyntaxError as error:
        raise Rejected(f"line {place.line}: {value!r} cannot stand where {place.value!r} stood") from error
    return Program(changed, program.entry)
