"""Operators on conditions and on the texts that a program returns."""

from __future__ import annotations

import ast
import random

from workbench.proposers.operators.kinds import Kind
from workbench.proposers.operators.places import Places, Slot
from workbench.proposers.operators.terms import FACTORS, binary, condition, duplicate, number, pick, plus, term

_ORDER = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
_PAIRS = ((ast.Eq, ast.NotEq), (ast.In, ast.NotIn), (ast.Is, ast.IsNot), (ast.Lt, ast.GtE), (ast.Gt, ast.LtE))
_OPPOSITE: dict[type[ast.cmpop], type[ast.cmpop]] = {a: b for pair in _PAIRS for a, b in (pair, pair[::-1])}


def decide(places: Places, rng: random.Random) -> bool:
    """Change one condition, or one text that is returned."""
    words = [s for s in places.of(Kind.TEXT) if isinstance(s.node, ast.Constant)]
    truths = places.of(Kind.TRUTH)
    if words and (not truths or rng.random() < 0.3):
        return _another_word(rng.choice(words), places, rng)
    return bool(truths) and _another_condition(rng.choice(truths), places, rng)


def _another_word(slot: Slot, places: Places, rng: random.Random) -> bool:
    old = slot.node
    others = [w for w in places.words if isinstance(old, ast.Constant) and w != old.value]
    if not others:
        return False
    new = ast.Constant(rng.choice(others))
    test = None if isinstance(slot.holder, ast.Compare) or rng.random() < 0.4 else condition(places, slot.bound, rng)
    slot.put(new if test is None else ast.IfExp(test, new, old))
    return True


def _another_condition(slot: Slot, places: Places, rng: random.Random) -> bool:
    node = slot.node
    shape = rng.random()
    if isinstance(node, ast.Compare) and shape < 0.65:
        return _moved(node, slot, places, rng)
    if isinstance(node, ast.BoolOp) and shape < 0.3:
        node.op = ast.And() if isinstance(node.op, ast.Or) else ast.Or()
        return True
    if shape < 0.75:
        slot.put(node.operand if isinstance(node, ast.UnaryOp) else ast.UnaryOp(ast.Not(), node))
        return True
    new = condition(places, slot.bound, rng)
    if new is None:
        return False
    slot.put(new if shape > 0.92 else ast.BoolOp(rng.choice((ast.And, ast.Or))(), [node, new]))
    return True


def _moved(node: ast.Compare, slot: Slot, places: Places, rng: random.Random) -> bool:
    """Change the operator of a comparison or its threshold; where it does not compare numbers, negate it."""
    numeric = places.kinds.of(node.left) is Kind.NUMBER and all(places.kinds.of(c) is Kind.NUMBER for c in node.comparators)
    at = rng.randrange(len(node.ops))
    if not numeric:
        node.ops[at] = _OPPOSITE[type(node.ops[at])]()
        return True
    shape = rng.random()
    added = term(places, slot.bound, rng)
    if shape < 0.3 or added is None:
        node.ops[at] = rng.choice([o for o in _ORDER if not isinstance(node.ops[at], o)])()
    elif shape < 0.6:
        node.comparators[at] = plus(node.comparators[at], added, rng)
    elif shape < 0.85:
        node.comparators[at] = binary(number(rng.choice(FACTORS)), ast.Mult(), node.comparators[at])
    else:
        node.comparators[at] = added
    return True


def returned(slot: Slot, places: Places, rng: random.Random) -> ast.expr | None:
    """Another value for a `return`: another text, the opposite truth value, or the number with a new term."""
    node = slot.node
    if slot.kind is Kind.TEXT:
        others = [w for w in places.words if not isinstance(node, ast.Constant) or w != node.value]
        return ast.Constant(rng.choice(others)) if others else None
    if slot.kind is Kind.TRUTH:
        return ast.UnaryOp(ast.Not(), duplicate(node))
    added = term(places, slot.bound, rng)
    if added is None:
        return None
    return added if rng.random() < 0.4 else plus(duplicate(node), added, rng)


def branch(places: Places, rng: random.Random) -> bool:
    """Make a returned value depend on a condition: `return other if test else value`."""
    slot = pick([s for s in places.slots if s.root and isinstance(s.holder, ast.Return)], rng)
    if slot is None:
        return False
    test, other = condition(places, slot.bound, rng), returned(slot, places, rng)
    if test is None or other is None:
        return False
    slot.put(ast.IfExp(test, other, slot.node))
    return True
