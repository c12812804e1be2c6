"""Instances from recorded markets, split by time; synthetic markets for stress tests."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any

from workbench.model import Instance, Split

_DATA = Path(__file__).parent / "data"

Ticks = Sequence[tuple[str, float]]
"""Availability and spot price of each tick."""

ON_DEMAND_PRICE = 3.06
"""On-demand price of a p3.2xlarge (one V100) in US regions, in $/h; used for every machine type in the literature."""
SPOT_PRICE = 0.97
"""Spot price, in $/h; the 2023 instances use recorded prices instead."""
WORK_H = 48

DEADLINES_H = {"tight": 52.0, "loose": 70.0}
OVERHEADS_H = {"05": 0.05, "20": 0.20, "40": 0.40}

_HALF = 882
"""Number of ticks in half a 2022 series (6.1 days): train and validation are in the first half, test in the second."""
_SHIFTS = {"tight-05": 0, "tight-20": 129, "tight-40": 64, "loose-05": 0, "loose-20": 21, "loose-40": 10}
"""Start of a class's first window within its half, in ticks: different classes cover different hours."""

PARTS_2023 = {Split.TRAIN: (0, 7256), Split.VALIDATION: (7256, 12_497), Split.TEST: (12_497, 20_158)}
"""Ticks of the 2023 series that belong to each split: 16.4, 11.8 and 17.3 days."""
_WINDOWS_2023 = {Split.TRAIN: 2, Split.VALIDATION: 2, Split.TEST: 1}
"""Number of windows of each class in a zone."""


def instances(split: Split) -> Sequence[Instance]:
    """Return all instances of a split, in a fixed order.

    The splits share no hour. 2022, two zones: train has the first three days, validation the next three, test the last six (also
    with an overhead not in train). 2023, nine zones, with other ticks and moving prices: train has the first 16 days, validation
    the next 12 and test the last 17. Windows of one class in one zone do not overlap. Those in which spot is always or never
    there are left out.
    """
    return _instances(Split(split))


@lru_cache
def _instances(split: Split) -> tuple[Instance, ...]:
    if split is Split.STRESS:
        return tuple(_synthetic())
    begins = {Split.TRAIN: (0,), Split.VALIDATION: (_HALF // 2,), Split.TEST: (_HALF, _HALF + _HALF // 2)}[split]
    overheads = ("05", "20", "40") if split is Split.TEST else ("05", "20")
    recorded = (*_recorded_2022(begins, overheads), *_recorded_2023(split))
    # Where spot is always or never there, every sound policy does the same.
    return tuple(i for i in recorded if len(set(i.data["available"])) > 1)


def _recorded_2022(begins: Sequence[int], overheads: Sequence[str]) -> Iterator[Instance]:
    record = json.loads((_DATA / "aws_2022_ping.json").read_text())
    tick = int(record["gap_seconds"])
    for slack, deadline_h in DEADLINES_H.items():
        length = int(deadline_h * 3600) // tick
        for overhead in overheads:
            family = f"{slack}-{overhead}"
            for machine, series in record["traces"].items():
                for start in (begin + _SHIFTS[family] for begin in begins):
                    yield Instance(
                        f"{machine}@{start}-{family}",
                        family,
                        _job(series["available"][start : start + length], tick, deadline_h, OVERHEADS_H[overhead]),
                    )


def ticks_2023(split: Split) -> tuple[int, dict[str, Ticks]]:
    """Return the seconds of a tick, and the part of each zone's 2023 series that belongs to a split."""
    record = json.loads((_DATA / "aws_2023_zones.json").read_text())
    low, high = PARTS_2023[split]
    found: dict[str, Ticks] = {}
    for zone, series in record["zones"].items():
        available = "".join("01"[number % 2] * ticks for number, ticks in enumerate(series["spells"]))
        prices = [float(price) for price, ticks in series["price_runs"] for _ in range(ticks)]
        found[zone] = list(zip(available, prices, strict=True))[low:high]
    return int(record["gap_seconds"]), found


def _recorded_2023(split: Split) -> Iterator[Instance]:
    tick, zones = ticks_2023(split)
    low, high = PARTS_2023[split]
    lengths = {slack: int(hours * 3600) // tick for slack, hours in DEADLINES_H.items()}
    families = [(slack, overhead) for slack in DEADLINES_H for overhead in ("05", "20")]
    part = (high - low) // _WINDOWS_2023[split]
    step = (part - max(lengths.values())) // (len(families) - 1)
    for turn, (zone, ticks) in enumerate(zones.items()):
        for number, (slack, overhead) in enumerate(families):
            for copy in range(_WINDOWS_2023[split]):
                # Classes take turns, so that none has the same days in all zones.
                start = copy * part + (number + turn) % len(families) * step
                job = job_of(ticks[start : start + lengths[slack]], tick, OVERHEADS_H[overhead])
                yield Instance(f"2023-{zone}@{low + start}-{slack}-{overhead}", f"2023-{slack}-{overhead}", job)


def job_of(ticks: Ticks, tick_s: int, overhead_h: float) -> dict[str, Any]:
    """Return the data of an instance that lasts as long as `ticks`, with their availability and prices."""
    prices = [[price, len(list(run))] for price, run in groupby(price for _, price in ticks)]
    return _job("".join(available for available, _ in ticks), tick_s, len(ticks) * tick_s / 3600, overhead_h, prices)


def _job(
    available: str,
    tick_s: int,
    deadline_h: float,
    overhead_h: float,
    prices: list[list[float]] | None = None,
    work_h: float = WORK_H,
) -> dict[str, Any]:
    return {
        "tick_s": tick_s,
        "work_s": round(work_h * 3600),
        "deadline_s": round(deadline_h * 3600),
        "overhead_s": round(overhead_h * 3600),
        "on_demand_price": ON_DEMAND_PRICE,
        "spot_price": prices or [[SPOT_PRICE, len(available)]],
        "available": available,
    }


# --------------------------------------------------------------------------- stress


def _synthetic() -> Iterator[Instance]:
    tick = 600
    for slack, deadline_h in DEADLINES_H.items():
        n = int(deadline_h * 6)
        late = 6 * n // 10
        for family, available in {
            "vanishes": "1" * 3 + "0" * (n - 3),
            "flapping": "10" * (n // 2),
            "never": "0" * n,
            "always": "1" * n,
            "late-drought": "1" * late + "0" * (n - late),
            "early-drought": "0" * late + "1" * (n - late),
        }.items():
            # A different overhead: some recorded windows have no spot at all, and splits must not share instances.
            yield Instance(f"{family}-{slack}", family, _job(available, tick, deadline_h, 0.25))
        for overhead_h in (0.4, 1.0):
            yield Instance(
                f"slow-start-{slack}-{overhead_h}", "slow-start", _job(_spells(n, 12, 6, n), tick, deadline_h, overhead_h)
            )
        equal = _job(_spells(n, 12, 6, n + 1), tick, deadline_h, 0.05, [[ON_DEMAND_PRICE, n]])
        yield Instance(f"equal-price-{slack}", "equal-price", equal)
        long = _job(_spells(10 * n, 24, 12, n + 2), tick, 10 * deadline_h, 0.20, work_h=10 * WORK_H)
        yield Instance(f"ten-times-{slack}", "ten-times", long)
        hours = int(deadline_h)
        yield Instance(f"coarse-{slack}", "coarse", _job(_spells(hours, 4, 2, hours), 3600, deadline_h, 0.20))
    # Work and one launch fill the time until the deadline: leaving a running machine misses it.
    for name, available in {"always": "1" * 290, "flapping": "10" * 145, "spells": _spells(290, 12, 6, 290)}.items():
        yield Instance(f"no-slack-{name}", "no-slack", _job(available, tick, 290 / 6, 0.20))
    for work_h, deadline_h in ((1.0, 2.0), (1 / 12, 0.5)):
        n = int(deadline_h * 6)
        for name, available in {
            "first": "1" * (n // 2) + "0" * (n - n // 2),
            "last": "0" * (n - n // 2) + "1" * (n // 2),
        }.items():
            tiny = _job(available, tick, deadline_h, 0.05, work_h=work_h)
            yield Instance(f"tiny-{round(60 * work_h)}min-{name}", f"tiny-{round(60 * work_h)}min", tiny)


def _spells(ticks: int, up: int, down: int, seed: int) -> str:
    """Draw a market with geometric spells with and without spot, of mean length `up` and `down` ticks."""
    rng = random.Random(seed)
    state, trace = 1, []
    for _ in range(ticks):
        trace.append(str(state))
        if rng.random() < 1 / (up if state else down):
            state = 1 - state
    return "".join(trace)
