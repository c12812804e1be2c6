"""Another database: smaller, and with a skew. Nothing is tuned on these."""

from __future__ import annotations

import random

from workbench.model import Instance

from . import instances as made

SOURCE = "a smaller database whose parts and customers have a skew, six queries (README.md)"


def instances() -> list[Instance]:
    """Reports on that database, half of them with little memory."""
    pool = made.Pool(tuple(made.tables()["skewed"].queries), (), ())
    return [
        Instance(id, f"skewed-{family}", made.workload(family, pool, random.Random(f"knob_tuning/postgres {id}"), "skewed"))
        for family in ("reports", "tight")
        for copy in range(16)
        for id in [f"transfer-{family}-{copy}"]
    ]
