"""The serving cluster: closed forms, a slow simulation in SimPy, and no way around the rules or into the future."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from evaluators.llm_serving import verifier as serving
from evaluators.llm_serving.cost import Machine, roofline
from evaluators.llm_serving.verifier import Cluster, Serving
from evaluators.llm_serving.workload import Served, Workload, judge
from tests.unit.serving_slow import simulate
from workbench.errors import Infeasible, PolicyFailure, ProblemError
from workbench.model import Instance, Measurement, Status

MACHINE = Machine(
    token_s=0.001, weights_s=0.01, context_s=1e-5, pair_s=1e-6, overhead_s=0.002, capacity=400, chunk=64, batch=8
)  # fmt: skip


class Told:
    """A policy in this process, by three functions; keeps what it was sent, as the JSON that would be sent."""

    def __init__(
        self,
        route: Callable[..., Any] = lambda news, request, replicas: 0,
        order: Callable[..., Any] = lambda news, waiting, running, room: [id for id, _ in waiting],
        preempt: Callable[..., Any] = lambda news, running: max(id for id, _, _ in running),
    ) -> None:
        self.methods = {"route": route, "order": order, "preempt": preempt}
        self.sent: list[str] = []

    def __call__(self, *args: Any) -> Any:
        raise AssertionError("an online verifier calls methods")

    def begin(self, *args: Any) -> None:
        self.sent = [json.dumps(args)]

    def call(self, method: str, *args: Any) -> Any:
        self.sent.append(json.dumps([method, *args]))
        return self.methods[method](*args)


def small(requests: Sequence[Sequence[Any]], replicas: int = 1, machine: Machine = MACHINE, **other: Any) -> Instance:
    """An instance of [arrival, prompt, output] rows."""
    rows = [[*row, row[2], 0] for row in requests]
    data = {"replicas": replicas, "machine": machine.as_data(), "ttft_s": 0.2, "tpot_s": 0.02, "requests": rows, **other}
    return Instance("x", "f", json.loads(json.dumps(data)))


def serve(instance: Instance, policy: Told | None = None) -> Served:
    return Cluster(Workload.from_data(instance.data), policy or Told()).run()


def run(instance: Instance, policy: Told | None = None) -> Measurement:
    return Serving().run(instance, policy or Told())


# --------------------------------------------------------------------------- closed forms


def test_a_request_alone_takes_the_time_that_its_iterations_take() -> None:
    # 64 + 64 + 22 tokens of the prompt, then two more tokens.
    first = 0.002 + 0.064 + 1e-6 * 64 * 32
    second = 0.002 + 0.064 + 1e-5 * 64 + 1e-6 * 64 * (64 + 32)
    third = 0.002 + 0.022 + 1e-5 * 128 + 1e-6 * 22 * (128 + 11)
    steps = [0.002 + 0.01 + 1e-5 * 151, 0.002 + 0.01 + 1e-5 * 152]
    served = serve(small([[5.0, 150, 3]]))
    assert served.first_s == pytest.approx([5 + first + second + third])
    assert served.last_s == pytest.approx([5 + first + second + third + sum(steps)])
    assert MACHINE.prefill_work_s(150) == pytest.approx(0.15 + 1e-6 * 150 * 150 / 2)
    assert MACHINE.decode_work_s(150, 3) == pytest.approx(0.002 + 1e-5 * (151 + 152))


def test_mean_wait_in_a_queue_of_one_is_pollaczek_khinchine() -> None:
    # One request at a time, an iteration a token: M/G/1 with geometric service.
    machine = Machine(token_s=0.0, weights_s=1.0, context_s=0.0, pair_s=0.0, overhead_s=0.0, capacity=10**6, chunk=2, batch=1)
    rng, end, rate = random.Random(3), 0.25, 0.18
    now, rows = 0.0, []
    for _ in range(40_000):
        now += rng.expovariate(rate)
        output = 1
        while rng.random() > end:
            output += 1
        rows.append([now, 1, output])
    served = serve(small(rows, machine=machine))
    wait = sum(first - 1 - row[0] for first, row in zip(served.first_s, rows, strict=True)) / len(rows)
    mean, second = 1 / end, (2 - end) / end**2
    assert wait == pytest.approx(rate * second / (2 * (1 - rate * mean)), rel=0.05)


def test_fixed_service_in_turn_is_the_recursion_of_lindley() -> None:
    machine = Machine(token_s=0.0, weights_s=0.5, context_s=0.0, pair_s=0.0, overhead_s=0.5, capacity=10**4, chunk=2, batch=1)
    rng = random.Random(1)
    arrivals = sorted(rng.uniform(0, 300) for _ in range(120))
    turn = itertools.count()
    served = serve(small([[at, 1, 4] for at in arrivals], 2, machine), Told(lambda *_: next(turn) % 2))
    free = [0.0, 0.0]
    for id, at in enumerate(arrivals):
        free[id % 2] = max(free[id % 2], at) + 4.0
        assert served.last_s[id] == pytest.approx(free[id % 2])


def test_credit_is_promised_over_actual_time_of_the_worse_promise() -> None:
    workload = Workload.from_data(small([[1.0, 10, 11], [1.0, 10, 1]]).data)
    assert workload.credit(0, 1.1, 1.3) == 1
    assert workload.credit(0, 1.4, 1.5) == pytest.approx(0.5)
    assert workload.credit(0, 1.4, 2.4) == pytest.approx(0.2)
    assert workload.credit(1, 1.1, 1.1) == 1
    found = judge(workload, Served([1.4, 1.1], [2.4, 1.1], 3))
    assert found.objective == pytest.approx(60)
    assert found.metrics["in_time_pct"] == 50 and found.metrics["preemptions"] == 3


def test_roofline_follows_from_the_shape_of_the_model() -> None:
    # Llama 2 7B: 0.5 MiB of keys and values a token.
    machine = roofline(
        parameters=7e9, layers=32, hidden=4096, flops=312e12, bandwidth=2e12, memory=80e9, compute_share=0.5,
        bandwidth_share=0.5, memory_share=0.9, overhead_s=0.0, chunk=512, batch=64,
    )  # fmt: skip
    assert machine.token_s == pytest.approx(14e9 / 156e12) and machine.weights_s == pytest.approx(0.014)
    assert machine.context_s == pytest.approx(2**19 / 1e12) and machine.capacity == int(58e9 / 2**19)


# --------------------------------------------------------------------------- beside SimPy


def test_cluster_agrees_with_a_slow_simulation_under_any_decisions() -> None:
    preempted = 0
    for seed in range(40):
        rng = random.Random(seed)
        rows = [
            [rng.choice((0.0, rng.uniform(0, 2))), rng.randint(1, 100), rng.choice((1, 2, rng.randint(1, 150)))] for _ in range(30)
        ]
        machine = Machine(**{**MACHINE.as_data(), "batch": rng.choice((2, 8)), "capacity": rng.choice((260, 400))})
        instance = small(sorted(rows), rng.randint(1, 3), machine)

        def value(id: int, seed: int = seed) -> int:
            return random.Random(f"{seed} {id}").randrange(1000)

        def policy(value: Callable[[int], int] = value) -> Told:
            return Told(
                lambda news, request, replicas: min(
                    range(len(replicas)),
                    key=lambda k: (replicas[k]["held"] + replicas[k]["backlog"], (k + value(request["id"])) % 3),
                ),
                lambda news, waiting, running, room: sorted((id for id, _ in waiting), key=lambda id: (value(id), id)),
                lambda news, running: max((value(id) * (1 + done % 3), id) for id, done, _ in running)[1],
            )

        found, expected = serve(instance, policy()), simulate(instance.data, policy())
        assert found.first_s == pytest.approx(expected.first_s, abs=1e-9), seed
        assert found.last_s == pytest.approx(expected.last_s, abs=1e-9), seed
        assert found.preemptions == expected.preemptions
        preempted += found.preemptions
    assert preempted > 50, "memory was full often enough to see preemption"


# --------------------------------------------------------------------------- what is refused

REFUSED = [
    ("replica that is not there", "route", 2, "the replica of request 0 must be in 0..1, got 2"),
    ("replica counted from the end", "route", -1, "must be in 0..1, got -1"),
    ("true for 1", "route", True, "must be an int"),
    ("a replica in a list", "route", [0], "must be an int"),
    ("a figure of its own", "route", {"replica": 0, "credit": 1}, "must be an int"),
    ("huge", "route", 10**400, "integer of 1329 bits"),
    ("no list", "order", None, "must be a list, got None"),
    ("a request that does not wait", "order", [1], "names request 1, which is not waiting there"),
    ("the same twice", "order", [0, 0], "may have at most 1 entries, got 2"),
    ("a pair as it was sent", "order", [[0, 10]], "must be an int"),
    ("rest while requests wait", "order", [], "is idle at 0.000 s while 1 requests wait"),
]


@pytest.mark.parametrize(("method", "wrong", "message"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_wrong_answers_are_refused(method: str, wrong: Any, message: str) -> None:
    with pytest.raises(Infeasible) as refusal:
        run(small([[0.0, 10, 5], [1.0, 10, 5]], 2), Told(**{method: lambda *_: wrong}))
    assert message in str(refusal.value)


def test_a_request_comes_once_in_an_order() -> None:
    with pytest.raises(Infeasible, match="names request 2, which is listed twice"):
        run(
            small([[0.0, 10, 5], [0.0, 10, 5], [0.0, 10, 5]]), Told(order=lambda news, waiting, *_: [waiting[-1][0]] * len(waiting))
        )


@pytest.mark.parametrize(
    ("wrong", "message"), [(7, "must be running there, got 7"), (None, "must be an int"), (-1, "must be running there")]
)
def test_only_running_requests_give_way(wrong: Any, message: str) -> None:
    crowd = small([[0.0, 100, 100]] * 5)
    with pytest.raises(Infeasible, match=message):
        run(crowd, Told(preempt=lambda *_: wrong))
    assert run(crowd).metrics["preemptions"] > 0


def test_turning_requests_out_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    crowd = small([[0.0, 10, 300]] * 20)
    furthest = Told(preempt=lambda news, running: max((done, id) for id, done, _ in running)[1])
    assert 20 < run(crowd, furthest).metrics["preemptions"] < 20 * 20
    monkeypatch.setattr(serving, "MOST_PREEMPTIONS", 1)
    with pytest.raises(Infeasible, match="more than 1 preemptions per request"):
        run(crowd, furthest)


def test_requests_that_are_held_back_are_served_in_the_end() -> None:
    one_by_one = Told(order=lambda news, waiting, running, room: [] if running else [waiting[0][0]])
    served = serve(small([[0.0, 10, 5]] * 6), one_by_one)
    assert all(a < b for a, b in itertools.pairwise(served.last_s)) and served.first_s[1] > served.last_s[0]


def test_a_policy_that_changes_what_it_is_given_changes_nothing_else() -> None:
    def route(news: Any, request: dict[str, Any], replicas: list[dict[str, Any]]) -> int:
        request.update(prompt=1, output=1)
        replicas[0].update(held=0, backlog=0)
        news["finished"].clear()
        return 0

    def order(news: Any, waiting: list[list[int]], running: list[list[int]], room: int) -> list[int]:
        ids = [id for id, _ in waiting]
        for entry in (*waiting, *running):
            entry[1:] = [0] * len(entry[1:])
        return ids

    instance = small([[0.0, 100, 40]] * 8)
    before = json.dumps(instance.data)
    assert run(instance, Told(route, order)) == run(instance) and json.dumps(instance.data) == before


def test_failure_of_the_candidates_process_passes_through() -> None:
    def crash(*args: Any) -> Any:
        raise PolicyFailure(Status.TIMEOUT, "too slow")

    with pytest.raises(PolicyFailure, match="too slow"):
        run(small([[0.0, 10, 5]]), Told(crash))


@pytest.mark.parametrize(
    "change",
    [{"replicas": 0}, {"requests": []}, {"requests": [[1.0, 5, 5, 5, 0], [0.5, 5, 5, 5, 0]]}, {"requests": [[0.0, 300, 101, 1, 0]]},
     {"requests": [[0.0, 5, 0, 5, 0]]}, {"ttft_s": 0}, {"machine": {**MACHINE.as_data(), "batch": 64}},
     {"machine": {**MACHINE.as_data(), "token_s": -1.0}}, {"machine": {**MACHINE.as_data(), "weights_s": 0, "overhead_s": 0}}],
)  # fmt: skip
def test_contradictory_instance_is_a_problem_error(change: dict[str, Any]) -> None:
    with pytest.raises(ProblemError, match="serving"):
        Workload.from_data({**small([[0.0, 5, 5]]).data, **change})


# --------------------------------------------------------------------------- the future stays here


def test_nothing_sent_depends_on_what_is_to_come() -> None:
    rng = random.Random(4)
    rows = sorted([rng.uniform(0, 2), rng.randint(1, 150), rng.randint(2, 60)] for _ in range(40))
    base = small(rows, 2)
    least = Told(lambda news, request, replicas: min((r["held"] + r["backlog"], k) for k, r in enumerate(replicas))[1])
    served = serve(base, least)
    for now in (0.7, 1.1, 1.6):
        # Everything that is not known by then becomes another thing: requests to come, answers that have not ended.
        other = [
            [*row[:2], row[2] if served.last_s[id] <= now else 61 + id, *row[3:]] if row[0] <= now else [row[0], 7, 9, 3, 2]
            for id, row in enumerate(base.data["requests"])
        ]
        changed = Told(least.methods["route"])
        serve(Instance("x", "f", {**base.data, "requests": other}), changed)
        told = [[s for s in policy.sent if json.loads(s)[1]["now"] <= now] for policy in (least, changed)]
        assert told[0] == told[1] and len(told[0]) > 10


def test_the_task_holds_no_request() -> None:
    policy = Told()
    run(small([[0.0, 10, 5]]), policy)
    assert set(json.loads(policy.sent[0])[0]) == {"replicas", "ttft_s", "tpot_s", "machine"}
    assert set(json.loads(policy.sent[1])[2]) == {"id", "prompt", "guess", "client"}
