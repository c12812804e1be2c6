"""Tunes the constants that a program declares, with Optuna: the search changes its structure, this module its numbers."""

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
"""What the sampler is given for a failed evaluation: both samplers rank, so any number above every gap will do."""

_DIGITS = 6

_quiet = threading.Lock()


@dataclass(frozen=True, slots=True)
class Tuned:
    """What tuning found.

    Attributes
    ----------
    program
        The best program; the one that was given, unchanged, where no trial was better.
    gap
        Its train gap; infinite where every trial failed.
    trials
        Sets of constants that were tried, the program's own included.
    values
        The tuned constants as they stand in `program`.
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
    """Search the constants in a program's `TUNABLE` table for the lowest gap.

    CMA-ES, started at the program's own values, where all are floats; TPE where some are integers. The program as it is
    comes first, then its values clipped to the declared bounds where they lie outside. Floats are written with six
    significant digits, and what is evaluated is what is written. The same arguments give the same result.

    Parameters
    ----------
    evaluate
        Train gap of a program: lower is better, infinite or NaN for a failure.
    trials
        How many sets of constants to try, the program's own included; values seen before count, but are not evaluated again.
    stop
        Asked before every trial but the first; tuning ends with what it has when it says so.

    Raises
    ------
    UsageError
        When `trials` is not positive.
    Rejected
        When the program cannot be parsed.
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
        done += not (first and known)  # the sampler is given the program's own values, which were counted
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
    # Rounding may step over a bound by less than the last digit.
    return min(bounds[1], max(bounds[0], float(f"{value:.{_DIGITS}g}")))


def _finite(gap: float) -> float:
    return math.inf if math.isnan(gap) else gap


@contextmanager
def _silenced_optuna() -> Iterator[Any]:
    """Import Optuna (a second, so only when needed) and keep its log and warnings to itself for a while.

    Its verbosity and Python's warning filters belong to the whole process; one at a time may change them.
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
