"""Synthetic candidates with random gaps, for testing strategies without running programs."""

from __future__ import annotations

import random
import statistics

from workbench.model import Candidate, Program, Selection, Status

FAMILIES = ("tight", "loose", "mixed", "ties", "large")
INSTANCES = 60


def seed_candidate(number: int, rng: random.Random) -> Candidate:
    """Return an initial program with gaps around 1."""
    return _candidate(number, (), None, [rng.uniform(0.8, 1.2) for _ in range(INSTANCES)], rng)


def child(number: int, selection: Selection, rng: random.Random, failing: float = 0.3) -> Candidate:
    """Return a child of a selection: most are slightly worse than the parent, some better on a few instances, some fail.

    Parameters
    ----------
    failing
        Probability of a crash.
    """
    parents = (selection.parent.number, *(c.number for c in selection.inspirations))
    if rng.random() < failing:
        return Candidate(number, Status.CRASH, None, "rewrite", parents, selection.island, message="IndexError")
    gaps = [max(0.0, g * rng.gauss(1.01, 0.05)) for g in selection.parent.instances]
    return _candidate(number, parents, selection.island, gaps, rng)


def _candidate(number: int, parents: tuple[int, ...], island: int | None, gaps: list[float], rng: random.Random) -> Candidate:
    families = {f: statistics.fmean(gaps[i :: len(FAMILIES)]) for i, f in enumerate(FAMILIES)}
    terms = "\n".join(f"    key += {rng.random():.6f} * (due[j] - {rng.randrange(99)})" for _ in range(rng.randrange(3, 30)))
    source = (
        'def order(processing, due):\n    """Order the jobs."""\n    # EVOLVE-BLOCK-START\n'
        f"    key = {number}\n{terms}\n    # EVOLVE-BLOCK-END\n    return key\n"
    )
    gap = statistics.fmean(families.values())
    return Candidate(
        number, Status.OK, Program(source, "order"), "rewrite" if parents else "seed", parents, island, gap, families, tuple(gaps)
    )
