"""The whole program may change: the best of three rules, then swaps on the critical path while they help."""


# EVOLVE-BLOCK-START
def schedule(durations: list[list[int]], machines: list[list[int]]) -> list[int]:
    """Order the operations of a job shop so that all jobs are done as early as possible.

    Each job is a chain of operations; each operation takes its machine for its duration, without interruption. A machine
    works on one operation at a time. The order that is returned makes the schedule: one after the other, operations start
    as early as their job and their machine are free.

    Parameters
    ----------
    durations
        By job: the duration of each of its operations, in time units (0 or more).
    machines
        By job: the machine of each of its operations, numbered from 0. A job may come back to a machine.

    Returns
    -------
    list[int]
        Job indices, each as often as the job has operations; the k-th mention of a job is its k-th operation.

    Examples
    --------
    >>> schedule([[3, 2], [2, 4]], [[0, 1], [1, 0]])  # job 0: 0-3 on machine 0, 3-5 on 1; job 1: 0-2 on 1, 3-7 on 0
    [1, 0, 0, 1]
    """
    rules = (
        lambda row, k: -sum(row[k:]),
        lambda row, k: k - len(row),
        lambda row, k: sum(row[: k + 1]) / max(sum(row[k:]), 1),
    )
    orders = [dispatch(durations, machines, rule) for rule in rules]
    order = min(orders, key=lambda order: makespan(order, durations, machines))
    return swap_critical(order, durations, machines)


def dispatch(durations, machines, rule):
    """Non-delay schedule: of the operations that could start first on a machine, the one with the least value goes next."""
    done = [0] * len(durations)
    ready = [0] * len(durations)
    free = {machine: 0 for route in machines for machine in route}
    waiting = [j for j, row in enumerate(durations) if row]
    order = []
    while waiting:
        start = [max(ready[j], free[machines[j][done[j]]]) for j in waiting]
        least = min(start)
        j = min([j for j, t in zip(waiting, start, strict=True) if t == least], key=lambda j: rule(durations[j], done[j]))
        ready[j] = free[machines[j][done[j]]] = least + durations[j][done[j]]
        done[j] += 1
        if done[j] == len(durations[j]):
            waiting.remove(j)
        order.append(j)
    return order


def makespan(order, durations, machines):
    """When the last operation ends."""
    return max([end for _, end, _, _ in timed(order, durations, machines)])


def timed(order, durations, machines):
    """By place in the order: start, end, place of the job's operation before, place of the machine's before (-1: none)."""
    rows, last_of_job, last_on_machine, done = [], {}, {}, [0] * len(durations)
    for place, j in enumerate(order):
        machine = machines[j][done[j]]
        a, b = last_of_job.get(j, -1), last_on_machine.get(machine, -1)
        start = max(rows[a][1] if a >= 0 else 0, rows[b][1] if b >= 0 else 0)
        rows.append((start, start + durations[j][done[j]], a, b))
        last_of_job[j] = last_on_machine[machine] = place
        done[j] += 1
    return rows


def swap_critical(order, durations, machines, looks=60):
    """Swap two operations that follow each other on a machine and on the longest path, if all is then done sooner."""
    best = makespan(order, durations, machines)
    improved = True
    while improved:
        improved = False
        rows = timed(order, durations, machines)
        place = max(range(len(rows)), key=lambda i: rows[i][1])
        pairs = []
        while place >= 0 and rows[place][0] > 0:
            start, _, a, b = rows[place]
            if b >= 0 and rows[b][1] == start and b != a:
                pairs.append((b, place))
                place = b
            else:
                place = a
        for b, place in pairs:
            looks -= 1
            if looks < 0:
                return order
            if order[place] in order[b:place]:  # an operation of its job lies between: it cannot go ahead of that
                continue
            # Everything between the two stays between them, behind what was the second.
            changed = [*order[:b], order[place], *order[b:place], *order[place + 1 :]]
            value = makespan(changed, durations, machines)
            if value < best:
                order, best, improved = changed, value, True
                break
    return order


# EVOLVE-BLOCK-END
