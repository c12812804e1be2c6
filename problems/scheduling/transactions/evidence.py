"""Where a program's order differs from a better one that a search of a second finds, in words."""

import random
from collections import Counter

from evaluators.transactions.search import search
from evaluators.transactions.verifier import makespan, starts, transactions_from
from workbench.model import Instance

_STEPS = 80_000
"""Reinsertions times transactions of the search: about a second."""
_LARGEST = 150


def suits(instance: Instance) -> bool:
    """Whether there are few enough transactions."""
    return len(instance.data["transactions"]) <= _LARGEST


def differences(instance: Instance, answer: list[int]) -> list[str]:
    """Compare an order with a better one: both makespans, and the two transactions that start later than there by most."""
    transactions = transactions_from(instance.data)
    best = search(transactions, random.Random(0), _STEPS // len(transactions))
    value, reached = makespan(transactions, answer), makespan(transactions, best)
    if value <= reached:
        return []
    ours, theirs = (dict(zip(order, starts(transactions, order), strict=True)) for order in (answer, best))
    users = Counter(key for t in transactions for key in {a.key for a in t.accesses})
    lines = [f"it lasts {value} slots where {reached} are possible, for {len(transactions)} transactions"]
    for number in sorted(ours, key=lambda n: theirs[n] - ours[n])[:2]:
        if ours[number] > theirs[number]:
            accesses = transactions[number].accesses
            shared = max((users[a.key] for a in accesses), default=0)
            lines.append(
                f"a transaction of {transactions[number].length} slots (writes: {sum(a.write for a in accesses)}, reads: "
                f"{sum(not a.write for a in accesses)}), whose busiest key {shared} transactions use, starts at slot "
                f"{theirs[number]} there, at {ours[number]} here"
            )
    return lines
