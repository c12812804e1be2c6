"""Upper bound on the value that anybody can carry who knows the whole day: fractional multicommodity flow, proven by its prices."""

from __future__ import annotations

import heapq
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from evaluators.flow_assign.verifier import Arc, Day, Request
from evaluators.own_process import call_ortools
from workbench.errors import ProblemError
from workbench.model import Instance, Reference

SCALE = 2**24
"""Prices are whole multiples of 1 / SCALE, so that the bound is computed without rounding."""


def solve(instance: Instance) -> Reference:
    """Compute the reference of one instance: the bound in % of the value of all requests."""
    started = time.perf_counter()
    day = Day.from_data(instance.data)
    prices, solver = call_ortools(shadow_prices, day.nodes, dict(day.capacity), list(day.requests))
    value = 100 * bound_of_prices(day.capacity, day.requests, prices) / day.offered
    return Reference(min(value, 100.0), "bound", f"multicommodity LP, {solver}", round(time.perf_counter() - started, 3))


def bound_of_prices(capacity: Mapping[Arc, int], requests: Sequence[Request], prices: Mapping[Arc, float]) -> float:
    """Return an upper bound on the value carried, valid for any prices: weak duality, in whole numbers.

    All that is free is sold at its price, and each request keeps what its value exceeds the cheapest path by. Nobody carries
    more: a path costs each request at least as much, and no arc sells more than it has.
    """
    whole = {arc: max(0, round(prices.get(arc, 0.0) * SCALE)) for arc in capacity}
    total = sum(capacity[arc] * whole[arc] for arc in capacity)
    out: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for (u, v), price in whole.items():
        out[u].append((v, price))
    by_source: dict[int, list[Request]] = defaultdict(list)
    for request in requests:
        by_source[request.src].append(request)
    for src, wanted in by_source.items():
        far = _distances(src, out)
        total += sum(max(0, r.value * SCALE - r.bw * far[r.dst]) for r in wanted if r.dst in far)
    return total / SCALE


def _distances(src: int, out: Mapping[int, list[tuple[int, int]]]) -> dict[int, int]:
    far, queue = {src: 0}, [(0, src)]
    while queue:
        d, u = heapq.heappop(queue)
        if d > far[u]:
            continue
        for v, price in out.get(u, ()):
            if d + price < far.get(v, d + price + 1):
                far[v] = d + price
                heapq.heappush(queue, (d + price, v))
    return far


def shadow_prices(nodes: int, capacity: dict[Arc, int], requests: list[Request]) -> tuple[dict[Arc, float], str]:
    """Return the price of a Mbit/s on every arc in an optimum of the linear programme, and the solver's name.

    Requests may be carried in part and split; flows of one source are one commodity.

    Raises
    ------
    ProblemError
        GLOP does not find an optimum.
    """
    import ortools
    from ortools.linear_solver import pywraplp

    model: Any = pywraplp.Solver.CreateSolver("GLOP")
    arcs = {arc: model.Constraint(-model.infinity(), mbps) for arc, mbps in capacity.items()}
    objective = model.Objective()
    objective.SetMaximization()
    by_source: dict[int, list[Request]] = defaultdict(list)
    for request in requests:
        by_source[request.src].append(request)
    for src, wanted in by_source.items():
        # What flows into a node less what flows out of it is what is carried to it.
        balance = {node: model.Constraint(0, 0) for node in range(nodes) if node != src}
        for (u, v), row in arcs.items():
            if v == src:
                continue
            flow = model.NumVar(0, model.infinity(), "")
            row.SetCoefficient(flow, 1)
            balance[v].SetCoefficient(flow, 1)
            if u != src:
                balance[u].SetCoefficient(flow, -1)
        for request in wanted:
            carried = model.NumVar(0, request.bw, "")
            balance[request.dst].SetCoefficient(carried, -1)
            objective.SetCoefficient(carried, request.value / request.bw)
    if model.Solve() != pywraplp.Solver.OPTIMAL:
        raise ProblemError("flow assignment: GLOP found no optimum of the linear programme")
    return {arc: row.dual_value() for arc, row in arcs.items()}, f"OR-Tools {ortools.__version__} with GLOP, proven by its prices"
