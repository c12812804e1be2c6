"""Simplification: statements and terms of the evolved part that can go without loss on train and validation."""

from __future__ import annotations

import ast
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from workbench.certificate import Check
from workbench.certification.verdict import Progress
from workbench.errors import Rejected
from workbench.evaluation.evaluate import evaluate
from workbench.model import Program, Report, Split, Status
from workbench.problem.catalog import LoadedProblem
from workbench.program.changes import changes
from workbench.program.evolving import Evolving, open_program, walk
from workbench.program.source import fingerprint
from workbench.program.tunables import DECLARATION
from workbench.protocols import Sandbox

_SLACK = 1e-12
"""Difference in gap that is rounding, not loss."""
_QUOTED = 6
"""So many removals are told in the line; the data has all."""

_KEPT = (ast.Return, ast.Raise, ast.Global, ast.Nonlocal, ast.Pass)


def simplification(loaded: LoadedProblem, program: Program, sandbox: Sandbox, on_progress: Progress, patience: float) -> Check:
    """Leave parts out, large ones first, as long as neither train nor validation loses by it.

    Never fails: a program with needless parts is a longer program, not a worse one. The shorter one is in the data.
    """
    name = "simplification"

    def score(candidate: Program, split: Split) -> Report:
        return evaluate(loaded, candidate, split, sandbox, stop_on_failure=True)

    limits = {split: score(program, split).gap + _SLACK for split in (Split.TRAIN, Split.VALIDATION)}
    began, tried, left_out, in_time = time.perf_counter(), 0, list[str](), True
    known = {fingerprint(program)}
    current = program
    pending, total = removals(current.source), count(current.source)
    while True:
        on_progress(name, min(tried, total), total)
        if time.perf_counter() - began > patience:
            in_time = False
            break
        words, source = next(pending, ("", ""))
        if not source:
            break
        shorter = Program(source, program.entry)
        try:
            print_ = fingerprint(shorter)
        except Rejected:
            continue
        if print_ in known:
            continue
        known.add(print_)
        tried += 1
        if all((found := score(shorter, split)).status is Status.OK and found.gap <= limits[split] for split in limits):
            current = shorter
            left_out.append(words)
            pending, total = removals(current.source), tried + count(current.source)
    on_progress(name, total, total)
    line = f"simplification: {len(left_out)} of {tried} parts tried can go without loss on train and validation"
    if left_out:
        quoted = ", ".join(f"`{words}`" for words in left_out[:_QUOTED])
        line += f": {quoted}" + (f" and {len(left_out) - _QUOTED} more" if len(left_out) > _QUOTED else "")
    if not in_time:
        line += "; not all parts were tried in the time given"
    data = {
        "left_out": left_out,
        "tried": tried,
        "complete": in_time,
        "source": current.source if left_out else "",
        "words": [f"{c.text} {c.before} {c.after}".strip() for c in changes(program.source, current.source)] if left_out else [],
    }
    return Check(name, name, True, line, data)


# --------------------------------------------------------------------------- what could go


@dataclass(frozen=True, slots=True)
class _Edit:
    """One part less: how much goes, in nodes, and in words (made when they are asked for)."""

    weight: int
    words: Callable[[], str]
    apply: Callable[[], None]


def count(source: str) -> int:
    """How many removals there are at most."""
    return len(_edits(open_program(source)))


def removals(source: str) -> Iterator[tuple[str, str]]:
    """What goes, and the program without it: one statement, branch, term or argument of the evolving part less.

    Large parts come first. Comments and layout of the evolving part are lost. Each text is made when its turn comes.
    """
    weights = [edit.weight for edit in _edits(open_program(source))]
    for number in sorted(range(len(weights)), key=lambda k: -weights[k]):
        evolving = open_program(source)  # anew: an edit changes the tree
        edit = _edits(evolving)[number]
        words = edit.words()
        edit.apply()
        if evolving.run:
            yield words, evolving.text()


def _edits(evolving: Evolving) -> list[_Edit]:
    top = range(evolving.first, len(evolving.body) - evolving.after)
    found = list(_statements(evolving.body, top))
    for node in walk(evolving.run):
        for field in ("body", "orelse", "finalbody"):
            inner = getattr(node, field, None)
            if isinstance(inner, list) and inner and isinstance(inner[0], ast.stmt):
                found += _statements(inner, range(len(inner)), may_be_empty=field != "body")
        found += _expressions(node)
    return found


def _statements(body: list[ast.stmt], span: range, *, may_be_empty: bool = False) -> Iterator[_Edit]:
    for i in span:
        node = body[i]
        if isinstance(node, _KEPT) or _is_text(node) or _is_declaration(node):
            continue
        if len(body) > 1 or may_be_empty:
            yield _Edit(_weight(node), partial(_first_line, node), _replacing(body, i, []))
        if isinstance(node, ast.If):
            yield _Edit(_weight(node.test), partial(_said, "if {}:", node.test), _replacing(body, i, node.body))
            if node.orelse:
                words = partial(_said, "if {}: {}", node.test, node.body[0])
                yield _Edit(_weight(*node.body), words, _replacing(body, i, node.orelse))


def _replacing(body: list[ast.stmt], i: int, kept: list[ast.stmt]) -> Callable[[], None]:
    def apply() -> None:
        ends = bool(kept) and isinstance(kept[-1], ast.Return | ast.Raise | ast.Continue | ast.Break)
        # What follows the end of a function would never be reached; at the top level nothing ends.
        behind = [] if ends else body[i + 1 :]
        body[i:] = [*kept, *behind]

    return apply


def _expressions(node: ast.AST) -> Iterator[_Edit]:
    for field, value in ast.iter_fields(node):
        if isinstance(value, ast.expr):
            yield from _shorter(value, lambda new, f=field: setattr(node, f, new))  # type: ignore[misc]
        elif isinstance(value, list):
            for k, item in enumerate(value):
                if isinstance(item, ast.expr):
                    yield from _shorter(item, lambda new, v=value, k=k: v.__setitem__(k, new))  # type: ignore[misc]


def _shorter(node: ast.expr, put: Callable[[ast.expr], None]) -> Iterator[_Edit]:
    """Ways to leave out a part of one expression."""

    def becoming(kept: ast.expr, form: str, *gone: ast.AST, said: Sequence[ast.AST] | None = None) -> _Edit:
        return _Edit(_weight(*gone), partial(_said, form, *(gone if said is None else said)), lambda: put(kept))

    if isinstance(node, ast.BinOp) and type(node.op) in _SIGNS:
        sign = _SIGNS[type(node.op)]
        yield becoming(node.left, f"{sign} {{}}", node.right)
        if isinstance(node.op, ast.Add | ast.Mult):
            yield becoming(node.right, f"{{}} {sign}", node.left)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
        if node.func.id in ("min", "max") and len(node.args) > 1:
            for k, gone in enumerate(node.args):
                rest = [*node.args[:k], *node.args[k + 1 :]]
                kept = rest[0] if len(rest) == 1 else ast.Call(node.func, rest, [])
                yield becoming(kept, f"{node.func.id}(..., {{}})", gone)
        elif node.func.id in ("abs", "float", "int", "round") and len(node.args) == 1:
            yield becoming(node.args[0], f"{node.func.id}(...)", node.func, said=())
    elif isinstance(node, ast.BoolOp):
        word = "and" if isinstance(node.op, ast.And) else "or"
        for k, gone in enumerate(node.values):
            rest = [*node.values[:k], *node.values[k + 1 :]]
            yield becoming(rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest), f"{word} {{}}", gone)
    elif isinstance(node, ast.IfExp):
        yield becoming(node.body, "if {} else {}", node.test, node.orelse)
        yield becoming(node.orelse, "{} if {}", node.test, node.body, said=(node.body, node.test))


_SIGNS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%"}


def _weight(*nodes: ast.AST) -> int:
    return len(walk(nodes))


def _first_line(node: ast.AST) -> str:
    return ast.unparse(node).split("\n", 1)[0]


def _said(form: str, *nodes: ast.AST) -> str:
    return form.format(*map(_first_line, nodes))


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_declaration(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == DECLARATION for t in node.targets)
