"""Which pieces of code in a reply make its program: the last one that works, with what other pieces add to it."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from workbench.errors import Rejected
from workbench.model import Program
from workbench.program import source as text_of
from workbench.program.edits import Positions, first_line
from workbench.program.fences import CODE_START, Piece
from workbench.program.lexing import plain
from workbench.program.names import BUILTINS, Definition, free
from workbench.program.splice import Frame, bound_at_top, complete, frame, is_whole, lacking, splice, with_definitions

_BEGUN = re.compile(r"^[^\w\n]*(?:(?:(?:async )?def|class)\s+(\w+)|(\w+)\s*(?::[^=\n]*)?=(?:[^=]|$))", re.MULTILINE)
_IDLE = (ast.Name, ast.Tuple, ast.BinOp, ast.UnaryOp, ast.Compare, ast.BoolOp, ast.Subscript)
_COMPOUND: list[type[ast.AST]] = [*ast.stmt.__subclasses__(), ast.ExceptHandler, ast.match_case]
_BODIES = {
    kind: names
    for kind in _COMPOUND
    if (names := [name for name in ("body", "orelse", "finalbody", "handlers", "cases") if name in kind._fields])
}
"""Names of the fields that hold statements, by kind of statement."""
MOST_PIECES = 16
"""Number of pieces that are considered, from the end: a model may show drafts first."""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of code with its syntax tree and its top-level names."""

    code: str
    piece: Piece
    tree: ast.Module
    bound: dict[str, ast.stmt]


def read_parts(pieces: Sequence[Piece]) -> list[Part]:
    """Return the pieces that are valid Python."""
    return [part for part in map(_read, pieces) if isinstance(part, Part)]


def choose(pieces: Sequence[Piece], parent: Program, modules: Collection[str]) -> Program:
    """Return the program that the pieces of a reply make.

    Raises
    ------
    Rejected
        No piece yields a program, the reply is cut, or its pieces contradict each other.
    """
    asides = read_parts([piece for piece in pieces if piece.aside][-MOST_PIECES:])
    found = [(piece, _read(piece)) for piece in [piece for piece in pieces if not piece.aside][-MOST_PIECES:]]
    whole = frame(parent)
    parts = [part for _, part in found if isinstance(part, Part)]
    unchanged: Program | None = None
    reason = ""
    for piece, part in reversed(found):
        if isinstance(part, Rejected):
            if not piece.closed and any(CODE_START.match(line.strip()) for line in piece.code.split("\n")):
                raise Rejected(f"the reply is truncated: its code from line {piece.line} on is incomplete ({part})") from part
            reason = _better(reason, str(part), piece)
            continue
        others = [other for other in parts if other is not part]
        try:
            program = _assembled(part, others, asides, whole, modules)
        except Rejected as error:
            # Usage examples and sample output often come last; what defines a part of the program is an answer.
            if "does not define" not in str(error) and part.bound.keys() & whole.everything:
                raise
            reason = _better(reason, str(error), piece)
            continue
        if program.source.strip() != parent.source.strip():
            _refuse_broken(program, part, [(p, error) for p, error in found if isinstance(error, Rejected)], whole)
            return program
        unchanged = program
    if unchanged is None or reason:
        raise Rejected(reason)
    return unchanged


def _read(piece: Piece) -> Part | Rejected:
    try:
        return _part(piece)
    except Rejected as error:
        return error


def _refuse_broken(program: Program, part: Part, broken: Sequence[tuple[Piece, Rejected]], parent: Frame) -> None:
    """Refuse a reply of which a piece that cannot be read defines something that the program runs; drafts may be broken."""
    if not broken:
        return
    bound = bound_at_top(text_of.parsed(program.source))
    reached = _reached(program.entry, bound)
    for piece, error in broken:
        names = {found[1] or found[2] for found in _BEGUN.finditer(piece.code)} & reached & (parent.everything | bound.keys())
        if piece.line < part.piece.line:
            names -= part.bound.keys()
        if names:
            name = min(names)
            raise Rejected(
                f"the code from line {piece.line} of the reply on defines `{name}`, but cannot be read: {error}"
            ) from error


def _better(reason: str, new: str, piece: Piece) -> str:
    return new if not reason or ("def " in piece.code and "does not define" in reason) else reason


def _part(piece: Piece) -> Part:
    code = plain(piece.code)
    tree = text_of.parsed(code)
    refuse_broken_lines(tree, code)
    return Part(code, piece, tree, bound_at_top(tree))


def refuse_broken_lines(tree: ast.Module, code: str, before: str = "") -> None:
    """Refuse code whose lines were wrapped so that it still is Python, but another program: `return` and its value in two lines.

    Parameters
    ----------
    before
        Program whose lines are left alone.

    Raises
    ------
    Rejected
        With the line of the code.
    """
    for node in (inner for top in tree.body if not isinstance(top, Definition) for inner in (top, *_statements(top))):
        if isinstance(node, ast.Return):
            raise Rejected(f"{code.split(chr(10))[node.lineno - 1].strip()[:60]!r} (line {node.lineno}) stands outside a function")
    ends = {node.end_lineno for node in tree.body if isinstance(node, Definition)}
    within = [node for top in tree.body if isinstance(top, Definition) for node in _statements(top)]
    for node in [*within, *(node for node in tree.body if node.lineno - 1 in ends)]:
        if isinstance(node, ast.Expr) and isinstance(node.value, _IDLE):
            shown = code.split("\n")[node.lineno - 1].strip()
            if shown in {line.strip() for line in before.split("\n")}:
                continue
            raise Rejected(f"{shown[:60]!r} (line {node.lineno}) has no effect: is the line above it broken?")


def _statements(node: ast.stmt) -> Iterator[ast.stmt]:
    """Yield all statements within one, without looking into expressions."""
    pending: list[ast.AST] = [node] if type(node) in _BODIES else []
    while pending:
        outer = pending.pop()
        for name in _BODIES[type(outer)]:
            for inner in getattr(outer, name):
                if isinstance(inner, ast.stmt):
                    yield inner
                if type(inner) in _BODIES:
                    pending.append(inner)


def _assembled(part: Part, others: Sequence[Part], asides: Sequence[Part], parent: Frame, modules: Collection[str]) -> Program:
    elsewhere = {name for other in others for name in other.bound}
    theirs = bound_at_top(parent.whole)
    for name, node in part.bound.items():
        if isinstance(theirs.get(name), Definition) and isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            line = part.piece.line + node.lineno - 1
            raise Rejected(f"line {line} of the reply makes `{name}` a value, but it is a function")
    whole = is_whole(part.code, part.bound.keys(), parent, elsewhere)
    source = splice(part.code, part.tree if whole else ast.parse(part.code), parent, elsewhere)
    taken = set(part.bound)
    rivals = list(asides)
    for other in reversed(others):
        fits = not whole and not other.bound.keys() & taken and other.bound.keys() & parent.evolving
        if fits and not _quotes(other, parent):
            source = splice(other.code, ast.parse(other.code), frame(Program(source, parent.program.entry)))
            taken |= other.bound.keys() - parent.fixed
        rivals.append(other)
    source = with_missing(source, [*asides, *others], modules)
    program = text_of.screen(source, parent.program.entry, modules)
    refuse_rivals(program, rivals, taken, parent.program)
    refuse_holes(program, parent.program)
    return program


def _quotes(part: Part, parent: Frame) -> bool:
    theirs = bound_at_top(parent.whole)
    return all(name in theirs and _alike(node, theirs[name]) for name, node in part.bound.items())


def with_missing(source: str, others: Sequence[Part], modules: Collection[str]) -> str:
    """Add what a program lacks: definitions from other pieces of the reply, then imports."""
    wanted: list[tuple[str, list[Part]]] = [(name, []) for name in lacking(source, modules)]
    if not wanted or not others:
        return complete(source, modules)
    picked: dict[int, tuple[Part, ast.stmt]] = {}
    known = bound_at_top(text_of.parsed(source)).keys() | {name for name, _ in wanted}
    while wanted:
        name, near = wanted.pop()
        part = next((other for other in (*near, *reversed(others)) if name in other.bound), None)
        if part is None:
            continue
        node = part.bound[name]
        picked[id(node)] = part, node
        fresh = free(node) - known - BUILTINS
        known |= fresh
        wanted += [(n, [part]) for n in sorted(fresh)]
    if picked:
        order = {id(other): i for i, other in enumerate(others)}
        chosen = sorted(picked.values(), key=lambda found: (order[id(found[0])], found[1].lineno, found[1].col_offset))
        source = with_definitions(source, [_text(part, node) for part, node in chosen])
    return complete(source, modules)


def refuse_rivals(program: Program, rivals: Sequence[Part], taken: Collection[str], parent: Program) -> None:
    """Refuse a reply of which another piece defines something that the program runs in another way.

    Raises
    ------
    Rejected
        With the name and the line.
    """
    if not rivals:
        return
    mine, theirs = bound_at_top(text_of.parsed(program.source)), frame(parent).whole
    before = bound_at_top(theirs)
    reached = _reached(program.entry, mine)
    for rival in rivals:
        for name, node in rival.bound.items():
            if name not in reached or name in taken or _alike(node, mine[name]):
                continue
            if name in before and _alike(node, before[name]):
                continue  # quoted from the parent
            line = rival.piece.line + node.lineno - 1
            raise Rejected(
                f"line {line} of the reply defines `{name}` in another way than the rest of it; give the whole answer in one fence"
            )


def refuse_holes(program: Program, parent: Program) -> None:
    """Refuse a program that reads a name which nothing binds, as where a part of the reply is missing.

    Raises
    ------
    Rejected
        With the name and the line of the program.
    """
    names = {name for name in lacking(program.source) if not name.startswith("__")} - set(lacking(parent.source))
    if not names:
        return
    bound = bound_at_top(text_of.parsed(program.source))
    for node in (bound[name] for name in sorted(_reached(program.entry, bound))):
        for hole in ast.walk(node):
            if isinstance(hole, ast.Name) and hole.id in names:
                raise Rejected(f"line {hole.lineno} of the program reads `{hole.id}`, which nothing defines; give all of the code")


def _reached(entry: str, bound: dict[str, ast.stmt]) -> set[str]:
    found, pending = set[str](), [entry]
    while pending:
        name = pending.pop()
        if name in bound and name not in found:
            found.add(name)
            pending += free(bound[name])
    return found


def _alike(a: ast.stmt, b: ast.stmt) -> bool:
    return _dumped(a) == _dumped(b)


def _dumped(node: ast.stmt) -> str:
    if isinstance(node, Definition) and ast.get_docstring(node, clean=False) is not None and len(node.body) > 1:
        return ast.dump(type(node)(**{**dict(ast.iter_fields(node)), "body": node.body[1:]}))
    return ast.dump(node)


def _text(part: Part, node: ast.stmt) -> str:
    positions = Positions(part.code)
    lines = positions.cut(positions.lines(first_line(node), node.end_lineno or node.lineno))[1].rstrip("\n")
    shares = sum(first_line(n) <= (node.end_lineno or 0) and (n.end_lineno or 0) >= first_line(node) for n in part.tree.body) > 1
    return ast.unparse(node) if shares else lines
