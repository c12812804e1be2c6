"""Crossover: operators that bring code of a second parent into the first."""

from __future__ import annotations

import ast
import random

from workbench.program.names import BUILTINS
from workbench.program.tunables import value_of
from workbench.proposers.operators.expressions import constants
from workbench.proposers.operators.kinds import INITIALISED, Kind, key
from workbench.proposers.operators.places import Places, Slot, Spot
from workbench.proposers.operators.terms import binary, call, duplicate, number, pick, rounded


def cross(places: Places, donor: Places, rng: random.Random) -> bool:
    """Blend the constants of two programs with the same structure, or copy an expression or a statement of `donor`."""
    shape = rng.random()
    if shape < 0.35 and blend(places, donor, rng):
        return True
    if shape > 0.85 and move_statement(places, donor, rng):
        return True
    return move_expression(places, donor, rng)


def blend(places: Places, donor: Places, rng: random.Random) -> bool:
    """Where the programs differ only in constants, take each constant from one of them, or the mean of both."""
    here, there = constants(places), constants(donor)
    if not here or len(here) != len(there) or _outline(places) != _outline(donor):
        return False
    changed = False
    for mine, theirs in zip(here, there, strict=True):
        old, other = value_of(mine.node), value_of(theirs.node)
        if old is None or other is None or old == other:
            continue
        way = rng.random()
        if way < 0.6:
            mine.put(number(other if way < 0.3 else rounded((old + other) / 2)))
            changed = True
    return changed


def _outline(places: Places) -> list[tuple[str, str | None, bool]]:
    return [(type(s.node).__name__, key(s.node), s.root) for s in places.slots if value_of(s.node) is None]


def move_expression(places: Places, donor: Places, rng: random.Random) -> bool:
    """Replace an expression by one of `donor` of the same kind, or combine the two by a mean, `min`, `max`, `and` or `or`."""
    slot = pick([s for s in places.slots if s.kind in (Kind.NUMBER, Kind.TRUTH) and not s.exponent], rng)
    if slot is None:
        return False
    known = places.kinds.names
    gifts = [s for s in donor.of(slot.kind) if _larger(s) and _fits(s.node, slot.bound, known)]
    old = ast.dump(slot.node)
    gift = pick([g for g in gifts if ast.dump(g.node) != old], rng)
    if gift is None:
        return False
    new = duplicate(gift.node)
    shape = rng.random()
    if slot.kind is Kind.TRUTH:
        slot.put(new if shape < 0.7 else ast.BoolOp(rng.choice((ast.And, ast.Or))(), [slot.node, new]))
    elif shape < 0.7:
        slot.put(new)
    elif shape < 0.85:
        slot.put(call(rng.choice(("min", "max")), slot.node, new))
    else:
        slot.put(binary(number(0.5), ast.Mult(), binary(slot.node, ast.Add(), new)))
    return True


def _larger(slot: Slot) -> bool:
    return not isinstance(slot.node, ast.Constant | ast.Name)


def move_statement(places: Places, donor: Places, rng: random.Random) -> bool:
    """Insert a statement of `donor` at a place where all names that it reads are bound."""
    pairs: list[tuple[Spot, ast.stmt]] = []
    gifts = [s.node for s in donor.spots if s.removable and isinstance(s.node, ast.If | ast.Assign | ast.AugAssign)]
    for spot in places.spots:
        if spot.removable and not isinstance(spot.node, ast.Expr):
            pairs.extend((spot, gift) for gift in gifts if _fits(gift, spot.bound, places.kinds.names))
    if not pairs:
        return False
    spot, gift_statement = rng.choice(pairs)
    spot.body.insert(spot.index, duplicate(gift_statement))
    return True


def _fits(node: ast.AST, bound: frozenset[str], known: dict[str, Kind]) -> bool:
    """Whether the other program binds every name that `node` reads, and knows every attribute of `self` in it."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name) and inner.id not in bound and inner.id not in BUILTINS:
            return isinstance(inner.ctx, ast.Store)
        if isinstance(inner, ast.Attribute):
            name = key(inner)
            if name is not None and name.startswith(INITIALISED) and name not in known:
                return False
        if isinstance(inner, ast.Return | ast.Break | ast.Continue) and inner is node:
            return False
    return True
