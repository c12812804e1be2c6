"""What is within reach: oracles between best baseline and reference, their figures on record, and a file that is out of date."""

from __future__ import annotations

import importlib
import json
import random
import shutil
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from evaluators.kv_cache.verifier import CacheReplay, Trace
from evaluators.spot_deadline.optimum import clairvoyant_cost
from evaluators.spot_deadline.verifier import Market
from workbench.api.describing import describe
from workbench.errors import ProblemError
from workbench.model import Instance, Split
from workbench.problem import catalog, reachable
from workbench.problem.extras import REACHABLE, REACHED, package

SLUGS = [slug for slug in catalog.slugs() if (catalog.load(slug).folder / REACHABLE).exists()]


def oracle(slug: str) -> ModuleType:
    return importlib.import_module(f"{package(catalog.load(slug).folder)}.reachable")


@pytest.mark.parametrize("slug", SLUGS)
def test_the_figure_on_record_is_measured_again_and_lies_between_baselines_and_reference(slug: str) -> None:
    loaded = catalog.load(slug)
    found = reachable.read(loaded)
    stored = json.loads((loaded.folder / REACHED).read_text())["splits"]["train"]["objectives"]
    first = loaded.instances(Split.TRAIN)[0].id
    assert found and reachable.objective(loaded, Split.TRAIN, first) == pytest.approx(stored[first], rel=1e-9)
    assert 0 < found.gaps[Split.TRAIN] < loaded.references.ranking[0][1]
    told = describe(loaded).to_json()["reachable"]
    assert set(told["gaps"]) == {"train", "validation"} and told["gaps"]["train"]["mean"] == found.gaps[Split.TRAIN]


def test_a_file_that_lacks_or_is_of_other_instances_is_one_line(tmp_path: Path) -> None:
    folder = tmp_path / "caching" / "kv_cache"
    shutil.copytree(catalog.load("kv_cache").folder, folder)
    (folder / REACHED).unlink()
    with pytest.raises(ProblemError, match=r"reachable.json is missing; measure it with: evolve references .* --reachable"):
        reachable.read(catalog.load(folder))
    raw = json.loads((catalog.load("kv_cache").folder / REACHED).read_text())
    raw["splits"]["train"]["instances"] = "of old"
    (folder / REACHED).write_text(json.dumps(raw))
    with pytest.raises(ProblemError, match="is of other instances than train and validation have now"):
        reachable.read(catalog.load(folder))


def test_lookahead_leads_from_the_baseline_to_the_optimum() -> None:
    loaded = catalog.load("kv_cache")
    instance = loaded.instances(Split.TRAIN)[0]
    trace = Trace.from_data(instance.data)
    none, all_ = (CacheReplay(prefix=True).run(instance, oracle("kv_cache")._Lookahead(trace, k)).objective for k in (0, 10**6))
    assert none == loaded.references.baseline("length_aware", Split.TRAIN)[instance.id]
    assert all_ == pytest.approx(loaded.references.reference(Split.TRAIN, instance.id).value)


def test_a_market_without_chance_is_planned_as_by_a_clairvoyant() -> None:
    ticks = 312
    data = {
        "tick_s": 600, "work_s": 48 * 3600, "deadline_s": 600 * ticks, "overhead_s": 180, "on_demand_price": 3.06,
        "spot_price": [[0.97, ticks]], "available": "10" * (ticks // 2),
    }  # fmt: skip
    flapping = Instance("x", "x", data)
    assert oracle("spot_deadline").rates("10" * 5) == (1.0, 0.0)
    assert oracle("spot_deadline").objective(flapping) == pytest.approx(clairvoyant_cost(Market.from_data(data)))


def test_local_search_keeps_its_books_and_improves_on_greedy() -> None:
    made = np.random.RandomState(1).dirichlet(np.full(256, 0.3), 32)
    layer = oracle("eplb")._Layer(made, random.Random(1))
    before = layer._loads().max(axis=1).mean()
    slots = layer.placed()
    after = layer._loads().max(axis=1).mean()
    assert after < before and np.allclose(layer._loads().sum(axis=1), 1)
    assert np.bincount(slots, minlength=256).tolist() == layer._copies.tolist()
