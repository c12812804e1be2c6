"""Operators on numeric expressions: change constants and arithmetic, insert features, remove parts."""

from __future__ import annotations

import ast
import math
import random

from workbench.program.tunables import value_of
from workbench.proposers.operators.kinds import Kind, key
from workbench.proposers.operators.places import Places, Slot
from workbench.proposers.operators.terms import (
    FACTORS,
    binary,
    call,
    duplicate,
    feature,
    number,
    pick,
    plus,
    ratio,
    rounded,
    term,
    weighted,
)
from workbench.proposers.operators.terms import condition as comparison

_LARGEST_EXPONENT = 3.0
_ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div)
_TRANSPARENT = frozenset({"min", "max", "abs", "float", "math.sqrt", "math.exp"})


def constants(places: Places) -> list[Slot]:
    """Places of numeric literals; a negative one is listed once, with its sign."""
    found = [s for s in places.slots if s.kind is Kind.NUMBER and value_of(s.node) is not None]
    inner = {id(s.node.operand) for s in found if isinstance(s.node, ast.UnaryOp)}
    return [s for s in found if id(s.node) not in inner]


def constant(places: Places, rng: random.Random, step: float = 0.35) -> bool:
    """Change one numeric literal: scale, shift or round it, change its sign, or set it to 0, 0.5, 1 or 2."""
    slots = constants(places)
    if not slots:
        return False
    slot = rng.choice(slots)
    old = value_of(slot.node) or 0.0
    new = changed(old, rng, step)
    if slot.exponent:
        new = max(-_LARGEST_EXPONENT, min(_LARGEST_EXPONENT, new))
    slot.put(number(new))
    return True


def changed(old: float, rng: random.Random, step: float) -> float:
    """Another value near `old`, or a round one; `step` is the standard deviation of the logarithm of the ratio."""
    way = rng.random()
    if way < 0.55 and old != 0:
        new = rounded(old * math.exp(rng.gauss(0.0, step)))
    elif way < 0.75:
        new = rounded(old + rng.gauss(0.0, step * max(abs(old), 0.5)))
    elif way < 0.85:
        new = rounded(old, 1)
    elif way < 0.9:
        new = -old
    else:
        new = rng.choice((0, 0.5, 1, 2))
    return new


def arithmetic(places: Places, rng: random.Random) -> bool:
    """Swap an operator, `min` and `max`, or two operands; or scale, shift, negate or transform an expression."""
    slot = pick(places.of(Kind.NUMBER), rng)
    if slot is None:
        return False
    node = slot.node
    if rng.random() < 0.6:
        inner = [s.node for s in places.of(Kind.NUMBER) if isinstance(s.node, ast.BinOp) or _extreme(s.node) is not None]
        if inner:
            return _swapped(rng.choice(inner), rng)
    shape = rng.random()
    if shape < 0.45:
        slot.put(binary(number(rng.choice(FACTORS)), ast.Mult(), node))
    elif shape < 0.7:
        slot.put(binary(node, ast.Add(), number(rng.choice((-1, 1, 2, 5)))))
    elif shape < 0.78:
        slot.put(ast.UnaryOp(ast.USub(), node))
    elif shape < 0.86:
        slot.put(call("abs", node))
    elif shape < 0.93:
        slot.put(binary(call("abs", node), ast.Pow(), number(rng.choice((0.5, 1.5, 2)))))
    else:
        slot.put(call("max", node, number(0)))
    return True


def _extreme(node: ast.expr) -> ast.Name | None:
    """The name `min` or `max` where an expression calls it with several arguments."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("min", "max") and len(node.args) > 1:
        return node.func
    return None


def _swapped(node: ast.expr, rng: random.Random) -> bool:
    function = _extreme(node)
    if function is not None:
        function.id = "max" if function.id == "min" else "min"
    elif isinstance(node, ast.BinOp):
        if isinstance(node.op, ast.Sub | ast.Div) and rng.random() < 0.25:
            node.left, node.right = node.right, node.left
        else:
            node.op = rng.choice([o for o in _ARITHMETIC if not isinstance(node.op, o)])()
    return True


def insert(places: Places, rng: random.Random) -> bool:
    """Insert a feature into an expression e: e + c*f, e*(1 + c*f/g), max(e, f), e if f < g else h, e/f, e*f, or f alone."""
    slot = pick(places.of(Kind.NUMBER), rng)
    if slot is None:
        return False
    node = slot.node
    added = term(places, slot.bound, rng)
    if added is None:
        return False
    shape = rng.random()
    if shape < 0.28:
        slot.put(plus(node, added, rng))
    elif shape < 0.36:
        share = feature(places, slot.bound, rng) or number(1)
        slot.put(binary(node, ast.Mult(), binary(number(1), ast.Add(), weighted(ratio(added, share), rng))))
    elif shape < 0.62:
        slot.put(call(rng.choice(("max", "min")), node, added))
    elif shape < 0.7:
        test = comparison(places, slot.bound, rng)
        if test is None:
            return False
        slot.put(ast.IfExp(test, node, _variant(node, added, rng)))
    elif shape < 0.75:
        slot.put(ratio(node, added))
    elif shape < 0.8:
        slot.put(binary(node, ast.Mult(), added))
    else:
        slot.put(added)
    return True


def _variant(node: ast.expr, added: ast.expr, rng: random.Random) -> ast.expr:
    return added if rng.random() < 0.5 else plus(duplicate(node), added, rng)


def simplify(places: Places, rng: random.Random) -> bool:
    """Fold constants, or replace an expression by one of its parts."""
    folded = fold(places)
    slots = [s for s in places.slots if not s.exponent and parts(s, places)]
    if folded and (not slots or rng.random() < 0.5):
        return True
    if not slots:
        return folded
    slot = rng.choice(slots)
    slot.put(rng.choice(parts(slot, places)))
    return True


def parts(slot: Slot, places: Places) -> list[ast.expr]:
    """Direct parts of an expression that are of the same kind."""
    node = slot.node
    found: list[ast.expr] = []
    if isinstance(node, ast.BinOp):
        found = [node.left, node.right]
    elif isinstance(node, ast.UnaryOp) and value_of(node) is None:
        found = [node.operand]
    elif isinstance(node, ast.IfExp):
        found = [node.body, node.orelse]
    elif isinstance(node, ast.BoolOp):
        found = node.values
    elif isinstance(node, ast.Call) and not node.keywords and key(node.func) in _TRANSPARENT:
        found = node.args
    return [f for f in found if places.kinds.of(f) is slot.kind]


def fold(places: Places) -> bool:
    """Fold literals, remove `+ 0` and `* 1`, write `+ -c` as `- c`; returns whether anything changed."""
    done = False
    for slot in reversed(places.of(Kind.NUMBER)):  # parts come after the whole
        node = slot.node
        if not isinstance(node, ast.BinOp):
            continue
        left, right = value_of(node.left), value_of(node.right)
        neutral = 0 if isinstance(node.op, ast.Add | ast.Sub) else 1
        new: ast.expr | None = None
        if left is not None and right is not None:
            value = _folded(node.op, left, right)
            new = None if value is None else number(value)
        elif right == neutral and isinstance(node.op, ast.Add | ast.Sub | ast.Mult | ast.Div | ast.Pow):
            new = node.left
        elif isinstance(node.op, ast.Mult) and (left == 0 or right == 0):
            new = number(0)
        elif left == neutral and isinstance(node.op, ast.Add | ast.Mult):
            new = node.right
        elif right is not None and right < 0 and isinstance(node.op, ast.Add | ast.Sub):
            new = binary(node.left, ast.Sub() if isinstance(node.op, ast.Add) else ast.Add(), number(-right))
        if new is not None:
            slot.put(new)
            done = True
    return done


def _folded(operator: ast.operator, left: float, right: float) -> float | None:
    if isinstance(operator, ast.Add):
        value = left + right
    elif isinstance(operator, ast.Sub):
        value = left - right
    elif isinstance(operator, ast.Mult):
        value = left * right
    elif isinstance(operator, ast.Div) and right != 0:
        value = left / right
    else:
        return None
    return rounded(value, 6) if math.isfinite(value) else None
