"""Minimum KV-cache pressure: exact by bin packing with CP-SAT, heuristic by local search, and brute force."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from time import process_time
from typing import Any, Literal

from evaluators.own_process import call_ortools
from evaluators.prism.anneal import anneal
from evaluators.prism.verifier import Cluster
from workbench.errors import ProblemError
from workbench.model import Instance, Reference

_TOO_MANY = 20_000
"""Maximum number of models times GPUs for CP-SAT; beyond it, building the model takes too long."""
_PROPOSALS = 600_000
"""Effort of the annealing where nothing is proven, about half a second."""


@dataclass(frozen=True, slots=True)
class PlacementResult:
    """Result of the solver.

    Attributes
    ----------
    value
        Largest KVPR of `gpu_of`, times the cluster's `unit`; exact.
    bound
        Proven lower bound in the same units; equal to `value` if the status is `optimal`.
    gpu_of
        GPU of each model.
    status
        `optimal` (proven) or `best_known` (not proven within the limits).
    questions
        Number of CP-SAT calls.
    """

    value: Fraction
    bound: Fraction
    gpu_of: tuple[int, ...]
    status: Literal["optimal", "best_known"]
    questions: int


def solve(instance: Instance, time_limit: float = 12.0) -> Reference:
    """Compute the reference of one instance by `least_pressure`, and by annealing where that proves no optimum."""
    began = process_time()
    cluster = Cluster.from_data(instance.data)
    result = least_pressure(cluster, time_limit)
    value, solver = result.value, f"local search + CP-SAT {_version()}"
    if result.status != "optimal":
        if start := search(cluster, random.Random(0), tries=4):
            value = min(value, cluster.pressure(anneal(cluster, start, _PROPOSALS, random.Random(1))))
        solver += f" + annealing; at least {float(result.bound / cluster.unit):.6g} is proven"
    status: Literal["optimal", "best_known"] = "optimal" if value <= result.bound else "best_known"
    return Reference(float(value / cluster.unit), status, solver, round(process_time() - began, 3))


def least_pressure(cluster: Cluster, time_limit: float = 12.0) -> PlacementResult:
    """Minimise the largest KVPR.

    A GPU satisfies load / (memory - size) < T exactly if load + T * size < T * memory: for fixed T, this is a bin packing
    problem with one weight per model. CP-SAT searches for a placement strictly better than the incumbent, in integers, so
    that infeasibility is an exact proof. If it is undecided, bisection between the balanced spread and the incumbent improves
    the bound.

    Raises
    ------
    ProblemError
        No placement leaves memory on every GPU, or none was found in time.
    """
    deadline = process_time() + time_limit
    best = search(cluster, random.Random(0), tries=max(4, min(100, 10_000 // len(cluster.sizes))))
    low, questions = cluster.balanced(), 0
    if best is None:
        questions += 1
        verdict, best = call_ortools(_packing, cluster, None, deadline - process_time())
        if best is None:
            raise ProblemError(f"model placement: no placement {'exists' if verdict == 'no' else 'was found in time'}")
    high = cluster.pressure(best)
    if high > low and len(cluster.sizes) * cluster.gpus > _TOO_MANY:
        return PlacementResult(high, low, tuple(best), "best_known", questions)
    while high > low:
        questions += 1
        verdict, found = call_ortools(_packing, cluster, high, 0.7 * (deadline - process_time()))
        if found is not None:
            best, high = found, cluster.pressure(found)
        elif verdict == "no":
            return PlacementResult(high, high, tuple(best), "optimal", questions)
        else:
            break
    while high > low and process_time() < deadline and high - low > high / 1000:
        target = (low + high) / 2
        questions += 1
        verdict, found = call_ortools(_packing, cluster, target.limit_denominator(10**6), (deadline - process_time()) / 2)
        if found is not None:
            best, high = found, cluster.pressure(found)
        elif verdict == "no":
            low = target.limit_denominator(10**6)
        else:
            break
    return PlacementResult(high, min(low, high), tuple(best), "optimal" if high <= low else "best_known", questions)


def search(cluster: Cluster, rng: random.Random, tries: int) -> list[int] | None:
    """Find a good placement heuristically: `tries` packed and greedy starts, improved by moves and swaps from the worst GPU."""
    n = range(len(cluster.sizes))
    best: list[int] | None = None
    value: Fraction | None = None
    for attempt in range(tries):
        if attempt % 3 == 0:
            start = _multifit(cluster, rng, 0.0 if attempt == 0 else 0.1)
        else:
            blur = 0.0 if attempt < 3 else 0.3
            key = cluster.loads if attempt % 3 == 1 else cluster.sizes
            start = _greedy(cluster, sorted(n, key=lambda m: -key[m] * (1 + blur * rng.random())))
        if start is None:
            continue
        gpu_of = _descend(cluster, start)
        reached = cluster.pressure(gpu_of)
        if value is None or reached < value:
            best, value = gpu_of, reached
    return best


def brute_force(cluster: Cluster) -> Fraction | None:
    """Return the minimum of the largest KVPR over all placements, times `unit`; None if none is legal. For up to 8 models."""
    best: Fraction | None = None
    for gpu_of in itertools.product(range(cluster.gpus), repeat=len(cluster.sizes)):
        if max(cluster.totals(gpu_of)[0]) < cluster.memory:
            value = cluster.pressure(gpu_of)
            best = value if best is None else min(best, value)
    return best


def _greedy(cluster: Cluster, order: Sequence[int]) -> list[int] | None:
    used, load = [0] * cluster.gpus, [0] * cluster.gpus
    gpu_of = [0] * len(order)
    for m in order:
        s, d = cluster.sizes[m], cluster.loads[m]
        fits = [g for g in range(cluster.gpus) if used[g] + s < cluster.memory]
        if not fits:
            return None
        gpu = min(fits, key=lambda g: (load[g] + d) / (cluster.memory - used[g] - s))
        gpu_of[m] = gpu
        used[gpu] += s
        load[gpu] += d
    return gpu_of


def _multifit(cluster: Cluster, rng: random.Random, blur: float) -> list[int] | None:
    # First fit of load + T * size into bins of T * memory, with bisection of T between the balanced spread and eight times that.
    n = range(len(cluster.sizes))
    noise = [1 + blur * rng.random() for _ in n]
    low = float(cluster.balanced())
    high, best = 8 * low, None
    for step in range(16):
        target = high if step == 0 else (low + high) / 2
        used, load, gpu_of = [0] * cluster.gpus, [0] * cluster.gpus, [0] * len(n)
        for m in sorted(n, key=lambda m: -(cluster.loads[m] + target * cluster.sizes[m]) * noise[m]):
            s, d = cluster.sizes[m], cluster.loads[m]
            fits = (g for g in range(cluster.gpus) if load[g] + d <= target * (cluster.memory - used[g] - s))
            gpu = next((g for g in fits if used[g] + s < cluster.memory), None)
            if gpu is None:
                low = target
                break
            gpu_of[m] = gpu
            used[gpu] += s
            load[gpu] += d
        else:
            best, high = gpu_of, target
    return best


def _descend(cluster: Cluster, gpu_of: list[int]) -> list[int]:
    # Moves from, and swaps with, the GPU of largest pressure while both GPUs end below it.
    used, load = cluster.totals(gpu_of)
    memory, on = cluster.memory, [[m for m, g in enumerate(gpu_of) if g == gpu] for gpu in range(cluster.gpus)]

    def after(gpu: int, out: int | None, into: int | None) -> float:
        s, d = used[gpu], load[gpu]
        if out is not None:
            s, d = s - cluster.sizes[out], d - cluster.loads[out]
        if into is not None:
            s, d = s + cluster.sizes[into], d + cluster.loads[into]
        return d / (memory - s) if s < memory else float("inf")

    while True:
        worst = max(range(cluster.gpus), key=lambda g: load[g] / (memory - used[g]))
        limit = load[worst] / (memory - used[worst])
        step = min(
            (
                (max(after(worst, a, b), after(gpu, b, a)), gpu, a, b)
                for gpu in range(cluster.gpus)
                if gpu != worst
                for a in on[worst]
                for b in (None, *on[gpu])
            ),
            key=lambda s: s[0],
            default=None,
        )
        if step is None or step[0] >= limit * (1 - 1e-12):
            break
        _, gpu, a, b = step
        for m, source, target in ((a, worst, gpu), (b, gpu, worst)):
            if m is not None:
                on[source].remove(m)
                on[target].append(m)
                used[source] -= cluster.sizes[m]
                used[target] += cluster.sizes[m]
                load[source] -= cluster.loads[m]
                load[target] += cluster.loads[m]
    for gpu, models in enumerate(on):
        for m in models:
            gpu_of[m] = gpu
    return gpu_of


def _packing(cluster: Cluster, below: Fraction | None, seconds: float) -> tuple[Literal["yes", "no", "unknown"], list[int] | None]:
    """Find a placement with every KVPR (times `unit`) strictly below `below`, or any legal one if `below` is None."""
    from ortools.sat.python import cp_model

    model: Any = cp_model.CpModel()
    order = sorted(range(len(cluster.sizes)), key=lambda m: (-cluster.loads[m] * cluster.sizes[m], m))
    x: dict[tuple[int, int], Any] = {}
    for rank, m in enumerate(order):
        # Symmetry breaking, as GPUs are identical: the first model goes to GPU 0, the second to 0 or 1, and so on.
        choices = [model.new_bool_var(f"x{m}_{g}") for g in range(min(cluster.gpus, rank + 1))]
        model.add_exactly_one(choices)
        x.update({(m, g): choice for g, choice in enumerate(choices)})
    for g in range(cluster.gpus):
        here = [(m, x[m, g]) for m in order if (m, g) in x]
        model.add(sum(cluster.sizes[m] * var for m, var in here) <= cluster.memory - 1)
        if below is not None:
            # load < below * (memory - size), with below = a / b.
            a, b = below.numerator, below.denominator
            model.add(sum((b * cluster.loads[m] + a * cluster.sizes[m]) * var for m, var in here) <= a * cluster.memory - 1)
    solver: Any = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 0
    # Deterministic time, about seconds: the result does not depend on the machine's load.
    solver.parameters.max_deterministic_time = max(0.01, seconds)
    status = solver.solve(model)
    if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return "yes", [next(g for g in range(cluster.gpus) if (m, g) in x and solver.value(x[m, g])) for m in range(len(order))]
    return ("no", None) if status == cp_model.INFEASIBLE else ("unknown", None)


def _version() -> str:
    from importlib.metadata import version

    return version("ortools")
