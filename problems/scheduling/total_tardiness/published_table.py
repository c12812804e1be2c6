"""Reproduces the published comparison on new instances: python -m problems.scheduling.total_tardiness.published_table."""

from __future__ import annotations

import argparse
import random
import runpy
import statistics
from collections.abc import Callable
from pathlib import Path

from evaluators.single_machine import total_tardiness
from evaluators.total_tardiness.exact import solve_total_tardiness

from .instances import RANGES, TIGHTNESS, uniform

RULES = ("edd", "eddc", "mdd", "mddc", "psk", "mddc_augmented")
PUBLISHED = {"edd": 46.6, "eddc": 12.8, "mdd": 1.86, "mddc": 1.70, "psk": 1.77, "mddc_augmented": 0.79}
"""Mean gap in percent at n = 20, without instances with optimum 0 (arXiv 2510.24013)."""

Rule = Callable[[list[int], list[int]], list[int]]


def main() -> None:
    """Print mean gap with standard error and sum-gap of each rule, one table per size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[20, 50, 100], help="numbers of jobs")
    parser.add_argument("--copies", type=int, default=50, help="instances per cell (RDD, TF) of 20 cells")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    programs = Path(__file__).parent / "programs"
    rules = {name: runpy.run_path(str(programs / f"{name}.py"))["order"] for name in RULES}
    for n in options.sizes:
        rows, zero = compare(rules, n, options.copies, random.Random(options.seed))
        print(f"n = {n}: {20 * options.copies} instances, {zero} of them with optimum 0")
        print("| rule | published mean gap % | mean gap % | sum-gap % |\n|---|---|---|---|")
        for name, (mean, error, sum_gap) in rows.items():
            published = PUBLISHED[name] if n == 20 else ""
            print(f"| {name} | {published} | {mean:.2f} ± {error:.2f} | {sum_gap:.2f} |")


def compare(rules: dict[str, Rule], n: int, copies: int, rng: random.Random) -> tuple[dict[str, tuple[float, float, float]], int]:
    """Evaluate all rules on `copies` instances of each cell.

    Returns
    -------
    tuple
        By rule: mean gap in percent over instances with positive optimum, its standard error, and the gap of the sums over all
        instances; and the number of optima equal to 0.
    """
    optima: list[int] = []
    reached: dict[str, list[int]] = {name: [] for name in rules}
    for rdd in RANGES:
        for tf in TIGHTNESS:
            for _ in range(copies):
                processing, due = uniform(n, rdd, tf, rng)
                result = solve_total_tardiness(processing, due)
                if result.status != "optimal":
                    raise TimeoutError(f"no proof within the time limit for an instance of {n} jobs (RDD {rdd}, TF {tf})")
                optima.append(result.value)
                for name, rule in rules.items():
                    reached[name].append(total_tardiness(rule(processing, due), processing, due))
    rows = {}
    for name, values in reached.items():
        gaps = [100 * (value - optimum) / optimum for value, optimum in zip(values, optima, strict=True) if optimum]
        error = statistics.stdev(gaps) / len(gaps) ** 0.5
        rows[name] = statistics.mean(gaps), error, 100 * (sum(values) - sum(optima)) / sum(optima)
    return rows, optima.count(0)


if __name__ == "__main__":
    main()
