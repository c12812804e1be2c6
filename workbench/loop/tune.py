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
_IDLE = 0.02
_TRIALS_EACH = 4
"""Trials per constant from which on one is spent on each, to see whether it matters."""

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
    before, own
        Train gap and constants of the given program.
    idle
        Constants that could have kept their values: together with the other tuned ones, their own value costs less than 2 % of
        the improvement. Not judged (empty) if there were too few trials.
    """

    program: Program
    gap: float
    trials: int
    values: Mapping[str, float] = field(default_factory=dict)
    before: float = math.inf
    own: Mapping[str, float] = field(default_factory=dict)
    idle: tuple[str, ...] = ()


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
    best = Tuned(program, gap, 1, own, gap, own)
    if not bounds or trials == 1:
        return best
    seen = {tuple(own.values()): gap}
    done, judged = 1, len(bounds) if trials >= _TRIALS_EACH * len(bounds) else 0

    def gap_at(values: Mapping[str, float]) -> float:
        place = tuple(values.values())
        if place not in seen:
            seen[place] = _finite(evaluate(with_constants(program, values)))
        return seen[place]

    with _silenced_optuna() as optuna:
        study = _study(optuna, bounds, own, seed)
        space = _space(optuna, bounds)
    first = True
    while done < trials - judged and not stop():
        with _silenced_optuna():
            trial = study.ask(space)
        values = {name: _written(trial.params[name], bounds[name]) for name in bounds}
        known = tuple(values.values()) in seen
        found = gap_at(values)
        with _silenced_optuna():
            study.tell(trial, min(found, _FAILED))
        if found < best.gap:
            best = replace(best, program=with_constants(program, values), gap=found, values=values)
        done += not (first and known)  # the sampler starts with the program's own values, which are already counted
        first = False
    idle = []
    if judged and best.gap < gap:
        for name in bounds:
            if stop():
                break
            done += 1
            low, high = bounds[name]
            former = min(high, max(low, own[name]))
            without = {**best.values, name: former}
            if (found := gap_at(without)) - best.gap < _IDLE * (gap - best.gap):
                idle.append(name)
            if found <= best.gap:  # it keeps the value that a person chose
                best = replace(best, program=with_constants(program, without), gap=found, values=without)
    return replace(best, trials=done, idle=tuple(idle))


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
