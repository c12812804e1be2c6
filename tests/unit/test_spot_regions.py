"""The spot market of several regions: its books by hand, its optimum by brute force, cheats, and no look into the future."""

from __future__ import annotations

import contextlib
import functools
import itertools
import json
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluators.spot_deadline import optimum as one_zone
from evaluators.spot_deadline import verifier as one_zone_verifier
from evaluators.spot_multi_region.market import Machine, Market
from evaluators.spot_multi_region.optimum import clairvoyant_cost
from evaluators.spot_multi_region.verifier import MultiRegionMarket
from problems.load_balancing.spot_multi_region import instances as made
from tests.unit.policies import Online
from workbench.errors import Infeasible, PolicyFailure, ProblemError
from workbench.model import Instance, Measurement, Program, Split, Status
from workbench.problem import catalog
from workbench.testing.inprocess import InProcess

OBSERVED = {
    "elapsed_h", "time_left_h", "work_left_h", "slack_h", "overhead_left_h", "running", "zone", "preempted", "data_region", "spot",
    "spot_price",
}  # fmt: skip
PROBLEM = catalog.load("load_balancing/spot_multi_region")


class Recorded(Online):
    """A policy in this process that answers by `decide` and keeps all it was sent, as the JSON that would be sent."""

    def __init__(self, decide: Callable[[int, dict[str, Any]], Any]) -> None:
        super().__init__(decide=lambda now: decide(self.number, json.loads(json.dumps(now))))


def job(available: Sequence[str], work_s: int, overhead_s: int, **more: Any) -> Instance:
    """A job in ticks of ten minutes; every second zone is in another region, a dollar away."""
    zones = len(available)
    data = {
        "tick_s": 600, "work_s": work_s, "deadline_s": 600 * len(available[0]), "overhead_s": overhead_s,
        "zone_region": [zone % 2 for zone in range(zones)], "home": 0, "checkpoint_gb": 50.0, "transfer": [[0, 1.0], [1.0, 0]],
        "on_demand_price": [6.0] * zones, "spot_price": [[[1.2, 1]]] * zones, "available": list(available),
    }  # fmt: skip
    return Instance("x", "f", data | more)


def play(instance: Instance, decisions: Sequence[Any]) -> Measurement:
    return MultiRegionMarket().run(instance, Recorded(lambda tick, _: decisions[tick]))


def random_job(rng: random.Random, ticks: int, zones: int) -> Instance:
    overhead = rng.choice((0, 60, 180, 600, 720, 1440))
    split = rng.randrange(1, ticks)
    return job(
        ["".join(rng.choice("01") for _ in range(ticks)) for _ in range(zones)],
        rng.randrange(60, ticks * 600 - overhead + 1, 60),
        overhead,
        home=rng.randrange(2),
        transfer=[[0, rng.choice((0, 0.5, 3.0))], [rng.choice((0, 0.2, 9.0)), 0]],
        on_demand_price=[rng.choice((4.5, 6.0)) for _ in range(zones)],
        spot_price=[[[rng.choice((0.6, 1.2, 6.0)), split], [rng.choice((0.3, 2.4, 7.2)), ticks]] for _ in range(zones)],
    )


def choices(zones: int) -> list[Any]:
    return ["idle", *([kind, zone] for kind in ("spot", "on_demand") for zone in range(zones))]


# --------------------------------------------------------------------------- the books


def test_the_worked_example_of_the_statement() -> None:
    # 7 + 10 in zone 0, lost; 7 in zone 1 for $1; back for $1: 7; on demand where the checkpoint is: 7. That is 38 minutes.
    plan = [["spot", 0], ["spot", 0], ["spot", 1], ["spot", 0], ["on_demand", 0]]
    done = play(job(["110111", "111111"], 38 * 60, 180), plan)
    assert done.objective == pytest.approx((4 * 1.2 + 6.0) / 6 + 2.0)
    assert done.metrics == pytest.approx(
        {
            "spot_h": 4 / 6, "on_demand_h": 1 / 6, "idle_h": 0, "spare_h": 1 / 6, "launches": 4, "preemptions": 1, "unfilled": 0,
            "moves": 2, "moved_dollars": 2.0,
        }
    )  # fmt: skip


def test_the_checkpoint_moves_with_a_launch_alone_and_from_where_it_lies() -> None:
    prices = [[0, 1.0], [5.0, 0]]
    plan = [["spot", 1], "idle", ["spot", 1], ["spot", 3], ["on_demand", 0]]
    done = play(job(["1111111", "0011111", "1" * 7, "1" * 7], 30 * 60, 0, transfer=prices), plan)
    # Unfilled and idle move nothing; zones 1 and 3 are of one region.
    assert (done.metrics["moves"], done.metrics["moved_dollars"], done.metrics["unfilled"]) == (2, 6.0, 1)


def test_observation_tells_machine_checkpoint_and_market() -> None:
    plan = [["spot", 1], ["spot", 1], "idle", ["on_demand", 0], ["on_demand", 0]]
    policy = Recorded(lambda tick, now: plan[tick])
    MultiRegionMarket().run(job(["000000", "110000"], 900, 720, spot_price=[[[1.0, 9]], [[1.2, 1], [1.4, 9]]]), policy)
    seen = [json.loads(s)[0] for s in policy.sent[1:]]
    assert [(n["running"], n["zone"], n["data_region"]) for n in seen] == [
        ("idle", None, 0), ("spot", 1, 1), ("idle", None, 1), ("idle", None, 1), ("on_demand", 0, 0)
    ]  # fmt: skip
    assert [n["preempted"] for n in seen] == [False, False, True, False, False]
    assert [n["overhead_left_h"] for n in seen] == pytest.approx([0, 120 / 3600, 0, 0, 120 / 3600])
    assert [n["spot"] for n in seen[1:3]] == [[False, True], [False, False]]
    assert [n["spot_price"] for n in seen[:2]] == [[1.0, 1.2], [1.0, 1.4]]


@pytest.mark.parametrize("seed", range(4))
def test_one_zone_is_the_market_of_spot_deadline(seed: int) -> None:
    rng = random.Random(seed)
    ours = random_job(rng, 30, 1)
    data = dict(ours.data)
    theirs = Instance(
        "x", "f", data | {
            "available": data["available"][0], "spot_price": data["spot_price"][0], "on_demand_price": data["on_demand_price"][0]
        },
    )  # fmt: skip
    here = Instance("x", "f", data | {"home": 0})
    assert clairvoyant_cost(Market.from_data(here.data)) == one_zone.clairvoyant_cost(
        one_zone_verifier.Market.from_data(theirs.data)
    )
    for _ in range(10):
        plan = [rng.choice(("idle", "on_demand", "spot")) for _ in range(8)] + ["on_demand"] * 22
        costs: list[float | None] = []
        for verifier, instance, known in (
            (MultiRegionMarket(), here, lambda kind: kind if kind == "idle" else [kind, 0]),
            (one_zone_verifier.SpotMarket(), theirs, lambda kind: kind),
        ):
            try:
                answer = Recorded(lambda tick, _, plan=plan, known=known: known(plan[tick]))
                costs.append(verifier.run(instance, answer).objective)  # type: ignore[attr-defined]
            except Infeasible:
                costs.append(None)
        assert costs[0] == costs[1]


# --------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    "answer",
    [None, True, 0, "", "spot", "on_demand", "Idle", ["idle"], ["spot"], ["spot", 0, 0], {"spot": 0}, ["spot", True], ["spot", 0.0],
     ["spot", -1], ["spot", 2], ["spot", "0"], ["Spot", 0], [["spot"], 0], [0, "spot"], ["on_demand", 10**400], []],
)  # fmt: skip
def test_any_other_answer_is_infeasible(answer: Any) -> None:
    with pytest.raises(
        Infeasible, match=r"decide\(\) returned .* must return \"idle\"|^zone of (spot|on_demand) at hour 0\.00 must"
    ):
        play(job(["111", "111"], 600, 0), [answer])


def test_missed_deadline_is_told_at_the_first_hopeless_tick() -> None:
    asked = Recorded(lambda tick, now: "idle")
    with pytest.raises(Infeasible, match=r"the deadline cannot be met: at hour 0\.50 .* only 0\.50 h are left"):
        MultiRegionMarket().run(job(["000000"] * 2, 1800, 180), asked)
    assert len(asked.sent) == 1 + 3


def test_failure_of_the_candidates_process_passes_through() -> None:
    def crash(tick: int, now: dict[str, Any]) -> Any:
        raise PolicyFailure(Status.TIMEOUT, "too slow")

    with pytest.raises(PolicyFailure, match="too slow"):
        MultiRegionMarket().run(job(["111"], 600, 0), Recorded(crash))


@pytest.mark.parametrize(
    "change",
    [{"tick_s": 0}, {"deadline_s": 1700}, {"available": ["11", "111"]}, {"available": ["111"]}, {"overhead_s": 1300}, {"home": 2},
     {"zone_region": [0, 2]}, {"transfer": [[0, 1], [1]]}, {"transfer": [[1, 1], [1, 0]]}, {"spot_price": [[[1, 3]]]}],
)  # fmt: skip
def test_contradictory_instance_is_a_problem_error(change: dict[str, Any]) -> None:
    with pytest.raises(ProblemError, match="spot market"):
        Market.from_data(job(["111", "111"], 600, 60).data | change)


CHEATS = {
    "no machine is there": "['spot', now['spot'].index(False)] if False in now['spot'] else 'idle'",
    "the last zone from behind": "['spot', -1]",
    "a zone that is none": "['spot', len(now['spot'])]",
    "a zone of no number": "['on_demand', True]",
    "the past price": "['spot', 0, 0.01]",
    "own books": "now.update(work_left_h=0.0, spot_price=[0.0] * 9, data_region=0) or 'idle'",
    "till the end idle": "'idle'",
    "no answer when it matters": "None if now['elapsed_h'] > 20 else ['on_demand', 0]",
}
"""Bodies of `decide` that would gain by a verifier that believes too much."""


@pytest.mark.parametrize("name", CHEATS)
def test_a_cheat_is_refused(name: str) -> None:
    source = (
        f"class Policy:\n    def __init__(self, task):\n        pass\n    def decide(self, now):\n        return {CHEATS[name]}\n"
    )
    instance = next(i for i in PROBLEM.instances(Split.TRAIN) if i.family == "cross-tight")
    with pytest.raises(Infeasible):
        MultiRegionMarket().run(instance, InProcess(Program(source, "Policy")))


def test_changing_what_it_was_sent_and_hopping_for_free_gain_nothing() -> None:
    instance = job(["111111", "111111"], 30 * 60, 60)
    honest = play(instance, [["spot", 0]] * 6).objective

    def hop(tick: int, now: dict[str, Any]) -> Any:
        now["spot_price"][:] = [0.0, 0.0]
        now["overhead_left_h"] = 0.0
        return ["spot", tick % 2]

    hopped = MultiRegionMarket().run(instance, Recorded(hop))
    assert hopped.metrics["launches"] == 4 and hopped.metrics["moves"] == 3
    assert hopped.objective == pytest.approx(honest + 3.0)


def slow_cost(data: dict[str, Any], plan: Sequence[Any]) -> float | None:
    """The books kept minute by minute, to the end of the plan: cost in dollars, None where it is no plan or comes too late."""
    left, machine, place, warm, dollars = data["work_s"] // 60, None, data["home"], 0, 0.0
    for k, choice in enumerate(plan):
        if left == 0:
            break
        if choice not in choices(len(data["available"])) or any(isinstance(part, bool | float) for part in choice):
            return None
        if machine and machine[0] == "spot" and data["available"][machine[1]][k] == "0":
            machine = None
        if choice == "idle" or (choice[0] == "spot" and data["available"][choice[1]][k] == "0"):
            machine = None
            continue
        kind, zone = choice
        if machine != (kind, zone):
            machine, warm = (kind, zone), data["overhead_s"] // 60
            dollars += data["transfer"][place][data["zone_region"][zone]]
            place = data["zone_region"][zone]
        prices = [price for price, ticks in data["spot_price"][zone] for _ in range(ticks)]
        dollars += (prices[k] if kind == "spot" else data["on_demand_price"][zone]) / 6
        for _ in range(10):
            warm, left = (warm - 1, left) if warm else (0, max(0, left - 1))
    return None if left else dollars


@settings(max_examples=120)
@given(st.integers(0, 10**6), st.data())
def test_verifier_agrees_with_a_slow_checker_on_right_and_damaged_plans(seed: int, choose: st.DataObject) -> None:
    rng = random.Random(seed)
    zones = rng.randint(1, 4)
    instance = random_job(rng, rng.randint(3, 9), zones)
    ticks = len(instance.data["available"][0])
    plan: list[Any] = [rng.choice(choices(zones)) for _ in range(rng.randrange(ticks))]
    plan += [["on_demand", rng.randrange(zones)]] * (ticks - len(plan))
    for _ in range(choose.draw(st.integers(0, 2))):
        i, j = (choose.draw(st.integers(0, ticks - 1)) for _ in range(2))
        if choose.draw(st.booleans()):
            plan.insert(i, plan.pop(j))
        else:
            plan[i] = choose.draw(st.sampled_from((None, True, 0, "spot", ["spot", zones], ["spot", 0.0], ["spot", True], [0, 0])))
    expected = slow_cost(dict(instance.data), plan)
    if expected is None:
        with pytest.raises(Infeasible):
            play(instance, plan)
    else:
        assert play(instance, plan).objective == pytest.approx(expected, abs=1e-6)


# --------------------------------------------------------------------------- the future stays here


def test_nothing_sent_depends_on_the_trace_or_the_prices_to_come() -> None:
    rng = random.Random(5)
    for _ in range(20):
        ticks, zones = 12, 3
        now = rng.randrange(ticks)
        first = random_job(rng, ticks, zones)
        prices = Market.from_data(first.data).spot_price
        other = dict(first.data)
        other["available"] = [s[: now + 1] + "".join("10"[int(c)] for c in s[now + 1 :]) for s in first.data["available"]]
        other["spot_price"] = [[[p + (tick > now), 1] for tick, p in enumerate(series)] for series in prices]
        plan = [rng.choice(choices(zones)) for _ in range(ticks)]
        told = []
        for data in (first.data, other):
            policy = Recorded(lambda tick, _, plan=plan: plan[tick])
            with contextlib.suppress(Infeasible):
                MultiRegionMarket().run(Instance("x", "f", data), policy)
            told.append(policy.sent[: now + 2])
        assert told[0] == told[1]


def test_only_the_documented_fields_are_sent() -> None:
    policy = Recorded(lambda tick, now: ["on_demand", 0])
    MultiRegionMarket().run(PROBLEM.instances(Split.TRAIN)[-1], policy)
    task, *observations = [json.loads(s)[0] for s in policy.sent]
    assert set(task) == {
        "work_h", "deadline_h", "overhead_h", "tick_h", "region", "home", "checkpoint_gb", "on_demand_price", "transfer"
    }  # fmt: skip
    assert all(set(now) == OBSERVED for now in observations)
    assert all(field in PROBLEM.statement for field in OBSERVED | set(task))
    assert max(map(len, policy.sent)) < 600  # no room for a trace


# --------------------------------------------------------------------------- the optimum


def recursion(market: Market) -> float:
    """Least cost by plain recursion over (tick, machine, its warm-up left, place of the checkpoint, work left)."""

    @functools.lru_cache(None)
    def best(tick: int, running: Machine | None, pending: int, place: int, left: int) -> float:
        if left <= 0:
            return 0.0
        if tick == market.horizon:
            return math.inf
        if running and running.kind == "spot" and not market.has_spot(running.zone, tick):
            running = None
        options = [best(tick + 1, None, 0, place, left)]
        for machine in (Machine(kind, zone) for kind in ("spot", "on_demand") for zone in range(market.zones)):
            if machine.kind == "spot" and not market.has_spot(machine.zone, tick):
                continue
            region = market.region[machine.zone]
            wait = pending if machine == running else market.overhead_s
            bill = market.price(machine, tick) / 6 + (0.0 if machine == running else market.transfer[place][region])
            work = max(0, market.tick_s - wait)
            options.append(bill + best(tick + 1, machine, max(0, wait - market.tick_s), region, left - work))
        return min(options)

    return best(0, None, 0, market.home, market.work_s)


def test_optimum_equals_brute_force_through_the_verifier() -> None:
    rng = random.Random(1)
    for _ in range(6):
        instance = random_job(rng, 4, 2)
        costs = []
        for plan in itertools.product(choices(2), repeat=4):
            with contextlib.suppress(Infeasible):
                costs.append(play(instance, plan).objective)
        assert clairvoyant_cost(Market.from_data(instance.data)) == pytest.approx(min(costs), abs=1e-6), instance.data


def test_optimum_equals_plain_recursion() -> None:
    rng = random.Random(2)
    for _ in range(20):
        market = Market.from_data(random_job(rng, rng.randrange(8, 20), rng.randint(1, 3)).data)
        assert clairvoyant_cost(market) == pytest.approx(recursion(market), abs=1e-6), market


def test_references_are_the_optimum_of_today_and_no_baseline_fails_anywhere() -> None:
    for split in Split:
        for instance in PROBLEM.instances(split)[:: 25 if split is not Split.STRESS else 4]:
            reference = PROBLEM.references.reference(split, instance.id)
            assert reference.status == "optimal"
            assert reference.value == PROBLEM.problem.solve(instance).value
    for entries in PROBLEM.references.raw["splits"].values():
        assert all(None not in entry["baselines"].values() for entry in entries.values())


# --------------------------------------------------------------------------- programs and instances


@pytest.mark.parametrize("name", PROBLEM.problem.seeds)
def test_initial_programs_are_on_time_on_robustness_instances(name: str) -> None:
    policy = InProcess(PROBLEM.program(name))
    for instance in PROBLEM.instances(Split.STRESS):
        MultiRegionMarket().run(instance, policy)


def test_the_fixed_part_of_the_seed_keeps_the_deadline_whatever_it_is_told() -> None:
    rng = random.Random(3)
    for _ in range(100):
        zones = rng.randint(1, 4)
        instance = random_job(rng, rng.randrange(4, 40), zones)
        source = PROBLEM.program("seed").source.replace("return 1 / price", "return random.uniform(-1, 1)")
        MultiRegionMarket().run(instance, InProcess(Program(f"import random\nrandom.seed({rng.random()})\n{source}", "Policy")))


def test_the_life_of_a_machine_is_estimated_as_published() -> None:
    scope: dict[str, Any] = {}
    exec(compile(PROBLEM.program("skynomad").source, "skynomad", "exec"), scope)
    life = scope["Life"](0.5)
    for spot in (True, True, False, True, True, True, True, False):  # two spells, of one hour and of two
        life.see(spot)
    # Nelson-Aalen: half of the spells end at one hour, the other at two; beyond that, one end a tick.
    assert life.curve == ([(1.0, 0.5), (2.0, 1.0)], 1.0)
    life.haste = 1.0
    expected = 1.0 + math.exp(-0.5) * 1.0 + math.exp(-1.5) * 0.5 / (1 - math.exp(-1.0))
    assert life.expected() == pytest.approx(expected)
    life.see(True)
    life.see(True)  # half an hour old, which counts as a spell that has not ended
    life.haste = 2.0
    assert life.expected() == pytest.approx(0.5 + math.exp(-1.0) + math.exp(-3.0) * 0.5 / (1 - math.exp(-2.0)))


def test_recorded_splits_share_no_hour_and_windows_of_one_class_never_overlap() -> None:
    hours: dict[tuple[str, Split], list[int]] = {}
    for split in (Split.TRAIN, Split.VALIDATION, Split.TEST):
        taken: dict[str, set[tuple[int, int]]] = {}
        for instance in PROBLEM.instances(split):
            start = int(instance.id.partition("@")[2].rstrip("ab"))
            end = start + Market.from_data(instance.data).horizon
            beside = taken.setdefault(instance.family, set())
            assert all((start, end) == other or end <= other[0] or start >= other[1] for other in beside), instance.id
            beside.add((start, end))
            kind = "h100" if instance.family.startswith("h100") else "v100"
            hours.setdefault((kind, split), []).extend((start, end))
            low, high = made.PARTS_H100[start >= 756] if kind == "h100" else made.PARTS_V100[split]
            assert low <= start and end <= high, instance.id
    assert max(hours["v100", Split.TRAIN]) <= min(hours["v100", Split.VALIDATION])
    assert max(hours["v100", Split.VALIDATION]) <= min(hours["v100", Split.TEST])


def test_a_second_draw_in_a_window_has_other_zones_launches_and_checkpoint() -> None:
    train = {i.id: i for i in PROBLEM.instances(Split.TRAIN)}
    for name, one in train.items():
        if name.endswith("a"):
            two = train[f"{name[:-1]}b"]
            assert one.data["overhead_s"] != two.data["overhead_s"] and one.data["checkpoint_gb"] != two.data["checkpoint_gb"]
            assert replace(one, id="", data={}) == replace(two, id="", data={})
