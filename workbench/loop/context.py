"""The context of a run in its process, and what the run has recorded before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from workbench.evaluation.jobs import Executor
from workbench.loop.stress_gate import Gate
from workbench.model import Candidate
from workbench.options import RunOptions
from workbench.problem.catalog import LoadedProblem
from workbench.store import ModelCall, Store


@dataclass(frozen=True, slots=True)
class RunContext:
    """A run, its problem and options, and where it is recorded and evaluated.

    Attributes
    ----------
    run
        ID of the run, which this process owns in `store`.
    gate
        The robustness filter, which candidates better than their parent must pass; None without one.
    adviser
        Tells how incumbents do on fresh instances of the robustness classes, and refuses nothing; None without one.
    """

    run: str
    loaded: LoadedProblem
    options: RunOptions
    store: Store
    pool: Executor
    gate: Gate | None = None
    adviser: Gate | None = None


@dataclass(frozen=True, slots=True)
class History:
    """What a run has recorded when it starts or is resumed: initial programs and earlier attempts.

    Attributes
    ----------
    candidates
        In the order in which they were recorded, initial programs first.
    fingerprints
        Fingerprints of their programs, by number.
    turns
        Number of answers processed so far.
    active_seconds
        Running time so far.
    costs
        Dollars and seconds of the attempts so far, by number.
    answers
        Paid model calls whose attempts were not recorded when the run was killed.
    """

    candidates: Sequence[Candidate]
    fingerprints: Mapping[int, str] = field(default_factory=dict)
    turns: int = 0
    active_seconds: float = 0.0
    answers: Sequence[ModelCall] = ()
    costs: Mapping[int, tuple[float, float]] = field(default_factory=dict)
