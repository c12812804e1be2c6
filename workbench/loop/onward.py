"""Going on at the harder tier of a problem once a run has reached every optimum of train."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from workbench.loop.budget import spent_before
from workbench.loop.endings import solver_of
from workbench.model import Program
from workbench.options import RunOptions
from workbench.problem.catalog import LoadedProblem
from workbench.store import Outcome, Store

_ELSEWHERE = ("agents", "replay:")
"""Proposers whose answers belong to one run: whoever proposes asks for the next one."""


@dataclass(frozen=True, slots=True)
class Onward:
    """The run that follows.

    Attributes
    ----------
    loaded
        The problem at its harder tier.
    options
        With what is left of the budgets.
    carried
        Program that solved the tier before, and its name.
    """

    loaded: LoadedProblem
    options: RunOptions
    carried: tuple[str, Program]


def onward(loaded: LoadedProblem, options: RunOptions, runs: Path, ended: Outcome) -> Onward | None:
    """Return the run that follows one that has ended; None if nothing harder, or no budget, is left."""
    harder = loaded.harder
    if harder is None or ended.status != "done" or options.proposer.startswith(_ELSEWHERE):
        return None
    with Store(runs, write=False) as store:
        solver = solver_of(loaded, store.candidates(ended.run))
        spent = spent_before(store, ended.run, options)
    if solver is None or solver.program is None:
        return None
    attempts = options.candidates - ended.attempts
    left = {"max_usd": spent.dollars, "max_tokens": spent.tokens_in + spent.tokens_out, "max_seconds": ended.seconds}
    budgets = {name: limit - left[name] for name in left if (limit := getattr(options, name)) is not None}
    if attempts < 1 or any(value <= 0 for value in budgets.values()):
        return None
    rest = replace(options, candidates=attempts, **budgets)
    return Onward(harder, rest, (f"candidate {solver.number} of {ended.run}", solver.program))
