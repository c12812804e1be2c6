"""Verifier for capacitated vehicle routing: computes loads and rounded distances from the routes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from workbench.checks import integer, sequence
from workbench.errors import Infeasible, ProblemError
from workbench.model import Instance, Measurement
from workbench.protocols import Policy

DEPOT = 0
"""Number of the depot; customers are numbered from 1."""

Point = tuple[int, int]


class Delivery(NamedTuple):
    """One delivery task.

    Attributes
    ----------
    coords
        Integer (x, y) of the depot and of customers 1, 2, ...
    demand
        Demand by customer; 0 for the depot.
    capacity
        Capacity of a vehicle; the number of vehicles is not limited.
    budget
        Time budget passed to the program, in seconds.
    """

    coords: tuple[Point, ...]
    demand: tuple[int, ...]
    capacity: int
    budget: float

    @property
    def customers(self) -> range:
        """Customer numbers."""
        return range(1, len(self.coords))

    @property
    def fewest_routes(self) -> int:
        """Minimum number of routes for the total demand."""
        return -(-sum(self.demand) // self.capacity)


def delivery_from(data: Mapping[str, Any]) -> Delivery:
    """Read an instance.

    Raises
    ------
    ProblemError
        There is no customer, coordinates are not pairs of ints, or a demand is not in 1..capacity.
    """
    coords, demand, capacity = data["coords"], data["demand"], data["capacity"]
    if len(coords) < 2 or len(demand) != len(coords):
        raise ProblemError("vehicle routing: coords and demand must have one entry each for the depot and at least one customer")
    if any(len(point) != 2 or not all(type(x) is int for x in point) for point in coords):
        raise ProblemError("vehicle routing: coordinates must be pairs of ints")
    if demand[DEPOT] != 0 or not all(type(q) is int and 1 <= q <= capacity for q in demand[1:]):
        raise ProblemError(f"vehicle routing: demands must be ints in 1..{capacity} (the capacity), and 0 for the depot")
    return Delivery(tuple((x, y) for x, y in coords), tuple(demand), capacity, data["budget_s"])


def distance(a: Point, b: Point) -> int:
    """Return the Euclidean distance rounded to the nearest integer (EUC_2D of TSPLIB and CVRPLIB), in exact arithmetic."""
    return (math.isqrt(4 * ((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2)) + 1) // 2


def matrix(coords: Sequence[Point]) -> list[list[int]]:
    """Return the matrix of all distances."""
    return [[distance(a, b) for b in coords] for a in coords]


def length(coords: Sequence[Point], routes: Sequence[Sequence[int]]) -> int:
    """Return the total length of all routes, each from the depot and back."""
    return sum(distance(coords[i], coords[j]) for route in routes for i, j in pairwise([DEPOT, *route, DEPOT]))


class RouteVerifier:
    """Verifier for vehicle routing. The policy is called once and returns routes as lists of customer numbers."""

    def run(self, instance: Instance, policy: Policy) -> Measurement:
        """Request the routes of one instance and compute their length.

        Returns
        -------
        Measurement
            Total length; metrics `routes` and `fill` (mean capacity utilisation).

        Raises
        ------
        Infeasible
            A customer is missing or visited twice, a number is not a customer, or a vehicle is overloaded.
        """
        task = delivery_from(instance.data)
        # Copies: a policy in the same process must not be able to modify the instance.
        answer = policy([list(point) for point in task.coords], list(task.demand), task.capacity, task.budget)
        routes = checked(task, answer)
        fill = sum(task.demand) / (len(routes) * task.capacity)
        return Measurement(float(length(task.coords, routes)), {"routes": float(len(routes)), "fill": fill})


def checked(task: Delivery, answer: Any) -> list[list[int]]:
    """Check an answer and return its routes.

    Raises
    ------
    Infeasible
        With the route's index and the rule.
    """
    customers = len(task.customers)
    routes: list[list[int]] = []
    served: dict[int, int] = {}
    for number, entries in enumerate(sequence(answer, "the answer", at_most=customers)):
        where = f"route {number}"
        route = [
            integer(entry, f"{where}[{i}]", 1, customers) for i, entry in enumerate(sequence(entries, where, at_most=customers))
        ]
        if not route:
            raise Infeasible(f"{where} is empty: omit unused vehicles")
        for customer in route:
            if customer in served:
                raise Infeasible(f"customer {customer} is visited twice: in route {served[customer]} and in route {number}")
            served[customer] = number
        load = sum(task.demand[customer] for customer in route)
        if load > task.capacity:
            raise Infeasible(f"{where} has load {load}, above the capacity of {task.capacity}")
        routes.append(route)
    if len(served) < customers:
        missing = next(c for c in task.customers if c not in served)
        raise Infeasible(f"{customers - len(served)} of {customers} customers are not visited, for example customer {missing}")
    return routes
