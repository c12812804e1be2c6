"""Another cloud, machine and year: spot machines with H100 GPUs in twelve zones of Google Cloud. Nothing is tuned on these."""

from __future__ import annotations

import json

from workbench.model import Instance

from . import instances as made

SOURCE = "spot machines with H100 GPUs of Google Cloud in 2025, recorded for SkyNomad (arXiv 2601.06520)"

_STARTS = {"tight-05": 756, "tight-20": 1068, "loose-05": 1380, "loose-20": 0}
"""First tick of each class: windows of one zone do not overlap, and leave out the ticks that were filled in."""


def instances() -> list[Instance]:
    """A window of each class in each zone."""
    record = json.loads((made._DATA / "gcp_2025_h100.json").read_text())
    tick, found = int(record["gap_seconds"]), []
    for zone, series in record["zones"].items():
        for family, start in _STARTS.items():
            slack, _, overhead = family.partition("-")
            deadline_h = made.DEADLINES_H[slack]
            available = series["available"][start : start + int(deadline_h * 3600) // tick]
            prices = [[series["spot_price"], len(available)]]
            job = made._job(available, tick, deadline_h, made.OVERHEADS_H[overhead], prices)
            job["on_demand_price"] = series["on_demand_price"]
            found.append(Instance(f"transfer-{zone}-{family}", f"h100-{family}", job))
    return found
