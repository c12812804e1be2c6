"""Search for transaction orders in several sequences at a time: reinsertions, all places of a transaction judged at once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_Ints = NDArray[np.int64]
_Slots = NDArray[np.signedinteger[Any]]

_CHAINS = 16
_STARTS = 8
"""Times that each chain is begun by a randomised greedy; the best of all go on."""
_NEVER = -20_000
"""Separation of transactions without conflict, small enough for 16 bits."""
_STAY = 0.5
"""Penalty in slots of the place that a transaction comes from, so that chains wander over equally long orders."""
_PATH = 0.02
"""Weight of the longest path through the transaction where makespans are alike."""
_EVERY, _REPLACED = 100, 6
"""Rounds after which the worst chains become copies of the best, and how many."""


def chains(apart: _Ints, lengths: _Ints, rounds: int, seed: int = 7) -> list[int]:
    """Find a good order of at least two transactions.

    In each round each chain takes one transaction out and puts it where the makespan is least. Found by a coding agent as an
    answer to this problem, and the stronger of the two searches on batches with Zipf keys.

    Parameters
    ----------
    apart
        Minimum of start(j) - start(i) if i precedes j, for all (i, j), as `search.separations` gives it.
    lengths
        Slots of each transaction.
    rounds
        Number of rounds.
    """
    rng = np.random.default_rng(seed)
    narrow = np.int16 if int(lengths.sum()) < 11_000 else np.int32
    near: _Slots = np.maximum(apart, _NEVER).astype(narrow)
    long: _Slots = lengths.astype(narrow)
    orders, values = _starts(near, long, (apart > _NEVER).sum(axis=1), rng)
    best_value, best = int(values.min()), orders[values.argmin()].copy()
    rows, both = np.arange(_CHAINS), np.concatenate([near, near.T])
    for number in range(1, rounds + 1):
        orders, values = _round(orders, both, long, rng, rows)
        k = int(values.argmin())
        if values[k] < best_value:
            best_value, best = int(values[k]), orders[k].copy()
        if number % _EVERY == 0:
            ranked = np.argsort(values, kind="stable")
            orders[ranked[-_REPLACED:]] = orders[ranked[:_REPLACED]]
    return [int(job) for job in best]


def _starts(near: _Slots, long: _Slots, rivals: _Ints, rng: np.random.Generator) -> tuple[_Ints, _Ints]:
    """Append what can start soonest, long transactions and those with many rivals earlier; return the best orders of all."""
    n, rows = len(long), np.arange(_CHAINS)
    found, values = [], []
    for _ in range(_STARTS):
        heads = np.zeros((_CHAINS, n), dtype=near.dtype)
        bias = rng.uniform(0, 1, (_CHAINS, n)) - 0.02 * rivals * rng.uniform(0.3, 2, (_CHAINS, 1))
        bias -= 0.3 * long * rng.uniform(0.3, 2, (_CHAINS, 1))
        order = np.empty((_CHAINS, n), dtype=np.int64)
        for place in range(n):
            chosen = (heads + bias).argmin(axis=1)
            order[:, place] = chosen
            bias[rows, chosen] = 1e9
            np.maximum(heads, near[chosen] + heads[rows, chosen][:, None], out=heads)
        found.append(order)
        values.append((heads + long).max(axis=1))
    orders, makespans = np.concatenate(found), np.concatenate(values).astype(np.int64)
    kept = np.argsort(makespans, kind="stable")[:_CHAINS]
    return orders[kept], makespans[kept]


def _round(orders: _Ints, both: _Slots, long: _Slots, rng: np.random.Generator, rows: _Ints) -> tuple[_Ints, _Ints]:
    """Take one transaction out of each order and put it into the best place; return orders and makespans.

    `both` has the separations from each transaction, then those to each.
    """
    n = orders.shape[1]
    taken = rng.integers(0, n, _CHAINS)
    job = orders[rows, taken]
    places = np.arange(n - 1)[None, :]
    rest = np.take_along_axis(orders, places + (places >= taken[:, None]), axis=1)
    starts, tails = _paths(rest, both, long)
    without = (starts + long[rest]).max(axis=1)
    head, tail = np.zeros((_CHAINS, n), dtype=both.dtype), np.empty((_CHAINS, n), dtype=both.dtype)
    head[:, 1:] = np.maximum.accumulate(np.maximum(starts + both[rest, job[:, None]], 0), axis=1)
    tail[:, -1] = long[job]
    behind = np.maximum(tails + both[job[:, None], rest], long[job][:, None])
    tail[:, :-1] = np.maximum.accumulate(behind[:, ::-1], axis=1)[:, ::-1]
    path = head + tail
    total = np.maximum(path, without[:, None])
    cost = total + _PATH * path + rng.random((_CHAINS, n)) * 0.01
    cost[rows, taken] += _STAY
    chosen = cost.argmin(axis=1)
    columns = np.arange(n)[None, :]
    changed = np.take_along_axis(rest, np.minimum(columns - (columns > chosen[:, None]), n - 2), axis=1)
    changed[rows, chosen] = job
    return changed, total[rows, chosen].astype(np.int64)


def _paths(orders: _Ints, both: _Slots, long: _Slots) -> tuple[_Slots, _Slots]:
    """Return the start at each place of each order, and the longest path from there to the end."""
    count, places = orders.shape
    n = len(long)
    ways = np.concatenate([orders, orders[:, ::-1] + n])  # forwards, and backwards by the separations read the other way
    columns, rows = ways % n, np.arange(2 * count)
    heads = np.zeros((2 * count, n), dtype=both.dtype)
    heads[count:] = long
    found = np.empty(ways.shape, dtype=both.dtype)
    for place in range(places):
        at = heads[rows, columns[:, place]]
        found[:, place] = at
        np.maximum(heads, both[ways[:, place]] + at[:, None], out=heads)
    return found[:count], found[count:, ::-1]
