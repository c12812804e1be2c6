"""Instances from recorded markets, split by time; synthetic markets for stress tests."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from functools import lru_cache

from workbench.model import Instance, Split

from . import synthetic
from .recordings import Recording, h100_2025, job, ticks_of, v100_2023

DEADLINES_H = {"tight": 26.0, "loose": 35.0}
OVERHEADS_H = (0.05, 0.20)
CHECKPOINTS_GB = (50.0, 300.0)
H100_CHECKPOINTS_GB = (200.0, 1200.0)

PARTS_V100 = {Split.TRAIN: (0, 7256), Split.VALIDATION: (7256, 12_497), Split.TEST: (12_497, 20_158)}
"""Ticks of 2023 that belong to each split: 16.4, 11.8 and 17.3 days."""
PARTS_H100 = ((0, 696), (756, 2114))
"""Ticks of 2025, all of which belong to test; those between the two parts were filled in."""

_DRAWS = {Split.TRAIN: 2, Split.VALIDATION: 2, Split.TEST: 1}
"""Choices of zones in each window of a class."""


def instances(split: Split) -> Sequence[Instance]:
    """Return all instances of a split, in a fixed order.

    The splits share no hour of a recording: train has the first 16 days of 2023, validation the next 12, test the last 17 and all
    of 2025. Windows of one class do not overlap. Where a window is used twice, zones are drawn anew, and launches take the
    other time and checkpoints have the other size.
    """
    return _instances(Split(split))


@lru_cache
def _instances(split: Split) -> tuple[Instance, ...]:
    if split is Split.STRESS:
        return tuple(synthetic.instances())
    low, high = PARTS_V100[split]
    found = [*_recorded(v100_2023(), ("cross", "pair", "wide"), ((low, high),), CHECKPOINTS_GB, _DRAWS[split])]
    if split is Split.TEST:
        found += _recorded(h100_2025(), ("h100",), PARTS_H100, H100_CHECKPOINTS_GB, _DRAWS[split])
    return tuple(found)


def _recorded(
    recording: Recording, kinds: Sequence[str], parts: Sequence[tuple[int, int]], sizes: Sequence[float], draws: int
) -> Iterator[Instance]:
    for kind in kinds:
        for slack, deadline_h in DEADLINES_H.items():
            ticks = ticks_of(recording, deadline_h)
            starts = [start for low, high in parts for start in range(low, high - ticks + 1, ticks)]
            for number, start in enumerate(starts):
                for draw in range(draws):
                    id = f"{kind}-{slack}@{start}" + "ab"[draw]
                    yield drawn(id, recording, kind, slack, start, 3 - number % 4 if draw else number % 4, sizes)


def drawn(id: str, recording: Recording, kind: str, slack: str, start: int, cell: int, sizes: Sequence[float]) -> Instance:
    """Return an instance with zones drawn for its ID; the cell, 0 to 3, says how long launches take and the checkpoint's size."""
    rng = random.Random(f"load_balancing/spot_multi_region {id}")
    names = zones_of(recording, kind, rng)
    series = [recording.zones[name].part(start, ticks_of(recording, DEADLINES_H[slack])) for name in names]
    data = job(recording, names, series, OVERHEADS_H[cell % 2], sizes[cell // 2], rng)
    return Instance(id, f"{kind}-{slack}", data)


def zones_of(recording: Recording, kind: str, rng: random.Random) -> list[str]:
    """Draw the zones of an instance, in random order.

    `cross`: one zone of each region; `pair`: two zones of each of two regions; `wide`: all; `h100`: six, of at least two regions.
    """
    by_region: dict[str, list[str]] = {}
    for name in recording.zones:
        by_region.setdefault(recording.region(name), []).append(name)
    if kind == "cross":
        names = [rng.choice(zones) for zones in by_region.values()]
    elif kind == "pair":
        names = [name for region in rng.sample(sorted(by_region), 2) for name in rng.sample(by_region[region], 2)]
    elif kind == "wide":
        names = list(recording.zones)
    else:
        names = rng.sample(list(recording.zones), 6)  # no region has more than three
    rng.shuffle(names)
    return names
