"""Where a program's order differs from an optimal one on an instance of at most 50 jobs, in words."""

from collections.abc import Sequence
from itertools import accumulate

from evaluators.single_machine import total_tardiness
from evaluators.total_tardiness.exact import solve_total_tardiness
from workbench.model import Instance

_LARGEST = 50
"""Number of jobs up to which the optimum takes a fraction of a second."""


def suits(instance: Instance) -> bool:
    """Whether there are few enough jobs."""
    return len(instance.data["due"]) <= _LARGEST


def differences(instance: Instance, answer: list[int]) -> list[str]:
    """Compare an order with an optimal one: both values, and the two jobs that are later than there by the most tardiness."""
    processing, due = instance.data["processing"], instance.data["due"]
    best = solve_total_tardiness(processing, due, time_limit=1.0, search_limit=0.0)
    value = total_tardiness(answer, processing, due)
    if best.status != "optimal" or value <= best.value:
        return []
    ours, theirs = _tardiness(answer, processing, due), _tardiness(best.order, processing, due)
    late = sum(t > 0 for t in theirs.values())
    lines = [
        f"it reaches {value} where {best.value} is optimal, with {sum(t > 0 for t in ours.values())} jobs late instead of {late} "
        f"(of {len(due)} jobs, p {min(processing)} to {max(processing)})"
    ]
    for job in sorted(ours, key=lambda j: theirs[j] - ours[j])[:2]:
        if ours[job] > theirs[job]:
            there, here = best.order.index(job), answer.index(job)
            lines.append(
                f"a job with p {processing[job]} and due {due[job]} is in place {1 + there} and late by {theirs[job]} in the "
                f"optimum, here in place {1 + here} and late by {ours[job]}"
            )
    return lines


def _tardiness(order: Sequence[int], processing: Sequence[int], due: Sequence[int]) -> dict[int, int]:
    ends = accumulate(processing[job] for job in order)
    return {job: max(0, end - due[job]) for job, end in zip(order, ends, strict=True)}
