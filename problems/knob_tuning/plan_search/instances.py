"""Training jobs: public models on public kinds of GPU, with software whose coefficients are drawn; splits by model."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from evaluators.plan_search.simulator import Coefficients, memory_gb
from evaluators.plan_search.verifier import Search
from workbench.errors import ProblemError
from workbench.model import Instance, Split

_DATA = Path(__file__).parent / "data"
MODELS: dict[str, dict[str, Any]] = json.loads((_DATA / "models.json").read_text())
GPUS: dict[str, dict[str, Any]] = json.loads((_DATA / "gpus.json").read_text())

BUDGET, NOISE, QUIRKS = 12, 0.02, 0.06

POOLS: dict[Split, tuple[str, ...]] = {
    Split.TRAIN: (
        "pythia-2.8b", "opt-6.7b", "bloom-7b1", "starcoder-15b", "gpt-neox-20b", "opt-30b", "falcon-40b", "opt-66b",
    ),
    Split.VALIDATION: ("gemma-7b", "phi-3-medium", "mpt-30b", "yi-34b", "gpt-3-175b"),
    Split.TEST: (
        "llama-2-7b", "llama-3-8b", "llama-2-13b", "qwen2.5-14b", "nemotron-4-15b", "qwen2.5-32b", "llama-2-70b", "qwen2.5-72b",
        "mistral-large-123b",
    ),
}  # fmt: skip
"""Models by split; relatives (a family of models, or the same shape of layers) are in one split."""

FAST = {
    Split.TRAIN: ("a100-40", "a100-80"), Split.VALIDATION: ("a100-80", "h100-80"), Split.TEST: ("a100-40", "a100-80", "h100-80"),
}  # fmt: skip
SLOW = {
    Split.TRAIN: ("v100-32", "l40s-48"), Split.VALIDATION: ("l40s-48", "a10g-24"), Split.TEST: ("v100-32", "l40s-48", "a10g-24"),
}  # fmt: skip
"""Kinds of GPU by split, with a fast and a slow network between nodes."""

SMALL, LARGE = (1, 2, 3, 4, 6, 8), (12, 16, 24, 32)
"""Nodes of a cluster."""
TOKENS = (2**18, 3 * 2**18, 2**20, 3 * 2**19, 2**21, 2**22)
"""Tokens in an iteration."""

COPIES = {Split.TRAIN: 14, Split.VALIDATION: 10, Split.TEST: 13}
"""Instances of each class."""

Draw = Callable[[random.Random], dict[str, Any]]


def instances(split: Split) -> Sequence[Instance]:
    """Return all instances of a split, in a fixed order; train, validation and test have different models."""
    return _instances(Split(split))


@lru_cache
def _instances(split: Split) -> tuple[Instance, ...]:
    return tuple(_stress() if split is Split.STRESS else jobs(split, str(split), COPIES[split]))


def jobs(split: Split, prefix: str, copies: int) -> Iterator[Instance]:
    """Yield `copies` jobs of each class with models and GPUs of a split, each drawn from its id, which begins with `prefix`."""
    models = POOLS[split]
    classes = {
        "roomy": (FAST[split], SMALL, 0.3, 1.0),
        "tight": (FAST[split] + SLOW[split], SMALL + LARGE, 0.02, 0.12),
        "slow-network": (SLOW[split], SMALL[1:] + LARGE, 0.05, 1.0),
        "large": (FAST[split], LARGE, 0.05, 1.0),
    }
    for family, (gpus, nodes, low, high) in classes.items():
        for copy in range(copies):
            yield instance(f"{prefix}-{family}-{copy}", family, lambda rng: job(rng, models, gpus, nodes), low, high)  # noqa: B023


def instance(id: str, family: str, draw: Draw, low: float = 0.01, high: float = 1.0) -> Instance:
    """Draw until a share of plans from `low` to `high` fits into memory, and one of the careful plans too."""
    rng = random.Random(f"knob_tuning/plan_search {id}")
    while True:
        data = draw(rng)
        try:
            search = Search.from_data(data)
            search.start  # noqa: B018
        except ProblemError:
            continue
        fits = memory_gb(search.space, search.known, search.space.plans) <= search.space.cluster.memory_gb
        if low <= fits.mean() <= high:
            return Instance(id, family, data)


def job(rng: random.Random, models: Sequence[str], gpus: Sequence[str], nodes: Sequence[int]) -> dict[str, Any]:
    """Draw a job: a model, a cluster, a batch and the coefficients of the software."""
    cluster = GPUS[rng.choice(gpus)]
    return assembled(rng, MODELS[rng.choice(models)], {"gpus": cluster["gpus_per_node"] * rng.choice(nodes), **cluster})


def assembled(rng: random.Random, model: Mapping[str, Any], cluster: Mapping[str, Any], **other: Any) -> dict[str, Any]:
    """Return the data of one instance; `other` replaces what would be drawn."""
    shape = {name: value for name, value in model.items() if name != "sequence"}
    sequence = other.get("sequence", model["sequence"])
    # Sequences in an iteration: about so many tokens, in multiples of the GPUs, so that they can be shared out.
    share = max(2, round(rng.choice(TOKENS) / sequence / cluster["gpus"]))
    batch = cluster["gpus"] * (share if share < 4 else 2 ** round(math.log2(share)))
    made = {"batch": batch, "sequence": sequence, "budget": BUDGET, "noise": NOISE, "coefficients": coefficients(rng)}
    return {"model": shape, "cluster": dict(cluster), **made, "seed": rng.getrandbits(30), **other}


_SPREADS = {
    "tokens_half": 0.9, "width_half": 0.9, "elementwise": 0.4, "launch_us": 0.7, "link_us": 0.7, "network_us": 0.7,
    "straggle": 0.7, "step": 0.3, "iteration_ms": 0.7, "runtime_gb": 0.4, "activations": 0.15,
}  # fmt: skip
"""Standard deviation of the logarithm of coefficients that are drawn around their usual value."""
_BOUNDS = {
    "matmul": (0.55, 0.9), "attention": (0.2, 0.6), "link": (0.4, 0.9), "network": (0.2, 0.9), "tensor_overlap": (0.0, 0.6),
    "data_overlap": (0.0, 1.0), "gather_overlap": (0.0, 1.0), "fragmentation": (1.0, 1.15),
}  # fmt: skip
"""Least and most of those that are drawn evenly."""


def coefficients(rng: random.Random, wide: float = 1.0) -> dict[str, Any]:
    """Draw what a data sheet does not tell; `wide` multiplies all spreads."""
    usual = Coefficients()
    drawn = {name: getattr(usual, name) * math.exp(wide * spread * rng.gauss(0, 1)) for name, spread in _SPREADS.items()}
    drawn |= {name: low + (high - low) * rng.random() for name, (low, high) in _BOUNDS.items()}
    return {**{name: float(f"{value:.4g}") for name, value in drawn.items()}, "quirks": QUIRKS, "seed": rng.getrandbits(30)}


# --------------------------------------------------------------------------- stress


_STRESS_POOL = POOLS[Split.TEST]
_COPIES = 2


def _stress() -> Iterator[Instance]:
    for family in STRANGE:
        for copy in range(_COPIES):
            yield strange(f"stress-{family}-{copy}", family, _STRESS_POOL)


def strange(id: str, family: str, models: Sequence[str]) -> Instance:
    """Draw an instance of a stress class with one of the models."""
    return instance(id, family, lambda rng: STRANGE[family](rng, models), 0.002)


def _one(rng: random.Random, models: Sequence[str], kinds: Sequence[str], gpus: Sequence[int], **other: Any) -> dict[str, Any]:
    kind, count = GPUS[rng.choice(kinds)], rng.choice(gpus)
    return assembled(
        rng, MODELS[rng.choice(models)], {"gpus": count, **kind, "gpus_per_node": min(count, kind["gpus_per_node"])}, **other
    )


def _shrunk(rng: random.Random, models: Sequence[str]) -> dict[str, Any]:
    """A model that fits on one GPU: a sixteenth of the layers of another."""
    model = MODELS[rng.choice(models)]
    small = {**model, "layers": max(2, model["layers"] // 16)}
    return assembled(rng, small, {"gpus": 1, **GPUS["h100-80"], "gpus_per_node": 1})


def _odd(rng: random.Random, models: Sequence[str]) -> dict[str, Any]:
    """Layers and heads that hardly anything divides."""
    model = {**MODELS[rng.choice(models)], "layers": 31, "heads": 71, "kv_heads": 1, "head_size": 64}
    return assembled(rng, model, {"gpus": 8 * rng.choice((2, 4)), **GPUS["a100-80"]})


def _crawling(rng: random.Random, models: Sequence[str]) -> dict[str, Any]:
    return assembled(rng, MODELS[rng.choice(models)], {"gpus": 8 * rng.choice((2, 4, 8)), **GPUS["l40s-48"], "network_gb_s": 1.25})


def _pairs(rng: random.Random, models: Sequence[str]) -> dict[str, Any]:
    kind = {**GPUS["h100-80"], "gpus_per_node": 2}
    return assembled(rng, MODELS[rng.choice(models)], {"gpus": rng.choice((16, 32)), **kind})


STRANGE: dict[str, Callable[[random.Random, Sequence[str]], dict[str, Any]]] = {
    "one-gpu": _shrunk,
    "one-node": lambda rng, models: _one(rng, models, ("a100-80", "h100-80"), (8,)),
    "thousand": lambda rng, models: _one(rng, models, ("a100-80", "h100-80"), (512, 1024)),
    "other-gpus": lambda rng, models: _one(rng, models, ("mi300x-192", "gaudi2-96", "rtx-4090-24"), (32, 64, 128)),
    "crawling": _crawling,
    "pairs": _pairs,
    "odd": _odd,
    "long": lambda rng, models: _one(rng, models, ("h100-80",), (64, 128), sequence=32_768),
    "small-batch": lambda rng, models: _one(rng, models, ("a100-80",), (64, 128), batch=64),
    "noisy": lambda rng, models: _one(rng, models, ("a100-40", "l40s-48"), (32, 64), noise=0.15),
    "exact": lambda rng, models: _one(rng, models, ("a100-40", "l40s-48"), (32, 64), noise=0.0),
    "tiny-budget": lambda rng, models: _one(rng, models, ("a100-40", "l40s-48"), (32, 64), budget=3),
    "other-software": lambda rng, models: _one(rng, models, ("a100-80", "v100-32"), (32, 64), coefficients=coefficients(rng, 2.5)),
}  # fmt: skip
"""How an instance of each stress class is drawn."""
