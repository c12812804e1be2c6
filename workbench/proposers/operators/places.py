"""Places of a program that operators can change: expressions by kind, statements, and the names bound at each."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from workbench.program import names
from workbench.program.evolving import Evolving, walk
from workbench.program.tunables import DECLARATION
from workbench.proposers.operators.kinds import INITIALISED, Kind, Kinds, key, roots

_KNOWN = names.BUILTINS | {"__name__", "__file__"}
_OPEN_CALLS = frozenset({"abs", "min", "max", "float", "int", "sorted", "sum", "append"})
_CLOSED = (ast.Subscript, ast.Attribute, ast.JoinedStr, ast.Dict, ast.Yield, ast.YieldFrom, ast.Await)


@dataclass(slots=True)
class Slot:
    """The place of an expression in the tree: `holder.name`, or `holder.name[index]`.

    Attributes
    ----------
    kind
        Kind of value that the expression has.
    bound
        Names that are bound whenever the place is reached, without built-in names.
    root
        Whether it is a whole value of a statement, not a part of a larger expression.
    exponent
        Whether it is the right side of `**`, where only small constants are safe.
    """

    holder: ast.AST
    name: str
    index: int | None
    kind: Kind
    bound: frozenset[str]
    root: bool
    exponent: bool = False

    @property
    def node(self) -> ast.expr:
        """The expression that is in this place now."""
        value = getattr(self.holder, self.name)
        expression: ast.expr = value if self.index is None else value[self.index]
        return expression

    def put(self, node: ast.expr) -> None:
        """Put another expression in this place."""
        if self.index is None:
            setattr(self.holder, self.name, node)
        else:
            getattr(self.holder, self.name)[self.index] = node


@dataclass(slots=True)
class Spot:
    """The place of a statement of a function, `body[index]`, with the names bound before it.

    `removable` is False inside a `while`, where removing a statement may make the loop endless.
    """

    body: list[ast.stmt]
    index: int
    bound: frozenset[str]
    removable: bool

    @property
    def node(self) -> ast.stmt:
        """The statement that is in this place now."""
        return self.body[self.index]


@dataclass(slots=True)
class Places:
    """All places of an evolving program that can be changed; they are out of date after any change to the tree.

    Attributes
    ----------
    slots
        Places of expressions of a known kind, in the order of the text.
    spots
        Places of statements in functions, in the order of the text.
    kinds
        Kinds of names, dotted names and simple subscripts.
    features
        The problem's features, in its order.
    words
        Texts that the program returns and, where it has only one, quoted words of its docstrings.
    shared
        Names that the module binds: a function must not assign one, which would hide it.
    loose
        Names that are read where they may be unbound.
    size
        Number of nodes of the evolving part, without docstrings and annotations.
    """

    kinds: Kinds
    features: tuple[str, ...]
    slots: list[Slot] = field(default_factory=list)
    spots: list[Spot] = field(default_factory=list)
    words: tuple[str, ...] = ()
    shared: frozenset[str] = frozenset()
    loose: set[str] = field(default_factory=set)
    size: int = 0

    def of(self, kind: Kind) -> list[Slot]:
        """Slots of one kind, exponents left out."""
        return [s for s in self.slots if s.kind is kind and not s.exponent]

    def names(self, kind: Kind, bound: frozenset[str]) -> tuple[list[str], list[str]]:
        """Keys of one kind that can be read where `bound` is bound: the features, and the others."""
        found = [n for n, k in self.kinds.names.items() if k is kind and roots(n) <= bound]
        return [n for n in self.features if n in found], [n for n in found if n not in self.features]


def find_places(program: Evolving, features: Mapping[str, str], kinds: Kinds | None = None) -> Places:
    """Find all places of `program` that can be changed.

    Parameters
    ----------
    features
        Meaning by key (see `kinds.key`).
    kinds
        Those of an earlier call for the same program, which saves the time of finding them.
    """
    places = Places(kinds or Kinds(program, features), tuple(features))
    places.shared = names.bound_by(program.tree.body)
    _Reader(program, places).module(program.tree.body)
    answers = (s.node for s in places.of(Kind.TEXT) if not isinstance(s.holder, ast.Compare))
    places.words = tuple(dict.fromkeys(str(n.value) for n in answers if isinstance(n, ast.Constant)))
    if len(places.words) == 1:
        places.words = tuple(dict.fromkeys([*places.words, *_documented(program.run)]))
    return places


def _documented(statements: Iterable[ast.stmt]) -> list[str]:
    """Quoted words in the docstrings of definitions."""
    owners = [n for n in walk(statements) if isinstance(n, ast.FunctionDef | ast.ClassDef)]
    return [word for owner in owners for word in re.findall(r"[\"'`]+([a-z_]+)[\"'`]+", ast.get_docstring(owner) or "")]


@dataclass(frozen=True, slots=True)
class _Where:
    """Where a statement stands: in the evolving part, in a function, in a `while` whose test reads `frozen`."""

    active: bool = False
    function: bool = False
    loop: bool = False
    frozen: frozenset[str] = frozenset()


class _Reader:
    """A pass over a program that fills `Places`."""

    def __init__(self, program: Evolving, places: Places) -> None:
        self.places = places
        self.run = {id(s) for s in program.run}
        self.around = {id(s) for s in program.around}
        self.tunable = frozenset(_declared_names(program.tree))

    def module(self, body: list[ast.stmt]) -> None:
        """Read a module: functions can read all names that it binds, other statements only those bound above them."""
        above: frozenset[str] = frozenset()
        for node in body:
            self.body([node], self.places.shared if isinstance(node, names.Definition) else above, _Where())
            above |= names.bound_by([node])

    def body(self, body: list[ast.stmt], bound: frozenset[str], where: _Where) -> None:
        """Read statements in turn; `bound` holds before the first of them."""
        for index, node in enumerate(body):
            at = where
            if not where.active and id(node) in self.run:
                at = _Where(True, where.function, where.loop, where.frozen)
            if at.active and at.function:
                self.places.spots.append(Spot(body, index, bound, removable=not at.loop))
            if at.active or id(node) in self.around:
                self._statement(node, bound, at)
                after = names.surely_bound_after(node, bound)
                bound = bound if after is None else after
            else:  # nothing in it can be changed, and it has run
                bound |= names.bound_by([node])

    def _statement(self, node: ast.stmt, bound: frozenset[str], where: _Where) -> None:
        self.places.size += where.active
        if isinstance(node, names.Function):
            self._function(node, bound, where)
        elif isinstance(node, ast.ClassDef):
            for i, member in enumerate(node.body):  # one by one: methods do not see what a class body binds
                self.body(node.body[i : i + 1], bound | {node.name}, _Where(where.active or id(member) in self.run))
        elif isinstance(node, ast.If):
            self._value(node, "test", bound, where)
            self.body(node.body, bound, where)
            self.body(node.orelse, bound, where)
        elif isinstance(node, ast.For | ast.AsyncFor):
            self._value(node, "iter", bound, where, closed=True)
            self.body(node.body, bound | names.assigned([node.target]), where)
            self.body(node.orelse, bound, where)
        elif isinstance(node, ast.While):
            self._value(node, "test", bound, where, closed=True)
            frozen = where.frozen | {n.id for n in walk([node.test]) if isinstance(n, ast.Name)}
            self.body(node.body, bound, _Where(where.active, where.function, True, frozen))
            self.body(node.orelse, bound, where)
        elif isinstance(node, ast.With | ast.AsyncWith | ast.Try):
            inner = bound | names.bound_by([node])
            for block in [getattr(node, "body", []), getattr(node, "orelse", []), getattr(node, "finalbody", [])]:
                self.body(block, inner, where)
            for handler in getattr(node, "handlers", []):
                self.body(handler.body, inner, where)
        else:
            self._simple(node, bound, where)

    def _function(self, node: names.Function, bound: frozenset[str], where: _Where) -> None:
        if where.active:
            for default in [*node.args.defaults, *(d for d in node.args.kw_defaults if d is not None)]:
                self._children(default, bound, closed=True)
        own = {a.arg for a in names.parameters(node.args)} | {node.name}
        if "self" in own and node.name != "__init__":
            own.add(INITIALISED)
        self.body(node.body, (bound - {INITIALISED}) | own, _Where(where.active, True))

    def _simple(self, node: ast.stmt, bound: frozenset[str], where: _Where) -> None:
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            new = names.assigned(targets)
            kinds = [self.places.kinds.names.get(key(t) or "") for t in targets]
            if where.active:
                if isinstance(node, ast.AugAssign):
                    self.places.loose |= new - bound
                for target in targets:
                    self._children(target, bound, closed=True)
            # What controls a `while`, is tuned within bounds, or is an index or a container must not change.
            closed = bool(new & where.frozen) or Kind.OTHER in kinds or (not where.function and bool(new & self.tunable))
            if node.value is not None:
                self._value(node, "value", bound, where, closed=closed)
        elif isinstance(node, ast.Return):
            if node.value is not None:
                self._value(node, "value", bound, where)
        elif isinstance(node, ast.Expr):
            if not isinstance(node.value, ast.Constant):
                self._value(node, "value", bound, where)
        elif where.active:
            for child in ast.iter_child_nodes(node):
                if isinstance(child, ast.expr):
                    self._children(child, bound, closed=True)

    def _value(self, holder: ast.AST, name: str, bound: frozenset[str], where: _Where, *, closed: bool = False) -> None:
        if where.active:
            self._expression(holder, name, None, bound, closed=closed, root=True)

    def _expression(
        self, holder: ast.AST, name: str, index: int | None, bound: frozenset[str], *, closed: bool, root: bool = False
    ) -> None:
        slot = Slot(holder, name, index, Kind.OTHER, bound, root)
        node = slot.node
        slot.exponent = isinstance(holder, ast.BinOp) and isinstance(holder.op, ast.Pow) and name == "right"
        if not closed:
            slot.kind = self.places.kinds.of(node)
            if slot.kind is not Kind.OTHER:
                self.places.slots.append(slot)
        self._children(node, bound, closed=closed or slot.exponent)

    def _children(self, node: ast.expr, bound: frozenset[str], *, closed: bool) -> None:
        """Read the parts of an expression; where it is `closed`, only for unbound names."""
        self.places.size += 1
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Load) and node.id not in bound and node.id not in _KNOWN:
                self.places.loose.add(node.id)
        elif isinstance(node, ast.Lambda):
            bound = bound | {a.arg for a in names.parameters(node.args)}
            self._expression(node, "body", None, bound, closed=closed)
        elif isinstance(node, ast.GeneratorExp | ast.ListComp | ast.SetComp | ast.DictComp):
            for generator in node.generators:
                self._expression(generator, "iter", None, bound, closed=True)
                bound = bound | names.assigned([generator.target])
                for i in range(len(generator.ifs)):
                    self._expression(generator, "ifs", i, bound, closed=closed)
            for part in ("key", "value") if isinstance(node, ast.DictComp) else ("elt",):
                self._expression(node, part, None, bound, closed=closed)
        elif isinstance(node, ast.Call):
            called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            mathematical = isinstance(node.func, ast.Attribute) and key(node.func.value) == "math"
            self._expression(node, "func", None, bound, closed=True)
            closed = closed or not (mathematical or called in _OPEN_CALLS or called in self.places.kinds.functions)
            for i in range(len(node.args)):
                self._expression(node, "args", i, bound, closed=closed)
            for keyword in node.keywords:
                self._expression(keyword, "value", None, bound, closed=closed)
        else:
            if isinstance(node, ast.NamedExpr):
                bound = bound | {node.target.id}
            closed = closed or isinstance(node, _CLOSED)
            for part, value in ast.iter_fields(node):
                if isinstance(value, ast.expr):
                    self._expression(node, part, None, bound, closed=closed)
                elif isinstance(value, list):
                    for i, child in enumerate(value):
                        if isinstance(child, ast.expr):
                            self._expression(node, part, i, bound, closed=closed)


def _declared_names(tree: ast.Module) -> list[str]:
    """Names of the constants that the module declares as tunable, and of that table."""
    tables = [s for s in tree.body if isinstance(s, ast.Assign | ast.AnnAssign) and DECLARATION in names.bound_by([s])]
    keys = [k for s in tables if isinstance(s.value, ast.Dict) for k in s.value.keys]
    return [DECLARATION, *(str(k.value) for k in keys if isinstance(k, ast.Constant))]
