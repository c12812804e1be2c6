"""Milliseconds that a strategy takes for one ask and one tell, early and late in a run, on synthetic candidates.

    python -m tests.benchmarks.strategies --json [--strategy NAME ...] [--sizes 400 10000] [--quality SEEDS]

`--quality` adds how good the best candidate is after 100 and 400 attempts on two synthetic landscapes: it says nothing of
real problems, but a change of a default that makes it worse on both deserves a second thought.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import statistics
import time

from workbench import search
from workbench.model import Candidate, Program, Status
from workbench.testing.synthetic import child, seed_candidate

WINDOW = 200
"""Asks and tells that are timed once the run has its size; the median of them is reported."""


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


LANDSCAPES = {"smooth": 0.12, "rugged": 0.8}
"""Height of the ripples on a bowl in 10 dimensions."""
CHECKPOINTS = (100, 400)


class Landscape:
    """Programs as points: six families with optima near each other, and six structures of which one is right."""

    def __init__(self, ripples: float, seed: int) -> None:
        rng = random.Random(seed)
        middle = [rng.uniform(-2, 2) for _ in range(10)]
        self._optima = [[x + rng.gauss(0, 0.25) for x in middle] for _ in range(6)]
        self._weights = [[rng.random() ** 2 for _ in range(10)] for _ in range(6)]
        self._penalties = [0.0, *(rng.uniform(0, 1.5) for _ in range(5))]
        self._ripples = ripples

    def gaps(self, point: list[float], structure: int) -> list[float]:
        """Gap by family."""
        found = []
        for optimum, weights in zip(self._optima, self._weights, strict=True):
            away = [(w, x - o) for w, x, o in zip(weights, point, optimum, strict=True)]
            bowl = sum(w * (0.15 * d * d + self._ripples * (1 - math.cos(4 * d))) for w, d in away)
            found.append(self._penalties[structure] + bowl)
        return found


def quality(name: str, ripples: float, seed: int) -> list[float]:
    """Gap of the best at each checkpoint. Of all attempts, 35 % fail; 30 % of the rest mix in an inspiration."""
    landscape, rng, strategy = Landscape(ripples, seed), random.Random(seed), search.make(name)
    points: dict[int, tuple[list[float], int]] = {}

    def candidate(number: int, point: list[float], structure: int, parents: tuple[int, ...], island: int | None) -> Candidate:
        points[number] = (point, structure)
        gaps = landscape.gaps(point, structure)
        source = "def order():\n" + "    step = 1 + 2 * 3\n" * (3 * (structure + 1) + int(sum(map(abs, point))))
        families = {f"family {i}": gap for i, gap in enumerate(gaps)}
        program = Program(source, "order")
        gap = statistics.fmean(gaps)
        return Candidate(number, Status.OK, program, "rewrite", parents, island, gap, families, tuple(gaps))

    told = [candidate(n, [rng.uniform(-4, 4) for _ in range(10)], rng.randrange(6), (), None) for n in range(2)]
    for seeded in told:
        strategy.tell(seeded)
    best, figures = min(c.gap for c in told), []
    for number in range(2, CHECKPOINTS[-1]):
        selection = strategy.ask(random.Random(f"{seed} {number}"))
        parents = (selection.parent.number,)
        made = Candidate(number, Status.CRASH, None, "rewrite", parents, selection.island)
        if rng.random() >= 0.35:
            point, structure = points[selection.parent.number]
            if selection.inspirations and rng.random() < 0.3:
                other, other_structure = points[rng.choice(selection.inspirations).number]
                point = [x if rng.random() < 0.6 else y for x, y in zip(point, other, strict=True)]
                structure = other_structure if rng.random() < 0.3 else structure
            point = [x + rng.gauss(0, 0.5) if rng.random() < 0.2 else x for x in point]
            structure = rng.randrange(6) if rng.random() < 0.05 else structure
            made = candidate(number, point, structure, parents, selection.island)
            best = min(best, made.gap)
        strategy.tell(made)
        if number + 1 in CHECKPOINTS:
            figures.append(best)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--strategy", action="append", choices=search.names())
    parser.add_argument("--sizes", type=int, nargs="+", default=[400, 10_000])
    parser.add_argument("--quality", type=int, default=0, metavar="SEEDS", help="landscapes per figure; 0: none")
    parser.add_argument("--json", action="store_true", help="one JSON value as the last line")
    options = parser.parse_args()
    chosen = options.strategy or search.names()
    result: dict[str, object] = {"ms_per_ask_and_tell": {name: measure(name, options.sizes) for name in chosen}}
    if options.quality:
        result["gap"] = {
            landscape: {
                name: dict(
                    zip(
                        map(str, CHECKPOINTS),
                        (_with_error(f) for f in zip(*(quality(name, ripples, s) for s in range(options.quality)), strict=True)),
                        strict=True,
                    )
                )
                for name in chosen
            }
            for landscape, ripples in LANDSCAPES.items()
        }
    print(json.dumps(result) if options.json else json.dumps(result, indent=2))


def _with_error(figures: tuple[float, ...]) -> list[float]:
    """Mean and its standard error."""
    error = statistics.stdev(figures) / math.sqrt(len(figures)) if len(figures) > 1 else 0.0
    return [round(statistics.fmean(figures), 4), round(error, 4)]


if __name__ == "__main__":
    main()
