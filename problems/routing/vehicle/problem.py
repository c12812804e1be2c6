"""Capacitated vehicle routing."""

from __future__ import annotations

from evaluators.vehicle.reference import solve
from evaluators.vehicle.verifier import Delivery, RouteVerifier, checked, delivery_from, length
from workbench.errors import ProblemError
from workbench.model import Baseline, Instance, Limits, Problem, Reference

from .instances import BUDGET_S, instances, x_set
from .programs import string_removals


def _solve(instance: Instance) -> Reference:
    if instance.id in x_set():
        return _published(instance)
    # With a thousand customers, an iteration takes ten times as long.
    iterations = 1500 if instance.family == "ten-times" else 5000
    return solve(instance, iterations, few=instance.family in ("one-point", "ring"), known=_string_removals)


def _string_removals(task: Delivery) -> list[list[int]]:
    return string_removals.route(task.coords, task.demand, task.capacity, task.budget)


def _published(instance: Instance) -> Reference:
    known = x_set()[instance.id]
    task = delivery_from(instance.data)
    found = length(task.coords, checked(task, known["routes"]))
    if found != known["best_known"]:
        raise ProblemError(f"vehicle routing: the published routes of {instance.id} have length {found}, not {known['best_known']}")
    return Reference(float(found), "best_known", "published best known solution (CVRPLIB)")


PROBLEM = Problem(
    slug="routing/vehicle",
    title="Vehicle routing",
    question="Which vehicle should visit which customers, in which order, to minimise the total distance?",
    entry="route",
    verifier=RouteVerifier(),
    instances=instances,
    solve=_solve,
    seeds=("seed", "seed_decent", "seed_open"),
    baselines=(
        Baseline(
            "nearest_neighbour",
            "Nearest neighbour",
            "Rosenkrantz, Stearns, Lewis, SIAM J. Comput. 6(3), 1977; Solomon, Operations Research 35(2), 1987",
        ),
        Baseline(
            "sweep", "Sweep", "Gillett, Miller, A heuristic algorithm for the vehicle-dispatch problem, Oper. Res. 22(2), 1974"
        ),
        Baseline(
            "clarke_wright",
            "Clarke-Wright savings",
            "Clarke, Wright, Scheduling of vehicles from a central depot to a number of delivery points, Oper. Res. 12(4), 1964",
        ),
        Baseline(
            "clarke_wright_2opt",
            "Clarke-Wright, then relocation, 2-opt and 2-opt*",
            "Clarke, Wright 1964; Croes, Oper. Res. 6(6), 1958; Potvin, Rousseau, J. Oper. Res. Soc. 46(12), 1995",
        ),
        Baseline(
            "string_removals",
            "Slack induction by string removals",
            "Christiaens, Vanden Berghe, Slack induction by string removals for vehicle routing problems, Transp. Sci. 54(2), 2020",
        ),
    ),
    features={
        "to_i": "distance from the depot to customer i",
        "to_j": "distance from the depot to customer j",
        "apart": "distance from i to j",
        "angle": "between i and j as seen from the depot, radians",
        "demand_i": "units that i wants",
        "demand_j": "units that j wants",
        "capacity": "units that a vehicle takes",
        "mean_demand": "mean demand of all customers",
        "mean_distance": "mean distance of all customers from the depot",
    },
    unit="distance",
    bound="best known (from CVRPLIB for published instances, mostly from PyVRP elsewhere); proven optimum up to 12 customers",
    limits=Limits(seconds=3 * BUDGET_S),
    # Set before any result on these classes was seen. In the first, a single route decides the result; in the other two, packing
    # does, which distance-based heuristics leave to chance.
    stress_tolerance={"one-point": 0.15, "pairs": 0.1, "triples": 0.1},
)
