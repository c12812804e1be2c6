"""Kinds of values that the expressions of a program have: number, truth value, text, or other."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Mapping
from enum import Enum
from functools import lru_cache

from workbench.program.evolving import Evolving, walk

INITIALISED = "self."
"""Among the bound names wherever the attributes of `self` exist: in every method but `__init__`."""

_NUMERIC_CALLS = frozenset({"abs", "sum", "len", "float", "int", "round"})
_MEASURED = frozenset({"len", "sum", "sorted", "enumerate", "zip", "range", "list", "set", "tuple"})
_ORDER = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
_ANNOTATED = {"float": "number", "int": "number", "bool": "truth", "str": "text"}


class Kind(Enum):
    """Kind of value that an expression has, as far as the text shows; operators leave `OTHER` alone."""

    NUMBER = "number"
    TRUTH = "truth"
    TEXT = "text"
    OTHER = "other"


def key(node: ast.AST) -> str | None:
    """Name under which the kind of an expression is stored: "p", "self.rate", "due[j]", "now['hour']"; None for larger ones."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        base = key(node.value)
        return None if base is None or "[" in base else f"{base}.{node.attr}"
    if isinstance(node, ast.Subscript):
        base, at = key(node.value), node.slice
        if base is None or "[" in base:
            return None
        if isinstance(at, ast.Name):
            return f"{base}[{at.id}]"
        if isinstance(at, ast.Constant) and isinstance(at.value, int | str):
            return f"{base}[{at.value!r}]"
    return None


@lru_cache(maxsize=1024)
def roots(name: str) -> frozenset[str]:
    """Names that must be bound where such a key is read: due and j for "due[j]", an initialised self for "self.rate"."""
    base, _, at = name.partition("[")
    found = {base.partition(".")[0]}
    if base.startswith(INITIALISED):
        found.add(INITIALISED)
    if at and at[:-1].isidentifier():
        found.add(at[:-1])
    return frozenset(found)


class Kinds:
    """Kinds of a program's names, from annotations, assignments and use.

    A name has one kind throughout the evolving part: where two functions use it for different things, it is `OTHER`.

    Attributes
    ----------
    names
        Kind by key (see `key`), in the order in which they were found.
    functions
        Names of the functions that the evolving part defines.
    """

    def __init__(self, program: Evolving, features: Mapping[str, str]) -> None:
        self.names: dict[str, Kind] = {}
        nodes = walk(program.run)
        self.functions = frozenset(n.name for n in nodes if isinstance(n, ast.FunctionDef))
        barred = _no_scalars(nodes)
        bare: set[str] = set()
        for function in [n for n in (*program.around, *nodes) if isinstance(n, ast.FunctionDef)]:
            for argument in [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]:
                if argument.annotation is not None:
                    self.names[argument.arg] = _annotated(argument.annotation)
                else:
                    bare.add(argument.arg)
        self.names.update(dict.fromkeys(barred, Kind.OTHER))
        for name, meaning in features.items():
            if name not in self.names and (name in bare or not name.isidentifier()):
                self.names[name] = _meant(meaning)
        for statement in program.tree.body:
            if isinstance(statement, ast.Assign | ast.AnnAssign):
                self._assignment(statement)
        self._learn(nodes)
        # An object's attributes are shared with the methods around the evolving part.
        if any(name.startswith(INITIALISED) for name in map(key, nodes) if name is not None):
            known = dict(self.names)
            self._learn(walk([program.tree]))
            extra = {n: k for n, k in self.names.items() if n.startswith(INITIALISED) and n not in known}
            self.names = known | extra

    def of(self, node: ast.expr) -> Kind:
        """Kind of an expression."""
        if isinstance(node, ast.Constant):
            if isinstance(node.value, bool):
                return Kind.TRUTH
            if isinstance(node.value, str):
                return Kind.TEXT
            return Kind.NUMBER if isinstance(node.value, int | float) else Kind.OTHER
        if isinstance(node, ast.BinOp):
            sides = (self.of(node.left), self.of(node.right))
            sequence = isinstance(node.left, ast.List | ast.Tuple) or isinstance(node.right, ast.List | ast.Tuple)
            return Kind.NUMBER if Kind.NUMBER in sides and Kind.TEXT not in sides and not sequence else Kind.OTHER
        if isinstance(node, ast.UnaryOp):
            return Kind.TRUTH if isinstance(node.op, ast.Not) else self.of(node.operand)
        if isinstance(node, ast.Compare):
            return Kind.TRUTH
        if isinstance(node, ast.BoolOp):
            return Kind.TRUTH if all(self.of(v) is Kind.TRUTH for v in node.values) else Kind.OTHER
        if isinstance(node, ast.IfExp):
            found = self.of(node.body)
            return found if found is self.of(node.orelse) else Kind.OTHER
        if isinstance(node, ast.Call):
            return self._called(node)
        name = key(node)
        if name is None:
            return Kind.OTHER
        return self.names.get(name, Kind.NUMBER if name.startswith("math.") else Kind.OTHER)

    def _called(self, node: ast.Call) -> Kind:
        if isinstance(node.func, ast.Attribute):
            return Kind.NUMBER if key(node.func.value) == "math" else Kind.OTHER
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name in ("min", "max") and not node.keywords:
            if len(node.args) == 1 and isinstance(node.args[0], ast.GeneratorExp):
                return self.of(node.args[0].elt)
            numeric = len(node.args) > 1 and all(self.of(a) is Kind.NUMBER for a in node.args)
            return Kind.NUMBER if numeric else Kind.OTHER
        return Kind.NUMBER if name in _NUMERIC_CALLS else Kind.OTHER

    def _learn(self, nodes: Collection[ast.AST]) -> None:
        for _ in range(3):  # a name may become known through its neighbours
            before = dict(self.names)
            for node in nodes:
                self._use(node)
            if self.names == before:
                break

    def _use(self, node: ast.AST) -> None:
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            self._assignment(node)
        elif isinstance(node, ast.For) and isinstance(node.target, ast.Name) and _calls(node.iter, "range"):
            self.names.setdefault(node.target.id, Kind.NUMBER)
        elif isinstance(node, ast.BinOp):
            self._alike((node.left, node.right))
        elif isinstance(node, ast.Compare) and all(isinstance(o, _ORDER) for o in node.ops):
            self._alike((node.left, *node.comparators))
        elif isinstance(node, ast.Compare) and all(isinstance(o, ast.Eq | ast.NotEq) for o in node.ops):
            self._alike((node.left, *node.comparators), Kind.TEXT)
        elif isinstance(node, ast.Call) and len(node.args) > 1 and (_calls(node, "min") or _calls(node, "max")):
            self._alike(node.args)

    def _alike(self, sides: Collection[ast.expr], kind: Kind = Kind.NUMBER) -> None:
        if any(self.of(s) is kind for s in sides):
            for name in map(key, sides):
                if name is not None:
                    self.names.setdefault(name, kind)

    def _assignment(self, statement: ast.Assign | ast.AnnAssign | ast.AugAssign) -> None:
        if statement.value is None:
            return
        found = self.of(statement.value)
        for target in statement.targets if isinstance(statement, ast.Assign) else [statement.target]:
            name = key(target)
            if name is not None and found is not Kind.OTHER and self.names.setdefault(name, found) is not found:
                self.names[name] = Kind.OTHER


def _annotated(annotation: ast.expr) -> Kind:
    name = annotation.value if isinstance(annotation, ast.Constant) else getattr(annotation, "id", "")
    return Kind(_ANNOTATED.get(str(name), "other"))


def _meant(meaning: str) -> Kind:
    """Kind of a feature without annotation, from its description: "whether ..." is a truth value, quoted words are texts."""
    if meaning.lower().startswith(("whether", "true ", "bool")):
        return Kind.TRUTH
    return Kind.TEXT if '"' in meaning else Kind.NUMBER


def _calls(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name


def _no_scalars(nodes: Iterable[ast.AST]) -> list[str]:
    """Names that are indexed, iterated, called, measured, or used as an index, and so no numbers to calculate with."""
    found: list[ast.AST] = []
    for node in nodes:
        if isinstance(node, ast.Subscript):
            found.append(node.value)
            found.append(node.slice)
        elif isinstance(node, ast.For | ast.comprehension):
            found.append(node.iter)
        elif isinstance(node, ast.Attribute):
            found.append(node.value)
        elif isinstance(node, ast.Call):
            found.append(node.func)
            if isinstance(node.func, ast.Name) and node.func.id in _MEASURED:
                found.extend(node.args)
    return [name for name in map(key, found) if name is not None]
