"""How well any scheduler could serve, the future known: a transport relaxation over work and time; oracle-length SJF."""

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
"""Length of the periods in which work is placed; longer ones make the bound weaker, not wrong."""
MOST_ARCS = 1_500_000
"""Ways to place work that one solution may weigh; where there are more the periods are made longer."""
UNIT_S = 1e-4
"""Work is counted in such units, rounded down."""
SCALE = 10**9
"""Credit is counted in billionths, rounded up."""


def solve(instance: Instance) -> Reference:
    """Reference of one instance: the bound in % of credit, and what oracle-length SJF reaches in the solver's name."""
    started = time.perf_counter()
    workload = Workload.from_data(instance.data)
    bound = credit_bound(workload, _tick_s(workload))
    reached = judge(workload, Cluster(workload, OracleSJF(workload)).run()).objective
    if reached > bound + 1e-6:
        raise RuntimeError(f"{instance.id}: oracle-length SJF has {reached}, more than the bound {bound}")
    solver = f"transport relaxation, OR-Tools {version('ortools')}; oracle-length SJF reaches {reached:.2f}"
    return Reference(bound, "bound", solver, round(time.perf_counter() - started, 3))


def _tick_s(workload: Workload) -> float:
    # About two pieces a request, each with half of the periods to go to.
    return max(TICK_S, workload.requests[-1].arrival_s * len(workload.requests) / MOST_ARCS)


def credit_bound(workload: Workload, tick_s: float = TICK_S) -> float:
    """Upper bound on the mean credit in %, work-conserving and free of memory.

    A request's prompt is work before its first token, the rest of its answer work before its last. An iteration lasts no less
    than the sum of what its tokens cost by themselves, so all replicas together do no more than `replicas` seconds of
    such work a second. A request of credit c has its first token by ttft_s / c and its last by (ttft_s + tpot_s (output - 1)) / c
    after its arrival: c is at most promised over actual time of every bit of its work, so at most the mean over its work.
    That mean, maximised for all requests together, is a transport problem.

    Preempted work done in vain counts for nothing here. Where a token comes at the end of computing a request again and not of
    a decoding step, that has cost more: `token_s >= 2 * context_s` makes n >= 2 tokens dearer to compute than to read.
    Work never waits in the relaxation beyond the time by which all can be done: a bit that did could move to a free
    period before, and earlier is no worse.

    Raises
    ------
    ProblemError
        When reading a token's keys and values takes more than half as long as computing a token: then this is no bound.
    """
    machine, requests = workload.machine, workload.requests
    if machine.token_s < 2 * machine.context_s:
        raise ProblemError("serving: the bound needs token_s >= 2 * context_s")
    alone = [_credit_alone(workload, i) for i in range(len(requests))]
    pieces: list[tuple[int, int, float]] = []  # (request, units of work, promised seconds)
    for i, r in enumerate(requests):
        extra = machine.overhead_s / machine.chunk  # of an iteration that no more than `chunk` tokens share
        pieces.append((i, int((machine.prefill_work_s(r.prompt) + extra * r.prompt) / UNIT_S), workload.ttft_s))
        promised = workload.ttft_s + workload.tpot_s * (r.output - 1)
        pieces.append((i, int((machine.decode_work_s(r.prompt, r.output) + extra * (r.output - 1)) / UNIT_S), promised))
    pieces = [p for p in pieces if p[1]]
    total = [0] * len(requests)
    for i, units, _ in pieces:
        total[i] += units
    room = math.ceil(workload.replicas * tick_s / UNIT_S - 1e-9)
    # All of it is done by then if nobody rests, whatever comes first.
    ticks = int(requests[-1].arrival_s / tick_s) + 1 + -(-sum(total) // room)
    starts, heads, losses = [], [], []
    for p, (i, _, promised) in enumerate(pieces):
        arrival = requests[i].arrival_s
        periods = np.arange(int(arrival / tick_s), ticks)
        late = np.maximum(periods * tick_s - arrival, 1e-9)
        credit = np.minimum(alone[i], promised / late)
        starts.append(np.full(len(periods), p))
        heads.append(periods)
        losses.append(np.floor(SCALE * (1 - credit) / total[i]).astype(np.int64))  # down: credit is rounded up
    lost = 0
    if pieces:
        arcs = np.concatenate(starts), np.concatenate(heads), np.concatenate(losses)
        lost = call_ortools(_least_loss, np.array([units for _, units, _ in pieces]), room, ticks, arcs)
    free = sum(1 - alone[i] for i in range(len(requests)) if not total[i])
    return 100 * (1 - (lost / SCALE + free) / len(requests))


def _credit_alone(workload: Workload, id: int) -> float:
    """More than this no request gets that has a replica to itself."""
    machine, request = workload.machine, workload.requests[id]
    iterations = -(-request.prompt // machine.chunk)
    attention = machine.pair_s * request.prompt * request.prompt / 2
    first = iterations * machine.overhead_s + attention
    first += max(request.prompt * machine.token_s, iterations * machine.weights_s)
    decode = (request.output - 1) * machine.iteration_s(1, 0.0, 0.0)  # each token ends an iteration of its own
    return workload.credit(id, request.arrival_s + first, request.arrival_s + first + decode)


Arcs = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]
"""Piece, period and credit lost a unit, of each way to place work."""


def _least_loss(units: NDArray[np.int64], room: int, ticks: int, arcs: Arcs) -> int:
    from ortools.graph.python import min_cost_flow  # in a process that may have it (see own_process)

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
        raise RuntimeError(f"the transport problem ended with {status!r}")
    return int(flow.optimal_cost())


class OracleSJF:
    """Shortest job first by true work, to the replica with the least true work left: it knows the answers' lengths."""

    def __init__(self, workload: Workload) -> None:
        machine: Machine = workload.machine
        self.work = [machine.prefill_work_s(r.prompt) + machine.decode_work_s(r.prompt, r.output) for r in workload.requests]
        self.left = [0.0] * workload.replicas
        self.place: dict[int, int] = {}

    def __call__(self, *args: Any) -> Any:
        raise TypeError("a serving policy is asked by methods")

    def begin(self, *args: Any) -> None:
        """Nothing to learn."""

    def call(self, method: str, *args: Any) -> Any:
        """Answer as a program would."""
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
