"""Exact placement of experts for known tokens, as a mixed-integer programme for small layers (PuLP with CBC)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evaluators.eplb.bounds import clairvoyant
from evaluators.eplb.verifier import gpu_loads


@dataclass(frozen=True, slots=True)
class ExactPlacement:
    """Result of `placement_mip`: the busiest GPU's tokens, the expert of each slot, and whether the optimum is proven."""

    value: float
    slots: list[int]
    proven: bool


def placement_mip(load: Sequence[int], gpus: int, slots: int, time_limit: float = 60.0, gap: float = 0.0) -> ExactPlacement:
    """Minimise the busiest GPU's tokens over all legal placements of one layer.

    Variables: n[e, k] = 1 where expert e has k copies, x[e, k, g] = 1 where one of these k lies on GPU g (then n[e, k] = 1). An
    expert may have as many copies as GPUs, but no more than an optimal solution can use: all slots less one for each other
    expert.

    Parameters
    ----------
    load
        Tokens by expert.
    time_limit
        Seconds for CBC.
    gap
        Relative gap at which CBC may stop; the result then counts as unproven.
    """
    import pulp  # a solver: loaded only where one is asked for

    experts, size = range(len(load)), slots // gpus
    most = min(gpus, slots - len(load) + 1)
    greedy = max(gpu_loads(clairvoyant(load, gpus, slots), load, gpus))
    model = pulp.LpProblem("placement", pulp.LpMinimize)
    top = pulp.LpVariable("top", 0, greedy * (1 + 1e-9))
    pairs = [(e, k) for e in experts for k in range(1, most + 1)]
    n = {pair: pulp.LpVariable(f"n_{pair[0]}_{pair[1]}", cat="Binary") for pair in pairs}
    x = {(e, k, g): pulp.LpVariable(f"x_{e}_{k}_{g}", cat="Binary") for e, k in pairs for g in range(gpus)}
    model += top
    for e in experts:
        model += pulp.lpSum(n[e, k] for k in range(1, most + 1)) == 1
    for e, k in pairs:
        model += pulp.lpSum(x[e, k, g] for g in range(gpus)) == k * n[e, k]
        for g in range(gpus):
            model += x[e, k, g] <= n[e, k]
    for g in range(gpus):
        model += pulp.lpSum(x[e, k, g] for e, k in pairs) == size
        model += pulp.lpSum(load[e] / k * x[e, k, g] for e, k in pairs) <= top
    status = model.solve(pulp.PULP_CBC_CMD(msg=False, timeLimit=time_limit, gapRel=gap, threads=1))
    placed = [e for g in range(gpus) for e, k in pairs if (x[e, k, g].value() or 0) > 0.5]
    found = model.sol_status in (pulp.LpSolutionOptimal, pulp.LpSolutionIntegerFeasible)
    if not found or len(placed) != slots:  # out of time without a placement (CBC then reports a fractional one)
        return ExactPlacement(greedy, clairvoyant(load, gpus, slots), False)
    proven = status == pulp.LpStatusOptimal and model.sol_status == pulp.LpSolutionOptimal and gap == 0
    return ExactPlacement(max(gpu_loads(placed, load, gpus)), placed, proven)
