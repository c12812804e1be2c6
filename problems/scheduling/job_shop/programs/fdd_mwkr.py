"""FDD/MWKR in non-delay schedules: least flow due date over work remaining first.

V. Sels, N. Gheysen, M. Vanhoucke, "A comparison of priority rules for the job shop scheduling problem under different flow
time- and tardiness-related objective functions", International Journal of Production Research 50 (2012) 4255-4270.
"""


def schedule(durations: list[list[int]], machines: list[list[int]]) -> list[int]:
    """Job indices by the job's durations up to this operation over those from it on."""
    return dispatch(durations, machines, lambda row, k: sum(row[: k + 1]) / max(sum(row[k:]), 1))


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
