"""Vehicle routes: measured by hand and by a slow checker, optimum and bound by brute force, exploits refused."""

from __future__ import annotations

import itertools
import json
import math
import random
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluators.own_process import call_ortools
from evaluators.vehicle.bound import lower_bound, optimum
from evaluators.vehicle.reference import search, solve
from evaluators.vehicle.verifier import Delivery, Point, RouteVerifier, checked, delivery_from, distance, length, matrix
from problems.routing.vehicle.instances import uchoa
from problems.routing.vehicle.ortools_two_seconds import routes
from workbench.errors import Infeasible, ProblemError
from workbench.model import Instance, Program, Split
from workbench.problem import catalog
from workbench.testing.inprocess import InProcess

SLUG = "routing/vehicle"
VERIFIER = RouteVerifier()
EXAMPLE = {"coords": [[0, 0], [0, 10], [0, 20], [10, 0]], "demand": [0, 2, 2, 3], "capacity": 4, "budget_s": 2.0}


@cache
def loaded() -> catalog.LoadedProblem:
    return catalog.load(SLUG)


def case(data: dict[str, Any]) -> Instance:
    return Instance("x", "f", data)


def random_data(rng: random.Random, n: int, side: int = 30) -> dict[str, Any]:
    coords = [[rng.randint(0, side), rng.randint(0, side)] for _ in range(n + 1)]
    demand = [0, *(rng.randint(1, 9) for _ in range(n))]
    return {"coords": coords, "demand": demand, "capacity": rng.randint(max(demand), 30), "budget_s": 2.0}


def random_routes(rng: random.Random, data: dict[str, Any]) -> list[list[int]]:
    """Legal routes: customers in any order, a new vehicle where the load says so or by chance."""
    routes: list[list[int]] = []
    room = 0
    for customer in rng.sample(range(1, len(data["coords"])), len(data["coords"]) - 1):
        if data["demand"][customer] > room or rng.random() < 0.2:
            routes.append([])
            room = data["capacity"]
        routes[-1].append(customer)
        room -= data["demand"][customer]
    return routes


class Answer:
    """A policy in this process that gives one answer."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def __call__(self, *args: Any) -> Any:
        return self.answer

    def begin(self, *args: Any) -> None:
        raise AssertionError("one call, one answer")

    def call(self, method: str, *args: Any) -> Any:
        raise AssertionError("one call, one answer")


def slow_cost(data: dict[str, Any], answer: Any) -> int | None:
    """Drive one unit of work after the other; None where a rule is broken. In fractions, without a square root of a float."""
    left = set(range(1, len(data["coords"])))
    driven = 0
    for route in answer:
        at, room = data["coords"][0], data["capacity"]
        for customer in route:
            if customer not in left:
                return None
            left.remove(customer)
            room -= data["demand"][customer]
            driven += slow_distance(at, data["coords"][customer])
            at = data["coords"][customer]
        if room < 0 or not route:
            return None
        driven += slow_distance(at, data["coords"][0])
    return None if left else driven


def slow_distance(a: Sequence[int], b: Sequence[int]) -> int:
    """The whole number k with k - 1/2 <= root < k + 1/2, by bisection on squares."""
    square = (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2
    low, high = 0, abs(a[0] - b[0]) + abs(a[1] - b[1]) + 1
    while low < high:
        middle = (low + high) // 2
        if (middle + Fraction(1, 2)) ** 2 <= square:
            low = middle + 1
        else:
            high = middle
    return low


# --------------------------------------------------------------------------- the rules


def test_the_example_of_the_statement() -> None:
    found = VERIFIER.run(case(EXAMPLE), Answer([[1, 2], [3]]))
    assert found.objective == 60 and found.metrics == {"routes": 2, "fill": 7 / 8}
    assert VERIFIER.run(case(EXAMPLE), Answer([[3], [2, 1]])).objective == 60
    assert VERIFIER.run(case(EXAMPLE), Answer([[1], [2], [3]])).objective == 80


@given(st.integers(-(10**9), 10**9), st.integers(-(10**9), 10**9), st.integers(0, 40), st.integers(0, 40))
def test_distances_are_rounded_as_cvrplib_does(x: int, y: int, dx: int, dy: int) -> None:
    assert distance((x, y), (x + dx, y + dy)) == int(math.sqrt(dx * dx + dy * dy) + 0.5) == slow_distance((0, 0), (dx, dy))
    assert distance((0, 0), (x, y)) == slow_distance((0, 0), (x, y))


@settings(max_examples=100)
@given(st.integers(0, 10**6))
def test_legal_routes_are_measured_as_the_slow_checker_does(seed: int) -> None:
    rng = random.Random(seed)
    data = random_data(rng, rng.randint(1, 12), side=10 ** rng.randint(1, 9))
    routes = random_routes(rng, data)
    assert VERIFIER.run(case(data), Answer(routes)).objective == slow_cost(data, routes)


@settings(max_examples=150)
@given(st.integers(0, 10**6), st.integers(0, 5))
def test_damaged_routes_are_refused_or_measured_as_the_slow_checker_does(seed: int, damage: int) -> None:
    rng = random.Random(seed)
    data = random_data(rng, 6)
    routes = random_routes(rng, data)
    victim = rng.choice(routes)
    if damage == 0:
        victim.pop()
    elif damage == 1:
        victim.append(rng.randint(1, 6))
    elif damage == 2:
        victim[0] = rng.randint(1, 6)
    elif damage == 3:
        routes.append(routes[0])
    elif damage == 4 and len(routes) > 1:
        victim += routes.pop()  # overloaded, perhaps
    else:
        rng.shuffle(victim)
    expected = slow_cost(data, routes)
    if expected is None:
        with pytest.raises(Infeasible):
            VERIFIER.run(case(data), Answer(routes))
    else:
        assert VERIFIER.run(case(data), Answer(routes)).objective == expected


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ([[1, 2]], "1 of 3 customers are not visited, for example customer 3"),  # leave the far one out
        ([], "3 of 3 customers are not visited"),
        ([[1, 2], [3], [1]], "customer 1 is visited twice: in route 0 and in route 2"),
        ([[1, 2, 2], [3]], "customer 2 is visited twice: in route 0 and in route 0"),
        ([[1, 2, 3]], "route 0 has load 7, above the capacity of 4"),
        ([[1, 3], [2]], "route 0 has load 5, above the capacity of 4"),
        ([[1, 0, 2], [3]], r"route 0\[1\] must be in 1..3, got 0"),  # unload at the depot on the way
        ([[0, 1, 2, 0], [3]], r"route 0 .* at most 3 entries|route 0\[0\] must be in 1..3"),
        ([[1, 2], [3], []], "route 2 is empty"),
        ([[1, 2], [], [3]], "route 1 is empty"),
        ([[1, 2], [4]], r"route 1\[0\] must be in 1..3, got 4"),
        ([[1, 2], [-1]], "must be in 1..3, got -1"),  # a list index of Python's
        ([[1, 2], [3.0]], "must be an int, got the float 3.0"),
        ([[True, 2], [3]], "must be an int, got the bool True"),
        ([[1, 2], [10**400]], "must be in 1..3, got an integer of 1329 bits"),
        ([[1, 2], 3], "route 1 must be a list"),
        ([[1, 2], ["3"]], "must be an int"),
        ([0, [[1, 2], [3]]], "route 0 must be a list"),  # a cost of its own beside the routes
        ([[[1, 2], [3]], 0.0], r"route 0\[0\] must be an int, got a list"),
        ({"routes": [[1, 2], [3]], "cost": 0}, "the answer must be a list, got a dict"),
        (((1, 2), (3,)), "the answer must be a list, got a tuple"),
        ([[1], [2], [3], [1]], "the answer may have at most 3 entries, got 4"),
        (None, "the answer must be a list"),
        ([1, 2, 3], "route 0 must be a list"),
    ],
)
def test_any_other_answer_is_infeasible(answer: Any, reason: str) -> None:
    with pytest.raises(Infeasible, match=reason):
        VERIFIER.run(case(EXAMPLE), Answer(answer))


def test_a_policy_that_moves_customers_and_shrinks_demands_changes_nothing() -> None:
    class Spoils(Answer):
        def __call__(self, *args: Any) -> Any:
            coords, demand, *_ = args
            for point in coords:
                point[:] = [0, 0]
            demand[:] = [0] * len(demand)
            return self.answer

    data = random_data(random.Random(3), 6)
    routes = random_routes(random.Random(3), data)
    assert VERIFIER.run(case(data), Spoils(routes)) == VERIFIER.run(case(data), Answer(routes))
    data["capacity"] = max(data["demand"])
    with pytest.raises(Infeasible, match="above the capacity"):
        VERIFIER.run(case(data), Spoils([[1, 2, 3, 4, 5, 6]]))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"coords": [[0, 0]], "demand": [0]}, "at least one customer"),
        ({"demand": [0, 2, 2]}, "one entry"),
        ({"coords": [[0, 0], [0, 10], [0, 20.5], [10, 0]]}, "pairs of ints"),
        ({"demand": [0, 2, 2, 5]}, r"in 1..4"),
        ({"demand": [0, 2, 2, 0]}, r"in 1..4"),
        ({"demand": [1, 2, 2, 3]}, r"0 for the depot"),
    ],
)
def test_contradictory_instance_is_a_problem_error(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(ProblemError, match=reason):
        delivery_from({**EXAMPLE, **change})


# --------------------------------------------------------------------------- references


def partitions(items: list[int]) -> Iterator[list[list[int]]]:
    if not items:
        yield []
        return
    for others in partitions(items[1:]):
        yield [[items[0]], *others]
        for i, part in enumerate(others):
            yield [*others[:i], [items[0], *part], *others[i + 1 :]]


def brute_force(task: Delivery) -> int:
    """Least cost over all ways to part the customers and all orders within a part."""

    @cache
    def tour(part: frozenset[int]) -> int:
        return min(length(task.coords, [order]) for order in itertools.permutations(part))

    return min(
        sum(tour(frozenset(part)) for part in parts)
        for parts in partitions(list(task.customers))
        if all(sum(task.demand[c] for c in part) <= task.capacity for part in parts)
    )


@pytest.mark.parametrize("seed", range(15))
def test_optimum_is_that_of_brute_force_and_the_bound_stays_below(seed: int) -> None:
    rng = random.Random(seed)
    # On small maps rounded distances break the triangle inequality often.
    task = delivery_from(random_data(rng, rng.randint(1, 6), side=(4, 30, 1000)[seed % 3]))
    best = brute_force(task)
    assert optimum(task) == best >= lower_bound(task) > 0.5 * best


def test_optimum_refuses_what_takes_too_long() -> None:
    with pytest.raises(ValueError, match="13 customers"):
        optimum(delivery_from(random_data(random.Random(0), 13)))


def test_the_bound_is_exact_where_one_thing_rules() -> None:
    points: list[Point] = [(3 * i, 4 * i) for i in range(6)]
    own_vehicle = Delivery(tuple(points), (0, 3, 4, 4, 3, 3), 5, 2.0)
    assert lower_bound(own_vehicle) == optimum(own_vehicle) == 2 * 5 * (1 + 2 + 3 + 4 + 5)
    one_place = Delivery(((0, 0), *[(30, 40)] * 9), (0, *[2] * 9), 5, 2.0)
    assert lower_bound(one_place) >= 4 * 100  # 18 units, 5 a vehicle
    assert optimum(one_place) == 5 * 100  # but two demands of 2 a vehicle


def test_published_solutions_cost_what_is_published() -> None:
    known = json.loads((loaded().folder / "data" / "x_set.json").read_text())
    assert len(known) == 34 and known["X-n101-k25"]["best_known"] == 27591 and known["X-n336-k84"]["best_known"] == 139111
    for instance in loaded().instances(Split.TEST):
        raw = known[instance.id]
        assert VERIFIER.run(instance, Answer(raw["routes"])).objective == raw["best_known"]
        assert loaded().references.reference(Split.TEST, instance.id).value == raw["best_known"]
        assert len(raw["coords"]) == int(instance.id.split("-")[1][1:]) <= 336


def test_small_references_are_found_again_and_bounds_hold_for_all() -> None:
    again = 0
    for split in (Split.TRAIN, Split.VALIDATION, Split.STRESS):
        for instance in loaded().instances(split):
            task = delivery_from(instance.data)
            reference = loaded().references.reference(split, instance.id)
            if len(task.customers) < 10:
                assert reference.status == "optimal" and reference.value == optimum(task)
                again += 1
            elif len(task.customers) <= 65:
                assert lower_bound(task, steps=20) <= reference.value
    assert again == 5


def test_pyvrp_finds_the_optimum_of_small_instances() -> None:
    pytest.importorskip("pyvrp", reason="references are made with the extra `references`")
    for seed in range(3):
        task = delivery_from(random_data(random.Random(seed), 8, side=1000))
        assert length(task.coords, search(task, 100, 8, seed=1)) == optimum(task)
        assert search(task, 20, 8, seed=1) == search(task, 20, 8, seed=1)


def test_references_without_pyvrp_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyvrp", None)
    with pytest.raises(ProblemError, match=r"need PyVRP: pip install 'evolve-workbench\[references\]'"):
        solve(case(random_data(random.Random(0), 20)), iterations=1)
    assert solve(case(EXAMPLE), iterations=1).value == 60  # a handful of customers needs no PyVRP


# --------------------------------------------------------------------------- programs and instances


def cost(name: str, instance: Instance) -> float:
    return VERIFIER.run(instance, InProcess(loaded().program(name))).objective


def test_nearest_neighbour_returns_only_when_nothing_fits() -> None:
    data = {"coords": [[0, 0], [0, 1], [0, 2], [0, 9], [5, 0]], "demand": [0, 3, 3, 2, 4], "capacity": 6, "budget_s": 2.0}
    policy = InProcess(loaded().program("nearest_neighbour"))
    assert policy(data["coords"], data["demand"], 6, 2.0) == [[1, 2], [4, 3]]


def test_savings_take_the_largest_first() -> None:
    data = {"coords": [[0, 0], [10, 0], [10, 4], [-10, 0], [-10, 1]], "demand": [0, 1, 1, 1, 1], "capacity": 2, "budget_s": 2.0}
    routes = InProcess(loaded().program("clarke_wright"))(data["coords"], data["demand"], 2, 2.0)
    assert sorted(sorted(route) for route in routes) == [[1, 2], [3, 4]]
    # With the distance's weight of 1 the builder of the seeds is Clarke and Wright's.
    source = loaded().program("seed").source.replace("return 1 / (1 + apart)", "return to_i + to_j - apart")
    savings = InProcess(Program(source, "route"))
    for instance in loaded().instances(Split.TRAIN)[:4]:
        assert VERIFIER.run(instance, savings).objective == cost("clarke_wright", instance)


def test_sweep_of_one_route_is_a_short_tour_and_local_search_never_hurts() -> None:
    ring = [[round(1000 * math.cos(k)), round(1000 * math.sin(k))] for k in range(12)]
    data = {"coords": [[1200, 0], *ring], "demand": [0, *[1] * 12], "capacity": 12, "budget_s": 2.0}
    around = sorted(range(1, 13), key=lambda k: (k - 1) % (2 * math.pi))
    assert VERIFIER.run(case(data), InProcess(loaded().program("sweep"))).objective <= 1.02 * slow_cost(data, [around])  # type: ignore[operator]
    for instance in loaded().instances(Split.TRAIN)[:6]:
        assert cost("clarke_wright_2opt", instance) <= cost("clarke_wright", instance)


@pytest.mark.parametrize("n", [1, 2, 4, 30])
def test_string_removals_put_everybody_back_and_end_below_savings(n: int) -> None:
    places, demand, capacity = uchoa(random.Random(n), n, "random")
    instance = case({"coords": places, "demand": demand, "capacity": capacity, "budget_s": 0.1})
    found = cost("string_removals", instance)
    assert found <= cost("clarke_wright", instance) and found == cost("string_removals", instance)
    if n <= 4:
        assert found == optimum(delivery_from(instance.data))


def test_ortools_routes_are_legal_and_optimal_where_that_is_easy() -> None:
    task = delivery_from(random_data(random.Random(5), 6, side=1000))
    assert length(task.coords, checked(task, call_ortools(routes, task, seconds=0.2))) == optimum(task)


@pytest.mark.parametrize("kind", ["random", "clustered", "mixed"])
def test_the_generator_makes_as_many_customers_as_asked_for(kind: str) -> None:
    for n in (4, 9, 30):
        assert all(len(uchoa(random.Random(seed), n, kind)[0]) == n + 1 for seed in range(20))


def test_generated_instances_keep_the_published_recipe() -> None:
    for split in (Split.TRAIN, Split.VALIDATION):
        for instance in loaded().instances(split):
            data = instance.data
            n = len(data["coords"]) - 1
            assert 30 <= n <= 100 and all(0 <= x <= 1000 and 0 <= y <= 1000 for x, y in data["coords"])
            assert len({tuple(place) for place in data["coords"]}) == n + 1  # no two at one place
            assert all(1 <= q <= 100 for q in data["demand"][1:])
            assert n * data["capacity"] / sum(data["demand"]) > 2.9 or data["capacity"] == max(data["demand"])
        kinds = Counter((i.family, len(i.data["coords"]) - 1) for i in loaded().instances(split))
        assert len(kinds) == 3 * 6 and set(kinds.values()) == {5 if split is Split.TRAIN else 1}  # each size of each kind
    assert matrix([(0, 0), (3, 4)]) == [[0, 5], [5, 0]]
