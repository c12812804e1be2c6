"""Relations hold: carried over to the other form of an instance, the same decisions have the objective that is stated."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from problems.routing.cloudcast import instances as renumbering
from workbench.model import Split
from workbench.problem import catalog
from workbench.problem.extras import METAMORPHIC, extra
from workbench.protocols import Relation
from workbench.testing.inprocess import InProcess

Data = Mapping[str, Any]
Carry = Callable[[Data, Data, Any], Any]
"""The decisions on an instance, in the terms of its other form."""


def places(before: Sequence[Any], after: Sequence[Any]) -> list[int]:
    """Where each item of one list is in the other; of equal items, any."""
    left: dict[str, list[int]] = {}
    for k, item in enumerate(after):
        left.setdefault(repr(item), []).append(k)
    return [left[repr(item)].pop() for item in before]


def sequence_of_jobs(*keys: str) -> Carry:
    def carry(before: Data, after: Data, order: Any) -> Any:
        new = places(*([list(row) for row in zip(*(data[key] for key in keys), strict=True)] for data in (before, after)))
        return [new[job] for job in order]

    return carry


def transactions(before: Data, after: Data, order: Any) -> Any:
    new = places(before["transactions"], after["transactions"])
    return [new[number] for number in order]


def customers(before: Data, after: Data, routes: Any) -> Any:
    new = places(
        *([[*place, units] for place, units in zip(data["coords"], data["demand"], strict=True)] for data in (before, after))
    )
    return [[new[customer] for customer in route] for route in routes]


def models(before: Data, after: Data, answer: Any) -> Any:
    moved = [0] * len(answer)
    for old, new in enumerate(places(before["models"], after["models"])):
        moved[new] = answer[old]
    return moved


def experts(before: Data, after: Data, answer: Any) -> Any:
    def columns(data: Data, layer: int) -> list[list[int]]:
        return [[counts[layer][e] for counts in (*data["history"], *data["next"])] for e in range(len(data["next"][0][0]))]

    layers = range(len(before["prev"]))
    new_layer = places([sorted(columns(before, k)) for k in layers], [sorted(columns(after, k)) for k in layers])
    moved: list[Any] = [None] * len(answer)
    for layer in layers:
        new = places(columns(before, layer), columns(after, new_layer[layer]))
        moved[new_layer[layer]] = [new[expert] for expert in answer[layer]]
    return moved


def paths(before: Data, after: Data, answer: Any) -> Any:
    new = renumbering.numbers(after["network"], len(renumbering.network(before["network"]).price))
    by_destination = {
        new[dst]: [[new[region] for region in path] for path in parts] for dst, parts in zip(before["dsts"], answer, strict=True)
    }
    return [by_destination[dst] for dst in after["dsts"]]


def blocks(before: Data, after: Data, evicted: Any) -> Any:
    new = {
        old: name
        for one, other in zip(before["requests"], after["requests"], strict=True)
        for old, name in zip(one, other, strict=True)
    }
    return [new[block] for block in evicted]


def rows_and_columns(before: Data, after: Data, answer: Any) -> Any:
    column = [after["columns"].index(name) for name in before["columns"]]
    row = places(
        [sorted(zip(before["columns"], own, strict=True)) for own in before["rows"]],
        [sorted(zip(after["columns"], own, strict=True)) for own in after["rows"]],
    )
    moved: list[Any] = [None] * len(row)
    for old, fields in enumerate(answer["fields"]):
        moved[row[old]] = [column[c] for c in fields]
    return {"rows": [row[old] for old in answer["rows"]], "fields": moved}


def zones(before: Data, after: Data, answer: Any) -> Any:
    if answer == "idle":
        return answer
    rows = ([list(row) for row in zip(data["available"], data["spot_price"], strict=True)] for data in (before, after))
    return [answer[0], places(*rows)[answer[1]]]


def flows(before: Data, after: Data, answer: Any) -> Any:
    new = {
        old: name
        for one, other in zip(before["requests"], after["requests"], strict=True)
        for old, name in zip(one[1:3], other[1:3], strict=True)
    }
    return [[new[node] for node in path] for path in answer]


def cached(before: Data, after: Data, answer: Any) -> Any:
    names = dict(zip(before["resident"], after["resident"], strict=True))
    for one, other in zip(before["need"], after["need"], strict=True):
        names.update(zip(one, other, strict=True))
    return {key: [names[expert] for expert in ids] for key, ids in answer.items()}


def starts(before: Data, after: Data, answer: Any) -> Any:
    new = places(before["replicas"], after["replicas"])
    return [[new[replica], call] for replica, call in answer]


def unchanged(before: Data, after: Data, answer: Any) -> Any:
    return answer


CARRIED: dict[str, dict[str, Carry]] = {
    "scheduling/total_tardiness": {
        "jobs in another order": sequence_of_jobs("processing", "due"), "all times doubled": unchanged
    },
    "scheduling/weighted_tardiness": {
        "jobs in another order": sequence_of_jobs("processing", "weight", "due"), "all times doubled": unchanged
    },
    "scheduling/job_shop": {"jobs and machines in another order": sequence_of_jobs("durations")},
    "moe_placement/prism": {"models in another order": models, "all request rates doubled": unchanged},
    "scheduling/transactions": {"transactions in another order": transactions, "keys with other names": unchanged},
    "caching/kv_cache": {"blocks with other numbers": blocks},
    "caching/llm_sql": {"rows and columns in another order": rows_and_columns, "texts with other letters": unchanged},
    "routing/vehicle": {"customers in another order": customers, "map turned by a quarter": unchanged},
    "routing/cloudcast": {"regions and destinations in another order": paths},
    "load_balancing/spot_deadline": {"all prices doubled": unchanged},
    "load_balancing/spot_multi_region": {
        "zones and regions with other numbers": zones, "all prices doubled": unchanged
    },
    "routing/flow_assign": {
        "nodes with other numbers": flows, "bandwidth in half the unit": unchanged, "values in a third of the unit": unchanged
    },
    "knob_tuning/plan_search": {"everything twice as fast": unchanged},
    "caching/semantic_cache": {
        "answers, categories and texts with other numbers": unchanged, "steps half as long": unchanged
    },
    "moe_placement/eplb": {"experts and layers in another order": experts},
    "moe_placement/expert_cache": {
        "experts with other numbers": cached, "tokens with other numbers": unchanged, "all times doubled": unchanged
    },
    "scheduling/agent_dag": {
        "replicas in another order": starts, "applications and steps with other names": unchanged, "all times doubled": unchanged
    },
}  # fmt: skip


def relations() -> list[tuple[str, Relation]]:
    found = []
    for slug in catalog.slugs():
        module = extra(catalog.load(slug).folder, METAMORPHIC)
        found += [(slug, r) for r in module.RELATIONS if r.factor is not None] if module else []
    return found


@pytest.mark.parametrize(("slug", "relation"), relations(), ids=lambda value: getattr(value, "name", value))
def test_the_same_decisions_have_the_stated_objective(slug: str, relation: Relation) -> None:
    loaded = catalog.load(slug)
    run, seed = loaded.problem.verifier.run, loaded.program(loaded.problem.seeds[0])
    for number, instance in enumerate(loaded.instances(Split.TEST)[::40]):
        other = replace(instance, data=relation.transform(instance.data, random.Random(number)))
        policy, carry = InProcess(seed), CARRIED[slug][relation.name]
        before = run(instance, policy).objective
        carried = [carry(instance.data, other.data, answer) for answer in policy.answers]
        after = run(other, InProcess(seed, lambda k, own, carried=carried: carried[k])).objective  # type: ignore[misc]
        assert after == pytest.approx((relation.factor or 0) * before, rel=1e-8), instance.id
