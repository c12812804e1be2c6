"""The recorded markets, zone by zone, and the data of an instance made from them."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any

_DATA = Path(__file__).parent / "data"

V100_ON_DEMAND = 3.06
"""On-demand price of a p3.2xlarge (one V100) in all three regions, in $/h."""

WORK_H = 24


@dataclass(frozen=True)
class Series:
    """A zone: one character a tick ("1" if there was a spot machine), spot prices by tick and the on-demand price, in $/h."""

    available: str
    spot_price: tuple[float, ...]
    on_demand_price: float

    def part(self, start: int, ticks: int) -> Series:
        """Return some ticks of it."""
        return Series(self.available[start : start + ticks], self.spot_price[start : start + ticks], self.on_demand_price)


@dataclass(frozen=True)
class Recording:
    """Zones that were recorded at the same ticks; `price_per_gb` tells what moving a checkpoint between two regions costs."""

    tick_s: int
    zones: Mapping[str, Series]
    price_per_gb: Callable[[str, str], float]

    def region(self, zone: str) -> str:
        """Return the region of a zone: its name without the letter."""
        return zone[:-1].rstrip("-")


@lru_cache
def v100_2023() -> Recording:
    """Nine zones of AWS with one V100 each, from 15 February to 2 April 2023, with recorded prices."""
    record = json.loads((_DATA / "aws_2023_zones.json").read_text())
    zones = {
        name.partition("_")[0]: Series(
            _spread(series["spells"]),
            tuple(float(price) for price, ticks in series["price_runs"] for _ in range(ticks)),
            V100_ON_DEMAND,
        )
        for name, series in record["zones"].items()
    }
    return Recording(int(record["gap_seconds"]), zones, aws_price_per_gb)


@lru_cache
def h100_2025() -> Recording:
    """Twelve zones of Google Cloud with H100 GPUs, from 4 to 18 October 2025, at constant prices."""
    record = json.loads((_DATA / "gcp_2025_h100.json").read_text())
    zones = {
        name: Series(
            series["available"], (float(series["spot_price"]),) * len(series["available"]), float(series["on_demand_price"])
        )
        for name, series in record["zones"].items()
    }
    return Recording(int(record["gap_seconds"]), zones, gcp_price_per_gb)


@lru_cache
def v100_august() -> Recording:
    """Three zones of AWS with up to four V100 machines, eleven days of August 2023, at constant prices."""
    record = json.loads((_DATA / "aws_2023_august.json").read_text())
    zones = {
        name: Series(_spread(series["spells"]), (float(series["spot_price"]),) * int(record["ticks"]), V100_ON_DEMAND)
        for name, series in record["zones"].items()
    }
    return Recording(int(record["gap_seconds"]), zones, aws_price_per_gb)


def _spread(spells: Sequence[int]) -> str:
    return "".join("01"[number % 2] * ticks for number, ticks in enumerate(spells))


def aws_price_per_gb(origin: str, region: str) -> float:
    """Return the price of copying between two regions of AWS, in $/GB: half between the two in the east."""
    if origin == region:
        return 0.0
    return 0.01 if {origin, region} == {"us-east-1", "us-east-2"} else 0.02


def gcp_price_per_gb(origin: str, region: str) -> float:
    """Return the price of copying between two regions of Google Cloud, in $/GB: more between continents."""
    if origin == region:
        return 0.0
    return 0.02 if origin.partition("-")[0] == region.partition("-")[0] else 0.08


def ticks_of(recording: Recording, deadline_h: float) -> int:
    """Return the number of whole ticks before a deadline."""
    return int(deadline_h * 3600) // recording.tick_s


def job(
    recording: Recording,
    names: Sequence[str],
    series: Sequence[Series],
    overhead_h: float,
    checkpoint_gb: float,
    rng: random.Random,
) -> dict[str, Any]:
    """Return the data of an instance on given series, which last until the deadline; numbers of regions and home are drawn."""
    home = recording.region(rng.choice(names))
    regions = sorted({recording.region(name) for name in names})
    rng.shuffle(regions)
    return {
        "tick_s": recording.tick_s,
        "work_s": WORK_H * 3600,
        "deadline_s": len(series[0].available) * recording.tick_s,
        "overhead_s": round(overhead_h * 3600),
        "zone_region": [regions.index(recording.region(name)) for name in names],
        "home": regions.index(home),
        "checkpoint_gb": checkpoint_gb,
        "transfer": [[round(checkpoint_gb * recording.price_per_gb(a, b), 6) for b in regions] for a in regions],
        "on_demand_price": [one.on_demand_price for one in series],
        "spot_price": [runs(one.spot_price) for one in series],
        "available": [one.available for one in series],
    }


def runs(prices: Sequence[float]) -> list[list[float]]:
    """Return prices as runs of [price, ticks]."""
    return [[price, len(list(run))] for price, run in groupby(prices)]
