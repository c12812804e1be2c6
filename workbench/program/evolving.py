"""The evolving part of a program, as statements that can be changed and written back."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass

from workbench.program.edits import Positions, count_lines, first_line
from workbench.program.source import parse, split_block


@dataclass(slots=True)
class Evolving:
    """The statements between a program's markers, or all statements without markers, and the surrounding text.

    Attributes
    ----------
    tree
        Syntax tree of the whole program, which contains `body`.
    body
        Statement list that contains the evolving statements: of the module, a class or a function.
    first, after
        The evolving statements are `body[first : len(body) - after]`; `after` counts from the end and stays valid after insertions.
    before, behind
        Text before and after these statements, preserved unchanged.
    indent
        Indentation of these statements.
    around
        Statements that enclose `body`, outermost first.
    """

    tree: ast.Module
    body: list[ast.stmt]
    first: int
    after: int
    before: str
    behind: str
    indent: str
    around: tuple[ast.stmt, ...] = ()

    @property
    def run(self) -> list[ast.stmt]:
        """The evolving statements: a new list of the same nodes."""
        return self.body[self.first : len(self.body) - self.after]

    def text(self) -> str:
        """Return the whole program with the current evolving statements; their comments and layout are lost."""
        inside = ast.unparse(ast.Module(body=self.run, type_ignores=[]))
        return f"{self.before}{_indented(inside, self.indent)}\n{self.behind}"


def open_program(source: str) -> Evolving:
    """Parse `source` and find its evolving part.

    If the markers split a statement, the complete statements between them evolve; if there are none, the whole program does.

    Raises
    ------
    Rejected
        The source cannot be parsed.
    """
    tree = parse(source)
    whole = Evolving(tree, tree.body, 0, 0, "", "", "")
    block = split_block(source)
    if block is None:
        return whole
    top = count_lines(block.before)
    bottom = top + count_lines(block.inside)
    stretch = _outermost_stretch(tree, top + 1, bottom)
    if stretch is None:
        return whole
    body, first, last, around = stretch
    positions = Positions(source)
    before, evolving, behind = positions.cut(positions.lines(first_line(body[first]), body[last].end_lineno or bottom))
    indent = evolving.encode()[: body[first].col_offset].decode()
    if indent.strip():
        return whole
    return Evolving(tree, body, first, len(body) - 1 - last, before, behind, indent, around)


def walk(statements: Iterable[ast.AST]) -> list[ast.AST]:
    """Return every node of `statements` in text order, without operators and contexts."""
    found: list[ast.AST] = []
    stack = list(statements)[::-1]
    while stack:
        node = stack.pop()
        found.append(node)
        children: list[ast.AST] = []
        for field in node._fields:
            if field in _MARKS:
                continue
            value = getattr(node, field, None)
            if isinstance(value, ast.AST):
                children.append(value)
            elif isinstance(value, list):
                children.extend([v for v in value if isinstance(v, ast.AST)])
        stack.extend(reversed(children))
    return found


def is_text(statement: ast.AST) -> bool:
    """Whether a statement is only a constant, like a docstring."""
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


_MARKS = frozenset({"ctx", "op", "ops"})


def _outermost_stretch(
    holder: ast.AST, top: int, bottom: int, around: tuple[ast.stmt, ...] = ()
) -> tuple[list[ast.stmt], int, int, tuple[ast.stmt, ...]] | None:
    bodies = [body for field in ("body", "orelse", "finalbody") if isinstance(body := getattr(holder, field, None), list) and body]
    for body in bodies:
        if isinstance(holder, ast.If) and body is holder.orelse and body[0].col_offset == holder.col_offset:
            continue  # an `elif` is not a separate statement
        inside = [i for i, s in enumerate(body) if first_line(s) >= top and (s.end_lineno or bottom) <= bottom]
        if inside:
            return body, inside[0], inside[-1], around
    for body in bodies:
        for statement in body:
            found = _outermost_stretch(statement, top, bottom, (*around, statement))
            if found is not None:
                return found
    return None


def _indented(text: str, indent: str) -> str:
    if not indent:
        return text
    # The lines of a multi-line string already contain their indentation.
    verbatim = {
        line
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))
        for line in range(node.lineno, node.end_lineno or node.lineno)
    }
    return "\n".join(indent + s if s and i not in verbatim else s for i, s in enumerate(text.split("\n")))
