"""References for vehicle routing: exact for up to a dozen customers, otherwise the best of several searches, with a bound."""

from __future__ import annotations

import time
from collections.abc import Callable

from evaluators.vehicle.bound import LARGEST_EXACT, lower_bound, optimum
from evaluators.vehicle.verifier import Delivery, checked, delivery_from, length, matrix
from workbench.errors import ProblemError
from workbench.model import Instance, Reference

SEEDS = (1, 2)
"""Random seeds of the searches; the best result is kept, because a single search is sometimes poor."""


def solve(
    instance: Instance, iterations: int, few: bool = False, known: Callable[[Delivery], list[list[int]]] | None = None
) -> Reference:
    """Compute the reference of one instance: exact for up to a dozen customers, otherwise the best routes found.

    Parameters
    ----------
    iterations
        Iterations of each PyVRP search; the result does not depend on time.
    few
        Also search with the minimum number of vehicles, for maps on which the number of routes dominates the length and the
        search rarely removes a route.
    known
        Another method, whose routes are used if they are shorter.
    """
    task = delivery_from(instance.data)
    began = time.process_time()

    def seconds() -> float:
        return round(time.process_time() - began, 2)

    if len(task.customers) <= LARGEST_EXACT:
        best = optimum(task)
        return Reference(float(best), "optimal", "dynamic programming over subsets", seconds())
    fleets = [len(task.customers), task.fewest_routes] if few else [len(task.customers)]
    found = [routes for vehicles in fleets for seed in SEEDS if (routes := search(task, iterations, vehicles, seed))]
    lengths = (
        {f"PyVRP, {len(SEEDS)} x {iterations} iterations": min(length(task.coords, routes) for routes in found)} if found else {}
    )
    if known:
        lengths["string removals"] = length(task.coords, checked(task, known(task)))
    if not lengths:
        raise ProblemError(f"vehicle routing: PyVRP found no legal routes in {iterations} iterations; increase the iterations")
    by = min(lengths, key=lambda name: lengths[name])
    best, bound = lengths[by], lower_bound(task)
    if best == bound:
        return Reference(float(best), "optimal", f"{by}, which reaches the lower bound", seconds())
    return Reference(float(best), "best_known", f"{by}; {bound} at least", seconds())


def search(task: Delivery, iterations: int, vehicles: int, seed: int) -> list[list[int]]:
    """Return routes found by PyVRP (Wouda, Lan and Kool, INFORMS Journal on Computing 36(4), 2024); empty if none are legal.

    Raises
    ------
    ProblemError
        PyVRP is not installed.
    """
    try:
        import numpy as np
        from pyvrp import Client, Depot, Location, ProblemData, VehicleType, solve
        from pyvrp.stop import MaxIterations
    except ImportError as error:
        raise ProblemError("vehicle routing: references need PyVRP: pip install 'evolve-workbench[references]'") from error
    distances = np.array(matrix(task.coords), dtype=np.int64)
    data = ProblemData(
        [Location(x, y) for x, y in task.coords],
        [Client(i, delivery=[task.demand[i]]) for i in task.customers],
        [Depot(0)],
        [VehicleType(vehicles, [task.capacity])],
        [distances],
        [np.zeros_like(distances)],
    )
    found = solve(data, MaxIterations(iterations), seed, collect_stats=False, display=False)
    if not found.is_feasible():
        return []
    routes = [[activity.idx + 1 for activity in route.schedule() if activity.is_client()] for route in found.best.routes()]
    return checked(task, [route for route in routes if route])
