"""Upper bound on the mean credit: every workflow has all replicas for itself."""

from __future__ import annotations

import time

from evaluators.agent_dag.workload import Workflow, Workload
from workbench.model import Instance, Reference


def solve(instance: Instance) -> Reference:
    """Compute the reference of one instance.

    Whatever else runs, a prompt takes as long as alone and a token of an answer at least as long, so no call ends
    sooner than alone on the replica that is best for it, and no stage sooner than the longest of its calls.
    """
    started = time.perf_counter()
    workload = Workload.from_data(instance.data)
    credits = [min(1.0, workflow.promise_s / least_s(workload, workflow)) for workflow in workload.workflows]
    value = 100 * sum(credits) / len(credits)
    return Reference(value, "bound", "every call alone on its best replica", round(time.perf_counter() - started, 3))


def least_s(workload: Workload, workflow: Workflow) -> float:
    """Return a lower bound on the time from arrival to the end of a workflow, in seconds."""
    return sum(
        max(min(machine.alone_s(call.prompt, call.output) for machine in workload.replicas) for call in stage)
        for stage in workflow.stages
    )
