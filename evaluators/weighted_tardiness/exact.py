"""Solvers for single-machine weighted tardiness: exact for small instances, iterated dynasearch for the others."""

from __future__ import annotations

import random
from collections.abc import Sequence
from time import process_time

import numpy as np
import numpy.typing as npt

from evaluators.single_machine import total_tardiness

Ints = npt.NDArray[np.int64]

_MOST_SHIFTS = 5_000_000  # maximum size of the table of shifted costs; beyond it, only insertions are used


def weighted_subset_dp(processing: Sequence[int], weight: Sequence[int], due: Sequence[int]) -> tuple[int, list[int]]:
    """Return the optimal weighted tardiness and an optimal sequence, with 2^n states, for n <= 20 (Held and Karp 1962).

    The completion time of a set of jobs does not depend on their order; the best cost of a set is therefore the minimum over
    its last job. Sets are processed by size, all sets of one size at once.
    """
    n = len(processing)
    if n > 20:
        raise ValueError(f"weighted_subset_dp takes at most 20 jobs, got {n}")
    sets = np.arange(1 << n, dtype=np.int64)
    length, size = np.zeros(1 << n, dtype=np.int64), np.zeros(1 << n, dtype=np.int64)
    for job in range(n):
        has = sets >> job & 1
        length += has * processing[job]
        size += has
    best = np.full(1 << n, np.iinfo(np.int64).max, dtype=np.int64)
    best[0] = 0
    by_size = np.argsort(size, kind="stable")
    border = np.searchsorted(size[by_size], np.arange(n + 2))
    for k in range(1, n + 1):
        layer = by_size[border[k] : border[k + 1]]
        for job in range(n):
            ended = layer[layer >> job & 1 == 1]
            cost = best[ended ^ (1 << job)] + weight[job] * np.maximum(length[ended] - due[job], 0)
            best[ended] = np.minimum(best[ended], cost)
    order, left = list[int](), (1 << n) - 1
    while left:
        for job in range(n):
            if left >> job & 1:
                late = max(int(length[left]) - due[job], 0)
                if best[left ^ (1 << job)] + weight[job] * late == best[left]:
                    order.append(job)
                    left ^= 1 << job
                    break
    return int(best[-1]), order[::-1]


def dispatch(processing: Sequence[int], weight: Sequence[int], due: Sequence[int]) -> list[int]:
    """Return the sequence by weighted modified due date, smallest max(p_j, d_j - t) / w_j first (Kanet and Li 2004)."""
    clock, left, order = 0, list(range(len(processing))), list[int]()
    while left:
        job = min(left, key=lambda j: (max(processing[j], due[j] - clock) / weight[j], j))
        left.remove(job)
        order.append(job)
        clock += processing[job]
    return order


class Dynasearch:
    """Local search that applies the best set of independent moves at once.

    A move inserts a job elsewhere or exchanges two jobs. Moves are independent if the stretches of the sequence that they
    affect do not overlap; their gains then add up, and dynamic programming over positions finds the best set.

    Parameters
    ----------
    processing, weight, due
        Values by job; processing times and weights are at least 1.

    References
    ----------
    R. K. Congram, C. N. Potts, S. L. van de Velde, "An iterated dynasearch algorithm for the single-machine total weighted
    tardiness scheduling problem", INFORMS Journal on Computing 14 (2002) 52-67. A. Grosso, F. Della Croce, R. Tadei, "An
    enhanced dynasearch neighborhood for the single-machine total weighted tardiness scheduling problem", Operations
    Research Letters 32 (2004) 68-72 (insertions in addition to exchanges).
    """

    def __init__(self, processing: Sequence[int], weight: Sequence[int], due: Sequence[int]) -> None:
        self.processing = np.array(processing, dtype=np.int64)
        self.weight = np.array(weight, dtype=np.int64)
        self.due = np.array(due, dtype=np.int64)
        n = len(self.due)
        # An exchange shifts the jobs in between by a difference of two processing times, which has few distinct values.
        shifts, which = np.unique(self.processing[None, :] - self.processing[:, None], return_inverse=True)
        self._exchanges = len(shifts) * n <= _MOST_SHIFTS
        self._shifts, self._which = shifts, which.reshape(n, n)

    def descend(self, order: Ints, deadline: float = float("inf")) -> tuple[int, Ints]:
        """Apply best sets of moves until a local optimum, or until `time.process_time` reaches `deadline`."""
        while True:
            gain, kind = self._gains(order)
            improved = self._apply(order, gain, kind)
            if improved is None or process_time() > deadline:
                return self.cost(order), order
            order = improved

    def cost(self, order: Ints) -> int:
        """Return the weighted tardiness of a sequence."""
        late = np.maximum(np.cumsum(self.processing[order]) - self.due[order], 0)
        return int(late @ self.weight[order])

    def _gains(self, order: Ints) -> tuple[Ints, Ints]:
        # gain[i, j] for i < j: gain of the best move on positions i..j; kind: 0 job i after j, 1 job j before i, 2 exchange.
        n = len(order)
        p, w, d = self.processing[order], self.weight[order], self.due[order]
        end = np.cumsum(p)
        late = np.maximum(end - d, 0)
        shift = end[None, :] - d[None, :]
        # Row i, column k: gain of job k if it moves forward by p_i, and loss if it moves back by p_i.
        ahead = np.triu(w * (late - np.maximum(shift - p[:, None], 0)), 1)
        back = np.tril(w * (np.maximum(shift + p[:, None], 0) - late), -1)
        last = w[:, None] * (np.maximum(end[None, :] - d[:, None], 0) - late[:, None])  # job i completes where j did
        first = w[:, None] * (late[:, None] - np.maximum((end - p)[None, :] + (p - d)[:, None], 0))  # job j starts where i did
        moves = [np.cumsum(ahead, axis=1) - last, (first - np.cumsum(back[:, ::-1], axis=1)[:, ::-1]).T]
        if self._exchanges:
            moved = np.cumsum(w * (late - np.maximum(shift + self._shifts[:, None], 0)), axis=1)
            which = self._which[np.ix_(order, order)]
            columns = np.arange(n)
            between = moved[which, np.maximum(columns - 1, 0)[None, :]] - moved[which, columns[:, None]]
            moves.append(first.T - last + np.where(columns[None, :] > columns[:, None] + 1, between, 0))
        stacked = np.stack(moves)
        return stacked.max(axis=0), stacked.argmax(axis=0)

    @staticmethod
    def _apply(order: Ints, gain: Ints, kind: Ints) -> Ints | None:
        n = len(order)
        best, begin = np.zeros(n + 1, dtype=np.int64), np.full(n, -1)
        for j in range(n):
            best[j + 1] = best[j]
            if j:
                sums = best[:j] + gain[:j, j]
                i = int(sums.argmax())
                if sums[i] > best[j]:
                    best[j + 1], begin[j] = sums[i], i
        if best[n] == 0:
            return None
        changed, j = order.copy(), n - 1
        while j >= 0:
            i = int(begin[j])
            if i < 0:
                j -= 1
                continue
            part = order[i : j + 1]
            if kind[i, j] == 0:
                changed[i : j + 1] = np.roll(part, -1)
            elif kind[i, j] == 1:
                changed[i : j + 1] = np.roll(part, 1)
            else:
                changed[i], changed[j] = order[j], order[i]
            j = i - 1
        return changed


def iterated_dynasearch(
    processing: Sequence[int],
    weight: Sequence[int],
    due: Sequence[int],
    rng: random.Random,
    kicks: int = 40,
    starts: int = 5,
    time_limit: float = 60.0,
) -> tuple[int, list[int]]:
    """Find a good sequence by iterated dynasearch: perturb and improve the best sequence, from several starts.

    Parameters
    ----------
    kicks
        Perturbations per start; each exchanges 2 to 6 random pairs of jobs.
    starts
        Number of starts: the first is the sequence by weighted modified due date, the others are random.
    time_limit
        CPU time limit in seconds.

    Returns
    -------
    tuple
        Weighted tardiness and the sequence.
    """
    deadline = process_time() + time_limit
    search, n = Dynasearch(processing, weight, due), len(processing)
    start = dispatch(processing, weight, due)
    best_value, best = search.cost(np.array(start)), np.array(start)
    for _ in range(starts):
        value, order = search.descend(np.array(start, dtype=np.int64), deadline)
        for _ in range(kicks if n > 1 else 0):
            if value == 0 or process_time() > deadline:
                break
            kicked = order.copy()
            for _ in range(rng.randint(2, 6)):
                i, j = rng.randrange(n), rng.randrange(n)
                kicked[i], kicked[j] = kicked[j], kicked[i]
            found, changed = search.descend(kicked, deadline)
            if found <= value:
                value, order = found, changed
        if value < best_value:
            best_value, best = value, order
        if best_value == 0 or process_time() > deadline:
            break
        rng.shuffle(start)
    sequence = [int(job) for job in best]
    assert best_value == total_tardiness(sequence, processing, due, weight)
    return best_value, sequence
