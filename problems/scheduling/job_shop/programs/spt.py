"""SPT in non-delay schedules: the shortest operation first.

R. W. Conway, W. L. Maxwell, L. W. Miller, "Theory of Scheduling", Addison-Wesley (1967).
"""


def schedule(durations: list[list[int]], machines: list[list[int]]) -> list[int]:
    """Job indices by duration of the operation."""
    return dispatch(durations, machines, lambda row, k: row[k])


def dispatch(durations, machines, rule, active=False):
    """The operation that could end first names the machine; of those that wait there and could start first (active: could
    start before that end), the one with the least value of the rule goes next. Ties by index."""
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
        rivals = [j for j, start in starts.items() if start == least or (active and start < end)]
        job = min(rivals, key=lambda j: rule(durations[j], done[j]))
        ready[job] = free[machine] = starts[job] + durations[job][done[job]]
        done[job] += 1
        if done[job] == len(durations[job]):
            waiting.remove(job)
        order.append(job)
    return order
