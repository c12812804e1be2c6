"""Mixed-integer model of 1||sum T_j by sequence positions: slow, and independent of all reasoning about dominance."""

from __future__ import annotations

from collections.abc import Sequence

import pulp


def positional_mip(processing: Sequence[int], due: Sequence[int], time_limit: float = 60.0) -> int:
    """Optimal total tardiness by PuLP's CBC; practical for a dozen jobs.

    x[j, k] = 1 puts job j at position k. The completion of position k is the work of positions 0..k, and the tardiness at k
    is its completion less the due date of the job there (Lasserre and Queyranne 1992).

    Raises
    ------
    TimeoutError
        When optimality is not proven within `time_limit` seconds.
    """
    jobs = range(len(processing))
    model = pulp.LpProblem("total_tardiness", pulp.LpMinimize)
    x = pulp.LpVariable.dicts("x", (jobs, jobs), cat=pulp.LpBinary)
    tardiness = pulp.LpVariable.dicts("T", jobs, lowBound=0)
    model += pulp.lpSum(tardiness.values())
    for j in jobs:
        model += pulp.lpSum(x[j].values()) == 1
        model += pulp.lpSum(x[i][j] for i in jobs) == 1
    for k in jobs:
        completion = pulp.lpSum(processing[j] * x[j][i] for j in jobs for i in range(k + 1))
        model += tardiness[k] >= completion - pulp.lpSum(due[j] * x[j][k] for j in jobs)
    model.solve(pulp.PULP_CBC_CMD(msg=False, timeLimit=time_limit, threads=1))
    if pulp.LpStatus[model.status] != "Optimal":
        raise TimeoutError(f"CBC ended with {pulp.LpStatus[model.status]!r} after at most {time_limit:g} s")
    optimum: float = pulp.value(model.objective)
    return round(optimum)
