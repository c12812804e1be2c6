"""Dispatching by a priority, least first; the priority starts as flow due date over work remaining (Sels et al. 2012)."""

# EVOLVE-BLOCK-START
# Constants that may be tuned: name and range.
TUNABLE = {"delay": (0.0, 1.0), "alpha": (0.0, 2.0)}
delay = 0.0  # how long a machine may wait for a better operation: 0 never, 1 until the first one there could end
alpha = 1.0


def priority(
    p: int, work: int, left: int, past: int, ready: int, start: int, next_p: int, load: int, next_load: int, mean_p: float
) -> float:
    """Priority of one of the operations that compete for a machine; the one with the least value goes next. All are numbers.

    p          duration of the operation
    work       durations of the job's operations from this one on
    left       number of the job's operations from this one on
    past       durations of the job's operations before this one
    ready      when the job's operation before this one ends
    start      when the operation could start
    next_p     duration of the job's next operation, 0 behind its last
    load       durations of all operations that wait for this machine
    next_load  durations of all operations that wait for the machine of the job's next operation, 0 behind its last
    mean_p     mean duration of all operations of the shop
    """
    return (past + alpha * p) / max(work, 1)


# EVOLVE-BLOCK-END


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
    work = [sum(row) for row in durations]
    total = sum(work)
    mean_p = total / max(sum([len(row) for row in durations]), 1)
    load: dict[int, int] = {}
    for row, route in zip(durations, machines, strict=True):
        for p, machine in zip(row, route, strict=True):
            load[machine] = load.get(machine, 0) + p
    free = dict.fromkeys(load, 0)  # when each machine is
    done = [0] * len(durations)
    past = [0] * len(durations)
    ready = [0] * len(durations)
    waiting = [j for j, row in enumerate(durations) if row]
    order = []
    while waiting:
        # The operation that could end first names the machine, and others there may go ahead of it.
        end = -1
        for j in waiting:
            k = done[j]
            start = max(ready[j], free[machines[j][k]])
            if end < 0 or start + durations[j][k] < end:
                machine, end = machines[j][k], start + durations[j][k]
        starts = {j: max(ready[j], free[machine]) for j in waiting if machines[j][done[j]] == machine}
        least = min(starts.values())
        # delay 0: only those that could start first (non-delay schedules); 1: all before that end (Giffler and Thompson 1960).
        limit = least + delay * (end - least)
        rivals = [j for j, start in starts.items() if start == least or start < limit]
        job = rivals[0]
        if len(rivals) > 1:
            values = []
            for j in rivals:
                k = done[j]
                row, left = durations[j], len(durations[j]) - k
                next_p = row[k + 1] if left > 1 else 0
                next_load = load[machines[j][k + 1]] if left > 1 else 0
                values.append(
                    priority(row[k], work[j], left, past[j], ready[j], starts[j], next_p, load[machine], next_load, mean_p)
                )
            job = rivals[values.index(min(values))]  # a tie goes to the lower index
        p = durations[job][done[job]]
        ready[job] = free[machine] = starts[job] + p
        work[job] -= p
        past[job] += p
        load[machine] -= p
        done[job] += 1
        if done[job] == len(durations[job]):
            waiting.remove(job)
        order.append(job)
    return order
