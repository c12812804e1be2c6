"""Instances of 1||sum T_j: the Potts-Van Wassenhove grid for three splits, and stress cases for the fourth."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from workbench.model import Instance, Split

RANGES = (0.2, 0.4, 0.6, 0.8, 1.0)
"""RDD: range of due dates, relative to the total processing time."""

TIGHTNESS = (0.2, 0.4, 0.6, 0.8)
"""TF: tardiness factor, roughly the share of late jobs."""

Jobs = tuple[list[int], list[int]]
"""Processing times and due dates."""

# Instances per cell (RDD, TF) of the grid, by number of jobs. Most are in train, against overfitting: a dispatching rule takes
# 0.1 to 0.3 s for all of them.
_GRID: dict[Split, dict[int, int]] = {
    Split.TRAIN: {20: 1, 50: 6, 100: 6},
    Split.VALIDATION: {20: 1, 50: 2, 100: 2},
    Split.TEST: {20: 1, 50: 2, 100: 2, 200: 1, 500: 1},
}

SOLVED = 20
"""Number of jobs up to which programs are optimal by now; those instances do not count."""

LARGE = {200: RANGES[:4], 500: RANGES[:4], 1000: RANGES[:2]}
"""RDD of the cells of the harder tier, by number of jobs: those with TF of `HARD`, where proofs take longest. One instance each."""
HARD = TIGHTNESS[1:3]


def instances(split: Split) -> list[Instance]:
    """Return all instances of a split, identical on all machines and Python versions: each is generated from its id."""
    if split is Split.STRESS:
        return list(_stress())
    return [*_grid(split), *(_large(split) if split is not Split.TEST else ())]


def uniform(n: int, rdd: float, tf: float, rng: random.Random) -> Jobs:
    """Draw n jobs as in Potts and Van Wassenhove (1982).

    p ~ U{1..100}; with P the sum of all p, d ~ U{P(1 - TF - RDD/2) .. P(1 - TF + RDD/2)}, rounded to integers. A due date
    may be negative: the job is then late from the start.
    """
    processing = [rng.randint(1, 100) for _ in range(n)]
    work = sum(processing)
    low, high = round(work * (1 - tf - rdd / 2)), round(work * (1 - tf + rdd / 2))
    return processing, [rng.randint(low, high) for _ in range(n)]


def _grid(split: Split) -> Iterator[Instance]:
    for n, copies in _GRID[split].items():
        for rdd in RANGES:
            for tf in TIGHTNESS:
                for copy in range(copies):
                    id = f"{split}-n{n}-r{rdd}-t{tf}-{copy}"
                    yield _instance(id, family(n), uniform(n, rdd, tf, _rng(id)))


def family(n: int) -> str:
    """Return the instance class of a size."""
    return f"smoke-n{n}" if n <= SOLVED else f"n{n}"


def _large(split: Split) -> Iterator[Instance]:
    for n, ranges in LARGE.items():
        for rdd in ranges:
            for tf in HARD:
                id = f"{split}-large-n{n}-r{rdd}-t{tf}"
                yield _instance(id, f"n{n}", uniform(n, rdd, tf, _rng(id)))


def _stress() -> Iterator[Instance]:
    shapes: dict[str, tuple[int, Callable[[random.Random, int], Jobs]]] = {
        "single_job": (3, _single),
        "ties": (4, _ties),
        "same_jobs": (2, _same),
        "zero_due": (3, _zero_due),
        "loose": (3, _loose),
        "huge_values": (3, _huge),
        "one_giant": (3, _one_giant),
        "against_mdd": (4, _against_mdd),
        "ten_times": (4, _ten_times),
    }
    for family, (copies, make) in shapes.items():
        for copy in range(copies):
            id = f"{Split.STRESS}-{family}-{copy}"
            yield _instance(id, family, make(_rng(id), copy))


def _single(rng: random.Random, copy: int) -> Jobs:
    # On time, just in time, late.
    return [p := rng.randint(1, 100)], [(2 * p, p, p // 2)[copy]]


def _ties(rng: random.Random, copy: int) -> Jobs:
    # Few distinct values: ties in every comparison.
    processing = [rng.choice((10, 20, 30)) for _ in range(60)]
    step = sum(processing) // (3 + copy)
    return processing, [step * rng.randint(1, 2) for _ in processing]


def _same(rng: random.Random, copy: int) -> Jobs:
    n, p = (40, 80)[copy], rng.randint(1, 100)
    return [p] * n, [p * n // 2] * n


def _zero_due(rng: random.Random, copy: int) -> Jobs:
    # All jobs are late from the start: SPT is optimal.
    return (processing := [rng.randint(1, 100) for _ in range(30 * (copy + 1))]), [0] * len(processing)


def _loose(rng: random.Random, copy: int) -> Jobs:
    # EDD has no late jobs, in some cases without any slack.
    processing = [rng.randint(1, 100) for _ in range(30 * (copy + 1))]
    end, due = 0, []
    for p in processing:
        end += p
        due.append(end + rng.choice((0, 0, rng.randint(0, 200))))
    jobs = list(zip(processing, due, strict=True))
    rng.shuffle(jobs)
    return [p for p, _ in jobs], [d for _, d in jobs]


def _huge(rng: random.Random, copy: int) -> Jobs:
    # Large times, for example in nanoseconds; sums stay below 2^53.
    processing, due = uniform(50, rng.choice(RANGES[:3]), TIGHTNESS[copy + 1], rng)
    scale = 10**10
    return [p * scale + rng.randrange(scale) for p in processing], [d * scale + rng.randrange(scale) for d in due]


def _one_giant(rng: random.Random, copy: int) -> Jobs:
    # One job as long as all others together, due early, halfway, or late.
    processing, due = uniform(60, RANGES[1], TIGHTNESS[2], rng)
    giant = sum(processing)
    return [*processing, giant], [*due, round(giant * (0.6, 1.2, 1.8)[copy])]


def _against_mdd(rng: random.Random, copy: int) -> Jobs:
    # Blocks of one long job and many short ones due just after it. MDD schedules the long one first, which makes every short
    # one late; in the opposite order only the long one is late.
    processing, due, begin = list[int](), list[int](), 0
    for _ in range(2 + copy):
        length, shorts = rng.randint(200, 400), rng.randint(10, 20)
        processing.append(length)
        due.append(begin + length)
        for _ in range(shorts):
            processing.append(rng.randint(1, 5))
            due.append(begin + length + rng.randint(1, 3))
        begin += length + 5 * shorts
    return processing, due


def _ten_times(rng: random.Random, copy: int) -> Jobs:
    # Ten times the largest size of train.
    return uniform(1000, (1.0, 0.8, 0.6, 0.4)[copy], TIGHTNESS[copy], rng)


def _rng(id: str) -> random.Random:
    return random.Random(f"scheduling/total_tardiness {id}")


def _instance(id: str, family: str, jobs: Jobs) -> Instance:
    return Instance(id, family, {"processing": jobs[0], "due": jobs[1]})
