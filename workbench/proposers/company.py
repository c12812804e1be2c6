"""Programs as a prompt shows them beside the parent: their evolving part without docstrings, or what is called alone."""

from __future__ import annotations

import ast

from workbench.errors import Rejected
from workbench.model import Candidate
from workbench.program.edits import Positions, apply
from workbench.program.source import parse, split_block


def brief_source(candidate: Candidate, parent: Candidate | None = None) -> tuple[str, list[str]]:
    """Return the evolving part of a program without docstrings: they are in the program above it.

    Returns
    -------
    tuple
        The part, and the names of its functions and classes that are left out because they are the same in `parent`.
    """
    text = without_docstrings(_evolving(candidate)).strip("\n")
    theirs = _definitions(without_docstrings(_evolving(parent))) if parent else {}
    same = {name: node for name, node in _definitions(text).items() if name in theirs and ast.dump(node) == ast.dump(theirs[name])}
    positions = Positions(text)
    return apply(text, [positions.instead(node, "") for node in same.values()]).strip("\n"), list(same)


def _evolving(candidate: Candidate) -> str:
    source = candidate.program.source if candidate.program else ""
    block = split_block(source)
    return block.inside if block else source


def _definitions(source: str) -> dict[str, ast.FunctionDef | ast.ClassDef]:
    """Top-level functions and classes by name, without those that are decorated."""
    try:
        tree = parse(source)
    except Rejected:
        return {}
    return {n.name: n for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef) and not n.decorator_list}


def without_docstrings(source: str) -> str:
    """Remove the docstrings of functions and classes that have other statements."""
    try:
        tree = parse(source)
    except Rejected:
        return source
    positions = Positions(source)
    texts = [
        node.body[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module)
        and len(node.body) > 1
        and isinstance(first := node.body[0], ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    ]
    return apply(source, [positions.instead(text, "") for text in texts])


def docstrings(source: str) -> str:
    """Return the docstrings of a program's functions and classes."""
    try:
        tree = parse(source)
    except Rejected:
        return ""
    documented = (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef))
    return "\n\n".join(filter(None, map(ast.get_docstring, documented)))


def skeleton(source: str, entry: str) -> str:
    """Return signature and docstring of the entry, and of the methods that a class is called by; empty if there is none."""
    try:
        tree = parse(source)
    except Rejected:
        return ""
    node = next((n for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef) and n.name == entry), None)
    if node is None:
        return ""
    if isinstance(node, ast.ClassDef):
        named = [n for n in node.body if isinstance(n, ast.FunctionDef) and ast.get_docstring(n)]
        methods = [_stub(n) for n in named if n.name == "__init__" or not n.name.startswith("_")]
        text = node.body[0] if ast.get_docstring(node) else None
        node.body = [*([text] if text else []), *methods] or [ast.Expr(ast.Constant(...))]
        return ast.unparse(node)
    return ast.unparse(_stub(node))


def _stub(node: ast.FunctionDef) -> ast.FunctionDef:
    text = node.body[0] if ast.get_docstring(node) else None
    node.body = [*([text] if text else []), ast.Expr(ast.Constant(...))]
    return node
