"""Workloads of agents: workflows of calls to a language model in stages, promised times, and the credit of a run."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from evaluators.agent_dag.machine import Machine
from workbench.errors import ProblemError
from workbench.model import Measurement


class Call(NamedTuple):
    """One call: name of its step, and tokens; policies do not know `output` before the call has ended."""

    step: str
    prompt: int
    output: int


@dataclass(frozen=True, slots=True)
class Workflow:
    """One workflow; its position in the workload is its number.

    Attributes
    ----------
    arrival_s
        Arrival in seconds.
    app
        Name of the application.
    promise_s
        Promised time from arrival to the end of its last call, in seconds.
    stages
        Calls of a stage become ready together, when all calls of the stage before have ended.
    """

    arrival_s: float
    app: str
    promise_s: float
    stages: tuple[tuple[Call, ...], ...]


@dataclass(frozen=True, slots=True)
class Workload:
    """One instance: replicas, and workflows in order of arrival."""

    replicas: tuple[Machine, ...]
    workflows: tuple[Workflow, ...]

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Workload:
        """Read an instance.

        Raises
        ------
        ProblemError
            There is no replica or workflow, arrivals are not sorted, or a stage or a call is empty.
        """
        replicas = tuple(Machine.from_data(machine) for machine in data["replicas"])
        workflows = tuple(
            Workflow(at, app, promise, tuple(tuple(Call(*call) for call in stage) for stage in stages))
            for at, app, promise, stages in data["workflows"]
        )
        if not replicas or not workflows:
            raise ProblemError("agents: at least one replica and one workflow are required")
        if any(a.arrival_s > b.arrival_s for a, b in itertools.pairwise(workflows)) or workflows[0].arrival_s < 0:
            raise ProblemError("agents: workflows must be sorted by arrival time, which must not be negative")
        for number, workflow in enumerate(workflows):
            if not workflow.stages or not all(workflow.stages) or workflow.promise_s <= 0:
                raise ProblemError(f"agents: workflow {number} needs a positive promised time, and a call in every stage")
            if min(min(call.prompt, call.output) for stage in workflow.stages for call in stage) < 1:
                raise ProblemError(f"agents: every call of workflow {number} must have a token of prompt and answer")
        return cls(replicas, workflows)


class Finished(NamedTuple):
    """Result of a run: end of each workflow in seconds, and how long its calls waited to be started, in all."""

    end_s: list[float]
    waited_s: list[float]


def judge(workload: Workload, finished: Finished) -> Measurement:
    """Compute the mean credit in %, and further metrics: 1 for a workflow in time, otherwise promised over actual time."""
    rows = list(zip(workload.workflows, finished.end_s, strict=True))
    latencies = [end - workflow.arrival_s for workflow, end in rows]
    credits = [min(1.0, workflow.promise_s / latency) for (workflow, _), latency in zip(rows, latencies, strict=True)]
    n = len(rows)
    return Measurement(
        100 * sum(credits) / n,
        {
            "in_time_pct": 100 * sum(credit >= 1 for credit in credits) / n,
            "latency_mean_s": sum(latencies) / n,
            "latency_p95_s": _quantile(sorted(latencies), 0.95),
            "late_worst": max(latency / workflow.promise_s for (workflow, _), latency in zip(rows, latencies, strict=True)),
            "waited_mean_s": sum(finished.waited_s) / n,
        },
    )


def _quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
