"""Tuning sessions against a slow one made from the statement and the measured figures as they lie in the file."""

from __future__ import annotations

import gzip
import itertools
import json
import math
from collections.abc import Mapping
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluators.postgres.verifier import KnobTuning, Session
from problems.knob_tuning.postgres import instances as made
from workbench.errors import Infeasible
from workbench.model import Instance

TYPES = {"int": (int,), "float": (int, float), "bool": (bool,)}
"""What a value may be; JSON knows no difference between 2 and 2.0."""


class Refused(Exception):
    """An answer is no configuration of the space."""


@cache
def figures(database: str) -> dict[str, Any]:
    """The table of a database as plain JSON."""
    data: dict[str, Any] = json.loads(gzip.decompress((Path(made.__file__).parent / "data" / f"{database}.json.gz").read_bytes()))
    return data


# --------------------------------------------------------------------------- the statement, one thing after the other


def as_taken(answer: Any, space: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration that an answer is taken for, by what the policy is told of the space."""
    if type(answer) is not dict or sorted(map(repr, answer)) != ["'indexes'", "'knobs'"]:
        raise Refused
    knobs, indexes = answer["knobs"], answer["indexes"]
    if type(knobs) is not dict or type(indexes) is not list or set(knobs) - set(space["knobs"]):
        raise Refused
    if any(type(index) is not str or index not in space["indexes"] for index in indexes):
        raise Refused
    if len(indexes) > space["most_indexes"] or len(set(indexes)) < len(indexes):
        raise Refused
    taken = {}
    for name, knob in space["knobs"].items():
        value = knobs.get(name, knob["default"])
        if type(value) not in TYPES[knob["type"]] or value != value or not knob["levels"][0] <= value <= knob["levels"][-1]:
            raise Refused
        if knob["type"] == "bool":
            if value not in knob["levels"]:
                raise Refused
            taken[name] = value
        else:
            exact = Fraction(value)
            # By ratio, whichever is greater; the first of two alike.
            away = [max(exact / Fraction(level), Fraction(level) / exact) for level in knob["levels"]]
            taken[name] = knob["levels"][away.index(min(away))]
    return {"knobs": taken, "indexes": [index for index in space["indexes"] if index in indexes]}


def starts(config: Mapping[str, Any], space: Mapping[str, Any]) -> bool:
    knobs = config["knobs"]
    need = knobs["shared_buffers_mb"] + space["connections"] * knobs["work_mem_mb"] * knobs["hash_mem_multiplier"]
    return bool(need <= space["memory_mb"])


def costs(config: Mapping[str, Any], data: Mapping[str, Any]) -> tuple[list[float], list[float]]:
    """Milliseconds of each query and of each kind of transaction, looked up step by step."""
    table, prices = figures(data["database"]), data["prices"]
    place = {name: levels.index(config["knobs"][name]) for name, levels, _ in table["knobs"]}
    size = {name: len(levels) for name, levels, _ in table["knobs"]}
    candidates = list(table["index_kib"])
    here = {candidates.index(index) for index in config["indexes"]}
    planner = ("work_mem_mb", "hash_mem_multiplier", "random_page_cost", "effective_cache_size_mb", "enable_nestloop")
    settings_in_order = list(itertools.product(*(range(size[name]) for name in planner)))
    setting = settings_in_order.index(tuple(place[name] for name in planner))
    memory = list(itertools.product(*(range(size[name]) for name in planner[:2]))).index((place[planner[0]], place[planner[1]]))
    queries = []
    for name, weight in data["queries"].items():
        query = table["queries"][name]
        lattice = query["lattices"][query["lattice_of"][setting]]
        plans = [plan for mask, plan in lattice if {i for i in range(len(candidates)) if mask & 2**i} <= here]
        entry = query["at"][plans[0]][memory]
        assert entry >= 0
        blocks = query["temporary"][entry] + query["read"][entry][place["shared_buffers_mb"]]
        queries.append(weight * (query["cpu_ms"][entry] + blocks * prices["block"]))
    transactions = []
    commit, compress = place["synchronous_commit"], place["wal_compression"]
    for name, weight in data["transactions"].items():
        ((_, _, cpu, flushes, log),) = (row for row in table["writes"][name]["base"] if row[:2] == [commit, compress])
        for index, squeezed, more_cpu, more_log in table["writes"][name]["extra"]:
            if index in here and squeezed == compress:
                cpu, log = cpu + more_cpu, log + more_log
        transactions.append(weight * (cpu + flushes * prices["flush"] + log / 1024 * prices["log_kib"]))
    return queries, transactions


def slow_objective(data: Mapping[str, Any], answers: list[Any], told: list[Any]) -> float:
    """Objective of answers, given what was sent with each question; checks that history tells of the runs so far and no more.

    Measured costs are taken from the history: `told` has one question more than the runs that count.
    """
    space, _, history, seed = told[-1]
    assert seed == data["seed"]
    assert [len(question[2]) for question in told] == list(range(1, len(answers) + 2))
    tries = [as_taken({"knobs": {}, "indexes": []}, space), *(as_taken(answer, space) for answer in answers)]
    held, cheapest = [], None
    for config, entry in zip(tries, history, strict=True):
        assert entry["config"] == config
        queries, transactions = costs(config, data)
        true = sum(queries) + sum(transactions)
        if not starts(config, space):
            assert entry == {"config": config, "cost": None, "queries": None, "transactions": None}
        else:
            assert entry["cost"] == pytest.approx(sum(entry["queries"]) + sum(entry["transactions"]), rel=1e-9)
            for measured, real in zip(entry["queries"] + entry["transactions"], queries + transactions, strict=True):
                assert abs(math.log(measured / real)) < 1e-9 + 6 * data["noise"]
            if cheapest is None or entry["cost"] < cheapest[0]:
                cheapest = entry["cost"], true
        assert cheapest is not None
        held.append(cheapest[1])
    return 100 * sum(held[1:]) / len(answers) / held[0]


# --------------------------------------------------------------------------- sessions, right and damaged answers


@st.composite
def sessions(draw: st.DrawFn) -> dict[str, Any]:
    """Data of an instance of the measured databases: any queries and transactions, some of the levels and indexes."""
    database = draw(st.sampled_from(sorted(made.DATABASES)))
    table = figures(database)
    queries = draw(st.lists(st.sampled_from(sorted(table["queries"])), max_size=4, unique=True))
    kinds = draw(st.lists(st.sampled_from(sorted(table["writes"])), max_size=2, unique=True)) if table["writes"] else []
    weights = st.floats(0.1, 50, allow_subnormal=False)
    levels = {}
    for name, all_levels, default in table["knobs"]:
        kept = [level for level in all_levels if draw(st.integers(0, 3))]
        if len(kept) < len(all_levels) and draw(st.booleans()):
            levels[name] = kept or [default]
    indexes = draw(st.lists(st.sampled_from(list(table["index_kib"])), max_size=17, unique=True))
    data = {
        "database": database,
        "queries": {name: draw(weights) for name in queries} or ({} if kinds else {"Q3": 1.0}),
        "transactions": {name: draw(weights) for name in kinds},
        "prices": draw(st.sampled_from(list(made.MACHINES.values()))),
        "levels": levels,
        "indexes": sorted(indexes, key=list(table["index_kib"]).index),
        "most_indexes": draw(st.integers(0, 4)),
        "connections": draw(st.integers(1, 16)),
        "memory_mb": 10**6,
        "budget": draw(st.integers(1, 6)),
        "noise": draw(st.sampled_from((0.0, 0.03, 0.2))),
        "seed": draw(st.integers(0, 99)),
    }
    session = Session.from_data(data, made.tables())
    data["memory_mb"] = session.need_mb(session.space.default) + draw(st.sampled_from((0, 0, 8, 64, 200, 600, 4000)))
    return data


@st.composite
def answers(draw: st.DrawFn, data: Mapping[str, Any]) -> dict[str, Any]:
    """A right answer: some knobs anywhere within their bounds, as many indexes as may be."""
    knobs: dict[str, Any] = {}
    for name, all_levels, default in figures(data["database"])["knobs"]:
        levels = data["levels"].get(name, all_levels)
        if not draw(st.integers(0, 2)):
            continue
        if type(default) is bool or draw(st.booleans()):
            knobs[name] = draw(st.sampled_from(levels))
        elif type(default) is int:
            knobs[name] = draw(st.integers(levels[0], levels[-1]))
        else:
            knobs[name] = draw(st.floats(levels[0], levels[-1]))
            if draw(st.booleans()) and levels[0] <= int(knobs[name]):
                knobs[name] = int(knobs[name])
    some = (
        st.lists(st.sampled_from(data["indexes"]), max_size=data["most_indexes"], unique=True) if data["indexes"] else st.just([])
    )
    return {"knobs": knobs, "indexes": draw(some)}


WRONG: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 4, 16, 65, 256, 4097, 10**30, -(10**400), 0.0, 1.0, 1.05, 2.0, 4.0, 1e308, math.nan, math.inf,
    -math.inf, "", "4MB", "on", [], {}, [4], "lineitem(l_partkey)", "orders(o_custkey)", "orders(o_custkey); drop table orders",
)  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn, answer: dict[str, Any], data: Mapping[str, Any]) -> Any:
    """An answer with one thing changed; now and then it is right all the same."""
    knobs, indexes = dict(answer["knobs"]), list(answer["indexes"])
    wrong = draw(st.sampled_from(WRONG))
    how = draw(
        st.sampled_from(
            ("knob", "knob", "number", "level", "level", "index", "more indexes", "twice", "whole", "part", "key", "sent along")
        )
    )
    if how == "knob":
        name, all_levels, _ = draw(st.sampled_from(figures("uniform")["knobs"]))
        near = st.sampled_from(all_levels).flatmap(lambda x: st.sampled_from((x, x - 1, x + 1, float(x), math.nextafter(x, 9e9))))
        value = draw(st.one_of(st.just(wrong), near, st.booleans()))
        knobs[draw(st.sampled_from((name, name, name, "fsync", "", "indexes")))] = value
    elif how == "number":  # another type that is equal
        switch = draw(st.sampled_from([name for name, _, default in figures("uniform")["knobs"] if type(default) is bool]))
        knobs[switch] = draw(st.sampled_from((0, 1, 0.0, 1.0)))
    elif how == "level":  # of the whole space, perhaps not of this one
        name, all_levels, _ = draw(
            st.sampled_from([k for k in figures("uniform")["knobs"] if k[0] in data["levels"] or not data["levels"]])
        )
        knobs[name] = draw(st.sampled_from(all_levels))
    elif how == "index":
        indexes.insert(draw(st.integers(0, len(indexes))), wrong)
    elif how == "more indexes":
        others = [index for index in figures("uniform")["index_kib"] if index not in indexes]
        count = data["most_indexes"] + draw(st.integers(0, 2)) - len(indexes)
        indexes += draw(st.permutations([index for index in others if index in data["indexes"]] or others))[: max(0, count)]
    elif how == "twice":
        indexes += indexes
    elif how == "whole":
        return wrong
    found = {"knobs": knobs, "indexes": indexes}
    if how == "part":
        found[draw(st.sampled_from(("knobs", "indexes")))] = wrong
    elif how == "key":
        del found[draw(st.sampled_from(("knobs", "indexes")))]
    elif how == "sent along":
        found["cost"] = 0.0
    return found


class Answers:
    """A policy that gives answers one after the other, the default from then on; keeps what it was sent, as JSON has it."""

    def __init__(self, answers: list[Any]) -> None:
        self.answers = answers
        self.sent: list[Any] = []

    def __call__(self, *args: Any) -> Any:
        self.sent.append(json.loads(json.dumps(args)))
        return [*self.answers, {"knobs": {}, "indexes": []}][len(self.sent) - 1]

    def begin(self, *args: Any) -> None:
        raise AssertionError("tuning calls a function")

    def call(self, method: str, *args: Any) -> Any:
        raise AssertionError("tuning calls a function")


def run(data: Mapping[str, Any], policy: Answers) -> float:
    return KnobTuning(made.tables()).run(Instance("x", "f", json.loads(json.dumps(data))), policy).objective


def agree(data: dict[str, Any], tries: list[Any]) -> bool:
    """Whether the tries are right; the verifier must say the same, and give the same objective."""
    # With one run more, for what the last one was measured to cost is sent with the next question.
    longer = Answers(tries)
    try:
        run({**data, "budget": len(tries) + 1}, longer)
        right = True
    except Infeasible:
        right = False
    policy = Answers(tries)
    if right:
        objective = run({**data, "budget": len(tries)}, policy)
        assert policy.sent == [
            [space, {**workload, "budget": len(tries)}, history, seed] for space, workload, history, seed in longer.sent[:-1]
        ]
        assert objective == pytest.approx(slow_objective(data, tries, longer.sent), rel=1e-9)
        return True
    with pytest.raises(Infeasible):
        run({**data, "budget": len(tries)}, policy)
    # The first answer that is wrong ends the session.
    for answer in tries[: len(longer.sent) - 1]:
        as_taken(answer, longer.sent[0][0])
    with pytest.raises(Refused):
        as_taken(tries[len(longer.sent) - 1], longer.sent[0][0])
    return False


@settings(max_examples=250)
@given(sessions(), st.data())
def test_any_right_tries_are_scored_as_by_the_statement(data: dict[str, Any], choose: st.DataObject) -> None:
    assert agree(data, [choose.draw(answers(data)) for _ in range(data["budget"])])


@settings(max_examples=500)
@given(sessions(), st.data())
def test_damaged_tries_are_refused_where_the_statement_refuses_them(data: dict[str, Any], choose: st.DataObject) -> None:
    tries: list[Any] = [choose.draw(answers(data)) for _ in range(data["budget"])]
    at = choose.draw(st.integers(0, len(tries) - 1))
    tries[at] = choose.draw(damaged(tries[at], data))
    agree(data, tries)
