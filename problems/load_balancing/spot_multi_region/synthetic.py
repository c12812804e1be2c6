"""Synthetic markets of the robustness classes, with the lengths and draws of the held-out ones or, for the gate, others."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from workbench.model import Instance

from .recordings import WORK_H

_DEAR = 3.06
_PRICES = (0.92, 0.98, 1.25, 1.40)


def market(
    available: Sequence[str],
    overhead_h: float,
    checkpoint_gb: float,
    *,
    regions: Sequence[int] = (0, 1, 2),
    prices: Sequence[float] = _PRICES,
    tick_s: int = 600,
    work_h: float = WORK_H,
) -> dict[str, Any]:
    """Return the data of a job with constant prices; moving a GB costs $0.02 between any two regions."""
    ticks, count = len(available[0]), max(regions) + 1
    return {
        "tick_s": tick_s,
        "work_s": round(work_h * 3600),
        "deadline_s": ticks * tick_s,
        "overhead_s": round(overhead_h * 3600),
        "zone_region": list(regions),
        "home": 0,
        "checkpoint_gb": checkpoint_gb,
        "transfer": [[0.0 if a == b else round(0.02 * checkpoint_gb, 6) for b in range(count)] for a in range(count)],
        "on_demand_price": [_DEAR] * len(regions),
        "spot_price": [[[price, ticks]] for price in prices[: len(regions)]],
        "available": list(available),
    }


def spells(ticks: int, up: float, down: float, rng: random.Random) -> str:
    """Draw a zone with geometric spells with and without spot, of mean length `up` and `down` ticks."""
    state, trace = rng.random() < up / (up + down), []
    for _ in range(ticks):
        trace.append("01"[state])
        if rng.random() < 1 / (up if state else down):
            state = not state
    return "".join(trace)


def take_turns(ticks: int, length: int) -> list[str]:
    """Return three zones of which exactly one has spot, each for `length` ticks."""
    return ["".join("01"[tick // length % 3 == zone] for tick in range(ticks)) for zone in range(3)]


def shapes(hours: float, rng: random.Random, *, first: int, length: int, part: float, overhead_h: float) -> Mapping[str, Any]:
    """Return one market of each class that lasts `hours`; the lengths are those of spells, in ticks of ten minutes."""
    n = int(hours * 6)
    late = int(part * n)

    def zones(ticks: int, up: float = 12, down: float = 6) -> list[str]:
        return [spells(ticks, up, down, rng) for _ in range(3)]

    bait = [spells(n, 2.5, 2.5, rng), "1" * n, spells(n, 2.5, 2.5, rng)]
    crowd = [spells(n, 6, 12, rng) for _ in range(24)]
    return {
        "vanishes": market(["1" * first + "0" * (n - first)] * 3, overhead_h, 50),
        "take-turns": market(take_turns(n, length), overhead_h, 50),
        "late-drought": market([zone[:late] + "0" * (n - late) for zone in zones(n)], overhead_h, 50),
        "early-drought": market(["0" * late + zone[late:] for zone in zones(n)], overhead_h, 50),
        "bait": market(bait, overhead_h, 100, prices=(0.92, 1.25, 0.92)),
        "slow-start": market(zones(n), 3 * overhead_h, 50),
        "heavy": market(zones(n), overhead_h, 4000),
        "weightless": market(zones(n, 6, 6), overhead_h, 0),
        "equal-price": market(zones(n), overhead_h, 50, prices=(_DEAR,) * 3),
        "one-zone": market([spells(n, 12, 6, rng)], overhead_h, 50, regions=(0,)),
        "crowd": market(crowd, overhead_h, 50, regions=[k % 6 for k in range(24)], prices=[0.9 + 0.02 * k for k in range(24)]),
        "ten-times": market(zones(10 * n, 24, 12), overhead_h, 300, work_h=10 * WORK_H),
    }  # fmt: skip


def instances() -> Iterator[Instance]:
    """Return the held-out robustness instances."""
    for slack, hours in (("tight", 26.0), ("loose", 35.0)):
        rng = random.Random(f"load_balancing/spot_multi_region stress {slack}")
        for family, data in shapes(hours, rng, first=3, length=9, part=0.6, overhead_h=0.25).items():
            yield Instance(f"{family}-{slack}", family, data)
        n = int(hours * 6)
        yield Instance(f"never-{slack}", "never", market(["0" * n] * 3, 0.25, 50))
        yield Instance(f"always-{slack}", "always", market(["1" * n] * 3, 0.25, 50, prices=(1.40, 0.98, 0.92)))
        coarse = [spells(int(hours), 4, 2, rng) for _ in range(3)]
        yield Instance(f"coarse-{slack}", "coarse", market(coarse, 0.2, 50, tick_s=3600))
    # Work and one launch fill the time until the deadline: leaving a running machine misses it.
    for name, zones in {"always": ["1" * 146] * 3, "take-turns": take_turns(146, 6)}.items():
        yield Instance(f"no-slack-{name}", "no-slack", market(zones, 0.2, 50))
    for name, zones in {"first": ["111111000000"] * 2, "last": ["000000111111"] * 2}.items():
        yield Instance(f"tiny-{name}", "tiny", market(zones, 0.05, 5, regions=(0, 1), work_h=1.0))
