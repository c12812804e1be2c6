"""Instances of model placement: the published cases for test, generated ones of three kinds, and stress cases."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from workbench.model import Instance, Split

_DATA = Path(__file__).parent / "data"

CHECKPOINTS = (2, 3, 6, 8, 14, 14, 16, 16, 18, 24, 26, 28)
"""Size of weights of common open models of 1 to 14 billion parameters in 16-bit precision, in GB."""

_ROOMY = 79
"""If all weights take at most _ROOMY - (largest model) GB per GPU, some GPU always has room for the next model."""

_FLEETS = {Split.TRAIN: 60, Split.VALIDATION: 24, Split.TEST: 48}
"""Number of fleets."""
_SOLVED = 8
"""Number of instances of each kind that programs solve by now; their classes, named `smoke-...`, do not count."""

Models = list[dict[str, int]]


def instances(split: Split) -> list[Instance]:
    """Return all instances of a split, identical on all machines and Python versions: each is generated from its id."""
    if split is Split.STRESS:
        return list(_stress())
    found = list(_published()) if split is Split.TEST else list(_drawn(split, "pairs", _SOLVED))
    return [*found, *_drawn(split, "zoo", _SOLVED), *_drawn(split, "fleet", _FLEETS[split])]


def _published() -> Iterator[Instance]:
    cases = json.loads((_DATA / "cases_seed42.json").read_text())
    for number, case in enumerate(cases):
        models = [{"size": size, "rate": rate, "slo": slo} for size, rate, slo in case["models"]]
        yield _instance(f"published-{number:02d}", "smoke-published", case["gpus"], 80, models)


def _drawn(split: Split, kind: str, copies: int) -> Iterator[Instance]:
    family, draw = KINDS[kind]
    for copy in range(copies):
        id = f"{split}-{kind}-{copy:02d}"
        yield _instance(id, family, *draw(_rng(id)))


def _uniform(rng: random.Random, n: int, low: int = 10, high: int = 29) -> Models:
    return [{"size": rng.randint(low, high), "rate": rng.randint(1, 9), "slo": rng.randint(5, 9)} for _ in range(n)]


def _pairs(rng: random.Random) -> tuple[int, int, Models]:
    # The distribution of the published cases: two models per GPU.
    gpus = rng.randint(5, 9)
    return gpus, 80, _uniform(rng, 2 * gpus)


def _popular(rng: random.Random, n: int) -> Models:
    # Request rates decrease with rank, as in model hubs; latency targets from chat to batch.
    ranks = rng.sample(range(1, n + 1), n)
    return [
        {"size": rng.choice(CHECKPOINTS), "rate": max(1, round(60 / rank**0.9)), "slo": rng.choice((2, 5, 10))} for rank in ranks
    ]


def _zoo(rng: random.Random) -> tuple[int, int, Models]:
    gpus = rng.randint(4, 6)
    models = _popular(rng, rng.randint(5 * gpus // 2, 7 * gpus // 2))
    while sum(m["size"] for m in models) > _ROOMY * gpus - max(CHECKPOINTS) * gpus:
        gpus += 1
    return gpus, 80, models


def _fleet(rng: random.Random) -> tuple[int, int, Models]:
    models = _uniform(rng, rng.randint(40, 80), 5, 34)
    least = -(-sum(m["size"] for m in models) // (_ROOMY - 34))
    return max(least, round(len(models) / rng.choice((1.6, 2, 2.4)))), 80, models


KINDS: dict[str, tuple[str, Callable[[random.Random], tuple[int, int, Models]]]] = {
    "pairs": ("smoke-pairs", _pairs),
    "zoo": ("smoke-zoo", _zoo),
    "fleet": ("fleet", _fleet),
}
"""Instance class and generator of each kind."""


# --------------------------------------------------------------------------- stress


def _stress() -> Iterator[Instance]:
    shapes: dict[str, tuple[int, Callable[[random.Random, int], tuple[int, int, Models]]]] = {
        "single_model": (2, _single),
        "single_gpu": (2, _one_gpu),
        "same_models": (3, _same),
        "ties": (3, _ties),
        "idle_models": (3, _idle),
        "one_giant": (3, _giant),
        "memory_tight": (3, _tight),
        "against_largest_first": (3, _against_largest_first),
        "wide_memory": (3, _wide_memory),
        "heavy_tail": (3, _heavy_tail),
        "ten_times": (2, _ten_times),
    }
    for family, (copies, draw) in shapes.items():
        for copy in range(copies):
            id = f"{Split.STRESS}-{family}-{copy}"
            yield _instance(id, family, *draw(_rng(id), copy))


def _single(rng: random.Random, copy: int) -> tuple[int, int, Models]:
    return (1, 5)[copy], 80, _uniform(rng, 1)


def _one_gpu(rng: random.Random, copy: int) -> tuple[int, int, Models]:
    return 1, 80, _uniform(rng, 2 + copy, 10, 20)


def _same(rng: random.Random, copy: int) -> tuple[int, int, Models]:
    gpus = (4, 6, 5)[copy]
    return gpus, 80, _uniform(rng, 1) * (gpus * 2 + (0, 1, 3)[copy])


def _ties(rng: random.Random, copy: int) -> tuple[int, int, Models]:
    # Two sizes and two loads: ties in every comparison.
    gpus = 6 + copy
    models = [{"size": rng.choice((12, 24)), "rate": rng.choice((3, 6)), "slo": 6} for _ in range(2 * gpus + copy)]
    return gpus, 80, models


def _idle(rng: random.Random, copy: int) -> tuple[int, int, Models]:
    # Models without requests only use memory; in the last case no model has requests.
    gpus = 6
    models = _uniform(rng, 2 * gpus)
    for number, model in enumerate(models):
        if copy == 2 or number % (3 - copy) == 0:
            model["rate"] = 0
    return gpus, 80, models


def _giant(rng: random.Random, copy: int) -> tuple[int, int, Models]:
    # One model almost fills a GPU: it must be alone, and the others share the remaining GPUs.
    return 6, 80, [*_uniform(rng, 10), {"size": (64, 70, 76)[copy], "rate": 1, "slo": 9}]


def _tight(rng: random.Random, copy: int) -> tuple[int, int, Models]:
    # Cut from full GPUs, so that few placements leave memory on every GPU.
    gpus, models = 5 + copy, list[dict[str, int]]()
    for _ in range(gpus):
        first = rng.randint(20, 40)
        second = rng.randint(15, 74 - first - 10)
        for size in (first, second, 74 - first - second):
            models.append({"size": size, "rate": rng.randint(1, 9), "slo": rng.randint(5, 9)})
    rng.shuffle(models)
    return gpus, 80, models


def _against_largest_first(rng: random.Random, copy: int) -> tuple[int, int, Models]:
    # Graham's worst case of longest first: loads 2g-1, 2g-1, ..., g+1, g+1, g, g, g on g GPUs; equal sizes.
    gpus = (4, 5, 6)[copy]
    loads = [load for load in range(2 * gpus - 1, gpus, -1) for _ in range(2)] + [gpus] * 3
    models = [{"size": 12, "rate": load, "slo": 6} for load in loads]
    rng.shuffle(models)
    return gpus, 80, models


def _wide_memory(rng: random.Random, copy: int) -> tuple[int, int, Models]:
    # Other GPUs: 24, 141 and 288 GB.
    memory = (24, 141, 288)[copy]
    return 6, memory, _uniform(rng, 12, max(1, memory // 8), memory * 3 // 8)


def _heavy_tail(rng: random.Random, copy: int) -> tuple[int, int, Models]:
    # Rates over four decades: the most popular model decides.
    gpus = 5 + copy
    models = _uniform(rng, 3 * gpus, 5, 25)
    for model in models:
        model["rate"] = max(1, round(10 ** rng.uniform(0, 4)))
    return gpus, 80, models


def _ten_times(rng: random.Random, copy: int) -> tuple[int, int, Models]:
    # Ten times the usual numbers of models and GPUs.
    return (250, 220)[copy], 80, _uniform(rng, 500, 5, 34)


def _rng(id: str) -> random.Random:
    return random.Random(f"moe_placement/prism {id}")


def _instance(id: str, family: str, gpus: int, memory: int, models: Models) -> Instance:
    data: dict[str, Any] = {"gpus": gpus, "memory": memory, "models": [dict(m) for m in models]}
    return Instance(id, family, data)
