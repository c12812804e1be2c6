"""A certificate for tests of what keeps and shows certificates."""

from __future__ import annotations

from typing import Any

from workbench.certificate import BaselineComparison, Certificate, Check, Finder, FinderKind, Opening, Seal, Verdict
from workbench.model import Candidate, Interval, Record, Split, Status
from workbench.options import RunOptions
from workbench.store import Judged, Store


def certificate(**changes: Any) -> Certificate:
    """One with everything in it; `changes` are fields of it."""
    fields: dict[str, Any] = {
        "verdict": Verdict.CERTIFIED,
        "reason": "better than every baseline",
        "problem": "x/y",
        "version": "v1",
        "isolation": "full",
        "gaps": {Split.VALIDATION: 0.25, Split.TEST: 0.5},
        "comparisons": (BaselineComparison("line", Split.TEST, Interval(-0.02, -0.03, -0.01), 0.975, Record(7, 3, 2), True),),
        "checks": (
            Check("growth", "growth", False, "growth: far too fast", {"sizes": [1, 2], "time": {"exponent": 1.5}}),
            Check("simplification", "simplification", True, "1 part can go", {"source": "def f(x, a):\n    return a"}),
        ),
        "seconds": 1.5,
        "opening": Opening(3, 10, False, True),
        "seen": "fresh stress was seen",
        "seal": Seal("x/y", "v1", "a" * 64, "b" * 64, "r:1", "c" * 64, "", "d" * 64),
        "disclosed": "one instance was known",
        "finder": Finder(FinderKind.MODEL, "some-model"),
        "starts": (BaselineComparison("seed", Split.TEST, Interval(-0.01, -0.03, 0.01), 0.975, Record(6, 1, 5), False, 0.2, 0.0),),
    }
    return Certificate(**(fields | changes))


def record(store: Store, judged: Judged) -> None:
    """Keep a program as the only attempt of its run."""
    assert judged.run is not None and judged.number is not None
    store.create_run(
        judged.run, problem=judged.problem, folder="/p", version=judged.version, options=RunOptions(), proposer="no LLM",
        isolation="full",
    )  # fmt: skip
    store.add_candidate(judged.run, Candidate(judged.number, Status.OK, judged.program, "seed", (), None, 0.5, {"f": 0.5}, (0.5,)))
