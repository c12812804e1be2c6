"""Results by instance as columns: what programs have in common stands together, and what follows from the rest is left out."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Self

from workbench.model import InstanceResult, Status

_WHOLE = 2.0**53
"""Floats below it that are whole numbers are written without a fraction."""


class Frame(NamedTuple):
    """What the results of all programs on a split have in common: instances, their classes and references."""

    ids: list[str]
    families: list[str]
    references: list[float | None]

    def places(self) -> dict[tuple[str, str, float | None], int]:
        """Where each instance stands."""
        return {instance: k for k, instance in enumerate(zip(*self, strict=True))}

    def to_text(self) -> bytes:
        """Serialize."""
        return _json([self.ids, self.families, _slim(self.references)])

    @classmethod
    def from_text(cls, text: bytes) -> Self:
        """Return a frame from its text."""
        ids, families, references = json.loads(text)
        return cls(ids, families, _full(references))

    @classmethod
    def of(cls, results: Sequence[InstanceResult]) -> Self:
        """Return the frame of some results."""
        return cls([r.id for r in results], [r.family for r in results], [r.reference for r in results])

    def part(self, places: Sequence[int]) -> Self:
        """Return some of the instances, in the order given."""
        ids, families, references = self
        return type(self)([ids[k] for k in places], [families[k] for k in places], [references[k] for k in places])


def to_columns(results: Sequence[InstanceResult]) -> bytes:
    """Serialize results without their frame; `from_columns` returns them as they were, with seconds to the microsecond."""
    units = _units(results)
    statuses, messages = [r.status.value for r in results], [r.message for r in results]
    names = list(results[0].metrics) if results else []
    alike = all(list(r.metrics) == names for r in results)
    metrics = [[name, _slim([r.metrics[name] for r in results])] for name in names] if alike else [dict(r.metrics) for r in results]
    return _json(
        [
            list(units.values()),
            _slim([r.gap for r in results if units[r.family] is None]),
            statuses if set(statuses) != {Status.OK.value} else None,
            messages if any(messages) else None,
            _slim([r.objective for r in results]),
            alike,
            metrics,
            [round(r.seconds * 1e6) for r in results],
        ]
    )


def from_columns(text: bytes, frame: Frame) -> tuple[InstanceResult, ...]:
    """Return results from their columns and their frame."""
    units, gaps, statuses, messages, objectives, alike, metrics, micros = json.loads(text)
    objectives = _full(objectives)
    if alike:
        values = [_full(column) for _, column in metrics]
        names = [name for name, _ in metrics]
        metrics = [dict(zip(names, row, strict=True)) for row in zip(*values, strict=True)] if names else [{} for _ in frame.ids]
    return tuple(
        InstanceResult(
            frame.ids[k], frame.families[k], Status(statuses[k]) if statuses else Status.OK, gap, objectives[k],
            frame.references[k], metrics[k], messages[k] if messages else "", micros[k] / 1e6,
        )
        for k, gap in enumerate(_gaps(frame, units, gaps, objectives))
    )  # fmt: skip


def gaps_of(text: bytes, frame: Frame) -> tuple[float, ...]:
    """Return the gaps alone."""
    units, gaps, _, _, objectives, *_ = json.loads(text)
    return tuple(_gaps(frame, units, gaps, _full(objectives)))


def _gaps(frame: Frame, units: list[float | None], gaps: Any, objectives: list[Any]) -> Iterator[float]:
    unit_of, rest = dict(zip(dict.fromkeys(frame.families), units, strict=True)), iter(_full(gaps))
    for family, reference, objective in zip(frame.families, frame.references, objectives, strict=True):
        unit = unit_of[family]
        yield next(rest) if unit is None else _gap(objective, reference, unit)


def _units(results: Sequence[InstanceResult]) -> dict[str, float | None]:
    """By class, what turns all its differences from the reference into its gaps, bit by bit; None where nothing does."""
    by_family: dict[str, list[InstanceResult]] = defaultdict(list)
    for result in results:
        by_family[result.family].append(result)
    return {family: _unit(members) for family, members in by_family.items()}


def _unit(members: Sequence[InstanceResult]) -> float | None:
    rows = [(r.objective, r.reference, r.gap) for r in members if r.objective is not None and r.reference is not None]
    if len(rows) < len(members) or not all(math.isfinite(x) for row in rows for x in row):
        return None
    objective, reference, gap = max(rows, key=lambda row: abs(row[2]))
    guess = (objective - reference) / gap if gap else 1.0
    for unit in (guess, math.nextafter(guess, math.inf), math.nextafter(guess, -math.inf)):
        if unit and math.isfinite(unit) and all(_gap(o, r, unit) == g for o, r, g in rows):
            return unit
    return None


def _gap(objective: Any, reference: Any, unit: float) -> float:
    return float((objective - reference) / unit + 0.0)  # no negative zero


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def _slim(column: list[Any]) -> list[Any] | dict[str, list[int]]:
    """A column of floats that are all whole numbers, without their `.0`; any other as it is."""
    if column and all(type(x) is float and x.is_integer() and abs(x) < _WHOLE and (x or math.copysign(1, x) > 0) for x in column):
        return {"whole": [int(x) for x in column]}
    return column


def _full(column: Any) -> list[Any]:
    return [float(x) for x in column["whole"]] if isinstance(column, dict) else column
