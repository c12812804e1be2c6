"""Which names a program binds, reads and imports. Each function says which scopes it looks into."""

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
"""Names that every module can read without binding them."""

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
Definition: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
ENDS = (ast.Return, ast.Raise, ast.Continue, ast.Break)
"""Statements after which the next one in the same block is never reached."""


class ModuleNames(NamedTuple):
    """Names that a program reads and binds at the level of the module, from inside functions too."""

    read: frozenset[str]
    bound: frozenset[str]


def imported(alias: ast.alias) -> str:
    """The name that an import binds: `np` for `numpy as np`, `os` for `os.path`."""
    return (alias.asname or alias.name).partition(".")[0]


def modules(tree: ast.AST) -> set[str]:
    """Top-level packages that are imported anywhere in `tree`: `os` for `from os.path import join`."""
    imports = [alias.name for n in ast.walk(tree) if isinstance(n, ast.Import) for alias in n.names]
    imports += [n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module]
    return {name.partition(".")[0] for name in imports}


def parameters(arguments: ast.arguments) -> list[ast.arg]:
    """All parameters in the order of the text, `*rest` and `**options` included."""
    rest, options = [[a] if a else [] for a in (arguments.vararg, arguments.kwarg)]
    return [*arguments.posonlyargs, *arguments.args, *rest, *arguments.kwonlyargs, *options]


def read(nodes: Iterable[ast.AST]) -> set[str]:
    """Names that are read anywhere in `nodes`, in whatever scope."""
    return {n.id for node in nodes for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def assigned(nodes: Iterable[ast.AST]) -> frozenset[str]:
    """Names that are assigned anywhere in `nodes`; not what `def`, `class` and `import` bind."""
    return frozenset(n.id for node in nodes for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))


def bound_by(statements: Iterable[ast.AST]) -> frozenset[str]:
    """Names that `statements` may bind in the scope they stand in, whichever way the program takes through them.

    What functions, classes, lambdas and comprehensions bind for themselves is left out.
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
    """The name that a single node binds, if any; deleting one counts, for it makes a name local to its function."""
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        yield node.id
    elif isinstance(node, ast.alias):
        yield imported(node)
    elif isinstance(node, Definition | ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
        yield node.name
    elif isinstance(node, ast.MatchMapping) and node.rest:
        yield node.rest


def movable(statement: ast.stmt) -> set[str]:
    """Names that a top-level statement binds where it can be moved as it stands: a definition, an import, an assignment."""
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
    """Names that are bound on every way that leads past `statement`, from those bound before it.

    None where no way does, as after a `return`. A loop may run no round at all. Of `try` and `with` all is counted: what
    they leave unbound they mostly leave by an exception.
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
    """Names that are bound in any scope of `tree`, parameters among them: scopes are not told apart."""
    nodes = list(ast.walk(tree))
    return {name for node in nodes for name in _binds(node)} | {node.arg for node in nodes if isinstance(node, ast.arg)}


def free(tree: ast.AST) -> set[str]:
    """Names that are read and bound nowhere in `tree`, built-in names left out (scopes are not told apart)."""
    return read([tree]) - BUILTINS - bound_anywhere(tree)


def given(tree: ast.AST) -> set[str]:
    """Names that a program gives to its own functions, classes, variables and attributes, in any scope; no `__special__` ones."""
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
    """Names that a whole program reads from the module and never binds there, built-in names left out; None as for `of_module`."""
    names = of_module(source)
    return None if names is None else names.read - names.bound - BUILTINS


@functools.lru_cache(maxsize=8)  # asked of an answer and of the program made of it, mostly the same text
def of_module(source: str) -> ModuleNames | None:
    """Names at the level of the module by the compiler's own symbol table, which tells scopes apart.

    It takes a third of the time of a walk over the tree. None for what is too long, and for what the compiler refuses,
    which may be more than what the parser does.
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
