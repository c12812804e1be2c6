"""Transaction batches: generated ones with Zipf keys and of bank and warehouse kind, the published ones, and stress cases."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import accumulate
from pathlib import Path

from workbench.model import Instance, Split

_DATA = Path(__file__).parent / "data" / "workloads.json"

Slots = list[list[str | int] | None]
"""One entry per time slot: None, or ["r" or "w", key]."""

_COPIES = {Split.TRAIN: 32, Split.VALIDATION: 12, Split.TEST: 24}
"""Number of zipf batches."""
_SHIFTED_COPIES = 24
"""Number of zipf batches with different parameters."""

_USUAL, _SHIFTED = 4, 3
"""Variants of each kind: the first few are in every split; the others, with different parameters, only in test."""

SOLVED = {"bank": "smoke-bank", "warehouse": "smoke-warehouse"}
"""Kinds that programs solve by now, with their classes, which do not count: one instance of each variant is enough."""


def instances(split: Split) -> Sequence[Instance]:
    """Return all instances of a split, identical on all machines and Python versions: each is generated from its id, or read.

    train and validation: 100 transactions of three kinds. test: the two published batches (the first counts among those of zipf
    kind, the second is solved), new instances of the three kinds, and each kind with other parameters ("shifted").
    """
    return _instances(Split(split))


@lru_cache
def _instances(split: Split) -> tuple[Instance, ...]:
    if split is Split.STRESS:
        return tuple(_stress())
    made = [
        _made(f"{split}-{kind}-{copy}", SOLVED.get(kind, kind), kind, copy % _USUAL)
        for kind in _KINDS
        for copy in range(_USUAL if kind in SOLVED else _COPIES[split])
    ]
    if split is not Split.TEST:
        return tuple(made)
    shifted = [
        _made(f"test-{kind}-shifted-{copy}", f"{SOLVED.get(kind, kind)}-shifted", kind, _USUAL + copy % _SHIFTED)
        for kind in _KINDS
        for copy in range(_SHIFTED if kind in SOLVED else _SHIFTED_COPIES)
    ]
    return (*_published(), *made, *shifted)


def _made(id: str, family: str, kind: str, variant: int) -> Instance:
    return Instance(id, family, {"transactions": _KINDS[kind](_rng(id), 100, variant)})


def _published() -> Iterator[Instance]:
    for name, lines in json.loads(_DATA.read_text()).items():
        batch = [[None if word == "*" else _entry(word) for word in line.split()] for line in lines]
        number = name.rpartition("_")[2]
        yield Instance(f"published-{number}", {"1": "zipf", "2": "smoke-published"}[number], {"transactions": batch})


def _entry(word: str) -> list[str | int]:
    kind, _, key = word.partition("-")
    return [kind, int(key)]


def _rng(id: str) -> random.Random:
    return random.Random(f"scheduling/transactions {id}")


# --------------------------------------------------------------------------- kinds


def _zipf(rng: random.Random, n: int, variant: int) -> list[Slots]:
    """Draw accesses to distinct keys by Zipf's law, in an order of keys that is the same for all transactions."""
    accesses = (12, 16, 8, 20, 24, 16, 6)[variant]
    exponent = (0.9, 1.1, 1.0, 1.2, 0.7, 1.3, 1.4)[variant]
    writes = (0.5, 0.4, 0.6, 0.5, 0.5, 0.8, 0.3)[variant]
    keys = 1000
    cumulative = list(accumulate(1 / (rank + 1) ** exponent for rank in range(keys)))
    turn = rng.sample(range(keys), keys)
    batch = []
    for _ in range(n):
        chosen: set[int] = set()
        while len(chosen) < accesses:
            chosen.add(rng.choices(range(keys), cum_weights=cumulative)[0])
        # Nearly the common order: some accesses are displaced by a few places.
        order = sorted(chosen, key=lambda key: turn[key] + rng.gauss(0, 15))
        batch.append([["w" if rng.random() < writes else "r", key] for key in order])
    return batch


def _bank(rng: random.Random, n: int, variant: int) -> list[Slots]:
    """Draw one of the six SmallBank transactions on two tables, with a few hot accounts; work without access may follow."""
    hot = (4, 8, 6, 12, 20, 5, 2)[variant]
    share = (0.9, 0.9, 0.7, 0.8, 0.9, 0.5, 0.95)[variant]

    def account() -> int:
        return rng.randrange(hot) if rng.random() < share else hot + rng.randrange(500)

    batch: list[Slots] = []
    for _ in range(n):
        a, b = account(), account()
        while b == a:
            b = account()
        checking, savings, other = 2 * a, 2 * a + 1, 2 * b
        slots: Slots = [
            [["r", savings], ["r", checking]],  # balance
            [["r", checking], ["w", checking]],  # deposit
            [["r", savings], ["w", savings]],  # transact savings
            [["r", savings], ["r", checking], ["w", savings], ["w", checking], ["r", other], ["w", other]],  # amalgamate
            [["r", savings], ["r", checking], ["w", checking]],  # write a check
            [["r", checking], ["r", other], ["w", checking], ["w", other]],  # send a payment
        ][rng.choices(range(6), (15, 15, 15, 15, 25, 15))[0]]  # type: ignore[assignment]
        batch.append(slots + [None] * rng.choice((0, 0, 1, 4)))
    return batch


def _warehouse(rng: random.Random, n: int, variant: int) -> list[Slots]:
    """Draw a TPC-C new-order or payment transaction: a warehouse and one of its ten districts, then work without conflicts."""
    warehouses = (2, 3, 5, 8, 4, 12, 1)[variant]
    orders = (0.5, 0.6, 0.4, 0.5, 0.8, 0.5, 0.2)[variant]
    batch: list[Slots] = []
    for _ in range(n):
        house = rng.randrange(warehouses)
        district = warehouses + 10 * house + rng.randrange(10)
        if rng.random() < orders:
            batch.append([["r", house], ["r", district], ["w", district], *([None] * (3 + rng.randint(5, 15)))])
        else:
            batch.append([["r", house], ["w", house], ["r", district], ["w", district], *([None] * rng.randint(1, 3))])
    return batch


_KINDS: dict[str, Callable[[random.Random, int, int], list[Slots]]] = {"zipf": _zipf, "bank": _bank, "warehouse": _warehouse}


# --------------------------------------------------------------------------- stress


def _stress() -> Iterator[Instance]:
    shapes: dict[str, tuple[int, Callable[[random.Random, int], list[Slots]]]] = {
        "ten-times": (3, lambda rng, copy: (_bank, _warehouse, _zipf)[copy](rng, (1000, 1000, 500)[copy], 2)),
        "single": (2, lambda rng, copy: _zipf(rng, 1, copy)),
        "reads-alone": (2, _reads_alone),
        "one-key": (2, _one_key),
        "same": (2, _same),
        "readers-and-writers": (3, _readers_and_writers),
        "front-and-back": (3, _front_and_back),
        "chain": (3, _chain),
        "one-giant": (3, _one_giant),
        "huge-keys": (2, _huge_keys),
    }
    for family, (copies, make) in shapes.items():
        for copy in range(copies):
            id = f"{Split.STRESS}-{family}-{copy}"
            yield Instance(id, family, {"transactions": make(_rng(id), copy)})


def _reads_alone(rng: random.Random, copy: int) -> list[Slots]:
    # No conflicts: all orders are equally good.
    return [[["r", rng.randrange(3)] for _ in range(rng.randint(1, 8))] for _ in range(30 + 30 * copy)]


def _one_key(rng: random.Random, copy: int) -> list[Slots]:
    # All write the same key, in the first or in any slot.
    return [
        [None] * (copy * rng.randint(0, 6)) + [["w", 7]] + [None] * rng.randint(0, 6) for _ in range(50)
    ]  # fmt: skip


def _same(rng: random.Random, copy: int) -> list[Slots]:
    # Identical transactions: ties everywhere.
    pattern = [["w", 1], None, ["r", 2], ["w", 2]] if copy else [["r", 1], ["w", 1]]
    return [[entry and list(entry) for entry in pattern] for _ in range(40)]


def _readers_and_writers(rng: random.Random, copy: int) -> list[Slots]:
    # Reads of one key share slots only if no write is between them.
    share = (0.1, 0.3, 0.5)[copy]
    return [[["w" if rng.random() < share else "r", rng.randrange(2)], *([None] * rng.randint(0, 3))] for _ in range(80)]


def _front_and_back(rng: random.Random, copy: int) -> list[Slots]:
    # Two hot keys, accessed in the first and the last slot, or in the opposite order.
    length = 4 + 6 * copy
    return [
        [["w", first], *([None] * length), ["w", 1 - first]] for first in (rng.randrange(2) for _ in range(40))
    ]  # fmt: skip


def _chain(rng: random.Random, copy: int) -> list[Slots]:
    # Neighbours conflict: optimal is the even ones together, then the odd ones.
    batch: list[Slots] = [[["w", i], *([None] * copy), ["w", i + 1]] for i in range(60)]
    if copy == 2:
        rng.shuffle(batch)
    return batch


def _one_giant(rng: random.Random, copy: int) -> list[Slots]:
    # One transaction as long as half of the others in sequence; it must start early.
    batch = _bank(rng, 60, copy)
    giant: Slots = [None] * (40 * (copy + 1)) + [["w", 0]]
    return [*batch[:30], giant, *batch[30:]]


def _huge_keys(rng: random.Random, copy: int) -> list[Slots]:
    # Keys are large numbers, not small indices.
    base = 10**15
    return [
        [entry and [entry[0], base + 7919 * int(entry[1])] for entry in slots] for slots in _bank(rng, 60, copy)
    ]  # fmt: skip
