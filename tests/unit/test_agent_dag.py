"""Calls of agents on replicas: closed forms, a slow simulation in SimPy, the bound, each exploit, nothing of the future told."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluators.agent_dag.bound import least_s, solve
from evaluators.agent_dag.machine import Machine, roofline
from evaluators.agent_dag.verifier import Agents, Fleet
from evaluators.agent_dag.workload import Workload
from problems.scheduling.agent_dag import gate
from problems.scheduling.agent_dag import instances as made
from problems.scheduling.agent_dag.fleets import LONGEST
from tests.unit.agents_slow import simulate
from tests.unit.policies import Online
from workbench.errors import Infeasible, PolicyFailure, ProblemError
from workbench.model import Instance, Measurement, Program, Split, Status
from workbench.problem import catalog
from workbench.testing.inprocess import InProcess

PROBLEM = catalog.load("scheduling/agent_dag")
FAST = Machine(token_s=0.0002, weights_s=0.025, context_s=0.0, pair_s=0.0, overhead_s=0.005, slots=16)
WIDE = Machine(token_s=0.0001, weights_s=0.06, context_s=0.0, pair_s=0.0, overhead_s=0.005, slots=5)
FULL = Machine(token_s=0.001, weights_s=0.01, context_s=1e-5, pair_s=1e-6, overhead_s=0.002, slots=3)

Step = Callable[[float, dict[str, Any], list[dict[str, Any]]], Any]


class Told(Online):
    """A policy in this process by a function; keeps what it was sent, as the JSON that would be sent."""

    def __init__(self, step: Step) -> None:
        super().__init__(step=step)


def at_once(now: float, news: dict[str, Any], replicas: list[dict[str, Any]]) -> Any:
    """Start everything on the first replica."""
    return [[0, call[0]] for call in news["ready"]]


def by_value(seed: int, slots: Sequence[int], hold: float = 0.0) -> Step:
    """Start what fits, in an order and at places that look random; hold some back."""
    waiting: list[int] = []

    def step(now: float, news: dict[str, Any], replicas: list[dict[str, Any]]) -> Any:
        waiting.extend(call[0] for call in news["ready"])
        free = [k for k, own in enumerate(slots) for _ in range(own - len(replicas[k]["running"]))]
        busy = any(replica["running"] for replica in replicas)
        starts = []
        for call in sorted(waiting, key=lambda call: random.Random(f"{seed} {call}").random()):
            rng = random.Random(f"{seed} place {call}")
            if free and (not busy or rng.random() >= hold):
                starts.append([free.pop(rng.randrange(len(free))), call])
                waiting.remove(call)
        return starts

    return step


def case(workflows: Sequence[Sequence[Any]], *replicas: Machine) -> Instance:
    """An instance of [arrival, promise, stages] rows; a stage is a list of [prompt, output]."""
    rows = [[at, "app", promise, [[["s", *call] for call in stage] for stage in stages]] for at, promise, stages in workflows]
    data = {"replicas": [machine.as_data() for machine in replicas or (FAST,)], "workflows": rows}
    return Instance("x", "f", json.loads(json.dumps(data)))


def run(instance: Instance, step: Step = at_once) -> Measurement:
    return Agents().run(instance, Told(step))


def ends(instance: Instance, step: Step = at_once) -> list[float]:
    return Fleet(Workload.from_data(instance.data), Told(step)).run().end_s


def drawn(rng: random.Random, workflows: int = 8) -> Instance:
    machine = Machine(**{**FULL.as_data(), "slots": rng.randint(1, 4)})
    other = Machine(**{**FULL.as_data(), "token_s": 0.0007, "weights_s": 0.0173, "slots": rng.randint(1, 4)})

    def stage() -> list[list[int]]:
        return [[rng.randint(1, 200), rng.choice((1, 2, rng.randint(1, 60)))] for _ in range(rng.randint(1, 3))]

    rows = [[rng.uniform(0, 2), rng.uniform(0.1, 3), [stage() for _ in range(rng.randint(1, 4))]] for _ in range(workflows)]
    return case(sorted(rows), *([machine, other][: rng.randint(1, 2)]))


# --------------------------------------------------------------------------- closed forms


def test_the_worked_example_of_the_statement() -> None:
    example = case([[0.0, 8.0, [[[3000, 100]], [[2000, 201]]]]], FAST, WIDE)
    told = Told(lambda now, news, replicas: [[news["ready"][0][0], news["ready"][0][0]]] if news["ready"] else [])
    found = Agents().run(example, told)
    assert found.objective == pytest.approx(100 * 8 / 16.78) and found.metrics["in_time_pct"] == 0
    sent = [json.loads(line) for line in told.sent]
    assert sent[0][0]["replicas"][1]["slots"] == 5
    assert sent[2] == [
        pytest.approx(3.575),
        {"arrived": [], "ended": [[0, 100]], "completed": [], "ready": [[1, 0, "s", 2000]]},
        [{"running": [], "prompts": 0}, {"running": [], "prompts": 0}],
    ]
    assert sent[3][0] == pytest.approx(16.78) and sent[3][1]["completed"] == [0]
    assert run(example).objective == pytest.approx(100 * 8 / 9.98)


def test_a_prompt_stops_the_other_answers_and_a_step_is_finished_first() -> None:
    # The second call comes within the second step of the first: prompt 0.012 to 0.112, steps of 12 ms and what they read.
    first, prompt = 0.002 + 0.1 + 1e-6 * 100 * 100 / 2, 0.002 + 0.05 + 1e-6 * 50 * 50 / 2
    steps = [0.012 + 1e-5 * 101, 0.012 + 1e-5 * 102]
    both = 0.012 + 1e-5 * (103 + 51)
    found = ends(case([[0.0, 1, [[[100, 4]]]], [first + steps[0] + 0.001, 1, [[[50, 2]]]]], FULL))
    assert found == pytest.approx([first + sum(steps) + prompt + both] * 2)


def test_one_call_at_a_time_is_the_recursion_of_lindley() -> None:
    machine = Machine(token_s=0.0, weights_s=0.5, context_s=0.0, pair_s=0.0, overhead_s=0.5, slots=1)
    rng = random.Random(1)
    rows = [[at, 9.0, [[[1, rng.randint(1, 7)]]]] for at in sorted(rng.uniform(0, 300) for _ in range(120))]
    waiting: list[int] = []

    def in_turn(now: float, news: dict[str, Any], replicas: list[dict[str, Any]]) -> Any:
        waiting.extend(call[0] for call in news["ready"])
        return [] if replicas[0]["running"] or not waiting else [[0, waiting.pop(0)]]

    free = 0.0
    for (at, _, stages), end in zip(rows, ends(case(rows, machine), in_turn), strict=True):
        free = max(free, at) + stages[0][0][1]
        assert end == pytest.approx(free)


def test_steps_within_a_time_are_those_whose_sum_is_not_more() -> None:
    for machine in (FULL, FAST):
        for calls, context in ((1, 5), (3, 4000)):
            for steps in (0, 1, 2, 17, 900):
                seconds = machine.answers_s(calls, context, steps)
                assert machine.steps_within(calls, context, seconds) == steps
                assert machine.steps_within(calls, context, seconds * (1 - 1e-12)) == max(0, steps - 1)
                single = sum(machine.answers_s(calls, context + calls * k, 1) for k in range(steps))
                assert seconds == pytest.approx(single)


def test_roofline_follows_from_the_shape_of_the_model() -> None:
    # Llama 3.1 70B has 320 KiB of keys and values a token.
    machine = roofline(
        parameters=70e9, layers=80, hidden=8192, kv_share=1 / 8, flops=1e15, bandwidth=8e12, memory=320e9, compute_share=0.5,
        bandwidth_share=0.5, memory_share=0.9, overhead_s=0.005, longest=20_000, most=64,
    )  # fmt: skip
    assert machine.token_s == pytest.approx(140e9 / 5e14) and machine.weights_s == pytest.approx(0.035)
    assert machine.context_s == pytest.approx(320 * 1024 / 4e12) and machine.slots == int(148e9 / (320 * 1024 * 20_000)) == 22


# --------------------------------------------------------------------------- beside SimPy, and the bound


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**9), st.sampled_from([0.0, 0.3]))
def test_fleet_agrees_with_a_slow_simulation_under_any_decisions(seed: int, hold: float) -> None:
    instance = drawn(random.Random(seed))
    slots = [machine["slots"] for machine in instance.data["replicas"]]
    fast, slow = Told(by_value(seed, slots, hold)), Told(by_value(seed, slots, hold))
    found = Fleet(Workload.from_data(instance.data), fast).run().end_s
    assert found == pytest.approx(simulate(instance.data, slow), abs=1e-9)
    assert len(fast.sent) == len(slow.sent)
    for one, other in zip(fast.sent, slow.sent, strict=True):
        (at, news, shown), (slow_at, slow_news, slow_shown) = json.loads(one), json.loads(other)
        assert at == pytest.approx(slow_at, abs=1e-9) and news == slow_news
        assert [[sorted(r["running"]), r["prompts"]] for r in shown] == [[sorted(r["running"]), r["prompts"]] for r in slow_shown]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**9))
def test_no_workflow_is_faster_than_the_bound_says(seed: int) -> None:
    instance = drawn(random.Random(seed))
    workload = Workload.from_data(instance.data)
    step = by_value(seed, [machine.slots for machine in workload.replicas])
    for workflow, end in zip(workload.workflows, ends(instance, step), strict=True):
        assert end - workflow.arrival_s >= least_s(workload, workflow) * (1 - 1e-12)
    assert run(instance, by_value(seed, [m.slots for m in workload.replicas])).objective <= solve(instance).value * (1 + 1e-12)


def test_a_chain_alone_reaches_the_bound() -> None:
    alone = case([[1.0, 0.1, [[[50, 7]], [[20, 1]], [[300, 40]]]]], FULL)
    assert run(alone).objective == pytest.approx(solve(alone).value)


# --------------------------------------------------------------------------- what is refused

TWO = case([[0.0, 5, [[[10, 5], [10, 5]]]], [1.0, 5, [[[10, 5]]]]], FULL, FULL)
REFUSED = [
    ("no list", None, "the answer at 0.000 s must be a list, got None"),
    ("its own end", {"end": 0}, "must be a list"),
    ("a call alone", [0], "a start in the answer at 0.000 s must be a list"),
    ("figures of its own", [[0, 0, 0.01]], "must have 2 entries, got 3"),
    ("replica that is not there", [[2, 0]], "a replica in the answer at 0.000 s must be in 0..1, got 2"),
    ("replica counted from the end", [[-1, 0]], "must be in 0..1, got -1"),
    ("true for 1", [[True, 0]], "must be an int"),
    ("a float", [[0, 0.0]], "must be an int"),
    ("call of a stage to come", [[0, 2]], "starts call 2, which does not wait"),
    ("the same twice", [[0, 0], [1, 0]], "starts call 0, which does not wait"),
    ("more than there are", [[0, 0], [0, 1], [1, 0]], "may have at most 2 entries, got 3"),
    ("never any", [], "2 calls wait, nothing runs and nothing is to come"),
]


@pytest.mark.parametrize(("wrong", "message"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_wrong_answers_are_refused(wrong: Any, message: str) -> None:
    told = Told(lambda now, news, replicas: at_once(now, news, replicas) if now else wrong)
    with pytest.raises(Infeasible) as refusal:
        Agents().run(TWO, told)
    assert message in str(refusal.value)


def test_slots_are_taken_from_the_start_to_the_end_of_a_call() -> None:
    with pytest.raises(Infeasible, match="starts call 3 on replica 0, whose 3 slots are taken"):
        run(case([[0.0, 1, [[[10, 5]] * 4]]], FULL))
    with pytest.raises(Infeasible, match="starts call 3 on replica 0, whose 3 slots are taken"):
        run(case([[0.0, 1, [[[10, 50]] * 3]], [0.05, 1, [[[1, 1]]]]], FULL))


def test_a_call_that_has_ended_or_runs_cannot_be_started_again() -> None:
    for at in (0.02, 5.0):
        again = Told(lambda now, news, replicas: [[0, 0]] if news["ready"] else [])
        with pytest.raises(Infeasible, match="starts call 0, which does not wait"):
            Agents().run(case([[0.0, 1, [[[10, 5]]]], [at, 1, [[[10, 5]]]]], FULL), again)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**6), st.data())
def test_a_damaged_answer_is_refused_exactly_where_a_rule_says_so(seed: int, data: st.DataObject) -> None:
    instance = drawn(random.Random(seed), 4)
    slots = [machine["slots"] for machine in instance.data["replicas"]]
    honest, waiting, expected = by_value(seed, slots), set(), []
    at = data.draw(st.integers(0, 6))
    damage = data.draw(st.sampled_from(["replica", "call", "twice", "type", "move", "none"]))
    number = data.draw(st.integers(-2, 30))

    def step(now: float, news: dict[str, Any], replicas: list[dict[str, Any]]) -> Any:
        nonlocal at
        waiting.update(call[0] for call in news["ready"])
        answer = honest(now, news, replicas)
        if at == 0 and answer:
            place, call = answer[-1]
            match damage:
                case "replica" | "move":
                    answer[-1] = [number, call]
                case "call":
                    answer[-1] = [place, number]
                case "twice":
                    answer.append([place, call])
                case "type":
                    answer[-1] = data.draw(st.sampled_from([None, [], [str(place), call], [place, [call]], [place, True, 0], {}]))
        at -= bool(answer)
        room = [own - len(replica["running"]) for own, replica in zip(slots, replicas, strict=True)]
        right = len(answer) <= len(waiting)
        for entry in answer:
            right &= type(entry) is list and len(entry) == 2 and all(type(part) is int for part in entry)
            right &= right and 0 <= entry[0] < len(slots) and entry[1] in waiting and room[entry[0]] > 0
            if right:
                room[entry[0]] -= 1
                waiting.discard(entry[1])
        expected.append(right)
        return answer

    try:
        run(instance, step)
    except Infeasible as refusal:
        assert not all(expected) or "nothing runs" in str(refusal) or damage == "call"
    else:
        assert all(expected)


def test_a_policy_that_changes_what_it_is_given_changes_nothing_else() -> None:
    def step(now: float, news: dict[str, Any], replicas: list[dict[str, Any]]) -> Any:
        starts = at_once(now, news, replicas)
        for replica in replicas:
            replica.update(prompts=0)
            replica["running"].clear()
        for entry in news["ready"]:
            entry[3] = 1
        for key in news:
            news[key].clear()
        return starts

    instance = case([[0.1 * k, 0.5, [[[30, 9]], [[5, 3]]]] for k in range(8)])
    before = json.dumps(instance.data)
    assert run(instance, step) == run(instance) and json.dumps(instance.data) == before


def test_failure_of_the_candidates_process_passes_through() -> None:
    def crash(*args: Any) -> Any:
        raise PolicyFailure(Status.TIMEOUT, "too slow")

    with pytest.raises(PolicyFailure, match="too slow"):
        run(TWO, crash)


@pytest.mark.parametrize(
    "change",
    [{"replicas": []}, {"workflows": []}, {"replicas": [{**FULL.as_data(), "slots": 0}]},
     {"replicas": [{**FULL.as_data(), "token_s": -1.0}]}, {"replicas": [{**FULL.as_data(), "weights_s": 0, "overhead_s": 0}]},
     {"workflows": [[0.0, "a", 0.0, [[["s", 1, 1]]]]]}, {"workflows": [[0.0, "a", 1.0, []]]},
     {"workflows": [[0.0, "a", 1.0, [[]]]]},
     {"workflows": [[0.0, "a", 1.0, [[["s", 1, 0]]]]]}, {"workflows": [[-1.0, "a", 1.0, [[["s", 1, 1]]]]]},
     {"workflows": [[1.0, "a", 1.0, [[["s", 1, 1]]]], [0.5, "a", 1.0, [[["s", 1, 1]]]]]}],
)  # fmt: skip
def test_contradictory_instance_is_a_problem_error(change: dict[str, Any]) -> None:
    with pytest.raises(ProblemError, match="agents"):
        Workload.from_data({**TWO.data, **change})


# --------------------------------------------------------------------------- the future stays here


def test_nothing_sent_depends_on_what_is_to_come() -> None:
    rng = random.Random(4)
    rows = [[rng.uniform(0, 3), 1.0, [[[rng.randint(1, 150), rng.randint(1, 50)]] for _ in range(4)]] for _ in range(20)]
    base = case(sorted(rows), FULL, FULL)
    told = Told(by_value(1, [3, 3]))
    Agents().run(base, told)
    ended: dict[int, float] = {}
    ready: dict[int, tuple[int, int]] = {}  # call -> (workflow, stage)
    for line in told.sent[1:]:
        now, news, _ = json.loads(line)
        ended |= {call: now for call, _ in news["ended"]}
        for call, number, _, _ in news["ready"]:
            ready[call] = number, sum(1 for other, _ in ready.values() if other == number)
    known = {place: (ended[call]) for call, place in ready.items()}
    for moment in (2.0, 3.0, 6.0):
        # Everything that is not known by then becomes another thing: workflows to come, stages to come, answers under way.
        changed = json.loads(json.dumps(base.data))
        for number, row in enumerate(changed["workflows"]):
            if row[0] > moment:
                row[1:] = ["other", 7.0, [[["other", 3, 3]]]]
                continue
            over = [known[number, stage] <= moment for stage in range(4)]
            now_at = over.index(False) if False in over else 4
            if now_at < 4:
                row[3][now_at][0][2] += 40
                row[3] = [*row[3][: now_at + 1], [["other", 9, 9]] * 2]
        other = Told(by_value(1, [3, 3]))
        Agents().run(Instance("x", "f", changed), other)
        before = [[line for line in policy.sent[1:] if json.loads(line)[0] <= moment] for policy in (told, other)]
        assert before[0] == before[1] and len(before[0]) > 10


def test_the_task_holds_machines_alone_and_a_call_no_length() -> None:
    told = Told(at_once)
    Agents().run(TWO, told)
    assert set(json.loads(told.sent[0])[0]) == {"replicas"}
    assert json.loads(told.sent[1])[1] == {
        "arrived": [[0, "app", 5]], "ended": [], "completed": [], "ready": [[0, 0, "s", 10], [1, 0, "s", 10]]
    }  # fmt: skip


# --------------------------------------------------------------------------- instances and programs


def test_no_recorded_workflow_or_arrival_is_in_two_splits() -> None:
    splits = (Split.TRAIN, Split.VALIDATION, Split.TEST)
    pools = [{row for app in ("chess", "mac_sql") for row in made.pool(split, app)} for split in splits]
    assert [len(pool) for pool in pools] == [89, 65, 114]
    calls = [{call for row in pool for call in row if call[1] > 1500} for pool in pools]
    for k in range(3):
        assert not pools[k] & pools[k - 1] and not calls[k] & calls[k - 1]
    assert sum(len(made._gaps(split)) for split in splits) == 19_365


def test_sizes_are_those_of_the_statement() -> None:
    for split, longest in ((Split.TRAIN, 400), (Split.VALIDATION, 420), (Split.TEST, 600)):
        for instance in PROBLEM.instances(split):
            rows = instance.data["workflows"]
            assert len(rows) == (120 if instance.family.startswith("chess") else 225) and rows[-1][0] < longest
            assert max(prompt + output for row in rows for stage in row[3] for _, prompt, output in stage) < LONGEST
            assert {row[2] for row in rows} <= {15, 25, 40, 60, 100, 160}


def test_calls_in_a_row_are_together_where_the_agent_asks_for_them_together() -> None:
    names = made._file()["steps"]
    record = tuple((names.index(name), 100, 10) for name in ("unit_tester", "evaluate", "evaluate", "revise", "revise", "evaluate"))
    stages = made.stages_of(record, random.Random(0))
    assert [[call[0] for call in stage] for stage in stages] == [
        ["unit_tester"], ["evaluate", "evaluate"], ["revise"], ["revise"], ["evaluate"]
    ]  # fmt: skip


def test_the_fixed_part_of_the_seed_tells_the_rules_the_truth() -> None:
    text = PROBLEM.program("seed").source
    text = text.replace("    return -waited", "    RANKED.append(locals()); return -waited").replace(
        "    return turn\n", "    COSTS.append(locals()); return turn\n"
    )
    policy = InProcess(Program("RANKED, COSTS = [], []\n" + text, "Policy"))
    run_by = case([[0.0, 8.0, [[[3000, 100]], [[2000, 201], [1000, 1]]]], [20.0, 30.0, [[[3000, 100]]]]], FAST, WIDE)
    Agents().run(run_by, policy)
    names = policy._entry.step.__globals__
    first, second, last = names["RANKED"][0], names["RANKED"][1], names["RANKED"][-1]
    assert (first["age"], first["promise"], first["prompt"], first["tokens"], first["siblings"]) == (0, 8, 3000, 100, 0)
    mean = ((3000 * 0.0002 + 100 * 0.03) + (3000 * 0.0001 + 100 * 0.065)) / 2
    assert first["own"] == pytest.approx(mean) and first["rest"] == 10 and first["served"] == 0
    assert second["served"] == pytest.approx(mean) and second["siblings"] == 1 and second["age"] == pytest.approx(3.575)
    assert last["rest"] < 10 and last["waited"] == 0
    there = names["COSTS"][1]
    assert (there["running"], there["free"], there["prompts"], there["turn"]) == (0, 5, 0, 1)
    assert there["seconds"] == pytest.approx(0.3 + 6.5) and there["prompt_s"] == pytest.approx(0.3)
    assert there["slack"] == pytest.approx(8 - mean - 10)


def test_urgency_of_hexgen_shares_what_is_left_of_the_promise_among_the_usual_stages() -> None:
    names: dict[str, Any] = {}
    exec(PROBLEM.program("hexgen").source, names)
    policy = names["Policy"]({"replicas": [FAST.as_data(), WIDE.as_data()]})
    news = {"arrived": [[0, "mac_sql", 100.0]], "ended": [], "completed": [], "ready": [[0, 0, "selector", 3000]]}
    none = [{"running": [], "prompts": 0}] * 2
    assert policy.step(0.0, news, none) == [[0, 0]], "the first call goes to the first replica"
    mean = {step: sum(p * m.token_s + t * (m.weights_s + m.overhead_s) for m in (FAST, WIDE)) / 2
            for step, (p, t) in {"selector": (2638, 72), "decomposer": (1770, 137), "refiner": (928, 492)}.items()}  # fmt: skip
    budget = 100 * mean["selector"] / (mean["selector"] + mean["decomposer"] + 4 * mean["refiner"])
    here = 2638 * FAST.token_s + 72 * 0.03
    assert policy.value(2.0, 0, 0) == pytest.approx(budget - 2 - here)
    # Speed counts .4 and balance .6: the second replica is slower, but has no work.
    speed = here / (2638 * WIDE.token_s + 72 * 0.065)
    assert 0.4 * speed > 0.4 - 0.6
    news = {"arrived": [[1, "mac_sql", 100.0]], "ended": [], "completed": [], "ready": [[1, 1, "selector", 3000]]}
    assert policy.step(0.0, news, none) == [[1, 1]]


def test_gate_draws_other_instances_than_stress() -> None:
    held = {json.dumps(instance.data) for instance in PROBLEM.instances(Split.STRESS)}
    assert not held & {json.dumps(instance.data) for instance in gate.instances(0)}
    assert set(gate.FAMILIES) == set(made.STRANGE) == {instance.family for instance in PROBLEM.instances(Split.STRESS)}
