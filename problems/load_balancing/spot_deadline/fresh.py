"""Instances as those of the test split, drawn for one program: days of the recordings that belong to test, put together anew."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator

from workbench.model import Instance, Split

from . import instances as made

_COPIES = 2
"""Instances of each 2022 recording in each class, as in test."""


def instances(seed: int) -> list[Instance]:
    """Draw as many instances of each class as test has."""
    return [*_of_2022(seed), *_of_2023(seed)]


def _of_2022(seed: int) -> Iterator[Instance]:
    record = json.loads((made._DATA / "aws_2022_ping.json").read_text())
    tick = int(record["gap_seconds"])
    for machine, series in record["traces"].items():
        half = [(available, made.SPOT_PRICE) for available in series["available"][made._HALF :]]
        for slack, deadline_h in made.DEADLINES_H.items():
            for overhead in made.OVERHEADS_H:
                for copy in range(_COPIES):
                    id = f"fresh-{seed}-{machine}-{slack}-{overhead}-{copy}"
                    yield _drawn(id, f"{slack}-{overhead}", half, tick, int(deadline_h * 3600) // tick, overhead)


def _of_2023(seed: int) -> Iterator[Instance]:
    tick, zones = made.ticks_2023(Split.TEST)
    for zone, recording in zones.items():
        for slack, deadline_h in made.DEADLINES_H.items():
            for overhead in ("05", "20"):
                id = f"fresh-{seed}-{zone}-{slack}-{overhead}"
                yield _drawn(id, f"2023-{slack}-{overhead}", recording, tick, int(deadline_h * 3600) // tick, overhead)


def _drawn(id: str, family: str, recording: made.Ticks, tick: int, length: int, overhead: str) -> Instance:
    rng = random.Random(f"load_balancing/spot_deadline {id}")
    day, ticks = 86_400 // tick, list[tuple[str, float]]()
    while len(set(ticks)) < 2:  # where spot never changes, one trace is all traces
        ticks = []
        while len(ticks) < length:
            first = rng.randrange(len(recording) - day + 1)
            ticks += recording[first : first + day]
        del ticks[length:]
    return Instance(id, family, made.job_of(ticks, tick, made.OVERHEADS_H[overhead]))
