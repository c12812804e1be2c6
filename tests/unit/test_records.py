"""What the store hands out are records: no dict of anything, no row of the database, and nothing that can be changed."""

from __future__ import annotations

import dataclasses
import inspect
import json
import typing
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.big_store import TOY, fill
from tests.unit.certified import certificate
from workbench import store as room
from workbench.certificate import Certificate, Check, evidence_hash
from workbench.problem import catalog
from workbench.store import Ledger, Reader, Store, outcome


def public(kind: type) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Methods and functions that a caller may use."""
    for name, member in inspect.getmembers(kind, inspect.isfunction):
        if not name.startswith("_"):
            yield f"{kind.__name__}.{name}", member


def parts(annotation: Any) -> Iterator[Any]:
    """A type with all that it is made of: `dict[str, list[int]]` has dict, str, list and int."""
    yield typing.get_origin(annotation) or annotation
    for inner in typing.get_args(annotation):
        yield from parts(inner)


@pytest.mark.parametrize(("name", "method"), [*public(Store), *public(Ledger), *public(Reader), ("outcome", outcome)])
def test_every_type_that_goes_in_or_comes_out_has_a_name(name: str, method: Callable[..., Any]) -> None:
    hints = typing.get_type_hints(method)
    assert "return" in hints
    for what, hint in hints.items():
        loose = {part for part in parts(hint) if part is Any or getattr(part, "__module__", "") == "sqlite3"}
        assert not loose, f"{what} of {name} is {hint}"


def test_records_are_frozen_and_documented() -> None:
    records = [kind for name in room.__all__ if isinstance(kind := getattr(room, name), type) and not issubclass(kind, Store)]
    assert len(records) > 15
    for kind in records:
        assert kind.__doc__ and not kind.__doc__.startswith(f"{kind.__name__}("), kind
        if not issubclass(kind, tuple):
            assert dataclasses.is_dataclass(kind) and kind.__dataclass_params__.frozen and hasattr(kind, "__slots__"), kind  # type: ignore[attr-defined]


def test_methods_return_what_their_types_say(tmp_path: Path) -> None:
    run = fill(tmp_path, catalog.load(TOY), 30)
    with Reader(tmp_path) as reader:
        mark, best = reader.mark(run), reader.best(run)
        assert best
        made: dict[type, Sequence[object]] = {
            room.Run: [reader.run(run)],
            room.RunSummary: [*reader.runs(), reader.summary(run)],
            room.AttemptSummary: reader.attempts(run),
            room.Attempt: [reader.attempt(run, best.number), *reader.ancestors(run, best.number)],
            room.ModelCall: reader.calls(run),
            room.Spending: [reader.spending(run)],
            room.Point: reader.points(run, mark),
            room.PaidCall: reader.paid_calls(run),
            room.Size: reader.sizes(run, mark),
            room.FailureGroup: reader.failures(run),
            room.DailySpending: reader.spent(),
            room.Outcome: [outcome(reader, run)],
        }
        for kind, found in made.items():
            assert found and all(type(one) is kind for one in found), kind
        attempt = reader.attempt(run, best.number)
        assert attempt and attempt.gap == best.gap and attempt.source.startswith("def f(")
        point = next(p for p in reader.points(run, mark) if p.number == best.number)
        assert (point.parent, point.gap) == (attempt.parent, attempt.gap) and attempt.parent is not None


def test_an_outcome_prints_what_scripts_rely_on(tmp_path: Path) -> None:
    run = fill(tmp_path, catalog.load(TOY), 30)
    with Reader(tmp_path) as reader:
        found = outcome(reader, run)
    assert found.best
    assert found.to_json() == {
        "run": run, "problem": "tests/curve", "status": "done",
        "best": {"candidate": found.best.number, "train": {"gap": found.best.train},
                 "validation": {"gap": found.best.validation}},
        "candidates": 30, "valid": found.valid, "seconds": found.seconds, "cost_usd": found.cost_usd, "isolation": "full",
    }  # fmt: skip


def test_a_certificate_is_the_same_after_json_and_anything_else_is_refused() -> None:
    whole, bare = certificate(), certificate(opening=None, seen="", comparisons=(), checks=(), gaps={})
    for made in (whole, bare):
        assert Certificate.from_json(made.to_json()) == made
    numbered = certificate(checks=(Check("growth", "growth", True, "", {"by size": {10: 1.0, 9: 2}, "sizes": (1, 2)}),))
    assert evidence_hash(numbered.to_json()) == evidence_hash(json.loads(json.dumps(numbered.to_json())))
    assert whole.simplified == "def f(x, a):\n    return a" and bare.simplified == ""
    wrong: tuple[dict[str, Any], ...] = ({"verdict": "splendid"}, {"checks": [{}]}, {"gaps": None}, {"comparisons": [1]})
    for change in wrong:
        with pytest.raises(ValueError):
            Certificate.from_json(whole.to_json() | change)
    with pytest.raises(ValueError, match="lacks 'reason'"):
        Certificate.from_json({name: value for name, value in whole.to_json().items() if name != "reason"})
