"""Makes new arithmetic safe: no division by zero, roots of negative numbers or exponentials out of range."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from workbench.program.evolving import walk
from workbench.program.tunables import value_of
from workbench.proposers.operators.kinds import key
from workbench.proposers.operators.terms import binary, call, number

_LARGEST_EXPONENT = 50
_DIVISIONS = (ast.Div, ast.FloorDiv, ast.Mod)


class Hazard(NamedTuple):
    """An operand for which some values raise an error, and its role: "divisor", "base", "exp", "log" or "sqrt"."""

    holder: ast.BinOp | ast.Call
    role: str

    @property
    def node(self) -> ast.expr:
        """The operand."""
        if isinstance(self.holder, ast.Call):
            return self.holder.args[0]
        return self.holder.right if self.role == "divisor" else self.holder.left

    def put(self, node: ast.expr) -> None:
        """Replace the operand."""
        if isinstance(self.holder, ast.Call):
            self.holder.args[0] = node
        elif self.role == "divisor":
            self.holder.right = node
        else:
            self.holder.left = node


def trusted(statements: Iterable[ast.stmt]) -> set[str]:
    """Operands of a program that has run, which need no protection."""
    return {f"{h.role} {ast.dump(h.node)}" for h in _hazards(statements)}


def protect(statements: Iterable[ast.stmt], trust: set[str]) -> None:
    """Make every operand safe that is neither in `trust` nor evidently safe."""
    for hazard in list(_hazards(statements)):
        node, role = hazard.node, hazard.role
        if _safe(node, role) or f"{role} {ast.dump(node)}" in trust:
            continue
        if role == "divisor":
            hazard.put(binary(_absolute(node), ast.Add(), number(1)))
        elif role == "exp":
            hazard.put(call("min", node, number(_LARGEST_EXPONENT)))
        else:
            hazard.put(_absolute(node) if role in ("base", "sqrt") else binary(_absolute(node), ast.Add(), number(1)))


def _hazards(statements: Iterable[ast.stmt]) -> Iterator[Hazard]:
    for node in walk(statements):
        if isinstance(node, ast.BinOp):
            if isinstance(node.op, _DIVISIONS) and not _text(node.left):
                yield Hazard(node, "divisor")
            elif isinstance(node.op, ast.Pow):
                yield Hazard(node, "base")
        elif isinstance(node, ast.Call) and len(node.args) == 1:
            function = (key(node.func) or "").partition("math.")[2]
            if function in ("exp", "log", "sqrt"):
                yield Hazard(node, function)


def _text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _safe(node: ast.expr, role: str) -> bool:
    """Whether an operand is evidently safe, whatever the values of its names."""
    value = value_of(node)
    if role == "exp":
        if isinstance(node, ast.Call) and key(node.func) == "min":
            return any(_safe(a, role) for a in node.args)
        falling = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and _at_least(node.operand, strict=False)
        return falling or (value is not None and value <= _LARGEST_EXPONENT)
    if role == "divisor" and value is not None:
        return value != 0
    return _at_least(node, strict=role in ("divisor", "log"))


def _at_least(node: ast.expr, *, strict: bool) -> bool:
    """Whether an expression is evidently positive (`strict`) or non-negative."""
    value = value_of(node)
    if value is not None:
        return value > 0 if strict else value >= 0
    if isinstance(node, ast.Call):
        function = key(node.func)
        if function == "abs":
            return not strict
        if function == "max":
            return any(_at_least(a, strict=strict) for a in node.args)
        if function == "min" and len(node.args) > 1:
            return all(_at_least(a, strict=strict) for a in node.args)
        return function == "math.exp"
    if isinstance(node, ast.BinOp):
        if isinstance(node.op, ast.Add):
            sides = (node.left, node.right)
            positive = not strict or any(_at_least(s, strict=True) for s in sides)
            return positive and all(_at_least(s, strict=False) for s in sides)
        if isinstance(node.op, ast.Mult | ast.Div):
            return _at_least(node.left, strict=strict) and _at_least(node.right, strict=strict)
        if isinstance(node.op, ast.Pow):
            return value_of(node.right) == 2 and not strict
    return False


def _absolute(node: ast.expr) -> ast.expr:
    return node if _at_least(node, strict=False) else call("abs", node)
