"""Small expressions that operators insert into programs."""

from __future__ import annotations

import ast
import copy
import math
import random
from typing import TypeVar

from workbench.proposers.operators.kinds import Kind
from workbench.proposers.operators.places import Places, Slot

Node = TypeVar("Node", bound=ast.AST)

COEFFICIENTS = (0.1, 0.2, 0.5, 1.0, 1.0, 2.0, -0.1, -0.5, -1.0)
"""Initial weights of new terms; the operator on constants refines them."""

FACTORS = (0.5, 0.8, 0.9, 1.1, 1.2, 1.5, 2)
"""Factors for an existing expression."""

_COMPARISONS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)


def number(value: float) -> ast.expr:
    """A numeric literal, a negative one as Python parses it."""
    node: ast.expr = ast.Constant(abs(value))
    return ast.UnaryOp(ast.USub(), node) if value < 0 else node


def rounded(value: float, digits: int = 3) -> float:
    """`value` rounded to a few significant digits and whole numbers to integers, so that programs stay readable."""
    if value == 0 or not math.isfinite(value):
        return 0
    new = round(value, digits - 1 - math.floor(math.log10(abs(value))))
    return int(new) if new == int(new) and abs(new) < 1e9 else new


def name(text: str) -> ast.expr:
    """The expression for a key (see `kinds.key`)."""
    return ast.Name(text, ast.Load()) if text.isidentifier() else ast.parse(text, mode="eval").body


def binary(left: ast.expr, operator: ast.operator, right: ast.expr) -> ast.expr:
    """`left operator right`; `protect` makes divisions safe."""
    return ast.BinOp(left, operator, right)


def call(function: str, *arguments: ast.expr) -> ast.expr:
    """`function(*arguments)`."""
    return ast.Call(ast.Name(function, ast.Load()), list(arguments), [])


def pick_name(places: Places, kind: Kind, bound: frozenset[str], rng: random.Random) -> str | None:
    """A key of one kind that can be read here, a feature in three cases of four."""
    features, others = places.names(kind, bound)
    pool = features if features and (not others or rng.random() < 0.75) else others
    return rng.choice(pool) if pool else None


def feature(places: Places, bound: frozenset[str], rng: random.Random) -> ast.expr | None:
    """A number that can be read here, None where there is none."""
    text = pick_name(places, Kind.NUMBER, bound, rng)
    return None if text is None else name(text)


def term(places: Places, bound: frozenset[str], rng: random.Random) -> ast.expr | None:
    """A numeric expression of one or two features: f, f+g, f-g, f*g, f/g, max(f-g, 0), min(f, g)."""
    first, second = feature(places, bound, rng), feature(places, bound, rng)
    if first is None or second is None:
        return None
    shape = rng.random()
    if shape < 0.42:
        return first
    if ast.dump(first) == ast.dump(second):
        return first if shape < 0.9 else binary(first, ast.Mult(), second)
    if shape < 0.6:
        return binary(first, ast.Add(), second)
    if shape < 0.74:
        return binary(first, ast.Sub(), second)
    if shape < 0.81:
        return call("max", binary(first, ast.Sub(), second), number(0))
    if shape < 0.86:
        return call(rng.choice(("min", "max")), first, second)
    if shape < 0.95:
        return ratio(first, second)
    return binary(first, ast.Mult(), second)


def ratio(above: ast.expr, below: ast.expr) -> ast.expr:
    """`above / (abs(below) + 1)`, which is defined for every value of `below`."""
    return binary(above, ast.Div(), binary(call("abs", below), ast.Add(), number(1)))


def weighted(node: ast.expr, rng: random.Random) -> ast.expr:
    """`c * node` with a random weight c; `node` itself where c is 1."""
    weight = rng.choice(COEFFICIENTS)
    return node if weight == 1 else binary(number(weight), ast.Mult(), node)


def plus(node: ast.expr, added: ast.expr, rng: random.Random) -> ast.expr:
    """`node + c * added` with a random weight c; a minus sign where it is negative."""
    weight = rng.choice(COEFFICIENTS)
    scaled = added if abs(weight) == 1 else binary(number(abs(weight)), ast.Mult(), added)
    return binary(node, ast.Add() if weight > 0 else ast.Sub(), scaled)


def condition(places: Places, bound: frozenset[str], rng: random.Random) -> ast.expr | None:
    """A truth value that can be read here, or a comparison of two numeric terms."""
    truth = pick_name(places, Kind.TRUTH, bound, rng)
    if truth is not None and rng.random() < 0.3:
        node = name(truth)
        return node if rng.random() < 0.7 else ast.UnaryOp(ast.Not(), node)
    left, right = feature(places, bound, rng), term(places, bound, rng)
    if left is None or right is None:
        return None
    if ast.dump(left) == ast.dump(right):
        right = number(rng.choice((0, 0.5, 1, 2, 10)))
    elif rng.random() < 0.5:
        right = weighted(right, rng)
    return ast.Compare(left, [rng.choice(_COMPARISONS)()], [right])


def duplicate(node: Node) -> Node:
    """A deep copy, so that changing one leaves the other as it is."""
    return copy.deepcopy(node)


def pick(slots: list[Slot], rng: random.Random) -> Slot | None:
    """A random place; whole values of statements are preferred in two cases of five."""
    if not slots:
        return None
    whole = [s for s in slots if s.root]
    return rng.choice(whole if whole and rng.random() < 0.4 else slots)
