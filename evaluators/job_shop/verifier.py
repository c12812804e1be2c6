"""Verifier of job-shop orders: turns an order of operations into a schedule, and checks that schedule by the definition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from workbench.checks import integers
from workbench.errors import Infeasible
from workbench.model import Instance, Measurement
from workbench.protocols import Policy

Matrix = Sequence[Sequence[int]]
"""A number by job and operation; jobs may have different numbers of operations."""


def semi_active(order: Sequence[int], durations: Matrix, machines: Matrix) -> list[list[int]]:
    """Start times when operations begin as early as they can, one after the other in the given order.

    Parameters
    ----------
    order
        Job indices; the k-th mention of a job is its k-th operation.
    durations, machines
        By job and operation.

    Returns
    -------
    list of list of int
        Start by job and operation, as far as `order` goes.
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
    """Check a schedule against the definition and return its makespan, whoever made it and however.

    Raises
    ------
    Infeasible
        When an operation is missing, begins before time 0 or before the one ahead of it in its job ends, or when two
        operations overlap on a machine.
    """
    if [len(row) for row in starts] != [len(row) for row in durations]:
        raise Infeasible("the schedule does not give each operation of each job a start")
    busy: dict[int, list[tuple[int, int]]] = {}
    for job, row in enumerate(starts):
        end = 0
        for k, start in enumerate(row):
            if start < end:
                raise Infeasible(f"operation {k} of job {job} starts at {start}, before {end}")
            end = start + durations[job][k]
            busy.setdefault(machines[job][k], []).append((start, end))
    for machine, spans in busy.items():
        spans.sort()
        for (_, end), (start, _) in pairwise(spans):
            if start < end:
                raise Infeasible(f"machine {machine} works on two operations at {start}")
    return max(end for spans in busy.values() for _, end in spans)


def trivial_bound(durations: Matrix, machines: Matrix) -> int:
    """Lower bound on the makespan: the longest job, or a machine's work with the least head before and least tail behind it."""
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
    """One call with durations and machines, one answer: the order of operations as a list of job indices."""

    def run(self, instance: Instance, policy: Policy) -> Measurement:
        """Ask for the order of one instance, make the schedule and check it.

        Returns
        -------
        Measurement
            Makespan; metrics `machine_idle` (share of machine time up to the makespan) and `over_bound` (makespan over the
            trivial bound).

        Raises
        ------
        Infeasible
            When the answer is not a list that mentions each job as often as it has operations.
        """
        durations: list[list[int]] = instance.data["durations"]
        machines: list[list[int]] = instance.data["machines"]
        # Copies: a policy in the same process must not be able to change the instance.
        answer = policy([list(row) for row in durations], [list(row) for row in machines])
        total = sum(len(row) for row in durations)
        order = integers(answer, "the order", total, 0, len(durations) - 1)
        for job, row in enumerate(durations):
            if (count := order.count(job)) != len(row):
                raise Infeasible(f"the order must mention job {job} {len(row)} times, once an operation, and does so {count} times")
        makespan = check_schedule(semi_active(order, durations, machines), durations, machines)
        used = len({machine for route in machines for machine in route})
        idle = 1 - sum(map(sum, durations)) / (used * makespan)
        return Measurement(float(makespan), {"machine_idle": idle, "over_bound": makespan / trivial_bound(durations, machines)})
