"""ATC in non-delay schedules: short operations first, the more so the less their job can still wait; k = 2.

A. P. J. Vepsalainen, T. E. Morton, "Priority rules for job shops with weighted tardiness costs", Management Science 33 (1987)
1035-1047. The makespan has no due dates: all jobs are due at a lower bound on it, and an operation as much earlier as its job has
work behind it.
"""

import math

K = 2.0


def schedule(durations: list[list[int]], machines: list[list[int]]) -> list[int]:
    """Job indices by exp(-slack / (K * mean duration)) / duration, highest first; its logarithm ranks alike."""
    load: dict[int, int] = {}
    for row, route in zip(durations, machines, strict=True):
        for p, machine in zip(row, route, strict=True):
            load[machine] = load.get(machine, 0) + p
    due = max(*load.values(), *(sum(row) for row in durations), 0)
    scale = K * sum(load.values()) / max(sum(len(row) for row in durations), 1) or 1.0
    return dispatch(durations, machines, lambda row, k, t: math.log(max(row[k], 0.5)) + max(due - sum(row[k:]) - t, 0) / scale)


def dispatch(durations, machines, rule):
    """The operation that could end first names the machine; of those that wait there and could start first, the one with the
    least value of the rule goes next. Ties by index."""
    done = [0] * len(durations)
    ready = [0] * len(durations)
    free = {machine: 0 for route in machines for machine in route}
    waiting = [j for j, row in enumerate(durations) if row]
    order = []
    while waiting:
        end = -1
        for j in waiting:
            k = done[j]
            start = max(ready[j], free[machines[j][k]])
            if end < 0 or start + durations[j][k] < end:
                machine, end = machines[j][k], start + durations[j][k]
        starts = {j: max(ready[j], free[machine]) for j in waiting if machines[j][done[j]] == machine}
        least = min(starts.values())
        job = min([j for j, t in starts.items() if t == least], key=lambda j: rule(durations[j], done[j], least))
        ready[job] = free[machine] = least + durations[job][done[job]]
        done[job] += 1
        if done[job] == len(durations[job]):
            waiting.remove(job)
        order.append(job)
    return order
