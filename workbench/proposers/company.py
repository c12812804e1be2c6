"""Programs as a prompt shows them beside the parent: their evolving part without docstrings, or what is called alone."""

from __future__ import annotations

import ast

from workbench.errors import Rejected
from workbench.model import Candidate
from workbench.program.edits import Positions, apply
from workbench.program.source import parse, split_block


def brief_source(candidate: Candidate) -> str:
    """Return the evolving part of a program without docstrings: they are in the program above it."""
    source = candidate.program.source if candidate.program else ""
    block = split_block(source)
    return without_docstrings(block.inside if block else source).strip("\n")


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
