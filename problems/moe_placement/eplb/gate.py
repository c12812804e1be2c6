"""Stress instances for the robustness filter, one of each class; none is among the held-out ones."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from workbench.model import Instance

from . import instances as made

FAMILIES = {
    "ten_times": "there are several times as many experts and GPUs as in training",
    "ties": "all experts have the same load",
    "few_values": "loads have few different values, so that most comparisons are ties",
    "sparse": "only a few experts are used, and others in each window",
    "one_hot": "one expert gets most of the tokens",
    "one_window": "the history is a single window",
    "no_spare": "there is no slot for a second copy",
    "many_copies": "there are many more slots than experts",
    "forced": "there is nothing to decide",
    "odd_groups": "groups cannot be spread evenly over the nodes",
    "huge_counts": "token counts exceed 32 bits",
    "reversal": "in the next window the experts that were unpopular are popular",
    "outlier": "the latest window is unlike all others",
    "trend": "loads grow or fall steadily",
    "small": "there are few experts and 4 GPUs",
    "drift": "popularity drifts much less or much more than in training",
}
"""Description of each class, for messages."""


def instances(seed: int) -> list[Instance]:
    """Generate one instance of each class from a random seed; like the held-out ones, with other sizes and skews."""
    return [made._instance(f"gate-{seed}-{name}", name, counts, **shape) for name, counts, shape in _shapes(seed)]


def _shapes(seed: int) -> Iterator[tuple[str, made.Counts, dict[str, int]]]:
    """Yield class, counts, and differences from the default shape."""

    def rng(name: str) -> np.random.RandomState:
        return made._rng(f"gate-{seed}-{name}")

    experts = made.EXPERTS
    skew = {name: float(rng(f"{name}-skew").uniform(0.5, 1.1)) for name in FAMILIES}

    def usual(name: str, **other: int | float) -> made.Counts:
        return made.drifting(rng(name), 2, skew[name], 0.9, **other)  # type: ignore[arg-type]

    yield "ten_times", usual("ten_times", experts=512), {"slots": 576, "n_gpus": 64, "groups": 8, "nodes": 8}
    yield "ties", np.full((4, 2, experts), rng("ties").randint(1, 1000)), {}
    yield "few_values", rng("few_values").choice([0, 150, 300, 450], (5, 2, experts)), {}
    yield "sparse", _sparse(rng("sparse")), {}
    counts = usual("one_hot")
    counts[:, :, rng("one_hot-which").randint(experts)] = made.TOKENS * rng("one_hot-share").randint(2, 50)
    yield "one_hot", counts, {}
    yield "one_window", usual("one_window", windows=1), {}
    yield "no_spare", usual("no_spare"), {"slots": experts}
    yield "many_copies", usual("many_copies", experts=64), {"slots": 768, "n_gpus": 32}
    slots = 4 * int(rng("forced-slots").randint(2, 6))
    yield "forced", usual("forced", experts=slots // 4), {"slots": slots, "n_gpus": 4, "groups": 1, "nodes": 1}
    yield "odd_groups", usual("odd_groups", experts=250), {"slots": 288, "n_gpus": 36, "groups": 5, "nodes": 3}
    yield "huge_counts", usual("huge_counts", tokens=3 * 10**11), {}
    yield "reversal", _reversed(usual("reversal")), {}
    counts = usual("outlier")
    counts[-2] = counts[-2][:, rng("outlier-order").permutation(experts)]
    yield "outlier", counts, {}
    yield "trend", _trend(rng("trend")), {}
    yield "small", usual("small", experts=24), {"slots": 28, "n_gpus": 4, "groups": 4, "nodes": 2}
    yield "drift", usual("drift", drift=(0.3, 1.5)[int(rng("drift-which").randint(2))]), {}


def _sparse(rng: np.random.RandomState) -> made.Counts:
    counts = np.zeros((7, 2, made.EXPERTS), dtype=np.int64)
    for window in range(7):
        counts[window][:, rng.permutation(made.EXPERTS)[:16]] = rng.randint(1000, 9000, (2, 16))
    return counts


def _reversed(counts: made.Counts) -> made.Counts:
    for layer in range(counts.shape[1]):
        order = np.argsort(counts[-2, layer], kind="stable")
        counts[-1, layer, order] = np.sort(counts[-2, layer])[::-1]
    return counts


def _trend(rng: np.random.RandomState) -> made.Counts:
    slope = rng.choice([-0.15, 0.15, 0.25], (1, 2, made.EXPERTS)) * np.arange(made.WINDOWS + 1)[:, None, None]
    return np.rint(300 * np.exp(slope + 0.1 * rng.standard_normal(slope.shape))).astype(np.int64)
