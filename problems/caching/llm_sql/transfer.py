"""Another source: flights joined with airlines, planes and airports. Nothing is tuned on these."""

from __future__ import annotations

import json
import lzma

from workbench.model import Instance

from . import instances as made

SOURCE = "flights from New York in 2013 joined with their airlines, planes and airports (nycflights13)"

_DATA = made._DATA.parent / "flights.json.xz"
_COPIES = 32


def instances() -> list[Instance]:
    """Thirty-two queries over one joined table, half of them of either size."""
    kept = json.loads(lzma.decompress(_DATA.read_bytes()))
    flights = made.Source(tuple(kept["columns"]), tuple(zip(*kept["cells"], strict=True)))
    return [
        made.query(f"transfer-{family}-{copy}", family, flights) for family in ("small", "large") for copy in range(_COPIES // 2)
    ]
