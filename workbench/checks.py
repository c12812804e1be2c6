"""Validation of raw decisions: each function returns a valid value or raises `Infeasible` with the reason."""

from __future__ import annotations

import math
from typing import Any

from workbench.errors import Infeasible

_SHOWN = 40  # characters of a refused text that a message quotes


def describe(value: Any) -> str:
    """Describe a refused value briefly, at bounded cost and in plain ASCII.

    Containers are described by size, never printed: they may be nested too deeply for `repr`. Integers beyond 64 bits are
    described by their bit length: Python refuses to print integers of several thousand digits.
    """
    if value is None or isinstance(value, bool):
        return repr(value)
    if isinstance(value, int):
        return str(value) if value.bit_length() <= 64 else f"an integer of {value.bit_length()} bits"
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, str):
        return ascii(value) if len(value) <= _SHOWN else f"a text of {len(value)} characters ({value[:_SHOWN]!a}...)"
    if isinstance(value, list | tuple | dict):
        unit = "entry" if len(value) == 1 else "entries"
        return f"a {type(value).__name__} of {len(value)} {unit}"
    return f"a value of type {type(value).__name__}"


def integer(value: Any, what: str, low: int | None = None, high: int | None = None) -> int:
    """Check that `value` is an int (not a bool, not a float) with `low <= value <= high`.

    Parameters
    ----------
    what
        Name of the value in the message, e.g. "order[3]".
    low, high
        Inclusive limits; None leaves that side open.

    Raises
    ------
    Infeasible
        With the rule and the offending value.
    """
    if type(value) is not int:
        raise Infeasible(f"{what} must be an int, got {_typed(value)}")
    _within(value, what, low, high)
    return value


def number(value: Any, what: str, low: float | None = None, high: float | None = None) -> float:
    """Check that `value` is a finite int or float (not a bool) with `low <= value <= high`, and return it as a float.

    Raises
    ------
    Infeasible
        With the rule and the offending value.
    """
    if type(value) is not int and type(value) is not float:
        raise Infeasible(f"{what} must be a number, got {_typed(value)}")
    try:
        as_float = float(value)
    except OverflowError:
        raise Infeasible(f"{what} must be a finite number, got {describe(value)}") from None
    if not math.isfinite(as_float):
        raise Infeasible(f"{what} must be a finite number, got {describe(value)}")
    _within(value, what, low, high)
    return as_float


def boolean(value: Any, what: str) -> bool:
    """Check that `value` is True or False.

    Raises
    ------
    Infeasible
        With the rule and the offending value.
    """
    if type(value) is not bool:
        raise Infeasible(f"{what} must be True or False, got {_typed(value)}")
    return value


def sequence(value: Any, what: str, length: int | None = None, at_most: int | None = None) -> list[Any]:
    """Check that `value` is a list of exactly `length`, or of at most `at_most`, entries; the entries are not checked.

    Raises
    ------
    Infeasible
        With the rule and the offending value.
    """
    if type(value) is not list:
        raise Infeasible(f"{what} must be a list, got {_typed(value)}")
    if length is not None and len(value) != length:
        raise Infeasible(f"{what} must have {length} {'entry' if length == 1 else 'entries'}, got {len(value)}")
    if at_most is not None and len(value) > at_most:
        raise Infeasible(f"{what} may have at most {at_most} entries, got {len(value)}")
    return value


def integers(value: Any, what: str, length: int, low: int | None = None, high: int | None = None) -> list[int]:
    """Check that `value` is a list of `length` ints, each with `low <= entry <= high`.

    Raises
    ------
    Infeasible
        With the rule and the first offending entry.
    """
    return [integer(entry, f"{what}[{i}]", low, high) for i, entry in enumerate(sequence(value, what, length))]


def numbers(value: Any, what: str, length: int, low: float | None = None, high: float | None = None) -> list[float]:
    """Check that `value` is a list of `length` finite numbers, each with `low <= entry <= high`.

    Raises
    ------
    Infeasible
        With the rule and the first offending entry.
    """
    return [number(entry, f"{what}[{i}]", low, high) for i, entry in enumerate(sequence(value, what, length))]


def permutation(value: Any, n: int, what: str) -> list[int]:
    """Check that `value` is a permutation of 0, 1, ..., n-1.

    Raises
    ------
    Infeasible
        With the rule and the first offending entry; for a repeated entry also with an entry that is missing.
    """
    entries = integers(value, what, n, 0, n - 1)
    seen: dict[int, int] = {}
    for i, entry in enumerate(entries):
        if entry in seen:
            missing = min(set(range(n)).difference(entries))
            twice = f"{entry} is at positions {seen[entry]} and {i}, {missing} is missing"
            raise Infeasible(f"{what} must contain each of 0..{n - 1} exactly once: {twice}")
        seen[entry] = i
    return entries


def _typed(value: Any) -> str:
    kind = type(value).__name__
    shown = describe(value)
    return shown if value is None or kind in shown else f"the {kind} {shown}"


def _within(value: float, what: str, low: float | None, high: float | None) -> None:
    # Python compares an int of any size with a float exactly, so nothing overflows here.
    if (low is not None and value < low) or (high is not None and value > high):
        if low is None:
            rule = f"at most {high}"
        elif high is None:
            rule = f"at least {low}"
        else:
            rule = f"in {low}..{high}"
        raise Infeasible(f"{what} must be {rule}, got {describe(value)}")
