"""Other sources: the third published batch, YCSB, and bids at auctions. Nothing is tuned on these."""

from __future__ import annotations

import json
import random
from itertools import accumulate
from pathlib import Path

from workbench.model import Instance

from . import instances as made

SOURCE = "the third batch of Cheng et al., YCSB (Cooper et al., SoCC 2010), and auctions like RUBiS (Amza et al., WWC 2002)"

_DATA = Path(__file__).parent / "data" / "workload_3.json"
_TRANSACTIONS = 100


def instances() -> list[Instance]:
    """The published batch, sixteen of YCSB and sixteen of auctions."""
    lines = json.loads(_DATA.read_text())
    batch = [[None if word == "*" else made._entry(word) for word in line.split()] for line in lines]
    found = [Instance("transfer-published-3", "published-3", {"transactions": batch})]
    for family, draw in (("ycsb", _ycsb), ("auctions", _auctions)):
        for copy in range(16):
            id = f"transfer-{family}-{copy}"
            found.append(Instance(id, family, {"transactions": draw(random.Random(f"scheduling/transactions {id}"), copy)}))
    return found


def _ycsb(rng: random.Random, copy: int) -> list[made.Slots]:
    # Ten operations on keys by Zipf's law (exponent 0.99), in any order; the keys of a rank are scattered.
    keys, writes = 10_000, (0.5, 0.05)[copy % 2]
    cumulative = list(accumulate(1 / (rank + 1) ** 0.99 for rank in range(keys)))
    name = rng.sample(range(keys), keys)
    batch: list[made.Slots] = []
    for _ in range(_TRANSACTIONS):
        chosen: list[int] = []
        while len(chosen) < 10:
            key = name[rng.choices(range(keys), cum_weights=cumulative)[0]]
            if key not in chosen:
                chosen.append(key)
        batch.append([["w" if rng.random() < writes else "r", key] for key in chosen])
    return batch


def _auctions(rng: random.Random, copy: int) -> list[made.Slots]:
    # Users look at items or bid for them; a bid reads the bidder, then reads and writes the item, then writes a log of its own.
    items, bids = (40, 100)[copy % 2], (0.3, 0.6)[copy // 2 % 2]
    cumulative = list(accumulate(1 / (rank + 1) for rank in range(items)))
    batch: list[made.Slots] = []
    for number in range(_TRANSACTIONS):
        user, item = 10_000 + rng.randrange(200), rng.choices(range(items), cum_weights=cumulative)[0]
        if rng.random() < bids:
            batch.append([["r", user], ["r", item], None, ["w", item], ["w", 20_000 + number], *([None] * rng.randint(0, 4))])
        else:
            seen = list(dict.fromkeys(rng.choices(range(items), cum_weights=cumulative, k=rng.randint(2, 8))))
            batch.append([["r", user], *(["r", other] for other in seen)])
    return batch
