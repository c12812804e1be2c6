"""Whether a program uses only what a heuristic needs, read from its text."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from types import ModuleType

from workbench.certificate import Check
from workbench.certification import permitted
from workbench.errors import Rejected
from workbench.program.names import Definition, bound_by, given, imported, parameters
from workbench.program.source import parse

_QUOTED = 4
_Scope = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_AID = "read from its text, as an aid to who reads it and no barrier"


def reach(source: str, extra: Collection[str] = ()) -> Check:
    """Fail a program that uses what no heuristic needs: internals of the interpreter, modules of modules, code from strings.

    Names are followed through imports; functions that read an attribute by its name must be called there and then with the name
    written out, and modules are no values. What cannot be followed is refused. This is no barrier, the sandbox is: it keeps a
    program that could find out where it runs from being certified, and warns whoever uses an export.

    Parameters
    ----------
    extra
        Modules that the problem permits in addition to the standard ones.
    """
    found = reached(source, extra)
    name = "reach"
    if not found:
        return Check(name, name, True, f"reach: uses only permitted names and modules ({_AID})", {"found": []})
    quoted = ", ".join(f"`{words}` (line {line})" for line, words in found[:_QUOTED])
    more = f" and {len(found) - _QUOTED} more" if len(found) > _QUOTED else ""
    line = f"reach: {quoted}{more}: not permitted, because the program could find out where it runs ({_AID})"
    return Check(name, name, False, line, {"found": [list(pair) for pair in found]})


def reached(source: str, extra: Collection[str] = ()) -> list[tuple[int, str]]:
    """Line and code of each use of something that is not permitted, in the order of the text."""
    try:
        tree = parse(source)
    except Rejected:
        return []
    reader = _Reader(tree, extra)
    return sorted(set(reader.read(tree, frozenset())))


class _Reader:
    """Reads one program; `_modules` and `_members` are what its import statements bind, whatever the scope."""

    def __init__(self, tree: ast.Module, extra: Collection[str]) -> None:
        self._extra = extra
        self._own = given(tree) | _mangled(tree)
        self._modules: dict[str, ModuleType] = {}
        self._members: dict[str, str] = {}
        self._paths: dict[str, set[str]] = {}
        self._parents = {id(child): node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
        self._silent = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant)}
        self._silent.update(id(part) for node in tree.body for part in _main_test(node))
        for node in ast.walk(tree):
            self._bind(node)

    def _bind(self, node: ast.AST) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                path = alias.name if alias.asname else imported(alias)
                self._paths.setdefault(imported(alias), set()).add(path)
                if found := permitted.module(path, self._extra):
                    self._modules[imported(alias)] = found
        elif isinstance(node, ast.ImportFrom) and node.module and (owner := permitted.module(node.module, self._extra)):
            for alias in node.names:
                everything = alias.name == "*"
                for name in getattr(owner, "__all__", dir(owner)) if everything else [alias.name]:
                    bound, path = name if everything else imported(alias), f"{node.module}.{name}"
                    self._paths.setdefault(bound, set()).add(path)
                    self._members[bound] = path
                    if inner := permitted.member(owner, name, self._extra)[1]:
                        self._modules[bound] = inner

    def read(self, node: ast.AST, local: frozenset[str]) -> Iterator[tuple[int, str]]:
        """Yield line and code of what is not permitted in `node`; `local` are names of the functions around it."""
        if id(node) not in self._silent:
            for words in self._refused(node, local):
                yield getattr(node, "lineno", 1), words
        inner = local
        if isinstance(node, _Scope):
            inner = local | _bound_in(node)
        elif isinstance(node, ast.ClassDef):
            inner = local - bound_by(node.body)  # what is not bound yet is looked up in the module, past the functions around it
        for field, value in ast.iter_fields(node):
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    # Default values, decorators and annotations are evaluated outside of the function.
                    yield from self.read(child, inner if field == "body" else local)

    def _refused(self, node: ast.AST, local: frozenset[str]) -> Iterator[str]:
        if isinstance(node, ast.Name):
            yield from self._name(node, local)
        elif isinstance(node, ast.Attribute):
            yield from self._attribute(node, local)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from self._import(node)
        elif isinstance(node, ast.Call):
            yield from self._call(node, local)
        elif isinstance(node, ast.Constant):
            if isinstance(node.value, str) and permitted.is_speaking(node.value, self._own, clock=self._has("numpy")):
                yield _short(node)
        elif isinstance(node, ast.MatchClass):
            yield from (f"case {_short(node.cls)}({name}=...)" for name in node.kwd_attrs if permitted.is_hidden(name, self._own))
        elif isinstance(node, Definition) and _is_odd(node.name):
            yield node.name
        elif isinstance(node, ast.keyword | ast.arg) and node.arg and _is_odd(node.arg):
            yield node.arg

    def _name(self, node: ast.Name, local: frozenset[str]) -> Iterator[str]:
        if not isinstance(node.ctx, ast.Load):
            if _is_odd(node.id):
                yield node.id
            return
        if node.id in local:
            return
        parent = self._parents.get(id(node))
        called = isinstance(parent, ast.Call) and parent.func is node
        refused = node.id in permitted.REFUSED_NAMES or node.id == "__name__" or (
            not called and (node.id in permitted.ATTRIBUTE_GETTERS or self._members.get(node.id) in _CALLED)
        )  # fmt: skip
        if refused or (node.id in self._modules and not isinstance(parent, ast.Attribute)):
            yield node.id

    def _attribute(self, node: ast.Attribute, local: frozenset[str]) -> Iterator[str]:
        owner, parent = self._module(node.value, local), self._parents.get(id(node))
        called = isinstance(parent, ast.Call) and parent.func is node
        if owner is not None:
            usable, inner = permitted.member(owner, node.attr, self._extra)
            loose = inner is not None and not isinstance(parent, ast.Attribute)
            if not usable or loose or (not called and f"{owner.__name__}.{node.attr}" in _CALLED):
                yield _short(node)
        elif permitted.is_hidden(node.attr, self._own) or (
            node.attr in ("format", "format_map") and node.attr not in self._own and not _is_text(node.value)
        ):
            yield _short(node)

    def _import(self, node: ast.Import | ast.ImportFrom) -> Iterator[str]:
        if isinstance(self._parents.get(id(node)), ast.ClassDef):  # the module would be an attribute
            yield _short(node)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if self._is_unclear(imported(alias)) or not permitted.module(alias.name, self._extra):
                    yield f"import {alias.name}"
        elif node.module != "__future__":
            owner = permitted.module(node.module, self._extra) if node.module and not node.level else None
            for alias in node.names:
                refused = alias.name != "*" and owner is not None and not permitted.member(owner, alias.name, self._extra)[0]
                if owner is None or refused or self._is_unclear(imported(alias)):
                    yield f"from {'.' * node.level}{node.module or ''} import {alias.name}"

    def _is_unclear(self, name: str) -> bool:
        """Whether an import gives a name that is bound to something else too, so that it cannot be followed."""
        return len(self._paths.get(name, ())) > 1 or name in permitted.ATTRIBUTE_GETTERS | _CONVERTERS | {"type"}

    def _call(self, node: ast.Call, local: frozenset[str]) -> Iterator[str]:
        called, texts = self._called(node.func, local), list[ast.expr]()
        if called in permitted.ATTRIBUTE_GETTERS:
            texts = node.args[1:2] or [node]
        elif called in permitted.GETTER_MAKERS:
            texts = node.args[:1] if called.endswith("methodcaller") else node.args
        unclear = any(not _is_text(text) or self._names_hidden(text) for text in texts)
        copies = called in permitted.COPIERS and (len(node.args) > 2 or any(k.arg != "wrapped" for k in node.keywords))
        makes = called == "type" and len(node.args) + len(node.keywords) > 1
        if unclear or copies or makes or self._encodes(node, called):
            yield _short(node)

    def _encodes(self, node: ast.Call, called: str) -> bool:
        """Whether the call looks up an encoding that is not loaded everywhere."""
        given_by_name = [k.value for k in node.keywords if k.arg == "encoding"]
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("encode", "decode") and node.func.attr not in self._own:
            codecs = node.args[:1] + given_by_name
        elif called in _CONVERTERS:
            codecs = node.args[1:2] + given_by_name
        else:
            return False
        return any(not _is_text(c) or _text(c).lower() not in permitted.CODECS for c in codecs)

    def _called(self, node: ast.expr, local: frozenset[str]) -> str:
        """Full name of what is called; empty if it is the program's own or a method."""
        if isinstance(node, ast.Name):
            return "" if node.id in local else self._members.get(node.id, node.id)
        if isinstance(node, ast.Attribute) and (owner := self._module(node.value, local)):
            return f"{owner.__name__}.{node.attr}"
        return ""

    def _module(self, node: ast.expr, local: frozenset[str]) -> ModuleType | None:
        """The module that an expression stands for."""
        if isinstance(node, ast.Name):
            return None if node.id in local else self._modules.get(node.id)
        if isinstance(node, ast.Attribute) and (owner := self._module(node.value, local)):
            return permitted.member(owner, node.attr, self._extra)[1]
        return None

    def _names_hidden(self, text: ast.expr) -> bool:
        return any(permitted.is_hidden(part, self._own) for part in _text(text).split("."))

    def _has(self, name: str) -> bool:
        return any(found.__name__.partition(".")[0] == name for found in self._modules.values()) or any(
            path.partition(".")[0] == name for path in self._members.values()
        )


_CONVERTERS = frozenset({"str", "bytes", "bytearray"})
_CALLED = permitted.GETTER_MAKERS | permitted.COPIERS


def _bound_in(scope: _Scope) -> frozenset[str]:
    """Names that are local to a function, those that it imports or takes from the module left out."""
    names = frozenset(argument.arg for argument in parameters(scope.args))
    if isinstance(scope, ast.Lambda):
        return names
    elsewhere = {name for node in ast.walk(scope) if isinstance(node, ast.Global) for name in node.names}
    elsewhere.update(imported(a) for node in ast.walk(scope) if isinstance(node, ast.Import | ast.ImportFrom) for a in node.names)
    return names | (bound_by(scope.body) - elsewhere)


def _mangled(tree: ast.Module) -> set[str]:
    """Names with two leading underscores, which the compiler makes private to their class."""
    names = [node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)]
    return {name for name in names if name.startswith("__") and not name.endswith("__")}


def _main_test(node: ast.stmt) -> Iterator[ast.AST]:
    """The parts of `__name__ == "__main__"` where a top-level `if` asks for it; what runs there has been run as a script."""
    match node:
        case ast.If(test=ast.Compare(left=ast.Name(id="__name__"), ops=[ast.Eq()], comparators=[ast.Constant(value="__main__")])):
            yield from ast.walk(node.test)


def _is_odd(name: str) -> bool:
    """Whether a program has no reason to define this special name, or one that belongs to frames."""
    special = name.startswith("__") and name.endswith("__")
    return name not in permitted.SPECIAL if special else permitted.is_hidden(name, {name})


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _text(node: ast.expr) -> str:
    return str(node.value) if isinstance(node, ast.Constant) else ""


def _short(node: ast.AST) -> str:
    text = ast.unparse(node).split("\n", 1)[0]
    return text if len(text) <= 60 else f"{text[:57]}..."
