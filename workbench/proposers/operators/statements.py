"""Operators on statements: insert a guard or an assignment, delete, duplicate, exchange."""

from __future__ import annotations

import ast
import random

from workbench.program.evolving import is_text, walk
from workbench.program.names import ENDS, Definition
from workbench.proposers.operators.decisions import branch, returned
from workbench.proposers.operators.kinds import Kind
from workbench.proposers.operators.places import Places, Slot, Spot
from workbench.proposers.operators.terms import FACTORS, call, condition, duplicate, name, number, term, weighted


def rearrange(places: Places, rng: random.Random) -> bool:
    """Insert, delete, duplicate or exchange a statement, or make a returned value conditional."""
    if not places.spots:
        return False
    shape = rng.random()
    if shape < 0.25:
        return guard(places, rng)
    if shape < 0.45:
        return adjust(places, rng)
    if shape < 0.6:
        return branch(places, rng)
    if shape < 0.8:
        return delete(places, rng)
    return exchange(places, rng)


def guard(places: Places, rng: random.Random) -> bool:
    """Insert `if test: return other` before a statement; `other` is a variation of what a later `return` gives."""
    values = {id(s.holder): s for s in places.slots if s.root and isinstance(s.holder, ast.Return)}
    guarded = [(spot, found) for spot in places.spots if (found := _returned_after(spot, values)) is not None and _insertable(spot)]
    if not guarded:
        return False
    spot, value = rng.choice(guarded)
    here = Slot(value.holder, value.name, value.index, value.kind, spot.bound, True)
    test, other = condition(places, spot.bound, rng), returned(here, places, rng)
    if test is None or other is None:
        return False
    spot.body.insert(spot.index, ast.If(test, [ast.Return(other)], []))
    return True


def _returned_after(spot: Spot, values: dict[int, Slot]) -> Slot | None:
    for statement in spot.body[spot.index :]:
        if isinstance(statement, Definition):
            continue
        for node in walk([statement]):
            if id(node) in values:
                return values[id(node)]
    return None


def _insertable(spot: Spot) -> bool:
    return not (spot.index == 0 and is_text(spot.node))


def adjust(places: Places, rng: random.Random) -> bool:
    """Insert `x += c*f`, `x *= c` or `x = max(x, f)` for a numeric local variable, half the time under a condition."""
    spots = [s for s in places.spots if s.removable and _insertable(s)]
    if not spots:
        return False
    spot = rng.choice(spots)
    features, others = places.names(Kind.NUMBER, spot.bound)
    local = [n for n in [*features, *others] if n.isidentifier() and n not in places.shared]
    added = term(places, spot.bound, rng)
    if not local or added is None:
        return False
    target = rng.choice(local)
    shape = rng.random()
    statement: ast.stmt
    if shape < 0.5:
        statement = ast.AugAssign(ast.Name(target, ast.Store()), ast.Add(), weighted(added, rng))
    elif shape < 0.75:
        statement = ast.AugAssign(ast.Name(target, ast.Store()), ast.Mult(), number(rng.choice(FACTORS)))
    else:
        statement = ast.Assign([ast.Name(target, ast.Store())], call(rng.choice(("max", "min")), name(target), added), lineno=0)
    test = condition(places, spot.bound, rng) if rng.random() < 0.5 else None
    spot.body.insert(spot.index, statement if test is None else ast.If(test, [statement], []))
    return True


def delete(places: Places, rng: random.Random) -> bool:
    """Delete a statement, or replace an `if` by one of its branches."""
    spots = [s for s in places.spots if s.removable and _removable(s)]
    if not spots:
        return False
    spot = rng.choice(spots)
    node = spot.node
    if isinstance(node, ast.If):
        kept = rng.choice([node.body, node.orelse])
        if isinstance(kept[-1] if kept else None, ENDS):
            del spot.body[spot.index + 1 :]  # it would never be reached
        spot.body[spot.index : spot.index + 1] = kept
        return bool(spot.body)
    del spot.body[spot.index]
    return True


def _removable(spot: Spot) -> bool:
    node = spot.node
    if isinstance(node, ast.If):
        return len(spot.body) > 1 or bool(node.orelse)
    return isinstance(node, ast.Assign | ast.AugAssign | ast.For | ast.Expr) and not is_text(node) and len(spot.body) > 1


def exchange(places: Places, rng: random.Random) -> bool:
    """Exchange the branches of an `if` or two neighbouring statements, or duplicate an assignment."""
    spots = [s for s in places.spots if s.removable]
    forks = [s.node for s in spots if isinstance(s.node, ast.If) and s.node.orelse]
    if forks and rng.random() < 0.5:
        fork = rng.choice(forks)
        if isinstance(fork, ast.If):
            fork.body, fork.orelse = fork.orelse, fork.body
        return True
    assignments = [s for s in spots if isinstance(s.node, ast.Assign | ast.AugAssign | ast.If)]
    if not assignments:
        return False
    spot = rng.choice(assignments)
    following = spot.body[spot.index + 1 : spot.index + 2]
    if following and isinstance(following[0], ast.Assign | ast.AugAssign | ast.If):
        spot.body[spot.index : spot.index + 2] = [following[0], spot.node]
        return True
    if isinstance(spot.node, ast.AugAssign):
        spot.body.insert(spot.index, duplicate(spot.node))
        return True
    return False
