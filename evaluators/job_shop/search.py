"""Heuristic job-shop solver for large instances: tabu search over moves within critical blocks."""

from __future__ import annotations

import random
from time import process_time

from evaluators.job_shop.verifier import Matrix, check_schedule, trivial_bound


def most_work_first(durations: Matrix) -> list[int]:
    """Return the operation order that always continues the job with most work remaining; ties by index."""
    left = [sum(row) for row in durations]
    done = [0] * len(left)
    order = []
    for _ in range(sum(map(len, durations))):
        job = max((j for j in range(len(left)) if done[j] < len(durations[j])), key=lambda j: (left[j], -j))
        order.append(job)
        left[job] -= durations[job][done[job]]
        done[job] += 1
    return order


Arc = tuple[int, int]
"""Two operations on one machine, the earlier first."""

PATIENCE = 2000
"""Moves without improvement after which the search returns to the best schedule."""


class _Graph:
    """Disjunctive graph: operations numbered by job, with predecessor and successor in the job and on the machine (-1: none)."""

    def __init__(self, durations: Matrix, machines: Matrix) -> None:
        self.p = [p for row in durations for p in row]
        total = len(self.p)
        self.job_before, self.job_after = [-1] * total, [-1] * total
        self.before, self.after = [-1] * total, [-1] * total
        self.first: list[int] = []
        op = 0
        for row in durations:
            self.first.append(op)
            for k in range(len(row)):
                if k:
                    self.job_before[op], self.job_after[op - 1] = op - 1, op
                op += 1
        self.machine = [machine for route in machines for machine in route]

    def sequence(self, order: list[int]) -> None:
        """Set the machine sequences from an operation order given as job indices."""
        done, last = [0] * len(self.first), dict[int, int]()
        for job in order:
            op = self.first[job] + done[job]
            done[job] += 1
            ahead = last.get(self.machine[op], -1)
            self.before[op], self.after[op] = ahead, -1
            if ahead >= 0:
                self.after[ahead] = op
            last[self.machine[op]] = op

    def place(self, stretch: list[int]) -> None:
        """Reorder consecutive operations of a machine as in `stretch`."""
        members = set(stretch)
        ahead = next(self.before[op] for op in stretch if self.before[op] not in members)
        behind = next(self.after[op] for op in stretch if self.after[op] not in members)
        for op in stretch:
            self.before[op] = ahead
            if ahead >= 0:
                self.after[ahead] = op
            ahead = op
        self.after[ahead] = behind
        if behind >= 0:
            self.before[behind] = ahead

    def heads_and_tails(self) -> tuple[list[int], list[int]]:
        """Return the earliest start of each operation, and the longest path from its start to the end of the schedule."""
        p, before, after, job_before, job_after = self.p, self.before, self.after, self.job_before, self.job_after
        waits = [(job_before[op] >= 0) + (before[op] >= 0) for op in range(len(p))]
        ready = [op for op, count in enumerate(waits) if not count]
        head, tail = [0] * len(p), [0] * len(p)
        for op in ready:  # grows during iteration into a topological order
            end = head[op] + p[op]
            for following in (job_after[op], after[op]):
                if following >= 0:
                    if end > head[following]:
                        head[following] = end
                    waits[following] -= 1
                    if not waits[following]:
                        ready.append(following)
        for op in reversed(ready):
            a, b = job_after[op], after[op]
            tail[op] = p[op] + max(tail[a] if a >= 0 else 0, tail[b] if b >= 0 else 0)
        return head, tail

    def critical(self, head: list[int], tail: list[int], rng: random.Random) -> list[int]:
        """Return a longest path; ties are broken at random."""
        makespan = max(tail)
        op = rng.choice([i for i, h in enumerate(head) if not h and tail[i] == makespan])
        path = [op]
        while True:
            end = head[op] + self.p[op]
            following = [i for i in (self.job_after[op], self.after[op]) if i >= 0 and head[i] == end and end + tail[i] == makespan]
            if not following:
                return path
            op = rng.choice(following)
            path.append(op)

    def moves(self, path: list[int], head: list[int], tail: list[int]) -> list[tuple[list[int], list[Arc]]]:
        """Return moves of an operation to the start or end of its critical block; no other move can shorten the path immediately.

        Returns
        -------
        list
            The stretch in its new order, and the reversed pairs in their old order. No move creates a cycle: a cycle requires a
            path from u to v through u's job successor (or v's job predecessor), whose tail (completion time) would then be
            larger.
        """
        blocks: list[list[int]] = []
        for op in path:
            if blocks and self.machine[blocks[-1][-1]] == self.machine[op] and self.after[blocks[-1][-1]] == op:
                blocks[-1].append(op)
            else:
                blocks.append([op])
        found: dict[tuple[int, ...], list[Arc]] = {}
        for number, block in enumerate(blocks):
            for i in range(len(block) - 1):
                u, v = block[i], block[-1]
                if number < len(blocks) - 1 and (self.job_after[u] < 0 or tail[v] > tail[self.job_after[u]]):
                    found[(*block[i + 1 :], u)] = [(u, x) for x in block[i + 1 :]]
                u, v, ahead = block[0], block[i + 1], self.job_before[block[i + 1]]
                if number and (ahead < 0 or head[u] + self.p[u] > head[ahead] + self.p[ahead]):
                    found[(v, *block[: i + 1])] = [(x, v) for x in block[: i + 1]]
        return [(list(stretch), turned) for stretch, turned in found.items()]

    def estimate(self, stretch: list[int], head: list[int], tail: list[int]) -> int:
        """Estimate the longest path through a stretch in its new order, with all other heads and tails unchanged."""
        p, members = self.p, set(stretch)
        ahead = next(self.before[op] for op in stretch if self.before[op] not in members)
        behind = next(self.after[op] for op in stretch if self.after[op] not in members)
        free, begins = head[ahead] + p[ahead] if ahead >= 0 else 0, []
        for op in stretch:
            other = self.job_before[op]
            begin = max(free, head[other] + p[other] if other >= 0 else 0)
            begins.append(begin)
            free = begin + p[op]
        way, longest = tail[behind] if behind >= 0 else 0, 0
        for op, begin in zip(reversed(stretch), reversed(begins), strict=True):
            other = self.job_after[op]
            way = max(way, tail[other] if other >= 0 else 0) + p[op]
            longest = max(longest, begin + way)
        return longest


def tabu_search(
    durations: Matrix, machines: Matrix, rng: random.Random, rounds: int, time_limit: float = 60.0
) -> tuple[int, list[list[int]]]:
    """Improve `most_work_first` by tabu search until the trivial bound, `rounds` moves or the CPU time limit is reached.

    Parameters
    ----------
    rounds
        Maximum number of moves. After `PATIENCE` moves without improvement, the search returns to the best schedule and
        continues with a random move.

    Returns
    -------
    tuple
        Makespan, and start times by job and operation.

    References
    ----------
    E. Balas, A. Vazacopoulos, "Guided local search with shifting bottleneck for job shop scheduling", Management Science 44 (1998)
    262-275 (moves and their estimate); E. Nowicki, C. Smutnicki, "A fast taboo search algorithm for the job shop problem",
    Management Science 42 (1996) 797-813 (return to the best schedule).
    """
    deadline, bound = process_time() + time_limit, trivial_bound(durations, machines)
    graph = _Graph(durations, machines)
    graph.sequence(most_work_first(durations))
    head, tail = graph.heads_and_tails()
    best, best_head, best_at = max(tail), head, 0
    kept = list(graph.before), list(graph.after)
    tabu: dict[Arc, int] = {}
    tenure = 5  # longer tenures were worse on ft10, la21, ta01 and ta11
    for step in range(rounds):
        if best == bound or process_time() > deadline:
            break
        moves = graph.moves(graph.critical(head, tail, rng), head, tail)
        if step - best_at >= PATIENCE or not moves:
            graph.before, graph.after = list(kept[0]), list(kept[1])
            head, tail = graph.heads_and_tails()
            tabu, best_at = {}, step
            moves = graph.moves(graph.critical(head, tail, rng), head, tail)
            if not moves:  # a longest path without blocks cannot be shortened
                continue
            moves = [rng.choice(moves)]
        scored = [(graph.estimate(stretch, head, tail), rng.random(), stretch, turned) for stretch, turned in moves]
        free = [move for move in scored if move[0] < best or all(tabu.get(arc, -1) < step for arc in move[3])]
        _, _, stretch, turned = min(free) if free else rng.choice(scored)
        graph.place(stretch)
        for u, v in turned:
            tabu[v, u] = step + tenure + rng.randrange(tenure)
        head, tail = graph.heads_and_tails()
        if max(tail) < best:
            best, best_head, best_at = max(tail), head, step
            kept = list(graph.before), list(graph.after)
    starts = [best_head[first : first + len(row)] for first, row in zip(graph.first, durations, strict=True)]
    assert check_schedule(starts, durations, machines) == best
    return best, starts
