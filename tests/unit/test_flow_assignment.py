"""Admission of flows: verifier against a slow checker, the bound against brute force, nothing of the future told, each exploit."""

from __future__ import annotations

import importlib
import itertools
import json
import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluators.flow_assign.bound import SCALE, bound_of_prices, shadow_prices, solve
from evaluators.flow_assign.verifier import Day, FlowAssignment
from tests.unit.policies import Online
from workbench.errors import Infeasible, PolicyFailure, ProblemError
from workbench.model import Instance, Split, Status
from workbench.problem import catalog
from workbench.problem.extras import package
from workbench.testing.inprocess import InProcess

PROBLEM = catalog.load("routing/flow_assign")
VERIFIER = FlowAssignment()


class Told(Online):
    """A policy in this process that answers by `admit` and keeps what it was sent, as the JSON that would be sent."""

    def __init__(self, admit: Callable[[int, list[dict[str, Any]]], Any]) -> None:
        super().__init__(admit=admit)


def case(arcs: Sequence[Sequence[int]], requests: Sequence[Sequence[int]], nodes: int = 3) -> Instance:
    data = {"nodes": nodes, "steps": 10, "arcs": arcs, "requests": requests}
    return Instance("x", "f", json.loads(json.dumps(data)))


def judge(instance: Instance, answers: Sequence[Any]) -> float:
    """The objective of one answer a request, whatever step it is in."""
    left = iter(answers)
    return VERIFIER.run(instance, Told(lambda step, batch: [next(left) for _ in batch])).objective


TRIANGLE = [[0, 1, 10], [1, 0, 10], [1, 2, 20], [2, 1, 20], [0, 2, 10], [2, 0, 10]]
EXAMPLE = case(TRIANGLE, [[3, 0, 2, 6, 90], [3, 0, 2, 5, 40], [3, 1, 2, 9, 20]])


def drawn(rng: random.Random, requests: int) -> Instance:
    nodes = rng.randint(3, 5)
    pairs = [(u, v) for u in range(nodes) for v in range(nodes) if u != v]
    arcs = [[u, v, rng.choice((0, 5, 10, 15))] for u, v in rng.sample(pairs, rng.randint(3, len(pairs)))]
    rows = [[rng.randrange(4), *rng.choice(pairs), rng.randint(1, 8), rng.randint(1, 30)] for _ in range(requests)]
    return case(arcs, sorted(rows, key=lambda row: row[0]), nodes)


# --------------------------------------------------------------------------- verifier


def test_the_worked_example_of_the_statement() -> None:
    assert judge(EXAMPLE, [[0, 2], [0, 1, 2], []]) == pytest.approx(100 * 130 / 150)
    found = VERIFIER.run(EXAMPLE, Told(lambda step, batch: [[0, 2], [0, 1, 2], []])).metrics
    assert found["carried_pct"] == pytest.approx(200 / 3) and found["bandwidth_pct"] == pytest.approx(55)
    assert found["mean_hops"] == 1.5 and found["used_pct"] == pytest.approx(100 * 16 / 80)


def slow(instance: Instance, answers: Sequence[Any]) -> float | None:
    """The rules anew, without shared code: what every arc carries in all, after each request; None where one is broken."""
    data = instance.data
    value = 0
    carried: list[tuple[list[int], int]] = []
    for (_, src, dst, bw, worth), path in zip(data["requests"], answers, strict=True):
        if path == []:
            continue
        if type(path) is not list or any(type(node) is not int for node in path) or len(path) < 2:
            return None
        if (path[0], path[-1]) != (src, dst) or sorted(set(path)) != sorted(path):
            return None
        carried.append((path, bw))
        for k in range(len(path) - 1):
            room = [mbps for u, v, mbps in data["arcs"] if [u, v] == path[k : k + 2]]
            users = [b for p, b in carried for a in range(len(p) - 1) if p[a : a + 2] == path[k : k + 2]]
            if not room or sum(users) > room[0]:
                return None
        value += worth
    return 100 * value / sum(row[4] for row in data["requests"])


@settings(max_examples=150)
@given(st.integers(0, 10**6), st.data())
def test_verifier_agrees_with_the_slow_checker_on_right_and_damaged_answers(seed: int, data: st.DataObject) -> None:
    instance = drawn(random.Random(seed), 6)
    nodes = instance.data["nodes"]
    answers: list[Any] = []
    for _, src, dst, _, _ in instance.data["requests"]:
        via = data.draw(st.lists(st.sampled_from([n for n in range(nodes) if n not in (src, dst)]), max_size=2, unique=True))
        path = [src, *via, dst]
        there = all([u, v] in [arc[:2] for arc in instance.data["arcs"]] for u, v in itertools.pairwise(path))
        answers.append(path if there and data.draw(st.booleans()) else [])
    at = data.draw(st.integers(0, 5))
    match data.draw(st.sampled_from(["none", "none", "other", "node", "loop", "turned", "cut"])):
        case "other":
            answers[at] = data.draw(st.sampled_from([None, 0, True, "01", {}, [0], [[0, 1]], [0.0, 1], [0, 10**40], [-1, 0]]))
        case "node" if answers[at]:
            answers[at][-1] = data.draw(st.integers(-1, nodes))
        case "loop" if answers[at]:
            answers[at] = [*answers[at], *answers[at]]
        case "turned" if answers[at]:
            answers[at].reverse()
        case "cut" if answers[at]:
            answers[at].pop()
    expected = slow(instance, answers)
    if expected is None:
        with pytest.raises(Infeasible):
            judge(instance, answers)
    else:
        assert judge(instance, answers) == pytest.approx(expected)


REFUSED = [
    ("arc that is not there", case(TRIANGLE[:4], [[0, 0, 2, 1, 1]]), [[0, 2]], "there is no arc from node 0 to node 2"),
    ("more than an arc has", EXAMPLE, [[0, 2], [0, 2], []], "the arc from 0 to 2 has 4 Mbit/s free, the request needs 5"),
    ("overbooked within a step", EXAMPLE, [[0, 1, 2], [0, 1, 2], []], "has 4 Mbit/s free"),
    ("overbooked by a later step", case(TRIANGLE, [[0, 0, 2, 6, 9], [1, 0, 2, 6, 9]]), [[0, 2], [0, 2]], "path 0 of step 1"),
    ("another start", EXAMPLE, [[1, 2], [], []], "must lead from node 0 to node 2"),
    ("another end", EXAMPLE, [[0, 1], [], []], "must lead from node 0 to node 2"),
    ("None for a refusal", EXAMPLE, [None, [], []], "path 0 of step 3 must be a list, got None"),
    ("a round trip to look busy", EXAMPLE, [[0, 1, 0, 2], [], []], "must not pass a node twice"),
    ("counted from the end", EXAMPLE, [[0, -1], [], []], "must be at least 0, got -1"),
    ("true for 1", EXAMPLE, [[0, True, 2], [], []], "must be an int, got"),
    ("a float", EXAMPLE, [[0.0, 2], [], []], "must be an int, got"),
    ("acceptance without a path", EXAMPLE, [True, [], []], "path 0 of step 3 must be a list, got the bool True"),
    ("its own figures", EXAMPLE, [{"path": [0, 2], "bw": 0}, [], []], "must be a list"),
]  # fmt: skip


@pytest.mark.parametrize(("instance", "answers", "message"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_wrong_paths_are_refused(instance: Instance, answers: list[Any], message: str) -> None:
    with pytest.raises(Infeasible) as refusal:
        judge(instance, answers)
    assert message in str(refusal.value)


@pytest.mark.parametrize(
    "answer", [None, [], [[0, 2]], [[]] * 4, {"0": [0, 2]}, "all", [[0, 2], [0, 1, 2], None, {"objective": 100}]]
)
def test_an_answer_for_fewer_or_more_requests_than_came_is_refused(answer: Any) -> None:
    with pytest.raises(Infeasible, match="the answer at step 3 must"):
        VERIFIER.run(EXAMPLE, Told(lambda step, batch: answer))


def test_a_policy_that_changes_what_it_is_given_changes_nothing_else() -> None:
    def greedy(step: int, batch: list[dict[str, Any]]) -> Any:
        for request in batch:
            request.update(bw=0, value=10**9)
        batch.append(dict(batch[0]))
        return [[0, 2], [0, 2], []]

    before = json.dumps(EXAMPLE.data)
    with pytest.raises(Infeasible, match="the arc from 0 to 2"):
        VERIFIER.run(EXAMPLE, Told(greedy))
    assert json.dumps(EXAMPLE.data) == before


def test_failure_of_the_candidates_process_passes_through() -> None:
    def crash(step: int, batch: list[dict[str, Any]]) -> Any:
        raise PolicyFailure(Status.TIMEOUT, "too slow")

    with pytest.raises(PolicyFailure, match="too slow"):
        VERIFIER.run(EXAMPLE, Told(crash))


@pytest.mark.parametrize(
    "change",
    [{"arcs": [[0, 0, 1]]}, {"arcs": [[0, 3, 1]]}, {"arcs": [*TRIANGLE, TRIANGLE[0]]}, {"arcs": [[0, 1, -1]]}, {"requests": []},
     {"requests": [[0, 1, 1, 1, 1]]}, {"requests": [[0, 0, 3, 1, 1]]}, {"requests": [[0, 0, 1, 0, 1]]},
     {"requests": [[0, 0, 1, 1, 0]]}, {"requests": [[10, 0, 1, 1, 1]]}, {"requests": [[1, 0, 1, 1, 1], [0, 0, 1, 1, 1]]}],
)  # fmt: skip
def test_contradictory_instance_is_a_problem_error(change: dict[str, Any]) -> None:
    with pytest.raises(ProblemError, match="flow assignment"):
        Day.from_data({**EXAMPLE.data, **change})


# --------------------------------------------------------------------------- the future stays here


def test_nothing_sent_depends_on_the_requests_to_come() -> None:
    rng = random.Random(3)
    for _ in range(10):
        first, other = drawn(rng, 12), drawn(rng, 12)
        past = [row for row in first.data["requests"] if row[0] <= 1] or [[0, *first.data["requests"][0][1:]]]
        future = [[row[0] + 2, *row[1:]] for row in other.data["requests"] if max(row[1:3]) < first.data["nodes"]]
        told = []
        for rows in (past, past + future):
            policy = Told(lambda step, batch: [[] for _ in batch])
            VERIFIER.run(Instance("x", "f", {**first.data, "requests": rows}), policy)
            told.append(policy.sent[: 1 + len({row[0] for row in past})])
        assert told[0] == told[1]
        assert set(json.loads(told[0][0])[0]) == {"nodes", "arcs", "steps"}
        assert all(set(r) == {"src", "dst", "bw", "value"} for text in told[0][1:] for r in json.loads(text)[1])


# --------------------------------------------------------------------------- the bound


def optimum(instance: Instance) -> int:
    """Most value that any choice of requests and paths carries, by trying all."""
    arcs = {(u, v): mbps for u, v, mbps in instance.data["arcs"]}
    nodes = range(instance.data["nodes"])
    rows = instance.data["requests"]

    def best(at: int, free: dict[tuple[int, int], int]) -> int:
        if at == len(rows):
            return 0
        _, src, dst, bw, value = rows[at]
        most = best(at + 1, free)
        for length in range(len(nodes) - 1):
            for via in itertools.permutations([n for n in nodes if n not in (src, dst)], length):
                path = list(itertools.pairwise([src, *via, dst]))
                if all(free.get(arc, -1) >= bw for arc in path):
                    most = max(most, value + best(at + 1, free | {arc: free[arc] - bw for arc in path}))
        return most

    return best(0, arcs)


def test_bound_is_never_below_the_optimum_and_often_meets_it() -> None:
    rng, met = random.Random(5), 0
    for _ in range(25):
        instance = drawn(rng, 4)
        bound, best = solve(instance).value, 100 * optimum(instance) / Day.from_data(instance.data).offered
        assert bound >= best - 1e-9, instance.data
        met += bound <= best + 1e-3
    assert met >= 8


def test_any_prices_prove_a_bound_and_the_solvers_are_the_best() -> None:
    rng = random.Random(8)
    for _ in range(10):
        day = Day.from_data(drawn(rng, 6).data)
        prices, _ = shadow_prices(day.nodes, dict(day.capacity), list(day.requests))
        least = bound_of_prices(day.capacity, day.requests, prices)
        for _ in range(20):
            other = {arc: max(0.0, price + rng.choice((-1, 0, 0.5, 2)) * rng.random()) for arc, price in prices.items()}
            assert bound_of_prices(day.capacity, day.requests, other) >= least - 1000 / SCALE


def test_bound_knows_that_flow_may_be_split_and_no_more() -> None:
    # 10 of the 15 go directly, 5 around: all of it. Of the next 25, which must leave 2, 20 and 10 would fit, less those 5.
    day = Day.from_data(case(TRIANGLE, [[0, 0, 2, 15, 150], [0, 2, 0, 40, 400]]).data)
    prices, _ = shadow_prices(day.nodes, dict(day.capacity), list(day.requests))
    assert bound_of_prices(day.capacity, day.requests, prices) == pytest.approx(150 + 200, rel=1e-5)


def test_some_references_are_solved_again() -> None:
    for instance in PROBLEM.instances(Split.VALIDATION)[::11]:
        reference = PROBLEM.references.reference(Split.VALIDATION, instance.id)
        assert PROBLEM.problem.solve(instance).value == pytest.approx(reference.value, rel=1e-5)


# --------------------------------------------------------------------------- programs and instances


def test_the_seed_without_prices_is_the_path_with_the_fewest_arcs() -> None:
    instance = PROBLEM.instances(Split.TRAIN)[0]
    seed, plain = (VERIFIER.run(instance, InProcess(PROBLEM.program(name))) for name in ("seed", "min_hop"))
    assert seed.objective == pytest.approx(plain.objective, abs=5) and seed.metrics["mean_hops"] < 1.05 * plain.metrics["mean_hops"]


@pytest.mark.parametrize("price", [float("nan"), float("inf"), float("-inf"), -1.0, 10**6, True])
def test_the_fixed_part_of_the_seed_copes_with_any_price(price: float) -> None:
    instance = PROBLEM.instances(Split.TRAIN)[0]
    policy = InProcess(PROBLEM.program("seed"))
    policy._entry.admit.__globals__["price"] = lambda *_: price
    assert 0 <= VERIFIER.run(instance, policy).objective < 100


def test_mira_finds_the_arcs_of_all_minimum_cuts() -> None:
    policy = InProcess(PROBLEM.program("mira"))
    rng, some = random.Random(4), 0
    for _ in range(30):
        data = drawn(rng, 1).data
        arcs = {(u, v): mbps for u, v, mbps in data["arcs"]}
        policy.begin({"nodes": data["nodes"], "arcs": data["arcs"], "steps": 1})
        src, dst = rng.sample(range(data["nodes"]), 2)
        flow, critical = policy._object.critical(src, dst)
        cuts = []
        inner = [n for n in range(data["nodes"]) if n not in (src, dst)]
        for size in range(len(inner) + 1):
            for side in itertools.combinations(inner, size):
                cuts.append([(u, v) for u, v in arcs if u in (src, *side) and v not in (src, *side)])
        least = min(sum(arcs[arc] for arc in cut) for cut in cuts)
        expected = {arc for cut in cuts if sum(arcs[a] for a in cut) == least for arc in cut if arcs[arc]}
        assert flow == least
        # A minimum cut lies between src and dst: arcs that only other nodes use are not critical to the pair.
        assert set(critical) == expected
        some += bool(expected)
    assert some > 10


def test_capacities_carry_the_planned_matrix_on_shortest_paths() -> None:
    networks = importlib.import_module(f"{package(PROBLEM.folder)}.networks")
    for name in ("polska", "newyork", "ta2"):
        network = networks.sndlib(name)
        load = networks.shares(network.nodes, list(network.arcs), network.matrix)
        assert all(load[arc] <= mbps * (1 + 1e-9) and mbps % networks.MODULE == 0 for arc, mbps in network.arcs.items())
        assert sum(load.values()) == pytest.approx(40_000 * len(network.arcs))
        far = {(s, t): d for s in range(network.nodes) for t, d in networks.distances(s, _out(network)).items()}
        assert sum(load.values()) == pytest.approx(sum(amount * far[pair] for pair, amount in network.matrix.items()))


def _out(network: Any) -> dict[int, list[int]]:
    return {node: [v for u, v in network.arcs if u == node] for node in range(network.nodes)}


def test_no_network_is_in_two_splits() -> None:
    splits = importlib.import_module(f"{package(PROBLEM.folder)}.networks").SPLITS
    names = [name for split in splits.values() for name in split]
    assert len(names) == len(set(names)) == 23
    drawn = {split: {json.dumps(i.data["arcs"]) for i in PROBLEM.instances(split)} for split in splits}
    assert all(not drawn[a] & drawn[b] for a, b in itertools.combinations(drawn, 2))
