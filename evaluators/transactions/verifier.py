"""Verifier for transaction scheduling: computes the makespan of an order from lock conflicts per slot."""

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
        True for a write, False for a read.
    key
        Number of the key.
    slot
        Time slot relative to the transaction's start.
    """

    write: bool
    key: int
    slot: int


class Transaction(NamedTuple):
    """A transaction, which occupies `length` consecutive slots."""

    length: int
    accesses: tuple[Access, ...]


def transactions_from(data: Mapping[str, Any]) -> list[Transaction]:
    """Read an instance: `transactions` lists, for each transaction, one entry per slot: null or ["r" or "w", key].

    Raises
    ------
    ProblemError
        A transaction is empty, or an entry has another form.
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
            raise ProblemError(f"transactions: transaction {number} must have at least one slot")
        transactions.append(Transaction(len(slots), tuple(accesses)))
    return transactions


def starts(transactions: Sequence[Transaction], order: Sequence[int]) -> list[int]:
    """Return the first slot of each transaction of `order`, in that order, from 0.

    Each transaction starts as early as its predecessors in the order allow: a write follows all their accesses to its key, and
    a read follows all their writes to its key. Accesses to different keys may overlap, so a later transaction may start before
    an earlier one.
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
    """Return the number of slots until all transactions of `order` have ended."""
    begun = starts(transactions, order)
    return max((start + transactions[number].length for number, start in zip(order, begun, strict=True)), default=0)


class TransactionOrder:
    """Verifier for transaction scheduling. The policy is called once and returns a permutation of the transactions."""

    def run(self, instance: Instance, policy: Policy) -> Measurement:
        """Request an order and return its makespan in slots.

        Raises
        ------
        Infeasible
            The answer is not a list that contains each transaction's index exactly once.
        """
        transactions = transactions_from(instance.data)
        # Copies: a policy in the same process must not be able to modify the instance.
        shown = [[entry and list(entry) for entry in slots] for slots in instance.data["transactions"]]
        order = permutation(policy(shown), len(transactions), "the order")
        span = makespan(transactions, order)
        busy = sum(transaction.length for transaction in transactions)
        return Measurement(float(span), {"parallelism": busy / span})
