"""Verifier for single-machine sequencing: computes completion times and (weighted) tardiness from the job order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.checks import permutation
from workbench.model import Instance, Measurement
from workbench.protocols import Policy


def total_tardiness(
    order: Sequence[int], processing: Sequence[int], due: Sequence[int], weight: Sequence[int] | None = None, start: int = 0
) -> int:
    """Return the sum of w_j * max(C_j - d_j, 0) over the jobs in `order`, processed from time `start` without idle time.

    Parameters
    ----------
    order
        Job indices in processing order; may be a subset of the jobs.
    processing, due
        Processing time and due date by job, in time units.
    weight
        Weight by job; None: all weights are 1.
    """
    clock, total = start, 0
    for job in order:
        clock += processing[job]
        if clock > due[job]:
            total += (clock - due[job]) * (1 if weight is None else weight[job])
    return total


@dataclass(frozen=True, slots=True)
class SequencingVerifier:
    """Verifier for single-machine sequencing. The policy is called once and returns a permutation of the jobs.

    Attributes
    ----------
    arguments
        Keys of the instance's data passed to the policy, in order.
    weight
        Key of the weights in the instance's data; None: all weights are 1.
    """

    arguments: tuple[str, ...] = ("processing", "due")
    weight: str | None = None

    def run(self, instance: Instance, policy: Policy) -> Measurement:
        """Request a job order and compute its tardiness.

        Returns
        -------
        Measurement
            Total (weighted) tardiness; metrics `tardy_jobs` and `max_tardiness`.

        Raises
        ------
        Infeasible
            The answer is not a list that contains each job index exactly once.
        """
        processing, due = instance.data["processing"], instance.data["due"]
        weight = None if self.weight is None else instance.data[self.weight]
        # Copies: a policy in the same process must not be able to modify the instance.
        answer = policy(*(list(instance.data[name]) for name in self.arguments))
        order = permutation(answer, len(processing), "the order")
        clock, tardy, worst = 0, 0, 0
        for job in order:
            clock += processing[job]
            if clock > due[job]:
                tardy += 1
                worst = max(worst, clock - due[job])
        objective = total_tardiness(order, processing, due, weight)
        return Measurement(float(objective), {"tardy_jobs": float(tardy), "max_tardiness": float(worst)})
