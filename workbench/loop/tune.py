"""Tuning of the constants that a program declares, with Optuna."""

from __future__ import annotations

import math
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from workbench.errors import UsageError
from workbench.model import Program
from workbench.program.tunables import current, declared, with_constants

__all__ = ["Tuned", "declared", "tune", "with_constants"]

_FAILED = 1e12
"""Value reported to the sampler for a failed evaluation. Both samplers use ranks, so any number above all gaps is right."""

_DIGITS = 6

_quiet = threading.Lock()


@dataclass(frozen=True, slots=True)
class Tuned:
    """Result of a tuning.

    Attributes
    ----------
    program
        The best program; the given one, unchanged, if no trial was better.
    gap
        Its train gap; infinite if every trial failed.
    trials
        Number of sets of constants tried, the program's own included.
    values
        The tuned constants, as written in `program`.
    """

    program: Program
    gap: float
    trials: int
    values: Mapping[str, float] = field(default_factory=dict)


def tune(
    program: Program,
    evaluate: Callable[[Program], float],
    *,
    trials: int,
    seed: int,
    stop: Callable[[], bool] = lambda: False,
) -> Tuned:
    """Tune the constants in a program's `TUNABLE` table for the lowest gap.

    CMA-ES, started at the program's own values, if all are floats; TPE if some are integers. The first trial is the program
    as given; values outside the declared bounds are clipped in the second. Floats are rounded to six significant digits
    before evaluation. The same arguments give the same result.

    Parameters
    ----------
    evaluate
        Function that returns the train gap of a program; infinite or NaN for a failure.
    trials
        Number of sets of constants to try, the program's own included; repeated sets count but are not evaluated again.
    stop
        Called before every trial but the first; tuning ends with the best so far when it returns True.

    Raises
    ------
    UsageError
        `trials` is not positive.
    Rejected
        The program cannot be parsed.
    """
    if trials < 1:
        raise UsageError(f"tuning needs at least one trial, not {trials}")
    bounds = declared(program)
    now = current(program)
    own = {name: now[name] for name in bounds}
    gap = _finite(evaluate(program))
    best = Tuned(program, gap, 1, own)
    if not bounds or trials == 1:
        return best
    seen = {tuple(own.values()): gap}
    done = 1
    with _silenced_optuna() as optuna:
        study = _study(optuna, bounds, own, seed)
        space = _space(optuna, bounds)
    first = True
    while done < trials and not stop():
        with _silenced_optuna():
            trial = study.ask(space)
        values = {name: _written(trial.params[name], bounds[name]) for name in bounds}
        place = tuple(values.values())
        known = place in seen
        if not known:
            seen[place] = _finite(evaluate(with_constants(program, values)))
        with _silenced_optuna():
            study.tell(trial, min(seen[place], _FAILED))
        if seen[place] < best.gap:
            best = Tuned(with_constants(program, values), seen[place], done, values)
        done += not (first and known)  # the sampler starts with the program's own values, which are already counted
        first = False
    return replace(best, trials=done)


def _study(optuna: Any, bounds: Mapping[str, tuple[float, float]], own: Mapping[str, float], seed: int) -> Any:
    start = {name: min(high, max(low, own[name])) for name, (low, high) in bounds.items()}
    if any(_whole(b) for b in bounds.values()):
        sampler = optuna.samplers.TPESampler(seed=seed, multivariate=True)
    else:
        sampler = optuna.samplers.CmaEsSampler(x0=start, seed=seed, warn_independent_sampling=False)
    study = optuna.create_study(sampler=sampler)
    study.enqueue_trial(start)
    return study


def _space(optuna: Any, bounds: Mapping[str, tuple[float, float]]) -> dict[str, Any]:
    make = optuna.distributions
    return {
        name: make.IntDistribution(low, high) if _whole((low, high)) else make.FloatDistribution(low, high)
        for name, (low, high) in bounds.items()
    }


def _whole(bounds: tuple[float, float]) -> bool:
    return all(isinstance(b, int) for b in bounds)


def _written(value: float, bounds: tuple[float, float]) -> float:
    if _whole(bounds):
        return int(value)
    # Rounding may exceed a bound.
    return min(bounds[1], max(bounds[0], float(f"{value:.{_DIGITS}g}")))


def _finite(gap: float) -> float:
    return math.inf if math.isnan(gap) else gap


@contextmanager
def _silenced_optuna() -> Iterator[Any]:
    """Import Optuna (takes a second, so only when needed), with its log and warnings silenced.

    Verbosity and warning filters are global to the process, so a lock guards them.
    """
    import optuna

    with _quiet, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # multivariate TPE is marked experimental, x0 as deprecated from Optuna 6 on
        level = optuna.logging.get_verbosity()
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        try:
            yield optuna
        finally:
            optuna.logging.set_verbosity(level)
