"""References for transaction orders: iterated greedy with annealing, then chains of reinsertions, and a lower bound."""

from __future__ import annotations

import math
import random
import time
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from evaluators.transactions.chains import chains
from evaluators.transactions.verifier import Transaction, makespan, transactions_from
from workbench.model import Instance, Reference

_Ints = NDArray[np.int64]

_FREE = -(10**9)
"""Separation of transactions without conflict."""


def solve(instance: Instance, effort: int = 1) -> Reference:
    """Compute the reference of one instance: the best order of two searches, optimal if it reaches the lower bound.

    Parameters
    ----------
    effort
        Multiple of the default number of steps of the first search.
    """
    began = time.process_time()
    transactions = transactions_from(instance.data)
    steps = effort * 400_000 // max(100, len(transactions))
    bound = lower_bound(transactions)
    best = makespan(transactions, search(transactions, random.Random(instance.id), steps, bound))
    rounds = 250_000 // max(100, len(transactions))
    if best > bound:
        lengths = np.array([transaction.length for transaction in transactions])
        best = min(best, makespan(transactions, chains(separations(transactions), lengths, rounds)))
    seconds = round(time.process_time() - began, 2)
    if best == bound:
        return Reference(float(best), "optimal", "search reaches the lower bound", seconds)
    words = f"iterated greedy, {steps} steps, and chains, {rounds} rounds; {bound} at least"
    return Reference(float(best), "best_known", words, seconds)


def separations(transactions: Sequence[Transaction]) -> _Ints:
    """Return the minimum of start(j) - start(i) if i precedes j in the order, for all (i, j); -10^9 without conflict.

    The start of j is the maximum of 0 and start(i) + separation over all i before it; the makespan is therefore a longest path.
    """
    n = len(transactions)
    apart = np.full((n, n), _FREE, dtype=np.int64)
    users: dict[int, list[tuple[int, bool, int]]] = defaultdict(list)
    for number, transaction in enumerate(transactions):
        for write, key, slot in transaction.accesses:
            users[key].append((number, write, slot))
    for accesses in users.values():
        for i, i_writes, i_slot in accesses:
            for j, j_writes, j_slot in accesses:
                if i != j and (i_writes or j_writes):
                    apart[i, j] = max(apart[i, j], i_slot - j_slot + 1)
    return apart


def lower_bound(transactions: Sequence[Transaction]) -> int:
    """Return a lower bound on the makespan of any order, in slots.

    The writers of a key run one after another, each separated from the next by at least its smallest separation from any
    other; the last one runs for its length.
    """
    if not transactions:
        return 0
    apart = separations(transactions)
    lengths = np.array([transaction.length for transaction in transactions])
    bound = int(lengths.max())
    writers: dict[int, set[int]] = defaultdict(set)
    for number, transaction in enumerate(transactions):
        for write, key, _ in transaction.accesses:
            if write:
                writers[key].add(number)
    for group in writers.values():
        members = np.array(sorted(group))
        if len(members) > 1:
            among = apart[np.ix_(members, members)]
            np.fill_diagonal(among, 10**9)
            step = among.min(axis=1)
            bound = max(bound, int((step.sum() - step + lengths[members]).min()))
    return bound


def search(
    transactions: Sequence[Transaction], rng: random.Random, steps: int, enough: int = 0, begin_temperature: float = 1.0
) -> list[int]:
    """Find a good order by iterated greedy with annealing: remove transactions and reinsert each at its best position.

    After R. Ruiz, T. Stuetzle, "A simple and effective iterated greedy algorithm for the permutation flowshop scheduling
    problem", EJOR 177 (2007). All positions of a transaction are evaluated at once from the longest paths before and after
    them, as in E. Taillard, "Some efficient heuristic methods for the flow shop sequencing problem", EJOR 47 (1990).

    Parameters
    ----------
    steps
        Number of reinsertions.
    enough
        Makespan at which the search stops.
    begin_temperature
        Initial temperature in slots; decreases linearly to 0.
    """
    n = len(transactions)
    paths = _Paths(transactions)
    order = paths.greedy()
    value = best_value = paths.makespan(order)
    best = order
    taken = min(6, n - 1)
    done = 0
    while done < steps and best_value > enough and taken:
        positions = set(rng.sample(range(n), taken))
        out = [order[i] for i in positions]
        rng.shuffle(out)
        trial = [number for i, number in enumerate(order) if i not in positions]
        for number in out:
            places = paths.best_places(trial, number)
            trial.insert(places[rng.randrange(len(places))], number)
        done += taken
        found = paths.makespan(trial)
        temperature = begin_temperature * (1 - done / steps)
        if found <= value or (temperature > 0 and rng.random() < math.exp((value - found) / temperature)):
            order, value = trial, found
            if value < best_value:
                best, best_value = order, value
    return best


class _Paths:
    """Longest paths in an order of transactions; the makespan is the longest of all."""

    def __init__(self, transactions: Sequence[Transaction]) -> None:
        self.apart = separations(transactions)
        self.apart_to = np.ascontiguousarray(self.apart.T)
        self.lengths = np.array([transaction.length for transaction in transactions], dtype=np.int64)

    def greedy(self) -> list[int]:
        """Build an order by appending the transaction with the smallest makespan increase; ties by earliest start."""
        n = len(self.lengths)
        start = np.zeros(n, dtype=np.int64)
        waiting = np.ones(n, dtype=bool)
        span, order = 0, []
        for _ in range(n):
            cost = np.maximum(start + self.lengths, span) * (10**6) + start
            number = int(np.where(waiting, cost, np.iinfo(np.int64).max).argmin())
            order.append(number)
            waiting[number] = False
            span = max(span, int(start[number] + self.lengths[number]))
            np.maximum(start, start[number] + self.apart[number], out=start)
        return order

    def heads(self, order: Sequence[int]) -> _Ints:
        """Return the start of each transaction of `order`, in that order."""
        start = np.zeros(len(self.lengths), dtype=np.int64)
        heads = np.empty(len(order), dtype=np.int64)
        for i, number in enumerate(order):
            heads[i] = value = start[number]
            np.maximum(start, self.apart[number] + value, out=start)
        return heads

    def tails(self, order: Sequence[int]) -> _Ints:
        """Return the length of the longest path from the start of each transaction of `order`, in slots."""
        rest = self.lengths.copy()
        tails = np.empty(len(order), dtype=np.int64)
        for i in range(len(order) - 1, -1, -1):
            tails[i] = value = rest[order[i]]
            np.maximum(rest, self.apart_to[order[i]] + value, out=rest)
        return tails

    def makespan(self, order: Sequence[int]) -> int:
        return int((self.heads(order) + self.lengths[order]).max())

    def best_places(self, order: list[int], number: int) -> list[int]:
        """Return the positions for `number` with the smallest makespan; ties by the shortest path through it."""
        heads, tails = self.heads(order), self.tails(order)
        # Existing paths keep their lengths, and all new paths lead through `number`.
        before = np.maximum.accumulate(np.maximum(0, heads + self.apart_to[number][order]))
        behind = np.maximum.accumulate(np.maximum(self.lengths[number], tails + self.apart[number][order])[::-1])[::-1]
        through = np.concatenate([[0], before]) + np.concatenate([behind, [self.lengths[number]]])
        cost = np.maximum(through, (heads + self.lengths[order]).max()) * (10**6) + through
        return [int(i) for i in np.flatnonzero(cost == cost.min())]
