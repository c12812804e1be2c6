"""Instances as those of the test split, drawn for one program: days of the recordings that belong to test, put together anew."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from workbench.model import Instance, Split

from . import instances as made
from .recordings import Recording, Series, h100_2025, job, ticks_of, v100_2023

_COPIES = 8
"""Instances of each class."""


def instances(seed: int) -> list[Instance]:
    """Draw eight instances of each class of test."""
    part = [made.PARTS_V100[Split.TEST]]
    found = [
        i for kind in ("cross", "pair", "wide") for i in of_days(f"fresh-{seed}", v100_2023(), kind, part, made.CHECKPOINTS_GB)
    ]
    return [*found, *of_days(f"fresh-{seed}", h100_2025(), "h100", made.PARTS_H100, made.H100_CHECKPOINTS_GB)]


def of_days(
    name: str, recording: Recording, kind: str, parts: Sequence[tuple[int, int]], sizes: Sequence[float]
) -> Iterator[Instance]:
    """Draw instances of one kind, each from random days of some parts of a recording."""
    day = 86_400 // recording.tick_s
    firsts = [first for low, high in parts for first in range(low, high - day + 1)]
    for slack, deadline_h in made.DEADLINES_H.items():
        ticks = ticks_of(recording, deadline_h)
        for copy in range(_COPIES):
            id = f"{name}-{kind}-{slack}-{copy}"
            rng = random.Random(f"load_balancing/spot_multi_region {id}")
            names = made.zones_of(recording, kind, rng)
            days = [rng.choice(firsts) for _ in range(-(-ticks // day))]  # the same days in all zones
            series = [_joined([recording.zones[name].part(first, day) for first in days], ticks) for name in names]
            data = job(recording, names, series, made.OVERHEADS_H[copy % 2], sizes[copy // 2 % 2], rng)
            yield Instance(id, f"{kind}-{slack}", data)


def _joined(days: Sequence[Series], ticks: int) -> Series:
    available = "".join(day.available for day in days)[:ticks]
    prices = tuple(price for day in days for price in day.spot_price)[:ticks]
    return Series(available, prices, days[0].on_demand_price)
