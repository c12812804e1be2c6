"""Description of the differences between two programs: constants, conditions, calls and steps, from the syntax tree."""

from __future__ import annotations

import ast
import difflib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from workbench.program.names import Definition, Function

ChangeKind = Literal["constant", "condition", "expression", "call", "step", "function", "import", "unreadable"]
Pair: TypeAlias = tuple[ast.AST, ast.AST]

_LONGEST = 120
"""Maximum number of characters of code quoted in one change."""
_MOST_CELLS = 1_000_000
"""Maximum size of one comparison: the matcher's time grows with the product of both lengths, and candidates choose these."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `before` is empty if something was added, `after` if it was removed.

    Attributes
    ----------
    where
        Enclosing function, with its class (`Class.method`); empty at the top level.
    text
        Kind of change in words, without the code: "constant", "new condition", "now calls".
    line
        Line, from 1, in the later program; in the earlier one for something removed.
    """

    kind: ChangeKind
    where: str
    text: str
    before: str
    after: str
    line: int


def changes(before: str, after: str) -> list[Change]:
    """Return the differences in meaning between two sources, sorted by line.

    Layout, comments and docstrings are ignored. If a source cannot be parsed, the result is one change of kind `unreadable`.
    """
    try:
        old, new = _Folded().visit(ast.parse(before)), _Folded().visit(ast.parse(after))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return [Change("unreadable", "", f"cannot be read: {type(error).__name__}", "", "", 1)]
    olds, news = dict(_scopes(old)), dict(_scopes(new))
    found: list[Change] = []
    for name, node in news.items():
        if name not in olds:
            found.append(Change("function", name, "new function", "", _signature(node), node.lineno))  # type: ignore[attr-defined]
    for name, node in olds.items():
        if name not in news:
            found.append(Change("function", name, "function removed", _signature(node), "", node.lineno))  # type: ignore[attr-defined]
        else:
            found += _scope(name, node, news[name])
    return sorted(found, key=lambda change: change.line)


class _Folded(ast.NodeTransformer):
    """Turns `-1` into one constant and drops docstrings, which would otherwise count as structural changes."""

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        inner = node.operand
        if isinstance(node.op, ast.USub) and isinstance(inner, ast.Constant) and type(inner.value) in (int, float):
            return ast.copy_location(ast.Constant(-inner.value), node)  # type: ignore[operator]
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        self.generic_visit(node)
        return None if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str) else node


def _scopes(tree: ast.AST, path: str = "") -> Iterator[tuple[str, ast.AST]]:
    """Yield the module and every function, with dotted names."""
    if not path:
        yield "", tree
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, Definition):
            name = f"{path}.{node.name}".lstrip(".")
            if not isinstance(node, ast.ClassDef):
                yield name, node
            yield from ((n, s) for n, s in _scopes(node, name) if n)


def _scope(where: str, old: ast.AST, new: ast.AST) -> list[Change]:
    found = []
    if where and _signature(old) != _signature(new):
        found.append(Change("function", where, "signature", _signature(old), _signature(new), new.lineno))  # type: ignore[attr-defined]
    befores, afters = list(_steps(old)), list(_steps(new))
    huge = len(befores) * len(afters) > _MOST_CELLS
    matcher = difflib.SequenceMatcher(a=[_header(s) for s in befores], b=[_header(s) for s in afters], autojunk=huge)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            continue
        pairs, gone, fresh = _pair(befores[i1:i2], afters[j1:j2])
        for a, b in pairs:
            found += _statement(where, a, b)
        found += [_step(where, s, new=False) for s in gone] + [_step(where, s, new=True) for s in fresh]
    return found + _calls(where, befores, afters)


def _steps(scope: ast.AST) -> Iterator[ast.stmt]:
    """Yield the statements of a scope, each followed by those nested in it; nested functions are separate scopes."""
    for field in ("body", "orelse", "handlers", "finalbody"):
        for node in getattr(scope, field, ()):
            if isinstance(node, Function):
                continue
            if isinstance(node, ast.stmt) and not isinstance(node, ast.ClassDef | ast.Pass):
                yield node
            yield from _steps(node)


def _expressions(step: ast.stmt) -> list[ast.AST]:
    """Return the expressions of a statement, without those of nested statements."""
    return [n for n in ast.iter_child_nodes(step) if not isinstance(n, ast.stmt | ast.ExceptHandler | ast.match_case)]


def _header(step: ast.stmt) -> str:
    if isinstance(step, ast.If | ast.While):
        return f"{type(step).__name__.lower()} {ast.unparse(step.test)}"
    if isinstance(step, ast.For):
        return f"for {ast.unparse(step.target)} in {ast.unparse(step.iter)}"
    if getattr(step, "body", None) is None:
        return ast.unparse(step)
    return " ".join([type(step).__name__.lower(), *(ast.unparse(n) for n in _expressions(step))])


def _pair(olds: Sequence[ast.stmt], news: Sequence[ast.stmt]) -> tuple[list[Pair], list[ast.stmt], list[ast.stmt]]:
    """Match statements of the same type, most similar first; return the pairs, the removed and the added statements."""
    most = max(40, math.isqrt(_MOST_CELLS // 5 // max(1, len(olds[:40]) * len(news[:40]))))
    befores, afters = [_header(s)[:most] for s in olds[:40]], [_header(s)[:most] for s in news[:40]]
    alike = sorted(
        (-difflib.SequenceMatcher(None, befores[i], afters[j], autojunk=False).ratio(), i, j)
        for i, a in enumerate(olds[:40]) for j, b in enumerate(news[:40]) if type(a) is type(b)
    )  # fmt: skip
    left, right, pairs = set(range(len(olds))), set(range(len(news))), list[Pair]()
    for score, i, j in alike:
        if i in left and j in right and score <= -0.5:
            left.discard(i)
            right.discard(j)
            pairs.append((olds[i], news[j]))
    return pairs, [olds[i] for i in sorted(left)], [news[j] for j in sorted(right)]


def _statement(where: str, old: ast.AST, new: ast.AST) -> list[Change]:
    assert isinstance(old, ast.stmt) and isinstance(new, ast.stmt)
    found = []
    for a, b in _differences(_expressions(old), _expressions(new)) or [(old, new)]:
        before, after = _quote(a), _quote(b)
        text, kind = _what(old, a, b)
        found.append(Change(kind, where, text, before, after, getattr(b, "lineno", new.lineno)))
    return found


def _what(step: ast.stmt, a: ast.AST, b: ast.AST) -> tuple[str, ChangeKind]:
    target = ""
    if isinstance(step, ast.Assign | ast.AugAssign | ast.AnnAssign):
        target = _quote(step.targets[0] if isinstance(step, ast.Assign) else step.target)
    place = f" of {target}" if target else " of the result" if isinstance(step, ast.Return) else ""
    if isinstance(a, ast.Constant) and isinstance(b, ast.Constant):
        return f"constant{' in the condition' if isinstance(step, ast.If | ast.While) else place}", "constant"
    if isinstance(step, ast.If | ast.While) or isinstance(a, ast.Compare | ast.BoolOp):
        return "condition", "condition"
    if isinstance(step, ast.Import | ast.ImportFrom):
        return "import", "import"
    return (f"value{place}" if place else "expression"), "expression"


def _differences(olds: Sequence[ast.AST], news: Sequence[ast.AST]) -> list[Pair]:
    """Return the smallest pairs of nodes in which two lists of trees differ; empty if they cannot be matched."""
    if len(olds) != len(news):
        return []
    found: list[Pair] = []
    for a, b in zip(olds, news, strict=True):
        if ast.dump(a) == ast.dump(b):
            continue
        if type(a) is not type(b) or isinstance(a, ast.Constant | ast.Name | ast.Attribute):
            found.append((a, b))
            continue
        kids, others = list(ast.iter_child_nodes(a)), list(ast.iter_child_nodes(b))
        # If an operator changed, report the enclosing expression, which is easier to read.
        split = None if any(isinstance(k, ast.operator | ast.cmpop | ast.boolop | ast.unaryop) and type(k) is not type(o)
                            for k, o in zip(kids, others, strict=False)) else _differences(kids, others)  # fmt: skip
        whole = isinstance(a, ast.expr)
        found += split if split and (len(split) <= 3 or not whole) else [(a, b)]
    return found


def _step(where: str, step: ast.stmt, *, new: bool) -> Change:
    if isinstance(step, ast.Import | ast.ImportFrom):
        kind: ChangeKind = "import"
        text = "import"
    elif isinstance(step, ast.If | ast.While):
        kind, text = "condition", "condition"
    else:
        kind, text = "step", "loop" if isinstance(step, ast.For) else "step"
    code = _short(_header(step))
    return Change(kind, where, f"new {text}" if new else f"{text} removed", "" if new else code, code if new else "", step.lineno)


def _calls(where: str, olds: Sequence[ast.stmt], news: Sequence[ast.stmt]) -> list[Change]:
    before, after = _called(olds), _called(news)
    line = news[0].lineno if news else 1
    fresh = [Change("call", where, "now calls", "", name, after[name]) for name in after if name not in before]
    return fresh + [Change("call", where, "no longer calls", name, "", line) for name in before if name not in after]


def _called(steps: Sequence[ast.stmt]) -> dict[str, int]:
    """Return the names that are called, each with the line of its first call."""
    lines: dict[str, int] = {}
    for step in steps:
        for part in _expressions(step):
            for node in ast.walk(part):
                if isinstance(node, ast.Call):
                    lines.setdefault(_short(ast.unparse(node.func)), node.lineno)
    return lines


def _signature(node: ast.AST) -> str:
    if not isinstance(node, Function):
        return ""
    return f"{node.name}({ast.unparse(node.args)})"


def _quote(node: ast.AST) -> str:
    return _short(_header(node) if isinstance(node, ast.stmt) else ast.unparse(node))


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
