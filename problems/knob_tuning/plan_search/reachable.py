"""What is within reach: somebody who knows the simulator and how its coefficients are drawn, but not those of the job."""

from __future__ import annotations

import math
import random
from functools import cached_property
from typing import Any

import numpy as np

from evaluators.plan_search.simulator import Coefficients, costs
from evaluators.plan_search.space import Plan, Space
from evaluators.plan_search.verifier import PlanSearch, Search
from workbench.model import Instance

from . import instances as made

GUESSES = 256
"""Sets of coefficients that are drawn."""

WORDS = f"who knows the simulator and weighs {GUESSES} sets of coefficients by what was measured, but is not told those of the job"

_TIME_ERROR, _MEMORY_ERROR = 0.1, 0.05
"""How far guesses may be off, as standard deviations of logarithms: a few hundred of them are never quite right."""


def objective(instance: Instance) -> float:
    """Return what expected improvement over the guesses reaches on an instance."""
    return PlanSearch().run(instance, _Oracle(Search.from_data(instance.data).space, instance.id)).objective


class _Oracle:
    """A policy in this process."""

    def __init__(self, space: Space, id: str) -> None:
        self.space, self.id = space, id
        self.place = {tuple(space.plans.row(k).told().values()): k for k in range(len(space.plans.tensor))}

    @cached_property
    def guesses(self) -> tuple[Any, Any]:
        """Logarithms of seconds and of memory, by guess and plan."""
        rng = random.Random(f"reachable {self.id}")
        found = [
            costs(self.space, Coefficients(**{**made.coefficients(rng), "quirks": 0.0}), self.space.plans) for _ in range(GUESSES)
        ]
        return tuple(np.log(np.stack(rows)) for rows in zip(*found, strict=True))

    def __call__(self, space: Any, job: Any, cluster: Any, history: list[dict[str, Any]], seed: int) -> dict[str, Any]:
        """Return the plan with the greatest expected improvement that was not run yet."""
        seconds, memory = self.guesses
        limit = math.log(cluster["memory_gb"])
        score, known, least = np.zeros(GUESSES), [], math.inf
        for run in history:
            at = self.place[tuple(run["plan"].values())]
            known.append(at)
            if run["seconds"] is None:
                score += np.where(memory[:, at] > limit, 0.0, -3.0)
                continue
            least = min(least, math.log(run["seconds"]))
            score -= (seconds[:, at] - math.log(run["seconds"])) ** 2 / (2 * _TIME_ERROR**2)
            score -= (memory[:, at] - math.log(run["memory_gb"])) ** 2 / (2 * _MEMORY_ERROR**2)
        weight = np.exp(score - score.max())
        gain = np.where(memory <= limit, np.maximum(0.0, least - seconds), 0.0)
        value = weight @ gain
        value[known] = -1.0
        plan: Plan = self.space.plans.row(int(value.argmax()))
        return plan.told()

    def begin(self, *args: Any) -> None:
        """Refuse: the problem asks a function."""
        raise AssertionError(args)

    def call(self, method: str, *args: Any) -> Any:
        """Refuse: the problem asks a function."""
        raise AssertionError((method, args))
