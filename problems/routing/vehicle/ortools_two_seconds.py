"""OR-Tools routing with a limit of two seconds: python -m problems.routing.vehicle.ortools_two_seconds --split validation.

Not a baseline: candidates cannot import OR-Tools, and its result depends on the machine's speed.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

from evaluators.vehicle.verifier import Delivery, checked, delivery_from, length, matrix
from workbench.model import Split

from .instances import instances

_EVERY = 256
"""Number of callbacks between checks of the clock."""


def main() -> None:
    """Print the gap of each instance, and the means by class and over classes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", type=Split, default=Split.VALIDATION, choices=[Split.TRAIN, Split.VALIDATION])
    parser.add_argument(
        "--seconds", type=float, default=2.6, help="of CPU time; the watch over it takes a quarter of the search's own"
    )
    options = parser.parse_args()
    references = json.loads((Path(__file__).parent / "references.json").read_text())["splits"][options.split]
    found: dict[str, list[tuple[float, float]]] = {}
    for instance in instances(options.split):
        task = delivery_from(instance.data)
        value, reference = length(task.coords, checked(task, routes(task, options.seconds))), references[instance.id]["value"]
        found.setdefault(instance.family, []).append((value, reference))
        print(f"{instance.id:24} {value:8} {100 * (value / reference - 1):7.2f} %", flush=True)
    gaps = {family: sum(v for v, _ in pairs) / sum(r for _, r in pairs) - 1 for family, pairs in found.items()}
    for family, gap in gaps.items():
        print(f"{family:24} {100 * gap:7.2f} %")
    print(f"{'mean over families':24} {100 * sum(gaps.values()) / len(gaps):7.2f} %")


def routes(task: Delivery, seconds: float) -> list[list[int]]:
    """Return routes from guided local search after cheapest arcs, the documented choice for vehicle routing.

    Raises
    ------
    SystemExit
        No solution is found in time.
    """
    from ortools.constraint_solver import pywrapcp, routing_enums_pb2  # imported here: see evaluators/own_process.py

    # More vehicles than needed slow down the search.
    vehicles = min(len(task.customers), task.fewest_routes * 3 // 2 + 3)
    manager = pywrapcp.RoutingIndexManager(len(task.coords), vehicles, 0)
    model = pywrapcp.RoutingModel(manager)
    model.SetArcCostEvaluatorOfAllVehicles(model.RegisterTransitMatrix(matrix(task.coords)))
    load = model.RegisterUnaryTransitVector(list(task.demand))
    model.AddDimensionWithVehicleCapacity(load, 0, [task.capacity] * vehicles, True, "load")
    parameters = pywrapcp.DefaultRoutingSearchParameters()
    parameters.first_solution_strategy = routing_enums_pb2.FirstSolutionStrategy.PATH_CHEAPEST_ARC
    parameters.local_search_metaheuristic = routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    # Its own time limit is wall-clock time, which is unsuitable on a busy machine. A search without limit is rejected, so a
    # very large one is set.
    parameters.time_limit.FromSeconds(int(100 * seconds) + 1)
    began, calls = time.process_time(), 0

    def over() -> bool:
        nonlocal calls
        calls += 1
        return calls % _EVERY == 0 and time.process_time() - began > seconds

    model.AddSearchMonitor(model.solver().CustomLimit(over))
    solution = model.SolveWithParameters(parameters)
    if solution is None:
        raise SystemExit(f"OR-Tools found no routes for {len(task.customers)} customers in {seconds} s; increase --seconds")
    result = []
    for vehicle in range(vehicles):
        at, visits = solution.Value(model.NextVar(model.Start(vehicle))), []
        while not model.IsEnd(at):
            visits.append(manager.IndexToNode(at))
            at = solution.Value(model.NextVar(at))
        if visits:
            result.append(visits)
    return result


if __name__ == "__main__":
    main()
