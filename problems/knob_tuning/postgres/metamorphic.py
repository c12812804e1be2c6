"""Another form of an instance: measurements err in another way, and queries come in another order."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from workbench.protocols import Relation


def _measured_again(data: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    names = rng.sample(list(data["queries"]), len(data["queries"]))
    return {**data, "queries": {name: data["queries"][name] for name in names}, "seed": rng.getrandbits(30)}


RELATIONS = (Relation("queries in another order, measured with other errors", _measured_again, factor=None),)
