"""The problem of serving a language model: its instances, the frame of its seeds, and what its baselines do."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from evaluators.llm_serving.verifier import Serving
from evaluators.llm_serving.workload import Workload
from workbench.model import Instance, Split
from workbench.problem import catalog
from workbench.testing.inprocess import InProcess

PROBLEM = catalog.load("load_balancing/llm_serving")
MADE = PROBLEM.problem.instances.__globals__


def program(name: str, **names: Any) -> InProcess:
    policy = InProcess(PROBLEM.program(name))
    policy._entry.route.__globals__.update(names)
    return policy


def first(count: int, split: Split = Split.TRAIN, at: int = -1) -> Instance:
    """The first requests of an instance."""
    whole = PROBLEM.instances(split)[at]
    return Instance(whole.id, whole.family, {**whole.data, "requests": whole.data["requests"][:count]})


# --------------------------------------------------------------------------- instances


def test_splits_are_parts_of_the_trace_that_do_not_overlap() -> None:
    spans = sorted(MADE["_PARTS"].values())
    assert spans[0][0] == 0 and spans[-1][1] == 1 and all(a[1] == b[0] for a, b in itertools.pairwise(spans))
    parts = [MADE["part"](split) for split in (Split.TRAIN, Split.VALIDATION, Split.TEST)]
    assert [row for rows in parts for row in rows] == list(MADE["trace"]())
    recorded = [{row[1:] for row in rows} for rows in parts]
    for split, known in zip((Split.TRAIN, Split.VALIDATION, Split.TEST), recorded, strict=True):
        assert all((row[1], row[2]) in known for i in PROBLEM.instances(split) for row in i.data["requests"])


def test_windows_of_a_family_do_not_overlap() -> None:
    for split in (Split.TRAIN, Split.VALIDATION, Split.TEST):
        rows = MADE["part"](split)
        lengths = [list(row[1:]) for row in rows]
        seen: dict[str, set[int]] = {}
        for instance in PROBLEM.instances(split):
            window = [row[1:3] for row in instance.data["requests"]]
            at = next(i for i in range(len(rows)) if lengths[i : i + len(window)] == window)
            here = set(range(at, at + len(window)))
            assert not here & seen.setdefault(instance.family, set()), instance.id
            seen[instance.family] |= here


def test_instances_of_a_family_bring_the_same_work_a_second() -> None:
    for split in (Split.TRAIN, Split.VALIDATION, Split.TEST):
        for instance in PROBLEM.instances(split):
            workload = Workload.from_data(instance.data)
            m = workload.machine
            work = sum(m.prefill_work_s(r.prompt) + m.decode_work_s(r.prompt, r.output) for r in workload.requests)
            rate = float(instance.family.split("-")[1])
            assert work / workload.requests[-1].arrival_s == pytest.approx(rate * MADE["_mean_work_s"](), rel=0.01)


def test_guesses_order_requests_better_than_chance_and_far_from_right() -> None:
    pairs = [row[2:4] for i in PROBLEM.instances(Split.TRAIN) for row in i.data["requests"][::20]]
    score = [(a[0] - b[0]) * (a[1] - b[1]) for a, b in itertools.combinations(pairs, 2)]
    tau = (sum(s > 0 for s in score) - sum(s < 0 for s in score)) / len(score)
    assert 0.4 < tau < 0.6


def test_gate_shows_nothing_that_is_sealed() -> None:
    _, fresh = PROBLEM.gate(3)
    rows = {(row[1], row[2]) for row in MADE["part"](Split.TRAIN)}
    sealed = {str(i.data["requests"]) for split in (Split.TEST, Split.STRESS) for i in PROBLEM.instances(split)}
    for instance in fresh:
        assert str(instance.data["requests"]) not in sealed
        if instance.family not in ("long-prompts", "long-answers"):
            assert all((row[1], row[2]) in rows for row in instance.data["requests"]), instance.family


# --------------------------------------------------------------------------- seeds


def test_weak_seed_is_round_robin() -> None:
    instance = first(300)
    assert Serving().run(instance, program("seed")) == Serving().run(instance, program("round_robin"))


@pytest.mark.parametrize("rule", [lambda *a: float("nan"), lambda *a: float("inf"), lambda *a: float("-inf"), lambda *a: 0])
def test_the_fixed_part_of_the_seed_serves_every_request_whatever_the_rules(rule: Callable[..., float]) -> None:
    found = Serving().run(first(60), program("seed", load=rule, rank=rule, worth=rule))
    assert 0 < found.objective <= 100


def test_features_of_the_seed_are_what_they_are_said_to_be() -> None:
    asked: list[tuple[Any, ...]] = []
    ranked: list[tuple[Any, ...]] = []
    policy = program("seed", load=lambda *a: asked.append(a) or 0, rank=lambda *a: ranked.append(a) or 0)
    machine = {"token_s": 0.001, "overhead_s": 0.01, "chunk": 100, "capacity": 1000}
    policy.begin({"replicas": 2, "ttft_s": 1.0, "tpot_s": 0.1, "machine": machine})
    view = {"running": 3, "waiting": 1, "held": 250, "backlog": 90}
    for id, at in ((0, 1.0), (1, 1.5)):
        request = {"id": id, "prompt": 40, "guess": 30, "client": 7}
        policy.call("route", {"now": at, "finished": []}, request, [view, view])
    turn, running, waiting, held, backlog, owed, prompt, guess = asked[2]
    assert (turn, running, waiting, held, prompt, guess) == (1, 3, 1, 0.25, 40, 30)
    assert backlog == pytest.approx(90 * 0.0011) and owed == pytest.approx(0.03)
    policy.call("order", {"now": 2.0, "finished": [], "replica": 0}, [[1, 40]], [[0, 12, 0]], 600)
    age, slack, prompt, todo, guess, done, left, client_served = ranked[0]
    assert (age, prompt, todo, guess, done, left, client_served) == (0.5, 40, 40, 30, 0, 30, 52)
    assert slack == pytest.approx(1 - 0.5 - 40 * 0.0011)
    policy.call("order", {"now": 3.0, "finished": [[0, 20]], "replica": 0}, [[1, 45]], [], 600)
    age, slack, _, todo, _, done, left, client_served = ranked[1]
    assert (age, slack, todo, done, left, client_served) == (1.5, -1.0, 45, 5, 25, 60)


# --------------------------------------------------------------------------- baselines


def begun(name: str) -> InProcess:
    policy = program(name)
    policy.begin({"replicas": 2, "ttft_s": 1.0, "tpot_s": 0.1, "machine": MADE["MACHINE"].as_data()})
    return policy


def test_llumnix_counts_the_demand_of_the_first_that_waits() -> None:
    policy = begun("llumnix")
    news = {"now": 0.0, "finished": []}

    def view(running: int, waiting: int, held: int) -> dict[str, int]:
        return {"running": running, "waiting": waiting, "held": held, "backlog": 0}

    route = lambda id, prompt, *views: policy.call("route", news, {"id": id, "prompt": prompt, "guess": 1, "client": 0}, views)  # noqa: E731
    assert route(0, 9000, view(0, 0, 0), view(0, 0, 0)) == 0
    assert route(1, 30000, view(1, 0, 9001), view(1, 0, 9000)) == 1
    assert route(2, 50, view(1, 0, 9001), view(0, 1, 9000)) == 0, "30,000 tokens wait at the other"
    # Twice as many requests halve what is free for each.
    assert route(3, 50, view(4, 0, 20000), view(2, 0, 25000)) == 1


def test_vtc_admits_the_client_that_was_served_least() -> None:
    policy = begun("vtc")
    views = [{"running": 0, "waiting": 0, "held": k, "backlog": 0} for k in range(2)]
    for id, client in enumerate((5, 5, 5, 6)):
        policy.call("route", {"now": 0.0, "finished": []}, {"id": id, "prompt": 100, "guess": 1, "client": client}, views)
    waiting = [[id, 100] for id in range(4)]
    order = policy.call("order", {"now": 0.0, "finished": [], "replica": 0}, waiting, [], 1000)
    assert order == [0, 3, 1, 2]
    # 40 tokens of an answer count twice: client 5 has 180.
    order = policy.call("order", {"now": 1.0, "finished": [], "replica": 0}, waiting[1:], [[0, 40, 0]], 1000)
    assert order == [3, 1, 2]


def test_mlfq_joins_by_prompt_and_sinks_with_tokens() -> None:
    policy = begun("mlfq")
    view = [{"running": 0, "waiting": 0, "held": 0, "backlog": 0}] * 2
    for id, prompt in enumerate((3000, 100, 100)):
        policy.call("route", {"now": 0.1 * id, "finished": []}, {"id": id, "prompt": prompt, "guess": 1, "client": 0}, view)
    news = {"now": 1.0, "finished": [], "replica": 0}
    assert policy.call("order", news, [[0, 3000], [1, 100], [2, 100]], [], 9000) == [1, 2, 0]
    assert policy.call("order", news, [[0, 3000], [1, 200], [2, 100]], [], 9000) == [2, 0, 1], "100 tokens of its answer have come"
    assert policy.call("preempt", news, [[0, 0, 3000], [1, 5, 0], [2, 5, 0]]) == 0
    assert policy.call("order", {**news, "now": 10.05}, [[1, 100], [0, 3000]], [], 9000) == [0, 1], "it has waited for ten seconds"


def test_sjf_orders_by_guessed_work_that_is_left() -> None:
    policy = begun("sjf_guess")
    view = [{"running": 0, "waiting": 0, "held": 0, "backlog": 0}] * 2
    for id, (prompt, guess) in enumerate(((100, 200), (100, 50), (4000, 50), (100, 400))):
        policy.call("route", {"now": 0.0, "finished": []}, {"id": id, "prompt": prompt, "guess": guess, "client": 0}, view)
    news = {"now": 1.0, "finished": [], "replica": 0}
    assert policy.call("order", news, [[0, 100], [1, 100], [2, 4000]], [], 9000) == [1, 0, 2]
    assert policy.call("order", news, [[3, 100], [0, 290]], [], 9000) == [0, 3], "190 of its 200 tokens have come"


# --------------------------------------------------------------------------- references


def test_some_references_are_solved_again() -> None:
    for instance in PROBLEM.instances(Split.VALIDATION)[::5]:
        reference = PROBLEM.references.reference(Split.VALIDATION, instance.id)
        assert PROBLEM.problem.solve(instance).value == pytest.approx(reference.value, abs=1e-6)
