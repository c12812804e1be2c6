"""The bound on what any scheduler could serve: every decision tried on small cases, a closed form, and the oracle beside it."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from evaluators.llm_serving.bound import OracleSJF, credit_bound, solve
from evaluators.llm_serving.cost import Machine
from evaluators.llm_serving.verifier import Cluster
from evaluators.llm_serving.workload import Workload, judge
from tests.unit.test_serving import MACHINE, small
from workbench.errors import ProblemError
from workbench.model import Instance


class Chooser:
    """Answers by a list of choices and, where it ends, by the first option; keeps how many options there were."""

    def __init__(self, choices: Sequence[int]) -> None:
        self.choices = choices
        self.options: list[int] = []

    def __call__(self, *args: Any) -> Any:
        raise AssertionError("an online verifier calls methods")

    def begin(self, *args: Any) -> None:
        """Nothing to learn."""

    def call(self, method: str, news: Any, *args: Any) -> Any:
        options: list[Any]
        if method == "route":
            options = list(range(len(args[1])))
        elif method == "preempt":
            options = [id for id, _, _ in args[0]]
        else:
            waiting, running, _ = args
            ids = [id for id, _ in waiting]
            options = [list(p) for n in range(not running, len(ids) + 1) for p in itertools.permutations(ids, n)]
        at = len(self.options)
        self.options.append(len(options))
        return options[self.choices[at] if at < len(self.choices) else 0]


def all_runs(workload: Workload) -> Iterator[float]:
    """The objective under every sequence of decisions that there is."""
    choices: list[int] = []
    while True:
        policy = Chooser(choices)
        yield judge(workload, Cluster(workload, policy).run()).objective
        choices = [*choices, *[0] * (len(policy.options) - len(choices))]
        while choices and choices[-1] + 1 == policy.options[len(choices) - 1]:
            choices.pop()
        if not choices:
            return
        choices[-1] += 1


def test_no_sequence_of_decisions_beats_the_bound_and_some_come_near() -> None:
    rng = random.Random(5)
    near = 0
    for case in range(12):
        rows = sorted([rng.choice((0.0, 0.05)), rng.choice((20, 60, 120)), rng.choice((1, 2, 3, 12))] for _ in range(3))
        machine = Machine(**{**MACHINE.as_data(), "capacity": rng.choice((135, 400))})
        workload = Workload.from_data(small(rows, 1 + case % 2, machine, ttft_s=0.12).data)
        best = max(itertools.islice(all_runs(workload), 3000))
        bound = credit_bound(workload, 0.01)
        assert best <= bound + 1e-6 and bound <= credit_bound(workload, 0.5) + 1e-6, rows
        near += bound - best < 3
    assert near >= 3


def test_a_request_alone_gets_its_bound() -> None:
    for row in ([0.0, 150, 1], [3.0, 64, 1], [0.0, 10, 1]):
        workload = Workload.from_data(small([row], ttft_s=0.1).data)
        reached = judge(workload, Cluster(workload, OracleSJF(workload)).run()).objective
        assert reached <= credit_bound(workload) + 1e-9
        assert credit_bound(workload) == pytest.approx(reached, abs=1.0)  # it leaves out keys and values that are read


def test_work_that_comes_at_once_is_done_at_the_rate_of_the_replicas() -> None:
    # n prompts at time 0, nothing else: credit is lost as 1 - ttft / t from the promised time to the end of all work.
    n, replicas, ttft = 40, 2, 0.25
    machine = Machine(token_s=0.001, weights_s=0.0, context_s=0.0, pair_s=0.0, overhead_s=0.001, capacity=400, chunk=50, batch=4)
    workload = Workload.from_data(small([[0.0, 50, 1]] * n, replicas, machine, ttft_s=ttft).data)
    end = n * 0.051 / replicas
    exact = 100 * (ttft + ttft * math.log(end / ttft)) / end
    for tick in (0.05, 0.01, 0.002):
        assert exact - 1e-3 <= credit_bound(workload, tick) <= exact + 100 * tick / ttft
    # A schedule that fills every iteration loses no more than its own iterations are long.
    assert judge(workload, Cluster(workload, OracleSJF(workload)).run()).objective == pytest.approx(exact, abs=7)


def test_random_decisions_stay_below_the_bound_under_pressure_of_memory() -> None:
    for seed in range(15):
        rng = random.Random(seed)
        rows = sorted([rng.uniform(0, 1.5), rng.randint(1, 150), rng.randint(1, 120)] for _ in range(40))
        workload = Workload.from_data(small(rows, 2).data)
        policy = Chooser(())
        policy.call = lambda method, news, *args, rng=rng: (  # type: ignore[method-assign]
            rng.randrange(2)
            if method == "route"
            else rng.choice(args[0])[0] if method == "preempt"
            else sorted((id for id, _ in args[0]), key=lambda id: rng.random())
        )  # fmt: skip
        bound = credit_bound(workload, 0.1)
        assert judge(workload, Cluster(workload, policy).run()).objective <= bound <= 100
        assert judge(workload, Cluster(workload, OracleSJF(workload)).run()).objective <= bound


def test_bound_asks_for_a_machine_that_its_proof_holds_for() -> None:
    machine = Machine(**{**MACHINE.as_data(), "context_s": 0.0006})
    with pytest.raises(ProblemError, match="token_s >= 2"):
        credit_bound(Workload.from_data(small([[0.0, 10, 5]], machine=machine).data))


def test_reference_is_the_bound_and_tells_what_the_oracle_reaches() -> None:
    instance: Instance = small([[0.1 * i, 60, 12] for i in range(20)], 1)
    found = solve(instance)
    workload = Workload.from_data(instance.data)
    reached = judge(workload, Cluster(workload, OracleSJF(workload)).run()).objective
    assert found.status == "bound" and found.value == credit_bound(workload) and f"reaches {reached:.2f}" in found.solver
