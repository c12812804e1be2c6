"""Verifier for job-shop scheduling: builds the schedule of an operation order and checks it by definition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from workbench.checks import integers
from workbench.errors import Infeasible
from workbench.model import Instance, Measurement
from workbench.protocols import Policy

Matrix = Sequence[Sequence[int]]
"""Numbers by job and operation; jobs may have different numbers of operations."""


def semi_active(order: Sequence[int], durations: Matrix, machines: Matrix) -> list[list[int]]:
    """Return the semi-active schedule of an operation order: each operation starts as early as possible, in this order.

    Parameters
    ----------
    order
        Job indices; the k-th occurrence of a job is its k-th operation.
    durations, machines
        By job and operation.

    Returns
    -------
    list of list of int
        Start times by job and operation, for the operations in `order`.
    """
    starts: list[list[int]] = [[] for _ in durations]
    job_free = [0] * len(durations)
    machine_free: dict[int, int] = {}
    for job in order:
        k = len(starts[job])
        machine = machines[job][k]
        start = max(job_free[job], machine_free.get(machine, 0))
        starts[job].append(start)
        job_free[job] = machine_free[machine] = start + durations[job][k]
    return starts


def check_schedule(starts: Matrix, durations: Matrix, machines: Matrix) -> int:
    """Check any schedule against the definition and return its makespan.

    Raises
    ------
    Infeasible
        An operation is missing, starts before time 0 or before its job predecessor ends, or two operations overlap on a
        machine.
    """
    if [len(row) for row in starts] != [len(row) for row in durations]:
        raise Infeasible("the schedule must have a start for each operation of each job")
    busy: dict[int, list[tuple[int, int]]] = {}
    for job, row in enumerate(starts):
        end = 0
        for k, start in enumerate(row):
            if start < end:
                raise Infeasible(f"operation {k} of job {job} starts at {start}; it must not start before {end}")
            end = start + durations[job][k]
            busy.setdefault(machines[job][k], []).append((start, end))
    for machine, spans in busy.items():
        spans.sort()
        for (_, end), (start, _) in pairwise(spans):
            if start < end:
                raise Infeasible(f"machine {machine} has two operations at time {start}")
    return max(end for spans in busy.values() for _, end in spans)


def trivial_bound(durations: Matrix, machines: Matrix) -> int:
    """Return a lower bound on the makespan: the longest job, or a machine's work plus its smallest head and smallest tail."""
    work: dict[int, int] = {}
    head: dict[int, int] = {}
    tail: dict[int, int] = {}
    for row, route in zip(durations, machines, strict=True):
        before, total = 0, sum(row)
        for duration, machine in zip(row, route, strict=True):
            work[machine] = work.get(machine, 0) + duration
            head[machine] = min(head.get(machine, before), before)
            before += duration
            tail[machine] = min(tail.get(machine, total - before), total - before)
    return max(max(sum(row) for row in durations), *(head[m] + work[m] + tail[m] for m in work))


@dataclass(frozen=True, slots=True)
class JobShopVerifier:
    """Verifier for job-shop scheduling. The policy is called once and returns the operation order as a list of job indices."""

    def run(self, instance: Instance, policy: Policy) -> Measurement:
        """Request an operation order, build its schedule and check it.

        Returns
        -------
        Measurement
            Makespan; metrics `machine_idle` (idle share of machine time until the makespan) and `over_bound` (makespan divided by
            the trivial bound).

        Raises
        ------
        Infeasible
            The answer is not a list that contains each job as often as it has operations.
        """
        durations: list[list[int]] = instance.data["durations"]
        machines: list[list[int]] = instance.data["machines"]
        # Copies: a policy in the same process must not be able to modify the instance.
        answer = policy([list(row) for row in durations], [list(row) for row in machines])
        total = sum(len(row) for row in durations)
        order = integers(answer, "the order", total, 0, len(durations) - 1)
        for job, row in enumerate(durations):
            if (count := order.count(job)) != len(row):
                raise Infeasible(f"the order must contain job {job} {len(row)} times, once per operation, got {count}")
        makespan = check_schedule(semi_active(order, durations, machines), durations, machines)
        used = len({machine for route in machines for machine in route})
        idle = 1 - sum(map(sum, durations)) / (used * makespan)
        return Measurement(float(makespan), {"machine_idle": idle, "over_bound": makespan / trivial_bound(durations, machines)})
