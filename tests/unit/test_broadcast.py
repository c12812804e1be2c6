"""Broadcasts between regions: verifier against a slow checker, trees against brute force, the published figures, each exploit."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluators.cloudcast.reference import best_bill, lower_bound, whole_prices
from evaluators.cloudcast.steiner import (
    cost_of,
    distances,
    dreyfus_wagner,
    dual_ascent,
    flow_mip,
    path_heuristic,
    steiner_arborescence,
    surviving,
)
from evaluators.cloudcast.verifier import BroadcastVerifier, Network, Transfer, bill, load
from workbench.errors import Infeasible, ProblemError
from workbench.model import Instance, Split
from workbench.problem import catalog
from workbench.testing.inprocess import InProcess

SLUG = "routing/cloudcast"


@cache
def loaded() -> catalog.LoadedProblem:
    return catalog.load(SLUG)


def small_network(rng: random.Random, n: int) -> Network:
    def row(low: int, high: int, scale: float) -> list[tuple[float, ...]]:
        return [tuple(0.0 if u == v else rng.randint(low, high) * scale for v in range(n)) for u in range(n)]

    limits = [tuple(float(rng.randint(3, 12)) for _ in range(n)) for _ in range(2)]
    return Network(tuple(row(0, 20, 0.01)), tuple(row(1, 10, 1.0)), *limits)


def case(n: int, dsts: Sequence[int], parts: int = 2, vm_price: float = 3.0) -> Instance:
    data = {"network": "small", "src": 0, "dsts": list(dsts), "parts": parts, "gb": 30, "vms": 2, "vm_price": vm_price}
    return Instance("x", "f", data)


def judge(net: Network, instance: Instance, value: Any) -> float:
    return BroadcastVerifier(lambda name: net).run(instance, lambda *_: value).objective  # type: ignore[arg-type, return-value]


FOUR = small_network(random.Random(0), 4)
RIGHT = [[[0, 1], [0, 1]], [[0, 1, 2], [0, 2]]]


def slow(net: Network, instance: Instance, paths: Any) -> float | None:
    """The rules anew, edge by edge and in fractions, without any shared code: None where one is broken."""
    data, n = instance.data, len(net.price)
    src, dsts, parts, vms = data["src"], data["dsts"], data["parts"], data["vms"]
    if type(paths) is not list or len(paths) != len(dsts):
        return None
    for d, by_part in zip(dsts, paths, strict=True):
        if type(by_part) is not list or len(by_part) != parts:
            return None
        for path in by_part:
            if type(path) is not list or any(type(r) is not int or r not in range(n) for r in path):
                return None
            if len(path) < 2 or path[0] != src or path[-1] != d or len(set(path)) < len(path):
                return None
    crossings = {(u, v, p) for row in paths for p, path in enumerate(row) for u, v in itertools.pairwise(path)}
    edges = {(u, v) for u, v, _ in crossings}
    gb = Fraction(data["gb"], parts)
    egress = sum(gb * Fraction(net.price[u][v]) for u, v, _ in crossings)
    seconds = Fraction(0)
    for u, v in edges:
        speed = Fraction(net.gbps[u][v]) * vms
        for side, limits, end in ((0, net.egress, u), (1, net.ingress, v)):
            beside = [e for e in edges if e[side] == end]
            if sum(Fraction(net.gbps[a][b]) * vms for a, b in beside) > Fraction(limits[end]) * vms:
                speed = min(speed, Fraction(limits[end]) * vms / len(beside))
        seconds = max(seconds, sum((u, v) == (a, b) for a, b, _ in crossings) * gb * 8 / speed)
    regions = {r for e in edges for r in e}
    return float(egress + len(regions) * vms * Fraction(data["vm_price"]) / 3600 * seconds)


# --------------------------------------------------------------------------- verifier


@settings(max_examples=60)
@given(st.data())
def test_verifier_agrees_with_the_slow_checker_on_right_and_damaged_answers(data: st.DataObject) -> None:
    n = data.draw(st.integers(3, 6))
    net = small_network(random.Random(data.draw(st.integers(0, 99))), n)
    dsts = data.draw(st.lists(st.integers(1, n - 1), min_size=1, max_size=3, unique=True))
    instance = case(n, dsts, parts=data.draw(st.integers(1, 3)))
    value: Any = []
    for d in dsts:
        relays = [r for r in range(1, n) if r != d]
        ways = st.lists(st.sampled_from(relays), max_size=2, unique=True).map(lambda via, d=d: [0, *via, d])
        value.append(data.draw(st.lists(ways, min_size=instance.data["parts"], max_size=instance.data["parts"])))
    at = data.draw(st.integers(0, len(dsts) - 1))
    damage = data.draw(st.sampled_from(["none", "none", "path", "region", "drop", "part", "end", "loop"]))
    wrong = data.draw(st.sampled_from([None, True, 0.0, -1, n, 10**40, "0", [0]]))
    if damage == "path":
        value[at][0] = wrong
    elif damage == "region":
        value[at][0][-1] = wrong
    elif damage == "drop":
        value.pop(at)
    elif damage == "part":
        value[at].append(value[at][0])
    elif damage == "end":
        value[at][0] = value[at][0][:-1]
    elif damage == "loop":
        value[at][0] = [0, *value[at][0]]
    expected = slow(net, instance, value)
    if expected is None:
        with pytest.raises(Infeasible):
            judge(net, instance, value)
    else:
        assert judge(net, instance, value) == pytest.approx(expected, rel=1e-12)


def test_worked_example() -> None:
    # 30 GB in two parts over 0-1 (both), 1-2 (one) and 0-2 (one): 15 GB a part.
    even = Network(((0, 0.1, 0.2), (0.1, 0, 0.1), (0.2, 0.1, 0)), ((0, 5, 5), (5, 0, 5), (5, 5, 0)), (8.0,) * 3, (20.0,) * 3)
    found = BroadcastVerifier(lambda name: even).run(case(3, [1, 2]), lambda *_: RIGHT)  # type: ignore[arg-type, return-value]
    # Two edges leave region 0 and could carry 20 of 16 Gbit/s, so each gets 8; the one with both parts needs 30 s.
    assert found.metrics["egress_usd"] == pytest.approx(30 * 0.1 + 15 * 0.1 + 15 * 0.2)
    assert found.metrics["seconds"] == pytest.approx(240 / 8)
    assert found.metrics["vm_usd"] == pytest.approx(3 * 2 * 3.0 / 3600 * 30)


def test_edge_data_in_the_answer_are_refused() -> None:
    # The published evaluator read price and throughput from the candidate's own edges: 0.14 $ for 618 $.
    edge = [0, 1, {"cost": 0.0, "throughput": 1e9}]
    with pytest.raises(Infeasible, match="must be an int, got a list"):
        judge(FOUR, case(4, [1, 2]), [[[edge], [edge]], [[edge], [edge]]])


def test_a_destination_that_is_not_reached_is_refused() -> None:
    with pytest.raises(Infeasible, match=r"answer\[1\]\[0\] must lead from 0 to 2, got 0 \.\. 1"):
        judge(FOUR, case(4, [1, 2]), [[[0, 1], [0, 1]], [[0, 1], [0, 1]]])


def test_a_partition_that_is_left_out_is_refused() -> None:
    with pytest.raises(Infeasible, match=r"answer\[0\] must have 2 entries, got 1"):
        judge(FOUR, case(4, [1, 2]), [[[0, 1]], [[0, 2]]])


def test_a_path_that_begins_at_another_region_is_refused() -> None:
    # Data that come from nowhere cost no egress at the source.
    with pytest.raises(Infeasible, match=r"must lead from 0 to 1, got 3 \.\. 1"):
        judge(FOUR, case(4, [1, 2]), [[[3, 1], [0, 1]], [[0, 2], [0, 2]]])


def test_a_region_to_itself_is_refused() -> None:
    # The diagonal is free.
    with pytest.raises(Infeasible, match="visits region 0 twice"):
        judge(FOUR, case(4, [1, 2]), [[[0, 0, 1], [0, 1]], [[0, 2], [0, 2]]])


def test_changing_the_prices_changes_nothing() -> None:
    expected = judge(FOUR, case(4, [1, 2]), RIGHT)

    def forger(src: int, dsts: list[int], price: Any, gbps: Any, params: Any) -> Any:
        for row in price:
            row[:] = [0.0] * len(row)
        for row in gbps:
            row[:] = [1e9] * len(row)
        params.update(vm_price=0.0, gb=0, parts=1, egress=[], ingress=[])
        return RIGHT

    for _ in range(2):
        found = BroadcastVerifier(lambda name: FOUR).run(case(4, [1, 2]), forger)  # type: ignore[arg-type]
        assert found.objective == expected


def test_a_shared_edge_is_paid_once_and_a_parallel_way_twice() -> None:
    shared = load([[[0, 1]], [[0, 1, 2]]])
    assert shared == {(0, 1): 1, (1, 2): 1}
    assert load([[[0, 1], [0, 1]], [[0, 2], [0, 1, 2]]]) == {(0, 1): 2, (0, 2): 1, (1, 2): 1}


@pytest.mark.parametrize("change", [{"dsts": []}, {"dsts": [0]}, {"dsts": [1, 1]}, {"dsts": [9]}, {"parts": 0}, {"vm_price": -1}])
def test_contradictory_instance_is_a_problem_error(change: dict[str, Any]) -> None:
    with pytest.raises(ProblemError, match="broadcast"):
        Transfer.from_data(dict(case(4, [1, 2]).data) | change, FOUR)


def test_a_network_with_a_dead_edge_is_a_problem_error() -> None:
    with pytest.raises(ProblemError, match="positive throughput"):
        Network(((0, 0.1), (0.1, 0)), ((0, 1), (0, 0)), (1.0, 1.0), (1.0, 1.0))


# --------------------------------------------------------------------------- trees


def random_prices(rng: random.Random, n: int, top: int) -> Any:
    return np.array([[0 if u == v else rng.randint(0, top) for v in range(n)] for u in range(n)], dtype=np.int64)


def brute_force(price: Any, terminals: Sequence[int]) -> int:
    """Cheapest arborescence from node 0: every set of relays, every choice of parents."""
    n, best = len(price), 10**9
    others = [v for v in range(1, n) if v not in terminals]
    for count in range(len(others) + 1):
        for relays in itertools.combinations(others, count):
            nodes = [*terminals, *relays]
            for chosen in itertools.product([0, *nodes], repeat=len(nodes)):
                parent, reached = dict(zip(nodes, chosen, strict=True)), {0}
                for _ in nodes:
                    reached |= {v for v in nodes if parent[v] in reached}
                if reached.issuperset(terminals):
                    best = min(best, sum(int(price[u, v]) for v, u in parent.items() if u != v))
    return best


@pytest.mark.parametrize("seed", range(12))
def test_all_tree_solvers_equal_brute_force(seed: int) -> None:
    rng = random.Random(seed)
    n = rng.choice((4, 5))
    price, terminals = random_prices(rng, n, rng.choice((2, 20))), sorted(rng.sample(range(1, n), rng.randint(1, 3)))
    expected = brute_force(price, terminals)
    cost, edges = dreyfus_wagner(price, 0, terminals)
    assert cost == expected == cost_of(price, edges)
    bound, reduced = dual_ascent(price, 0, terminals)
    assert bound <= expected and (reduced >= 0).all()
    assert cost_of(price, path_heuristic(price, 0, terminals)) >= expected
    everything = [(u, v) for u in range(n) for v in range(n) if u != v]
    if seed < 4:
        assert flow_mip(price, 0, terminals, everything)[0] == expected


@pytest.mark.parametrize("seed", range(3))
def test_dual_ascent_and_flow_mip_equal_the_dynamic_programme_on_larger_graphs(seed: int) -> None:
    rng = random.Random(seed)
    price, terminals = random_prices(rng, 16, 30), rng.sample(range(1, 16), 7)
    optimum, _ = dreyfus_wagner(price, 0, terminals)
    bound, reduced = dual_ascent(price, 0, terminals)
    tree = path_heuristic(price, 0, terminals, reduced)
    upper = cost_of(price, tree)
    assert bound <= optimum <= upper
    # What reduced prices exclude is no part of any better tree.
    assert min(upper, flow_mip(price, 0, terminals, {*surviving(reduced, 0, terminals, upper - bound + 1), *tree})[0]) == optimum


def test_more_than_ten_terminals_are_solved_to_proof_and_bounded_without_the_mip(monkeypatch: pytest.MonkeyPatch) -> None:
    # Seed 4 is one of the few in which dual ascent leaves a gap.
    price, terminals = random_prices(random.Random(4), 13, 9), list(range(1, 12))
    optimum, _ = dreyfus_wagner(price, 0, terminals)
    found = steiner_arborescence(price, 0, terminals)
    assert found.cost == found.bound == optimum == cost_of(price, found.edges) and "flow MIP" in found.solver
    monkeypatch.setattr("evaluators.cloudcast.steiner._TOO_MANY_FLOWS", 0)
    cut = steiner_arborescence(price, 0, terminals)
    assert cut.bound <= optimum < cut.cost == cost_of(price, cut.edges) and "edges left" in cut.solver


def test_distances_equal_plain_relaxation() -> None:
    price = random_prices(random.Random(1), 7, 9)
    expected = price.tolist()
    for _ in price:
        expected = [[min(row[w] + int(price[w, v]) for w in range(7)) for v in range(7)] for row in expected]
    assert distances(price).tolist() == expected


# --------------------------------------------------------------------------- references


@pytest.mark.parametrize("seed", range(6))
def test_bound_holds_and_annealing_finds_the_optimum_of_tiny_tasks(seed: int) -> None:
    net = small_network(random.Random(seed), 4)
    task = Transfer.from_data(case(4, [1, 2], parts=1, vm_price=300.0 * (seed % 3)).data, net)
    ways = [[[0, 1], [0, 2, 1], [0, 3, 1], [0, 2, 3, 1], [0, 3, 2, 1]], [[0, 2], [0, 1, 2], [0, 3, 2], [0, 1, 3, 2], [0, 3, 1, 2]]]
    best = min(bill(task, load([[a], [b]])).total for a in ways[0] for b in ways[1])
    cheapest = steiner_arborescence(whole_prices(net), task.src, task.dsts)
    assert lower_bound(task, cheapest) <= best + 1e-9
    assert best_bill(task, cheapest, random.Random(0), 600).total == pytest.approx(best, rel=1e-9)


def test_prices_that_are_no_whole_multiples_are_a_problem_error() -> None:
    net = Network(((0, 0.00015), (0.1, 0)), ((0, 1), (1, 0)), (1.0, 1.0), (1.0, 1.0))
    with pytest.raises(ProblemError, match="multiples"):
        whole_prices(net)


def published(family: str, program: str) -> float:
    policy = InProcess(loaded().program(program))
    cases = [i for i in loaded().instances(Split.TEST) if i.family == family]
    assert len(cases) == 5
    return sum(loaded().problem.verifier.run(i, policy).objective for i in cases)


def test_published_starting_program_costs_what_was_published() -> None:
    assert published("published", "dijkstra_union") == pytest.approx(1035.1357, abs=2e-4)


def test_optimum_of_the_published_set_lies_within_618_00_and_618_10() -> None:
    verifier, low, high = loaded().problem.verifier, 0.0, 0.0
    for instance in loaded().instances(Split.TEST):
        if instance.family == "published":
            task = Transfer.from_data(instance.data, verifier.network(instance.data["network"]))  # type: ignore[attr-defined]
            cheapest = steiner_arborescence(whole_prices(task.network), task.src, task.dsts)
            low += lower_bound(task, cheapest)
            high += bill(task, dict.fromkeys(cheapest.edges, task.parts)).total
            reference = loaded().references.reference(Split.TEST, instance.id)
            assert lower_bound(task, cheapest) - 1e-9 <= reference.value
    assert 618.00 <= low <= high <= 618.10


def test_references_are_no_better_than_the_bound_and_reached_by_their_solver() -> None:
    references = loaded().references
    for split in (Split.TRAIN, Split.VALIDATION):
        for instance in loaded().instances(split)[::5]:
            network = loaded().problem.verifier.network(instance.data["network"])  # type: ignore[attr-defined]
            task = Transfer.from_data(instance.data, network)
            cheapest = steiner_arborescence(whole_prices(network), task.src, task.dsts)
            reference = references.reference(split, instance.id)
            assert reference.value >= lower_bound(task, cheapest) * (1 - 1e-9)
            assert reference.value <= bill(task, dict.fromkeys(cheapest.edges, task.parts)).total + 1e-9


# --------------------------------------------------------------------------- instances and programs


def test_splits_have_no_source_region_in_common() -> None:
    seen: dict[int, Split] = {}
    for split in (Split.TRAIN, Split.VALIDATION, Split.TEST):
        for instance in loaded().instances(split):
            assert seen.setdefault(instance.data["src"], split) is split
    assert len(seen) > 30


@pytest.mark.parametrize("name", ["seed", "seed_decent", "seed_open", "cloudcast_milp", "kmb"])
def test_programs_are_legal_on_every_stress_network(name: str) -> None:
    policy = InProcess(loaded().program(name))
    for instance in {i.family: i for i in reversed(loaded().instances(Split.STRESS)) if len(i.data["dsts"]) < 30}.values():
        loaded().problem.verifier.run(instance, policy)


def test_instances_are_small_and_name_their_network() -> None:
    assert all(len(json.dumps(i.data)) < 1000 for split in Split for i in loaded().instances(split))
