"""Ablation: statements and terms of the evolved part that can be removed without loss on train and validation."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from workbench.certificate import Check
from workbench.certification.trials import BudgetSpent, Trials, in_turn, merged, on_instances_of, screen
from workbench.certification.verdict import Progress
from workbench.errors import Rejected
from workbench.evaluation.bench import Bench
from workbench.model import Program, Report, Split, Status
from workbench.problem.catalog import LoadedProblem
from workbench.program.changes import changes
from workbench.program.evolving import Evolving, is_text, open_program, walk
from workbench.program.names import ENDS
from workbench.program.source import fingerprint
from workbench.program.tunables import DECLARATION

_SLACK = 1e-12
"""Differences in gap up to this are rounding errors."""
_LEAST, _PASSES = 240, 6
"""Budget in instances: six evaluations of validation, or this many instances where that is more."""
_QUOTED = 6
"""Number of removals that the line names; the data has all of them."""

_KEPT = (ast.Return, ast.Raise, ast.Global, ast.Nonlocal, ast.Pass)


def simplification(
    bench: Bench,
    program: Program,
    reports: Mapping[Split, Report],
    on_progress: Progress,
    budget: int | None = None,
) -> Check:
    """Remove parts, large ones first, as long as the gap rises neither on validation nor on as many instances of train.

    Never fails: a program with needless parts is longer, not worse. The shorter program is in the data.

    Parameters
    ----------
    reports
        Of the whole program.
    budget
        Number of instances that may be evaluated.
    """
    name, loaded = "simplification", bench.loaded
    enough = max(_LEAST, _PASSES * len(loaded.instances(Split.VALIDATION)))
    trials = Trials(bench, enough if budget is None else budget)
    tried, removed, complete = 0, list[str](), True
    known = {fingerprint(program)}
    current = program
    pending, total = removals(current.source), count(current.source)
    while True:
        on_progress(name, min(tried, total), total)
        words, source = next(pending, ("", ""))
        if not source:
            break
        shorter = Program(source, program.entry)
        try:
            print_ = fingerprint(shorter)
        except Rejected:
            continue
        try:
            if print_ in known:
                trials.charge(1)  # making it took time too
                continue
            known.add(print_)
            spared = _is_as_good(shorter, loaded, reports, trials)
        except BudgetSpent:
            complete = False
            break
        tried += 1
        if spared:
            current = shorter
            removed.append(words)
            pending, total = removals(current.source), tried + count(current.source)
    on_progress(name, total, total)
    line = f"simplification: {len(removed)} of {tried} parts tried can be removed without loss on train and validation"
    if removed:
        quoted = ", ".join(f"`{words}`" for words in removed[:_QUOTED])
        line += f": {quoted}" + (f" and {len(removed) - _QUOTED} more" if len(removed) > _QUOTED else "")
    if not complete:
        line += f"; after {trials.spent} evaluations of instances not all parts were tried"
    data = {
        "left_out": removed,
        "tried": tried,
        "instances": trials.spent,
        "complete": complete,
        "source": current.source if removed else "",
        "words": [f"{c.text} {c.before} {c.after}".strip() for c in changes(program.source, current.source)] if removed else [],
    }
    return Check(name, name, True, line, data)


def _is_as_good(shorter: Program, loaded: LoadedProblem, reports: Mapping[Split, Report], trials: Trials) -> bool:
    """Whether the mean gap does not rise: on a few instances first, which most parts do not survive."""
    validation, train = (in_turn(loaded.instances(split)) for split in (Split.VALIDATION, Split.TRAIN))
    stops = sorted({min(stop, len(validation)) for stop in (2, screen(validation), len(validation))})
    parts: list[Report] = []
    for start, stop in zip([0, *stops], stops, strict=False):
        parts.append(trials.run(shorter, Split.VALIDATION, validation[start:stop]))
        if _is_worse(merged(parts), reports[Split.VALIDATION]):
            return False
    return not _is_worse(trials.run(shorter, Split.TRAIN, train[: len(validation)]), reports[Split.TRAIN])


def _is_worse(found: Report, whole: Report) -> bool:
    return found.status is not Status.OK or found.gap > on_instances_of(found, whole).gap + _SLACK


# --------------------------------------------------------------------------- what could be removed


@dataclass(frozen=True, slots=True)
class _Removal:
    """A part that could be removed: its weight in nodes, its code (made on demand), and the change to the tree."""

    weight: int
    code: Callable[[], str]
    apply: Callable[[], None]


def count(source: str) -> int:
    """Number of parts that could be removed."""
    return len(_removals(open_program(source)))


def removals(source: str) -> Iterator[tuple[str, str]]:
    """Each part that could be removed (a statement, branch, term or argument of the evolving part), and the program without it.

    Large parts come first. Comments and layout of the evolving part are lost. Each program is made when it is asked for.
    """
    weights = [removal.weight for removal in _removals(open_program(source))]
    for number in sorted(range(len(weights)), key=lambda k: -weights[k]):
        evolving = open_program(source)  # parsed again: a removal changes the tree
        removal = _removals(evolving)[number]
        code = removal.code()
        removal.apply()
        if evolving.run:
            yield code, evolving.text()


def _removals(evolving: Evolving) -> list[_Removal]:
    top = range(evolving.first, len(evolving.body) - evolving.after)
    found = list(_statements(evolving.body, top))
    for node in walk(evolving.run):
        for field in ("body", "orelse", "finalbody"):
            inner = getattr(node, field, None)
            if isinstance(inner, list) and inner and isinstance(inner[0], ast.stmt):
                found += _statements(inner, range(len(inner)), may_be_empty=field != "body")
        found += _expressions(node)
    return found


def _statements(body: list[ast.stmt], span: range, *, may_be_empty: bool = False) -> Iterator[_Removal]:
    for i in span:
        node = body[i]
        if isinstance(node, _KEPT) or is_text(node) or _is_declaration(node):
            continue
        if len(body) > 1 or may_be_empty:
            yield _Removal(_weight(node), partial(_first_line, node), _replacing(body, i, []))
        if isinstance(node, ast.If):
            yield _Removal(_weight(node.test), partial(_filled, "if {}:", node.test), _replacing(body, i, node.body))
            if node.orelse:
                code = partial(_filled, "if {}: {}", node.test, node.body[0])
                yield _Removal(_weight(*node.body), code, _replacing(body, i, node.orelse))


def _replacing(body: list[ast.stmt], i: int, kept: list[ast.stmt]) -> Callable[[], None]:
    def apply() -> None:
        # What follows a `return` would never be reached.
        behind = [] if kept and isinstance(kept[-1], ENDS) else body[i + 1 :]
        body[i:] = [*kept, *behind]

    return apply


def _expressions(node: ast.AST) -> Iterator[_Removal]:
    for field, value in ast.iter_fields(node):
        if isinstance(value, ast.expr):
            yield from _shorter(value, lambda new, f=field: setattr(node, f, new))  # type: ignore[misc]
        elif isinstance(value, list):
            for k, item in enumerate(value):
                if isinstance(item, ast.expr):
                    yield from _shorter(item, lambda new, v=value, k=k: v.__setitem__(k, new))  # type: ignore[misc]


def _shorter(node: ast.expr, put: Callable[[ast.expr], None]) -> Iterator[_Removal]:
    """Ways to remove a part of one expression."""

    def becoming(kept: ast.expr, form: str, *gone: ast.AST, shown: Sequence[ast.AST] | None = None) -> _Removal:
        return _Removal(_weight(*gone), partial(_filled, form, *(gone if shown is None else shown)), lambda: put(kept))

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
            yield becoming(node.args[0], f"{node.func.id}(...)", node.func, shown=())
    elif isinstance(node, ast.BoolOp):
        word = "and" if isinstance(node.op, ast.And) else "or"
        for k, gone in enumerate(node.values):
            rest = [*node.values[:k], *node.values[k + 1 :]]
            yield becoming(rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest), f"{word} {{}}", gone)
    elif isinstance(node, ast.IfExp):
        yield becoming(node.body, "if {} else {}", node.test, node.orelse)
        yield becoming(node.orelse, "{} if {}", node.test, node.body, shown=(node.body, node.test))


_SIGNS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%"}


def _weight(*nodes: ast.AST) -> int:
    return len(walk(nodes))


def _first_line(node: ast.AST) -> str:
    return ast.unparse(node).split("\n", 1)[0]


def _filled(form: str, *nodes: ast.AST) -> str:
    return form.format(*map(_first_line, nodes))


def _is_declaration(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == DECLARATION for t in node.targets)
