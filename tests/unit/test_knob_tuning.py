"""Tuning sessions: exploits refused, costs and the best configuration by brute force, what a policy is told and what counts."""

from __future__ import annotations

import itertools
import json
import math
import random
from typing import Any

import pytest

from evaluators.postgres.cost_table import PLANNER, CostTable
from evaluators.postgres.measure import Prices, Work, Writes
from evaluators.postgres.plan_lattice import Choice, choose, enumerate_choices
from evaluators.postgres.space import Configuration, Knob, Space, narrowed, sets_of
from evaluators.postgres.verifier import KnobTuning, Session
from problems.knob_tuning.postgres import gate
from problems.knob_tuning.postgres.instances import POOLS, SHAPES, instances, tables
from tests.unit.policies import Function
from workbench.errors import Infeasible, ProblemError
from workbench.model import Instance, Split

SPACE = Space(
    (
        Knob("shared_buffers_mb", (16, 64), 64),
        Knob("work_mem_mb", (1, 4, 16), 4),
        Knob("hash_mem_multiplier", (1.0, 2.0), 2.0),
        Knob("random_page_cost", (1.1, 4.0), 4.0),
        Knob("effective_cache_size_mb", (32, 4096), 4096),
        Knob("enable_nestloop", (False, True), True),
        Knob("synchronous_commit", (False, True), True),
        Knob("wal_compression", (False, True), False),
    ),
    ("a(x)", "a(y)", "b(z)", "b(z,x)", "c(u)", "c(v)"),
    4,
)


def random_table(rng: random.Random) -> CostTable:
    """A table of two queries and one kind of transaction with costs and plans drawn at random."""
    settings = math.prod(len(knob.levels) for knob in SPACE.knobs if knob.name in PLANNER)
    memories = 6

    def query() -> dict[str, Any]:
        plans, entries = 8, 12
        lattices = []
        for _ in range(5):
            uses = [rng.getrandbits(6) & rng.getrandbits(6) for _ in range(4)] + [0]
            lattices.append([[mask, rng.randrange(plans)] for mask in uses])
        return {
            "estimates": [[1, 10.0], [3, 11.0], [2, 12.0], [0, 20.0]],
            "lattices": lattices,
            "lattice_of": [rng.randrange(5) for _ in range(settings)],
            "at": [[rng.randrange(entries) for _ in range(memories)] for _ in range(plans)],
            "cpu_ms": [rng.uniform(1, 50) for _ in range(entries)],
            "temporary": [rng.choice((0, 0, 100)) for _ in range(entries)],
            "read": [[rng.randrange(1000), rng.randrange(100)] for _ in range(entries)],
        }

    return CostTable.from_json(
        {
            "knobs": [[knob.name, list(knob.levels), knob.default] for knob in SPACE.knobs],
            "most_indexes": 4,
            "rows": {"a": 10, "b": 20, "c": 30},
            "table_kib": {"a": 1024, "b": 2048, "c": 512},
            "index_kib": dict.fromkeys(SPACE.indexes, 256),
            "queries": {"first": query(), "second": query()},
            "writes": {
                "change": {
                    "tables": ["b"],
                    "base": [[s, c, rng.uniform(0, 1), s, rng.uniform(100, 9000)] for s in (0, 1) for c in (0, 1)],
                    "extra": [[i, c, rng.uniform(0, 1), rng.uniform(0, 500)] for i in (2, 3) for c in (0, 1)],
                }
            },
        }
    )


def data(**other: Any) -> dict[str, Any]:
    return {
        "database": "d", "queries": {"first": 2.0, "second": 1.5}, "transactions": {"change": 30.0},
        "prices": {"block": 0.04, "flush": 0.3, "log_kib": 0.02}, "levels": {}, "indexes": list(SPACE.indexes), "most_indexes": 4,
        "memory_mb": 160, "connections": 4, "budget": 6, "noise": 0.0, "seed": 3, **other,
    }  # fmt: skip


def answer(*indexes: str, **knobs: Any) -> dict[str, Any]:
    return {"knobs": knobs, "indexes": list(indexes)}


# --------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (answer(work_mem_mb=17), "in 1..16, got 17"),
        (answer(work_mem_mb=0), "in 1..16, got 0"),
        (answer(work_mem_mb=-(10**400)), "in 1..16, got an integer of 1329 bits"),
        (answer(work_mem_mb=True), "must be an int, got the bool True"),
        (answer(work_mem_mb=4.0), "must be an int, got the float 4.0"),
        (answer(work_mem_mb="4MB"), "must be an int"),
        (answer(random_page_cost=math.nan), "finite number, got nan"),
        (answer(random_page_cost=math.inf), "finite number, got inf"),
        (answer(random_page_cost=0.0), "in 1.1..4.0, got 0.0"),
        (answer(enable_nestloop=1), "must be True or False, got the int 1"),
        (answer(fsync=False), "sets 'fsync', which is not a knob of this space"),  # the classic: fast and not safe
        (answer("a(x)", "a(y)", "b(z)", "b(z,x)", "c(u)"), "may have at most 4 entries, got 5"),
        (answer("a(x)", "a(x)"), "'a(x)' twice"),
        (answer("a(w)"), "'a(w)', which is not a candidate"),
        (answer("a(x); drop table a"), "which is not a candidate"),
        (answer(["a(x)"]), "a list of 1 entry, which is not a candidate"),  # type: ignore[arg-type]
        ({"knobs": {}}, 'must be a dict with the keys "knobs" and "indexes"'),
        ({"knobs": {}, "indexes": [], "cost": 0.0}, 'must be a dict with the keys "knobs" and "indexes"'),  # figures sent along
        ({"knobs": [], "indexes": []}, '"knobs" of run 1: the configuration must be a dict'),
        ({"knobs": {}, "indexes": {"a(x)": 1}}, "must be a list"),
        (None, "got None"),
    ],
)
def test_what_is_no_configuration_is_refused(wrong: Any, reason: str) -> None:
    class Raw(Function):
        def __call__(self, *args: Any) -> Any:
            return wrong

    with pytest.raises(Infeasible) as refusal:
        KnobTuning({"d": random_table(random.Random(1))}).run(Instance("x", "f", data()), Raw(lambda: None))
    assert reason in str(refusal.value)


def test_numbers_between_two_levels_go_to_the_nearer_by_ratio() -> None:
    knob = Knob("work_mem_mb", (1, 4, 16, 64), 4)
    assert [knob.levels[knob.check(mb)] for mb in (1, 2, 3, 8, 9, 16, 31, 33, 64)] == [1, 1, 4, 4, 16, 16, 16, 64, 64]
    assert Knob("cost", (1.1, 4.0), 4.0).check(2) == 0 and Knob("cost", (1.1, 4.0), 4.0).check(4) == 1


def test_exactly_as_many_runs_as_the_budget_and_no_way_to_more() -> None:
    policy = Function(lambda space, workload, history, seed: answer())
    KnobTuning({"d": random_table(random.Random(1))}).run(Instance("x", "f", data()), policy)
    assert len(policy.sent) == 6
    assert [len(json.loads(s)[2]) for s in policy.sent] == [1, 2, 3, 4, 5, 6]


# --------------------------------------------------------------------------- costs


def test_best_configuration_by_brute_force_and_costs_one_by_one() -> None:
    for trial in range(3):
        table = random_table(random.Random(trial))
        instance = Instance("x", "f", data(memory_mb=(128, 100, 4096)[trial], **({"transactions": {}} if trial == 2 else {})))
        session = Session.from_data(instance.data, {"d": table})
        costs = {
            configuration: session.cost(configuration)
            for levels in itertools.product(*(range(len(knob.levels)) for knob in SPACE.knobs))
            for some in sets_of(6, 4)
            if session.fits(configuration := Configuration(levels, some))
        }
        best, cost = KnobTuning({"d": table}).best(instance)
        assert cost == pytest.approx(min(costs.values()), rel=1e-12) == costs[best]
        assert KnobTuning({"d": table}).solve(instance).value == pytest.approx(100 * cost / costs[SPACE.default])


def test_cost_of_one_configuration_by_hand() -> None:
    table = random_table(random.Random(5))
    session = Session.from_data(data(queries={"first": 2.0}), {"d": table})
    chosen = session.space.check(answer("b(z,x)", "a(y)", work_mem_mb=16, wal_compression=True, shared_buffers_mb=16))
    query, write = table.queries["first"], table.writes["change"]
    # Settings count work_mem, hash_mem_multiplier, random_page_cost, effective_cache_size, enable_nestloop: levels 2, 1, 1, 1, 1.
    lattice = query.lattices[query.lattice_of[(((2 * 2 + 1) * 2 + 1) * 2 + 1) * 2 + 1]]
    plan = next(plan for uses, plan in lattice if uses & ~0b001010 == 0)
    entry = query.at[plan][2 * 2 + 1]
    blocks = query.temporary[entry] + query.read[entry][0]
    assert session.parts(chosen)[0] == pytest.approx(2.0 * (query.cpu_ms[entry] + 0.04 * blocks))
    cpu, flushes, log = write.base[1, 1]
    more = write.extra[3, 1]
    expected = 30 * (cpu + more[0] + 0.3 * flushes + 0.02 * (log + more[1]) / 1024)
    assert session.parts(chosen)[1] == pytest.approx(expected)


def test_a_lattice_tells_what_a_planner_of_least_estimates_would_do() -> None:
    rng = random.Random(2)
    for _ in range(20):
        plans = [(rng.getrandbits(7) & rng.getrandbits(7), f"plan {i}") for i in range(12)] + [(0, "scan")]
        estimates = {(setting, name): rng.uniform(1, 100) for setting in (0, 1) for _, name in plans}

        def planner(visible: int, setting: int, plans: Any = plans, estimates: Any = estimates) -> Choice:
            return min(Choice(estimates[setting, name], uses, name) for uses, name in plans if uses & ~visible == 0)

        asked: list[int] = []

        def explain(visible: int, settings: Any, asked: list[int] = asked, planner: Any = planner) -> list[Choice]:
            asked.append(visible)
            return [planner(visible, setting) for setting in settings]

        found = enumerate_choices(explain, 127, (0, 1))
        assert all(choose(found[s], visible) == planner(visible, s) for s in (0, 1) for visible in range(128))
        assert len(asked) == len(set(asked)) < 128


def test_prices() -> None:
    prices = Prices(block=0.1, flush=2.0, log_kib=0.5)
    assert Work(5.0, 30, 20).cost(prices) == pytest.approx(10.0)
    assert Writes(1.0, 0.5, 2048).cost(prices) == pytest.approx(3.0)


# --------------------------------------------------------------------------- sessions


def test_the_objective_follows_what_was_measured_cheapest() -> None:
    table = random_table(random.Random(7))
    session = Session.from_data(data(), {"d": table})
    asked = [answer("a(x)"), answer(work_mem_mb=16, shared_buffers_mb=64), answer("a(x)", "b(z)", random_page_cost=1.1), answer()]
    asked += [answer("c(u)", enable_nestloop=False), answer("a(x)")]
    policy = Function(lambda space, workload, history, seed: asked[len(history) - 1])
    found = KnobTuning({"d": table}).run(Instance("x", "f", data()), policy)
    checked = [session.space.check(a) for a in asked]
    base = session.cost(session.space.default)
    held, least = [], base
    for configuration in checked:
        if session.fits(configuration):
            least = min(least, session.cost(configuration))
        held.append(100 * least / base)
    assert found.objective == pytest.approx(sum(held) / 6)
    assert found.metrics["after_1"] == pytest.approx(held[0]) and found.metrics["after_10"] == pytest.approx(held[-1])
    assert found.metrics["different"] == 4  # one was asked for twice, one is the default
    # 64 + 4 * 16 * 2 = 192 MB do not fit into 160: that run is lost.
    assert found.metrics["not_started"] == 1
    history = json.loads(policy.sent[-1])[2]
    assert [entry["cost"] is None for entry in history] == [False, False, True, False, False, False]
    assert history[0]["config"] == session.space.told(session.space.default)
    assert history[1]["cost"] == pytest.approx(session.cost(checked[0]))
    assert history[1]["queries"] + history[1]["transactions"] == pytest.approx(session.parts(checked[0]))


def test_with_noise_the_measured_cheapest_counts_at_its_true_cost() -> None:
    table = random_table(random.Random(7))
    session = Session.from_data(data(), {"d": table})
    asked = [answer("a(x)"), answer("a(y)"), answer("b(z)"), answer("c(u)"), answer("c(v)"), answer()]
    policy = Function(lambda space, workload, history, seed: asked[len(history) - 1])
    found = KnobTuning({"d": table}).run(Instance("x", "f", data(noise=0.5)), policy)
    costs = [entry["cost"] for entry in json.loads(policy.sent[-1])[2]]
    true = [session.cost(session.space.default), *(session.cost(session.space.check(a)) for a in asked)]
    assert costs != pytest.approx(true[:6], rel=0.05)
    held = [true[min(range(run + 1), key=costs.__getitem__)] for run in range(1, 6)]
    # The last run's own measurement is not sent any more: it can only be the default once more.
    assert found.objective in [pytest.approx(100 * sum([*held, last]) / 6 / true[0]) for last in (held[-1], true[0])]
    again = Function(lambda space, workload, history, seed: asked[len(history) - 1])
    assert KnobTuning({"d": table}).run(Instance("x", "f", data(noise=0.5)), again) == found and again.sent == policy.sent


def test_nothing_sent_depends_on_configurations_that_were_not_run() -> None:
    # The true costs of all others may change: a policy must not be able to tell.
    table = random_table(random.Random(4))
    sent = []
    for changed in (False, True):
        if changed:
            query = table.queries["second"]
            session = Session.from_data(data(), {"d": table})
            used = query.entry(table.setting_of(session.space.default.levels), 3, 0)
            for entry in range(len(query.cpu_ms)):
                if entry != used:
                    object.__setattr__(query, "cpu_ms", tuple(c + (i != used) for i, c in enumerate(query.cpu_ms)))
        policy = Function(lambda space, workload, history, seed: answer())
        KnobTuning({"d": table}).run(Instance("x", "f", data(noise=0.1)), policy)
        sent.append(policy.sent)
    assert sent[0] == sent[1]


def test_a_narrowed_space_keeps_defaults_or_takes_the_nearest_level() -> None:
    part = narrowed(SPACE, {"work_mem_mb": (1, 16), "enable_nestloop": (False,)}, ("c(u)",), 1)
    assert part.told(part.default)["knobs"]["work_mem_mb"] == 1 and part.told(part.default)["knobs"]["enable_nestloop"] is False
    with pytest.raises(Infeasible, match="may have at most 1 entries"):
        part.check(answer("c(u)", "c(u)"))
    with pytest.raises(Infeasible, match="knob enable_nestloop must be False in this space, got True"):
        part.check(answer(enable_nestloop=True))
    with pytest.raises(Infeasible, match=r"in 1\.\.16, got 17"):
        part.check(answer(work_mem_mb=17))


def test_an_instance_that_nobody_measured_is_told_in_one_line() -> None:
    known = {"d": random_table(random.Random(1))}
    for wrong, reason in (({"database": "e"}, "no table"), ({"queries": {"Q99": 1.0}}, "'Q99'"), ({"memory_mb": 50}, "needs 96")):
        with pytest.raises(ProblemError, match=reason):
            Session.from_data(data(**wrong), known)


# --------------------------------------------------------------------------- the problem's own data


def test_splits_share_no_query_and_no_transaction() -> None:
    for a, b in itertools.combinations((Split.TRAIN, Split.VALIDATION, Split.TEST), 2):
        assert not {*POOLS[a][0], *POOLS[a][1], *POOLS[a][2]} & {*POOLS[b][0], *POOLS[b][1], *POOLS[b][2]}
    for split in POOLS:
        for instance in instances(split):
            assert {*instance.data["queries"], *instance.data["transactions"]} <= {name for part in POOLS[split] for name in part}


def test_measured_estimates_are_those_of_the_space_and_end_with_no_index() -> None:
    for instance in instances(Split.TRAIN):
        session = Session.from_data(instance.data, tables())
        for query in session.workload_told()["queries"]:
            assert query["what_if"][-1][0] == [] and query["what_if"] == sorted(query["what_if"], key=lambda entry: entry[1])
            assert all(set(used) <= set(session.space.indexes) for used, _ in query["what_if"])


def test_default_is_best_where_the_family_says_so() -> None:
    for instance in instances(Split.STRESS):
        if instance.family == "best-is-default":
            assert KnobTuning(tables()).solve(instance).value == pytest.approx(100.0)


def test_gate_draws_fresh_instances_of_queries_that_are_not_sealed() -> None:
    sealed = {json.dumps(i.data, sort_keys=True) for split in (Split.TEST, Split.STRESS) for i in instances(split)}
    assert set(gate.FAMILIES) == {i.family for i in gate.instances(1)} <= set(SHAPES)
    for instance in gate.instances(1):
        assert json.dumps(instance.data, sort_keys=True) not in sealed
        assert not {*instance.data["queries"], *instance.data["transactions"]} & {n for part in POOLS[Split.TEST] for n in part}
    assert gate.instances(1) == gate.instances(1) != gate.instances(2)
