"""Verifier of capacitated vehicle routing: adds up rounded distances and loads from customer numbers alone."""

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
"""Number of the depot; customers count from 1."""

Point = tuple[int, int]


class Delivery(NamedTuple):
    """One task: what to bring where.

    Attributes
    ----------
    coords
        Integer (x, y) of the depot and of customers 1, 2, ...
    demand
        Units by customer, 0 for the depot.
    capacity
        Units that one vehicle takes; there is no limit on vehicles.
    budget
        Seconds of its own that a program is told it may take.
    """

    coords: tuple[Point, ...]
    demand: tuple[int, ...]
    capacity: int
    budget: float

    @property
    def customers(self) -> range:
        """Numbers of the customers."""
        return range(1, len(self.coords))

    @property
    def fewest_routes(self) -> int:
        """Routes that the total demand takes at least."""
        return -(-sum(self.demand) // self.capacity)


def delivery_from(data: Mapping[str, Any]) -> Delivery:
    """Read an instance.

    Raises
    ------
    ProblemError
        When there is no customer, coordinates are not pairs of ints, or a demand is not in 1..capacity.
    """
    coords, demand, capacity = data["coords"], data["demand"], data["capacity"]
    if len(coords) < 2 or len(demand) != len(coords):
        raise ProblemError("vehicle routing: coords and demand must have one entry for the depot and each of at least one customer")
    if any(len(point) != 2 or not all(type(x) is int for x in point) for point in coords):
        raise ProblemError("vehicle routing: coordinates must be pairs of ints")
    if demand[DEPOT] != 0 or not all(type(q) is int and 1 <= q <= capacity for q in demand[1:]):
        raise ProblemError(f"vehicle routing: demands must be ints in 1..{capacity} (the capacity), and 0 for the depot")
    return Delivery(tuple((x, y) for x, y in coords), tuple(demand), capacity, data["budget_s"])


def distance(a: Point, b: Point) -> int:
    """Euclidean distance rounded to the nearest integer: EUC_2D of TSPLIB and CVRPLIB, exact for coordinates of any size."""
    return (math.isqrt(4 * ((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2)) + 1) // 2


def matrix(coords: Sequence[Point]) -> list[list[int]]:
    """All distances."""
    return [[distance(a, b) for b in coords] for a in coords]


def length(coords: Sequence[Point], routes: Sequence[Sequence[int]]) -> int:
    """Distance of all routes, each from the depot and back to it."""
    return sum(distance(coords[i], coords[j]) for route in routes for i, j in pairwise([DEPOT, *route, DEPOT]))


class RouteVerifier:
    """One call, one answer: lists of customer numbers. Distances and loads are never read from the program."""

    def run(self, instance: Instance, policy: Policy) -> Measurement:
        """Ask for the routes of one instance and measure them.

        Returns
        -------
        Measurement
            Length of all routes; metrics `routes` and `fill` (mean share of the capacity in use).

        Raises
        ------
        Infeasible
            When a customer is left out or visited twice, a number is none of a customer, or a vehicle is overloaded.
        """
        task = delivery_from(instance.data)
        # Copies: a policy in the same process must not be able to change the instance.
        answer = policy([list(point) for point in task.coords], list(task.demand), task.capacity, task.budget)
        routes = checked(task, answer)
        fill = sum(task.demand) / (len(routes) * task.capacity)
        return Measurement(float(length(task.coords, routes)), {"routes": float(len(routes)), "fill": fill})


def checked(task: Delivery, answer: Any) -> list[list[int]]:
    """The answer as routes, or why it is none.

    Raises
    ------
    Infeasible
        With the route and the rule.
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
            raise Infeasible(f"{where} is empty: leave out vehicles that stay at the depot")
        for customer in route:
            if customer in served:
                raise Infeasible(f"customer {customer} is visited twice: in route {served[customer]} and in route {number}")
            served[customer] = number
        load = sum(task.demand[customer] for customer in route)
        if load > task.capacity:
            raise Infeasible(f"{where} carries {load}, more than the capacity of {task.capacity}")
        routes.append(route)
    if len(served) < customers:
        missing = next(c for c in task.customers if c not in served)
        raise Infeasible(f"{customers - len(served)} of {customers} customers are not visited, customer {missing} among them")
    return routes
