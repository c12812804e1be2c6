"""What a program says about its entry: docstrings and parameters."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field

from workbench.model import Program
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


def _entry(tree: ast.Module, name: str) -> Definition | None:
    found = [n for n in tree.body if isinstance(n, Definition) and n.name == name]
    return found[-1] if found else None
