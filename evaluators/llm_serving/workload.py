"""Workloads of LLM serving: requests, promised times, and the credit of a run."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from evaluators.llm_serving.cost import Machine
from workbench.errors import ProblemError
from workbench.model import Measurement


class Request(NamedTuple):
    """One request; its position in the workload is its id.

    Attributes
    ----------
    arrival_s
        Arrival time in seconds.
    prompt, output
        Numbers of tokens; `output` is unknown to policies until the request is finished.
    guess
        Prediction of `output`, known to policies.
    client
        Number of the client.
    """

    arrival_s: float
    prompt: int
    output: int
    guess: int
    client: int


@dataclass(frozen=True, slots=True)
class Workload:
    """One instance: identical replicas, promised times, and requests in order of arrival.

    Attributes
    ----------
    ttft_s
        Promised time from arrival to the first token, in seconds.
    tpot_s
        Promised mean time per further token, in seconds.
    """

    replicas: int
    machine: Machine
    ttft_s: float
    tpot_s: float
    requests: tuple[Request, ...]

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Workload:
        """Read an instance.

        Raises
        ------
        ProblemError
            There is no replica or request, arrivals are not sorted, or a request does not fit on a replica.
        """
        machine = Machine.from_data(data["machine"])
        requests = tuple(Request(*row) for row in data["requests"])
        if data["replicas"] < 1 or not requests or min(data["ttft_s"], data["tpot_s"]) <= 0:
            raise ProblemError("serving: at least one replica, one request and positive promised times are required")
        if any(a.arrival_s > b.arrival_s for a, b in itertools.pairwise(requests)) or requests[0].arrival_s < 0:
            raise ProblemError("serving: requests must be sorted by arrival time, which must not be negative")
        for i, r in enumerate(requests):
            if min(r.prompt, r.output, r.guess) < 1 or r.prompt + r.output > machine.capacity:
                raise ProblemError(f"serving: request {i} must have at least one token and fit into a replica's memory")
        return cls(data["replicas"], machine, data["ttft_s"], data["tpot_s"], requests)

    def credit(self, id: int, first_s: float, last_s: float) -> float:
        """Return 1 if both promised times are met, otherwise the smaller ratio of promised to actual time."""
        request = self.requests[id]
        ttft = first_s - request.arrival_s
        credit = min(1.0, self.ttft_s / ttft)
        if request.output > 1 and last_s > first_s:
            credit = min(credit, self.tpot_s * (request.output - 1) / (last_s - first_s))
        return credit


class Served(NamedTuple):
    """Result of a run: times of first and last token by id, and the number of preemptions."""

    first_s: list[float]
    last_s: list[float]
    preemptions: int


def judge(workload: Workload, served: Served) -> Measurement:
    """Compute the credit and further metrics of a run."""
    n = len(workload.requests)
    credits = [workload.credit(i, served.first_s[i], served.last_s[i]) for i in range(n)]
    waits = sorted(first - r.arrival_s for first, r in zip(served.first_s, workload.requests, strict=True))
    return Measurement(
        100 * sum(credits) / n,
        {
            "in_time_pct": 100 * sum(c >= 1 for c in credits) / n,
            "ttft_mean_s": sum(waits) / n,
            "ttft_p99_s": _quantile(waits, 0.99),
            "latency_mean_s": sum(last - r.arrival_s for last, r in zip(served.last_s, workload.requests, strict=True)) / n,
            "preemptions": float(served.preemptions),
        },
    )


def _quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
