"""Tunable constants of a program, read and written in its source without running it."""

from __future__ import annotations

import ast
import math
import random
from collections.abc import Mapping
from typing import NamedTuple

from workbench.errors import UsageError
from workbench.model import Program
from workbench.program.edits import Edit, Positions, Span, apply
from workbench.program.source import parse

DECLARATION = "TUNABLE"
"""Name of the table in which a program declares its tunable constants."""


class _Literal(NamedTuple):
    """A numeric literal: value and position."""

    value: float
    span: Span


def declared(program: Program) -> dict[str, tuple[float, float]]:
    """Return the bounds of tunable constants, from the program's `TUNABLE = {"alpha": (0.0, 2.0)}`.

    Invalid entries are ignored: bounds must be two finite numbers, the lower one first, and a module-level statement like
    `alpha = 0.5` must assign a number to the name. A faulty table does not invalidate a working program. If there are
    several tables, the last one counts.

    Returns
    -------
    dict[str, tuple[float, float]]
        Lower and upper bound by name, in the table's order. Both are `int` if the table's bounds and the constant are.

    Raises
    ------
    Rejected
        The program cannot be parsed.
    """
    if DECLARATION not in program.source:
        return {}
    tree = parse(program.source)
    numbers = _literals(tree, program.source)
    table: ast.expr | None = None
    for statement in tree.body:
        target, value = _assigned(statement)
        table = value if target == DECLARATION else table
    try:
        entries = ast.literal_eval(table) if table is not None else {}
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return {}
    if not isinstance(entries, dict):
        return {}
    found: dict[str, tuple[float, float]] = {}
    for name, bounds in entries.items():
        if name not in numbers or not isinstance(bounds, tuple | list) or len(bounds) != 2:
            continue
        low, high = bounds
        if _finite(low) and _finite(high) and low < high:
            whole = isinstance(low, int) and isinstance(high, int) and isinstance(numbers[name].value, int)
            found[name] = (low, high) if whole else (float(low), float(high))
    return found


def current(program: Program) -> dict[str, float]:
    """Return the values of all module-level numeric constants, declared or not."""
    return {name: literal.value for name, literal in _literals(parse(program.source), program.source).items()}


def with_constants(program: Program, values: Mapping[str, float]) -> Program:
    """Return the program with other numbers in module-level assignments like `alpha = 0.5`; all other bytes are preserved.

    If a name is assigned several times, the last assignment is changed.

    Raises
    ------
    UsageError
        No module-level statement assigns a number to a name, or a value is not finite.
    Rejected
        The program cannot be parsed.
    """
    literals = _literals(parse(program.source), program.source)
    changes = []
    for name in values:
        if name not in literals:
            raise UsageError(f"the program has no module-level constant {name!r}; write `{name} = <number>` at its top level")
        if not _finite(values[name]):
            raise UsageError(f"the constant {name!r} must be a finite number, got {values[name]!r}")
        changes.append(Edit(literals[name].span, repr(values[name])))
    return Program(apply(program.source, changes), program.entry)


def perturbed(program: Program, rng: random.Random, step: float = 0.15) -> Program | None:
    """Return the program with one declared constant changed within its bounds; None if it declares none.

    The change is normal with standard deviation `step`, relative to the range; with probability 0.2 the value is uniform.
    """
    bounds = declared(program)
    if not bounds:
        return None
    values = current(program)
    name = rng.choice(list(bounds))
    low, high = bounds[name]
    new = rng.uniform(low, high) if rng.random() < 0.2 else rng.gauss(values[name], step * (high - low))
    new = min(high, max(low, new))
    whole = isinstance(low, int) and isinstance(high, int)
    return with_constants(program, {name: round(new) if whole else float(f"{new:.4g}")})


def value_of(node: ast.expr) -> float | None:
    """Return the value of a numeric literal, with its sign; None for any other expression."""
    sign = 1
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node, sign = node.operand, -1
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        return sign * node.value
    return None


def _finite(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _assigned(statement: ast.stmt) -> tuple[str, ast.expr | None]:
    """Return name and value of `name = value` or `name: type = value`."""
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1 and isinstance(statement.targets[0], ast.Name):
        return statement.targets[0].id, statement.value
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        return statement.target.id, statement.value
    return "", None


def _literals(tree: ast.Module, source: str) -> dict[str, _Literal]:
    positions = Positions(source)
    found = {}
    for statement in tree.body:
        name, node = _assigned(statement)
        value = None if node is None else value_of(node)
        if node is not None and value is not None and math.isfinite(value):
            found[name] = _Literal(value, positions.span(node))
    return found
