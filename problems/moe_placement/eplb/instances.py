"""Random token counts of experts: popularity by rank, drift between windows, and jumps between traffic domains."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.model import Instance, Split

BUDGET_S = 1.0
"""Computing time that the statement allows for an answer, in seconds; the sandbox allows three times as much."""

SKEWS = (0.5, 0.8, 1.1)
"""Exponent a: the popularity of the expert of rank r is proportional to r^-a."""

PERSISTENCE = (0.6, 0.9, 0.98)
"""AR(1) coefficient rho of the log deviation of an expert's popularity, per window."""

DRIFT = 0.8
"""Stationary standard deviation of that deviation."""

JUMP = 0.2
"""Probability that another domain dominates the traffic of the next window, in classes with jumps."""

UNSEEN = ((0.65, 0.75), (0.95, 0.95), (1.3, 0.8))
"""Pairs (a, rho) that only test has."""

LAYERS, WHOLE = 58, (0.8, 0.95)
"""Number of layers with routed experts in DeepSeek-V3, and (a, rho) of an instance with all of them."""

EXPERTS, SLOTS, GPUS, GROUPS, NODES = 256, 288, 32, 8, 4
WINDOWS, TOKENS = 12, 100_000

FUTURES = 8
"""Number of next windows, drawn independently from where the history ends; a placement is scored by its mean over them."""

COPIES = {Split.TRAIN: 8, Split.VALIDATION: 6, Split.TEST: 6}
"""Number of instances of each class."""
WHOLE_COPIES = 2
"""Number of instances with all layers of a model."""

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
"""Tokens by window, layer and expert; the last windows are possible next ones."""


def instances(split: Split) -> list[Instance]:
    """Return all instances of a split; each is generated from its id as random seed."""
    return list(_instances(Split(split)))


@lru_cache
def _instances(split: Split) -> tuple[Instance, ...]:
    if split is Split.STRESS:
        return tuple(_stress())
    return (*_grid(split), *_whole(split), *(_unseen() if split is Split.TEST else ()))


@dataclass
class Traffic:
    """What decides how many tokens the experts get in a window.

    Attributes
    ----------
    base
        Popularity by layer, domain and expert, without deviations.
    x
        Log deviation by layer and expert.
    active
        Number of the domain that dominates.
    """

    base: Floats
    x: Floats
    rho: float
    drift: float
    jump: float
    active: int = 0

    def drifted(self, rng: np.random.RandomState) -> Traffic:
        """Draw the next window's traffic."""
        noise = self.drift * math.sqrt(1 - self.rho * self.rho) * rng.standard_normal(self.x.shape)
        return replace(self, x=self.rho * self.x + noise).jumped(rng)

    def jumped(self, rng: np.random.RandomState) -> Traffic:
        """Draw which domain dominates."""
        if rng.random_sample() >= self.jump:
            return self
        return replace(self, active=(self.active + rng.randint(1, 3)) % self.base.shape[1])

    def shares(self) -> Floats:
        """Return the share of a layer's tokens that each expert is to get, by layer and expert."""
        popularity = self.base * np.exp(self.x)[:, None, :]
        popularity /= popularity.sum(axis=2, keepdims=True)
        mix = np.full(self.base.shape[1], 0.15 if self.jump else 1.0)
        mix[self.active] = 0.7 if self.jump else 1.0
        found: Floats = (mix[None, :, None] * popularity).sum(axis=1)
        return found


def traffic(
    rng: np.random.RandomState, layers: int, a: float, rho: float, experts: int = EXPERTS, jump: float = 0.0, drift: float = DRIFT
) -> Traffic:
    """Draw the traffic of a first window.

    ln popularity = -a ln(rank) + x, where x is an AR(1) process with stationary standard deviation `drift` for each expert. With
    jumps there are three domains with different ranks; one has 70 % of the traffic, and in each window another one takes over
    with probability `jump`, in all layers at once.
    """
    domains = 3 if jump else 1
    ranks = np.array([[rng.permutation(experts) for _ in range(domains)] for _ in range(layers)]) + 1
    return Traffic(ranks.astype(float) ** -a, drift * rng.standard_normal((layers, experts)), rho, drift, jump).jumped(rng)


def history(
    rng: np.random.RandomState,
    layers: int,
    a: float,
    rho: float,
    windows: int = WINDOWS,
    tokens: int = TOKENS,
    **other: Any,
) -> tuple[list[Counts], Traffic]:
    """Draw the counts of past windows, Poisson distributed around the shares of `tokens`; return the last one's traffic too."""
    now, counts = traffic(rng, layers, a, rho, **other), []
    for window in range(windows):
        now = now.drifted(rng) if window else now
        counts.append(rng.poisson(tokens * now.shares()))
    return counts, now


def drifting(rng: np.random.RandomState, *args: Any, futures: int = 1, tokens: int = TOKENS, **other: Any) -> Counts:
    """Draw counts of past windows, see `history`, and of as many possible next ones as `futures` says."""
    past, now = history(rng, *args, tokens=tokens, **other)
    return np.array([*past, *(rng.poisson(tokens * now.drifted(rng).shares()) for _ in range(futures))])


def _grid(split: Split) -> Iterator[Instance]:
    for a in SKEWS:
        for rho in PERSISTENCE:
            for copy in range(COPIES[split]):
                yield drawn(f"{split}-a{a}-r{rho}-{copy}", f"a{a}-r{rho}", 3, a, rho)
        for copy in range(COPIES[split]):
            yield drawn(f"{split}-a{a}-jump-{copy}", f"a{a}-jump", 3, a, 0.9, jump=JUMP)


def _whole(split: Split) -> Iterator[Instance]:
    for copy in range(WHOLE_COPIES):
        yield drawn(f"{split}-full-{copy}", "full", LAYERS, *WHOLE)


def _unseen() -> Iterator[Instance]:
    for a, rho in UNSEEN:
        for copy in range(COPIES[Split.TEST]):
            yield drawn(f"test-a{a}-r{rho}-{copy}", f"a{a}-r{rho}", 3, a, rho)


def drawn(id: str, family: str, layers: int, a: float, rho: float, jump: float = 0.0) -> Instance:
    """Draw an instance from its id as random seed."""
    return _instance(id, family, drifting(_rng(id), layers, a, rho, jump=jump, futures=FUTURES), futures=FUTURES)


def _stress() -> Iterator[Instance]:
    for name, counts, shape in _shapes():
        yield _instance(f"stress-{name}", name.rpartition("-")[0], counts, **shape)


def _shapes() -> Iterator[tuple[str, Counts, dict[str, int]]]:
    """Yield name (class and number), counts, and differences from the default shape."""

    def rng(name: str) -> np.random.RandomState:
        return _rng(f"stress-{name}")

    small = {"slots": 36, "n_gpus": 4, "groups": 4, "nodes": 2}
    for copy, a in enumerate((0.5, 1.1)):
        big = drifting(rng(f"ten_times-{copy}"), 2, a, 0.9, experts=1024)
        yield f"ten_times-{copy}", big, {"slots": 1152, "n_gpus": 128, "groups": 8, "nodes": 16}
    for copy, each in enumerate((0, 400)):
        # No tokens at all, or equal counts.
        yield f"ties-{copy}", np.full((5, 2, EXPERTS), each), {}
    for copy in range(3):
        # Few values: ties at every step.
        yield f"few_values-{copy}", rng(f"few_values-{copy}").choice([0, 100, 200], (6, 2, EXPERTS)), {}
    for copy in range(2):
        # Only 12 experts are used; they change between windows if copy = 1.
        source = rng(f"sparse-{copy}")
        counts = np.zeros((8, 2, EXPERTS), dtype=np.int64)
        for window in range(8):
            if window == 0 or copy:
                used = source.permutation(EXPERTS)[:12]
            counts[window][:, used] = source.randint(1000, 9000, (2, 12))
        yield f"sparse-{copy}", counts, {}
    for copy, share in enumerate((0.5, 0.9, 0.99)):
        # One expert gets most of the tokens.
        counts = drifting(rng(f"one_hot-{copy}"), 2, 0.5, 0.9)
        counts[:, :, 77] = round(TOKENS * share / (1 - share))
        yield f"one_hot-{copy}", counts, {}
    for copy in range(2):
        yield f"one_window-{copy}", drifting(rng(f"one_window-{copy}"), 2, 0.8, 0.9, windows=1), {}
    for copy in range(2):
        yield f"no_spare-{copy}", drifting(rng(f"no_spare-{copy}"), 2, 0.8, 0.9), {"slots": EXPERTS}
    for copy, slots in enumerate((512, 1024)):
        many = drifting(rng(f"many_copies-{copy}"), 2, 1.1, 0.9, experts=64)
        yield f"many_copies-{copy}", many, {"slots": slots, "n_gpus": 32}
    for copy, (experts, slots, gpus) in enumerate(((8, 8, 1), (8, 32, 4), (1, 4, 4))):
        # Nothing to decide: one GPU, every expert everywhere, a single expert.
        forced = drifting(rng(f"forced-{copy}"), 1, 0.8, 0.9, experts=experts)
        yield f"forced-{copy}", forced, {"slots": slots, "n_gpus": gpus, "groups": 1, "nodes": 1}
    for copy in range(2):
        # Groups that cannot be distributed evenly to the nodes.
        odd = drifting(rng(f"odd_groups-{copy}"), 2, 0.8, 0.9, experts=252)
        yield f"odd_groups-{copy}", odd, {"slots": 288, "n_gpus": 36, "groups": 7, "nodes": 3}
    for copy in range(2):
        # Sums beyond 32 bits.
        yield f"huge_counts-{copy}", drifting(rng(f"huge_counts-{copy}"), 2, 0.8, 0.9, tokens=10**12), {}
    for copy in range(3):
        # In the future window, the previously unpopular experts are popular.
        counts = drifting(rng(f"reversal-{copy}"), 2, 0.8, 0.98)
        for layer in range(2):
            order = np.argsort(counts[-2, layer], kind="stable")
            counts[-1, layer, order] = np.sort(counts[-2, layer])[::-1]
        yield f"reversal-{copy}", counts, {}
    for copy in range(4):
        # The last known window is an outlier with other traffic.
        counts = drifting(rng(f"outlier-{copy}"), 2, 0.8, 0.98)
        counts[-2] = counts[-2][:, rng(f"outlier-{copy}-order").permutation(EXPERTS)]
        yield f"outlier-{copy}", counts, {}
    for copy in range(4):
        # Steady growth for half of the experts, decline for the others.
        source = rng(f"trend-{copy}")
        slope = source.choice([-0.2, 0.2], (1, 2, EXPERTS)) * np.arange(WINDOWS + 1)[:, None, None]
        yield f"trend-{copy}", np.rint(400 * np.exp(slope + 0.1 * source.standard_normal(slope.shape))).astype(np.int64), {}
    for copy in range(4):
        yield f"small-{copy}", drifting(rng(f"small-{copy}"), 3, 0.8, 0.9, experts=32), small
    for copy in range(3):
        # Weaker and stronger drift than in the other splits.
        yield f"drift-{copy}", drifting(rng(f"drift-{copy}"), 2, 0.8, 0.9, drift=(0.2, 1.2, 1.8)[copy]), {}


def _rng(id: str) -> np.random.RandomState:
    # The legacy generator, whose stream is fixed across numpy versions.
    return np.random.RandomState(zlib.crc32(f"moe_placement/eplb {id}".encode()))


def _instance(id: str, family: str, counts: Counts, futures: int = 1, **shape: int) -> Instance:
    size = {"n_gpus": GPUS, "slots": SLOTS, "groups": GROUPS, "nodes": NODES} | shape
    layers, experts = counts.shape[1:]
    # Initial layout: experts in order, spare slots filled with copies of the first ones.
    start = [contiguous(experts, size["slots"]) for _ in range(layers)]
    data: dict[str, Any] = {"history": counts[:-futures].tolist(), "prev": start, **size, "next": counts[-futures:].tolist()}
    return Instance(id, family, data)


def contiguous(experts: int, slots: int) -> list[int]:
    """Return experts 0, 1, 2, ... cyclically over the slots; legal if no GPU has more slots than there are experts."""
    return [s % experts for s in range(slots)]
