"""Instances of 1||sum w_j T_j: generated as by Crauwels, Potts and Van Wassenhove, from OR-Library, and stress cases."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

from workbench.model import Instance, Split

RANGES = (0.2, 0.4, 0.6, 0.8, 1.0)
"""RDD: range of due dates, relative to the total processing time."""

TIGHTNESS = (0.2, 0.4, 0.6, 0.8, 1.0)
"""TF: tardiness factor, roughly the share of late jobs."""

OR_LIBRARY = (40, 50)
"""Numbers of jobs of the OR-Library files, with 125 instances each."""

Jobs = tuple[list[int], list[int], list[int]]
"""Processing times, weights and due dates."""

# Instances per cell (RDD, TF) of the grid, by number of jobs. Most are in train, against overfitting: a dispatching rule takes
# 0.1 to 0.3 s for all of them.
_GRID: dict[Split, dict[int, int]] = {
    Split.TRAIN: {20: 1, 40: 4, 100: 4},
    Split.VALIDATION: {20: 1, 40: 2, 100: 2},
    Split.TEST: {100: 2, 200: 2},
}
SOLVED = 20
"""Number of jobs up to which programs are optimal by now; those instances do not count."""
_DATA = Path(__file__).parent / "data"


def instances(split: Split) -> list[Instance]:
    """Return all instances of a split, identical on all machines and Python versions: each is generated from its id, or read."""
    if split is Split.STRESS:
        return list(_stress())
    return [*(_or_library() if split is Split.TEST else ()), *_grid(split)]


def crauwels(n: int, rdd: float, tf: float, rng: random.Random) -> Jobs:
    """Draw n jobs as in Crauwels, Potts and Van Wassenhove (1998).

    p ~ U{1..100} and w ~ U{1..10}; with P the sum of all p, d ~ U{P(1 - TF - RDD/2) .. P(1 - TF + RDD/2)}, and 0 if that is
    negative, as in the published files.
    """
    processing = [rng.randint(1, 100) for _ in range(n)]
    weight = [rng.randint(1, 10) for _ in range(n)]
    work = sum(processing)
    low, high = round(work * (1 - tf - rdd / 2)), round(work * (1 - tf + rdd / 2))
    return processing, weight, [max(rng.randint(low, high), 0) for _ in range(n)]


def published(n: int) -> list[int]:
    """Return the optimal or best known values of the OR-Library instances with n jobs, in order."""
    return [int(word) for word in (_DATA / f"wtopt{n}.txt").read_text().split()]


def _or_library() -> Iterator[Instance]:
    for n in OR_LIBRARY:
        numbers = [int(word) for word in (_DATA / f"wt{n}.txt").read_text().split()]
        for k in range(125):
            p, w, d = (numbers[(3 * k + part) * n : (3 * k + part + 1) * n] for part in range(3))
            yield _instance(f"wt{n}-{k + 1:03}", f"wt{n}", (p, w, d))


def _grid(split: Split) -> Iterator[Instance]:
    for n, copies in _GRID[split].items():
        for rdd in RANGES:
            for tf in TIGHTNESS:
                for copy in range(copies):
                    id = f"{split}-n{n}-r{rdd}-t{tf}-{copy}"
                    yield _instance(id, f"smoke-n{n}" if n <= SOLVED else f"n{n}", crauwels(n, rdd, tf, _rng(id)))


def _stress() -> Iterator[Instance]:
    shapes: dict[str, tuple[int, Callable[[random.Random, int], Jobs]]] = {
        "single_job": (3, _single),
        "ties": (4, _ties),
        "same_ratio": (3, _same_ratio),
        "zero_due": (3, _zero_due),
        "loose": (3, _loose),
        "huge_values": (3, _huge),
        "heavy_few": (3, _heavy_few),
        "one_giant": (3, _one_giant),
        "long_then_short": (4, _long_then_short),
        "ten_times": (2, _ten_times),
    }
    for family, (copies, make) in shapes.items():
        for copy in range(copies):
            id = f"{Split.STRESS}-{family}-{copy}"
            yield _instance(id, family, make(_rng(id), copy))


def _single(rng: random.Random, copy: int) -> Jobs:
    # On time, just in time, late.
    return [p := rng.randint(1, 100)], [rng.randint(1, 10)], [(2 * p, p, p // 2)[copy]]


def _ties(rng: random.Random, copy: int) -> Jobs:
    # Few distinct values: ties in every comparison.
    processing = [rng.choice((10, 20, 30)) for _ in range(60)]
    step = sum(processing) // (3 + copy)
    return processing, [rng.choice((1, 2)) for _ in processing], [step * rng.randint(1, 2) for _ in processing]


def _same_ratio(rng: random.Random, copy: int) -> Jobs:
    # Weight proportional to length: weight per time unit is constant, only due dates matter.
    processing, _, due = crauwels(40 + 20 * copy, RANGES[copy], TIGHTNESS[2], rng)
    return processing, list(processing), due


def _zero_due(rng: random.Random, copy: int) -> Jobs:
    # All jobs are late from the start: WSPT is optimal.
    processing, weight, _ = crauwels(30 * (copy + 1), 0.2, 0.6, rng)
    return processing, weight, [0] * len(processing)


def _loose(rng: random.Random, copy: int) -> Jobs:
    # EDD has no late jobs, in some cases without any slack.
    processing, weight, _ = crauwels(30 * (copy + 1), 0.2, 0.6, rng)
    end, due = 0, []
    for p in processing:
        end += p
        due.append(end + rng.choice((0, 0, rng.randint(0, 200))))
    jobs = list(zip(processing, weight, due, strict=True))
    rng.shuffle(jobs)
    return [p for p, _, _ in jobs], [w for _, w, _ in jobs], [d for _, _, d in jobs]


def _huge(rng: random.Random, copy: int) -> Jobs:
    # Large times and weights, for example in microseconds and cents; weighted sums stay below 2^53.
    processing, weight, due = crauwels(50, rng.choice(RANGES[:3]), TIGHTNESS[copy + 1], rng)
    scale = 10**7
    return (
        [p * scale + rng.randrange(scale) for p in processing],
        [w * 100 + rng.randrange(100) for w in weight],
        [d * scale + rng.randrange(scale) for d in due],
    )


def _heavy_few(rng: random.Random, copy: int) -> Jobs:
    # A few jobs have more weight than all others together.
    processing, weight, due = crauwels(60, RANGES[copy], TIGHTNESS[2], rng)
    for job in rng.sample(range(60), 4):
        weight[job] *= 1000
    return processing, weight, due


def _one_giant(rng: random.Random, copy: int) -> Jobs:
    # One job as long as all others together, heavy enough to compete, due early, halfway, or late.
    processing, weight, due = crauwels(60, RANGES[1], TIGHTNESS[2], rng)
    giant = sum(processing)
    return [*processing, giant], [*weight, giant // 20], [*due, round(giant * (0.6, 1.2, 1.8)[copy])]


def _long_then_short(rng: random.Random, copy: int) -> Jobs:
    # Long heavy jobs, each with many short light ones due just after it: one job makes many others late.
    processing, weight, due, begin = list[int](), list[int](), list[int](), 0
    for _ in range(2 + copy):
        length, shorts = rng.randint(200, 400), rng.randint(10, 20)
        processing.append(length)
        weight.append(rng.randint(10, 40))
        due.append(begin + length)
        for _ in range(shorts):
            processing.append(rng.randint(1, 5))
            weight.append(rng.randint(1, 3))
            due.append(begin + length + rng.randint(1, 3))
        begin += length + 3 * shorts
    return processing, weight, due


def _ten_times(rng: random.Random, copy: int) -> Jobs:
    # Ten times the largest size of train.
    return crauwels(1000, RANGES[copy + 1], TIGHTNESS[2 * copy + 1], rng)


def _rng(id: str) -> random.Random:
    return random.Random(f"scheduling/weighted_tardiness {id}")


def _instance(id: str, family: str, jobs: Jobs) -> Instance:
    return Instance(id, family, {"processing": jobs[0], "weight": jobs[1], "due": jobs[2]})
