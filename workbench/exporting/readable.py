"""Replacement of the docstring of a program's entry; all other text is kept."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field

from workbench.model import Program
from workbench.program.edits import Edit, Positions, Span, apply, first_line
from workbench.program.names import Definition, Function, parameters
from workbench.program.source import parse


@dataclass(frozen=True, slots=True)
class Entry:
    """Docstrings and parameters of the entry function, or of the entry class and its methods.

    Attributes
    ----------
    docstring
        Without indentation; empty if there is none.
    parameters
        Parameter names of a function; empty for a class.
    methods
        Docstrings of the public methods of a class, by signature: `decide(now)`.
    """

    docstring: str = ""
    parameters: tuple[str, ...] = ()
    methods: Mapping[str, str] = field(default_factory=dict)


def entry_of(program: Program) -> Entry:
    """Describe the entry of a program; the result is empty if the entry is a variable that holds a function.

    Raises
    ------
    Rejected
        The source cannot be parsed.
    """
    node = _entry(parse(program.source), program.entry)
    if node is None:
        return Entry()
    words = ast.get_docstring(node) or ""
    if isinstance(node, Function):
        return Entry(words, tuple(a.arg for a in parameters(node.args)))
    public = [m for m in node.body if isinstance(m, Function) and not m.name.startswith("_")]
    signatures = {f"{m.name}({', '.join(a.arg for a in parameters(m.args)[1:])})": ast.get_docstring(m) or "" for m in public}
    return Entry(words, (), signatures)


def with_docstring(program: Program, docstring: str) -> tuple[str, str]:
    """Replace the docstring of a program's entry and remove that of the module; comments, layout and code are kept.

    Returns
    -------
    tuple[str, str]
        The docstring of the module, and the resulting text. Lines end with `\\n`.

    Raises
    ------
    Rejected
        The source cannot be parsed.
    """
    source = program.source.replace("\r\n", "\n").replace("\r", "\n")  # as the parser does, inside string literals too
    tree = parse(source)
    positions = Positions(source)
    edits = []
    own = ast.get_docstring(tree) or ""
    if own:
        edits.append(positions.instead(tree.body[0], ""))
    entry = _entry(tree, program.entry)
    if entry is not None:
        edits.append(_docstring_edit(positions, entry, docstring))
    return own, apply(source, edits).strip("\n") + "\n"


def _docstring_edit(positions: Positions, node: Definition, docstring: str) -> Edit:
    """Replace the docstring of a definition, or insert one."""
    first, *others = node.body
    end = positions.offset(first_line(first), first.col_offset)
    before, _, _ = positions.cut(Span(end, end))
    header, _, margin = before.rpartition("\n")
    if margin.strip(" \t\f") or header.endswith("\\"):  # `def f(): return 0`
        header, margin = before.rstrip(" \t\f\\\n"), " " * (node.col_offset + 4)
    start, indent = len(header.encode()), f"\n{margin}"
    words = f"{indent}{quoted(docstring, margin)}"
    if ast.get_docstring(node, clean=False) is not None:
        if not others or others[0].lineno > (first.end_lineno or 0):
            return Edit(Span(start, positions.span(first).end), words)
        end = positions.span(others[0]).start  # `"old"; return 0`
    return Edit(Span(start, end), f"{words}{indent}")


def quoted(words: str, indent: str = "") -> str:
    """Return a docstring literal, with an indent on all lines but the first."""
    text = words.strip().replace("\\", "\\\\").replace('"""', "'''")
    body = "\n".join(f"{indent}{line}".rstrip() for line in text.splitlines()).strip()
    if "\n" in body:
        return f'"""{body}\n{indent}"""'
    return f'"""{body}{" " if body.endswith(chr(34)) else ""}"""'


def _entry(tree: ast.Module, name: str) -> Definition | None:
    found = [n for n in tree.body if isinstance(n, Definition) and n.name == name]
    return found[-1] if found else None
