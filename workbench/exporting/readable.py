"""A program's text for people: the docstring of its entry is replaced, and nothing else is changed."""

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
        Without its indentation; empty where there is none.
    parameters
        Names of a function's parameters; empty for a class.
    methods
        Docstring by public method of a class, with its parameters: `decide(now)`.
    """

    docstring: str = ""
    parameters: tuple[str, ...] = ()
    methods: Mapping[str, str] = field(default_factory=dict)


def entry_of(program: Program) -> Entry:
    """Describe the entry of a program; a variable that holds a function says nothing about itself.

    Raises
    ------
    Rejected
        When the source cannot be parsed.
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
    """Give a program's entry another docstring; comments, layout and all code stay.

    Returns
    -------
    tuple[str, str]
        The docstring of the module, which is taken out, and the text without it. Lines end with `\\n`.

    Raises
    ------
    Rejected
        When the source cannot be parsed.
    """
    source = program.source.replace("\r\n", "\n").replace("\r", "\n")  # as the parser reads them, inside texts too
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
    """A docstring literal; its first line is not indented."""
    text = words.strip().replace("\\", "\\\\").replace('"""', "'''")
    body = "\n".join(f"{indent}{line}".rstrip() for line in text.splitlines()).strip()
    if "\n" in body:
        return f'"""{body}\n{indent}"""'
    return f'"""{body}{" " if body.endswith(chr(34)) else ""}"""'


def _entry(tree: ast.Module, name: str) -> Definition | None:
    found = [n for n in tree.body if isinstance(n, Definition) and n.name == name]
    return found[-1] if found else None
