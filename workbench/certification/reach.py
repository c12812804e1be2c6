"""Whether a program uses only permitted names, modules and attributes, read from its text."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from workbench.certificate import Check
from workbench.errors import Rejected
from workbench.program.names import given, imported
from workbench.program.source import parse

_NAMES = frozenset(
    "__import__ __builtins__ __loader__ __spec__ breakpoint compile delattr eval exec globals input locals open setattr "
    "vars".split()
)
_ORDINARY = frozenset(
    "__init__ __class__ __name__ __doc__ __len__ __lt__ __le__ __gt__ __ge__ __eq__ __hash__ __iter__ __next__ __getitem__ "
    "__contains__ __post_init__ _asdict _fields _make _replace".split()
)
"""Names with an underscore that programs have good reason to use."""
_FOREIGN = frozenset("_thread builtins gc importlib io nt os posix signal socket subprocess sys threading time".split())
_QUOTED = 4
_SPEAKING = re.compile(r"__|[.\[{]_[a-z]")
"""Text with which `format` or a getter reads an attribute that the code itself does not name."""


def reach(source: str) -> Check:
    """Fail a program that uses what no heuristic needs: internals of the interpreter, modules of modules, code from strings.

    This is no barrier, the sandbox is: a name put together at run time is not seen here. It keeps a program that could
    find out where it runs from being certified, and warns whoever uses an export.
    """
    found = reached(source)
    name = "reach"
    if not found:
        return Check(name, name, True, "reach: uses only permitted names and modules", {"found": []})
    quoted = ", ".join(f"`{words}` (line {line})" for line, words in found[:_QUOTED])
    more = f" and {len(found) - _QUOTED} more" if len(found) > _QUOTED else ""
    line = f"reach: {quoted}{more}: not permitted, because the program could find out where it runs"
    return Check(name, name, False, line, {"found": [list(pair) for pair in found]})


def reached(source: str) -> list[tuple[int, str]]:
    """Line and code of each use of something that is not permitted, in the order of the text."""
    try:
        tree = parse(source)
    except Rejected:
        return []
    own = given(tree)
    modules = {
        imported(alias): alias.name if alias.asname else imported(alias)
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)}
    found = set[tuple[int, str]]()
    node: Any
    for node in ast.walk(tree):
        if id(node) not in docstrings:
            found.update((node.lineno, words) for words in _outside(node, own, modules))
    return sorted(found)


def _outside(node: Any, own: set[str], modules: dict[str, str]) -> Iterator[str]:
    if isinstance(node, ast.Name) and node.id in _NAMES and node.id not in own:
        yield node.id
    elif isinstance(node, ast.Attribute):
        module = modules.get(node.value.id) if isinstance(node.value, ast.Name) else None
        hidden = node.attr.startswith("_") and node.attr not in _ORDINARY and node.attr not in own
        if hidden or (module and _is_foreign(module, node.attr)):
            yield _short(node)
    elif isinstance(node, ast.ImportFrom) and node.module and node.module != "__future__":
        for alias in node.names:
            if alias.name.startswith("_") or _is_foreign(node.module, alias.name):
                yield f"from {node.module} import {alias.name}"
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
        name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
        if name in ("getattr", "attrgetter", "methodcaller") and not all(_is_plain(a) for a in node.args[name == "getattr" :][:1]):
            yield _short(node)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str) and _SPEAKING.search(node.value):
        yield _short(node)


def _is_plain(argument: ast.expr) -> bool:
    return isinstance(argument, ast.Constant) and isinstance(argument.value, str) and not argument.value.startswith("_")


def _is_foreign(module: str, name: str) -> bool:
    """Whether a name of a permitted module is another module, or comes from one that programs may not use."""
    try:
        value = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError):
        return False
    if isinstance(value, ModuleType):
        return value.__name__.partition(".")[0] != module.partition(".")[0]
    return str(getattr(value, "__module__", "")) in _FOREIGN


def _short(node: ast.expr) -> str:
    text = ast.unparse(node)
    return text if len(text) <= 60 else f"{text[:57]}..."
