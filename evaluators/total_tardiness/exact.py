"""Exact solvers for 1||sum T_j: Lawler's decomposition with position elimination and memoization, and a subset DP."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import process_time
from typing import Literal, NamedTuple

from evaluators.single_machine import total_tardiness
from evaluators.total_tardiness.search import improve, modified_due_date


@dataclass(frozen=True, slots=True)
class TardinessResult:
    """Result of a solver.

    Attributes
    ----------
    value
        Total tardiness of `order`, in time units.
    bound
        Proven lower bound on the optimum; equal to `value` if the status is `optimal`.
    order
        Job indices in processing order.
    status
        `optimal` (proven) or `best_known` (time limit reached).
    nodes
        Number of branched subproblems.
    seconds
        CPU time in seconds.
    """

    value: int
    bound: int
    order: tuple[int, ...]
    status: Literal["optimal", "best_known"]
    nodes: int
    seconds: float


def solve_total_tardiness(
    processing: Sequence[int], due: Sequence[int], time_limit: float = 15.0, search_limit: float = 20.0
) -> TardinessResult:
    """Minimise total tardiness on one machine, with all jobs available at time 0.

    Decomposition on the longest job (Lawler 1977), with position elimination by Potts and Van Wassenhove (1982) and
    memoization instead of lower bounds (Szwarc, Grosso and Della Croce 2001). If the time limit is reached, a search over
    windows of the best sequence provides the incumbent, and the explored part of the tree provides the bound.

    Parameters
    ----------
    processing, due
        Processing time (>= 1) and due date by job, in time units.
    time_limit
        CPU time limit of the proof, in seconds.
    search_limit
        CPU time limit of the search after an unfinished proof, in seconds.

    References
    ----------
    E. L. Lawler, "A pseudopolynomial algorithm for sequencing jobs to minimize total tardiness", Annals of Discrete
    Mathematics 1 (1977) 331-342. C. N. Potts, L. N. Van Wassenhove, "A decomposition algorithm for the single machine total
    tardiness problem", Operations Research Letters 1 (1982) 177-181. W. Szwarc, A. Grosso, F. Della Croce, "Algorithmic
    paradoxes of the single-machine total tardiness problem", Journal of Scheduling 4 (2001) 93-104.
    """
    began = process_time()
    tree = Decomposition(processing, due, began + time_limit)
    bound = tree.solve()
    if not tree.expired:
        return TardinessResult(bound, bound, tuple(tree.order()), "optimal", tree.nodes, process_time() - began)
    start = modified_due_date(processing, due)
    order = improve(start, processing, due, process_time() + search_limit, _window_optimum)
    value = total_tardiness(order, processing, due)
    status: Literal["optimal", "best_known"] = "optimal" if value == bound else "best_known"
    return TardinessResult(value, bound, tuple(order), status, tree.nodes, process_time() - began)


def _window_optimum(processing: Sequence[int], due: Sequence[int], deadline: float) -> list[int] | None:
    tree = Decomposition(processing, due, min(deadline, process_time() + 2.0))
    tree.solve()
    return None if tree.expired else tree.order()


class _Core(NamedTuple):
    """A subproblem after fixing forced jobs: `first`, then the remaining `jobs`, then `last`."""

    cost: int  # tardiness of the fixed jobs
    first: list[int]
    jobs: list[int]  # by modified due date; empty if the subproblem is solved
    due: list[int]  # modified due dates of `jobs`
    last: list[int]
    start: int  # start time of the first of `jobs`
    longest: int  # index into `jobs`


class Decomposition:
    """Memoized recursion over (set of jobs, start time).

    Parameters
    ----------
    processing, due
        Processing time (>= 1) and due date by job.
    deadline
        Value of `time.process_time` after which no subproblem is branched.

    Attributes
    ----------
    expired
        Whether the deadline was reached; `solve` then returned only a lower bound.
    nodes
        Number of branched subproblems.
    """

    def __init__(self, processing: Sequence[int], due: Sequence[int], deadline: float = float("inf")) -> None:
        self.processing = list(processing)
        self.due = list(due)
        self.deadline = deadline
        self.expired = False
        self.nodes = 0
        self._bit = [1 << job for job in range(len(processing))]
        self._memory: dict[tuple[int, int], int] = {}

    def solve(self) -> int:
        """Return the optimal total tardiness, or a lower bound if the deadline was reached (see `expired`)."""
        jobs = list(range(len(self.processing)))
        # Each level fixes at least one job and uses one frame; n levels must fit.
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(limit + 2 * len(jobs))
        try:
            return self._solve(jobs, 0, (1 << len(jobs)) - 1)
        finally:
            sys.setrecursionlimit(limit)

    def order(self) -> list[int]:
        """Return an optimal sequence, reconstructed from the memo; call it after a `solve` that did not expire."""
        sequence: list[int] = []
        todo: list[tuple[list[int], int]] = [(list(range(len(self.processing))), 0)]
        while todo:
            jobs, start = todo.pop()
            if start < 0:  # jobs in their final order
                sequence += jobs
                continue
            core = self._reduce(jobs, start)
            sequence += core.first
            todo.append((core.last, -1))
            if core.jobs:
                left, job, middle, right = min(self._known(core), key=lambda known: known[0])[1]
                todo += [(right, middle), ([job], -1), (left, core.start)]
        return sequence

    def _known(self, core: _Core) -> Iterator[tuple[int, tuple[list[int], int, int, list[int]]]]:
        # Positions with both parts in the memo: always includes the best one, but not those cut off halfway.
        k, job = core.longest, core.jobs[core.longest]
        for h, end, left_mask, right_mask in self._positions(core):
            left, right = self._value(left_mask, core.start), self._value(right_mask, end)
            if left is not None and right is not None:
                parts = core.jobs[:k] + core.jobs[k + 1 : h + 1], job, end, core.jobs[h + 1 :]
                yield left + max(end - self.due[job], 0) + right, parts

    def _value(self, mask: int, start: int) -> int | None:
        return self._memory.get((mask, start)) if mask else 0

    def _solve(self, jobs: list[int], start: int, mask: int) -> int:
        core = self._reduce(jobs, start)
        if not core.jobs:
            self._memory[mask, start] = core.cost
            return core.cost
        inner = mask
        for job in core.first:
            inner ^= self._bit[job]
        for job in core.last:
            inner ^= self._bit[job]
        best = self._memory.get((inner, core.start))
        if best is None:
            best = self._branch(core)
            self._memory[inner, core.start] = best
        self._memory[mask, start] = core.cost + best
        return core.cost + best

    def _branch(self, core: _Core) -> int:
        self.nodes += 1
        if not self.nodes % 64 and process_time() > self.deadline:
            self.expired = True
        if self.expired:
            return self._lower_bound(core)
        k, jobs = core.longest, core.jobs
        due = self.due[jobs[k]]
        best: int | None = None
        for h, end, left_mask, right_mask in self._positions(core):
            total = max(end - due, 0)
            left = self._value(left_mask, core.start)
            total += self._solve(jobs[:k] + jobs[k + 1 : h + 1], core.start, left_mask) if left is None else left
            if best is None or total < best:
                right = self._value(right_mask, end)
                total += self._solve(jobs[h + 1 :], end, right_mask) if right is None else right
                if best is None or total < best:
                    best = total
        assert best is not None  # elimination never removes all positions
        return best

    def _positions(self, core: _Core) -> Iterator[tuple[int, int, int, int]]:
        """Yield positions of the longest job k: (index of the last job before it, its completion, mask before, mask after).

        With jobs by due date, some optimal sequence has k right after jobs 0..h for some h >= k (Lawler). Position h can be
        eliminated if k would complete at or after the due date of job h+1 (then h+1 may precede it), or before d_j + p_j for
        some j in k+1..h (then j may follow it) (Potts and Van Wassenhove).
        """
        processing, bit, jobs, due, k = self.processing, self._bit, core.jobs, core.due, core.longest
        end, before, after = core.start, 0, 0
        for job in jobs[:k]:
            end += processing[job]
            before |= bit[job]
        end += processing[jobs[k]]
        for job in jobs[k + 1 :]:
            after |= bit[job]
        n, latest, h = len(jobs), 0, k
        while True:
            if end >= latest and (h + 1 == n or end < due[h + 1]):
                yield h, end, before, after
            h += 1
            if h == n:
                return
            job = jobs[h]
            end += processing[job]
            before |= bit[job]
            after ^= bit[job]
            latest = max(latest, due[h] + processing[job])

    def _reduce(self, jobs: list[int], start: int) -> _Core:
        """Fix jobs whose position at either end is forced, or the whole sequence if it is known to be optimal.

        No job completes before start + p_j, so earlier due dates are raised to it; this changes the optimum by a constant and
        strengthens the order by due date. The order by due date is optimal if it is also by processing time, or if at most
        one job is late. By Emmons' theorems, a job that is first in both orders goes first; the job with the latest due date
        goes last if it is a longest one, or if d_j + p_j is not earlier than the end of all jobs.
        """
        processing, due = self.processing, self.due
        cost, first, last = 0, list[int](), list[int]()
        total = start
        for job in jobs:
            total += processing[job]
        while True:
            entries = []
            for job in jobs:
                p, d = processing[job], due[job]
                entries.append((d if d > start + p else start + p, p, job))
            entries.sort()
            clock, late, tardiness, longest, previous, sorted_by_p = start, 0, 0, 0, 0, True
            for d, p, job in entries:
                if p < previous:
                    sorted_by_p = False
                if p > longest:
                    longest = p
                previous = p
                clock += p
                if clock > due[job]:
                    tardiness += clock - due[job]
                    if clock > d:
                        late += 1
            if sorted_by_p or late <= 1:
                first += [job for _, _, job in entries]
                return _Core(cost + tardiness, first, [], [], last[::-1], clock, 0)
            while len(entries) > 1:
                d, p, job = entries[-1]
                if p < longest and d + p < total:
                    break
                entries.pop()
                last.append(job)
                cost += max(total - due[job], 0)
                total -= p
                if p == longest:
                    longest = max(p for _, p, _ in entries)
            fixed = len(first)
            shortest = [0] * len(entries)
            least = longest
            for i in range(len(entries) - 1, -1, -1):
                if entries[i][1] < least:
                    least = entries[i][1]
                shortest[i] = least
            for i, (_, p, job) in enumerate(entries):
                if p > shortest[i]:
                    break
                first.append(job)
                start += p
                cost += max(start - due[job], 0)
            fixed = len(first) - fixed
            if not fixed:
                jobs = [job for _, _, job in entries]
                k = max(range(len(jobs)), key=lambda i: (entries[i][1], i))
                return _Core(cost, first, jobs, [d for d, _, _ in entries], last[::-1], start, k)
            # A later start raises due dates again.
            jobs = [job for _, _, job in entries[fixed:]]

    def _lower_bound(self, core: _Core) -> int:
        # The i-th completion time is at least that in SPT order, and matching sorted completion times with sorted due dates
        # minimises the cost. The constant accounts for raised due dates.
        clock, bound = core.start, 0
        for job, d in zip(core.jobs, core.due, strict=True):
            bound += d - min(d, self.due[job]) if d > self.due[job] else 0
        for p, d in zip(sorted(self.processing[job] for job in core.jobs), core.due, strict=True):
            clock += p
            bound += max(clock - d, 0)
        return bound


def subset_dp(processing: Sequence[int], due: Sequence[int]) -> int:
    """Return the optimal total tardiness by dynamic programming over subsets, with 2^n states, for n <= 20 (Held and Karp 1962).

    Serves as an independent check of the decomposition.
    """
    n = len(processing)
    if n > 20:
        raise ValueError(f"subset_dp takes at most 20 jobs, got {n}")
    best, length = [0] * (1 << n), [0] * (1 << n)
    for subset in range(1, 1 << n):
        lowest = subset & -subset
        length[subset] = length[subset ^ lowest] + processing[lowest.bit_length() - 1]
        best[subset] = min(best[subset ^ (1 << job)] + max(length[subset] - due[job], 0) for job in range(n) if subset & (1 << job))
    return best[-1]
