"""Heuristic for large instances of 1||sum T_j: modified due dates, then optimal windows and insertions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import process_time

from evaluators.single_machine import total_tardiness

WindowSolver = Callable[[Sequence[int], Sequence[int], float], list[int] | None]
"""(processing, due, deadline) -> optimal order of a small problem that starts at 0, or None if the deadline was reached."""


def modified_due_date(processing: Sequence[int], due: Sequence[int]) -> list[int]:
    """Return the sequence by modified due date, smallest max(t + p_j, d_j) first (Baker and Bertrand 1982); ties by index."""
    clock, left, order = 0, list(range(len(processing))), list[int]()
    while left:
        job = min(left, key=lambda j: (max(clock + processing[j], due[j]), j))
        left.remove(job)
        order.append(job)
        clock += processing[job]
    return order


def improve(
    order: Sequence[int], processing: Sequence[int], due: Sequence[int], deadline: float, window: WindowSolver
) -> list[int]:
    """Improve a sequence by reordering windows of consecutive jobs and moving single jobs, until a local optimum or `deadline`.

    Windows grow from 25 to 200 jobs; `window` finds the optimal order of each for its start time.

    Parameters
    ----------
    deadline
        Value of `time.process_time` at which to stop.
    """
    best = list(order)
    value = total_tardiness(best, processing, due)
    width = 25
    while width <= 200 and process_time() < deadline:
        before = value
        best = _windows(best, processing, due, min(width, len(best)), deadline, window)
        best = _insertions(best, processing, due, deadline)
        value = total_tardiness(best, processing, due)
        if value == before:
            width *= 2
    return best


def _windows(
    order: list[int], processing: Sequence[int], due: Sequence[int], width: int, deadline: float, window: WindowSolver
) -> list[int]:
    order = list(order)
    step = max(width // 2, 1)
    for low in range(0, len(order) - width + step, step):
        if process_time() > deadline:
            break
        jobs = order[low : low + width]
        start = sum(processing[job] for job in order[:low])
        found = window([processing[job] for job in jobs], [due[job] - start for job in jobs], deadline)
        if found is None:
            continue
        changed = [jobs[i] for i in found]
        if total_tardiness(changed, processing, due, start=start) < total_tardiness(jobs, processing, due, start=start):
            order[low : low + width] = changed
    return order


def _insertions(order: list[int], processing: Sequence[int], due: Sequence[int], deadline: float) -> list[int]:
    """Move jobs to their best positions until no move helps; each try takes O(n)."""
    order = list(order)
    improved = True
    while improved:
        improved = False
        for job in list(order):
            if process_time() > deadline:
                return order
            gain, place = _best_insertion(order, order.index(job), processing, due)
            if gain > 0:
                order.remove(job)
                order.insert(place, job)
                improved = True
    return order


def _best_insertion(order: list[int], i: int, processing: Sequence[int], due: Sequence[int]) -> tuple[int, int]:
    job = order[i]
    p, d = processing[job], due[job]
    begin = sum(processing[other] for other in order[:i])
    here = max(begin + p - d, 0)
    best, place = 0, i
    end, saved = begin + p, 0  # later: the jobs in between move forward by p
    for k in range(i + 1, len(order)):
        other = order[k]
        end += processing[other]
        saved += min(p, max(end - due[other], 0))
        gain = saved + here - max(end - d, 0)
        if gain > best:
            best, place = gain, k
    end, lost = begin, 0  # earlier: the jobs in between move back by p
    for k in range(i - 1, -1, -1):
        other = order[k]
        slack = end - due[other]
        lost += max(slack + p, 0) - max(slack, 0)
        end -= processing[other]
        gain = here - max(end + p - d, 0) - lost
        if gain > best:
            best, place = gain, k
    return best, place
