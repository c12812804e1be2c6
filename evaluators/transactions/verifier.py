"""Verifier of transaction orders: replays them under one lock a slot and computes the makespan from the order alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from workbench.checks import permutation
from workbench.errors import ProblemError
from workbench.model import Instance, Measurement
from workbench.protocols import Policy


class Access(NamedTuple):
    """One access of a transaction to a key.

    Attributes
    ----------
    write
        Whether it writes; else it reads.
    key
        Which key.
    slot
        How many time slots after the transaction's start.
    """

    write: bool
    key: int
    slot: int


class Transaction(NamedTuple):
    """A transaction runs for `length` consecutive slots without a pause."""

    length: int
    accesses: tuple[Access, ...]


def transactions_from(data: Mapping[str, Any]) -> list[Transaction]:
    """Read an instance: `transactions` holds, for each, one entry a slot: null or ["r" or "w", key].

    Raises
    ------
    ProblemError
        When a transaction is empty or an entry is none of these.
    """
    transactions = []
    for number, slots in enumerate(data["transactions"]):
        accesses = []
        for slot, entry in enumerate(slots):
            if entry is None:
                continue
            if not (isinstance(entry, list) and len(entry) == 2 and entry[0] in ("r", "w") and type(entry[1]) is int):
                raise ProblemError(f'transactions: slot {slot} of transaction {number} must be null, ["r", key] or ["w", key]')
            accesses.append(Access(entry[0] == "w", entry[1], slot))
        if not slots:
            raise ProblemError(f"transactions: transaction {number} has no slot")
        transactions.append(Transaction(len(slots), tuple(accesses)))
    return transactions


def starts(transactions: Sequence[Transaction], order: Sequence[int]) -> list[int]:
    """First slot of each transaction of `order`, in that order, counted from 0.

    Transactions start as early as those before them in the order allow: a write comes after all their accesses to its key, a
    read after all their writes to its key. Accesses to other keys overlap freely, so a later transaction may start before an
    earlier one.
    """
    read_from: dict[int, int] = {}
    write_from: dict[int, int] = {}
    begun = []
    for number in order:
        start = 0
        for write, key, slot in transactions[number].accesses:
            free = (write_from if write else read_from).get(key, 0)
            start = max(start, free - slot)
        for write, key, slot in transactions[number].accesses:
            after = start + slot + 1
            write_from[key] = max(write_from.get(key, 0), after)
            if write:
                read_from[key] = max(read_from.get(key, 0), after)
        begun.append(start)
    return begun


def makespan(transactions: Sequence[Transaction], order: Sequence[int]) -> int:
    """Slots until the last transaction of `order` has ended."""
    begun = starts(transactions, order)
    return max((start + transactions[number].length for number, start in zip(order, begun, strict=True)), default=0)


class TransactionOrder:
    """Verifier: one call, one answer, a permutation of the transactions. A makespan is never read from the program."""

    def run(self, instance: Instance, policy: Policy) -> Measurement:
        """Makespan of the order of one instance, slots.

        Raises
        ------
        Infeasible
            When the answer is not a list with each transaction's index exactly once.
        """
        transactions = transactions_from(instance.data)
        # Copies: a policy in the same process must not be able to change the instance.
        shown = [[entry and list(entry) for entry in slots] for slots in instance.data["transactions"]]
        order = permutation(policy(shown), len(transactions), "the order")
        span = makespan(transactions, order)
        busy = sum(transaction.length for transaction in transactions)
        return Measurement(float(span), {"parallelism": busy / span})
