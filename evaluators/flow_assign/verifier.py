"""Verifier for online admission: requests for bandwidth come in batches, and each is given a path for good or refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Any

from workbench.checks import integer, sequence
from workbench.errors import Infeasible, ProblemError
from workbench.model import Instance, Measurement
from workbench.protocols import Policy

Arc = tuple[int, int]
"""Start and end of one direction of a link."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request for a path with bandwidth to the end of the day.

    Attributes
    ----------
    step
        Step at whose end it is decided.
    bw
        Bandwidth in Mbit/s on every arc of the path.
    value
        What carrying it is worth.
    """

    step: int
    src: int
    dst: int
    bw: int
    value: int


@dataclass(frozen=True, slots=True)
class Day:
    """One instance: a network and all requests of a day in order of arrival.

    Attributes
    ----------
    capacity
        Mbit/s by arc, in the order in which the arcs are told to a policy.
    """

    nodes: int
    capacity: Mapping[Arc, int]
    steps: int
    requests: tuple[Request, ...]

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Day:
        """Read an instance.

        Raises
        ------
        ProblemError
            An arc or a request is invalid, or requests are not in order of their steps.
        """
        nodes, steps = int(data["nodes"]), int(data["steps"])
        capacity = {(int(u), int(v)): int(mbps) for u, v, mbps in data["arcs"]}
        requests = tuple(Request(*map(int, row)) for row in data["requests"])
        if len(capacity) != len(data["arcs"]) or any(u == v or min(u, v) < 0 or max(u, v) >= nodes for u, v in capacity):
            raise ProblemError("flow assignment: arcs must differ and join two of the nodes")
        if min(capacity.values(), default=0) < 0:
            raise ProblemError("flow assignment: capacities must not be negative")
        for r in requests:
            if r.src == r.dst or min(r.src, r.dst) < 0 or max(r.src, r.dst) >= nodes or min(r.bw, r.value) < 1:
                raise ProblemError(f"flow assignment: {r} needs two different nodes and a positive bandwidth and value")
        order = [r.step for r in requests]
        if not requests or order != sorted(order) or order[0] < 0 or order[-1] >= steps:
            raise ProblemError("flow assignment: there must be requests, in order of their steps, from 0 on")
        return cls(nodes, capacity, steps, requests)

    @property
    def offered(self) -> int:
        """Value of all requests."""
        return sum(request.value for request in self.requests)

    def batches(self) -> Iterator[tuple[int, list[Request]]]:
        """Yield the steps that have requests, with these."""
        for step, batch in groupby(self.requests, lambda request: request.step):
            yield step, list(batch)


class FlowAssignment:
    """Verifier for online admission: calls `admit(step, requests)` once a step, showing the requests of that step alone.

    The books of what is free stay here. Steps without requests are not asked for.
    """

    def run(self, instance: Instance, policy: Policy) -> Measurement:
        """Return the value of the requests that are carried, in % of the value of all.

        Raises
        ------
        Infeasible
            An answer is no list with a path for each request, empty for a refusal, or a path does not exist or is full.
        """
        day = Day.from_data(instance.data)
        free = dict(day.capacity)
        policy.begin(_network(day))
        carried = bandwidth = value = hops = asked = 0
        for step, batch in day.batches():
            # New objects each time: a policy in the same process must not be able to modify the requests.
            shown = [{"src": r.src, "dst": r.dst, "bw": r.bw, "value": r.value} for r in batch]
            answers = sequence(policy.call("admit", step, shown), f"the answer at step {step}", len(batch))
            for number, (request, answer) in enumerate(zip(batch, answers, strict=True)):
                asked += request.bw
                path = _path(answer, request, free, f"path {number} of step {step}")
                if not path:
                    continue
                for arc in path:
                    free[arc] -= request.bw
                carried, bandwidth, value, hops = carried + 1, bandwidth + request.bw, value + request.value, hops + len(path)
        capacity = sum(day.capacity.values())
        return Measurement(
            100 * value / day.offered,
            {
                "carried_pct": 100 * carried / len(day.requests),
                "bandwidth_pct": 100 * bandwidth / asked,
                "mean_hops": hops / carried if carried else 0.0,
                "used_pct": 100 * (capacity - sum(free.values())) / capacity if capacity else 0.0,
            },
        )


def _path(answer: Any, request: Request, free: Mapping[Arc, int], where: str) -> Sequence[Arc]:
    """Check one path, given as its nodes, and return its arcs; none for a refusal, which is an empty list."""
    nodes = [integer(node, f"a node of {where}", 0) for node in sequence(answer, where)]
    if not nodes:
        return []
    if len(nodes) < 2 or nodes[0] != request.src or nodes[-1] != request.dst:
        raise Infeasible(f"{where} must lead from node {request.src} to node {request.dst}; for a refusal give []")
    if len(set(nodes)) != len(nodes):
        raise Infeasible(f"{where} must not pass a node twice")
    arcs = list(pairwise(nodes))
    for u, v in arcs:
        if (u, v) not in free:
            raise Infeasible(f"{where}: there is no arc from node {u} to node {v}")
        if free[u, v] < request.bw:
            raise Infeasible(f"{where}: the arc from {u} to {v} has {free[u, v]} Mbit/s free, the request needs {request.bw}")
    return arcs


def _network(day: Day) -> dict[str, Any]:
    return {"nodes": day.nodes, "arcs": [[u, v, mbps] for (u, v), mbps in day.capacity.items()], "steps": day.steps}
