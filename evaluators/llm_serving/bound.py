"""Upper bound on the credit of any offline scheduler, by a transportation relaxation; and shortest job first with known lengths."""

from __future__ import annotations

import math
import time
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluators.llm_serving.cost import Machine
from evaluators.llm_serving.verifier import Cluster
from evaluators.llm_serving.workload import Workload, judge
from evaluators.own_process import call_ortools
from workbench.errors import ProblemError
from workbench.model import Instance, Reference

TICK_S = 0.5
"""Length of the periods in which work is placed, in seconds. Longer periods weaken the bound but keep it valid."""
MOST_ARCS = 1_500_000
"""Maximum number of arcs of the transportation problem; above it, periods are made longer."""
UNIT_S = 1e-4
"""Unit of work in seconds; work is rounded down."""
SCALE = 10**9
"""Units per 1 of credit; credit is rounded up."""


def solve(instance: Instance) -> Reference:
    """Compute the reference of one instance: the bound in percent; its solver name includes the credit of oracle-length SJF."""
    started = time.perf_counter()
    workload = Workload.from_data(instance.data)
    bound = credit_bound(workload, _tick_s(workload))
    reached = judge(workload, Cluster(workload, OracleSJF(workload)).run()).objective
    if reached > bound + 1e-6:
        raise RuntimeError(f"{instance.id}: oracle-length SJF reaches {reached}, above the bound {bound}: fix the bound")
    solver = f"transport relaxation, OR-Tools {version('ortools')}; oracle-length SJF reaches {reached:.2f}"
    return Reference(bound, "bound", solver, round(time.perf_counter() - started, 3))


def _tick_s(workload: Workload) -> float:
    # About two pieces per request, each with half of the periods as targets.
    return max(TICK_S, workload.requests[-1].arrival_s * len(workload.requests) / MOST_ARCS)


def credit_bound(workload: Workload, tick_s: float = TICK_S) -> float:
    """Return an upper bound on the mean credit in percent, ignoring memory limits.

    The prompt of a request is work before its first token; the rest of its answer is work before its last token. An iteration
    takes at least the sum of the individual costs of its tokens, so all replicas together do at most `replicas` seconds of
    this work per second. A request of credit c has its first token by ttft_s / c and its last by
    (ttft_s + tpot_s (output - 1)) / c after arrival. Therefore c is at most the ratio of promised to actual time of every unit
    of its work, and at most the mean over its work. Maximising this mean over all requests is a transportation problem.

    Work lost by preemption is ignored. If a token comes from recomputing a request instead of a decoding step, the cost is
    higher: with `token_s >= 2 * context_s`, computing n >= 2 tokens takes longer than reading them. In the relaxation, no work
    is placed after the time by which all work can be done, because it could move to an earlier free period without loss.

    Raises
    ------
    ProblemError
        Reading a token's keys and values takes more than half as long as computing a token; the bound is then invalid.
    """
    machine, requests = workload.machine, workload.requests
    if machine.token_s < 2 * machine.context_s:
        raise ProblemError("serving: the bound needs token_s >= 2 * context_s")
    alone = [_credit_alone(workload, i) for i in range(len(requests))]
    pieces: list[tuple[int, int, float]] = []  # (request, units of work, promised seconds)
    for i, r in enumerate(requests):
        extra = machine.overhead_s / machine.chunk  # of an iteration, shared by at most `chunk` tokens
        pieces.append((i, int((machine.prefill_work_s(r.prompt) + extra * r.prompt) / UNIT_S), workload.ttft_s))
        promised = workload.ttft_s + workload.tpot_s * (r.output - 1)
        pieces.append((i, int((machine.decode_work_s(r.prompt, r.output) + extra * (r.output - 1)) / UNIT_S), promised))
    pieces = [p for p in pieces if p[1]]
    total = [0] * len(requests)
    for i, units, _ in pieces:
        total[i] += units
    room = math.ceil(workload.replicas * tick_s / UNIT_S - 1e-9)
    # By then all work is done in any order without idling.
    ticks = int(requests[-1].arrival_s / tick_s) + 1 + -(-sum(total) // room)
    starts, heads, losses = [], [], []
    for p, (i, _, promised) in enumerate(pieces):
        arrival = requests[i].arrival_s
        periods = np.arange(int(arrival / tick_s), ticks)
        late = np.maximum(periods * tick_s - arrival, 1e-9)
        credit = np.minimum(alone[i], promised / late)
        starts.append(np.full(len(periods), p))
        heads.append(periods)
        losses.append(np.floor(SCALE * (1 - credit) / total[i]).astype(np.int64))  # loss rounded down: credit is rounded up
    lost = 0
    if pieces:
        arcs = np.concatenate(starts), np.concatenate(heads), np.concatenate(losses)
        lost = call_ortools(_least_loss, np.array([units for _, units, _ in pieces]), room, ticks, arcs)
    free = sum(1 - alone[i] for i in range(len(requests)) if not total[i])
    return 100 * (1 - (lost / SCALE + free) / len(requests))


def _credit_alone(workload: Workload, id: int) -> float:
    """Return an upper bound on the credit of a request that has a replica to itself."""
    machine, request = workload.machine, workload.requests[id]
    iterations = -(-request.prompt // machine.chunk)
    attention = machine.pair_s * request.prompt * request.prompt / 2
    first = iterations * machine.overhead_s + attention
    first += max(request.prompt * machine.token_s, iterations * machine.weights_s)
    decode = (request.output - 1) * machine.iteration_s(1, 0.0, 0.0)  # each token needs a separate iteration
    return workload.credit(id, request.arrival_s + first, request.arrival_s + first + decode)


Arcs = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]
"""Piece, period and credit loss per unit of each arc."""


def _least_loss(units: NDArray[np.int64], room: int, ticks: int, arcs: Arcs) -> int:
    from ortools.graph.python import min_cost_flow  # imported here: called through `own_process`

    flow = min_cost_flow.SimpleMinCostFlow()
    pieces, periods, losses = arcs
    n, sink = len(units), len(units) + ticks
    flow.add_arcs_with_capacity_and_unit_cost(pieces, n + periods, units[pieces], losses)
    flow.add_arcs_with_capacity_and_unit_cost(
        n + np.arange(ticks), np.full(ticks, sink), np.full(ticks, room), np.zeros(ticks, int)
    )
    flow.set_nodes_supplies(np.arange(n), units)
    flow.set_node_supply(sink, -int(units.sum()))
    status = flow.solve()
    if status != flow.OPTIMAL:
        raise RuntimeError(f"the transportation problem ended with status {status!r}")
    return int(flow.optimal_cost())


class OracleSJF:
    """Shortest job first with known answer lengths, on the replica with the least remaining work."""

    def __init__(self, workload: Workload) -> None:
        machine: Machine = workload.machine
        self.work = [machine.prefill_work_s(r.prompt) + machine.decode_work_s(r.prompt, r.output) for r in workload.requests]
        self.left = [0.0] * workload.replicas
        self.place: dict[int, int] = {}

    def __call__(self, *args: Any) -> Any:
        raise TypeError("a serving policy must be called by methods")

    def begin(self, *args: Any) -> None:
        """Do nothing."""

    def call(self, method: str, *args: Any) -> Any:
        """Answer a request of the cluster."""
        for id, _ in args[0]["finished"]:
            self.left[self.place[id]] -= self.work[id]
        if method == "route":
            place = min(range(len(self.left)), key=lambda k: self.left[k])
            self.place[args[1]["id"]] = place
            self.left[place] += self.work[args[1]["id"]]
            return place
        if method == "order":
            return sorted((id for id, _ in args[1]), key=lambda id: self.work[id])
        return max(args[1], key=lambda entry: self.work[entry[0]])[0]
