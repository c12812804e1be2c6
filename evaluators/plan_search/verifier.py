"""Verifier for the search of a training plan: a policy suggests one plan after another and sees what each run took."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from evaluators.plan_search.simulator import Coefficients, Costs, costs, ideal_seconds, memory_gb
from evaluators.plan_search.space import Plan, Space
from workbench.errors import ProblemError
from workbench.model import Instance, Measurement, Reference
from workbench.protocols import Policy


class Run(NamedTuple):
    """True seconds of an iteration, peak memory of the fullest GPU in GB, and whether a GPU has that much."""

    seconds: float
    memory_gb: float
    fits: bool


@dataclass(frozen=True)
class Search:
    """A search for a plan: the job, what nobody is told, and the rules.

    Attributes
    ----------
    space
        Plans that the job allows.
    known
        Coefficients of the simulator, which the policy is not told.
    budget
        Number of runs.
    noise
        Standard deviation of the logarithm of a measured time.
    seed
        Random seed of the noise; also passed to the policy as its seed.
    """

    space: Space
    known: Coefficients
    budget: int
    noise: float
    seed: int

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Search:
        """Read an instance.

        Raises
        ------
        ProblemError
            It contradicts itself, or no plan that its start may be fits into memory.
        """
        if data["budget"] < 1 or data["noise"] < 0:
            raise ProblemError("plan search: a budget of at least one run and noise of at least 0 are needed")
        known = Coefficients.from_data(data["coefficients"])
        return cls(Space.from_data(data), known, data["budget"], data["noise"], data["seed"])

    def run(self, plan: Plan) -> Run:
        """Return what one plan takes."""
        found = self.costs(plan)
        memory = float(found.memory_gb[0])
        return Run(float(found.seconds[0]), memory, memory <= self.space.cluster.memory_gb)

    def costs(self, plan: Plan) -> Costs:
        """Return time and memory of one plan or of columns of plans."""
        return costs(self.space, self.known, plan)

    @cached_property
    def start(self) -> Plan:
        """The plan that is run before the search: of the careful ones, that with the least need of memory.

        Careful is who computes all again, one sequence at a time, and shards no more than the states of the optimizer.

        Raises
        ------
        ProblemError
            None of them fits.
        """
        plans = self.space.plans
        careful = (plans.recompute == 2) & (plans.micro_batch == 1) & (plans.chunks == 1)
        careful &= (plans.sharding <= 1) & (plans.tensor <= self.space.cluster.gpus_per_node)
        some = Plan(*(column[careful] for column in plans))
        memory = memory_gb(self.space, self.known, some) if len(some.tensor) else np.array([math.inf])
        at = int(memory.argmin())
        if memory[at] > self.space.cluster.memory_gb:
            raise ProblemError(f"plan search: no careful plan fits into {self.space.cluster.memory_gb} GB")
        return some.row(at)

    # ----------------------------------------------------------------------- arguments of the policy

    def space_told(self) -> dict[str, Any]:
        """Return the argument `space` of the policy."""
        return {name: list(values) for name, values in self.space.levels.items()}

    def job_told(self) -> dict[str, Any]:
        """Return the argument `job` of the policy."""
        return {**asdict(self.space.model), "batch": self.space.batch, "sequence": self.space.sequence, "budget": self.budget}

    def cluster_told(self) -> dict[str, Any]:
        """Return the argument `cluster` of the policy."""
        return asdict(self.space.cluster)


@dataclass(frozen=True)
class PlanSearch:
    """Verifier: simulates the runs that a policy asks for.

    `suggest(space, job, cluster, history, seed)` is called `budget` times. The history begins with the start. Each entry has the
    plan, its measured seconds (None if it ran out of memory) and the peak memory of a GPU (None likewise).
    """

    def run(self, instance: Instance, policy: Policy) -> Measurement:
        """Return the geometric mean over runs of the true time of the plan that was measured fastest, in percent of the ideal.

        Raises
        ------
        Infeasible
            An answer is not a plan that the job allows.
        """
        search = Search.from_data(instance.data)
        rng = random.Random(f"plan search {search.seed}")
        first = search.run(search.start)
        history = [_entry(search, search.start, first, rng)]
        least, holder = history[0]["seconds"], first.seconds
        ideal = ideal_seconds(search.space)
        held: list[float] = []
        failed, tried = 0, {tuple(search.start.told().values())}
        for run in range(1, search.budget + 1):
            told = [{**entry, "plan": dict(entry["plan"])} for entry in history]
            answer = policy(search.space_told(), search.job_told(), search.cluster_told(), told, search.seed)
            plan = search.space.check(answer, f"run {run}: the plan")
            tried.add(tuple(plan.told().values()))
            done = search.run(plan)
            entry = _entry(search, plan, done, rng)
            history.append(entry)
            if not done.fits:
                failed += 1
            elif entry["seconds"] < least:
                least, holder = entry["seconds"], done.seconds
            held.append(math.log(100 * holder / ideal))
        after = {f"after_{run}": math.exp(held[min(run, len(held)) - 1]) for run in (1, 4, 12)}
        return Measurement(
            math.exp(math.fsum(held) / len(held)),
            {**after, "out_of_memory": float(failed), "different": float(len(tried) - 1)},
        )

    def solve(self, instance: Instance) -> Reference:
        """Compute the reference: the fastest of all plans that fit, in percent of the ideal."""
        started = time.perf_counter()
        search = Search.from_data(instance.data)
        least = 100 * search.run(self.best(instance)).seconds / ideal_seconds(search.space)
        count = len(search.space.plans.tensor)
        return Reference(least, "optimal", f"all {count} plans simulated", round(time.perf_counter() - started, 3))

    def best(self, instance: Instance) -> Plan:
        """Return the fastest of all plans that fit."""
        search = Search.from_data(instance.data)
        plans = search.space.plans
        found = search.costs(plans)
        at = int(np.where(found.memory_gb <= search.space.cluster.memory_gb, found.seconds, math.inf).argmin())
        return plans.row(at)


def _entry(search: Search, plan: Plan, done: Run, rng: random.Random) -> dict[str, Any]:
    # Drawn in every run, so that the noise of a run does not depend on earlier plans.
    factor = math.exp(search.noise * rng.gauss(0, 1))
    if not done.fits:
        return {"plan": plan.told(), "seconds": None, "memory_gb": None}
    return {"plan": plan.told(), "seconds": done.seconds * factor, "memory_gb": round(done.memory_gb, 2)}
