"""Instances from recorded markets, split by zone and time; synthetic markets for stress tests."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from workbench.model import Instance, Split

_DATA = Path(__file__).parent / "data"

ON_DEMAND_PRICE = 3.06
"""On-demand price of a p3.2xlarge (one V100) in US regions, in $/h; used for every machine type in the literature."""
SPOT_PRICE = 0.97
"""Spot price, in $/h; the 2023 instances use recorded prices instead."""
WORK_H = 48

DEADLINES_H = {"tight": 52.0, "loose": 70.0}
OVERHEADS_H = {"05": 0.05, "20": 0.20, "40": 0.40}

_HALF = 882
"""Number of ticks in half a 2022 series (6.1 days), which separates train and validation from test."""
_SHIFTS = {"tight-05": 0, "tight-20": 129, "tight-40": 64, "loose-05": 0, "loose-20": 21, "loose-40": 10}
"""Start of a class's first window within its half, in ticks: different classes cover different hours."""


def instances(split: Split) -> Sequence[Instance]:
    """Return all instances of a split, in a fixed order.

    train: us-west-2a, first half. validation: us-west-2b, first half. test: both second halves (also with an overhead not in
    train), and nine zones of 2023 with other tick lengths and varying prices. Windows of one class do not overlap.
    """
    return _instances(Split(split))


@lru_cache
def _instances(split: Split) -> tuple[Instance, ...]:
    if split is Split.TRAIN:
        return tuple(_recorded_2022("us-west-2a", 0, ("05", "20")))
    if split is Split.VALIDATION:
        return tuple(_recorded_2022("us-west-2b", 0, ("05", "20")))
    if split is Split.TEST:
        west = [i for zone in ("us-west-2a", "us-west-2b") for i in _recorded_2022(zone, _HALF, ("05", "20", "40"))]
        return (*west, *_recorded_2023())
    return tuple(_synthetic())


def _recorded_2022(zone: str, begin: int, overheads: Sequence[str]) -> Iterator[Instance]:
    record = json.loads((_DATA / "aws_2022_ping.json").read_text())
    tick = int(record["gap_seconds"])
    for slack, deadline_h in DEADLINES_H.items():
        length = int(deadline_h * 3600) // tick
        for overhead in overheads:
            for machine, series in record["traces"].items():
                if not machine.startswith(zone):
                    continue
                family = f"{slack}-{overhead}"
                for start in (begin + _SHIFTS[family], begin + _SHIFTS[family] + _HALF // 2):
                    yield Instance(
                        f"{machine}@{start}-{family}",
                        family,
                        _job(series["available"][start : start + length], tick, deadline_h, OVERHEADS_H[overhead]),
                    )


def _recorded_2023() -> Iterator[Instance]:
    record = json.loads((_DATA / "aws_2023_zones.json").read_text())
    tick = int(record["gap_seconds"])
    families = [(slack, overhead) for slack in DEADLINES_H for overhead in ("05", "20")]
    for zone, windows in record["zones"].items():
        for (slack, overhead), window in zip(families, windows, strict=True):
            # The recordings last 60 h, which limits how loose a deadline can be.
            length = min(int(DEADLINES_H[slack] * 3600) // tick, len(window["available"]))
            job = _job(window["available"][:length], tick, length * tick / 3600, OVERHEADS_H[overhead], window["price_runs"])
            yield Instance(f"{zone}@{window['start']}-{slack}-{overhead}", f"2023-{slack}-{overhead}", job)


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
