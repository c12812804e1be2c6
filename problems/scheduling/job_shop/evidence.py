"""Where a program's schedule differs from a better one that a search of a second finds, in words."""

import random

from evaluators.job_shop.search import tabu_search
from evaluators.job_shop.verifier import semi_active
from workbench.model import Instance

_LARGEST, _MOVES = 150, 250_000
"""Number of operations, and moves times operations of the search: about a second."""


def suits(instance: Instance) -> bool:
    """Whether there are few enough operations."""
    return sum(map(len, instance.data["durations"])) <= _LARGEST


def differences(instance: Instance, answer: list[int]) -> list[str]:
    """Compare an operation order with a better schedule: makespans, idle time of the busiest machine, two delayed operations."""
    durations, machines = instance.data["durations"], instance.data["machines"]
    operations = [(j, k) for j, row in enumerate(durations) for k in range(len(row))]
    reached, theirs = tabu_search(durations, machines, random.Random(0), _MOVES // len(operations), time_limit=1.0)
    ours = semi_active(answer, durations, machines)
    value = max(ours[j][k] + durations[j][k] for j, k in operations)
    if value <= reached:
        return []
    work = {m: sum(durations[j][k] for j, k in operations if machines[j][k] == m) for row in machines for m in row}
    busiest = max(work, key=lambda m: (work[m], m))
    on = [(j, k) for j, k in operations if machines[j][k] == busiest]
    idle = [max(s[j][k] + durations[j][k] for j, k in on) - work[busiest] for s in (theirs, ours)]
    places = [{op: i for i, op in enumerate(sorted(on, key=lambda o: s[o[0]][o[1]]), 1)} for s in (theirs, ours)]
    lines = [
        f"its makespan is {value} where {reached} is possible ({len(durations)} jobs, {len(work)} machines); until its last "
        f"operation ends, the machine with the most work ({work[busiest]}) is idle for {idle[0]} there, for {idle[1]} here"
    ]
    for j, k in sorted(on, key=lambda op: (places[0][op] - places[1][op], op))[:2]:
        if places[1][j, k] > places[0][j, k]:
            lines.append(
                f"on it, an operation after which its job has work {sum(durations[j][k + 1 :])} left (of {sum(durations[j])}) is "
                f"in place {places[0][j, k]}, at {theirs[j][k]}, there, in place {places[1][j, k]}, at {ours[j][k]}, here"
            )
    return lines
