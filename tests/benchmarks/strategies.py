"""Milliseconds that a strategy takes for one ask and one tell, early and late in a run, on synthetic candidates.

python -m tests.benchmarks.strategies --json [--strategy NAME ...] [--sizes 400 10000]
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time

from workbench import search
from workbench.model import Candidate, Program, Selection, Status

FAMILIES = ("tight", "loose", "mixed", "ties", "large")
INSTANCES = 60
WINDOW = 200
"""Asks and tells that are timed once the run has its size; the median of them is reported."""


def seed_candidate(number: int, rng: random.Random) -> Candidate:
    """A starting program with gaps around 1."""
    return _candidate(number, (), None, [rng.uniform(0.8, 1.2) for _ in range(INSTANCES)], rng)


def child(number: int, selection: Selection, rng: random.Random, failing: float = 0.3) -> Candidate:
    """A child of a selection: most are a little worse than the parent, some better in a few instances, some fail."""
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


def measure(name: str, sizes: list[int]) -> dict[str, float]:
    """Median milliseconds of ask + tell once so many candidates were told."""
    strategy, rng = search.make(name), random.Random(1)
    for number in range(2):
        strategy.tell(seed_candidate(number, rng))
    figures, number = {}, 2
    for size in sorted(sizes):
        times: list[float] = []
        while number < size:
            began = time.perf_counter()
            selection = strategy.ask(random.Random(number))
            asked = time.perf_counter()
            candidate = child(number, selection, rng)
            made = time.perf_counter()
            strategy.tell(candidate)
            times.append(asked - began + time.perf_counter() - made)
            number += 1
        figures[str(size)] = round(1000 * statistics.median(times[-WINDOW:]), 4)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--strategy", action="append", choices=search.names())
    parser.add_argument("--sizes", type=int, nargs="+", default=[400, 10_000])
    parser.add_argument("--json", action="store_true", help="one JSON value as the last line")
    options = parser.parse_args()
    figures = {name: measure(name, options.sizes) for name in options.strategy or search.names()}
    if options.json:
        print(json.dumps({"ms_per_ask_and_tell": figures}))
    else:
        for name, by_size in figures.items():
            print(f"{name:12}", "  ".join(f"{size:>6} told: {ms:.3f} ms" for size, ms in by_size.items()))


if __name__ == "__main__":
    main()
