"""Analysis of the names that a program binds, reads and imports. Each function states the scopes it covers."""

from __future__ import annotations

import ast
import builtins
import functools
import symtable
import warnings
from collections.abc import Iterable, Iterator
from typing import NamedTuple, TypeAlias

from workbench.program.source import MAX_SOURCE_BYTES

BUILTINS = frozenset(dir(builtins))
"""Names that a module can read without binding them."""

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
Definition: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
ENDS = (ast.Return, ast.Raise, ast.Continue, ast.Break)
"""Statements after which the next one in the same block is never reached."""


class ModuleNames(NamedTuple):
    """Module-level names that a program reads and binds, also from inside functions."""

    read: frozenset[str]
    bound: frozenset[str]


def imported(alias: ast.alias) -> str:
    """Return the name that an import binds: `np` for `numpy as np`, `os` for `os.path`."""
    return (alias.asname or alias.name).partition(".")[0]


def modules(tree: ast.AST) -> set[str]:
    """Return the top-level packages imported anywhere in `tree`: `os` for `from os.path import join`."""
    imports = [alias.name for n in ast.walk(tree) if isinstance(n, ast.Import) for alias in n.names]
    imports += [n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module]
    return {name.partition(".")[0] for name in imports}


def parameters(arguments: ast.arguments) -> list[ast.arg]:
    """Return all parameters in text order, including `*rest` and `**options`."""
    rest, options = [[a] if a else [] for a in (arguments.vararg, arguments.kwarg)]
    return [*arguments.posonlyargs, *arguments.args, *rest, *arguments.kwonlyargs, *options]


def read(nodes: Iterable[ast.AST]) -> set[str]:
    """Return the names read anywhere in `nodes`, in any scope."""
    return {n.id for node in nodes for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def assigned(nodes: Iterable[ast.AST]) -> frozenset[str]:
    """Return the names assigned anywhere in `nodes`, without those bound by `def`, `class` and `import`."""
    return frozenset(n.id for node in nodes for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))


def bound_by(statements: Iterable[ast.AST]) -> frozenset[str]:
    """Return the names that `statements` may bind in their own scope, on any control-flow path.

    Names local to nested functions, classes, lambdas and comprehensions are not included.
    """
    found: set[str] = set()
    pending = list(statements)
    while pending:
        node = pending.pop()
        if isinstance(node, Definition):
            found.add(node.name)
        elif isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            pending += [n.target for n in ast.walk(node) if isinstance(n, ast.NamedExpr)]
        elif not isinstance(node, ast.Lambda):
            found.update(_binds(node))
            pending += ast.iter_child_nodes(node)
    return frozenset(found)


def _binds(node: ast.AST) -> Iterator[str]:
    """Yield the name bound by a single node, if any; `del` counts, because it makes a name local to its function."""
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        yield node.id
    elif isinstance(node, ast.alias):
        yield imported(node)
    elif isinstance(node, Definition | ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
        yield node.name
    elif isinstance(node, ast.MatchMapping) and node.rest:
        yield node.rest


def movable(statement: ast.stmt) -> set[str]:
    """Return the names bound by a top-level statement that can be moved: a definition, an import or an assignment."""
    if isinstance(statement, Definition):
        return {statement.name}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {imported(alias) for alias in statement.names}
    targets: list[ast.expr] = []
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    return {n.id for target in targets for n in ast.walk(target) if isinstance(n, ast.Name)}


def surely_bound_after(statement: ast.stmt, bound: frozenset[str]) -> frozenset[str] | None:
    """Return the names bound on every path through `statement`, given those bound before it.

    None if no path continues, as after a `return`. A loop body may not run at all. All bindings in `try` and `with` count:
    if one of them is skipped, usually an exception leaves the statement.
    """
    if isinstance(statement, Definition):
        return bound | {statement.name}
    if isinstance(statement, ast.If):
        ways = [_after_all(side, bound) for side in (statement.body, statement.orelse)]
        open_ways = [way for way in ways if way is not None]
        return frozenset.intersection(*open_ways) if open_ways else None
    if isinstance(statement, ast.Assign):
        return bound | assigned(statement.targets)
    if isinstance(statement, ast.AnnAssign | ast.AugAssign):
        return bound | assigned([statement.target])
    if isinstance(statement, ast.Delete):
        return bound - bound_by([statement])
    if isinstance(statement, ast.For | ast.AsyncFor | ast.While | ast.Expr):
        return bound
    return None if isinstance(statement, ENDS) else bound | bound_by([statement])


def _after_all(statements: Iterable[ast.stmt], bound: frozenset[str]) -> frozenset[str] | None:
    ended = False
    for statement in statements:
        after = surely_bound_after(statement, bound)
        ended = ended or after is None
        bound = bound if after is None else after
    return None if ended else bound


def bound_anywhere(tree: ast.AST) -> set[str]:
    """Return the names bound in any scope of `tree`, including parameters; scopes are not distinguished."""
    nodes = list(ast.walk(tree))
    return {name for node in nodes for name in _binds(node)} | {node.arg for node in nodes if isinstance(node, ast.arg)}


def free(tree: ast.AST) -> set[str]:
    """Return the names that are read but not bound in `tree`, without built-ins; scopes are not distinguished."""
    return read([tree]) - BUILTINS - bound_anywhere(tree)


def given(tree: ast.AST) -> set[str]:
    """Return the names of a program's functions, classes, variables and attributes in any scope, without `__special__` names."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
            name = node.id if isinstance(node, ast.Name) else node.attr
            if not name.startswith("__"):
                found.add(name)
    return found


def unbound(source: str) -> frozenset[str] | None:
    """Return the module-level names that a program reads but never binds, without built-ins; None as for `of_module`."""
    names = of_module(source)
    return None if names is None else names.read - names.bound - BUILTINS


@functools.lru_cache(maxsize=8)  # called for a reply and for the program made from it, usually the same text
def of_module(source: str) -> ModuleNames | None:
    """Return module-level names from the compiler's symbol table, which distinguishes scopes.

    This takes a third of the time of a walk over the syntax tree. Returns None if the source is too long or the compiler
    refuses it, which may happen to source that the parser accepts.
    """
    if len(source) > MAX_SOURCE_BYTES:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            top = symtable.symtable(source, "<program>", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
        return None
    read_, bound = set[str](), set[str]()
    tables = [top]
    while tables:
        table = tables.pop()
        for symbol in table.get_symbols():
            if table is top or symbol.is_global():
                if symbol.is_referenced():
                    read_.add(symbol.get_name())
                if symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace():
                    bound.add(symbol.get_name())
        tables.extend(table.get_children())
    return ModuleNames(frozenset(read_), frozenset(bound))
