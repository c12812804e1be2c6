"""Another recording: sets of V100 machines in three zones of AWS half a year later. Nothing is tuned on these."""

from __future__ import annotations

from workbench.model import Instance

from . import instances as made
from .recordings import ticks_of, v100_august

SOURCE = "V100 spot machines in three zones of AWS in August 2023, sets of four, from the artifact of SkyNomad (arXiv 2601.06520)"


def instances() -> list[Instance]:
    """Windows that do not overlap within a class, each with two of the four launch times and sizes of the checkpoint."""
    recording, found = v100_august(), []
    length = len(next(iter(recording.zones.values())).available)
    for slack, deadline_h in made.DEADLINES_H.items():
        ticks = ticks_of(recording, deadline_h)
        for number, start in enumerate(range(0, length - ticks + 1, ticks)):
            for draw in (0, 1):
                id = f"transfer-{slack}@{start}" + "ab"[draw]
                cell = 3 - number % 4 if draw else number % 4
                one = made.drawn(id, recording, "cross", slack, start, cell, made.CHECKPOINTS_GB)
                found.append(Instance(one.id, f"august-{slack}", one.data))
    return found
